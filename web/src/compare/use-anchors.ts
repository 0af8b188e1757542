/** Anchors of a run: moments a person says show the same place. Every change refits the map at once and can be undone. */
import { useState } from 'preact/hooks';
import { ApiError, errorText, getAnchors, putAnchors, type Anchor, type AnchorsSaved, type Tagged, type WarpSample } from '../api';
import { toast } from '../components';
import { useLoad } from '../lib/hooks';

/** Steps that can be undone. */
const UNDO_DEPTH = 50;

export interface Anchors {
  items: readonly Anchor[];
  error: unknown;
  busy: boolean;
  /** Anchors are tried out only: the session may not write. */
  trial: boolean;
  canUndo: boolean;
  /** Replaces the anchors; true when the map now follows them. */
  set: (items: readonly Anchor[], what: string) => Promise<boolean>;
  undo: () => Promise<void>;
}

export function useAnchors(runId: string, mayWrite: boolean, onRefit: (sample: WarpSample, saved: boolean, markersChanged: readonly string[]) => void): Anchors {
  const loaded = useLoad((signal) => getAnchors(runId, signal), [runId]);
  const [now, setNow] = useState<{ of: unknown; list: Tagged<Anchor> } | null>(null);
  const [past, setPast] = useState<(readonly Anchor[])[]>([]);
  const [busy, setBusy] = useState(false);
  const current = now !== null && now.of === loaded.data ? now.list : loaded.data;

  const put = async (items: readonly Anchor[], what: string): Promise<boolean> => {
    if (!current) return false;
    setBusy(true);
    try {
      const saved: AnchorsSaved = await putAnchors(runId, items, current.etag, !mayWrite);
      setNow({ of: loaded.data, list: { items: mayWrite ? saved.items : [...items], etag: mayWrite ? saved.etag : current.etag } });
      onRefit(saved.warp, mayWrite, saved.markers_changed ?? []);
      return true;
    } catch (error) {
      await explain(error, what);
      return false;
    } finally {
      setBusy(false);
    }
  };

  const explain = async (error: unknown, what: string) => {
    if (error instanceof ApiError && error.status === 412) {
      loaded.reload();
      toast('warn', `${what}: not done, because somebody else changed the anchors. Theirs are shown now; pin again if yours is still needed.`);
    } else toast('bad', `${what}: not done. ${errorText(error)}`);
  };

  return {
    items: current?.items ?? [],
    error: loaded.error,
    busy,
    trial: !mayWrite,
    canUndo: past.length > 0,
    set: async (items, what) => {
      const before = current?.items ?? [];
      if (!(await put(items, what))) return false;
      setPast((steps) => [...steps.slice(1 - UNDO_DEPTH), before]);
      return true;
    },
    undo: async () => {
      const before = past[past.length - 1];
      if (before && (await put(before, 'Undo'))) setPast((steps) => steps.slice(0, -1));
    },
  };
}
