//! Learned models of a desk as they are stored.
//!
//! - The registry ([`add`], [`step`], [`list`]): a model is a draft, then in shadow, then perhaps champion of its purpose, at last retired. Two different
//!   people make a champion. Every step is in the audit log.
//! - What is in force ([`in_force`], [`load`]) goes into decisions by an input of the log, so that a replay scores as was scored.
//! - Suggested tags ([`suggest`], [`settle`]): what a model says of an address, for a person to accept or reject; no tag, and read by nothing else.
//! - What leaves the desk is signed ([`ModelSignature`]).
//! - [`Check`] computes stored scores again from stored rows and files.
//!
//! It knows the database and no department above: `holdfast-screening` calls it within its transactions.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod error;
mod peers;
mod registry;
mod signature;
mod stored;
mod suggestions;

pub use error::LearnedError;
pub use peers::{Peer, from_peer};
pub use registry::{Entry, MAX_IN_SHADOW, MAX_MODELS, ModelState, Step, add, entry, list, purpose_of, step};
pub use signature::ModelSignature;
pub use stored::{Check, SCHEMA, in_force, load, model, row_of, written};
pub use suggestions::{
    Decided, MAX_OPEN_SUGGESTIONS, MAX_SUGGESTIONS_PAGE, NewSuggestion, Stored, Suggestion, SuggestionState, decided,
    open, settle, suggest, suggestion, suggestions,
};
