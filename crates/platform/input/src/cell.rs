//! What stands in one cell of a table: numbers, truths, and the damage that spreadsheets do.

use crate::excerpt;

/// Returns what a spreadsheet did to a cell, and the fix; `None` where nothing shows. Any column can be checked.
#[must_use]
pub fn damage(text: &str) -> Option<String> {
    const EXPORT: &str = "export it anew with the column formatted as text";
    let shown = excerpt(text);
    if text.len() >= 2 && text.bytes().all(|b| b == b'#') {
        return Some(format!("'{shown}' is what a spreadsheet shows when a column is too narrow; {EXPORT}"));
    }
    if is_error(text) {
        return Some(format!("'{shown}' is the error of a spreadsheet's formula; correct the cell"));
    }
    if is_scientific(text) {
        return Some(format!("'{shown}' is a number that a spreadsheet shortened, its digits are lost; {EXPORT}"));
    }
    if text.starts_with('=') && text.len() > 1 {
        return Some(format!("'{shown}' is a formula; give its value"));
    }
    if text.contains('\u{fffd}') {
        return Some(format!("'{shown}' lost characters when it was saved; export it anew as UTF-8"));
    }
    None
}

/// Returns what [`damage`] does, for a cell that is an identifier: dates that a spreadsheet made of it, and invisible characters, are damage too.
#[must_use]
pub fn damage_of_id(text: &str) -> Option<String> {
    if let Some(found) = damage(text) {
        return Some(found);
    }
    if is_made_date(text) {
        return Some(format!(
            "'{}' is a date that a spreadsheet made of it; export it anew with the column formatted as text",
            excerpt(text)
        ));
    }
    let unseen = text.chars().find(|c| is_invisible(*c))?;
    Some(format!("'{}' holds the invisible character U+{:04X}; remove it", excerpt(text), u32::from(unseen)))
}

/// Returns whether a character shows nothing: it is of no use in an identifier, and makes two of one.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Returns a cell without what surrounds its text: white space of any kind, byte order marks, and the `="..."` that prevents spreadsheets from
/// changing it.
#[must_use]
pub fn clean(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'));
    match text.strip_prefix("=\"").and_then(|t| t.strip_suffix('"')) {
        Some(inner) if !inner.contains('"') => inner,
        _ => text,
    }
}

/// Errors of formulas, in the languages of spreadsheets: `#REF!`, `#BEZUG!`, `#NAME?`, `#N/A`, `#NV`, `#DIV/0!`.
fn is_error(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('#') else { return false };
    let word = rest.trim_end_matches(['!', '?']);
    let named = matches!(rest, "N/A" | "N/D" | "NV" | "I/T" | "Н/Д" | "BUSY!" | "GETTING_DATA");
    let letters = word.chars().all(|c| c.is_uppercase() || matches!(c, '/' | '0' | '¡' | '_' | ' '));
    named || (!word.is_empty() && word.len() < rest.len() && word.len() <= 24 && letters)
}

/// `1.23457E+15`, `1,23457E+15`, `1E+05`: always with a sign, as spreadsheets write it.
fn is_scientific(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((mantissa, exponent)) = number.split_once(['E', 'e']) else { return false };
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    whole.len() <= 3 && digits(whole) && digits(fraction) && exponent.strip_prefix(['+', '-']).is_some_and(digits)
}

/// `1-Mar`, `Mar-26`, `02-Sep-2026`.
fn is_made_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |t: &str, most: usize| (1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    let month = |t: &str| {
        let mut letters = t.chars();
        MONTHS.contains(&t.to_ascii_lowercase().as_str())
            && letters.next().is_some_and(char::is_uppercase)
            && letters.all(char::is_lowercase)
    };
    match parts[..] {
        [a, b] => (digits(a, 2) && month(b)) || (month(a) && digits(b, 4)),
        [a, b, c] => digits(a, 2) && month(b) && (digits(c, 2) || digits(c, 4)),
        _ => false,
    }
}

/// Returns the digits of a whole number; thousands may be separated: by spaces or apostrophes, and by `,` or `.` where there are two or more,
/// because `1,234` may be one and a fraction. A minus stays.
///
/// # Errors
/// What is wrong, and the fix.
pub fn whole_number(text: &str) -> Result<String, String> {
    let shown = excerpt(text);
    if let Some(damage) = damage(text) {
        return Err(damage);
    }
    let (sign, number) = text.strip_prefix(['-', '\u{2212}']).map_or(("", text), |n| ("-", n));
    let number = number.strip_prefix('+').unwrap_or(number);
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if digits(number) {
        return Ok(format!("{sign}{number}"));
    }
    let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}' | '_');
    let mark = number.chars().find(|c| !c.is_ascii_digit()).unwrap_or(' ');
    let groups: Vec<&str> = number.split(mark).collect();
    let grouped = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups.iter().all(|g| digits(g))
        && groups[1..].iter().all(|g| g.len() == 3)
        && groups[0] != "0";
    match mark {
        c if grouped && is_space(c) => Ok(format!("{sign}{}", groups.concat())),
        ',' | '.' if grouped && groups.len() > 2 => Ok(format!("{sign}{}", groups.concat())),
        ',' | '.' if grouped => Err(format!("'{shown}' may be {} or a fraction; write digits only", groups.concat())),
        ',' | '.' if number.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.')) => Err(format!(
            "'{shown}' has a fraction, or thousands that do not have three digits; write a whole number with digits only"
        )),
        _ => Err(format!("'{shown}' is no whole number; write digits only")),
    }
}

