/** All markers on the length of the new run, coloured by confidence; the playhead moves over them. */
import { useEffect, useRef } from 'preact/hooks';
import { useSession } from '../../app/session';
import { gradeOf, markerNewSecs, type Marker } from '../../compare/markers';
import { clock } from '../../lib/format';
import type { Deck } from '../../player/deck';

export interface MarkerStripProps {
  deck: Deck;
  markers: readonly Marker[];
  durationSecs: number;
  onMarker: (marker: Marker) => void;
}

export function MarkerStrip({ deck, markers, durationSecs, onMarker }: MarkerStripProps) {
  const { review_threshold } = useSession();
  const line = useRef<HTMLDivElement>(null);
  const share = (secs: number) => `${((secs / durationSecs) * 100).toFixed(3)}%`;
  useEffect(() => {
    const place = () => {
      const { newSecs } = deck.state.get();
      if (!line.current) return;
      line.current.hidden = newSecs === null;
      if (newSecs !== null) line.current.style.left = share(newSecs);
    };
    place();
    return deck.state.subscribe(place);
  }, [deck, durationSecs]);
  if (durationSecs <= 0 || markers.length === 0) return null;
  return (
    <div class="strip" role="group" aria-label="Markers of the new run">
      {markers.map((marker) => {
        const secs = markerNewSecs(marker);
        if (secs === null) return null;
        const text = `${marker.name} at ${clock(secs, 1)}`;
        return (
          <button
            key={marker.row}
            type="button"
            tabIndex={-1}
            class={`strip-mark grade-${gradeOf(marker, review_threshold)}`}
            style={{ left: share(secs) }}
            title={text}
            aria-label={text}
            onClick={() => onMarker(marker)}
          />
        );
      })}
      <div class="playhead" ref={line} />
    </div>
  );
}
