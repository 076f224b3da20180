//! Evidence bundles of traces over account chains.

use crate::AccountWorkspace;
use crate::beside::BesideError;
use crate::traces::AccountTraceRequest;
use crate::who::CLEARANCE;
use ed25519_dalek::SigningKey;
use holdfast_account_attribution::{Kind, PlacedSignal};
use holdfast_account_evidence::{
    Acts, Basis, ChainSource, Cleared, EvidenceError, FeedBlocks, Known, Origin, Request, Watch, make,
};
use holdfast_account_feed::ChainNotes;
use holdfast_analysis::accounts::{Classify, Stop, stop_of};
use holdfast_analysis::links::Links;
use holdfast_attribution::{Category, Tlp};
use holdfast_links::{Contracts, LedgerLinks};
use holdfast_types::{AccountId, ChainId, Signal};
use holdfast_workspace::WorkspaceError;
use std::collections::{BTreeMap, BTreeSet};

/// Where the proofs of a chain's transfers are read from, and how its blocks were read into the ledger.
#[derive(Clone)]
pub struct ProofSource {
    /// Where its blocks are, with what is known of the chain beside them.
    pub origin: Origin,
    /// Contracts of bridges, those that are known included.
    pub contracts: Contracts,
}

impl std::fmt::Debug for ProofSource {
    // An address of a node may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProofSource").finish_non_exhaustive()
    }
}

impl ProofSource {
    /// Returns what is known of the chain beside its blocks.
    fn notes(&self) -> &ChainNotes {
        match &self.origin {
            Origin::Files(_, notes) => notes,
            Origin::Node(node) => &node.notes,
        }
    }
}

/// Where the proofs of several chains are read from.
pub type ProofSources = BTreeMap<ChainId, ProofSource>;

/// What makes a bundle besides its trace.
pub struct Sealing<'a> {
    /// The key that signs it.
    pub key: &'a SigningKey,
    /// The time to state (RFC 3339).
    pub created: &'a str,
    /// Up to which label its readers may read; bundles that leave the organisation have TLP:AMBER at most.
    pub clearance: Tlp,
}

/// Who accounts are, as traces of the workspace know it.
struct ForReader<'a> {
    chain: &'a AccountWorkspace,
    clearance: Tlp,
}

impl Classify for ForReader<'_> {
    fn category(&self, account: u32) -> Category {
        self.chain.category_for(account, self.clearance)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        stop_of(self.chain.entities().kind(account), self.category(account))
    }
}

impl Known for ForReader<'_> {
    fn basis(&self, account: u32) -> Basis {
        let AccountWorkspace { ledger, tags, .. } = self.chain;
        let (entities, clusters) = (self.chain.entities(), self.chain.clusters());
        let basis = Cleared { ledger, entities, clusters, tags, clearance: self.clearance }.basis(account);
        match &basis {
            // The reader may not know the cluster: the category is that of the contract.
            Basis::Cluster { .. } if self.clearance < CLEARANCE => Basis::Word,
            Basis::Cluster { tag, .. } if tag.concept() != self.category(account) => Basis::Word,
            _ => basis,
        }
    }

    fn contract(&self, account: u32) -> Option<Kind> {
        self.chain.entities().kind(account)
    }
}

/// What issuers did with accounts, found by account.
struct ActsOf<'a>(&'a AccountWorkspace);

impl Acts for ActsOf<'_> {
    fn about(&self, accounts: &BTreeSet<AccountId>) -> Result<Vec<PlacedSignal>, EvidenceError> {
        let failed = |e: WorkspaceError| EvidenceError::Source(e.to_string(), e.kind());
        let freezes = self.0.freezes().map_err(failed)?;
        let mut acts = Vec::new();
        // Busy accounts have many signals of other kinds: only those that issuers named are looked at.
        for account in accounts.iter().filter(|account| freezes.may_name(account)) {
            let mut add = |placed: PlacedSignal| {
                let is_about = matches!(&placed.signal, Signal::Issuer { act, .. } if act.account() == Some(*account));
                acts.extend(is_about.then_some(placed));
            };
            self.0.signals().for_each_of(account, &mut add).map_err(|e| failed(BesideError::from(e).into()))?;
        }
        Ok(acts)
    }
}

impl AccountWorkspace {
    /// Traces, and packs the evidence, whose proofs are read again from `sources`. `watch` is told how many blocks were read, of how many.
    ///
    /// # Errors
    /// [`WorkspaceError::Evidence`] where blocks or their source are missing, they are others than the ledgers', or the trace is too large, and as
    /// [`AccountWorkspace::account_trace_for`].
    pub fn account_bundle_for(
        &self,
        request: &AccountTraceRequest,
        sources: &ProofSources,
        watch: Watch<'_>,
        sealing: Sealing<'_>,
    ) -> Result<Vec<u8>, WorkspaceError> {
        let Sealing { key, created, clearance } = sealing;
        let together = self.together(request.links);
        let starts = self.trace_starts(together.own, &request.subject, request.asset.as_deref())?;
        let known: Vec<ForReader<'_>> = together.chains.iter().map(|chain| ForReader { chain, clearance }).collect();
        let contracts =
            |chain: &ChainId| sources.get(chain).map_or_else(|| Contracts::of(chain), |s| s.contracts.clone());
        let contracts: Vec<Contracts> = together.chains.iter().map(|chain| contracts(chain.chain())).collect();
        let acts: Vec<ActsOf<'_>> = together.chains.iter().map(|chain| ActsOf(chain)).collect();
        let plain = ChainNotes::default();
        let mut chains = Vec::with_capacity(known.len());
        for ((known, contracts), acts) in known.iter().zip(&contracts).zip(&acts) {
            let notes = sources.get(known.chain.chain()).map_or(&plain, ProofSource::notes);
            let (ledger, wrappers, issuers) = (&known.chain.ledger, &*notes.wrappers, &*notes.issuers);
            chains.push(ChainSource { ledger, known, wrappers, contracts, issuers, acts });
        }
        let links = LedgerLinks::new(together.chains.iter().map(|chain| (&chain.ledger, chain.links())).collect());
        let links = request.links.then_some(&links as &dyn Links);
        let options = request.options();
        let stored = |of: &ChainId, height: u64| {
            let chain = together.chains.iter().find(|chain| chain.chain() == of)?;
            chain.ledger.block_at(height).ok()?.map(|block| block.hash)
        };
        let origins = sources.iter().map(|(chain, source)| (chain.clone(), source.origin.clone())).collect();
        let mut blocks = FeedBlocks::new(origins, &stored).watched(watch);
        let request = Request { chains: &chains, links, starts: &starts, options: &options };
        Ok(make(&request, &mut blocks, key, created)?)
    }
}
