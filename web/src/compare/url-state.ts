/** What of the Compare page is kept in the address, so that a link shows the same spot. */
import type { LockMode } from '../player/deck';
import type { Side } from '../player/warp';
import type { MarkerFilter } from './markers';
import { MARKER_FILTERS } from './markers';

export type ViewMode = 'side' | 'wipe' | 'ghost';

export interface CompareState {
  run: string | null;
  /** Time in the new run. */
  newSecs: number | null;
  filter: MarkerFilter;
  query: string;
  lock: LockMode;
  master: Side;
  view: ViewMode;
  loop: { fromSecs: number; toSecs: number } | null;
}

const oneOf = <V extends string>(text: string | null, values: readonly V[], otherwise: V): V => values.find((value) => value === text) ?? otherwise;

function secsOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** Reads the address; whatever is missing or makes no sense gets its default. */
export function parseState(query: URLSearchParams): CompareState {
  const [from, to] = (query.get('loop') ?? '').split('-').map(secsOf);
  const loop = typeof from === 'number' && typeof to === 'number' && to > from ? { fromSecs: from, toSecs: to } : null;
  return {
    run: query.get('run'),
    newSecs: secsOf(query.get('t')),
    filter: oneOf(
      query.get('filter'),
      MARKER_FILTERS.map((item) => item.value),
      'all',
    ),
    query: query.get('q') ?? '',
    lock: oneOf(query.get('lock'), ['place', 'time'], 'place'),
    master: oneOf(query.get('master'), ['new', 'ref'], 'new'),
    view: oneOf(query.get('view'), ['side', 'wipe', 'ghost'], 'side'),
    loop,
  };
}

/** Parameters for the address; defaults are left out (null removes them). */
export function formatState(state: CompareState): Record<string, string | null> {
  const unless = <V extends string>(value: V, standard: V) => (value === standard ? null : value);
  return {
    run: state.run,
    t: state.newSecs === null ? null : state.newSecs.toFixed(3),
    filter: unless(state.filter, 'all'),
    q: unless(state.query, ''),
    lock: unless(state.lock, 'place'),
    master: unless(state.master, 'new'),
    view: unless(state.view, 'side'),
    loop: state.loop && `${state.loop.fromSecs.toFixed(3)}-${state.loop.toSecs.toFixed(3)}`,
  };
}
