//! `mtbsync cache status|check|clear` (docs/reference/cli.md#cache).

use std::io::{self, BufRead, IsTerminal};

use clap::{Args, Subcommand};
use mtbsync_pipeline::cache::{BYTES_PER_GB, Cache};
use mtbsync_task::error::PipelineError;
use serde_json::json;
use time::Duration;

use crate::error::CliProblem;
use crate::session::Session;
use crate::summary::Outcome;

/// Flags of `cache`.
#[derive(Args, Debug)]
pub struct CacheArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: CacheAction,
}

/// What to do with the cache.
#[derive(Subcommand, Debug)]
pub enum CacheAction {
    /// Say where it is and how full
    Status,
    /// Compare every entry with its checksum; exit code 1 where one is damaged
    Check,
    /// Remove indexes; they are made again when needed
    Clear(ClearArgs),
}

/// Flags of `cache clear`.
#[derive(Args, Debug)]
pub struct ClearArgs {
    /// Only indexes that were not used for this long: 30d, 12h, 90m
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<Duration>,

    /// Say what would be removed, remove nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// A number and its unit: days, hours, minutes or seconds.
fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a number and d, h, m or s, such as 30d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let secs_per_unit = match unit {
        'd' => 86_400,
        'h' => 3600,
        'm' => 60,
        's' => 1,
        _ => return Err(wrong()),
    };
    let number: u32 = text
        .strip_suffix(unit)
        .unwrap_or(text)
        .parse()
        .map_err(|_| wrong())?;
    Ok(Duration::seconds(i64::from(number) * secs_per_unit))
}

/// Does it.
pub fn run(args: &CacheArgs, session: &Session) -> Result<Outcome, PipelineError> {
    let cache = session.cache().ok_or(CliProblem::NoCache)?;
    match &args.action {
        CacheAction::Status => status(&cache, session),
        CacheAction::Check => check(&cache, session),
        CacheAction::Clear(args) => clear(&cache, args, session),
    }
}

fn status(cache: &Cache, session: &Session) -> Result<Outcome, PipelineError> {
    let status = cache.status()?;
    let line = |text: String| session.printer.line(&text);
    line(format!("Folder: {}", status.folder.display()));
    line(format!("Entries: {}", status.entries));
    line(format!(
        "Size: {} of at most {}",
        size(status.bytes),
        size(status.max_bytes)
    ));
    line(format!(
        "Oldest use: {}",
        status.oldest_use.as_deref().unwrap_or("-")
    ));
    if status.leftovers > 0 {
        line(format!(
            "Left half written: {} (removed by the next run)",
            files(status.leftovers)
        ));
    }
    let mut outcome = Outcome::done(json!({
        "entries": status.entries,
        "bytes": status.bytes,
        "leftovers": status.leftovers,
        "max_bytes": status.max_bytes,
        "oldest_use": status.oldest_use,
    }));
    outcome.outputs = vec![("cache".to_owned(), status.folder)];
    Ok(outcome)
}

fn check(cache: &Cache, session: &Session) -> Result<Outcome, PipelineError> {
    let checked = cache.check(&session.context().task)?;
    let found = match checked.damaged.len() {
        0 => "all as they were written".to_owned(),
        damaged => format!("{damaged} damaged"),
    };
    session
        .printer
        .line(&format!("{} entries, {found}", checked.entries));
    for path in &checked.damaged {
        session.printer.line(&format!("-> {}", path.display()));
    }
    let result = json!({
        "entries": checked.entries,
        "damaged": checked.damaged,
    });
    let Some(first) = checked.damaged.first() else {
        return Ok(Outcome::done(result));
    };
    let error = PipelineError::from(CliProblem::CacheDamaged).at(first);
    Ok(Outcome {
        result,
        ..Outcome::failed(error)
    })
}

/// A number of files in words.
fn files(count: usize) -> String {
    match count {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

fn clear(cache: &Cache, args: &ClearArgs, session: &Session) -> Result<Outcome, PipelineError> {
    if args.older_than.is_none() && !args.dry_run && !args.yes && !agreed(cache, session)? {
        session.printer.line("nothing removed");
        return Ok(Outcome::done(json!({ "entries": 0, "bytes": 0 })));
    }
    let cleared = cache.clear(args.older_than, args.dry_run, &session.context().now_utc())?;
    let done = if args.dry_run { "would remove" } else { "removed" };
    session.printer.line(&format!(
        "{done} {} entries, {}",
        cleared.entries,
        size(cleared.bytes)
    ));
    if cleared.leftovers > 0 {
        session
            .printer
            .line(&format!("{done} {} left half written", files(cleared.leftovers)));
    }
    Ok(Outcome::done(json!({
        "entries": cleared.entries,
        "bytes": cleared.bytes,
        "leftovers": cleared.leftovers,
    })))
}

/// Asks on a terminal; elsewhere nobody could answer.
fn agreed(cache: &Cache, session: &Session) -> Result<bool, PipelineError> {
    if !io::stdin().is_terminal() {
        return Err(CliProblem::ClearUnconfirmed.into());
    }
    let status = cache.status()?;
    session.printer.verdict(&format!(
        "Remove all {} entries ({}) of {}? [y/N]",
        status.entries,
        size(status.bytes),
        cache.folder.display()
    ));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes >= BYTES_PER_GB {
        format!("{:.1} GB", bytes / BYTES_PER_GB)
    } else {
        format!("{:.1} MB", bytes / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_need_a_unit() {
        assert_eq!(age("30d"), Ok(Duration::days(30)));
        assert_eq!(age("90m"), Ok(Duration::minutes(90)));
        for bad in ["", "30", "d", "-3d", "3x", "3dd", "1.5h", "3\u{fc}"] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}
