//! Looks a transfer up in the ledger and the tags: fills in [`ChainFacts`].

use crate::account_facts;
use crate::behind::{behind_output, behind_pending, ppm};
use crate::reconcile::{self, Paid};
use holdfast_analysis::exposure::Totals;
use holdfast_analysis::trace::TraceError;
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::taxonomy::Risk;
use holdfast_attribution::{Category, CoinjoinSet, Tag, Tlp, coinjoin::Detector};
use holdfast_bitcoin::block::SingleTx;
use holdfast_bitcoin::ownerless::is_ownerless;
use holdfast_bitcoin::{AddressKey, Txid};
use holdfast_decision::model::{Event, EventKind};
use holdfast_utxo_ledger::{Ledger, Source};
use holdfast_workspace::{ChainQueries, Workspace};
use std::collections::BTreeMap;

use holdfast_decision::ChainFacts;
use holdfast_decision::behind::Behind;
use holdfast_decision::facts::{Share, TagFact};

/// Longest peel chain that is walked.
const MAX_PEEL: u32 = 32;
/// Most sender addresses kept.
pub const MAX_SENDERS: usize = 16;
/// Most transactions looked at for coinjoins behind a deposit.
const MAX_BEHIND: usize = 64;

/// Returns what a chain knows of an event's transfer. Events off chain have no facts. `pending` is the deposit's transaction when it waits in
/// the mempool.
#[must_use]
pub fn chain_facts(chain: &dyn ChainQueries, event: &Event, pending: Option<&SingleTx>) -> ChainFacts {
    let Some(workspace) = chain.outputs() else { return account_facts::chain_facts(chain, event) };
    match event.kind {
        EventKind::Deposit => deposit(workspace, event, pending),
        EventKind::Withdrawal => {
            let (Some(asset), Some(address)) = (&event.asset, &event.counterparty) else {
                return ChainFacts::default();
            };
            address_facts(workspace, asset, address)
        }
        _ => ChainFacts::default(),
    }
}

/// Returns what a chain knows of an address that is no event's: in an asset, or, on account chains, in all that names determine.
#[must_use]
pub fn address_facts_on(chain: &dyn ChainQueries, asset: Option<&str>, address: &str) -> ChainFacts {
    match chain.outputs() {
        Some(workspace) => address_facts(workspace, asset.unwrap_or(workspace.asset()), address),
        None => account_facts::address_facts(chain, asset, address),
    }
}

pub(crate) fn tag_fact(tag: &Tag) -> TagFact {
    // Decisions go to the exchange's systems, to webhooks, into reports and productions: they name nothing above TLP:AMBER. The category, which
    // they rest on, stays; who may read the tag finds it at the address.
    let tag = tag.masked(Tlp::Amber);
    TagFact {
        address: tag.address.clone(),
        label: tag.label.clone(),
        category: tag.concept(),
        confidence: tag.confidence.level(),
        source: tag.source.clone(),
        pack: tag.pack.clone(),
    }
}

fn shares(totals: &Totals) -> Vec<Share> {
    let ppm = |part: u64| if totals.amount == 0 { 0 } else { ppm(part, totals.amount) };
    let share = |(category, direct, indirect): &(Category, u64, u64)| Share {
        category: *category,
        direct: *direct,
        indirect: *indirect,
        direct_ppm: ppm(*direct),
        indirect_ppm: ppm(*indirect),
    };
    totals.by_category.iter().filter(|e| e.0.risk() != Risk::None).map(share).collect()
}

/// What is known of an address that is to be paid.
pub fn address_facts(workspace: &Workspace, asset: &str, address: &str) -> ChainFacts {
    let mut facts = ChainFacts::default();
    let ledger = &workspace.ledger;
    if !workspace.has_asset(asset) {
        own_tags(workspace, address, &mut facts);
        return facts;
    }
    facts.ledger = true;
    facts.exposures_as_of_height = workspace.exposures_as_of();
    let network = ledger.network();
    let Ok(key) = AddressKey::parse(address, network) else {
        facts.unavailable = Some(format!("'{address}' is no address of {network}"));
        return facts;
    };
    let canonical = key.to_text(network);
    // A tag on a script that is spendable by anyone or by no one names no owner.
    if !is_ownerless(&key) {
        own_tags(workspace, &canonical, &mut facts);
    }
    if let Some(number) = ledger.address_number(&key) {
        facts.found = true;
        party(workspace, number, &mut facts);
        let exposure = workspace.exposures.of_address(ledger, number);
        facts.source = shares(&exposure.source);
        facts.destination = shares(&exposure.destination);
        facts.unknown_amounts = exposure.unknown.count();
    }
    facts
}

