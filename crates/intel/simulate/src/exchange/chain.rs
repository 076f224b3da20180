//! Deposits of a simulated chain: peel chains, mixers and coinjoins that lie behind deposits of ordinary customers.

use super::records::{Activity, Customer, CustomerType, Deposit, Event};
use super::{Case, DAY, Exchange, Pattern};
use crate::random::Random;
use crate::{Economy, OwnerKind, SimBlock, TxKind, TxTruth};
use holdfast_bitcoin::{Block, Hash32, display_hash};
use std::collections::HashMap;

/// How the ids of deposits on a simulated chain begin.
pub const CHAIN_DEPOSIT: &str = "chain-d";

impl Exchange {
    /// Adds the deposits to the exchanges of a simulated chain, in order of time, with what the simulation knows to lie behind them. They come
    /// to customers that are there already, drawn from all, over the days of the exchange; where there are none, each deposit has a customer
    /// of its own. `blocks` are all blocks of the economy, in order.
    ///
    /// # Errors
    /// When a block cannot be parsed, or spends what no block before it pays.
    pub fn add_chain(&mut self, blocks: &[SimBlock], economy: &Economy) -> Result<(), String> {
        let Deposits { mut events, mut cases } = chain_deposits(blocks, economy)?;
        let since: Vec<(String, i64)> = self.customers.iter().map(|c| (c.id.clone(), c.created)).collect();
        if since.is_empty() {
            self.customers.extend(events.iter().map(|event| Customer {
                id: event.customer.clone(),
                time: event.time,
                customer_type: CustomerType::Individual,
                country: "DE",
                created: event.time - 400 * DAY,
                birth_year: None,
                industry: None,
                risk: None,
                identity_check: None,
            }));
        } else {
            self.give_out(&mut events, &mut cases, &since);
        }
        for (n, case) in cases.iter_mut().enumerate() {
            case.id = format!("case-{}", self.cases.len() + n + 1);
        }
        self.events.extend(events);
        self.events.sort_by_key(|e| e.time);
        self.cases.extend(cases);
        Ok(())
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
            event.time = from + random.seconds_below((last - from).max(1));
            event.customer.clone_from(customer);
            while let Some(c) = cases.get_mut(case).filter(|c| c.events[0] == event.id) {
                c.customers = vec![customer.clone()];
                (c.begun, c.ended) = (event.time, event.time);
                case += 1;
            }
        }
    }
}

/// A transaction as the simulation knows it.
struct Tx {
    kind: TxKind,
    /// Number of its first output.
    first_output: usize,
    /// Numbers of the outputs that it spends, in order.
    spends: Vec<usize>,
    /// Length of its peel chain.
    depth: u32,
    /// How many steps its money is from a mixer.
    steps: u32,
}

/// An output as the simulation knows it.
struct Output {
    /// Number of its transaction.
    tx: usize,
    /// Base units.
    value: u64,
    /// Millionths out of mixers.
    mixed: u64,
    /// Whether a user holds it.
    private: bool,
}

/// What the simulation knows of the money in outputs.
#[derive(Default)]
struct Known {
    txs: Vec<Tx>,
    outputs: Vec<Output>,
    numbers: HashMap<Hash32, usize>,
}

const WHOLE: u64 = 1_000_000;

impl Known {
    /// Adds the next transaction, without its outputs; returns the share of its money that came out of mixers.
    fn next(&mut self, block: &Block, position: usize, truth: &TxTruth) -> Result<u64, String> {
        let mut spends = Vec::new();
        if truth.kind != TxKind::Coinbase {
            for input in block.inputs_of(position) {
                let txid = block.prev_txid(input);
                let spent =
                    self.numbers.get(&txid).ok_or_else(|| format!("{}: not paid before", display_hash(&txid)))?;
                spends.push(self.txs[*spent].first_output + block.prev_vout(input) as usize);
            }
        }
        let kind = truth.kind;
        let depth = spends.first().map_or(0, |o| self.txs[self.outputs[*o].tx].depth);
        let spent = || spends.iter().map(|o| &self.outputs[*o]);
        let total: u128 = spent().map(|o| u128::from(o.value)).sum();
        let mixed = || spent().filter(|o| o.private && o.mixed > 0);
        let out_of_mixers: u128 = mixed().map(|o| u128::from(o.value) * u128::from(o.mixed)).sum();
        let nearest = mixed().map(|o| self.txs[o.tx].steps).min();
        let steps = if kind == TxKind::MixerOut { 0 } else { nearest.map_or(u32::MAX, |n| n.saturating_add(1)) };
        let depth = if kind == TxKind::Peel { depth + 1 } else { 0 };
        self.numbers.insert(truth.txid, self.txs.len());
        self.txs.push(Tx { kind, first_output: self.outputs.len(), spends, depth, steps });
        Ok(match kind {
            TxKind::MixerOut => WHOLE,
            _ if total == 0 => 0,
            _ => u64::try_from(out_of_mixers / total).unwrap_or(WHOLE),
        })
    }

