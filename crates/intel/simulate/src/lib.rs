//! Synthetic economies with ground truth, written as node files.
//!
//! [`Economy`] plays users, exchanges, merchants, miners, mixers, coinjoins, ransomware and hacks from a seed and hands out finished
//! blocks together with who owns every output and which output is change. [`files`] writes that as `blk*.dat`, `rev*.dat` and CSV.
//! Blocks have real hashes, merkle roots, links and regtest proof of work; signatures are filler of real size, so a validating
//! node would refuse them, while every parser and heuristic sees what it sees on a real chain.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(
    test,
    allow(
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::cast_lossless
    )
)]

pub mod build;
pub mod economy;
pub mod exchange;
pub mod files;
pub mod hand;
pub mod history;
pub mod random;

pub use economy::{Economy, Options, OwnerKind, SimBlock, TxKind, TxTruth};
