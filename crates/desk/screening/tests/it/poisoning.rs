//! Withdrawals to addresses that imitate others: held and warned of with both addresses, whatever was forgotten and begun again in between.

use holdfast_decision::lookalikes::{KnownBy, Lookalike};
use holdfast_decision::warnings::{CoolingAction, Scam};
use holdfast_decision::{ChainFacts, Decision, Event, Scope, Verdict};
use holdfast_screening::Screening;
use holdfast_screening::holds::{HoldRequest, Release};
use holdfast_screening::replay::replay_log;
use holdfast_screening::warnings::WarningAnswers;
use holdfast_store::{Store, StoreError, number};
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::Seconds;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

on_both!(
    an_imitation_is_warned_of_until_a_person_or_the_customer_decides,
    what_is_confirmed_is_not_held_again,
    imitations_that_the_ledger_knows_are_warned_of
);

const PAYEE: &str = "0x1234aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9876";
const IMITATION: &str = "0x123fbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9876";
const OTHER: &str = "0x777bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9876";
const RULE: &str = "address-poisoning";

fn open(place: &TestDb, clock: &TestClock) -> Screening {
    Screening::open(&place.url, clock.clock()).unwrap()
}

fn known() -> ChainFacts {
    ChainFacts { ledger: true, found: true, ..ChainFacts::default() }
}

fn decide(screening: &Screening, event: Event) -> Decision {
    screening.decide(event, known(), "t").unwrap()
}

/// What a decision says the withdrawal's address imitates.
fn imitated(decision: &Decision) -> Option<Lookalike> {
    let reason = decision.reasons.iter().find(|r| r.rule == RULE)?;
    assert_eq!(reason.decision, Verdict::Hold);
    Some(reason.lookalike.clone().unwrap())
}

