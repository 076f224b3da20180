//! Which customers a request's targets are: directly, and through the ledger (a cluster's addresses, a traced path), each with the reason.

use crate::request::{Target, TargetKind};
use holdfast_chain::{AddressKey, display_hash, parse_hash};
use holdfast_screening::Screening;
use holdfast_screening::ScreeningError;
use holdfast_screening::identifiers::{find, find_many, is_customer};
use holdfast_tracing::Workspace;
use holdfast_tracing::amount::with_unit;
use holdfast_tracing::workspace::TraceRequest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// Most customers that one target is matched to.
pub const MAX_MATCHES: usize = 1_000;
/// Most addresses of a cluster that are looked up.
const MAX_CLUSTER: usize = 2_000;
/// Most movements of a trace, and most transactions deep.
const MAX_TRACE: (usize, u32) = (2_000, 6);

/// How sure a match is, from sure to likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A record of the customer states it.
    Direct,
    /// The customer withdrew to it.
    Paid,
    /// The address is under one control with one that a record states or the customer withdrew to.
    Cluster,
    /// Money went from the target to the customer's deposit address.
    Traced,
}

/// A customer that a target is matched to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Match {
    /// The customer.
    pub customer: String,
    /// How.
    pub how: How,
    /// The target's value.
    pub target: String,
    /// Why, in words.
    pub because: Vec<String>,
}

/// Matches targets to customers, sure ones first. Without a workspace only what is stated is found.
///
/// # Errors
/// [`ScreeningError`].
pub fn matches(
    screening: &Screening,
    workspace: Option<&Workspace>,
    targets: &[Target],
) -> Result<Vec<Match>, ScreeningError> {
    let mut found: BTreeMap<(How, String, String), Vec<String>> = BTreeMap::new();
    for target in targets {
        let mut add = |how: How, customer: String, because: String| {
            let reasons = found.entry((how, customer, target.value.clone())).or_default();
            if reasons.len() < 20 {
                reasons.push(because);
            }
        };
        let kinds: &[&str] = match target.kind {
            TargetKind::Email => &["email"],
            TargetKind::Phone => &["phone"],
            TargetKind::Name => &["name", "document"],
            TargetKind::Card => &["instrument"],
            TargetKind::Address | TargetKind::Transaction => &[],
            TargetKind::UserId => {
                if screening.read(|db| is_customer(db, &target.value))? {
                    add(How::Direct, target.value.clone(), "it is the customer's number".into());
                }
                &[]
            }
        };
        for kind in kinds {
            for (customer, source) in screening.read(|db| find(db, kind, &target.value, MAX_MATCHES))? {
                add(How::Direct, customer, format!("{kind} stated by record {source}"));
            }
        }
        match target.kind {
            TargetKind::Address => address(screening, workspace, &target.value, &mut add)?,
            TargetKind::Transaction => transaction(screening, workspace, &target.value, &mut add)?,
            _ => {}
        }
    }
    Ok(found.into_iter().map(|((how, customer, target), because)| Match { customer, how, target, because }).collect())
}

/// Takes a match: how, customer, why.
type Add<'a> = dyn FnMut(How, String, String) + 'a;

/// Who owns one of some addresses or withdrew to it: (owns, address, customer).
fn known(
    screening: &Screening,
    addresses: &[String],
    add: &mut dyn FnMut(bool, &str, String),
) -> Result<(), ScreeningError> {
    for (kind, owns) in [("deposit_address", true), ("destination", false)] {
        for (address, customer) in screening.read(|db| find_many(db, kind, addresses, MAX_MATCHES))? {
            add(owns, &address, customer);
        }
    }
    Ok(())
}

