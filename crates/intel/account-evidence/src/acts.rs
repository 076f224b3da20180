//! What issuers of tokens did with the accounts of a trace: freezes, their ends, destructions, and proposals of these. Each is the log of a transaction
//! that the bundle proves, read again by the function that made the ledger's signals.

use crate::contents::{ActEntry, Contents, Coverage};
use crate::{check, names};
use holdfast_account_attribution::PlacedSignal;
use holdfast_types::{AccountId, Issuer, IssuerAct, IssuerAction, Position, Signal, TokenRef, TransactionTransfers};
use std::collections::BTreeSet;

/// Most acts that a verification names one by one.
const MAX_NAMED: usize = 50;

/// An act about an account, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    pub height: u64,
    pub index: u32,
    position: Position,
    token: TokenRef,
    pub account: AccountId,
    action: IssuerAction,
    proposal: Option<u64>,
    amount: Option<holdfast_types::Amount>,
}

impl Act {
    fn of(height: u64, index: u32, signal: &Signal) -> Option<Act> {
        let Signal::Issuer { token, act, position } = *signal else { return None };
        let (account, action, proposal, amount) = match act {
            IssuerAct::Done { action, account, amount } => (account, action, None, amount),
            IssuerAct::Proposed { action, account, proposal } => (account, action, Some(proposal), None),
            _ => return None,
        };
        Some(Act { height, index, position, token, account, action, proposal, amount })
    }

    /// Returns the acts about some accounts, in the order of the chain.
    pub fn about(signals: &[PlacedSignal], accounts: &BTreeSet<AccountId>) -> Vec<Act> {
        let act = |signal: &PlacedSignal| Act::of(signal.place.height, signal.place.tx, &signal.signal);
        let mut acts: Vec<Act> = signals.iter().filter_map(act).filter(|act| accounts.contains(&act.account)).collect();
        acts.sort_by_key(|act| (act.height, act.index, act.position));
        acts
    }

    /// Writes an act about the account at a place of `accounts.json`.
    pub fn entry(&self, chain: (u16, &Coverage), account: u32) -> ActEntry {
        ActEntry {
            chain: chain.0,
            height: self.height,
            index: self.index,
            position: names::position(self.position),
            account,
            asset: self.token.asset_id(&chain.1.chain),
            action: self.action,
            proposal: self.proposal,
            amount: self.amount,
        }
    }
}

/// Reads contracts that are taken as issuers'.
pub(crate) fn issuers(coverage: &Coverage) -> Result<Vec<Issuer>, String> {
    let read = |text: &str| {
        let account = names::read_address(text, &coverage.chain);
        account.ok_or_else(|| format!("parameters.json: issuer '{text}' is no account"))
    };
    let issuer = |(token, wallet): &(String, Option<String>)| {
        Ok(Issuer::of(read(token)?, wallet.as_deref().map(read).transpose()?))
    };
    coverage.issuers.iter().map(issuer).collect()
}

/// Finds the acts again in their transactions. Returns sentences about them, and how many stand in logs to which a root commits.
pub(crate) fn check<'t>(
    contents: &Contents,
    transaction: impl Fn(u16, u64, u32) -> Option<&'t TransactionTransfers>,
) -> Result<(Vec<String>, usize), String> {
    let of_accounts = check::bases(&contents.accounts, |a| a.chain, contents.parameters.chains.len());
    let (mut said, mut committed, mut last) = (Vec::new(), 0, None);
    for (number, entry) in contents.acts.iter().enumerate() {
        let named = |why: &str| format!("freezes.json: act {number}: {why}");
        let coverage = contents.parameters.chains.get(usize::from(entry.chain)).ok_or_else(|| named("of no chain"))?;
        let account = check::local(&of_accounts, entry.account, contents.accounts.len());
        let account = account.filter(|(chain, _)| *chain == entry.chain);
        let row = account.and_then(|_| contents.accounts.get(usize::try_from(entry.account).ok()?));
        let row = row.ok_or_else(|| named("its account is not in accounts.json"))?;
        let found = transaction(entry.chain, entry.height, entry.index);
        let found = found.ok_or_else(|| named("its transaction is not in transactions.json"))?;
        let is_it = |signal: &Signal| {
            let act = Act::of(entry.height, entry.index, signal);
            act.filter(|act| names::address(&act.account, &coverage.chain) == row.address)
                .map(|act| (act, act.entry((entry.chain, coverage), entry.account)))
                .filter(|(_, again)| again == entry)
        };
        let (act, _) = found.signals.iter().find_map(is_it).ok_or_else(|| named("its transaction does not show it"))?;
        let place = (entry.chain, entry.height, entry.index, act.position);
        if last.replace(place).is_some_and(|last| last >= place) {
            return Err(named("acts are not in the order of their chains and places, or one stands twice"));
        }
        committed += usize::from(coverage.chain.namespace() != "tron");
        if said.len() < MAX_NAMED {
            said.push(sentence(entry, &row.address, &names::hash(&found.hash, &coverage.chain)));
        }
    }
    Ok((said, committed))
}

fn sentence(entry: &ActEntry, address: &str, transaction: &str) -> String {
    let done = match (entry.action, entry.proposal) {
        (IssuerAction::Freeze, None) => "froze",
        (IssuerAction::Lift, None) => "ended the freeze of",
        (IssuerAction::Destroy, None) => "destroyed what was held by",
        (IssuerAction::Freeze, Some(_)) => "was asked by an owner to freeze",
        (IssuerAction::Lift, Some(_)) => "was asked by an owner to end the freeze of",
        (IssuerAction::Destroy, Some(_)) => "was asked by an owner to destroy what is held by",
    };
    format!("the issuer of {} {done} {address} (transaction {transaction}, block {})", entry.asset, entry.height)
}
