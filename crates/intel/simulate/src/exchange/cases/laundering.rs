//! Laundering: keeping under thresholds, passing through, gathering, spreading, circling, mules, ransoms.

use super::{Variant, Who};
use crate::exchange::Builder;
use crate::exchange::Pattern;
use crate::exchange::people::Person;
use crate::exchange::{DAY, HOUR};

const fn tuned(typology: Pattern, name: &'static str, plant: fn(&mut Builder, &[Person], i64)) -> Variant {
    Variant { typology, name, held_out: false, who: Who::Individual, people: (1, 1), span_days: 4, plant }
}

const fn held_out(typology: Pattern, name: &'static str, plant: fn(&mut Builder, &[Person], i64)) -> Variant {
    Variant { held_out: true, span_days: 9, ..tuned(typology, name, plant) }
}

pub(super) const VARIANTS: &[Variant] = &[
    Variant { who: Who::Anybody, ..tuned(Pattern::Structuring, "payments_just_below", payments_just_below) },
    Variant { who: Who::Anybody, ..tuned(Pattern::Structuring, "withdrawals_just_below", withdrawals_just_below) },
    Variant { who: Who::Anybody, ..held_out(Pattern::Structuring, "smurfed_week", smurfed_week) },
    tuned(Pattern::RapidPassThrough, "in_and_out", in_and_out),
    tuned(Pattern::RapidPassThrough, "out_in_parts", out_in_parts),
    held_out(Pattern::RapidPassThrough, "overnight_to_several", overnight_to_several),
    tuned(Pattern::FanIn, "gathered_in_a_day", gathered_in_a_day),
    tuned(Pattern::FanIn, "gathered_and_sent_on", gathered_and_sent_on),
    held_out(Pattern::FanIn, "gathered_over_days", gathered_over_days),
    tuned(Pattern::FanOut, "spread_in_a_day", spread_in_a_day),
    tuned(Pattern::FanOut, "deposited_and_spread", deposited_and_spread),
    held_out(Pattern::FanOut, "spread_over_days", spread_over_days),
    Variant { who: Who::Anybody, people: (2, 2), ..tuned(Pattern::Cycle, "pair", ring_of_few) },
    Variant { who: Who::Anybody, people: (3, 3), ..tuned(Pattern::Cycle, "three", ring_of_few) },
    Variant { who: Who::Anybody, people: (4, 4), ..held_out(Pattern::Cycle, "four_by_a_hub", four_by_a_hub) },
    Variant { who: Who::Company, ..tuned(Pattern::RansomwarePayment, "company_pays_at_once", pays_at_once) },
    tuned(Pattern::RansomwarePayment, "person_tries_then_pays", tries_then_pays),
    Variant {
        who: Who::Company,
        ..held_out(Pattern::RansomwarePayment, "responder_pays_for_a_client", responder_pays)
    },
    Variant { who: Who::Anybody, people: (5, 8), ..tuned(Pattern::Dusting, "swept_in_hours", swept_in_hours) },
    Variant {
        who: Who::Anybody,
        people: (6, 9),
        ..tuned(Pattern::Dusting, "same_amount_in_a_day", same_amount_in_a_day)
    },
    Variant { who: Who::Anybody, people: (6, 9), ..held_out(Pattern::Dusting, "dusted_over_days", dusted_over_days) },
    tuned(Pattern::Mule, "payers_in_two_days", payers_in_two_days),
    Variant { span_days: 8, ..tuned(Pattern::Mule, "payers_in_a_week", payers_in_a_week) },
    Variant { span_days: 19, ..held_out(Pattern::Mule, "small_sums_for_a_commission", small_sums_for_a_commission) },
];

fn payments_just_below(b: &mut Builder, who: &[Person], mut time: i64) {
    for _ in 0..b.random.between(3, 6) {
        let value = 720_000 + b.random.below(270_000);
        b.bank(&who[0], time, value);
        time += b.hours(3, 14);
    }
}

fn withdrawals_just_below(b: &mut Builder, who: &[Person], mut time: i64) {
    let (p, many) = (&who[0], b.random.between(3, 5));
    let from = p.wallet(time).to_owned();
    let sum = b.share(many * 900_000, 100, 130);
    b.deposit(p, time - 5 * HOUR, &from, sum);
    let to = [p.wallet(time).to_owned(), b.address()];
    for n in 0..many {
        let value = 780_000 + b.random.below(215_000);
        b.withdraw(p, time, &to[usize::from(n % 2 == 1)].clone(), value);
        time += b.hours(4, 20);
    }
}

/// Smaller parts by every way in, over a week.
fn smurfed_week(b: &mut Builder, who: &[Person], mut time: i64) {
    let p = &who[0];
    let card = p.cards[0].clone();
    for _ in 0..b.random.between(5, 8) {
        let value = 450_000 + b.random.below(500_000);
        match b.random.below(4) {
            0 => {
                let from = b.address();
                b.deposit(p, time, &from, value);
            }
            1 => b.card(p, time, &card, value),
            _ => b.bank(p, time, value),
        }
        time += b.hours(8, 30);
    }
}

