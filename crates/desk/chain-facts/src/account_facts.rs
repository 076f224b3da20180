//! Facts of transfers between accounts, from any chain that answers [`ChainQueries`]: every payment has one payer and one payee.

use crate::facts::tag_fact;
use crate::issuer_facts;
use crate::reconcile::{self, Paid};
use holdfast_attribution::taxonomy::Risk;
use holdfast_attribution::{Category, Tlp};
use holdfast_decision::ChainFacts;
use holdfast_decision::behind::{Behind, MAX_HOPS, MIN_SHARE_PERCENT};
use holdfast_decision::facts::Share;
use holdfast_decision::model::{Event, EventKind};
use holdfast_types::{Address, Amount};
use holdfast_workspace::chain_queries::{BehindBounds, CategoryAmount, PlaceBehind};
use holdfast_workspace::{ChainExposure, ChainQueries, Payment, WorkspaceError};

/// Most places that are stored with a deposit, and most movements that are walked for it.
const MAX_BEHIND: usize = 48;
const MAX_EDGES: usize = 4_096;
/// A whole, in millionths.
const WHOLE_PPM: u64 = 1_000_000;

/// Returns what a chain knows of an address: in an asset, or in all that names determine. Of several assets the shares are those of the one that is most
/// exposed, and amounts are no sums.
pub(crate) fn address_facts(chain: &dyn ChainQueries, asset: Option<&str>, address: &str) -> ChainFacts {
    let mut facts = ChainFacts { ledger: true, ..ChainFacts::default() };
    let mut looked_up = || -> Result<(), WorkspaceError> {
        facts.found = party(chain, address, &mut facts)?;
        let assets = match asset {
            Some(asset) => vec![asset.to_owned()],
            None => chain.assets().iter().map(ToString::to_string).collect(),
        };
        let mut whole = ChainFacts::default();
        for asset in &assets {
            let Some(exposure) = found(chain.exposure_of(address, Some(asset)))? else { continue };
            let mut of_asset = ChainFacts::default();
            expose(&exposure, &mut of_asset);
            of_asset.destination = shares(&exposure.destination, exposure.destination_amount);
            merge(of_asset, &mut whole);
        }
        if asset.is_none() {
            whole.gaps.push("tokens that the list of assets does not name were not looked at".to_owned());
        }
        (facts.source, facts.destination, facts.gaps) = (whole.source, whole.destination, whole.gaps);
        (facts.unknown_ppm, facts.older_ppm) = (whole.unknown_ppm, whole.older_ppm);
        chain.freeze_gaps()?.into_iter().for_each(|gap| issuer_facts::add_gap(gap, &mut facts));
        Ok(())
    };
    if let Err(e) = looked_up() {
        facts.unavailable = Some(e.to_string());
    }
    add_blind_spots(chain, &mut facts);
    facts
}

/// Adds the exposure in another asset: of each category the larger shares.
fn merge(other: ChainFacts, into: &mut ChainFacts) {
    for (all, more) in [(&mut into.source, other.source), (&mut into.destination, other.destination)] {
        for share in more {
            match all.iter_mut().find(|known| known.category == share.category) {
                Some(known) => {
                    known.direct_ppm = known.direct_ppm.max(share.direct_ppm);
                    known.indirect_ppm = known.indirect_ppm.max(share.indirect_ppm);
                    (known.direct, known.indirect) =
                        (known.direct.max(share.direct), known.indirect.max(share.indirect));
                }
                None => all.push(share),
            }
        }
    }
    if other.unknown_ppm > into.unknown_ppm {
        (into.unknown_ppm, into.older_ppm) = (other.unknown_ppm, other.older_ppm);
    }
    let new = other.gaps.into_iter().filter(|gap| !into.gaps.contains(gap));
    let new: Vec<String> = new.collect();
    into.gaps.extend(new);
}

