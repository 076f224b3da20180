//! `holdfast-bench accounts`: the account ledger on a load of its own, at each size named: pace of appends, size, look-ups, a followed block, a
//! reorganization, a check.

use crate::chain::{Add, Figure, print, timed};
use anyhow::{Context, bail};
use clap::Args;
use holdfast_account_ledger::{AppendOptions, Ledger, LedgerError, Settings};
use holdfast_console::output;
use holdfast_simulate::random::Random;
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Commitment, Position, TokenRef, TransactionTransfers, Transfer,
    TransferKind,
};
use serde_json::json;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct AccountsBench {
    /// Transfers to make, fees not counted: one size or several, with commas.
    #[arg(long, default_value = "1000000", value_delimiter = ',')]
    transfers: Vec<u64>,
    /// Seed of the load.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to work.
    #[arg(long, default_value = "store/bench")]
    work: PathBuf,
    /// Measure only the look-ups, on the ledger of an earlier run.
    #[arg(long)]
    questions: bool,
}

/// The part that runs in a process of its own.
#[derive(Args)]
pub struct AccountsAppend {
    /// Folder of the new ledger.
    ledger: PathBuf,
    /// Transfers to make.
    transfers: u64,
    /// Seed of the load.
    seed: u64,
}

/// Transactions in a block.
const BLOCK_TXS: u64 = 200;
/// Blocks that are followed one by one, and then exchanged.
const FOLLOWED: u64 = 50;

/// Blocks as Ethereum's are: of 1,000 transactions 1,420 transfers beside the fees, half of them tokens, three tenths of these beyond 64 bits; hot
/// accounts take part in half of all, and about every eighth transaction brings a new account (400 million in 3.5 thousand million transactions).
struct Load {
    random: Random,
    chain: ChainId,
    height: u64,
    parent: [u8; 32],
    accounts: u64,
    /// Transfers left to make.
    left: u64,
}

/// Accounts of exchanges, routers, pools.
const HOT: u64 = 300;

fn account(n: u64) -> AccountId {
    // Spread as hashes are, and one to one.
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    AccountId::evm(bytes)
}

impl Load {
    fn new(seed: u64, transfers: u64) -> anyhow::Result<Self> {
        let chain = ChainId::parse("eip155:1")?;
        Ok(Load { random: Random::new(seed), chain, height: 0, parent: [0; 32], accounts: HOT, left: transfers })
    }

    fn hash(&mut self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.as_chunks_mut::<8>().0.iter_mut().for_each(|chunk| *chunk = self.random.bits().to_le_bytes());
        hash
    }

    fn account(&mut self) -> AccountId {
        let number = match self.random.below(32) {
            // Few of the hot ones are much hotter than the others.
            0..=15 => self.random.below(HOT).min(self.random.below(HOT)).min(self.random.below(HOT)),
            16 => {
                self.accounts += 1;
                self.accounts - 1
            }
            // The newer, the likelier.
            _ => self.random.below(self.accounts).max(self.random.below(self.accounts)),
        };
        account(number)
    }

    fn transfer(&mut self, log: u32) -> Transfer {
        let (from, to) = (self.account(), self.account());
        let (token, kind, position) = match self.random.below(20) {
            0..=5 => (TokenRef::Native, TransferKind::Value, Position::Transaction),
            6..=9 => (TokenRef::Native, TransferKind::Internal, Position::Trace(log)),
            10..=16 => (
                TokenRef::Fungible(account(1 << 40 | self.random.below(4))),
                TransferKind::Token,
                Position::Log(log, 0),
            ),
            _ => {
                let rare = self.random.below(30_000).min(self.random.below(30_000));
                (TokenRef::Fungible(account(1 << 41 | rare)), TransferKind::Token, Position::Log(log, 0))
            }
        };
        let wide = token != TokenRef::Native && self.random.permille(290);
        let amount = self.random.amount(1_000, 1 << 62);
        let amount = if wide { Amount::new(u128::from(amount) << 12) } else { amount.into() };
        let commitment = if kind == TransferKind::Internal { Commitment::Claim } else { Commitment::Root };
        Transfer { token, from: Some(from), to: Some(to), amount, kind, position, commitment }
    }

