//! Text in other encodings than UTF-8 and plain UTF-16: Chinese, Japanese, Korean and accented letters in UTF-16 of either byte order, and in
//! the encodings before Unicode. Only phrases are searched there; whatever is ASCII was found already.
//!
//! All of it stays off the fast path: [`crate::text::runs`] comes here only at positions that are no text otherwise, and most bytes end after two
//! look-ups in a table of byte pairs.

use crate::words::LISTS;
use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, MACINTOSH, SHIFT_JIS, WINDOWS_1252};
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// How far back and forth a text is followed from where it was noticed, in bytes.
const BACK: usize = 4 << 10;
const FORTH: usize = 60 << 10;
/// Fewest characters of word lists in a text that is decoded.
const FEWEST: usize = 12;

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// UTF-16, little endian.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// An encoding of one or two bytes a character.
    Legacy(&'static Encoding),
    /// IBM code page 850 (DOS).
    Cp850,
}

impl Script {
    /// Returns its name in findings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Script::Utf16Le => "utf16",
            Script::Utf16Be => "utf16be",
            Script::Legacy(encoding) => encoding.name(),
            Script::Cp850 => "IBM850",
        }
    }
}

/// Bits of a pair of bytes in [`PAIRS`].
const LE: u8 = 1;
const BE: u8 = 2;
const DOUBLE: [(u8, &Encoding); 5] = [(4, GBK), (8, BIG5), (16, SHIFT_JIS), (32, EUC_KR), (64, EUC_JP)];

/// Accented letters of the lists in code page 850.
const CP850: [(u8, char); 22] = [
    (0x81, 'ü'),
    (0x82, 'é'),
    (0x83, 'â'),
    (0x84, 'ä'),
    (0x85, 'à'),
    (0x87, 'ç'),
    (0x88, 'ê'),
    (0x89, 'ë'),
    (0x8a, 'è'),
    (0x8b, 'ï'),
    (0x8c, 'î'),
    (0x90, 'É'),
    (0x93, 'ô'),
    (0x94, 'ö'),
    (0x96, 'û'),
    (0x97, 'ù'),
    (0xa0, 'á'),
    (0xa1, 'í'),
    (0xa2, 'ó'),
    (0xa3, 'ú'),
    (0xa4, 'ñ'),
    (0xa5, 'Ñ'),
];

/// What a pair of bytes is: a character of the word lists beyond ASCII, by encoding. The index is the pair, first byte low.
#[expect(clippy::cast_possible_truncation, reason = "units have 16 bits")]
static PAIRS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut listed = vec![false; 1 << 16];
    for word in LISTS.iter().filter(|(_, e)| e.languages != 0).map(|(w, _)| w) {
        for form in [word.nfc().collect::<String>(), word.to_string()] {
            form.chars().filter(|c| ('\u{a0}'..='\u{ffff}').contains(c)).for_each(|c| listed[c as usize] = true);
        }
    }
    let mut pairs = vec![0u8; 1 << 16];
    for (unit, _) in listed.iter().enumerate().filter(|(_, l)| **l) {
        pairs[unit] |= LE;
        pairs[usize::from((unit as u16).swap_bytes())] |= BE;
        // Accented letters are single bytes; the double ones are Chinese, Japanese and Korean.
        let Some(c) = char::from_u32(unit as u32).filter(|c| *c >= '\u{1100}') else { continue };
        for (bit, encoding) in DOUBLE {
            if let (bytes, _, false) = encoding.encode(c.encode_utf8(&mut [0; 4]))
                && let [first, second] = *bytes
            {
                pairs[usize::from(u16::from_le_bytes([first, second]))] |= bit;
            }
        }
    }
    pairs
});

/// Returns whether a UTF-16 unit may stand between listed characters: ASCII, spaces and signs of any script.
fn is_between(unit: u16) -> bool {
    matches!(unit, 9 | 10 | 13 | 0x20..=0x7e | 0xa0 | 0xb7 | 0x2010..=0x2027 | 0x2460..=0x249b | 0x3000..=0x3003 | 0x3008..=0x3011
        | 0x30fb | 0xff01..=0xff1e | 0xfeff)
}

/// Searches texts of other encodings; records what was searched.
#[derive(Default)]
pub(crate) struct Finder {
    wide_until: usize,
    double_until: usize,
    single_until: usize,
}

/// Returns whether none of eight bytes is a control character that text does not have (nearly: vertical tabs and form feeds pass).
#[inline]
fn has_no_controls(bytes: &[u8]) -> bool {
    let Ok(bytes) = <[u8; 8]>::try_from(bytes) else { return true };
    let word = u64::from_le_bytes(bytes);
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let low = word.wrapping_sub(ONES * 9) & !word & HIGH;
    let second = (word & (ONES * 0xf0)) ^ (ONES * 0x10);
    let second = second.wrapping_sub(ONES) & !second & HIGH;
    low | second == 0
}

