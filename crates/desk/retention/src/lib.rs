//! How long records are kept and by which law ([`policy`]), legal holds ([`hold`]), the erasure of a customer ([`erasure`]), and whether the
//! vault has what the database names ([`files`]).
//!
//! An erasure replaces what identifies a customer, in every table, by pseudonyms that nobody can turn back ([`pseudonym`]), so that amounts, decisions and the
//! log of inputs stay and can be replayed. It is proved by reading every row of every table and every file of the store again ([`scan`]).

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

pub mod erasure;
pub mod files;
pub mod hold;
pub mod policy;
pub mod pseudonym;
pub mod scan;
mod settle;
mod tables;
mod values;

use holdfast_documents::Vault;
use holdfast_screening::Screening;
use std::path::Path;

holdfast_screening::department_error! {
    /// Why a period, a legal hold or an erasure was refused or failed.
    RetentionError {}
}

/// Retention, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Retention<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Files of requests and cases; it lies in the store's folder, whose files the proof reads.
    pub vault: &'a Vault,
}

impl Retention<'_> {
    /// The folder of the store.
    fn store(&self) -> Option<&Path> {
        self.vault.folder().parent().filter(|folder| !folder.as_os_str().is_empty())
    }
}
