//! Phrases among the words of a stretch of text: every way of writing them down that people use is tried, the checksum of each scheme is
//! tested, and what ordinary text and programs would write by chance is left out.

use crate::layout::{Gap, Layout};
use crate::mnemonic::{SIZES, checksum_holds, electrum_kind, rs1024_holds};
use crate::words::{CHINESE, Entry, LANGUAGES, NONE, Word};
use crate::{Confidence, Hit, Kind};
use std::ops::Range;

/// Sizes of Electrum's seeds: by default 12, other lengths by choice.
const ELECTRUM_SIZES: std::ops::RangeInclusive<usize> = 12..=26;
/// Longest stretch of words apart alike in which a phrase is searched at any position; longer ones are lists.
const MAX_OPEN: usize = 40;
/// Least score (see [`score`]) of a phrase that its surroundings close on both sides, of one with other words beside it, and of one that
/// nothing checks.
const CLOSED: f32 = 0.0;
const OPEN: f32 = 5.0;
const UNCHECKED: f32 = 4.0;

/// Finds phrases in a part of a text.
pub(crate) fn find(text: &str, begin: usize, end: usize, hits: &mut Vec<Hit>) {
    let layout = Layout::new(text, begin, end);
    let mut from = 0;
    while from < layout.words.len() {
        // Words too far apart, and two unreadable ones in a row, end a stretch.
        let unreadable = |i: usize| layout.words[i].entry.is_none();
        let mut until = from + 1;
        while until < layout.words.len()
            && layout.gaps[until].is_near()
            && !(unreadable(until) && unreadable(until - 1))
        {
            until += 1;
        }
        if until - from >= 11 {
            Stretch { layout: &layout, range: from..until, taken: Vec::new(), hits }.judge();
        }
        from = until;
    }
}

/// How two kinds of gaps can be those of one phrase.
struct Form {
    /// What lies between words of a row.
    gap: usize,
    /// Whether only programs and pages separate so.
    technical: bool,
    /// Whether rows end within.
    rows: bool,
}

/// Returns whether numbers between words, where most gaps have one, count them: other numbers are codes, prices, measures.
fn is_counted(gaps: &[Gap]) -> bool {
    let numbers: Vec<u32> = gaps.iter().filter_map(|g| g.number).collect();
    if numbers.len() * 2 < gaps.len() {
        return true;
    }
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    // The first word's own number may stand apart from the rest.
    let follows = |n: &[u32]| n.windows(2).all(|w| w[1] == w[0].wrapping_add(1));
    let even = |n: &[u32]| n.len() > 1 && n.windows(2).all(|w| w[1] >= w[0] && w[1] - w[0] == n[1] - n[0]);
    follows(&sorted) || even(&numbers) || even(&numbers[1..])
}

/// Returns the number of different numbers.
fn distinct(numbers: &[u16]) -> usize {
    let mut distinct = numbers.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len()
}

/// Returns whether words come again as no draw from a list does, but for test vectors, whose words come again in one rhythm.
fn repeats(numbers: &[u16]) -> bool {
    // Of 24 words two and more pairs are alike once in a hundred times.
    if numbers.len() - distinct(numbers) <= if numbers.len() > 12 { 2 } else { 1 } {
        return false;
    }
    let last = numbers.len() - 1;
    !(1..=numbers.len() / 2 + 3).any(|rhythm| (rhythm..last).all(|i| numbers[i] == numbers[i - rhythm]))
}

struct Stretch<'a> {
    layout: &'a Layout<'a>,
    range: Range<usize>,
    taken: Vec<Range<usize>>,
    hits: &'a mut Vec<Hit>,
}

/// Returns whether numbers only rise: a word list, not a phrase.
fn rises(numbers: &[u16]) -> bool {
    numbers.windows(2).all(|w| w[0] < w[1])
}

/// Returns how much likelier words are drawn evenly from a list than written in ordinary text or programs, in bits.
fn score(words: &[Word]) -> f32 {
    let of = |entry: &Entry| if entry.common == 0 { 1.5 } else { 1.0 - f32::from(entry.common) };
    words.iter().filter_map(|w| w.entry).map(of).sum()
}

