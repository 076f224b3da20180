//! Questions about addresses, transactions, blocks, entities and exposures.

use crate::error::WorkspaceError;
use crate::reports::{
    AddressReport, BlockReport, EntityView, ExplainReport, ExplainStep, ExposureView, PAGE, Receipt, Subject, Summary,
    TagList, TagRow, TagView, TxReport, TxSide, exposure_view,
};
use crate::workspace::Workspace;
use holdfast_analysis::exposure::Exposure;
use holdfast_attribution::own::{OWN_PACK, id_of};
use holdfast_attribution::tags::{TagFilter, weightiest};
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_bitcoin::ownerless::is_ownerless;
use holdfast_bitcoin::{AddressKey, BlockHash, Txid, display_hash, parse_hash};
use holdfast_utxo_ledger::Source;

/// Returns a tag as answers show it.
#[must_use]
pub fn tag_view(tags: &TagStore, tag: &Tag) -> TagView {
    let actor = tag.actor.as_ref().map(|id| tags.actor(id).map_or_else(|| id.clone(), |a| a.label.clone()));
    TagView {
        label: tag.label.clone(),
        source: tag.source.clone(),
        category: tag.concept(),
        risk: tag.concept().risk().name().to_owned(),
        confidence: tag.confidence.name().to_owned(),
        confidence_level: tag.confidence.level(),
        actor,
        pack: tag.pack.clone(),
        file: tag.file.clone(),
        creator: tag.creator.clone(),
        lastmod: tag.lastmod.clone(),
        is_cluster_definer: tag.is_cluster_definer,
        tlp: tag.tlp,
    }
}

/// Returns a tag with its address, as answers show it.
#[must_use]
pub fn tag_row(tags: &TagStore, tag: &Tag) -> TagRow {
    TagRow {
        address: tag.address.clone(),
        asset: tag.asset.clone(),
        own: (tag.pack == OWN_PACK).then(|| id_of(tag)),
        tag: tag_view(tags, tag),
    }
}

/// Returns a page of tags, as [`TagStore::find`] finds them.
#[must_use]
pub fn tag_list(tags: &TagStore, filter: &TagFilter, clearance: Tlp, below: Option<u32>, limit: usize) -> TagList {
    let found = tags.find(filter, clearance, below, limit);
    TagList { tags: found.tags.iter().map(|tag| tag_row(tags, tag)).collect(), next: found.next }
}

impl Workspace {
    fn tip_height(&self) -> u32 {
        self.ledger.tip().map_or(0, |t| t.height)
    }

    fn not_found(&self, what: impl Into<String>) -> WorkspaceError {
        WorkspaceError::NotFound(what.into(), self.tip_height())
    }

    /// Returns what the workspace holds.
    pub fn summary(&self) -> Summary {
        let counts = self.ledger.counts();
        let tip = self.ledger.tip();
        Summary {
            network: self.ledger.network().to_string(),
            tip_height: tip.map(|t| t.height),
            tip_hash: tip.map(|t| t.hash.to_string()),
            blocks: counts.blocks,
            txs: counts.txs,
            outputs: counts.outputs,
            addresses: counts.addresses,
            clusters: self.clusters.count(),
            tags: self.tags.len() as u64,
            tagged_addresses: self.entities.tagged().len() as u64,
            exposures_as_of_height: self.exposures_as_of(),
        }
    }

    /// Reads what a person typed: an address, txid, txid:index, block height or block hash.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is none of them, [`WorkspaceError::NotFound`] for what is not stored.
    pub fn subject(&self, text: &str) -> Result<Subject, WorkspaceError> {
        let text = text.trim();
        if let Some(hash) = parse_hash(text) {
            if let Some(tx) = self.ledger.tx_by_id(&Txid::from_bytes(hash)) {
                return Ok(Subject::Tx(tx));
            }
            let block = self.ledger.block_by_hash(&BlockHash::from_bytes(hash));
            return block.map(|b| Subject::Block(b.number)).ok_or_else(|| self.not_found(text));
        }
        if let Some((txid, vout)) = text.split_once(':')
            && let (Ok(txid), Ok(vout)) = (txid.parse(), vout.parse::<u32>())
        {
            let outputs = self.ledger.tx_by_id(&txid).map(|tx| self.ledger.outputs(tx));
            let output = outputs.and_then(|o| Some(o.start + u64::from(vout)).filter(|n| *n < o.end));
            return output.map(Subject::Output).ok_or_else(|| self.not_found(text));
        }
        if text.len() <= 9
            && text.bytes().all(|b| b.is_ascii_digit())
            && let Ok(height) = text.parse()
        {
            let block = self.ledger.block_at(height);
            return block.map(|b| Subject::Block(b.number)).ok_or_else(|| self.not_found(format!("block {text}")));
        }
        let key = AddressKey::parse(text, self.ledger.network()).map_err(|e| {
            WorkspaceError::Query(text.chars().take(130).collect(), self.ledger.network(), e.to_string())
        })?;
        self.ledger.address_number(&key).map(Subject::Address).ok_or_else(|| self.not_found(text))
    }

