//! What all readers of chains share: the HTTP interface of nodes ([`Client`]), why a node does not answer ([`NodeError`]), and what is wrong with a
//! block ([`BlockError`]). It knows no chain.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_wrap, clippy::cast_sign_loss, clippy::cast_lossless, clippy::cast_possible_truncation)]
#![cfg_attr(
    test,
    allow(clippy::too_many_lines, clippy::cast_possible_wrap, clippy::cast_lossless, clippy::cast_possible_truncation)
)]

mod block_error;
mod client;
mod node_error;

pub use block_error::{BlockError, Problem, equal, parse};
pub use client::{Answer, Client, Limits};
pub use node_error::{NodeError, fault, result};
