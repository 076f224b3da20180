//! Records and events from tables (CSV) and JSON Lines. One bad line does not stop the others: it is listed with its line, column and fix.

use crate::completion::CompletionLine;
use crate::model::{Event, Record, text_ok, time_ok};
use holdfast_input::encoding::{self, named};
use holdfast_input::table::{Fault, Options, Row, Table};
use holdfast_input::time::{DateOrder, parse_local};
use holdfast_input::{cell, excerpt};
use holdfast_types::Invalid;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Most lines of one file.
pub const MAX_LINES: usize = 1_000_000;
/// Most faults and warnings that are listed.
pub const MAX_LISTED: usize = 1_000;

const ASSUMED: &str = "the file is no UTF-8; it was read as Windows-1252: save it as UTF-8, or name its encoding";

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// From 1, the header included.
    pub line: u64,
    /// Column, what is wrong, and the fix.
    pub problem: String,
}

impl From<Fault> for LineError {
    fn from(fault: Fault) -> Self {
        let whole = fault.to_string();
        let problem = whole.strip_prefix(&format!("line {}: ", fault.line)).unwrap_or(&whole).to_owned();
        LineError { line: fault.line, problem }
    }
}

/// How a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions<'a> {
    /// Order of day and month in local dates.
    pub dates: DateOrder,
    /// Name of the encoding; found when absent.
    pub encoding: Option<&'a str>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Imported<T> {
    /// What could be read, in the file's order.
    pub items: Vec<T>,
    /// Lines that could not be read, the first [`MAX_LISTED`].
    pub faults: Vec<LineError>,
    /// How many lines could not be read.
    pub refused: u64,
    /// What was assumed, or looks wrong and was read all the same.
    pub warnings: Vec<String>,
}

impl<T> Imported<T> {
    fn new() -> Self {
        Imported { items: Vec::new(), faults: Vec::new(), refused: 0, warnings: Vec::new() }
    }

    fn refuse(&mut self, fault: impl Into<LineError>) {
        self.refused += 1;
        if self.faults.len() < MAX_LISTED {
            self.faults.push(fault.into());
        }
    }

    fn warn(&mut self, text: String) {
        if self.warnings.len() < MAX_LISTED {
            self.warnings.push(text);
        }
    }

    fn whole(mut self) -> Result<Vec<T>, LineError> {
        if self.faults.is_empty() { Ok(self.items) } else { Err(self.faults.swap_remove(0)) }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Identifiers: nothing in them may be changed.
    Id,
    Text,
    Number,
    /// Whole numbers beyond 64 bits.
    Amount,
    Time,
    Truth,
    List,
}

type Columns = &'static [(&'static str, Kind)];

const RECORD: Columns = &[
    ("kind", Kind::Text),
    ("id", Kind::Id),
    ("time", Kind::Time),
    ("customer", Kind::Id),
    ("account", Kind::Id),
    ("type", Kind::Text),
    ("name", Kind::Text),
    ("email", Kind::Id),
    ("phone", Kind::Id),
    ("country", Kind::Text),
    ("language", Kind::Text),
    ("birth_year", Kind::Number),
    ("created", Kind::Time),
    ("industry", Kind::Text),
    ("risk", Kind::Text),
    ("flags", Kind::List),
    ("asset", Kind::Id),
    ("fingerprint", Kind::Id),
    ("level", Kind::Number),
    ("document", Kind::Id),
    ("result", Kind::Text),
    ("address", Kind::Id),
];

