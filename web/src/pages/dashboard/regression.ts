/** The verdict over the latest run, made ready to show. Pure. */
import type { Regression } from '../../api/types';
import type { Tone } from '../../components';
import { number, percent, UNKNOWN } from '../../lib/format';

/** Word and tone of a status. The tones are green, amber, red and cyan. */
export const STATUS: Record<Regression['status'], { word: string; tone: Tone }> = {
  ok: { word: 'OK', tone: 'ok' },
  warn: { word: 'WARN', tone: 'warn' },
  fail: { word: 'FAIL', tone: 'bad' },
  learning: { word: 'LEARNING', tone: 'info' },
  empty: { word: 'NO HISTORY', tone: 'neutral' },
};

export interface MetricRow {
  name: string;
  current: string;
  baseline: string;
  delta: string;
  /** Share of the baseline, as text with a sign; unknown without a baseline. */
  change: string;
}

interface RowSpec {
  name: string;
  current: string;
  baseline: string;
  delta: string | null;
  show: (value: number | null) => string;
}

const ROWS: readonly RowSpec[] = [
  { name: 'P90 (s)', current: 'p90', baseline: 'p90_baseline', delta: 'p90_delta', show: (value) => number(value, 3) },
  { name: 'PPM', current: 'ppm', baseline: 'ppm_baseline', delta: 'ppm_delta', show: (value) => number(value, 0) },
  { name: 'Inlier fraction', current: 'inlier_frac', baseline: 'inlier_baseline', delta: 'inlier_delta', show: (value) => number(value, 3) },
  { name: 'Speed (frames/s)', current: 'fps', baseline: 'fps_baseline', delta: null, show: (value) => number(value, 1) },
];

const known = (value: number | boolean | null | undefined): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function signed(value: number | null, show: (value: number | null) => string): string {
  if (value === null) return UNKNOWN;
  const text = show(Math.abs(value));
  return Number(text.replace(/[^\d.]/g, '')) === 0 ? text : `${value > 0 ? '+' : '−'}${text}`;
}

/** Current, baseline and difference of each metric. Speed is shown, never judged, so its difference is computed here. */
export function metricRows(report: Regression): MetricRow[] {
  return ROWS.map(({ name, current, baseline, delta, show }) => {
    const now = known(report.current?.[current]);
    const before = known(report.baseline?.[baseline]);
    const difference = delta !== null ? known(report.deltas?.[delta]) : now !== null && before !== null ? now - before : null;
    const share = difference !== null && before !== null && before !== 0 ? difference / Math.abs(before) : null;
    return { name, current: show(now), baseline: show(before), delta: signed(difference, show), change: signed(share, (value) => percent(value, 1)) };
  });
}
