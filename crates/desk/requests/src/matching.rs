//! Which customers a request's targets are: directly, and through the ledger (a cluster's addresses, a traced path), each with the reason.

use crate::RequestError;
use crate::request::{Target, TargetKind};
use crate::scope::OrderScope;
use holdfast_analysis::accounts::AccountTraceError;
use holdfast_attribution::Tlp;
use holdfast_bitcoin::{AddressKey, Txid};
use holdfast_decision::Record;
use holdfast_input::folding::why_same_name;
use holdfast_screening::Screening;
use holdfast_screening::identifiers::{find_key, find_many, find_named, hashed, is_customer, keys, names_of};
use holdfast_store::parse;
use holdfast_types::units::{of_asset, with_unit};
use holdfast_types::{Address, ChainId, named};
use holdfast_workspace::{ChainQueries, CoveredChain, Snapshot, TraceRequest, WorkspaceError};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most customers that one target is matched to.
pub const MAX_MATCHES: usize = 1_000;
/// Most events that name one target.
const MAX_NAMED: usize = 10_000;
/// Most addresses of a cluster that are looked up.
const MAX_CLUSTER: usize = 2_000;
/// Most payments of a transaction that are looked up.
const MAX_PAYMENTS: usize = 10_000;
/// Most movements of a trace, and most transactions deep.
const MAX_TRACE: (usize, u32) = (2_000, 6);

named! {
    /// How sure a match is, from sure to likely.
    pub enum How {
        /// A record of the customer states it.
        Direct,
        /// The customer withdrew to it.
        Paid,
        /// An event of the customer names it: the transaction or sender of a deposit, an IP address, a device.
        Named,
        /// The address is under one control with one that a record states or the customer withdrew to.
        Cluster,
        /// Money went from the target to the customer's deposit address.
        Traced,
    }
}

/// A customer that a target is matched to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Match {
    /// The customer.
    pub customer: String,
    /// How.
    pub how: How,
    /// The target's value.
    pub target: String,
    /// Explanation.
    pub because: Vec<String>,
}

/// The chains on which a target was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetCoverage {
    /// The target's value.
    pub target: String,
    /// Chains that the target can be on, with what is known of them; none when this desk has no ledger of such a chain.
    pub chains: Vec<CoveredChain>,
    /// Asset that the target names, where this desk has no ledger of it.
    pub missing_asset: Option<String>,
}

/// Chains on which targets are looked up. The money of a target is followed once, for its matches and for what is stated of its coverage.
pub struct Followed<'a> {
    chains: &'a [Arc<dyn ChainQueries>],
    /// By chain and subject.
    reached: RefCell<HashMap<(ChainId, String), Rc<HowFar>>>,
}

/// What money reached, or why it was not followed.
type HowFar = Result<Reached, String>;

impl<'a> Followed<'a> {
    /// Returns chains on which nothing was followed yet.
    #[must_use]
    pub fn on(chains: &'a [Arc<dyn ChainQueries>]) -> Self {
        Followed { chains, reached: RefCell::default() }
    }

    /// Follows the money of a subject on a chain.
    fn reached(&self, chain: &dyn ChainQueries, subject: &str) -> Rc<HowFar> {
        let key = (chain.id(), subject.to_owned());
        if let Some(known) = self.reached.borrow().get(&key) {
            return known.clone();
        }
        let reached = Rc::new(reached(chain, subject).map_err(|e| e.to_string()));
        self.reached.borrow_mut().insert(key, reached.clone());
        reached
    }

