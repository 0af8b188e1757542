/** How the latest run stands beside those before it. */
import type { Regression } from '../../api';
import { Badge, Card, Empty, Loading, LoadError } from '../../components';
import { moment, UNKNOWN } from '../../lib/format';
import type { Loaded } from '../../lib/hooks';
import { metricRows, STATUS } from './regression';

export function RegressionCard({ report }: { report: Loaded<Regression> }) {
  const data = report.data;
  const status = data ? STATUS[data.status] : null;
  return (
    <Card title="Regression" class="dash-regression" actions={status && <Badge tone={status.tone}>{status.word}</Badge>}>
      {report.error ? <LoadError what="the regression" error={report.error} retry={report.reload} /> : null}
      {!data && !report.error && <Loading what="the regression" />}
      {data?.status === 'empty' && (
        <Empty title="No history yet" command={'mtbsync batch videos --out-dir .\nmtbsync quality-check --root .'}>
          Runs of this folder add to quality_history.json; from ten on they are judged.
        </Empty>
      )}
      {data && data.status !== 'empty' && <Report report={data} />}
    </Card>
  );
}

function Report({ report }: { report: Regression }) {
  const used = report.baseline?.['n_used'];
  return (
    <div class="grid">
      {/* `tabIndex`: on a phone the table scrolls sideways, and the keyboard must reach that. */}
      <div class="table-scroll" role="region" aria-label="Metrics against their baseline" tabIndex={0}>
        <table class="table dash-metrics">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col" class="align-end">Current</th>
              <th scope="col" class="align-end">Baseline</th>
              <th scope="col" class="align-end">Delta</th>
            </tr>
          </thead>
          <tbody>
            {metricRows(report).map((row) => (
              <tr key={row.name}>
                <td>{row.name}</td>
                <td class="align-end">{row.current}</td>
                <td class="align-end">{row.baseline}</td>
                <td class="align-end">
                  {row.delta}
                  {row.change !== UNKNOWN && <span class="muted dash-change">{row.change}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ul class="dash-reasons">
        {report.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <p class="small muted">
        Baseline: {typeof used === 'number' ? used : '–'} runs of {report.n_history} in the history
        {report.run_id && ` · ${report.run_id}`}
        {report.ts && ` · ${moment(report.ts)}`}
      </p>
    </div>
  );
}
