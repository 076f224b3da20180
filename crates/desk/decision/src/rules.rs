//! Rule books: CEL expressions over the fields of `fields.rs`, in YAML that users edit.
//!
//! To keep the cost of a decision independent of the number of rules, each rule is indexed under one condition that it cannot be met
//! without (an access predicate, as in publish/subscribe matching: Fabret et al., SIGMOD 2001); only candidates are evaluated.

use crate::behind;
use crate::budget::{self, MAX_BOOK_STEPS};
use crate::decision::Verdict;
use crate::facts::ChainFacts;
use crate::fields::{FIELDS, FieldValue, Input, field};
use crate::model::{Event, EventKind};
use crate::state::State;
use crate::typology::Typology;
use crate::warnings::{MAX_COOLING, WarningTerms};
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::objects::Key;
use cel::{Context, Env, IdedExpr, Program, Value};
use holdfast_attribution::Category;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use utoipa::ToSchema;

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

/// Whether a rule acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// It acts.
    Live,
    /// It is recorded, and changes nothing.
    Shadow,
    /// It is not evaluated.
    Off,
}

impl RuleState {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            RuleState::Live => "live",
            RuleState::Shadow => "shadow",
            RuleState::Off => "off",
        }
    }
}

/// What a hold covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything of the customer (or of one account): a freeze.
    Account,
    /// Everything in one asset.
    Asset,
    /// An amount of an asset.
    Amount,
    /// One deposit.
    Deposit,
}

impl Scope {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Account => "account",
            Scope::Asset => "asset",
            Scope::Amount => "amount",
            Scope::Deposit => "deposit",
        }
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Scope::Account, Scope::Asset, Scope::Amount, Scope::Deposit].into_iter().find(|s| s.name() == name)
    }
}

/// How a rule's hold is placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldTerms {
    /// What it covers; by default the deposit, or the amount of a withdrawal.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// Legal or contractual basis, in words.
    #[serde(default)]
    pub basis: Option<String>,
    /// Hours until it lapses by itself; never when absent.
    #[serde(default)]
    pub expires_hours: Option<u32>,
    /// Hours until somebody must look at it.
    #[serde(default)]
    pub review_hours: Option<u32>,
    /// Whether its release needs a second person; by default what the book's policy says.
    #[serde(default)]
    pub second_person: Option<bool>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, unique in the book: lower case, digits, hyphens.
    pub id: String,
    /// Raised with every change of the rule.
    pub version: u32,
    /// live, shadow or off.
    pub state: RuleState,
    /// What it is for, shown to people.
    pub title: String,
    /// Kinds of events that it looks at.
    pub on: Vec<EventKind>,
    /// CEL expression over the documented fields; true means met.
    pub when: String,
    /// What follows.
    pub decision: Verdict,
    /// How the hold is placed, where the decision is hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldTerms>,
    /// The warning that the customer is given, where the decision is hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<WarningTerms>,
    /// Where the rule comes from: publication and section.
    pub source: Vec<String>,
}

/// What holds for all rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RuleBookPolicy)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Currency of all values, ISO 4217.
    pub reference_currency: String,
    /// Whether the release of a hold needs somebody other than who asks for it.
    pub second_person: bool,
    /// Hours until a hold is to be reviewed.
    pub review_hours: u32,
    /// Basis stated where a rule names none.
    pub basis: String,
    /// What follows when an event's value is not known.
    pub unpriced: Verdict,
    /// What follows when no source (ledger, tag, provider) answered for the asset of a deposit or withdrawal.
    pub uncovered: Verdict,
    /// Minutes that an event's or record's time may be ahead of the clock; what is further ahead is refused.
    pub max_ahead_minutes: u32,
    /// How many transactions flags are followed: a deposit is held when flagged funds came to it through at most so many; 0 for those that
    /// the flag names itself.
    pub flag_hops: u32,
    /// The least part of a deposit, in percent, that must be flagged funds for it to be held when they came through further transactions.
    pub flag_share_percent: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            reference_currency: "USD".into(),
            second_person: true,
            review_hours: 24,
            basis: "terms of service: suspicion of illicit funds".into(),
            unpriced: Verdict::Review,
            uncovered: Verdict::Review,
            max_ahead_minutes: 60,
            flag_hops: 4,
            flag_share_percent: 10,
        }
    }
}

/// A rule book as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookFile {
    /// Its name.
    pub title: String,
    /// What holds for all rules.
    #[serde(default)]
    pub policy: Policy,
    /// Lists that rules name: `lists.high_risk_countries`.
    #[serde(default)]
    pub lists: BTreeMap<String, Vec<String>>,
    /// The rules.
    pub rules: Vec<Rule>,
}

