/** The last batch: a row per pair, coloured and named by how it ended, and how long its stages took. */
import { useMemo } from 'preact/hooks';
import type { Run, TableData } from '../../api';
import { Badge, Card, Empty, Loading, LoadError, Table, type Column, type Tone } from '../../components';
import { number, percent, secs, UNKNOWN } from '../../lib/format';
import type { Loaded } from '../../lib/hooks';
import { batchRows, timingSpans, verdictCounts, VERDICT_ORDER, type BatchRow, type Verdict } from './batch';
import { compareHref } from './run-choice';
import { sparkline } from './sparkline';

const VERDICTS: Record<Verdict, { word: string; tone: Tone; title: string }> = {
  good: { word: 'good', tone: 'ok', title: 'Aligned, P90 below 0.5 s' },
  fair: { word: 'fair', tone: 'neutral', title: 'Aligned, P90 between 0.5 and 1 s' },
  loose: { word: 'loose', tone: 'warn', title: 'Aligned, but P90 above 1 s' },
  refused: { word: 'refused', tone: 'bad', title: 'Not aligned: a gate failed or nothing common was found' },
  failed: { word: 'failed', tone: 'bad', title: 'The run ended with an error' },
};

/** Means below this are shown with four decimals. */
const FINE_SECS = 0.1;

const SPARK_WIDTH = 120;
const SPARK_HEIGHT = 28;

export function BatchCard({ batch, runs }: { batch: Loaded<TableData>; runs: readonly Run[] }) {
  const rows = useMemo(() => batchRows(batch.data?.rows ?? []), [batch.data]);
  const longest = rows.reduce((top, row) => Math.max(top, row.totalSecs ?? 0), 0);
  const columns = useMemo(() => columnsFor(runs, longest), [runs, longest]);
  return (
    <Card
      title="Batch"
      flush
      class="dash-batch"
      actions={verdictCounts(rows).map(({ verdict, count }) => (
        <Badge key={verdict} tone={VERDICTS[verdict].tone} title={VERDICTS[verdict].title}>
          {count} {VERDICTS[verdict].word}
        </Badge>
      ))}
    >
      {batch.error ? <LoadError what="batch_summary.csv" error={batch.error} retry={batch.reload} /> : null}
      {!batch.data && !batch.error && <Loading what="the batch" />}
      {batch.data && rows.length === 0 && (
        <Empty title="No batch in this folder" command="mtbsync batch videos --out-dir .">
          batch_summary.csv is written by:
        </Empty>
      )}
      {rows.length > 0 && (
        <>
          <StageLines rows={rows} />
          <Table label="Pairs of the batch" columns={columns} rows={rows} rowKey={(row) => row.index} rowClass={(row) => `batch-${row.verdict}`} />
        </>
      )}
    </Card>
  );
}

/** Each stage over all pairs, in the order of the table as it was written. */
function StageLines({ rows }: { rows: readonly BatchRow[] }) {
  const series = [
    { name: 'Retrieval', values: rows.map((row) => row.stages.retrieval) },
    { name: 'Warp', values: rows.map((row) => row.stages.warp) },
    { name: 'Markers', values: rows.map((row) => row.stages.markers) },
    { name: 'Total', values: rows.map((row) => row.totalSecs) },
  ];
  return (
    <dl class="stage-lines" aria-label="Timings over the pairs">
      {series.map(({ name, values }) => {
        const known = values.filter((value) => value !== null);
        const mean = known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
        const highest = known.length > 0 ? known.reduce((a, b) => Math.max(a, b)) : null;
        return (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <svg class="spark" viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`} role="img" aria-label={`${name}: mean ${secs(mean, 2)}, longest ${secs(highest, 2)}`}>
                <path d={sparkline(values, SPARK_WIDTH, SPARK_HEIGHT)} />
              </svg>
              <span class="num small">{secs(mean, mean !== null && mean < FINE_SECS ? 4 : 2)} mean</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function columnsFor(runs: readonly Run[], longest: number): Column<BatchRow>[] {
  const runOf = (row: BatchRow) => runs.find((run) => run.name === row.folder);
  return [
    { key: 'verdict', label: 'Result', value: (row) => VERDICT_ORDER.indexOf(row.verdict), cell: (row) => <Badge tone={VERDICTS[row.verdict].tone} title={VERDICTS[row.verdict].title}>{VERDICTS[row.verdict].word}</Badge> },
    { key: 'new', label: 'New run', value: (row) => row.newRun, cell: (row) => <RunLink row={row} run={runOf(row)} /> },
    { key: 'reference', label: 'Reference', value: (row) => row.reference },
    { key: 'p90', label: 'P90 (s)', align: 'end', value: (row) => row.p90, cell: (row) => number(row.p90, 3) },
    { key: 'coverage', label: 'Coverage', align: 'end', value: (row) => row.coverage, cell: (row) => percent(row.coverage) },
    { key: 'inliers', label: 'Inliers', align: 'end', value: (row) => row.inlierFrac, cell: (row) => percent(row.inlierFrac) },
    { key: 'markers', label: 'Markers', align: 'end', title: 'written / to review / outside', value: (row) => row.markers, cell: (row) => (row.markers === null ? UNKNOWN : `${row.markers} / ${row.review ?? 0} / ${row.outside ?? 0}`) },
    { key: 'gps', label: 'GPS', value: (row) => row.gpsUsed, cell: (row) => (row.gpsUsed ? 'used' : UNKNOWN) },
    { key: 'total', label: 'Time', value: (row) => row.totalSecs, cell: (row) => <Timing row={row} longest={longest} /> },
    { key: 'reason', label: 'Why', value: (row) => row.reason, cell: (row) => <span class="dash-why">{row.reason}</span> },
  ];
}

function RunLink({ row, run }: { row: BatchRow; run: Run | undefined }) {
  return run ? <a href={compareHref(run)}>{row.newRun}</a> : <>{row.newRun}</>;
}

function Timing({ row, longest }: { row: BatchRow; longest: number }) {
  const { retrieval, warp, markers } = row.stages;
  const text = `retrieval ${secs(retrieval, 2)}, warp ${secs(warp, 3)}, markers ${secs(markers, 2)}, total ${secs(row.totalSecs, 1)}`;
  return (
    <span class="timing" title={text}>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={text}>
        {timingSpans(row, longest).map((span) => (
          <rect key={span.stage} class={`stage-${span.stage}`} x={span.from * 100} y="0" width={(span.to - span.from) * 100} height="10" />
        ))}
      </svg>
      <span class="num">{secs(row.totalSecs, 1)}</span>
    </span>
  );
}
