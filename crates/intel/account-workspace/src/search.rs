//! Search of an account chain: addresses in any form, transactions and blocks (by the beginning of their hash too), heights, assets.

use crate::AccountWorkspace;
use crate::queries::{MAX_BLOCKS_SEARCHED, hash_of};
use holdfast_account_ledger::{BlockInfo, LedgerError};
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Tag, Tlp};
use holdfast_types::{AccountId, Address};
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::lookup::{
    Hit, HitKind, Lookup, MAX_HITS, MAX_SCANNED, by_name, hash_beginning, search, tagged_beginning,
};
use std::collections::BTreeSet;

type Visible<'a> = &'a (dyn Fn(&Tag) -> bool + Sync);

impl AccountWorkspace {
    /// Searches for whatever `text` names, for a reader of labels up to `clearance`; names of tags are searched only `with_names`.
    pub fn lookup(&self, text: &str, clearance: Tlp, with_names: bool) -> Lookup {
        let visible: Visible<'_> = &|tag| tag.is_for(clearance);
        let mut by_identifier = |text: &str, notes: &mut Vec<String>| {
            self.by_identifier(text, clearance, with_names, notes).unwrap_or_else(|e| {
                notes.push(format!("{} could not be searched: {e}", self.usual_name()));
                Vec::new()
            })
        };
        let names = |text: &str| if with_names { by_name(&self.tags, text, visible) } else { Vec::new() };
        search(text, &mut by_identifier, &names)
    }

    fn stored_hit(&self, kind: HitKind, id: String) -> Hit {
        let coin = self.coin();
        Hit {
            chain: Some(self.chain().to_string()),
            assets: vec![coin.ticker.unwrap_or(coin.id)],
            in_ledger: true,
            ..Hit::bare(kind, id)
        }
    }

    fn block_hit(&self, block: &BlockInfo) -> Hit {
        self.stored_hit(HitKind::Block, block.height.to_string())
    }

    fn tx_hit(&self, tx: u64) -> Result<Hit, LedgerError> {
        let tx = self.ledger.tx(tx)?;
        // What happens outside transactions has the hash of its block.
        match tx.is_block_side {
            true => Ok(self.block_hit(&self.ledger.block(tx.block)?)),
            false => Ok(self.stored_hit(HitKind::Transaction, self.hash_text(&tx.hash))),
        }
    }

    fn by_identifier(
        &self,
        text: &str,
        clearance: Tlp,
        with_names: bool,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Hit>, LedgerError> {
        // A transfer's id is its transaction's hash and a place.
        if let Some(hash) = hash_of(text.split(':').next().unwrap_or_default()) {
            if let Some(tx) = self.ledger.tx_by_hash(&hash) {
                return Ok(vec![self.tx_hit(tx)?]);
            }
            let block = self.ledger.block_by_hash(&hash, MAX_BLOCKS_SEARCHED)?;
            if block.is_none() && self.ledger.counts().blocks > MAX_BLOCKS_SEARCHED {
                notes.push(format!(
                    "on {}, only the newest {MAX_BLOCKS_SEARCHED} blocks were searched by their hash",
                    self.usual_name()
                ));
            }
            return Ok(block.iter().map(|block| self.block_hit(block)).collect());
        }
        if let Ok(height) = text.parse::<u64>() {
            let block = self.ledger.block_at(height)?;
            return Ok(block.iter().map(|block| self.block_hit(block)).collect());
        }
        let mut found: Vec<Hit> = self.address_hit(text, clearance)?.into_iter().collect();
        let is_named = !text.eq_ignore_ascii_case("native");
        if is_named && let Ok(asset) = self.asset_number(text) {
            let view = AssetView::of(&self.asset_of(asset)?);
            found.push(Hit { name: view.ticker, ..self.stored_hit(HitKind::Asset, view.id) });
        }
        // An address of another chain is no beginning of a hash.
        if found.is_empty() && AccountId::try_from(&Address::read(text)).is_err() {
            let digits = hash_beginning(text.strip_prefix("0x").unwrap_or(text));
            if let Some(digits) = digits {
                found = self.by_hash_beginning(&digits, notes)?;
            } else if with_names {
                let tagged = tagged_beginning(&self.tags, text, &|tag| tag.is_for(clearance)).into_iter();
                let hits = tagged.map(|address| self.address_hit(address, clearance));
                found = hits.filter_map(Result::transpose).collect::<Result<_, _>>()?;
            }
        }
        Ok(found)
    }

    /// Returns an address that the ledger stores, or that tags name, with the category that it counts under: by its own tags, its cluster's, or its
    /// published kind.
    fn address_hit(&self, text: &str, clearance: Tlp) -> Result<Option<Hit>, LedgerError> {
        let Ok(account) = self.account_id(text) else { return Ok(None) };
        let address = account.to_address(self.chain());
        let tags = self.tags_for(&address.to_string(), clearance);
        let number = self.ledger.account_number(&account);
        if number.is_none() && tags.is_empty() {
            return Ok(None);
        }
        let id = address.checksummed();
        let hit = match number {
            Some(_) => self.stored_hit(HitKind::Address, id),
            None => Hit::bare(HitKind::Address, id),
        };
        let category = self.category_of(&tags, number, clearance);
        let best = weightiest(tags.iter().copied());
        let assets: BTreeSet<String> = tags.iter().map(|t| t.asset.clone()).chain(hit.assets.clone()).collect();
        Ok(Some(Hit {
            name: best.map(|tag| tag.label.clone()),
            assets: assets.into_iter().collect(),
            category,
            risk: category.risk().name().to_owned(),
            by_cluster: tags.is_empty() && category.is_attributed(),
            addresses: 1,
            ..hit
        }))
    }

    /// Transactions and blocks whose hash begins so, the newest first.
    fn by_hash_beginning(&self, digits: &[u8], notes: &mut Vec<String>) -> Result<Vec<Hit>, LedgerError> {
        let newest = u64::try_from(MAX_SCANNED).unwrap_or(u64::MAX);
        if self.ledger.counts().txs > newest {
            notes.push(format!(
                "on {}, only the newest {MAX_SCANNED} transactions were searched by the beginning of their hash",
                self.usual_name()
            ));
        }
        let txs = self.ledger.txs_beginning(digits, newest, 2 * MAX_HITS);
        let mut hits = txs.into_iter().map(|tx| self.tx_hit(tx)).collect::<Result<Vec<_>, _>>()?;
        let blocks = self.ledger.blocks_beginning(digits, MAX_BLOCKS_SEARCHED, MAX_HITS)?;
        hits.extend(blocks.iter().map(|block| self.block_hit(block)));
        let mut seen = BTreeSet::new();
        hits.retain(|hit| seen.insert((hit.kind, hit.id.clone())));
        Ok(hits)
    }
}
