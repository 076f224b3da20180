//! Deciding: pure functions of what is remembered, the rule book, the event and what the chain says. No I/O.

use crate::facts::{ChainFacts, TagFact};
use crate::fields::Input;
use crate::flags::{FLAG_BASIS, Flag, Flags, Touch};
use crate::model::{Event, EventKind};
use crate::rules::{HoldTerms, Met, Policy, Rule, RuleBook, RuleState, Scope};
use crate::state::State;
use crate::typology::{Finding, find};
use crate::warnings::{Scam, Then, Warning};
use holdfast_types::Amount;
use holdfast_types::Asset;
use holdfast_types::units::with_unit;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// What an exchange does with an event, from mild to severe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Let it pass.
    #[default]
    Allow,
    /// Let it pass and have a person look at it.
    Review,
    /// Keep it until a person decides.
    Hold,
    /// Refuse it.
    Reject,
}

impl Verdict {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Review => "review",
            Verdict::Hold => "hold",
            Verdict::Reject => "reject",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Verdict::Allow, Verdict::Review, Verdict::Hold, Verdict::Reject].into_iter().find(|v| v.name() == name)
    }
}

/// One reason of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Rule, or `engine.` and what the engine itself found.
    pub rule: String,
    /// Version of the rule.
    pub version: u32,
    /// What it asks for.
    pub decision: Verdict,
    /// What it is for.
    pub title: String,
    /// Values that the rule rests on, and patterns found, in words.
    pub because: Vec<String>,
    /// Value concerned, minor units of the reference currency.
    pub value: u64,
    /// Tags behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagFact>,
    /// Where the rule comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<String>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Number of the event in order of decision.
    pub seq: u64,
    /// The sender's id of the event.
    pub event: String,
    /// What to do.
    pub decision: Verdict,
    /// Why, most severe first; empty for allow.
    pub reasons: Vec<Reason>,
    /// What rules in shadow would have said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadow: Vec<Reason>,
    /// Patterns found, whether a rule acts on them or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Value in the reference currency, minor units, if known.
    pub value: Option<u64>,
    /// Sources that answered for a deposit's or withdrawal's asset: `ledger`, `tags`, `provider NAME`. Empty: nothing was looked at.
    #[serde(default)]
    pub coverage: Vec<String>,
    /// Holds that this decision placed or that cover the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<u64>,
    /// Alert raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u64>,
    /// What the customer must be told and asked before the withdrawal may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
    /// Rule book in force.
    pub rule_book: u32,
    /// When it was decided, Unix seconds.
    pub decided: i64,
}

impl Decision {
    /// Whether the transfer was held only because the chain could not be asked.
    pub fn rests_on_ignorance(&self) -> bool {
        self.reasons.iter().filter(|r| r.decision >= Verdict::Hold).all(|r| r.rule == UNAVAILABLE)
    }
}

/// A hold that is to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldPlan {
    /// What identifies it, so that it is never doubled.
    pub dedupe: String,
    /// What it covers.
    pub scope: Scope,
    /// Customer.
    pub customer: String,
    /// Account, where one is meant.
    pub account: Option<String>,
    /// Asset.
    pub asset: Option<String>,
    /// Base units, for amounts and deposits.
    pub amount: Option<Amount>,
    /// Movement on chain.
    pub transfer: Option<String>,
    /// Legal or contractual basis.
    pub basis: String,
    /// Why.
    pub reason: String,
    /// Lapses, Unix seconds.
    pub expires: Option<i64>,
    /// To be reviewed by, Unix seconds.
    pub review: Option<i64>,
    /// Whether its release needs a second person.
    pub second_person: bool,
    /// Flags that it stands for: it ends with them.
    pub flags: Vec<String>,
}

