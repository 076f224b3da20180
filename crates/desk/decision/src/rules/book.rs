//! A rule book as users write it: rules, lists and policy in YAML, and which of them are refused before anything is compiled.

use super::{MAX_RULES, RuleError};
use crate::behind::{MAX_HOPS, MIN_SHARE_PERCENT};
use crate::decision::Verdict;
use crate::model::EventKind;
use crate::warnings::{MAX_COOLING, WarningTerms};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

/// Whether a rule acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RuleState {
    /// It acts.
    Live,
    /// It is recorded, and changes nothing.
    Shadow,
    /// It is not evaluated.
    Off,
}

impl RuleState {
    /// Returns the name, as in rule books.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What a hold covers.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
    /// Returns the name, as in rule books.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the scope of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
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
    /// Hours until it must be reviewed.
    #[serde(default)]
    pub review_hours: Option<u32>,
    /// Whether its release needs a second person; by default as the book's policy sets.
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
    /// Kinds of events that it applies to.
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

/// Most hours of a target: a year.
const MAX_ALERT_HOURS: u32 = 8_760;

/// What holds for all rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RuleBookPolicy)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Currency of all values, ISO 4217.
    pub reference_currency: String,
    /// Whether the release of a hold needs a second person.
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
    /// Hours within which alerts should be closed.
    pub alert_hours: AlertHours,
}

/// Hours within which alerts should be closed, by how urgent they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlertHours {
    /// Of transfers that were refused.
    pub severe: u32,
    /// Of transfers that were held.
    pub high: u32,
    /// Of what could not be looked at.
    pub unknown: u32,
    /// Of transfers that passed, to be reviewed.
    pub medium: u32,
    /// Of others that passed.
    pub low: u32,
}

impl Default for AlertHours {
    fn default() -> Self {
        AlertHours { severe: 4, high: 24, unknown: 24, medium: 72, low: 168 }
    }
}

impl AlertHours {
    /// Whether all are within their bounds.
    fn check(&self) -> Result<(), RuleError> {
        let AlertHours { severe, high, unknown, medium, low } = *self;
        let all = [("severe", severe), ("high", high), ("unknown", unknown), ("medium", medium), ("low", low)];
        match all.into_iter().find(|(_, hours)| !(1..=MAX_ALERT_HOURS).contains(hours)) {
            Some((name, hours)) => {
                Err(RuleError::Book(format!("policy.alert_hours.{name} is {hours}; 1 to {MAX_ALERT_HOURS}")))
            }
            None => Ok(()),
        }
    }
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
            alert_hours: AlertHours::default(),
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

impl BookFile {
    /// Whether the number of rules and the policy are within their bounds.
    ///
    /// # Errors
    /// [`RuleError::Book`] names the field and its bounds.
    pub(super) fn check(&self) -> Result<(), RuleError> {
        if self.rules.len() > MAX_RULES {
            return Err(RuleError::Book(format!("{} rules; at most {MAX_RULES}", self.rules.len())));
        }
        let (hops, percent) = (self.policy.flag_hops, self.policy.flag_share_percent);
        if hops > MAX_HOPS {
            return Err(RuleError::Book(format!("policy.flag_hops is {hops}; at most {MAX_HOPS}")));
        }
        if !(MIN_SHARE_PERCENT..=100).contains(&percent) {
            let text = format!("policy.flag_share_percent is {percent}; {MIN_SHARE_PERCENT} to 100");
            return Err(RuleError::Book(text));
        }
        self.policy.alert_hours.check()?;
        let currency = &self.policy.reference_currency;
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(RuleError::Book(format!(
                "policy.reference_currency '{currency}' is no ISO 4217 code such as USD"
            )));
        }
        Ok(())
    }
}

impl Rule {
    /// Whether the id is well formed.
    ///
    /// # Errors
    /// Checks an id.
    pub(super) fn check_id(&self) -> Result<(), String> {
        let proper = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || self.id.len() > 64 || !self.id.chars().all(proper) {
            return Err("id must be 1 to 64 lower-case letters, digits and hyphens".into());
        }
        Ok(())
    }

    /// Whether kinds of events, source, hold and warning fit together.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub(super) fn check_terms(&self) -> Result<(), String> {
        if self.on.is_empty() {
            return Err("on: name at least one kind of event".into());
        }
        if self.source.is_empty() && self.state == RuleState::Live {
            return Err("source: name where the rule comes from (a publication, a policy, a case)".into());
        }
        if self.hold.is_some() && self.decision != Verdict::Hold && self.decision != Verdict::Reject {
            return Err("hold: only a rule that decides hold or reject places a hold".into());
        }
        if let Some(warning) = &self.warning {
            if self.decision != Verdict::Hold || self.on.iter().any(|k| *k != EventKind::Withdrawal) {
                return Err("warning: only a rule on withdrawals that decides hold gives one".into());
            }
            if warning.cooling_off_hours > MAX_COOLING {
                return Err(format!("warning.cooling_off_hours: at most {MAX_COOLING}"));
            }
        }
        Ok(())
    }
}
