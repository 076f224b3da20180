//! Text of documents as their readers see it: sheets cell by cell, pages of PDFs, paragraphs whose words stand in several pieces.

use std::io::Read;

/// Most bytes of text that a document gives.
const MAX_TEXT: usize = 64 << 20;
/// Most cells of a sheet.
const MAX_CELLS: usize = 5_000_000;
/// Most streams of a PDF, and most bytes that one unpacks to.
const MAX_STREAMS: usize = 100_000;
const MAX_STREAM: u64 = 64 << 20;

/// A piece of a document of tags: a tag's name and inside, or text.
enum Piece<'a> {
    Tag(&'a str),
    Text(&'a str),
}

fn pieces(xml: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &xml[at..];
        if rest.is_empty() {
            return None;
        }
        if rest.starts_with('<') {
            let Some(end) = rest.find('>') else {
                // No tag ends any more: looking for one at each `<` would take time squared.
                at = xml.len();
                return Some(Piece::Text(rest));
            };
            at += end + 1;
            return Some(Piece::Tag(&rest[1..end]));
        }
        let end = rest.find('<').unwrap_or(rest.len());
        at += end;
        Some(Piece::Text(&rest[..end]))
    })
}

fn is(tag: &str, name: &str) -> bool {
    let own = tag.split([' ', '/', '\t', '\n']).next().unwrap_or_default();
    own.rsplit(':').next() == Some(name)
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&")
}

/// Returns the paragraphs of a text document (DOCX, ODT, slides): pieces of a paragraph are put together as they are read.
#[must_use]
pub fn paragraphs(xml: &str) -> String {
    let (mut out, mut inside) = (String::new(), false);
    // Word's text stands in `t`; in other formats all text counts.
    let all_counts = !xml.contains("<w:t") && !xml.contains("<a:t");
    for piece in pieces(xml) {
        if out.len() > MAX_TEXT {
            break;
        }
        match piece {
            Piece::Tag(tag) if tag.starts_with('/') => {
                let tag = &tag[1..];
                match () {
                    () if is(tag, "p") || is(tag, "h") => out.push('\n'),
                    () if is(tag, "tc") || is(tag, "table-cell") => out.push('\t'),
                    () if is(tag, "t") => inside = false,
                    () => {}
                }
            }
            Piece::Tag(tag) if is(tag, "tab") => out.push('\t'),
            Piece::Tag(tag) if is(tag, "br") || is(tag, "cr") || is(tag, "line-break") => out.push('\n'),
            Piece::Tag(tag) if is(tag, "s") && !tag.starts_with("w:") => out.push(' '),
            Piece::Tag(tag) if is(tag, "t") && !tag.ends_with('/') => inside = true,
            Piece::Tag(_) => {}
            Piece::Text(text) if inside || all_counts => out.push_str(&unescape(text)),
            Piece::Text(_) => {}
        }
    }
    out
}

/// Returns the strings that a workbook's sheets share, by number.
#[must_use]
pub fn shared_strings(xml: &str) -> Vec<String> {
    let (mut all, mut now, mut inside) = (Vec::new(), String::new(), false);
    for piece in pieces(xml) {
        match piece {
            Piece::Tag(tag) if is(tag, "t") && !tag.ends_with('/') => inside = !tag.starts_with('/'),
            Piece::Tag("/t") => inside = false,
            Piece::Tag("/si") => all.push(std::mem::take(&mut now)),
            Piece::Text(text) if inside => now.push_str(&unescape(text)),
            _ => {}
        }
        if all.len() > MAX_CELLS {
            break;
        }
    }
    all
}

/// Returns the cells of a sheet, row by row, a tab between.
#[must_use]
pub fn sheet(xml: &str, shared: &[String]) -> String {
    let (mut out, mut kind, mut value, mut taken) = (String::new(), String::new(), String::new(), false);
    for (cells, piece) in pieces(xml).enumerate() {
        if out.len() > MAX_TEXT || cells > 8 * MAX_CELLS {
            break;
        }
        match piece {
            Piece::Tag(tag) if is(tag, "c") && !tag.starts_with('/') => {
                kind = tag.split("t=\"").nth(1).and_then(|t| t.split('"').next()).unwrap_or_default().to_owned();
                value.clear();
                if tag.ends_with('/') {
                    out.push('\t');
                }
            }
            Piece::Tag("/c") => {
                match kind.as_str() {
                    "s" => out.push_str(value.trim().parse().ok().and_then(|n: usize| shared.get(n)).map_or("", |s| s)),
                    _ => out.push_str(&unescape(&value)),
                }
                out.push('\t');
            }
            Piece::Tag("/row") => {
                while out.ends_with('\t') {
                    out.pop();
                }
                out.push('\n');
            }
            Piece::Tag(tag) if is(tag, "v") || is(tag, "t") => taken = !tag.ends_with('/'),
            Piece::Tag("/v" | "/t") => taken = false,
            Piece::Text(text) if taken => value.push_str(text),
            _ => {}
        }
    }
    out
}