/// An active hold, as decisions need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveHold {
    /// Its number.
    pub id: u64,
    /// What it covers.
    pub scope: Scope,
    /// Account, where one is meant.
    pub account: Option<String>,
    /// Asset.
    pub asset: Option<String>,
    /// Base units still held.
    pub held: Amount,
    /// Movement on chain.
    pub transfer: Option<String>,
    /// Lapses, Unix seconds.
    pub expires: Option<i64>,
    /// Whether it stands for flags only.
    pub flagged: bool,
}

/// Active holds by customer.
pub type ActiveHolds = HashMap<String, Vec<ActiveHold>>;

/// Minor units of the reference currency for base units: so many base units are worth so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Base units.
    pub base_units: Amount,
    /// Minor units that they are worth.
    pub value: u64,
}

/// Prices by asset.
pub type Prices = HashMap<String, Price>;

/// Everything that a decision rests on besides the event.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// What is remembered.
    pub state: &'a State,
    /// Rules.
    pub book: &'a RuleBook,
    /// Active holds.
    pub holds: &'a ActiveHolds,
    /// Prices.
    pub prices: &'a Prices,
    /// Partners' flags.
    pub flags: &'a Flags,
}

/// Value of an event in the reference currency: as sent, else by the price table.
pub fn value_of(event: &Event, policy: &Policy, prices: &Prices) -> Option<u64> {
    if event.value.is_some() {
        return event.value;
    }
    let (asset, amount) = (event.asset.as_ref()?, event.amount?);
    if *asset == policy.reference_currency {
        return u64::try_from(amount).ok();
    }
    let price = prices.get(asset)?;
    let value = amount.mul_div(price.value.into(), price.base_units.max(Amount::new(1)))?;
    u64::try_from(value).ok().filter(|v| *v <= crate::model::MAX_VALUE)
}

fn engine(rule: &str, decision: Verdict, title: &str, because: Vec<String>, value: Option<u64>) -> Reason {
    Reason {
        rule: format!("engine.{rule}"),
        version: 1,
        decision,
        title: title.to_owned(),
        because,
        value: value.unwrap_or(0),
        tags: Vec::new(),
        source: Vec::new(),
    }
}

/// Name of the reason that fails closed when the chain cannot be asked.
pub const UNAVAILABLE: &str = "engine.unavailable";

