//! The one engine: marked places wait for the pass that takes them on, passes go in the order of the chain or against it, and every base unit is
//! counted. What places and passes are is the chain's matter ([`Flow`]).

use crate::marks::{Marked, Marks, Passage, Span, Units, split};
use crate::trace::{Direction, EndKind, Policy, TraceOptions};
use hashbrown::HashMap;
use holdfast_attribution::Category;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hash;

/// What becomes of a place.
pub(crate) enum Next<T, K> {
    /// A pass takes it on.
    Pass(T),
    /// A pass takes it on, but nothing lies beyond.
    Made(T, K),
    /// Nothing takes it on.
    End(K),
    /// It pays for a transaction, and its pass would take it on.
    Fee(T),
}

/// A place that another one became by a link.
pub(crate) struct Linked<P, T, A> {
    /// Number of the link, for the flow.
    pub(crate) link: usize,
    pub(crate) place: P,
    /// The pass at which marks of other origin would reach it.
    pub(crate) reached_at: T,
    /// Which part of the place that is left.
    pub(crate) own: Span<A>,
    /// Which part of the place that is reached.
    pub(crate) other: Span<A>,
}

/// The links of a place, in the types of a flow.
pub(crate) type LinksOf<F> = Vec<Linked<<F as Flow>::Place, <F as Flow>::Pass, <F as Flow>::Amount>>;

/// A chain, or several, as the engine goes over them in one direction.
pub(crate) trait Flow {
    /// Where money lies.
    type Place: Copy + Ord + Hash + fmt::Debug;
    /// What takes it on, in the order of the chain.
    type Pass: Copy + Ord + fmt::Debug;
    /// How much of it.
    type Amount: Units;
    /// Why a trace ends.
    type Kind: Copy + From<EndKind>;
    /// Why a chain does not answer.
    type Error;

    /// Whether places become others by links, and may be reached more than once.
    const HAS_LINKS: bool;
    /// So many spans of marks count as a step. Balances carry theirs through every pass.
    const SPANS_A_STEP: usize;

    /// Returns what takes a place on.
    fn next(&mut self, place: Self::Place) -> Result<Next<Self::Pass, Self::Kind>, Self::Error>;
    /// Returns the pass at which a start is marked, since marks from before come to it there.
    fn reached_at(&mut self, start: Self::Place) -> Result<Option<Self::Pass>, Self::Error>;
    /// Returns a pass that marked places wait for.
    fn passage(
        &mut self,
        pass: Self::Pass,
        marked: &[Marked<Self::Place, Self::Amount>],
    ) -> Result<Passage<Self::Place, Self::Amount>, Self::Error>;
    /// Returns what stops a trace at a place because of who holds it.
    fn stop(&self, place: Self::Place, hops: u32) -> Option<Self::Kind>;
    /// Returns what the holder of a place counts under.
    fn category(&self, place: Self::Place) -> Category;
    /// Returns how many hops it takes to reach a place from the one before.
    fn hop(&self, place: Self::Place) -> u32;
    /// Returns the time of a pass, Unix seconds.
    fn time(&self, pass: Self::Pass) -> Result<u64, Self::Error>;
    /// Returns which of the books a place is in: each asset has its own.
    fn book(&mut self, place: Self::Place) -> usize;
    /// Returns the amount below which marks on a place are not followed.
    fn least(&self, place: Self::Place) -> Self::Amount;
    /// Returns what a place holds. Needed where there are links.
    fn value(&mut self, place: Self::Place) -> Result<Self::Amount, Self::Error>;
    /// Returns what a place became by links.
    fn links(&mut self, place: Self::Place) -> Result<LinksOf<Self>, Self::Error>
    where
        Self: Sized;
}

/// Marked money at an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End<P, T, A, K> {
    /// Where it lies.
    pub place: P,
    /// How much, base units.
    pub amount: A,
    /// Why the trace stops.
    pub kind: K,
    /// What the address counts under.
    pub category: Category,
    /// Transactions from the start.
    pub hops: u32,
    /// The transaction passed just before; `None` at the start.
    pub via: Option<T>,
}

/// Marked money moving: an output created by one transaction and spent by another, or a balance or transfer that a pass takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge<P, T, A> {
    /// The place.
    pub place: P,
    /// Marked part of it, base units.
    pub amount: A,
    /// The transaction entered: forward, the one that spends the output; backward, the one that made it.
    pub tx: T,
    /// Transactions from the start, counted at `tx`.
    pub hops: u32,
    /// The transaction passed just before; `None` at the start.
    pub via: Option<T>,
}

