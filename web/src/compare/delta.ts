/** The time-delta curve: elapsed time of the new run minus that of the reference since the start of a stretch. */
import type { WarpSample } from '../api/types';

export interface DeltaCurve {
  newSecs: number[];
  delta: (number | null)[];
  /** 90 % band of the delta. */
  low: (number | null)[];
  high: (number | null)[];
}

/** A late place on the reference means less time lost, so the band turns over. */
export function deltaCurve(sample: WarpSample): DeltaCurve {
  const band = (edge: (number | null)[]) =>
    sample.delta.map((delta, i) => {
      const [tRef, limit] = [sample.t_ref[i], edge[i]];
      return delta !== null && tRef !== null && tRef !== undefined && limit !== null && limit !== undefined ? delta - (limit - tRef) : null;
    });
  return { newSecs: sample.t_new, delta: sample.delta, low: band(sample.high), high: band(sample.low) };
}

/** The curve at `newSecs`, linear between samples; null where neither neighbour has a value. */
export function deltaAt(curve: DeltaCurve, newSecs: number): { delta: number; low: number | null; high: number | null } | null {
  const { newSecs: xs } = curve;
  const step = (xs[1] ?? 0) - (xs[0] ?? 0);
  if (!(step > 0)) return null;
  const at = (newSecs - (xs[0] ?? 0)) / step;
  const i = Math.min(Math.max(Math.floor(at), 0), xs.length - 2);
  const share = at - i;
  if (share < 0 || share > 1) return null;
  const mix = (values: (number | null)[]) => {
    const [a, b] = [values[i] ?? null, values[i + 1] ?? null];
    return a !== null && b !== null ? a + share * (b - a) : (a ?? b);
  };
  const delta = mix(curve.delta);
  return delta === null ? null : { delta, low: mix(curve.low), high: mix(curve.high) };
}
