/** Changes to the list of annotations, as functions, so that a change can be made again on top of somebody else's. */
import type { Annotation } from '../api/types';
import type { Step } from './undo';

/** Limits the server enforces. */
export const LABEL_MAX = 200;
export const NOTE_MAX = 4000;

export interface AnnotationChange {
  /** For messages: what this does. */
  title: string;
  markerId: string;
  /** Place of the marker in the reference; ids may repeat. */
  refSecs: number | null;
  /** The annotation afterwards; null removes it. */
  next: Annotation | null;
  /** The step it takes back. */
  undoes?: Step;
}

/** Places nearer than this are the same, as for the server. */
const SAME_PLACE_SECS = 1e-3;

const isAt = (item: Annotation, refSecs: number | null): boolean =>
  item.marker_id !== null && item.t_ref !== null && refSecs !== null && Math.abs(item.t_ref - refSecs) < SAME_PLACE_SECS;

/**
 * Index of the annotation of a marker, -1 without one. The place decides, because ids change when a row is
 * inserted; the id does among several at one place, and where the annotation has no place. The server's rule is
 * `is_about` in crates/artefacts/src/annotations.rs.
 */
function indexOf(items: readonly Annotation[], markerId: string, refSecs: number | null): number {
  const exact = items.findIndex((item) => isAt(item, refSecs) && item.marker_id === markerId);
  if (exact >= 0) return exact;
  const here = items.findIndex((item) => isAt(item, refSecs));
  return here >= 0 ? here : items.findIndex((item) => item.t_ref === null && item.marker_id === markerId);
}

/** Replaces, adds or removes the annotation of one marker; all others stay as they are. */
export function applyChange(items: readonly Annotation[], { markerId, refSecs, next }: AnnotationChange): Annotation[] {
  const index = indexOf(items, markerId, refSecs);
  if (index < 0) return next ? [...items, next] : [...items];
  return items.flatMap((item, i) => (i === index ? (next ? [{ ...item, ...next }] : []) : [item]));
}

export const annotationOf = (items: readonly Annotation[], markerId: string, refSecs: number | null): Annotation | null =>
  items[indexOf(items, markerId, refSecs)] ?? null;

/** One annotation in a sentence, for the conflict dialog. */
export function describe(annotation: Annotation | null, clock: (secs: number | null) => string): string {
  if (!annotation) return 'no annotation';
  const parts = [`at ${clock(annotation.t_new)}`];
  if (annotation.label) parts.push(`label “${annotation.label}”`);
  if (annotation.note) parts.push(`note “${annotation.note}”`);
  return parts.join(', ');
}
