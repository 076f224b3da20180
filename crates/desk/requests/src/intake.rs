//! Requests as they are taken in, reviewed and answered: agencies and their verified domains, call-backs, and four eyes on every answer.

use crate::RequestError;
use crate::carry_out::{accepted, accounts_of, freeze, hold_for_seizure, outside_accounts, preserve, someone_accepted};
use crate::forgery::{self, CallBack, Domain, Earlier, History, MAX_HISTORY};
use crate::lookalike::Written;
use crate::matching::{Match, matches_within};
use crate::policy::Judgement;
use crate::request::{Kind, Request, Target};
use crate::{Desk, Inquiry, Review, review};
use holdfast_decision::model::{country_ok, text_ok};
use holdfast_screening::identifiers::is_customer;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, Value, parse};
use holdfast_types::Amount;
use holdfast_types::Invalid;
use holdfast_workspace::Workspace;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// An agency to be registered, or a further domain of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgency {
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// A mail domain that is verified to be its own.
    pub domain: String,
    /// How that was verified.
    pub evidence: String,
}

/// An agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Agency {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Verified mail domains.
    pub domains: Vec<String>,
}

pub(crate) fn basis(judgement: &Judgement, request: &Request) -> String {
    format!("{} ({}), {}", judgement.title, request.process, request.reference)
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RequestOutcome)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All that was asked.
    Granted,
    /// Part of it.
    Partly,
    /// Nothing.
    Refused,
    /// It was no request of an agency.
    Forged,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Granted => "granted",
            Outcome::Partly => "partly",
            Outcome::Refused => "refused",
            Outcome::Forged => "forged",
        }
    }
}

/// What a seizure moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeizureTransfer {
    /// From which customer.
    pub customer: String,
    /// Asset, such as BTC.
    pub asset: String,
    /// Base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// The authority's address or account, as its order names it.
    pub destination: String,
}

/// A transfer of a seizure as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Seizure {
    /// Number.
    pub id: u64,
    /// Request.
    pub request: String,
    /// What moves.
    pub transfer: SeizureTransfer,
    /// prepared; returned, with the answer; approved, by two people: the exchange may carry it out; moved.
    pub state: String,
    /// Hold that keeps the amount until it moves.
    pub hold: Option<u64>,
    /// Transaction id or payment reference by which it moved.
    pub reference: Option<String>,
    /// When it moved.
    pub moved: Option<i64>,
}

/// A step of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// The officer was called back.
    CallBack {
        /// Where the number was found.
        number_from: String,
        /// Whether the officer confirmed the request.
        confirmed: bool,
    },
    /// A match of a target to a customer is accepted or rejected.
    Match {
        /// The customer.
        customer: String,
        /// Whether the request is about that customer.
        accept: bool,
        /// Why.
        reason: String,
    },
    /// An answer is prepared, for another person to approve.
    Prepare {
        /// Which.
        outcome: Outcome,
        /// Why.
        reason: String,
        /// What a seizure moves, and where to; for seizures only.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        transfers: Vec<SeizureTransfer>,
    },
    /// The prepared answer is given; for a seizure, by the second of two people.
    Approve {},
    /// The prepared answer goes back to be prepared anew.
    Return {
        /// Why.
        reason: String,
    },
    /// An approved transfer of a seizure was carried out.
    Moved {
        /// Number of the transfer.
        transfer: u64,
        /// Transaction id or payment reference.
        reference: String,
    },
    /// A granted freeze or preservation is extended, as far as its process allows.
    Extend {
        /// Why: the authority's further order.
        reason: String,
    },
}

/// A request as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stored {
    /// Its number.
    pub seq: u64,
    /// The request, canonical.
    pub request: Request,
    /// open, prepared or answered.
    pub state: String,
    /// When it must be answered, Unix seconds.
    pub due: i64,
    /// Whether that time is over and it is not answered.
    pub overdue: bool,
    /// The call-back.
    pub call_back: Option<CallBack>,
    /// The prepared or given answer: granted, partly, refused, forged.
    pub outcome: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who prepared it.
    pub prepared_by: Option<String>,
    /// Who approved it first, of two; seizures only.
    pub first_approval: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When it was answered.
    pub answered: Option<i64>,
    /// Holds that the answer to a freeze placed.
    pub holds: Vec<u64>,
}

