/**
 * The JSON the server answers with (docs/reference/http.md). Times are seconds on the presentation clock of the whole recording,
 * zero at the first shown frame; `null` means unknown, never zero.
 */

/** What this session may do; `read` is always there. */
export type Right = 'read' | 'annotate' | 'write';

export type PageName = 'dashboard' | 'telemetry' | 'compare' | 'preview' | 'viewer' | 'sync';

export interface Session {
  page: PageName;
  version: string;
  root_name: string;
  rights: Right[];
  /** Markers of a lower confidence are for review, unless a run was given another limit. */
  review_threshold: number;
  preset_inputs: {
    ref: string | null;
    new: string | null;
    ref_markers: string | null;
    new_markers: string | null;
    timewarp: string | null;
    /** The run made of what was named on the command line. */
    run?: string | null;
  };
}

export interface MarkerCounts {
  ok: number;
  review: number;
  outside: number;
}

/** One of the two recordings of a run. `media` is null when the file may not be served. */
export interface RunMedia {
  name: string;
  media: string | null;
  duration: number | null;
  fps: number | string | null;
}

export interface Run {
  id: string;
  name: string;
  path: string;
  /** Unix seconds. */
  mtime: number;
  /** null: the run is damaged, see `error`. */
  ok: boolean | null;
  error?: string;
  model: string | null;
  coverage: number | null;
  inlier_frac: number | null;
  p90: number | null;
  ppm: number | null;
  reasons: string[];
  markers: MarkerCounts | null;
  /** There is a pairs.csv. */
  has_pairs: boolean;
  reference: RunMedia | null;
  new: RunMedia | null;
}

export interface RunList {
  count: number;
  items: Run[];
  truncated: boolean;
}

/** A stretch during which one rider stands. `from`, `to` are times of that side. */
export interface Stop {
  side: 'new' | 'ref';
  from: number;
  to: number;
}

/** The map new → reference, sampled evenly in `t_new`; null outside segments. `low`, `high`: 90 % band in `t_ref`. */
export interface WarpSample {
  ok: boolean;
  model: string;
  t_new: number[];
  t_ref: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  /** Elapsed new minus elapsed reference since the segment start; above zero the new run is losing. */
  delta: (number | null)[];
  /** `[from, to]` in `t_new`. */
  segments: [number, number][];
  stops: Stop[];
  params: { a: number; b: number } | null;
}

/** A CSV file as the server read it: every cell is text. */
export interface TableData {
  headers: string[];
  rows: Record<string, string>[];
}

export interface RunMarkers extends TableData {
  counts: MarkerCounts;
  etag: string;
}

export interface MarkerFile extends TableData {
  file: string;
}

export interface FileItem {
  name: string;
  href: string;
  size: number;
  mtime: number;
}

export interface PerfPoint {
  [field: string]: number | string | null;
  _path: string;
  /** Unix seconds, or the text of `ts`. */
  _ts: number | string | null;
}

export interface Regression {
  status: 'ok' | 'warn' | 'fail' | 'learning' | 'empty';
  reasons: string[];
  n_history: number;
  window?: number;
  run_id?: string;
  ts?: string;
  current?: Record<string, number | null>;
  baseline?: Record<string, number | boolean | null>;
  deltas?: Record<string, number | null>;
  thresholds?: Record<string, number>;
}

export interface Benchmark {
  html: string | null;
}

export interface Pairs {
  t_new: number[];
  t_ref: number[];
  confidence: number[];
}

export interface MediaInfo {
  duration: number;
  fps: number | string;
  width: number;
  height: number;
  codec: string;
  bit_depth: number;
  rotation: number;
  /** What `?variant=` accepts now, best first. */
  variants: string[];
  /** State of the copy made for browsers. */
  proxy?: { state: 'none' | 'making' | 'ready' | 'failed'; percent?: number | null };
  chapters: { index: number; start: number; duration: number }[];
  frame_times: string;
}

/** One note of a person. `marker_id` null: a free note. */
export interface Annotation {
  marker_id: string | null;
  t_ref: number | null;
  t_new: number | null;
  /** Actual minus predicted `t_new`; set by the server. */
  delta_sec?: number | null;
  label: string;
  note: string;
  created_at?: string;
  updated_at?: string;
}

export interface Anchor {
  t_new: number;
  t_ref: number;
  note: string;
}

/** A list that is replaced as a whole, with the tag that guards against overwriting somebody else's change. */
export interface Tagged<T> {
  items: T[];
  etag: string;
}

export interface AnchorsSaved extends Tagged<Anchor> {
  warp: WarpSample;
  markers_changed: string[];
  /** New anchors that the curve measured without them contradicts. */
  doubts: AnchorDoubt[];
}

/** An anchor far outside of the band of the measured curve; seconds. */
export interface AnchorDoubt {
  t_new: number;
  t_ref: number;
  /** Place in the reference by the curve. */
  measured: number;
  /** Half width of the 90 % band there. */
  band: number;
}

export type JobKind = 'sync' | 'batch' | 'transfer' | 'export' | 'render' | 'benchmark';

/** What a flag takes; of paths: a file to read, a folder to read, or where results go. */
export type FlagKind = 'switch' | 'number' | 'text' | 'input' | 'folder' | 'output';

/** A flag of the command line that a job may set. `default` is what counts without it, in words. */
export interface JobFlag {
  /** Without dashes. */
  name: string;
  kind: FlagKind;
  repeats: boolean;
  required: boolean;
  default: string | null;
  /** All values there are; empty: any. */
  choices: string[];
  help: string;
  group: string;
}

export interface JobCommand {
  kind: JobKind;
  flags: JobFlag[];
}

/** A format editor files can be written in; `suffix` ends their names. */
export interface ExportPreset {
  name: string;
  title: string;
  suffix: string;
}

export interface Commands {
  items: JobCommand[];
  presets: ExportPreset[];
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface JobProgress {
  stage: string;
  done: number | null;
  total: number | null;
  percent: number | null;
  eta_sec: number | null;
}

export interface Job {
  id: string;
  kind: JobKind;
  state: JobState;
  created: number | string | null;
  started: number | string | null;
  ended: number | string | null;
  progress: JobProgress | null;
  exit_code: number | null;
  /** Only of a job asked for by itself. */
  log?: string[];
  result?: CommandResult | null;
}

/** The object every command prints last (`--json`). */
export interface CommandResult {
  command: string;
  ok: boolean;
  exit_code: number;
  elapsed_sec: number;
  outputs: Record<string, string>;
  result: Record<string, unknown>;
  warnings: string[];
  error: { message: string; file?: string | null; hint?: string | null } | null;
}
