//! What was appended since the index was built, in memory: the same look-ups, in layers that snapshots share.

use crate::columns::Columns;
use crate::error::LedgerError;
use crate::index::RANGE_SHIFT;
use crate::keys::{AssetKey, key_hash, tx_hash};
use crate::manifest::Counts;
use crate::numbers::index;
use crate::postings::{self, Amounts, Bound, Entry, State, amount_beside};
use hashbrown::{HashMap, HashTable};
use holdfast_types::Hash32;
use std::sync::Arc;

/// Entries of a list between two stored balances.
const CHECKPOINT_ENTRIES: usize = 128;

/// The postings of an account and asset in a layer.
#[derive(Debug, Default)]
pub(crate) struct List {
    entries: Vec<Entry>,
    /// What the list is at before every [`CHECKPOINT_ENTRIES`]th entry, from nothing.
    states: Vec<State>,
    end: State,
    /// Whether the balance was found to be negative in this layer.
    negative: bool,
}

/// What was appended in one or several commits.
#[derive(Debug)]
struct Layer {
    from: Counts,
    to: Counts,
    txs: HashTable<u64>,
    accounts: HashTable<u32>,
    assets: HashTable<u32>,
    lists: HashMap<(u32, u32), List>,
    assets_of: HashMap<u32, Vec<u32>>,
    ranges: HashMap<u32, Vec<u32>>,
    /// By asset: transaction and account of the first negative balance.
    negative: HashMap<u32, (u64, u32)>,
}

fn number(n: u64) -> Result<u32, LedgerError> {
    u32::try_from(n).map_err(|_| LedgerError::Full("4,294,967,294 accounts or assets"))
}

impl Layer {
    /// Returns what lies between two states of the ledger. `before` gives an account's balance of an asset before the layer, where
    /// negative balances are looked for.
    fn build(
        columns: &Columns,
        (from, to): (Counts, Counts),
        seed: u64,
        before: Option<&dyn Fn(u32, u32) -> Result<State, LedgerError>>,
    ) -> Result<Self, LedgerError> {
        let mut layer = Layer {
            from,
            to,
            txs: HashTable::new(),
            accounts: HashTable::new(),
            assets: HashTable::new(),
            lists: HashMap::new(),
            assets_of: HashMap::new(),
            ranges: HashMap::new(),
            negative: HashMap::new(),
        };
        layer.number(columns, seed)?;
        let mut beginnings: HashMap<(u32, u32), State> = HashMap::new();
        postings::scan(columns, from, to, |found| {
            let pair = (found.account, found.asset);
            let list = layer.lists.entry(pair).or_insert_with(|| {
                layer.assets_of.entry(found.account).or_default().push(found.asset);
                List::default()
            });
            if list.entries.len() % CHECKPOINT_ENTRIES == 0 {
                list.states.push(list.end);
            }
            list.entries.push(found.entry);
            list.end.step(amount_beside(columns, found.entry, found.cell)?, found.entry.is_out());
            let Some(before) = before.filter(|_| found.entry.is_out() && !list.negative) else { return Ok(()) };
            let beginning = match beginnings.get(&pair) {
                Some(beginning) => *beginning,
                None => *beginnings.entry(pair).or_insert(before(found.account, found.asset)?),
            };
            if beginning.then(list.end).sum.is_negative() {
                list.negative = true;
                let number = found.entry.number();
                let tx = if found.entry.is_fee() { number } else { columns.tx_of_row(number, to)?.0 };
                let first = layer.negative.entry(found.asset).or_insert((tx, found.account));
                *first = (*first).min((tx, found.account));
            }
            Ok(())
        })?;
        layer.assets_of.values_mut().for_each(|assets| assets.sort_unstable());
        Ok(layer)
    }

