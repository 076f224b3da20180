//! Links and signals beside the ledgers of a simulated economy of two chains: those of its truth, in step with the ledgers whatever happens.

use crate::blocks::{address, block, token, transfer};
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, FileBlocks};
use holdfast_account_ledger::{AppendOptions, Ledger, Settings};
use holdfast_account_workspace::beside::{BesideStore, LinkFinder, LinkedBlock};
use holdfast_account_workspace::freeze_queries::FreezeFilter;
use holdfast_account_workspace::imitated::TransferNote;
use holdfast_account_workspace::rebuild::RebuildError;
use holdfast_account_workspace::reports::TransferView;
use holdfast_account_workspace::transfers::Start;
use holdfast_account_workspace::{AccountHandle, AccountWorkspace};
use holdfast_attribution::Tlp;
use holdfast_links::{BlockRecords, Contracts, Counterpart, Direction, LinkKind, Record, Role};
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Economy, Options};
use holdfast_types::{AccountId, Address, ChainId, Issuer, Position, Signal};
use holdfast_workspace::freeze_view::FreezeState;
use holdfast_workspace::{ChainQueries, ChangeError};
use serde_json::Value;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// A simulated chain as its files give it.
struct Made {
    id: ChainId,
    blocks: Vec<LinkedBlock>,
}

struct Simulated {
    chains: Vec<Made>,
    /// Records of the truth by their kind.
    truth: HashMap<String, Vec<Value>>,
}

fn id(text: &str) -> AccountId {
    AccountId::try_from(&Address::read(text)).unwrap()
}

fn read(dir: &Path, chain: &Value) -> Made {
    let id_of = |name: &str| id(chain[name].as_str().unwrap());
    let chain_id = ChainId::parse(chain["chain"].as_str().unwrap()).unwrap();
    let folder = dir.join(chain["folder"].as_str().unwrap());
    let notes = ChainNotes {
        wrappers: vec![id_of("wrapper")],
        issuers: chain["issuer"]
            .as_str()
            .unwrap()
            .split_once('=')
            .map(|(t, w)| Issuer::of(id(t), Some(id(w))))
            .into_iter()
            .collect(),
        genesis: Some(std::fs::read_to_string(folder.join("genesis.csv")).unwrap()),
        ..ChainNotes::default()
    };
    let contracts = Contracts::of(&chain_id).with(id_of("bridge"), Role::NomadAll);
    let none = |_| None;
    let files = block_files(&folder).unwrap();
    let blocks = FileBlocks::new(&chain_id, files, notes, 0, &none, LinkFinder::new(contracts)).unwrap();
    Made { blocks: blocks.map(Result::unwrap).collect(), id: chain_id }
}

static SIMULATED: LazyLock<Simulated> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { seed: 3, blocks: 80, users: 60, txs_per_block: 25, ..Options::default() };
    let mut economy = Economy::new(options).unwrap();
    write(&mut economy, dir.path(), Format::Json, &mut |_| Ok(ControlFlow::Continue(()))).unwrap();
    let chains: Value = serde_json::from_slice(&std::fs::read(dir.path().join("chains.json")).unwrap()).unwrap();
    let records = std::fs::read_to_string(dir.path().join("truth/records.jsonl")).unwrap();
    let mut truth: HashMap<String, Vec<Value>> = HashMap::new();
    for record in records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        truth.entry(record["record"].as_str().unwrap().to_owned()).or_default().push(record);
    }
    let chains = chains["chains"].as_array().unwrap().iter().map(|chain| read(dir.path(), chain)).collect();
    Simulated { chains, truth }
});

fn opened(store: &Path, made: &Made) -> AccountWorkspace {
    AccountWorkspace::create_or_open(store, &Settings::new(made.id.clone()), Arc::default()).unwrap()
}

fn append(workspace: &mut AccountWorkspace, blocks: &[LinkedBlock]) {
    workspace.append(&mut blocks.iter().cloned(), &AppendOptions::default()).unwrap();
}

