//! Phrases: BIP39 in all ten official languages, Electrum's seeds, SLIP-39 shares. Words may be split over lines, numbered, and one may be
//! unreadable. This module has the checksums, and the fast pass that finds where phrases can be at all ([`find`]).

use crate::words::{LANGUAGES, LISTS, NONE, OLD_ELECTRUM, electrum_normal, is_left_blank, markup_end};
use crate::{Hit, phrases};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Sizes of BIP39 phrases, longest first.
pub(crate) const SIZES: [usize; 5] = [24, 21, 18, 15, 12];

/// Returns whether a phrase's checksum holds, from the numbers of its words, 11 bits each (BIP39).
pub(crate) fn checksum_holds(numbers: &[u16]) -> bool {
    let bits = numbers.len() * 11;
    let entropy = bits * 32 / 33;
    let mut bytes = [0u8; 33];
    for (i, number) in numbers.iter().enumerate() {
        for bit in 0..11 {
            if number & (1 << (10 - bit)) != 0 {
                let at = i * 11 + bit;
                bytes[at / 8] |= 0x80 >> (at % 8);
            }
        }
    }
    let hash = Sha256::digest(&bytes[..entropy / 8]);
    (0..bits - entropy).all(|i| {
        let at = entropy + i;
        let bit = bytes[at / 8] & (0x80 >> (at % 8)) != 0;
        bit == (hash[i / 8] & (0x80 >> (i % 8)) != 0)
    })
}

/// Returns the kind of an Electrum seed by its version (Electrum's `version_prefix`), if it is one. Spaces, case and accents do not matter.
///
/// # Panics
/// Never: HMAC takes keys of any length.
#[must_use]
pub fn electrum_kind(phrase: &str) -> Option<&'static str> {
    let mut mac = Hmac::<Sha512>::new_from_slice(b"Seed version").expect("HMAC takes keys of any length");
    mac.update(electrum_normal(phrase).as_bytes());
    let digest = hex::encode(mac.finalize().into_bytes());
    [("100", "segwit"), ("101", "two-factor"), ("102", "two-factor segwit"), ("01", "standard")]
        .into_iter()
        .find(|(prefix, _)| digest.starts_with(prefix))
        .map(|(_, kind)| kind)
}

/// Returns the seed that a phrase of Electrum's first list stands for, in hex: each three words are 32 bits (old_mnemonic.py).
#[must_use]
pub fn old_electrum_seed(phrase: &str) -> Option<String> {
    const N: u32 = 1626;
    let numbers: Option<Vec<u32>> =
        phrase.split_whitespace().map(|w| LISTS.get(w).map(|e| e.old).filter(|n| *n != NONE).map(u32::from)).collect();
    let numbers = numbers?;
    if numbers.is_empty() || !numbers.len().is_multiple_of(3) {
        return None;
    }
    let mut seed = String::new();
    for three in numbers.chunks(3) {
        let (first, second, third) = (three[0], (three[1] + N - three[0]) % N, (three[2] + N - three[1]) % N);
        let value = u64::from(first) + u64::from(N) * (u64::from(second) + u64::from(N) * u64::from(third));
        seed += &format!("{:08x}", u32::try_from(value).ok()?);
    }
    Some(seed)
}

/// Returns the words for a seed in hex, as [`old_electrum_seed`] reads them.
#[must_use]
pub fn old_electrum_words(seed: &str) -> Option<String> {
    const N: u32 = 1626;
    if seed.is_empty() || !seed.len().is_multiple_of(8) || !seed.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let list: Vec<&str> = OLD_ELECTRUM.lines().map(str::trim).filter(|w| !w.is_empty()).collect();
    let mut words = Vec::new();
    for at in (0..seed.len()).step_by(8) {
        let value = u32::from_str_radix(&seed[at..at + 8], 16).ok()?;
        let first = value % N;
        let second = (value / N + first) % N;
        let third = (value / N / N + second) % N;
        words.extend([first, second, third].map(|n| list[n as usize]));
    }
    Some(words.join(" "))
}

/// Returns whether SLIP-39's checksum (RS1024 over GF(1024)) holds with either customization string.
pub(crate) fn rs1024_holds(numbers: &[u16]) -> bool {
    const GENERATOR: [u32; 10] = [
        0x00e0_e040,
        0x01c1_c080,
        0x0383_8100,
        0x0707_0200,
        0x0e0e_0009,
        0x1c0c_2412,
        0x3808_6c24,
        0x3090_fc48,
        0x21b1_f890,
        0x03f3_f120,
    ];
    let polymod = |custom: &[u8]| {
        let values = custom.iter().map(|b| u32::from(*b)).chain(numbers.iter().map(|n| u32::from(*n)));
        values.fold(1u32, |mut check, value| {
            let top = check >> 20;
            check = ((check & 0xf_ffff) << 10) ^ value;
            for (i, generator) in GENERATOR.iter().enumerate() {
                if (top >> i) & 1 != 0 {
                    check ^= generator;
                }
            }
            check
        })
    };
    polymod(b"shamir") == 1 || polymod(b"shamir_extendable") == 1
}

