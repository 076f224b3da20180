//! Blocks from files and from a real node into an account ledger.

#[path = "../../../evm/tests/it/local_node.rs"]
#[allow(dead_code)]
mod local_node;

mod anvil;
mod files;
mod recorded;
