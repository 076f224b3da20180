//! Labs at the desk: requests from law enforcement, customers' movements.

use super::{Chain, Made, Step, bytes, first, step};
use crate::grade::{Check, Draft, coins};
use holdfast_bitcoin::{AddressKey, Network, ScriptClass};
use holdfast_decision::typology::Typology;
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_evaluation::{Options, findings, simulate, typology_of};
use holdfast_requests::forgery::{CallBack, Domain, History};
use holdfast_requests::request::{Kind, Officer, Statement, Target, TargetKind};
use holdfast_requests::{Inquiry, Request};
use holdfast_simulate::random::Random;
use holdfast_types::{Seconds, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// 2026-06-01.
const BEGIN: Timestamp = Timestamp::from_unix(1_780_272_000);

struct Agency {
    name: &'static str,
    country: &'static str,
    domain: &'static str,
}

/// Agencies of the labs; their domains are reserved for examples or made up below them (RFC 2606).
const AGENCIES: [Agency; 5] = [
    Agency { name: "Northland Cybercrime Unit", country: "US", domain: "cyber.northland.example" },
    Agency { name: "Kriminalamt Westtal", country: "DE", domain: "kriminalamt-westtal.example" },
    Agency { name: "Rijksrecherche Oostdam", country: "NL", domain: "recherche.oostdam.example" },
    Agency { name: "Brigade Financière de Valmont", country: "FR", domain: "brigade-valmont.example" },
    Agency { name: "Southshire Police", country: "GB", domain: "southshire.police.example" },
];

const NAMES: [&str; 8] =
    ["Ana Berg", "Tom Okafor", "Lea Marchand", "Jan de Wit", "Mira Novak", "Sam Hughes", "Ines Duarte", "Paul Krause"];

const FREE_MAIL: [&str; 3] = ["gmail.com", "proton.me", "outlook.com"];

fn mail(name: &str, domain: &str) -> String {
    format!("{}@{domain}", name.to_lowercase().replace(' ', "."))
}

fn address(random: &mut Random) -> String {
    AddressKey::new(ScriptClass::P2wpkh, &bytes::<20>(random)).to_text(Network::Bitcoin)
}

fn txid(random: &mut Random) -> String {
    hex::encode(bytes::<32>(random))
}

/// Draws the authority that sends the request: the agency, the legal process, the paper that it has, and what it states.
fn authority(random: &mut Random) -> (&'static Agency, &'static str, &'static str, Vec<Statement>) {
    match random.below(4) {
        0 => (&AGENCIES[0], "us.restraining-order", "a restraining order signed by a judge", vec![Statement::Judge]),
        1 => (
            &AGENCIES[1],
            "domestic.court-order",
            "an order of the court of the exchange's own country, issued by a judge",
            vec![Statement::Judge],
        ),
        2 => (
            &AGENCIES[3],
            "mlat",
            "a request under the treaty on mutual legal assistance, which came by the central authority",
            vec![Statement::CentralAuthority],
        ),
        _ => (
            &AGENCIES[2],
            "police.freeze",
            "no court order yet: as police it requests that the funds are held until one arrives",
            vec![],
        ),
    }
}

fn freeze_steps(process: &str, draft: Draft) -> Vec<Step> {
    let kinds: Vec<String> =
        ["information", "preservation", "freeze", "seizure", "emergency_disclosure"].map(str::to_owned).to_vec();
    let why = match process {
        "police.freeze" => "A police freeze is voluntary and lapses after days: an order must follow.",
        "mlat" => "Under the treaty it comes through central authorities, and must state it.",
        _ => "A court's order must state that a judge issued it.",
    };
    vec![
        step(
            "kind",
            15,
            "What kind of request is it?",
            Check::Choice { right: "freeze".into(), options: kinds },
            &[],
            "A freeze holds funds where they are; a seizure transfers them; a preservation stores data.",
        ),
        step(
            "draft",
            85,
            "The request (JSON).",
            Check::Request(Box::new(draft)),
            &[
                "Fill template.json in from the facts; kind is freeze; targets have kind address or transaction, and the asset BTC.",
                "`states` lists what the authority states: judge where a judge issued the order, central_authority where it came by treaty.",
                "`holdfast desk policy` has the process: look at the kinds and countries of each.",
            ],
            why,
        ),
    ]
}

/// Creates the lab "Draft a freeze request".
pub(super) fn freeze_request(seed: u64) -> Result<Made, String> {
    let mut random = Random::new(seed);
    let (agency, process, paper, states) = authority(&mut random);
    let officer = *random.pick(&NAMES);
    let (deposit, other) = (address(&mut random), address(&mut random));
    let (paid, stolen) = (txid(&mut random), random.between(10, 900) * 1_000_000);
    let reference = format!("{}-{}/{}", &agency.country, 2026, random.between(1_000, 9_999));
    let time = BEGIN + Seconds::new(random.below(100 * 86_400).cast_signed());
    let mut targets = vec![
        Target { asset: Some("BTC".into()), ..Target::new(TargetKind::Address, deposit.clone()) },
        Target { asset: Some("BTC".into()), ..Target::new(TargetKind::Transaction, paid.clone()) },
    ];
    targets.sort();
    let model = Request {
        id: "draft".into(),
        received: time,
        kind: Kind::Freeze,
        process: process.into(),
        reference: reference.clone(),
        officer: Officer {
            name: officer.into(),
            email: mail(officer, agency.domain),
            agency: agency.name.into(),
            country: agency.country.into(),
        },
        targets,
        classes: Vec::new(),
        states,
        emergency: false,
        gag_until: None,
        statement: format!(
            "{} coins stolen in this case reached the exchange's deposit address {deposit} by transaction {paid}.",
            coins(stolen)
        ),
        scope: Default::default(),
        attachments: Vec::new(),
    };
    let brief = format!(
        "You are **{officer}** ({}) of **{}**, country {}. Your reference is `{reference}`. You have {paper}.\n\n\
        A trace shows that {} BTC stolen in your case left the thief's wallet `{other}` and reached the deposit address `{deposit}` at the \
        exchange by transaction `{paid}` on {}. Draft the request that has the exchange **keep the funds where they are**: name the deposit address \
        and the transaction as targets, and nobody else. The reasons must state the amount and the transaction that paid it.\n\n\
        Write it in the desk's form (JSON; `holdfast desk review FILE` shows the desk's review of it; `holdfast desk policy` lists the legal \
        processes). `template.json` is a form to fill in.",
        mail(officer, agency.domain),
        agency.name,
        agency.country,
        coins(stolen),
        time.rfc3339(),
    );
    let template = serde_json::json!({ "request": {
        "id": "draft", "received": time, "kind": "", "process": "", "reference": "",
        "officer": { "name": "", "email": "", "agency": "", "country": "" },
        "targets": [{ "kind": "", "value": "", "asset": "" }], "states": [], "statement": "",
    }});
    let history = History {
        domains: vec![Domain {
            domain: agency.domain.into(),
            agency: agency.name.into(),
            country: agency.country.into(),
        }],
        officer_since: Some(time - Seconds::days(300)),
        officer_requests: 3,
        ..History::default()
    };
    let words = vec![
        (paid.clone(), "The reasons do not name the transaction by which the money came.".to_owned()),
        (coins(stolen), "The reasons do not state the amount.".to_owned()),
    ];
    let steps = freeze_steps(process, Draft { model, history, words });
    let files = vec![("template.json".to_owned(), serde_json::to_vec_pretty(&template).map_err(|e| e.to_string())?)];
    Ok(Made { brief, files, chain: Chain::None, steps })
}

const SIGNS: [&str; 6] =
    ["look-alike-domain", "free-mail", "wrong-country", "call-back-denied", "call-back-missing", "none of these"];

/// Creates a request and what is known of its sender, with a sign of forgery or without one.
fn forged_or_not(
    random: &mut Random,
    number: usize,
    sign: Option<&str>,
    is_unusual: bool,
    domains: &[Domain],
) -> Inquiry {
    let agency = random.pick(&AGENCIES);
    let officer = *random.pick(&NAMES);
    let time = BEGIN + Seconds::new(random.below(100 * 86_400).cast_signed());
    let mut request = Request {
        id: format!("request-{number}"),
        received: time,
        kind: Kind::Freeze,
        process: "police.freeze".into(),
        reference: format!("{}-{}", agency.country, random.between(10_000, 99_999)),
        officer: Officer {
            name: officer.into(),
            email: mail(officer, agency.domain),
            agency: agency.name.into(),
            country: agency.country.into(),
        },
        targets: vec![Target { asset: Some("BTC".into()), ..Target::new(TargetKind::Address, address(random)) }],
        classes: Vec::new(),
        states: Vec::new(),
        emergency: false,
        gag_until: None,
        statement: format!(
            "Proceeds of a fraud, {} BTC; an order will follow.",
            coins(random.between(1, 500) * 1_000_000)
        ),
        scope: Default::default(),
        attachments: Vec::new(),
    };
    let mut history = History {
        domains: domains.to_vec(),
        officer_since: Some(time - Seconds::days(random.between(60, 900).cast_signed())),
        officer_requests: u32::try_from(random.between(1, 9)).unwrap_or(1),
        ..History::default()
    };
    match sign {
        None if is_unusual => {
            // A new officer at a subdomain of the agency: worth knowing, no more.
            request.officer.email = mail(officer, &format!("mail.{}", agency.domain));
            history.officer_requests = 0;
            history.officer_since = None;
        }
        Some("look-alike-domain") => {
            let (name, rest) = agency.domain.split_at(3);
            let swapped = match random.below(2) {
                0 => format!("{}.com", agency.domain.replace('.', "-")),
                _ => format!("{name}{}{rest}", &name[2..]),
            };
            request.officer.email = mail(officer, &swapped);
            history.officer_requests = 0;
        }
        Some("free-mail") => {
            let domain = *random.pick(&FREE_MAIL);
            request.officer.email = mail(officer, domain);
            history.officer_requests = 0;
        }
        Some("wrong-country") => {
            let other = AGENCIES.iter().find(|a| a.country != agency.country).map_or("BR", |a| a.country);
            request.officer.country = other.into();
        }
        Some("call-back-denied") => {
            history.call_back = Some(CallBack {
                by: "desk".into(),
                at: time + Seconds::HOUR,
                number_from: "the agency's printed directory".into(),
                confirmed: false,
            });
        }
        Some(_) => {
            request.kind = Kind::EmergencyDisclosure;
            request.process = "police.emergency".into();
            request.classes = vec![holdfast_requests::request::DataClass::Subscriber];
            request.states = vec![Statement::Danger];
            request.emergency = true;
            request.statement = "A person is being held; we need the account holder's address at once.".into();
            history.officer_requests = 0;
            history.officer_since = None;
        }
        None => {}
    }
    Inquiry { request, history }
}

fn forgery_steps(options: Vec<String>, forged: BTreeSet<String>, truth: Vec<(String, &str)>) -> Vec<Step> {
    let mut steps = vec![step(
        "stop",
        40,
        "Which requests must be stopped until a person has cleared them?",
        Check::Choices { right: forged, options },
        &[
            "Compare the officer's address with the domains that the desk verified, letter by letter.",
            "A new officer at a verified domain is worth knowing, and no forgery; an emergency of one is another matter.",
        ],
        "Each of them has a sign that stops it; a request that is only unusual is answered with care.",
    )];
    for (i, (name, sign)) in truth.into_iter().enumerate() {
        steps.push(step(
            ["first", "second", "third"][i],
            15,
            format!("What stops {name}?"),
            Check::Choice { right: sign.into(), options: SIGNS.map(str::to_owned).to_vec() },
            &["`holdfast desk review FILE` lists the signs with their reasons."],
            match sign {
                "look-alike-domain" => "The domain was registered to be read as the agency's.",
                "free-mail" => "Anybody gets an address there.",
                "wrong-country" => "The domain is another country's than the request states.",
                "call-back-denied" => "The agency was called on a number found independently and knows nothing of it.",
                _ => "An emergency of an officer who is new here is called back before anything is given out.",
            },
        ));
    }
    let calls = [
        "Call the agency on the number in the request",
        "Call the agency on a number that you find yourself",
        "Answer the mail and ask for proof",
        "Send the data, life is in danger",
    ];
    steps.push(step(
        "next",
        15,
        "An emergency request of an officer who is new looks right in everything. What do you do first?",
        Check::Choice { right: calls[1].into(), options: calls.map(str::to_owned).to_vec() },
        &[],
        "Whoever forges a request answers the phone number and the mail in it.",
    ));
    steps
}

/// Creates the lab "Judge forged requests".
pub(super) fn forged_requests(seed: u64) -> Result<Made, String> {
    let mut random = Random::new(seed);
    let domains: Vec<Domain> = AGENCIES
        .iter()
        .map(|a| Domain { domain: a.domain.into(), agency: a.name.into(), country: a.country.into() })
        .collect();
    let mut signs = vec!["look-alike-domain", "free-mail", "wrong-country", "call-back-denied", "call-back-missing"];
    random.shuffle(&mut signs);
    // Three forged, three genuine; among the genuine one that only looks unusual.
    let mut all: Vec<Option<&str>> = vec![Some(signs[0]), Some(signs[1]), Some(signs[2]), None, None, None];
    random.shuffle(&mut all);
    let unusual = all.iter().position(Option::is_none).unwrap_or(0);
    let mut files = Vec::new();
    let (mut forged, mut truth) = (BTreeSet::new(), Vec::new());
    for (i, sign) in all.iter().enumerate() {
        let inquiry = forged_or_not(&mut random, i + 1, *sign, i == unusual, &domains);
        let name = format!("request-{}.json", i + 1);
        if let Some(sign) = sign {
            forged.insert(name.clone());
            truth.push((name.clone(), *sign));
        }
        files.push((name, serde_json::to_vec_pretty(&inquiry).map_err(|e| e.to_string())?));
    }
    let options: Vec<String> = files.iter().map(|f| f.0.clone()).collect();
    let steps = forgery_steps(options, forged, truth);
    let brief = "Six requests reached the desk, each with what is known of its sender (`request-1.json` to `request-6.json`; `history` has the \
        domains that the desk verified, the officer's earlier requests and the call-back). Somebody wants to have customers' data or to see \
        accounts frozen by posing as police. Decide which must be stopped, and why."
        .to_owned();
    Ok(Made { brief, files, chain: Chain::None, steps })
}

const NAMED: [(Typology, &str); 6] = [
    (Typology::Structuring, "structuring"),
    (Typology::Mule, "mule"),
    (Typology::AccountTakeover, "account_takeover"),
    (Typology::FakeAccountRing, "fake_account_ring"),
    (Typology::CardCashOut, "card_cash_out"),
    (Typology::ScamVictim, "scam_victim"),
];

/// Creates the lab "Name the typology".
pub(super) fn name_the_typology(seed: u64) -> Result<Made, String> {
    let (made, cases, suspected) = first(seed, "exchange", |seed| {
        let made =
            simulate(Options { seed, customers: 100, days: 30, cases: 1, start: BEGIN.unix(), ..Options::default() })
                .ok()?;
        // Only what can be seen: a planted case that hides in noise would be a guess.
        let found = findings(&made, |_: &Event| ChainFacts::default(), &mut |_| ControlFlow::Continue(())).ok()?;
        let mut by_customer: BTreeMap<&str, BTreeSet<Typology>> = BTreeMap::new();
        found.iter().for_each(|(t, c)| {
            by_customer.entry(c).or_default().insert(*t);
        });
        let mut cases: Vec<(&'static str, Typology, String)> = Vec::new();
        for (typology, name) in NAMED {
            let case = made.cases.iter().find(|c| typology_of(c.typology) == typology)?;
            let alone =
                |c: &&String| by_customer.get(c.as_str()).is_some_and(|t| t.len() == 1 && t.contains(&typology));
            if let Some(customer) = case.customers.iter().find(alone) {
                cases.push((name, typology, customer.clone()));
            }
        }
        Random::new(seed).shuffle(&mut cases);
        cases.truncate(4);
        let suspected: BTreeSet<String> = by_customer.keys().map(|c| (*c).to_owned()).collect();
        (cases.len() == 4).then_some((made, cases, suspected))
    })?;
    let mut options: Vec<String> = NAMED.map(|(_, name)| name.to_owned()).to_vec();
    options.push("nothing".into());
    // A decoy: customers without a case whose money moves.
    let busy: BTreeSet<&str> = made.cases.iter().flat_map(|c| c.customers.iter().map(String::as_str)).collect();
    let clean = made
        .events
        .iter()
        .filter(|e| {
            e.kind != EventKind::Account && !busy.contains(e.customer.as_str()) && !suspected.contains(&e.customer)
        })
        .map(|e| e.customer.clone())
        .next_back()
        .ok_or("nobody is clean")?;
    let lines = |list: Vec<serde_json::Result<String>>| -> Result<Vec<u8>, String> {
        let lines: Result<Vec<String>, _> = list.into_iter().collect();
        Ok((lines.map_err(|e| e.to_string())?.join("\n") + "\n").into_bytes())
    };
    let files = vec![
        ("records.jsonl".to_owned(), lines(made.records.iter().map(serde_json::to_string).collect())?),
        ("events.jsonl".to_owned(), lines(made.events.iter().map(serde_json::to_string).collect())?),
    ];
    let mut steps = Vec::new();
    for (i, (name, typology, customer)) in cases.iter().enumerate() {
        let hint = format!("Definitions: {}", NAMED.map(|(t, n)| format!("{n}: {}", t.definition())).join(" "));
        steps.push(step(
            ["first", "second", "third", "fourth"][i],
            20,
            format!("What does customer `{customer}` look like?"),
            Check::Choice { right: (*name).into(), options: options.clone() },
            &["Read the customer's events in order of time: who pays in, how, from what device, and how soon does it leave?", &hint],
            typology.definition(),
        ));
    }
    steps.push(step(
        "clean",
        20,
        format!("And customer `{clean}`?"),
        Check::Choice { right: "nothing".into(), options },
        &[],
        "Most customers do nothing wrong; an alert on one of them costs trust.",
    ));
    let brief = "A month of a small exchange: `records.jsonl` (customers, their identity checks, devices, addresses) and `events.jsonl` (deposits, \
        withdrawals, payments, account events). Name the typology of five customers.\n\nImport it with `holdfast records import records.jsonl --store store` and `holdfast screen \
        events.jsonl --no-ledger --store store`, then look at `holdfast alerts list --store store` or at the desk's pages; or read the lines themselves."
        .to_owned();
    Ok(Made { brief, files, chain: Chain::None, steps })
}
