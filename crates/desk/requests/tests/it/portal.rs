//! The officers' portal and what time does to requests, the same on SQLite and PostgreSQL.

use holdfast_decision::{Record, RecordKind};
use holdfast_documents::Vault;
use holdfast_identity::{Enrolment, KeyRing};
use holdfast_notify::outbox::{self, Mail};
use holdfast_requests::RequestError;
use holdfast_requests::intake::{NewAgency, Outcome, RequestState, SeizureState, SeizureTransfer, Step};
use holdfast_requests::portal::{
    CODE_SPACING, MAX_CODE_TRIES, MAX_TRIES, NEW_MAILS_AN_HOUR, OfficerState, Session, Verdict,
};
use holdfast_requests::request::{DataClass, Kind, Officer, Request, Statement, Target, TargetKind};
use holdfast_requests::{Desk, Policy};
use holdfast_screening::clock::Time;
use holdfast_screening::holds::HoldFilter;
use holdfast_screening::service::Transaction;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::Store;
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::ids::OfficerId;
use holdfast_types::{Amount, Seconds, Timestamp};
use std::sync::{Arc, mpsc};
use std::time::Duration;

on_both!(
    officers_prove_their_address_and_themselves,
    two_sessions_at_once_set_one_second_factor_up,
    codes_are_few_single_and_short_lived,
    nobody_makes_the_desk_mail_a_whole_domain,
    officers_see_their_own_requests_only,
    files_have_their_stated_type_and_stay_unchanged,
    clocks_remind_escalate_and_catch_up,
    a_preservation_holds_what_was_known_until_it_lapses,
    a_wrong_clock_deletes_no_preserved_file_and_notifies_no_user,
    a_seizure_moves_with_two_approvals_only,
    users_are_notified_once_the_gag_is_over
);

struct Fixture {
    screening: Screening,
    policy: Arc<Policy>,
    key_ring: KeyRing,
    files: tempfile::TempDir,
    clock: TestClock,
}

impl Fixture {
    fn new(place: &TestDb) -> Self {
        let clock = TestClock::new();
        let time = clock.clock().into();
        Fixture::with_time(place, clock, time)
    }

    fn with_time(place: &TestDb, clock: TestClock, time: Time) -> Self {
        let fixture = Fixture {
            screening: Screening::open_at(&place.url, time).unwrap(),
            policy: Arc::new(Policy::standard()),
            key_ring: KeyRing::single([7; 32]),
            files: tempfile::tempdir().unwrap(),
            clock,
        };
        for (name, country, domain) in [("FBI", "US", "fbi.gov"), ("BKA", "DE", "bka.bund.de")] {
            let evidence = "listed on the government's site".to_owned();
            let new = NewAgency { name: name.into(), country: country.into(), domain: domain.into(), evidence };
            fixture.with(|d| d.add_agency(new, "ana").unwrap());
        }
        fixture.clock.set(START);
        fixture
    }

