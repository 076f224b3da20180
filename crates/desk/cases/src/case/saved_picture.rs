//! The picture that the explorer saves with a graph: boxes and lines as they were drawn, no markup. The case's page draws them as SVG, its report as a picture of
//! the document, so that nothing that somebody sends is shown as it came.

use super::*;
use holdfast_documents::pdf::{Picture, TextBox};
use std::fmt::Write as _;

/// Most boxes of a picture; a larger graph is saved without one.
const MAX_PICTURED: usize = 200;
/// Most lines of it.
const MAX_LINES: usize = 1_000;
/// Longest text, in characters.
const MAX_TEXT: usize = 120;
/// Lines that a report has in words.
const MAX_SAID: usize = 60;
/// Widest that a page shows it, in pixels; it is scaled down to that.
const MAX_WIDTH: u16 = 860;

/// How risky a box is, or that it is a transaction, note or group, which are neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Look {
    Severe,
    High,
    Medium,
    Low,
    Unknown,
    Plain,
}

impl Look {
    /// The class of pictures of traces that looks the same.
    const fn class(self) -> &'static str {
        match self {
            Look::Severe => "severe",
            Look::High => "high",
            Look::Medium => "medium",
            Look::Low => "low",
            Look::Unknown => "none",
            Look::Plain => "tx",
        }
    }
}

/// A box: upper left corner, width and height, and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    at: (u16, u16),
    size: (u16, u16),
    look: Look,
    title: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    note: String,
}

/// A line between two boxes, with the sum that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edge {
    from: usize,
    to: usize,
    /// Where it begins, where it ends, and where its curve bends.
    ends: ((u16, u16), (u16, u16)),
    bend: u16,
    sum: String,
    /// Where the sum is written, where it covers nothing.
    #[serde(default)]
    at: Option<(u16, u16)>,
}

