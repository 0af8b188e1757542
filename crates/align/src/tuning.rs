//! Tuned constants of the alignment, by stage: what, unit, and where the number comes from.
//!
//! *Truth* is `make accuracy`, the pairs with known truth; *GPS truth* is `make accuracy-gps`. *By hand* is a
//! guess from what riding looks like, bounded by the text beside it and kept because the pairs with known
//! truth come out well with it.

// Evidence (docs/concepts/alignment.md, 4).

/// Z-score at which a match says nothing either way. Unrelated places have mean 0 and the best of a hundred
/// of them about 2.5, but such maxima are scattered while a true path is continuous; measured on true and
/// wrong pairs.
pub(crate) const NEUTRAL_Z: f32 = 1.5;
/// Log-likelihood ratio per z. By hand.
pub(crate) const LLR_PER_Z: f32 = 2.0;
/// A single frame can be badly wrong (glare, a passing rider): its log-likelihood ratio is bounded. By hand.
pub(crate) const MIN_LLR: f32 = -4.0;
pub(crate) const MAX_LLR: f32 = 6.0;
/// Standard deviation below which similarities count as equal (blank pictures). By hand, far below any
/// picture's.
pub(crate) const MIN_SIMILARITY_SIGMA: f64 = 1e-4;

// Sequence model (docs/concepts/alignment.md, 5).

/// Fastest new rider: reference seconds per new second in one step. By hand: riders of one trail differ by
/// less than a factor of three.
pub(crate) const MAX_RATIO: f64 = 3.4;
/// Points at which the distribution of the speed ratio is sampled each side, and how far out, in standard
/// deviations.
pub(crate) const RATIO_SAMPLES: i32 = 24;
pub(crate) const RATIO_SIGMAS: f64 = 2.5;
/// Share of steps in which the new rider stands still. By hand.
pub(crate) const STAND: f64 = 0.02;
/// Share of steps that jump ahead farther than riding explains, the reference rider having stood, and the
/// mean length of such a jump, seconds. By hand.
pub(crate) const JUMP: f64 = 0.004;
pub(crate) const JUMP_MEAN_SECS: f64 = 4.0;
/// Probabilities per second of leaving the reference trail and of coming back to it. By hand.
pub(crate) const LEAVE_PER_SEC: f64 = 0.03;
pub(crate) const RETURN_PER_SEC: f64 = 0.06;
/// Mean distance ahead at which a rider who left comes back, seconds; half of the returns are spread over the
/// whole rest instead. By hand.
pub(crate) const RETURN_MEAN_SECS: f64 = 10.0;
/// Share of the returns that end behind where the trail was left, the rider having crashed and walked back,
/// and the mean way back, seconds of reference time. By hand.
pub(crate) const RETURN_BEHIND: f64 = 0.1;
pub(crate) const RETURN_BEHIND_MEAN_SECS: f64 = 3.0;
/// Nobody walks back farther, seconds of reference time. By hand: 40 m; a lap is longer.
pub(crate) const FARTHEST_BEHIND_SECS: f64 = 8.0;
/// Places farther behind the furthest one are ground ridden before, seconds of reference time: those of one
/// path go back by less where nothing passes by. After a stretch off the trail a frame at 3 a second does.
pub(crate) const BEHIND_BY_CHANCE_SECS: f64 = 1.0;
pub(crate) const RETURNED_BEHIND_SECS: f64 = 0.35;
/// Posterior mass from which on a place was surely seen.
pub(crate) const SURELY_SEEN: f64 = 0.8;
/// A ride that never goes back is believed instead when it explains this much more of the new run, seconds.
/// By hand: more than chance, less than a lap.
pub(crate) const EXPLAINS_MORE_SECS: f64 = 6.0;
/// Standard deviation of the logarithm of the speed ratio before anything is known: riders on one trail
/// differ by up to a factor of three either way in short stretches. By hand.
pub(crate) const LOG_RATIO_SIGMA: f64 = 0.45;
/// Least standard deviation when the pair itself shows how alike its riders are. By hand.
pub(crate) const MIN_LOG_RATIO_SIGMA: f64 = 0.08;
/// A measured standard deviation times this is used: the path it is measured on is already smoothed. By hand.
pub(crate) const RATIO_SIGMA_MARGIN: f64 = 1.5;
/// Least number of frames on the trail for measuring. By hand.
pub(crate) const MIN_RATIO_FRAMES: usize = 40;
/// Chords of a path over which a rate is taken for measuring its spread, seconds: long against the error of a
/// place, short against a change of terrain. By hand.
pub(crate) const RATE_CHORD_SECS: f64 = 2.0;
/// Posterior probability of being off the trail from which on a frame counts as off: the other side is
/// likelier.
pub(crate) const MAX_OFF: f64 = 0.5;
/// Half width of the window whose posterior mass is [`Posterior::on`](crate::sequence::Posterior::on),
/// seconds of reference time: two frames at 3 a second.
pub(crate) const ON_SECS: f64 = 0.7;
/// Share of the posterior mass that may lie beyond each end of its credible interval. By hand.
pub(crate) const INTERVAL_TAIL: f64 = 1e-3;

