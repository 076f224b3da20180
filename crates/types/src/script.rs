//! Output scripts: what kind they are and which address they pay.

use crate::AddressKey;
use crate::hash::{hash160, sha256};
use serde::{Deserialize, Serialize};

/// The kind of an address, which is the kind of the script that pays it.
///
/// P2PK outputs are filed under the P2PKH address of their key: the same key spends both, and
/// investigators look the coins up by that address.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[repr(u8)]
pub enum ScriptClass {
    /// Pay to public key hash, and pay to public key; payload is the key's HASH160.
    P2pkh = 0,
    /// Pay to script hash (BIP 16); payload is the script's HASH160.
    P2sh = 1,
    /// Pay to witness public key hash (BIP 141); 20-byte program.
    P2wpkh = 2,
    /// Pay to witness script hash (BIP 141); 32-byte program.
    P2wsh = 3,
    /// Pay to taproot (BIP 341); 32-byte output key.
    P2tr = 4,
    /// Bare m-of-n multisignature; payload is the script's SHA-256.
    Multisig = 5,
    /// OP_RETURN data carrier: unspendable; payload is the script's SHA-256.
    #[strum(serialize = "nulldata")]
    NullData = 6,
    /// A witness program of another version or length (among them pay-to-anchor and MWEB peg-ins);
    /// payload is the script's SHA-256.
    WitnessUnknown = 7,
    /// Any other script; payload is its SHA-256.
    #[strum(serialize = "nonstandard")]
    NonStandard = 8,
}

impl ScriptClass {
    /// All classes, by their number.
    pub const ALL: &[ScriptClass] = <ScriptClass as strum::VariantArray>::VARIANTS;

    /// Returns the class with this number, if there is one.
    pub fn from_u8(n: u8) -> Option<Self> {
        Self::ALL.get(n as usize).copied()
    }

    /// Returns the payload length in bytes: 20 or 32.
    pub fn payload_len(self) -> usize {
        match self {
            ScriptClass::P2pkh | ScriptClass::P2sh | ScriptClass::P2wpkh => 20,
            _ => 32,
        }
    }

    /// Returns the class's name, as prefixes of addresses without a standard text form use it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether outputs of this class can ever be spent.
    pub fn spendable(self) -> bool {
        self != ScriptClass::NullData
    }
}

const OP_RETURN: u8 = 0x6a;
const OP_CHECKSIG: u8 = 0xac;
const OP_CHECKMULTISIG: u8 = 0xae;

/// Returns which address an output script pays. Total: every script has an answer.
pub fn classify(script: &[u8]) -> AddressKey {
    match script {
        [0x76, 0xa9, 20, hash @ .., 0x88, OP_CHECKSIG] if hash.len() == 20 => AddressKey::new(ScriptClass::P2pkh, hash),
        [0xa9, 20, hash @ .., 0x87] if hash.len() == 20 => AddressKey::new(ScriptClass::P2sh, hash),
        [0x00, 20, program @ ..] if program.len() == 20 => AddressKey::new(ScriptClass::P2wpkh, program),
        [0x00, 32, program @ ..] if program.len() == 32 => AddressKey::new(ScriptClass::P2wsh, program),
        [0x51, 32, program @ ..] if program.len() == 32 => AddressKey::new(ScriptClass::P2tr, program),
        [33, key @ .., OP_CHECKSIG] if key.len() == 33 && is_public_key(key) => {
            AddressKey::new(ScriptClass::P2pkh, &hash160(key))
        }
        [65, key @ .., OP_CHECKSIG] if key.len() == 65 && is_public_key(key) => {
            AddressKey::new(ScriptClass::P2pkh, &hash160(key))
        }
        _ => {
            let class = match script {
                [OP_RETURN, ..] => ScriptClass::NullData,
                _ if is_multisig(script) => ScriptClass::Multisig,
                _ if is_witness_program(script) => ScriptClass::WitnessUnknown,
                _ => ScriptClass::NonStandard,
            };
            AddressKey::new(class, &sha256(script))
        }
    }
}

/// Returns whether bytes have the length and first byte of a public key.
pub fn is_public_key(key: &[u8]) -> bool {
    matches!((key.len(), key[0]), (33, 2 | 3) | (65, 4 | 6 | 7))
}

/// Returns whether a script is a witness program (BIP 141).
pub fn is_witness_program(script: &[u8]) -> bool {
    (4..=42).contains(&script.len())
        && (script[0] == 0 || (0x51..=0x60).contains(&script[0]))
        && script[1] as usize == script.len() - 2
}

/// Returns whether a script is bare m-of-n multisignature.
pub fn is_multisig(script: &[u8]) -> bool {
    let small = |op: u8| (0x51..=0x60).contains(&op).then(|| op - 0x50);
    let [first, keys @ .., last, OP_CHECKMULTISIG] = script else { return false };
    let (Some(m), Some(n)) = (small(*first), small(*last)) else { return false };
    let mut rest = keys;
    let mut count = 0;
    while let [len, tail @ ..] = rest {
        let len = *len as usize;
        if !matches!(len, 33 | 65) || tail.len() < len || !is_public_key(&tail[..len]) {
            return false;
        }
        rest = &tail[len..];
        count += 1;
    }
    count == n && m <= n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_script_has_its_class() {
        let key = [2u8; 33];
        let mut p2pk = vec![33];
        p2pk.extend(key);
        p2pk.push(OP_CHECKSIG);
        let as_p2pkh = AddressKey::new(ScriptClass::P2pkh, &hash160(&key));
        assert_eq!(classify(&p2pk), as_p2pkh);
        let mut p2pkh = vec![0x76, 0xa9, 20];
        p2pkh.extend(hash160(&key));
        p2pkh.extend([0x88, OP_CHECKSIG]);
        assert_eq!(classify(&p2pkh), as_p2pkh);
        let mut multisig = vec![0x51, 33];
        multisig.extend(key);
        multisig.extend([0x51, OP_CHECKMULTISIG]);
        assert_eq!(classify(&multisig).class(), ScriptClass::Multisig);
        multisig[0] = 0x52; // 2 of 1
        assert_eq!(classify(&multisig).class(), ScriptClass::NonStandard);
        assert_eq!(classify(&[0x6a, 1, 2]).class(), ScriptClass::NullData);
        assert_eq!(classify(&[0x51, 2, 0x4e, 0x73]).class(), ScriptClass::WitnessUnknown);
        assert_eq!(classify(&[]).class(), ScriptClass::NonStandard);
        let mut p2tr = vec![0x51, 32];
        p2tr.extend([7; 32]);
        assert_eq!(classify(&p2tr).class(), ScriptClass::P2tr);
    }
}
