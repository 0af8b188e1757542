//! Tuned numbers of matching: unit, and where each comes from; by hand where it does not say.

use mtbsync_vision::structure::Projection;

// Comparison and location

/// Pairs of frames up to which all are compared, at every shift: nearly two minutes against two minutes at 3
/// frames a second, about a second of work.
pub(crate) const MAX_FULL_CELLS: usize = 100_000;
/// New frames of the sparse look. Each finds its place by itself four times in five; a sequence of hundreds
/// leaves no doubt about the path, only about short stops and detours between them, which the full comparison
/// sees.
pub(crate) const SPARSE_FRAMES: usize = 400;
/// Frames spread over a recording that stand for all of it when a mean and a standard deviation are taken.
pub(crate) const SAMPLE_FRAMES: usize = 64;
/// Reference frames prepared at once for the comparison with all: what a processor's cache holds.
pub(crate) const PART_FRAMES: usize = 48;
/// Such parts that are compared before their results are put into place: work for many threads.
pub(crate) const PARTS_AT_ONCE: usize = 128;
/// New frames compared at once within bands: work for many threads; with the reference frames of their bands
/// some 10 MB.
pub(crate) const TILE_ROWS: usize = 256;
/// Share of frames on the trail, played backwards, that makes a reversed ride.
pub(crate) const REVERSED_SHARE: f64 = 0.5;

/// Share of the frames on the trail whose best place by themselves is the path's, below which learned
/// features are asked. Measured: 0.92 to 0.99 between rendered rides in other light, where they change
/// nothing; 0.61 to 0.78 where they help (a small corridor, a roll of 10 degrees, snow, two cameras).
pub(crate) const SURE_AGREEMENT: f64 = 0.85;
/// Share of frames on the trail below which learned features are asked as well: what the least coverage would
/// refuse by default.
pub(crate) const SURE_SHARE_ON: f64 = 0.5;
/// Places nearer to each other than this are the same, seconds: as in the posterior of a place.
pub(crate) const SAME_PLACE_SECS: f64 = 0.7;

/// Candidates of one frame are at least this far apart, seconds: neighbours of a peak are the same place.
pub(crate) const CANDIDATE_GAP_SECS: f64 = 1.0;
/// Added to the window of `--refine-window` frames: the path is only known to a frame or so.
pub(crate) const WINDOW_MARGIN_FRAMES: f64 = 1.4;
/// Error of an unrefined pair as a share of the frame spacing.
pub(crate) const UNREFINED_SIGMA: f64 = 0.35;

// Foreground

/// Analysed frames, evenly spread, from which a foreground is found.
pub(crate) const FOREGROUND_SAMPLE: usize = 128;

// Weights of cells

/// Most places of the path that are looked at, evenly spread, and fewest. By hand.
pub(crate) const SURE_PLACES: usize = 64;
pub(crate) const MIN_SURE_PLACES: usize = 16;
/// Farther from the path than this a place is another one, seconds.
pub(crate) const OTHER_PLACE_SECS: f64 = 3.0;
/// Reference frames, evenly spread, among which other places are looked for, and how many of those most like
/// a new frame are taken.
pub(crate) const OTHER_PLACES_TRIED: usize = 24;
pub(crate) const OTHER_PLACES: usize = 4;
/// How far before and after a place the pictures must have become others, seconds, and how many of them are
/// taken. Measured on race-lap without GPS, key frames, both orders: without them 45 / 113 and 46 / 118 ms,
/// with them 43 / 89 and 44 / 109.
pub(crate) const NEAR_PLACES_SECS: (f64, f64) = (0.5, 1.5);
pub(crate) const NEAR_PLACES: usize = 6;
/// Cells each way over which gains are averaged. By hand.
pub(crate) const GAIN_RADIUS: usize = 1;
/// Cells, of 576, whose mean gain makes a weight of 1. By hand: a quarter, the windows of a car.
pub(crate) const TELLING_CELLS: usize = 144;

// Similarity under displacement

/// Blocks kept of a recording while it is walked along: enough for several threads in different places.
pub(crate) const KEPT_DISPLACED_BLOCKS: usize = 24;

// GPS

/// A place of the pictures' path takes part in the comparison with GPS when the model is this sure of it.
pub(crate) const SURE_ON: f64 = 0.8;
pub(crate) const SURE_OFF: f64 = 0.2;
/// Places of the path are compared this far apart, seconds.
pub(crate) const SEEN_STEP_SECS: f64 = 0.9;
/// 1-sigma error of the sequence model's places, seconds.
pub(crate) const POSTERIOR_SIGMA_SECS: f64 = 0.3;
/// Fewest places of the path for a verdict on GPS.
pub(crate) const MIN_COMPARED: usize = 8;
/// Share of the compared places at which GPS must agree with the pictures.
pub(crate) const MIN_AGREEMENT: f64 = 0.6;
/// Two sources agree within this many of their sigmas.
pub(crate) const AGREEMENT_SIGMAS: f64 = 3.0;
/// Spread between two passes of one place seen by good receivers, seconds
/// (docs/reference/telemetry-files.md#what-gps-is-worth).
pub(crate) const RECEIVER_SIGMA_SECS: f64 = 0.13;
/// Places farther across than this are another trail, in sigmas of the positions.
pub(crate) const MAX_ACROSS_SIGMAS: f64 = 2.5;
/// Certainty of GPS where no picture could be compared at all, both tracks being the cameras' own or given
/// with their offset by a person.
pub(crate) const UNSEEN_CERTAINTY: f64 = 0.9;

