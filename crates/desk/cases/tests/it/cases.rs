//! Cases, search, reports to authorities and recommendations, the same on SQLite and PostgreSQL.

use crate::fixture::{add, filer, person, with, with_requests};
use holdfast_cases::case::{CaseStep, ItemKind, NewCase, Person, Role};
use holdfast_cases::recommend::{Proposal, RecommendationState, Team};
use holdfast_cases::reports::Kind;
use holdfast_cases::{CaseError, Cases};
use holdfast_decision::{ChainFacts, Record, RecordKind};
use holdfast_requests::request::{Officer, Request, Target, TargetKind};
use holdfast_testing::{START, TestDb, on_both, withdrawal};
use holdfast_types::Seconds;
use holdfast_types::ids::CaseId;

on_both!(
    who_is_not_in_a_case_learns_nothing_of_it,
    custody_and_content_of_exhibits_are_stored,
    cases_that_share_something_are_linked,
    search_finds_what_one_may_read,
    reports_are_approved_by_another_and_void_when_revised,
    recommendations_count_the_cases_that_they_would_have_stopped,
    the_transparency_report_counts_every_request_once
);

fn new(title: &str, typology: Option<&str>) -> NewCase {
    NewCase { title: title.into(), summary: "Reported by the victim.".into(), typology: typology.map(str::to_owned) }
}

fn why<T: std::fmt::Debug>(answer: Result<T, CaseError>) -> String {
    answer.unwrap_err().to_string()
}

fn who_is_not_in_a_case_learns_nothing_of_it(place: &TestDb) {
    with(place, |d, _| {
        let (ana, bo, eva) = (person("ana"), person("bo"), person("eva"));
        let auditor = Person { reads_all: true, ..person("audit") };
        let id = d.open_case(new("A ransom", None), &ana).unwrap().id;
        assert_eq!(why(d.case(id, &[], &bo)), why(d.case(CaseId::new(u64::from(id) + 1), &[], &bo)).replace('2', "1"));
        assert!(why(d.change_case(id, add(ItemKind::Note, "", "hello"), &bo)).contains("no case"));
        assert!(d.cases(None, &bo).unwrap().is_empty());
        assert_eq!(d.cases(None, &auditor).unwrap().len(), 1);
        assert!(why(d.change_case(id, add(ItemKind::Note, "", "hello"), &auditor)).contains("role"));
        let member = |who: &str, role| CaseStep::Member { person: who.into(), role };
        d.change_case(id, member("bo", Some(Role::Member)), &ana).unwrap();
        d.change_case(id, member("eva", Some(Role::Viewer)), &ana).unwrap();
        let note = d.change_case(id, add(ItemKind::Note, "", "hello"), &bo).unwrap().unwrap();
        assert!(why(d.change_case(id, add(ItemKind::Note, "", "hello"), &eva)).contains("role"));
        assert!(
            why(d.change_case(id, member("x", Some(Role::Lead)), &bo)).contains("role"),
            "only the lead changes roles"
        );
        // A lead who leaves last stays.
        d.change_case(id, member("ana", None), &ana).unwrap();
        let file = d.case(id, &[], &eva).unwrap();
        assert!(file.members.iter().any(|m| m.person == "ana" && m.role == "lead"));
        // Tasks, withdrawn items, closing.
        let task = CaseStep::Add {
            kind: ItemKind::Task,
            key: String::new(),
            title: "call the victim".into(),
            body: serde_json::Value::Null,
            happened: None,
            assignee: Some("bo".into()),
            due: Some(START + Seconds::DAY),
        };
        let task = d.change_case(id, task, &ana).unwrap().unwrap();
        assert!(why(d.change_case(id, CaseStep::Done { item: note }, &ana)).contains("task"));
        d.change_case(id, CaseStep::Done { item: task }, &bo).unwrap();
        d.change_case(id, CaseStep::Withdraw { item: note, reason: "another case".into() }, &bo).unwrap();
        d.change_case(id, CaseStep::Close { reason: "paid back".into() }, &ana).unwrap();
        assert!(why(d.change_case(id, add(ItemKind::Note, "", "x"), &ana)).contains("closed"));
        d.change_case(id, CaseStep::Reopen {}, &ana).unwrap();
        let file = d.case(id, &[], &ana).unwrap();
        assert_eq!(file.items[0].withdrawn.as_deref(), Some("another case"));
        assert!(file.timeline.is_sorted() && file.timeline.iter().any(|m| m.what.contains("task done")));
        for (step, word) in [
            (add(ItemKind::Address, "bc1qwrong", ""), "address"),
            (add(ItemKind::Transaction, "12", ""), "value"),
            (add(ItemKind::Note, "", " "), "title"),
            (add(ItemKind::Subject, "", ""), "key"),
        ] {
            let message = why(d.change_case(id, step.clone(), &ana));
            assert!(message.contains(word), "{step:?}: {message}");
        }
        assert!(d.screening.verify_audit(None).unwrap().problems.is_empty());
    });
}

