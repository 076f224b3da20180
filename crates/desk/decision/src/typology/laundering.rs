//! Laundering, and what passes dirty money on.

use super::{Context, Finding, REPORTING_THRESHOLD, Typology, funding, parties};
use crate::facts::ChainFacts;
use crate::model::Event;
use crate::state::{Activity, ActivityKind, CustomerKey, DAY, HOUR, Key, Neighbours, Use, Uses, senders_of};
use holdfast_types::Seconds;

pub(super) fn structuring(context: &Context) -> Option<Finding> {
    let (comes_in, goes_out) = (context.event.comes_in(), context.event.goes_out());
    let same_way = |a: &&Activity| if comes_in { a.kind.comes_in() } else { a.kind.goes_out() };
    let from = |percent: u64| REPORTING_THRESHOLD * percent / 100..REPORTING_THRESHOLD;
    // Who moves more at once when there is more to move does not keep under the threshold.
    let above = |a: &Activity| a.value >= REPORTING_THRESHOLD;
    if !(comes_in || goes_out)
        || !from(40).contains(&context.value)
        || context.recent(30 * DAY).filter(same_way).any(above)
    {
        return None;
    }
    let found = |window: Seconds, percent: u64| -> (Vec<u64>, u64) {
        let near = |a: &&Activity| from(percent).contains(&a.value);
        let all: Vec<&Activity> = context.recent(window).filter(same_way).filter(near).collect();
        (all.iter().map(|a| a.seq).collect(), context.value + all.iter().map(|a| a.value).sum::<u64>())
    };
    let way = if comes_in { "in" } else { "out" };
    let (events, total) = found(72 * HOUR, 70);
    if from(70).contains(&context.value) && events.len() >= 2 {
        let text = format!(
            "{} movements {way} within 72 hours, each just below {}, together {}",
            events.len() + 1,
            context.money(REPORTING_THRESHOLD),
            context.money(total)
        );
        return Some(context.found(Typology::Structuring, text, total, events));
    }
    let (events, total) = found(7 * DAY, 40);
    let usual = context.before(7 * DAY).filter(same_way).map(|a| a.value).sum::<u64>() / context.weeks_before(7 * DAY);
    if events.len() < 4 || total * 2 < REPORTING_THRESHOLD * 5 || total < usual * 4 {
        return None;
    }
    let text = format!(
        "{} movements {way} within 7 days, all below {}, together {}; {} is usual in a week",
        events.len() + 1,
        context.money(REPORTING_THRESHOLD),
        context.money(total),
        context.money(usual)
    );
    Some(context.found(Typology::Structuring, text, total, events))
}

pub(super) fn rapid_pass_through(context: &Context) -> Option<Finding> {
    let window = 48 * HOUR;
    if !context.individual() {
        return None;
    }
    let deposits: Vec<&Activity> = context.recent(window).filter(|a| a.kind == ActivityKind::Deposit).collect();
    let came: u64 = deposits.iter().map(|a| a.value).sum();
    let first = deposits.last()?.time;
    let since = |a: &&Activity| a.kind.goes_out() && a.time >= first;
    let left: u64 = context.value + context.recent(window).filter(since).map(|a| a.value).sum::<u64>();
    let known = |party: Key| {
        let deposited = |a: &Activity| a.kind == ActivityKind::Deposit && a.party == party;
        party != 0 && (context.before(window).any(deposited) || context.paid_before(party, window))
    };
    // What another customer sent there is for `cycle`; many senders or payees are for `fan_in` and `fan_out`.
    let own = context.customer.map(|c| c.key);
    let from_customers = |a: &&Activity| {
        let sent = |u: &Use| !u.incoming && Some(u.customer) != own && u.time <= a.time && u.time > a.time - 7 * DAY;
        context.view.party(a.party).is_some_and(|p| p.iter().any(sent))
    };
    let (senders, ..) = parties(deposits.iter().copied());
    let (payees, ..) = parties(context.recent(window).filter(since));
    let unknown: u64 = deposits.iter().filter(|a| !known(a.party)).map(|a| a.value).sum();
    // Sending back to where deposits come from is an owner moving between own wallets.
    let latest = deposits.first()?.time;
    if came < 300_000
        || unknown * 5 < came * 4
        || senders.len() > 4
        || payees.len() > 4
        || deposits.iter().any(from_customers)
        || context.event.time - latest > 36 * HOUR
        || left * 100 < came * 80
        || left * 100 > came * 105
        || context.paid_before(context.party, window)
        || context.sent_deposit(context.party)
    {
        return None;
    }
    let minutes = (context.event.time - latest) / Seconds::MINUTE;
    let text = format!(
        "{} of {} deposited within 48 hours by new senders leaves again, {minutes} minutes after the last deposit, to a new address",
        context.money(left),
        context.money(came)
    );
    Some(context.found(Typology::RapidPassThrough, text, left, deposits.iter().map(|a| a.seq).collect()))
}