/// Returns whether a byte can be part of a text in an encoding before Unicode.
#[inline]
fn is_plain(byte: u8) -> bool {
    matches!(byte, 9 | 10 | 13 | 0x20..=0x7e | 0x80..=0xfe)
}

#[inline]
fn unit(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]))
}

impl Finder {
    /// Searches around a position that is no text otherwise.
    #[inline]
    pub fn at(&mut self, data: &[u8], at: usize, found: &mut impl FnMut(Range<usize>, Script)) {
        let pairs: &[u8] = &PAIRS;
        let of = |i: usize| unit(data, i).map_or(0, |u| pairs[usize::from(u)]);
        if at >= self.wide_until && ((of(at) | of(at + 1) | of(at + 2)) & (LE | BE)) != 0 {
            self.wide_at(data, at, found);
        }
        if at >= self.double_until
            && at + 16 <= data.len()
            && has_no_controls(&data[at..at + 8])
            && has_no_controls(&data[at + 8..at + 16])
        {
            self.double_at(data, at, found);
        }
    }

    /// Searches a text of UTF-16 where four units in a row near a position are text and one of them is listed.
    fn wide_at(&mut self, data: &[u8], at: usize, found: &mut impl FnMut(Range<usize>, Script)) {
        for begin in at..at + 2 {
            for script in [Script::Utf16Le, Script::Utf16Be] {
                let fits = |i: usize| matches!(wide_unit(data, begin + 2 * i, script), Some((_, true)));
                if (0..4).all(fits) && self.wide(data, begin, script, found) {
                    return;
                }
            }
        }
    }

    /// Searches a text of UTF-16 around a position. Returns whether it has enough to be searched.
    fn wide(&mut self, data: &[u8], at: usize, script: Script, found: &mut impl FnMut(Range<usize>, Script)) -> bool {
        let fits = |i: usize| matches!(wide_unit(data, i, script), Some((_, true)));
        let (mut start, mut end) = (at, at);
        while start >= 2 && at - start < BACK && fits(start - 2) {
            start -= 2;
        }
        while end - at < FORTH && fits(end) {
            end += 2;
        }
        let bit = if script == Script::Utf16Le { LE } else { BE };
        let listed =
            (start..end).step_by(2).filter_map(|i| unit(data, i)).filter(|u| PAIRS[usize::from(*u)] & bit != 0).count();
        if listed == 0 || (end - start) / 2 < FEWEST {
            return false;
        }
        self.wide_until = self.wide_until.max(end);
        found(start..end, script);
        true
    }

    /// Searches beyond the end of a run of UTF-16 in ASCII: accented letters may continue it, in either byte order.
    pub fn beside_wide(&mut self, data: &[u8], run: &Range<usize>, found: &mut impl FnMut(Range<usize>, Script)) {
        if run.start < self.wide_until {
            return;
        }
        if !self.wide_if_longer(data, run.start, Script::Utf16Le, run, found)
            && run.start >= 1
            && data[run.start - 1] == 0
        {
            self.wide_if_longer(data, run.start - 1, Script::Utf16Be, run, found);
        }
    }

    fn wide_if_longer(
        &mut self,
        data: &[u8],
        at: usize,
        script: Script,
        run: &Range<usize>,
        found: &mut impl FnMut(Range<usize>, Script),
    ) -> bool {
        let fits = |i: usize| matches!(wide_unit(data, i, script), Some((_, true)));
        let parity = (run.end - at) / 2 * 2;
        let beyond = at + parity;
        let goes_on = fits(beyond) || (at >= 2 && fits(at - 2));
        goes_on && self.wide(data, at, script, found)
    }

    /// Searches bytes without control characters around a position: a text in an encoding of two bytes a character when enough of them are listed.
    fn double_at(&mut self, data: &[u8], at: usize, found: &mut impl FnMut(Range<usize>, Script)) {
        let range = around(data, at, is_plain);
        self.double_until = range.end.max(at + 1);
        if range.len() < 2 * FEWEST {
            return;
        }
        for (bit, encoding) in DOUBLE {
            let (mut i, mut listed) = (range.start, 0);
            while i < range.end {
                match unit(data, i) {
                    Some(pair) if data[i] >= 0x80 => {
                        listed += usize::from(PAIRS[usize::from(pair)] & bit != 0);
                        i += 2;
                    }
                    _ => i += 1,
                }
            }
            // Syllables and kana: words have two and more.
            let fewest = if encoding == GBK || encoding == BIG5 { FEWEST } else { 2 * FEWEST };
            if listed >= fewest {
                found(range.clone(), Script::Legacy(encoding));
            }
        }
    }

