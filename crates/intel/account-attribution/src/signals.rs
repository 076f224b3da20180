//! What blocks tell about accounts beside transfers, and a ledger does not store: who created a contract, who lets whom use the energy of a stake,
//! which key runs a contract's code.

use crate::error::ClusterError;
use crate::signal_store::SignalStore;
use bytemuck::{Pod, Zeroable};
use holdfast_attribution::sealed;
use holdfast_types::{AccountId, BlockTransfers, Hash32, Position, Resource, Signal};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

/// Most facts that are stored; what comes after them is counted as left out.
pub const MAX_FACTS: usize = 50_000_000;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// A contract (`account`) was created by another contract (`by`).
    Creation,
    /// An account (`account`) may use the energy of another one's stake (`by`; Tron).
    Energy,
    /// A key (`account`) signed that its account runs a contract's code (`by`; EIP-7702); the zero account where it ends that.
    Delegation,
}

/// A fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Fact {
    height: u64,
    tx: u32,
    kind: u32,
    account: [u8; 20],
    by: [u8; 20],
}

impl Fact {
    /// Returns the height of its block and the number of its transaction there.
    #[must_use]
    pub fn place(&self) -> (u64, u32) {
        (self.height, self.tx)
    }

    /// Returns what it is about.
    #[must_use]
    pub fn kind(&self) -> FactKind {
        match self.kind {
            0 => FactKind::Creation,
            1 => FactKind::Energy,
            _ => FactKind::Delegation,
        }
    }

    /// Returns the account that it is about.
    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId::evm(self.account)
    }

    /// Returns the other account.
    #[must_use]
    pub fn by(&self) -> AccountId {
        AccountId::evm(self.by)
    }
}

/// Facts of a chain's blocks, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    facts: Vec<Fact>,
    tip: Option<(u64, Hash32)>,
    left_out: u64,
    /// By contract: which contract created it, and at what height.
    creators: HashMap<AccountId, (AccountId, u64)>,
}

impl Signals {
    /// Takes the next block. One at a height that was taken before replaces it and all that came after (a reorganization).
    pub fn take(&mut self, block: &BlockTransfers) {
        if self.tip.is_some_and(|(height, _)| block.height <= height) {
            self.truncate(block.height);
        }
        for tx in &block.transactions {
            for signal in &tx.signals {
                self.note(block.height, tx.index, signal);
            }
        }
        self.tip = Some((block.height, block.hash));
    }

    /// Reads the facts of a store of signals.
    ///
    /// # Errors
    /// [`ClusterError::Signals`] where it is damaged.
    pub fn read(store: &SignalStore) -> Result<Self, ClusterError> {
        let mut signals = Signals::default();
        store.for_each_in(0..u64::MAX, &mut |placed| {
            signals.note(placed.place.height, placed.place.tx, &placed.signal);
            ControlFlow::Continue(())
        })?;
        signals.tip = store.tip()?;
        Ok(signals)
    }

    fn note(&mut self, height: u64, tx: u32, signal: &Signal) {
        let (kind, account, by) = match signal {
            // What a transaction creates by itself is told by who signed it.
            Signal::Creation { contract, creator, position: Position::Trace(frame) } if *frame > 0 => {
                (FactKind::Creation, *contract, *creator)
            }
            Signal::ResourceDelegation { owner, receiver, resource: Resource::Energy, ends: false, .. } => {
                (FactKind::Energy, *receiver, *owner)
            }
            Signal::Delegation { account, delegate } => {
                (FactKind::Delegation, *account, delegate.unwrap_or(AccountId::ZERO))
            }
            _ => return,
        };
        self.put(height, tx, kind, account, by);
    }

    fn put(&mut self, height: u64, tx: u32, kind: FactKind, account: AccountId, by: AccountId) {
        let twenty = |account: &AccountId| <[u8; 20]>::try_from(account.as_bytes()).ok();
        let (Some(bytes), Some(other)) = (twenty(&account), twenty(&by)) else { return };
        if self.facts.len() >= MAX_FACTS {
            self.left_out += 1;
            return;
        }
        let number = match kind {
            FactKind::Creation => 0,
            FactKind::Energy => 1,
            FactKind::Delegation => 2,
        };
        self.facts.push(Fact { height, tx, kind: number, account: bytes, by: other });
        if kind == FactKind::Creation {
            self.creators.insert(account, (by, height));
        }
    }

    /// Removes all facts of blocks from `height` up.
    pub fn truncate(&mut self, height: u64) {
        let stay = self.facts.partition_point(|fact| fact.height < height);
        for fact in self.facts.drain(stay..).filter(|fact| fact.kind() == FactKind::Creation) {
            self.creators.remove(&fact.account());
        }
        self.tip = None;
    }

    /// Returns height and hash of the last block.
    #[must_use]
    pub fn tip(&self) -> Option<(u64, Hash32)> {
        self.tip
    }

    /// Returns how many facts there was no room for.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Returns the facts of the blocks up to a height.
    #[must_use]
    pub fn until(&self, height: u64) -> &[Fact] {
        &self.facts[..self.facts.partition_point(|fact| fact.height <= height)]
    }

    /// Returns the contract that created a contract, at most at a height.
    #[must_use]
    pub fn creator(&self, contract: &AccountId, height: u64) -> Option<AccountId> {
        self.creators.get(contract).filter(|(_, at)| *at <= height).map(|(creator, _)| *creator)
    }
}

/// Version 1 of the file.
const MAGIC: &[u8; 8] = b"HOLDASG1";

impl Signals {
    /// Writes the facts to a file, atomically.
    ///
    /// # Errors
    /// [`ClusterError::Io`] when the system refuses.
    pub fn save(&self, path: &Path) -> Result<(), ClusterError> {
        let (height, hash) = self.tip.unwrap_or_default();
        let mut body = vec![u8::from(self.tip.is_some())];
        body.extend(height.to_le_bytes());
        body.extend(hash);
        body.extend(self.left_out.to_le_bytes());
        body.extend_from_slice(bytemuck::cast_slice(&self.facts));
        sealed::save(path, MAGIC, &body).map_err(|e| ClusterError::Io(path.to_owned(), e))
    }

    /// Reads facts; `None` when the file is absent.
    ///
    /// # Errors
    /// [`ClusterError`] when the file is damaged or of another version.
    pub fn load(path: &Path) -> Result<Option<Self>, ClusterError> {
        let Some(body) = sealed::load(path, MAGIC).map_err(|e| ClusterError::Io(path.to_owned(), e))? else {
            return Ok(None);
        };
        let read = || {
            let (has_tip, rest) = body.split_first_chunk::<1>()?;
            let (height, rest) = rest.split_first_chunk::<8>()?;
            let (hash, rest) = rest.split_first_chunk::<32>()?;
            let (left_out, facts) = rest.split_first_chunk::<8>()?;
            let tip = (has_tip[0] == 1).then_some((u64::from_le_bytes(*height), *hash));
            let is_whole = facts.len().is_multiple_of(size_of::<Fact>());
            let facts: Vec<Fact> = is_whole.then(|| bytemuck::pod_collect_to_vec(facts))?;
            Some((tip, u64::from_le_bytes(*left_out), facts))
        };
        let format = || ClusterError::Format(path.to_owned(), "is cut off".to_owned());
        let (tip, left_out, facts) = read().ok_or_else(format)?;
        let created = facts.iter().filter(|fact| fact.kind() == FactKind::Creation);
        let creators = created.map(|fact| (fact.account(), (fact.by(), fact.height))).collect();
        Ok(Some(Signals { facts, tip, left_out, creators }))
    }
}
