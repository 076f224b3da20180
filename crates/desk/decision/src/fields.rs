//! The fields that rules speak about. `holdfast rules fields` prints this table.

use crate::facts::{ChainFacts, Share, risk_level};
use crate::issuer::{IssuerFact, IssuerState};
use crate::lookalikes::{self, Lookalike};
use crate::model::{CustomerType, Direction, Event, EventKind, Method, Status};
use crate::scores::{NO_SCORE, Purpose, Role, Scored};
use crate::state::{Activity, ActivityKind, DAY, HOUR, MEMORY, State, Uses, View, key, senders_of};
use crate::typology::{Finding, Typology, part_of};
use holdfast_types::{Amount, Seconds, Timestamp};

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Whole number.
    Int(i64),
    /// Truth.
    Bool(bool),
    /// Text.
    Text(String),
    /// Whole numbers by category; those that are missing are zero.
    Table(Vec<(&'static str, i64)>),
    /// Texts.
    List(Vec<String>),
}

impl std::fmt::Display for FieldValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FieldValue::Int(i) => i.fmt(f),
            FieldValue::Bool(b) => b.fmt(f),
            FieldValue::Text(t) => t.fmt(f),
            FieldValue::Table(t) => {
                let parts: Vec<String> = t.iter().filter(|e| e.1 != 0).map(|(k, v)| format!("{k} {v}")).collect();
                f.write_str(&parts.join(", "))
            }
            FieldValue::List(l) => f.write_str(&l.join(", ")),
        }
    }
}

/// What the fields of rules are read from.
#[derive(Debug)]
pub struct Input<'a> {
    /// The event.
    pub event: &'a Event,
    /// Facts of the chain.
    pub facts: &'a ChainFacts,
    /// Value in the reference currency, if known.
    pub value: Option<u64>,
    /// Patterns found.
    pub findings: &'a [Finding],
    /// What is seen of the customer and of shared keys.
    pub view: View<'a>,
    /// What learned models said.
    pub learned: Option<Scored>,
    /// What a withdrawal's address imitates.
    pub(crate) lookalike: Option<Lookalike>,
    totals: Totals,
}

/// Counts and sums over windows, made in one pass.
#[derive(Debug, Default)]
struct Totals {
    deposits: [(i64, i64); 4],
    withdrawals: [(i64, i64); 4],
    card: [(i64, i64); 4],
    bank: [(i64, i64); 4],
    out: [(i64, i64); 4],
    declined: [(i64, i64); 4],
    cards: [usize; 4],
    logins_failed_24h: i64,
    chargebacks: i64,
    credential_change: Option<Timestamp>,
    last: Option<Timestamp>,
}

const WINDOWS: [Seconds; 4] = [HOUR, DAY, Seconds::days(7), Seconds::days(30)];

impl<'a> Input<'a> {
    /// Gathers what the fields need.
    pub fn new(
        state: &'a State,
        event: &'a Event,
        facts: &'a ChainFacts,
        value: Option<u64>,
        findings: &'a [Finding],
    ) -> Self {
        let view = View::of(state, event);
        let lookalike = lookalikes::of_withdrawal(view.customer(), event, facts);
        Input::of(view, event, facts, value, findings, lookalike)
    }

    /// Gathers what the fields need by what a decision sees.
    pub(crate) fn of(
        view: View<'a>,
        event: &'a Event,
        facts: &'a ChainFacts,
        value: Option<u64>,
        findings: &'a [Finding],
        lookalike: Option<Lookalike>,
    ) -> Self {
        let mut totals = Totals::default();
        let now = event.time;
        if let Some(customer) = view.customer() {
            let mut cards: Vec<(u64, Timestamp)> = Vec::new();
            for a in customer.recent(now, MEMORY) {
                totals.add(a, now, &mut cards);
            }
            for (i, window) in WINDOWS.iter().enumerate() {
                totals.cards[i] = cards.iter().filter(|c| c.1 > now - *window).count();
            }
        }
        Input { event, facts, value, findings, view, learned: None, lookalike, totals }
    }

    /// Returns the input with what learned models said of it.
    pub(crate) fn scored(self, learned: Option<Scored>) -> Self {
        Input { learned, ..self }
    }

    /// Returns a probability, millionths, or -1 where no such model scored the event.
    fn score(&self, of: impl Fn(&Scored) -> i64) -> i64 {
        self.learned.as_ref().map_or(NO_SCORE, of)
    }

