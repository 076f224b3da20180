//! Snapshots of the chain with tags, clusters and exposures. One binary: each more would be compiled and linked by itself.

mod exposures;
mod histories;
mod lookup;
mod snapshots;
