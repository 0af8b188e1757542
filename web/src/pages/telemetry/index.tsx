/** Telemetry: what the runs of the folder cost the machine, filtered, smoothed, and live. */
import { useMemo, useState } from 'preact/hooks';
import { setQuery, useQuery } from '../../app/router';
import { Badge, Button, Card, Checkbox, Empty, Loading, LoadError, Segments, Select, Stats, Table, TextField, type Column } from '../../components';
import { download } from '../../lib/download';
import { moment, number } from '../../lib/format';
import { MetricChart } from './metric-chart';
import { inWindow, METRICS, samplesCsv, summarise, valuesOf, type Metric, type PerfSample } from './series';
import './telemetry.css';
import { useLivePerf } from './use-perf';
import { LAST_CHOICES, localSecs, parseView, SMOOTHING_CHOICES, viewQuery, type TelemetryView } from './view-state';

const CHART_HEIGHT = 200;

export default function Telemetry() {
  const view = parseView(useQuery());
  const [live, setLive] = useState(true);
  const perf = useLivePerf(live);
  const change = (part: Partial<TelemetryView>) => setQuery(viewQuery({ ...view, ...part }));
  const samples = useMemo(
    () => inWindow(perf.samples ?? [], { fromSecs: localSecs(view.from), toSecs: localSecs(view.to), last: view.last }),
    [perf.samples, view.from, view.to, view.last],
  );
  const metrics = METRICS.filter((metric) => view.metrics.includes(metric.key));
  return (
    <>
      <div class="page-head">
        <h1>Telemetry</h1>
        <LiveBadge live={live} connected={perf.connected} />
        <Checkbox label="Live" checked={live} onChange={setLive} />
        <Button icon="refresh" onClick={perf.reload}>
          Reload
        </Button>
        <Button
          icon="download"
          disabled={samples.length === 0}
          title="The runs and series shown, as measured"
          onClick={() => download('telemetry.csv', samplesCsv(samples, view.metrics))}
        >
          CSV
        </Button>
      </div>
      {perf.error ? <LoadError what="the history" error={perf.error} retry={perf.reload} /> : null}
      {!perf.samples && !perf.error && <Loading what="the history" />}
      {perf.samples?.length === 0 && (
        <Empty title="No run has been recorded here" command={'mtbsync sync --reference ref.mp4 --new new.mp4 --out run1'}>
          Each run leaves a perf.json. Make one in this folder with:
        </Empty>
      )}
      {perf.samples && perf.samples.length > 0 && (
        <div class="grid">
          <Filters view={view} change={change} shown={samples.length} total={perf.samples.length} />
          {samples.length === 0 && <Empty title="No run in this range">Choose a longer one.</Empty>}
          {samples.length > 0 && metrics.length === 0 && <Empty title="No series chosen">Choose at least one above.</Empty>}
          {samples.length > 0 && (
            <>
              <div class="metric-grid">
                {metrics.map((metric) => (
                  <MetricCard key={metric.key} metric={metric} samples={samples} view={view} />
                ))}
              </div>
              <Runs samples={samples} metrics={metrics} />
            </>
          )}
        </div>
      )}
    </>
  );
}

export function LiveBadge({ live, connected }: { live: boolean; connected: boolean }) {
  if (!live) return <Badge>paused</Badge>;
  return <Badge tone={connected ? 'ok' : 'warn'}>{connected ? 'live' : 'connecting'}</Badge>;
}

interface FiltersProps {
  view: TelemetryView;
  change: (part: Partial<TelemetryView>) => void;
  shown: number;
  total: number;
}

