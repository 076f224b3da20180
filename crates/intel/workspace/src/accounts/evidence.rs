//! Evidence bundles of traces over account chains.

use crate::accounts::AccountWorkspace;
use crate::accounts::traces::AccountTraceRequest;
use crate::accounts::who::CLEARANCE;
use crate::error::WorkspaceError;
use ed25519_dalek::SigningKey;
use holdfast_account_attribution::Kind;
use holdfast_account_evidence::{Basis, Blocks, ChainSource, Cleared, Known, Request, make};
use holdfast_analysis::accounts::{Classify, Stop, stop_of};
use holdfast_analysis::links::Links;
use holdfast_attribution::{Category, Tlp};
use holdfast_links::{Contracts, LedgerLinks};
use holdfast_types::{AccountId, ChainId};

/// How a chain's blocks were read, beyond what is known of the chain.
#[derive(Clone, Debug)]
pub struct ChainReading {
    /// Contracts that wrap the chain's coin.
    pub wrappers: Vec<AccountId>,
    /// Contracts of bridges, those that are known included.
    pub contracts: Contracts,
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

impl AccountWorkspace {
    /// Traces, and packs the evidence, which rests on the proofs that `blocks` give. `reading` states of each chain how its blocks were read, `created` is
    /// the time to state (RFC 3339). The bundle is for readers of labels up to `clearance`; bundles that leave the organisation have TLP:AMBER at most.
    ///
    /// # Errors
    /// [`WorkspaceError::Evidence`] where blocks are missing or others than the ledgers', or the trace is too large, and as
    /// [`AccountWorkspace::account_trace_for`].
    pub fn account_bundle_for(
        &self,
        request: &AccountTraceRequest,
        blocks: &mut dyn Blocks,
        reading: &dyn Fn(&ChainId) -> ChainReading,
        (key, created): (&SigningKey, &str),
        clearance: Tlp,
    ) -> Result<Vec<u8>, WorkspaceError> {
        let together = self.together(request.links);
        let starts = self.trace_starts(together.own, &request.subject, request.asset.as_deref())?;
        let known: Vec<ForReader<'_>> = together.chains.iter().map(|chain| ForReader { chain, clearance }).collect();
        let readings: Vec<ChainReading> = together.chains.iter().map(|chain| reading(chain.chain())).collect();
        let mut chains = Vec::with_capacity(known.len());
        for (known, ChainReading { wrappers, contracts }) in known.iter().zip(&readings) {
            chains.push(ChainSource { ledger: &known.chain.ledger, known, wrappers, contracts });
        }
        let links = LedgerLinks::new(together.chains.iter().map(|chain| (&chain.ledger, chain.links())).collect());
        let links = request.links.then_some(&links as &dyn Links);
        let options = request.options();
        Ok(make(&Request { chains: &chains, links, starts: &starts, options: &options }, blocks, key, created)?)
    }
}