/// What was marked in one asset and what became of it, base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books<A> {
    /// Marked at the starts: their sum, less what one start's money has in common with another's.
    pub marked: A,
    /// Clean money that poison drew in.
    pub added: A,
    /// What came from other assets and chains by links.
    pub crossed_in: A,
    /// What went to other assets and chains by links.
    pub crossed_out: A,
    /// What went into fees.
    pub fees: A,
    /// What lies at the ends, bounds included.
    pub found: A,
    /// What came a second time to money that was marked already.
    pub common: A,
}

impl<A: Units> Books<A> {
    /// Returns whether marked + added + crossed in = found + fees + crossed out + common.
    #[must_use]
    pub fn balance(&self) -> bool {
        let sum = |parts: &[A]| parts.iter().try_fold(A::ZERO, |sum, part| sum.checked_add(*part));
        let origin = sum(&[self.marked, self.added, self.crossed_in]);
        origin.is_some() && origin == sum(&[self.found, self.fees, self.crossed_out, self.common])
    }
}

/// Marks that crossed a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crossed<A> {
    pub(crate) link: usize,
    /// Marks of the piece that was left.
    pub(crate) left: A,
    /// Marks of the piece that was reached.
    pub(crate) reached: A,
}

/// Why the engine gave up.
pub(crate) enum Fault<E> {
    /// A sum of marks does not fit.
    TooLarge,
    /// The chain does not answer.
    Chain(E),
}

/// A sum of marks that does not fit.
struct TooLarge;

impl<E> From<TooLarge> for Fault<E> {
    fn from(_: TooLarge) -> Self {
        Fault::TooLarge
    }
}

/// What the engine found.
#[derive(Debug)]
pub(crate) struct Outcome<P, T, A, K> {
    pub(crate) books: Vec<Books<A>>,
    pub(crate) edges: Vec<Edge<P, T, A>>,
    pub(crate) ends: Vec<End<P, T, A, K>>,
    pub(crate) crossed: Vec<Crossed<A>>,
    /// Passes of which an amount was assumed.
    pub(crate) assumed: Vec<T>,
}

type OutcomeOf<F> = Outcome<<F as Flow>::Place, <F as Flow>::Pass, <F as Flow>::Amount, <F as Flow>::Kind>;

/// Marks that wait for a pass, to be laid on what comes out of it.
struct Waiting<P, A> {
    place: P,
    marks: Marks<A>,
    hops: u32,
    /// Whether they crossed a link; else they are a start's.
    crossed: bool,
}

type MarkedOf<F> = Marked<<F as Flow>::Place, <F as Flow>::Amount>;
type WaitingOf<F> = Waiting<<F as Flow>::Place, <F as Flow>::Amount>;

struct Tracer<'a, F: Flow> {
    flow: &'a mut F,
    options: &'a TraceOptions,
    outcome: OutcomeOf<F>,
    steps: usize,
    /// Passes to go through, with marked places.
    queue: BTreeMap<F::Pass, Vec<MarkedOf<F>>>,
    /// Starts that wait for the pass through which other marks may reach them first: a start downstream of another is marked once, not twice.
    pending: BTreeMap<F::Pass, Vec<WaitingOf<F>>>,
    /// Where there are links: all marks that a place was reached by.
    placed: HashMap<F::Place, Marks<F::Amount>>,
}

/// Follows marks from `starts`, which are rising and apart.
pub(crate) fn follow<F: Flow>(
    flow: &mut F,
    starts: &[(F::Place, F::Amount)],
    options: &TraceOptions,
) -> Result<OutcomeOf<F>, Fault<F::Error>> {
    let outcome =
        Outcome { books: Vec::new(), edges: Vec::new(), ends: Vec::new(), crossed: Vec::new(), assumed: Vec::new() };
    let (queue, pending, placed) = (BTreeMap::new(), BTreeMap::new(), HashMap::new());
    let mut tracer = Tracer { flow, options, outcome, steps: 0, queue, pending, placed };
    for (place, amount) in starts {
        let marks = tracer.whole(*amount);
        let start = Waiting { place: *place, marks, hops: 0, crossed: false };
        match tracer.flow.reached_at(*place).map_err(Fault::Chain)? {
            Some(pass) => tracer.pending.entry(pass).or_default().push(start),
            None => tracer.begin(start)?,
        }
    }
    while let Some(pass) = tracer.next_pass() {
        if let Some(marked) = tracer.queue.remove(&pass) {
            tracer.pass(pass, &marked)?;
        }
        for waiting in tracer.pending.remove(&pass).unwrap_or_default() {
            tracer.begin(waiting)?;
        }
    }
    Ok(tracer.outcome)
}

