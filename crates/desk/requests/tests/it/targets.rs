//! Everything that records state and events name finds its customer, however it is written; the same on SQLite and PostgreSQL.

use holdfast_decision::completion::{Completion, MovementStatus};
use holdfast_decision::model::{Action, Direction, Method};
use holdfast_decision::{ChainFacts, Event, EventKind, Record, RecordKind};
use holdfast_documents::Vault;
use holdfast_identity::KeyRing;
use holdfast_requests::intake::{NewAgency, Outcome, Step};
use holdfast_requests::matching::{Followed, How, Match, coverage, matches, matches_within};
use holdfast_requests::request::{DataClass, Kind, Officer, Request, Statement, Target, TargetKind};
use holdfast_requests::scope::OrderScope;
use holdfast_requests::{Desk, Policy};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::Database;
use holdfast_testing::{AccountChain, START, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::{Amount, Asset, ChainId, Seconds, Timestamp};
use holdfast_workspace::chain_queries::{AddressFacts, TraceEndpoint};
use holdfast_workspace::{ChainCoverage, ChainExposure, ChainQueries, Payment, TraceRequest, WorkspaceError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

on_both!(
    a_withdrawal_is_found_by_a_transaction_that_was_reported_later,
    deposits_off_the_ledgers_chain_are_found_by_all_that_they_name,
    everything_that_records_hold_can_be_a_target,
    an_ip_address_is_looked_for_within_its_time_only,
    names_and_phones_match_however_they_are_written,
    former_names_and_older_databases_match_too,
    a_punycode_look_alike_of_an_agencys_domain_stops_a_request
);

fn open(place: &TestDb) -> Screening {
    Screening::open(&place.url, TestClock::new().clock()).unwrap()
}

fn find(screening: &Screening, target: Target) -> Vec<Match> {
    matches(screening, &[], &[target.canonical().unwrap()]).unwrap()
}

/// Customer, how, and why of the only match.
fn only(screening: &Screening, kind: TargetKind, value: &str) -> (String, How, String) {
    let found = find(screening, Target::new(kind, value));
    assert_eq!(found.len(), 1, "{value}: {found:?}");
    (found[0].customer.clone(), found[0].how, found[0].because.join("; "))
}

fn completion(time: Timestamp, status: MovementStatus, tx: Option<&str>) -> Completion {
    Completion { time, status, tx: tx.map(str::to_owned), output: None, block: None, height: Some(170) }
}

fn a_withdrawal_is_found_by_a_transaction_that_was_reported_later(place: &TestDb) {
    let screening = open(place);
    screening.ingest(vec![Record::new(RecordKind::Customer, "c1", START)], "exchange").unwrap();
    let mut early = withdrawal("w1", "c1", "0x00000000000000000000000000000000000000bb", 1, 100);
    early.tx = Some("0xaa".into());
    let refused = screening.decide(early.clone(), ChainFacts::default(), "exchange").unwrap_err().to_string();
    assert!(refused.contains("tx") && refused.contains("/completion"), "{refused}");
    early.tx = None;
    let decided = screening.decide(early.clone(), ChainFacts::default(), "exchange").unwrap();
    let tx = format!("0x{}", "a1".repeat(32));
    assert_eq!(find(&screening, Target::new(TargetKind::Transaction, tx.as_str())), []);
    let completed =
        completion(START + Seconds::new(60), MovementStatus::Confirmed, Some(&tx.to_uppercase().replace("0X", "0x")));
    let done = screening.complete("w1", completed.clone(), "exchange").unwrap();
    assert_eq!(done.completion.as_ref().map(|c| c.status), Some(MovementStatus::Confirmed));
    // Sent again it changes nothing; an earlier one that comes later does not win, and fills what is missing.
    assert_eq!(screening.complete("w1", completed, "exchange").unwrap(), done);
    let earlier =
        Completion { output: Some(3), ..completion(START + Seconds::new(30), MovementStatus::Broadcast, None) };
    let done = screening.complete("w1", earlier, "exchange").unwrap().completion.unwrap();
    assert_eq!((done.status, done.output, done.time), (MovementStatus::Confirmed, Some(3), START + Seconds::new(60)));
    let (customer, how, because) = only(&screening, TargetKind::Transaction, &tx);
    assert_eq!((customer.as_str(), how), ("c1", How::Named));
    assert!(because.contains("transaction of withdrawal w1"), "{because}");
    // The event itself is what it was: sent again it gets the same answer.
    assert_eq!(screening.decide(early, ChainFacts::default(), "exchange").unwrap(), decided);
    for (id, completion, field) in [
        ("nobody", completion(START, MovementStatus::Failed, None), None),
        ("w1", completion(Timestamp::from_unix(1), MovementStatus::Failed, None), Some("time")),
        ("w1", completion(START, MovementStatus::Failed, Some("")), Some("tx")),
    ] {
        match (screening.complete(id, completion, "exchange").unwrap_err(), field) {
            (ScreeningError::NotFound(_), None) => {}
            (ScreeningError::Invalid(e), Some(field)) => assert_eq!(e.field, field),
            (e, _) => panic!("{e}"),
        }
    }
    let log = screening.audit(0, Some("event:w1"), 10).unwrap();
    assert_eq!(log.iter().filter(|e| e.action == "event.completed").count(), 2);
    drop(screening);
    assert_eq!(open(place).event("w1").unwrap().completion, Some(done));
}

fn deposits_off_the_ledgers_chain_are_found_by_all_that_they_name(place: &TestDb) {
    let screening = open(place);
    screening.ingest(vec![Record::new(RecordKind::Customer, "c1", START)], "exchange").unwrap();
    let (sender, tx) = (
        "0x00000000000000000000000000000000000000aa",
        "5j7s6NiJS3JAkvgkoc18WVAsiSaci2pxB2A6ueCJP4tprA2TFg9wSyTLeYouxPBJEMzJinENTkpA52YStRW5Dia7",
    );
    let mut event = deposit("d1", "c1", tx, 5, 100);
    event.address = Some("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".into());
    screening.decide(event, ChainFacts::default(), "exchange").unwrap();
    for (kind, value, word) in [
        (TargetKind::Transaction, tx, "transaction of deposit d1"),
        (TargetKind::Address, sender, "sender of deposit d1"),
        // However the case of its letters is.
        (TargetKind::Address, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "receiving address of deposit d1"),
    ] {
        let (customer, how, because) = only(&screening, kind, value);
        assert_eq!((customer.as_str(), how), ("c1", How::Named), "{value}");
        assert!(because.contains(word), "{because}");
    }
}

fn everything_that_records_hold_can_be_a_target(place: &TestDb) {
    let screening = open(place);
    let owned = |kind: RecordKind, id: &str| Record { customer: Some("c1".into()), ..Record::new(kind, id, START) };
    let hash = holdfast_screening::identifiers::hashed("GB82WEST12345698765432");
    let records = vec![
        Record::new(RecordKind::Customer, "c1", START),
        Record { fingerprint: Some("DE89 3704 0044 0532 0130 00".into()), ..owned(RecordKind::BankAccount, "bank-1") },
        Record { fingerprint: Some(hash), ..owned(RecordKind::BankAccount, "bank-2") },
        Record { fingerprint: Some("fp-card".into()), ..owned(RecordKind::Card, "card-1") },
        Record { fingerprint: Some("fp-device".into()), ..owned(RecordKind::Device, "device-1") },
        Record { document: Some("c01x 00t47".into()), ..owned(RecordKind::Kyc, "kyc-1") },
        owned(RecordKind::Account, "account-1"),
    ];
    screening.ingest(records, "exchange").unwrap();
    for (kind, value) in [
        (TargetKind::Iban, "DE89370400440532013000"),
        (TargetKind::Iban, "gb82 west 1234 5698 7654 32"),
        (TargetKind::BankAccount, "bank-1"),
        (TargetKind::BankAccount, "DE89370400440532013000"),
        (TargetKind::CardFingerprint, "fp-card"),
        (TargetKind::CardFingerprint, "card-1"),
        (TargetKind::Device, "fp-device"),
        (TargetKind::Device, "device-1"),
        (TargetKind::Document, "C01X00T47"),
        (TargetKind::Account, "account-1"),
    ] {
        let (customer, how, because) = only(&screening, kind, value);
        assert_eq!((customer.as_str(), how), ("c1", How::Direct), "{value}");
        assert!(because.contains("stated by record"), "{because}");
    }
    // What only an event names.
    let mut payment = Event::new(EventKind::Payment, "p1", START, "c2");
    (payment.asset, payment.amount) = (Some("EUR".into()), Some(Amount::new(1)));
    (payment.method, payment.direction) = (Some(Method::Bank), Some(Direction::In));
    payment.instrument = Some("FR14 2004 1010 0505 0001 3M02 606".into());
    let mut checked = Event::new(EventKind::Account, "k1", START, "c2");
    (checked.action, checked.document) = (Some(Action::IdentityCheck), Some("L-898902-C3".into()));
    (checked.device, checked.account) = (Some("device-9".into()), Some("account-9".into()));
    for event in [payment, checked] {
        screening.decide(event, ChainFacts::default(), "exchange").unwrap();
    }
    for (kind, value, how) in [
        (TargetKind::Iban, "FR1420041010050500013M02606", How::Named),
        (TargetKind::Document, "L898902C3", How::Named),
        (TargetKind::Device, "device-9", How::Named),
        (TargetKind::Account, "account-9", How::Direct),
    ] {
        let found = only(&screening, kind, value);
        assert_eq!((found.0.as_str(), found.1), ("c2", how), "{value}");
    }
    for (kind, value) in [
        (TargetKind::Iban, "FR7630006000011234567890189"),
        (TargetKind::Device, "fp-card"),
        (TargetKind::Document, "x"),
    ] {
        assert_eq!(find(&screening, Target::new(kind, value)), [], "{value}");
    }
}

fn an_ip_address_is_looked_for_within_its_time_only(place: &TestDb) {
    let screening = open(place);
    for (id, who, time) in [("l1", "c1", START - Seconds::new(100)), ("l2", "c2", START)] {
        let mut login = Event::new(EventKind::Account, id, time, who);
        (login.action, login.ip) = (Some(Action::Login), Some("::ffff:203.0.113.7".into()));
        screening.decide(login, ChainFacts::default(), "exchange").unwrap();
    }
    let ip = |from, to| Target { from, to, ..Target::new(TargetKind::Ip, "203.0.113.7") };
    let find = |target: Target, scope: OrderScope| {
        let found = matches_within(&screening, &[], &[target.canonical().unwrap()], &scope).unwrap();
        found.into_iter().map(|m| m.customer).collect::<Vec<_>>()
    };
    let whole = OrderScope::default();
    assert_eq!(find(ip(Some(START - Seconds::new(100)), Some(START - Seconds::new(50))), whole.clone()), ["c1"]);
    assert_eq!(find(ip(Some(START - Seconds::new(100)), Some(START)), whole.clone()), ["c1", "c2"]);
    assert_eq!(find(ip(Some(START - Seconds::new(99)), Some(START - Seconds::new(1))), whole.clone()), [""; 0]);
    // The order's period bounds the target's, and replaces a missing one.
    let order = OrderScope {
        from: Some(START - Seconds::new(10)),
        to: Some(START + Seconds::new(10)),
        ..OrderScope::default()
    };
    assert_eq!(find(ip(Some(START - Seconds::new(100)), Some(START)), order.clone()), ["c2"]);
    assert_eq!(find(ip(None, None), order.clone()), ["c2"]);
    assert_eq!(find(ip(None, None), whole.clone()), [""; 0]);
    // Without a time the request is refused: an address is many people's in turn.
    let mut request = request("ip", "ana.berg@fbi.gov");
    request.targets = vec![ip(None, None)];
    let refused = request.clone().canonical().unwrap_err();
    assert_eq!(refused.field, "targets[0].from");
    request.scope = order;
    request.canonical().unwrap();
    let email = Target { from: Some(START), ..Target::new(TargetKind::Email, "a@example.org") };
    assert_eq!(email.canonical().unwrap_err().field, "from");
}

fn request(id: &str, email: &str) -> Request {
    Request {
        id: id.into(),
        received: START,
        kind: Kind::Information,
        process: "us.2703d".into(),
        reference: format!("ref-{id}"),
        officer: Officer { name: "Ana Berg".into(), email: email.into(), agency: "FBI".into(), country: "US".into() },
        targets: vec![Target::new(TargetKind::UserId, "c1")],
        classes: vec![DataClass::Subscriber],
        scope: OrderScope::default(),
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: String::new(),
        attachments: Vec::new(),
    }
}

fn person(id: &str, name: &str, phone: &str, country: &str) -> Record {
    let mut record = Record::new(RecordKind::Customer, id, START);
    (record.name, record.phone, record.country) = (Some(name.into()), Some(phone.into()), Some(country.into()));
    record
}

fn names_and_phones_match_however_they_are_written(place: &TestDb) {
    let screening = open(place);
    let records = vec![
        person("c1", "José  Núñez-García", "030 123456", "DE"),
        person("c2", "Сергей Иванов", "(202) 555-0143", "US"),
        person("c3", "Jürgen Müller", "+49 (0)40 987654", "DE"),
    ];
    screening.ingest(records, "exchange").unwrap();
    for (value, who, word) in [
        ("José Núñez-García", "c1", "case"),
        ("JOSE NUNEZ GARCIA", "c1", "punctuation"),
        ("Núñez-García, José", "c1", "order"),
        ("Jose\u{301} Nu\u{301}\u{200b}n\u{303}ez-Garci\u{301}a", "c1", "normal form"),
        ("ＪＯＳＥ ＮＵＮＥＺ ＧＡＲＣＩＡ", "c1", "punctuation"),
        ("Sergei Ivanov", "c2", "transliterated"),
        ("Ivanov Sergei", "c2", "transliterated"),
        ("Juergen Mueller", "c3", "passports"),
        ("Mueller Jurgen", "", ""),
        ("Muller Jurgen", "c3", "order"),
    ] {
        let found = find(&screening, Target::new(TargetKind::Name, value));
        if who.is_empty() {
            assert_eq!(found, [], "{value}");
            continue;
        }
        assert_eq!(
            (found.len(), found[0].customer.as_str(), found[0].how),
            (1, who, How::Direct),
            "{value}: {found:?}"
        );
        assert!(found[0].because[0].contains(word), "{value}: {:?}", found[0].because);
    }
    for (value, who) in
        [("+49 30 123456", "c1"), ("0049 30 123456", "c1"), ("+1 202 555 0143", "c2"), ("+49 40 987654", "c3")]
    {
        assert_eq!(only(&screening, TargetKind::Phone, value).0, who, "{value}");
    }
    assert_eq!(find(&screening, Target::new(TargetKind::Phone, "+43 30 123456")), []);
}

/// Former values of records are in the identifiers only; those of an older version are rebuilt when its database is opened.
fn former_names_and_older_databases_match_too(place: &TestDb) {
    let screening = open(place);
    screening.ingest(vec![person("c1", "Zoë Łukasz", "030 123456", "DE")], "exchange").unwrap();
    let renamed = Record { time: START + Seconds::new(1), ..person("c1", "Zoë Berg", "030 123456", "DE") };
    screening.ingest(vec![renamed], "exchange").unwrap();
    screening.decide(deposit("d1", "c1", "0xd1", 5, 100), ChainFacts::default(), "exchange").unwrap();
    drop(screening);
    let mut db = Database::connect(&place.url).unwrap();
    // As the version before left it.
    for sql in [
        "DELETE FROM identifier_fills",
        "DELETE FROM event_identifiers",
        "DELETE FROM identifiers WHERE kind NOT IN ('name', 'phone')",
        "DELETE FROM identifiers WHERE kind = 'phone' AND value = '4930123456'",
    ] {
        db.execute(sql, &[]).unwrap();
    }
    drop(db);
    let screening = open(place);
    for (kind, value) in [
        (TargetKind::Name, "Lukasz, Zoe"),
        (TargetKind::Name, "zoe berg"),
        (TargetKind::Phone, "+49 30 123456"),
        (TargetKind::Address, "0x00000000000000000000000000000000000000aa"),
    ] {
        assert_eq!(only(&screening, kind, value).0, "c1", "{value}");
    }
}

fn a_punycode_look_alike_of_an_agencys_domain_stops_a_request(place: &TestDb) {
    let (screening, policy) = (open(place), Arc::new(Policy::standard()));
    let (key_ring, files) = (KeyRing::single([7; 32]), tempfile::tempdir().unwrap());
    let vault = Vault::new(files.path());
    let d = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    let agency = |name: &str, domain: &str| NewAgency {
        name: name.into(),
        country: "US".into(),
        domain: domain.into(),
        evidence: "usa.gov".into(),
    };
    d.add_agency(agency("FBI", "fbi.gov"), "ana").unwrap();
    screening.ingest(vec![Record::new(RecordKind::Customer, "c1", START)], "exchange").unwrap();
    // "fbі.gov" with a Cyrillic letter, in its own letters and as it is resolved; and below it.
    for (i, domain) in ["fbі.gov", "xn--fb-ioc.gov", "mail.fbі.gov", "mail.xn--fb-ioc.gov"].into_iter().enumerate() {
        let id = format!("f{i}");
        let opened = d.submit(request(&id, &format!("ana.berg@{domain}")), "portal").unwrap();
        let signs: Vec<&str> = opened.review.suspicion.signs.iter().map(|s| s.sign).collect();
        assert!(opened.review.suspicion.stops && signs.contains(&"look-alike-domain"), "{domain}: {signs:?}");
        let grant = Step::Prepare { outcome: Outcome::Granted, reason: "x".into(), transfers: Vec::new() };
        assert!(d.step(&id, grant, "ana").unwrap_err().to_string().contains("reads like fbi.gov"), "{domain}");
    }
    // No officer of it can register either.
    let refused = d.add_agency(agency("Federal Bureau", "xn--fb-ioc.gov"), "ana").unwrap_err().to_string();
    assert!(refused.contains("reads like fbi.gov"), "{refused}");
    assert!(!d.submit(request("g", "ana.berg@fbi.gov"), "portal").unwrap().review.suspicion.stops);
    // An agency whose domain has letters of its own is one in both forms; a look-alike of it registers no officer.
    d.add_agency(agency("Полиция", "полиция.рф"), "ana").unwrap();
    for address in ["kai@полиция.рф", "lea@xn--h1aahle9bwd.xn--p1ai"] {
        d.request_code(address, Some("Kai"), None).unwrap_or_else(|e| panic!("{address}: {e}"));
    }
    assert!(d.request_code("kai@пoлиция.рф", Some("Kai"), None).is_err(), "with a Latin letter");
}

/// A chain whose money is followed by another chain, or not at all: its file is gone. Counts how often somebody asks.
struct Unfollowed(AccountChain, AtomicUsize);

impl ChainQueries for Unfollowed {
    fn id(&self) -> ChainId {
        self.0.id()
    }

    fn is_address(&self, text: &str) -> bool {
        self.0.is_address(text)
    }

    fn assets(&self) -> Vec<Asset> {
        self.0.assets()
    }

    fn coverage(&self) -> ChainCoverage {
        self.0.coverage()
    }

    fn address_facts(
        &self,
        address: &str,
        clearance: holdfast_attribution::Tlp,
    ) -> Result<AddressFacts, WorkspaceError> {
        self.0.address_facts(address, clearance)
    }

    fn received(&self, address: &str, skip: usize) -> Result<Vec<Payment>, WorkspaceError> {
        self.0.received(address, skip)
    }

    fn payments_in(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        self.0.payments_in(tx)
    }

    fn payments_out(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        self.0.payments_out(tx)
    }

    fn exposure_of(&self, subject: &str, asset: Option<&str>) -> Result<ChainExposure, WorkspaceError> {
        self.0.exposure_of(subject, asset)
    }

    fn trace_ends(&self, _: &TraceRequest, _: holdfast_attribution::Tlp) -> Result<Vec<TraceEndpoint>, WorkspaceError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Err(WorkspaceError::Io("transfers.col".into(), std::io::ErrorKind::NotFound.into()))
    }
}

#[test]
fn money_that_could_not_be_followed_is_stated() {
    let usdt = Asset::parse("eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7").unwrap();
    let (robber, friend) = (format!("0x{}", "11".repeat(20)), format!("0x{}", "22".repeat(20)));
    let tx = format!("0x{}", "07".repeat(32));
    let mut chain = AccountChain::new(ChainId::parse("eip155:1").unwrap(), vec![usdt.clone()]);
    chain.transfer(9, &tx, &usdt, &robber, &friend, Amount::new(5));
    let stranger = format!("0x{}", "33".repeat(20));
    let target = |kind, value: &str| Target::new(kind, value).canonical().unwrap();
    let targets = [
        target(TargetKind::Address, &robber),
        target(TargetKind::Transaction, &tx),
        target(TargetKind::Address, &stranger),
    ];
    let of = |chain: Arc<dyn ChainQueries>| -> Vec<String> {
        let covered = coverage(&[chain], &targets);
        covered.iter().map(|target| target.chains[0].gaps.join("; ")).collect()
    };
    let followed = of(Arc::new(chain.clone()));
    assert!(followed.iter().all(|gaps| !gaps.contains("followed")), "{followed:?}");
    let failed = of(Arc::new(Unfollowed(chain.clone(), AtomicUsize::new(0))));
    for gaps in &failed {
        assert!(gaps.contains("its money was not followed: transfers.col"), "{failed:?}");
    }
    // Matches and coverage together follow the money of each target once.
    let place = TestDb::sqlite();
    let screening = open(&place);
    let counting = Arc::new(Unfollowed(chain, AtomicUsize::new(0)));
    let chains: [Arc<dyn ChainQueries>; 1] = [counting.clone()];
    let followed = Followed::on(&chains);
    followed.matches(&screening, &targets, &OrderScope::default()).unwrap();
    assert_eq!(followed.coverage(&targets).len(), 3);
    assert_eq!(counting.1.load(Ordering::Relaxed), 3);
}
