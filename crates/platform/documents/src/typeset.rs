//! Text of any script as lines of placed glyphs: directions (UAX #9), line breaks (UAX #14), fonts by script, shaping. The same text gives the
//! same glyphs, and no glyph is the box of a missing character: what no font has is written as its code, such as `[U+1F600]`.

use crate::DocumentError;
use rustybuzz::{Direction, Face, Script as ShapeScript, UnicodeBuffer, ttf_parser};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::LazyLock;
use unicode_bidi::{BidiInfo, Level};
use unicode_linebreak::{BreakOpportunity, linebreaks};
use unicode_script::{Script, UnicodeScript};

/// Number of a font in [`FONTS`].
pub(crate) type FontId = usize;

struct Source {
    packed: &'static [u8],
    /// Scripts that it is the font for; the first font is for all others.
    scripts: &'static [Script],
    bold: bool,
    /// Whether `packed` is compressed (zstd).
    compressed: bool,
}

macro_rules! packed {
    ($name:literal, $bold:literal, $scripts:expr) => {
        Source {
            packed: include_bytes!(concat!("../../../../data/fonts/", $name, ".ttf.zst")),
            scripts: $scripts,
            bold: $bold,
            compressed: true,
        }
    };
}

const CJK: &[Script] = &[Script::Han, Script::Hiragana, Script::Katakana, Script::Bopomofo];

/// All fonts; where there is no bold one, the regular one stands for it.
static FONTS: [Source; 13] = [
    Source { packed: include_bytes!("../fonts/DejaVuSans.ttf"), scripts: &[], bold: false, compressed: false },
    Source { packed: include_bytes!("../fonts/DejaVuSans-Bold.ttf"), scripts: &[], bold: true, compressed: false },
    packed!("NotoSansArabic-Regular", false, &[Script::Arabic]),
    packed!("NotoSansArabic-Bold", true, &[Script::Arabic]),
    packed!("NotoSansHebrew-Regular", false, &[Script::Hebrew]),
    packed!("NotoSansHebrew-Bold", true, &[Script::Hebrew]),
    packed!("NotoSansDevanagari-Regular", false, &[Script::Devanagari]),
    packed!("NotoSansDevanagari-Bold", true, &[Script::Devanagari]),
    packed!("NotoSansThai-Regular", false, &[Script::Thai]),
    packed!("NotoSansThai-Bold", true, &[Script::Thai]),
    packed!("NanumSquareR", false, &[Script::Hangul]),
    packed!("NanumSquareB", true, &[Script::Hangul]),
    packed!("DroidSansFallbackFull", false, CJK),
];

/// Largest font, bytes.
const MAX_FONT: usize = 16 << 20;

static BYTES: [LazyLock<Vec<u8>>; 13] = [
    LazyLock::new(|| unpack(0)),
    LazyLock::new(|| unpack(1)),
    LazyLock::new(|| unpack(2)),
    LazyLock::new(|| unpack(3)),
    LazyLock::new(|| unpack(4)),
    LazyLock::new(|| unpack(5)),
    LazyLock::new(|| unpack(6)),
    LazyLock::new(|| unpack(7)),
    LazyLock::new(|| unpack(8)),
    LazyLock::new(|| unpack(9)),
    LazyLock::new(|| unpack(10)),
    LazyLock::new(|| unpack(11)),
    LazyLock::new(|| unpack(12)),
];

fn unpack(font: FontId) -> Vec<u8> {
    let source = &FONTS[font];
    match source.compressed {
        false => source.packed.to_vec(),
        true => zstd::bulk::decompress(source.packed, MAX_FONT).expect("the shipped fonts decompress"),
    }
}

/// Returns the bytes of a font.
pub(crate) fn bytes(font: FontId) -> &'static [u8] {
    &BYTES[font]
}

/// A glyph of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Glyph {
    /// Number in the font.
    pub id: u32,
    /// Bytes of the run's text that it stands for.
    pub text: Range<usize>,
    /// Advance and offsets, in parts of the font's size.
    pub advance: f32,
    pub x: f32,
    pub y: f32,
}

/// Glyphs of one font, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub font: FontId,
    pub text: String,
    pub glyphs: Vec<Glyph>,
}

