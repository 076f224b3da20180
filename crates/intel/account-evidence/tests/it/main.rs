//! Bundles of traces over the simulated economy and over made blocks of Tron.

mod economy;
mod simulated;
mod tron;
#[path = "../../../../chain/tron/tests/common/mod.rs"]
mod tron_blocks;
