//! Kinds of contract, told by code, events and creation. A pure function with its evidence named.
//!
//! What code and events show is a likeness: whoever writes a contract chooses both, and may imitate a pool or a mixer. Only what a project
//! publishes, by address or by its factory, is [`Certainty::Published`]; everything else names what it rests on, and ends no trace.

use crate::code::{Code, Constants};
use crate::contracts::{INTERFACES, Interface};
use crate::published;
use holdfast_attribution::Category;
use holdfast_types::{AccountId, ChainId, Hash32};
use serde::Serialize;
use std::collections::BTreeMap;

/// Kind of contract.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Entry point of user operations (ERC-4337): it calls accounts for whoever signed.
    EntryPoint,
    /// A mixer, or its router.
    Mixer,
    /// A bridge, or what passes a bridge's messages.
    Bridge,
    /// A Safe: a wallet whose owners sign.
    Safe,
    /// Another wallet of several owners.
    Multisig,
    /// An account that is a contract (ERC-4337).
    SmartAccount,
    /// Passes swaps on to pools.
    Router,
    /// Swaps one asset for another.
    Pool,
    /// A deposit address of an exchange that sends everything on.
    Forwarder,
    /// Creates contracts.
    Factory,
    /// Wraps the chain's coin as a token.
    Wrapper,
    /// Pieces of things by id (ERC-1155).
    MultiToken,
    /// Things (ERC-721).
    NonFungible,
    /// A fungible token (ERC-20).
    Token,
}

impl Kind {
    /// Returns its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the category of what pools or hides the money of others; `None` of wallets, tokens and what only passes calls on.
    #[must_use]
    pub fn category(self) -> Option<Category> {
        let name = match self {
            Kind::Mixer => "mixing_service",
            Kind::Bridge => "defi_bridge",
            Kind::Pool | Kind::Router => "defi_dex",
            _ => return None,
        };
        Category::from_name(name)
    }

    /// Returns whether it is somebody's wallet: it acts for its owners, and what it holds is theirs.
    #[must_use]
    pub fn is_wallet(self) -> bool {
        matches!(self, Kind::Safe | Kind::Multisig | Kind::SmartAccount | Kind::Forwarder)
    }
}

/// What is known of an account.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Chain.
    pub chain: &'a ChainId,
    /// Account.
    pub account: AccountId,
    /// Its code in the chain's state; `None` where nobody looked, empty where there is none.
    pub code: Option<&'a [u8]>,
    /// Events that it wrote, with how often.
    pub events: &'a Events,
    /// Whether a transaction was signed with its key.
    pub has_signed: bool,
    /// Account that created it, where known.
    pub creator: Option<AccountId>,
    /// What is known of the contract whose code it runs ([`Code::MinimalProxy`]), where it was looked at.
    pub implementation: Option<&'a Finding>,
}

/// Events that an account wrote: by topic and number of topics, how often. Only those of [`INTERFACES`] are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events(BTreeMap<(Hash32, u8), u64>);

impl Events {
    /// Counts a log by its topics.
    pub fn count(&mut self, topics: &[Hash32]) {
        if let (Some(topic), Ok(number)) = (topics.first(), u8::try_from(topics.len()))
            && crate::contracts::is_known(topic)
        {
            *self.0.entry((*topic, number)).or_default() += 1;
        }
    }

    /// Returns whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether an account is a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Of a key.
    Key,
    /// Of a key that runs a contract's code (EIP-7702). Whoever has the key may change or end that.
    DelegatedKey,
    /// A contract.
    Contract,
    /// No code was there when it was looked at, and nothing was signed: of a key, or a contract that is created later.
    Unknown,
}

/// How far a kind can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Code or events are like it. Anybody can write such a contract.
    Alike,
    /// Code and events are like it. Anybody can write such a contract.
    AlikeInBoth,
    /// Its project publishes the address, the factory that created it, or the contract whose code it runs.
    Published,
}

/// What a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum Evidence {
    /// The code has all functions of an interface.
    Functions {
        /// Interface.
        interface: &'static str,
        /// Where it is published.
        source: &'static str,
    },
    /// It wrote events of an interface.
    Event {
        /// Interface.
        interface: &'static str,
        /// The event.
        event: &'static str,
        /// How often.
        times: u64,
    },
    /// Its project publishes the address.
    Address {
        /// Name.
        name: &'static str,
    },
    /// A published factory created it.
    Factory {
        /// Name.
        name: &'static str,
    },
    /// It runs another contract's code and nothing else (EIP-1167).
    MinimalProxy {
        /// The other contract.
        implementation: String,
        /// Its kind, where it was looked at.
        kind: Option<Kind>,
    },
    /// A key signed that the account runs a contract's code (EIP-7702).
    Delegation {
        /// The contract.
        delegate: String,
    },
    /// It signed a transaction, which contracts cannot.
    Signature,
    /// Code is there.
    Code,
}