impl Run {
    /// Width in parts of the font's size.
    pub(crate) fn width(&self) -> f32 {
        self.glyphs.iter().map(|g| g.advance).sum()
    }
}

/// A line: runs from left to right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub runs: Vec<Run>,
    /// Whether it begins at the right margin.
    pub right_to_left: bool,
}

impl Line {
    /// Width in parts of the font's size.
    pub(crate) fn width(&self) -> f32 {
        self.runs.iter().map(Run::width).sum()
    }
}

/// Sets text. Fonts are loaded when a text needs them.
pub(crate) struct Typesetter {
    faces: BTreeMap<FontId, Face<'static>>,
}

/// Which way a paragraph runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// As its first letter does.
    Auto,
    /// Left to right.
    LeftToRight,
}

impl Typesetter {
    /// Makes one.
    ///
    /// # Errors
    /// [`DocumentError::Pdf`] when a shipped font does not load.
    pub(crate) fn new() -> Result<Self, DocumentError> {
        let mut all = Typesetter { faces: BTreeMap::new() };
        all.face(0)?;
        all.face(1)?;
        Ok(all)
    }

    fn face(&mut self, font: FontId) -> Result<&Face<'static>, DocumentError> {
        match self.faces.entry(font) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(place) => {
                let face = Face::from_slice(bytes(font), 0)
                    .ok_or_else(|| DocumentError::Pdf(format!("font {font} does not load")))?;
                Ok(place.insert(face))
            }
        }
    }

    fn has(&mut self, font: FontId, c: char) -> Result<bool, DocumentError> {
        Ok(self.face(font)?.glyph_index(c).is_some_and(|g| g != ttf_parser::GlyphId(0)))
    }

    /// The font for a character: its script's, else the plain one, else the one before, else any that has it.
    fn font_of(&mut self, c: char, bold: bool, before: Option<FontId>) -> Result<Option<FontId>, DocumentError> {
        let plain = FontId::from(bold);
        let script = c.script();
        let weighted = |s: Script| {
            let of = |font: &FontId| FONTS[*font].scripts.contains(&s);
            let all = || (0..FONTS.len()).filter(of);
            all().find(|f| FONTS[*f].bold == bold).or_else(|| all().next())
        };
        let own = weighted(script);
        // Marks and punctuation belong to what they follow; spaces and digits look alike everywhere.
        let shared = matches!(script, Script::Common | Script::Inherited);
        let wanted = match shared {
            true => [before.filter(|_| script == Script::Inherited || !c.is_ascii()), Some(plain), before],
            false => [own, Some(plain), None],
        };
        for font in wanted.into_iter().flatten() {
            if self.has(font, c)? {
                return Ok(Some(font));
            }
        }
        // Punctuation of East Asia, and forms for compatibility, are of no script.
        for font in (0..FONTS.len()).rev().filter(|f| shared || FONTS[*f].scripts.contains(&script)) {
            if self.has(font, c)? {
                return Ok(Some(font));
            }
        }
        Ok(None)
    }

    /// The text as it can be set: controls are spaces, characters that reorder text or that no font has are written as their codes.
    fn settable(&mut self, text: &str, bold: bool) -> Result<String, DocumentError> {
        let mut out = String::with_capacity(text.len());
        let mut before = None;
        for c in text.chars() {
            match c {
                '\n' => out.push('\n'),
                '\u{ad}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{200b}' | '\u{2060}' => {}
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
                // A name must not be able to turn the text around it.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push_str(&format!("[U+{:04X}]", u32::from(c))),
                // Joiners and marks of direction have no glyph of their own.
                '\u{200c}'..='\u{200f}' | '\u{61c}' => out.push(c),
                c => match self.font_of(c, bold, before)? {
                    Some(font) => {
                        before = Some(font);
                        out.push(c);
                    }
                    None => out.push_str(&format!("[U+{:04X}]", u32::from(c))),
                },
            }
        }
        Ok(out)
    }

    /// Sets text in lines of at most `width` (in parts of the font's size). A prefix, such as the name of a field, stays apart from the text in
    /// its direction.
    ///
    /// # Errors
    /// [`DocumentError::Pdf`] when a shipped font does not load.
    pub(crate) fn lines(
        &mut self,
        prefix: &str,
        text: &str,
        bold: bool,
        width: f32,
        base: Base,
    ) -> Result<Vec<Line>, DocumentError> {
        let (prefix, text) = (self.settable(&prefix.replace('\n', " "), bold)?, self.settable(text, bold)?);
        if prefix.is_empty() && text.is_empty() {
            return Ok(Vec::new());
        }
        let mut lines = Vec::new();
        let mut first = prefix.as_str();
        for paragraph in text.split('\n') {
            // First strong isolate: the text's direction does not depend on the prefix, nor the prefix's on the text.
            let whole = match first {
                "" => paragraph.to_owned(),
                prefix => format!("{prefix}\u{2068}{paragraph}\u{2069}"),
            };
            first = "";
            self.paragraph(&whole, bold, width, base, &mut lines)?;
        }
        if text.ends_with('\n') {
            lines.pop();
        }
        Ok(lines)
    }

    fn paragraph(
        &mut self,
        text: &str,
        bold: bool,
        width: f32,
        base: Base,
        out: &mut Vec<Line>,
    ) -> Result<(), DocumentError> {
        let level = (base == Base::LeftToRight).then(Level::ltr);
        let bidi = BidiInfo::new(text, level);
        let Some(paragraph) = bidi.paragraphs.first() else {
            out.push(Line { runs: Vec::new(), right_to_left: false });
            return Ok(());
        };
        let fonts = self.fonts(text, bold)?;
        let advances = self.advances(text, &bidi.levels, &fonts)?;
        for range in broken(text, &advances, width) {
            let (levels, runs) = bidi.visual_runs(paragraph, range);
            let mut line = Line { runs: Vec::new(), right_to_left: paragraph.level.is_rtl() };
            for run in runs {
                let rtl = levels[run.start].is_rtl();
                let mut items = items(run, &fonts);
                if rtl {
                    items.reverse();
                }
                for (item, font) in items {
                    let run = self.shape(&text[item], font, rtl)?;
                    if !run.glyphs.is_empty() {
                        line.runs.push(run);
                    }
                }
            }
            out.push(line);
        }
        Ok(())
    }

    /// The font of every byte of a text.
    fn fonts(&mut self, text: &str, bold: bool) -> Result<Vec<FontId>, DocumentError> {
        let mut fonts = Vec::with_capacity(text.len());
        let mut before = None;
        for c in text.chars() {
            let font = match is_unseen(c) {
                true => before,
                false => self.font_of(c, bold, before)?,
            };
            let font = font.or(before).unwrap_or(FontId::from(bold));
            before = Some(font);
            fonts.extend(std::iter::repeat_n(font, c.len_utf8()));
        }
        Ok(fonts)
    }

    /// The advance of every byte: that of a cluster stands at its first.
    fn advances(&mut self, text: &str, levels: &[Level], fonts: &[FontId]) -> Result<Vec<f32>, DocumentError> {
        let mut advances = vec![0.0; text.len()];
        let mut start = 0;
        while start < text.len() {
            let same = |i: &usize| levels[*i] == levels[start] && fonts[*i] == fonts[start];
            let end = (start..text.len()).find(|i| !same(i)).unwrap_or(text.len());
            let run = self.shape(&text[start..end], fonts[start], levels[start].is_rtl())?;
            // The run's text has no unseen characters; its clusters are mapped back by counting those that are seen.
            let seen: Vec<usize> = text[start..end]
                .char_indices()
                .filter(|(_, c)| !is_dropped(*c))
                .flat_map(|(i, c)| std::iter::repeat_n(start + i, c.len_utf8()))
                .collect();
            for glyph in &run.glyphs {
                if let Some(at) = seen.get(glyph.text.start) {
                    advances[*at] += glyph.advance;
                }
            }
            start = end;
        }
        Ok(advances)
    }

    fn shape(&mut self, text: &str, font: FontId, rtl: bool) -> Result<Run, DocumentError> {
        let text: String = text.chars().filter(|c| !is_dropped(*c)).collect();
        let face = self.face(font)?;
        let scale = 1.0 / face.units_per_em() as f32;
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text);
        buffer.guess_segment_properties();
        let script = text.chars().map(|c| c.script()).find(|s| !matches!(s, Script::Common | Script::Inherited));
        if let Some(script) = script.and_then(|s| ShapeScript::from_iso15924_tag(tag(s)?)) {
            buffer.set_script(script);
        }
        buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(face, &[], buffer);
        let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|i| i.cluster as usize).collect();
        starts.sort_unstable();
        starts.dedup();
        let end = |cluster: usize| {
            starts.iter().copied().nth(starts.partition_point(|s| *s <= cluster)).unwrap_or(text.len())
        };
        let glyphs = shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(info, at)| Glyph {
                id: info.glyph_id,
                text: info.cluster as usize..end(info.cluster as usize),
                advance: at.x_advance as f32 * scale,
                x: at.x_offset as f32 * scale,
                y: at.y_offset as f32 * scale,
            })
            .collect();
        Ok(Run { font, text, glyphs })
    }
}