    /// Returns the nearest coinjoin among the latest transaction and the two before it.
    fn coinjoin_behind(&self) -> Option<TxKind> {
        let mut wave: Vec<usize> = vec![self.txs.len() - 1];
        for _ in 0..3 {
            if let Some(hit) = wave.iter().map(|t| self.txs[*t].kind).find(|k| k.is_coinjoin()) {
                return Some(hit);
            }
            wave = wave.iter().flat_map(|t| &self.txs[*t].spends).map(|o| self.outputs[*o].tx).collect();
            wave.sort_unstable();
            wave.dedup();
        }
        None
    }
}

/// Deposits on a chain, each with a customer of its own, and the cases behind them.
#[derive(Default)]
struct Deposits {
    events: Vec<Event>,
    cases: Vec<Case>,
}

impl Deposits {
    /// Adds an output that an exchange received in the latest transaction, of whose money `share` millionths are out of mixers.
    fn add(&mut self, known: &Known, time: i64, truth: &TxTruth, vout: u32, value: u64, behind: &Behind) {
        let (number, Some(tx)) = (self.events.len(), known.txs.last()) else { return };
        let (id, customer) = (format!("{CHAIN_DEPOSIT}{number}"), format!("chain-{number}"));
        let mut case = |typology, variant: &str, held_out| {
            let (variant, customers, events) = (variant.to_owned(), vec![customer.clone()], vec![id.clone()]);
            let id = String::new();
            self.cases.push(Case { id, typology, variant, held_out, customers, events, begun: time, ended: time });
        };
        if truth.kind == TxKind::Peel && tx.depth >= 4 {
            case(Pattern::PeelChain, if behind.thief { "theft" } else { "ransom" }, behind.thief);
        }
        if behind.share >= WHOLE / 4 {
            let far = tx.steps >= 3;
            case(Pattern::MixerExposure, if far { "far" } else { "near" }, far);
        }
        if let Some(kind) = behind.coinjoin {
            let (name, held_out) = match kind {
                TxKind::CoinjoinJoinmarket => ("joinmarket", true),
                TxKind::CoinjoinWhirlpool => ("whirlpool", false),
                TxKind::CoinjoinWasabi2 => ("wasabi2", false),
                _ => ("wasabi1", false),
            };
            case(Pattern::CoinjoinExposure, name, held_out);
        }
        let activity = Activity::Deposit(Deposit {
            asset: "BTC",
            amount: value.into(),
            // 50,000.00 a coin.
            value: value / 20,
            tx: display_hash(&truth.txid),
            output: vout,
            counterparty: None,
            confirmations: None,
        });
        self.events.push(Event { id, time, customer, origin: None, country: None, activity });
    }
}

/// What is behind the money of a transaction.
struct Behind {
    /// Millionths out of mixers.
    share: u64,
    coinjoin: Option<TxKind>,
    /// Whether its change goes to a thief.
    thief: bool,
}

/// Deposits to the exchanges of a simulated chain, each with a customer of its own, and what the simulation knows to lie behind them:
/// peel chains of four transactions or more (held out: those of thieves, who run several at once), a quarter or more of the money out of mixers
/// (haircut; held out: three steps or more behind), a coinjoin at most two transactions back (held out: JoinMarket's).
fn chain_deposits(blocks: &[SimBlock], economy: &Economy) -> Result<Deposits, String> {
    let mut known = Known::default();
    let mut deposits = Deposits::default();
    for made in blocks {
        let block = Block::parse(made.bytes.clone()).map_err(|e| format!("block {}: {e}", made.height))?;
        let time = i64::from(block.header.time());
        for (position, truth) in made.truth.iter().enumerate() {
            let share = known.next(&block, position, truth)?;
            let owner_kind =
                |vout: u32| truth.owners.get(vout as usize).copied().flatten().map(|o| economy.owner_kind(o));
            let thief = truth.change.and_then(owner_kind) == Some(OwnerKind::Hacker);
            let behind = Behind { share, coinjoin: known.coinjoin_behind(), thief };
            for (vout, output) in (0u32..).zip(block.outputs_of(position)) {
                let kind = owner_kind(vout);
                let private = matches!(kind, None | Some(OwnerKind::User | OwnerKind::Ransomware | OwnerKind::Hacker));
                let tx = known.txs.len() - 1;
                known.outputs.push(Output { tx, value: output.value, mixed: share, private });
                let received =
                    kind == Some(OwnerKind::Exchange) && matches!(truth.kind, TxKind::Deposit | TxKind::Peel);
                if received && Some(vout) != truth.change {
                    deposits.add(&known, time, truth, vout, output.value, &behind);
                }
            }
        }
    }
    Ok(deposits)
}
