/** The time warp of one run: verdict, numbers, reasons, and its curve. */
import { getWarp, type Run } from '../../api';
import { setQuery } from '../../app/router';
import { Badge, Card, Empty, Loading, LoadError, Notice, Select, Stats } from '../../components';
import { moment, number, percent, secs } from '../../lib/format';
import { useLoad } from '../../lib/hooks';
import { compareHref, runState, viewerHref } from './run-choice';
import { WarpPlot } from './warp-plot';

const PLOT_SAMPLES = 1000;

export function WarpCard({ runs, run }: { runs: readonly Run[]; run: Run | undefined }) {
  return (
    <Card
      title="Time warp"
      class="dash-warp"
      actions={
        run && (
          <Select label="Run" hideLabel value={run.id} options={runs.map((item) => ({ value: item.id, label: item.name }))} onChange={(id) => setQuery({ run: id })} />
        )
      }
    >
      {run ? (
        <Warp key={run.id} run={run} />
      ) : (
        <Empty title="timewarp.json not found" command={'mtbsync sync --reference ref.mp4 --new new.mp4 --out run1'}>
          No run in this folder has a map. Make one with:
        </Empty>
      )}
    </Card>
  );
}

function Warp({ run }: { run: Run }) {
  // A run without a model has no readable timewarp.json; asking for its curve would only fail.
  const hasMap = run.model !== null;
  const sample = useLoad(async (signal) => (hasMap ? getWarp(run.id, PLOT_SAMPLES, {}, signal) : null), [run.id, run.mtime, hasMap]);
  const state = runState(run);
  const sampled = sample.data;
  const durationSecs = run.new?.duration ?? sampled?.t_new[sampled.t_new.length - 1] ?? 0;
  return (
    <div class="grid">
      <div class="dash-line">
        <Badge tone={state.tone}>{state.word}</Badge>
        <span class="small muted">
          {[run.new?.name, run.reference?.name].filter(Boolean).join(' on ') || run.path} · {moment(run.mtime)}
        </span>
        <span class="dash-links">
          <a href={compareHref(run)}>Compare</a>
          <a href={viewerHref(run)}>Viewer</a>
        </span>
      </div>
      <Stats
        label="Time warp in numbers"
        items={[
          { name: 'Model', value: run.model ?? '–' },
          { name: 'Coverage', value: percent(run.coverage), title: 'Share of the new run that has a counterpart' },
          { name: 'Inliers', value: percent(run.inlier_frac), title: 'Share of pairs that lie on the curve' },
          { name: 'P90', value: secs(run.p90), title: '90 % of the pairs lie closer to the curve' },
          { name: 'PPM', value: number(run.ppm, 0), title: 'Deviation of the mean pace from that of the reference, in millionths' },
        ]}
      />
      {run.error && <Notice tone="bad" title="This run cannot be read">{run.error}</Notice>}
      {run.reasons.length > 0 && (
        <Notice tone={run.ok ? 'warn' : 'bad'} title={run.ok ? 'Remarks' : 'Refused'}>
          <ul>
            {run.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </Notice>
      )}
      {sample.error ? <LoadError what="the curve" error={sample.error} retry={sample.reload} /> : null}
      {sample.loading && !sampled && <Loading what="the curve" />}
      {sampled && sampled.segments.length > 0 && (
        <figure>
          <figcaption class="small muted">Time lost (above zero) or gained over the new run, with its 90 % band. Grey: no counterpart.</figcaption>
          <WarpPlot sample={sampled} durationSecs={durationSecs} />
        </figure>
      )}
      {sampled && sampled.segments.length === 0 && <p class="small muted">No stretch of the new run was found on the reference: there is no curve.</p>}
    </div>
  );
}
