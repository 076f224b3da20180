//! The index of a book's rules: each stands under one condition that it cannot be met without (an access predicate, as in publish/subscribe
//! matching: Fabret et al., SIGMOD 2001), so that the cost of a decision does not grow with the number of rules.

use super::values::FieldCache;
use crate::fields::{FieldValue, Input, field};
use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use std::collections::{BTreeMap, HashMap};

/// A value that a field is compared with for equality.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Exact {
    Int(i64),
    Bool(bool),
    Text(String),
}

/// (bound, rule), sorted.
type Thresholds = Vec<(i64, usize)>;

/// Rules by access predicate, for one kind of event.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Rules without one.
    pub(super) always: Vec<usize>,
    /// Field, then value, then rules.
    equal: Vec<(usize, HashMap<Exact, Vec<usize>>)>,
    /// Field, then (least value, rule) rising: met from that value on.
    at_least: Vec<(usize, Thresholds)>,
    /// Table and entry of it, then the same.
    entry_at_least: Vec<((usize, String), Thresholds)>,
    /// Field, then (largest value, rule) falling: met up to that value.
    at_most: Vec<(usize, Thresholds)>,
    /// Field, then (value, rule): met by every other value.
    not_equal: Vec<(usize, Vec<(Exact, usize)>)>,
}

/// A condition without which a rule is never met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Always,
    Equal(usize, Vec<Exact>),
    AtLeast(usize, i64),
    EntryAtLeast(usize, String, i64),
    AtMost(usize, i64),
    NotEqual(usize, Exact),
    /// One of these.
    Any(Vec<Access>),
}

/// Something without which the expression is never true: the most selective of its top-level conjuncts.
pub(super) fn access_predicate(e: &IdedExpr, lists: &BTreeMap<String, Vec<String>>) -> Access {
    fn rank(a: &Access) -> u8 {
        match a {
            Access::Equal(..) | Access::EntryAtLeast(..) => 3,
            Access::AtLeast(..) => 2,
            Access::AtMost(..) | Access::NotEqual(..) => 1,
            Access::Any(all) => all.iter().map(rank).min().unwrap_or(0),
            Access::Always => 0,
        }
    }
    let part = |e: &IdedExpr| access_predicate(e, lists);
    match &e.expr {
        Expr::Call(call) if call.func_name == operators::LOGICAL_AND => {
            // Earlier conjuncts win among equals.
            call.args.iter().map(part).rev().max_by_key(rank).unwrap_or(Access::Always)
        }
        Expr::Call(call) if call.func_name == operators::LOGICAL_OR => {
            let all: Vec<Access> = call.args.iter().map(part).collect();
            if all.contains(&Access::Always) { Access::Always } else { Access::Any(all) }
        }
        Expr::Call(call) if call.func_name == operators::LOGICAL_NOT => match call.args.first().and_then(field_of) {
            Some(f) => Access::Equal(f, vec![Exact::Bool(false)]),
            None => Access::Always,
        },
        Expr::Call(call) if call.func_name == operators::IN => {
            let Some(f) = call.args.first().and_then(field_of) else { return Access::Always };
            let values: Option<Vec<Exact>> = match call.args.get(1).map(|a| &a.expr) {
                Some(Expr::List(list)) => list.elements.iter().map(literal).collect(),
                Some(Expr::Select(select)) => match &select.operand.expr {
                    Expr::Ident(group) if group == "lists" => {
                        lists.get(&select.field).map(|l| l.iter().map(|t| Exact::Text(t.clone())).collect())
                    }
                    _ => None,
                },
                _ => None,
            };
            values.map_or(Access::Always, |v| Access::Equal(f, v))
        }
        Expr::Call(call) if call.args.len() == 2 => comparison(call),
        Expr::Select(_) => match field_of(e) {
            Some(f) => Access::Equal(f, vec![Exact::Bool(true)]),
            None => Access::Always,
        },
        _ => Access::Always,
    }
}

/// `table['entry'] > n` or `>= n`.
fn entry_comparison(call: &CallExpr) -> Option<Access> {
    if call.func_name != operators::GREATER && call.func_name != operators::GREATER_EQUALS {
        return None;
    }
    let Expr::Call(index) = &call.args[0].expr else { return None };
    if index.func_name != operators::INDEX || index.args.len() != 2 {
        return None;
    }
    let (table, Exact::Text(entry), Exact::Int(n)) =
        (field_of(&index.args[0])?, literal(&index.args[1])?, literal(&call.args[1])?)
    else {
        return None;
    };
    Some(Access::EntryAtLeast(table, entry, n))
}

