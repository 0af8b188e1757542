/** Markers as points of the plot. Pure. */
import { cell } from '../../lib/format';

export type PointStatus = 'ok' | 'review' | 'outside';

export interface MarkerPoint {
  name: string;
  tNewSecs: number;
  tRefSecs: number;
  lowSecs: number | null;
  highSecs: number | null;
  status: PointStatus;
}

export interface MarkerPoints {
  points: MarkerPoint[];
  /** Names of markers without a time on one of the sides. */
  outside: string[];
}

/** Rows of a marker table, new_markers.csv or the like. */
export function markerPoints(rows: readonly Record<string, string>[]): MarkerPoints {
  const points: MarkerPoint[] = [];
  const outside: string[] = [];
  rows.forEach((row, index) => {
    const name = row['name'] || row['marker_id'] || String(index + 1);
    const tNewSecs = cell(row['t_new']) ?? cell(row['t_new_est']);
    const tRefSecs = cell(row['t_ref']);
    if (tNewSecs === null || tRefSecs === null || row['status'] === 'outside') outside.push(name);
    else points.push({ name, tNewSecs, tRefSecs, lowSecs: cell(row['t_new_low']), highSecs: cell(row['t_new_high']), status: row['status'] === 'review' ? 'review' : 'ok' });
  });
  return { points, outside };
}