// Speed from pictures

/// Frames farther apart look unlike each other at any speed, seconds.
pub(crate) const MAX_SPEED_STEP_SECS: f64 = 0.2;
/// Half width of the smoothing, seconds: receivers smooth about as much.
pub(crate) const SPEED_SMOOTH_SECS: f64 = 1.0;
/// Step of the signal, seconds.
pub(crate) const SPEED_STEP_SECS: f64 = 0.25;
/// Farthest frames that take part in a value, in half widths.
pub(crate) const SPEED_SMOOTH_REACH: f64 = 3.0;

// Geometry between the cameras

/// Alignments with another geometry each: the second pass has better pairs to find it by.
pub(crate) const GEOMETRY_ROUNDS: usize = 2;
/// Share of the frames on the trail that a geometry may cost. By hand: one or two frames.
pub(crate) const MAX_SHARE_LOST: f64 = 0.02;
/// Sure pairs by which it is found; 16 tell the scale to 2 %, on rendered pairs.
pub(crate) const GEOMETRY_PAIRS: usize = 40;
/// Fewest sure pairs. By hand.
pub(crate) const MIN_GEOMETRY_PAIRS: usize = 8;
/// Pairs that tell whether there is anything to look for.
pub(crate) const QUICK_PAIRS: usize = 14;
/// How far around its place the best moment of a pair is looked for, seconds: an eighth of scale moves it by
/// a tenth of a second.
pub(crate) const GEOMETRY_REACH_SECS: f64 = 0.6;
/// Frames within that reach that are compared.
pub(crate) const GEOMETRY_FRAMES: usize = 12;
/// First steps: logarithm of the scale, degrees of roll, bend. The likeness falls by a fifth at the first, by
/// a tenth at the others. Halved three times: to 1.2 % of scale, half a degree.
pub(crate) const FIRST_VIEW_STEPS: [f64; 3] = [0.1, 4.0, 0.5];
/// Farthest views that are looked for: 0.75 to 1.33, 12 degrees, a lens of 100 degrees.
pub(crate) const MAX_VIEW: [f64; 3] = [0.288, 12.0, 1.2];
/// Differences of a few pairs below which cameras are alike.
pub(crate) const LEAST_VIEW: [f64; 3] = [0.045, 4.0, 0.5];
/// Differences of many pairs below which nothing is described again: the motion of the scene tells the scale
/// better, and stands a roll of 10 degrees (2 to 6 ms on rendered pairs).
pub(crate) const LEAST_CHANGE: [f64; 3] = [0.03, 8.0, 0.3];
/// Share by which likeness must grow.
pub(crate) const MIN_VIEW_GAIN: f64 = 0.02;
/// Share by which it must grow further for another projection, which a scale imitates in part. Measured: 10 %
/// on a fisheye against a rectilinear lens, up to 2 % where both are the same.
pub(crate) const MIN_BEND_GAIN: f64 = 0.03;
/// Step of the logarithm of the scale by which its error is found.
pub(crate) const SIGMA_STEP: f64 = 0.04;
/// Fewest frames that must tell the zoom. By hand.
pub(crate) const MIN_ZOOM_FRAMES: usize = 8;
/// One-sigma errors of the logarithm of the scale: by likeness (2 to 3 % off on rendered pairs), and by the
/// motion of the scene where another projection is taken out, of which what is left looks like a zoom (5 % on
/// dev_lens by key frames).
pub(crate) const LIKENESS_SIGMA: f64 = 0.02;
pub(crate) const BENT_ZOOM_SIGMA: f64 = 0.03;
/// Sigmas from which on what is left of a zoom is believed. By hand.
pub(crate) const ZOOM_SIGMAS: f64 = 2.0;
/// Logarithm of a zoom of the new camera, and its sigmas, from which on it is believed where likeness saw
/// none.
pub(crate) const LEAST_ZOOM: f64 = 0.015;
pub(crate) const LEAST_ZOOM_SIGMAS: f64 = 4.0;
/// Change of a zoom from the first to the second half of the pairs from which on it is believed, with as many
/// sigmas. Measured: up to 0.042 (and 3.3 sigmas) on pairs without one, 0.08 to 0.22 where half is zoomed by
/// 1.1 or 1.25.
pub(crate) const LEAST_ZOOM_CHANGE: f64 = 0.06;
/// How much farther places are off then than by that scale itself (0.18 to 0.31 s in the worse half), and how
/// much larger the errors of pairs must be for that to be left once the map has averaged over neighbours.
pub(crate) const ZOOM_CHANGE_WAY: f64 = 1.5;
pub(crate) const AVERAGED_ERRORS: f64 = 2.0;
/// Correction of the logarithm of the scale below which nothing is described again: 2 cm of way.
pub(crate) const LEAST_RESCALE: f64 = 0.005;
/// Way by which places move per unit of the logarithm of the scale, metres (measured on rendered pairs: 4 cm
/// per cent), and a usual speed to turn it into time, metres a second.
pub(crate) const WAY_PER_SCALE_M: f64 = 4.0;
pub(crate) const USUAL_SPEED_M_S: f64 = 5.0;
/// Groups of pairs that are compared for that error.
pub(crate) const GEOMETRY_GROUPS: usize = 5;

