//! Several things put into a case at once: into a new one or one that is open, whole or not at all. What is in it already is not added twice.

use super::*;

/// Something to be put into a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Gathered {
    /// What it is: no task, trace, graph or exhibit.
    pub kind: ItemKind,
    /// Customer, address, transaction id, number.
    pub key: String,
    /// Why it is there.
    #[serde(default)]
    pub title: String,
}

/// Where things are put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseChoice {
    /// A case that is open.
    Open(CaseId),
    /// A case that is opened for them.
    New(NewCase),
}

/// Most things at once.
const MAX_GATHERED: usize = 200;

impl Gathered {
    /// The item; an address or transaction in no known form becomes a note, so that what was found is not lost.
    fn item(self) -> Result<NewItem, Invalid> {
        let new = |kind, key: String, title: String| NewItem {
            kind,
            key,
            title,
            body: serde_json::Value::Null,
            happened: None,
            assignee: None,
            due: None,
        };
        match self.kind {
            ItemKind::Task | ItemKind::Trace | ItemKind::Graph | ItemKind::Exhibit => {
                let why = format!("{} is not put into a case this way", self.kind.name());
                Err(Invalid::new("kind", why))
            }
            ItemKind::Address | ItemKind::Transaction => {
                let text = format!("{}: {}", self.kind.name(), self.key);
                new(self.kind, self.key, self.title)
                    .checked()
                    .or_else(|_| new(ItemKind::Note, String::new(), text).checked())
            }
            _ => new(self.kind, self.key, self.title).checked(),
        }
    }
}

fn has(tx: &mut Transaction<'_>, case: CaseId, item: &NewItem) -> Result<bool, CaseError> {
    if item.key.is_empty() {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM case_items WHERE case_id = $1 AND kind = $2 AND key = $3 AND withdrawn IS NULL LIMIT 1";
    let key = [number(case), item.kind.name().into(), item.key.as_str().into()];
    Ok(!tx.db().query(sql, &key)?.is_empty())
}

impl Cases<'_> {
    /// Puts things into a case; returns it and how many were new there.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's; [`CaseError::State`] when it is closed, or the role does not allow it;
    /// [`CaseError::Invalid`] names the field.
    pub fn gather(
        &self,
        into: CaseChoice,
        things: Vec<Gathered>,
        person: &Person,
    ) -> Result<(CaseId, usize), CaseError> {
        if things.is_empty() || things.len() > MAX_GATHERED {
            return Err(Invalid::new("items", format!("must be 1 to {MAX_GATHERED}")).into());
        }
        let items = things.into_iter().map(Gathered::item).collect::<Result<Vec<_>, Invalid>>()?;
        if let CaseChoice::New(new) = &into {
            new.check()?;
        }
        let person = person.clone();
        self.transact(&person.name.clone(), move |tx| {
            let case = match into {
                CaseChoice::Open(id) => {
                    may_change(tx.db(), id, &person, false)?;
                    is_open(tx.db(), id)?;
                    id
                }
                CaseChoice::New(new) => new.store(tx)?,
            };
            let mut added = 0;
            for item in items {
                if !has(tx, case, &item)? {
                    item.store(tx, case)?;
                    added += 1;
                }
            }
            Ok((case, added))
        })
    }
}
