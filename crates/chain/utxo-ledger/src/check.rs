//! `holdfast ledger check`: everything that can be verified about a store, from the store alone or against the raw blocks.

use crate::store::{BlockInfo, Ledger, LedgerError, NONE_U32, Source, UNKNOWN_VALUE};
use holdfast_bitcoin::hash::merkle_root;
use holdfast_bitcoin::script::classify;
use holdfast_bitcoin::{AddressKey, BlockHash};
use std::ops::ControlFlow;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Blocks looked at.
    pub blocks: u32,
    /// Transactions looked at.
    pub txs: u32,
    /// Blocks compared with their raw bytes.
    pub raw_blocks: u32,
    /// Ranges of columns compared with their checksums; none where the ledger has none (`holdfast ledger check --write` makes them).
    pub checksums: Option<u64>,
    /// What is wrong, at most [`MAX_PROBLEMS`] entries.
    pub problems: Vec<String>,
}

/// After this many problems a check stops listing.
pub const MAX_PROBLEMS: usize = 100;

impl CheckReport {
    /// Returns whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, text: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(text);
        }
    }
}

/// One pass over all blocks in order, with what earlier blocks have used.
struct Walk<'a> {
    ledger: &'a Ledger,
    report: CheckReport,
    /// A bit an output: whether an input has spent it.
    spent_once: Vec<u64>,
    external_seen: u64,
    seen_addresses: u32,
    /// Height and hash of the block before.
    last: Option<(u32, BlockHash)>,
}

impl Walk<'_> {
    /// Checks a block. Breaks where its transactions are out of order, which makes what follows meaningless.
    fn block(&mut self, number: u32) -> ControlFlow<()> {
        let (ledger, counts, columns) = (self.ledger, self.ledger.counts(), self.ledger.columns());
        let row = columns.block.get(u64::from(number));
        let block = ledger.block(number);
        let name = format!("block {number} (height {})", block.height);
        self.header(&block, &name);
        let (first, end) = block.txs;
        if first >= end || end > counts.txs {
            self.report.problem(format!("{name}: transactions {first}..{end} out of order"));
            return ControlFlow::Break(());
        }
        if merkle_root(&columns.txid.all()[first as usize..end as usize]) != block.header.merkle_root() {
            self.report.problem(format!("{name}: merkle root is not that of the stored txids"));
        }
        let firsts = (row.first_output, row.first_input, row.first_external, row.first_address);
        let begins = ledger.tx(first);
        let expected = (begins.outputs.start, begins.inputs.start, self.external_seen, self.seen_addresses);
        if firsts != expected {
            self.report.problem(format!("{name}: starts at {firsts:?}, expected {expected:?}"));
        }
        for tx in first..end {
            self.transaction(tx, tx == first, &name);
        }
        for e in row.first_external..self.external_seen {
            let external = columns.external.get(e);
            if external.address != NONE_U32 {
                note_address(ledger, external.address, &mut self.seen_addresses, &mut self.report, &name);
            }
        }
        ControlFlow::Continue(())
    }

    fn header(&mut self, block: &BlockInfo, name: &str) {
        if block.header.hash() != block.hash {
            self.report.problem(format!("{name}: stored hash is not the header's"));
        }
        if !block.header.has_proof_of_work(self.ledger.network()) {
            self.report.problem(format!("{name}: no proof of work"));
        }
        if let Some((height, hash)) = self.last.replace((block.height, block.hash)) {
            if block.height <= height {
                self.report.problem(format!("{name}: heights do not rise"));
            }
            if block.height == height + 1 && block.header.prev() != hash {
                self.report.problem(format!("{name}: does not link to the block before"));
            }
        }
    }

    fn transaction(&mut self, tx: u32, is_first: bool, name: &str) {
        let ledger = self.ledger;
        let info = ledger.tx(tx);
        if info.outputs.start >= info.outputs.end || info.outputs.end > ledger.counts().outputs {
            self.report.problem(format!("{name}: transaction {tx} has outputs {:?}", info.outputs));
            return;
        }
        let coinbase = info.flags.coinbase();
        if coinbase != is_first || coinbase != info.inputs.is_empty() {
            self.report.problem(format!("{name}: transaction {tx}: coinbase flag or inputs are wrong"));
        }
        let mut paid = Some(0u64);
        for source in ledger.sources(tx) {
            self.source(tx, source, info.outputs.start, name);
            paid = paid.zip(ledger.source_info(source).value).map(|(a, b)| a + b);
        }
        let values = &ledger.columns().value.all()[info.outputs.start as usize..info.outputs.end as usize];
        let received: u64 = values.iter().sum();
        if !coinbase && paid.is_some_and(|paid| paid < received) {
            self.report.problem(format!("{name}: transaction {tx} pays out more than it takes in"));
        }
        if ledger.tx_by_id(&info.txid).is_none_or(|found| found < tx) {
            self.report.problem(format!("{name}: txid {} is not found as {tx}", info.txid));
        }
        for o in info.outputs {
            note_address(ledger, ledger.address_of(o), &mut self.seen_addresses, &mut self.report, name);
        }
    }

    /// Checks what an input spends: an earlier output, once, or the next external.
    fn source(&mut self, tx: u32, source: Source, first_output: u64, name: &str) {
        match source {
            Source::Output(o) if o < first_output => {
                let (word, bit) = ((o / 64) as usize, o % 64);
                if self.spent_once[word] >> bit & 1 == 1 {
                    self.report.problem(format!("{name}: output {o} is spent twice"));
                }
                self.spent_once[word] |= 1 << bit;
                let found = self.ledger.spender(o);
                if found != Some(tx) {
                    self.report.problem(format!("{name}: output {o} is spent by {tx}, the index has {found:?}"));
                }
            }
            Source::External(e) if e == self.external_seen && e < self.ledger.counts().externals => {
                self.external_seen += 1;
            }
            other => self.report.problem(format!("{name}: transaction {tx} spends {other:?}, out of order")),
        }
    }

    /// Compares sums over all blocks with the manifest and the index.
    fn sums(&mut self) {
        let (ledger, counts) = (self.ledger, self.ledger.counts());
        let spent = self.spent_once.iter().map(|w| u64::from(w.count_ones())).sum::<u64>();
        let claimed = ledger.all_spends().iter().filter(|t| **t != NONE_U32).count() as u64;
        if spent != claimed {
            self.report.problem(format!("index knows {claimed} spends, the inputs make {spent}"));
        }
        if self.external_seen != counts.externals || self.seen_addresses != counts.addresses {
            self.report.problem(format!(
                "{} externals and {} addresses are in use, the manifest promises {} and {}",
                self.external_seen, self.seen_addresses, counts.externals, counts.addresses
            ));
        }
        let overwritten = ledger.scan_overwritten(true);
        if overwritten != ledger.overwritten() {
            self.report.problem(format!(
                "the manifest lists {:?} as replaced by transactions of the same id, the columns show {overwritten:?}",
                ledger.overwritten()
            ));
        }
    }
}

