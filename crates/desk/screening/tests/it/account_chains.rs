//! Deposits and withdrawals on account chains: their facts come from the exposure in the event's asset, what is not known is never let through in silence,
//! and flags follow the money.

use holdfast_account_ledger::Settings;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_attribution::tags::Confidence;
use holdfast_attribution::{Tag, TagStore};
use holdfast_chain_facts::chain_facts;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::{ChainFacts, Event, EventKind, Verdict};
use holdfast_screening::Screening;
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Position, Seconds, TokenRef, TransactionTransfers,
    Transfer, TransferKind,
};
use holdfast_workspace::ChainQueries;
use std::path::Path;
use std::sync::Arc;

on_both!(
    facts_are_of_the_event_s_asset_and_decide,
    money_from_where_nobody_knows_is_reviewed,
    a_flag_follows_transfers_of_accounts,
);

const USDT: [u8; 20] = hex_literal(b"dac17f958d2ee523a2206206994597c13d831ec7");
/// Paxos alone mints it.
const USDP: [u8; 20] = hex_literal(b"8e870d67f660d95d5be530380d0ec0bd388289e1");
/// Circle mints it, and a bridge of its own too.
const USDC: [u8; 20] = hex_literal(b"a0b86991c6218b36c1d19d4a2e9eb0ce3606eb48");

const fn hex_literal(text: &[u8; 40]) -> [u8; 20] {
    const fn digit(c: u8) -> u8 {
        if c <= b'9' { c - b'0' } else { c - b'a' + 10 }
    }
    let (mut bytes, mut at) = ([0; 20], 0);
    while at < 20 {
        bytes[at] = digit(text[2 * at]) * 16 + digit(text[2 * at + 1]);
        at += 1;
    }
    bytes
}

fn chain() -> ChainId {
    ChainId::parse("eip155:1").unwrap()
}

fn address(n: u8) -> String {
    AccountId::evm([n; 20]).to_address(&chain()).to_string()
}

/// (token, from, to, amount); 0 stands for nobody.
type Payment = (TokenRef, u8, u8, u64);

/// The hash of a block's only transaction.
fn hash(height: usize) -> String {
    format!("0x{}", format!("{:02x}", height + 100).repeat(32))
}

/// A ledger of one transaction a block.
fn ledger(dir: &Path, first: u64, payments: &[Vec<Payment>], tags: &[(u8, &str)]) -> AccountWorkspace {
    let tag = |(n, category): &(u8, &str)| Tag {
        address: address(*n),
        asset: "ETH".to_owned(),
        label: format!("{category} of a test"),
        source: "a test".to_owned(),
        category: Some((*category).to_owned()),
        abuse: None,
        concepts: Vec::new(),
        confidence: Confidence::Forensic,
        is_cluster_definer: false,
        actor: None,
        lastmod: "2024-01-01".to_owned(),
        pack: "a test".to_owned(),
        file: String::new(),
        creator: "a test".to_owned(),
        tlp: None,
    };
    let mut store = TagStore::default();
    store.add_tags(tags.iter().map(tag));
    let mut workspace = AccountWorkspace::create_or_open(dir, &Settings::new(chain()), Arc::new(store)).unwrap();
    let side = |n: u8| (n > 0).then(|| AccountId::evm([n; 20]));
    for (n, payments) in payments.iter().enumerate() {
        let transfer = |(place, (token, from, to, amount)): (u32, &Payment)| Transfer {
            token: *token,
            from: side(*from),
            to: side(*to),
            amount: Amount::from(*amount),
            kind: if *from == 0 { TransferKind::Mint } else { TransferKind::Token },
            position: Position::Log(place, 0),
            commitment: Commitment::Root,
        };
        let transaction = TransactionTransfers {
            hash: [u8::try_from(n + 100).unwrap(); 32],
            index: 0,
            payer: AccountId::evm([1; 20]),
            to: None,
            success: true,
            fee: Amount::ZERO,
            method: None,
            transfers: (0..).zip(payments).map(transfer).collect(),
            signals: Vec::new(),
        };
        let block = |n: u64| if n == 0 { [0; 32] } else { [u8::try_from(n).unwrap(); 32] };
        workspace
            .ledger
            .append_block(BlockTransfers {
                chain: chain(),
                height: first + n as u64,
                hash: block(n as u64 + 1),
                parent: block(n as u64),
                time: 1_700_000_000,
                transactions: vec![transaction],
                block_level: Vec::new(),
                internal_known: true,
            })
            .unwrap();
    }
    workspace
}

fn other_id(contract: [u8; 20]) -> String {
    TokenRef::Fungible(AccountId::evm(contract)).asset_id(&chain()).to_string()
}

fn usdt() -> TokenRef {
    TokenRef::Fungible(AccountId::evm(USDT))
}

fn event(id: &str, kind: EventKind, asset: &str, amount: u64) -> Event {
    let mut event = Event::new(kind, id, START, "c1");
    (event.asset, event.amount, event.value) = (Some(asset.into()), Some(Amount::from(amount)), Some(50_000));
    event
}

