//! Typologies: patterns of laundering and fraud, each precisely defined. A finding is a fact; what follows from it is a rule's business.
//!
//! Values are minor units (cents) of the reference currency; windows end at the event's time. Every definition is in
//! `docs/typologies.md` with its source; thresholds are the constants below.

use crate::facts::ChainFacts;
use crate::model::{Action, CustomerType, Event, EventKind};
use crate::state::{Activity, Customer, DAY, HOUR, Key, MEMORY, State, What, key, party_of, senders_of};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Value from which authorities want a report (31 CFR 1010.311: 10,000 USD).
pub const REPORTING_THRESHOLD: u64 = 1_000_000;

macro_rules! typologies {
    ($($variant:ident $name:literal $doc:literal),* $(,)?) => {
        /// A pattern.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Typology {
            $(#[doc = $doc] $variant,)*
        }

        impl Typology {
            /// All patterns.
            pub const ALL: &'static [Typology] = &[$(Typology::$variant),*];

            /// Its name in rules and answers.
            pub fn name(self) -> &'static str {
                match self { $(Typology::$variant => $name),* }
            }

            /// Its definition in one sentence.
            pub fn definition(self) -> &'static str {
                match self { $(Typology::$variant => $doc),* }
            }
        }
    };
}

typologies! {
    Structuring "structuring" "Three or more movements of one direction within 72 hours, each of 70% to under 100% of the reporting threshold, together above it.",
    RapidPassThrough "rapid_pass_through" "A person's withdrawals of the last 24 hours are 80% to 105% of the deposits of the last 24 hours, at least 3,000.00 came in, the latest within 2 hours, and the withdrawal goes to a destination first used less than a day ago that never sent a deposit.",
    FanIn "fan_in" "A person receives deposits from ten or more addresses within 24 hours.",
    FanOut "fan_out" "A person withdraws to ten or more addresses within 24 hours; a business to fifty.",
    Cycle "cycle" "Money that a customer sent through an outside address to another customer comes back within seven days, through two to four customers, at least 500.00.",
    PeelChain "peel_chain" "A deposit is the smaller output at the end of at least four one-input, two-output transactions in a row, each spending the larger output of the one before.",
    MixerExposure "mixer_exposure" "At least 10% of the money comes directly, or 25% indirectly, from mixing services, at least 100.00 worth; or the destination belongs to one.",
    CoinjoinExposure "coinjoin_exposure" "The deposit's transaction, or one of the two before it, is a coinjoin.",
    RansomwarePayment "ransomware_payment" "A business, or a person in the first 30 days, who never withdrew pays in 1,000.00 (a person 5,000.00) or more from own bank or card and within 24 hours withdraws 80% or more of it to an address that nobody was seen to use before.",
    AddressPoisoning "address_poisoning" "A withdrawal goes to an address that the customer never used and that shares the first four and last four characters with one that the customer did use.",
    Dusting "dusting" "A deposit worth less than 1.00 whose sender so paid five or more customers within 24 hours, or whose transaction pays twenty or more outputs no larger than it.",
    CardCashOut "card_cash_out" "Within 72 hours a customer funds by card 500.00 or more, by three or more cards, or with a chargeback, three declines or a foreign or third-party card, and now withdraws 70% or more of it.",
    FakeAccountRing "fake_account_ring" "Accounts that pose as different people: one document shared by two customers, a card or bank account by three, a device by five within 30 days, or an address of six signups within 24 hours and a device shared by two.",
    AccountTakeover "account_takeover" "On an account older than seven days: a device first seen within 48 hours, after it a change of password, second factor, email or phone, then a withdrawal to an address never used before.",
    Mule "mule" "Three or more different third-party payers pay in within seven days, and 80% or more of it leaves within those seven days, at least 1,000.00.",
    ScamVictim "scam_victim" "A person pays in from a bank or card and within 72 hours withdraws to an address first used within 30 days, for at least the second time, a quarter more than the time before and 2,000.00 or more in all, or where three or more customers began to pay within 30 days; at least 500.00.",
}

