import { describe, expect, it } from 'vitest';
import type { WarpSample } from '../src/api/types';
import { FrameTimes, parseFps } from '../src/player/frames';
import { lockStep } from '../src/player/lock';
import { gaps, WarpMap } from '../src/player/warp';

/** Two stretches: 2..10 at rate 1.5 from 5, and 14..20 at rate 0.5 from 30. Sampled every `step` seconds over 0..22. */
function sample(step: number): WarpSample {
  const truth = (t: number) => (t >= 2 && t <= 10 ? 5 + 1.5 * (t - 2) : t >= 14 && t <= 20 ? 30 + 0.5 * (t - 14) : null);
  const tNew = Array.from({ length: Math.floor(22 / step) + 1 }, (_, i) => i * step);
  const tRef = tNew.map(truth);
  return { ok: true, model: 'monotone', t_new: tNew, t_ref: tRef, low: tRef, high: tRef, delta: tRef, segments: [[2, 10], [14, 20]], stops: [], params: null };
}

describe('WarpMap', () => {
  const warp = new WarpMap(sample(0.3));

  it('has no value outside segments, on either side', () => {
    for (const t of [0, 1.99, 10.01, 12, 13.9, 20.1]) expect(warp.refFromNew(t)).toBeNull();
    for (const t of [0, 4.99, 17.1, 29.9, 33.1]) expect(warp.newFromRef(t)).toBeNull();
  });

  it('reaches the very ends of a segment although no sample lies there', () => {
    expect(warp.refFromNew(2)).toBeCloseTo(5, 9);
    expect(warp.refFromNew(10)).toBeCloseTo(17, 9);
    expect(warp.newFromRef(33)).toBeCloseTo(20, 9);
  });

  it('is undone by its inverse', () => {
    for (const t of [2, 3.21, 9.99, 14.5, 19.7]) expect(warp.newFromRef(warp.refFromNew(t) ?? -1)).toBeCloseTo(t, 9);
  });

  it('gives the local rate of either side, also at the ends', () => {
    expect(warp.rate('new', 5)).toBeCloseTo(1.5, 6);
    expect(warp.rate('ref', 31)).toBeCloseTo(2, 6);
    expect(warp.rate('new', 2)).toBeCloseTo(1.5, 6);
    expect(warp.rate('new', 12)).toBeNull();
  });

  it('survives a map without segments and one too short for a sample', () => {
    expect(new WarpMap({ ...sample(1), segments: [] }).refFromNew(5)).toBeNull();
    expect(new WarpMap({ ...sample(1), segments: [[2.1, 2.2]] }).refFromNew(2.15)).toBeNull();
  });

  it('names what is not mapped', () => {
    expect(gaps(warp.ranges('new'), 22)).toEqual([[0, 2], [10, 14], [20, 22]]);
    expect(gaps([], 5)).toEqual([[0, 5]]);
    expect(gaps([[0, 5]], 5)).toEqual([]);
  });
});

describe('FrameTimes', () => {
  const uneven = FrameTimes.of(Float64Array.of(0, 0.02, 0.1, 0.14));

  it('finds the shown and the nearest frame of an uneven recording', () => {
    expect([0, 0.019, 0.02, 0.099, 5].map((t) => uneven?.shownAt(t))).toEqual([0, 0, 1, 1, 3]);
    expect([0.009, 0.011, 0.09, 9].map((t) => uneven?.nearest(t))).toEqual([0, 1, 2, 3]);
  });

  it('seeks into a frame, never to its edge', () => {
    for (const i of [0, 1, 2, 3]) expect(uneven?.shownAt(uneven.seekPoint(i))).toBe(i);
  });

  it('steps stop at both ends', () => {
    expect(uneven?.timeOf(-3)).toBe(0);
    expect(uneven?.timeOf(99)).toBe(0.14);
  });

  it('stands in for missing frame times', () => {
    expect(FrameTimes.of(new Float64Array())).toBeNull();
    const regular = FrameTimes.regular(10, parseFps('30000/1001'));
    expect(regular.count).toBe(300);
    expect(regular.exact).toBe(false);
    expect([parseFps('25'), parseFps('x'), parseFps(''), parseFps(null), parseFps('1/0')]).toEqual([25, null, null, null, null]);
  });
});

/** Plays both sides in steps of 20 ms and gives the error at each. */
function simulate(slopeAt: (t: number) => number, startError: number, secs: number, leaderRate = 1): number[] {
  const dt = 0.02;
  let [leader, follower, rate, target] = [0, -startError, 1, 0];
  const errors: number[] = [];
  for (let i = 0; i < secs / dt; i += 1) {
    const slope = slopeAt(leader);
    const action = lockStep({ targetSecs: target, actualSecs: follower, slope, leaderRate, currentRate: rate });
    if (action.kind === 'seek') follower = target;
    rate = action.kind === 'hold' ? 0 : action.rate;
    leader += dt * leaderRate;
    target += slope * dt * leaderRate;
    follower += rate * dt;
    errors.push(Math.abs(target - follower));
  }
  return errors;
}

describe('lockStep', () => {
  it('works off a start error within a second and stays', () => {
    const errors = simulate((t) => 1 + 0.4 * Math.sin(t), 0.3, 10);
    expect(Math.max(...errors.slice(75))).toBeLessThan(0.01);
  });

  it('holds through a stop of the follower and goes on after it', () => {
    const errors = simulate((t) => (t > 3 && t < 6 ? 1e-6 : 1.2), 0, 10);
    expect(Math.max(...errors)).toBeLessThan(0.05);
  });

  it('jumps over what would take too long', () => {
    expect(lockStep({ targetSecs: 5, actualSecs: 4, slope: 1, leaderRate: 1, currentRate: 1 }).kind).toBe('seek');
    expect(Math.max(...simulate((t) => (t > 2 && t < 2.2 ? 50 : 1), 0, 5).slice(120))).toBeLessThan(0.05);
  });

  it('never asks for a rate a browser refuses', () => {
    for (const slope of [0, 0.01, 0.07, 1, 9, 1e6]) {
      for (const error of [-0.4, 0, 0.4]) {
        const action = lockStep({ targetSecs: error, actualSecs: 0, slope, leaderRate: 1, currentRate: 1 });
        if (action.kind !== 'hold') expect(action.rate).toSatisfy((rate: number) => rate >= 0.0625 && rate <= 16);
      }
    }
  });

  it('leaves the rate alone when nearly nothing changes', () => {
    expect(lockStep({ targetSecs: 1.001, actualSecs: 1, slope: 1, leaderRate: 1, currentRate: 1.002 })).toEqual({ kind: 'rate', rate: 1.002 });
  });
});
