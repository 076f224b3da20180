//! The desk's ring of keys in a file, each key sealed by the token's master key.

use crate::{Token, TokenError, Use};
use holdfast_identity::{KeyError, KeyFile, KeyRing, KeySource, Signer};
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// Longest file, in bytes.
const MAX_TEXT: u64 = 64 * 1_024;

/// A ring in a file that the token alone opens.
#[derive(Debug)]
pub struct TokenFile<'t> {
    /// The file.
    pub path: PathBuf,
    /// The token.
    pub token: &'t Token,
}

/// A ring in a file that the token alone opens, which is opened for each use: the token may be away in between.
#[derive(Clone, Debug)]
pub struct TokenSource {
    /// The file.
    pub path: PathBuf,
    /// The PKCS#11 module.
    pub module: PathBuf,
    /// The token's label.
    pub label: String,
    /// File with the PIN of the token's user.
    pub pin_file: PathBuf,
}

impl TokenSource {
    fn on<T>(&self, run: impl FnOnce(&TokenFile<'_>) -> Result<T, KeyError>) -> Result<T, KeyError> {
        let token = self.opened()?;
        run(&TokenFile { path: self.path.clone(), token: &token })
    }

    fn opened(&self) -> Result<Token, KeyError> {
        let pin = std::fs::read_to_string(&self.pin_file)
            .map_err(|e| KeyError::Io(self.pin_file.display().to_string(), e))?;
        Token::open(&self.module, &self.label, pin.trim()).map_err(|e| self.wrong(&e))
    }

    fn wrong(&self, e: &TokenError) -> KeyError {
        KeyError::Text(KeySource::name(self), e.to_string())
    }
}

impl Signer for TokenSource {
    fn current(&self) -> Result<(u32, [u8; 32]), KeyError> {
        let token = self.opened()?;
        let number = match token.numbers(Use::Sign).map_err(|e| self.wrong(&e))?.last() {
            Some(number) => *number,
            None => token.rotate(Use::Sign).map_err(|e| self.wrong(&e))?,
        };
        Ok((number, token.public_key(number).map_err(|e| self.wrong(&e))?))
    }

    fn sign(&self, number: u32, message: &[u8]) -> Result<[u8; 64], KeyError> {
        self.opened()?.sign_with(number, message).map_err(|e| self.wrong(&e))
    }

    fn rotate(&self) -> Result<u32, KeyError> {
        self.opened()?.rotate(Use::Sign).map_err(|e| self.wrong(&e))
    }
}

impl KeySource for TokenSource {
    fn name(&self) -> String {
        format!("{} (sealed by a token)", self.path.display())
    }

    fn read(&self) -> Result<Option<KeyRing>, KeyError> {
        // A desk without a sealed ring has none; whether it may make one is not the token's to say.
        match self.path.exists() {
            true => self.on(|file| file.read()),
            false => Ok(None),
        }
    }

    fn write(&self, ring: &KeyRing) -> Result<(), KeyError> {
        self.on(|file| file.write(ring))
    }

    fn signer(&self) -> Option<Arc<dyn Signer>> {
        Some(Arc::new(self.clone()))
    }
}

impl TokenFile<'_> {
    fn wrong(&self, why: impl ToString) -> KeyError {
        KeyError::Text(self.name(), why.to_string())
    }

    /// The place of a line: it opens nowhere else.
    fn place(line: usize) -> String {
        format!("desk key {}", line + 1)
    }

    fn text(&self) -> Result<Option<String>, KeyError> {
        let mut text = String::new();
        match std::fs::File::open(&self.path) {
            Ok(file) => file.take(MAX_TEXT).read_to_string(&mut text).map_err(|e| KeyError::Io(self.name(), e))?,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(KeyError::Io(self.name(), e)),
        };
        Ok(Some(text))
    }

    /// Makes a further master key on the token and seals the ring with it: the older one opens no current file any more. Returns its number.
    ///
    /// # Errors
    /// [`KeyError`] when the ring cannot be read or written; nothing is changed in the file then.
    pub fn rotate_master(&self) -> Result<u32, KeyError> {
        let ring = self.read()?.ok_or_else(|| self.wrong("is missing"))?;
        let number = self.token.rotate(Use::Master).map_err(|e| self.wrong(e))?;
        self.write(&ring)?;
        Ok(number)
    }
}

impl KeySource for TokenFile<'_> {
    fn name(&self) -> String {
        format!("{} (sealed by a token)", self.path.display())
    }

    fn read(&self) -> Result<Option<KeyRing>, KeyError> {
        let Some(text) = self.text()? else { return Ok(None) };
        let mut lines = Vec::new();
        for (i, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
            let form = || self.wrong("is not a line NUMBER:HEX for each key; restore it from a backup");
            let (number, sealed) = line.split_once(':').ok_or_else(form)?;
            let number = number.parse().map_err(|_| form())?;
            let sealed = hex::decode(sealed).map_err(|_| form())?;
            let opened = self.token.open_sealed(&Self::place(i), number, &sealed).map_err(|e| self.wrong(e))?;
            lines.push(hex::encode(opened));
        }
        KeyRing::parse(&lines.join("\n")).map(Some).map_err(|why| self.wrong(why))
    }

    fn write(&self, ring: &KeyRing) -> Result<(), KeyError> {
        if self.token.numbers(Use::Master).map_err(|e| self.wrong(e))?.is_empty() {
            self.token.rotate(Use::Master).map_err(|e| self.wrong(e))?;
        }
        let seal = |(i, key): (usize, &str)| {
            let plain = hex::decode(key).map_err(|_| TokenError::Sealed("the ring has no keys in hex".to_owned()))?;
            let (number, sealed) = self.token.seal(&Self::place(i), &plain)?;
            Ok(format!("{number}:{}", hex::encode(sealed)))
        };
        let lines: Result<Vec<String>, TokenError> = ring.to_text().lines().enumerate().map(seal).collect();
        let text = lines.map_err(|e| self.wrong(e))?.join("\n");
        KeyFile(self.path.clone()).write_text(&text)
    }
}