/// Decides. The holds of the answer are those that already cover the event; the plans are to be placed with it.
pub fn decide(ground: Ground, event: &Event, facts: &ChainFacts, seq: u64, now: i64) -> (Decision, Vec<HoldPlan>) {
    let Ground { state, book, holds, prices, flags } = ground;
    let policy = &book.file.policy;
    let value = value_of(event, policy, prices);
    let findings = find(state, event, facts, value.unwrap_or(0));
    let input = Input::new(state, event, facts, value, &findings);
    let mut reasons: Vec<Reason> = Vec::new();
    let mut shadow = Vec::new();
    let mut plans: Vec<HoldPlan> = Vec::new();
    let mut warning: Option<Warning> = None;
    let mut warned: Vec<String> = Vec::new();
    for met in book.met(&input) {
        let reason = reason_of(&met, &input);
        if met.rule.state == RuleState::Shadow {
            shadow.push(reason);
            continue;
        }
        if reason.decision == Verdict::Hold || (reason.decision == Verdict::Reject && met.rule.hold.is_some()) {
            plans.extend(plan(event, met.rule.hold.as_ref(), policy, &reason, now));
        }
        if let Some(terms) = met.rule.warning.as_ref().filter(|_| met.error.is_none())
            && let Some(scam) = terms.scam.or_else(|| Scam::of(facts.category))
        {
            let language = state.customer(&event.customer).and_then(|c| c.language.as_deref());
            let new = Warning::new(scam, terms, now, language.unwrap_or("en"));
            // Of several the longest and strictest.
            if warning.as_ref().is_none_or(|w| (w.then, w.cooling_until) < (new.then, new.cooling_until)) {
                warning = Some(new);
            }
            warned.push(reason.rule.clone());
        }
        reasons.push(reason);
    }
    if let Some(why) = &facts.unavailable {
        let title = "the chain could not be asked, so nothing says that this is clean";
        let reason = engine("unavailable", Verdict::Hold, title, vec![why.clone()], value);
        plans.extend(plan(event, None, policy, &reason, now));
        reasons.push(reason);
    }
    let on_chain = matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal);
    for reason in unsure(state, event, facts, policy, value).into_iter().flatten() {
        if reason.decision == Verdict::Hold {
            plans.extend(plan(event, None, policy, &reason, now));
        }
        reasons.push(reason);
    }
    if event.amount.is_some() && value.is_none() && policy.unpriced > Verdict::Allow {
        let asset = event.asset.as_deref().unwrap_or_default();
        let because = vec![format!("no value was sent and the price table has no {asset}")];
        let title = "the value is not known, so no threshold was checked";
        reasons.push(engine("unpriced", policy.unpriced, title, because, None));
    }
    let touched = flags.of(event, facts, policy);
    let flagged: Vec<&Flag> = touched.iter().map(|t| t.flag).collect();
    if let Some(first) = flagged.first() {
        let because = touched.iter().map(Touch::words).collect();
        let (verdict, title) = match event.kind {
            EventKind::Deposit => (Verdict::Hold, "a partner says that these funds are stolen"),
            _ => (Verdict::Review, "a partner says that this address has stolen funds"),
        };
        let reason = engine("flagged", verdict, title, because, value);
        if verdict == Verdict::Hold
            && let Some(mut one) = plan(event, None, policy, &reason, now)
        {
            let until =
                flagged.iter().map(|f| if f.state == crate::flags::State::Open { f.until } else { i64::MAX }).max();
            one.expires = until.filter(|u| *u != i64::MAX);
            let (id, transfer) = (&first.id, one.transfer.as_deref().unwrap_or_default());
            one.dedupe = format!("flag:{id}:{transfer}:{}", event.id);
            one.basis = FLAG_BASIS.to_owned();
            one.flags = flagged.iter().map(|f| f.id.clone()).collect();
            // What a rule holds anyway is held by the rule, no shorter than the flag lasts.
            match plans.iter_mut().find(|p| p.transfer == one.transfer) {
                Some(other) if other.expires.is_some_and(|e| one.expires.is_none_or(|u| u > e)) => {
                    other.expires = one.expires
                }
                Some(_) => {}
                None => plans.push(one),
            }
        }
        reasons.push(reason);
    }
    let covering = covered(event, holds.get(&event.customer).map_or(&[], Vec::as_slice), &mut reasons, value);
    // Of several rules that want the same hold, the one that lasts longest places it.
    plans.sort_by_key(|p| (p.scope, std::cmp::Reverse(p.expires.unwrap_or(i64::MAX))));
    plans.dedup_by(|a, b| a.dedupe == b.dedupe);
    // A rule takes over a hold that stands for flags only; else nothing is held twice.
    let already = |p: &HoldPlan| {
        p.transfer.is_some()
            && holds
                .get(&p.customer)
                .is_some_and(|h| h.iter().any(|h| h.transfer == p.transfer && (!h.flagged || !p.flags.is_empty())))
    };
    plans.retain(|p| !already(p));
    // Nothing goes on by itself where something else wants it held; what is rejected needs no warning.
    let verdict = reasons.iter().map(|r| r.decision).max().unwrap_or_default();
    let others = reasons.iter().any(|r| r.decision >= Verdict::Hold && !warned.contains(&r.rule));
    let warning = warning.filter(|_| verdict == Verdict::Hold).map(|mut w| {
        if others {
            w.then = Then::Review;
        }
        w
    });
    reasons.sort_by(|a, b| (b.decision, &a.rule).cmp(&(a.decision, &b.rule)));
    let decision = Decision {
        seq,
        event: event.id.clone(),
        decision: reasons.iter().map(|r| r.decision).max().unwrap_or_default(),
        reasons,
        shadow,
        findings,
        value,
        coverage: if on_chain { facts.sources() } else { Vec::new() },
        holds: covering,
        alert: None,
        warning,
        rule_book: book.version,
        decided: now,
    };
    (decision, plans)
}

