//! The ledger of outputs: real blocks, damage and readers beside a writer. One binary: each more would be compiled and linked by itself.

mod damage;
mod overwritten;
mod real_blocks;
