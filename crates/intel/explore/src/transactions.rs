//! Several transactions at once with what moved in them, and payments between given addresses.

use crate::chain::{Budget, Chain, Level, Node, Of, View};
use crate::choose::{all_with, choose};
use crate::error::ExploreError;
use crate::flows::{Assets, Sum, Sums};
use crate::reports::{
    AssetSum, Between, Missing, Movement, MovementKind, Party, Side, TransactionView, TransactionsReport,
};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::{CoinjoinSet, Tlp, coinjoin};
use holdfast_chains::OpenChains;
use holdfast_types::{Amount, Invalid};
use holdfast_utxo_ledger::Source;
use holdfast_workspace::Snapshot;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Most transactions of one question.
pub const MAX_TRANSACTIONS: usize = 200;
/// Most addresses between which payments are looked for.
pub const MAX_BETWEEN: usize = 100;
/// Most movements of a transaction that are listed.
const MAX_LISTED: usize = 1_000;
/// Most movements of all transactions that are listed.
const MAX_LISTED_IN_ALL: usize = 20_000;
/// Most payments that are listed.
const MAX_PAYMENTS: usize = 1_000;
/// Longest id, in bytes.
const MAX_ID: usize = 200;

/// A transaction that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GraphWanted)]
pub struct Wanted {
    /// Its id.
    pub id: String,
    /// Its chain; by default the one that stores it.
    #[serde(default)]
    pub chain: Option<String>,
}

/// A question for transactions, and for payments between addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GraphTransactionsQuery)]
pub struct TransactionsQuery {
    /// Transactions, at most 200.
    #[serde(default)]
    pub transactions: Vec<Wanted>,
    /// Addresses, at most 100: all payments from one of them to another are listed.
    #[serde(default)]
    pub between: Vec<String>,
    /// Chain of the addresses; by default all that store them.
    #[serde(default)]
    pub chain: Option<String>,
}

fn party(view: &dyn View, address: u32) -> Result<Party, ExploreError> {
    Ok(Party { address: view.address_text(address)?, entity: view.entity(address)?, who: view.who(address) })
}

/// Counts and sums what is not listed.
fn rest(assets: &Assets, items: impl Iterator<Item = (u32, Option<Amount>)>) -> Vec<AssetSum> {
    let mut sums = Sums::new();
    for (asset, amount) in items {
        let sum: &mut Sum = sums.entry(asset).or_default();
        let fits = amount.filter(|amount| sum.amount.checked_add(*amount).is_some());
        sum.add(Sum { amount: fits.unwrap_or(Amount::ZERO), count: 1, unknown: u64::from(fits.is_none()) });
    }
    assets.all(&sums).0
}

/// A transaction of a chain of outputs.
fn of_outputs(chain: &Snapshot, view: &dyn View, tx: u64, room: usize) -> Result<TransactionView, ExploreError> {
    let number = u32::try_from(tx).map_err(|_| Invalid::new("transactions", "there is no such transaction"))?;
    let (ledger, asset) = (&chain.ledger, view.asset(0)?);
    let (info, block) = (ledger.tx(number), ledger.block_of_tx(number));
    let mut movements = Vec::new();
    let inputs = ledger.sources(number).len();
    let outputs = usize::try_from(info.outputs.end - info.outputs.start).unwrap_or(usize::MAX);
    // Half of the room is for outputs, and what inputs leave.
    let shown_inputs = inputs.min((room / 2).max(room.saturating_sub(outputs)));
    for source in ledger.sources(number).take(shown_inputs) {
        let known = ledger.source_info(source);
        let id = match source {
            Source::Output(output) => {
                let (maker, index) = ledger.outpoint(output);
                format!("{}:{index}", ledger.txid_text(maker))
            }
            Source::External(external) => {
                let row = ledger.external(external);
                format!("{}:{}", holdfast_bitcoin::display_hash(&{ row.txid }), { row.vout })
            }
        };
        movements.push(Movement {
            id,
            kind: MovementKind::Input,
            from: known.address.map(|a| party(view, a)).transpose()?,
            to: None,
            asset: asset.clone(),
            amount: known.value.map(Amount::from),
            transfer: None,
            spent_by: None,
        });
    }
    let txid = info.txid.to_string();
    let shown_outputs = room - shown_inputs;
    for (index, output) in info.outputs.clone().enumerate().take(shown_outputs) {
        movements.push(Movement {
            id: format!("{txid}:{index}"),
            kind: MovementKind::Output,
            from: None,
            to: Some(party(view, ledger.address_of(output))?),
            asset: asset.clone(),
            amount: Some(ledger.value(output).into()),
            transfer: None,
            spent_by: ledger.spender(output).map(|t| ledger.txid_text(t)),
        });
    }
    let assets = Assets::of(view, std::iter::once(0))?;
    let values = ledger.sources(number).skip(shown_inputs).map(|s| (0, ledger.source_info(s).value.map(Amount::from)));
    let paid = info.outputs.clone().skip(shown_outputs).map(|o| (0, Some(Amount::from(ledger.value(o)))));
    Ok(TransactionView {
        chain: view.name(),
        id: txid,
        height: block.height.into(),
        time: block.header.time().into(),
        coinbase: info.flags.coinbase(),
        coinjoin: coinjoin::Detector::default().detect(ledger, number, CoinjoinSet::ALL).map(|c| c.name().to_owned()),
        success: true,
        movements,
        rest_in: rest(&assets, values),
        rest_out: rest(&assets, paid),
    })
}

