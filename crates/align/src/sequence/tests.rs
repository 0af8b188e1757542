use super::*;

/// Evidence with a path: +4 on it (nearest frame), -2 elsewhere; nothing where `path` gives `None`.
fn evidence(
    n: usize,
    m: usize,
    spacing: f64,
    path: impl Fn(f64) -> Option<f64>,
) -> (Matrix, Vec<f64>, Vec<f64>) {
    let t_new: Vec<f64> = (0..n).map(|i| i as f64 * spacing).collect();
    let t_ref: Vec<f64> = (0..m).map(|j| j as f64 * spacing).collect();
    let mut values = vec![-2.0; n * m];
    for (i, &t) in t_new.iter().enumerate() {
        if let Some(r) = path(t) {
            let j = ((r / spacing).round() as usize).min(m - 1);
            values[i * m + j] = 4.0;
        }
    }
    (Matrix::new(n, m, values).unwrap(), t_new, t_ref)
}

fn follows(posteriors: &[Posterior], t_new: &[f64], path: impl Fn(f64) -> Option<f64>) {
    for (b, &t) in posteriors.iter().zip(t_new) {
        match path(t) {
            Some(r) => {
                assert!((b.t_ref_secs - r).abs() < 0.6, "at {t}: {b:?}, true {r}");
                assert!(b.off < 0.5, "at {t}: {b:?}");
            }
            None => assert!(b.off > 0.5, "at {t}: {b:?}"),
        }
    }
}

#[test]
fn follows_a_ride_at_another_speed_with_a_stop() {
    let path = |t: f64| {
        Some(if t < 10.0 {
            0.8 * t
        } else if t < 16.0 {
            8.0
        } else {
            8.0 + 1.4 * (t - 16.0)
        })
    };
    let (e, a, b) = evidence(90, 110, 0.33, path);
    follows(&posteriors(&e, &a, &b), &a, path);
}

#[test]
fn starts_late_and_ends_early() {
    let path = |t: f64| (10.0..25.0).contains(&t).then_some(t - 7.0);
    let (e, a, b) = evidence(100, 90, 0.33, path);
    follows(&posteriors(&e, &a, &b), &a, path);
}

#[test]
fn skips_a_stop_of_the_reference() {
    let path = |t: f64| Some(if t < 12.0 { t } else { t + 9.0 });
    let (e, a, b) = evidence(90, 130, 0.33, path);
    follows(&posteriors(&e, &a, &b), &a, path);
}

#[test]
fn order_decides_between_laps_that_look_alike() {
    // The reference holds two equal laps of 15 s; the new run rides both.
    let (mut values, n) = (vec![-2.0; 90 * 90], 90);
    for i in 0..n {
        values[i * n + i] = 4.0;
        values[i * n + (i + 45) % n] = 4.0;
    }
    let t: Vec<f64> = (0..n).map(|i| i as f64 * 0.33).collect();
    follows(&posteriors(&Matrix::new(n, n, values).unwrap(), &t, &t), &t, Some);
}

#[test]
fn one_lap_against_two_equal_laps_admits_that_it_cannot_know() {
    let (n, m) = (45, 90);
    let mut values = vec![-2.0; n * m];
    for i in 0..n {
        values[i * m + i] = 4.0;
        values[i * m + i + 45] = 4.0;
    }
    let t: Vec<f64> = (0..m).map(|i| i as f64 * 0.33).collect();
    let found = posteriors(&Matrix::new(n, m, values).unwrap(), &t[..n], &t);
    assert!(found.iter().all(|b| b.on < 0.8), "{:?}", found[20]);
}

#[test]
fn without_evidence_nothing_has_a_counterpart() {
    let (e, a, b) = evidence(60, 60, 0.33, |_| None);
    follows(&posteriors(&e, &a, &b), &a, |_| None);
    assert!(posteriors(&Matrix::new(0, 0, vec![]).unwrap(), &[], &[]).is_empty());
}

#[test]
fn never_goes_back() {
    let (e, a, b) = evidence(60, 60, 0.33, |t| Some(19.0 - t));
    let on: Vec<f64> = posteriors(&e, &a, &b)
        .iter()
        .filter(|b| b.off < 0.5)
        .map(|b| b.t_ref_secs)
        .collect();
    assert!(on.len() < 20, "{}", on.len());
}

