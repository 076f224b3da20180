//! `holdfast-bench blocks`: blocks of EVM chains on a load of its own: decoded, verified, listed, traced; and read from real nodes beside other readers.

use crate::chain::{Add, Figure, print, timed};
use anyhow::{Context, bail, ensure};
use clap::Args;
use holdfast_account_ledger::{AppendOptions, Ledger, Settings};
use holdfast_analysis::accounts::{AccountOptions, AccountStart, AccountView, Unclassified, trace_accounts};
use holdfast_analysis::links::TransferId;
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_console::output;
use holdfast_evm::node::Node;
use holdfast_evm::{Block, Bytes, Chain, Checks, Receipt, VerifiedBlock, keccak256, rlp, transfers, verify};
use holdfast_simulate_accounts::node::Player;
use holdfast_simulate_accounts::{Economy, Options};
use holdfast_types::BlockTransfers;
use serde::de::IgnoredAny;
use serde_json::json;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Args)]
pub struct BlocksBench {
    /// Transactions to simulate, about.
    #[arg(long, default_value_t = 100_000)]
    txs: u32,
    /// Seed of the economy.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to work.
    #[arg(long, default_value = "store/bench")]
    work: PathBuf,
    /// Program `anvil`: a smaller economy is played on two of its nodes, and the first one's chain is read.
    #[arg(long)]
    anvil: Option<PathBuf>,
    /// Python with the packages `ethereum-etl` and `cryo-python`, which read the same chain.
    #[arg(long, requires = "anvil")]
    python: Option<PathBuf>,
    /// Blocks of the chain that nodes have.
    #[arg(long, default_value_t = 60)]
    node_blocks: u32,
}

pub fn run(args: &BlocksBench, as_json: bool) -> anyhow::Result<()> {
    let mut figures = Vec::new();
    let mut add = |what: &str, value: f64, unit: &'static str, against: String| {
        eprintln!("{what}: {value:.2} {unit}  ({against})");
        figures.push(Figure { txs: args.txs.into(), what: what.to_owned(), value, unit, against });
    };
    let parts = simulated(args)?;
    let listed = from_bytes(&parts, &mut add)?;
    follow_money(&args.work, listed, &mut add)?;
    if let Some(anvil) = &args.anvil {
        from_nodes(args, anvil, &mut add)?;
    }
    if as_json { output::json(&figures) } else { print("transactions", &figures) }
}

/// A block's header, body and receipts in RLP, and its number of transactions.
struct Encoded {
    header: Vec<u8>,
    body: Bytes,
    receipts: Bytes,
}

/// The blocks of the economy's first chain.
struct Simulated {
    chain: Chain,
    blocks: Vec<Encoded>,
    /// What the first block gives, which no block of a chain states.
    genesis: BlockTransfers,
    txs: f64,
}

fn simulated(args: &BlocksBench) -> anyhow::Result<Simulated> {
    let options = Options {
        seed: args.seed,
        blocks: (args.txs / 500).max(20),
        users: 5_000,
        txs_per_block: 400,
        ..Options::default()
    };
    let mut economy = Economy::new(options).map_err(anyhow::Error::msg)?;
    let chain = Chain::of(options.chains[0]).with_wrapper(economy.wrapper());
    let (mut blocks, mut txs, mut genesis) = (Vec::new(), 0u32, None);
    loop {
        let more = economy.next_blocks(64);
        if more.is_empty() {
            break;
        }
        economy.take_records();
        for block in more.iter().filter(|block| block.chain == 0) {
            txs += u32::try_from(block.transactions.len())?;
            let (header, body, receipts) =
                (block.header.to_rlp(), block.body_rlp().into(), block.receipts_rlp().into());
            if genesis.is_none() {
                let decoded = verify(&chain, rlp::block(&header, &body)?, Vec::new(), Checks::default())?;
                genesis = Some(BlockTransfers { block_level: block.genesis.clone(), ..transfers(&chain, &decoded) });
            }
            blocks.push(Encoded { header, body, receipts });
        }
    }
    Ok(Simulated { chain, blocks, genesis: genesis.context("no block")?, txs: txs.into() })
}

