//! What an explorer of the money's graph asks, on chains of outputs and on account chains alike: [`reports`] are the answers. Every list is bounded,
//! and what it leaves out is counted and summed, so that what is drawn and what is not are together what the ledger has.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]

pub mod reports;
