//! What is remembered of customers, on disk: a desk's memory is bounded, however many customers it has, and a start loads nothing.
//!
//! A [`Folder`] has the entries of the state ([`holdfast_customers::state::State`]) that are not in memory. [`Checkpoints`] hands changed entries over to it,
//! in the background and with their place in the desk's log, and at a start folds what the log has beyond that place. The log stays the record: a folder
//! that is missing, damaged, another desk's or of another engine is built anew from the database.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod checkpoints;
mod folder;
mod tail;

pub use checkpoints::{Checkpoints, Options};
pub use folder::{Checkpoint, Folder, FolderError, Place};
pub use tail::Outdated;
