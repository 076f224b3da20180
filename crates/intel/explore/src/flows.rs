//! Sums by counterparty and asset, of which nothing is lost: what rows, filters and totals have is counted once each.

use crate::chain::{Node, Part, View};
use crate::error::ExploreError;
use crate::reports::{AssetSum, Neighbour, NodeKind, Sort};
use holdfast_attribution::Category;
use holdfast_types::Amount;
use holdfast_workspace::asset_view::AssetView;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Most assets that a list of sums names.
const MAX_ASSETS: usize = 1_000;

/// A sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) amount: Amount,
    pub(crate) count: u64,
    pub(crate) unknown: u64,
}

impl Sum {
    pub(crate) fn add(&mut self, other: Sum) {
        // Each is a part of a total that fits.
        self.amount = self.amount.checked_add(other.amount).unwrap_or(Amount::MAX);
        self.count += other.count;
        self.unknown += other.unknown;
    }

    pub(crate) fn less(self, other: Sum) -> Sum {
        Sum {
            amount: self.amount.excess_over(other.amount),
            count: self.count.saturating_sub(other.count),
            unknown: self.unknown.saturating_sub(other.unknown),
        }
    }
}

pub(crate) type Sums = BTreeMap<u32, Sum>;

/// What a counterparty has of an asset.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    pub(crate) sum: Sum,
    pub(crate) divided: bool,
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
}

/// Which parts are left out of the rows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PartFilter {
    pub(crate) from_time: Option<u64>,
    pub(crate) to_time: Option<u64>,
    pub(crate) without_fees: bool,
}

impl PartFilter {
    fn has(&self, part: &Part) -> bool {
        let in_time = |time: u64| self.from_time.is_none_or(|f| f <= time) && self.to_time.is_none_or(|t| time <= t);
        let is_any = self.from_time.is_none() && self.to_time.is_none();
        !(self.without_fees && part.is_fee) && part.time.map_or(is_any, in_time)
    }
}

/// Sums by counterparty and asset.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    pub(crate) filter: PartFilter,
    pub(crate) rows: HashMap<(Node, u32), Row>,
    pub(crate) total: Sums,
    pub(crate) filtered: Sums,
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
}

fn earliest(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.into_iter().chain(b).min()
}

impl Flows {
    pub(crate) fn take(&mut self, part: Part) {
        let total = self.total.entry(part.asset).or_default();
        // A part that makes the total too large is of no known amount, in the total and in its row: rows then fit too.
        let amount = total.amount.checked_add(part.amount).map(|_| part.amount);
        let sum = Sum {
            amount: amount.unwrap_or(Amount::ZERO),
            count: 1,
            unknown: u64::from(part.unknown || amount.is_none()),
        };
        total.add(sum);
        if !self.filter.has(&part) {
            self.filtered.entry(part.asset).or_default().add(sum);
            return;
        }
        self.first = earliest(self.first, part.time);
        self.last = self.last.max(part.time);
        let row = self.rows.entry((part.node, part.asset)).or_default();
        row.sum.add(sum);
        row.divided |= part.divided;
        row.first = earliest(row.first, part.time);
        row.last = row.last.max(part.time);
    }

    /// Leaves out rows by their sum or category.
    pub(crate) fn keep(&mut self, mut keep: impl FnMut(Node, &Row) -> bool) {
        let filtered = &mut self.filtered;
        self.rows.retain(|(node, asset), row| {
            let kept = keep(*node, row);
            if !kept {
                filtered.entry(*asset).or_default().add(row.sum);
            }
            kept
        });
    }

    /// Returns the first rows of an order, and how many there are beyond.
    pub(crate) fn first_rows(&self, sort: Sort, limit: usize, views: &Assets) -> (Vec<(Node, u32, Row)>, u64) {
        let mut rows: Vec<(Node, u32, Row)> =
            self.rows.iter().map(|((node, asset), row)| (*node, *asset, *row)).collect();
        match sort {
            Sort::Newest => rows.sort_by_key(|(node, asset, row)| (Reverse(row.last), *asset, *node)),
            Sort::Oldest => rows.sort_by_key(|(node, asset, row)| (row.first.is_none(), row.first, *asset, *node)),
            Sort::Amount => {
                rows.sort_by_key(|(node, asset, row)| (*asset, Reverse(row.sum.amount), *node));
                let (mut ranks, mut rank, mut before) = (Vec::with_capacity(rows.len()), 0u64, None);
                for (_, asset, _) in &rows {
                    rank = if before == Some(*asset) { rank + 1 } else { 0 };
                    before = Some(*asset);
                    ranks.push(rank);
                }
                let mut ranked: Vec<(u64, (Node, u32, Row))> = ranks.into_iter().zip(rows).collect();
                ranked.sort_by_key(|(rank, (_, asset, _))| (!views.is_listed(*asset), *rank, *asset));
                rows = ranked.into_iter().map(|(_, row)| row).collect();
            }
        }
        let more = rows.len().saturating_sub(limit) as u64;
        rows.truncate(limit);
        (rows, more)
    }
}

/// The assets of an answer.
#[derive(Debug, Default)]
pub(crate) struct Assets(BTreeMap<u32, AssetView>);

