//! Printing of scans of seized material.

use crate::output::thousands;
use holdfast_cases::seized::Holding;
use holdfast_forensics::Confidence;
use holdfast_forensics::derive::Derived;
use holdfast_forensics::scan::Report;
use holdfast_types::units::with_unit;

/// Prints a scan: findings, notes, parts that were not opened, and what the ledger knows of the addresses.
pub fn print_scan(report: &Report, derived: &[Derived], holdings: &[Holding]) {
    for f in &report.findings {
        let sure = match f.confidence {
            Confidence::High => "",
            Confidence::Medium => " (perhaps)",
            Confidence::Low => " (by form only)",
        };
        println!("{} at {} of {}{sure}: {} {}", f.kind.name(), thousands(f.offset), f.source, f.value, f.detail);
        if !f.context.is_empty() {
            println!("    {}", f.context);
        }
    }
    for note in &report.notes {
        println!("note: {note}");
    }
    for source in &report.sources {
        source.warnings.iter().filter(|w| !source.not_opened.contains(w)).for_each(|w| println!("note: {w}"));
        source.not_opened.iter().for_each(|w| println!("not opened: {w}"));
    }
    if !derived.is_empty() {
        println!("{} addresses derived", thousands(derived.len()));
    }
    for h in holdings {
        println!(
            "{} {} ({}): received {}, holds {}",
            h.asset,
            h.address,
            h.origin,
            with_unit(h.received, &h.asset),
            with_unit(h.balance, &h.asset)
        );
        h.tags.iter().for_each(|t| println!("    tagged {t}"));
        for (category, share) in h.went_to.iter().take(5) {
            println!("    {:.1} % went to {category}", *share as f64 / 10_000.0);
        }
        h.customers.iter().for_each(|m| println!("    customer {}: {}", m.customer, m.because.join("; ")));
    }
    let bytes: u64 = report.sources.iter().map(|s| s.size).sum();
    println!(
        "{} findings, {} secrets sealed, in {} files of {} bytes",
        thousands(report.findings.len()),
        thousands(report.sealed.len()),
        thousands(report.sources.len()),
        thousands(bytes)
    );
    match report.not_opened().count() {
        0 => {}
        n => println!("{} things were not opened (listed above): something may be in them", thousands(n)),
    }
}
