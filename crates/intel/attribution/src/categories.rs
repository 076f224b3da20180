//! The category of every address, in pieces that versions share: a change copies the pieces that it touches.

use std::sync::Arc;

/// Addresses in one piece.
const PIECE: usize = 1 << 16;

/// Category numbers by address number; 0 is unattributed. A clone costs a pointer for each 65,536 addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Categories {
    /// All are full except the last.
    pieces: Vec<Arc<Vec<u8>>>,
    len: usize,
}

/// Something that knows the category of an address.
pub trait CategoryOf {
    /// Returns the category number of an address; 0 is unattributed.
    fn at(&self, address: u32) -> u8;
}

impl CategoryOf for [u8] {
    #[inline]
    fn at(&self, address: u32) -> u8 {
        self[address as usize]
    }
}

impl CategoryOf for Categories {
    #[inline]
    fn at(&self, address: u32) -> u8 {
        self.pieces[address as usize / PIECE][address as usize % PIECE]
    }
}

impl From<&[u8]> for Categories {
    fn from(all: &[u8]) -> Self {
        Categories { pieces: all.chunks(PIECE).map(|piece| Arc::new(piece.to_vec())).collect(), len: all.len() }
    }
}

impl Categories {
    /// Returns the number of addresses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no addresses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the category number of an address; 0 when there is no such address.
    #[must_use]
    pub fn get(&self, address: u32) -> u8 {
        self.pieces.get(address as usize / PIECE).and_then(|p| p.get(address as usize % PIECE)).copied().unwrap_or(0)
    }

    /// Sets the category of an address. An equal one copies nothing.
    pub fn set(&mut self, address: u32, category: u8) {
        if self.at(address) != category {
            Arc::make_mut(&mut self.pieces[address as usize / PIECE])[address as usize % PIECE] = category;
        }
    }

    /// Removes addresses from the end, or appends unattributed ones.
    pub fn resize(&mut self, len: usize) {
        self.pieces.truncate(len.div_ceil(PIECE));
        let pieces = self.pieces.len();
        if let Some(last) = self.pieces.last_mut() {
            let wanted = PIECE.min(len - (pieces - 1) * PIECE);
            if last.len() != wanted {
                Arc::make_mut(last).resize(wanted, 0);
            }
        }
        while self.pieces.len() * PIECE < len {
            let rest = len - self.pieces.len() * PIECE;
            self.pieces.push(Arc::new(vec![0; rest.min(PIECE)]));
        }
        self.len = len;
    }

    /// Returns all category numbers in one array.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| piece.iter().copied()).collect()
    }

    /// Iterates over all category numbers.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        self.pieces.iter().flat_map(|piece| piece.iter().copied())
    }

    /// Returns the addresses below `below`, rising, whose categories differ. Shared pieces are not read.
    #[must_use]
    pub fn differing(&self, other: &Categories, below: u32) -> Vec<u32> {
        let mut out = Vec::new();
        for (n, (a, b)) in self.pieces.iter().zip(&other.pieces).enumerate() {
            if Arc::ptr_eq(a, b) || n * PIECE >= below as usize {
                continue;
            }
            let differing = a.iter().zip(b.iter()).enumerate().filter(|(_, (a, b))| a != b);
            let addresses = differing.filter_map(|(i, _)| u32::try_from(n * PIECE + i).ok());
            out.extend(addresses.take_while(|address| *address < below));
        }
        out
    }

    /// Appends the categories that another has beyond these.
    pub fn extend_from(&mut self, other: &Categories) {
        let known = self.len;
        self.resize(other.len.max(known));
        for address in (known..other.len).filter_map(|n| u32::try_from(n).ok()) {
            self.set(address, other.at(address));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_share_what_does_not_change() {
        let plain: Vec<u8> = (0..200_000u32).map(|i| (i % 7) as u8).collect();
        let mut all = Categories::from(plain.as_slice());
        assert_eq!(all.to_vec(), plain);
        let before = all.clone();
        all.set(70_000, 9);
        all.set(70_001, before.at(70_001));
        assert_eq!(all.differing(&before, u32::MAX), [70_000]);
        assert_eq!(all.differing(&before, 70_000), [0; 0]);
        assert!(Arc::ptr_eq(&all.pieces[0], &before.pieces[0]) && Arc::ptr_eq(&all.pieces[2], &before.pieces[2]));
        all.resize(65_537);
        assert_eq!((all.len(), all.get(65_536), all.get(65_537)), (65_537, plain[65_536], 0));
        all.resize(65_536);
        all.extend_from(&before);
        assert_eq!(all, before);
        all.resize(300_000);
        assert_eq!((all.at(199_999), all.at(200_000), all.len()), (plain[199_999], 0, 300_000));
        all.resize(0);
        assert!(all.is_empty() && all == Categories::default());
    }
}
