//! What a simulated exchange knows: customers and what they do. Plain records; whoever screens them converts them.
//!
//! Times are Unix seconds. Amounts are base units of the asset (cents for payments), values US cents.

/// A person or a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerType {
    /// A person.
    Individual,
    /// A legal person.
    Business,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The exchange's id of the customer.
    pub id: String,
    /// Since when the exchange's records state this.
    pub time: i64,
    /// A person or a business.
    pub customer_type: CustomerType,
    /// Country of residence, ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// When the customer signed up.
    pub created: i64,
    /// Year of birth (persons).
    pub birth_year: Option<u16>,
    /// Line of business (businesses).
    pub industry: Option<&'static str>,
    /// The exchange's own rating: low, medium, high.
    pub risk: Option<&'static str>,
    /// The identity check that the customer passed.
    pub identity_check: Option<IdentityCheck>,
}

/// An identity check that a customer passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityCheck {
    /// The exchange's id of the check.
    pub id: String,
    /// Level reached, 0 to 3.
    pub level: u8,
    /// Hash of the document's number.
    pub document: String,
}

/// Device and address on the internet from which something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Device fingerprint.
    pub device: String,
    /// IP address.
    pub ip: String,
}

/// Something that a customer does, or that happens to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The exchange's id of it, unique.
    pub id: String,
    /// When it happened.
    pub time: i64,
    /// Whose event.
    pub customer: String,
    /// From where; deposits come from nowhere.
    pub origin: Option<Origin>,
    /// Country of the IP address or of the instrument, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// What happened.
    pub activity: Activity,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Coins arrived on chain.
    Deposit(Deposit),
    /// A customer sends coins out.
    Withdrawal(Withdrawal),
    /// Money by card or bank, in or out.
    Payment(Payment),
    /// Something happened to an account.
    Account(AccountChange),
}

/// Coins that arrived on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Ticker.
    pub asset: &'static str,
    /// Base units.
    pub amount: u128,
    /// US cents.
    pub value: u64,
    /// Transaction id.
    pub tx: String,
    /// Output or log index in the transaction.
    pub output: u32,
    /// Sender, where the chain names one.
    pub counterparty: Option<String>,
    /// Confirmations, where the exchange states them.
    pub confirmations: Option<u32>,
}

/// Coins that a customer sends out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Ticker.
    pub asset: &'static str,
    /// Base units.
    pub amount: u128,
    /// US cents.
    pub value: u64,
    /// Destination.
    pub counterparty: String,
}

/// Money by card or bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// US cents; payments are in US dollars.
    pub value: u64,
    /// By what.
    pub method: Method,
    /// Which way.
    pub direction: Direction,
    /// State of the payment.
    pub status: Status,
    /// Fingerprint of the card or bank account.
    pub instrument: String,
    /// Whether the instrument's holder is not the customer.
    pub third_party: bool,
}

/// Something that happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// What.
    pub action: Action,
    /// Hash of the document's number (identity checks).
    pub document: Option<String>,
}

/// By what a payment moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A payment card.
    Card,
    /// A bank transfer.
    Bank,
}

/// Which way a payment moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the exchange.
    In,
    /// To the customer.
    Out,
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The money is there or promised.
    Settled,
    /// The issuer declined it.
    Declined,
    /// The payer's bank took it back.
    Chargeback,
}

/// What happens to an account. In the order of their names, which orders events of one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// An address was added to the address book.
    AddressAdded,
    /// An API key was created.
    ApiKeyCreated,
    /// The email address was changed.
    EmailChange,
    /// An identity check was passed.
    IdentityCheck,
    /// Somebody logged in.
    Login,
    /// A login failed.
    LoginFailed,
    /// The password was changed.
    PasswordChange,
    /// The phone number was changed.
    PhoneChange,
    /// The account was opened.
    Signup,
    /// The second factor was changed.
    TwoFactorChange,
}

impl Activity {
    /// Returns the letter that ids of its events begin with; deposit, withdrawal, payment, account.
    pub(super) fn letter(&self) -> char {
        match self {
            Activity::Deposit(_) => 'd',
            Activity::Withdrawal(_) => 'w',
            Activity::Payment(_) => 'p',
            Activity::Account(_) => 'a',
        }
    }

    /// Orders what a customer does within one second: by kind, amount, action.
    pub(super) fn order(&self) -> (u8, Option<u128>, Option<Action>) {
        match self {
            Activity::Deposit(d) => (0, Some(d.amount), None),
            Activity::Withdrawal(w) => (1, Some(w.amount), None),
            Activity::Payment(p) => (2, Some(p.value.into()), None),
            Activity::Account(a) => (3, None, Some(a.action)),
        }
    }
}