/// New parties within seven days, and how many are new in the customer's usual week.
fn new_parties(context: &Context, what: ActivityKind) -> (Vec<Key>, Vec<u64>, u64, u64) {
    let window = 7 * DAY;
    let (old, ..) = parties(context.before(window).filter(|a| a.kind == what));
    let (mut keys, events, total) = parties(context.recent(window).filter(|a| a.kind == what));
    keys.retain(|k| !old.contains(k));
    let usual = old.len() as u64 / context.weeks_before(window);
    (keys, events, total, usual)
}

pub(super) fn fan_in(context: &Context) -> Option<Finding> {
    if !context.individual() {
        return None;
    }
    let (mut keys, events, total, usual) = new_parties(context, ActivityKind::Deposit);
    let own = match context.party {
        0 => *senders_of(context.event, context.facts).first()?,
        party => party,
    };
    let known = |a: &Activity| a.kind == ActivityKind::Deposit && a.party == own;
    if !keys.contains(&own) && !context.before(7 * DAY).any(known) {
        keys.push(own);
    }
    if keys.len() < 10 || (keys.len() as u64) < usual * 5 {
        return None;
    }
    let text = format!("deposits from {} new addresses within 7 days; {usual} are usual in a week", keys.len());
    Some(context.found(Typology::FanIn, text, total + context.value, events))
}

pub(super) fn fan_out(context: &Context) -> Option<Finding> {
    if !context.individual() {
        let (mut keys, events, total) = parties(context.recent(DAY).filter(|a| a.kind == ActivityKind::Withdrawal));
        if !keys.contains(&context.party) {
            keys.push(context.party);
        }
        let text = format!("withdrawals to {} addresses within 24 hours", keys.len());
        return (keys.len() >= 50).then(|| context.found(Typology::FanOut, text, total + context.value, events));
    }
    let (mut keys, events, total, usual) = new_parties(context, ActivityKind::Withdrawal);
    if !keys.contains(&context.party) && !context.paid_before(context.party, 7 * DAY) {
        keys.push(context.party);
    }
    if keys.len() < 10 || (keys.len() as u64) < usual * 5 {
        return None;
    }
    let text = format!("withdrawals to {} new addresses within 7 days; {usual} are usual in a week", keys.len());
    Some(context.found(Typology::FanOut, text, total + context.value, events))
}

pub(super) fn cycle(context: &Context) -> Option<Finding> {
    let length = context.across.cycle?;
    let text = format!("money that this customer sent comes back through {length} customers within 7 days");
    Some(context.found(Typology::Cycle, text, context.value, Vec::new()))
}

/// Returns through how many customers a deposit's money comes back to who sent it.
pub(super) fn cycle_length(
    near: Neighbours<'_>,
    own: Option<CustomerKey>,
    event: &Event,
    facts: &ChainFacts,
    value: u64,
) -> Option<usize> {
    const LEAST: u64 = 50_000;
    if value < LEAST {
        return None;
    }
    let (now, own) = (event.time, own?);
    // Who withdrew to where this deposit comes from?
    let mut from: Vec<CustomerKey> = Vec::new();
    for used in senders_of(event, facts).into_iter().filter_map(|s| near.party(s)).flat_map(Uses::iter) {
        if !used.incoming
            && used.customer != own
            && used.time <= now
            && used.time > now - 7 * DAY
            && used.value >= LEAST
            && !from.contains(&used.customer)
        {
            from.push(used.customer);
        }
    }
    // Walk back through received_from until this customer is met, at most four customers in all.
    let mut wave: Vec<(CustomerKey, usize)> = from.into_iter().map(|c| (c, 2)).collect();
    let mut seen: Vec<CustomerKey> = Vec::new();
    while let Some((customer, length)) = wave.pop() {
        if seen.contains(&customer) || seen.len() > 64 {
            continue;
        }
        seen.push(customer);
        for (sender, time, value) in near.received_from(customer) {
            if time > now || time <= now - 7 * DAY || value < LEAST {
                continue;
            }
            if sender == own {
                return Some(length);
            }
            if length < 4 {
                wave.push((sender, length + 1));
            }
        }
    }
    None
}

/// Returns whether only the customer, within a window, is known to use the address: no other customer, no stored block.
fn unseen(context: &Context, window: Seconds) -> bool {
    let begin = context.event.time - window;
    let own = context.customer.map(|c| c.key);
    let is_own = |u: &Use| Some(u.customer) == own && u.time > begin && !u.incoming;
    context.view.party(context.party).is_none_or(|p| p.iter().all(is_own))
        && !context.facts.found
        && context.facts.tags.is_empty()
}