/// What a PDF holds.
#[derive(Default)]
pub struct Pdf {
    /// Streams, unpacked, by the offset of each.
    pub streams: Vec<(usize, Vec<u8>)>,
    /// Pictures as they are (JPEG).
    pub pictures: Vec<(usize, Vec<u8>)>,
    /// Streams of packings that are not opened, by name, and how many.
    pub left_out: Vec<(String, usize)>,
    /// Whether it is encrypted, so that its streams are not text.
    pub encrypted: bool,
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find(bytes.get(from..)?, what).map(|at| at + from)
}

/// Reads a PDF's streams, wherever they stand; its tables of objects are not needed for that.
#[must_use]
pub fn pdf(bytes: &[u8]) -> Pdf {
    let mut found = Pdf { encrypted: find(bytes, b"/Encrypt", 0).is_some(), ..Pdf::default() };
    let (mut at, mut total) = (0, 0u64);
    while let Some(begin) = find(bytes, b"stream", at) {
        at = begin + 6;
        if begin >= 3 && bytes[..begin].ends_with(b"end") {
            continue;
        }
        let content = match bytes.get(at..) {
            Some([b'\r', b'\n', ..]) => at + 2,
            Some([b'\n' | b'\r', ..]) => at + 1,
            _ => continue,
        };
        let end = find(bytes, b"endstream", content).unwrap_or(bytes.len());
        // Its dictionary stands before it.
        let before = &bytes[begin.saturating_sub(4_096)..begin];
        let dictionary = &before[memchr::memmem::rfind(before, b" obj").unwrap_or(0)..];
        let has = |name: &[u8]| memchr::memmem::find(dictionary, name).is_some();
        let raw = &bytes[content..end];
        if found.streams.len() + found.pictures.len() >= MAX_STREAMS || total > 16 * MAX_STREAM {
            note(&mut found.left_out, "beyond the limit");
            break;
        }
        let plain = match () {
            () if has(b"/DCTDecode") => {
                found.pictures.push((content, raw.to_vec()));
                None
            }
            () if has(b"/ASCII85Decode")
                || has(b"/LZWDecode")
                || has(b"/JBIG2Decode")
                || has(b"/JPXDecode")
                || has(b"/CCITTFax") =>
            {
                let name = ["ASCII85", "LZW", "JBIG2", "JPX", "CCITTFax"].into_iter().find(|n| has(n.as_bytes()));
                note(&mut found.left_out, name.unwrap_or("unknown"));
                None
            }
            () if has(b"/FlateDecode") || has(b"/Fl ") => {
                let mut plain = Vec::new();
                // What can be read of a damaged stream counts.
                let _ = flate2::read::ZlibDecoder::new(raw).take(MAX_STREAM).read_to_end(&mut plain);
                if plain.is_empty() && !raw.is_empty() {
                    note(&mut found.left_out, "Flate, damaged or encrypted");
                }
                Some(plain)
            }
            // Others stand in the file as they are.
            () => (!has(b"/Filter")).then(|| raw.to_vec()),
        };
        if let Some(plain) = plain.filter(|p| !p.is_empty()) {
            total += plain.len() as u64;
            found.streams.push((content, plain));
        }
        at = end;
    }
    found
}

fn note(all: &mut Vec<(String, usize)>, name: &str) {
    match all.iter_mut().find(|n| n.0 == name) {
        Some(known) => known.1 += 1,
        None => all.push((name.to_owned(), 1)),
    }
}

/// Returns what a page's content shows: the strings of its operators, lines apart where the page moves down.
#[must_use]
pub fn page_text(content: &[u8]) -> String {
    let (mut out, mut at) = (String::new(), 0);
    let mut numbers: Vec<f32> = Vec::new();
    while at < content.len() && out.len() < MAX_TEXT {
        match content[at] {
            b'(' => {
                at = string(content, at + 1, &mut out);
                numbers.clear();
            }
            b'<' if content.get(at + 1) != Some(&b'<') => {
                let end = find(content, b">", at).unwrap_or(content.len());
                hex_string(&content[at + 1..end], &mut out);
                at = end + 1;
                numbers.clear();
            }
            b if b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'+') => {
                let begin = at;
                while at < content.len() && (content[at].is_ascii_digit() || matches!(content[at], b'-' | b'.' | b'+'))
                {
                    at += 1;
                }
                let number: f32 =
                    std::str::from_utf8(&content[begin..at]).ok().and_then(|n| n.parse().ok()).unwrap_or(0.0);
                numbers.push(number);
                // Within an array of strings, a large step back is a space.
                if number < -180.0 && !out.ends_with([' ', '\n']) {
                    out.push(' ');
                }
            }
            b if b.is_ascii_alphabetic() || matches!(b, b'\'' | b'"') => {
                let begin = at;
                while at < content.len()
                    && (content[at].is_ascii_alphabetic() || matches!(content[at], b'*' | b'\'' | b'"'))
                {
                    at += 1;
                }
                match &content[begin..at] {
                    b"Td" | b"TD" => out.push(if numbers.last().is_some_and(|y| *y != 0.0) { '\n' } else { ' ' }),
                    b"Tm" | b"T*" | b"'" | b"\"" | b"ET" => out.push('\n'),
                    _ => {}
                }
                numbers.clear();
            }
            _ => at += 1,
        }
    }
    out
}

