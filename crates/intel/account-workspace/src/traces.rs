//! Traces, paths and what money came through, over the account chains of a store.

use crate::AccountWorkspace;
use crate::peers::Together;
use crate::trace_report::{
    AccountTraceReport, Party, TracedAssumption, TracedBooks, TracedCandidate, TracedCrossing, TracedEnd,
    TracedMovement, TracedStart, TracedTransfer,
};
use holdfast_account_ledger::{Direction as Way, LedgerError, NATIVE, StoredTransfer, TransferNumber};
use holdfast_analysis::TraceOptions;
use holdfast_analysis::accounts::exposure::LinkedChains;
use holdfast_analysis::accounts::paths::{AccountPath, account_paths};
use holdfast_analysis::accounts::through::{Through, ThroughBounds, came_through};
use holdfast_analysis::accounts::{AccountOptions, AccountStart, AccountTrace, AssetBooks, Movement, trace_accounts};
use holdfast_analysis::links::TransferId;
use holdfast_attribution::{Category, Tlp};
use holdfast_types::{Amount, Commitment};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::chain_queries::{BehindBounds, PlaceBehind, PlacesBehind, TraceEndpoint};
use holdfast_workspace::reports::{PAGE, TraceRequest};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// Most transfers that one trace starts from.
const MAX_STARTS: usize = 10_000;
/// Postings that are read at once.
const CHUNK: usize = 256;
/// Most places of a trace's answer to the desk.
const MAX_PLACES: usize = 10_000;

fn yes() -> bool {
    true
}

fn default_error() -> u32 {
    AccountOptions::default().max_link_error_ppm
}

/// What to trace over account chains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountTraceRequest {
    /// An address (what it received), a transaction (its transfers but fees) or a transfer, by its id.
    pub subject: String,
    /// Only of this asset: a ticker of the curated list, a CAIP-19 id, a token's contract, or `native`.
    #[serde(default)]
    pub asset: Option<String>,
    /// How. `min_value` is in base units of every asset.
    #[serde(flatten)]
    pub options: TraceOptions,
    /// Whether to go on over swaps, wraps and bridges, to the other account chains too.
    #[serde(default = "yes")]
    pub links: bool,
    /// Links with a larger measured error (its upper bound, 95%, in millionths) are not crossed, but for those that the message of a bridge states on both
    /// sides.
    #[serde(default = "default_error")]
    pub max_link_error_ppm: u32,
}

impl AccountTraceRequest {
    /// Returns a request to trace a subject forward by haircut within the usual bounds.
    #[must_use]
    pub fn new(subject: &str) -> Self {
        AccountTraceRequest {
            subject: subject.to_owned(),
            asset: None,
            options: TraceOptions::default(),
            links: true,
            max_link_error_ppm: default_error(),
        }
    }

    pub(super) fn options(&self) -> AccountOptions {
        let max_link_error_ppm = self.max_link_error_ppm;
        AccountOptions { trace: self.options, max_link_error_ppm, ..AccountOptions::default() }
    }
}

/// One step of a path over account chains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountPathStep {
    /// The transfer.
    pub transfer: TracedTransfer,
    /// Marked part of it, base units.
    #[schema(value_type = String)]
    pub marked: Amount,
}

/// A path of money between two addresses, over links too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountPathReport {
    /// Base units that arrived, of the last transfer's asset.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// From first to last. Where the asset or chain changes from one to the next, a swap, wrap or bridge joins them.
    pub steps: Vec<AccountPathStep>,
}

type Start = (AccountStart, Option<Amount>);

/// Chain, asset and account, and whether the money went on from there.
type Place = (u16, u32, Option<u32>, bool);

