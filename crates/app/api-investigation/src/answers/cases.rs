//! Answers about cases, reports and recommendations.

use holdfast_cases::case::{CaseState, ItemKind, Role};
use holdfast_cases::recommend::{Proposal, RecommendationState, Team};
use holdfast_cases::reports::{Body, Kind, ReportState};
use holdfast_state::answers::views;
use holdfast_types::Timestamp;
use holdfast_types::ids::{CaseId, CaseItemId, RecommendationId, ReportId};
use holdfast_workspace::CoveredChain;
use serde::Serialize;
use utoipa::ToSchema;

views! {
    /// A case.
    Case of holdfast_cases::case::Case {
        /// Number.
        #[schema(value_type = u64)]
        id: CaseId,
        /// Title.
        title: String,
        /// What it is about.
        summary: String,
        /// open or closed.
        state: CaseState,
        /// Typology.
        typology: Option<String>,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Who opened it.
        created_by: String,
        /// When it was closed.
        #[schema(value_type = Option<i64>)]
        closed: Option<Timestamp>,
        /// Reason.
        closed_reason: Option<String>,
    }

    /// Who works on a case.
    #[schema(as = CaseMember)]
    Member of holdfast_cases::case::Member {
        /// Name.
        person: String,
        /// lead, member or viewer.
        #[schema(value_type = Role)]
        role: String,
    }

    /// An item of a case.
    #[schema(as = CaseItem)]
    Item of holdfast_cases::case::Item {
        /// Number.
        #[schema(value_type = u64)]
        id: CaseItemId,
        /// What it is.
        #[schema(value_type = ItemKind)]
        kind: String,
        /// Canonical value: customer, address, transaction id, number, SHA-256.
        key: String,
        /// Title, or the text of a note.
        title: String,
        /// More, by kind.
        #[schema(value_type = serde_json::Value)]
        body: serde_json::Value,
        /// When it happened, Unix seconds.
        #[schema(value_type = Option<i64>)]
        happened: Option<Timestamp>,
        /// When it was added.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Who added it.
        created_by: String,
        /// Tasks: who does it.
        assignee: Option<String>,
        /// Tasks: due time, Unix seconds.
        #[schema(value_type = Option<i64>)]
        due: Option<Timestamp>,
        /// Tasks: when it was done, Unix seconds.
        #[schema(value_type = Option<i64>)]
        done: Option<Timestamp>,
        /// Why it was withdrawn; withdrawn items stay.
        withdrawn: Option<String>,
        /// Exhibits: chain of custody.
        custody: Vec<Custody> = each,
    }

    /// An entry of an exhibit's custody record.
    Custody of holdfast_cases::case::Custody {
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Who had it.
        person: String,
        /// received, moved, examined, returned, destroyed.
        action: String,
        /// Where.
        place: String,
        /// What was done.
        note: String,
        /// SHA-256 of its content then.
        sha256: Option<String>,
    }

    /// A case with all that belongs to it.
    CaseFile of holdfast_cases::case::CaseFile {
        /// The case.
        case: Case = into,
        /// Who works on it.
        members: Vec<Member> = each,
        /// What belongs to it.
        items: Vec<Item> = each,
        /// Cases that share a subject, address, transaction or cluster with it.
        links: Vec<Link> = each,
        /// Chains on which its addresses were looked up.
        coverage: Vec<CoveredChain>,
        /// Its addresses that are of no chain here, and were not looked up.
        uncovered: Vec<String>,
        /// What happened when, oldest first.
        timeline: Vec<TimelineEntry> = each,
    }

    /// Something that happened.
    TimelineEntry of holdfast_cases::case::TimelineEntry {
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// What.
        what: String,
    }

    /// Another case that shares something.
    #[schema(as = CaseLink)]
    Link of holdfast_cases::case::Link {
        /// The other case.
        #[schema(value_type = u64)]
        case: CaseId,
        /// Its title, where one may read it.
        title: Option<String>,
        /// What is shared, and how.
        because: Vec<String>,
    }

    /// Something that a search found.
    #[schema(as = SearchHit)]
    Hit of holdfast_cases::case::Hit {
        /// case or request.
        kind: String,
        /// Its number or id.
        id: String,
        /// Title.
        title: String,
    }

    /// A report in a version.
    Report of holdfast_cases::reports::Report {
        /// Number.
        #[schema(value_type = u64)]
        id: ReportId,
        /// Case.
        #[schema(value_type = u64)]
        case: CaseId,
        /// goaml or fincen-sar.
        kind: Kind,
        /// Raised with every revision.
        version: u32,
        /// draft, approved, exported.
        state: ReportState,
        /// Content.
        body: Body,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Who wrote this version.
        created_by: String,
        /// Who approved it.
        approved_by: Option<String>,
        /// SHA-256 of the XML that was exported.
        sha256: Option<String>,
        /// When.
        #[schema(value_type = Option<i64>)]
        exported: Option<Timestamp>,
    }

    /// What several cases have in common.
    #[schema(as = CaseFinding)]
    Finding of holdfast_cases::recommend::Finding {
        /// Typology of the cases.
        typology: String,
        /// The team that it is for most likely.
        team: Team,
        /// The cases.
        #[schema(value_type = Vec<u64>)]
        cases: Vec<CaseId>,
        /// Customers in them.
        subjects: u64,
        /// Recommendations made about it.
        #[schema(value_type = Vec<u64>)]
        recommendations: Vec<RecommendationId>,
    }

    /// What a change would have done.
    Effect of holdfast_cases::recommend::Effect {
        /// Events replayed.
        events: u64,
        /// Events decided otherwise.
        changed: u64,
        /// Cases of the typology with a customer of whom an event would be decided more strictly.
        #[schema(value_type = Vec<u64>)]
        cases_stopped: Vec<CaseId>,
        /// Customers decided more strictly who are in no such case: what the change costs.
        others: u64,
    }

    /// A recommendation.
    Recommendation of holdfast_cases::recommend::Recommendation {
        /// Number.
        #[schema(value_type = u64)]
        id: RecommendationId,
        /// The proposal.
        proposal: Proposal,
        /// Cases that it rests on.
        #[schema(value_type = Vec<u64>)]
        cases: Vec<CaseId>,
        /// What the change would have done.
        effect: Option<Effect> = some,
        /// proposed, accepted, declined, done.
        state: RecommendationState,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Who proposed it.
        created_by: String,
        /// Who changed its state last, and when.
        changed_by: String,
        /// When.
        #[schema(value_type = i64)]
        changed: Timestamp,
        /// Comment of that change.
        note: String,
    }
}