    fn with<T>(&self, run: impl FnOnce(&Desk<'_>) -> T) -> T {
        let vault = Vault::new(self.files.path());
        run(&Desk { screening: &self.screening, policy: &self.policy, key_ring: &self.key_ring, vault: &vault })
    }

    /// The code in the mail that waits for an address.
    fn mailed(&self, to: &str) -> String {
        let mail = self.with(|d| d.waiting_mail().unwrap()).into_iter().rfind(|m| m.to == to).unwrap();
        mail.body.split(|c: char| !c.is_ascii_digit()).find(|w| w.len() == 8).unwrap().to_owned()
    }

    /// Enters with a second factor; registers, enrols and is approved at the first time.
    fn enter(&self, email: &str) -> Session {
        self.with(|d| {
            d.request_code(email, Some("Ana Berg"), None).unwrap();
            let session = d.prove(email, &self.mailed(email)).unwrap();
            let uri = d.enrol(&session.token).unwrap().uri;
            let totp = totp_rs::Totp::from_url(uri).unwrap();
            let full = d
                .second_factor(&session.token, &totp.generate(self.screening.now().unix() as u64).to_string())
                .unwrap();
            let id = d.officer(&full.token, true).unwrap().id;
            d.judge_officer(id, Verdict::Approve, "called back", "bo").unwrap();
            full
        })
    }

    fn customer(&self, id: &str) {
        let record = Record {
            name: Some("Max Muster".into()),
            email: Some(format!("{id}@example.com")),
            ..Record::new(RecordKind::Customer, id, START)
        };
        self.screening.ingest(vec![record], "exchange").unwrap();
    }

    /// Stores a request and accepts the match of its customer.
    fn accepted(&self, request: Request) {
        let (id, customer) = (request.id.clone(), request.targets[0].value.clone());
        self.customer(&customer);
        self.with(|d| {
            d.submit(request, "portal").unwrap();
            let call = Step::CallBack { number_from: "the agency's site".into(), confirmed: true };
            d.step(&id, call, "ana").unwrap();
            d.step(&id, Step::Match { customer, accept: true, reason: "the same number".into() }, "ana").unwrap();
        });
    }

    fn prepare(&self, id: &str, transfers: Vec<SeizureTransfer>) -> Result<String, RequestError> {
        let step = Step::Prepare { outcome: Outcome::Granted, reason: "in order".into(), transfers };
        self.with(|d| d.step(id, step, "ana").map(|o| o.stored.state.to_string()))
    }

    fn approve(&self, id: &str, who: &str) -> Result<String, RequestError> {
        self.with(|d| d.step(id, Step::Approve {}, who).map(|o| o.stored.state.to_string()))
    }

    /// Runs two calls at once: both read before either changes anything, because another change holds the writer until both wait for it.
    fn at_once<A: Send, B: Send>(
        &self,
        first: impl FnOnce(&Desk<'_>) -> A + Send,
        second: impl FnOnce(&Desk<'_>) -> B + Send,
    ) -> (A, B) {
        let (held, is_held) = mpsc::channel();
        let (release, released) = mpsc::channel();
        std::thread::scope(|scope| {
            let hold = move |_: &mut Transaction<'_>| -> Result<(), ScreeningError> {
                held.send(()).unwrap();
                released.recv().unwrap();
                Ok(())
            };
            let holder = scope.spawn(move || self.screening.transact("test", hold));
            is_held.recv().unwrap();
            let first = scope.spawn(move || self.with(first));
            std::thread::sleep(Duration::from_millis(100));
            let second = scope.spawn(move || self.with(second));
            std::thread::sleep(Duration::from_millis(100));
            release.send(()).unwrap();
            holder.join().unwrap().unwrap();
            (first.join().unwrap(), second.join().unwrap())
        })
    }

    fn actions(&self) -> Vec<String> {
        self.screening.audit(0, None, 1000).unwrap().into_iter().map(|e| e.action).collect()
    }
}

fn request(id: &str, kind: Kind, process: &str) -> Request {
    let data = matches!(kind, Kind::Information | Kind::Preservation);
    Request {
        id: id.into(),
        received: START,
        kind,
        process: process.into(),
        reference: format!("ref-{id}"),
        officer: Officer {
            name: "Ana Berg".into(),
            email: "ana.berg@fbi.gov".into(),
            agency: "FBI".into(),
            country: "US".into(),
        },
        targets: vec![Target::new(TargetKind::UserId, format!("user-of-{id}"))],
        classes: if data { vec![DataClass::Subscriber] } else { Vec::new() },
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: String::new(),
        scope: Default::default(),
        attachments: Vec::new(),
    }
}

fn why<T: std::fmt::Debug>(answer: Result<T, RequestError>) -> String {
    answer.unwrap_err().to_string()
}

fn officers_prove_their_address_and_themselves(place: &TestDb) {
    let fixture = Fixture::new(place);
    let email = "ana.berg@fbi.gov";
    fixture.with(|d| {
        assert!(why(d.request_code("ana@fbi-gov.com", Some("Ana"), None)).contains("no domain of an agency"));
        // Whether an address is known is shown to its owner only.
        d.request_code(email, None, None).unwrap();
        assert!(d.waiting_mail().unwrap().iter().any(|m| m.to == email && m.body.contains("give your name")));
        d.request_code(email, None, Some("fr-CA")).unwrap();
        assert!(d.waiting_mail().unwrap().iter().any(|m| m.to == email && m.body.contains("indiquez aussi votre nom")));
        // Mail goes on in the language in which the portal is used.
        d.request_code("Ana.Berg@FBI.gov", Some("Ana Berg"), Some("de")).unwrap();
        let code = d.waiting_mail().unwrap().into_iter().rfind(|m| m.to == email).unwrap();
        assert!(code.subject == "Ihr Code" && code.body.contains("Anfrageportal"), "{code:?}");
        assert!(why(d.prove(email, "00000000")).contains("wrong"));
        let session = d.prove(email, &fixture.mailed(email)).unwrap();
        assert!((!session.full) & session.must_enrol);
        assert!(why(d.own_requests(&session.token)).contains("second factor"));
        assert!(why(d.second_factor(&session.token, "123456")).contains("set a second factor up"));
        let enrolment = d.enrol(&session.token).unwrap();
        let totp = totp_rs::Totp::from_url(&enrolment.uri).unwrap();
        let code = totp.generate(START.unix() as u64).to_string();
        assert!(
            why(d.judge_officer(OfficerId::new(1), Verdict::Approve, "x", "bo")).contains("not proved the address")
        );
        let full = d.second_factor(&session.token, &code).unwrap();
        assert!(full.full);
        assert!(why(d.second_factor(&session.token, &code)).contains("wrong or used"), "a code opens once");
        assert!(why(d.enrol(&full.token)).contains("the desk can reset it"));
        assert!(why(d.own_requests(&full.token)).contains("not approved you yet"));
        assert_eq!(
            d.judge_officer(OfficerId::new(1), Verdict::Approve, "called back", "bo").unwrap().state,
            OfficerState::Approved
        );
        assert!(d.own_requests(&full.token).unwrap().is_empty());
        // A token that was changed, one of another desk, and one that is over.
        assert!(d.officer(&full.token.replace("_1_", "_2_"), true).is_err());
        let other = Desk { key_ring: &KeyRing::single([8; 32]), ..*d };
        assert!(other.officer(&full.token, true).is_err());
        d.judge_officer(OfficerId::new(1), Verdict::Suspend, "left the agency", "bo").unwrap();
        assert!(why(d.own_requests(&full.token)).contains("over"));
        d.request_code(email, None, None).unwrap();
        assert!(d.waiting_mail().unwrap().iter().any(|m| m.to == email && m.body.contains("gesperrt")));
    });
    let actions = fixture.actions();
    for action in ["officer.registered", "officer.code_refused", "officer.entered", "officer.judged"] {
        assert!(actions.iter().any(|a| a == action), "{action}");
    }
}

fn two_sessions_at_once_set_one_second_factor_up(place: &TestDb) {
    let fixture = Fixture::new(place);
    let email = "ana.berg@fbi.gov";
    let session = |at: Timestamp| {
        fixture.clock.set(at);
        fixture.with(|d| {
            d.request_code(email, Some("Ana Berg"), None).unwrap();
            d.prove(email, &fixture.mailed(email)).unwrap().token
        })
    };
    let (one, two) = (session(START), session(START + CODE_SPACING + Seconds::new(1)));
    let code = |enrolment: &Enrolment, at: Timestamp| {
        totp_rs::Totp::from_url(&enrolment.uri).unwrap().generate(at.unix() as u64).to_string()
    };
    let now = fixture.screening.now();
    let (first, second) = fixture.at_once(|d| d.enrol(&one), |d| d.enrol(&two));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first.secret, second.secret);
    // A secret is confirmed while the other session sets another one up: either the confirmed one stays, or the new one is in force.
    let (confirmed, replaced) = fixture.at_once(|d| d.second_factor(&two, &code(&second, now)), |d| d.enrol(&one));
    let stays = match (confirmed, replaced) {
        (Ok(confirmed), Err(why)) => {
            assert!(confirmed.full && why.to_string().contains("a second factor is set up"), "{why}");
            second
        }
        (Err(why), Ok(replaced)) => {
            assert!(why.to_string().contains("wrong or used"), "{why}");
            replaced
        }
        both => panic!("{both:?}"),
    };
    let later = now + Seconds::new(60);
    fixture.clock.set(later);
    fixture.with(|d| {
        assert!(
            why(d.second_factor(&one, &code(&first, later))).contains("wrong or used"),
            "a replaced secret opens nothing"
        );
        assert!(d.second_factor(&one, &code(&stays, later)).unwrap().full);
        assert!(why(d.enrol(&two)).contains("a second factor is set up"));
    });
}

fn codes_are_few_single_and_short_lived(place: &TestDb) {
    let fixture = Fixture::new(place);
    let email = "ana.berg@fbi.gov";
    fixture.with(|d| {
        let mails = || d.waiting_mail().unwrap().len();
        d.request_code(email, Some("Ana"), None).unwrap();
        let (code, before) = (fixture.mailed(email), mails());
        // What others request and try mails the officer nothing more, voids no code, and locks nobody out.
        for _ in 0..20 {
            d.request_code(email, None, None).unwrap();
        }
        for _ in 0..MAX_TRIES * 4 {
            assert!(d.prove(email, "00000000").is_err());
        }
        assert_eq!(mails(), before);
        fixture.clock.set(START + CODE_SPACING);
        d.request_code(email, None, None).unwrap();
        let newer = fixture.mailed(email);
        assert!(mails() == before + 1 && newer != code);
        d.prove(email, &code).expect("the code before is good until its time is over");
        assert!(d.prove(email, &code).is_err(), "used");
        assert!(d.prove(email, &newer).is_err(), "and with it the other");
        d.request_code(email, None, None).unwrap();
        let code = fixture.mailed(email);
        for _ in 0..MAX_CODE_TRIES {
            assert!(d.prove(email, "00000000").is_err());
        }
        assert!(d.prove(email, &code).is_err(), "after so many wrong tries the right one opens no more");
        d.request_code(email, None, None).unwrap();
        let code = fixture.mailed(email);
        fixture.clock.set(START + CODE_SPACING + Seconds::new(901));
        assert!(d.prove(email, &code).is_err(), "too old");
    });
}

fn nobody_makes_the_desk_mail_a_whole_domain(place: &TestDb) {
    let fixture = Fixture::new(place);
    fixture.with(|d| {
        d.request_code("ana.berg@fbi.gov", Some("Ana"), None).unwrap();
        d.prove("ana.berg@fbi.gov", &fixture.mailed("ana.berg@fbi.gov")).unwrap();
        let begun = d.waiting_mail().unwrap().len();
        for i in 0..200 {
            d.request_code(&format!("victim{i}@fbi.gov"), Some("Victim"), None).unwrap();
        }
        let mails = d.waiting_mail().unwrap().len() - begun;
        assert!(mails as i64 <= NEW_MAILS_AN_HOUR, "{mails}");
        assert!(d.officers(None).unwrap().len() as i64 <= NEW_MAILS_AN_HOUR + 1);
        // Who was there before gets a code, and so do others' domains.
        d.request_code("ana.berg@fbi.gov", None, None).unwrap();
        d.prove("ana.berg@fbi.gov", &fixture.mailed("ana.berg@fbi.gov")).unwrap();
        d.request_code("kim@bka.bund.de", Some("Kim"), None).unwrap();
        d.prove("kim@bka.bund.de", &fixture.mailed("kim@bka.bund.de")).unwrap();
        fixture.clock.set(START + Seconds::new(3_601));
        d.request_code("new@fbi.gov", Some("New"), None).unwrap();
        d.prove("new@fbi.gov", &fixture.mailed("new@fbi.gov")).unwrap();
    });
}

fn officers_see_their_own_requests_only(place: &TestDb) {
    let fixture = Fixture::new(place);
    let (ana, kai) = (fixture.enter("ana.berg@fbi.gov").token, fixture.enter("kai@bka.bund.de").token);
    fixture.with(|d| {
        let mut sent = request("r1", Kind::Information, "us.2703d");
        // Who signs is what the portal knows.
        sent.officer.name = "The Director".into();
        sent.received = Timestamp::from_unix(1);
        let status = d.send_request(&ana, sent.clone()).unwrap();
        assert_eq!((status.request.officer.name.as_str(), status.request.received), ("Ana Berg", START));
        assert_eq!(d.send_request(&ana, sent.clone()).unwrap(), status, "sent again it changes nothing");
        assert!(why(d.own_request(&kai, "r1")).contains("no request 'r1' of yours"));
        assert!(why(d.own_message(&kai, "r1", "hello")).contains("of yours"));
        assert!(d.send_request(&kai, sent).is_err(), "the id of another's request");
        d.own_message(&ana, "r1", "It is urgent.").unwrap();
        let seen = d.message("r1", "Please send the order.", "eva").unwrap();
        assert_eq!((seen[1].side.as_str(), seen[1].author.as_str()), ("desk", "eva"));
        let status = d.own_request(&ana, "r1").unwrap();
        assert_eq!(status.messages[1].author, "the desk", "people of the desk are not named");
        assert_eq!(status.state, RequestState::Open);
        d.step("r1", Step::Prepare { outcome: Outcome::Forged, reason: "no".into(), transfers: Vec::new() }, "eva")
            .unwrap();
        assert_eq!(d.own_request(&ana, "r1").unwrap().outcome, None, "what is prepared is not shown");
        d.step("r1", Step::Approve {}, "bo").unwrap();
        assert_eq!(d.own_request(&ana, "r1").unwrap().outcome.as_deref(), Some("refused"), "a forger is not warned");
        let mail = d.waiting_mail().unwrap();
        let about: Vec<_> = mail.iter().filter(|m| m.subject.contains("request")).collect();
        assert!(about.len() >= 2 && about.iter().all(|m| !m.body.contains("send the order")), "{about:?}");
    });
}

fn files_have_their_stated_type_and_stay_unchanged(place: &TestDb) {
    let fixture = Fixture::new(place);
    let ana = fixture.enter("ana.berg@fbi.gov").token;
    fixture.with(|d| {
        let mut described = request("r1", Kind::Information, "us.2703d");
        let order = b"%PDF-1.7 the order";
        described.attachments = vec![holdfast_requests::request::Attachment {
            name: "order.pdf".into(),
            media_type: "application/pdf".into(),
            size: order.len() as u64,
            sha256: holdfast_documents::sha256(order),
        }];
        d.send_request(&ana, described).unwrap();
        let put = |name: &str, media: &str, bytes: &[u8]| d.own_file(&ana, "r1", name, media, bytes);
        assert!(why(put("order.pdf", "application/pdf", b"%PDF-1.7 another")).contains("describes order.pdf"));
        assert!(why(put("run.pdf", "application/pdf", b"MZ\x90\0\x03\0\0\0")).contains("said to be application/pdf"));
        assert!(why(put("../x.txt", "text/plain", b"x")).contains("file name"));
        assert_eq!(put("order.pdf", "application/pdf", order).unwrap().files.len(), 1);
        put("order.pdf", "application/pdf", order).unwrap();
        put("list.csv", "text/csv", b"a,b\n").unwrap();
        assert!(why(put("list.csv", "text/csv", b"c,d\n")).contains("other content"));
        let (file, bytes) = d.file("request:r1", "order.pdf", "eva").unwrap();
        assert_eq!((bytes.as_slice(), file.added_by.as_str()), (&order[..], "ana.berg@fbi.gov"));
        assert_eq!(d.attachments("r1").unwrap().len(), 2);
    });
    assert!(fixture.actions().iter().any(|a| a == "file.read"));
}

fn clocks_remind_escalate_and_catch_up(place: &TestDb) {
    let fixture = Fixture::new(place);
    let staff = ["desk@exchange.example".to_owned()];
    fixture.with(|d| {
        let due = d.submit(request("r1", Kind::Information, "us.2703d"), "portal").unwrap().stored.due;
        let tick = |at: Timestamp| {
            fixture.clock.set(at);
            let t = d.tick(&staff).unwrap();
            (t.reminders, t.escalations)
        };
        let length = due - START;
        assert_eq!(tick(START + Seconds::new(10)), (0, 0));
        assert_eq!(tick(START + length / 2 + Seconds::new(1)), (1, 0));
        assert_eq!(tick(START + length / 2 + Seconds::new(2)), (0, 0), "once");
        assert_eq!(tick(START + length * 4 / 5 + Seconds::new(1)), (1, 0));
        assert_eq!(tick(due + Seconds::new(5)), (0, 1));
        assert_eq!(tick(due + Seconds::new(6)), (0, 0));
        let mail = d.waiting_mail().unwrap();
        assert_eq!(mail.iter().filter(|m| m.to == staff[0]).count(), 3);
        assert!(mail.iter().any(|m| m.subject == "OVERDUE: request r1"));
        // Mail that fails waits longer each time; the text of sent mail is deleted.
        let first = &mail[0];
        let outcome = |mail: &Mail, outcome: Result<(), String>| {
            let mail = mail.clone();
            Store::change(d.screening, "mail", move |tx| outbox::store_outcome(tx, &mail, outcome)).unwrap();
        };
        outcome(first, Err("refused".into()));
        assert!(!d.waiting_mail().unwrap().iter().any(|m| m.id == first.id));
        fixture.clock.set(due + Seconds::new(70));
        let again = d.waiting_mail().unwrap().into_iter().find(|m| m.id == first.id).unwrap();
        assert_eq!(again.failures, 1);
        outcome(&again, Ok(()));
        fixture.clock.set(due + Seconds::new(9_000));
        assert!(!d.waiting_mail().unwrap().iter().any(|m| m.id == first.id));
    });
}

fn a_preservation_holds_what_was_known_until_it_lapses(place: &TestDb) {
    let fixture = Fixture::new(place);
    fixture.accepted(request("p1", Kind::Preservation, "us.2703f"));
    fixture.prepare("p1", Vec::new()).unwrap();
    assert_eq!(fixture.approve("p1", "bo").unwrap(), "answered");
    let stored = || walk(fixture.files.path());
    let before = stored();
    assert_eq!(before.len(), 1);
    let data: serde_json::Value = serde_json::from_slice(&std::fs::read(&before[0]).unwrap()).unwrap();
    assert!(data.to_string().contains("Max Muster"), "{data}");
    fixture.with(|d| {
        let extend = || d.step("p1", Step::Extend { reason: "renewed".into() }, "ana");
        extend().unwrap();
        assert!(why(extend()).contains("extended before"));
        fixture.clock.set(START + Seconds::days(100));
        assert_eq!(d.tick(&[]).unwrap().lapsed, 0, "90 days and 90 more");
        fixture.clock.set(START + Seconds::days(176));
        assert_eq!(d.tick(&[]).unwrap().reminders, 1, "the officer is notified a week before");
        fixture.clock.set(START + Seconds::days(181));
        assert_eq!(d.tick(&[]).unwrap().lapsed, 1);
        assert!(why(extend()).contains("lapsed"));
    });
    assert!(stored().is_empty(), "what lapsed is deleted");
}

/// The system's clock is years ahead for a while: what is preserved for the police stays, and no user is notified of the request.
fn a_wrong_clock_deletes_no_preserved_file_and_notifies_no_user(place: &TestDb) {
    let (clock, steady) = (TestClock::new(), TestClock::new());
    let time = Time { wall: clock.clock(), steady: Some(steady.clock()) };
    let fixture = Fixture::with_time(place, clock, time);
    fixture.accepted(request("p1", Kind::Preservation, "us.2703f"));
    fixture.prepare("p1", Vec::new()).unwrap();
    fixture.approve("p1", "bo").unwrap();
    let mut order = request("r1", Kind::Information, "us.2703d");
    order.states = vec![Statement::Judge];
    fixture.accepted(order);
    fixture.prepare("r1", Vec::new()).unwrap();
    fixture.approve("r1", "bo").unwrap();
    fixture.clock.set(START + Seconds::days(2_000));
    let ticked = fixture.with(|d| d.tick(&[]).unwrap());
    assert_eq!((ticked.lapsed, ticked.notices, walk(fixture.files.path()).len()), (0, 0, 1));
    // The clock is right again, and time passes as it should.
    for day in [60, 95] {
        fixture.clock.set(START + Seconds::days(day));
        steady.set(START + Seconds::days(day));
        fixture.with(|d| d.tick(&[]).unwrap());
    }
    assert!(walk(fixture.files.path()).is_empty(), "after its ninety days it is deleted");
    assert!(fixture.actions().iter().any(|a| a == "notice.sent"));
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries =
        std::fs::read_dir(folder).map(|r| r.flatten().map(|e| e.path()).collect::<Vec<_>>()).unwrap_or_default();
    entries.into_iter().flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}

fn a_seizure_moves_with_two_approvals_only(place: &TestDb) {
    let fixture = Fixture::new(place);
    let process = "domestic.court-order";
    fixture.accepted(request("s1", Kind::Seizure, process));
    let transfer = |customer: &str, amount: u128| SeizureTransfer {
        customer: customer.into(),
        asset: "BTC".into(),
        amount: Amount::new(amount),
        destination: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq (the court's)".into(),
    };
    assert!(why(fixture.prepare("s1", Vec::new())).contains("what moves where"));
    assert!(why(fixture.prepare("s1", vec![transfer("user-of-s1", 0)])).contains("amount"));
    assert!(why(fixture.prepare("s1", vec![transfer("another", 5)])).contains("not accepted"));
    assert_eq!(fixture.prepare("s1", vec![transfer("user-of-s1", 500)]).unwrap(), "prepared");
    assert!(why(fixture.approve("s1", "ana")).contains("another person"));
    assert_eq!(fixture.approve("s1", "bo").unwrap(), "prepared", "one approval moves nothing");
    assert!(why(fixture.approve("s1", "bo")).contains("second person"));
    let held = || {
        let holds = fixture.screening.holds(&HoldFilter { limit: 10, ..Default::default() }).unwrap();
        holds.into_iter().map(|h| (h.state, u128::try_from(h.held).unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(held(), [("active".to_owned(), 500)], "it is held from the first approval on");
    // Back to the beginning: the hold goes too.
    fixture.with(|d| d.step("s1", Step::Return { reason: "look at the amount".into() }, "cleo").unwrap());
    assert_eq!(held(), [("released".to_owned(), 0)]);
    fixture.prepare("s1", vec![transfer("user-of-s1", 400)]).unwrap();
    fixture.approve("s1", "bo").unwrap();
    assert_eq!(held(), [("released".to_owned(), 0), ("active".to_owned(), 400)], "held anew");
    let moved = |d: &Desk<'_>| {
        let number = d.seizures(None, "ana").unwrap()[1].id;
        d.step("s1", Step::Moved { transfer: number, reference: "txid".into() }, "ana")
    };
    assert!(why(fixture.with(moved)).contains("not approved"));
    assert_eq!(fixture.approve("s1", "cleo").unwrap(), "answered");
    fixture.with(|d| assert_eq!(d.seizures(Some(SeizureState::Approved), "ana").unwrap().len(), 1));
    fixture.with(moved).unwrap();
    assert!(why(fixture.with(moved)).contains("moved"));
    assert!(held().iter().all(|(state, held)| state == "released" && *held == 0));
    assert!(fixture.screening.check_holds().unwrap().problems.is_empty());
}

fn users_are_notified_once_the_gag_is_over(place: &TestDb) {
    let fixture = Fixture::new(place);
    let gag = START + Seconds::days(30);
    fixture.accepted(Request { gag_until: Some(gag), ..request("r1", Kind::Information, "us.2703d") });
    // The user reads Chinese.
    let mut record = Record::new(RecordKind::Customer, "user-of-r1", START + Seconds::new(1));
    (record.language, record.email) = (Some("zh-CN".into()), Some("user-of-r1@example.com".into()));
    fixture.screening.ingest(vec![record], "app").unwrap();
    fixture.prepare("r1", Vec::new()).unwrap();
    fixture.approve("r1", "bo").unwrap();
    fixture.with(|d| {
        fixture.clock.set(gag - Seconds::new(1));
        assert_eq!(d.tick(&[]).unwrap().notices, 0);
        assert!(!d.waiting_mail().unwrap().iter().any(|m| m.to == "user-of-r1@example.com"));
        fixture.clock.set(gag + Seconds::new(1));
        assert_eq!(d.tick(&[]).unwrap().notices, 1);
        assert_eq!(d.tick(&[]).unwrap().notices, 0, "once");
        let mail = d.waiting_mail().unwrap();
        let notice = mail.iter().find(|m| m.to == "user-of-r1@example.com").unwrap();
        assert!(notice.body.contains("FBI") && notice.body.contains("ref-r1"), "{notice:?}");
        assert_eq!(notice.subject, "关于您账户的请求");
    });
}
