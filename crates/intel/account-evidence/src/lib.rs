//! Evidence bundles of traces over account chains: what the other side's expert can recompute offline.
//!
//! A bundle of format 2 has the container of the first one (`holdfast_analysis::bundle`: a tar file, a manifest of hashes, a signature) and holds the
//! request, the ledgers' coverage, headers, transactions and receipts with the nodes of their tries, the transfers that the trace read, what accounts
//! held before them, attributions with their tags, links, what issuers did with the accounts, and the result. [`verify`] hashes headers again, checks every proof against their roots,
//! reads transfers and links out of logs with the functions that made the ledger, traces over nothing but the bundle's contents, and compares
//! the result byte by byte. What no root commits to is named and counted as a claim. See docs/evidence-bundles.md.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::too_many_lines))]

mod acts;
mod check;
mod claims;
mod contents;
mod error;
mod evm;
mod feed;
mod known;
mod make;
mod names;
mod nodes;
mod record;
mod report;
mod tron;
mod view;

pub use contents::{Backing, Basis, Join};
pub use error::EvidenceError;
pub use feed::{FeedBlocks, Origin, StoredHash, Watch};
pub use known::{Cleared, Known};
pub use make::{Acts, Blocks, ChainSource, ReadBlock, Request, make};
pub use report::{
    AssumedReport, BooksReport, CandidateReport, CrossingReport, EndReport, MovementReport, Report, TransferName,
};

use holdfast_analysis::bundle::{self, Verification};

/// Version of the layout of account traces' bundles.
pub const FORMAT: u32 = 2;

/// Verifies a bundle of either format: of the Bitcoin family (1) or of account chains (2). With `signer`, the signature must be by that key (hex). Reads
/// nothing but the bytes given.
#[must_use]
pub fn verify(bytes: &[u8], signer: Option<&str>) -> Verification {
    if bundle::format_of(bytes) != Some(FORMAT) {
        return bundle::verify(bytes, signer);
    }
    let mut v = Verification::default();
    let found = bundle::open(bytes, signer, FORMAT, &mut v).and_then(|files| {
        // What follows damage would only repeat it.
        if v.failures.is_empty() { check::contents(&files, &mut v) } else { Ok(()) }
    });
    v.failures.extend(found.err());
    v
}

/// Returns the result that a bundle of account chains states, without checking anything.
///
/// # Errors
/// A sentence that names what does not read.
pub fn stated_result(bytes: &[u8]) -> Result<Report, String> {
    let files = bundle::open(bytes, None, FORMAT, &mut Verification::default())?;
    bundle::parse("result.json", bundle::file(&files, "result.json")?)
}