fn comparison(call: &CallExpr) -> Access {
    if let Some(access) = entry_comparison(call) {
        return access;
    }
    let (field, value, flipped) = match (field_of(&call.args[0]), field_of(&call.args[1])) {
        (Some(f), None) => (f, literal(&call.args[1]), false),
        (None, Some(f)) => (f, literal(&call.args[0]), true),
        _ => return Access::Always,
    };
    let Some(value) = value else { return Access::Always };
    let number = match &value {
        Exact::Int(i) => Some(*i),
        _ => None,
    };
    let name = call.func_name.as_str();
    if name == operators::EQUALS {
        return Access::Equal(field, vec![value]);
    }
    if name == operators::NOT_EQUALS {
        return Access::NotEqual(field, value);
    }
    let Some(n) = number else { return Access::Always };
    let upward = matches!(
        (name, flipped),
        (operators::GREATER_EQUALS | operators::GREATER, false) | (operators::LESS_EQUALS | operators::LESS, true)
    );
    let downward = matches!(
        (name, flipped),
        (operators::LESS_EQUALS | operators::LESS, false) | (operators::GREATER_EQUALS | operators::GREATER, true)
    );
    // The bound itself is kept in: being a candidate costs one evaluation, being none must be certain.
    if upward {
        Access::AtLeast(field, n)
    } else if downward {
        Access::AtMost(field, n)
    } else {
        Access::Always
    }
}

fn field_of(e: &IdedExpr) -> Option<usize> {
    let Expr::Select(select) = &e.expr else { return None };
    let Expr::Ident(group) = &select.operand.expr else { return None };
    if select.test {
        return None;
    }
    field(group, &select.field)
}

fn literal(e: &IdedExpr) -> Option<Exact> {
    match &e.expr {
        Expr::Literal(LiteralValue::Int(i)) => Some(Exact::Int(*i.inner())),
        Expr::Literal(LiteralValue::Boolean(b)) => Some(Exact::Bool(*b.inner())),
        Expr::Literal(LiteralValue::String(s)) => Some(Exact::Text(s.inner().to_owned())),
        _ => None,
    }
}

impl Index {
    /// Adds a rule.
    pub(super) fn add(&mut self, rule: usize, access: Access) {
        fn slot<K: PartialEq, T: Default>(list: &mut Vec<(K, T)>, field: K) -> &mut T {
            let i = list.iter().position(|e| e.0 == field).unwrap_or_else(|| {
                list.push((field, T::default()));
                list.len() - 1
            });
            &mut list[i].1
        }
        match access {
            Access::Always => self.always.push(rule),
            Access::Equal(field, values) => {
                let by_value = slot(&mut self.equal, field);
                for value in values {
                    by_value.entry(value).or_default().push(rule);
                }
            }
            Access::AtLeast(field, n) => slot(&mut self.at_least, field).push((n, rule)),
            Access::EntryAtLeast(field, entry, n) => slot(&mut self.entry_at_least, (field, entry)).push((n, rule)),
            Access::AtMost(field, n) => slot(&mut self.at_most, field).push((n, rule)),
            Access::NotEqual(field, value) => slot(&mut self.not_equal, field).push((value, rule)),
            Access::Any(all) => all.into_iter().for_each(|a| self.add(rule, a)),
        }
    }

    /// Puts thresholds in order; to be called once after the last rule.
    pub(super) fn sort(&mut self) {
        for (_, list) in &mut self.at_least {
            list.sort_unstable();
        }
        for (_, list) in &mut self.entry_at_least {
            list.sort_unstable();
        }
        for (_, list) in &mut self.at_most {
            list.sort_unstable_by_key(|(n, rule)| (std::cmp::Reverse(*n), *rule));
        }
    }

    /// Returns the rules that may be met, unsorted, some of them twice.
    pub(super) fn candidates(&self, input: &Input, cache: &mut FieldCache) -> Vec<usize> {
        let mut out = self.always.clone();
        for (field, by_value) in &self.equal {
            if let Some(rules) = exact(cache.get(*field, input)).and_then(|value| by_value.get(&value)) {
                out.extend_from_slice(rules);
            }
        }
        for (field, list) in &self.at_least {
            if let FieldValue::Int(i) = cache.get(*field, input) {
                out.extend(list.iter().take_while(|(n, _)| n <= i).map(|e| e.1));
            }
        }
        for ((field, entry), list) in &self.entry_at_least {
            if let FieldValue::Table(t) = cache.get(*field, input) {
                let i = t.iter().find(|e| e.0 == entry).map_or(0, |e| e.1);
                out.extend(list.iter().take_while(|(n, _)| *n <= i).map(|e| e.1));
            }
        }
        for (field, list) in &self.at_most {
            if let FieldValue::Int(i) = cache.get(*field, input) {
                out.extend(list.iter().take_while(|(n, _)| n >= i).map(|e| e.1));
            }
        }
        for (field, list) in &self.not_equal {
            let value = exact(cache.get(*field, input));
            out.extend(list.iter().filter(|(n, _)| value.as_ref() != Some(n)).map(|e| e.1));
        }
        out
    }
}

/// What a field's value equals; nothing where it is no single value.
fn exact(value: &FieldValue) -> Option<Exact> {
    match value {
        FieldValue::Int(i) => Some(Exact::Int(*i)),
        FieldValue::Bool(b) => Some(Exact::Bool(*b)),
        FieldValue::Text(t) => Some(Exact::Text(t.clone())),
        FieldValue::Table(_) | FieldValue::List(_) => None,
    }
}
