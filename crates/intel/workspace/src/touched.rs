//! What changes of tags, clusters and the ledger touch: the addresses and transactions whose category or exposure changed. Stored transfers of
//! these are screened again, others are not looked at.

use crate::workspace::Snapshot;
use holdfast_analysis::exposure::ExposureStep;
use holdfast_types::Address;
use holdfast_utxo_ledger::Source;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most addresses and transactions that are listed; beyond them everything counts as touched.
pub const MAX_TOUCHED: usize = 1 << 16;
/// Most origins on account chains that are listed.
pub const MAX_ORIGINS: usize = 10_000;
/// Most outputs of recategorized addresses that one change looks at.
const MAX_OUTPUTS: usize = 1 << 17;
/// Most outputs of blocks that are not stored whose spenders one change looks for: each may cost reading a block.
const MAX_EXTERNALS: usize = 64;

/// Addresses and transactions of a chain whose category or exposure changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Whether everything may be touched: blocks were removed, figures were rebuilt, or the lists became too long.
    pub is_whole: bool,
    /// Addresses of the chain, in canonical form.
    pub addresses: BTreeSet<String>,
    /// Addresses of any chain whose tags changed, in canonical form.
    pub tagged: BTreeSet<String>,
    /// Transactions that pay out money whose origin changed.
    pub txs: BTreeSet<String>,
    /// Addresses that an issuer of a token froze, lifted or proposes to, in canonical form; those of proposals that were confirmed, taken back or executed
    /// too.
    pub frozen: BTreeSet<String>,
    /// What changed on an account chain whose money may have gone far: `reached` of the account workspace tells where.
    pub origins: Origins,
}

impl Touched {
    /// Adds what another change touched.
    pub fn add(&mut self, other: Touched) {
        if self.is_whole || other.is_whole {
            *self = Touched { is_whole: true, ..Touched::default() };
            return;
        }
        self.addresses.extend(other.addresses);
        self.tagged.extend(other.tagged);
        self.txs.extend(other.txs);
        self.frozen.extend(other.frozen);
        self.origins.merge(other.origins);
        let listed = self.addresses.len() + self.tagged.len() + self.txs.len() + self.frozen.len();
        if listed > MAX_TOUCHED || self.origins.len() > MAX_ORIGINS {
            *self = Touched { is_whole: true, ..Touched::default() };
        }
    }
}

/// What changed on an account chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origins {
    /// Addresses that count under something else, or that an issuer froze, in canonical form.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub addresses: BTreeSet<String>,
    /// Transactions by which something left over a bridge, whose other side may have been read before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sent: BTreeSet<String>,
}

impl Origins {
    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.addresses.len() + self.sent.len()
    }

    /// Returns whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.sent.is_empty()
    }

    /// Takes in those of a later change.
    pub fn merge(&mut self, later: Origins) {
        self.addresses.extend(later.addresses);
        self.sent.extend(later.sent);
    }
}

/// Returns how many transactions of an earlier snapshot a later one still has.
fn kept_txs(before: &Snapshot, after: &Snapshot) -> u32 {
    let blocks = before.ledger.counts().blocks.min(after.ledger.counts().blocks);
    let is_same = |number: &u32| before.ledger.block(*number).hash == after.ledger.block(*number).hash;
    (0..blocks).rev().find(is_same).map_or(0, |number| before.ledger.block(number).txs.1)
}

/// What was touched since it was last taken.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    is_whole: bool,
    addresses: BTreeSet<u32>,
    tagged: BTreeSet<Address>,
    /// Transactions whose money has another origin, and another destination.
    sources: BTreeSet<u32>,
    destinations: BTreeSet<u32>,
    /// The step to the snapshot that is published now.
    last: Option<ExposureStep>,
}

impl Pending {
    /// Returns what was touched before it was noted: by another process, or before this one ended.
    pub(crate) fn unknown() -> Self {
        Pending { is_whole: true, ..Pending::default() }
    }

    /// Notes what differs between two snapshots that were published one after the other.
    pub(crate) fn note(&mut self, before: &Snapshot, after: &Snapshot) {
        let kept = kept_txs(before, after);
        let step = after.exposures.step_since(&before.exposures, kept, self.last.as_ref());
        // What blocks that were removed paid is not listed: its names are gone.
        let known = kept == before.ledger.counts().txs
            && step.as_ref().is_some_and(|step| self.note_step(before, after, step).is_some());
        if !known || self.len() > MAX_TOUCHED {
            let last = self.last.take();
            *self = Pending { is_whole: true, last, ..Pending::default() };
        }
        if !after.exposures.is_shared_with(&before.exposures) {
            self.last = step;
        }
    }

