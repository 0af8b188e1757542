/** The Compare page of one run: players, timeline, markers and anchors around one deck. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Run } from '../../api';
import { setQuery } from '../../app/router';
import { useRight } from '../../app/session';
import { Button, LoadError, Notice, Segments, toast, Toolbar } from '../../components';
import { withAnchor } from '../../compare/anchors';
import { joinMarkers, markerNewSecs, neighbour, type Marker } from '../../compare/markers';
import { formatState, type CompareState } from '../../compare/url-state';
import { useAnchors } from '../../compare/use-anchors';
import { useUndo } from '../../compare/use-undo';
import { useAnnotations } from '../../compare/use-annotations';
import { useRunMarkers } from '../../compare/use-run-markers';
import type { LoadedWarp } from '../../compare/use-warp';
import { clock } from '../../lib/format';
import { keyIsForControl, useKeys } from '../../lib/hooks';
import { useStore } from '../../lib/store';
import type { WarpMap } from '../../player/warp';
import { Stage, type ViewMode } from '../../stage/stage';
import { LoopControls, NudgeControls, setLoopEnd, toggleLoop, Transport } from '../../stage/transport';
import { useDeck, useSideMedia } from '../../stage/use-deck';
import { AnchorQuestionDialog } from './anchor-question';
import { AnchorsPanel } from './anchors-panel';
import { ConflictDialog } from './conflict';
import { ExportMenu } from './export-menu';
import { Help } from './help';
import { confirmChange, MarkerEditor, moveChange } from './marker-editor';
import { MarkerPanel } from './marker-panel';
import { Timeline, useTimelineRange } from './timeline-card';

export interface WorkspaceProps {
  run: Run;
  warp: LoadedWarp;
  map: WarpMap | null;
  initial: CompareState;
}

const VIEWS: readonly ViewMode[] = ['side', 'wipe', 'ghost'];

/** Address changes at most this often: browsers refuse more than about a hundred in half a minute. */
const ADDRESS_EVERY_MS = 400;

