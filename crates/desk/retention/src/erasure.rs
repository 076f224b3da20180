//! The erasure of a customer: proposed by one person, carried out by another, proved by reading everything again.

use crate::policy::{Kept, kept};
use crate::pseudonym::{Identifying, Pseudonyms};
use crate::scan::{self, FileScan};
use crate::settle::Settled;
use crate::{Retention, RetentionError, hold, tables, values};
use holdfast_decision::model::text_ok;
use holdfast_documents::is_sha256;
use holdfast_identity::same_person;
use holdfast_requests::search::words;
use holdfast_screening::redacted::{ERASED, Redacted};
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, number, parse};
use holdfast_types::{Invalid, Timestamp, named};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use utoipa::ToSchema;

/// Passes after which an erasure gives up, because somebody goes on writing of the customer.
const MAX_PASSES: u32 = 5;
/// Most erasures of an answer.
const MAX_LISTED: i64 = 10_000;

named! {
    /// State of an erasure.
    pub enum ErasureState {
        /// It waits for another person.
        Proposed,
        /// The tables are rewritten and were read again.
        Done,
        /// Another person rejected it.
        Rejected,
    }
}

/// Values of one field that another customer has too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SharedValues)]
pub struct Shared {
    /// The field, such as device.
    pub field: String,
    /// How many.
    pub values: u64,
}

/// What an erasure did, and what the proof found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ErasureReport)]
pub struct Report {
    /// Values that were replaced.
    pub values: u64,
    /// Values too short to be told from others, which were replaced only where their field names them.
    pub by_field: u64,
    /// Values that another customer has too, so that they stay.
    pub shared: Vec<Shared>,
    /// Rows rewritten.
    pub rows: u64,
    /// Tables read again, and their rows.
    pub tables_read: u64,
    /// Rows read again; none holds a value.
    pub rows_read: u64,
    /// Files of the vault that were deleted, by SHA-256.
    pub deleted: Vec<String>,
    /// Files read again; nothing where the store has no folder.
    pub files: Option<FileScan>,
    /// An earlier try replaced the customer's values and ended before it had read everything again. The values are known no longer: tables and files were
    /// not searched for them by this one, and what was written of the customer in between may still name them.
    #[serde(default)]
    pub interrupted: bool,
}

/// An erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Erasure {
    /// Number.
    pub id: u64,
    /// The customer; once it is done, the pseudonym.
    pub customer: String,
    /// Why: their request, or that the period is over.
    pub reason: String,
    /// State.
    pub state: ErasureState,
    /// Who proposed it.
    pub proposed_by: String,
    /// When, Unix seconds.
    #[schema(value_type = i64)]
    pub proposed: Timestamp,
    /// Who carried it out or rejected it.
    pub decided_by: Option<String>,
    /// When.
    #[schema(value_type = Option<i64>)]
    pub decided: Option<Timestamp>,
    /// What was done.
    pub report: Option<Report>,
}

const SELECT: &str =
    "SELECT id, customer, reason, state, proposed_by, proposed, decided_by, decided, report FROM erasures";

fn erasure(row: &Row) -> Result<Erasure, DbError> {
    Ok(Erasure {
        id: row.number(0)?,
        customer: row.text(1)?.to_owned(),
        reason: row.text(2)?.to_owned(),
        state: row.named(3)?,
        proposed_by: row.text(4)?.to_owned(),
        proposed: row.time(5)?,
        decided_by: row.text_or_null(6).map(str::to_owned),
        decided: row.time_or_null(7),
        report: row.text_or_null(8).map(|text| parse("erasure", text)).transpose()?,
    })
}

fn by_id(db: &mut Database, id: u64) -> Result<Option<Erasure>, DbError> {
    db.query(&format!("{SELECT} WHERE id = $1"), &[number(id)])?.first().map(erasure).transpose()
}

