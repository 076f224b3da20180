//! The chain of a request, where the desk has several.

use crate::AppState;
use crate::error::ApiError;
use holdfast_workspace::{ChainHandle, Snapshot};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Choice of a chain.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChainQuery {
    /// The chain that is meant, where the desk has several: name (litecoin), ticker (LTC) or CAIP-2 id. By default the one that stores what is
    /// named, or else whose addresses have its form; of several, and where nothing decides, the first.
    pub chain: Option<String>,
}

impl AppState {
    /// Returns the chain on which a text is looked up.
    ///
    /// # Errors
    /// [`ApiError`] when there is no chain of the name.
    pub fn snapshot_for(&self, on: &ChainQuery, text: &str) -> Result<Arc<Snapshot>, ApiError> {
        Ok(self.chains.snapshot_for(text, on.chain.as_deref())?)
    }

    /// Returns the named chain, or the first.
    ///
    /// # Errors
    /// [`ApiError`] when there is no chain of the name.
    pub fn chain_on(&self, on: &ChainQuery) -> Result<&Arc<ChainHandle>, ApiError> {
        match on.chain.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Ok(self.chains.named(name)?),
            None => Ok(self.chain()),
        }
    }

    /// Returns the chain on which a subject of an asset is looked up: the asset's, else the first; for any asset (`holistic`) the one that the
    /// subject identifies.
    #[must_use]
    pub fn snapshot_about(&self, asset: &str, subject: &str) -> Arc<Snapshot> {
        if asset.eq_ignore_ascii_case("holistic")
            && let Ok(snapshot) = self.chains.snapshot_for(subject, None)
        {
            return snapshot;
        }
        self.chains.handle_of(asset).unwrap_or_else(|| self.chain()).snapshot()
    }
}
