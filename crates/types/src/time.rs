//! Times and spans of time in whole seconds.
//!
//! In JSON, in the database and in what is hashed a [`Timestamp`] is an integer, Unix seconds; people see it as RFC 3339 in UTC. Text is read
//! by `holdfast_input::time`.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Div, Mul, Sub};
use std::time::{SystemTime, UNIX_EPOCH};

/// A time, Unix seconds.
///
/// Only [`Seconds`] can be added to it; sums end at [`Timestamp::MIN`] and [`Timestamp::MAX`]. A value from JSON may be any integer: who takes
/// it in checks the field.
///
/// ```
/// use holdfast_types::{Seconds, Timestamp};
///
/// let placed = Timestamp::from_unix(1_780_000_000);
/// assert_eq!((placed + Seconds::hours(2)).rfc3339(), "2026-05-28T22:26:40Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Timestamp(0);
    /// Before every other time.
    pub const MIN: Self = Timestamp(i64::MIN);
    /// After every other time.
    pub const MAX: Self = Timestamp(i64::MAX);

    /// Returns the time of Unix seconds.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Timestamp(seconds)
    }

    /// Returns the Unix seconds.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Returns the time between two, whichever is earlier.
    #[must_use]
    pub fn distance(self, other: Timestamp) -> Seconds {
        if self < other { other - self } else { self - other }
    }

    /// Returns the date and time of day in UTC, within 1970 to 9999.
    #[must_use]
    pub fn utc(self) -> DateTime {
        let last = jiff::Timestamp::MAX.as_second();
        let time = jiff::Timestamp::from_second(self.0.clamp(0, last)).unwrap_or_default();
        Offset::UTC.to_datetime(time)
    }

    /// Returns RFC 3339 text in UTC. Times before 1970 are given as its beginning, times after 9999 as its end.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.utc().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// The time of the system's clock; [`Timestamp::EPOCH`] if it is set to before 1970.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        time.duration_since(UNIX_EPOCH).map_or(Timestamp::EPOCH, |d| Timestamp::EPOCH + Seconds::from(d))
    }
}

/// Unix seconds as block headers have them.
impl From<u32> for Timestamp {
    fn from(seconds: u32) -> Self {
        Timestamp(seconds.into())
    }
}

impl Add<Seconds> for Timestamp {
    type Output = Timestamp;

    fn add(self, span: Seconds) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Seconds> for Timestamp {
    fn add_assign(&mut self, span: Seconds) {
        *self = *self + span;
    }
}

impl Sub<Seconds> for Timestamp {
    type Output = Timestamp;

    fn sub(self, span: Seconds) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Seconds;

    fn sub(self, earlier: Timestamp) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

/// A span of time in whole seconds; negative where a later time is subtracted from an earlier. Arithmetic saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(i64);

impl Seconds {
    /// No time.
    pub const ZERO: Self = Seconds(0);
    /// One minute.
    pub const MINUTE: Self = Seconds(60);
    /// One hour.
    pub const HOUR: Self = Seconds(3_600);
    /// One day of 24 hours.
    pub const DAY: Self = Seconds(86_400);

    /// Returns a span of so many seconds.
    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Seconds(seconds)
    }

    /// Returns a span of so many hours.
    #[must_use]
    pub const fn hours(hours: i64) -> Self {
        Seconds(hours.saturating_mul(3_600))
    }

    /// Returns a span of so many days of 24 hours.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Seconds(days.saturating_mul(86_400))
    }

    /// Returns the number of seconds.
    #[must_use]
    pub const fn count(self) -> i64 {
        self.0
    }
}

impl From<std::time::Duration> for Seconds {
    fn from(span: std::time::Duration) -> Self {
        Seconds(i64::try_from(span.as_secs()).unwrap_or(i64::MAX))
    }
}

impl Add for Seconds {
    type Output = Seconds;

    fn add(self, other: Seconds) -> Seconds {
        Seconds(self.0.saturating_add(other.0))
    }
}

impl Sub for Seconds {
    type Output = Seconds;

    fn sub(self, other: Seconds) -> Seconds {
        Seconds(self.0.saturating_sub(other.0))
    }
}

impl Mul<i64> for Seconds {
    type Output = Seconds;

    fn mul(self, times: i64) -> Seconds {
        Seconds(self.0.saturating_mul(times))
    }
}

impl Mul<Seconds> for i64 {
    type Output = Seconds;

    fn mul(self, span: Seconds) -> Seconds {
        span * self
    }
}

impl Div<i64> for Seconds {
    type Output = Seconds;

    /// The span in so many equal parts, towards zero; none for a division by zero.
    fn div(self, parts: i64) -> Seconds {
        Seconds(self.0.checked_div(parts).unwrap_or(0))
    }
}

impl Div for Seconds {
    type Output = i64;

    /// How often a span fits, towards zero; 0 for a span of no time.
    fn div(self, span: Seconds) -> i64 {
        self.0.checked_div(span.0).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_integers_in_json_and_rfc_3339_for_people() {
        let time = Timestamp::from_unix(951_827_696);
        assert_eq!(serde_json::to_string(&time).unwrap(), "951827696");
        assert_eq!(serde_json::from_str::<Timestamp>("951827696").unwrap(), time);
        assert_eq!(time.rfc3339(), "2000-02-29T12:34:56Z");
        assert_eq!(Timestamp::EPOCH.rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::MIN.rfc3339(), "1970-01-01T00:00:00Z");
        assert!(Timestamp::MAX.rfc3339().starts_with("9999-12-3"));
    }

    #[test]
    fn arithmetic_ends_at_the_bounds() {
        assert_eq!(Timestamp::MAX + Seconds::DAY, Timestamp::MAX);
        assert_eq!(Timestamp::MIN - Seconds::DAY, Timestamp::MIN);
        assert_eq!(Timestamp::MAX - Timestamp::MIN, Seconds::new(i64::MAX));
        assert_eq!(Timestamp::MIN.distance(Timestamp::MAX), Seconds::new(i64::MAX));
        assert_eq!(Seconds::days(i64::MAX), Seconds::new(i64::MAX));
        assert_eq!(Seconds::DAY * i64::MIN, Seconds::new(i64::MIN));
    }

    #[test]
    fn spans_divide_towards_zero() {
        let (early, late) = (Timestamp::from_unix(100), Timestamp::from_unix(100 + 3 * 86_400 - 1));
        assert_eq!((late - early) / Seconds::DAY, 2);
        assert_eq!((early - late) / Seconds::DAY, -2);
        assert_eq!(early.distance(late), late.distance(early));
        assert_eq!(Seconds::HOUR / 4, Seconds::new(900));
        assert_eq!(7 * Seconds::DAY, Seconds::days(7));
        assert_eq!(Seconds::DAY / Seconds::ZERO, 0);
        assert_eq!(Seconds::DAY / 0, Seconds::ZERO);
        assert_eq!(Timestamp::from(UNIX_EPOCH - std::time::Duration::from_secs(1)), Timestamp::EPOCH);
    }
}
