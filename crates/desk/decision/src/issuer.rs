//! What issuers of tokens did with the addresses of a transfer, or propose to: freezes are public hours before they bind.

use crate::model::Event;
use holdfast_types::{Asset, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a freeze stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = IssuerFactState)]
#[serde(rename_all = "snake_case")]
pub enum IssuerState {
    /// The owners of the issuer's wallet have it before them.
    Proposed,
    /// The address can no longer send the token, or lost what it had of it.
    Frozen,
}

/// A freeze of an address of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuerFact {
    /// The address.
    pub address: String,
    /// Whether it is the customer's own deposit address; else it is of the other side.
    #[serde(default, skip_serializing_if = "is_false")]
    pub own: bool,
    /// The token, by its CAIP-19 id.
    pub asset: String,
    /// How it stands.
    pub state: IssuerState,
    /// Since when, by the time of the block, Unix seconds.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// The transaction that proposed or froze; absent where it is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(b: &bool) -> bool {
    !b
}

impl IssuerFact {
    /// Returns it in words.
    #[must_use]
    pub fn words(&self) -> String {
        let (address, asset, since) = (&self.address, &self.asset, self.since.rfc3339());
        let state = match self.state {
            IssuerState::Proposed => format!("a freeze by the issuer of {asset} is proposed"),
            IssuerState::Frozen => format!("frozen by the issuer of {asset}"),
        };
        let tx = self.tx.as_ref().map(|tx| format!(", transaction {tx}")).unwrap_or_default();
        format!("{address}: {state} since {since}{tx}")
    }

    /// Returns whether it is of the other side and of an event's asset.
    pub(crate) fn concerns(&self, event: &Event) -> bool {
        !self.own && event.asset.as_deref().is_some_and(|asset| Asset::same(asset, &self.asset))
    }

    /// Returns the line by which screening again tells new findings from known ones.
    pub(crate) fn finding(&self) -> String {
        let what = if self.state == IssuerState::Frozen { "frozen" } else { "freeze proposed" };
        let whose = if self.own { "own address " } else { "" };
        format!("{whose}{} {what} by the issuer of {}", self.address, self.asset)
    }
}
