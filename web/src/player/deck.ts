/**
 * Two recordings that move together. One leads at the chosen speed; the other is kept at its counterpart: the same place on the
 * trail, or the same time with a constant offset. This class decides; `Recording` carries out; pages read `state`.
 */
import { Store } from '../lib/store';
import { FrameTimes } from './frames';
import { lockStep } from './lock';
import { Recording, type RecordingSource } from './recording';
import { otherSide, WarpMap, type Side } from './warp';

export type LockMode = 'place' | 'time';

export interface DeckState {
  playing: boolean;
  lock: LockMode;
  /** Who plays at the chosen speed. */
  master: Side;
  speed: number;
  /** Time of the frame shown (or being sought) on each side; null: no counterpart there. */
  newSecs: number | null;
  refSecs: number | null;
  /** Seconds added to the reference side of the map, to look whether another fit would be better. */
  nudgeSecs: number;
  /** Reference minus new while locked by time. */
  timeOffsetSecs: number;
  /** Repeated stretch on the clock of the new run. */
  loop: { fromSecs: number; toSecs: number } | null;
  /** First frames are there. */
  newReady: boolean;
  refReady: boolean;
  newError: string | null;
  refError: string | null;
}

/** How often the follower is looked at while playing: often enough for 50 ms, seldom enough to leave the decoder alone. */
const CONTROL_EVERY_MS = 50;

/** First guess at how long a seek takes while playing; measured afterwards. */
const SEEK_LATENCY_SECS = 0.15;

/** The follower waits at the start of the next mapped stretch when the leader is this close to it. */
const PREROLL_SECS = 1.5;

/** Share of the seen error taken into the bias at each look: averages over half a second of frames. */
const BIAS_GAIN = 0.1;

/** Largest bias: two refreshes of a screen and a frame. */
const BIAS_MAX_SECS = 0.06;

/** Seen errors above this are not bias. */
const BIAS_ERROR_MAX_SECS = 0.15;

/** No second jump sooner than this, so that a slow machine does not seek for ever. */
const SEEK_PAUSE_MS = 700;

const START: DeckState = {
  playing: false,
  lock: 'place',
  master: 'new',
  speed: 1,
  newSecs: 0,
  refSecs: null,
  nudgeSecs: 0,
  timeOffsetSecs: 0,
  loop: null,
  newReady: false,
  refReady: false,
  newError: null,
  refError: null,
};

const keyOf = (side: Side) => (side === 'new' ? 'newSecs' : 'refSecs') as 'newSecs' | 'refSecs';

export class Deck {
  readonly state: Store<DeckState>;
  private readonly players: Partial<Record<Side, Recording>> = {};
  /** Whose time is the given one; the other follows from it. */
  private leader: Side = 'new';
  private lastControlMs = 0;
  private lastSeekMs = 0;
  private seekLatencySecs = SEEK_LATENCY_SECS;
  private animation = 0;
  private followerWaits = false;
  private biasSecs = 0;

  constructor(
    private map: WarpMap | null,
    initial: Partial<DeckState> = {},
  ) {
    this.state = new Store({ ...START, ...initial });
    this.leader = this.state.get().master;
  }

  /** Puts a recording into a video element; the returned function takes it out. */
  attach(side: Side, video: HTMLVideoElement, source: RecordingSource, frames: FrameTimes): () => void {
    const ready = side === 'new' ? 'newReady' : 'refReady';
    const error = side === 'new' ? 'newError' : 'refError';
    const player = new Recording(video, source, frames, {
      onShown: (secs) => this.onShown(side, secs),
      onEnded: () => this.onEnded(side),
      onError: (text) => this.state.set({ [error]: text }),
      onReady: () => this.state.set({ [ready]: true, [error]: null }),
    });
    this.players[side] = player;
    const at = this.state.get()[keyOf(side)];
    if (at !== null) player.showFrame(frames.nearest(at));
    return () => {
      if (this.players[side] === player) delete this.players[side];
      this.state.set({ [ready]: false });
      player.dispose();
    };
  }

