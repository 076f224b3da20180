//! Holds: those that a decision plans, and those in force that cover an event.

use crate::decision::{Reason, Verdict, engine};
use crate::model::{Event, EventKind};
use crate::rules::{HoldTerms, Policy, Scope};
use holdfast_types::ids::FlagId;
use holdfast_types::units::with_unit;
use holdfast_types::{Amount, Asset, Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A hold that is to be placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub expires: Option<Timestamp>,
    /// To be reviewed by, Unix seconds.
    pub review: Option<Timestamp>,
    /// Whether its release needs a second person.
    pub second_person: bool,
    /// Flags that it stands for: it ends with them.
    pub flags: Vec<FlagId>,
}

/// An active hold, as decisions need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub expires: Option<Timestamp>,
    /// Whether it stands for flags only.
    pub flagged: bool,
}

/// Active holds by customer.
pub type ActiveHolds = HashMap<String, Vec<ActiveHold>>;

/// Returns the hold that a reason wants, on the terms of its rule or else of the policy.
pub(crate) fn plan(
    event: &Event,
    terms: Option<&HoldTerms>,
    policy: &Policy,
    reason: &Reason,
    now: Timestamp,
) -> HoldPlan {
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
    let hours = |h: u32| now + Seconds::hours(h.into());
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
    HoldPlan {
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
    }
}

/// Holds that cover the event, with the reasons that follow from them.
pub(crate) fn covered(event: &Event, holds: &[ActiveHold], reasons: &mut Vec<Reason>, value: Option<u64>) -> Vec<u64> {
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
        let of =
            |h: &&ActiveHold| matches!(h.scope, Scope::Amount | Scope::Deposit) && same_asset(h) && same_account(h);
        let partial: Vec<&ActiveHold> = holds.iter().filter(of).collect();
        if let Some(reason) = touches_held(event, &partial, value) {
            covering.extend(partial.iter().map(|h| h.id));
            reasons.push(reason);
        }
    }
    covering
}

/// The reason against a withdrawal that held amounts of its asset leave no room for.
fn touches_held(event: &Event, partial: &[&ActiveHold], value: Option<u64>) -> Option<Reason> {
    // More than any balance holds, if the sum does not fit.
    let held = Amount::checked_sum(partial.iter().map(|h| h.held)).unwrap_or(Amount::MAX);
    if held.is_zero() {
        return None;
    }
    let amount = event.amount.unwrap_or_default();
    let text = |n: Amount| with_unit(n, event.asset.as_deref().unwrap_or_default());
    let list = || partial.iter().map(|h| h.id.to_string()).collect::<Vec<_>>().join(", ");
    let because = |rest: String| vec![format!("{} held (holds {})", text(held), list()), rest];
    match event.balance {
        Some(balance) if amount.checked_add(held).is_some_and(|needed| needed <= balance) => None,
        Some(balance) => {
            let rest = format!("the balance is {}, the withdrawal {}", text(balance), text(amount));
            let title = "the withdrawal would touch held funds";
            Some(engine("held", Verdict::Reject, title, because(rest), value))
        }
        None => {
            let rest = "no balance was sent: whether the rest suffices is unknown".to_owned();
            let title = "funds of this asset are held and the balance is not known";
            Some(engine("held", Verdict::Hold, title, because(rest), value))
        }
    }
}