impl Ledger {
    /// Verifies headers, proof of work, merkle roots, links in both directions, amounts, addresses and index. With `raw`, every block
    /// is read again from its source and compared field by field. `progress` gets the block number and may stop the check.
    ///
    /// # Errors
    /// [`LedgerError::Stopped`] on request; [`LedgerError::Raw`] is reported as a problem, not an error.
    pub fn check(
        &self,
        raw: bool,
        progress: &mut dyn FnMut(u32) -> ControlFlow<()>,
    ) -> Result<CheckReport, LedgerError> {
        let counts = self.counts();
        let mut report = CheckReport { blocks: counts.blocks, txs: counts.txs, ..CheckReport::default() };
        self.check_lengths()?;
        let (compared, changed) = self.check_checksums()?;
        report.checksums = compared;
        changed.into_iter().for_each(|text| report.problem(text));
        // Numbers that point outside their columns would break every look-up: look at those first.
        let changed = report.problems.len();
        self.check_shape(&mut report);
        if report.problems.len() > changed {
            return Ok(report);
        }
        let mut walk = Walk {
            ledger: self,
            report,
            spent_once: vec![0u64; (counts.outputs as usize).div_ceil(64)],
            external_seen: 0,
            seen_addresses: 0,
            last: None,
        };
        for number in 0..counts.blocks {
            if progress(number).is_break() {
                return Err(LedgerError::Stopped);
            }
            if walk.block(number).is_break() {
                break;
            }
            if raw {
                self.check_raw(number, &mut walk.report);
            }
        }
        walk.sums();
        let mut report = walk.report;
        self.check_postings(&mut report);
        Ok(report)
    }

