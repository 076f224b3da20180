//! The tables of an account chain.

use crate::error::ExportError;
use crate::export::{BlockPlace, Chain, Part};
use crate::manifest::Model;
use crate::table::{Cell, Field, Kind, Table};
use crate::write::TableWriter;
use holdfast_account_ledger::Ledger;
use holdfast_types::{Amount, Commitment, Position};

use Kind::{Decimal, Flag, Hash, Label, Long, Text};

/// Amounts from this on are in `amount_bytes` alone: sums of as many smaller ones as a chain can hold stay within 38 digits.
pub const WIDE: u128 = 10u128.pow(28);

/// Blocks.
pub static BLOCKS: Table = Table {
    name: "blocks",
    fields: &[
        Field::new("block", Long),
        Field::new("height", Long),
        Field::new("hash", Hash),
        Field::new("time", Long),
        Field::new("first_tx", Long),
        Field::new("txs", Long),
        Field::new("internal_known", Flag),
    ],
};

/// Transactions, and those that stand for the sides of a block (`side`).
pub static TXS: Table = Table {
    name: "txs",
    fields: &[
        Field::new("tx", Long),
        Field::new("block", Long),
        Field::new("height", Long),
        Field::new("time", Long),
        Field::sought("hash", Hash),
        Field::new("tx_index", Long),
        Field::or_null("payer", Long),
        Field::new("success", Flag),
        Field::or_null("method", Label),
        Field::new("side", Flag),
    ],
};

/// Transfers, the parts of fees among them.
pub static TRANSFERS: Table = Table {
    name: "transfers",
    fields: &[
        Field::new("transfer", Long),
        Field::new("tx", Long),
        Field::new("block", Long),
        Field::new("placed", Label),
        Field::or_null("place", Long),
        Field::or_null("part", Long),
        Field::new("asset", Long),
        Field::or_null("sender", Long),
        Field::or_null("receiver", Long),
        Field::or_null("amount", Decimal),
        Field::new("amount_bytes", Hash),
        Field::new("kind", Label),
        Field::new("proved", Flag),
    ],
};

/// Accounts in the order of their first appearance.
pub static ACCOUNTS: Table = Table {
    name: "accounts",
    fields: &[Field::new("account", Long), Field::sought("text", Text), Field::new("first_block", Long)],
};

/// Assets in the order of their first appearance, by their CAIP-19 id.
pub static ASSETS: Table = Table {
    name: "assets",
    fields: &[Field::new("asset", Long), Field::sought("id", Text), Field::new("first_block", Long)],
};

static TABLES: &[&Table] = &[&BLOCKS, &TXS, &TRANSFERS, &ACCOUNTS, &ASSETS];

pub(crate) struct Accounts<'a> {
    pub(crate) ledger: &'a Ledger,
}

/// Narrows a number to what files hold.
fn long(number: u64) -> Result<i64, ExportError> {
    i64::try_from(number).map_err(|_| ExportError::TooLarge(format!("number {number} needs more than 63 bits")))
}

fn narrow(amount: Amount) -> Option<i128> {
    let small = u128::try_from(amount).ok().filter(|amount| *amount < WIDE)?;
    i128::try_from(small).ok()
}

/// Returns the kind of a place in a block, its number, and which of the transfers there.
fn place(position: Position) -> (&'static str, Option<u32>, Option<u32>) {
    match position {
        Position::BlockStart(n) => ("block_start", Some(n), None),
        Position::Transaction => ("transaction", None, None),
        Position::Log(n, part) => ("log", Some(n), Some(part)),
        Position::Trace(n) => ("trace", Some(n), None),
        Position::BlockEnd(n) => ("block_end", Some(n), None),
    }
}