fn custody_and_content_of_exhibits_are_stored(place: &TestDb) {
    with(place, |d, clock| {
        let ana = person("ana");
        let id = d.open_case(new("A seized phone", None), &ana).unwrap().id;
        let photo = b"\x89PNG\r\n\x1a\n a paper wallet";
        let item = d.add_exhibit(id, "wallet.png", "image/png", "safe 3", photo, &ana).unwrap();
        assert!(
            why(d.add_exhibit(id, "wallet.png", "image/png", "safe 3", b"\x89PNG\r\n\x1a\n other", &ana))
                .contains("other content")
        );
        clock.set(START + Seconds::new(60));
        let moved = |action: &str| CaseStep::Custody {
            item,
            action: action.into(),
            place: "laboratory".into(),
            note: "imaged".into(),
        };
        assert!(why(d.change_case(id, moved("lost"), &ana)).contains("none of received"));
        d.change_case(id, moved("examined"), &ana).unwrap();
        let file = d.case(id, &[], &ana).unwrap();
        let custody: Vec<_> =
            file.items[0].custody.iter().map(|c| (c.action.as_str(), c.place.as_str(), c.time)).collect();
        assert_eq!(custody, [("received", "safe 3", START), ("examined", "laboratory", START + Seconds::new(60))]);
        assert_eq!(file.items[0].custody[0].sha256.as_deref(), Some(holdfast_documents::sha256(photo).as_str()));
        assert_eq!(d.exhibit(id, "wallet.png", &ana).unwrap(), photo);
        assert!(why(d.exhibit(id, "wallet.png", &person("bo"))).contains("no case"));
        assert!(d.case_report(id, &[], &ana).unwrap().starts_with(b"%PDF-"));
    });
}

