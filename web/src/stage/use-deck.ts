/** Makes the deck of a run: which file each side plays, and when its frame times have come. */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { getFrameTimes, getMediaInfo, mediaUrl, type MediaInfo, type Run } from '../api';
import { useLoad } from '../lib/hooks';
import { Deck, type DeckState } from '../player/deck';
import { FrameTimes, parseFps } from '../player/frames';
import type { RecordingSource } from '../player/recording';
import type { Side, WarpMap } from '../player/warp';

/** How often a copy being made for the browser is asked after. */
const PROXY_POLL_MS = 2000;

export interface SideMedia {
  side: Side;
  name: string;
  id: string | null;
  info: MediaInfo | null;
  error: unknown;
  loading: boolean;
  /** Which of `info.variants` is played; null: none can be yet. */
  variant: string | null;
  reload: () => void;
  /** Says that a variant did not play, so that another is tried when there is one. */
  giveUpOn: (variant: string) => void;
}

/** Codecs every browser plays; with more than 8 bits most of them give up. */
const PLAIN_CODECS = /^(h264|avc1|vp8|vp9|av1|mpeg4)/i;

/** What to play: the original when browsers can, else the copy made for them, else the original all the same. */
export function chooseVariant(info: Pick<MediaInfo, 'codec' | 'bit_depth' | 'variants' | 'proxy'>): string | null {
  const plain = PLAIN_CODECS.test(info.codec) && info.bit_depth <= 8;
  const proxy = info.variants.includes('proxy');
  if (!plain && proxy) return 'proxy';
  if (!plain && info.proxy?.state === 'making') return null;
  return 'original';
}

/** Facts about one recording, asked again while a copy for the browser is being made. */
export function useSideMedia(side: Side, run: Run): SideMedia {
  const media = side === 'new' ? run.new : run.reference;
  const id = media?.media ?? null;
  const { data, error, loading, reload } = useLoad(async (signal) => (id === null ? null : getMediaInfo(id, signal)), [id]);
  const [failed, setFailed] = useState<readonly string[]>([]);
  const chosen = data ? chooseVariant(data) : null;
  const spare = data?.variants.find((name) => !failed.includes(name));
  const variant = chosen !== null && failed.includes(chosen) && spare !== undefined ? spare : chosen;
  const giveUpOn = useCallback((name: string) => setFailed((names) => (names.includes(name) ? names : [...names, name])), []);
  const waiting = data !== null && variant === null;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(reload, PROXY_POLL_MS);
    return () => clearInterval(timer);
  }, [waiting, reload]);
  return { side, name: media?.name ?? '', id, info: data, error, loading, variant, reload, giveUpOn };
}

function sourceOf(id: string, info: MediaInfo, variant: string): RecordingSource {
  const chapters = info.chapters.length > 0 ? info.chapters : [{ index: 0, start: 0, duration: info.duration }];
  const several = chapters.length > 1;
  return {
    durationSecs: info.duration,
    chapters: chapters.map((chapter) => ({
      startSecs: chapter.start,
      durationSecs: chapter.duration,
      url: mediaUrl(id, { variant, chapter: several ? chapter.index : undefined }),
    })),
  };
}

/** The deck of a page; `initial` counts for the first one only. */
export function useDeck(map: WarpMap | null, initial: Partial<DeckState>): Deck {
  const deck = useMemo(() => new Deck(map, initial), []);
  useEffect(() => deck.setMap(map), [map]);
  useEffect(() => () => deck.dispose(), []);
  return deck;
}

/** Connects a video element with its recording; frame times follow when they have loaded. */
export function useAttach(deck: Deck, media: SideMedia): (video: HTMLVideoElement | null) => void {
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const { side, id, variant } = media;
  const info = media.info;
  const ready = info !== null && variant !== null;
  useEffect(() => {
    if (!video || id === null || !info || variant === null) return;
    const controller = new AbortController();
    const detach = deck.attach(side, video, sourceOf(id, info, variant), FrameTimes.regular(info.duration, parseFps(info.fps)));
    getFrameTimes(id, controller.signal).then(
      (times) => {
        const frames = FrameTimes.of(times);
        if (frames) deck.setFrames(side, frames);
      },
      // Without the exact times steps are by the frame rate; the recording still plays.
      () => {},
    );
    return () => {
      controller.abort();
      detach();
    };
  }, [deck, video, side, id, variant, ready]);
  return useCallback((element: HTMLVideoElement | null) => setVideo(element), []);
}
