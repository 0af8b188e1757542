/** The history of runs, kept up to date by the stream of new records. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { getPerfHistory } from '../../api';
import { listen, perfStream } from '../../api/events';
import { useLoad } from '../../lib/hooks';
import { eventOf, HISTORY_FIELDS, isKnown, samplesOf, withEvent, type PerfEvent, type PerfSample } from './series';

/** Most records the server gives at once (docs/reference/http.md#reading). */
export const HISTORY_LIMIT = 2000;

/** Records the list of a live page shows. */
const LIVE_ROWS = 12;

/** Records of one batch come close together; they are asked for once. */
const GATHER_MS = 400;

export interface LivePerf {
  /** Oldest first; null before the first answer. */
  samples: PerfSample[] | null;
  error: unknown;
  /** Newest first. */
  events: PerfEvent[];
  connected: boolean;
  /** Grows with each record that is really new. */
  news: number;
  reload: () => void;
}

export function useLivePerf(live: boolean): LivePerf {
  const history = useLoad((signal) => getPerfHistory(HISTORY_LIMIT, HISTORY_FIELDS, signal), []);
  const samples = useMemo(() => (history.data ? samplesOf(history.data.items) : null), [history.data]);
  const [events, setEvents] = useState<PerfEvent[]>([]);
  const [connected, setConnected] = useState(false);
  const [news, setNews] = useState(0);
  const latest = useRef({ samples, reload: history.reload });
  latest.current = { samples, reload: history.reload };
  const ready = samples !== null;

  useEffect(() => {
    if (!live || !ready) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onPerf = (data: unknown) => {
      const event = eventOf(data);
      if (!event) return;
      setEvents((old) => withEvent(old, event, LIVE_ROWS));
      if (isKnown(latest.current.samples ?? [], event)) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        latest.current.reload();
        setNews((count) => count + 1);
      }, GATHER_MS);
    };
    const close = listen(perfStream, { perf: onPerf }, (state) => setConnected(state.connected));
    return () => {
      clearTimeout(timer);
      close();
      setConnected(false);
    };
  }, [live, ready]);

  return { samples, error: history.error, events, connected, news, reload: history.reload };
}