/// What the engine itself cannot vouch for: an asset that no source covers, an event that the ledger contradicts, a movement that two customers claim.
fn unsure(
    state: &State,
    event: &Event,
    facts: &ChainFacts,
    policy: &Policy,
    value: Option<u64>,
) -> [Option<Reason>; 3] {
    if !matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal) {
        return [None, None, None];
    }
    let asset = event.asset.as_deref().unwrap_or_default();
    let silent = facts.unavailable.is_none() && facts.sources().is_empty() && policy.uncovered > Verdict::Allow;
    let uncovered = silent.then(|| {
        let title = "no source covers this asset, so nothing says that this is clean";
        let because =
            vec![format!("there is no ledger of {asset} here, no tag of the other side, and no provider answered")];
        engine("uncovered", policy.uncovered, title, because, value)
    });
    let mismatch = (!facts.mismatch.is_empty()).then(|| {
        let title = "the ledger contradicts the event";
        engine("mismatch", Verdict::Hold, title, facts.mismatch.clone(), value)
    });
    let claimed = state.claimed_by_other(event).map(|other| {
        let title = "another customer claims the same movement";
        let because = vec![format!("customer {other} was credited with {}", event.transfer().unwrap_or_default())];
        engine("claimed_twice", Verdict::Hold, title, because, value)
    });
    [uncovered, mismatch, claimed]
}

fn reason_of(met: &Met, input: &Input) -> Reason {
    let rule: &Rule = met.rule;
    let mut because = met.because.clone();
    let mut value = input.value.unwrap_or(0);
    for finding in input.findings.iter().filter(|f| met.typologies.contains(&f.typology)) {
        because.insert(0, finding.text.clone());
        value = finding.value;
    }
    let mut decision = rule.decision;
    if let Some(error) = &met.error {
        because.insert(0, format!("the rule could not be evaluated: {error}"));
        // A rule that fails says nothing good of the transfer; one that would take too long says nothing at all, and people look.
        decision = if met.over_budget { Verdict::Review } else { Verdict::Hold };
    }
    Reason {
        rule: rule.id.clone(),
        version: rule.version,
        decision,
        title: rule.title.clone(),
        because,
        value,
        tags: if met.speaks_of_chain { input.facts.tags.clone() } else { Vec::new() },
        source: rule.source.clone(),
    }
}

fn plan(event: &Event, terms: Option<&HoldTerms>, policy: &Policy, reason: &Reason, now: i64) -> Option<HoldPlan> {
    let default = match event.kind {
        EventKind::Deposit => Scope::Deposit,
        EventKind::Withdrawal | EventKind::Payment => Scope::Amount,
        EventKind::Account => Scope::Account,
    };
    let mut scope = terms.and_then(|t| t.scope).unwrap_or(default);
    if scope == Scope::Deposit && event.kind != EventKind::Deposit {
        scope = Scope::Amount;
    }
    if matches!(scope, Scope::Amount | Scope::Asset | Scope::Deposit) && event.asset.is_none() {
        scope = Scope::Account;
    }
    let hours = |h: u32| now + h as i64 * 3600;
    let (asset, amount, transfer) = match scope {
        Scope::Account => (None, None, None),
        Scope::Asset => (event.asset.clone(), None, None),
        Scope::Amount => (event.asset.clone(), event.amount, None),
        Scope::Deposit => (event.asset.clone(), event.amount, event.transfer()),
    };
    let dedupe = match (&transfer, event.hold_keys().into_iter().next()) {
        (Some(_), Some(key)) => key,
        _ => format!("event:{}:{}", event.id, scope.name()),
    };
    let because = reason.because.first().map(|b| format!(": {b}")).unwrap_or_default();
    Some(HoldPlan {
        dedupe,
        scope,
        customer: event.customer.clone(),
        account: event.account.clone(),
        asset,
        amount,
        transfer,
        basis: terms.and_then(|t| t.basis.clone()).unwrap_or_else(|| policy.basis.clone()),
        reason: format!("{} (rule {} version {}){because}", reason.title, reason.rule, reason.version),
        expires: terms.and_then(|t| t.expires_hours).map(hours),
        review: Some(hours(terms.and_then(|t| t.review_hours).unwrap_or(policy.review_hours))),
        second_person: terms.and_then(|t| t.second_person).unwrap_or(policy.second_person),
        flags: Vec::new(),
    })
}

