import { describe, expect, it } from 'vitest';
import { eventOf, inWindow, isKnown, samplesCsv, samplesOf, smooth, summarise, withEvent, type PerfSample } from '../src/pages/telemetry/series';
import { localSecs, parseView, viewQuery } from '../src/pages/telemetry/view-state';

const at = (endedSecs: number | null, fps: number | null = null): PerfSample => ({ path: `run${endedSecs}/perf.json`, endedSecs, values: { fps } });

describe('samples', () => {
  it('makes null of everything that is not a number', () => {
    const [sample] = samplesOf([{ _path: 'a/perf.json', _ts: '2026-06-01T09:00:00Z', fps: 'fast', cpu_pct: 310 }]);
    expect(sample?.endedSecs).toBe(1_780_304_400);
    expect(sample?.values).toMatchObject({ fps: null, cpu_pct: 310, gpu_util: null });
  });
});

describe('window', () => {
  const samples = [at(null), at(10), at(20), at(30)];

  it('takes the newest of a range, bounds included', () => {
    expect(inWindow(samples, { fromSecs: 10, toSecs: 20, last: 9 }).map((s) => s.endedSecs)).toEqual([10, 20]);
    expect(inWindow(samples, { fromSecs: 10, toSecs: null, last: 2 }).map((s) => s.endedSecs)).toEqual([20, 30]);
  });

  it('keeps runs without a time only while no range is asked for', () => {
    expect(inWindow(samples, { fromSecs: null, toSecs: null, last: 9 })).toHaveLength(4);
    expect(inWindow(samples, { fromSecs: null, toSecs: 100, last: 9 })).toHaveLength(3);
  });
});

describe('smoothing and averages', () => {
  it('is a mean of what is known and keeps gaps', () => {
    expect(smooth([2, 4, null, 6, 8], 3)).toEqual([2, 3, null, 5, 7]);
    expect(smooth([2, null], 1)).toEqual([2, null]);
  });

  it('counts only what is known, and says when the newest run is silent', () => {
    expect(summarise([1, null, 5, null])).toEqual({ count: 2, mean: 3, min: 1, max: 5, latest: null });
    expect(summarise([null])).toEqual({ count: 0, mean: null, min: null, max: null, latest: null });
  });
});

describe('csv', () => {
  it('leaves unknown empty and writes the chosen columns', () => {
    const text = samplesCsv([{ path: 'a,b/perf.json', endedSecs: 0, values: { fps: 61.5, cpu_pct: null } }], ['cpu_pct', 'fps']);
    expect(text).toBe('ts,run,cpu_pct,fps\n1970-01-01T00:00:00.000Z,"a,b/perf.json",,61.5\n');
  });
});

describe('events', () => {
  const data = { file: 'a/perf.json', cmd: 'sync', wall: 9.5, fps: 60, cpu_pct: 100, gpu_util: null, gpu_mem_mb: null, rss_mb: 99 };

  it('asks for nothing anew when the history holds the record', () => {
    const event = eventOf(data);
    const samples = samplesOf([{ _path: 'a/perf.json', _ts: 1, ...data, total_sec: 9.5 }]);
    expect(event && isKnown(samples, event)).toBe(true);
    expect(event && isKnown(samples, { ...event, wallSecs: 8 })).toBe(false);
  });

  it('skips what is no record, and moves a changed one to the top', () => {
    expect(eventOf({ fps: 1 })).toBeNull();
    expect(eventOf(null)).toBeNull();
    const [a, b] = [eventOf(data), eventOf({ ...data, file: 'b/perf.json' })];
    if (!a || !b) throw new Error('both are records');
    expect(withEvent([b, a], { ...a, wallSecs: 1 }, 5).map((event) => [event.file, event.wallSecs])).toEqual([
      ['a/perf.json', 1],
      ['b/perf.json', 9.5],
    ]);
    expect(withEvent([a], b, 1)).toHaveLength(1);
  });
});

describe('address', () => {
  it('survives the way through the address', () => {
    const view = parseView(new URLSearchParams('metrics=rss_mb,fps,nonsense&last=50&smooth=5&by=time&from=2026-06-01T09:00'));
    expect(view).toMatchObject({ metrics: ['fps', 'rss_mb'], last: 50, smoothing: 5, by: 'time' });
    const query = new URLSearchParams(Object.entries(viewQuery(view)).filter((entry): entry is [string, string] => entry[1] !== null));
    expect(parseView(query)).toEqual(view);
  });

  it('falls back on nonsense and leaves the usual out', () => {
    const view = parseView(new URLSearchParams('last=7&smooth=x&by=place'));
    expect(view).toMatchObject({ last: 200, smoothing: 1, by: 'run' });
    expect(Object.values(viewQuery(view)).every((value) => value === null)).toBe(true);
    expect(localSecs('soon')).toBeNull();
    expect(localSecs('')).toBeNull();
  });
});
