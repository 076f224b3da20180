//! Protocol Buffers' wire format, as far as Tron's messages need it: reading without copies, and writing in the canonical form, in which Tron hashes.

use holdfast_node::BlockError;
use holdfast_types::AccountId;

/// First byte of an address of Tron; the account's 20 bytes follow.
const PREFIX: u8 = 0x41;

/// A message whose fields all read. Of a field that is there more than once the last one counts, and messages are merged, as Protocol Buffers rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    bytes: &'a [u8],
}

/// A field's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of fixed width, which none of Tron's messages have.
    Fixed,
}

/// Takes a number of variable length off the front.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte holds one bit.
        if shift == 63 && bits > 1 {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (content, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(content)
}

/// Takes a field off the front: its number and content.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u32, Content<'a>)> {
    let key = u32::try_from(varint(rest)?).ok()?;
    let content = match key & 7 {
        0 => Content::Number(varint(rest)?),
        1 => take(rest, 8).map(|_| Content::Fixed)?,
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Content::Bytes(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| Content::Fixed)?,
        _ => return None,
    };
    (key >> 3 != 0).then_some((key >> 3, content))
}

impl<'a> Message<'a> {
    /// Reads a message; `what` names it.
    pub(crate) fn read(bytes: &'a [u8], what: &str) -> Result<Self, BlockError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            if field(&mut rest).is_none() {
                return Err(BlockError::malformed(what, format!("no field of Protocol Buffers at byte {at}")));
            }
        }
        Ok(Message { bytes })
    }

    fn fields(self) -> impl Iterator<Item = (u32, Content<'a>)> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || if rest.is_empty() { None } else { field(&mut rest) })
    }

    /// Returns all byte strings of a field.
    pub(crate) fn all(self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter_map(move |(n, content)| match content {
            Content::Bytes(bytes) if n == number => Some(bytes),
            _ => None,
        })
    }

    /// Returns a byte string; empty where there is none.
    pub(crate) fn bytes(self, number: u32) -> &'a [u8] {
        self.all(number).last().unwrap_or_default()
    }

    /// Returns the bytes of a message within; empty where there is none. Several are one, in pieces.
    pub(crate) fn merged(self, number: u32) -> std::borrow::Cow<'a, [u8]> {
        let mut pieces = self.all(number);
        let (first, second) = (pieces.next().unwrap_or_default(), pieces.next());
        match second {
            None => first.into(),
            Some(second) => [first, second].into_iter().chain(pieces).flatten().copied().collect::<Vec<u8>>().into(),
        }
    }

    /// Returns a number as its bits are; zero where there is none.
    pub(crate) fn bits(self, number: u32) -> u64 {
        let last = self.fields().filter_map(|(n, content)| match content {
            Content::Number(bits) if n == number => Some(bits),
            _ => None,
        });
        last.last().unwrap_or_default()
    }

    /// Returns a number that is not negative; `name` is the field's.
    pub(crate) fn number(self, number: u32, name: &str) -> Result<u64, BlockError> {
        let bits = self.bits(number);
        if i64::try_from(bits).is_ok() { Ok(bits) } else { Err(BlockError::malformed(name, "a negative number")) }
    }

    /// Returns an account.
    pub(crate) fn account(self, number: u32, name: &str) -> Result<AccountId, BlockError> {
        self.optional_account(number, name)?.ok_or_else(|| BlockError::malformed(name, "missing"))
    }

    /// Returns an account, or `None` where the field is empty.
    pub(crate) fn optional_account(self, number: u32, name: &str) -> Result<Option<AccountId>, BlockError> {
        let bytes = self.bytes(number);
        if bytes.is_empty() {
            return Ok(None);
        }
        let wrong = || BlockError::malformed(name, format!("{} is no address", hex::encode(bytes)));
        account(bytes).map(Some).ok_or_else(wrong)
    }
}

