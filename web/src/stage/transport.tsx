/** Play, step, speed, loop, sound: what moves both recordings. */
import { Button, Select, Toolbar } from '../components';
import { clock, signedSecs } from '../lib/format';
import { useStore } from '../lib/store';
import type { Deck } from '../player/deck';

const SPEEDS = ['0.1', '0.25', '0.5', '1', '1.5', '2'] as const;

export interface TransportProps {
  deck: Deck;
  muted: boolean;
  onMuted: (muted: boolean) => void;
}

export function Transport({ deck, muted, onMuted }: TransportProps) {
  const playing = useStore(deck.state, (state) => state.playing);
  const speed = useStore(deck.state, (state) => state.speed);
  const master = useStore(deck.state, (state) => state.master);
  const value = SPEEDS.find((text) => Number(text) === speed) ?? '1';
  return (
    <Toolbar label="Playback">
      <Button icon="step-back" label="One frame back (←)" onClick={() => deck.step(master, -1)} />
      <Button kind="primary" icon={playing ? 'pause' : 'play'} label={playing ? 'Pause (space)' : 'Play (space)'} class="play" onClick={() => deck.toggle()} />
      <Button icon="step-forward" label="One frame on (→)" onClick={() => deck.step(master, 1)} />
      <Select
        label="Speed"
        hideLabel
        value={value}
        options={SPEEDS.map((text) => ({ value: text, label: `${text}×` }))}
        onChange={(text) => deck.setSpeed(Number(text))}
      />
      <Button icon={muted ? 'mute' : 'speaker'} label={muted ? 'Sound of the leading recording: off' : 'Sound of the leading recording: on'} pressed={!muted} onClick={() => onMuted(!muted)} />
    </Toolbar>
  );
}

export function LoopControls({ deck }: { deck: Deck }) {
  const loop = useStore(deck.state, (state) => state.loop);
  return (
    <Toolbar label="Loop">
      <Button icon="loop" pressed={loop !== null} label={loop ? 'Stop repeating (L)' : 'Repeat the 4 seconds around here (L)'} onClick={() => toggleLoop(deck)} />
      {loop && (
        <>
          <Button small title="Repeat from here (I)" onClick={() => setLoopEnd(deck, 'from')}>
            From <span class="num">{clock(loop.fromSecs, 1)}</span>
          </Button>
          <Button small title="Repeat up to here (O)" onClick={() => setLoopEnd(deck, 'to')}>
            To <span class="num">{clock(loop.toSecs, 1)}</span>
          </Button>
        </>
      )}
    </Toolbar>
  );
}

/** Half of what is repeated when a loop is switched on without its ends. */
const LOOP_HALF_SECS = 2;

/** Shortest loop: below it the seeks take longer than the playing. */
const LOOP_MIN_SECS = 0.3;

export function toggleLoop(deck: Deck): void {
  const { loop, newSecs } = deck.state.get();
  if (loop || newSecs === null) deck.setLoop(null);
  else deck.setLoop({ fromSecs: Math.max(0, newSecs - LOOP_HALF_SECS), toSecs: newSecs + LOOP_HALF_SECS });
}

/** Moves one end of the loop to the playhead; the other end gives way when it has to. */
export function setLoopEnd(deck: Deck, end: 'from' | 'to'): void {
  const { loop, newSecs } = deck.state.get();
  if (newSecs === null) return;
  const other = end === 'from' ? (loop?.toSecs ?? newSecs + 2 * LOOP_HALF_SECS) : (loop?.fromSecs ?? Math.max(0, newSecs - 2 * LOOP_HALF_SECS));
  deck.setLoop(
    end === 'from'
      ? { fromSecs: newSecs, toSecs: Math.max(other, newSecs + LOOP_MIN_SECS) }
      : { fromSecs: Math.min(other, newSecs - LOOP_MIN_SECS), toSecs: newSecs },
  );
}

export function NudgeControls({ deck }: { deck: Deck }) {
  const nudge = useStore(deck.state, (state) => state.nudgeSecs);
  const master = useStore(deck.state, (state) => state.master);
  const moved = master === 'new' ? 'reference' : 'new run';
  return (
    <Toolbar label={`Shift the ${moved} against the other`}>
      <span class="small muted">Shift {master === 'new' ? 'A' : 'B'}</span>
      <Button small icon="step-back" label={`Shift the ${moved} one frame back ([)`} onClick={() => deck.nudge(-1)} />
      <output class="num nudge-value" aria-label="Shift">
        {signedSecs(nudge, 3)}
      </output>
      <Button small icon="step-forward" label={`Shift the ${moved} one frame on (])`} onClick={() => deck.nudge(1)} />
      {nudge !== 0 && (
        <Button small kind="quiet" onClick={() => deck.resetNudge()}>
          Reset
        </Button>
      )}
    </Toolbar>
  );
}
