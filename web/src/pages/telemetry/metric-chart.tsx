/** One series over the runs: a line with a point per run, broken where a run did not say. */
import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import { axis, Chart } from '../../components/chart';
import { moment, number } from '../../lib/format';
import { smooth, summarise, valuesOf, type Metric, type PerfSample } from './series';

export type ChartAxis = 'run' | 'time';

export interface MetricChartProps {
  metric: Metric;
  samples: readonly PerfSample[];
  /** Runs side by side at even distance, or where they were in time. */
  by: ChartAxis;
  /** Runs in the moving mean; 1 draws the values only. */
  smoothing: number;
  height: number;
}

/** Least distance of two dates on the axis. */
const DATE_PIXELS = 84;

/** Distances of dates when runs stand evenly: there is nothing between two runs. */
const RUN_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Room above and below the values, as a share of their span. */
const MARGIN_SHARE = 0.1;

function valueRange(_chart: uPlot, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const pad = Math.max((high - low) * MARGIN_SHARE, Math.abs(high) * 0.02, 0.5);
  return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
}

/** With one run there is no span; it stands in the middle. */
function xRange(_chart: uPlot, low: number | null, high: number | null): [number, number] {
  const [a, b] = [low ?? 0, high ?? 1];
  const pad = b > a ? (b - a) * 0.02 : 1;
  return [a - pad, b + pad];
}

export function MetricChart({ metric, samples, by, smoothing, height }: MetricChartProps) {
  // A run without a time has no place on a time axis.
  const shown = useMemo(() => (by === 'time' ? samples.filter((sample) => sample.endedSecs !== null) : samples), [samples, by]);
  const data = useMemo<uPlot.AlignedData>(() => {
    const values = valuesOf(shown, metric.key);
    const xs = shown.map((sample, index) => (by === 'time' ? (sample.endedSecs ?? 0) : index));
    return smoothing > 1 ? [xs, values, smooth(values, smoothing)] : [xs, values];
  }, [shown, metric.key, by, smoothing]);
  const summary = summarise(data[1] as (number | null)[]);
  // Month, day and time: the year stands in the table.
  const date = (x: number) => moment(by === 'time' ? x : (shown[x]?.endedSecs ?? null)).replace(/^\d+-/, '');

  const label = `${metric.label} over ${shown.length} runs: ${summary.count} known, latest ${number(summary.latest, metric.decimals)} ${metric.unit}`;
  return (
    <Chart
      label={label}
      height={height}
      data={data}
      optionsKey={`${metric.key} ${by} ${smoothing > 1} ${by === 'run' ? shown.map((sample) => sample.endedSecs).join(' ') : ''}`}
      options={(theme) => {
        const colour = theme.colour(metric.colour);
        const smoothed = smoothing > 1;
        const points = { show: true, size: 5, stroke: colour, fill: colour, width: 0 };
        return {
          padding: [8, DATE_PIXELS / 2, 0, 0],
          legend: { show: false },
          cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
          scales: { x: { time: false, range: xRange }, y: { range: valueRange } },
          axes: [
            axis(theme, {
              size: 24,
              space: DATE_PIXELS,
              ...(by === 'run' && { incrs: RUN_STEPS }),
              values: (_u, ticks) => ticks.map((tick) => (by === 'run' && shown[tick] === undefined ? '' : date(tick))),
            }),
            axis(theme, { size: 48, space: 26 }),
          ],
          series: [
            {},
            { stroke: smoothed ? 'transparent' : colour, width: 1.6, spanGaps: false, points },
            ...(smoothed ? [{ stroke: colour, width: 2, spanGaps: false, points: { show: false } }] : []),
          ],
          hooks: { init: [(u) => attachTip(u, (index) => tipText(metric, shown[index]))] },
        };
      }}
    />
  );
}

function tipText(metric: Metric, sample: PerfSample | undefined): string {
  if (!sample) return '';
  return `${number(sample.values[metric.key] ?? null, metric.decimals)} ${metric.unit}\n${sample.path}\n${moment(sample.endedSecs)}`;
}

/** A small box with what is under the pointer. */
function attachTip(u: uPlot, textOf: (index: number) => string): void {
  const tip = document.createElement('div');
  tip.className = 'chart-tip';
  tip.hidden = true;
  u.over.append(tip);
  const place = () => {
    const { idx, left } = u.cursor;
    const text = idx === null || idx === undefined || left === undefined || left < 0 ? '' : textOf(idx);
    tip.hidden = text === '';
    tip.textContent = text;
    const isRight = (left ?? 0) > u.over.clientWidth / 2;
    tip.style.left = isRight ? '4px' : 'auto';
    tip.style.right = isRight ? 'auto' : '4px';
  };
  (u.hooks.setCursor ??= []).push(place);
}
