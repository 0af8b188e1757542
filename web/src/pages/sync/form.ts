/** The form of a new sync: what was typed, what is wrong with it, and the job and command line it means. Pure. */
import type { Run } from '../../api/types';

/** A recording: one the server knows by an id, or a path below its folder. */
export interface Pick {
  /** Media id; empty: `path` counts. */
  id: string;
  path: string;
}

export interface SyncForm {
  reference: Pick;
  newRun: Pick;
  refMarkers: string;
  /** Empty: named after the new recording. */
  out: string;
  exports: string[];
  fps: string;
  fast: boolean;
  precise: boolean;
  noGps: boolean;
  refGpx: string;
  newGpx: string;
  model: 'monotone' | 'affine';
  reviewThreshold: string;
  minInlierFrac: string;
  minCoverage: string;
  maxP90: string;
  force: boolean;
}

export const EMPTY_FORM: SyncForm = {
  reference: { id: '', path: '' },
  newRun: { id: '', path: '' },
  refMarkers: '',
  out: '',
  exports: [],
  fps: '',
  fast: false,
  precise: false,
  noGps: false,
  refGpx: '',
  newGpx: '',
  model: 'monotone',
  reviewThreshold: '',
  minInlierFrac: '',
  minCoverage: '',
  maxP90: '',
  force: false,
};

/** Editor files that can be written beside the markers. */
export const PRESETS = ['edl', 'resolve-edl', 'fcpxml', 'premiere', 'otio', 'youtube'] as const;

export interface KnownRecording {
  id: string;
  name: string;
  durationSecs: number | null;
}