fn sum<A: Units>(a: A, b: A) -> Result<A, TooLarge> {
    a.checked_add(b).ok_or(TooLarge)
}

impl<F: Flow> Tracer<'_, F> {
    fn next_pass(&self) -> Option<F::Pass> {
        match self.options.direction {
            Direction::Forward => {
                [self.queue.keys().next(), self.pending.keys().next()].into_iter().flatten().min().copied()
            }
            Direction::Backward => {
                [self.queue.keys().next_back(), self.pending.keys().next_back()].into_iter().flatten().max().copied()
            }
        }
    }

    /// Returns marks on the first part of a place.
    fn whole(&self, amount: F::Amount) -> Marks<F::Amount> {
        match self.options.policy.has_spans() {
            true => Marks::of_spans(vec![(F::Amount::ZERO, amount)]),
            false => Marks::of_amount(amount),
        }
    }

    /// Returns the books that a place is in.
    fn books(&mut self, place: F::Place) -> &mut Books<F::Amount> {
        let number = self.flow.book(place);
        if number >= self.outcome.books.len() {
            self.outcome.books.resize(number + 1, Books::default());
        }
        &mut self.outcome.books[number]
    }

    fn end(
        &mut self,
        place: F::Place,
        amount: F::Amount,
        kind: F::Kind,
        hops: u32,
        via: Option<F::Pass>,
    ) -> Result<(), Fault<F::Error>> {
        let category = self.flow.category(place);
        self.outcome.ends.push(End { place, amount, kind, category, hops, via });
        let books = self.books(place);
        books.found = sum(books.found, amount)?;
        Ok(())
    }

    /// Marks a place that no other marks reached.
    fn begin(&mut self, waiting: WaitingOf<F>) -> Result<(), Fault<F::Error>> {
        let Waiting { place, hops, .. } = waiting;
        let marks = self.inject(Marks::default(), waiting)?;
        self.place(place, marks, None, hops, None)
    }

    /// Adds marks that waited to those that reached their place already, and counts what is new.
    fn inject(
        &mut self,
        reached: Marks<F::Amount>,
        waiting: WaitingOf<F>,
    ) -> Result<Marks<F::Amount>, Fault<F::Error>> {
        let Waiting { place, marks: new, crossed, .. } = waiting;
        let (before, offered) = (reached.amount, new.amount);
        let marks = match self.options.policy {
            Policy::Fifo | Policy::Lifo => new.with(reached, self.options.policy),
            // A start's money may be what reached it; links bring theirs to pieces that lie apart.
            Policy::Poison | Policy::Haircut if crossed => {
                Marks::of_amount(sum(before, offered)?.min(self.flow.value(place).map_err(Fault::Chain)?))
            }
            Policy::Poison | Policy::Haircut => Marks::of_amount(before.max(offered)),
        };
        let fresh = marks.amount.minus(before);
        let books = self.books(place);
        if crossed {
            books.crossed_in = sum(books.crossed_in, offered)?;
            books.common = sum(books.common, offered.minus(fresh))?;
        } else {
            books.marked = sum(books.marked, fresh)?;
        }
        Ok(marks)
    }

    /// Takes what waits at a place, if something does.
    fn waiting(&mut self, pass: F::Pass, place: F::Place) -> Option<WaitingOf<F>> {
        let waiting = self.pending.get_mut(&pass)?;
        let at = waiting.iter().position(|w| w.place == place)?;
        Some(waiting.swap_remove(at))
    }

    /// Returns whether a marked place is where the trace stops, other than for lying still.
    fn stop(
        &self,
        place: F::Place,
        amount: F::Amount,
        hops: u32,
        pass: F::Pass,
    ) -> Result<Option<F::Kind>, Fault<F::Error>> {
        let bounds = &self.options.bounds;
        if let Some(kind) = self.flow.stop(place, hops) {
            return Ok(Some(kind));
        }
        let bound = |kind: EndKind| Ok(Some(kind.into()));
        if hops >= bounds.max_hops {
            return bound(EndKind::Hops);
        }
        if amount < self.flow.least(place) {
            return bound(EndKind::Value);
        }
        if self.steps >= bounds.max_edges {
            return bound(EndKind::Edges);
        }
        // Looking up a block's time is a search: only where it can matter.
        if bounds.from_time == 0 && bounds.until_time == u32::MAX {
            return Ok(None);
        }
        let time = self.flow.time(pass).map_err(Fault::Chain)?;
        let is_outside = time < bounds.from_time.into() || time > bounds.until_time.into();
        Ok(is_outside.then(|| EndKind::Time.into()))
    }

    /// Lays marks on a place: it waits for the pass that takes it on, or the trace ends there. `value` is what the place holds, where known.
    fn place(
        &mut self,
        place: F::Place,
        mut marks: Marks<F::Amount>,
        value: Option<F::Amount>,
        hops: u32,
        via: Option<F::Pass>,
    ) -> Result<(), Fault<F::Error>> {
        if F::HAS_LINKS && marks.amount > F::Amount::ZERO {
            let value = value.map_or_else(|| self.flow.value(place), Ok).map_err(Fault::Chain)?;
            marks = self.fresh(place, marks, value)?;
            let bounds = &self.options.bounds;
            let is_within = hops < bounds.max_hops && self.steps < bounds.max_edges;
            if is_within && marks.amount >= self.flow.least(place).max(F::Amount::ONE) {
                marks = self.cross(place, marks, value, hops, via)?;
            }
        }
        let amount = marks.amount;
        if amount == F::Amount::ZERO {
            return Ok(());
        }
        let (kind, pass) = match self.flow.next(place).map_err(Fault::Chain)? {
            Next::Fee(pass) => {
                self.outcome.edges.push(Edge { place, amount, tx: pass, hops: hops + 1, via });
                let books = self.books(place);
                books.fees = sum(books.fees, amount)?;
                return Ok(());
            }
            // A service's coins count as the service's even while they rest.
            Next::End(kind) => (Some(self.flow.stop(place, hops).unwrap_or(kind)), None),
            Next::Made(pass, kind) => (Some(self.stop(place, amount, hops, pass)?.unwrap_or(kind)), None),
            Next::Pass(pass) => (self.stop(place, amount, hops, pass)?, Some(pass)),
        };
        match (kind, pass) {
            (Some(kind), _) => self.end(place, amount, kind, hops, via),
            (None, None) => Ok(()),
            (None, Some(pass)) => {
                self.steps += 1 + marks.spans.len() / F::SPANS_A_STEP;
                self.outcome.edges.push(Edge { place, amount, tx: pass, hops: hops + 1, via });
                let queued = self.queue.entry(pass).or_default();
                // Only by links is a place reached twice.
                let same = if F::HAS_LINKS { queued.iter_mut().find(|m| m.place == place) } else { None };
                match same {
                    Some(same) => {
                        same.marks = std::mem::take(&mut same.marks).joined(marks, self.options.policy);
                        same.hops = same.hops.min(hops);
                    }
                    None => queued.push(Marked { place, marks, hops }),
                }
                Ok(())
            }
        }
    }

    /// Returns what of marks is new on a place, which may have been reached before.
    fn fresh(
        &mut self,
        place: F::Place,
        marks: Marks<F::Amount>,
        value: F::Amount,
    ) -> Result<Marks<F::Amount>, Fault<F::Error>> {
        let policy = self.options.policy;
        let Some(before) = self.placed.remove(&place) else {
            self.placed.insert(place, marks.clone());
            return Ok(marks);
        };
        let offered = marks.amount;
        let marks = marks.beyond(&before, value, policy);
        let books = self.books(place);
        books.common = sum(books.common, offered.minus(marks.amount))?;
        self.placed.insert(place, before.joined(marks.clone(), policy));
        Ok(marks)
    }

    /// Lets marks cross the links of a place, and returns those that stay.
    fn cross(
        &mut self,
        place: F::Place,
        marks: Marks<F::Amount>,
        value: F::Amount,
        hops: u32,
        via: Option<F::Pass>,
    ) -> Result<Marks<F::Amount>, Fault<F::Error>> {
        let links = self.flow.links(place).map_err(Fault::Chain)?;
        let Some(reached_at) = links.first().map(|l| l.reached_at) else { return Ok(marks) };
        let policy = self.options.policy;
        // What crosses is what lies in any of the pieces; the pieces may overlap.
        let mut pieces: Vec<Span<F::Amount>> = links.iter().map(|l| l.own).collect();
        pieces.sort_unstable();
        let mut crossed = F::Amount::ZERO;
        let mut stays = marks.clone();
        let mut upto = F::Amount::ZERO;
        for (offset, len) in pieces {
            let end = offset.plus(len);
            let start = offset.max(upto);
            if start < end {
                let part = part_of(&marks, (start, end.minus(start)), value, policy);
                crossed = sum(crossed, part.amount)?;
                if policy.has_spans() {
                    let part = part.spans.iter().map(|(at, len)| (at.plus(start), *len)).collect();
                    stays = stays.beyond(&Marks::of_spans(part), value, policy);
                }
                upto = end;
            }
        }
        if !policy.has_spans() {
            stays = Marks::of_amount(marks.amount.minus(crossed));
        }
        if crossed > F::Amount::ZERO {
            self.outcome.edges.push(Edge { place, amount: crossed, tx: reached_at, hops: hops + 1, via });
        }
        let books = self.books(place);
        books.crossed_out = sum(books.crossed_out, crossed)?;
        for link in links {
            let left = part_of(&marks, link.own, value, policy);
            if left.amount == F::Amount::ZERO {
                continue;
            }
            let reached = scaled(&left, link.own.1, link.other, policy);
            self.steps += 1;
            self.outcome.crossed.push(Crossed { link: link.link, left: left.amount, reached: reached.amount });
            if reached.amount > F::Amount::ZERO {
                let waiting = Waiting { place: link.place, marks: reached, hops: hops + 1, crossed: true };
                self.pending.entry(link.reached_at).or_default().push(waiting);
            }
        }
        Ok(stays)
    }

    fn pass(&mut self, pass: F::Pass, marked: &[MarkedOf<F>]) -> Result<(), Fault<F::Error>> {
        let hops = marked.iter().map(|m| m.hops).min().unwrap_or(0);
        let passage = self.flow.passage(pass, marked).map_err(Fault::Chain)?;
        if passage.assumed {
            self.outcome.assumed.push(pass);
        }
        let passed = passage.pass(marked, self.options.policy, self.options.direction);
        if let Some(first) = marked.first() {
            let books = self.books(first.place);
            books.added = sum(books.added, passed.added)?;
            books.fees = sum(books.fees, passed.fee)?;
        }
        let far = match self.options.direction {
            Direction::Forward => passage.outputs,
            Direction::Backward => passage.inputs,
        };
        for ((place, value), mut marks) in far.into_iter().zip(passed.places) {
            let mut hops = hops + self.flow.hop(place);
            while let Some(waiting) = self.waiting(pass, place) {
                hops = hops.min(waiting.hops);
                marks = self.inject(marks, waiting)?;
            }
            self.place(place, marks, Some(value), hops, Some(pass))?;
        }
        Ok(())
    }
}

