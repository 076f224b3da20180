//! How a withdrawal follows from money that came in, from payments before it, and from who else pays its address. Shares and steps, so that small and large
//! customers are alike.

use super::{List, Source, count, is_withdrawal};
use crate::fields::Input;
use crate::state::{Activity, ActivityKind, DAY, Key, MEMORY};
use holdfast_models::schema::FeatureKind::{Count, Duration, Ratio};
use holdfast_types::Seconds;

const MONTH: Seconds = Seconds::days(30);

/// What the customer did in a window that ends with the event, latest first; the event itself is not in it.
fn recent<'a>(x: &'a Input, window: Seconds) -> impl Iterator<Item = &'a Activity> {
    x.customer().into_iter().flat_map(move |c| c.recent(x.event.time, window))
}

fn of_kind<'a>(x: &'a Input, window: Seconds, kind: ActivityKind) -> impl Iterator<Item = &'a Activity> {
    recent(x, window).filter(move |a| a.kind == kind)
}

fn withdrawals<'a>(x: &'a Input, window: Seconds) -> impl Iterator<Item = &'a Activity> {
    of_kind(x, window, ActivityKind::Withdrawal)
}

fn sum<'a>(of: impl Iterator<Item = &'a Activity>) -> f64 {
    of.map(|a| a.value as f64).sum()
}

/// The event's value, and what is added to it, as a share or multiple of another; nothing where either is not known or that is zero.
fn by(x: &Input, added: f64, other: f64) -> Option<f64> {
    x.value.filter(|_| other > 0.0).map(|value| (value as f64 + added) / other)
}

fn paid_before(x: &Input) -> Option<f64> {
    let to = x.view.other_side();
    Some(count(withdrawals(x, MONTH).filter(|a| a.party == to).count()))
}

fn rising(x: &Input) -> Option<f64> {
    let (mut last, mut steps) = (x.value?, 0);
    let begin = x.event.time - MONTH;
    let is_old = |to: Key| x.customer().is_some_and(|c| c.destinations.iter().any(|d| d.0 == to && d.1 <= begin));
    for payment in withdrawals(x, MONTH).filter(|a| !is_old(a.party)) {
        if payment.value >= last {
            break;
        }
        (last, steps) = (payment.value, steps + 1);
    }
    Some(count(steps))
}

fn step(x: &Input) -> Option<f64> {
    by(x, 0.0, withdrawals(x, MEMORY).next()?.value as f64)
}

fn largest(x: &Input) -> Option<f64> {
    by(x, 0.0, withdrawals(x, MEMORY).map(|a| a.value).max()? as f64)
}

fn of_funds(x: &Input) -> Option<f64> {
    let sum = |kind| sum(of_kind(x, DAY * 3, kind));
    by(x, 0.0, sum(ActivityKind::CardIn) + sum(ActivityKind::BankIn))
}

fn passed_on(x: &Input) -> Option<f64> {
    let sum = |wanted: fn(ActivityKind) -> bool| sum(recent(x, DAY * 2).filter(|a| wanted(a.kind)));
    by(x, sum(ActivityKind::goes_out), sum(ActivityKind::comes_in))
}

fn since(x: &Input, wanted: fn(ActivityKind) -> bool) -> Option<f64> {
    recent(x, MEMORY).find(|a| wanted(a.kind)).map(|a| (x.event.time - a.time).count() as f64)
}

fn senders(x: &Input) -> Option<f64> {
    let mut all: Vec<Key> = of_kind(x, DAY * 2, ActivityKind::Deposit).map(|a| a.party).collect();
    all.sort_unstable();
    all.dedup();
    Some(count(all.len()))
}

fn from_new_senders(x: &Input) -> Option<f64> {
    let deposits = || of_kind(x, DAY * 2, ActivityKind::Deposit);
    let begin = x.event.time - DAY * 2;
    let is_new = |a: &&Activity| !recent(x, MEMORY).any(|b| b.party == a.party && b.time <= begin);
    let all = sum(deposits());
    (all > 0.0).then(|| sum(deposits().filter(is_new)) / all)
}

fn payers(x: &Input) -> Option<f64> {
    let party = x.view.party(x.view.other_side());
    Some(party.map_or(0.0, |p| count(p.customers(x.event.time, MONTH, |incoming| !incoming))))
}

fn address_age(x: &Input) -> Option<f64> {
    let first = x.view.party(x.view.other_side())?.iter().map(|u| u.time).find(|t| *t <= x.event.time)?;
    Some((x.event.time - first).count() as f64)
}

pub(super) fn flow(list: &mut List) {
    let mut add =
        |kind, of: fn(&Input) -> Option<f64>, text| list.add("flow", kind, Source::Own(of), is_withdrawal, text);
    add(Count, paid_before, "paid_before_30d: withdrawals to this address in 30 days");
    add(Count, rising, "rising_payments_30d: withdrawals to new addresses before it, each larger than the one before");
    add(Ratio, step, "step_of_value: value by that of the last withdrawal");
    add(Ratio, largest, "largest_step: value by that of the largest withdrawal in 90 days");
    add(Ratio, of_funds, "share_of_funds_72h: value by money from bank and card in 72 hours");
    add(Ratio, passed_on, "passed_on_48h: money out by money in, 48 hours");
    add(Duration, |x| since(x, ActivityKind::comes_in), "since_funds: since money came in");
    add(Duration, |x| since(x, ActivityKind::goes_out), "since_payment: since money went out");
    add(Count, senders, "senders_48h: senders of deposits in 48 hours");
    add(Ratio, from_new_senders, "new_senders_share_48h: share of deposits in 48 hours from new senders");
    add(Count, payers, "address_payers_30d: customers who paid this address in 30 days");
    add(Duration, address_age, "address_age: since the first use of this address by any customer");
}
