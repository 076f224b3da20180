//! The simulated economy as an analyst has it: ledgers, links and tags of both chains; and as a node has it: blocks.

use holdfast_account_attribution::{Clusters, Entities, Options as ClusterOptions, PlacedSignal, Services, Signals};
use holdfast_account_evidence::{Blocks, ChainSource, Cleared, EvidenceError, ReadBlock, Request};
use holdfast_account_ledger::{AppendOptions, Ledger, Settings, StoredTransfer};
use holdfast_analysis::accounts::{AccountOptions, AccountStart};
use holdfast_analysis::links::{Links, TransferId};
use holdfast_attribution::import::import;
use holdfast_attribution::{TagStore, Tlp};
use holdfast_evm::{Chain, Checks, VerifiedBlock, json, trace, transfers, verify};
use holdfast_links::{Contracts, LedgerLinks, Place, Role, Store, find};
use holdfast_simulate_accounts::{Action, Economy, Options};
use holdfast_types::{
    AccountId, Amount, BlockTransfers, ChainId, Family, Issuer, Signal, TransactionTransfers, TransferKind,
};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// A chain of the economy.
pub struct Side {
    pub id: ChainId,
    pub ledger: Ledger,
    pub store: Store,
    pub entities: Entities,
    pub clusters: Clusters,
    pub contracts: Contracts,
    pub wrappers: Vec<AccountId>,
    pub issuers: Vec<Issuer>,
    pub acts: Vec<PlacedSignal>,
    pub blocks: HashMap<u64, VerifiedBlock>,
}

pub struct World {
    pub sides: Vec<Side>,
    pub tags: TagStore,
    pub wanted: Vec<(usize, [u8; 32], Action)>,
    _dir: tempfile::TempDir,
}

/// Blocks of a node, of which some may be missing.
pub struct Node<'a> {
    pub world: &'a World,
    pub missing: Option<u64>,
    /// What is handed out in place of a block.
    pub instead: Option<(u64, u64)>,
}

impl Blocks for Node<'_> {
    fn read(
        &mut self,
        chain: &ChainId,
        heights: &[u64],
        each: &mut dyn FnMut(ReadBlock) -> Result<(), EvidenceError>,
    ) -> Result<(), EvidenceError> {
        let side = self.world.sides.iter().find(|side| side.id == *chain).unwrap();
        for height in heights.iter().filter(|h| Some(**h) != self.missing) {
            let given = self.instead.filter(|(of, _)| of == height).map_or(*height, |(_, other)| other);
            each(ReadBlock::Evm(Box::new(side.blocks[&given].clone())))?;
        }
        Ok(())
    }
}

/// What issuers did in a block, as a chain's signals have it.
fn acts_of(block: &BlockTransfers) -> Vec<PlacedSignal> {
    let of_tx = |tx: &TransactionTransfers| {
        let place = Place { height: block.height, tx: tx.index };
        let acts = tx.signals.iter().filter(|signal| matches!(signal, Signal::Issuer { .. }));
        acts.map(|signal| PlacedSignal { place, signal: *signal }).collect::<Vec<_>>()
    };
    block.transactions.iter().flat_map(of_tx).collect()
}