fn address(
    screening: &Screening,
    workspace: Option<&Workspace>,
    text: &str,
    add: &mut Add<'_>,
) -> Result<(), ScreeningError> {
    known(screening, &[text.to_owned()], &mut |owns, _, customer| match owns {
        true => add(How::Direct, customer, "it is the customer's deposit address".into()),
        false => add(How::Paid, customer, "the customer withdrew to it".into()),
    })?;
    let Some(workspace) = workspace else { return Ok(()) };
    let (ledger, network) = (&workspace.ledger, workspace.ledger.network());
    let Some(number) = AddressKey::parse(text, network).ok().and_then(|key| ledger.address_number(&key)) else {
        return Ok(());
    };
    let members = workspace.clusters.members(number);
    let others = members.iter().filter(|m| **m != number).take(MAX_CLUSTER);
    let others: Vec<String> = others.map(|m| ledger.address(*m).to_text(network)).collect();
    known(screening, &others, &mut |owns, other, customer| {
        let what = if owns { "is the customer's deposit address" } else { "was withdrawn to by the customer" };
        add(How::Cluster, customer, format!("{other}, under one control with it, {what}"));
    })?;
    traced(screening, workspace, text, add)
}

fn transaction(
    screening: &Screening,
    workspace: Option<&Workspace>,
    text: &str,
    add: &mut Add<'_>,
) -> Result<(), ScreeningError> {
    let Some(workspace) = workspace else { return Ok(()) };
    let (ledger, network) = (&workspace.ledger, workspace.ledger.network());
    let Some(tx) = parse_hash(text).and_then(|hash| ledger.tx_by_id(&hash)) else { return Ok(()) };
    let mut paid: HashMap<String, usize> = HashMap::new();
    for (vout, output) in ledger.outputs(tx).take(10_000).enumerate() {
        paid.entry(ledger.address(ledger.address_of(output)).to_text(network)).or_insert(vout);
    }
    let mut addresses: Vec<String> = paid.keys().cloned().collect();
    addresses.sort();
    known(screening, &addresses, &mut |owns, address, customer| {
        let vout = paid.get(address).copied().unwrap_or_default();
        match owns {
            true => add(How::Direct, customer, format!("output {vout} pays the customer's deposit address {address}")),
            false => add(How::Paid, customer, format!("output {vout} pays {address}, to which the customer withdrew")),
        }
    })?;
    traced(screening, workspace, text, add)
}

/// Deposit addresses that money reached from a subject.
fn traced(
    screening: &Screening,
    workspace: &Workspace,
    subject: &str,
    add: &mut Add<'_>,
) -> Result<(), ScreeningError> {
    let (ledger, network) = (&workspace.ledger, workspace.ledger.network());
    let mut request = TraceRequest { subject: subject.to_owned(), entity: false, options: Default::default() };
    (request.options.bounds.max_edges, request.options.bounds.max_hops) = MAX_TRACE;
    // What cannot be traced (an address with too many outputs) is matched by what is stated alone.
    let Ok((trace, _)) = workspace.trace(&request) else { return Ok(()) };
    let ends = trace.ends.iter().map(|e| (e.place, e.amount, e.hops, e.via));
    let passed = trace.edges.iter().filter(|e| e.hops > 0).map(|e| (e.place, e.amount, e.hops - 1, e.via));
    let start = AddressKey::parse(subject, network).ok().and_then(|key| ledger.address_number(&key));
    let mut reached: HashMap<String, Vec<String>> = HashMap::new();
    for (place, amount, hops, via) in ends.chain(passed) {
        let Some(number) = ledger.source_info(place).address.filter(|a| Some(*a) != start) else { continue };
        let address = ledger.address(number).to_text(network);
        let through = via.map_or(String::new(), |tx| format!(" by transaction {}", display_hash(&ledger.tx(tx).txid)));
        let amount = with_unit(amount.into(), network.parameters().asset);
        let why = format!("{amount} of it reached {address}{through}, {hops} transactions on");
        reached.entry(address).or_default().push(why);
    }
    let mut addresses: Vec<String> = reached.keys().cloned().collect();
    addresses.sort();
    for (address, customer) in screening.read(|db| find_many(db, "deposit_address", &addresses, MAX_MATCHES))? {
        for why in reached.get(&address).into_iter().flatten() {
            add(How::Traced, customer.clone(), why.clone());
        }
    }
    Ok(())
}