/// The best of three runs: the machine's noise only adds.
fn best(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let (done, seconds) = timed(&mut work);
        done?;
        best = best.min(seconds);
    }
    Ok(best)
}

type Decoded = (Block, Vec<Receipt>);

fn decoded(blocks: &[Encoded]) -> anyhow::Result<Vec<Decoded>> {
    blocks.iter().map(|b| Ok((rlp::block(&b.header, &b.body)?, rlp::receipts(&b.receipts)?))).collect()
}

fn verified(chain: &Chain, blocks: &[Decoded], checks: Checks) -> anyhow::Result<Vec<VerifiedBlock>> {
    blocks.iter().map(|(block, receipts)| Ok(verify(chain, block.clone(), receipts.clone(), checks)?)).collect()
}

/// Decoding, verification and listing on one core; returns what the blocks moved.
fn from_bytes(simulated: &Simulated, add: Add<'_>) -> anyhow::Result<Vec<BlockTransfers>> {
    let Simulated { chain, blocks, txs, .. } = simulated;
    let pace = |seconds: f64| txs / seconds;
    // One block after another, as a reader has them.
    let decode = best(|| {
        blocks.iter().try_for_each(|block| decoded(std::slice::from_ref(block)).map(|block| drop(black_box(block))))
    })?;
    add("decode, one core", pace(decode), "tx/s", format!("goal 1,000,000: {:.2} times", pace(decode) / 1e6));
    let parts = decoded(blocks)?;
    // What no verification can do without: each envelope hashed once as a leaf and once as an id, each receipt once, and each entry of a bloom.
    let hash = best(|| {
        for ((block, receipts), encoded) in parts.iter().zip(blocks) {
            black_box(keccak256(&encoded.header));
            let pieces = |bytes: &Bytes, count: usize| {
                let each = bytes.len() / count.max(1);
                bytes.chunks(each.max(1)).for_each(|piece| {
                    black_box(keccak256(piece));
                });
            };
            pieces(&encoded.body, block.transactions.len());
            pieces(&encoded.body, block.transactions.len());
            pieces(&encoded.receipts, receipts.len());
            for log in receipts.iter().flat_map(|receipt| &receipt.logs) {
                black_box(keccak256(log.address));
                log.topics.iter().for_each(|topic| {
                    black_box(keccak256(topic));
                });
            }
        }
        Ok(())
    })?;
    let whole = verified(chain, &parts, Checks::default())?;
    // Nodes and archives state senders.
    let mut stated = parts.clone();
    for ((block, _), verified) in stated.iter_mut().zip(&whole) {
        let senders = block.transactions.iter_mut().zip(verified.senders());
        senders.for_each(|(transaction, sender)| transaction.from = Some(*sender));
    }
    let roots = best(|| verified(chain, &stated, Checks { senders: false }).map(|all| drop(black_box(all))))?;
    add(
        "verify all hashes, roots and blooms, one core",
        pace(roots),
        "tx/s",
        format!(
            "goal 50,000: {:.2} times; hashing its leaves alone {:.0}: {:.2} times",
            pace(roots) / 5e4,
            pace(hash),
            hash / roots
        ),
    );
    let senders = best(|| verified(chain, &parts, Checks::default()).map(|all| drop(black_box(all))))?;
    add("the same, senders recovered from signatures", pace(senders), "tx/s", String::new());
    let listing = best(|| {
        whole.iter().for_each(|block| drop(black_box(transfers(chain, block))));
        Ok(())
    })?;
    add("list transfers, one core", pace(listing), "tx/s", "without traces".to_owned());
    let mut listed: Vec<BlockTransfers> = whole.iter().map(|block| transfers(chain, block)).collect();
    if let Some(first) = listed.first_mut() {
        *first = simulated.genesis.clone();
    }
    Ok(listed)
}

