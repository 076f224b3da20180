//! Answers about communities, sources and flags.

use holdfast_decision::flags::Flag;
use holdfast_sharing::Tlp;
use holdfast_sharing::community::MemberState;
use holdfast_sharing::sources::{Kind, SourceState};
use holdfast_state::answers::views;
use holdfast_types::ids::{CommunityId, MemberId, ObjectId, SourceId};
use holdfast_types::{Seconds, Timestamp};
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

views! {
    /// How a member's flags came out: how many were raised, confirmed, withdrawn (false) and lapsed. What comes through another source under the same
    /// name counts apart: a name is only as good as its source.
    Standing of holdfast_screening::flags::Standing {
        /// Who.
        member: String,
        /// The source that stated it, by number; none for the desk's own.
        #[schema(value_type = Option<i64>)]
        source: Option<SourceId>,
        /// All flags.
        raised: u64,
        /// Confirmed.
        confirmed: u64,
        /// Withdrawn.
        withdrawn: u64,
        /// Lapsed.
        lapsed: u64,
    }

    /// A community.
    Community of holdfast_sharing::community::Community {
        /// UUID; its API root is `/taxii2/ID/`.
        #[schema(value_type = String)]
        id: CommunityId,
        /// Name.
        name: String,
        /// What it is for.
        description: String,
        /// The most restrictive label that may be shared in it.
        max_tlp: Tlp,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Ids of its collections, by name.
        #[schema(value_type = Object)]
        collections: Json,
    }

    /// A member.
    #[schema(as = CommunityMember)]
    Member of holdfast_sharing::community::Member {
        /// Number.
        #[schema(value_type = i64)]
        id: MemberId,
        /// Community.
        #[schema(value_type = String)]
        community: CommunityId,
        /// Name; also the user name of its key.
        name: String,
        /// Its STIX identity.
        identity: String,
        /// Whether it is this desk itself.
        own: bool,
        /// Whether it may share, not only read.
        writes: bool,
        /// Whether it may use its key.
        state: MemberState,
        /// Unix seconds.
        #[schema(value_type = i64)]
        joined: Timestamp,
    }

    /// A member with its key, which is shown once.
    NewMember of holdfast_sharing::community::NewMember {
        /// The member.
        #[serde(flatten)]
        member: Member = into,
        /// Password for HTTP Basic, with the member's name as user.
        key: String,
    }

    /// A source.
    #[schema(as = SharingSource)]
    Source of holdfast_sharing::sources::Source {
        /// Number.
        #[schema(value_type = i64)]
        id: SourceId,
        /// What it is.
        kind: Kind,
        /// Name.
        name: String,
        /// Collection or feed; for a community, its id and the collection's name.
        url: String,
        /// User name at the partner: the name under which this desk is a member there.
        username: String,
        /// Up to where it was read.
        cursor: String,
        /// Seconds between two readings.
        #[schema(value_type = i64)]
        every: Seconds,
        /// Whether it is read.
        state: SourceState,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// When it was read last.
        #[schema(value_type = Option<i64>)]
        polled: Option<Timestamp>,
        /// Why that failed.
        error: Option<String>,
    }

    /// What a source sent and what it became.
    Imported of holdfast_sharing::sources::Imported {
        /// Its id.
        #[schema(value_type = String)]
        object: ObjectId,
        /// Its version.
        version: String,
        /// tag, flag, kept (stored without effect) or refused.
        effect: String,
        /// What exactly, or why it was refused.
        detail: String,
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
    }

    /// What withdrawing a source undid in the database.
    Withdrawn of holdfast_sharing::sources::Withdrawn {
        /// Title of the pack whose tags are removed from the workspace.
        pack: String,
        /// Flags that ended.
        flags: u64,
        /// Alerts that closed.
        alerts: u64,
        /// Alerts that rest on other evidence as well: a note was added to them.
        noted: u64,
        /// Holds that ended.
        holds: u64,
    }

    /// A flag that was raised.
    Raised of holdfast_sharing::flags::Raised {
        /// The flag.
        flag: Flag,
        /// Holds on deposits that came before it.
        holds: Vec<u64>,
    }

    /// A list that waits for a partner's query, or had it.
    MatchingSession of holdfast_sharing::psi::MatchingSession {
        /// Id.
        id: String,
        /// For whom it is.
        partner: String,
        /// Items in it.
        items: u64,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// When it was queried; it answers once.
        #[schema(value_type = Option<i64>)]
        asked: Option<Timestamp>,
        /// Number of queried items.
        asked_items: Option<u64>,
    }
}
