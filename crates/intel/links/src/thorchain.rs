//! THORChain: `Deposit` of a router, whose memo says what is bought and who receives it, and `TransferOut`, whose memo names the transaction that paid
//! in (`OUT:` or `REFUND:`). That transaction's hash is the message's id, whatever chain it is on. One asset becomes another: amounts are not compared.
//! Memos: THORChain's developer documentation, "Transaction Memos". Events: thornode, `THORChain_RouterV4.sol`, `THORChain_RouterV6.sol`. Coin that is
//! paid straight to a vault has no event and is not read.

use crate::codec::MOST_TEXT;
use crate::contracts::{Contracts, Role};
use crate::known::thorchain_number;
use crate::link::{BridgeSide, Direction, MessageId, Protocol};
use crate::view::{Tx, account, bytes, id, moved, number, word};
use alloy_primitives::b256;
use holdfast_evm::{B256, Log, keccak256};
use holdfast_types::{AccountId, TokenRef, Transfer};

/// `Deposit(address,address,uint256,string)`.
const DEPOSIT: B256 = b256!("ef519b7eb82aaf6ac376a6df2d793843ebfd593de5f1a0601d3cc6ab49ebb395");
/// `TransferOut(address,address,address,uint256,string)`.
const OUT: B256 = b256!("a9cd03aa3c1b4515114539cd53d22085129d495cb9e9f9af77864526240f1bf7");

/// Where a memo sends what is bought.
struct Swap {
    beneficiary: AccountId,
    /// Number of a chain of the EVM.
    remote: Option<u64>,
    /// Asset and address where the address is none of an account chain.
    text: Option<String>,
}

/// Reads the sides of swaps in a transaction.
pub(crate) fn sides(contracts: &Contracts, tx: Tx<'_>) -> Vec<BridgeSide> {
    let read = |(place, log): (u32, &Log)| {
        let is_router = contracts.role(&id(log.address)) == Some(Role::ThorchainRouter);
        match *log.topics.first().filter(|_| is_router && log.topics.len() == 3)? {
            DEPOSIT => paid_in(tx, place, log),
            OUT => paid_out(tx, place, log),
            _ => None,
        }
    };
    tx.logs().filter_map(read).collect()
}

/// Reads `=:ASSET:ADDRESS/REFUND:…`, also written `s:` and `swap:`. Other memos move nothing to another account.
fn read_swap(memo: &[u8]) -> Option<Swap> {
    let mut fields = std::str::from_utf8(memo).ok()?.split(':');
    let is_swap = matches!(fields.next()?.to_ascii_lowercase().as_str(), "=" | "s" | "swap");
    let asset = fields.next().filter(|_| is_swap)?;
    let address = fields.next()?.split('/').next()?;
    if asset.is_empty() || address.is_empty() {
        return None;
    }
    // `ETH.USDC-0X…`, with `/` or `~` for assets that stay on THORChain, or the short name of a coin.
    let chain = asset.split(['.', '/', '~']).next()?;
    let account = hex::decode(address.strip_prefix("0x").or_else(|| address.strip_prefix("0X")).unwrap_or("-")).ok();
    let evm = account.filter(|bytes| bytes.len() == 20).and_then(|bytes| AccountId::from_bytes(&bytes));
    Some(match evm {
        Some(beneficiary) => Swap { beneficiary, remote: thorchain_number(chain), text: None },
        None => Swap {
            beneficiary: AccountId::solana(keccak256(address).0),
            remote: None,
            text: Some(format!("{asset}:{address}")).filter(|text| text.len() <= MOST_TEXT),
        },
    })
}

/// Reads the hash of the transaction that a payment is for.
fn read_out(memo: &[u8]) -> Option<MessageId> {
    let (action, hash) = std::str::from_utf8(memo).ok()?.split_once(':')?;
    let is_out = action.eq_ignore_ascii_case("OUT") || action.eq_ignore_ascii_case("REFUND");
    hex::decode(hash).ok().filter(|_| is_out)?.try_into().ok()
}

/// The token that an event names; the zero address is the chain's coin.
fn token(address: &B256) -> Option<TokenRef> {
    account(address)
        .map(|contract| if contract == AccountId::ZERO { TokenRef::Native } else { TokenRef::Fungible(contract) })
}

