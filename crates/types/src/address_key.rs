//! Addresses: the key that the ledger files them under, and their text.

use crate::{Network, ScriptClass};
use bech32::{Fe32, Hrp};

/// What identifies an address on its chain: the script class and a 20- or 32-byte payload.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey([u8; 33]);

/// Why text is not an address of a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither Base58Check, segwit, nor `class:hex`.
    #[error("'{0}' is no address: {1}")]
    Malformed(String, String),
    /// A well-formed address of another network.
    #[error("'{0}' is an address of another network than {1}")]
    OtherNetwork(String, Network),
}

/// Longest text taken for an address.
pub const MAX_ADDRESS_TEXT: usize = 120;

impl AddressKey {
    /// Bytes of a key in its fixed form.
    pub const LEN: usize = 33;

    /// Makes a key. The payload must have the class's length.
    pub fn new(class: ScriptClass, payload: &[u8]) -> Self {
        debug_assert_eq!(payload.len(), class.payload_len());
        let mut bytes = [0u8; 33];
        bytes[0] = class as u8;
        bytes[1..1 + payload.len()].copy_from_slice(payload);
        AddressKey(bytes)
    }

    /// Returns the fixed 33-byte form: class, payload, zero padding.
    pub fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// Reads the fixed form; `None` for an unknown class or non-zero padding.
    pub fn from_bytes(bytes: &[u8; 33]) -> Option<Self> {
        let class = ScriptClass::from_u8(bytes[0])?;
        bytes[1 + class.payload_len()..].iter().all(|b| *b == 0).then_some(AddressKey(*bytes))
    }

    /// Returns the script class.
    #[expect(clippy::missing_panics_doc, reason = "constructors check the class")]
    pub fn class(&self) -> ScriptClass {
        ScriptClass::from_u8(self.0[0]).expect("constructors check the class")
    }

    /// Returns the payload: 20 or 32 bytes.
    pub fn payload(&self) -> &[u8] {
        &self.0[1..1 + self.class().payload_len()]
    }

    /// Returns the address as text: Base58Check, Bech32 (BIP 173), Bech32m (BIP 350), or `class:hex` for
    /// scripts without a standard form.
    #[expect(clippy::missing_panics_doc, reason = "prefixes are a table's, lengths the class's")]
    pub fn to_text(&self, network: Network) -> String {
        let parameters = network.parameters();
        let base58 = |version: u8| {
            let mut data = vec![version];
            data.extend_from_slice(self.payload());
            bitcoin::base58::encode_check(&data)
        };
        let hrp = || Hrp::parse(parameters.hrp).expect("the table holds valid prefixes");
        match self.class() {
            ScriptClass::P2pkh => base58(parameters.p2pkh),
            ScriptClass::P2sh => base58(parameters.p2sh[0]),
            ScriptClass::P2wpkh | ScriptClass::P2wsh => {
                bech32::segwit::encode_v0(hrp(), self.payload()).expect("20- or 32-byte program")
            }
            ScriptClass::P2tr => bech32::segwit::encode_v1(hrp(), self.payload()).expect("32-byte program"),
            class => format!("{}:{}", class.name(), hex::encode(self.payload())),
        }
    }

    /// Returns the output script, where the class determines it; `None` where only its hash is kept.
    pub fn script(&self) -> Option<Vec<u8>> {
        let wrap = |before: &[u8], after: &[u8]| Some([before, self.payload(), after].concat());
        match self.class() {
            ScriptClass::P2pkh => wrap(&[0x76, 0xa9, 20], &[0x88, 0xac]),
            ScriptClass::P2sh => wrap(&[0xa9, 20], &[0x87]),
            ScriptClass::P2wpkh => wrap(&[0x00, 20], &[]),
            ScriptClass::P2wsh => wrap(&[0x00, 32], &[]),
            ScriptClass::P2tr => wrap(&[0x51, 32], &[]),
            _ => None,
        }
    }

