//! Outputs that no longer exist because a later transaction has the same id (BIP 30).
//!
//! Before BIP 34 two coinbases could be equal byte for byte. The reference node files outputs by transaction id, so the second
//! replaces the first: what was unspent of the first is gone. On Bitcoin this happened to two coinbases, of blocks 91,722 and 91,812, whose
//! ids came again in 91,880 and 91,842. The manifest lists them, so that balances need no search.

use crate::store::Ledger;
use hashbrown::HashMap;
use holdfast_bitcoin::{Hash32, Network, Txid};
use serde::{Deserialize, Serialize};

/// A transaction whose unspent outputs a later one with the same id replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwritten {
    /// The replaced transaction's first output.
    pub first_output: u64,
    /// The output after its last.
    pub end: u64,
    /// The transaction that replaced it.
    pub by: u32,
}

/// Bitcoin's first block whose coinbase must name its height (BIP 34): from there on no coinbase repeats an older one.
const BIP34_HEIGHT: u32 = 227_931;

impl Ledger {
    /// Returns the replaced transactions, in the order of their replacements.
    pub fn overwritten(&self) -> &[Overwritten] {
        self.manifest.overwritten.as_deref().unwrap_or_default()
    }

    /// Returns the transaction with the same id that made an output disappear; `None` for an output that was spent before, or was never replaced.
    pub fn overwritten_by(&self, output: u64) -> Option<u32> {
        let place = self.overwritten().iter().find(|o| (o.first_output..o.end).contains(&output))?;
        self.spender(output).is_none().then_some(place.by)
    }

    /// Returns whether an output exists and is not spent.
    pub fn is_unspent(&self, output: u64) -> bool {
        self.spender(output).is_none() && self.overwritten_by(output).is_none()
    }

    /// Returns what of `coinbases` (transaction number, id, first output, end), all newer than the store and in chain order, replaces an older
    /// transaction or one of their own.
    pub(crate) fn find_overwritten(&self, coinbases: &[(u32, Hash32, u64, u64)]) -> Vec<Overwritten> {
        if coinbases.is_empty() {
            return Vec::new();
        }
        let mut latest: HashMap<Hash32, (u64, u64)> = HashMap::new();
        let wanted: HashMap<&Hash32, ()> = coinbases.iter().map(|c| (&c.1, ())).collect();
        if self.overlay_end == self.counts() {
            for txid in wanted.keys() {
                if let Some(tx) = self.tx_by_id(&Txid::from_bytes(**txid)) {
                    let outputs = self.outputs(tx);
                    latest.insert(**txid, (outputs.start, outputs.end));
                }
            }
        } else {
            // The index lags (bulk load): a coinbase is the first transaction of its block.
            for row in self.columns().block.all() {
                let txid = self.columns().txid.get(u64::from(row.first_tx));
                if wanted.contains_key(&txid) {
                    let outputs = self.outputs(row.first_tx);
                    latest.insert(txid, (outputs.start, outputs.end));
                }
            }
        }
        let mut found = Vec::new();
        for (tx, txid, first_output, end) in coinbases {
            if let Some((first_output, end)) = latest.insert(*txid, (*first_output, *end)) {
                found.push(Overwritten { first_output, end, by: *tx });
            }
        }
        found
    }

    /// Returns all replaced coinbases, from the columns alone. With `all`, also where a chain's rules make a repetition impossible.
    pub(crate) fn scan_overwritten(&self, all: bool) -> Vec<Overwritten> {
        let blocks = self.columns().block.all();
        let bounded = !all && self.network() == Network::Bitcoin;
        let blocks = blocks.iter().take_while(|b| !bounded || b.height < BIP34_HEIGHT);
        let mut latest: HashMap<Hash32, u32> = HashMap::new();
        let mut found = Vec::new();
        for row in blocks {
            let tx = row.first_tx;
            if let Some(older) = latest.insert(self.columns().txid.get(u64::from(tx)), tx) {
                let outputs = self.outputs(older);
                found.push(Overwritten { first_output: outputs.start, end: outputs.end, by: tx });
            }
        }
        found
    }
}
