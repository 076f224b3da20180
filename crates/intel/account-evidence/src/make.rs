//! Makes bundles: traces again, notes what the trace reads, and takes the proofs of it out of the blocks.

use crate::acts::Act;
use crate::contents::{self, Contents, Coverage, HeaderEntry, LinkEntry, LinkedTransfer, Parameters, Point, Proof};
use crate::contents::{Span, Start};
use crate::error::EvidenceError;
use crate::known::Known;
use crate::nodes::Nodes;
use crate::record::{LinkRecorder, Reads, Recorder};
use crate::report::{Describe, Described, Report, TransferName};
use crate::view::small;
use crate::{check, evm, names, tron};
use ed25519_dalek::SigningKey;
use holdfast_account_attribution::PlacedSignal;
use holdfast_account_ledger::{Ledger, LedgerError, StoredTransfer, TransferNumber};
use holdfast_analysis::accounts::{
    AccountOptions, AccountStart, AccountTrace, AccountView, Classify, Stop, Transfers, trace_accounts,
};
use holdfast_analysis::bundle::{Verification, seal};
use holdfast_analysis::links::{Link, Links, TransferId};
use holdfast_attribution::Category;
use holdfast_links::Contracts;
use holdfast_types::{AccountId, Amount, AssetId, ChainId, Issuer};
use std::collections::{BTreeMap, BTreeSet};

/// A verified block of one of the families.
#[derive(Debug)]
pub enum ReadBlock {
    /// Of an EVM chain.
    Evm(Box<holdfast_evm::VerifiedBlock>),
    /// Of Tron.
    Tron(Box<holdfast_tron::VerifiedBlock>),
}

/// Where a bundle's blocks come from: ledgers store neither receipts nor signatures.
pub trait Blocks {
    /// Is called once, with the number of blocks that will be read, of all chains.
    ///
    /// # Errors
    /// [`EvidenceError::Stopped`] where that is too many.
    fn begin(&mut self, count: usize) -> Result<(), EvidenceError> {
        let _ = count;
        Ok(())
    }

    /// Calls `each` with the verified blocks of a chain at heights, which rise, as far as it has them.
    ///
    /// # Errors
    /// [`EvidenceError::Source`] where blocks cannot be read; what `each` returns.
    fn read(
        &mut self,
        chain: &ChainId,
        heights: &[u64],
        each: &mut dyn FnMut(ReadBlock) -> Result<(), EvidenceError>,
    ) -> Result<(), EvidenceError>;
}

/// A chain that is traced over.
#[derive(Clone, Copy)]
pub struct ChainSource<'a> {
    /// Its ledger.
    pub ledger: &'a Ledger,
    /// Who is who, for the bundle's reader.
    pub known: &'a dyn Known,
    /// Contracts that its blocks were read with as wrappers of the coin, besides those that are known of the chain.
    pub wrappers: &'a [AccountId],
    /// Contracts whose events count as bridges'.
    pub contracts: &'a Contracts,
    /// Contracts that its blocks were read with as issuers', besides those that are known of the chain.
    pub issuers: &'a [Issuer],
    /// What issuers did, as the chain's signals have it; that about accounts of the trace goes into the bundle.
    pub acts: &'a dyn Acts,
}

/// What issuers of tokens did on a chain.
pub trait Acts {
    /// Returns the signals of issuers that are about some accounts, in any order.
    ///
    /// # Errors
    /// [`EvidenceError`] where they do not read.
    fn about(&self, accounts: &BTreeSet<AccountId>) -> Result<Vec<PlacedSignal>, EvidenceError>;
}

impl Acts for Vec<PlacedSignal> {
    fn about(&self, accounts: &BTreeSet<AccountId>) -> Result<Vec<PlacedSignal>, EvidenceError> {
        let is_about = |signal: &&PlacedSignal| signal.signal.accounts().any(|account| accounts.contains(&account));
        Ok(self.iter().filter(is_about).copied().collect())
    }
}

