//! Dates and times as text. The calendar is `jiff`'s; there are no time zones but offsets from UTC.

use crate::excerpt;
use holdfast_types::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{Offset, TimeZone};

/// Text that is no date or time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no {wanted}: {problem}")]
pub struct TimeError {
    /// The text, shortened.
    pub text: String,
    /// What was expected, with an example.
    pub wanted: &'static str,
    /// What is wrong.
    pub problem: String,
}

const DATE: &str = "date such as 2026-09-21";
const INSTANT: &str = "date and time such as 2026-09-21T08:30:00Z";

/// Order of day and month in dates such as 3/4/2026.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// Only dates with one reading are read.
    #[default]
    Unambiguous,
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

impl std::str::FromStr for DateOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "dmy" => Ok(DateOrder::DayFirst),
            "mdy" => Ok(DateOrder::MonthFirst),
            _ => Err(format!("'{}' is neither dmy nor mdy", excerpt(text))),
        }
    }
}

/// Returns the time of an RFC 3339 or ISO 8601 date and time; without an offset it is UTC. Fractions of a second are dropped. Months,
/// days and hours may have one digit, seconds may be missing.
///
/// # Errors
/// [`TimeError`] names what is wrong; dates that no calendar has, such as 31 February, are refused.
pub fn parse(text: &str) -> Result<Timestamp, TimeError> {
    let refused = |problem: String| TimeError { text: excerpt(text), wanted: INSTANT, problem };
    let (date, clock) = text.split_once(['T', ' ']).ok_or_else(|| refused("the time of day is missing".into()))?;
    if !text.is_ascii() || text.len() > 64 || text.contains('[') {
        return Err(refused("only digits, '-', ':', '.', 'T' and an offset such as +01:00 or Z are read".into()));
    }
    let padded = format!("{}T{}", padded(date, '-'), padded(clock, ':'));
    let pieces = Pieces::parse(&padded).map_err(|e| refused(e.to_string()))?;
    let time = pieces.time().ok_or_else(|| refused("the time of day is missing".into()))?;
    let offset = match pieces.offset() {
        None | Some(PiecesOffset::Zulu) => Offset::UTC,
        Some(_) => pieces.to_numeric_offset().unwrap_or(Offset::UTC),
    };
    timestamp(pieces.date().to_datetime(time), offset).map_err(refused)
}

/// Returns the time at which a date (YYYY-MM-DD) begins in UTC.
///
/// # Errors
/// As [`parse`].
pub fn parse_date(text: &str) -> Result<Timestamp, TimeError> {
    let refused = |problem: String| TimeError { text: excerpt(text), wanted: DATE, problem };
    let proper = text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if !proper || text.split('-').count() != 3 {
        return Err(refused("a date is a year, a month and a day with '-' between".into()));
    }
    let date: Date = padded(text, '-').parse().map_err(|e: jiff::Error| refused(e.to_string()))?;
    timestamp(date.to_datetime(Time::midnight()), Offset::UTC).map_err(refused)
}

/// Returns whether text is a date (YYYY-MM-DD) that the calendar has.
///
/// # Errors
/// As [`parse`].
pub fn check_date(text: &str) -> Result<(), TimeError> {
    let refused = |problem: String| TimeError { text: excerpt(text), wanted: DATE, problem };
    let proper = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if !proper {
        return Err(refused("a date is four digits, two and two with '-' between".into()));
    }
    text.parse::<Date>().map(|_| ()).map_err(|e| refused(e.to_string()))
}

/// Returns the time of a date, with or without a time of day, as a table holds it: ISO 8601, or day, month and year in the order that
/// `order` gives. Without an offset it is UTC, without a time of day midnight.
///
/// # Errors
/// [`TimeError`] names what is wrong, and how an ambiguous date is given.
pub fn parse_local(text: &str, order: DateOrder) -> Result<Timestamp, TimeError> {
    let refused = |problem: String| TimeError { text: excerpt(text), wanted: INSTANT, problem };
    let (date, clock) = text.split_once(['T', ' ']).map_or((text, ""), |(d, c)| (d, c.trim()));
    let mark = date.chars().find(|c| matches!(c, '-' | '/' | '.')).unwrap_or('-');
    let numbers: Vec<&str> = date.split(mark).collect();
    let [a, b, c] = numbers[..] else {
        return Err(refused("a date has a year, a month and a day".into()));
    };
    if numbers.iter().any(|n| n.is_empty() || n.len() > 4 || !n.bytes().all(|b| b.is_ascii_digit())) {
        return Err(refused("a date has digits and '-', '/' or '.' between them".into()));
    }
    let iso = if a.len() == 4 {
        format!("{a}-{b}-{c}")
    } else if c.len() == 4 {
        let small = |n: &str| n.parse::<u16>().unwrap_or(0) <= 12;
        let (day, month) = match order {
            DateOrder::DayFirst => (a, b),
            DateOrder::MonthFirst => (b, a),
            DateOrder::Unambiguous if small(a) && small(b) && a != b => {
                return Err(refused(
                    "day and month can be read either way; write YYYY-MM-DD, or give the order: dates dmy or mdy"
                        .into(),
                ));
            }
            DateOrder::Unambiguous if small(b) => (a, b),
            DateOrder::Unambiguous => (b, a),
        };
        format!("{c}-{month}-{day}")
    } else {
        return Err(refused("the year needs four digits".into()));
    };
    if clock.is_empty() {
        return parse_date(&iso).map_err(|e| refused(e.problem));
    }
    let clock = twelve_hours(clock).map_err(refused)?;
    parse(&format!("{iso}T{clock}")).map_err(|e| refused(e.problem))
}

