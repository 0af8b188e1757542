/** Markers of a run together with what people said about them. */
import type { Annotation, RunMarkers } from '../api/types';
import { cell } from '../lib/format';
import { annotationOf } from './annotations';
import { matchesQuery } from '../lib/table';

export type MarkerStatus = 'ok' | 'review' | 'outside';

/** What a person made of a marker: nothing yet, agreed, or put it elsewhere. */
export type MarkerState = 'open' | 'confirmed' | 'moved';

export interface Marker {
  /** Row number; ids and names may repeat. */
  row: number;
  id: string;
  name: string;
  refSecs: number | null;
  /** Where the map puts it in the new run; null outside. */
  predictedSecs: number | null;
  lowSecs: number | null;
  highSecs: number | null;
  /** Where a person says it is; null when nobody has said. */
  actualSecs: number | null;
  /** Actual minus predicted. */
  deltaSecs: number | null;
  confidence: number;
  status: MarkerStatus;
  state: MarkerState;
  colour: string;
  comment: string;
  annotation: Annotation | null;
}

/** Label that marks agreement; the server keeps such a marker in every refit. */
export const CONFIRMED = 'confirmed';

/** A difference below this is agreement, not a move: less than a frame at 240 frames a second. */
const SAME_TIME_SECS = 0.004;

function statusOf(text: string | undefined): MarkerStatus {
  return text === 'review' || text === 'outside' ? text : 'ok';
}

/**
 * Rows of new_markers.csv joined with what was said about them. The row of an annotated marker holds the
 * annotated time; the predicted one is then what the server recorded with the annotation: a difference, or null
 * where the map has no place for it.
 */
export function joinMarkers(table: RunMarkers | null, annotations: readonly Annotation[]): Marker[] {
  return (table?.rows ?? []).map((row, index) => {
    const id = row['marker_id'] ?? String(index + 1);
    const refSecs = cell(row['t_ref']);
    const annotation = annotationOf(annotations, id, refSecs);
    const actualSecs = annotation?.t_new ?? null;
    const recorded = annotation?.delta_sec;
    const fromRow = actualSecs === null || recorded === undefined;
    const predictedSecs = fromRow ? cell(row['t_new']) : recorded === null ? null : actualSecs - recorded;
    const deltaSecs = actualSecs !== null && predictedSecs !== null ? actualSecs - predictedSecs : null;
    const same = deltaSecs !== null && Math.abs(deltaSecs) < SAME_TIME_SECS;
    return {
      row: index,
      id,
      name: row['name'] || id,
      refSecs,
      predictedSecs,
      lowSecs: predictedSecs === null ? null : cell(row['t_new_low']),
      highSecs: predictedSecs === null ? null : cell(row['t_new_high']),
      actualSecs,
      deltaSecs,
      confidence: cell(row['confidence']) ?? 0,
      status: statusOf(row['status']),
      state: actualSecs === null ? 'open' : same ? 'confirmed' : 'moved',
      colour: row['colour'] ?? '',
      comment: row['comment'] ?? '',
      annotation,
    };
  });
}

/** How far a marker can be trusted, in the words and colours of the Preview page. */
export type Grade = 'high' | 'fair' | 'low' | 'outside';

/** Green from here, amber from the review threshold of the program, red below. */
const HIGH_CONFIDENCE = 0.8;

export function gradeOf(marker: Pick<Marker, 'confidence' | 'status'>, reviewThreshold: number): Grade {
  if (marker.status === 'outside') return 'outside';
  if (marker.confidence >= HIGH_CONFIDENCE) return 'high';
  return marker.confidence >= reviewThreshold ? 'fair' : 'low';
}

export interface NearMarker {
  marker: Marker;
  /** Seconds from the playhead to the marker; negative: passed. */
  offsetSecs: number;
}

/**
 * Markers within `spanSecs` of the playhead, in order. A marker without a time in the new run counts by the reference, so that it is
 * seen that something was there.
 */
export function markersNear(markers: readonly Marker[], newSecs: number | null, refSecs: number | null, spanSecs: number): NearMarker[] {
  return markers
    .flatMap((marker) => {
      const at = markerNewSecs(marker);
      const offset = at !== null ? (newSecs === null ? null : at - newSecs) : refSecs === null || marker.refSecs === null ? null : marker.refSecs - refSecs;
      return offset !== null && Math.abs(offset) <= spanSecs ? [{ marker, offsetSecs: offset }] : [];
    })
    .sort((a, b) => a.offsetSecs - b.offsetSecs);
}

/** The best known time in the new run. */
export const markerNewSecs = (marker: Marker): number | null => marker.actualSecs ?? marker.predictedSecs;

export type MarkerFilter = 'all' | 'ok' | 'review' | 'outside' | 'open' | 'confirmed' | 'moved';

export const MARKER_FILTERS: readonly { value: MarkerFilter; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'review', label: 'Needs review' },
  { value: 'ok', label: 'Status ok' },
  { value: 'outside', label: 'Outside' },
  { value: 'open', label: 'Not looked at' },
  { value: 'confirmed', label: 'Confirmed' },
  { value: 'moved', label: 'Moved' },
];

export function filterMarkers(markers: readonly Marker[], filter: MarkerFilter, query: string): Marker[] {
  return markers.filter((marker) => {
    if (filter === 'ok' || filter === 'review' || filter === 'outside') {
      if (marker.status !== filter) return false;
    } else if (filter !== 'all' && marker.state !== filter) return false;
    const { name, id, comment, annotation } = marker;
    return matchesQuery([name, id, comment, annotation?.label, annotation?.note], query);
  });
}

/** The marker before or after `newSecs`, for jumping; markers without a time in the new run are passed over. */
export function neighbour(markers: readonly Marker[], newSecs: number, direction: 1 | -1): Marker | null {
  // Paused on a marker, the frame shown lies up to half a frame beside it.
  const beside = 0.05;
  const timed = markers
    .map((marker) => ({ marker, at: markerNewSecs(marker) }))
    .filter((item): item is { marker: Marker; at: number } => item.at !== null)
    .sort((a, b) => a.at - b.at);
  const found = direction > 0 ? timed.find((item) => item.at > newSecs + beside) : timed.findLast((item) => item.at < newSecs - beside);
  return found?.marker ?? null;
}