/// The ASCII words of all lists of up to eight letters, a number each: a letter a byte, the last one lowest.
struct Packed {
    /// A bit by hash: separates most words of a text from those of the lists within the processor's first cache.
    filter: Vec<u64>,
    /// Open addressing; 0 for nothing.
    table: Vec<u64>,
}

impl Packed {
    const FILTER_BITS: u32 = 17;
    const TABLE_BITS: u32 = 15;

    fn hash(word: u64) -> u64 {
        word.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn has(&self, word: u64) -> bool {
        let hash = Self::hash(word);
        let bit = hash >> (64 - Self::FILTER_BITS);
        if self.filter[(bit / 64) as usize] & (1 << (bit % 64)) == 0 {
            return false;
        }
        let mask = self.table.len() - 1;
        let mut at = (hash >> (64 - Self::TABLE_BITS)) as usize;
        loop {
            match self.table[at & mask] {
                0 => return false,
                found if found == word => return true,
                _ => at += 1,
            }
        }
    }
}

static PACKED: LazyLock<Packed> = LazyLock::new(|| {
    let mut packed =
        Packed { filter: vec![0; 1 << (Packed::FILTER_BITS - 6)], table: vec![0; 1 << Packed::TABLE_BITS] };
    let mask = packed.table.len() - 1;
    let listed = LISTS.iter().filter(|(w, e)| e.is_listed() && w.is_ascii() && w.len() <= 8);
    for (word, _) in listed {
        let number = word.bytes().fold(0, |n, b| n << 8 | u64::from(b));
        let hash = Packed::hash(number);
        let bit = hash >> (64 - Packed::FILTER_BITS);
        packed.filter[(bit / 64) as usize] |= 1 << (bit % 64);
        let mut at = (hash >> (64 - Packed::TABLE_BITS)) as usize;
        while packed.table[at & mask] != 0 {
            at += 1;
        }
        packed.table[at & mask] = number;
    }
    packed
});

/// Of bytes: 1 an ASCII letter, 2 a part of a longer character, which counts as a letter, 3 a sign for a word that cannot be read, 4 what
/// begins a tag or an escape.
#[expect(clippy::cast_possible_truncation, reason = "the table has an entry for each byte")]
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = match i as u8 {
            b'A'..=b'Z' | b'a'..=b'z' => 1,
            0x80.. => 2,
            b'_' | b'?' | b'*' => 3,
            b'<' | b'\\' => 4,
            _ => 0,
        };
        i += 1;
    }
    table
};

/// Fewest words of a phrase.
const SHORTEST: usize = 12;

/// The Han characters of the lists, a bit each.
pub(crate) static HAN: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0u64; 1024];
    for word in LISTS.keys() {
        let mut characters = word.chars();
        if let (Some(c @ '\u{3400}'..='\u{9fff}'), None) = (characters.next(), characters.next()) {
            bits[c as usize / 64] |= 1 << (c as usize % 64);
        }
    }
    bits
});

/// Returns how many words of lists a word is that is not of ASCII letters, or longer than eight of them; 0 for none.
#[cold]
fn listed(word: &str, high: u8) -> usize {
    let known = |normal: &str| usize::from(LISTS.get(normal).is_some_and(|e| e.is_listed()));
    match high {
        0xe3..=0xe9 if word.chars().all(|c| matches!(c, '\u{3400}'..='\u{9fff}')) => {
            // Chinese may be written without spaces: each character is a word.
            let listed =
                word.chars().take(65).filter(|c| HAN[*c as usize / 64] & (1 << (*c as usize % 64)) != 0).count();
            if listed == word.chars().count() { listed } else { 0 }
        }
        0x80.. => {
            let normal: String = word.chars().take(64).nfkd().flat_map(char::to_lowercase).collect();
            known(&normal)
        }
        // Some of French, Spanish and Electrum's first list have nine and more.
        _ if word.len() <= 12 => known(&word.to_ascii_lowercase()),
        _ => 0,
    }
}

/// Finds phrases in a text.
pub fn find(text: &str, hits: &mut Vec<Hit>) {
    // Twelve words of one character, as Chinese has them.
    if text.len() < 36 {
        return;
    }
    for (begin, end) in stretches(text) {
        phrases::find(text, begin, end, hits);
    }
}

