//! A batch of blocks on its way into the columns.

use super::AppendReport;
use super::fees::{BlockFees, TxFees};
use crate::columns::{BlockRow, Columns, NONE_U32};
use crate::error::LedgerError;
use crate::index::scan_accounts;
use crate::keys::{ASSET_BYTES, AssetKey, asset_key, key_hash};
use crate::ledger::Ledger;
use crate::manifest::{Chosen, Counts};
use crate::numbers::{index, narrow};
use crate::postings::MAX_NUMBER;
use crate::rows::{self, flag};
use hashbrown::HashTable;
use holdfast_columns::Writer;
use holdfast_types::{AccountId, Amount, BlockTransfers, Hash32, Position, TokenRef, TransactionTransfers, Transfer};
use std::path::PathBuf;
use std::{fmt, io};

/// Keys of one width, numbered in order of first appearance.
struct Interner {
    width: usize,
    keys: Vec<u8>,
    numbers: HashTable<u32>,
    seed: u64,
}

impl Interner {
    fn new(width: usize, seed: u64) -> Self {
        Interner { width, keys: Vec::new(), numbers: HashTable::new(), seed }
    }

    fn len(&self) -> u32 {
        u32::try_from(self.numbers.len()).unwrap_or(NONE_U32)
    }

    /// Forgets all keys but the first ones.
    fn truncate(&mut self, len: u32) {
        self.numbers.retain(|n| *n < len);
        self.keys.truncate(index(u64::from(len)) * self.width);
    }

    fn key(&self, number: u32) -> &[u8] {
        let at = index(u64::from(number)) * self.width;
        &self.keys[at..at + self.width]
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        self.numbers.find(key_hash(key, self.seed), |n| self.key(*n) == key).copied()
    }

    fn number(&mut self, key: &[u8]) -> Result<u32, LedgerError> {
        if let Some(number) = self.find(key) {
            return Ok(number);
        }
        let number = self.len();
        if number >= NONE_U32 - 1 {
            return Err(LedgerError::Full("4,294,967,294 accounts or assets in a batch"));
        }
        self.keys.extend_from_slice(key);
        let (keys, width, seed) = (&self.keys, self.width, self.seed);
        let hash_of = |n: &u32| {
            let at = index(u64::from(*n)) * width;
            key_hash(&keys[at..at + width], seed)
        };
        self.numbers.insert_unique(key_hash(key, seed), number, hash_of);
        Ok(number)
    }
}

/// Writers of the columns that are filled while blocks stream by.
struct Writers {
    hash: Writer<Hash32>,
    first: Writer<[u8; 3]>,
    tx_meta: Writer<u32>,
    method: Writer<[u8; 4]>,
    burn: Option<Writer<u32>>,
    fee: Option<Writer<[u8; 7]>>,
    amount: Writer<u64>,
    meta: Writer<u32>,
    wide: Writer<u64>,
}

impl Writers {
    fn new(columns: &Columns, base: Counts) -> io::Result<Self> {
        let fees = columns.shape.fees;
        Ok(Writers {
            hash: columns.tx_hash.writer(base.txs)?,
            first: columns.tx_first.writer(base.txs)?,
            tx_meta: columns.tx_meta.writer(base.txs)?,
            method: columns.tx_method.writer(base.txs)?,
            burn: fees.then(|| columns.tx_burn.writer(base.txs)).transpose()?,
            fee: fees.then(|| columns.tx_fee.writer(base.txs)).transpose()?,
            amount: columns.amount.writer(base.transfers)?,
            meta: columns.meta.writer(base.transfers)?,
            wide: columns.wide.writer(base.wide)?,
        })
    }

    fn finish(self) -> io::Result<()> {
        self.hash.finish()?;
        self.first.finish()?;
        self.tx_meta.finish()?;
        self.method.finish()?;
        self.burn.map_or(Ok(()), Writer::finish)?;
        self.fee.map_or(Ok(()), Writer::finish)?;
        self.amount.finish()?;
        self.meta.finish()?;
        self.wide.finish()
    }
}

/// What of a block an account is, for the error that names it.
#[derive(Clone, Copy)]
struct Field<'a> {
    tx: Option<&'a TransactionTransfers>,
    transfer: Option<&'a Transfer>,
    name: &'static str,
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tx) = self.tx {
            write!(f, "transaction 0x{}: ", hex::encode(tx.hash))?;
        }
        if let Some(transfer) = self.transfer {
            write!(f, "{} at {:?}: ", transfer.kind.name(), transfer.position)?;
        }
        f.write_str(self.name)
    }
}

