//! Tags and clusters. One binary: each more would be compiled and linked by itself.

mod bundled_tags;
mod clusters;
mod common;
mod histories;
mod labels;
mod ownerless;
