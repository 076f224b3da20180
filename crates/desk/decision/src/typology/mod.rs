//! Typologies: patterns of laundering and fraud, each precisely defined. A finding is a fact; what follows from it is a rule's business.
//!
//! Values are minor units (cents) of the reference currency; windows end at the event's time. Every definition is in
//! `docs/typologies.md` with its source; thresholds are the constants below.

mod fraud;
mod laundering;
mod on_chain;

use crate::facts::ChainFacts;
use crate::lookalikes::{self, Lookalike};
use crate::model::{CustomerType, Event, EventKind};
use crate::state::{Activity, ActivityKind, Customer, CustomerKey, DAY, Key, MEMORY, Neighbours, State, View};
use fraud::{account_takeover, address_poisoning, card_cash_out, fake_account_ring, payers_on_one_device, scam_victim};
use holdfast_types::{Seconds, Timestamp};
use laundering::{
    cycle, cycle_length, dusting, fan_in, fan_out, mule, ransomware_payment, rapid_pass_through, structuring,
};
use on_chain::{coinjoin_exposure, mixer_exposure, peel_chain};
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

            /// Returns the name in rules and answers.
            pub fn name(self) -> &'static str {
                match self { $(Typology::$variant => $name),* }
            }

            /// Returns the definition in one sentence.
            pub fn definition(self) -> &'static str {
                match self { $(Typology::$variant => $doc),* }
            }
        }
    };
}

typologies! {
    Structuring "structuring" "Within 72 hours three or more movements of one direction, each of 70% to under 100% of the reporting threshold, together above it; or within seven days five or more of 40% to under 100%, together two and a half times the threshold and four times what the customer moves that way in a week. Nothing at or above the threshold that way for 30 days.",
    RapidPassThrough "rapid_pass_through" "A person's withdrawals of the last 48 hours are 80% to 105% of the deposits of the last 48 hours, at least 3,000.00 came in, from at most four senders who are no customers' payees, four fifths of it from those that the customer never dealt with before, the latest within 36 hours, and the withdrawal goes to a destination first used within 48 hours that never sent a deposit, one of at most four.",
    FanIn "fan_in" "A person receives deposits within seven days from ten or more addresses that never paid before, and five times as many as in the customer's usual week.",
    FanOut "fan_out" "A person withdraws within seven days to ten or more addresses never used before, and five times as many as in the customer's usual week; a business to fifty within 24 hours.",
    Cycle "cycle" "Money that a customer sent through an outside address to another customer comes back within seven days, through two to four customers, at least 500.00.",
    PeelChain "peel_chain" "A deposit is the smaller output at the end of at least four one-input, two-output transactions in a row, each spending the larger output of the one before.",
    MixerExposure "mixer_exposure" "At least 10% of the money comes directly, or 25% indirectly, from mixing services, at least 10.00 worth; or the destination belongs to one.",
    CoinjoinExposure "coinjoin_exposure" "The deposit's transaction, or one of the two before it, is a coinjoin.",
    RansomwarePayment "ransomware_payment" "Within 12 hours 3,000.00 or more comes in from the customer's own bank or card (or within 24 hours from one third party who pays a business), and 80% or more of it leaves in one payment to an address that nobody else was seen to use and the customer used for a trial of at most a tenth; the customer withdrew at most twice in the 90 days before, or never a fifth as much.",
    AddressPoisoning "address_poisoning" "A withdrawal goes to an address that shares the first three and last four characters with another one that the customer dealt with before, here or on the chain, and that the customer neither paid before nor was confirmed to mean.",
    Dusting "dusting" "A deposit worth less than 1.00 whose sender so paid five or more customers within seven days and nobody more, or whose transaction pays twenty or more outputs no larger than it.",
    CardCashOut "card_cash_out" "Within 72 hours a customer funds by card 500.00 or more, by three or more cards, or with a chargeback, three declines or a foreign or third-party card, and now withdraws 70% or more of it to an address first used within these 72 hours that never sent a deposit; half of it or more comes from cards not used before.",
    FakeAccountRing "fake_account_ring" "Accounts that pose as different people: one document shared by two customers, a card or bank account by three, a device by five within 30 days, an address of six signups within 24 hours and a device shared by two, or one address first paid within 30 days by three or more customers most of whom share a device with another of them.",
    AccountTakeover "account_takeover" "On an account older than three days: a device first seen within 48 hours, from an IP address that the customer did not use before it, after it a change of password, second factor, email or phone, or three failed logins within 48 hours, then a withdrawal to an address never used before.",
    Mule "mule" "Three or more different third-party payers pay a customer 1,000.00 or more by bank within 21 days, and 80% or more of it leaves to addresses or accounts first used after the first of them paid, fewer than there are payers.",
    ScamVictim "scam_victim" "A person with fresh money from bank or card within 72 hours withdraws 500.00 or more to an address that never sent a deposit and that three or more customers began to pay within 30 days, four fifths of its payments 500.00 or more; or for at least the third time within 30 days to one new address, or to new addresses used once each, each time a fifth more than before and 70% or more of the fresh money, within 24 hours of it, 2,000.00 or more in all.",
}