/// Returns a truth: true or false, yes or no, 1 or 0, and what spreadsheets write for true and false in other languages.
///
/// # Errors
/// What is wrong, and the fix.
pub fn truth(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" | "wahr" | "vrai" | "verdadero" | "verdadeiro" | "vero" | "prawda" | "истина" | "waar" => {
            Ok(true)
        }
        "false" | "no" | "0" | "falsch" | "faux" | "falso" | "fałsz" | "ложь" | "onwaar" => Ok(false),
        _ => Err(format!("'{}' is neither true nor false", excerpt(text))),
    }
}

/// Returns what is wrong with text in the form of an IBAN (ISO 13616): its check digits; `None` for what has no such form.
#[must_use]
pub fn iban_fault(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| *c != ' ').collect();
    let bytes = compact.as_bytes();
    let form = (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && bytes[4..].iter().filter(|b| b.is_ascii_digit()).count() * 2 >= bytes.len() - 4;
    if !form {
        return None;
    }
    let rest = bytes[4..].iter().chain(&bytes[..4]).fold(0u32, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        _ => (rest * 100 + u32::from(b - b'A') + 10) % 97,
    });
    (rest != 1).then(|| format!("'{}' has the form of an IBAN, but its check digits do not fit", excerpt(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_by_spreadsheets_is_seen() {
        for bad in [
            "1.23457E+15",
            "1,23457E+15",
            "1E+05",
            "4.91712e+11",
            "-2.5E-3",
            "####",
            "##",
            "#REF!",
            "#BEZUG!",
            "#NAME?",
            "#N/A",
            "#NV",
            "#DIV/0!",
            "#VALUE!",
            "#¡VALOR!",
            "=A1+1",
            "M\u{fffd}ller",
        ] {
            assert!(damage(bad).is_some(), "{bad}");
            assert!(damage_of_id(bad).is_some(), "{bad}");
        }
        for bad in ["1-Mar", "Mar-26", "02-Sep-2026", "abc\u{200b}1"] {
            assert!(damage_of_id(bad).is_some() && damage(bad).is_none(), "{bad}");
        }
        for good in
            ["1e5", "12e45678", "#1", "#tag", "c-1", "a=b", "E+1", "mar-26", "1-mar", "0x1E+", "-", "#A", "1234E+5"]
        {
            assert_eq!(damage_of_id(good), None, "{good}");
        }
        assert_eq!(clean("\u{feff} =\"00123\"\u{a0}"), "00123");
        assert_eq!(clean("=\"a\"&\"b\""), "=\"a\"&\"b\"");
    }

    #[test]
    fn whole_numbers_are_read_only_when_they_have_one_reading() {
        for (text, digits) in [
            ("1234567", "1234567"),
            ("-5", "-5"),
            ("1,234,567", "1234567"),
            ("1.234.567", "1234567"),
            ("1 234", "1234"),
            ("1\u{202f}234\u{202f}567", "1234567"),
            ("1'234", "1234"),
            ("100000000000000000000", "100000000000000000000"),
        ] {
            assert_eq!(whole_number(text).as_deref(), Ok(digits), "{text}");
        }
        for bad in [
            "1,234",
            "1.234",
            "0.5",
            "1,5",
            "1,23,456",
            "1.234,567",
            "12,345.00",
            "1 2",
            "yesterday",
            "",
            "1.23457E+15",
            "0x10",
            "--1",
        ] {
            assert!(whole_number(bad).is_err(), "{bad}");
        }
        assert_eq!((truth("WAHR"), truth("0")), (Ok(true), Ok(false)));
        assert!(truth("maybe").is_err());
    }

    #[test]
    fn ibans_are_checked_and_hashes_are_left_alone() {
        assert_eq!(iban_fault("DE89 3704 0044 0532 0130 00"), None);
        assert_eq!(iban_fault("GB82WEST12345698765432"), None);
        assert!(iban_fault("DE89370400440532013001").is_some());
        assert_eq!(iban_fault("AB12CDEFABCDEFABCDEF"), None);
        assert_eq!(iban_fault("a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"), None);
    }
}
