//! Where money went and came from: taint, paths, peel chains, exposure, evidence bundles and their verifier.

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

pub mod accounts;
pub mod bundle;
mod engine;
pub mod exposure;
mod huge;
pub mod links;
mod marks;
pub mod paths;
pub mod render;
pub mod report;
pub mod trace;
pub mod view;

pub use exposure::{Exposures, Totals};
pub use report::TraceReport;
pub use trace::{Bounds, Direction, End, EndKind, Policy, Trace, TraceError, TraceOptions, trace};
pub use view::{LedgerView, View};
