//! Saved traces as pictures.

use holdfast_account_workspace::trace_report::AccountTraceReport;
use holdfast_analysis::render::{self, Drawn, Graph};
use holdfast_analysis::report::TraceReport;
use holdfast_documents::pdf::{Picture, TextBox};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Largest trace that is drawn beside a case, in movements; a larger one has its own page.
const MAX_NODES: usize = 200;

/// A trace as it was saved: over outputs, or over account chains.
fn read<T>(body: &serde_json::Value, draw: impl Fn(&dyn Fn() -> Graph, &dyn Fn() -> String) -> T) -> Option<T> {
    if let Ok(report) = TraceReport::deserialize(body) {
        return Some(draw(&|| report.graph(), &|| render::svg(&report)));
    }
    let report = AccountTraceReport::deserialize(body).ok()?;
    Some(draw(&|| report.graph(), &|| render::svg(&report)))
}

/// Returns the graph of a saved trace; none for what is no trace, or too large to be drawn.
#[must_use]
pub fn trace_graph(body: &serde_json::Value) -> Option<Graph> {
    read(body, |graph, _| graph()).filter(|graph| !graph.nodes.is_empty() && graph.nodes.len() <= MAX_NODES)
}

/// Returns a saved trace as SVG; none for what is no trace, or too large to be drawn.
#[must_use]
pub fn trace_svg(body: &serde_json::Value) -> Option<String> {
    trace_graph(body)?;
    read(body, |_, svg| svg())
}

/// Returns a saved trace as a picture of a document: columns by distance from the start; none for what is no trace, or too large.
pub(super) fn trace_picture(body: &serde_json::Value) -> Option<Picture> {
    const BOX: (u16, u16) = (190, 58);
    const GAP: (u16, u16) = (60, 14);
    let graph = trace_graph(body)?;
    let mut rows: BTreeMap<u32, u16> = BTreeMap::new();
    let mut boxes = Vec::new();
    for node in &graph.nodes {
        let row = rows.entry(node.column).or_default();
        let x = u16::try_from(node.column).ok()?.checked_mul(BOX.0 + GAP.0)?;
        let at = (x, row.checked_mul(BOX.1 + GAP.1)?);
        *row += 1;
        let text = std::iter::once(&node.title).chain(&node.lines).take(4).cloned().collect();
        boxes.push(TextBox { at, size: BOX, text });
    }
    let right = boxes.iter().map(|b| b.at.0).max()?.checked_add(BOX.0)?;
    let bottom = boxes.iter().map(|b| b.at.1).max()?.checked_add(BOX.1)?;
    let middle = BOX.1 / 2;
    let line = |(from, to, _): &(usize, usize, String)| {
        let (a, b) = (boxes.get(*from)?.at, boxes.get(*to)?.at);
        Some(((a.0 + BOX.0, a.1 + middle), (b.0, b.1 + middle)))
    };
    let lines = graph.links.iter().filter_map(line).collect();
    Some(Picture { size: (right, bottom), boxes, lines })
}
