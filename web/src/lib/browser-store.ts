/** Small values kept in this browser, as JSON. A browser without storage only forgets. */

type Kind = 'tab' | 'browser';

const storage = (kind: Kind): Storage => (kind === 'tab' ? sessionStorage : localStorage);

export function stored(kind: Kind, key: string): unknown {
  try {
    const text = storage(kind).getItem(key);
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/** Keeps `value`; null removes it. */
export function store(kind: Kind, key: string, value: unknown): void {
  try {
    if (value === null) storage(kind).removeItem(key);
    else storage(kind).setItem(key, JSON.stringify(value));
  } catch {
    // Full, or not allowed here.
  }
}