/// A picture of a graph as it was saved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPicture {
    size: (u16, u16),
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// Returns the picture of a saved graph; none of those that have none: larger ones, and those of earlier versions.
#[must_use]
pub fn graph_picture(body: &serde_json::Value) -> Option<SavedPicture> {
    SavedPicture::read(body).ok().flatten()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl SavedPicture {
    /// Reads the picture in the body of a graph, if it has one.
    ///
    /// # Errors
    /// When it is larger than pictures may be, or its lines have no boxes; the field and the fix.
    pub(super) fn read(body: &serde_json::Value) -> Result<Option<Self>, Invalid> {
        let Some(value) = body.get("picture").filter(|v| !v.is_null()) else { return Ok(None) };
        let wrong = |problem: String| Invalid::new("body.picture", problem);
        let picture = SavedPicture::deserialize(value).map_err(|e| wrong(e.to_string()))?;
        let (nodes, edges) = (picture.nodes.len(), picture.edges.len());
        if nodes == 0 || nodes > MAX_PICTURED || edges > MAX_LINES {
            return Err(wrong(format!(
                "1 to {MAX_PICTURED} nodes and at most {MAX_LINES} edges; leave it out of a larger graph"
            )));
        }
        if picture.edges.iter().any(|e| e.from >= nodes || e.to >= nodes) {
            return Err(wrong("an edge names a node that there is not".into()));
        }
        let texts = picture.nodes.iter().flat_map(|n| [&n.title, &n.sub, &n.note]);
        let is_wrong = |text: &String| text.chars().count() > MAX_TEXT || text.chars().any(char::is_control);
        if texts.chain(picture.edges.iter().map(|e| &e.sum)).any(is_wrong) {
            return Err(wrong(format!("a text is longer than {MAX_TEXT} characters, or has control characters")));
        }
        Ok(Some(picture))
    }

    /// Returns the numbers of its boxes and of its lines.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.nodes.len(), self.edges.len())
    }

    /// Returns it as SVG without styles of its own, for a page; `label` says what it is.
    #[must_use]
    pub fn svg(&self, label: &str) -> String {
        let (width, height) = self.size;
        let shown = width.clamp(1, MAX_WIDTH);
        let tall = (u32::from(height) * u32::from(shown)).div_ceil(u32::from(width.max(1)));
        let mut out = format!(
            "<svg class=\"trace\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{shown}\" height=\"{tall}\" role=\"img\" aria-label=\"{}\">",
            escape(label)
        );
        // Writing to a string does not fail.
        for edge in &self.edges {
            let (((x1, y1), (x2, y2)), c) = (edge.ends, edge.bend);
            let _ = write!(
                out,
                "<path class=\"link\" d=\"M{x1} {y1}C{c} {y1} {c} {y2} {x2} {y2}\"><title>{}</title></path>",
                escape(&edge.sum)
            );
        }
        for (edge, (x, y)) in self.edges.iter().filter_map(|e| Some((e, e.at?))) {
            let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" class=\"sum\">{}</text>", escape(&edge.sum));
        }
        for node in &self.nodes {
            let ((x, y), (w, h)) = (node.at, node.size);
            let _ = write!(
                out,
                "<g class=\"place {}\" transform=\"translate({x} {y})\"><rect width=\"{w}\" height=\"{h}\" rx=\"6\"/><text x=\"10\" y=\"17\" class=\"title\">{}</text><text x=\"10\" y=\"32\">{}</text>",
                node.look.class(),
                escape(&node.title),
                escape(&node.sub)
            );
            if !node.note.is_empty() {
                let _ = write!(out, "<text x=\"0\" y=\"-5\">{}</text>", escape(&node.note));
            }
            out.push_str("</g>");
        }
        out.push_str("</svg>");
        out
    }

    /// Returns it as a picture of a document.
    pub(super) fn document(&self) -> Picture {
        let boxes = self.nodes.iter().map(|n| {
            let text = [&n.title, &n.sub].into_iter().filter(|t| !t.is_empty()).cloned().collect();
            TextBox { at: n.at, size: n.size, text }
        });
        Picture { size: self.size, boxes: boxes.collect(), lines: self.edges.iter().map(|e| e.ends).collect() }
    }

    /// Returns its lines and notes in words, because a document's picture has no sums; what is left out is counted.
    pub(super) fn said(&self) -> Vec<String> {
        let name = |n: usize| self.nodes.get(n).map_or("", |node| node.title.as_str());
        let mut lines: Vec<String> = self
            .edges
            .iter()
            .take(MAX_SAID)
            .map(|e| format!("{} to {}: {}", name(e.from), name(e.to), e.sum))
            .collect();
        if self.edges.len() > MAX_SAID {
            lines.push(format!("{} more edges are in the picture", self.edges.len() - MAX_SAID));
        }
        let notes = self.nodes.iter().filter(|n| !n.note.is_empty());
        lines.extend(notes.map(|n| format!("{}: {}", n.title, n.note)));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> serde_json::Value {
        json!({"version": 2, "log": [], "picture": {"size": [460, 90], "nodes": [
            {"at": [24, 24], "size": [180, 40], "look": "severe", "title": "Locky <b>", "sub": "ransomware", "note": "paid & seen"},
            {"at": [260, 24], "size": [180, 40], "look": "plain", "title": "4a5e1e4b…afdeda33"},
        ], "edges": [{"from": 0, "to": 1, "ends": [[204, 44], [260, 44]], "bend": 232, "sum": "0.5 BTC", "at": [232, 40]}]}})
    }

    #[test]
    fn a_picture_is_drawn_as_svg_and_in_a_document_without_what_was_sent_as_markup() {
        let picture = graph_picture(&body()).unwrap();
        let svg = picture.svg("Graph \"of\" the case");
        for part in [
            "Graph &quot;of&quot; the case",
            "Locky &lt;b&gt;",
            "paid &amp; seen",
            "place severe",
            "M204 44C232 44 232 44 260 44",
            ">0.5 BTC</text>",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        assert!(!svg.contains("<b>") && !svg.contains("style"), "{svg}");
        let document = picture.document();
        assert_eq!((document.size, document.boxes.len(), document.lines.len()), ((460, 90), 2, 1));
        assert_eq!(document.boxes[0].text, ["Locky <b>", "ransomware"]);
        assert_eq!(picture.said(), ["Locky <b> to 4a5e1e4b…afdeda33: 0.5 BTC", "Locky <b>: paid & seen"]);
        assert_eq!(picture.counts(), (2, 1));
    }

    #[test]
    fn what_is_no_picture_is_refused_by_its_field_and_none_is_none() {
        assert_eq!(SavedPicture::read(&json!({"version": 2, "log": []})).unwrap(), None);
        assert_eq!(SavedPicture::read(&json!({"picture": null})).unwrap(), None);
        let wrong = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut body = body();
            change(&mut body["picture"]);
            assert_eq!(graph_picture(&body), None);
            SavedPicture::read(&body).unwrap_err()
        };
        let (first, one) = (body()["picture"]["nodes"][0].clone(), |path: &str, value: serde_json::Value| {
            wrong(&|picture| *picture.pointer_mut(path).expect("a part of the picture") = value.clone())
        });
        for (e, words) in [
            (one("/edges/0/to", json!(2)), "names a node"),
            (one("/nodes", json!([])), "1 to 200 nodes"),
            (one("/nodes", json!(vec![first; 201])), "1 to 200 nodes"),
            (one("/nodes/0/title", json!("x".repeat(121))), "longer than 120"),
            (one("/nodes/0/look", json!("onload")), "onload"),
            (one("/size", json!([70_000, 1])), "70000"),
        ] {
            assert!(e.field == "body.picture" && e.problem.contains(words), "{e:?}");
        }
    }
}
