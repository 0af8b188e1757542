/** Both pictures: beside each other, one wiped over the other, or one through the other. Each with its clock and its scrubber. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { frameUrl } from '../api';
import { Badge, Button, LoadError } from '../components';
import { clock } from '../lib/format';
import { useStore } from '../lib/store';
import type { Deck } from '../player/deck';
import { SIDE_NAMES, type Side, type WarpMap } from '../player/warp';
import { Scrubber } from './scrubber';
import './stage.css';
import { useAttach, type SideMedia } from './use-deck';

export type ViewMode = 'side' | 'wipe' | 'ghost';

export const SIDE_LETTERS: Record<Side, string> = { ref: 'A', new: 'B' };

export interface StageProps {
  deck: Deck;
  map: WarpMap | null;
  reference: SideMedia;
  newRun: SideMedia;
  view: ViewMode;
  /** 0..100: position of the wipe, or strength of the ghost. */
  mix: number;
  onMix: (mix: number) => void;
  muted: boolean;
}

export function Stage({ deck, map, reference, newRun, view, mix, onMix, muted }: StageProps) {
  const overlay = view !== 'side';
  return (
    <div class={`stage stage-${view}`}>
      <SideHead deck={deck} media={reference} />
      <SideHead deck={deck} media={newRun} />
      <Screen deck={deck} map={map} media={reference} muted={muted} />
      <Screen deck={deck} map={map} media={newRun} muted={muted} view={view} mix={mix} />
      {overlay && <Mixer view={view} mix={mix} onMix={onMix} />}
      <Scrubber deck={deck} map={map} side="ref" durationSecs={reference.info?.duration ?? null} />
      <Scrubber deck={deck} map={map} side="new" durationSecs={newRun.info?.duration ?? null} />
    </div>
  );
}

function SideHead({ deck, media }: { deck: Deck; media: SideMedia }) {
  const { side } = media;
  const leads = useStore(deck.state, (state) => state.master === side);
  return (
    <header class={`side-head at-head-${side}`}>
      <Badge tone={side}>
        {SIDE_LETTERS[side]} {SIDE_NAMES[side]}
      </Badge>
      <span class="side-name" title={media.name}>
        {media.name}
      </span>
      {leads && <span class="muted small side-leads">leads</span>}
      <Clock deck={deck} side={side} />
      <Button small kind="quiet" icon="step-back" label={`${SIDE_NAMES[side]}: one frame back`} onClick={() => deck.step(side, -1)} />
      <Button small kind="quiet" icon="step-forward" label={`${SIDE_NAMES[side]}: one frame on`} onClick={() => deck.step(side, 1)} />
    </header>
  );
}

function Clock({ deck, side }: { deck: Deck; side: Side }) {
  const secs = useStore(deck.state, (state) => (side === 'new' ? state.newSecs : state.refSecs));
  return (
    <output class="side-clock num" aria-label={`${SIDE_NAMES[side]} time`}>
      {clock(secs)}
    </output>
  );
}

interface ScreenProps {
  deck: Deck;
  map: WarpMap | null;
  media: SideMedia;
  muted: boolean;
  view?: ViewMode;
  mix?: number;
}

function Screen({ deck, map, media, muted, view = 'side', mix = 50 }: ScreenProps) {
  const { side, info } = media;
  const attach = useAttach(deck, media);
  const ready = useStore(deck.state, (state) => (side === 'new' ? state.newReady : state.refReady));
  const error = useStore(deck.state, (state) => (side === 'new' ? state.newError : state.refError));
  const alone = useStore(deck.state, (state) => (side === 'new' ? state.newSecs : state.refSecs) === null);
  const leads = useStore(deck.state, (state) => state.master === side);
  const style: Record<string, string> = { aspectRatio: info ? `${info.width} / ${info.height}` : '16 / 9' };
  if (view === 'wipe') style['clipPath'] = `inset(0 0 0 ${mix}%)`;
  if (view === 'ghost') style['opacity'] = String(mix / 100);
  return (
    <div class={`screen at-screen-${side}`} style={style}>
      <video ref={attach} muted={muted || !leads} playsInline preload="auto" disablePictureInPicture aria-label={`${SIDE_NAMES[side]}: ${media.name}`} />
      {alone && !error && ready && <NoCounterpart deck={deck} map={map} side={side} />}
      {error && <Still deck={deck} media={media} error={error} />}
      {!error && !ready && <Waiting media={media} />}
    </div>
  );
}

function Cover({ children }: { children: ComponentChildren }) {
  return <div class="screen-cover">{children}</div>;
}

/** How long the position must rest before a still picture is asked for: each costs the server a decode. */
const STILL_REST_MS = 150;

