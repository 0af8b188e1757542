/** Compare: two recordings of one trail, locked by place. */
import { useState } from 'preact/hooks';
import type { Run } from '../../api';
import { parseState } from '../../compare/url-state';
import type { LoadedWarp } from '../../compare/use-warp';
import { RunPage } from '../../stage/run-page';
import './compare.css';
import { Workspace } from './workspace';

export default function Compare() {
  return <RunPage title="Compare">{(run, warp) => <FromAddress run={run} warp={warp} />}</RunPage>;
}

/** Opens what the address says; without a map only a lock by time is possible. */
function FromAddress({ run, warp }: { run: Run; warp: LoadedWarp }) {
  const [initial] = useState(() => parseState(new URLSearchParams(location.search)));
  return <Workspace run={run} warp={warp} map={warp.map} initial={warp.map ? initial : { ...initial, lock: 'time' }} />;
}
