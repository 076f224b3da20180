//! The theft of the simulated economy: it passes swaps and a bridge to a second chain, and is held where the exchange is paid.

use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_account_workspace::beside::LinkedBlock;
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_account_workspace::{AccountSnapshot, AccountWorkspace};
use holdfast_attribution::tags::Confidence;
use holdfast_attribution::{Tag, TagStore, Tlp};
use holdfast_chain_facts::chain_facts;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::{Event, EventKind, Verdict};
use holdfast_evm::{Chain, Checks, json, trace, transfers, verify};
use holdfast_links::{Contracts, Role, find};
use holdfast_screening::Screening;
use holdfast_simulate_accounts::{Action, Economy, FlowKind, Options, Record, SimBlock};
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::{AccountId, Amount, ChainId, Hash32, Seconds, Transfer, TransferKind};
use holdfast_workspace::{ChainQueries, TraceRequest};
use std::path::Path;
use std::sync::{Arc, LazyLock};

on_both!(a_theft_over_swaps_and_a_bridge_is_held_at_the_exchange);

/// Both chains of an economy as they are read, and its truth.
struct Read {
    ids: [ChainId; 2],
    blocks: [Vec<LinkedBlock>; 2],
    /// The theft: what the thief received from the exchange's hot wallet.
    theft: Transfer,
    thief: String,
    hot: String,
    /// What the thief paid in on the second chain: transaction, address, asset, amount.
    deposits: Vec<(Hash32, String, String, Amount)>,
}

fn is_theft(block: &SimBlock, index: usize, hack: u32) -> bool {
    block.truth[index].action == Action::Theft && block.truth[index].flow == Some(hack)
}

/// Reads both chains as an ingest does.
fn read() -> Read {
    let options = Options { seed: 9, blocks: 120, users: 60, txs_per_block: 20, ..Options::default() };
    let mut economy = Economy::new(options).unwrap();
    let mut sim = Vec::new();
    loop {
        let some = economy.next_blocks(16);
        if some.is_empty() {
            break;
        }
        sim.extend(some);
    }
    let records = economy.take_records();
    let hack = records.iter().find_map(|r| match r {
        Record::Flow { flow, kind: FlowKind::Hack, .. } => Some(*flow),
        _ => None,
    });
    let hack = hack.unwrap();
    // The bridge is one contract: it dispatches the messages.
    let sent = sim.iter().flat_map(|b| &b.truth).find(|t| t.action == Action::BridgeOut).unwrap();
    let bridge = sent.transfers.iter().find_map(|t| t.to.filter(|_| t.kind == TransferKind::Token)).unwrap();
    let mut blocks = [Vec::new(), Vec::new()];
    let mut theft = None;
    for block in &sim {
        let chain = Chain::of(block.number).with_wrapper(economy.wrapper());
        let mut read = json::block(&chain, &block.block_json()).unwrap();
        let receipts = json::receipts(&mut read, &block.receipts_json()).unwrap();
        let traces = trace::nested(&block.traces_json()).unwrap();
        let verified = verify(&chain, read, receipts, Checks { senders: false }).unwrap().with_traces(traces).unwrap();
        let mut moved = transfers(&chain, &verified);
        let found = find(&Contracts::of(chain.id()).with(bridge, Role::NomadAll), &verified, &moved);
        moved.block_level.clone_from(&block.genesis);
        for index in (0..block.truth.len()).filter(|index| is_theft(block, *index, hack)) {
            let token = |t: &&Transfer| t.kind == TransferKind::Token;
            theft = moved.transactions[index].transfers.iter().find(token).cloned();
        }
        blocks[block.chain].push(LinkedBlock { transfers: moved, found });
    }
    let ids = options.chains.map(|number| Chain::of(number).id().clone());
    let paid = |record: &Record| match record {
        Record::Deposit { tx, address, asset, amount, flow, .. } if *flow == Some(hack) => {
            let place: Vec<usize> = tx.split(':').map(|n| n.parse().unwrap()).collect();
            let block = &blocks[1][place[1]].transfers;
            assert_eq!(place[0] as u64, options.chains[1], "the thief pays in on the second chain");
            let asset = format!("{}/erc20:{asset}", ids[1]);
            Some((block.transactions[place[2]].hash, address.clone(), asset, *amount))
        }
        _ => None,
    };
    let deposits = records.iter().filter_map(paid).collect();
    let theft = theft.unwrap();
    let text = |account: Option<AccountId>| account.unwrap().to_address(&ids[0]).to_string();
    Read { thief: text(theft.to), hot: text(theft.from), theft, deposits, ids, blocks }
}

static READ: LazyLock<Read> = LazyLock::new(read);

