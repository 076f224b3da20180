//! Links between cases, and full-text search.

use super::*;
use crate::customers;

/// Another case that shares something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The other case.
    pub case: CaseId,
    /// Its title, where one may read it.
    pub title: Option<String>,
    /// What is shared, and how.
    pub because: Vec<String>,
}

/// Something that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// case, request, customer, event, alert or hold; `customers` where there are more customers than are listed.
    pub kind: String,
    /// Its number or id; of `customers` what names them all.
    pub id: String,
    /// Title; of a customer by what it was found.
    pub title: String,
}

/// Most customers that a search shows.
const MAX_CUSTOMERS: usize = 20;

/// Returns the kind and number that a text such as `alert 12` or `12` names; without a kind either is meant.
fn named_number(text: &str) -> Option<(Option<&str>, u64)> {
    let (kind, number) =
        text.trim().rsplit_once(' ').map_or((None, text.trim()), |(kind, number)| (Some(kind.trim()), number));
    Some((kind, number.parse().ok()?))
}

/// Customers, events, alerts and holds that a text names whole.
fn named_hits(db: &mut Database, text: &str) -> Result<Vec<Hit>, DbError> {
    let mut hits = Vec::new();
    let customers::Found { customers, is_cut } = customers::found_by(db, text)?;
    let (count, more) = (customers.len(), if is_cut { " or more" } else { "" });
    let hit = |(id, how): (String, Vec<String>)| Hit { kind: "customer".into(), id, title: how.join(", ") };
    hits.extend(customers.into_iter().take(MAX_CUSTOMERS).map(hit));
    if count > MAX_CUSTOMERS {
        let title = format!("the first {MAX_CUSTOMERS} of {count}{more} customers are listed");
        hits.push(Hit { kind: "customers".into(), id: text.trim().to_owned(), title });
    }
    let sql = "SELECT id, kind, customer, decision FROM events WHERE id = $1";
    for row in &db.query(sql, &[text.trim().into()])? {
        let title = format!("{} of {}: {}", row.text(1)?, row.text(2)?, row.text(3)?);
        hits.push(Hit { kind: "event".into(), id: row.text(0)?.to_owned(), title });
    }
    let Some((named, id)) = named_number(text) else { return Ok(hits) };
    for (kind, table) in [("alert", "alerts"), ("hold", "holds")] {
        if named.is_some_and(|named| !named.eq_ignore_ascii_case(kind)) {
            continue;
        }
        for row in &db.query(&format!("SELECT customer, reason FROM {table} WHERE id = $1"), &[number(id)])? {
            let title = format!("{}: {}", row.text(0)?, row.text(1)?);
            hits.push(Hit { kind: kind.into(), id: id.to_string(), title });
        }
    }
    Ok(hits)
}

/// Returns the chains on which the addresses of a case are looked up, and the addresses that are of none of them.
pub(super) fn coverage(chains: &[Arc<dyn ChainQueries>], items: &[Item]) -> (Vec<CoveredChain>, Vec<String>) {
    let addresses: Vec<&str> = addresses(items).collect();
    let can_hold = |chain: &dyn ChainQueries| addresses.iter().any(|address| chain.own_form(address).is_some());
    let covered = chains.iter().filter(|chain| can_hold(&***chain)).map(|chain| CoveredChain::of(&**chain));
    let is_uncovered = |address: &&&str| chains.iter().all(|chain| chain.own_form(address).is_none());
    (covered.collect(), addresses.iter().filter(is_uncovered).map(ToString::to_string).collect())
}

/// Returns the addresses of a case.
fn addresses(items: &[Item]) -> impl Iterator<Item = &str> {
    items.iter().filter(|i| i.kind == "address" && i.withdrawn.is_none()).map(|i| i.key.as_str())
}

/// Returns the cluster of an address on a UTXO chain.
fn cluster(snapshot: &Snapshot, address: &str) -> Option<u32> {
    let key = AddressKey::parse(&snapshot.own_form(address)?, snapshot.ledger.network()).ok()?;
    Some(snapshot.clusters.of(snapshot.ledger.address_number(&key)?))
}

