//! Plain documents as PDF: titles, paragraphs, lines of names and values, over as many pages as they need. The same content gives the same bytes.

use crate::DocumentError;
use crate::typeset::{self, Base, FontId, Typesetter};
use holdfast_types::Timestamp;
use krilla::Document;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph, TextDirection};
use std::collections::BTreeMap;

/// A4 in points, and its margin.
const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 56.0;
/// Most lines of one document.
const MAX_LINES: usize = 100_000;

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A heading.
    Heading(String),
    /// Text.
    Text(String),
    /// A name and its value.
    Field(String, String),
    /// A small line, such as a row of a list.
    Small(String),
    /// A picture. Documents of the first layout have none.
    Picture(Picture),
}

/// A picture of boxes and lines between them, in units of its own: it is scaled to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its width and height.
    pub size: (u16, u16),
    /// Boxes.
    pub boxes: Vec<TextBox>,
    /// Lines, from point to point.
    pub lines: Vec<((u16, u16), (u16, u16))>,
}

/// A box with lines of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextBox {
    /// Its upper left corner.
    pub at: (u16, u16),
    /// Its width and height.
    pub size: (u16, u16),
    /// Its text; what does not fit is cut.
    pub text: Vec<String>,
}

/// Returns a heading.
pub fn heading(text: impl Into<String>) -> Part {
    Part::Heading(text.into())
}

/// Returns a paragraph.
pub fn text(text: impl Into<String>) -> Part {
    Part::Text(text.into())
}

/// Returns a name with its value.
pub fn field(name: &str, value: impl Into<String>) -> Part {
    Part::Field(name.into(), value.into())
}

/// How documents are set. Those that were handed out must be written anew, byte for byte, so no layout is ever changed: a better one is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One font, one character after the other: Latin, Greek, Cyrillic.
    First,
    /// Any script, in its direction and with its forms.
    Second,
}

impl Layout {
    /// All, the one in use first.
    pub const ALL: [Layout; 2] = [Layout::Second, Layout::First];
}

struct Line {
    content: Content,
    size: f32,
    bold: bool,
    indent: f32,
    before: f32,
}

enum Content {
    /// Of the first layout.
    Plain(String),
    Set(typeset::Line),
    /// A picture with the size of one of its units on the page.
    Picture(Picture, f32),
}

/// Points of the page between the lines of text in a box, and the size of that text, in units of the picture.
const BOX_LINE: f32 = 14.0;
const BOX_TEXT: f32 = 11.0;

/// Breaks text where it no longer fits: between words, or within one that is wider than a line.
fn wrap(face: &ttf_parser::Face<'_>, text: &str, size: f32, width: f32) -> Vec<String> {
    let scale = size / f32::from(face.units_per_em());
    let advance = |c: char| {
        let glyph = face.glyph_index(c).unwrap_or(ttf_parser::GlyphId(0));
        f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale
    };
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let (mut line, mut used) = (String::new(), 0.0);
        for word in paragraph.split_inclusive(' ') {
            let wide: f32 = word.trim_end().chars().map(advance).sum();
            if used + wide > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            for c in word.chars() {
                let a = advance(c);
                if used + a > width && c != ' ' {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(c);
                used += a;
            }
        }
        lines.push(line);
    }
    lines.into_iter().map(|l| l.trim_end().to_owned()).collect()
}

/// A file that a document carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// Its bytes; they stand in the document as they are.
    pub bytes: &'a [u8],
}

/// Writes a document; `time` is its date.
///
/// # Errors
/// [`DocumentError::Pdf`] when it is too long or the writer fails.
pub fn write(title: &str, parts: &[Part], time: Timestamp) -> Result<Vec<u8>, DocumentError> {
    write_with(title, parts, time, None)
}

/// Writes a document that carries a file.
///
/// # Errors
/// As [`write`].
pub fn write_with(
    title: &str,
    parts: &[Part],
    time: Timestamp,
    attached: Option<&Attached<'_>>,
) -> Result<Vec<u8>, DocumentError> {
    write_as(Layout::Second, title, parts, time, attached)
}

