//! The server's jobs: screening again, reading sources of partners, making bundles ([`crate::evidence`]).

use crate::AppState;
use crate::erasing::Erase;
use crate::error::ApiError;
use crate::evidence::MakeBundle;
use crate::imports::ImportTags;
use crate::ledgers::{CheckLedger, RebuildBeside};
use crate::rescreen_all::RescreenAll;
use crate::reseal::Reseal;
use crate::watching::CheckWatched;
use axum::http::StatusCode;
use holdfast_account_workspace::reach::reached_within;
use holdfast_jobs::{Failure, Job, JobState, Kinds, Outcome, Queue, Run, Runner, StoredJob, list, retry};
use holdfast_screening::{ScreeningError, TouchedNames};
use holdfast_sharing::sources::SourceState;
use holdfast_store::{Store, StoreError};
use holdfast_telemetry::logs::one_line;
use holdfast_types::ids::SourceId;
use holdfast_types::{ChainId, ErrorKind, Seconds};
use holdfast_workspace::ChainQueries;
use holdfast_workspace::touched::Origins;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Most reasons that a pass names.
const MAX_REASONS: usize = 4;
/// Longest reason, in characters.
const MAX_REASON: usize = 500;
/// Time between two checks for sources to read and for what is no longer valid.
const TEND: Seconds = Seconds::new(2);
/// Time between two checks for sessions that were used.
const SESSION_USE: Seconds = Seconds::MINUTE;
/// A source that is read at most so often is not read at once after a restart.
const SELDOM: Seconds = Seconds::MINUTE;

/// Most transfers that a pass lists; beyond them it screens all again.
const MAX_LISTED: usize = 20_000;
/// Most addresses and transactions of account chains that a pass follows; beyond them it screens all again.
const MAX_ORIGINS: usize = 10_000;

/// Which transfers are screened again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// All: what a change touched is not known, or too much.
    #[default]
    All,
    /// Those that a change touched.
    These {
        /// Their numbers.
        seqs: BTreeSet<u64>,
        /// The last event when the change was looked up. Events after it may have been decided before the change.
        last: u64,
        /// Account chains: what changed, by CAIP-2 id. The pass finds the transfers that money of it can have reached.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        origins: BTreeMap<ChainId, Origins>,
    },
}

impl Scope {
    fn merge(&mut self, newer: Scope) {
        *self = match (std::mem::take(self), newer) {
            (
                Scope::These { mut seqs, last, mut origins },
                Scope::These { seqs: more, last: newer, origins: further },
            ) => {
                seqs.extend(more);
                further.into_iter().for_each(|(chain, later)| origins.entry(chain).or_default().merge(later));
                let count: usize = origins.values().map(Origins::len).sum();
                match seqs.len() <= MAX_LISTED && count <= MAX_ORIGINS {
                    true => Scope::These { seqs, last: last.min(newer), origins },
                    false => Scope::All,
                }
            }
            _ => Scope::All,
        };
    }
}

/// Screens past transfers again, because tags or exposures changed. What changes while a pass runs is one further pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescreen {
    reasons: Vec<String>,
    /// Reasons beyond those that are named.
    further: u64,
    #[serde(default)]
    scope: Scope,
}

impl Rescreen {
    /// A pass because of a change.
    pub(crate) fn because(why: &str, scope: Scope) -> Self {
        Rescreen { reasons: vec![why.chars().take(MAX_REASON).collect()], further: 0, scope }
    }

    /// Returns the reason for the late alerts.
    pub(crate) fn why(&self) -> String {
        let why = self.reasons.join("; ");
        if self.further > 0 { format!("{why}; and {} further changes", self.further) } else { why }
    }
}

