//! Every list of postings is walked: each entry must be a posting of its account and asset, in order, and all together must be as many as the
//! columns have. Balances are made anew on the way and compared with the stored ones.

use super::CheckReport;
use crate::balances::Backing;
use crate::columns::{NATIVE, NONE_U32, read};
use crate::error::LedgerError;
use crate::index::{CHECKPOINT_BYTES, Index};
use crate::ledger::Ledger;
use crate::manifest::Counts;
use crate::numbers::{index, widen};
use crate::postings::{self, Amounts, Bound, Entry, Reader, State};
use hashbrown::HashMap;
use std::ops::ControlFlow;

/// Accounts between two calls of progress.
const STEP: u64 = 4096;

impl Ledger {
    pub(super) fn check_balances(
        &self,
        report: &mut CheckReport,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let counts = self.counts();
        let before = report.damage.len();
        let mut expected = 0u64;
        postings::scan(&self.columns, Counts::default(), counts, |_| {
            expected += 1;
            Ok(())
        })?;
        let (mut listed, mut negative) = (0, HashMap::new());
        for account in 0..counts.accounts {
            if account % STEP == 0 && progress(account).is_break() {
                return Err(LedgerError::Stopped);
            }
            let account = u32::try_from(account).unwrap_or(NONE_U32);
            let stored = self.index.as_ref().map_or(Ok(()), |i| self.check_stored_balances(i, account, report));
            report.note(stored)?;
            let assets = self.assets_of(account)?;
            if !assets.is_sorted_by(|a, b| a < b) {
                report.add("index lists", u64::from(account), "the account's assets are not in order");
            }
            for asset in assets {
                let walked = self.check_list(account, asset, report, &mut negative);
                listed += report.note(walked)?.unwrap_or(0);
            }
        }
        if listed != expected && report.damage.len() == before {
            report.add("index postings", 0, format!("{listed} postings are listed, the columns have {expected}"));
        }
        for asset in 0..counts.assets {
            let number = u32::try_from(asset).unwrap_or(NONE_U32);
            let (is, first) = (self.backing(number)?, negative.get(&number));
            let should = match (is, first) {
                (Backing::Unknown, _) => continue,
                (_, Some((tx, account))) => Backing::Unbacked { tx: *tx, account: *account },
                (_, None) => Backing::Backed,
            };
            if is != should {
                report.add("index backing", asset, format!("{is:?}, but its postings make it {should:?}"));
            }
        }
        Ok(())
    }

    /// Walks over a list; returns how many entries it has.
    fn check_list(
        &self,
        account: u32,
        asset: u32,
        report: &mut CheckReport,
        negative: &mut HashMap<u32, (u64, u32)>,
    ) -> Result<u64, LedgerError> {
        let (mut state, mut last, mut number) = (State::default(), None, 0u64);
        let before = report.damage.len();
        let mut amounts = Amounts::of(&self.columns, account);
        self.entries(account, asset, Bound { row: 0, tx: 0 }, |entry| {
            let (file, row) =
                if entry.is_fee() { ("tx.payer", entry.number()) } else { ("transfer.from", entry.number()) };
            if !self.is_posting(account, asset, entry)? {
                report.add(file, row, format!("is listed with account {account} and asset {asset}, and is none of it"));
            }
            if last.is_some_and(|last| !self.comes_after(last, entry).unwrap_or(false)) {
                report.add(file, row, format!("is out of order in the list of account {account} and asset {asset}"));
            }
            last = Some(entry);
            number += 1;
            let was_negative = state.lowest.is_negative();
            state.step(amounts.get(entry)?, entry.is_out());
            if !was_negative && state.lowest.is_negative() {
                let tx = self.tx_of_entry(entry)?;
                let first = negative.entry(asset).or_insert((tx, account));
                *first = (*first).min((tx, account));
            }
            Ok(report.damage.len() == before)
        })?;
        report.balances += 1;
        if report.damage.len() == before && self.state(account, asset, Bound::end(self.counts()))? != state {
            report.add("index checkpoints", 0, format!("the balance of account {account} in asset {asset} is another"));
        }
        Ok(number)
    }

    fn tx_of_entry(&self, entry: Entry) -> Result<u64, LedgerError> {
        if entry.is_fee() { Ok(entry.number()) } else { Ok(self.columns.tx_of_row(entry.number(), self.counts())?.0) }
    }

    /// Returns whether an entry is a posting of an account and asset.
    fn is_posting(&self, account: u32, asset: u32, entry: Entry) -> Result<bool, LedgerError> {
        let (columns, number) = (&self.columns, entry.number());
        if !entry.is_fee() {
            let side = if entry.is_out() {
                read(&columns.from, "transfer.from", number)?
            } else {
                read(&columns.to, "transfer.to", number)?
            };
            return Ok(side == account && read(&columns.asset, "transfer.asset", number)? == asset);
        }
        let block = read(&columns.block, "blocks", columns.block_of_tx(number)?)?;
        let fee = columns.fee(number, &block)?;
        let moves = if entry.is_out() {
            read(&columns.tx_payer, "tx.payer", number)? == account && fee.total() > 0
        } else {
            fee.received(account, &block) > 0
        };
        Ok(moves && asset == NATIVE)
    }

    /// Returns whether an entry comes after another in the order of execution.
    fn comes_after(&self, before: Entry, after: Entry) -> Result<bool, LedgerError> {
        let rows_end = |tx: u64| -> Result<u64, LedgerError> {
            Ok(self.columns.rows_of_tx(tx, self.columns.block_of_tx(tx)?, self.counts())?.end)
        };
        let (a, b) = (before.number(), after.number());
        Ok(match (before.is_fee(), after.is_fee()) {
            (false, true) => a < rows_end(b)?,
            (true, false) => b >= rows_end(a)?,
            // A transfer to oneself is out, then in.
            _ => b > a || (a == b && before.is_out() && !after.is_out()),
        })
    }

    /// Compares the running balances that the index holds for an account with what its lists make.
    fn check_stored_balances(
        &self,
        index_files: &Index,
        account: u32,
        report: &mut CheckReport,
    ) -> Result<(), LedgerError> {
        let (lists, first) = index_files.rows_of(account)?;
        let valid = Bound::end(index_files.state.valid);
        for (list, _) in (first..).zip(lists) {
            let range = index_files.bytes_of(list)?;
            let (all, _) = index_files.reader(&range, Bound { row: 0, tx: 0 })?;
            let (mut reader, mut state) = (Reader { bytes: all.bytes, last: [0; 2] }, State::default());
            let mut amounts = Amounts::of(&self.columns, account);
            let mut due = range.start.div_ceil(CHECKPOINT_BYTES);
            loop {
                let at = range.end - reader.bytes.len() as u64;
                let last = reader.last;
                let Some(entry) = reader.next() else { break };
                let entry = entry.ok_or_else(|| index_files.damaged_list(&range))?;
                if !entry.is_before(valid) {
                    break;
                }
                if at >= due * CHECKPOINT_BYTES {
                    let row = index_files.checkpoints().get(index(due)).copied();
                    let same = row.is_some_and(|row| {
                        let stored = State { sum: row.sum, lowest: row.lowest };
                        stored == state
                            && row.last.map(widen) == last
                            && due * CHECKPOINT_BYTES + u64::from(row.skip) == at
                    });
                    if !same {
                        report.add("index checkpoints", due, "the stored balance is not what its postings come to");
                    }
                    due += 1;
                }
                state.step(amounts.get(entry)?, entry.is_out());
            }
        }
        Ok(())
    }
}
