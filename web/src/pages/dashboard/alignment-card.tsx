/** How well the pairs fit: over all runs, and within the chosen one. */
import { useMemo } from 'preact/hooks';
import { getPairs, getWarp, type Run } from '../../api';
import { Card, LoadError } from '../../components';
import { useLoad } from '../../lib/hooks';
import { WarpMap } from '../../player/warp';
import { Bars } from './bars';
import { histogram } from './histogram';
import { residualsSecs } from './residuals';

const PAIRS = 5000;
const MAP_SAMPLES = 4000;

/** Per cent of the new run. */
const COVERAGE_EDGES = [0, 0.2, 0.4, 0.6, 0.8, 1];
/** As in the benchmark report, finer at the good end. */
const P90_EDGES = [0, 0.05, 0.1, 0.25, 0.5, 1, 2, Infinity];
const RESIDUAL_EDGES = [0, 0.02, 0.05, 0.1, 0.2, 0.5, 1, Infinity];
const CONFIDENCE_EDGES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

export function AlignmentCard({ runs, run }: { runs: readonly Run[]; run: Run | undefined }) {
  const id = run && run.ok !== null && run.model !== null && run.has_pairs ? run.id : null;
  const found = useLoad(
    async (signal) => {
      if (id === null) return null;
      const [pairs, sample] = await Promise.all([getPairs(id, PAIRS, signal), getWarp(id, MAP_SAMPLES, {}, signal)]);
      return { confidence: pairs.confidence, residuals: residualsSecs(pairs, new WarpMap(sample)) };
    },
    [id, run?.mtime],
  );
  const coverage = useMemo(() => histogram(known(runs.map((item) => item.coverage)), COVERAGE_EDGES), [runs]);
  const p90 = useMemo(() => histogram(known(runs.map((item) => item.p90)), P90_EDGES), [runs]);
  const residuals = useMemo(() => histogram(found.data?.residuals ?? [], RESIDUAL_EDGES), [found.data]);
  const confidence = useMemo(() => histogram(found.data?.confidence ?? [], CONFIDENCE_EDGES), [found.data]);
  return (
    <Card title="Alignment" class="dash-alignment">
      <div class="bars-grid">
        <Bars title="Coverage of all runs" of="runs" bins={coverage} scale={100} unit=" %" none="No run says its coverage." />
        <Bars title="P90 of all runs" of="runs" bins={p90} unit=" s" none="No run says its P90." />
        <Bars title={`Residuals of ${run?.name ?? 'the run'}`} of="pairs" bins={residuals} unit=" s" none={found.loading ? 'Loading …' : 'This run has no pairs on a curve.'} />
        <Bars title={`Confidence in ${run?.name ?? 'the run'}`} of="pairs" bins={confidence} scale={100} unit=" %" none={found.loading ? 'Loading …' : 'This run has no pairs.'} />
      </div>
      {found.error ? <LoadError what="the pairs" error={found.error} retry={found.reload} /> : null}
    </Card>
  );
}
