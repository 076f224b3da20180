//! The log of inputs as it is stored ([`log`]), what is built from the tables where it does not reach back ([`rebuild`]), and its readers
//! ([`LogReader`]): each folds the log from its beginning into a memory of its own and compares every decision with the stored one, byte for byte.
//!
//! The writer of the log is in `holdfast-screening`. What it decides is made [`durable`] in the log [`ahead`] of the tables, with all that follows from it,
//! while the writer decides the next events, then answered, and written to the tables [`behind`] its answers.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

pub mod ahead;
pub mod behind;
pub mod checkpoints;
pub mod durable;
pub mod log;
mod read_ahead;
mod reader;
pub mod rebuild;
mod tail;
pub mod writes;

pub use reader::{LogReader, MAX_PROBLEMS, OtherEngine, Replay};
