//! The word lists of recovery phrases, and the words of a text: BIP39 in all ten languages, SLIP-39, Electrum's first list.

use bip39::Language;
use hashbrown::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// SLIP-0039's list, 1,024 words.
const SLIP39: &str = include_str!("../../../../data/slip39/wordlist.txt");
/// The list of Electrum before version 2, 1,626 words.
pub(crate) const OLD_ELECTRUM: &str = include_str!("../../../../data/electrum/old-wordlist.txt");
/// Words of the English lists that ordinary text and programs use often: each line is a weight (log2 of how much more often than a
/// uniform draw) and the words that have it.
const COMMON: &str = include_str!("common_words.txt");

/// Languages in the order of the bits of a word's mask.
pub(crate) const LANGUAGES: [Language; 10] = [
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
/// Bits of the two Chinese lists, whose words are single characters.
pub(crate) const CHINESE: u16 = 0b110;
/// No number in a list.
pub(crate) const NONE: u16 = u16::MAX;
/// Longest word in bytes, and longest run of Chinese without spaces (24 characters).
const MAX_WORD: usize = 48;
const MAX_UNSPACED: usize = 96;
/// Longest tag of a page that is passed over, in bytes.
pub(crate) const MAX_TAG: usize = 1_024;

/// Entries of the lists for a word.
#[derive(Clone)]
pub(crate) struct Entry {
    /// Languages in whose list it is.
    pub languages: u16,
    /// Its number by language.
    pub numbers: [u16; 10],
    /// Languages in which it is the first four letters of one word of the list, and that word's number.
    pub stems: u16,
    pub stem_numbers: [u16; 10],
    /// Its number in SLIP-39's list, and in Electrum's first one.
    pub slip39: u16,
    pub old: u16,
    /// How common it is in ordinary text and programs; 0 for rare.
    pub common: i8,
}

impl Entry {
    const EMPTY: Entry = Entry {
        languages: 0,
        numbers: [NONE; 10],
        stems: 0,
        stem_numbers: [NONE; 10],
        slip39: NONE,
        old: NONE,
        common: 0,
    };
}

/// Returns letters without their accents.
fn without_accents(word: &str) -> String {
    word.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect()
}

/// All lists in one map, by the normal form (NFKD, lower case).
#[expect(clippy::cast_possible_truncation, reason = "the longest list has 2,048 words")]
pub(crate) static LISTS: LazyLock<HashMap<Box<str>, Entry>> = LazyLock::new(|| {
    let mut words: HashMap<Box<str>, Entry> = HashMap::with_capacity(30_000);
    let mut set = |word: &str, change: &mut dyn FnMut(&mut Entry)| {
        change(words.entry(word.into()).or_insert(Entry::EMPTY));
    };
    for (bit, language) in LANGUAGES.iter().enumerate() {
        for (i, word) in language.word_list().iter().enumerate() {
            set(word, &mut |e| {
                e.languages |= 1 << bit;
                e.numbers[bit] = i as u16;
            });
        }
    }
    // As people type them without accents, where that is no other word; and by their first four letters, which distinguish them.
    for (bit, language) in LANGUAGES.iter().enumerate() {
        if matches!(
            language,
            Language::SimplifiedChinese | Language::TraditionalChinese | Language::Japanese | Language::Korean
        ) {
            continue;
        }
        for (i, word) in language.word_list().iter().enumerate() {
            let plain = without_accents(word);
            if plain != *word {
                set(&plain, &mut |e| {
                    if e.numbers[bit] == NONE {
                        e.languages |= 1 << bit;
                        e.numbers[bit] = i as u16;
                    }
                });
            }
            let stem: String = plain.chars().take(4).collect();
            if plain.chars().count() > 4 {
                set(&stem, &mut |e| {
                    e.stems |= 1 << bit;
                    e.stem_numbers[bit] = if e.stem_numbers[bit] == NONE { i as u16 } else { NONE - 1 };
                });
            }
        }
    }
    for (i, word) in SLIP39.lines().map(str::trim).filter(|w| !w.is_empty()).enumerate() {
        set(word, &mut |e| e.slip39 = i as u16);
    }
    for (i, word) in OLD_ELECTRUM.lines().map(str::trim).filter(|w| !w.is_empty()).enumerate() {
        set(word, &mut |e| e.old = i as u16);
    }
    for line in COMMON.lines() {
        let mut parts = line.split_whitespace();
        let weight: i8 = parts.next().and_then(|w| w.parse().ok()).unwrap_or(0);
        parts.for_each(|word| set(word, &mut |e| e.common = weight));
    }
    // A stem that several words share (short lists of other languages) identifies nothing.
    for e in words.values_mut() {
        for (bit, number) in e.stem_numbers.iter_mut().enumerate().filter(|(_, n)| **n == NONE - 1) {
            *number = NONE;
            e.stems &= !(1 << bit);
        }
    }
    words
});

impl Entry {
    /// Returns whether it belongs to a list, as a word or as the beginning of one.
    pub fn is_listed(&self) -> bool {
        self.languages != 0 || self.stems != 0 || self.slip39 != NONE || self.old != NONE
    }
}

/// A word of a text.
#[derive(Clone, Copy)]
pub(crate) struct Word {
    pub start: usize,
    pub end: usize,
    /// Entries of the lists for it; `None` when it is in none or cannot be read.
    pub entry: Option<&'static Entry>,
    /// Whether it is written as signs: `____`, `????`.
    pub blank: bool,
}

impl Word {
    pub fn has(&self, bit: usize) -> bool {
        self.entry.is_some_and(|e| e.languages & (1 << bit) != 0)
    }

    pub fn number(&self, bit: usize) -> u16 {
        self.entry.map_or(NONE, |e| e.numbers[bit])
    }
}

fn entry_of(normal: &str) -> Option<&'static Entry> {
    LISTS.get(normal).filter(|e| e.is_listed())
}