/// Returns the stretches of twelve words and more of lists, with one between that is in none, to be examined: running text has few. Labels
/// (the same unknown word again), tags, escapes and words of one or two letters do not count.
fn stretches(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut number) = (0, 0usize);
    // The stretch: its first word's number and offset, the last word of no list in it with the offset after that word.
    let (mut first, mut first_at) = (0usize, 0usize);
    let mut missing: Option<(usize, usize)> = None;
    // The last two words of no list: labels come again.
    let mut labels = [0u64; 2];
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let packed = &*PACKED;
    let class = |i: usize| CLASS[usize::from(bytes[i])];
    while at < bytes.len() {
        let begin = at;
        let count = match class(at) {
            0 => {
                at += 1;
                continue;
            }
            3 => {
                while at < bytes.len() && class(at) == 3 {
                    at += 1;
                }
                if !is_left_blank(bytes, begin, at) {
                    continue;
                }
                labels[0] = 0;
                0
            }
            4 => {
                at = markup_end(bytes, at).unwrap_or(at + 1);
                continue;
            }
            _ => {
                // Eight letters are a number: most words are distinguished from those of the lists by it.
                let (mut word, mut high) = (0u64, 0u8);
                while at < bytes.len() && matches!(class(at), 1 | 2) {
                    word = word << 8 | u64::from(bytes[at] | 0x20);
                    high |= bytes[at] & 0x80;
                    at += 1;
                }
                let count = match (high, at - begin) {
                    (0, 0..=2) => continue,
                    (0, 3..=8) => usize::from(packed.has(word)),
                    (0, 13..) => 0,
                    _ => listed(&text[begin..at], bytes[begin..at].iter().copied().max().unwrap_or(0)),
                };
                if count == 0 {
                    if labels.contains(&word) {
                        continue;
                    }
                    labels = [word, labels[0]];
                }
                count
            }
        };
        if count == 0 {
            if let Some((gap, after)) = missing {
                (first, first_at) = (gap + 1, after);
            }
            missing = Some((number, at));
        }
        number += count.max(1);
        if number - first >= SHORTEST {
            match ranges.last_mut() {
                Some(last) if first_at <= last.1 => last.1 = at,
                _ => ranges.push((first_at, at)),
            }
        }
    }
    ranges
}

