//! The log of inputs: whatever changes what decisions rest on, in the order in which it was accepted. [`Fold`](crate::fold::Fold) turns inputs
//! into decisions; nothing else enters a decision, no clock and no table.
//!
//! An input is stored with its kind, the version of its format and a body. A later version may add optional fields; readers ignore fields that
//! they do not know, and refuse a format newer than [`FORMAT`].

use crate::facts::ChainFacts;
use crate::flags::Flag;
use crate::fold::Undecided;
use crate::holds::{ActiveHold, HoldPlan};
use crate::model::{Event, Record};
use crate::prices::Price;
use crate::scores::{Purpose, Role};
use holdfast_models::ModelHash;
use holdfast_types::{Amount, Seconds, Timestamp};
use serde::{Deserialize, Serialize};

/// Version of the format of inputs that this program writes, the newest that it reads.
pub const FORMAT: u32 = 1;

/// Version of the engine: of all code between an input and its decision.
///
/// Raise it with every change by which the same inputs give another decision, another reason or other words: rules of the engine itself, typologies, texts,
/// warnings, holds. A replay compares decisions of this version only and states which it does not cover; with the old number it would report each of
/// them as a difference. The test `engine` of `holdfast-evaluation` fails where decisions change and this does not.
pub const ENGINE: u32 = 3;

/// The engine of decisions that were stored without a version.
pub const UNVERSIONED_ENGINE: u32 = 0;

/// Something that changes what decisions rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The log begins.
    Start(Box<Start>),
    /// Another engine than before decides from here on.
    Engine(Box<EngineChange>),
    /// What is known of customers was built anew.
    Rebuilt(Rebuilt),
    /// Records of the customers' world.
    Records(Records),
    /// Events to decide on.
    Events(Events),
    /// A rule book in force.
    Rules(Rules),
    /// The models in force, all of them.
    Models(ModelsInForce),
    /// The price of an asset.
    Price(AssetPrice),
    /// A flag that was raised, confirmed or ended.
    Flag(Box<Flag>),
    /// A hold that a person or a flag places.
    HoldPlaced(Box<HoldPlaced>),
    /// A hold that ended, was reduced, or lasts longer or shorter.
    HoldChanged(HoldChanged),
    /// An alert that no decision raised; only its number matters.
    Alert(AlertRaised),
}

/// The next free numbers. They are dense and counted by the fold, not derived from positions in the log: they stand in the API, in reports and in
/// the audit log of stores that are older than the log of inputs, and stay increasing and small there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextIds {
    /// Events.
    pub event: u64,
    /// Holds.
    pub hold: u64,
    /// Postings of holds.
    pub posting: u64,
    /// Alerts.
    pub alert: u64,
}

impl Default for NextIds {
    fn default() -> Self {
        NextIds { event: 1, hold: 1, posting: 1, alert: 1 }
    }
}

/// Where the log begins: empty in a new store; in a store of a version that had no log, what was in force then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The engine that decides from here on; [`UNVERSIONED_ENGINE`] where none is stored.
    #[serde(default)]
    pub engine: u32,
    /// The next free numbers. Events before them were decided before the log began.
    pub next: NextIds,
    /// Latest time of any event, Unix seconds.
    pub watermark: Timestamp,
    /// The rule book in force.
    pub rules: Rules,
    /// Active holds and their customers.
    #[serde(default)]
    pub holds: Vec<(String, ActiveHold)>,
    /// Flags in force.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Prices.
    #[serde(default)]
    pub prices: Vec<AssetPrice>,
    /// Models in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelInForce>,
}

/// Another engine decides from here on. It states what the decisions before it left in force, because it may not decide as the engine before it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineChange {
    /// The version of the engine.
    pub engine: u32,
    /// The next free numbers.
    pub next: NextIds,
    /// Latest time of any event, Unix seconds.
    pub watermark: Timestamp,
    /// Active holds and their customers.
    pub holds: Vec<(String, ActiveHold)>,
}

/// What is known of customers was built anew from all records so far and the events of the last [`MEMORY`](crate::state::MEMORY) seconds, as a start
/// of the process does. What is older is not known afterwards, so that it is an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuilt {
    /// Latest time of any event, Unix seconds.
    pub watermark: Timestamp,
    /// How far an event may be ahead of its decision; others are left out.
    pub ahead: Seconds,
}

/// Records in the order in which they count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// The records.
    pub records: Vec<Record>,
}

/// Events that are decided in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Latest time of any event before these, Unix seconds.
    pub watermark: Timestamp,
    /// Version of the rule book in force.
    pub rule_book: u32,
    /// The engine that decided; [`UNVERSIONED_ENGINE`] where none is stored.
    #[serde(default)]
    pub engine: u32,
    /// The events.
    pub events: Vec<EventInput>,
}

/// An event with all that its decision needs to know of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventInput {
    /// The event.
    pub event: Event,
    /// Facts of the chain and answers of other providers.
    pub facts: ChainFacts,
    /// The price of its asset; absent where none is known, or the event has a value of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

impl EventInput {
    /// Returns the event as it is decided.
    #[must_use]
    pub fn undecided(&self) -> Undecided<'_> {
        Undecided { event: &self.event, facts: &self.facts, price: self.price }
    }
}

/// A rule book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Its version.
    pub version: u32,
    /// Its text.
    pub yaml: String,
}

/// The models in force from here on. Their files are stored beside the log and never change: a hash names what was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelsInForce {
    /// The models, by purpose.
    pub models: Vec<ModelInForce>,
}

/// A model in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInForce {
    /// SHA-256 of its file.
    pub model: ModelHash,
    /// What it is for.
    pub purpose: Purpose,
    /// How it is used.
    pub role: Role,
}

/// A price of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetPrice {
    /// The asset, in its canonical form.
    pub asset: String,
    /// What it is worth.
    pub price: Price,
}

/// A hold that is placed outside a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPlaced {
    /// Its terms.
    pub plan: HoldPlan,
    /// The event that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// Who places it.
    pub actor: String,
}

/// How a hold stands after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldChanged {
    /// Its number.
    pub hold: u64,
    /// Its customer.
    pub customer: String,
    /// Whether it still holds.
    pub is_active: bool,
    /// Base units still held.
    pub held: Amount,
    /// Lapses, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Whether the change is posted.
    #[serde(default)]
    pub is_posted: bool,
}

/// An alert that no decision raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRaised {
    /// Its kind.
    pub alert: String,
    /// The event that it is about; 0 for none.
    pub event: u64,
}
