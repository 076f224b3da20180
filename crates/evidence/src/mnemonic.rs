//! Phrases: BIP39 in all ten official languages, Electrum's seeds, SLIP-39 shares. Words may be split over lines, numbered, and one may be
//! unreadable.

use crate::{Confidence, Hit, Kind};
use bip39::Language;
use hashbrown::HashMap;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};
use std::borrow::Cow;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Sizes of BIP39 phrases, longest first.
const SIZES: [usize; 5] = [24, 21, 18, 15, 12];
/// Longest gap between two words of a phrase, in bytes: separators, numbers, a column's spaces.
const MAX_GAP: usize = 48;
/// Longest word, in bytes.
const MAX_WORD: usize = 48;
/// The share's list (SLIP-0039, 1,024 words).
const SLIP39: &str = include_str!("../../../data/slip39/wordlist.txt");

/// Languages in the order of the bits of a word's mask.
const LANGUAGES: [Language; 10] = [
    Language::English,
    Language::SimplifiedChinese,
    Language::TraditionalChinese,
    Language::Czech,
    Language::French,
    Language::Italian,
    Language::Japanese,
    Language::Korean,
    Language::Portuguese,
    Language::Spanish,
];

struct Lists {
    /// Languages of a word and, for SLIP-39, its number plus one.
    words: HashMap<&'static str, (u16, u16)>,
    /// Number of a word by language.
    numbers: [HashMap<&'static str, u16>; 10],
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, (u16, u16)> = HashMap::new();
    let mut numbers: [HashMap<&'static str, u16>; 10] = Default::default();
    for (bit, language) in LANGUAGES.iter().enumerate() {
        for (i, word) in language.word_list().iter().enumerate() {
            words.entry(word).or_default().0 |= 1 << bit;
            numbers[bit].insert(word, i as u16);
        }
    }
    for (i, word) in SLIP39.lines().map(str::trim).filter(|w| !w.is_empty()).enumerate() {
        words.entry(word).or_default().1 = i as u16 + 1;
    }
    Lists { words, numbers }
});

/// A word of a text.
#[derive(Clone, Debug)]
struct Word {
    start: usize,
    end: usize,
    /// Normal form (NFKD, lower case); empty when it cannot be read.
    text: Cow<'static, str>,
    languages: u16,
    slip39: u16,
}

/// Splits a text into the words of lists and what stands between: a word of no list stays when it could be an unreadable one.
fn words(text: &str, mut found: impl FnMut(Word)) {
    let lists = &*LISTS;
    let mut emit = |start: usize, end: usize| {
        let raw = &text[start..end];
        if raw.len() > MAX_WORD {
            return found(Word { start, end, text: Cow::Borrowed(""), languages: 0, slip39: u16::MAX });
        }
        if raw.is_ascii() {
            // ASCII words of the lists have 3 to 8 letters (some of French and Spanish 9); most words need no look at all.
            let mut lower = [0u8; 9];
            let known = match (3..=9).contains(&raw.len()) {
                true => {
                    let lower = &mut lower[..raw.len()];
                    lower.copy_from_slice(raw.as_bytes());
                    lower.make_ascii_lowercase();
                    std::str::from_utf8(lower).ok().and_then(|w| lists.words.get_key_value(w))
                }
                false => None,
            };
            let (text, (languages, slip39)) = known.map_or(("", (0, 0)), |(word, about)| (*word, *about));
            return found(Word { start, end, text: Cow::Borrowed(text), languages, slip39 });
        }
        let normal: String = raw.nfkd().flat_map(char::to_lowercase).collect();
        if let Some((languages, slip39)) = lists.words.get(normal.as_str()).copied() {
            return found(Word { start, end, text: Cow::Owned(normal), languages, slip39 });
        }
        // Chinese may be written without spaces: a character a word.
        let mut any = false;
        for (i, c) in raw.char_indices() {
            let one: String = std::iter::once(c).nfkd().collect();
            if let Some((languages, slip39)) = lists.words.get(one.as_str()).copied() {
                any = true;
                found(Word {
                    start: start + i,
                    end: start + i + c.len_utf8(),
                    text: Cow::Owned(one),
                    languages,
                    slip39,
                });
            }
        }
        if !any {
            found(Word { start, end, text: Cow::Borrowed(""), languages: 0, slip39: 0 });
        }
    };
    if text.is_ascii() {
        // The same as below, byte by byte.
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let from = at;
            if bytes[at].is_ascii_alphabetic() {
                while at < bytes.len() && bytes[at].is_ascii_alphabetic() {
                    at += 1;
                }
                emit(from, at);
            } else if matches!(bytes[at], b'_' | b'?' | b'*') {
                while at < bytes.len() && matches!(bytes[at], b'_' | b'?' | b'*') {
                    at += 1;
                }
                if is_left_blank(bytes, from, at) {
                    emit(from, at);
                }
            } else {
                at += 1;
            }
        }
        return;
    }
    let mut begun: Option<usize> = None;
    let mut blank: Option<usize> = None;
    let mut blanks = Vec::new();
    for (i, c) in text.char_indices() {
        // Combining marks belong to their letter.
        let is_letter =
            c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c) || ('\u{3099}'..='\u{309a}').contains(&c);
        match (is_letter, begun) {
            (true, None) => begun = Some(i),
            (false, Some(start)) => {
                emit(start, i);
                begun = None;
            }
            _ => {}
        }
        // Places left blank: ___, ???, ***.
        match (matches!(c, '_' | '?' | '*'), blank) {
            (true, None) => blank = Some(i),
            (false, Some(start)) => {
                if is_left_blank(text.as_bytes(), start, i) {
                    blanks.push((start, i));
                }
                blank = None;
            }
            _ => {}
        }
        if let Some((start, end)) = blanks.pop() {
            emit(start, end);
        }
    }
    if let Some(start) = begun {
        emit(start, text.len());
    }
}

