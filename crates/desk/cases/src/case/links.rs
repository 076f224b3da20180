//! Links between cases, and full-text search.

use super::*;

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
    /// case or request.
    pub kind: String,
    /// Its number or id.
    pub id: String,
    /// Title.
    pub title: String,
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

    /// Returns cases and requests that have all the words, those that the person may read; the last word may be unfinished. At most 100.
    ///
    /// # Errors
    /// [`CaseError::Invalid`] for a query without a word; [`CaseError`] when the database fails.
    pub fn search(&self, query: &str, person: &Person) -> Result<Vec<Hit>, CaseError> {
        if query.len() > 1_000 || search::words(query).is_empty() {
            return Err(Invalid::new("q", "must be 1 to 1000 bytes with a word of two letters or digits").into());
        }
        let detail = json!({ "q": query }).to_string();
        self.screening.note_look("desk.searched", "search", detail, &person.name)?;
        self.read(|db| {
            let mut hits = Vec::new();
            for doc in search::find(db, query)? {
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
