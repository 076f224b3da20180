//! Verifying a whole ledger: lengths, checksums, the shape of every row, every key's number, every list of postings and every balance.

mod balances;

use crate::columns::{Columns, NATIVE, NONE_U32, read};
use crate::error::LedgerError;
use crate::index::RANGE_SHIFT;
use crate::keys::token_of;
use crate::ledger::Ledger;
use crate::manifest::Counts;
use crate::numbers::{index, widen};
use crate::rows::{self, flag};
use holdfast_types::TokenRef;
use std::fmt;
use std::ops::ControlFlow;

/// Findings that are reported at most.
const MAX_DAMAGE: usize = 100;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// File in the ledger's folder.
    pub file: &'static str,
    /// Value in it, or byte in files of bytes.
    pub row: u64,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}: {}", self.file, self.row, self.what)
    }
}

/// What a check found. The first damage comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Blocks checked.
    pub blocks: u64,
    /// Transactions checked.
    pub txs: u64,
    /// Stored transfers checked.
    pub transfers: u64,
    /// Ranges compared with their checksums; none where the ledger has no checksums.
    pub checksums: Option<u64>,
    /// Balances made anew from their postings.
    pub balances: u64,
    /// What is wrong, at most 100 findings.
    pub damage: Vec<Damage>,
}

impl CheckReport {
    /// Returns whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.damage.is_empty()
    }

    fn add(&mut self, file: &'static str, row: u64, what: impl Into<String>) {
        if self.damage.len() < MAX_DAMAGE {
            self.damage.push(Damage { file, row, what: what.into() });
        }
    }

    /// Adds what an error says of a damaged file; other errors go on.
    fn note<T>(&mut self, result: Result<T, LedgerError>) -> Result<Option<T>, LedgerError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(LedgerError::Damaged { file, row, what }) => {
                self.add(file, row, what);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}

/// Gets how much is done, of how much; breaks to stop.
pub type OnProgress<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// The walk over all rows in chain order, with what is expected to come next.
struct Walk<'a> {
    columns: &'a Columns,
    counts: Counts,
    report: &'a mut CheckReport,
    row: u64,
    wide: u64,
    accounts: u64,
    assets: u64,
}

