//! Traces over account chains in words: addresses, transfers, labels; the form that is shown and served, as JSON, table and graph.

use holdfast_analysis::accounts::AccountEndKind;
use holdfast_analysis::links::{Basis, LinkKind};
use holdfast_analysis::render::{Drawn, Graph, Node};
use holdfast_analysis::{Bounds, Direction, Policy, render};
use holdfast_attribution::{Category, Risk};
use holdfast_types::{Amount, Timestamp, units};
use holdfast_workspace::asset_view::AssetView;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use utoipa::ToSchema;

/// Somebody on a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Party {
    /// Address, with its checksum.
    pub address: String,
    /// Label of the tag that it counts under, where the reader may see one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Category that it counts under.
    #[schema(value_type = String)]
    pub category: Category,
}

/// A transfer, as traces name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedTransfer {
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// Its identity: transaction and position in it.
    pub id: String,
    /// Its transaction.
    pub tx: String,
    /// Height of its block.
    pub height: u64,
    /// Unix time of its block.
    pub time: u64,
    /// What moved.
    pub asset: AssetView,
    /// Sender; absent where the units came into being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Party>,
    /// Receiver; absent where the units were destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Party>,
    /// Base units that it moved.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Whether a root in the block's header commits to it; else it is a claim of the node that was read.
    pub is_committed: bool,
}

/// A transfer that moved marked money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedMovement {
    /// The transfer.
    pub transfer: TracedTransfer,
    /// Marked part of it, base units.
    #[schema(value_type = String)]
    pub marked: Amount,
    /// Transfers from the start; the start itself is 0.
    pub hops: u32,
}

/// Marked money that crossed a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedCrossing {
    /// `swap`, `wrap` or `bridge`.
    #[schema(value_type = String)]
    pub kind: LinkKind,
    /// What the link rests on: `event`, `message`, `net-flow` or `heuristic`.
    #[schema(value_type = String)]
    pub basis: Basis,
    /// Wrong links among a million of this kind and basis at most, as it was measured (upper bound, 95%).
    pub error_ppm: Option<u32>,
    /// How many links of this kind and basis that was measured on. A link by the message of a bridge is crossed however few they are: both contracts
    /// state it.
    #[serde(default)]
    pub measured_pairs: u64,
    /// What shows it: rule, message, logs.
    pub evidence: String,
    /// The transfer by which the money left its asset.
    pub from: TracedTransfer,
    /// The transfer by which it came out.
    pub to: TracedTransfer,
    /// Marked part on the side that the trace left, base units of its asset.
    #[schema(value_type = String)]
    pub left: Amount,
    /// Marked part on the side that it came to, base units of its asset.
    #[schema(value_type = String)]
    pub reached: Amount,
}

/// Marked money at an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedEnd {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// What it is of.
    pub asset: AssetView,
    /// Where it lies or came from; absent where it was destroyed or came into being.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// Risk of the category; `none` means that nothing is known.
    pub risk: String,
    /// Base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// Why the trace ends here: `rests`, `service`, `pool`, `bridge`, `mixer`, `elsewhere`, a bound (`hops`, `edges`), and others.
    #[schema(value_type = String)]
    pub kind: AccountEndKind,
    /// Transfers from the start.
    pub hops: u32,
    /// The transfer at which the trace ends, or the last that moved the balance where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
}

/// A transfer that may be the other side of a mixer's. Never a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedCandidate {
    /// The transfer at which the trace ends.
    pub of: String,
    /// The transfer that may be the other side.
    pub transfer: TracedTransfer,
    /// Place among the candidates, from 1.
    pub rank: u32,
    /// Wrong candidates among a million of this rank at most, as it was measured (upper bound, 95%).
    pub error_ppm: Option<u32>,
}

