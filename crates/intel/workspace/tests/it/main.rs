//! Snapshots of the chain with tags, clusters and exposures. One binary: each more would be compiled and linked by itself.

mod account_evidence;
mod account_traces;
mod accounts;
mod beside;
mod beside_kill;
mod exposures;
mod follow;
mod histories;
mod lookup;
mod snapshots;
mod tron;
