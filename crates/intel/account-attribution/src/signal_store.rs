//! The store of a chain's signals beside its ledger: all of them, found by account and by block.

use holdfast_block_store::{Counts, Place, RawBlock, RawRecord, Store, StoreError, key};
use holdfast_types::{AccountId, BlockTransfers, ChainId, Hash32, Signal};
use std::ops::{ControlFlow, Range};
use std::path::Path;

/// A signal where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedSignal {
    /// Its block and transaction.
    pub place: Place,
    /// The signal.
    pub signal: Signal,
}

/// Version of how signals are stored, and of what is looked for in blocks. A store of an earlier version begins anew.
const FORMAT: u32 = 2;
/// Version of how signals are written: as postcard, by the order of variants and fields.
const VERSION: u8 = 1;

/// The signals of a ledger's chain, open.
#[derive(Debug)]
pub struct SignalStore(Store);

impl SignalStore {
    /// Opens the signals of a chain for writing, creating a store when there is none. One process at a time.
    ///
    /// # Errors
    /// [`StoreError`] when it is locked, damaged or of another chain.
    pub fn create_or_open(dir: &Path, chain: &ChainId) -> Result<Self, StoreError> {
        Store::create_or_open(dir, chain, FORMAT).map(SignalStore)
    }

    /// Opens existing signals for reading.
    ///
    /// # Errors
    /// [`StoreError`] when they are missing or damaged.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Store::open(dir, FORMAT).map(SignalStore)
    }

    /// Returns the signals of a chain of whose blocks none were kept.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the system gives no handles.
    pub fn empty(chain: &ChainId) -> Result<Self, StoreError> {
        Store::empty(chain, FORMAT).map(SignalStore)
    }

    /// Returns the signals as they are now, for reading only.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        SignalStore(self.0.snapshot())
    }

    /// Returns the blocks and bytes below, for keeping them in step with a ledger.
    pub fn blocks_mut(&mut self) -> &mut Store {
        &mut self.0
    }

    /// As [`SignalStore::blocks_mut`], for reading.
    #[must_use]
    pub fn blocks(&self) -> &Store {
        &self.0
    }

    /// Returns how much is stored.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// Returns the height of the first block whose signals were kept.
    #[must_use]
    pub fn first_height(&self) -> Option<u64> {
        self.0.first_height()
    }

    /// Returns height and hash of the last block whose signals were kept.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn tip(&self) -> Result<Option<(u64, Hash32)>, StoreError> {
        self.0.tip()
    }

    /// Appends the signals of blocks, and commits after all of them.
    ///
    /// # Errors
    /// [`StoreError`] names block and cause; nothing of the batch is stored then.
    pub fn append<'a>(&mut self, blocks: impl IntoIterator<Item = &'a BlockTransfers>) -> Result<(), StoreError> {
        let raw: Vec<RawBlock> = blocks.into_iter().map(raw).collect::<Result<_, _>>()?;
        self.0.append(&raw)
    }

    /// Removes all blocks from `height` up. Returns how many were removed.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::ReadOnly`], [`StoreError::Damaged`].
    pub fn truncate(&mut self, height: u64) -> Result<u64, StoreError> {
        self.0.truncate(height)
    }

    fn signal(&self, number: u64) -> Result<PlacedSignal, StoreError> {
        let (place, bytes) = self.0.record(number)?;
        let signal = decode(bytes).ok_or_else(|| StoreError::damaged("records", number, "this is no signal"))?;
        Ok(PlacedSignal { place, signal })
    }

    /// Returns the signals that an account is found by ([`Signal::accounts`]), in chain order: at most the last `most`, and whether there may be more.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn signals_of(&self, account: &AccountId, most: usize) -> Result<(Vec<PlacedSignal>, bool), StoreError> {
        self.0.by_key(account_key(account), most, &mut |number| {
            let found = self.signal(number)?;
            Ok(found.signal.accounts().any(|a| a == *account).then_some(found))
        })
    }

    /// Calls `each` with the signals that an account is found by, the last one first; returns whether there may be more.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn for_each_of(&self, account: &AccountId, each: &mut dyn FnMut(PlacedSignal)) -> Result<bool, StoreError> {
        let (_, more) = self.0.by_key::<()>(account_key(account), usize::MAX, &mut |number| {
            let found = self.signal(number)?;
            if found.signal.accounts().any(|a| a == *account) {
                each(found);
            }
            Ok(None)
        })?;
        Ok(more)
    }

    /// Returns the signals of issuers of tokens and of their wallets ([`Signal::Issuer`]), in chain order: at most the last `most`, and whether there may be
    /// more.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn issuer_signals(&self, most: usize) -> Result<(Vec<PlacedSignal>, bool), StoreError> {
        self.0.by_key(issuer_key(), most, &mut |number| {
            let found = self.signal(number)?;
            Ok(matches!(found.signal, Signal::Issuer { .. }).then_some(found))
        })
    }

    /// Calls `each` with the signals of a range of heights in chain order, until it breaks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn for_each_in(
        &self,
        heights: Range<u64>,
        each: &mut dyn FnMut(PlacedSignal) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for number in self.0.numbers_in(heights) {
            if each(self.signal(number)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Compares all files with their checksums, decodes every signal and makes its keys anew. Returns what is damaged.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn check(&self) -> Result<Vec<StoreError>, StoreError> {
        self.0.check(&|_, bytes| decode(bytes).map(|signal| keys_of(&signal)))
    }
}

fn account_key(account: &AccountId) -> u64 {
    key(b"a", account.as_bytes())
}

/// Returns the key of all signals of issuers.
fn issuer_key() -> u64 {
    key(b"i", b"issuer")
}

fn keys_of(signal: &Signal) -> Vec<u64> {
    let mut keys: Vec<u64> = signal.accounts().map(|account| account_key(&account)).collect();
    keys.extend(matches!(signal, Signal::Issuer { .. }).then(issuer_key));
    keys.dedup();
    keys
}

fn raw(block: &BlockTransfers) -> Result<RawBlock, StoreError> {
    let mut records = Vec::new();
    for tx in &block.transactions {
        for signal in &tx.signals {
            let why = "a signal cannot be written";
            let bytes = encode(signal).ok_or(StoreError::Block { height: block.height, why })?;
            records.push(RawRecord { tx: tx.index, keys: keys_of(signal), bytes });
        }
    }
    let &BlockTransfers { height, hash, parent, time, .. } = block;
    Ok(RawBlock { height, hash, parent, time, records })
}

fn encode(signal: &Signal) -> Option<Vec<u8>> {
    postcard::to_extend(signal, vec![VERSION]).ok()
}

fn decode(bytes: &[u8]) -> Option<Signal> {
    let rest = bytes.strip_prefix(&[VERSION])?;
    let (signal, rest) = postcard::take_from_bytes(rest).ok()?;
    rest.is_empty().then_some(signal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::{Amount, IssuerAct, IssuerAction, Missing, Position, Resource, StakeChange, TokenRef};

    fn account(n: u8) -> AccountId {
        AccountId::evm([n; 20])
    }

    /// One signal of each kind, in the order in which they are numbered.
    fn all() -> Vec<Signal> {
        let (a, b, position) = (account(1), account(2), Position::Log(300, 1));
        let (token, amount) = (TokenRef::Multi(account(9), Amount::MAX), Some(Amount::from(5u64)));
        vec![
            Signal::ZeroValue { token, from: a, to: b, position, by_third_party: true },
            Signal::ThirdParty { token: TokenRef::Trc10(1_000_001), from: a, position },
            Signal::UnpairedWrap { contract: a, position },
            Signal::MalformedLog { contract: a, position },
            Signal::UserOperation { sender: a, paymaster: Some(b), success: false, position },
            Signal::Delegation { account: a, delegate: None },
            Signal::Creation { contract: a, creator: b, position: Position::Trace(3) },
            Signal::Activation { account: a, by: b, position: Position::Transaction },
            Signal::Stake {
                account: a,
                change: StakeChange::Ending,
                amount,
                resource: Some(Resource::Votes),
                position,
            },
            Signal::ResourceDelegation {
                owner: a,
                receiver: b,
                resource: Resource::Energy,
                amount: None,
                ends: true,
                position: Position::BlockEnd(0),
            },
            Signal::Undetermined { account: a, missing: Missing::Meaning, position: Position::BlockStart(7) },
            Signal::Issuer {
                token,
                act: IssuerAct::Done { action: IssuerAction::Destroy, account: a, amount },
                position,
            },
        ]
    }

    #[test]
    fn every_signal_reads_back_and_has_the_number_that_stores_know() {
        for (number, signal) in (0u8..).zip(all()) {
            let bytes = encode(&signal).unwrap();
            assert_eq!((bytes[0], bytes[1]), (VERSION, number), "{signal:?}");
            assert_eq!(decode(&bytes), Some(signal));
            assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
            assert!(signal.accounts().any(|a| a == account(1)));
            let text = serde_json::to_string(&signal).unwrap();
            assert_eq!(serde_json::from_str::<Signal>(&text).unwrap(), signal, "{text}");
        }
        let creation = encode(&all()[6]).unwrap();
        assert_eq!(
            hex::encode(creation),
            format!("0106{}{}{}{}0303", "14", "01".repeat(20), "14", "02".repeat(20)),
            "what stands on disks"
        );
    }

    #[test]
    fn signals_are_found_by_account_and_block_and_cut_back() {
        let dir = tempfile::tempdir().unwrap();
        let chain = ChainId::parse("eip155:1").unwrap();
        let mut store = SignalStore::create_or_open(dir.path(), &chain).unwrap();
        let block = |height: u64| BlockTransfers {
            chain: chain.clone(),
            height,
            hash: [u8::try_from(height).unwrap(); 32],
            parent: [u8::try_from(height - 1).unwrap(); 32],
            time: 12 * height,
            transactions: vec![holdfast_types::TransactionTransfers {
                hash: [0; 32],
                index: 4,
                payer: account(8),
                to: None,
                success: true,
                fee: Amount::ZERO,
                method: None,
                transfers: Vec::new(),
                signals: all(),
            }],
            block_level: Vec::new(),
            internal_known: true,
        };
        store.append(&[block(5), block(6), block(7)]).unwrap();
        let snapshot = store.snapshot();
        assert_eq!(store.truncate(7).unwrap(), 1);
        for (store, blocks) in [(&snapshot, 3), (&store, 2)] {
            let (of_b, more) = store.signals_of(&account(2), 100).unwrap();
            assert_eq!((of_b.len(), more), (5 * blocks, false));
            assert!(of_b.iter().all(|s| s.place.tx == 4 && s.signal.accounts().any(|a| a == account(2))));
            assert_eq!(store.signals_of(&account(1), 3).unwrap().0.len(), 3);
            let mut backward = Vec::new();
            assert!(!store.for_each_of(&account(2), &mut |s| backward.push(s)).unwrap());
            assert!(backward.iter().rev().eq(&of_b));
            assert!(store.signals_of(&account(9), 3).unwrap().0.is_empty(), "a token is no account");
            let (issuers, more) = store.issuer_signals(10).unwrap();
            assert_eq!((issuers.len(), more), (blocks, false));
            assert!(issuers.iter().all(|s| matches!(s.signal, Signal::Issuer { .. })));
            let mut found = Vec::new();
            let mut each = |s: PlacedSignal| {
                found.push(s.signal);
                ControlFlow::Continue(())
            };
            store.for_each_in(6..7, &mut each).unwrap();
            assert_eq!(found, all());
        }
        assert!(store.check().unwrap().is_empty());
    }
}
