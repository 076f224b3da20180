//! Neighbours of an address, an entity or a transaction on one side, with whole sums.

use crate::chain::{Budget, Chain, Level, MAX_MEMBERS, Node, Of, View};
use crate::error::ExploreError;
use crate::flows::{Assets, Flows, PartFilter, balanced, category, neighbour};
use crate::reports::{By, NeighboursReport, NodeKind, Side, Sort};
use holdfast_attribution::{Category, Tlp};
use holdfast_types::{Amount, Invalid};
use std::collections::{BTreeSet, HashSet};

/// Most rows.
pub const MAX_ROWS: usize = 1_000;
/// Rows where no number is given.
pub const DEFAULT_ROWS: usize = 20;
/// Most categories of a filter.
const MAX_CATEGORIES: usize = 100;

/// A question for neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeighboursQuery {
    /// Address, transaction id, or with `entity` an actor's id.
    pub subject: String,
    /// The whole entity of the address, or an actor.
    pub entity: bool,
    /// Side.
    pub direction: Side,
    /// What the rows are.
    pub by: By,
    /// Their order.
    pub sort: Sort,
    /// Only this asset, in the sums too.
    pub asset: Option<String>,
    /// Only rows of this sum or more, in base units; needs an asset where the chain has several.
    pub min_amount: Option<Amount>,
    /// Only movements from this time on, Unix seconds.
    pub from_time: Option<u64>,
    /// Only movements up to this time.
    pub to_time: Option<u64>,
    /// Only neighbours of these categories.
    pub categories: Vec<String>,
    /// Without fees.
    pub without_fees: bool,
    /// Rows at most, up to [`MAX_ROWS`]; [`DEFAULT_ROWS`] where it is none.
    pub limit: Option<usize>,
}

/// Whom a question is about.
#[derive(Debug)]
pub(crate) enum Subject {
    /// Addresses: one, a cluster's or an actor's.
    Addresses(Addresses),
    /// A transaction.
    Tx(u64),
}

/// Addresses that a question is about.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) kind: NodeKind,
    /// Id in answers.
    pub(crate) id: String,
    /// The address by whose tags it is named; none of an actor.
    pub(crate) root: Option<u32>,
    /// Name of an actor.
    pub(crate) actor: Option<String>,
    pub(crate) members: Vec<u32>,
    /// Members in all.
    pub(crate) count: u64,
}

impl Addresses {
    /// Returns whether a node is the subject itself.
    pub(crate) fn is_own(&self, view: &dyn View) -> impl Fn(Node) -> bool + use<> {
        let members: HashSet<u32> = self.members.iter().copied().collect();
        let clusters: HashSet<u32> = self.members.iter().map(|m| view.cluster(*m)).collect();
        move |node| match node {
            Node::Address(address) => members.contains(&address),
            Node::Entity(root) => clusters.contains(&root),
            _ => false,
        }
    }

    pub(crate) fn note(&self) -> Option<String> {
        (self.count > self.members.len() as u64).then(|| {
            format!("the entity has {} addresses; the first {} of them were read", self.count, self.members.len())
        })
    }
}

/// Returns the entity that a text names: the cluster of an address, or an actor.
pub(crate) fn entity(view: &dyn View, text: &str) -> Result<Addresses, ExploreError> {
    let text = text.trim();
    if !view.is_address(text)
        && let Some((id, label)) = view.actor(text)
    {
        let (mut alone, mut clusters) = (BTreeSet::new(), BTreeSet::new());
        for tag in view.all_tags().filter(|t| t.actor.as_deref() == Some(id.as_str())) {
            // Addresses of other chains, and those that no stored block mentions, are none here.
            let Ok(address) = view.address(&tag.address) else { continue };
            if tag.is_cluster_definer {
                clusters.insert(view.cluster(address));
            } else {
                alone.insert(address);
            }
        }
        alone.retain(|address| !clusters.contains(&view.cluster(*address)));
        let count = alone.len() as u64 + clusters.iter().map(|cluster| view.cluster_size(*cluster)).sum::<u64>();
        let mut members: Vec<u32> = alone.into_iter().collect();
        for cluster in clusters {
            if members.len() > MAX_MEMBERS {
                break;
            }
            members.extend(view.members(cluster));
        }
        members.sort_unstable();
        members.truncate(MAX_MEMBERS);
        return Ok(Addresses { kind: NodeKind::Entity, id, root: None, actor: Some(label), members, count });
    }
    let root = view.cluster(view.address(text)?);
    let mut members = view.members(root);
    let count = view.cluster_size(root);
    members.truncate(MAX_MEMBERS);
    Ok(Addresses {
        kind: NodeKind::Entity,
        id: view.address_text(root)?,
        root: Some(root),
        actor: None,
        members,
        count,
    })
}

fn subject(view: &dyn View, query: &NeighboursQuery) -> Result<Subject, ExploreError> {
    let text = query.subject.trim();
    if query.entity {
        return Ok(Subject::Addresses(entity(view, text)?));
    }
    if !view.is_address(text) {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Subject::Tx(view.tx(text)?));
        }
    }
    let address = view.address(text)?;
    let id = view.address_text(address)?;
    Ok(Subject::Addresses(Addresses {
        kind: NodeKind::Address,
        id,
        root: Some(address),
        actor: None,
        members: vec![address],
        count: 1,
    }))
}

