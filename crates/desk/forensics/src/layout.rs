//! How words stand in a text: what lies between them, labels and numbers beside them, where lines and cells end.

use crate::words::{Word, markup_end, words};
use hashbrown::HashMap;

/// Longest gap between two words of a phrase, tags aside, in bytes: separators, numbers, a column's spaces.
const MAX_GAP: usize = 64;
/// How far before and after a phrase the text that closes it is searched, in bytes.
const MAX_EDGE: usize = 512;
/// A word that stands this often among others in the same rhythm is a label (`Word 1: ...`).
const LABELS: usize = 10;
/// Stands for a tag in what separates words.
const TAG: char = '\u{1}';

/// The gap between two words.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Gap {
    /// Signs, without spaces, digits and letters (labels).
    pub signs: String,
    /// Names of the tags in it.
    pub tags: String,
    /// Ends of lines, at most 2 (an empty line).
    pub lines: u8,
    /// Whether the gap is empty.
    pub joined: bool,
    /// The last number in it.
    pub number: Option<u32>,
    /// Whether the text begins or ends there.
    pub edge: bool,
    /// Bytes, tags aside.
    pub visible: usize,
}

impl Gap {
    fn of(raw: &str) -> Self {
        let mut gap = Gap { joined: raw.is_empty(), ..Gap::default() };
        let bytes = raw.as_bytes();
        let mut at = 0;
        let mut digits: Option<u32> = None;
        while at < bytes.len() {
            if let Some(end) = markup_end(bytes, at) {
                match bytes[at] {
                    b'<' => {
                        if !gap.signs.ends_with(TAG) {
                            gap.signs.push(TAG);
                        }
                        let name = raw[at..end].trim_end_matches('>').split_whitespace().next().unwrap_or_default();
                        gap.tags.push_str(name);
                    }
                    b'\\' if bytes[at + 1] == b'n' => gap.lines += 1,
                    _ => {}
                }
                at = end;
                continue;
            }
            let c = raw[at..].chars().next().unwrap_or('\0');
            match c {
                '0'..='9' => {
                    let digit = u32::from(bytes[at] - b'0');
                    digits = Some(digits.unwrap_or(0).saturating_mul(10).saturating_add(digit));
                    gap.number = digits;
                }
                _ => digits = None,
            }
            match c {
                '\n' => gap.lines = gap.lines.saturating_add(1),
                '\r' if bytes.get(at + 1) != Some(&b'\n') => gap.lines = gap.lines.saturating_add(1),
                _ if c.is_whitespace() || c.is_numeric() || c.is_alphabetic() || c == '\u{feff}' => {}
                _ => gap.signs.push(c),
            }
            gap.visible += c.len_utf8();
            at += c.len_utf8();
        }
        gap.lines = gap.lines.min(2);
        gap
    }

    /// Returns whether words apart like this can be of one phrase.
    pub fn is_near(&self) -> bool {
        self.visible <= MAX_GAP && self.signs.chars().count() <= 8
    }

    /// Returns whether people separate words with such signs.
    pub fn is_sane(&self) -> bool {
        self.signs.chars().all(|c| {
            c == TAG || "_/\\=;:,.|()[]{}<>\"'`*+#~&!?-•·–—→●○■▪◦、，。；：（）「」『』“”‘’〉》《〈・".contains(c)
        })
    }

    /// Returns whether two gaps separate alike.
    pub fn is_like(&self, other: &Gap) -> bool {
        self.signs == other.signs && self.lines == other.lines && self.joined == other.joined
    }

    /// Returns whether programs and pages separate names like this more often than people separate words.
    pub fn is_technical(&self) -> bool {
        self.number.is_none() && self.signs.chars().any(|c| c == TAG || "_/\\=;{}()&#<>".contains(c))
    }
}

/// Words of a stretch of text with what lies between.
pub(crate) struct Layout<'a> {
    text: &'a str,
    /// Words; labels and ordinals are left out.
    pub words: Vec<Word>,
    /// What lies before each word; for the first, what lies before it in the text.
    pub gaps: Vec<Gap>,
    /// What lies after the last word.
    pub last: Gap,
}