/// A transaction or one side of a block, as it is stored.
struct TxRow {
    hash: Hash32,
    meta: u32,
    method: [u8; 4],
    payer: u32,
    fees: TxFees,
}

/// A batch of blocks: what is written already, and what waits for its numbers.
pub(super) struct Batch {
    dir: PathBuf,
    chosen: Chosen,
    base: Counts,
    now: Counts,
    chain: holdfast_types::ChainId,
    tip: Option<(u64, Hash32)>,
    first: (u64, String),
    blind: u64,
    writers: Writers,
    accounts: Interner,
    assets: Interner,
    /// Rows whose accounts and assets are still the batch's numbers.
    blocks: Vec<BlockRow>,
    payers: Vec<u32>,
    asset_of: Vec<u32>,
    from: Vec<u32>,
    to: Vec<u32>,
    scratch: Vec<u64>,
}

/// Refuses what the columns and indexes cannot number, before any of it is committed.
fn within_numbers(counts: Counts) -> Result<(), LedgerError> {
    if counts.txs > MAX_NUMBER || counts.transfers > MAX_NUMBER {
        return Err(LedgerError::Full("274,877,906,943 transactions or transfers"));
    }
    if counts.accounts >= u64::from(NONE_U32) || counts.assets >= u64::from(NONE_U32) {
        return Err(LedgerError::Full("4,294,967,294 accounts or assets"));
    }
    Ok(())
}

