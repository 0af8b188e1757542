import { describe, expect, it } from 'vitest';
import { equalScales, fittingHeight, placeLabels } from '../src/pages/viewer/geometry';
import { markerPoints } from '../src/pages/viewer/points';

describe('equal scales', () => {
  it('make a second as long on both axes and hide nothing', () => {
    const { x, y } = equalScales([0, 20], [0, 60], 800, 400);
    expect((x[1] - x[0]) / 800).toBeCloseTo((y[1] - y[0]) / 400);
    expect(y).toEqual([0, 60]);
    expect(x[0]).toBeLessThan(0);
    expect(x[1]).toBeGreaterThan(20);
    expect(x[0] + x[1]).toBeCloseTo(20);
  });

  it('survive recordings without length', () => {
    expect(equalScales([0, 0], [0, 0], 800, 400)).toEqual({ x: [0, 1], y: [0, 1] });
    expect(fittingHeight([0, 0], [0, 0], 800, [300, 700])).toBe(300);
  });

  it('keep the picture within its limits', () => {
    expect(fittingHeight([0, 100], [0, 50], 800, [300, 700])).toBe(400);
    expect(fittingHeight([0, 100], [0, 500], 800, [300, 700])).toBe(700);
  });
});

describe('labels', () => {
  const frame = { left: 0, top: 0, width: 200, height: 200 };
  const size = { width: 40, height: 10 };

  it('go above left, then below right, then nowhere', () => {
    const point = { x: 100, y: 100, ...size };
    const [first, second, third] = placeLabels([point, point, point], frame, 5);
    expect(first).toEqual({ left: 55, top: 85, ...size });
    expect(second).toEqual({ left: 105, top: 105, ...size });
    expect(third).toBeNull();
  });

  it('stay inside the frame', () => {
    expect(placeLabels([{ x: 10, y: 100, ...size }], frame, 5)).toEqual([{ left: 15, top: 105, ...size }]);
    expect(placeLabels([{ x: 10, y: 195, ...size }], frame, 5)).toEqual([null]);
  });
});

describe('marker points', () => {
  it('read old and new column names, and keep apart what has no place', () => {
    const { points, outside } = markerPoints([
      { marker_id: 'M1', name: '', t_ref: '2.5', t_new_est: '1.6', t_new_low: '1.5', t_new_high: '', status: 'review' },
      { marker_id: 'M2', name: 'Car park', t_ref: '900', t_new: '', status: 'outside' },
      { name: 'B', t_ref: '3', t_new: '2' },
    ]);
    expect(points).toEqual([
      { name: 'M1', tNewSecs: 1.6, tRefSecs: 2.5, lowSecs: 1.5, highSecs: null, status: 'review' },
      { name: 'B', tNewSecs: 2, tRefSecs: 3, lowSecs: null, highSecs: null, status: 'ok' },
    ]);
    expect(outside).toEqual(['Car park']);
  });
});
