//! `holdfast accounts freezes`: what issuers of tokens froze, lifted and destroyed, and what they propose to.

use holdfast_account_workspace::freeze_queries::{FreezeTotals, FreezesPage};
use holdfast_types::Timestamp;
use holdfast_workspace::freeze_view::{FreezeStep, FreezeView};

fn step(name: &str, step: Option<&FreezeStep>) {
    let Some(step) = step else { return };
    let seconds = i64::try_from(step.time).unwrap_or(i64::MAX);
    let proposal = step.proposal.map(|n| format!(", proposal {n}")).unwrap_or_default();
    let tx = step.tx.as_deref().unwrap_or("a transaction that this ledger does not store");
    println!("    {name:<16} {} in block {}, {tx}{proposal}", Timestamp::from_unix(seconds).rfc3339(), step.height);
}

pub fn freeze(view: &FreezeView) {
    let asset = view.asset.ticker.as_deref().unwrap_or(&view.asset.id);
    let issuer = view.issuer.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    println!("{} {asset} {}{issuer}", view.address, view.state.name());
    step("proposed", view.proposed.as_ref());
    step("withdrawn", view.withdrawn.as_ref());
    step("frozen", view.frozen.as_ref());
    step("end proposed", view.lift_proposed.as_ref());
    step("lifted", view.lifted.as_ref());
    step("to be destroyed", view.destroy_proposed.as_ref());
    step("destroyed", view.destroyed.as_ref());
    if let Some(destroyed) = view.destroyed_amount {
        println!("    {:<16} {}", "units destroyed", view.asset.amount(destroyed));
    }
    if let Some(held) = view.held {
        println!("    {:<16} {}", "holds now", view.asset.amount(held));
    }
}

fn total(total: &FreezeTotals) {
    let asset = total.asset.ticker.as_deref().unwrap_or(&total.asset.id);
    let issuer = total.issuer.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
    let states = total.by_state.iter().map(|(state, n)| format!("{n} {}", state.name())).collect::<Vec<_>>().join(", ");
    let destroyed = total.destroyed_amount.map_or("an amount that is not known".into(), |sum| total.asset.amount(sum));
    println!("{asset}{issuer}: {states}; {destroyed} destroyed");
}

/// Prints a page.
pub fn page(page: &FreezesPage) {
    if page.freezes.is_empty() {
        println!("No freeze of that kind stands in the stored blocks of {}.", page.chain);
    }
    page.totals.iter().for_each(total);
    page.freezes.iter().for_each(freeze);
    let shown = u64::try_from(page.freezes.len()).unwrap_or(u64::MAX);
    if page.count > shown {
        println!("{shown} of {}; --skip leaves out the first", page.count);
    }
    match (page.from_height, page.tip_height) {
        (Some(from), Some(tip)) => println!("Blocks {from} to {tip} were looked at."),
        _ => println!("No block was looked at."),
    }
    if page.unread_proposals > 0 {
        println!("note: {} open proposals have a content that the blocks do not show", page.unread_proposals);
    }
    page.gaps.iter().for_each(|gap| println!("note: {gap}"));
}
