//! Work on all cores; what is small is done where it is, because the threads of all cores may be busy for seconds with other work, and a block that is
//! followed would wait for them.

use rayon::prelude::*;

/// Fewer values than this are sorted where they are.
const FEW: usize = 1 << 16;

/// Applies a function to each item, on all cores where there is more than one item.
pub(super) fn map<T: Send, R: Send>(mut items: Vec<T>, each: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    match items.len() {
        1 => items.pop().map(each).into_iter().collect(),
        _ => items.into_par_iter().with_max_len(1).map(each).collect(),
    }
}

/// Sorts values, on all cores where they are many. The order of equal ones is not kept.
pub(super) fn sort_by_key<T: Send, K: Ord>(values: &mut [T], key: impl Fn(&T) -> K + Sync) {
    match values.len() < FEW {
        true => values.sort_unstable_by_key(key),
        false => values.par_sort_unstable_by_key(key),
    }
}
