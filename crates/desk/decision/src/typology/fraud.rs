//! Fraud on customers and by customers.

use super::{Context, Finding, Typology, funding, parties};
use crate::lookalikes::KnownBy;
use crate::model::{Action, Event};
use crate::state::{Activity, ActivityKind, Customer, CustomerKey, DAY, HOUR, MEMORY, Neighbours, key, party_of};
use holdfast_types::{Seconds, Timestamp};

pub(super) fn address_poisoning(context: &Context) -> Option<Finding> {
    let found = context.lookalike?;
    let dealt = match found.known_by {
        KnownBy::Paid => "which the customer paid before",
        KnownBy::Received => "which paid the customer before",
        KnownBy::Chain => "which an address of the customer dealt with on the chain",
    };
    let text = format!("the destination {} looks like {}, {dealt}, but is another", found.address, found.of);
    Some(context.found(Typology::AddressPoisoning, text, context.value, Vec::new()))
}

pub(super) fn card_cash_out(context: &Context) -> Option<Finding> {
    let window = 72 * HOUR;
    let cards: Vec<&Activity> = context.recent(window).filter(|a| a.kind == ActivityKind::CardIn).collect();
    let funded: u64 = cards.iter().map(|a| a.value).sum();
    // Buyers with trouble at the bank move what they bought to a wallet that they used before.
    let used = |a: &&&Activity| context.before(window).any(|b| b.kind == ActivityKind::CardIn && b.party == a.party);
    let familiar: u64 = cards.iter().filter(used).map(|a| a.value).sum();
    if funded < 50_000
        || familiar * 2 > funded
        || context.paid_before(context.party, window)
        || context.sent_deposit(context.party)
    {
        return None;
    }
    let out: u64 = context.value
        + context.recent(window).filter(|a| a.kind == ActivityKind::Withdrawal).map(|a| a.value).sum::<u64>();
    if out * 100 < funded * 70 {
        return None;
    }
    let (distinct, events, _) = parties(cards.iter().copied());
    let foreign = cards.iter().filter(|a| a.foreign).count();
    let declined = context.recent(window).filter(|a| a.kind == ActivityKind::Declined).count();
    let charged_back = context.recent(30 * DAY).filter(|a| a.kind == ActivityKind::Chargeback).count();
    if distinct.len() < 3 && foreign == 0 && declined < 3 && charged_back == 0 {
        return None;
    }
    let text = format!(
        "{} by {} cards within 72 hours ({foreign} payments by foreign or third-party cards, {declined} declines, {charged_back} chargebacks), {} of it withdrawn to a new address",
        context.money(funded),
        distinct.len(),
        context.money(out)
    );
    Some(context.found(Typology::CardCashOut, text, out, events))
}

/// Most payers of an address among whom shared devices are looked for.
const MAX_PAYERS: usize = 32;

/// Customers who began to pay a withdrawal's address within 30 days (its own included) and how many of them share a device with another of them.
pub(super) fn payers_on_one_device(
    near: Neighbours<'_>,
    own: Option<CustomerKey>,
    event: &Event,
) -> Option<(usize, usize)> {
    let now = event.time;
    let party = near.party(party_of(event))?;
    if party.iter().any(|u| u.time <= now - 30 * DAY) {
        return None;
    }
    let paid = party.iter().filter(|u| !u.incoming && u.time <= now);
    let mut payers: Vec<CustomerKey> = paid.map(|u| u.customer).collect();
    payers.extend(own);
    payers.sort_unstable();
    payers.dedup();
    if payers.len() < 3 || payers.len() > MAX_PAYERS {
        return None;
    }
    let share = |a, b| near.devices(a).any(|d| near.devices(b).any(|e| d == e));
    let sharing = payers.iter().filter(|a| payers.iter().any(|b| *a != b && share(**a, *b))).count();
    Some((payers.len(), sharing))
}

pub(super) fn fake_account_ring(context: &Context) -> Option<Finding> {
    let now = context.event.time;
    let own = context.customer.map(|c| c.key);
    // How many customers share a key, this one included.
    let sharing = |key: u64, window: Seconds| {
        let Some(party) = context.view.party(key) else { return 1 };
        let used = party.iter().filter(|u| u.time <= now && u.time > now - window);
        let mut users: Vec<CustomerKey> = used.map(|u| u.customer).chain(own).collect();
        users.sort_unstable();
        users.dedup();
        users.len() + usize::from(own.is_none())
    };
    let ring = |text: String| Some(context.found(Typology::FakeAccountRing, text, context.value, Vec::new()));
    if let Some(document) = &context.event.document {
        let n = sharing(key("document", document), MEMORY);
        if n >= 2 {
            return ring(format!("one identity document is used by {n} customers"));
        }
    }
    if let Some(instrument) = &context.event.instrument {
        let n = sharing(key("instrument", instrument), MEMORY);
        if n >= 3 {
            return ring(format!("one card or bank account pays in for {n} customers"));
        }
    }
    let devices = context.event.device.as_ref().map_or(1, |d| sharing(key("device", d), 30 * DAY));
    if devices >= 5 {
        return ring(format!("one device is used by {devices} customers within 30 days"));
    }
    if let Some(ip) = context.event.ip.as_ref().filter(|_| context.event.action == Some(Action::Signup)) {
        let n = sharing(key("signup-ip", ip), DAY);
        if n >= 6 && devices >= 2 {
            return ring(format!("{n} signups from one IP address within 24 hours, {devices} of them on one device"));
        }
    }
    if let Some((payers, sharing)) = context.across.payers
        && sharing >= 3
        && sharing * 2 > payers
    {
        return ring(format!(
            "{payers} customers began to pay this address within 30 days; {sharing} of them share devices"
        ));
    }
    None
}

