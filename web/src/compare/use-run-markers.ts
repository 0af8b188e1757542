/** The marker table of a run; null when the run has none. */
import { ApiError, getRunMarkers, type Run, type RunMarkers } from '../api';
import { useLoad, type Loaded } from '../lib/hooks';

export function useRunMarkers(run: Run): Loaded<RunMarkers | null> {
  const has = run.markers !== null;
  return useLoad(async (signal) => (has ? markersOrNone(run.id, signal) : null), [run.id, has]);
}

/** A file that has gone since the list was made is not an error: the run has no markers. */
async function markersOrNone(runId: string, signal: AbortSignal): Promise<RunMarkers | null> {
  try {
    return await getRunMarkers(runId, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
