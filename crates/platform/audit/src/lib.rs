//! The audit log, whose entries are chained by hashes, and its anchors: signed heads in a file beside the database.
//!
//! **Invariants.** An entry's hash covers its content and the hash before it. The formats are released: they do not change.

pub mod anchors;
mod log;

pub use anchors::{Anchor, AnchorError, Anchors};
pub use log::{Chain, Entry, GENESIS, digest, entries, hash, hash_of};
