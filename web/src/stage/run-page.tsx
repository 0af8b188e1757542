/** The head of pages about one run: which run, how good it is, and the wait for its map. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { getRuns, type Run } from '../api';
import { setQuery, useQuery } from '../app/router';
import { useSession } from '../app/session';
import { useWarp, type LoadedWarp } from '../compare/use-warp';
import { Badge, Empty, Loading, LoadError, Select } from '../components';
import { percent } from '../lib/format';
import { useLoad } from '../lib/hooks';

export interface RunPageProps {
  title: string;
  children: (run: Run, warp: LoadedWarp) => ComponentChildren;
}

/** The run of the address, else that of the command line, else the newest one that can be played. */
function chooseRun(runs: readonly Run[], wanted: string | null, preset: string | null): Run | undefined {
  const byId = (id: string | null) => runs.find((run) => run.id === id);
  return byId(wanted) ?? byId(preset) ?? runs.find((run) => run.new?.media && run.reference?.media) ?? runs[0];
}

export function RunPage({ title, children }: RunPageProps) {
  const runs = useLoad(getRuns, []);
  const wanted = useQuery().get('run');
  const session = useSession();
  const items = runs.data?.items ?? [];
  const run = chooseRun(items, wanted, session.preset_inputs.run ?? null);
  if (runs.error) return <LoadError what="the runs" error={runs.error} retry={runs.reload} />;
  if (!runs.data) return <Loading what="runs" />;
  if (!run) {
    return (
      <Empty title="No runs in this folder" command={'mtbsync sync --reference ref.mp4 --new new.mp4 \\\n  --ref-markers markers.csv --out run1'}>
        A run is a folder with timewarp.json. Make one here with:
      </Empty>
    );
  }
  return (
    <>
      <div class="page-head">
        <h1>{title}</h1>
        <RunFacts run={run} />
        <Select
          label="Run"
          hideLabel
          value={run.id}
          options={items.map((item) => ({ value: item.id, label: item.name }))}
          onChange={(id) => setQuery({ run: id, t: null, loop: null, q: null, filter: null })}
        />
      </div>
      {wanted !== null && run.id !== wanted && <p class="small muted">The run of this address is not here; another one is shown.</p>}
      <WithWarp key={run.id} title={title} run={run}>
        {children}
      </WithWarp>
    </>
  );
}

function RunFacts({ run }: { run: Run }) {
  const tone = run.ok === null ? 'neutral' : run.ok ? 'ok' : 'warn';
  return (
    <span class="run-facts">
      <Badge tone={tone} title={run.error ?? run.reasons.join('; ')}>
        {run.ok === null ? 'no map' : run.ok ? 'aligned' : 'refused'}
      </Badge>
      {run.coverage !== null && <span class="small muted">{percent(run.coverage)} of the new run mapped</span>}
    </span>
  );
}

/** Waits for the first map, so that the players open at the right place. */
function WithWarp({ title, run, children }: RunPageProps & { run: Run }) {
  const warp = useWarp(run);
  useEffect(() => {
    document.title = `${run.name} – ${title} – mtbsync`;
  }, [run.name, title]);
  if (!warp.map && !warp.error && !warp.missing) return <Loading what="the map" />;
  return <>{children(run, warp)}</>;
}
