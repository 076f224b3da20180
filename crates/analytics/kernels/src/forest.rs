//! Spanning forests of addresses that spend together. A segment's forest holds the merges, in order, that join something within the segment; a merge
//! that does not join there joins nothing anywhere, so that the forests in order join to what one pass over the chain gives.

use crate::digest::Digest;
use crate::input::{Input, Source, take_of};
use crate::spec::{FOREST, LABELS};
use hashbrown::HashMap;
use holdfast_analytics_export::{Cell, ExportError, FileEntry, TableReader, TableWriter};
use std::path::{Path, PathBuf};

/// Why two addresses are together: the only reason that segments are joined by.
const COSPEND: &str = "cospend";

/// A merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// An address.
    pub a: i64,
    /// Another.
    pub b: i64,
    /// The transaction that shows it.
    pub tx: i64,
}

/// Number of an address in a union-find: 32 bits while a chain has no more addresses.
trait Number: Copy + PartialEq + Ord {
    fn new(n: usize) -> Self;
    fn get(self) -> usize;
}

impl Number for u32 {
    fn new(n: usize) -> Self {
        // Chosen for as many as fit only.
        u32::try_from(n).unwrap_or(u32::MAX)
    }

    fn get(self) -> usize {
        self as usize
    }
}

impl Number for usize {
    fn new(n: usize) -> Self {
        n
    }

    fn get(self) -> usize {
        self
    }
}

/// A union-find whose representatives are the least numbers.
struct Sets<N>(Vec<N>);

impl<N: Number> Sets<N> {
    /// Returns so many sets of one number each.
    fn of(count: usize) -> Result<Self, ExportError> {
        let mut parents = Vec::new();
        parents.try_reserve_exact(count).map_err(|_| {
            let bytes = count.saturating_mul(size_of::<N>());
            ExportError::TooLarge(format!(
                "{count} addresses: a forest needs {bytes} bytes of memory; join it on a larger machine"
            ))
        })?;
        parents.extend((0..count).map(N::new));
        Ok(Sets(parents))
    }

    fn find(&mut self, mut at: usize) -> usize {
        loop {
            let up = self.0[at].get();
            if up == at {
                return at;
            }
            let above = self.0[up];
            self.0[at] = above;
            at = above.get();
        }
    }

    /// Joins the sets of two numbers; false where they are one.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high] = N::new(low);
        low != high
    }
}

/// Calls `each` with the addresses that a transaction shows together: the first owned one with each other.
fn cospent(inputs: &[Input], mut each: impl FnMut(i64, i64)) {
    let mut known = inputs.iter().filter_map(|i| Some((i.address?, i.owned)));
    let Some((first, _)) = known.find(|(_, owned)| *owned) else { return };
    let mut last = first;
    for (address, owned) in known {
        if address != first && address != last && owned {
            each(first, address);
        }
        last = address;
    }
}

/// Returns the forest of a segment.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn of_segment(source: &Source<'_>) -> Result<Vec<Merge>, ExportError> {
    let (txs, inputs) = (source.txs()?, source.inputs()?);
    let mut left = inputs.as_slice();
    let (mut places, mut sets, mut merges) = (HashMap::new(), Sets::<usize>(Vec::new()), Vec::new());
    for tx in &txs {
        let inputs = take_of(&mut left, |i| i.tx == tx.tx);
        if inputs.len() < 2 || tx.coinjoin {
            continue;
        }
        cospent(inputs, |a, b| {
            let mut place = |address: i64| {
                let next = sets.0.len();
                let place = *places.entry(address).or_insert(next);
                if place == next {
                    sets.0.push(next);
                }
                place
            };
            let (at, other) = (place(a), place(b));
            if sets.join(at, other) {
                merges.push(Merge { a, b, tx: tx.tx });
            }
        });
    }
    Ok(merges)
}

/// Writes a forest.
///
/// # Errors
/// [`ExportError`].
pub fn write(merges: &[Merge], dir: &Path, root: &Path, notes: &[(&str, String)]) -> Result<FileEntry, ExportError> {
    let mut out = TableWriter::create(dir, &FOREST, notes)?;
    for merge in merges {
        out.put(&row(merge))?;
    }
    out.finish(root)
}

fn row(merge: &Merge) -> [Cell<'static>; 4] {
    [Cell::Long(merge.a), Cell::Long(merge.b), Cell::Long(merge.tx), Cell::Text(COSPEND)]
}

/// Joins the forests of segments, in order, into that of the chain, and its clusters.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn join_files(
    files: &[PathBuf],
    addresses: u64,
    (dir, root): (&Path, &Path),
    notes: &[(&str, String)],
    go_on: &dyn Fn() -> Result<(), ExportError>,
) -> Result<(Vec<FileEntry>, Vec<Digest>), ExportError> {
    let too_many = || ExportError::TooLarge(format!("{addresses} addresses do not fit this machine"));
    let count = usize::try_from(addresses).map_err(|_| too_many())?;
    match u32::try_from(addresses) {
        Ok(_) => join_with::<u32>(files, count, (dir, root), notes, go_on),
        Err(_) => join_with::<usize>(files, count, (dir, root), notes, go_on),
    }
}

