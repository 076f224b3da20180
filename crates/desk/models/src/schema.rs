//! What each feature measures, and what can never be one.
//!
//! A column is declared by [`Column`]: only one with a [`FeatureKind`] becomes a [`Feature`]. Identifiers, row numbers, absolute times, names, labels and
//! collector marks have kinds of their own, which [`Schema::from_columns`] refuses by type. Because a declaration can be wrong, names are read too:
//! `customer_id`, `created_at` or `row_number` is refused whatever kind is declared. Protected fields need a [`Policy`] with a reason.

use crate::ModelError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most features of a schema.
pub const MAX_FEATURES: usize = 512;

/// Longest name of a feature, bytes.
pub const MAX_NAME: usize = 96;

/// What a feature measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// How many of something.
    Count,
    /// An amount of an asset or a value, in a fixed unit.
    Amount,
    /// A share, rate or other number without a unit.
    Ratio,
    /// A span of time, seconds.
    Duration,
    /// A place on an ordered scale, such as a risk level.
    Level,
    /// 0 or 1.
    Flag,
}

/// What a column is that no model may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forbidden {
    /// Tells one customer, address, transaction or device from others.
    Identifier,
    /// Where the row stands in its file.
    RowNumber,
    /// A date, a time of the calendar, a block's height.
    AbsoluteTime,
    /// A name, an email address, a phone number, free text.
    Name,
    /// The answer, or what was written down because of it.
    Label,
    /// Who collected the row, or from which file it comes.
    Source,
}

impl Forbidden {
    fn reason(self) -> &'static str {
        match self {
            Forbidden::Identifier => {
                "an identifier is no feature: the model would learn who was caught, not what they did"
            }
            Forbidden::RowNumber => "a row number is no feature: the order of a file often separates the classes",
            Forbidden::AbsoluteTime => {
                "an absolute time is no feature: use a span, such as seconds since the first event"
            }
            Forbidden::Name => "a name or text about a person is no feature",
            Forbidden::Label => "a label or what follows from it is no feature",
            Forbidden::Source => "who collected a row is no feature: classes often come from different collectors",
        }
    }
}

/// What describes a person in a way that the law protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protected {
    /// Age, birth year.
    Age,
    /// Country, nationality, place of birth.
    Country,
    /// Sex, gender.
    Sex,
    /// Ethnic origin, religion, language, disability, marital status.
    Origin,
}

/// Which way a score may go when a feature grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// Any.
    #[default]
    Free,
    /// Never down.
    Rising,
    /// Never up.
    Falling,
}

/// A feature of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name in tables and rules.
    pub name: String,
    /// What it is called in a sentence, English.
    pub label: String,
    /// The family that reasons are grouped by, such as `counterparties`.
    pub family: String,
    /// What it measures.
    pub kind: FeatureKind,
    /// Which way the score may go with it.
    pub monotone: Monotone,
    /// Why a policy admitted it, if it is protected.
    pub admitted: Option<Admission>,
}

/// A protected field in a model, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// What is protected.
    pub field: Protected,
    /// The policy's reason, for the model card.
    pub reason: String,
}

impl Feature {
    /// Returns a feature whose label is its name with spaces, with no constraint.
    #[must_use]
    pub fn new(name: &str, family: &str, kind: FeatureKind) -> Self {
        Feature {
            name: name.to_owned(),
            label: name.replace('_', " "),
            family: family.to_owned(),
            kind,
            monotone: Monotone::Free,
            admitted: None,
        }
    }

    /// Returns the feature with what it is called in a sentence.
    #[must_use]
    pub fn called(mut self, label: &str) -> Self {
        label.clone_into(&mut self.label);
        self
    }

    /// Returns the feature with a constraint.
    #[must_use]
    pub fn monotone(mut self, monotone: Monotone) -> Self {
        self.monotone = monotone;
        self
    }
}

/// A column of a table, before it is known whether it can be a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Measures something.
    Feature(Feature),
    /// Describes a protected property of a person.
    Protected(Feature, Protected),
    /// Can be no feature.
    Forbidden(String, Forbidden),
}

/// Protected fields that an organization admits, each with its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What is admitted and why.
    pub admitted: Vec<Admission>,
}

/// The features of a model, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schema {
    features: Vec<Feature>,
}

impl Schema {
    /// Returns a schema of features, none of them protected.
    ///
    /// # Errors
    ///
    /// As [`Schema::from_columns`].
    pub fn new(features: Vec<Feature>) -> Result<Self, ModelError> {
        Self::from_columns(features.into_iter().map(Column::Feature).collect(), &Policy::default())
    }

    /// Returns the schema of a table's columns.
    ///
    /// # Errors
    ///
    /// `Feature` if a column is forbidden by its type or its name, is protected and not admitted with a reason, or appears twice; if there is none or
    /// more than [`MAX_FEATURES`].
    pub fn from_columns(columns: Vec<Column>, policy: &Policy) -> Result<Self, ModelError> {
        let features = columns.into_iter().map(|c| admit(c, policy)).collect::<Result<Vec<_>, _>>()?;
        let schema = Schema { features };
        schema.check()?;
        Ok(schema)
    }

