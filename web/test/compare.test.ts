import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Annotation, RunMarkers, WarpSample } from '../src/api/types';
import { newDoubts, withAnchor } from '../src/compare/anchors';
import { annotationOf, applyChange } from '../src/compare/annotations';
import { dropDraft, readDraft, unlike, writeDraft } from '../src/compare/drafts';
import { readSteps, sameAnchors, sameAnnotation, withoutStep, withStep, writeSteps, type Step } from '../src/compare/undo';
import { deltaAt, deltaCurve } from '../src/compare/delta';
import { fileName, markersCsv, markersJson } from '../src/compare/export';
import { filterMarkers, gradeOf, joinMarkers, markersNear, neighbour } from '../src/compare/markers';
import { deltaStats, quantile } from '../src/compare/stats';
import { formatState, parseState } from '../src/compare/url-state';

const row = (id: string, tRef: string, tNew: string, status: string, confidence = '0.9000') => ({
  marker_id: id, name: `Name ${id}`, t_ref: tRef, t_new: tNew, t_new_low: tNew, t_new_high: tNew, confidence, status, colour: 'red', comment: 'rock',
});
const table: RunMarkers = {
  headers: [],
  rows: [row('A', '1.0', '2.0', 'ok'), row('B', '5.0', '6.0', 'review', '0.5000'), row('C', '90.0', '', 'outside', '0.0000')],
  counts: { ok: 1, review: 1, outside: 1 },
  etag: '',
};
const note = (id: string, tNew: number | null, extra: Partial<Annotation> = {}): Annotation => ({ marker_id: id, t_ref: null, t_new: tNew, label: '', note: '', ...extra });

describe('joinMarkers', () => {
  it('compares what people said with what was predicted', () => {
    const [a, b, c] = joinMarkers(table, [note('A', 2.0), note('B', 6.25)]);
    expect([a?.state, b?.state, c?.state]).toEqual(['confirmed', 'moved', 'open']);
    expect(b?.deltaSecs).toBeCloseTo(0.25, 9);
    expect(c?.predictedSecs).toBeNull();
    expect(c?.deltaSecs).toBeNull();
  });

  it('keeps the predicted time of a marker whose row already holds the actual one', () => {
    const [, b] = joinMarkers(table, [note('B', 6.0, { delta_sec: 0.4 })]);
    expect(b?.predictedSecs).toBeCloseTo(5.6, 9);
    expect(b?.state).toBe('moved');
  });

  it('knows no predicted time of a marker outside that a person has put somewhere', () => {
    const rows = [row('C', '90.0', '41.5', 'ok', '1.0000')];
    const [c] = joinMarkers({ ...table, rows }, [note('C', 41.5, { t_ref: 90, delta_sec: null })]);
    expect(c).toMatchObject({ predictedSecs: null, lowSecs: null, highSecs: null, deltaSecs: null, actualSecs: 41.5, state: 'moved' });
    expect(markersCsv(c ? [c] : []).split('\n')[1]).toBe('C,Name C,90.000000,,,,41.500000,,1.0000,ok,moved,,');
  });

  it('is empty without a marker file', () => {
    expect(joinMarkers(null, [])).toEqual([]);
  });
});

describe('finding markers', () => {
  const markers = joinMarkers(table, [note('B', 6.25, { note: 'Überholt' })]);

  it('filters by status, by what people said, and by words', () => {
    expect(filterMarkers(markers, 'outside', '').map((m) => m.id)).toEqual(['C']);
    expect(filterMarkers(markers, 'open', '').map((m) => m.id)).toEqual(['A', 'C']);
    expect(filterMarkers(markers, 'all', 'uberholt').map((m) => m.id)).toEqual(['B']);
    expect(filterMarkers(markers, 'ok', 'uberholt')).toEqual([]);
  });

  it('jumps to the next and the last one by time in the new run', () => {
    expect(neighbour(markers, 2.01, 1)?.id).toBe('B');
    expect(neighbour(markers, 6.25, -1)?.id).toBe('A');
    expect(neighbour(markers, 7, 1)).toBeNull();
  });
});

