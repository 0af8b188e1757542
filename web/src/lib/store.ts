/** A value with listeners, so that a playhead can move sixty times a second without drawing the whole page anew. */
import { useEffect, useState } from 'preact/hooks';

export class Store<S extends object> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: S) {}

  get(): S {
    return this.value;
  }

  /** Merges `change`; listeners run only when a field really changed. */
  set(change: Partial<S>): void {
    const keys = Object.keys(change) as (keyof S)[];
    if (keys.every((key) => Object.is(this.value[key], change[key]))) return;
    this.value = { ...this.value, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The part of a store a component shows; it is drawn anew only when that part changes. */
export function useStore<S extends object, T>(store: Store<S>, select: (state: S) => T): T {
  const [, redraw] = useState({});
  const selected = select(store.get());
  useEffect(() => {
    let last = selected;
    const check = () => {
      const next = select(store.get());
      if (!Object.is(next, last)) {
        last = next;
        redraw({});
      }
    };
    check();
    return store.subscribe(check);
  }, [store]);
  return selected;
}
