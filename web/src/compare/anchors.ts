/** Anchors beside one another. */
import type { Anchor, AnchorDoubt } from '../api/types';
import { sameSecs } from './undo';

/**
 * Anchors nearer than this on either clock are about the same moment. The rule stands in crates/artefacts/src/anchors.rs
 * (`SAME_MOMENT_SECS`, `excludes`).
 */
const SAME_MOMENT_SECS = 0.25;

/** Whether both speak of the same moment, or no forward ride meets both. */
function excludes(a: Anchor, b: Anchor): boolean {
  const [fresh, reference] = [a.t_new - b.t_new, a.t_ref - b.t_ref];
  return Math.abs(fresh) < SAME_MOMENT_SECS || Math.abs(reference) < SAME_MOMENT_SECS || Math.sign(fresh) !== Math.sign(reference);
}

/** Adds an anchor in order of time, in place of those that cannot hold beside it. */
export const withAnchor = (anchors: readonly Anchor[], anchor: Anchor): Anchor[] =>
  [...anchors.filter((other) => !excludes(anchor, other)), anchor].sort((a, b) => a.t_new - b.t_new);

/** Doubts about anchors that are not among `present`: about those a person has decided already. */
export const newDoubts = (doubts: readonly AnchorDoubt[], present: readonly Anchor[]): AnchorDoubt[] =>
  doubts.filter((doubt) => !present.some((anchor) => sameSecs(anchor.t_new, doubt.t_new) && sameSecs(anchor.t_ref, doubt.t_ref)));
