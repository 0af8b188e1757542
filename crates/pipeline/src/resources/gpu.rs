//! Use of the graphics card during a run, by NVIDIA's management library where a driver brought one.
//!
//! The library is looked for at run time and asked by a thread of its own: initialising a sleeping card takes
//! seconds, and a broken driver may never answer. Whoever wants the numbers takes those that are there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

/// Time between two looks at the card; its own figure covers between a sixth of a second and a second.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long `doctor` waits for an answer of the driver.
const PATIENCE: Duration = Duration::from_secs(3);

/// One look at the busiest card.
#[derive(Clone, Copy, Debug, PartialEq)]
struct GpuSample {
    /// Share of time in which it computed, percent.
    util_pct: f64,
    /// Memory in use, 10^6 bytes.
    mem_mb: f64,
}

/// What was seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct GpuSeen {
    samples: u32,
    util_sum_pct: f64,
    mem_peak_mb: f64,
}

impl GpuSeen {
    fn add(&mut self, sample: GpuSample) {
        self.samples += 1;
        self.util_sum_pct += sample.util_pct;
        self.mem_peak_mb = self.mem_peak_mb.max(sample.mem_mb);
    }
}

/// Use of the card over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GpuUse {
    /// Mean share of time in which the busiest card computed, percent; for all programs together.
    pub util_pct: Option<f64>,
    /// Peak memory in use on it, 10^6 bytes.
    pub mem_mb: Option<f64>,
}

/// Watches the card until it is dropped.
pub struct GpuWatch {
    seen: Arc<Mutex<GpuSeen>>,
    stop: Arc<AtomicBool>,
}

impl GpuWatch {
    /// Starts watching; where there is no card, nothing is ever seen.
    pub fn start() -> Self {
        Self::of(|look| {
            if let Ok(nvml) = Nvml::init() {
                while look(sample(&nvml)) {}
            }
        })
    }

    /// Watches what `source` hands to its argument, until that says no.
    fn of(source: impl FnOnce(&mut dyn FnMut(Option<GpuSample>) -> bool) + Send + 'static) -> Self {
        let watch = Self {
            seen: Arc::default(),
            stop: Arc::default(),
        };
        let (seen, stop) = (Arc::clone(&watch.seen), Arc::clone(&watch.stop));
        let mut look = move |sample: Option<GpuSample>| {
            if let Some(sample) = sample {
                seen.lock().unwrap_or_else(PoisonError::into_inner).add(sample);
            }
            if !stop.load(Ordering::SeqCst) {
                thread::sleep(INTERVAL);
            }
            sample.is_some() && !stop.load(Ordering::SeqCst)
        };
        // Without a thread there are no numbers, and that is all.
        let _ = thread::Builder::new()
            .name("gpu-watch".to_owned())
            .spawn(move || source(&mut look));
        watch
    }

    /// What was seen so far.
    pub fn so_far(&self) -> GpuUse {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.samples == 0 {
            return GpuUse::default();
        }
        GpuUse {
            util_pct: Some(seen.util_sum_pct / f64::from(seen.samples)),
            mem_mb: Some(seen.mem_peak_mb),
        }
    }
}

impl Drop for GpuWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

/// The busiest card now; `None` when there is none, or it does not tell.
fn sample(nvml: &Nvml) -> Option<GpuSample> {
    let count = nvml.device_count().ok()?;
    let samples = (0..count).filter_map(|index| {
        let device = nvml.device_by_index(index).ok()?;
        Some(GpuSample {
            util_pct: f64::from(device.utilization_rates().ok()?.gpu),
            mem_mb: device.memory_info().ok()?.used as f64 / 1e6,
        })
    });
    samples.max_by(|a, b| a.util_pct.total_cmp(&b.util_pct))
}

/// For `doctor`: the cards and their driver, or why there are no numbers.
///
/// # Errors
/// No library, no card, no answer.
pub fn describe() -> Result<String, String> {
    let (sender, answer) = channel();
    let asked = thread::Builder::new().spawn(move || {
        // Nobody is waiting any more when the driver took too long.
        let _ = sender.send(cards().map_err(|error| match error {
            NvmlError::LibloadingError(_) => "library not found".to_owned(),
            other => other.to_string(),
        }));
    });
    asked.map_err(|error| error.to_string())?;
    answer
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| Err(format!("no answer of the driver within {} s", PATIENCE.as_secs())))
}

fn cards() -> Result<String, NvmlError> {
    let nvml = Nvml::init()?;
    let names = (0..nvml.device_count()?).map(|index| nvml.device_by_index(index)?.name());
    let names = names.collect::<Result<Vec<String>, _>>()?;
    Ok(format!(
        "{}, driver {}",
        names.join(", "),
        nvml.sys_driver_version()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_is_the_mean_and_memory_the_peak() {
        let (done, finished) = channel();
        let watch = GpuWatch::of(move |look| {
            for (util_pct, mem_mb) in [(10.0, 900.0), (50.0, 1500.0), (30.0, 1200.0)] {
                look(Some(GpuSample { util_pct, mem_mb }));
            }
            done.send(()).unwrap();
        });
        finished.recv().unwrap();
        let used = watch.so_far();
        assert_eq!((used.util_pct, used.mem_mb), (Some(30.0), Some(1500.0)));
    }

    #[test]
    fn a_driver_that_never_answers_holds_nothing_up() {
        let (release, held) = channel::<()>();
        let watch = GpuWatch::of(move |_| {
            let _ = held.recv();
        });
        assert_eq!(watch.so_far(), GpuUse::default());
        drop(watch);
        drop(release);
    }

    #[test]
    fn watching_ends_with_the_watch() {
        let (ended, end) = channel();
        let watch = GpuWatch::of(move |look| {
            let sample = GpuSample {
                util_pct: 1.0,
                mem_mb: 1.0,
            };
            while look(Some(sample)) {}
            ended.send(()).unwrap();
        });
        drop(watch);
        end.recv().unwrap();
    }
}
