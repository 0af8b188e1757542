/** The marker tables of the folder, one at a time. */
import { useMemo, useState } from 'preact/hooks';
import { getMarkerFile, getMarkerList } from '../../api';
import { Badge, Card, Empty, Loading, LoadError, Select, Table, TextField, type Column, type Tone } from '../../components';
import { cell, clock, percent } from '../../lib/format';
import { useLoad } from '../../lib/hooks';
import { matchesQuery } from '../../lib/table';

type Row = Record<string, string>;

const TONES: Record<string, Tone> = { ok: 'ok', review: 'warn', outside: 'neutral' };

/** Columns that hold seconds; they are shown as minutes and seconds and sorted as numbers. */
const TIME_COLUMNS = new Set(['t_ref', 't_new', 't_new_low', 't_new_high', 't_ref_end', 't_new_end']);

/** Columns that repeat another: the same number under an older name, and the status as a yes or no. */
const REPEATED = new Set(['t_new_est', 'needs_review']);

function columnOf(header: string): Column<Row> {
  const text = (row: Row) => row[header] ?? '';
  if (TIME_COLUMNS.has(header)) return { key: header, label: header, align: 'end', value: (row) => cell(text(row)), cell: (row) => clock(cell(text(row))) };
  if (header === 'confidence') return { key: header, label: header, align: 'end', value: (row) => cell(text(row)), cell: (row) => percent(cell(text(row))) };
  if (header === 'status') return { key: header, label: header, value: text, cell: (row) => <Badge tone={TONES[text(row)] ?? 'neutral'}>{text(row)}</Badge> };
  return { key: header, label: header, value: text };
}

/** `version` grows when files may have changed. */
export function MarkerCard({ version }: { version: number }) {
  const list = useLoad(getMarkerList, [version]);
  const files = list.data?.files ?? [];
  const [wanted, setWanted] = useState<string | null>(null);
  const file = wanted !== null && files.includes(wanted) ? wanted : (files[0] ?? null);
  const table = useLoad(async (signal) => (file === null ? null : getMarkerFile(file, signal)), [file, version]);
  const [query, setQuery] = useState('');
  const columns = useMemo(() => (table.data?.headers ?? []).filter((header) => header !== '' && !REPEATED.has(header)).map(columnOf), [table.data]);
  const rows = useMemo(() => (table.data?.rows ?? []).filter((row) => matchesQuery(Object.values(row), query)), [table.data, query]);
  return (
    <Card
      title="Markers"
      flush
      class="dash-markers"
      actions={
        file !== null && (
          <>
            <TextField type="search" label="Search markers" hideLabel placeholder="Search" value={query} onInput={setQuery} />
            <Select label="Marker file" hideLabel value={file} options={files.map((name) => ({ value: name, label: name }))} onChange={setWanted} />
          </>
        )
      }
    >
      {list.error ? <LoadError what="the list of marker files" error={list.error} retry={list.reload} /> : null}
      {table.error ? <LoadError what="the markers" error={table.error} retry={table.reload} /> : null}
      {!list.data && !list.error && <Loading what="markers" />}
      {list.data && file === null && (
        <Empty title="No markers in this folder" command={'mtbsync transfer-markers --ref-markers markers.csv \\\n  --timewarp-json run1/timewarp.json --out run1/new_markers.csv'}>
          Carry the markers of a reference over with:
        </Empty>
      )}
      {table.data && (
        <Table
          key={file ?? ''}
          label={`Markers of ${file ?? ''}`}
          columns={columns}
          rows={rows}
          rowKey={(row) => (table.data?.rows ?? []).indexOf(row)}
          empty={<Empty title={query === '' ? 'This table has no rows' : 'No marker matches'} />}
        />
      )}
    </Card>
  );
}
