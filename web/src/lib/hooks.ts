/** Small hooks used on several pages. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<T> {
  data: T | null;
  error: unknown;
  loading: boolean;
  reload: () => void;
}

/**
 * Runs `load` when `deps` change and on `reload()`. Data stays while a reload is under way; an answer that is overtaken by a newer
 * request is dropped.
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, deps: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: unknown; loading: boolean }>({ data: null, error: null, loading: true });
  const [turn, setTurn] = useState(0);
  const lastDeps = useRef<readonly unknown[]>(deps);
  useEffect(() => {
    const controller = new AbortController();
    const changed = lastDeps.current !== deps && deps.some((dep, index) => dep !== lastDeps.current[index]);
    lastDeps.current = deps;
    setState((old) => ({ data: changed ? null : old.data, error: null, loading: true }));
    load(controller.signal).then(
      (data) => !controller.signal.aborted && setState({ data, error: null, loading: false }),
      (error: unknown) => !controller.signal.aborted && setState((old) => ({ data: old.data, error, loading: false })),
    );
    return () => controller.abort();
  }, [...deps, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  return { ...state, reload };
}

/** Calls `handle` for key presses anywhere on the page, except while typing or in a dialog. */
export function useKeys(handle: (event: KeyboardEvent) => void): void {
  const latest = useRef(handle);
  latest.current = handle;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      const typing = target?.closest('input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]');
      if (typing || target?.closest('dialog') || event.ctrlKey || event.metaKey || event.altKey) return;
      latest.current(event);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** How the focus was moved last. `:focus-visible` cannot tell: it turns true with the first key after a click. */
let focusByPointer = false;
document.addEventListener('pointerdown', () => (focusByPointer = true), true);
document.addEventListener('keydown', (event) => event.key === 'Tab' && (focusByPointer = false), true);

/** True when the key press belongs to a control a person reached by keyboard; after a click the page's own keys go on working. */
export function keyIsForControl(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (focusByPointer || !target) return false;
  if (event.key === ' ') return target.closest('button, a, input') !== null;
  return event.key.startsWith('Arrow') && target.matches('input');
}

/** Width of an element in CSS pixels; 0 before it is laid out. */
export function useWidth<E extends Element>(): [(element: E | null) => void, number] {
  const [width, setWidth] = useState(0);
  const observer = useRef<ResizeObserver | null>(null);
  const attach = useCallback((element: E | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver((entries) => {
      const box = entries[0]?.contentRect;
      if (box) setWidth(Math.floor(box.width));
    });
    observer.current.observe(element);
  }, []);
  return [attach, width];
}