/// Whether signs stand for a word that cannot be read: two and more (`___`), or a question mark by itself.
fn is_left_blank(bytes: &[u8], begin: usize, end: usize) -> bool {
    let apart = |b: Option<&u8>| b.is_none_or(u8::is_ascii_whitespace);
    end - begin >= 2
        || (bytes[begin] == b'?' && apart(begin.checked_sub(1).and_then(|b| bytes.get(b))) && apart(bytes.get(end)))
}

/// Whether a phrase's checksum holds: the numbers of its words, 11 bits each (BIP39).
fn checksum_holds(numbers: &[u16]) -> bool {
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
        let said = bytes[at / 8] & (0x80 >> (at % 8)) != 0;
        said == (hash[i / 8] & (0x80 >> (i % 8)) != 0)
    })
}

/// Kind of an Electrum seed by its version (Electrum's `version_prefix`), if it is one.
#[must_use]
pub fn electrum_kind(phrase: &str) -> Option<&'static str> {
    let mut mac = Hmac::<Sha512>::new_from_slice(b"Seed version").expect("HMAC takes keys of any length");
    mac.update(phrase.as_bytes());
    let digest = hex::encode(mac.finalize().into_bytes());
    [("100", "segwit"), ("101", "two-factor"), ("102", "two-factor segwit"), ("01", "standard")]
        .into_iter()
        .find(|(prefix, _)| digest.starts_with(prefix))
        .map(|(_, kind)| kind)
}

/// SLIP-39's checksum (RS1024 over GF(1024)) with either customization string.
fn rs1024_holds(numbers: &[u16]) -> bool {
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

fn joined(words: &[Word]) -> String {
    words.iter().map(|w| w.text.as_ref()).collect::<Vec<_>>().join(" ")
}

/// Whether numbers only rise: a word list, not a phrase.
fn rises(numbers: &[u16]) -> bool {
    numbers.windows(2).all(|w| w[0] < w[1])
}

/// The ASCII words of all lists of up to eight letters, a number each: a letter a byte, the last one lowest.
struct Packed {
    /// A bit by hash: tells most words of a text from those of the lists within the processor's first cache.
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
    for word in LISTS.words.keys().filter(|w| w.is_ascii() && w.len() <= 8) {
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

/// Of bytes: 1 an ASCII letter, 2 a part of a longer character, which counts as a letter, 3 a sign for a word that cannot be read.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = match i as u8 {
            b'A'..=b'Z' | b'a'..=b'z' => 1,
            0x80.. => 2,
            b'_' | b'?' | b'*' => 3,
            _ => 0,
        };
        i += 1;
    }
    table
};

