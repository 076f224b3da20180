//! Deciding: pure functions of the state, the rule book, the event and the facts of the chain.

use crate::decision::{Decision, Reason, Verdict, engine};
use crate::facts::ChainFacts;
use crate::fields::Input;
use crate::flags::{self, FLAG_BASIS, Flag, Flags, Touch};
use crate::holds::{ActiveHold, ActiveHolds, HoldPlan, covered, plan};
use crate::issuer::IssuerFact;
use crate::lookalikes;
use crate::model::{Event, EventKind};
use crate::prices::{Price, value_of};
use crate::rules::{Policy, Rule, RuleBook, RuleMatch, RuleState};
use crate::scores::{Models, Scored};
use crate::state::{CustomerKey, Neighbours, State, View};
use crate::typology::{Across, Finding, find_in};
use crate::warnings::{CoolingAction, Scam, Warning, WarningTerms};
use holdfast_types::Timestamp;

/// Everything that a decision rests on besides the event and its facts.
#[derive(Debug, Clone, Copy)]
pub struct DecisionContext<'a> {
    /// Customers, their activities and shared keys.
    pub state: &'a State,
    /// Rules.
    pub book: &'a RuleBook,
    /// Active holds.
    pub holds: &'a ActiveHolds,
    /// The price of the event's asset, if known.
    pub price: Option<Price>,
    /// Partners' flags.
    pub flags: &'a Flags,
    /// Learned models.
    pub models: &'a Models,
}

/// A decision and what is to follow from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The decision; its holds are those that already cover the event.
    pub decision: Decision,
    /// Holds to be placed with it.
    pub plans: Vec<HoldPlan>,
    /// The event's row of features, encoded, where models score it or rows are kept.
    pub row: Option<Vec<u8>>,
}

/// What decisions rest on that is the same for a batch of events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) book: &'a RuleBook,
    pub(crate) flags: &'a Flags,
    pub(crate) models: &'a Models,
    pub(crate) now: Timestamp,
}

/// An event with what is known of it but for its customer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) event: &'a Event,
    pub(crate) facts: &'a ChainFacts,
    /// Minor units of the reference currency, if known.
    pub(crate) value: Option<u64>,
    pub(crate) seq: u64,
}

/// Decides on an event with the number `seq` at `now`.
#[must_use]
pub fn decide(context: DecisionContext, event: &Event, facts: &ChainFacts, seq: u64, now: Timestamp) -> Made {
    let DecisionContext { state, book, holds, price, flags, models } = context;
    let subject = Subject { event, facts, value: value_of(event, &book.file.policy, price), seq };
    let view = View::of(state, event);
    let across = subject.across(Neighbours::of(state), view.customer().map(|c| c.key));
    let draft = Terms { book, flags, models, now }.draft(view, across, subject);
    draft.settle(holds.get(&event.customer).map_or(&[], Vec::as_slice))
}

impl Subject<'_> {
    /// Returns what other customers have to do with the event.
    pub(crate) fn across(&self, near: Neighbours<'_>, own: Option<CustomerKey>) -> Across {
        Across::of(near, own, self.event, self.facts, self.value.unwrap_or(0))
    }
}

impl Terms<'_> {
    fn policy(&self) -> &Policy {
        &self.book.file.policy
    }

    /// Decides all that holds in force do not change.
    pub(crate) fn draft<'a>(self, view: View<'_>, across: Across, subject: Subject<'a>) -> Draft<'a> {
        let Subject { event, facts, value, .. } = subject;
        let lookalike = lookalikes::of_withdrawal(view.customer(), event, facts);
        let currency = &self.policy().reference_currency;
        let findings = find_in(view, across, event, facts, value.unwrap_or(0), lookalike.as_ref(), currency);
        let mut draft = Draft::new(self, subject);
        let input = Input::of(view, event, facts, value, &findings, lookalike);
        let (row, learned) = self.models.score(&input);
        let input = input.scored(learned);
        draft.apply_rules(self, view, &input);
        let learned = input.learned;
        draft.add_doubts(self.policy(), view);
        draft.add_flags(self);
        Draft { findings, row, learned, ..draft }
    }
}

fn is_on_chain(event: &Event) -> bool {
    matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal)
}

/// A decision in the making.
pub(crate) struct Draft<'a> {
    event: &'a Event,
    seq: u64,
    rule_book: u32,
    findings: Vec<Finding>,
    row: Option<Vec<u8>>,
    learned: Option<Scored>,
    facts: &'a ChainFacts,
    /// Minor units of the reference currency, if known.
    value: Option<u64>,
    now: Timestamp,
    reasons: Vec<Reason>,
    /// Reasons of rules in shadow.
    shadow: Vec<Reason>,
    plans: Vec<HoldPlan>,
    warning: Option<Warning>,
    /// Rules that give a warning.
    warned: Vec<String>,
}

