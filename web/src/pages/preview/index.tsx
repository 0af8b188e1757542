/** Preview: the linked players, and the markers that come up around the playhead. */
import { useMemo, useState } from 'preact/hooks';
import type { Run } from '../../api';
import { setQuery } from '../../app/router';
import { useSession } from '../../app/session';
import { gradeOf, joinMarkers, markerNewSecs, markersNear, neighbour, type Grade, type Marker, type NearMarker } from '../../compare/markers';
import { useAnnotations } from '../../compare/use-annotations';
import { useRunMarkers } from '../../compare/use-run-markers';
import type { LoadedWarp } from '../../compare/use-warp';
import { fileName } from '../../compare/export';
import { Button, Card, Empty, Loading, LoadError, Notice } from '../../components';
import { toCsv } from '../../lib/csv';
import { download } from '../../lib/download';
import { clock, percent } from '../../lib/format';
import { keyIsForControl, useKeys } from '../../lib/hooks';
import { useStore } from '../../lib/store';
import type { Deck } from '../../player/deck';
import { RunPage } from '../../stage/run-page';
import { Stage } from '../../stage/stage';
import { Transport } from '../../stage/transport';
import { useDeck, useSideMedia } from '../../stage/use-deck';
import { MarkerStrip } from './marker-strip';
import './preview.css';

/** How far around the playhead markers are listed. */
const SPAN_SECS = 5;

/** A marker this close counts as being passed now. */
const NOW_SECS = 0.15;

export const GRADE_WORDS: Record<Grade, string> = { high: 'sure', fair: 'fair', low: 'unsure', outside: 'outside' };

export default function Preview() {
  return <RunPage title="Preview">{(run, warp) => <Room run={run} warp={warp} />}</RunPage>;
}