/// What is traced.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The chains, as starts and links number them.
    pub chains: &'a [ChainSource<'a>],
    /// Links that are crossed.
    pub links: Option<&'a dyn Links>,
    /// Where from, with the marked part.
    pub starts: &'a [(AccountStart, Option<Amount>)],
    /// How.
    pub options: &'a AccountOptions,
}

/// Makes the bundle of a trace. `created` is the time to state (RFC 3339). The bundle is checked before it is given out.
///
/// # Errors
/// [`EvidenceError`] where there is no trace, blocks are missing or others than the ledger's, or there is too much to carry.
pub fn make(
    request: &Request<'_>,
    blocks: &mut dyn Blocks,
    key: &SigningKey,
    created: &str,
) -> Result<Vec<u8>, EvidenceError> {
    let (trace, reads, links) = record(request)?;
    let mut maker = Maker::new(request, reads, links, &trace)?;
    maker.take_blocks(blocks)?;
    let contents = maker.contents()?;
    let ledgers: Vec<LedgerNames<'_>> = request.chains.iter().map(LedgerNames).collect();
    let described: Vec<&dyn Describe> = ledgers.iter().map(|l| l as &dyn Describe).collect();
    let report = Report::new(&described, &trace)?;
    let files = contents.write(&report)?;
    let mut v = Verification::default();
    let found = check::contents(&files, &mut v);
    if let Some(why) = found.err().or_else(|| v.failures.first().cloned()) {
        return Err(EvidenceError::Differs(why));
    }
    Ok(seal(files, crate::FORMAT, key, created)?)
}

/// A chain's accounts without their sized type.
struct Classes<'a>(&'a dyn Known);

impl Classify for Classes<'_> {
    fn category(&self, account: u32) -> Category {
        self.0.category(account)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        self.0.stop(account)
    }
}

/// Traces, and notes what the trace reads.
fn record(request: &Request<'_>) -> Result<(AccountTrace, Vec<Reads>, Vec<Link>), EvidenceError> {
    let classes: Vec<Classes<'_>> = request.chains.iter().map(|c| Classes(c.known)).collect();
    let pairs = request.chains.iter().zip(&classes);
    let views: Vec<_> = pairs.map(|(chain, classes)| AccountView { ledger: chain.ledger, classes }).collect();
    let recorders: Vec<Recorder<'_>> = views.iter().map(|view| Recorder::new(view)).collect();
    let chains: Vec<&dyn Transfers> = recorders.iter().map(|r| r as &dyn Transfers).collect();
    let links = request.links.map(LinkRecorder::new);
    let trace =
        trace_accounts(&chains, links.as_ref().map(|links| links as &dyn Links), request.starts, request.options)?;
    let links = links.map(LinkRecorder::into_links).unwrap_or_default();
    Ok((trace, recorders.into_iter().map(Recorder::into_reads).collect(), links))
}

/// A ledger's names.
struct LedgerNames<'a>(&'a ChainSource<'a>);

impl Describe for LedgerNames<'_> {
    fn chain(&self) -> &ChainId {
        &self.0.ledger.settings().chain
    }

    fn transfer(&self, number: TransferNumber) -> Result<Described, LedgerError> {
        let ledger = self.0.ledger;
        let stored = ledger.transfer(number)?;
        let tx = ledger.tx(stored.tx)?;
        let block = ledger.block(tx.block)?;
        let chain = self.chain().clone();
        let transaction = (!tx.is_block_side).then(|| names::hash(&tx.hash, &chain));
        let name = TransferName {
            chain,
            height: block.height,
            transaction,
            position: names::position(stored.position),
            kind: stored.kind.name().to_owned(),
        };
        Ok(Described { stored, name, time: block.time })
    }

    fn account(&self, account: u32) -> Result<String, LedgerError> {
        Ok(names::address(&self.0.ledger.account(account)?, self.chain()))
    }

    fn asset(&self, asset: u32) -> Result<AssetId, LedgerError> {
        Ok(self.0.ledger.asset(asset)?.asset_id(self.chain()))
    }

    fn label(&self, account: u32) -> Option<(String, String)> {
        check::label_of(&self.0.known.basis(account))
    }
}

