/** What runs cost the machine, as series: choosing, smoothing, averaging and writing them. Pure. */
import type { PerfPoint } from '../../api/types';
import { toCsv } from '../../lib/csv';

export interface Metric {
  /** Field of perf.json. */
  key: string;
  label: string;
  unit: string;
  decimals: number;
  /** Token of the line's colour. */
  colour: string;
  title: string;
}

/** The five series of the program, in their order everywhere. */
export const METRICS: readonly Metric[] = [
  { key: 'fps', label: 'Speed', unit: 'frames/s', decimals: 1, colour: '--accent', title: 'Analysed frames of the new run per second of retrieval' },
  { key: 'cpu_pct', label: 'Processor', unit: '% of a core', decimals: 0, colour: '--ref', title: 'Processor time per wall time; above 100 when several cores worked' },
  { key: 'gpu_util', label: 'Graphics processor', unit: '%', decimals: 0, colour: '--info', title: 'Load of the graphics processor; unknown without a driver' },
  { key: 'gpu_mem_mb', label: 'Graphics memory', unit: 'MB', decimals: 0, colour: '--info', title: 'Memory of the graphics processor in use; unknown without a driver' },
  { key: 'rss_mb', label: 'Memory', unit: 'MB', decimals: 0, colour: '--new', title: 'Most main memory the run held at once' },
];

/** Fields asked of the server: the series, and the wall time for telling runs apart. */
export const HISTORY_FIELDS: readonly string[] = [...METRICS.map((metric) => metric.key), 'total_sec'];

/** One run in the history. Values are null where the run did not say. */
export interface PerfSample {
  path: string;
  /** Unix seconds of the end of the run; null when unknown. */
  endedSecs: number | null;
  values: Record<string, number | null>;
}

const finite = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function endedAt(ts: number | string | null): number | null {
  if (typeof ts !== 'string') return finite(ts);
  const millis = Date.parse(ts);
  return Number.isFinite(millis) ? millis / 1000 : null;
}

/** The server's answer, oldest first, with everything that is not a number made null. */
export function samplesOf(points: readonly PerfPoint[]): PerfSample[] {
  return points.map((point) => ({
    path: point._path,
    endedSecs: endedAt(point._ts),
    values: Object.fromEntries(HISTORY_FIELDS.map((key) => [key, finite(point[key])])),
  }));
}

/** Which runs are looked at. A missing bound is open; bounds are Unix seconds and included. */
export interface Window {
  fromSecs: number | null;
  toSecs: number | null;
  /** Only the newest so many of those in the range. */
  last: number;
}

/** A run without a time is in a range only when the range has no bounds. */
export function inWindow(samples: readonly PerfSample[], { fromSecs, toSecs, last }: Window): PerfSample[] {
  const kept = samples.filter(({ endedSecs }) => {
    if (fromSecs === null && toSecs === null) return true;
    return endedSecs !== null && endedSecs >= (fromSecs ?? -Infinity) && endedSecs <= (toSecs ?? Infinity);
  });
  return last > 0 ? kept.slice(-last) : [];
}

/** Mean of each value and those before it, `width` in all. Unknown stays unknown and counts in no mean. */
export function smooth(values: readonly (number | null)[], width: number): (number | null)[] {
  if (width <= 1) return [...values];
  return values.map((value, index) => {
    if (value === null) return null;
    const known = values.slice(Math.max(0, index - width + 1), index + 1).filter((other) => other !== null);
    return known.reduce((sum, other) => sum + other, 0) / known.length;
  });
}

export interface Summary {
  count: number;
  mean: number | null;
  min: number | null;
  max: number | null;
  /** Of the newest run, even when that is unknown. */
  latest: number | null;
}

/** Numbers about the known values of a series. */
export function summarise(values: readonly (number | null)[]): Summary {
  const known = values.filter((value) => value !== null);
  const count = known.length;
  if (count === 0) return { count, mean: null, min: null, max: null, latest: null };
  return {
    count,
    mean: known.reduce((sum, value) => sum + value, 0) / count,
    min: known.reduce((a, b) => Math.min(a, b)),
    max: known.reduce((a, b) => Math.max(a, b)),
    latest: values[values.length - 1] ?? null,
  };
}

export const valuesOf = (samples: readonly PerfSample[], key: string): (number | null)[] => samples.map((sample) => sample.values[key] ?? null);

/** The samples as measured (not smoothed), with the columns that are shown. */
export function samplesCsv(samples: readonly PerfSample[], keys: readonly string[]): string {
  const time = (secs: number | null) => (secs === null ? '' : new Date(secs * 1000).toISOString());
  return toCsv(
    ['ts', 'run', ...keys],
    samples.map((sample) => [time(sample.endedSecs), sample.path, ...keys.map((key) => sample.values[key] ?? null)]),
  );
}

/** A run that ended while the page was open, or whose record was there already. */
export interface PerfEvent {
  file: string;
  cmd: string | null;
  wallSecs: number | null;
  values: Record<string, number | null>;
}

/** The event of the stream; null when it is not one. */
export function eventOf(data: unknown): PerfEvent | null {
  if (typeof data !== 'object' || data === null) return null;
  const record = data as Record<string, unknown>;
  if (typeof record['file'] !== 'string') return null;
  return {
    file: record['file'],
    cmd: typeof record['cmd'] === 'string' ? record['cmd'] : null,
    wallSecs: finite(record['wall']),
    values: Object.fromEntries(METRICS.map(({ key }) => [key, finite(record[key])])),
  };
}

/** Whether the history holds this very record, so that a stream which starts with what is there asks for nothing anew. */
export function isKnown(samples: readonly PerfSample[], event: PerfEvent): boolean {
  return samples.some((sample) => sample.path === event.file && sample.values['total_sec'] === event.wallSecs && METRICS.every(({ key }) => sample.values[key] === event.values[key]));
}

/** Newest event of each record first, at most `limit`. */
export function withEvent(events: readonly PerfEvent[], event: PerfEvent, limit: number): PerfEvent[] {
  return [event, ...events.filter((other) => other.file !== event.file)].slice(0, limit);
}
