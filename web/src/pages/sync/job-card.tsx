/** A job as it goes: how far it is, what it says, and where it leads. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { cancelJob, errorText, getRuns, type CommandResult, type JobProgress, type JobState, type Run } from '../../api';
import { navigate } from '../../app/router';
import { Badge, Button, Card, Loading, LoadError, Notice, toast, type Tone } from '../../components';
import { clock } from '../../lib/format';
import { runOfOutputs } from './form';
import { isEnded, useJob } from './use-job';

export const JOB_TONES: Record<JobState, Tone> = { queued: 'neutral', running: 'info', done: 'ok', failed: 'bad', cancelled: 'warn' };

/** Exit code of a run that worked but is not trusted (docs/reference/exit-codes.md). */
const REFUSED = 3;

export interface JobCardProps {
  id: string;
  /** Started on this page: its result is opened as soon as it is there. */
  opens: boolean;
  onEnded: () => void;
}

export function JobCard({ id, opens, onEnded }: JobCardProps) {
  const view = useJob(id);
  const [asked, setAsked] = useState(false);
  const [run, setRun] = useState<Run | null>(null);
  const over = view.job !== null && isEnded(view.state) && isEnded(view.job.state);
  const { job } = view;
  useEffect(() => {
    if (!over || !job) return;
    onEnded();
    const outputs = job.result?.outputs;
    if (!outputs) return;
    const controller = new AbortController();
    getRuns(controller.signal).then(
      ({ items }) => {
        const found = runOfOutputs(outputs, items) ?? null;
        setRun(found);
        if (found && opens && job.state === 'done') {
          toast('ok', `${found.name} is aligned`);
          navigate(`/compare?run=${found.id}`);
        }
      },
      // Without the list there is no way on to offer; the result itself is shown all the same.
      () => {},
    );
    return () => controller.abort();
  }, [over, job]);
  const cancel = async () => {
    setAsked(true);
    try {
      await cancelJob(id);
    } catch (error) {
      setAsked(false);
      toast('bad', `The job was not cancelled: ${errorText(error)}`);
    }
  };
  return (
    <Card title={`Job ${id}`} class="sync-job" actions={<Badge tone={JOB_TONES[view.state]}>{asked && !isEnded(view.state) ? 'cancelling' : view.state}</Badge>}>
      <div class="grid">
        {view.error ? <LoadError what="the job" error={view.error} retry={view.reload} /> : null}
        {!job && !view.error && <Loading what="the job" />}
        {job && !isEnded(view.state) && (
          <>
            <Progress state={view.state} progress={view.progress} />
            <div class="toolbar">
              <Button kind="danger" icon="stop" disabled={asked} onClick={() => void cancel()}>
                Cancel
              </Button>
              {!view.connected && <span class="small muted">Connecting …</span>}
            </div>
          </>
        )}
        {job && over && <Outcome state={view.state} exitCode={job.exit_code} result={job.result ?? null} run={run} />}
        {view.log.length > 0 && <Log lines={view.log} />}
      </div>
    </Card>
  );
}

function Progress({ state, progress }: { state: JobState; progress: JobProgress | null }) {
  const percent = progress?.percent ?? null;
  const eta = progress?.eta_sec ?? null;
  const stage = state === 'queued' ? 'Waits for its turn' : (progress?.stage ?? 'Starting');
  return (
    <div class="sync-progress">
      <div class="sync-progress-text">
        <span>{stage}</span>
        <span class="num muted">
          {percent !== null && `${Math.round(percent)} %`}
          {eta !== null && ` · ${clock(eta, 0)} left`}
        </span>
      </div>
      {/* Without a value the bar moves to and fro: at work, but nobody knows how long. */}
      <progress max={100} value={percent ?? undefined} aria-label={stage} />
    </div>
  );
}

interface OutcomeProps {
  state: JobState;
  exitCode: number | null;
  result: CommandResult | null;
  run: Run | null;
}

function Outcome({ state, exitCode, result, run }: OutcomeProps) {
  const open = run && (
    <a class="btn" href={`/compare?run=${run.id}`}>
      Open in Compare
    </a>
  );
  const warnings = result && result.warnings.length > 0 && (
    <ul class="small">
      {result.warnings.map((warning) => (
        <li key={warning}>{warning}</li>
      ))}
    </ul>
  );
  if (state === 'cancelled') return <Notice tone="warn" title="Cancelled">Nothing of this job is left.</Notice>;
  if (state === 'done') {
    return (
      <Notice tone="ok" title={`Done in ${clock(result?.elapsed_sec, 0)}`} actions={open}>
        {warnings}
      </Notice>
    );
  }
  if (exitCode === REFUSED) {
    const reasons = result?.result['reasons'];
    return (
      <Notice tone="warn" title="The recordings could not be aligned with certainty" actions={open}>
        {Array.isArray(reasons) && reasons.join('; ')}
        {warnings}
      </Notice>
    );
  }
  const { message, file, hint } = result?.error ?? {};
  return (
    <Notice tone="bad" title={message ? `Failed: ${message}${file ? `: ${file}` : ''}` : `Failed with exit code ${exitCode ?? 'unknown'}`} actions={open}>
      {hint && `Hint: ${hint}`}
      {warnings}
    </Notice>
  );
}

/** What the program says. It follows the end while that is in view. */
function Log({ lines }: { lines: readonly string[] }) {
  const box = useRef<HTMLPreElement>(null);
  const follow = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && follow.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  return (
    <pre
      class="sync-log"
      role="log"
      aria-label="What the program says"
      tabIndex={0}
      ref={box}
      onScroll={({ currentTarget: at }) => {
        follow.current = at.scrollHeight - at.scrollTop - at.clientHeight < at.clientHeight / 4;
      }}
    >
      {lines.join('\n')}
    </pre>
  );
}
