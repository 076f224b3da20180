//! The transparency report as an answer.

use holdfast_state::answers::views;
use holdfast_types::{Seconds, Timestamp};
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
        #[schema(value_type = Option<i64>)]
        median_seconds: Option<Seconds>,
        /// Answered in time, of those answered.
        in_time: u64,
    }

    /// The report.
    #[schema(as = TransparencyReport)]
    Report of holdfast_cases::transparency::Report {
        /// From, Unix seconds.
        #[schema(value_type = i64)]
        from: Timestamp,
        /// To, exclusive.
        #[schema(value_type = i64)]
        to: Timestamp,
        /// By country and kind.
        lines: Vec<Line> = each,
        /// Everything together.
        total: Line = into,
    }
}
