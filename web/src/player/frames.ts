/** When each frame of a recording is shown, so that a step is a frame and not a guess. */
import { lastNotAfter } from './warp';

/** Longest table made up from a frame rate: four hours at 60 frames a second. */
const MAX_REGULAR_FRAMES = 864_000;

/** Frame rate when the file does not say. */
const FALLBACK_FPS = 30;

export class FrameTimes {
  /** `times`: seconds, strictly increasing, at least one. `exact` is false for a table made up from the frame rate. */
  private constructor(
    private readonly times: Float64Array,
    readonly exact: boolean,
  ) {}

  static of(times: Float64Array): FrameTimes | null {
    return times.length > 0 ? new FrameTimes(times, true) : null;
  }

  /** Evenly spaced frames, until the real times have loaded. */
  static regular(durationSecs: number, fps: number | null): FrameTimes {
    const rate = fps !== null && fps > 0 ? fps : FALLBACK_FPS;
    const count = Math.min(Math.max(1, Math.round(durationSecs * rate)), MAX_REGULAR_FRAMES);
    return new FrameTimes(
      Float64Array.from({ length: count }, (_, i) => i / rate),
      false,
    );
  }

  get count(): number {
    return this.times.length;
  }

  /** Time of frame `index`, cut to the first and last one. */
  timeOf(index: number): number {
    return this.times[Math.min(Math.max(index, 0), this.times.length - 1)] ?? 0;
  }

  /** The frame on screen at `tSecs`. */
  shownAt(tSecs: number): number {
    return Math.max(0, lastNotAfter(this.times, tSecs));
  }

  /** The frame whose time is closest to `tSecs`. */
  nearest(tSecs: number): number {
    const i = this.shownAt(tSecs);
    return this.timeOf(i + 1) - tSecs < tSecs - this.timeOf(i) && i + 1 < this.count ? i + 1 : i;
  }

  /** How long frame `index` stays; the last one as long as the one before. */
  lengthOf(index: number): number {
    const i = Math.min(index, this.count - 2);
    return i < 0 ? 1 / FALLBACK_FPS : this.timeOf(i + 1) - this.timeOf(i);
  }

  /**
   * The moment to seek to so that frame `index` is shown: inside it, because times in files are rounded and a seek to its very start
   * may land on the one before.
   */
  seekPoint(index: number): number {
    const i = Math.min(Math.max(index, 0), this.count - 1);
    return this.timeOf(i) + this.lengthOf(i) / 2;
  }
}

/** `30000/1001` or a number as frames per second; null when it is neither. */
export function parseFps(fps: number | string | null | undefined): number | null {
  if (typeof fps === 'number') return Number.isFinite(fps) && fps > 0 ? fps : null;
  const [top, bottom = '1'] = (fps ?? '').split('/');
  const value = Number(top) / Number(bottom);
  return top !== '' && Number.isFinite(value) && value > 0 ? value : null;
}