struct Compiled {
    program: Program,
    /// Most steps, or why it is over the budget and never evaluated.
    steps: Result<u64, String>,
    /// Fields that it speaks about, by number.
    fields: Vec<usize>,
    typologies: Vec<Typology>,
    speaks_of_chain: bool,
    uses_lists: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Exact {
    Int(i64),
    Bool(bool),
    Text(String),
}

/// (bound, rule), sorted.
type Thresholds = Vec<(i64, u32)>;

/// Rules by access predicate, for one kind of event.
#[derive(Debug, Default)]
struct Index {
    /// Rules without one.
    always: Vec<u32>,
    /// Field, then value, then rules.
    equal: Vec<(usize, HashMap<Exact, Vec<u32>>)>,
    /// Field, then (least value, rule) rising: met from that value on.
    at_least: Vec<(usize, Thresholds)>,
    /// Table and entry of it, then the same.
    entry_at_least: Vec<((usize, String), Thresholds)>,
    /// Field, then (largest value, rule) falling: met up to that value.
    at_most: Vec<(usize, Thresholds)>,
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
pub const DEFAULT_BOOK: &str = include_str!("default_rules.yaml");

/// The hash of a text.
pub fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// A rule that an event met, or could not be evaluated on.
#[derive(Debug)]
pub struct Met<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Values of the fields that it speaks about.
    pub because: Vec<String>,
    /// Typologies that it speaks about.
    pub typologies: &'a [Typology],
    /// Whether it speaks about the counterparty or exposures.
    pub speaks_of_chain: bool,
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