    pub(crate) fn address_of(&self, text: &str) -> Result<u32, WorkspaceError> {
        match self.subject(text)? {
            Subject::Address(a) => Ok(a),
            _ => Err(WorkspaceError::Query(text.to_owned(), self.ledger.network(), "an address is needed here".into())),
        }
    }

    fn tag_view(&self, tag: &Tag) -> TagView {
        tag_view(&self.tags, tag)
    }

    fn entity(&self, address: u32, clearance: Tlp) -> EntityView {
        let cluster = self.clusters.of(address);
        EntityView {
            cluster,
            addresses: self.clusters.size(cluster),
            root_address: self.ledger.address_text(cluster),
            category: self.category(address, clearance),
            tag: self.entities.definer_for(&self.tags, cluster, clearance).map(|t| self.tag_view(t)),
        }
    }

    /// Returns the ticker of the ledger's asset.
    pub fn asset(&self) -> &'static str {
        self.ledger.network().parameters().asset
    }

    /// Returns an address of another chain, from its tags alone.
    fn other_chain(&self, text: &str, why: &str, clearance: Tlp) -> Result<AddressReport, WorkspaceError> {
        let network = self.ledger.network();
        let text = crate::lookup::bare(text);
        let shown: String = text.chars().take(130).collect();
        let tags: Vec<&Tag> = self.tags.tags_of(&text).filter(|t| t.is_for(clearance)).collect();
        let Some(best) = weightiest(tags.iter().copied()) else {
            return Err(match crate::lookup::is_identifier(&text) && text.len() >= 25 {
                true => WorkspaceError::Unknown(shown, network),
                false => WorkspaceError::Query(shown, network, why.to_owned()),
            });
        };
        let assets: std::collections::BTreeSet<&str> = tags.iter().map(|t| t.asset.as_str()).collect();
        Ok(AddressReport {
            address: best.address.clone(),
            network: assets.into_iter().collect::<Vec<_>>().join(", "),
            in_ledger: false,
            script: "not of this ledger's chain".to_owned(),
            ownerless: false,
            category: best.concept(),
            risk: best.concept().risk().name().to_owned(),
            tags: tags.iter().map(|t| self.tag_view(t)).collect(),
            entity: None,
            receipt_count: 0,
            received: 0,
            balance: 0,
            outside: 0,
            exposure: None,
            receipts: Vec::new(),
        })
    }

    fn category(&self, address: u32, clearance: Tlp) -> Category {
        self.entities.category_for(&self.tags, &self.clusters, address, clearance)
    }

    /// Returns what is known of an address, for whoever may read all labels. An address that no stored block mentions, or of another chain, is
    /// answered from the tags alone.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that has the form of no address, [`WorkspaceError::Unknown`] for an address of another chain that
    /// no tag names.
    pub fn address(&self, text: &str) -> Result<AddressReport, WorkspaceError> {
        self.address_for(text, Tlp::Red)
    }

    /// Returns what somebody who may read labels up to `clearance` is shown of an address. Exposures rest on all tags: below
    /// [`Tlp::AmberStrict`] they are left out where any tag is labelled higher.
    ///
    /// # Errors
    /// As [`Workspace::address`].
    pub fn address_for(&self, text: &str, clearance: Tlp) -> Result<AddressReport, WorkspaceError> {
        let network = self.ledger.network();
        let key = match AddressKey::parse(&crate::lookup::bare(text), network) {
            Ok(key) => key,
            Err(e) => return self.other_chain(text, &e.to_string(), clearance),
        };
        let ownerless = is_ownerless(&key);
        let canonical = key.to_text(network);
        let own: Vec<&Tag> = self.tags.tags_of(&canonical).filter(|t| t.is_for(clearance)).collect();
        let number = self.ledger.address_number(&key);
        let category =
            weightiest(own.iter().copied().filter(|_| !ownerless)).map_or(Category::UNATTRIBUTED, Tag::concept);
        let mut report = AddressReport {
            address: canonical,
            network: network.to_string(),
            in_ledger: number.is_some(),
            script: key.class().name().to_owned(),
            ownerless,
            category,
            risk: category.risk().name().to_owned(),
            tags: own.into_iter().map(|t| self.tag_view(t)).collect(),
            entity: None,
            receipt_count: 0,
            received: 0,
            balance: 0,
            outside: 0,
            exposure: None,
            receipts: Vec::new(),
        };
        let Some(number) = number else { return Ok(report) };
        report.category = self.category(number, clearance);
        report.risk = report.category.risk().name().to_owned();
        report.entity = Some(self.entity(number, clearance));
        let places = self.ledger.outputs_of_address(number);
        report.receipt_count = places.len() as u64;
        for place in &places {
            if let Source::External(_) = place {
                report.outside += 1;
            }
            if let Source::Output(o) = place {
                report.received += self.ledger.value(*o);
                if self.ledger.is_unspent(*o) {
                    report.balance += self.ledger.value(*o);
                }
            }
        }
        report.receipts = places.iter().take(PAGE).map(|p| self.receipt(*p)).collect();
        if self.shows_exposure(clearance) {
            report.exposure = Some(self.view_of(&self.exposures.of_address(&self.ledger, number), report.category));
        }
        Ok(report)
    }

    pub(crate) fn receipt(&self, place: Source) -> Receipt {
        let value = self.ledger.source_info(place).value;
        match place {
            Source::Output(o) => {
                let (tx, vout) = self.ledger.outpoint(o);
                let block = self.ledger.block_of_tx(tx);
                Receipt {
                    txid: self.ledger.txid_text(tx),
                    vout,
                    height: Some(block.height),
                    time: Some(block.header.time()),
                    value,
                    spent_by: self.ledger.spender(o).map(|t| self.ledger.txid_text(t)),
                    replaced_at: self.ledger.overwritten_by(o).map(|t| self.ledger.block_of_tx(t).height),
                }
            }
            Source::External(e) => {
                let row = self.ledger.external(e);
                Receipt {
                    txid: display_hash(&{ row.txid }),
                    vout: row.vout,
                    height: None,
                    time: None,
                    value,
                    spent_by: None,
                    replaced_at: None,
                }
            }
        }
    }

    /// Returns whether exposures, which are computed over all tags, may be shown: sums over categories name no tag, but reveal what is known.
    pub fn shows_exposure(&self, clearance: Tlp) -> bool {
        clearance >= Tlp::AmberStrict || !self.tags.any_above(clearance)
    }

    fn view_of(&self, exposure: &Exposure, own: Category) -> ExposureView {
        exposure_view(exposure, self.asset(), own, self.exposures_as_of())
    }

    fn side(&self, address: Option<u32>, value: Option<u64>, other: Option<String>, clearance: Tlp) -> TxSide {
        let tag = address.and_then(|a| self.entities.tag_for(&self.tags, &self.clusters, a, clearance));
        let category = address.map_or(Category::UNATTRIBUTED, |a| self.category(a, clearance));
        TxSide {
            address: address.map(|a| self.ledger.address_text(a)),
            value,
            label: tag.map(|t| t.label.clone()),
            category,
            risk: category.risk().name().to_owned(),
            other,
        }
    }

    /// Returns a transaction, by id, for whoever may read all labels.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is no txid, [`WorkspaceError::NotFound`] for one that is not stored.
    pub fn tx(&self, text: &str) -> Result<TxReport, WorkspaceError> {
        self.tx_for(text, Tlp::Red)
    }

    /// Returns a transaction, by id, for somebody who may read labels up to `clearance`; exposures as in [`Workspace::address_for`].
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is no txid, [`WorkspaceError::NotFound`] for one that is not stored.
    pub fn tx_for(&self, text: &str, clearance: Tlp) -> Result<TxReport, WorkspaceError> {
        let Subject::Tx(tx) = self.subject(text)? else { return Err(self.not_found(text)) };
        let info = self.ledger.tx(tx);
        let block = self.ledger.block_of_tx(tx);
        let inputs = self
            .ledger
            .sources(tx)
            .map(|source| {
                let known = self.ledger.source_info(source);
                let receipt = self.receipt(source);
                self.side(known.address, known.value, Some(format!("{}:{}", receipt.txid, receipt.vout)), clearance)
            })
            .collect();
        let outputs = info
            .outputs
            .clone()
            .map(|o| {
                let spender = self.ledger.spender(o).map(|t| self.ledger.txid_text(t));
                self.side(Some(self.ledger.address_of(o)), Some(self.ledger.value(o)), spender, clearance)
            })
            .collect();
        let mut detector = holdfast_attribution::coinjoin::Detector::default();
        let coinjoin = detector.detect(&self.ledger, tx, holdfast_attribution::CoinjoinSet::ALL);
        let exposure = self
            .shows_exposure(clearance)
            .then(|| self.view_of(&self.exposures.of_tx(&self.ledger, tx), Category::UNATTRIBUTED));
        Ok(TxReport {
            txid: info.txid.to_string(),
            asset: self.asset().to_owned(),
            height: block.height,
            block: block.hash.to_string(),
            time: block.header.time(),
            coinbase: info.flags.coinbase(),
            weight: info.flags.weight(),
            fee: self.ledger.fee(tx),
            coinjoin: coinjoin.map(|c| c.name().to_owned()),
            inputs,
            outputs,
            exposure,
        })
    }

    /// Returns a block, by height or hash.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that names no block, [`WorkspaceError::NotFound`] for one that is not stored.
    pub fn block(&self, text: &str) -> Result<BlockReport, WorkspaceError> {
        let Subject::Block(number) = self.subject(text)? else { return Err(self.not_found(text)) };
        let block = self.ledger.block(number);
        let (first, end) = block.txs;
        Ok(BlockReport {
            height: block.height,
            hash: block.hash.to_string(),
            time: block.header.time(),
            tx_count: end - first,
            size: block.size,
            txids: (first..end).take(PAGE).map(|t| self.ledger.txid_text(t)).collect(),
        })
    }

    /// Returns why two addresses are in one cluster.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that is no address, [`WorkspaceError::NotFound`] for one that is not stored.
    pub fn explain(&self, a: &str, b: &str) -> Result<ExplainReport, WorkspaceError> {
        let (a, b) = (self.address_of(a)?, self.address_of(b)?);
        let path = self.clusters.explain(a, b);
        Ok(ExplainReport {
            a: self.ledger.address_text(a),
            b: self.ledger.address_text(b),
            joined: path.is_some(),
            steps: path
                .unwrap_or_default()
                .iter()
                .map(|m| ExplainStep {
                    from: self.ledger.address_text(m.a),
                    to: self.ledger.address_text(m.b),
                    txid: self.ledger.txid_text(m.tx),
                    height: self.ledger.block_of_tx(m.tx).height,
                    heuristic: m.heuristic(),
                })
                .collect(),
        })
    }

    /// Returns the exposure of an address, a whole entity, a transaction or an output.
    ///
    /// # Errors
    /// [`WorkspaceError::Query`] for text that names no subject, [`WorkspaceError::NotFound`] for one that is not stored.
    pub fn exposure(&self, text: &str, entity: bool) -> Result<ExposureView, WorkspaceError> {
        let category = |address| self.entities.category(address);
        let (exposure, own) = match self.subject(text)? {
            Subject::Address(a) if entity => {
                let cluster = self.clusters.of(a);
                let members = self.clusters.members(cluster);
                let own = members.iter().map(|m| category(*m)).max_by_key(|c| c.risk()).unwrap_or_default();
                (self.exposures.of_group(&self.ledger, cluster, &members), own)
            }
            Subject::Address(a) => (self.exposures.of_address(&self.ledger, a), category(a)),
            Subject::Output(o) => (self.exposures.of_output(&self.ledger, o), category(self.ledger.address_of(o))),
            Subject::Tx(tx) => (self.exposures.of_tx(&self.ledger, tx), Category::UNATTRIBUTED),
            Subject::Block(_) => {
                let why = "an exposure is of an address, transaction or output";
                return Err(WorkspaceError::Query(text.to_owned(), self.ledger.network(), why.into()));
            }
        };
        Ok(self.view_of(&exposure, own))
    }
}