/// A request with what policy and the signs of forgery say of it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Opened {
    /// As it stands.
    pub stored: Stored,
    /// The review.
    pub review: Review,
}

/// A customer that a request's targets were matched to, and what the reviewer said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Matched {
    /// The match.
    pub found: Match,
    /// accepted, rejected, or nothing yet.
    pub verdict: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who said so.
    pub decided_by: Option<String>,
}

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// open, prepared or answered.
    pub state: Option<String>,
    /// Numbers above this one.
    pub after: u64,
    /// At most so many, up to 1,000.
    pub limit: usize,
}

const COLUMNS: &str =
    "seq, body, state, due, call_back, outcome, reason, prepared_by, approved_by, answered, holds, first_approval";

fn stored(row: &Row, now: i64) -> Result<Stored, DbError> {
    let state = row.text(2)?.to_owned();
    let due = row.int(3)?;
    Ok(Stored {
        seq: row.int(0)? as u64,
        request: parse("request", row.text(1)?)?,
        overdue: state != "answered" && due < now,
        state,
        due,
        call_back: row.text_or_null(4).map(|t| parse("call-back", t)).transpose()?,
        outcome: row.text_or_null(5).map(str::to_owned),
        reason: row.text_or_null(6).map(str::to_owned),
        prepared_by: row.text_or_null(7).map(str::to_owned),
        approved_by: row.text_or_null(8).map(str::to_owned),
        first_approval: row.text_or_null(11).map(str::to_owned),
        answered: row.int_or_null(9),
        holds: row.text_or_null(10).map_or(Ok(Vec::new()), |t| parse("holds", t))?,
    })
}

pub(crate) fn by_id(db: &mut Database, id: &str, now: i64) -> Result<Option<Stored>, DbError> {
    let rows = db.query(&format!("SELECT {COLUMNS} FROM requests WHERE id = $1"), &[id.into()])?;
    rows.first().map(|r| stored(r, now)).transpose()
}

fn digest(targets: &[Target]) -> String {
    hex::encode(Sha256::digest(serde_json::to_vec(targets).unwrap_or_default()))
}

pub(crate) fn known(found: Option<Stored>, id: &str) -> Result<Stored, RequestError> {
    found.ok_or_else(|| RequestError::NotFound(format!("request '{id}'")))
}

/// What is known of a request's sender, from what is stored.
///
/// # Errors
/// [`DbError`].
pub fn history(db: &mut Database, request: &Request, call_back: Option<CallBack>) -> Result<History, DbError> {
    let rows = db.query(
        "SELECT d.domain, a.name, a.country FROM agency_domains d JOIN agencies a ON a.id = d.agency ORDER BY d.domain LIMIT $1",
        &[(MAX_HISTORY as i64).into()],
    )?;
    let domain = |r: &Row| -> Result<Domain, DbError> {
        Ok(Domain { domain: r.text(0)?.to_owned(), agency: r.text(1)?.to_owned(), country: r.text(2)?.to_owned() })
    };
    let domains = rows.iter().map(domain).collect::<Result<_, _>>()?;
    let (id, email, at): (Value, Value, i64) =
        (request.id.as_str().into(), request.officer.email.to_lowercase().into(), request.received);
    let mut one = |sql: &str, parameters: &[Value]| -> Result<Option<i64>, DbError> {
        Ok(db.query(sql, parameters)?.first().and_then(|r| r.int_or_null(0)))
    };
    let officer_since =
        one("SELECT MIN(received) FROM requests WHERE email = $1 AND id <> $2", &[email.clone(), id.clone()])?;
    let officer_requests = one(
        "SELECT COUNT(*) FROM requests WHERE email = $1 AND id <> $2 AND state = 'answered' AND outcome <> 'forged'",
        &[email.clone(), id.clone()],
    )?;
    let within = "received > $3 AND received <= $4 AND id <> $2";
    let span = |days: i64| [Value::from(at - days * 86_400), Value::from(at)];
    let [from, to] = span(1);
    let officer_day = one(
        &format!("SELECT COUNT(*) FROM requests WHERE email = $1 AND {within}"),
        &[email, id.clone(), from.clone(), to.clone()],
    )?;
    let agency: Value = request.officer.agency.as_str().into();
    let of_agency = format!("SELECT COUNT(*) FROM requests WHERE agency = $1 AND {within}");
    let agency_day = one(&of_agency, &[agency.clone(), id.clone(), from, to])?;
    let [from, to] = span(90);
    let quarter = one(&of_agency, &[agency, id.clone(), from, to])?;
    let rows = db.query(
        "SELECT body FROM requests WHERE (targets = $1 OR reference = $2) AND id <> $3 ORDER BY seq DESC LIMIT 100",
        &[digest(&request.targets).into(), request.reference.as_str().into(), id],
    )?;
    let earlier = |r: &Row| -> Result<Earlier, DbError> {
        let r: Request = parse("request", r.text(0)?)?;
        Ok(Earlier { id: r.id, reference: r.reference, email: r.officer.email, targets: r.targets })
    };
    let count = |n: Option<i64>| n.unwrap_or(0).clamp(0, u32::MAX as i64) as u32;
    Ok(History {
        domains,
        officer_since,
        officer_requests: count(officer_requests),
        officer_day: count(officer_day),
        agency_day: count(agency_day),
        agency_mean: count(quarter.map(|q| q * 100 / 90)),
        earlier: rows.iter().map(earlier).collect::<Result<_, _>>()?,
        call_back,
    })
}

