/** A titled surface, and numbers with names. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface CardProps {
  title: string;
  /** Controls at the right of the title. */
  actions?: ComponentChildren;
  /** No padding around the body: for tables and charts. */
  flush?: boolean;
  class?: string;
  children: ComponentChildren;
}

export function Card({ title, actions, flush, class: extra, children }: CardProps) {
  const id = useId();
  return (
    <section class={['card', flush && 'card-flush', extra].filter(Boolean).join(' ')} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {actions}
      </div>
      <div class="card-body">{children}</div>
    </section>
  );
}

export interface StatItem {
  name: string;
  value: ComponentChildren;
  /** Explains the number on hover. */
  title?: string;
}

export function Stats({ items, label }: { items: readonly StatItem[]; label: string }) {
  return (
    <dl class="stats" aria-label={label}>
      {items.map((item) => (
        <div class="stat" key={item.name} title={item.title}>
          <dt>{item.name}</dt>
          <dd>{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}
