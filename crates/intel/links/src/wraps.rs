//! Wraps: coin that became its wrapped token, or the token coin. The reader of the chain states them only of canonical wrappers, with the coin's own
//! transfer beside each.

use crate::link::{Certainty, Evidence, Link, LinkKind, Moved, Rule};
use crate::view::{Tx, moved};
use holdfast_types::{Position, TokenRef, Transfer, TransferKind};
use std::collections::BTreeSet;

/// Returns the wraps and unwraps of a transaction, each with the coin's transfer of the same amount, which no two of them share.
pub(crate) fn wraps(tx: Tx<'_>) -> Vec<Link> {
    let mut used: BTreeSet<Moved> = BTreeSet::new();
    let mut links = Vec::new();
    for wrapped in tx.moved().filter(|t| matches!(t.kind, TransferKind::Wrap | TransferKind::Unwrap)) {
        let is_wrap = wrapped.kind == TransferKind::Wrap;
        let wrapper = wrapped.token.contract();
        let fits = |t: &Transfer| {
            let side = if is_wrap { t.to } else { t.from };
            let is_coin = t.token == TokenRef::Native && t.amount == wrapped.amount;
            is_coin && side == wrapper && !used.contains(&moved(t))
        };
        let log = if let Position::Log(number, _) = wrapped.position { number } else { u32::MAX };
        let Some(coin) = tx.nearest(log, fits) else { continue };
        used.insert(moved(coin));
        let coin_account = if is_wrap { coin.from } else { coin.to };
        let token_account = if is_wrap { wrapped.to } else { wrapped.from };
        let (Some(coin_account), Some(token_account)) = (coin_account, token_account) else { continue };
        let coin_end = tx.end(coin_account, TokenRef::Native, coin.amount, vec![moved(coin)]);
        let token_end = tx.end(token_account, wrapped.token, wrapped.amount, vec![moved(wrapped)]);
        let (out, into) = if is_wrap { (coin_end, token_end) } else { (token_end, coin_end) };
        let logs = if log == u32::MAX { Vec::new() } else { vec![log] };
        let evidence = Evidence { rule: Rule::WrappedCoin, message: None, logs };
        links.push(Link { kind: LinkKind::Wrap, out, into, evidence, certainty: Certainty::Event });
    }
    links
}