/// Asserts that links and signals are those of the ledger's blocks, from `from` on.
fn in_step(workspace: &AccountWorkspace, made: &Made, from: u64) {
    let tip = workspace.ledger.tip().unwrap().map(|tip| (tip.height, tip.hash));
    assert_eq!(workspace.links().tip().unwrap(), tip);
    assert_eq!(workspace.signals().tip().unwrap(), tip);
    let upto = tip.map_or(0, |(height, _)| height + 1);
    let blocks = made.blocks.iter().filter(|b| (from..upto).contains(&b.transfers.height));
    let expected: Vec<&Record> = blocks.clone().flat_map(|b| &b.found.records).collect();
    let mut links = Vec::new();
    let mut each = |_, record| {
        links.push(record);
        Ok(ControlFlow::Continue(()))
    };
    workspace.links().for_each(&mut each).unwrap();
    assert!(links.iter().eq(expected), "links are those of the blocks");
    let expected: Vec<Signal> =
        blocks.flat_map(|b| &b.transfers.transactions).flat_map(|t| t.signals.iter().copied()).collect();
    let mut signals = Vec::new();
    let mut each = |placed: holdfast_account_attribution::PlacedSignal| {
        signals.push(placed.signal);
        ControlFlow::Continue(())
    };
    workspace.signals().for_each_in(0..u64::MAX, &mut each).unwrap();
    assert_eq!(signals, expected);
}

#[test]
fn freezes_are_those_of_the_truth_and_follow_the_blocks() {
    let (dir, simulated) = (tempfile::tempdir().unwrap(), &*SIMULATED);
    let made = &simulated.chains[0];
    let (first, second) = made.blocks.split_at(made.blocks.len() / 2);
    let mut workspace = opened(dir.path(), made);
    append(&mut workspace, first);
    let freezes = |workspace: &AccountWorkspace| workspace.freezes_page(FreezeFilter::default(), 0).unwrap().freezes;
    let before = freezes(&workspace);
    // What was folded is extended block by block, and is the same as folded at once.
    for block in second {
        append(&mut workspace, std::slice::from_ref(block));
        workspace.snapshot().freezes().unwrap();
    }
    let whole = freezes(&workspace);
    assert!(whole.len() > before.len());
    assert_eq!(freezes(&AccountWorkspace::open(dir.path(), &made.id, Arc::default()).unwrap()), whole);
    let of_chain = format!("{}:", made.id.reference());
    let truth = simulated.truth["freeze"].iter().filter(|r| r["proposed"].as_str().unwrap().starts_with(&of_chain));
    let mut compared = 0;
    for record in truth {
        let address = record["account"].as_str().unwrap();
        let of_address = FreezeFilter { address: Some(address), ..FreezeFilter::default() };
        let page = workspace.freezes_page(of_address, 0).unwrap();
        let [freeze] = page.freezes.as_slice() else { panic!("{page:?}") };
        let height = |tx: &Value| tx.as_str().unwrap().split(':').nth(1).unwrap().parse::<u64>().unwrap();
        assert_eq!(freeze.proposed.as_ref().map(|step| step.height), Some(height(&record["proposed"])), "{freeze:?}");
        assert_eq!(freeze.frozen.as_ref().map(|step| step.height), Some(height(&record["frozen"])));
        assert!(freeze.frozen.as_ref().unwrap().tx.is_some() && freeze.proposed.as_ref().unwrap().proposal.is_some());
        assert_eq!(workspace.freezes_of(address).unwrap().len(), 1);
        let in_state = FreezeFilter { state: Some(freeze.state), ..of_address };
        assert!(workspace.freezes_page(in_state, 1).unwrap().freezes.is_empty());
        let of_token = FreezeFilter { asset: Some(&freeze.asset.id), ..in_state };
        assert_eq!(workspace.freezes_page(of_token, 0).unwrap().freezes, page.freezes);
        let of_coin = FreezeFilter { asset: Some("native"), ..of_address };
        assert!(workspace.freezes_page(of_coin, 0).unwrap().freezes.is_empty());
        let report = workspace.account(address, 0, Tlp::Red).unwrap();
        assert_eq!(report.freezes, page.freezes);
        compared += 1;
    }
    assert!(compared > 1, "{compared}");
    let all = workspace.freezes_page(FreezeFilter::default(), 0).unwrap();
    let [total] = all.totals.as_slice() else { panic!("{all:?}") };
    assert_eq!(total.by_state.values().sum::<u64>(), all.count);
    assert_eq!((all.from_height, all.tip_height), (Some(0), workspace.ledger.tip().unwrap().map(|tip| tip.height)));
    // What one state's page leaves out is in the totals all the same.
    let none = FreezeFilter { state: Some(FreezeState::Withdrawn), ..FreezeFilter::default() };
    assert_eq!(workspace.freezes_page(none, 0).unwrap().totals, all.totals);
    let unknown = FreezeFilter { issuer: Some("Nobody Ltd"), ..FreezeFilter::default() };
    assert!(workspace.freezes_page(unknown, 0).unwrap_err().to_string().contains("Nobody Ltd"));
    // Blocks that are removed take their freezes with them.
    workspace.truncate(second[0].transfers.height, true).unwrap();
    assert_eq!(freezes(&workspace), before);
}

