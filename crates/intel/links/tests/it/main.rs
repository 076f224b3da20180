//! Links of real blocks, of real bridges and of the simulated economy.

mod gateway;
mod nomad;
mod real_blocks;
mod real_logs;
mod recorded;
mod ronin;
#[allow(dead_code, reason = "shared with the tests of the crate that reads blocks")]
#[path = "../../../../chain/evm/tests/it/samples.rs"]
mod samples;
mod sides;
mod simulated;
mod store;
mod traces;
mod tron;
#[path = "../../../../chain/tron/tests/common/mod.rs"]
mod tron_blocks;

/// Where further real data is.
mod real_files {
    pub use crate::tron_blocks::accounts;
}