/// What was marked in an asset and what became of it, base units: marked + added + crossed in = found + fees + crossed out + common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedBooks {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The asset.
    pub asset: AssetView,
    /// Marked at the starts.
    #[schema(value_type = String)]
    pub marked: Amount,
    /// Clean money that poison drew in.
    #[schema(value_type = String)]
    pub added: Amount,
    /// What came from other assets and chains.
    #[schema(value_type = String)]
    pub crossed_in: Amount,
    /// What went to other assets and chains.
    #[schema(value_type = String)]
    pub crossed_out: Amount,
    /// What went into fees.
    #[schema(value_type = String)]
    pub fees: Amount,
    /// What lies at the ends, bounds included.
    #[schema(value_type = String)]
    pub found: Amount,
    /// What came a second time to money that was marked already.
    #[schema(value_type = String)]
    pub common: Amount,
    /// Whether the asset's transfers agree with each other: `backed`, `unbacked`, or `unknown`.
    pub backing: String,
    /// Whether moves inside transactions were not read.
    pub internal_unknown: bool,
    /// What was found, by category, largest first.
    #[schema(value_type = Vec<(String, String)>)]
    pub by_category: Vec<(Category, Amount)>,
}

/// An opening balance that nobody states, taken as the least possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedAssumption {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The asset.
    pub asset: AssetView,
    /// Whose.
    pub address: String,
    /// Base units.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// A trace over account chains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountTraceReport {
    /// CAIP-2 ids of the chains that the trace could go over.
    pub chains: Vec<String>,
    /// Which way.
    pub direction: Direction,
    /// How marks pass.
    pub policy: Policy,
    /// Where it stopped at the latest; `min_value` is in base units of every asset.
    pub bounds: Bounds,
    /// Whether it went through attributed services.
    pub through_services: bool,
    /// Whether it crossed swaps, wraps and bridges.
    pub links: bool,
    /// Links with a larger measured error, in millionths, were not crossed.
    pub max_link_error_ppm: u32,
    /// What it started from, at most 200; a start without a transfer is an opening balance.
    pub starts: Vec<TracedStart>,
    /// How many starts there were.
    pub start_count: u64,
    /// The books of each asset that the trace came to.
    pub books: Vec<TracedBooks>,
    /// Whether the books of every asset balance.
    pub balances: bool,
    /// Transfers of marked money, by distance.
    pub movements: Vec<TracedMovement>,
    /// Links that were crossed.
    pub crossings: Vec<TracedCrossing>,
    /// Where the money lies or came from.
    pub ends: Vec<TracedEnd>,
    /// What may have become of what ended in mixers, or come from there.
    pub candidates: Vec<TracedCandidate>,
    /// Opening balances that nobody states.
    pub assumed: Vec<TracedAssumption>,
    /// What the answer leaves out, in words.
    pub gaps: Vec<String>,
}

/// What a trace started from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedStart {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// What was marked.
    pub asset: AssetView,
    /// Who held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// The transfer that was marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
    /// Marked base units.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// Returns an amount with its unit: `1.5 USDT`. Of an asset that the list does not name, base units and the asset's id.
#[must_use]
pub fn money(amount: Amount, asset: &AssetView) -> String {
    match (&asset.ticker, asset.decimals) {
        (Some(ticker), Some(decimals)) => format!("{} {ticker}", units::whole(amount, decimals.into())),
        _ => format!("{amount} base units of {}", asset.id),
    }
}

fn short(text: &str) -> String {
    if text.len() <= 16 || !text.is_ascii() {
        text.to_owned()
    } else {
        format!("{}...{}", &text[..8], &text[text.len() - 6..])
    }
}

impl Party {
    fn name(&self) -> String {
        self.label.clone().unwrap_or_else(|| short(&self.address))
    }

    fn text(&self) -> String {
        let label = self.label.as_ref().map(|label| format!(" [{label}]")).unwrap_or_default();
        format!("{}{label}", self.address)
    }
}

/// Who stands on a side of a transfer, or what stands for nobody.
fn side(party: Option<&Party>, nobody: &str) -> String {
    party.map_or_else(|| nobody.to_owned(), Party::text)
}

fn time(seconds: u64) -> String {
    i64::try_from(seconds).map_or_else(|_| seconds.to_string(), |s| Timestamp::from_unix(s).rfc3339())
}

/// Nodes of the picture by chain and address.
#[derive(Default)]
struct Nodes {
    nodes: Vec<Node>,
    by_party: HashMap<(String, String), usize>,
}