    fn number(&mut self, columns: &Columns, seed: u64) -> Result<(), LedgerError> {
        let (from, to) = (self.from, self.to);
        let hashes = columns.tx_hash.all();
        let hash = |tx: &u64| hashes.get(index(*tx)).map_or(0, tx_hash);
        for tx in from.txs..to.txs {
            if columns.tx_meta.all().get(index(tx)).is_some_and(|m| !Columns::is_block_side(*m)) {
                self.txs.insert_unique(hash(&tx), tx, hash);
            }
        }
        let hash = |a: &u32| columns.account(*a).map_or(0, |key| key_hash(key, seed));
        for account in from.accounts..to.accounts {
            let account = number(account)?;
            self.accounts.insert_unique(hash(&account), account, hash);
        }
        let keys = columns.assets.all();
        let hash = |a: &u32| keys.get(index(u64::from(*a))).map_or(0, |key| key_hash(key, seed));
        for asset in from.assets..to.assets {
            let asset = number(asset)?;
            self.assets.insert_unique(hash(&asset), asset, hash);
        }
        let rows = columns.asset.all().get(index(from.transfers)..index(to.transfers)).unwrap_or_default();
        for (row, asset) in (from.transfers..).zip(rows) {
            let range = u32::try_from(row >> RANGE_SHIFT).map_err(|_| LedgerError::Full("2^44 transfers"))?;
            let ranges = self.ranges.entry(*asset).or_default();
            if ranges.last() != Some(&range) {
                ranges.push(range);
            }
        }
        Ok(())
    }

    fn weight(&self) -> u64 {
        self.to.weight() - self.from.weight()
    }
}

impl List {
    /// Returns what the list is at just before a moment, from nothing.
    fn state(&self, columns: &Columns, account: u32, before: Bound) -> Result<State, LedgerError> {
        let n = self.entries.partition_point(|e| e.is_before(before));
        if n == self.entries.len() {
            return Ok(self.end);
        }
        let at = n / CHECKPOINT_ENTRIES;
        let mut state = self.states.get(at).copied().unwrap_or_default();
        let mut amounts = Amounts::of(columns, account);
        for entry in &self.entries[at * CHECKPOINT_ENTRIES..n] {
            state.step(amounts.get(*entry)?, entry.is_out());
        }
        Ok(state)
    }
}

/// What was appended since the index was built: layers, oldest first, each more than twice as large as the next, so that there are few of them
/// and a block is copied a few times in all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overlay {
    layers: Vec<Arc<Layer>>,
}

impl Overlay {
    /// Adds what lies between two states of the ledger, of which the first is where the overlay ends. `before` gives balances as the index
    /// alone knows them, where negative balances are to be found.
    pub(crate) fn extend(
        &mut self,
        columns: &Columns,
        (mut from, to): (Counts, Counts),
        seed: u64,
        before: Option<&dyn Fn(u32, u32) -> Result<State, LedgerError>>,
    ) -> Result<(), LedgerError> {
        while let Some(last) = self.layers.last()
            && last.weight() / 2 <= to.weight() - from.weight()
        {
            from = last.from;
            self.layers.pop();
        }
        let end = Bound::end(from);
        let older = |account, asset| -> Result<State, LedgerError> {
            let indexed = before.map_or(Ok(State::default()), |before| before(account, asset))?;
            Ok(indexed.then(self.state(columns, account, asset, end)?))
        };
        let older: Option<&dyn Fn(u32, u32) -> Result<State, LedgerError>> = before.is_some().then_some(&older);
        let layer = Layer::build(columns, (from, to), seed, older)?;
        self.layers.push(Arc::new(layer));
        Ok(())
    }

    /// Removes what lies at or beyond a state of the ledger.
    pub(crate) fn truncate(
        &mut self,
        columns: &Columns,
        to: Counts,
        seed: u64,
        before: Option<&dyn Fn(u32, u32) -> Result<State, LedgerError>>,
    ) -> Result<(), LedgerError> {
        self.layers.retain(|layer| layer.from.blocks < to.blocks);
        match self.layers.pop_if(|layer| layer.to.blocks > to.blocks) {
            Some(last) => self.extend(columns, (last.from, to), seed, before),
            None => Ok(()),
        }
    }