/// All transfers of an address, the oldest first.
fn transfers_of(workspace: &AccountWorkspace, address: &str) -> Vec<TransferView> {
    let (mut all, mut start) = (Vec::new(), Start::default());
    loop {
        let page = workspace.account_transfers(address, None, start, Tlp::Red).unwrap();
        all.extend(page.transfers);
        let Some(next) = page.next else { return all };
        start.after = Some(next);
    }
}

#[test]
fn transfers_of_victims_name_whom_the_other_side_imitates() {
    let (dir, simulated) = (tempfile::tempdir().unwrap(), &*SIMULATED);
    let made = &simulated.chains[0];
    let mut workspace = opened(dir.path(), made);
    append(&mut workspace, &made.blocks);
    let mut imitated = 0;
    for record in &simulated.truth["poisoning"] {
        let name = |field: &str| Address::read(record[field].as_str().unwrap()).checksummed();
        let (victim, counterparty, lookalike) = (name("victim"), name("counterparty"), name("lookalike"));
        for transfer in transfers_of(&workspace, &victim) {
            let is_to = |address: &str| transfer.to.as_deref() == Some(address);
            if is_to(&lookalike) {
                assert!(transfer.notes.contains(&TransferNote::Lookalike), "{record} {transfer:?}");
                assert_eq!(transfer.imitates.as_deref(), Some(counterparty.as_str()), "{record}");
                imitated += 1;
            } else if is_to(&counterparty) {
                assert!(!transfer.notes.contains(&TransferNote::Lookalike), "{record} {transfer:?}");
            }
        }
    }
    assert!(imitated > 0);
}

#[test]
fn contracts_of_the_economy_are_known_by_what_they_did() {
    let (dir, simulated) = (tempfile::tempdir().unwrap(), &*SIMULATED);
    let made = &simulated.chains[0];
    let mut workspace = opened(dir.path(), made);
    append(&mut workspace, &made.blocks);
    let kinds = |address: &str| {
        let contract = workspace.account(address, 0, Tlp::Red).unwrap().contract;
        contract.map_or(Vec::new(), |view| view.kinds.into_iter().map(|known| known.kind).collect())
    };
    // A token by its stored transfers, a mixer by its moves; of a person nothing tells that they are a contract.
    let frozen = simulated.truth["freeze"].iter().find_map(|record| record["account"].as_str()).unwrap();
    let token = workspace.freezes_page(FreezeFilter::default(), 0).unwrap().freezes[0].asset.id.clone();
    assert_eq!(kinds(token.rsplit_once(':').unwrap().1), ["token"]);
    let mut mixers = std::collections::BTreeSet::new();
    let mut each = |_, record| {
        if let Record::Mixer(moved) = record {
            mixers.insert(moved.mixer.to_address(&made.id).checksummed());
        }
        Ok(ControlFlow::Continue(()))
    };
    workspace.links().for_each(&mut each).unwrap();
    assert!(!mixers.is_empty());
    for mixer in &mixers {
        assert!(kinds(mixer).contains(&"mixer".to_owned()), "{mixer}");
    }
    assert_eq!(kinds(frozen), [""; 0], "{frozen}");
}

