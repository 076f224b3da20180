//! Text in bytes: the runs of text that are long enough to hold an address, a key or a phrase, in UTF-8 and UTF-16; runs of other encodings
//! come from [`crate::encodings`].
//!
//! Speed comes from skipping: the shortest secret has 25 characters, so that every such run covers a byte at a multiple of 16.
//! Only those bytes are tested; what may be text is then expanded both ways.

use crate::encodings::{Finder, Script};

/// Shortest run that matters, in characters.
pub const MIN_RUN: usize = 25;
/// Longest run that is searched in one piece, in bytes; longer ones are cut with [`OVERLAP`].
pub const MAX_RUN: usize = 64 << 10;
/// How much two pieces of a long run share, in bytes.
pub const OVERLAP: usize = 2 << 10;
const STRIDE: usize = 16;

/// A run of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Whether it is UTF-16 (of ASCII; every second byte from the first); else UTF-8.
    pub wide: bool,
    /// Another encoding, in which only phrases beyond ASCII are searched: the rest was found already.
    pub script: Option<Script>,
    /// Findings that begin before this offset belong to the piece before, which has them whole with the text around them.
    pub from: usize,
    /// Findings that begin at this offset or later belong to the piece after.
    pub until: usize,
}

impl Run {
    fn new(start: usize, end: usize, wide: bool) -> Self {
        Run { start, end, wide, script: None, from: start, until: end }
    }
}

/// 1: printable ASCII, tab, line feed, carriage return; 2: part of a longer UTF-8 sequence; 3: zero; 0: others.
#[expect(clippy::cast_possible_truncation, reason = "the table has an entry for each byte")]
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = match i as u8 {
            b'\t' | b'\n' | b'\r' | 0x20..=0x7e => 1,
            0x80..=0xf4 => 2,
            0 => 3,
            _ => 0,
        };
        i += 1;
    }
    table
};

/// Returns the length in bytes of the character that begins at an offset, when it is text: ASCII, or two or three bytes of UTF-8.
#[inline]
fn forward(data: &[u8], at: usize) -> usize {
    let Some(&b) = data.get(at) else { return 0 };
    if CLASS[b as usize] == 1 {
        return 1;
    }
    let continues = |i: usize| data.get(at + i).is_some_and(|b| b & 0xc0 == 0x80);
    match b {
        0xc2..=0xdf if continues(1) => 2,
        0xe1..=0xef if continues(1) && continues(2) => 3,
        _ => 0,
    }
}

/// Returns the length in bytes of the character that ends before an offset, when it is text.
#[inline]
fn backward(data: &[u8], at: usize, least: usize) -> usize {
    if at <= least {
        return 0;
    }
    if CLASS[data[at - 1] as usize] == 1 {
        return 1;
    }
    for back in 2..=3 {
        if at >= least + back && forward(data, at - back) == back {
            return back;
        }
    }
    0
}

fn narrow(data: &[u8], at: usize, least: usize) -> Run {
    let (mut start, mut end) = (at, at);
    loop {
        while start > least && CLASS[data[start - 1] as usize] == 1 {
            start -= 1;
        }
        let step = backward(data, start, least);
        if step == 0 {
            break;
        }
        start -= step;
    }
    loop {
        while end < data.len() && CLASS[data[end] as usize] == 1 {
            end += 1;
        }
        let step = forward(data, end);
        if step == 0 {
            break;
        }
        end += step;
    }
    Run::new(start, end, false)
}

fn is_wide(data: &[u8], at: usize) -> bool {
    at + 1 < data.len() && CLASS[data[at] as usize] == 1 && data[at + 1] == 0
}

fn wide(data: &[u8], at: usize, least: usize) -> Run {
    let (mut start, mut end) = (at, at);
    while start >= least + 2 && is_wide(data, start - 2) {
        start -= 2;
    }
    while is_wide(data, end) {
        end += 2;
    }
    // The last character of big endian text has no zero behind it.
    if start >= 1 && data[start - 1] == 0 && data.get(end).is_some_and(|b| CLASS[*b as usize] == 1) {
        end += 1;
    }
    Run::new(start, end, true)
}

/// Bytes after a tested offset that must be text too. A run of 25 characters that begins after the multiple before has ten left at least.
const LOOK: usize = 8;

/// Returns where the character around an offset begins, when it and what follows is text.
#[inline]
fn narrow_here(data: &[u8], at: usize, least: usize) -> Option<usize> {
    let mut next = at;
    // In the middle of a character: its rest is passed over here, and its beginning found when the run is expanded.
    while next < at + 2 && data.get(next).is_some_and(|b| b & 0xc0 == 0x80) {
        next += 1;
    }
    let begin = next;
    while next < at + LOOK {
        let step = forward(data, next);
        if step == 0 {
            return None;
        }
        next += step;
    }
    (begin >= least).then_some(begin)
}

