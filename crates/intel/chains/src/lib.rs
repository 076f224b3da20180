//! All chains of a store together: those of the Bitcoin family and account chains.
//!
//! - [`chains`]: opening them, which chain a text or an asset is of, searching all of them.
//! - [`store_tags`]: the tags of a store that has account chains alone.

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

pub mod chains;
pub mod store_tags;

pub use chains::{Chains, ChainsError, OpenChains, open_accounts, open_chains, pick_accounts};
pub use store_tags::StoreTags;
