//! Exports and kernels, against the ledgers that they are of.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, missing_docs)]

#[path = "../../../../chain/account-ledger/tests/it/common/mod.rs"]
mod account_histories;
mod accounts;
mod export;
mod install;
mod kernels;
mod kill;
mod models;
mod peers;
mod simulated;
mod wide;