const SEIZURE: &str =
    "SELECT id, request, customer, asset, amount, destination, state, hold, reference, moved FROM seizures";

fn seizure(row: &Row) -> Result<Seizure, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    let amount = row.text(4)?;
    let amount: Amount =
        amount.parse().map_err(|_| DbError::Stored { what: "amount".into(), cause: amount.to_owned() })?;
    Ok(Seizure {
        id: row.int(0)? as u64,
        request: text(1)?,
        transfer: SeizureTransfer { customer: text(2)?, asset: text(3)?, amount, destination: text(5)? },
        state: text(6)?,
        hold: row.int_or_null(7).map(|h| h as u64),
        reference: row.text_or_null(8).map(str::to_owned),
        moved: row.int_or_null(9),
    })
}

pub(crate) fn seizures_of(db: &mut Database, request: &str) -> Result<Vec<Seizure>, DbError> {
    db.query(&format!("{SEIZURE} WHERE request = $1 ORDER BY id"), &[request.into()])?.iter().map(seizure).collect()
}

/// Stores a request; false when it is there already with the same content.
fn store(tx: &mut Transaction<'_>, request: Request, due: i64, officer: Option<u64>) -> Result<bool, RequestError> {
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
        let row = [request.id.as_str().into(), (officer as i64).into()];
        tx.db().execute("INSERT INTO request_officers (request, officer) VALUES ($1, $2)", &row)?;
    }
    let sha256 = hex::encode(Sha256::digest(body.as_bytes()));
    let detail = json!({ "kind": request.kind, "process": request.process, "due": due, "sha256": sha256 });
    tx.audit("request.received", &format!("request:{}", request.id), &detail.to_string());
    Ok(true)
}

