//! Spending data of scripts: which output an input unlocks, and coinbase heights. Output scripts are in [`holdfast_types::script`].

use crate::AddressKey;
use crate::hash::{hash160, sha256};
pub use holdfast_types::script::{ScriptClass, classify};
use holdfast_types::script::{is_multisig, is_public_key, is_witness_program};

const OP_CHECKSIG: u8 = 0xac;
const OP_CHECKMULTISIG: u8 = 0xae;

/// Returns the address that a spending input proves it controls, read from the unlocking data alone.
///
/// Used when the spent output is not known (no funding transaction stored, no undo data). Covers
/// P2PKH (signature, key), P2SH (redeem script, also around segwit), P2WPKH and P2WSH; `None` for P2PK, bare
/// multisig, taproot and anything else, whose unlocking data does not name the output. An input's
/// unlocking data is valid for the real output only, so a match is proof as strong as the hash;
/// shapes that two kinds of output could share are refused rather than guessed.
pub fn infer_spent_address(script_sig: &[u8], witness: &[&[u8]]) -> Option<AddressKey> {
    let pushes = pushes(script_sig)?;
    match (pushes.as_slice(), witness) {
        // Native segwit: the witness alone.
        ([], [signature, key]) if is_signature(signature) && key.len() == 33 && is_public_key(key) => {
            Some(AddressKey::new(ScriptClass::P2wpkh, &hash160(key)))
        }
        ([], [.., script]) if witness.len() >= 2 && !is_taproot_shape(witness) && looks_like_script(script) => {
            Some(AddressKey::new(ScriptClass::P2wsh, &sha256(script)))
        }
        // Segwit nested in P2SH: the only push is the witness program.
        ([program], [_, ..]) if is_witness_program(program) => {
            Some(AddressKey::new(ScriptClass::P2sh, &hash160(program)))
        }
        ([signature, key], []) if is_signature(signature) && is_public_key_any(key) => {
            Some(AddressKey::new(ScriptClass::P2pkh, &hash160(key)))
        }
        // Multisignature redeem script: leading OP_0, signatures, then the script.
        ([empty, .., script], []) if empty.is_empty() && pushes.len() >= 3 && is_multisig(script) => {
            Some(AddressKey::new(ScriptClass::P2sh, &hash160(script)))
        }
        _ => None,
    }
}

fn is_public_key_any(key: &[u8]) -> bool {
    matches!(key.len(), 33 | 65) && is_public_key(key)
}

fn is_signature(data: &[u8]) -> bool {
    (9..=73).contains(&data.len()) && data[0] == 0x30
}

fn is_taproot_shape(witness: &[&[u8]]) -> bool {
    let last = witness[witness.len() - 1];
    // Annex, or a control block: 33 + 32k bytes with leaf version 0xc0 and up (BIP 341).
    last.first() == Some(&0x50) || (last.len() >= 33 && (last.len() - 33).is_multiple_of(32) && last[0] & 0xfe >= 0xc0)
}

fn looks_like_script(script: &[u8]) -> bool {
    is_multisig(script) || matches!(script.last(), Some(&OP_CHECKSIG | &OP_CHECKMULTISIG | 0x68))
}

/// Returns the data pushes of a push-only script; `None` when it has any other opcode or a cut push.
fn pushes(script: &[u8]) -> Option<Vec<&[u8]>> {
    let mut out = Vec::new();
    let mut rest = script;
    while let [op, tail @ ..] = rest {
        let (len, skip): (usize, usize) = match *op {
            n @ 0..=75 => (n as usize, 0),
            76 => (*tail.first()? as usize, 1),
            77 => (u16::from_le_bytes(tail.get(..2)?.try_into().ok()?) as usize, 2),
            78 => (u32::from_le_bytes(tail.get(..4)?.try_into().ok()?) as usize, 4),
            _ => return None,
        };
        out.push(tail.get(skip..skip.checked_add(len)?)?);
        rest = &tail[skip + len..];
    }
    Some(out)
}

/// Returns the block height that a coinbase script begins with (BIP 34); `None` for older blocks.
pub fn coinbase_height(script_sig: &[u8]) -> Option<u32> {
    match script_sig {
        [0x00, ..] => Some(0),
        [op @ 0x51..=0x60, ..] => Some(u32::from(op - 0x50)),
        [len @ 1..=4, rest @ ..] if rest.len() >= *len as usize => {
            let bytes = &rest[..*len as usize];
            if bytes[bytes.len() - 1] & 0x80 != 0 {
                return None;
            }
            let mut le = [0u8; 4];
            le[..bytes.len()].copy_from_slice(bytes);
            Some(u32::from_le_bytes(le))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spending_data_names_its_output() {
        let key = [3u8; 33];
        let signature = [0x30u8; 71];
        let mut sig = vec![71];
        sig.extend(signature);
        sig.push(33);
        sig.extend(key);
        let p2pkh = infer_spent_address(&sig, &[]).unwrap();
        assert_eq!(p2pkh, AddressKey::new(ScriptClass::P2pkh, &hash160(&key)));
        let p2wpkh = infer_spent_address(&[], &[&signature, &key]).unwrap();
        assert_eq!(p2wpkh.class(), ScriptClass::P2wpkh);
        assert_eq!(infer_spent_address(&[], &[&[1u8; 64]]), None, "taproot key path");
        assert_eq!(infer_spent_address(&sig[..40], &[]), None, "cut push");
    }

    #[test]
    fn coinbase_heights() {
        assert_eq!(coinbase_height(&[3, 0x40, 0x0d, 0x03, 9, 9]), Some(200_000));
        assert_eq!(coinbase_height(&[0x51, 1]), Some(1));
        assert_eq!(coinbase_height(&[4, 0xff, 0xff, 0, 0x1d]), Some(0x1d00_ffff));
        assert_eq!(coinbase_height(&[]), None);
    }
}
