/** Downloads made here, and editor files made by the program when this session may start jobs. */
import { useState } from 'preact/hooks';
import { ApiError, annotationsExportUrl, errorText, startJob, type Run } from '../../api';
import { getFiles } from '../../api';
import { jobStream, listen } from '../../api/events';
import { Badge, Button, Dialog, toast } from '../../components';
import { fileName, markersCsv, markersJson } from '../../compare/export';
import type { Marker } from '../../compare/markers';
import { download } from '../../lib/download';

/** Editor formats the program writes, with the default name `mtbsync export` gives them. */
const PRESETS: readonly { preset: string; label: string; suffix: string }[] = [
  { preset: 'resolve-edl', label: 'DaVinci Resolve (EDL)', suffix: '.edl' },
  { preset: 'fcpxml', label: 'Final Cut Pro', suffix: '.fcpxml' },
  { preset: 'premiere', label: 'Premiere Pro (XML)', suffix: '.xml' },
  { preset: 'premiere-csv', label: 'Premiere Pro (CSV)', suffix: '_premiere.csv' },
  { preset: 'avid', label: 'Avid Media Composer', suffix: '_avid.txt' },
  { preset: 'otio', label: 'OpenTimelineIO', suffix: '.otio' },
  { preset: 'edl', label: 'CMX3600 EDL', suffix: '_cmx.edl' },
  { preset: 'youtube', label: 'YouTube chapters', suffix: '_youtube.txt' },
  { preset: 'ffmetadata', label: 'FFmpeg metadata', suffix: '.ffmeta' },
  { preset: 'csv', label: 'CSV, all columns', suffix: '_export.csv' },
  { preset: 'json', label: 'JSON, all columns', suffix: '.json' },
];

export interface ExportMenuProps {
  run: Run;
  markers: readonly Marker[];
  mayWrite: boolean;
  onClose: () => void;
}

export function ExportMenu({ run, markers, mayWrite, onClose }: ExportMenuProps) {
  const [busy, setBusy] = useState<string | null>(null);
  const folder = run.path === '.' || run.path === '' ? '' : `${run.path}/`;
  const input = `${folder}new_markers.csv`;

  const exportPreset = async (preset: string, suffix: string) => {
    setBusy(preset);
    try {
      await runExport(input, preset);
      const wanted = `${folder}new_markers${suffix}`;
      const file = (await getFiles()).items.find((item) => item.name === wanted);
      if (file) location.assign(file.href);
      else toast('warn', `The file was written, but the server does not list ${wanted}.`);
    } catch (error) {
      const readOnly = error instanceof ApiError && error.code === 'read_only';
      toast('bad', readOnly ? 'This session may not start exports; start the server with --allow-write.' : `Export failed. ${errorText(error)}`);
    } finally {
      setBusy(null);
    }
  };

  return (
    <Dialog title="Export markers" onClose={onClose}>
      <div class="export">
        <section>
          <h3>Comparison table</h3>
          <p class="small muted">Predicted and actual times, deltas, labels and notes of {markers.length} markers.</p>
          <div class="toolbar">
            <Button icon="download" onClick={() => download(fileName(run.name, 'comparison', 'csv'), markersCsv(markers))}>
              CSV
            </Button>
            <Button icon="download" onClick={() => download(fileName(run.name, 'comparison', 'json'), markersJson(markers), 'application/json')}>
              JSON
            </Button>
          </div>
        </section>
        <section>
          <h3>Annotations</h3>
          <div class="toolbar">
            <a class="btn" href={annotationsExportUrl(run.id, 'csv')} download>
              CSV
            </a>
            <a class="btn" href={annotationsExportUrl(run.id, 'json')} download>
              JSON
            </a>
          </div>
        </section>
        <section>
          <h3>For editors</h3>
          {mayWrite ? (
            <ul class="presets">
              {PRESETS.map(({ preset, label, suffix }) => (
                <li key={preset}>
                  <Button icon="download" disabled={busy !== null} onClick={() => void exportPreset(preset, suffix)}>
                    {label}
                  </Button>
                  {busy === preset && <Badge tone="info">writing …</Badge>}
                </li>
              ))}
            </ul>
          ) : (
            <div class="empty-inline">
              <p class="small muted">This server is read-only. Start it with --allow-write, or run:</p>
              <pre class="command">mtbsync export-markers {input} --preset resolve-edl</pre>
              <p class="small muted">Presets: {PRESETS.map((item) => item.preset).join(', ')}.</p>
            </div>
          )}
        </section>
      </div>
    </Dialog>
  );
}

/** Runs an export job to its end; rejects with what the program said. */
async function runExport(input: string, preset: string): Promise<void> {
  const { id } = await startJob('export', { markers: input, preset });
  await new Promise<void>((resolve, reject) => {
    let error = 'the export did not finish';
    const close = listen(jobStream(id), {
      result: (data) => {
        const failure = (data as { error?: { message?: string } | null }).error;
        if (failure?.message) error = failure.message;
      },
      state: (data) => {
        const { state } = data as { state?: string };
        if (state !== 'done' && state !== 'failed' && state !== 'cancelled') return;
        close();
        if (state === 'done') resolve();
        else reject(new Error(error));
      },
    });
  });
}
