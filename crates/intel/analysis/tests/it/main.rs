//! Traces and exposures over simulated ledgers. One binary: each more would be compiled and linked by itself.

mod conservation;
mod histories;
mod ledger;