export function Workspace({ run, warp, map, initial }: WorkspaceProps) {
  const mayAnnotate = useRight('annotate');
  const mayWrite = useRight('write');
  const deck = useDeck(map, { lock: initial.lock, master: initial.master, loop: initial.loop, newSecs: initial.newSecs ?? firstCommonSecs(map) });
  const reference = useSideMedia('ref', run);
  const newRun = useSideMedia('new', run);
  const [view, setView] = useState<ViewMode>(initial.view);
  const [mix, setMix] = useState(50);
  const [muted, setMuted] = useState(true);
  const [filter, setFilter] = useState(initial.filter);
  const [query, setSearch] = useState(initial.query);
  const [selectedRow, setSelectedRow] = useState<number | null>(null);
  const [panel, setPanel] = useState<'markers' | 'anchors'>('markers');
  const [open, setOpen] = useState<'help' | 'export' | null>(null);

  const table = useRunMarkers(run);
  const history = useUndo(run.id);
  const annotations = useAnnotations(run.id, (change, before) => {
    // The table on the disk now has the moment that was set, or the predicted one again.
    table.reload();
    const { title, markerId, refSecs, next, undoes } = change;
    if (undoes) history.done(undoes);
    else history.push({ kind: 'annotation', what: title, markerId, refSecs, before, after: next });
  });
  const anchors = useAnchors(run.id, mayAnnotate, {
    onRefit: (sample, saved, changed) => {
      warp.replace(sample);
      deck.resetNudge();
      if (!saved) return;
      warp.refine();
      if (changed.length > 0) {
        table.reload();
        toast('ok', `Map refitted; ${changed.length} ${changed.length === 1 ? 'marker' : 'markers'} moved.`);
      }
    },
    onStored: (what, before, after) => history.push({ kind: 'anchors', what, before, after }),
  });
  const busy = anchors.busy || annotations.saving;
  const undo = () => {
    if (!busy) void history.undo(anchors, annotations);
  };
  const markers = useMemo(() => joinMarkers(table.data, annotations.items), [table.data, annotations.items]);
  const selected = markers.find((marker) => marker.row === selectedRow) ?? null;

  const durationSecs = newRun.info?.duration ?? run.new?.duration ?? 0;
  const timeline = useTimelineRange(deck, durationSecs);

  const select = useCallback(
    (marker: Marker) => {
      setSelectedRow(marker.row);
      const secs = markerNewSecs(marker);
      if (secs !== null) deck.goto('new', secs);
      else if (marker.refSecs !== null) deck.goto('ref', marker.refSecs);
    },
    [deck],
  );
  const jumpTo = (direction: 1 | -1) => {
    const { newSecs, refSecs } = deck.state.get();
    const marker = neighbour(markers, newSecs ?? (refSecs !== null ? map?.newFromRef(refSecs) : null) ?? 0, direction);
    if (marker) select(marker);
  };
  const pin = () => {
    if (busy) return;
    deck.pause();
    const { newSecs, refSecs } = deck.state.get();
    if (newSecs === null || refSecs === null) {
      toast('warn', 'Only two shown pictures can be pinned; one side has no counterpart here. Lock by time to bring both into view.');
      return;
    }
    const items = withAnchor(anchors.items, { t_new: newSecs, t_ref: refSecs, note: '' });
    const replaced = anchors.items.filter((anchor) => !items.includes(anchor));
    void anchors.set(items, 'Pin anchor').then((done) => {
      if (!done) return;
      if (replaced.length > 0) toast('ok', `Pinned in place of the anchor at ${replaced.map((anchor) => clock(anchor.t_new, 1)).join(' and ')}, which cannot hold beside it.`);
      if (deck.state.get().lock === 'time') deck.setLock('place');
    });
    setPanel('anchors');
  };

  useAddress(deck, { run: run.id, filter, query, view });
  const searchBox = useRef<HTMLElement>(null);
  useKeys((event) => {
    const { master, lock } = deck.state.get();
    const actions: Record<string, () => void> = {
      ' ': () => deck.toggle(),
      ArrowLeft: () => (event.shiftKey ? deck.jump(-1) : deck.step(master, -1)),
      ArrowRight: () => (event.shiftKey ? deck.jump(1) : deck.step(master, 1)),
      ArrowUp: () => jumpTo(-1),
      ArrowDown: () => jumpTo(1),
      '[': () => deck.nudge(-1),
      ']': () => deck.nudge(1),
      p: pin,
      u: undo,
      c: () => {
        const change = selected && mayAnnotate && !annotations.saving ? confirmChange(selected) : null;
        if (change) void annotations.save(change);
      },
      m: () => {
        const { newSecs } = deck.state.get();
        if (selected && mayAnnotate && !annotations.saving && newSecs !== null) void annotations.save(moveChange(selected, newSecs));
      },
      t: () => deck.setLock(lock === 'place' ? 'time' : 'place'),
      s: () => deck.setMaster(master === 'new' ? 'ref' : 'new'),
      v: () => setView((now) => VIEWS[(VIEWS.indexOf(now) + 1) % VIEWS.length] ?? 'side'),
      l: () => toggleLoop(deck),
      i: () => setLoopEnd(deck, 'from'),
      o: () => setLoopEnd(deck, 'to'),
      '+': timeline.zoomIn,
      '=': timeline.zoomIn,
      '-': timeline.zoomOut,
      '0': timeline.fit,
      '/': () => searchBox.current?.querySelector<HTMLInputElement>('input[type=search]')?.focus(),
      '?': () => setOpen('help'),
    };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (keyIsForControl(event)) return;
    const action = actions[key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  return (
    <div class="compare">
      <ViewBar deck={deck} view={view} onView={setView} onHelp={() => setOpen('help')} />
      {warp.sample && !warp.sample.ok && (
        <Notice tone="warn" title="This alignment was refused">
          {run.reasons.length > 0 ? run.reasons.join('; ') : 'Its gates did not pass.'} What is shown may be wrong; check it before you rely on it.
        </Notice>
      )}
      {warp.error && !warp.missing ? <LoadError what="the map" error={warp.error} retry={warp.reload} /> : null}
      {warp.missing && (
        <Notice tone="warn" title="This run has no map">
          The recordings are locked by time only. Make one with: mtbsync sync --reference … --new … --out {run.path}
        </Notice>
      )}
      <div class="compare-main">
        <section class="card players" aria-label="Players">
          <Stage deck={deck} map={map} reference={reference} newRun={newRun} view={view} mix={mix} onMix={setMix} muted={muted} />
          <div class="controls">
            <Transport deck={deck} muted={muted} onMuted={setMuted} />
            <LoopControls deck={deck} />
            <NudgeControls deck={deck} />
            <Button icon="pin" disabled={busy || !map} title="These two frames show the same place (P)" onClick={pin}>
              Pin
            </Button>
          </div>
        </section>
        {map && warp.sample && durationSecs > 0 && (
          <Timeline deck={deck} map={map} sample={warp.sample} anchors={anchors.items} markers={markers} selected={selected} durationSecs={durationSecs} timeline={timeline} onMarker={select} />
        )}
      </div>
      <section class="card panel" aria-label="Markers and anchors" ref={searchBox}>
        <div class="panel-head">
          <Segments
            label="Panel"
            value={panel}
            options={[
              { value: 'markers', label: `Markers ${markers.length}` },
              { value: 'anchors', label: `Anchors ${anchors.items.length}` },
            ]}
            onChange={setPanel}
          />
          <Button
            small
            icon="undo"
            label={history.last ? `Undo: ${history.last.what} (U)` : 'Nothing to undo'}
            disabled={!history.last || busy}
            onClick={undo}
          />
          <Button small icon="download" onClick={() => setOpen('export')}>
            Export
          </Button>
        </div>
        {annotations.error ? <LoadError what="the annotations" error={annotations.error} retry={annotations.reload} /> : null}
        {table.error ? <LoadError what="the markers" error={table.error} retry={table.reload} /> : null}
        {panel === 'anchors' && <AnchorsPanel deck={deck} anchors={anchors} busy={busy} onPin={pin} />}
        {panel === 'markers' && (table.data !== null || !table.loading) && !table.error && (
          <MarkerPanel
            markers={markers}
            selected={selected}
            filter={filter}
            query={query}
            command={`mtbsync transfer-markers --ref-markers markers.csv \\\n  --timewarp-json ${run.path}/timewarp.json --out ${run.path}/new_markers.csv`}
            onFilter={setFilter}
            onQuery={setSearch}
            onMarker={select}
          />
        )}
        {panel === 'markers' && selected && (
          <MarkerEditor key={selected.row} runId={run.id} deck={deck} marker={selected} mayAnnotate={mayAnnotate} saving={annotations.saving || !annotations.loaded} onSave={annotations.save} onClose={() => setSelectedRow(null)} />
        )}
      </section>
      {anchors.question && <AnchorQuestionDialog question={anchors.question} />}
      {annotations.conflict && <ConflictDialog conflict={annotations.conflict} onResolve={(mine) => void annotations.resolve(mine)} />}
      {open === 'help' && <Help onClose={() => setOpen(null)} />}
      {open === 'export' && <ExportMenu run={run} markers={markers} mayWrite={mayWrite} onClose={() => setOpen(null)} />}
    </div>
  );
}

/** Where a run opens without a time in the address: where both recordings begin to show the same. */
const firstCommonSecs = (map: WarpMap | null): number => map?.ranges('new')[0]?.[0] ?? 0;

interface ViewBarProps {
  deck: ReturnType<typeof useDeck>;
  view: ViewMode;
  onView: (view: ViewMode) => void;
  onHelp: () => void;
}

function ViewBar({ deck, view, onView, onHelp }: ViewBarProps) {
  const lock = useStore(deck.state, (state) => state.lock);
  const master = useStore(deck.state, (state) => state.master);
  return (
    <Toolbar label="View" class="view-bar">
      <Segments
        label="Lock"
        value={lock}
        options={[
          { value: 'place', label: 'Same place', title: 'Both show the same spot of the trail (T)' },
          { value: 'time', label: 'Same time', title: 'Both run at their own speed (T)' },
        ]}
        onChange={(value) => deck.setLock(value)}
      />
      <Segments
        label="Leading recording"
        value={master}
        options={[
          { value: 'ref', label: 'A leads', title: 'The reference plays at normal speed (S)' },
          { value: 'new', label: 'B leads', title: 'The new run plays at normal speed (S)' },
        ]}
        onChange={(value) => deck.setMaster(value)}
      />
      <Segments
        label="Picture"
        value={view}
        options={[
          { value: 'side', label: 'Side by side' },
          { value: 'wipe', label: 'Wipe' },
          { value: 'ghost', label: 'Ghost' },
        ]}
        onChange={onView}
      />
      <Button kind="quiet" icon="help" label="Keyboard (?)" onClick={onHelp} class="push" />
    </Toolbar>
  );
}

/** Keeps the address in step with what is shown; not on every frame, and not while playing. */
function useAddress(deck: ReturnType<typeof useDeck>, rest: Pick<CompareState, 'run' | 'filter' | 'query' | 'view'>): void {
  const latest = useRef(rest);
  latest.current = rest;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const write = () => {
      timer = null;
      const { newSecs, lock, master, loop, playing } = deck.state.get();
      if (!playing) setQuery(formatState({ ...latest.current, newSecs, lock, master, loop }));
    };
    const later = () => {
      timer ??= setTimeout(write, ADDRESS_EVERY_MS);
    };
    later();
    const stop = deck.state.subscribe(later);
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, [deck, rest.filter, rest.query, rest.view, rest.run]);
}

