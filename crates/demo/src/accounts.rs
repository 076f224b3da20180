//! The demo's second case: a theft of USDT on a simulated account chain passes a swap and a bridge to a second chain and is stopped at the exchange,
//! with a bundle that verifies; and a withdrawal to an address that imitates another one is warned of. The truth only chooses where to begin.

use anyhow::Context;
use holdfast_account_evidence::Origin;
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, FileBlocks};
use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_account_workspace::beside::LinkFinder;
use holdfast_account_workspace::evidence::{ProofSource, ProofSources, Sealing};
use holdfast_account_workspace::trace_report::{AccountTraceReport, TracedTransfer};
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_account_workspace::{AccountSnapshot, AccountWorkspace};
use holdfast_analysis::accounts::AccountEndKind;
use holdfast_analysis::links::LinkKind;
use holdfast_analysis::{Policy, render};
use holdfast_attribution::{TagStore, Tlp};
use holdfast_console::args::{ASSET_LIST, add_listed_assets};
use holdfast_console::show::{print_decision, verify_file};
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_decision::{ChainFacts, Event, EventKind, Record, RecordKind, Verdict};
use holdfast_links::{Contracts, Role};
use holdfast_screening::Screening;
use holdfast_screening::clock::system_clock;
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Action, Economy, Options};
use holdfast_state::system::{entropy, now};
use holdfast_types::{AccountId, Address, Amount, ChainId, Seconds, Timestamp, units};
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The pack of tags of the simulated chains.
const PACK: &str = "simulated-accounts.yaml";
/// The folder of the store that keeps the simulated chains' blocks.
const BLOCKS: &str = "simulated-blocks";
/// Decimal places of the simulated stablecoin.
const DECIMALS: u32 = 6;

/// What was simulated, and what of its truth the demo begins with.
pub(crate) struct Made {
    dir: tempfile::TempDir,
    tagpack: String,
    /// Transactions of thefts.
    thefts: Vec<String>,
    /// Whom somebody paid, and the address that imitates it.
    poisoned: (String, String),
}

/// A chain as it was read.
struct Read {
    id: ChainId,
    snapshot: Arc<AccountSnapshot>,
    stablecoin: String,
}