impl Walk<'_> {
    /// Notes an account: each new one must be the next number.
    fn account(&mut self, account: u32, file: &'static str, row: u64) {
        let account = u64::from(account);
        if account == u64::from(NONE_U32) {
        } else if account == self.accounts && account < self.counts.accounts {
            self.accounts += 1;
        } else if account >= self.accounts {
            self.report.add(file, row, format!("account {account} is not stored, or appears before {}", self.accounts));
        }
    }

    fn asset(&mut self, asset: u32, file: &'static str, row: u64) {
        let asset = u64::from(asset);
        if asset == self.assets && asset < self.counts.assets {
            self.assets += 1;
        } else if asset >= self.assets {
            self.report.add(file, row, format!("asset {asset} is not stored, or appears before {}", self.assets));
        }
    }

    fn block(&mut self, number: u64) -> Result<(), LedgerError> {
        let row = read(&self.columns.block, "blocks", number)?;
        let is = (row.first_transfer, row.first_wide, u64::from(row.first_account), u64::from(row.first_asset));
        let expected = (self.row, self.wide, self.accounts, self.assets);
        if is != expected {
            self.report.add("blocks", number, format!("begins at {is:?}, expected {expected:?}"));
            return Ok(());
        }
        if self.columns.shape.fees && self.assets == 0 {
            self.asset(NATIVE, "blocks", number);
        }
        self.account(row.tip_to, "blocks", number);
        self.account(row.burn_to, "blocks", number);
        let txs = self.columns.txs_of(number, self.counts)?;
        let rows = self.columns.rows_of_block(number, self.counts)?;
        for tx in txs.clone() {
            let meta = read(&self.columns.tx_meta, "tx.meta", tx)?;
            let payer = read(&self.columns.tx_payer, "tx.payer", tx)?;
            let (first, last) = (tx == txs.start, tx + 1 == txs.end);
            let side = Columns::is_block_side(meta);
            let start = meta & flag::START != 0;
            if meta & !flag::ALL != 0 || (side && !(if start { first } else { last })) {
                self.report.add("tx.meta", tx, "its flags are those of no transaction at this place");
            }
            if side && read(&self.columns.tx_hash, "tx.hash", tx)? != row.hash {
                self.report.add("tx.hash", tx, "stands for a side of its block and has not its hash");
            }
            if side != (payer == NONE_U32) {
                self.report.add("tx.payer", tx, "a transaction has a payer, and a side of a block none");
            }
            let begin = widen(read(&self.columns.tx_first, "tx.first-transfer", tx)?);
            if rows.start + begin != self.row {
                self.report.add(
                    "tx.first-transfer",
                    tx,
                    format!("begins at {begin}, expected {}", self.row - rows.start),
                );
                return Ok(());
            }
            self.account(payer, "tx.payer", tx);
            let end = self.columns.rows_of_tx(tx, number, self.counts)?.end;
            while self.row < end {
                self.transfer(self.row)?;
                self.row += 1;
            }
        }
        if self.row != rows.end {
            self.report.add("blocks", number, "it has transfers without a transaction");
        }
        Ok(())
    }

    fn transfer(&mut self, row: u64) -> Result<(), LedgerError> {
        let columns = self.columns;
        let cell = read(&columns.amount, "transfer.amount", row)?;
        if let Some((at, limbs)) = rows::wide_range(cell) {
            if at != self.wide || at + limbs > self.counts.wide {
                self.report.add("transfer.amount", row, format!("its limbs begin at {at}, expected {}", self.wide));
                return Ok(());
            }
            self.wide += limbs;
        }
        rows::decode(read(&columns.meta, "transfer.meta", row)?, cell, columns.wide.all(), row)?;
        self.asset(read(&columns.asset, "transfer.asset", row)?, "transfer.asset", row);
        self.account(read(&columns.from, "transfer.from", row)?, "transfer.from", row);
        self.account(read(&columns.to, "transfer.to", row)?, "transfer.to", row);
        Ok(())
    }
}

impl Ledger {
    /// Verifies lengths, checksums, every row's numbers, the number of every account, asset and transaction, the order of all postings, and every
    /// balance, made anew from its postings. Names the first damage by file and row.
    ///
    /// # Errors
    /// [`LedgerError::Stopped`], and [`LedgerError::Io`] when a file cannot be read; damage is reported, not an error.
    pub fn check(&self, progress: OnProgress<'_>) -> Result<CheckReport, LedgerError> {
        let counts = self.counts();
        let mut report = CheckReport {
            blocks: counts.blocks,
            txs: counts.txs,
            transfers: counts.transfers,
            ..CheckReport::default()
        };
        let lengths = self.check_lengths();
        if report.note(lengths)?.is_none() {
            return Ok(report);
        }
        let (compared, damage) = self.check_checksums()?;
        report.checksums = compared;
        damage.into_iter().for_each(|d| report.add(d.file, d.row, d.what));
        // Numbers that point outside their columns would make nonsense of all that follows: they are looked at first.
        let before = report.damage.len();
        let work = counts.blocks + counts.accounts;
        let mut walk =
            Walk { columns: &self.columns, counts, report: &mut report, row: 0, wide: 0, accounts: 0, assets: 0 };
        for number in 0..counts.blocks {
            if progress(number, work).is_break() {
                return Err(LedgerError::Stopped);
            }
            let block = walk.block(number);
            if walk.report.note(block)?.is_none() || walk.report.damage.len() > before {
                break;
            }
        }
        let seen = (walk.row, walk.wide, walk.accounts, walk.assets);
        let promised = (counts.transfers, counts.wide, counts.accounts, counts.assets);
        if report.damage.len() > before {
            return Ok(report);
        }
        if seen != promised {
            report.add("blocks", counts.blocks, format!("{seen:?} are in use, the manifest has {promised:?}"));
            return Ok(report);
        }
        let keys = self.check_keys(&mut report);
        report.note(keys)?;
        let ranges = self.check_ranges(&mut report);
        report.note(ranges)?;
        let balances = self.check_balances(&mut report, &mut |done| progress(counts.blocks + done, work));
        report.note(balances)?;
        Ok(report)
    }