impl Job for Rescreen {
    type Context = AppState;
    const KIND: &'static str = "rescreen";

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, newer: Self) {
        self.further += newer.further;
        self.scope.merge(newer.scope);
        for why in newer.reasons.into_iter() {
            match self.reasons.contains(&why) {
                true => {}
                false if self.reasons.len() < MAX_REASONS => self.reasons.push(why),
                false => self.further += 1,
            }
        }
    }

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let last = shared.screening.last_event().map_err(Failure::again)?;
        let after = run.resume_at().parse().unwrap_or(0);
        let is_stopped = std::cell::Cell::new(false);
        let mut progress = |at: u64, _: u64| {
            run.progress(at, Some(last.max(at)), &at.to_string());
            is_stopped.set(run.is_stopping());
            if is_stopped.get() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut after = after;
        if let Scope::These { seqs, last, origins } = &self.scope
            && let Reach::These(reached) = shared.reached_by(origins, run)?
        {
            if run.is_stopping() {
                return Ok(Outcome::Stopped);
            }
            // In addition to those that a change touched: those that only wait for the chain, whatever it answers now.
            let mut seqs = seqs.clone();
            seqs.extend(reached);
            seqs.extend(shared.screening.held_in_ignorance().map_err(Failure::again)?);
            seqs.retain(|seq| *seq > after && *seq <= *last);
            shared
                .screening
                .rescreen_these(&seqs, |event| shared.facts(event), &self.why(), &mut progress)
                .map_err(Failure::again)?;
            after = after.max(*last);
        }
        if !is_stopped.get() {
            shared
                .screening
                .rescreen_after(after, |event| shared.facts(event), &self.why(), &mut progress)
                .map_err(Failure::again)?;
        }
        Ok(if is_stopped.get() { Outcome::Stopped } else { Outcome::Done })
    }
}

/// What changes on account chains may have reached.
enum Reach {
    /// The transfers with these numbers.
    These(BTreeSet<u64>),
    /// More than is followed: it may be any.
    Anything,
}

impl AppState {
    /// Follows what changed on account chains to the transfers that may rest on it.
    fn reached_by(&self, origins: &BTreeMap<ChainId, Origins>, run: &Run<'_>) -> Result<Reach, Failure> {
        let mut seqs = BTreeSet::new();
        if origins.is_empty() {
            return Ok(Reach::These(seqs));
        }
        let (chains, most) = (self.chains.account_snapshots(), self.follow_postings);
        let part = |of: fn(&Origins) -> Origins| {
            let parts = origins.iter().map(|(chain, all)| (chain.clone(), of(all)));
            parts.filter(|(_, part)| !part.is_empty()).collect::<BTreeMap<_, _>>()
        };
        let sent = part(|all| Origins { sent: all.sent.clone(), ..Origins::default() });
        let changed = part(|all| Origins { addresses: all.addresses.clone(), ..Origins::default() });
        let mut go_on = |postings: u64| {
            run.progress(postings.min(most), Some(most), run.resume_at());
            if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let late = reached_within(&chains, &sent, most, &mut go_on).map_err(Failure::again)?;
        let changed = reached_within(&chains, &changed, most, &mut go_on).map_err(Failure::again)?;
        if run.is_stopping() {
            return Ok(Reach::These(seqs));
        }
        if changed.is_cut {
            let postings = changed.postings;
            tracing::info!(postings, "what changed is connected too widely; all transfers are screened again");
            return Ok(Reach::Anything);
        }
        // A pass that goes on where it was had them screened when it began.
        if late.is_cut && run.resume_at().is_empty() {
            // Bridges are used in every block: the nearest transfers are screened again at once; while a chain catches up one pass over all others after another.
            let postings = late.postings;
            tracing::warn!(
                postings,
                "what left over bridges reaches further; all transfers are screened again in the background"
            );
            let why =
                format!("what left over bridges was read late and reaches beyond {} movements", self.follow_postings);
            self.rescreen_all_later(&why).map_err(Failure::again)?;
        }
        for mut reached in [late, changed] {
            for chain in &chains {
                let names = TouchedNames {
                    addresses: reached.addresses.remove(chain.chain()).unwrap_or_default().into_iter().collect(),
                    txs: reached.txs.remove(chain.chain()).unwrap_or_default().into_iter().collect(),
                };
                let touched = self.screening.touched_transfers(&names, &|asset| chain.has_asset(asset));
                seqs.extend(touched.map_err(Failure::again)?);
            }
        }
        Ok(Reach::These(seqs))
    }
}

/// Reads a source of a partner again and again, while it is active. Why a reading failed is stored with the source, too.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadSource {
    source: SourceId,
}

