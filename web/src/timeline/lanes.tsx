/** Markers of both recordings on the clock of the new run: where the map puts them (A), and where people put them (B). */
import { useEffect, useRef } from 'preact/hooks';
import type { Marker } from '../compare/markers';
import { markerNewSecs } from '../compare/markers';
import { clock } from '../lib/format';
import type { Deck } from '../player/deck';
import type { Range } from './view';

/** Pixels left and right of the plot; the curve above has its axis there, and both must agree. */
export const LANE_INSET_LEFT = 62;
export const LANE_INSET_RIGHT = 22;

/** More markers than this would be a grey bar; the view has to be narrowed. */
const MAX_SHOWN = 400;

export interface LanesProps {
  deck: Deck;
  markers: readonly Marker[];
  selected: Marker | null;
  range: Range;
  onMarker: (marker: Marker) => void;
}

export function Lanes({ deck, markers, selected, range, onMarker }: LanesProps) {
  const line = useRef<HTMLDivElement>(null);
  const span = range.toSecs - range.fromSecs;
  const share = (secs: number) => ((secs - range.fromSecs) / span) * 100;
  const inView = (secs: number) => secs >= range.fromSecs && secs <= range.toSecs;
  useEffect(() => {
    const place = () => {
      const { newSecs } = deck.state.get();
      if (!line.current) return;
      line.current.hidden = newSecs === null || !inView(newSecs);
      if (newSecs !== null) line.current.style.left = `${share(newSecs)}%`;
    };
    place();
    return deck.state.subscribe(place);
  }, [deck, range.fromSecs, range.toSecs]);
  const shown = markers.filter((marker) => {
    const secs = markerNewSecs(marker);
    return secs !== null && inView(secs);
  });
  const crowded = shown.length > MAX_SHOWN;
  return (
    <div class="lanes" role="group" aria-label="Markers on the timeline">
      <span class="lane-name lane-name-a">A markers</span>
      <span class="lane-name lane-name-b">B actual</span>
      <div class="lanes-plot">
        {crowded && <span class="lanes-crowded muted small">{shown.length} markers: zoom in to see them</span>}
        {!crowded &&
          shown.map((marker) => (
            <LaneMarker key={marker.row} marker={marker} share={share} span={span} selected={marker.row === selected?.row} onMarker={onMarker} />
          ))}
        <div class="playhead" ref={line} />
      </div>
    </div>
  );
}

interface LaneMarkerProps {
  marker: Marker;
  share: (secs: number) => number;
  span: number;
  selected: boolean;
  onMarker: (marker: Marker) => void;
}

function LaneMarker({ marker, share, span, selected, onMarker }: LaneMarkerProps) {
  const { predictedSecs, actualSecs, lowSecs, highSecs, name } = marker;
  const open = () => onMarker(marker);
  return (
    <>
      {predictedSecs !== null && lowSecs !== null && highSecs !== null && marker.state === 'open' && (
        <i class="lane-band" style={{ left: `${share(lowSecs)}%`, width: `${((highSecs - lowSecs) / span) * 100}%` }} />
      )}
      {predictedSecs !== null && (
        <button
          type="button"
          tabIndex={-1}
          class={`lane-mark lane-a mark-${marker.status}`}
          data-selected={selected ? '' : undefined}
          style={{ left: `${share(predictedSecs)}%` }}
          title={`${name}: predicted at ${clock(predictedSecs)}${marker.status === 'review' ? ', needs review' : ''}`}
          aria-label={`${name}, predicted at ${clock(predictedSecs, 1)}`}
          onClick={open}
        />
      )}
      {actualSecs !== null && (
        <button
          type="button"
          tabIndex={-1}
          class={`lane-mark lane-b mark-${marker.state}`}
          data-selected={selected ? '' : undefined}
          style={{ left: `${share(actualSecs)}%` }}
          title={`${name}: ${marker.state} at ${clock(actualSecs)}`}
          aria-label={`${name}, ${marker.state} at ${clock(actualSecs, 1)}`}
          onClick={open}
        />
      )}
    </>
  );
}
