//! Scripts without an owner, by their numbers in a ledger.

use holdfast_bitcoin::ownerless::{is_ownerless_class, known_ownerless};
use holdfast_utxo_ledger::Ledger;

/// The ownerless scripts of a ledger: those of ownerless classes, and the well-known ones that it mentions.
#[derive(Debug, Clone, Default)]
pub struct Ownerless {
    /// Sorted; at most a few hundred.
    known: Vec<u32>,
}

impl Ownerless {
    /// Finds the well-known ones.
    pub fn of(ledger: &Ledger) -> Self {
        let mut known: Vec<u32> = known_ownerless().filter_map(|key| ledger.address_number(key)).collect();
        known.sort_unstable();
        Ownerless { known }
    }

    /// Returns whether an address of the ledger has no owner.
    #[inline]
    pub fn contains(&self, ledger: &Ledger, address: u32) -> bool {
        is_ownerless_class(ledger.class_of(address)) || self.known.binary_search(&address).is_ok()
    }
}