/// What a bundle holds of a chain.
struct Own<'a> {
    source: &'a ChainSource<'a>,
    reads: Reads,
    /// Numbers of its transfers, rising: their places in the bundle follow.
    transfers: Vec<StoredTransfer>,
    accounts: Vec<u32>,
    assets: Vec<u32>,
    /// By height and number in the block: whether the fee is in question.
    wanted: BTreeMap<u64, BTreeMap<u32, bool>>,
    /// What issuers did with accounts that money passed or ended at.
    acts: Vec<Act>,
}

impl Own<'_> {
    fn chain(&self) -> &ChainId {
        &self.source.ledger.settings().chain
    }

    fn transfer(&self, number: u64) -> usize {
        self.transfers.partition_point(|t| t.number.get() < number)
    }

    /// Adds what issuers did with the accounts that marked money passed or ended at, and wants the transactions that show it.
    fn add_acts(&mut self, n: u16, trace: &AccountTrace) -> Result<(), EvidenceError> {
        let mut accounts = BTreeSet::new();
        accounts.extend(trace.ends.iter().filter(|end| end.chain == n).filter_map(|end| end.account));
        for movement in trace.movements.iter().filter(|movement| movement.transfer.chain == n) {
            let transfer = self.transfers.get(self.transfer(movement.transfer.number.get()));
            accounts.extend(transfer.into_iter().flat_map(|t| [t.from, t.to]).flatten());
        }
        accounts.retain(|account| self.accounts.binary_search(account).is_ok());
        let ledger = self.source.ledger;
        let accounts = accounts.into_iter().map(|account| ledger.account(account)).collect::<Result<_, _>>()?;
        self.acts = Act::about(&self.source.acts.about(&accounts)?, &accounts);
        for act in &self.acts {
            self.wanted.entry(act.height).or_default().entry(act.index).or_default();
        }
        Ok(())
    }
}

/// Places of a chain's first account, asset and transfer in the bundle.
#[derive(Clone, Copy, Default)]
struct Base {
    account: u32,
    asset: u32,
    transfer: u32,
}

struct Maker<'a> {
    request: &'a Request<'a>,
    chains: Vec<Own<'a>>,
    bases: Vec<Base>,
    links: Vec<Link>,
    headers: Vec<HeaderEntry>,
    transactions: Vec<contents::Transaction>,
    nodes: Nodes,
}

impl<'a> Maker<'a> {
    fn new(
        request: &'a Request<'a>,
        reads: Vec<Reads>,
        links: Vec<Link>,
        trace: &AccountTrace,
    ) -> Result<Self, EvidenceError> {
        let mut chains = Vec::with_capacity(reads.len());
        for (n, (source, mut reads)) in (0u16..).zip(request.chains.iter().zip(reads)) {
            let ends = links.iter().flat_map(|l| [l.from, l.to]).filter(|id| id.chain == n);
            for id in ends.collect::<BTreeSet<TransferId>>() {
                // Links join all transfers of a transaction.
                let tx = source.ledger.transfer(id.number)?.tx;
                reads.transfers.extend(source.ledger.transfers_of(tx)?.into_iter().map(|t| (t.number.get(), t)));
            }
            let mut own = own(source, reads)?;
            own.add_acts(n, trace)?;
            chains.push(own);
        }
        let txs: usize = chains.iter().flat_map(|c| c.wanted.values()).map(BTreeMap::len).sum();
        if txs > holdfast_analysis::bundle::MAX_BUNDLE_TXS {
            return Err(EvidenceError::TooLarge(txs));
        }
        let (mut bases, mut base) = (Vec::with_capacity(chains.len()), Base::default());
        for own in &chains {
            bases.push(base);
            base.account += small(own.accounts.len());
            base.asset += small(own.assets.len());
            base.transfer += small(own.transfers.len());
        }
        let (headers, transactions, nodes) = (Vec::new(), Vec::new(), Nodes::default());
        Ok(Maker { request, chains, bases, links, headers, transactions, nodes })
    }

