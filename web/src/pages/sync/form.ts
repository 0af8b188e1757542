/** The form of a new sync: what was typed, what is wrong with it, and the job and command line it means. Pure. */
import type { FlagKind, JobFlag, Run } from '../../api/types';

/** A recording: one the server knows by an id, or a path below its folder. */
export interface Pick {
  /** Media id; empty: `path` counts. */
  id: string;
  path: string;
}

/** What was typed for a flag: text, on or off, or the values of a list. */
export type FlagValue = string | boolean | readonly string[];

export interface SyncForm {
  reference: Pick;
  newRun: Pick;
  /** By the names of flags. `out` when empty: named after the new recording. */
  values: Readonly<Record<string, FlagValue>>;
}

export const EMPTY_FORM: SyncForm = { reference: { id: '', path: '' }, newRun: { id: '', path: '' }, values: {} };

const isPath = (kind: FlagKind): boolean => kind === 'input' || kind === 'folder' || kind === 'output';

const isEmpty = (value: FlagValue | undefined): boolean => value === undefined || value === false || (typeof value === 'object' ? value.length === 0 : String(value).trim() === '');

export const textOf = (form: SyncForm, name: string): string => String(form.values[name] ?? '').trim();

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

export const outOf = (form: SyncForm, known: readonly KnownRecording[]): string => textOf(form, 'out') || usualOut(pickName(form.newRun, known));

/** What the server refuses in a path below its folder (docs/reference/http.md#what-protects-you); null when nothing. */
export function pathProblem(path: string): string | null {
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'A path below the folder served, without / in front';
  if (path.includes('\\')) return 'Use / between folders';
  const parts = path.split('/');
  if (parts.includes('..')) return 'Folders above the one served cannot be used';
  return parts.some((part) => part.startsWith('.')) ? 'Hidden files cannot be used' : null;
}

/** By the names of flags. */
export type FormErrors = Record<string, string>;

function pickProblem(pick: Pick): string | null {
  if (pick.id !== '') return null;
  const path = pick.path.trim();
  return path === '' ? 'Choose a recording' : pathProblem(path);
}

/** What can be told without the server, which checks everything again as the command line does. */
export function formErrors(form: SyncForm, flags: readonly JobFlag[], known: readonly KnownRecording[]): FormErrors {
  const errors: FormErrors = {};
  const note = (name: string, problem: string | null) => {
    if (problem !== null) errors[name] = problem;
  };
  note('reference', pickProblem(form.reference));
  note('new', pickProblem(form.newRun));
  const [reference, newRun] = [pickName(form.reference, known), pickName(form.newRun, known)];
  if (!errors['new'] && form.reference.id === form.newRun.id && reference === newRun) errors['new'] = 'This is the reference itself';
  for (const { name, kind } of flags) {
    const text = textOf(form, name);
    if (text === '') continue;
    if (isPath(kind)) note(name, pathProblem(text));
    if (kind === 'number' && !Number.isFinite(Number(text))) note(name, 'A number');
  }
  const out = outOf(form, known);
  if (out !== '') note('out', pathProblem(out));
  if (!isEmpty(form.values['export']) && textOf(form, 'ref-markers') === '') errors['ref-markers'] = 'Editor files need the markers of the reference';
  return errors;
}

/** Flags without dashes and their values, in the order of the command line. Inputs are ids or paths. */
export function jobParams(form: SyncForm, flags: readonly JobFlag[], known: readonly KnownRecording[]): Record<string, unknown> {
  const params: Record<string, unknown> = {
    reference: form.reference.id || form.reference.path.trim(),
    new: form.newRun.id || form.newRun.path.trim(),
    out: outOf(form, known),
  };
  for (const { name, kind } of flags) {
    const value = form.values[name];
    if (name in params || isEmpty(value)) continue;
    params[name] = kind === 'number' ? Number(value) : isPath(kind) ? textOf(form, name) : value;
  }
  return params;
}

/** A word of a command line, quoted for a shell where it must be. */
const word = (text: string): string => (/^[\w./:=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The command that does the same in a terminal, a flag on each line. Recordings known by an id stand with their file names. */
export function commandLine(form: SyncForm, flags: readonly JobFlag[], known: readonly KnownRecording[]): string {
  const named = { reference: pickName(form.reference, known) || 'REFERENCE', new: pickName(form.newRun, known) || 'NEW' };
  const words = Object.entries<unknown>({ ...jobParams(form, flags, known), ...named }).flatMap(([flag, value]) => {
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