impl Assets {
    pub(crate) fn of(view: &dyn View, numbers: impl Iterator<Item = u32>) -> Result<Self, ExploreError> {
        numbers.map(|n| Ok((n, view.asset(n)?))).collect::<Result<_, ExploreError>>().map(Assets)
    }

    fn is_listed(&self, asset: u32) -> bool {
        self.0.get(&asset).is_some_and(|view| view.ticker.is_some())
    }

    pub(crate) fn view(&self, asset: u32) -> AssetView {
        let none = || AssetView { id: asset.to_string(), ticker: None, decimals: None };
        self.0.get(&asset).cloned().unwrap_or_else(none)
    }

    /// Returns the assets that lists of sums name: those that come first, then listed ones, then the most moved.
    fn chosen(&self, total: &Sums, first: &Sums) -> Vec<u32> {
        let mut all: Vec<u32> = total.keys().copied().collect();
        let count = |asset: &u32| total.get(asset).map_or(0, |sum| sum.count);
        all.sort_by_key(|a| (!first.contains_key(a), !self.is_listed(*a), Reverse(count(a)), *a));
        all.truncate(MAX_ASSETS);
        all
    }

    pub(crate) fn sums(&self, chosen: &[u32], sums: &Sums) -> Vec<AssetSum> {
        let named = chosen.iter().filter_map(|asset| Some((asset, sums.get(asset)?)));
        let counted = named.filter(|(_, sum)| sum.count > 0);
        counted
            .map(|(asset, sum)| AssetSum {
                asset: self.view(*asset),
                amount: sum.amount,
                count: sum.count,
                unknown: sum.unknown,
            })
            .collect()
    }

    /// Returns sums of all assets, and how many assets they leave out.
    pub(crate) fn all(&self, sums: &Sums) -> (Vec<AssetSum>, u64) {
        let chosen = self.chosen(sums, &Sums::new());
        (self.sums(&chosen, sums), sums.len().saturating_sub(chosen.len()) as u64)
    }
}

/// Sums of an answer.
#[derive(Debug)]
pub(crate) struct Balanced {
    pub(crate) total: Vec<AssetSum>,
    pub(crate) listed: Vec<AssetSum>,
    pub(crate) rest: Vec<AssetSum>,
    pub(crate) filtered: Vec<AssetSum>,
    pub(crate) more_assets: u64,
}

/// Returns total, listed and the rest, of the same assets.
pub(crate) fn balanced(flows: &Flows, rows: &[(Node, u32, Row)], assets: &Assets) -> Balanced {
    let mut listed = Sums::new();
    for (_, asset, row) in rows {
        listed.entry(*asset).or_default().add(row.sum);
    }
    let of = |asset: &u32| listed.get(asset).copied().unwrap_or_default();
    let rest: Sums = flows.total.iter().map(|(asset, sum)| (*asset, sum.less(of(asset)))).collect();
    let chosen = assets.chosen(&flows.total, &listed);
    Balanced {
        total: assets.sums(&chosen, &flows.total),
        listed: assets.sums(&chosen, &listed),
        rest: assets.sums(&chosen, &rest),
        filtered: assets.sums(&chosen, &flows.filtered),
        more_assets: flows.total.len().saturating_sub(chosen.len()) as u64,
    }
}

/// Returns the category that a node counts under; none of what no tag is on.
pub(crate) fn category(view: &dyn View, node: Node) -> Option<Category> {
    match node {
        Node::Address(address) | Node::Entity(address) => Some(view.category(address)),
        _ => None,
    }
}

/// Returns a row as answers show it; `is_own` says which nodes are the subject.
pub(crate) fn neighbour(
    view: &dyn View,
    (node, asset, row): &(Node, u32, Row),
    assets: &Assets,
    is_own: &dyn Fn(Node) -> bool,
) -> Result<Neighbour, ExploreError> {
    let (kind, id, entity) = match *node {
        Node::Address(address) => (NodeKind::Address, Some(view.address_text(address)?), view.entity(address)?),
        Node::Entity(root) => (NodeKind::Entity, Some(view.address_text(root)?), view.entity(root)?),
        Node::Tx(tx) => (NodeKind::Transaction, Some(view.tx_text(tx)?), None),
        Node::OutsideTx(hash) => (NodeKind::Transaction, Some(holdfast_bitcoin::display_hash(&hash)), None),
        Node::Created => (NodeKind::Created, None, None),
        Node::Destroyed => (NodeKind::Destroyed, None, None),
        Node::Fee => (NodeKind::Fee, None, None),
        Node::Unknown => (NodeKind::Unknown, None, None),
    };
    let who = match *node {
        Node::Address(address) | Node::Entity(address) => view.who(address),
        _ => crate::chain::nobody(),
    };
    Ok(Neighbour {
        kind,
        id,
        is_subject: is_own(*node),
        entity,
        who,
        asset: assets.view(*asset),
        amount: row.sum.amount,
        count: row.sum.count,
        unknown: row.sum.unknown,
        divided: row.divided,
        first_time: row.first,
        last_time: row.last,
    })
}