    /// Reads a book that was put in force by an earlier version, which knew no budget: a rule above it is kept, is not evaluated, and counts as
    /// one that could not be.
    ///
    /// # Errors
    /// [`RuleError`].
    pub fn stored(yaml: &str, version: u32) -> Result<Self, RuleError> {
        if yaml.len() > MAX_BOOK {
            return Err(RuleError::Book(format!("larger than {MAX_BOOK} bytes")));
        }
        let file: BookFile = serde_norway::from_str(yaml).map_err(|e| RuleError::Yaml(e.to_string()))?;
        if file.rules.len() > MAX_RULES {
            return Err(RuleError::Book(format!("{} rules; at most {MAX_RULES}", file.rules.len())));
        }
        if file.policy.flag_hops > behind::MAX_HOPS {
            let text = format!("policy.flag_hops is {}; at most {}", file.policy.flag_hops, behind::MAX_HOPS);
            return Err(RuleError::Book(text));
        }
        if !(behind::MIN_SHARE_PERCENT..=100).contains(&file.policy.flag_share_percent) {
            let (percent, least) = (file.policy.flag_share_percent, behind::MIN_SHARE_PERCENT);
            return Err(RuleError::Book(format!("policy.flag_share_percent is {percent}; {least} to 100")));
        }
        let currency = &file.policy.reference_currency;
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(RuleError::Book(format!(
                "policy.reference_currency '{currency}' is no ISO 4217 code such as USD"
            )));
        }
        let lists: HashMap<Key, Value> = file
            .lists
            .iter()
            .map(|(name, items)| {
                let items: Vec<Value> = items.iter().map(|i| Value::from(i.as_str())).collect();
                (Key::from(name.as_str()), Value::from(items))
            })
            .collect();
        let mut book = RuleBook {
            version,
            sha256: sha256(yaml),
            compiled: Vec::new(),
            index: Default::default(),
            env: Arc::new(Env::stdlib()),
            lists: Value::from(lists),
            file,
        };
        let mut seen = HashMap::new();
        for (number, rule) in book.file.rules.iter().enumerate() {
            let fault = |text: String| RuleError::Rule(rule.id.clone(), text);
            let proper = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if rule.id.is_empty() || rule.id.len() > 64 || !rule.id.chars().all(proper) {
                return Err(fault("id must be 1 to 64 lower-case letters, digits and hyphens".into()));
            }
            if let Some(other) = seen.insert(rule.id.clone(), number) {
                return Err(fault(format!("rules {} and {} have the same id", other + 1, number + 1)));
            }
            if rule.on.is_empty() {
                return Err(fault("on: name at least one kind of event".into()));
            }
            if rule.source.is_empty() && rule.state == RuleState::Live {
                return Err(fault("source: say where the rule comes from (a publication, a policy, a case)".into()));
            }
            if rule.hold.is_some() && rule.decision != Verdict::Hold && rule.decision != Verdict::Reject {
                return Err(fault("hold: only a rule that decides hold or reject places a hold".into()));
            }
            if let Some(warning) = &rule.warning {
                if rule.decision != Verdict::Hold || rule.on.iter().any(|k| *k != EventKind::Withdrawal) {
                    return Err(fault("warning: only a rule on withdrawals that decides hold gives one".into()));
                }
                if warning.cooling_off_hours > MAX_COOLING {
                    return Err(fault(format!("warning.cooling_off_hours: at most {MAX_COOLING}")));
                }
            }
            let compiled = compile(rule, &book.file.lists).map_err(fault)?;
            let access = access_predicate(compiled.program.expression(), &book.file.lists);
            book.compiled.push(compiled);
            if rule.state == RuleState::Off {
                continue;
            }
            for kind in &rule.on {
                book.index[*kind as usize].add(number as u32, access.clone());
            }
        }
        for index in &mut book.index {
            index.sort();
        }
        for (number, rule) in book.file.rules.iter().enumerate() {
            for kind in &rule.on {
                let event = Event::new(*kind, "trial", 1_700_000_000, "trial");
                let (state, facts) = (State::default(), ChainFacts::default());
                let input = Input::new(&state, &event, &facts, None, &[]);
                let context = book.context(&input, &mut Cache::new(), &[number as u32]);
                if let Err(e) = book.evaluate(number, &context)
                    && book.compiled[number].steps.is_ok()
                {
                    return Err(RuleError::Rule(rule.id.clone(), format!("when: {e}")));
                }
            }
        }
        Ok(book)
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
    fn context(&self, input: &Input, cache: &mut Cache, rules: &[u32]) -> Context<'static, 'static> {
        let mut fields: Vec<usize> = rules.iter().flat_map(|r| &self.compiled[*r as usize].fields).copied().collect();
        fields.sort_unstable();
        fields.dedup();
        let mut groups: Vec<(&str, HashMap<Key, Value>)> = Vec::new();
        for i in fields {
            let value = cel_value(cache.get(i, input));
            let key = KEYS.with(|k| k[i].clone());
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
        if rules.iter().any(|r| self.compiled[*r as usize].uses_lists) {
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
    pub fn met(&self, input: &Input) -> Vec<Met<'_>> {
        let mut cache = Cache::new();
        let mut candidates = self.index[input.event.kind as usize].candidates(input, &mut cache);
        if candidates.is_empty() {
            return Vec::new();
        }
        candidates.sort_unstable();
        candidates.dedup();
        let context = self.context(input, &mut cache, &candidates);
        let mut met = Vec::new();
        for number in candidates {
            let number = number as usize;
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
            met.push(Met {
                rule: &self.file.rules[number],
                because,
                typologies: &compiled.typologies,
                speaks_of_chain: compiled.speaks_of_chain,
                error,
                over_budget,
            });
        }
        met
    }

    /// How many rules an event of a kind makes the engine evaluate at least (those without an access predicate).
    pub fn always_evaluated(&self, kind: EventKind) -> usize {
        self.index[kind as usize].always.len()
    }
}

thread_local! {
    /// CEL keys of all fields' names.
    static KEYS: Vec<Key> = FIELDS.iter().map(|f| Key::from(f.name)).collect();
}

/// Values of fields, found at most once.
struct Cache(Vec<Option<FieldValue>>);

impl Cache {
    fn new() -> Self {
        Cache(vec![None; FIELDS.len()])
    }

    fn get(&mut self, i: usize, input: &Input) -> &FieldValue {
        self.0[i].get_or_insert_with(|| FIELDS[i].of(input))
    }
}

thread_local! {
    /// CEL keys of category names, which tables are built of.
    static NAMES: std::cell::RefCell<HashMap<&'static str, Key>> = std::cell::RefCell::default();
}

fn cel_value(value: &FieldValue) -> Value {
    match value {
        FieldValue::Int(i) => Value::Int(*i),
        FieldValue::Bool(b) => Value::Bool(*b),
        FieldValue::Text(t) => Value::from(t.as_str()),
        FieldValue::List(l) => Value::from(l.iter().map(|t| Value::from(t.as_str())).collect::<Vec<Value>>()),
        FieldValue::Table(t) => NAMES.with_borrow_mut(|names| {
            let entries = Category::all().map(|c| {
                let key = names.entry(c.name()).or_insert_with(|| Key::from(c.name())).clone();
                (key, Value::Int(t.iter().find(|e| e.0 == c.name()).map_or(0, |e| e.1)))
            });
            Value::from(entries.collect::<HashMap<Key, Value>>())
        }),
    }
}

fn compile(rule: &Rule, lists: &BTreeMap<String, Vec<String>>) -> Result<Compiled, String> {
    let text = &rule.when;
    if text.len() > MAX_EXPRESSION {
        return Err(format!("when: longer than {MAX_EXPRESSION} bytes"));
    }
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
    // The parser recurses on chains of unary operators too.
    if text.contains("!!!!") || text.contains("----") {
        return Err("when: write a negation once".into());
    }
    let program = Program::compile(text).map_err(|e| format!("when: {e}"))?;
    let mut names = Names::default();
    names.walk(program.expression());
    for (group, name) in &names.selected {
        if names.bound.contains(group) {
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
    let uses_lists = names.selected.iter().any(|(g, _)| g == "lists");
    let steps = budget::steps(program.expression(), lists);
    Ok(Compiled { program, steps, fields, typologies, speaks_of_chain, uses_lists })
}

/// Members that an expression names: `a.b` gives (a, b).
#[derive(Default)]
struct Names {
    selected: Vec<(String, String)>,
    /// Variables of comprehensions.
    bound: Vec<String>,
}

impl Names {
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
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
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

#[derive(Clone, Debug, PartialEq, Eq)]
enum Access {
    Always,
    Equal(usize, Vec<Exact>),
    AtLeast(usize, i64),
    EntryAtLeast(usize, String, i64),
    AtMost(usize, i64),
    /// One of these.
    Any(Vec<Access>),
}

/// Something without which the expression is never true: the most selective of its top-level conjuncts.
fn access_predicate(e: &IdedExpr, lists: &BTreeMap<String, Vec<String>>) -> Access {
    fn rank(a: &Access) -> u8 {
        match a {
            Access::Equal(..) | Access::EntryAtLeast(..) => 3,
            Access::AtLeast(..) => 2,
            Access::AtMost(..) => 1,
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
    fn add(&mut self, rule: u32, access: Access) {
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
            Access::Any(all) => all.into_iter().for_each(|a| self.add(rule, a)),
        }
    }

    fn sort(&mut self) {
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

    fn candidates(&self, input: &Input, cache: &mut Cache) -> Vec<u32> {
        let mut out = self.always.clone();
        for (field, by_value) in &self.equal {
            let exact = match cache.get(*field, input) {
                FieldValue::Int(i) => Exact::Int(*i),
                FieldValue::Bool(b) => Exact::Bool(*b),
                FieldValue::Text(t) => Exact::Text(t.clone()),
                FieldValue::Table(_) | FieldValue::List(_) => continue,
            };
            if let Some(rules) = by_value.get(&exact) {
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
        out
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
    fn rules_are_met_and_say_why() {
        let book = book("event.value >= 100 && customer.country in lists.bad || event.round").unwrap();
        let mut event = Event::new(EventKind::Withdrawal, "w", 1_700_000_000, "c");
        event.asset = Some("BTC".into());
        let (state, facts) = (State::default(), ChainFacts::default());
        assert!(book.met(&Input::new(&state, &event, &facts, Some(10), &[])).is_empty());
        let met = book.met(&Input::new(&state, &event, &facts, Some(20_000), &[]));
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
        let mut event = Event::new(EventKind::Withdrawal, "w", 1_700_000_000, "c");
        event.asset = Some("BTC".into());
        let (state, facts) = (State::default(), ChainFacts::default());
        let begun = std::time::Instant::now();
        let met = book.met(&Input::new(&state, &event, &facts, Some(10), &[]));
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
        ];
        for when in expressions {
            let book = book(when).unwrap();
            for kind in [EventKind::Withdrawal, EventKind::Payment] {
                for asset in ["BTC", "ETH", "XMR"] {
                    for value in [None, Some(0), Some(299), Some(499), Some(500), Some(501), Some(700), Some(900)] {
                        let mut event = Event::new(kind, "w", 1_700_000_000, "c");
                        event.asset = Some(asset.into());
                        let (state, facts) = (State::default(), ChainFacts::default());
                        let input = Input::new(&state, &event, &facts, value, &[]);
                        let plain = book.evaluate(0, &book.context(&input, &mut Cache::new(), &[0])).unwrap();
                        assert_eq!(!book.met(&input).is_empty(), plain, "{when} {asset} {value:?}");
                    }
                }
            }
        }
        // And most of them are indexed.
        let indexed = expressions.iter().filter(|e| book(e).unwrap().always_evaluated(EventKind::Withdrawal) == 0);
        assert!(indexed.count() >= 10);
    }
}
