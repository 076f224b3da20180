//! The tables of a chain of outputs.

use crate::error::ExportError;
use crate::export::{BlockPlace, Chain, Part};
use crate::manifest::Model;
use crate::table::{Cell, Field, Kind, Table};
use crate::write::TableWriter;
use holdfast_attribution::coinjoin::{CoinjoinSet, Detector};
use holdfast_attribution::ownerless::Ownerless;
use holdfast_types::ChainId;
use holdfast_utxo_ledger::{Ledger, Source};

use Kind::{Flag, Hash, Int, Label, Long, Text};

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
        Field::new("size", Long),
    ],
};

/// Transactions, with the height and the time of their block.
pub static TXS: Table = Table {
    name: "txs",
    fields: &[
        Field::new("tx", Long),
        Field::new("block", Long),
        Field::new("height", Long),
        Field::new("time", Long),
        Field::sought("txid", Hash),
        Field::new("coinbase", Flag),
        Field::or_null("coinjoin", Label),
        Field::new("weight", Int),
        Field::new("inputs", Long),
        Field::new("outputs", Long),
        Field::new("segwit", Flag),
        Field::new("rbf", Flag),
        Field::new("version_2", Flag),
        Field::new("locktime", Flag),
    ],
};

/// Outputs. Which transaction spends one is told by `inputs`: a segment does not change when later blocks come.
pub static OUTPUTS: Table = Table {
    name: "outputs",
    fields: &[
        Field::new("output", Long),
        Field::new("tx", Long),
        Field::new("vout", Int),
        Field::new("address", Long),
        Field::new("value", Long),
    ],
};

/// Inputs, but those of coinbases. `prev_output` is missing where the funding transaction is not stored, address and value where nobody knows them.
pub static INPUTS: Table = Table {
    name: "inputs",
    fields: &[
        Field::new("input", Long),
        Field::new("tx", Long),
        Field::or_null("prev_output", Long),
        Field::or_null("address", Long),
        Field::or_null("value", Long),
        Field::new("owned", Flag),
    ],
};

/// Addresses in the order of their first appearance.
pub static ADDRESSES: Table = Table {
    name: "addresses",
    fields: &[
        Field::new("address", Long),
        Field::sought("text", Text),
        Field::new("class", Label),
        Field::new("first_block", Long),
        Field::new("ownerless", Flag),
    ],
};

static TABLES: &[&Table] = &[&BLOCKS, &TXS, &OUTPUTS, &INPUTS, &ADDRESSES];

pub(crate) struct Outputs<'a> {
    pub(crate) ledger: &'a Ledger,
    ownerless: Ownerless,
}

/// Narrows a number to what files hold.
fn long(number: u64, what: &str) -> Result<i64, ExportError> {
    i64::try_from(number).map_err(|_| ExportError::TooLarge(format!("{what} {number} needs more than 63 bits")))
}

