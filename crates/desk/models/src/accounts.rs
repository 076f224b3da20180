//! Features of an account from its own transactions, on any chain of accounts: one function for rules, training and serving, as of a time.

use crate::numeric::count;
use crate::schema::FeatureKind::{self, Amount, Count, Duration, Ratio};
use crate::{Feature, ModelError, Schema};
use holdfast_types::{Seconds, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most transactions of an account that features are made of: the first ones.
pub const MAX_EVENTS: usize = 20_000;

/// Spans end here: a longer one says how long the record goes on, which is the date in disguise.
pub const LONGEST_SPAN: Seconds = Seconds::days(30);

/// What stands before the names of [`payments_schema`]: they measure payments only, and no model made on all transactions may be given them.
pub const PAYMENTS: &str = "payments_";

/// Features that say how many transactions failed, moved nothing or called a contract: payments alone do not tell.
const NOT_OF_PAYMENTS: &[&str] = &[
    "share_calls_in",
    "share_calls_out",
    "contracts_created",
    "share_zero_in",
    "share_zero_out",
    "share_failed_in",
    "share_failed_out",
];

/// A transaction of an account, from the account's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountEvent {
    /// When.
    pub at: Timestamp,
    /// Received, not sent.
    pub is_incoming: bool,
    /// The other side, as a number that the caller assigns; none where a contract is created.
    pub counterparty: Option<u64>,
    /// Base units of the chain's coin.
    pub amount_base_units: u128,
    /// It failed: no amount moved.
    pub is_failed: bool,
    /// It calls a contract or carries data.
    pub is_call: bool,
}

impl AccountEvent {
    /// Returns whether it moved coin between two accounts: what a ledger of transfers has of it.
    #[must_use]
    pub fn is_payment(&self) -> bool {
        !self.is_failed && self.amount_base_units > 0 && self.counterparty.is_some()
    }
}

/// Which features are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amounts {
    /// All.
    With,
    /// None that depends on how large amounts are: ratios of one account's amounts remain.
    Without,
}

