/**
 * The time delta over the new run: above zero the new run has lost time since the start of the stretch. The band is where the curve
 * lies with 90 % probability; hatched stretches are not mapped and have no curve; dotted ones are stops.
 */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Anchor, WarpSample } from '../api';
import { deltaCurve } from '../compare/delta';
import { axis, Chart, type ChartTheme } from '../components/chart';
import { clock, signedSecs } from '../lib/format';
import { useStore } from '../lib/store';
import type { Deck, DeckState } from '../player/deck';
import { gaps, type WarpMap } from '../player/warp';
import { LANE_INSET_LEFT, LANE_INSET_RIGHT } from './lanes';
import type { Range } from './view';

export interface DeltaChartProps {
  deck: Deck;
  map: WarpMap;
  sample: WarpSample;
  anchors: readonly Anchor[];
  durationSecs: number;
  range: Range;
  height: number;
}

const toAligned = (curve: ReturnType<typeof deltaCurve>): uPlot.AlignedData => [curve.newSecs, curve.low, curve.high, curve.delta];

/** Distances of time ticks, seconds: those of a watch, not of a ruler. */
const TICK_SECS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600];

/** Least height of the scale, so that a hundredth of a second does not fill the picture. */
const MIN_SCALE_SECS = 0.4;

function valueRange(_chart: uPlot, low: number | null, high: number | null): [number, number] {
  const [a, b] = [Math.min(low ?? 0, 0), Math.max(high ?? 0, 0)];
  const pad = Math.max((b - a) * 0.12, (MIN_SCALE_SECS - (b - a)) / 2, 0.02);
  return [a - pad, b + pad];
}

export function DeltaChart({ deck, map, sample, anchors, durationSecs, range, height }: DeltaChartProps) {
  const chart = useRef<uPlot | null>(null);
  const playhead = useRef<HTMLDivElement | null>(null);
  const data = useMemo(() => toAligned(deltaCurve(sample)), [sample]);
  // The draw hook outlives a render, so it reads what is current through this.
  const loop = useStore(deck.state, (state) => state.loop);
  const latest = useRef({ map, sample, anchors, durationSecs, range, loop });
  latest.current = { map, sample, anchors, durationSecs, range, loop };

  const place = () => {
    const { newSecs } = deck.state.get();
    const [u, line] = [chart.current, playhead.current];
    if (!u || !line) return;
    const { fromSecs, toSecs } = latest.current.range;
    line.hidden = newSecs === null || newSecs < fromSecs || newSecs > toSecs;
    if (newSecs !== null) line.style.transform = `translateX(${u.valToPos(newSecs, 'x')}px)`;
  };
  useEffect(() => deck.state.subscribe(place), [deck]);
  useEffect(() => {
    chart.current?.setScale('x', { min: range.fromSecs, max: range.toSecs });
    place();
  }, [range.fromSecs, range.toSecs, data]);
  useEffect(() => chart.current?.redraw(false), [anchors, sample, loop]);

  const options = (theme: ChartTheme): Omit<uPlot.Options, 'width' | 'height'> => {
    const line = theme.colour('--accent');
    return {
      padding: [8, LANE_INSET_RIGHT, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
      scales: { x: { time: false, range: (_u, min, max) => [min ?? 0, max ?? 1] }, y: { range: valueRange } },
      axes: [
        axis(theme, { size: 26, incrs: TICK_SECS, values: (_u, ticks) => ticks.map((tick) => clock(tick, tickDecimals(ticks))) }),
        axis(theme, { size: LANE_INSET_LEFT, values: (_u, ticks) => ticks.map((tick) => signedSecs(tick, tickDecimals(ticks))) }),
      ],
      bands: [{ series: [2, 1], fill: withAlpha(line, 0.18) }],
      series: [{}, { show: true, stroke: 'transparent', width: 0, points: { show: false } }, { stroke: 'transparent', width: 0, points: { show: false } }, { stroke: line, width: 2, points: { show: false } }],
      hooks: {
        drawClear: [(u) => drawGround(u, theme, latest.current)],
        draw: [
          (u) => {
            drawMeaning(u, theme);
            drawAnchors(u, theme, latest.current.anchors);
          },
        ],
        ready: [
          (u) => {
            const div = document.createElement('div');
            div.className = 'playhead';
            u.over.append(div);
            playhead.current = div;
            scrubOn(u.over, (x) => deck.goto('new', Math.min(Math.max(u.posToVal(x, 'x'), 0), latest.current.durationSecs)));
          },
        ],
        setSize: [place],
      },
    };
  };
  return (
    <Chart
      label="Time delta over the new run: above zero the new run is losing"
      height={height}
      data={data}
      options={options}
      onChart={(made) => {
        chart.current = made;
        if (made) {
          made.setScale('x', { min: latest.current.range.fromSecs, max: latest.current.range.toSecs });
          place();
        }
      }}
    />
  );
}

const tickDecimals = (ticks: readonly number[]): number => ((ticks[1] ?? 1) - (ticks[0] ?? 0) < 0.095 ? 2 : (ticks[1] ?? 1) - (ticks[0] ?? 0) < 1 ? 1 : 0);

/** `rgb(…)` with transparency. */
function withAlpha(colour: string, alpha: number): string {
  return `color-mix(in srgb, ${colour} ${alpha * 100}%, transparent)`;
}

/** Click and drag move the playhead. */
function scrubOn(element: HTMLElement, goto: (x: number) => void): void {
  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    goto(event.offsetX);
  });
  element.addEventListener('pointermove', (event) => {
    if (element.hasPointerCapture(event.pointerId)) goto(event.clientX - element.getBoundingClientRect().left);
  });
}

