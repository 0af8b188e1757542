//! Every tuned number of the crate, by stage: value, unit, and where it comes from.
//!
//! What is not here: shapes of stored data (`dense`, `hog_grid`), bounds of integer arithmetic, which stand
//! beside the sums that they bound, sizes of vectorised blocks, the ranges of
//! [`crate::structure::SearchRange`], and what callers may set ([`crate::orb::OrbParams`],
//! [`crate::clahe::ClaheParams`], [`crate::geometry::VerifyParams`]). *By hand*: chosen, not measured by
//! itself; `make accuracy` measures all of them together. Figures of rendered rides are those of
//! `docs/concepts/alignment.md`.

// Histograms of oriented gradients (`orientation_grid`).

/// Pixels of the reduced picture per cell side. By hand: 160×90 pixels for the place descriptor, 320×180 for
/// the HOG grid.
pub(crate) const HOG_CELL_PX: usize = 5;
/// Added to grey values before the logarithm. By hand: noise at level 2 must not look like a strong edge.
pub(crate) const HOG_LOG_OFFSET: f32 = 16.0;
/// Added to the root of a neighbourhood's energy before dividing by it. By hand: sky and blur fade instead of
/// amplifying noise.
pub(crate) const HOG_NORM_FLOOR: f32 = 0.05;

// Pictures through another lens (`remap`).

/// Share of a cell's pixels that the source must have seen. By hand.
pub(crate) const REMAP_MIN_SEEN: f64 = 0.75;

// Kept pictures (`thumbnail`).

/// Quality of the kept JPEG, 1..100. By hand: about 12 kB a frame.
pub(crate) const THUMBNAIL_QUALITY: u8 = 88;

// Static mask (`mask`) and recurring features (`recurring`).

/// Share of a cell's energy in its mean from which on it never moves. Measured: scenery stays below 0.80 on
/// the rendered rides, roof and door of a cockpit (race-lap) lie at 0.88 to 0.97.
pub(crate) const STATIC_SHARE: f64 = 0.88;
/// Mean squared bin value below which a cell is too flat to be called static. By hand.
pub(crate) const STATIC_FLAT_ENERGY: f64 = 1e-4;
/// Frames below which nothing is called static: a short standstill is no proof. By hand, 8 s of analysed
/// frames.
pub(crate) const STATIC_MIN_FRAMES: usize = 24;
/// Share of the cells above which the camera stood still and nothing is masked. By hand.
pub(crate) const STATIC_MAX_SHARE: f64 = 0.8;
/// Frames, spread evenly over the recording, in which each feature is looked for again. By hand.
pub(crate) const RECURRING_LOOKS: usize = 4;
/// Looks that must show it again. By hand.
pub(crate) const RECURRING_MIN_SEEN: usize = 2;
/// How far a recurring feature may lie off, pixels: the camera trembles on its mount. By hand.
pub(crate) const RECURRING_RADIUS_PX: f32 = 3.0;
/// Most bits of 256 that may differ in a recurring feature; unrelated ones differ in about 128. By hand.
pub(crate) const RECURRING_MAX_DISTANCE: u32 = 64;

// Moving foreground (`foreground`).

/// Frames below which no foreground is looked for; as [`STATIC_MIN_FRAMES`].
pub(crate) const FOREGROUND_MIN_FRAMES: usize = STATIC_MIN_FRAMES;
/// How far a foreground may move each way, fine cells of the HOG grid. Measured: 47 pixels of 640 are 4.7, on
/// race-lap 6 from its place.
pub(crate) const FOREGROUND_MAX_DX: isize = 10;
pub(crate) const FOREGROUND_MAX_DY: isize = 6;
/// How often the frames are laid over their mean; race-lap stays as it is from the second time on.
pub(crate) const FOREGROUND_ROUNDS: usize = 4;
/// Shares of a cell's energy in its mean from which a cell takes part in laying frames over each other, and
/// takes full part.
pub(crate) const FOREGROUND_SHARES_OF_WEIGHT: (f64, f64) = (0.7, 0.9);
/// Share of the cells that must hardly change for there to be a foreground. Measured: 0 on rendered rides,
/// 0.25 in a cockpit (race-lap).
pub(crate) const FOREGROUND_MIN_CELLS: f64 = 0.1;
/// Where there is a foreground, shares of a cell's energy in its mean between which its border is looked for.
/// Measured: the two kinds part best at 0.68 in a cockpit under changing light (race-lap, where 0.70 to 0.75
/// locate best) and at 0.81 before rendered scenery, half of which lies above 0.72.
pub(crate) const FOREGROUND_SPLITS: (f64, f64) = (0.7, STATIC_SHARE);
/// Share of the cells that must be left.
pub(crate) const FOREGROUND_MIN_SCENERY: f64 = 0.2;
/// Energy below which a cell is too flat to be called static, as a share of the mean cell's.
pub(crate) const FOREGROUND_FLAT: f64 = 0.02;
/// Share of the frames in which a cell must be seen.
pub(crate) const FOREGROUND_SEEN: f64 = 0.25;

