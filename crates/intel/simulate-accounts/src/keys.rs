//! Keys and signatures. They are real: a node takes the transactions, and senders are recovered from them.
//!
//! All signatures share one nonce of ECDSA, so that signing costs two multiplications instead of one of the curve. That gives the keys away, which
//! follow from the seed anyway: nobody may hold anything of worth with them.

use alloy_primitives::{Address, B256, U256, keccak256, uint};
use secp256k1::{PublicKey, Secp256k1, SecretKey, SignOnly};

/// Order of the group of secp256k1 (SEC 2, 2.4.1).
const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

/// A signature of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub r: U256,
    pub s: U256,
    pub y_is_odd: bool,
}

/// Makes keys and signs with them.
#[derive(Debug)]
pub(crate) struct Signer {
    seed: u64,
    curve: Secp256k1<SignOnly>,
    r: U256,
    y_is_odd: bool,
    /// Inverse of the nonce.
    inverse: U256,
}

impl Signer {
    pub fn new(seed: u64) -> Self {
        let curve = Secp256k1::signing_only();
        let nonce = secret(seed, "nonce", 0);
        let point = point(&curve, nonce);
        let r = U256::from_be_slice(&point[1..33]).reduce_mod(ORDER);
        let inverse = nonce.inv_mod(ORDER).unwrap_or(U256::ZERO);
        Signer { seed, curve, r, y_is_odd: point[64] % 2 == 1, inverse }
    }

    /// Returns the secret and the address of a key by its number.
    pub fn key(&self, number: u64) -> (U256, Address) {
        let secret = secret(self.seed, "key", number);
        (secret, Address::from_raw_public_key(&point(&self.curve, secret)[1..]))
    }

    /// Signs a hash. Of the two signatures that there are the one with the lesser half counts (EIP-2).
    pub fn sign(&self, hash: B256, secret: U256) -> Signature {
        let hash = U256::from_be_bytes(hash.0).reduce_mod(ORDER);
        let s = self.r.mul_mod(secret, ORDER).add_mod(hash, ORDER).mul_mod(self.inverse, ORDER);
        let is_high = s > ORDER >> 1;
        Signature { r: self.r, s: if is_high { ORDER - s } else { s }, y_is_odd: self.y_is_odd != is_high }
    }
}

fn secret(seed: u64, what: &str, number: u64) -> U256 {
    let text = format!("holdfast simulate accounts {seed} {what} {number}");
    // Neither zero nor the order or beyond.
    U256::from_be_bytes(keccak256(text).0).reduce_mod(ORDER - U256::from(1)) + U256::from(1)
}

/// Returns the public key of a secret: 4, x, y.
fn point(curve: &Secp256k1<SignOnly>, secret: U256) -> [u8; 65] {
    let key = SecretKey::from_slice(&secret.to_be_bytes::<32>());
    key.map_or([0; 65], |key| PublicKey::from_secret_key(curve, &key).serialize_uncompressed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};
    use secp256k1::{Message, Secp256k1};

    #[test]
    fn senders_are_recovered_from_signatures() {
        let verifier = Secp256k1::verification_only();
        for seed in 0..20 {
            let signer = Signer::new(seed);
            let (secret, address) = signer.key(seed * 7);
            let hash = keccak256(seed.to_be_bytes());
            let signature = signer.sign(hash, secret);
            assert!(signature.s <= ORDER >> 1);
            let id = RecoveryId::from_i32(signature.y_is_odd.into()).unwrap();
            let bytes = [signature.r.to_be_bytes::<32>(), signature.s.to_be_bytes()].concat();
            let made = RecoverableSignature::from_compact(&bytes, id).unwrap();
            let key = verifier.recover_ecdsa(&Message::from_digest(hash.0), &made).unwrap();
            assert_eq!(Address::from_raw_public_key(&key.serialize_uncompressed()[1..]), address);
        }
    }
}
