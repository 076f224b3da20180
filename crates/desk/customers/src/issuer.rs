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
    /// Transfers from the address to the deposit, of one that a part of the deposit came through; 0 of the other side and of the own address.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hops: u32,
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

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// How the findings of a proposal and of a freeze read.
const PROPOSED: &str = " freeze proposed by the issuer of ";
const FROZEN: &str = " frozen by the issuer of ";

/// Returns, in words, the freezes and proposals among earlier findings that are over by later ones. A proposal that became a freeze is not over.
#[must_use]
pub fn ended(old: &[String], new: &[String]) -> Vec<String> {
    let words = |line: &String| {
        let is_proposal = line.contains(PROPOSED);
        let word = if is_proposal { "the proposal is withdrawn" } else { "the freeze is lifted" };
        (is_proposal || line.contains(FROZEN)).then(|| format!("{line}: {word}"))
    };
    missing(old, new).filter_map(words).collect()
}

/// Returns the freezes and proposals among earlier findings that later ones do not have: they stand while it is not known whether they are over.
#[must_use]
pub fn kept(old: &[String], new: &[String]) -> Vec<String> {
    missing(old, new).filter(|line| line.contains(PROPOSED) || line.contains(FROZEN)).cloned().collect()
}

fn missing<'a>(old: &'a [String], new: &'a [String]) -> impl Iterator<Item = &'a String> {
    old.iter().filter(move |line| !new.contains(line) && !new.contains(&line.replace(PROPOSED, FROZEN)))
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
        let before = match self.hops {
            0 => String::new(),
            1 => ", 1 transfer before this deposit".to_owned(),
            hops => format!(", {hops} transfers before this deposit"),
        };
        format!("{address}{before}: {state} since {since}{tx}")
    }

    /// Returns whether it is of the other side and of an event's asset.
    pub fn concerns(&self, event: &Event) -> bool {
        !self.own && self.hops == 0 && event.asset.as_deref().is_some_and(|asset| Asset::same(asset, &self.asset))
    }

    /// Returns the line by which screening again tells new findings from known ones.
    pub fn finding(&self) -> String {
        let what = if self.state == IssuerState::Frozen { FROZEN } else { PROPOSED };
        let whose = match (self.own, self.hops) {
            (true, _) => "own address ",
            (false, 0) => "",
            // How far is no finding of its own: another way may be as long tomorrow.
            (false, _) => "came through ",
        };
        format!("{whose}{}{what}{}", self.address, self.asset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposals_that_became_freezes_are_not_over() {
        let fact = |state, own, hops| IssuerFact {
            address: "0x01".into(),
            own,
            asset: "eip155:1/erc20:0x02".into(),
            state,
            hops,
            since: Timestamp::EPOCH,
            tx: None,
        };
        let [proposed, frozen] =
            [IssuerState::Proposed, IssuerState::Frozen].map(|state| fact(state, false, 0).finding());
        assert_eq!(frozen, "0x01 frozen by the issuer of eip155:1/erc20:0x02");
        let over = |old: &[&String], new: &[&String]| {
            let owned = |lines: &[&String]| lines.iter().copied().cloned().collect::<Vec<_>>();
            ended(&owned(old), &owned(new))
        };
        assert_eq!(over(&[&proposed], &[]), [format!("{proposed}: the proposal is withdrawn")]);
        assert_eq!(over(&[&frozen], &[]), [format!("{frozen}: the freeze is lifted")]);
        assert!(over(&[&proposed], &[&frozen]).is_empty() && over(&[&proposed], &[&proposed]).is_empty());
        // Another's freeze ends nothing, and other findings are none.
        let own = fact(IssuerState::Frozen, true, 0).finding();
        assert_eq!(over(&[&proposed], &[&own]).len(), 1);
        assert!(over(&[&"ransomware itself".to_owned()], &[]).is_empty());
        assert!(fact(IssuerState::Frozen, false, 2).words().contains("2 transfers before this deposit"));
    }
}
