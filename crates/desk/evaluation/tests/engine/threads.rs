//! Several threads decide as one does: the same bytes of every decision, hold, number and row, whatever customers share within a batch.

use super::{FLAGGED, Placed, facts, flag, freeze, text};
use holdfast_decision::fold::{Decided, HoldResult, NewHold, PastHolds, Undecided};
use holdfast_decision::inputs::{AssetPrice, EventInput};
use holdfast_decision::model::Record;
use holdfast_decision::stages::Workers;
use holdfast_decision::{ActiveHold, ChainFacts, Event, EventKind, Fold, Models, Price, RuleBook};
use holdfast_evaluation::{Options, simulate};
use holdfast_types::{Amount, Seconds};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

/// Numbers by a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// What a batch is made of.
enum Step {
    Records(Vec<Record>),
    Events(Vec<EventInput>),
}

/// Makes customers share more than the simulated ones do: addresses, devices, IPs, documents and movements; some are far busier than others.
fn entangled(event: &mut Event, facts: &mut ChainFacts, random: &mut Random) {
    let on_chain = matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal);
    if random.one_in(4) {
        event.customer = format!("busy-{}", random.below(5));
    }
    match random.below(8) {
        0 => event.device = Some(format!("device-{}", random.below(6))),
        1 => event.device = Some(format!("device-{}", random.below(400))),
        2 => event.ip = Some("203.0.113.7".into()),
        3 => event.document = Some(format!("document-{}", random.below(9))),
        _ => {}
    }
    let hub = |n: usize| format!("0x{:040x}", 0xabc0 + n);
    if on_chain && random.one_in(3) {
        event.counterparty = Some(hub(random.below(6)));
        event.value = Some(50_000 + random.below(9) as u64 * 30_000);
        if event.kind == EventKind::Deposit {
            facts.senders = (0..random.below(3)).map(|_| hub(random.below(6))).collect();
        }
    }
    // Only busy customers, who share devices, pay this one.
    if event.kind == EventKind::Withdrawal && event.customer.starts_with("busy") && random.one_in(2) {
        event.counterparty = Some(hub(100));
    }
    if event.kind == EventKind::Deposit && random.one_in(5) {
        (event.tx, event.output) = (Some(format!("0x{:064x}", random.below(12))), Some(0));
    }
}

/// A simulated exchange's events and records in batches of many sizes, some events late.
fn steps(options: Options, limit: usize) -> Vec<Step> {
    let mut random = Random(options.seed ^ 0x51);
    let made = simulate(options).unwrap();
    let mut events = Vec::new();
    for (n, event) in made.events.iter().take(limit).enumerate() {
        let mut event = event.clone();
        let on_chain = matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal);
        let mut facts = if on_chain { facts(n, &event) } else { ChainFacts::default() };
        entangled(&mut event, &mut facts, &mut random);
        let price = random.one_in(9).then(|| Price { base_units: Amount::new(1_000_000_000), value: 3 });
        if price.is_some() {
            event.value = None;
        }
        if random.one_in(12) {
            let again = Event { id: format!("{}-again", event.id), ..event.clone() };
            events.push(EventInput { event: again, facts: facts.clone(), price });
        }
        // What is held for a flag turns out to come from a sanctioned address.
        if event.kind == EventKind::Deposit && n % 60 == 14 {
            facts.senders = vec![FLAGGED.into()];
            let later = Event { id: format!("{}-later", event.id), ..event.clone() };
            events.push(EventInput { event: event.clone(), facts: facts.clone(), price });
            (event, facts) = (later, super::facts(5, &event));
        }
        events.push(EventInput { event, facts, price });
        // It came late: after up to forty others.
        let last = events.len() - 1;
        if random.one_in(6) {
            events.swap(last, last - random.below(40.min(last + 1)));
        }
    }
    let (mut records, mut steps) = (made.records.into_iter(), Vec::new());
    let mut rest = events.as_slice();
    while !rest.is_empty() {
        let share = records.len() / 8 + 1;
        steps.push(Step::Records(records.by_ref().take(share).collect()));
        let size = [1, 2, 7, 64, 300, 900][random.below(6)].min(rest.len());
        let (batch, later) = rest.split_at(size);
        steps.push(Step::Events(batch.to_vec()));
        rest = later;
    }
    steps
}

