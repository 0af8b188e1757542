/** What a page says when something is missing, loading, wrong or done. */
import type { ComponentChildren } from 'preact';
import { errorText } from '../api/http';
import { Store, useStore } from '../lib/store';
import type { Tone } from './badge';
import { Button } from './button';

export function Toolbar({ label, children, class: extra }: { label: string; children: ComponentChildren; class?: string }) {
  return (
    <div class={['toolbar', extra].filter(Boolean).join(' ')} role="group" aria-label={label}>
      {children}
    </div>
  );
}

/** Nothing to show yet: says why, and which command changes that. */
export function Empty({ title, command, children }: { title: string; command?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {command && <pre>{command}</pre>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <div class="loading" role="status">
      Loading {what} …
    </div>
  );
}

/** A message in the flow of the page. */
export function Notice({ tone, title, actions, children }: { tone: Tone; title: string; actions?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class={`notice tone-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <div>
        <strong>{title}</strong>
        {children}
      </div>
      {actions}
    </div>
  );
}

/** A request failed: what, and a way to try again. */
export function LoadError({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  return (
    <Notice
      tone="bad"
      title={`Could not load ${what}`}
      actions={
        retry && (
          <Button small onClick={retry}>
            Try again
          </Button>
        )
      }
    >
      {errorText(error)}
    </Notice>
  );
}

interface ToastItem {
  id: number;
  tone: 'ok' | 'warn' | 'bad';
  text: string;
  action?: { label: string; run: () => void };
}

const toasts = new Store<{ items: ToastItem[]; next: number }>({ items: [], next: 1 });

/** How long a message stays. One with an action or an error stays until it is closed. */
const TOAST_MS = 6000;

function dismiss(id: number): void {
  toasts.set({ items: toasts.get().items.filter((item) => item.id !== id) });
}

/** Says something at the corner of the window. */
export function toast(tone: ToastItem['tone'], text: string, action?: ToastItem['action']): void {
  const { items, next } = toasts.get();
  toasts.set({ items: [...items.slice(-3), { id: next, tone, text, action }], next: next + 1 });
  if (tone !== 'bad' && !action) setTimeout(() => dismiss(next), TOAST_MS);
}

export function Toasts() {
  const items = useStore(toasts, (state) => state.items);
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label="Messages">
      {items.map((item) => (
        <div key={item.id} class={`toast toast-${item.tone}`}>
          <p>{item.text}</p>
          {item.action && (
            <Button
              small
              onClick={() => {
                item.action?.run();
                dismiss(item.id);
              }}
            >
              {item.action.label}
            </Button>
          )}
          <Button small kind="quiet" icon="cross" label="Close message" onClick={() => dismiss(item.id)} />
        </div>
      ))}
    </div>
  );
}
