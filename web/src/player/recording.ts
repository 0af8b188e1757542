/**
 * One recording in one `<video>` element, on the clock of the whole recording: chapters are joined here, seeks are to frames, and
 * what counts as shown is what the browser says it presented.
 */
import type { FrameTimes } from './frames';

export interface Chapter {
  startSecs: number;
  durationSecs: number;
  url: string;
}

export interface RecordingSource {
  chapters: readonly Chapter[];
  durationSecs: number;
}

export interface RecordingEvents {
  /** A frame with this time is on the screen now. */
  onShown: (shownSecs: number) => void;
  onEnded: () => void;
  onError: (text: string) => void;
  /** The first frame is there. */
  onReady: () => void;
}

/** Chapters end a little before or after the time their header says; this close to the end counts as the end. */
const END_SLACK_SECS = 0.01;

/** Longest time between the start of a file and its first picture that is believed; sound may begin earlier. */
const LEAD_MAX_SECS = 5;

/** A tab in the background presents no frame; the lead is then taken as none after this time. */
const LEAD_WAIT_MS = 400;

/** What a media error code means to a person. */
function mediaErrorText(error: MediaError | null): string {
  switch (error?.code) {
    case MediaError.MEDIA_ERR_NETWORK:
      return 'the recording could not be read from the server';
    case MediaError.MEDIA_ERR_DECODE:
      return 'this browser failed while decoding the recording';
    case MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED:
      return 'this browser cannot play the recording, or the file is no longer at its place';
    default:
      return 'the recording cannot be played';
  }
}

export class Recording {
  frames: FrameTimes;
  /** Time of the frame on screen, seconds of the whole recording. */
  shownSecs = 0;
  /** Browsers count from the start of the file, this program from the first picture: the time between. Null until it is seen. */
  private leadSecs: number | null = null;
  /** Time the browser gave the first picture, and whether the file has loaded; the two come in either order. */
  private firstSecs: number | null = null;
  private loaded = false;
  private chapter = -1;
  /** Where a seek is going while it is under way. */
  private goal: number | null = null;
  /** The next goal, set while another seek is under way. */
  private queued: number | null = null;
  private wantsPlay = false;
  private rate = 1;
  private ready = false;
  private readonly abort = new AbortController();

  constructor(
    readonly video: HTMLVideoElement,
    private readonly source: RecordingSource,
    frames: FrameTimes,
    private readonly events: RecordingEvents,
  ) {
    this.frames = frames;
    const on = (name: keyof HTMLMediaElementEventMap, handle: () => void) => video.addEventListener(name, handle, { signal: this.abort.signal });
    on('seeked', () => this.onSeeked());
    on('loadeddata', () => this.onLoaded());
    on('ended', () => this.onChapterEnd());
    on('error', () => events.onError(mediaErrorText(video.error)));
    this.watchFrames();
    this.open(0, 0);
  }

  get durationSecs(): number {
    return this.source.durationSecs;
  }

  /** The position now, between frames as well; the goal while a seek is under way. */
  get nowSecs(): number {
    return this.queued ?? this.goal ?? this.wholeSecs(this.video.currentTime);
  }

  get seeking(): boolean {
    return this.goal !== null;
  }

  get playing(): boolean {
    return this.wantsPlay;
  }

  get playbackRate(): number {
    return this.rate;
  }

  /** Starts playing; resolves when the browser has agreed, false when it refused or was interrupted. */
  async play(): Promise<boolean> {
    this.wantsPlay = true;
    try {
      await this.video.play();
      return true;
    } catch {
      return false;
    }
  }

  pause(): void {
    this.wantsPlay = false;
    this.video.pause();
  }

  setRate(rate: number): void {
    if (rate === this.rate) return;
    this.rate = rate;
    this.video.playbackRate = rate;
  }

  /** Shows the frame `index` exactly. */
  showFrame(index: number): void {
    this.seek(this.frames.seekPoint(index));
  }

