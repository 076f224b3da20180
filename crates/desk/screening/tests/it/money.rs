//! What must never be let through in silence: movements claimed twice, assets that nobody looked at, addresses in another spelling, times of
//! the future, credits that the ledger does not bear out.

use holdfast_attribution::tags::{Confidence, Tag};
use holdfast_decision::state::State;
use holdfast_decision::{ChainFacts, Event, EventKind, Record, RecordKind, Scope, Verdict};
use holdfast_evaluation::chain_workspace;
use holdfast_screening::holds::{HoldFilter, HoldRequest};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_simulate::Options;
use holdfast_testing::{START, TestClock, TestDb, deposit, on_both, withdrawal};
use holdfast_types::{Amount, Seconds};
use holdfast_workspace::Workspace;

on_both!(
    a_batch_payout_to_two_customers_is_two_holds,
    one_movement_claimed_by_two_customers_is_two_holds_and_an_alert,
    a_hold_request_for_two_owners_is_no_repetition,
    a_freeze_binds_the_asset_in_every_spelling,
    a_future_time_is_refused_and_moves_no_window,
);

fn suspicious() -> ChainFacts {
    ChainFacts { unavailable: Some("the transaction is not known".into()), ..ChainFacts::default() }
}

fn clean() -> ChainFacts {
    ChainFacts { ledger: true, found: true, ..ChainFacts::default() }
}

fn active(screening: &Screening, customer: &str) -> usize {
    let filter =
        HoldFilter { state: Some("active".into()), customer: Some(customer.into()), limit: 100, ..Default::default() };
    screening.holds(&filter).unwrap().len()
}

fn a_batch_payout_to_two_customers_is_two_holds(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let batch = |id: &str, customer: &str| Event { output: None, ..deposit(id, customer, "0xbatch", 5, 1_000) };
    for (id, customer) in [("d1", "c1"), ("d2", "c2")] {
        let decision = screening.decide(batch(id, customer), suspicious(), "t").unwrap();
        assert_eq!((decision.decision, decision.holds.len()), (Verdict::Hold, 1));
        assert_eq!(active(&screening, customer), 1, "{customer}");
        // Reported again by another id it is held once.
        screening.decide(batch(&format!("{id}-again"), customer), suspicious(), "t").unwrap();
        assert_eq!(active(&screening, customer), 1, "{customer}");
    }
    // Two payouts of one batch to one customer are two movements.
    let other = Event { amount: Some(Amount::new(7)), ..batch("d3", "c1") };
    screening.decide(other, suspicious(), "t").unwrap();
    assert_eq!(active(&screening, "c1"), 2);
    for customer in ["c1", "c2"] {
        let out = Event {
            balance: Some(Amount::new(12)),
            ..withdrawal(&format!("w-{customer}"), customer, "0x1", 12, 1_000)
        };
        assert_eq!(screening.decide(out, clean(), "t").unwrap().decision, Verdict::Reject, "{customer}");
    }
    assert!(screening.check_holds().unwrap().problems.is_empty());
}

fn one_movement_claimed_by_two_customers_is_two_holds_and_an_alert(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    assert_eq!(screening.decide(deposit("d1", "c1", "0xt", 5, 1_000), clean(), "t").unwrap().decision, Verdict::Allow);
    // The same customer again, by another id: nothing new.
    assert_eq!(screening.decide(deposit("d2", "c1", "0xt", 5, 1_000), clean(), "t").unwrap().decision, Verdict::Allow);
    let second = screening.decide(deposit("d3", "c2", "0xT", 5, 1_000), clean(), "t").unwrap();
    assert_eq!((second.decision, second.reasons[0].rule.as_str()), (Verdict::Hold, "engine.claimed_twice"));
    assert!(second.alert.is_some() && second.reasons[0].because[0].contains("customer c1"), "{second:?}");
    assert_eq!((active(&screening, "c1"), active(&screening, "c2")), (0, 1));
    // In one batch, and held by a rule: a hold each, and no fault of the database.
    for (id, customer) in [("d4", "c1"), ("d5", "c2"), ("d6", "c2")] {
        screening.decide(deposit(id, customer, "0xu", 5, 1_000), suspicious(), "t").unwrap();
    }
    assert_eq!((active(&screening, "c1"), active(&screening, "c2")), (1, 2));
}

