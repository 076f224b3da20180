//! A bound on the work of a rule, found from its expression before it ever runs: no rule holds the writer up.
//!
//! Every part gets the most steps that it can take and the largest value that it can give, from the sizes of lists in the book, of literals,
//! and of fields. Fields are taken to be of at most these sizes; a larger one at run time is over the budget ([`fits`]).

use crate::facts::ChainFacts;
use crate::fields::{FIELDS, FieldValue, Input};
use crate::model::{Event, EventKind};
use crate::state::State;
use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, operators};
use holdfast_attribution::Category;
use holdfast_types::Timestamp;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Most steps of one rule on one event.
pub const MAX_STEPS: u64 = 100_000;
/// Most steps of all rules of a book on one event.
pub const MAX_BOOK_STEPS: u64 = 2_000_000;
/// Deepest comprehensions in comprehensions.
const MAX_DEPTH: usize = 4;
/// Largest value that a rule may build, in bytes or items.
const MAX_VALUE: u64 = 1 << 20;
/// Sizes of fields: items of a list, bytes of an item, bytes of a text.
const MAX_ITEMS: u64 = 128;
const MAX_ITEM: u64 = 256;
const MAX_TEXT: u64 = 1_024;
/// Steps of compiling and running one regular expression.
const REGEX: u64 = 5_000;
/// Bytes or items that count as one step where they are copied or compared.
const A_STEP: u64 = 64;

/// The most that a part does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    steps: u64,
    /// Size of its value, all inner values included.
    size: u64,
    /// Items of its value, if it is a list or map.
    len: u64,
    /// Size of an item.
    item: u64,
}

const SCALAR: Bound = Bound { steps: 1, size: 1, len: 0, item: 0 };
/// Whatever a name may stand for.
const ANYTHING: Bound = Bound { steps: 2, size: MAX_ITEMS * MAX_TEXT, len: MAX_ITEMS, item: MAX_TEXT };

/// Bounds of all fields, by the kind of value that each gives of an empty event.
fn of_fields() -> &'static [Bound] {
    static BOUNDS: OnceLock<Vec<Bound>> = OnceLock::new();
    BOUNDS.get_or_init(|| {
        let (state, facts) = (State::default(), ChainFacts::default());
        let event = Event::new(EventKind::Withdrawal, "trial", Timestamp::from_unix(1_700_000_000), "trial");
        let input = Input::new(&state, &event, &facts, None, &[]);
        let bound = |value: FieldValue| match value {
            FieldValue::Int(_) | FieldValue::Bool(_) => SCALAR,
            FieldValue::Text(_) => Bound { size: MAX_TEXT, ..SCALAR },
            FieldValue::Table(_) => {
                let len = Category::all().count() as u64;
                Bound { steps: 1, size: len * 32, len, item: 32 }
            }
            FieldValue::List(_) => Bound { steps: 1, size: MAX_ITEMS * MAX_ITEM, len: MAX_ITEMS, item: MAX_ITEM },
        };
        FIELDS.iter().map(|f| bound(f.of(&input)).and_steps(1)).collect()
    })
}

/// What a name stands for.
struct Scope<'a> {
    lists: &'a BTreeMap<String, Vec<String>>,
    bound: Vec<(String, Bound)>,
    depth: usize,
}

/// Returns the most steps of an expression over the lists of a book.
///
/// # Errors
/// Why it is over the budget, and how to change it.
pub fn steps(e: &IdedExpr, lists: &BTreeMap<String, Vec<String>>) -> Result<u64, String> {
    let found = Scope { lists, bound: Vec::new(), depth: 0 }.bound(e)?;
    match found.steps > MAX_STEPS {
        true => Err(format!(
            "may take {} steps, and at most {MAX_STEPS} are allowed: use shorter lists, or fewer comprehensions in each other",
            found.steps
        )),
        false => Ok(found.steps),
    }
}

/// Whether a field's value is of the size that the budget was made for.
pub fn fits(value: &FieldValue) -> bool {
    match value {
        FieldValue::Int(_) | FieldValue::Bool(_) | FieldValue::Table(_) => true,
        FieldValue::Text(text) => text.len() as u64 <= MAX_TEXT,
        FieldValue::List(list) => list.len() as u64 <= MAX_ITEMS && list.iter().all(|t| t.len() as u64 <= MAX_ITEM),
    }
}

impl Bound {
    /// One after the other; the value is that of neither.
    fn then(self, other: Bound) -> u64 {
        self.steps.saturating_add(other.steps)
    }

    fn either(self, other: Bound) -> Bound {
        Bound {
            steps: self.then(other),
            size: self.size.max(other.size),
            len: self.len.max(other.len),
            item: self.item.max(other.item),
        }
    }