// Centring (`similarity::centred`).

/// Window of the local mean, seconds. Measured on a drive with a cockpit in view and on rendered rides: 1.2
/// to 2 s serve alike; longer ones let the driver's arms back in, shorter ones take away the scenery.
pub(crate) const LOCAL_WINDOW_SECS: f64 = 1.5;
/// Cells each side whose energy a cell is divided by. Measured with the next: dividing lowers the median
/// error on a drive with a bright sleeve in view by a fifth and changes nothing on open rides.
pub(crate) const CONTRAST_RADIUS: usize = 2;
/// Share of the frame's mean energy added to each neighbourhood's: keeps empty sky empty. By hand.
pub(crate) const CONTRAST_FLOOR: f32 = 0.3;
/// Frames of a prepared block, some ten seconds. By hand: memory against preparing the same frames again.
pub const BLOCK_FRAMES: usize = 32;

// Place search (`similarity::place`).

/// Largest sideways and vertical shift, cells of about 3 degrees: how differently two cameras are worn. By
/// hand.
pub(crate) const SHIFT_MAX_DX: usize = 6;
pub(crate) const SHIFT_MAX_DY: usize = 2;
/// Cells tried each side of the best pooled shift: pooling by two leaves it uncertain by one.
pub(crate) const SHIFT_AROUND: usize = 1;

// Learned descriptor (`learned`, `similarity::learned`).

/// Bytes per unit of a pooled learned descriptor. Its numbers are sums of four parts of unit vectors of 64,
/// weighted by reliabilities of 0.2 to 0.6: a tenth to a third, so 10 to 30 steps.
pub(crate) const LEARNED_STEPS: f32 = 100.0;
/// Largest sideways and vertical shift of the learned map, cells of 16 pixels of 320: about as far as the
/// place search of the dense descriptor. Measured against 4 and 2: the same single frames within 1 %.
pub(crate) const LEARNED_MAX_DX: usize = 3;
pub(crate) const LEARNED_MAX_DY: usize = 1;

// Displacement with shear (`similarity::displacement`).

/// Whole-cell search range, sideways and vertical: the shifts of the place search and half as many again. By
/// hand.
pub(crate) const SEARCH_DX: i32 = 9;
pub(crate) const SEARCH_DY: i32 = 3;
/// Displacements kept, cells: the search range, and what shear and interpolation add.
pub(crate) const DISPLACEMENT_MAX_DX: usize = 12;
pub(crate) const DISPLACEMENT_MAX_DY: usize = 4;
/// Shears tried first, cells ten rows below the horizon; a line 0.5 m further left gives about 3.
pub(crate) const SEARCH_SHEARS: [f32; 5] = [-3.0, -1.5, 0.0, 1.5, 3.0];
/// Largest shear, cells: a line a metre away.
pub(crate) const MAX_SHEAR: f32 = 6.0;
/// Row of the horizon of a camera that looks ahead and slightly down. By hand.
pub(crate) const HORIZON_ROW: f32 = 6.0;
/// Rows below the horizon over which the shear grows by its full value: about the lower half of the picture.
pub(crate) const SHEAR_ROWS: f32 = 10.0;
/// Rows, of 18, that must overlap for a displacement to be judged. By hand.
pub(crate) const MIN_ROWS: usize = 8;
/// First and last steps of the coordinate search (dx, dy, shear), cells; halved from one to the other. By
/// hand: a tenth of a cell is a third of a degree.
pub(crate) const FIRST_STEPS: [f32; 3] = [0.5, 0.5, 1.0];
pub(crate) const LAST_STEP: f32 = 0.1;