fn a_hold_request_for_two_owners_is_no_repetition(place: &TestDb) {
    let screening = Screening::open(&place.url, TestClock::new().clock()).unwrap();
    let request = |id: &str, customer: &str, scope: Scope| HoldRequest {
        id: id.into(),
        scope,
        customer: customer.into(),
        account: None,
        asset: Some("btc".into()),
        amount: (scope == Scope::Deposit).then_some(Amount::new(5)),
        transfer: (scope == Scope::Deposit).then(|| "BTC:aa:0".into()),
        basis: "court order".into(),
        reason: "order 7".into(),
        expires: None,
        review: None,
        second_person: None,
    };
    let first = screening.place_hold(request("r1", "c1", Scope::Asset), "ana").unwrap();
    assert_eq!(screening.place_hold(request("r1", "c1", Scope::Asset), "ana").unwrap(), first);
    assert!(matches!(screening.place_hold(request("r1", "c2", Scope::Asset), "ana"), Err(ScreeningError::Conflict(_))));
    let held = screening.place_hold(request("r2", "c1", Scope::Deposit), "ana").unwrap();
    let other = screening.place_hold(request("r3", "c2", Scope::Deposit), "ana").unwrap();
    assert_ne!(held, other);
    assert_eq!((active(&screening, "c1"), active(&screening, "c2")), (2, 1));
}

fn a_freeze_binds_the_asset_in_every_spelling(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let freeze = |id: &str, customer: &str, asset: &str| {
        let request = serde_json::json!({"id": id, "scope": "asset", "customer": customer, "asset": asset,
            "basis": "court order", "reason": "order 7"});
        screening.place_hold(serde_json::from_value(request).unwrap(), "ana").unwrap();
    };
    freeze("r1", "c1", "BTC");
    freeze("r2", "c2", "xbt");
    freeze("r3", "c3", "USDT");
    let usdt = "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7";
    let names = ["BTC", "btc", "XBT", "bip122:000000000019d6689c085ae165831e93/slip44:0"];
    let mut n = 0;
    let mut decide = |customer: &str, asset: &str| {
        n += 1;
        let event = Event { asset: Some(asset.into()), ..withdrawal(&format!("w{n}"), customer, "x", 1, 100) };
        screening.decide(event, clean(), "t").unwrap().decision
    };
    for name in names {
        assert_eq!((decide("c1", name), decide("c2", name)), (Verdict::Reject, Verdict::Reject), "{name}");
        assert!(decide("c3", name) < Verdict::Hold, "{name}");
    }
    for name in ["USDT", "usdt", usdt, "tron:mainnet/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"] {
        assert_eq!(decide("c3", name), Verdict::Reject, "{name}");
        assert!(decide("c1", name) < Verdict::Hold, "{name}");
    }
}

fn a_future_time_is_refused_and_moves_no_window(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let at = |id: &str, ahead: i64| Event {
        time: START + Seconds::new(ahead),
        ..deposit(id, "c1", &format!("0x{id}"), 5, 1_000)
    };
    let seen = |s: &Screening| {
        let mut state = State::default();
        for e in s.history(0, 100).unwrap() {
            state.apply(&e.event, &e.facts, 1, e.decision.seq);
        }
        s.history(0, 100).unwrap().len()
    };
    screening.decide(at("d1", 0), clean(), "t").unwrap();
    for ahead in [3_601, 86_400, 300 * 86_400] {
        let error = screening.decide(at(&format!("f{ahead}"), ahead), clean(), "t").unwrap_err().to_string();
        assert!(error.starts_with("time: ") && error.contains("is in the future"), "{error}");
        let mut record = Record::new(RecordKind::Customer, "c1", START + Seconds::new(ahead));
        record.name = Some("From The Future".into());
        let error = screening.ingest(vec![record], "t").unwrap_err().to_string();
        assert!(error.starts_with("records[0].time: "), "{error}");
    }
    assert_eq!(seen(&screening), 1);
    // Within the bound it is taken; the refused id is free.
    screening.decide(at("f3601", 3_600), clean(), "t").unwrap();
    // What came in before such times were refused ends no window after a restart either.
    screening
        .transact("t", |tx| {
            let (far, id) = (START + Seconds::days(300), "d1");
            tx.db().execute("UPDATE events SET time = $1 WHERE id <> $2", &[far.into(), id.into()])?;
            Ok::<_, ScreeningError>(())
        })
        .unwrap();
    drop(screening);
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let nine = (0..9).map(|i| Event {
        tx: Some(format!("0xs{i}")),
        counterparty: Some(format!("0x{i:040}")),
        ..at(&format!("s{i}"), 60 + i)
    });
    for event in nine {
        screening.decide(event, clean(), "t").unwrap();
    }
    let tenth = Event { tx: Some("0xs9".into()), counterparty: Some(format!("0x{:040}", 9)), ..at("s9", 90) };
    let decision = screening.decide(tenth, clean(), "t").unwrap();
    assert!(decision.findings.iter().any(|f| f.typology.name() == "fan_in"), "{decision:?}");
}