impl Job for ReadSource {
    type Context = AppState;
    const KIND: &'static str = "source";
    const IS_POLL: bool = true;
    // A slow partner does not delay others.
    const MAX_AT_ONCE: usize = 32;
    // A partner that is back is soon read again: its flags hold stolen funds.
    const MAX_PAUSE: Seconds = Seconds::new(30);
    const MAX_TRIES: u32 = 100;

    fn key(&self) -> String {
        self.source.to_string()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let source = match shared.sharing().source(self.source) {
            Ok(source) => source,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Outcome::Done),
            Err(e) => return Err(Failure::again(e)),
        };
        if source.state != SourceState::Active {
            return Ok(Outcome::Done);
        }
        let waits = source.polled.map_or(Seconds::ZERO, |polled| polled + source.every - shared.screening.now());
        if source.every > SELDOM && waits > Seconds::ZERO {
            return Ok(Outcome::Again { after: waits });
        }
        let read = shared.read_pages(source.id, &|| run.is_stopping());
        shared.metrics.source_read(source.id, shared.screening.now(), read.is_ok());
        read.map_err(Failure::again)?;
        Ok(Outcome::Again { after: source.every })
    }
}

/// Ends the effects of what is no longer valid, and reads every active source.
#[derive(Debug, Serialize, Deserialize)]
pub struct TendSources {}

impl Job for TendSources {
    type Context = AppState;
    const KIND: &'static str = "sources";
    const IS_POLL: bool = true;
    const MAX_PAUSE: Seconds = Seconds::new(10);

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, _: &Run<'_>) -> Result<Outcome, Failure> {
        if shared.spread_tags() {
            shared.rescreen_later("changed tags reached all chains");
        }
        shared.rescreen_after_exposures();
        shared.store_rescreens();
        shared.apply_validity().map_err(Failure::again)?;
        let waiting = shared.screening.read(|db| list(db, Some(JobState::Waiting))).map_err(Failure::again)?;
        let known: HashSet<&str> =
            waiting.iter().filter(|j| j.kind == ReadSource::KIND).map(|j| j.key.as_str()).collect();
        for source in shared.sharing().sources().map_err(Failure::again)? {
            let job = ReadSource { source: source.id };
            if source.state == SourceState::Active && !known.contains(job.key().as_str()) {
                shared.jobs.enqueue(&Arc::new(job), "engine").map_err(Failure::again)?;
            }
        }
        Ok(Outcome::Again { after: TEND })
    }
}

/// Stores when sessions of people were used last.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoreSessions {}

impl Job for StoreSessions {
    type Context = AppState;
    const KIND: &'static str = "sessions";
    const IS_POLL: bool = true;
    const MAX_PAUSE: Seconds = Seconds::new(60);

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, _: &Run<'_>) -> Result<Outcome, Failure> {
        shared.store_session_uses().map_err(Failure::again)?;
        Ok(Outcome::Again { after: SESSION_USE })
    }
}

impl AppState {
    /// Screens past transfers again in the background, because of a change of tags or exposures: those that rest on what the changes since the
    /// last call touched. However many changes come, one job does it; it is run by this process, or by the next that serves.
    pub fn rescreen_later(&self, why: &str) {
        let scope = self.touched().unwrap_or_else(|e| {
            tracing::warn!(
                reason = one_line(&e),
                "what a change touched is not found; all transfers are screened again"
            );
            Scope::All
        });
        let job = Rescreen::because(why, scope);
        let mut unstored = self.unstored_rescreen();
        match &mut *unstored {
            Some(waiting) => waiting.merge(job),
            None => *unstored = Some(job),
        }
        drop(unstored);
        self.store_rescreens();
    }