impl Stretch<'_> {
    fn judge(mut self) {
        let words = &self.layout.words[self.range.clone()];
        let count = |f: &dyn Fn(&Entry) -> bool| words.iter().filter(|w| w.entry.is_some_and(f)).count();
        let languages: Vec<usize> =
            (0..LANGUAGES.len()).filter(|bit| count(&|e| e.languages & (1 << bit) != 0) >= 11).collect();
        for &bit in &languages {
            self.closed(bit);
        }
        for &bit in &languages {
            self.open(bit);
        }
        for bit in 0..LANGUAGES.len() {
            if count(&|e| (e.languages | e.stems) & (1 << bit) != 0) >= 12 && count(&|e| e.stems & (1 << bit) != 0) >= 6
            {
                self.stems(bit);
            }
        }
        for &bit in &languages {
            self.unreadable(bit);
        }
        if count(&|e| e.old != NONE) >= 12 {
            self.old_electrum();
        }
        if count(&|e| e.slip39 != NONE) >= 20 {
            self.slip39();
        }
    }

    fn is_free(&self, window: &Range<usize>) -> bool {
        !self.taken.iter().any(|t| t.start < window.end && window.start < t.end)
    }

    /// Returns how the words of a window stand, when they were written as one: what lies between them is the same everywhere, or the same within
    /// rows and the same at their ends.
    fn form(&self, window: &Range<usize>) -> Option<Form> {
        let gaps = &self.layout.gaps[window.start + 1..window.end];
        let first = gaps.first()?;
        if !gaps.iter().all(Gap::is_sane) || !is_counted(&self.layout.gaps[window.clone()]) {
            return None;
        }
        let at = |i: usize| window.start + 1 + i;
        let other = gaps.iter().position(|g| !g.is_like(first));
        let Some(other) = other else {
            return Some(Form { gap: at(0), technical: first.is_technical(), rows: false });
        };
        if gaps.iter().any(|g| !g.is_like(first) && !g.is_like(&gaps[other])) {
            return None;
        }
        // Within rows there are fewer ends of lines; where there are none, rows are of one length.
        let (inner, ends) = match first.lines <= gaps[other].lines {
            true => (0, other),
            false => (other, 0),
        };
        let (inner_gap, end_gap) = (&gaps[inner], &gaps[ends]);
        // Hyphens are between all or none: compounds are prose and programs.
        let hyphens = |g: &Gap| g.signs.contains('-');
        if hyphens(inner_gap) != hyphens(end_gap) || inner_gap.joined || end_gap.joined {
            return None;
        }
        if inner_gap.lines == end_gap.lines {
            let ends: Vec<usize> = (0..gaps.len()).filter(|i| gaps[*i].is_like(end_gap)).collect();
            let inners: Vec<usize> = (0..gaps.len()).filter(|i| gaps[*i].is_like(inner_gap)).collect();
            let rare = if ends.len() <= inners.len() { ends } else { inners };
            let row = rare[0] + 1;
            let even =
                rare.iter().enumerate().all(|(i, at)| *at == row * (i + 1) - 1) && window.len().is_multiple_of(row);
            if hyphens(inner_gap) || row < 2 || !even {
                return None;
            }
        }
        Some(Form { gap: at(inner), technical: inner_gap.is_technical(), rows: true })
    }

    /// Returns how well a window is closed on a side: 2 by what lies there, 1 because the word beyond is of no list, 0 not at all, -1 where
    /// another word stands on the line while the phrase has a word a line.
    fn side(&self, edge: &Gap, form: &Form, beyond: Option<&Word>, bit: usize) -> i8 {
        let inner = &self.layout.gaps[form.gap];
        let listed = beyond.is_some_and(|w| w.has(bit));
        if edge.edge || edge.signs != inner.signs || edge.joined != inner.joined || edge.tags != inner.tags {
            return 2;
        }
        if edge.lines < inner.lines && !form.rows && edge.lines == 0 {
            return -1;
        }
        match (edge.lines > inner.lines, listed) {
            (true, true) if form.rows => 1,
            (true, _) => 2,
            (false, true) => 0,
            (false, false) => 1,
        }
    }

    /// Returns how well both sides of a window are closed.
    fn sides(&self, window: &Range<usize>, form: &Form, bit: usize) -> (i8, i8) {
        let words = &self.layout.words;
        let before = window.start.checked_sub(1).and_then(|i| words.get(i));
        let first = self.side(&self.layout.gaps[window.start], form, before, bit);
        // A list that begins with its number 1 begins there.
        let numbered = matches!(self.layout.gaps[window.start].number, Some(0 | 1))
            && self.layout.gaps[window.start + 1].number.is_some();
        let last = self.side(self.layout.after(window.end - 1), form, words.get(window.end), bit);
        (if numbered { 2 } else { first }, last)
    }

    /// Returns the runs of words that are in a language's list.
    fn runs(&self, bit: usize) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        for i in self.range.clone().filter(|i| self.layout.words[*i].has(bit)) {
            match all.last_mut() {
                Some(last) if last.end == i => last.end = i + 1,
                _ => all.push(i..i + 1),
            }
        }
        all
    }

    fn numbers(&self, window: &Range<usize>, bit: usize) -> Vec<u16> {
        self.layout.words[window.clone()].iter().map(|w| w.number(bit)).collect()
    }

    /// Returns the orders in which words of a window may be read: as they stand; by the numbers beside them; columns after each other.
    fn orders(&self, window: &Range<usize>, form: &Form) -> Vec<Vec<usize>> {
        let size = window.len();
        let mut all = vec![(0..size).collect::<Vec<_>>()];
        let numbers: Option<Vec<u32>> = self.layout.gaps[window.clone()].iter().map(|g| g.number).collect();
        if let Some(numbers) = numbers {
            let least = numbers.iter().copied().min().unwrap_or(0);
            let mut order: Vec<usize> = (0..size).collect();
            order.sort_by_key(|i| numbers[*i]);
            let whole = order.iter().enumerate().all(|(k, i)| usize::try_from(numbers[*i] - least) == Ok(k));
            if whole && least <= 1 {
                // Who numbers words means this order and no other.
                return vec![order];
            }
        }
        if form.rows {
            let inner = &self.layout.gaps[form.gap];
            let ends: Vec<usize> = (1..size).filter(|i| !self.layout.gaps[window.start + i].is_like(inner)).collect();
            let columns = ends.first().copied().unwrap_or(size);
            let rows = size / columns;
            if (2..=6).contains(&columns)
                && size == rows * columns
                && ends.iter().enumerate().all(|(k, e)| *e == columns * (k + 1))
            {
                all.push((0..size).map(|k| (k % rows) * columns + k / rows).collect());
            }
        }
        all
    }

    fn push(&mut self, kind: Kind, window: &Range<usize>, value: String, confidence: Confidence, detail: String) {
        let words = &self.layout.words;
        let (start, end) = (words[window.start].start, words[window.end - 1].end);
        self.hits.push(Hit { kind, start, end, value, confidence, detail });
    }

    /// Finds phrases that their surroundings close on both sides, longest first.
    fn closed(&mut self, bit: usize) {
        for run in self.runs(bit) {
            let mut start = run.start;
            while start + 12 <= run.end {
                let longest = (run.end - start).min(*ELECTRUM_SIZES.end());
                let found = (12..=longest).rev().find(|size| self.closed_at(start..start + size, bit));
                start += found.unwrap_or(1);
            }
        }
    }

    fn closed_at(&mut self, window: Range<usize>, bit: usize) -> bool {
        let size = window.len();
        if !self.is_free(&window) {
            return false;
        }
        let Some(form) = self.form(&window) else { return false };
        let (first, last) = self.sides(&window, &form, bit);
        if first < 1 || last < 1 {
            return false;
        }
        let numbers = self.numbers(&window, bit);
        let words = &self.layout.words[window.clone()];
        let least = if form.technical { CLOSED + 3.0 } else { CLOSED };
        if rises(&numbers) || repeats(&numbers) || (bit == 0 && score(words) < least) {
            return false;
        }
        let unspaced = self.layout.gaps[form.gap].joined;
        if unspaced && (first < 2 || last < 2 || (1 << bit) & CHINESE == 0 || is_prose(&numbers)) {
            return false;
        }
        let alone = self.is_alone(&window, bit);
        for order in self.orders(&window, &form) {
            let numbers: Vec<u16> = order.iter().map(|i| numbers[*i]).collect();
            let value = phrase(&numbers, bit);
            let bip39 = SIZES.contains(&size) && checksum_holds(&numbers);
            // Other languages' seeds have 12 words, and spaces between.
            let electrum = electrum_kind(&value).filter(|_| bit == 0 || size == 12 && !unspaced);
            if !bip39 && electrum.is_none() {
                continue;
            }
            let (start, end) = (words[0].start, words[size - 1].end);
            let is_electrums =
                electrum.is_some() && self.layout.is_near(start, end, &["seed_type", "seed_version", "lectrum"]);
            if bip39 && !is_electrums {
                let confidence = if alone || size > 12 { Confidence::High } else { Confidence::Medium };
                let detail = format!("{size} words, {:?}", LANGUAGES[bit]);
                self.push(Kind::Bip39, &window, value.clone(), confidence, detail);
            }
            if let Some(kind) = electrum {
                let detail = match bit {
                    0 => format!("{size} words, {kind}"),
                    _ => format!("{size} words, {kind}, {:?}", LANGUAGES[bit]),
                };
                self.push(Kind::Electrum, &window, value, Confidence::Medium, detail);
            }
            self.taken.push(window);
            return true;
        }
        false
    }

    /// Returns whether no word of the list stands beside a window.
    fn is_alone(&self, window: &Range<usize>, bit: usize) -> bool {
        let listed =
            |i: Option<usize>| i.filter(|i| self.range.contains(i)).is_some_and(|i| self.layout.words[i].has(bit));
        !listed(window.start.checked_sub(1)) && !listed(Some(window.end))
    }

    /// Finds phrases with other words of the list beside them, apart like their own: the one least like ordinary text is taken.
    fn open(&mut self, bit: usize) {
        for run in self.runs(bit) {
            let mut start = run.start;
            while start < run.end {
                // The stretch of words that are apart alike.
                let mut end = start + 1;
                while end < run.end
                    && self.form(&(start..end + 1)).is_some_and(|f| !f.technical && !self.layout.gaps[f.gap].joined)
                {
                    end += 1;
                    if end - start > MAX_OPEN {
                        break;
                    }
                }
                if end - start > MAX_OPEN {
                    // A list: what is apart like its first words is passed over.
                    let gap = &self.layout.gaps[start + 1];
                    while end < run.end && self.layout.gaps[end].is_like(gap) {
                        end += 1;
                    }
                } else if end - start >= 12 {
                    self.open_in(start..end, bit);
                }
                start = if end - start >= 12 { end } else { start + 1 };
            }
        }
    }

    fn open_in(&mut self, run: Range<usize>, bit: usize) {
        let mut found: Vec<(i8, f32, Range<usize>, Vec<u16>)> = Vec::new();
        for size in SIZES {
            for start in run.start..(run.end + 1).saturating_sub(size) {
                let window = start..start + size;
                if !self.is_free(&window) {
                    continue;
                }
                let numbers = self.numbers(&window, bit);
                if rises(&numbers) || repeats(&numbers) || !checksum_holds(&numbers) {
                    continue;
                }
                let Some(form) = self.form(&window) else { continue };
                let score = if bit == 0 { score(&self.layout.words[window.clone()]) } else { OPEN };
                let (first, last) = self.sides(&window, &form, bit);
                if score >= OPEN {
                    found.push((first.min(1) + last.min(1), score, window, numbers));
                }
            }
        }
        let whole = |w: &Range<usize>| w.len() == run.len();
        found.sort_by(|a, b| {
            whole(&b.2).cmp(&whole(&a.2)).then(b.0.cmp(&a.0)).then(b.2.len().cmp(&a.2.len())).then(b.1.total_cmp(&a.1))
        });
        for (_, _, window, numbers) in found {
            if self.is_free(&window) {
                let size = window.len();
                let confidence = if size > 12 || run.len() == size { Confidence::High } else { Confidence::Medium };
                let detail = format!("{size} words, {:?}", LANGUAGES[bit]);
                self.push(Kind::Bip39, &window, phrase(&numbers, bit), confidence, detail);
                self.taken.push(window);
            }
        }
        for start in run.start..(run.end + 1).saturating_sub(12) {
            let window = start..start + 12;
            let words = &self.layout.words[window.clone()];
            let numbers = self.numbers(&window, bit);
            if self.is_free(&window)
                && !rises(&numbers)
                && !repeats(&numbers)
                && (bit != 0 || score(words) >= OPEN + 3.0)
                && let value = phrase(&numbers, bit)
                && let Some(kind) = electrum_kind(&value)
            {
                self.push(Kind::Electrum, &window, value, Confidence::Low, format!("12 words, {kind}"));
                self.taken.push(window);
            }
        }
    }

    /// Finds phrases of which only the first four letters of each word are written, as on metal plates.
    fn stems(&mut self, bit: usize) {
        let of = |word: &Word| -> Option<(u16, bool)> {
            let entry = word.entry?;
            if self.layout.raw(word).chars().count() > 4 {
                return None;
            }
            match (entry.stem_numbers[bit], entry.numbers[bit]) {
                (NONE, NONE) => None,
                (stem, NONE) => Some((stem, true)),
                (_, whole) => Some((whole, false)),
            }
        };
        let all: Vec<Option<(u16, bool)>> = self.layout.words[self.range.clone()].iter().map(of).collect();
        let base = self.range.start;
        for size in SIZES {
            for start in 0..(all.len() + 1).saturating_sub(size) {
                let Some(found) = all[start..start + size].iter().copied().collect::<Option<Vec<_>>>() else {
                    continue;
                };
                let window = base + start..base + start + size;
                if found.iter().filter(|f| f.1).count() * 2 < size || !self.is_free(&window) {
                    continue;
                }
                let Some(form) = self.form(&window) else { continue };
                let (first, last) = self.sides(&window, &form, bit);
                let beside = |i: Option<usize>| i.and_then(|i| all.get(i)).is_some_and(Option::is_some);
                if form.technical
                    || first.min(last) < 1
                    || beside(start.checked_sub(1)) && first < 2
                    || beside(Some(start + size)) && last < 2
                {
                    continue;
                }
                for order in self.orders(&window, &form) {
                    let numbers: Vec<u16> = order.iter().map(|i| found[*i].0).collect();
                    if !rises(&numbers) && !repeats(&numbers) && checksum_holds(&numbers) {
                        let detail = format!("{size} words, {:?}, by their first four letters", LANGUAGES[bit]);
                        self.push(Kind::Bip39, &window, phrase(&numbers, bit), Confidence::Medium, detail);
                        self.taken.push(window);
                        break;
                    }
                }
            }
        }
    }

    /// Finds phrases of which one word cannot be read: it and the words on both sides make a phrase's size. Only where no phrase is whole.
    fn unreadable(&mut self, bit: usize) {
        for gap in self.range.clone().filter(|i| !self.layout.words[*i].has(bit)) {
            let is = |i: &usize| self.layout.words[*i].has(bit);
            let start = gap - (self.range.start..gap).rev().take_while(is).count();
            let end = gap + 1 + (gap + 1..self.range.end).take_while(is).count();
            let window = start..end;
            if !SIZES.contains(&window.len()) {
                continue;
            }
            let words = &self.layout.words[window.clone()];
            let Some(form) = self.form(&window) else { continue };
            // A list that is numbered is no prose, however common its words are.
            let counted =
                self.layout.gaps[window.clone()].iter().filter(|g| g.number.is_some()).count() + 1 >= words.len();
            let (first, last) = self.sides(&window, &form, bit);
            let closed = if words[gap - start].blank { first.min(last) >= 1 } else { first.min(last) == 2 };
            if !closed
                || !self.is_free(&window)
                || form.technical
                || self.layout.gaps[form.gap].joined
                || (bit == 0 && !counted && score(words) < OPEN)
            {
                continue;
            }
            self.partial(&window, gap - start, &form, bit);
        }
    }

    fn partial(&mut self, window: &Range<usize>, missing: usize, form: &Form, bit: usize) {
        let order = self.orders(window, form).swap_remove(0);
        let standing = self.numbers(window, bit);
        let mut numbers: Vec<u16> = order.iter().map(|i| standing[*i]).collect();
        let Some(missing) = order.iter().position(|i| *i == missing) else { return };
        let size = numbers.len();
        let value: Vec<&str> = numbers
            .iter()
            .enumerate()
            .map(|(i, n)| if i == missing { "?" } else { LANGUAGES[bit].word_list()[usize::from(*n)] })
            .collect();
        let value = value.join(" ");
        let mut known = numbers.clone();
        known.remove(missing);
        if rises(&known) || known.len() - distinct(&known) > known.len() / 3 {
            return;
        }
        let fitting = (0..2048u16).filter(|n| {
            numbers[missing] = *n;
            checksum_holds(&numbers)
        });
        let fitting = fitting.count();
        let detail =
            format!("{size} words, {:?}, word {} cannot be read: {fitting} words fit", LANGUAGES[bit], missing + 1);
        self.push(Kind::Bip39Partial, window, value, Confidence::Medium, detail);
        self.taken.push(window.clone());
    }

    /// Finds seeds of Electrum before version 2: words of its first list, closed on both sides. Nothing checks them.
    fn old_electrum(&mut self) {
        let range = self.range.clone();
        let is = |w: &Word| w.entry.is_some_and(|e| e.old != NONE);
        for size in [24, 12] {
            for start in range.start..(range.end + 1).saturating_sub(size) {
                let window = start..start + size;
                let words = &self.layout.words[window.clone()];
                if !words.iter().all(is) || !self.is_free(&window) || score(words) < UNCHECKED {
                    continue;
                }
                let Some(form) = self.form(&window) else { continue };
                let beyond = |i: Option<usize>| i.and_then(|i| self.layout.words.get(i)).is_some_and(is);
                let (first, last) = self.sides(&window, &form, 0);
                let numbers: Vec<u16> = words.iter().filter_map(|w| w.entry).map(|e| e.old).collect();
                let sorted = words.windows(2).all(|w| self.layout.raw(&w[0]) < self.layout.raw(&w[1]));
                if first < 2
                    || last < 2
                    || form.technical
                    || form.rows && (beyond(start.checked_sub(1)) || beyond(Some(window.end)))
                    || rises(&numbers)
                    || repeats(&numbers)
                    || sorted
                {
                    continue;
                }
                let raw: Vec<String> = words.iter().map(|w| self.layout.raw(w).to_lowercase()).collect();
                let detail = format!("{size} words, of Electrum before version 2, by form: nothing checks it");
                self.push(Kind::Electrum, &window, raw.join(" "), Confidence::Low, detail);
                self.taken.push(window);
            }
        }
    }

    fn slip39(&mut self) {
        let mut from = self.range.start;
        while from < self.range.end {
            let is = |i: &usize| self.layout.words[*i].entry.is_some_and(|e| e.slip39 != NONE);
            let end = from + (from..self.range.end).take_while(is).count();
            let numbers: Vec<u16> =
                self.layout.words[from..end].iter().filter_map(|w| w.entry).map(|e| e.slip39).collect();
            let mut at = 0;
            while at + 20 <= numbers.len() {
                let size = [33, 20].into_iter().find(|s| at + s <= numbers.len() && rs1024_holds(&numbers[at..at + s]));
                let Some(size) = size else {
                    at += 1;
                    continue;
                };
                let window = from + at..from + at + size;
                let words = &self.layout.words[window.clone()];
                let value: Vec<String> = words.iter().map(|w| self.layout.raw(w).to_lowercase()).collect();
                let detail = format!("a share of {size} words");
                self.push(Kind::Slip39, &window, value.join(" "), Confidence::High, detail);
                at += size;
            }
            from = end.max(from) + 1;
        }
    }
}