// HOG grid and block matching (`structure`).

/// Cells of a coarse block each way. By hand: large enough to be unlike others, small enough to lie at one
/// depth.
pub(crate) const COARSE_BLOCK: usize = 3;
/// Fine cells each way from twice the coarse shift at which hill climbing gives up: pooling leaves one
/// uncertain.
pub(crate) const CLIMB_RANGE: isize = 2;
/// How many times as large things may be in the later of two frames, besides equally. A third of a second of
/// riding makes near things half as large again; at one size 32 to 78 % of such frames were located, at these
/// 79 to 95 %.
pub(crate) const SCALES: [f64; 2] = [1.2, 1.5];
/// Mean energy of a cell below which a block shows nothing, squared steps of a HOG grid: the same share of a
/// typical edge as [`STATIC_FLAT_ENERGY`].
pub(crate) const MIN_CELL_ENERGY: f32 = 2_300.0;
/// Peak margin below which a block is not refined. By hand; no result uses blocks below it.
pub(crate) const MIN_PEAK_MARGIN: f32 = 0.02;
/// Least peak margin of a block between two frames of one recording. By hand.
pub(crate) const MIN_PEAK_MARGIN_SAME: f32 = 0.03;
/// Peak margin from which on a block counts in full. By hand.
pub(crate) const FULL_PEAK_MARGIN: f32 = 0.15;
/// Largest difference of the forward and the backward match, fine cells. By hand: a peak below a cell is off
/// by less.
pub(crate) const MAX_DISAGREEMENT: f64 = 1.5;
/// Least cosine of a block between frames of one recording: a few frames apart, and a third of a second or
/// more, where the ground is seen from another side. By hand.
pub(crate) const MIN_SIMILARITY_NEXT: f32 = 0.5;
pub(crate) const MIN_SIMILARITY_STEP: f32 = 0.42;
/// Least cosine of a block between two recordings: other light, other season. By hand.
pub(crate) const MIN_SIMILARITY_OTHER: f32 = 0.25;
/// How far inside the other grid a match must lie, fine cells: a quarter of a block.
pub(crate) const RIM: f64 = 1.5;

// Two-view geometry of blocks (`structure::pose`, `structure::resection`, `structure::lens`).

/// Blocks that a relative pose needs, of 576. By hand.
pub(crate) const MIN_BLOCKS: usize = 60;
/// Blocks with depth that a resection needs. By hand.
pub(crate) const MIN_LOCATED: usize = 24;
/// Motion below which a block tells nothing of depth, fine cells: far away, or part of the camera's carrier.
/// By hand, above the error of a match.
pub(crate) const MIN_MOTION: f64 = 0.4;
/// Scales of the robust weights of the relative pose, fine cells, round after round: wide first, so that a
/// poor start is left, then as narrow as the blocks are exact. By hand.
pub(crate) const POSE_SCALES: [f64; 9] = [1.6, 1.6, 0.8, 0.8, 0.55, 0.4, 0.3, 0.3, 0.3];
/// The same for the resection, which starts farther off.
pub(crate) const RESECTION_SCALES: [f64; 10] = [4.0, 4.0, 2.7, 2.7, 1.6, 1.6, 1.1, 0.8, 0.6, 0.6];
/// Largest epipolar residual of a point with depth, fine cells. By hand.
pub(crate) const MAX_RESIDUAL: f64 = 1.0;
/// Inverse depths that are believed, per baseline: nothing is behind the camera, what is nearer than the
/// baseline has left the picture.
pub(crate) const INVERSE_DEPTH: (f64, f64) = (-0.02, 1.0);
/// Share of the blocks that must fit one rigid motion; else something else moves, or nothing fits. By hand,
/// below what the caller asks for.
pub(crate) const MIN_RIGID_SHARE: f64 = 0.6;
/// Pull of the relative pose towards no rotation and straight ahead, per block. By hand.
pub(crate) const POSE_PRIOR: f64 = 1e-3;
/// Factor on variances: each coarse cell lies in nine blocks.
pub(crate) const OVERLAP: f64 = 9.0;
/// Least error of a block's place, fine cells. By hand, what a shifted test picture gives.
pub(crate) const MIN_BLOCK_ERROR: f64 = 0.15;
/// Largest angle from the optical axis that is used, radians: tangents run away beyond.
pub(crate) const MAX_ANGLE: f64 = 1.31;

