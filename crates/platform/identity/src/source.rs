//! Where a ring of keys lies: a file, the environment, a command.

use crate::{KeyError, KeyRing};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest text of a ring, in bytes.
const MAX_TEXT: u64 = 16 * 1_024;
/// Longest time that a command takes.
const COMMAND_TIME: Duration = Duration::from_secs(30);

/// What signs outside of this process, as a token does (Ed25519, RFC 8032). Its keys are numbered; the highest number is in use, and what an older one signed
/// verifies for ever.
pub trait Signer: std::fmt::Debug + Send + Sync {
    /// Returns the number of the key in use and its public key. One is made where there is none yet.
    ///
    /// # Errors
    /// [`KeyError`] when the signer is not there.
    fn current(&self) -> Result<(u32, [u8; 32]), KeyError>;

    /// Signs with the key of a number.
    ///
    /// # Errors
    /// As [`Signer::current`], and for an unknown number.
    fn sign(&self, number: u32, message: &[u8]) -> Result<[u8; 64], KeyError>;

    /// Makes a further key, which is in use from then on; returns its number.
    ///
    /// # Errors
    /// As [`Signer::current`], and where there are too many.
    fn rotate(&self) -> Result<u32, KeyError>;
}

/// Gives a ring of keys.
pub trait KeySource {
    /// Returns where it lies, for messages.
    fn name(&self) -> String;

    /// Reads the ring; `None` where there is none yet.
    ///
    /// # Errors
    /// [`KeyError`] when it cannot be read or is no ring.
    fn read(&self) -> Result<Option<KeyRing>, KeyError>;

    /// Stores a ring in place of the present one, durably.
    ///
    /// # Errors
    /// [`KeyError::ReadOnly`] where Holdfast does not write; [`KeyError::Io`].
    fn write(&self, ring: &KeyRing) -> Result<(), KeyError>;

    /// Returns what signs beside the ring, where there is such.
    fn signer(&self) -> Option<Arc<dyn Signer>> {
        None
    }
}

fn parse(name: String, text: &str) -> Result<Option<KeyRing>, KeyError> {
    KeyRing::parse(text).map(Some).map_err(|why| KeyError::Text(name, why))
}

/// A file that its owner alone reads.
#[derive(Clone, Debug)]
pub struct KeyFile(pub PathBuf);

impl KeyFile {
    fn error(&self) -> impl Fn(std::io::Error) -> KeyError + '_ {
        |e| KeyError::Io(self.name(), e)
    }

    /// Writes a text in place of the present one, durably, for its owner alone.
    ///
    /// # Errors
    /// [`KeyError::Io`].
    pub fn write_text(&self, text: &str) -> Result<(), KeyError> {
        let half = self.0.with_extension("key.new");
        let write = |path: &Path| -> std::io::Result<()> {
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(path, &self.0)?;
            self.sync_folder()
        };
        write(&half).map_err(self.error())
    }

    fn sync_folder(&self) -> std::io::Result<()> {
        match self.0.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => std::fs::File::open(folder)?.sync_all(),
            _ => std::fs::File::open(".")?.sync_all(),
        }
    }
}

impl KeySource for KeyFile {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn read(&self) -> Result<Option<KeyRing>, KeyError> {
        let mut text = String::new();
        match std::fs::File::open(&self.0) {
            Ok(file) => file.take(MAX_TEXT).read_to_string(&mut text).map_err(self.error())?,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.error()(e)),
        };
        parse(self.name(), &text)
    }

    fn write(&self, ring: &KeyRing) -> Result<(), KeyError> {
        self.write_text(&ring.to_text())
    }
}

/// An environment variable; keys are joined by commas or line feeds.
#[derive(Clone, Debug)]
pub struct KeyVariable(pub String);

impl KeySource for KeyVariable {
    fn name(&self) -> String {
        self.0.clone()
    }

    fn read(&self) -> Result<Option<KeyRing>, KeyError> {
        match std::env::var(&self.0) {
            Ok(text) => parse(self.name(), &text),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(e) => Err(KeyError::Text(self.name(), e.to_string())),
        }
    }

    fn write(&self, _: &KeyRing) -> Result<(), KeyError> {
        Err(KeyError::ReadOnly(self.name()))
    }
}

/// A command that prints the ring: it queries a vault or a hardware module. Program and arguments are separated by spaces.
#[derive(Clone, Debug)]
pub struct KeyCommand(pub String);

impl KeyCommand {
    fn failed(&self, why: impl Into<String>) -> KeyError {
        KeyError::Text(self.name(), why.into())
    }
}

impl KeySource for KeyCommand {
    fn name(&self) -> String {
        format!("key command '{}'", self.0)
    }

    fn read(&self) -> Result<Option<KeyRing>, KeyError> {
        let mut words = self.0.split_whitespace();
        let program = words.next().ok_or_else(|| self.failed("names no program"))?;
        let io = |e| KeyError::Io(self.name(), e);
        let mut child =
            Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(io)?;
        let out = child.stdout.take();
        // Read beside the wait: a command that prints more than a pipe holds must not hang.
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            out.map_or(Ok(0), |out| out.take(MAX_TEXT).read_to_string(&mut text)).map(|_| text)
        });
        let began = Instant::now();
        let status = loop {
            match child.try_wait().map_err(io)? {
                Some(status) => break status,
                None if began.elapsed() > COMMAND_TIME => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(self.failed(format!("has not ended within {} s", COMMAND_TIME.as_secs())));
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        if !status.success() {
            return Err(self.failed(format!("ended with {status}")));
        }
        let text = reader.join().map_err(|_| self.failed("its output was not read"))?.map_err(io)?;
        parse(self.name(), &text)
    }

    fn write(&self, _: &KeyRing) -> Result<(), KeyError> {
        Err(KeyError::ReadOnly(self.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_for_its_owner_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let source = KeyFile(dir.path().join("desk.key"));
        assert!(source.read().unwrap().is_none());
        let ring = KeyRing::single([7; 32]);
        source.write(&ring).unwrap();
        source.write(&ring.with([8; 32]).unwrap()).unwrap();
        assert_eq!(source.read().unwrap().unwrap().ids().count(), 2);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&source.0).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(&source.0, "12").unwrap();
        assert!(source.read().unwrap_err().to_string().contains("desk.key"));
    }

    #[test]
    fn a_command_prints_the_ring() {
        let key = "07".repeat(32);
        let source = KeyCommand(format!("echo {key}"));
        assert_eq!(source.read().unwrap().unwrap().token("x"), KeyRing::single([7; 32]).token("x"));
        assert!(matches!(source.write(&KeyRing::single([7; 32])), Err(KeyError::ReadOnly(_))));
        for bad in ["", "false", "echo 12", "/no/such/program"] {
            assert!(KeyCommand(bad.to_owned()).read().is_err(), "{bad:?}");
        }
        assert!(KeyVariable("HOLDFAST_NO_SUCH_VARIABLE".into()).read().unwrap().is_none());
    }
}
