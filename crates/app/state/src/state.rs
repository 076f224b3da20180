//! What handlers and pages answer from.

use crate::access::Access;
use crate::auth::Auth;
use crate::jobs::{Jobs, Rescreen};
use crate::mempools::Mempools;
use crate::routes::NeedsTable;
use crate::{lab_chains, limits, metrics, status};
use holdfast_academy::Academy;
use holdfast_account_workspace::evidence::ProofSources;
use holdfast_account_workspace::{AccountHandle, AccountWorkspace};
use holdfast_audit::Anchors;
use holdfast_cases::Cases;
use holdfast_chains::{Chains, ChainsError};
use holdfast_documents::Vault;
use holdfast_identity::{KeyRing, SessionKind, open_sessions};
use holdfast_monitor::Monitor;
use holdfast_prevention::Prevention;
use holdfast_requests::{Desk, Policy, Site};
use holdfast_retention::Retention;
use holdfast_screening::{Screening, ScreeningError};
use holdfast_sharing::Sharing;
use holdfast_sharing::sources::Clients;
use holdfast_sign_on::Provider;
use holdfast_telemetry::logs::one_line;
use holdfast_vendors::Providers;
use holdfast_workspace::{ChainHandle, ChainQueries, ChangeError, Workspace};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// State of the server. Readers take a snapshot of the chain and wait for no lock; whoever follows a node or imports tags
/// builds the next one beside it. Each request has some clones of it, so that a clone is one count; who sets a part while the server is made sets it in a
/// copy where others have the state already.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for AppState {
    fn deref_mut(&mut self) -> &mut Parts {
        Arc::make_mut(&mut self.0)
    }
}

/// Parts of the [`AppState`].
#[derive(Debug, Clone)]
pub struct Parts {
    /// The chains that transfers are screened on; an event's asset picks one.
    pub chains: Arc<Chains>,
    /// Where proofs of account chains are read from again.
    pub proof_sources: Arc<ProofSources>,
    /// Whether exposures were rebuilt since past transfers were last screened again.
    pub(crate) exposures_made: Arc<AtomicBool>,
    /// Unconfirmed transactions of the nodes that are followed.
    pub mempools: Arc<Mempools>,
    /// Decisions, holds, alerts.
    pub screening: Arc<Screening>,
    /// Keys and sessions of callers.
    pub auth: Arc<Auth>,
    /// Other providers that are queried about every transfer on chain, if any.
    pub providers: Option<Arc<Providers>>,
    /// Policy on requests from law enforcement.
    pub policy: Arc<Policy>,
    /// Whether people sign in to the desk's pages with a second factor only.
    pub second_factor_required: Arc<AtomicBool>,
    /// The identity provider of staff, where there is one; set once, before the server answers.
    pub sign_on: Arc<OnceLock<Provider>>,
    /// Files of the desk.
    pub vault: Vault,
    /// Where people reach the portal: passkeys are bound to it.
    pub site: Arc<Site>,
    /// Signed heads of the audit log, where the desk has a folder for them.
    pub anchors: Option<Arc<Anchors>>,
    /// Names of the server and proxies in front of it.
    pub access: Arc<Access>,
    /// Memory for large bodies.
    pub large: limits::LargeBodies,
    /// Connections to partners.
    pub partners: Arc<Clients>,
    /// What is known of the server's parts.
    pub status: Arc<status::Status>,
    /// Connections of live events.
    pub(crate) live: Arc<crate::live::Live>,
    /// What the server counts.
    pub metrics: Arc<metrics::Metrics>,
    /// Background work.
    pub jobs: Jobs,
    /// Postings up to which a change is followed at once; beyond them all transfers are screened again.
    pub follow_postings: u64,
    /// What is to be screened again and could not be stored yet.
    pub(crate) unstored: Arc<Mutex<Option<Rescreen>>>,
    /// What the callers of each route need; the router sets it, pages show links by it.
    pub needs: Arc<NeedsTable>,
    /// Chains of labs of learners, by attempt.
    pub(crate) lab_chains: Arc<Mutex<lab_chains::LabChains>>,
}

impl AppState {
    /// Serves a workspace and a screening desk whose files lie in the vault.
    ///
    /// # Errors
    /// When the desk's keys cannot be read.
    pub fn new(
        workspace: Workspace,
        screening: Screening,
        key_ring: KeyRing,
        vault: Vault,
    ) -> Result<Self, ScreeningError> {
        let auth = Arc::new(Auth::new(key_ring, screening.keys()?));
        let now = screening.now();
        let (learners, others): (Vec<_>, Vec<_>) =
            screening.read(|db| open_sessions(db, now))?.into_iter().partition(|s| s.kind == SessionKind::Learner);
        auth.sessions.load(others.into_iter().filter(|s| s.kind == SessionKind::Staff).collect());
        auth.learners.load(learners);
        let chain = Arc::new(ChainHandle::new(workspace));
        let exposures_made = Arc::new(AtomicBool::new(false));
        let made = exposures_made.clone();
        chain.on_exposures(move || made.store(true, Ordering::Release));
        let policy = Arc::new(Policy::standard());
        let metrics = Arc::new(metrics::Metrics::new(&screening));
        let screening = Arc::new(screening);
        let site = Arc::new(Site::new("http://localhost:8650").map_err(ScreeningError::Invalid)?);
        Ok(AppState(Arc::new(Parts {
            chains: Arc::new(Chains::one(chain)),
            proof_sources: Arc::default(),
            exposures_made,
            mempools: Arc::default(),
            jobs: Jobs::new(screening.clone()),
            follow_postings: holdfast_account_workspace::reach::MAX_POSTINGS,
            unstored: Arc::default(),
            screening,
            auth,
            providers: None,
            policy,
            second_factor_required: Arc::default(),
            sign_on: Arc::default(),
            vault,
            site,
            anchors: None,
            status: Arc::default(),
            live: Arc::default(),
            metrics,
            access: Arc::new(Access::new()),
            large: limits::LargeBodies::default(),
            partners: Arc::default(),
            needs: Arc::default(),
            lab_chains: Arc::default(),
        })))
    }

