//! What is remembered of customers, on disk: a desk's memory is bounded, however many customers it has, and a start loads nothing.
//!
//! A [`Folder`] has the entries of the state ([`holdfast_customers::state::State`]) that are not in memory, and the place in the desk's log up to which they go
//! ([`Checkpoint`]). When checkpoints are made, and how a start goes on from one, is in `holdfast-event-log`.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod folder;

pub use folder::{Checkpoint, FORMAT, Folder, FolderError, Pending, Place};