/// Tags of the address itself, under whatever asset they were given.
fn own_tags(workspace: &Workspace, address: &str, facts: &mut ChainFacts) {
    let mut tags: Vec<&Tag> = workspace.tags.tags_of(address).collect();
    // The riskiest first, so that the bound never hides it.
    tags.sort_by_key(|t| std::cmp::Reverse(t.concept().risk()));
    if let Some(tag) = weightiest(tags.iter().copied()) {
        facts.category = tag.concept();
    }
    facts.tags.extend(tags.into_iter().take(8).map(tag_fact));
}

/// Category and tags of an address of the ledger, its cluster's included.
fn party(workspace: &Workspace, number: u32, facts: &mut ChainFacts) {
    let category = workspace.entities.category(number);
    if (category.risk(), category.0) > (facts.category.risk(), facts.category.0) {
        facts.category = category;
    }
    if category.is_attributed()
        && facts.tags.is_empty()
        && let Some(tag) = workspace.entities.definer(&workspace.tags, workspace.clusters.of(number))
    {
        facts.tags.push(tag_fact(tag));
    }
}

fn deposit(workspace: &Workspace, event: &Event, pending: Option<&SingleTx>) -> ChainFacts {
    let mut facts = ChainFacts::default();
    let asset = event.asset.as_deref().unwrap_or_default();
    if !workspace.has_asset(asset) {
        if let Some(address) = &event.counterparty {
            own_tags(workspace, address, &mut facts);
        }
        facts.mismatch.extend(reconcile::other_asset(workspace, event));
        return facts;
    }
    facts.ledger = true;
    facts.exposures_as_of_height = workspace.exposures_as_of();
    let ledger = &workspace.ledger;
    let Some(txid) = event.tx.as_ref().and_then(|t| t.parse::<Txid>().ok()) else {
        facts.unavailable = Some("tx is no transaction id of this chain (64 hex digits)".into());
        return facts;
    };
    let mut total: BTreeMap<Category, (u64, u64)> = BTreeMap::new();
    if let Some(tx) = ledger.tx_by_id(&txid) {
        facts.found = true;
        let outputs = ledger.outputs(tx);
        if event.output.is_some_and(|o| u64::from(o) >= outputs.end - outputs.start) {
            facts.unavailable = Some(format!("the transaction has only {} outputs", outputs.end - outputs.start));
            return facts;
        }
        let paid: Vec<Paid> =
            outputs.clone().map(|o| Paid::output(ledger.value(o), ledger.address(ledger.address_of(o)))).collect();
        let tip = ledger.counts().blocks.checked_sub(1).map(|last| ledger.block(last).height);
        let height = ledger.block_of_tx(tx).height;
        let claim = reconcile::claim(event, &paid, tip.map_or(0, |tip| tip.saturating_sub(height) + 1));
        let output = outputs.start + claim.output as u64;
        facts.mismatch = claim.mismatch;
        let sources: Vec<Source> = ledger.sources(tx).collect();
        senders(workspace, &sources, &mut facts);
        let exposure = workspace.exposures.of_output(ledger, output);
        facts.source = shares(&exposure.source);
        facts.unknown_amounts = exposure.unknown.count();
        let value = ledger.value(output);
        set_behind(&mut facts, behind_output(workspace, output));
        facts.spray = u32::try_from(outputs.clone().filter(|o| ledger.value(*o) <= value).count()).unwrap_or(u32::MAX);
        facts.coinjoin = coinjoin_behind(ledger, tx, None);
        facts.peel_hops = peel_hops(ledger, tx, output);
    } else if let Some(pending) = pending {
        facts.found = true;
        let sources: Vec<Source> =
            pending.inputs.iter().filter_map(|(txid, vout)| place(ledger, txid, *vout)).collect();
        if sources.is_empty() {
            // Made by transactions that are themselves unconfirmed, or older than this ledger.
            facts.unavailable = Some("no input of the unconfirmed transaction is in the ledger yet".into());
        }
        senders(workspace, &sources, &mut facts);
        set_behind(&mut facts, behind_pending(workspace, &sources));
        for source in &sources {
            let info = ledger.source_info(*source);
            let (Some(value), Some(address)) = (info.value, info.address) else { continue };
            let category = workspace.entities.category(address);
            if category.is_attributed() {
                total.entry(category).or_default().0 += value;
            } else if let Source::Output(o) = source {
                for (category, direct, indirect) in workspace.exposures.of_output(ledger, *o).source.by_category {
                    total.entry(category).or_default().1 += direct + indirect;
                }
            }
        }
        let mut by_category: Vec<_> = total.into_iter().map(|(c, (d, i))| (c, d, i)).collect();
        by_category.sort_by_key(|(c, d, i)| (std::cmp::Reverse(d + i), *c));
        facts.source = shares(&Totals { amount: by_category.iter().map(|(_, d, i)| d + i).sum(), by_category });
        let paid: Vec<Paid> = pending.outputs.iter().map(|(value, to)| Paid::output(*value, *to)).collect();
        if event.output.is_some_and(|o| o as usize >= paid.len()) {
            facts.unavailable = Some(format!("the transaction has only {} outputs", paid.len()));
            return facts;
        }
        let claim = reconcile::claim(event, &paid, 0);
        let value = pending.outputs.get(claim.output).map_or(0, |output| output.0);
        facts.mismatch = claim.mismatch;
        facts.spray = u32::try_from(pending.outputs.iter().filter(|o| o.0 <= value).count()).unwrap_or(u32::MAX);
        let behind: Vec<u32> = sources.iter().filter_map(|s| tx_of(ledger, *s)).collect();
        facts.coinjoin = behind.into_iter().take(MAX_BEHIND).find_map(|t| coinjoin_behind(ledger, t, Some(1)));
    } else {
        facts.unavailable = Some("the transaction is neither in the ledger nor in the mempool that is followed".into());
    }
    facts
}

