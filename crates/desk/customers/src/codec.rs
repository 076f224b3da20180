//! Entries of the state as bytes: the version of the form (1 byte), a checksum (8 bytes, XXH3 of the part, the key and all that follows), the watermark of
//! the last sweep and the time of the last use (8 bytes each, Unix seconds), all little-endian; then the entry in Postcard.
//!
//! The form is no archive: a version that changes it raises [`FORMAT`], and what is in the old one is built anew from the log.

use crate::entries::{Entry, Part};
use holdfast_types::Timestamp;
use std::hash::Hasher;
use xxhash_rust::xxh3::Xxh3Default;

/// Version of the form of entries.
pub const FORMAT: u8 = 1;

const HEAD: usize = 1 + 8 + 8 + 8;

/// An entry with the watermark up to which it was swept.
#[derive(Debug)]
pub(crate) struct Decoded<E> {
    pub(crate) swept: Timestamp,
    pub(crate) entry: E,
}

fn checksum(part: Part, key: &[u8], rest: &[u8]) -> [u8; 8] {
    let mut hasher = Xxh3Default::new();
    hasher.write(<&str>::from(part).as_bytes());
    hasher.write_u32(u32::try_from(key.len()).unwrap_or(u32::MAX));
    hasher.write(key);
    hasher.write(rest);
    hasher.finish().to_le_bytes()
}

pub(crate) fn encode<E: Entry>(key: &[u8], entry: &E, swept: Timestamp) -> Vec<u8> {
    let mut bytes = vec![FORMAT; 1];
    bytes.extend([0; 8]);
    bytes.extend(swept.unix().to_le_bytes());
    bytes.extend(entry.last().unix().to_le_bytes());
    // Serializing our own plain types into memory does not fail.
    let mut bytes = postcard::to_extend(entry, bytes).unwrap_or_default();
    let sum = checksum(E::PART, key, bytes.get(9..).unwrap_or_default());
    if let Some(place) = bytes.get_mut(1..9) {
        place.copy_from_slice(&sum);
    }
    bytes
}

/// Returns the time of an entry's last use: a sweep whose watermark is more than [`MEMORY`](crate::entries::MEMORY) later leaves nothing of it. None where
/// the bytes are too short to say.
#[must_use]
pub fn last_use(bytes: &[u8]) -> Option<Timestamp> {
    let last = bytes.get(HEAD - 8..)?.first_chunk()?;
    Some(Timestamp::from_unix(i64::from_le_bytes(*last)))
}

pub(crate) fn decode<E: Entry>(key: &[u8], bytes: &[u8]) -> Result<Decoded<E>, String> {
    let fault = |what: &str| {
        let part: &str = E::PART.into();
        let key: String = key.iter().map(|b| format!("{b:02x}")).collect();
        format!("the entry {key} of {part} {what}")
    };
    match bytes.first() {
        Some(&FORMAT) => {}
        Some(other) => return Err(fault(&format!("has the form {other}, this program reads {FORMAT}"))),
        None => return Err(fault("is empty")),
    }
    let (sum, rest) = bytes.get(1..).and_then(|b| b.split_first_chunk::<8>()).ok_or_else(|| fault("is cut off"))?;
    if *sum != checksum(E::PART, key, rest) {
        return Err(fault("is damaged: its checksum is wrong"));
    }
    let (swept, _) = rest.split_first_chunk::<8>().ok_or_else(|| fault("is cut off"))?;
    let body = rest.get(16..).ok_or_else(|| fault("is cut off"))?;
    match postcard::take_from_bytes(body) {
        Ok((entry, [])) => Ok(Decoded { swept: Timestamp::from_unix(i64::from_le_bytes(*swept)), entry }),
        Ok(_) => Err(fault("is damaged: it has more bytes than it says")),
        Err(e) => Err(fault(&format!("cannot be read: {e}"))),
    }
}