impl<'a> Layout<'a> {
    /// Reads the words of a part of a text.
    pub fn new(text: &'a str, begin: usize, end: usize) -> Self {
        let mut found = words(&text[begin..end]);
        for word in &mut found {
            word.start += begin;
            word.end += begin;
        }
        // 1st, 2nd, 3rd.
        let bytes = text.as_bytes();
        let all = found.clone();
        found.retain(|w| {
            !(w.entry.is_none()
                && !w.blank
                && w.end - w.start <= 2
                && w.start.checked_sub(1).is_some_and(|b| bytes[b].is_ascii_digit()))
        });
        let words = without_labels(text, found);
        // What was left out belongs to what lies between.
        let first = words.first().map_or(0, |w| w.start);
        let left_out: Vec<&Word> = all.iter().take_while(|w| w.start < first).collect();
        let gaps = (0..words.len())
            .map(|i| match i {
                0 => before(text, first, &left_out),
                _ => Gap::of(&text[words[i - 1].end..words[i].start]),
            })
            .collect();
        let last = words.last().map_or_else(Gap::default, |w| after(text, w.end));
        Layout { text, words, gaps, last }
    }

    /// Returns the gap after a word.
    pub fn after(&self, word: usize) -> &Gap {
        self.gaps.get(word + 1).unwrap_or(&self.last)
    }

    /// Returns the text of a word.
    pub fn raw(&self, word: &Word) -> &'a str {
        &self.text[word.start..word.end]
    }

    /// Returns whether one of some words stands near a range.
    pub fn is_near(&self, start: usize, end: usize, wanted: &[&str]) -> bool {
        let (mut low, mut high) = (start.saturating_sub(400), (end + 400).min(self.text.len()));
        while !self.text.is_char_boundary(low) {
            low -= 1;
        }
        while !self.text.is_char_boundary(high) {
            high += 1;
        }
        wanted.iter().any(|w| self.text[low..high].contains(w))
    }
}

/// Returns the gap before a position, back to the last letter that is in no tag and in no word that was left out.
fn before(text: &str, place: usize, left_out: &[&Word]) -> Gap {
    let bytes = text.as_bytes();
    let least = place.saturating_sub(MAX_EDGE);
    let mut at = place;
    while at > least {
        if bytes[at - 1] == b'>'
            && let Some(open) = bytes[least..at - 1].iter().rposition(|b| *b == b'<')
            && markup_end(bytes, least + open) == Some(at)
        {
            at = least + open;
            continue;
        }
        let Some(c) = text[..at].chars().next_back() else { break };
        if c.is_alphabetic() {
            match left_out.iter().find(|w| w.end == at) {
                Some(word) => {
                    at = word.start;
                    continue;
                }
                None => return Gap::of(&text[at..place]),
            }
        }
        at -= c.len_utf8();
    }
    Gap { edge: true, ..Gap::of(&text[at..place]) }
}

/// Returns the gap after a position, up to the next letter that is in no tag.
fn after(text: &str, place: usize) -> Gap {
    let bytes = text.as_bytes();
    let most = (place + MAX_EDGE).min(bytes.len());
    let mut at = place;
    while at < most {
        if let Some(end) = markup_end(bytes, at) {
            at = end;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        if c.is_alphabetic() {
            return Gap::of(&text[place..at]);
        }
        at += c.len_utf8();
    }
    Gap { edge: true, ..Gap::of(&text[place..at.min(text.len())]) }
}

/// Removes words that stand between the others in one rhythm: `Word 1: ...`, `item ... item ...`, `Palabra nº 1 - ...`.
fn without_labels(text: &str, mut words: Vec<Word>) -> Vec<Word> {
    for _ in 0..4 {
        if words.len() < 2 * LABELS {
            return words;
        }
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        // A character of running Chinese is no label.
        let joined = |w: &Word| {
            !text[w.start..w.end].is_ascii() && text[w.end..].chars().next().is_some_and(char::is_alphabetic)
        };
        for (i, word) in words.iter().enumerate().filter(|(_, w)| !w.blank && w.end - w.start <= 32 && !joined(w)) {
            places.entry(text[word.start..word.end].to_lowercase()).or_default().push(i);
        }
        let mut label = vec![false; words.len()];
        for at in places.values().filter(|p| p.len() > LABELS) {
            let mut rhythms: HashMap<usize, usize> = HashMap::new();
            at.windows(2).for_each(|w| *rhythms.entry(w[1] - w[0]).or_default() += 1);
            let Some((rhythm, times)) = rhythms.into_iter().max_by_key(|(d, n)| (*n, *d)) else { continue };
            if !(2..=6).contains(&rhythm) || times < LABELS {
                continue;
            }
            for pair in at.windows(2).filter(|w| w[1] - w[0] == rhythm) {
                label[pair[0]] = true;
                label[pair[1]] = true;
            }
        }
        if !label.contains(&true) {
            return words;
        }
        let mut i = 0;
        words.retain(|_| {
            i += 1;
            !label[i - 1]
        });
    }
    words
}