// Certainty of the posterior. Shares set by hand on the reliability table of the truth.

/// This near its ends, a leap may look like riding on, seconds of reference time.
pub(crate) const LEAP_END_SECS: f64 = 0.5;
/// Share of the frames leapt over that must look like the place leapt from, if the reference rider stood
/// there.
pub(crate) const STOOD_SHARE: f64 = 0.7;
/// What is left of the certainty at a leap over places that look like something else.
pub(crate) const CERTAINTY_AT_FALSE_STAND: f64 = 0.4;
/// This many frames off the trail in a row are a stretch off it, fewer only spoilt pictures.
pub(crate) const OFF_FRAMES: usize = 3;
/// What is left of the certainty of the last frames before such a stretch and the first after it: a chance
/// similarity or two carry the path a little too far.
pub(crate) const CERTAINTY_AT_EDGE: [f64; 2] = [0.55, 0.8];
/// Frames each side of a moment that are asked whether a displaced path explains them as well.
pub(crate) const DISPLACED_FRAMES: usize = 3;
/// How far that path is displaced, seconds of reference time: farther than refinement looks.
pub(crate) const DISPLACED_SECS: f64 = 1.5;
/// Frames that follow each other are not independent witnesses: their evidence counts this much.
pub(crate) const EVIDENCE_TEMPER: f64 = 0.4;
/// Evidence of a place outside of the recording or the band, natural logarithm; the least that pictures say.
pub(crate) const OUTSIDE_LLR: f32 = MIN_LLR;

// Ambiguity: laps (docs/concepts/alignment.md, 5). By hand, bounded by random rides of one and several laps.

/// Reference time around the found path that is forbidden, seconds. Wider than a similarity peak, narrower
/// than a lap.
pub(crate) const FORBIDDEN_SECS: f64 = 3.0;
/// Evidence of a forbidden place, natural logarithm: below that of any other.
pub(crate) const FORBIDDEN_LLR: f32 = -6.0;
/// Evidence per second along another path, as a share of that along the found one: from the first on it
/// counts, from the second on it is as good. From 0.6 and 0.8 on, two of a
/// thousand random laps were claimed; here one is, and no other kind of ride loses more than 1 in 10,000.
pub(crate) const RIVAL_SHARE: (f64, f64) = (0.5, 0.65);
/// New time, seconds, that the found path explains more of: up to the first it does not tell the two apart,
/// from the second on it does.
pub(crate) const DECISIVE_SECS: (f64, f64) = (6.0, 14.0);

// Bands of long recordings. By hand; too wide costs time only.

/// Added each side of what the sparse path leaves possible, seconds: twice its own resolution at any usual
/// pace.
pub(crate) const BAND_MARGIN_SECS: f64 = 4.0;
/// Widest band, seconds. Reached only where the sparse look found nothing for a minute or more.
pub(crate) const MAX_BAND_SECS: f64 = 150.0;
/// Mean width from which on bands are looked at again before anything is compared in full, seconds: the cost
/// of a long ride is in proportion. 40 like laps of 21 s against 24 s have 95.
pub(crate) const MEAN_BAND_SECS: f64 = 105.0;
/// What a band keeps each side of the likeliest place where looks leave more open than that, seconds: with
/// margins and the step between looks, the same width.
pub(crate) const NEAR_SECS: f64 = 45.0;

// Leaps of a path, seconds of reference time. Bounded by two frames of 1/3 s below, by short stops of the
// reference above.

