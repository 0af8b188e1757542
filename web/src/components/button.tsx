/** Buttons and the segmented choice. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon';

export interface ButtonProps {
  kind?: 'default' | 'primary' | 'quiet' | 'danger';
  small?: boolean;
  icon?: IconName;
  disabled?: boolean;
  /** Toggle buttons say whether they are on. */
  pressed?: boolean;
  /** Text for people who do not see the icon; required when there are no children. */
  label?: string;
  title?: string;
  type?: 'button' | 'submit';
  class?: string;
  'aria-expanded'?: boolean;
  'aria-haspopup'?: 'dialog' | 'menu';
  'aria-keyshortcuts'?: string;
  onClick?: (event: MouseEvent) => void;
  children?: ComponentChildren;
}

export function Button({ kind = 'default', small, icon, pressed, label, title, type = 'button', class: extra, children, ...rest }: ButtonProps) {
  const classes = ['btn', kind !== 'default' && `btn-${kind}`, small && 'btn-small', !children && 'btn-icon', extra];
  return (
    <button {...rest} type={type} class={classes.filter(Boolean).join(' ')} aria-pressed={pressed} aria-label={label} title={title ?? label}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface SegmentsProps<V extends string> {
  /** Says what is chosen, for screen readers. */
  label: string;
  value: V;
  options: readonly { value: V; label: string; title?: string }[];
  disabled?: boolean;
  onChange: (value: V) => void;
}

/** One of a few: radio buttons that look like a switch. */
export function Segments<V extends string>({ label, value, options, disabled, onChange }: SegmentsProps<V>) {
  const name = `segments-${label.replaceAll(/\W+/g, '-').toLowerCase()}`;
  return (
    <div class="segments" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value} title={option.title}>
          <input type="radio" name={name} checked={option.value === value} disabled={disabled} onChange={() => onChange(option.value)} />
          {option.label}
        </label>
      ))}
    </div>
  );
}
