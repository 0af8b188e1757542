/** Undo of what was set last on this page, a marker or an anchor: that thing only, and only while nobody has changed it since. */
import { useState } from 'preact/hooks';
import { toast } from '../components';
import { annotationOf } from './annotations';
import { readSteps, sameAnchors, sameAnnotation, withoutStep, withStep, writeSteps, type Step } from './undo';
import type { Anchors } from './use-anchors';
import type { Annotations } from './use-annotations';

export interface Undo {
  /** What would be undone; null: nothing. */
  last: Step | null;
  push: (step: Step) => void;
  /** To be called when the taking back of `step` is stored. */
  done: (step: Step) => void;
  undo: (anchors: Anchors, annotations: Annotations) => Promise<void>;
}

export function useUndo(runId: string): Undo {
  const [steps, setSteps] = useState(() => readSteps(runId));
  // Steps that could not be taken back stay, but do not stand in the way of those before them.
  const [passed, setPassed] = useState<readonly Step[]>([]);
  const keep = (change: (steps: readonly Step[]) => Step[]) =>
    setSteps((before) => {
      const after = change(before);
      writeSteps(runId, after);
      return after;
    });
  const done = (step: Step) => keep((before) => withoutStep(before, step));
  const isUnchanged = (step: Step, anchors: Anchors, annotations: Annotations): boolean =>
    step.kind === 'anchors'
      ? sameAnchors(anchors.items, step.after)
      : sameAnnotation(annotationOf(annotations.items, step.markerId, step.refSecs), step.after);
  const takeBack = async (step: Step, anchors: Anchors, annotations: Annotations): Promise<boolean> => {
    if (step.kind === 'annotation') {
      const { markerId, refSecs, before } = step;
      return annotations.save({ title: 'Undo', markerId, refSecs, next: before, undoes: step });
    }
    const restored = await anchors.restore(step.before, 'Undo');
    if (restored) done(step);
    return restored;
  };
  const last = steps.findLast((step) => !passed.includes(step)) ?? null;
  return {
    last,
    push: (step) => keep((before) => withStep(before, step)),
    done,
    undo: async (anchors, annotations) => {
      if (!last || !(last.kind === 'anchors' ? anchors : annotations).loaded) return;
      if (!isUnchanged(last, anchors, annotations)) {
        setPassed((before) => [...before, last]);
        toast('warn', `Not undone: ${last.what}. It was changed since, and what is stored now stays.`);
      } else if (await takeBack(last, anchors, annotations)) toast('ok', `Undone: ${last.what}`);
    },
  };
}