    fn len(&self) -> usize {
        self.addresses.len() + self.tagged.len() + self.sources.len() + self.destinations.len()
    }

    /// None when what was touched is not known.
    fn note_step(&mut self, before: &Snapshot, after: &Snapshot, step: &ExposureStep) -> Option<()> {
        // Where newer tags and clusters wait, it is not known yet what they touch. Older destinations that wait for blocks are as they were.
        if !after.exposures.rests_on(after.entities.categories()) {
            return None;
        }
        self.tagged.extend(after.tags.touched_addresses_since(before.tags.version())?);
        self.sources.extend(&step.txs().sources);
        self.destinations.extend(&step.txs().destinations);
        let known = before.ledger.counts().addresses;
        let recategorized = after.entities.categories().differing(before.entities.categories(), known);
        self.note_recategorized(after, recategorized)
    }

    /// Notes transactions that pay recategorized addresses or spend from them: what they pay is direct from or to another category.
    fn note_recategorized(&mut self, after: &Snapshot, addresses: Vec<u32>) -> Option<()> {
        let ledger = &after.ledger;
        let (mut outputs, mut externals) = (0, Vec::new());
        for address in addresses {
            self.addresses.insert(address);
            ledger.for_each_output_of(address, |place| {
                outputs += 1;
                match place {
                    Source::Output(output) if outputs <= MAX_OUTPUTS => {
                        self.destinations.insert(ledger.tx_of_output(output));
                        self.sources.extend(ledger.spender(output));
                    }
                    Source::Output(_) => {}
                    Source::External(external) if externals.len() <= MAX_EXTERNALS => externals.push(external),
                    Source::External(_) => {}
                }
            });
            if outputs > MAX_OUTPUTS || externals.len() > MAX_EXTERNALS {
                return None;
            }
        }
        externals.sort_unstable();
        self.sources.extend(ledger.spenders_of_externals(&externals));
        Some(())
    }

    /// Takes what was touched.
    pub(crate) fn take(&mut self) -> Pending {
        let last = self.last.clone();
        std::mem::replace(self, Pending { last, ..Pending::default() })
    }

    /// Names what was touched.
    pub(crate) fn named(self, now: &Snapshot) -> Touched {
        let ledger = &now.ledger;
        let counts = ledger.counts();
        let mut touched = Touched { is_whole: self.is_whole, ..Touched::default() };
        let mut addresses = self.addresses;
        // Whom they pay received money of another origin; whose money they spend had it go elsewhere.
        for tx in self.sources.into_iter().filter(|tx| *tx < counts.txs) {
            touched.txs.insert(ledger.txid_text(tx));
            addresses.extend(ledger.outputs(tx).map(|output| ledger.address_of(output)));
        }
        for tx in self.destinations.into_iter().filter(|tx| *tx < counts.txs) {
            addresses.extend(ledger.sources(tx).filter_map(|source| ledger.source_info(source).address));
        }
        let addresses = addresses.into_iter().filter(|address| *address < counts.addresses);
        touched.addresses = addresses.map(|a| Address::Script(ledger.address(a)).to_string()).collect();
        touched.tagged = self.tagged.into_iter().map(|address| address.to_string()).collect();
        if touched.addresses.len() + touched.txs.len() + touched.tagged.len() > MAX_TOUCHED {
            touched = Touched { is_whole: true, ..Touched::default() };
        }
        touched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_changes_touched_is_added_up_to_a_bound() {
        let of =
            |from: usize, to: usize| Touched { txs: (from..to).map(|n| n.to_string()).collect(), ..Touched::default() };
        let whole = Touched { is_whole: true, ..Touched::default() };
        let mut touched = of(0, 10);
        touched.add(of(5, 20));
        assert_eq!(touched, of(0, 20));
        touched.add(of(20, MAX_TOUCHED));
        assert!(!touched.is_whole);
        touched.add(of(MAX_TOUCHED, MAX_TOUCHED + 1));
        assert_eq!(touched, whole, "too many to list");
        touched.add(of(0, 1));
        assert_eq!(touched, whole);
        let mut touched = of(0, 1);
        touched.add(whole.clone());
        assert_eq!(touched, whole);
        let origins = |from: usize, to: usize| Touched {
            origins: Origins { addresses: (from..to).map(|n| n.to_string()).collect(), ..Origins::default() },
            ..Touched::default()
        };
        let mut touched = origins(0, MAX_ORIGINS);
        touched.add(origins(0, 1));
        assert!(!touched.is_whole);
        touched.add(origins(MAX_ORIGINS, MAX_ORIGINS + 1));
        assert_eq!(touched, whole);
    }
}