    /// As [`coverage`].
    #[must_use]
    pub fn coverage(&self, targets: &[Target]) -> Vec<TargetCoverage> {
        let chains = self.chains;
        let looked_up = |chain: &dyn ChainQueries, target: &Target| {
            let mut covered = CoveredChain::of(chain);
            if chain.fault().is_none() {
                covered.gaps.extend(unmatched(self, chain, target));
            }
            covered
        };
        let is_missing = |asset: &&String| !chains.iter().any(|chain| chain.has_asset(asset));
        let covered = |target: &Target| TargetCoverage {
            target: target.value.clone(),
            chains: chains.iter().filter(|c| can_be_on(&***c, target)).map(|c| looked_up(&**c, target)).collect(),
            missing_asset: target.asset.as_ref().filter(is_missing).cloned(),
        };
        let on_chain = targets.iter().filter(|t| matches!(t.kind, TargetKind::Address | TargetKind::Transaction));
        on_chain.map(covered).collect()
    }

    /// As [`matches_within`].
    ///
    /// # Errors
    /// [`RequestError`] when the database cannot be read.
    pub fn matches(
        &self,
        screening: &Screening,
        targets: &[Target],
        scope: &OrderScope,
    ) -> Result<Vec<Match>, RequestError> {
        matches_on(self, screening, targets, scope)
    }
}

fn can_be_on(chain: &dyn ChainQueries, target: &Target) -> bool {
    match target.kind {
        TargetKind::Address => chain.own_form(&target.value).is_some(),
        _ => chain.outputs().is_none() || target.value.parse::<Txid>().is_ok(),
    }
}

/// Returns the chains on which the addresses and transactions among targets are looked up: those that an address can be on, and whose
/// transaction ids have the form.
#[must_use]
pub fn coverage(chains: &[Arc<dyn ChainQueries>], targets: &[Target]) -> Vec<TargetCoverage> {
    Followed::on(chains).coverage(targets)
}

/// Returns what of a target is not matched on a chain, in words: payments that were not read, and money that was not followed, or not to its end.
fn unmatched(followed: &Followed<'_>, chain: &dyn ChainQueries, target: &Target) -> Vec<String> {
    let mut gaps = Vec::new();
    let subject = match target.kind {
        TargetKind::Address => chain.own_form(&target.value),
        _ => Some(target.value.clone()),
    };
    let Some(subject) = subject else { return gaps };
    if target.kind == TargetKind::Transaction {
        match chain.payments_out(&subject) {
            Ok(payments) if payments.len() > MAX_PAYMENTS => {
                gaps.push(format!("of {} payments of the transaction {MAX_PAYMENTS} were looked at", payments.len()));
            }
            Err(e) if !is_elsewhere(&e) => gaps.push(format!("the transaction's payments could not be read: {e}")),
            _ => {}
        }
    } else if let Some(members) = chain.outputs().and_then(|snapshot| others_of(snapshot, &subject))
        && members > MAX_CLUSTER
    {
        gaps.push(format!("of {members} addresses under one control with it {MAX_CLUSTER} were looked at"));
    }
    match &*followed.reached(chain, &subject) {
        Ok(Reached { is_cut: true, .. }) => gaps.push(format!(
            "its money was followed over {} transfers and {} movements at most",
            MAX_TRACE.1, MAX_TRACE.0
        )),
        Ok(_) => {}
        Err(e) => gaps.push(format!("its money was not followed: {e}")),
    }
    gaps
}

/// Whether an error states that the chain does not have what was named, and no failure to look.
fn is_elsewhere(e: &WorkspaceError) -> bool {
    use WorkspaceError::{AccountQuery, AccountTrace, NotFound, Query, Unknown};
    matches!(e, NotFound(..) | Unknown(..) | Query(..) | AccountQuery(..) | AccountTrace(AccountTraceError::NoStart))
}

/// Returns how many other addresses an address's cluster has.
fn others_of(snapshot: &Snapshot, text: &str) -> Option<usize> {
    let key = AddressKey::parse(text, snapshot.ledger.network()).ok()?;
    let number = snapshot.ledger.address_number(&key)?;
    Some(snapshot.clusters.members(number).iter().filter(|member| **member != number).count())
}