    /// Takes headers and proofs out of the blocks.
    fn take_blocks(&mut self, blocks: &mut dyn Blocks) -> Result<(), EvidenceError> {
        let Maker { chains, headers, transactions, nodes, .. } = self;
        blocks.begin(chains.iter().map(|own| own.wanted.len()).sum())?;
        for (n, own) in (0u16..).zip(chains) {
            let heights: Vec<u64> = own.wanted.keys().copied().collect();
            let mut missing: BTreeSet<u64> = heights.iter().copied().collect();
            let mut taken: BTreeMap<u64, (HeaderEntry, Vec<contents::Transaction>)> = BTreeMap::new();
            blocks.read(own.chain(), &heights, &mut |block| {
                let (height, entry) = take(n, own, &block, nodes)?;
                if missing.remove(&height) {
                    taken.insert(height, entry);
                }
                Ok(())
            })?;
            if let Some(height) = missing.first() {
                return Err(EvidenceError::NoBlock { chain: own.chain().clone(), height: *height });
            }
            for (header, own) in taken.into_values() {
                headers.push(header);
                transactions.extend(own);
            }
        }
        Ok(())
    }

    fn contents(self) -> Result<Contents, EvidenceError> {
        let mut contents = Contents {
            parameters: self.parameters()?,
            accounts: Vec::new(),
            assets: Vec::new(),
            attributions: Vec::new(),
            headers: Vec::new(),
            transactions: Vec::new(),
            nodes: Nodes::default(),
            transfers: Vec::new(),
            balances: Vec::new(),
            links: Vec::with_capacity(self.links.len()),
            acts: Vec::new(),
        };
        for (n, (own, base)) in (0u16..).zip(self.chains.iter().zip(&self.bases)) {
            add_chain(n, own, *base, &mut contents)?;
        }
        for link in &self.links {
            contents.links.push(self.link(link));
        }
        (contents.headers, contents.transactions, contents.nodes) = (self.headers, self.transactions, self.nodes);
        Ok(contents)
    }

    /// Returns a transfer's place in the bundle.
    fn place(&self, id: TransferId) -> Option<u32> {
        let own = self.chains.get(usize::from(id.chain))?;
        let base = self.bases.get(usize::from(id.chain))?;
        Some(base.transfer + small(own.transfer(id.number.get())))
    }

    fn link(&self, link: &Link) -> LinkEntry {
        let end = |id: TransferId| {
            self.place(id).map_or(LinkedTransfer::Elsewhere(id.number.get()), LinkedTransfer::Transfer)
        };
        LinkEntry {
            from: end(link.from),
            from_piece: (link.from_piece.offset, link.from_piece.amount),
            to: end(link.to),
            to_piece: (link.to_piece.offset, link.to_piece.amount),
            kind: link.kind,
            basis: link.basis,
            error_ppm: link.error_ppm,
            rank: link.rank,
            evidence: link.evidence.clone(),
        }
    }

    fn parameters(&self) -> Result<Parameters, EvidenceError> {
        let place = |list: &[u32], n: u32| small(list.partition_point(|own| *own < n));
        let mut starts = Vec::with_capacity(self.request.starts.len());
        for (start, amount) in self.request.starts {
            starts.push(match start {
                AccountStart::Transfer(id) => {
                    let transfer = self.place(*id).ok_or(holdfast_analysis::accounts::AccountTraceError::Chain)?;
                    Start::Transfer { transfer, amount: *amount }
                }
                AccountStart::Balance { chain, account, asset, height } => {
                    let n = usize::from(*chain);
                    let (own, base) = (&self.chains[n], &self.bases[n]);
                    Start::Balance {
                        account: base.account + place(&own.accounts, *account),
                        asset: base.asset + place(&own.assets, *asset),
                        height: *height,
                        amount: *amount,
                    }
                }
            });
        }
        let mut min_amounts = Vec::new();
        for ((chain, asset), least) in &self.request.options.min_amounts {
            let n = usize::from(*chain);
            let Some((own, base)) = self.chains.get(n).zip(self.bases.get(n)) else { continue };
            if own.assets.binary_search(asset).is_ok() {
                min_amounts.push((base.asset + place(&own.assets, *asset), *least));
            }
        }
        Ok(Parameters {
            chains: self.chains.iter().map(coverage).collect::<Result<_, _>>()?,
            starts,
            options: self.request.options.trace,
            min_amounts,
            max_link_error_ppm: self.request.options.max_link_error_ppm,
            has_links: self.request.links.is_some(),
        })
    }
}

