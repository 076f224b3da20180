//! Progress, clean stops and printing.

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);
/// Whether messages go to the log: every line must be an entry of it.
static IS_LOGGED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C and SIGTERM stop long work at the next safe point; a second one ends the process. With `is_logged` the log has it.
fn install_stop_handler(is_logged: bool) {
    IS_LOGGED.store(is_logged, Ordering::SeqCst);
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        match IS_LOGGED.load(Ordering::SeqCst) {
            true => tracing::info!("a signal to stop; a second one ends the process at once"),
            false => eprintln!("\nholdfast: stopping at the next safe point; press Ctrl-C again to end at once"),
        }
    });
}

/// Warns the caller of a command.
pub fn warn(message: &str) {
    match IS_LOGGED.load(Ordering::SeqCst) {
        true => tracing::warn!("{message}"),
        false => eprintln!("holdfast: {message}"),
    }
}

/// Runs a program's command: it stops at Ctrl-C, ends quietly when its output is closed, and prints the reason of a failure. `is_logged` is whether it
/// runs on and logs.
pub fn run_command(program: &str, is_logged: bool, command: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    end_quietly_when_unread();
    install_stop_handler(is_logged);
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match is_logged {
                true => tracing::error!("{error:#}"),
                false => eprintln!("{program}: {error:#}"),
            }
            ExitCode::FAILURE
        }
    }
}

/// A reader of the output may stop reading (`| head`): that ends the command without a message, as with SIGPIPE, and is no fault.
fn end_quietly_when_unread() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") && text.contains("Broken pipe") {
            std::process::exit(141);
        }
        usual(info);
    }));
}

/// Whether a stop was requested.
pub fn stopping() -> ControlFlow<()> {
    if STOP.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// A progress bar on standard error (hidden when that is no terminal).
pub fn bar(len: impl TryInto<u64>, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(len.try_into().unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{msg:>22} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}

/// Prints a value as JSON.
///
/// # Errors
/// When it has no form in JSON.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// When it cannot be read, or is larger.
pub fn read_bounded(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    file.take(most as u64 + 1).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    anyhow::ensure!(bytes.len() <= most, "{}: more than {most} bytes", path.display());
    Ok(bytes)
}

/// The name of a value that is a text in JSON, such as a kind; empty for other values.
pub fn name_of(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Returns a whole number of 0 or more with commas: 1234567 as 1,234,567.
pub fn thousands(n: impl TryInto<u64>) -> String {
    let digits = n.try_into().unwrap_or(u64::MAX).to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Returns a number with what it counts, in the singular or with an s: 1 as `1 lab`, 2000 as `2,000 labs`.
pub fn counted(n: impl TryInto<u64>, noun: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    format!("{} {noun}{}", thousands(n), if n == 1 { "" } else { "s" })
}

/// This process's peak resident memory so far, KiB; `None` where the system does not report it.
pub fn peak_rss_kib() -> Option<u64> {
    status_kib("VmHWM:")
}

/// This process's resident memory now, KiB; `None` where the system does not report it.
pub fn rss_kib() -> Option<u64> {
    status_kib("VmRSS:")
}

/// A line of /proc/self/status.
fn status_kib(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find(|l| l.starts_with(name))?.split_whitespace().nth(1)?.parse().ok()
}