impl Batch {
    pub(super) fn new(ledger: &Ledger, first: &BlockTransfers) -> Result<Self, LedgerError> {
        let settings = ledger.settings();
        let base = ledger.counts();
        let tip = ledger.tip()?.map(|t| (t.height, t.hash));
        let chosen = Chosen::of(&settings.assets).ok_or_else(|| LedgerError::Block {
            height: first.height,
            why: "a chosen contract is no account".into(),
        })?;
        let seed = ledger.manifest.seed;
        Ok(Batch {
            dir: ledger.dir().to_owned(),
            chosen,
            base,
            now: base,
            chain: settings.chain.clone(),
            tip,
            first: (first.height, hex::encode(first.parent)),
            blind: ledger.columns.block.all().last().map_or(0, |b| b.blind),
            writers: Writers::new(&ledger.columns, base).map_err(|e| ledger.io(e))?,
            accounts: Interner::new(index(ledger.columns.shape.account_bytes), seed),
            assets: Interner::new(ASSET_BYTES, seed),
            blocks: Vec::new(),
            payers: Vec::new(),
            asset_of: Vec::new(),
            from: Vec::new(),
            to: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Transactions and transfers so far.
    pub(super) fn weight(&self) -> u64 {
        self.now.weight() - self.base.weight()
    }

    /// Takes a block. After an error the batch holds those before it, and can only be finished.
    pub(super) fn take(&mut self, block: &BlockTransfers, report: &mut AppendReport) -> Result<(), LedgerError> {
        self.follows(block)?;
        let (now, tip, blind, reported) = (self.now, self.tip, self.blind, *report);
        let (accounts, assets) = (self.accounts.len(), self.assets.len());
        let taken = self.put(block, report);
        if taken.is_err() {
            (self.now, self.tip, self.blind, *report) = (now, tip, blind, reported);
            self.accounts.truncate(accounts);
            self.assets.truncate(assets);
            // What the writers have beyond the counts does not count.
            self.blocks.truncate(index(now.blocks - self.base.blocks));
            self.payers.truncate(index(now.txs - self.base.txs));
            let transfers = index(now.transfers - self.base.transfers);
            [&mut self.asset_of, &mut self.from, &mut self.to].into_iter().for_each(|rows| rows.truncate(transfers));
        }
        taken
    }

    /// Returns whether it holds no block.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    fn put(&mut self, block: &BlockTransfers, report: &mut AppendReport) -> Result<(), LedgerError> {
        let native = self.chosen.has(&TokenRef::Native);
        let fees = if native { BlockFees::of(block) } else { BlockFees::default() };
        let (first_account, first_asset) = (self.accounts.len(), self.assets.len());
        if native {
            self.assets.number(&asset_key(&TokenRef::Native))?;
        }
        self.blind += u64::from(!block.internal_known);
        let row = BlockRow {
            hash: block.hash,
            time: block.time,
            first_tx: self.now.txs,
            first_transfer: self.now.transfers,
            first_wide: self.now.wide,
            fee_unit: fees.unit,
            blind: self.blind,
            first_account,
            first_asset,
            tip_to: self.account(fees.tip_to, block.height, Field { tx: None, transfer: None, name: "tip_to" })?,
            burn_to: self.account(fees.burn_to, block.height, Field { tx: None, transfer: None, name: "burn_to" })?,
        };
        self.blocks.push(row);
        let is_start = |t: &&Transfer| matches!(t.position, Position::BlockStart(_));
        self.side(block, flag::START, block.block_level.iter().filter(is_start), report)?;
        for tx in &block.transactions {
            self.transaction(block, tx, &fees, report)?;
        }
        self.side(block, flag::END, block.block_level.iter().filter(|t| !is_start(t)), report)?;
        self.now.blocks += 1;
        self.tip = Some((block.height, block.hash));
        report.blocks += 1;
        within_numbers(self.now)
    }

    /// Returns whether a block is of the chain and follows the last one.
    fn follows(&self, block: &BlockTransfers) -> Result<(), LedgerError> {
        let height = block.height;
        if block.chain != self.chain {
            return Err(LedgerError::Chain { height, chain: block.chain.clone() });
        }
        let Some((last, hash)) = self.tip else { return Ok(()) };
        let why = if last.checked_add(1) != Some(height) {
            format!("the last block is at height {last}")
        } else if block.parent != hash {
            format!("its parent is 0x{}, the last block 0x{}", hex::encode(block.parent), hex::encode(hash))
        } else {
            return Ok(());
        };
        Err(LedgerError::NotNext { height, hash: hex::encode(block.hash), why })
    }

    fn account(&mut self, account: Option<AccountId>, height: u64, field: Field<'_>) -> Result<u32, LedgerError> {
        let Some(account) = account else { return Ok(NONE_U32) };
        let bytes = account.as_bytes();
        if bytes.len() != self.accounts.width {
            let (has, of_chain) = (bytes.len(), self.accounts.width);
            let why = format!("{field} is an account of {has} bytes, those of its chain have {of_chain}");
            return Err(LedgerError::Block { height, why });
        }
        self.accounts.number(bytes)
    }

    /// Takes what happens outside the block's transactions, on one side.
    fn side<'a>(
        &mut self,
        block: &BlockTransfers,
        side: u32,
        transfers: impl Iterator<Item = &'a Transfer>,
        report: &mut AppendReport,
    ) -> Result<(), LedgerError> {
        let mut begun = false;
        for transfer in transfers {
            if !self.chosen.has(&transfer.token) {
                report.left_out += 1;
                continue;
            }
            if !std::mem::replace(&mut begun, true) {
                let meta = side | flag::SUCCESS;
                let fees = TxFees::default();
                self.begin(block, TxRow { hash: block.hash, meta, method: [0; 4], payer: NONE_U32, fees })?;
            }
            self.transfer(transfer, None, block.height)?;
            report.transfers += 1;
        }
        Ok(())
    }

    fn transaction(
        &mut self,
        block: &BlockTransfers,
        tx: &TransactionTransfers,
        fees: &BlockFees,
        report: &mut AppendReport,
    ) -> Result<(), LedgerError> {
        let native = self.chosen.has(&TokenRef::Native);
        let refuse = |why: String| {
            Err(LedgerError::Block {
                height: block.height,
                why: format!("transaction 0x{}: {why}", hex::encode(tx.hash)),
            })
        };
        if native {
            let paid = tx.transfers.iter().filter(|t| t.kind.is_fee() && t.token == TokenRef::Native);
            let paid = Amount::checked_sum(paid.map(|t| t.amount));
            if paid != Some(tx.fee) {
                return refuse(format!("fee: it is {}, which its fee transfers do not sum to", tx.fee));
            }
        }
        let is_outside = |t: &&Transfer| matches!(t.position, Position::BlockStart(_) | Position::BlockEnd(_));
        if let Some(outside) = tx.transfers.iter().find(is_outside) {
            return refuse(format!("position: a transfer of it stands outside of it, at {:?}", outside.position));
        }
        let held = tx.transfers.iter().filter(|t| self.chosen.has(&t.token)).count() as u64;
        report.left_out += tx.transfers.len() as u64 - held;
        if held == 0 && !native {
            return Ok(());
        }
        if tx.index > flag::INDEX {
            return Err(LedgerError::Full("16,777,215 transactions in a block"));
        }
        let fees = if native { fees.of_tx(tx) } else { TxFees::default() };
        let mut meta = tx.index;
        meta |= if tx.success { flag::SUCCESS } else { 0 };
        meta |= if tx.method.is_some() { flag::METHOD } else { 0 };
        meta |= if fees.claim { flag::FEE_CLAIM } else { 0 };
        let field = Field { tx: Some(tx), transfer: None, name: "payer" };
        let payer = self.account(Some(tx.payer), block.height, field)?;
        let method = tx.method.unwrap_or_default();
        self.begin(block, TxRow { hash: tx.hash, meta, method, payer, fees })?;
        for (at, transfer) in tx.transfers.iter().enumerate() {
            if self.chosen.has(&transfer.token) && !fees.has(at) {
                self.transfer(transfer, Some(tx), block.height)?;
            }
        }
        report.txs += 1;
        report.transfers += held;
        debug_assert!(fees.number() <= held);
        Ok(())
    }

    /// Writes what is known of a transaction, or of one side of a block.
    fn begin(&mut self, block: &BlockTransfers, row: TxRow) -> Result<(), LedgerError> {
        let first = self.blocks.last().map_or(0, |b| self.now.transfers - b.first_transfer);
        let first = narrow(first).ok_or(LedgerError::Full("16,777,215 transfers in a block"))?;
        let fee = narrow(row.fees.total).ok_or_else(|| LedgerError::Block {
            height: block.height,
            why: format!("transaction 0x{}: fee: it does not fit its column", hex::encode(row.hash)),
        })?;
        let writers = &mut self.writers;
        let mut write = || -> io::Result<()> {
            writers.hash.push(row.hash)?;
            writers.first.push(first)?;
            writers.tx_meta.push(row.meta)?;
            writers.method.push(row.method)?;
            writers.burn.as_mut().map_or(Ok(()), |w| w.push(row.fees.burn))?;
            writers.fee.as_mut().map_or(Ok(()), |w| w.push(fee))
        };
        write().map_err(|e| LedgerError::Io(self.dir.clone(), e))?;
        self.payers.push(row.payer);
        self.now.txs += 1;
        Ok(())
    }

    fn transfer(
        &mut self,
        transfer: &Transfer,
        tx: Option<&TransactionTransfers>,
        height: u64,
    ) -> Result<(), LedgerError> {
        self.scratch.clear();
        let what = (transfer.kind, transfer.position, transfer.commitment);
        let row = rows::encode(what, transfer.amount, self.now.wide, &mut self.scratch);
        let row = row.ok_or(LedgerError::Full("10^18 wide amounts"))?;
        let asset = self.assets.number(&asset_key(&transfer.token))?;
        let field = |name| Field { tx, transfer: Some(transfer), name };
        let (from, to) =
            (self.account(transfer.from, height, field("from"))?, self.account(transfer.to, height, field("to"))?);
        let writers = &mut self.writers;
        let mut write = || -> io::Result<()> {
            writers.amount.push(row.amount)?;
            writers.meta.push(row.meta)?;
            self.scratch.iter().try_for_each(|limb| writers.wide.push(*limb))
        };
        write().map_err(|e| LedgerError::Io(self.dir.clone(), e))?;
        self.asset_of.push(asset);
        self.from.push(from);
        self.to.push(to);
        self.now.wide += self.scratch.len() as u64;
        self.now.transfers += 1;
        Ok(())
    }

    /// Numbers accounts and assets, writes the columns that wait for it, and returns the counts after the batch, with height and parent of its
    /// first block.
    pub(super) fn finish(self, ledger: &Ledger) -> Result<(Counts, (u64, String)), LedgerError> {
        let io = |e| ledger.io(e);
        let base = self.base;
        let known = ledger.overlay_end == base;
        let columns = &ledger.columns;
        let accounts = Numbers::of(
            &self.accounts,
            base.accounts,
            known.then_some(&|key: &[u8]| ledger.account_by_bytes(key)),
            |each| scan_accounts(columns, base.accounts, |number, key| each(number, key)),
        )
        .map_err(io)?;
        let by_key = |key: &[u8]| <AssetKey>::try_from(key).ok().and_then(|key| ledger.asset_by_key(&key));
        let assets = Numbers::of(&self.assets, base.assets, known.then_some(&by_key), |each| {
            columns.assets.scan(0, base.assets, |at, chunk| (at..).zip(chunk).for_each(|(n, key)| each(n, key)))
        })
        .map_err(io)?;
        let mut counts = self.now;
        counts.accounts += accounts.new.len() as u64;
        counts.assets += assets.new.len() as u64;
        within_numbers(counts)?;
        let write = || -> io::Result<()> {
            let mut writer = columns.accounts.writer(base.accounts * columns.shape.account_bytes)?;
            let keys = accounts.new.iter().map(|n| self.accounts.key(*n));
            keys.flatten().try_for_each(|byte| writer.push(*byte))?;
            writer.finish()?;
            let mut writer = columns.assets.writer(base.assets)?;
            for number in &assets.new {
                writer.push(self.assets.key(*number).try_into().map_err(io::Error::other)?)?;
            }
            writer.finish()?;
            accounts.write(columns.tx_payer.writer(base.txs)?, &self.payers)?;
            assets.write(columns.asset.writer(base.transfers)?, &self.asset_of)?;
            accounts.write(columns.from.writer(base.transfers)?, &self.from)?;
            accounts.write(columns.to.writer(base.transfers)?, &self.to)?;
            let mut writer = columns.block.writer(base.blocks)?;
            for row in &self.blocks {
                writer.push(BlockRow {
                    first_account: accounts.first(row.first_account, base.accounts),
                    first_asset: assets.first(row.first_asset, base.assets),
                    tip_to: accounts.number(row.tip_to),
                    burn_to: accounts.number(row.burn_to),
                    ..*row
                })?;
            }
            writer.finish()
        };
        write().map_err(io)?;
        self.writers.finish().map_err(io)?;
        Ok((counts, self.first))
    }
}

/// Gives the ledger's number of a key.
type LookUp<'a> = &'a dyn Fn(&[u8]) -> Option<u32>;

/// The ledger's numbers of a batch's keys.
struct Numbers {
    /// By the batch's number.
    of: Vec<u32>,
    /// The batch's numbers of the new ones, rising.
    new: Vec<u32>,
}

impl Numbers {
    /// Finds stored keys, by look-ups where they are known and few, else in one pass, and numbers the others.
    fn of(
        keys: &Interner,
        stored: u64,
        look_up: Option<LookUp<'_>>,
        pass: impl FnOnce(&mut dyn FnMut(u64, &[u8])) -> io::Result<()>,
    ) -> io::Result<Self> {
        /// What a look-up costs, in keys passed over.
        const LOOK_UP_COST: u64 = 64;
        let mut of = vec![NONE_U32; index(u64::from(keys.len()))];
        match look_up.filter(|_| u64::from(keys.len()) * LOOK_UP_COST < stored) {
            Some(look_up) => {
                for (number, n) in of.iter_mut().zip(0..) {
                    *number = look_up(keys.key(n)).unwrap_or(NONE_U32);
                }
            }
            None => pass(&mut |number, key| {
                if let Some(n) = keys.find(key) {
                    of[index(u64::from(n))] = u32::try_from(number).unwrap_or(NONE_U32);
                }
            })?,
        }
        let mut next = u32::try_from(stored).map_err(io::Error::other)?;
        let mut new = Vec::new();
        for (number, n) in of.iter_mut().zip(0..) {
            if *number == NONE_U32 {
                *number = next;
                next = next.saturating_add(1);
                new.push(n);
            }
        }
        Ok(Numbers { of, new })
    }