#[test]
fn ingested_files_give_the_links_of_the_truth() {
    let (dir, simulated) = (tempfile::tempdir().unwrap(), &*SIMULATED);
    let mut snapshots = Vec::new();
    for made in &simulated.chains {
        let mut workspace = opened(dir.path(), made);
        append(&mut workspace, &made.blocks);
        in_step(&workspace, made, 0);
        assert!(!workspace.coverage().gaps.iter().any(|gap| gap.contains("looked for")));
        snapshots.push(Arc::new(workspace.snapshot()));
    }
    let mut swaps = 0;
    let mut messages = HashMap::new();
    let links = AccountWorkspace::links_of(&snapshots);
    for (number, chain) in snapshots.iter().enumerate() {
        let mut each = |record_number, record| {
            match record {
                Record::Link(link) => swaps += usize::from(link.kind == LinkKind::Swap),
                Record::Bridge(side) if side.direction == Direction::Out => {
                    let at = links.bridges().side(number, record_number)?.unwrap();
                    let is_found = matches!(links.bridges().counterpart(&at)?, Counterpart::Found(_));
                    messages.insert(format!("0x{}", hex(&side.message.unwrap())), is_found);
                }
                _ => {}
            }
            Ok(ControlFlow::Continue(()))
        };
        chain.links().for_each(&mut each).unwrap();
    }
    assert_eq!(swaps, simulated.truth["swap"].len());
    let delivered: HashMap<String, bool> = simulated.truth["bridge"]
        .iter()
        .filter(|record| !record["delivered"].is_null())
        .map(|record| (record["message"].as_str().unwrap().to_owned(), true))
        .collect();
    assert!(delivered.len() > 5 && messages == delivered, "{messages:?} {delivered:?}");
    // Zero-value poisoning is found by the victim.
    let poisoned = simulated.truth["poisoning"].iter().filter(|record| record["is_spoofed"] == false);
    let mut found = 0;
    for record in poisoned {
        let victim = id(record["victim"].as_str().unwrap());
        let of_victim = snapshots.iter().flat_map(|chain| chain.signals().signals_of(&victim, 1_000).unwrap().0);
        let lookalike = id(record["lookalike"].as_str().unwrap());
        let is_it = |s: &Signal| matches!(s, Signal::ZeroValue { to, by_third_party: true, .. } if *to == lookalike);
        assert!(of_victim.map(|s| s.signal).any(|s| is_it(&s)), "{record}");
        found += 1;
    }
    assert!(found > 0);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A branch: the same blocks from a height on with other hashes.
fn branch(made: &Made, from: u64, fork: u8) -> Made {
    let mut blocks = made.blocks.clone();
    for block in blocks.iter_mut().filter(|b| b.transfers.height >= from) {
        block.transfers.hash[0] ^= fork;
        block.found.hash[0] ^= fork;
        if block.transfers.height > from {
            block.transfers.parent[0] ^= fork;
            block.found.parent[0] ^= fork;
        }
        for tx in &mut block.transfers.transactions {
            tx.hash[0] ^= fork;
        }
    }
    Made { id: made.id.clone(), blocks }
}

#[test]
fn a_reorganization_a_truncation_and_a_kill_leave_all_in_step() {
    let dir = tempfile::tempdir().unwrap();
    let made = &SIMULATED.chains[0];
    let mut workspace = opened(dir.path(), made);
    append(&mut workspace, &made.blocks[..30]);
    assert_eq!(workspace.truncate(20, true).unwrap(), 10);
    in_step(&workspace, made, 0);
    let other = branch(made, 20, 0x80);
    let before = workspace.snapshot();
    append(&mut workspace, &other.blocks[20..35]);
    in_step(&workspace, &other, 0);
    in_step(&before, made, 0);
    // Killed between the ledger's cut and the others': the stores are ahead when it is opened again.
    workspace.ledger.truncate_final(25).unwrap();
    drop(workspace);
    let reader = AccountWorkspace::open(dir.path(), &made.id, Arc::default()).unwrap();
    in_step(&reader, &other, 0);
    drop(reader);
    let mut workspace = opened(dir.path(), made);
    in_step(&workspace, &other, 0);
    append(&mut workspace, &other.blocks[25..]);
    in_step(&workspace, &other, 0);
    // What does not follow is refused by all of them.
    let odd = branch(made, 70, 0x40).blocks[72].clone();
    assert!(workspace.append(&mut std::iter::once(odd), &AppendOptions::default()).is_err());
    in_step(&workspace, &other, 0);
    assert!(workspace.truncate(0, true).unwrap() > 0);
    in_step(&workspace, &other, 0);
    append(&mut workspace, &made.blocks[..3]);
    in_step(&workspace, made, 0);
}

#[test]
fn a_ledger_of_an_earlier_version_states_what_was_not_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let made = &SIMULATED.chains[0];
    let folder = AccountWorkspace::ledger_dir(dir.path(), &made.id);
    let mut ledger = Ledger::create_or_open(&folder, &Settings::new(made.id.clone())).unwrap();
    for block in &made.blocks[..10] {
        ledger.append_block(block.transfers.clone()).unwrap();
    }
    drop(ledger);
    let gaps = |workspace: &AccountWorkspace| workspace.coverage().gaps.join("\n");
    let reader = AccountWorkspace::open(dir.path(), &made.id, Arc::default()).unwrap();
    assert!(gaps(&reader).contains("links were not looked for in the stored blocks"), "{}", gaps(&reader));
    let of_freezes = |workspace: &AccountWorkspace| workspace.freeze_gaps().unwrap().join("\n");
    assert!(
        of_freezes(&reader).contains("freezes were not looked for in the stored blocks"),
        "{}",
        of_freezes(&reader)
    );
    drop(reader);
    let handle = AccountHandle::new(opened(dir.path(), made));
    let more = |workspace: &mut AccountWorkspace| -> Result<(), ChangeError> {
        append(workspace, &made.blocks[10..20]);
        Ok(())
    };
    handle.change(more).unwrap();
    let snapshot = handle.snapshot();
    in_step(&snapshot, made, 10);
    let said = gaps(&snapshot);
    assert!(said.contains("links before block 10 were not looked for"), "{said}");
    assert!(said.contains("signals before block 10 were not looked for"), "{said}");
    assert!(snapshot.blind_spots().join("\n").contains("links before block 10 were not looked for"));
    assert_eq!(of_freezes(&snapshot), "freezes before block 10, where issuers' acts were kept, are not known");
    let page = snapshot.freezes_page(FreezeFilter::default(), 0).unwrap();
    assert!(page.gaps.contains(&of_freezes(&snapshot)), "{page:?}");
    // Of a ledger whose every block was looked into nothing is missing.
    let whole = tempfile::tempdir().unwrap();
    let mut whole = opened(whole.path(), made);
    append(&mut whole, &made.blocks[..20]);
    whole.update_who();
    assert_eq!((of_freezes(&whole), whole.blind_spots()), (String::new(), Vec::new()));
}

