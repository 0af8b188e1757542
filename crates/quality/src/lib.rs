//! Quality gates, history, regression and benchmark reports.
//!
//! After a run, its numbers join a history ([`history`]); rules compare them with the runs before
//! ([`regression`]); a gate turns the result into what a CI job needs ([`gate`], [`check`]); and a report shows
//! all run folders at once ([`benchmark`]). The rules are pure functions of records and thresholds. The few
//! functions that touch the disk say so, write only through `mtbsync_formats::atomic`, and return structured
//! results; what is printed, and when, is the caller's business. There is no clock here: every timestamp
//! is passed in.
//!
//! File layouts: docs/reference/files.md#quality-files and docs/reference/files.md#benchmark-reports.

pub mod batch_summary;
pub mod benchmark;
pub mod check;
pub mod gate;
pub mod history;
pub mod perf;
pub mod prune;
pub mod regression;
pub mod thresholds;

mod stats;
mod tuning;