    /// Takes the queued changes, and finds the transfers that rest on them.
    fn touched(&self) -> Result<Scope, ScreeningError> {
        // Before the look-up: what is decided meanwhile is screened again, too.
        let last = self.screening.last_event()?;
        let mut all = BTreeSet::new();
        let mut is_whole = false;
        // All are taken, also where one of them is touched as a whole.
        for chain in self.chains.handles() {
            let touched = chain.take_touched();
            // Chains of other families do not report what tags touch beyond the tagged addresses.
            is_whole |= touched.is_whole || (self.chains.has_unreported() && !touched.tagged.is_empty());
            if is_whole {
                continue;
            }
            let snapshot = chain.snapshot();
            let names = TouchedNames {
                addresses: touched.addresses.into_iter().collect(),
                txs: touched.txs.into_iter().collect(),
            };
            all.extend(self.screening.touched_transfers(&names, &|asset| snapshot.has_asset(asset))?);
            let tagged = TouchedNames { addresses: touched.tagged.into_iter().collect(), txs: Vec::new() };
            all.extend(self.screening.touched_transfers(&tagged, &|_| true)?);
        }
        let mut origins = BTreeMap::new();
        for chain in self.chains.accounts() {
            let touched = chain.take_touched();
            is_whole |= touched.is_whole;
            if is_whole {
                continue;
            }
            let snapshot = chain.snapshot();
            if !touched.origins.is_empty() {
                origins.insert(snapshot.chain().clone(), touched.origins);
            }
            let is_asset = |asset: &str| snapshot.has_asset(asset);
            // An address of a customer that an issuer froze raises an alert by the last deposit there.
            let frozen: Vec<String> = touched.frozen.iter().cloned().collect();
            all.extend(self.screening.latest_deposits_at(&frozen, &is_asset)?);
            let names = TouchedNames {
                addresses: touched.addresses.into_iter().chain(touched.frozen).collect(),
                txs: touched.txs.into_iter().collect(),
            };
            all.extend(self.screening.touched_transfers(&names, &is_asset)?);
        }
        Ok(match is_whole || all.len() > MAX_LISTED {
            true => Scope::All,
            false => Scope::These { seqs: all, last, origins },
        })
    }

    fn unstored_rescreen(&self) -> std::sync::MutexGuard<'_, Option<Rescreen>> {
        self.unstored.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Stores what is to be screened again and could not be stored before.
    fn store_rescreens(&self) {
        let mut unstored = self.unstored_rescreen();
        let Some(job) = unstored.take() else { return };
        let job = Arc::new(job);
        if let Err(e) = self.jobs.enqueue(&job, "engine") {
            tracing::warn!(reason = one_line(&e), "screening again is not stored; trying again");
            *unstored = Some(Rescreen::clone(&job));
        }
    }

    /// Starts running the jobs of this server, until the runner is dropped or the server stops.
    ///
    /// # Errors
    /// [`StoreError`] when the jobs cannot be read or stored.
    pub fn start_jobs(&self) -> Result<Runner, StoreError> {
        let kinds = Kinds::default().with::<Rescreen>().with::<ReadSource>().with::<TendSources>();
        let kinds = kinds
            .with::<StoreSessions>()
            .with::<MakeBundle>()
            .with::<crate::back_test::TestDraft>()
            .with::<crate::learning::TrainModel>()
            .with::<crate::learning::WatchModels>()
            .with::<crate::suggesting::TrainAccounts>()
            .with::<crate::suggesting::SuggestDaily>()
            .with::<CheckWatched>()
            .with::<RescreenAll>()
            .with::<ImportTags>()
            .with::<CheckLedger>()
            .with::<RebuildBeside>()
            .with::<Reseal>()
            .with::<Erase>();
        let status = self.status.clone();
        let runner = Runner::start(self.jobs.clone(), self.clone(), kinds, move || status.is_stopping())?;
        self.jobs.enqueue(&Arc::new(TendSources {}), "engine")?;
        self.jobs.enqueue(&Arc::new(StoreSessions {}), "engine")?;
        self.jobs.enqueue(&Arc::new(CheckWatched {}), "engine")?;
        self.jobs.enqueue(&Arc::new(crate::learning::WatchModels {}), "engine")?;
        self.jobs.enqueue(&Arc::new(crate::suggesting::SuggestDaily {}), "engine")?;
        if self.auth.key_ring.ids().nth(1).is_some() {
            self.jobs.enqueue(&Arc::new(Reseal {}), "engine")?;
        }
        Ok(runner)
    }
}