/// Circle sells USDC, and mints it for a bridge too: only where links were looked for, and none was found, it is known that it was sold.
#[test]
fn a_mint_counts_as_the_issuers_only_where_links_were_looked_for() {
    let chain = ChainId::parse("eip155:1").unwrap();
    let usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
    let mint = |height: u64, to: u8| {
        let transfers = block(&chain, height, 0, &[vec![transfer(token(usdc), 0, to, 10, 0)]]);
        let (hash, parent, time) = (transfers.hash, transfers.parent, transfers.time);
        LinkedBlock { transfers, found: BlockRecords { height, hash, parent, time, records: Vec::new() } }
    };
    let dir = tempfile::tempdir().unwrap();
    let folder = AccountWorkspace::ledger_dir(dir.path(), &chain);
    let mut ledger = Ledger::create_or_open(&folder, &Settings::new(chain.clone())).unwrap();
    ledger.append_block(mint(0, 3).transfers).unwrap();
    drop(ledger);
    let mut workspace =
        AccountWorkspace::create_or_open(dir.path(), &Settings::new(chain.clone()), Arc::default()).unwrap();
    append(&mut workspace, &[mint(1, 4)]);
    workspace.update_who();
    let source = |n: u8| {
        let report = workspace.exposure(&address(n, &chain), Some(usdc)).unwrap();
        let side = report.assets.into_iter().next().unwrap().source;
        (side.unattributed.iter().map(|line| line.reason.to_string()).collect::<Vec<_>>(), side.unknown_ppm)
    };
    assert_eq!(source(3), (vec!["unread".to_owned()], 1_000_000), "nobody looked for links in its block");
    assert_eq!(source(4), (vec!["made".to_owned()], 0));
}

