//! The master key on a PKCS#11 token (an HSM, SoftHSM): it never leaves the token.
//!
//! Keys on the token are numbered by their labels, `holdfast-master-1`, `holdfast-master-2` (AES-256, which wrap the desk's ring of keys) and
//! `holdfast-sign-1` ... (Ed25519, RFC 8032, which sign). The highest number is in use; what an older one wrapped opens and what it signed verifies for ever.
//! They are made on the token, sensitive and not extractable. The ring lies in a file beside the store, a line a key: `NUMBER:HEX`, the number of the master key,
//! and its nonce (12 bytes) with the sealed key and tag (AES-256-GCM, NIST SP 800-38D), bound to the place of the line.

#![warn(clippy::too_many_lines, clippy::unwrap_used, clippy::missing_panics_doc)]
#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::cast_lossless)]
#![cfg_attr(test, allow(clippy::too_many_lines, clippy::unwrap_used))]

mod source;

pub use source::{TokenFile, TokenSource};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Most keys of one use on a token.
pub const MAX_KEYS: u32 = 16;
/// Bytes of a nonce.
const NONCE: usize = 12;
/// The curve's name as PKCS#11 3.0 has it: a PrintableString `edwards25519`.
const EDWARDS25519: [u8; 14] = *b"\x13\x0cedwards25519";

/// Why a token did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The module or the token is not there, or no longer.
    #[error("the token '{0}' is not there: {1}; put it back, nothing is signed or unsealed without it")]
    Gone(String, String),
    /// The token is there and refuses.
    #[error("the token '{0}' refuses: {1}")]
    Refused(String, String),
    /// What was sealed is no such thing, or was changed.
    #[error("{0}")]
    Sealed(String),
}

/// What keys on a token are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// They wrap.
    Master,
    /// They sign.
    Sign,
}

impl Use {
    fn label(self, number: u32) -> Vec<u8> {
        let name = match self {
            Use::Master => "master",
            Use::Sign => "sign",
        };
        format!("holdfast-{name}-{number}").into_bytes()
    }

    /// The class of the key that is used: of a pair, the private one.
    fn class(self) -> ObjectClass {
        match self {
            Use::Master => ObjectClass::SECRET_KEY,
            Use::Sign => ObjectClass::PRIVATE_KEY,
        }
    }
}

/// A token that a user is signed in to. One thing is done on it at a time.
pub struct Token {
    label: String,
    session: Mutex<Session>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Token {
    /// Opens the token with a label by a PKCS#11 module, such as `/usr/lib/softhsm/libsofthsm2.so`, and signs in with its user's PIN.
    ///
    /// # Errors
    /// [`TokenError::Gone`] when there is no such module or token; [`TokenError::Refused`] for a wrong PIN.
    pub fn open(module: &Path, label: &str, pin: &str) -> Result<Self, TokenError> {
        let gone = |e: Error| TokenError::Gone(label.to_owned(), e.to_string());
        let refused = |e: Error| TokenError::Refused(label.to_owned(), e.to_string());
        let library = Pkcs11::new(module).map_err(gone)?;
        match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Another token of the process came first.
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(e) => return Err(gone(e)),
        }
        for slot in library.get_slots_with_initialized_token().map_err(gone)? {
            if library.get_token_info(slot).map_err(gone)?.label().trim_end() != label {
                continue;
            }
            let session = library.open_rw_session(slot).map_err(gone)?;
            match session.login(UserType::User, Some(&AuthPin::new(pin.into()))) {
                Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
                Err(e) => return Err(refused(e)),
            }
            return Ok(Token { label: label.to_owned(), session: Mutex::new(session) });
        }
        Err(TokenError::Gone(label.to_owned(), "no slot has it".to_owned()))
    }

    /// Does something on the token.
    fn on<T>(&self, run: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, TokenError> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        run(&session).map_err(|e| match e {
            Error::Pkcs11(
                RvError::DeviceRemoved
                | RvError::DeviceError
                | RvError::TokenNotPresent
                | RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::ObjectHandleInvalid
                | RvError::KeyHandleInvalid
                | RvError::GeneralError,
                _,
            ) => TokenError::Gone(self.label.clone(), e.to_string()),
            other => TokenError::Refused(self.label.clone(), other.to_string()),
        })
    }

    fn refused(&self, why: &str) -> TokenError {
        TokenError::Refused(self.label.clone(), why.to_owned())
    }

    fn find(session: &Session, class: ObjectClass, label: Vec<u8>) -> Result<Option<ObjectHandle>, Error> {
        Ok(session.find_objects(&[Attribute::Class(class), Attribute::Label(label)])?.first().copied())
    }

    fn key(&self, of: Use, number: u32) -> Result<ObjectHandle, TokenError> {
        let found = self.on(|session| Self::find(session, of.class(), of.label(number)))?;
        found.ok_or_else(|| TokenError::Gone(self.label.clone(), format!("it has no key {number} of this use")))
    }