impl Nodes {
    fn of(&mut self, chain: &str, party: Option<&Party>, nobody: &str, column: u32) -> usize {
        let address = party.map_or(nobody, |party| party.address.as_str());
        let key = (chain.to_owned(), address.to_owned());
        let next = self.nodes.len();
        let at = *self.by_party.entry(key).or_insert(next);
        if at == next {
            let category = party.map_or(Category::UNATTRIBUTED, |party| party.category);
            let lines = match category.is_attributed() {
                true => vec![format!("{category} on {chain}")],
                false => vec![chain.to_owned()],
            };
            let class = if category.risk() == Risk::None { "tx" } else { category.risk().name() };
            let title = party.map_or_else(|| nobody.to_owned(), Party::name);
            self.nodes.push(Node { title, lines, class: class.to_owned(), column });
        }
        self.nodes[at].column = self.nodes[at].column.min(column);
        at
    }
}

impl Drawn for AccountTraceReport {
    fn graph(&self) -> Graph {
        let mut nodes = Nodes::default();
        // Between two parties, by asset: how much, and in how many transfers.
        let mut flows: BTreeMap<(usize, usize, String), (Amount, u32, AssetView)> = BTreeMap::new();
        let drawn = self.movements.len().min(render::MAX_DRAWN);
        let forward = self.direction == Direction::Forward;
        for movement in &self.movements[..drawn] {
            let TracedTransfer { chain, from, to, asset, .. } = &movement.transfer;
            let column = |is_far: bool| movement.hops + u32::from(is_far);
            let from = nodes.of(chain, from.as_ref(), "(new)", column(!forward));
            let to = nodes.of(chain, to.as_ref(), "(destroyed)", column(forward));
            let flow = flows.entry((from, to, asset.id.clone())).or_insert((Amount::ZERO, 0, asset.clone()));
            flow.0 = flow.0.checked_add(movement.marked).unwrap_or(Amount::MAX);
            flow.1 += 1;
        }
        let mut links: Vec<(usize, usize, String)> = Vec::new();
        for ((from, to, _), (amount, count, asset)) in flows {
            let count = if count > 1 { format!(" in {count} transfers") } else { String::new() };
            links.push((from, to, format!("{}{count}", money(amount, &asset))));
        }
        for crossing in self.crossings.iter().take(render::MAX_DRAWN) {
            let from = nodes.of(&crossing.from.chain, crossing.from.to.as_ref(), "(destroyed)", 0);
            let to = nodes.of(&crossing.to.chain, crossing.to.from.as_ref(), "(new)", 0);
            if from != to {
                let (kind, basis) = (crossing.kind, crossing.basis);
                let what = money(crossing.to.amount, &crossing.to.asset);
                links.push((from, to, format!("{kind} by {basis}: {what}")));
            }
        }
        for end in self.ends.iter().take(render::MAX_DRAWN) {
            let nobody = if forward { "(destroyed)" } else { "(new)" };
            let at = nodes.of(&end.chain, end.party.as_ref(), nobody, end.hops + 1);
            let node = &mut nodes.nodes[at];
            if node.lines.len() < 3 {
                node.lines.push(format!("{} {}", money(end.amount, &end.asset), end.kind));
            }
            if node.class == "tx" {
                node.class = end.risk.clone();
            }
        }
        for start in &self.starts {
            let key = (start.chain.clone(), start.party.as_ref().map(|p| p.address.clone()).unwrap_or_default());
            if let Some(node) = nodes.by_party.get(&key).and_then(|at| nodes.nodes.get_mut(*at))
                && node.class == "tx"
            {
                node.class = "start".to_owned();
            }
        }
        Graph { nodes: nodes.nodes, links, left_out: self.movements.len() - drawn }
    }

