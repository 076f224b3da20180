//! Reports to authorities read back: the XML states what the case does, whole, in the schema's limits.

use crate::fixture::{add, filer, person, with};
use holdfast_cases::Cases;
use holdfast_cases::case::{CaseStep, ItemKind, NewCase, Role};
use holdfast_cases::reports::{Body, Filer, Flow, Kind, Movement, Subject, ValueSource, fincen_sar, goaml};
use holdfast_decision::Price;
use holdfast_decision::model::{Direction, Method, Status};
use holdfast_decision::{ChainFacts, Event, EventKind, Record, RecordKind};
use holdfast_testing::{START, TestDb, deposit, on_both, withdrawal};
use holdfast_types::ids::CaseId;
use holdfast_types::{Amount, Seconds};
use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use std::process::Command;

on_both!(
    a_goaml_report_states_what_the_case_does,
    a_sar_states_what_the_case_does,
    a_value_that_is_not_known_is_not_zero
);

/// An element of a report.
#[derive(Clone, Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn read(xml: &[u8]) -> Element {
        let mut reader = Reader::from_reader(xml);
        let (mut stack, mut buffer) = (vec![Element::default()], Vec::new());
        loop {
            match reader.read_event_into(&mut buffer).unwrap() {
                Xml::Start(e) => {
                    let name = e.local_name().as_ref().to_owned();
                    stack.push(Element { name, ..Element::default() });
                }
                Xml::End(_) => {
                    let done = stack.pop().unwrap();
                    stack.last_mut().unwrap().children.push(done);
                }
                Xml::Text(t) => stack.last_mut().unwrap().text += &t,
                Xml::GeneralRef(r) => {
                    let c = match &*r {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        other => panic!("&{other};"),
                    };
                    stack.last_mut().unwrap().text.push(c);
                }
                Xml::Eof => return stack.pop().unwrap().children.remove(0),
                _ => {}
            }
            buffer.clear();
        }
    }

    /// All elements of a name, at any depth.
    fn all(&self, name: &str) -> Vec<&Element> {
        let mut found: Vec<&Element> = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.all(name));
        }
        found
    }

    fn texts(&self, name: &str) -> Vec<&str> {
        self.all(name).into_iter().map(|e| e.text.as_str()).collect()
    }

    fn one(&self, name: &str) -> &Element {
        let found = self.all(name);
        assert_eq!(found.len(), 1, "{name}");
        found[0]
    }
}

/// Validates against the authority's schema, where Python has lxml (`./test` installs it; CI must have it).
fn validate(schema: &str, xml: &[u8]) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let own = format!("{root}/target/peers/venv/bin/python");
    let python = if std::path::Path::new(&own).exists() { own } else { "python3".to_owned() };
    if !Command::new(&python).args(["-c", "import lxml"]).output().is_ok_and(|o| o.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "lxml is not installed, and CI must have it");
        eprintln!("SKIPPED: the schema check; python3 has no lxml");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.xml");
    std::fs::write(&file, xml).unwrap();
    let script = format!("{root}/crates/app/cli/tests/peers/validate.py");
    let output =
        Command::new(&python).arg(script).arg(format!("{root}/data/schemas/{schema}")).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const EVM: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const SEGWIT: &str = "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3";

