/** The map of a run: a coarse sample at once, a fine one when the run is long, and a new one after a refit. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError, getWarp, type Run, type WarpSample } from '../api';
import { useLoad } from '../lib/hooks';
import { WarpMap } from '../player/warp';

/** Samples asked for first: small enough to be there at once, fine enough for anything up to two minutes. */
const FIRST_SAMPLES = 2000;

/** Wanted distance of samples. Knots lie 0.1 s apart at least, so half of it loses nothing that matters. */
const FINE_STEP_SECS = 0.05;

/** Most samples the server gives. */
const MAX_SAMPLES = 20_000;

export interface LoadedWarp {
  sample: WarpSample | null;
  map: WarpMap | null;
  error: unknown;
  /** The run has no map at all. */
  missing: boolean;
  /** Shows another sample (of a refit) until the run is loaded anew. */
  replace: (sample: WarpSample) => void;
  /** Asks for a fine sample of the stored map, to follow the coarse one of a refit. */
  refine: () => void;
  reload: () => void;
}

export function useWarp(run: Run): LoadedWarp {
  // A run without a model has no timewarp.json; asking for it would only be an error in the console.
  const none = run.ok === null && run.model === null;
  const first = useLoad(async (signal) => (none ? null : getWarp(run.id, FIRST_SAMPLES, {}, signal)), [run.id, none]);
  const [better, setBetter] = useState<{ of: WarpSample | null; sample: WarpSample } | null>(null);
  const duration = run.new?.duration ?? 0;
  const samples = Math.min(MAX_SAMPLES, Math.max(FIRST_SAMPLES, Math.ceil(duration / FINE_STEP_SECS)));
  const refine = () => {
    const coarse = first.data;
    // Failing here loses nothing: the coarse map stays, and it is right, only less fine.
    getWarp(run.id, samples).then(
      (sample) => setBetter({ of: coarse, sample }),
      () => {},
    );
  };
  useEffect(() => {
    if (first.data && samples > FIRST_SAMPLES) refine();
  }, [first.data]);
  const sample = better !== null && better.of === first.data ? better.sample : first.data;
  const map = useMemo(() => (sample ? new WarpMap(sample) : null), [sample]);
  return {
    sample,
    map,
    error: first.error,
    missing: none || (first.error instanceof ApiError && first.error.status === 404),
    replace: (fresh) => setBetter({ of: first.data, sample: fresh }),
    refine,
    reload: first.reload,
  };
}
