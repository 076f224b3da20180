//! A case as a report to be read and signed.

use super::*;
use holdfast_account_workspace::trace_report::TracedEnd;
use serde::Deserialize;

/// Returns the ends of a saved trace as text, at most 40.
pub fn trace_lines(body: &serde_json::Value) -> Vec<String> {
    let ends = body["ends"].as_array().cloned().unwrap_or_default();
    let text = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let network = body["network"].as_str().and_then(|n| n.parse::<Network>().ok());
    let asset = network.map_or("an unknown asset", |n| n.parameters().asset);
    let line = |e: &serde_json::Value| {
        // A trace over account chains has an asset and a chain at each end.
        if let Ok(end) = TracedEnd::deserialize(e) {
            return account_end(&end);
        }
        let label = e["label"].as_str().or(e["entity"].as_str()).unwrap_or_default();
        let amount = e["amount"].as_u64().map_or_else(|| text(&e["amount"]), |n| with_unit(n, asset));
        format!("{amount} at {} {label} ({})", text(&e["address"]), text(&e["kind"]))
    };
    ends.iter().take(40).map(line).collect()
}

fn account_end(end: &TracedEnd) -> String {
    let (address, label) = match &end.party {
        Some(party) => (party.address.as_str(), party.label.as_deref().unwrap_or_default()),
        None => ("nobody", ""),
    };
    format!("{} at {address} {label} ({}, {})", end.asset.amount(end.amount), end.kind, end.chain)
}

impl Cases<'_> {
    /// Returns a case as a report to be read and signed (PDF).
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's; [`CaseError`] when the database or the PDF fails.
    pub fn case_report(
        &self,
        id: CaseId,
        chains: &[Arc<dyn ChainQueries>],
        person: &Person,
    ) -> Result<Vec<u8>, CaseError> {
        let file = self.case(id, chains, person)?;
        let c = &file.case;
        let mut parts = vec![
            field("State", c.state.to_string()),
            field("Opened", format!("{} by {}", c.created.rfc3339(), c.created_by)),
            field(
                "People",
                file.members.iter().map(|m| format!("{} ({})", m.person, m.role)).collect::<Vec<_>>().join(", "),
            ),
        ];
        parts.extend(c.typology.iter().map(|t| field("Typology", t.clone())));
        parts.extend(
            c.closed.map(|t| {
                field("Closed", format!("{}: {}", t.rfc3339(), c.closed_reason.as_deref().unwrap_or_default()))
            }),
        );
        if !file.coverage.is_empty() {
            let chains: Vec<String> = file.coverage.iter().map(CoveredChain::text).collect();
            parts.push(field("Chains looked at", chains.join("; ")));
        }
        if !file.uncovered.is_empty() {
            parts.push(field("Not looked up, no ledger", file.uncovered.join(", ")));
        }
        parts.push(text(c.summary.clone()));
        let kinds = [
            ("subject", "Subjects"),
            ("address", "Addresses"),
            ("transaction", "Transactions"),
            ("exhibit", "Exhibits and their custody"),
            ("trace", "Traces"),
            ("graph", "Graphs"),
            ("request", "Requests"),
            ("alert", "Alerts"),
            ("hold", "Holds"),
            ("event", "Events"),
            ("note", "Notes"),
            ("task", "Tasks"),
        ];
        for (kind, title) in kinds {
            let list: Vec<&Item> = file.items.iter().filter(|i| i.kind == kind && i.withdrawn.is_none()).collect();
            if list.is_empty() {
                continue;
            }
            parts.push(heading(title));
            for i in list {
                let name = if i.key.is_empty() { format!("#{}", i.id) } else { i.key.clone() };
                parts.push(field(&name, i.title.clone()));
                for c in &i.custody {
                    let hash = c.sha256.as_ref().map_or(String::new(), |h| format!(", SHA-256 {h}"));
                    parts.push(Part::Small(format!(
                        "{} {} by {} at {}: {}{hash}",
                        c.time.rfc3339(),
                        c.action,
                        c.person,
                        c.place,
                        c.note
                    )));
                }
                if let Some(picture) = (kind == "graph").then(|| graph_picture(&i.body)).flatten() {
                    parts.push(Part::Picture(picture.document()));
                    parts.extend(picture.said().into_iter().map(Part::Small));
                }
                if kind == "trace" {
                    parts.extend(picture::trace_picture(&i.body).map(Part::Picture));
                    parts.extend(trace_lines(&i.body).into_iter().map(Part::Small));
                }
            }
        }
        if !file.links.is_empty() {
            parts.push(heading("Linked cases"));
            for l in &file.links {
                parts.push(field(&format!("Case {}", l.case), l.because.join("; ")));
            }
        }
        parts.push(heading("Timeline (UTC)"));
        parts.extend(file.timeline.iter().map(|m| Part::Small(format!("{}  {}", m.time.rfc3339(), m.what))));
        Ok(pdf::write(&format!("Case {}: {}", c.id, c.title), &parts, self.screening.now())?)
    }
}
