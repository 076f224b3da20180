//! An account chain of a store. One binary: each more would be compiled and linked by itself.

mod account_evidence;
mod account_traces;
mod accounts;
mod beside;
mod beside_kill;
mod blocks;
mod follow;
mod tron;
