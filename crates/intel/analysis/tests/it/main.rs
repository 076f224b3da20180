//! Traces and exposures over simulated ledgers. One binary: each more would be compiled and linked by itself.

mod account_chain;
mod account_exposure;
mod account_ledger;
mod accounts;
mod conservation;
mod histories;
mod ledger;
mod links;