fn is_replayed(screening: &Screening, decisions: u64) {
    let replay = replay_log(screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(replay.problems.is_empty() && replay.decisions == decisions, "{replay:?}");
}

fn an_imitation_is_warned_of_until_a_person_or_the_customer_decides(place: &TestDb) {
    let clock = TestClock::new();
    let screening = open(place, &clock);
    let out = |id: &str, customer: &str, to: &str| withdrawal(id, customer, to, 1_000, 5_000);
    assert_eq!(imitated(&decide(&screening, out("w1", "anna", PAYEE))), None);
    // Dust in its name makes it known, and excuses nothing.
    let dust = Event { counterparty: Some(IMITATION.into()), ..deposit("d1", "anna", "0x01", 1, 1) };
    decide(&screening, dust);
    let held = decide(&screening, out("w2", "anna", IMITATION));
    let found = imitated(&held).unwrap();
    assert_eq!((found.address.as_str(), found.of.as_str(), found.known_by), (IMITATION, PAYEE, KnownBy::Paid));
    assert_eq!((found.same_start, found.same_end), (5, 4));
    let warning = held.warning.clone().unwrap();
    assert_eq!((warning.scam, warning.then), (Scam::AddressPoisoning, CoolingAction::Release));
    assert_eq!((warning.lookalike.as_ref(), held.decision), (Some(&found), Verdict::Hold));
    // The warning shows both for as long as it stands; another language has the same addresses.
    for lang in ["en", "de"] {
        assert_eq!(screening.warning("w2", lang).unwrap().lookalike.as_ref(), Some(&found));
    }
    // Others and other addresses are not concerned; another try is.
    assert_eq!(imitated(&decide(&screening, out("w3", "bert", IMITATION))), None);
    assert_eq!(imitated(&decide(&screening, out("w4", "anna", OTHER))), None);
    assert!(imitated(&decide(&screening, out("w5", "anna", IMITATION))).is_some());
    is_replayed(&screening, 6);
    // The process begins again: the same is known.
    drop(screening);
    clock.set(START + Seconds::HOUR);
    let screening = open(place, &clock);
    let again = decide(&screening, Event { time: START + Seconds::MINUTE, ..out("w6", "anna", IMITATION) });
    assert_eq!(imitated(&again), Some(found));
    is_replayed(&screening, 7);
    // Who compared every character goes on at once.
    let questions = screening.warning("w2", "en").unwrap().questions;
    let answers: BTreeMap<String, bool> = questions.into_iter().map(|q| (q.id, false)).collect();
    assert!(answers.contains_key("copied") && answers.contains_key("compared"));
    let answered = screening.answer_warning("w2", WarningAnswers { proceed: true, answers }, "app").unwrap();
    assert_eq!(answered.state, "cooling");
    screening.expire_holds().unwrap();
    assert_eq!(screening.warning("w2", "en").unwrap().state, "released");
    // Who copied it from a list of payments is spoken to.
    let copied = screening.warning("w5", "en").unwrap().questions.into_iter().map(|q| (q.id.clone(), q.id == "copied"));
    let given = WarningAnswers { proceed: true, answers: copied.collect() };
    assert_eq!(screening.answer_warning("w5", given, "app").unwrap().state, "escalated");
}

/// How often an address was confirmed, by the audit log.
fn confirmations(screening: &Screening, customer: &str) -> usize {
    let entries = screening.audit(0, Some(&format!("customer:{customer}")), 100).unwrap();
    entries.iter().filter(|e| e.action == "address.confirmed").count()
}

fn what_is_confirmed_is_not_held_again(place: &TestDb) {
    let clock = TestClock::new();
    let screening = open(place, &clock);
    let out = |id: &str, customer: &str, to: &str| withdrawal(id, customer, to, 1_000, 5_000);
    let answers = |event: &str, sign: &str| {
        let questions = screening.warning(event, "en").unwrap().questions;
        let answers = questions.into_iter().map(|q| (q.id.clone(), q.id == sign)).collect();
        screening.answer_warning(event, WarningAnswers { proceed: true, answers }, "app").unwrap().state
    };
    for customer in ["anna", "bert", "carl", "dora", "emil"] {
        decide(&screening, out(&format!("{customer}-1"), customer, PAYEE));
        assert!(imitated(&decide(&screening, out(&format!("{customer}-2"), customer, IMITATION))).is_some());
    }
    // The customer compared all characters.
    assert_eq!(answers("anna-2", ""), "cooling");
    // An officer lets it go.
    let held = screening.event("bert-2").unwrap().decision;
    let confirmed = || Release { reason: "the payee was called".into(), address_confirmed: true, ..Release::default() };
    screening.release(held.holds[0], confirmed(), "officer").unwrap();
    // That a hold is released says by itself nothing of the address: the withdrawal may have been called back.
    let held = screening.event("emil-2").unwrap().decision;
    screening.release_hold(held.holds[0], None, "the withdrawal was called back", "officer").unwrap();
    let other = HoldRequest {
        id: "order-1".into(),
        scope: Scope::Account,
        customer: "emil".into(),
        account: None,
        asset: None,
        amount: None,
        transfer: None,
        basis: "order".into(),
        reason: "an order".into(),
        expires: None,
        review: None,
        second_person: Some(false),
    };
    let other = screening.place_hold(other, "officer").unwrap();
    let error = screening.release(other, confirmed(), "officer").unwrap_err().to_string();
    assert!(error.contains("address_confirmed") && error.contains("imitates"), "{error}");
    // Where a second person is needed, what the first one states is kept for them.
    decide(&screening, out("fred-1", "fred", PAYEE));
    decide(&screening, out("fred-2", "fred", IMITATION));
    let held = screening.event("fred-2").unwrap().decision.holds[0];
    Store::change(&screening, "test", move |tx| {
        tx.db().execute("UPDATE holds SET second_person = 1 WHERE id = $1", &[number(held)])?;
        Ok::<_, StoreError>(())
    })
    .unwrap();
    let asked = screening.release(held, confirmed(), "officer").unwrap().asked_reason.unwrap();
    assert!(asked.starts_with("the payee was called") && asked.contains(IMITATION), "{asked}");
    // A sign of a scam, and giving up, confirm nothing.
    assert_eq!(answers("carl-2", "copied"), "escalated");
    let gives_up = WarningAnswers { proceed: false, answers: BTreeMap::new() };
    assert_eq!(screening.answer_warning("dora-2", gives_up, "app").unwrap().state, "stopped");
    let is_warned = |screening: &Screening, n: u32| {
        ["anna", "bert", "carl", "dora", "emil"].map(|customer| {
            let spelled =
                if customer == "anna" { IMITATION.to_uppercase().replace("0X", "0x") } else { IMITATION.into() };
            imitated(&decide(screening, out(&format!("{customer}-{n}"), customer, &spelled))).is_some()
        })
    };
    assert_eq!(is_warned(&screening, 3), [false, false, true, true, true]);
    assert_eq!(["anna", "bert", "carl", "dora", "emil"].map(|c| confirmations(&screening, c)), [1, 1, 0, 0, 0]);
    // Another imitation of the same payee is warned of.
    let third = IMITATION.replace("bbb", "ccc");
    assert!(imitated(&decide(&screening, out("anna-4", "anna", &third))).is_some());
    let decided = screening.last_event().unwrap();
    is_replayed(&screening, decided);
    drop(screening);
    let screening = open(place, &clock);
    assert_eq!(is_warned(&screening, 5), [false, false, true, true, true]);
    is_replayed(&screening, decided + 5);
}

fn imitations_that_the_ledger_knows_are_warned_of(place: &TestDb) {
    let screening = open(place, &TestClock::new());
    let of_ledger = Lookalike::between(IMITATION, PAYEE, KnownBy::Chain).unwrap();
    let facts = ChainFacts { lookalike: Some(of_ledger.clone()), ..known() };
    for id in ["w1", "w2"] {
        let decided = screening.decide(withdrawal(id, "anna", IMITATION, 1_000, 5_000), facts.clone(), "t").unwrap();
        assert_eq!(imitated(&decided), Some(of_ledger.clone()));
    }
    is_replayed(&screening, 2);
    // Who was paid before is no imitation of whoever sent dust to an address of the customer since.
    assert_eq!(imitated(&decide(&screening, withdrawal("w3", "bert", PAYEE, 1_000, 5_000))), None);
    let of_dust = Lookalike::between(PAYEE, IMITATION, KnownBy::Chain);
    let facts = ChainFacts { lookalike: of_dust, ..known() };
    let decided = screening.decide(withdrawal("w4", "bert", PAYEE, 1_000, 5_000), facts, "t").unwrap();
    assert_eq!(imitated(&decided), None);
    is_replayed(&screening, 4);
}
