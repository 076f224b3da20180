//! Chains of outputs: a movement to an address is an output that pays it, and one from it is an output of its that is spent.
//!
//! Who paid whom is not stored: a transaction's inputs pay its outputs and fee together. By counterparties an amount is divided among them by their
//! shares of the other side, in base units and without a remainder; by transactions nothing is divided.

use crate::chain::{Budget, Each, Level, MAX_MEMBERS, Moved, Node, Of, Part, View};
use crate::error::ExploreError;
use crate::reports::Side;
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_bitcoin::AddressKey;
use holdfast_types::{Amount, AssetId, ChainId, Invalid};
use holdfast_utxo_ledger::{Ledger, Source};
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::lookup::bare;
use holdfast_workspace::{ChainQueries, Snapshot, Subject, WorkspaceError};
use std::collections::{BTreeMap, HashMap};

pub(crate) struct Outputs<'a> {
    pub(crate) chain: &'a Snapshot,
    pub(crate) clearance: Tlp,
}

/// What the addresses of a question have in one transaction.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    amount: Amount,
    unknown: bool,
    count: u64,
}

impl Own {
    fn add(&mut self, value: Option<u64>) {
        self.count += 1;
        match value {
            // The sum of a transaction's outputs has fewer than 128 bits.
            Some(value) => self.amount = self.amount.checked_add(value.into()).unwrap_or(Amount::MAX),
            None => self.unknown = true,
        }
    }
}

/// Divides an amount by weights so that the parts sum up to it: each is the difference of two rounded running sums.
pub(crate) fn divide<T: Copy>(amount: Amount, weights: &[(T, u128)]) -> Vec<(T, Amount)> {
    let total: u128 = weights.iter().map(|w| w.1).sum();
    let (mut before, mut run) = (Amount::ZERO, 0u128);
    let parts = weights.iter().map(|(node, weight)| {
        run += weight;
        let upto = amount.mul_div(Amount::from(run), Amount::from(total)).unwrap_or(before);
        let part = upto.excess_over(before);
        before = upto;
        (*node, part)
    });
    parts.collect()
}

impl Outputs<'_> {
    fn ledger(&self) -> &Ledger {
        &self.chain.ledger
    }

    fn time(&self, tx: u32) -> u64 {
        self.ledger().block_of_tx(tx).header.time().into()
    }

    /// Who pays into a transaction, with how much; none where an amount is not known and several pay.
    fn payers(&self, tx: u32, level: Level) -> Option<Vec<(Node, u128)>> {
        let mut weights: BTreeMap<Node, u128> = BTreeMap::new();
        let (mut known, mut inputs) = (true, 0u64);
        for source in self.ledger().sources(tx) {
            inputs += 1;
            let info = self.ledger().source_info(source);
            known &= info.value.is_some();
            let node = info.address.map_or(Node::Unknown, |a| self.node(a, level));
            *weights.entry(node).or_default() += u128::from(info.value.unwrap_or(0));
        }
        if inputs == 0 {
            return Some(vec![(Node::Created, 1)]);
        }
        if weights.len() == 1 {
            return Some(weights.into_keys().map(|node| (node, 1)).collect());
        }
        (known && weights.values().any(|w| *w > 0)).then(|| weights.into_iter().collect())
    }

    /// Whom a transaction pays, with how much; its fee too, where it is known.
    fn payees(&self, tx: u32, level: Level) -> Option<Vec<(Node, u128)>> {
        let mut weights: BTreeMap<Node, u128> = BTreeMap::new();
        for output in self.ledger().outputs(tx) {
            let node = self.node(self.ledger().address_of(output), level);
            *weights.entry(node).or_default() += u128::from(self.ledger().value(output));
        }
        if let Some(fee) = self.ledger().fee(tx).filter(|fee| *fee > 0) {
            weights.insert(Node::Fee, fee.into());
        }
        weights.values().any(|w| *w > 0).then(|| weights.into_iter().collect())
    }

    /// Calls `each` with the parts of what the addresses have in a transaction.
    fn divide_tx(&self, tx: u32, own: &Own, side: Side, level: Level, each: Each<'_>) {
        let others = match side {
            Side::In => self.payers(tx, level),
            Side::Out => self.payees(tx, level),
        };
        let others = others.unwrap_or_else(|| vec![(Node::Unknown, 1)]);
        let divided = others.len() > 1;
        for (node, amount) in divide(own.amount, &others) {
            each(Part {
                tx: Some(tx.into()),
                node,
                asset: 0,
                amount,
                unknown: own.unknown,
                divided,
                time: Some(self.time(tx)),
                is_fee: node == Node::Fee,
            });
        }
    }

    /// Calls `each` with the outputs and externals that paid addresses, and what spends each.
    fn for_each_place(&self, addresses: &[u32], budget: &mut Budget, each: &mut dyn FnMut(&Self, Source, &mut Budget)) {
        for address in addresses.iter().take(MAX_MEMBERS) {
            if budget.exceeded {
                return;
            }
            self.ledger().for_each_output_of(*address, |source| {
                if budget.take(1, 0) {
                    each(self, source, budget);
                }
            });
        }
    }

    fn spender(&self, source: Source, budget: &mut Budget) -> Option<u32> {
        match source {
            Source::Output(output) => self.ledger().spender(output),
            Source::External(external) => {
                // A block is searched.
                let spenders = budget.take(0, 4_000).then(|| self.ledger().spenders_of_externals(&[external]))?;
                spenders.first().copied()
            }
        }
    }

    /// The transaction at the other end of an output or external that paid an address: what paid it, of which an external has none that is known, or
    /// what spends it; none where nothing does.
    fn tx_of(&self, side: Side, source: Source, budget: &mut Budget) -> Option<Option<u32>> {
        match (side, source) {
            (Side::In, Source::Output(output)) => Some(Some(self.ledger().tx_of_output(output))),
            // Who paid an output of a block that is not stored is not known.
            (Side::In, Source::External(_)) => Some(None),
            (Side::Out, _) => self.spender(source, budget).map(Some),
        }
    }

    /// The part of an output or external by its transaction.
    fn whole(&self, source: Source, tx: Option<u32>) -> Part {
        let value = self.ledger().source_info(source).value;
        let node = match (tx, source) {
            (Some(tx), _) => Node::Tx(tx.into()),
            (None, Source::External(n)) => Node::OutsideTx(self.ledger().external(n).txid),
            (None, Source::Output(_)) => Node::Unknown,
        };
        Part {
            tx: tx.map(u64::from),
            node,
            asset: 0,
            amount: value.unwrap_or(0).into(),
            unknown: value.is_none(),
            divided: false,
            time: tx.map(|tx| self.time(tx)),
            is_fee: false,
        }
    }

    /// By counterparties: what the addresses have in each transaction is summed and divided.
    fn parts_by_counterparty(&self, of: Of<'_>, budget: &mut Budget, each: Each<'_>) {
        let Of { addresses, side, level, .. } = of;
        let (mut by_tx, mut outside) = (BTreeMap::<u32, Own>::new(), Vec::new());
        self.for_each_place(addresses, budget, &mut |view, source, budget| {
            let Some(tx) = view.tx_of(side, source, budget) else { return };
            match tx {
                Some(tx) => by_tx.entry(tx).or_default().add(view.ledger().source_info(source).value),
                None => outside.push(Part { node: Node::Unknown, ..view.whole(source, None) }),
            }
        });
        for (tx, own) in by_tx {
            let info = self.ledger().tx(tx);
            let ends = if side == Side::In {
                info.inputs.end - info.inputs.start
            } else {
                info.outputs.end - info.outputs.start
            };
            if !budget.take(0, ends) {
                return;
            }
            self.divide_tx(tx, &own, side, level, each);
        }
        outside.into_iter().for_each(each);
    }
}

