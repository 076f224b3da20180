//! Requests from intake to answer, the same on SQLite and PostgreSQL.

use holdfast_bitcoin::Network;
use holdfast_decision::{ChainFacts, Record, RecordKind};
use holdfast_documents::Vault;
use holdfast_evaluation::{Exchange, chain_workspace};
use holdfast_identity::KeyRing;
use holdfast_requests::RequestError;
use holdfast_requests::intake::{NewAgency, Opened, Outcome, RequestFilter, RequestState, Step};
use holdfast_requests::matching::{How, matches};
use holdfast_requests::request::{DataClass, Kind, Officer, Request, Statement, Target, TargetKind};
use holdfast_requests::{Desk, Inquiry, Policy};
use holdfast_screening::Screening;
use holdfast_screening::holds::HoldFilter;
use holdfast_store::Database;
use holdfast_testing::{START, TestClock, TestDb, on_both, withdrawal};
use holdfast_types::ids::AgencyId;
use holdfast_types::{Seconds, Timestamp};
use holdfast_workspace::ChainQueries;
use std::sync::Arc;

on_both!(
    answers_need_two_people_and_policy,
    forged_requests_wait_for_what_clears_them,
    intake_is_idempotent_and_remembers,
    targets_find_their_customers,
    a_freeze_that_is_granted_becomes_a_hold
);

fn agency(name: &str, domain: &str) -> NewAgency {
    NewAgency { name: name.into(), country: "US".into(), domain: domain.into(), evidence: "listed on usa.gov".into() }
}

fn request(id: &str, email: &str) -> Request {
    Request {
        id: id.into(),
        received: START,
        kind: Kind::Information,
        process: "us.2703d".into(),
        reference: format!("ref-{id}"),
        officer: Officer { name: "Ana Berg".into(), email: email.into(), agency: "FBI".into(), country: "US".into() },
        targets: vec![Target::new(TargetKind::UserId, format!("user-of-{id}"))],
        classes: vec![DataClass::Subscriber, DataClass::Transactions],
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: String::new(),
        scope: Default::default(),
        attachments: Vec::new(),
    }
}

fn prepare(outcome: Outcome) -> Step {
    Step::Prepare { outcome, reason: "the order is in order".into(), transfers: Vec::new() }
}

fn signs(opened: &Opened) -> Vec<&'static str> {
    opened.review.suspicion.signs.iter().map(|s| s.sign).collect()
}

