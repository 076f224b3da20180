//! Finds seeds, keys, addresses and wallets in seized material: files, folders, archives, raw disk images, memory dumps ([`scan`]). Secrets
//! are sealed to a case's key at once and shown as fingerprints ([`seal`]); addresses are derived from them ([`derive`]).

#![warn(
    clippy::too_many_lines,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::too_many_lines,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

pub mod addresses;
mod containers;
pub mod derive;
mod disks;
pub mod encodings;
pub mod files;
mod layout;
pub mod leveldb;
pub mod mnemonic;
mod phrases;
mod read;
pub mod record;
pub mod scan;
pub mod seal;
mod session;
pub mod text;
pub mod vaults;
pub mod wallets;
mod words;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = FindingKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A BIP39 phrase whose checksum holds.
    Bip39,
    /// A BIP39 phrase of which one word cannot be read.
    Bip39Partial,
    /// An Electrum seed (version 2 and later).
    Electrum,
    /// A SLIP-39 share.
    Slip39,
    /// A private key in Wallet Import Format.
    Wif,
    /// An encrypted private key (BIP38).
    Bip38,
    /// An extended private key (BIP32; xprv, yprv, zprv and others of SLIP-132).
    ExtendedPrivateKey,
    /// An extended public key.
    ExtendedPublicKey,
    /// An address.
    Address,
    /// A wallet file.
    WalletFile,
    /// A trace of a hardware wallet or a companion app.
    Trace,
}

impl Kind {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bip39 => "bip39",
            Kind::Bip39Partial => "bip39_partial",
            Kind::Electrum => "electrum",
            Kind::Slip39 => "slip39",
            Kind::Wif => "wif",
            Kind::Bip38 => "bip38",
            Kind::ExtendedPrivateKey => "extended_private_key",
            Kind::ExtendedPublicKey => "extended_public_key",
            Kind::Address => "address",
            Kind::WalletFile => "wallet_file",
            Kind::Trace => "trace",
        }
    }

    /// Returns whether its reader can move funds (or could, with a password).
    #[must_use]
    pub fn is_secret(self) -> bool {
        !matches!(self, Kind::ExtendedPublicKey | Kind::Address | Kind::WalletFile | Kind::Trace)
    }
}

/// Confidence of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Its form fits, nothing checks it.
    Low,
    /// A weak checksum (BIP39's four bits, Electrum's eight) or several signs.
    Medium,
    /// A checksum of 30 bits and more, or a file's own structure.
    High,
}

/// Something found in a piece of text, before it is sealed. Its value may be a secret: it has no `Debug` and is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Hit {
    /// Kind.
    pub kind: Kind,
    /// Where it begins, bytes of the text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The value in its normal form.
    pub value: String,
    /// Confidence.
    pub confidence: Confidence,
    /// Details; never the secret.
    pub detail: String,
}

#[cfg(test)]
mod tests;
