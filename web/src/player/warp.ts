/**
 * The time map between the two recordings, from the sampled answer of the server. Between samples it is a straight line; outside
 * segments it has no value and is never extended.
 */
import type { WarpSample } from '../api/types';

export type Side = 'new' | 'ref';
export const SIDE_NAMES: Record<Side, string> = { ref: 'Reference', new: 'New run' };
export const otherSide = (side: Side): Side => (side === 'new' ? 'ref' : 'new');

/** One mapped stretch as a polyline, `newSecs` strictly and `refSecs` weakly increasing. */
export interface Stretch {
  newSecs: Float64Array;
  refSecs: Float64Array;
}

/** Half of the window over which the local rate is taken: longer than a frame, shorter than a corner. */
const RATE_WINDOW_SECS = 0.2;

/** Slope of a stretch too short to hold two samples. */
const RATE_UNKNOWN = 1;

/** Index of the last element <= `x` in an increasing array, -1 when all are greater. */
export function lastNotAfter(values: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? Infinity) <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const first = (values: Float64Array): number => values[0] ?? Number.NaN;
const last = (values: Float64Array): number => values[values.length - 1] ?? Number.NaN;

/** `ys` at `x` on the polyline; null outside. */
function interpolate(xs: Float64Array, ys: Float64Array, x: number): number | null {
  if (xs.length === 0 || !(x >= first(xs) && x <= last(xs))) return null;
  const i = Math.min(lastNotAfter(xs, x), xs.length - 2);
  const [x0, x1, y0, y1] = [xs[i] ?? x, xs[i + 1] ?? x, ys[i] ?? Number.NaN, ys[i + 1] ?? Number.NaN];
  return x1 > x0 ? y0 + ((x - x0) / (x1 - x0)) * (y1 - y0) : y0;
}

/** Samples inside `[from, to]` plus both ends, which rarely fall on a sample and are continued from the nearest two. */
function stretchOf(sample: WarpSample, from: number, to: number): Stretch | null {
  const points: [number, number][] = [];
  sample.t_new.forEach((tNew, i) => {
    const tRef = sample.t_ref[i];
    if (tNew > from && tNew < to && tRef !== null && tRef !== undefined) points.push([tNew, tRef]);
  });
  const [head, second] = points;
  const tail = points[points.length - 1];
  const beforeTail = points[points.length - 2];
  if (!head || !tail || !(to > from)) return null;
  const slope = (a: [number, number] | undefined, b: [number, number] | undefined) => (a && b ? (b[1] - a[1]) / (b[0] - a[0]) : RATE_UNKNOWN);
  const all: [number, number][] = [
    [from, head[1] - slope(head, second) * (head[0] - from)],
    ...points,
    [to, tail[1] + slope(beforeTail, tail) * (to - tail[0])],
  ];
  const refSecs = new Float64Array(all.length);
  all.forEach(([, tRef], i) => {
    refSecs[i] = Math.max(tRef, i > 0 ? (refSecs[i - 1] ?? tRef) : tRef);
  });
  return { newSecs: Float64Array.from(all, ([tNew]) => tNew), refSecs };
}

export class WarpMap {
  readonly stretches: readonly Stretch[];

  constructor(readonly sample: WarpSample) {
    this.stretches = sample.segments.map(([from, to]) => stretchOf(sample, from, to)).filter((stretch) => stretch !== null);
  }

  refFromNew(tNewSecs: number): number | null {
    return this.firstOf((s) => interpolate(s.newSecs, s.refSecs, tNewSecs));
  }

  newFromRef(tRefSecs: number): number | null {
    return this.firstOf((s) => interpolate(s.refSecs, s.newSecs, tRefSecs));
  }

  /** Where the other side is when `side` is at `tSecs`; null: it has no counterpart. */
  counterpart(side: Side, tSecs: number): number | null {
    return side === 'new' ? this.refFromNew(tSecs) : this.newFromRef(tSecs);
  }

  /** Seconds of the other side per second of `side`, around `tSecs`; null outside segments. */
  rate(side: Side, tSecs: number): number | null {
    const [from, to] = this.around(side, tSecs) ?? [];
    if (from === undefined || to === undefined) return null;
    const a = Math.max(from, tSecs - RATE_WINDOW_SECS);
    const b = Math.min(to, tSecs + RATE_WINDOW_SECS);
    const atA = this.counterpart(side, a);
    const atB = this.counterpart(side, b);
    return atA !== null && atB !== null && b > a ? (atB - atA) / (b - a) : RATE_UNKNOWN;
  }

  /** Mapped stretches on the clock of `side`, in order. */
  ranges(side: Side): [number, number][] {
    return this.stretches.map((s) => {
      const times = side === 'new' ? s.newSecs : s.refSecs;
      return [first(times), last(times)];
    });
  }

  /** Start of the first stretch that begins after `tSecs`. */
  nextStart(side: Side, tSecs: number): number | null {
    return this.ranges(side).find(([from]) => from > tSecs)?.[0] ?? null;
  }

  private around(side: Side, tSecs: number): [number, number] | undefined {
    return this.ranges(side).find(([from, to]) => tSecs >= from && tSecs <= to);
  }

  private firstOf(value: (stretch: Stretch) => number | null): number | null {
    for (const stretch of this.stretches) {
      const found = value(stretch);
      if (found !== null) return found;
    }
    return null;
  }
}

/** Stretches of `[0, duration]` that no range covers. `ranges` are in order. */
export function gaps(ranges: readonly [number, number][], durationSecs: number): [number, number][] {
  const out: [number, number][] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) out.push([at, Math.min(from, durationSecs)]);
    at = Math.max(at, to);
  }
  if (at < durationSecs) out.push([at, durationSecs]);
  return out.filter(([from, to]) => to > from);
}
