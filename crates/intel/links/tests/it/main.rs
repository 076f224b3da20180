//! Links of real blocks, of real bridges and of the simulated economy.

mod nomad;
mod real_blocks;
#[path = "../../../../chain/evm/tests/it/real_files.rs"]
mod real_files;
mod ronin;
#[allow(dead_code, reason = "shared with the tests of the crate that reads blocks")]
#[path = "../../../../chain/evm/tests/it/samples.rs"]
mod samples;
mod sides;
mod simulated;
mod store;
mod traces;