/// A pattern that was found, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The pattern.
    pub typology: Typology,
    /// What was seen, in words.
    pub text: String,
    /// Value involved, minor units of the reference currency.
    pub value: u64,
    /// Sequence numbers of the customer's earlier events that it rests on, latest first, at most 32.
    pub events: Vec<u64>,
}

/// Paid in from bank or card within a window.
fn funding<'a>(context: &Context<'a>, window: Seconds) -> (u64, Vec<&'a Activity>) {
    let paid = |a: &&Activity| matches!(a.kind, ActivityKind::CardIn | ActivityKind::BankIn);
    let all: Vec<&Activity> = context.recent(window).filter(paid).collect();
    (all.iter().map(|a| a.value).sum(), all)
}

/// Distinct parties among activities, their events and value.
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

/// Returns a part of a value, given in millionths of it; at most all of it.
pub(crate) fn part_of(value: u64, ppm: u64) -> u64 {
    const WHOLE: u64 = 1_000_000;
    u64::try_from(u128::from(value) * u128::from(ppm.min(WHOLE)) / u128::from(WHOLE)).unwrap_or(value)
}

/// The input of a detector.
struct Context<'a> {
    view: View<'a>,
    across: Across,
    event: &'a Event,
    facts: &'a ChainFacts,
    value: u64,
    customer: Option<&'a Customer>,
    party: Key,
    lookalike: Option<&'a Lookalike>,
    /// Code of the reference currency.
    currency: &'a str,
}

impl<'a> Context<'a> {
    /// Writes a value for people.
    fn money(&self, value: u64) -> String {
        format!("{}.{:02} {}", value / 100, value % 100, self.currency)
    }

    fn recent(&self, window: Seconds) -> impl Iterator<Item = &'a Activity> {
        self.customer.into_iter().flat_map(move |c| c.recent(self.event.time, window))
    }

    /// What the customer did in the 90 days before a window began, latest first.
    fn before(&self, window: Seconds) -> impl Iterator<Item = &'a Activity> {
        let begin = self.event.time - window;
        self.recent(MEMORY).filter(move |a| a.time <= begin)
    }

    /// Weeks of the customer's life here before a window began, at least one.
    fn weeks_before(&self, window: Seconds) -> u64 {
        let oldest = self.recent(MEMORY).map(|a| a.time).min().unwrap_or(self.event.time);
        u64::try_from((self.event.time - window - oldest) / (7 * DAY)).unwrap_or(0).max(1)
    }

    /// When the customer first withdrew to an address.
    fn first_withdrawal_to(&self, party: Key) -> Option<Timestamp> {
        self.customer?.destinations.iter().find(|d| d.0 == party).map(|d| d.1)
    }

    /// Whether the customer withdrew to this address before a window began.
    fn paid_before(&self, party: Key, window: Seconds) -> bool {
        self.first_withdrawal_to(party).is_some_and(|t| t <= self.event.time - window)
    }

    /// Whether the address ever sent the customer a deposit: then it is most likely the customer's own.
    fn sent_deposit(&self, party: Key) -> bool {
        self.recent(MEMORY).any(|a| a.kind == ActivityKind::Deposit && a.party == party)
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

/// What findings rest on that other customers have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Across {
    /// Customers who began to pay a withdrawal's address, and how many of them share a device with another of them.
    payers: Option<(usize, usize)>,
    /// Through how many customers a deposit's money comes back to who sent it.
    cycle: Option<usize>,
}

impl Across {
    /// Returns what other customers have to do with an event; `own` is its customer, if known.
    pub(crate) fn of(
        near: Neighbours<'_>,
        own: Option<CustomerKey>,
        event: &Event,
        facts: &ChainFacts,
        value: u64,
    ) -> Self {
        match event.kind {
            EventKind::Deposit => Across { cycle: cycle_length(near, own, event, facts, value), ..Across::default() },
            EventKind::Withdrawal => Across { payers: payers_on_one_device(near, own, event), ..Across::default() },
            EventKind::Payment | EventKind::Account => Across::default(),
        }
    }
}

/// All findings about an event, before it is taken into the state; `value` and the reasons' amounts are in `currency`.
pub fn find(state: &State, event: &Event, facts: &ChainFacts, value: u64, currency: &str) -> Vec<Finding> {
    let view = View::of(state, event);
    let across = Across::of(Neighbours::of(state), view.customer().map(|c| c.key), event, facts, value);
    let lookalike = lookalikes::of_withdrawal(view.customer(), event, facts);
    find_in(view, across, event, facts, value, lookalike.as_ref(), currency)
}

/// All findings about an event by what its decision sees.
pub(crate) fn find_in(
    view: View<'_>,
    across: Across,
    event: &Event,
    facts: &ChainFacts,
    value: u64,
    lookalike: Option<&Lookalike>,
    currency: &str,
) -> Vec<Finding> {
    let (customer, party) = (view.customer(), view.other_side());
    let context = Context { view, across, event, facts, value, customer, party, lookalike, currency };
    let detectors: &[fn(&Context) -> Option<Finding>] = match event.kind {
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
    detectors.iter().filter_map(|d| d(&context)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_serialized_ones() {
        for typology in Typology::ALL {
            assert_eq!(serde_json::to_string(typology).unwrap(), format!("\"{}\"", typology.name()));
        }
    }
}