/// Adds what was not looked at on the chain, before what the exposures leave out.
fn add_blind_spots(chain: &dyn ChainQueries, facts: &mut ChainFacts) {
    let mut gaps = chain.blind_spots();
    gaps.retain(|gap| !facts.gaps.contains(gap));
    facts.gaps.splice(0..0, gaps);
}

/// Returns what a chain knows of an event's transfer.
pub(crate) fn chain_facts(chain: &dyn ChainQueries, event: &Event) -> ChainFacts {
    let mut facts = ChainFacts::default();
    let Some(asset) = event.asset.as_deref().filter(|asset| chain.has_asset(asset)) else { return facts };
    let looked_up = match event.kind {
        EventKind::Deposit => deposit(chain, event, asset, &mut facts),
        EventKind::Withdrawal => withdrawal(chain, event, asset, &mut facts),
        _ => return facts,
    };
    facts.ledger = true;
    facts.exposures_as_of_height = chain.coverage().exposures_as_of_height;
    add_blind_spots(chain, &mut facts);
    let looked_up = looked_up.and_then(|()| {
        chain.freeze_gaps()?.into_iter().for_each(|gap| issuer_facts::add_gap(gap, &mut facts));
        Ok(())
    });
    if let Err(e) = looked_up {
        facts.unavailable = Some(e.to_string());
    }
    facts
}

fn withdrawal(
    chain: &dyn ChainQueries,
    event: &Event,
    asset: &str,
    facts: &mut ChainFacts,
) -> Result<(), WorkspaceError> {
    let Some(to) = &event.counterparty else { return Ok(()) };
    facts.found = party(chain, to, facts)?;
    if let Some(exposure) = found(chain.exposure_of(to, Some(asset)))? {
        expose(&exposure, facts);
        facts.destination = shares(&exposure.destination, exposure.destination_amount);
        // That a payee's own money comes from afar is no reason to doubt a payment to it.
        (facts.unknown_ppm, facts.older_ppm) = (if exposure.is_unsound { WHOLE_PPM } else { 0 }, 0);
    }
    Ok(())
}

/// The answer, or none where nothing is stored.
fn found<T>(answer: Result<T, WorkspaceError>) -> Result<Option<T>, WorkspaceError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(WorkspaceError::NotFound(..) | WorkspaceError::Unknown(..)) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Takes in the category and tags of an address; returns whether the chain mentions it.
fn party(chain: &dyn ChainQueries, address: &str, facts: &mut ChainFacts) -> Result<bool, WorkspaceError> {
    let known = chain.address_facts(address, Tlp::Red)?;
    if (known.category.risk(), known.category.0) > (facts.category.risk(), facts.category.0) {
        facts.category = known.category;
    }
    facts.tags.extend(known.tags.iter().map(tag_fact));
    issuer_facts::add(chain, address, false, facts)?;
    Ok(known.is_on_chain)
}

