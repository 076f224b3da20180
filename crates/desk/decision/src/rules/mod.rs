//! Rule books: CEL expressions over the fields of `fields.rs`, in YAML that users edit.
//!
//! `book.rs` is the book as written, `compile.rs` makes programs of its rules, `access.rs` finds the few rules that an event may meet,
//! `values.rs` gives them the fields' values; [`RuleBook`] joins them.

mod access;
mod book;
mod compile;
mod values;

pub use book::{AlertHours, BookFile, HoldTerms, Policy, Rule, RuleState, Scope};

use crate::budget::{self, MAX_BOOK_STEPS};
use crate::facts::ChainFacts;
use crate::fields::{FIELDS, Input};
use crate::model::{Event, EventKind};
use crate::state::State;
use crate::typology::Typology;
use access::{Index, access_predicate};
use cel::objects::Key;
use cel::{Context, Env, Value};
use compile::{Compiled, compile};
use holdfast_types::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use values::{FieldCache, cel_value, key_of};

/// Most rules of a book.
pub const MAX_RULES: usize = 5_000;
/// Largest rule book, bytes.
pub const MAX_BOOK: usize = 4 << 20;
/// Longest expression, bytes.
pub const MAX_EXPRESSION: usize = 4_096;
/// Deepest nesting of brackets in an expression.
const MAX_NESTING: usize = 32;

/// A rule book that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The YAML.
    #[error("rule book: {0}")]
    Yaml(String),
    /// One rule.
    #[error("rule '{0}': {1}")]
    Rule(String, String),
    /// The whole book.
    #[error("rule book: {0}")]
    Book(String),
}

/// A rule book in force.
pub struct RuleBook {
    /// Number given when it was put in force.
    pub version: u32,
    /// SHA-256 of its YAML.
    pub sha256: String,
    /// As written.
    pub file: BookFile,
    compiled: Vec<Compiled>,
    index: [Index; 4],
    env: Arc<Env>,
    lists: Value,
}

impl std::fmt::Debug for RuleBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleBook").field("version", &self.version).field("rules", &self.file.rules.len()).finish()
    }
}

/// The default rule book, as it ships.
pub const DEFAULT_BOOK: &str = include_str!("../default_rules.yaml");

/// Returns the SHA-256 of a text, as hex digits.
#[must_use]
pub fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// A rule that an event meets, or could not be evaluated on.
#[derive(Debug)]
pub struct RuleMatch<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Values of the fields that it speaks about.
    pub because: Vec<String>,
    /// Typologies that it speaks about.
    pub typologies: &'a [Typology],
    /// Whether it speaks about the counterparty or exposures.
    pub speaks_of_chain: bool,
    /// Whether it speaks about the address that a withdrawal's imitates.
    pub speaks_of_lookalikes: bool,
    /// Whether it speaks about issuers' freezes.
    pub speaks_of_issuers: bool,
    /// Why it could not be evaluated.
    pub error: Option<String>,
    /// Whether that is because it would take too many steps.
    pub over_budget: bool,
}

impl RuleBook {
    /// Reads and compiles a book. Every rule is tried on empty events of its kinds, so that what cannot be evaluated is refused here.
    ///
    /// # Errors
    /// [`RuleError`] names the rule and the fault.
    pub fn parse(yaml: &str, version: u32) -> Result<Self, RuleError> {
        let book = Self::stored(yaml, version)?;
        let mut steps = 0u64;
        for (rule, compiled) in book.file.rules.iter().zip(&book.compiled) {
            let found = compiled.steps.as_ref().map_err(|e| RuleError::Rule(rule.id.clone(), format!("when: {e}")))?;
            steps = steps.saturating_add(if rule.state == RuleState::Off { 0 } else { *found });
        }
        match steps > MAX_BOOK_STEPS {
            true => {
                Err(RuleError::Book(format!("its rules may take {steps} steps together; at most {MAX_BOOK_STEPS}")))
            }
            false => Ok(book),
        }
    }