/// Narrows what the ledger counts in 32 bits or less.
fn small(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Returns a hash in the order that explorers print.
fn printed(hash: &[u8; 32]) -> [u8; 32] {
    let mut printed = *hash;
    printed.reverse();
    printed
}

impl<'a> Outputs<'a> {
    pub(crate) fn new(ledger: &'a Ledger) -> Self {
        Outputs { ledger, ownerless: Ownerless::of(ledger) }
    }

    fn blocks(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        for block in part.blocks::<u32>()? {
            part.go_on()?;
            let info = self.ledger.block(block);
            out.put(&[
                Cell::Long(block.into()),
                Cell::Long(info.height.into()),
                Cell::Hash(&printed(info.hash.as_bytes())),
                Cell::Long(info.header.time().into()),
                Cell::Long(info.txs.0.into()),
                Cell::Long((info.txs.1 - info.txs.0).into()),
                Cell::Long(info.size.into()),
            ])?;
        }
        Ok(())
    }

    fn txs(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        let mut detector = Detector::default();
        for block in part.blocks::<u32>()? {
            part.go_on()?;
            let info = self.ledger.block(block);
            for tx in info.txs.0..info.txs.1 {
                let (facts, coinjoin) = (self.ledger.tx(tx), detector.detect(self.ledger, tx, CoinjoinSet::ALL));
                out.put(&[
                    Cell::Long(tx.into()),
                    Cell::Long(block.into()),
                    Cell::Long(info.height.into()),
                    Cell::Long(info.header.time().into()),
                    Cell::Hash(&printed(facts.txid.as_bytes())),
                    Cell::Flag(facts.flags.coinbase()),
                    coinjoin.map_or(Cell::Null, |kind| Cell::Text(kind.name())),
                    Cell::Int(small(facts.flags.weight().into())),
                    Cell::Long(long(facts.inputs.end - facts.inputs.start, "inputs")?),
                    Cell::Long(long(facts.outputs.end - facts.outputs.start, "outputs")?),
                    Cell::Flag(facts.flags.segwit()),
                    Cell::Flag(facts.flags.rbf()),
                    Cell::Flag(facts.flags.version_2()),
                    Cell::Flag(facts.flags.locktime()),
                ])?;
            }
        }
        Ok(())
    }

    fn outputs(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        for block in part.blocks::<u32>()? {
            part.go_on()?;
            let info = self.ledger.block(block);
            for tx in info.txs.0..info.txs.1 {
                let outputs = self.ledger.outputs(tx);
                for output in outputs.clone() {
                    let value = self.ledger.value(output);
                    let value = long(
                        value,
                        &format!("output {} of {}: value", output - outputs.start, self.ledger.txid_text(tx)),
                    )?;
                    out.put(&[
                        Cell::Long(long(output, "output")?),
                        Cell::Long(tx.into()),
                        Cell::Int(small(output - outputs.start)),
                        Cell::Long(self.ledger.address_of(output).into()),
                        Cell::Long(value),
                    ])?;
                }
            }
        }
        Ok(())
    }

    fn inputs(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        for block in part.blocks::<u32>()? {
            part.go_on()?;
            let info = self.ledger.block(block);
            for tx in info.txs.0..info.txs.1 {
                let first = self.ledger.tx(tx).inputs.start;
                for (n, source) in (first..).zip(self.ledger.sources(tx)) {
                    let spent = self.ledger.source_info(source);
                    let prev = if let Source::Output(output) = source { Some(long(output, "output")?) } else { None };
                    let value = spent
                        .value
                        .map(|v| long(v, &format!("input {} of {}: value", n - first, self.ledger.txid_text(tx))));
                    let owned = spent.address.is_some_and(|a| !self.ownerless.contains(self.ledger, a));
                    out.put(&[
                        Cell::Long(long(n, "input")?),
                        Cell::Long(tx.into()),
                        Cell::long_or_null(prev),
                        Cell::long_or_null(spent.address.map(i64::from)),
                        Cell::long_or_null(value.transpose()?),
                        Cell::Flag(owned),
                    ])?;
                }
            }
        }
        Ok(())
    }

    fn addresses(&self, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        for block in part.blocks::<u32>()? {
            part.go_on()?;
            let before = block.checked_sub(1).map_or(0, |before| self.ledger.counts_until(before).addresses);
            for address in before..self.ledger.counts_until(block).addresses {
                out.put(&[
                    Cell::Long(address.into()),
                    Cell::Text(&self.ledger.address_text(address)),
                    Cell::Text(self.ledger.class_of(address).name()),
                    Cell::Long(block.into()),
                    Cell::Flag(self.ownerless.contains(self.ledger, address)),
                ])?;
            }
        }
        Ok(())
    }
}

impl Chain for Outputs<'_> {
    fn id(&self) -> String {
        ChainId::of(self.ledger.network()).as_str().to_owned()
    }

    fn model(&self) -> Model {
        Model::Outputs
    }

    fn holds(&self) -> String {
        "all transactions".to_owned()
    }

    fn blocks(&self) -> u64 {
        self.ledger.counts().blocks.into()
    }

    fn block(&self, number: u64) -> Result<BlockPlace, ExportError> {
        let number = u32::try_from(number).map_err(|_| ExportError::Internal("a block beyond 32 bits".into()))?;
        let info = self.ledger.block(number);
        let before = number.checked_sub(1).map_or(0, |before| self.ledger.counts_until(before).addresses);
        Ok(BlockPlace {
            height: info.height.into(),
            hash: info.hash.to_string(),
            first_tx: info.txs.0.into(),
            end_tx: info.txs.1.into(),
            first_address: before.into(),
            end_address: self.ledger.counts_until(number).addresses.into(),
        })
    }

    fn tables(&self) -> &'static [&'static Table] {
        TABLES
    }

    fn write(&self, table: &Table, part: &Part, out: &mut TableWriter) -> Result<(), ExportError> {
        match table.name {
            "blocks" => self.blocks(part, out),
            "txs" => self.txs(part, out),
            "outputs" => self.outputs(part, out),
            "inputs" => self.inputs(part, out),
            "addresses" => self.addresses(part, out),
            other => Err(ExportError::Internal(format!("no table {other}"))),
        }
    }
}
