//! Tables with a header line, as spreadsheets and programs write them: encoding and separator are found, what is wrong is named by line and
//! column, and one bad line does not hide the others.

use crate::{cell, encoding, excerpt};
use encoding_rs::Encoding;
use std::borrow::Cow;

/// Most columns.
pub const MAX_COLUMNS: usize = 1_000;
/// Largest cell, bytes.
pub const MAX_CELL: usize = 1 << 16;
/// Separators that are tried, in this order.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// What is wrong with a table, a line or a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1, the header included.
    pub line: u64,
    /// Name of the column, and its number from 0.
    pub column: Option<(String, usize)>,
    /// What is wrong, and the fix.
    pub problem: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.column {
            None => write!(f, "line {}: {}", self.line, self.problem),
            Some((name, number)) => {
                write!(f, "line {}: {name} (column {}): {}", self.line, letters(*number), self.problem)
            }
        }
    }
}

impl std::error::Error for Fault {}

/// Returns a column's letters as spreadsheets show them: A, B ... Z, AA.
#[must_use]
pub fn letters(mut number: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.push(b'A' + u8::try_from(number % 26).unwrap_or(0));
        if number < 26 {
            break;
        }
        number = number / 26 - 1;
    }
    out.iter().rev().map(|b| char::from(*b)).collect()
}

/// How a table is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Encoding of a file without byte order mark; found when absent.
    pub encoding: Option<&'static Encoding>,
    /// Names of columns that are known, in lower case: the separator is the one that finds most of them.
    pub known: &'a [&'a str],
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    text: Cow<'a, str>,
    /// Name of the encoding.
    pub encoding: &'static str,
    /// Whether the encoding was assumed.
    pub assumed_encoding: bool,
    /// What separates the cells.
    pub separator: char,
    /// Names of the columns in lower case; spaces within are `_`.
    pub columns: Vec<String>,
    body: usize,
    body_line: u64,
}

/// A line of a table.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line, from 1, the header included.
    pub line: u64,
    cells: csv::StringRecord,
}

impl Row {
    /// Returns a cell without surrounding white space; empty where there is none.
    #[must_use]
    pub fn get(&self, column: usize) -> &str {
        cell::clean(self.cells.get(column).unwrap_or_default())
    }

    /// Returns whether all cells are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        (0..self.cells.len()).all(|c| self.get(c).is_empty())
    }
}

fn reader(text: &str, separator: char) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(u8::try_from(separator).unwrap_or(b','))
        .from_reader(text.as_bytes())
}

impl<'a> Table<'a> {
    /// Reads a table's header; [`Table::rows`] reads the rest.
    ///
    /// # Errors
    /// [`Fault`] with the reason why nothing can be read, and the fix.
    pub fn read(bytes: &'a [u8], options: &Options<'_>) -> Result<Self, Fault> {
        let first = |problem: String| Fault { line: 1, column: None, problem };
        let decoded = encoding::decode(bytes, options.encoding).map_err(first)?;
        let mut text = decoded.text;
        if text.contains('\r') && !text.contains('\n') {
            text = Cow::Owned(text.replace('\r', "\n"));
        }
        let (start, declared) = declared_separator(&text).map_err(first)?;
        let line = if declared.is_some() { 2 } else { 1 };
        let fault = |problem: String| Fault { line, column: None, problem };
        let tried: Vec<char> = declared.map_or_else(|| SEPARATORS.to_vec(), |c| vec![c]);
        let mut best: Option<(usize, usize, char, Vec<String>, u64, u64)> = None;
        for separator in tried {
            let mut rows = reader(&text[start..], separator);
            let mut record = csv::StringRecord::new();
            if !rows.read_record(&mut record).map_err(|e| fault(e.to_string()))? {
                return Err(fault("it is empty; a table begins with a line of column names".into()));
            }
            let names: Vec<String> = record.iter().map(column_name).collect();
            let known = names.iter().filter(|n| options.known.contains(&n.as_str())).count();
            if best.as_ref().is_none_or(|b| (known, names.len()) > (b.0, b.1)) {
                let at = rows.position();
                best = Some((known, names.len(), separator, names, at.byte(), at.line()));
            }
        }
        let Some((known, count, separator, columns, body, lines)) = best else {
            return Err(fault("no separator is known".into()));
        };
        if known == 0 && !options.known.is_empty() {
            let found = columns.iter().take(8).map(|c| format!("'{}'", excerpt(c))).collect::<Vec<_>>().join(", ");
            return Err(fault(format!(
                "no known column name in the header ({found}); the first line must name the columns: {}",
                options.known.join(", ")
            )));
        }
        if count > MAX_COLUMNS {
            return Err(fault(format!("{count} columns; at most {MAX_COLUMNS} are read")));
        }
        for (i, name) in columns.iter().enumerate() {
            if !name.is_empty() && columns[..i].contains(name) {
                let column = Some((name.clone(), i));
                return Err(Fault { line, column, problem: "a second column of this name; remove one".into() });
            }
        }
        Ok(Table {
            encoding: decoded.encoding,
            assumed_encoding: decoded.assumed,
            separator,
            columns,
            body: start + usize::try_from(body).unwrap_or(0),
            body_line: line + lines - 1,
            text,
        })
    }

