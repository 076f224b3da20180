//! Requests: intake, review and answers: agencies and their verified domains, call-backs, and four eyes on every answer.

mod agencies;
mod seizures;
mod sender;
mod steps;

pub use agencies::{Agency, NewAgency};
pub use seizures::{Seizure, SeizureState, SeizureTransfer};
pub use sender::history;
pub use steps::{Outcome, Step};

pub(crate) use seizures::seizures_of;

use crate::RequestError;
use crate::forgery::CallBack;
use crate::letters::{self, Letter};
use crate::matching::{Followed, Match, TargetCoverage};
use crate::policy::Judgement;
use crate::request::{Request, Target};
use crate::{Desk, Inquiry, Review, review};
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, number, parse};
use holdfast_types::ids::OfficerId;
use holdfast_types::named;
use holdfast_types::{Invalid, Timestamp};
use holdfast_workspace::ChainQueries;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

pub(crate) fn basis(judgement: &Judgement, request: &Request) -> String {
    format!("{} ({}), {}", judgement.title, request.process, request.reference)
}

named! {
    /// State of a request.
    pub enum RequestState {
        /// It waits for an answer.
        Open,
        /// An answer waits for approval.
        Prepared,
        /// It is answered.
        Answered,
    }
}

/// A request in its present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Number.
    pub seq: u64,
    /// The request, canonical.
    pub request: Request,
    /// open, prepared or answered.
    pub state: RequestState,
    /// When it must be answered, Unix seconds.
    pub due: Timestamp,
    /// Whether that time is over and it is not answered.
    pub overdue: bool,
    /// The call-back.
    pub call_back: Option<CallBack>,
    /// Outcome, prepared or approved: granted, partly, refused, forged.
    pub outcome: Option<String>,
    /// Reason.
    pub reason: Option<String>,
    /// Who prepared it.
    pub prepared_by: Option<String>,
    /// Who approved it first, of two; seizures only.
    pub first_approval: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// Holds that the answer to a freeze placed.
    pub holds: Vec<u64>,
}

/// A request with its review as of now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Present state.
    pub stored: Stored,
    /// The review.
    pub review: Review,
}

/// A customer that a request's targets were matched to, with the reviewer's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// The match.
    pub found: Match,
    /// accepted, rejected, or nothing yet.
    pub verdict: Option<String>,
    /// Reason.
    pub reason: Option<String>,
    /// Who decided so.
    pub decided_by: Option<String>,
}

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// open, prepared or answered.
    pub state: Option<RequestState>,
    /// Numbers above this one.
    pub after: u64,
    /// At most so many, up to 1,000.
    pub limit: usize,
}

const COLUMNS: &str =
    "seq, body, state, due, call_back, outcome, reason, prepared_by, approved_by, answered, holds, first_approval";

fn stored(row: &Row, now: Timestamp) -> Result<Stored, DbError> {
    let state: RequestState = row.named(2)?;
    let due = row.time(3)?;
    Ok(Stored {
        seq: row.number(0)?,
        request: parse("request", row.text(1)?)?,
        overdue: state != RequestState::Answered && due < now,
        state,
        due,
        call_back: row.text_or_null(4).map(|t| parse("call-back", t)).transpose()?,
        outcome: row.text_or_null(5).map(str::to_owned),
        reason: row.text_or_null(6).map(str::to_owned),
        prepared_by: row.text_or_null(7).map(str::to_owned),
        approved_by: row.text_or_null(8).map(str::to_owned),
        first_approval: row.text_or_null(11).map(str::to_owned),
        answered: row.time_or_null(9),
        holds: row.text_or_null(10).map_or(Ok(Vec::new()), |t| parse("holds", t))?,
    })
}

pub(crate) fn by_id(db: &mut Database, id: &str, now: Timestamp) -> Result<Option<Stored>, DbError> {
    let rows = db.query(&format!("SELECT {COLUMNS} FROM requests WHERE id = $1"), &[id.into()])?;
    rows.first().map(|r| stored(r, now)).transpose()
}