/// Simulates the chains, and gives the store the list of their assets, so that amounts have units. Call it before any asset is read.
pub(crate) fn simulate(store: &Path) -> anyhow::Result<Made> {
    let dir = tempfile::tempdir()?;
    let options = Options { seed: 3, blocks: 110, users: 40, txs_per_block: 20, ..Options::default() };
    let mut economy = Economy::new(options).map_err(anyhow::Error::msg)?;
    let list = store.join(ASSET_LIST);
    // A list that is there was read when the program began.
    if !list.exists() {
        std::fs::create_dir_all(store).with_context(|| store.display().to_string())?;
        std::fs::write(&list, economy.assets_csv()).with_context(|| list.display().to_string())?;
        add_listed_assets(store)?;
    }
    let mut thefts = Vec::new();
    write(&mut economy, dir.path(), Format::Json, &mut |blocks| {
        for block in blocks.iter().filter(|block| block.chain == 0) {
            let of_theft = block.transactions.iter().zip(&block.truth).filter(|(_, t)| t.action == Action::Theft);
            thefts.extend(of_theft.map(|(tx, _)| tx.hash.to_string()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let records = std::fs::read_to_string(dir.path().join("truth").join("records.jsonl"))?;
    let attempt = |line: &str| {
        let record: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| record[name].as_str().map(str::to_owned);
        (record["record"] == "poisoning").then_some(())?;
        Some((text("counterparty")?, text("lookalike")?))
    };
    let poisoned = records.lines().find_map(attempt).context("the simulated economy has an attempt of poisoning")?;
    Ok(Made { dir, tagpack: economy.tagpack(), thefts, poisoned })
}

/// A simulated chain, as its files tell it.
struct Simulated {
    id: ChainId,
    stablecoin: String,
    files: Vec<PathBuf>,
    notes: ChainNotes,
    contracts: Contracts,
}

/// Returns the simulated chains of a folder.
fn simulated(dir: &Path) -> anyhow::Result<Vec<Simulated>> {
    let list = dir.join("chains.json");
    let list: Value = serde_json::from_slice(&std::fs::read(&list).with_context(|| list.display().to_string())?)?;
    let mut chains = Vec::new();
    for chain in list["chains"].as_array().context("chains.json lists chains")? {
        let text = |value: &Value| value.as_str().map(str::to_owned).context("chains.json names it");
        let account = |value: &Value| Ok::<_, anyhow::Error>(AccountId::try_from(&Address::read(&text(value)?))?);
        let id = ChainId::parse(&text(&chain["chain"])?)?;
        let folder = dir.join(text(&chain["folder"])?);
        let notes = ChainNotes {
            wrappers: vec![account(&chain["wrapper"])?],
            genesis: Some(std::fs::read_to_string(folder.join("genesis.csv"))?),
            ..ChainNotes::default()
        };
        let contracts = Contracts::of(&id).with(account(&chain["bridge"])?, Role::NomadAll);
        let stablecoin = format!("{id}/erc20:{}", text(&chain["tokens"]["stablecoin"]["address"])?);
        chains.push(Simulated { files: block_files(&folder)?, id, stablecoin, notes, contracts });
    }
    Ok(chains)
}

/// Keeps the blocks of the simulated chains in the store: bundles are proved out of them. Those that are there are the ones that its ledgers were read from.
fn keep(made: &Made, store: &Path) -> anyhow::Result<()> {
    let kept = store.join(BLOCKS);
    if kept.exists() {
        return Ok(());
    }
    let ledgers = AccountWorkspace::chains_of(store)?;
    if let Some(chain) = simulated(made.dir.path())?.into_iter().find(|chain| ledgers.contains(&chain.id)) {
        let (id, kept) = (chain.id, kept.display());
        anyhow::bail!(
            "{kept} is missing, from which the ledger of {id} was read: remove {} and run the demo again",
            store.display()
        );
    }
    // Renamed into place, so that a folder of the name is whole.
    let whole = tempfile::tempdir_in(store)?;
    let copy = |from: &Path, to: &Path| std::fs::copy(from, to).with_context(|| to.display().to_string());
    copy(&made.dir.path().join("chains.json"), &whole.path().join("chains.json"))?;
    let list: Value = serde_json::from_slice(&std::fs::read(whole.path().join("chains.json"))?)?;
    for folder in list["chains"].as_array().into_iter().flatten().filter_map(|chain| chain["folder"].as_str()) {
        let (from, to) = (made.dir.path().join(folder), whole.path().join(folder));
        std::fs::create_dir(&to)?;
        for file in std::fs::read_dir(&from)? {
            let file = file?;
            copy(&file.path(), &to.join(file.file_name()))?;
        }
    }
    std::fs::rename(whole.keep(), &kept).with_context(|| kept.display().to_string())
}

/// Where the server reads the proofs of the simulated chains' bundles from.
pub(crate) fn sources(store: &Path) -> anyhow::Result<ProofSources> {
    let source = |chain: Simulated| {
        let origin = Origin::Files(chain.files, chain.notes);
        (chain.id, ProofSource { origin, contracts: chain.contracts })
    };
    Ok(simulated(&store.join(BLOCKS))?.into_iter().map(source).collect())
}

/// Returns the ids of the simulated chains' stablecoins.
pub(crate) fn stablecoins(store: &Path) -> anyhow::Result<Vec<String>> {
    Ok(simulated(&store.join(BLOCKS))?.into_iter().map(|chain| chain.stablecoin).collect())
}

/// Reads the simulated chains into ledgers of the store.
fn read(tags: &Arc<TagStore>, store: &Path) -> anyhow::Result<Vec<Read>> {
    let mut chains = Vec::new();
    for Simulated { id, stablecoin, files, notes, contracts } in simulated(&store.join(BLOCKS))? {
        let mut workspace = AccountWorkspace::create_or_open(store, &Settings::new(id.clone()), tags.clone())?;
        let before = workspace.ledger.snapshot();
        let stored = |height| before.block_at(height).ok().flatten().map(|block| block.hash);
        let finder = LinkFinder::new(contracts);
        let blocks = FileBlocks::new(&id, files, notes, 0, &stored, finder)?;
        let blocks: Vec<_> = blocks.collect::<Result<_, _>>()?;
        workspace.append(&mut blocks.into_iter(), &AppendOptions::default())?;
        workspace.update_who();
        chains.push(Read { id, snapshot: Arc::new(workspace.snapshot()), stablecoin });
    }
    Ok(chains)
}

/// Opens the simulated chains for the server, which looks them up and screens their movements.
pub(crate) fn open(store: &Path, tags: &Arc<TagStore>) -> anyhow::Result<Vec<AccountWorkspace>> {
    let ids = AccountWorkspace::chains_of(store)?;
    Ok(ids.iter().map(|id| AccountWorkspace::open_for_writing(store, id, tags.clone())).collect::<Result<_, _>>()?)
}

/// Returns whether a theft passes a swap and the bridge and ends at an exchange on the second chain: the transfer by which it came there.
fn arrival<'t>(trace: &'t AccountTraceReport, second: &ChainId) -> Option<(&'t TracedTransfer, Amount)> {
    let crosses = |kind| trace.crossings.iter().any(|crossing| crossing.kind == kind);
    if !crosses(LinkKind::Swap) || !crosses(LinkKind::Bridge) {
        return None;
    }
    let at_exchange = trace.ends.iter().filter(|end| {
        let category = end.party.as_ref().map(|party| party.category.name());
        end.kind == AccountEndKind::Service && category == Some("exchange") && end.chain == second.as_str()
    });
    let largest = at_exchange.max_by_key(|end| end.amount)?;
    let movement = trace.movements.iter().find(|m| Some(&m.transfer.id) == largest.transfer.as_ref())?;
    Some((&movement.transfer, largest.amount))
}

fn deposit(transfer: &TracedTransfer, customer: &str) -> Event {
    let time = Timestamp::from_unix(i64::try_from(transfer.time).unwrap_or(i64::MAX));
    let mut event = Event::new(EventKind::Deposit, "demo-stolen-stablecoin".to_owned(), time, customer);
    event.asset = Some(transfer.asset.id.clone());
    event.amount = Some(transfer.amount);
    event.tx = Some(transfer.tx.clone());
    event.address = transfer.to.as_ref().map(|party| party.address.clone());
    event
}

/// Runs the case, and prints it. The chains stay in the store, and their tags among the workspace's.
pub(crate) fn run(
    screening: &Screening,
    made: &Made,
    workspace: &mut Workspace,
    store: &Path,
    as_json: bool,
) -> anyhow::Result<Value> {
    workspace.import_tags_as(vec![(PACK.into(), made.tagpack.clone().into_bytes())], Some(Tlp::Clear));
    workspace.catch_up();
    keep(made, store)?;
    let chains = read(&workspace.tags, store)?;
    let [first, second] = chains.as_slice() else { anyhow::bail!("two chains are simulated") };
    let all: Vec<Arc<AccountSnapshot>> = chains.iter().map(|chain| chain.snapshot.clone()).collect();
    let source = first.snapshot.among(&all);
    let mut found = None;
    for theft in &made.thefts {
        let mut request = AccountTraceRequest::new(theft);
        request.options.policy = Policy::Fifo;
        let trace = source.account_trace_for(&request, Tlp::Amber)?;
        let arrived = arrival(&trace, &second.id).map(|(transfer, amount)| (transfer.clone(), amount));
        if let Some((transfer, amount)) = arrived {
            found = Some((request, trace, transfer, amount));
            break;
        }
    }
    let (request, trace, arrived, marked) = found.context("a theft reaches an exchange on the second chain")?;
    let customer = "demo-account-customer";
    let mut record = Record::new(RecordKind::Customer, customer, Timestamp::from_unix(1_780_000_000));
    record.created = Some(Timestamp::from_unix(1_770_000_000));
    screening.ingest(vec![record], "demo")?;
    let target = second.snapshot.among(&all);
    // The exchange that was robbed flags the theft; the money is followed from every deposit back to it.
    let raised = system_clock()();
    screening.raise_flag(
        Flag {
            id: "demo-theft".into(),
            member: "the exchange that was robbed".into(),
            community: String::new(),
            subject: Subject::Transaction,
            asset: "USDT".into(),
            value: request.subject.clone(),
            reason: "hot wallet emptied".into(),
            raised,
            until: raised + Seconds::DAY,
            state: State::Open,
            source: None,
            tlp: String::new(),
        },
        "demo",
    )?;
    let event = deposit(&arrived, customer);
    let facts = holdfast_chain_facts::chain_facts(&target, &event, None);
    let decided = screening.decide(event.clone(), facts, "demo")?;
    anyhow::ensure!(decided.decision >= Verdict::Hold, "the deposit that the theft reached is held: {decided:?}");
    let path = store.join("followed-theft.holdfast.tar");
    std::fs::write(&path, bundle(&source, &request, store)?).with_context(|| path.display().to_string())?;
    let warned = imitation(screening, first, &made.poisoned, customer)?;
    if !as_json {
        println!("\nA theft on a simulated account chain ({}), reported by the victim: {}.", first.id, request.subject);
        print!("{}", crate::indent(&render::table(&trace, 12)));
        println!("    {} of it reached the exchange on {} by {}. The deposit:", stable(marked), second.id, arrived.id);
        print_decision(&decided, "USD");
        verify_file(&path, None, None, false)?;
        println!("\nA customer is about to pay an address that imitates one that was paid before:");
        print_decision(&warned.0, "USD");
    }
    let crossings: Vec<String> = trace.crossings.iter().map(|crossing| crossing.kind.to_string()).collect();
    Ok(json!({ "theft": request.subject, "movements": trace.movements.len(), "crossings": crossings,
        "chains": [first.id, second.id], "deposit": event.id, "marked": marked, "decision": decided.decision.name(), "holds": decided.holds,
        "balances": trace.balances, "bundle": path, "imitation": made.poisoned.1, "warned": warned.1 }))
}

fn stable(amount: Amount) -> String {
    format!("{} USDT", units::whole(amount, DECIMALS))
}

/// Packs the evidence, with proofs out of the files that the ledgers were read from.
fn bundle(source: &AccountSnapshot, request: &AccountTraceRequest, store: &Path) -> anyhow::Result<Vec<u8>> {
    let sources = sources(store)?;
    let (key, created) = (Workspace::signing_key_of(store, entropy)?, now());
    let sealing = Sealing { key: &key, created: &created, clearance: Tlp::Amber };
    Ok(source.account_bundle_for(request, &sources, &mut |_, _| Ok(()), sealing)?)
}

/// A customer pays somebody, and then an address that imitates theirs. Returns the second decision, and whether it is held and warned of.
fn imitation(
    screening: &Screening,
    chain: &Read,
    (paid, imitation): &(String, String),
    customer: &str,
) -> anyhow::Result<(holdfast_decision::Decision, bool)> {
    let mut decided = None;
    for (n, to) in (0i64..).zip([paid, imitation]) {
        let time = Timestamp::from_unix(1_785_300_000 + 600 * n);
        let mut event = Event::new(EventKind::Withdrawal, format!("demo-imitation-{n}"), time, customer);
        event.asset = Some(chain.stablecoin.clone());
        event.amount = Some(Amount::from(250_000_000u64));
        event.value = Some(25_000);
        event.counterparty = Some(to.clone());
        let facts: ChainFacts = holdfast_chain_facts::chain_facts(&*chain.snapshot, &event, None);
        decided = Some(screening.decide(event, facts, "demo")?);
    }
    let decided = decided.context("two withdrawals were decided")?;
    let is_warned = decided.warning.as_ref().is_some_and(|warning| warning.lookalike.is_some());
    anyhow::ensure!(is_warned, "a withdrawal to an address that imitates another one is warned of");
    Ok((decided, is_warned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_bitcoin::Network;
    use holdfast_identity::KeyRing;
    use holdfast_jobs::JobState;
    use holdfast_state::evidence::Bundle;
    use holdfast_state::{AppState, Vault};

    /// The page of a trace links to its bundle: the server has the blocks that it is proved by.
    #[test]
    fn the_server_makes_bundles_that_verify() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let made = simulate(&store).unwrap();
        let mut workspace = Workspace::create_or_open(&store, Network::Bitcoin).unwrap();
        let screening =
            Screening::open(&format!("sqlite:{}", dir.path().join("desk").display()), system_clock()).unwrap();
        let case = run(&screening, &made, &mut workspace, &store, true).unwrap();
        drop(made);
        let chains = open(&store, &workspace.tags).unwrap();
        let vault = Vault::new(dir.path().join("files"));
        let mut shared = AppState::new(workspace, screening, KeyRing::single([7; 32]), vault).unwrap();
        shared.add_account_chains(chains).unwrap();
        shared.proof_sources = Arc::new(sources(&store).unwrap());
        let mut request = AccountTraceRequest::new(case["theft"].as_str().unwrap());
        request.options.policy = Policy::Fifo;
        let runner = shared.start_jobs().unwrap();
        let bytes = loop {
            match shared.account_bundle(request.clone(), None, Tlp::Amber, "a test").unwrap() {
                Bundle::Made(bytes) => break bytes,
                // Of many blocks a job makes it.
                Bundle::InWork(job) => assert_ne!(job.state, JobState::Failed, "it is not made: {job:?}"),
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        drop(runner);
        let path = dir.path().join("bundle.tar");
        std::fs::write(&path, bytes).unwrap();
        verify_file(&path, None, None, true).unwrap();
    }
}
