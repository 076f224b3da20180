//! Blocks of EVM chains: real data and a real node. One binary: each more would be compiled and linked by itself.

mod anvil;
mod ledger;
mod local_node;
mod real_data;
mod real_files;
mod samples;