    /// Searches beyond a run of text that ended at a byte that is no UTF-8: an accented letter in an encoding of one byte a character, when letters
    /// stand beside it.
    #[inline]
    pub fn beside_narrow(&mut self, data: &[u8], run: &Range<usize>, found: &mut impl FnMut(Range<usize>, Script)) {
        let accented = |i: usize| {
            data.get(i).is_some_and(|b| *b >= 0x80)
                && (i > 0 && data[i - 1].is_ascii_alphabetic() || data.get(i + 1).is_some_and(u8::is_ascii_alphabetic))
        };
        if run.start < self.single_until || !(accented(run.end) || run.start > 0 && accented(run.start - 1)) {
            return;
        }
        let range = around(data, run.start, is_plain);
        self.single_until = range.end.max(run.end);
        if range.len() < 3 * FEWEST {
            return;
        }
        for script in [Script::Legacy(WINDOWS_1252), Script::Legacy(MACINTOSH), Script::Cp850] {
            found(range.clone(), script);
        }
    }
}

/// Returns a UTF-16 unit and whether it fits into a text with words of the lists.
#[inline]
fn wide_unit(data: &[u8], at: usize, script: Script) -> Option<(u16, bool)> {
    let raw = unit(data, at)?;
    let (value, bit) = match script {
        Script::Utf16Le => (raw, LE),
        _ => (raw.swap_bytes(), BE),
    };
    Some((value, PAIRS[usize::from(raw)] & bit != 0 || is_between(value)))
}

/// Returns the range of fitting bytes around a position.
fn around(data: &[u8], at: usize, fits: impl Fn(u8) -> bool) -> Range<usize> {
    let (mut start, mut end) = (at, at);
    while start > 0 && at - start < BACK && fits(data[start - 1]) {
        start -= 1;
    }
    while end < data.len() && end - at < FORTH && fits(data[end]) {
        end += 1;
    }
    start..end
}

/// Returns bytes as text, with the offset in the bytes of each byte of the text (and of its end).
#[expect(clippy::cast_possible_truncation, reason = "what is decoded is a part of a block, which is far below 4 GiB")]
pub(crate) fn decode(bytes: &[u8], script: Script) -> (String, Vec<u32>) {
    let (mut text, mut places) = (String::with_capacity(bytes.len() * 2), Vec::with_capacity(bytes.len() * 2 + 1));
    let mut put = |text: &mut String, part: &str, at: usize| {
        text.push_str(part);
        places.resize(text.len(), at as u32);
    };
    let mut at = 0;
    while at < bytes.len() {
        let mut buffer = [0; 4];
        let size = match script {
            Script::Utf16Le | Script::Utf16Be => {
                let pair = [bytes[at], bytes.get(at + 1).copied().unwrap_or(0)];
                let value = if script == Script::Utf16Le { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
                let c = char::from_u32(value.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
                put(&mut text, c.encode_utf8(&mut buffer), at);
                2
            }
            _ if bytes[at] < 0x80 => {
                put(&mut text, (bytes[at] as char).encode_utf8(&mut buffer), at);
                1
            }
            Script::Cp850 => {
                let c = CP850.iter().find(|c| c.0 == bytes[at]).map_or('\u{b7}', |c| c.1);
                put(&mut text, c.encode_utf8(&mut buffer), at);
                1
            }
            Script::Legacy(encoding) => {
                let size = if encoding.is_single_byte() { 1 } else { 2 };
                let end = (at + size).min(bytes.len());
                let (decoded, _) = encoding.decode_without_bom_handling(&bytes[at..end]);
                put(&mut text, &decoded, at);
                size
            }
        };
        at += size;
    }
    places.push(bytes.len() as u32);
    (text, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_with_its_places() {
        for (script, bytes) in [
            (Script::Utf16Le, &[0x84, 0x76, 0x20, 0, 0, 0x4e][..]),
            (Script::Utf16Be, &[0x76, 0x84, 0, 0x20, 0x4e, 0][..]),
            (Script::Legacy(GBK), &[0xb5, 0xc4, 0x20, 0xd2, 0xbb][..]),
            (Script::Legacy(BIG5), &[0xaa, 0xba, 0x20, 0xa4, 0x40][..]),
        ] {
            let (text, places) = decode(bytes, script);
            assert_eq!(text, "的 一", "{script:?}");
            assert_eq!(places.len(), text.len() + 1);
            assert_eq!(usize::from(places[4] as u16), bytes.len() - 2, "{script:?}");
        }
        assert_eq!(decode(b"viol\xa2n", Script::Cp850).0, "violón");
    }
}
