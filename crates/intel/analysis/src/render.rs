//! Traces as a table, Graphviz, Mermaid, and a self-contained HTML graph.

use crate::report::{TraceReport, coins};
use crate::trace::Direction;
use holdfast_attribution::Risk;
use holdfast_bitcoin::Network;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

/// Most movements that a picture shows; the table and JSON have all.
pub const MAX_DRAWN: usize = 2_000;

/// A graph of what a trace went through, as pictures draw it.
#[derive(Debug)]
pub struct Graph {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// From node, to node, label.
    pub links: Vec<(usize, usize, String)>,
    /// Movements that are not in it.
    pub left_out: usize,
}

/// A transaction, a place or an account in a [`Graph`].
#[derive(Debug)]
pub struct Node {
    /// Name.
    pub title: String,
    /// What stands under it.
    pub lines: Vec<String>,
    /// `start`, `tx` for what money passes, or the risk of the end's category.
    pub class: String,
    /// Distance from the start.
    pub column: u32,
}

/// A report of a trace that has a table and a picture.
pub trait Drawn: Serialize {
    /// Returns the picture, of at most about [`MAX_DRAWN`] movements.
    fn graph(&self) -> Graph;

    /// Returns the report as text, with at most `most` lines of each list.
    fn table(&self, most: usize) -> String;
}

impl Drawn for TraceReport {
    fn graph(&self) -> Graph {
        graph(self)
    }

    fn table(&self, most: usize) -> String {
        outputs_table(self, most)
    }
}

/// Returns a plain table for terminals.
pub fn table<R: Drawn>(report: &R, most: usize) -> String {
    report.table(most)
}

fn short(text: &str) -> String {
    if text.len() <= 16 { text.to_owned() } else { format!("{}...{}", &text[..8], &text[text.len() - 6..]) }
}

/// Coins of the report's chain with their name.
fn money(report: &TraceReport, amount: u64) -> String {
    match report.network.parse::<Network>() {
        Ok(network) => format!("{} {}", coins(amount), network.parameters().asset),
        Err(_) => coins(amount),
    }
}

fn graph(report: &TraceReport) -> Graph {
    let coins = |amount: u64| money(report, amount);
    let mut nodes: Vec<Node> = Vec::new();
    let mut links = Vec::new();
    let mut txs: HashMap<String, usize> = HashMap::new();
    let drawn = report.movements.len().min(MAX_DRAWN);
    for m in &report.movements[..drawn] {
        let next = nodes.len();
        let node = *txs.entry(m.tx.clone()).or_insert(next);
        if node == next {
            nodes.push(Node {
                title: short(&m.tx),
                lines: vec![format!("block {}", m.height)],
                class: "tx".into(),
                column: m.hops,
            });
        }
        nodes[node].column = nodes[node].column.min(m.hops);
    }
    let start = nodes.len();
    nodes.push(Node {
        title: "start".into(),
        lines: vec![format!("{} marked", coins(report.marked))],
        class: "start".into(),
        column: 0,
    });
    let what = |p: &crate::report::Place| {
        let name = p.label.clone().or_else(|| p.address.as_deref().map(short)).unwrap_or_else(|| "unknown".into());
        format!("{} {name}", coins(p.amount))
    };
    let from_of = |via: &Option<String>| via.as_ref().and_then(|t| txs.get(t)).copied().unwrap_or(start);
    for m in &report.movements[..drawn] {
        links.push((from_of(&m.via), txs[&m.tx], what(&m.place)));
    }
    for e in &report.ends {
        if nodes.len() > 2 * MAX_DRAWN {
            break;
        }
        let from = from_of(&e.via);
        let title =
            e.place.label.clone().or_else(|| e.place.address.as_deref().map(short)).unwrap_or_else(|| "unknown".into());
        nodes.push(Node {
            title,
            lines: vec![coins(e.place.amount), format!("{} ({})", e.place.category, e.kind)],
            class: e.place.category.risk().name().to_owned(),
            column: e.hops + 1,
        });
        links.push((from, nodes.len() - 1, coins(e.place.amount)));
    }
    Graph { nodes, links, left_out: report.movements.len() - drawn }
}

