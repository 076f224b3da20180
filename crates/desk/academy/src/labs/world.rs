//! A simulated chain with its ground truth: every transaction with owners, links and what it does. Nothing here uses
//! the tracing or clustering that learners use.

use holdfast_bitcoin::{Block, Hash32, Network, display_hash};
use holdfast_simulate::economy::SimBlock;
use holdfast_simulate::{Economy, Options, OwnerKind, TxKind};
use std::collections::HashMap;

/// Transactions of a lab's chain.
pub const TXS: u64 = 4_000;

/// A transaction with the truth about it.
#[derive(Clone, Debug)]
pub struct Tx {
    /// Its id, as explorers print it.
    pub txid: String,
    /// Height of its block.
    pub height: u32,
    /// Unix time of its block.
    pub time: u32,
    /// What it does.
    pub kind: TxKind,
    /// Its change output.
    pub change: Option<u32>,
    /// Owner of each output.
    pub owners: Vec<Option<u32>>,
    /// Address of each output.
    pub addresses: Vec<Option<String>>,
    /// Base units of each output.
    pub values: Vec<u64>,
    /// Transaction and output that each input spends.
    pub inputs: Vec<(usize, u32)>,
    /// Transaction that spends each output.
    pub spent_by: Vec<Option<usize>>,
}

/// The chain and its generator.
#[derive(Debug)]
pub struct World {
    /// Blocks, to be written or read.
    pub blocks: Vec<SimBlock>,
    /// Who owns what.
    pub economy: Economy,
    /// All transactions in order.
    pub txs: Vec<Tx>,
}

impl World {
    /// Simulates the economy of a seed.
    ///
    /// # Panics
    /// Never: the size is within the simulation's bounds, and its blocks are valid.
    #[must_use]
    pub fn new(seed: u64) -> World {
        let mut economy = Economy::new(Options { seed, txs: TXS }).expect("the size is allowed");
        let blocks: Vec<SimBlock> = std::iter::from_fn(|| economy.next_block()).collect();
        let mut txs: Vec<Tx> = Vec::new();
        let mut numbers: HashMap<Hash32, usize> = HashMap::new();
        for made in &blocks {
            let block = Block::parse(made.bytes.clone()).expect("simulated blocks are valid");
            for (i, truth) in made.truth.iter().enumerate() {
                let number = txs.len();
                let inputs: Vec<(usize, u32)> = match truth.kind {
                    TxKind::Coinbase => Vec::new(),
                    _ => block
                        .inputs_of(i)
                        .iter()
                        .map(|input| (numbers[&block.prev_txid(input)], block.prev_vout(input)))
                        .collect(),
                };
                for (tx, vout) in &inputs {
                    txs[*tx].spent_by[*vout as usize] = Some(number);
                }
                let values: Vec<u64> = block.outputs_of(i).iter().map(|o| o.value).collect();
                let text = |a: &Option<holdfast_bitcoin::AddressKey>| a.map(|a| a.to_text(Network::Regtest));
                numbers.insert(truth.txid, number);
                txs.push(Tx {
                    txid: display_hash(&truth.txid),
                    height: made.height,
                    time: block.header.time(),
                    kind: truth.kind,
                    change: truth.change,
                    owners: truth.owners.clone(),
                    addresses: truth.addresses.iter().map(text).collect(),
                    spent_by: vec![None; values.len()],
                    values,
                    inputs,
                });
            }
        }
        World { blocks, economy, txs }
    }

    /// Returns the name of an output's owner, as the tags have it.
    #[must_use]
    pub fn name(&self, tx: usize, vout: u32) -> Option<String> {
        self.txs[tx].owners[vout as usize].map(|o| self.economy.owner_name(o))
    }

    /// Returns the kind of an output's owner.
    #[must_use]
    pub fn owner_kind(&self, tx: usize, vout: u32) -> Option<OwnerKind> {
        self.txs[tx].owners[vout as usize].map(|o| self.economy.owner_kind(o))
    }

