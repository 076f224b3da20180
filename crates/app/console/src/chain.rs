//! Printing of a chain's answers: transactions, blocks, addresses, searches, explanations, paths.

use crate::output::{counted, name_of, thousands};
use crate::show::print_exposure;
use holdfast_analysis::report::coins;
use holdfast_types::{Network, Timestamp};
use holdfast_workspace::lookup::{HitKind, Lookup};
use holdfast_workspace::{AddressReport, BlockReport, ExplainReport, PathReport, TagView, TxReport, TxSide};

/// Sides of a transaction that are printed.
const MAX_SIDES: usize = 100;

fn print_tags(tags: &[TagView], indent: &str) {
    for tag in tags {
        println!(
            "{indent}{} [{}, {} risk] confidence {} ({}), {}, pack '{}' of {}",
            tag.label,
            tag.category,
            tag.risk,
            tag.confidence,
            tag.confidence_level,
            tag.source,
            tag.pack,
            if tag.lastmod.is_empty() { "unknown date" } else { &tag.lastmod }
        );
    }
}

/// Prints the results of a search, with its limits.
pub fn print_lookup(found: &Lookup) {
    for hit in &found.hits {
        let name = hit.name.as_ref().map(|n| format!(" '{n}'")).unwrap_or_default();
        let category = match hit.category.is_attributed() {
            true if hit.by_cluster => format!(" [{}, {} risk, by its cluster or kind]", hit.category, hit.risk),
            true => format!(" [{}, {} risk]", hit.category, hit.risk),
            false => String::new(),
        };
        let chain = hit.chain.as_ref().and_then(|_| hit.chain_name()).map(|n| format!(" on {n}")).unwrap_or_default();
        println!("{} {}{name}{category}{chain} {}", name_of(&hit.kind), hit.id, hit.assets.join(", "));
        if matches!(hit.kind, HitKind::Actor | HitKind::Label) {
            println!("    {} addresses: {}", thousands(hit.addresses), hit.examples.join(", "));
        }
    }
    if found.more > 0 {
        println!("... {} more; write more of the name or id", thousands(found.more));
    }
    found.unknown.iter().for_each(|text| println!("nothing is known here of '{text}'"));
    found.notes.iter().for_each(|note| println!("note: {note}"));
}

fn print_sides(title: &str, sides: &[TxSide], asset: &str) {
    for side in sides.iter().take(MAX_SIDES) {
        let label = side.label.as_ref().map(|l| format!(" [{l}, {}]", side.category)).unwrap_or_default();
        let amount = side.value.map_or("unknown".into(), |v| format!("{} {asset}", coins(v)));
        println!("  {title} {amount:>22}  {}{label}", side.address.as_deref().unwrap_or("unknown address"));
    }
    if let Some(rest) = sides.get(MAX_SIDES..).filter(|rest| !rest.is_empty()) {
        let amount: u64 = rest.iter().filter_map(|s| s.value).sum();
        let amount = format!("{} {asset}", coins(amount));
        println!("  {title} {amount:>22}  in {} more (see --json)", rest.len());
    }
}

/// Prints a transaction with its inputs, outputs and exposure.
pub fn print_tx(report: &TxReport) {
    let asset = report.asset.as_str();
    println!("Transaction {} in block {} ({})", report.txid, report.height, report.block);
    println!("block time {}", Timestamp::from(report.time).rfc3339());
    match (report.fee, report.coinbase) {
        (Some(fee), _) => println!("fee {} {asset}, weight {}", coins(fee), report.weight),
        (None, true) => println!("makes coins, weight {}", report.weight),
        (None, false) => println!("fee unknown (inputs of blocks not stored), weight {}", report.weight),
    }
    if let Some(kind) = &report.coinjoin {
        println!("looks like a {kind} coinjoin; its inputs are not merged");
    }
    print_sides("in ", &report.inputs, asset);
    print_sides("out", &report.outputs, asset);
    if let Some(exposure) = &report.exposure {
        print_exposure(exposure);
    }
}

/// Prints a block with the ids of its transactions.
pub fn print_block(report: &BlockReport) {
    println!("Block {} {}", report.height, report.hash);
    println!("time {}", Timestamp::from(report.time).rfc3339());
    println!("{} transactions, {} bytes", thousands(report.tx_count), thousands(report.size));
    report.txids.iter().for_each(|txid| println!("  {txid}"));
}

/// Prints the report on an address, by a ledger of `network`.
pub fn print_address(report: &AddressReport, network: Network) {
    let asset = network.parameters().asset;
    println!("Address {} ({}), {}", report.address, report.script, report.category);
    if report.ownerless {
        println!(
            "It has no owner (it is spendable by anyone or by no one): it joins no cluster, and tags on it name no one."
        );
    }
    let (received, balance) = (coins(report.received), coins(report.balance));
    if !report.in_ledger {
        println!("No stored block mentions it; this ledger is of {network} only.");
    } else if report.outside > 0 {
        println!(
            "received {} in {}, {} of them in blocks not stored; balance in stored blocks {balance} {asset}",
            match report.outside == report.receipt_count {
                true => "an unknown amount".to_owned(),
                false => format!("at least {received} {asset}"),
            },
            counted(report.receipt_count, "output"),
            report.outside,
        );
    } else {
        let outputs = counted(report.receipt_count, "output");
        println!("received {received} {asset} in {outputs}, balance {balance} {asset}");
    }
    print_tags(&report.tags, "tag: ");
    if let Some(entity) = &report.entity {
        let addresses = if entity.addresses == 1 { "address" } else { "addresses" };
        println!("entity: {} {addresses}, cluster of {}", thousands(entity.addresses), entity.root_address);
        print_tags(entity.tag.as_slice(), "entity tag: ");
    }
    if let Some(exposure) = &report.exposure {
        print_exposure(exposure);
    }
}

/// Prints why two addresses are, or are not, in one cluster.
pub fn print_explained(report: &ExplainReport) {
    if !report.joined {
        println!("{} and {} are not in one cluster.", report.a, report.b);
        return;
    }
    if report.a == report.b {
        println!("{} is one address: there is nothing to explain.", report.a);
        return;
    }
    println!("{} and {} are in one cluster, by {}:", report.a, report.b, counted(report.steps.len(), "step"));
    for step in &report.steps {
        println!(
            "  {} - {}\n    {} in transaction {} (block {})",
            step.from, step.to, step.heuristic, step.txid, step.height
        );
    }
}

/// Prints paths between two entities.
pub fn print_paths(paths: &[PathReport]) {
    for path in paths {
        let asset = path.asset.as_str();
        println!("{} {asset} arrived by {}:", coins(path.amount), counted(path.steps.len(), "step"));
        for step in &path.steps {
            let label = step.label.as_ref().map(|l| format!(" [{l}]")).unwrap_or_default();
            println!("  {:>18} {asset}  {}:{} at {}{label}", coins(step.amount), step.txid, step.vout, step.address);
        }
    }
    match paths.len() {
        0 => println!("No path was found."),
        n => println!("{}.", counted(n, "path")),
    }
}