fn tag(script: Script) -> Option<ttf_parser::Tag> {
    let name: [u8; 4] = script.short_name().as_bytes().try_into().ok()?;
    Some(ttf_parser::Tag::from_bytes(&name))
}

/// Characters without a glyph of their own.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}') || is_dropped(c)
}

/// Characters that only direct the order of others.
fn is_dropped(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2066}'..='\u{2069}')
}

/// A visual run cut where the font changes, in logical order.
fn items(run: Range<usize>, fonts: &[FontId]) -> Vec<(Range<usize>, FontId)> {
    let mut out: Vec<(Range<usize>, FontId)> = Vec::new();
    for i in run {
        match out.last_mut() {
            Some((range, font)) if *font == fonts[i] => range.end = i + 1,
            _ => out.push((i..i + 1, fonts[i])),
        }
    }
    out
}

/// Where lines end: at the last opportunity before the width, or within a word that is wider than a line.
fn broken(text: &str, advances: &[f32], width: f32) -> Vec<Range<usize>> {
    let mut allowed = vec![false; text.len() + 1];
    for (at, kind) in linebreaks(text) {
        allowed[at] = kind == BreakOpportunity::Allowed;
    }
    // Thai has no spaces; these vowels begin a syllable.
    for (at, c) in text.char_indices() {
        if matches!(c, '\u{e40}'..='\u{e44}') && at > 0 {
            allowed[at] = true;
        }
    }
    let mut out = Vec::new();
    let (mut start, mut used, mut last) = (0, 0.0f32, None);
    for (at, c) in text.char_indices() {
        if at > start && allowed[at] {
            last = Some(at);
        }
        let advance: f32 = advances[at..at + c.len_utf8()].iter().sum();
        if used + advance > width && c != ' ' && at > start && advance > 0.0 {
            let end = last.unwrap_or(at);
            out.push(start..end);
            used = advances[end..at].iter().sum();
            (start, last) = (end, None);
        }
        used += advance;
    }
    out.push(start..text.len());
    // Spaces at the end of a line take no room.
    let trimmed = |r: Range<usize>| r.start..r.start + text[r.clone()].trim_end_matches(' ').len();
    out.into_iter().map(trimmed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Vec<Line> {
        Typesetter::new().unwrap().lines("", text, false, 40.0, Base::Auto).unwrap()
    }

    /// The glyphs of a text as one line.
    fn glyphs(text: &str) -> Vec<(FontId, u32)> {
        let lines = set(text);
        assert_eq!(lines.len(), 1, "{text}");
        lines[0].runs.iter().flat_map(|r| r.glyphs.iter().map(move |g| (r.font, g.id))).collect()
    }

    #[test]
    fn every_script_has_its_glyphs() {
        for text in [
            "Grüße, Łódź, Þórður",
            "Ελληνικά, ἀρχή",
            "Українська Ґанок",
            "العربية ٤٢، لا",
            "עברית שָׁלוֹם",
            "हिन्दी क्षत्रिय कि",
            "ภาษาไทย น้ำ",
            "中文（简体）、繁體「字」㐀",
            "日本語 カタカナー ひらがな ﾊﾝｶｸ",
            "한국어 각",
            "€ — “quoted” • → ✓",
            "家庭👍🏽 ꦗ",
        ] {
            for bold in [false, true] {
                let lines = Typesetter::new().unwrap().lines("", text, bold, 400.0, Base::Auto).unwrap();
                let missing = lines.iter().flat_map(|l| &l.runs).flat_map(|r| &r.glyphs).any(|g| g.id == 0);
                assert!(!missing && lines[0].width() > 1.0, "{text}: {lines:?}");
            }
        }
        // What no font has is written as its code, and so is what would turn text around.
        let runs = |text: &str| set(text)[0].runs.iter().map(|r| r.text.clone()).collect::<String>();
        assert_eq!(runs("a👍b"), "a[U+1F44D]b");
        assert_eq!(runs("a\u{202e}b\u{7}c"), "a[U+202E]b c");
    }

    #[test]
    fn arabic_is_joined_and_runs_from_the_right() {
        // Alone, a letter has its isolated form; in a word it has others.
        let word = glyphs("ببب");
        let alone = glyphs("ب");
        assert_eq!(word.len(), 3);
        assert!(word.iter().all(|g| *g != alone[0]) && word[0] != word[2], "{word:?} {alone:?}");
        // Lam and alef are one.
        assert_eq!(glyphs("لا").len(), 1);
        // The first letter stands rightmost: the glyphs' text runs backwards.
        let line = set("سلام").remove(0);
        assert!(line.right_to_left);
        let starts: Vec<usize> = line.runs[0].glyphs.iter().map(|g| g.text.start).collect();
        assert!(starts.windows(2).all(|w| w[0] >= w[1]) && starts.len() >= 3, "{starts:?}");
        // Digits within stay as they are.
        let line = set("سنة 2026").remove(0);
        let runs: Vec<&str> = line.runs.iter().map(|r| r.text.trim()).collect();
        assert_eq!((runs[0], runs.last().copied()), ("2026", Some("سنة")), "{runs:?}");
    }

    #[test]
    fn a_name_of_another_direction_does_not_turn_its_field() {
        let mut setter = Typesetter::new().unwrap();
        let line = setter.lines("Name: ", "שלום (1)!", false, 40.0, Base::LeftToRight).unwrap().remove(0);
        assert!(!line.right_to_left);
        let visual: String = line.runs.iter().map(|r| format!("<{}>", r.text)).collect();
        // In reading order from the right: the word, the bracket, the digit; the mark at the end stands leftmost in the value.
        assert!(visual.starts_with("<Name: ><") && visual.ends_with("שלום>"), "{visual}");
        assert!(visual.find('!') < visual.find('1') && visual.find('1') < visual.find('ש'), "{visual}");
    }

    #[test]
    fn marks_are_shaped_and_vowels_reordered() {
        // The vowel i stands before its consonant.
        let line = set("कि").remove(0);
        assert_eq!(line.runs[0].glyphs.len(), 2);
        let alone = glyphs("क");
        assert_eq!((line.runs[0].font, line.runs[0].glyphs[1].id), alone[0]);
        // A cluster's text is whole.
        assert!(line.runs[0].glyphs.iter().all(|g| g.text == (0..6)));
        // A Thai mark has no width.
        assert!(set("น้")[0].runs[0].glyphs.iter().any(|g| g.advance == 0.0));
    }

    #[test]
    fn lines_break_where_each_script_allows() {
        let broken = |text: &str, width: f32| -> Vec<String> {
            let lines = Typesetter::new().unwrap().lines("", text, false, width, Base::Auto).unwrap();
            assert!(lines.iter().all(|l| l.width() <= width + 0.01), "{text}");
            lines.iter().map(|l| l.runs.iter().map(|r| r.text.as_str()).collect::<String>()).collect()
        };
        assert_eq!(broken("one two", 40.0), ["one two"]);
        assert_eq!(broken("one two", 3.0), ["one", "two"]);
        let word = "a".repeat(300);
        let lines = broken(&word, 40.0);
        assert!(lines.len() > 3 && lines.concat() == word);
        let chinese = "中文".repeat(30);
        let lines = broken(&chinese, 10.0);
        assert_eq!((lines.len(), lines.concat()), (6, chinese));
        // No line begins with a closing mark.
        assert!(broken(&"中文字，".repeat(20), 7.0).iter().all(|l| !l.starts_with('，')));
        let thai = "สวัสดีครับประเทศไทย".repeat(5);
        assert_eq!(broken(&thai, 9.0).concat(), thai);
        assert_eq!(broken("a\n\nb\n", 9.0), ["a", "", "b"]);
        assert!(broken("", 9.0).is_empty());
    }
}
