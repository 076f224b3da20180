//! Decisions from outside the crate. One binary: each more would be compiled and linked by itself.

mod features;
mod flow;
mod lookalikes;
mod real_poisoning;
mod scores;
