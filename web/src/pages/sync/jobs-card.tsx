/** The jobs of this server, newest first. */
import { useMemo } from 'preact/hooks';
import type { Job } from '../../api';
import { Badge, Card, Empty, Loading, LoadError, Table, type Column } from '../../components';
import { clock, moment, UNKNOWN } from '../../lib/format';
import type { Loaded } from '../../lib/hooks';
import { JOB_TONES } from './job-card';

/** Seconds between two moments of the server, both Unix seconds. */
function lasted(job: Job): number | null {
  return typeof job.started === 'number' && typeof job.ended === 'number' ? job.ended - job.started : null;
}

export function JobsCard({ jobs, current, onOpen }: { jobs: Loaded<{ items: Job[] }>; current: string | null; onOpen: (id: string) => void }) {
  const columns = useMemo<Column<Job>[]>(
    () => [
      {
        key: 'id',
        label: 'Job',
        cell: (job) => (
          <a href={`/sync?job=${encodeURIComponent(job.id)}`}>
            {job.kind} {job.id}
          </a>
        ),
      },
      { key: 'state', label: 'State', cell: (job) => <Badge tone={JOB_TONES[job.state]}>{job.state}</Badge> },
      { key: 'created', label: 'Asked', cell: (job) => <span class="num">{moment(job.created)}</span> },
      { key: 'lasted', label: 'Took', align: 'end', cell: (job) => (lasted(job) === null ? UNKNOWN : clock(lasted(job), 0)) },
    ],
    [],
  );
  return (
    <Card title="Jobs" flush class="sync-jobs">
      {jobs.error ? <LoadError what="the jobs" error={jobs.error} retry={jobs.reload} /> : null}
      {!jobs.data && !jobs.error && <Loading what="jobs" />}
      {jobs.data && (
        <Table
          label="Jobs of this server"
          columns={columns}
          rows={jobs.data.items}
          rowKey={(job) => job.id}
          current={(job) => job.id === current}
          onRow={(job) => onOpen(job.id)}
          empty={<Empty title="No jobs yet">Jobs started here run one after another and end with the server.</Empty>}
        />
      )}
    </Card>
  );
}
