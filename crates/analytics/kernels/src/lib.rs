//! Whole-chain analytics: kernels over segments of an export ([`holdfast_analytics_export`]), and what joins their results.
//!
//! A kernel reads a segment's Parquet files and writes one more; it needs the memory of one segment. Results of segments join exactly: measures are sums,
//! least and greatest values, and distinct transactions and blocks are counted within segments, which hold whole blocks; forests of addresses that
//! spend together join in order to what one pass gives. Whoever schedules kernels (threads of this program, tasks of Spark) may therefore run them
//! anywhere, in any order, and again after a failure.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod account_kernels;
pub mod digest;
mod finish;
pub mod forest;
pub mod input;
mod install;
pub mod measures;
pub mod output_kernels;
pub mod run;
pub mod spec;

pub use digest::{ColumnDigest, Digests};
pub use install::{InstallError, install};
pub use run::{Outcome, Partial, Places, merge, run};
pub use spec::Kernel;
