/** Changes to the list of annotations, as functions, so that a change can be made again on top of somebody else's. */
import type { Annotation } from '../api/types';

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
  /** It takes an earlier change back. */
  undoes?: true;
}

/** Places nearer than this are the same, as for the server. */
const SAME_PLACE_SECS = 1e-3;

/** Whether `item` is about the marker of that id at that place. */
export const isAbout = (item: Annotation, markerId: string, refSecs: number | null): boolean =>
  item.marker_id === markerId && (item.t_ref === null || refSecs === null || Math.abs(item.t_ref - refSecs) < SAME_PLACE_SECS);

/** Replaces, adds or removes the annotation of one marker; all others stay as they are. */
export function applyChange(items: readonly Annotation[], { markerId, refSecs, next }: AnnotationChange): Annotation[] {
  const index = items.findIndex((item) => isAbout(item, markerId, refSecs));
  if (index < 0) return next ? [...items, next] : [...items];
  return items.flatMap((item, i) => (i === index ? (next ? [{ ...item, ...next }] : []) : [item]));
}

export const annotationOf = (items: readonly Annotation[], markerId: string, refSecs: number | null): Annotation | null =>
  items.find((item) => isAbout(item, markerId, refSecs)) ?? null;

/** One annotation in a sentence, for the conflict dialog. */
export function describe(annotation: Annotation | null, clock: (secs: number | null) => string): string {
  if (!annotation) return 'no annotation';
  const parts = [`at ${clock(annotation.t_new)}`];
  if (annotation.label) parts.push(`label “${annotation.label}”`);
  if (annotation.note) parts.push(`note “${annotation.note}”`);
  return parts.join(', ');
}
