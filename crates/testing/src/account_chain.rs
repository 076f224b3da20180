//! A chain of accounts in memory: transfers between addresses, with tags. It answers the same questions as a stored chain.

use holdfast_account_workspace::freezes::{At, Freezes};
use holdfast_analysis::Direction;
use holdfast_attribution::tags::{Confidence, weightiest};
use holdfast_attribution::{Category, Tag, TagStore, Tlp};
use holdfast_types::{AccountId, Address, Amount, Asset, ChainId, Signal};
use holdfast_workspace::chain_queries::{AddressFacts, CategoryAmount, TraceEndpoint};
use holdfast_workspace::freeze_view::FreezeView;
use holdfast_workspace::{ChainCoverage, ChainExposure, ChainQueries, PAGE, Payment, TraceRequest, WorkspaceError};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// A transfer of a chain of accounts.
#[derive(Clone, Debug)]
struct Transfer {
    tx: String,
    /// Its place in the transaction, such as a log's number.
    place: u32,
    asset: Asset,
    from: Address,
    to: Address,
    amount: Amount,
    height: u32,
}

/// A chain of accounts in memory.
#[derive(Clone, Debug)]
pub struct AccountChain {
    id: ChainId,
    assets: Vec<Asset>,
    transfers: Vec<Transfer>,
    freezes: Freezes,
    /// Tags of its own.
    own: TagStore,
    /// Tags of the desk.
    desk: Arc<TagStore>,
}

impl AccountChain {
    /// Returns an empty chain that holds the movements of some assets.
    #[must_use]
    pub fn new(id: ChainId, assets: Vec<Asset>) -> Self {
        AccountChain {
            id,
            assets,
            transfers: Vec::new(),
            freezes: Freezes::default(),
            own: TagStore::default(),
            desk: Arc::default(),
        }
    }

    /// Appends a transfer; several of one transaction have consecutive places.
    pub fn transfer(&mut self, height: u32, tx: &str, asset: &Asset, from: &str, to: &str, amount: Amount) {
        let place = self.transfers.iter().filter(|t| t.tx == tx).count() as u32;
        let (from, to) = (Address::read(from), Address::read(to));
        self.transfers.push(Transfer { tx: tx.to_owned(), place, asset: asset.clone(), from, to, amount, height });
    }

    /// Takes what an issuer did in a block.
    pub fn issuer(&mut self, at: At, signal: &Signal) {
        self.freezes.take(at, signal);
    }

    /// Tags an address.
    pub fn tag(&mut self, address: &str, category: Category, label: &str) {
        self.own.add_tags([Tag {
            address: address.to_owned(),
            asset: self.assets.first().map(ToString::to_string).unwrap_or_default(),
            label: label.to_owned(),
            source: "a test".to_owned(),
            category: Some(category.name().to_owned()),
            abuse: None,
            concepts: Vec::new(),
            confidence: Confidence::Forensic,
            is_cluster_definer: false,
            actor: None,
            lastmod: "2024-01-01".to_owned(),
            pack: "tags of a test".to_owned(),
            file: String::new(),
            creator: "a test".to_owned(),
            tlp: None,
        }]);
    }

    fn tags_of(&self, address: &Address) -> Vec<Tag> {
        let text = address.to_string();
        self.own.tags_of(&text).chain(self.desk.tags_of(&text)).cloned().collect()
    }

    fn category(&self, address: &Address) -> Category {
        weightiest(&self.tags_of(address)).map_or(Category::UNATTRIBUTED, Tag::concept)
    }

    fn not_found(&self, what: &str) -> WorkspaceError {
        WorkspaceError::NotFound(what.to_owned(), self.coverage().tip_height.unwrap_or(0))
    }

    fn payment(&self, transfer: &Transfer) -> Payment {
        Payment {
            id: format!("{}:{}", transfer.tx, transfer.place),
            tx: transfer.tx.clone(),
            asset: transfer.asset.clone(),
            from: Some(transfer.from.to_string()),
            to: Some(transfer.to.to_string()),
            amount: Some(transfer.amount),
            height: Some(transfer.height),
        }
    }

    /// Transfers of a transaction, or of one place in it.
    fn of_tx(&self, subject: &str) -> Result<Vec<&Transfer>, WorkspaceError> {
        let named = |t: &&Transfer| t.tx == subject || format!("{}:{}", t.tx, t.place) == subject;
        let found: Vec<&Transfer> = self.transfers.iter().filter(named).collect();
        if found.is_empty() { Err(self.not_found(subject)) } else { Ok(found) }
    }

    /// Transfers that a subject starts from: a transaction's, one transfer, or those from (or to) an address.
    fn starts(&self, subject: &str, direction: Direction) -> Result<Vec<usize>, WorkspaceError> {
        let address = Address::read(subject);
        let starts = |t: &Transfer| match direction {
            Direction::Forward => t.from == address,
            Direction::Backward => t.to == address,
        };
        let named = |t: &Transfer| t.tx == subject || format!("{}:{}", t.tx, t.place) == subject || starts(t);
        let found: Vec<usize> = (0..self.transfers.len()).filter(|i| named(&self.transfers[*i])).collect();
        if found.is_empty() { Err(self.not_found(subject)) } else { Ok(found) }
    }

    /// Returns the next transfers of the money of one: later ones of the receiver, or earlier ones to the sender, of the same asset.
    fn next(&self, at: usize, direction: Direction) -> Vec<usize> {
        let this = &self.transfers[at];
        let (later, earlier) = (at + 1..self.transfers.len(), 0..at);
        match direction {
            Direction::Forward => {
                later.filter(|i| self.transfers[*i].from == this.to && self.transfers[*i].asset == this.asset).collect()
            }
            Direction::Backward => earlier
                .filter(|i| self.transfers[*i].to == this.from && self.transfers[*i].asset == this.asset)
                .collect(),
        }
    }