/// Nothing is smoothed across a step ahead farther than the fastest riding by this much.
pub(crate) const SMOOTHING_LEAP_SECS: f64 = 1.0;
/// The posterior beside a step ahead farther than the fastest riding by this much is looked at again.
pub(crate) const POSTERIOR_LEAP_SECS: f64 = 0.7;
/// A step of the pairs ahead farther than the pace around it explains by this much is a leap.
pub(crate) const LEAP_BEYOND_PACE_SECS: f64 = 0.7;
/// This many pairs on each side tell the pace and have to agree.
pub(crate) const LEAP_SIDE: usize = 3;
/// The step itself makes up this share of such a leap; else somebody rode fast.
pub(crate) const LEAP_STEP_SHARE: f64 = 0.6;

// Refinement (docs/concepts/alignment.md, 6).

/// Analysed frames farther apart than this have no path between them, seconds. By hand.
pub(crate) const MAX_PATH_GAP_SECS: f64 = 2.0;
/// A path's slope is taken over this much each side, seconds. By hand.
pub(crate) const RATE_SPAN_SECS: f64 = 0.5;
/// Error of a measurement for a peak that stands out by 1: `sigma = this / contrast`. Measured on 2,400
/// frames with known truth (rendered rides in other light, on another line): the 68 % error follows this law
/// over a factor of ten.
pub(crate) const SIGMA_PER_CONTRAST_SECS: f64 = 0.005;
/// Contrast at which peaks begin to be plainly elsewhere; below it the error grows faster. Measured on the
/// same frames.
pub(crate) const WEAK_CONTRAST: f64 = 0.05;
/// Peaks that stand out by less are no measurement. By hand.
pub(crate) const MIN_CONTRAST: f64 = 0.02;
/// Error of the parabola as a share of the spacing of reference frames. By hand.
pub(crate) const PARABOLA_ERROR: f64 = 0.06;
/// Times of fine frames this close share the causes of their errors: they count as one measurement. By hand.
pub(crate) const SHARED_ERROR_SECS: f64 = 0.3;
/// A look this far from where the sequence model sees the frame keeps half of its certainty, seconds.
/// Measured on 164,000 looks of random rides: of those 0.2 to 0.3 s apart 95 % are off by less than 0.2 s, of
/// those 0.3 to 0.5 s apart by less than 0.5 s, and of farther ones half by more than 0.4 s, whatever error
/// they claim.
pub(crate) const DISAGREEMENT_SECS: f64 = 0.6;
/// Error of the sequence model's places, seconds, for the first smoothing: half a frame at 3 a second.
pub(crate) const POSTERIOR_SIGMA_SECS: f64 = 0.15;
/// New frames of one reference frame's column are no farther apart, seconds; a gap hides peaks. Two frames at
/// 3 a second.
pub(crate) const MAX_COLUMN_GAP_SECS: f64 = 0.75;
/// Bounds of the slope for scaling an error from new to reference time. By hand.
pub(crate) const RATE_RANGE: (f64, f64) = (0.2, 5.0);
/// The place is measured again around the first result when that moved by more than this share of the window.
/// By hand.
pub(crate) const RECENTRE_SHARE: f64 = 0.4;

// Smoother (docs/concepts/alignment.md, 9).

/// Drift of the rate: variance per second. Two hobby riders change their speed ratio by about 15 % within a
/// second; measured best between 0.01 and 0.03 on rides with known truth. (Random rides are best at 0.05,
/// with 95 % of their errors under 112 ms in place of 131, but the p95 of dev_partial goes from 28 to 35.)
pub(crate) const RATE_DRIFT: f64 = 0.02;
/// Two racers, or one rider twice, keep much closer to each other; the drift is measured on the pair itself
/// and not taken smaller than this. By hand.
pub(crate) const MIN_RATE_DRIFT: f64 = 0.001;
/// Time after which the rate has forgotten itself, seconds: turns its spread into a drift. By hand.
pub(crate) const RATE_MEMORY_SECS: f64 = 1.5;
/// Shorter paths say too little about their own spread, seconds. By hand.
pub(crate) const MIN_DRIFT_SECS: f64 = 15.0;
/// Degrees of freedom of the measurement errors: heavy tails with a variance.
pub(crate) const ERROR_FREEDOM: f64 = 3.0;
/// Degrees of freedom of the drift. By hand.
pub(crate) const DRIFT_FREEDOM: f64 = 4.0;
/// Bounds of the factor on the drift of one interval. By hand: braking to a halt needs some hundreds.
pub(crate) const DRIFT_FACTOR: (f64, f64) = (0.5, 400.0);
/// Reweighting rounds; the weights settle within a few.
pub(crate) const SMOOTHING_ROUNDS: usize = 12;
/// Variances of rate and position before anything is known: wide against what is measured.
pub(crate) const FIRST_RATE_VARIANCE: f64 = 0.25;
pub(crate) const FIRST_POSITION_VARIANCE: f64 = 100.0;
/// Error of a point given by a person, seconds: small against a frame, large against rounding.
pub(crate) const GIVEN_SIGMA_SECS: f64 = 1e-4;