/// Writes a document in a layout.
///
/// # Errors
/// As [`write`].
pub fn write_as(
    layout: Layout,
    title: &str,
    parts: &[Part],
    time: Timestamp,
    attached: Option<&Attached<'_>>,
) -> Result<Vec<u8>, DocumentError> {
    let mut writer = Writer { setter: Typesetter::new()?, fonts: BTreeMap::new() };
    let lines = match layout {
        Layout::First => plain_lines(title, parts)?,
        Layout::Second => set_lines(&mut writer.setter, title, parts)?,
    };
    let mut document = Document::new();
    describe(&mut document, title, time, attached)?;
    let mut pages: Vec<Vec<(f32, &Line)>> = vec![Vec::new()];
    let mut y = MARGIN;
    for line in &lines {
        let height = line.size * 1.35;
        if y + line.before + height > PAGE.1 - MARGIN {
            pages.push(Vec::new());
            y = MARGIN;
        }
        y += line.before + height;
        if let Some(page) = pages.last_mut() {
            page.push((y, line));
        }
    }
    let count = pages.len();
    for (i, lines) in pages.into_iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| failed("page size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for (y, line) in lines {
            writer.draw(&mut surface, line, y)?;
        }
        let content = match layout {
            Layout::First => Content::Plain(format!("{title} - page {} of {count}", i + 1)),
            Layout::Second => {
                let page = format!("Page {} of {count} - ", i + 1);
                let width = (PAGE.0 - 2.0 * MARGIN) / FOOT;
                let foot = writer.setter.lines(&page, title, false, width, Base::LeftToRight)?;
                Content::Set(foot.into_iter().next().ok_or_else(|| failed("the foot is empty"))?)
            }
        };
        let foot = Line { content, size: FOOT, bold: false, indent: 0.0, before: 0.0 };
        writer.draw(&mut surface, &foot, PAGE.1 - MARGIN / 2.0)?;
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|e| failed(&format!("{e:?}")))
}

/// Size of the line at the foot of a page.
const FOOT: f32 = 7.5;

fn failed(what: &str) -> DocumentError {
    DocumentError::Pdf(what.to_owned())
}

/// Title, date and attached file.
fn describe(
    document: &mut Document,
    title: &str,
    time: Timestamp,
    attached: Option<&Attached<'_>>,
) -> Result<(), DocumentError> {
    let at = time.utc();
    let part = |n: i8| n.unsigned_abs();
    let created = DateTime::new(at.year().unsigned_abs())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()));
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .creator("Holdfast".to_owned())
            .document_id(format!("{title} {}", time.unix()))
            .creation_date(created),
    );
    if let Some(file) = attached {
        let embedded = EmbeddedFile {
            path: file.name.to_owned(),
            mime_type: MimeType::new(file.media_type),
            description: None,
            association_kind: AssociationKind::Source,
            data: file.bytes.to_vec().into(),
            modification_date: Some(created),
            compress: Some(false),
            location: None,
        };
        document.embed_file(embedded).ok_or_else(|| failed("the file could not be attached"))?;
    }
    Ok(())
}

/// Size, weight, indent and the space before a part's text.
fn style(part: &Part) -> (f32, bool, f32, f32) {
    match part {
        Part::Heading(_) => (12.5, true, 0.0, 14.0),
        Part::Text(_) => (10.0, false, 0.0, 5.0),
        Part::Field(..) => (10.0, false, 12.0, 1.0),
        Part::Small(_) => (7.5, false, 12.0, 0.5),
        Part::Picture(_) => (0.0, false, 0.0, 6.0),
    }
}

/// Style of the title.
const TITLE: (f32, bool, f32, f32) = (18.0, true, 0.0, 0.0);

/// Lines of the first layout.
fn plain_lines(title: &str, parts: &[Part]) -> Result<Vec<Line>, DocumentError> {
    let faces = [0, 1].map(|f| ttf_parser::Face::parse(typeset::bytes(f), 0));
    let [Ok(regular), Ok(bold)] = faces else { return Err(failed("the fonts do not load")) };
    let mut lines = Vec::new();
    let width = PAGE.0 - 2.0 * MARGIN;
    let mut add = |text: &str, (size, is_bold, indent, before): (f32, bool, f32, f32)| {
        // Control characters have no glyph, and text comes from outside.
        let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
        let face = if is_bold { &bold } else { &regular };
        for (i, text) in wrap(face, &text, size, width - indent).into_iter().enumerate() {
            let before = if i == 0 { before } else { 0.0 };
            lines.push(Line { content: Content::Plain(text), size, bold: is_bold, indent, before });
        }
        if lines.len() > MAX_LINES { Err(failed("the document is too long")) } else { Ok(()) }
    };
    add(title, TITLE)?;
    for part in parts {
        match part {
            Part::Heading(t) | Part::Text(t) | Part::Small(t) => add(t, style(part))?,
            Part::Field(name, value) => add(&format!("{name}: {value}"), style(part))?,
            Part::Picture(_) => {}
        }
    }
    Ok(lines)
}

