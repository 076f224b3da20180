//! Requests as they come: proper, improper, and forged.

use holdfast_requests::forgery::{CallBack, Domain, Earlier};
use holdfast_requests::request::{DataClass, Kind, Officer, Request, Statement, Target, TargetKind};
use holdfast_requests::{History, Inquiry, Policy, Review, review};
use holdfast_types::{Seconds, Timestamp};

const RECEIVED: Timestamp = Timestamp::from_unix(1_795_000_000);
const DAY: Seconds = Seconds::DAY;

fn request(process: &str, country: &str, kind: Kind) -> Request {
    let data = !matches!(kind, Kind::Freeze | Kind::Seizure);
    Request {
        id: "r-1".into(),
        received: RECEIVED,
        kind,
        process: process.into(),
        reference: "24-mj-1234".into(),
        officer: Officer {
            name: "Ana Berg".into(),
            email: "ana.berg@agency.example".into(),
            agency: "Agency".into(),
            country: country.into(),
        },
        targets: vec![Target::new(TargetKind::UserId, "u-7")],
        classes: if data { vec![DataClass::Subscriber] } else { Vec::new() },
        states: vec![Statement::Judge],
        emergency: false,
        gag_until: None,
        statement: String::new(),
        scope: Default::default(),
        attachments: Vec::new(),
    }
}

fn known(country: &str) -> History {
    History {
        domains: vec![Domain { domain: "agency.example".into(), agency: "Agency".into(), country: country.into() }],
        officer_since: Some(RECEIVED - 400 * DAY),
        officer_requests: 12,
        ..History::default()
    }
}

fn reviewed(request: &Request, history: &History) -> Review {
    review(&Policy::standard(), &Inquiry { request: request.clone(), history: history.clone() }).unwrap()
}

#[test]
fn clocks_follow_the_law() {
    // Days to answer, in emergencies hours, days held, days held at most.
    for (process, country, kind, states, days, hours, held, most) in [
        ("eu.epoc", "DE", Kind::Information, vec![Statement::Prosecutor], 10, Some(8), None, None),
        ("eu.epoc-pr", "FR", Kind::Preservation, vec![Statement::Validated], 1, None, Some(60), Some(90)),
        ("us.2703f", "US", Kind::Preservation, vec![], 1, None, Some(90), Some(180)),
        ("us.2703d", "US", Kind::Information, vec![Statement::Judge], 14, None, None, None),
        ("gb.production-order", "GB", Kind::Information, vec![Statement::Judge], 7, None, None, None),
        ("police.freeze", "BR", Kind::Freeze, vec![], 1, Some(2), Some(7), Some(14)),
    ] {
        let mut order = request(process, country, kind);
        order.states = states;
        let judged = reviewed(&order, &known(country)).judgement;
        assert!(judged.may_be_granted, "{process}: {:?}", judged.missing);
        assert_eq!(judged.due, RECEIVED + days * DAY, "{process}");
        assert_eq!(judged.reminders, [RECEIVED + days * DAY / 2, RECEIVED + days * DAY * 4 / 5]);
        assert_eq!(judged.holds_until, held.map(|d: i64| RECEIVED + d * DAY), "{process}");
        assert_eq!(judged.extendable_until, most.map(|d: i64| RECEIVED + d * DAY), "{process}");
        order.emergency = true;
        order.statement = "a kidnapped child".into();
        let judged = reviewed(&order, &known(country)).judgement;
        match hours {
            Some(hours) => assert_eq!(judged.due, RECEIVED + Seconds::hours(hours), "{process}"),
            None => {
                assert!(judged.due == RECEIVED + days * DAY && judged.notes.iter().any(|n| n.contains("no emergency")))
            }
        }
    }
}

#[test]
fn only_what_the_process_opens_is_granted() {
    let mut order = request("us.subpoena", "US", Kind::Information);
    order.classes = vec![DataClass::Transactions, DataClass::Subscriber, DataClass::Content];
    let judged = reviewed(&order, &known("US")).judgement;
    assert!(judged.may_be_granted);
    assert_eq!(judged.granted, [DataClass::Subscriber]);
    let opened: Vec<(DataClass, bool, bool)> = judged
        .refused
        .iter()
        .map(|r| (r.class, r.opened_by.contains(&"us.2703d".into()), r.opened_by.contains(&"us.search-warrant".into())))
        .collect();
    assert_eq!(opened, [(DataClass::Transactions, true, true), (DataClass::Content, false, true)]);
    assert!(judged.refused.iter().all(|r| !r.opened_by.iter().any(|p| p.starts_with("eu."))));
    // Nothing opened, another country's process, no judge, the wrong kind.
    order.classes = vec![DataClass::Content];
    assert!(!reviewed(&order, &known("US")).judgement.may_be_granted);
    for (process, country, kind, states, words) in [
        ("us.2703d", "DE", Kind::Information, vec![Statement::Judge], "not open to agencies of DE"),
        ("us.2703d", "US", Kind::Information, vec![], "does not state judge"),
        ("eu.epoc", "DE", Kind::Information, vec![], "none of judge, prosecutor, validated"),
        ("eu.epoc-traffic", "DE", Kind::Information, vec![Statement::Judge], "serious_offence"),
        ("us.2703d", "US", Kind::Seizure, vec![Statement::Judge], "no process for seizure"),
        ("police.emergency", "US", Kind::EmergencyDisclosure, vec![Statement::Danger], "statement of reasons"),
    ] {
        let mut order = request(process, country, kind);
        order.states = states;
        let judged = reviewed(&order, &known(country)).judgement;
        assert!(
            !judged.may_be_granted && judged.missing.iter().any(|m| m.contains(words)),
            "{process}: {:?}",
            judged.missing
        );
    }
    let unknown = request("us.wish", "US", Kind::Information);
    let e = review(&Policy::standard(), &Inquiry { request: unknown, history: known("US") }).unwrap_err();
    assert!(e.field == "process" && e.problem.contains("us.2703d"), "{e}");
}

