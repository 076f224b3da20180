//! Events in batches: one transaction, one answer each.

use holdfast_decision::{ChainFacts, Decision, Event};
use holdfast_evaluation::{Exchange, Options, simulate};
use holdfast_screening::replay::replay_log;
use holdfast_screening::service::MAX_EVENTS;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_simulate::random::Random;
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::{ErrorKind, Seconds};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::channel;

on_both!(
    a_batch_is_decided_as_its_events_alone,
    a_batch_is_one_input_and_wrong_events_cost_no_other,
    batches_of_several_senders_keep_their_answers,
    what_waits_is_bounded_by_events,
    a_batch_survives_a_restart,
    simulated_events_in_any_order_and_parts_are_given_again,
);

type Answers = Vec<Result<Decision, ScreeningError>>;

fn opened(place: &TestDb) -> Screening {
    Screening::open(&place.url, TestClock::new().clock()).unwrap()
}

fn plain(events: Vec<Event>) -> Vec<(Event, ChainFacts)> {
    events.into_iter().map(|event| (event, ChainFacts::unavailable("the node is down"))).collect()
}

fn mixed(part: &str, count: u64) -> Vec<Event> {
    let one = |i: u64| {
        let (id, customer, to) = (format!("{part}-{i}"), format!("c{}", i % 7), format!("0x{:040x}", i % 5));
        match i % 3 {
            0 => withdrawal(&id, &customer, &to, u128::from(i) + 1, 40_000 * (i % 11)),
            _ => deposit(&id, &customer, &format!("0x{i:064x}"), u128::from(i) + 1, 30_000 * (i % 13)),
        }
    };
    (0..count).map(one).collect()
}

fn count(screening: &Screening, sql: &str) -> i64 {
    screening.read(|db| db.query(sql, &[])).unwrap()[0].int(0).unwrap()
}

