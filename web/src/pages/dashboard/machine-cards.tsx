/** What the runs cost the machine: five small series, and the newest records as they come. */
import { Badge, Card, Empty, Loading, LoadError, Table, type Column } from '../../components';
import { number, secs } from '../../lib/format';
import { MetricChart } from '../telemetry/metric-chart';
import { METRICS, summarise, valuesOf, type PerfEvent } from '../telemetry/series';
import type { LivePerf } from '../telemetry/use-perf';
import { LiveBadge } from '../telemetry';

const CHART_HEIGHT = 130;

/** Runs in the small charts; the telemetry page shows more. */
const RUNS_SHOWN = 100;

export function MachineCard({ perf }: { perf: LivePerf }) {
  const samples = (perf.samples ?? []).slice(-RUNS_SHOWN);
  return (
    <Card title="Machine" class="dash-machine" actions={<a href="/telemetry">More in Telemetry</a>}>
      {perf.error ? <LoadError what="the history" error={perf.error} retry={perf.reload} /> : null}
      {!perf.samples && !perf.error && <Loading what="the history" />}
      {perf.samples?.length === 0 && (
        <Empty title="No run has been recorded here" command="mtbsync sync --reference ref.mp4 --new new.mp4 --out run1">
          Each run leaves a perf.json.
        </Empty>
      )}
      {samples.length > 0 && (
        <div class="small-charts">
          {METRICS.map((metric) => {
            const summary = summarise(valuesOf(samples, metric.key));
            return (
              <figure key={metric.key} class="small-chart">
                <figcaption title={metric.title}>
                  <strong>{metric.label}</strong>
                  <span class="num">
                    {number(summary.latest, metric.decimals)} <span class="muted">{metric.unit}</span>
                  </span>
                </figcaption>
                {summary.count === 0 ? <p class="small muted small-none">No run says it.</p> : <MetricChart metric={metric} samples={samples} by="run" smoothing={1} height={CHART_HEIGHT} />}
              </figure>
            );
          })}
        </div>
      )}
    </Card>
  );
}

const COLUMNS: readonly Column<PerfEvent>[] = [
  { key: 'file', label: 'Record', value: (event) => event.file },
  { key: 'cmd', label: 'Command', value: (event) => event.cmd, cell: (event) => event.cmd && <Badge>{event.cmd}</Badge> },
  { key: 'wall', label: 'Wall time', align: 'end', value: (event) => event.wallSecs, cell: (event) => secs(event.wallSecs, 1) },
  ...METRICS.map((metric) => ({
    key: metric.key,
    label: metric.label,
    title: `${metric.title} (${metric.unit})`,
    align: 'end' as const,
    value: (event: PerfEvent) => event.values[metric.key] ?? null,
    cell: (event: PerfEvent) => number(event.values[metric.key] ?? null, metric.decimals),
  })),
];

export function LiveCard({ perf }: { perf: LivePerf }) {
  return (
    <Card title="Newest records" flush class="dash-live" actions={<LiveBadge live connected={perf.connected} />}>
      <Table
        label="Newest run records, as they come"
        columns={COLUMNS}
        rows={perf.events}
        rowKey={(event) => event.file}
        empty={<Empty title="Waiting for a run">Runs that end below this folder appear here by themselves.</Empty>}
      />
    </Card>
  );
}