/// A case of a customer with a deposit valued by the price table, a payment in, a declined one, and a withdrawal.
fn with_case(place: &TestDb, run: impl FnOnce(&Cases<'_>, CaseId)) {
    with(place, |d, _| run(d, customer_case(d)));
}

fn customer_case(d: &Cases<'_>) -> CaseId {
    d.screening.set_price("ETH", Price { base_units: Amount::new(1), value: 250 }, "ana").unwrap();
    let known = Record {
        name: Some("Maximiliana Konstantina Alexandrina Theodora Muster".into()),
        ..Record::new(RecordKind::Customer, "customer-number-of-more-than-thirty-characters", START)
    };
    let who = known.id.clone();
    let mut records = vec![known];
    for (address, asset) in [(EVM, "ETH"), (SEGWIT, "BTC"), ("13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "BTC")] {
        let mut own = Record::new(RecordKind::DepositAddress, address, START);
        (own.customer, own.asset) = (Some(who.clone()), Some(asset.into()));
        records.push(own);
    }
    d.screening.ingest(records, "exchange").unwrap();
    let mut came = deposit("d1", &who, "0xd1", 7, 0);
    came.value = None;
    let payment = |id: &str, status: Status| {
        let mut e = Event::new(EventKind::Payment, id, START + Seconds::new(5), who.as_str());
        (e.asset, e.amount, e.value) = (Some("EUR".into()), Some(Amount::new(1_000)), Some(1_100));
        (e.method, e.direction, e.status) = (Some(Method::Bank), Some(Direction::In), Some(status));
        e.instrument = Some(format!("bank-of-{id}"));
        e
    };
    let events =
        [came, payment("p1", Status::Settled), payment("p2", Status::Declined), withdrawal("w1", &who, EVM, 2, 500)];
    for event in events {
        d.screening.decide(event, ChainFacts::default(), "exchange").unwrap();
    }
    let ana = person("ana");
    let new = NewCase { title: "Cards".into(), summary: "As seen.".into(), typology: None };
    let case = d.open_case(new, &ana).unwrap().id;
    d.change_case(case, add(ItemKind::Subject, &who, ""), &ana).unwrap();
    for event in ["d1", "p1", "p2", "w1"] {
        d.change_case(case, add(ItemKind::Event, event, ""), &ana).unwrap();
    }
    d.change_case(case, CaseStep::Member { person: "bo".into(), role: Some(Role::Member) }, &ana).unwrap();
    case
}

fn exported(d: &Cases<'_>, case: CaseId, kind: Kind) -> (Body, Vec<u8>) {
    let (ana, bo) = (person("ana"), person("bo"));
    let draft = d.draft_report(case, kind, filer(), &ana).unwrap();
    d.approve_report(case, draft.id, &bo).unwrap();
    (draft.body, d.export_report(case, draft.id, &ana).unwrap())
}

fn a_goaml_report_states_what_the_case_does(place: &TestDb) {
    with_case(place, |d, case| {
        let (body, xml) = exported(d, case, Kind::Goaml);
        validate("goAMLSchema.xsd", &xml);
        let report = Element::read(&xml);
        let who = "customer-number-of-more-than-thirty-characters";
        let found: Vec<(&str, &str, &str, &str)> = report
            .all("transaction")
            .into_iter()
            .map(|t| {
                let side = |name: &str| t.one(name).texts("account")[0];
                let number = t.one("transactionnumber").text.as_str();
                (number, side("t_from"), side("t_to"), t.one("amount_local").text.as_str())
            })
            .collect();
        // The declined payment is no transaction; a payment in has the customer as receiver; the price table's value counts.
        let sender = "0x00000000000000000000000000000000000000aa";
        let expected = [("d1", sender, who, "17.50"), ("p1", "bank-of-p1", who, "11.00"), ("w1", who, EVM, "5.00")];
        assert_eq!(found, expected);
        let reason = &report.all("reason")[0].text;
        assert!(reason.contains("Not carried out (declined): payment p2"), "{reason}");
        assert!(report.texts("client_number").is_empty(), "30 characters cannot hold it; the account does");
        let names = (report.texts("first_name"), report.texts("last_name"));
        assert!(names.0.contains(&"Maximiliana Konstantina Alexandrina Theodora") && names.1.contains(&"Muster"));
        let comments = report.texts("comments").concat();
        assert!([EVM, SEGWIT].iter().all(|a| comments.contains(a)), "{comments}");
        assert_eq!(body.total, 34, "of what was carried out: 17.50, 11.00 and 5.00, in whole units");
    });
}

fn a_sar_states_what_the_case_does(place: &TestDb) {
    with_case(place, |d, case| {
        let (body, xml) = exported(d, case, Kind::FincenSar);
        validate("EFL_SARXBatchSchema.xsd", &xml);
        let report = Element::read(&xml);
        assert_eq!(report.one("TotalSuspiciousAmountText").text, body.total.to_string());
        // Accounts that fit the field are in it whole; the others are whole in the narrative.
        assert_eq!(report.texts("AccountNumberText"), ["13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"]);
        let narrative = report.texts("ActivityNarrativeText").join(" ");
        let who = "customer-number-of-more-than-thirty-characters";
        for whole in [EVM, SEGWIT, who, "Not carried out (declined): payment p2"] {
            assert!(narrative.contains(whole), "{whole}: {narrative}");
        }
        assert_eq!(report.texts("RawIndividualFirstName"), ["Maximiliana Konstantina Alexandrina"]);
        assert_eq!(report.texts("RawIndividualMiddleName"), ["Theodora"]);
        assert!(report.texts("RawEntityIndividualLastName").contains(&"Muster"));
    });
}

fn a_value_that_is_not_known_is_not_zero(place: &TestDb) {
    with_case(place, |d, case| {
        let (ana, bo) = (person("ana"), person("bo"));
        // Values are in US dollars; a filer who reports in euros enters them.
        let euros = Filer { currency: "EUR".into(), ..filer() };
        let draft = d.draft_report(case, Kind::Goaml, euros, &ana).unwrap();
        assert!(draft.body.movements.iter().all(|m| m.value == 0 && m.value_source.is_none()));
        let refused = d.approve_report(case, draft.id, &bo).unwrap_err().to_string();
        assert!(refused.contains("movements[0].value") && refused.contains("EUR"), "{refused}");
        let mut body = draft.body;
        for m in &mut body.movements {
            (m.value, m.value_source) = (1_234, Some(ValueSource::Person));
        }
        d.revise_report(case, draft.id, body, &ana).unwrap();
        d.approve_report(case, draft.id, &bo).unwrap();
        let xml = d.export_report(case, draft.id, &ana).unwrap();
        assert_eq!(Element::read(&xml).texts("amount_local"), ["12.34"; 3]);
    });
}

fn body() -> Body {
    Body {
        filer: filer(),
        narrative: "What happened.".into(),
        action: String::new(),
        prior: None,
        from: START,
        to: START,
        total: 1,
        subjects: vec![Subject { customer: "c1".into(), last_name: "Muster".into(), ..Subject::default() }],
        movements: Vec::new(),
        indicators: Vec::new(),
        activities: vec![holdfast_cases::reports::Activity { kind: 8, subtype: 8_999, other: "virtual assets".into() }],
    }
}

/// The limits of both schemas, met to the character and passed by one: what fits is written whole, what does not is refused by its field's name.
#[test]
fn no_field_is_cut_to_fit() {
    type Change = fn(&mut Body, String);
    let both: [(&str, usize, usize, Change); 8] = [
        ("filer.name", 255, 150, |b, t| b.filer.name = t),
        ("filer.address", 100, 100, |b, t| b.filer.address = t),
        ("filer.city", 255, 50, |b, t| b.filer.city = t),
        ("filer.tax_number", 50, 25, |b, t| b.filer.tax_number = t.replace('x', "1")),
        ("filer.branch", 255, 0, |b, t| b.filer.branch = t),
        ("subjects[0].last_name", 100, 150, |b, t| b.subjects[0].last_name = t),
        ("subjects[0].first_name", 100, 35, |b, t| b.subjects[0].first_name = t),
        ("indicators[0]", 255, 0, |b, t| b.indicators = vec![t]),
    ];
    for (field, in_goaml, in_sar, change) in both {
        for (kind, most) in [(Kind::Goaml, in_goaml), (Kind::FincenSar, in_sar)] {
            if most == 0 {
                continue;
            }
            let written = |length: usize| {
                let mut body = body();
                let text = "x".repeat(length);
                change(&mut body, text.clone());
                let xml = match kind {
                    Kind::Goaml => goaml(&body, "1/1/1", START),
                    Kind::FincenSar => fincen_sar(&body, "1/1/1", START),
                };
                // The form that is checked is the form that is written.
                assert_eq!(body.check(kind).is_ok(), xml.is_ok(), "{field}");
                xml.map_err(|e| e.to_string())
            };
            let whole = String::from_utf8(written(most).unwrap()).unwrap();
            let text = if field == "filer.tax_number" { "1" } else { "x" }.repeat(most);
            assert!(whole.contains(&format!(">{text}<")), "{field} {kind:?}");
            let refused = written(most + 1).unwrap_err();
            assert!(refused.starts_with(field) && refused.contains("nothing is cut"), "{field} {kind:?}: {refused}");
        }
    }
}

#[test]
fn a_narrative_has_at_most_five_parts_and_is_never_cut() {
    let mut long = body();
    // 4,000 words of four letters, with the spaces between them 19,999 characters: five parts.
    long.narrative = vec!["word"; 4_000].join(" ");
    let report = Element::read(&fincen_sar(&long, "1/1/1", START).unwrap());
    let parts = report.texts("ActivityNarrativeText");
    assert_eq!(parts.len(), 5);
    assert_eq!(parts.join(" "), long.narrative);
    validate("EFL_SARXBatchSchema.xsd", &fincen_sar(&long, "1/1/1", START).unwrap());
    // The seven parts of before: 17,000 characters of narrative with 8,000 of action.
    let mut seven = body();
    seven.narrative = "n".repeat(17_000);
    seven.action = "a".repeat(8_000);
    let refused = fincen_sar(&seven, "1/1/1", START).unwrap_err().to_string();
    assert!(refused.starts_with("narrative") && refused.contains("takes 5"), "{refused}");
    assert!(seven.check(Kind::FincenSar).is_err(), "a draft shows it before it is approved");
}

#[test]
fn what_an_older_draft_lacks_is_requested() {
    let old = r#"{"id":"p1","time":1780000000,"kind":"payment","customer":"c1","value":5}"#;
    let mut movement: Movement = serde_json::from_str(old).unwrap();
    let complete = |m: &Movement| {
        let mut body = body();
        body.movements = vec![m.clone()];
        body.check_complete(Kind::Goaml).map_err(|e| e.field)
    };
    assert_eq!(complete(&movement).unwrap_err(), "movements[0].executed");
    movement.executed = Some(true);
    assert_eq!(complete(&movement).unwrap_err(), "movements[0].direction");
    movement.direction = Some(Flow::Out);
    complete(&movement).unwrap();
}