/// Lines of the second layout.
fn set_lines(setter: &mut Typesetter, title: &str, parts: &[Part]) -> Result<Vec<Line>, DocumentError> {
    let mut lines = Vec::new();
    let mut add = |lines: &mut Vec<Line>,
                   prefix: &str,
                   text: &str,
                   (size, bold, indent, before): (f32, bool, f32, f32),
                   base: Base| {
        let width = (PAGE.0 - 2.0 * MARGIN - indent) / size;
        for (i, line) in setter.lines(prefix, text, bold, width, base)?.into_iter().enumerate() {
            let before = if i == 0 { before } else { 0.0 };
            lines.push(Line { content: Content::Set(line), size, bold, indent, before });
        }
        if lines.len() > MAX_LINES { Err(failed("the document is too long")) } else { Ok(()) }
    };
    add(&mut lines, "", title, TITLE, Base::Auto)?;
    for part in parts {
        match part {
            Part::Picture(picture) => {
                let (width, height) = (f32::from(picture.size.0.max(1)), f32::from(picture.size.1.max(1)));
                let room = (PAGE.0 - 2.0 * MARGIN, PAGE.1 - 2.0 * MARGIN - 40.0);
                let unit = (room.0 / width).min(room.1 / height).min(0.75);
                // Of a line's size its height on the page follows.
                let (size, before) = (height * unit / 1.35, style(part).3);
                let content = Content::Picture(picture.clone(), unit);
                lines.push(Line { content, size, bold: false, indent: 0.0, before });
            }
            Part::Heading(t) | Part::Text(t) => add(&mut lines, "", t, style(part), Base::Auto)?,
            Part::Small(t) => add(&mut lines, "", t, style(part), Base::LeftToRight)?,
            Part::Field(name, value) => add(&mut lines, &format!("{name}: "), value, style(part), Base::LeftToRight)?,
        }
    }
    Ok(lines)
}

/// What draws lines, with the fonts that the document needs.
struct Writer {
    setter: Typesetter,
    fonts: BTreeMap<FontId, Font>,
}

impl Writer {
    fn font(&mut self, font: FontId) -> Result<Font, DocumentError> {
        if let Some(known) = self.fonts.get(&font) {
            return Ok(known.clone());
        }
        let loaded = Font::new(typeset::bytes(font).to_vec().into(), 0);
        let loaded = loaded.ok_or_else(|| failed("the fonts do not load"))?;
        self.fonts.insert(font, loaded.clone());
        Ok(loaded)
    }

    fn draw(&mut self, surface: &mut Surface<'_>, line: &Line, y: f32) -> Result<(), DocumentError> {
        let left = MARGIN + line.indent;
        match &line.content {
            Content::Plain(text) => {
                let font = self.font(FontId::from(line.bold))?;
                surface.draw_text(Point::from_xy(left, y), font, line.size, text, false, TextDirection::Auto);
            }
            Content::Set(set) => {
                let mut x = match set.right_to_left {
                    false => left,
                    true => PAGE.0 - MARGIN - line.indent - set.width() * line.size,
                };
                for run in &set.runs {
                    let glyph = |g: &typeset::Glyph| {
                        KrillaGlyph::new(GlyphId::new(g.id), g.advance, g.x, g.y, 0.0, g.text.clone(), None)
                    };
                    let glyphs: Vec<KrillaGlyph> = run.glyphs.iter().map(glyph).collect();
                    let font = self.font(run.font)?;
                    surface.draw_glyphs(Point::from_xy(x, y), &glyphs, font, &run.text, line.size, false);
                    x += run.width() * line.size;
                }
            }
            Content::Picture(picture, unit) => {
                let top = y - f32::from(picture.size.1) * unit;
                self.draw_picture(surface, picture, *unit, (left, top))?;
            }
        }
        Ok(())
    }
}