// Who stands (docs/concepts/alignment.md, 9). By hand, on random rides with stops; no stand or leap is found
// on the rides of the truth but those there are.

/// Hypotheses of standing and leaping that are followed at once.
pub(crate) const TRACKS: usize = 16;
/// How often the new rider stops and the reference rider does (the path leaps), and how soon the new one sets
/// off again, per second.
pub(crate) const STANDS_PER_SEC: f64 = 0.05;
pub(crate) const LEAPS_PER_SEC: f64 = 0.02;
pub(crate) const SET_OFF_PER_SEC: f64 = 0.3;
/// Drift of the rate while it is asked who stands: variance per second. A little more than that of the
/// smoother, so that a change of pace is no stand.
pub(crate) const SWITCHING_DRIFT: f64 = 0.06;
/// Drift of a place at which the new rider stands: variance per second.
pub(crate) const STAND_WANDER: f64 = 0.001;
/// Mean of a leap, seconds of reference time.
pub(crate) const LEAP_MEAN_SECS: f64 = 2.0;
/// Shorter stands of the new rider and shorter leaps are riding, seconds: a frame, and two.
pub(crate) const LEAST_STAND_SECS: f64 = 0.4;
pub(crate) const LEAST_LEAP_SECS: f64 = 0.7;

// Fit (docs/concepts/alignment.md, 9; docs/concepts/confidence.md, "Where sigma comes from").

/// Fewest pairs and anchors a warp may rest on. By hand.
pub const MIN_USABLE_PAIRS: usize = 8;
/// New time without pairs that a segment bridges, seconds. Across it the error grows by itself; beyond it
/// nobody knows. By hand.
pub(crate) const MAX_GAP_SECS: f64 = 4.0;
/// A segment needs this many pairs, and this many seconds of new time. By hand.
pub(crate) const MIN_SEGMENT_PAIRS: usize = 5;
pub(crate) const MIN_SEGMENT_SECS: f64 = 1.5;
/// A segment that begins this much before the end of the one before it is cut, seconds of reference time: the
/// smoother is off by less where somebody stops or sets off.
pub(crate) const MAX_CROSSING_SECS: f64 = 1.0;
/// Knots are no farther apart than this, seconds. By hand: below the spacing of analysed frames.
pub(crate) const MAX_KNOT_GAP_SECS: f64 = 0.25;
/// Least slope of the map, so that it stays invertible in a stop.
pub(crate) const MIN_SLOPE: f64 = 1e-6;
/// Factor on the smoother's own error. Together with [`SHARED_SIGMA`] measured on dev_partial and dev_speed
/// of the truth, so that the 90 % interval holds nine in ten.
pub(crate) const SIGMA_SCALE: f64 = 0.6;
/// A knot is not known better than this share of the error of the pairs around it: what makes one pair wrong
/// (a cockpit that fills the picture, a turned head, another line on the trail) makes its neighbours wrong in
/// the same way. Errors of neighbouring pairs correlate by 0.4 to 0.5.
pub(crate) const SHARED_SIGMA: f64 = 0.4;
/// Pairs this near share their causes of error, seconds. By hand.
pub(crate) const SHARED_SPAN_SECS: f64 = 1.0;
/// Least rate at which doubt about new time becomes an error of reference time: in a stop any error is long,
/// and no doubt need be added. By hand.
pub(crate) const LEAST_RATE: f64 = 0.1;
/// No knot is known better than this, seconds. By hand: an eighth of a frame at 30 a second.
pub(crate) const SIGMA_FLOOR_SECS: f64 = 0.004;
/// The curve is never taken for steeper than its usual pace times this. Where the reference rider stood the
/// map is known no better than beside: one is as far from the truth as the place was misjudged on the way
/// there. By hand.
pub(crate) const STEEPEST: f64 = 1.5;

