//! Exposures of outputs, transactions, addresses and entities, from the profiles of all transactions.

use super::{Exposure, Exposures, HEAVY, Table, Totals, Unknown};
use holdfast_attribution::{Category, CategoryOf};
use holdfast_utxo_ledger::{Ledger, Source};
use std::collections::{BTreeMap, HashSet};

/// An exposure while it is summed up.
#[derive(Default)]
struct Sum {
    source: Table,
    destination: Table,
    receipts: u64,
    inputs: BTreeMap<Category, u64>,
}

impl Sum {
    fn finish(self) -> Exposure {
        let mut inputs: Vec<(Category, u64)> = self.inputs.into_iter().collect();
        inputs.sort_by_key(|(category, n)| (std::cmp::Reverse(*n), *category));
        Exposure {
            source: Totals::from_table(&self.source),
            destination: Totals::from_table(&self.destination),
            unknown: Unknown { receipts: self.receipts, inputs },
        }
    }
}

impl Exposures {
    /// Returns the exposure of one output: where its money came from, and where it went.
    pub fn of_output(&self, ledger: &Ledger, output: u64) -> Exposure {
        let mut sum = Sum::default();
        self.add_output(ledger, output, &mut sum);
        self.add_unknown_inputs(ledger, ledger.tx_of_output(output), &mut sum);
        sum.finish()
    }

    /// Returns the exposure of a transaction: where what it pays out came from, and whom it pays. Outputs at attributed addresses are direct, others
    /// are followed.
    pub fn of_tx(&self, ledger: &Ledger, tx: u32) -> Exposure {
        let mut sum = Sum::default();
        let outputs = ledger.outputs(tx);
        let paid: u64 = outputs.clone().map(|o| ledger.value(o)).sum();
        sum.source = self.source_of(ledger, tx, paid);
        for output in outputs {
            self.add_paid(ledger, output, ledger.value(output), &mut sum.destination);
        }
        self.add_unknown_inputs(ledger, tx, &mut sum);
        sum.finish()
    }

    /// Returns the exposure of an address, over everything that it ever received.
    pub fn of_address(&self, ledger: &Ledger, address: u32) -> Exposure {
        self.cached((address, false), || self.walk(ledger, &[address]))
    }

    /// Returns the exposure of a group of addresses (an entity, named by its cluster): movements within the group do not count.
    pub fn of_group(&self, ledger: &Ledger, cluster: u32, addresses: &[u32]) -> Exposure {
        self.cached((cluster, true), || self.walk(ledger, addresses))
    }

    fn cached(&self, key: (u32, bool), answer: impl FnOnce() -> (Exposure, usize)) -> Exposure {
        if let Some(cached) = self.cache.read().unwrap_or_else(|e| e.into_inner()).get(&key) {
            return cached.clone();
        }
        let (exposure, walked) = answer();
        if walked > HEAVY {
            self.cache.write().unwrap_or_else(|e| e.into_inner()).insert(key, exposure.clone());
        }
        exposure
    }

    /// Returns the answer, and how many outputs it rests on.
    fn walk(&self, ledger: &Ledger, addresses: &[u32]) -> (Exposure, usize) {
        let mut sum = Sum::default();
        let mut walked = 0;
        let members: HashSet<u32> = addresses.iter().copied().collect();
        let mut externals = Vec::new();
        let mut last_tx = None;
        for address in addresses {
            ledger.for_each_output_of(*address, |place| {
                walked += 1;
                let o = match place {
                    Source::Output(o) => o,
                    Source::External(e) => return externals.push(e),
                };
                let tx = ledger.tx_of_output(o);
                let internal = addresses.len() > 1
                    && ledger.sources(tx).any(|s| ledger.source_info(s).address.is_some_and(|a| members.contains(&a)));
                if !internal {
                    self.add_output(ledger, o, &mut sum);
                    // An address paid twice by one transaction has its inputs counted once.
                    if last_tx.replace(tx) != Some(tx) {
                        self.add_unknown_inputs(ledger, tx, &mut sum);
                    }
                }
            });
        }
        externals.sort_unstable();
        for (external, spender) in externals.iter().zip(ledger.spenders_of_externals(&externals)) {
            // Made in blocks that are not stored, spent in one that is.
            match ledger.source_info(Source::External(*external)).value {
                Some(value) => {
                    sum.source.indirect[Category::UNKNOWN_ORIGIN.0 as usize] += value;
                    sum.destination.add(&self.destination_of(ledger, spender, value));
                }
                None => sum.receipts += 1,
            }
        }
        (sum.finish(), walked)
    }

