//! Numbers, amounts and times as the language of the request writes them. Six languages need two signs each, so that a table (CLDR 48, `numbers` of the
//! locales) says it shorter than a library with its data. Digits are western in Arabic too, because figures stand beside addresses and hashes and are
//! compared with them. Times are in UTC and say so; English and Chinese write dates as ISO 8601 does.

use holdfast_state::language::Language;
use holdfast_state::visit;
use holdfast_types::Timestamp;
use maud::{Markup, html};

/// How a language writes numbers.
#[derive(Clone, Copy, Debug)]
struct Signs {
    /// Before the decimals.
    decimal: char,
    /// Between groups of three digits.
    group: char,
    /// Fewest digits before the first sign of a group, so that Spanish writes 1234 and 12.345 (`minimumGroupingDigits`).
    before_group: usize,
}

fn signs(language: Language) -> Signs {
    let (decimal, group, before_group) = match language {
        Language::English | Language::Chinese | Language::Arabic => ('.', ',', 1),
        Language::German => (',', '.', 1),
        Language::Spanish => (',', '.', 2),
        // A narrow space that does not break.
        Language::French => (',', '\u{202f}', 1),
    };
    Signs { decimal, group, before_group }
}

/// Returns a number in decimal digits, such as `-1234567.5`, with the signs of the request's language; what follows the digits (a unit, a percent sign)
/// stays. A text that does not begin with a number stays as it is.
#[must_use]
pub fn decimal(text: &str) -> String {
    let signs = signs(visit::language());
    let (minus, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let whole_ends = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (Some(whole), Some(behind)) = (rest.get(..whole_ends), rest.get(whole_ends..)) else { return text.to_owned() };
    if whole.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + whole.len() / 3 + 1);
    out.push_str(minus);
    let is_grouped = whole.len() >= 3 + signs.before_group;
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && is_grouped && (whole.len() - at).is_multiple_of(3) {
            out.push(signs.group);
        }
        out.push(digit);
    }
    match behind.strip_prefix('.').filter(|decimals| decimals.starts_with(|c: char| c.is_ascii_digit())) {
        Some(decimals) => {
            out.push(signs.decimal);
            out.push_str(decimals);
        }
        None => out.push_str(behind),
    }
    out
}

/// Returns a whole number with its groups.
#[must_use]
pub fn number(n: impl std::fmt::Display) -> String {
    decimal(&n.to_string())
}

/// Returns a part in millionths as a percentage with two decimals: `12.50 %`.
#[must_use]
pub fn percent(ppm: u64) -> String {
    decimal(&format!("{}.{:02} %", ppm / 10_000, ppm / 100 % 100))
}

/// Returns a part in thousandths as a percentage with one decimal: `12.5 %`.
#[must_use]
pub fn permille(part: u64) -> String {
    decimal(&format!("{}.{} %", part / 10, part % 10))
}

/// Returns hundredths of a currency's unit as whole ones with two decimals: `-1,234.50`.
#[must_use]
pub fn hundredths(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    decimal(&format!("{sign}{}.{:02}", minor / 100, minor % 100))
}

/// Returns minor units of a currency with its name: `1,234.50 USD`, `1,500 JPY`.
#[must_use]
pub fn money(minor: u64, currency: &str) -> String {
    decimal(&holdfast_types::units::with_unit(minor, currency))
}

/// Returns a day (2026-09-21) or month (2026-09) of the calendar as the language writes it.
#[must_use]
pub fn calendar(iso: &str) -> String {
    let sign = match visit::language() {
        Language::English | Language::Chinese => return iso.to_owned(),
        Language::German => ".",
        Language::Spanish | Language::French | Language::Arabic => "/",
    };
    iso.rsplit('-').collect::<Vec<_>>().join(sign)
}

/// Returns the day of a time, in UTC.
#[must_use]
pub fn date(time: Timestamp) -> String {
    let iso = time.rfc3339();
    iso.get(..10).map_or_else(|| iso.clone(), calendar)
}

