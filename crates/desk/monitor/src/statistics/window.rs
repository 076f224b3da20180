//! A bounded window of days.

use holdfast_input::time::parse_date;
use holdfast_types::{Invalid, Seconds, Timestamp};

/// Most days of a window.
pub const MAX_DAYS: i64 = 400;
/// Days of a window where none are named.
const USUAL: i64 = 30;

/// Whole days, UTC, as numbers since 1970, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    first: i64,
    last: i64,
}

/// Returns the day of a time.
fn day(time: Timestamp) -> i64 {
    time.unix().div_euclid(Seconds::DAY.count())
}

/// Returns a day's date, YYYY-MM-DD.
pub(super) fn date(day: i64) -> String {
    Timestamp::from_unix(day.saturating_mul(Seconds::DAY.count())).rfc3339()[..10].to_owned()
}

impl Window {
    /// Returns the last days up to a time, today among them.
    #[must_use]
    pub fn last(days: i64, now: Timestamp) -> Self {
        let last = day(now);
        Window { first: last - days.clamp(1, MAX_DAYS) + 1, last }
    }

    /// Reads a window from dates (YYYY-MM-DD): by default the 30 days up to today.
    ///
    /// # Errors
    /// [`Invalid`] names the field: no date, an end before the beginning, or more than [`MAX_DAYS`] days.
    pub fn read(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self, Invalid> {
        let read = |field: &str, text: Option<&str>| {
            let text = text.map(str::trim).filter(|t| !t.is_empty());
            text.map(|t| parse_date(t).map(day).map_err(|e| Invalid::new(field, e.to_string()))).transpose()
        };
        let last = read("to", to)?.unwrap_or_else(|| day(now));
        let first = read("from", from)?.unwrap_or(last - USUAL + 1);
        if first > last {
            return Err(Invalid::new("from", format!("{} is after the end, {}", date(first), date(last))));
        }
        if last - first >= MAX_DAYS {
            return Err(Invalid::new("from", format!("a window has at most {MAX_DAYS} days; begin later")));
        }
        Ok(Window { first, last })
    }

    /// Returns its days.
    pub(super) fn days(self) -> impl Iterator<Item = i64> {
        self.first..=self.last
    }

    /// Returns the first and the last day.
    pub(super) fn bounds(self) -> (i64, i64) {
        (self.first, self.last)
    }

    /// Returns its first second, and the one after its last.
    pub(super) fn times(self) -> (i64, i64) {
        let day = Seconds::DAY.count();
        (self.first.saturating_mul(day), (self.last + 1).saturating_mul(day))
    }

    /// Returns the first day, YYYY-MM-DD.
    #[must_use]
    pub fn first_date(self) -> String {
        date(self.first)
    }

    /// Returns the last day, YYYY-MM-DD.
    #[must_use]
    pub fn last_date(self) -> String {
        date(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_790_000_000); // 2026-09-21

    #[test]
    fn windows_are_read_and_bounded() {
        let usual = Window::read(None, Some(""), NOW).unwrap();
        assert_eq!((usual.first_date(), usual.last_date()), ("2026-08-23".into(), "2026-09-21".into()));
        assert_eq!(usual.days().count(), 30);
        let one = Window::read(Some("2026-09-01"), Some("2026-09-01"), NOW).unwrap();
        assert_eq!(one.times().1 - one.times().0, 86_400);
        for (from, to, field) in [
            ("2026-13-01", "2026-09-01", "from"),
            ("2026-09-01", "soon", "to"),
            ("2026-09-02", "2026-09-01", "from"),
            ("2020-01-01", "2026-09-01", "from"),
        ] {
            assert_eq!(Window::read(Some(from), Some(to), NOW).unwrap_err().field, field, "{from} {to}");
        }
    }
}