impl<'a> Draft<'a> {
    fn new(terms: Terms<'_>, subject: Subject<'a>) -> Self {
        let Subject { event, facts, value, seq } = subject;
        Draft {
            event,
            seq,
            rule_book: terms.book.version,
            findings: Vec::new(),
            row: None,
            learned: None,
            facts,
            value,
            now: terms.now,
            reasons: Vec::new(),
            shadow: Vec::new(),
            plans: Vec::new(),
            warning: None,
            warned: Vec::new(),
        }
    }

    pub(crate) fn event(&self) -> &'a Event {
        self.event
    }

    /// Finishes the decision by the active holds of its customer.
    pub(crate) fn settle(mut self, holds: &[ActiveHold]) -> Made {
        let covering = covered(self.event, holds, &mut self.reasons, self.value);
        self.settle_plans(holds);
        let verdict = self.verdict();
        let warning = self.settle_warning(verdict);
        let Draft { event, facts, mut reasons, .. } = self;
        reasons.sort_by(|a, b| (b.decision, &a.rule).cmp(&(a.decision, &b.rule)));
        let decision = Decision {
            seq: self.seq,
            event: event.id.clone(),
            decision: verdict,
            reasons,
            shadow: self.shadow,
            findings: self.findings,
            value: self.value,
            coverage: if is_on_chain(event) { facts.sources() } else { Vec::new() },
            holds: covering,
            alert: None,
            warning,
            learned: self.learned,
            rule_book: self.rule_book,
            decided: self.now,
        };
        Made { decision, plans: self.plans, row: self.row }
    }

    fn verdict(&self) -> Verdict {
        self.reasons.iter().map(|r| r.decision).max().unwrap_or_default()
    }

    /// Adds a reason, and a hold on the policy's terms where it wants one.
    fn add(&mut self, policy: &Policy, reason: Reason) {
        if reason.decision == Verdict::Hold {
            self.plans.push(plan(self.event, None, policy, &reason, self.now));
        }
        self.reasons.push(reason);
    }

    /// Applies the rules: reasons, holds, a warning.
    fn apply_rules(&mut self, terms: Terms<'_>, view: View<'_>, input: &Input) {
        for found in terms.book.matches(input) {
            let reason = reason_of(&found, input);
            let rule = found.rule;
            if rule.state == RuleState::Shadow {
                self.shadow.push(reason);
                continue;
            }
            if reason.decision == Verdict::Hold || (reason.decision == Verdict::Reject && rule.hold.is_some()) {
                self.plans.push(plan(self.event, rule.hold.as_ref(), terms.policy(), &reason, self.now));
            }
            if let Some(terms) = rule.warning.as_ref().filter(|_| found.error.is_none()) {
                self.warn(view, terms, &reason);
            }
            self.reasons.push(reason);
        }
    }

    /// Raises the warning of a rule; of several the longest and strictest stays.
    fn warn(&mut self, view: View<'_>, terms: &WarningTerms, reason: &Reason) {
        let Some(scam) = terms.scam.or_else(|| Scam::of(self.facts.category)) else { return };
        let language = view.customer().and_then(|c| c.language.as_deref());
        let new = Warning::new(scam, terms, self.now, language.unwrap_or("en")).about(reason.lookalike.clone());
        if self.warning.as_ref().is_none_or(|w| (w.then, w.cooling_until) < (new.then, new.cooling_until)) {
            self.warning = Some(new);
        }
        self.warned.push(reason.rule.clone());
    }

    /// What the engine itself cannot vouch for: a chain that did not answer, an asset that no source covers, an event that the ledger
    /// contradicts, a movement that two customers claim, a value that is not known.
    fn add_doubts(&mut self, policy: &Policy, view: View<'_>) {
        let (event, facts, value) = (self.event, self.facts, self.value);
        if let Some(why) = &facts.unavailable {
            let title = "the chain could not be queried: the transfer is not shown to be clean";
            self.add(policy, engine("unavailable", Verdict::Hold, title, vec![why.clone()], value));
        }
        for reason in unsure(view, event, facts, policy, value).into_iter().flatten() {
            self.add(policy, reason);
        }
        if event.amount.is_some() && value.is_none() && policy.unpriced > Verdict::Allow {
            let asset = event.asset.as_deref().unwrap_or_default();
            let because = vec![format!("no value was sent and the price table has no {asset}")];
            let title = "the value is not known, so no threshold was checked";
            self.reasons.push(engine("unpriced", policy.unpriced, title, because, None));
        }
    }

    /// Partners' flags that touch the event.
    fn add_flags(&mut self, terms: Terms<'_>) {
        let touched = terms.flags.of(self.event, self.facts, terms.policy());
        if touched.is_empty() {
            return;
        }
        let because = touched.iter().map(Touch::words).collect();
        let (verdict, title) = match self.event.kind {
            EventKind::Deposit => (Verdict::Hold, "a partner reports these funds as stolen"),
            _ => (Verdict::Review, "a partner reports stolen funds at this address"),
        };
        let reason = engine("flagged", verdict, title, because, self.value);
        if verdict == Verdict::Hold {
            let flagged: Vec<&Flag> = touched.iter().map(|t| t.flag).collect();
            self.hold_for(terms.policy(), &flagged, &reason);
        }
        self.reasons.push(reason);
    }

    /// Plans the hold of flags: it lasts as long as the longest of them.
    fn hold_for(&mut self, policy: &Policy, flagged: &[&Flag], reason: &Reason) {
        let mut one = plan(self.event, None, policy, reason, self.now);
        let until = flagged.iter().map(|f| if f.state == flags::State::Open { f.until } else { Timestamp::MAX }).max();
        one.expires = until.filter(|u| *u != Timestamp::MAX);
        let id = flagged.first().map_or("", |f| f.id.as_str());
        one.dedupe = format!("flag:{id}:{}:{}", one.transfer.as_deref().unwrap_or_default(), self.event.id);
        one.basis = FLAG_BASIS.to_owned();
        one.flags = flagged.iter().map(|f| f.id.clone()).collect();
        // What a rule holds anyway is held by the rule, no shorter than the flag lasts.
        match self.plans.iter_mut().find(|p| p.transfer == one.transfer) {
            Some(other) if other.expires.is_some_and(|e| one.expires.is_none_or(|u| u > e)) => {
                other.expires = one.expires;
            }
            Some(_) => {}
            None => self.plans.push(one),
        }
    }

    /// Leaves one plan for each hold, and none for what is held already.
    fn settle_plans(&mut self, holds: &[ActiveHold]) {
        // Of several rules that want the same hold, the one that lasts longest places it.
        self.plans.sort_by_key(|p| (p.scope, std::cmp::Reverse(p.expires.unwrap_or(Timestamp::MAX))));
        self.plans.dedup_by(|a, b| a.dedupe == b.dedupe);
        // A rule takes over a hold that stands for flags only; else nothing is held twice.
        let already = |p: &HoldPlan| {
            p.transfer.is_some()
                && holds.iter().any(|h| h.transfer == p.transfer && (!h.flagged || !p.flags.is_empty()))
        };
        self.plans.retain(|p| !already(p));
    }

    /// Returns the warning that is given: nothing goes on by itself where something else wants it held; what is rejected needs no warning.
    fn settle_warning(&mut self, verdict: Verdict) -> Option<Warning> {
        let mut warning = self.warning.take().filter(|_| verdict == Verdict::Hold)?;
        if self.reasons.iter().any(|r| r.decision >= Verdict::Hold && !self.warned.contains(&r.rule)) {
            warning.then = CoolingAction::Review;
        }
        Some(warning)
    }
}