describe('markers near the playhead', () => {
  const markers = joinMarkers(table, []);

  it('grades at the limits', () => {
    const grade = (confidence: number, status: 'ok' | 'outside' = 'ok') => gradeOf({ confidence, status }, 0.55);
    expect([grade(0.8), grade(0.7999), grade(0.55), grade(0.5499), grade(0.9, 'outside')]).toEqual(['high', 'fair', 'fair', 'low', 'outside']);
  });

  it('counts those outside by the reference', () => {
    expect(markersNear(markers, 3, 88, 5).map((near) => [near.marker.id, near.offsetSecs])).toEqual([['A', -1], ['C', 2], ['B', 3]]);
    expect(markersNear(markers, null, null, 5)).toEqual([]);
    expect(markersNear(markers, 7, null, 5).map((near) => near.marker.id)).toEqual(['A', 'B']);
  });
});

describe('deltaStats', () => {
  it('has no numbers for nothing', () => {
    expect(deltaStats([null, null])).toEqual({ count: 0, mae: null, p90: null, median: null });
  });

  it('takes sizes for MAE and P90, signs for the median', () => {
    const stats = deltaStats([-0.1, null, 0.2, 0.3]);
    expect(stats.count).toBe(3);
    expect(stats.mae).toBeCloseTo(0.2, 9);
    expect(stats.p90).toBeCloseTo(0.28, 9);
    expect(stats.median).toBeCloseTo(0.2, 9);
    expect(quantile([4], 0.9)).toBe(4);
  });
});

describe('applyChange', () => {
  const theirs = [note('A', 1, { note: 'theirs' }), note('Z', 3)];

  it('changes one marker and leaves the rest, whoever wrote it', () => {
    const next = applyChange(theirs, { title: '', markerId: 'A', refSecs: null, next: note('A', 2, { note: 'mine' }) });
    expect(next).toHaveLength(2);
    expect(next[0]).toMatchObject({ t_new: 2, note: 'mine' });
    expect(next[1]).toEqual(theirs[1]);
  });

  it('adds and removes', () => {
    expect(applyChange(theirs, { title: '', markerId: 'B', refSecs: null, next: note('B', 2) })).toHaveLength(3);
    expect(applyChange(theirs, { title: '', markerId: 'Z', refSecs: null, next: null })).toEqual([theirs[0]]);
    expect(applyChange(theirs, { title: '', markerId: 'nobody', refSecs: null, next: null })).toEqual(theirs);
  });

  it('tells markers of one id apart by their place', () => {
    const [first, second] = [note('gap', 1, { t_ref: 5 }), note('gap', 2, { t_ref: 9 })];
    const next = applyChange([first, second], { title: '', markerId: 'gap', refSecs: 9, next: note('gap', 3, { t_ref: 9 }) });
    expect(next.map((item) => item.t_new)).toEqual([1, 3]);
    const rows = [5, 9].map((secs) => ({ ...table.rows[0], marker_id: 'gap', t_ref: String(secs) }));
    expect(joinMarkers({ ...table, rows }, next).map((marker) => marker.actualSecs)).toEqual([1, 3]);
  });
});

describe('whose note it is', () => {
  // Rows 1 and 2 were numbered; then a row was inserted before them.
  const rows = [row('1', '0.5', '1.5', 'ok'), row('2', '1.0', '2.0', 'ok'), row('3', '5.0', '6.0', 'ok')];
  const notes = [note('1', 2.1, { t_ref: 1, note: 'of the first' }), note('2', 6.1, { t_ref: 5.0004, note: 'of the second' })];

  it('goes by the place when ids have changed', () => {
    expect(joinMarkers({ ...table, rows }, notes).map((marker) => marker.annotation?.note)).toEqual([undefined, 'of the first', 'of the second']);
    expect(annotationOf(notes, '2', 5.0016)).toBeNull();
  });

  it('is changed at its place and takes the id of now', () => {
    const next = note('3', 6.2, { t_ref: 5, note: 'again' });
    const after = applyChange(notes, { title: '', markerId: '3', refSecs: 5, next });
    expect(after).toEqual([notes[0], next]);
    expect(applyChange(notes, { title: '', markerId: '1', refSecs: 0.5, next: note('1', 1.6, { t_ref: 0.5 }) })).toHaveLength(3);
    expect(applyChange(notes, { title: '', markerId: '2', refSecs: 1, next: null })).toEqual([notes[1]]);
  });

  it('goes by the id where the note has no place, and only there', () => {
    const old = note('2', 1.9, { note: 'old' });
    expect(annotationOf([old], '2', 1)).toBe(old);
    expect(annotationOf([old], '3', 1)).toBeNull();
    expect(annotationOf([old, ...notes], '2', 1)?.note).toBe('of the first');
    expect(annotationOf(notes, '2', null)).toBeNull();
  });

  it('is the one of that id among several at one place; a free note is nobody’s', () => {
    const here = [note('a', 1, { t_ref: 5 }), note('b', 2, { t_ref: 5 })];
    expect(annotationOf(here, 'b', 5)).toBe(here[1]);
    expect(annotationOf([{ ...note('a', 1, { t_ref: 5 }), marker_id: null }], 'a', 5)).toBeNull();
  });
});

