import { describe, expect, it } from 'vitest';
import { toCsv } from '../src/lib/csv';
import { bytes, cell, clock, moment, percent, secs, signedSecs, UNKNOWN } from '../src/lib/format';
import { matchesQuery, sortRows } from '../src/lib/table';

describe('format', () => {
  it('carries rounding into minutes and hours', () => {
    expect(clock(59.9996)).toBe('1:00.000');
    expect(clock(3599.9999)).toBe('1:00:00.000');
    expect(clock(75.2, 1)).toBe('1:15.2');
    expect(clock(12, 0)).toBe('0:12');
  });

  it('shows a sign on differences only where there is one', () => {
    expect(signedSecs(1.239)).toBe('+1.24 s');
    expect(signedSecs(-0.5, 1)).toBe('−0.5 s');
    expect(signedSecs(-0.001)).toBe('0.00 s');
    expect(clock(-0.0001)).toBe('0:00.000');
  });

  it('never shows unknown as zero', () => {
    for (const text of [clock(null), signedSecs(undefined), secs(Number.NaN), percent(null), bytes(null), moment(''), moment('soon')]) {
      expect(text).toBe(UNKNOWN);
    }
    expect(cell('')).toBeNull();
    expect(cell('abc')).toBeNull();
    expect(cell('0.500000')).toBe(0.5);
  });

  it('names sizes in powers of 1000', () => {
    expect(bytes(999)).toBe('999 B');
    expect(bytes(12_345)).toBe('12 kB');
    expect(bytes(1_500_000)).toBe('1.5 MB');
  });
});

describe('csv', () => {
  it('quotes what needs it and keeps spreadsheets from running cells', () => {
    const text = toCsv(['name', 'delta', 'note'], [['a "b", c', -0.25, '=SUM(A1)'], [' x', null, '-1.5'], ['+A', Number.NaN, 'two\nlines']]);
    expect(text).toBe('name,delta,note\n"a ""b"", c",-0.25,\'=SUM(A1)\n" x",,-1.5\n\'+A,,"two\nlines"\n');
  });
});

describe('table', () => {
  const rows = [
    { n: 'M10', v: 2 },
    { n: 'M2', v: null },
    { n: 'm1', v: 2 },
    { n: 'M3', v: -1 },
  ];

  it('sorts names by their numbers', () => {
    expect(sortRows(rows, (row) => row.n, false).map((row) => row.n)).toEqual(['m1', 'M2', 'M3', 'M10']);
  });

  it('keeps unknown last in both directions, and ties in order', () => {
    expect(sortRows(rows, (row) => row.v, false).map((row) => row.n)).toEqual(['M3', 'M10', 'm1', 'M2']);
    expect(sortRows(rows, (row) => row.v, true).map((row) => row.n)).toEqual(['M10', 'm1', 'M3', 'M2']);
  });

  it('finds words in any order, without case and accents', () => {
    expect(matchesQuery(['Étroit virage', 'note'], 'VIRAGE etroit')).toBe(true);
    expect(matchesQuery(['Étroit virage', null], 'saut')).toBe(false);
    expect(matchesQuery(['x'], '')).toBe(true);
  });
});
