//! Random histories for property tests: blocks of random transactions among few keys, some of whose inputs are not stored, and forks.

use crate::build::Built;
use crate::hand::{HandChain, key, tx, tx_by_keys};
use crate::random::Random;
use holdfast_bitcoin::Hash32;

/// An output that can be spent: transaction, index, base units.
type Coin = (Hash32, u32, u64);

/// Keys that are used again and again.
const KEYS: u64 = 40;

/// A chain that grows at random and is reorganized.
#[derive(Debug)]
pub struct History {
    random: Random,
    /// The chain and what can be spent after each block; the first is before any.
    states: Vec<(HandChain, Vec<Coin>)>,
    fresh: u64,
}

impl History {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        History { random: Random::new(seed), states: vec![(HandChain::default(), Vec::new())], fresh: 0 }
    }

    /// Returns the number of blocks in the chain.
    ///
    /// # Panics
    /// After 2^32 blocks.
    pub fn height(&self) -> u32 {
        u32::try_from(self.states.len() - 1).expect("fewer than 2^32 blocks")
    }

    /// Returns the source of chance.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Removes the last blocks; those that come next differ from them. Gives the height of the first that was removed.
    pub fn fork(&mut self, blocks: u32) -> u32 {
        let left = self.height().saturating_sub(blocks);
        self.states.truncate(left as usize + 1);
        left + 1
    }

    /// Returns the script of a random key: mostly one of few.
    fn script(&mut self) -> Vec<u8> {
        if self.random.permille(300) {
            self.fresh += 1;
            return key(KEYS + self.fresh);
        }
        key(self.random.below(KEYS))
    }

    fn transaction(&mut self, coins: &mut Vec<Coin>) -> Option<(Built, Vec<u64>)> {
        let mut spends = Vec::new();
        let mut paid = 0;
        for _ in 0..self.random.between(1, 4) {
            if coins.is_empty() {
                break;
            }
            // Mostly young coins, so that money moves on.
            let span = coins.len().min(if self.random.permille(700) { 12 } else { usize::MAX });
            let at = coins.len() - 1 - self.random.index(span);
            let (txid, vout, value) = coins.remove(at);
            spends.push((txid, vout));
            paid += value;
        }
        let outside = self.random.permille(150);
        if spends.is_empty() && !outside {
            return None;
        }
        let mut outputs = Vec::new();
        let mut rest = if outside { paid + self.random.between(1, 1_000_000) } else { paid - paid / 500 };
        let n = self.random.between(1, 4);
        for i in 0..n {
            let value = if i + 1 == n { rest } else { self.random.below(rest + 1) };
            rest -= value;
            outputs.push((value, self.script()));
        }
        let values = outputs.iter().map(|o| o.0).collect();
        if !outside {
            return Some((tx(&spends, &outputs), values));
        }
        let mut all: Vec<(Hash32, u32, [u8; 33])> = spends.iter().map(|(txid, vout)| (*txid, *vout, [2; 33])).collect();
        let mut txid = [0; 32];
        txid[..8].copy_from_slice(&self.random.bits().to_le_bytes());
        txid[31] = 1;
        all.push((txid, 0, [if self.random.below(2) == 0 { 2 } else { 3 }; 33]));
        Some((tx_by_keys(&all, &outputs), values))
    }

    /// Makes the next block, of up to `most` transactions besides the coinbase. Gives its height and bytes.
    pub fn block(&mut self, most: u64) -> (u32, Vec<u8>) {
        let (mut chain, mut coins) = self.states.last().cloned().unwrap_or_default();
        let mut txs = Vec::new();
        for _ in 0..self.random.between(0, most) {
            if let Some((built, values)) = self.transaction(&mut coins) {
                for (vout, value) in (0..).zip(values) {
                    coins.push((built.txid, vout, value));
                }
                txs.push(built);
            }
        }
        // The coinbase differs from those of forks at the same height.
        self.fresh += 1;
        let note = [self.fresh.to_le_bytes().as_slice(), &self.random.bits().to_le_bytes()].concat();
        let script = self.script();
        let coinbase = crate::hand::coinbase(&note, &[(5_000_000_000, script)]);
        coins.push((coinbase.txid, 0, 5_000_000_000));
        let made = chain.block(&[vec![coinbase], txs].concat());
        self.states.push((chain, coins));
        made
    }
}
