//! Chains of labs, opened for learners.

use crate::AppState;
use crate::error::ApiError;
use axum::http::StatusCode;
use holdfast_types::ids::AttemptId;
use holdfast_workspace::ChainHandle;
use std::collections::VecDeque;
use std::sync::Arc;

/// Chains of labs that are open, the last used first.
#[derive(Debug, Default)]
pub struct LabChains(VecDeque<(AttemptId, Arc<ChainHandle>, Arc<tempfile::TempDir>)>);

/// Most chains that are open at once.
const MAX_CHAINS: usize = 16;

impl AppState {
    /// Returns the chain of a learner's lab, opened or built.
    ///
    /// # Errors
    /// 401 for a key that is no learner's, 404 for another learner's lab.
    pub fn lab_chain(&self, id: AttemptId, key: &str) -> Result<Arc<ChainHandle>, ApiError> {
        let academy = self.academy();
        let learner = academy.learner_of(key).map_err(|e| ApiError::new(StatusCode::UNAUTHORIZED, e.to_string()))?;
        let (_, made) = academy.task(id, &learner)?;
        let take = || {
            let mut open = self.lab_chains.lock().unwrap_or_else(|e| e.into_inner());
            let at = open.0.iter().position(|c| c.0 == id)?;
            let chain = open.0.remove(at)?;
            let found = chain.1.clone();
            open.0.push_front(chain);
            Some(found)
        };
        if let Some(found) = take() {
            return Ok(found);
        }
        let dir = tempfile::tempdir().map_err(|e| ApiError::internal(e.to_string()))?;
        let chain = Arc::new(ChainHandle::new(made.build(dir.path()).map_err(ApiError::bad)?));
        let mut open = self.lab_chains.lock().unwrap_or_else(|e| e.into_inner());
        open.0.push_front((id, chain.clone(), Arc::new(dir)));
        open.0.truncate(MAX_CHAINS);
        Ok(chain)
    }
}
