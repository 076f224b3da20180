//! The ground truth: which pattern was planted, on whom, by which events.

use serde::{Deserialize, Serialize};

/// A pattern of laundering or fraud that can be planted. Names are those of the screening's typologies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Sums below the reporting threshold.
    Structuring,
    /// In, and out again at once.
    RapidPassThrough,
    /// Many senders to one customer.
    FanIn,
    /// One customer to many addresses.
    FanOut,
    /// Money that comes back through other customers.
    Cycle,
    /// A deposit at the end of a peel chain.
    PeelChain,
    /// Money out of a mixer.
    MixerExposure,
    /// Money out of a coinjoin.
    CoinjoinExposure,
    /// A ransom is paid.
    RansomwarePayment,
    /// An address that imitates a payee's.
    AddressPoisoning,
    /// Tiny deposits to many.
    Dusting,
    /// Stolen cards become coins.
    CardCashOut,
    /// Accounts of one person that pose as many.
    FakeAccountRing,
    /// A thief in a customer's account.
    AccountTakeover,
    /// A customer who passes others' money on.
    Mule,
    /// A customer who pays a scammer.
    ScamVictim,
}

impl Pattern {
    /// All patterns. Draws depend on the order.
    pub const ALL: &[Pattern] = <Pattern as strum::VariantArray>::VARIANTS;
}

/// A planted case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// What was planted.
    pub typology: Pattern,
    /// The modus operandi.
    pub variant: String,
    /// Whether the variant is held out: never looked at while thresholds are chosen.
    pub held_out: bool,
    /// Who takes part.
    pub customers: Vec<String>,
    /// Ids of the events that make it, in order of time.
    pub events: Vec<String>,
    /// Time of its first event, Unix seconds.
    pub begun: i64,
    /// Time of its last event.
    pub ended: i64,
}
