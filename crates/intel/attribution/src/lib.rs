//! Who controls what: tags, sanctions, taxonomy, clustering and its evidence.

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

pub mod accuracy;
pub mod categories;
pub mod change;
pub mod clean;
pub mod cluster;
pub mod coinjoin;
pub mod entities;
pub mod import;
pub mod labels;
pub mod nobody;
pub mod own;
pub mod ownerless;
mod sanctions;
pub mod sdn;
pub mod sealed;
pub mod tagpack;
pub mod tags;
pub mod taxonomy;
pub mod tlp;

pub use categories::{Categories, CategoryOf};
pub use change::{ChangeHeuristic, ChangeRule};
pub use cluster::{ClusterOptions, Clusters, Merge};
pub use coinjoin::{Coinjoin, CoinjoinSet};
pub use entities::Entities;
pub use ownerless::Ownerless;
pub use tags::{Actor, Confidence, Tag, TagStore};
pub use taxonomy::{Category, Risk};
pub use tlp::Tlp;
