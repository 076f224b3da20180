//! Log lines on standard error, as text for people or JSON for collectors.

use std::fmt::Write;
use std::io::IsTerminal;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// What is logged by default: Holdfast's own events, and of libraries only what is wrong.
pub const DEFAULT_FILTER: &str = "warn,holdfast=info";

/// Most characters of an error in a log line.
const MAX_ERROR: usize = 300;

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One line of text.
    #[default]
    Text,
    /// One JSON object a line: `timestamp` (UTC), `level`, `target`, `message`, the event's fields, and `span` with the request's.
    Json,
}

/// Why logging cannot start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// An unknown form.
    #[error("log format '{0}': use text or json")]
    Format(String),
    /// A filter that does not parse.
    #[error("log filter '{0}': use a level (error, warn, info, debug, trace, off) or TARGET=LEVEL, joined by commas")]
    Filter(String),
    /// A second start.
    #[error("logging was started before")]
    Started,
}

impl FromStr for Format {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        match text {
            "text" => Ok(Format::Text),
            "json" => Ok(Format::Json),
            _ => Err(LogError::Format(text.to_owned())),
        }
    }
}

/// Which events are logged: a level, or levels by target, such as `warn,holdfast=info`. All of Holdfast's targets begin with `holdfast`.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Targets);

impl Default for Filter {
    fn default() -> Self {
        Filter(Targets::new().with_default(tracing::Level::WARN).with_target("holdfast", tracing::Level::INFO))
    }
}

impl FromStr for Filter {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let wrong = || LogError::Filter(text.to_owned());
        let levels = ["off", "error", "warn", "info", "debug", "trace"];
        // The library's parser takes a misspelled level for the name of a target, which would turn everything off.
        let known = |level: &str| levels.contains(&level.trim().to_ascii_lowercase().as_str());
        let sound = text.split(',').all(|part| match part.split_once('=') {
            Some((target, level)) => !target.trim().is_empty() && known(level),
            None => known(part),
        });
        if !sound {
            return Err(wrong());
        }
        text.parse().map(Filter).map_err(|_| wrong())
    }
}

/// Starts logging to standard error.
///
/// # Errors
/// [`LogError::Started`] when the process logs already.
pub fn start(format: Format, filter: Filter) -> Result<(), LogError> {
    start_with(format, filter, None)
}

/// What also takes spans, such as a way to a collector.
pub type Spans = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging to standard error, and hands spans on.
///
/// # Errors
/// [`LogError::Started`] when the process logs already.
pub fn start_with(format: Format, filter: Filter, spans: Option<Spans>) -> Result<(), LogError> {
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        Format::Text => lines.with_filter(filter.0).boxed(),
        Format::Json => lines.json().flatten_event(true).with_span_list(false).with_filter(filter.0).boxed(),
    };
    tracing_subscriber::registry().with(spans).with(lines).try_init().map_err(|_| LogError::Started)?;
    Ok(())
}

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Returns how many panics there were since [`log_panics`].
#[must_use]
pub fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Logs where panics happen from now on, instead of printing them. The values in a message may be anybody's, so that only what stands before
/// them is logged.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        let payload = info.payload();
        let message = match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => *text,
            (None, Some(text)) => text.split(':').next().unwrap_or_default(),
            _ => "panic",
        };
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        tracing::error!(place, thread, reason = one_line(message), "a panic; please report it");
    }));
}

/// Returns an error for a log line: its first line, bounded, without control characters, without passwords of URLs and without what stands
/// in quotes, which is what somebody sent. What databases add on further lines are the values of a row.
#[must_use]
pub fn one_line(error: impl std::fmt::Display) -> String {
    let mut text = String::new();
    let _ = write!(text, "{error}");
    let first = unquoted(text.lines().next().unwrap_or_default());
    let shown = first.split(' ').map(without_password).collect::<Vec<_>>().join(" ");
    let mut line: String = shown.chars().take(MAX_ERROR).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if shown.chars().nth(MAX_ERROR).is_some() {
        line.push_str("...");
    }
    line
}

/// Text with `...` for everything in quotes. An apostrophe within a word is none.
fn unquoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut open: Option<char> = None;
    let mut letters = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = letters.next() {
        let is_quote = matches!(c, '\'' | '"' | '`');
        let within_word = |c: &char| c.is_alphanumeric();
        match open {
            None => {
                shown.push(c);
                if is_quote && !within_word(&before) {
                    open = Some(c);
                    shown.push_str("...");
                }
            }
            Some(quote) if c == quote && !letters.peek().is_some_and(within_word) => {
                shown.push(c);
                open = None;
            }
            Some(_) => {}
        }
        before = c;
    }
    shown
}

/// A word whose URL, if it is one, has no user information.
fn without_password(word: &str) -> String {
    match (word.find("://"), word.rfind('@')) {
        (Some(start), Some(end)) if end > start => format!("{}...{}", &word[..start + 3], &word[end..]),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_name_levels_that_exist() {
        for good in ["info", "warn,holdfast=debug", "OFF", "holdfast_api=trace", DEFAULT_FILTER] {
            assert!(good.parse::<Filter>().is_ok(), "{good}");
        }
        for bad in ["", "inf", "holdfast", "holdfast=", "=info", "info,,warn", "holdfast=loud"] {
            assert_eq!(bad.parse::<Filter>(), Err(LogError::Filter(bad.into())), "{bad}");
        }
        assert_eq!(DEFAULT_FILTER.parse::<Filter>().unwrap(), Filter::default());
    }

    #[test]
    fn errors_are_one_line_without_passwords_and_rows() {
        let detail = "ERROR: duplicate key\nDETAIL: Key (id)=(customer-7) already exists.";
        assert_eq!(one_line(detail), "ERROR: duplicate key");
        let url = "cannot reach postgres://ana:s3cr@t@db.example/desk now";
        assert_eq!(one_line(url), "cannot reach postgres://...@db.example/desk now");
        assert_eq!(one_line("id 'o'brien@x.example' was sent; the desk's key"), "id '...' was sent; the desk's key");
        assert_eq!(
            one_line("invalid type: string \"Ana\", expected u64"),
            "invalid type: string \"...\", expected u64"
        );
        assert_eq!(one_line("an open 'quote hides the rest"), "an open '...");
        assert_eq!(one_line("bell\u{7} and\ttab"), "bell  and tab");
        assert_eq!(one_line("x".repeat(400)).chars().count(), MAX_ERROR + 3);
    }
}