    fn table(&self, most: usize) -> String {
        let mut out = String::new();
        self.table_of_books(&mut out);
        let _ = writeln!(out, "Transfers ({}):", self.movements.len());
        for movement in self.movements.iter().take(most) {
            let TracedTransfer { asset, from, to, id, time: at, chain, height, .. } = &movement.transfer;
            let (from, to) = (side(from.as_ref(), "(new)"), side(to.as_ref(), "(destroyed)"));
            let _ = writeln!(out, "  hop {:>2} {} {from} -> {to}", movement.hops, money(movement.marked, asset));
            let _ = writeln!(out, "         {} {id} on {chain}, block {height}", time(*at));
        }
        left_out(&mut out, self.movements.len(), most);
        if !self.crossings.is_empty() {
            let _ = writeln!(out, "Links crossed ({}):", self.crossings.len());
        }
        for crossing in self.crossings.iter().take(most) {
            let pairs = crossing.measured_pairs;
            let error = crossing.error_ppm.map_or("not measured".to_owned(), |ppm| {
                format!("at most {}.{:02}% of {pairs} measured", ppm / 10_000, ppm / 100 % 100)
            });
            // Few pairs say little of it: what it rests on is said instead.
            let stated = if crossing.basis == Basis::Message { ", both sides name the message" } else { "" };
            let (from, to) = (&crossing.from, &crossing.to);
            // Backward the trace left where the link comes out.
            let (of_from, of_to) = match self.direction {
                Direction::Forward => (crossing.left, crossing.reached),
                Direction::Backward => (crossing.reached, crossing.left),
            };
            let _ = writeln!(
                out,
                "  {} by {}: {} on {} became {} on {} (wrong links: {error}{stated}; {})",
                crossing.kind,
                crossing.basis,
                money(of_from, &from.asset),
                from.chain,
                money(of_to, &to.asset),
                to.chain,
                crossing.evidence
            );
        }
        left_out(&mut out, self.crossings.len(), most);
        self.table_of_ends(&mut out, most);
        for gap in &self.gaps {
            let _ = writeln!(out, "note: {gap}");
        }
        out
    }
}

fn left_out(out: &mut String, count: usize, most: usize) {
    if count > most {
        let _ = writeln!(out, "  ... {} more", count - most);
    }
}

impl AccountTraceReport {
    fn table_of_books(&self, out: &mut String) {
        let policy = self.policy;
        let way = if self.direction == Direction::Forward { "forward" } else { "backward" };
        let state = if self.balances { "Balanced" } else { "UNBALANCED" };
        let over = if self.links { "over swaps, wraps and bridges" } else { "not over links" };
        let _ = writeln!(out, "{state} {policy} trace {way}, {over}, on {}:", self.chains.join(", "));
        for books in &self.books {
            let money = |amount| money(amount, &books.asset);
            let _ = write!(out, "  {} on {}: {} marked", books.asset.id, books.chain, money(books.marked));
            for (amount, what) in [
                (books.added, "drawn in by poison"),
                (books.crossed_in, "from links"),
                (books.crossed_out, "into links"),
                (books.fees, "in fees"),
                (books.found, "found"),
                (books.common, "met again"),
            ] {
                if !amount.is_zero() {
                    let _ = write!(out, ", {} {what}", money(amount));
                }
            }
            out.push('\n');
            for (category, amount) in &books.by_category {
                let risk = match category.risk() {
                    Risk::None => "no known",
                    risk => risk.name(),
                };
                let _ = writeln!(out, "    {}  {category} ({risk} risk)", money(*amount));
            }
        }
    }

    fn table_of_ends(&self, out: &mut String, most: usize) {
        let _ = writeln!(out, "Ends ({}):", self.ends.len());
        for end in self.ends.iter().take(most) {
            let place = end.party.as_ref().map_or_else(|| "nobody".to_owned(), Party::text);
            let category = end.party.as_ref().map_or(Category::UNATTRIBUTED, |p| p.category);
            let (amount, kind, chain) = (money(end.amount, &end.asset), end.kind, &end.chain);
            let _ = writeln!(out, "  hop {:>2} {amount} {kind} at {place} on {chain}, {category}", end.hops);
        }
        left_out(out, self.ends.len(), most);
        if !self.candidates.is_empty() {
            let _ = writeln!(out, "Candidates at mixers, never facts ({}):", self.candidates.len());
        }
        for candidate in self.candidates.iter().take(most) {
            let error = candidate.error_ppm.map_or("error not measured".to_owned(), |ppm| {
                format!("at most {}% of such candidates are wrong", ppm.div_ceil(10_000))
            });
            let transfer = &candidate.transfer;
            let _ = writeln!(
                out,
                "  rank {} for {}: {} from {} ({error})",
                candidate.rank,
                candidate.of,
                transfer.id,
                side(transfer.from.as_ref(), "(new)")
            );
        }
        left_out(out, self.candidates.len(), most);
        for assumed in self.assumed.iter().take(most) {
            let amount = money(assumed.amount, &assumed.asset);
            let _ = writeln!(out, "Assumed: {} held {amount} before the first stored block.", assumed.address);
        }
    }
}