/// A string in parentheses; gives where it ends.
fn string(content: &[u8], mut at: usize, out: &mut String) -> usize {
    let mut depth = 1;
    while at < content.len() {
        match content[at] {
            b'\\' => {
                at += 1;
                match content.get(at) {
                    Some(b'n') => out.push('\n'),
                    Some(b'r' | b'\r' | b'\n') => {}
                    Some(b't') => out.push('\t'),
                    Some(d @ b'0'..=b'7') => {
                        let mut value = u32::from(d - b'0');
                        while let Some(d @ b'0'..=b'7') = content.get(at + 1).filter(|_| value < 32) {
                            value = value * 8 + u32::from(d - b'0');
                            at += 1;
                        }
                        out.push(char::from_u32(value).unwrap_or(' '));
                    }
                    Some(b) => out.push(*b as char),
                    None => {}
                }
            }
            b'(' => {
                depth += 1;
                out.push('(');
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
                out.push(')');
            }
            0 => {}
            b => out.push(b as char),
        }
        at += 1;
    }
    at
}

/// A string in hexadecimal: bytes, or UTF-16 where every first byte is zero.
fn hex_string(digits: &[u8], out: &mut String) {
    let clean: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let bytes: Vec<u8> = clean
        .chunks(2)
        .filter_map(|c| std::str::from_utf8(c).ok().and_then(|c| u8::from_str_radix(c, 16).ok()))
        .collect();
    out.extend(bytes.iter().filter(|b| **b != 0).map(|b| *b as char));
}

/// Returns a text without JSON's escapes of characters beyond ASCII (`\u00ed`), as programs write them; `None` where there are none.
#[must_use]
pub fn without_escapes(text: &str) -> Option<String> {
    memchr::memmem::find(text.as_bytes(), b"\\u")?;
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    let mut found = false;
    while let Some(next) = text[at..].find("\\u").map(|n| n + at) {
        out.push_str(&text[at..next]);
        let value = text.get(next + 2..next + 6).and_then(|d| u32::from_str_radix(d, 16).ok());
        match value.and_then(char::from_u32).filter(|c| *c >= '\u{a0}') {
            Some(c) => {
                out.push(c);
                at = next + 6;
                found = true;
            }
            None => {
                out.push_str("\\u");
                at = next + 2;
            }
        }
    }
    out.push_str(&text[at..]);
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_may_begin_with_any_letter_and_tags_need_not_end() {
        let docx = "<w:document><w:p><w:r><w:t>ébano</w:t></w:r><w:r><w:t> 种子</w:t></w:r></w:p></w:document>";
        assert_eq!(paragraphs(docx), "ébano 种子\n");
        assert_eq!(shared_strings("<sst><si><t>日本</t></si></sst>é"), ["日本"]);
        assert_eq!(paragraphs("ü<text:p>ö</text:p><ß"), "üö\n<ß");
        assert_eq!(paragraphs(&"<".repeat(1 << 20)).len(), 1 << 20);
    }

    #[test]
    fn documents_are_read_as_people_see_them() {
        let docx = "<?xml version=\"1.0\"?><w:document><w:p><w:r><w:t>oz</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t xml:space=\"preserve\">one dr</w:t></w:r><w:r><w:t>ill</w:t></w:r></w:p><w:p><w:r><w:t>next</w:t></w:r></w:p></w:document>";
        assert_eq!(paragraphs(docx), "ozone drill\nnext\n");
        let shared = shared_strings("<sst><si><t>ozone</t></si><si><r><t>dr</t></r><r><t>ill</t></r></si></sst>");
        assert_eq!(shared, ["ozone", "drill"]);
        let xml = "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>1</v></c><c r=\"B1\" t=\"s\"><v>0</v></c></row><row><c t=\"inlineStr\"><is><t>fiber</t></is></c><c><v>12</v></c></row></sheetData>";
        assert_eq!(sheet(xml, &shared), "drill\tozone\nfiber\t12\n");
        let page = b"BT /F1 12 Tf 10 700 Td (ozone \\(a\\) dr) Tj (ill) Tj 0 -14 Td [(gr) -20 (ab) -250 (fiber)] TJ T* <0063007500720074> Tj ET";
        assert_eq!(page_text(page), "\nozone (a) drill\ngrab fiber\ncurt\n");
        assert_eq!(without_escapes("viol\\u00edn \\n").as_deref(), Some("viol\u{ed}n \\n"));
        assert_eq!(without_escapes("C:\\users"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(text in "[ -~<>/a-z\"=:]{0,200}", bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = (paragraphs(&text), shared_strings(&text), sheet(&text, &[]), without_escapes(&text), page_text(&bytes));
            let mut file = b"%PDF-1.4 1 0 obj <</Filter /FlateDecode>> stream\n".to_vec();
            file.extend_from_slice(&bytes);
            let _ = pdf(&file);
        }
    }
}