    fn transaction(&mut self, index: u32, base: u64, miner: AccountId) -> TransactionTransfers {
        let payer = self.account();
        let number = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2][usize::try_from(self.random.below(10)).unwrap_or(0)];
        let number = self.left.min(number + u64::from(self.random.permille(20)));
        self.left -= number;
        let mut transfers: Vec<Transfer> =
            (0..number).map(|n| self.transfer(index * 4 + u32::try_from(n).unwrap_or(0))).collect();
        let gas = self.random.between(21_000, 300_000);
        let fee = |kind, to, amount: u64| Transfer {
            token: TokenRef::Native,
            from: Some(payer),
            to,
            amount: amount.into(),
            kind,
            position: Position::Transaction,
            commitment: Commitment::Root,
        };
        let (burn, tip) = (base * gas, self.random.between(1, 2_000_000_000) * gas);
        transfers.push(fee(TransferKind::FeeBurn, None, burn));
        transfers.push(fee(TransferKind::FeeTip, Some(miner), tip));
        TransactionTransfers {
            hash: self.hash(),
            index,
            payer,
            to: None,
            success: true,
            fee: (burn + tip).into(),
            method: Some([0xa9, 0x05, 0x9c, 0xbb]),
            transfers,
            signals: Vec::new(),
        }
    }

    fn block(&mut self) -> BlockTransfers {
        let base = self.random.between(1_000_000_000, 60_000_000_000);
        let miner = account(self.random.below(20));
        let mut transactions = Vec::new();
        for index in 0..u32::try_from(BLOCK_TXS).unwrap_or(u32::MAX) {
            if self.left > 0 {
                transactions.push(self.transaction(index, base, miner));
            }
        }
        let (height, parent, hash) = (self.height, self.parent, self.hash());
        (self.height, self.parent) = (height + 1, hash);
        BlockTransfers {
            chain: self.chain.clone(),
            height,
            hash,
            parent,
            time: 1_438_269_988 + 12 * height,
            transactions,
            block_level: Vec::new(),
            internal_known: true,
        }
    }
}

impl Iterator for Load {
    type Item = BlockTransfers;

    fn next(&mut self) -> Option<BlockTransfers> {
        (self.left > 0).then(|| self.block())
    }
}

/// A load, and how long making it took.
struct Timed(Load, Duration);

impl Iterator for Timed {
    type Item = BlockTransfers;

    fn next(&mut self) -> Option<BlockTransfers> {
        let start = Instant::now();
        let block = self.0.next();
        self.1 += start.elapsed();
        block
    }
}

fn settings() -> anyhow::Result<Settings> {
    Ok(Settings { finality_blocks: FOLLOWED, ..Settings::new(ChainId::parse("eip155:1")?) })
}

pub fn run(args: &AccountsBench, as_json: bool) -> anyhow::Result<()> {
    let mut figures = Vec::new();
    for transfers in &args.transfers {
        let mut add = |what: &str, value: f64, unit: &'static str, against: String| {
            eprintln!("{transfers} transfers: {what}: {value:.2} {unit}  ({against})");
            figures.push(Figure { txs: *transfers, what: what.to_owned(), value, unit, against });
        };
        size(args, *transfers, &mut add)?;
    }
    if as_json { output::json(&figures) } else { print("transfers", &figures) }
}

/// Appends a load to a new ledger; prints how long it took, and the peak memory.
pub fn append_alone(args: &AccountsAppend) -> anyhow::Result<()> {
    let mut ledger = Ledger::create_or_open(&args.ledger, &settings()?)?;
    let mut load = Timed(Load::new(args.seed, args.transfers)?, Duration::ZERO);
    let go_on = &mut |_: &_| output::stopping();
    let (report, seconds) = timed(|| ledger.append(&mut load, &AppendOptions::default(), go_on));
    let report = report?;
    let seconds = seconds - load.1.as_secs_f64();
    output::json(&json!({
        "seconds": seconds, "transfers": report.transfers, "ledger": ledger.counts(), "peak_rss_kib": output::peak_rss_kib(),
    }))
}

fn size(args: &AccountsBench, transfers: u64, add: Add<'_>) -> anyhow::Result<()> {
    let dir = args.work.join(format!("accounts-{transfers}-{}", args.seed));
    if args.questions {
        return look_ups(&Ledger::open(&dir)?, add);
    }
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
    }
    std::fs::create_dir_all(&dir)?;
    let mut command = Command::new(std::env::current_exe()?);
    let output =
        command.arg("accounts-append").arg(&dir).args([transfers.to_string(), args.seed.to_string()]).output()?;
    if !output.status.success() {
        bail!("append failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let seconds = answer["seconds"].as_f64().context("seconds")?;
    let counts = answer["ledger"].clone();
    let with_fees = answer["transfers"].as_u64().unwrap_or(0);
    let pace = approximate(transfers) / seconds;
    add(
        "append into a queryable ledger",
        pace,
        "transfers/s",
        format!(
            "goal 100,000: {:.2} times; with fees' parts {:.0}/s; {seconds:.1} s, {} accounts, {} assets",
            pace / 100_000.0,
            approximate(with_fees) / seconds,
            counts["accounts"],
            counts["assets"]
        ),
    );
    let peak = approximate(answer["peak_rss_kib"].as_u64().unwrap_or(0)) / 1024.0;
    add("append, peak resident memory", peak, "MiB", "the load's own included".to_owned());
    let mut ledger = Ledger::open_for_writing(&dir)?;
    let txs = ledger.counts().txs;
    let bytes = bytes_in(&dir)?;
    add(
        "disk, all told",
        approximate(bytes) / approximate(txs),
        "bytes/tx",
        format!("goal 130; {:.2} transfers a transaction beside its fee", approximate(transfers) / approximate(txs)),
    );
    look_ups(&ledger, add)?;
    follow(&mut ledger, args.seed, add)?;
    let (report, seconds) = timed(|| ledger.check(&mut |_, _| output::stopping()));
    let report = report?;
    if let Some(damage) = report.damage.first() {
        bail!("the ledger is damaged: {damage}");
    }
    add("check", approximate(transfers) / seconds, "transfers/s", format!("{} balances made anew", report.balances));
    Ok(())
}

/// A number for a figure.
#[expect(clippy::cast_precision_loss, reason = "figures are rounded")]
fn approximate(n: u64) -> f64 {
    n as f64
}

fn bytes_in(dir: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        bytes += if path.is_dir() { bytes_in(&path)? } else { std::fs::metadata(&path)?.len() };
    }
    Ok(bytes)
}