impl Desk<'_> {
    /// Registers an agency with a verified domain, or a further domain of a known one; gives the agency's number.
    ///
    /// # Errors
    /// [`RequestError`]; a domain of another agency, or a known name with another country, is a conflict.
    pub fn add_agency(&self, new: NewAgency, actor: &str) -> Result<u64, RequestError> {
        for (field, text) in [("name", &new.name), ("evidence", &new.evidence)] {
            text_ok(field, text)?;
        }
        country_ok("country", &new.country)?;
        let address = crate::request::email("domain", &format!("x@{}", new.domain.trim()))
            .map_err(|_| Invalid::new("domain", format!("'{}' is no mail domain", new.domain)))?;
        let domain = address[2..].to_owned();
        if forgery::is_free_mail(&domain) {
            return Err(Invalid::new("domain", format!("anybody gets an address at {domain}")).into());
        }
        self.transact(actor, move |tx| {
            let owner = tx.db().query("SELECT a.name FROM agency_domains d JOIN agencies a ON a.id = d.agency WHERE d.domain = $1", &[domain.as_str().into()])?;
            if let Some(owner) = owner.first().map(|r| r.text(0).map(str::to_owned)).transpose()?
                && owner != new.name
            {
                return Err(RequestError::Conflict(format!("domain {domain} of {owner}")));
            }
            // Who registers a look-alike of a known agency's domain is mistaken, or a criminal.
            let others = tx.db().query(
                "SELECT d.domain, a.name FROM agency_domains d JOIN agencies a ON a.id = d.agency WHERE a.name <> $1 ORDER BY d.domain LIMIT $2",
                &[new.name.as_str().into(), (MAX_HISTORY as i64).into()],
            )?;
            let written = Written::new(&domain);
            for row in &others {
                if written.reads_like(&Written::new(row.text(0)?)) {
                    let what = format!("{domain} reads like {}, which is verified as {}'s", row.text(0)?, row.text(1)?);
                    return Err(Invalid::new("domain", what).into());
                }
            }
            let rows = tx.db().query("SELECT id, country FROM agencies WHERE name = $1", &[new.name.as_str().into()])?;
            let id = match rows.first() {
                Some(row) if row.text(1)? != new.country => return Err(RequestError::Conflict(new.name)),
                Some(row) => row.int(0)?,
                None => {
                    let id = tx.next_id("agencies")?;
                    let row = [id.into(), new.name.as_str().into(), new.country.as_str().into(), tx.now().into(), tx.actor().into()];
                    tx.db().execute("INSERT INTO agencies (id, name, country, created, created_by) VALUES ($1, $2, $3, $4, $5)", &row)?;
                    id
                }
            };
            let row = [domain.as_str().into(), id.into(), new.evidence.as_str().into(), tx.now().into(), tx.actor().into()];
            let added = tx.db().execute(
                "INSERT INTO agency_domains (domain, agency, evidence, verified, verified_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (domain) DO NOTHING",
                &row,
            )?;
            if added > 0 {
                tx.audit("agency.domain_verified", &format!("agency:{id}"), &json!(new).to_string());
            }
            Ok(id as u64)
        })
    }

    /// Agencies with their domains, at most 10,000.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn agencies(&self) -> Result<Vec<Agency>, RequestError> {
        let rows = self.read(|db| {
            db.query(
                "SELECT a.id, a.name, a.country, d.domain FROM agencies a JOIN agency_domains d ON d.agency = a.id ORDER BY a.id, d.domain LIMIT 10000",
                &[],
            )
        })?;
        let mut out: Vec<Agency> = Vec::new();
        for row in &rows {
            let (id, domain) = (row.int(0)? as u64, row.text(3)?.to_owned());
            match out.last_mut().filter(|a| a.id == id) {
                Some(agency) => agency.domains.push(domain),
                None => out.push(Agency {
                    id,
                    name: row.text(1)?.to_owned(),
                    country: row.text(2)?.to_owned(),
                    domains: vec![domain],
                }),
            }
        }
        Ok(out)
    }

    /// Takes a request in. Sent again with the same id and content it changes nothing.
    ///
    /// # Errors
    /// [`RequestError`]; the same id with other content is a conflict.
    pub fn submit(&self, request: Request, actor: &str) -> Result<Opened, RequestError> {
        self.take_in(request, actor, None)
    }

    /// Takes a request in, sent by an officer of the portal or entered by the desk.
    pub(crate) fn take_in(&self, request: Request, actor: &str, officer: Option<u64>) -> Result<Opened, RequestError> {
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
                let body =
                    format!("Your request {reference} cannot be answered as it is: {why}. Please send it again so.\n");
                crate::portal::mail(tx, &to, "Your request needs a period", &body, &subject)?;
                tx.audit("request.sent_back", &subject, &json!({ "why": why }).to_string());
            }
            Ok(())
        })?;
        self.look(&id)
    }

    /// Takes many requests in at once, as when an older portal's are moved here; gives how many were new. At most 10,000.
    ///
    /// # Errors
    /// [`RequestError`] names the request by its place; nothing is taken in then. Sent again, requests change nothing.
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

    /// A request with its review as of now; the look is in the audit log.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn open(&self, id: &str, actor: &str) -> Result<Opened, RequestError> {
        let opened = self.look(id)?;
        self.note_look("request.read", &format!("request:{id}"), actor)?;
        Ok(opened)
    }

    fn look(&self, id: &str) -> Result<Opened, RequestError> {
        let now = self.screening.now();
        let found = self.read(|db| by_id(db, id, now))?;
        let stored = known(found, id)?;
        let history = self.read(|db| history(db, &stored.request, stored.call_back.clone()))?;
        let review = review(self.policy, &Inquiry { request: stored.request.clone(), history })?;
        Ok(Opened { stored, review })
    }

    /// Requests by number; the look is in the audit log.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn list(&self, filter: &RequestFilter, actor: &str) -> Result<Vec<Stored>, RequestError> {
        let limit = filter.limit.clamp(1, 1000) as i64;
        let now = self.screening.now();
        let (state, after) = (filter.state.clone(), i64::try_from(filter.after).unwrap_or(i64::MAX));
        let rows = self.read(|db| match &state {
            Some(state) => db.query(
                &format!("SELECT {COLUMNS} FROM requests WHERE state = $1 AND seq > $2 ORDER BY seq LIMIT $3"),
                &[state.as_str().into(), after.into(), limit.into()],
            ),
            None => db.query(
                &format!("SELECT {COLUMNS} FROM requests WHERE seq > $1 ORDER BY seq LIMIT $2"),
                &[after.into(), limit.into()],
            ),
        })?;
        let list = rows.iter().map(|r| stored(r, now)).collect::<Result<Vec<_>, _>>()?;
        let detail = json!({ "requests": list.iter().map(|r| r.seq).collect::<Vec<_>>() }).to_string();
        self.screening.note_look("request.listed", "requests", detail, actor)?;
        Ok(list)
    }

    /// Customers that the request's targets are matched to now, sure ones first, with what reviewers said of them; the look is in the audit
    /// log.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn matches(&self, workspace: Option<&Workspace>, id: &str, actor: &str) -> Result<Vec<Matched>, RequestError> {
        let now = self.screening.now();
        let found = self.read(|db| by_id(db, id, now))?;
        let stored = known(found, id)?;
        let rows = self.read(|db| {
            let sql = "SELECT customer, verdict, reason, decided_by FROM request_matches WHERE request = $1";
            db.query(sql, &[id.into()])
        })?;
        let mut said = std::collections::HashMap::new();
        for row in &rows {
            let text = |i| row.text(i).map(str::to_owned);
            said.insert(text(0)?, (text(1)?, text(2)?, text(3)?));
        }
        let asked = &stored.request;
        let matched = matches_within(self.screening, workspace, &asked.targets, &asked.scope)?;
        let with = |found: Match| {
            let (verdict, reason, decided_by) = match said.get(&found.customer).cloned() {
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

    /// Takes a step with a request. Nothing is granted against policy or while a sign of forgery stops it, and who prepares an answer does not
    /// approve it.
    ///
    /// # Errors
    /// [`RequestError::State`] says what stands against the step.
    pub fn step(&self, id: &str, step: Step, actor: &str) -> Result<Opened, RequestError> {
        if let Step::Match { customer, .. } = &step {
            text_ok("customer", customer)?;
        }
        if let Step::Prepare { reason, .. }
        | Step::Return { reason }
        | Step::Match { reason, .. }
        | Step::Extend { reason } = &step
        {
            crate::request::free_text_ok("reason", reason, 10_000)?;
        }
        if let Step::CallBack { number_from, .. } = &step {
            text_ok("number_from", number_from)?;
        }
        if let Step::Moved { reference, .. } = &step {
            text_ok("reference", reference)?;
        }
        if let Step::Prepare { transfers, .. } = &step {
            if transfers.len() > crate::request::MAX_TARGETS {
                return Err(Invalid::new("transfers", "more than a request has targets").into());
            }
            for (i, t) in transfers.iter().enumerate() {
                let at = |field: &str| format!("transfers[{i}].{field}");
                text_ok(&at("customer"), &t.customer)?;
                text_ok(&at("asset"), &t.asset)?;
                text_ok(&at("destination"), &t.destination)?;
                if t.amount.is_zero() {
                    return Err(Invalid::new(&at("amount"), "must be above 0").into());
                }
            }
        }
        let (policy, vault, theirs) = (self.policy.clone(), self.vault.clone(), id.to_owned());
        self.transact(actor, move |tx| {
            let (id, now) = (theirs, tx.now());
            let found = by_id(tx.db(), &id, now)?;
            let at = known(found, &id)?;
            let refuse = |why: String| Err(RequestError::State(format!("request {id}: {why}")));
            let name: Value = id.as_str().into();
            // What is granted must hold now, when it is prepared and when it is approved.
            let grants = |tx: &mut Transaction<'_>, outcome: &str| -> Result<Vec<String>, RequestError> {
                if !["granted", "partly"].contains(&outcome) {
                    return Ok(Vec::new());
                }
                let history = history(tx.db(), &at.request, at.call_back.clone())?;
                let review = review(&policy, &Inquiry { request: at.request.clone(), history })?;
                let signs = review.suspicion.signs.iter().filter(|s| s.weight >= 3).map(|s| s.because.clone());
                let mut against: Vec<String> = review.judgement.missing.iter().cloned().chain(signs).collect();
                if outcome == "granted" && !review.judgement.refused.is_empty() {
                    against.push("the process does not open all classes that are asked for; grant it partly".into());
                }
                Ok(against)
            };
            let action = match &step {
                Step::CallBack { number_from, confirmed } => {
                    if at.state == "answered" {
                        return refuse("it is answered".into());
                    }
                    let call = CallBack { by: tx.actor().to_owned(), at: now, number_from: number_from.clone(), confirmed: *confirmed };
                    tx.db().execute("UPDATE requests SET call_back = $1 WHERE id = $2", &[json!(call).to_string().into(), name])?;
                    "request.called_back"
                }
                Step::Match { customer, accept, reason } => {
                    if at.state != "open" {
                        return refuse(format!("it is {}; matches are judged before an answer is prepared", at.state));
                    }
                    if !is_customer(tx.db(), customer)? {
                        return Err(RequestError::NotFound(format!("customer '{customer}'")));
                    }
                    if *accept && !at.request.scope.accounts.is_empty()
                        && accounts_of(tx.db(), customer, &at.request.scope)?.is_empty()
                    {
                        return Err(outside_accounts(&at.request, customer));
                    }
                    let verdict = if *accept { "accepted" } else { "rejected" };
                    let row = [name, customer.as_str().into(), verdict.into(), reason.as_str().into(), tx.actor().into(), now.into()];
                    tx.db().execute(
                        "INSERT INTO request_matches (request, customer, verdict, reason, decided_by, decided) VALUES ($1, $2, $3, $4, $5, $6)
                         ON CONFLICT (request, customer) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,
                         decided_by = excluded.decided_by, decided = excluded.decided",
                        &row,
                    )?;
                    "request.match_judged"
                }
                Step::Prepare { outcome, reason, transfers } => {
                    if at.state != "open" {
                        return refuse(format!("it is {}", at.state));
                    }
                    let against = grants(tx, outcome.name())?;
                    if !against.is_empty() {
                        return refuse(against.join("; "));
                    }
                    let seizes = at.request.kind == Kind::Seizure && matches!(outcome, Outcome::Granted | Outcome::Partly);
                    if seizes == transfers.is_empty() {
                        let what = if seizes { "name what moves where" } else { "only a granted seizure moves something" };
                        return Err(Invalid::new("transfers", what).into());
                    }
                    if seizes {
                        let known = someone_accepted(tx, &id)?;
                        if let Some(t) = transfers.iter().find(|t| !known.contains(&t.customer)) {
                            return refuse(format!("the match of customer {} is not accepted", t.customer));
                        }
                        if let Some(t) = transfers.iter().find(|t| !at.request.scope.covers_asset(Some(&t.asset))) {
                            return refuse(format!("the order does not name the asset {}", t.asset));
                        }
                        for t in transfers {
                            let number = tx.next_id("seizures")?;
                            let amount = t.amount.to_string();
                            let row = [number.into(), name.clone(), t.customer.as_str().into(), t.asset.as_str().into(),
                                amount.into(), t.destination.as_str().into()];
                            tx.db().execute(
                                "INSERT INTO seizures (id, request, customer, asset, amount, destination, state)
                                 VALUES ($1, $2, $3, $4, $5, $6, 'prepared')",
                                &row,
                            )?;
                        }
                    }
                    let row = [outcome.name().into(), reason.as_str().into(), tx.actor().into(), name];
                    tx.db().execute(
                        "UPDATE requests SET state = 'prepared', outcome = $1, reason = $2, prepared_by = $3 WHERE id = $4",
                        &row,
                    )?;
                    "request.prepared"
                }
                Step::Approve {} => {
                    if at.state != "prepared" {
                        return refuse(format!("it is {}, not prepared", at.state));
                    }
                    if at.prepared_by.as_deref() == Some(tx.actor()) {
                        return refuse(format!("{} prepared the answer; another person must approve it", tx.actor()));
                    }
                    let against = grants(tx, at.outcome.as_deref().unwrap_or_default())?;
                    if !against.is_empty() {
                        return refuse(against.join("; "));
                    }
                    let granted = matches!(at.outcome.as_deref(), Some("granted" | "partly"));
                    if granted && at.request.kind == Kind::Seizure && at.first_approval.is_none() {
                        let holds = hold_for_seizure(tx, &at.request, &policy)?;
                        let row = [tx.actor().into(), json!(holds).to_string().into(), name];
                        tx.db().execute("UPDATE requests SET first_approval = $1, holds = $2 WHERE id = $3", &row)?;
                        tx.audit("request.first_approval", &format!("request:{id}"), "{}");
                        return Ok(());
                    }
                    if at.first_approval.as_deref() == Some(tx.actor()) {
                        return refuse(format!("{} approved it first; a second person must approve a seizure", tx.actor()));
                    }
                    let holds = match at.request.kind {
                        Kind::Freeze if granted => freeze(tx, &at.request, &policy)?,
                        Kind::Preservation if granted => {
                            preserve(tx, &vault, &at.request, &policy)?;
                            Vec::new()
                        }
                        Kind::Seizure if granted => {
                            let sql = "UPDATE seizures SET state = 'approved' WHERE request = $1 AND state = 'prepared'";
                            tx.db().execute(sql, std::slice::from_ref(&name))?;
                            at.holds.clone()
                        }
                        _ => Vec::new(),
                    };
                    if granted && at.request.kind != Kind::Preservation {
                        // The user learns of it once the gag is over, and not before a day has passed.
                        let due = at.request.gag_until.unwrap_or(0).max(now + 86_400);
                        for customer in accepted(tx.db(), &id)? {
                            tx.db().execute(
                                "INSERT INTO notices (request, customer, due) VALUES ($1, $2, $3) ON CONFLICT (request, customer) DO NOTHING",
                                &[name.clone(), customer.into(), due.into()],
                            )?;
                        }
                    }
                    let classes = if granted { policy.judge(&at.request)?.granted } else { Vec::new() };
                    let row = [
                        tx.actor().into(),
                        now.into(),
                        json!(holds).to_string().into(),
                        json!(classes).to_string().into(),
                        name,
                    ];
                    tx.db().execute(
                        "UPDATE requests SET state = 'answered', approved_by = $1, answered = $2, holds = $3, granted = $4 WHERE id = $5",
                        &row,
                    )?;
                    let body = format!("Your request {} is answered; see the portal.\n", at.request.reference);
                    crate::portal::mail(tx, &at.request.officer.email, "Your request is answered", &body, &format!("request:{id}"))?;
                    "request.answered"
                }
                Step::Return { .. } => {
                    if at.state != "prepared" {
                        return refuse(format!("it is {}, not prepared", at.state));
                    }
                    for hold in &at.holds {
                        tx.end_hold(*hold, "the answer went back before a second person approved it")?;
                    }
                    // Not deleted: a hold's id is made of the transfer's number, which must not come again.
                    let sql = "UPDATE seizures SET state = 'returned' WHERE request = $1 AND state = 'prepared'";
                    tx.db().execute(sql, std::slice::from_ref(&name))?;
                    tx.db().execute(
                        "UPDATE requests SET state = 'open', outcome = NULL, reason = NULL, prepared_by = NULL, first_approval = NULL,
                         holds = NULL WHERE id = $1",
                        &[name],
                    )?;
                    "request.returned"
                }
                Step::Moved { transfer, reference } => {
                    let found = seizures_of(tx.db(), &id)?.into_iter().find(|s| s.id == *transfer);
                    let Some(found) = found else {
                        return Err(RequestError::NotFound(format!("transfer {transfer} of request '{id}'")));
                    };
                    if found.state != "approved" {
                        return refuse(format!("transfer {transfer} is {}, not approved", found.state));
                    }
                    if let Some(hold) = found.hold {
                        tx.end_hold(hold, &format!("moved to {}: {reference}", found.transfer.destination))?;
                    }
                    let row = [reference.as_str().into(), now.into(), tx.actor().into(), (*transfer as i64).into()];
                    let sql = "UPDATE seizures SET state = 'moved', reference = $1, moved = $2, moved_by = $3 WHERE id = $4";
                    tx.db().execute(sql, &row)?;
                    "seizure.moved"
                }
                Step::Extend { .. } => {
                    let judgement = policy.judge(&at.request)?;
                    let (Some(until), Some(from)) = (judgement.extendable_until, judgement.holds_until) else {
                        return refuse(format!("{} knows no extension", at.request.process));
                    };
                    let granted = matches!(at.outcome.as_deref(), Some("granted" | "partly"));
                    if at.state != "answered" || !granted {
                        return refuse("it is not granted".into());
                    }
                    let further = until - from;
                    match at.request.kind {
                        Kind::Preservation => {
                            let sql = "UPDATE preservations SET until = until + $1, extended = $2 WHERE request = $3 AND state = 'kept' AND extended IS NULL";
                            if tx.db().execute(sql, &[further.into(), now.into(), name])? == 0 {
                                return refuse("it lapsed or was extended before".into());
                            }
                        }
                        _ => {
                            let mark = format!("extended:{id}");
                            if crate::clocks::is_marked(tx, &mark)? {
                                return refuse("it was extended before".into());
                            }
                            // Holds that were released meanwhile stay released.
                            let mut extended = 0;
                            for hold in &at.holds {
                                match tx.extend_hold(*hold, further).map_err(RequestError::from) {
                                    Ok(()) => extended += 1,
                                    Err(RequestError::State(_)) => {}
                                    Err(e) => return Err(e),
                                }
                            }
                            if extended == 0 {
                                return refuse("none of its holds is active".into());
                            }
                            crate::clocks::mark(tx, &mark)?;
                        }
                    }
                    "request.extended"
                }
            };
            tx.audit(action, &format!("request:{id}"), &json!(step).to_string());
            Ok(())
        })?;
        self.look(id)
    }

    /// Transfers of seizures in a state (or all), oldest first, at most 1,000: approved ones are for the exchange to carry out.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn seizures(&self, state: Option<&str>, actor: &str) -> Result<Vec<Seizure>, RequestError> {
        self.note_look("seizures.listed", "seizures", actor)?;
        self.read(|db| {
            let rows = match state {
                Some(s) => db.query(&format!("{SEIZURE} WHERE state = $1 ORDER BY id LIMIT 1000"), &[s.into()])?,
                None => db.query(&format!("{SEIZURE} ORDER BY id LIMIT 1000"), &[])?,
            };
            rows.iter().map(seizure).collect()
        })
    }

    /// Transfers of one seizure; the look is in the audit log.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn transfers(&self, id: &str, actor: &str) -> Result<Vec<Seizure>, RequestError> {
        self.note_look("seizures.listed", &format!("request:{id}"), actor)?;
        self.read(|db| seizures_of(db, id))
    }
}
