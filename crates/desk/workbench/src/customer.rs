//! A customer seen whole: what flowed by month, where it came from, balances as last stated, who shares things with them, and notes.

use crate::flows::{self, Flows};
use holdfast_cases::customers::CustomerFile;
use holdfast_cases::mentions;
use holdfast_decision::{EventKind, Verdict};
use holdfast_screening::identifiers::{self, find_key};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Database, DbError, number};
use holdfast_types::{Amount, Invalid, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Months of flows.
const MONTHS: usize = 12;
/// Most identifiers that are looked up, customers of one that are read, and customers that are listed.
const MAX_LOOKED_UP: usize = 300;
const MAX_OF_ONE: usize = 50;
const MAX_SHARING: usize = 100;
/// Most notes of an answer, and the longest, in bytes.
const MAX_NOTES: u64 = 200;
const MAX_NOTE: usize = 10_000;
/// Identifiers that tell that two customers may be one, or work together: a name alone does not.
const SHARED: [&str; 6] = ["device", "instrument", "iban", "document", "email", "phone"];

/// Another customer who shares something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sharing {
    /// The other customer.
    pub customer: String,
    /// What is shared: device, instrument, iban, document, email, phone.
    pub what: Vec<String>,
}

/// What part of a customer's deposits came from a category, by value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Exposure {
    /// The category.
    pub category: String,
    /// Value that came directly, minor units.
    pub direct: u64,
    /// Value that came indirectly.
    pub indirect: u64,
    /// Direct part of the value that was looked at, millionths.
    pub direct_ppm: u64,
    /// Indirect part of it.
    pub indirect_ppm: u64,
}

/// Where a customer's deposits came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Exposures {
    /// By category, the largest first.
    pub list: Vec<Exposure>,
    /// Deposits whose value and origin are known.
    pub known: u64,
    /// Deposits of unknown value, or whose origin was not looked at: they are in no part.
    pub unknown: u64,
}

/// A balance as an event stated it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Balance {
    /// Asset.
    pub asset: String,
    /// Base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// When, Unix seconds.
    #[schema(value_type = i64)]
    pub time: Timestamp,
}

/// A note on a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerNote {
    /// Its number.
    pub id: u64,
    /// When, Unix seconds.
    #[schema(value_type = i64)]
    pub time: Timestamp,
    /// Who wrote it.
    pub author: String,
    /// What.
    pub text: String,
}

/// A customer seen whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Overview {
    /// What came in and went out by month, the latest twelve with movements.
    pub flows: Flows,
    /// Where the deposits of the file came from.
    pub exposures: Exposures,
    /// Balances as the latest events of the file state them.
    pub balances: Vec<Balance>,
    /// Customers who share a device, card, bank account, document, mail address or telephone.
    pub sharing: Vec<Sharing>,
    /// Whether not all was looked up, or not all who share something are listed.
    pub sharing_is_cut: bool,
    /// Notes, the latest first.
    pub notes: Vec<CustomerNote>,
    /// Whether there are older notes.
    pub notes_are_cut: bool,
}

fn exposures(file: &CustomerFile) -> Exposures {
    let (mut sums, mut whole): (BTreeMap<&str, (u64, u64)>, u64) = (BTreeMap::new(), 0);
    let mut found = Exposures::default();
    let part =
        |value: u64, ppm: u64| u64::try_from(u128::from(value) * u128::from(ppm) / 1_000_000).unwrap_or(u64::MAX);
    for decided in
        file.events.iter().filter(|d| d.event.kind == EventKind::Deposit && d.decision.decision != Verdict::Reject)
    {
        let Some(value) = decided.decision.value.filter(|_| !decided.facts.source.is_empty()) else {
            found.unknown += 1;
            continue;
        };
        found.known += 1;
        whole = whole.saturating_add(value);
        for share in &decided.facts.source {
            let (direct, indirect) = sums.entry(share.category.name()).or_default();
            *direct = direct.saturating_add(part(value, share.direct_ppm));
            *indirect = indirect.saturating_add(part(value, share.indirect_ppm));
        }
    }
    let ppm = |of: u64| u64::try_from(u128::from(of) * 1_000_000 / u128::from(whole.max(1))).unwrap_or(1_000_000);
    found.list = sums
        .into_iter()
        .map(|(category, (direct, indirect))| Exposure {
            category: category.to_owned(),
            direct,
            indirect,
            direct_ppm: ppm(direct),
            indirect_ppm: ppm(indirect),
        })
        .collect();
    found.list.sort_by_key(|exposure| std::cmp::Reverse(exposure.direct.saturating_add(exposure.indirect)));
    found
}

