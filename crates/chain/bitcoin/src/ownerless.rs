//! Scripts without an owner: anybody can spend them, or nobody can.
//!
//! That two transactions use such a script is no evidence of who made them, so it joins no addresses, and a tag on it is no evidence
//! about others who use it. Three kinds: whole script classes, fixed scripts behind a hash, and keys that everybody knows or nobody has.

use crate::hash::{hash160, sha256};
use crate::{AddressKey, Network, ScriptClass};
use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Scripts that everybody can satisfy, bare or behind a hash: constants that leave "true", the pay-to-anchor program, and the
/// rewards for hash collisions of 2013 (two different values of equal SHA-1, SHA-256, RIPEMD-160, HASH160 or HASH256; SHA-1 is broken).
const ANYONE_CAN_SPEND: &[&[u8]] = &[
    &[],
    &[0x4f],
    &[0x51],
    &[0x52],
    &[0x53],
    &[0x54],
    &[0x55],
    &[0x56],
    &[0x57],
    &[0x58],
    &[0x59],
    &[0x5a],
    &[0x5b],
    &[0x5c],
    &[0x5d],
    &[0x5e],
    &[0x5f],
    &[0x60],
    &[0x61],
    &[0x01, 0x01],
    &[0x51, 0x51],
    &[0x61, 0x51],
    &[0x74],
    &[0x75, 0x51],
    &[0x51, 0x02, 0x4e, 0x73],
    &[0x6e, 0x87, 0x91, 0x69, 0xa7, 0x7c, 0xa7, 0x87],
    &[0x6e, 0x87, 0x91, 0x69, 0xa8, 0x7c, 0xa8, 0x87],
    &[0x6e, 0x87, 0x91, 0x69, 0xa6, 0x7c, 0xa6, 0x87],
    &[0x6e, 0x87, 0x91, 0x69, 0xa9, 0x7c, 0xa9, 0x87],
    &[0x6e, 0x87, 0x91, 0x69, 0xaa, 0x7c, 0xaa, 0x87],
];

/// Addresses that were written down rather than made from a key: nobody has the key.
const BURNT: &[&str] = &[
    "1BitcoinEaterAddressDontSendf59kuE",
    "1CounterpartyXXXXXXXXXXXXXXXUWLpVr",
    "1ChancecoinXXXXXXXXXXXXXXXXXZELUFD",
    "1111111111111111111114oLvT2",
];

/// Published private keys of the puzzle transaction of 2015 (08389f34c98c606322740c0be6a7125d9860bb8d5cb182c02f98461e5fa6cd15),
/// in hex: whoever knows one, and everybody does, can spend what is sent there.
const PUZZLE_KEYS: &[&str] = &[
    "15",
    "31",
    "4c",
    "e0",
    "1d3",
    "202",
    "483",
    "a7b",
    "1460",
    "2930",
    "68f3",
    "c936",
    "1764f",
    "3080d",
    "5749f",
    "d2c55",
    "1ba534",
    "2de40f",
    "556e52",
    "dc2a04",
    "1fa5ee5",
    "340326e",
    "6ac3875",
    "d916ce8",
    "17e2551e",
    "3d94cd64",
    "7d4fe747",
    "b862a62e",
    "1a96ca8d8",
    "34a65911d",
    "4aed21170",
    "9de820a7c",
    "1757756a93",
    "22382facd0",
    "4b5f8303e9",
    "e9ae4933d6",
    "153869acc5b",
    "2a221c58d8f",
    "6bd3b27c591",
    "e02b35a358f",
    "122fca143c05",
    "2ec18388d544",
    "6cd610b53cba",
    "ade6d7ce3b9b",
    "174176b015f4d",
    "22bd43c2e9354",
    "75070a1a009d4",
    "efae164cb9e3c",
    "180788e47e326c",
    "236fb6d5ad1f43",
    "6abe1f9b67e114",
    "9d18b63ac4ffdf",
    "1eb25c90795d61c",
    "2c675b852189a21",
    "7496cbb87cab44f",
    "fc07a1825367bbe",
    "13c96a3742f64906",
    "363d541eb611abee",
    "7cce5efdaccf6808",
    "f7051f27b09112d4",
    "1a838b13505b26867",
    "2832ed74f2b5e35ee",
    "730fc235c1942c1ae",
    "bebb3940cd0fc1491",
    "101d83275fb2bc7e0c",
    "349b84b6431a6c4ef1",
    "4c5ce114686a1336e07",
    "ea1a5c66dcc11b5ad180",
    "11720c4f018d51b8cebba8",
    "2ce00bb2136a445c71e85bf",
    "527a792b183c7f64a0e8b1f4",
    "af55fc59c335c8ec67ed24826",
    "16f14fc2054cd87ee6396b33df3",
    "35c0d7234df7deb0f20cf7062444",
    "60f4d11574f5deee49961d9609ac6",
    "b10f22572c497a836ea187f2e1fc23",
    "1c533b6bb7f0804e09960225e44877ac",
    "33e7665705359f04f28b88cf897c603c9",
];

/// Private keys 1 to this one are the first that anybody tries.
const SMALLEST_KEYS: u8 = 32;