/// Holds that cover the event, with the reasons that follow from them.
fn covered(event: &Event, holds: &[ActiveHold], reasons: &mut Vec<Reason>, value: Option<u64>) -> Vec<u64> {
    if event.kind == EventKind::Account {
        return Vec::new();
    }
    let same_account = |h: &ActiveHold| h.account.is_none() || event.account.is_none() || h.account == event.account;
    let same_asset = |h: &ActiveHold| match (&h.asset, &event.asset) {
        (Some(held), Some(moved)) => Asset::same(held, moved),
        (held, moved) => held == moved,
    };
    let mut covering = Vec::new();
    for hold in holds {
        let (frozen, what) = match hold.scope {
            Scope::Account => (same_account(hold), "the account is frozen"),
            Scope::Asset => (same_account(hold) && same_asset(hold), "the account's balance in this asset is frozen"),
            Scope::Amount | Scope::Deposit => (false, ""),
        };
        if frozen {
            covering.push(hold.id);
            // What comes in stays in, under the freeze; what goes out does not go.
            let decision = if event.goes_out() { Verdict::Reject } else { Verdict::Hold };
            reasons.push(engine("frozen", decision, what, vec![format!("hold {}", hold.id)], value));
        }
    }
    let movement = [event.transfer(), event.transfer_by_number()];
    if movement[0].is_some() {
        for hold in holds.iter().filter(|h| h.transfer.is_some() && movement.contains(&h.transfer)) {
            covering.push(hold.id);
            let title = "this deposit is held already";
            reasons.push(engine("held", Verdict::Hold, title, vec![format!("hold {}", hold.id)], value));
        }
    }
    if event.goes_out() {
        let partial: Vec<&ActiveHold> = holds
            .iter()
            .filter(|h| matches!(h.scope, Scope::Amount | Scope::Deposit) && same_asset(h) && same_account(h))
            .collect();
        // More than any balance holds, if the sum does not fit.
        let held = Amount::checked_sum(partial.iter().map(|h| h.held)).unwrap_or(Amount::MAX);
        if !held.is_zero() {
            let amount = event.amount.unwrap_or_default();
            let list: Vec<String> = partial.iter().map(|h| h.id.to_string()).collect();
            let text = |n: Amount| with_unit(n, event.asset.as_deref().unwrap_or_default());
            let because = |rest: String| vec![format!("{} held (holds {})", text(held), list.join(", ")), rest];
            match event.balance {
                Some(balance) if amount.checked_add(held).is_some_and(|needed| needed <= balance) => {}
                Some(balance) => {
                    covering.extend(partial.iter().map(|h| h.id));
                    let rest = format!("the balance is {}, the withdrawal {}", text(balance), text(amount));
                    let title = "the withdrawal would touch held funds";
                    reasons.push(engine("held", Verdict::Reject, title, because(rest), value));
                }
                None => {
                    covering.extend(partial.iter().map(|h| h.id));
                    let rest = "no balance was sent, so nothing says that the rest suffices".to_owned();
                    let title = "funds of this asset are held and the balance is not known";
                    reasons.push(engine("held", Verdict::Hold, title, because(rest), value));
                }
            }
        }
    }
    covering
}