/// Gathers what a bundle holds of a chain.
fn own<'a>(source: &'a ChainSource<'a>, reads: Reads) -> Result<Own<'a>, EvidenceError> {
    let (mut accounts, mut assets) = (reads.accounts.clone(), BTreeSet::new());
    let mut wanted: BTreeMap<u64, BTreeMap<u32, bool>> = BTreeMap::new();
    for (asset, account) in reads.ranges.keys() {
        accounts.insert(*account);
        assets.insert(*asset);
    }
    for transfer in reads.transfers.values() {
        accounts.extend([transfer.from, transfer.to].into_iter().flatten());
        assets.insert(transfer.asset);
        let tx = source.ledger.tx(transfer.tx)?;
        let of_block = wanted.entry(source.ledger.block(tx.block)?.height).or_default();
        if !tx.is_block_side {
            *of_block.entry(tx.index).or_default() |= transfer.kind.is_fee();
        }
    }
    let transfers = reads.transfers.values().copied().collect();
    let (accounts, assets) = (accounts.into_iter().collect(), assets.into_iter().collect());
    Ok(Own { source, reads, transfers, accounts, assets, wanted, acts: Vec::new() })
}

fn coverage(own: &Own<'_>) -> Result<Coverage, EvidenceError> {
    let ledger = own.source.ledger;
    let chain = own.chain();
    let point = |block: Option<holdfast_account_ledger::BlockInfo>| {
        let block = block.ok_or(LedgerError::NotStored("block", 0))?;
        Ok::<_, LedgerError>(Point { height: block.height, hash: names::hash(&block.hash, chain), time: block.time })
    };
    let known = Contracts::of(chain);
    let added = own.source.contracts.iter().filter(|(contract, role)| known.role(contract) != Some(*role));
    let bridges = added.map(|(contract, role)| {
        let role: &'static str = role.into();
        (names::address(contract, chain), role.to_owned())
    });
    Ok(Coverage {
        chain: chain.clone(),
        assets: ledger.settings().assets.clone(),
        finality_blocks: ledger.settings().finality_blocks,
        first: point(ledger.first()?)?,
        tip: point(ledger.tip()?)?,
        blind_blocks: ledger.blind_blocks()?,
        wrappers: own.source.wrappers.iter().map(|wrapper| names::address(wrapper, chain)).collect(),
        bridges: bridges.collect(),
        issuers: own
            .source
            .issuers
            .iter()
            .map(|issuer| {
                let address = |account: &AccountId| names::address(account, chain);
                (address(&issuer.token), issuer.wallet.as_ref().map(address))
            })
            .collect(),
    })
}