fn deposit(chain: &dyn ChainQueries, event: &Event, asset: &str, facts: &mut ChainFacts) -> Result<(), WorkspaceError> {
    let tx = event.tx.as_deref().unwrap_or_default();
    if let Some(own) = event.address.as_deref().filter(|own| chain.is_address(own)) {
        issuer_facts::add(chain, own, true, facts)?;
    }
    let Some(mut payments) = found(chain.payments_out(tx))? else {
        facts.unavailable = Some("the transaction is not in the ledger".into());
        return Ok(());
    };
    let is_of_asset = |p: &Payment| holdfast_types::Asset::same(&p.asset.to_string(), asset);
    if !payments.iter().any(is_of_asset) {
        facts.found = !payments.is_empty();
        facts.mismatch.push(format!("the transaction moves no {asset}"));
        return Ok(());
    }
    // With a number the event names a payment among all of the transaction.
    if event.output.is_none() {
        payments.retain(is_of_asset);
    }
    if event.output.is_some_and(|n| usize::try_from(n).is_ok_and(|n| n >= payments.len())) {
        facts.unavailable = Some(format!("the transaction has only {} payments", payments.len()));
        return Ok(());
    }
    facts.found = true;
    let paid = |p: &Payment| Paid { amount: p.amount, to: p.to.as_deref().map(Address::read) };
    let paid: Vec<Paid> = payments.iter().map(paid).collect();
    let tip = chain.coverage().tip_height;
    let height = payments.iter().find_map(|p| p.height);
    let confirmations = tip.zip(height).map_or(0, |(tip, height)| tip.saturating_sub(height).saturating_add(1));
    let claim = reconcile::claim(event, &paid, confirmations);
    facts.mismatch = claim.mismatch;
    let Some(payment) = payments.get(claim.output) else { return Ok(()) };
    if !is_of_asset(payment) {
        facts.mismatch.push(format!("payment {} moves {}, not {asset}", payment.id, payment.asset));
    }
    if let Some(from) = &payment.from {
        party(chain, from, facts)?;
        facts.senders.push(from.clone());
    }
    if let Some(exposure) = found(chain.exposure_of(&payment.id, Some(asset)))? {
        expose(&exposure, facts);
    }
    let behind = chain.behind(&payment.id, flag_bounds())?;
    if behind.is_cut {
        let what = format!("the nearest {MAX_BEHIND} places and {MAX_EDGES} movements");
        facts.gaps.push(format!("flags were matched against {what} behind the deposit only"));
    }
    facts.behind = behind.places.into_iter().map(place_behind).collect();
    issuer_facts::add_behind(chain, facts)
}

/// Returns how far back flags are matched.
fn flag_bounds() -> BehindBounds {
    BehindBounds {
        max_hops: MAX_HOPS,
        min_share_ppm: u64::from(MIN_SHARE_PERCENT) * 10_000,
        max_edges: MAX_EDGES,
        most: MAX_BEHIND,
    }
}

fn place_behind(place: PlaceBehind) -> Behind {
    let PlaceBehind { transfer, address, hops, share_ppm, into } = place;
    Behind { output: transfer, address, hops, share_ppm, into: into.and_then(|n| u32::try_from(n).ok()) }
}

fn expose(exposure: &ChainExposure, facts: &mut ChainFacts) {
    facts.source = shares(&exposure.source, exposure.source_amount);
    facts.unknown_amounts = exposure.unknown_amounts;
    (facts.unknown_ppm, facts.older_ppm) = match exposure.is_unsound {
        true => (WHOLE_PPM, 0),
        false => (exposure.unknown_source_ppm, exposure.older_source_ppm.min(exposure.unknown_source_ppm)),
    };
    facts.gaps.clone_from(&exposure.gaps);
}

/// Returns the parts of categories with a risk. The millionths are exact; base units beyond 64 bits are shown as the most that 64 bits hold.
/// `whole` is what they are parts of, where it is more than their sum.
fn shares(lines: &[CategoryAmount], whole: Option<Amount>) -> Vec<Share> {
    let sum = || Amount::checked_sum(lines.iter().flat_map(|line| [line.direct, line.indirect])).unwrap_or(Amount::MAX);
    let whole = whole.unwrap_or_else(sum);
    let ppm = |part: Amount| {
        let ppm = part.mul_div(Amount::from(1_000_000u64), whole).unwrap_or_default();
        u64::try_from(ppm).unwrap_or(1_000_000)
    };
    let narrow = |amount: Amount| u64::try_from(amount).unwrap_or(u64::MAX);
    let has_risk = |category: Category| category.risk() != Risk::None;
    let share = |line: &CategoryAmount| Share {
        category: line.category,
        direct: narrow(line.direct),
        indirect: narrow(line.indirect),
        direct_ppm: ppm(line.direct),
        indirect_ppm: ppm(line.indirect),
    };
    lines.iter().filter(|line| has_risk(line.category)).map(share).collect()
}