/// Matches targets to customers, sure ones first, on all chains that an address or transaction can be on ([`coverage`]). Without chains only
/// what is stated is found.
///
/// # Errors
/// [`RequestError`] when the database cannot be read.
pub fn matches(
    screening: &Screening,
    chains: &[Arc<dyn ChainQueries>],
    targets: &[Target],
) -> Result<Vec<Match>, RequestError> {
    matches_within(screening, chains, targets, &OrderScope::default())
}

/// Matches targets to customers as [`matches()`], within an order's scope: events outside of its period, accounts or assets match no customer, and
/// where it names accounts, only customers who have one of them are found.
///
/// # Errors
/// [`RequestError`] when the database cannot be read.
pub fn matches_within(
    screening: &Screening,
    chains: &[Arc<dyn ChainQueries>],
    targets: &[Target],
    scope: &OrderScope,
) -> Result<Vec<Match>, RequestError> {
    Followed::on(chains).matches(screening, targets, scope)
}

fn matches_on(
    followed: &Followed<'_>,
    screening: &Screening,
    targets: &[Target],
    scope: &OrderScope,
) -> Result<Vec<Match>, RequestError> {
    let mut found: BTreeMap<(How, String, String), Vec<String>> = BTreeMap::new();
    let owners = owners(screening, scope)?;
    // Reading a chain that something cut off would end the process; `coverage` states it.
    let chains: Vec<&dyn ChainQueries> = followed.chains.iter().map(|c| &**c).filter(|c| c.fault().is_none()).collect();
    for target in targets {
        let mut add = |how: How, customer: String, because: String| {
            if owners.as_ref().is_some_and(|o| !o.contains(&customer)) {
                return;
            }
            let reasons = found.entry((how, customer, target.value.clone())).or_default();
            if reasons.len() < 20 && !reasons.contains(&because) {
                reasons.push(because);
            }
        };
        stated(screening, target, &mut add)?;
        named(screening, target, scope, &mut add)?;
        match target.kind {
            TargetKind::Address => address(screening, (followed, &chains), &target.value, scope, &mut add)?,
            TargetKind::Transaction => {
                for chain in &chains {
                    transaction(screening, (followed, *chain), &target.value, scope, &mut add)?;
                }
            }
            _ => {}
        }
    }
    Ok(found.into_iter().map(|((how, customer, target), because)| Match { customer, how, target, because }).collect())
}

/// Customers who have one of the accounts that an order names; none when it names none.
fn owners(screening: &Screening, scope: &OrderScope) -> Result<Option<BTreeSet<String>>, RequestError> {
    if scope.accounts.is_empty() {
        return Ok(None);
    }
    let found = screening.read(|db| find_many(db, "account", &scope.accounts, MAX_MATCHES))?;
    Ok(Some(found.into_iter().map(|(_, customer)| customer).collect()))
}

/// Customers of whom a record states the target.
fn stated(screening: &Screening, target: &Target, add: &mut Add<'_>) -> Result<(), RequestError> {
    let kinds: &[&'static str] = match target.kind {
        TargetKind::Email => &["email"],
        TargetKind::Phone => &["phone"],
        TargetKind::Name => &["name_key", "document"],
        TargetKind::Card | TargetKind::CardFingerprint => &["instrument"],
        TargetKind::Iban => &["iban", "instrument"],
        TargetKind::BankAccount => &["instrument", "iban"],
        TargetKind::Account => &["account"],
        TargetKind::Document => &["document"],
        TargetKind::Device => &["device"],
        TargetKind::Address | TargetKind::Transaction | TargetKind::Ip => &[],
        TargetKind::UserId => {
            if screening.read(|db| is_customer(db, &target.value))? {
                add(How::Direct, target.value.clone(), "it is the customer's number".into());
            }
            &[]
        }
    };
    for kind in kinds {
        for key in lookups(target, kind) {
            for (customer, source) in screening.read(|db| find_key(db, kind, &key, MAX_MATCHES))? {
                let mut because =
                    format!("{} stated by record {source}", if *kind == "name_key" { "name" } else { kind });
                if *kind == "name_key" {
                    let names = screening.read(|db| names_of(db, &customer, &key))?;
                    let why = |n: &String| Some(format!("{because}: '{n}', {}", why_same_name(&target.value, n)?));
                    because = names.iter().find_map(why).unwrap_or(because);
                }
                add(How::Direct, customer, because);
            }
        }
    }
    Ok(())
}