impl Writer {
    fn draw_picture(
        &mut self,
        surface: &mut Surface<'_>,
        picture: &Picture,
        unit: f32,
        (left, top): (f32, f32),
    ) -> Result<(), DocumentError> {
        let place = |(x, y): (u16, u16)| (left + f32::from(x) * unit, top + f32::from(y) * unit);
        let mut path = PathBuilder::new();
        for (from, to) in &picture.lines {
            let ((x1, y1), (x2, y2)) = (place(*from), place(*to));
            path.move_to(x1, y1);
            path.line_to(x2, y2);
        }
        for area in &picture.boxes {
            let (x, y) = place(area.at);
            let (width, height) = (f32::from(area.size.0) * unit, f32::from(area.size.1) * unit);
            path.push_rect(Rect::from_xywh(x, y, width, height).ok_or_else(|| failed("a box of a picture"))?);
        }
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke { width: 0.6, ..Stroke::default() }));
        if let Some(path) = path.finish() {
            surface.draw_path(&path);
        }
        surface.set_stroke(None);
        surface.set_fill(Some(Fill::default()));
        let size = BOX_TEXT * unit;
        for area in &picture.boxes {
            let (x, mut y) = place(area.at);
            let room = (f32::from(area.size.0) - 8.0) / BOX_TEXT;
            for text in &area.text {
                y += BOX_LINE * unit;
                if let Some(set) = self.setter.lines("", text, false, room, Base::LeftToRight)?.into_iter().next() {
                    let line = Line {
                        content: Content::Set(set),
                        size,
                        bold: false,
                        indent: x + 4.0 * unit - MARGIN,
                        before: 0.0,
                    };
                    self.draw(surface, &line, y)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn documents_have_pages_and_are_the_same_each_time() {
        let parts: Vec<Part> = (0..200).map(|i| field("line", format!("{i} Żółć Иван 中"))).collect();
        let one = write("A title", &parts, Timestamp::from_unix(1_795_000_000)).unwrap();
        assert!(one.starts_with(b"%PDF-"));
        assert_eq!(one, write("A title", &parts, Timestamp::from_unix(1_795_000_000)).unwrap());
        let count = one.windows(11).filter(|w| w == b"/Type /Page" || w.starts_with(b"/Type/Page")).count();
        assert!(count >= 3, "{count}");
    }

    #[test]
    fn the_first_layout_never_changes() {
        let mut parts: Vec<Part> =
            (0..200).map(|i| field("line", format!("{i} Żółć Иван 中 عربي {}", "wide ".repeat(i)))).collect();
        parts.extend([heading("One\ttwo"), text("a\n\nb"), Part::Small("x".repeat(400))]);
        let attached = Attached { name: "a.txt", media_type: "text/plain", bytes: b"attached" };
        let first =
            write_as(Layout::First, "A title", &parts, Timestamp::from_unix(1_795_000_000), Some(&attached)).unwrap();
        assert_eq!(
            hex::encode(Sha256::digest(&first)),
            "f15f46c28c369439595886dab05a57639031691f4baf6ec37f2abfb326f84a35"
        );
    }

    #[test]
    fn a_picture_is_drawn_and_kept_on_its_page() {
        let area = |x, y| TextBox { at: (x, y), size: (190, 58), text: vec!["1abc".into(), "0.5 BTC".into()] };
        let picture = Picture {
            size: (3_000, 2_000),
            boxes: vec![area(0, 0), area(2_800, 1_900)],
            lines: vec![((190, 29), (2_800, 1_929))],
        };
        let time = Timestamp::from_unix(1_795_000_000);
        let with = write("T", &[text("before"), Part::Picture(picture.clone()), text("after")], time).unwrap();
        assert_eq!(with, write("T", &[text("before"), Part::Picture(picture), text("after")], time).unwrap());
        let without = write("T", &[text("before"), text("after")], time).unwrap();
        assert!(with.len() > without.len() + 100, "{} {}", with.len(), without.len());
    }

    #[test]
    fn long_words_are_broken() {
        let face = ttf_parser::Face::parse(typeset::bytes(0), 0).unwrap();
        let word = "a".repeat(300);
        let lines = wrap(&face, &word, 10.0, 400.0);
        assert!(lines.len() > 3);
        assert_eq!(lines.concat(), word);
        assert_eq!(wrap(&face, "one two", 10.0, 400.0), ["one two"]);
    }
}