impl NeighboursQuery {
    fn wanted_categories(&self) -> Result<Option<HashSet<Category>>, Invalid> {
        let names: Vec<&str> = self.categories.iter().map(|c| c.trim()).filter(|c| !c.is_empty()).collect();
        if names.is_empty() {
            return Ok(None);
        }
        if names.len() > MAX_CATEGORIES {
            return Err(Invalid::new("category", format!("more than {MAX_CATEGORIES} categories; name fewer")));
        }
        if self.by == By::Transaction {
            return Err(Invalid::new("category", "transactions have none; ask by=address or by=entity"));
        }
        let read = |name: &&str| {
            Category::from_name(name).ok_or_else(|| {
                Invalid::new(
                    "category",
                    format!("'{name}' is no category of the taxonomy, such as exchange or ransomware"),
                )
            })
        };
        names.iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    fn checked_limit(&self) -> Result<usize, Invalid> {
        match self.limit {
            None => Ok(DEFAULT_ROWS),
            Some(n) if (1..=MAX_ROWS).contains(&n) => Ok(n),
            Some(_) => Err(Invalid::new("limit", format!("give a number from 1 to {MAX_ROWS}"))),
        }
    }

    fn level(&self, of_tx: bool) -> Result<Level, Invalid> {
        match self.by {
            By::Transaction if of_tx => {
                Err(Invalid::new("by", "neighbours of a transaction are addresses or entities; give address or entity"))
            }
            By::Transaction => Ok(Level::Transaction),
            By::Address => Ok(Level::Address),
            By::Entity => Ok(Level::Entity),
        }
    }
}

impl Chain {
    /// Returns the neighbours of a subject on one side, for a reader of labels up to `clearance`. For each asset `listed` and `rest` are together `total`.
    ///
    /// # Errors
    /// [`ExploreError`] for text that names nothing here, and a field that cannot be used.
    pub fn neighbours(&self, query: &NeighboursQuery, clearance: Tlp) -> Result<NeighboursReport, ExploreError> {
        let view = &*self.view(clearance);
        let (wanted, limit) = (query.wanted_categories()?, query.checked_limit()?);
        let asset = query.asset.as_deref().filter(|a| !a.is_empty()).map(|a| view.asset_number(a)).transpose()?;
        if query.min_amount.is_some() && asset.is_none() && matches!(self, Chain::Accounts(_)) {
            return Err(Invalid::new("min_amount", "the chain has several assets; give the asset too").into());
        }
        let subject = subject(view, query)?;
        let filter =
            PartFilter { from_time: query.from_time, to_time: query.to_time, without_fees: query.without_fees };
        let (mut flows, mut budget) = (Flows { filter, ..Flows::default() }, Budget::default());
        let (kind, id, note) = match &subject {
            Subject::Addresses(of) => {
                let level = query.level(false)?;
                let wanted = Of { addresses: &of.members, side: query.direction, level, asset };
                view.parts(wanted, &mut budget, &mut |part| flows.take(part))?;
                (of.kind, of.id.clone(), of.note())
            }
            Subject::Tx(tx) => {
                let level = query.level(true)?;
                view.parts_of_tx(*tx, query.direction, level, &mut budget, &mut |part| {
                    if asset.is_none_or(|asset| asset == part.asset) {
                        flows.take(part);
                    }
                })?;
                (NodeKind::Transaction, view.tx_text(*tx)?, None)
            }
        };
        flows.keep(|node, row| {
            let fits = wanted.as_ref().is_none_or(|w| category(view, node).is_some_and(|c| w.contains(&c)));
            fits && query.min_amount.is_none_or(|least| row.sum.amount >= least)
        });
        let assets = Assets::of(view, flows.total.keys().copied())?;
        let (rows, more_rows) = flows.first_rows(query.sort, limit, &assets);
        let sums = balanced(&flows, &rows, &assets);
        let is_own: Box<dyn Fn(Node) -> bool> = match &subject {
            Subject::Addresses(of) => Box::new(of.is_own(view)),
            Subject::Tx(_) => Box::new(|_| false),
        };
        let shown = rows.iter().map(|row| neighbour(view, row, &assets, &is_own)).collect::<Result<_, _>>()?;
        let complete = !budget.exceeded && note.is_none();
        Ok(NeighboursReport {
            chain: view.name(),
            subject_kind: kind,
            subject: id,
            direction: query.direction,
            by: query.by,
            rows: shown,
            total: sums.total,
            listed: sums.listed,
            rest: sums.rest,
            filtered: sums.filtered,
            more_rows,
            more_assets: sums.more_assets,
            complete,
            notes: budget.note().into_iter().chain(note).chain(self.gaps()).collect(),
        })
    }

    /// States in words what the chain's ledger does not have.
    pub(crate) fn gaps(&self) -> Vec<String> {
        match self {
            Chain::Accounts(chain) => chain.account_summary().map(|s| s.gaps).unwrap_or_default(),
            Chain::Outputs(chain) => {
                let first = (chain.ledger.counts().blocks > 0).then(|| chain.ledger.block(0).height);
                let begins = first.filter(|height| *height > 0);
                begins.map(|h| format!("blocks begin at {h}: what moved before is not in the sums, but for outputs that later blocks spend")).into_iter().collect()
            }
        }
    }
}
