/** Numbers about the differences between predicted and actual times. */

export interface DeltaStats {
  count: number;
  /** Mean of absolute differences, seconds. */
  mae: number | null;
  /** 90 % quantile of absolute differences, seconds. */
  p90: number | null;
  /** Median of signed differences, seconds: above zero means markers lie later than predicted. */
  median: number | null;
}

/** Quantile with linear interpolation between order statistics; null of nothing. */
export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  return low === undefined || high === undefined ? null : low + (high - low) * (at - Math.floor(at));
}

export function deltaStats(deltasSecs: readonly (number | null)[]): DeltaStats {
  const known = deltasSecs.filter((delta) => delta !== null);
  const sizes = known.map(Math.abs);
  return {
    count: known.length,
    mae: known.length > 0 ? sizes.reduce((sum, size) => sum + size, 0) / known.length : null,
    p90: quantile(sizes, 0.9),
    median: quantile(known, 0.5),
  };
}