/// Returns whether a character belongs to a word.
fn is_letter(c: char) -> bool {
    // Combining marks belong to their letter.
    c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c) || ('\u{3099}'..='\u{309a}').contains(&c)
}

/// Returns the end of a tag of a page or document that begins at an offset (`<li>`, `</w:t>`), or of an escape (`\n`, `&nbsp;`).
pub(crate) fn markup_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes[at] {
        b'<' => {
            let first = bytes.get(at + 1)?;
            if !(first.is_ascii_alphabetic() || matches!(first, b'/' | b'!' | b'?')) {
                return None;
            }
            let rest = &bytes[at + 1..bytes.len().min(at + MAX_TAG)];
            let end = rest.iter().position(|b| matches!(b, b'<' | b'>'))?;
            (rest[end] == b'>').then_some(at + 1 + end + 1)
        }
        b'\\' => {
            let escape = matches!(bytes.get(at + 1)?, b'n' | b'r' | b't');
            (escape && !begins_a_word(&bytes[at + 1..])).then_some(at + 2)
        }
        b'&' => {
            let rest = &bytes[at + 1..bytes.len().min(at + 10)];
            let end = rest.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'#')?;
            (end >= 2 && rest[end] == b';').then_some(at + 1 + end + 1)
        }
        _ => None,
    }
}

/// Returns whether letters are a word of a list only with the first of them: `\thank` is a word behind a backslash, `\nozone` one behind an escape.
fn begins_a_word(letters: &[u8]) -> bool {
    let listed = |word: &[u8]| {
        let length = word.iter().take(13).take_while(|b| b.is_ascii_alphabetic()).count();
        let word = std::str::from_utf8(&word[..length]).unwrap_or_default().to_ascii_lowercase();
        LISTS.get(word.as_str()).is_some_and(|e| e.languages != 0)
    };
    listed(letters) && !listed(&letters[1..])
}

/// Returns whether signs mark a word that cannot be read: two and more (`___`), or a question mark by itself.
pub(crate) fn is_left_blank(bytes: &[u8], begin: usize, end: usize) -> bool {
    let apart = |b: Option<&u8>| b.is_none_or(u8::is_ascii_whitespace);
    end - begin >= 2
        || (bytes[begin] == b'?' && apart(begin.checked_sub(1).and_then(|b| bytes.get(b))) && apart(bytes.get(end)))
}

/// Returns the words of a text; those of no list stay, as words that cannot be read or as labels. Tags and escapes are passed over.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let b = bytes[at];
        if b.is_ascii_alphabetic() || b >= 0x80 {
            let start = at;
            let mut ascii = true;
            while at < bytes.len() {
                if bytes[at].is_ascii_alphabetic() {
                    at += 1;
                    continue;
                }
                if bytes[at] < 0x80 {
                    break;
                }
                let Some(c) = text[at..].chars().next() else { break };
                if !is_letter(c) {
                    break;
                }
                ascii = false;
                at += c.len_utf8();
            }
            if at == start {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            push(text, start, at, ascii, &mut found);
        } else if matches!(b, b'_' | b'?' | b'*') {
            let start = at;
            while at < bytes.len() && matches!(bytes[at], b'_' | b'?' | b'*') {
                at += 1;
            }
            if is_left_blank(bytes, start, at) {
                found.push(Word { start, end: at, entry: None, blank: true });
            }
        } else {
            at = markup_end(bytes, at).unwrap_or(at + 1);
        }
    }
    found
}

fn push(text: &str, start: usize, end: usize, ascii: bool, found: &mut Vec<Word>) {
    let raw = &text[start..end];
    let unknown = Word { start, end, entry: None, blank: false };
    if ascii {
        // Words of the lists have 3 to 12 letters.
        let mut lower = [0u8; 12];
        let entry = (3..=12).contains(&raw.len()).then(|| {
            let lower = &mut lower[..raw.len()];
            lower.copy_from_slice(raw.as_bytes());
            lower.make_ascii_lowercase();
            std::str::from_utf8(lower).ok().and_then(entry_of)
        });
        return found.push(Word { entry: entry.flatten(), ..unknown });
    }
    // Han characters are words by themselves, and may be written without spaces.
    let han = raw.chars().all(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'));
    if han {
        if raw.len() > MAX_UNSPACED {
            return found.push(unknown);
        }
        for (i, c) in raw.char_indices() {
            let one: String = std::iter::once(c).nfkd().collect();
            let (start, end) = (start + i, start + i + c.len_utf8());
            found.push(Word { start, end, entry: entry_of(&one), blank: false });
        }
        return;
    }
    if raw.len() > MAX_WORD {
        return found.push(unknown);
    }
    let normal: String = raw.nfkd().flat_map(char::to_lowercase).collect();
    found.push(Word { entry: entry_of(&normal), ..unknown });
}

/// Returns whether a character is one of those between which Electrum removes spaces.
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{2fdf}' | '\u{3040}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{2ffff}')
}

/// Returns a phrase as Electrum hashes it: NFKD, lower case, without accents, without spaces between Chinese, Japanese or Korean characters.
#[must_use]
pub(crate) fn electrum_normal(phrase: &str) -> String {
    let plain: String =
        phrase.nfkd().flat_map(char::to_lowercase).filter(|c| canonical_combining_class(*c) == 0).collect();
    let mut out = String::with_capacity(plain.len());
    for word in plain.split_whitespace() {
        let unspaced = out.chars().next_back().is_some_and(is_cjk) && word.chars().next().is_some_and(is_cjk);
        if !out.is_empty() && !unspaced {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