/** Recordings of the runs, each once; a file is told from another by name and length. */
export function knownRecordings(runs: readonly Run[]): KnownRecording[] {
  const found = new Map<string, KnownRecording>();
  for (const side of runs.flatMap((run) => [run.new, run.reference])) {
    if (!side?.media) continue;
    const key = `${side.name}\n${side.duration ?? ''}`;
    if (!found.has(key)) found.set(key, { id: side.media, name: side.name, durationSecs: side.duration });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** What a pick is called: the file's name, or the path as typed. */
export function pickName(pick: Pick, known: readonly KnownRecording[]): string {
  return pick.id === '' ? pick.path.trim() : (known.find((item) => item.id === pick.id)?.name ?? '');
}

const fileOf = (path: string): string => path.split('/').findLast((part) => part !== '') ?? '';

/** `<new stem>_sync`, as the program names it; empty while nothing is chosen. */
export function usualOut(newName: string): string {
  const stem = fileOf(newName).replace(/\.[^.]*$/, '');
  return stem === '' ? '' : `${stem}_sync`;
}

export const outOf = (form: SyncForm, known: readonly KnownRecording[]): string => form.out.trim() || usualOut(pickName(form.newRun, known));

/** What the server refuses in a path below its folder (docs/reference/http.md#what-protects-you); null when nothing. */
export function pathProblem(path: string): string | null {
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'A path below the folder served, without / in front';
  if (path.includes('\\')) return 'Use / between folders';
  const parts = path.split('/');
  if (parts.includes('..')) return 'Folders above the one served cannot be used';
  return parts.some((part) => part.startsWith('.')) ? 'Hidden files cannot be used' : null;
}

export type FormErrors = Partial<Record<keyof SyncForm, string>>;

interface Limits {
  low: number;
  high: number;
}

/** Ranges of the numbers, those of the flags (docs/reference/cli.md#groups-of-flags). */
const NUMBERS = {
  fps: { flag: 'fps', low: 0.1, high: 60 },
  reviewThreshold: { flag: 'review-threshold', low: 0, high: 1 },
  minInlierFrac: { flag: 'warp-min-inlier-frac', low: 0, high: 1 },
  minCoverage: { flag: 'warp-min-coverage', low: 0, high: 1 },
  maxP90: { flag: 'warp-max-p90', low: 0, high: 1e9 },
} as const satisfies Partial<Record<keyof SyncForm, Limits & { flag: string }>>;

type NumberField = keyof typeof NUMBERS;
const NUMBER_FIELDS = Object.keys(NUMBERS) as NumberField[];

const isWithin = (text: string, { low, high }: Limits): boolean => Number.isFinite(Number(text)) && Number(text) >= low && Number(text) <= high;

function pickProblem(pick: Pick): string | null {
  if (pick.id !== '') return null;
  const path = pick.path.trim();
  return path === '' ? 'Choose a recording' : pathProblem(path);
}

export function formErrors(form: SyncForm, known: readonly KnownRecording[]): FormErrors {
  const errors: FormErrors = {};
  const note = (field: keyof SyncForm, problem: string | null) => {
    if (problem !== null) errors[field] = problem;
  };
  note('reference', pickProblem(form.reference));
  note('newRun', pickProblem(form.newRun));
  const [reference, newRun] = [pickName(form.reference, known), pickName(form.newRun, known)];
  if (!errors.newRun && form.reference.id === form.newRun.id && reference === newRun) errors.newRun = 'This is the reference itself';
  for (const field of ['refMarkers', 'refGpx', 'newGpx'] as const) note(field, form[field].trim() === '' ? null : pathProblem(form[field].trim()));
  const out = outOf(form, known);
  note('out', out === '' ? null : pathProblem(out));
  if (form.exports.length > 0 && form.refMarkers.trim() === '') errors.refMarkers = 'Editor files need the markers of the reference';
  for (const field of NUMBER_FIELDS) {
    const limits = NUMBERS[field];
    const text = form[field].trim();
    if (text !== '' && !isWithin(text, limits)) errors[field] = limits.high >= 1e9 ? 'A number from 0 on' : `A number from ${limits.low} to ${limits.high}`;
  }
  return errors;
}

/** Flags without dashes and their values, in the order of the command line. Inputs are ids or paths. */
export function jobParams(form: SyncForm, known: readonly KnownRecording[]): Record<string, unknown> {
  const params: Record<string, unknown> = {
    reference: form.reference.id || form.reference.path.trim(),
    new: form.newRun.id || form.newRun.path.trim(),
    out: outOf(form, known),
  };
  const texts = { 'ref-markers': form.refMarkers, 'ref-gpx': form.refGpx, 'new-gpx': form.newGpx };
  for (const [flag, text] of Object.entries(texts)) if (text.trim() !== '') params[flag] = text.trim();
  if (form.exports.length > 0) params['export'] = form.exports;
  for (const field of NUMBER_FIELDS) if (form[field].trim() !== '') params[NUMBERS[field].flag] = Number(form[field]);
  if (form.model !== 'monotone') params['warp-model'] = form.model;
  const switches = { fast: form.fast, precise: form.precise, 'no-gps': form.noGps, force: form.force };
  for (const [flag, on] of Object.entries(switches)) if (on) params[flag] = true;
  return params;
}

/** A word of a command line, quoted for a shell where it must be. */
const word = (text: string): string => (/^[\w./:=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The command that does the same in a terminal, a flag on each line. Recordings known by an id stand with their file names. */
export function commandLine(form: SyncForm, known: readonly KnownRecording[]): string {
  const named = { reference: pickName(form.reference, known) || 'REFERENCE', new: pickName(form.newRun, known) || 'NEW' };
  const words = Object.entries<unknown>({ ...jobParams(form, known), ...named }).flatMap(([flag, value]) => {
    if (value === true) return [`--${flag}`];
    if (value === '') return [];
    return (Array.isArray(value) ? value : [value]).map((one) => `--${flag} ${word(String(one))}`);
  });
  return ['mtbsync sync', ...words].join(' \\\n  ');
}

/** The run a finished job wrote: that whose folder holds its outputs. `outputs` are paths of any form. */
export function runOfOutputs(outputs: Record<string, string>, runs: readonly Run[]): Run | undefined {
  const paths = Object.values(outputs).map((path) => `/${path.replaceAll('\\', '/')}/`);
  const holds = (run: Run) => run.path !== '.' && paths.some((path) => path.includes(`/${run.path}/`));
  return runs.filter(holds).sort((a, b) => b.path.length - a.path.length)[0];
}