fn in_and_out(b: &mut Builder, who: &[Person], time: i64) {
    let (from, to) = (b.address(), b.address());
    let value = b.random.amount(300_000, 4_000_000);
    b.deposit(&who[0], time, &from, value);
    let then = time + b.random.seconds(300, 6_000);
    let part = b.share(value, 85, 99);
    b.withdraw(&who[0], then, &to, part);
}

fn out_in_parts(b: &mut Builder, who: &[Person], time: i64) {
    let p = &who[0];
    let mut sum = 0;
    for _ in 0..b.random.between(1, 3) {
        let (from, value) = (b.address(), b.random.amount(200_000, 2_000_000));
        let then = time + b.random.seconds_below(6 * HOUR);
        b.deposit(p, then, &from, value);
        sum += value;
    }
    let to: Vec<String> = (0..b.random.between(1, 2)).map(|_| b.address()).collect();
    let (then, parts, part) = (time + 6 * HOUR + b.hours(0, 1), b.random.between(2, 3), b.share(sum, 85, 99));
    b.drain(p, then, part, parts, 3 * HOUR, &to);
}

/// Waits for a night and leaves in parts, to several addresses.
fn overnight_to_several(b: &mut Builder, who: &[Person], time: i64) {
    let p = &who[0];
    let (from, value) = (b.address(), b.random.amount(300_000, 4_000_000));
    b.deposit(p, time, &from, value);
    let to: Vec<String> = (0..b.random.between(2, 3)).map(|_| b.address()).collect();
    let (then, parts, part) = (time + b.hours(8, 30), b.random.between(2, 4), b.share(value, 88, 98));
    b.drain(p, then, part, parts, 10 * HOUR, &to);
}

fn gather(b: &mut Builder, p: &Person, time: i64, many: u64, span: i64) -> u64 {
    let mut sum = 0;
    for _ in 0..many {
        let (from, value) = (b.address(), b.random.amount(4_000, 90_000));
        let then = time + b.random.seconds_below(span);
        b.deposit(p, then, &from, value);
        sum += value;
    }
    sum
}

fn gathered_in_a_day(b: &mut Builder, who: &[Person], time: i64) {
    let many = b.random.between(10, 20);
    gather(b, &who[0], time, many, 20 * HOUR);
}

fn gathered_and_sent_on(b: &mut Builder, who: &[Person], time: i64) {
    let many = b.random.between(10, 16);
    let sum = gather(b, &who[0], time, many, 20 * HOUR);
    let (to, then) = (b.address(), time + 20 * HOUR + b.hours(2, 20));
    let part = b.share(sum, 80, 98);
    b.withdraw(&who[0], then, &to, part);
}

fn gathered_over_days(b: &mut Builder, who: &[Person], time: i64) {
    let (many, span) = (b.random.between(12, 25), b.hours(90, 150));
    let sum = gather(b, &who[0], time, many, span);
    let (to, then) = (b.address(), time + span + b.hours(2, 30));
    let part = b.share(sum, 80, 98);
    b.withdraw(&who[0], then, &to, part);
}

fn spread(b: &mut Builder, p: &Person, time: i64, many: u64, span: i64) {
    for _ in 0..many {
        let (to, value) = (b.address(), b.random.amount(4_000, 60_000));
        let then = time + b.random.seconds_below(span);
        b.withdraw(p, then, &to, value);
    }
}

fn spread_in_a_day(b: &mut Builder, who: &[Person], time: i64) {
    let many = b.random.between(10, 20);
    spread(b, &who[0], time, many, 20 * HOUR);
}

fn deposited_and_spread(b: &mut Builder, who: &[Person], time: i64) {
    let (many, from) = (b.random.between(10, 18), b.address());
    let sum = b.share(many * 25_000, 80, 130);
    b.deposit(&who[0], time - 3 * HOUR, &from, sum);
    spread(b, &who[0], time, many, 16 * HOUR);
}

fn spread_over_days(b: &mut Builder, who: &[Person], time: i64) {
    let (many, span) = (b.random.between(12, 25), b.hours(90, 150));
    spread(b, &who[0], time, many, span);
}

/// a -> b -> (c ->) a by an address of its own at each step, twice.
fn ring_of_few(b: &mut Builder, who: &[Person], mut time: i64) {
    let value = b.random.amount(60_000, 900_000);
    for _ in 0..2 {
        for i in 0..who.len() {
            let (outside, sent) = (b.address(), b.share(value, 92, 110));
            b.withdraw(&who[i], time, &outside, sent);
            time += b.hours(1, 5);
            let arrived = b.share(sent, 95, 99);
            b.deposit(&who[(i + 1) % who.len()], time, &outside, arrived);
            time += b.hours(1, 5);
        }
    }
}