    /// Both joined, as by `+`.
    fn joined(self, other: Bound) -> Bound {
        Bound {
            steps: self.then(other),
            size: self.size.saturating_add(other.size),
            len: self.len.saturating_add(other.len),
            item: self.item.max(other.item),
        }
    }

    fn and_steps(self, more: u64) -> Bound {
        Bound { steps: self.steps.saturating_add(more), ..self }
    }

    /// Copying or comparing the value.
    fn handled(self) -> Bound {
        self.and_steps(1 + self.size / A_STEP)
    }
}

impl Scope<'_> {
    fn bound(&mut self, e: &IdedExpr) -> Result<Bound, String> {
        let found = match &e.expr {
            Expr::Literal(LiteralValue::String(s)) => Bound { size: s.inner().len() as u64, ..SCALAR },
            Expr::Literal(LiteralValue::Bytes(b)) => Bound { size: b.inner().len() as u64, ..SCALAR },
            Expr::Literal(_) | Expr::Unspecified => SCALAR,
            Expr::Ident(name) => self.named(name),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(group) if !self.bound.iter().any(|(n, _)| n == group) => self.field(group, &select.field),
                _ => item_of(self.bound(&select.operand)?),
            },
            Expr::Call(call) => self.call(call.target.as_deref(), &call.func_name, &call.args)?,
            Expr::List(list) => self.items(list.elements.iter())?,
            Expr::Map(map) => self.entries(map.entries.iter().map(|e| &e.expr))?,
            Expr::Struct(s) => self.entries(s.entries.iter().map(|e| &e.expr))?,
            Expr::Comprehension(_) => self.comprehension(e)?,
        };
        match found.size > MAX_VALUE {
            true => Err(format!("may build a value of {} bytes, and at most {MAX_VALUE} are allowed", found.size)),
            false => Ok(found),
        }
    }

    fn named(&self, name: &str) -> Bound {
        match self.bound.iter().rev().find(|(n, _)| n == name) {
            Some((_, bound)) => Bound { steps: 1, ..*bound },
            // A whole group: all its fields.
            None if name == "lists" => {
                let item = self.lists.values().map(|l| list_bound(l).size).max().unwrap_or(1);
                let len = self.lists.len() as u64;
                Bound { steps: 1, size: len.saturating_mul(item), len, item }
            }
            None => ANYTHING,
        }
    }

    fn field(&self, group: &str, name: &str) -> Bound {
        match group {
            "lists" => self.lists.get(name).map_or(SCALAR, |l| list_bound(l)),
            _ => crate::fields::field(group, name).map_or(ANYTHING, |i| of_fields()[i]),
        }
    }

    fn items<'e>(&mut self, parts: impl Iterator<Item = &'e IdedExpr>) -> Result<Bound, String> {
        let mut all = Bound { steps: 1, size: 1, len: 0, item: 0 };
        for part in parts {
            let part = self.bound(part)?;
            all = Bound {
                steps: all.then(part).saturating_add(1),
                size: all.size.saturating_add(part.size),
                len: all.len + 1,
                item: all.item.max(part.size),
            };
        }
        Ok(all)
    }

    fn entries<'e>(&mut self, entries: impl Iterator<Item = &'e EntryExpr>) -> Result<Bound, String> {
        let mut all = SCALAR;
        for entry in entries {
            let parts = match entry {
                EntryExpr::StructField(f) => self.items(std::iter::once(&f.value))?,
                EntryExpr::MapEntry(m) => self.items([&m.key, &m.value].into_iter())?,
            };
            all = Bound { len: all.len + 1, item: all.item.max(parts.size), ..all.joined(parts) };
        }
        Ok(all)
    }

    fn call(&mut self, target: Option<&IdedExpr>, name: &str, args: &[IdedExpr]) -> Result<Bound, String> {
        let mut parts = Vec::with_capacity(args.len() + 1);
        for part in target.into_iter().chain(args) {
            parts.push(self.bound(part)?);
        }
        let all = parts.iter().fold(Bound { size: 0, ..SCALAR }, |a, b| a.joined(*b));
        let steps = all.steps;
        Ok(match name {
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT | operators::NOT_STRICTLY_FALSE => {
                Bound { steps: steps + 1, ..SCALAR }
            }
            operators::CONDITIONAL if parts.len() == 3 => Bound { steps, ..parts[1].either(parts[2]) },
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT if !parts.is_empty() => {
                Bound { steps: steps.saturating_add(2), ..item_of(parts[0]) }
            }
            "matches" => Bound { ..SCALAR }.and_steps(steps.saturating_add(REGEX).saturating_add(all.size)),
            operators::EQUALS
            | operators::NOT_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::IN
            | "contains"
            | "startsWith"
            | "endsWith"
            | "size" => Bound { steps: all.handled().steps, ..SCALAR },
            // Whatever else there is joins or turns what it is given; decimal text of a number is short.
            _ => Bound { size: all.size.saturating_add(32), ..all.handled() },
        })
    }

    fn comprehension(&mut self, e: &IdedExpr) -> Result<Bound, String> {
        let Expr::Comprehension(c) = &e.expr else { return Ok(SCALAR) };
        let range = self.bound(&c.iter_range)?;
        let init = self.bound(&c.accu_init)?;
        if self.depth >= MAX_DEPTH {
            return Err(format!("has comprehensions in each other deeper than {MAX_DEPTH}"));
        }
        self.depth += 1;
        let at = self.bound.len();
        let item = item_of(range);
        self.bound.push((c.iter_var.clone(), item));
        if let Some(second) = &c.iter_var2 {
            self.bound.push((second.clone(), item));
        }
        self.bound.push((c.accu_var.clone(), init));
        // How much one turn adds, then what a turn costs when all were added.
        let step = self.bound(&c.loop_step)?;
        let grown = Bound {
            steps: 1,
            size: init.size.saturating_add(range.len.saturating_mul(step.size.saturating_sub(init.size))),
            len: init.len.saturating_add(range.len.saturating_mul(step.len.saturating_sub(init.len))),
            item: init.item.max(step.item),
        };
        if grown.size > MAX_VALUE {
            return Err(format!("may build a value of {} bytes, and at most {MAX_VALUE} are allowed", grown.size));
        }
        if let Some(accumulated) = self.bound.last_mut() {
            accumulated.1 = grown;
        }
        let turn = self.bound(&c.loop_step)?.then(self.bound(&c.loop_cond)?).saturating_add(2);
        let result = self.bound(&c.result)?;
        self.bound.truncate(at);
        self.depth -= 1;
        let steps = range.then(init).saturating_add(range.len.saturating_mul(turn)).saturating_add(result.steps);
        Ok(Bound { steps, ..result })
    }
}