fn cases_that_share_something_are_linked(place: &TestDb) {
    with(place, |d, _| {
        let (ana, bo) = (person("ana"), person("bo"));
        let one = d.open_case(new("One", None), &ana).unwrap().id;
        let two = d.open_case(new("Two", None), &bo).unwrap().id;
        let three = d.open_case(new("Three", None), &bo).unwrap().id;
        for (case, who) in [(one, &ana), (two, &bo)] {
            d.change_case(case, add(ItemKind::Address, "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", ""), who).unwrap();
            d.change_case(case, add(ItemKind::Subject, "c1", ""), who).unwrap();
        }
        d.change_case(three, add(ItemKind::Subject, "c2", ""), &bo).unwrap();
        let links = d.case(one, &[], &ana).unwrap().links;
        assert_eq!(links.len(), 1);
        assert_eq!((links[0].case, links[0].title.as_deref()), (two, None), "not what another's case is called");
        assert_eq!(links[0].because, ["address 13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "subject c1"]);
        let auditor = Person { reads_all: true, ..person("x") };
        assert_eq!(d.case(one, &[], &auditor).unwrap().links[0].title.as_deref(), Some("Two"));
    });
}

fn request(id: &str, country: &str) -> Request {
    Request {
        id: id.into(),
        received: START,
        kind: holdfast_requests::request::Kind::Freeze,
        process: "police.freeze".into(),
        reference: format!("Az. 12/{id}"),
        officer: Officer {
            name: "Kai Öztürk".into(),
            email: "kai@bka.bund.de".into(),
            agency: "BKA".into(),
            country: country.into(),
        },
        targets: vec![Target::new(TargetKind::UserId, "c1")],
        classes: Vec::new(),
        states: Vec::new(),
        emergency: false,
        gag_until: None,
        statement: String::new(),
        scope: Default::default(),
        attachments: Vec::new(),
    }
}

fn search_finds_what_one_may_read(place: &TestDb) {
    with_requests(place, |desk, _| {
        let d = Cases::from(*desk);
        let (ana, bo) = (person("ana"), person("bo"));
        let id = d.open_case(new("The Łódź ransom", None), &ana).unwrap().id;
        d.change_case(id, add(ItemKind::Note, "", "Wallet phrase on a metal plate"), &ana).unwrap();
        desk.submit(request("r1", "DE"), "portal").unwrap();
        let find = |q: &str, who: &Person| {
            d.search(q, who, false).unwrap().into_iter().map(|h| format!("{}:{}", h.kind, h.id)).collect::<Vec<_>>()
        };
        assert_eq!(find("łódź RAN", &ana), [format!("case:{id}")]);
        assert_eq!(find("metal plate", &ana), [format!("case:{id}")]);
        assert_eq!(find("metal plate", &bo), [] as [String; 0]);
        assert_eq!(find("metal spoon", &ana), [] as [String; 0]);
        assert_eq!(find("öztürk", &bo), ["request:r1"]);
        let known = Record { email: Some("max@example.org".into()), ..Record::new(RecordKind::Customer, "c1", START) };
        d.screening.ingest(vec![known], "exchange").unwrap();
        d.screening.decide(withdrawal("w1", "c1", "0xpaid", 7, 12_345), ChainFacts::default(), "exchange").unwrap();
        let all = |q: &str| {
            d.search(q, &ana, true).unwrap().into_iter().map(|h| format!("{}:{}", h.kind, h.id)).collect::<Vec<_>>()
        };
        // The request names the customer too, and who may not read screening finds nothing else.
        assert_eq!(
            (all("c1"), find("c1", &ana)),
            (vec!["customer:c1".into(), "request:r1".into()], vec!["request:r1".into()])
        );
        assert_eq!((all("max@example.org"), all("w1")), (vec!["customer:c1".into()], vec!["event:w1".into()]));
        assert_eq!(find("w1", &ana), [] as [String; 0]);
        assert_eq!(all("metal plate"), [format!("case:{id}")]);
        let alerts = d.screening.alerts(&Default::default()).unwrap();
        for (q, wanted) in [("1", alerts.len()), ("alert 1", alerts.len()), ("alert 99", 0), ("spoon 1", 0)] {
            assert_eq!(all(q).len(), wanted, "{q}");
        }
        // More customers than are listed are counted, up to what is looked for.
        let many = |range: std::ops::Range<u32>| {
            let email = Some("many@example.org".to_owned());
            let record =
                |n| Record { email: email.clone(), ..Record::new(RecordKind::Customer, format!("m{n}"), START) };
            d.screening.ingest(range.map(record).collect(), "exchange").unwrap();
            let hits = d.search("many@example.org", &ana, true).unwrap();
            let last = hits.last().unwrap();
            (hits.len(), last.kind.clone(), last.id.clone(), last.title.clone())
        };
        let (kind, id) = ("customers".to_owned(), "many@example.org".to_owned());
        let said = |text: &str| (21, kind.clone(), id.clone(), format!("the first 20 of {text} customers are listed"));
        assert_eq!(many(0..25), said("25"));
        assert_eq!(many(25..130), said("100 or more"));
        assert!(why(d.search("-", &ana, true)).contains("q"));
        assert!(why(d.search(&"x".repeat(2_000), &ana, true)).contains("q"));
    });
}

fn reports_are_approved_by_another_and_void_when_revised(place: &TestDb) {
    with(place, |d, _| {
        let (ana, bo) = (person("ana"), person("bo"));
        let customer = Record { name: Some("Max <Muster>".into()), ..Record::new(RecordKind::Customer, "c1", START) };
        d.screening.ingest(vec![customer], "exchange").unwrap();
        d.screening.decide(withdrawal("w1", "c1", "0xpaid", 7, 12_345), ChainFacts::default(), "exchange").unwrap();
        let id = d.open_case(new("A ransom", Some("ransomware")), &ana).unwrap().id;
        assert!(why(d.draft_report(id, Kind::Goaml, filer(), &ana)).contains("subjects"));
        d.change_case(id, add(ItemKind::Subject, "c1", ""), &ana).unwrap();
        d.change_case(id, add(ItemKind::Event, "w1", ""), &ana).unwrap();
        d.change_case(id, CaseStep::Member { person: "bo".into(), role: Some(Role::Member) }, &ana).unwrap();
        let drafted = d.draft_report(id, Kind::Goaml, filer(), &ana).unwrap();
        assert_eq!(
            (drafted.body.movements[0].value, drafted.body.subjects[0].last_name.as_str()),
            (12_345, "<Muster>")
        );
        assert!(why(d.export_report(id, drafted.id, &ana)).contains("approves it first"));
        assert!(why(d.approve_report(id, drafted.id, &ana)).contains("another person"));
        assert!(why(d.approve_report(id, drafted.id, &person("eva"))).contains("no case"));
        d.approve_report(id, drafted.id, &bo).unwrap();
        let mut body = drafted.body.clone();
        body.narrative += " More.";
        let revised = d.revise_report(id, drafted.id, body, &bo).unwrap();
        assert_eq!((revised.version, revised.state.as_ref(), revised.approved_by), (2, "draft", None));
        assert!(why(d.approve_report(id, drafted.id, &bo)).contains("another person"));
        d.approve_report(id, drafted.id, &ana).unwrap();
        let xml = d.export_report(id, drafted.id, &ana).unwrap();
        let text = String::from_utf8(xml.clone()).unwrap();
        assert!(
            text.contains("<amount_local>123.45</amount_local>")
                && text.contains("&lt;Muster&gt;")
                && text.contains("More."),
            "{text}"
        );
        assert_eq!(d.export_report(id, drafted.id, &bo).unwrap(), xml, "exported again it is the same");
        let another = drafted.body.clone();
        assert!(why(d.revise_report(id, drafted.id, another, &ana)).contains("exported"));
        let mut bad = drafted.body;
        bad.filer.country = "USA".into();
        let second = d.draft_report(id, Kind::FincenSar, filer(), &ana).unwrap();
        assert!(why(d.revise_report(id, second.id, bad, &ana)).contains("filer.country"));
    });
}

fn recommendations_count_the_cases_that_they_would_have_stopped(place: &TestDb) {
    with(place, |d, _| {
        let ana = person("ana");
        for (event, customer) in [("w1", "c1"), ("w2", "c2"), ("w3", "c3")] {
            let value = if customer == "c2" { 100 } else { 900_000 };
            d.screening
                .decide(withdrawal(event, customer, "0xpaid", 7, value), ChainFacts::default(), "exchange")
                .unwrap();
        }
        let mut cases = Vec::new();
        for customer in ["c1", "c2"] {
            let id = d.open_case(new("Cards", Some("stolen_card_laundering")), &ana).unwrap().id;
            d.change_case(id, add(ItemKind::Subject, customer, ""), &ana).unwrap();
            cases.push(id);
        }
        d.open_case(new("Ring", Some("fake_accounts")), &ana).unwrap();
        let findings = d.findings("ana").unwrap();
        assert_eq!(
            (findings[0].typology.as_str(), findings[0].cases.clone(), findings[0].team),
            ("stolen_card_laundering", cases.clone(), Team::Aml)
        );
        assert_eq!(findings[1].team, Team::Kyc);
        let rule = "  - id: large\n    version: 1\n    state: live\n    title: Large\n    on: [withdrawal]\n    when: event.value >= 500000\n    decision: hold\n    source: [test]\n";
        let rules = holdfast_decision::rules::DEFAULT_BOOK.replacen("rules:\n", &format!("rules:\n{rule}"), 1);
        let mut proposal = Proposal {
            team: Team::Aml,
            title: "Hold large withdrawals".into(),
            typology: "stolen_card_laundering".into(),
            text: "As the cases show.".into(),
            rules: Some(rules),
        };
        let made = d.recommend(proposal.clone(), &ana).unwrap();
        let effect = made.effect.unwrap();
        assert_eq!((effect.cases_stopped, effect.others), (vec![cases[0]], 1), "c1's case; c3 is in none");
        let followed = d.follow_up(made.id, RecommendationState::Accepted, "in March", &ana).unwrap();
        assert_eq!(followed.state, RecommendationState::Accepted);
        assert_eq!(d.recommendations().unwrap()[0].note, "in March");
        proposal.typology = "nothing".into();
        assert!(why(d.recommend(proposal, &ana)).contains("no case"));
    });
}

fn the_transparency_report_counts_every_request_once(place: &TestDb) {
    with_requests(place, |desk, clock| {
        let d = Cases::from(*desk);
        use holdfast_requests::intake::{Outcome, Step};
        for (id, country) in [("a", "DE"), ("b", "DE"), ("c", "FR")] {
            desk.submit(request(id, country), "portal").unwrap();
        }
        clock.set(START + Seconds::new(100));
        let refuse = Step::Prepare { outcome: Outcome::Refused, reason: "no order".into(), transfers: Vec::new() };
        desk.step("a", refuse, "ana").unwrap();
        desk.step("a", Step::Approve {}, "bo").unwrap();
        let report = d.transparency(START - Seconds::new(1), START + Seconds::new(1)).unwrap();
        let germany = report.lines.iter().find(|l| l.country == "DE").unwrap();
        assert_eq!(
            (germany.received, germany.refused, germany.open, germany.median_seconds, germany.in_time),
            (2, 1, 1, Some(Seconds::new(100)), 1)
        );
        assert_eq!((report.total.received, report.total.open), (3, 2));
        assert!(report.csv().contains("DE,freeze,2,0,0,1,0,1,100,1\r\n"), "{}", report.csv());
        assert_eq!(d.transparency(START + Seconds::new(1), START + Seconds::new(2)).unwrap().total.received, 0);
        assert!(why(d.transparency(START, START)).contains("not after"));
    });
}