    /// Checks a schema that was read from a file.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let refuse = |name: &str, reason: String| Err(ModelError::Feature { name: name.to_owned(), reason });
        if self.features.is_empty() || self.features.len() > MAX_FEATURES {
            return refuse("(all)", format!("{} features; use 1 to {MAX_FEATURES}", self.features.len()));
        }
        let mut names = BTreeSet::new();
        for feature in &self.features {
            let name = &feature.name;
            for text in [name, &feature.label, &feature.family] {
                if text.trim().is_empty() || text.len() > MAX_NAME || text.chars().any(char::is_control) {
                    let reason = format!("name, label and family have 1 to {MAX_NAME} bytes and no control characters");
                    return refuse(&text.chars().filter(|c| !c.is_control()).take(40).collect::<String>(), reason);
                }
            }
            if !names.insert(name) {
                return refuse(name, "appears twice; give each feature a name of its own".to_owned());
            }
            match (named(name), &feature.admitted) {
                (Some(Named::Forbidden(kind)), _) => return refuse(name, kind.reason().to_owned()),
                (Some(Named::Protected(field)), None) => return refuse(name, protected_reason(field)),
                _ => {}
            }
            if feature.admitted.as_ref().is_some_and(|a| a.reason.trim().is_empty()) {
                return refuse(name, "protected; the policy gives no reason for admitting it".to_owned());
            }
        }
        Ok(())
    }

    /// Returns the features.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Returns the number of features.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // Never empty.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Returns a feature's place.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.features.iter().position(|f| f.name == name)
    }
}

fn protected_reason(field: Protected) -> String {
    format!("protected ({field:?}); left out unless a policy admits it with a reason, which the model card then states")
}

fn admit(column: Column, policy: &Policy) -> Result<Feature, ModelError> {
    let (mut feature, field) = match column {
        Column::Forbidden(name, kind) => {
            return Err(ModelError::Feature { name, reason: kind.reason().to_owned() });
        }
        Column::Feature(feature) => {
            let field = match named(&feature.name) {
                Some(Named::Protected(field)) => Some(field),
                _ => None,
            };
            (feature, field)
        }
        Column::Protected(feature, field) => (feature, Some(field)),
    };
    // Only the policy admits, whatever the declaration carries.
    feature.admitted = match field {
        None => None,
        Some(field) => match policy.admitted.iter().find(|a| a.field == field) {
            Some(admission) => Some(admission.clone()),
            None => return Err(ModelError::Feature { name: feature.name, reason: protected_reason(field) }),
        },
    };
    Ok(feature)
}

/// What a name says about its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Forbidden(Forbidden),
    Protected(Protected),
}

/// Words that make a count of identifiers or names out of them.
const COUNTED: &[&str] =
    &["uniq", "unique", "distinct", "count", "counts", "number", "share", "entropy", "concentration", "reused"];
/// Words that make a span out of a time.
const SPAN: &[&str] = &[
    "diff",
    "difference",
    "gap",
    "gaps",
    "delay",
    "span",
    "duration",
    "since",
    "between",
    "interval",
    "entropy",
    "elapsed",
    "lifetime",
];
/// Whose age is no person's.
const THINGS: &[&str] =
    &["account", "wallet", "address", "tag", "device", "card", "key", "cluster", "contract", "session", "counterparty"];

/// Reads the words of a name. A word forbids only as a whole: `void` and `paid` are no `id`.
fn named(name: &str) -> Option<Named> {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let joined = words.concat();
    let counted = has(COUNTED);
    let forbidden = |kind| Some(Named::Forbidden(kind));
    let identifies =
        ["id", "ids", "uuid", "guid", "identifier", "hash", "txid", "txhash", "iban", "pan", "ssn", "passport", "imei"];
    let is_identifier = matches!(
        joined.as_str(),
        "address"
            | "wallet"
            | "account"
            | "customer"
            | "accountnumber"
            | "customernumber"
            | "accountno"
            | "customerno"
            | "devicekey"
            | "ip"
            | "ipaddress"
    );
    if is_identifier || (!counted && has(&identifies)) {
        return forbidden(Forbidden::Identifier);
    }
    if has(&["index", "idx", "row", "rownum", "rowid", "rowno", "serial", "ordinal", "unnamed"])
        || matches!(
            joined.as_str(),
            "number" | "no" | "nr" | "n" | "line" | "lineno" | "linenumber" | "sequence" | "seq"
        )
    {
        return forbidden(Forbidden::RowNumber);
    }
    let spans = has(SPAN) || (counted && !has(&["block"]));
    if !spans
        && (has(&[
            "timestamp",
            "datetime",
            "date",
            "time",
            "unix",
            "epoch",
            "blocknumber",
            "blockheight",
            "height",
            "year",
            "ts",
        ]) || joined == "created"
            || words.last().is_some_and(|w| w == "at")
            || words.windows(2).any(|w| {
                matches!((w[0].as_str(), w[1].as_str()), ("first" | "last", "seen") | ("block", "number" | "height"))
            }))
        && !(has(&["birth"]) || (has(&["per", "of", "avg", "mean", "median"]) && has(&["day", "hour"])))
    {
        return forbidden(Forbidden::AbsoluteTime);
    }
    if !counted
        && has(&[
            "name",
            "names",
            "surname",
            "firstname",
            "lastname",
            "fullname",
            "email",
            "mail",
            "phone",
            "street",
            "postcode",
            "zip",
        ])
    {
        return forbidden(Forbidden::Name);
    }
    if has(&["label", "labels", "target", "outcome", "fraud", "isfraud", "verdict", "groundtruth"])
        || matches!(joined.as_str(), "flag" | "class" | "y")
    {
        return forbidden(Forbidden::Label);
    }
    if has(&["collector", "crawler", "dataset", "filename", "provenance"])
        || matches!(joined.as_str(), "source" | "file" | "split" | "fold")
    {
        return forbidden(Forbidden::Source);
    }
    let protected = |field| Some(Named::Protected(field));
    if (has(&["age", "ages"]) && !has(THINGS)) || has(&["birth", "birthday", "birthdate", "birthyear", "dob", "born"]) {
        return protected(Protected::Age);
    }
    if has(&["country", "countries", "nationality", "citizenship"]) && !counted {
        return protected(Protected::Country);
    }
    if has(&["sex", "gender"]) {
        return protected(Protected::Sex);
    }
    if has(&["ethnicity", "ethnic", "race", "religion", "language", "disability", "marital"]) && !counted {
        return protected(Protected::Origin);
    }
    None
}

