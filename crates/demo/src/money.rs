//! The demo's money that moves: a ransom on the simulated chain is followed through its collection and a peel chain to a deposit at the exchange,
//! which is held. Nothing here reads the simulation's truth but to choose which ransom to begin with.

use anyhow::Context;
use holdfast_analysis::report::{TraceReport, coins};
use holdfast_analysis::{TraceOptions, render};
use holdfast_console::show::verify_file;
use holdfast_decision::{Event, Scope};
use holdfast_evaluation::Exchange;
use holdfast_screening::Screening;
use holdfast_screening::holds::HoldRequest;
use holdfast_simulate::exchange::Pattern;
use holdfast_simulate::{SimBlock, TxKind};
use holdfast_state::system::{entropy, now};
use holdfast_workspace::{TraceRequest, Workspace};
use serde_json::{Value, json};
use std::path::Path;

/// Where a victim paid, and the deposits that the simulation says it reached.
struct Ransom {
    /// Transaction and output of the payment.
    paid: String,
    /// Deposits to the exchange out of its peel chain.
    deposits: Vec<String>,
}

/// The ransom whose peel chain reaches the exchange most often.
fn choose(chain: &Workspace, blocks: &[SimBlock], made: &Exchange) -> Option<Ransom> {
    let ledger = &chain.ledger;
    let kinds: Vec<TxKind> = blocks.iter().flat_map(|b| b.truth.iter().map(|t| t.kind)).collect();
    let events: std::collections::HashMap<&str, &Event> = made.events.iter().map(|e| (e.id.as_str(), e)).collect();
    let spent = |tx: u32| -> Vec<u64> {
        let outputs = ledger.sources(tx).filter_map(|s| match s {
            holdfast_utxo_ledger::Source::Output(o) => Some(o),
            holdfast_utxo_ledger::Source::External(_) => None,
        });
        outputs.collect()
    };
    let mut ransoms: std::collections::BTreeMap<u64, Vec<String>> = std::collections::BTreeMap::new();
    for case in made.cases.iter().filter(|c| c.typology == Pattern::PeelChain && !c.held_out) {
        let event = events.get(case.events.first()?.as_str())?;
        let mut tx = ledger.tx_by_id(&event.tx.as_ref()?.parse().ok()?)?;
        while kinds[tx as usize] == TxKind::Peel {
            tx = ledger.tx_of_output(*spent(tx).first()?);
        }
        let ransom = |o: &u64| kinds[ledger.tx_of_output(*o) as usize] == TxKind::Ransom;
        if let Some(payment) = spent(tx).into_iter().find(ransom) {
            ransoms.entry(payment).or_default().push(event.id.clone());
        }
    }
    let (payment, deposits) = ransoms.into_iter().max_by_key(|(payment, d)| (d.len(), std::cmp::Reverse(*payment)))?;
    let (tx, vout) = ledger.outpoint(payment);
    Some(Ransom { paid: format!("{}:{vout}", ledger.txid_text(tx)), deposits })
}

/// Transactions from a trace's start to one of its transactions, in order.
fn route(trace: &TraceReport, to: &str) -> Vec<String> {
    let mut route = vec![to.to_owned()];
    while let Some(before) = trace.movements.iter().find(|m| m.tx == route[route.len() - 1]) {
        if route.contains(&before.place.txid) {
            break;
        }
        route.push(before.place.txid.clone());
    }
    route.reverse();
    route
}

/// Marked money at a deposit, whether it rests there or went on.
fn marked_at(trace: &TraceReport, deposit: &Event) -> Option<u64> {
    let here = |txid: &str, vout: u32| Some(txid) == deposit.tx.as_deref() && Some(vout) == deposit.output;
    let moved = trace.movements.iter().map(|m| &m.place).chain(trace.ends.iter().map(|e| &e.place));
    moved.filter(|p| here(&p.txid, p.vout)).map(|p| p.amount).max()
}

/// Follows the ransom, holds the deposit that it reached, and packs the evidence.
pub fn follow(
    screening: &Screening,
    chain: &Workspace,
    blocks: &[SimBlock],
    made: &Exchange,
    store: &Path,
    as_json: bool,
) -> anyhow::Result<Value> {
    let ransom = choose(chain, blocks, made).context("the simulated chain has a ransom that reaches the exchange")?;
    let options = TraceOptions::default();
    let request = TraceRequest { subject: ransom.paid.clone(), entity: false, options };
    let (_, trace) = chain.trace(&request)?;
    // The deposit with the most of this victim's money.
    let reached = made.events.iter().filter(|e| ransom.deposits.contains(&e.id));
    let reached = reached.filter_map(|e| Some((marked_at(&trace, e)?, e))).max_by_key(|(marked, _)| *marked);
    let (marked, deposit) = reached.context("the trace reaches a deposit")?;
    let txid = deposit.tx.clone().unwrap_or_default();
    let route = route(&trace, &txid);
    let decided = screening.event(&deposit.id)?.decision;
    let hold = screening.place_hold(
        HoldRequest {
            id: "demo-followed-ransom".into(),
            scope: Scope::Deposit,
            customer: deposit.customer.clone(),
            account: None,
            asset: deposit.asset.clone(),
            amount: deposit.amount,
            transfer: deposit.transfer(),
            basis: "suspicion of ransomware proceeds, reported by the victim".into(),
            reason: format!("{} coins of ransom {} reached this deposit", coins(marked), ransom.paid),
            expires: None,
            review: None,
            second_person: None,
        },
        "demo",
    )?;
    let key = chain.signing_key(entropy)?;
    let (_, bytes) = chain.bundle(&request, &key, &now())?;
    let path = store.join("followed-ransom.holdfast.tar");
    std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    if !as_json {
        println!("\nMoney that moves (the simulated chain): a victim reports the ransom {}.", ransom.paid);
        print!("{}", indent(&render::table(&trace, 8)));
        println!("    The route to the exchange, {} transactions:", route.len());
        for (hop, id) in route.iter().enumerate() {
            let tx = chain.tx(id)?;
            let out: u64 = tx.outputs.iter().filter_map(|o| o.value).sum();
            let labels: Vec<&str> = tx.outputs.iter().filter_map(|o| o.label.as_deref()).collect();
            println!(
                "      {hop:>2}  {}  {} in, {} out, {} BTC{}",
                &id[..16],
                tx.inputs.len(),
                tx.outputs.len(),
                coins(out),
                if labels.is_empty() { String::new() } else { format!(" [{}]", labels.join(", ")) }
            );
        }
        println!(
            "    Deposit {} of customer {}: {} BTC of it is this ransom; decided {} when it came, now hold {hold}.",
            deposit.id,
            deposit.customer,
            coins(marked),
            decided.decision.name()
        );
        verify_file(&path, None, None, false)?;
    }
    Ok(json!({ "subject": ransom.paid, "movements": trace.movements.len(), "route": route, "deposit": deposit.id,
        "customer": deposit.customer, "marked": marked, "decision": decided.decision.name(),
        "findings": decided.findings.iter().map(|f| f.typology.name()).collect::<Vec<_>>(), "hold": hold,
        "balances": trace.balances, "bundle": path }))
}

fn indent(text: &str) -> String {
    text.lines().map(|l| format!("    {l}\n")).collect()
}