impl AccountWorkspace {
    /// Returns what a trace of a subject starts from: transfers, and what an address held before the first block.
    pub(super) fn trace_starts(
        &self,
        chain: u16,
        subject: &str,
        asset: Option<&str>,
    ) -> Result<Vec<Start>, WorkspaceError> {
        let asset = asset.map(|asset| self.asset_number(asset)).transpose()?;
        let is_wanted = |other: &u32| asset.is_none_or(|asset| asset == *other);
        let start =
            |transfer: &StoredTransfer| (AccountStart::Transfer(TransferId { chain, number: transfer.number }), None);
        if self.account_id(subject).is_err() {
            let (_, mut transfers) = self.payments_of(subject)?;
            transfers.retain(|t| is_wanted(&t.asset));
            return Ok(transfers.iter().map(start).collect());
        }
        let account = self.known_account(subject)?;
        let mut starts = Vec::new();
        for asset in self.ledger.assets_of(account)?.into_iter().filter(is_wanted) {
            if self.ledger.least_opening(account, asset)?.is_some_and(|opening| !opening.is_zero())
                && let Some(before) = self.ledger.first()?.and_then(|first| first.height.checked_sub(1))
            {
                starts.push((AccountStart::Balance { chain, account, asset, height: before }, None));
            }
            let mut from = TransferNumber::new(0);
            loop {
                let postings = self.ledger.postings_from(account, asset, from, CHUNK)?;
                let Some(last) = postings.last() else { break };
                from = TransferNumber::new(last.transfer.number.get() + 1);
                let received = postings.iter().filter(|p| p.direction == Way::In && !p.transfer.kind.is_fee());
                starts.extend(received.map(|p| start(&p.transfer)));
                if starts.len() > MAX_STARTS {
                    let text = format!(
                        "{subject} received more than {MAX_STARTS} transfers to start from; name an asset, a transaction or a transfer"
                    );
                    return Err(WorkspaceError::TooMany(text));
                }
            }
        }
        Ok(starts)
    }

    /// Traces for the organisation: tags of TLP:RED, which are for named people, do not count.
    ///
    /// # Errors
    /// As [`AccountWorkspace::account_trace_for`].
    pub fn account_trace(&self, request: &AccountTraceRequest) -> Result<AccountTraceReport, WorkspaceError> {
        self.account_trace_for(request, Tlp::AmberStrict)
    }

    /// Traces money over the chain and, where links are followed, its peers, for a reader of labels up to `clearance`.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that names no subject or asset of the chain, for what is not stored, for bounds that do not fit, and for a subject of
    /// too many transfers.
    pub fn account_trace_for(
        &self,
        request: &AccountTraceRequest,
        clearance: Tlp,
    ) -> Result<AccountTraceReport, WorkspaceError> {
        let together = self.together(request.links);
        let starts = self.trace_starts(together.own, &request.subject, request.asset.as_deref())?;
        let options = request.options();
        let trace = together.ask(clearance, |over| trace_accounts(over.chains, over.links, &starts, &options))?;
        Describe { together: &together, clearance }.report(&trace, &starts, request)
    }

    /// Returns the paths of money from what a subject received to an address of the chain or of its peers, largest amount first.
    ///
    /// # Errors
    /// As [`AccountWorkspace::account_trace_for`], and for a target that no chain has, or several.
    pub fn account_paths_for(
        &self,
        request: &AccountTraceRequest,
        (to, to_chain): (&str, Option<&str>),
        most: usize,
        clearance: Tlp,
    ) -> Result<Vec<AccountPathReport>, WorkspaceError> {
        let together = self.together(request.links);
        let starts = self.trace_starts(together.own, &request.subject, request.asset.as_deref())?;
        let targets = self.targets(&together, to, to_chain)?;
        let options = request.options();
        let find = |over: LinkedChains<'_>| account_paths(over.chains, over.links, &starts, &targets, &options, most);
        let paths = together.ask(clearance, find)?;
        let describe = Describe { together: &together, clearance };
        let step = |movement: &Movement| -> Result<AccountPathStep, LedgerError> {
            Ok(AccountPathStep { transfer: describe.transfer(movement.transfer)?, marked: movement.amount })
        };
        let path = |path: AccountPath| -> Result<AccountPathReport, LedgerError> {
            let steps = path.steps.iter().map(step).collect::<Result<_, _>>()?;
            Ok(AccountPathReport { amount: path.amount, steps })
        };
        Ok(paths.into_iter().map(path).collect::<Result<_, _>>()?)
    }

    /// Returns where an address is: on the named chain, else on every chain that mentions it. The same key has the same address on all EVM chains.
    fn targets(
        &self,
        together: &Together<'_>,
        to: &str,
        chain: Option<&str>,
    ) -> Result<BTreeSet<(u16, u32)>, WorkspaceError> {
        let mut targets = BTreeSet::new();
        let named = |other: &AccountWorkspace| chain.is_none_or(|name| crate::is_called(other.chain(), name));
        for (n, other) in (0u16..).zip(&together.chains).filter(|(_, other)| named(other)) {
            let account = other.account_id(to).ok().and_then(|account| other.ledger.account_number(&account));
            targets.extend(account.map(|account| (n, account)));
        }
        if targets.is_empty() {
            self.account_id(to)?;
            return Err(self.not_found(to));
        }
        Ok(targets)
    }