/// A time with so many characters of its clock: 5 to the minute, 8 to the second.
fn clock(time: Timestamp, characters: usize) -> Markup {
    let iso = time.rfc3339();
    let clock = iso.get(11..11 + characters).unwrap_or_default();
    // From left to right in every language: digits, signs and the zone are one thing.
    html! { time datetime=(iso) dir="ltr" { (date(time)) " " (clock) " UTC" } }
}

/// Returns a time to the minute, in UTC.
#[must_use]
pub fn to_the_minute(time: Timestamp) -> Markup {
    clock(time, 5)
}

/// Returns a time to the second, in UTC, for what is evidence.
#[must_use]
pub fn to_the_second(time: Timestamp) -> Markup {
    clock(time, 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_state::visit::Visit;
    use std::sync::Arc;

    fn within<T>(language: Language, work: impl FnOnce() -> T) -> T {
        visit::sync_scope(Some(Arc::new(Visit::new(language, "/", None))), work)
    }

    #[test]
    fn numbers_have_the_signs_of_their_language() {
        for (language, million, amount, thousand) in [
            (Language::English, "1,234,567", "-12,345.678 BTC", "1,234"),
            (Language::German, "1.234.567", "-12.345,678 BTC", "1.234"),
            (Language::Spanish, "1.234.567", "-12.345,678 BTC", "1234"),
            (Language::French, "1\u{202f}234\u{202f}567", "-12\u{202f}345,678 BTC", "1\u{202f}234"),
            (Language::Chinese, "1,234,567", "-12,345.678 BTC", "1,234"),
            (Language::Arabic, "1,234,567", "-12,345.678 BTC", "1,234"),
        ] {
            within(language, || {
                assert_eq!(number(1_234_567), million);
                assert_eq!(decimal("-12345.678 BTC"), amount);
                assert_eq!(number(1234), thousand);
            });
        }
    }

    #[test]
    fn every_digit_is_kept() {
        for language in Language::ALL {
            within(language, || {
                for text in ["0", "999", "1000", "0.00000001", "340282366920938463463374607431768211455", "-1"] {
                    let digits = |t: &str| t.chars().filter(char::is_ascii_digit).collect::<String>();
                    assert_eq!(digits(&decimal(text)), digits(text), "{text}");
                }
                for text in ["", "-", "unknown", "at least 5", "٣", "1.", "12 345"] {
                    assert_eq!(decimal(text), text);
                }
            });
        }
    }

    #[test]
    fn days_and_months_are_written_as_the_language_does() {
        for (language, day, month) in [
            (Language::English, "2026-09-21", "2026-09"),
            (Language::German, "21.09.2026", "09.2026"),
            (Language::Spanish, "21/09/2026", "09/2026"),
            (Language::French, "21/09/2026", "09/2026"),
            (Language::Chinese, "2026-09-21", "2026-09"),
            (Language::Arabic, "21/09/2026", "09/2026"),
        ] {
            within(language, || assert_eq!((calendar("2026-09-21"), calendar("2026-09")), (day.into(), month.into())));
        }
    }

    #[test]
    fn times_name_their_zone() {
        let time = Timestamp::from_unix(1_456_417_459);
        let shown = |language| within(language, || to_the_minute(time).into_string());
        assert!(shown(Language::English).contains(">2016-02-25 16:24 UTC<"), "{}", shown(Language::English));
        assert!(shown(Language::German).contains(">25.02.2016 16:24 UTC<"));
        assert!(shown(Language::Arabic).contains("dir=\"ltr\">25/02/2016 16:24 UTC<"));
        let second = within(Language::French, || to_the_second(time).into_string());
        assert!(
            second.contains("datetime=\"2016-02-25T16:24:19Z\"") && second.contains("25/02/2016 16:24:19 UTC"),
            "{second}"
        );
    }
}
