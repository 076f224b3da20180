//! Which account chains a store has. Their ledgers lie beside those of further chains of the Bitcoin family.

use crate::error::WorkspaceError;
use crate::workspace::CHAINS;
use holdfast_account_ledger::manifest::Manifest;
use holdfast_types::{ChainId, Family};
use std::path::Path;

/// The folder of a chain's ledger of accounts, in the chain's folder.
pub const ACCOUNTS: &str = "accounts";

/// Returns the account chains of a store that have a ledger, in the order of their ids.
///
/// # Errors
/// [`WorkspaceError`] when the system refuses, or a ledger's manifest does not read.
pub fn account_chains(store: &Path) -> Result<Vec<ChainId>, WorkspaceError> {
    let dir = store.join(CHAINS);
    let io = |e| WorkspaceError::Io(dir.clone(), e);
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(io(e)),
    };
    let mut chains = Vec::new();
    for entry in entries {
        let ledger = entry.map_err(io)?.path().join(ACCOUNTS);
        if Manifest::path(&ledger).is_file() {
            chains.push(Manifest::read(&ledger)?.settings.chain);
        }
    }
    chains.sort();
    Ok(chains)
}

/// Returns names and families of account chains, for [`holdfast_attribution::import::ImportReport::count_chains`].
#[must_use]
pub fn account_families(chains: &[ChainId]) -> Vec<(String, Family)> {
    let name = |chain: &ChainId| chain.usual_name().unwrap_or(chain.as_str()).to_owned();
    chains.iter().map(|chain| (name(chain), chain.family())).collect()
}