/// An item of a list or map, or a character of a text; what it holds in turn is no larger.
fn item_of(of: Bound) -> Bound {
    Bound { steps: of.steps.saturating_add(1), size: of.item.max(1), len: of.item, item: of.item }
}

fn list_bound(list: &[String]) -> Bound {
    let item = list.iter().map(|t| t.len() as u64).max().unwrap_or(0);
    Bound { steps: 2, size: list.iter().map(|t| t.len() as u64 + 1).sum::<u64>() + 1, len: list.len() as u64, item }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cel::Program;

    fn of(when: &str) -> Result<u64, String> {
        let lists = BTreeMap::from([("l".to_owned(), (0..200).map(|i| i.to_string()).collect())]);
        steps(Program::compile(when).unwrap().expression(), &lists)
    }

    #[test]
    fn ordinary_rules_are_far_below_the_budget() {
        for when in [
            "event.value >= 500 && customer.country in lists.l || typology.structuring",
            "lists.l.exists(c, c == customer.country)",
            "customer.flags.exists(f, f in ['pep', 'vulnerable'])",
            "lists.l.filter(c, c.startsWith('1')).size() > 3",
            "event.asset.matches('^(BTC|ETH)$')",
        ] {
            assert!(of(when).unwrap_or_else(|e| panic!("{when}: {e}")) < MAX_STEPS, "{when}");
        }
    }

    #[test]
    fn work_that_multiplies_is_refused() {
        let twenty = format!("[{}]", (0..20).map(|i| i.to_string()).collect::<Vec<_>>().join(","));
        let nested = (0..8).fold("a0 >= 0".to_owned(), |inner, i| format!("{twenty}.all(a{i}, {inner})"));
        let doubling = format!("['x']{}.size() > 0", ".map(a, a + a)".repeat(60));
        let cases = [
            nested,
            "lists.l.all(a, lists.l.all(b, lists.l.all(c, a + b != c)))".to_owned(),
            format!("{twenty}.map(a, {twenty}.map(b, {twenty}.map(c, {twenty}))).size() > 0"),
            doubling,
            "lists.l.exists(a, event.asset.matches(a))".to_owned(),
        ];
        for when in cases {
            let refused = of(&when).unwrap_err();
            assert!(refused.contains("at most") || refused.contains("deeper"), "{when}: {refused}");
        }
    }

    #[test]
    fn a_field_larger_than_the_budget_was_made_for_does_not_fit() {
        assert!(fits(&FieldValue::List(vec!["a".into(); MAX_ITEMS as usize])));
        assert!(!fits(&FieldValue::List(vec!["a".into(); MAX_ITEMS as usize + 1])));
        assert!(!fits(&FieldValue::Text("a".repeat(MAX_TEXT as usize + 1))));
    }
}
