//! Where a deposit's money was before, a few transactions back: the outputs through which a real part of it came. Flags are matched against
//! them, so that stolen funds are held one or more transactions after the flagged one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most transactions back that are followed; the rule book's policy may set fewer.
pub const MAX_HOPS: u32 = 6;
/// Smallest part of a deposit that is followed, in percent; the rule book's policy may require more.
pub const MIN_SHARE_PERCENT: u32 = 5;

/// Longest path in words. Both sides of a swap or bridge stand in it, which are one hop.
const MOST_STEPS: usize = 2 * MAX_HOPS as usize;

/// An output through which part of a deposit's money came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Behind {
    /// `TXID:OUTPUT`; on account chains the transfer that brought it: its transaction and place.
    pub output: String,
    /// Its address, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Transactions from it to the deposit; the two sides of a swap or bridge are one.
    pub hops: u32,
    /// Part of the deposit that came through it, in millionths.
    pub share_ppm: u64,
    /// Which of these outputs it flowed into, by place in the list; absent when the deposit's own transaction spends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<u32>,
}

/// Returns the path from an output to the deposit as text: outputs with their addresses.
pub fn path(all: &[Behind], from: usize) -> String {
    let mut steps = Vec::new();
    let mut at = Some(from);
    while let Some(place) = at.and_then(|i| all.get(i))
        && steps.len() <= MOST_STEPS
    {
        let address = place.address.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
        steps.push(format!("{}{address}", place.output));
        at = place.into.map(|i| i as usize);
    }
    steps.push("this deposit".to_owned());
    steps.join(" -> ")
}