    /// Compares every range with its checksum; gives the number of ranges, none where there are no checksums, and what was changed.
    pub(crate) fn check_checksums(&self) -> Result<(Option<u64>, Vec<Damage>), LedgerError> {
        let Some(known) = &self.checksums else {
            let what = self.checksums_fault.iter().cloned();
            return Ok((None, what.map(|what| Damage { file: "checksums", row: 0, what }).collect()));
        };
        let compared = known.compare(&self.columns.files(self.counts())).map_err(|e| self.io(e))?;
        let lengths = compared.lengths.iter().map(|(file, of, has)| Damage {
            file,
            row: 0,
            what: format!("its checksums are of {of} bytes, it has {has}"),
        });
        let changed = compared.changed.iter().filter_map(|changed| match self.changed(changed) {
            LedgerError::Damaged { file, row, what } => Some(Damage { file, row, what }),
            _ => None,
        });
        Ok((Some(compared.ranges), lengths.chain(changed).collect()))
    }

    /// Every account, asset and transaction is found by what it is.
    fn check_keys(&self, report: &mut CheckReport) -> Result<(), LedgerError> {
        let counts = self.counts();
        for account in 0..counts.accounts {
            let number = u32::try_from(account).unwrap_or(NONE_U32);
            let found = self.account_by_bytes(self.columns.account(number)?);
            if found != Some(number) {
                report.add("accounts", account, format!("it is found as {found:?}"));
            }
        }
        for asset in 0..counts.assets {
            let number = u32::try_from(asset).unwrap_or(NONE_U32);
            let key = read(&self.columns.assets, "assets", asset)?;
            let found = self.asset_by_key(&key);
            if found != Some(number) {
                report.add("assets", asset, format!("it is found as {found:?}"));
            }
            match token_of(&key, index(self.columns.shape.account_bytes)) {
                None => report.add("assets", asset, "it is no asset"),
                Some(TokenRef::Native) if number != NATIVE => report.add("assets", asset, "it is the chain's coin"),
                Some(_) => {}
            }
        }
        for tx in 0..counts.txs {
            let hash = read(&self.columns.tx_hash, "tx.hash", tx)?;
            let side = Columns::is_block_side(read(&self.columns.tx_meta, "tx.meta", tx)?);
            if !side && self.tx_by_hash(&hash).is_none_or(|found| found < tx) {
                report.add("tx.hash", tx, "the transaction is not found by its hash");
            }
        }
        Ok(())
    }

    /// Every range of rows is listed with each asset that it has transfers of.
    fn check_ranges(&self, report: &mut CheckReport) -> Result<(), LedgerError> {
        let Some(index_files) = &self.index else { return Ok(()) };
        let valid = index_files.state.valid.transfers;
        let mut row = 0;
        while row < valid {
            let end = (row + (1 << RANGE_SHIFT)).min(valid);
            let mut seen = self.columns.asset.all().get(index(row)..index(end)).unwrap_or_default().to_vec();
            seen.sort_unstable();
            seen.dedup();
            let range = u32::try_from(row >> RANGE_SHIFT).unwrap_or(u32::MAX);
            for asset in seen {
                if index_files.ranges_of(asset)?.binary_search(&range).is_err() {
                    report.add("index asset-ranges", u64::from(range), format!("asset {asset} is not listed here"));
                }
            }
            row = end;
        }
        Ok(())
    }
}