    /// Returns the numbers of the keys of a use, the one in use last.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn numbers(&self, of: Use) -> Result<Vec<u32>, TokenError> {
        self.on(|session| {
            let mut found = Vec::new();
            for number in 1..=MAX_KEYS {
                if Self::find(session, of.class(), of.label(number))?.is_some() {
                    found.push(number);
                }
            }
            Ok(found)
        })
    }

    /// Returns the number of the key in use.
    ///
    /// # Errors
    /// [`TokenError::Gone`] where the token has none.
    pub fn current(&self, of: Use) -> Result<u32, TokenError> {
        let last = self.numbers(of)?.last().copied();
        last.ok_or_else(|| TokenError::Gone(self.label.clone(), "it has no key of this use yet".to_owned()))
    }

    /// Makes a further key on the token, which is in use from then on; returns its number.
    ///
    /// # Errors
    /// [`TokenError::Refused`] when there are [`MAX_KEYS`] already.
    pub fn rotate(&self, of: Use) -> Result<u32, TokenError> {
        let number = self.numbers(of)?.last().map_or(1, |last| last + 1);
        if number > MAX_KEYS {
            return Err(self.refused(&format!("it has {MAX_KEYS} keys of this use already")));
        }
        let kept = |label: Vec<u8>| {
            vec![
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Label(label),
            ]
        };
        self.on(|session| match of {
            Use::Master => {
                let mut template = kept(of.label(number));
                template.extend([Attribute::ValueLen(32.into()), Attribute::Encrypt(true), Attribute::Decrypt(true)]);
                session.generate_key(&Mechanism::AesKeyGen, &template).map(|_| ())
            }
            Use::Sign => {
                let mut private = kept(of.label(number));
                private.push(Attribute::Sign(true));
                let public = [
                    Attribute::Token(true),
                    Attribute::Private(false),
                    Attribute::Verify(true),
                    Attribute::KeyType(KeyType::EC_EDWARDS),
                    Attribute::EcParams(EDWARDS25519.to_vec()),
                    Attribute::Label(of.label(number)),
                ];
                session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private).map(|_| ())
            }
        })?;
        Ok(number)
    }

    /// Seals bytes with the master key in use, for a place that is stated again when they are opened; returns the key's number, and nonce, sealed bytes and tag.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<(u32, Vec<u8>), TokenError> {
        let number = self.current(Use::Master)?;
        let key = self.key(Use::Master, number)?;
        let sealed = self.on(|session| {
            let mut nonce = [0; NONCE];
            session.generate_random_slice(&mut nonce)?;
            let mut out = nonce.to_vec();
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut nonce, place.as_bytes(), 128.into())?);
            out.extend(session.encrypt(&mechanism, key, plain)?);
            Ok(out)
        })?;
        Ok((number, sealed))
    }

    /// Opens what [`Token::seal`] sealed.
    ///
    /// # Errors
    /// [`TokenError::Sealed`] when it was changed or belongs to another place; [`TokenError::Gone`].
    pub fn open_sealed(&self, place: &str, number: u32, sealed: &[u8]) -> Result<Vec<u8>, TokenError> {
        let key = self.key(Use::Master, number)?;
        let Some((nonce, rest)) = sealed.split_first_chunk::<NONCE>() else {
            return Err(TokenError::Sealed(format!("what was sealed for {place} is too short")));
        };
        let mut nonce = *nonce;
        let opened = self.on(|session| {
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut nonce, place.as_bytes(), 128.into())?);
            session.decrypt(&mechanism, key, rest)
        });
        opened.map_err(|e| match (e, self.current(Use::Master)) {
            // The token is still there: it is what was sealed.
            (TokenError::Gone(..) | TokenError::Refused(..), Ok(_)) => TokenError::Sealed(format!(
                "what was sealed for {place} by master key {number} was changed, or another token sealed it"
            )),
            (e, _) => e,
        })
    }

    /// Signs a message (Ed25519) with the signing key in use; returns its number and the signature.
    ///
    /// # Errors
    /// [`TokenError::Gone`] where the token is not there: nothing is signed then.
    pub fn sign(&self, message: &[u8]) -> Result<(u32, [u8; 64]), TokenError> {
        let number = self.current(Use::Sign)?;
        Ok((number, self.sign_with(number, message)?))
    }

    /// Signs a message (Ed25519) with the signing key of a number.
    ///
    /// # Errors
    /// As [`Token::sign`], and for an unknown number.
    pub fn sign_with(&self, number: u32, message: &[u8]) -> Result<[u8; 64], TokenError> {
        let key = self.key(Use::Sign, number)?;
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let signature = self.on(|session| session.sign(&mechanism, key, message))?;
        signature.try_into().map_err(|_| self.refused("its signature is not 64 bytes long"))
    }

    /// Returns the public key of a signing key: what verifiers are given, for ever.
    ///
    /// # Errors
    /// [`TokenError::Gone`] for an unknown number.
    pub fn public_key(&self, number: u32) -> Result<[u8; 32], TokenError> {
        let unknown = || TokenError::Gone(self.label.clone(), format!("it has no signing key {number}"));
        let point = self.on(|session| {
            let Some(key) = Self::find(session, ObjectClass::PUBLIC_KEY, Use::Sign.label(number))? else {
                return Ok(None);
            };
            Ok(session.get_attributes(key, &[AttributeType::EcPoint])?.into_iter().find_map(|a| match a {
                Attribute::EcPoint(point) => Some(point),
                _ => None,
            }))
        })?;
        // DER: an OCTET STRING of 32 bytes.
        let point = point.ok_or_else(unknown)?;
        let bytes = point.strip_prefix(&[0x04, 0x20]).unwrap_or(&point);
        bytes.try_into().map_err(|_| self.refused("its public key is not 32 bytes long"))
    }
}

#[cfg(test)]
mod tests;