/** Storage as a browser has it; two tabs share the second. */
function tabs(): { open: (tab: 'one' | 'two') => void } {
  const storage = () => {
    const values = new Map<string, string>();
    return { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => void values.set(key, value), removeItem: (key: string) => void values.delete(key) };
  };
  const own = { one: storage(), two: storage() };
  vi.stubGlobal('localStorage', storage());
  return { open: (tab) => vi.stubGlobal('sessionStorage', own[tab]) };
}

describe('drafts', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('stay until they are saved, in each tab its own', () => {
    const browser = tabs();
    browser.open('one');
    writeDraft('run', 'a', 5, { note: 'mine' });
    expect(readDraft('run', 'a', 6)).toEqual({});
    browser.open('two');
    expect(readDraft('run', 'a', 5)).toEqual({ note: 'mine' });
    writeDraft('run', 'a', 5, { note: 'theirs', label: 'x' });
    browser.open('one');
    expect(readDraft('run', 'a', 5)).toEqual({ note: 'mine' });
    dropDraft('run', 'a', 5, { note: 'mine' });
    expect(readDraft('run', 'a', 5)).toEqual({ note: 'theirs', label: 'x' });
    browser.open('two');
    dropDraft('run', 'a', 5, { note: 'theirs', label: 'x' });
    expect(readDraft('run', 'a', 5)).toEqual({});
  });

  it('keep what is typed while a save is under way', () => {
    const sent = { label: 'root', note: 'half a sent' };
    expect(unlike({ label: 'root', note: 'half a sentence' }, sent)).toEqual({ note: 'half a sentence' });
    expect(unlike({ note: 'half a sent' }, sent)).toEqual({});
    expect(unlike({ note: '' }, sent)).toEqual({ note: '' });
    tabs().open('one');
    writeDraft('run', 'a', 5, { label: 'root', note: 'half a sentence' });
    dropDraft('run', 'a', 5, sent);
    expect(readDraft('run', 'a', 5)).toEqual({ note: 'half a sentence' });
    dropDraft('run', 'a', 5, { label: '', note: 'half a sentence' });
    expect([sessionStorage, localStorage].map((kind) => kind.getItem('mtbsync-draft:run:a:5'))).toEqual([null, null]);
  });

  it('are nothing in a browser without storage', () => {
    expect(() => writeDraft('run', 'a', 5, { note: 'mine' })).not.toThrow();
    expect(readDraft('run', 'a', 5)).toEqual({});
  });
});

describe('undo', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('keeps the last steps over a reload', () => {
    tabs().open('one');
    const step = (what: string) => ({ kind: 'anchors', what, before: [], after: [] }) as const;
    let steps: Step[] = [];
    for (let i = 0; i < 60; i += 1) steps = withStep(steps, step(String(i)));
    writeSteps('run', steps);
    expect(readSteps('run').map(({ what }) => what)).toEqual(Array.from({ length: 50 }, (_, i) => String(i + 10)));
    expect(readSteps('another')).toEqual([]);
  });

  it('takes one step off, wherever it stands by now', () => {
    const step = (what: string): Step => ({ kind: 'anchors', what, before: [], after: [] });
    const [first, second, third] = [step('same'), step('same'), step('third')];
    const rest = withoutStep([first, second, third], second);
    expect(rest[0]).toBe(first);
    expect(rest.slice(1)).toEqual([third]);
  });

  it('knows what it may take back', () => {
    expect(sameAnnotation(note('a', 1), note('a', 1.000001, { delta_sec: 0.5 }))).toBe(true);
    expect(sameAnnotation(note('a', 1), note('a', 1, { note: 'more' }))).toBe(false);
    expect(sameAnnotation(null, note('a', 1))).toBe(false);
    const anchor = { t_new: 1, t_ref: 2, note: '' };
    expect(sameAnchors([anchor], [{ ...anchor }])).toBe(true);
    expect(sameAnchors([anchor], [])).toBe(false);
    expect(sameAnchors([anchor], [{ ...anchor, t_ref: 3 }])).toBe(false);
  });
});

