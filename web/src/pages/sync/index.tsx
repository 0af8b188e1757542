/** Sync: aligns two recordings from the browser, and shows how far the work is. */
import { useState } from 'preact/hooks';
import { getCommands, getJobs, getRuns } from '../../api';
import { setQuery, useQuery } from '../../app/router';
import { useRight, useSession } from '../../app/session';
import { Card, Empty, Loading, LoadError } from '../../components';
import { useLoad } from '../../lib/hooks';
import { JobCard } from './job-card';
import { JobsCard } from './jobs-card';
import { NewSync } from './sync-form';
import './sync.css';

export default function Sync() {
  const mayWrite = useRight('write');
  return (
    <>
      <div class="page-head">
        <h1>Sync</h1>
      </div>
      {mayWrite ? <Room /> : <ReadOnly />}
    </>
  );
}

/** Nothing is asked of the server that it would refuse. */
function ReadOnly() {
  const session = useSession();
  return (
    <Card title="New sync">
      <Empty title="This server is read-only" command={'mtbsync dashboard --root . --allow-write\nmtbsync sync --reference ref.mp4 --new new.mp4 --out run1'}>
        To align recordings of {session.root_name} from here, start it with the right to write; or do it in a terminal.
      </Empty>
    </Card>
  );
}

function Room() {
  const runs = useLoad(getRuns, []);
  const commands = useLoad(getCommands, []);
  const flags = commands.data?.items.find((command) => command.kind === 'sync')?.flags;
  const jobs = useLoad(getJobs, []);
  const job = useQuery().get('job');
  const [started, setStarted] = useState<string | null>(null);
  const open = (id: string) => setQuery({ job: id });
  return (
    <div class="sync">
      <div class="grid">
        {runs.error ? <LoadError what="the recordings" error={runs.error} retry={runs.reload} /> : null}
        {commands.error ? <LoadError what="the flags of the program" error={commands.error} retry={commands.reload} /> : null}
        {((!runs.data && !runs.error) || (!flags && !commands.error)) && <Loading what="recordings" />}
        {runs.data && flags && (
          <NewSync
            runs={runs.data.items}
            flags={flags}
            onStarted={(id) => {
              setStarted(id);
              open(id);
              jobs.reload();
            }}
          />
        )}
      </div>
      <div class="grid">
        {job !== null && <JobCard key={job} id={job} opens={job === started} onEnded={jobs.reload} />}
        <JobsCard jobs={jobs} current={job} onOpen={open} />
      </div>
    </div>
  );
}