fn is_given_again(screening: &Screening) {
    let replay = replay_log(screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((replay.problems, replay.decisions), (Vec::new(), screening.last_event().unwrap()));
    assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
}

fn kinds(answers: &Answers) -> Vec<Option<ErrorKind>> {
    answers.iter().map(|a| a.as_ref().err().map(ScreeningError::kind)).collect()
}

/// Whole decisions, numbers of holds and alerts included.
fn a_batch_is_decided_as_its_events_alone(place: &TestDb) {
    let alone = TestDb::sqlite();
    let (single, batched) = (opened(&alone), opened(place));
    for part in ["a", "b"] {
        let events = plain(mixed(part, 60));
        let answers = batched.decide_batch(events.clone(), "t").unwrap();
        for ((event, facts), answer) in events.into_iter().zip(answers) {
            assert_eq!(single.decide(event, facts, "t").unwrap(), answer.unwrap());
        }
    }
    let holds = "SELECT COUNT(*) FROM holds";
    assert!(count(&batched, holds) > 0);
    assert_eq!(count(&batched, holds), count(&single, holds));
    is_given_again(&batched);
}

fn a_batch_is_one_input_and_wrong_events_cost_no_other(place: &TestDb) {
    let screening = opened(place);
    let before = screening.decide(deposit("d0", "c", "0x01", 5, 100), ChainFacts::default(), "t").unwrap();
    let (mut nameless, mut ahead) = (deposit("", "c", "0x02", 5, 100), deposit("d4", "c", "0x06", 5, 100));
    nameless.account = Some("a".into());
    ahead.time = START + Seconds::days(400);
    let batch = vec![
        deposit("d1", "c", "0x03", 5, 100),
        nameless,
        deposit("d0", "c", "0x01", 5, 100),
        deposit("d1", "c", "0x03", 5, 100),
        deposit("d1", "c", "0x03", 6, 100),
        ahead,
        deposit("d2", "c", "0x04", 5, 100),
    ];
    let inputs = "SELECT COUNT(*) FROM inputs WHERE kind = 'events'";
    let entries = "SELECT COUNT(*) FROM audit WHERE action = 'events.decided'";
    let counts = |screening: &Screening| (count(screening, inputs), count(screening, entries));
    assert_eq!(counts(&screening), (1, 1));
    let answers = screening.decide_batch(plain(batch.clone()), "t").unwrap();
    use ErrorKind::{Conflict, Invalid};
    assert_eq!(kinds(&answers), [None, Some(Invalid), None, None, Some(Conflict), Some(Invalid), None]);
    let decided = |i: usize| answers[i].as_ref().unwrap();
    assert_eq!((decided(2), decided(0)), (&before, decided(3)));
    assert_eq!((decided(0).seq, decided(6).seq), (2, 3));
    assert_eq!(counts(&screening), (2, 2), "one input and one entry for the batch");
    let again = screening.decide_batch(plain(batch), "t").unwrap();
    for (first, second) in answers.iter().zip(&again) {
        assert_eq!(first.as_ref().ok(), second.as_ref().ok());
    }
    assert_eq!(counts(&screening), (2, 2), "what was decided before is no input");
    let wrong = screening.decide_batch(plain(vec![deposit("", "c", "0x01", 5, 100)]), "t").unwrap();
    assert_eq!(kinds(&wrong), [Some(Invalid)]);
    assert!(screening.decide_batch(Vec::new(), "t").unwrap().is_empty());
    let many = vec![(deposit("d9", "c", "0x09", 5, 100), ChainFacts::default()); MAX_EVENTS + 1];
    assert_eq!(screening.decide_batch(many, "t").unwrap_err().kind(), Invalid);
    is_given_again(&screening);
}

fn batches_of_several_senders_keep_their_answers(place: &TestDb) {
    let screening = opened(place);
    let (sender, answers) = channel();
    for n in 0..40u64 {
        let (sender, actor) = (sender.clone(), Arc::from(format!("sender-{}", n % 3)));
        let events = plain(mixed(&format!("p{n}"), 1 + n % 9));
        let ids: Vec<String> = events.iter().map(|e| e.0.id.clone()).collect();
        screening
            .submit_batch(events, &actor, move |answers| {
                sender.send((ids, answers)).unwrap();
            })
            .unwrap();
    }
    let mut seqs = Vec::new();
    for (ids, answers) in answers.iter().take(40) {
        let decisions: Vec<Decision> = answers.unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(decisions.iter().map(|d| d.event.clone()).collect::<Vec<_>>(), ids);
        assert!(decisions.is_sorted_by_key(|d| d.seq));
        seqs.extend(decisions.iter().map(|d| d.seq));
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    is_given_again(&screening);
}

/// Batches count by their events, so that memory and the time until an answer are bounded alike for single events and batches.
fn what_waits_is_bounded_by_events(place: &TestDb) {
    let screening = opened(place);
    let (go, wait) = channel::<()>();
    let (sender, answers) = channel();
    let (begin, began) = channel();
    std::thread::scope(|scope| {
        let desk = &screening;
        scope.spawn(move || {
            desk.transact("t", move |_| {
                begin.send(()).unwrap();
                wait.recv().unwrap();
                Ok::<_, ScreeningError>(())
            })
        });
        began.recv().unwrap();
        let batch = plain(vec![deposit("d1", "c", "0x01", 5, 100); MAX_EVENTS]);
        let submit = |events: Vec<(Event, ChainFacts)>| {
            let sender = sender.clone();
            screening.submit_batch(events, &"t".into(), move |answers| sender.send(answers).unwrap())
        };
        let mut taken = 0;
        let refused = loop {
            match submit(batch.clone()) {
                Ok(()) => taken += 1,
                Err(e) => break e,
            }
        };
        assert_eq!(refused.kind(), ErrorKind::Busy);
        assert_eq!(taken, holdfast_store::MAX_WAITING / MAX_EVENTS);
        assert_eq!(screening.health().waiting, (taken * MAX_EVENTS) as u64, "what is refused does not wait");
        // A single event still fits.
        submit(batch[..1].to_vec()).unwrap();
        go.send(()).unwrap();
        for answers in answers.iter().take(taken + 1) {
            assert!(answers.unwrap().iter().all(|a| a.as_ref().unwrap().seq == 1));
        }
    });
    assert_eq!(screening.health().waiting, 0);
    is_given_again(&screening);
}

fn a_batch_survives_a_restart(place: &TestDb) {
    let screening = opened(place);
    let first = screening.decide_batch(plain(mixed("a", 300)), "t").unwrap();
    drop(screening);
    let screening = opened(place);
    let again = screening.decide_batch(plain(mixed("a", 300)), "t").unwrap();
    for (first, again) in first.iter().zip(&again) {
        assert_eq!(first.as_ref().unwrap(), again.as_ref().unwrap());
    }
    screening.decide_batch(plain(mixed("b", 50)), "t").unwrap();
    is_given_again(&screening);
}

/// Decides simulated events in an order that a seed gives, in parts that another gives, with restarts; returns the digest of all decisions.
fn in_parts(place: &TestDb, exchange: &Exchange, order: u64, parts: u64) -> String {
    let mut random = Random::new(order);
    let mut events: Vec<(u64, &Event)> =
        exchange.events.iter().take(2_000).zip(0u64..).map(|(e, i)| (i + random.below(60), e)).collect();
    events.sort_by_key(|(place, _)| *place);
    let clock = TestClock::new();
    clock.set(exchange.events.iter().map(|e| e.time).max().unwrap());
    let open = || Screening::open(&place.url, clock.clock()).unwrap();
    let (mut screening, mut random) = (open(), Random::new(parts));
    screening.ingest(exchange.records.clone(), "t").unwrap();
    let mut rest = events.as_slice();
    while !rest.is_empty() {
        let (part, later) = rest.split_at(rest.len().min(1 + random.below(200) as usize));
        let batch = plain(part.iter().map(|(_, event)| (*event).clone()).collect());
        screening.decide_batch(batch, "t").unwrap().into_iter().for_each(|answer| drop(answer.unwrap()));
        rest = later;
        if random.below(6) == 0 {
            drop(screening);
            screening = open();
        }
    }
    is_given_again(&screening);
    let replay = replay_log(&screening, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(replay.decisions == 2_000 && replay.holds > 0, "{replay:?}");
    replay.sha256
}

fn simulated_events_in_any_order_and_parts_are_given_again(place: &TestDb) {
    let exchange = simulate(Options { customers: 300, cases: 3, ..Options::default() }).unwrap();
    let first = in_parts(place, &exchange, 1, 2);
    assert_eq!(first, in_parts(&TestDb::sqlite(), &exchange, 1, 3), "parts and restarts change nothing");
    assert_ne!(first, in_parts(&TestDb::sqlite(), &exchange, 4, 2), "the order is an input");
}