function Room({ run, warp }: { run: Run; warp: LoadedWarp }) {
  const { map } = warp;
  const [startSecs] = useState(() => Number(new URLSearchParams(location.search).get('t') ?? Number.NaN));
  const deck = useDeck(map, {
    lock: map ? 'place' : 'time',
    newSecs: Number.isFinite(startSecs) && startSecs >= 0 ? startSecs : (map?.ranges('new')[0]?.[0] ?? 0),
  });
  const reference = useSideMedia('ref', run);
  const newRun = useSideMedia('new', run);
  const [muted, setMuted] = useState(true);
  const table = useRunMarkers(run);
  const annotations = useAnnotations(run.id);
  const markers = useMemo(() => joinMarkers(table.data, annotations.items), [table.data, annotations.items]);
  const durationSecs = newRun.info?.duration ?? run.new?.duration ?? 0;

  const open = (marker: Marker) => {
    const secs = markerNewSecs(marker);
    if (secs !== null) deck.goto('new', secs);
    else if (marker.refSecs !== null) deck.goto('ref', marker.refSecs);
    setQuery({ run: run.id, t: deck.state.get().newSecs?.toFixed(3) ?? null });
  };
  const jumpTo = (direction: 1 | -1) => {
    const marker = neighbour(markers, deck.state.get().newSecs ?? 0, direction);
    if (marker) open(marker);
  };
  useKeys((event) => {
    if (keyIsForControl(event)) return;
    const actions: Record<string, () => void> = {
      ' ': () => deck.toggle(),
      ArrowLeft: () => (event.shiftKey ? deck.jump(-1) : deck.step('new', -1)),
      ArrowRight: () => (event.shiftKey ? deck.jump(1) : deck.step('new', 1)),
      ArrowUp: () => jumpTo(-1),
      ArrowDown: () => jumpTo(1),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  const csv = () => {
    const data = table.data;
    if (data) download(fileName(run.name, 'new_markers', 'csv'), toCsv(data.headers, data.rows.map((row) => data.headers.map((header) => row[header] ?? ''))));
  };

  return (
    <div class="preview">
      {warp.error && !warp.missing ? <LoadError what="the map" error={warp.error} retry={warp.reload} /> : null}
      {!map && <Notice tone="warn" title="This run has no map">The recordings run side by side by time only.</Notice>}
      {warp.sample && !warp.sample.ok && <Notice tone="warn" title="This alignment was refused">{run.reasons.join('; ')} The markers may be wrong.</Notice>}
      <section class="card players preview-players" aria-label="Players">
        <Stage deck={deck} map={map} reference={reference} newRun={newRun} view="side" mix={50} onMix={() => {}} muted={muted} />
        <MarkerStrip deck={deck} markers={markers} durationSecs={durationSecs} onMarker={open} />
        <div class="controls">
          <Transport deck={deck} muted={muted} onMuted={setMuted} />
          <span class="small muted preview-keys">
            <kbd>↑</kbd> <kbd>↓</kbd> marker before, after
          </span>
        </div>
      </section>
      <Card
        title={`Markers within ${SPAN_SECS} s`}
        class="preview-near"
        actions={
          <Button small icon="download" label="Download all markers as CSV" onClick={csv}>
            CSV
          </Button>
        }
      >
        {table.error ? <LoadError what="the markers" error={table.error} retry={table.reload} /> : null}
        {table.loading && <Loading what="markers" />}
        {!table.loading && !table.error && markers.length === 0 && (
          <Empty title="No markers in this run" command={`mtbsync transfer-markers --ref-markers markers.csv \\\n  --timewarp-json ${run.path}/timewarp.json --out ${run.path}/new_markers.csv`}>
            Carry the markers of the reference over with:
          </Empty>
        )}
        {markers.length > 0 && <NearList deck={deck} markers={markers} onMarker={open} />}
      </Card>
    </div>
  );
}

function NearList({ deck, markers, onMarker }: { deck: Deck; markers: readonly Marker[]; onMarker: (marker: Marker) => void }) {
  const newSecs = useStore(deck.state, (state) => state.newSecs);
  const refSecs = useStore(deck.state, (state) => state.refSecs);
  const near = markersNear(markers, newSecs, refSecs, SPAN_SECS);
  if (near.length === 0) {
    const next = neighbour(markers, newSecs ?? 0, 1);
    return (
      <div class="empty">
        <p>None here.</p>
        {next && (
          <Button small onClick={() => onMarker(next)}>
            Next: {next.name} at {clock(markerNewSecs(next), 1)}
          </Button>
        )}
      </div>
    );
  }
  return (
    <ol class="near">
      {near.map((item) => (
        <Near key={item.marker.row} item={item} onMarker={onMarker} />
      ))}
    </ol>
  );
}

function offsetText(secs: number): string {
  if (Math.abs(secs) <= NOW_SECS) return 'now';
  return secs > 0 ? `in ${secs.toFixed(1)} s` : `${(-secs).toFixed(1)} s ago`;
}

function Near({ item: { marker, offsetSecs }, onMarker }: { item: NearMarker; onMarker: (marker: Marker) => void }) {
  const grade = gradeOf(marker, useSession().review_threshold);
  return (
    <li class={`near-item grade-${grade}`} aria-current={Math.abs(offsetSecs) <= NOW_SECS ? 'true' : undefined}>
      <button type="button" onClick={() => onMarker(marker)}>
        <strong>{marker.name}</strong>
        <span class="num near-offset">{offsetText(offsetSecs)}</span>
        <span class="small near-grade">
          {GRADE_WORDS[grade]}
          {grade !== 'outside' && ` ${percent(marker.confidence)}`}
        </span>
        <span class="small muted num">
          {grade === 'outside'
            ? `A ${clock(marker.refSecs, 2)}, no time in the new run`
            : `B ${clock(markerNewSecs(marker), 2)}${marker.lowSecs !== null && marker.highSecs !== null ? ` (${clock(marker.lowSecs, 2)} – ${clock(marker.highSecs, 2)})` : ''}`}
        </span>
        {marker.comment && <span class="small near-comment">{marker.comment}</span>}
      </button>
    </li>
  );
}
