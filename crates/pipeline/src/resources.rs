//! What a run costs the machine: processor time and peak memory of this process, use of the graphics card.
//! Never fails or delays a run.

pub mod gpu;

use std::time::Instant;

use serde::{Deserialize, Serialize};

use gpu::GpuWatch;

/// Marks the start of a run.
pub struct Resources {
    begun: Instant,
    cpu_before_secs: Option<f64>,
    gpu: Option<GpuWatch>,
}

/// Use since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// Processor time over wall time, percent; above 100 with several threads.
    pub cpu_pct: Option<f64>,
    /// Peak resident memory of the process, 10^6 bytes.
    pub rss_mb: Option<f64>,
    /// Mean use of the busiest graphics card, percent; `None` without one that tells.
    pub gpu_util: Option<f64>,
    /// Peak memory in use on it, 10^6 bytes.
    pub gpu_mem_mb: Option<f64>,
}

impl Resources {
    /// Start counting; the graphics card is left alone with `no_gpu`.
    pub fn start(no_gpu: bool) -> Self {
        Self {
            begun: Instant::now(),
            cpu_before_secs: cpu_secs(),
            gpu: (!no_gpu).then(GpuWatch::start),
        }
    }

    /// Use so far.
    pub fn so_far(&self) -> Used {
        let wall = self.begun.elapsed().as_secs_f64();
        let cpu = cpu_secs()
            .zip(self.cpu_before_secs)
            .map(|(now, before)| now - before);
        let gpu = self.gpu.as_ref().map(GpuWatch::so_far).unwrap_or_default();
        Used {
            cpu_pct: cpu.filter(|_| wall > 0.0).map(|cpu| 100.0 * cpu / wall),
            rss_mb: peak_rss_mb(),
            gpu_util: gpu.util_pct,
            gpu_mem_mb: gpu.mem_mb,
        }
    }
}

/// Processor time of this process so far.
fn cpu_secs() -> Option<f64> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
    let pid = sysinfo::get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[pid]),
        false,
        ProcessRefreshKind::nothing().with_cpu(),
    );
    Some(system.process(pid)?.accumulated_cpu_time() as f64 / 1000.0)
}

/// Linux keeps the peak; elsewhere the present size stands for it.
fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok();
    let peak_kib = status
        .as_deref()
        .and_then(|s| s.lines().find_map(|l| l.strip_prefix("VmHWM:")))
        .and_then(|v| v.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    peak_kib.map(|kib| kib * 1024.0 / 1e6).or_else(present_rss_mb)
}

fn present_rss_mb() -> Option<f64> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
    let pid = sysinfo::get_current_pid().ok()?;
    let mut system = System::new().ok()?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[pid]),
        false,
        ProcessRefreshKind::nothing().with_memory(),
    );
    Some(system.process(pid)?.memory() as f64 / 1e6)
}