/// An asset that no source covers, an event that the ledger contradicts, a movement that two customers claim.
fn unsure(
    view: View<'_>,
    event: &Event,
    facts: &ChainFacts,
    policy: &Policy,
    value: Option<u64>,
) -> [Option<Reason>; 3] {
    if !is_on_chain(event) {
        return [None, None, None];
    }
    let asset = event.asset.as_deref().unwrap_or_default();
    let silent = facts.unavailable.is_none() && facts.sources().is_empty() && policy.uncovered > Verdict::Allow;
    let uncovered = silent.then(|| {
        let title = "no source covers this asset: the transfer is not shown to be clean";
        let because =
            vec![format!("there is no ledger of {asset} here, no tag of the other side, and no provider answered")];
        engine("uncovered", policy.uncovered, title, because, value)
    });
    let mismatch = (!facts.mismatch.is_empty()).then(|| {
        let title = "the ledger contradicts the event";
        engine("mismatch", Verdict::Hold, title, facts.mismatch.clone(), value)
    });
    let claimed = view.claimed_by_other().map(|other| {
        let title = "another customer claims the same movement";
        let because = vec![format!("customer {other} was credited with {}", event.transfer().unwrap_or_default())];
        engine("claimed_twice", Verdict::Hold, title, because, value)
    });
    [uncovered, mismatch, claimed]
}

fn reason_of(found: &RuleMatch, input: &Input) -> Reason {
    let rule: &Rule = found.rule;
    let mut because = found.because.clone();
    let mut value = input.value.unwrap_or(0);
    for finding in input.findings.iter().filter(|f| found.typologies.contains(&f.typology)) {
        because.insert(0, finding.text.clone());
        value = finding.value;
    }
    if found.speaks_of_issuers {
        because.splice(0..0, input.facts.issuer.iter().map(IssuerFact::words));
    }
    let mut decision = rule.decision;
    if let Some(error) = &found.error {
        because.insert(0, format!("the rule could not be evaluated: {error}"));
        // A rule that fails clears nothing, so it holds; one that would take too long is left to a review by people.
        decision = if found.over_budget { Verdict::Review } else { Verdict::Hold };
    }
    Reason {
        rule: rule.id.clone(),
        version: rule.version,
        decision,
        title: rule.title.clone(),
        because,
        value,
        tags: if found.speaks_of_chain { input.facts.tags.clone() } else { Vec::new() },
        lookalike: if found.speaks_of_lookalikes { input.lookalike.clone() } else { None },
        source: rule.source.clone(),
    }
}
