//! What a chain tells of a transfer, for decisions: [`facts::chain_facts`] fills in [`holdfast_decision::ChainFacts`]. Nothing here is stored.

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

mod account_facts;
mod behind;
mod facts;
mod issuer_facts;
mod reconcile;

pub use facts::{address_facts, address_facts_on, chain_facts};