/** Width of a still picture in pixels: wide enough for a half of a laptop's screen. */
const STILL_WIDTH = 960;

/** The recording does not play here: the pictures come one by one from the server, so that scrubbing still compares. */
function Still({ deck, media, error }: { deck: Deck; media: SideMedia; error: string }) {
  const { side, id, variant, giveUpOn } = media;
  const secs = useStore(deck.state, (state) => (side === 'new' ? state.newSecs : state.refSecs));
  const [url, setUrl] = useState<string | null>(null);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    if (variant !== null) giveUpOn(variant);
  }, [variant, giveUpOn]);
  useEffect(() => {
    if (id === null || secs === null) return;
    const timer = setTimeout(() => {
      setBroken(false);
      setUrl(frameUrl(id, secs, STILL_WIDTH));
    }, STILL_REST_MS);
    return () => clearTimeout(timer);
  }, [id, secs]);
  return (
    <>
      {url !== null && !broken && <img class="still" src={url} alt={`${SIDE_NAMES[side]} at ${clock(secs, 1)}`} onError={() => setBroken(true)} />}
      {url === null || broken ? (
        <Cover>
          <p role="alert">Cannot show this recording: {error}.</p>
        </Cover>
      ) : (
        <p class="still-note small" role="status">
          Still pictures only: {error}
        </p>
      )}
    </>
  );
}

/** Plainly nothing, and the way to where there is something again. */
function NoCounterpart({ deck, map, side }: { deck: Deck; map: WarpMap | null; side: Side }) {
  const other: Side = side === 'new' ? 'ref' : 'new';
  const at = useStore(deck.state, (state) => (other === 'new' ? state.newSecs : state.refSecs));
  const byTime = useStore(deck.state, (state) => state.lock === 'time');
  const starts = map?.ranges(other) ?? [];
  const target = at === null ? undefined : (starts.find(([from]) => from > at)?.[0] ?? starts.findLast(([, to]) => to < at)?.[1]);
  return (
    <Cover>
      <strong>No counterpart here</strong>
      <p>{byTime ? `${SIDE_NAMES[side]} does not run at this time.` : `${SIDE_NAMES[side]} has no known moment at the place the other one shows.`}</p>
      {!byTime && target !== undefined && (
        <Button small onClick={() => deck.goto(other, target)}>
          Go to the common stretch at {clock(target, 1)}
        </Button>
      )}
    </Cover>
  );
}

function Waiting({ media }: { media: SideMedia }) {
  const { info, variant } = media;
  if (media.id === null) {
    return (
      <Cover>
        <strong>Recording not available</strong>
        <p>The server may not read {media.name || 'this file'}. Start it with --media-root and the folder the recording is in.</p>
      </Cover>
    );
  }
  if (media.error) return <Cover>{<LoadError what="the recording" error={media.error} retry={media.reload} />}</Cover>;
  if (info && variant === null) {
    const percent = info.proxy?.percent;
    return (
      <Cover>
        <strong>Preparing a copy this browser can play</strong>
        <p>
          {info.codec}, {info.bit_depth} bit{typeof percent === 'number' ? `: ${Math.round(percent)} %` : ' …'}
        </p>
      </Cover>
    );
  }
  return <Cover>{<p role="status">Loading …</p>}</Cover>;
}

/** The divider of the wipe, drawn over the pictures; the slider below does the same for the keyboard. */
function Mixer({ view, mix, onMix }: { view: ViewMode; mix: number; onMix: (mix: number) => void }) {
  const area = useRef<HTMLDivElement>(null);
  const drag = useCallback(
    (event: PointerEvent) => {
      const box = area.current?.getBoundingClientRect();
      if (!box || event.buttons === 0) return;
      onMix(Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100)));
    },
    [onMix],
  );
  return (
    <>
      {view === 'wipe' && (
        <div
          class="wipe-area"
          ref={area}
          onPointerDown={(event) => {
            area.current?.setPointerCapture(event.pointerId);
            drag(event);
          }}
          onPointerMove={drag}
        >
          <span class="wipe-line" style={{ left: `${mix}%` }}>
            <i class="wipe-grip" aria-hidden="true" />
          </span>
          <b class="wipe-name wipe-name-ref">A</b>
          <b class="wipe-name wipe-name-new">B</b>
        </div>
      )}
      <label class="mixer">
        <span class="small muted">{view === 'wipe' ? 'Wipe: A left, B right' : 'Strength of B over A'}</span>
        <input type="range" min={0} max={100} step={1} value={mix} onInput={(event) => onMix(Number(event.currentTarget.value))} />
      </label>
    </>
  );
}
