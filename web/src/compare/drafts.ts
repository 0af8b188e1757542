/**
 * What is being typed about a marker and is not saved yet. It is kept for this tab, whose text it is, and for the browser, so that a
 * closed tab loses nothing; only fields a person has touched are in it.
 */
import { stored, store } from '../lib/browser-store';

export interface Draft {
  label?: string;
  note?: string;
}

const keyOf = (runId: string, markerId: string, refSecs: number | null) => `mtbsync-draft:${runId}:${markerId}:${refSecs ?? ''}`;

function draftOf(value: unknown): Draft | null {
  if (typeof value !== 'object' || value === null) return null;
  const { label, note } = value as Record<string, unknown>;
  const draft: Draft = { ...(typeof label === 'string' && { label }), ...(typeof note === 'string' && { note }) };
  return isEmpty(draft) ? null : draft;
}

export function readDraft(runId: string, markerId: string, refSecs: number | null): Draft {
  const key = keyOf(runId, markerId, refSecs);
  return draftOf(stored('tab', key)) ?? draftOf(stored('browser', key)) ?? {};
}

export function writeDraft(runId: string, markerId: string, refSecs: number | null, draft: Draft): void {
  const key = keyOf(runId, markerId, refSecs);
  store('tab', key, draft);
  store('browser', key, draft);
}

/** What of `draft` says something else than `text`. */
export function unlike(draft: Draft, text: Draft): Draft {
  const { label, note } = draft;
  return { ...(label !== undefined && label !== text.label && { label }), ...(note !== undefined && note !== text.note && { note }) };
}

export const isEmpty = (draft: Draft): boolean => draft.label === undefined && draft.note === undefined;

/** Forgets fields that say the same as `text`; what was typed in the meantime, here or in another tab, stays. */
export function dropDraft(runId: string, markerId: string, refSecs: number | null, text: Draft): void {
  const key = keyOf(runId, markerId, refSecs);
  for (const kind of ['tab', 'browser'] as const) {
    const rest = unlike(draftOf(stored(kind, key)) ?? {}, text);
    store(kind, key, isEmpty(rest) ? null : rest);
  }
}
