/** Steps that can be taken back, the last one first. They survive a reload of the tab. */
import type { Anchor, Annotation } from '../api/types';
import { stored, store } from '../lib/browser-store';

export type Step =
  | { kind: 'anchors'; what: string; before: readonly Anchor[]; after: readonly Anchor[] }
  | { kind: 'annotation'; what: string; markerId: string; refSecs: number | null; before: Annotation | null; after: Annotation | null };

/** Steps kept. */
const DEPTH = 50;

const keyOf = (runId: string) => `mtbsync-undo:${runId}`;

export function readSteps(runId: string): Step[] {
  const steps = stored('tab', keyOf(runId));
  return Array.isArray(steps) ? (steps as Step[]) : [];
}

export const writeSteps = (runId: string, steps: readonly Step[]): void => store('tab', keyOf(runId), steps.length > 0 ? steps : null);

export const withStep = (steps: readonly Step[], step: Step): Step[] => [...steps.slice(1 - DEPTH), step];

export const withoutStep = (steps: readonly Step[], step: Step): Step[] => steps.filter((other) => other !== step);

/** Times in files have six decimals. */
export const sameSecs = (a: number | null, b: number | null) => (a === null || b === null ? a === b : Math.abs(a - b) < 1e-5);

export function sameAnchors(a: readonly Anchor[], b: readonly Anchor[]): boolean {
  return a.length === b.length && a.every((item, i) => sameSecs(item.t_new, b[i]?.t_new ?? null) && sameSecs(item.t_ref, b[i]?.t_ref ?? null) && item.note === b[i]?.note);
}

/** Whether both say the same; what the server adds does not count. */
export function sameAnnotation(a: Annotation | null, b: Annotation | null): boolean {
  if (a === null || b === null) return a === b;
  return sameSecs(a.t_new, b.t_new) && a.label === b.label && a.note === b.note;
}
