//! What learned models see of an event: one row of numbers, made by [`row`] and nothing else, for rules, training and serving alike.
//!
//! Features are read from the fields of rules ([`crate::fields`]) and from what those are read from, so that they are of the event's time: the state
//! before the event, the facts that were looked up for it. A value that is not known is missing (NaN), never zero. What identifies a customer, an address
//! or a date, and what the law protects (age, country), is no feature. New features are added at the end: a stored row is the beginning of a newer one.

mod flow;

use crate::facts::Share;
use crate::fields::{FIELDS, FieldValue, Input, NEVER, field};
use crate::model::{Action, CustomerType, Direction, EventKind, Method, Status};
use crate::state::{Customer, Key};
use crate::typology::Typology;
use holdfast_attribution::Category;
use holdfast_models::schema::FeatureKind::{self, Amount, Count, Duration, Flag, Level, Ratio};
use holdfast_models::{Feature, FeatureRow, ModelError, Schema};
use holdfast_types::{Seconds, Timestamp};
use std::sync::LazyLock;

/// Seconds of an hour and of a day, for fields that are counted in them.
const HOURS: f64 = 3_600.0;
const DAYS: f64 = 86_400.0;
/// Fields of shares are in millionths.
const MILLIONTHS: f64 = 1e-6;

/// Where a feature's value comes from.
#[derive(Clone, Copy)]
enum Source {
    /// A number or truth of a field, times a factor.
    Field(&'static str, &'static str, f64),
    /// A category's share of the money's source.
    From(Way, Category),
    /// A category's share of its destination.
    To(Way, Category),
    /// Whether something is so that no field states as a truth.
    Is(fn(&Input) -> bool),
    /// Something that no field states.
    Own(fn(&Input) -> Option<f64>),
}

/// Whether money comes from or goes to a category by itself or through unattributed addresses.
#[derive(Clone, Copy)]
enum Way {
    Direct,
    Indirect,
}

/// A feature before its field is looked up. `known` says whether its value can be known for an event.
struct Declared {
    name: String,
    label: String,
    family: &'static str,
    kind: FeatureKind,
    source: Source,
    known: fn(&Input) -> bool,
}

/// A feature with its field's place.
struct Placed {
    source: Source,
    field: usize,
    known: fn(&Input) -> bool,
}

/// All features and how they are read, in the order of rows.
static ALL: LazyLock<(Vec<Feature>, Vec<Placed>)> = LazyLock::new(|| {
    declared()
        .into_iter()
        .map(|d| {
            let place = match d.source {
                Source::Field(group, name, _) => field(group, name),
                Source::From(..) | Source::To(..) | Source::Is(_) | Source::Own(_) => Some(0),
            };
            // A test holds that every field is there; one that were not would be missing in every row.
            let placed = Placed { source: d.source, field: place.unwrap_or(usize::MAX), known: d.known };
            (Feature::new(&d.name, d.family, d.kind).called(&d.label), placed)
        })
        .unzip()
});

/// Returns the features of events, in the order of rows.
#[must_use]
pub fn features() -> &'static [Feature] {
    &ALL.0
}

/// Returns the place of a feature in rows.
#[must_use]
pub fn position(name: &str) -> Option<usize> {
    ALL.0.iter().position(|f| f.name == name)
}

/// Returns the schema of rows.
///
/// # Errors
/// [`ModelError::Feature`] if a name is none that a model may see; a test holds that none is.
pub fn schema() -> Result<Schema, ModelError> {
    Schema::new(ALL.0.clone())
}

/// Returns an event's row.
///
/// # Errors
/// [`ModelError::Table`] if there are more features than a row holds; a test holds that there are not.
pub fn row(input: &Input) -> Result<FeatureRow, ModelError> {
    let values: Vec<f64> = ALL.1.iter().map(|placed| value(placed, input).unwrap_or(f64::NAN)).collect();
    FeatureRow::new(&values)
}

fn value(placed: &Placed, input: &Input) -> Option<f64> {
    if !(placed.known)(input) {
        return None;
    }
    match placed.source {
        Source::Is(read) => Some(flag(read(input))),
        Source::Own(read) => read(input),
        Source::From(way, category) => Some(share(&input.facts.source, way, category)),
        Source::To(way, category) => Some(share(&input.facts.destination, way, category)),
        Source::Field(_, _, factor) => match FIELDS.get(placed.field)?.of(input) {
            FieldValue::Int(NEVER) if factor == HOURS || factor == DAYS => None,
            FieldValue::Int(n) => Some(float(n) * factor),
            FieldValue::Bool(b) => Some(flag(b)),
            _ => None,
        },
    }
}

