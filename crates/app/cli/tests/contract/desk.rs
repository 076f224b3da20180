//! Decisions, the audit log, productions and reports, from one history that is written in JSON.

use crate::pretty;
use holdfast_cases::Cases;
use holdfast_cases::case::Person;
use holdfast_cases::reports::Kind;
use holdfast_decision::ChainFacts;
use holdfast_decision::Price;
use holdfast_documents::Vault;
use holdfast_documents::sha256;
use holdfast_identity::KeyRing;
use holdfast_requests::production::decrypt;
use holdfast_requests::{Desk, Policy};
use holdfast_screening::Screening;
use holdfast_testing::{START, TestClock, TestDb};
use holdfast_types::Seconds;
use holdfast_types::ids::CaseId;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Write;
use std::io::{Cursor, Read};
use std::sync::Arc;

const PAID: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const SENDER: &str = "0x00000000000000000000000000000000000000aa";
/// The officer's key, and what it opens.
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{value}: {e}"))
}

fn person(name: &str) -> Person {
    Person { name: name.into(), reads_all: false, changes_all: false }
}

fn withdrawal(id: &str, amount: &str, value: u64) -> Value {
    json!({"id": id, "kind": "withdrawal", "time": START + Seconds::new(10), "customer": "c1", "asset": "ETH", "amount": amount, "value": value,
        "counterparty": PAID, "ip": "203.0.113.7", "device": "phone-1"})
}

