//! Tags by number, in pieces that versions share.

use super::Tag;
use crate::tlp::Tlp;
use rayon::prelude::*;
use std::sync::Arc;

/// Tags in one piece.
const PIECE: usize = 1 << 10;
/// Fewest removed tags for which the others are numbered anew.
const MANY: usize = 1 << 14;

/// A tag, and whether it is still there: a removed one keeps its number, so that those of others stay.
#[derive(Clone, Debug)]
struct Slot {
    tag: Tag,
    is_live: bool,
}

/// Tags by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    /// All are full except the last.
    pieces: Vec<Arc<Vec<Slot>>>,
    end: u32,
    live: usize,
    /// Live tags by label, in the order of [`Tlp::ALL`].
    labels: [usize; 5],
}

fn label(tag: &Tag) -> usize {
    tag.tlp.unwrap_or(Tag::UNLABELLED) as usize
}

impl Slots {
    /// Returns the number of the next tag.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    pub(super) fn len(&self) -> usize {
        self.live
    }

    pub(super) fn tag(&self, number: u32) -> &Tag {
        &self.pieces[number as usize / PIECE][number as usize % PIECE].tag
    }

    pub(super) fn push(&mut self, tag: Tag) {
        self.labels[label(&tag)] += 1;
        self.live += 1;
        let slot = Slot { tag, is_live: true };
        match self.pieces.last_mut().filter(|piece| piece.len() < PIECE) {
            Some(piece) => Arc::make_mut(piece).push(slot),
            None => self.pieces.push(Arc::new(vec![slot])),
        }
        self.end += 1;
    }

    fn slot(&mut self, number: u32) -> &mut Slot {
        &mut Arc::make_mut(&mut self.pieces[number as usize / PIECE])[number as usize % PIECE]
    }

    /// Changes a tag that is still there.
    pub(super) fn change(&mut self, number: u32, change: impl FnOnce(&mut Tag)) {
        let slot = self.slot(number);
        let before = label(&slot.tag);
        change(&mut slot.tag);
        let after = label(&slot.tag);
        self.labels[before] -= 1;
        self.labels[after] += 1;
    }

    pub(super) fn remove(&mut self, number: u32) {
        let slot = self.slot(number);
        if std::mem::take(&mut slot.is_live) {
            let label = label(&slot.tag);
            self.labels[label] -= 1;
            self.live -= 1;
        }
    }

    /// Tags that are still there, with their numbers.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (u32, &Tag)> {
        let slots = self.pieces.iter().flat_map(|piece| piece.iter());
        (0..).zip(slots).filter(|(_, slot)| slot.is_live).map(|(i, slot)| (i, &slot.tag))
    }

    /// Numbers below one of tags that are still there, the highest first.
    pub(super) fn numbers_down(&self, below: u32) -> impl Iterator<Item = u32> {
        let is_live = |i: &u32| self.pieces[*i as usize / PIECE][*i as usize % PIECE].is_live;
        (0..below.min(self.end)).rev().filter(is_live)
    }

    pub(super) fn par_iter(&self) -> impl ParallelIterator<Item = &Tag> {
        self.pieces.par_iter().flat_map_iter(|piece| piece.iter()).filter(|slot| slot.is_live).map(|slot| &slot.tag)
    }

    /// Returns the most restrictive label of any tag.
    pub(super) fn strictest(&self) -> Option<Tlp> {
        self.labels.iter().rposition(|n| *n > 0).map(|at| Tlp::ALL[at])
    }

    /// Returns whether more tags were removed than are there.
    pub(super) fn is_sparse(&self) -> bool {
        self.end as usize - self.live > self.live.max(MANY)
    }
}
