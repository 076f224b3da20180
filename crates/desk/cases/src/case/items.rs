//! Items of a case, and exhibits with their custody record.

use super::*;
use holdfast_account_workspace::AccountSnapshot;
use holdfast_account_workspace::traces::AccountTraceRequest;
use holdfast_types::Timestamp;

/// Case files are handed to authorities: nothing above this label goes in.
const FOR_CASES: Tlp = Tlp::Amber;

pub(super) const ACTIONS: [&str; 5] = ["received", "moved", "examined", "returned", "destroyed"];

pub(super) fn item(row: &Row) -> Result<Item, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Item {
        id: row.number(0)?,
        kind: text(1)?,
        key: text(2)?,
        title: text(3)?,
        body: parse("item", row.text(4)?)?,
        happened: row.time_or_null(5),
        created: row.time(6)?,
        created_by: text(7)?,
        assignee: row.text_or_null(8).map(str::to_owned),
        due: row.time_or_null(9),
        done: row.time_or_null(10),
        withdrawn: row.text_or_null(11).map(str::to_owned),
        custody: Vec::new(),
    })
}

pub(super) const ITEM: &str =
    "SELECT id, kind, key, title, body, happened, created, created_by, assignee, due, done, withdrawn FROM case_items";

pub(super) fn items(db: &mut Database, id: CaseId) -> Result<Vec<Item>, DbError> {
    let key: Value = number(id);
    let rows =
        db.query(&format!("{ITEM} WHERE case_id = $1 ORDER BY id LIMIT {MAX_ITEMS}"), std::slice::from_ref(&key))?;
    let mut list: Vec<Item> = rows.iter().map(item).collect::<Result<_, _>>()?;
    let sql = "SELECT c.item, c.time, c.person, c.action, c.place, c.note, c.sha256 FROM custody c
        JOIN case_items i ON i.id = c.item WHERE i.case_id = $1 ORDER BY c.id LIMIT 100000";
    for row in &db.query(sql, &[key])? {
        let text = |i| row.text(i).map(str::to_owned);
        let number = row.number(0)?;
        let entry = Custody {
            time: row.time(1)?,
            person: text(2)?,
            action: text(3)?,
            place: text(4)?,
            note: text(5)?,
            sha256: row.text_or_null(6).map(str::to_owned),
        };
        if let Ok(at) = list.binary_search_by_key(&number, |i| i.id) {
            list[at].custody.push(entry);
        }
    }
    Ok(list)
}

pub(super) struct NewItem {
    pub(super) kind: ItemKind,
    pub(super) key: String,
    pub(super) title: String,
    pub(super) body: serde_json::Value,
    pub(super) happened: Option<Timestamp>,
    pub(super) assignee: Option<String>,
    pub(super) due: Option<Timestamp>,
}

impl NewItem {
    pub(super) fn checked(mut self) -> Result<Self, Invalid> {
        let as_target = |kind, value: String| Ok::<_, Invalid>(Target::new(kind, value).canonical()?.value);
        let free = matches!(self.kind, ItemKind::Note | ItemKind::Task | ItemKind::Trace | ItemKind::Graph);
        self.key = match self.kind {
            ItemKind::Address => as_target(TargetKind::Address, self.key)?,
            ItemKind::Transaction => as_target(TargetKind::Transaction, self.key)?,
            _ if free && self.key.is_empty() => String::new(),
            _ => {
                text_ok("key", &self.key)?;
                self.key
            }
        };
        let needs_title = matches!(self.kind, ItemKind::Note | ItemKind::Task);
        if needs_title || !self.title.is_empty() {
            free_text_ok("title", &self.title, MAX_NOTE)?;
        }
        if self.kind != ItemKind::Task && (self.assignee.is_some() || self.due.is_some()) {
            return Err(Invalid::new("assignee", "only tasks have one, and a due time"));
        }
        for (name, time) in [("happened", self.happened), ("due", self.due)] {
            time.map_or(Ok(()), |t| time_ok(name, t))?;
        }
        if let Some(assignee) = &self.assignee {
            text_ok("assignee", assignee)?;
        }
        if self.body.to_string().len() > MAX_BODY {
            return Err(Invalid::new("body", format!("larger than {MAX_BODY} bytes")));
        }
        Ok(self)
    }

    pub(super) fn store(self, tx: &mut Transaction<'_>, case: CaseId) -> Result<CaseItemId, CaseError> {
        let count = tx.db().query("SELECT COUNT(*) FROM case_items WHERE case_id = $1", &[number(case)])?;
        if count.first().map_or(Ok(0), |r| r.int(0))? >= MAX_ITEMS {
            return Err(CaseError::State(format!("case {case} has {MAX_ITEMS} items; open another")));
        }
        let (id, now, actor) = (tx.next_id("case_items")?, tx.now(), tx.actor().to_owned());
        let row = [
            id.into(),
            number(case),
            self.kind.name().into(),
            self.key.as_str().into(),
            self.title.as_str().into(),
            self.body.to_string().into(),
            self.happened.into(),
            now.into(),
            actor.into(),
            self.assignee.into(),
            self.due.into(),
        ];
        tx.db().execute(
            "INSERT INTO case_items (id, case_id, kind, key, title, body, happened, created, created_by, assignee, due)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            &row,
        )?;
        search::index(tx.db(), &format!("case:{case}"), &format!("{} {}", self.key, self.title))?;
        let detail = json!({ "item": id, "kind": self.kind, "key": self.key }).to_string();
        tx.audit("case.item_added", &format!("case:{case}"), &detail);
        Ok(CaseItemId::new(id.unsigned_abs()))
    }
}