    pub(crate) fn customer(&self) -> Option<&'a crate::state::Customer> {
        self.view.customer()
    }

    /// Returns whether a freeze of the transfer's addresses is of a kind.
    fn has_freeze(&self, wanted: impl Fn(&IssuerFact) -> bool) -> bool {
        self.facts.issuer.iter().any(wanted)
    }

    fn shares(&self, side: fn(&ChainFacts) -> &[Share], least: u8, direct: bool) -> i64 {
        let ppm = |s: &Share| if direct { s.direct_ppm } else { s.indirect_ppm };
        side(self.facts).iter().filter(|s| risk_level(s.category.risk()) >= least).map(ppm).map(int).sum()
    }

    fn party(&self) -> Option<Uses<'a>> {
        self.view.party(self.view.other_side())
    }

    fn sharing(&self, namespace: &str, text: Option<&String>) -> i64 {
        let Some(party) = text.and_then(|t| self.view.party(key(namespace, t))) else { return 0 };
        int(party.customers(self.event.time, MEMORY, |_| true))
    }
}

impl Totals {
    fn add(&mut self, a: &Activity, now: Timestamp, cards: &mut Vec<(u64, Timestamp)>) {
        self.last = self.last.max(Some(a.time));
        let slot = match a.kind {
            ActivityKind::Deposit => &mut self.deposits,
            ActivityKind::Withdrawal => &mut self.withdrawals,
            ActivityKind::CardIn => {
                // Latest first, so the first time seen is the latest use.
                if !cards.iter().any(|c| c.0 == a.party) {
                    cards.push((a.party, a.time));
                }
                &mut self.card
            }
            ActivityKind::BankIn => &mut self.bank,
            ActivityKind::PaidOut => &mut self.out,
            ActivityKind::Declined => &mut self.declined,
            ActivityKind::Chargeback => {
                self.chargebacks += 1;
                return;
            }
            ActivityKind::Account(action) => {
                if action.changes_credentials() {
                    self.credential_change = self.credential_change.max(Some(a.time));
                }
                if action == crate::model::Action::LoginFailed && a.time > now - DAY {
                    self.logins_failed_24h += 1;
                }
                return;
            }
        };
        for (i, window) in WINDOWS.iter().enumerate() {
            if a.time > now - *window {
                slot[i].0 += 1;
                slot[i].1 = slot[i].1.saturating_add(int(a.value));
            }
        }
    }
}

/// Hours or days that stand for "never".
pub const NEVER: i64 = 1_000_000;

/// A count, share or value as rules see it. Values of events are at most [`crate::model::MAX_VALUE`]; what is too large for a rule's
/// numbers is above every threshold.
fn int(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

fn source(facts: &ChainFacts) -> &[Share] {
    &facts.source
}

fn destination(facts: &ChainFacts) -> &[Share] {
    &facts.destination
}

/// Only what is not zero; see [`FieldValue::Table`].
fn table(shares: &[Share], ppm: impl Fn(&Share) -> u64) -> FieldValue {
    let entry = |s: &Share| (s.category.name(), int(ppm(s)));
    FieldValue::Table(shares.iter().map(entry).filter(|e| e.1 != 0).collect())
}

/// A field: group, name, description, and how it is found.
pub struct Field {
    /// Variable.
    pub group: &'static str,
    /// Member of it.
    pub name: &'static str,
    /// Its meaning, with its unit.
    pub description: &'static str,
    get: fn(&Input) -> FieldValue,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.group, self.name)
    }
}

impl Field {
    /// Its value for an input.
    pub fn of(&self, input: &Input) -> FieldValue {
        (self.get)(input)
    }
}

macro_rules! fields {
    ($($group:ident . $name:ident $description:literal => |$x:ident| $value:expr),* $(,)?) => {
        /// All fields.
        pub const FIELDS: &[Field] = &[$(Field {
            group: stringify!($group),
            name: stringify!($name),
            description: $description,
            get: |$x: &Input| FieldValue::from($value),
        }),*];
    };
}

impl From<i64> for FieldValue {
    fn from(v: i64) -> Self {
        FieldValue::Int(v)
    }
}

impl From<bool> for FieldValue {
    fn from(v: bool) -> Self {
        FieldValue::Bool(v)
    }
}

impl From<&str> for FieldValue {
    fn from(v: &str) -> Self {
        FieldValue::Text(v.to_owned())
    }
}

impl From<String> for FieldValue {
    fn from(v: String) -> Self {
        FieldValue::Text(v)
    }
}

