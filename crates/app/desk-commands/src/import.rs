//! Files of records and events for commands: JSON Lines or tables, what is wrong with them listed line by line.

use crate::answer::Fields;
use crate::running::Reach;
use crate::screen::read_file;
use anyhow::{Context, bail};
use clap::Args;
use holdfast_decision::completion::CompletionLine;
use holdfast_decision::tables::{self, Imported, MAX_LISTED, ReadOptions};
use holdfast_decision::{Event, Record};
use holdfast_input::time::DateOrder;
use serde_json::Value;
use std::path::Path;

/// Options for reading tables.
#[derive(Args, Clone, Debug, Default)]
pub struct Reading {
    /// Order of day and month in dates such as 3/4/2026 (dmy or mdy); without it such dates are refused.
    #[arg(long, value_name = "dmy|mdy")]
    pub dates: Option<DateOrder>,
    /// Encoding of files that are neither UTF-8 nor UTF-16, such as windows-1250; by default windows-1252.
    #[arg(long)]
    pub encoding: Option<String>,
}

impl Reading {
    fn options(&self) -> ReadOptions<'_> {
        ReadOptions { dates: self.dates.unwrap_or_default(), encoding: self.encoding.as_deref() }
    }
}

/// Faults of the files of a command.
#[derive(Default)]
pub struct Done {
    /// Lines that could not be read.
    pub refused: u64,
    /// Faults, with file, line and column.
    pub faults: Vec<String>,
    /// Assumptions and doubts.
    pub warnings: Vec<String>,
}

impl Done {
    /// Prints the faults of a file to standard error.
    fn note<T>(&mut self, path: &Path, read: &Imported<T>) {
        let path = path.display();
        for warning in &read.warnings {
            eprintln!("{path}: warning: {warning}");
            self.warnings.push(format!("{path}: {warning}"));
        }
        for fault in &read.faults {
            eprintln!("{path}: {fault}");
            self.faults.push(format!("{path}: {fault}"));
        }
        if read.refused > MAX_LISTED as u64 {
            eprintln!("{path}: {} more lines were refused", read.refused - MAX_LISTED as u64);
        }
        self.refused += read.refused;
    }

    /// The command's result: an error when lines were refused.
    pub fn result(&self) -> anyhow::Result<()> {
        match self.refused {
            0 => Ok(()),
            1 => bail!("1 line was refused; correct it and import the file again"),
            n => bail!("{n} lines were refused; correct them and import the file again"),
        }
    }
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|e| ["csv", "tsv", "tab"].iter().any(|t| e.eq_ignore_ascii_case(t)))
}

/// Imports the records of a file; returns how many.
pub fn import_records(
    reach: &Reach,
    path: &Path,
    reading: &Reading,
    actor: &str,
    done: &mut Done,
) -> anyhow::Result<u64> {
    let bytes = read_file(path)?;
    let read = if is_table(path) { tables::read_records } else { tables::read_json_records };
    let read = read(&bytes, &reading.options()).with_context(|| path.display().to_string())?;
    done.note(path, &read);
    let mut taken = 0;
    for part in read.items.chunks(10_000) {
        taken += store(reach, part, actor).with_context(|| path.display().to_string())?;
    }
    Ok(taken)
}

/// Stores records; returns how many.
fn store(reach: &Reach, records: &[Record], actor: &str) -> anyhow::Result<u64> {
    match reach {
        Reach::Here(screening) => Ok(screening.ingest(records.to_vec(), actor)?),
        Reach::There(client) => {
            let answer: Value = client.post("/api/v1/records").json(&records).fetch()?;
            Ok(answer.count("taken"))
        }
    }
}

/// Reads the events of a file, in its order.
pub fn read_events(path: &Path, reading: &Reading, done: &mut Done) -> anyhow::Result<Vec<Event>> {
    let bytes = read_file(path)?;
    let read = if is_table(path) { tables::read_events } else { tables::read_json_events };
    let read = read(&bytes, &reading.options()).with_context(|| path.display().to_string())?;
    done.note(path, &read);
    Ok(read.items)
}

/// Reads JSON Lines; every line must be good.
pub fn json_lines<T: serde::de::DeserializeOwned>(path: &Path, bytes: &[u8]) -> anyhow::Result<Vec<T>> {
    let mut out = Vec::new();
    for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if !line.iter().all(u8::is_ascii_whitespace) {
            out.push(serde_json::from_slice(line).with_context(|| format!("{}: line {}", path.display(), i + 1))?);
        }
    }
    Ok(out)
}

/// Reads the completions of events in a file, in its order.
pub fn read_completions(path: &Path, reading: &Reading, done: &mut Done) -> anyhow::Result<Vec<CompletionLine>> {
    let bytes = read_file(path)?;
    let read = if is_table(path) { tables::read_completions } else { tables::read_json_completions };
    let read = read(&bytes, &reading.options()).with_context(|| path.display().to_string())?;
    done.note(path, &read);
    Ok(read.items)
}
