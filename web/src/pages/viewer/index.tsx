/** Viewer: the overlay plot of a run, with a choice of what is drawn on it. */
import { useMemo, useState } from 'preact/hooks';
import { getFiles, getMarkerFile, getMarkerList, getPairs, getRunMarkers, type Run } from '../../api';
import { setQuery, useQuery } from '../../app/router';
import type { LoadedWarp } from '../../compare/use-warp';
import { Badge, Card, Checkbox, Empty, Loading, LoadError, Notice, Select, Stats } from '../../components';
import { clock, percent, secs } from '../../lib/format';
import { useLoad } from '../../lib/hooks';
import { RunPage } from '../../stage/run-page';
import { OverlayPlot } from './plot';
import { markerPoints } from './points';
import '../../stage/stage.css';
import './viewer.css';

const PAIRS = 5000;

/** Choices of the marker menu that are no file. */
const OWN = '';
const NONE = 'none';

export default function Viewer() {
  return <RunPage title="Viewer">{(run, warp) => <Room run={run} warp={warp} />}</RunPage>;
}

function Room({ run, warp }: { run: Run; warp: LoadedWarp }) {
  const chosen = useQuery().get('markers') ?? OWN;
  const [withPairs, setWithPairs] = useState(true);
  const list = useLoad(getMarkerList, []);
  const files = list.data?.files ?? [];
  const hasOwn = run.markers !== null;
  const markers = useLoad(
    async (signal) => {
      if (chosen === NONE || (chosen === OWN && !hasOwn)) return null;
      return chosen === OWN ? getRunMarkers(run.id, signal) : getMarkerFile(chosen, signal);
    },
    [run.id, chosen, hasOwn],
  );
  const hasPairs = run.ok !== null && run.has_pairs;
  const pairs = useLoad(async (signal) => (hasPairs ? getPairs(run.id, PAIRS, signal) : null), [run.id, hasPairs]);
  const artefacts = useLoad(getFiles, []);
  const { points, outside } = useMemo(() => markerPoints(markers.data?.rows ?? []), [markers.data]);
  const [place, setPlace] = useState<{ newSecs: number; refSecs: number | null } | null>(null);
  const { sample, map } = warp;

  const most = (values: readonly (number | null | undefined)[]) => values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
  const newSecs = run.new?.duration ?? most(sample?.t_new ?? []);
  const refSecs = run.reference?.duration ?? most(sample?.t_ref ?? []);
  const picture = artefacts.data?.items.find((file) => file.name === (run.path === '.' ? 'alignment_overlay.png' : `${run.path}/alignment_overlay.png`));
  const choices = [
    { value: OWN, label: hasOwn ? 'of this run' : 'of this run (none)' },
    ...files.map((name) => ({ value: name, label: name })),
    { value: NONE, label: 'none' },
  ];
  const summary = `Places of the new run across and of the reference up. ${sample ? `${sample.segments.length} mapped stretches, ` : ''}${pairs.data?.t_new.length ?? 0} pairs, ${points.length} markers.`;
  return (
    <div class="viewer">
      {warp.error && !warp.missing ? <LoadError what="the map" error={warp.error} retry={warp.reload} /> : null}
      {run.error && <Notice tone="bad" title="This run cannot be read">{run.error}</Notice>}
      {sample && !sample.ok && <Notice tone="warn" title="This alignment was refused">{run.reasons.join('; ')}</Notice>}
      {newSecs > 0 && refSecs > 0 ? (
        <Card
          title={`${run.new?.name ?? 'new run'} on ${run.reference?.name ?? 'reference'}`}
          class="viewer-card"
          actions={
            <>
              <Checkbox label="Pairs" checked={withPairs} onChange={setWithPairs} />
              <Select label="Markers" hideLabel value={choices.some(({ value }) => value === chosen) ? chosen : OWN} options={choices} onChange={(value) => setQuery({ markers: value === OWN ? null : value })} />
              {picture && (
                <a class="btn" href={picture.href} target="_blank" rel="noreferrer">
                  PNG
                </a>
              )}
            </>
          }
        >
          <OverlayPlot
            sample={sample}
            map={map}
            pairs={withPairs ? pairs.data : null}
            points={points}
            newSecs={newSecs}
            refSecs={refSecs}
            label={summary}
            onPoint={setPlace}
          />
          <Legend />
        </Card>
      ) : (
        <Empty title="This run has no map" command={`mtbsync sync --reference ref.mp4 --new new.mp4 --out ${run.path}`}>
          There is nothing to draw without timewarp.json. Make one with:
        </Empty>
      )}
      <Card title="At the pointer" class="viewer-side">
        <div class="grid">
          <Stats
            label="At the pointer"
            items={[
              { name: 'New run', value: clock(place?.newSecs, 2) },
              { name: 'Reference', value: place && place.refSecs === null ? 'no counterpart' : clock(place?.refSecs, 2) },
            ]}
          />
          <Stats
            label="The run"
            items={[
              { name: 'Coverage', value: percent(run.coverage) },
              { name: 'Inliers', value: percent(run.inlier_frac) },
              { name: 'P90', value: secs(run.p90) },
            ]}
          />
          <a href={`/compare?run=${run.id}`}>Open in Compare</a>
          {list.error ? <LoadError what="the list of marker files" error={list.error} retry={list.reload} /> : null}
          {markers.error ? <LoadError what="the markers" error={markers.error} retry={markers.reload} /> : null}
          {pairs.error ? <LoadError what="the pairs" error={pairs.error} retry={pairs.reload} /> : null}
          {markers.loading && <Loading what="markers" />}
          <h3>
            Markers <span class="muted num">{points.length + outside.length}</span>
          </h3>
          <ul class="viewer-markers">
            {points.map((point, index) => (
              <li key={index}>
                <span>{point.name}</span>
                {point.status === 'review' && <Badge tone="warn">review</Badge>}
                <span class="num muted">{clock(point.tNewSecs, 2)}</span>
              </li>
            ))}
            {outside.map((name, index) => (
              <li key={`outside ${index}`}>
                <span>{name}</span>
                <Badge>outside</Badge>
              </li>
            ))}
          </ul>
        </div>
      </Card>
    </div>
  );
}

function Legend() {
  return (
    <ul class="viewer-legend small" aria-label="What is drawn">
      <li class="key-curve">curve with 90 % band</li>
      <li class="key-pair">pair, darker when surer</li>
      <li class="key-marker">marker</li>
      <li class="key-review">marker to review</li>
      <li class="key-diagonal">same time in both</li>
      <li class="key-unmapped">no counterpart</li>
    </ul>
  );
}