/// The latest balance of each asset; events come the latest first.
fn balances(file: &CustomerFile) -> Vec<Balance> {
    let mut all: BTreeMap<&str, Balance> = BTreeMap::new();
    for event in file.events.iter().map(|decided| &decided.event) {
        let Some((asset, amount)) = event.asset.as_deref().zip(event.balance_after.or(event.balance)) else { continue };
        all.entry(asset).or_insert_with(|| Balance { asset: asset.to_owned(), amount, time: event.time });
    }
    all.into_values().collect()
}

/// Who shares something, and whether that is not all.
fn sharing(db: &mut Database, file: &CustomerFile) -> Result<(Vec<Sharing>, bool), DbError> {
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let own = file.records.iter().flat_map(identifiers::of_record);
    let (mut looked_up, mut is_cut) = (0, false);
    for identifier in own.filter(|i| SHARED.contains(&i.kind)) {
        if looked_up >= MAX_LOOKED_UP {
            is_cut = true;
            break;
        }
        looked_up += 1;
        let found = find_key(db, identifier.kind, &identifier.value, MAX_OF_ONE + 1)?;
        is_cut |= found.len() > MAX_OF_ONE;
        for (customer, _) in found.into_iter().take(MAX_OF_ONE) {
            if customer == file.customer {
                continue;
            }
            if others.len() >= MAX_SHARING && !others.contains_key(&customer) {
                is_cut = true;
                continue;
            }
            let what = others.entry(customer).or_default();
            if !what.iter().any(|kind| kind == identifier.kind) {
                what.push(identifier.kind.to_owned());
            }
        }
    }
    Ok((others.into_iter().map(|(customer, what)| Sharing { customer, what }).collect(), is_cut))
}

/// The latest notes, and whether there are older ones.
fn notes(db: &mut Database, customer: &str) -> Result<(Vec<CustomerNote>, bool), DbError> {
    let sql = "SELECT id, time, author, text FROM customer_notes WHERE customer = $1 ORDER BY id DESC LIMIT $2";
    let rows = db.query(sql, &[customer.into(), number(MAX_NOTES + 1)])?;
    let note = |row: &holdfast_store::Row| {
        Ok(CustomerNote {
            id: row.number(0)?,
            time: row.time(1)?,
            author: row.text(2)?.to_owned(),
            text: row.text(3)?.to_owned(),
        })
    };
    let most = usize::try_from(MAX_NOTES).unwrap_or(usize::MAX);
    let list = rows.iter().take(most).map(note).collect::<Result<_, DbError>>()?;
    Ok((list, rows.len() > most))
}

/// Returns a customer seen whole, of the file that is shown beside it.
///
/// # Errors
/// [`ScreeningError`] when the database fails.
pub fn overview(screening: &Screening, file: &CustomerFile) -> Result<Overview, ScreeningError> {
    let flows = flows::by_month(screening, &file.customer, MONTHS)?;
    let ((sharing, sharing_is_cut), (notes, notes_are_cut)) =
        screening.read(|db| Ok((sharing(db, file)?, notes(db, &file.customer)?)))?;
    let (exposures, balances) = (exposures(file), balances(file));
    Ok(Overview { flows, exposures, balances, sharing, sharing_is_cut, notes, notes_are_cut })
}

/// Adds a note on a customer; people whom it names as `@name` find it among what waits for them. Returns its number.
///
/// # Errors
/// [`ScreeningError::Invalid`] names the field; [`ScreeningError`] when the database fails.
pub fn add_note(screening: &Screening, customer: &str, text: &str, person: &str) -> Result<u64, ScreeningError> {
    let text = text.trim().to_owned();
    if text.is_empty() || text.len() > MAX_NOTE {
        return Err(Invalid::new("text", format!("must be 1 to {MAX_NOTE} bytes")).into());
    }
    let customer = customer.to_owned();
    screening.transact(person, move |tx| {
        let (id, now, author) = (tx.next_id("customer_notes")?, tx.now(), tx.actor().to_owned());
        let row = [id.into(), customer.as_str().into(), now.into(), author.into(), text.as_str().into()];
        tx.db().execute(
            "INSERT INTO customer_notes (id, customer, time, author, text) VALUES ($1, $2, $3, $4, $5)",
            &row,
        )?;
        let subject = format!("customer:{customer}");
        mentions::note(tx, &subject, &text, None)?;
        tx.audit("customer.noted", &subject, &json!({"note": id}).to_string());
        Ok(id.unsigned_abs())
    })
}
