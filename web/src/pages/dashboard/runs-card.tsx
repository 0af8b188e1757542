/** All runs of the folder, with ways into them. */
import type { Run } from '../../api';
import { navigate, setQuery } from '../../app/router';
import { Badge, Card, Empty, Table, type Column } from '../../components';
import { moment, percent, secs } from '../../lib/format';
import { compareHref, runState } from './run-choice';

const COLUMNS: readonly Column<Run>[] = [
  { key: 'name', label: 'Run', value: (run) => run.name, cell: (run) => <Name run={run} /> },
  { key: 'state', label: 'State', value: (run) => runState(run).word, cell: (run) => <State run={run} /> },
  { key: 'new', label: 'New run', value: (run) => run.new?.name ?? null },
  { key: 'reference', label: 'Reference', value: (run) => run.reference?.name ?? null },
  { key: 'coverage', label: 'Coverage', align: 'end', value: (run) => run.coverage, cell: (run) => <Share value={run.coverage} /> },
  { key: 'inliers', label: 'Inliers', align: 'end', value: (run) => run.inlier_frac, cell: (run) => percent(run.inlier_frac) },
  { key: 'p90', label: 'P90', align: 'end', value: (run) => run.p90, cell: (run) => secs(run.p90) },
  { key: 'markers', label: 'Markers', align: 'end', title: 'ok / to review / outside', value: (run) => run.markers?.ok ?? null, cell: (run) => (run.markers ? `${run.markers.ok} / ${run.markers.review} / ${run.markers.outside}` : '–') },
  { key: 'mtime', label: 'Changed', value: (run) => run.mtime, cell: (run) => <span class="num nowrap">{moment(run.mtime)}</span> },
];

/** A run that cannot be read says why, in place of its numbers. */
function Name({ run }: { run: Run }) {
  return (
    <>
      <a href={compareHref(run)} onClick={(event) => event.stopPropagation()}>
        {run.name}
      </a>
      {run.ok === null && run.error && <span class="small muted dash-run-error">{run.error}</span>}
    </>
  );
}

function State({ run }: { run: Run }) {
  const { word, tone } = runState(run);
  return (
    <Badge tone={tone} title={run.error ?? run.reasons.join('; ')}>
      {word}
    </Badge>
  );
}

/** A share with a bar behind it, so that a column of them can be compared at a glance. */
function Share({ value }: { value: number | null }) {
  return (
    <span class="share">
      <span class="share-bar" aria-hidden="true">
        <span style={{ width: `${((value ?? 0) * 100).toFixed(1)}%` }} />
      </span>
      <span class="share-number">{percent(value)}</span>
    </span>
  );
}

export function RunsCard({ runs, truncated, current }: { runs: readonly Run[]; truncated: boolean; current: Run | undefined }) {
  return (
    <Card title="Runs" flush class="dash-runs" actions={<span class="small muted num">{truncated ? `first ${runs.length}, the folder is too large to look through` : runs.length}</span>}>
      <Table
        label="Runs of this folder"
        columns={COLUMNS}
        rows={runs}
        rowKey={(run) => run.id}
        current={(run) => run.id === current?.id}
        onRow={(run) => (run.id === current?.id ? navigate(compareHref(run)) : setQuery({ run: run.id }))}
        empty={
          <Empty title="No runs in this folder" command={'mtbsync sync --reference ref.mp4 --new new.mp4 \\\n  --ref-markers markers.csv --out run1'}>
            A run is a folder with timewarp.json. Make one here with:
          </Empty>
        }
      />
    </Card>
  );
}