/// A desk with a rule book, customers, decided events, a hold and alerts, at a time that stands still.
fn with_history(run: impl FnOnce(&Desk<'_>, &TestClock)) {
    let (place, clock) = (TestDb::sqlite(), TestClock::new());
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let (policy, key_ring) = (Arc::new(Policy::standard()), KeyRing::single([7; 32]));
    let files = tempfile::tempdir().unwrap();
    let vault = Vault::new(files.path());
    let d = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    screening.apply_rules(include_str!("rules.yaml"), "bo").unwrap();
    screening.set_price("ETH", Price { base_units: holdfast_types::Amount::new(1), value: 250 }, "ana").unwrap();
    let records = json!([
        {"kind": "customer", "id": "c1", "time": START, "name": "Maximiliana Theodora Muster", "country": "IR", "email": "c1@example.org",
            "created": START - Seconds::DAY},
        {"kind": "customer", "id": "c2", "time": START, "name": "Źmij Nowak", "country": "PL"},
        {"kind": "deposit_address", "id": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "time": START, "customer": "c1", "asset": "BTC"},
        {"kind": "card", "id": "card-1", "time": START, "customer": "c1", "fingerprint": "411111******1111"},
    ]);
    screening.ingest(read(records), "exchange").unwrap();
    let deposit = json!({"id": "d1", "kind": "deposit", "time": START, "customer": "c1", "asset": "ETH", "amount": "7", "tx": "0xd1",
        "output": 0, "counterparty": SENDER});
    let payment = |id: &str, status: &str| {
        json!({"id": id, "kind": "payment", "time": START + Seconds::new(5), "customer": "c1", "asset": "EUR", "amount": "1000", "value": 1_100,
            "method": "bank", "direction": "in", "status": status, "instrument": format!("bank-of-{id}")})
    };
    let covered = json!({"ledger": true, "found": true});
    let listed = json!({"ledger": true, "found": true, "category": "sanction", "tags": [{"address": PAID, "label": "Listed",
        "category": "sanction", "confidence": 100, "source": "https://example.org/list", "pack": "list"}]});
    let events = [
        (deposit, covered.clone()),
        (payment("p1", "settled"), json!({})),
        (payment("p2", "declined"), json!({})),
        (withdrawal("w1", "2", 200_000), listed),
        (withdrawal("w2", "1", 150_000), json!({})),
        (withdrawal("w3", "1", 500), covered),
    ];
    for (event, facts) in events {
        screening.decide(read(event), read::<ChainFacts>(facts), "exchange").unwrap();
    }
    run(&d, &clock);
}

#[test]
fn decided_events() {
    with_history(|d, _| {
        let all: Vec<Value> =
            ["d1", "w1", "w2", "w3", "p1"].iter().map(|id| json!(d.screening.event(id).unwrap())).collect();
        insta::assert_snapshot!(pretty(&json!(all)));
    });
}

/// What people do with what was decided: alerts, holds, keys, webhooks, flags, completions.
fn act(d: &Desk<'_>, clock: &TestClock) {
    let s = d.screening;
    clock.set(START + Seconds::new(60));
    s.act_on_alert(1, read(json!({"action": "assign", "assignee": "ana"})), "ana").unwrap();
    s.act_on_alert(1, read(json!({"action": "comment", "text": "called the customer"})), "ana").unwrap();
    s.act_on_alert(1, read(json!({"action": "close", "outcome": "true_positive", "text": "listed"})), "ana").unwrap();
    clock.set(START + Seconds::new(120));
    s.release_hold(1, None, "the list was changed", "ana").unwrap();
    s.release_hold(1, None, "the list was changed", "bo").unwrap();
    let hold = json!({"id": "h1", "scope": "account", "customer": "c2", "basis": "police", "reason": "Az. 12", "expires": START + Seconds::new(600)});
    s.place_hold(read(hold), "ana").unwrap();
    s.add_key("00112233445566778899aabbccddeeff", "exchange", vec!["events".into()], 60, "ana").unwrap();
    s.add_webhook("https://example.org/hook", &["decisions".into(), "holds".into()], "ana").unwrap();
    let flag = json!({"id": "f1", "member": "Other Exchange", "community": "Exchanges", "subject": "address", "asset": "ETH",
        "value": SENDER, "reason": "taken from our hot wallet", "raised": START, "until": START + Seconds::HOUR, "state": "open"});
    s.raise_flag(read(flag), "sync").unwrap();
    let completion =
        json!({"time": START + Seconds::new(130), "status": "confirmed", "tx": "ab".repeat(32), "height": 170});
    s.complete("w3", read(completion), "exchange").unwrap();
    clock.set(START + Seconds::new(700));
    s.expire_holds().unwrap();
    s.revoke_key("00112233445566778899aabbccddeeff", "bo").unwrap();
}

#[test]
fn audit_log() {
    with_history(|d, clock| {
        act(d, clock);
        let report = d.screening.verify_audit(None).unwrap();
        assert!(report.problems.is_empty(), "{report:?}");
        let mut lines = String::new();
        for entry in d.screening.audit(0, None, 1_000).unwrap() {
            writeln!(lines, "{}", serde_json::to_string(&entry).unwrap()).unwrap();
        }
        insta::assert_snapshot!(lines);
    });
}

/// An answered request; its production.
fn produced(d: &Desk<'_>, clock: &TestClock) -> (Value, Vec<u8>) {
    let agency = json!({"name": "FBI", "country": "US", "domain": "fbi.gov", "evidence": "usa.gov"});
    d.add_agency(read(agency), "ana").unwrap();
    let request = json!({"id": "r1", "received": START, "kind": "information", "process": "us.2703d", "reference": "24-mj-1",
        "officer": {"name": "Ana Berg", "email": "ana.berg@fbi.gov", "agency": "FBI", "country": "US"}, "states": ["judge"],
        "targets": [{"kind": "user_id", "value": "c1"}, {"kind": "user_id", "value": "c2"}],
        "classes": ["subscriber", "transactions", "content"]});
    d.submit(read(request), "portal").unwrap();
    for step in [
        json!({"step": "match", "customer": "c1", "accept": true, "reason": "the number"}),
        json!({"step": "match", "customer": "c2", "accept": false, "reason": "another person"}),
        json!({"step": "prepare", "outcome": "partly", "reason": "no content"}),
    ] {
        d.step("r1", read(step), "ana").unwrap();
    }
    d.step("r1", read(json!({"step": "approve"})), "bo").unwrap();
    clock.set(START + Seconds::new(60));
    let made = d.produce("r1", &[RECIPIENT.to_owned()], "ana").unwrap();
    let package = decrypt(&d.fetch("r1", made.id, "ana").unwrap(), IDENTITY).unwrap();
    (json!(made), package)
}

#[test]
fn production_package() {
    with_history(|d, clock| {
        let (mut made, package) = produced(d, clock);
        assert_eq!(made["plain_sha256"], sha256(&package));
        // age takes no source of randomness: what it writes differs each time, in length too (its header has a stanza of filling).
        assert!(made["sha256"].as_str().unwrap().len() == 64 && made["size"].as_u64().unwrap() > package.len() as u64);
        (made["sha256"], made["size"]) = ("of the encrypted package".into(), "of the encrypted package".into());
        let mut text = pretty(&made) + "\n";
        let mut zip = zip::ZipArchive::new(Cursor::new(package)).unwrap();
        for i in 0..zip.len() {
            let mut entry = zip.by_index(i).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            writeln!(text, "\n== {name}, {} bytes, SHA-256 {}", bytes.len(), sha256(&bytes)).unwrap();
            if name.ends_with(".json") || name.ends_with(".csv") {
                text.push_str(std::str::from_utf8(&bytes).unwrap());
            }
        }
        insta::assert_snapshot!(text);
    });
}

fn filer() -> Value {
    json!({"name": "Example & Sons Exchange", "entity_id": 17, "branch": "main", "tax_number": "12-3456789", "control_code": "PBSA8180",
        "address": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US", "phone": "+1 555 123 4567",
        "currency": "USD", "officer_first_name": "Ana", "officer_last_name": "Berg"})
}

/// A case about the customer and the events.
fn open_case(d: &Cases<'_>) -> CaseId {
    let ana = person("ana");
    let new = json!({"title": "Cards & transfers", "summary": "Reported by the victim."});
    let case = d.open_case(read(new), &ana).unwrap().id;
    let mut steps = vec![
        json!({"step": "add", "kind": "subject", "key": "c1"}),
        json!({"step": "add", "kind": "note", "title": "The victim called."}),
        json!({"step": "add", "kind": "task", "title": "call back", "assignee": "bo", "due": START + Seconds::DAY}),
        json!({"step": "member", "person": "bo", "role": "member"}),
    ];
    steps.extend(["d1", "p1", "p2", "w1"].map(|event| json!({"step": "add", "kind": "event", "key": event})));
    for step in steps {
        d.change_case(case, read(step), &ana).unwrap();
    }
    d.add_exhibit(case, "wallet.png", "image/png", "safe 3", b"\x89PNG\r\n\x1a\n a paper wallet", &ana).unwrap();
    case
}

fn exported(kind: Kind) -> String {
    let mut xml = Vec::new();
    with_history(|d, _| {
        let d = &Cases::from(*d);
        let (case, ana) = (open_case(d), person("ana"));
        let draft = d.draft_report(case, kind, read(filer()), &ana).unwrap();
        d.approve_report(case, draft.id, &person("bo")).unwrap();
        xml = d.export_report(case, draft.id, &ana).unwrap();
    });
    String::from_utf8(xml).unwrap()
}

#[test]
fn goaml_report() {
    insta::assert_snapshot!(exported(Kind::Goaml));
}

#[test]
fn fincen_sar_report() {
    insta::assert_snapshot!(exported(Kind::FincenSar));
}

#[test]
fn case_report() {
    with_history(|d, _| {
        let d = &Cases::from(*d);
        let case = open_case(d);
        let pdf = d.case_report(case, &[], &person("ana")).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        insta::assert_snapshot!(format!("{} bytes, SHA-256 {}", pdf.len(), sha256(&pdf)));
    });
}
