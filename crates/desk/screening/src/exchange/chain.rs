//! Deposits of a simulated chain: peel chains, mixers and coinjoins that lie behind deposits of ordinary customers.

use super::{Case, Exchange};
use crate::model::{Amount, CustomerType, Event, EventKind, Record, RecordKind};
use crate::state::DAY;
use crate::typology::Typology;
use holdfast_bitcoin::Network;
use holdfast_simulate::random::Random;
use holdfast_simulate::{OwnerKind, SimBlock, TxKind};
use holdfast_utxo_ledger::{Ledger, Source};
use holdfast_workspace::Workspace;
use std::ops::ControlFlow;

/// How the ids of deposits on a simulated chain begin.
pub const CHAIN_DEPOSIT: &str = "chain-d";

/// A workspace over a simulated chain (regtest), with its tags, all addresses of its mixers among them (exposure is only as good as
/// attribution); and the blocks with the truth about them. The folder must be empty or missing.
///
/// # Errors
/// When the options are out of bounds or the folder cannot be used.
pub fn chain_workspace(
    dir: &std::path::Path,
    options: holdfast_simulate::Options,
) -> Result<(Workspace, Vec<holdfast_simulate::SimBlock>, holdfast_simulate::Economy), String> {
    use holdfast_simulate::Economy;
    let mut economy = Economy::new(options)?;
    let blocks: Vec<_> = std::iter::from_fn(|| economy.next_block()).collect();
    let mut csv = String::from("address,currency,label,source,category,confidence\n");
    for truth in blocks.iter().flat_map(|b| &b.truth) {
        for (owner, address) in truth.owners.iter().zip(&truth.addresses) {
            if let (Some(owner), Some(address)) = (owner, address)
                && economy.owner_kind(*owner) == OwnerKind::Mixer
            {
                let address = address.to_text(Network::Regtest);
                csv += &format!("{address},BTC,mixer,https://example.org,mixing_service,ownership\n");
            }
        }
    }
    let pack = holdfast_simulate::files::tagpack(&economy).into_bytes();
    let files = vec![("simulation.yaml".into(), pack), ("mixers.csv".into(), csv.into_bytes())];
    let workspace = workspace_of(dir, Network::Regtest, blocks.iter().map(|b| (b.height, b.bytes.as_slice())), files)?;
    Ok((workspace, blocks, economy))
}

/// A workspace over blocks (height and raw bytes, in order) with tag files. The folder must be empty or missing.
///
/// # Errors
/// In words, when a block or tag file is refused or the folder cannot be used.
pub fn workspace_of<'a>(
    dir: &std::path::Path,
    network: Network,
    blocks: impl Iterator<Item = (u32, &'a [u8])>,
    tags: Vec<holdfast_attribution::import::NamedFile>,
) -> Result<Workspace, String> {
    use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
    let words = |e: &dyn std::fmt::Display| format!("{}: {e}", dir.display());
    let mut workspace = Workspace::create_or_open(dir, network).map_err(|e| words(&e))?;
    if workspace.ledger.tip().is_some() {
        return Err(format!("{} holds a ledger already; choose an empty folder", dir.display()));
    }
    let mut feed = Vec::new();
    for (height, bytes) in blocks {
        let block = holdfast_bitcoin::Block::parse(bytes.to_vec()).map_err(|e| words(&e))?;
        feed.push(MemoryBlock { height, block, spent: None });
    }
    let append = AppendOptions::default();
    workspace.ledger.append(&MemoryFeed(feed), &append, &mut |_| ControlFlow::Continue(())).map_err(|e| words(&e))?;
    if let Some(refused) = workspace.import_tags(tags).refused.first() {
        return Err(format!("tags of {}: {refused:?}", dir.display()));
    }
    workspace.refresh().map_err(|e| words(&e))?;
    workspace.save().map_err(|e| words(&e))?;
    Ok(workspace)
}

