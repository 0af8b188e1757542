/** A word with a tone. The icon or the word carries the meaning; the colour only repeats it. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon';

export type Tone = 'neutral' | 'ok' | 'warn' | 'bad' | 'info' | 'ref' | 'new';

const ICONS: Partial<Record<Tone, IconName>> = { ok: 'check', warn: 'warn', bad: 'cross', info: 'info' };

export function Badge({ tone = 'neutral', title, children }: { tone?: Tone; title?: string; children: ComponentChildren }) {
  const icon = ICONS[tone];
  return (
    <span class={`badge tone-${tone}`} title={title}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}