/// Reads an address: 41 and 20 bytes.
pub(crate) fn account(bytes: &[u8]) -> Option<AccountId> {
    let (PREFIX, account) = bytes.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    account.try_into().ok().map(AccountId::evm)
}

/// Returns an account's address: 41 and its 20 bytes.
#[must_use]
pub fn address(account: &AccountId) -> Vec<u8> {
    [&[PREFIX], account.as_bytes()].concat()
}

/// Writes messages in the canonical form: fields in order of their numbers, none that is empty.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
            number >>= 7;
        }
        self.bytes.push(u8::try_from(number).unwrap_or_default());
    }

    /// Writes a number, unless it is zero.
    pub(crate) fn number(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.varint(u64::from(field) << 3);
            self.varint(number);
        }
    }

    /// Writes a byte string, unless it is empty.
    pub(crate) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.message(field, bytes);
        }
    }

    /// Writes a message, or one of several byte strings, which may be empty.
    pub(crate) fn message(&mut self, field: u32, bytes: &[u8]) {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.bytes.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_as_protocol_buffers_write_them() {
        for (number, bytes) in [
            (1, vec![0x08, 1]),
            (150, vec![0x08, 0x96, 1]),
            (u64::MAX, vec![0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] {
            let mut writer = Writer::default();
            writer.number(1, number);
            assert_eq!(writer.bytes, bytes);
            assert_eq!(Message::read(&bytes, "x").unwrap().bits(1), number);
        }
        for wrong in [
            &[0x08][..],
            &[0x08, 0x80],
            // An eleventh byte, a tenth with two bits, field 0, a group, a string beyond the end.
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 1],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
            &[0x00, 1],
            &[0x0b],
            &[0x0a, 2, 1],
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        ] {
            let error = Message::read(wrong, "message").unwrap_err();
            assert_eq!(error.field, "message", "{wrong:?}");
        }
    }

    #[test]
    fn the_last_of_equal_fields_counts_and_messages_are_merged() {
        let bytes = [0x08, 1, 0x12, 2, 8, 5, 0x08, 2, 0x12, 2, 16, 6, 0x12, 2, 8, 7];
        let message = Message::read(&bytes, "x").unwrap();
        assert_eq!((message.bits(1), message.bytes(2)), (2, &[8, 7][..]));
        let merged = message.merged(2);
        let within = Message::read(&merged, "within").unwrap();
        assert_eq!((within.bits(1), within.bits(2), message.merged(3).is_empty()), (7, 6, true));
        // A number in a field of bytes, and the other way round, are nothing.
        assert_eq!((message.bytes(1), message.bits(2)), (&[][..], 0));
    }

    #[test]
    fn accounts_have_21_bytes_of_which_the_first_is_41() {
        let of = |bytes: &[u8]| {
            let mut writer = Writer::default();
            writer.bytes(1, bytes);
            Message::read(&writer.bytes, "x").unwrap().account(1, "owner_address").map_err(|e| e.to_string())
        };
        let account = AccountId::evm([7; 20]);
        assert_eq!(of(&address(&account)), Ok(account));
        for wrong in [&[][..], &[0x41], &[7; 20], &[0x42; 21], &[0x41; 22]] {
            assert!(of(wrong).unwrap_err().contains("owner_address"), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Message::read(&bytes, "x") {
                for field in 0..32 {
                    let _ = (message.bits(field), message.bytes(field), message.merged(field), message.account(field, "x"));
                }
            }
        }

        #[test]
        fn what_is_written_reads_back(number in any::<u64>(), bytes in prop::collection::vec(any::<u8>(), 0..300), field in 1u32..1 << 28) {
            let mut writer = Writer::default();
            writer.number(field, number);
            writer.bytes(field + 1, &bytes);
            let message = Message::read(&writer.bytes, "x").unwrap();
            prop_assert_eq!((message.bits(field), message.bytes(field + 1)), (number, bytes.as_slice()));
        }
    }
}