/// Returns a category's share; none of the money is zero, because the ledger knows the money.
fn share(shares: &[Share], way: Way, category: Category) -> f64 {
    let found = shares.iter().find(|s| s.category == category).map_or(0, |s| match way {
        Way::Direct => s.direct_ppm,
        Way::Indirect => s.indirect_ppm,
    });
    found as f64 * MILLIONTHS
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// A count or value as a float; above 2^53 it is rounded, as rows round it anyway.
fn float(n: i64) -> f64 {
    n as f64
}

fn count(n: usize) -> f64 {
    n as f64
}

/// How many keys were first used before the event, which may come late.
fn before(first_uses: &[(Key, Timestamp)], x: &Input) -> f64 {
    count(first_uses.iter().filter(|u| u.1 <= x.event.time).count())
}

fn always(_: &Input) -> bool {
    true
}

/// A record of the customer came.
fn recorded(x: &Input) -> bool {
    x.customer().is_some_and(|c| c.recorded)
}

/// A ledger of the asset was queried and answered.
fn looked_up(x: &Input) -> bool {
    x.facts.ledger && x.facts.unavailable.is_none()
}

/// The ledger has the transfer or address and knows amounts and origin of some of the money: what it attributes to nobody is nobody's, not unknown.
fn shares_known(x: &Input) -> bool {
    looked_up(x) && x.facts.found && x.facts.unknown_amounts == 0 && x.facts.unknown_ppm < 1_000_000
}

/// As [`shares_known`]; only of a withdrawal's address it is looked up where its money went.
fn destinations_known(x: &Input) -> bool {
    is_withdrawal(x) && shares_known(x)
}

/// The other side is known from the ledger or by a tag.
fn has_other_side(x: &Input) -> bool {
    looked_up(x) || !x.facts.tags.is_empty()
}

fn is_priced(x: &Input) -> bool {
    x.value.is_some()
}

fn is_payment(x: &Input) -> bool {
    x.event.kind == EventKind::Payment
}

fn is_withdrawal(x: &Input) -> bool {
    x.event.kind == EventKind::Withdrawal && x.event.counterparty.is_some()
}

fn is_deposit(x: &Input) -> bool {
    x.event.kind == EventKind::Deposit
}

fn has_instrument(x: &Input) -> bool {
    x.event.instrument.is_some()
}

fn has_party(x: &Input) -> bool {
    is_payment(x) && has_instrument(x) || x.event.counterparty.is_some()
}

fn provider(x: &Input, name: &str) -> Option<f64> {
    x.facts.providers.get(name).and_then(|p| p.risk).map(f64::from)
}

/// Builds the list: a declaration a line.
#[derive(Default)]
struct List(Vec<Declared>);

impl List {
    /// Adds `name = group.field` with its label.
    fn add(&mut self, family: &'static str, kind: FeatureKind, source: Source, known: fn(&Input) -> bool, text: &str) {
        let (name, label) = text.split_once(": ").unwrap_or((text, text));
        self.0.push(Declared { name: name.to_owned(), label: label.to_owned(), family, kind, source, known });
    }
}

/// Categories whose shares are features: of medium risk and above, and exchanges. Names of features have no word that means a label.
const CATEGORIES: &[(&str, &str)] = &[
    ("sanction", "sanction"),
    ("terrorism", "terrorism"),
    ("child_abuse", "child_abuse"),
    ("ransomware", "ransomware"),
    ("service_hack", "service_hack"),
    ("black_list", "black_list"),
    ("extremism", "extremism"),
    ("scam", "scam"),
    ("phishing", "phishing"),
    ("ponzi_scheme", "ponzi_scheme"),
    ("pyramid_scheme", "pyramid_scheme"),
    ("investment_fraud", "false_investment"),
    ("sextortion", "sextortion"),
    ("blackmail", "blackmail"),
    ("extortion", "extortion"),
    ("rug_pull", "rug_pull"),
    ("illicit_market", "illicit_market"),
    ("other_abuse", "other_abuse"),
    ("market", "market"),
    ("mixing_service", "mixing_service"),
    ("coinjoin", "coinjoin"),
    ("gambling", "gambling"),
    ("atm", "atm"),
    ("defi_bridge", "defi_bridge"),
    ("exchange", "exchange"),
    ("perpetrator", "perpetrator"),
];

fn declared() -> Vec<Declared> {
    let mut list = List::default();
    event(&mut list);
    customer(&mut list);
    other_side(&mut list);
    velocity(&mut list);
    for typology in Typology::ALL {
        let (name, label) = (typology.name(), typology.name().replace('_', " "));
        list.add("patterns", Flag, Source::Field("typology", name, 1.0), always, &format!("pattern_{name}: {label}"));
    }
    exposure(&mut list);
    flow::flow(&mut list);
    list.0
}

fn event(list: &mut List) {
    use Source::{Field, Is, Own};
    let mut add = |kind, source, known, text| list.add("event", kind, source, known, text);
    add(Flag, Is(is_deposit), always, "is_deposit: deposit");
    add(Flag, Is(|x| x.event.kind == EventKind::Withdrawal), always, "is_withdrawal: withdrawal");
    add(Flag, Is(is_payment), always, "is_payment: payment");
    add(Flag, Is(|x| x.event.kind == EventKind::Account), always, "is_account_event: change of the account");
    add(Flag, Is(|x| x.event.method == Some(Method::Card)), is_payment, "by_card: payment by card");
    add(Flag, Is(|x| x.event.direction == Some(Direction::In)), is_payment, "comes_in: payment in");
    add(Flag, Is(|x| x.event.status == Some(Status::Declined)), is_payment, "is_declined: payment declined");
    add(Flag, Is(|x| x.event.status == Some(Status::Chargeback)), is_payment, "is_chargeback: chargeback");
    add(Flag, Is(|x| x.event.action == Some(Action::Login)), always, "is_login: login");
    add(Flag, Is(|x| x.event.action == Some(Action::LoginFailed)), always, "is_failed_login: failed login");
    let changes = |x: &Input| x.event.action.is_some_and(Action::changes_credentials);
    add(Flag, Is(changes), always, "is_credential_change: change of password, second factor, email or phone");
    add(Amount, Field("event", "value", 1.0), is_priced, "event_value: value, minor units");
    add(Flag, Field("event", "priced", 1.0), always, "event_priced: value known");
    add(Flag, Field("event", "unconfirmed", 1.0), is_deposit, "event_unconfirmed: deposit in the mempool");
    let third = |x: &Input| x.event.third_party.map(flag);
    add(Flag, Own(third), always, "by_third_party: instrument of somebody else");
    add(Flag, Field("event", "round", 1.0), is_priced, "event_round: value a whole multiple of 100.00");
    let has_balance = |x: &Input| x.event.amount.is_some() && x.event.balance.is_some_and(|b| !b.is_zero());
    add(Ratio, Field("event", "balance_share", MILLIONTHS), has_balance, "balance_share: share of the balance");
    let abroad = |x: &Input| x.event.country.is_some() && x.customer().is_some_and(|c| c.country.is_some());
    add(Flag, Field("customer", "country_mismatch", 1.0), abroad, "event_abroad: from abroad");
}

fn customer(list: &mut List) {
    use Source::{Field, Own};
    let mut add = |kind, source, known, text| list.add("customer", kind, source, known, text);
    add(Flag, Field("customer", "known", 1.0), always, "customer_recorded: record of the customer known");
    let of_business = |x: &Input| x.customer().map(|c| flag(c.customer_type == CustomerType::Business));
    add(Flag, Own(of_business), recorded, "customer_is_business: business");
    let since = |x: &Input| x.customer().is_some_and(|c| c.since().is_some());
    add(Duration, Field("customer", "age_days", DAYS), since, "account_age: age of the account");
    add(Level, Field("customer", "kyc_level", 1.0), recorded, "kyc_level: identity check");
    let rated = |x: &Input| x.customer().is_some_and(|c| c.rating > 0);
    add(Level, Field("customer", "rating", 1.0), rated, "customer_rating: rating by the exchange");
    add(Duration, Field("customer", "idle_days", DAYS), always, "idle: without any event before");
    let seen = |x: &Input| x.event.device.is_some();
    add(Duration, Field("velocity", "device_age_hours", HOURS), seen, "device_age: since the device was first seen");
    add(
        Duration,
        Field("velocity", "credential_change_hours", HOURS),
        always,
        "since_credential_change: since password, second factor, email or phone changed",
    );
    add(Count, Field("velocity", "failed_logins_24h", 1.0), always, "failed_logins_24h: failed logins in 24 hours");
    add(Count, Field("velocity", "customers_on_device", 1.0), seen, "customers_on_device: customers on the device");
    let online = |x: &Input| x.event.ip.is_some();
    add(Count, Field("velocity", "customers_on_ip", 1.0), online, "customers_on_ip: customers on the IP address");
    add(
        Count,
        Field("velocity", "customers_on_instrument", 1.0),
        has_instrument,
        "customers_on_instrument: customers on the card or bank account",
    );
    let devices = |x: &Input| x.customer().map(|c| before(&c.devices, x));
    add(Count, Own(devices), always, "distinct_devices: devices used before");
}

fn other_side(list: &mut List) {
    use Source::{Field, Is, Own};
    let mut add = |kind, source, known, text| list.add("counterparties", kind, source, known, text);
    add(Level, Field("counterparty", "risk", 1.0), has_other_side, "counterparty_risk: risk of the other side");
    add(
        Level,
        Field("counterparty", "confidence", 1.0),
        has_other_side,
        "counterparty_confidence: confidence of its weightiest tag",
    );
    add(Flag, Field("counterparty", "in_ledger", 1.0), looked_up, "counterparty_in_ledger: known to the ledger");
    add(Flag, Field("counterparty", "new_to_customer", 1.0), is_withdrawal, "counterparty_new: new destination");
    add(
        Count,
        Field("counterparty", "customers_7d", 1.0),
        has_party,
        "counterparty_customers_7d: customers who moved money with it in 7 days",
    );
    add(
        Flag,
        Field("counterparty", "is_customer", 1.0),
        is_withdrawal,
        "counterparty_is_customer: address of a customer",
    );
    let imitates = |x: &Input| x.lookalike.is_some();
    add(Flag, Is(imitates), is_withdrawal, "destination_imitates: looks like an address dealt with before");
    let destinations = |x: &Input| x.customer().map(|c| before(&c.destinations, x));
    add(Count, Own(destinations), always, "distinct_destinations: destinations used before");
    add(Count, Field("velocity", "senders", 1.0), is_deposit, "deposit_senders: addresses that the deposit came from");
    let from_customers = |x: &Input| {
        let week = x.event.time - Seconds::days(7);
        let recent = |c: &Customer| c.received_from.iter().filter(|r| r.1 > week && r.1 <= x.event.time).count();
        x.customer().map(|c| count(recent(c)))
    };
    add(
        Count,
        Own(from_customers),
        always,
        "received_from_customers_7d: times money of other customers came in 7 days",
    );
    add(Flag, Field("issuer", "frozen", 1.0), looked_up, "issuer_frozen: frozen by the issuer");
    add(Flag, Field("issuer", "freeze_proposed", 1.0), looked_up, "issuer_freeze_proposed: freeze proposed");
    add(Flag, Field("issuer", "other_asset", 1.0), looked_up, "issuer_other_asset: frozen for another asset");
    add(Flag, Field("issuer", "own_address", 1.0), looked_up, "issuer_own_address: own deposit address frozen");
    add(Level, Own(|x| provider(x, "elliptic")), always, "provider_elliptic: risk by Elliptic");
    add(Level, Own(|x| provider(x, "chainalysis")), always, "provider_chainalysis: risk by Chainalysis");
    add(Level, Own(|x| provider(x, "trm")), always, "provider_trm: risk by TRM Labs");
}

fn velocity(list: &mut List) {
    let mut add =
        |kind, name, text: &str| list.add("activity", kind, Source::Field("velocity", name, 1.0), always, text);
    add(Count, "deposits_1h", "deposits_1h: deposits in 1 hour");
    add(Count, "deposits_24h", "deposits_24h: deposits in 24 hours");
    add(Amount, "deposits_24h_value", "deposits_24h_value: value of deposits in 24 hours, minor units");
    add(Amount, "deposits_7d_value", "deposits_7d_value: value of deposits in 7 days, minor units");
    add(Amount, "deposits_30d_value", "deposits_30d_value: value of deposits in 30 days, minor units");
    add(Count, "withdrawals_1h", "withdrawals_1h: withdrawals in 1 hour");
    add(Count, "withdrawals_24h", "withdrawals_24h: withdrawals in 24 hours");
    add(Amount, "withdrawals_24h_value", "withdrawals_24h_value: value of withdrawals in 24 hours, minor units");
    add(Amount, "withdrawals_7d_value", "withdrawals_7d_value: value of withdrawals in 7 days, minor units");
    add(Amount, "withdrawals_30d_value", "withdrawals_30d_value: value of withdrawals in 30 days, minor units");
    add(Amount, "card_24h_value", "card_24h_value: value paid in by card in 24 hours, minor units");
    add(Amount, "card_7d_value", "card_7d_value: value paid in by card in 7 days, minor units");
    add(Count, "cards_24h", "cards_24h: different cards in 24 hours");
    add(Count, "cards_30d", "cards_30d: different cards in 30 days");
    add(Amount, "bank_24h_value", "bank_24h_value: value paid in from banks in 24 hours, minor units");
    add(Amount, "bank_7d_value", "bank_7d_value: value paid in from banks in 7 days, minor units");
    add(Amount, "paid_out_7d_value", "paid_out_7d_value: value paid out in 7 days, minor units");
    add(Count, "declined_24h", "declined_24h: declined payments in 24 hours");
    add(Count, "chargebacks_90d", "chargebacks_90d: chargebacks in 90 days");
}

fn exposure(list: &mut List) {
    use Source::{Field, Is, Own};
    let mut add = |kind, source, known, text: &str| list.add("exposure", kind, source, known, text);
    type Known = fn(&Input) -> bool;
    let shares: [(&str, Known, &str); 9] = [
        ("severe_direct", shares_known, "share directly from severe risk"),
        ("severe_indirect", shares_known, "share indirectly from severe risk"),
        ("high_direct", shares_known, "share directly from high or severe risk"),
        ("high_indirect", shares_known, "share indirectly from high or severe risk"),
        ("to_severe_direct", destinations_known, "share directly to severe risk"),
        ("to_severe_indirect", destinations_known, "share indirectly to severe risk"),
        ("unknown_share", looked_up, "share of unknown origin"),
        ("older_share", looked_up, "share from before the ledger's first block"),
        ("unread_share", looked_up, "share that was not looked at"),
    ];
    for (name, known, label) in shares {
        add(Ratio, Field("exposure", name, MILLIONTHS), known, &format!("{name}: {label}"));
    }
    let severe = |x: &Input| shares_known(x) && is_priced(x);
    add(Amount, Field("exposure", "severe_value", 1.0), severe, "severe_value: value from severe risk, minor units");
    let joined = |x: &Input| x.facts.coinjoin.is_some();
    let chain = |x: &Input| looked_up(x) && is_deposit(x);
    add(Flag, Is(joined), chain, "coinjoin_near: coinjoin within two transactions");
    add(Count, Own(|x| Some(f64::from(x.facts.peel_hops))), chain, "peel_hops: length of the peel chain");
    add(Count, Own(|x| Some(f64::from(x.facts.spray))), chain, "spray: outputs no larger than the deposit");
    type Of = fn(Category) -> Source;
    let ways: [(&str, &str, Known, Of); 4] = [
        ("direct_from", "directly from", shares_known, |c| Source::From(Way::Direct, c)),
        ("indirect_from", "indirectly from", shares_known, |c| Source::From(Way::Indirect, c)),
        ("direct_to", "directly to", destinations_known, |c| Source::To(Way::Direct, c)),
        ("indirect_to", "indirectly to", destinations_known, |c| Source::To(Way::Indirect, c)),
    ];
    for (prefix, way, known, source) in ways {
        for (category, name) in CATEGORIES {
            let Some(category) = Category::from_name(category) else { continue };
            let text = format!("{prefix}_{name}: share {way} {}", name.replace('_', " "));
            add(Ratio, source(category), known, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_its_field_and_a_name_that_a_model_may_see() {
        schema().unwrap();
        for (feature, placed) in ALL.0.iter().zip(&ALL.1) {
            assert!(placed.field < FIELDS.len(), "{}", feature.name);
        }
        assert_eq!(features().iter().filter(|f| f.family == "exposure").count(), 13 + 4 * CATEGORIES.len());
    }
}