/// What an account is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether it is a contract.
    pub nature: Nature,
    /// Its kind, where one is recognized.
    pub kind: Option<Kind>,
    /// Further kinds that it is like, such as the token that a pool's shares are.
    pub also: Vec<Kind>,
    /// How far the kind can be relied on.
    pub certainty: Certainty,
    /// What that rests on.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// Returns the category by the kind: of a published contract only, since whoever imitates a pool would otherwise end traces as they please.
    #[must_use]
    pub fn category(&self) -> Option<Category> {
        self.kind.filter(|_| self.certainty == Certainty::Published).and_then(Kind::category)
    }
}

/// Returns what an account is.
#[must_use]
pub fn kind(of: &Observation<'_>) -> Finding {
    let mut finding = Finding {
        nature: Nature::Unknown,
        kind: None,
        also: Vec::new(),
        certainty: Certainty::Alike,
        evidence: Vec::new(),
    };
    let address = |account: &AccountId| account.to_address(of.chain).to_string();
    if of.has_signed {
        finding.nature = Nature::Key;
        finding.evidence.push(Evidence::Signature);
    }
    let code = of.code.map(Code::read);
    match &code {
        Some(Code::Delegation(delegate)) => {
            finding.nature = Nature::DelegatedKey;
            finding.evidence.push(Evidence::Delegation { delegate: address(delegate) });
            // What it runs is no statement about what it is.
            return finding;
        }
        Some(Code::MinimalProxy(_) | Code::Contract(_)) if !of.has_signed => {
            finding.nature = Nature::Contract;
            finding.evidence.push(Evidence::Code);
        }
        _ => {}
    }
    if of.has_signed {
        return finding;
    }
    // Only contracts write events; a delegated key does so too, but signs.
    if !of.events.is_empty() && code.is_none() {
        finding.nature = Nature::Contract;
    }
    by_likeness(of, code.as_ref(), &mut finding);
    if let Some(Code::MinimalProxy(implementation)) = &code {
        by_implementation(of, implementation, &mut finding);
    }
    by_publication(of, &mut finding);
    finding
}

/// Finds the interfaces that code and events are like.
fn by_likeness(of: &Observation<'_>, code: Option<&Code>, finding: &mut Finding) {
    let none = Constants::default();
    let constants = if let Some(Code::Contract(constants)) = code { constants } else { &none };
    let mut found: Vec<(Kind, Certainty)> = Vec::new();
    for (number, interface) in INTERFACES.iter().enumerate() {
        let in_code = Interface::is_in(number, constants);
        let mut in_events = false;
        for ((topic, topics), times) in &of.events.0 {
            if let Some(event) = Interface::event(number, topic, *topics) {
                in_events = true;
                finding.evidence.push(Evidence::Event { interface: interface.name, event, times: *times });
            }
        }
        if in_code {
            finding.evidence.push(Evidence::Functions { interface: interface.name, source: interface.source });
        }
        if in_code || in_events {
            let certainty = if in_code && in_events { Certainty::AlikeInBoth } else { Certainty::Alike };
            match found.iter_mut().find(|(kind, _)| *kind == interface.kind) {
                Some((_, known)) => *known = certainty.max(*known),
                None => found.push((interface.kind, certainty)),
            }
        }
    }
    if let Some(((kind, certainty), also)) = found.split_first() {
        (finding.kind, finding.certainty) = (Some(*kind), *certainty);
        finding.also = also.iter().map(|(kind, _)| *kind).collect();
    }
}

/// A minimal proxy is of the kind whose code it runs.
fn by_implementation(of: &Observation<'_>, implementation: &AccountId, finding: &mut Finding) {
    let known = published::find(of.chain, implementation);
    let kind = known.map(|p| p.kind).or_else(|| of.implementation.and_then(|f| f.kind));
    let implementation = implementation.to_address(of.chain).to_string();
    finding.evidence.push(Evidence::MinimalProxy { implementation, kind });
    if let Some(kind) = kind {
        let certainty = match (known, of.implementation) {
            (Some(_), _) => Certainty::Published,
            (None, Some(of)) => of.certainty,
            (None, None) => Certainty::Alike,
        };
        // Code that runs decides over events, which the code may imitate.
        let before = finding.kind.replace(kind).filter(|before| *before != kind);
        finding.also.retain(|also| *also != kind);
        finding.also.extend(before);
        finding.certainty = certainty;
    }
}

/// What a project publishes decides.
fn by_publication(of: &Observation<'_>, finding: &mut Finding) {
    let own = published::find(of.chain, &of.account).map(|p| (p.kind, Evidence::Address { name: p.name }));
    let made = || {
        let factory = published::find(of.chain, &of.creator?)?;
        Some((factory.creates?, Evidence::Factory { name: factory.name }))
    };
    if let Some((kind, evidence)) = own.or_else(made) {
        let before = finding.kind.replace(kind).filter(|before| *before != kind);
        finding.also.retain(|also| *also != kind);
        finding.also.extend(before);
        finding.certainty = Certainty::Published;
        finding.nature = Nature::Contract;
        finding.evidence.push(evidence);
    }
}