  /** Goes to `tSecs`; of several requests while a seek is under way only the last is carried out. */
  seek(tSecs: number): void {
    const goal = Math.min(Math.max(tSecs, 0), Math.max(0, this.durationSecs - END_SLACK_SECS));
    if (this.goal !== null) {
      this.queued = goal;
      return;
    }
    this.goal = goal;
    const chapter = this.chapterAt(goal);
    if (chapter !== this.chapter) this.open(chapter, goal);
    else if (this.ready) this.video.currentTime = this.fileSecs(goal);
  }

  dispose(): void {
    this.abort.abort();
    this.video.pause();
    this.video.removeAttribute('src');
    this.video.load();
  }

  private get offsetSecs(): number {
    return this.source.chapters[this.chapter]?.startSecs ?? 0;
  }

  /** Time of the whole recording as time of the open file, and back. */
  private fileSecs(tSecs: number): number {
    return Math.max(0, tSecs - this.offsetSecs + (this.leadSecs ?? 0));
  }

  private wholeSecs(fileSecs: number): number {
    return this.offsetSecs + fileSecs - (this.leadSecs ?? 0);
  }

  private chapterAt(tSecs: number): number {
    const index = this.source.chapters.findLastIndex((chapter) => chapter.startSecs <= tSecs);
    return Math.max(0, index);
  }

  private open(chapter: number, goal: number): void {
    const part = this.source.chapters[chapter];
    if (!part) return;
    this.chapter = chapter;
    this.goal = goal;
    this.ready = false;
    this.video.src = part.url;
    this.video.load();
    // Loading resets the rate to the default one.
    this.video.defaultPlaybackRate = this.rate;
    this.video.playbackRate = this.rate;
  }

  private onLoaded(): void {
    this.loaded = true;
    const mustWait = this.leadSecs === null && 'requestVideoFrameCallback' in this.video;
    if (!mustWait) this.begin();
    else if (this.firstSecs !== null) this.settleLead(this.firstSecs);
    else setTimeout(() => this.settleLead(0), LEAD_WAIT_MS);
  }

  /** Before the first seek the browser shows the first picture, and has said what time it gives it. */
  private settleLead(leadSecs: number): void {
    if (this.leadSecs !== null || this.abort.signal.aborted) return;
    this.leadSecs = leadSecs >= 0 && leadSecs < LEAD_MAX_SECS ? leadSecs : 0;
    this.begin();
  }

  /** The file can be shown: goes where it was to go, and on playing. */
  private begin(): void {
    const first = !this.ready;
    this.ready = true;
    if (this.goal !== null) this.video.currentTime = this.fileSecs(this.goal);
    if (this.wantsPlay) void this.play();
    if (first) this.events.onReady();
  }

  private onSeeked(): void {
    this.goal = null;
    const next = this.queued;
    this.queued = null;
    if (next !== null) this.seek(next);
  }

  private onChapterEnd(): void {
    const next = this.source.chapters[this.chapter + 1];
    if (next) this.open(this.chapter + 1, next.startSecs);
    else {
      this.wantsPlay = false;
      this.events.onEnded();
    }
  }

  private shown(mediaSecs: number): void {
    this.shownSecs = this.wholeSecs(mediaSecs);
    this.events.onShown(this.shownSecs);
  }

  /** Follows the frames the browser presents; where it cannot say, the position is taken after each seek and each repaint. */
  private watchFrames(): void {
    const { signal } = this.abort;
    if ('requestVideoFrameCallback' in this.video) {
      const next = (_now: number, frame: VideoFrameCallbackMetadata) => {
        if (signal.aborted) return;
        this.firstSecs ??= frame.mediaTime;
        if (this.leadSecs === null && this.loaded) this.settleLead(this.firstSecs);
        this.shown(frame.mediaTime);
        this.video.requestVideoFrameCallback(next);
      };
      this.video.requestVideoFrameCallback(next);
      return;
    }
    const video: HTMLVideoElement = this.video;
    const guess = () => this.shown(this.fileSecs(this.frames.timeOf(this.frames.shownAt(this.wholeSecs(video.currentTime)))));
    const repaint = () => {
      if (signal.aborted) return;
      if (!video.paused) guess();
      requestAnimationFrame(repaint);
    };
    video.addEventListener('seeked', guess, { signal });
    requestAnimationFrame(repaint);
  }
}