  /** Replaces made-up frame times by the real ones. */
  setFrames(side: Side, frames: FrameTimes): void {
    const player = this.players[side];
    if (!player) return;
    player.frames = frames;
    if (!this.state.get().playing) this.goto(this.leader, this.state.get()[keyOf(this.leader)] ?? 0);
  }

  frames(side: Side): FrameTimes | null {
    return this.players[side]?.frames ?? null;
  }

  /** Takes a new map (a refit); the leader stays where it is, the other moves. */
  setMap(map: WarpMap | null): void {
    this.map = map;
    if (!this.state.get().playing) this.goto(this.leader, this.state.get()[keyOf(this.leader)] ?? 0);
  }

  dispose(): void {
    cancelAnimationFrame(this.animation);
    for (const player of Object.values(this.players)) player.pause();
  }

  /** Where the other side is when `side` is at `tSecs`, under the lock in force. */
  counterpart(side: Side, tSecs: number): number | null {
    const { lock, nudgeSecs, timeOffsetSecs } = this.state.get();
    const sign = side === 'new' ? 1 : -1;
    if (lock === 'time') return this.inside(otherSide(side), tSecs + sign * (timeOffsetSecs + nudgeSecs));
    if (!this.map) return null;
    const shifted = side === 'ref' ? tSecs - nudgeSecs : tSecs;
    const mapped = this.map.counterpart(side, shifted);
    if (mapped === null) return null;
    return this.inside(otherSide(side), side === 'new' ? mapped + nudgeSecs : mapped);
  }

  /** Both sides go where `side` is at `tSecs`. Paused: to frames. Playing: on from there. */
  goto(side: Side, tSecs: number): void {
    const player = this.players[side];
    const frames = player?.frames;
    const { playing, master } = this.state.get();
    const frame = frames?.nearest(Math.max(0, tSecs)) ?? 0;
    const exact = frames ? frames.timeOf(frame) : Math.max(0, tSecs);
    player?.showFrame(frame);
    const other = this.counterpart(side, exact);
    const shownOther = this.showOther(otherSide(side), other);
    this.leader = side === master || other === null ? side : master;
    this.state.set(side === 'new' ? { newSecs: exact, refSecs: shownOther } : { refSecs: exact, newSecs: shownOther });
    if (playing) this.lastSeekMs = performance.now();
  }

  /** Steps `side` by `count` frames; the other follows. */
  step(side: Side, count: number): void {
    this.pause();
    const frames = this.players[side]?.frames;
    const at = this.state.get()[keyOf(side)];
    if (!frames || at === null) return;
    this.goto(side, frames.timeOf(frames.nearest(at) + count));
  }

  /** Moves the leader by `secs`. */
  jump(secs: number): void {
    const at = this.state.get()[keyOf(this.leader)] ?? 0;
    this.goto(this.leader, this.clip(this.leader, at + secs));
  }

  /** Shifts the other side against the leader by `count` of its frames, without moving the leader. */
  nudge(count: number): void {
    this.pause();
    const { master, nudgeSecs } = this.state.get();
    const leader = this.state.get()[keyOf(master)] === null ? otherSide(master) : master;
    const follower = otherSide(leader);
    const at = this.state.get()[keyOf(follower)];
    const leaderAt = this.state.get()[keyOf(leader)];
    const frames = this.players[follower]?.frames;
    if (at === null || leaderAt === null || !frames) return;
    const i = frames.nearest(at);
    const change = frames.timeOf(i + count) - frames.timeOf(i);
    if (change === 0) return;
    // The nudge is on the reference clock; a shift of the new side is turned into it by the local rate.
    const rate = follower === 'new' ? (this.state.get().lock === 'time' ? 1 : (this.map?.rate('new', at) ?? 1)) : 1;
    this.state.set({ nudgeSecs: nudgeSecs + (follower === 'ref' ? change : -change * rate) });
    this.goto(leader, leaderAt);
  }

  resetNudge(): void {
    this.state.set({ nudgeSecs: 0 });
    this.refresh();
  }

