//! The hashes of Bitcoin-family chains, and the SHA-256 of what is too large for memory.

use crate::Hash32;
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// Returns the SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> Hash32 {
    Sha256::digest(data).into()
}

/// Returns the SHA-256 of what a reader gives until its end, and how many bytes that are; it is read in pieces. [`Read::take`] bounds it.
///
/// # Errors
/// What the reader reports; who opened it names the file.
pub fn sha256_of(mut reader: impl Read) -> io::Result<(Hash32, u64)> {
    let (mut sha, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 18], 0);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((sha.finalize().into(), bytes)),
            Ok(read) => {
                sha.update(&buffer[..read]);
                bytes += read as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// A writer that hashes what it passes on.
#[derive(Debug)]
pub struct Sha256Writer<W> {
    inner: W,
    sha: Sha256,
    bytes: u64,
}

impl<W: Write> Sha256Writer<W> {
    /// Passes on to `inner`.
    pub fn new(inner: W) -> Self {
        Sha256Writer { inner, sha: Sha256::new(), bytes: 0 }
    }

    /// Returns the inner writer, the SHA-256 of what was written, and how many bytes that are.
    pub fn finish(self) -> (W, Hash32, u64) {
        (self.inner, self.sha.finalize().into(), self.bytes)
    }
}

impl<W: Write> Write for Sha256Writer<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.sha.update(&data[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Returns the SHA-256 of the SHA-256 of `data`: block hashes, txids and merkle nodes.
pub fn sha256d(data: &[u8]) -> Hash32 {
    Sha256::digest(Sha256::digest(data)).into()
}

/// Returns the SHA-256 applied twice to the concatenation of `parts`, without copying them together.
pub fn sha256d_parts(parts: &[&[u8]]) -> Hash32 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Sha256::digest(hasher.finalize()).into()
}

/// Returns the RIPEMD-160 of the SHA-256 of `data`: key and script hashes of addresses.
pub fn hash160(data: &[u8]) -> [u8; 20] {
    Ripemd160::digest(Sha256::digest(data)).into()
}

/// Returns the merkle root over txids, as blocks define it (the last hash of an odd row is paired with itself).
/// An empty list gives zeros, which is the root of no valid block.
pub fn merkle_root(txids: &[Hash32]) -> Hash32 {
    merkle(txids).0
}

/// Returns the merkle root, and whether two equal siblings make it ambiguous (CVE-2012-2459).
pub fn merkle(txids: &[Hash32]) -> (Hash32, bool) {
    let mut row = txids.to_vec();
    let mut mutated = false;
    while row.len() > 1 {
        let mut next = 0;
        for i in (0..row.len()).step_by(2) {
            let right = row[(i + 1).min(row.len() - 1)];
            mutated |= i + 1 < row.len() && row[i] == right;
            row[next] = sha256d_parts(&[&row[i], &right]);
            next += 1;
        }
        row.truncate(next);
    }
    (row.first().copied().unwrap_or_default(), mutated)
}

/// Returns the merkle branch of the txid at `index`: the sibling on each row, from the leaves up.
pub fn merkle_branch(txids: &[Hash32], mut index: usize) -> Vec<Hash32> {
    let mut row = txids.to_vec();
    let mut branch = Vec::new();
    while row.len() > 1 {
        branch.push(row[(index ^ 1).min(row.len() - 1)]);
        row = (0..row.len()).step_by(2).map(|i| sha256d_parts(&[&row[i], &row[(i + 1).min(row.len() - 1)]])).collect();
        index >>= 1;
    }
    branch
}

/// Folds a txid up a merkle branch to the root it proves.
pub fn fold_branch(txid: &Hash32, index: usize, branch: &[Hash32]) -> Hash32 {
    branch.iter().enumerate().fold(*txid, |hash, (level, sibling)| {
        if (index >> level) & 1 == 0 { sha256d_parts(&[&hash, sibling]) } else { sha256d_parts(&[sibling, &hash]) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most seven bytes at once, and is interrupted before each.
    struct Slow<'a>(&'a [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let most = buffer.len().min(7);
            self.0.read(&mut buffer[..most])
        }
    }

    /// Takes at most seven bytes at once.
    struct Narrow(Vec<u8>);

    impl Write for Narrow {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            self.0.write(&data[..data.len().min(7)])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn pieces_give_the_hash_of_the_whole() {
        let data: Vec<u8> = (0..700_000u32).map(|n| n.to_le_bytes()[(n % 3) as usize]).collect();
        for len in [0, 1, 7, 1 << 18, (1 << 18) + 1, data.len()] {
            let whole = &data[..len];
            assert_eq!(sha256_of(whole).unwrap(), (sha256(whole), len as u64));
            assert_eq!(sha256_of(Slow(&whole[..len.min(1_000)], false)).unwrap().0, sha256(&whole[..len.min(1_000)]));
            assert_eq!(sha256_of(data.as_slice().take(len as u64)).unwrap(), (sha256(whole), len as u64));
            let mut writer = Sha256Writer::new(Narrow(Vec::new()));
            writer.write_all(whole).unwrap();
            let (inner, hash, bytes) = writer.finish();
            assert_eq!((inner.0.as_slice(), hash, bytes), (whole, sha256(whole), len as u64));
        }
    }

    #[test]
    fn branches_fold_to_the_root() {
        for n in 1..20u8 {
            let txids: Vec<Hash32> = (0..n).map(|i| sha256(&[i])).collect();
            let root = merkle_root(&txids);
            for (i, txid) in txids.iter().enumerate() {
                assert_eq!(fold_branch(txid, i, &merkle_branch(&txids, i)), root);
            }
            let wrong = fold_branch(&sha256(b"x"), 0, &merkle_branch(&txids, 0));
            assert_ne!(wrong, root);
        }
    }
}