/// A pattern that was found, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which.
    pub typology: Typology,
    /// What was seen, in words.
    pub text: String,
    /// Value involved, minor units of the reference currency.
    pub value: u64,
    /// Sequence numbers of the customer's earlier events that it rests on, latest first, at most 32.
    pub events: Vec<u64>,
}

fn money(value: u64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

/// What a detector looks at.
struct Look<'a> {
    state: &'a State,
    event: &'a Event,
    facts: &'a ChainFacts,
    value: u64,
    customer: Option<&'a Customer>,
    party: Key,
}

impl<'a> Look<'a> {
    fn recent(&self, window: i64) -> impl Iterator<Item = &'a Activity> {
        self.customer.into_iter().flat_map(move |c| c.recent(self.event.time, window))
    }

    fn individual(&self) -> bool {
        self.customer.is_none_or(|c| c.customer_type == CustomerType::Individual)
    }

    fn withdrawal(&self) -> bool {
        self.event.kind == EventKind::Withdrawal
    }

    fn found(&self, typology: Typology, text: String, value: u64, events: Vec<u64>) -> Finding {
        Finding { typology, text, value, events: events.into_iter().take(32).collect() }
    }
}

/// All findings about an event, before it is taken into the state.
pub fn find(state: &State, event: &Event, facts: &ChainFacts, value: u64) -> Vec<Finding> {
    let look = Look { state, event, facts, value, customer: state.customer(&event.customer), party: party_of(event) };
    let detectors: &[fn(&Look) -> Option<Finding>] = match event.kind {
        EventKind::Deposit => {
            &[structuring, fan_in, cycle, peel_chain, mixer_exposure, coinjoin_exposure, dusting, fake_account_ring]
        }
        EventKind::Withdrawal => &[
            structuring,
            rapid_pass_through,
            fan_out,
            mixer_exposure,
            ransomware_payment,
            address_poisoning,
            card_cash_out,
            fake_account_ring,
            account_takeover,
            mule,
            scam_victim,
        ],
        EventKind::Payment => &[structuring, fake_account_ring, mule],
        EventKind::Account => &[fake_account_ring],
    };
    detectors.iter().filter_map(|d| d(&look)).collect()
}

fn structuring(look: &Look) -> Option<Finding> {
    let near = |value: u64| (REPORTING_THRESHOLD * 7 / 10..REPORTING_THRESHOLD).contains(&value);
    let (comes_in, goes_out) = (look.event.comes_in(), look.event.goes_out());
    if !near(look.value) || !(comes_in || goes_out) {
        return None;
    }
    let same: Vec<&Activity> = look
        .recent(72 * HOUR)
        .filter(|a| if comes_in { a.what.comes_in() } else { a.what.goes_out() })
        .filter(|a| near(a.value))
        .collect();
    if same.len() < 2 {
        return None;
    }
    let total = look.value + same.iter().map(|a| a.value).sum::<u64>();
    let way = if comes_in { "in" } else { "out" };
    let text = format!(
        "{} movements {way} within 72 hours, each just below {}, together {}",
        same.len() + 1,
        money(REPORTING_THRESHOLD),
        money(total)
    );
    Some(look.found(Typology::Structuring, text, total, same.iter().map(|a| a.seq).collect()))
}

fn rapid_pass_through(look: &Look) -> Option<Finding> {
    if !look.individual() {
        return None;
    }
    let customer = look.customer?;
    let deposits: Vec<&Activity> = look.recent(DAY).filter(|a| a.what == What::Deposit).collect();
    let came: u64 = deposits.iter().map(|a| a.value).sum();
    let left: u64 = look.value + look.recent(DAY).filter(|a| a.what.goes_out()).map(|a| a.value).sum::<u64>();
    let latest = deposits.first()?.time;
    let new = customer.destinations.iter().find(|d| d.0 == look.party).is_none_or(|d| d.1 > look.event.time - DAY);
    // Sending back to where deposits come from is an owner moving between own wallets.
    let fresh = new && !look.recent(MEMORY).any(|a| a.what == What::Deposit && a.party == look.party);
    if came < 300_000
        || look.event.time - latest > 2 * HOUR
        || left * 100 < came * 80
        || left * 100 > came * 105
        || !fresh
    {
        return None;
    }
    let minutes = (look.event.time - latest) / 60;
    let text = format!(
        "{} of {} deposited within 24 hours leaves again, {minutes} minutes after the last deposit, to a new address",
        money(left),
        money(came)
    );
    Some(look.found(Typology::RapidPassThrough, text, left, deposits.iter().map(|a| a.seq).collect()))
}

