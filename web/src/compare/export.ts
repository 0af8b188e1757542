/** Marker tables for download, made in the browser. */
import { toCsv } from '../lib/csv';
import { UNKNOWN } from '../lib/format';
import type { Marker } from './markers';

const HEADERS = ['marker_id', 'name', 't_ref', 't_new_predicted', 't_new_low', 't_new_high', 't_new_actual', 'delta_sec', 'confidence', 'status', 'state', 'label', 'note'];

const rounded = (secs: number | null): string | null => (secs === null ? null : secs.toFixed(6));

function cells(marker: Marker): (string | null)[] {
  return [
    marker.id,
    marker.name,
    rounded(marker.refSecs),
    rounded(marker.predictedSecs),
    rounded(marker.lowSecs),
    rounded(marker.highSecs),
    rounded(marker.actualSecs),
    rounded(marker.deltaSecs),
    marker.confidence.toFixed(4),
    marker.status,
    marker.state,
    marker.annotation?.label ?? '',
    marker.annotation?.note ?? '',
  ];
}

export const markersCsv = (markers: readonly Marker[]): string => toCsv(HEADERS, markers.map(cells));

export function markersJson(markers: readonly Marker[]): string {
  const items = markers.map((marker) => ({
    marker_id: marker.id,
    name: marker.name,
    t_ref: marker.refSecs,
    t_new_predicted: marker.predictedSecs,
    t_new_low: marker.lowSecs,
    t_new_high: marker.highSecs,
    t_new_actual: marker.actualSecs,
    delta_sec: marker.deltaSecs,
    confidence: marker.confidence,
    status: marker.status,
    state: marker.state,
    label: marker.annotation?.label ?? '',
    note: marker.annotation?.note ?? '',
  }));
  return `${JSON.stringify({ markers: items }, null, 2)}\n`;
}

/** A file name made of a run's name: no separators, nothing hidden. */
export function fileName(runName: string, what: string, suffix: string): string {
  const plain = runName.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^\.+/, '');
  return `${plain === '' || plain === UNKNOWN ? 'run' : plain}_${what}.${suffix}`;
}