const EVENT: Columns = &[
    ("id", Kind::Id),
    ("time", Kind::Time),
    ("kind", Kind::Text),
    ("customer", Kind::Id),
    ("account", Kind::Id),
    ("asset", Kind::Id),
    ("amount", Kind::Amount),
    ("value", Kind::Number),
    ("balance", Kind::Amount),
    ("balance_before", Kind::Amount),
    ("balance_after", Kind::Amount),
    ("tx", Kind::Id),
    ("output", Kind::Number),
    ("address", Kind::Id),
    ("counterparty", Kind::Id),
    ("confirmations", Kind::Number),
    ("method", Kind::Text),
    ("direction", Kind::Text),
    ("status", Kind::Text),
    ("instrument", Kind::Id),
    ("third_party", Kind::Truth),
    ("action", Kind::Text),
    ("device", Kind::Id),
    ("ip", Kind::Id),
    ("country", Kind::Text),
    ("document", Kind::Id),
    ("reference", Kind::Text),
];

const COMPLETION: Columns = &[
    ("event", Kind::Id),
    ("time", Kind::Time),
    ("status", Kind::Text),
    ("tx", Kind::Id),
    ("output", Kind::Number),
    ("block", Kind::Id),
    ("height", Kind::Number),
];

/// A value as JSON has it.
fn value(text: &str, kind: Kind, options: &ReadOptions<'_>) -> Result<Value, String> {
    let number = |text: &str| {
        let digits = cell::whole_number(text)?;
        digits.parse::<i64>().map(Value::from).map_err(|_| format!("'{}' is too large", excerpt(text)))
    };
    match kind {
        Kind::Id => cell::damage_of_id(text).map_or_else(|| Ok(Value::from(text)), Err),
        Kind::Text => cell::damage(text).map_or_else(|| Ok(Value::from(text)), Err),
        Kind::Number => number(text),
        Kind::Amount => match cell::whole_number(text)? {
            digits if digits.starts_with('-') || digits.len() > 38 => {
                Err(format!("'{}' is no amount; give base units as digits, at most 38", excerpt(text)))
            }
            digits => Ok(Value::from(digits)),
        },
        Kind::Time => {
            let time = match text.bytes().all(|b| b.is_ascii_digit()) {
                true => number(text)?,
                false => match cell::damage(text) {
                    Some(damage) => return Err(damage),
                    None => Value::from(parse_local(text, options.dates).map_err(|e| e.to_string())?.unix()),
                },
            };
            // Days since 1900 of the years 1982 to 2119.
            match time.as_i64() {
                Some(30_000..=80_000) => Err(format!(
                    "'{text}' may be the number of a day in a spreadsheet; format the column as YYYY-MM-DD hh:mm:ss"
                )),
                _ => Ok(time),
            }
        }
        Kind::Truth => cell::truth(text).map(Value::from),
        Kind::List => match cell::damage(text) {
            Some(damage) => Err(damage),
            None => Ok(Value::from(text.split([' ', ';', ',']).filter(|f| !f.is_empty()).collect::<Vec<_>>())),
        },
    }
}

/// What the ids of one column show only together.
#[derive(Default)]
struct IdColumn {
    /// Digits of the longest id that begins with zero.
    zero_led: usize,
    /// The first id of digits that is shorter than others, by line.
    short: Option<(u64, String, usize)>,
    /// Ids of more than 15 digits, and those whose digits beyond are all zero, by line.
    long: u64,
    rounded: Vec<u64>,
    zeros: usize,
}

impl IdColumn {
    fn add(&mut self, line: u64, text: &str) {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return;
        }
        if text.starts_with('0') {
            self.zero_led = self.zero_led.max(text.len());
        } else if self.short.as_ref().is_none_or(|s| text.len() < s.2) {
            self.short = Some((line, excerpt(text), text.len()));
        }
        if text.len() > 15 {
            self.long += 1;
            if text.bytes().skip(15).all(|b| b == b'0') {
                self.zeros += text.len() - 15;
                self.rounded.push(line);
            }
        }
    }

    /// Whether the ids lost their last digits: spreadsheets have 15, and by chance all of them end so once in 10,000 files.
    fn is_rounded(&self) -> bool {
        self.long == self.rounded.len() as u64 && self.zeros >= 4
    }
}

