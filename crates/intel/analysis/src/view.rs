//! What a trace needs to know of a chain: a ledger with its attributions, or the contents of an evidence bundle.

use holdfast_attribution::{Category, Entities};
use holdfast_utxo_ledger::{Ledger, OutputInfo, Source};
use std::ops::Range;

/// A chain as traces see it. Transactions and outputs are numbered in chain order; an output's number is below those of
/// its transaction's spenders' outputs.
pub trait View {
    /// Output numbers of a transaction.
    fn outputs(&self, tx: u32) -> Range<u64>;
    /// Base units of an output.
    fn value(&self, output: u64) -> u64;
    /// Address number of an output.
    fn address(&self, output: u64) -> u32;
    /// Returns the transaction that spends an output.
    fn spender(&self, output: u64) -> Option<u32>;
    /// Returns what a transaction's inputs spend, in order.
    fn sources(&self, tx: u32) -> Vec<Source>;
    /// Amount and address of a spent output.
    fn source_info(&self, source: Source) -> OutputInfo;
    /// Returns whether a transaction makes coins.
    fn is_coinbase(&self, tx: u32) -> bool;
    /// Unix time of a transaction's block.
    fn time(&self, tx: u32) -> u32;
    /// Returns the transaction that an output belongs to.
    fn tx_of_output(&self, output: u64) -> u32;
    /// Returns what an address counts under.
    fn category(&self, address: u32) -> Category;
}

/// Implements all of [`View`](crate::View) but `category` by the field `view`.
#[macro_export]
macro_rules! same_chain {
    () => {
        fn outputs(&self, tx: u32) -> std::ops::Range<u64> {
            self.view.outputs(tx)
        }
        fn value(&self, output: u64) -> u64 {
            self.view.value(output)
        }
        fn address(&self, output: u64) -> u32 {
            self.view.address(output)
        }
        fn spender(&self, output: u64) -> Option<u32> {
            self.view.spender(output)
        }
        fn sources(&self, tx: u32) -> Vec<holdfast_utxo_ledger::Source> {
            self.view.sources(tx)
        }
        fn source_info(&self, source: holdfast_utxo_ledger::Source) -> holdfast_utxo_ledger::OutputInfo {
            self.view.source_info(source)
        }
        fn is_coinbase(&self, tx: u32) -> bool {
            self.view.is_coinbase(tx)
        }
        fn time(&self, tx: u32) -> u32 {
            self.view.time(tx)
        }
        fn tx_of_output(&self, output: u64) -> u32 {
            self.view.tx_of_output(output)
        }
    };
}
/// A ledger with its attributions.
#[derive(Debug, Clone, Copy)]
pub struct LedgerView<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// Who is who.
    pub entities: &'a Entities,
}

impl View for LedgerView<'_> {
    fn outputs(&self, tx: u32) -> Range<u64> {
        self.ledger.outputs(tx)
    }

    fn value(&self, output: u64) -> u64 {
        self.ledger.value(output)
    }

    fn address(&self, output: u64) -> u32 {
        self.ledger.address_of(output)
    }

    fn spender(&self, output: u64) -> Option<u32> {
        self.ledger.spender(output)
    }

    fn sources(&self, tx: u32) -> Vec<Source> {
        self.ledger.sources(tx).collect()
    }

    fn source_info(&self, source: Source) -> OutputInfo {
        self.ledger.source_info(source)
    }

    fn is_coinbase(&self, tx: u32) -> bool {
        self.ledger.flags(tx).coinbase()
    }

    fn time(&self, tx: u32) -> u32 {
        self.ledger.block_of_tx(tx).header.time()
    }

    fn tx_of_output(&self, output: u64) -> u32 {
        self.ledger.tx_of_output(output)
    }

    fn category(&self, address: u32) -> Category {
        self.entities.category(address)
    }
}
