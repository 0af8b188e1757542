/** The slider under a recording, with the stretches that have no counterpart hatched. */
import { clock } from '../lib/format';
import { useStore } from '../lib/store';
import type { Deck } from '../player/deck';
import { gaps, SIDE_NAMES, type Side, type WarpMap } from '../player/warp';

export function Scrubber({ deck, map, side, durationSecs }: { deck: Deck; map: WarpMap | null; side: Side; durationSecs: number | null }) {
  const secs = useStore(deck.state, (state) => (side === 'new' ? state.newSecs : state.refSecs));
  const byPlace = useStore(deck.state, (state) => state.lock === 'place');
  const duration = durationSecs ?? 0;
  const unmapped = map && byPlace && duration > 0 ? gaps(map.ranges(side), duration) : [];
  const share = (t: number) => `${((t / duration) * 100).toFixed(3)}%`;
  return (
    <div class={`scrubber scrubber-${side} at-scrub-${side}`}>
      <div class="scrubber-track" aria-hidden="true">
        {unmapped.map(([from, to]) => (
          <i key={from} class="hatch" style={{ left: share(from), width: share(to - from) }} title="no counterpart" />
        ))}
      </div>
      <input
        type="range"
        min={0}
        max={duration}
        step="any"
        disabled={duration === 0}
        value={secs ?? 0}
        data-unknown={secs === null ? '' : undefined}
        aria-label={`${SIDE_NAMES[side]} position`}
        aria-valuetext={secs === null ? 'no counterpart here' : clock(secs, 1)}
        onInput={(event) => deck.goto(side, Number(event.currentTarget.value))}
        onKeyDown={(event) => {
          // With step "any" browsers move a slider by a tenth of its length; a frame is what is wanted here.
          if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
          event.preventDefault();
          event.stopPropagation();
          deck.step(side, (event.key === 'ArrowRight' ? 1 : -1) * (event.shiftKey ? 10 : 1));
        }}
      />
      <span class="scrubber-end num muted">{durationSecs === null ? '' : clock(durationSecs, 0)}</span>
    </div>
  );
}
