/**
 * The overlay plot: places of the new run across, of the reference up, a second as long on both. On the grey diagonal both recordings
 * would be at the same time.
 */
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { Pairs, WarpSample } from '../../api';
import { axis, Chart, type ChartTheme } from '../../components/chart';
import { clock } from '../../lib/format';
import { useWidth } from '../../lib/hooks';
import { gaps, type WarpMap } from '../../player/warp';
import { CLOCK_STEPS, equalScales, fittingHeight, placeLabels, type Scales } from './geometry';
import type { MarkerPoint } from './points';

export interface OverlayPlotProps {
  sample: WarpSample | null;
  map: WarpMap | null;
  pairs: Pairs | null;
  points: readonly MarkerPoint[];
  newSecs: number;
  refSecs: number;
  label: string;
  /** Where on the plot the pointer is; null outside. */
  onPoint: (place: { newSecs: number; refSecs: number | null } | null) => void;
}

/** Room of the axes and at the free edges, CSS pixels; 18 of an axis are its label. Fixed, so that equal scales can be computed before drawing. */
const LEFT = 62;
const BOTTOM = 44;
const FREE = 14;

const HEIGHTS = [300, 720] as const;

const ratio = (): number => devicePixelRatio;

interface Content extends OverlayPlotProps {
  scales: Scales;
}

export function OverlayPlot(props: OverlayPlotProps) {
  const { sample, map, pairs, points, newSecs, refSecs, label, onPoint } = props;
  const [attach, width] = useWidth<HTMLDivElement>();
  const inner = Math.max(1, width - LEFT - FREE);
  const innerHeight = fittingHeight([0, newSecs], [0, refSecs], inner, HEIGHTS);
  const scales = equalScales([0, newSecs], [0, refSecs], inner, innerHeight);
  const data = useMemo<uPlot.AlignedData>(() => {
    if (!sample || sample.t_new.length === 0) return [[0], [null], [null], [null]];
    return [sample.t_new, sample.low, sample.high, sample.t_ref];
  }, [sample]);
  // A new object for each change of what hooks draw: the key below makes the chart anew with it.
  const content = useMemo<Content & { key: string }>(() => {
    drawn += 1;
    return { ...props, scales, key: String(drawn) };
  }, [sample, map, pairs, points, newSecs, refSecs, inner, innerHeight]);
  return (
    <div ref={attach} class="viewer-plot">
      {width > 0 && (
        <Chart
          label={label}
          height={innerHeight + BOTTOM + FREE}
          data={data}
          optionsKey={content.key}
          options={(theme) => optionsOf(theme, content, onPoint)}
        />
      )}
    </div>
  );
}

/** Charts made so far; tells one content from another. */
let drawn = 0;

function optionsOf(theme: ChartTheme, content: Content, onPoint: OverlayPlotProps['onPoint']): Omit<uPlot.Options, 'width' | 'height'> {
  const line = theme.colour('--accent');
  const edge = { stroke: 'transparent', width: 0, points: { show: false } };
  const times = (_u: uPlot, ticks: number[]) => ticks.map((tick) => (tick < 0 ? '' : clock(tick, 0)));
  return {
    padding: [FREE, FREE, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: false, range: () => [...content.scales.x] }, y: { range: () => [...content.scales.y] } },
    axes: [axis(theme, { size: BOTTOM - 18, label: 'new run', incrs: CLOCK_STEPS, values: times }), axis(theme, { size: LEFT - 18, label: 'reference', incrs: CLOCK_STEPS, values: times })],
    bands: [{ series: [2, 1], fill: `color-mix(in srgb, ${line} 22%, transparent)` }],
    series: [{}, edge, edge, { stroke: line, width: 2, points: { show: false } }],
    hooks: {
      drawClear: [
        (u) => {
          drawUnmapped(u, theme, content);
          drawDiagonal(u, theme);
          drawPairs(u, theme, content.pairs);
        },
      ],
      draw: [(u) => drawMarkers(u, theme, content.points)],
      setCursor: [
        (u) => {
          const left = u.cursor.left ?? -1;
          if (left < 0) onPoint(null);
          else {
            const at = u.posToVal(left, 'x');
            onPoint({ newSecs: at, refSecs: content.map?.refFromNew(at) ?? null });
          }
        },
      ],
    },
  };
}

