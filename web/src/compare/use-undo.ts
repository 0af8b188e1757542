/** Undo of what was set last on this page, a marker or an anchor: that thing only, and only while nobody has changed it since. */
import { useState } from 'preact/hooks';
import { toast } from '../components';
import { annotationOf } from './annotations';
import { readSteps, sameAnchors, sameAnnotation, withStep, writeSteps, type Step } from './undo';
import type { Anchors } from './use-anchors';
import type { Annotations } from './use-annotations';

export interface Undo {
  /** What would be undone; null: nothing. */
  last: Step | null;
  push: (step: Step) => void;
  undo: (anchors: Anchors, annotations: Annotations) => Promise<void>;
}

export function useUndo(runId: string): Undo {
  const [steps, setSteps] = useState(() => readSteps(runId));
  const keep = (change: (steps: readonly Step[]) => Step[]) =>
    setSteps((before) => {
      const after = change(before);
      writeSteps(runId, after);
      return after;
    });
  const takeBack = async (step: Step, anchors: Anchors, annotations: Annotations): Promise<boolean | null> => {
    if (step.kind === 'anchors') return sameAnchors(anchors.items, step.after) ? anchors.restore(step.before, 'Undo') : null;
    const { markerId, refSecs } = step;
    if (!sameAnnotation(annotationOf(annotations.items, markerId, refSecs), step.after)) return null;
    return annotations.save({ title: 'Undo', markerId, refSecs, next: step.before, undoes: true });
  };
  return {
    last: steps[steps.length - 1] ?? null,
    push: (step) => keep((before) => withStep(before, step)),
    undo: async (anchors, annotations) => {
      const step = steps[steps.length - 1];
      if (!step) return;
      const done = await takeBack(step, anchors, annotations);
      if (done === false) return;
      keep((before) => before.slice(0, -1));
      if (done) toast('ok', `Undone: ${step.what}`);
      else toast('warn', `Not undone: ${step.what}. It was changed since, and what is stored now stays.`);
    },
  };
}
