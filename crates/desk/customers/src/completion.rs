//! What becomes known of an event's movement after its decision: the transaction of a withdrawal, its block, whether it failed.

use crate::model::{Event, EventKind, text_ok, time_ok};
use holdfast_types::{Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// How a movement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MovementStatus {
    /// It was sent, and is not confirmed.
    Broadcast,
    /// It was carried out: confirmed on chain, or settled.
    Confirmed,
    /// It was not carried out, or was undone by a reorganization.
    Failed,
}

impl MovementStatus {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What became known of a decided event's movement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EventCompletion)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// When it was so, Unix seconds; the latest wins.
    #[schema(value_type = i64)]
    pub time: Timestamp,
    /// How the movement stands.
    pub status: MovementStatus,
    /// Transaction id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
    /// Output or log index in the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<u32>,
    /// Hash of the block that holds the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// Height of that block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
}

impl Completion {
    /// Checks the fields, and that they fit the event.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn validate(&self, event: &Event) -> Result<(), Invalid> {
        time_ok("time", self.time)?;
        for (field, text) in [("tx", &self.tx), ("block", &self.block)] {
            if let Some(text) = text {
                text_ok(field, text)?;
            }
        }
        if self.height.is_some_and(|h| i64::try_from(h).is_err()) {
            return Err(Invalid::new("height", "is no height of a block"));
        }
        let on_chain = matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal);
        if event.kind == EventKind::Account {
            return Err(Invalid::new("status", "an account event moves nothing, so nothing can complete it"));
        }
        for (field, present) in [
            ("tx", self.tx.is_some()),
            ("output", self.output.is_some()),
            ("block", self.block.is_some()),
            ("height", self.height.is_some()),
        ] {
            if present && !on_chain {
                return Err(Invalid::new(field, "a payment is in no transaction of a chain; leave it out"));
            }
        }
        match (&event.tx, &self.tx) {
            (Some(known), Some(tx)) if !known.eq_ignore_ascii_case(tx) => {
                Err(Invalid::new("tx", format!("the event names transaction {known}; leave tx out or repeat it")))
            }
            _ => Ok(()),
        }
    }
}

/// A completion with its event, as files have it: one a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletionLine {
    /// The sender's id of the event.
    pub event: String,
    /// See [`Completion::time`].
    pub time: Timestamp,
    /// See [`Completion::status`].
    pub status: MovementStatus,
    /// See [`Completion::tx`].
    #[serde(default)]
    pub tx: Option<String>,
    /// See [`Completion::output`].
    #[serde(default)]
    pub output: Option<u32>,
    /// See [`Completion::block`].
    #[serde(default)]
    pub block: Option<String>,
    /// See [`Completion::height`].
    #[serde(default)]
    pub height: Option<u64>,
}

impl CompletionLine {
    /// Returns the event's id and the completion.
    pub fn split(self) -> (String, Completion) {
        let CompletionLine { event, time, status, tx, output, block, height } = self;
        (event, Completion { time, status, tx, output, block, height })
    }
}