fn join_with<N: Number>(
    files: &[PathBuf],
    count: usize,
    (dir, root): (&Path, &Path),
    notes: &[(&str, String)],
    go_on: &dyn Fn() -> Result<(), ExportError>,
) -> Result<(Vec<FileEntry>, Vec<Digest>), ExportError> {
    let mut sets = Sets::<N>::of(count)?;
    let (mut out, mut digest) = (TableWriter::create(dir, &FOREST, notes)?, Digest::new(&FOREST, 1));
    for path in files {
        let reader = TableReader::open(path, &FOREST, &["a", "b", "tx"])?;
        reader.for_each(|rows, columns| {
            go_on()?;
            for n in 0..rows {
                let address = |column: usize| {
                    let number = columns[column].long(n).and_then(|number| usize::try_from(number).ok());
                    let known = number.filter(|number| *number < count);
                    known.ok_or_else(|| {
                        ExportError::File(path.clone(), format!("row {n} names no address of the export"))
                    })
                };
                if sets.join(address(0)?, address(1)?) {
                    let value = |column: usize| columns[column].long(n).unwrap_or_default();
                    let merge = row(&Merge { a: value(0), b: value(1), tx: value(2) });
                    digest.take(&merge);
                    out.put(&merge)?;
                }
            }
            Ok::<_, ExportError>(())
        })?;
    }
    let forest = out.finish(root)?;
    let (labels, label_digest) = labels(&mut sets, (dir, root), notes)?;
    Ok((vec![forest, labels], vec![digest, label_digest]))
}

fn labels<N: Number>(
    sets: &mut Sets<N>,
    (dir, root): (&Path, &Path),
    notes: &[(&str, String)],
) -> Result<(FileEntry, Digest), ExportError> {
    // A parent's number is less than its child's, so that one rising pass settles all.
    for n in 0..sets.0.len() {
        sets.0[n] = sets.0[sets.0[n].get()];
    }
    let mut has_others = vec![false; sets.0.len()];
    for (n, cluster) in sets.0.iter().enumerate().filter(|(n, cluster)| cluster.get() != *n) {
        has_others[cluster.get()] = true;
        debug_assert!(cluster.get() < n);
    }
    let (mut out, mut digest) = (TableWriter::create(dir, &LABELS, notes)?, Digest::new(&LABELS, 1));
    for (n, cluster) in sets.0.iter().enumerate().filter(|(_, cluster)| has_others[cluster.get()]) {
        let long =
            |n: usize| i64::try_from(n).map(Cell::Long).map_err(|_| ExportError::TooLarge(format!("address {n}")));
        let row = [long(n)?, long(cluster.get())?];
        digest.take(&row);
        out.put(&row)?;
    }
    Ok((out.finish(root)?, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(address: i64, owned: bool) -> Input {
        Input { tx: 0, is_stored: true, address: Some(address), value: None, owned }
    }

    /// More addresses than 32 bits number are joined as fewer are, and more than memory holds are refused.
    #[test]
    fn wide_numbers_join_as_narrow_ones_do() {
        let dir = tempfile::tempdir().unwrap();
        let merges = [(4, 2, 7), (9, 4, 8), (2, 9, 9), (5, 6, 12_000_000_000), (6, 9, 12_000_000_001)];
        let merges = merges.map(|(a, b, tx)| Merge { a, b, tx });
        let file = dir.path().join(write(&merges, dir.path(), dir.path(), &[]).unwrap().path);
        let joined = |wide: bool, to: &str| {
            let to = dir.path().join(to);
            let (files, to) = (std::slice::from_ref(&file), (to.as_path(), to.as_path()));
            let joined = match wide {
                true => join_with::<usize>(files, 10, to, &[], &|| Ok(())),
                false => join_with::<u32>(files, 10, to, &[], &|| Ok(())),
            };
            let (files, digests) = joined.unwrap();
            let hashes: Vec<String> = files.into_iter().map(|f| f.sha256).collect();
            (hashes, digests.into_iter().map(Digest::finish).collect::<Vec<_>>())
        };
        assert_eq!(joined(true, "wide"), joined(false, "narrow"));
        let most = usize::MAX / 16;
        let refused = Sets::<usize>::of(most).err().unwrap().to_string();
        assert!(refused.contains("larger machine"), "{refused}");
        let outside = join_files(&[file], 9, (dir.path(), dir.path()), &[], &|| Ok(())).err().unwrap().to_string();
        assert!(outside.contains("names no address of the export"), "{outside}");
    }

    #[test]
    fn the_first_owned_address_is_with_each_other() {
        let mut pairs = Vec::new();
        let inputs = [
            input(9, false),
            input(3, true),
            input(3, true),
            input(5, true),
            input(5, true),
            input(7, false),
            input(5, true),
        ];
        cospent(&inputs, |a, b| pairs.push((a, b)));
        assert_eq!(pairs, [(3, 5), (3, 5)]);
    }
}