fn outputs_table(report: &TraceReport, most: usize) -> String {
    let coins = |amount: u64| money(report, amount);
    let mut out = String::new();
    let arrow = if report.direction == Direction::Forward { "to" } else { "from" };
    let _ = writeln!(
        out,
        "{} {} trace of {} on {}: {} found, {} in fees{}",
        if report.balances { "Balanced" } else { "UNBALANCED" },
        report.policy,
        coins(report.marked),
        report.network,
        coins(report.found),
        coins(report.fees),
        if report.added > 0 { format!(", {} drawn in by poison", coins(report.added)) } else { String::new() }
    );
    let _ = writeln!(out, "Risk score {} of 100 by where it was found.", report.risk_score);
    for (category, amount) in &report.by_category {
        let risk = match category.risk() {
            Risk::None => "no known".to_owned(),
            risk => format!("{risk:?}").to_lowercase(),
        };
        let _ = writeln!(out, "  {:>22}  {category} ({risk} risk)", coins(*amount));
    }
    let _ = writeln!(out, "Movements ({}):", report.movements.len());
    for m in report.movements.iter().take(most) {
        let name = m.place.label.as_deref().map(|l| format!(" [{l}]")).unwrap_or_default();
        let address = m.place.address.as_deref().unwrap_or("unknown address");
        let _ = writeln!(
            out,
            "  hop {:>2} {:>20}  {}:{} at {address}{name} {arrow} {} in block {}",
            m.hops,
            coins(m.place.amount),
            short(&m.place.txid),
            m.place.vout,
            short(&m.tx),
            m.height
        );
    }
    if report.movements.len() > most {
        let _ = writeln!(out, "  ... {} more", report.movements.len() - most);
    }
    let _ = writeln!(out, "Ends ({}):", report.ends.len());
    let mut ends: Vec<_> = report.ends.iter().collect();
    ends.sort_by_key(|e| std::cmp::Reverse(e.place.amount));
    for e in ends.iter().take(most) {
        let name = e.place.label.as_deref().map(|l| format!(" [{l}]")).unwrap_or_default();
        let _ = writeln!(
            out,
            "  hop {:>2} {:>20}  {} at {}{name}, {}",
            e.hops,
            coins(e.place.amount),
            e.kind,
            e.place.address.as_deref().unwrap_or("unknown address"),
            e.place.category
        );
    }
    if report.ends.len() > most {
        let _ = writeln!(out, "  ... {} more", report.ends.len() - most);
    }
    for (txs, peeled) in &report.peel_chains {
        let _ = writeln!(
            out,
            "Peel chain of {} transactions from {} to {}, {} peeled off.",
            txs.len(),
            short(&txs[0]),
            short(&txs[txs.len() - 1]),
            coins(*peeled)
        );
    }
    if report.ends.iter().any(|e| e.kind == crate::trace::EndKind::Unspent) {
        let _ = writeln!(out, "Unspent means: not spent in the blocks of this ledger.");
    }
    if !report.assumed.is_empty() {
        let _ = writeln!(
            out,
            "{} transactions have inputs of unknown amount (earlier blocks are not stored); the least possible was taken.",
            report.assumed.len()
        );
    }
    out
}