    /// Reads a book that was put in force by an earlier version, which knew no budget: a rule above it stays in the book, is not evaluated, and counts as
    /// one that could not be.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn stored(yaml: &str, version: u32) -> Result<Self, RuleError> {
        if yaml.len() > MAX_BOOK {
            return Err(RuleError::Book(format!("larger than {MAX_BOOK} bytes")));
        }
        let file: BookFile = serde_norway::from_str(yaml).map_err(|e| RuleError::Yaml(e.to_string()))?;
        file.check()?;
        let list = |items: &Vec<String>| Value::from(items.iter().map(|i| Value::from(i.as_str())).collect::<Vec<_>>());
        let lists: HashMap<Key, Value> =
            file.lists.iter().map(|(name, items)| (Key::from(name.as_str()), list(items))).collect();
        let mut book = RuleBook {
            version,
            sha256: sha256(yaml),
            compiled: Vec::new(),
            index: Default::default(),
            env: Arc::new(Env::stdlib()),
            lists: Value::from(lists),
            file,
        };
        book.compile()?;
        book.try_all()?;
        Ok(book)
    }

    /// Compiles all rules and indexes those that are not off.
    fn compile(&mut self) -> Result<(), RuleError> {
        let mut seen = HashMap::new();
        for (number, rule) in self.file.rules.iter().enumerate() {
            let fault = |text: String| RuleError::Rule(rule.id.clone(), text);
            rule.check_id().map_err(fault)?;
            if let Some(other) = seen.insert(rule.id.as_str(), number) {
                return Err(fault(format!("rules {} and {} have the same id", other + 1, number + 1)));
            }
            rule.check_terms().map_err(fault)?;
            let compiled = compile(rule, &self.file.lists).map_err(fault)?;
            let access = access_predicate(compiled.program.expression(), &self.file.lists);
            self.compiled.push(compiled);
            if rule.state == RuleState::Off {
                continue;
            }
            for kind in &rule.on {
                self.index[*kind as usize].add(number, access.clone());
            }
        }
        self.index.iter_mut().for_each(Index::sort);
        Ok(())
    }

    /// Tries every rule on empty events of its kinds.
    fn try_all(&self) -> Result<(), RuleError> {
        let (state, facts) = (State::default(), ChainFacts::default());
        for (number, rule) in self.file.rules.iter().enumerate() {
            for kind in &rule.on {
                let event = Event::new(*kind, "trial", Timestamp::from_unix(1_700_000_000), "trial");
                let input = Input::new(&state, &event, &facts, None, &[]);
                let context = self.context(&input, &mut FieldCache::new(), &[number]);
                if let Err(e) = self.evaluate(number, &context)
                    && self.compiled[number].steps.is_ok()
                {
                    return Err(RuleError::Rule(rule.id.clone(), format!("when: {e}")));
                }
            }
        }
        Ok(())
    }

    /// The default book.
    ///
    /// # Panics
    /// Never: a test holds the shipped book to this parser.
    pub fn standard() -> Self {
        Self::parse(DEFAULT_BOOK, 1).expect("the shipped rule book parses")
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.file.rules
    }

    /// The variables that some rules speak about.
    fn context(&self, input: &Input, cache: &mut FieldCache, rules: &[usize]) -> Context<'static, 'static> {
        let mut fields: Vec<usize> = rules.iter().flat_map(|r| &self.compiled[*r].fields).copied().collect();
        fields.sort_unstable();
        fields.dedup();
        let mut groups: Vec<(&str, HashMap<Key, Value>)> = Vec::new();
        for i in fields {
            let value = cel_value(cache.get(i, input));
            let key = key_of(i);
            match groups.iter_mut().find(|g| g.0 == FIELDS[i].group) {
                Some(group) => {
                    group.1.insert(key, value);
                }
                None => groups.push((FIELDS[i].group, HashMap::from([(key, value)]))),
            }
        }
        let mut context = Context::with_env(self.env.clone());
        for (name, map) in groups {
            context.add_variable_from_value(name, Value::from(map));
        }
        if rules.iter().any(|r| self.compiled[*r].uses_lists) {
            context.add_variable_from_value("lists", self.lists.clone());
        }
        context
    }

    fn evaluate(&self, rule: usize, context: &Context) -> Result<bool, String> {
        if let Err(over) = &self.compiled[rule].steps {
            return Err(over.clone());
        }
        match self.compiled[rule].program.execute(context) {
            Ok(Value::Bool(met)) => Ok(met),
            Ok(other) => Err(format!("gives {other:?}, not true or false")),
            Err(e) => Err(e.to_string()),
        }
    }

    /// All rules that an event meets, in the book's order; live and shadow.
    pub fn matches(&self, input: &Input) -> Vec<RuleMatch<'_>> {
        let mut cache = FieldCache::new();
        let mut candidates = self.index[input.event.kind as usize].candidates(input, &mut cache);
        if candidates.is_empty() {
            return Vec::new();
        }
        candidates.sort_unstable();
        candidates.dedup();
        let context = self.context(input, &mut cache, &candidates);
        let mut matches = Vec::new();
        for number in candidates {
            let compiled = &self.compiled[number];
            let large = compiled.fields.iter().find(|f| !budget::fits(cache.get(**f, input)));
            let over_budget = compiled.steps.is_err() || large.is_some();
            let error = match large {
                Some(f) => {
                    Some(format!("{}.{} is larger than rules may look through", FIELDS[*f].group, FIELDS[*f].name))
                }
                None => match self.evaluate(number, &context) {
                    Ok(false) => continue,
                    Ok(true) => None,
                    Err(e) => Some(e),
                },
            };
            let because = compiled
                .fields
                .iter()
                .map(|f| format!("{}.{} = {}", FIELDS[*f].group, FIELDS[*f].name, cache.get(*f, input)))
                .collect();
            matches.push(RuleMatch {
                rule: &self.file.rules[number],
                because,
                typologies: &compiled.typologies,
                speaks_of_chain: compiled.speaks_of_chain,
                speaks_of_lookalikes: compiled.speaks_of_lookalikes,
                speaks_of_issuers: compiled.speaks_of_issuers,
                error,
                over_budget,
            });
        }
        matches
    }

    /// How many rules an event of a kind makes the engine evaluate at least (those without an access predicate).
    pub fn always_evaluated(&self, kind: EventKind) -> usize {
        self.index[kind as usize].always.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(when: &str) -> Result<RuleBook, RuleError> {
        let yaml = format!(
            "title: t\nlists:\n  bad: [KP, IR, ETH]\nrules:\n  - id: r\n    version: 1\n    state: live\n    title: t\n    on: [withdrawal, payment]\n    when: \"{when}\"\n    decision: review\n    source: [test]\n"
        );
        RuleBook::parse(&yaml, 1)
    }

    #[test]
    fn the_shipped_book_parses_and_names_its_sources() {
        let book = RuleBook::standard();
        assert!(book.rules().len() >= 30);
        for rule in book.rules() {
            assert!(rule.source.iter().all(|s| s.len() > 10), "{}", rule.id);
        }
        for typology in Typology::ALL {
            assert!(book.compiled.iter().any(|c| c.typologies.contains(typology)), "{}", typology.name());
        }
    }

    #[test]
    fn targets_of_alerts_are_policy_within_bounds() {
        let of = |hours: &str| RuleBook::parse(&format!("title: t\npolicy: {{alert_hours: {hours}}}\nrules: []\n"), 1);
        let hours = of("{severe: 8}").unwrap().file.policy.alert_hours;
        assert_eq!(hours, AlertHours { severe: 8, ..AlertHours::default() });
        let fault = |hours: &str| of(hours).unwrap_err().to_string();
        assert!(fault("{low: 0}").contains("policy.alert_hours.low is 0"), "{}", fault("{low: 0}"));
        assert!(fault("{high: 9000}").contains("1 to 8760"), "{}", fault("{high: 9000}"));
        assert!(fault("{critical: 1}").contains("critical"), "{}", fault("{critical: 1}"));
    }

    #[test]
    fn faults_are_named() {
        for (when, expected) in [
            ("event.colour == 'red'", "'event' has no field 'colour'"),
            ("weather.rain", "there is no 'weather.rain'"),
            ("event.value", "not true or false"),
            ("event.value >= 'x'", "when"),
            ("event.value >=", "when"),
            ("customer.country in lists.worse", "the book has no list 'worse'"),
            ("exposure.source_direct['nonsense'] > 1", "when"),
        ] {
            let error = book(when).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("rule 'r'"), "{when}: {error}");
        }
        let list = format!("[{}]", vec!["1"; 20].join(","));
        let nested = (0..8).fold("a0 > 0".to_owned(), |inner, i| format!("{list}.all(a{i}, {inner})"));
        let error = book(&format!("event.value > 0 && {nested}")).unwrap_err().to_string();
        assert!(error.contains("rule 'r'") && error.contains("deeper than 4"), "{error}");
        let deep = format!("{}true{}", "(".repeat(100), ")".repeat(100));
        assert!(book(&deep).unwrap_err().to_string().contains("nest"));
    }

    #[test]
    fn a_rule_in_force_names_no_model_in_shadow_in_any_form() {
        for when in [
            "shadow_model.mule > 1",
            "event.value > 5 && shadow_model['mule'] > 1",
            "event.value > 5 && .shadow_model['mule'] > 1",
            "event.value > 5 && [shadow_model].exists(m, m.mule > 1)",
            "event.value > 5 && {'a': shadow_model}.a.mule > 1",
        ] {
            let error = book(when).unwrap_err().to_string();
            assert!(error.contains("shadow_model is for rules in state shadow"), "{when}: {error}");
        }
        book("event.value > 5 && model.mule > 1").unwrap();
    }

    #[test]
    fn rules_are_met_and_say_why() {
        let book = book("event.value >= 100 && customer.country in lists.bad || event.round").unwrap();
        let mut event = Event::new(EventKind::Withdrawal, "w", Timestamp::from_unix(1_700_000_000), "c");
        event.asset = Some("BTC".into());
        let (state, facts) = (State::default(), ChainFacts::default());
        assert!(book.matches(&Input::new(&state, &event, &facts, Some(10), &[])).is_empty());
        let met = book.matches(&Input::new(&state, &event, &facts, Some(20_000), &[]));
        assert_eq!(met.len(), 1);
        assert!(met[0].because.contains(&"event.value = 20000".to_owned()), "{:?}", met[0].because);
    }

    #[test]
    fn a_stored_rule_over_its_budget_is_not_run_but_reviewed() {
        let list = format!("[{}]", vec!["1"; 20].join(","));
        let nested = (0..8).fold("a0 > 0".to_owned(), |inner, i| format!("{list}.all(a{i}, {inner})"));
        let yaml = format!(
            "title: t\nrules:\n  - id: r\n    version: 1\n    state: live\n    title: t\n    on: [withdrawal]\n    when: \"event.value > 0 && {nested}\"\n    decision: hold\n    source: [test]\n"
        );
        let book = RuleBook::stored(&yaml, 1).unwrap();
        let mut event = Event::new(EventKind::Withdrawal, "w", Timestamp::from_unix(1_700_000_000), "c");
        event.asset = Some("BTC".into());
        let (state, facts) = (State::default(), ChainFacts::default());
        let begun = std::time::Instant::now();
        let met = book.matches(&Input::new(&state, &event, &facts, Some(10), &[]));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5));
        assert!(met.len() == 1 && met[0].over_budget && met[0].error.is_some());
    }

    #[test]
    fn the_index_never_loses_a_rule() {
        // Every expression is compared with plain evaluation over many inputs.
        let expressions = [
            "event.value >= 500",
            "500 > event.value",
            "event.value == 700 || event.value == 900",
            "event.asset in ['BTC', 'ETH'] && event.value < 800",
            "!event.priced",
            "event.priced && event.kind == 'payment'",
            "customer.age_days <= 10 && event.asset == 'BTC'",
            "typology.structuring || event.value > 850",
            "!(event.value > 300)",
            "event.value - 100 > 300",
            "event.asset in lists.bad && event.value < 600",
            "exposure.source_direct['sanction'] >= 1 || event.value == 700",
            "event.value > 600 || event.asset == 'ETH' || typology.mule",
            "event.asset != 'BTC'",
            "700 != event.value || typology.mule",
        ];
        for when in expressions {
            let book = book(when).unwrap();
            for kind in [EventKind::Withdrawal, EventKind::Payment] {
                for asset in ["BTC", "ETH", "XMR"] {
                    for value in [None, Some(0), Some(299), Some(499), Some(500), Some(501), Some(700), Some(900)] {
                        let mut event = Event::new(kind, "w", Timestamp::from_unix(1_700_000_000), "c");
                        event.asset = Some(asset.into());
                        let (state, facts) = (State::default(), ChainFacts::default());
                        let input = Input::new(&state, &event, &facts, value, &[]);
                        let plain = book.evaluate(0, &book.context(&input, &mut FieldCache::new(), &[0])).unwrap();
                        assert_eq!(!book.matches(&input).is_empty(), plain, "{when} {asset} {value:?}");
                    }
                }
            }
        }
        // And most of them are indexed.
        let indexed = expressions.iter().filter(|e| book(e).unwrap().always_evaluated(EventKind::Withdrawal) == 0);
        assert!(indexed.count() >= 12);
    }

    #[test]
    fn no_shipped_rule_is_evaluated_for_every_event() {
        let book = RuleBook::standard();
        for kind in EventKind::ALL {
            assert_eq!(book.always_evaluated(kind), 0, "{kind:?}");
        }
    }
}