/// Distinct parties among activities.
fn parties<'a>(activities: impl Iterator<Item = &'a Activity>) -> (Vec<Key>, Vec<u64>, u64) {
    let (mut keys, mut events, mut total) = (Vec::new(), Vec::new(), 0);
    for activity in activities {
        if activity.party != 0 && !keys.contains(&activity.party) {
            keys.push(activity.party);
        }
        events.push(activity.seq);
        total += activity.value;
    }
    (keys, events, total)
}

fn fan_in(look: &Look) -> Option<Finding> {
    if !look.individual() {
        return None;
    }
    let (mut keys, events, total) = parties(look.recent(DAY).filter(|a| a.what == What::Deposit));
    let own = if look.party != 0 { look.party } else { *senders_of(look.event, look.facts).first()? };
    if !keys.contains(&own) {
        keys.push(own);
    }
    if keys.len() < 10 {
        return None;
    }
    let text = format!("deposits from {} addresses within 24 hours", keys.len());
    Some(look.found(Typology::FanIn, text, total + look.value, events))
}

fn fan_out(look: &Look) -> Option<Finding> {
    let least = if look.individual() { 10 } else { 50 };
    let (mut keys, events, total) = parties(look.recent(DAY).filter(|a| a.what == What::Withdrawal));
    if !keys.contains(&look.party) {
        keys.push(look.party);
    }
    if keys.len() < least {
        return None;
    }
    let text = format!("withdrawals to {} addresses within 24 hours", keys.len());
    Some(look.found(Typology::FanOut, text, total + look.value, events))
}

fn cycle(look: &Look) -> Option<Finding> {
    const LEAST: u64 = 50_000;
    if look.value < LEAST {
        return None;
    }
    let now = look.event.time;
    let index = look.customer?.index;
    // Who withdrew to where this deposit comes from?
    let mut from: Vec<u32> = Vec::new();
    for sender in senders_of(look.event, look.facts) {
        let Some(party) = look.state.party(sender) else { continue };
        for (other, time, value, incoming) in &party.uses {
            if !incoming
                && *other != index
                && *time <= now
                && *time > now - 7 * DAY
                && *value >= LEAST
                && !from.contains(other)
            {
                from.push(*other);
            }
        }
    }
    // Walk back through received_from until this customer is met, at most four customers in all.
    let mut wave: Vec<(u32, usize)> = from.into_iter().map(|c| (c, 2)).collect();
    let mut seen: Vec<u32> = Vec::new();
    while let Some((customer, length)) = wave.pop() {
        if seen.contains(&customer) || seen.len() > 64 {
            continue;
        }
        seen.push(customer);
        let Some(other) = look.state.by_index(customer) else { continue };
        for (sender, time, value) in &other.received_from {
            if *time > now || *time <= now - 7 * DAY || *value < LEAST {
                continue;
            }
            if *sender == index {
                let text = format!("money that this customer sent comes back through {length} customers within 7 days");
                return Some(look.found(Typology::Cycle, text, look.value, Vec::new()));
            }
            if length < 4 {
                wave.push((*sender, length + 1));
            }
        }
    }
    None
}

fn peel_chain(look: &Look) -> Option<Finding> {
    let hops = look.facts.peel_hops;
    (hops >= 4).then(|| {
        let text = format!("the deposit peels off a chain of {hops} transactions with one input and two outputs");
        look.found(Typology::PeelChain, text, look.value, Vec::new())
    })
}