/// Splits `camelCase`, `snake_case` and spaced names into lower-case words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let starts = c.is_uppercase() && before.is_lowercase();
        if !c.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|w| !w.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(name: &str) -> Feature {
        Feature::new(name, "test", FeatureKind::Count)
    }

    #[test]
    fn names_that_identify_or_date_a_row_are_refused_whatever_kind_is_declared() {
        let refused = [
            "id",
            "Index",
            "customer_id",
            "customerId",
            "TxHash",
            "row_number",
            "Unnamed: 0",
            "rownum",
            "created_at",
            "timestamp",
            "first_seen",
            "block_number",
            "Block Height",
            "time",
            "max time",
            "email",
            "full name",
            "FLAG",
            "is_fraud",
            "collector",
            "source",
            "uuid",
            "account number",
            "IBAN",
            "last seen time",
            "registration date",
            "address",
        ];
        for name in refused {
            let error = Schema::new(vec![feature("fine"), feature(name)]).unwrap_err();
            let ModelError::Feature { name: named, .. } = &error else { panic!("{error}") };
            assert_eq!(named, name, "{error}");
        }
    }

    #[test]
    fn measures_of_such_things_are_features() {
        let kept = [
            "Avg min between sent tnx",
            "Time Diff between first and last (Mins)",
            "Number of Created Contracts",
            "Unique Received From Addresses",
            " ERC20 uniq sent token name",
            "distinct_addresses",
            "account_age_days",
            "paid_out_void",
            "seconds_since_last_login",
            "hour_entropy",
            "total Ether sent",
            "ERC20 avg time between contract tnx",
            "distinct_countries",
            "share_to_new_addresses",
            "tag_age_days",
            "events_per_day",
        ];
        for name in kept {
            assert!(Schema::new(vec![feature(name)]).is_ok(), "{name}: {:?}", named(name));
        }
    }

    #[test]
    fn forbidden_columns_are_refused_by_their_type_even_with_an_innocent_name() {
        for kind in [
            Forbidden::Identifier,
            Forbidden::RowNumber,
            Forbidden::AbsoluteTime,
            Forbidden::Name,
            Forbidden::Label,
            Forbidden::Source,
        ] {
            let columns = vec![Column::Feature(feature("a")), Column::Forbidden("strength".to_owned(), kind)];
            let error = Schema::from_columns(columns, &Policy::default()).unwrap_err();
            assert!(error.to_string().starts_with("feature strength: "), "{error}");
        }
    }

    #[test]
    fn a_protected_field_needs_a_policy_with_a_reason() {
        let declared = || vec![Column::Protected(feature("risk_of_residence"), Protected::Country)];
        assert!(Schema::from_columns(declared(), &Policy::default()).is_err());
        let policy = |reason: &str| Policy {
            admitted: vec![Admission { field: Protected::Country, reason: reason.to_owned() }],
        };
        assert!(Schema::from_columns(declared(), &policy(" ")).is_err());
        let schema =
            Schema::from_columns(declared(), &policy("list of high-risk third countries, Regulation 2016/1675"))
                .unwrap();
        assert_eq!(schema.features()[0].admitted.as_ref().unwrap().field, Protected::Country);
        // By name too, and a declaration cannot admit itself.
        for name in ["customer_age", "country", "birth_year", "gender", "age"] {
            let mut sly = feature(name);
            sly.admitted = Some(Admission { field: Protected::Sex, reason: "because".to_owned() });
            assert!(Schema::from_columns(vec![Column::Feature(sly)], &Policy::default()).is_err(), "{name}");
        }
    }
}