    /// Returns the key of a witness program (BIP 141).
    pub(crate) fn of_program(version: Fe32, program: &[u8]) -> Self {
        match (version, program.len()) {
            (Fe32::Q, 20) => AddressKey::new(ScriptClass::P2wpkh, program),
            (Fe32::Q, 32) => AddressKey::new(ScriptClass::P2wsh, program),
            (Fe32::P, 32) => AddressKey::new(ScriptClass::P2tr, program),
            _ => {
                let version = version.to_u8();
                // BIP 141: 2 to 40 bytes.
                let length = u8::try_from(program.len()).unwrap_or(u8::MAX);
                let mut script = vec![if version == 0 { 0 } else { 0x50 + version }, length];
                script.extend_from_slice(program);
                crate::script::classify(&script)
            }
        }
    }

    /// Reads an address of `network`.
    ///
    /// # Errors
    /// [`AddressError`] names whether the text is malformed or belongs to another network.
    pub fn parse(text: &str, network: Network) -> Result<Self, AddressError> {
        let text = text.trim();
        let malformed = |why: &str| {
            let shown: String = text.chars().take(MAX_ADDRESS_TEXT).collect();
            AddressError::Malformed(shown, why.to_owned())
        };
        if text.len() > MAX_ADDRESS_TEXT {
            return Err(malformed("too long"));
        }
        if let Some((name, payload)) = text.split_once(':') {
            let class: ScriptClass = name.parse().map_err(|_| malformed("unknown script class before ':'"))?;
            let payload = hex::decode(payload).map_err(|_| malformed("hex expected after ':'"))?;
            if payload.len() != class.payload_len() {
                return Err(malformed("wrong payload length after ':'"));
            }
            return Ok(AddressKey::new(class, &payload));
        }
        if let Ok((hrp, version, program)) = bech32::segwit::decode(text) {
            if !hrp.as_str().eq_ignore_ascii_case(network.parameters().hrp) {
                return Err(AddressError::OtherNetwork(text.to_owned(), network));
            }
            return Ok(AddressKey::of_program(version, &program));
        }
        let data = bitcoin::base58::decode_check(text).map_err(|e| malformed(&e.to_string()))?;
        let [version, payload @ ..] = data.as_slice() else { return Err(malformed("empty")) };
        if payload.len() != 20 {
            return Err(malformed("payload is not 20 bytes"));
        }
        let parameters = network.parameters();
        if *version == parameters.p2pkh {
            Ok(AddressKey::new(ScriptClass::P2pkh, payload))
        } else if parameters.p2sh.contains(version) {
            Ok(AddressKey::new(ScriptClass::P2sh, payload))
        } else {
            Err(AddressError::OtherNetwork(text.to_owned(), network))
        }
    }
}

impl std::fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.class().name(), hex::encode(self.payload()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_reads_back_on_every_network(class in 0u8..9, payload in any::<[u8; 32]>()) {
            let class = ScriptClass::from_u8(class).unwrap();
            let key = AddressKey::new(class, &payload[..class.payload_len()]);
            for network in Network::ALL.iter().copied() {
                prop_assert_eq!(AddressKey::parse(&key.to_text(network), network), Ok(key));
            }
            if let Some(script) = key.script() {
                prop_assert_eq!(crate::script::classify(&script), key);
            }
            prop_assert_eq!(AddressKey::from_bytes(key.as_bytes()), Some(key));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,130}") {
            let _ = AddressKey::parse(&text, Network::Bitcoin);
        }

        #[test]
        fn agrees_with_rust_bitcoin(class in 0u8..5, payload in any::<[u8; 32]>()) {
            let class = ScriptClass::from_u8(class).unwrap();
            let key = AddressKey::new(class, &payload[..class.payload_len()]);
            let script = bitcoin::ScriptBuf::from_bytes(key.script().unwrap());
            let theirs = bitcoin::Address::from_script(&script, bitcoin::Network::Bitcoin).unwrap();
            prop_assert_eq!(key.to_text(Network::Bitcoin), theirs.to_string());
        }
    }

    #[test]
    fn errors_name_the_cause() {
        let genesis = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
        assert!(AddressKey::parse(genesis, Network::Bitcoin).is_ok());
        assert!(matches!(AddressKey::parse(genesis, Network::Litecoin), Err(AddressError::OtherNetwork(..))));
        let typo = AddressKey::parse("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", Network::Bitcoin);
        assert!(matches!(typo, Err(AddressError::Malformed(..))), "{typo:?}");
    }
}