impl AppState {
    /// Runs a job now.
    ///
    /// # Errors
    /// 404 when no job of that number waits or failed; 500 or 503 when it cannot be stored.
    pub fn retry_job(&self, id: u64, actor: &str) -> Result<StoredJob, ApiError> {
        let job = Store::change(&*self.screening, actor, move |tx| retry(tx, id))?;
        self.jobs.wake();
        job.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, format!("no job {id} waits or failed")))
    }
}

/// Returns whether people may cancel jobs of a kind: those that only make what was asked for. Screening again, sources and the like are what the desk's
/// answers rest on.
#[must_use]
pub fn may_be_cancelled(kind: &str) -> bool {
    CANCELLED.contains(&kind)
}

/// The kinds that may be cancelled.
pub const CANCELLED: &[&str] = &[
    ImportTags::KIND,
    MakeBundle::KIND,
    CheckLedger::KIND,
    crate::learning::TrainModel::KIND,
    crate::suggesting::TrainAccounts::KIND,
    Erase::KIND,
];

impl AppState {
    /// Ends a job that waits or runs ([`may_be_cancelled`]); one that runs stops within moments, and nothing of it is left.
    ///
    /// # Errors
    /// 404 when no job of that number waits or runs; 409 where jobs of its kind are not cancelled; 500 or 503 when it cannot be stored.
    pub fn cancel_job(&self, id: u64, actor: &str) -> Result<StoredJob, ApiError> {
        if let Some(job) = self.jobs.cancel(id, CANCELLED, actor)? {
            return Ok(job);
        }
        let open = self.screening.read(|db| holdfast_jobs::job(db, id))?;
        Err(match open.filter(|job| matches!(job.state, JobState::Waiting | JobState::Running)) {
            None => ApiError::new(StatusCode::NOT_FOUND, format!("no job {id} waits or runs")),
            Some(job) => ApiError::of(
                ErrorKind::State,
                format!("job {id} ({}) is not cancelled: the desk's answers rest on it", job.kind),
            ),
        })
    }
}

/// The queue of a desk's jobs.
pub(crate) type Jobs = Queue<holdfast_screening::Screening>;

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand changes are one pass, which names a few.
    #[test]
    fn many_changes_are_one_pass() {
        let mut job = Rescreen::because("block 1", Scope::All);
        (2..1002).for_each(|n| job.merge(Rescreen::because(&format!("block {n}"), Scope::All)));
        job.merge(Rescreen::because("block 2", Scope::All));
        assert_eq!(job.why(), "block 1; block 2; block 3; block 4; and 997 further changes");
        let mut other = Rescreen::because("block 4", Scope::All);
        other.merge(job);
        assert_eq!(other.why(), "block 4; block 1; block 2; block 3; and 997 further changes");
    }

    #[test]
    fn passes_list_what_they_look_at_while_that_is_little() {
        let these =
            |seqs: &[u64], last| Scope::These { seqs: seqs.iter().copied().collect(), last, origins: BTreeMap::new() };
        let mut scope = these(&[1, 5], 9);
        scope.merge(these(&[5, 7], 12));
        assert_eq!(
            scope,
            these(&[1, 5, 7], 9),
            "events after the earlier change may have been decided before the later one"
        );
        let many: Vec<u64> = (0..20_001).collect();
        let mut long = scope.clone();
        long.merge(these(&many, 30_000));
        assert_eq!(long, Scope::All);
        scope.merge(Scope::All);
        assert_eq!(scope, Scope::All);
        // Jobs that earlier versions stored list nothing.
        let old: Rescreen = serde_json::from_str(r#"{"reasons": ["block 1"], "further": 0}"#).unwrap();
        assert_eq!(old.scope, Scope::All);
    }
}