// Certainty of knots (docs/concepts/confidence.md, 4 and 5). Shares set by hand on the reliability table of
// the truth.

/// Two pairs farther apart than this have frames between them in which the trail was not seen, seconds: two
/// frames at 3 a second.
pub(crate) const UNSEEN_GAP_SECS: f64 = 0.8;
/// Nor are pairs of a coarser look farther apart than usual before they are this many times as far. By hand:
/// at 2 a second it is the same.
pub(crate) const UNSEEN_STEPS: f64 = 1.6;
/// This far into such a gap nobody knows whether the rider was on the trail at all, seconds.
pub(crate) const INTO_GAP_SECS: f64 = 0.5;
/// Certainty that is left there.
pub(crate) const CERTAINTY_IN_GAP: f64 = 0.45;
/// Certainty left near a leap.
pub(crate) const CERTAINTY_AT_LEAP: f64 = 0.55;
/// A leap lies between two frames, and the model may be wrong by one; seconds.
pub(crate) const LEAP_SPAN_SECS: f64 = 0.7;
/// Certainty left where the new rider comes to a stand or sets off: the path cuts such corners.
pub(crate) const CERTAINTY_AT_CORNER: f64 = 0.6;
/// Shares of the usual pace that one side stays below and the other reaches, at such a corner.
pub(crate) const CORNER: (f64, f64) = (0.35, 0.5);
/// Pairs within this time of a moment say together how much is seen there, seconds.
pub(crate) const WEAK_SPAN_SECS: f64 = 1.5;
/// A pair with a larger error saw nothing that stands out, seconds.
pub(crate) const WEAK_SIGMA_SECS: f64 = 0.12;
/// Shares of weak pairs from which on they count, and at which they count in full.
pub(crate) const WEAK_SHARE: (f64, f64) = (0.1, 0.35);
/// Certainty that is left where weak pairs make the new rider's pace unusual.
pub(crate) const CERTAINTY_AMONG_WEAK: f64 = 0.4;
/// A doubt about a moment is one about its neighbours as far as this, seconds: a frame at 3 a second.
pub(crate) const DOUBT_SPAN_SECS: f64 = 0.35;
/// How far from the usual pace is unusual at all and in full, in standard deviations of the ride's own paces.
pub(crate) const UNUSUAL_SIGMAS: (f64, f64) = (3.0, 6.0);
/// No ride keeps its pace better than this, as a share of it.
pub(crate) const LEAST_PACE_SIGMA: f64 = 0.03;
/// Seconds from an end of a segment up to which nothing beyond confirms the path, in full and not at all.
pub(crate) const UNCONFIRMED_SECS: (f64, f64) = (3.0, 5.0);
/// Rates below the first share of the usual pace are standing, above the second riding.
pub(crate) const STANDING: (f64, f64) = (0.12, 0.5);
/// Factor on the shared error of pairs where somebody stands.
pub(crate) const STANDING_SHARED: f64 = 4.0;
/// Pairs within this time of a moment say together whether the path passes beside them, seconds; and they are
/// no fewer.
pub(crate) const MISFIT_SPAN_SECS: f64 = 0.6;
pub(crate) const MIN_NEIGHBOURS: usize = 3;
/// Their residuals may be this many of their own errors by chance, and what is beyond counts so many times.
pub(crate) const MISFIT_BY_CHANCE: f64 = 1.0;
pub(crate) const MISFIT_FACTOR: f64 = 5.0;

// Affine model.

/// Slopes outside this range are no playback of the same clip. By hand.
pub(crate) const SLOPE_RANGE: (f64, f64) = (0.1, 10.0);
/// Refits of the inlier set after the start. By hand.
pub(crate) const REFITS: usize = 5;
/// No line is known better than this, seconds. By hand.
pub(crate) const MIN_LINE_SIGMA_SECS: f64 = 1e-3;

// Stops in the map. By hand: slower than walking pace beside a ride, longer than a hesitation.

/// Slope below which the new rider counts as standing, reference seconds per new second.
pub(crate) const STANDING_SLOPE: f64 = 0.12;
/// Shorter stands are hesitation, not stops.
pub(crate) const MIN_STOP_SECS: f64 = 1.0;
/// Step at which a curve is looked through for stops.
pub(crate) const STOP_STEP_SECS: f64 = 0.05;
/// Most steps a curve is looked through in, for each of its knots: work goes over knots, however far apart a
/// file puts them. By hand: knots are a quarter of a second apart, those of a straight map two in all, and
/// this is enough for half an hour between two.
pub(crate) const MOST_STEPS_PER_KNOT: usize = 20_000;

