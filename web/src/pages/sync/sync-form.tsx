/** The form that starts a sync. */
import { useState } from 'preact/hooks';
import { errorText, startJob, type Run } from '../../api';
import { Button, Card, Checkbox, Notice, Select, TextField } from '../../components';
import { clock } from '../../lib/format';
import { commandLine, EMPTY_FORM, formErrors, jobParams, knownRecordings, outOf, PRESETS, type FormErrors, type KnownRecording, type Pick, type SyncForm } from './form';

export function NewSync({ runs, onStarted }: { runs: readonly Run[]; onStarted: (id: string) => void }) {
  const known = knownRecordings(runs);
  const [form, setForm] = useState<SyncForm>(() => ({ ...EMPTY_FORM, reference: { id: firstReference(runs, known), path: '' } }));
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const change = (part: Partial<SyncForm>) => setForm((old) => ({ ...old, ...part }));
  const errors = formErrors(form, known);
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
      const { id } = await startJob('sync', jobParams(form, known));
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
        <RecordingField label="Reference recording" hint="The ride others are compared with" known={known} value={form.reference} error={shown.reference} onChange={(reference) => change({ reference })} />
        <RecordingField label="New recording" hint="The ride to align" known={known} value={form.newRun} error={shown.newRun} onChange={(newRun) => change({ newRun })} />
        <TextField label="Markers of the reference" placeholder="none" hint="CSV below the folder served" value={form.refMarkers} error={shown.refMarkers} onInput={(refMarkers) => change({ refMarkers })} />
        <TextField
          label="Results go to"
          placeholder={out || 'named after the new recording'}
          hint={replaces ? 'There is a run already: it is replaced' : 'Folder below the one served'}
          value={form.out}
          error={shown.out}
          onInput={(value) => change({ out: value })}
        />
        <fieldset class="sync-choices">
          <legend class="field-label">Editor files, from the markers</legend>
          {PRESETS.map((preset) => (
            <Checkbox
              key={preset}
              label={preset}
              checked={form.exports.includes(preset)}
              onChange={(on) => change({ exports: PRESETS.filter((other) => (other === preset ? on : form.exports.includes(other))) })}
            />
          ))}
        </fieldset>
        <Options form={form} errors={shown} change={change} />
        <div class="sync-command">
          <span class="field-label">The same in a terminal</span>
          <pre>{commandLine(form, known)}</pre>
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

function Options({ form, errors, change }: { form: SyncForm; errors: FormErrors; change: (part: Partial<SyncForm>) => void }) {
  const number = (field: 'fps' | 'reviewThreshold' | 'minInlierFrac' | 'minCoverage' | 'maxP90', label: string, usual: string, hint: string) => (
    <TextField label={label} inputMode="decimal" placeholder={usual} hint={hint} value={form[field]} error={errors[field]} onInput={(value) => change({ [field]: value })} />
  );
  return (
    <details class="sync-options">
      <summary>Options</summary>
      <div class="sync-option-grid">
        {number('fps', 'Frames analysed per second', '3', '0.1 to 60')}
        <Select
          label="Model of the map"
          value={form.model}
          hint="monotone follows every change of pace"
          options={[
            { value: 'monotone', label: 'monotone' },
            { value: 'affine', label: 'affine: one straight line' },
          ]}
          onChange={(model) => change({ model })}
        />
        {number('reviewThreshold', 'Markers to review below', '0.6', 'confidence, 0 to 1')}
        {number('minInlierFrac', 'Gate: least inliers', '0.25', 'share, 0 to 1')}
        {number('minCoverage', 'Gate: least coverage', '0.5', 'share of the new run, 0 to 1')}
        {number('maxP90', 'Gate: highest P90', 'none', 'seconds')}
        <TextField label="Track of the reference" placeholder="none" hint="GPX, FIT or TCX" value={form.refGpx} error={errors.refGpx} onInput={(refGpx) => change({ refGpx })} />
        <TextField label="Track of the new recording" placeholder="none" hint="GPX, FIT or TCX" value={form.newGpx} error={errors.newGpx} onInput={(newGpx) => change({ newGpx })} />
      </div>
      <div class="sync-choices">
        <Checkbox label="Fast: coarser, sooner done" checked={form.fast} onChange={(fast) => change({ fast, precise: fast ? false : form.precise })} />
        <Checkbox label="Precise: full size pictures" checked={form.precise} onChange={(precise) => change({ precise, fast: precise ? false : form.fast })} />
        <Checkbox label="No GPS of the recordings" checked={form.noGps} onChange={(noGps) => change({ noGps })} />
        <Checkbox label="Markers even when refused" checked={form.force} onChange={(force) => change({ force })} />
      </div>
    </details>
  );
}
