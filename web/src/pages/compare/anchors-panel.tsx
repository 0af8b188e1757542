/** The anchors: moments a person says show the same place. */
import type { Anchor } from '../../api';
import { Badge, Button, Empty, LoadError, Toolbar } from '../../components';
import type { Anchors } from '../../compare/use-anchors';
import { clock } from '../../lib/format';
import type { Deck } from '../../player/deck';

export interface AnchorsPanelProps {
  deck: Deck;
  anchors: Anchors;
  /** Nothing can be set now. */
  busy: boolean;
  onPin: () => void;
}

export function AnchorsPanel({ deck, anchors, busy, onPin }: AnchorsPanelProps) {
  const remove = (anchor: Anchor) => {
    void anchors.set(
      anchors.items.filter((item) => item !== anchor),
      'Remove anchor',
    );
  };
  return (
    <div class="anchors">
      {anchors.error ? <LoadError what="the anchors" error={anchors.error} /> : null}
      <p class="small muted">
        Where the pictures do not show the same spot: shift one side with <kbd>[</kbd> <kbd>]</kbd> until they do, then pin. The curve goes through the anchor exactly.
      </p>
      <Toolbar label="Anchors">
        <Button kind="primary" icon="pin" disabled={busy} onClick={onPin}>
          Pin these frames
        </Button>
        {anchors.trial && <Badge tone="info">trial: this session may not save</Badge>}
      </Toolbar>
      {anchors.items.length === 0 ? (
        <Empty title="No anchors">The curve rests on the pictures alone.</Empty>
      ) : (
        <ol class="anchor-list">
          {anchors.items.map((anchor) => (
            <li key={anchor.t_new}>
              <button type="button" class="link-button num" title="Both recordings go there" onClick={() => deck.goto('new', anchor.t_new)}>
                A {clock(anchor.t_ref)} = B {clock(anchor.t_new)}
              </button>
              <span class="small muted">{anchor.note}</span>
              <Button small kind="quiet" icon="trash" label={`Remove anchor at ${clock(anchor.t_new, 1)}`} disabled={busy} onClick={() => remove(anchor)} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
