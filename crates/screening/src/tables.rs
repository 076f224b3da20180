//! Records and events from CSV: one header line with the fields' names, one line each.

use crate::model::{Event, Invalid, Record};
use serde_json::{Map, Value};

/// Most lines of one file.
pub const MAX_LINES: usize = 1_000_000;

/// A line that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// From 1, the header included.
    pub line: u64,
    /// Field, what is wrong, and how to mend it.
    pub problem: String,
}

/// Fields that are numbers or truths in JSON.
const NUMBERS: [&str; 8] = ["time", "birth_year", "created", "level", "value", "output", "confirmations", "seq"];
const TRUTHS: [&str; 1] = ["third_party"];

fn read<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
    validate: impl Fn(&T) -> Result<(), Invalid>,
) -> Result<Vec<T>, LineError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|e| LineError { line: 1, problem: e.to_string() })?.clone();
    let mut out = Vec::new();
    for row in reader.records() {
        let row =
            row.map_err(|e| LineError { line: e.position().map_or(0, csv::Position::line), problem: e.to_string() })?;
        let line = row.position().map_or(0, csv::Position::line);
        let fault = |problem: String| LineError { line, problem };
        if out.len() >= MAX_LINES {
            return Err(fault(format!("more than {MAX_LINES} lines; split the file")));
        }
        let mut object = Map::new();
        for (name, text) in header.iter().zip(row.iter()).filter(|(_, t)| !t.is_empty()) {
            let value = if NUMBERS.contains(&name) {
                text.parse::<i64>()
                    .map(Value::from)
                    .map_err(|_| fault(format!("{name}: '{text}' is no whole number")))?
            } else if TRUTHS.contains(&name) {
                text.parse::<bool>()
                    .map(Value::from)
                    .map_err(|_| fault(format!("{name}: '{text}' is neither true nor false")))?
            } else if name == "flags" {
                Value::from(text.split([' ', ';']).filter(|f| !f.is_empty()).collect::<Vec<_>>())
            } else {
                Value::from(text)
            };
            object.insert(name.to_owned(), value);
        }
        let item: T = serde_json::from_value(Value::Object(object)).map_err(|e| fault(e.to_string()))?;
        validate(&item).map_err(|e| fault(e.to_string()))?;
        out.push(item);
    }
    Ok(out)
}

/// Records.
///
/// # Errors
/// [`LineError`] names the line; nothing is taken then.
pub fn records(bytes: &[u8]) -> Result<Vec<Record>, LineError> {
    read(bytes, Record::validate)
}

/// Events, in the file's order.
///
/// # Errors
/// [`LineError`] names the line; nothing is taken then.
pub fn events(bytes: &[u8]) -> Result<Vec<Event>, LineError> {
    read(bytes, Event::validate)
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_read_and_faults_name_their_line() {
        let text = "kind,id,time,customer,country,flags,level,result\ncustomer,c1,1700000000,,DE,pep;vip,,\nkyc,k1,1700000000,c1,,,2,passed\n";
        let records = super::records(text.as_bytes()).unwrap();
        assert_eq!((records[0].flags.len(), records[1].level), (2, Some(2)));
        let events = super::events(b"kind,id,time,customer,asset,amount,counterparty\nwithdrawal,w,1700000000,c1,BTC,100000000000000000000,1abc\n");
        assert_eq!(events.unwrap()[0].amount.unwrap().0, 100_000_000_000_000_000_000);
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
}