    fn add_output(&self, ledger: &Ledger, output: u64, sum: &mut Sum) {
        let value = ledger.value(output);
        let tx = ledger.tx_of_output(output);
        sum.source.add(&self.source_of(ledger, tx, value));
        match ledger.spender(output) {
            None => sum.destination.direct[Category::UNSPENT.0 as usize] += value,
            Some(spender) => sum.destination.add(&self.destination_of(ledger, spender, value)),
        }
    }

    /// Counts the inputs of a transaction whose amounts are not known.
    fn add_unknown_inputs(&self, ledger: &Ledger, tx: u32, sum: &mut Sum) {
        for source in ledger.sources(tx).filter(|s| matches!(s, Source::External(_))) {
            let info = ledger.source_info(source);
            if info.value.is_none() {
                let category = info.address.map_or(0, |a| self.data.categories.at(a));
                let category = if category == 0 { Category::UNKNOWN_ORIGIN } else { Category(category) };
                *sum.inputs.entry(category).or_default() += 1;
            }
        }
    }

    /// Adds a payment of `amount` into `output`: direct when its address is attributed, else where the output's money went.
    fn add_paid(&self, ledger: &Ledger, output: u64, amount: u64, table: &mut Table) {
        match (self.data.categories.at(ledger.address_of(output)), ledger.spender(output)) {
            (0, None) => table.indirect[Category::UNSPENT.0 as usize] += amount,
            (0, Some(next)) => {
                let profile = self.data.destination[next as usize];
                self.data.destination_profiles.with(profile, |p| table.add_profile(p, amount));
            }
            (category, _) => table.direct[category as usize] += amount,
        }
    }

    /// Spreads an amount that `tx` pays out over where it came from: direct for inputs at attributed addresses.
    #[expect(clippy::cast_possible_truncation, reason = "numbers of outputs index a column in memory")]
    fn source_of(&self, ledger: &Ledger, tx: u32, amount: u64) -> Table {
        let mut table = Table::default();
        if ledger.flags(tx).coinbase() {
            table.direct[Category::COINBASE.0 as usize] = amount;
            return table;
        }
        let (inputs, _) = crate::trace::input_amounts(
            ledger.sources(tx).map(|s| (s, ledger.source_info(s).value)).collect(),
            ledger.outputs(tx).map(|o| ledger.value(o)).sum(),
        );
        let paid: u64 = inputs.iter().map(|i| i.1).sum();
        if paid == 0 {
            self.data.source_profiles.with(self.data.source[tx as usize], |p| table.add_profile(p, amount));
            return table;
        }
        let parts = crate::trace::split(amount, inputs.iter().map(|i| i.1), paid);
        for ((place, _), part) in inputs.into_iter().zip(parts) {
            let info = ledger.source_info(place);
            let category = info.address.map_or(0, |a| self.data.categories.at(a));
            match (category, place) {
                (0, Source::Output(o)) => {
                    self.data.source_profiles.with(self.data.gives[o as usize], |p| table.add_profile(p, part));
                }
                (0, Source::External(_)) => table.indirect[Category::UNKNOWN_ORIGIN.0 as usize] += part,
                (category, _) => table.direct[category as usize] += part,
            }
        }
        table
    }

    /// Spreads an amount that `tx` takes in over where it goes: direct for outputs at attributed addresses.
    fn destination_of(&self, ledger: &Ledger, tx: u32, amount: u64) -> Table {
        let mut table = Table::default();
        let outputs = ledger.outputs(tx);
        let values: Vec<u64> = outputs.clone().map(|o| ledger.value(o)).collect();
        let received: u64 = values.iter().sum();
        let fee = ledger.fee(tx).unwrap_or(0);
        let parts = crate::trace::split(amount, values.iter().copied().chain([fee]), received + fee);
        table.direct[Category::FEE.0 as usize] += parts[values.len()];
        for (o, part) in outputs.zip(parts) {
            self.add_paid(ledger, o, part, &mut table);
        }
        table
    }
}
