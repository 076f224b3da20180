//! Suggested tags of accounts: what a learned model of the purpose `account-phishing` says of an address, for a person to accept or reject.
//!
//! - [`Histories`] reads accounts' own transactions as explorers export them, and [`train`] makes a model of them.
//! - [`train_on_ledger`] makes one of addresses of a ledger that somebody labelled, with the payments around them.
//! - [`score_histories`] says how good a model is on labelled accounts that it never saw.
//! - [`payments`] reads an account's payments from a ledger, within bounds; [`look`] scores them. Training and looking use one function for features,
//!   [`holdfast_models::accounts::payments_features`].
//! - [`Suggestions`] stores what was suggested, and what a person said of it. A suggestion is no tag: nothing counts it in exposure. Whoever accepts one states
//!   a tag of the desk's own, with the model as its source.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod error;
mod histories;
mod labelled;
mod ledger;
mod pass;
mod score;
mod service;
mod train;
mod whole_chain;

pub use error::SuggestError;
pub use histories::{AmountUnit, Histories, MAX_ACCOUNTS, MAX_HISTORY};
pub use labelled::{LedgerRequest, LedgerTraining, MAX_LABELLED, train_on_ledger};
pub use ledger::{MAX_POSTINGS, NotLooked, Payments, StoredChain, payments};
pub use pass::{Found, Looked, MAX_PASS, MAX_PASS_POSTINGS, candidates, look};
pub use score::{ScoredAccount, ScoredHistories, score_histories};
pub use service::{CATEGORY, Explained, MAX_PASS_BLOCKS, Pass, PassReport, Suggestions, tag_of};
pub use train::{AccountPlan, AccountTraining, Counts, train};