impl Exchange {
    /// Adds the deposits of a simulated chain (see [`chain_deposits`]), in order of time. They come to customers that are there already, drawn
    /// from all, over the days of the exchange; where there are none, each deposit has a customer of its own.
    pub fn add_chain(&mut self, workspace: &Workspace, blocks: &[SimBlock], economy: &holdfast_simulate::Economy) {
        let (mut events, mut cases) = chain_deposits(&workspace.ledger, blocks, |o| economy.owner_kind(o));
        let since: Vec<(String, i64)> = self
            .records
            .iter()
            .filter(|r| r.kind == RecordKind::Customer)
            .map(|r| (r.id.clone(), r.created.unwrap_or(r.time)))
            .collect();
        if since.is_empty() {
            for event in &events {
                let mut record = Record::new(RecordKind::Customer, event.customer.clone(), event.time);
                record.customer_type = Some(CustomerType::Individual);
                record.country = Some("DE".into());
                record.created = Some(event.time - 400 * DAY);
                self.records.push(record);
            }
        } else {
            self.give_out(&mut events, &mut cases, &since);
        }
        for (n, case) in cases.iter_mut().enumerate() {
            case.id = format!("case-{}", self.cases.len() + n + 1);
        }
        self.events.extend(events);
        self.events.sort_by_key(|e| e.time);
        self.cases.extend(cases);
    }

    /// Gives deposits to customers, drawn from all alike, each at some time of that customer's life here.
    fn give_out(&self, events: &mut [Event], cases: &mut [Case], since: &[(String, i64)]) {
        let first = self.events.first().map_or(0, |e| e.time);
        let last = self.events.last().map_or(first, |e| e.time);
        let mut random = Random::new(since.len() as u64 ^ (events.len() as u64) << 32);
        let mut case = 0;
        for event in events {
            let (customer, created) = random.pick(since);
            let from = first.max(*created);
            event.time = from + random.below((last - from).max(1) as u64) as i64;
            event.customer.clone_from(customer);
            while let Some(c) = cases.get_mut(case).filter(|c| c.events[0] == event.id) {
                c.customers = vec![customer.clone()];
                (c.begun, c.ended) = (event.time, event.time);
                case += 1;
            }
        }
    }
}

/// Transactions behind an input.
fn before(ledger: &Ledger, tx: u32) -> Vec<u32> {
    ledger.sources(tx).filter_map(output_of).map(|o| ledger.tx_of_output(o)).collect()
}

fn output_of(source: Source) -> Option<u64> {
    match source {
        Source::Output(o) => Some(o),
        Source::External(_) => None,
    }
}

/// The nearest coinjoin among a transaction and the two before it.
fn coinjoin_behind(ledger: &Ledger, kinds: &[TxKind], tx: u32) -> Option<TxKind> {
    let mut wave: Vec<u32> = vec![tx];
    for _ in 0..3 {
        if let Some(hit) = wave.iter().map(|t| kinds[*t as usize]).find(|k| k.is_coinjoin()) {
            return Some(hit);
        }
        wave = wave.iter().flat_map(|t| before(ledger, *t)).collect();
        wave.sort_unstable();
        wave.dedup();
    }
    None
}

/// What the simulation knows of the money in outputs.
struct Known {
    /// By output: millionths out of mixers.
    mixed: Vec<u64>,
    /// By output: whether a user holds it.
    private: Vec<bool>,
    /// By transaction.
    kinds: Vec<TxKind>,
    /// By transaction: length of its peel chain.
    depths: Vec<u32>,
    /// By transaction: how many steps its money is from a mixer.
    steps: Vec<u32>,
}

const WHOLE: u64 = 1_000_000;

impl Known {
    /// Takes in the next transaction; returns the share of its money that came out of mixers.
    fn next(&mut self, ledger: &Ledger, tx: u32, kind: TxKind) -> u64 {
        self.kinds.push(kind);
        let sources: Vec<u64> = ledger.sources(tx).filter_map(output_of).collect();
        let from = |o: &u64| ledger.tx_of_output(*o) as usize;
        let depth = sources.first().map_or(0, |o| self.depths[from(o)]);
        self.depths.push(if kind == TxKind::Peel { depth + 1 } else { 0 });
        let total: u128 = sources.iter().map(|o| ledger.value(*o) as u128).sum();
        let mixed = |o: &&u64| self.private[**o as usize] && self.mixed[**o as usize] > 0;
        let out_of_mixers: u128 =
            sources.iter().filter(mixed).map(|o| ledger.value(*o) as u128 * self.mixed[*o as usize] as u128).sum();
        let nearest = sources.iter().filter(mixed).map(|o| self.steps[from(o)]).min();
        self.steps.push(if kind == TxKind::MixerOut { 0 } else { nearest.map_or(u32::MAX, |n| n.saturating_add(1)) });
        match kind {
            TxKind::MixerOut => WHOLE,
            _ if total == 0 => 0,
            _ => (out_of_mixers / total) as u64,
        }
    }
}