// Fusion with GPS (docs/concepts/gps.md). Chosen on the pairs of the GPS truth where nothing else is said.

/// Time in which the bias of GPS is forgotten, seconds; that of the model of places in `mtbsync-telemetry`.
pub(crate) const BIAS_MEMORY_SECS: f64 = 5.0;
/// Least error of GPS with its bias taken out, seconds; that of a good receiver in the open.
pub(crate) const MIN_GPS_NOISE_SECS: f64 = 0.05;
/// Later smoothing averages the errors of pictures, which change from frame to frame, but not those of GPS,
/// which last for seconds: so these count for more. Measured on rendered rides: at 1 good pictures lose some
/// milliseconds.
pub(crate) const LASTING_ERROR: f64 = 2.0;
/// Sizes of bias and noise that are tried, as shares of the claimed error of GPS.
pub(crate) const GPS_SCALES: [f64; 5] = [0.05, 0.12, 0.3, 0.7, 1.7];
/// Log-normal priors of both, mean and standard deviation of the logarithm. Between two passes receivers are
/// better than they claim, since part of their error is the same in both.
pub(crate) const BIAS_PRIOR: (f64, f64) = (-1.2, 1.0);
pub(crate) const NOISE_PRIOR: (f64, f64) = (-1.8, 1.0);
/// Sizes of the pictures' error that are tried, as shares of what they claim, and their prior.
pub(crate) const VISUAL_SCALES: [f64; 3] = [0.5, 1.0, 2.0];
pub(crate) const VISUAL_PRIOR: (f64, f64) = (0.0, 0.7);
/// Sizes with a smaller posterior are left out of the mean, to save time. By hand.
pub(crate) const MIN_SCALE_POSTERIOR: f64 = 1e-6;
/// Fewest compared moments.
pub(crate) const MIN_COMPARED: usize = 6;
/// Rate at which pictures become outliers, and at which they recover, per second: every half minute, for two
/// seconds.
pub(crate) const OUTLIER_PER_SEC: f64 = 0.03;
pub(crate) const RECOVER_PER_SEC: f64 = 0.5;
/// Error of outliers among the pictures, one sigma, seconds: neighbouring places of the same look.
pub(crate) const OUTLIER_SIGMA_SECS: f64 = 0.7;
/// Pictures within this are not independent witnesses of being outliers, seconds.
pub(crate) const INDEPENDENT_SECS: f64 = 0.7;
/// Rounds of smoother and chain; they settle within a few.
pub(crate) const FUSION_ROUNDS: usize = 5;
/// Time in which the error that neighbouring pictures share is forgotten, seconds. Measured on the race laps.
pub(crate) const SHARED_VISUAL_SECS: f64 = 0.7;
/// Share of a picture's variance that its neighbours have in common.
pub(crate) const SHARED_VISUAL: f64 = 0.8;

// Composition of maps (docs/concepts/alignment.md, 11).

/// Share of the errors of two maps at one place of their reference that is the same in both and falls away
/// between the two runs. On the six pairs of the trail they correlate by 0.01 to 0.52; with a half, the
/// intervals between runs hold 94 % (97 % without).
pub(crate) const SHARED_OF_REFERENCE: f64 = 0.5;
/// Half widths up to this are errors of measuring, seconds; what is above is doubt about the path, which two
/// runs do not share. Half of the knots of the trail are within 0.014 to 0.02, and nearly all within this.
pub(crate) const SHARED_UP_TO_SECS: f64 = 0.05;
/// A chain kept as one map is within this of the chain where it is compared, seconds: half of the millisecond
/// that is promised, since it is compared at seven places between two knots.
pub(crate) const COMPOSED_TOLERANCE_SECS: f64 = 5e-4;
/// Its knots are this far apart on one of the clocks, seconds: a fifth of the tolerance.
pub(crate) const MIN_COMPOSED_KNOT_SECS: f64 = 1e-4;
/// Times that the stretch between two knots of the steps may be halved: 4 s become as short as the tolerance.
pub(crate) const COMPOSED_ROUNDS: usize = 13;
/// Most knots for each knot of the steps. By hand: maps of rides need two at most, and a corner of a stop 13.
pub(crate) const MOST_COMPOSED_KNOTS: usize = 16;
