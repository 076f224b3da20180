//! Suggested tags over a ledger and a desk, on both databases.

mod labelled;
mod passes;
mod real_accounts;
