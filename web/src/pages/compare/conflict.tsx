/** Two people changed annotations at once: shows both, and lets the person decide. */
import { Button, Dialog, Toolbar } from '../../components';
import { describe } from '../../compare/annotations';
import type { Conflict } from '../../compare/use-annotations';
import { clock } from '../../lib/format';

export function ConflictDialog({ conflict, onResolve }: { conflict: Conflict; onResolve: (mine: boolean) => void }) {
  const say = (annotation: Conflict['theirs']) => describe(annotation, (secs) => clock(secs));
  return (
    <Dialog title="Somebody else changed the annotations" onClose={() => onResolve(false)}>
      <div class="decision">
        <p>
          <strong>{conflict.change.title}</strong> was not saved, because the annotations of this run were changed elsewhere since this page loaded them. Their other
          changes are kept in either case.
        </p>
        <dl>
          <dt>Yours</dt>
          <dd>{conflict.change.next ? say(conflict.change.next) : 'annotation removed'}</dd>
          <dt>Stored now</dt>
          <dd>{say(conflict.theirs)}</dd>
        </dl>
        <Toolbar label="Decision">
          <Button kind="primary" onClick={() => onResolve(true)}>
            Save mine for this marker
          </Button>
          <Button onClick={() => onResolve(false)}>Keep what is stored</Button>
        </Toolbar>
      </div>
    </Dialog>
  );
}
