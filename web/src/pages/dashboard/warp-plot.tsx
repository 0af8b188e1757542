/** The time warp of a run as the time it loses or gains over its length, with the 90 % band. */
import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import type { WarpSample } from '../../api';
import { deltaCurve } from '../../compare/delta';
import { axis, Chart } from '../../components/chart';
import { clock, signedSecs } from '../../lib/format';
import { CLOCK_STEPS } from '../viewer/geometry';
import { gaps } from '../../player/warp';

const HEIGHT = 230;

/** Least span of the scale, so that hundredths of a second do not fill the picture. */
const MIN_SPAN_SECS = 0.4;

function valueRange(_chart: uPlot, low: number | null, high: number | null): [number, number] {
  const [a, b] = [Math.min(low ?? 0, 0), Math.max(high ?? 0, 0)];
  const pad = Math.max((b - a) * 0.1, (MIN_SPAN_SECS - (b - a)) / 2);
  return [a - pad, b + pad];
}

export function WarpPlot({ sample, durationSecs }: { sample: WarpSample; durationSecs: number }) {
  const data = useMemo<uPlot.AlignedData>(() => {
    const curve = deltaCurve(sample);
    return [curve.newSecs, curve.low, curve.high, curve.delta];
  }, [sample]);
  const unmapped = useMemo(() => gaps(sample.segments, durationSecs), [sample, durationSecs]);
  return (
    <Chart
      label="Time delta over the new run: above zero the new run is losing; shaded stretches are not mapped"
      height={HEIGHT}
      data={data}
      optionsKey={unmapped.flat().join(' ')}
      options={(theme) => {
        const line = theme.colour('--accent');
        const edge = { stroke: 'transparent', width: 0, points: { show: false } };
        return {
          padding: [10, 14, 0, 0],
          legend: { show: false },
          cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
          scales: { x: { time: false, range: (_u, low, high) => [low ?? 0, high ?? 1] }, y: { range: valueRange } },
          axes: [
            axis(theme, { size: 24, incrs: CLOCK_STEPS, values: (_u, ticks) => ticks.map((tick) => clock(tick, 0)) }),
            axis(theme, { size: 62, values: (_u, ticks) => ticks.map((tick) => signedSecs(tick, (ticks[1] ?? 1) - (ticks[0] ?? 0) < 1 ? 1 : 0)) }),
          ],
          bands: [{ series: [2, 1], fill: `color-mix(in srgb, ${line} 18%, transparent)` }],
          series: [{}, edge, edge, { stroke: line, width: 2, points: { show: false } }],
          hooks: {
            drawClear: [
              (u) => {
                const { ctx, bbox } = u;
                ctx.save();
                ctx.fillStyle = theme.colour('--surface-3');
                for (const [from, to] of unmapped) {
                  const left = Math.max(u.valToPos(from, 'x', true), bbox.left);
                  const right = Math.min(u.valToPos(to, 'x', true), bbox.left + bbox.width);
                  if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
                }
                const zero = u.valToPos(0, 'y', true);
                ctx.strokeStyle = theme.muted;
                ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
                ctx.beginPath();
                ctx.moveTo(bbox.left, zero);
                ctx.lineTo(bbox.left + bbox.width, zero);
                ctx.stroke();
                ctx.restore();
              },
            ],
          },
        };
      }}
    />
  );
}
