//! Plain records of the simulation become the desk's records and events.

use holdfast_decision::model;
use holdfast_decision::model::{Action, CustomerType, Direction, Method, Status};
use holdfast_decision::{Event, EventKind, Record, RecordKind, Typology};
use holdfast_simulate::exchange::records::{self as plain, Activity};
use holdfast_simulate::exchange::{self as simulated, Case, Label, Options, Pattern};
use holdfast_types::{Amount, Timestamp};

/// A simulated exchange in the desk's terms.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Records of customers.
    pub records: Vec<Record>,
    /// Events in order of time.
    pub events: Vec<Event>,
    /// Ground truth.
    pub cases: Vec<Case>,
    /// Labels by the exchange's own people: late, incomplete and sometimes wrong.
    pub labels: Vec<Label>,
}

/// Simulates an exchange.
///
/// # Errors
/// When the options are out of bounds.
pub fn simulate(options: Options) -> Result<Exchange, String> {
    simulated::simulate(options).map(Exchange::from)
}

impl From<simulated::Exchange> for Exchange {
    fn from(plain: simulated::Exchange) -> Self {
        Exchange {
            records: plain.customers.into_iter().flat_map(records_of).collect(),
            events: plain.events.into_iter().map(event_of).collect(),
            cases: plain.cases,
            labels: plain.labels,
        }
    }
}

/// Returns the records of a customer: the customer, then the identity check.
fn records_of(customer: plain::Customer) -> impl Iterator<Item = Record> {
    let mut record = Record::new(RecordKind::Customer, customer.id.clone(), Timestamp::from_unix(customer.time));
    record.customer_type = Some(match customer.customer_type {
        plain::CustomerType::Individual => CustomerType::Individual,
        plain::CustomerType::Business => CustomerType::Business,
    });
    record.country = Some(customer.country.into());
    record.created = Some(Timestamp::from_unix(customer.created));
    record.birth_year = customer.birth_year;
    record.industry = customer.industry.map(str::to_owned);
    record.risk = customer.risk.map(str::to_owned);
    let check = customer.identity_check.map(|check| {
        let mut kyc = Record::new(RecordKind::Kyc, check.id, Timestamp::from_unix(customer.time));
        kyc.customer = Some(customer.id);
        kyc.level = Some(check.level);
        kyc.document = Some(check.document);
        kyc.result = Some("passed".into());
        kyc
    });
    std::iter::once(record).chain(check)
}

fn event_of(plain: plain::Event) -> Event {
    let kind = match plain.activity {
        Activity::Deposit(_) => EventKind::Deposit,
        Activity::Withdrawal(_) => EventKind::Withdrawal,
        Activity::Payment(_) => EventKind::Payment,
        Activity::Account(_) => EventKind::Account,
    };
    let mut event = Event::new(kind, plain.id, Timestamp::from_unix(plain.time), plain.customer);
    if let Some(origin) = plain.origin {
        event.device = Some(origin.device);
        event.ip = Some(origin.ip);
    }
    event.country = plain.country;
    let mut moves = |asset: &str, amount: u128, value: u64| {
        event.asset = Some(asset.into());
        event.amount = Some(Amount::new(amount));
        event.value = Some(value);
    };
    match plain.activity {
        Activity::Deposit(deposit) => {
            moves(deposit.asset, deposit.amount, deposit.value);
            event.tx = Some(deposit.tx);
            event.output = Some(deposit.output);
            event.counterparty = deposit.counterparty;
            event.confirmations = deposit.confirmations;
        }
        Activity::Withdrawal(withdrawal) => {
            moves(withdrawal.asset, withdrawal.amount, withdrawal.value);
            event.counterparty = Some(withdrawal.counterparty);
        }
        Activity::Payment(payment) => {
            moves("USD", payment.value.into(), payment.value);
            event.method = Some(match payment.method {
                plain::Method::Card => Method::Card,
                plain::Method::Bank => Method::Bank,
            });
            event.direction = Some(match payment.direction {
                plain::Direction::In => Direction::In,
                plain::Direction::Out => Direction::Out,
            });
            event.status = Some(match payment.status {
                plain::Status::Settled => Status::Settled,
                plain::Status::Declined => Status::Declined,
                plain::Status::Chargeback => Status::Chargeback,
            });
            event.instrument = Some(payment.instrument);
            event.third_party = payment.third_party.then_some(true);
        }
        Activity::Account(change) => {
            event.action = Some(action_of(change.action));
            event.document = change.document;
        }
    }
    event
}

fn action_of(action: plain::Action) -> model::Action {
    match action {
        plain::Action::AddressAdded => Action::AddressAdded,
        plain::Action::ApiKeyCreated => Action::ApiKeyCreated,
        plain::Action::EmailChange => Action::EmailChange,
        plain::Action::IdentityCheck => Action::IdentityCheck,
        plain::Action::Login => Action::Login,
        plain::Action::LoginFailed => Action::LoginFailed,
        plain::Action::PasswordChange => Action::PasswordChange,
        plain::Action::PhoneChange => Action::PhoneChange,
        plain::Action::Signup => Action::Signup,
        plain::Action::TwoFactorChange => Action::TwoFactorChange,
    }
}

/// Returns the typology that finds a planted pattern.
#[must_use]
pub fn typology_of(pattern: Pattern) -> Typology {
    match pattern {
        Pattern::Structuring => Typology::Structuring,
        Pattern::RapidPassThrough => Typology::RapidPassThrough,
        Pattern::FanIn => Typology::FanIn,
        Pattern::FanOut => Typology::FanOut,
        Pattern::Cycle => Typology::Cycle,
        Pattern::PeelChain => Typology::PeelChain,
        Pattern::MixerExposure => Typology::MixerExposure,
        Pattern::CoinjoinExposure => Typology::CoinjoinExposure,
        Pattern::RansomwarePayment => Typology::RansomwarePayment,
        Pattern::AddressPoisoning => Typology::AddressPoisoning,
        Pattern::Dusting => Typology::Dusting,
        Pattern::CardCashOut => Typology::CardCashOut,
        Pattern::FakeAccountRing => Typology::FakeAccountRing,
        Pattern::AccountTakeover => Typology::AccountTakeover,
        Pattern::Mule => Typology::Mule,
        Pattern::ScamVictim => Typology::ScamVictim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cases.jsonl` names planted patterns, answers of the desk name typologies: they are the same names.
    #[test]
    fn patterns_and_typologies_have_the_same_names() {
        assert!(Pattern::ALL.iter().copied().map(typology_of).eq(Typology::ALL.iter().copied()));
        for pattern in Pattern::ALL.iter().copied() {
            let case = Case {
                id: "case-1".into(),
                typology: pattern,
                variant: "v".into(),
                held_out: false,
                customers: Vec::new(),
                events: Vec::new(),
                begun: 0,
                ended: 0,
            };
            let json = serde_json::to_value(&case).unwrap();
            assert_eq!(json["typology"], typology_of(pattern).name());
        }
    }
}