/// Names, families, labels and kinds, in the order of [`features`]; those of family `amounts` depend on how large amounts are.
const FEATURES: &[(&str, &str, &str, FeatureKind)] = &[
    ("transactions_in", "activity", "incoming transactions", Count),
    ("transactions_out", "activity", "outgoing transactions", Count),
    ("share_in", "activity", "share of incoming transactions", Ratio),
    ("share_calls_in", "activity", "share of incoming calls of contracts", Ratio),
    ("share_calls_out", "activity", "share of outgoing calls of contracts", Ratio),
    ("contracts_created", "activity", "contracts created", Count),
    ("share_zero_in", "activity", "share of incoming transactions without amount", Ratio),
    ("share_zero_out", "activity", "share of outgoing transactions without amount", Ratio),
    ("share_failed_in", "errors", "share of incoming transactions that failed", Ratio),
    ("share_failed_out", "errors", "share of outgoing transactions that failed", Ratio),
    ("distinct_senders", "counterparties", "different senders", Count),
    ("distinct_receivers", "counterparties", "different receivers", Count),
    ("distinct_senders_share", "counterparties", "different senders per incoming transaction", Ratio),
    ("distinct_receivers_share", "counterparties", "different receivers per outgoing transaction", Ratio),
    ("sender_concentration", "counterparties", "concentration of senders by number", Ratio),
    ("receiver_concentration", "counterparties", "concentration of receivers by number", Ratio),
    ("sender_amount_concentration", "counterparties", "concentration of senders by amount", Ratio),
    ("receiver_amount_concentration", "counterparties", "concentration of receivers by amount", Ratio),
    ("share_both_ways", "counterparties", "share of counterparties in both directions", Ratio),
    ("first_sender_is_receiver", "counterparties", "share of outgoing transactions to the first sender", Ratio),
    ("span", "timing", "span from first to last transaction", Duration),
    ("active_days_share", "timing", "share of days with transactions", Ratio),
    ("gap_median", "timing", "median gap between transactions", Duration),
    ("gap_mean", "timing", "mean gap between transactions", Duration),
    ("gap_longest", "timing", "longest gap between transactions", Duration),
    ("gap_variation", "timing", "variation of gaps between transactions", Ratio),
    ("gap_in_median", "timing", "median gap between incoming transactions", Duration),
    ("gap_in_mean", "timing", "mean gap between incoming transactions", Duration),
    ("gap_in_variation", "timing", "variation of gaps between incoming transactions", Ratio),
    ("gap_out_median", "timing", "median gap between outgoing transactions", Duration),
    ("gap_out_mean", "timing", "mean gap between outgoing transactions", Duration),
    ("gap_out_shortest", "timing", "shortest gap between outgoing transactions", Duration),
    ("burst_hour_share", "timing", "share of transactions in the busiest hour", Ratio),
    ("burst_day_share", "timing", "share of transactions in the busiest day", Ratio),
    ("first_day_share", "timing", "share of transactions in the first day", Ratio),
    ("hour_entropy", "timing", "entropy of the hour of day", Ratio),
    ("hour_mean_sin", "timing", "evening or morning, by the clock in UTC", Ratio),
    (
        "first_in_to_first_out_delay",
        "flow",
        "delay from the first incoming to the first outgoing transaction",
        Duration,
    ),
    ("last_in_to_last_out_delay", "flow", "delay from the last incoming to the last outgoing transaction", Duration),
    ("ins_before_first_out", "flow", "incoming transactions before the first outgoing one", Count),
    ("in_to_out_delay_median", "flow", "median delay until a received amount is passed on", Duration),
    ("passed_on_hour", "flow", "share of received amounts passed on within an hour", Ratio),
    ("passed_on_day", "flow", "share of received amounts passed on within a day", Ratio),
    ("balance_kept", "flow", "share of received amounts kept", Ratio),
    ("balance_highest_share", "flow", "highest balance as a share of received amounts", Ratio),
    ("share_emptying", "flow", "share of outgoing transactions that nearly empty the account", Ratio),
    ("alternations", "flow", "changes between receiving and sending per transaction", Ratio),
    ("amount_in_variation", "flow", "variation of incoming amounts", Ratio),
    ("amount_out_variation", "flow", "variation of outgoing amounts", Ratio),
    ("amount_in_largest_share", "flow", "largest incoming amount as a share of all", Ratio),
    ("amount_out_largest_share", "flow", "largest outgoing amount as a share of all", Ratio),
    ("amount_in_repeated_share", "flow", "share of incoming amounts that repeat", Ratio),
    ("amount_out_to_in_median", "flow", "median outgoing amount by median incoming amount", Ratio),
    ("total_in", "amounts", "total received", Amount),
    ("total_out", "amounts", "total sent", Amount),
    ("amount_in_mean", "amounts", "mean incoming amount", Amount),
    ("amount_in_median", "amounts", "median incoming amount", Amount),
    ("amount_in_largest", "amounts", "largest incoming amount", Amount),
    ("amount_in_smallest", "amounts", "smallest incoming amount", Amount),
    ("amount_out_mean", "amounts", "mean outgoing amount", Amount),
    ("amount_out_median", "amounts", "median outgoing amount", Amount),
    ("amount_out_largest", "amounts", "largest outgoing amount", Amount),
    ("amount_out_smallest", "amounts", "smallest outgoing amount", Amount),
    ("balance", "amounts", "balance", Amount),
    ("balance_highest", "amounts", "highest balance", Amount),
    ("round_in_share", "amounts", "share of round incoming amounts", Ratio),
    ("round_out_share", "amounts", "share of round outgoing amounts", Ratio),
];

/// Returns the features of accounts.
///
/// # Errors
///
/// Never for the features as they are: the schema's own checks.
pub fn schema(amounts: Amounts) -> Result<Schema, ModelError> {
    let made = FEATURES.iter().filter(|f| is_made(f.1, amounts));
    Schema::new(made.map(|(name, family, label, kind)| Feature::new(name, family, *kind).called(label)).collect())
}

fn is_made(family: &str, amounts: Amounts) -> bool {
    amounts == Amounts::With || family != "amounts"
}

