//! Suggested tags: a pass over an account chain of the server, and what a person says of a suggestion.

use crate::AppState;
use crate::error::ApiError;
use crate::tags::OwnStep;
use holdfast_attribution::own::OWN_PACK;
use holdfast_attribution::{TagStore, Tlp};
use holdfast_learned::{Suggestion, open};
use holdfast_suggest::{Pass, PassReport, Suggestions, tag_of};
use std::ops::ControlFlow;

/// Returns whether a person stated what a suggestion says.
#[must_use]
pub fn stands(tags: &TagStore, suggestion: &Suggestion) -> bool {
    let source = format!("model {}", suggestion.model);
    let is_it = |t: &holdfast_attribution::Tag| {
        t.pack == OWN_PACK && t.source == source && t.concept().name() == suggestion.category
    };
    tags.tags_of(&suggestion.address).any(is_it)
}

impl AppState {
    /// Returns suggested tags, over this desk.
    #[must_use]
    pub fn suggestions(&self) -> Suggestions<'_> {
        Suggestions { screening: &self.screening }
    }

    /// Looks at addresses of an account chain and stores what the model suggests; those with a tag that a reader of labels up to `clearance` sees are left out.
    ///
    /// # Errors
    /// 400 names the field; 404 for a model that there is not; 409 when none may suggest, or the chain's ledger cannot be looked at.
    pub fn suggest_tags(&self, chain: &str, pass: &Pass, clearance: Tlp, actor: &str) -> Result<PassReport, ApiError> {
        let chain = self.chains.accounts_named(chain)?.snapshot();
        // A tag that the caller may not know is not told by leaving its address out.
        let is_tagged = |address: &str| chain.tags.tags_of(address).any(|tag| tag.is_for(clearance));
        let watch = &mut |_| ControlFlow::Continue(());
        let report = self.suggestions().pass(chain.chain(), &chain.ledger, pass, &is_tagged, actor, watch)?;
        report.ok_or_else(|| ApiError::internal("the pass ended early"))
    }

    /// Accepts a suggestion: states a tag of the desk's own, whose source is the model, and brings exposures up to it. Until then nothing counts it.
    ///
    /// # Errors
    /// 400 names the field; 404 for one that there is not; 409 when it is decided already, or there are too many own tags; 503 when the chain is being changed.
    pub fn accept_suggestion(&self, id: u64, note: &str, clearance: Tlp, actor: &str) -> Result<Suggestion, ApiError> {
        let suggestion = self.suggestions().get(id)?;
        open(&suggestion)?;
        // A process that ended between tag and note left the tag: accepting again notes it.
        if !stands(&self.chain().snapshot().tags, &suggestion) {
            self.change_own_tag(OwnStep::Add(tag_of(&suggestion)?), note, clearance, actor)?;
        }
        Ok(self.suggestions().settle(id, true, note, actor)?)
    }

    /// Rejects a suggestion: it is not made again, and is a label for the next training.
    ///
    /// # Errors
    /// As [`AppState::accept_suggestion`], but for tags.
    pub fn reject_suggestion(&self, id: u64, note: &str, actor: &str) -> Result<Suggestion, ApiError> {
        Ok(self.suggestions().settle(id, false, note, actor)?)
    }
}
