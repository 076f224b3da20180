//! The rows of a segment that kernels read, checked against the manifest's hashes.

use holdfast_analytics_export::{
    Column, ExportError, Manifest, Segment, Table, TableReader, accounts, outputs, verify,
};
use std::path::{Path, PathBuf};

/// A transaction of a chain of outputs.
#[derive(Clone, Copy, Debug)]
pub struct Tx {
    /// Number.
    pub tx: i64,
    /// Height of its block.
    pub height: i64,
    /// Unix seconds.
    pub time: i64,
    /// Whether it creates coins.
    pub coinbase: bool,
    /// Whether a detector takes it for a coinjoin.
    pub coinjoin: bool,
    /// How many inputs it has.
    pub inputs: i64,
    /// How many outputs it has.
    pub outputs: i64,
}

/// An input.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Its transaction.
    pub tx: i64,
    /// Whether the output that it spends is stored.
    pub is_stored: bool,
    /// The address that it spends from, where known.
    pub address: Option<i64>,
    /// What it spends, where known.
    pub value: Option<i64>,
    /// Whether the address is known and somebody owns it.
    pub owned: bool,
}

/// An output.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Its transaction.
    pub tx: i64,
    /// The address that it pays.
    pub address: i64,
    /// How much.
    pub value: i64,
}

/// A transaction of an account chain.
#[derive(Clone, Copy, Debug)]
pub struct AccountTx {
    /// Number.
    pub tx: i64,
    /// Height of its block.
    pub height: i64,
    /// Unix seconds.
    pub time: i64,
    /// Who pays for it.
    pub payer: Option<i64>,
    /// Whether it succeeded.
    pub success: bool,
    /// Whether it stands for a side of a block.
    pub side: bool,
}

/// A transfer.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// Its transaction.
    pub tx: i64,
    /// What moved.
    pub asset: i64,
    /// Who sent it.
    pub sender: Option<i64>,
    /// Who received it.
    pub receiver: Option<i64>,
    /// Its 256-bit amount, in 64-bit limbs, least significant first.
    pub limbs: [u64; 4],
    /// Whether it is too large for the column of decimals.
    pub wide: bool,
    /// Kind.
    pub kind: TransferKind,
}

pub use holdfast_types::TransferKind;

/// A segment of an export.
pub struct Source<'a> {
    /// The folder of the manifest.
    pub dir: &'a Path,
    /// The segment.
    pub segment: &'a Segment,
    /// Returns [`ExportError::Stopped`] where the caller requested it.
    pub go_on: &'a (dyn Fn() -> Result<(), ExportError> + Sync),
}

fn missing(path: &Path, row: usize) -> ExportError {
    ExportError::File(path.to_owned(), format!("row {row} of a row group lacks what every row has"))
}

impl Source<'_> {
    /// Reads columns of a table of the segment; `each` makes a row of them.
    fn rows<T>(
        &self,
        table: &'static Table,
        names: &[&str],
        each: impl Fn(&[Column], usize) -> Option<T>,
    ) -> Result<Vec<T>, ExportError> {
        let mut rows = Vec::new();
        for file in self.segment.files_of(table.name) {
            let path: PathBuf = verify(self.dir, file)?;
            let reader = TableReader::open(&path, table, names)?;
            reader.for_each(|count, columns| {
                (self.go_on)()?;
                rows.reserve(count);
                for row in 0..count {
                    rows.push(each(columns, row).ok_or_else(|| missing(&path, row))?);
                }
                Ok::<_, ExportError>(())
            })?;
        }
        Ok(rows)
    }

    /// Reads the transactions of a chain of outputs.
    ///
    /// # Errors
    /// [`ExportError`] names the file.
    pub fn txs(&self) -> Result<Vec<Tx>, ExportError> {
        let names = ["tx", "height", "time", "coinbase", "coinjoin", "inputs", "outputs"];
        self.rows(&outputs::TXS, &names, |c, row| {
            Some(Tx {
                tx: c[0].long(row)?,
                height: c[1].long(row)?,
                time: c[2].long(row)?,
                coinbase: c[3].flag(row),
                coinjoin: c[4].is_known(row),
                inputs: c[5].long(row)?,
                outputs: c[6].long(row)?,
            })
        })
    }

    /// Reads the inputs.
    ///
    /// # Errors
    /// [`ExportError`] names the file.
    pub fn inputs(&self) -> Result<Vec<Input>, ExportError> {
        self.rows(&outputs::INPUTS, &["tx", "prev_output", "address", "value", "owned"], |c, row| {
            Some(Input {
                tx: c[0].long(row)?,
                is_stored: c[1].is_known(row),
                address: c[2].long(row),
                value: c[3].long(row),
                owned: c[4].flag(row),
            })
        })
    }

    /// Reads the outputs.
    ///
    /// # Errors
    /// [`ExportError`] names the file.
    pub fn outputs(&self) -> Result<Vec<Output>, ExportError> {
        self.rows(&outputs::OUTPUTS, &["tx", "address", "value"], |c, row| {
            Some(Output { tx: c[0].long(row)?, address: c[1].long(row)?, value: c[2].long(row)? })
        })
    }

    /// Reads the transactions of an account chain.
    ///
    /// # Errors
    /// [`ExportError`] names the file.
    pub fn account_txs(&self) -> Result<Vec<AccountTx>, ExportError> {
        self.rows(&accounts::TXS, &["tx", "height", "time", "payer", "success", "side"], |c, row| {
            Some(AccountTx {
                tx: c[0].long(row)?,
                height: c[1].long(row)?,
                time: c[2].long(row)?,
                payer: c[3].long(row),
                success: c[4].flag(row),
                side: c[5].flag(row),
            })
        })
    }

    /// Reads the transfers.
    ///
    /// # Errors
    /// [`ExportError`] names the file.
    pub fn transfers(&self) -> Result<Vec<Transfer>, ExportError> {
        let names = ["tx", "asset", "sender", "receiver", "amount", "amount_bytes", "kind"];
        self.rows(&accounts::TRANSFERS, &names, |c, row| {
            let bytes = c[5].hash(row)?;
            let limb = |n: usize| Some(u64::from_be_bytes(bytes[24 - 8 * n..32 - 8 * n].try_into().ok()?));
            Some(Transfer {
                tx: c[0].long(row)?,
                asset: c[1].long(row)?,
                sender: c[2].long(row),
                receiver: c[3].long(row),
                limbs: [limb(0)?, limb(1)?, limb(2)?, limb(3)?],
                wide: !c[4].is_known(row),
                kind: c[6].text(row)?.parse().ok()?,
            })
        })
    }
}

/// Returns how many addresses or accounts an export has.
#[must_use]
pub fn addresses(manifest: &Manifest) -> u64 {
    manifest.segments.last().map_or(0, |s| s.first_address + s.addresses)
}

/// Takes the rows of a transaction from the front of what is left.
pub(crate) fn take_of<'r, T>(left: &mut &'r [T], is_of: impl Fn(&T) -> bool) -> &'r [T] {
    let count = left.iter().take_while(|row| is_of(row)).count();
    let (of, rest) = left.split_at(count);
    *left = rest;
    of
}
