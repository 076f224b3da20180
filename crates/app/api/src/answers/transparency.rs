//! The transparency report as an answer.

use crate::answers::views;
use serde::Serialize;
use utoipa::ToSchema;

views! {
    /// Requests of one country and kind.
    #[schema(as = TransparencyRow)]
    Line of holdfast_cases::transparency::Line {
        /// ISO 3166-1 alpha-2.
        country: String,
        /// Kind.
        kind: String,
        /// Requests that came.
        received: u64,
        /// Answered wholly.
        granted: u64,
        /// Answered in part.
        partly: u64,
        /// Refused.
        refused: u64,
        /// Found to be forged.
        forged: u64,
        /// Not answered yet.
        open: u64,
        /// Median time to answer, seconds.
        median_seconds: Option<i64>,
        /// Answered in time, of those answered.
        in_time: u64,
    }

    /// The report.
    #[schema(as = TransparencyReport)]
    Report of holdfast_cases::transparency::Report {
        /// From, Unix seconds.
        from: i64,
        /// To, exclusive.
        to: i64,
        /// By country and kind.
        lines: Vec<Line> = each,
        /// Everything together.
        total: Line = into,
    }
}