    /// Addresses where money ends that starts with transfers, with how much reached them and after how many transfers. Money goes on with
    /// the next transfers in their order until it is used up, and stops at tagged addresses.
    fn ends(&self, starts: Vec<usize>, direction: Direction, most: u32) -> Vec<(Address, Amount, u32)> {
        let mut ends: BTreeMap<Address, (Amount, u32)> = BTreeMap::new();
        let mut waiting: Vec<(usize, Amount, u32)> =
            starts.into_iter().map(|i| (i, self.transfers[i].amount, 1)).collect();
        let mut used: HashSet<usize> = HashSet::new();
        while let Some((at, amount, hops)) = waiting.pop() {
            let transfer = &self.transfers[at];
            let there = if direction == Direction::Forward { &transfer.to } else { &transfer.from };
            let mut rest = amount;
            if hops < most && !self.category(there).is_attributed() {
                for next in self.next(at, direction) {
                    let part = rest.min(self.transfers[next].amount);
                    if !part.is_zero() && used.insert(next) {
                        rest = rest.checked_sub(part).unwrap_or_default();
                        waiting.push((next, part, hops + 1));
                    }
                }
            }
            if !rest.is_zero() {
                let end = ends.entry(there.clone()).or_insert((Amount::default(), hops));
                end.0 = end.0.checked_add(rest).unwrap_or(end.0);
            }
        }
        ends.into_iter().map(|(address, (amount, hops))| (address, amount, hops)).collect()
    }

    fn exposures(&self, subject: &str, direction: Direction) -> Vec<CategoryAmount> {
        let Ok(starts) = self.starts(subject, direction) else { return Vec::new() };
        let mut sums: BTreeMap<Category, (Amount, Amount)> = BTreeMap::new();
        for (address, amount, hops) in self.ends(starts, direction, 16) {
            let sum = sums.entry(self.category(&address)).or_default();
            let part = if hops == 1 { &mut sum.0 } else { &mut sum.1 };
            *part = part.checked_add(amount).unwrap_or(*part);
        }
        let line = |(category, (direct, indirect))| CategoryAmount { category, direct, indirect };
        sums.into_iter().map(line).collect()
    }
}

impl ChainQueries for AccountChain {
    fn id(&self) -> ChainId {
        self.id.clone()
    }

    fn with_tags(&self, tags: &Arc<TagStore>) -> Option<Arc<dyn ChainQueries>> {
        Some(Arc::new(AccountChain { desk: tags.clone(), ..self.clone() }))
    }

    fn is_address(&self, text: &str) -> bool {
        Address::read(text).family() == self.id.family()
    }

    fn assets(&self) -> Vec<Asset> {
        self.assets.clone()
    }

    fn coverage(&self) -> ChainCoverage {
        ChainCoverage {
            tip_height: self.transfers.iter().map(|t| t.height).max(),
            tip_hash: None,
            exposures_as_of_height: None,
            gaps: vec!["movements inside contracts are not stored".to_owned()],
        }
    }

    fn address_facts(&self, address: &str, _clearance: Tlp) -> Result<AddressFacts, WorkspaceError> {
        let address = Address::read(address);
        Ok(AddressFacts {
            is_on_chain: self.transfers.iter().any(|t| t.from == address || t.to == address),
            category: self.category(&address),
            tags: self.tags_of(&address),
            address: address.to_string(),
        })
    }

    fn freezes_of(&self, address: &str) -> Result<Vec<FreezeView>, WorkspaceError> {
        let Ok(account) = AccountId::try_from(&Address::read(address)) else { return Ok(Vec::new()) };
        Ok(self.freezes.in_force(&account).map(|freeze| freeze.view(&self.id)).collect())
    }

    fn received(&self, address: &str, skip: usize) -> Result<Vec<Payment>, WorkspaceError> {
        let key = Address::read(address);
        if !self.transfers.iter().any(|t| t.from == key || t.to == key) {
            return Err(self.not_found(address));
        }
        let received = self.transfers.iter().filter(|t| t.to == key).skip(skip).take(PAGE);
        Ok(received.map(|t| self.payment(t)).collect())
    }

    fn payments_in(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        Ok(self.of_tx(tx)?.into_iter().map(|t| self.payment(t)).collect())
    }

    fn payments_out(&self, tx: &str) -> Result<Vec<Payment>, WorkspaceError> {
        self.payments_in(tx)
    }

    fn exposure_of(&self, subject: &str, _asset: Option<&str>) -> Result<ChainExposure, WorkspaceError> {
        let (source, destination) =
            (self.exposures(subject, Direction::Backward), self.exposures(subject, Direction::Forward));
        match source.is_empty() && destination.is_empty() {
            true => Err(self.not_found(subject)),
            false => Ok(ChainExposure { source, destination, ..ChainExposure::default() }),
        }
    }

    fn trace_ends(&self, request: &TraceRequest, _clearance: Tlp) -> Result<Vec<TraceEndpoint>, WorkspaceError> {
        let direction = request.options.direction;
        let starts = self.starts(&request.subject, direction)?;
        let asset = |start: &usize| self.transfers[*start].asset.clone();
        let asset = starts.first().map(asset).ok_or_else(|| self.not_found(&request.subject))?;
        let ends = self.ends(starts, direction, request.options.bounds.max_hops);
        let end = |(address, amount, hops): (Address, Amount, u32)| TraceEndpoint {
            chain: self.id.clone(),
            asset: asset.clone(),
            is_passed: false,
            is_cut: false,
            category: self.category(&address),
            address: Some(address.to_string()),
            amount,
            hops,
        };
        Ok(ends.into_iter().map(end).collect())
    }
}
