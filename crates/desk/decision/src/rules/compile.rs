//! From the text of a rule to a program, with the fields that it speaks about and a bound on its steps.

use super::book::{Rule, RuleState};
use super::{MAX_EXPRESSION, MAX_NESTING};
use crate::budget;
use crate::fields::{FIELDS, field};
use crate::typology::Typology;
use cel::common::ast::{EntryExpr, Expr};
use cel::{IdedExpr, Program};
use std::collections::BTreeMap;

/// A compiled rule.
pub(super) struct Compiled {
    pub(super) program: Program,
    /// Most steps, or why it is over the budget and never evaluated.
    pub(super) steps: Result<u64, String>,
    /// Fields that it speaks about, by number.
    pub(super) fields: Vec<usize>,
    pub(super) typologies: Vec<Typology>,
    /// Whether it speaks about the counterparty or exposures.
    pub(super) speaks_of_chain: bool,
    /// Whether it speaks about the address that a withdrawal's imitates.
    pub(super) speaks_of_lookalikes: bool,
    /// Whether it speaks about issuers' freezes.
    pub(super) speaks_of_issuers: bool,
    pub(super) uses_lists: bool,
}

/// Compiles a rule over the lists of its book.
///
/// # Errors
/// Returns what is wrong with its expression.
pub(super) fn compile(rule: &Rule, lists: &BTreeMap<String, Vec<String>>) -> Result<Compiled, String> {
    let text = &rule.when;
    if text.len() > MAX_EXPRESSION {
        return Err(format!("when: longer than {MAX_EXPRESSION} bytes"));
    }
    check_nesting(text)?;
    let program = Program::compile(text).map_err(|e| format!("when: {e}"))?;
    let mut names = Names::default();
    names.walk(program.expression());
    names.check(lists)?;
    let uses_shadow = names.shadow_alone || names.selected.iter().any(|(g, _)| g == "shadow_model");
    if rule.state == RuleState::Live && uses_shadow {
        return Err("when: shadow_model is for rules in state shadow; a rule in force uses model, whose champions two people approved".into());
    }
    let mut fields: Vec<usize> = names.selected.iter().filter_map(|(g, n)| field(g, n)).collect();
    fields.sort_unstable();
    fields.dedup();
    let typologies = Typology::ALL
        .iter()
        .copied()
        .filter(|t| names.selected.iter().any(|(g, n)| g == "typology" && n == t.name()))
        .collect();
    let speaks_of_chain = names.selected.iter().any(|(g, _)| g == "counterparty" || g == "exposure")
        || names.selected.iter().any(|(g, n)| g == "typology" && ["mixer_exposure"].contains(&n.as_str()));
    let speaks_of_lookalikes = names.selected.iter().any(|(g, n)| g == "withdrawal" && n == "lookalike_of");
    let speaks_of_issuers = names.selected.iter().any(|(g, _)| g == "issuer");
    let uses_lists = names.selected.iter().any(|(g, _)| g == "lists");
    let steps = budget::steps(program.expression(), lists);
    Ok(Compiled {
        program,
        steps,
        fields,
        typologies,
        speaks_of_chain,
        speaks_of_lookalikes,
        speaks_of_issuers,
        uses_lists,
    })
}

/// Bounds what the parser recurses on: brackets and chains of unary operators.
fn check_nesting(text: &str) -> Result<(), String> {
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(format!("when: brackets nest deeper than {MAX_NESTING}"));
        }
    }
    if text.contains("!!!!") || text.contains("----") {
        return Err("when: write a negation once".into());
    }
    Ok(())
}

/// Members that an expression names: `a.b` gives (a, b).
#[derive(Default)]
struct Names {
    selected: Vec<(String, String)>,
    /// Whether `shadow_model` is named without a member, as in `shadow_model['mule']`.
    shadow_alone: bool,
    /// Variables of comprehensions.
    bound: Vec<String>,
}

impl Names {
    /// Whether all that is named exists.
    fn check(&self, lists: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
        for (group, name) in &self.selected {
            if self.bound.contains(group) {
                continue;
            }
            if group == "lists" {
                if !lists.contains_key(name) {
                    let known: Vec<&str> = lists.keys().map(String::as_str).collect();
                    return Err(format!("when: the book has no list '{name}'; it has: {}", known.join(", ")));
                }
            } else if field(group, name).is_none() {
                let known: Vec<&str> = FIELDS.iter().filter(|f| f.group == group).map(|f| f.name).collect();
                return Err(if known.is_empty() {
                    format!("when: there is no '{group}.{name}'; see `holdfast rules fields`")
                } else {
                    format!("when: '{group}' has no field '{name}'; it has: {}", known.join(", "))
                });
            }
        }
        Ok(())
    }

    fn walk(&mut self, e: &IdedExpr) {
        match &e.expr {
            Expr::Select(select) => {
                if let Expr::Ident(group) = &select.operand.expr {
                    self.selected.push((group.clone(), select.field.clone()));
                } else {
                    self.walk(&select.operand);
                }
            }
            Expr::Call(call) => {
                if let Some(target) = &call.target {
                    self.walk(target);
                }
                call.args.iter().for_each(|a| self.walk(a));
            }
            Expr::List(list) => list.elements.iter().for_each(|a| self.walk(a)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(s) => s.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Comprehension(c) => {
                self.bound.push(c.iter_var.clone());
                self.bound.extend(c.iter_var2.clone());
                self.bound.push(c.accu_var.clone());
                for part in [&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                    self.walk(part);
                }
            }
            Expr::Ident(name) => self.shadow_alone |= name.trim_start_matches('.') == "shadow_model",
            Expr::Unspecified | Expr::Literal(_) => {}
        }
    }

    fn entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::StructField(f) => self.walk(&f.value),
            EntryExpr::MapEntry(m) => {
                self.walk(&m.key);
                self.walk(&m.value);
            }
        }
    }
}
