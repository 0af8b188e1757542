import { describe, expect, it } from 'vitest';
import type { FlagKind, JobFlag, Run } from '../src/api/types';
import { commandLine, EMPTY_FORM, formErrors, jobParams, knownRecordings, outOf, pathProblem, runOfOutputs, usualOut, type FlagValue, type SyncForm } from '../src/pages/sync/form';

const run = (path: string, newName: string, media: string | null): Run => ({
  id: path,
  name: path,
  path,
  mtime: 0,
  ok: true,
  model: 'monotone',
  coverage: 1,
  inlier_frac: 1,
  p90: 0,
  ppm: 0,
  reasons: [],
  markers: null,
  has_pairs: true,
  reference: { name: 'ref.mp4', media: 'r1', duration: 60, fps: 30 },
  new: { name: newName, media, duration: 50, fps: 30 },
});

const flag = (name: string, kind: FlagKind): JobFlag => ({ name, kind, repeats: false, required: false, default: null, choices: [], help: '', group: 'Options' });

const FLAGS = [
  flag('reference', 'input'),
  flag('new', 'input'),
  flag('out', 'output'),
  flag('ref-markers', 'input'),
  flag('export', 'text'),
  flag('fast', 'switch'),
  flag('fps', 'number'),
  flag('no-gps', 'switch'),
  flag('warp-model', 'text'),
  flag('warp-min-coverage', 'number'),
  flag('review-prefix', 'text'),
];

const form = (values: Record<string, FlagValue>, part: Partial<SyncForm> = {}): SyncForm => ({ reference: { id: '', path: 'v/ref.mp4' }, newRun: { id: '', path: 'v/new ride.mp4' }, values, ...part });

describe('recordings', () => {
  it('are offered once each, those that may be read only', () => {
    const known = knownRecordings([run('a', 'GX10.MP4', 'n1'), run('b', 'GX2.MP4', 'n2'), run('c', 'GX10.MP4', 'n3'), run('d', 'gone.mp4', null)]);
    expect(known.map((item) => [item.name, item.id])).toEqual([
      ['GX2.MP4', 'n2'],
      ['GX10.MP4', 'n1'],
      ['ref.mp4', 'r1'],
    ]);
  });
});

describe('checks', () => {
  it('refuse what the server would refuse in a path', () => {
    for (const path of ['/v/a.mp4', 'C:/a.mp4', '../a.mp4', 'v\\a.mp4', 'v/.hidden/a.mp4']) expect(pathProblem(path)).not.toBeNull();
    expect(pathProblem('v/a b.mp4')).toBeNull();
  });

  it('name what is missing, and pass a form that is complete', () => {
    expect(Object.keys(formErrors(EMPTY_FORM, FLAGS, []))).toEqual(['reference', 'new']);
    expect(formErrors(form({}), FLAGS, [])).toEqual({});
  });

  it('see the same file on both sides, editor files without markers, words for numbers, and paths that lead elsewhere', () => {
    const values = { export: ['edl'], fps: 'many', 'warp-min-coverage': '0.5', out: '../there' };
    const errors = formErrors(form(values, { newRun: { id: '', path: ' v/ref.mp4' } }), FLAGS, []);
    expect(Object.keys(errors).sort()).toEqual(['fps', 'new', 'out', 'ref-markers']);
    expect(formErrors(form({ 'ref-markers': '/m.csv' }), FLAGS, [])).toEqual({ 'ref-markers': pathProblem('/m.csv') });
  });
});

describe('job', () => {
  it('holds only what was chosen', () => {
    expect(jobParams(form({}), FLAGS, [])).toEqual({ reference: 'v/ref.mp4', new: 'v/new ride.mp4', out: 'new ride_sync' });
    const known = [{ id: 'n1', name: 'GX10.MP4', durationSecs: 50 }];
    const values = { 'ref-markers': ' m.csv ', export: ['edl', 'otio'], fps: '5', fast: true, 'no-gps': false, 'warp-model': 'affine', 'review-prefix': 'LOOK ' };
    const params = jobParams(form(values, { newRun: { id: 'n1', path: 'ignored' } }), FLAGS, known);
    expect(params).toEqual({ reference: 'v/ref.mp4', new: 'n1', out: 'GX10_sync', 'ref-markers': 'm.csv', export: ['edl', 'otio'], fps: 5, 'warp-model': 'affine', 'review-prefix': 'LOOK ', fast: true });
  });

  it('is also a command line that a shell reads as it was meant', () => {
    expect(commandLine(form({ out: "it's", export: ['edl', 'otio'], 'no-gps': true }), FLAGS, [])).toBe("mtbsync sync|--reference v/ref.mp4|--new 'v/new ride.mp4'|--out 'it'\\''s'|--export edl|--export otio|--no-gps".replaceAll('|', ' \\\n  '));
    expect(commandLine(EMPTY_FORM, FLAGS, [])).toBe('mtbsync sync \\\n  --reference REFERENCE \\\n  --new NEW');
  });

  it('names its folder after the new recording', () => {
    expect(usualOut('a/b.c/GX01.MP4')).toBe('GX01_sync');
    expect(usualOut('')).toBe('');
    expect(outOf(form({ out: ' mine ' }), [])).toBe('mine');
  });

  it('leads to the run with the deepest folder that holds the results', () => {
    const runs = [run('.', 'x', null), run('a', 'x', null), run('a/b', 'x', null)];
    expect(runOfOutputs({ timewarp: '/root/a/b/timewarp.json' }, runs)?.id).toBe('a/b');
    expect(runOfOutputs({ timewarp: '/root/ab/timewarp.json' }, runs)).toBeUndefined();
  });
});
