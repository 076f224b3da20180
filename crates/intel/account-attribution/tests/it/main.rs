//! Accounts: kinds of contract, clusters and entities, on hand-made chains, the simulated economy and real data.

mod built;
mod clusters;
mod economy;
mod entities;
mod kinds;
mod random;
#[path = "../../../../chain/evm/tests/it/real_files.rs"]
mod real_files;
mod sample;