/// The longest traces from the middle of the ledger, by policy and direction.
fn follow_money(work: &Path, listed: Vec<BlockTransfers>, add: Add<'_>) -> anyhow::Result<()> {
    std::fs::create_dir_all(work)?;
    let dir = tempfile::tempdir_in(work)?;
    let chain = listed.first().context("no block")?.chain.clone();
    let mut ledger = Ledger::create_or_open(dir.path(), &Settings::new(chain))?;
    ledger.append(&mut listed.into_iter(), &AppendOptions::default(), &mut |_| ControlFlow::Continue(()))?;
    ledger.rebuild_index(AppendOptions::default().memory)?;
    let view = AccountView { ledger: &ledger, classes: &Unclassified };
    for policy in [Policy::Haircut, Policy::Poison, Policy::Fifo, Policy::Lifo] {
        for direction in [Direction::Forward, Direction::Backward] {
            let bounds = Bounds { max_hops: u32::MAX, max_edges: 25_000, ..Bounds::default() };
            let trace = TraceOptions { direction, policy, bounds, through_services: true };
            let options = AccountOptions { trace, ..AccountOptions::default() };
            let middle = ledger.counts().txs / 2;
            let starts = (middle..middle + 40).filter_map(|tx| ledger.transfers_of(tx).ok()?.first().map(|t| t.number));
            let run = |number| {
                let start = AccountStart::Transfer(TransferId { chain: 0, number });
                trace_accounts(&[&view], None, &[(start, None)], &options)
            };
            let longest = starts.max_by_key(|n| run(*n).map_or(0, |t| t.movements.len()));
            let number = longest.context("no transfer in the middle")?;
            let mut movements = 0;
            let seconds = best(|| {
                let trace = run(number)?;
                ensure!(trace.balances(), "the trace does not balance");
                movements = trace.movements.len();
                Ok(())
            })?;
            let of = format!("{policy:?}, {direction:?}");
            // First and last in, first out follow one part of an account's funds: their traces are too short to be scaled.
            if movements < 1_000 {
                add(&format!("longest trace, {of}"), seconds * 1e3, "ms", format!("{movements} movements"));
                continue;
            }
            let each = seconds * 1e3 * 1e4 / f64::from(u32::try_from(movements)?);
            let note = format!("goal 50; {movements} movements in {:.1} ms", seconds * 1e3);
            add(&format!("trace of 10,000 movements, {of}"), each, "ms", note);
        }
    }
    Ok(())
}

/// A node that ends with the measurement.
struct Anvil {
    process: Child,
    url: String,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Anvil {
    fn start(program: &Path, chain: u64) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args(["--port", "0", "--no-mining", "--order", "fifo", "--hardfork", "prague", "--accounts", "1"])
            .args(["--disable-pool-balance-checks", "--disable-min-priority-fee", "--base-fee", "0"])
            .args(["--timestamp", "1750000000", "--gas-limit", "3000000000", "--chain-id", &chain.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let out = process.stdout.take().context("no output of anvil")?;
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.strip_prefix("Listening on ")?.trim().to_owned()));
        let url = format!("http://{}", address.context("anvil does not listen")?);
        // Its further lines are read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Anvil { process, url })
    }
}

