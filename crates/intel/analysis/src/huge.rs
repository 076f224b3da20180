//! Large arrays for random access: anonymous memory on huge pages, and prefetching.
//!
//! Whole-ledger exposure reads arrays of hundreds of megabytes in random order; on 4 KiB pages most of its time is address
//! translation and waiting for memory. Measured on 10 million transactions, huge pages and prefetching together make it several times as fast
//! (`holdfast-bench chain`). The only `unsafe` of this crate is the prefetch here: its invariant is that the address lies in the slice, and a
//! prefetch neither faults nor changes anything.

use bytemuck::Pod;
use memmap2::MmapMut;

/// A growable array of plain values on huge pages.
#[derive(Debug)]
pub struct HugeVec<T> {
    map: Option<MmapMut>,
    len: usize,
    kind: std::marker::PhantomData<T>,
}

impl<T: Pod> HugeVec<T> {
    /// Returns an empty array with room for `capacity` values. Memory is taken as it is used.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut this = HugeVec { map: None, len: 0, kind: std::marker::PhantomData };
        this.reserve(capacity);
        this
    }

    /// Returns `len` values of zero bytes.
    pub fn zeroed(len: usize) -> Self {
        let mut this = Self::with_capacity(len);
        this.len = len;
        this
    }

    fn capacity(&self) -> usize {
        self.map.as_ref().map_or(0, |m| m.len() / size_of::<T>())
    }

    fn reserve(&mut self, capacity: usize) {
        if capacity <= self.capacity() || capacity == 0 {
            return;
        }
        // Room to grow costs addresses only, and a followed block does not copy all values to append a few.
        let bytes = ((capacity + capacity / 4) * size_of::<T>()).next_multiple_of(2 << 20);
        let mut map = MmapMut::map_anon(bytes).expect("memory for an array");
        // Advice only: without it the array is slower, not wrong.
        let _ = map.advise(memmap2::Advice::HugePage);
        if self.len > 0 {
            let used = self.len * size_of::<T>();
            map[..used].copy_from_slice(&self.map.as_ref().expect("not empty")[..used]);
        }
        self.map = Some(map);
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) {
        if self.len == self.capacity() {
            self.reserve((self.len * 2).max(1 << 16));
        }
        let at = self.len;
        self.len += 1;
        self[at] = value;
    }

    /// Appends values.
    #[inline]
    pub fn extend_from_slice(&mut self, values: &[T]) {
        let end = self.len + values.len();
        if end > self.capacity() {
            self.reserve(end.max(self.len * 2).max(1 << 16));
        }
        let at = self.len;
        self.len = end;
        self[at..].copy_from_slice(values);
    }

    /// Removes values from the end.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Appends copies of a value until there are `len`.
    pub fn resize(&mut self, len: usize, value: T) {
        self.reserve(len);
        while self.len < len {
            self.push(value);
        }
    }
}

impl<T: Pod> Default for HugeVec<T> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<T: Pod> Clone for HugeVec<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::with_capacity(self.len);
        copy.extend_from_slice(self);
        copy
    }
}

impl<T: Pod> From<Vec<T>> for HugeVec<T> {
    fn from(values: Vec<T>) -> Self {
        let mut this = Self::with_capacity(values.len());
        this.extend_from_slice(&values);
        this
    }
}

impl<T: Pod> std::ops::Deref for HugeVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.map.as_ref().map_or(&[], |m| bytemuck::cast_slice(&m[..self.len * size_of::<T>()]))
    }
}

impl<T: Pod> std::ops::DerefMut for HugeVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        let bytes = self.len * size_of::<T>();
        self.map.as_mut().map_or(&mut [], |m| bytemuck::cast_slice_mut(&mut m[..bytes]))
    }
}

/// Asks the processor to fetch the value at `index`, if there is one.
#[inline]
pub fn prefetch<T>(values: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = values.get(index) {
        // SAFETY: the address is that of a value of the slice; prefetching neither reads nor writes it.
        #[allow(unsafe_code)]
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, index);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_like_a_vector() {
        let mut huge = HugeVec::<u32>::default();
        assert!(huge.is_empty());
        for i in 0..200_000u32 {
            huge.push(i);
        }
        huge.extend_from_slice(&[7; 300_000]);
        huge.resize(500_010, 9);
        assert_eq!(huge.len(), 500_010);
        assert_eq!((huge[199_999], huge[200_000], huge[500_009]), (199_999, 7, 9));
        assert_eq!(*huge.clone(), *huge);
        prefetch(&huge, 3);
        prefetch(&huge, usize::MAX);
        assert_eq!(HugeVec::<u32>::zeroed(3)[..], [0, 0, 0]);
        // A copy takes what blocks append without being copied again.
        let mut copy = huge.clone();
        let place = copy.as_ptr();
        copy.extend_from_slice(&[1; 60_000]);
        copy.resize(copy.len() + 60_000, 2);
        assert!(std::ptr::eq(place, copy.as_ptr()) && copy.len() == 620_010);
    }
}