/// Returns what stands against the erasure of a customer, a sentence each.
fn obstacles(db: &mut Database, customer: &str, now: Timestamp) -> Result<Vec<String>, DbError> {
    let mut all = Vec::new();
    for hold in hold::standing(db, customer)? {
        all.push(format!("legal hold {} of {} stands: {}", hold.id, hold.placed_by, hold.reason));
    }
    for Kept { kind, until, basis, .. } in kept(db, customer)? {
        match until {
            None => all.push(format!(
                "no period is set for {}; set one (`holdfast retention set {} --days N --basis LAW`)",
                kind.name(),
                kind.name()
            )),
            Some(until) if until > now => {
                all.push(format!("{} are kept until {} ({})", kind.name(), until.rfc3339(), basis.unwrap_or_default()))
            }
            Some(_) => {}
        }
    }
    let open = [
        ("holds that are active", "SELECT COUNT(*) FROM holds WHERE customer = $1 AND state = 'active'"),
        ("alerts that are open", "SELECT COUNT(*) FROM alerts WHERE customer = $1 AND state <> 'closed'"),
    ];
    for (what, sql) in open {
        let count = db.query(sql, &[customer.into()])?.first().map_or(Ok(0), |row| row.int(0))?;
        if count > 0 {
            all.push(format!("{count} {what}"));
        }
    }
    Ok(all)
}

fn allowed(db: &mut Database, customer: &str, now: Timestamp) -> Result<(), RetentionError> {
    let against = obstacles(db, customer, now)?;
    match against.is_empty() {
        true => Ok(()),
        false => Err(RetentionError::State(format!("the customer is not erased: {}", against.join("; ")))),
    }
}

/// Returns an erasure that waits, and that this person may decide on.
fn waiting(db: &mut Database, id: u64, actor: &str) -> Result<Erasure, RetentionError> {
    let found = by_id(db, id)?.ok_or_else(|| RetentionError::NotFound(format!("erasure {id}")))?;
    if found.state != ErasureState::Proposed {
        return Err(RetentionError::State(format!("erasure {id} is {} already", found.state.name())));
    }
    if same_person(&found.proposed_by, actor) {
        return Err(RetentionError::State("another person than the one who proposed it decides on an erasure".into()));
    }
    Ok(found)
}

/// Returns the rows that an earlier try of an erasure rewrote; none where it is at its beginning.
fn begun(db: &mut Database, id: u64, customer: &str) -> Result<Option<u64>, DbError> {
    let sql = "SELECT detail FROM audit WHERE subject = $1 AND action = $2";
    let mut rows = None;
    for row in db.query(sql, &[format!("customer:{customer}").into(), ERASED.into()])? {
        let detail: serde_json::Value = parse("audit", row.text(0)?)?;
        if detail["erasure"].as_u64() == Some(id) {
            rows = Some(rows.unwrap_or(0) + detail["rows"].as_u64().unwrap_or(0));
        }
    }
    Ok(rows)
}

/// An erasure as its passes rewrite tables.
struct Pass {
    id: u64,
    customer: String,
    pseudonym: String,
    hits: Vec<tables::Hit>,
    /// Words of each value, as the index of requests and cases has them.
    words: Arc<Vec<Vec<String>>>,
}

/// Removes the words of values from the index of requests and cases: of documents that have all words of one.
fn forget_words(db: &mut Database, values: &[Vec<String>]) -> Result<(), DbError> {
    for words in values.iter().filter(|words| !words.is_empty()) {
        let of = |word: &String| holdfast_store::Value::from(word.as_str());
        let mut docs: Option<BTreeSet<String>> = None;
        for word in words {
            let rows = db.query("SELECT doc FROM search_words WHERE word = $1", &[of(word)])?;
            let here = rows.iter().map(|row| row.text(0).map(str::to_owned)).collect::<Result<BTreeSet<_>, _>>()?;
            docs = Some(docs.map_or_else(|| here.clone(), |known| known.intersection(&here).cloned().collect()));
        }
        for doc in docs.unwrap_or_default() {
            for word in words {
                let sql = "DELETE FROM search_words WHERE word = $1 AND doc = $2";
                db.execute(sql, &[of(word), doc.as_str().into()])?;
            }
        }
    }
    Ok(())
}

