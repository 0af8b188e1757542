/** The curve with its reading, the marker lanes, and the zoom of both. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { Anchor, WarpSample } from '../../api';
import { Button, Toolbar } from '../../components';
import { deltaAt, deltaCurve } from '../../compare/delta';
import type { Marker } from '../../compare/markers';
import { signedSecs } from '../../lib/format';
import { useStore } from '../../lib/store';
import type { Deck } from '../../player/deck';
import type { WarpMap } from '../../player/warp';
import { DeltaChart } from '../../timeline/delta-chart';
import { Lanes } from '../../timeline/lanes';
import '../../timeline/timeline.css';
import { following, zoomed, type Range } from '../../timeline/view';

const CHART_HEIGHT = 190;
const ZOOM_STEP = 2;

export interface TimelineRange {
  range: Range;
  zoomIn: () => void;
  zoomOut: () => void;
  fit: () => void;
  all: boolean;
}

/** The shown part of the new run; it follows the playhead. */
export function useTimelineRange(deck: Deck, durationSecs: number): TimelineRange {
  const [range, setRange] = useState<Range>({ fromSecs: 0, toSecs: durationSecs });
  useEffect(() => setRange({ fromSecs: 0, toSecs: durationSecs }), [durationSecs]);
  useEffect(
    () =>
      deck.state.subscribe(() => {
        const { newSecs } = deck.state.get();
        if (newSecs !== null) setRange((now) => following(now, durationSecs, newSecs));
      }),
    [deck, durationSecs],
  );
  const zoom = useCallback(
    (factor: number) =>
      setRange((now) => zoomed(now, durationSecs, factor, deck.state.get().newSecs ?? (now.fromSecs + now.toSecs) / 2)),
    [deck, durationSecs],
  );
  return {
    range,
    zoomIn: () => zoom(1 / ZOOM_STEP),
    zoomOut: () => zoom(ZOOM_STEP),
    fit: () => setRange({ fromSecs: 0, toSecs: durationSecs }),
    all: range.toSecs - range.fromSecs >= durationSecs,
  };
}

export interface TimelineProps {
  deck: Deck;
  map: WarpMap;
  sample: WarpSample;
  anchors: readonly Anchor[];
  markers: readonly Marker[];
  selected: Marker | null;
  durationSecs: number;
  timeline: TimelineRange;
  onMarker: (marker: Marker) => void;
}

export function Timeline({ deck, map, sample, anchors, markers, selected, durationSecs, timeline, onMarker }: TimelineProps) {
  const outside = markers.filter((marker) => marker.predictedSecs === null && marker.actualSecs === null).length;
  return (
    <section class="card timeline" aria-label="Timeline">
      <div class="timeline-head">
        <h2>Time delta</h2>
        <DeltaReading deck={deck} sample={sample} />
        {outside > 0 && <span class="small muted">{outside} outside, in the table only</span>}
        <Toolbar label="Zoom">
          <Button small kind="quiet" icon="zoom-out" label="Zoom out (−)" disabled={timeline.all} onClick={timeline.zoomOut} />
          <Button small kind="quiet" icon="zoom-in" label="Zoom in (+)" onClick={timeline.zoomIn} />
          <Button small kind="quiet" icon="fit" label="Show all (0)" disabled={timeline.all} onClick={timeline.fit} />
        </Toolbar>
      </div>
      <DeltaChart deck={deck} map={map} sample={sample} anchors={anchors} durationSecs={durationSecs} range={timeline.range} height={CHART_HEIGHT} />
      <Lanes deck={deck} markers={markers} selected={selected} range={timeline.range} onMarker={onMarker} />
    </section>
  );
}

/** Slower change than this is neither losing nor gaining. */
const EVEN_SECS_PER_SEC = 0.005;

/** Half of the span over which losing or gaining is judged. */
const TREND_SECS = 0.5;

function DeltaReading({ deck, sample }: { deck: Deck; sample: WarpSample }) {
  const curve = useMemo(() => deltaCurve(sample), [sample]);
  const secs = useStore(deck.state, (state) => state.newSecs);
  const here = secs === null ? null : deltaAt(curve, secs);
  if (secs === null || !here) {
    return (
      <output class="reading">
        <span class="muted">no counterpart here</span>
      </output>
    );
  }
  const before = deltaAt(curve, secs - TREND_SECS) ?? here;
  const after = deltaAt(curve, secs + TREND_SECS) ?? here;
  const trend = (after.delta - before.delta) / (2 * TREND_SECS);
  const word = Math.abs(trend) < EVEN_SECS_PER_SEC ? 'even' : trend > 0 ? '▲ losing' : '▼ gaining';
  return (
    <output class="reading num">
      <strong>{signedSecs(here.delta)}</strong>
      {here.low !== null && here.high !== null && <span class="muted small">± {Math.max(0, (here.high - here.low) / 2).toFixed(2)}</span>}
      <span class={trend > EVEN_SECS_PER_SEC ? 'trend-losing' : trend < -EVEN_SECS_PER_SEC ? 'trend-gaining' : 'muted'}>{word}</span>
    </output>
  );
}
