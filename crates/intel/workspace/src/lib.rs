//! The workspace of a chain of the Bitcoin family: its ledger with tags, clusters and exposures, in one consistent state, and all queries over them.
//!
//! - [`workspace`]: opening, bringing up to date, saving, snapshots.
//! - [`chain_handle`]: one builder changes a workspace, readers hold the snapshot that was published last.
//! - [`queries`], [`traces`], [`lookup`]: the questions; [`reports`]: the answers.
//! - [`touched`]: the addresses and transactions that a change touches.
//! - [`chain_queries`]: what the desk needs from a chain of any family; [`asset_view`], [`freeze_view`]: what it tells of account chains.
//! - [`account_chains`]: which account chains a store has.

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

pub mod account_chains;
pub mod asset_view;
pub mod chain_handle;
pub mod chain_queries;
pub mod error;
pub mod freeze_view;
pub mod lookup;
pub mod queries;
pub mod reports;
pub mod touched;
pub mod traces;
pub mod workspace;

pub use chain_handle::{ChainHandle, ChangeError};
pub use chain_queries::{ChainCoverage, ChainExposure, ChainQueries, CoveredChain, Payment};
pub use error::WorkspaceError;
pub use lookup::Lookup;
pub use reports::{
    AddressReport, BlockReport, EntityView, ExplainReport, ExplainStep, ExposureLine, ExposureView, PAGE, PathReport,
    PathStep, Receipt, Subject, Summary, TagList, TagRow, TagView, TraceRequest, TxReport, TxSide, UnknownInputs,
};
pub use touched::Touched;
pub use workspace::{Snapshot, Workspace};