  setLock(lock: LockMode): void {
    const { newSecs, refSecs, lock: old } = this.state.get();
    if (lock === old) return;
    const offset = newSecs !== null && refSecs !== null ? refSecs - newSecs : this.state.get().timeOffsetSecs;
    this.state.set({ lock, nudgeSecs: 0, timeOffsetSecs: offset });
    this.refresh();
  }

  setMaster(master: Side): void {
    const { playing } = this.state.get();
    if (playing) this.pause();
    this.state.set({ master });
    if (this.state.get()[keyOf(master)] !== null) this.leader = master;
    this.refresh();
    if (playing) void this.play();
  }

  setSpeed(speed: number): void {
    this.state.set({ speed });
    this.players[this.leader]?.setRate(speed);
  }

  setLoop(loop: DeckState['loop']): void {
    this.state.set({ loop: loop && loop.toSecs > loop.fromSecs ? loop : null });
  }

  toggle(): void {
    if (this.state.get().playing) this.pause();
    else void this.play();
  }

  async play(): Promise<void> {
    const { speed, loop, newSecs } = this.state.get();
    const leader = this.players[this.leader];
    if (!leader || this.state.get().playing) return;
    if (loop && (newSecs === null || newSecs < loop.fromSecs || newSecs >= loop.toSecs)) this.goto('new', loop.fromSecs);
    else if (leader.nowSecs >= leader.frames.timeOf(leader.frames.count - 1)) this.goto(this.leader, 0);
    this.state.set({ playing: true });
    leader.setRate(speed);
    this.followerWaits = true;
    this.lastControlMs = 0;
    if (!(await leader.play())) {
      if (!leader.playing) return;
      this.pause();
      return;
    }
    cancelAnimationFrame(this.animation);
    this.animation = requestAnimationFrame(this.tick);
  }

  /** Stops both and brings them to the exact frames of one place. */
  pause(): void {
    if (!this.state.get().playing) return;
    cancelAnimationFrame(this.animation);
    for (const player of Object.values(this.players)) player.pause();
    this.state.set({ playing: false });
    const leader = this.players[this.leader];
    if (leader) this.goto(this.leader, leader.seeking ? leader.nowSecs : leader.shownSecs);
  }

  private readonly tick = (nowMs: number): void => {
    if (!this.state.get().playing) return;
    if (nowMs - this.lastControlMs >= CONTROL_EVERY_MS) {
      this.lastControlMs = nowMs;
      this.control(nowMs);
    }
    this.animation = requestAnimationFrame(this.tick);
  };

  private control(nowMs: number): void {
    const leader = this.players[this.leader];
    const followerSide = otherSide(this.leader);
    const follower = this.players[followerSide];
    if (!leader) return;
    const leaderSecs = leader.nowSecs;
    if (this.repeat(leaderSecs)) return;
    const target = this.counterpart(this.leader, leaderSecs);
    if (!follower) return;
    if (target === null) {
      this.waitUnmapped(follower, followerSide, leaderSecs);
      return;
    }
    if (leader.seeking || follower.seeking) return;
    const { speed } = this.state.get();
    const slope = this.slope(leaderSecs);
    const action = lockStep({
      targetSecs: target - this.learnBias(leader, follower),
      actualSecs: follower.nowSecs,
      slope,
      leaderRate: speed,
      currentRate: follower.playbackRate,
    });
    if (action.kind === 'seek') {
      follower.setRate(action.rate);
      if (nowMs - this.lastSeekMs > SEEK_PAUSE_MS) {
        this.lastSeekMs = nowMs;
        this.seekAhead(follower, leader, nowMs);
      }
    } else if (action.kind === 'hold') {
      follower.pause();
      this.followerWaits = true;
      return;
    } else follower.setRate(action.rate);
    if (this.followerWaits || follower.video.paused) {
      this.followerWaits = false;
      void follower.play();
    }
  }