fn digest(targets: &[Target]) -> String {
    hex::encode(Sha256::digest(serde_json::to_vec(targets).unwrap_or_default()))
}

pub(crate) fn known(found: Option<Stored>, id: &str) -> Result<Stored, RequestError> {
    found.ok_or_else(|| RequestError::NotFound(format!("request '{id}'")))
}

/// Stores a request; false when it is there already with the same content.
fn store(
    tx: &mut Transaction<'_>,
    request: Request,
    due: Timestamp,
    officer: Option<OfficerId>,
) -> Result<bool, RequestError> {
    let now = tx.now();
    match by_id(tx.db(), &request.id, now)? {
        Some(known) if known.request == request => return Ok(false),
        Some(_) => return Err(RequestError::Conflict(request.id)),
        None => {}
    }
    let last = tx.db().query("SELECT COALESCE(MAX(seq), 0) FROM requests", &[])?;
    let seq = last.first().map_or(Ok(0), |r| r.int(0))? + 1;
    let body = json!(request).to_string();
    let row = [
        seq.into(),
        request.id.as_str().into(),
        request.received.into(),
        due.into(),
        "open".into(),
        request.officer.agency.as_str().into(),
        request.officer.email.to_lowercase().into(),
        request.reference.as_str().into(),
        digest(&request.targets).into(),
        body.as_str().into(),
        request.officer.country.as_str().into(),
        request.kind.name().into(),
        // The first reminder comes at half of the time.
        (request.received + (due - request.received) / 2).into(),
    ];
    tx.db().execute(
        "INSERT INTO requests (seq, id, received, due, state, agency, email, reference, targets, body, country, kind, next_look)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &row,
    )?;
    let who = &request.officer;
    let mut words = vec![&request.id, &request.reference, &who.agency, &who.name, &who.email];
    words.extend(request.targets.iter().map(|t| &t.value));
    let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
    crate::search::index(tx.db(), &format!("request:{}", request.id), &words.join(" "))?;
    if let Some(officer) = officer {
        let row = [request.id.as_str().into(), number(officer)];
        tx.db().execute("INSERT INTO request_officers (request, officer) VALUES ($1, $2)", &row)?;
    }
    let sha256 = hex::encode(Sha256::digest(body.as_bytes()));
    let detail = json!({ "kind": request.kind, "process": request.process, "due": due, "sha256": sha256 });
    tx.audit("request.received", &format!("request:{}", request.id), &detail.to_string());
    Ok(true)
}