#[test]
fn links_and_signals_of_an_earlier_version_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    let made = &SIMULATED.chains[0];
    append(&mut opened(dir.path(), made), &made.blocks[..10]);
    AccountWorkspace::beside_dirs(dir.path(), &made.id).iter().for_each(|folder| with_format(folder, 1));
    let gaps = |workspace: &AccountWorkspace| workspace.coverage().gaps.join("\n");
    let reader = AccountWorkspace::open(dir.path(), &made.id, Arc::default()).unwrap();
    assert!(gaps(&reader).contains("links were not looked for in the stored blocks"), "{}", gaps(&reader));
    assert!(gaps(&reader).contains("signals were not looked for in the stored blocks"), "{}", gaps(&reader));
    drop(reader);
    let mut workspace = opened(dir.path(), made);
    append(&mut workspace, &made.blocks[10..20]);
    in_step(&workspace, made, 10);
    assert!(gaps(&workspace).contains("links before block 10 were not looked for"), "{}", gaps(&workspace));
}

/// What is said of a damage, and what does it.
type Damage<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// Damages of a store's folder.
fn damages(folder: &Path) -> Vec<Damage<'_>> {
    let write = move |file: &'static str, change: fn(&mut Vec<u8>)| {
        let path = folder.join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(path, bytes).unwrap();
    };
    vec![
        ("checksum does not match", Box::new(move || write("MANIFEST", |bytes| bytes[70] ^= 1))),
        ("the manifest promises", Box::new(move || write("records.bytes", |bytes| bytes.truncate(bytes.len() / 2)))),
        ("of another version", Box::new(move || with_format(folder, 99))),
    ]
}

fn with_format(folder: &Path, format: u32) {
    let path = folder.join("MANIFEST");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut manifest: Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
    manifest["format"] = format.into();
    let json = manifest.to_string();
    let sum = hex::encode(holdfast_types::hash::sha256(json.as_bytes()));
    std::fs::write(&path, format!("{sum}\n{json}")).unwrap();
}