/// Returns the phrase of numbers, in its normal form.
fn phrase(numbers: &[u16], bit: usize) -> String {
    let list = LANGUAGES[bit].word_list();
    numbers.iter().map(|n| list[usize::from(*n)]).collect::<Vec<_>>().join(" ")
}

/// Returns whether Chinese characters are those of running text: the list goes by how common they are, and a phrase draws evenly from it.
fn is_prose(numbers: &[u16]) -> bool {
    let mean = numbers.iter().map(|n| u64::from(*n)).sum::<u64>() / numbers.len().max(1) as u64;
    distinct(numbers) * 2 > numbers.len() && mean < 800
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mnemonic;

    const OZONE: &str = "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic";
    /// A test vector of Electrum (test_mnemonic.py).
    const CEREAL: &str = "cereal wise two govern top pet frog nut rule sketch bundle logic";

    fn found(text: &str) -> Vec<(Kind, String)> {
        let mut hits = Vec::new();
        mnemonic::find(text, &mut hits);
        hits.into_iter().map(|h| (h.kind, h.value)).collect()
    }

    fn each(write: impl Fn(usize, &str) -> String) -> String {
        OZONE.split(' ').enumerate().map(|(i, w)| write(i + 1, w)).collect()
    }

    #[test]
    fn a_numbered_note_with_an_unreadable_word_is_found() {
        let mut missed = Vec::new();
        for n in 0..200u8 {
            let entropy: [u8; 16] = <sha2::Sha256 as sha2::Digest>::digest([n])[..16].try_into().unwrap();
            let phrase = bip39::Mnemonic::from_entropy(&entropy).unwrap();
            let blot = usize::from(n) % 12;
            let write = |(i, w)| format!("{}. {}\n", i + 1, if i == blot { "?" } else { w });
            let note: String = phrase.words().enumerate().map(write).collect();
            if !found(&note).iter().any(|h| h.0 == Kind::Bip39Partial) {
                missed.push(note.replace('\n', " "));
            }
        }
        assert!(missed.is_empty(), "{} missed: {missed:?}", missed.len());
    }

    #[test]
    fn phrases_are_found_in_the_layouts_that_people_use() {
        let words: Vec<&str> = OZONE.split(' ').collect();
        let upper = OZONE.to_uppercase();
        let layouts = [
            ("list", each(|_, w| format!("<li>{w}</li>"))),
            (
                "page",
                format!("<html><h1>Words</h1><ul>\n{}</ul><p>end", each(|_, w| format!("<li class=\"w\">{w}</li>\n"))),
            ),
            ("ordered", format!("<p>keep</p><ol>{}</ol>", each(|_, w| format!("<li><b>{w}</b></li>")))),
            ("cells", format!("<tr>{}</tr>", each(|i, w| format!("<td>{i}</td><td>{w}</td>")))),
            (
                "rows of cells",
                words.chunks(3).map(|c| format!("<tr><td>{}</td></tr>\n", c.join("</td><td>"))).collect(),
            ),
            ("links", each(|_, w| format!("<a>{w}</a>"))),
            ("word and number", each(|i, w| format!("Word #{i}: {w}\n"))),
            ("label of another language", each(|i, w| format!("Palabra {i} = {w}\n"))),
            ("two labels", each(|i, w| format!("Recovery word {i} - {w}\n"))),
            ("ordinals", each(|i, w| format!("{i}th: {w}\n"))),
            ("table", each(|i, w| format!("{i:>2}) {w:<12}{}", if i % 4 == 0 { "\n" } else { "" }))),
            ("dots", each(|i, w| format!("{i}. {w}{}", if i % 3 == 0 { "\n" } else { "  " }))),
            (
                "two columns by number",
                (0..6).map(|i| format!("{}. {:<10} {}. {}\n", i + 1, words[i], i + 7, words[i + 6])).collect(),
            ),
            ("two columns", (0..6).map(|i| format!("{:<10} {}\n", words[i], words[i + 6])).collect()),
            ("three columns", (0..4).map(|i| format!("{}\t{}\t{}\n", words[i], words[i + 4], words[i + 8])).collect()),
            ("two columns with bars", (0..6).map(|i| format!("| {} | {} |\n", words[i], words[i + 6])).collect()),
            ("first four letters", words.iter().map(|w| w[..w.len().min(4)].to_uppercase() + " ").collect()),
            (
                "a plate",
                words.iter().enumerate().map(|(i, w)| format!("{} {}\n", i + 1, &w[..w.len().min(4)])).collect(),
            ),
            ("slashes", OZONE.replace(' ', "/")),
            ("slashes apart", OZONE.replace(' ', " / ")),
            ("underscores", OZONE.replace(' ', "_")),
            ("backslashes", OZONE.replace(' ', "\\")),
            ("hyphens", OZONE.replace(' ', "-")),
            ("plus signs", OZONE.replace(' ', "+")),
            ("commas", OZONE.replace(' ', ",")),
            ("semicolons", OZONE.replace(' ', "; ")),
            ("arrows", OZONE.replace(' ', " -> ")),
            ("json", format!("{{\"words\": [\"{}\"], \"more\": 1}}", OZONE.replace(' ', "\", \""))),
            ("json by number", format!("{{{}\"x\":1}}", each(|i, w| format!("\"word{i}\":\"{w}\",")))),
            ("a program's list", format!("seed = ['{}']", OZONE.replace(' ', "', '"))),
            ("lines in json", format!("{{\"note\":\"my seed\\n{}\\nend\"}}", OZONE.replace(' ', "\\n"))),
            ("upper case", upper),
            (
                "a document's runs",
                each(|_, w| format!("<w:r><w:rPr><w:lang w:val=\"en\"/></w:rPr><w:t>{w}</w:t></w:r>")),
            ),
            ("entities", OZONE.replace(' ', "&nbsp;")),
            ("in a sentence", format!("my wallet seed is {OZONE} please keep it safe")),
            ("quoted", format!("the words were \"{OZONE}\" and then about this")),
            ("bullets", each(|_, w| format!("\u{2022} {w}\n"))),
            ("windows lines", each(|i, w| format!("{i}: {w}\r\n"))),
            ("csv", format!("number;word\n{}", each(|i, w| format!("{i};{w}\n")))),
            ("wrapped", OZONE.replacen(" pudding", "\npudding", 1)),
        ];
        let mut wrong = Vec::new();
        for (name, text) in &layouts {
            let got = found(text);
            if got != [(Kind::Bip39, OZONE.to_owned())] {
                wrong.push((name, got));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn electrums_own_files_give_electrums_seeds() {
        let whole = [
            format!(
                "{{\"keystore\": {{\"pw_hash_version\": 1, \"seed\": \"{CEREAL}\", \"seed_type\": \"standard\", \"type\": \"bip32\"}}}}"
            ),
            format!("{{\n    \"seed\": \"{CEREAL}\",\n    \"type\": \"bip32\",\n \"seed_version\": 41"),
            format!("{{\\\"seed\\\": \\\"{CEREAL}\\\", \\\"type\\\": \\\"bip32\\\", \\\"seed_type\\\": 1"),
        ];
        for text in whole {
            assert_eq!(found(&text), [(Kind::Electrum, CEREAL.to_owned())], "{text}");
        }
        assert_eq!(found(CEREAL), [(Kind::Electrum, CEREAL.to_owned())]);
        // Each kind by its own version: vectors of Electrum's tests.
        for (seed, kind) in [
            ("bitter grass shiver impose acquire brush forget axis eager alone wine silver", "segwit"),
            ("science dawn member doll dutch real can brick knife deny drive list", "two-factor"),
            ("agree install", ""),
        ] {
            let mut hits = Vec::new();
            mnemonic::find(seed, &mut hits);
            match kind {
                "" => assert!(hits.is_empty()),
                _ => assert!(hits.iter().any(|h| h.kind == Kind::Electrum && h.detail.contains(kind)), "{seed}"),
            }
        }
        // Before version 2: another list, and no checksum.
        let old = "powerful random nobody notice nothing important anyway look away hidden message over";
        let mut hits = Vec::new();
        mnemonic::find(&format!("{{'seed': '{old}', 'seed_version': 4}}"), &mut hits);
        assert_eq!(hits.iter().map(|h| h.value.as_str()).collect::<Vec<_>>(), [old]);
        assert!(hits[0].confidence == Confidence::Low && hits[0].detail.contains("before version 2"));
    }

    #[test]
    fn chinese_prose_is_no_phrase() {
        let prose =
            "\u{5728}\u{4e0d}\u{4e86}\u{6709}\u{548c}\u{4eba}\u{8fd9}\u{4e2d}\u{5927}\u{4e3a}\u{4e0a}\u{4e2a}\u{3002}"
                .repeat(400);
        assert_eq!(found(&prose), []);
        // A phrase without spaces stands on a line of its own.
        for size in [16u8, 24, 32] {
            let entropy: Vec<u8> = (0..size).map(|i| i.wrapping_mul(91).wrapping_add(60)).collect();
            let phrase =
                bip39::Mnemonic::from_entropy_in(bip39::Language::SimplifiedChinese, &entropy).unwrap().to_string();
            let text = format!("words:\n{}\nend", phrase.replace(' ', ""));
            assert!(found(&text).contains(&(Kind::Bip39, phrase.clone())), "{size}");
        }
    }
}