/// A line's fields as an item, or what is wrong with them.
fn item<T: DeserializeOwned>(
    table: &Table<'_>,
    row: &Row,
    kinds: &[Option<Kind>],
    options: &ReadOptions<'_>,
    validate: &impl Fn(&T) -> Result<(), Invalid>,
) -> Result<T, Fault> {
    let mut object = Map::new();
    for (c, kind) in kinds.iter().enumerate() {
        let (Some(kind), text) = (kind, row.get(c)) else { continue };
        if !text.is_empty() {
            let value = value(text, *kind, options).map_err(|problem| table.fault(row, c, problem))?;
            object.insert(table.columns[c].clone(), value);
        }
    }
    let whole = |problem: String| Fault { line: row.line, column: None, problem };
    let item: T = T::deserialize(&object).map_err(|e| {
        let problem = e.to_string();
        match culprit::<T>(&object, &problem).and_then(|name| table.column(&[name.as_str()])) {
            Some(c) => table.fault(row, c, problem),
            None => whole(problem),
        }
    })?;
    validate(&item).map_err(|e| match table.column(&[e.field.as_str()]) {
        Some(c) => table.fault(row, c, e.problem),
        None => whole(e.to_string()),
    })?;
    Ok(item)
}

/// The field that an error is about: without it the error is another.
fn culprit<T: DeserializeOwned>(object: &Map<String, Value>, problem: &str) -> Option<String> {
    if problem.starts_with("missing field") {
        return None;
    }
    object
        .keys()
        .find(|name| {
            let mut rest = object.clone();
            rest.remove(*name);
            T::deserialize(&rest).map_or_else(|e| e.to_string() != problem, |_| true)
        })
        .cloned()
}

fn read<T: DeserializeOwned>(
    bytes: &[u8],
    options: &ReadOptions<'_>,
    columns: Columns,
    validate: impl Fn(&T) -> Result<(), Invalid>,
) -> Result<Imported<T>, LineError> {
    let known: Vec<&str> = columns.iter().map(|c| c.0).collect();
    let encoding = options.encoding.map(named).transpose().map_err(|problem| LineError { line: 1, problem })?;
    let table = Table::read(bytes, &Options { encoding, known: &known })?;
    let kinds: Vec<Option<Kind>> =
        table.columns.iter().map(|name| columns.iter().find(|c| c.0 == name).map(|c| c.1)).collect();
    let mut out = Imported::new();
    if table.assumed_encoding {
        out.warn(ASSUMED.into());
    }
    let mut ids: Vec<IdColumn> = kinds.iter().map(|_| IdColumn::default()).collect();
    let mut lines = Vec::new();
    for (count, row) in table.rows().enumerate() {
        if count >= MAX_LINES {
            let line = row.map_or_else(|f| f.line, |r| r.line);
            return Err(LineError { line, problem: format!("more than {MAX_LINES} lines; split the file") });
        }
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                out.refuse(fault);
                continue;
            }
        };
        if let Some(c) = (0..kinds.len()).find(|c| kinds[*c].is_none() && !row.get(*c).is_empty()) {
            // Every line would repeat it.
            let problem = format!(
                "unknown field `{}` (column {}); remove the column, or name it as one of: {}",
                excerpt(&table.columns[c]),
                holdfast_input::table::letters(c),
                known.join(", ")
            );
            return Err(LineError { line: row.line, problem });
        }
        for c in (0..kinds.len()).filter(|c| kinds[*c] == Some(Kind::Id)) {
            ids[c].add(row.line, row.get(c));
        }
        match item(&table, &row, &kinds, options, &validate) {
            Ok(item) => {
                out.items.push(item);
                lines.push(row.line);
            }
            Err(fault) => out.refuse(fault),
        }
    }
    for (c, column) in ids.iter().enumerate() {
        check_column(&mut out, &mut lines, &table, c, column);
    }
    if out.items.is_empty() && out.refused == 0 {
        return Err(LineError { line: 2, problem: "there is nothing below the header".into() });
    }
    Ok(out)
}

