//! Answers about requests from law enforcement and the officers' portal.

use holdfast_requests::forgery::CallBack;
use holdfast_requests::intake::{Outcome, RequestState, SeizureState, SeizureTransfer};
use holdfast_requests::matching::Match;
use holdfast_requests::portal::OfficerState;
use holdfast_requests::request::{DataClass, Request};
use holdfast_state::answers::views;
use holdfast_types::Timestamp;
use holdfast_types::ids::{AgencyId, OfficerId, ProductionId, SeizureId};
use holdfast_workspace::CoveredChain;
use serde::Serialize;
use utoipa::ToSchema;

views! {
    /// A request in its present state.
    Stored of holdfast_requests::intake::Stored {
        /// Number.
        seq: u64,
        /// The request, canonical.
        request: Request,
        /// open, prepared or answered.
        state: RequestState,
        /// When it must be answered, Unix seconds.
        #[schema(value_type = i64)]
        due: Timestamp,
        /// Whether that time is over and it is not answered.
        overdue: bool,
        /// The call-back.
        call_back: Option<CallBack>,
        /// Outcome, prepared or approved: granted, partly, refused, forged.
        #[schema(value_type = Option<Outcome>)]
        outcome: Option<String>,
        /// Reason.
        reason: Option<String>,
        /// Who prepared it.
        prepared_by: Option<String>,
        /// Who approved it first, of two; seizures only.
        first_approval: Option<String>,
        /// Who approved it.
        approved_by: Option<String>,
        /// When it was answered.
        #[schema(value_type = Option<i64>)]
        answered: Option<Timestamp>,
        /// Holds that the answer to a freeze placed.
        holds: Vec<u64>,
    }

    /// A request with its review as of now.
    Opened of holdfast_requests::intake::Opened {
        /// Present state.
        stored: Stored = into,
        /// The review.
        review: Review = into,
    }

    /// A customer that a request's targets were matched to, with the reviewer's verdict.
    Matched of holdfast_requests::intake::Matched {
        /// The match.
        found: Match,
        /// accepted, rejected, or nothing yet.
        verdict: Option<String>,
        /// Reason.
        reason: Option<String>,
        /// Who decided so.
        decided_by: Option<String>,
    }

    /// The chains on which a target was looked up.
    TargetCoverage of holdfast_requests::matching::TargetCoverage {
        /// The target's value.
        target: String,
        /// Chains that the target can be on, with what is known of them; none when this desk has no ledger of such a chain.
        chains: Vec<CoveredChain>,
        /// Asset that the target names, where this desk has no ledger of it.
        missing_asset: Option<String>,
    }

    /// What a reviewer is shown before anything is done.
    Review of holdfast_requests::Review {
        /// Judgement by policy.
        judgement: Judgement = into,
        /// Signs of forgery.
        suspicion: Suspicion = into,
        /// The request with its targets in canonical form, cards masked.
        request: Request,
    }

    /// Judgement of a request by policy.
    Judgement of holdfast_requests::policy::Judgement {
        /// Version of the policy.
        policy: u32,
        /// The process.
        process: String,
        /// Name.
        title: String,
        /// Origin.
        source: String,
        /// Whether policy allows granting it, wholly or in part.
        may_be_granted: bool,
        /// Objections of policy.
        missing: Vec<String>,
        /// Classes that may be produced.
        granted: Vec<DataClass>,
        /// Classes that may not.
        refused: Vec<Refused> = each,
        /// When it must be answered, Unix seconds.
        #[schema(value_type = i64)]
        due: Timestamp,
        /// When the reviewer is reminded: at half and at four fifths of the time. At the due time it goes to the approver.
        #[schema(value_type = Vec<i64>)]
        reminders: Vec<Timestamp>,
        /// When a freeze or preservation lapses.
        #[schema(value_type = Option<i64>)]
        holds_until: Option<Timestamp>,
        /// When it lapses at most, once extended.
        #[schema(value_type = Option<i64>)]
        extendable_until: Option<Timestamp>,
        /// What the reviewer must know.
        notes: Vec<String>,
    }

    /// A class of data that may not be produced.
    Refused of holdfast_requests::policy::Refused {
        /// Which.
        class: DataClass,
        /// Processes by which this agency could request it.
        opened_by: Vec<String>,
    }

    /// All signs of forgery.
    Suspicion of holdfast_requests::forgery::Suspicion {
        /// Heaviest first.
        signs: Vec<Sign> = each,
        /// Whether nothing may be granted until a person has cleared the signs that stop it.
        stops: bool,
        /// Whether the officer must be called back before an answer.
        call_back: bool,
    }

    /// A sign of forgery.
    Sign of holdfast_requests::forgery::Sign {
        /// Code: look-alike-domain, foreign-characters, free-mail, unverified-domain, wrong-country,
        /// wrong-agency, new-officer, call-back-missing,
        /// call-back-denied, reference-reused, duplicate, unusual-volume.
        sign: &'static str,
        /// How much it weighs: 1 worth knowing, 2 suspicious, 3 stops the request.
        weight: u8,
        /// Explanation.
        because: String,
    }

    /// A transfer of a seizure in its present state.
    Seizure of holdfast_requests::intake::Seizure {
        /// Number.
        #[schema(value_type = u64)]
        id: SeizureId,
        /// Request.
        request: String,
        /// What moves.
        transfer: SeizureTransfer,
        /// prepared; returned, with the answer; approved, by two people: the exchange may carry it out; moved.
        state: SeizureState,
        /// Hold on the amount until it moves.
        hold: Option<u64>,
        /// Transaction id or payment reference by which it moved.
        reference: Option<String>,
        /// When it moved.
        #[schema(value_type = Option<i64>)]
        moved: Option<Timestamp>,
    }

    /// An agency.
    Agency of holdfast_requests::intake::Agency {
        /// Number.
        #[schema(value_type = u64)]
        id: AgencyId,
        /// Name.
        name: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// Verified mail domains.
        domains: Vec<String>,
    }

    /// An officer.
    #[schema(as = PortalOfficer)]
    Officer of holdfast_requests::portal::Officer {
        /// Number.
        #[schema(value_type = u64)]
        id: OfficerId,
        /// Official address.
        email: String,
        /// Name.
        name: String,
        /// Agency.
        agency: String,
        /// Its country, ISO 3166-1 alpha-2.
        country: String,
        /// registered, proved (the address), approved, suspended.
        state: OfficerState,
        /// When it was registered, Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// When the address was last proved.
        #[schema(value_type = Option<i64>)]
        proved: Option<Timestamp>,
        /// Who approved or suspended, and when.
        decided_by: Option<String>,
        /// When.
        #[schema(value_type = Option<i64>)]
        decided: Option<Timestamp>,
        /// Reason.
        reason: Option<String>,
        /// Whether a second factor is confirmed: an app or a passkey.
        second_factor: bool,
        /// Whether an authenticator app is.
        app: bool,
        /// How many passkeys are.
        passkeys: u32,
        /// Public keys that productions are encrypted to (age recipients).
        recipients: Vec<String>,
    }

    /// A message about a request.
    #[schema(as = RequestMessage)]
    Message of holdfast_requests::portal::Message {
        /// Number.
        id: u64,
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// officer or desk.
        side: String,
        /// Who wrote it; the desk's people are not named to officers.
        author: String,
        /// Text.
        text: String,
    }

    /// State of an officer's own request, without anything of the desk's review.
    #[schema(as = RequestStatus)]
    Status of holdfast_requests::portal::Status {
        /// The request.
        request: Request,
        /// open, prepared (shown as open) or answered.
        state: RequestState,
        /// When it is to be answered, Unix seconds.
        #[schema(value_type = i64)]
        due: Timestamp,
        /// granted, partly, refused; once answered.
        #[schema(value_type = Option<Outcome>)]
        outcome: Option<String>,
        /// When it was answered.
        #[schema(value_type = Option<i64>)]
        answered: Option<Timestamp>,
        /// Messages.
        messages: Vec<Message> = each,
        /// Files that came with it.
        files: Vec<File> = each,
    }

    /// A file of a request or case.
    #[schema(as = StoredFile)]
    File of holdfast_requests::portal::File {
        /// Name.
        name: String,
        /// SHA-256, hex.
        sha256: String,
        /// Bytes.
        size: u64,
        /// Media type, checked against the bytes.
        media_type: String,
        /// When it came, Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Who added it.
        added_by: String,
    }

    /// A session at the portal.
    #[schema(as = PortalSession)]
    Session of holdfast_requests::portal::Session {
        /// Bearer token.
        token: String,
        /// When it ends, Unix seconds.
        #[schema(value_type = i64)]
        expires: Timestamp,
        /// Whether the second factor was verified; without it the session opens the second factor only.
        full: bool,
        /// Whether a second factor must be set up first.
        must_enrol: bool,
    }

    /// A new TOTP secret; it is in force once a code of it was verified.
    Enrolment of holdfast_identity::Enrolment {
        /// Secret, base32.
        secret: String,
        /// For authenticator apps.
        uri: String,
    }

    /// A production.
    Production of holdfast_requests::production::Production {
        /// Number.
        #[schema(value_type = u64)]
        id: ProductionId,
        /// Request.
        request: String,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Creator.
        created_by: String,
        /// SHA-256 of the encrypted package.
        sha256: String,
        /// Its bytes.
        size: u64,
        /// SHA-256 of the package before encryption.
        plain_sha256: String,
        /// Classes of data in it.
        classes: Vec<DataClass>,
        /// Customers in it.
        customers: Vec<String>,
        /// Keys that open it (age).
        recipients: Vec<String>,
        /// When it can be fetched no more.
        #[schema(value_type = i64)]
        expires: Timestamp,
        /// Who fetched it, when.
        downloads: Vec<Download> = each,
    }

    /// A fetch of a production.
    Download of holdfast_requests::production::Download {
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Who.
        who: String,
    }

    /// What the clocks did.
    Ticked of holdfast_requests::clocks::Ticked {
        /// Reminders about requests that are open.
        reminders: u64,
        /// Requests that went to the approvers because they are overdue.
        escalations: u64,
        /// Preservations that lapsed.
        lapsed: u64,
        /// Users who were notified.
        notices: u64,
    }
}