/// Rewrites what was found, in one change with the log's statement of it.
fn rewrite(tx: &mut Transaction<'_>, pass: &Pass) -> Result<u64, RetentionError> {
    let Pass { id, customer, pseudonym, hits, words } = pass;
    if tx.db().kind() == "SQLite" {
        // What rows leave free is overwritten, as long as this connection lives.
        tx.db().batch("PRAGMA secure_delete = ON")?;
    }
    let settled = Settled::verified(tx.db(), hits)?;
    for table in ["identifiers", "event_identifiers"] {
        tx.db().execute(&format!("DELETE FROM {table} WHERE customer = $1"), &[customer.as_str().into()])?;
    }
    forget_words(tx.db(), words)?;
    let rows = tables::rewrite(tx.db(), hits)?;
    // What people noted of the customer says more than any value of theirs.
    let notes = "UPDATE customer_notes SET text = 'erased' WHERE customer = $1";
    tx.db().execute(notes, &[pseudonym.as_str().into()])?;
    let redacted: Redacted = settled.now(tx.db())?;
    let detail = json!({ "entries": redacted.entries, "decisions": redacted.decisions, "erasure": id, "rows": rows });
    tx.audit(ERASED, &format!("customer:{pseudonym}"), &detail.to_string());
    tx.rewrote_rows()?;
    Ok(rows)
}

