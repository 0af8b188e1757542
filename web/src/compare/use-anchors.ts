/** Anchors of a run: moments a person says show the same place. Every change refits the map at once. */
import { useState } from 'preact/hooks';
import { ApiError, errorText, getAnchors, putAnchors, type Anchor, type AnchorDoubt, type AnchorsSaved, type Tagged, type WarpSample } from '../api';
import { toast } from '../components';
import { useLoad } from '../lib/hooks';
import { newDoubts } from './anchors';

/** A change that the pictures contradict, until the person has decided. */
export interface AnchorQuestion {
  doubts: readonly AnchorDoubt[];
  decide: (anyway: boolean) => void;
}

export interface Anchors {
  items: readonly Anchor[];
  error: unknown;
  loaded: boolean;
  busy: boolean;
  /** Anchors are tried out only: the session may not write. */
  trial: boolean;
  question: AnchorQuestion | null;
  /** Replaces the anchors; true when the map now follows them. What contradicts the measured curve is asked about before. */
  set: (items: readonly Anchor[], what: string) => Promise<boolean>;
  /** Replaces the anchors by what they were. */
  restore: (items: readonly Anchor[], what: string) => Promise<boolean>;
}

export interface AnchorEvents {
  onRefit: (sample: WarpSample, saved: boolean, markersChanged: readonly string[]) => void;
  onStored: (what: string, before: readonly Anchor[], after: readonly Anchor[]) => void;
}

export function useAnchors(runId: string, mayWrite: boolean, { onRefit, onStored }: AnchorEvents): Anchors {
  const loaded = useLoad((signal) => getAnchors(runId, signal), [runId]);
  const [now, setNow] = useState<{ of: unknown; list: Tagged<Anchor> } | null>(null);
  const [busy, setBusy] = useState(false);
  const [question, setQuestion] = useState<AnchorQuestion | null>(null);
  const current = now !== null && now.of === loaded.data ? now.list : loaded.data;

  const put = async (items: readonly Anchor[], what: string, ask: boolean): Promise<AnchorsSaved | null> => {
    if (!current) return null;
    setBusy(true);
    try {
      if (ask) {
        const tried = await putAnchors(runId, items, current.etag, true);
        // A trial session stores nothing, so the server takes all its anchors for new ones each time.
        const doubts = newDoubts(tried.doubts, current.items);
        if (doubts.length > 0 && !(await asked(doubts))) return null;
      }
      const saved = await putAnchors(runId, items, current.etag, !mayWrite);
      setNow({ of: loaded.data, list: { items: mayWrite ? saved.items : [...items], etag: mayWrite ? saved.etag : current.etag } });
      onRefit(saved.warp, mayWrite, saved.markers_changed ?? []);
      return saved;
    } catch (error) {
      explain(error, what);
      return null;
    } finally {
      setBusy(false);
    }
  };

  const asked = (doubts: readonly AnchorDoubt[]) =>
    new Promise<boolean>((resolve) => {
      const decide = (anyway: boolean) => {
        setQuestion(null);
        resolve(anyway);
      };
      setQuestion({ doubts, decide });
    });

  const explain = (error: unknown, what: string) => {
    if (error instanceof ApiError && error.status === 412) {
      loaded.reload();
      toast('warn', `${what}: not done, because somebody else changed the anchors. Theirs are shown now; pin again if yours is still needed.`);
    } else toast('bad', `${what}: not done. ${errorText(error)}`);
  };

  return {
    items: current?.items ?? [],
    error: loaded.error,
    loaded: current !== null,
    busy,
    trial: !mayWrite,
    question,
    set: async (items, what) => {
      const before = current?.items ?? [];
      const saved = await put(items, what, true);
      if (saved) onStored(what, before, mayWrite ? saved.items : items);
      return saved !== null;
    },
    restore: async (items, what) => (await put(items, what, false)) !== null,
  };
}