impl Cases<'_> {
    pub(super) fn links(
        &self,
        id: CaseId,
        items: &[Item],
        chains: &[Arc<dyn ChainQueries>],
        person: &Person,
    ) -> Result<Vec<Link>, CaseError> {
        let mut found: BTreeMap<CaseId, Vec<String>> = BTreeMap::new();
        let shared = items
            .iter()
            .filter(|i| i.withdrawn.is_none() && ["subject", "address", "transaction"].contains(&i.kind.as_str()));
        for i in shared {
            let sql = "SELECT DISTINCT case_id FROM case_items WHERE kind = $1 AND key = $2 AND case_id <> $3 AND withdrawn IS NULL LIMIT 100";
            let rows = self.read(|db| db.query(sql, &[i.kind.as_str().into(), i.key.as_str().into(), number(id)]))?;
            for row in &rows {
                found.entry(row.number(0)?).or_default().push(format!("{} {}", i.kind, i.key));
            }
        }
        // Reading a chain that something cut off would end the process; `coverage` states it.
        let snapshots: Vec<&Snapshot> =
            chains.iter().filter(|c| c.fault().is_none()).filter_map(|c| c.outputs()).collect();
        let clusters = |snapshot: &&Snapshot| -> BTreeMap<u32, &str> {
            addresses(items).filter_map(|address| Some((cluster(snapshot, address)?, address))).collect()
        };
        let own: Vec<_> = snapshots.iter().map(clusters).collect();
        if own.iter().any(|clusters| !clusters.is_empty()) {
            let sql = "SELECT case_id, key FROM case_items WHERE kind = 'address' AND case_id <> $1 AND withdrawn IS NULL ORDER BY id DESC LIMIT 10000";
            for row in &self.read(|db| db.query(sql, &[number(id)]))? {
                let (other, address) = (row.number(0)?, row.text(1)?);
                for (snapshot, own) in snapshots.iter().zip(&own) {
                    let ours = cluster(snapshot, address).and_then(|c| own.get(&c)).filter(|ours| **ours != address);
                    let Some(ours) = ours else { continue };
                    let on = if snapshots.len() > 1 { format!(" on {}", snapshot.name()) } else { String::new() };
                    let because = format!("{address} there and {ours} here are one cluster{on}");
                    found.entry(other).or_default().push(because);
                }
            }
        }
        let mut links = Vec::new();
        for (other, because) in found {
            // Who is not on the other case learns that there is one, and what is shared, because both leads must know; not its title.
            let title = self.read(|db| {
                Ok(match role(db, other, person) {
                    Ok(_) => db
                        .query("SELECT title FROM cases WHERE id = $1", &[number(other)])?
                        .first()
                        .and_then(|r| r.text_or_null(0).map(str::to_owned)),
                    Err(_) => None,
                })
            })?;
            links.push(Link { case: other, title, because });
        }
        Ok(links)
    }

    /// Returns what of the desk a text names, of what the person may read: `of_screening`, customers, events, alerts and holds by id, number or
    /// identifier; then cases and requests that have all the words, of which the last may be unfinished. At most 100. The look is audited.
    ///
    /// # Errors
    /// [`CaseError::Invalid`] for a query without a word; [`CaseError`] when the database fails.
    pub fn search(&self, query: &str, person: &Person, of_screening: bool) -> Result<Vec<Hit>, CaseError> {
        let words = search::words(query);
        if query.len() > 1_000 || (words.is_empty() && !(of_screening && named_number(query).is_some())) {
            return Err(Invalid::new("q", "must be 1 to 1000 bytes with a word of two letters or digits").into());
        }
        let detail = json!({ "q": query }).to_string();
        self.screening.note_look("desk.searched", "search", detail, &person.name)?;
        self.read(|db| {
            let mut hits = if of_screening { named_hits(db, query)? } else { Vec::new() };
            let docs = if words.is_empty() { BTreeSet::new() } else { search::find(db, query)? };
            for doc in docs {
                let (kind, id) = doc.split_once(':').unwrap_or_default();
                let title = match kind {
                    "case" => {
                        let Ok(case) = id.parse() else { continue };
                        if role(db, case, person).is_err() {
                            continue;
                        }
                        let rows = db.query("SELECT title FROM cases WHERE id = $1", &[number(case)])?;
                        rows.first().map_or(Ok(String::new()), |r| r.text(0).map(str::to_owned))?
                    }
                    _ => {
                        let rows = db.query("SELECT agency, reference FROM requests WHERE id = $1", &[id.into()])?;
                        let name = |r: &Row| Ok::<_, DbError>(format!("{}, {}", r.text(0)?, r.text(1)?));
                        rows.first().map_or(Ok(String::new()), name)?
                    }
                };
                hits.push(Hit { kind: kind.to_owned(), id: id.to_owned(), title });
                if hits.len() >= 100 {
                    break;
                }
            }
            Ok(hits)
        })
    }
}