/// Fewest words of a phrase.
const SHORTEST: usize = 12;

/// Whether a word that is not of ASCII letters, or longer than eight of them, is in a list; and whether it is of a script that may be written
/// without spaces.
#[cold]
fn is_listed(word: &str, high: u8) -> (bool, bool) {
    match high {
        0xe3..=0xed => (true, true),
        0x80.. => {
            let normal: String = word.chars().take(64).nfkd().flat_map(char::to_lowercase).collect();
            (LISTS.words.contains_key(normal.as_str()), false)
        }
        // Some of French and Spanish have nine.
        _ => (word.len() == 9 && LISTS.words.contains_key(word.to_ascii_lowercase().as_str()), false),
    }
}

/// Finds phrases in a text.
pub fn find(text: &str, hits: &mut Vec<Hit>) {
    // Twelve words of one character, as Chinese has them, and what is between.
    if text.len() < 36 {
        return;
    }
    // Only stretches of twelve words and more of lists, with one between that is in none, are looked at closely: running text has few.
    let bytes = text.as_bytes();
    let (mut at, mut number) = (0, 0usize);
    // The stretch: its first word's number and place, the last word of no list in it with the place after that word.
    let (mut first, mut first_at) = (0usize, 0usize);
    let mut missing: Option<(usize, usize)> = None;
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let packed = &*PACKED;
    let class = |i: usize| CLASS[usize::from(bytes[i])];
    while at < bytes.len() {
        let begin = at;
        let (known, unspaced) = match class(at) {
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
                (false, false)
            }
            _ => {
                // Eight letters are a number: most words are told from those of the lists by it.
                let (mut word, mut high) = (0u64, 0u8);
                while at < bytes.len() && matches!(class(at), 1 | 2) {
                    word = word << 8 | u64::from(bytes[at] | 0x20);
                    high |= bytes[at] & 0x80;
                    at += 1;
                }
                match (high, at - begin) {
                    (0, 0..=2) => (false, false),
                    (0, 3..=8) => (packed.has(word), false),
                    (0, length) if length != 9 => (false, false),
                    _ => is_listed(&text[begin..at], bytes[begin..at].iter().copied().max().unwrap_or(0)),
                }
            }
        };
        if !known {
            if let Some((gap, after)) = missing {
                (first, first_at) = (gap + 1, after);
            }
            missing = Some((number, at));
        }
        number += 1;
        if number - first >= SHORTEST || unspaced {
            match ranges.last_mut() {
                Some(last) if first_at <= last.1 => last.1 = at,
                _ => ranges.push((first_at, at)),
            }
        }
    }
    for (begin, end) in ranges {
        let found = hits.len();
        every_word(&text[begin..end], hits);
        for hit in &mut hits[found..] {
            hit.start += begin;
            hit.end += begin;
        }
    }
}

/// Finds phrases in a text, looking at every word.
fn every_word(text: &str, hits: &mut Vec<Hit>) {
    let mut stretch: Vec<Word> = Vec::new();
    let mut known = 0usize;
    words(text, |word| {
        let unreadable = word.languages == 0 && (word.slip39 == 0 || word.slip39 == u16::MAX);
        let apart = stretch.last().is_some_and(|l| {
            let gap = &text[l.end..word.start];
            // Programs and web pages are full of such words; nobody writes a phrase so.
            gap.len() > MAX_GAP || gap == "_" || gap.bytes().any(|b| b"<>(){};=/\\&#".contains(&b))
        });
        if apart {
            judge(text, &stretch, known, hits);
            stretch.clear();
            known = 0;
        }
        if unreadable {
            // Two unreadable words in a row end a phrase; so does a long one.
            // A phrase may begin with one that was left blank; an unknown word before it is just that.
            let left_blank = matches!(text.as_bytes()[word.start], b'_' | b'?' | b'*');
            let last = stretch.last().map_or(!left_blank, |l| l.text.is_empty());
            if last || word.slip39 == u16::MAX {
                judge(text, &stretch, known, hits);
                stretch.clear();
                known = 0;
                return;
            }
            stretch.push(Word { slip39: 0, ..word });
            return;
        }
        known += 1;
        stretch.push(word);
    });
    judge(text, &stretch, known, hits);
}