// Local features

/// How far from its expected place a match is looked for, in cells of the dense grid.
pub(crate) const GUIDE_CELLS: f64 = 1.5;
/// Keypoints per frame that take part when local features have to find the place.
pub(crate) const RETRIEVAL_KEYPOINTS: usize = 200;
/// Matches that make a similarity of 1 there.
pub(crate) const FULL_MATCHES: f32 = 100.0;

// Structure

/// Reference frames farther apart than this show too different pictures, seconds.
pub(crate) const MAX_BASELINE_SECS: f64 = 1.2;
/// Motion between two reference frames from which on farther ones are no better, fine cells of the HOG grid,
/// and how far apart they may be to reach it, seconds. Measured: neighbours 1/15 s apart locate 95 of 100
/// frames to 5 ms (median), frames 1/3 s apart 79 to 95 to 9 ms or better.
pub(crate) const FULL_MOTION: f64 = 1.0;
pub(crate) const LONG_BASELINE_SECS: f64 = 0.5;
/// The farther frame must show this share of the nearer one's clear blocks.
pub(crate) const MIN_KEPT_CLEAR: f64 = 0.7;
/// Pictures taken this near to each other show things at nearly the same places, seconds.
pub(crate) const NEAR_SECS: f64 = 0.15;
/// Share of the blocks between two reference frames that must move as one rigid scene. Of frames near to each
/// other nearly all blocks are right, and where fewer agree, something else moves; of farther ones some are
/// wrong by chance.
pub(crate) const MIN_RIGID_SHARE_NEAR: f64 = 0.85;
pub(crate) const MIN_RIGID_SHARE_FAR: f64 = 0.7;
/// Factor on the error by the blocks' residuals, which takes depths and the turn between the frames as exact.
/// Measured on two pairs with known truth (dev_partial, dev_speed), checked on the others.
pub(crate) const LOCATED_SIGMA: f64 = 1.4;
/// Both sides agree when they differ by less than this many sigmas of both.
pub(crate) const MAX_DISAGREEMENT: f64 = 2.0;
/// Least share of the pairs that must be located. On open rides a quarter to nine tenths are; where hardly
/// any is (a cockpit that fills the picture: 8 %), those few are more likely something else that moves as
/// one, such as an arm.
pub(crate) const MIN_LOCATED_SHARE: f64 = 0.15;
/// How often a pair is looked for.
pub(crate) const LOOKS: usize = 3;
/// Views of reference frames from which on those that are not needed next are dropped: all of ten minutes,
/// some 50 MB.
pub(crate) const KEPT_VIEWS: usize = 4096;
/// Pairs that are located together, three minutes. By hand.
pub(crate) const STRETCH_PAIRS: usize = 512;
/// Located pairs farther apart than this say nothing about those between, seconds.
pub(crate) const MAX_BRIDGE_SECS: f64 = 2.0;
/// How well the rate between pairs is known, as a share of it.
pub(crate) const RATE_SIGMA: f64 = 0.1;
/// Pairs, evenly spread, from which the lenses are found.
pub(crate) const LENS_SAMPLE: usize = 16;
/// Lenses that are tried: degrees seen across the picture.
pub(crate) const LENSES: [(Projection, f64); 8] = [
    (Projection::Rectilinear, 70.0),
    (Projection::Rectilinear, 85.0),
    (Projection::Rectilinear, 100.0),
    (Projection::Rectilinear, 115.0),
    (Projection::Rectilinear, 130.0),
    (Projection::Equidistant, 100.0),
    (Projection::Equidistant, 120.0),
    (Projection::Equidistant, 140.0),
];
/// Tried if nothing speaks for another: the middle of what action cameras see.
pub(crate) const USUAL_LENS: (Projection, f64) = LENSES[2];
/// Steps by which the best of them is then improved, degrees.
pub(crate) const LENS_STEPS_DEG: [f64; 2] = [7.0, 3.5];
/// Two different lenses need this much more support than one for both.
pub(crate) const OTHER_LENS_GAIN: f64 = 1.03;