fn mixer_exposure(look: &Look) -> Option<Finding> {
    const LEAST: u64 = 10_000;
    if look.withdrawal() {
        if look.facts.category.name() != "mixing_service" {
            return None;
        }
        let text = "the destination belongs to a mixing service".to_owned();
        return Some(look.found(Typology::MixerExposure, text, look.value, Vec::new()));
    }
    let share = look.facts.source.iter().find(|s| s.category.name() == "mixing_service")?;
    let value = (look.value as u128 * (share.direct_ppm + share.indirect_ppm) as u128 / 1_000_000) as u64;
    if value < LEAST || (share.direct_ppm < 100_000 && share.indirect_ppm < 250_000) {
        return None;
    }
    let text = format!(
        "{}% of the deposit comes directly and {}% indirectly from mixing services",
        share.direct_ppm / 10_000,
        share.indirect_ppm / 10_000
    );
    Some(look.found(Typology::MixerExposure, text, value, Vec::new()))
}

fn coinjoin_exposure(look: &Look) -> Option<Finding> {
    let kind = look.facts.coinjoin.as_ref()?;
    let text = format!("the deposit comes out of a coinjoin ({kind}) at most two transactions back");
    Some(look.found(Typology::CoinjoinExposure, text, look.value, Vec::new()))
}

/// Paid in from bank or card within a window.
fn funding<'a>(look: &Look<'a>, window: i64) -> (u64, Vec<&'a Activity>) {
    let all: Vec<&Activity> = look.recent(window).filter(|a| matches!(a.what, What::CardIn | What::BankIn)).collect();
    (all.iter().map(|a| a.value).sum(), all)
}

/// Whether nobody was seen to use the address: no customer, no stored block.
fn unseen(look: &Look) -> bool {
    look.state.party(look.party).is_none() && !look.facts.found && look.facts.tags.is_empty()
}

fn ransomware_payment(look: &Look) -> Option<Finding> {
    let (funded, payments) = funding(look, DAY);
    let never = !look.recent(MEMORY).any(|a| a.what == What::Withdrawal);
    let young = look.customer.and_then(Customer::since).is_some_and(|s| look.event.time - s < 30 * DAY);
    let least = if look.individual() { 500_000 } else { 100_000 };
    // Third parties who pay in make a mule, not a victim.
    if (look.individual() && !young)
        || payments.iter().any(|a| a.foreign)
        || funded < least
        || look.value * 100 < funded * 80
        || !never
        || !unseen(look)
    {
        return None;
    }
    let text = format!(
        "first withdrawal ever: {} of {} paid in within 24 hours goes to an address that was never used",
        money(look.value),
        money(funded)
    );
    Some(look.found(Typology::RansomwarePayment, text, look.value, payments.iter().map(|a| a.seq).collect()))
}

/// Whether two different addresses look alike to people who compare their ends: first and last four characters agree, after a common
/// prefix that all addresses of their kind have.
pub fn looks_alike(a: &str, b: &str) -> bool {
    let body = |address: &str| -> Vec<u8> {
        let lower = address.to_ascii_lowercase();
        let rest = if let Some(hex) = lower.strip_prefix("0x") {
            return hex.bytes().collect();
        } else if let Some((hrp, rest)) =
            lower.split_once('1').filter(|(hrp, _)| ["bc", "tb", "bcrt", "ltc", "tltc", "rltc"].contains(hrp))
        {
            let _ = hrp;
            // The first character is the witness version.
            rest.get(1..).unwrap_or_default().to_owned()
        } else {
            // Base58 is case-sensitive; its first character names the kind.
            address.get(1..).unwrap_or_default().to_owned()
        };
        rest.into_bytes()
    };
    let (x, y) = (body(a), body(b));
    x != y && x.len() >= 16 && y.len() >= 16 && x[..4] == y[..4] && x[x.len() - 4..] == y[y.len() - 4..]
}

fn address_poisoning(look: &Look) -> Option<Finding> {
    let address = look.event.counterparty.as_ref()?;
    let customer = look.customer?;
    if customer.knows_destination(look.party) {
        return None;
    }
    let (_, _, known) = customer.destinations.iter().find(|d| looks_alike(&d.2, address))?;
    let text = format!("the destination {address} looks like {known}, which the customer paid before, but is another");
    Some(look.found(Typology::AddressPoisoning, text, look.value, Vec::new()))
}

