//! Plain documents as PDF: titles, paragraphs, lines of names and values, over as many pages as they need. The same content gives the same bytes.

use holdfast_screening::ScreeningError;
use holdfast_screening::model::rfc3339;
use krilla::Document;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::text::{Font, TextDirection};

const REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.ttf");

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
}

/// Heading.
pub fn heading(text: impl Into<String>) -> Part {
    Part::Heading(text.into())
}

/// Text.
pub fn text(text: impl Into<String>) -> Part {
    Part::Text(text.into())
}

/// A name and its value.
pub fn field(name: &str, value: impl Into<String>) -> Part {
    Part::Field(name.into(), value.into())
}

struct Line {
    text: String,
    size: f32,
    bold: bool,
    indent: f32,
    before: f32,
}

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

/// Writes a document; `time` (Unix seconds) is its date.
///
/// # Errors
/// [`ScreeningError::State`] when it is too long or the writer fails.
pub fn write(title: &str, parts: &[Part], time: i64) -> Result<Vec<u8>, ScreeningError> {
    write_with(title, parts, time, None)
}

/// Writes a document that carries a file.
///
/// # Errors
/// As [`write`].
pub fn write_with(
    title: &str,
    parts: &[Part],
    time: i64,
    attached: Option<&Attached<'_>>,
) -> Result<Vec<u8>, ScreeningError> {
    let failed = |what: &str| ScreeningError::State(format!("PDF: {what}"));
    let faces = [REGULAR, BOLD].map(|f| ttf_parser::Face::parse(f, 0));
    let [Ok(regular), Ok(bold)] = faces else { return Err(failed("the fonts do not load")) };
    let mut lines = Vec::new();
    let width = PAGE.0 - 2.0 * MARGIN;
    let mut add = |text: &str, size: f32, is_bold: bool, indent: f32, before: f32| {
        // Control characters have no glyph, and text comes from outside.
        let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
        let face = if is_bold { &bold } else { &regular };
        for (i, line) in wrap(face, &text, size, width - indent).into_iter().enumerate() {
            lines.push(Line { text: line, size, bold: is_bold, indent, before: if i == 0 { before } else { 0.0 } });
        }
    };
    add(title, 18.0, true, 0.0, 0.0);
    for part in parts {
        match part {
            Part::Heading(t) => add(t, 12.5, true, 0.0, 14.0),
            Part::Text(t) => add(t, 10.0, false, 0.0, 5.0),
            Part::Field(name, value) => add(&format!("{name}: {value}"), 10.0, false, 12.0, 1.0),
            Part::Small(t) => add(t, 7.5, false, 12.0, 0.5),
        }
    }
    if lines.len() > MAX_LINES {
        return Err(failed("the document is too long"));
    }
    let date: Vec<u16> = rfc3339(time).split(|c: char| !c.is_ascii_digit()).filter_map(|p| p.parse().ok()).collect();
    let small = |i: usize| date.get(i).map_or(0, |v| *v as u8);
    let created = DateTime::new(date.first().copied().unwrap_or(1970))
        .month(small(1))
        .day(small(2))
        .hour(small(3))
        .minute(small(4))
        .second(small(5));
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .creator("Holdfast".to_owned())
            .document_id(format!("{title} {time}"))
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
    let font =
        |bytes: &'static [u8]| Font::new(bytes.to_vec().into(), 0).ok_or_else(|| failed("the fonts do not load"));
    let (regular, bold) = (font(REGULAR)?, font(BOLD)?);
    let mut pages: Vec<Vec<(f32, &Line)>> = vec![Vec::new()];
    let mut y = MARGIN;
    for line in &lines {
        let height = line.size * 1.35;
        if y + line.before + height > PAGE.1 - MARGIN {
            pages.push(Vec::new());
            y = MARGIN;
        }
        y += line.before + height;
        pages.last_mut().expect("there is a page").push((y, line));
    }
    let count = pages.len();
    for (i, lines) in pages.into_iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| failed("page size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for (y, line) in lines {
            let font = if line.bold { &bold } else { &regular };
            let start = Point::from_xy(MARGIN + line.indent, y);
            surface.draw_text(start, font.clone(), line.size, &line.text, false, TextDirection::Auto);
        }
        let foot = format!("{title} - page {} of {count}", i + 1);
        let start = Point::from_xy(MARGIN, PAGE.1 - MARGIN / 2.0);
        surface.draw_text(start, regular.clone(), 7.5, &foot, false, TextDirection::Auto);
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|e| failed(&format!("{e:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_pages_and_are_the_same_each_time() {
        let parts: Vec<Part> = (0..200).map(|i| field("line", format!("{i} Żółć Иван 中"))).collect();
        let one = write("A title", &parts, 1_795_000_000).unwrap();
        assert!(one.starts_with(b"%PDF-"));
        assert_eq!(one, write("A title", &parts, 1_795_000_000).unwrap());
        let count = one.windows(11).filter(|w| w == b"/Type /Page" || w.starts_with(b"/Type/Page")).count();
        assert!(count >= 3, "{count}");
    }

    #[test]
    fn long_words_are_broken() {
        let face = ttf_parser::Face::parse(REGULAR, 0).unwrap();
        let word = "a".repeat(300);
        let lines = wrap(&face, &word, 10.0, 400.0);
        assert!(lines.len() > 3);
        assert_eq!(lines.concat(), word);
        assert_eq!(wrap(&face, "one two", 10.0, 400.0), ["one two"]);
    }
}
