//! Facts of issuers' freezes: what a chain knows of an address of a transfer.

use holdfast_decision::ChainFacts;
use holdfast_decision::issuer::{IssuerFact, IssuerState};
use holdfast_types::Timestamp;
use holdfast_workspace::freeze_view::FreezeView;
use holdfast_workspace::{ChainQueries, WorkspaceError};

/// Most freezes of a transfer that are stated.
const MAX_FACTS: usize = 32;

/// Adds the freezes of an address that are proposed or in force.
pub(crate) fn add(
    chain: &dyn ChainQueries,
    address: &str,
    own: bool,
    facts: &mut ChainFacts,
) -> Result<(), WorkspaceError> {
    for freeze in chain.freezes_of(address)? {
        add_fact(fact(&freeze, own, 0), facts);
    }
    Ok(())
}

/// Adds the freezes of the addresses that a real part of a deposit came through, those of other chains that it came over a bridge from too: where one of
/// these does not answer, that is a gap.
pub(crate) fn add_behind(chain: &dyn ChainQueries, facts: &mut ChainFacts) -> Result<(), WorkspaceError> {
    for behind in facts.behind.clone() {
        let Some(address) = behind.address else { continue };
        let (freezes, gaps) = chain.freezes_of_any(&address)?;
        facts.issuer_failed |= !gaps.is_empty();
        gaps.into_iter().for_each(|gap| add_gap(gap, facts));
        for freeze in freezes {
            let fact = fact(&freeze, false, behind.hops);
            let is_known = |known: &IssuerFact| (&known.address, &known.asset) == (&fact.address, &fact.asset);
            if !facts.issuer.iter().any(is_known) {
                add_fact(fact, facts);
            }
        }
    }
    Ok(())
}

fn add_fact(fact: IssuerFact, facts: &mut ChainFacts) {
    if facts.issuer.contains(&fact) {
        return;
    }
    if facts.issuer.len() < MAX_FACTS {
        facts.issuer.push(fact);
        return;
    }
    facts.issuer_failed = true;
    add_gap(format!("only {MAX_FACTS} freezes are stated; there are more"), facts);
}

/// Adds what is not known of freezes, once.
pub(crate) fn add_gap(gap: String, facts: &mut ChainFacts) {
    if !facts.issuer_gaps.contains(&gap) {
        facts.issuer_gaps.push(gap);
    }
}

fn fact(freeze: &FreezeView, own: bool, hops: u32) -> IssuerFact {
    let state = if freeze.state.is_frozen() { IssuerState::Frozen } else { IssuerState::Proposed };
    // Where a destroyed freeze began before the stored blocks, the destruction is what is known.
    let step = if state == IssuerState::Frozen { freeze.frozen.as_ref() } else { freeze.proposed.as_ref() };
    let step = step.or_else(|| freeze.since());
    IssuerFact {
        address: freeze.address.clone(),
        own,
        asset: freeze.asset.id.clone(),
        state,
        hops,
        since: step.map_or(Timestamp::EPOCH, |s| Timestamp::from_unix(i64::try_from(s.time).unwrap_or(i64::MAX))),
        tx: step.and_then(|s| s.tx.clone()),
    }
}