/// Deposits to the exchanges of a simulated chain, each with a customer of its own, and what the simulation says lies behind them:
/// peel chains of four transactions or more (held out: those of thieves, who run several at once), a quarter or more of the money out of mixers
/// (haircut; held out: three steps or more behind), a coinjoin at most two transactions back (held out: JoinMarket's). The ledger must hold
/// exactly the simulated blocks.
fn chain_deposits(ledger: &Ledger, blocks: &[SimBlock], kind_of: impl Fn(u32) -> OwnerKind) -> (Vec<Event>, Vec<Case>) {
    let outputs = ledger.counts().outputs as usize;
    let mut known = Known {
        mixed: vec![0; outputs],
        private: vec![true; outputs],
        kinds: Vec::new(),
        depths: Vec::new(),
        steps: Vec::new(),
    };
    let (mut events, mut cases): (Vec<Event>, Vec<Case>) = (Vec::new(), Vec::new());
    for (block, truth) in blocks.iter().flat_map(|b| b.truth.iter().map(move |t| (b, t))) {
        let tx = known.kinds.len() as u32;
        let share = known.next(ledger, tx, truth.kind);
        let coinjoin = coinjoin_behind(ledger, &known.kinds, tx);
        let owner_kind = |vout: u32| truth.owners.get(vout as usize).copied().flatten().map(&kind_of);
        for (vout, output) in ledger.outputs(tx).enumerate() {
            let kind = owner_kind(vout as u32);
            known.mixed[output as usize] = share;
            known.private[output as usize] =
                matches!(kind, None | Some(OwnerKind::User | OwnerKind::Ransomware | OwnerKind::Hacker));
            let received = kind == Some(OwnerKind::Exchange) && matches!(truth.kind, TxKind::Deposit | TxKind::Peel);
            if !received || Some(vout as u32) == truth.change {
                continue;
            }
            let customer = format!("chain-{}", events.len());
            let time = ledger.block_at(block.height).map_or(0, |b| b.header.time() as i64);
            let id = format!("{CHAIN_DEPOSIT}{}", events.len());
            let mut event = Event::new(EventKind::Deposit, id.clone(), time, customer.clone());
            event.asset = Some("BTC".into());
            event.amount = Some(Amount::from(ledger.value(output)));
            // 50,000.00 a coin.
            event.value = Some(ledger.value(output) / 20);
            event.tx = Some(holdfast_bitcoin::display_hash(&truth.txid));
            event.output = Some(vout as u32);
            let mut case = |typology, variant: &str, held_out| {
                let (variant, customers, events) = (variant.to_owned(), vec![customer.clone()], vec![id.clone()]);
                let id = String::new();
                cases.push(Case { id, typology, variant, held_out, customers, events, begun: time, ended: time });
            };
            if truth.kind == TxKind::Peel && known.depths[tx as usize] >= 4 {
                let thief = truth.change.and_then(owner_kind) == Some(OwnerKind::Hacker);
                case(Typology::PeelChain, if thief { "theft" } else { "ransom" }, thief);
            }
            if share >= WHOLE / 4 {
                let far = known.steps[tx as usize] >= 3;
                case(Typology::MixerExposure, if far { "far" } else { "near" }, far);
            }
            if let Some(kind) = coinjoin {
                let (name, held_out) = match kind {
                    TxKind::CoinjoinJoinmarket => ("joinmarket", true),
                    TxKind::CoinjoinWhirlpool => ("whirlpool", false),
                    TxKind::CoinjoinWasabi2 => ("wasabi2", false),
                    _ => ("wasabi1", false),
                };
                case(Typology::CoinjoinExposure, name, held_out);
            }
            events.push(event);
        }
    }
    (events, cases)
}
