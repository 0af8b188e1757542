/** Labelled inputs. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldFrame {
  label: string;
  /** The label is only read out, not shown. */
  hideLabel?: boolean;
  hint?: string;
  error?: string | null;
}

function Frame({ id, label, hideLabel, hint, error, children }: FieldFrame & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label class={hideLabel ? 'visually-hidden' : 'field-label'} for={id}>
        {label}
      </label>
      {children}
      {hint && (
        <span class="field-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {error && (
        <span class="field-error" role="alert">
          {error}
        </span>
      )}
    </div>
  );
}

export interface TextFieldProps extends FieldFrame {
  type?: 'text' | 'search' | 'number' | 'datetime-local';
  value: string;
  placeholder?: string;
  maxLength?: number;
  min?: number;
  max?: number;
  step?: number | 'any';
  inputMode?: 'text' | 'numeric' | 'decimal';
  list?: string;
  disabled?: boolean;
  required?: boolean;
  onInput: (value: string) => void;
}

/** A one-line input of any text-like type. */
export function TextField({ label, hideLabel, hint, error, type = 'text', value, onInput, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hideLabel={hideLabel} hint={hint} error={error}>
      <input
        {...rest}
        type={type}
        id={id}
        class="input"
        value={value}
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Frame>
  );
}

export function TextArea({ label, hideLabel, hint, error, value, maxLength, onInput }: FieldFrame & { value: string; maxLength?: number; onInput: (value: string) => void }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hideLabel={hideLabel} hint={hint} error={error}>
      <textarea id={id} class="input" rows={3} maxLength={maxLength} value={value} onInput={(event) => onInput(event.currentTarget.value)} />
    </Frame>
  );
}

export interface SelectProps<V extends string> extends FieldFrame {
  value: V;
  options: readonly { value: V; label: string; disabled?: boolean }[];
  disabled?: boolean;
  onChange: (value: V) => void;
}

export function Select<V extends string>({ label, hideLabel, hint, error, value, options, disabled, onChange }: SelectProps<V>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hideLabel={hideLabel} hint={hint} error={error}>
      <select id={id} class="input" value={value} disabled={disabled} onChange={(event) => onChange(event.currentTarget.value as V)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function Checkbox({ label, checked, disabled, onChange }: { label: string; checked: boolean; disabled?: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}
