//! Swaps: by the net flow of who acts, by whom a pool pays, and, where neither is one asset for another, pool by pool.

use crate::flows::{Net, Nets, is_fungible};
use crate::link::{Certainty, Evidence, Link, LinkKind, Rule};
use crate::pools::{self, PoolSwap};
use crate::view::{Tx, id};
use holdfast_types::{AccountId, Signal, TokenRef, TransferKind};
use std::collections::BTreeSet;

/// Most logs that a link names; the first ones count.
const MAX_LOGS: usize = 64;

/// Returns the swaps of a transaction. Where an account's net flow is one asset for another, the pools passed are its evidence and have no links of
/// their own, so that no transfer is in two swaps.
pub(crate) fn swaps(tx: Tx<'_>) -> Vec<Link> {
    let pools = pools::swaps(tx);
    let wrapped = wrapped_tokens(tx);
    let mut links = Vec::new();
    for actor in actors(tx) {
        let Some(nets) = Nets::of(tx, actor) else { continue };
        let link = match (nets.given.as_slice(), nets.received.as_slice()) {
            ([given], [received]) => exchanged(tx, actor, given, received, &pools, &wrapped),
            ([given], []) => paid_to_another(tx, actor, given, &pools, &wrapped),
            _ => None,
        };
        links.extend(link);
    }
    if links.is_empty() {
        // What a router states is the whole way; the pools that it went through are parts of it.
        let is_routed = pools.iter().any(|pool| pool.rule == Rule::KyberSwap);
        let whole = pools.iter().filter(|pool| !is_routed || pool.rule == Rule::KyberSwap);
        links.extend(whole.map(|pool| by_pool(tx, pool)));
    }
    links
}

/// Returns who acts: who sent the transaction, and accounts of user operations (ERC-4337), whom somebody else sends for.
fn actors(tx: Tx<'_>) -> BTreeSet<AccountId> {
    let by_operation = tx.view.transfers.signals.iter().filter_map(|signal| match signal {
        Signal::UserOperation { sender, success: true, .. } => Some(*sender),
        _ => None,
    });
    by_operation.chain([tx.view.transfers.payer]).collect()
}

/// Returns the tokens that were wrapped or unwrapped in the transaction, which pools have in place of the coin.
fn wrapped_tokens(tx: Tx<'_>) -> BTreeSet<TokenRef> {
    let is_wrap = |kind| matches!(kind, TransferKind::Wrap | TransferKind::Unwrap);
    tx.moved().filter(|t| is_wrap(t.kind)).map(|t| t.token).collect()
}

/// Returns whether two tokens are the same, or the coin and its wrapped token.
fn alike(a: &TokenRef, b: &TokenRef, wrapped: &BTreeSet<TokenRef>) -> bool {
    let coin = |t: &TokenRef| *t == TokenRef::Native || wrapped.contains(t);
    a == b || (coin(a) && coin(b))
}

/// Returns the evidence of pools that took one token and gave another.
fn by_pools(
    given: &TokenRef,
    received: &TokenRef,
    pools: &[PoolSwap],
    wrapped: &BTreeSet<TokenRef>,
) -> Option<Evidence> {
    let first = pools.iter().find(|p| alike(&p.given.token, given, wrapped))?;
    pools.iter().find(|p| alike(&p.got.token, received, wrapped))?;
    let logs = pools.iter().take(MAX_LOGS).map(|p| p.log).collect();
    Some(Evidence { rule: first.rule, message: None, logs })
}

/// An account gave one asset and received another one.
fn exchanged(
    tx: Tx<'_>,
    actor: AccountId,
    given: &Net,
    received: &Net,
    pools: &[PoolSwap],
    wrapped: &BTreeSet<TokenRef>,
) -> Option<Link> {
    if !is_fungible(&given.token) || !is_fungible(&received.token) {
        return None;
    }
    // A plain wrap has a link of its own.
    if alike(&given.token, &received.token, wrapped) {
        return None;
    }
    let is_coin = given.token == TokenRef::Native || received.token == TokenRef::Native;
    let (evidence, certainty) = match by_pools(&given.token, &received.token, pools, wrapped) {
        Some(evidence) => (evidence, Certainty::Event),
        // Without traces it is not known how much coin moved.
        None if is_coin && !tx.internal_known => return None,
        None => (Evidence { rule: Rule::NetFlow, message: None, logs: Vec::new() }, Certainty::NetFlow),
    };
    Some(link(tx, (actor, given), (actor, received), evidence, certainty))
}

/// An account gave one asset and received nothing: another account, which gave nothing, was paid by a pool.
fn paid_to_another(
    tx: Tx<'_>,
    actor: AccountId,
    given: &Net,
    pools: &[PoolSwap],
    wrapped: &BTreeSet<TokenRef>,
) -> Option<Link> {
    if !is_fungible(&given.token) {
        return None;
    }
    let writers: BTreeSet<AccountId> = tx.view.logs.iter().map(|log| id(log.address)).collect();
    let is_other =
        |account: &AccountId| *account != actor && Some(*account) != tx.view.transfers.to && !writers.contains(account);
    let mut paid: Vec<(AccountId, Net)> = Vec::new();
    for account in pools.iter().map(|p| p.got.account).filter(is_other).collect::<BTreeSet<_>>() {
        let nets = Nets::of(tx, account)?;
        if let ([], [received]) = (nets.given.as_slice(), nets.received.as_slice())
            && is_fungible(&received.token)
        {
            paid.push((account, received.clone()));
        }
    }
    let [(receiver, received)] = paid.as_slice() else { return None };
    if alike(&given.token, &received.token, wrapped) {
        return None;
    }
    let evidence = by_pools(&given.token, &received.token, pools, wrapped)?;
    Some(link(tx, (actor, given), (*receiver, received), evidence, Certainty::Event))
}

/// One pool: what was paid to it became what it paid.
fn by_pool(tx: Tx<'_>, pool: &PoolSwap) -> Link {
    let net = |leg: &pools::Leg| Net { token: leg.token, amount: leg.amount, transfers: leg.transfers.clone() };
    let evidence = Evidence { rule: pool.rule, message: None, logs: vec![pool.log] };
    let (given, got) = (net(&pool.given), net(&pool.got));
    link(tx, (pool.given.account, &given), (pool.got.account, &got), evidence, Certainty::Event)
}

fn link(
    tx: Tx<'_>,
    (from, given): (AccountId, &Net),
    (to, received): (AccountId, &Net),
    evidence: Evidence,
    certainty: Certainty,
) -> Link {
    let out = tx.end(from, given.token, given.amount, given.transfers.clone());
    let into = tx.end(to, received.token, received.amount, received.transfers.clone());
    Link { kind: LinkKind::Swap, out, into, evidence, certainty }
}