impl View for Outputs<'_> {
    fn name(&self) -> String {
        self.chain.name()
    }

    fn tags(&self) -> &TagStore {
        &self.chain.tags
    }

    fn clearance(&self) -> Tlp {
        self.clearance
    }

    fn address(&self, text: &str) -> Result<u32, ExploreError> {
        let text = bare(text);
        match self.chain.subject(&text)? {
            Subject::Address(address) => Ok(address),
            _ => {
                let why = "an address is needed here".to_owned();
                Err(WorkspaceError::Query(text.chars().take(130).collect(), self.ledger().network(), why).into())
            }
        }
    }

    fn is_address(&self, text: &str) -> bool {
        AddressKey::parse(&bare(text), self.ledger().network()).is_ok()
    }

    fn tx(&self, text: &str) -> Result<u64, ExploreError> {
        match self.chain.subject(text)? {
            Subject::Tx(tx) => Ok(tx.into()),
            _ => {
                let why = "a transaction id is needed here".to_owned();
                Err(WorkspaceError::Query(text.chars().take(130).collect(), self.ledger().network(), why).into())
            }
        }
    }

    fn address_text(&self, address: u32) -> Result<String, ExploreError> {
        Ok(self.ledger().address_text(address))
    }

    fn tx_text(&self, tx: u64) -> Result<String, ExploreError> {
        let tx = u32::try_from(tx).map_err(|_| Invalid::new("transaction", "there is no such transaction"))?;
        Ok(self.ledger().txid_text(tx))
    }

    fn asset(&self, _: u32) -> Result<AssetView, ExploreError> {
        Ok(coin(self.chain))
    }

    fn asset_number(&self, text: &str) -> Result<u32, ExploreError> {
        if text.eq_ignore_ascii_case("native") || self.chain.has_asset(text) {
            return Ok(0);
        }
        let known = format!("this chain has one asset, {}", self.chain.asset());
        Err(Invalid::new("asset", known).into())
    }

    fn cluster(&self, address: u32) -> u32 {
        self.chain.clusters.of(address)
    }

    fn cluster_size(&self, cluster: u32) -> u64 {
        self.chain.clusters.size(cluster)
    }

    fn members(&self, cluster: u32) -> Vec<u32> {
        self.chain.clusters.members(cluster)
    }

    fn category(&self, address: u32) -> Category {
        self.chain.entities.category_for(&self.chain.tags, &self.chain.clusters, address, self.clearance)
    }

    fn tag(&self, address: u32) -> Option<&Tag> {
        self.chain.entities.tag_for(&self.chain.tags, &self.chain.clusters, address, self.clearance)
    }

    fn own_tags(&self, address: u32) -> Vec<&Tag> {
        self.chain.entities.tags_of(&self.chain.tags, address).filter(|t| t.is_for(self.clearance)).collect()
    }

    fn parts(&self, of: Of<'_>, budget: &mut Budget, each: Each<'_>) -> Result<(), ExploreError> {
        if of.level != Level::Transaction {
            self.parts_by_counterparty(of, budget, each);
            return Ok(());
        }
        self.for_each_place(of.addresses, budget, &mut |view, source, budget| {
            let Some(tx) = view.tx_of(of.side, source, budget) else { return };
            each(view.whole(source, tx));
        });
        Ok(())
    }

    fn parts_of_tx(
        &self,
        tx: u64,
        side: Side,
        level: Level,
        budget: &mut Budget,
        each: Each<'_>,
    ) -> Result<(), ExploreError> {
        let tx = u32::try_from(tx).map_err(|_| Invalid::new("subject", "there is no such transaction"))?;
        let time = Some(self.time(tx));
        let part = |address: Option<u32>, value: Option<u64>| Part {
            tx: Some(tx.into()),
            node: address.map_or(Node::Unknown, |a| self.node(a, level)),
            asset: 0,
            amount: value.unwrap_or(0).into(),
            unknown: value.is_none(),
            divided: false,
            time,
            is_fee: false,
        };
        match side {
            Side::In => {
                for source in self.ledger().sources(tx).take_while(|_| budget.take(1, 0)) {
                    let info = self.ledger().source_info(source);
                    each(part(info.address, info.value));
                }
            }
            Side::Out => {
                for output in self.ledger().outputs(tx).take_while(|_| budget.take(1, 0)) {
                    each(part(Some(self.ledger().address_of(output)), Some(self.ledger().value(output))));
                }
            }
        }
        Ok(())
    }

    fn moved(
        &self,
        address: u32,
        _: Option<u32>,
        budget: &mut Budget,
        each: &mut dyn FnMut(Moved),
    ) -> Result<(), ExploreError> {
        let mut times: HashMap<u32, u64> = HashMap::new();
        self.for_each_place(&[address], budget, &mut |view, source, budget| {
            let amount = view.ledger().source_info(source).value.map(Amount::from);
            let mut time = |tx: u32| *times.entry(tx).or_insert_with(|| view.time(tx));
            let received = match source {
                Source::Output(output) => Some(time(view.ledger().tx_of_output(output))),
                Source::External(_) => None,
            };
            each(Moved { side: Side::In, asset: 0, amount, time: received });
            if let Some(tx) = view.spender(source, budget) {
                each(Moved { side: Side::Out, asset: 0, amount, time: Some(time(tx)) });
            }
        });
        Ok(())
    }
}

