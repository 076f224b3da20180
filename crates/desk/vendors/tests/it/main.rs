//! Other providers, asked and answered. One binary: each more would be compiled and linked by itself.

mod bodies;
mod providers;