    /// Returns the number of the first of these columns that the table has.
    #[must_use]
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|n| self.columns.iter().position(|c| c == n))
    }

    /// Returns a fault of a cell.
    #[must_use]
    pub fn fault(&self, row: &Row, column: usize, problem: impl Into<String>) -> Fault {
        let name = self.columns.get(column).cloned().unwrap_or_default();
        Fault { line: row.line, column: Some((name, column)), problem: problem.into() }
    }

    /// Returns the lines below the header that are not empty, in order, or what is wrong with them.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        Rows {
            table: self,
            at: self.body,
            line: self.body_line,
            reader: reader(&self.text[self.body..], self.separator),
            again: 4 * self.text.len() + 4096,
            ended: false,
        }
    }

    /// What is wrong with a line as a whole.
    fn line_fault(&self, raw: &str, cells: &csv::StringRecord) -> Option<String> {
        if let Some(problem) = quotes_fault(raw, self.separator) {
            return Some(problem.into());
        }
        let (count, wanted) = (cells.len(), self.columns.len());
        let beyond = cells.iter().skip(wanted).any(|c| !cell::clean(c).is_empty());
        if count < wanted || beyond {
            let shown = match self.separator {
                '\t' => "a tab".to_owned(),
                c => format!("'{c}'"),
            };
            return Some(format!(
                "{count} cells, but the header has {wanted}; the line is cut, or a value holds {shown} and needs quotes"
            ));
        }
        let unnamed = (0..wanted).find(|c| self.columns[*c].is_empty() && !cell::clean(&cells[*c]).is_empty());
        if let Some(c) = unnamed {
            return Some(format!("column {} has a value, but no name in the header", letters(c)));
        }
        let large = cells.iter().position(|c| c.len() > MAX_CELL)?;
        Some(format!("the value in column {} is larger than {MAX_CELL} bytes", letters(large)))
    }
}