function Filters({ view, change, shown, total }: FiltersProps) {
  const toggle = (key: string, on: boolean) => change({ metrics: METRICS.map((metric) => metric.key).filter((other) => (other === key ? on : view.metrics.includes(other))) });
  const filtered = view.from !== '' || view.to !== '';
  return (
    <Card title="Show" actions={<span class="small muted num" role="status">{`${shown} of ${total} runs`}</span>}>
      <div class="telemetry-filters">
        <fieldset class="metric-choice">
          <legend class="field-label">Series</legend>
          {METRICS.map((metric) => (
            <Checkbox key={metric.key} label={metric.label} checked={view.metrics.includes(metric.key)} onChange={(on) => toggle(metric.key, on)} />
          ))}
        </fieldset>
        <Select label="Newest runs" value={String(view.last)} options={LAST_CHOICES.map((n) => ({ value: String(n), label: `last ${n}` }))} onChange={(text) => change({ last: Number(text) })} />
        <TextField type="datetime-local" label="From" value={view.from} onInput={(from) => change({ from })} />
        <TextField type="datetime-local" label="To" value={view.to} onInput={(to) => change({ to })} />
        <Select
          label="Smoothing"
          value={String(view.smoothing)}
          options={SMOOTHING_CHOICES.map((n) => ({ value: String(n), label: n === 1 ? 'none' : `mean of ${n}` }))}
          onChange={(text) => change({ smoothing: Number(text) })}
        />
        <div class="field">
          <span class="field-label">Runs</span>
          <Segments
            label="Horizontal axis"
            value={view.by}
            options={[
              { value: 'run', label: 'evenly', title: 'One step per run' },
              { value: 'time', label: 'by time', title: 'Where they were in time' },
            ]}
            onChange={(by) => change({ by })}
          />
        </div>
        {filtered && (
          <Button kind="quiet" icon="cross" onClick={() => change({ from: '', to: '' })}>
            All times
          </Button>
        )}
      </div>
    </Card>
  );
}

function MetricCard({ metric, samples, view }: { metric: Metric; samples: readonly PerfSample[]; view: TelemetryView }) {
  const summary = summarise(valuesOf(samples, metric.key));
  const show = (value: number | null) => number(value, metric.decimals);
  return (
    <Card title={`${metric.label} (${metric.unit})`} class="metric-card">
      {summary.count === 0 ? (
        <div class="empty metric-none">
          <p>No run of this choice says its {metric.label.toLowerCase()}.</p>
        </div>
      ) : (
        <MetricChart metric={metric} samples={samples} by={view.by} smoothing={view.smoothing} height={CHART_HEIGHT} />
      )}
      <Stats
        label={`${metric.label} in numbers`}
        items={[
          { name: 'Average', value: show(summary.mean) },
          { name: 'Lowest', value: show(summary.min) },
          { name: 'Highest', value: show(summary.max) },
          { name: 'Latest', value: show(summary.latest) },
        ]}
      />
    </Card>
  );
}

function Runs({ samples, metrics }: { samples: readonly PerfSample[]; metrics: readonly Metric[] }) {
  const rows = useMemo(() => [...samples].reverse(), [samples]);
  const columns = useMemo<Column<PerfSample>[]>(
    () => [
      { key: 'ts', label: 'Ended', value: (row) => row.endedSecs, cell: (row) => <span class="num nowrap">{moment(row.endedSecs)}</span> },
      { key: 'path', label: 'Record', value: (row) => row.path },
      ...metrics.map((metric) => ({
        key: metric.key,
        label: metric.label,
        title: `${metric.title} (${metric.unit})`,
        align: 'end' as const,
        value: (row: PerfSample) => row.values[metric.key] ?? null,
        cell: (row: PerfSample) => number(row.values[metric.key] ?? null, metric.decimals),
      })),
      { key: 'total_sec', label: 'Wall time (s)', align: 'end' as const, value: (row: PerfSample) => row.values['total_sec'] ?? null, cell: (row: PerfSample) => number(row.values['total_sec'] ?? null, 1) },
    ],
    [metrics.map((metric) => metric.key).join()],
  );
  return (
    <Card title="Runs" flush class="telemetry-runs">
      <Table label="Runs and what they cost" columns={columns} rows={rows} rowKey={(row) => `${row.path} ${row.endedSecs ?? ''}`} />
    </Card>
  );
}