/// Returns the features of accounts that payments alone give, so that a ledger of transfers serves them: those of [`schema`] but for failed transactions,
/// transactions without amount and calls of contracts. Their names begin with [`PAYMENTS`].
///
/// # Errors
///
/// Never for the features as they are: the schema's own checks.
pub fn payments_schema(amounts: Amounts) -> Result<Schema, ModelError> {
    let made = FEATURES.iter().filter(|f| is_made(f.1, amounts) && !NOT_OF_PAYMENTS.contains(&f.0));
    let feature = |(name, family, label, kind): &(&str, &str, &str, FeatureKind)| {
        Feature::new(&format!("{PAYMENTS}{name}"), family, *kind).called(&label.replace("transaction", "payment"))
    };
    Schema::new(made.map(feature).collect())
}

/// Returns all features of accounts that a ledger serves: [`payments_schema`], then those of the payments around it ([`crate::graph`]), then those of a pass over
/// its whole chain ([`crate::whole_chain`]). New ones are added at the end: stored rows are read by place.
///
/// # Errors
///
/// Never for the features as they are: the schema's own checks.
pub fn ledger_schema(amounts: Amounts) -> Result<Schema, ModelError> {
    let parts = [payments_schema(amounts)?, crate::graph::schema()?, crate::whole_chain::schema()?];
    Schema::new(parts.iter().flat_map(Schema::features).cloned().collect())
}

/// Returns the places of a model's features in rows of [`ledger_schema`] with amounts.
///
/// # Errors
///
/// `Feature` names one that a ledger does not give.
pub fn ledger_places(schema: &Schema) -> Result<Vec<usize>, ModelError> {
    let known = ledger_schema(Amounts::With)?;
    let place = |name: &str| {
        let reason = || {
            format!(
                "is not given by a ledger of transfers; train by `holdfast models train-accounts`, whose features begin with {PAYMENTS}"
            )
        };
        known.position(name).ok_or_else(|| ModelError::Feature { name: name.to_owned(), reason: reason() })
    };
    schema.features().iter().map(|f| place(&f.name)).collect()
}

/// Returns an account's features of its payments up to a time, in the order of [`payments_schema`]; as [`features`] otherwise.
#[must_use]
pub fn payments_features(events: &[AccountEvent], as_of: Timestamp, decimals: u8, amounts: Amounts) -> Vec<f64> {
    let payments: Vec<AccountEvent> = events.iter().copied().filter(AccountEvent::is_payment).collect();
    let row = features(&payments, as_of, decimals, amounts);
    let names = FEATURES.iter().filter(|f| is_made(f.1, amounts)).map(|f| f.0);
    row.into_iter().zip(names).filter(|(_, name)| !NOT_OF_PAYMENTS.contains(name)).map(|(value, _)| value).collect()
}

/// Returns an account's features of its transactions up to a time, in the order of [`schema`]. Amounts are in units of `10^decimals` base units.
///
/// What has no value (a gap of one transaction, a share of none) is missing, NaN. Spans end at [`LONGEST_SPAN`]. Of more than [`MAX_EVENTS`] transactions the first are used.
#[must_use]
pub fn features(events: &[AccountEvent], as_of: Timestamp, decimals: u8, amounts: Amounts) -> Vec<f64> {
    let mut events: Vec<AccountEvent> = events.iter().copied().filter(|e| e.at <= as_of).collect();
    events.sort_by_key(|e| e.at);
    events.truncate(MAX_EVENTS);
    let unit = 10f64.powi(i32::from(decimals));
    let (ins, outs): (Vec<AccountEvent>, Vec<AccountEvent>) = events.iter().partition(|e| e.is_incoming);
    let (received, sent) = (Side::of(&ins, unit), Side::of(&outs, unit));
    let mut row = Vec::with_capacity(FEATURES.len());
    row.extend(activity(&events, &ins, &outs));
    row.extend(counterparties(&ins, &outs, &received, &sent));
    row.extend(timing(&events, &ins, &outs));
    row.extend(flow(&events, &ins, &outs, &received, &sent, unit));
    row.extend(sizes(&ins, &outs, &received, &sent, decimals));
    let longest = seconds(LONGEST_SPAN);
    let bounded = |value: f64, kind| if kind == Duration && value > longest { longest } else { value };
    row.iter().zip(FEATURES).filter(|(_, f)| is_made(f.1, amounts)).map(|(v, f)| bounded(*v, f.3)).collect()
}