interface Ground {
  map: WarpMap;
  sample: WarpSample;
  durationSecs: number;
  loop: DeckState['loop'];
}

/** Under the curve: what is not mapped, where somebody stands, and the zero line. */
function drawGround(u: uPlot, theme: ChartTheme, { map, sample, durationSecs, loop }: Ground): void {
  const { ctx } = u;
  const box = u.bbox;
  const x = (secs: number) => Math.min(Math.max(u.valToPos(secs, 'x', true), box.left), box.left + box.width);
  ctx.save();
  for (const [from, to] of gaps(map.ranges('new'), durationSecs)) {
    hatch(ctx, x(from), box.top, x(to) - x(from), box.height, theme, 9 * devicePixelRatio);
    label(ctx, 'no counterpart', x(from), x(to), box.top, theme);
  }
  for (const stop of sample.stops) {
    const from = stop.side === 'new' ? stop.from : map.newFromRef(stop.from);
    const to = stop.side === 'new' ? stop.to : map.newFromRef(stop.to);
    if (from === null || to === null) continue;
    const width = Math.max(x(to) - x(from), 2 * devicePixelRatio);
    ctx.fillStyle = withAlpha(theme.colour(stop.side === 'new' ? '--new' : '--ref'), 0.16);
    ctx.fillRect(x(from), box.top, width, box.height);
    label(ctx, stop.side === 'new' ? 'new run stands' : 'reference stands', x(from), x(from) + Math.max(width, 110 * devicePixelRatio), box.top, theme);
  }
  if (loop) {
    const [from, to] = [x(loop.fromSecs), x(loop.toSecs)];
    ctx.fillStyle = withAlpha(theme.colour('--accent'), 0.1);
    ctx.fillRect(from, box.top, to - from, box.height);
    ctx.fillStyle = theme.colour('--accent');
    for (const edge of [from, to]) ctx.fillRect(edge - devicePixelRatio, box.top, 2 * devicePixelRatio, box.height);
    label(ctx, 'repeating', from, to, box.top, theme);
  }
  const zero = u.valToPos(0, 'y', true);
  ctx.strokeStyle = theme.muted;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(box.left, zero);
  ctx.lineTo(box.left + box.width, zero);
  ctx.stroke();
  ctx.restore();
}

function hatch(ctx: CanvasRenderingContext2D, left: number, top: number, width: number, height: number, theme: ChartTheme, step: number): void {
  if (width <= 0) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.fillStyle = theme.colour('--surface-2');
  ctx.fillRect(left, top, width, height);
  ctx.strokeStyle = theme.colour('--surface-3');
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let at = left - height; at < left + width; at += step) {
    ctx.moveTo(at, top + height);
    ctx.lineTo(at + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

function label(ctx: CanvasRenderingContext2D, text: string, from: number, to: number, top: number, theme: ChartTheme): void {
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  if (ctx.measureText(text).width + 8 * devicePixelRatio > to - from) return;
  ctx.fillStyle = theme.muted;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  ctx.fillText(text, from + 5 * devicePixelRatio, top + 4 * devicePixelRatio);
}

/** Says which way is which, at the right edge. */
function drawMeaning(u: uPlot, theme: ChartTheme): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = theme.muted;
  ctx.textAlign = 'right';
  const right = bbox.left + bbox.width - 6 * devicePixelRatio;
  ctx.textBaseline = 'top';
  ctx.fillText('▲ new run behind', right, bbox.top + 4 * devicePixelRatio);
  ctx.textBaseline = 'bottom';
  ctx.fillText('▼ new run ahead', right, bbox.top + bbox.height - 4 * devicePixelRatio);
  ctx.restore();
}

/** Anchors are met exactly: a small diamond on the curve. */
function drawAnchors(u: uPlot, theme: ChartTheme, anchors: readonly Anchor[]): void {
  const { ctx } = u;
  const size = 5 * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  for (const anchor of anchors) {
    const xs = u.data[0];
    const i = u.valToIdx(anchor.t_new);
    const value = u.data[3]?.[i];
    if (value === null || value === undefined || xs.length === 0) continue;
    const [x, y] = [u.valToPos(anchor.t_new, 'x', true), u.valToPos(value, 'y', true)];
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.closePath();
    ctx.fillStyle = theme.surface;
    ctx.fill();
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.strokeStyle = theme.text;
    ctx.stroke();
  }
  ctx.restore();
}