/// A transaction of an account chain.
fn of_accounts(
    chain: &AccountSnapshot,
    view: &dyn View,
    tx: u64,
    room: usize,
) -> Result<TransactionView, ExploreError> {
    let ledger = &chain.ledger;
    let info = ledger.tx(tx)?;
    let block = ledger.block(info.block)?;
    let transfers = ledger.transfers_of(tx)?;
    let assets = Assets::of(view, transfers.iter().map(|t| t.asset))?;
    let mut movements = Vec::new();
    for transfer in transfers.iter().take(room) {
        movements.push(Movement {
            id: chain.transfer_id(&info.hash, transfer),
            kind: MovementKind::Transfer,
            from: transfer.from.map(|a| party(view, a)).transpose()?,
            to: transfer.to.map(|a| party(view, a)).transpose()?,
            asset: assets.view(transfer.asset),
            amount: Some(transfer.amount),
            transfer: Some(transfer.kind.name().to_owned()),
            spent_by: None,
        });
    }
    Ok(TransactionView {
        chain: view.name(),
        id: chain.hash_text(&info.hash),
        height: block.height,
        time: block.time,
        coinbase: false,
        coinjoin: None,
        success: info.success,
        movements,
        rest_in: Vec::new(),
        rest_out: rest(&assets, transfers.iter().skip(room).map(|t| (t.asset, Some(t.amount)))),
    })
}

impl Chain {
    /// Returns a transaction with what moved in it, at most `room` movements.
    ///
    /// # Errors
    /// [`ExploreError`] for text that names none here.
    pub fn transaction(&self, id: &str, room: usize, clearance: Tlp) -> Result<TransactionView, ExploreError> {
        let view = &*self.view(clearance);
        let tx = view.tx(id)?;
        match self {
            Chain::Outputs(chain) => of_outputs(chain, view, tx, room),
            Chain::Accounts(chain) => of_accounts(chain, view, tx, room),
        }
    }

    /// Appends payments between addresses of the chain.
    fn between(
        &self,
        addresses: &BTreeSet<u32>,
        budget: &mut Budget,
        clearance: Tlp,
        into: &mut Payments,
    ) -> Result<(), ExploreError> {
        let view = &*self.view(clearance);
        let mut found = Vec::new();
        for from in addresses {
            let of = Of { addresses: &[*from], side: Side::Out, level: Level::Address, asset: None };
            view.parts(of, budget, &mut |part| {
                if let Node::Address(to) = part.node
                    && to != *from
                    && addresses.contains(&to)
                {
                    found.push((*from, to, part));
                }
            })?;
        }
        found.sort_by_key(|(from, to, part)| (Reverse(part.time), part.tx, *from, *to, part.asset));
        let assets = Assets::of(view, found.iter().map(|(_, _, part)| part.asset))?;
        into.more.extend(rest(
            &assets,
            found.iter().skip(MAX_PAYMENTS).map(|(_, _, part)| (part.asset, (!part.unknown).then_some(part.amount))),
        ));
        for (from, to, part) in found.into_iter().take(MAX_PAYMENTS) {
            let Some(tx) = part.tx else { continue };
            into.listed.push(Between {
                chain: view.name(),
                from: view.address_text(from)?,
                to: view.address_text(to)?,
                tx: view.tx_text(tx)?,
                time: part.time.unwrap_or(0),
                asset: assets.view(part.asset),
                amount: part.amount,
                unknown: part.unknown,
                divided: part.divided,
            });
        }
        Ok(())
    }
}

