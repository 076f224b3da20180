//! Answers about events, holds, alerts, rules, changes and the audit log.

use holdfast_decision::completion::Completion;
use holdfast_decision::lookalikes::Lookalike;
use holdfast_decision::model::Event;
use holdfast_decision::rules::Scope;
use holdfast_decision::warnings::{CoolingAction, Question, Scam};
use holdfast_decision::{ChainFacts, Decision, Record, Verdict};
use holdfast_screening::changes::ChangeKind;
use holdfast_state::answers::views;
use holdfast_types::named;
use holdfast_types::{Amount, Seconds, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

named! {
    /// State of a hold.
    pub enum HoldState {
        /// It holds.
        Active,
        /// It was released.
        Released,
        /// It lapsed.
        Expired,
    }

    /// State of an alert.
    pub enum AlertState {
        /// It is worked on.
        Open,
        /// It is closed.
        Closed,
    }

    /// State of a change.
    pub enum ChangeState {
        /// It waits for a second person.
        Proposed,
        /// It is in force.
        Approved,
        /// It is not put in force.
        Rejected,
    }

    /// State of a warning.
    pub enum WarningState {
        /// It waits for the customer's answers.
        Open,
        /// It waits for the cooling-off time.
        Cooling,
        /// The customer cancelled the withdrawal.
        Stopped,
        /// A person decides.
        Escalated,
        /// The hold ended.
        Released,
    }
}

views! {
    /// A hold.
    Hold of holdfast_screening::holds::Hold {
        /// Number.
        id: u64,
        /// What it covers.
        scope: Scope,
        /// Customer.
        customer: String,
        /// Account, where one is meant.
        account: Option<String>,
        /// Asset.
        asset: Option<String>,
        /// Base units when placed, for amounts and deposits.
        #[schema(value_type = Option<String>)]
        amount: Option<Amount>,
        /// Base units still held.
        #[schema(value_type = String)]
        held: Amount,
        /// Movement on chain: asset:tx:output.
        transfer: Option<String>,
        /// Event whose decision placed it.
        event: Option<u64>,
        /// active, released or expired.
        #[schema(value_type = HoldState)]
        state: String,
        /// Legal or contractual basis.
        basis: String,
        /// Reason.
        reason: String,
        /// Who placed it; `engine` for decisions.
        placed_by: String,
        /// Unix seconds.
        #[schema(value_type = i64)]
        placed: Timestamp,
        /// Lapses, Unix seconds.
        #[schema(value_type = Option<i64>)]
        expires: Option<Timestamp>,
        /// To be reviewed by, Unix seconds.
        #[schema(value_type = Option<i64>)]
        review: Option<Timestamp>,
        /// Whether its release needs a second person.
        second_person: bool,
        /// Who requested its release.
        asked_by: Option<String>,
        /// Base units to be released; all when absent.
        #[schema(value_type = Option<String>)]
        asked_amount: Option<Amount>,
        /// Reason of the requested release.
        asked_reason: Option<String>,
        /// When it ended, Unix seconds.
        #[schema(value_type = Option<i64>)]
        ended: Option<Timestamp>,
        /// Who ended it.
        ended_by: Option<String>,
        /// Why it ended.
        ended_reason: Option<String>,
    }

    /// What a check of the books found.
    HoldsReport of holdfast_screening::holds::HoldsReport {
        /// Holds checked.
        holds: u64,
        /// Base units held by asset, active holds.
        #[schema(value_type = std::collections::BTreeMap<String, String>)]
        held: BTreeMap<String, Amount>,
        /// What does not balance; empty when all does.
        problems: Vec<String>,
    }

    /// An alert.
    Alert of holdfast_screening::alerts::Alert {
        /// Number.
        id: u64,
        /// Event that it is about.
        event: u64,
        /// Customer.
        customer: String,
        /// `decision`, or `late` when tags or exposures changed afterwards.
        kind: String,
        /// Decision that raised it.
        decision: String,
        /// open or closed.
        #[schema(value_type = AlertState)]
        state: String,
        /// Who works on it.
        assignee: Option<String>,
        /// true_positive, false_positive or inconclusive, once closed.
        outcome: Option<String>,
        /// Reason.
        reason: String,
        /// Rules behind it.
        rules: Vec<String>,
        /// Unix seconds.
        #[schema(value_type = i64)]
        created: Timestamp,
        /// Unix seconds.
        #[schema(value_type = i64)]
        updated: Timestamp,
    }

    /// An action on an alert.
    Note of holdfast_screening::alerts::Note {
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Who.
        author: String,
        /// assign, comment, close or reopen.
        action: String,
        /// Comment, assignee or outcome.
        text: String,
    }

    /// All that screening has of a customer.
    CustomerFile of holdfast_cases::customers::CustomerFile {
        /// The customer's id.
        customer: String,
        /// What the exchange stated: the customer, accounts, deposit addresses, cards, bank accounts, devices, identity checks.
        records: Vec<Record>,
        /// The latest events with their decisions, the latest first.
        events: Vec<DecidedEvent> = each,
        /// Alerts, the latest first.
        alerts: Vec<Alert> = each,
        /// Holds, the latest first.
        holds: Vec<Hold> = each,
        /// Lists of which more is stored than is here: records, events, alerts, holds.
        cut: Vec<String>,
    }

    /// A version of the rule book.
    StoredBook of holdfast_screening::books::StoredBook {
        /// Its number.
        version: u32,
        /// When it was put in force, Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Who put it in force.
        author: String,
        /// SHA-256 of its text.
        sha256: String,
    }

    /// How a rule does.
    RuleStatistics of holdfast_screening::alerts::RuleStatistics {
        /// Rule.
        rule: String,
        /// Version.
        version: u32,
        /// live or shadow.
        state: String,
        /// Events that met it.
        hits: u64,
        /// Alerts with it that were closed as right.
        true_positives: u64,
        /// Alerts with it that were closed as wrong.
        false_positives: u64,
        /// Right among right and wrong, in thousandths; absent while none is closed.
        precision_permille: Option<u64>,
    }

    /// A change.
    Change of holdfast_screening::changes::Change {
        /// Number.
        id: u64,
        /// What it puts in force.
        kind: ChangeKind,
        /// What it is about.
        subject: String,
        /// The rule book (YAML), the key or the source (JSON, without secrets).
        body: String,
        /// proposed, approved or rejected.
        #[schema(value_type = ChangeState)]
        state: String,
        /// Who proposed it.
        proposed_by: String,
        /// When, Unix seconds.
        #[schema(value_type = i64)]
        proposed: Timestamp,
        /// Who approved or rejected it.
        decided_by: Option<String>,
        /// When.
        #[schema(value_type = Option<i64>)]
        decided: Option<Timestamp>,
        /// Reason.
        reason: Option<String>,
    }

    /// A decided event with everything it rests on.
    DecidedEvent of holdfast_screening::service::DecidedEvent {
        /// The event.
        event: Event,
        /// Answer of the chain.
        facts: ChainFacts,
        /// The decision.
        decision: Decision,
        /// What became known of its movement since.
        #[serde(skip_serializing_if = "Option::is_none")]
        completion: Option<Completion>,
    }

    /// What screening again found.
    RescreenReport of holdfast_screening::service::RescreenReport {
        /// Transfers looked at.
        screened: u64,
        /// Late alerts raised.
        alerts: Vec<u64>,
    }

    /// What a book on trial would change.
    RuleTest of holdfast_screening::replay::RuleTest {
        /// Events replayed.
        events: u64,
        /// Events that would be decided otherwise.
        changed: u64,
        /// Verdicts before and after: `allow>hold` and so on.
        moves: BTreeMap<String, u64>,
        /// Hits by rule, live rules only.
        rules: BTreeMap<String, Hits> = values,
        /// The first of the changed.
        differences: Vec<Difference> = each,
        /// Whether a stop was requested before the end.
        stopped: bool,
    }

    /// Hits of a rule.
    Hits of holdfast_screening::replay::Hits {
        /// As decided.
        before: u64,
        /// With the book on trial.
        after: u64,
    }

    /// An event that would be decided otherwise.
    Difference of holdfast_screening::replay::Difference {
        /// Number of the event.
        seq: u64,
        /// The sender's id.
        event: String,
        /// Customer.
        customer: String,
        /// What was decided.
        before: Verdict,
        /// What would be.
        after: Verdict,
        /// Rules met now and not before.
        gained: Vec<String>,
        /// Rules met before and not now.
        lost: Vec<String>,
    }

    /// What a verification of the log found.
    AuditReport of holdfast_screening::audit::AuditReport {
        /// Entries read.
        entries: u64,
        /// Decisions whose digest in the log was compared with the stored decision.
        decisions: u64,
        /// Hash of the last entry: note it elsewhere to notice a log that was cut off.
        head: String,
        /// Rows of other tables (holds, alerts, keys, rule books, flags, prices, webhooks, requests) that were compared with the log.
        state: u64,
        /// Signed heads (see [`holdfast_audit::Anchors`]) that were compared with the log.
        anchors: u64,
        /// Entries and groups of decisions that erasures rewrote: compared with what the erasure's own entry states of them.
        erased: u64,
        /// What is wrong; empty when all holds.
        problems: Vec<String>,
    }

    /// Why the clock is doubted.
    ClockFault of holdfast_screening::clock::ClockFault {
        /// Seconds by which the clock is ahead of what is expected; negative when it is behind.
        #[schema(value_type = i64)]
        off_seconds: Seconds,
        /// Whether it was so from the start: the desk may have been stopped for that long.
        since_start: bool,
        /// Time of the system's clock, Unix seconds.
        #[schema(value_type = i64)]
        wall: Timestamp,
        /// What is expected by the steady clock, Unix seconds.
        #[schema(value_type = i64)]
        expected: Timestamp,
    }

    /// A warning in its present state.
    WarningRecord of holdfast_screening::warnings::WarningRecord {
        /// The event that it was raised on.
        event: String,
        /// Customer.
        customer: String,
        /// The scam.
        scam: Scam,
        /// The hold that waits.
        hold: u64,
        /// Minor units of the reference currency, if known.
        value: Option<i64>,
        /// Payee.
        counterparty: Option<String>,
        /// Unix seconds.
        #[schema(value_type = i64)]
        raised: Timestamp,
        /// The withdrawal continues no earlier, Unix seconds.
        #[schema(value_type = i64)]
        cooling_until: Timestamp,
        /// Action after the cooling-off time when no answer points to a scam.
        then: CoolingAction,
        /// open: waits for answers; cooling: waits for the time; stopped: the customer cancelled it; escalated: a person decides; released: the
        /// hold ended.
        #[schema(value_type = WarningState)]
        state: String,
        /// Answers, once there are some.
        answers: Option<BTreeMap<String, bool>>,
        /// When they were recorded, Unix seconds.
        #[schema(value_type = Option<i64>)]
        answered: Option<Timestamp>,
        /// When it ended.
        #[schema(value_type = Option<i64>)]
        closed: Option<Timestamp>,
        /// Language of title, message and questions.
        lang: String,
        /// Title in that language.
        title: String,
        /// Message in that language.
        message: String,
        /// Questions in that language.
        questions: Vec<Question>,
        /// The payee's address beside the one that it looks like, where that is what is warned of.
        #[serde(skip_serializing_if = "Option::is_none")]
        lookalike: Option<Lookalike>,
    }

    /// An entry.
    Entry of holdfast_audit::Entry {
        /// Its number, from 1 without gaps.
        seq: u64,
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Who: a person, an API key, or `engine`.
        actor: String,
        /// What was done, such as `hold.placed`.
        action: String,
        /// To what, such as `hold:12`.
        subject: String,
        /// JSON.
        detail: String,
        /// SHA-256 over the hash before and this content.
        hash: String,
    }

    /// A head of the audit log at some time.
    Anchor of holdfast_audit::Anchor {
        /// From 1 without gaps.
        number: u64,
        /// Unix seconds.
        #[schema(value_type = i64)]
        time: Timestamp,
        /// Number of the last entry then.
        entry: u64,
        /// Its hash.
        head: String,
        /// SHA-256 of the line before; zeros for the first.
        previous: String,
        /// Public key, hex.
        key: String,
        /// Signature, hex.
        signature: String,
    }
    /// Decisions of an engine of another version, which this program does not make again.
    OtherEngine of holdfast_screening::replay::OtherEngine {
        /// The version of the engine; 0 where none was stored with the decisions.
        engine: u32,
        /// Its decisions.
        decisions: u64,
        /// The first of them, by number.
        first: u64,
        /// The last of them, by number; decisions of other engines may lie between.
        last: u64,
    }
    /// What a replay of the log of inputs found.
    Replay of holdfast_screening::replay::Replay {
        /// The version of the engine of this program, whose decisions are compared.
        engine: u32,
        /// Inputs folded.
        inputs: u64,
        /// Decisions that were made again and compared.
        decisions: u64,
        /// Decisions that no replay can verify: a version without a log of inputs made them.
        uncovered: u64,
        /// The last of those, by number; 0 when the log covers every decision.
        uncovered_up_to: u64,
        /// Decisions that are not compared because engines of other versions made them, by version.
        other_engines: Vec<OtherEngine> = each,
        /// Active holds compared at the end; none when something changed meanwhile.
        holds: u64,
        /// What differs, at most 100; empty when all is equal.
        problems: Vec<String>,
        /// The first position of the log whose results differ.
        first_difference: Option<u64>,
        /// SHA-256 of all decisions that were made again, in hex: the same wherever the same log is replayed to its end.
        sha256: String,
        /// Whether a stop was requested before the end.
        stopped: bool,
    }
}