  /**
   * How far the follower's picture is ahead of the leader's when their clocks agree. What is seen is to agree, not what the clocks say,
   * and pictures come late and stay a while, not equally on both sides.
   */
  private learnBias(leader: Recording, follower: Recording): number {
    const wanted = this.counterpart(this.leader, leader.shownSecs);
    const error = wanted === null ? 0 : follower.shownSecs - wanted;
    // A larger error is being worked off by the lock itself.
    if (!follower.video.paused && Math.abs(error) < BIAS_ERROR_MAX_SECS) {
      this.biasSecs = Math.min(Math.max(this.biasSecs + BIAS_GAIN * error, -BIAS_MAX_SECS), BIAS_MAX_SECS);
    }
    return this.biasSecs;
  }

  /** Seeks the follower to where the leader will be when the seek is done, and learns how long that takes. */
  private seekAhead(follower: Recording, leader: Recording, startMs: number): void {
    const ahead = leader.nowSecs + this.seekLatencySecs * this.state.get().speed;
    const target = this.counterpart(this.leader, ahead);
    if (target === null) return;
    follower.video.addEventListener(
      'seeked',
      () => {
        const took = (performance.now() - startMs) / 1000;
        this.seekLatencySecs = Math.min(0.6, 0.5 * this.seekLatencySecs + 0.5 * took);
      },
      { once: true },
    );
    follower.seek(target);
  }

  /** The leader is where the other never was: the follower stands, ready at the start of the next common stretch. */
  private waitUnmapped(follower: Recording, side: Side, leaderSecs: number): void {
    if (!follower.video.paused) follower.pause();
    this.followerWaits = true;
    if (this.state.get()[keyOf(side)] !== null) this.state.set({ [keyOf(side)]: null });
    const next = this.state.get().lock === 'place' ? this.map?.nextStart(this.leader, leaderSecs) : null;
    if (next === null || next === undefined || next - leaderSecs > PREROLL_SECS) return;
    const start = this.counterpart(this.leader, next);
    if (start !== null && Math.abs(follower.nowSecs - start) > follower.frames.lengthOf(0) && !follower.seeking) follower.seek(start);
  }

  private repeat(leaderSecs: number): boolean {
    const { loop } = this.state.get();
    if (!loop) return false;
    const at = this.leader === 'new' ? leaderSecs : this.counterpart('ref', leaderSecs);
    if (at === null || at < loop.toSecs) return false;
    this.goto('new', loop.fromSecs);
    return true;
  }

  private slope(leaderSecs: number): number {
    if (this.state.get().lock === 'time') return 1;
    const shifted = this.leader === 'ref' ? leaderSecs - this.state.get().nudgeSecs : leaderSecs;
    return this.map?.rate(this.leader, shifted) ?? 1;
  }

  private onShown(side: Side, secs: number): void {
    if (!this.state.get().playing) return;
    if (side === this.leader) this.state.set({ [keyOf(side)]: secs });
    else if (this.counterpart(this.leader, this.players[this.leader]?.shownSecs ?? 0) !== null) this.state.set({ [keyOf(side)]: secs });
  }

  private onEnded(side: Side): void {
    if (side === this.leader) this.pause();
  }

  private refresh(): void {
    const at = this.state.get()[keyOf(this.leader)];
    if (at !== null) this.goto(this.leader, at);
  }

  /** Shows the frame nearest to `tSecs` and answers its time; without a counterpart the picture stays and is covered by the page. */
  private showOther(side: Side, tSecs: number | null): number | null {
    if (tSecs === null) return null;
    const player = this.players[side];
    if (!player) return tSecs;
    const frame = player.frames.nearest(tSecs);
    player.showFrame(frame);
    return player.frames.timeOf(frame);
  }

  private inside(side: Side, tSecs: number): number | null {
    const duration = this.players[side]?.durationSecs ?? Infinity;
    // A map may begin or end a fraction of a frame beside the recording.
    const slack = this.players[side]?.frames.lengthOf(0) ?? 0;
    if (tSecs < -3 * slack || tSecs > duration + 3 * slack) return null;
    return Math.min(Math.max(tSecs, 0), duration);
  }

  private clip(side: Side, tSecs: number): number {
    const duration = this.players[side]?.durationSecs ?? Infinity;
    return Math.min(Math.max(tSecs, 0), duration);
  }
}