    fn check_shape(&self, report: &mut CheckReport) {
        let counts = self.counts();
        let columns = self.columns();
        for (name, starts, end) in [
            ("first outputs", columns.tx_first_output.all(), counts.outputs),
            ("first inputs", columns.tx_first_input.all(), counts.inputs),
        ] {
            let mut last = 0;
            for (tx, start) in starts.iter().map(|n| n.get()).enumerate() {
                if start < last || start > end || (tx == 0 && start != 0) {
                    report.problem(format!("transaction {tx}: {name} do not rise: {start} after {last}"));
                }
                last = start;
            }
        }
        let mut last = (0, 0, 0, 0, 0);
        for (n, row) in columns.block.all().iter().enumerate() {
            let now = (row.first_tx, row.first_output, row.first_input, row.first_external, row.first_address);
            let rises = now.0 >= last.0 && now.1 >= last.1 && now.2 >= last.2 && now.3 >= last.3 && now.4 >= last.4;
            let fits = now.0 < counts.txs
                && now.1 < counts.outputs
                && now.2 <= counts.inputs
                && now.3 <= counts.externals
                && now.4 <= counts.addresses;
            if !rises || !fits {
                report.problem(format!("block {n} starts at {now:?}, after {last:?}"));
            }
            last = now;
        }
        for (input, prev) in columns.prev.all().iter().enumerate() {
            let fits = match Source::from_stored(prev.get()) {
                Source::Output(n) => n < counts.outputs,
                Source::External(n) => n < counts.externals,
            };
            if !fits {
                report.problem(format!("input {input} spends number {prev:?}, which is not stored"));
            }
        }
        let of_outputs = columns.output_address.all().iter().copied();
        let of_externals = columns.external.all().iter().map(|e| e.address).filter(|a| *a != NONE_U32);
        for address in of_outputs.chain(of_externals).filter(|a| *a >= counts.addresses) {
            report.problem(format!("address {address} is in use but not stored"));
        }
        for (n, key) in columns.address.all().iter().enumerate() {
            if AddressKey::from_bytes(key).is_none() {
                report.problem(format!("address {n} is no valid key"));
            }
        }
    }

    fn check_postings(&self, report: &mut CheckReport) {
        let counts = self.counts();
        let mut listed = 0u64;
        for address in 0..counts.addresses {
            let found = self.address_number(&self.address(address));
            if found != Some(address) {
                report.problem(format!("address {address} is found as {found:?}"));
            }
            self.for_each_output_of(address, |source| {
                listed += 1;
                let stored = match source {
                    Source::Output(n) => n < counts.outputs,
                    Source::External(n) => n < counts.externals,
                };
                if !stored {
                    report.problem(format!("address {address} lists {source:?}, which is not stored"));
                } else if self.source_info(source).address != Some(address) {
                    report.problem(format!("address {address} lists {source:?}, which pays another"));
                }
            });
        }
        let known = self.columns().external.all().iter().filter(|e| e.address != NONE_U32).count() as u64;
        if listed != counts.outputs + known {
            report.problem(format!("addresses list {listed} outputs of {}", counts.outputs + known));
        }
    }

    fn check_raw(&self, number: u32, report: &mut CheckReport) {
        let raw = match self.raw_block(number) {
            Ok(raw) => raw,
            Err(e) => return report.problem(e.to_string()),
        };
        report.raw_blocks += 1;
        let info = self.block(number);
        let name = format!("block {number} (height {})", info.height);
        if raw.txids != self.columns().txid.all()[info.txs.0 as usize..info.txs.1 as usize] {
            return report.problem(format!("{name}: txids differ from the raw block's"));
        }
        for (i, tx) in (info.txs.0..info.txs.1).enumerate() {
            let stored = self.tx(tx);
            let same = stored.flags.locktime() == (raw.txs[i].locktime != 0)
                && stored.flags.weight() == raw.txs[i].weight
                && stored.flags.segwit() == raw.txs[i].segwit
                && stored
                    .outputs
                    .clone()
                    .map(|o| (self.value(o), self.address(self.address_of(o))))
                    .eq(raw.outputs_of(i).iter().map(|o| (o.value, classify(raw.script(o)))));
            let inputs = raw.inputs_of(i).iter().map(|input| (raw.prev_txid(input), raw.prev_vout(input)));
            let same_inputs = stored.flags.coinbase()
                || self
                    .sources(tx)
                    .map(|source| match source {
                        Source::Output(o) => {
                            let (tx, vout) = self.outpoint(o);
                            (self.columns().txid.get(u64::from(tx)), vout)
                        }
                        Source::External(e) => {
                            let row = self.external(e);
                            (row.txid, row.vout)
                        }
                    })
                    .eq(inputs);
            if !same || !same_inputs {
                report.problem(format!("{name}: transaction {} differs from the raw block's", stored.txid));
            }
        }
    }

    /// Returns how many externals have no known amount.
    pub fn unknown_externals(&self) -> u64 {
        self.columns().external.all().iter().filter(|e| e.value == UNKNOWN_VALUE).count() as u64
    }
}

fn note_address(ledger: &Ledger, address: u32, seen: &mut u32, report: &mut CheckReport, name: &str) {
    if address == *seen {
        *seen += 1;
    } else if address > *seen || address >= ledger.counts().addresses {
        report.problem(format!("{name}: address {address} appears before {seen}"));
    }
}
