/** Rows of batch_summary.csv: what they mean and how long their stages took. Pure. */
import { cell } from '../../lib/format';

export type Verdict = 'good' | 'fair' | 'loose' | 'refused' | 'failed';

/** Below the first a row is green, above the other amber (docs/guides/web-app.md). */
const GOOD_P90_SECS = 0.5;
const LOOSE_P90_SECS = 1.0;

/** A stage with its share of a bar, both ends in 0..1. */
export interface Span {
  stage: 'retrieval' | 'warp' | 'markers' | 'other';
  from: number;
  to: number;
}

export interface BatchRow {
  index: number;
  reference: string;
  newRun: string;
  folder: string;
  verdict: Verdict;
  reason: string;
  p90: number | null;
  inlierFrac: number | null;
  coverage: number | null;
  markers: number | null;
  review: number | null;
  outside: number | null;
  gpsUsed: boolean;
  stages: { retrieval: number | null; warp: number | null; markers: number | null };
  totalSecs: number | null;
}

const isTrue = (text: string | undefined): boolean => ['true', '1', 'yes'].includes(text?.trim().toLowerCase() ?? '');
const isFalse = (text: string | undefined): boolean => ['false', '0', 'no'].includes(text?.trim().toLowerCase() ?? '');

/** Last part of a path written with either kind of separator. */
export const baseName = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== '') ?? path;

function verdictOf(row: Record<string, string>, p90: number | null): Verdict {
  if (isFalse(row['ok']) || (row['error'] ?? '') !== '') return 'failed';
  if (!isTrue(row['timewarp_ok'])) return 'refused';
  if (p90 !== null && p90 < GOOD_P90_SECS) return 'good';
  return p90 !== null && p90 > LOOSE_P90_SECS ? 'loose' : 'fair';
}

export function batchRows(rows: readonly Record<string, string>[]): BatchRow[] {
  return rows.map((row, index) => {
    const p90 = cell(row['p90']);
    return {
      index,
      reference: baseName(row['ref_video'] ?? ''),
      newRun: baseName(row['new_video'] ?? ''),
      folder: baseName(row['out_dir'] ?? ''),
      verdict: verdictOf(row, p90),
      reason: row['error'] || row['reasons'] || '',
      p90,
      inlierFrac: cell(row['inlier_frac']),
      coverage: cell(row['coverage']),
      markers: cell(row['markers_written']),
      review: cell(row['markers_review']),
      outside: cell(row['markers_outside']),
      gpsUsed: isTrue(row['gps_used']),
      stages: { retrieval: cell(row['retrieval_sec']), warp: cell(row['warp_sec']), markers: cell(row['markers_sec']) },
      totalSecs: cell(row['total_sec']),
    };
  });
}

/** The stages of a row one after another, on a scale that ends at `longestSecs`. Time in no stage comes last. */
export function timingSpans({ stages, totalSecs }: Pick<BatchRow, 'stages' | 'totalSecs'>, longestSecs: number): Span[] {
  if (!(longestSecs > 0)) return [];
  const known = [
    ['retrieval', stages.retrieval],
    ['warp', stages.warp],
    ['markers', stages.markers],
  ] as const;
  const inStages = known.reduce((sum, [, secs]) => sum + (secs ?? 0), 0);
  const parts = [...known, ['other', Math.max(0, (totalSecs ?? 0) - inStages)] as const];
  const spans: Span[] = [];
  let at = 0;
  for (const [stage, secs] of parts) {
    if (secs === null || secs <= 0) continue;
    const to = Math.min(1, at + secs / longestSecs);
    spans.push({ stage, from: at, to });
    at = to;
  }
  return spans;
}

export const VERDICT_ORDER: readonly Verdict[] = ['failed', 'refused', 'loose', 'fair', 'good'];

/** How many pairs ended how, worst first, without those that did not occur. */
export function verdictCounts(rows: readonly BatchRow[]): { verdict: Verdict; count: number }[] {
  return VERDICT_ORDER.map((verdict) => ({ verdict, count: rows.filter((row) => row.verdict === verdict).length })).filter(({ count }) => count > 0);
}