/// Payments that were found.
#[derive(Default)]
struct Payments {
    listed: Vec<Between>,
    more: Vec<AssetSum>,
}

impl TransactionsQuery {
    fn check(&self) -> Result<(), Invalid> {
        if self.transactions.len() > MAX_TRANSACTIONS {
            return Err(Invalid::new("transactions", format!("more than {MAX_TRANSACTIONS}; ask in several parts")));
        }
        if self.between.len() > MAX_BETWEEN {
            return Err(Invalid::new("between", format!("more than {MAX_BETWEEN} addresses; ask in several parts")));
        }
        if self.between.len() == 1 {
            return Err(Invalid::new("between", "give two addresses or more"));
        }
        if self.transactions.is_empty() && self.between.is_empty() {
            return Err(Invalid::new("transactions", "give transactions, or addresses in between"));
        }
        let ids = self.transactions.iter().map(|w| &w.id);
        let too_long = ids.chain(&self.between).any(|id| id.len() > MAX_ID);
        if too_long { Err(Invalid::new("transactions", format!("an id has at most {MAX_ID} bytes"))) } else { Ok(()) }
    }
}

/// Returns transactions, and payments between addresses, for a reader of labels up to `clearance`. What is not found is listed with its reason.
///
/// # Errors
/// [`ExploreError`] for a list that is too long, and when a ledger is damaged.
pub fn transactions(
    chains: &OpenChains,
    query: &TransactionsQuery,
    clearance: Tlp,
) -> Result<TransactionsReport, ExploreError> {
    query.check()?;
    let (mut found, mut missing, mut room) = (Vec::new(), Vec::new(), MAX_LISTED_IN_ALL);
    for wanted in &query.transactions {
        let name = wanted.chain.as_deref().or(query.chain.as_deref());
        let view = choose(chains, &wanted.id, name)
            .and_then(|chain| chain.transaction(&wanted.id, room.min(MAX_LISTED), clearance));
        match view {
            Ok(view) => {
                room = room.saturating_sub(view.movements.len());
                found.push(view);
            }
            Err(e) => missing.push(Missing { item: wanted.id.clone(), reason: e.to_string() }),
        }
    }
    // By the chain's name: the chain and the addresses on it.
    let mut by_chain: BTreeMap<String, (Chain, BTreeSet<u32>)> = BTreeMap::new();
    for text in &query.between {
        let mut is_found = false;
        for chain in all_with(chains, text, query.chain.as_deref())? {
            let (name, number) = {
                let view = chain.view(clearance);
                (view.name(), view.address(text))
            };
            if let Ok(number) = number {
                is_found = true;
                by_chain.entry(name).or_insert_with(|| (chain, BTreeSet::new())).1.insert(number);
            }
        }
        if !is_found {
            missing.push(Missing { item: text.clone(), reason: "no stored block mentions this address".into() });
        }
    }
    let (mut payments, mut budget) = (Payments::default(), Budget::default());
    for (chain, addresses) in by_chain.values() {
        chain.between(addresses, &mut budget, clearance, &mut payments)?;
    }
    payments.listed.sort_by_key(|p| Reverse(p.time));
    let mut notes: Vec<String> = budget.note().into_iter().collect();
    for (chain, _) in by_chain.values() {
        notes.extend(chain.gaps());
    }
    Ok(TransactionsReport {
        transactions: found,
        between: payments.listed,
        more_between: payments.more,
        missing,
        complete: !budget.exceeded,
        notes,
    })
}
