//! Decisions from outside the crate. One binary: each more would be compiled and linked by itself.

mod features;
mod lookalikes;
mod real_poisoning;
