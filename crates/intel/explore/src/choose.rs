//! The chain that a question is about.

use crate::chain::Chain;
use crate::error::ExploreError;
use holdfast_chains::{ChainsError, OpenChains, pick_accounts};
use holdfast_types::Asset;
use holdfast_workspace::lookup::bare;
use holdfast_workspace::{ChainQueries, Snapshot};
use std::sync::Arc;

/// Returns the chain of outputs with a name: its network's, its asset's ticker, or its CAIP-2 id.
pub(crate) fn outputs_named<'a>(chains: &'a OpenChains, name: &str) -> Option<&'a Arc<Snapshot>> {
    let is_named = |chain: &&Arc<Snapshot>| {
        chain.name().eq_ignore_ascii_case(name) || Asset::same(chain.asset(), name) || chain.id().as_str() == name
    };
    chains.first.iter().find(is_named)
}

/// Returns the chain that a text is looked up on: the named one, of either family; else the one that stores what the text names, and then the one whose
/// addresses have its form.
///
/// # Errors
/// [`ChainsError::Unknown`] where no chain has the name, [`ChainsError::Ambiguous`] where several account chains fit.
pub fn choose(chains: &OpenChains, text: &str, name: Option<&str>) -> Result<Chain, ExploreError> {
    let text = bare(text);
    if let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) {
        if let Some(chain) = outputs_named(chains, name) {
            return Ok(Chain::Outputs(chain.clone()));
        }
        return match pick_accounts(&chains.accounts, &text, Some(name)) {
            Ok(chain) => Ok(Chain::Accounts(chain)),
            Err(ChainsError::Unknown(..) | ChainsError::NoAccounts) => Err(unknown(chains, name).into()),
            Err(e) => Err(e.into()),
        };
    }
    if let Some(chain) = chains.first.iter().find(|chain| chain.subject(&text).is_ok()) {
        return Ok(Chain::Outputs(chain.clone()));
    }
    let of_accounts = pick_accounts(&chains.accounts, &text, None);
    if let Some(chain) = of_accounts.as_ref().ok().filter(|chain| chain.stores(&text) || chain.is_address(&text)) {
        return Ok(Chain::Accounts(chain.clone()));
    }
    let formed = chains.first.iter().find(|chain| chain.is_address(&text));
    match (formed.or(chains.first.first()), of_accounts) {
        // What several account chains store or can have.
        (_, Err(e @ ChainsError::Ambiguous(..)))
            if chains.accounts.iter().any(|c| c.stores(&text) || c.is_address(&text)) =>
        {
            Err(e.into())
        }
        (Some(chain), _) => Ok(Chain::Outputs(chain.clone())),
        (None, Ok(chain)) => Ok(Chain::Accounts(chain)),
        (None, Err(e)) => Err(e.into()),
    }
}

/// Returns that no chain is called so, with those that there are.
pub(crate) fn unknown(chains: &OpenChains, name: &str) -> ChainsError {
    let outputs = chains.first.iter().map(|chain| chain.name());
    let names: Vec<String> = outputs.chain(chains.accounts.iter().map(|chain| chain.usual_name())).collect();
    ChainsError::Unknown(name.chars().take(80).collect(), names.join(", "))
}

/// Returns the chains on which an address may be: the named one, or all that can have it.
pub(crate) fn all_with(chains: &OpenChains, text: &str, name: Option<&str>) -> Result<Vec<Chain>, ExploreError> {
    if name.is_some_and(|name| !name.trim().is_empty()) {
        return Ok(vec![choose(chains, text, name)?]);
    }
    let outputs = chains.first.iter().filter(|chain| chain.is_address(text)).cloned().map(Chain::Outputs);
    let accounts = chains.accounts.iter().filter(|chain| chain.stores(text)).cloned().map(Chain::Accounts);
    Ok(outputs.chain(accounts).collect())
}