/// Makes the economy. With `with_traces` the node traces calls.
pub fn world(options: Options, with_traces: bool) -> World {
    let mut economy = Economy::new(options).unwrap();
    let mut blocks = Vec::new();
    loop {
        let some = economy.next_blocks(16);
        if some.is_empty() {
            break;
        }
        blocks.extend(some);
    }
    let bridge = blocks.iter().flat_map(|b| &b.truth).find(|t| t.action == Action::BridgeOut).unwrap();
    let bridge = bridge.transfers.iter().find_map(|t| t.to.filter(|_| t.kind == TransferKind::Token)).unwrap();
    let mut tags = TagStore::default();
    import(&mut tags, vec![("sim.yaml".into(), economy.tagpack().into_bytes())]);
    let dir = tempfile::tempdir().unwrap();
    let mut wanted = Vec::new();
    let mut sides = Vec::new();
    for (n, number) in options.chains.into_iter().enumerate() {
        let chain = Chain::of(number).with_wrapper(economy.wrapper()).with_issuer(economy.issuer());
        let contracts = Contracts::of(chain.id()).with(bridge, Role::NomadAll);
        let mut ledger =
            Ledger::create_or_open(&dir.path().join(format!("ledger-{n}")), &Settings::new(chain.id().clone()))
                .unwrap();
        let mut store = Store::create_or_open(&dir.path().join(format!("links-{n}")), chain.id()).unwrap();
        let (mut moved, mut found, mut own) = (Vec::<BlockTransfers>::new(), Vec::new(), HashMap::new());
        for block in blocks.iter().filter(|b| b.chain == n) {
            let mut read = json::block(&chain, &block.block_json()).unwrap();
            let receipts = json::receipts(&mut read, &block.receipts_json()).unwrap();
            let mut verified = verify(&chain, read, receipts, Checks { senders: false }).unwrap();
            if with_traces {
                verified = verified.with_traces(trace::nested(&block.traces_json()).unwrap()).unwrap();
            }
            let mut transfers = transfers(&chain, &verified);
            found.push(find(&contracts, &verified, &transfers));
            transfers.block_level.clone_from(&block.genesis);
            moved.push(transfers);
            wanted.extend(block.transactions.iter().zip(&block.truth).map(|(tx, truth)| (n, tx.hash.0, truth.action)));
            own.insert(block.header.number, verified);
        }
        let acts = moved.iter().flat_map(acts_of).collect();
        let mut signals = Signals::default();
        moved.iter().for_each(|block| signals.take(block));
        store.append(&found).unwrap();
        ledger.append(&mut moved.into_iter(), &AppendOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
        let services = Services::of(&tags, Family::Evm, Tlp::Amber);
        let mut clusters = Clusters::build(&ledger, &services, &signals, ClusterOptions::of_chain(chain.id())).unwrap();
        let entities = Entities::build(&ledger, &mut clusters, &tags, &services, None, &HashMap::new()).unwrap();
        let wrappers = vec![AccountId::evm(economy.wrapper().into_array())];
        let id = chain.id().clone();
        let issuers = vec![economy.issuer()];
        sides.push(Side { id, ledger, store, entities, clusters, contracts, wrappers, issuers, acts, blocks: own });
    }
    World { sides, tags, wanted, _dir: dir }
}

impl World {
    pub fn links(&self) -> LedgerLinks<'_> {
        LedgerLinks::new(self.sides.iter().map(|side| (&side.ledger, &side.store)).collect())
    }

    pub fn known(&self, clearance: Tlp) -> Vec<Cleared<'_>> {
        let mut known = Vec::new();
        for Side { ledger, entities, clusters, .. } in &self.sides {
            known.push(Cleared { ledger, entities, clusters, tags: &self.tags, clearance });
        }
        known
    }

    /// Finds the transfers of a kind in transactions of an action.
    pub fn transfers(&self, action: Action, kind: TransferKind) -> Vec<TransferId> {
        let of = |(n, hash, _): &(usize, [u8; 32], Action)| {
            let ledger = &self.sides[*n].ledger;
            let all: Vec<StoredTransfer> = ledger.transfers_of(ledger.tx_by_hash(hash).unwrap()).unwrap();
            let found = all.into_iter().find(|t| t.kind == kind)?;
            Some(TransferId { chain: u16::try_from(*n).unwrap(), number: found.number })
        };
        self.wanted.iter().filter(|w| w.2 == action).filter_map(of).collect()
    }

    /// Calls `with` with a request over all chains.
    pub fn request<T>(
        &self,
        clearance: Tlp,
        links: Option<&dyn Links>,
        starts: &[(AccountStart, Option<Amount>)],
        options: &AccountOptions,
        with: impl FnOnce(&Request<'_>) -> T,
    ) -> T {
        let known = self.known(clearance);
        let mut chains: Vec<ChainSource<'_>> = Vec::new();
        for (Side { ledger, wrappers, contracts, issuers, acts, .. }, known) in self.sides.iter().zip(&known) {
            chains.push(ChainSource { ledger, known, wrappers, contracts, issuers, acts });
        }
        with(&Request { chains: &chains, links, starts, options })
    }
}
