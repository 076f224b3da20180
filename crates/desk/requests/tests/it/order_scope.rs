//! Orders are limited to their period, accounts and assets: matches, freezes, preservations and productions. Balances in productions are right. The
//! same on SQLite and PostgreSQL.

use holdfast_decision::completion::{Completion, MovementStatus};
use holdfast_decision::model::{Action, Direction, Method, Status};
use holdfast_decision::{ChainFacts, Event, EventKind, Record, RecordKind, Scope, Verdict};
use holdfast_documents::Vault;
use holdfast_identity::KeyRing;
use holdfast_requests::RequestError;
use holdfast_requests::intake::{NewAgency, Outcome, Step};
use holdfast_requests::matching::{How, matches_within};
use holdfast_requests::production::{decrypt, verify};
use holdfast_requests::request::{DataClass, Kind, Officer, Request, Statement, Target, TargetKind};
use holdfast_requests::scope::OrderScope;
use holdfast_requests::{Desk, Policy};
use holdfast_screening::Screening;
use holdfast_screening::holds::{HoldFilter, HoldRequest};
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::{Amount, Seconds, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

on_both!(
    balances_are_what_is_left_after_the_last_movement,
    balances_that_do_not_reconcile_are_not_signed,
    a_declined_payment_or_rejected_withdrawal_is_not_listed_as_carried_out,
    a_freeze_covers_the_accounts_and_assets_that_the_order_names,
    events_outside_of_an_orders_scope_match_nobody,
    a_request_without_a_period_is_sent_back_where_policy_demands_one,
    preservations_stay_within_the_scope,
    requests_of_before_orders_had_a_scope_are_opened
);

fn with(place: &TestDb, run: impl FnOnce(&Desk<'_>, &TestClock)) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let (policy, key_ring) = (Arc::new(Policy::standard()), KeyRing::single([7; 32]));
    let files = tempfile::tempdir().unwrap();
    let vault = Vault::new(files.path());
    let d = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    let agency = |name: &str, country: &str, domain: &str| NewAgency {
        name: name.into(),
        country: country.into(),
        domain: domain.into(),
        evidence: "its own site".into(),
    };
    d.add_agency(agency("FBI", "US", "fbi.gov"), "ana").unwrap();
    d.add_agency(agency("BKA", "DE", "bka.bund.de"), "ana").unwrap();
    run(&d, &clock);
}

fn request(id: &str, classes: &[DataClass], scope: OrderScope) -> Request {
    Request {
        id: id.into(),
        received: START,
        kind: Kind::Information,
        process: "us.2703d".into(),
        reference: format!("ref-{id}"),
        officer: Officer {
            name: "Ana Berg".into(),
            email: "ana.berg@fbi.gov".into(),
            agency: "FBI".into(),
            country: "US".into(),
        },
        targets: vec![Target::new(TargetKind::UserId, "c1")],
        classes: classes.to_vec(),
        scope,
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: String::new(),
        attachments: Vec::new(),
    }
}

fn customer(id: &str) -> Record {
    Record { name: Some(format!("Name of {id}")), ..Record::new(RecordKind::Customer, id, START) }
}

fn grant(d: &Desk<'_>, request: Request, customer: &str) {
    let id = request.id.clone();
    d.submit(request, "portal").unwrap();
    d.step(&id, Step::Match { customer: customer.into(), accept: true, reason: "number".into() }, "ana").unwrap();
    let answer = Step::Prepare { outcome: Outcome::Granted, reason: "in order".into(), transfers: Vec::new() };
    d.step(&id, answer, "ana").unwrap();
    d.step(&id, Step::Approve {}, "bo").unwrap();
}

fn identity() -> (String, String) {
    use age::secrecy::ExposeSecret;
    let key = age::x25519::Identity::generate();
    (key.to_string().expose_secret().to_owned(), key.to_public().to_string())
}

/// All files of a request's production, verified.
fn produced(d: &Desk<'_>, id: &str) -> BTreeMap<String, Vec<u8>> {
    let (key, recipient) = identity();
    let made = d.produce(id, &[recipient], "ana").unwrap();
    let package = decrypt(&d.fetch(id, made.id, "ana").unwrap(), &key).unwrap();
    let found = verify(&package, None);
    assert!(found.is_valid(), "{:?}", found.failures);
    unzip(&package)
}

fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for i in 0..zip.len() {
        let mut entry = zip.by_index(i).unwrap();
        let (name, mut content) = (entry.name().unwrap().into_owned(), Vec::new());
        entry.read_to_end(&mut content).unwrap();
        files.insert(name, content);
    }
    files
}

/// Rows of a CSV file by column.
fn rows(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<BTreeMap<String, String>> {
    let bytes = files.get(name).unwrap_or_else(|| panic!("{name} of {:?}", files.keys()));
    csv::Reader::from_reader(bytes.as_slice()).deserialize().map(Result::unwrap).collect()
}

fn at(mut event: Event, time: Timestamp) -> Event {
    event.time = time;
    event
}

fn decide(d: &Desk<'_>, event: Event) -> Verdict {
    d.screening.decide(event, ChainFacts::default(), "exchange").unwrap().decision
}

fn balances_are_what_is_left_after_the_last_movement(place: &TestDb) {
    with(place, |d, _| {
        d.screening.ingest(vec![customer("c1")], "exchange").unwrap();
        let mut came = deposit("d1", "c1", "0xd1", 5, 100);
        came.balance = Some(Amount::new(0));
        let mut went = at(withdrawal("w1", "c1", "0xpaid", 5, 100), START + Seconds::new(10));
        went.balance = Some(Amount::new(5));
        for event in [came, went] {
            assert!(decide(d, event) <= Verdict::Review);
        }
        grant(d, request("r1", &[DataClass::Balances], OrderScope::default()), "c1");
        let row = rows(&produced(d, "r1"), "001-c1/balances.csv").remove(0);
        let cell = |name: &str| row[name].as_str();
        assert_eq!(
            (cell("asset"), cell("balance_before"), cell("change"), cell("balance_after")),
            ("ETH", "5", "-5", "0")
        );
        assert_eq!(cell("event"), "w1");
    });
}

fn balances_that_do_not_reconcile_are_not_signed(place: &TestDb) {
    with(place, |d, _| {
        d.screening.ingest(vec![customer("c1")], "exchange").unwrap();
        let mut came = deposit("d1", "c1", "0xd1", 5, 100);
        came.balance = Some(Amount::new(0));
        let mut went = at(withdrawal("w1", "c1", "0xpaid", 5, 100), START + Seconds::new(10));
        went.balance = Some(Amount::new(9));
        for event in [came, went] {
            decide(d, event);
        }
        let classes = [DataClass::Transactions, DataClass::Balances];
        grant(d, request("r1", &classes, OrderScope::default()), "c1");
        let refused = d.produce("r1", &[identity().1], "ana").unwrap_err().to_string();
        for word in ["customer c1", "asset ETH", "event w1", "states 9", "give 5"] {
            assert!(refused.contains(word), "{refused}");
        }
        // The other classes can be produced.
        grant(d, request("r2", &classes[..1], OrderScope::default()), "c1");
        assert_eq!(rows(&produced(d, "r2"), "001-c1/transactions.csv").len(), 2);
        // A preservation stores what there is, and notes that it does not reconcile.
        let mut preservation = request("r3", &classes, OrderScope::default());
        (preservation.kind, preservation.process, preservation.states) =
            (Kind::Preservation, "us.2703f".into(), Vec::new());
        grant(d, preservation, "c1");
    });
}

fn a_declined_payment_or_rejected_withdrawal_is_not_listed_as_carried_out(place: &TestDb) {
    with(place, |d, _| {
        d.screening.ingest(vec![customer("c1")], "exchange").unwrap();
        let mut payment = Event::new(EventKind::Payment, "p1", START, "c1");
        (payment.asset, payment.amount) = (Some("EUR".into()), Some(Amount::new(700)));
        (payment.method, payment.direction) = (Some(Method::Card), Some(Direction::In));
        (payment.status, payment.balance) = (Some(Status::Declined), Some(Amount::new(50)));
        decide(d, payment);
        d.screening
            .place_hold(
                HoldRequest {
                    id: "h".into(),
                    scope: Scope::Account,
                    customer: "c1".into(),
                    account: None,
                    asset: None,
                    amount: None,
                    transfer: None,
                    basis: "b".into(),
                    reason: "r".into(),
                    expires: None,
                    review: None,
                    second_person: None,
                },
                "ana",
            )
            .unwrap();
        let mut stopped = at(withdrawal("w1", "c1", "0xpaid", 5, 100), START + Seconds::new(10));
        stopped.balance = Some(Amount::new(9));
        assert_eq!(decide(d, stopped), Verdict::Reject);
        grant(d, request("r1", &[DataClass::Transactions, DataClass::Balances], OrderScope::default()), "c1");
        let files = produced(d, "r1");
        let listed: Vec<_> =
            rows(&files, "001-c1/transactions.csv").iter().map(|r| (r["id"].clone(), r["status"].clone())).collect();
        let expected = [("p1", "declined"), ("w1", "rejected")].map(|(id, s)| (id.to_owned(), s.to_owned()));
        assert_eq!(listed, expected);
        let left: Vec<_> = rows(&files, "001-c1/balances.csv").iter().map(|r| r["balance_after"].clone()).collect();
        assert_eq!(left, ["9", "50"]);
    });
}

fn account(id: &str, customer: &str) -> Record {
    Record { customer: Some(customer.into()), ..Record::new(RecordKind::Account, id, START) }
}

fn a_freeze_covers_the_accounts_and_assets_that_the_order_names(place: &TestDb) {
    with(place, |d, _| {
        let records =
            vec![customer("c1"), customer("c2"), account("a1", "c1"), account("a2", "c1"), account("b1", "c2")];
        d.screening.ingest(records, "exchange").unwrap();
        let scope = OrderScope { accounts: vec!["a1".into()], assets: vec!["ETH".into()], ..OrderScope::default() };
        let mut freeze = request("z1", &[], scope);
        (freeze.kind, freeze.process, freeze.states) = (Kind::Freeze, "police.freeze".into(), Vec::new());
        freeze.targets = vec![Target::new(TargetKind::UserId, "c1"), Target::new(TargetKind::UserId, "c2")];
        d.submit(freeze.clone(), "portal").unwrap();
        // Who has none of the accounts is neither matched nor accepted.
        let matched = d.matches(&[], "z1", "ana").unwrap();
        assert_eq!(matched.iter().map(|m| m.found.customer.as_str()).collect::<Vec<_>>(), ["c1"]);
        let other = Step::Match { customer: "c2".into(), accept: true, reason: "number".into() };
        assert!(d.step("z1", other, "ana").unwrap_err().to_string().contains("none of the accounts"));
        let mut again = freeze;
        (again.id, again.reference) = ("z2".into(), format!("Az. {}/end", "9".repeat(240)));
        let reference = again.reference.clone();
        grant(d, again, "c1");
        let holds = d.screening.holds(&HoldFilter { limit: 100, ..HoldFilter::default() }).unwrap();
        let held: Vec<_> = holds.iter().map(|h| (h.scope, h.account.as_deref(), h.asset.as_deref())).collect();
        assert_eq!(held, [(Scope::Asset, Some("a1"), Some("ETH"))]);
        assert!(holds[0].basis.ends_with(&reference), "the legal basis is whole: {}", holds[0].basis);
        let out = |id: &str, account: &str, asset: &str| {
            let mut event = withdrawal(id, "c1", "0xpaid", 1, 100);
            (event.account, event.asset) = (Some(account.into()), Some(asset.into()));
            decide(d, event)
        };
        assert_eq!(out("w1", "a1", "ETH"), Verdict::Reject);
        assert!(out("w2", "a2", "ETH") <= Verdict::Review);
        assert!(out("w3", "a1", "BTC") <= Verdict::Review);
    });
}

fn events_outside_of_an_orders_scope_match_nobody(place: &TestDb) {
    with(place, |d, _| {
        d.screening.ingest(vec![customer("c1"), customer("c2")], "exchange").unwrap();
        let to = "0x00000000000000000000000000000000000000bb";
        decide(d, at(withdrawal("w1", "c1", to, 1, 100), START - Seconds::new(100)));
        let mut later = at(withdrawal("w2", "c2", to, 1, 100), START);
        later.account = Some("b1".into());
        decide(d, later);
        let find = |scope: OrderScope| {
            let target = Target::new(TargetKind::Address, to).canonical().unwrap();
            let found = matches_within(d.screening, &[], &[target], &scope).unwrap();
            assert!(found.iter().all(|m| m.how == How::Paid), "{found:?}");
            found.into_iter().map(|m| m.customer).collect::<Vec<_>>()
        };
        let period = |from, to| OrderScope { from: Some(from), to: Some(to), ..OrderScope::default() };
        assert_eq!(find(OrderScope::default()), ["c1", "c2"]);
        assert_eq!(find(period(START - Seconds::new(100), START - Seconds::new(1))), ["c1"]);
        assert_eq!(find(period(START, START + Seconds::new(9))), ["c2"]);
        assert_eq!(find(period(START - Seconds::new(50), START - Seconds::new(40))), [""; 0]);
        assert_eq!(find(OrderScope { assets: vec!["BTC".into()], ..OrderScope::default() }), [""; 0]);
        assert_eq!(find(OrderScope { assets: vec!["eth".into()], ..OrderScope::default() }), ["c1", "c2"]);
        // By its CAIP-19 id too.
        assert_eq!(
            find(OrderScope { assets: vec!["eip155:1/slip44:60".into()], ..OrderScope::default() }),
            ["c1", "c2"]
        );
        assert_eq!(find(OrderScope { accounts: vec!["b1".into()], ..OrderScope::default() }), ["c2"]);
    });
}

fn a_request_without_a_period_is_sent_back_where_policy_demands_one(place: &TestDb) {
    with(place, |d, _| {
        d.screening.ingest(vec![customer("c1")], "exchange").unwrap();
        let submitted = |id: &str, scope: OrderScope| {
            let mut r = request(id, &[DataClass::Subscriber, DataClass::Transactions], scope);
            r.process = "eu.epoc-traffic".into();
            r.states = vec![Statement::Judge, Statement::SeriousOffence];
            (r.officer.email, r.officer.agency, r.officer.country) =
                ("kai@bka.bund.de".into(), "BKA".into(), "DE".into());
            r
        };
        let opened = d.submit(submitted("e1", OrderScope::default()), "portal").unwrap();
        assert!(!opened.review.judgement.may_be_granted);
        let missing = opened.review.judgement.missing.join("; ");
        assert!(missing.contains("names no period") && missing.contains("transactions"), "{missing}");
        let mail = d.waiting_mail().unwrap();
        assert!(mail.iter().any(|m| m.to == "kai@bka.bund.de" && m.subject == "Your request needs a period"));
        let answer = |id: &str| {
            let step = Step::Prepare { outcome: Outcome::Granted, reason: "x".into(), transfers: Vec::new() };
            d.step(id, step, "ana")
        };
        assert!(answer("e1").unwrap_err().to_string().contains("names no period"));
        let period = OrderScope { from: Some(START - Seconds::new(9)), to: Some(START), ..OrderScope::default() };
        assert!(d.submit(submitted("e2", period), "portal").unwrap().review.judgement.may_be_granted);
        answer("e2").unwrap();
        // What has no period to be in needs none.
        let mut who = submitted("e3", OrderScope::default());
        who.classes = vec![DataClass::Subscriber];
        assert!(d.submit(who, "portal").unwrap().review.judgement.may_be_granted);
        let bad = OrderScope { from: Some(START), to: Some(START - Seconds::new(1)), ..OrderScope::default() };
        assert!(
            matches!(d.submit(submitted("e4", bad), "portal"), Err(RequestError::Invalid(e)) if e.field == "scope.to")
        );
    });
}

fn preservations_stay_within_the_scope(place: &TestDb) {
    with(place, |d, _| {
        d.screening.ingest(vec![customer("c1")], "exchange").unwrap();
        decide(d, at(withdrawal("w-inside", "c1", "0xpaid", 1, 100), START - Seconds::new(5)));
        decide(d, at(withdrawal("w-outside", "c1", "0xpaid", 1, 100), START - Seconds::new(50)));
        let scope = OrderScope { from: Some(START - Seconds::new(10)), to: Some(START), ..OrderScope::default() };
        let mut preservation = request("k1", &[DataClass::Transactions], scope);
        (preservation.kind, preservation.process, preservation.states) =
            (Kind::Preservation, "us.2703f".into(), Vec::new());
        grant(d, preservation, "c1");
        let rows = d.screening.read(|db| db.query("SELECT sha256 FROM preservations", &[])).unwrap();
        let stored = String::from_utf8(d.vault.read(rows[0].text(0).unwrap()).unwrap()).unwrap();
        assert!(stored.contains("w-inside") && !stored.contains("w-outside"), "{stored}");
    });
}

/// What an earlier version stored has no scope.
fn requests_of_before_orders_had_a_scope_are_opened(place: &TestDb) {
    with(place, |d, _| {
        d.submit(request("r1", &[DataClass::Subscriber], OrderScope::default()), "portal").unwrap();
        let rows = d.screening.read(|db| db.query("SELECT body FROM requests", &[])).unwrap();
        let body = rows[0].text(0).unwrap().to_owned();
        assert!(!body.contains("scope"), "the form is what it was: {body}");
        assert!(d.open("r1", "ana").unwrap().stored.request.scope.is_whole());
        assert_eq!(
            d.submit(request("r1", &[DataClass::Subscriber], OrderScope::default()), "portal").unwrap().stored.seq,
            1
        );
    });
}

/// A record of a customer, with a text that is found nowhere else.
#[derive(Clone, Debug)]
struct Thing {
    what: u8,
    time: Timestamp,
    account: Option<u8>,
    asset: Option<u8>,
}

const ACCOUNTS: [&str; 2] = ["one", "two"];
const ASSETS: [&str; 2] = ["BTC", "ETH"];

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let thing = (0u8..10, -6i64..=6, prop::option::of(0u8..2), prop::option::of(0u8..2)).prop_map(
        |(what, time, account, asset)| Thing { what, time: START + Seconds::new(time * 10 - 1_000), account, asset },
    );
    prop::collection::vec(thing, 1..25)
}

fn scopes(case: usize) -> impl Strategy<Value = OrderScope> {
    let bound = || prop::option::of((-4i64..=4).prop_map(|t| START + Seconds::new(t * 10 - 1_000)));
    let some = |names: Vec<String>| prop::sample::subsequence(names, 0..=2);
    let accounts = some(ACCOUNTS.map(|a| format!("{a}-{case}")).to_vec());
    (bound(), bound(), accounts, some(ASSETS.map(str::to_owned).to_vec())).prop_map(|(a, b, accounts, assets)| {
        let (from, to) = match (a, b) {
            (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
            other => other,
        };
        OrderScope { from, to, accounts, assets }
    })
}

/// Nothing that is outside of an order's period, accounts or assets is in any file of its production, in any class; all that is inside is.
#[test]
fn nothing_outside_of_an_orders_scope_leaves_in_any_class() {
    let place = TestDb::sqlite();
    with(&place, |d, clock| {
        let mut runner = TestRunner::new(Config { cases: 1, failure_persistence: None, ..Config::default() });
        for case in 0..24 {
            let run = |(things, scope): (Vec<Thing>, OrderScope)| check(d, clock, case, &things, scope);
            runner.run(&(things(), scopes(case)), run).unwrap();
        }
    });
}

fn check(
    d: &Desk<'_>,
    clock: &TestClock,
    case: usize,
    things: &[Thing],
    scope: OrderScope,
) -> Result<(), TestCaseError> {
    let who = format!("cust{case}");
    let mut records = vec![customer(&who)];
    // Both accounts are the customer's, and were there all the time.
    for name in ACCOUNTS {
        let mut own = account(&format!("{name}-{case}"), &who);
        own.time = START - Seconds::new(100_000);
        records.push(own);
    }
    d.screening.ingest(records, "exchange").unwrap();
    let mut marks = Vec::new();
    for (i, thing) in things.iter().enumerate() {
        let mark = format!("mark{case}x{i}y");
        let account = thing.account.map(|a| format!("{}-{case}", ACCOUNTS[a as usize]));
        let asset = thing.asset.map(|a| ASSETS[a as usize].to_owned());
        let (happened, account, asset) = put(d, clock, thing, &mark, i, &who, account, asset);
        // The same rule, written independently of the code.
        let after = scope.from.is_none_or(|from| thing.time >= from);
        let before = scope.to.is_none_or(|to| thing.time <= to);
        let in_time = before && (after || !happened);
        let in_account = match account {
            Owner::Nobody => true,
            Owner::Account(a) => scope.accounts.is_empty() || a.is_some_and(|a| scope.accounts.contains(&a)),
        };
        let in_asset = scope.assets.is_empty() || asset.is_none_or(|a| scope.assets.contains(&a));
        marks.push((mark, in_time && in_account && in_asset));
    }
    clock.set(START + Seconds::new(1_000));
    let id = format!("req{case}");
    let classes = [
        DataClass::Subscriber,
        DataClass::Kyc,
        DataClass::Access,
        DataClass::Transactions,
        DataClass::Balances,
        DataClass::Instruments,
    ];
    let mut order = request(&id, &classes, scope.clone());
    order.targets = vec![Target::new(TargetKind::UserId, who.as_str())];
    grant(d, order, &who);
    let files = produced(d, &id);
    let sheet = unzip(&files["production.xlsx"]);
    let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
    let all: Vec<(String, String)> = files.iter().chain(&sheet).map(|(name, b)| (name.clone(), text(b))).collect();
    for (mark, inside) in &marks {
        let places: Vec<&String> = all.iter().filter(|(_, t)| t.contains(mark.as_str())).map(|(n, _)| n).collect();
        prop_assert_eq!(
            !places.is_empty(),
            *inside,
            "{} is in {:?}; scope {:?}, things {:?}",
            mark,
            places,
            scope,
            things
        );
    }
    Ok(())
}

enum Owner {
    Account(Option<String>),
    /// Of the customer as a whole.
    Nobody,
}

/// Stores a thing with its mark; whether it happened (or is on file), its account, its asset.
#[allow(clippy::too_many_arguments)]
fn put(
    d: &Desk<'_>,
    clock: &TestClock,
    thing: &Thing,
    mark: &str,
    i: usize,
    who: &str,
    account: Option<String>,
    asset: Option<String>,
) -> (bool, Owner, Option<String>) {
    let record = |kind: RecordKind| Record { customer: Some(who.into()), ..Record::new(kind, mark, thing.time) };
    let store = |record: Record| d.screening.ingest(vec![record], "exchange").map(|_| ()).unwrap();
    let moving = asset.clone().unwrap_or_else(|| "BTC".into());
    let event = |kind: EventKind| {
        let mut e = Event::new(kind, mark, thing.time, who);
        (e.account, e.reference) = (account.clone(), Some(format!("{mark} reference")));
        if kind != EventKind::Account {
            (e.asset, e.amount, e.value) = (Some(moving.clone()), Some(Amount::new(i as u128 + 1)), Some(1));
        }
        e
    };
    match thing.what {
        0 => store(Record { fingerprint: Some(format!("{mark}-card")), ..record(RecordKind::Card) }),
        1 => store(Record { document: Some(mark.into()), level: Some(1), ..record(RecordKind::Kyc) }),
        2 => store(record(RecordKind::Device)),
        3 => {
            store(Record { account: account.clone(), asset: asset.clone(), ..record(RecordKind::DepositAddress) });
            return (false, Owner::Account(account), asset);
        }
        4 => {
            let mut e = event(EventKind::Deposit);
            (e.tx, e.address) = (Some(format!("{mark}-tx")), Some(format!("{mark}-address")));
            decide(d, e);
            return (true, Owner::Account(account), Some(moving));
        }
        5 | 6 => {
            let mut e = event(EventKind::Withdrawal);
            (e.counterparty, e.device) =
                (Some(format!("{mark}-to")), (thing.what == 6).then(|| format!("{mark}-device")));
            decide(d, e);
            // Its transaction, reported later, is inside or outside like the event.
            let completion = Completion {
                time: START,
                status: MovementStatus::Confirmed,
                tx: Some(format!("{mark}-tx")),
                output: None,
                block: None,
                height: None,
            };
            d.screening.complete(mark, completion, "exchange").unwrap();
            return (true, Owner::Account(account), Some(moving));
        }
        7 => {
            let mut e = event(EventKind::Payment);
            (e.method, e.direction) = (Some(Method::Card), Some(Direction::In));
            e.instrument = Some(format!("{mark}-card"));
            decide(d, e);
            return (true, Owner::Account(account), Some(moving));
        }
        8 => {
            let mut e = event(EventKind::Account);
            (e.action, e.device) = (Some(Action::Login), Some(format!("{mark}-device")));
            decide(d, e);
            return (true, Owner::Account(account), None);
        }
        _ => {
            let named = format!("{mark}-account");
            store(Record { id: named.clone(), asset: asset.clone(), ..record(RecordKind::Account) });
            clock.set(thing.time);
            return (false, Owner::Account(Some(named)), asset);
        }
    }
    (false, Owner::Nobody, None)
}
