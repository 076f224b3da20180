//! Suggested tags over a ledger and a desk, on both databases.

mod passes;
mod real_accounts;