/// Accounts as they take part in transfers, so that hot ones are asked most; every question once a sample.
fn look_ups(ledger: &Ledger, add: Add<'_>) -> anyhow::Result<()> {
    let (mut random, counts) = (Random::new(7), ledger.counts());
    let tip = ledger.tip()?.context("an empty ledger")?.height;
    let mut samples = Vec::new();
    while samples.len() < 20_000 {
        let tx = random.below(counts.txs);
        let transfers = ledger.transfers_of(tx)?;
        let transfer = random.pick(&transfers);
        if let Some(account) = transfer.to.filter(|_| !transfer.kind.is_fee()) {
            let height = random.below(tip + 1);
            samples.push((ledger.account(account)?, account, transfer.asset, ledger.tx(tx)?.hash, height));
        }
    }
    let mut percentile = |what: &str, look: &dyn Fn(usize) -> Result<u64, LedgerError>| -> anyhow::Result<()> {
        let mut times = Vec::with_capacity(samples.len());
        for _ in 0..2 {
            times.clear(); // the first round warms
            for n in 0..samples.len() {
                let start = Instant::now();
                black_box(look(n)?);
                times.push(start.elapsed());
            }
        }
        times.sort_unstable();
        let at = |p: usize| times[times.len() * p / 1000 - 1].as_secs_f64() * 1e6;
        add(what, at(990), "microseconds p99", format!("goal 50; p50 {:.2}, p99.9 {:.2}", at(500), at(999)));
        Ok(())
    };
    percentile("account look-up: number, assets, first 20 postings", &|n| {
        let number = ledger.account_number(&samples[n].0).unwrap_or_default();
        let assets = ledger.assets_of(number)?.len();
        let postings = ledger.postings(number, samples[n].2, 0..tip + 1, 20)?;
        Ok(u64::try_from(assets + postings.len()).unwrap_or(0))
    })?;
    percentile("balance now", &|n| {
        let balance = ledger.balance(samples[n].1, samples[n].2)?;
        Ok(u64::from(balance.moved.is_some()))
    })?;
    percentile("balance at a height", &|n| {
        let balance = ledger.balance_at(samples[n].1, samples[n].2, samples[n].4)?;
        Ok(u64::from(balance.moved.is_some()))
    })?;
    percentile("transaction by hash, with its transfers", &|n| {
        let tx = ledger.tx_by_hash(&samples[n].3).unwrap_or_default();
        Ok(u64::try_from(ledger.transfers_of(tx)?.len()).unwrap_or(0))
    })
}

/// Follows blocks one by one, and exchanges the last ones.
fn follow(ledger: &mut Ledger, seed: u64, add: Add<'_>) -> anyhow::Result<()> {
    let tip = ledger.tip()?.context("an empty ledger")?;
    let mut load = Load::new(seed + 1, u64::MAX)?;
    (load.height, load.parent, load.accounts) = (tip.height + 1, tip.hash, ledger.counts().accounts.max(HOT));
    let blocks: Vec<BlockTransfers> = (0..FOLLOWED).map(|_| load.block()).collect();
    let mut times = Vec::new();
    for block in &blocks {
        let (appended, seconds) = timed(|| ledger.append_block(block.clone()));
        appended?;
        times.push(seconds * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    let longest = times.last().copied().unwrap_or_default();
    let what = format!("a followed block of {BLOCK_TXS} transactions");
    add(&what, times[times.len() / 2], "ms", format!("longest {longest:.2} ms"));
    let height = ledger.tip()?.map_or(0, |t| t.height) - 9;
    let (done, seconds) = timed(|| -> Result<(), LedgerError> {
        ledger.truncate(height)?;
        let start = usize::try_from(FOLLOWED - 10).unwrap_or(0);
        let again = &mut blocks[start..].iter().cloned();
        ledger.append(again, &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).map(|_| ())
    });
    done?;
    add("10 blocks exchanged (a reorganization)", seconds * 1e3, "ms", String::new());
    Ok(())
}
