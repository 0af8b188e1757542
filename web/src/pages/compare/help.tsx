/** Everything the keyboard does. */
import { Dialog } from '../../components';

const KEYS: readonly [string, string][] = [
  ['Space', 'Play, pause'],
  ['← →', 'One frame back, on (the leading recording)'],
  ['Shift ← →', 'One second back, on'],
  ['↑ ↓', 'Marker before, after'],
  ['[ ]', 'Shift the other recording by one frame against the leading one'],
  ['P', 'Pin the two shown frames as an anchor'],
  ['U', 'Undo the last anchor'],
  ['C', 'Confirm the chosen marker'],
  ['M', 'Move the chosen marker to the playhead'],
  ['T', 'Lock by place, by time'],
  ['S', 'Let the other recording lead'],
  ['V', 'Side by side, wipe, ghost'],
  ['L', 'Repeat around here; I and O set the ends'],
  ['+ − 0', 'Zoom the timeline in, out, show all'],
  ['/', 'Search markers'],
  ['?', 'This list'],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
