//! Printing of answers about account chains for people: amounts with decimals and unit, times in UTC.

use crate::output::{counted, thousands};
use holdfast_account_workspace::contract::ContractView;
use holdfast_account_workspace::imitated::TransferNote;
use holdfast_account_workspace::reports::{
    AccountBlockReport, AccountReport, AccountSummary, AccountTxReport, AssetReport, BalanceView, PartyView,
    TransferView, TransfersPage,
};
use holdfast_types::Timestamp;
use holdfast_workspace::TagView;
use holdfast_workspace::asset_view::AssetView;

fn time(seconds: u64) -> String {
    i64::try_from(seconds).map_or_else(|_| seconds.to_string(), |s| Timestamp::from_unix(s).rfc3339())
}

pub fn gaps(gaps: &[String]) {
    gaps.iter().for_each(|gap| println!("note: {gap}"));
}

pub fn tags(tags: &[TagView]) {
    for tag in tags {
        println!(
            "tag: {} [{}, {} risk] confidence {} ({}), {}, pack '{}'",
            tag.label, tag.category, tag.risk, tag.confidence, tag.confidence_level, tag.source, tag.pack
        );
    }
}

pub fn summary(summary: &AccountSummary) {
    println!("chain          {} ({})", summary.name, summary.chain);
    println!("holds          {}", summary.holding);
    if let (Some(first), Some(tip), Some(hash)) = (summary.first_height, summary.tip_height, &summary.tip_hash) {
        println!("blocks         {} ({first} to {tip})", thousands(summary.blocks));
        println!(
            "tip            {tip} {hash}{}",
            summary.tip_time.map(|t| format!(" {}", time(t))).unwrap_or_default()
        );
    }
    println!("final          {}", summary.final_height.map_or("no block yet".to_owned(), |h| format!("up to {h}")));
    for (name, n) in [
        ("transactions", summary.txs),
        ("transfers", summary.transfers),
        ("accounts", summary.accounts),
        ("assets", summary.assets),
    ] {
        println!("{name:<14} {}", thousands(n));
    }
    gaps(&summary.gaps);
}

fn balance(view: &BalanceView) -> String {
    let held = match (view.balance, view.least, view.moved) {
        (Some(known), ..) => view.asset.amount(known),
        (None, Some(least), _) => format!("at least {}", view.asset.amount(least)),
        (None, None, Some(moved)) if moved.is_negative() => {
            format!("unknown: transfers drive it to -{}", view.asset.amount(moved.magnitude()))
        }
        (None, None, _) => format!("unknown amount of {}", view.asset.id),
    };
    let backing = if view.backing == "unbacked" { " (unbacked: its transfers contradict each other)" } else { "" };
    let internal = if view.internal_unknown { " (moves inside transactions are unknown)" } else { "" };
    format!("{held}{backing}{internal}")
}

