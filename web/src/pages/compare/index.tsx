/** Compare: two recordings of one trail, locked by place. */
import { useEffect, useState } from 'preact/hooks';
import { getRuns, type Run } from '../../api';
import { setQuery, useQuery } from '../../app/router';
import { Badge, Empty, Loading, LoadError, Select } from '../../components';
import { parseState } from '../../compare/url-state';
import { useWarp } from '../../compare/use-warp';
import { percent } from '../../lib/format';
import { useLoad } from '../../lib/hooks';
import './compare.css';
import { Workspace } from './workspace';

export default function Compare() {
  const runs = useLoad(getRuns, []);
  const wanted = useQuery().get('run');
  const items = runs.data?.items ?? [];
  const run = items.find((item) => item.id === wanted) ?? items.find((item) => item.new?.media && item.reference?.media) ?? items[0];
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
        <h1>Compare</h1>
        <RunFacts run={run} />
        <Select
          label="Run"
          hideLabel
          value={run.id}
          options={items.map((item) => ({ value: item.id, label: item.name }))}
          onChange={(id) => setQuery({ run: id, t: null, loop: null, q: null, filter: null })}
        />
      </div>
      {wanted !== null && run.id !== wanted && <p class="small muted">The run of this address is no longer here; the newest one is shown.</p>}
      <Loader key={run.id} run={run} />
    </>
  );
}

export function RunFacts({ run }: { run: Run }) {
  const tone = run.ok === null ? 'neutral' : run.ok ? 'ok' : 'warn';
  return (
    <span class="run-facts">
      <Badge tone={tone} title={run.reasons.join('; ')}>
        {run.ok === null ? 'damaged' : run.ok ? 'aligned' : 'refused'}
      </Badge>
      <span class="small muted">{percent(run.coverage)} of the new run mapped</span>
    </span>
  );
}

/** Waits for the first map, so that the players open at the right place. */
function Loader({ run }: { run: Run }) {
  const [initial] = useState(() => parseState(new URLSearchParams(location.search)));
  const warp = useWarp(run);
  useEffect(() => {
    document.title = `${run.name} – Compare – mtbsync`;
  }, [run.name]);
  if (!warp.map && !warp.error) return <Loading what="the map" />;
  return <Workspace run={run} warp={warp} map={warp.map} initial={warp.map ? initial : { ...initial, lock: 'time' }} />;
}