/// Refuses lines whose ids lost digits, and warns of ids that may have lost zeros.
fn check_column<T>(out: &mut Imported<T>, lines: &mut Vec<u64>, table: &Table<'_>, c: usize, column: &IdColumn) {
    let name = &table.columns[c];
    if column.is_rounded() {
        for line in &column.rounded {
            let Ok(at) = lines.binary_search(line) else { continue };
            lines.remove(at);
            out.items.remove(at);
            let problem = "all long ids of this column end in zeros after 15 digits, as a spreadsheet leaves them; export them anew as text";
            out.refuse(Fault { line: *line, column: Some((name.clone(), c)), problem: problem.into() });
        }
    }
    if let Some((line, text, length)) = &column.short
        && column.zero_led > *length
    {
        out.warn(format!("line {line}: {name}: '{text}' is shorter than others that begin with zero; a spreadsheet may have removed zeros"));
    }
}

/// Reads records, and warns of phone and bank account numbers that look damaged.
///
/// # Errors
/// [`LineError`] when nothing of the file can be read.
pub fn read_records(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Imported<Record>, LineError> {
    let mut out = read(bytes, options, RECORD, Record::validate)?;
    let is_marked = |p: &str| p.starts_with(['+', '0', '(']);
    let marked = out.items.iter().filter_map(|r| r.phone.as_deref()).any(is_marked);
    let mut found = Vec::new();
    for record in &out.items {
        if let Some(phone) = record.phone.as_deref().filter(|p| marked && !is_marked(p)) {
            found.push(format!(
                "{} {}: phone '{}' begins with neither + nor 0 while others do; a spreadsheet may have removed it",
                record.kind.name(),
                record.id,
                excerpt(phone)
            ));
        }
        let account = record.fingerprint.as_deref().filter(|_| record.kind == crate::model::RecordKind::BankAccount);
        if let Some(fault) = account.and_then(cell::iban_fault) {
            found.push(format!("{} {}: fingerprint {fault}", record.kind.name(), record.id));
        }
    }
    for text in found {
        out.warn(text);
    }
    Ok(out)
}

/// Reads events, in the file's order.
///
/// # Errors
/// [`LineError`] when nothing of the file can be read.
pub fn read_events(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Imported<Event>, LineError> {
    read(bytes, options, EVENT, Event::validate)
}

/// Reads records from JSON Lines: one a line, in any encoding that [`encoding::decode`] reads.
///
/// # Errors
/// [`LineError`] when nothing of the file can be read.
pub fn read_json_records(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Imported<Record>, LineError> {
    read_json_lines(bytes, options, Record::validate)
}

/// Reads events from JSON Lines.
///
/// # Errors
/// As [`read_json_records`].
pub fn read_json_events(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Imported<Event>, LineError> {
    read_json_lines(bytes, options, Event::validate)
}

fn completion_ok(line: &CompletionLine) -> Result<(), Invalid> {
    text_ok("event", &line.event).and_then(|()| time_ok("time", line.time))
}

/// Reads completions of events, in the file's order.
///
/// # Errors
/// As [`read_json_records`].
pub fn read_completions(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Imported<CompletionLine>, LineError> {
    read(bytes, options, COMPLETION, completion_ok)
}

/// Reads completions of events from JSON Lines.
///
/// # Errors
/// As [`read_json_records`].
pub fn read_json_completions(bytes: &[u8], options: &ReadOptions<'_>) -> Result<Imported<CompletionLine>, LineError> {
    read_json_lines(bytes, options, completion_ok)
}

fn read_json_lines<T: DeserializeOwned>(
    bytes: &[u8],
    options: &ReadOptions<'_>,
    validate: impl Fn(&T) -> Result<(), Invalid>,
) -> Result<Imported<T>, LineError> {
    let first = |problem: String| LineError { line: 1, problem };
    let encoding = options.encoding.map(named).transpose().map_err(first)?;
    let decoded = encoding::decode(bytes, encoding).map_err(first)?;
    let mut out = Imported::new();
    if decoded.assumed {
        out.warn(ASSUMED.into());
    }
    for (line, text) in (1..).zip(decoded.text.lines()).filter(|(_, t)| !t.trim().is_empty()) {
        if out.items.len() as u64 + out.refused >= MAX_LINES as u64 {
            return Err(LineError { line, problem: format!("more than {MAX_LINES} lines; split the file") });
        }
        let fault = |problem: String| LineError { line, problem };
        let item = serde_json::from_str::<T>(text)
            .map_err(|e| fault(e.to_string().replace(" at line 1 column ", ", at character ")))
            .and_then(|item| validate(&item).map(|()| item).map_err(|e| fault(e.to_string())));
        match item {
            Ok(item) => out.items.push(item),
            Err(e) => out.refuse(e),
        }
    }
    Ok(out)
}

/// Reads records; all lines must be good.
///
/// # Errors
/// [`LineError`] names the line; nothing is taken then.
pub fn records(bytes: &[u8]) -> Result<Vec<Record>, LineError> {
    read_records(bytes, &ReadOptions::default())?.whole()
}

/// Reads events, in the file's order; all lines must be good.
///
/// # Errors
/// [`LineError`] names the line; nothing is taken then.
pub fn events(bytes: &[u8]) -> Result<Vec<Event>, LineError> {
    read_events(bytes, &ReadOptions::default())?.whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_and_faults_name_their_line() {
        let text = "kind,id,time,customer,country,flags,level,result\ncustomer,c1,1700000000,,DE,pep;vip,,\nkyc,k1,1700000000,c1,,,2,passed\n";
        let records = super::records(text.as_bytes()).unwrap();
        assert_eq!((records[0].flags.len(), records[1].level), (2, Some(2)));
        let events = super::events(b"kind,id,time,customer,asset,amount,counterparty\nwithdrawal,w,1700000000,c1,BTC,100000000000000000000,1abc\n");
        assert_eq!(events.unwrap()[0].amount.unwrap(), holdfast_types::Amount::new(100_000_000_000_000_000_000));
        for (bad, expected) in [
            ("kind,id,time\ncustomer,c,yesterday\n", "line 2: time"),
            ("kind,id,time,colour\ncustomer,c,1700000000,red\n", "line 2: unknown field `colour`"),
            ("kind,id,time\ncustomer,c,1700000000\nalien,c,1700000000\n", "line 3"),
            ("kind,id,time\ncustomer,c\n", "line 2"),
        ] {
            let error = super::records(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    fn read(text: &str) -> Imported<Record> {
        read_records(text.as_bytes(), &ReadOptions::default()).unwrap()
    }

    #[test]
    fn ids_that_a_spreadsheet_shortened_are_refused_and_the_other_lines_are_read() {
        let read = read(
            "kind;id;time;name\r\ncustomer;1,23457E+15;1700000000;Ann\r\ncustomer;1.23457E+15;1700000000;Bob\r\ncustomer;c3;1700000000;\"Eve; 3rd\"\r\n\
             customer;####;1700000000;Dan\r\ncustomer;1-Mar;1700000000;Dan\r\ncustomer;c4;#REF!;Dan\r\n",
        );
        assert_eq!(read.items.len(), 1);
        assert_eq!((read.items[0].id.as_str(), read.items[0].name.as_deref()), ("c3", Some("Eve; 3rd")));
        let places: Vec<&str> = read.faults.iter().map(|f| f.problem.split(": ").next().unwrap()).collect();
        assert_eq!(places, ["id (column B)", "id (column B)", "id (column B)", "id (column B)", "time (column C)"]);
        assert_eq!(read.faults.iter().map(|f| f.line).collect::<Vec<_>>(), [2, 3, 5, 6, 7]);
        assert!(read.faults.iter().take(4).all(|f| f.problem.contains("as text")), "{:?}", read.faults);
    }

    #[test]
    fn long_ids_that_a_spreadsheet_rounded_are_refused() {
        let rounded = "kind,id,time\ncustomer,1234567890123450000,1700000000\ncustomer,1234567890123460000,1700000000\ncustomer,7,1700000000\n";
        let found = read(rounded);
        assert_eq!((found.items.len(), found.refused), (1, 2));
        assert!(found.faults[0].to_string().starts_with("line 2: id (column B): all long ids"), "{:?}", found.faults);
        // One with other digits shows that none was rounded.
        let whole = rounded.replace("1234567890123460000", "1234567890123460001");
        assert_eq!(read(&whole).refused, 0);
    }

    #[test]
    fn times_and_amounts_are_read_where_they_have_one_reading() {
        let event = |amount: &str, time: &str, dates: DateOrder| {
            let text =
                format!("kind;id;time;customer;asset;amount;counterparty\nwithdrawal;w;{time};c1;BTC;{amount};1abc\n");
            let options = ReadOptions { dates, ..ReadOptions::default() };
            let mut read = read_events(text.as_bytes(), &options).unwrap();
            read.items
                .pop()
                .map(|e| (u128::try_from(e.amount.unwrap()).unwrap(), e.time.unix()))
                .ok_or_else(|| read.faults[0].to_string())
        };
        let unclear = DateOrder::Unambiguous;
        let noon = 1_774_440_000;
        assert_eq!(event("1.234.567", "25.03.2026 12:00", unclear), Ok((1_234_567, noon)));
        assert_eq!(event("1 000", "2026-03-25T12:00:00Z", unclear), Ok((1_000, noon)));
        assert_eq!(event("5", "3/4/2026", DateOrder::MonthFirst).unwrap().1, 1_772_582_400);
        assert_eq!(event("5", "3/4/2026", DateOrder::DayFirst).unwrap().1, 1_775_174_400);
        for (amount, time, expected) in [
            ("1,234", "1700000000", "line 2: amount (column F): '1,234' may be"),
            ("0.5", "1700000000", "line 2: amount (column F): '0.5' has a fraction"),
            ("5", "03/04/2026", "line 2: time (column C): '03/04/2026' is no date"),
            ("5", "2026-02-31", "line 2: time (column C): '2026-02-31' is no date"),
            ("5", "46106", "line 2: time (column C): '46106' may be the number of a day"),
        ] {
            let error = event(amount, time, unclear).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn lost_zeros_and_wrong_ibans_are_warned_of() {
        let found = read("kind,id,time,phone\ncustomer,00123,1700000000,+49171\ncustomer,124,1700000000,49171\n");
        assert_eq!((found.items.len(), found.warnings.len()), (2, 2), "{:?}", found.warnings);
        let found = read("kind,id,time,customer,fingerprint\nbank_account,b,1700000000,c,DE89370400440532013001\n");
        assert!(found.warnings[0].contains("IBAN"), "{:?}", found.warnings);
    }

    #[test]
    fn encodings_are_read_and_an_assumed_one_is_named() {
        let bytes = b"kind;id;time;name\ncustomer;c;1700000000;M\xfcller\n";
        let found = read_records(bytes, &ReadOptions::default()).unwrap();
        assert_eq!((found.items[0].name.as_deref(), found.warnings.len()), (Some("Müller"), 1));
        let utf16: Vec<u8> =
            "\u{feff}kind\tid\ttime\ncustomer\tc\t1700000000\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read_records(&utf16, &ReadOptions::default()).unwrap().items.len(), 1);
        let lines = b"\xef\xbb\xbf{\"kind\":\"customer\",\"id\":\"c\",\"time\":1700000000}\n\n{\"kind\":1}\n{}\n";
        let found = read_json_records(lines, &ReadOptions::default()).unwrap();
        assert_eq!((found.items.len(), found.faults.iter().map(|f| f.line).collect::<Vec<_>>()), (1, vec![3, 4]));
        for empty in [&b""[..], b"kind,id,time\n", b"a,b\n1,2\n"] {
            assert!(read_records(empty, &ReadOptions::default()).is_err());
        }
    }
}