impl Desk<'_> {
    /// Stores a request. Sent again with the same id and content it changes nothing.
    ///
    /// # Errors
    /// [`RequestError`]; the same id with other content is a conflict.
    pub fn submit(&self, request: Request, actor: &str) -> Result<Opened, RequestError> {
        self.import(request, actor, None)
    }

    /// Stores a request, sent by an officer of the portal or entered by the desk.
    pub(crate) fn import(
        &self,
        request: Request,
        actor: &str,
        officer: Option<OfficerId>,
    ) -> Result<Opened, RequestError> {
        let request = request.canonical()?;
        let due = self.policy.judge(&request)?.due;
        let id = request.id.clone();
        let lacking = self.policy.lacks_period(&request);
        let classes: Vec<&str> = lacking.iter().map(|c| c.name()).collect();
        let lacking = format!("{} opens {} for a period only: name from and to", request.process, classes.join(", "));
        // An officer at the portal is sent back at once; what comes another way is stored, so that its clock runs, and sent back by mail.
        if officer.is_some() && !classes.is_empty() {
            return Err(Invalid::new("scope.from", lacking).into());
        }
        let send_back = (!classes.is_empty()).then_some(lacking);
        self.transact(actor, move |tx| {
            let (to, reference) = (request.officer.email.clone(), request.reference.clone());
            let subject = format!("request:{}", request.id);
            let new = store(tx, request, due, officer)?;
            if let Some(why) = send_back.filter(|_| new) {
                letters::write(tx, &to, Letter::SentBack(&reference, &why), &subject)?;
                tx.audit("request.sent_back", &subject, &json!({ "why": why }).to_string());
            }
            Ok(())
        })?;
        self.opened(&id)
    }

    /// Stores many requests at once, as when an older portal's are moved here; returns how many were new. At most 10,000.
    ///
    /// # Errors
    /// [`RequestError`] names the request by its place; nothing is stored then. Sent again, requests change nothing.
    pub fn submit_many(&self, requests: Vec<Request>, actor: &str) -> Result<u64, RequestError> {
        if requests.len() > 10_000 {
            return Err(Invalid::new("requests", "more than 10000 at once; send several times").into());
        }
        let mut ready = Vec::with_capacity(requests.len());
        for (i, request) in requests.into_iter().enumerate() {
            let place = |e: Invalid| Invalid::new(&format!("requests[{i}].{}", e.field), e.problem);
            let request = request.canonical().map_err(place)?;
            let due = self.policy.judge(&request).map_err(place)?.due;
            ready.push((request, due));
        }
        self.transact(actor, move |tx| {
            let mut new = 0;
            for (request, due) in ready {
                new += u64::from(store(tx, request, due, None)?);
            }
            Ok(new)
        })
    }

    /// Returns a request with its review as of now; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown request.
    pub fn open(&self, id: &str, actor: &str) -> Result<Opened, RequestError> {
        let opened = self.opened(id)?;
        self.note_look("request.read", &format!("request:{id}"), actor)?;
        Ok(opened)
    }

    fn opened(&self, id: &str) -> Result<Opened, RequestError> {
        let now = self.screening.now();
        let found = self.read(|db| by_id(db, id, now))?;
        let stored = known(found, id)?;
        let history = self.read(|db| history(db, &stored.request, stored.call_back.clone()))?;
        let review = review(self.policy, &Inquiry { request: stored.request.clone(), history })?;
        Ok(Opened { stored, review })
    }

    /// Returns requests by number; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn list(&self, filter: &RequestFilter, actor: &str) -> Result<Vec<Stored>, RequestError> {
        let limit = number(filter.limit.clamp(1, 1000) as u64);
        let now = self.screening.now();
        let (state, after) = (filter.state, i64::try_from(filter.after).unwrap_or(i64::MAX));
        let rows = self.read(|db| match &state {
            Some(state) => db.query(
                &format!("SELECT {COLUMNS} FROM requests WHERE state = $1 AND seq > $2 ORDER BY seq LIMIT $3"),
                &[state.as_ref().into(), after.into(), limit],
            ),
            None => db.query(
                &format!("SELECT {COLUMNS} FROM requests WHERE seq > $1 ORDER BY seq LIMIT $2"),
                &[after.into(), limit],
            ),
        })?;
        let list = rows.iter().map(|r| stored(r, now)).collect::<Result<Vec<_>, _>>()?;
        let detail = json!({ "requests": list.iter().map(|r| r.seq).collect::<Vec<_>>() }).to_string();
        self.screening.note_look("request.listed", "requests", detail, actor)?;
        Ok(list)
    }

    /// Returns requests in which a reviewer said that a customer is meant or not, the latest first, at most 100, each with the verdict; the access is
    /// recorded in the audit log. Requests whose matches nobody reviewed are not among them.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn about_customer(&self, customer: &str, actor: &str) -> Result<Vec<(Stored, String)>, RequestError> {
        let now = self.screening.now();
        let list = self.read(|db| {
            let rows = db.query(
                "SELECT request, verdict FROM request_matches WHERE customer = $1 ORDER BY decided DESC, request LIMIT 100",
                &[customer.into()],
            )?;
            let mut list = Vec::new();
            for row in &rows {
                if let Some(stored) = by_id(db, row.text(0)?, now)? {
                    list.push((stored, row.text(1)?.to_owned()));
                }
            }
            Ok(list)
        })?;
        let detail = json!({ "requests": list.iter().map(|(r, _)| r.seq).collect::<Vec<_>>() }).to_string();
        self.screening.note_look("request.listed", "requests", detail, actor)?;
        Ok(list)
    }

    /// Returns the id of the request that placed a hold: by the answer to a freeze, or by a seizure.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn of_hold(&self, hold: u64, customer: &str) -> Result<Option<String>, RequestError> {
        let now = self.screening.now();
        self.read(|db| {
            let rows = db.query("SELECT request FROM seizures WHERE hold = $1 LIMIT 1", &[number(hold)])?;
            if let Some(row) = rows.first() {
                return Ok(Some(row.text(0)?.to_owned()));
            }
            let rows = db.query(
                "SELECT request FROM request_matches WHERE customer = $1 AND verdict = 'accepted' ORDER BY request LIMIT 1000",
                &[customer.into()],
            )?;
            for row in &rows {
                let found = by_id(db, row.text(0)?, now)?.filter(|stored| stored.holds.contains(&hold));
                if let Some(stored) = found {
                    return Ok(Some(stored.request.id));
                }
            }
            Ok(None)
        })
    }

    /// Returns the customers that the request's targets are matched to now, sure ones first, with the verdicts of reviewers; the access is recorded
    /// in the audit log.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown request.
    pub fn matches(
        &self,
        chains: &[Arc<dyn ChainQueries>],
        id: &str,
        actor: &str,
    ) -> Result<Vec<Matched>, RequestError> {
        self.matches_on(&Followed::on(chains), id, actor)
    }

    /// As [`Self::matches`], on chains on which money may have been followed already.
    ///
    /// # Errors
    /// As [`Self::matches`].
    pub fn matches_on(&self, followed: &Followed<'_>, id: &str, actor: &str) -> Result<Vec<Matched>, RequestError> {
        let now = self.screening.now();
        let found = self.read(|db| by_id(db, id, now))?;
        let stored = known(found, id)?;
        let rows = self.read(|db| {
            let sql = "SELECT customer, verdict, reason, decided_by FROM request_matches WHERE request = $1";
            db.query(sql, &[id.into()])
        })?;
        let mut verdicts = std::collections::HashMap::new();
        for row in &rows {
            let text = |i| row.text(i).map(str::to_owned);
            verdicts.insert(text(0)?, (text(1)?, text(2)?, text(3)?));
        }
        let request = &stored.request;
        let matched = followed.matches(self.screening, &request.targets, &request.scope)?;
        let with = |found: Match| {
            let (verdict, reason, decided_by) = match verdicts.get(&found.customer).cloned() {
                Some((v, r, by)) => (Some(v), Some(r), Some(by)),
                None => (None, None, None),
            };
            Matched { found, verdict, reason, decided_by }
        };
        let list: Vec<Matched> = matched.into_iter().map(with).collect();
        let detail =
            json!({ "customers": list.iter().map(|m| &m.found.customer).take(1000).collect::<Vec<_>>() }).to_string();
        self.screening.note_look("request.matched", &format!("request:{id}"), detail, actor)?;
        Ok(list)
    }

    /// Returns on which chains the addresses and transactions of a request's targets are looked up; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`RequestError`] for an unknown request, and when the database fails.
    pub fn coverage(
        &self,
        chains: &[Arc<dyn ChainQueries>],
        id: &str,
        actor: &str,
    ) -> Result<Vec<TargetCoverage>, RequestError> {
        self.coverage_on(&Followed::on(chains), id, actor)
    }

    /// As [`Self::coverage`], on chains on which money may have been followed already.
    ///
    /// # Errors
    /// As [`Self::coverage`].
    pub fn coverage_on(
        &self,
        followed: &Followed<'_>,
        id: &str,
        actor: &str,
    ) -> Result<Vec<TargetCoverage>, RequestError> {
        let now = self.screening.now();
        let found = self.read(|db| by_id(db, id, now))?;
        let stored = known(found, id)?;
        self.note_look("request.read", &format!("request:{id}"), actor)?;
        Ok(followed.coverage(&stored.request.targets))
    }
}