/// Lines of a table.
pub struct Rows<'t> {
    table: &'t Table<'t>,
    /// Where the reader began, and on which line.
    at: usize,
    line: u64,
    reader: csv::Reader<&'t [u8]>,
    /// Bytes that may be read again after broken quotes.
    again: usize,
    ended: bool,
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let text: &str = &self.table.text;
        while !self.ended {
            let mut cells = csv::StringRecord::new();
            let read = self.reader.read_record(&mut cells);
            let place = cells.position().cloned().unwrap_or_else(|| self.reader.position().clone());
            // Blank lines before a record belong to its raw text, not to its place.
            let begin = self.at + usize::try_from(place.byte()).unwrap_or(usize::MAX);
            let end = self.at + usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
            let raw = text.get(begin..end).unwrap_or_default();
            let skipped = raw.len() - raw.trim_start_matches(['\n', '\r']).len();
            let lines = raw[..skipped].bytes().filter(|b| *b == b'\n').count() as u64;
            let line = self.line + place.line() - 1 + lines;
            let fault = |problem: String| Fault { line, column: None, problem };
            match read {
                Ok(false) => self.ended = true,
                Err(e) => {
                    self.ended = true;
                    return Some(Err(fault(e.to_string())));
                }
                Ok(true) => {
                    let row = Row { line, cells };
                    if row.is_empty() && !raw.contains('"') {
                        continue;
                    }
                    let Some(problem) = self.table.line_fault(&raw[skipped..], &row.cells) else {
                        return Some(Ok(row));
                    };
                    // A broken quote may have swallowed good lines: go on at the next one.
                    let from = begin + skipped;
                    if let Some(next) = text[from..end].find('\n').map(|n| from + n + 1).filter(|n| *n < end) {
                        if end - next > self.again {
                            self.ended = true;
                            return Some(Err(fault(format!("{problem}; the lines below were not read"))));
                        }
                        self.again -= end - next;
                        (self.at, self.line) = (next, line + 1);
                        self.reader = reader(&text[next..], self.table.separator);
                    }
                    return Some(Err(fault(problem)));
                }
            }
        }
        None
    }
}

/// The separator that a first line `sep=;` declares, and where the rest begins.
fn declared_separator(text: &str) -> Result<(usize, Option<char>), String> {
    let line = text.split('\n').next().unwrap_or_default();
    let bare = line.trim_end_matches('\r').trim_matches('"');
    let Some(rest) = bare.get(..4).filter(|p| p.eq_ignore_ascii_case("sep=")).map(|_| &bare[4..]) else {
        return Ok((0, None));
    };
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        // Another program saved the line as a table of its own: `sep=` and more cells.
        (Some(c), _) if SEPARATORS.contains(&c) => Ok(((line.len() + 1).min(text.len()), Some(c))),
        _ => Err(format!("'{}' declares no separator that is read; use one of , ; | or a tab", excerpt(line))),
    }
}

fn column_name(text: &str) -> String {
    cell::clean(text).to_lowercase().split_whitespace().collect::<Vec<_>>().join("_")
}