/// A deposit by the transaction of a block to an address.
fn paid_in(id: &str, asset: &str, height: usize, to: u8, amount: u64) -> Event {
    let mut event = event(id, EventKind::Deposit, asset, amount);
    (event.tx, event.address) = (Some(hash(height)), Some(address(to)));
    event
}

fn rules(screening: &Screening, event: Event, facts: ChainFacts) -> (Verdict, Vec<String>) {
    let decision = screening.decide(event, facts, "x").unwrap();
    (decision.decision, decision.reasons.into_iter().map(|r| r.rule).collect())
}

/// A listed address (9) and an exchange (2) pay 3 in USDT; 3 pays in at 20, once in USDT, once in a token that nobody listed paid; and once in
/// one that a contract without a known issuer minted.
fn facts_are_of_the_event_s_asset_and_decide(db: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let [other, circle, minted] = [USDP, USDC, [0x77; 20]].map(|token| TokenRef::Fungible(AccountId::evm(token)));
    let payments = [
        vec![
            (usdt(), 0, 9, 4_000),
            (usdt(), 0, 2, 6_000),
            (other, 0, 3, 500),
            (minted, 0, 3, 500),
            (circle, 0, 3, 500),
        ],
        vec![(usdt(), 9, 3, 4_000), (usdt(), 2, 3, 6_000)],
        vec![(usdt(), 3, 20, 10_000)],
        vec![(other, 3, 20, 500)],
        vec![(usdt(), 3, 21, 0), (usdt(), 20, 22, 10_000)],
        vec![(minted, 3, 20, 500)],
        vec![(circle, 3, 20, 500)],
    ];
    let w = ledger(dir.path(), 0, &payments, &[(9, "sanction"), (2, "exchange")]).snapshot();
    let facts = chain_facts(&w, &paid_in("d1", "USDT", 2, 20, 10_000), None);
    assert_eq!((facts.ledger, facts.found, facts.unavailable.as_deref()), (true, true, None), "{facts:?}");
    let [share] = facts.source.iter().filter(|s| s.category.name() == "sanction").collect::<Vec<_>>()[..] else {
        panic!("{facts:?}")
    };
    assert_eq!((share.indirect, share.indirect_ppm, share.direct), (4_000, 400_000, 0));
    assert_eq!((facts.unknown_ppm, &facts.senders), (0, &vec![address(3)]));
    // This ledger was written without what stands beside it: decisions say so.
    for gap in ["links were not looked for", "signals were not looked for"] {
        assert!(facts.gaps.iter().any(|said| said.starts_with(gap)), "{facts:?}");
    }
    assert!(facts.issuer_gaps[0].contains("freezes were not looked for in the stored blocks"), "{facts:?}");
    let screening = Screening::open(&db.url, TestClock::new().clock()).unwrap();
    let (verdict, reasons) = rules(&screening, paid_in("d1", "USDT", 2, 20, 10_000), facts);
    assert!(verdict == Verdict::Hold && reasons.contains(&"sanctions-indirect".to_owned()), "{reasons:?}");
    // The same payer in another asset has nothing to do with it.
    let clean = chain_facts(&w, &paid_in("d2", &other_id(USDP), 3, 20, 500), None);
    assert!(clean.source.is_empty() && clean.found && clean.unknown_ppm == 0, "{clean:?}");
    assert_eq!(rules(&screening, paid_in("d2", &other_id(USDP), 3, 20, 500), clean).0, Verdict::Allow);
    // A bridge may have minted it: nobody read where it comes from.
    let bridged = paid_in("d5", &other_id([0x77; 20]), 5, 20, 500);
    let facts = chain_facts(&w, &bridged, None);
    assert_eq!((facts.unknown_ppm, facts.older_ppm), (1_000_000, 0), "{facts:?}");
    assert_eq!(rules(&screening, bridged, facts), (Verdict::Review, vec!["source-unknown".to_owned()]));
    // So may what its issuer sells too, where nobody looked for links.
    let facts = chain_facts(&w, &paid_in("d6", &other_id(USDC), 6, 20, 500), None);
    assert_eq!((facts.unknown_ppm, facts.older_ppm), (1_000_000, 0), "{facts:?}");
    // A payee by what it received in that asset and where it went.
    let mut out = event("w1", EventKind::Withdrawal, "USDT", 5);
    out.counterparty = Some(address(9));
    let facts = chain_facts(&w, &out, None);
    assert_eq!(facts.category.name(), "sanction");
    assert_eq!(rules(&screening, out, facts).0, Verdict::Hold);
    // An asset that the ledger has not seen has no exposure; one that no ledger holds has no source.
    let dai = chain_facts(&w, &paid_in("d3", "DAI", 2, 20, 5), None);
    assert!(dai.ledger && !dai.mismatch.is_empty(), "{dai:?}");
    let none = chain_facts(&w, &paid_in("d4", "BTC", 4, 20, 5), None);
    assert!(!none.ledger);
    let (verdict, reasons) = rules(&screening, paid_in("d4", "BTC", 4, 20, 5), none);
    assert!(verdict == Verdict::Review && reasons.contains(&"engine.uncovered".to_owned()), "{reasons:?}");
}

