//! Where money went and came from: taint, paths, peel chains, exposure, evidence bundles and their verifier.

pub mod bundle;
pub mod exposure;
mod huge;
pub mod paths;
pub mod render;
pub mod report;
pub mod trace;
pub mod view;

pub use exposure::{Exposures, Totals};
pub use report::TraceReport;
pub use trace::{Bounds, Direction, End, EndKind, Policy, Trace, TraceError, TraceOptions, trace};
pub use view::{LedgerView, View};