/// The same chain of a real node, read by us and by others.
fn from_nodes(args: &BlocksBench, anvil: &Path, add: Add<'_>) -> anyhow::Result<()> {
    let options = Options {
        seed: args.seed,
        blocks: args.node_blocks,
        users: 400,
        txs_per_block: 100,
        has_fees: false,
        ..Options::default()
    };
    let nodes = [Anvil::start(anvil, options.chains[0])?, Anvil::start(anvil, options.chains[1])?];
    let mut economy = Economy::new(options).map_err(anyhow::Error::msg)?;
    let player = Player::new(&economy, [&nodes[0].url, &nodes[1].url])?;
    loop {
        let blocks = economy.next_blocks(10);
        if blocks.is_empty() {
            break;
        }
        economy.take_records();
        blocks.iter().try_for_each(|block| player.play(block))?;
    }
    let url = &nodes[0].url;
    let connect = || Node::connect(url, None).map(|n| n.with_chain(|chain| chain.with_wrapper(economy.wrapper())));
    let mut counted = 0u32;
    let ours = best(|| {
        counted = read_all(&connect()?.without_traces())?;
        Ok(())
    })?;
    let pace = |seconds: f64| f64::from(counted) / seconds;
    add("blocks and receipts of a node, verified", pace(ours), "tx/s", format!("anvil, {counted} transactions"));
    let bare = best(|| pass_over(&connect()?))?;
    let against = format!("bound by the node and the way to it; ours is {:.2} of it", bare / ours);
    add("the same requests, four at once, answers passed over", pace(bare), "tx/s", against);
    let (tip, _) = connect()?.tip(holdfast_evm::node::Tag::Latest)?;
    for (name, script, goal) in [("ethereum-etl", ETL, 3.0), ("cryo-python", CRYO, 1.0)] {
        let Some(python) = &args.python else { break };
        let out = tempfile::tempdir_in(&args.work)?;
        let mut command = Command::new(python);
        command
            .args(["-c", script, url, &tip.to_string()])
            .arg(out.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let (done, seconds) = timed(|| command.output());
        let done = done.with_context(|| python.display().to_string())?;
        if !done.status.success() {
            bail!("{name}: {}", String::from_utf8_lossy(&done.stderr));
        }
        let against = format!("start included; ours is {:.1} times as fast, goal {goal}", seconds / ours);
        add(&format!("{name}: blocks, transactions, receipts, logs of it"), pace(seconds), "tx/s", against);
    }
    // Last, for it takes longest.
    let (traced, with_traces) = timed(|| read_all(&connect()?));
    traced?;
    add("the same with traces", pace(with_traces), "tx/s", "the node executes them again".to_owned());
    Ok(())
}

/// Reads a node's chain, forty blocks at a time; returns how many transactions it has.
fn read_all(node: &Node) -> anyhow::Result<u32> {
    let (tip, _) = node.tip(holdfast_evm::node::Tag::Latest)?;
    let mut transactions = 0u32;
    for first in (0..=tip).step_by(40) {
        for block in node.blocks(first..(first + 40).min(tip + 1))? {
            transactions += u32::try_from(transfers(node.chain(), &block).transactions.len())?;
        }
    }
    Ok(transactions)
}

/// Makes the requests that [`read_all`] makes, four at once, and passes over what the node answers.
fn pass_over(node: &Node) -> anyhow::Result<()> {
    let (tip, _) = node.tip(holdfast_evm::node::Tag::Latest)?;
    let next = AtomicU64::new(0);
    let ask = || -> anyhow::Result<()> {
        loop {
            let height = next.fetch_add(1, Ordering::Relaxed);
            if height > tip {
                return Ok(());
            }
            let _: IgnoredAny = node.call("eth_getBlockByNumber", json!([format!("{height:#x}"), true]))?;
            let _: IgnoredAny = node.call("eth_getBlockReceipts", json!([format!("{height:#x}")]))?;
        }
    };
    std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(ask));
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Reads a chain with ethereum-etl, which uses a function that Python no longer has.
const ETL: &str = r#"
import inspect, os, sys
from collections import namedtuple
Spec = namedtuple("ArgSpec", "args varargs keywords defaults")
def getargspec(f):
    s = inspect.getfullargspec(f)
    return Spec(s.args, s.varargs, s.varkw, s.defaults)
inspect.getargspec = getargspec
from ethereumetl.cli import cli
url, tip, out = sys.argv[1:]
at = lambda name: os.path.join(out, name)
def run(*args):
    cli.main(args=list(args), standalone_mode=False)
run("export_blocks_and_transactions", "-s", "0", "-e", tip, "-p", url, "--blocks-output", at("b.csv"), "--transactions-output", at("t.csv"))
run("extract_csv_column", "-i", at("t.csv"), "-c", "hash", "-o", at("h.txt"))
run("export_receipts_and_logs", "--transaction-hashes", at("h.txt"), "-p", url, "--receipts-output", at("r.csv"), "--logs-output", at("l.csv"))
"#;

/// Reads a chain with cryo.
const CRYO: &str = r#"
import sys, cryo
url, tip, out = sys.argv[1:]
cryo.freeze(["blocks", "transactions", "logs"], blocks=["0:%d" % (int(tip) + 1)], rpc=url, output_dir=out, no_verbose=True)
"#;