/// Whether the event's IP address is one that the customer used before a time. Unknown counts as no.
fn known_place(context: &Context, customer: &Customer, before: Timestamp) -> bool {
    let used = |namespace: &str, ip: &str| {
        let party = context.view.party(key(namespace, ip));
        party.is_some_and(|p| p.iter().any(|u| u.customer == customer.key && u.time < before))
    };
    context.event.ip.as_ref().is_some_and(|ip| used("ip", ip) || used("signup-ip", ip))
}

pub(super) fn account_takeover(context: &Context) -> Option<Finding> {
    let customer = context.customer?;
    let now = context.event.time;
    if customer.since().is_none_or(|s| now - s < 3 * DAY) || customer.knows_destination(context.party) {
        return None;
    }
    // A device that is new while the customer had others before.
    let (device, seen) = customer.devices.iter().filter(|d| d.1 <= now).max_by_key(|d| d.1)?;
    if now - *seen > 48 * HOUR || !customer.devices.iter().any(|d| d.1 < *seen) || known_place(context, customer, *seen)
    {
        return None;
    }
    let recent = || customer.recent(now, 48 * HOUR);
    let change = recent().find(|a| {
        matches!(a.kind, ActivityKind::Account(action) if action.changes_credentials())
            && a.time >= *seen
            && a.device == *device
    });
    let failed = |a: &&Activity| a.kind == ActivityKind::Account(Action::LoginFailed);
    let (why, seq) = match change {
        Some(change) => {
            let ActivityKind::Account(action) = change.kind else { return None };
            (format!("then {}", action.name()), change.seq)
        }
        None => {
            let count = recent().filter(failed).count();
            let last = recent().find(failed).filter(|_| count >= 3)?;
            (format!("{count} failed logins"), last.seq)
        }
    };
    let text = format!(
        "device first seen {} hours ago at a new place, {why}, then a withdrawal to a new address",
        (now - *seen) / HOUR
    );
    Some(context.found(Typology::AccountTakeover, text, context.value, vec![seq]))
}

/// Payments that a scam may be, the latest first: to this address, or to new addresses that were used once.
fn payments_alike<'a>(context: &Context<'a>, customer: &Customer) -> Vec<&'a Activity> {
    let month = 30 * DAY;
    let new = |a: &&Activity| a.kind == ActivityKind::Withdrawal && !context.paid_before(a.party, month);
    let all: Vec<&Activity> = context.recent(month).filter(new).collect();
    if customer.knows_destination(context.party) {
        return all.into_iter().filter(|a| a.party == context.party).collect();
    }
    let once = |a: &&Activity| all.iter().filter(|b| b.party == a.party).count() == 1;
    all.iter().copied().filter(once).collect()
}

/// Most of the fresh money of a day that was still there leaves in this payment.
fn takes_fresh_money(context: &Context, time: Timestamp, value: u64) -> bool {
    let sum = |wanted: &dyn Fn(&Activity) -> bool| -> u64 {
        let within = |a: &&Activity| a.time <= time && a.time > time - DAY && wanted(a);
        context.recent(32 * DAY).filter(within).map(|a| a.value).sum()
    };
    let funded = sum(&|a| matches!(a.kind, ActivityKind::CardIn | ActivityKind::BankIn));
    let gone = sum(&|a| a.kind.goes_out() && a.time < time);
    funded > 0 && value * 10 >= funded.saturating_sub(gone) * 7
}

pub(super) fn scam_victim(context: &Context) -> Option<Finding> {
    let customer = context.customer.filter(|_| context.individual())?;
    let now = context.event.time;
    let month = 30 * DAY;
    let (funded, payments) = funding(context, 72 * HOUR);
    if funded == 0
        || context.value < 50_000
        || context.paid_before(context.party, month)
        || context.sent_deposit(context.party)
    {
        return None;
    }
    let others = context.view.party(context.party).map_or(0, |p| {
        // An old favourite of many is a service; so is who takes mostly small sums.
        let paid = || p.iter().filter(|u| !u.incoming && u.time <= now);
        let old = paid().any(|u| now - u.time > month);
        let large = paid().filter(|u| u.value >= 50_000).count();
        if old || large * 5 < paid().count() * 4 { 0 } else { p.customers(now, month, |incoming| !incoming) }
    });
    let shared = others + usize::from(!customer.knows_destination(context.party)) >= 3;
    let before = payments_alike(context, customer);
    let growing = before.len() >= 2 && {
        let (one, two) = (before[0], before[1]);
        let steps = [(one.value, context.value), (two.value, one.value)];
        let taken = [(now, context.value), (one.time, one.value), (two.time, two.value)];
        steps.iter().all(|(a, b)| b * 5 >= a * 6)
            && one.value + two.value + context.value >= 200_000
            && taken.iter().all(|(time, value)| takes_fresh_money(context, *time, *value))
    };
    if !shared && !growing {
        return None;
    }
    let text = if shared {
        format!(
            "{} customers began to pay this address within 30 days, each with fresh money from outside",
            others.max(3)
        )
    } else {
        format!(
            "withdrawal number {} to new addresses within 30 days, each larger than the one before and with fresh money from bank or card",
            before.len() + 1
        )
    };
    let events = before.iter().chain(&payments).map(|a| a.seq).collect();
    Some(context.found(Typology::ScamVictim, text, context.value, events))
}