/** Runs `draw` with nothing drawn outside the plot. */
function clipped(u: uPlot, draw: (ctx: CanvasRenderingContext2D) => void): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

/** Stretches of either recording without a counterpart: upright for the new run, level for the reference. */
function drawUnmapped(u: uPlot, theme: ChartTheme, { map, newSecs, refSecs }: Content): void {
  clipped(u, (ctx) => {
    const { bbox } = u;
    const [x0, x1] = [u.valToPos(0, 'x', true), u.valToPos(newSecs, 'x', true)];
    const [y0, y1] = [u.valToPos(0, 'y', true), u.valToPos(refSecs, 'y', true)];
    ctx.fillStyle = theme.colour('--surface-3');
    for (const [from, to] of gaps(map?.ranges('new') ?? [], newSecs)) {
      const left = u.valToPos(from, 'x', true);
      ctx.fillRect(left, y1, u.valToPos(to, 'x', true) - left, y0 - y1);
    }
    for (const [from, to] of gaps(map?.ranges('ref') ?? [], refSecs)) {
      const top = u.valToPos(to, 'y', true);
      ctx.fillRect(x0, top, x1 - x0, u.valToPos(from, 'y', true) - top);
    }
    // Both recordings end here; what lies beyond is only there for equal scales.
    ctx.strokeStyle = theme.colour('--border-strong');
    ctx.lineWidth = ratio();
    ctx.strokeRect(Math.max(x0, bbox.left), y1, x1 - x0, y0 - y1);
  });
}

function drawDiagonal(u: uPlot, theme: ChartTheme): void {
  const { min = 0, max = 1 } = u.scales['x'] ?? {};
  const [from, to] = [min ?? 0, max ?? 1];
  clipped(u, (ctx) => {
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = ratio();
    ctx.setLineDash([5 * ratio(), 5 * ratio()]);
    ctx.beginPath();
    ctx.moveTo(u.valToPos(from, 'x', true), u.valToPos(from, 'y', true));
    ctx.lineTo(u.valToPos(to, 'x', true), u.valToPos(to, 'y', true));
    ctx.stroke();
  });
}

/** The surer a pair, the darker its dot. */
function drawPairs(u: uPlot, theme: ChartTheme, pairs: Pairs | null): void {
  if (!pairs) return;
  clipped(u, (ctx) => {
    ctx.fillStyle = theme.colour('--ref');
    const radius = 2.2 * ratio();
    pairs.t_new.forEach((tNew, index) => {
      const tRef = pairs.t_ref[index];
      if (tRef === undefined) return;
      ctx.globalAlpha = 0.2 + 0.6 * Math.min(Math.max(pairs.confidence[index] ?? 1, 0), 1);
      ctx.beginPath();
      ctx.arc(u.valToPos(tNew, 'x', true), u.valToPos(tRef, 'y', true), radius, 0, 2 * Math.PI);
      ctx.fill();
    });
  });
}

/** A disc for a sure marker, a hollow one for one to review; its interval as a level line. */
function drawMarkers(u: uPlot, theme: ChartTheme, points: readonly MarkerPoint[]): void {
  clipped(u, (ctx) => {
    const size = ratio();
    ctx.font = `600 ${12 * size}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    ctx.textAlign = 'left';
    ctx.lineWidth = 2 * size;
    const places = points.map((point) => ({ x: u.valToPos(point.tNewSecs, 'x', true), y: u.valToPos(point.tRefSecs, 'y', true), width: ctx.measureText(point.name).width, height: 14 * size }));
    const labels = placeLabels(places, u.bbox, 6 * size);
    points.forEach((point, index) => {
      const place = places[index];
      if (!place) return;
      const isSure = point.status === 'ok';
      ctx.strokeStyle = theme.colour(isSure ? '--new' : '--warn');
      ctx.fillStyle = isSure ? ctx.strokeStyle : theme.surface;
      if (point.lowSecs !== null && point.highSecs !== null) {
        ctx.beginPath();
        ctx.moveTo(u.valToPos(point.lowSecs, 'x', true), place.y);
        ctx.lineTo(u.valToPos(point.highSecs, 'x', true), place.y);
        ctx.stroke();
      }
      ctx.beginPath();
      ctx.arc(place.x, place.y, 4.5 * size, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
      const label = labels[index];
      if (!label) return;
      ctx.fillStyle = theme.text;
      ctx.fillText(point.name, label.left, label.top);
    });
  });
}
