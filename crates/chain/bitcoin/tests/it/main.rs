//! Real blocks and a node. One binary: each more would be compiled and linked by itself.

mod node;
mod real_blocks;