impl PastHolds for &mut Placed {
    type Error = Infallible;

    fn hold_on(&mut self, customer: &str, keys: &[String]) -> Result<Option<u64>, Infallible> {
        Placed::hold_on(self, customer, keys)
    }

    fn placed(&mut self, hold: &NewHold) {
        self.0.insert(hold.plan.dedupe.clone(), (hold.plan.customer.clone(), hold.id));
    }
}

fn words(Decided { decision, holds, row }: &Decided) -> String {
    let hold = |result: &HoldResult| match result {
        HoldResult::Placed(hold) => format!("placed {} {:?} {}", hold.id, hold.posting, text(&hold.plan)),
        HoldResult::TakenOver(id, plan) => format!("taken over {id} {}", text(plan)),
    };
    let holds: Vec<String> = holds.iter().map(hold).collect();
    let row = row.as_ref().map(|r| format!("{:x}", Sha256::digest(r)));
    format!("{}\n{}\n{row:?}", text(decision), holds.join("\n"))
}

/// Decides on all steps; returns every result, and what is in force in the end. No threads: event by event.
fn decided(steps: &[Step], threads: Option<usize>) -> (Vec<String>, String) {
    let mut fold = Fold::new(Arc::new(RuleBook::standard()));
    fold.models = Models::default().keeping_rows();
    fold.workers = threads.map(|n| Arc::new(Workers::new(n).unwrap().from_events(1)));
    fold.price(&AssetPrice { asset: "ETH".into(), price: Price { base_units: Amount::new(1), value: 1 } });
    fold.place(freeze("busy-1"));
    let (mut past, mut all) = (Placed::default(), Vec::new());
    for step in steps {
        match step {
            Step::Records(records) => records.iter().for_each(|r| fold.record(r)),
            Step::Events(events) => {
                let start = events[0].event.time;
                fold.flag(flag(start));
                fold.begin_events(fold.watermark);
                let batch: Vec<Undecided> = events.iter().map(EventInput::undecided).collect();
                let Ok(made) = fold.events(&batch, start + Seconds::MINUTE, &mut &mut past);
                all.extend(made.iter().map(words));
            }
        }
    }
    let holds: BTreeMap<&String, &Vec<ActiveHold>> = fold.holds.iter().collect();
    let rest = format!("{} {} {:?} {:?}", text(&holds), text(&fold.next), fold.watermark, fold.state.size());
    (all, rest)
}

fn same_by_threads(options: Options, limit: usize) -> Vec<String> {
    let seed = options.seed;
    let steps = steps(options, limit);
    let (one, rest) = decided(&steps, None);
    for threads in [1, 2, 8] {
        let (many, rest_of_many) = decided(&steps, Some(threads));
        assert_eq!(one.len(), many.len());
        for (n, (a, b)) in one.iter().zip(&many).enumerate() {
            assert_eq!(a, b, "event {n} of seed {seed} by {threads} threads");
        }
        assert_eq!(rest, rest_of_many, "seed {seed} by {threads} threads");
    }
    one
}

#[test]
fn decisions_are_the_same_by_one_thread_and_several() {
    let mut all = Vec::new();
    for seed in 1..=3 {
        let options = Options { seed, customers: 100, days: 14, cases: 1, ..Options::default() };
        all.extend(same_by_threads(options, 900));
    }
    for what in ["\"cycle\"", "share devices", "claimed_twice", "placed ", "taken over ", "hold 1\"", "used by"] {
        assert!(all.iter().any(|d| d.contains(what)), "no decision has '{what}'");
    }
}

#[test]
#[ignore = "soak: 20,000 events by one, two and eight threads"]
fn twenty_thousand_decisions_are_the_same_by_one_thread_and_several() {
    let options = Options { seed: 9, customers: 2_000, days: 30, cases: 5, ..Options::default() };
    assert!(same_by_threads(options, 20_000).len() >= 20_000);
}