    /// Returns the address of an output.
    #[must_use]
    pub fn address(&self, tx: usize, vout: u32) -> String {
        self.txs[tx].addresses[vout as usize].clone().unwrap_or_default()
    }

    /// Returns the transactions of a kind.
    pub fn of_kind(&self, kind: TxKind) -> impl Iterator<Item = usize> {
        self.txs.iter().enumerate().filter(move |(_, t)| t.kind == kind).map(|(i, _)| i)
    }

    /// Returns the peel chain that begins with the transaction which spends an output: transactions in order, each spending the change of the one
    /// before.
    #[must_use]
    pub fn peel_chain(&self, tx: usize, vout: u32) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut next = self.txs[tx].spent_by[vout as usize];
        while let Some(at) = next.filter(|t| self.txs[*t].kind == TxKind::Peel) {
            chain.push(at);
            next = self.txs[at].change.and_then(|c| self.txs[at].spent_by[c as usize]);
        }
        chain
    }

    /// Returns the output of a peel that is split off, and the change.
    #[must_use]
    pub fn slice_of(&self, peel: usize) -> (u32, u32) {
        let change = self.txs[peel].change.unwrap_or(1);
        (1 - change, change)
    }

    /// Clusters that co-spending shows when coinjoins are left out: for each address its representative. Plain union-find over the truth.
    #[must_use]
    pub fn cospend(&self) -> HashMap<String, String> {
        let mut parent: HashMap<String, String> = HashMap::new();
        fn root(parent: &mut HashMap<String, String>, a: &str) -> String {
            let mut at = a.to_owned();
            while let Some(up) = parent.get(&at).filter(|p| **p != at) {
                at = up.clone();
            }
            parent.insert(a.to_owned(), at.clone());
            at
        }
        for address in self.txs.iter().flat_map(|t| t.addresses.iter().flatten()) {
            root(&mut parent, address);
        }
        for tx in self.txs.iter().filter(|t| !t.kind.is_coinjoin()) {
            let from: Vec<String> = tx.inputs.iter().map(|(t, v)| self.address(*t, *v)).collect();
            for pair in from.windows(2) {
                let (a, b) = (root(&mut parent, &pair[0]), root(&mut parent, &pair[1]));
                parent.insert(a, b);
            }
        }
        let all: Vec<String> = parent.keys().cloned().collect();
        all.into_iter().map(|a| (a.clone(), root(&mut parent, &a))).collect()
    }

    /// Returns what an attribution provider would know: the simulation's own pack, and every address of exchanges and mixers. CSV for `holdfast tags
    /// import`.
    #[must_use]
    pub fn tags(&self) -> [(String, Vec<u8>); 2] {
        let mut rows = std::collections::BTreeSet::new();
        for tx in &self.txs {
            for (owner, address) in tx.owners.iter().zip(&tx.addresses) {
                let (Some(owner), Some(address)) = (owner, address) else { continue };
                let kind = self.economy.owner_kind(*owner);
                if matches!(kind, OwnerKind::Exchange | OwnerKind::Mixer) {
                    let (name, concept) = (self.economy.owner_name(*owner), kind.concept());
                    rows.insert(format!("{address},BTC,{name},https://example.org/{name},{concept},ownership\n"));
                }
            }
        }
        let csv = format!("address,currency,label,source,category,confidence\n{}", Vec::from_iter(rows).concat());
        let pack = holdfast_simulate::files::tagpack(&self.economy);
        [("simulation.yaml".into(), pack.into_bytes()), ("services.csv".into(), csv.into_bytes())]
    }

    /// Returns the blocks in node file framing (`blk00000.dat`).
    #[must_use]
    pub fn block_file(&self) -> Vec<u8> {
        let magic = Network::Regtest.parameters().magic;
        let mut file = Vec::new();
        for block in &self.blocks {
            file.extend_from_slice(&magic);
            // A block is far below 4 GiB.
            file.extend_from_slice(&u32::try_from(block.bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
            file.extend_from_slice(&block.bytes);
        }
        file
    }
}