#[test]
fn forged_requests_are_stopped_and_genuine_ones_are_not() {
    let order = request("us.2703d", "US", Kind::Information);
    let signs = |request: &Request, history: &History| {
        let s = reviewed(request, history).suspicion;
        (s.signs.iter().map(|s| s.sign).collect::<Vec<_>>(), s.stops, s.call_back)
    };
    assert_eq!(signs(&order, &known("US")), (vec![], false, false));
    let from = |email: &str| {
        let mut r = order.clone();
        r.officer.email = email.into();
        r
    };
    assert_eq!(signs(&from("a@Mail.Agency.example"), &known("US")).0, [""; 0]);
    assert_eq!(signs(&from("a@agency.example.com"), &known("US")), (vec!["look-alike-domain"], true, true));
    assert_eq!(signs(&from("a@gmail.com"), &known("US")), (vec!["free-mail"], true, true));
    assert_eq!(signs(&from("a@elsewhere.org"), &known("US")), (vec!["unverified-domain"], false, true));
    assert_eq!(signs(&order, &known("CA")).0, ["wrong-country"]);
    // An emergency of a new officer waits for the call-back.
    let mut emergency = request("police.emergency", "US", Kind::EmergencyDisclosure);
    emergency.states = vec![Statement::Danger];
    emergency.statement = "a kidnapped child".into();
    let mut new = History { officer_requests: 0, officer_since: None, ..known("US") };
    assert_eq!(signs(&emergency, &new), (vec!["call-back-missing", "new-officer"], true, true));
    let call = |confirmed| {
        Some(CallBack {
            by: "kim".into(),
            at: RECEIVED + Seconds::MINUTE,
            number_from: "the agency's site".into(),
            confirmed,
        })
    };
    new.call_back = call(true);
    assert_eq!(signs(&emergency, &new), (vec!["new-officer"], false, true));
    new.call_back = call(false);
    assert_eq!(signs(&emergency, &new).0, ["call-back-denied", "new-officer"]);
    assert_eq!(signs(&emergency, &known("US")), (vec![], false, false));
    // Duplicates, references used again, and too many.
    let earlier = |reference: &str, email: &str| Earlier {
        id: "r-0".into(),
        reference: reference.into(),
        email: email.into(),
        targets: order.targets.clone(),
    };
    let with = |list: Vec<Earlier>| History { earlier: list, ..known("US") };
    assert_eq!(signs(&order, &with(vec![earlier("x", "ana.berg@agency.example")])).0, ["duplicate"]);
    assert_eq!(signs(&order, &with(vec![earlier("24-mj-1234", "bo@agency.example")])).0, ["reference-reused"]);
    let busy = |day, mean| History { agency_day: day, agency_mean: mean, ..known("US") };
    assert_eq!(signs(&order, &busy(40, 100)).0, ["unusual-volume"]);
    assert_eq!(signs(&order, &busy(40, 2_000)).0, [""; 0]);
}

#[test]
fn policies_with_faults_name_them() {
    let shipped = holdfast_requests::policy::DEFAULT_POLICY;
    for (from, to, field) in [
        ("countries: [GB]", "countries: [England]", "gb.production-order.countries"),
        ("id: us.2703f", "id: us.2703d", "us.2703d.id"),
        ("    days: 7\n", "", "gb.production-order.days"),
        ("EU: [AT,", "EU: [Austria,", "groups.EU"),
        ("version: 1", "version: one", "policy"),
        ("source: 18 U.S.C. 2703(f)", "source: ''", "us.2703f.source"),
    ] {
        assert!(shipped.contains(from), "{from}");
        assert_eq!(Policy::parse(&shipped.replacen(from, to, 1)).unwrap_err().field, field);
    }
}