/// Returns the phrases that fit where one word cannot be read, for those who open the sealed secret.
#[must_use]
pub fn completions(partial: &str) -> Vec<String> {
    let words: Vec<&str> = partial.split(' ').collect();
    let Some(missing) = words.iter().position(|w| *w == "?") else { return Vec::new() };
    let mut all = Vec::new();
    for (bit, language) in LANGUAGES.iter().enumerate() {
        let numbers: Option<Vec<u16>> = words
            .iter()
            .enumerate()
            .map(|(i, w)| match i == missing {
                true => Some(0),
                false => LISTS.get(*w).map(|e| e.numbers[bit]).filter(|n| *n != NONE),
            })
            .collect();
        let Some(mut numbers) = numbers else { continue };
        for (n, word) in (0u16..).zip(language.word_list()) {
            numbers[missing] = n;
            if SIZES.contains(&numbers.len()) && checksum_holds(&numbers) {
                let mut phrase = words.clone();
                phrase[missing] = word;
                all.push(phrase.join(" "));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, Kind};
    use bip39::Language;

    #[test]
    fn prose_and_programs_are_no_phrases() {
        let words = [
            "legal", "winner", "thank", "year", "wave", "sausage", "worth", "useful", "legal", "winner", "thank",
            "yellow",
        ];
        let between = |signs: &[&str]| {
            words.iter().enumerate().map(|(i, w)| format!("{w}{}", signs[i % signs.len()])).collect::<String>()
        };
        for phrase in [&[" "][..], &[", "], &[" - "], &["\n"], &[" | ", "\n"], &[" 1. "]] {
            assert_eq!(found(&between(phrase)).len(), 1, "{phrase:?}");
        }
        for prose in [&[" ", ", ", ". "][..], &["-", " "], &["-", "|"]] {
            assert_eq!(found(&between(prose)), [], "{prose:?}");
        }
    }

    #[test]
    fn a_question_mark_by_itself_is_a_word_that_cannot_be_read() {
        let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let numbered =
            |text: &str| text.split(' ').enumerate().map(|(i, w)| format!("{}. {w}\n", i + 1)).collect::<String>();
        for text in [
            words.replacen("wave", "?", 1),
            numbered(&words.replacen("wave", "?", 1)),
            words.replacen("yellow", "?", 1),
            words.replacen("legal", "?", 1),
            numbered(&words.replacen("legal", "?", 1)),
        ] {
            let hits = found(&text);
            assert!(hits.iter().any(|h| h.0 == Kind::Bip39Partial && h.1.contains('?')), "{text}: {hits:?}");
        }
        // A question is none.
        assert!(found("legal winner thank year wave? sausage worth useful legal winner thank").is_empty());
    }

    fn found(text: &str) -> Vec<(Kind, String, Confidence)> {
        let mut hits = Vec::new();
        find(text, &mut hits);
        hits.into_iter().map(|h| (h.kind, h.value, h.confidence)).collect()
    }

    const LEGAL: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

    #[test]
    fn phrases_are_found_however_they_are_written() {
        let want = vec![(Kind::Bip39, LEGAL.to_owned(), Confidence::High)];
        assert_eq!(found(LEGAL), want);
        assert_eq!(found(&LEGAL.replace(' ', "\r\n")), want);
        assert_eq!(found(&LEGAL.to_uppercase()), want);
        let numbered: String = LEGAL.split(' ').enumerate().map(|(i, w)| format!("{:2}. {w}\n", i + 1)).collect();
        assert_eq!(found(&numbered), want);
        let columns: String =
            LEGAL.split(' ').collect::<Vec<_>>().chunks(3).map(|c| format!("| {} |\n", c.join(" | "))).collect();
        assert_eq!(found(&columns), want);
        // "end" is a word of the list too, so that it might have been another phrase.
        let near = vec![(Kind::Bip39, LEGAL.to_owned(), Confidence::Medium)];
        assert_eq!(found(&format!("My words, hidden well:\n{LEGAL}\n-- end of that")), near);
        // A wrong last word is no phrase.
        assert_eq!(found(&LEGAL.replace("yellow", "zebra")), []);
    }

    #[test]
    fn all_languages_and_sizes() {
        for language in LANGUAGES {
            for size in [12, 15, 18, 21, 24] {
                let entropy: Vec<u8> =
                    (0..size * 4 / 3).map(|i| (i * 37 + size + language as usize * 11) as u8).collect();
                let phrase = bip39::Mnemonic::from_entropy_in(language, &entropy).unwrap().to_string();
                let got = found(&format!("x {} y", phrase.replace(' ', "\n")));
                assert!(
                    got.iter().any(|g| g.0 == Kind::Bip39 && g.1 == phrase),
                    "{language:?} {size}: {} phrases, none of them this",
                    got.len()
                );
            }
        }
        // Precomposed letters, as people type them.
        let phrase = bip39::Mnemonic::from_entropy_in(Language::Spanish, &[7; 16]).unwrap().to_string();
        let typed: String = phrase.nfc().collect();
        assert!(found(&typed).iter().any(|g| g.1 == phrase));
    }

    #[test]
    fn a_word_that_cannot_be_read() {
        for blank in ["????", "____", "sxxsage"] {
            let got = found(&LEGAL.replace("sausage", blank));
            assert_eq!(got.len(), 1, "{blank}");
            assert_eq!(got[0].0, Kind::Bip39Partial);
            let fits = completions(&got[0].1);
            assert!(fits.iter().any(|f| f == LEGAL) && (64..256).contains(&fits.len()), "{}", fits.len());
        }
    }

    #[test]
    fn electrum_and_slip39() {
        // Electrum's own test vector (test_mnemonic.py) and SLIP-0039's first vector.
        let seed = "wild father tree among universe such mobile favorite target dynamic credit identify";
        assert_eq!(found(seed), [(Kind::Electrum, seed.to_owned(), Confidence::Medium)]);
        let share = "duckling enlarge academic academic agency result length solution fridge kidney coal piece deal husband erode duke ajar critical decision keyboard";
        assert_eq!(found(share), [(Kind::Slip39, share.to_owned(), Confidence::High)]);
        assert_eq!(found(&share.replace("keyboard", "kidney")), []);
    }

    #[test]
    fn word_lists_and_prose_are_no_phrases() {
        let list = Language::English.word_list().join("\n");
        assert_eq!(found(&list), []);
        let prose = "The quick brown fox jumps over the lazy dog. This is a text about how people use money and what they say about it, again and again. ".repeat(50);
        assert_eq!(found(&prose), []);
        // What programs and pages are full of: names put together, lists of key words, menus.
        for code in [
            "public static final class value object return string error index array code list search",
            "<li>about</li><li>help</li><li>search</li><li>menu</li><li>home</li><li>news</li><li>index</li><li>page</li><li>user</li><li>sign</li><li>code</li><li>more</li>",
            "this_will_code_that_type_name_list_only_when_case_open_file",
        ] {
            assert_eq!(found(code), [], "{code}");
        }
    }
}
