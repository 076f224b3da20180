//! Suggested tags: training of models of accounts on a chain's ledger as a job, a pass over an account chain by request and once a day, and what a person says of a
//! suggestion.

use crate::AppState;
use crate::error::ApiError;
use crate::tags::OwnStep;
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::own::OWN_PACK;
use holdfast_attribution::{TagStore, Tlp};
use holdfast_decision::Purpose;
use holdfast_jobs::{Failure, Job, JobState, Outcome, Run};
use holdfast_learned::{ModelState, Suggestion, list, open};
use holdfast_suggest::{
    LedgerRequest, Pass, PassReport, StoredChain, SuggestError, Suggestions, tag_of, train_on_ledger,
};
use holdfast_types::{ErrorKind, Seconds};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Addresses between two notes of progress.
const STEP: usize = 50;

/// Returns whether a person stated what a suggestion says.
#[must_use]
pub fn stands(tags: &TagStore, suggestion: &Suggestion) -> bool {
    let source = format!("model {}", suggestion.model);
    let is_it = |t: &holdfast_attribution::Tag| {
        t.pack == OWN_PACK && t.source == source && t.concept().name() == suggestion.category
    };
    tags.tags_of(&suggestion.address).any(is_it)
}

/// Returns what is read of a chain.
#[must_use]
pub fn stored(chain: &AccountSnapshot) -> StoredChain<'_> {
    StoredChain { chain: chain.chain(), ledger: &chain.ledger, dir: chain.dir() }
}

fn failed(e: &SuggestError) -> Failure {
    match e.kind() {
        ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::Internal => Failure::again(e),
        _ => Failure::for_good(e),
    }
}

/// Notes how many addresses are done, and says whether to go on.
fn go_on(run: &Run<'_>, done: usize) -> ControlFlow<()> {
    if done.is_multiple_of(STEP) {
        run.progress(done as u64, None, "");
    }
    if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Trains a model of accounts on labelled addresses of a chain's ledger and adds it as a draft.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrainAccounts {
    request: LedgerRequest,
    /// Who asked for it.
    actor: String,
}

impl Job for TrainAccounts {
    type Context = AppState;
    const KIND: &'static str = "train-accounts";
    const MAX_TRIES: u32 = 3;

    fn key(&self) -> String {
        Purpose::AccountPhishing.name().to_owned()
    }

    fn merge(&mut self, newer: Self) {
        *self = newer;
    }

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let chain = shared.chains.accounts_named(&self.request.chain).map_err(Failure::for_good)?.snapshot();
        let decided = shared.suggestions().decided().map_err(|e| failed(&e))?;
        let trained = train_on_ledger(stored(&chain), &self.request, &decided, &mut |done| go_on(run, done));
        let Some(made) = trained.map_err(|e| failed(&e))? else { return Ok(Outcome::Stopped) };
        // Nothing is added of a training that was cancelled while the learner worked.
        if run.is_stopping() {
            return Ok(Outcome::Stopped);
        }
        shared.screening.add_model(made.trained.model, &self.actor).map_err(|e| failed(&e.into()))?;
        Ok(Outcome::Done)
    }
}

/// Looks at whoever received coin in the newest blocks of each EVM chain of the server, once a day, where a model of accounts is champion.
#[derive(Debug, Serialize, Deserialize)]
pub struct SuggestDaily {}

impl Job for SuggestDaily {
    type Context = AppState;
    const KIND: &'static str = "suggest-tags";
    const IS_POLL: bool = true;

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let again = Ok(Outcome::Again { after: Seconds::DAY });
        let champions = shared
            .screening
            .read(|db| list(db, Some(Purpose::AccountPhishing), Some(ModelState::Champion)))
            .map_err(Failure::again)?;
        if champions.is_empty() {
            return again;
        }
        for chain in shared.chains.accounts().map(|chain| chain.snapshot()) {
            // A chain of another family, or without a block, has nothing to look at.
            if chain.chain().namespace() != "eip155" || chain.ledger.tip().map_err(Failure::again)?.is_none() {
                continue;
            }
            // Whoever reads suggestions sees none of what has a tag, whichever label the tag has.
            let is_tagged = |address: &str| chain.tags.tags_of(address).next().is_some();
            let mut watch = |done: usize| go_on(run, done);
            let of = shared.suggestions();
            let report = of.pass(stored(&chain), &Pass::default(), &is_tagged, "engine", &mut watch);
            match report {
                Ok(Some(report)) => tracing::info!(chain = report.chain, found = report.found, "tags were suggested"),
                Ok(None) => return Ok(Outcome::Stopped),
                // A model without a threshold, as imported ones: said once a day; the other chains are looked at all the same.
                Err(SuggestError::State(why)) => tracing::warn!(chain = %chain.chain(), why, "no tags were suggested"),
                Err(e) => return Err(failed(&e)),
            }
        }
        again
    }
}

impl AppState {
    /// Trains a model of accounts in the background.
    ///
    /// # Errors
    /// 400 names the field; 404 for a chain that there is not; 409 when a training waits already; 503 when the job cannot be stored.
    pub fn train_accounts_later(&self, request: LedgerRequest, actor: &str) -> Result<u64, ApiError> {
        request.accounts()?;
        self.chains.accounts_named(&request.chain)?;
        if self.training(Purpose::AccountPhishing)?.is_some_and(|job| job.state == JobState::Waiting) {
            return Err(ApiError::of(ErrorKind::State, "a training for it waits already"));
        }
        let job = Arc::new(TrainAccounts { request, actor: actor.to_owned() });
        Ok(self.jobs.enqueue(&job, actor)?)
    }

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
        let report = self.suggestions().pass(stored(&chain), pass, &is_tagged, actor, watch)?;
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