/// A store that cannot be read takes neither the ledger nor the other store down, is stated in answers, and is made anew from the blocks.
#[test]
fn a_damaged_store_is_a_stated_gap_and_is_made_anew() {
    let made = &SIMULATED.chains[0];
    let mut go_on = || ControlFlow::Continue(());
    for side in 0..2 {
        let name = ["links", "signals"][side];
        for number in 0..3 {
            let dir = tempfile::tempdir().unwrap();
            append(&mut opened(dir.path(), made), &made.blocks[..40]);
            let folder = AccountWorkspace::beside_dirs(dir.path(), &made.id)[side].clone();
            let other = AccountWorkspace::beside_dirs(dir.path(), &made.id)[1 - side].clone();
            let (why, damage) = damages(&folder).swap_remove(number);
            damage();
            let before = std::fs::read(folder.join("MANIFEST")).unwrap();
            let says = |workspace: &AccountWorkspace| {
                let gaps = workspace.coverage().gaps.join("\n");
                let stated = format!("{name} cannot be read: ");
                assert!(gaps.contains(&stated) && gaps.contains(why), "{gaps}");
                assert!(gaps.contains("holdfast ledger rebuild --chain eip155:"), "{gaps}");
            };
            let reader = AccountWorkspace::open(dir.path(), &made.id, Arc::default()).unwrap();
            says(&reader);
            let mut all = made.blocks[..40].iter().flat_map(|block| &block.transfers.transactions);
            let address = all.next().unwrap().payer.to_address(&made.id).to_string();
            assert_eq!(
                reader.freezes_of(&address).is_err(),
                side == 1,
                "that nothing is read is not that nothing is frozen"
            );
            drop(reader);
            // The ledger goes on, and so does the other store.
            let mut workspace = opened(dir.path(), made);
            says(&workspace);
            append(&mut workspace, &made.blocks[40..60]);
            assert_eq!(workspace.ledger.tip().unwrap().unwrap().height, 59);
            let tips = [workspace.links().tip().unwrap(), workspace.signals().tip().unwrap()];
            assert_eq!((tips[side], tips[1 - side].map(|(height, _)| height)), (None, Some(59)));
            assert_eq!(workspace.truncate(55, true).unwrap(), 5);
            says(&workspace);
            let checked = workspace.check_beside(&mut go_on).unwrap();
            let problems: Vec<usize> = checked.iter().map(|store| store.problems.len()).collect();
            assert_eq!((problems[side], problems[1 - side]), (1, 0), "{checked:?}");
            assert_eq!(std::fs::read(folder.join("MANIFEST")).unwrap(), before, "it is left as it is");

            // Made anew, with a stop in the middle, and only from the ledger's own blocks.
            let only = [[BesideStore::Links, BesideStore::Signals][side]];
            let mut making = workspace.rebuild(&only).unwrap();
            making.take(&workspace.ledger, &made.blocks[..20]).unwrap();
            let foreign = branch(made, 20, 0x20);
            assert!(matches!(making.take(&workspace.ledger, &foreign.blocks[20..25]), Err(RebuildError::Differs(20))));
            assert!(matches!(making.take(&workspace.ledger, &made.blocks[21..]), Err(RebuildError::Missing(20))));
            assert!(matches!(workspace.put_rebuilt(making), Err(RebuildError::Missing(20))));
            drop(workspace);
            let mut workspace = opened(dir.path(), made);
            says(&workspace);
            let mut making = workspace.rebuild(&only).unwrap();
            assert_eq!(making.next().unwrap(), Some(20));
            making.take(&workspace.ledger, &made.blocks).unwrap();
            workspace.put_rebuilt(making).unwrap();
            in_step(&workspace, made, 0);
            assert!(!workspace.coverage().gaps.join("\n").contains("cannot be read"));
            workspace.freezes_of(&address).unwrap();
            let checked = workspace.check_beside(&mut go_on).unwrap();
            assert!(checked.iter().all(|store| store.problems.is_empty()), "{checked:?}");
            append(&mut workspace, &made.blocks[55..]);
            in_step(&workspace, made, 0);
            drop(workspace);
            in_step(&opened(dir.path(), made), made, 0);
            assert!(folder.is_dir() && other.is_dir());
            let left = std::fs::read_dir(folder.parent().unwrap()).unwrap();
            let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            assert!(!left.iter().any(|name| name.ends_with(".new") || name.ends_with(".old")), "{left:?}");
        }
    }
}

/// Links and signals are versions apart: one that is outdated says nothing of the other.
#[test]
fn one_outdated_store_leaves_the_other_one() {
    let dir = tempfile::tempdir().unwrap();
    let made = &SIMULATED.chains[0];
    append(&mut opened(dir.path(), made), &made.blocks[..10]);
    with_format(&AccountWorkspace::beside_dirs(dir.path(), &made.id)[1], 1);
    let reader = AccountWorkspace::open(dir.path(), &made.id, Arc::default()).unwrap();
    let gaps = reader.coverage().gaps.join("\n");
    assert!(gaps.contains("signals were not looked for in the stored blocks; `holdfast ledger rebuild"), "{gaps}");
    assert!(!gaps.contains("links"), "{gaps}");
    assert_eq!(reader.links().tip().unwrap().map(|(height, _)| height), Some(9));
}

