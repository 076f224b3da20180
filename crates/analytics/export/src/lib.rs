//! Ledgers, tags and clusters as Parquet files that any engine reads, by segment, with a manifest.
//!
//! Below a folder each chain has `chain=ID/table=NAME/segment=NNNNNN/part-HASH.parquet` and `manifest.json`. A segment is a run of whole blocks of about
//! 2^20 transactions; files are named after the SHA-256 of their bytes and never change. The manifest is written last, beside the old one and
//! renamed over it, so that a kill at any moment leaves a valid earlier export. The next export writes new segments, and those that a reorganization
//! changed. Tags and clusters, whose old rows change, are exported whole.
//!
//! Numbers of things are 64-bit integers in files, whatever they are inside. A writer holds one row group of [`GROUP_ROWS`] rows.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

pub mod accounts;
mod error;
mod export;
mod manifest;
pub mod outputs;
mod read;
mod table;
mod whole;
mod write;

pub use error::ExportError;
pub use export::{Options, Progress, Report, SEGMENT_TXS, StoredChain, chain_dir, export, export_outputs};
pub use manifest::{AsOf, FORMAT, MANIFEST, Manifest, Model, Segment, SegmentPart, Whole, replace};
pub use read::{TableReader, verify};
pub use table::{Cell, Column, DECIMAL_MAX, Field, GROUP_ROWS, Kind, Table};
pub use whole::{CLUSTERS, TAGS};
pub use write::{FileEntry, TableWriter};
