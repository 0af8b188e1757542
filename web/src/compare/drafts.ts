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
  return draft.label === undefined && draft.note === undefined ? null : draft;
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

/** Forgets `draft`; what another tab has typed in the meantime stays. */
export function dropDraft(runId: string, markerId: string, refSecs: number | null, draft: Draft): void {
  const key = keyOf(runId, markerId, refSecs);
  store('tab', key, null);
  const kept = draftOf(stored('browser', key));
  if (kept === null || (kept.label === draft.label && kept.note === draft.note)) store('browser', key, null);
}