/// Twenty assets, every kind of event, every optional field missing or not: what no source covers is reviewed, or as the policy says, and the
/// decision states what was looked at.
#[test]
fn no_event_passes_without_a_source() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, ..) = chain_workspace(&dir.path().join("chain"), Options { seed: 3, txs: 1_000 }).unwrap();
    let url = format!("sqlite:{}", dir.path().join("db").display());
    let screening = Screening::open(&url, TestClock::new().clock()).unwrap();
    let assets = [
        "USDT",
        "USDC",
        "ETH",
        "TRX",
        "SOL",
        "LTC",
        "BCH",
        "BSV",
        "DOGE",
        "XMR",
        "XRP",
        "ADA",
        "BNB",
        "ETC",
        "ZEC",
        "DASH",
        "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7",
        "eip155:137/slip44:966",
        "NEWCOIN",
        "usdt",
    ];
    let mut n = 0;
    for wanted in ["review", "hold", "allow"] {
        let book = holdfast_decision::rules::DEFAULT_BOOK.replace("uncovered: review", &format!("uncovered: {wanted}"));
        screening.apply_rules(&book, "ana").unwrap();
        for asset in assets {
            for (kind, fields) in [(EventKind::Deposit, 16u32), (EventKind::Withdrawal, 4)] {
                for missing in 0..fields {
                    n += 1;
                    let mut event = Event::new(kind, format!("e{n}"), START, format!("c{n}"));
                    (event.asset, event.amount) = (Some(asset.into()), Some(Amount::new(5)));
                    event.value = (missing & 1 == 0).then_some(900_000);
                    event.account = (missing & 2 == 0).then(|| "a1".into());
                    if kind == EventKind::Deposit {
                        event.tx = Some(format!("{n:064x}"));
                        event.output = (missing & 4 == 0).then_some(0);
                        event.counterparty = (missing & 8 == 0).then(|| format!("0x{n:040x}"));
                    } else {
                        event.counterparty = Some(format!("0x{n:040x}"));
                    }
                    let facts = holdfast_chain_facts::chain_facts(&workspace, &event, None);
                    let decision = screening.decide(event, facts, "t").unwrap();
                    assert!(decision.coverage.is_empty(), "{decision:?}");
                    let reason = decision.reasons.iter().find(|r| r.rule == "engine.uncovered");
                    assert_eq!(
                        reason.map(|r| r.decision.name()),
                        Some(wanted).filter(|w| *w != "allow"),
                        "{decision:?}"
                    );
                    assert_eq!(wanted == "hold", decision.decision >= Verdict::Hold && !decision.holds.is_empty());
                }
            }
        }
    }
}

fn tag(address: &str, asset: &str) -> Tag {
    Tag {
        address: address.into(),
        asset: asset.into(),
        label: "OFAC sanctioned address".into(),
        source: "https://example.org".into(),
        category: None,
        abuse: Some("sanction".into()),
        concepts: Vec::new(),
        confidence: Confidence::AuthorityData,
        is_cluster_definer: false,
        actor: None,
        lastmod: String::new(),
        pack: "list".into(),
        file: "list.txt".into(),
        creator: "OFAC".into(),
        tlp: None,
    }
}

/// (as the list has it, its asset, as the event has it, its asset): one script or account each.
const SPELLINGS: [(&str, &str, &str, &str); 9] = [
    ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "USDT", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "BTC"),
    ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "BSV", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "xbt"),
    ("bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "BCH", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "BTC"),
    ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "BTC", "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "BCH"),
    ("3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC", "LTC", "MJiPwX84iBe4WnFDwsYGgtnz1XonPhUqhf", "LTC"),
    ("BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ", "XBT", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "BTC"),
    (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "ETH",
        "0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
        "eip155:137/slip44:966",
    ),
    ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TRX", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c", "USDT"),
    ("41A614F803B6FD780986A42C78EC9C7F77E6DED13C", "USDT", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "trx"),
];