impl Accounts<'_> {
    fn blocks(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        for block in part.blocks::<u64>()? {
            part.go_on()?;
            let info = self.ledger.block(block)?;
            out.put(&[
                Cell::Long(long(block)?),
                Cell::Long(long(info.height)?),
                Cell::Hash(&info.hash),
                Cell::Long(long(info.time)?),
                Cell::Long(long(info.txs.start)?),
                Cell::Long(long(info.txs.end - info.txs.start)?),
                Cell::Flag(info.internal_known),
            ])?;
        }
        Ok(())
    }

    fn txs(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        for block in part.blocks::<u64>()? {
            part.go_on()?;
            let info = self.ledger.block(block)?;
            for tx in info.txs.clone() {
                let facts = self.ledger.tx(tx)?;
                let method = facts.method.map(hex::encode);
                out.put(&[
                    Cell::Long(long(tx)?),
                    Cell::Long(long(block)?),
                    Cell::Long(long(info.height)?),
                    Cell::Long(long(info.time)?),
                    Cell::Hash(&facts.hash),
                    Cell::Long(facts.index.into()),
                    Cell::long_or_null(facts.payer.map(i64::from)),
                    Cell::Flag(facts.success),
                    method.as_deref().map_or(Cell::Null, Cell::Text),
                    Cell::Flag(facts.is_block_side),
                ])?;
            }
        }
        Ok(())
    }

    fn transfers(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        for block in part.blocks::<u64>()? {
            part.go_on()?;
            for tx in self.ledger.block(block)?.txs {
                for transfer in self.ledger.transfers_of(tx)? {
                    let (position, number, within) = place(transfer.position);
                    out.put(&[
                        Cell::Long(long(transfer.number.get())?),
                        Cell::Long(long(tx)?),
                        Cell::Long(long(block)?),
                        Cell::Text(position),
                        Cell::long_or_null(number.map(i64::from)),
                        Cell::long_or_null(within.map(i64::from)),
                        Cell::Long(transfer.asset.into()),
                        Cell::long_or_null(transfer.from.map(i64::from)),
                        Cell::long_or_null(transfer.to.map(i64::from)),
                        narrow(transfer.amount).map_or(Cell::Null, Cell::Decimal),
                        Cell::Hash(&transfer.amount.to_be_bytes()),
                        Cell::Text(transfer.kind.name()),
                        Cell::Flag(transfer.commitment == Commitment::Root),
                    ])?;
                }
            }
        }
        Ok(())
    }

    /// Calls `each` with the numbers that a block mentions first: those of accounts, or those of assets.
    fn firsts(
        &self,
        part: &Part,
        count: impl Fn(holdfast_account_ledger::Counts) -> u64,
        mut each: impl FnMut(u64, u32) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        for block in part.blocks::<u64>()? {
            part.go_on()?;
            for number in count(self.ledger.counts_until(block)?)..count(self.ledger.counts_until(block + 1)?) {
                let number = u32::try_from(number).map_err(|_| ExportError::TooLarge(format!("number {number}")))?;
                each(block, number)?;
            }
        }
        Ok(())
    }
}

impl Chain for Accounts<'_> {
    fn id(&self) -> String {
        self.ledger.settings().chain.as_str().to_owned()
    }

    fn model(&self) -> Model {
        Model::Accounts
    }

    fn holds(&self) -> String {
        self.ledger.settings().assets.to_string()
    }

    fn blocks(&self) -> u64 {
        self.ledger.counts().blocks
    }

    fn block(&self, number: u64) -> Result<BlockPlace, ExportError> {
        let info = self.ledger.block(number)?;
        Ok(BlockPlace {
            height: info.height,
            hash: hex::encode(info.hash),
            first_tx: info.txs.start,
            end_tx: info.txs.end,
            first_address: self.ledger.counts_until(number)?.accounts,
            end_address: self.ledger.counts_until(number + 1)?.accounts,
        })
    }

    fn tables(&self) -> &'static [&'static Table] {
        TABLES
    }

    fn write(&self, table: &Table, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        let chain = &self.ledger.settings().chain;
        match table.name {
            "blocks" => self.blocks(part, out),
            "txs" => self.txs(part, out),
            "transfers" => self.transfers(part, out),
            "accounts" => self.firsts(
                part,
                |counts| counts.accounts,
                |block, account| {
                    let text = self.ledger.account(account)?.to_address(chain).to_string();
                    out.put(&[Cell::Long(account.into()), Cell::Text(&text), Cell::Long(long(block)?)])
                },
            ),
            "assets" => self.firsts(
                part,
                |counts| counts.assets,
                |block, asset| {
                    let id = self.ledger.asset(asset)?.asset_id(chain).to_string();
                    out.put(&[Cell::Long(asset.into()), Cell::Text(&id), Cell::Long(long(block)?)])
                },
            ),
            other => Err(ExportError::Internal(format!("no table {other}"))),
        }
    }
}