/// A clock with AM or PM as one of 24 hours; others as they are.
fn twelve_hours(clock: &str) -> Result<String, String> {
    let lower = clock.to_ascii_lowercase();
    let (rest, after_noon) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(rest), _) => (rest, false),
        (_, Some(rest)) => (rest, true),
        _ => return Ok(clock.to_owned()),
    };
    let (hour, rest) = rest.trim().split_once(':').ok_or("the time of day needs hours and minutes")?;
    let hour: u8 = hour.parse().ok().filter(|h| (1..=12).contains(h)).ok_or("AM and PM need an hour of 1 to 12")?;
    Ok(format!("{}:{rest}", hour % 12 + if after_noon { 12 } else { 0 }))
}

fn timestamp(time: DateTime, offset: Offset) -> Result<Timestamp, String> {
    if time.year() < 1970 {
        return Err("the year must be 1970 to 9999".into());
    }
    let zoned = TimeZone::fixed(offset).to_timestamp(time).map_err(|e| e.to_string())?;
    Ok(Timestamp::from_unix(zoned.as_second()))
}

/// Single digits between separators with a zero before them.
fn padded(text: &str, mark: char) -> String {
    let parts = text.split(mark).map(|part| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 1 { format!("0{part}") } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join(&mark.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::Seconds;

    #[test]
    fn times_print_and_read_as_the_standard_says() {
        for seconds in [0, 951_827_696, 951_868_799, 951_868_800, 1_709_251_199, 1_795_522_800, 4_102_444_800] {
            let time = Timestamp::from_unix(seconds);
            assert_eq!(parse(&time.rfc3339()), Ok(time));
        }
        let noon = Timestamp::from_unix(1_795_521_600);
        for same in [
            "2026-11-24T12:00:00Z",
            "2026-11-24 12:00:00",
            "2026-11-24T12:00",
            "2026-11-24T12:00:00.999999Z",
            "2026-11-24T12:00:00,5z",
            "2026-11-24T13:30:00+01:30",
            "2026-11-24T07:00:00-0500",
        ] {
            assert_eq!(parse(same), Ok(noon), "{same}");
        }
        assert_eq!(parse("2026-3-1T4:05"), parse("2026-03-01T04:05:00Z"));
    }

    #[test]
    fn impossible_dates_are_refused() {
        for bad in [
            "2026-02-31T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-04-31 10:00",
            "2026-13-01T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-01-01T24:00:01Z",
            "2026-01-01T23:61:00Z",
            "1969-12-31T23:59:59Z",
            "2026-01-01",
            "2026-01-01T10:00:00[Europe/Berlin]",
            "2026-01-01T10:00:00+é",
            "x-y-zTa:b:c",
            "1-1-1T+",
            "",
        ] {
            assert!(parse(bad).is_err(), "{bad}: {:?}", parse(bad));
        }
        let error = parse("2026-02-31T00:00:00Z").unwrap_err().to_string();
        assert!(error.starts_with("'2026-02-31T00:00:00Z' is no date and time such as"), "{error}");
        assert_eq!(parse_date("2024-02-29"), Ok(Timestamp::from_unix(1_709_164_800)));
        for bad in ["2026-02-31", "2026-02-29", "20260201", "2026-2", "2026-01-01T00:00:00Z", "-2026-01-01", ""] {
            assert!(parse_date(bad).is_err(), "{bad}");
        }
        assert!(check_date("2026-02-30").is_err());
        assert!(check_date("2026-02-28").is_ok());
    }

    #[test]
    fn local_dates_are_read_only_when_they_have_one_reading() {
        let day = parse_date("2026-03-25").unwrap();
        for same in ["25.03.2026", "25/3/2026", "3/25/2026", "03-25-2026", "2026/03/25", "2026-3-25"] {
            assert_eq!(parse_local(same, DateOrder::Unambiguous), Ok(day), "{same}");
        }
        assert_eq!(parse_local("4/4/2026", DateOrder::Unambiguous), parse_date("2026-04-04"));
        let error = parse_local("03/04/2026", DateOrder::Unambiguous).unwrap_err().to_string();
        assert!(error.contains("dmy or mdy"), "{error}");
        assert_eq!(parse_local("03/04/2026", DateOrder::DayFirst), parse_date("2026-04-03"));
        assert_eq!(parse_local("03/04/2026", DateOrder::MonthFirst), parse_date("2026-03-04"));
        assert!(parse_local("25/03/2026", DateOrder::MonthFirst).is_err());
        assert_eq!(parse_local("3/25/2026 2:30 PM", DateOrder::MonthFirst), Ok(day + Seconds::new(14 * 3_600 + 1_800)));
        assert_eq!(parse_local("3/25/2026 12:00 AM", DateOrder::MonthFirst), Ok(day));
        assert_eq!(parse_local("2026-03-25T01:00:00+01:00", DateOrder::Unambiguous), Ok(day));
        for bad in ["31.02.2026", "25.03.26", "1.2", "", "25.03.2026 13:00 PM", "a/b/2026"] {
            assert!(parse_local(bad, DateOrder::Unambiguous).is_err(), "{bad}");
        }
    }
}