#[test]
fn a_sanctioned_address_is_held_in_every_spelling_and_on_every_chain_of_its_family() {
    let dir = tempfile::tempdir().unwrap();
    let (mut workspace, ..) = chain_workspace(&dir.path().join("chain"), Options { seed: 3, txs: 1_000 }).unwrap();
    let network = workspace.ledger.network();
    // A mainnet ledger is needed for addresses that the event writes as mainnet does.
    for (i, (listed, list, sent, asset)) in SPELLINGS.into_iter().enumerate() {
        let mut tags = holdfast_attribution::TagStore::default();
        tags.add_tags([tag(listed, list)]);
        workspace.tags = tags.into();
        let native = holdfast_types::Asset::same(asset, "BTC");
        let sent = match holdfast_types::Address::read(sent) {
            holdfast_types::Address::Script(key) if native => key.to_text(network),
            _ => sent.to_owned(),
        };
        let url = format!("sqlite:{}", dir.path().join(format!("db{i}")).display());
        let screening = Screening::open(&url, TestClock::new().clock()).unwrap();
        let event = Event { asset: Some(asset.into()), ..withdrawal("w", "c1", &sent, 1, 100) };
        let facts = holdfast_chain_facts::chain_facts(&workspace, &event, None);
        let decision = screening.decide(event, facts, "t").unwrap();
        assert!(decision.decision >= Verdict::Hold, "{listed} {list} {sent} {asset}: {decision:?}");
        assert!(decision.reasons.iter().any(|r| r.rule == "sanctions-counterparty"), "{decision:?}");
    }
}

/// What is known of a customer by an address is found by any of its forms.
#[test]
fn customers_are_found_by_an_address_in_any_form() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("db").display());
    let screening = Screening::open(&url, TestClock::new().clock()).unwrap();
    for (i, (stated, asset, searched, _)) in SPELLINGS.into_iter().enumerate() {
        let mut record = Record::new(RecordKind::DepositAddress, stated, START + Seconds::new(i as i64));
        (record.customer, record.asset) = (Some(format!("c{i}")), Some(asset.into()));
        screening.ingest(vec![record], "t").unwrap();
        screening.decide(withdrawal(&format!("w{i}"), "payer", stated, 1, 100), clean(), "t").unwrap();
        assert_eq!(screening.owner_of(searched).unwrap().map(|o| o.0), Some(format!("c{i}")), "{stated} {searched}");
        for kind in ["deposit_address", "destination"] {
            let found = screening.read(|db| holdfast_screening::identifiers::find(db, kind, searched, 10)).unwrap();
            assert!(!found.is_empty(), "{kind} {stated} {searched}");
        }
    }
}

/// A deposit of the ledger, with the truth about its output.
fn real_deposit(workspace: &Workspace) -> Event {
    let ledger = &workspace.ledger;
    let tx = (1..ledger.counts().txs).find(|t| ledger.outputs(*t).count() == 2).unwrap();
    let output = ledger.outputs(tx).start + 1;
    let mut event = Event::new(EventKind::Deposit, "d", START, "c1");
    event.asset = Some("BTC".into());
    event.amount = Some(Amount::from(ledger.value(output)));
    event.value = Some(100);
    event.tx = Some(ledger.txid_text(tx));
    event.output = Some(1);
    event.address = Some(ledger.address(ledger.address_of(output)).to_text(ledger.network()));
    event
}

#[test]
fn a_credit_that_the_ledger_does_not_bear_out_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let (workspace, ..) = chain_workspace(&dir.path().join("chain"), Options { seed: 3, txs: 1_000 }).unwrap();
    let url = format!("sqlite:{}", dir.path().join("db").display());
    let screening = Screening::open(&url, TestClock::new().clock()).unwrap();
    let true_one = real_deposit(&workspace);
    let mut n = 0;
    let mut reasons = |change: &dyn Fn(&mut Event)| {
        n += 1;
        let mut event = Event { id: format!("d{n}"), ..true_one.clone() };
        change(&mut event);
        let facts = holdfast_chain_facts::chain_facts(&workspace, &event, None);
        let decision = screening.decide(event, facts, "t").unwrap();
        let found = decision.reasons.iter().find(|r| r.rule == "engine.mismatch");
        found.map(|r| (decision.decision, r.because.join("; ")))
    };
    assert_eq!(reasons(&|_| {}), None);
    assert_eq!(reasons(&|e| e.output = None), None, "the output is found by address and amount");
    assert_eq!(reasons(&|e| (e.output, e.address) = (None, None)), None, "and by amount");
    type Change<'a> = &'a dyn Fn(&mut Event);
    let cases: [(Change<'_>, &str); 5] = [
        (
            &|e| e.amount = Some(Amount::new(u128::try_from(e.amount.unwrap()).unwrap() * 1_000)),
            "base units, by the event",
        ),
        (&|e| e.address = Some("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu".into()), "output 1 does not pay"),
        (
            &|e| (e.output, e.address) = (None, Some("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu".into())),
            "no output of the transaction pays",
        ),
        (&|e| e.confirmations = Some(1_000_000), "1000000 confirmations by the event"),
        (&|e| e.asset = Some("LTC".into()), "where there is no LTC"),
    ];
    for (change, words) in cases {
        let (decision, because) = reasons(change).unwrap_or_else(|| panic!("{words}"));
        assert!(decision == Verdict::Hold && because.contains(words), "{decision:?} {because}");
    }
}
