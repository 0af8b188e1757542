//! Why there is no alignment, from the reasons in timewarp.json (docs/reference/files.md#timewarpjson).

/// The reason that is no gate's: one run goes the other way.
pub const REVERSED: &str = "reference looks reversed";

/// Why there is no alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No stretch of trail is surely in both.
    NoCommonStretch,
    /// One run goes the other way.
    Reversed,
    /// Hardly anything was recognised.
    TooFewPairs,
    /// Too little of the new run is mapped.
    Coverage,
    /// Too much of what was recognised contradicts the map.
    Inliers,
    /// What was recognised lies too far from the map.
    Residuals,
    /// The speed of an affine map is not that of one clip.
    Speed,
}

impl Refusal {
    /// By a line of the verdict: `coverage 0.29 < 0.50`. `None` for lines that no gate says.
    pub fn of(reason: &str) -> Option<Self> {
        if reason == REVERSED {
            return Some(Self::Reversed);
        }
        let begins_with = |words: &str| {
            let rest = reason.strip_prefix(words);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let said = [
            ("no common stretch", Self::NoCommonStretch),
            ("too few pairs", Self::TooFewPairs),
            ("coverage", Self::Coverage),
            ("inlier_frac", Self::Inliers),
            ("p90", Self::Residuals),
            ("ppm", Self::Speed),
        ];
        said.into_iter()
            .find(|(words, _)| begins_with(words))
            .map(|(_, refusal)| refusal)
    }
}

#[cfg(test)]
mod tests {
    use mtbsync_align::fit::fit_monotone;
    use mtbsync_align::gates::judge;
    use mtbsync_align::pair::Pair;
    use mtbsync_align::{TimeWarp, WarpModel, WarpSettings};

    use super::*;

    /// Settings that no map keeps; every field is named, so that a new gate comes by here.
    fn impossible(model: WarpModel) -> WarpSettings {
        WarpSettings {
            model,
            window_secs: 1.0,
            inlier_thresh_secs: None,
            ransac_iters: 1,
            rng_seed: 0,
            max_ppm: -1.0,
            min_inlier_frac: 2.0,
            min_coverage: 2.0,
            max_p90_secs: Some(-1.0),
        }
    }

    #[test]
    fn every_reason_of_the_gates_is_known() {
        let pairs: Vec<Pair> = (0..60)
            .map(|i| f64::from(i) / 3.0)
            .map(|t| Pair {
                t_new_secs: t,
                t_ref_secs: 2.0 + t,
                sigma_secs: 0.02,
                certainty: 1.0,
            })
            .collect();
        let warp = fit_monotone(&pairs, &[]);
        let known = |warp: &TimeWarp, pairs: &[Pair], model| {
            let verdict = judge(warp, pairs, 20.0, &impossible(model));
            assert!(verdict.gates.iter().all(|gate| !gate.ok), "{:?}", verdict.gates);
            let known = verdict.reasons.iter().map(|reason| {
                let refusal = Refusal::of(reason);
                refusal.unwrap_or_else(|| panic!("{reason} is not known"))
            });
            known.collect::<Vec<_>>()
        };
        let (monotone, affine) = (WarpModel::Monotone, WarpModel::Affine);
        assert_eq!(
            known(&warp, &pairs, monotone),
            [Refusal::Inliers, Refusal::Coverage, Refusal::Residuals]
        );
        assert_eq!(
            known(&warp, &pairs, affine),
            [Refusal::Inliers, Refusal::Speed, Refusal::Residuals]
        );
        let nothing = TimeWarp::default();
        assert_eq!(known(&nothing, &[], monotone), [Refusal::NoCommonStretch]);
        assert_eq!(known(&nothing, &pairs[..3], monotone), [Refusal::TooFewPairs]);
        assert_eq!(Refusal::of(REVERSED), Some(Refusal::Reversed));
        assert_eq!(Refusal::of("coverages differ"), None);
    }
}