/// The router took the tokens for a vault, or passed them on to it.
fn paid_in(tx: Tx<'_>, place: u32, log: &Log) -> Option<BridgeSide> {
    let (vault, token, amount) = (account(&log.topics[1])?, token(&log.topics[2])?, number(log, 0)?);
    let (router, swap) = (id(log.address), read_swap(bytes(log, 1)?)?);
    let is_it = |t: &Transfer| t.token == token && t.amount == amount && t.from != Some(router);
    let enters = |t: &Transfer| is_it(t) && (t.to == Some(router) || t.to == Some(vault));
    let transfer = tx.nearest(place, enters)?;
    Some(BridgeSide {
        protocol: Protocol::Thorchain,
        direction: Direction::In,
        message: Some(tx.view.transfers.hash),
        time: tx.time,
        end: tx.end(transfer.from?, token, amount, vec![moved(transfer)]),
        beneficiary: swap.beneficiary,
        asset: None,
        remote: swap.remote,
        log: place,
        stated: None,
        destination: swap.text,
    })
}

/// The router, or the vault, paid the receiver.
fn paid_out(tx: Tx<'_>, place: u32, log: &Log) -> Option<BridgeSide> {
    let (vault, to) = (account(&log.topics[1])?, account(&log.topics[2])?);
    let (token, amount, message) = (token(&word(log, 0)?)?, number(log, 1)?, read_out(bytes(log, 2)?)?);
    let router = id(log.address);
    let is_it = |t: &Transfer| t.token == token && t.amount == amount && t.to == Some(to);
    let transfer = tx.nearest(place, |t| is_it(t) && (t.from == Some(router) || t.from == Some(vault)))?;
    Some(BridgeSide {
        protocol: Protocol::Thorchain,
        direction: Direction::Out,
        message: Some(message),
        time: tx.time,
        end: tx.end(to, token, amount, vec![moved(transfer)]),
        beneficiary: to,
        asset: None,
        remote: None,
        log: place,
        stated: None,
        destination: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memos_say_where_it_goes() {
        // Block 17034870 of Ethereum, transaction 113.
        let swap = read_swap(b"=:BTC.BTC:bc1ql556g2n04vs6yfa7zplfnjyffs4kzwxcdrpqd6:3944107:te:0").unwrap();
        assert_eq!(swap.text.as_deref(), Some("BTC.BTC:bc1ql556g2n04vs6yfa7zplfnjyffs4kzwxcdrpqd6"));
        assert_eq!(swap.remote, None);
        let evm = read_swap(b"SWAP:AVAX.USDC-0XB97EF9EF8734C71904D8002F8B6BC66DD9C48A6E:0x4ade6ae5d64226f450dd19b99672311002ac2737/0xfe");
        let evm = evm.unwrap();
        assert_eq!(evm.beneficiary.as_bytes()[..4], [0x4a, 0xde, 0x6a, 0xe5]);
        assert_eq!((evm.remote, evm.text), (Some(43114), None));
        assert_eq!(read_swap(b"s:e:0x4ade6ae5d64226f450dd19b99672311002ac2737").unwrap().remote, Some(1));
        for none in [b"".as_slice(), b"=", b"=:", b"=:BTC.BTC", b"=::x", b"+:ETH.ETH:thor1", b"MIGRATE:7", b"\xff:a:b"]
        {
            assert!(read_swap(none).is_none(), "{none:?}");
        }
    }

    #[test]
    fn payments_name_what_they_are_for() {
        // Block 19426587 of Ethereum, transaction 1.
        let hash = "83153DA8EA42775040B129DF7160EB299ECC12E9EB2C800C7DC60E04F387A92F";
        let memo = |action: &str| format!("{action}:{hash}").into_bytes();
        assert_eq!(read_out(&memo("OUT")).map(hex::encode), Some(hash.to_lowercase()));
        assert_eq!(read_out(&memo("refund")), read_out(&memo("OUT")));
        for none in [memo("MIGRATE"), b"OUT:12".to_vec(), b"OUT".to_vec(), b"OUT:zz".to_vec()] {
            assert_eq!(read_out(&none), None);
        }
    }
}