fn dusting(look: &Look) -> Option<Finding> {
    if look.value >= 100 {
        return None;
    }
    if look.facts.spray >= 20 {
        let text = format!("one transaction pays {} outputs no larger than this one", look.facts.spray);
        return Some(look.found(Typology::Dusting, text, look.value, Vec::new()));
    }
    let now = look.event.time;
    let most = senders_of(look.event, look.facts)
        .into_iter()
        .filter_map(|s| look.state.party(s))
        .map(|party| {
            let mut dusted: Vec<u32> = party
                .uses
                .iter()
                .filter(|(_, time, value, incoming)| *incoming && *value < 100 && *time <= now && *time > now - DAY)
                .map(|u| u.0)
                .collect();
            dusted.push(look.customer.map_or(u32::MAX, |c| c.index));
            dusted.sort_unstable();
            dusted.dedup();
            dusted.len()
        })
        .max()
        .unwrap_or(0);
    (most >= 5).then(|| {
        let text = format!("the sender paid {most} customers less than 1.00 each within 24 hours");
        look.found(Typology::Dusting, text, look.value, Vec::new())
    })
}

fn card_cash_out(look: &Look) -> Option<Finding> {
    let window = 72 * HOUR;
    let cards: Vec<&Activity> = look.recent(window).filter(|a| a.what == What::CardIn).collect();
    let funded: u64 = cards.iter().map(|a| a.value).sum();
    if funded < 50_000 {
        return None;
    }
    let out: u64 =
        look.value + look.recent(window).filter(|a| a.what == What::Withdrawal).map(|a| a.value).sum::<u64>();
    if out * 100 < funded * 70 {
        return None;
    }
    let (distinct, events, _) = parties(cards.iter().copied());
    let foreign = cards.iter().filter(|a| a.foreign).count();
    let declined = look.recent(window).filter(|a| a.what == What::Declined).count();
    let charged_back = look.recent(30 * DAY).filter(|a| a.what == What::Chargeback).count();
    if distinct.len() < 3 && foreign == 0 && declined < 3 && charged_back == 0 {
        return None;
    }
    let text = format!(
        "{} by {} cards within 72 hours ({foreign} payments by foreign or third-party cards, {declined} declines, {charged_back} chargebacks), {} of it withdrawn",
        money(funded),
        distinct.len(),
        money(out)
    );
    Some(look.found(Typology::CardCashOut, text, out, events))
}

fn fake_account_ring(look: &Look) -> Option<Finding> {
    let now = look.event.time;
    let index = look.customer.map(|c| c.index);
    // How many customers share a key, this one included.
    let sharing = |key: Key, window: i64| {
        let Some(party) = look.state.party(key) else { return 1 };
        let mut users: Vec<u32> =
            party.uses.iter().filter(|u| u.1 <= now && u.1 > now - window).map(|u| u.0).chain(index).collect();
        users.sort_unstable();
        users.dedup();
        users.len() + usize::from(index.is_none())
    };
    let ring = |text: String| Some(look.found(Typology::FakeAccountRing, text, look.value, Vec::new()));
    if let Some(document) = &look.event.document {
        let n = sharing(key("document", document), MEMORY);
        if n >= 2 {
            return ring(format!("one identity document is used by {n} customers"));
        }
    }
    if let Some(instrument) = &look.event.instrument {
        let n = sharing(key("instrument", instrument), MEMORY);
        if n >= 3 {
            return ring(format!("one card or bank account pays in for {n} customers"));
        }
    }
    let devices = look.event.device.as_ref().map_or(1, |d| sharing(key("device", d), 30 * DAY));
    if devices >= 5 {
        return ring(format!("one device is used by {devices} customers within 30 days"));
    }
    if let Some(ip) = look.event.ip.as_ref().filter(|_| look.event.action == Some(Action::Signup)) {
        let n = sharing(key("signup-ip", ip), DAY);
        if n >= 6 && devices >= 2 {
            return ring(format!("{n} signups from one IP address within 24 hours, {devices} of them on one device"));
        }
    }
    None
}

