import { describe, expect, it } from 'vitest';
import type { Regression, WarpSample } from '../src/api/types';
import { batchRows, timingSpans, verdictCounts } from '../src/pages/dashboard/batch';
import { binLabel, histogram } from '../src/pages/dashboard/histogram';
import { metricRows } from '../src/pages/dashboard/regression';
import { residualsSecs } from '../src/pages/dashboard/residuals';
import { sparkline } from '../src/pages/dashboard/sparkline';
import { WarpMap } from '../src/player/warp';

describe('batch rows', () => {
  const row = (part: Record<string, string>) => batchRows([{ ok: 'true', timewarp_ok: 'true', ...part }])[0];

  it('are judged at their limits', () => {
    expect(row({ p90: '0.4999' })?.verdict).toBe('good');
    expect(row({ p90: '0.5' })?.verdict).toBe('fair');
    expect(row({ p90: '1.0' })?.verdict).toBe('fair');
    expect(row({ p90: '1.0001' })?.verdict).toBe('loose');
    expect(row({ p90: '' })?.verdict).toBe('fair');
    expect(row({ p90: '0.1', timewarp_ok: 'false' })?.verdict).toBe('refused');
    expect(row({ p90: '0.1', timewarp_ok: '' })?.verdict).toBe('refused');
    expect(row({ ok: 'false', timewarp_ok: '', error: 'not a video' })).toMatchObject({ verdict: 'failed', reason: 'not a video' });
  });

  it('name files without folders of either kind, and never take unknown for zero', () => {
    expect(row({ ref_video: 'C:\\v\\a_ref.mp4', new_video: '/v/a new.mp4', out_dir: 'out/a/' })).toMatchObject({ reference: 'a_ref.mp4', newRun: 'a new.mp4', folder: 'a', p90: null, markers: null, totalSecs: null });
  });

  it('are counted worst first', () => {
    const rows = batchRows([{ ok: 'true', timewarp_ok: 'true', p90: '0.1' }, { ok: 'false' }, { ok: 'true', timewarp_ok: 'true', p90: '0.2' }]);
    expect(verdictCounts(rows)).toEqual([
      { verdict: 'failed', count: 1 },
      { verdict: 'good', count: 2 },
    ]);
  });

  it('show their stages one after another, and the rest last', () => {
    const spans = timingSpans({ stages: { retrieval: 2, warp: null, markers: 1 }, totalSecs: 5 }, 10);
    expect(spans).toEqual([
      { stage: 'retrieval', from: 0, to: 0.2 },
      { stage: 'markers', from: 0.2, to: expect.closeTo(0.3) as number },
      { stage: 'other', from: expect.closeTo(0.3) as number, to: expect.closeTo(0.5) as number },
    ]);
    expect(timingSpans({ stages: { retrieval: 1, warp: 1, markers: 1 }, totalSecs: 1 }, 0)).toEqual([]);
  });
});

describe('histogram', () => {
  it('puts an edge into the class above it and loses nothing beyond the ends', () => {
    const bins = histogram([-1, 0, 0.25, 0.5, 9, Number.NaN], [0, 0.25, 0.5, Infinity]);
    expect(bins.map((bin) => bin.count)).toEqual([2, 1, 2]);
    expect(histogram([1], [0, 0.5, 1]).map((bin) => bin.count)).toEqual([0, 1]);
  });

  it('labels classes without rounding noise', () => {
    expect(binLabel({ from: 0.1, to: 0.7, count: 0 }, 100, ' %')).toBe('10 – 70 %');
    expect(binLabel({ from: 2, to: Infinity, count: 0 }, 1, ' s')).toBe('2 s and more');
  });
});

describe('sparkline', () => {
  it('breaks at unknown values and shows a lone one', () => {
    expect(sparkline([0, 10, null, 5], 62, 24)).toBe('M2.0 22.0L21.3 2.0M60.0 12.0h0');
  });

  it('stays in its box with nothing but zeros, with one value, and with none', () => {
    expect(sparkline([0, 0], 62, 24)).toBe('M2.0 22.0L60.0 22.0');
    expect(sparkline([3], 62, 24)).toBe('M31.0 2.0h0');
    expect(sparkline([], 62, 24)).toBe('');
  });
});

describe('regression', () => {
  it('signs differences and leaves unknown unknown', () => {
    const report: Regression = {
      status: 'warn',
      reasons: [],
      n_history: 20,
      current: { p90: 1.35, ppm: null, inlier_frac: 0.72, fps: 90 },
      baseline: { p90_baseline: 1, ppm_baseline: 200, inlier_baseline: 0.75, fps_baseline: 100, sufficient: true },
      deltas: { p90_delta: 0.35, ppm_delta: null, inlier_delta: -0.03 },
    };
    expect(metricRows(report)).toEqual([
      { name: 'P90 (s)', current: '1.350', baseline: '1.000', delta: '+0.350', change: '+35.0 %' },
      { name: 'PPM', current: '–', baseline: '200', delta: '–', change: '–' },
      { name: 'Inlier fraction', current: '0.720', baseline: '0.750', delta: '−0.030', change: '−4.0 %' },
      { name: 'Speed (frames/s)', current: '90.0', baseline: '100.0', delta: '−10.0', change: '−10.0 %' },
    ]);
  });
});

describe('residuals', () => {
  it('are distances to the curve of the pairs that are on it', () => {
    const sample: WarpSample = { ok: true, model: 'monotone', t_new: [0, 1, 2, 3], t_ref: [10, 11, 12, null], low: [], high: [], delta: [], segments: [[0, 2]], stops: [], params: null };
    const values = residualsSecs({ t_new: [0.5, 1.5, 2.5], t_ref: [10.6, 11.5, 99], confidence: [1, 1, 1] }, new WarpMap(sample));
    expect(values).toHaveLength(2);
    expect(values[0]).toBeCloseTo(0.1);
    expect(values[1]).toBeCloseTo(0);
  });
});