    /// Answers the desk's requests for what money reached: ends, and whom it passed.
    pub(crate) fn endpoints(
        &self,
        request: &TraceRequest,
        clearance: Tlp,
    ) -> Result<Vec<TraceEndpoint>, WorkspaceError> {
        let request = AccountTraceRequest { options: request.options, ..AccountTraceRequest::new(&request.subject) };
        let together = self.together(true);
        let starts = self.trace_starts(together.own, &request.subject, None)?;
        let options = request.options();
        let trace = together.ask(clearance, |over| trace_accounts(over.chains, over.links, &starts, &options))?;
        let describe = Describe { together: &together, clearance };
        // By where it is, and whether it went on.
        let mut places: BTreeMap<Place, (Amount, u32, bool)> = BTreeMap::new();
        let mut add = |key: Place, amount: Amount, hops: u32, is_cut: bool| {
            let place = places.entry(key).or_insert((Amount::ZERO, hops, false));
            let sum = place.0.checked_add(amount).unwrap_or(Amount::MAX);
            *place = (sum, place.1.min(hops), place.2 || is_cut);
        };
        for end in &trace.ends {
            add((end.chain, end.asset, end.account, false), end.amount, end.hops, end.kind.is_bound());
        }
        let ended: BTreeSet<_> = trace.ends.iter().map(|end| (end.chain, end.asset, end.account)).collect();
        for movement in &trace.movements {
            let TransferId { chain, number } = movement.transfer;
            let to = together.chains[usize::from(chain)].ledger.transfer(number)?.to;
            if !ended.contains(&(chain, movement.asset, to)) {
                add((chain, movement.asset, to, true), movement.amount, movement.hops, false);
            }
        }
        let endpoint = |(place, (amount, hops, is_cut)): (Place, (Amount, u32, bool))| -> Result<_, LedgerError> {
            let (chain, asset, account, is_passed) = place;
            let own: &AccountWorkspace = together.chains[usize::from(chain)];
            Ok(TraceEndpoint {
                chain: own.chain().clone(),
                asset: own.asset_of(asset)?,
                address: account.map(|account| own.plain_address(account)).transpose()?,
                category: account
                    .map_or(Category::UNATTRIBUTED, |account| own.category_for(account, describe.clearance)),
                amount,
                hops,
                is_passed,
                is_cut,
            })
        };
        let mut places: Vec<(Place, (Amount, u32, bool))> = places.into_iter().collect();
        if places.len() > MAX_PLACES {
            // Where it lies counts more than what it passed, and what is near more than what is far.
            places.sort_by_key(|((.., is_passed), (_, hops, _))| (*is_passed, *hops));
            places.truncate(MAX_PLACES);
            if let Some((_, (.., is_cut))) = places.last_mut() {
                *is_cut = true;
            }
        }
        Ok(places.into_iter().map(endpoint).collect::<Result<_, _>>()?)
    }

    /// Returns an account's address in the form in which the desk compares it.
    fn plain_address(&self, account: u32) -> Result<String, LedgerError> {
        Ok(self.ledger.account(account)?.to_address(self.chain()).to_string())
    }

    /// Returns what the money of a payment came through.
    pub(crate) fn places_behind(&self, payment: &str, bounds: BehindBounds) -> Result<PlacesBehind, WorkspaceError> {
        let (_, transfers) = self.payments_of(payment)?;
        let [transfer] = transfers.as_slice() else {
            return Err(self.wrong(payment, "one transfer is needed here: its transaction and place"));
        };
        let together = self.together(true);
        let of = TransferId { chain: together.own, number: transfer.number };
        let BehindBounds { max_hops, min_share_ppm, max_edges, most } = bounds;
        let bounds = ThroughBounds { max_hops, min_share_ppm, max_edges, most };
        let found = together.ask(Tlp::Red, |over| came_through(over, of, bounds))?;
        let place = |through: Through| -> Result<PlaceBehind, LedgerError> {
            let chain = together.chains[usize::from(through.transfer.chain)];
            let transfer = chain.ledger.transfer(through.transfer.number)?;
            Ok(PlaceBehind {
                transfer: chain.transfer_id(&chain.ledger.tx(transfer.tx)?.hash, &transfer),
                address: through.holder.map(|holder| chain.plain_address(holder)).transpose()?,
                hops: through.hops,
                share_ppm: through.share_ppm,
                into: through.into,
            })
        };
        let places = found.places.into_iter().map(place).collect::<Result<_, _>>()?;
        Ok(PlacesBehind { places, is_cut: found.is_cut })
    }
}