    /// Returns the desk's requests.
    #[must_use]
    pub fn desk(&self) -> Desk<'_> {
        let (screening, policy, key_ring) = (&*self.screening, &self.policy, &self.auth.key_ring);
        Desk { screening, policy, key_ring, vault: &self.vault }
    }

    /// Returns the desk's cases.
    #[must_use]
    pub fn cases(&self) -> Cases<'_> {
        Cases { screening: &self.screening, key_ring: &self.auth.key_ring, vault: &self.vault }
    }

    /// Returns retention, over this desk.
    #[must_use]
    pub fn retention(&self) -> Retention<'_> {
        Retention { screening: &self.screening, vault: &self.vault }
    }

    /// Returns prevention, over this desk.
    #[must_use]
    pub fn prevention(&self) -> Prevention<'_> {
        Prevention { screening: &self.screening, key_ring: &self.auth.key_ring }
    }

    /// Returns the monitoring of this desk.
    #[must_use]
    pub fn monitor(&self) -> Monitor<'_> {
        Monitor { screening: &self.screening }
    }

    /// Returns the academy, over this desk.
    #[must_use]
    pub fn academy(&self) -> Academy<'_> {
        Academy { screening: &self.screening, key_ring: &self.auth.key_ring, site: self.site.origin() }
    }

    /// Returns sharing, over this desk.
    #[must_use]
    pub fn sharing(&self) -> Sharing<'_> {
        Sharing { screening: &self.screening, key_ring: &self.auth.key_ring }
    }

    /// Returns the folder of lists for private matching.
    #[must_use]
    pub fn matching_dir(&self) -> PathBuf {
        self.chain().snapshot().dir().join("matching")
    }

    /// Returns the same state over another chain, such as a lab's.
    #[must_use]
    pub fn on_chain(mut self, chain: Arc<ChainHandle>) -> Self {
        self.chains = Arc::new(Chains::one(chain));
        self
    }

    /// Returns the first chain: the one that pages show and commands change unless they name another. It holds the tags of all.
    #[must_use]
    pub fn chain(&self) -> &Arc<ChainHandle> {
        self.chains.first()
    }

    /// Screens the movements of further chains too.
    ///
    /// # Errors
    /// [`ChainsError`] when a chain, or the asset of one, is there already.
    pub fn add_chains(&mut self, workspaces: Vec<Workspace>) -> Result<(), ChainsError> {
        let mut chains = Chains::clone(&self.chains);
        for workspace in workspaces {
            let chain = ChainHandle::new(workspace);
            let made = self.exposures_made.clone();
            chain.on_exposures(move || made.store(true, Ordering::Release));
            chains.add(Arc::new(chain))?;
        }
        self.chains = Arc::new(chains);
        Ok(())
    }

    /// Screens the movements of account chains of the store too.
    ///
    /// # Errors
    /// [`ChainsError`] when a chain, or an asset of one, is there already.
    pub fn add_account_chains(&mut self, chains_of_store: Vec<AccountWorkspace>) -> Result<(), ChainsError> {
        let mut chains = Chains::clone(&self.chains);
        for workspace in chains_of_store {
            chains.add_accounts(Arc::new(AccountHandle::new(workspace)))?;
        }
        self.chains = Arc::new(chains);
        Ok(())
    }

    /// Screens the movements of a chain of another family too.
    ///
    /// # Errors
    /// [`ChainsError`] when the chain, or an asset of it, is there already.
    pub fn add_chain(&mut self, chain: Arc<dyn ChainQueries>) -> Result<(), ChainsError> {
        let mut chains = Chains::clone(&self.chains);
        chains.add_other(chain)?;
        self.chains = Arc::new(chains);
        Ok(())
    }

    /// Changes the tags, of all chains, and has past transfers screened again; `why` is what rescreened decisions give as the reason.
    ///
    /// # Errors
    /// Those of `change`, and [`ChangeError`].
    pub fn change_tags<T, E: From<ChangeError>>(
        &self,
        why: &str,
        change: impl FnOnce(&mut Workspace) -> Result<T, E>,
    ) -> Result<T, E> {
        let answer = self.chain().change(change)?;
        self.spread_tags();
        self.rescreen_later(why);
        Ok(answer)
    }

    /// Passes the tags to all chains; one that cannot be changed now gets them later. Returns whether any chain had others.
    pub(crate) fn spread_tags(&self) -> bool {
        self.chains.spread_tags().unwrap_or_else(|e| {
            tracing::warn!(reason = one_line(&e), "tags have not reached all chains; trying again");
            // Those before it may have got them.
            true
        })
    }

    /// Screens past transfers again where exposures were rebuilt in the background.
    pub fn rescreen_after_exposures(&self) {
        if self.exposures_made.swap(false, Ordering::AcqRel) {
            self.rescreen_later("tags and clusters were worked into the exposures");
        }
    }

    /// Opens the desk to every request until its first key: for demos, tests and trials on one machine. Returns whether it is open;
    /// a desk that ever had a key is not.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub fn open(&self) -> Result<bool, ScreeningError> {
        Ok(self.auth.open(&self.screening.keys()?))
    }
}