pub(super) fn ransomware_payment(context: &Context) -> Option<Finding> {
    let window = DAY;
    let (all, payments) = funding(context, window);
    let (payers, _, foreign) = parties(payments.iter().copied().filter(|a| a.foreign));
    // A responder or insurer is paid by the victim and pays for it; many third parties make a mule. Victims pay against a deadline.
    let responder = !context.individual() && payers.len() == 1 && foreign * 10 >= all * 8;
    let funded = if responder { foreign } else { funding(context, 12 * HOUR).0 };
    let withdrawals = |a: &&Activity| a.kind == ActivityKind::Withdrawal;
    let trial: u64 =
        context.recent(window).filter(withdrawals).filter(|a| a.party == context.party).map(|a| a.value).sum();
    let other = |a: &&Activity| !(a.party == context.party && a.time > context.event.time - window);
    let earlier: Vec<&Activity> = context.recent(crate::state::MEMORY).filter(withdrawals).filter(other).collect();
    let largest = earlier.iter().map(|a| a.value).max().unwrap_or(0);
    if (!payers.is_empty() && !responder)
        || funded < 300_000
        || context.value * 100 < funded * 80
        || trial * 10 > context.value
        || (earlier.len() > 2 && largest * 5 > context.value)
        || context.sent_deposit(context.party)
        || !unseen(context, window)
    {
        return None;
    }
    let text = format!(
        "{} of {} paid in within hours goes to an address without known use; the customer withdrew {} times in 90 days, at most {}",
        context.money(context.value),
        context.money(funded),
        earlier.len(),
        context.money(largest)
    );
    Some(context.found(Typology::RansomwarePayment, text, context.value, payments.iter().map(|a| a.seq).collect()))
}

pub(super) fn dusting(context: &Context) -> Option<Finding> {
    if context.value >= 100 {
        return None;
    }
    if context.facts.spray >= 20 {
        let text = format!("one transaction pays {} outputs no larger than this one", context.facts.spray);
        return Some(context.found(Typology::Dusting, text, context.value, Vec::new()));
    }
    let now = context.event.time;
    let own = CustomerKey::of(&context.event.customer);
    let most = senders_of(context.event, context.facts)
        .into_iter()
        .filter_map(|s| context.view.party(s))
        // A pool or faucet pays small sums, too, and larger ones.
        .filter(|p| !p.iter().any(|u| u.incoming && u.value >= 100 && u.time <= now))
        .map(|party| {
            let dust = party.iter().filter(|u| u.incoming && u.time <= now && u.time > now - 7 * DAY);
            let mut dusted: Vec<CustomerKey> = dust.map(|u| u.customer).chain([own]).collect();
            dusted.sort_unstable();
            dusted.dedup();
            dusted.len()
        })
        .max()
        .unwrap_or(0);
    (most >= 5).then(|| {
        let text = format!("the sender paid {most} customers less than 1.00 each within 7 days, and no customer more");
        context.found(Typology::Dusting, text, context.value, Vec::new())
    })
}

pub(super) fn mule(context: &Context) -> Option<Finding> {
    let window = 21 * DAY;
    if !context.event.goes_out() {
        return None;
    }
    let paid: Vec<&Activity> = context.recent(window).filter(|a| a.foreign && a.kind == ActivityKind::BankIn).collect();
    let (payers, events, came) = parties(paid.iter().copied());
    if payers.len() < 3 || came < 100_000 {
        return None;
    }
    let first = paid.last()?.time;
    // What goes where the customer's money went before is the customer's own affair.
    let used_before = |party: Key| {
        context.first_withdrawal_to(party).is_some_and(|t| t < first)
            || context.recent(crate::state::MEMORY).any(|a| a.party == party && a.time < first)
    };
    if used_before(context.party) {
        return None;
    }
    let out = |a: &&Activity| a.kind.goes_out() && a.time >= first && !used_before(a.party);
    let (mut payees, _, left) = parties(context.recent(window).filter(out));
    if !payees.contains(&context.party) {
        payees.push(context.party);
    }
    let left = left + context.value;
    // A broker sends each client's coins to that client.
    if left * 100 < came * 80 || payees.len() >= payers.len() {
        return None;
    }
    let text = format!(
        "{} third parties paid in {} within 21 days, {} leaves to where nothing went before",
        payers.len(),
        context.money(came),
        context.money(left)
    );
    Some(context.found(Typology::Mule, text, left, events))
}