/// Ledgers and links of both chains, with the exchange's own tag for its wallet.
fn chains(dir: &Path, read: &Read) -> Vec<AccountSnapshot> {
    let mut tags = TagStore::default();
    tags.add_tags([Tag {
        address: read.hot.clone(),
        asset: "ETH".to_owned(),
        label: "hot wallet".to_owned(),
        source: "a test".to_owned(),
        category: Some("exchange".to_owned()),
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
    }]);
    let tags = Arc::new(tags);
    let make = |n: usize| {
        let settings = Settings::new(read.ids[n].clone());
        let mut workspace = AccountWorkspace::create_or_open(dir, &settings, tags.clone()).unwrap();
        workspace.append(&mut read.blocks[n].iter().cloned(), &AppendOptions::default()).unwrap();
        Arc::new(workspace.snapshot())
    };
    let all: Vec<Arc<AccountSnapshot>> = (0..2).map(make).collect();
    all.iter().map(|chain| chain.among(&all)).collect()
}

fn a_theft_over_swaps_and_a_bridge_is_held_at_the_exchange(db: &TestDb) {
    let read = &*READ;
    let dir = tempfile::tempdir().unwrap();
    let all = chains(dir.path(), read);
    assert!(!read.deposits.is_empty());
    let theft = all[0].received(&read.thief, 0).unwrap();
    let theft = theft.iter().find(|p| p.amount == Some(read.theft.amount)).unwrap();

    let screening = Screening::open(&db.url, TestClock::new().clock()).unwrap();
    let flag = Flag {
        id: "f".into(),
        member: "Exchange A".into(),
        community: String::new(),
        subject: Subject::Transaction,
        asset: "USDT".into(),
        value: theft.tx.clone(),
        reason: "hot wallet emptied".into(),
        raised: START,
        until: START + Seconds::DAY,
        state: State::Open,
        source: None,
        tlp: String::new(),
    };
    screening.raise_flag(flag, "x").unwrap();
    for (n, (tx, address, asset, amount)) in read.deposits.iter().enumerate() {
        let mut event = Event::new(EventKind::Deposit, format!("d{n}"), START, "c1");
        (event.asset, event.amount, event.value) = (Some(asset.clone()), Some(*amount), Some(50_000));
        (event.tx, event.address) = (Some(format!("0x{}", hex(tx))), Some(address.clone()));
        let facts = chain_facts(&all[1], &event, None);
        assert_eq!((facts.unavailable.as_deref(), facts.mismatch.len()), (None, 0), "{facts:?}");
        // The exposure goes on over the bridge and the swaps to the exchange that was robbed.
        let exchange: u64 =
            facts.source.iter().filter(|s| s.category.name() == "exchange").map(|s| s.indirect_ppm).sum();
        assert!(exchange > 500_000, "{facts:?}");
        let decision = screening.decide(event, facts, "x").unwrap();
        assert_eq!(decision.decision, Verdict::Hold, "{decision:?}");
        let why = decision.reasons.iter().find(|r| r.rule == "engine.flagged").unwrap().because.join(" ");
        assert!(why.contains(&theft.tx) && why.ends_with("-> this deposit"), "{why}");
        println!("{why}");
    }

    // Followed forward from the theft, the money comes to the deposit addresses, which matching looks for.
    let mut request = AccountTraceRequest::new(&theft.id);
    (request.options.bounds.max_hops, request.options.bounds.max_edges) = (14, 5_000);
    let question = TraceRequest { subject: theft.id.clone(), entity: false, options: request.options };
    let reached = all[0].trace_ends(&question, Tlp::Red).unwrap();
    for (_, address, ..) in &read.deposits {
        assert!(reached.iter().any(|e| e.chain == read.ids[1] && e.address.as_ref() == Some(address)), "{address}");
    }
    let report = all[0].account_trace_for(&request, Tlp::Red).unwrap();
    assert!(report.balances && report.books.len() >= 3, "{:?}", report.books);
    let kinds: Vec<String> = report.crossings.iter().map(|c| c.kind.to_string()).collect();
    assert!(kinds.contains(&"swap".to_owned()) && kinds.contains(&"bridge".to_owned()), "{kinds:?}");
    let (_, address, ..) = &read.deposits[0];
    let to = (address.as_str(), Some(read.ids[1].as_str()));
    let paths = all[0].account_paths_for(&request, to, 3, Tlp::Red).unwrap();
    let path = &paths[0];
    assert_eq!(path.steps[0].transfer.id, theft.id);
    assert!(path.steps.iter().any(|s| s.transfer.chain == read.ids[1].as_str()), "{path:?}");
    // Alone, the first chain says that the money went elsewhere.
    let alone = AccountTraceRequest { links: false, ..request };
    let alone = all[0].account_trace_for(&alone, Tlp::Red).unwrap();
    assert!(alone.balances && alone.crossings.is_empty());
    assert!(alone.gaps.iter().any(|gap| gap.contains("were not followed")), "{:?}", alone.gaps);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