fn contract(view: &ContractView) {
    for known in &view.kinds {
        let role = known.role.as_deref().map(|role| format!(" ({role})")).unwrap_or_default();
        println!("contract: {}{role}, by {}", words(&known.kind), words(known.rests_on.name()));
    }
    if let Some(creator) = &view.creator {
        let at = view.created.as_ref().map(|at| format!(" in block {}", at.height)).unwrap_or_default();
        println!("contract: created by {creator}{at}");
    }
    if let Some(delegate) = &view.delegate {
        println!("account of a key that runs the code of {delegate} (EIP-7702)");
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

pub fn account(report: &AccountReport) {
    println!("Address {} on {}, {}", report.address, report.name, report.category);
    if let Some(nobody) = &report.nobody {
        println!("Nobody controls it ({nobody}): tags on it name no one.");
    }
    match &report.contract {
        Some(view) => contract(view),
        None if report.nobody.is_none() => println!("Nothing tells that it is a contract; its code was not looked at."),
        None => {}
    }
    report.freezes.iter().for_each(super::freezes::freeze);
    tags(&report.tags);
    if !report.in_ledger {
        println!("No stored block mentions it.");
    } else if let Some(tip) = report.height.or(report.tip_height) {
        println!("{} moved; balances after block {tip}:", counted(report.asset_count, "asset"));
    }
    for view in &report.balances {
        println!("  {}", balance(view));
    }
    let more = report.asset_count.saturating_sub(report.balances.len() as u64);
    if more > 0 {
        println!("  ... {} more (see --skip)", thousands(more));
    }
    gaps(&report.gaps);
}

fn transfer(view: &TransferView) {
    let side = |party: &Option<String>, tag: &Option<PartyView>, none: &str| {
        let tag = tag.as_ref().map(|t| format!(" [{}, {}]", t.label, t.category)).unwrap_or_default();
        party.as_ref().map_or_else(|| none.to_owned(), |party| format!("{party}{tag}"))
    };
    let direction = view.direction.as_ref().map(|d| format!("{d:<4}")).unwrap_or_default();
    println!(
        "  {} {direction}{} {} -> {} [{}{}]",
        time(view.time),
        view.asset.amount(view.amount),
        side(&view.from, &view.from_tag, "(new)"),
        side(&view.to, &view.to_tag, "(destroyed)"),
        view.kind,
        if view.is_committed { "" } else { ", claim of the node" }
    );
    println!("      {} (block {})", view.id, view.height);
    for note in &view.notes {
        match (note, &view.imitates) {
            (TransferNote::Lookalike, Some(of)) => println!("      note: the other side's address imitates {of}"),
            (TransferNote::Lookalike, None) => println!("      note: the other side's address imitates another one"),
            (TransferNote::Spoofed, _) => println!("      note: spoofed: the token's transfers contradict each other"),
            (TransferNote::Dust, _) => println!("      note: dust, worth next to nothing"),
        }
    }
}

pub fn transfers(page: &TransfersPage) {
    page.transfers.iter().for_each(transfer);
    match page.next {
        Some(next) => println!("{}; more with --after {next}", counted(page.transfers.len(), "transfer")),
        None => println!("{}.", counted(page.transfers.len(), "transfer")),
    }
    gaps(&page.gaps);
}

pub fn transaction(report: &AccountTxReport) {
    println!("Transaction {} on {}", report.hash, report.chain);
    let state = if report.is_final { "final" } else { "not final" };
    println!("block {} {} at {} ({state}), place {}", report.height, report.block, time(report.time), report.index);
    println!(
        "{}, sent by {}{}",
        if report.success { "succeeded" } else { "failed" },
        report.payer.as_deref().unwrap_or("nobody"),
        report.method.as_ref().map(|m| format!(", method 0x{m}")).unwrap_or_default()
    );
    if !report.internal_known {
        println!("note: coin moved inside the transaction is unknown");
    }
    report.transfers.iter().for_each(transfer);
    let more = report.transfer_count.saturating_sub(report.transfers.len() as u64);
    if more > 0 {
        println!("  ... {} more (see --skip)", thousands(more));
    }
}

pub fn block(report: &AccountBlockReport) {
    println!("Block {} {} on {}", report.height, report.hash, report.chain);
    println!("time {}, {}", time(report.time), if report.is_final { "final" } else { "not final" });
    if !report.internal_known {
        println!("note: coin moved inside its transactions is unknown");
    }
    println!("{}", counted(report.tx_count, "transaction"));
    report.transactions.iter().for_each(|hash| println!("  {hash}"));
    if report.outside_count > 0 {
        println!("{} outside its transactions", counted(report.outside_count, "transfer"));
        report.outside.iter().for_each(transfer);
    }
}

pub fn asset_line(asset: &AssetView) -> String {
    let ticker = asset.ticker.as_ref().map(|t| format!(" {t}")).unwrap_or_default();
    let decimals = asset.decimals.map(|d| format!(", {d} decimals")).unwrap_or_default();
    format!("{}{ticker}{decimals}", asset.id)
}

pub fn asset(report: &AssetReport) {
    println!("{}: {}", asset_line(&report.asset), report.backing);
    if let (Some(tx), Some(account)) = (&report.unbacked_by, &report.unbacked_account) {
        println!("its transfers drove the balance of {account} negative first in {tx}");
    }
    match (report.supply, &report.supply_unknown) {
        (Some(supply), _) => println!("supply {}", report.asset.amount(supply)),
        (None, why) => println!("supply unknown: {}", why.as_deref().unwrap_or("the server does not say why")),
    }
}