/// Returns whether eight bytes can be UTF-8, all at once: every lead is followed by a continuation, every continuation follows a lead or another
/// one.
/// Nine of ten positions in random bytes end here.
#[inline]
fn plausible(data: &[u8], at: usize) -> bool {
    let Some(bytes) = data.get(at..at + LOOK).and_then(|b| <[u8; LOOK]>::try_from(b).ok()) else { return true };
    let word = u64::from_le_bytes(bytes);
    let high = word & 0x8080_8080_8080_8080;
    let (lead, more) = (high & (word << 1), high & !(word << 1));
    (lead << 8) & !more == 0 && more & !(high << 8) & !0xff == 0
}

#[inline]
fn wide_here(data: &[u8], at: usize) -> bool {
    is_wide(data, at) && is_wide(data, at + 2) && is_wide(data, at + 4) && is_wide(data, at + 6)
}

/// Calls `found` for every run, in order.
pub fn runs(data: &[u8], mut found: impl FnMut(Run)) {
    let (mut at, mut least) = (0, 0);
    let (words, _) = data.as_chunks::<64>();
    let mut others = Finder::default();
    while at < data.len() {
        let run = match CLASS[data[at] as usize] {
            0 => None,
            3 => {
                // Images are mostly zeros: whole pieces of them are passed over.
                if at.is_multiple_of(64) && words.get(at / 64).is_some_and(|w| *w == [0; 64]) {
                    at += 64;
                    continue;
                }
                // The second byte of a UTF-16 character.
                (at > least && wide_here(data, at - 1)).then(|| wide(data, at - 1, least))
            }
            1 if data.get(at + 1) == Some(&0) => wide_here(data, at).then(|| wide(data, at, least)),
            _ if !plausible(data, at) => None,
            _ => narrow_here(data, at, least).map(|begin| narrow(data, begin, least)),
        };
        match run {
            Some(run) if run.end > at => {
                let characters = (run.end - run.start) / if run.wide { 2 } else { 1 };
                let mut other = |range: std::ops::Range<usize>, script| {
                    found(Run { script: Some(script), ..Run::new(range.start, range.end, false) });
                };
                match run.wide {
                    true => others.beside_wide(data, &(run.start..run.end), &mut other),
                    false => others.beside_narrow(data, &(run.start..run.end), &mut other),
                }
                if characters >= MIN_RUN {
                    cut(run, &mut found);
                    least = run.end;
                }
                // The next multiple after the run.
                at = (run.end / STRIDE + 1) * STRIDE;
            }
            _ => {
                others.at(data, at, &mut |range, script| {
                    found(Run { script: Some(script), ..Run::new(range.start, range.end, false) });
                });
                at += STRIDE;
            }
        }
    }
}

/// Cuts a long run into pieces that overlap. Each piece gives the findings that begin in it up to the middle of the overlap, so that whatever is found
/// has at least half an overlap of text on both sides: no secret is half seen beside something else.
fn cut(run: Run, found: &mut impl FnMut(Run)) {
    let (mut start, mut from) = (run.start, run.start);
    while run.end - start > MAX_RUN {
        let until = start + MAX_RUN - OVERLAP / 2;
        found(Run { start, end: start + MAX_RUN, from, until, ..run });
        start += MAX_RUN - OVERLAP;
        from = until;
    }
    found(Run { start, from, ..run });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(data: &[u8]) -> Vec<(usize, usize, bool)> {
        let mut found = Vec::new();
        runs(data, |r| {
            if r.script.is_none() {
                found.push((r.start, r.end, r.wide));
            }
        });
        found
    }

    #[test]
    fn runs_are_found_in_every_encoding() {
        let text = b"13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";
        for shift in 0..40 {
            let mut data = vec![0u8; 100 + shift];
            data.extend_from_slice(text);
            data.extend_from_slice(&[0; 50]);
            assert_eq!(all(&data), [(100 + shift, 100 + shift + text.len(), false)], "{shift}");
            let mut data = vec![0xffu8; 100 + shift];
            data.extend(text.iter().flat_map(|b| [*b, 0]));
            data.extend_from_slice(&[0xff; 50]);
            assert_eq!(all(&data), [(100 + shift, 100 + shift + 2 * text.len(), true)], "{shift}");
        }
        let japanese = "あいこくしん あいさつ あいだ あおぞら あかちゃん".as_bytes();
        let mut data = vec![1u8; 77];
        data.extend_from_slice(japanese);
        data.push(1);
        assert_eq!(all(&data), [(77, 77 + japanese.len(), false)]);
        assert_eq!(all(&[0; 1_000]), []);
    }

    proptest! {
        /// Whatever lies around it, a run that is long enough is found.
        #[test]
        fn nothing_long_enough_is_passed_over(before in proptest::collection::vec(any::<u8>(), 0..200), after in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = b"abandon abandon abandon abandon";
            let mut data = before.clone();
            data.push(1);
            data.extend_from_slice(text);
            data.push(1);
            data.extend_from_slice(&after);
            let start = before.len() + 1;
            prop_assert!(all(&data).iter().any(|r| r.0 <= start && r.1 >= start + text.len() && !r.2));
        }
    }
}