fn refused<T: std::fmt::Debug>(answer: Result<T, RequestError>) -> String {
    match answer {
        Err(RequestError::State(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn answers_need_two_people_and_policy(place: &TestDb) {
    let (screening, policy) =
        (Screening::open(&place.url, TestClock::new().clock()).unwrap(), Arc::new(Policy::standard()));
    let (key_ring, files) = (KeyRing::single([7; 32]), tempfile::tempdir().unwrap());
    let vault = Vault::new(files.path());
    let intake = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    intake.add_agency(agency("FBI", "fbi.gov"), "ana").unwrap();
    let opened = intake.submit(request("r1", "ana.berg@fbi.gov"), "portal").unwrap();
    assert_eq!((opened.stored.state.as_ref(), signs(&opened)), ("open", vec!["new-officer"]));
    assert!(refused(intake.step("r1", Step::Approve {}, "bo")).contains("not prepared"));
    let prepared = intake.step("r1", prepare(Outcome::Granted), "ana").unwrap();
    assert_eq!(prepared.stored.state, RequestState::Prepared);
    assert!(refused(intake.step("r1", prepare(Outcome::Refused), "bo")).contains("it is prepared"));
    assert!(refused(intake.step("r1", Step::Approve {}, "ana")).contains("another person"));
    let back = intake.step("r1", Step::Return { reason: "look at the dates".into() }, "bo").unwrap();
    assert_eq!((back.stored.state.as_ref(), back.stored.prepared_by), ("open", None));
    intake.step("r1", prepare(Outcome::Granted), "ana").unwrap();
    let answered = intake.step("r1", Step::Approve {}, "bo").unwrap().stored;
    assert_eq!((answered.outcome.as_deref(), answered.approved_by.as_deref()), (Some("granted"), Some("bo")));
    let call = Step::CallBack { number_from: "the agency's site".into(), confirmed: true };
    assert!(refused(intake.step("r1", call, "bo")).contains("answered"));
    // Policy: what the process does not open is granted partly at most, and without a judge not at all.
    let mut more = request("r2", "ana.berg@fbi.gov");
    more.classes.push(DataClass::Content);
    intake.submit(more, "portal").unwrap();
    assert!(refused(intake.step("r2", prepare(Outcome::Granted), "ana")).contains("partly"));
    intake.step("r2", prepare(Outcome::Partly), "ana").unwrap();
    let mut unsigned = request("r3", "ana.berg@fbi.gov");
    unsigned.states.clear();
    intake.submit(unsigned, "portal").unwrap();
    assert!(refused(intake.step("r3", prepare(Outcome::Partly), "ana")).contains("judge"));
    intake.step("r3", prepare(Outcome::Refused), "ana").unwrap();
    // Every step and every access is in the log.
    let log = screening.audit(0, Some("request:r1"), 100).unwrap();
    let actions: Vec<&str> = log.iter().map(|e| e.action.as_str()).collect();
    let expected = ["received", "prepared", "returned", "prepared", "answered"].map(|a| format!("request.{a}"));
    assert_eq!(actions, expected);
    intake.open("r1", "auditor").unwrap();
    let log = screening.audit(0, Some("request:r1"), 100).unwrap();
    assert_eq!(log.last().map(|e| (e.action.as_str(), e.actor.as_str())), Some(("request.read", "auditor")));
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
}

fn forged_requests_wait_for_what_clears_them(place: &TestDb) {
    let (screening, policy) =
        (Screening::open(&place.url, TestClock::new().clock()).unwrap(), Arc::new(Policy::standard()));
    let (key_ring, files) = (KeyRing::single([7; 32]), tempfile::tempdir().unwrap());
    let vault = Vault::new(files.path());
    let intake = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    intake.add_agency(agency("FBI", "fbi.gov"), "ana").unwrap();
    // A look-alike is never granted; it can be answered as forged.
    let opened = intake.submit(request("f1", "ana.berg@fbl.gov"), "portal").unwrap();
    assert!(opened.review.suspicion.stops && signs(&opened).contains(&"look-alike-domain"));
    assert!(refused(intake.step("f1", prepare(Outcome::Granted), "ana")).contains("fbi.gov"));
    intake.step("f1", prepare(Outcome::Forged), "ana").unwrap();
    intake.step("f1", Step::Approve {}, "bo").unwrap();
    // An emergency of a new officer waits for the call-back; a denied one stops it.
    let emergency = |id: &str| {
        let mut r = request(id, "new@fbi.gov");
        r.kind = Kind::EmergencyDisclosure;
        r.process = "police.emergency".into();
        r.states = vec![Statement::Danger];
        r.statement = "a kidnapped child".into();
        r
    };
    let opened = intake.submit(emergency("e1"), "portal").unwrap();
    assert_eq!(opened.stored.due, START + Seconds::hours(4));
    assert!(opened.review.suspicion.call_back);
    assert!(refused(intake.step("e1", prepare(Outcome::Granted), "ana")).contains("call back"));
    let call = |confirmed| Step::CallBack { number_from: "the agency's site".into(), confirmed };
    let opened = intake.step("e1", call(true), "ana").unwrap();
    assert_eq!(opened.stored.call_back.as_ref().map(|c| (c.by.as_str(), c.confirmed)), Some(("ana", true)));
    intake.step("e1", prepare(Outcome::Granted), "ana").unwrap();
    // Denied after it was prepared: not approved any more.
    intake.step("e1", call(false), "bo").unwrap();
    assert!(refused(intake.step("e1", Step::Approve {}, "bo")).contains("not confirmed"));
    // The officer of a forged request stays new; the one of a genuine request does not.
    let mut again = request("f2", "ana.berg@fbl.gov");
    again.targets[0].value = "someone".into();
    assert!(signs(&intake.submit(again, "portal").unwrap()).contains(&"new-officer"));
    intake.submit(request("g1", "old@fbi.gov"), "portal").unwrap();
    intake.step("g1", prepare(Outcome::Granted), "ana").unwrap();
    intake.step("g1", Step::Approve {}, "bo").unwrap();
    assert_eq!(signs(&intake.submit(request("g2", "old@fbi.gov"), "portal").unwrap()), [""; 0]);
    // The same targets by another officer are noticed.
    let mut copy = request("g3", "old@fbi.gov");
    copy.targets = request("g1", "").targets;
    assert_eq!(signs(&intake.submit(copy, "portal").unwrap()), ["duplicate"]);
}

fn intake_is_idempotent_and_remembers(place: &TestDb) {
    let (clock, policy) = (TestClock::new(), Arc::new(Policy::standard()));
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let (key_ring, files) = (KeyRing::single([7; 32]), tempfile::tempdir().unwrap());
    let vault = Vault::new(files.path());
    let intake = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    assert_eq!(intake.add_agency(agency("FBI", "FBI.gov"), "ana").unwrap(), AgencyId::new(1));
    assert_eq!(intake.add_agency(agency("FBI", "ic.fbi.gov"), "ana").unwrap(), AgencyId::new(1));
    assert_eq!(intake.add_agency(agency("FBI", "fbi.gov"), "ana").unwrap(), AgencyId::new(1));
    assert!(matches!(intake.add_agency(agency("DEA", "fbi.gov"), "ana"), Err(RequestError::Conflict(_))));
    let other = NewAgency { country: "CA".into(), ..agency("FBI", "fbi.ca") };
    assert!(matches!(intake.add_agency(other, "ana"), Err(RequestError::Conflict(_))));
    for bad in ["gmail.com", "localhost", "a b.org", ""] {
        assert!(matches!(intake.add_agency(agency("X", bad), "ana"), Err(RequestError::Invalid(_))), "{bad}");
    }
    assert_eq!(intake.agencies().unwrap()[0].domains, ["fbi.gov", "ic.fbi.gov"]);
    let first = intake.submit(request("r1", "ana.berg@fbi.gov"), "portal").unwrap();
    assert_eq!(intake.submit(request("r1", "ana.berg@FBI.gov"), "portal").unwrap(), first);
    let mut changed = request("r1", "ana.berg@fbi.gov");
    changed.reference = "other".into();
    assert!(matches!(intake.submit(changed, "portal"), Err(RequestError::Conflict(_))));
    assert!(matches!(intake.open("nobody", "ana"), Err(RequestError::NotFound(_))));
    for i in 2..6 {
        intake.submit(request(&format!("r{i}"), "ana.berg@fbi.gov"), "portal").unwrap();
    }
    intake.step("r2", prepare(Outcome::Refused), "ana").unwrap();
    let list = |state: Option<RequestState>, after, limit| {
        let filter = RequestFilter { state, after, limit };
        intake.list(&filter, "ana").unwrap().iter().map(|r| r.request.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 0, 2), ["r1", "r2"]);
    assert_eq!(list(None, 2, 100), ["r3", "r4", "r5"]);
    assert_eq!(list(Some(RequestState::Open), 0, 100), ["r1", "r3", "r4", "r5"]);
    clock.set(START + Seconds::days(15));
    let late = intake.open("r1", "ana").unwrap();
    assert!(late.stored.overdue);
    // The review that is stored nowhere is the review of what is stored.
    let inquiry = Inquiry { request: late.stored.request.clone(), history: Default::default() };
    assert_eq!(holdfast_requests::review(&policy, &inquiry).unwrap().judgement, late.review.judgement);
    drop(screening);
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let (key_ring, files) = (KeyRing::single([7; 32]), tempfile::tempdir().unwrap());
    let vault = Vault::new(files.path());
    let intake = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    assert_eq!(intake.open("r1", "ana").unwrap(), late);
}

/// A simulated chain's exchange deposit is a customer's; the address that paid into it, its transaction, and what the customer states find
/// the customer, each with its reason.
fn targets_find_their_customers(place: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, blocks, economy) =
        chain_workspace(dir.path(), holdfast_simulate::Options { seed: 5, txs: 3_000 }).unwrap();
    let ledger = &workspace.ledger;
    let chains: [Arc<dyn ChainQueries>; 1] = [Arc::new(workspace.snapshot())];
    let mut plain = holdfast_simulate::exchange::Exchange::default();
    plain.add_chain(&blocks, &economy).unwrap();
    let exchange = Exchange::from(plain);
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    // A deposit whose payer received money before, so that a trace from the payer's address leads to it.
    let deposit = exchange.events.iter().find_map(|event| {
        let tx = ledger.tx_by_id(&event.tx.as_ref()?.parse().ok()?)?;
        let output = ledger.outputs(tx).start + event.output? as u64;
        let to = ledger.address(ledger.address_of(output)).to_text(Network::Regtest);
        let payer = ledger.sources(tx).find_map(|s| ledger.source_info(s).address)?;
        let from = ledger.address(payer).to_text(Network::Regtest);
        (from != to).then_some((event.tx.clone()?, from, to))
    });
    let (tx, from, to) = deposit.expect("a deposit");
    let mut customer = Record::new(RecordKind::Customer, "c1", START);
    (customer.name, customer.email, customer.phone) =
        (Some("Ada  Byron".into()), Some("Ada@Example.org".into()), Some("+49 30 123456".into()));
    let mut former = customer.clone();
    (former.time, former.email) = (START - Seconds::new(100), Some("old@example.org".into()));
    let mut address = Record::new(RecordKind::DepositAddress, &to, START);
    (address.customer, address.asset) = (Some("c1".into()), Some("BTC".into()));
    let payee = Record::new(RecordKind::Customer, "c2", START);
    screening.ingest(vec![former], "test").unwrap();
    screening.ingest(vec![customer, address, payee], "test").unwrap();
    screening.decide(withdrawal("w1", "c2", "bcrt1qpaid", 1, 100), ChainFacts::default(), "test").unwrap();
    let find = |kind, value: &str| {
        let target = Target::new(kind, value);
        let found = matches(&screening, &chains, &[target]).unwrap();
        found.into_iter().map(|m| (m.customer, m.how, m.because.join("; "))).collect::<Vec<_>>()
    };
    for (kind, value, word) in [
        (TargetKind::UserId, "c1", "number"),
        (TargetKind::Email, "ada@example.org", "record customer:c1"),
        (TargetKind::Email, "old@example.org", "record customer:c1"),
        (TargetKind::Phone, "+4930123456", "phone"),
        (TargetKind::Name, "ada byron", "name"),
        (TargetKind::Address, &to, "deposit address"),
        (TargetKind::Transaction, &tx, "pays the customer's deposit address"),
    ] {
        let found = find(kind, value);
        assert_eq!((found[0].0.as_str(), found[0].1), ("c1", How::Direct), "{value}: {found:?}");
        assert!(found[0].2.contains(word), "{found:?}");
    }
    let paid = find(TargetKind::Address, "bcrt1qpaid");
    assert_eq!((paid[0].0.as_str(), paid[0].1), ("c2", How::Paid), "{paid:?}");
    let traced = find(TargetKind::Address, &from);
    assert!(traced.iter().any(|m| m.0 == "c1" && m.1 == How::Traced && m.2.contains(&to)), "{traced:?}");
    for (kind, value) in
        [(TargetKind::UserId, "nobody"), (TargetKind::Email, "x@example.org"), (TargetKind::Address, "bcrt1qnever")]
    {
        assert_eq!(find(kind, value), [], "{value}");
    }
    // Without a ledger only what is stated is found.
    let target = Target::new(TargetKind::Address, from);
    assert_eq!(matches(&screening, &[], &[target]).unwrap(), []);
    // The reviewer judges each match; the answer is prepared after.
    let policy = Arc::new(Policy::standard());
    let (key_ring, files) = (KeyRing::single([7; 32]), tempfile::tempdir().unwrap());
    let vault = Vault::new(files.path());
    let intake = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    intake.add_agency(agency("FBI", "fbi.gov"), "ana").unwrap();
    let mut order = request("m1", "ana.berg@fbi.gov");
    order.targets = vec![Target::new(TargetKind::Email, "old@example.org")];
    intake.submit(order, "portal").unwrap();
    let judge = |customer: &str, accept| {
        intake.step("m1", Step::Match { customer: customer.into(), accept, reason: "a former address".into() }, "ana")
    };
    assert!(matches!(judge("nobody", true), Err(RequestError::NotFound(_))));
    judge("c1", false).unwrap();
    judge("c1", true).unwrap();
    let matched = intake.matches(&chains, "m1", "ana").unwrap();
    assert_eq!(
        (matched.len(), matched[0].verdict.as_deref(), matched[0].decided_by.as_deref()),
        (1, Some("accepted"), Some("ana"))
    );
    intake.step("m1", prepare(Outcome::Granted), "ana").unwrap();
    assert!(refused(judge("c1", false)).contains("before an answer"));
}

/// A database from before the identifiers is filled when it is opened.
#[test]
fn older_databases_are_filled() {
    let place = TestDb::sqlite();
    let mut record = Record::new(RecordKind::Customer, "c1", START);
    record.email = Some("ada@example.org".into());
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    screening.ingest(vec![record], "test").unwrap();
    screening.decide(withdrawal("w1", "c1", "bcrt1qpaid", 1, 100), ChainFacts::default(), "test").unwrap();
    drop(screening);
    Database::connect(&place.url).unwrap().execute("DELETE FROM identifiers", &[]).unwrap();
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    for (kind, value) in [("email", "ada@example.org"), ("destination", "bcrt1qpaid")] {
        let found = screening.read(|db| holdfast_screening::identifiers::find(db, kind, value, 10)).unwrap();
        assert_eq!(found.len(), 1, "{kind}");
    }
}

fn a_freeze_that_is_granted_becomes_a_hold(place: &TestDb) {
    let (clock, policy) = (TestClock::new(), Arc::new(Policy::standard()));
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let (key_ring, files) = (KeyRing::single([7; 32]), tempfile::tempdir().unwrap());
    let vault = Vault::new(files.path());
    let intake = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    intake.add_agency(agency("FBI", "fbi.gov"), "ana").unwrap();
    screening.ingest(["c1", "c2", "c3"].map(|c| Record::new(RecordKind::Customer, c, START)).to_vec(), "test").unwrap();
    let mut order = request("z1", "ana.berg@fbi.gov");
    (order.kind, order.process) = (Kind::Freeze, "police.freeze".into());
    order.classes.clear();
    order.states.clear();
    order.targets = ["c1", "c2", "c3"].map(|c| Target::new(TargetKind::UserId, c)).to_vec();
    intake.submit(order, "portal").unwrap();
    intake.step("z1", prepare(Outcome::Granted), "ana").unwrap();
    assert!(refused(intake.step("z1", Step::Approve {}, "bo")).contains("accept the match"));
    intake.step("z1", Step::Return { reason: "whom?".into() }, "bo").unwrap();
    for (customer, accept) in [("c1", true), ("c2", true), ("c3", false)] {
        let step = Step::Match { customer: customer.into(), accept, reason: "their own number".into() };
        intake.step("z1", step, "ana").unwrap();
    }
    intake.step("z1", prepare(Outcome::Granted), "ana").unwrap();
    // Answered two days after it came: the seven days count from then.
    clock.set(START + Seconds::days(2));
    let answered = intake.step("z1", Step::Approve {}, "bo").unwrap().stored;
    assert_eq!(answered.holds.len(), 2);
    let holds = screening.holds(&HoldFilter { limit: 100, ..HoldFilter::default() }).unwrap();
    let held: Vec<(&str, Option<Timestamp>)> = holds.iter().map(|h| (h.customer.as_str(), h.expires)).collect();
    assert_eq!(held, [("c1", Some(START + Seconds::days(9))), ("c2", Some(START + Seconds::days(9)))]);
    assert!(holds[0].basis.contains("ref-z1") && holds[0].reason.contains("z1"), "{:?}", holds[0]);
    // What they try to withdraw is held; what the third does is not.
    let decide = |id: &str, customer: &str| {
        screening.decide(withdrawal(id, customer, "bcrt1qx", 1, 100), ChainFacts::default(), "test").unwrap().holds
    };
    assert_eq!(decide("w1", "c1"), [answered.holds[0]]);
    assert_eq!(decide("w3", "c3"), [0; 0]);
    assert!(screening.check_holds().unwrap().problems.is_empty());
    clock.set(START + Seconds::days(10));
    screening.expire_holds().unwrap();
    assert!(
        screening
            .holds(&HoldFilter { limit: 100, ..HoldFilter::default() })
            .unwrap()
            .iter()
            .all(|h| h.state == "expired")
    );
}
