/** Counting values into classes. Pure. */

export interface Bin {
  /** Lower edge, included; -Infinity never occurs. */
  from: number;
  /** Upper edge, not included except in the last class; Infinity: no upper edge. */
  to: number;
  count: number;
}

/** Counts per class between neighbouring `edges`, which increase. What lies below the first edge counts in the first class, above the last in the last. */
export function histogram(values: readonly number[], edges: readonly number[]): Bin[] {
  const bins = edges.slice(0, -1).map((from, index) => ({ from, to: edges[index + 1] ?? from, count: 0 }));
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const above = bins.findIndex((bin) => value < bin.to);
    const bin = bins[above < 0 ? bins.length - 1 : above];
    if (bin) bin.count += 1;
  }
  return bins;
}

/** `from – to` in as few digits as the edge needs; an open end reads `from +`. */
export function binLabel(bin: Bin, scale = 1, unit = ''): string {
  const text = (value: number) => String(Number((value * scale).toFixed(4)));
  return bin.to === Infinity ? `${text(bin.from)}${unit} and more` : `${text(bin.from)} – ${text(bin.to)}${unit}`;
}
