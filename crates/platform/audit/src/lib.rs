//! The audit log, whose entries are chained by hashes, and its anchors: signed heads in a file beside the database.
//!
//! **Invariants.** An entry's hash covers its content and the hash before it. The formats are released: they do not change.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

pub mod anchors;
mod log;

pub use anchors::{Anchor, AnchorError, Anchors};
pub use log::{COLUMNS, Chain, Entry, Filter, GENESIS, digest, entries, find, hash, hash_of, newest};
