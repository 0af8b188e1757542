/**
 * Keeps the following player at the place of the leading one while both play. The local rate of the map is fed forward, and what is
 * left of the error is worked off by playing a little faster or slower; only a large error is jumped over, because a seek is seen.
 */

/** Share of the error that is worked off per second: half of it is gone after a fifth of a second. */
const GAIN_PER_SEC = 3.5;

/** Largest correction, as a rate on top of the fed-forward one; more would be seen as a jerk. */
const MAX_CORRECTION = 0.4;

/** Error that is jumped over instead: working it off would take over a second. */
export const SEEK_ERROR_SECS = 0.45;

/** Rates browsers accept: they refuse others with an exception. */
const RATE_MIN = 0.0625;
const RATE_MAX = 4;

/** A rate change smaller than this is not worth the interruption it may cause in the browser. */
const RATE_STEP = 0.01;

/** Behind by more than this while the other rider stands is mended by a seek. */
const HOLD_TOLERANCE_SECS = 0.04;

export interface LockInput {
  /** Where the follower should be, seconds on its clock. */
  targetSecs: number;
  /** Where it is. */
  actualSecs: number;
  /** Seconds of the follower per second of the leader. */
  slope: number;
  /** Speed of the leader. */
  leaderRate: number;
  /** Rate the follower plays at now. */
  currentRate: number;
}

export type LockAction =
  | { kind: 'rate'; rate: number }
  /** Stand still: the leader passes a stretch during which the follower's rider covers no ground. */
  | { kind: 'hold' }
  | { kind: 'seek'; rate: number };

/** What the follower should do now. */
export function lockStep({ targetSecs, actualSecs, slope, leaderRate, currentRate }: LockInput): LockAction {
  const error = targetSecs - actualSecs;
  const forward = slope * leaderRate;
  const playable = Math.min(Math.max(forward, RATE_MIN), RATE_MAX);
  if (Math.abs(error) > SEEK_ERROR_SECS) return { kind: 'seek', rate: playable };
  if (forward < RATE_MIN) return Math.abs(error) > HOLD_TOLERANCE_SECS && error > 0 ? { kind: 'rate', rate: correctionOf(error) } : { kind: 'hold' };
  const rate = Math.min(Math.max(forward + clampCorrection(error * GAIN_PER_SEC, leaderRate), RATE_MIN), RATE_MAX);
  return { kind: 'rate', rate: Math.abs(rate - currentRate) < RATE_STEP ? currentRate : rate };
}

const clampCorrection = (correction: number, leaderRate: number): number => {
  const limit = MAX_CORRECTION * leaderRate;
  return Math.min(Math.max(correction, -limit), limit);
};

const correctionOf = (error: number): number => Math.min(Math.max(error * GAIN_PER_SEC, RATE_MIN), MAX_CORRECTION);