/// Returns the graph in Graphviz's language (DOT).
pub fn graphviz<R: Drawn>(report: &R) -> String {
    let graph = report.graph();
    let mut out = String::from("digraph trace {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    let quote = |s: &str| s.replace('\\', "\\\\").replace('"', "\\\"");
    for (i, node) in graph.nodes.iter().enumerate() {
        let text = std::iter::once(&node.title).chain(&node.lines).map(|l| quote(l)).collect::<Vec<_>>().join("\\n");
        let shape = if node.class == "tx" { "ellipse" } else { "box" };
        let _ = writeln!(out, "  n{i} [label=\"{text}\", shape={shape}];");
    }
    for (from, to, label) in &graph.links {
        let _ = writeln!(out, "  n{from} -> n{to} [label=\"{}\"];", quote(label));
    }
    out.push_str("}\n");
    out
}

/// Returns the graph as a Mermaid flowchart.
pub fn mermaid<R: Drawn>(report: &R) -> String {
    let graph = report.graph();
    let mut out = String::from("flowchart LR\n");
    let clean = |s: &str| s.replace('"', "#quot;").replace(['\n', '\r'], " ");
    for (i, node) in graph.nodes.iter().enumerate() {
        let text = std::iter::once(&node.title).chain(&node.lines).map(|l| clean(l)).collect::<Vec<_>>().join("<br/>");
        let _ = writeln!(out, "  n{i}[\"{text}\"]");
    }
    for (from, to, label) in &graph.links {
        let _ = writeln!(out, "  n{from} -->|\"{}\"| n{to}", clean(label));
    }
    out
}

/// Returns what fits into a box of the picture; the whole text is in the table.
fn clip(text: &str) -> String {
    const MOST: usize = 30;
    if text.chars().count() <= MOST {
        text.to_owned()
    } else {
        text.chars().take(MOST - 3).chain("...".chars()).collect()
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Returns the graph as SVG: columns by hop, links as curves. Works without scripts.
pub fn svg<R: Drawn>(report: &R) -> String {
    const W: i64 = 190;
    const H: i64 = 58;
    const GAP_X: i64 = 110;
    const GAP_Y: i64 = 16;
    let graph = report.graph();
    let mut columns: BTreeMap<u32, i64> = BTreeMap::new();
    let places: Vec<(i64, i64)> = graph
        .nodes
        .iter()
        .map(|n| {
            let row = columns.entry(n.column).or_default();
            let place = (20 + i64::from(n.column) * (W + GAP_X), 20 + *row * (H + GAP_Y));
            *row += 1;
            place
        })
        .collect();
    let width = places.iter().map(|p| p.0).max().unwrap_or(0) + W + 20;
    let height = places.iter().map(|p| p.1).max().unwrap_or(0) + H + 20;
    let mut out = format!(
        "<svg class=\"trace\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"Trace graph\">\n"
    );
    for (from, to, label) in &graph.links {
        let ((x1, y1), (x2, y2)) = (places[*from], places[*to]);
        let (x1, y1, y2) = (x1 + W, y1 + H / 2, y2 + H / 2);
        let middle = (x1 + x2) / 2;
        let _ = writeln!(
            out,
            "<path class=\"link\" d=\"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}\"><title>{}</title></path>",
            escape(label)
        );
    }
    for (node, (x, y)) in graph.nodes.iter().zip(&places) {
        let _ = write!(
            out,
            "<g class=\"place {}\" transform=\"translate({x} {y})\"><rect width=\"{W}\" height=\"{H}\" rx=\"6\"/><text x=\"10\" y=\"20\" class=\"title\">{}</text>",
            escape(&node.class),
            escape(&clip(&node.title))
        );
        for (i, line) in node.lines.iter().enumerate() {
            let _ = write!(out, "<text x=\"10\" y=\"{}\">{}</text>", 36 + 14 * i, escape(&clip(line)));
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    if graph.left_out > 0 {
        let _ = writeln!(out, "<p>{} more movements are not drawn.</p>", graph.left_out);
    }
    out
}

/// Styles of the graph, light and dark. Colours show risk; what is unknown has its own, grey with a broken line, never that of services.
pub const STYLE: &str = "svg.trace .link{fill:none;stroke:#8a94a6;stroke-width:1.5}svg.trace rect{fill:#fff;stroke:#8a94a6}\
svg.trace text{font:11px sans-serif;fill:#1b2430;text-anchor:start}svg.trace .title{font-weight:bold}svg.trace .start rect{fill:#dbeafe}\
svg.trace .severe rect{fill:#fecaca}svg.trace .high rect{fill:#fed7aa}svg.trace .medium rect{fill:#fef08a}svg.trace .low rect{fill:#dcfce7}\
svg.trace .none rect{fill:#e2e8f0;stroke-dasharray:4 3}\
@media(prefers-color-scheme:dark){svg.trace rect{fill:#1f2937;stroke:#64748b}svg.trace text{fill:#e5e7eb}svg.trace .start rect{fill:#1e3a8a}\
svg.trace .severe rect{fill:#7f1d1d}svg.trace .high rect{fill:#7c2d12}svg.trace .medium rect{fill:#713f12}svg.trace .low rect{fill:#14532d}\
svg.trace .none rect{fill:#334155}}";

/// Returns one HTML file with the graph, the table and the data; needs nothing else.
pub fn html<R: Drawn>(report: &R) -> String {
    let data = serde_json::to_string(report).unwrap_or_default().replace("</", "<\\/");
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Holdfast trace</title><style>body{{font:15px/1.5 sans-serif;margin:2rem;background:#f8fafc;color:#1b2430}}\
         pre{{white-space:pre-wrap}}.graph{{overflow:auto;border:1px solid #8a94a6;border-radius:6px}}\
         @media(prefers-color-scheme:dark){{body{{background:#0f172a;color:#e5e7eb}}}}{STYLE}</style></head><body>\
         <h1>Trace</h1><div class=\"graph\" tabindex=\"0\">{}</div><h2>In words</h2><pre>{}</pre>\
         <script type=\"application/json\" id=\"trace\">{data}</script></body></html>\n",
        svg(report),
        escape(&table(report, 500))
    )
}
