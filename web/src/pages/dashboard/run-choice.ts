/** Which run the cards about one run show, and how runs are named there. */
import type { Run } from '../../api';
import type { Tone } from '../../components';

/** The run of the address, else the newest one with a map, else the newest. */
export const chosenRun = (runs: readonly Run[], wanted: string | null): Run | undefined =>
  runs.find((run) => run.id === wanted) ?? runs.find((run) => run.ok !== null && run.model !== null) ?? runs[0];

/** Word and tone of a run's state. */
export function runState(run: Run): { word: string; tone: Tone } {
  if (run.ok === null) return run.error ? { word: 'damaged', tone: 'bad' } : { word: 'no map', tone: 'neutral' };
  return run.ok ? { word: 'aligned', tone: 'ok' } : { word: 'refused', tone: 'bad' };
}

export const compareHref = (run: Run): string => `/compare?run=${run.id}`;
export const viewerHref = (run: Run): string => `/viewer?run=${run.id}`;
