//! Whole-chain figures of addresses and accounts: tables that were computed apart from the desk (on one machine or by Spark) and come back as columns,
//! sorted by the ledger's number of the address.
//!
//! ```text
//! CHAIN'S FOLDER/figures/statistics/
//!   current.json               names the folder that counts
//!   5d1c09.../head.json        block, input, columns with their hashes
//!   5d1c09.../key, received    one file a column, little-endian, read through memory maps
//! ```
//!
//! A snapshot is written whole beside the one that counts; renaming `current.json` swaps it in. Whoever reads the old one keeps it. Both JSON files carry
//! their hash; those of the columns are compared when a snapshot is written and by [`Snapshot::check`].

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod read;
mod write;

pub use read::{Row, Snapshot, names};
pub use write::{SnapshotWriter, Source};

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use utoipa::ToSchema;

/// Folder of all tables, in that of the chain.
const DIR: &str = "figures";
/// Layout; rises when files are laid out otherwise.
const FORMAT: u32 = 1;
const CURRENT: &str = "current.json";
const HEAD: &str = "head.json";
const KEY: &str = "key";
/// Most columns of a table.
const MAX_COLUMNS: usize = 256;

/// Why a table is not written or read.
#[derive(Debug, thiserror::Error)]
pub enum FiguresError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// A file is damaged, or of another version.
    #[error("{0}: {1}; install the table again with `holdfast-analytics install`")]
    File(PathBuf, String),
    /// Another process writes there.
    #[error("{0}: another process is installing a table here; wait until it ends")]
    Locked(PathBuf),
    /// Rows that cannot be stored.
    #[error("{0}")]
    Invalid(String),
}

impl FiguresError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |e| FiguresError::Io(path.to_owned(), e)
    }

    fn sealed(path: &Path) -> impl FnOnce(holdfast_columns::SealError) -> Self + '_ {
        move |e| match e {
            holdfast_columns::SealError::Io(e) => FiguresError::Io(path.to_owned(), e),
            e => FiguresError::File(path.to_owned(), e.to_string()),
        }
    }
}

/// The block that a table is as of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FiguresBlock)]
pub struct AsOf {
    /// Height.
    pub height: u64,
    /// Hash, as explorers print it.
    pub hash: String,
}

impl AsOf {
    /// Returns whether it is the block of a hash, with or without `0x`.
    #[must_use]
    pub fn is(&self, hash: &str) -> bool {
        self.hash.trim_start_matches("0x") == hash.trim_start_matches("0x")
    }
}

/// How wide the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Width {
    /// 64-bit integers.
    Long,
    /// 128-bit integers.
    Wide,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnHead {
    /// Name.
    pub name: String,
    /// Width.
    pub width: Width,
    /// SHA-256 of its file.
    pub sha256: String,
}

/// What a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Layout.
    pub format: u32,
    /// The table: what computed it.
    pub table: String,
    /// Version of what computed it.
    pub version: u32,
    /// Chain (CAIP-2).
    pub chain: String,
    /// The block that it is as of.
    pub as_of_block: AsOf,
    /// SHA-256 of the input that it was computed from.
    pub input: String,
    /// Rows.
    pub rows: u64,
    /// SHA-256 of the file of keys.
    pub keys: String,
    /// Columns.
    pub columns: Vec<ColumnHead>,
}

/// Which folder counts.
#[derive(Serialize, Deserialize)]
struct Current {
    folder: String,
}

/// Whether a name can be a file's here.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn sha256_of(path: &Path) -> Result<String, FiguresError> {
    let hashed = std::fs::File::open(path).and_then(holdfast_types::hash::sha256_of);
    hashed.map(|(hash, _)| hex::encode(hash)).map_err(FiguresError::io(path))
}
