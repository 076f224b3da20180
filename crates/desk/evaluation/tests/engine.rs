//! The version of the engine goes with its decisions: the same inputs give what is noted for the version, word for word.

use holdfast_attribution::Category;
use holdfast_decision::behind::Behind;
use holdfast_decision::facts::{ProviderFact, Share, TagFact};
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::fold::{Decided, HoldResult, PastHolds};
use holdfast_decision::inputs::{AssetPrice, ENGINE, EventInput};
use holdfast_decision::rules::DEFAULT_BOOK;
use holdfast_decision::{ChainFacts, Event, EventKind, Fold, HoldPlan, Price, RuleBook, Scope, Verdict};
use holdfast_evaluation::{Exchange, Options, simulate};
use holdfast_types::{Amount, Seconds, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;

#[path = "engine/threads.rs"]
mod threads;

/// What is noted: the version, a digest of the inputs, and of each kind of result its number and a digest of its words.
const NOTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine.txt");
/// An address that partners flag.
const FLAGGED: &str = "0x00000000000000000000000000000000000f1a66";

#[derive(Default)]
struct Placed(HashMap<String, (String, u64)>);

impl PastHolds for Placed {
    type Error = Infallible;

    fn hold_on(&mut self, customer: &str, keys: &[String]) -> Result<Option<u64>, Infallible> {
        let own = keys.iter().filter_map(|key| self.0.get(key)).find(|(owner, _)| owner == customer);
        Ok(own.map(|(_, id)| *id))
    }
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Facts of every kind by turns, most of them clean.
fn facts(n: usize, event: &Event) -> ChainFacts {
    let category = |name: &str| Category::from_name(name).unwrap();
    let clean = ChainFacts { ledger: true, found: true, ..ChainFacts::default() };
    let tagged = |name: &str| {
        let tag = TagFact {
            address: event.counterparty.clone().unwrap_or_default(),
            label: format!("A {name}"),
            category: category(name),
            confidence: 90,
            source: "https://example.org/list".into(),
            pack: "list".into(),
        };
        ChainFacts { category: tag.category, tags: vec![tag], ..clean.clone() }
    };
    let exposed = |name: &str, direct_ppm, indirect_ppm| {
        let share = Share { category: category(name), direct: 7, indirect: 9, direct_ppm, indirect_ppm };
        ChainFacts { source: vec![share.clone()], destination: vec![share], ..clean.clone() }
    };
    let provider = |risk| {
        let fact = ProviderFact { risk, detail: "darknet".into(), cached: false };
        ChainFacts { providers: [("elliptic".to_owned(), fact)].into(), ..ChainFacts::default() }
    };
    match n % 60 {
        0 => ChainFacts::unavailable("the node is down"),
        1 => ChainFacts::default(),
        2 => ChainFacts { mismatch: vec!["the amount is 5, not 7".into()], ..clean },
        3 => ChainFacts { coinjoin: Some("whirlpool".into()), ..clean },
        4 => ChainFacts { peel_hops: 8, spray: 3, ..clean },
        5 => tagged("sanction"),
        6 => tagged("ransomware"),
        7 => tagged("scam"),
        8 => exposed("mixing_service", 300_000, 400_000),
        9 => exposed("sanction", 0, 50_000),
        10 => exposed("sanction", 600_000, 200_000),
        11 => exposed("ransomware", 20_000, 900_000),
        12 => provider(Some(4)),
        13 => provider(None),
        14 => ChainFacts { senders: vec![FLAGGED.into()], ..clean },
        15 => {
            let output = format!("0x{:064x}:0", n);
            let address = Some(FLAGGED.to_owned());
            ChainFacts { behind: vec![Behind { output, address, hops: 2, share_ppm: 400_000, into: None }], ..clean }
        }
        16 => ChainFacts { unknown_amounts: 3, exposures_as_of_height: Some(800_000), ..clean },
        _ => clean,
    }
}

/// The inputs: a simulated exchange, with what it does not have.
fn inputs() -> (Exchange, Vec<EventInput>) {
    let options = Options { seed: 3, customers: 150, days: 45, cases: 2, ..Options::default() };
    let made = simulate(options).unwrap();
    let mut events = Vec::new();
    for (n, event) in made.events.iter().enumerate() {
        let mut event = event.clone();
        let on_chain = matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal);
        if on_chain && n % 41 == 0 {
            event.value = None;
        }
        let price = (n % 2 == 0).then_some(Price { base_units: Amount::new(1_000_000_000), value: 3 });
        let facts = if on_chain { facts(n, &event) } else { ChainFacts::default() };
        let price = price.filter(|_| event.value.is_none());
        events.push(EventInput { event: event.clone(), facts: facts.clone(), price });
        // What is held for a flag turns out to come from a sanctioned address.
        if event.kind == EventKind::Deposit && n % 60 == 14 {
            let event = Event { id: format!("{}-later", event.id), ..event.clone() };
            let facts = self::facts(5, &event);
            events.push(EventInput { event, facts, price: None });
        }
        // Another customer claims the same deposit; somebody whom no record names.
        if event.kind == EventKind::Deposit && n % 53 == 0 {
            (event.id, event.customer) = (format!("{}-again", event.id), "nobody".into());
            events.push(EventInput { event, facts, price: None });
        }
    }
    (made, events)
}

fn flag(start: Timestamp) -> Flag {
    let flag = Flag {
        id: "f1".into(),
        member: "Other Exchange".into(),
        community: "Exchanges".into(),
        subject: Subject::Address,
        asset: "ETH".into(),
        value: FLAGGED.into(),
        reason: "taken from our hot wallet".into(),
        raised: start,
        until: start + Seconds::days(14),
        state: State::Open,
        source: None,
        tlp: String::new(),
    };
    flag.canonical().unwrap()
}

/// A freeze of a customer.
fn freeze(customer: &str) -> HoldPlan {
    HoldPlan {
        dedupe: format!("freeze:{customer}"),
        scope: Scope::Account,
        customer: customer.into(),
        account: None,
        asset: None,
        amount: None,
        transfer: None,
        basis: "order".into(),
        reason: "a court's order".into(),
        expires: None,
        review: None,
        second_person: true,
        flags: Vec::new(),
    }
}

/// Results by kind: how many, and a digest of their words.
#[derive(Default)]
struct Results(BTreeMap<String, (u64, Sha256)>);

impl Results {
    fn add(&mut self, kind: String, result: &impl Serialize) {
        let (count, digest) = self.0.entry(kind).or_default();
        *count += 1;
        digest.update(text(result));
        digest.update([b'\n']);
    }

    fn add_decided(&mut self, Decided { decision, holds, .. }: &Decided) {
        self.add(format!("decision {}", decision.decision.name()), decision);
        decision.reasons.iter().for_each(|r| self.add(format!("reason {}", r.rule), r));
        decision.shadow.iter().for_each(|r| self.add(format!("shadow {}", r.rule), r));
        decision.findings.iter().for_each(|f| self.add(format!("finding {}", f.typology.name()), f));
        decision.warning.iter().for_each(|w| self.add("warning".into(), w));
        for hold in holds {
            match hold {
                HoldResult::Placed(hold) => self.add("hold".into(), &hold.plan),
                HoldResult::TakenOver(_, plan) => self.add("hold taken over".into(), plan),
            }
        }
    }

    fn lines(self) -> String {
        let mut lines = String::new();
        for (kind, (count, digest)) in self.0 {
            writeln!(lines, "{kind}: {count}, {:.16}", format!("{:x}", digest.finalize())).unwrap();
        }
        lines
    }
}

/// Decides on all inputs; returns a digest of them and the results.
fn decided() -> (String, String) {
    let (made, events) = inputs();
    let start = events[0].event.time;
    let frozen = &made.events[made.events.len() / 2].customer;
    let mut digest = Sha256::new();
    digest.update(DEFAULT_BOOK);
    let mut fold = Fold::new(Arc::new(RuleBook::standard()));
    for record in &made.records {
        digest.update(text(record));
        fold.record(record);
    }
    fold.price(&AssetPrice { asset: "ETH".into(), price: Price { base_units: Amount::new(1), value: 1 } });
    fold.flag(flag(start + Seconds::days(20)));
    let mut past = Placed::default();
    fold.place(freeze(frozen));
    let mut results = Results::default();
    for input in &events {
        digest.update(text(input));
        fold.begin_events(fold.watermark);
        let now = input.event.time + Seconds::MINUTE;
        let Ok(decided) = fold.event(&input.event, &input.facts, input.price, now, &mut past);
        for result in &decided.holds {
            if let HoldResult::Placed(hold) = result {
                past.0.insert(hold.plan.dedupe.clone(), (hold.plan.customer.clone(), hold.id));
            }
        }
        results.add_decided(&decided);
    }
    assert!(events.len() > 1_000, "{}", events.len());
    (format!("{:x}", digest.finalize()), results.lines())
}

#[test]
fn decisions_change_only_with_the_version_of_the_engine() {
    let (inputs, results) = decided();
    for kind in ["finding mule", "reason engine.claimed_twice", "hold taken over", "warning"] {
        assert!(results.contains(kind), "nothing of '{kind}' is decided here: {results}");
    }
    for verdict in [Verdict::Allow, Verdict::Review, Verdict::Hold] {
        assert!(results.contains(&format!("decision {}", verdict.name())), "{results}");
    }
    let now = format!("engine {ENGINE}\ninputs {inputs}\n{results}");
    let Ok(noted) = std::fs::read_to_string(NOTED) else {
        std::fs::write(NOTED, now).unwrap();
        panic!("{NOTED} was missing and is written now");
    };
    let word = |key: &str| noted.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default();
    let engine: u32 = word("engine ").parse().unwrap();
    assert!(engine <= ENGINE, "engine {engine} is noted, this is {ENGINE}: versions only rise");
    if engine < ENGINE {
        std::fs::write(NOTED, now).unwrap();
        panic!("the decisions of engine {ENGINE} are noted now in {NOTED}; they were of engine {engine}");
    }
    assert_eq!(
        inputs,
        word("inputs "),
        "the inputs of this test changed (simulation or standard rule book). Where nothing else did, remove {NOTED} and run it again"
    );
    assert_eq!(now, noted, "decisions changed: raise ENGINE (holdfast_decision::inputs), then run this test twice");
}
