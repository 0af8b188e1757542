/** Every endpoint of the server, one function each. All reject with `ApiError`. */
import { getJson, getTagged, request, sendJson, withQuery } from './http';
import type {
  Anchor,
  AnchorsSaved,
  Annotation,
  Benchmark,
  Commands,
  FileItem,
  Job,
  JobKind,
  MarkerFile,
  MediaInfo,
  Pairs,
  PerfPoint,
  Regression,
  RunList,
  RunMarkers,
  Session,
  TableData,
  Tagged,
  WarpSample,
} from './types';

export { ApiError, errorText } from './http';
export type * from './types';

const run = (id: string) => `/api/runs/${encodeURIComponent(id)}`;
const media = (id: string) => `/api/media/${encodeURIComponent(id)}`;
const job = (id: string) => `/api/jobs/${encodeURIComponent(id)}`;

export const getSession = (signal?: AbortSignal) => getJson<Session>('/api/session', signal);

export const getRuns = (signal?: AbortSignal) => getJson<RunList>('/api/runs', signal);

/** `n` samples (2..20000) of the map, over the whole new run or `from`..`to` in new seconds. */
export const getWarp = (id: string, n: number, range: { from?: number; to?: number } = {}, signal?: AbortSignal) =>
  getJson<WarpSample>(withQuery(`${run(id)}/warp`, { n, ...range }), signal);
export const getRunMarkers = (id: string, signal?: AbortSignal) => getJson<RunMarkers>(`${run(id)}/markers`, signal);
export const getPairs = (id: string, n = 2000, signal?: AbortSignal) => getJson<Pairs>(withQuery(`${run(id)}/pairs`, { n }), signal);

export const getBatch = (signal?: AbortSignal) => getJson<TableData>('/api/batch', signal);
export const getMarkerList = (signal?: AbortSignal) => getJson<{ files: string[] }>('/api/marker-list', signal);
export const getMarkerFile = (file?: string, signal?: AbortSignal) => getJson<MarkerFile>(withQuery('/api/markers', { file }), signal);
export const getFiles = (signal?: AbortSignal) => getJson<{ items: FileItem[] }>('/api/files', signal);
export const getPerfHistory = (limit: number, fields: readonly string[], signal?: AbortSignal) =>
  getJson<{ count: number; items: PerfPoint[] }>(withQuery('/api/perf/history', { limit, fields: fields.join(',') }), signal);
export const getRegression = (signal?: AbortSignal) => getJson<Regression>('/api/regression', signal);
export const getBenchmark = (signal?: AbortSignal) => getJson<Benchmark>('/api/benchmark', signal);

export const getMediaInfo = (id: string, signal?: AbortSignal) => getJson<MediaInfo>(`${media(id)}/info`, signal);

/** Times of all frames, seconds, strictly increasing. */
export async function getFrameTimes(id: string, signal?: AbortSignal): Promise<Float64Array> {
  const response = await request(`${media(id)}/frames`, { signal: signal ?? null });
  const bytes = await response.arrayBuffer();
  return new Float64Array(bytes, 0, Math.floor(bytes.byteLength / Float64Array.BYTES_PER_ELEMENT));
}

/** Address of the video; `chapter` counts from 0. */
export const mediaUrl = (id: string, options: { variant?: string; chapter?: number } = {}) => withQuery(media(id), { ...options });

/** Address of the JPEG of the frame shown at `tSecs`, `width` pixels wide. */
export const frameUrl = (id: string, tSecs: number, width: number) => withQuery(`${media(id)}/frame`, { t: tSecs.toFixed(6), w: width });

export async function getAnnotations(runId: string, signal?: AbortSignal): Promise<Tagged<Annotation>> {
  const { value, etag } = await getTagged<{ items: Annotation[] }>(withQuery('/api/annotations', { run: runId }), signal);
  return { items: value.items, etag };
}

/** Replaces all annotations. 412 when somebody else changed them: `ApiError.body.items` holds theirs. */
export const putAnnotations = (runId: string, items: readonly Annotation[], etag: string) =>
  sendJson<Tagged<Annotation>>('PUT', withQuery('/api/annotations', { run: runId }), { items }, { 'If-Match': etag });

export const annotationsExportUrl = (runId: string, format: 'csv' | 'json') => withQuery('/api/annotations/export', { run: runId, format });

export async function getAnchors(runId: string, signal?: AbortSignal): Promise<Tagged<Anchor>> {
  const { value, etag } = await getTagged<{ items: Anchor[] }>(withQuery('/api/anchors', { run: runId }), signal);
  return { items: value.items, etag };
}

/** Replaces all anchors and refits the map; with `dryRun` nothing is written. */
export const putAnchors = (runId: string, items: readonly Anchor[], etag: string, dryRun = false) =>
  sendJson<AnchorsSaved>('PUT', withQuery('/api/anchors', { run: runId, dry_run: dryRun ? 1 : undefined }), { items }, { 'If-Match': etag });

export const exportJson = (inCsv: string, outJson: string) =>
  sendJson<{ ok: boolean; path: string }>('POST', '/api/export-json', { in_csv: inCsv, out_json: outJson });
export const prunePerf = (keep: number) =>
  sendJson<{ ok: boolean; result: { kept: number; deleted: number; total: number } }>('POST', '/api/perf/prune', { keep });

export const getCommands = (signal?: AbortSignal) => getJson<Commands>('/api/commands', signal);
export const getJobs = (signal?: AbortSignal) => getJson<{ items: Job[] }>('/api/jobs', signal);
export const getJob = (id: string, signal?: AbortSignal) => getJson<Job>(job(id), signal);
/** Starts a job; `params` are flag names without dashes. */
export const startJob = (kind: JobKind, params: Record<string, unknown>) =>
  sendJson<{ id: string; state: string }>('POST', '/api/jobs', { kind, params });
export async function cancelJob(id: string): Promise<void> {
  await request(job(id), { method: 'DELETE' });
}