/// Returns the coin of a chain of outputs.
pub(crate) fn coin(chain: &Snapshot) -> AssetView {
    let id = AssetId::native_of(&ChainId::of(chain.ledger.network()));
    let ticker = chain.asset();
    AssetView {
        id: id.to_string(),
        ticker: Some(ticker.to_owned()),
        decimals: holdfast_types::units::decimals(ticker).and_then(|d| u8::try_from(d).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_sum_up_to_what_is_divided() {
        let whole = |amount: Amount, weights: &[u128]| {
            let weights: Vec<(usize, u128)> = weights.iter().copied().enumerate().collect();
            let parts = divide(amount, &weights);
            assert_eq!(Amount::checked_sum(parts.iter().map(|p| p.1)), Some(amount), "{amount} by {weights:?}");
            parts.into_iter().map(|p| p.1.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(whole(10u64.into(), &[1, 1, 1]), ["3", "3", "4"]);
        assert_eq!(whole(60u64.into(), &[50, 20, 10, 10]), ["33", "13", "7", "7"]);
        assert_eq!(whole(1u64.into(), &[1, 1_000_000]), ["0", "1"]);
        assert_eq!(whole(Amount::ZERO, &[1, 2]), ["0", "0"]);
        assert_eq!(whole(7u64.into(), &[0, 3, 0]), ["0", "7", "0"]);
        // The greatest amount and weights: nothing is lost and nothing wraps.
        whole(Amount::MAX, &[u128::from(u64::MAX), 1, u128::from(u64::MAX) * 1_000]);
        let mut state = 7u64;
        for n in 1..200 {
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state >> 20
            };
            let (amount, weights) =
                (next(), (0..n % 9 + 1).map(|_| u128::from(next() % 1_000) + 1).collect::<Vec<_>>());
            whole(amount.into(), &weights);
        }
    }
}
