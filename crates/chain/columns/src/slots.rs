//! Hash tables in files: linear probing over slots that hold item numbers, ordered by hash and never changed.

use crate::column::{Column, U40, Writer};
use bytemuck::Pod;
use std::io;
use std::path::Path;

/// Slots past the end, so that probing never wraps.
const TAIL_SLOTS: u64 = 1 << 16;

/// A stored item number.
pub trait Slot: Pod {
    /// An empty slot, which is the greatest number.
    const EMPTY: Self;
    /// Stores a number, which must be below the greatest.
    fn of(item: u64) -> Self;
    /// Returns the number; `None` of an empty slot.
    fn item(self) -> Option<u64>;
}

impl Slot for u32 {
    const EMPTY: Self = u32::MAX;

    #[inline]
    fn of(item: u64) -> Self {
        debug_assert!(item < u64::from(u32::MAX));
        item as u32
    }

    #[inline]
    fn item(self) -> Option<u64> {
        (self != u32::MAX).then(|| u64::from(self))
    }
}

impl Slot for U40 {
    const EMPTY: Self = U40::GREATEST;

    #[inline]
    fn of(item: u64) -> Self {
        U40::new(item)
    }

    #[inline]
    fn item(self) -> Option<u64> {
        Some(self.get()).filter(|n| *n != U40::MAX)
    }
}

/// Returns how many slots a table of `items` has before its tail.
#[must_use]
pub fn slots_for(items: u64) -> u64 {
    items * 20 / 17 + 1
}

/// Returns how many slots a table of `items` has in its file.
#[must_use]
pub fn slots_in_file(items: u64) -> u64 {
    slots_for(items) + TAIL_SLOTS
}

/// Returns the slot at which an item's search begins.
#[inline]
#[must_use]
pub fn home(hash: u64, slots: u64) -> u64 {
    ((u128::from(hash) * u128::from(slots)) >> 64) as u64
}

/// Returns the items of a table made of `items` that an item of this hash may be among.
#[inline]
pub fn probe<S: Slot>(table: &[S], items: u64, hash: u64) -> impl Iterator<Item = u64> + '_ {
    let at = home(hash, slots_for(items)) as usize;
    table.get(at..).unwrap_or_default().iter().map_while(|slot| slot.item())
}

/// Calls its argument with every item's hash and number.
pub type Scan<'a> = dyn Fn(&mut dyn FnMut(u64, u64)) -> io::Result<()> + Sync + 'a;

/// Writes the table of `items` to `dir/name`. Works range by range over the slots, within about `budget` bytes; what probes past a range's
/// end is carried into the next.
///
/// # Errors
/// When the system refuses, or so many hashes are alike that they overrun the table.
pub fn build<S: Slot>(dir: &Path, name: &str, items: u64, budget: usize, scan: &Scan<'_>) -> io::Result<()> {
    let slots = slots_for(items);
    let column = Column::<S>::open(dir, name, 0, true)?;
    let mut writer = column.writer(0)?;
    let range = (budget as u64 / size_of::<S>() as u64).max(1 << 10).min(slots);
    let mut carried: Vec<u64> = Vec::new();
    let mut start = 0;
    while start < slots {
        let end = (start + range).min(slots);
        let last = end == slots;
        let width = (end - start + if last { TAIL_SLOTS } else { 0 }) as usize;
        let mut table = vec![S::EMPTY; width];
        let mut overflow = Vec::new();
        {
            let mut insert = |from: usize, item: u64| {
                let mut at = from;
                while at < width && table[at].item().is_some() {
                    at += 1;
                }
                if at < width {
                    table[at] = S::of(item);
                } else {
                    overflow.push(item);
                }
            };
            for item in carried.drain(..) {
                insert(0, item);
            }
            scan(&mut |hash, item| {
                let slot = home(hash, slots);
                if (start..end).contains(&slot) {
                    insert((slot - start) as usize, item);
                }
            })?;
        }
        if last && !overflow.is_empty() {
            return Err(io::Error::other(format!("{name}: hash collisions overrun the table; choose another seed")));
        }
        carried = overflow;
        write_all(&mut writer, table)?;
        start = end;
    }
    writer.finish()
}

fn write_all<S: Slot>(writer: &mut Writer<S>, table: Vec<S>) -> io::Result<()> {
    table.into_iter().try_for_each(|slot| writer.push(slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every item is found, at small budgets too, where ranges hand items on.
    #[test]
    fn every_item_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let hash = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for budget in [0, 9_000, 1 << 20] {
            let items = 5_000u64;
            let scan = |each: &mut dyn FnMut(u64, u64)| {
                (0..items).for_each(|n| each(hash(n / 2), n));
                Ok(())
            };
            build::<u32>(dir.path(), "narrow", items, budget, &scan).unwrap();
            build::<U40>(dir.path(), "wide", items, budget, &scan).unwrap();
            let narrow = Column::<u32>::open(dir.path(), "narrow", slots_in_file(items), false).unwrap();
            let wide = Column::<U40>::open(dir.path(), "wide", slots_in_file(items), false).unwrap();
            for n in 0..items {
                assert!(probe(narrow.all(), items, hash(n / 2)).any(|i| i == n));
                assert!(probe(wide.all(), items, hash(n / 2)).any(|i| i == n));
            }
            assert!(!probe(wide.all(), items, hash(items)).any(|i| i == items));
        }
    }
}