/// Amounts of one direction, of transactions that did not fail.
struct Side {
    amounts: Vec<f64>,
    sorted: Vec<f64>,
    total: f64,
}

impl Side {
    fn of(events: &[AccountEvent], unit: f64) -> Self {
        let moved = events.iter().filter(|e| !e.is_failed && e.amount_base_units > 0);
        let amounts: Vec<f64> = moved.map(|e| e.amount_base_units as f64 / unit).collect();
        let mut sorted = amounts.clone();
        sorted.sort_by(f64::total_cmp);
        Side { total: amounts.iter().sum(), amounts, sorted }
    }

    fn median(&self) -> f64 {
        median(&self.sorted)
    }

    fn largest(&self) -> f64 {
        self.sorted.last().copied().unwrap_or(f64::NAN)
    }
}

fn share(part: usize, of: usize) -> f64 {
    ratio(count(part), count(of))
}

fn ratio(part: f64, of: f64) -> f64 {
    if of > 0.0 { part / of } else { f64::NAN }
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mean(values: &[f64]) -> f64 {
    ratio(values.iter().sum(), count(values.len()))
}

/// Standard deviation by mean.
fn variation(values: &[f64]) -> f64 {
    let mean = mean(values);
    if values.len() < 2 || mean <= 0.0 {
        return f64::NAN;
    }
    (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count(values.len())).sqrt() / mean
}

fn seconds(span: Seconds) -> f64 {
    span.count() as f64
}

/// Gaps between transactions, ascending.
fn gaps(events: &[AccountEvent]) -> Vec<f64> {
    let mut gaps: Vec<f64> = events.windows(2).map(|w| seconds(w[1].at - w[0].at)).collect();
    gaps.sort_by(f64::total_cmp);
    gaps
}

fn activity(events: &[AccountEvent], ins: &[AccountEvent], outs: &[AccountEvent]) -> [f64; 10] {
    let of =
        |side: &[AccountEvent], is: fn(&AccountEvent) -> bool| share(side.iter().filter(|e| is(e)).count(), side.len());
    [
        count(ins.len()),
        count(outs.len()),
        share(ins.len(), events.len()),
        of(ins, |e| e.is_call),
        of(outs, |e| e.is_call),
        count(outs.iter().filter(|e| e.counterparty.is_none()).count()),
        of(ins, |e| e.amount_base_units == 0),
        of(outs, |e| e.amount_base_units == 0),
        of(ins, |e| e.is_failed),
        of(outs, |e| e.is_failed),
    ]
}

fn counterparties(ins: &[AccountEvent], outs: &[AccountEvent], received: &Side, sent: &Side) -> [f64; 10] {
    let sums = |side: &[AccountEvent]| {
        let mut sums: BTreeMap<u64, (usize, f64)> = BTreeMap::new();
        for event in side {
            if let Some(other) = event.counterparty {
                let sum = sums.entry(other).or_default();
                sum.0 += 1;
                sum.1 += if event.is_failed { 0.0 } else { event.amount_base_units as f64 };
            }
        }
        sums
    };
    let (senders, receivers) = (sums(ins), sums(outs));
    // The sum of squared shares (Herfindahl 1950).
    let concentration = |of: &[f64]| {
        let total: f64 = of.iter().sum();
        if total > 0.0 { of.iter().map(|v| (v / total) * (v / total)).sum() } else { f64::NAN }
    };
    let by_number =
        |sums: &BTreeMap<u64, (usize, f64)>| concentration(&sums.values().map(|s| count(s.0)).collect::<Vec<_>>());
    let by_amount = |sums: &BTreeMap<u64, (usize, f64)>| concentration(&sums.values().map(|s| s.1).collect::<Vec<_>>());
    let both = senders.keys().filter(|k| receivers.contains_key(k)).count();
    let first = ins.first().and_then(|e| e.counterparty);
    let back = outs.iter().filter(|e| first.is_some() && e.counterparty == first).count();
    [
        count(senders.len()),
        count(receivers.len()),
        share(senders.len(), ins.len()),
        share(receivers.len(), outs.len()),
        by_number(&senders),
        by_number(&receivers),
        if received.total > 0.0 { by_amount(&senders) } else { f64::NAN },
        if sent.total > 0.0 { by_amount(&receivers) } else { f64::NAN },
        share(both, senders.len() + receivers.len() - both),
        share(back, outs.len()),
    ]
}

fn timing(events: &[AccountEvent], ins: &[AccountEvent], outs: &[AccountEvent]) -> [f64; 17] {
    let (all, of_ins, of_outs) = (gaps(events), gaps(ins), gaps(outs));
    let span = match (events.first(), events.last()) {
        (Some(first), Some(last)) => seconds(last.at - first.at),
        _ => f64::NAN,
    };
    let day = |e: &AccountEvent| e.at.unix().div_euclid(86_400);
    let days = events.iter().map(day).collect::<BTreeSet<_>>().len();
    let busiest = |within: Seconds| {
        let (mut from, mut most) = (0, 0);
        for to in 0..events.len() {
            while events[to].at - events[from].at > within {
                from += 1;
            }
            most = most.max(to + 1 - from);
        }
        share(most, events.len())
    };
    let first_day = events.iter().filter(|e| e.at - events[0].at <= Seconds::days(1)).count();
    let mut hours = [0usize; 24];
    for event in events {
        let hour = event.at.unix().rem_euclid(86_400) / 3_600;
        hours[usize::try_from(hour).unwrap_or(0)] += 1;
    }
    let entropy: f64 =
        hours.iter().filter(|n| **n > 0).map(|n| share(*n, events.len())).map(|p| -p * libm::log2(p)).sum();
    let sines = hours.iter().enumerate().map(|(h, n)| libm::sin(count(h) * std::f64::consts::TAU / 24.0) * count(*n));
    [
        span,
        ratio(count(days), span / 86_400.0 + 1.0),
        median(&all),
        mean(&all),
        all.last().copied().unwrap_or(f64::NAN),
        variation(&all),
        median(&of_ins),
        mean(&of_ins),
        variation(&of_ins),
        median(&of_outs),
        mean(&of_outs),
        of_outs.first().copied().unwrap_or(f64::NAN),
        busiest(Seconds::hours(1)),
        busiest(Seconds::days(1)),
        share(first_day, events.len()),
        if events.is_empty() { f64::NAN } else { entropy },
        ratio(sines.sum(), count(events.len())),
    ]
}

fn flow(
    events: &[AccountEvent],
    ins: &[AccountEvent],
    outs: &[AccountEvent],
    received: &Side,
    sent: &Side,
    unit: f64,
) -> [f64; 16] {
    let delay = |a: Option<&AccountEvent>, b: Option<&AccountEvent>| match (a, b) {
        (Some(a), Some(b)) => seconds(b.at - a.at),
        _ => f64::NAN,
    };
    let passed = PassedOn::of(events, unit);
    let before = outs.first().map_or(ins.len(), |out| ins.iter().filter(|i| i.at <= out.at).count());
    let changes = events.windows(2).filter(|w| w[0].is_incoming != w[1].is_incoming).count();
    let repeated = received.sorted.chunk_by(|a, b| a == b).filter(|g| g.len() > 1).map(<[f64]>::len).sum();
    [
        delay(ins.first(), outs.first()),
        delay(ins.last(), outs.last()),
        count(before),
        passed.median_delay(),
        ratio(passed.within(3_600.0), received.total),
        ratio(passed.within(86_400.0), received.total),
        ratio(passed.balance, received.total),
        ratio(passed.highest, received.total),
        share(passed.emptying, outs.len()),
        share(changes, events.len().saturating_sub(1)),
        variation(&received.amounts),
        variation(&sent.amounts),
        ratio(received.largest(), received.total),
        ratio(sent.largest(), sent.total),
        share(repeated, received.amounts.len()),
        ratio(sent.median(), received.median()),
    ]
}

/// How long received amounts stay, first in first out.
#[derive(Default)]
struct PassedOn {
    /// Delay and amount, by payment.
    parts: Vec<(f64, f64)>,
    balance: f64,
    highest: f64,
    /// Payments that leave less than a twentieth of the balance.
    emptying: usize,
}

impl PassedOn {
    fn of(events: &[AccountEvent], unit: f64) -> Self {
        let mut found = PassedOn::default();
        let mut held: VecDeque<(Timestamp, f64)> = VecDeque::new();
        for event in events.iter().filter(|e| !e.is_failed && e.amount_base_units > 0) {
            let mut amount = event.amount_base_units as f64 / unit;
            if event.is_incoming {
                held.push_back((event.at, amount));
                found.balance += amount;
                found.highest = found.highest.max(found.balance);
                continue;
            }
            let before = found.balance;
            while amount > 0.0
                && let Some((at, rest)) = held.front_mut()
            {
                let part = rest.min(amount);
                found.parts.push((seconds(event.at - *at), part));
                amount -= part;
                *rest -= part;
                found.balance -= part;
                if *rest <= 0.0 {
                    held.pop_front();
                }
            }
            if before > 0.0 && found.balance <= before / 20.0 {
                found.emptying += 1;
            }
        }
        found.balance = found.balance.max(0.0);
        found.parts.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    }

    fn within(&self, seconds: f64) -> f64 {
        self.parts.iter().filter(|p| p.0 <= seconds).map(|p| p.1).sum()
    }

    /// By amount.
    fn median_delay(&self) -> f64 {
        let half = self.parts.iter().map(|p| p.1).sum::<f64>() / 2.0;
        let mut sum = 0.0;
        self.parts
            .iter()
            .find(|p| {
                sum += p.1;
                sum >= half
            })
            .map_or(f64::NAN, |p| p.0)
    }
}

fn sizes(ins: &[AccountEvent], outs: &[AccountEvent], received: &Side, sent: &Side, decimals: u8) -> [f64; 14] {
    let smallest = |side: &Side| side.sorted.first().copied().unwrap_or(f64::NAN);
    // Round: a multiple of a hundredth.
    let hundredth = 10u128.checked_pow(u32::from(decimals).saturating_sub(2)).unwrap_or(u128::MAX);
    let round = |events: &[AccountEvent], side: &Side| {
        let is_round = |e: &&AccountEvent| {
            !e.is_failed && e.amount_base_units > 0 && e.amount_base_units.is_multiple_of(hundredth)
        };
        share(events.iter().filter(is_round).count(), side.amounts.len())
    };
    let mut moves: Vec<AccountEvent> = ins.iter().chain(outs).copied().collect();
    moves.sort_by_key(|e| e.at);
    let passed = PassedOn::of(&moves, 10f64.powi(i32::from(decimals)));
    [
        received.total,
        sent.total,
        mean(&received.amounts),
        received.median(),
        received.largest(),
        smallest(received),
        mean(&sent.amounts),
        sent.median(),
        sent.largest(),
        smallest(sent),
        passed.balance,
        passed.highest,
        round(ins, received),
        round(outs, sent),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, is_incoming: bool, counterparty: u64, milli: u128) -> AccountEvent {
        AccountEvent {
            at: Timestamp::from_unix(1_600_000_000 + at),
            is_incoming,
            counterparty: Some(counterparty),
            amount_base_units: milli * 10u128.pow(15),
            is_failed: false,
            is_call: false,
        }
    }

    fn value(row: &[f64], name: &str) -> f64 {
        row[schema(Amounts::With).unwrap().position(name).unwrap()]
    }

    #[test]
    fn the_features_of_a_collector_are_counted_by_hand() {
        let events = [
            event(0, true, 1, 1_000),
            event(600, true, 2, 2_000),
            event(4_200, false, 9, 2_000),
            event(90_000, true, 1, 500),
        ];
        let row = features(&events, Timestamp::MAX, 18, Amounts::With);
        assert_eq!(row.len(), schema(Amounts::With).unwrap().len());
        let is = |name: &str, expected: f64| {
            assert!((value(&row, name) - expected).abs() < 1e-9, "{name} {}", value(&row, name))
        };
        is("transactions_in", 3.0);
        is("distinct_senders", 2.0);
        is("sender_concentration", 5.0 / 9.0);
        is("total_in", 3.5);
        is("balance", 1.5);
        is("balance_highest", 3.0);
        // Of 2.0 sent, 1.0 came 4,200 s before and 1.0 came 3,600 s before.
        is("passed_on_hour", 1.0 / 3.5);
        is("passed_on_day", 2.0 / 3.5);
        is("in_to_out_delay_median", 3_600.0);
        is("gap_median", 3_600.0);
        is("first_in_to_first_out_delay", 4_200.0);
        is("burst_hour_share", 0.5);
        is("round_in_share", 1.0);
        assert!(value(&row, "gap_out_mean").is_nan());
    }

    #[test]
    fn nothing_behind_the_time_changes_a_feature_and_nothing_depends_on_the_calendar() {
        let mut events = vec![event(0, true, 1, 10), event(500, false, 2, 5), event(900, true, 3, 7)];
        let bits = |row: Vec<f64>| row.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        let as_of = events[2].at;
        let before = bits(features(&events, as_of, 18, Amounts::With));
        events.push(event(901, true, 4, 1_000_000));
        assert_eq!(bits(features(&events, as_of, 18, Amounts::With)), before);
        assert_ne!(bits(features(&events, Timestamp::MAX, 18, Amounts::With)), before);
        let years = Seconds::days(3_650);
        let later: Vec<AccountEvent> = events.iter().map(|e| AccountEvent { at: e.at + years, ..*e }).collect();
        assert_eq!(bits(features(&later, as_of + years, 18, Amounts::With)), before);
    }

    #[test]
    fn features_of_payments_do_not_see_what_a_ledger_of_transfers_has_not() {
        let mut events =
            vec![event(0, true, 1, 10), event(500, false, 2, 5), event(900, true, 3, 7), event(950, false, 3, 3)];
        let bits = |events: &[AccountEvent]| {
            let row = payments_features(events, Timestamp::MAX, 18, Amounts::With);
            row.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        let before = bits(&events);
        let schema = payments_schema(Amounts::With).unwrap();
        assert_eq!(before.len(), schema.len());
        assert_eq!(schema.features()[0].name, "payments_transactions_in");
        assert_eq!(schema.features()[0].label, "incoming payments");
        assert!((f64::from_bits(before[schema.position("payments_total_in").unwrap()]) - 0.017).abs() < 1e-9);
        events.push(AccountEvent { is_failed: true, ..event(600, false, 7, 4) });
        events.push(AccountEvent { is_call: true, ..event(700, false, 8, 0) });
        events.push(AccountEvent { counterparty: None, ..event(800, false, 8, 2) });
        assert_eq!(bits(&events), before);
        let without = payments_features(&events, Timestamp::MAX, 18, Amounts::Without);
        assert_eq!(without.len(), payments_schema(Amounts::Without).unwrap().len());
    }

    #[test]
    fn without_amounts_nothing_depends_on_how_large_they_are() {
        let events =
            vec![event(0, true, 1, 10), event(500, false, 2, 5), event(900, true, 3, 7), event(950, false, 3, 3)];
        let larger: Vec<AccountEvent> =
            events.iter().map(|e| AccountEvent { amount_base_units: e.amount_base_units * 1_024, ..*e }).collect();
        let rows = [&events, &larger].map(|e| features(e, Timestamp::MAX, 18, Amounts::Without));
        assert_eq!(rows[0].len(), schema(Amounts::Without).unwrap().len());
        for (n, (a, b)) in rows[0].iter().zip(&rows[1]).enumerate() {
            assert!(
                a.is_nan() && b.is_nan() || (a - b).abs() < 1e-9,
                "{}",
                schema(Amounts::Without).unwrap().features()[n].name
            );
        }
        assert!(features(&[], Timestamp::MAX, 18, Amounts::With).iter().all(|v| v.is_nan() || *v == 0.0));
    }
}