// ORB (`orb`) and its contrast (`clahe`).

/// Pixels at the edge of each level without features. The patch allows half of it, but what is nearer to the
/// edge has often left the picture one frame later. Measured against 17 on four clips: 4 and 6 % more inliers
/// on two, the same on one, 5 % fewer on one.
pub(crate) const ORB_BORDER: usize = 31;
/// Corners kept by FAST score for each one wanted, before the Harris response ranks them (Rublee et al.
/// 2011).
pub(crate) const ORB_OVERSAMPLING: usize = 2;
/// Share of the features that go to the strongest corners, wherever they are. Measured on neighbouring frames
/// of four clips (`make bench-orb`): with 0, homography inliers change by +3 to -57 % against 1; at 0.9 the
/// worst loss is 10 %.
pub(crate) const ORB_FREE_SHARE: f32 = 0.9;
/// Features per cell that an even spread would give. By hand.
pub(crate) const ORB_FEATURES_PER_CELL: usize = 4;
/// Side of the square of the Harris response, pixels (Rublee et al. 2011).
pub(crate) const HARRIS_BLOCK: usize = 7;
/// Weight of the squared trace in the Harris response (Harris and Stephens 1988).
pub(crate) const HARRIS_TRACE_WEIGHT: f32 = 0.04;
/// Shortest side of a CLAHE tile, pixels: a histogram needs samples. By hand.
pub(crate) const CLAHE_MIN_TILE_PX: usize = 16;
/// Every how many rows a CLAHE histogram counts. By hand: neighbouring rows say nearly the same, at half the
/// time.
pub(crate) const CLAHE_ROW_STEP: usize = 2;

// Geometric verification (`geometry`).

/// Largest expected number of equally good models from random matches, base-10 logarithm: one in a hundred.
pub(crate) const MAX_CHANCE_LOG10: f64 = -2.0;
/// Least standard deviation of the inliers in every direction, in thresholds: not on a line, not in a spot.
/// By hand.
pub(crate) const MIN_SPREAD_THRESHOLDS: f64 = 3.0;
/// The inlier threshold in standard deviations: 95 % of a two-dimensional Gaussian lies within.
pub(crate) const THRESHOLD_SIGMAS: f64 = 2.45;
/// λ₃ of Torr (2002): what an outlier may cost per dimension it is off.
pub(crate) const GRIC_OUTLIER_COST: f64 = 2.0;
/// Probability of having drawn one sample without outliers. By hand; usual are 0.99 to 0.999.
pub(crate) const RANSAC_CONFIDENCE: f64 = 0.999;
/// Samples drawn even when the first ones look perfect: one of near neighbours can. By hand.
pub(crate) const RANSAC_MIN_SAMPLES: usize = 20;
/// Refits after a new best sample; the gain of more is within the noise.
pub(crate) const RANSAC_LOCAL_REFITS: usize = 4;
/// Refits of the final model at most; it usually settles after five.
pub(crate) const RANSAC_FINAL_REFITS: usize = 12;
/// Twice the area below which three normalised points count as collinear. By hand.
pub(crate) const MIN_DOUBLED_AREA: f64 = 0.01;
/// Largest change of area (and smallest, as its inverse) between two pictures of one place: features do not
/// match over a fourfold change of scale.
pub(crate) const MAX_AREA_RATIO: f64 = 16.0;
/// Depth, relative to that of the points' centre, below which a homography puts a point behind the camera. By
/// hand.
pub(crate) const MIN_RELATIVE_DEPTH: f64 = 0.1;
