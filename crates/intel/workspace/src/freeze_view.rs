//! What answers show of issuers' freezes.

use crate::asset_view::AssetView;
use holdfast_types::Amount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a freeze stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum FreezeState {
    /// The owners of the issuer's wallet have it before them; the account can still send.
    Proposed,
    /// It was proposed, and every confirmation was taken back.
    Withdrawn,
    /// The account can no longer send the token.
    Frozen,
    /// What the frozen account had was destroyed; it stays frozen.
    Destroyed,
    /// The freeze ended.
    Lifted,
}

impl FreezeState {
    /// Returns the stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether the account cannot send the token.
    #[must_use]
    pub fn is_frozen(self) -> bool {
        matches!(self, FreezeState::Frozen | FreezeState::Destroyed)
    }
}

/// A step of a freeze.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeStep {
    /// Height of the block.
    pub height: u64,
    /// Unix time of the block.
    pub time: u64,
    /// The transaction; absent where a ledger of chosen assets does not store it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
    /// Number of the proposal in the issuer's wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u64>,
}

/// A freeze of an address by an issuer, from its proposal to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreezeView {
    /// The address, with its checksum.
    pub address: String,
    /// What it cannot send.
    pub asset: AssetView,
    /// The issuer's name, where the curated list has the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// How it stands: `proposed`, `withdrawn`, `frozen`, `destroyed` or `lifted`.
    pub state: FreezeState,
    /// When it was proposed first; absent where it was not, or before the stored blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<FreezeStep>,
    /// When the last proposal was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<FreezeStep>,
    /// When it began; absent where it did not, or before the stored blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<FreezeStep>,
    /// When its end was proposed, while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift_proposed: Option<FreezeStep>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<FreezeStep>,
    /// When a destruction was proposed, while that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroy_proposed: Option<FreezeStep>,
    /// When what the address had was destroyed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroyed: Option<FreezeStep>,
    /// How much was destroyed, in base units; absent where nothing was, or an event does not state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub destroyed_amount: Option<Amount>,
    /// What the address has of it after the last stored block, in base units; absent where that is not known, or was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub held: Option<Amount>,
}

impl FreezeView {
    /// Returns when it came into its state, where that is known.
    #[must_use]
    pub fn since(&self) -> Option<&FreezeStep> {
        match self.state {
            FreezeState::Proposed => self.proposed.as_ref(),
            FreezeState::Withdrawn => self.withdrawn.as_ref(),
            FreezeState::Frozen => self.frozen.as_ref(),
            FreezeState::Destroyed => self.destroyed.as_ref(),
            FreezeState::Lifted => self.lifted.as_ref(),
        }
    }
}