/// Takes what a deposit's money came through. Where that is not known no flag was matched, which is no sign that none is there.
fn set_behind(facts: &mut ChainFacts, found: Result<Vec<Behind>, TraceError>) {
    match found {
        Ok(behind) => facts.behind = behind,
        Err(e) => facts.unavailable = Some(format!("what the deposit's money came through could not be followed: {e}")),
    }
}

fn place(ledger: &Ledger, txid: &Txid, vout: u32) -> Option<Source> {
    let outputs = ledger.outputs(ledger.tx_by_id(txid)?);
    let output = outputs.start + u64::from(vout);
    (output < outputs.end).then_some(Source::Output(output))
}

fn tx_of(ledger: &Ledger, source: Source) -> Option<u32> {
    match source {
        Source::Output(o) => Some(ledger.tx_of_output(o)),
        Source::External(_) => None,
    }
}

/// Addresses and tags of the inputs.
fn senders(workspace: &Workspace, sources: &[Source], facts: &mut ChainFacts) {
    let ledger = &workspace.ledger;
    let mut numbers: Vec<u32> = sources.iter().filter_map(|s| ledger.source_info(*s).address).collect();
    numbers.sort_unstable();
    numbers.dedup();
    // The riskiest first, so that the bound never hides it.
    numbers.sort_by_key(|n| std::cmp::Reverse(workspace.entities.category(*n).risk()));
    for number in numbers.into_iter().take(MAX_SENDERS) {
        let text = ledger.address_text(number);
        if facts.tags.len() < 8 && !is_ownerless(&ledger.address(number)) {
            facts.tags.extend(workspace.tags.tags_of(&text).take(2).map(tag_fact));
        }
        party(workspace, number, facts);
        facts.senders.push(text);
    }
}

/// A coinjoin among a transaction and those up to two before it.
fn coinjoin_behind(ledger: &Ledger, tx: u32, hops: Option<u32>) -> Option<String> {
    let mut detector = Detector::default();
    let mut wave = vec![tx];
    let mut seen = 0;
    for _ in 0..=hops.unwrap_or(2) {
        let mut next = Vec::new();
        for tx in wave {
            if let Some(kind) = detector.detect(ledger, tx, CoinjoinSet::ALL) {
                return Some(kind.name().to_owned());
            }
            seen += 1;
            if seen >= MAX_BEHIND {
                return None;
            }
            next.extend(ledger.sources(tx).take(MAX_BEHIND).filter_map(|s| tx_of(ledger, s)));
        }
        next.sort_unstable();
        next.dedup();
        wave = next;
    }
    None
}

/// How many transactions of a peel chain lie behind an output: each has one input and two outputs, the smaller peels off, the
/// larger (more than half) goes on to the next. The output itself must be a smaller one. (Meiklejohn et al., IMC 2013, section 5.)
fn peel_hops(ledger: &Ledger, tx: u32, output: u64) -> u32 {
    let peel = |tx: u32| {
        let outputs = ledger.outputs(tx);
        (ledger.sources(tx).len() == 1 && outputs.end - outputs.start == 2).then_some(outputs)
    };
    let Some(outputs) = peel(tx) else { return 0 };
    let other = if output == outputs.start { outputs.start + 1 } else { outputs.start };
    if ledger.value(output) >= ledger.value(other) {
        return 0;
    }
    let mut hops = 1;
    let mut at = tx;
    while hops < MAX_PEEL {
        let Some(Source::Output(from)) = ledger.sources(at).next() else { break };
        let before = ledger.tx_of_output(from);
        let Some(outputs) = peel(before) else { break };
        let other = if from == outputs.start { outputs.start + 1 } else { outputs.start };
        if ledger.value(from) <= ledger.value(other) {
            break;
        }
        hops += 1;
        at = before;
    }
    hops
}