/// Keys by which a target is looked up among identifiers of a kind; a bank account or document may be stored as its hash.
fn lookups(target: &Target, kind: &'static str) -> Vec<String> {
    let mut keys = keys(kind, &target.value, None);
    if matches!((target.kind, kind), (TargetKind::Iban | TargetKind::Document, "instrument" | "document")) {
        let own = if kind == "document" { keys[0].clone() } else { target.value.clone() };
        for value in [target.value.as_str(), own.as_str()] {
            keys.extend(self::keys(kind, &hashed(value), None));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Customers whose events name the target, within an order's scope.
fn named(screening: &Screening, target: &Target, scope: &OrderScope, add: &mut Add<'_>) -> Result<(), RequestError> {
    let (kinds, window): (&[&'static str], _) = match target.kind {
        TargetKind::Address => (&["address"], scope.bounds()),
        TargetKind::Transaction => (&["transaction"], scope.bounds()),
        TargetKind::Card | TargetKind::CardFingerprint | TargetKind::BankAccount => (&["instrument"], scope.bounds()),
        TargetKind::Iban => (&["iban", "instrument"], scope.bounds()),
        TargetKind::Document => (&["document"], scope.bounds()),
        TargetKind::Device => (&["device"], scope.bounds()),
        TargetKind::Ip => match target.window(scope) {
            Some(window) => (&["ip"], window),
            None => (&[], scope.bounds()),
        },
        _ => (&[], scope.bounds()),
    };
    for kind in kinds {
        for key in lookups(target, kind) {
            for event in screening.read(|db| find_named(db, kind, &key, window, MAX_NAMED))? {
                if !scope.covers_account(event.account.as_deref()) || !scope.covers_asset(event.asset.as_deref()) {
                    continue;
                }
                let paid = event.role.starts_with("destination of withdrawal");
                let how = if paid { How::Paid } else { How::Named };
                add(how, event.customer, format!("{} of {}", event.role, event.time.rfc3339()));
            }
        }
    }
    Ok(())
}

/// Records a match: how it was found, customer, reason.
type Add<'a> = dyn FnMut(How, String, String) + 'a;

/// Who owns one of some addresses or withdrew to it, within an order's scope: (owns, address, customer).
fn known(
    screening: &Screening,
    addresses: &[String],
    scope: &OrderScope,
    add: &mut dyn FnMut(bool, &str, String),
) -> Result<(), RequestError> {
    for (kind, owns) in [("deposit_address", true), ("destination", false)] {
        for (address, customer) in screening.read(|db| find_many(db, kind, addresses, MAX_MATCHES))? {
            if within(screening, scope, owns, &address, &customer)? {
                add(owns, &address, customer);
            }
        }
    }
    Ok(())
}

/// Whether what ties a customer to an address is within an order's scope: the asset of the deposit address, or a withdrawal to it.
fn within(
    screening: &Screening,
    scope: &OrderScope,
    owns: bool,
    address: &str,
    customer: &str,
) -> Result<bool, RequestError> {
    if scope.is_whole() {
        return Ok(true);
    }
    if owns {
        // A script's address is written in each chain's own form.
        let sql = "SELECT id, body FROM records WHERE kind = 'deposit_address' AND customer = $1 LIMIT 10000";
        let rows = screening.read(|db| db.query(sql, &[customer.into()]))?;
        let mut records = Vec::new();
        for row in &rows {
            if Address::same(row.text(0)?, address) {
                records.push(parse::<Record>("record", row.text(1)?)?);
            }
        }
        return Ok(records.is_empty() || records.iter().any(|r| scope.covers_asset(r.asset.as_deref())));
    }
    let events = screening.read(|db| find_named(db, "address", address, scope.bounds(), MAX_NAMED))?;
    Ok(events.iter().any(|e| {
        e.customer == customer
            && e.role.starts_with("destination")
            && scope.covers_account(e.account.as_deref())
            && scope.covers_asset(e.asset.as_deref())
    }))
}

fn address(
    screening: &Screening,
    (followed, chains): (&Followed<'_>, &[&dyn ChainQueries]),
    text: &str,
    scope: &OrderScope,
    add: &mut Add<'_>,
) -> Result<(), RequestError> {
    known(screening, &[text.to_owned()], scope, &mut |owns, _, customer| match owns {
        true => add(How::Direct, customer, "it is the customer's deposit address".into()),
        false => add(How::Paid, customer, "the customer withdrew to it".into()),
    })?;
    for chain in chains {
        let Some(text) = chain.own_form(text) else { continue };
        if let Some(snapshot) = chain.outputs() {
            clustered(screening, snapshot, &text, scope, add)?;
        }
        traced(screening, (followed, *chain), &text, scope, add)?;
    }
    Ok(())
}

/// Customers of the other addresses of an address's cluster.
fn clustered(
    screening: &Screening,
    snapshot: &Snapshot,
    text: &str,
    scope: &OrderScope,
    add: &mut Add<'_>,
) -> Result<(), RequestError> {
    let (ledger, network) = (&snapshot.ledger, snapshot.ledger.network());
    let Some(number) = AddressKey::parse(text, network).ok().and_then(|key| ledger.address_number(&key)) else {
        return Ok(());
    };
    let members = snapshot.clusters.members(number);
    let others = members.iter().filter(|m| **m != number).take(MAX_CLUSTER);
    let others: Vec<String> = others.map(|m| ledger.address(*m).to_text(network)).collect();
    known(screening, &others, scope, &mut |owns, other, customer| {
        let what = if owns { "is the customer's deposit address" } else { "was withdrawn to by the customer" };
        add(How::Cluster, customer, format!("{other}, under one control with it, {what}"));
    })
}

fn transaction(
    screening: &Screening,
    (followed, chain): (&Followed<'_>, &dyn ChainQueries),
    text: &str,
    scope: &OrderScope,
    add: &mut Add<'_>,
) -> Result<(), RequestError> {
    // Not on this chain; where it could not be read, `coverage` states it.
    let Ok(payments) = chain.payments_out(text) else { return Ok(()) };
    // Outputs by their index; transfers by their id, which names no chain.
    let name = |id: &str| match (chain.outputs(), id.rsplit_once(':')) {
        (Some(_), Some((_, vout))) => format!("output {vout}"),
        _ => format!("transfer {id} on {}", chain.name()),
    };
    let mut paid: HashMap<String, String> = HashMap::new();
    for payment in payments.into_iter().take(MAX_PAYMENTS) {
        if let Some(to) = payment.to {
            paid.entry(to).or_insert_with(|| name(&payment.id));
        }
    }
    let mut addresses: Vec<String> = paid.keys().cloned().collect();
    addresses.sort();
    known(screening, &addresses, scope, &mut |owns, address, customer| {
        let payment = paid.get(address).map_or("a payment", String::as_str);
        match owns {
            true => add(How::Direct, customer, format!("{payment} pays the customer's deposit address {address}")),
            false => add(How::Paid, customer, format!("{payment} pays {address}, to which the customer withdrew")),
        }
    })?;
    traced(screening, (followed, chain), text, scope, add)
}

/// Customers whose deposit addresses money reached from a subject.
fn traced(
    screening: &Screening,
    (followed, chain): (&Followed<'_>, &dyn ChainQueries),
    subject: &str,
    scope: &OrderScope,
    add: &mut Add<'_>,
) -> Result<(), RequestError> {
    // Where it cannot be followed (an address with too many outputs), it is matched by what is stated alone; `coverage` states it.
    let reached = followed.reached(chain, subject);
    let Ok(Reached { ways: reached, .. }) = &*reached else { return Ok(()) };
    let mut addresses: Vec<String> = reached.keys().cloned().collect();
    addresses.sort();
    for (address, customer) in screening.read(|db| find_many(db, "deposit_address", &addresses, MAX_MATCHES))? {
        if !within(screening, scope, true, &address, &customer)? {
            continue;
        }
        for why in reached.get(&address).into_iter().flatten() {
            add(How::Traced, customer.clone(), why.clone());
        }
    }
    Ok(())
}

/// What money reached.
#[derive(Default)]
struct Reached {
    /// By address, how it came there.
    ways: HashMap<String, Vec<String>>,
    /// Whether some of it was not followed to its end.
    is_cut: bool,
}

/// Follows the money of a subject; a subject that the chain does not have reached nothing.
fn reached(chain: &dyn ChainQueries, subject: &str) -> Result<Reached, WorkspaceError> {
    let mut request = TraceRequest { subject: subject.to_owned(), entity: false, options: Default::default() };
    (request.options.bounds.max_edges, request.options.bounds.max_hops) = MAX_TRACE;
    let reached = match chain.outputs() {
        Some(snapshot) => reached_outputs(snapshot, &request),
        None => reached_accounts(chain, &request),
    };
    match reached {
        Err(e) if is_elsewhere(&e) => Ok(Reached::default()),
        reached => reached,
    }
}

/// Returns what a UTXO trace reached: where the money is, and what it went through.
fn reached_outputs(snapshot: &Snapshot, request: &TraceRequest) -> Result<Reached, WorkspaceError> {
    let (ledger, network) = (&snapshot.ledger, snapshot.ledger.network());
    let mut reached = Reached::default();
    let (trace, _) = snapshot.trace(request)?;
    reached.is_cut = trace.ends.iter().any(|end| end.kind.is_bound());
    let ends = trace.ends.iter().map(|e| (e.place, e.amount, e.hops, e.via));
    let passed = trace.edges.iter().filter(|e| e.hops > 0).map(|e| (e.place, e.amount, e.hops - 1, e.via));
    let start = AddressKey::parse(&request.subject, network).ok().and_then(|key| ledger.address_number(&key));
    for (place, amount, hops, via) in ends.chain(passed) {
        let Some(number) = ledger.source_info(place).address.filter(|a| Some(*a) != start) else { continue };
        let address = ledger.address(number).to_text(network);
        let through = via.map_or(String::new(), |tx| format!(" by transaction {}", ledger.tx(tx).txid));
        let amount = with_unit(amount, snapshot.asset());
        let s = if hops == 1 { "" } else { "s" };
        let why = format!("{amount} of it reached {address}{through}, {hops} transaction{s} on");
        reached.ways.entry(address).or_default().push(why);
    }
    Ok(reached)
}

/// Returns where money of accounts ended and passed, over swaps and bridges too.
fn reached_accounts(chain: &dyn ChainQueries, request: &TraceRequest) -> Result<Reached, WorkspaceError> {
    let mut reached = Reached::default();
    for end in chain.trace_ends(request, Tlp::AmberStrict)? {
        reached.is_cut |= end.is_cut;
        let Some(address) = end.address.filter(|a| !Address::same(a, &request.subject)) else { continue };
        let on = end.chain.usual_name().unwrap_or(end.chain.as_str());
        let amount = of_asset(end.amount, &end.asset);
        let s = if end.hops == 1 { "" } else { "s" };
        let passed = if end.is_passed { " and went on" } else { "" };
        let why = format!("{amount} of it reached {address} on {on}, {} transfer{s} on{passed}", end.hops);
        reached.ways.entry(address).or_default().push(why);
    }
    Ok(reached)
}