/// Phrases whose SHA-256 was published as a private key ("brain wallets"): programs watch and sweep them.
const BRAIN_WALLETS: &[&str] =
    &["", "correct horse battery staple", "password", "bitcoin", "satoshi", "satoshi nakamoto", "test", "hello", "1"];

/// The largest private key: the curve's order less one.
const LARGEST_KEY: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";

static KNOWN: LazyLock<HashSet<AddressKey>> = LazyLock::new(|| {
    let mut known = HashSet::new();
    for script in ANYONE_CAN_SPEND {
        let witness = AddressKey::new(ScriptClass::P2wsh, &sha256(script));
        let nested = hash160(&witness.script().expect("a standard class"));
        known.insert(AddressKey::new(ScriptClass::P2sh, &hash160(script)));
        known.insert(AddressKey::new(ScriptClass::P2sh, &nested));
        known.insert(witness);
    }
    known.extend(BURNT.iter().map(|text| AddressKey::parse(text, Network::Bitcoin).expect("checked by a test")));
    let context = Secp256k1::new();
    for secret in published_keys() {
        let public = PublicKey::from_secret_key(&context, &secret);
        let short = hash160(&public.serialize());
        let program = AddressKey::new(ScriptClass::P2wpkh, &short);
        let nested = hash160(&program.script().expect("a standard class"));
        known.insert(AddressKey::new(ScriptClass::P2pkh, &short));
        known.insert(AddressKey::new(ScriptClass::P2pkh, &hash160(&public.serialize_uncompressed())));
        known.insert(AddressKey::new(ScriptClass::P2sh, &nested));
        known.insert(program);
    }
    // A hash of nothing but zeros or ones was typed, not computed.
    for class in [ScriptClass::P2pkh, ScriptClass::P2sh, ScriptClass::P2wpkh, ScriptClass::P2wsh, ScriptClass::P2tr] {
        known.extend([0, u8::MAX].map(|byte| AddressKey::new(class, &[byte; 32][..class.payload_len()])));
    }
    known
});

fn published_keys() -> impl Iterator<Item = SecretKey> {
    let small = (1..=SMALLEST_KEYS).map(|n| {
        let mut bytes = [0u8; 32];
        bytes[31] = n;
        bytes
    });
    let written = PUZZLE_KEYS.iter().chain([&LARGEST_KEY]).map(|text| {
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(format!("{text:0>64}"), &mut bytes).expect("checked by a test");
        bytes
    });
    let phrases = BRAIN_WALLETS.iter().map(|phrase| sha256(phrase.as_bytes()));
    small.chain(written).chain(phrases).map(|bytes| SecretKey::from_slice(&bytes).expect("checked by a test"))
}

/// Returns whether no output of this class belongs to somebody. Data carriers nobody can spend; undefined witness programs (among them
/// pay-to-anchor) everybody can. Of other non-standard scripts only the hash is stored, so nothing shows that a key is needed.
pub fn is_ownerless_class(class: ScriptClass) -> bool {
    matches!(class, ScriptClass::NullData | ScriptClass::WitnessUnknown | ScriptClass::NonStandard)
}

/// Returns whether a script has no owner: anybody can spend it, or nobody can.
pub fn is_ownerless(key: &AddressKey) -> bool {
    is_ownerless_class(key.class()) || KNOWN.contains(key)
}

/// Returns the ownerless scripts of classes that otherwise have owners.
pub fn known_ownerless() -> impl Iterator<Item = &'static AddressKey> {
    KNOWN.iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::classify;

    fn ownerless(text: &str) -> bool {
        is_ownerless(&AddressKey::parse(text, Network::Bitcoin).unwrap())
    }

    #[test]
    fn scripts_that_anybody_or_nobody_can_spend_have_no_owner() {
        for script in [&[0x51u8, 2, 0x4e, 0x73][..], &[0x51], &[], &[0x6a, 1, 7], &[0x60, 2, 1, 1]] {
            assert!(is_ownerless(&classify(script)), "{script:02x?}");
        }
        for text in [
            "bc1pfeessrawgf",                     // pay-to-anchor (BIP 433)
            "37k7toV1Nv4DfmQbmZ8KuZDQCYK9x5KpzP", // SHA-1 collision reward
            "35Snmmy3uhaer2gTboc81ayCip4m9DT4ko", // SHA-256 collision reward
            "1BitcoinEaterAddressDontSendf59kuE",
            "1CounterpartyXXXXXXXXXXXXXXXUWLpVr",
            "1111111111111111111114oLvT2",
            "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH",         // key 1
            "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm",         // key 1, uncompressed
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", // key 1, segwit
            "1HsMJxNiV7TLxmoF6uJNkydxPFDog4NQum",         // puzzle 20
            "1Fo65aKq8s8iquMt6weF1rku1moWVEd5Ua",         // puzzle 130
            "1JwSSubhmg6iPtRjtyqhUYYH7bZg3Lfy1T",         // "correct horse battery staple"
        ] {
            assert!(ownerless(text), "{text}");
        }
    }

    #[test]
    fn ordinary_addresses_have_owners() {
        for text in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        ] {
            assert!(!ownerless(text), "{text}");
        }
        let mut multisig = vec![0x51, 33, 2];
        multisig.extend([7; 32]);
        multisig.extend([0x51, 0xae]);
        assert!(!is_ownerless(&classify(&multisig)));
    }
}
