/** Dashboard: the runs of a folder, how well they are aligned, and whether that gets worse. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { getBatch, getBenchmark, getFiles, getRegression, getRuns } from '../../api';
import { useQuery } from '../../app/router';
import { useRight, useSession } from '../../app/session';
import { Badge, Button, Loading, LoadError } from '../../components';
import { useLoad } from '../../lib/hooks';
import '../telemetry/telemetry.css';
import { useLivePerf } from '../telemetry/use-perf';
import { AlignmentCard } from './alignment-card';
import { BatchCard } from './batch-card';
import './dashboard.css';
import { FilesCard } from './files-card';
import { LiveCard, MachineCard } from './machine-cards';
import { MarkerCard } from './marker-card';
import { STATUS } from './regression';
import { RegressionCard } from './regression-card';
import { chosenRun } from './run-choice';
import { RunsCard } from './runs-card';
import { UpkeepCard } from './upkeep-card';
import { WarpCard } from './warp-card';

export default function Dashboard() {
  const session = useSession();
  const mayWrite = useRight('write');
  const runs = useLoad(getRuns, []);
  const regression = useLoad(getRegression, []);
  const batch = useLoad(getBatch, []);
  const files = useLoad(getFiles, []);
  const benchmark = useLoad(getBenchmark, []);
  const perf = useLivePerf(true);
  const [version, setVersion] = useState(0);
  const reload = () => {
    for (const part of [runs, regression, batch, files, benchmark]) part.reload();
    setVersion((n) => n + 1);
  };
  const first = useRef(true);
  useEffect(() => {
    // A run that ends changes everything but the machine's history, which has asked for itself.
    if (!first.current) reload();
    first.current = false;
  }, [perf.news]);

  const items = runs.data?.items ?? [];
  const run = chosenRun(items, useQuery().get('run'));
  const status = regression.data && STATUS[regression.data.status];
  const report = benchmark.data?.html;
  return (
    <>
      <div class="page-head">
        <h1>Dashboard</h1>
        {status && (
          <span class="dash-line">
            <span class="small muted">Regression</span>
            <Badge tone={status.tone}>{status.word}</Badge>
          </span>
        )}
        {report && (
          <a class="btn" href={report} target="_blank" rel="noreferrer">
            Benchmark report
          </a>
        )}
        {mayWrite && (
          <a class="btn btn-primary" href="/sync">
            New sync
          </a>
        )}
        <Button
          icon="refresh"
          onClick={() => {
            reload();
            perf.reload();
          }}
        >
          Reload
        </Button>
      </div>
      {runs.error ? <LoadError what={`the runs of ${session.root_name}`} error={runs.error} retry={runs.reload} /> : null}
      {!runs.data && !runs.error && <Loading what="runs" />}
      <div class="dash">
        {runs.data && <WarpCard runs={items} run={run} />}
        <RegressionCard report={regression} />
        {runs.data && <RunsCard runs={items} truncated={runs.data.truncated} current={run} />}
        {runs.data && items.length > 0 && <AlignmentCard runs={items} run={run} />}
        <BatchCard batch={batch} runs={items} />
        <MachineCard perf={perf} />
        <LiveCard perf={perf} />
        <MarkerCard version={version} />
        <FilesCard files={files} />
        {mayWrite && (
          <UpkeepCard
            files={files.data?.items ?? []}
            records={perf.samples?.length ?? 0}
            onChanged={() => {
              reload();
              perf.reload();
            }}
          />
        )}
      </div>
    </>
  );
}
