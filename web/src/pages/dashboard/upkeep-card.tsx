/** What may be changed from here, with the right to write: marker tables as JSON, and old run records. */
import { useState } from 'preact/hooks';
import { errorText, exportJson, prunePerf, type FileItem } from '../../api';
import { Button, Card, Dialog, Notice, Select, TextField, toast } from '../../components';

/** Records kept when nothing else is said (`mtbsync prune-perf`). */
const KEEP = '200';

export function UpkeepCard({ files, records, onChanged }: { files: readonly FileItem[]; records: number; onChanged: () => void }) {
  return (
    <Card title="Upkeep" class="dash-upkeep">
      <div class="grid">
        <ExportJson files={files} onChanged={onChanged} />
        <Prune records={records} onChanged={onChanged} />
      </div>
    </Card>
  );
}

function ExportJson({ files, onChanged }: { files: readonly FileItem[]; onChanged: () => void }) {
  const tables = files.map((file) => file.name).filter((name) => name.endsWith('.csv'));
  const usual = tables.find((name) => name.endsWith('new_markers.csv')) ?? tables[0];
  const [chosen, setChosen] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const table = chosen !== null && tables.includes(chosen) ? chosen : usual;
  if (table === undefined) return <p class="small muted">There is no table to write as JSON.</p>;
  const target = table.replace(/\.csv$/, '.json');
  const run = async () => {
    setBusy(true);
    try {
      const { path } = await exportJson(table, target);
      toast('ok', `Written: ${path}`);
      onChanged();
    } catch (error) {
      toast('bad', `${table} was not written as JSON: ${errorText(error)}`);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="upkeep-row">
      <Select label="Table" value={table} options={tables.map((name) => ({ value: name, label: name }))} onChange={setChosen} />
      <Button icon="edit" disabled={busy} title={`Writes ${target}`} onClick={() => void run()}>
        Export JSON
      </Button>
    </div>
  );
}

function Prune({ records, onChanged }: { records: number; onChanged: () => void }) {
  const [keep, setKeep] = useState(KEEP);
  const [asking, setAsking] = useState(false);
  const count = Number(keep);
  const valid = /^\d+$/.test(keep) && Number.isSafeInteger(count);
  const run = async () => {
    setAsking(false);
    try {
      const { result } = await prunePerf(count);
      toast('ok', `${result.deleted} of ${result.total} run records deleted, ${result.kept} kept`);
      onChanged();
    } catch (error) {
      toast('bad', `No run records were deleted: ${errorText(error)}`);
    }
  };
  return (
    <div class="upkeep-row">
      <TextField
        type="number"
        label="Run records to keep"
        min={0}
        step={1}
        inputMode="numeric"
        value={keep}
        error={valid ? null : 'A whole number, 0 or more'}
        hint={`${records} here now`}
        onInput={setKeep}
      />
      <Button kind="danger" icon="trash" disabled={!valid} onClick={() => setAsking(true)}>
        Prune
      </Button>
      {asking && (
        <Dialog title="Delete old run records?" onClose={() => setAsking(false)}>
          <div class="grid">
            <Notice tone="warn" title={`All but the newest ${count} perf.json files of this folder are deleted.`}>
              Maps, pairs and markers stay. This cannot be undone.
            </Notice>
            <div class="toolbar">
              <Button kind="danger" icon="trash" onClick={() => void run()}>
                Delete
              </Button>
              <Button onClick={() => setAsking(false)}>Keep all</Button>
            </div>
          </div>
        </Dialog>
      )}
    </div>
  );
}