describe('delta curve', () => {
  const sample: WarpSample = {
    ok: true, model: 'monotone', t_new: [0, 1, 2, 3], t_ref: [null, 5, 5.5, 6], low: [null, 4.9, 5.4, 5.9], high: [null, 5.2, 5.7, 6.2],
    delta: [null, 0, 0.5, 1], segments: [[1, 3]], stops: [], params: null,
  };
  const curve = deltaCurve(sample);

  it('turns the band over: being later on the reference means less time lost', () => {
    expect(curve.low[2]).toBeCloseTo(0.3, 9);
    expect(curve.high[2]).toBeCloseTo(0.6, 9);
  });

  it('has no value where nothing is mapped', () => {
    expect(deltaAt(deltaCurve({ ...sample, delta: [null, null, 0, 0.5] }), 0.5)).toBeNull();
    expect(deltaAt(curve, 9)).toBeNull();
    expect(deltaAt(curve, -1)).toBeNull();
    expect(deltaAt(curve, 2.5)?.delta).toBeCloseTo(0.75, 9);
  });
});

describe('anchors', () => {
  const anchor = (t_new: number, t_ref: number, text = '') => ({ t_new, t_ref, note: text });
  const a = anchor(10, 20);

  it('stand in order of time', () => {
    expect(withAnchor([a], anchor(4, 9)).map((x) => x.t_new)).toEqual([4, 10]);
    expect(withAnchor([a], anchor(10.25, 20.25))).toHaveLength(2);
  });

  it('take the place of those of the same moment of either clock', () => {
    const [sameNew, sameRef] = [anchor(10.24, 21, 'n'), anchor(11, 20.24)];
    expect(withAnchor([a], sameNew)).toEqual([sameNew]);
    expect(withAnchor([a], sameRef)).toEqual([sameRef]);
  });

  it('take the place of those no forward ride meets beside them', () => {
    const fresh = anchor(10.5, 19);
    expect(withAnchor([anchor(4, 9), a, anchor(15, 30)], fresh)).toEqual([anchor(4, 9), fresh, anchor(15, 30)]);
    expect(withAnchor([a], anchor(9, 22))).toEqual([anchor(9, 22)]);
  });

  it('are doubted once', () => {
    const doubt = (t_new: number, t_ref: number) => ({ t_new, t_ref, measured: 5, band: 0.1 });
    const [known, fresh] = [doubt(10, 20.000001), doubt(12, 20)];
    expect(newDoubts([known, fresh], [a])).toEqual([fresh]);
    expect(newDoubts([doubt(10, 21)], [a])).toHaveLength(1);
  });
});

describe('address', () => {
  it('comes back as it went', () => {
    const state = { run: 'abc', newSecs: 12.345, filter: 'review', query: 'rock & roll', lock: 'time', master: 'ref', view: 'wipe', loop: { fromSecs: 1, toSecs: 2.5 } } as const;
    const query = new URLSearchParams(Object.entries(formatState(state)).filter((entry): entry is [string, string] => entry[1] !== null));
    expect(parseState(new URLSearchParams(query.toString()))).toEqual(state);
  });

  it('takes nonsense as absent', () => {
    const state = parseState(new URLSearchParams('t=-3&filter=x&lock=<b>&master=&view=3d&loop=5-2'));
    expect(state).toEqual({ run: null, newSecs: null, filter: 'all', query: '', lock: 'place', master: 'new', view: 'side', loop: null });
  });

  it('leaves defaults out', () => {
    expect(Object.values(formatState(parseState(new URLSearchParams()))).every((value) => value === null)).toBe(true);
  });
});

describe('export', () => {
  const markers = joinMarkers(table, [note('A', 2.125, { note: '=1+1' })]);

  it('writes empty cells for what is unknown', () => {
    const lines = markersCsv(markers).split('\n');
    expect(lines[1]).toBe("A,Name A,1.000000,2.000000,2.000000,2.000000,2.125000,0.125000,0.9000,ok,moved,,'=1+1");
    expect(lines[3]).toBe('C,Name C,90.000000,,,,,,0.0000,outside,open,,');
    expect(JSON.parse(markersJson(markers)).markers[2].t_new_predicted).toBeNull();
  });

  it('makes file names of run names', () => {
    expect(fileName('../runs/día 1', 'markers', 'csv')).toBe('_runs_día_1_markers.csv');
    expect(fileName('', 'markers', 'csv')).toBe('run_markers.csv');
  });
});
