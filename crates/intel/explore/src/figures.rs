//! Figures of an address that were computed over the whole chain, apart from the desk ([`holdfast_figures`]): what they are, and as of which block.

use crate::chain::{Chain, View};
use crate::error::ExploreError;
use crate::reports::{Figure, FigureTable, FigureUnit, FiguresReport};
use holdfast_attribution::Tlp;
use holdfast_figures::{AsOf, Snapshot, names};
use std::path::Path;

/// Returns what a column's values are, by the names that kernels give.
fn unit(name: &str) -> FigureUnit {
    let ends = |end: &str| name.ends_with(end);
    match name {
        "received" | "spent" | "greatest_received" | "greatest_spent" | "balance" => FigureUnit::Amount,
        "first_tx" | "last_tx" => FigureUnit::Transaction,
        _ if ends("_time") => FigureUnit::Time,
        _ if ends("_height") => FigureUnit::Height,
        _ => FigureUnit::Count,
    }
}

impl Chain {
    fn folder(&self) -> &Path {
        match self {
            Chain::Outputs(chain) => chain.dir(),
            Chain::Accounts(chain) => chain.dir(),
        }
    }

    /// Returns whether a block is in the chain as it is stored now. Numbers of addresses hold as long as it is.
    fn has_block(&self, block: &AsOf) -> Result<bool, ExploreError> {
        let stored = match self {
            Chain::Outputs(chain) => {
                let height = u32::try_from(block.height).ok();
                height.and_then(|h| chain.ledger.block_at(h)).map(|info| info.hash.to_string())
            }
            Chain::Accounts(chain) => chain.ledger.block_at(block.height)?.map(|info| hex::encode(info.hash)),
        };
        Ok(stored.is_some_and(|hash| block.is(&hash)))
    }

    /// Returns the figures of an address from all tables that were installed for the chain. A table that cannot be used is named in the notes.
    ///
    /// # Errors
    /// [`ExploreError`] for text that is no address here, or a ledger that does not read.
    pub fn figures(&self, address: &str, clearance: Tlp) -> Result<FiguresReport, ExploreError> {
        let view = &*self.view(clearance);
        let number = view.address(address)?;
        let (mut tables, mut notes) = (Vec::new(), Vec::new());
        let installed = names(self.folder()).unwrap_or_else(|e| {
            notes.push(e.to_string());
            Vec::new()
        });
        for name in &installed {
            match Snapshot::open(self.folder(), name) {
                Ok(Some(table)) => self.take(view, number, &table, &mut tables, &mut notes)?,
                Ok(None) => {}
                Err(e) => notes.push(e.to_string()),
            }
        }
        if installed.is_empty() && notes.is_empty() {
            notes.push(
                "no figures of the whole chain were computed; see `holdfast-analytics install` in the documentation"
                    .into(),
            );
        }
        let address = view.address_text(number)?;
        let asset = match self {
            Chain::Outputs(_) => Some(view.asset(0)?),
            Chain::Accounts(_) => None,
        };
        let installed = installed.len() as u64;
        Ok(FiguresReport { chain: view.name(), address, asset, tables, installed, notes })
    }

    fn take(
        &self,
        view: &dyn View,
        number: u32,
        table: &Snapshot,
        tables: &mut Vec<FigureTable>,
        notes: &mut Vec<String>,
    ) -> Result<(), ExploreError> {
        let head = table.head();
        let (name, block) = (&head.table, &head.as_of_block);
        if !self.has_block(block)? {
            notes.push(format!(
                "{name} are as of block {} {}, which is not in the chain as it is stored: export, compute and install them again",
                block.height, block.hash
            ));
            return Ok(());
        }
        let row = match table.row(number.into()) {
            Ok(Some(row)) => row,
            Ok(None) => {
                notes.push(format!("{name} have no row of this address up to block {}", block.height));
                return Ok(());
            }
            Err(e) => {
                notes.push(e.to_string());
                return Ok(());
            }
        };
        let mut figures = Vec::new();
        for (name, value) in row {
            let unit = unit(name);
            let value = match (unit, u64::try_from(value)) {
                (FigureUnit::Transaction, Ok(tx)) => view.tx_text(tx)?,
                _ => value.to_string(),
            };
            figures.push(Figure { name: name.to_owned(), unit, value });
        }
        tables.push(FigureTable {
            name: name.clone(),
            as_of_block: block.clone(),
            version: head.version,
            input: head.input.clone(),
            figures,
        });
        Ok(())
    }
}