/// What a check can tell from the ledger: a link of a transfer that is not there, a signal of a transaction that is not, findings that are others.
#[test]
fn a_check_compares_stores_with_the_ledger() {
    let made = &SIMULATED.chains[0];
    let mut go_on = || ControlFlow::Continue(());
    let dir = tempfile::tempdir().unwrap();
    let mut workspace = opened(dir.path(), made);
    let mut blocks = made.blocks.clone();
    append(&mut workspace, &blocks);
    workspace.update_who();
    workspace.save_who();
    let checked = workspace.check_beside(&mut go_on).unwrap();
    let names: Vec<_> = checked.iter().map(|store| (store.store, store.blocks)).collect();
    let all = made.blocks.len() as u64;
    assert_eq!(names, [(BesideStore::Links, all), (BesideStore::Signals, all), (BesideStore::Clusters, all)]);
    assert!(checked.iter().all(|store| store.problems.is_empty()), "{checked:?}");
    assert!(checked[0].records > 10 && checked[1].records > 10, "{checked:?}");
    drop(workspace);
    // Sealed as it should be, and of other transfers than the ledger's.
    let other = tempfile::tempdir().unwrap();
    let is_link = |record: &&mut Record| matches!(record, Record::Link(_));
    let link = blocks.iter_mut().flat_map(|block| &mut block.found.records).find(is_link).unwrap();
    let Record::Link(link) = link else { panic!() };
    let height = link.out.place.height;
    link.out.transfers[0].position = Position::Log(9_999, 0);
    let with_signals = |b: &LinkedBlock| b.transfers.transactions.iter().rposition(|t| !t.signals.is_empty());
    let (at, tx) = blocks.iter().enumerate().find_map(|(at, block)| Some((at, with_signals(block)?))).unwrap();
    blocks[at].transfers.transactions[tx].index = 9_999;
    append(&mut opened(other.path(), made), &blocks);
    let folders = |store: &Path| AccountWorkspace::beside_dirs(store, &made.id);
    for (from, to) in folders(other.path()).iter().zip(&folders(dir.path())) {
        std::fs::remove_dir_all(to).unwrap();
        std::fs::rename(from, to).unwrap();
    }
    let workspace = AccountWorkspace::open(dir.path(), &made.id, Arc::default()).unwrap();
    let checked = workspace.check_beside(&mut go_on).unwrap();
    let [links, signals, clusters] = checked.as_slice() else { panic!("{checked:?}") };
    assert_eq!(
        (links.problems.len(), signals.problems.is_empty(), clusters.problems.len()),
        (1, false, 0),
        "{checked:?}"
    );
    assert!(links.problems[0].contains("no transfer (Log(9999, 0)") && links.problems[0].contains(&height.to_string()));
    assert!(signals.problems[0].contains("tx: 9999"), "{signals:?}");
}

/// What links or signals refuse is the one block; those before it are kept by all.
#[test]
fn the_blocks_before_one_that_is_refused_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let made = &SIMULATED.chains[0];
    let mut workspace = opened(dir.path(), made);
    let mut blocks = made.blocks.clone();
    let bad = blocks.iter().rposition(|block| block.found.records.len() > 1).unwrap();
    blocks[bad].found.height += 7;
    let refused = workspace.append(&mut blocks.into_iter(), &AppendOptions::default()).unwrap_err().to_string();
    assert!(refused.contains(&format!("block {}", made.blocks[bad].transfers.height + 7)), "{refused}");
    assert_eq!(workspace.ledger.counts().blocks, bad as u64);
    in_step(&workspace, made, 0);
    append(&mut workspace, &made.blocks[bad..]);
    in_step(&workspace, made, 0);
}
