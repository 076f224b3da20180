//! Tools on the pages of labs without a chain: the desk's review of requests, the scan of seized material, customers' events
//! with the patterns found. The same functions that the desk uses; none knows a lab's truth.

use crate::labs::Made;
use holdfast_cases::seized::derive_all;
use holdfast_decision::{ChainFacts, Event, Record, Typology};
use holdfast_evaluation::{Exchange, findings};
use holdfast_forensics::derive::Derived;
use holdfast_forensics::scan::{Finding, scan};
use holdfast_forensics::seal::{Sealer, open};
use holdfast_requests::{Inquiry, Policy, Review, review};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The desk's review of a request.
    Review,
    /// A scan of files for seeds, keys, addresses and traces.
    Scan,
    /// Customers and their events, with patterns.
    Screen,
}

/// Returns the tool for a lab's files.
#[must_use]
pub fn tool_of(made: &Made) -> Option<Tool> {
    let has = |name: &str| made.files.iter().any(|f| f.0 == name);
    if has("events.jsonl") {
        Some(Tool::Screen)
    } else if made.files.iter().any(|f| f.0.ends_with(".json")) {
        Some(Tool::Review)
    } else if made.files.is_empty() {
        None
    } else {
        Some(Tool::Scan)
    }
}

/// Returns the desk's review of a request: an inquiry, or a request alone.
///
/// # Errors
/// A description of the cause.
pub fn review_text(text: &str) -> Result<Review, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| format!("no JSON: {e}"))?;
    let value = match value.get("request") {
        Some(_) => value,
        None => serde_json::json!({ "request": value }),
    };
    let inquiry: Inquiry = serde_json::from_value(value).map_err(|e| format!("no request: {e}"))?;
    review(&Policy::standard(), &inquiry).map_err(|e| e.to_string())
}

/// Results of a scan, with its secrets opened: they belong to no real person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// Findings; their sources are the lab's files.
    pub findings: Vec<Finding>,
    /// Secrets by fingerprint.
    pub secrets: BTreeMap<String, String>,
    /// Addresses that they control.
    pub derived: Vec<Derived>,
}

/// Most addresses derived of each branch.
const GAP: u32 = 3;

/// Scans a lab's files.
///
/// # Errors
/// A description of the cause when the system refuses.
pub fn scan_files(made: &Made) -> Result<Scanned, String> {
    let words = |e: &dyn std::fmt::Display| e.to_string();
    let dir = tempfile::tempdir().map_err(|e| words(&e))?;
    let (from, out) = (dir.path().join("files"), dir.path().join("out"));
    for (name, bytes) in &made.files {
        let place = from.join(name);
        std::fs::create_dir_all(place.parent().unwrap_or(&from)).map_err(|e| words(&e))?;
        std::fs::write(&place, bytes).map_err(|e| words(&e))?;
    }
    let identity = age::x25519::Identity::generate();
    let sealer = Sealer::new(&[identity.to_public().to_string()]).map_err(|e| words(&e))?;
    let mut report =
        scan(std::slice::from_ref(&from), &out, &sealer, &mut |_| ControlFlow::Continue(())).map_err(|e| words(&e))?;
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    let mut secrets = open(&secret, &report.sealed).map_err(|e| words(&e))?;
    // One missing word leaves a hundred candidates; the desk tries them, they are not listed here.
    let partial = |f: &Finding| f.kind == holdfast_forensics::Kind::Bip39Partial;
    let unsure: Vec<String> = report.findings.iter().filter(|f| partial(f)).map(|f| f.value.clone()).collect();
    report.sealed.retain(|s| !unsure.contains(&s.fingerprint));
    let derived = derive_all(&report, Some(&secret), GAP).map_err(|e| words(&e))?;
    secrets.retain(|print, _| report.findings.iter().any(|f| f.value == *print));
    let prefix = format!("{}/", from.display());
    for finding in &mut report.findings {
        finding.source = finding.source.replace(&prefix, "");
    }
    Ok(Scanned { findings: report.findings, secrets, derived })
}

/// A customer's month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Month {
    /// What is known of the customer.
    pub records: Vec<Record>,
    /// Events in order of time.
    pub events: Vec<Event>,
    /// Patterns that the desk finds.
    pub found: Vec<Typology>,
}

/// Returns the customers of a lab's exchange, with their events and records.
///
/// # Errors
/// A description of the cause.
pub fn screen_files(made: &Made) -> Result<BTreeMap<String, Month>, String> {
    fn lines<T: serde::de::DeserializeOwned>(made: &Made, name: &str) -> Result<Vec<T>, String> {
        let bytes = made.files.iter().find(|f| f.0 == name).map(|f| f.1.as_slice()).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        text.lines().map(|l| serde_json::from_str(l).map_err(|e| format!("{name}: {e}"))).collect()
    }
    let exchange = Exchange {
        records: lines(made, "records.jsonl")?,
        events: lines(made, "events.jsonl")?,
        ..Exchange::default()
    };
    let found = findings(&exchange, |_| ChainFacts::default(), &mut |_| ControlFlow::Continue(()))?;
    let mut months: BTreeMap<String, Month> = BTreeMap::new();
    for record in exchange.records {
        let customer = record.customer.clone().unwrap_or_else(|| record.id.clone());
        months.entry(customer).or_default().records.push(record);
    }
    for event in exchange.events {
        months.entry(event.customer.clone()).or_default().events.push(event);
    }
    for (typology, customer) in found {
        months.entry(customer).or_default().found.push(typology);
    }
    Ok(months)
}