fn account_takeover(look: &Look) -> Option<Finding> {
    let customer = look.customer?;
    let now = look.event.time;
    if customer.since().is_none_or(|s| now - s < 7 * DAY) || customer.knows_destination(look.party) {
        return None;
    }
    // A device that is new while the customer had others before.
    let (device, seen) = customer.devices.iter().filter(|d| d.1 <= now).max_by_key(|d| d.1)?;
    if now - seen > 48 * HOUR || !customer.devices.iter().any(|d| d.1 < *seen) {
        return None;
    }
    let change = customer.recent(now, 48 * HOUR).find(|a| {
        matches!(a.what, What::Account(action) if action.changes_credentials())
            && a.time >= *seen
            && a.device == *device
    })?;
    let What::Account(action) = change.what else { return None };
    let text = format!(
        "device first seen {} hours ago, then {}, then a withdrawal to a new address",
        (now - seen) / HOUR,
        action.name()
    );
    Some(look.found(Typology::AccountTakeover, text, look.value, vec![change.seq]))
}

fn mule(look: &Look) -> Option<Finding> {
    if !look.event.goes_out() {
        return None;
    }
    let paid: Vec<&Activity> =
        look.recent(7 * DAY).filter(|a| a.foreign && matches!(a.what, What::BankIn | What::CardIn)).collect();
    let banks: Vec<&Activity> = paid.iter().copied().filter(|a| a.what == What::BankIn).collect();
    let (payers, events, came) = parties(banks.iter().copied());
    let left: u64 = look.value + look.recent(7 * DAY).filter(|a| a.what.goes_out()).map(|a| a.value).sum::<u64>();
    if payers.len() < 3 || came < 100_000 || left * 100 < came * 80 {
        return None;
    }
    let text =
        format!("{} third parties paid in {} within 7 days, {} of it leaves", payers.len(), money(came), money(left));
    Some(look.found(Typology::Mule, text, left, events))
}

fn scam_victim(look: &Look) -> Option<Finding> {
    let customer = look.customer.filter(|_| look.individual())?;
    let now = look.event.time;
    let (funded, payments) = funding(look, 72 * HOUR);
    if funded == 0 || look.value < 50_000 {
        return None;
    }
    let known = customer.destinations.iter().find(|d| d.0 == look.party);
    if known.is_some_and(|d| now - d.1 > 30 * DAY) {
        return None;
    }
    let before: Vec<&Activity> =
        look.recent(30 * DAY).filter(|a| a.what == What::Withdrawal && a.party == look.party).collect();
    let others = look.state.party(look.party).map_or(0, |p| {
        // Customers who all began within 30 days: an old favourite of many is a service.
        let old = p.uses.iter().any(|u| !u.3 && now - u.1 > 30 * DAY);
        if old { 0 } else { p.customers(now, 30 * DAY, |incoming| !incoming) }
    });
    let shared = others + usize::from(known.is_none()) >= 3;
    let total = look.value + before.iter().map(|a| a.value).sum::<u64>();
    let growing = before.first().is_some_and(|a| look.value * 4 >= a.value * 5) && total >= 200_000;
    if !shared && !growing {
        return None;
    }
    let text = if shared {
        format!(
            "{} customers began to pay this address within 30 days, each with fresh money from outside",
            others.max(3)
        )
    } else {
        format!(
            "withdrawal number {} to an address first used within 30 days, of growing size, with fresh money from bank or card",
            before.len() + 1
        )
    };
    let events = before.iter().chain(&payments).map(|a| a.seq).collect();
    Some(look.found(Typology::ScamVictim, text, look.value, events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_share_their_ends() {
        let a = "0x1234aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9876";
        assert!(looks_alike(a, "0x1234BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB9876"));
        assert!(!looks_alike(a, &a.to_uppercase().replace("0X", "0x")));
        assert!(!looks_alike(a, "0x1234bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9877"));
        let bech = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        assert!(looks_alike(bech, "bc1qw508zzzzzzzzzzzzzzzzzzzzzzzzzzzzz8f3t4"));
        assert!(!looks_alike(bech, "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"));
    }

    #[test]
    fn names_are_the_serialized_ones() {
        for typology in Typology::ALL {
            assert_eq!(serde_json::to_string(typology).unwrap(), format!("\"{}\"", typology.name()));
        }
    }
}
