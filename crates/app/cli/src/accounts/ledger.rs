//! `holdfast ledger ... --chain`: what an account ledger holds, its check and upkeep.

use crate::output::{self, thousands};
use anyhow::bail;
use holdfast_account_ledger::{AppendOptions, CheckReport, Ledger};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::check::StoreCheck;
use holdfast_types::ChainId;
use serde_json::json;
use std::path::Path;

pub fn info(store: &Path, chain: &ChainId, as_json: bool) -> anyhow::Result<()> {
    let workspace = AccountWorkspace::open(store, chain, AccountWorkspace::tags_of(store)?)?;
    let summary = workspace.account_summary()?;
    let dir = AccountWorkspace::ledger_dir(store, chain);
    let mut sizes = Vec::new();
    crate::ledger::collect_sizes(&dir, &dir, &mut sizes)?;
    sizes.sort();
    let bytes: u64 = sizes.iter().map(|s| s.1).sum();
    if as_json {
        return output::json(&json!({"summary": summary, "bytes": bytes, "files": sizes}));
    }
    super::print::summary(&summary);
    println!("bytes          {}", thousands(bytes));
    for (name, size) in sizes {
        println!("  {name:<20} {}", thousands(size));
    }
    Ok(())
}

/// Verifies the ledger, and then what is beside it.
pub fn check(store: &Path, chain: &ChainId, as_json: bool) -> anyhow::Result<()> {
    let dir = AccountWorkspace::ledger_dir(store, chain);
    // A damaged ledger may not open: what is damaged is reported first.
    let damage = Ledger::damage(&dir)?;
    let ledger = match Ledger::open(&dir) {
        Ok(ledger) => ledger,
        Err(e) if damage.is_empty() => return Err(e.into()),
        Err(_) => {
            if as_json {
                output::json(&json!({"blocks": 0, "txs": 0, "transfers": 0, "balances": 0, "problems": damage}))?;
            } else {
                damage.iter().for_each(|d| println!("{d}"));
            }
            bail!("the ledger at {} is damaged; restore it from a backup, or ingest again", dir.display());
        }
    };
    let bar = output::bar(0u64, "checking");
    let report = ledger.check(&mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
        output::stopping()
    })?;
    bar.finish_and_clear();
    let stores = match report.is_clean() {
        true => {
            let workspace = AccountWorkspace::open(store, chain, AccountWorkspace::tags_of(store)?)?;
            workspace.check_beside(&mut output::stopping)?
        }
        // What is beside a ledger is compared with it.
        false => Vec::new(),
    };
    let problems: Vec<String> = report.damage.iter().map(ToString::to_string).collect();
    if as_json {
        output::json(&json!({"blocks": report.blocks, "txs": report.txs, "transfers": report.transfers,
            "checksums": report.checksums, "balances": report.balances, "problems": problems, "stores": stores}))?;
    } else {
        print_check(&report, &problems, &stores);
    }
    if !report.is_clean() {
        bail!("the ledger at {} is damaged; restore it from a backup, or ingest again", dir.display());
    }
    let damaged: Vec<&str> = stores.iter().filter(|s| !s.problems.is_empty()).map(|s| s.store.name()).collect();
    if !damaged.is_empty() {
        let names = damaged.join(",");
        bail!(
            "damaged beside the ledger: {names}; make them anew with `holdfast ledger rebuild --chain {chain} --only {names}`, naming the files or the node that the ledger was read from"
        );
    }
    Ok(())
}

fn print_check(report: &CheckReport, problems: &[String], stores: &[StoreCheck]) {
    problems.iter().for_each(|problem| println!("{problem}"));
    println!(
        "Checked {} blocks, {} transactions, {} transfers ({}, {} balances made anew): {}.",
        thousands(report.blocks),
        thousands(report.txs),
        thousands(report.transfers),
        match report.checksums {
            Some(n) => format!("{} checksums", thousands(n)),
            None => "no checksums".to_owned(),
        },
        thousands(report.balances),
        found(problems.len())
    );
    for checked in stores {
        let name = checked.store.name();
        checked.problems.iter().for_each(|problem| println!("{name}: {problem}"));
        checked.gaps.iter().for_each(|gap| println!("{name}: not checked: {gap}"));
        println!(
            "Checked {name}: {} blocks, {} records: {}.",
            thousands(checked.blocks),
            thousands(checked.records),
            found(checked.problems.len())
        );
    }
}

/// Says how many problems were found.
fn found(problems: usize) -> String {
    match problems {
        0 => "no problem".to_owned(),
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    }
}

pub fn index(dir: &Path) -> anyhow::Result<()> {
    let mut ledger = Ledger::open_for_writing(dir)?;
    ledger.rebuild_index(AppendOptions::default().memory)?;
    println!("Indexed {} transfers.", thousands(ledger.counts().transfers));
    Ok(())
}

/// Removes blocks from a height up, with their links and signals.
pub fn truncate(store: &Path, chain: &ChainId, height: u64, with_final: bool, as_json: bool) -> anyhow::Result<()> {
    let mut workspace = AccountWorkspace::open_for_writing(store, chain, Default::default())?;
    let removed = workspace.truncate(height, with_final)?;
    if as_json {
        let tip = workspace.ledger.tip()?.map(|tip| tip.height);
        return output::json(&json!({"removed": removed, "tip": tip}));
    }
    println!("Removed {} blocks from {height} up.", thousands(removed));
    Ok(())
}
