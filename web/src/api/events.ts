/** Server-sent events with parsed data. The browser reconnects by itself and sends `Last-Event-ID`. */

export interface EventsState {
  connected: boolean;
}

/**
 * Listens to `path`. Each handler gets the parsed JSON of events of its name; an event that is not JSON is skipped. Returns the
 * function that closes the stream.
 */
export function listen(
  path: string,
  handlers: Record<string, (data: unknown) => void>,
  onState: (state: EventsState) => void = () => {},
): () => void {
  const source = new EventSource(path);
  source.onopen = () => onState({ connected: true });
  source.onerror = () => onState({ connected: false });
  for (const [name, handle] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => {
      let data: unknown;
      try {
        data = JSON.parse((event as MessageEvent<string>).data);
      } catch {
        return;
      }
      handle(data);
    });
  }
  return () => source.close();
}

export const perfStream = '/api/perf/stream';
export const jobStream = (id: string) => `/api/jobs/${encodeURIComponent(id)}/events`;
