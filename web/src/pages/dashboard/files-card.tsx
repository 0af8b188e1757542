/** What the runs left, for download. */
import { useMemo, useState } from 'preact/hooks';
import type { FileItem } from '../../api';
import { Card, Empty, Loading, LoadError, Table, TextField, type Column } from '../../components';
import { bytes, moment } from '../../lib/format';
import type { Loaded } from '../../lib/hooks';
import { matchesQuery } from '../../lib/table';

/** Pictures and reports are looked at; everything else is saved. */
const isShown = (name: string): boolean => /\.(png|html)$/i.test(name);

const COLUMNS: readonly Column<FileItem>[] = [
  {
    key: 'name',
    label: 'File',
    value: (file) => file.name,
    cell: (file) =>
      isShown(file.name) ? (
        <a href={file.href} target="_blank" rel="noreferrer">
          {file.name}
        </a>
      ) : (
        <a href={file.href} download="">
          {file.name}
        </a>
      ),
  },
  { key: 'size', label: 'Size', align: 'end', value: (file) => file.size, cell: (file) => bytes(file.size) },
  { key: 'mtime', label: 'Changed', value: (file) => file.mtime, cell: (file) => <span class="num nowrap">{moment(file.mtime)}</span> },
];

export function FilesCard({ files }: { files: Loaded<{ items: FileItem[] }> }) {
  const [query, setQuery] = useState('');
  const items = files.data?.items;
  const rows = useMemo(() => (items ?? []).filter((file) => matchesQuery([file.name], query)), [items, query]);
  return (
    <Card
      title="Files"
      flush
      class="dash-files"
      actions={items && items.length > 0 && <TextField type="search" label="Search files" hideLabel placeholder="Search" value={query} onInput={setQuery} />}
    >
      {files.error ? <LoadError what="the files" error={files.error} retry={files.reload} /> : null}
      {!items && !files.error && <Loading what="files" />}
      {items && (
        <Table
          label="Files of the runs"
          columns={COLUMNS}
          rows={rows}
          rowKey={(file) => file.name}
          sort={{ key: 'mtime', descending: true }}
          empty={
            <Empty title={items.length === 0 ? 'Nothing to download yet' : 'No file matches'} command={items.length === 0 ? 'mtbsync sync --reference ref.mp4 --new new.mp4 --out run1' : undefined} />
          }
        />
      )}
    </Card>
  );
}
