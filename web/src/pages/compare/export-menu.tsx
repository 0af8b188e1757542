/** Downloads made here, and editor files made by the program when this session may start jobs. */
import { useState } from 'preact/hooks';
import { ApiError, annotationsExportUrl, errorText, getCommands, getFiles, startJob, type CommandResult, type FileItem, type Run } from '../../api';
import { jobStream, listen } from '../../api/events';
import { Badge, Button, Dialog, Loading, LoadError, toast } from '../../components';
import { fileName, markersCsv, markersJson } from '../../compare/export';
import type { Marker } from '../../compare/markers';
import { download, downloadUrl } from '../../lib/download';
import { useLoad } from '../../lib/hooks';

export interface ExportMenuProps {
  run: Run;
  markers: readonly Marker[];
  mayWrite: boolean;
  onClose: () => void;
}

export function ExportMenu({ run, markers, mayWrite, onClose }: ExportMenuProps) {
  const commands = useLoad(getCommands, []);
  const presets = commands.data?.presets ?? [];
  const [busy, setBusy] = useState<string | null>(null);
  const folder = run.path === '.' || run.path === '' ? '' : `${run.path}/`;
  const input = `${folder}new_markers.csv`;

  const exportPreset = async (preset: string, suffix: string) => {
    setBusy(preset);
    try {
      const wanted = `${folder}new_markers${suffix}`;
      await runExport({ markers: input, preset, out: wanted });
      const file = await listed(wanted);
      if (file) downloadUrl(file.href);
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
          {commands.error ? <LoadError what="the formats" error={commands.error} retry={commands.reload} /> : null}
          {!commands.data && !commands.error && <Loading what="formats" />}
          {mayWrite ? (
            <ul class="presets">
              {presets.map(({ name, title, suffix }) => (
                <li key={name}>
                  <Button icon="download" disabled={busy !== null} onClick={() => void exportPreset(name, suffix)}>
                    {title}
                  </Button>
                  {busy === name && <Badge tone="info">writing …</Badge>}
                </li>
              ))}
            </ul>
          ) : (
            <div class="empty-inline">
              <p class="small muted">This server is read-only. Start it with --allow-write, or run:</p>
              <pre class="command">mtbsync export-markers {input} --preset resolve-edl</pre>
              <p class="small muted">Presets: {presets.map((item) => item.name).join(', ')}.</p>
            </div>
          )}
        </section>
      </div>
    </Dialog>
  );
}

/** How often and how long a new file is looked for: the server looks through its folder now and then, not at every request. */
const LOOK_EVERY_MS = 500;
const LOOKS = 8;

/** The file of that name once the server lists it. */
async function listed(name: string): Promise<FileItem | undefined> {
  for (let look = 0; look < LOOKS; look += 1) {
    const found = (await getFiles()).items.find((item) => item.name === name);
    if (found) return found;
    await new Promise((later) => setTimeout(later, LOOK_EVERY_MS));
  }
  return undefined;
}

/** Runs an export job to its end; rejects with what the program said. */
async function runExport(params: { markers: string; preset: string; out: string }): Promise<void> {
  const { id } = await startJob('export', params);
  const result = await new Promise<CommandResult>((resolve, reject) => {
    const close = listen(jobStream(id), {
      result: (data) => {
        close();
        resolve(data as CommandResult);
      },
      state: (data) => {
        if ((data as { state?: string }).state !== 'cancelled') return;
        close();
        reject(new Error('the export was cancelled'));
      },
    });
  });
  if (!result.ok) throw new Error(result.error?.message ?? 'the program gave no reason');
}