impl Retention<'_> {
    /// Returns what stands against the erasure of a customer: legal holds, periods, what is open. Empty where nothing does.
    ///
    /// # Errors
    /// [`RetentionError::Store`] when the database fails.
    pub fn obstacles(&self, customer: &str) -> Result<Vec<String>, RetentionError> {
        let now = self.screening.now();
        Ok(self.screening.read(|db| obstacles(db, customer, now))?)
    }

    /// Proposes the erasure of a customer; another person carries it out.
    ///
    /// # Errors
    /// [`RetentionError::NotFound`] when nothing is stored of them; [`RetentionError::State`] with what stands against it; or one waits already;
    /// [`RetentionError::Invalid`] without a reason.
    pub fn propose_erasure(&self, customer: &str, reason: &str, actor: &str) -> Result<Erasure, RetentionError> {
        text_ok("customer", customer)?;
        text_ok("reason", reason)?;
        self.kept(customer)?;
        let (customer, reason) = (customer.to_owned(), reason.to_owned());
        self.screening.transact(actor, move |tx| {
            let proposed = tx.now();
            allowed(tx.db(), &customer, proposed)?;
            let sql = "SELECT id FROM erasures WHERE customer = $1 AND state = 'proposed'";
            if let Some(row) = tx.db().query(sql, &[customer.as_str().into()])?.first() {
                return Err(RetentionError::State(format!("erasure {} of the customer waits already", row.int(0)?)));
            }
            let (id, by) = (tx.next_id("erasures")?.unsigned_abs(), tx.actor().to_owned());
            let row = [
                number(id),
                customer.as_str().into(),
                reason.as_str().into(),
                ErasureState::Proposed.name().into(),
                by.as_str().into(),
                proposed.into(),
            ];
            let sql = "INSERT INTO erasures (id, customer, reason, state, proposed_by, proposed) VALUES ($1, $2, $3, $4, $5, $6)";
            tx.db().execute(sql, &row)?;
            let detail = json!({ "customer": customer, "reason": reason }).to_string();
            tx.audit("erasure.proposed", &format!("erasure:{id}"), &detail);
            by_id(tx.db(), id)?.ok_or_else(|| RetentionError::NotFound(format!("erasure {id}")))
        })
    }

    /// Rejects an erasure.
    ///
    /// # Errors
    /// [`RetentionError::NotFound`]; [`RetentionError::State`] when it is decided, or the same person proposed it.
    pub fn reject_erasure(&self, id: u64, reason: &str, actor: &str) -> Result<Erasure, RetentionError> {
        text_ok("reason", reason)?;
        let reason = reason.to_owned();
        self.screening.transact(actor, move |tx| {
            let by = tx.actor().to_owned();
            waiting(tx.db(), id, &by)?;
            let now = tx.now();
            let sql = "UPDATE erasures SET state = 'rejected', decided_by = $1, decided = $2 WHERE id = $3";
            tx.db().execute(sql, &[by.as_str().into(), now.into(), number(id)])?;
            tx.audit("erasure.rejected", &format!("erasure:{id}"), &json!({ "reason": reason }).to_string());
            by_id(tx.db(), id)?.ok_or_else(|| RetentionError::NotFound(format!("erasure {id}")))
        })
    }

    /// Returns erasures, the newest first, at most 10,000.
    ///
    /// # Errors
    /// [`RetentionError::Store`] when the database fails.
    pub fn erasures(&self) -> Result<Vec<Erasure>, RetentionError> {
        let sql = format!("{SELECT} ORDER BY id DESC LIMIT $1");
        Ok(self.screening.read(|db| db.query(&sql, &[MAX_LISTED.into()])?.iter().map(erasure).collect())?)
    }

    /// Returns an erasure that this person may carry out now.
    ///
    /// # Errors
    /// [`RetentionError::State`] when it is decided, the same person proposed it, or something stands against it; [`RetentionError::NotFound`].
    pub fn may_carry_out(&self, id: u64, actor: &str) -> Result<Erasure, RetentionError> {
        let now = self.screening.now();
        let found = self.screening.read(|db| Ok(waiting(db, id, actor)))??;
        self.screening.read(|db| Ok(allowed(db, &found.customer, now)))??;
        Ok(found)
    }

    /// Carries an erasure out: replaces what identifies the customer in every table by pseudonyms of the random `key`, reads every row and file again, and
    /// repeats it for what was written meanwhile. `delete_files` names the files of the vault that may be deleted because they name the customer; without it
    /// such files refuse the erasure, and are listed. `progress` gets tables and rows read so far; it may end a pass. An erasure that ended after its first
    /// rows were rewritten is brought to its end by carrying it out again ([`Report::interrupted`]).
    ///
    /// # Errors
    /// [`RetentionError::State`] when it is decided, the same person proposed it, something stands against it ([`Retention::obstacles`]), the log does not
    /// verify, or files name the customer; [`RetentionError::NotFound`].
    pub fn carry_out_erasure(
        &self,
        id: u64,
        key: [u8; 32],
        delete_files: &[String],
        actor: &str,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Erasure, RetentionError> {
        if let Some(wrong) = delete_files.iter().find(|sha256| !is_sha256(sha256)) {
            return Err(Invalid::new("delete_files", format!("'{wrong}' is no SHA-256 in hex")).into());
        }
        let customer = self.screening.read(|db| Ok(waiting(db, id, actor)))??.customer;
        if let Some(rows) = self.screening.read(|db| begun(db, id, &customer))? {
            let deleted = delete_files.to_vec();
            return self.end_interrupted(id, Report { rows, deleted, interrupted: true, ..Report::default() }, actor);
        }
        let now = self.screening.now();
        let identifying =
            self.screening.read(|db| Ok(allowed(db, &customer, now).and_then(|()| values::of(db, &customer))))??;
        let names = Arc::new(Pseudonyms::new(&identifying.own, &key).map_err(RetentionError::State)?);
        let pseudonym = names.of("customer", &customer).unwrap_or_default().to_owned();
        let mut report = report_of(&identifying);
        report.deleted = self.deletable(&names, delete_files)?;
        let of_value = |value: &String| -> Vec<String> { words(value).iter().map(hex::encode).collect() };
        let words: Arc<Vec<Vec<String>>> = Arc::new(names.distinct().iter().map(of_value).collect());
        for pass in 1.. {
            let report_rows = report.rows;
            let hits = tables::find(self.screening, &names, progress)?.ok_or_else(|| {
                RetentionError::State(match report_rows {
                    0 => "it was stopped before anything was changed".to_owned(),
                    rows => format!("it was stopped after {rows} rows were rewritten; carry it out again to end it"),
                })
            })?;
            (report.tables_read, report.rows_read) = (hits.tables, hits.rows);
            // The first pass always states the erasure; a later one finds nothing where nobody wrote meanwhile.
            if hits.hits.is_empty() && pass > 1 {
                break;
            }
            if pass > MAX_PASSES {
                let text = format!(
                    "something goes on writing of the customer: {} rows after {MAX_PASSES} passes",
                    hits.hits.len()
                );
                return Err(RetentionError::State(text));
            }
            let (customer, pseudonym, words) = (customer.clone(), pseudonym.clone(), words.clone());
            let pass = Pass { id, customer, pseudonym, hits: hits.hits, words };
            report.rows += self.screening.transact(actor, move |tx| {
                // Somebody may have placed a legal hold meanwhile; what a first pass began is brought to its end.
                if report_rows == 0 {
                    let now = tx.now();
                    allowed(tx.db(), &pass.customer, now)?;
                }
                rewrite(tx, &pass)
            })?;
        }
        self.delete(&report.deleted)?;
        report.files = self.scanned(&names)?;
        self.finish(id, report, actor)
    }

    /// Ends an erasure whose rows an earlier try rewrote: the files that may be deleted are, and the database's file is cleaned.
    fn end_interrupted(&self, id: u64, report: Report, actor: &str) -> Result<Erasure, RetentionError> {
        self.delete(&report.deleted)?;
        if self.screening.read(emptied)? {
            // One that others write to now is left as it is: the report says that nothing was searched.
            let _ = self.screening.read(|db| db.batch("VACUUM"));
            self.screening.read(emptied)?;
        }
        self.finish(id, report, actor)
    }

    fn delete(&self, files: &[String]) -> Result<(), RetentionError> {
        files.iter().try_for_each(|sha256| self.vault.delete(sha256)).map_err(|e| RetentionError::State(e.to_string()))
    }

    /// Reads the store's files again, after the database's own was cleaned of what rows left in it.
    fn scanned(&self, names: &Pseudonyms) -> Result<Option<FileScan>, RetentionError> {
        let Some(root) = self.store() else { return Ok(None) };
        let is_file = self.screening.read(emptied)?;
        let found = scan::files(root, names)?;
        if found.holding.is_empty() || !is_file {
            return Ok(Some(found));
        }
        // Pages that were split before keep copies of rows in their unused part. A database that others write to now is left as it is, and the scan says so.
        match self.screening.read(|db| db.batch("VACUUM")) {
            Ok(()) => {
                self.screening.read(emptied)?;
                scan::files(root, names).map(Some)
            }
            Err(_) => Ok(Some(found)),
        }
    }

    /// Returns the files of the vault that are deleted, or refuses where files name the customer that may not be.
    fn deletable(&self, names: &Pseudonyms, may: &[String]) -> Result<Vec<String>, RetentionError> {
        let found = match self.vault.folder().exists() {
            true => scan::files(self.vault.folder(), names)?,
            false => FileScan::default(),
        };
        let named: Vec<String> =
            found.holding.iter().filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect();
        let kept: Vec<&str> = named.iter().filter(|file| !may.contains(file)).map(String::as_str).collect();
        if !kept.is_empty() {
            return Err(RetentionError::State(format!(
                "{} files of the vault name the customer; say that they may be deleted (delete_files): {}",
                kept.len(),
                kept.join(", ")
            )));
        }
        // Packed files are deleted where a person says that they are the customer's.
        Ok(may.to_vec())
    }

    fn finish(&self, id: u64, report: Report, actor: &str) -> Result<Erasure, RetentionError> {
        self.screening.transact(actor, move |tx| {
            let (by, now) = (tx.actor().to_owned(), tx.now());
            let text = serde_json::to_string(&report).map_err(|e| RetentionError::State(e.to_string()))?;
            let sql = "UPDATE erasures SET state = 'done', decided_by = $1, decided = $2, report = $3 WHERE id = $4";
            tx.db().execute(sql, &[by.as_str().into(), now.into(), text.as_str().into(), number(id)])?;
            let detail = json!({ "rows": report.rows, "rows_read": report.rows_read, "deleted": report.deleted });
            tx.audit("erasure.done", &format!("erasure:{id}"), &detail.to_string());
            by_id(tx.db(), id)?.ok_or_else(|| RetentionError::NotFound(format!("erasure {id}")))
        })
    }
}

/// Empties the write-ahead log of a database in a file, where pages of before lie; returns whether it is one.
fn emptied(db: &mut Database) -> Result<bool, DbError> {
    match db.kind() {
        "SQLite" => db.query("PRAGMA wal_checkpoint(TRUNCATE)", &[]).map(|_| true),
        _ => Ok(false),
    }
}

fn report_of(values: &values::Values) -> Report {
    let mut shared: Vec<Shared> = Vec::new();
    for Identifying { field, .. } in &values.shared {
        match shared.iter_mut().find(|s| s.field == *field) {
            Some(known) => known.values += 1,
            None => shared.push(Shared { field: (*field).to_owned(), values: 1 }),
        }
    }
    Report {
        values: values.own.len() as u64,
        by_field: values.own.iter().filter(|v| !v.is_distinct()).count() as u64,
        shared,
        ..Report::default()
    }
}
