/** An anchor far from where the pictures put it: shown before it is set. */
import { Button, Dialog, Toolbar } from '../../components';
import type { AnchorQuestion } from '../../compare/use-anchors';
import { clock } from '../../lib/format';

export function AnchorQuestionDialog({ question: { doubts, decide } }: { question: AnchorQuestion }) {
  return (
    <Dialog title="The pictures say something else" onClose={() => decide(false)}>
      <div class="decision">
        {doubts.map((doubt) => (
          <p key={doubt.t_new}>
            You pin B {clock(doubt.t_new, 2)} to A {clock(doubt.t_ref, 2)}. By the pictures that moment is at A {clock(doubt.measured, 2)} (±{doubt.band.toFixed(2)} s),{' '}
            <strong>{Math.abs(doubt.t_ref - doubt.measured).toFixed(1)} s away</strong>. The curve would be bent through your anchor, with everything around it.
          </p>
        ))}
        <Toolbar label="Decision">
          <Button kind="primary" onClick={() => decide(false)}>
            Do not pin
          </Button>
          <Button onClick={() => decide(true)}>Pin anyway</Button>
        </Toolbar>
      </div>
    </Dialog>
  );
}