fn has(input: &Input, typology: Typology) -> bool {
    input.findings.iter().any(|f| f.typology == typology)
}

fn hours_since(now: Timestamp, then: Option<Timestamp>) -> i64 {
    then.map_or(NEVER, |t| (now - t).max(Seconds::ZERO) / HOUR)
}

fn provider(input: &Input, name: &str) -> i64 {
    input.facts.providers.get(name).and_then(|p| p.risk).map_or(0, i64::from)
}

/// Returns what share of `whole` an amount is, millionths, at most all of it.
fn share_ppm(amount: Amount, whole: Amount) -> i64 {
    const WHOLE: i64 = 1_000_000;
    let share = amount.mul_div(Amount::new(1_000_000), whole).and_then(|s| u64::try_from(s).ok());
    share.map_or(WHOLE, |s| int(s).min(WHOLE))
}

fields! {
    event.kind "deposit, withdrawal, payment or account" => |x| x.event.kind.name(),
    event.action "what happened to the account: signup, login, login_failed, password_change, ..." => |x| x.event.action.map_or("", |a| a.name()),
    event.method "card or bank (payments)" => |x| match x.event.method { Some(Method::Card) => "card", Some(Method::Bank) => "bank", None => "" },
    event.direction "in or out (payments)" => |x| match x.event.direction { Some(Direction::In) => "in", Some(Direction::Out) => "out", None => "" },
    event.status "settled, declined or chargeback (payments)" => |x| match x.event.status.unwrap_or_default() { Status::Settled => "settled", Status::Declined => "declined", Status::Chargeback => "chargeback" },
    event.asset "asset or currency" => |x| x.event.asset.clone().unwrap_or_default(),
    event.value "value, minor units of the reference currency" => |x| int(x.value.unwrap_or(0)),
    event.priced "whether the value is known" => |x| x.value.is_some(),
    event.unconfirmed "whether a deposit still waits in the mempool" => |x| x.event.kind == EventKind::Deposit && x.event.confirmations == Some(0),
    event.country "country of the IP address or instrument" => |x| x.event.country.clone().unwrap_or_default(),
    event.third_party "whether the instrument's holder is not the customer" => |x| x.event.third_party == Some(true),
    event.round "whether the value is a whole multiple of 100.00" => |x| x.value.is_some_and(|v| v > 0 && v % 10_000 == 0),
    event.balance_share "share of the balance that a withdrawal takes, millionths; 0 when unknown" => |x| match (x.event.amount, x.event.balance) {
        (Some(a), Some(b)) if !b.is_zero() => share_ppm(a, b),
        _ => 0,
    },
    customer.known "whether a record of the customer came" => |x| x.customer().is_some_and(|c| c.recorded),
    customer.type "individual or business" => |x| if x.customer().is_some_and(|c| c.customer_type == CustomerType::Business) { "business" } else { "individual" },
    customer.age_days "days since signup or first event" => |x| x.customer().and_then(|c| c.since()).map_or(0, |s| (x.event.time - s).max(Seconds::ZERO) / DAY),
    customer.years "age in years, 0 when unknown" => |x| x.customer().and_then(|c| c.birth_year).map_or(0, |y| 1970 + (x.event.time - Timestamp::EPOCH) / (365 * DAY + DAY / 4) - i64::from(y)),
    customer.country "country of residence" => |x| x.customer().and_then(|c| c.country).map_or(String::new(), |c| String::from_utf8_lossy(&c).into_owned()),
    customer.kyc_level "highest identity check passed, 0 to 3" => |x| x.customer().map_or(0, |c| i64::from(c.level)),
    customer.rating "the exchange's own rating: 0 unknown, 1 low, 2 medium, 3 high" => |x| x.customer().map_or(0, |c| i64::from(c.rating)),
    customer.industry "line of business, lower case" => |x| x.customer().and_then(|c| c.industry.clone()).unwrap_or_default(),
    customer.flags "marks such as pep or vulnerable" => |x| FieldValue::List(x.customer().map_or(Vec::new(), |c| c.flags.clone())),
    customer.idle_days "days since the last event of any kind, 1000000 when none" => |x| x.totals.last.map_or(NEVER, |t| (x.event.time - t).max(Seconds::ZERO) / DAY),
    customer.country_mismatch "whether the event's country is not the customer's" => |x| match (&x.event.country, x.customer().and_then(|c| c.country)) { (Some(e), Some(c)) => *e.as_bytes() != c, _ => false },
    counterparty.category "category of the other side: its own tags, else its cluster's" => |x| x.facts.category.name(),
    counterparty.risk "risk of that category: 0 none, 1 low, 2 medium, 3 high, 4 severe" => |x| i64::from(risk_level(x.facts.category.risk())),
    counterparty.confidence "confidence of the weightiest tag, 0 to 100" => |x| x.facts.tags.iter().map(|t| i64::from(t.confidence)).max().unwrap_or(0),
    counterparty.in_ledger "whether the ledger or mempool knows it" => |x| x.facts.found,
    counterparty.new_to_customer "whether the customer never withdrew to it" => |x| x.event.kind == EventKind::Withdrawal && x.customer().is_none_or(|c| !c.knows_destination(x.view.other_side())),
    counterparty.customers_7d "customers that moved money with it within 7 days" => |x| x.party().map_or(0, |p| int(p.customers(x.event.time, 7 * DAY, |_| true))),
    counterparty.is_customer "whether a withdrawal goes to a deposit address of a customer here" => |x| x.event.counterparty.as_ref().is_some_and(|a| x.view.owner_of(a).is_some()),
    withdrawal.lookalike_of "the address that a withdrawal's imitates: one with the same first three and last four characters that the customer dealt with before; empty when none" => |x| x.lookalike.as_ref().map_or(String::new(), |l| l.of.clone()),
    exposure.source_direct "share of money directly from each category, millionths: exposure.source_direct['ransomware']" => |x| table(&x.facts.source, |s| s.direct_ppm),
    exposure.source_indirect "the same through unattributed addresses" => |x| table(&x.facts.source, |s| s.indirect_ppm),
    exposure.destination_direct "share of what the address received that went directly to each category, millionths" => |x| table(&x.facts.destination, |s| s.direct_ppm),
    exposure.destination_indirect "the same through unattributed addresses" => |x| table(&x.facts.destination, |s| s.indirect_ppm),
    exposure.severe_direct "share directly from categories of severe risk, millionths" => |x| x.shares(source, 4, true),
    exposure.severe_indirect "the same, indirectly" => |x| x.shares(source, 4, false),
    exposure.high_direct "share directly from categories of high or severe risk, millionths" => |x| x.shares(source, 3, true),
    exposure.high_indirect "the same, indirectly" => |x| x.shares(source, 3, false),
    exposure.to_severe_direct "share of the address's money that went directly to severe risk, millionths" => |x| x.shares(destination, 4, true),
    exposure.to_severe_indirect "the same, indirectly" => |x| x.shares(destination, 4, false),
    exposure.severe_value "value from severe risk, direct and indirect, minor units" => |x| {
        let ppm = x.shares(source, 4, true).saturating_add(x.shares(source, 4, false));
        int(part_of(x.value.unwrap_or(0), u64::try_from(ppm).unwrap_or(0)))
    },
    exposure.unavailable "whether the chain could not be queried" => |x| x.facts.unavailable.is_some(),
    exposure.unknown_amounts "outputs and inputs of unknown amount behind the exposure, which its shares leave out" => |x| int(x.facts.unknown_amounts),
    issuer.frozen "whether the issuer of the event's asset froze the other side's address" => |x| x.has_freeze(|f| f.state == IssuerState::Frozen && f.concerns(x.event)),
    issuer.freeze_proposed "whether a freeze of the other side's address is before the issuer of the event's asset" => |x| x.has_freeze(|f| f.state == IssuerState::Proposed && f.concerns(x.event)),
    issuer.other_asset "whether the issuer of another asset froze the other side's address, or any issuer one that a part of the deposit came through, or a freeze is before it" => |x| x.has_freeze(|f| !f.own && !f.concerns(x.event)),
    issuer.own_address "whether an issuer froze the customer's own deposit address, or a freeze is before it, of any asset" => |x| x.has_freeze(|f| f.own),
    issuer.unknown "whether freezes may be missing: the ledger, or what was kept of its blocks, begins late, or a proposal's content is not shown" => |x| !x.facts.issuer_gaps.is_empty(),
    issuer.gaps "what is not known of issuers' freezes, in words" => |x| FieldValue::List(x.facts.issuer_gaps.clone()),
    issuer.since_hours "hours since the latest of these; 1000000 for never" => |x| hours_since(x.event.time, x.facts.issuer.iter().filter(|f| f.hops == 0).map(|f| f.since).max()),
    exposure.unknown_share "share of the money of which it is not known where it came from, millionths: account chains, beyond bounds or before the first block" => |x| int(x.facts.unknown_ppm),
    exposure.older_share "part of exposure.unknown_share that lay on an address without a name before the ledger's first block, millionths" => |x| int(x.facts.older_ppm),
    exposure.unread_share "the rest of exposure.unknown_share, millionths: beyond bounds, on chains that are not held, behind contracts that nobody reads, of assets that are not sound" => |x| int(x.facts.unread_ppm()),
    exposure.gaps "what was not looked at on the account chain, in words" => |x| FieldValue::List(x.facts.gaps.clone()),
    velocity.deposits_1h "deposits within 1 hour before the event" => |x| x.totals.deposits[0].0,
    velocity.deposits_24h "deposits within 24 hours" => |x| x.totals.deposits[1].0,
    velocity.deposits_24h_value "their value, minor units" => |x| x.totals.deposits[1].1,
    velocity.deposits_7d_value "value of deposits within 7 days" => |x| x.totals.deposits[2].1,
    velocity.deposits_30d_value "value of deposits within 30 days" => |x| x.totals.deposits[3].1,
    velocity.withdrawals_1h "withdrawals within 1 hour" => |x| x.totals.withdrawals[0].0,
    velocity.withdrawals_24h "withdrawals within 24 hours" => |x| x.totals.withdrawals[1].0,
    velocity.withdrawals_24h_value "their value, minor units" => |x| x.totals.withdrawals[1].1,
    velocity.withdrawals_7d_value "value of withdrawals within 7 days" => |x| x.totals.withdrawals[2].1,
    velocity.withdrawals_30d_value "value of withdrawals within 30 days" => |x| x.totals.withdrawals[3].1,
    velocity.card_24h_value "value paid in by card within 24 hours" => |x| x.totals.card[1].1,
    velocity.card_7d_value "value paid in by card within 7 days" => |x| x.totals.card[2].1,
    velocity.cards_24h "different cards within 24 hours" => |x| int(x.totals.cards[1]),
    velocity.cards_30d "different cards within 30 days" => |x| int(x.totals.cards[3]),
    velocity.bank_24h_value "value paid in from banks within 24 hours" => |x| x.totals.bank[1].1,
    velocity.bank_7d_value "value paid in from banks within 7 days" => |x| x.totals.bank[2].1,
    velocity.paid_out_7d_value "value paid out to banks and cards within 7 days" => |x| x.totals.out[2].1,
    velocity.declined_24h "declined payments within 24 hours" => |x| x.totals.declined[1].0,
    velocity.chargebacks_90d "chargebacks within 90 days" => |x| x.totals.chargebacks,
    velocity.failed_logins_24h "failed logins within 24 hours" => |x| x.totals.logins_failed_24h,
    velocity.credential_change_hours "hours since password, second factor, email or phone changed; 1000000 for never" => |x| hours_since(x.event.time, x.totals.credential_change),
    velocity.device_age_hours "hours since the event's device was first seen on this customer; 1000000 without a device" => |x| match (&x.event.device, x.customer()) {
        (Some(d), Some(c)) => c.devices.iter().find(|e| e.0 == key("device", d)).map_or(0, |e| (x.event.time - e.1).max(Seconds::ZERO) / HOUR),
        (Some(_), None) => 0,
        (None, _) => NEVER,
    },
    velocity.customers_on_device "customers that used the event's device within 90 days, before it" => |x| x.sharing("device", x.event.device.as_ref()),
    velocity.customers_on_ip "customers that used the event's IP address within 90 days, before it" => |x| x.sharing("ip", x.event.ip.as_ref()),
    velocity.customers_on_instrument "customers that used the event's card or bank account within 90 days, before it" => |x| x.sharing("instrument", x.event.instrument.as_ref()),
    velocity.senders "addresses that the deposit came from" => |x| if x.event.kind == EventKind::Deposit { int(senders_of(x.event, x.facts).len()) } else { 0 },
    typology.structuring "see docs/typologies.md" => |x| has(x, Typology::Structuring),
    typology.rapid_pass_through "see docs/typologies.md" => |x| has(x, Typology::RapidPassThrough),
    typology.fan_in "see docs/typologies.md" => |x| has(x, Typology::FanIn),
    typology.fan_out "see docs/typologies.md" => |x| has(x, Typology::FanOut),
    typology.cycle "see docs/typologies.md" => |x| has(x, Typology::Cycle),
    typology.peel_chain "see docs/typologies.md" => |x| has(x, Typology::PeelChain),
    typology.mixer_exposure "see docs/typologies.md" => |x| has(x, Typology::MixerExposure),
    typology.coinjoin_exposure "see docs/typologies.md" => |x| has(x, Typology::CoinjoinExposure),
    typology.ransomware_payment "see docs/typologies.md" => |x| has(x, Typology::RansomwarePayment),
    typology.address_poisoning "see docs/typologies.md" => |x| has(x, Typology::AddressPoisoning),
    typology.dusting "see docs/typologies.md" => |x| has(x, Typology::Dusting),
    typology.card_cash_out "see docs/typologies.md" => |x| has(x, Typology::CardCashOut),
    typology.fake_account_ring "see docs/typologies.md" => |x| has(x, Typology::FakeAccountRing),
    typology.account_takeover "see docs/typologies.md" => |x| has(x, Typology::AccountTakeover),
    typology.mule "see docs/typologies.md" => |x| has(x, Typology::Mule),
    typology.scam_victim "see docs/typologies.md" => |x| has(x, Typology::ScamVictim),
    provider.elliptic "risk by Elliptic, 0 to 4; 0 when not asked" => |x| provider(x, "elliptic"),
    provider.chainalysis "risk by Chainalysis, 0 to 4" => |x| provider(x, "chainalysis"),
    provider.trm "risk by TRM Labs, 0 to 4" => |x| provider(x, "trm"),
    provider.failed "whether a provider that should have answered did not" => |x| x.facts.providers.values().any(|p| p.risk.is_none()),
    model.score "highest probability of a crime by any champion among the learned models, millionths; -1 where none scores such events" => |x| x.score(Scored::highest),
    model.scored "whether a champion scored the event: where not, model.score is -1 and says nothing" => |x| x.score(Scored::highest) != NO_SCORE,
    model.withdrawal_scam "probability by the champion for withdrawals of victims of scams, millionths; -1 where there is none or it scores no such events" => |x| x.score(|s| s.of(Purpose::WithdrawalScam, Role::Champion)),
    model.account_takeover "probability by the champion for accounts taken over, millionths; -1 where there is none or it scores no such events" => |x| x.score(|s| s.of(Purpose::AccountTakeover, Role::Champion)),
    model.mule "probability by the champion for money mules, millionths; -1 where there is none or it scores no such events" => |x| x.score(|s| s.of(Purpose::Mule, Role::Champion)),
    model.card_cash_out "probability by the champion for cash-out of stolen cards, millionths; -1 where there is none or it scores no such events" => |x| x.score(|s| s.of(Purpose::CardCashOut, Role::Champion)),
    model.event_risk "probability by the champion for any crime, millionths; -1 where there is none or it scores no such events" => |x| x.score(|s| s.of(Purpose::EventRisk, Role::Champion)),
    model.alert_triage "probability by the champion for alerts that are true positives, millionths; -1 where there is none or it scores no such events" => |x| x.score(|s| s.of(Purpose::AlertTriage, Role::Champion)),
    shadow_model.withdrawal_scam "the same by models in shadow, the highest of them; only for rules in shadow" => |x| x.score(|s| s.of(Purpose::WithdrawalScam, Role::Shadow)),
    shadow_model.account_takeover "the same by models in shadow, the highest of them; only for rules in shadow" => |x| x.score(|s| s.of(Purpose::AccountTakeover, Role::Shadow)),
    shadow_model.mule "the same by models in shadow, the highest of them; only for rules in shadow" => |x| x.score(|s| s.of(Purpose::Mule, Role::Shadow)),
    shadow_model.card_cash_out "the same by models in shadow, the highest of them; only for rules in shadow" => |x| x.score(|s| s.of(Purpose::CardCashOut, Role::Shadow)),
    shadow_model.event_risk "the same by models in shadow, the highest of them; only for rules in shadow" => |x| x.score(|s| s.of(Purpose::EventRisk, Role::Shadow)),
    shadow_model.alert_triage "the same by models in shadow, the highest of them; only for rules in shadow" => |x| x.score(|s| s.of(Purpose::AlertTriage, Role::Shadow)),
}

/// Number of a field.
pub fn field(group: &str, name: &str) -> Option<usize> {
    FIELDS.iter().position(|f| f.group == group && f.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_typology_has_its_field() {
        for typology in Typology::ALL {
            assert!(field("typology", typology.name()).is_some(), "{}", typology.name());
        }
    }
}
