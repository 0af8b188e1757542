/** Annotations of a run: loaded with their tag, saved one change at a time, and never over somebody else's without asking. */
import { useState } from 'preact/hooks';
import { ApiError, errorText, getAnnotations, putAnnotations, type Annotation, type Tagged } from '../api';
import { toast } from '../components';
import { useLoad } from '../lib/hooks';
import { annotationOf, applyChange, type AnnotationChange } from './annotations';

/** A change that met a list somebody else had changed in the meantime. */
export interface Conflict {
  change: AnnotationChange;
  theirs: Annotation | null;
  current: Tagged<Annotation>;
}

export interface Annotations {
  items: readonly Annotation[];
  error: unknown;
  loaded: boolean;
  saving: boolean;
  conflict: Conflict | null;
  /** Makes one change; true when it is stored. A conflict is kept for the person to decide, and told of when it is. */
  save: (change: AnnotationChange) => Promise<boolean>;
  /** Decides the conflict: mine on top of the current list, or the current list as it is. */
  resolve: (mine: boolean) => Promise<void>;
  reload: () => void;
}

/** `onStored` is told of each change that was stored, and of what it replaced. */
export function useAnnotations(runId: string, onStored?: (change: AnnotationChange, before: Annotation | null) => void): Annotations {
  const loaded = useLoad((signal) => getAnnotations(runId, signal), [runId]);
  const [stored, setStored] = useState<{ of: unknown; list: Tagged<Annotation> } | null>(null);
  const [saving, setSaving] = useState(false);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const current = stored !== null && stored.of === loaded.data ? stored.list : loaded.data;

  const put = async (change: AnnotationChange, base: Tagged<Annotation>): Promise<boolean> => {
    setSaving(true);
    try {
      const list = await putAnnotations(runId, applyChange(base.items, change), base.etag);
      setStored({ of: loaded.data, list });
      onStored?.(change, annotationOf(base.items, change.markerId, change.refSecs));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) await meet(change);
      else toast('bad', `${change.title}: not saved. ${errorText(error)}`);
      return false;
    } finally {
      setSaving(false);
    }
  };

  const meet = async (change: AnnotationChange) => {
    try {
      const now = await getAnnotations(runId);
      setConflict({ change, theirs: annotationOf(now.items, change.markerId, change.refSecs), current: now });
    } catch (error) {
      toast('bad', `${change.title}: not saved, and the current annotations could not be read. ${errorText(error)}`);
    }
  };

  return {
    items: current?.items ?? [],
    error: loaded.error,
    loaded: current !== null,
    saving,
    conflict,
    save: async (change) => (current ? put(change, current) : false),
    resolve: async (mine) => {
      if (!conflict) return;
      setConflict(null);
      setStored({ of: loaded.data, list: conflict.current });
      if (mine && (await put(conflict.change, conflict.current))) toast('ok', `${conflict.change.title}: saved on top of the other change`);
    },
    reload: loaded.reload,
  };
}