/// Names what a trace over several chains found.
struct Describe<'a> {
    together: &'a Together<'a>,
    clearance: Tlp,
}

impl Describe<'_> {
    fn chain(&self, chain: u16) -> &AccountWorkspace {
        self.together.chains[usize::from(chain)]
    }

    fn party(&self, chain: u16, account: u32) -> Result<Party, LedgerError> {
        let chain = self.chain(chain);
        let address = chain.ledger.account(account)?.to_address(chain.chain());
        let label = chain.entity_tag(account, self.clearance).map(|tag| tag.label.clone());
        Ok(Party { address: address.checksummed(), label, category: chain.category_for(account, self.clearance) })
    }

    fn transfer(&self, id: TransferId) -> Result<TracedTransfer, LedgerError> {
        let chain = self.chain(id.chain);
        let transfer = chain.ledger.transfer(id.number)?;
        let tx = chain.ledger.tx(transfer.tx)?;
        let block = chain.ledger.block(tx.block)?;
        let party = |side: Option<u32>| side.map(|account| self.party(id.chain, account)).transpose();
        Ok(TracedTransfer {
            chain: chain.chain().to_string(),
            id: chain.transfer_id(&tx.hash, &transfer),
            tx: chain.hash_text(&tx.hash),
            height: block.height,
            time: block.time,
            asset: chain.asset_view(transfer.asset)?,
            from: party(transfer.from)?,
            to: party(transfer.to)?,
            amount: transfer.amount,
            is_committed: transfer.commitment == Commitment::Root,
        })
    }

    fn transfer_name(&self, id: TransferId) -> Result<String, LedgerError> {
        let chain = self.chain(id.chain);
        let transfer = chain.ledger.transfer(id.number)?;
        Ok(chain.transfer_id(&chain.ledger.tx(transfer.tx)?.hash, &transfer))
    }

    fn start(&self, start: &Start) -> Result<TracedStart, LedgerError> {
        match start.0 {
            AccountStart::Transfer(id) => {
                let chain = self.chain(id.chain);
                let transfer = chain.ledger.transfer(id.number)?;
                Ok(TracedStart {
                    chain: chain.chain().to_string(),
                    asset: chain.asset_view(transfer.asset)?,
                    party: transfer.to.map(|account| self.party(id.chain, account)).transpose()?,
                    transfer: Some(self.transfer_name(id)?),
                    amount: transfer.amount,
                })
            }
            AccountStart::Balance { chain: of, account, asset, .. } => {
                let chain = self.chain(of);
                Ok(TracedStart {
                    chain: chain.chain().to_string(),
                    asset: chain.asset_view(asset)?,
                    party: Some(self.party(of, account)?),
                    transfer: None,
                    amount: chain.ledger.least_opening(account, asset)?.unwrap_or_default(),
                })
            }
        }
    }

    fn books(&self, trace: &AccountTrace, books: &AssetBooks) -> Result<TracedBooks, LedgerError> {
        let chain = self.chain(books.chain);
        let mut by_category: BTreeMap<Category, Amount> = BTreeMap::new();
        for end in trace.ends.iter().filter(|e| (e.chain, e.asset) == (books.chain, books.asset)) {
            let amount = by_category.entry(end.category).or_default();
            *amount = amount.checked_add(end.amount).unwrap_or(Amount::MAX);
        }
        let mut by_category: Vec<_> = by_category.into_iter().collect();
        by_category.sort_by_key(|(category, amount)| (std::cmp::Reverse(*amount), *category));
        let own = &books.books;
        Ok(TracedBooks {
            chain: chain.chain().to_string(),
            asset: chain.asset_view(books.asset)?,
            marked: own.marked,
            added: own.added,
            crossed_in: own.crossed_in,
            crossed_out: own.crossed_out,
            fees: own.fees,
            found: own.found,
            common: own.common,
            backing: crate::queries::backing_name(books.backing).to_owned(),
            internal_unknown: books.internal_unknown,
            by_category,
        })
    }

    /// Returns what the answer leaves out, in words.
    fn gaps(&self, trace: &AccountTrace, with_links: bool) -> Result<Vec<String>, LedgerError> {
        let mut gaps = Vec::new();
        let bounds: BTreeSet<&'static str> =
            trace.ends.iter().filter(|end| end.kind.is_bound()).map(|end| end.kind.into()).collect();
        if !bounds.is_empty() {
            let bounds: Vec<&str> = bounds.into_iter().collect();
            gaps.push(format!("the trace was cut at its bounds: {}", bounds.join(", ")));
        }
        if !with_links {
            gaps.push("swaps, wraps and bridges were not followed".to_owned());
        }
        let mut touched: BTreeSet<u16> = trace.books.iter().map(|books| books.chain).collect();
        for books in &trace.books {
            let chain = self.chain(books.chain);
            if matches!(books.backing, holdfast_account_ledger::Backing::Unbacked { .. }) {
                let asset = chain.asset_of(books.asset)?;
                gaps.push(format!("transfers of {asset} drive a balance negative, so its sums are not sound"));
            }
            if books.internal_unknown && books.asset == NATIVE {
                gaps.push(format!(
                    "coin moved inside transactions of {} was not read in all blocks",
                    chain.usual_name()
                ));
            }
        }
        touched.insert(self.together.own);
        for chain in touched.into_iter().map(|n| self.chain(n)) {
            gaps.extend(chain.gaps().iter().map(|gap| format!("{}: {gap}", chain.usual_name())));
        }
        Ok(gaps)
    }

    fn report(
        &self,
        trace: &AccountTrace,
        starts: &[Start],
        request: &AccountTraceRequest,
    ) -> Result<AccountTraceReport, WorkspaceError> {
        let mut movements: Vec<&Movement> = trace.movements.iter().collect();
        movements.sort_by_key(|m| (m.hops, m.transfer));
        let mut transfers: HashMap<TransferId, TracedTransfer> = HashMap::new();
        let mut traced = Vec::with_capacity(movements.len());
        for movement in movements {
            let transfer = self.transfer(movement.transfer)?;
            transfers.insert(movement.transfer, transfer.clone());
            traced.push(TracedMovement { transfer, marked: movement.amount, hops: movement.hops });
        }
        let transfer = |id: TransferId| transfers.get(&id).cloned().map_or_else(|| self.transfer(id), Ok);
        let mut crossings = Vec::with_capacity(trace.crossings.len());
        for crossing in &trace.crossings {
            let link = &crossing.link;
            crossings.push(TracedCrossing {
                kind: link.kind,
                basis: link.basis,
                error_ppm: link.error_ppm,
                measured_pairs: link.pairs,
                evidence: link.evidence.clone(),
                from: transfer(link.from)?,
                to: transfer(link.to)?,
                left: crossing.left,
                reached: crossing.reached,
            });
        }
        let mut ends = Vec::with_capacity(trace.ends.len());
        for end in &trace.ends {
            let chain = self.chain(end.chain);
            let name = |number| self.transfer_name(TransferId { chain: end.chain, number });
            ends.push(TracedEnd {
                chain: chain.chain().to_string(),
                asset: chain.asset_view(end.asset)?,
                party: end.account.map(|account| self.party(end.chain, account)).transpose()?,
                risk: end.category.risk().name().to_owned(),
                amount: end.amount,
                kind: end.kind,
                hops: end.hops,
                transfer: end.transfer.map(name).transpose()?,
            });
        }
        let mut candidates = Vec::with_capacity(trace.candidates.len());
        for candidate in &trace.candidates {
            candidates.push(TracedCandidate {
                of: self.transfer_name(candidate.of)?,
                transfer: transfer(candidate.transfer)?,
                rank: candidate.rank,
                error_ppm: candidate.error_ppm,
            });
        }
        let mut assumed = Vec::with_capacity(trace.assumed.len());
        for one in &trace.assumed {
            let chain = self.chain(one.chain);
            assumed.push(TracedAssumption {
                chain: chain.chain().to_string(),
                asset: chain.asset_view(one.asset)?,
                address: chain.address_text(one.account)?,
                amount: one.amount,
            });
        }
        Ok(AccountTraceReport {
            chains: self.together.chains.iter().map(|chain| chain.chain().to_string()).collect(),
            direction: request.options.direction,
            policy: request.options.policy,
            bounds: request.options.bounds,
            through_services: request.options.through_services,
            links: request.links,
            max_link_error_ppm: request.max_link_error_ppm,
            starts: starts.iter().take(PAGE).map(|start| self.start(start)).collect::<Result<_, _>>()?,
            start_count: starts.len() as u64,
            books: trace.books.iter().map(|books| self.books(trace, books)).collect::<Result<_, _>>()?,
            balances: trace.balances(),
            movements: traced,
            crossings,
            ends,
            candidates,
            assumed,
            gaps: self.gaps(trace, request.links)?,
        })
    }
}
