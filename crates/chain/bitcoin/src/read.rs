//! A bounds-checked cursor over consensus-encoded bytes.

/// Why bytes do not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The data ends before the field does.
    #[error("data ends inside a field at byte {0}")]
    Truncated(usize),
    /// A length or count cannot fit what remains.
    #[error("count {1} at byte {0} is larger than the data that follows")]
    TooLarge(usize, u64),
}

/// A cursor over a byte slice; every read is bounded.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    pos: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(data: &'a [u8]) -> Self {
        Reader { data, pos: 0 }
    }

    /// Returns how many bytes were read so far.
    pub fn pos(&self) -> usize {
        self.pos
    }

    /// Returns how many bytes are left.
    pub fn left(&self) -> usize {
        self.data.len() - self.pos
    }

    /// Returns the bytes from `start` to the present position.
    pub fn since(&self, start: usize) -> &'a [u8] {
        &self.data[start..self.pos]
    }

    /// Returns the next `n` bytes.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] when fewer are left.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], ReadError> {
        if n > self.left() {
            return Err(ReadError::Truncated(self.pos));
        }
        let slice = &self.data[self.pos..self.pos + n];
        self.pos += n;
        Ok(slice)
    }

    /// Returns the next `N` bytes as an array.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] when fewer are left.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let at = self.pos;
        self.take(N)?.try_into().map_err(|_| ReadError::Truncated(at))
    }

    /// Reads one byte.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] at the end.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, ReadError> {
        Ok(self.array::<1>()?[0])
    }

    /// Reads a little-endian u32.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] when fewer than four bytes are left.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, ReadError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Reads a little-endian u64.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] when fewer than eight bytes are left.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, ReadError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Reads a CompactSize integer.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] when the data ends inside it.
    #[inline]
    pub fn compact(&mut self) -> Result<u64, ReadError> {
        Ok(match self.u8()? {
            0xfd => u64::from(u16::from_le_bytes(self.array()?)),
            0xfe => u64::from(self.u32()?),
            0xff => self.u64()?,
            n => u64::from(n),
        })
    }

    /// Reads a CompactSize count of things that take at least `min_size` bytes each.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] when so many cannot follow, [`ReadError::Truncated`] when the data ends inside the count.
    #[inline]
    pub fn count(&mut self, min_size: usize) -> Result<usize, ReadError> {
        let at = self.pos;
        let n = self.compact()?;
        let fits = usize::try_from(n).ok().filter(|n| *n <= self.left() / min_size.max(1));
        fits.ok_or(ReadError::TooLarge(at, n))
    }

    /// Reads bytes preceded by their CompactSize length.
    ///
    /// # Errors
    /// [`ReadError`] when the length or the bytes are not all there.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], ReadError> {
        let n = self.count(1)?;
        self.take(n)
    }

    /// Reads Bitcoin Core's base-128 VARINT (serialize.h), as undo data uses it.
    ///
    /// # Errors
    /// [`ReadError::Truncated`] when the data ends inside it, [`ReadError::TooLarge`] above 64 bits.
    pub fn varint(&mut self) -> Result<u64, ReadError> {
        let at = self.pos;
        let mut n: u64 = 0;
        loop {
            let byte = self.u8()?;
            n = n
                .checked_shl(7)
                .filter(|_| n <= u64::MAX >> 7)
                .map(|n| n | u64::from(byte & 0x7f))
                .ok_or(ReadError::TooLarge(at, n))?;
            if byte & 0x80 == 0 {
                return Ok(n);
            }
            n = n.checked_add(1).ok_or(ReadError::TooLarge(at, n))?;
        }
    }
}

/// Appends a CompactSize integer.
#[expect(clippy::cast_possible_truncation, reason = "each arm's range fits")]
pub fn write_compact(out: &mut Vec<u8>, n: u64) {
    match n {
        0..=0xfc => out.push(n as u8),
        0xfd..=0xffff => {
            out.push(0xfd);
            out.extend_from_slice(&(n as u16).to_le_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xfe);
            out.extend_from_slice(&(n as u32).to_le_bytes());
        }
        _ => {
            out.push(0xff);
            out.extend_from_slice(&n.to_le_bytes());
        }
    }
}

/// Appends a Core VARINT.
pub fn write_varint(out: &mut Vec<u8>, mut n: u64) {
    let mut bytes = vec![(n & 0x7f) as u8];
    while n > 0x7f {
        n = (n >> 7) - 1;
        bytes.push((n & 0x7f) as u8 | 0x80);
    }
    out.extend(bytes.iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_read_back(n in any::<u64>(), small in 0u64..100_000) {
            for n in [n, small] {
                let mut out = Vec::new();
                write_compact(&mut out, n);
                write_varint(&mut out, n);
                let mut reader = Reader::new(&out);
                prop_assert_eq!(reader.compact().unwrap(), n);
                prop_assert_eq!(reader.varint().unwrap(), n);
                prop_assert_eq!(reader.left(), 0);
            }
        }
    }

    #[test]
    fn counts_are_bounded_by_the_data() {
        let mut reader = Reader::new(&[0xfe, 0xff, 0xff, 0xff, 0x7f, 1, 2]);
        assert_eq!(reader.count(1), Err(ReadError::TooLarge(0, 0x7fff_ffff)));
    }
}