/// Whether words were written as one phrase: numbers and spaces aside, what stands between them is the same everywhere, but for one other sign
/// (columns, ends of lines). Hyphens are between all or none: compounds are prose and programs.
fn written_as_one(text: &str, words: &[Word]) -> bool {
    let mut kinds: Vec<String> = Vec::new();
    for pair in words.windows(2) {
        let gap = text.get(pair[0].end..pair[1].start).unwrap_or_default();
        let kind: String = gap.chars().filter(|c| !c.is_whitespace() && !c.is_numeric()).collect();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.len() <= 2 && (kinds.len() < 2 || !kinds.iter().any(|k| k.contains('-')))
}

/// Looks for phrases in words of lists, with single unreadable ones between.
fn judge(text: &str, stretch: &[Word], known: usize, hits: &mut Vec<Hit>) {
    if known < 11 {
        return;
    }
    let mut taken: Vec<(usize, usize)> = Vec::new();
    let lists = &*LISTS;
    for (bit, language) in LANGUAGES.iter().enumerate() {
        let mut from = 0;
        while from < stretch.len() {
            let Some(start) = stretch[from..].iter().position(|w| w.languages & (1 << bit) != 0).map(|p| p + from)
            else {
                break;
            };
            let end = stretch[start..]
                .iter()
                .position(|w| w.languages & (1 << bit) == 0)
                .map_or(stretch.len(), |p| p + start);
            let numbers: Vec<u16> = stretch[start..end].iter().map(|w| lists.numbers[bit][w.text.as_ref()]).collect();
            let mut at = 0;
            while at + 12 <= numbers.len() {
                let size = SIZES.into_iter().find(|size| {
                    at + size <= numbers.len()
                        && !rises(&numbers[at..at + size])
                        && written_as_one(text, &stretch[start + at..start + at + size])
                        && !taken.iter().any(|t| t.0 < start + at + size && start + at < t.1)
                        && checksum_holds(&numbers[at..at + size])
                });
                let Some(size) = size else {
                    if let Some(n) = electrum(&stretch[start + at..end], &numbers[at..], hits) {
                        taken.push((start + at, start + at + n));
                        at += n;
                    } else {
                        at += 1;
                    }
                    continue;
                };
                let words = &stretch[start + at..start + at + size];
                // A phrase that fills its stretch was written as one.
                let whole = numbers.len() == size;
                hits.push(Hit {
                    kind: Kind::Bip39,
                    start: words[0].start,
                    end: words[size - 1].end,
                    value: joined(words),
                    confidence: if whole || size > 12 { Confidence::High } else { Confidence::Medium },
                    detail: format!("{size} words, {language:?}"),
                });
                taken.push((start + at, start + at + size));
                at += size;
            }
            from = end;
        }
    }
    // One word unreadable: it and the words on both sides make a phrase's size. Only where no phrase is whole.
    for (bit, language) in LANGUAGES.iter().enumerate() {
        let is = |w: &Word| w.languages & (1 << bit) != 0;
        for gap in (0..stretch.len()).filter(|i| !is(&stretch[*i]) && (*i == 0 || is(&stretch[i - 1]))) {
            let before = stretch[..gap].iter().rev().take_while(|w| is(w)).count();
            let after = stretch[gap + 1..].iter().take_while(|w| is(w)).count();
            let (start, whole) = (gap - before, before + 1 + after);
            if SIZES.contains(&whole)
                && written_as_one(text, &stretch[start..start + whole])
                && !taken.iter().any(|t| t.1 > start && t.0 < start + whole)
            {
                partial(&stretch[start..start + whole], before, bit, language, hits);
                taken.push((start, start + whole));
            }
        }
    }
    slip39(stretch, hits);
}

fn electrum(words: &[Word], numbers: &[u16], hits: &mut Vec<Hit>) -> Option<usize> {
    // Only where the words were written as one phrase: eight bits of checksum are few in running text.
    let n = words.len();
    if !matches!(n, 12 | 13 | 24) || rises(numbers) {
        return None;
    }
    let value = joined(words);
    let kind = electrum_kind(&value)?;
    let (start, end) = (words[0].start, words[n - 1].end);
    let detail = format!("{n} words, {kind}");
    hits.push(Hit { kind: Kind::Electrum, start, end, value, confidence: Confidence::Medium, detail });
    Some(n)
}

fn partial(words: &[Word], missing: usize, bit: usize, language: &Language, hits: &mut Vec<Hit>) {
    let lists = &*LISTS;
    let mut numbers: Vec<u16> =
        words.iter().map(|w| lists.numbers[bit].get(w.text.as_ref()).copied().unwrap_or(0)).collect();
    let fitting = (0..2048u16).filter(|n| {
        numbers[missing] = *n;
        checksum_holds(&numbers)
    });
    let fitting = fitting.count();
    let value: Vec<&str> = words.iter().map(|w| if w.text.is_empty() { "?" } else { w.text.as_ref() }).collect();
    hits.push(Hit {
        kind: Kind::Bip39Partial,
        start: words[0].start,
        end: words[words.len() - 1].end,
        value: value.join(" "),
        confidence: Confidence::Medium,
        detail: format!(
            "{} words, {language:?}, word {} cannot be read: {fitting} words fit",
            words.len(),
            missing + 1
        ),
    });
}

fn slip39(stretch: &[Word], hits: &mut Vec<Hit>) {
    let mut from = 0;
    while let Some(start) = stretch[from..].iter().position(|w| w.slip39 > 0).map(|p| p + from) {
        let end = stretch[start..].iter().position(|w| w.slip39 == 0).map_or(stretch.len(), |p| p + start);
        let numbers: Vec<u16> = stretch[start..end].iter().map(|w| w.slip39 - 1).collect();
        let mut at = 0;
        while at + 20 <= numbers.len() {
            let size = [33, 20].into_iter().find(|s| at + s <= numbers.len() && rs1024_holds(&numbers[at..at + s]));
            let Some(size) = size else {
                at += 1;
                continue;
            };
            let words = &stretch[start + at..start + at + size];
            let (first, last) = (words[0].start, words[size - 1].end);
            let detail = format!("a share of {size} words");
            let value = joined(words);
            hits.push(Hit { kind: Kind::Slip39, start: first, end: last, value, confidence: Confidence::High, detail });
            at += size;
        }
        from = end;
    }
}

/// The words that fit where one cannot be read, with the whole phrase; for who opens the sealed secret.
#[must_use]
pub fn completions(partial: &str) -> Vec<String> {
    let words: Vec<&str> = partial.split(' ').collect();
    let Some(missing) = words.iter().position(|w| *w == "?") else { return Vec::new() };
    let mut all = Vec::new();
    for (bit, language) in LANGUAGES.iter().enumerate() {
        let numbers: Option<Vec<u16>> = words
            .iter()
            .enumerate()
            .map(|(i, w)| if i == missing { Some(0) } else { LISTS.numbers[bit].get(w).copied() })
            .collect();
        let Some(mut numbers) = numbers else { continue };
        for (n, word) in language.word_list().iter().enumerate() {
            numbers[missing] = n as u16;
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
        let code = format!("<a>{}</a> {}", LEGAL.replace(' ', "</a><a>"), LEGAL.replace(' ', "_"));
        assert_eq!(found(&code), []);
    }
}
