/** One job as it goes: what the server knows of it, then its stream until it ends. */
import { useEffect, useState } from 'preact/hooks';
import { getJob, type Job, type JobProgress, type JobState } from '../../api';
import { jobStream, listen } from '../../api/events';
import { useLoad } from '../../lib/hooks';

/** Lines of the log that are kept here; the server keeps as many. */
const LOG_LINES = 500;

export const isEnded = (state: JobState): boolean => state === 'done' || state === 'failed' || state === 'cancelled';

export interface JobView {
  job: Job | null;
  state: JobState;
  progress: JobProgress | null;
  log: string[];
  error: unknown;
  connected: boolean;
  reload: () => void;
}

interface Live {
  state: JobState;
  progress: JobProgress | null;
  log: string[];
}

const NOTHING: Live = { state: 'queued', progress: null, log: [] };

export function useJob(id: string): JobView {
  const known = useLoad((signal) => getJob(id, signal), [id]);
  const [live, setLive] = useState<Live>(NOTHING);
  const [connected, setConnected] = useState(false);
  const isThere = known.data !== null;
  const over = known.data !== null && isEnded(known.data.state);
  useEffect(() => {
    if (!isThere || over) return;
    setLive(NOTHING);
    // The stream begins with all that happened, so the log starts empty.
    const close = listen(
      jobStream(id),
      {
        state: (data) => {
          const { state } = data as { state: JobState };
          setLive((old) => ({ ...old, state }));
          if (!isEnded(state)) return;
          // A closed stream is not opened again by the browser; what is left is asked for at once.
          close();
          setConnected(false);
          known.reload();
        },
        progress: (data) => setLive((old) => ({ ...old, progress: data as JobProgress })),
        log: (data) => setLive((old) => ({ ...old, log: [...old.log, (data as { line: string }).line].slice(-LOG_LINES) })),
      },
      (state) => setConnected(state.connected),
    );
    return close;
  }, [id, isThere, over]);
  const job = known.data;
  return {
    job,
    state: over && job ? job.state : live.state,
    progress: live.progress ?? job?.progress ?? null,
    log: over ? (job?.log ?? live.log) : live.log,
    error: known.error,
    connected,
    reload: known.reload,
  };
}
