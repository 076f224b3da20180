//! Names and phone numbers as they are compared: different spellings of the same name become equal, with the reason.

use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest text whose words are put in order; longer ones are compared as they stand.
const MAX_WORDS: usize = 32;

/// Returns whether a character is not seen: it joins, directs or separates others.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lower(text: &str) -> String {
    text.to_lowercase().replace('ß', "ss").replace('ς', "σ")
}

/// Normal form: full and half width, ligatures and composed letters are one, what is not seen is left out.
pub fn normal(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).nfkc().filter(|c| !is_invisible(*c)).collect()
}

/// Without accents and other marks.
fn plain(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).nfc().collect()
}

/// In Latin letters of ASCII, as passports write names in their machine-readable zone (close to ICAO 9303).
fn latin(text: &str) -> String {
    deunicode::deunicode(text).to_lowercase()
}

/// Letters that passports write as two (ICAO 9303, part 3, section 6).
fn expanded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.nfc() {
        match c {
            'ä' | 'æ' => out.push_str("ae"),
            'ö' | 'ø' | 'œ' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'å' => out.push_str("aa"),
            'þ' => out.push_str("th"),
            c => out.push(c),
        }
    }
    out
}

/// Words only: punctuation parts them, apostrophes within a word do not.
fn words(text: &str) -> String {
    let parted = |c: char| match c {
        '\'' | '’' | '‘' | '`' | 'ʼ' | '′' => None,
        c if c.is_alphanumeric() => Some(c),
        _ => Some(' '),
    };
    spaced(&text.chars().filter_map(parted).collect::<String>())
}

fn sorted(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    if words.len() <= MAX_WORDS {
        words.sort_unstable();
    }
    words.join(" ")
}

/// Keys of a name: two names that share one are the same but for case, width, accents, normal form, invisible characters, punctuation, the
/// order of words, spaces between them, and the script.
pub fn name_keys(name: &str) -> Vec<String> {
    let base = lower(&normal(name));
    let words_of = [words(&latin(&plain(&base))), words(&latin(&expanded(&base)))];
    let mut keys: Vec<String> = Vec::new();
    for text in words_of.iter().filter(|t| !t.is_empty()) {
        keys.push(format!("s:{}", sorted(text)));
        keys.push(format!("j:{}", text.replace(' ', "")));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Returns what makes two names equal, the least that does; none when nothing does.
pub fn why_same_name(one: &str, other: &str) -> Option<&'static str> {
    type Step = fn(&str) -> String;
    let steps: [(&str, Step); 8] = [
        ("the same name", |t| spaced(t)),
        ("but for case", |t| lower(&spaced(t))),
        ("but for width, normal form or invisible characters", |t| lower(&spaced(&normal(t)))),
        ("but for accents", |t| plain(&lower(&spaced(&normal(t))))),
        ("but for punctuation", |t| words(&plain(&lower(&normal(t))))),
        ("but for the order of words", |t| sorted(&words(&plain(&lower(&normal(t)))))),
        ("but for the script (transliterated)", |t| sorted(&words(&latin(&plain(&lower(&normal(t))))))),
        ("but for spaces between words", |t| words(&latin(&plain(&lower(&normal(t))))).replace(' ', "")),
    ];
    if let Some((why, _)) = steps.iter().find(|(_, step)| step(one) == step(other)) {
        return Some(why);
    }
    let keys = name_keys(one);
    let shared = name_keys(other).iter().any(|k| keys.contains(k));
    shared.then_some("but for letters that passports write as two (ä as ae)")
}

/// An email address as it is compared: lower case, in normal form, nothing invisible.
pub fn email_key(email: &str) -> String {
    lower(&spaced(&normal(email)))
}

/// Digits of a phone number; a leading 00 is the international prefix.
fn digits(phone: &str) -> String {
    let digits: String = normal(phone).chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("00").map_or(digits.clone(), str::to_owned)
}

/// Keys of a phone number: its digits in international form, which a number in national form has where the country is known (ISO 3166-1
/// alpha-2), and its digits as written.
pub fn phone_keys(phone: &str, country: Option<&str>) -> Vec<String> {
    let mut keys = Vec::new();
    let text: String = normal(phone).chars().take(64).collect();
    let text = text.trim();
    let international = match text.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => text.to_owned(),
    };
    let country = country.and_then(|c| phonenumber::country::Id::from_str(c).ok());
    if (international.starts_with('+') || country.is_some())
        && let Ok(number) = phonenumber::parse(country, &international)
    {
        let key = format!("{}{}", number.code().value(), number.national());
        keys.push(key.chars().filter(char::is_ascii_digit).collect());
    }
    let written = digits(phone);
    if !written.is_empty() && !keys.contains(&written) {
        keys.push(written);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> &'static str {
        let shared = name_keys(one).iter().any(|k| name_keys(other).contains(k));
        let why = why_same_name(one, other);
        assert_eq!(shared, why.is_some(), "{one} {other}: {:?} {:?}", name_keys(one), name_keys(other));
        why.unwrap_or("")
    }

    #[test]
    fn names_that_are_written_differently_are_the_same_and_it_says_why() {
        for (one, other, word) in [
            ("Ana Berg", "Ana  Berg", "the same name"),
            ("Ana Berg", "ANA BERG", "case"),
            ("Ana Berg", "Ａｎａ Ｂｅｒｇ", "width"),
            ("Ana Berg", "A\u{200b}na Be\u{ad}rg", "invisible"),
            ("Jose\u{301} Nuñez", "José Nuñez", "normal form"),
            ("José Núñez", "Jose Nunez", "accents"),
            ("Đorđe Łukasz", "Dorde Lukasz", "transliterated"),
            ("Jean-Pierre O'Neil", "Jean Pierre ONeil", "punctuation"),
            ("Berg, Ana", "Ana Berg", "order"),
            ("Сергей Иванов", "Ivanov Sergei", "transliterated"),
            ("Γιώργος Παππάς", "Giorgos Pappas", "transliterated"),
            ("Jürgen Müller", "Juergen Mueller", "passports"),
            ("Mao Zedong", "毛泽东", "spaces"),
        ] {
            let why = same(one, other);
            assert!(why.contains(word), "{one} {other}: '{why}'");
        }
        for (one, other) in [("Ana Berg", "Anna Berg"), ("Ana Berg", "Ana"), ("", "Ana"), ("\u{200b}", "\u{feff}")] {
            if !one.is_empty() && one != "\u{200b}" {
                assert_eq!(same(one, other), "", "{one} {other}");
            }
        }
        assert_eq!(name_keys("\u{200b}"), [""; 0]);
    }

    #[test]
    fn phone_numbers_of_a_country_get_their_country_code() {
        let international = phone_keys("+49 30 123456", None);
        assert_eq!(international, ["4930123456"]);
        for (phone, country) in [
            ("030 123456", Some("DE")),
            ("0049 (30) 123-456", None),
            ("+49 (0)30 123456", None),
            ("０３０ １２３４５６", Some("DE")),
            ("+4930123456", Some("US")),
        ] {
            assert!(phone_keys(phone, country).contains(&international[0]), "{phone} {:?}", phone_keys(phone, country));
        }
        assert_eq!(phone_keys("(202) 555-0143", Some("US")), ["12025550143", "2025550143"]);
        // Without a country nothing is guessed, and nothing makes it panic.
        assert_eq!(phone_keys("030 123456", None), ["030123456"]);
        for odd in ["", "+", "abc", "+++", "00", "12", "+999999999999999999999999"] {
            phone_keys(odd, Some("DE"));
            phone_keys(odd, Some("??"));
        }
    }
}