/// Crash at 12 s, three seconds on the ground, a walk back that shows nothing of the trail, and four seconds
/// of it once more.
fn crash(t: f64) -> Option<f64> {
    match t {
        _ if t < 12.0 => Some(t),
        _ if t < 15.0 => Some(12.0),
        _ if t < 20.0 => None,
        _ => Some(t - 12.0),
    }
}

fn first_arrival(t: f64) -> Option<f64> {
    crash(t).filter(|_| !(15.0..24.0).contains(&t))
}

#[test]
fn who_walks_back_keeps_the_first_arrival() {
    let (e, a, b) = evidence(120, 100, 0.33, crash);
    follows(&posteriors(&e, &a, &b), &a, first_arrival);
}

#[test]
fn a_second_pass_outside_of_the_band_changes_nothing() {
    let (all, a, b) = evidence(120, 100, 0.33, crash);
    let sparse: Vec<usize> = (0..a.len()).step_by(4).collect();
    let t_sparse: Vec<f64> = sparse.iter().map(|&i| a[i]).collect();
    let rows = sparse.iter().flat_map(|&i| all.row(i).to_vec()).collect();
    let look = posterior_intervals(&Matrix::new(sparse.len(), b.len(), rows).unwrap(), &t_sparse, &b);
    let bands = crate::band::band(&look, &t_sparse, &a, &b).unwrap();
    assert!(bands.iter().any(|band| band.start > 0), "{bands:?}");
    let cells = bands
        .iter()
        .enumerate()
        .flat_map(|(i, band)| all.row(i)[band.clone()].to_vec());
    let banded = Matrix::banded(b.len(), bands.clone(), cells.collect()).unwrap();
    follows(&posteriors(&banded, &a, &b), &a, first_arrival);
}

#[test]
fn a_reference_that_walked_back_is_leapt_over() {
    // The new run rides once what the reference shows twice.
    let (n, m, spacing) = (90, 150, 0.33);
    let t_new: Vec<f64> = (0..n).map(|i| i as f64 * spacing).collect();
    let t_ref: Vec<f64> = (0..m).map(|j| j as f64 * spacing).collect();
    let mut values = vec![-2.0; n * m];
    for (i, &t) in t_new.iter().enumerate() {
        for (j, &r) in t_ref.iter().enumerate() {
            if crash(r).is_some_and(|place| (place - t).abs() < 0.5 * spacing) {
                values[i * m + j] = 4.0;
            }
        }
    }
    let found = posteriors(&Matrix::new(n, m, values).unwrap(), &t_new, &t_ref);
    assert!(found.windows(2).all(|w| w[0].t_ref_secs <= w[1].t_ref_secs + 0.1));
    for (b, &t) in found.iter().zip(&t_new) {
        let apart = |r: f64| (b.t_ref_secs - r).abs();
        let (first, second) = (apart(t), apart(t + 12.0));
        assert!(b.on < 0.6 || first.min(second) < 0.6, "at {t}: {b:?}");
    }
}

#[test]
fn a_band_around_the_path_changes_nothing() {
    let path = |t: f64| {
        let on = !(20.0..=26.0).contains(&t);
        on.then_some(0.9 * t + 3.0)
    };
    let (all, a, b) = evidence(110, 120, 0.33, path);
    let bands: Vec<Range<usize>> = a
        .iter()
        .map(|t| {
            let centre = (0.9 * t + 3.0) / 0.33;
            (centre - 30.0).max(0.0) as usize..((centre + 30.0) as usize).min(120)
        })
        .collect();
    let cells = bands
        .iter()
        .enumerate()
        .flat_map(|(i, band)| all.row(i)[band.clone()].to_vec());
    let banded = Matrix::banded(120, bands.clone(), cells.collect()).unwrap();
    for (x, y) in posteriors(&all, &a, &b).iter().zip(posteriors(&banded, &a, &b)) {
        assert!((x.off - y.off).abs() < 0.02, "{x:?} {y:?}");
        assert!(
            x.off > 0.5 || (x.t_ref_secs - y.t_ref_secs).abs() < 0.02,
            "{x:?} {y:?}"
        );
    }
}

#[test]
fn the_interval_holds_the_posterior() {
    let (e, a, b) = evidence(60, 70, 0.33, |t| Some(t + 1.0));
    for r in posterior_intervals(&e, &a, &b) {
        let mean = r.posterior.t_ref_secs;
        assert!(r.low_secs <= mean + 0.05 && mean - 0.05 <= r.high_secs, "{r:?}");
        assert!(r.high_secs - r.low_secs < 3.0, "{r:?}");
    }
}