/// What is wrong with the quotes of one line.
fn quotes_fault(raw: &str, separator: char) -> Option<&'static str> {
    if !raw.contains('"') {
        return None;
    }
    let mut chars = raw.chars().peekable();
    let (mut begins, mut quoted) = (true, false);
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (false, '"') if begins => quoted = true,
            (true, '"') if chars.peek() == Some(&'"') => {
                chars.next();
            }
            (true, '"') => {
                quoted = false;
                match chars.peek() {
                    None | Some('\n' | '\r') => {}
                    Some(next) if *next == separator => {}
                    Some(_) => return Some("a quote stands within a quoted value; write it twice"),
                }
            }
            _ => {}
        }
        begins = !quoted && (c == separator || c == '\n');
    }
    quoted.then_some("a quote opens a value and none closes it; close it, or write quotes within a value twice")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Options<'_> = Options { encoding: None, known: &["id", "name", "time"] };

    fn all(text: &[u8]) -> Vec<Result<(u64, Vec<String>), String>> {
        let table = match Table::read(text, &KNOWN) {
            Ok(table) => table,
            Err(e) => return vec![Err(e.to_string())],
        };
        let cells = |r: &Row| (0..table.columns.len()).map(|c| r.get(c).to_owned()).collect();
        table.rows().map(|r| r.map(|r| (r.line, cells(&r))).map_err(|e| e.to_string())).collect()
    }

    fn row(line: u64, cells: &[&str]) -> Result<(u64, Vec<String>), String> {
        Ok((line, cells.iter().map(|c| (*c).to_owned()).collect()))
    }

    #[test]
    fn separators_and_encodings_are_found() {
        let wanted = [row(2, &["1", "Ann, Bob"]), row(3, &["2", ""])];
        for text in [
            "id,name\n1,\"Ann, Bob\"\n2,\n",
            "id;name\r\n1;Ann, Bob\r\n2;\r\n",
            "ID\tName\r1\tAnn, Bob\r2\t\r",
            "\u{feff}\"id\"|\"name\"\n1|\"Ann, Bob\"\n2|\n;;",
        ] {
            let read = all(text.as_bytes());
            assert_eq!(read[..2], wanted[..], "{text:?}");
            let utf16: Vec<u8> = "\u{feff}"
                .chars()
                .chain(text.trim_start_matches('\u{feff}').chars())
                .collect::<String>()
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            assert_eq!(all(&utf16)[..2], wanted[..], "{text:?}");
        }
        assert_eq!(all(b"sep=;\nid;name\n1;a\n"), [row(3, &["1", "a"])]);
        assert_eq!(all(b"\"sep=\t\"\nid\tname\n1\ta\n"), [row(3, &["1", "a"])]);
        assert_eq!(all(b"id,name,\n1,a,\n,,\n\n\n2,b,\n"), [row(2, &["1", "a", ""]), row(6, &["2", "b", ""])]);
    }

    #[test]
    fn one_bad_line_does_not_hide_the_others() {
        let read = all(b"id,name\n1,a\n2\n3,b,c\n4,d\n");
        assert_eq!((&read[0], &read[3]), (&row(2, &["1", "a"]), &row(5, &["4", "d"])));
        assert!(read[1].as_ref().unwrap_err().starts_with("line 3: 1 cells, but the header has 2"), "{read:?}");
        assert!(read[2].as_ref().unwrap_err().starts_with("line 4: 3 cells"), "{read:?}");
        // A quote that is not closed swallows nothing.
        let read = all(b"id,name\n1,\"a\n2,b\n3,\"c\"\n4,d\n");
        assert!(read[0].as_ref().unwrap_err().starts_with("line 2: a quote"), "{read:?}");
        assert_eq!(read[1..], [row(3, &["2", "b"]), row(4, &["3", "c"]), row(5, &["4", "d"])]);
        let read = all(b"id,name\n1,a\n2,\"b\n3,c\n");
        assert!(read[1].as_ref().unwrap_err().starts_with("line 3: a quote opens"), "{read:?}");
        assert_eq!((&read[0], &read[2]), (&row(2, &["1", "a"]), &row(4, &["3", "c"])));
        // Values may have more than one line, and quotes within.
        assert_eq!(
            all(b"id,name\n1,\"a\n\"\"b\"\"\"\n2,5\" pipe\n"),
            [row(2, &["1", "a\n\"b\""]), row(4, &["2", "5\" pipe"])]
        );
    }

    #[test]
    fn broken_quotes_take_linear_time() {
        let text = format!("id,name\n{}", "\"a\n".repeat(20_000));
        let table = Table::read(text.as_bytes(), &KNOWN).unwrap();
        assert!(table.rows().all(|r| r.is_err()));
    }

    #[test]
    fn headers_that_cannot_be_read_are_refused() {
        for (bad, expected) in [
            (&b""[..], "line 1: it is empty"),
            (b"a,b\n1,2\n", "line 1: no known column name in the header ('a', 'b')"),
            (b"id,name,id\n", "line 1: id (column C): a second column"),
            (b"sep=x\nid\n", "line 1: 'sep=x' declares no separator"),
            (b"PK\x03\x04", "line 1: this is a workbook"),
        ] {
            let read = all(bad);
            assert!(read[0].as_ref().unwrap_err().starts_with(expected), "{read:?}");
        }
        assert_eq!([letters(0), letters(25), letters(26), letters(701)], ["A", "Z", "AA", "ZZ"]);
    }
}
