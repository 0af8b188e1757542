/** What of the telemetry page stands in the address. Pure. */
import { METRICS } from './series';
import type { ChartAxis } from './metric-chart';

export interface TelemetryView {
  metrics: string[];
  last: number;
  from: string;
  to: string;
  smoothing: number;
  by: ChartAxis;
}

export const LAST_CHOICES = [20, 50, 100, 200, 500, 2000] as const;
export const SMOOTHING_CHOICES = [1, 3, 5, 10, 20] as const;

const DEFAULT_LAST = 200;

const oneOf = (choices: readonly number[], text: string | null, otherwise: number): number => (text !== null && choices.includes(Number(text)) ? Number(text) : otherwise);

/** Anything unknown in the address falls back to what the page opens with. */
export function parseView(query: URLSearchParams): TelemetryView {
  const wanted = query.get('metrics')?.split(',');
  return {
    metrics: METRICS.map((metric) => metric.key).filter((key) => wanted === undefined || wanted.includes(key)),
    last: oneOf(LAST_CHOICES, query.get('last'), DEFAULT_LAST),
    from: query.get('from') ?? '',
    to: query.get('to') ?? '',
    smoothing: oneOf(SMOOTHING_CHOICES, query.get('smooth'), 1),
    by: query.get('by') === 'time' ? 'time' : 'run',
  };
}

/** The parameters of a view; null for what is as usual. */
export function viewQuery(view: TelemetryView): Record<string, string | null> {
  const or = (text: string, usual: string) => (text === usual ? null : text);
  return {
    metrics: view.metrics.length === METRICS.length ? null : view.metrics.join(','),
    last: or(String(view.last), String(DEFAULT_LAST)),
    from: or(view.from, ''),
    to: or(view.to, ''),
    smooth: or(String(view.smoothing), '1'),
    by: or(view.by, 'run'),
  };
}

/** A local date and time as an input gives it (`2026-06-01T09:00`) in Unix seconds; null when it is none. */
export function localSecs(text: string): number | null {
  const millis = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isFinite(millis) ? millis / 1000 : null;
}