pub(super) fn add_custody(
    tx: &mut Transaction<'_>,
    case: CaseId,
    item: CaseItemId,
    action: &str,
    place: &str,
    note: &str,
    sha256: Option<&str>,
) -> Result<(), CaseError> {
    let (id, now, actor) = (tx.next_id("custody")?, tx.now(), tx.actor().to_owned());
    let row =
        [id.into(), number(item), now.into(), actor.into(), action.into(), place.into(), note.into(), sha256.into()];
    tx.db().execute(
        "INSERT INTO custody (id, item, time, person, action, place, note, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &row,
    )?;
    let detail = json!({ "item": item, "action": action, "place": place, "sha256": sha256 }).to_string();
    tx.audit("exhibit.custody", &format!("case:{case}"), &detail);
    Ok(())
}

impl Cases<'_> {
    /// Adds a file as an exhibit: stored under its hash, with the first entry of its custody record.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's; [`CaseError::State`] when it is closed, or the role does not allow it;
    /// [`CaseError::Invalid`] names the field.
    pub fn add_exhibit(
        &self,
        id: CaseId,
        name: &str,
        media_type: &str,
        place: &str,
        bytes: &[u8],
        person: &Person,
    ) -> Result<CaseItemId, CaseError> {
        file_name_ok(name)?;
        text_ok("place", place)?;
        check_type(bytes, media_type)?;
        let allowed = self.read(|db| Ok(may_change(db, id, person, false).and_then(|()| is_open(db, id))))?;
        allowed?;
        let (hash, size) = (sha256(bytes), bytes.len() as u64);
        self.vault.store(bytes)?;
        let (name, media, place) = (name.to_owned(), media_type.to_owned(), place.to_owned());
        self.transact(&person.name, move |tx| {
            note_file(tx, &format!("case:{id}"), &name, &media, &hash, size)?;
            let body = json!({ "name": name, "media_type": media, "size": size });
            let new = NewItem {
                kind: ItemKind::Exhibit,
                key: hash.clone(),
                title: name,
                body,
                happened: None,
                assignee: None,
                due: None,
            };
            let item = new.store(tx, id)?;
            add_custody(tx, id, item, "received", &place, "taken in as a file", Some(&hash))?;
            Ok(item)
        })
    }

    /// Returns an exhibit's bytes, checked against their hash.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case or file that is unknown or not the person's.
    pub fn exhibit(&self, id: CaseId, name: &str, person: &Person) -> Result<Vec<u8>, CaseError> {
        self.may_read_case(id, person)?;
        Ok(read_file(self.screening, self.vault, &format!("case:{id}"), name, &person.name)?.1)
    }

    /// Traces, and saves the answer in a case as it is now.
    ///
    /// # Errors
    /// [`CaseError::Invalid`] when the subject cannot be traced; those of [`Cases::change_case`].
    pub fn save_trace(
        &self,
        id: CaseId,
        snapshot: &Snapshot,
        request: &TraceRequest,
        title: &str,
        person: &Person,
    ) -> Result<CaseItemId, CaseError> {
        let (_, report) = snapshot.trace_for(request, FOR_CASES).map_err(|e| Invalid::new("subject", e.to_string()))?;
        self.add_trace(id, &request.subject, title, json!(report), person)
    }

    /// Traces over account chains, and saves the answer in a case as it is now.
    ///
    /// # Errors
    /// As [`Cases::save_trace`].
    pub fn save_account_trace(
        &self,
        id: CaseId,
        chain: &AccountSnapshot,
        request: &AccountTraceRequest,
        title: &str,
        person: &Person,
    ) -> Result<CaseItemId, CaseError> {
        let report = chain.account_trace_for(request, FOR_CASES).map_err(|e| Invalid::new("subject", e.to_string()))?;
        self.add_trace(id, &request.subject, title, json!(report), person)
    }

    fn add_trace(
        &self,
        id: CaseId,
        subject: &str,
        title: &str,
        body: serde_json::Value,
        person: &Person,
    ) -> Result<CaseItemId, CaseError> {
        let step = CaseStep::Add {
            kind: ItemKind::Trace,
            key: subject.to_owned(),
            title: title.to_owned(),
            body,
            happened: None,
            assignee: None,
            due: None,
        };
        let added = self.change_case(id, step, person)?;
        added.ok_or_else(|| StoreError::Internal("the trace became no item".into()).into())
    }
}