/// Returns the marks within a part of a place, from where the part begins.
fn part_of<A: Units>(marks: &Marks<A>, (offset, len): Span<A>, value: A, policy: Policy) -> Marks<A> {
    if !policy.has_spans() {
        let rest = value.minus(offset.min(value)).minus(len.min(value.minus(offset.min(value))));
        let parts = split(marks.amount, [offset, len, rest].into_iter(), value);
        return Marks::of_amount(parts[1]);
    }
    let end = offset.plus(len);
    let within = marks.spans.iter().filter_map(|(start, length)| {
        let (from, upto) = ((*start).max(offset), start.plus(*length).min(end));
        (from < upto).then(|| (from.minus(offset), upto.minus(from)))
    });
    Marks::of_spans(within.collect())
}

/// Returns marks of a piece of length `from` as they lie on another piece, in proportion.
fn scaled<A: Units>(marks: &Marks<A>, from: A, (offset, len): Span<A>, policy: Policy) -> Marks<A> {
    match policy {
        Policy::Poison => Marks::of_amount(len),
        Policy::Haircut => Marks::of_amount(len.share(marks.amount, from)),
        Policy::Fifo | Policy::Lifo => {
            let spans = marks.spans.iter().map(|(start, length)| {
                let (begin, end) = (len.share(*start, from), len.share(start.plus(*length), from));
                (offset.plus(begin), end.minus(begin))
            });
            Marks::of_spans(spans.collect())
        }
    }
}