/// Four in a row, always by the same address, slower.
fn four_by_a_hub(b: &mut Builder, who: &[Person], mut time: i64) {
    let (hub, mut value) = (b.address(), b.random.amount(100_000, 900_000));
    for i in 0..who.len() {
        value = b.share(value, 94, 108);
        b.withdraw(&who[i], time, &hub, value);
        time += b.hours(3, 20);
        value = b.share(value, 88, 97);
        b.deposit(&who[(i + 1) % who.len()], time, &hub, value);
        time += b.hours(2, 16);
    }
}

fn pays_at_once(b: &mut Builder, who: &[Person], time: i64) {
    let (to, value) = (b.address(), b.random.amount(500_000, 9_000_000));
    b.bank(&who[0], time, value);
    let (then, part) = (time + b.hours(1, 10), b.share(value, 90, 99));
    b.withdraw(&who[0], then, &to, part);
}

/// A little first, to see whether it arrives, then all.
fn tries_then_pays(b: &mut Builder, who: &[Person], time: i64) {
    let p = &who[0];
    let (to, value) = (b.address(), b.random.amount(300_000, 4_000_000));
    let first = b.share(value, 35, 65);
    b.bank(p, time, first);
    let then = time + b.hours(0, 2);
    b.bank(p, then, value - first);
    let trial = time + b.hours(3, 5);
    let part = b.random.between(30, 100);
    b.withdraw(p, trial, &to, value / part);
    let then = trial + b.hours(0, 4);
    let part = b.share(value, 88, 95);
    b.withdraw(p, then, &to, part);
}

/// An incident responder or insurer is paid by the victim and pays for it within a day (FIN-2021-A004).
fn responder_pays(b: &mut Builder, who: &[Person], time: i64) {
    let (client, to) = (format!("bank-{}", b.hex(12)), b.address());
    let value = b.random.amount(800_000, 9_000_000);
    b.third(&who[0], time, &client, value);
    let (then, part) = (time + b.hours(2, 24), b.share(value, 85, 97));
    b.withdraw(&who[0], then, &to, part);
}

fn swept_in_hours(b: &mut Builder, who: &[Person], time: i64) {
    let from = b.address();
    for p in who {
        let (then, value) = (time + b.random.seconds_below(6 * HOUR), 1 + b.random.below(60));
        b.deposit(p, then, &from, value);
    }
}

fn same_amount_in_a_day(b: &mut Builder, who: &[Person], time: i64) {
    let (from, value) = (b.address(), 1 + b.random.below(90));
    for p in who {
        let then = time + b.random.seconds_below(20 * HOUR);
        b.deposit(p, then, &from, value);
    }
}

fn dusted_over_days(b: &mut Builder, who: &[Person], time: i64) {
    let from = b.address();
    for p in who {
        let (then, value) = (time + b.random.seconds_below(5 * DAY), 1 + b.random.below(60));
        b.deposit(p, then, &from, value);
    }
}

fn payers(b: &mut Builder, p: &Person, mut time: i64, many: u64, gap: (u64, u64), value: (u64, u64)) -> (u64, i64) {
    let mut sum = 0;
    for _ in 0..many {
        let payer = format!("bank-{}", b.hex(12));
        let value = b.random.amount(value.0, value.1);
        b.third(p, time, &payer, value);
        sum += value;
        time += b.hours(gap.0, gap.1);
    }
    (sum, time)
}

fn payers_in_two_days(b: &mut Builder, who: &[Person], time: i64) {
    let many = b.random.between(3, 6);
    let (sum, then) = payers(b, &who[0], time, many, (1, 8), (40_000, 300_000));
    let (to, wait) = (b.address(), b.hours(1, 12));
    let part = b.share(sum, 84, 98);
    b.withdraw(&who[0], then + wait, &to, part);
}

fn payers_in_a_week(b: &mut Builder, who: &[Person], time: i64) {
    let many = b.random.between(4, 6);
    let (sum, then) = payers(b, &who[0], time, many, (8, 28), (30_000, 250_000));
    let (to, parts) = (vec![b.address()], b.random.between(2, 3));
    let part = b.share(sum, 84, 98);
    b.drain(&who[0], then, part, parts, 20 * HOUR, &to);
}

/// Over weeks, each sum sent on the same day with a commission kept.
fn small_sums_for_a_commission(b: &mut Builder, who: &[Person], mut time: i64) {
    let p = &who[0];
    let to = [b.address(), b.address()];
    for n in 0..b.random.between(4, 7) {
        let (payer, value) = (format!("bank-{}", b.hex(12)), b.random.amount(20_000, 150_000));
        b.third(p, time, &payer, value);
        let (then, part) = (time + b.hours(2, 20), b.share(value, 88, 95));
        b.withdraw(p, then, &to[usize::from(n % 2 == 1)].clone(), part);
        time += b.hours(40, 72);
    }
}