    fn newest_first(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().rev().map(|layer| &**layer)
    }

    /// Returns the transaction with a hash; the latest of a repeated one.
    pub(crate) fn tx(&self, columns: &Columns, hash: &Hash32) -> Option<u64> {
        let (hashes, place) = (columns.tx_hash.all(), tx_hash(hash));
        let is_it = |tx: &&u64| hashes.get(index(**tx)) == Some(hash);
        self.newest_first().find_map(|layer| layer.txs.iter_hash(place).filter(is_it).max().copied())
    }

    /// Returns the account with these bytes.
    pub(crate) fn account(&self, columns: &Columns, seed: u64, key: &[u8]) -> Option<u32> {
        let is_it = |a: &u32| columns.account(*a).is_ok_and(|stored| stored == key);
        let hash = key_hash(key, seed);
        self.newest_first().find_map(|layer| layer.accounts.find(hash, is_it).copied())
    }

    /// Returns the asset with a key.
    pub(crate) fn asset(&self, columns: &Columns, seed: u64, key: &AssetKey) -> Option<u32> {
        let is_it = |a: &u32| columns.assets.all().get(index(u64::from(*a))) == Some(key);
        let hash = key_hash(key, seed);
        self.newest_first().find_map(|layer| layer.assets.find(hash, is_it).copied())
    }

    /// Calls `each` with the assets that an account has postings of here, rising within each layer.
    pub(crate) fn assets_of(&self, account: u32, each: impl FnMut(u32)) {
        self.layers.iter().filter_map(|l| l.assets_of.get(&account)).flatten().copied().for_each(each);
    }

    /// Returns what the postings of an account and asset here come to just before a moment, from nothing.
    pub(crate) fn state(
        &self,
        columns: &Columns,
        account: u32,
        asset: u32,
        before: Bound,
    ) -> Result<State, LedgerError> {
        let lists = self.layers.iter().filter_map(|layer| layer.lists.get(&(account, asset)));
        lists.map(|list| list.state(columns, account, before)).try_fold(State::default(), |a, b| Ok(a.then(b?)))
    }

    /// Calls `each` with the entries of an account and asset from a moment on. Returns whether it went on to the end.
    pub(crate) fn entries(
        &self,
        account: u32,
        asset: u32,
        from: Bound,
        mut each: impl FnMut(Entry) -> Result<bool, LedgerError>,
    ) -> Result<(), LedgerError> {
        for list in self.layers.iter().filter_map(|layer| layer.lists.get(&(account, asset))) {
            let at = list.entries.partition_point(|e| e.is_before(from));
            for entry in &list.entries[at..] {
                if !each(*entry)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Returns the last entries of an account and asset before a moment, the latest first, at most `limit`.
    pub(crate) fn entries_before(&self, account: u32, asset: u32, before: Bound, limit: usize) -> Vec<Entry> {
        let lists = self.layers.iter().rev().filter_map(|layer| layer.lists.get(&(account, asset)));
        let entries = lists.flat_map(|list| {
            let end = list.entries.partition_point(|e| e.is_before(before));
            list.entries[..end].iter().rev()
        });
        entries.take(limit).copied().collect()
    }

    /// Returns the ranges of rows that have transfers of an asset here, rising.
    pub(crate) fn ranges_of(&self, asset: u32) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.layers.iter().filter_map(move |layer| layer.ranges.get(&asset)).flatten().copied()
    }

    /// Returns where an asset's balance first was negative here.
    pub(crate) fn backing(&self, asset: u32) -> Option<(u64, u32)> {
        self.layers.iter().find_map(|layer| layer.negative.get(&asset)).copied()
    }
}
