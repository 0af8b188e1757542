/** The form that starts a sync. */
import { useState } from 'preact/hooks';
import { errorText, startJob, type JobFlag, type Run } from '../../api';
import { Button, Card, Checkbox, Notice, Select, TextField } from '../../components';
import { clock } from '../../lib/format';
import { commandLine, EMPTY_FORM, formErrors, jobParams, knownRecordings, outOf, textOf, type FlagValue, type FormErrors, type KnownRecording, type Pick, type SyncForm } from './form';

/** Flags with a field of their own; the others are options. */
const MAIN = ['reference', 'new', 'ref-markers', 'out', 'export'];

export function NewSync({ runs, flags, onStarted }: { runs: readonly Run[]; flags: readonly JobFlag[]; onStarted: (id: string) => void }) {
  const known = knownRecordings(runs);
  const [form, setForm] = useState<SyncForm>(() => ({ ...EMPTY_FORM, reference: { id: firstReference(runs, known), path: '' } }));
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const change = (part: Partial<SyncForm>) => setForm((old) => ({ ...old, ...part }));
  const set = (name: string, value: FlagValue) => change({ values: { ...form.values, [name]: value } });
  const errors = formErrors(form, flags, known);
  // An empty form is not wrong yet: what is missing is said only after a try.
  const shown: FormErrors = tried ? errors : {};
  const out = outOf(form, known);
  const replaces = runs.some((run) => run.path === out);
  const submit = async () => {
    setTried(true);
    setRefused(null);
    if (Object.keys(errors).length > 0) return;
    setBusy(true);
    try {
      const { id } = await startJob('sync', jobParams(form, flags, known));
      setTried(false);
      onStarted(id);
    } catch (error) {
      setRefused(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="New sync" class="sync-card">
      <form
        class="sync-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <RecordingField label="Reference recording" hint="The ride others are compared with" known={known} value={form.reference} error={shown['reference']} onChange={(reference) => change({ reference })} />
        <RecordingField label="New recording" hint="The ride to align" known={known} value={form.newRun} error={shown['new']} onChange={(newRun) => change({ newRun })} />
        <TextField label="Markers of the reference" placeholder="none" hint="CSV below the folder served" value={textOf(form, 'ref-markers')} error={shown['ref-markers']} onInput={(value) => set('ref-markers', value)} />
        <TextField
          label="Results go to"
          placeholder={out || 'named after the new recording'}
          hint={replaces ? 'There is a run already: it is replaced' : 'Folder below the one served'}
          value={String(form.values['out'] ?? '')}
          error={shown['out']}
          onInput={(value) => set('out', value)}
        />
        {flags.filter((flag) => flag.name === 'export').map((flag) => (
          <FlagField key={flag.name} flag={flag} value={form.values[flag.name]} onChange={(value) => set(flag.name, value)} />
        ))}
        <Options flags={flags} form={form} errors={shown} set={set} />
        <div class="sync-command">
          <span class="field-label">The same in a terminal</span>
          <pre>{commandLine(form, flags, known)}</pre>
        </div>
        {refused !== null && (
          <Notice tone="bad" title="The sync was not started">
            {refused}
          </Notice>
        )}
        {tried && Object.keys(errors).length > 0 && (
          <p class="field-error" role="alert">
            Something above is missing or wrong.
          </p>
        )}
        <div class="toolbar">
          <Button kind="primary" type="submit" icon="play" disabled={busy}>
            Start
          </Button>
          <Button kind="quiet" onClick={() => setForm(EMPTY_FORM)}>
            Clear
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** The reference used last: most people compare new rides with the same one. */
function firstReference(runs: readonly Run[], known: readonly KnownRecording[]): string {
  const last = runs.find((run) => run.ok !== null && run.reference?.media)?.reference;
  return known.find((item) => item.name === last?.name && item.durationSecs === last.duration)?.id ?? '';
}

interface RecordingFieldProps {
  label: string;
  hint: string;
  known: readonly KnownRecording[];
  value: Pick;
  error: string | undefined;
  onChange: (value: Pick) => void;
}

/** A known recording from a list, or any other by its path. */
function RecordingField({ label, hint, known, value, error, onChange }: RecordingFieldProps) {
  const byPath = value.id === '';
  return (
    <div class="sync-recording">
      {known.length > 0 && (
        <Select
          label={label}
          hint={byPath ? undefined : hint}
          error={byPath ? undefined : error}
          value={value.id}
          options={[{ value: '', label: 'Another file …' }, ...known.map((item) => ({ value: item.id, label: `${item.name} (${clock(item.durationSecs, 0)})` }))]}
          onChange={(id) => onChange({ ...value, id })}
        />
      )}
      {byPath && (
        <TextField
          label={known.length > 0 ? `${label}: path` : label}
          hideLabel={known.length > 0}
          placeholder="videos/GX010042.MP4"
          hint={`${hint}; path below the folder served`}
          error={error}
          value={value.path}
          onInput={(path) => onChange({ ...value, path })}
        />
      )}
    </div>
  );
}

interface FlagProps {
  flag: JobFlag;
  value: FlagValue | undefined;
  error?: string | undefined;
  onChange: (value: FlagValue) => void;
}

/** Several of the values there are. */
function Choices({ flag, value, onChange }: FlagProps) {
  const chosen = Array.isArray(value) ? value : [];
  return (
    <fieldset class="sync-choices">
      <legend class="field-label">{flag.help}</legend>
      {flag.choices.map((choice) => (
        <Checkbox
          key={choice}
          label={choice}
          checked={chosen.includes(choice)}
          onChange={(on) => onChange(flag.choices.filter((other) => (other === choice ? on : chosen.includes(other))))}
        />
      ))}
    </fieldset>
  );
}

/** The field of any flag, described as the command line describes it. */
function FlagField({ flag, value, error, onChange }: FlagProps) {
  const { help, kind, choices, repeats } = flag;
  const usual = flag.default ?? 'none';
  const hint = `--${flag.name}`;
  if (kind === 'switch') return <Checkbox label={help} checked={value === true} onChange={onChange} />;
  if (choices.length > 0 && repeats) return <Choices flag={flag} value={value} onChange={onChange} />;
  if (choices.length > 0) {
    const options = [{ value: '', label: `${usual} (default)` }, ...choices.filter((choice) => choice !== usual).map((choice) => ({ value: choice, label: choice }))];
    return <Select label={help} hint={hint} error={error} value={String(value ?? '')} options={options} onChange={onChange} />;
  }
  return <TextField label={help} hint={hint} error={error} inputMode={kind === 'number' ? 'decimal' : 'text'} placeholder={usual} value={String(value ?? '')} onInput={onChange} />;
}

interface OptionsProps {
  flags: readonly JobFlag[];
  form: SyncForm;
  errors: FormErrors;
  set: (name: string, value: FlagValue) => void;
}

function Options({ flags, form, errors, set }: OptionsProps) {
  const optional = flags.filter((flag) => !MAIN.includes(flag.name));
  const field = (flag: JobFlag) => <FlagField key={flag.name} flag={flag} value={form.values[flag.name]} error={errors[flag.name]} onChange={(value) => set(flag.name, value)} />;
  return (
    <details class="sync-options">
      <summary>Options</summary>
      {[...new Set(optional.map((flag) => flag.group))].map((group) => {
        const members = optional.filter((flag) => flag.group === group);
        return (
          <fieldset key={group}>
            <legend class="field-label">{group}</legend>
            <div class="sync-option-grid">{members.filter((flag) => flag.kind !== 'switch').map(field)}</div>
            <div class="sync-choices">{members.filter((flag) => flag.kind === 'switch').map(field)}</div>
          </fieldset>
        );
      })}
    </details>
  );
}
