//! Documents: the vault of files by their SHA-256 ([`Vault`]), media types checked by the bytes ([`check_type`]), PDF ([`pdf`]), and
//! QR codes ([`qr`]).
//!
//! **Invariants.** A file in the vault is whole, durable before its hash is returned, and never changed. The same parts at the same time give the
//! same bytes of PDF.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

pub mod pdf;
pub mod qr;
mod typeset;
mod vault;

pub use vault::{MAX_FILE_BYTES, MEDIA_TYPES, Vault, check_type, is_sha256, sha256};

use holdfast_store::StoreError;
use holdfast_types::Invalid;
use std::path::PathBuf;

/// Why a document was not stored, read or written.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A field of what was given.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The operating system refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the vault has another SHA-256 than its name.
    #[error("{0} was changed; restore it from a backup")]
    Changed(PathBuf),
    /// A PDF is too long, or the writer failed.
    #[error("PDF: {0}")]
    Pdf(String),
    /// A text is too long for a QR code.
    #[error("QR code: {0}")]
    Qr(String),
}