/// The ledger begins late, so that it is not known whom the money came from; and a token moves what nobody has.
fn money_from_where_nobody_knows_is_reviewed(db: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let payments = [
        vec![(usdt(), 3, 4, 1_000)],
        vec![(usdt(), 4, 20, 1_000)],
        vec![(usdt(), 0, 5, 1_000)],
        vec![(usdt(), 5, 20, 1_000)],
    ];
    let w = ledger(dir.path(), 70, &payments, &[]).snapshot();
    let screening = Screening::open(&db.url, TestClock::new().clock()).unwrap();
    let late = paid_in("d1", "USDT", 1, 20, 1_000);
    let facts = chain_facts(&w, &late, None);
    assert_eq!((facts.unknown_ppm, facts.older_ppm, facts.unavailable.as_deref()), (1_000_000, 1_000_000, None));
    assert!(facts.gaps.join(" ").contains("before the first stored block"), "{facts:?}");
    assert!(facts.gaps.join(" ").contains("blocks begin at 70"), "{facts:?}");
    // A small value is let through with a note; a large one, and one that nobody priced, is for people.
    let small = screening.decide(late.clone(), facts.clone(), "x").unwrap();
    let in_shadow: Vec<&str> = small.shadow.iter().map(|r| r.rule.as_str()).collect();
    assert_eq!((small.decision, in_shadow), (Verdict::Allow, vec!["source-older-than-ledger-small"]));
    for (id, value) in [("large", Some(100_000)), ("unpriced", None)] {
        let large = Event { id: id.into(), customer: id.into(), value, ..late.clone() };
        let (_, reasons) = rules(&screening, large, facts.clone());
        assert!(reasons.contains(&"source-older-than-ledger".to_owned()), "{id}: {reasons:?}");
    }
    // What was made in the ledger is known.
    let made = paid_in("d2", "USDT", 3, 20, 1_000);
    let facts = chain_facts(&w, &made, None);
    assert_eq!(rules(&screening, made, facts), (Verdict::Allow, Vec::new()));

    let dir = tempfile::tempdir().unwrap();
    let w = ledger(dir.path(), 0, &[vec![(usdt(), 3, 20, 1_000)]], &[]).snapshot();
    let unbacked = paid_in("d3", "USDT", 0, 20, 1_000);
    let facts = chain_facts(&w, &unbacked, None);
    assert!(facts.gaps.join(" ").contains("negative"), "{facts:?}");
    let (verdict, reasons) = rules(&screening, unbacked, facts);
    assert_eq!((verdict, reasons), (Verdict::Review, vec!["source-unknown".to_owned()]));
    let mut out = event("w1", EventKind::Withdrawal, "USDT", 5);
    out.counterparty = Some(address(20));
    let facts = chain_facts(&w, &out, None);
    assert!(rules(&screening, out, facts).1.contains(&"source-unknown".to_owned()));
}

fn a_flag_follows_transfers_of_accounts(db: &TestDb) {
    let dir = tempfile::tempdir().unwrap();
    let payments = [
        vec![(usdt(), 0, 2, 9_000)],
        vec![(usdt(), 2, 9, 9_000)],
        vec![(usdt(), 9, 3, 9_000)],
        vec![(usdt(), 3, 4, 9_000)],
        vec![(usdt(), 4, 20, 9_000)],
    ];
    let w = ledger(dir.path(), 0, &payments, &[(2, "exchange")]).snapshot();
    let deposit = paid_in("d1", "USDT", 4, 20, 9_000);
    let facts = chain_facts(&w, &deposit, None);
    let hops: Vec<_> = facts.behind.iter().map(|b| (b.address.clone().unwrap(), b.hops)).collect();
    assert_eq!(hops, [(address(4), 1), (address(3), 2), (address(9), 3)], "{facts:?}");
    let screening = Screening::open(&db.url, TestClock::new().clock()).unwrap();
    let flag = Flag {
        id: "f".into(),
        member: "Exchange A".into(),
        community: String::new(),
        subject: Subject::Address,
        asset: "USDT".into(),
        value: address(9),
        reason: "hot wallet emptied".into(),
        raised: START,
        until: START + Seconds::DAY,
        state: State::Open,
        source: None,
        tlp: String::new(),
    };
    screening.raise_flag(flag, "x").unwrap();
    let decision = screening.decide(deposit, facts, "x").unwrap();
    assert_eq!(decision.decision, Verdict::Hold);
    let why = decision.reasons.iter().find(|r| r.rule == "engine.flagged").unwrap().because.join(" ");
    assert!(why.contains("100% of this deposit came from there through 3 transactions"), "{why}");
    assert!(why.contains(&hash(1)) && why.ends_with("-> this deposit"), "{why}");
    assert!(
        w.behind(
            &hash(0),
            holdfast_workspace::chain_queries::BehindBounds { max_hops: 6, min_share_ppm: 1, max_edges: 9, most: 9 }
        )
        .unwrap()
        .places
        .is_empty()
    );
}
