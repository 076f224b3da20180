//! What accounts and assets are found by: their bytes, and the hashes that place them in tables.

use holdfast_types::{AccountId, Amount, Hash32, TokenRef};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bytes of an asset's key: tag, contract (padded with zeros), token id or number (most significant byte first).
pub(crate) const ASSET_BYTES: usize = 65;

/// A stored asset.
pub(crate) type AssetKey = [u8; ASSET_BYTES];

/// Returns the key of a token.
pub(crate) fn asset_key(token: &TokenRef) -> AssetKey {
    let (tag, id) = match token {
        TokenRef::Native => (0, Amount::ZERO),
        TokenRef::Fungible(_) => (1, Amount::ZERO),
        TokenRef::NonFungible(_, id) => (2, *id),
        TokenRef::Multi(_, id) => (3, *id),
        TokenRef::Trc10(number) => (4, Amount::from(*number)),
    };
    let mut key = [0; ASSET_BYTES];
    key[0] = tag;
    if let Some(contract) = token.contract() {
        let bytes = contract.as_bytes();
        key[1..=bytes.len()].copy_from_slice(bytes);
    }
    key[33..].copy_from_slice(&id.to_be_bytes());
    key
}

/// Returns the token of a key, in a ledger whose accounts have so many bytes; `None` where the bytes are no key.
pub(crate) fn token_of(key: &AssetKey, account_bytes: usize) -> Option<TokenRef> {
    let contract = || AccountId::from_bytes(key.get(1..=account_bytes)?);
    let id = || Some(Amount::from_be_bytes(*key.last_chunk::<32>()?));
    let token = match key[0] {
        0 => TokenRef::Native,
        1 => TokenRef::Fungible(contract()?),
        2 => TokenRef::NonFungible(contract()?, id()?),
        3 => TokenRef::Multi(contract()?, id()?),
        4 => TokenRef::Trc10(u64::try_from(id()?).ok()?),
        _ => return None,
    };
    // What the token does not use must be zero, so that a token has one key.
    (asset_key(&token) == *key).then_some(token)
}

/// Places accounts and assets in tables.
#[inline]
pub(crate) fn key_hash(key: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(key, seed)
}

/// Places transactions in tables. Their hashes are uniform already.
#[inline]
pub(crate) fn tx_hash(hash: &Hash32) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_from_their_keys() {
        let contract = AccountId::evm([7; 20]);
        let solana = AccountId::solana([9; 32]);
        for (token, bytes) in [
            (TokenRef::Native, 20),
            (TokenRef::Fungible(contract), 20),
            (TokenRef::NonFungible(contract, Amount::MAX), 20),
            (TokenRef::Multi(contract, Amount::ZERO), 20),
            (TokenRef::Trc10(u64::MAX), 20),
            (TokenRef::Fungible(solana), 32),
        ] {
            let key = asset_key(&token);
            assert_eq!(token_of(&key, bytes), Some(token));
            let mut other = key;
            other[0] ^= 8;
            assert_eq!(token_of(&other, bytes), None);
        }
        let mut native = asset_key(&TokenRef::Native);
        native[40] = 1;
        assert_eq!(token_of(&native, 20), None);
    }
}