    fn number(&self, n: u32) -> u32 {
        self.of.get(index(u64::from(n))).copied().unwrap_or(NONE_U32)
    }

    /// Returns the first new number at or after a batch's number, which is where a block's begin.
    fn first(&self, n: u32, stored: u64) -> u32 {
        let new = self.new.partition_point(|new| *new < n) as u64;
        u32::try_from(stored + new).unwrap_or(NONE_U32)
    }

    fn write(&self, mut writer: Writer<u32>, numbers: &[u32]) -> io::Result<()> {
        numbers.iter().try_for_each(|n| writer.push(self.number(*n)))?;
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Transactions and transfers are numbered far beyond 32 bits; whatever cannot be is refused by name, not cut.
    #[test]
    fn what_cannot_be_numbered_is_refused() {
        let tron =
            Counts { txs: 12_000_000_000, transfers: 30_000_000_000, accounts: 400_000_000, ..Counts::default() };
        assert!(within_numbers(tron).is_ok());
        let most = Counts { txs: MAX_NUMBER, transfers: MAX_NUMBER, accounts: 4_294_967_294, ..Counts::default() };
        assert!(within_numbers(most).is_ok());
        for (counts, named) in [
            (Counts { txs: MAX_NUMBER + 1, ..most }, "274,877,906,943"),
            (Counts { transfers: MAX_NUMBER + 1, ..most }, "274,877,906,943"),
            (Counts { accounts: most.accounts + 1, ..most }, "4,294,967,294"),
            (Counts { assets: u64::from(u32::MAX), ..most }, "4,294,967,294"),
        ] {
            let refused = within_numbers(counts).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
        // A number in a list of postings comes back whole.
        assert_eq!(narrow::<5>(MAX_NUMBER).map(crate::numbers::widen), Some(MAX_NUMBER));
    }
}
