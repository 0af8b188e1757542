/** Requests to the own server, and the one error type they end in. */

/** An answer that is not 2xx, or no answer at all (`status` 0). `message` is text for people. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    /** The parsed body, for answers that carry data (412 holds the current items). */
    readonly body: unknown = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** What can be said about any thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function failure(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const text = isRecord(body) && typeof body['error'] === 'string' ? body['error'] : `the server answered ${response.status}`;
  const code = isRecord(body) && typeof body['code'] === 'string' ? body['code'] : 'unknown';
  return new ApiError(text, response.status, code, body);
}

/** `fetch`, but every failure is an `ApiError`. An aborted request keeps its `AbortError`. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { cache: 'no-store', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('the server does not answer; is mtbsync still running?', 0, 'offline');
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export interface Tag<T> {
  value: T;
  etag: string;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, { signal: signal ?? null });
  return (await response.json()) as T;
}

/** A JSON answer together with its ETag. */
export async function getTagged<T>(path: string, signal?: AbortSignal): Promise<Tag<T>> {
  const response = await request(path, { signal: signal ?? null });
  return { value: (await response.json()) as T, etag: response.headers.get('ETag') ?? '' };
}

export async function sendJson<T>(method: 'POST' | 'PUT', path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await request(path, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** `path?a=1&b=2`; undefined and null parameters are left out. */
export function withQuery(path: string, params: Record<string, string | number | boolean | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
