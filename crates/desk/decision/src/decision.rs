//! A decision and its reasons.

use crate::facts::TagFact;
use crate::lookalikes::Lookalike;
use crate::scores::Scored;
use crate::typology::Finding;
use crate::warnings::Warning;
use holdfast_types::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

/// What an exchange does with an event, from mild to severe.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
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
pub enum Verdict {
    /// Let it pass.
    #[default]
    Allow,
    /// Let it pass and raise an alert for a person to review.
    Review,
    /// Hold it until a person decides.
    Hold,
    /// Refuse it.
    Reject,
}

impl Verdict {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// One reason of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Rule, or `engine.` and what the engine itself found.
    pub rule: String,
    /// Version of the rule.
    pub version: u32,
    /// The verdict that it requires.
    pub decision: Verdict,
    /// What it is for.
    pub title: String,
    /// Values that the rule rests on, and patterns found, in words.
    pub because: Vec<String>,
    /// Value concerned, minor units of the reference currency.
    pub value: u64,
    /// Tags behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagFact>,
    /// The address that the withdrawal's imitates, where the rule is about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookalike: Option<Lookalike>,
    /// Where the rule comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<String>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Number of the event in order of decision.
    pub seq: u64,
    /// The sender's id of the event.
    pub event: String,
    /// What to do.
    pub decision: Verdict,
    /// Why, most severe first; empty for allow.
    pub reasons: Vec<Reason>,
    /// Result of the rules in shadow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadow: Vec<Reason>,
    /// Patterns found, whether a rule acts on them or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Value in the reference currency, minor units, if known.
    pub value: Option<u64>,
    /// Sources that answered for a deposit's or withdrawal's asset: `ledger`, `tags`, `provider NAME`. Empty: nothing was looked at.
    #[serde(default)]
    pub coverage: Vec<String>,
    /// Holds that this decision placed or that cover the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<u64>,
    /// Alert raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u64>,
    /// The warning and questions that the customer gets before the withdrawal may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
    /// What learned models said, where any scored the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<Scored>,
    /// Rule book in force.
    pub rule_book: u32,
    /// When it was decided, Unix seconds.
    #[schema(value_type = i64)]
    pub decided: Timestamp,
}

impl Decision {
    /// Returns the address that is withdrawn to and the one that it imitates, where a reason is about that.
    #[must_use]
    pub fn imitation(&self) -> Option<&Lookalike> {
        self.reasons.iter().find_map(|reason| reason.lookalike.as_ref())
    }

    /// Returns whether the transfer was held only because the chain could not be queried.
    pub fn rests_on_ignorance(&self) -> bool {
        self.reasons.iter().filter(|r| r.decision >= Verdict::Hold).all(|r| r.rule == UNAVAILABLE)
    }
}

/// Name of the reason that fails closed when the chain cannot be queried.
pub const UNAVAILABLE: &str = "engine.unavailable";

/// Returns a reason of the engine itself.
pub(crate) fn engine(rule: &str, decision: Verdict, title: &str, because: Vec<String>, value: Option<u64>) -> Reason {
    Reason {
        rule: format!("engine.{rule}"),
        version: 1,
        decision,
        title: title.to_owned(),
        because,
        value: value.unwrap_or(0),
        tags: Vec::new(),
        lookalike: None,
        source: Vec::new(),
    }
}