/// Takes a block's header and the wanted transactions.
fn take(
    n: u16,
    own: &Own<'_>,
    block: &ReadBlock,
    nodes: &mut Nodes,
) -> Result<(u64, (HeaderEntry, Vec<contents::Transaction>)), EvidenceError> {
    let (height, hash, header, internal_known) = match block {
        ReadBlock::Evm(block) => {
            let header = &block.block().header;
            (header.number, block.block().hash.0, header.to_rlp(), block.traces().is_some())
        }
        ReadBlock::Tron(block) => {
            let header = &block.block().header;
            (header.number, block.block().id, header.encode(), block.is_internal_known())
        }
    };
    let stored = own.source.ledger.block_at(height)?;
    if stored.is_none_or(|stored| stored.hash != hash) {
        return Err(EvidenceError::OtherBlock { chain: own.chain().clone(), height });
    }
    let none = BTreeMap::new();
    let wanted = own.wanted.get(&height).unwrap_or(&none);
    let name = |hash: &[u8; 32]| names::hash(hash, own.chain());
    let transactions = match block {
        ReadBlock::Evm(block) => {
            let entry = |taken: evm::Taken| contents::Transaction {
                chain: n,
                height,
                index: taken.index,
                hash: name(&taken.hash),
                logs_before: taken.logs_before,
                proof: Proof::Evm(taken.proof),
            };
            evm::take(block, wanted, nodes).into_iter().map(entry).collect()
        }
        ReadBlock::Tron(block) => {
            let entry = |taken: tron::Taken| contents::Transaction {
                chain: n,
                height,
                index: taken.index,
                hash: name(&taken.hash),
                logs_before: taken.logs_before,
                proof: Proof::Tron(taken.proof),
            };
            tron::take(block, wanted).into_iter().map(entry).collect()
        }
    };
    Ok((height, (HeaderEntry { chain: n, height, header: hex::encode(header), internal_known }, transactions)))
}

/// Adds a chain's accounts, assets, transfers, balances and attributions.
fn add_chain(n: u16, own: &Own<'_>, base: Base, contents: &mut Contents) -> Result<(), EvidenceError> {
    let (ledger, known, chain) = (own.source.ledger, own.source.known, own.chain());
    let account = |account: u32| base.account + small(own.accounts.partition_point(|a| *a < account));
    let asset = |asset: u32| base.asset + small(own.assets.partition_point(|a| *a < asset));
    for number in &own.accounts {
        let address = names::address(&ledger.account(*number)?, chain);
        contents.accounts.push(contents::Account { chain: n, address });
        let (category, stop) = (known.category(*number), known.stop(*number));
        if category.is_attributed() || stop.is_some() {
            let contract = known.contract(*number).map(|kind| kind.name().to_owned());
            let (account, basis) = (account(*number), known.basis(*number));
            contents.attributions.push(contents::Attribution { account, category, stop, contract, basis });
        }
    }
    let view = AccountView { ledger, classes: &Classes(known) };
    for number in &own.assets {
        let (backing, internal_unknown) = (view.backing(*number)?.into(), view.internal_unknown(*number)?);
        let asset = ledger.asset(*number)?.asset_id(chain);
        contents.assets.push(contents::Asset { chain: n, asset, backing, internal_unknown });
    }
    for transfer in &own.transfers {
        let tx = ledger.tx(transfer.tx)?;
        contents.transfers.push(contents::Transfer {
            chain: n,
            height: ledger.block(tx.block)?.height,
            index: (!tx.is_block_side).then_some(tx.index),
            position: names::position(transfer.position),
            kind: transfer.kind.name().to_owned(),
            asset: asset(transfer.asset),
            from: transfer.from.map(account),
            to: transfer.to.map(account),
            amount: transfer.amount,
        });
    }
    for key in own.reads.ranges.keys() {
        let place = |number: u64| base.transfer + small(own.transfer(number));
        let mut spans = Vec::new();
        for (from, to) in own.reads.spans(*key) {
            let balance = view.balance_before(key.1, key.0, TransferNumber::new(from))?;
            let (is_first, is_last) = (from == 0, to == u64::MAX);
            spans.push(Span { from: place(from), to: place(to), is_first, is_last, balance });
        }
        let opening = view.least_opening(key.1, key.0)?;
        contents.balances.push(contents::Balance { account: account(key.1), asset: asset(key.0), opening, spans });
    }
    let coverage = contents.parameters.chains.get(usize::from(n));
    let coverage = coverage.ok_or(holdfast_analysis::accounts::AccountTraceError::Chain)?;
    for act in &own.acts {
        // It is about an account of the bundle, which the ledger numbers.
        let Some(number) = ledger.account_number(&act.account) else { continue };
        contents.acts.push(act.entry((n, coverage), account(number)));
    }
    Ok(())
}
