//! Productions: exactly what was approved, checkable by anyone, readable by the officer only. The same on SQLite and PostgreSQL.

use holdfast_decision::{ChainFacts, Record, RecordKind};
use holdfast_documents::Vault;
use holdfast_identity::{KeyError, KeyRing, Signer};
use holdfast_requests::intake::{NewAgency, Outcome, Step};
use holdfast_requests::production::{decrypt, is_encrypted, signing_key, verify};
use holdfast_requests::request::{DataClass, Kind, Officer, Request, Statement, Target, TargetKind};
use holdfast_requests::{Desk, Policy};
use holdfast_screening::Screening;
use holdfast_testing::{START, TestClock, TestDb, on_both, withdrawal};
use holdfast_types::Seconds;
use holdfast_types::ids::ProductionId;
use std::io::{Cursor, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

on_both!(
    exactly_the_approved_classes_of_the_accepted_customers,
    productions_expire_and_log_who_fetched_them,
    productions_are_signed_outside_and_refused_where_nothing_signs,
);

const KEY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

/// An identity and its recipient.
fn identity() -> (String, String) {
    use age::secrecy::ExposeSecret;
    let key = age::x25519::Identity::generate();
    (key.to_string().expose_secret().to_owned(), key.to_public().to_string())
}

fn with_granted(place: &TestDb, run: impl FnOnce(&Desk<'_>, &TestClock)) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let (policy, key_ring) = (Arc::new(Policy::standard()), KeyRing::single([7; 32]));
    let files = tempfile::tempdir().unwrap();
    let vault = Vault::new(files.path());
    let d = Desk { screening: &screening, policy: &policy, key_ring: &key_ring, vault: &vault };
    let customer = |id: &str, name: &str| {
        let email = Some(format!("{id}@example.org"));
        Record { name: Some(name.into()), email, ..Record::new(RecordKind::Customer, id, START) }
    };
    let mut card = Record::new(RecordKind::Card, "card-1", START);
    (card.customer, card.fingerprint) = (Some("c1".into()), Some("411111******1111".into()));
    let other = customer("c2", "Somebody Else");
    screening.ingest(vec![customer("c1", "=HYPERLINK(\"x\") Źmij"), other, card], "exchange").unwrap();
    for (id, who) in [("w1", "c1"), ("w2", "c1"), ("w3", "c2")] {
        screening.decide(withdrawal(id, who, "0xpaid", 7, 100), ChainFacts::default(), "exchange").unwrap();
    }
    let new =
        NewAgency { name: "FBI".into(), country: "US".into(), domain: "fbi.gov".into(), evidence: "usa.gov".into() };
    d.add_agency(new, "ana").unwrap();
    let target = |c: &str| Target::new(TargetKind::UserId, c);
    let order = Request {
        id: "r1".into(),
        received: START,
        kind: Kind::Information,
        process: "us.2703d".into(),
        reference: "24-mj-1".into(),
        officer: Officer {
            name: "Ana Berg".into(),
            email: "ana.berg@fbi.gov".into(),
            agency: "FBI".into(),
            country: "US".into(),
        },
        targets: vec![target("c1"), target("c2")],
        // A 2703(d) order opens no content.
        classes: vec![DataClass::Subscriber, DataClass::Transactions, DataClass::Content],
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: String::new(),
        scope: Default::default(),
        attachments: Vec::new(),
    };
    d.submit(order, "portal").unwrap();
    for (customer, accept) in [("c1", true), ("c2", false)] {
        d.step("r1", Step::Match { customer: customer.into(), accept, reason: "number".into() }, "ana").unwrap();
    }
    assert!(d.produce("r1", &[identity().1], "ana").unwrap_err().to_string().contains("not granted"));
    let answer = Step::Prepare { outcome: Outcome::Partly, reason: "no content".into(), transfers: Vec::new() };
    d.step("r1", answer, "ana").unwrap();
    d.step("r1", Step::Approve {}, "bo").unwrap();
    run(&d, &clock);
}

/// A package with one file changed or removed.
fn changed(package: &[u8], name: &str, to: Option<&[u8]>) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..from.len() {
        let mut entry = from.by_index(i).unwrap();
        let entry_name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if entry_name == name {
            let Some(to) = to else { continue };
            bytes = to.to_vec();
        }
        out.start_file(entry_name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(&bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn read(package: &[u8], name: &str) -> Vec<u8> {
    let mut zip = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    let mut bytes = Vec::new();
    zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn exactly_the_approved_classes_of_the_accepted_customers(place: &TestDb) {
    with_granted(place, |d, _| {
        assert!(d.produce("r1", &[], "ana").unwrap_err().to_string().contains("no key of the officer"));
        assert!(d.produce("r1", &["age1no".into()], "ana").unwrap_err().to_string().contains("recipients[0]"));
        let (key, recipient) = identity();
        let made = d.produce("r1", &[recipient], "ana").unwrap();
        assert_eq!(made.customers, ["c1"]);
        assert_eq!(made.classes, [DataClass::Subscriber, DataClass::Transactions]);
        let sealed = d.fetch("r1", made.id, "ana").unwrap();
        assert!(is_encrypted(&sealed) && !sealed.windows(4).any(|w| w == b"Host"));
        assert!(decrypt(&sealed, &identity().0).is_err(), "another key");
        assert!(decrypt(&sealed, KEY).is_err());
        let package = decrypt(&sealed, &format!("# a key file\n{key}\n")).unwrap();
        let found = verify(&package, Some(&hex::encode(signing_key(d.key_ring).verifying_key().as_bytes())));
        assert!(found.is_valid(), "{:?}", found.failures);
        let text = String::from_utf8(read(&package, "production.json")).unwrap();
        assert!(text.contains("Źmij") && text.contains("0xpaid"));
        for outside in ["Somebody Else", "411111", "w3"] {
            assert!(!text.contains(outside), "{outside} is outside of what was approved");
        }
        let csv = read(&package, "001-c1/transactions.csv");
        assert_eq!(csv::Reader::from_reader(csv.as_slice()).records().count(), 2);
        assert!(read(&package, "certificate.pdf").starts_with(b"%PDF-"));
        // A spreadsheet is a ZIP of XML; what looks like a formula is text.
        let sheet = read(&read(&package, "production.xlsx"), "xl/sharedStrings.xml");
        assert!(String::from_utf8(sheet).unwrap().contains("=HYPERLINK"));
        // A policy that opens more today does not widen what was approved.
        let mut wider = Policy::standard();
        wider.processes.iter_mut().for_each(|p| p.classes.push(DataClass::Content));
        let wider = Arc::new(wider);
        let today = Desk { policy: &wider, ..*d };
        assert_eq!(today.produce("r1", &[identity().1], "ana").unwrap().classes, made.classes);
        // The same content makes the same package.
        let again = d.produce("r1", &[identity().1], "ana").unwrap();
        assert_eq!(again.plain_sha256, made.plain_sha256);
        // Every change, addition and removal is noticed.
        for (name, to, word) in [
            ("001-c1/transactions.csv", Some(&b"id\r\nw9\r\n"[..]), "was changed"),
            ("certificate.pdf", Some(&b"%PDF-"[..]), "was changed"),
            ("production.xlsx", None, "missing"),
            ("manifest.sig", Some(&[0u8; 64][..]), "does not fit"),
            ("manifest.json", Some(&b"{}"[..]), "manifest.json"),
        ] {
            let found = verify(&changed(&package, name, to), None);
            assert!(found.failures.iter().any(|f| f.contains(word)), "{name}: {:?}", found.failures);
        }
        assert!(!verify(&package, Some(&"00".repeat(32))).is_valid(), "another signer");
        assert!(!verify(b"PK no zip", None).is_valid());
    });
}

fn productions_expire_and_log_who_fetched_them(place: &TestDb) {
    with_granted(place, |d, clock| {
        let made = d.produce("r1", &[identity().1], "ana").unwrap();
        d.fetch("r1", made.id, "ana.berg@fbi.gov").unwrap();
        let listed = d.productions("r1", "bo").unwrap();
        assert_eq!(listed[0].downloads.iter().map(|l| l.who.as_str()).collect::<Vec<_>>(), ["ana.berg@fbi.gov"]);
        assert!(d.fetch("r1", ProductionId::new(99), "ana").is_err());
        clock.set(made.expires + Seconds::new(1));
        assert!(d.fetch("r1", made.id, "ana").unwrap_err().to_string().contains("request another"));
        assert!(d.waiting_mail().unwrap().iter().any(|m| m.subject == "An answer can be fetched"));
    });
}

/// Keys 1, 2, ... of a token that may be taken away.
#[derive(Debug, Default)]
struct Outside {
    older: AtomicU32,
    is_away: AtomicBool,
}

impl Outside {
    fn key(number: u32) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[u8::try_from(number).unwrap(); 32])
    }

    fn there(&self) -> Result<(), KeyError> {
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(KeyError::Text("the token".into(), "is not there; put it back".into())),
            false => Ok(()),
        }
    }
}

impl Signer for Outside {
    fn current(&self) -> Result<(u32, [u8; 32]), KeyError> {
        self.there()?;
        let number = self.older.load(Ordering::SeqCst) + 1;
        Ok((number, Self::key(number).verifying_key().to_bytes()))
    }

    fn sign(&self, number: u32, message: &[u8]) -> Result<[u8; 64], KeyError> {
        self.there()?;
        Ok(ed25519_dalek::Signer::sign(&Self::key(number), message).to_bytes())
    }

    fn rotate(&self) -> Result<u32, KeyError> {
        self.there()?;
        Ok(self.older.fetch_add(1, Ordering::SeqCst) + 2)
    }
}

fn productions_are_signed_outside_and_refused_where_nothing_signs(place: &TestDb) {
    with_granted(place, |d, _| {
        let token = Arc::new(Outside::default());
        let ring = d.key_ring.clone().with_signer(token.clone());
        let d = Desk { key_ring: &ring, ..*d };
        let (key, recipient) = identity();
        let produced = || {
            let made = d.produce("r1", std::slice::from_ref(&recipient), "ana").unwrap();
            decrypt(&d.fetch("r1", made.id, "ana").unwrap(), &key).unwrap()
        };
        let by = |number: u32| hex::encode(Outside::key(number).verifying_key().as_bytes());
        let first = produced();
        assert_eq!(verify(&first, Some(&by(1))).failures, [""; 0]);
        // What the older key signed verifies; what is new names the new one.
        assert_eq!(token.rotate().unwrap(), 2);
        let second = produced();
        assert_eq!(verify(&second, Some(&by(2))).failures, [""; 0]);
        assert_eq!(verify(&first, Some(&by(1))).failures, [""; 0]);
        assert_ne!(verify(&second, Some(&by(1))).failures, [""; 0]);
        token.is_away.store(true, Ordering::SeqCst);
        let refused = d.produce("r1", std::slice::from_ref(&recipient), "ana").unwrap_err().to_string();
        assert!(refused.contains("cannot be signed") && refused.contains("put it back"), "{refused}");
        assert_eq!(d.productions("r1", "ana").unwrap().len(), 2);
        // Decisions need no token.
        d.screening.decide(withdrawal("w4", "c1", "0xpaid", 7, 100), ChainFacts::default(), "exchange").unwrap();
        token.is_away.store(false, Ordering::SeqCst);
        assert_eq!(verify(&produced(), Some(&by(2))).failures, [""; 0]);
    });
}
