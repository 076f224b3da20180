//! The officers' portal: officers register with an agency's mail domain, prove their address by a mailed code and themselves by a second
//! factor (TOTP, RFC 6238, or a passkey, `passkey.rs`), are approved by a person, and then send requests and messages and see the state of their own requests.
//!
//! No secret is stored. Codes, TOTP secrets and session tokens are derived from the desk's key ring and from numbers in the database.

mod entry;
mod files;

pub use entry::Session;
pub use files::{File, note_file, read_file};

pub(crate) use entry::{is_full, session};

use files::files;

use crate::RequestError;
use crate::intake::{RequestState, by_id, known};
use crate::letters::{self, Letter};
use crate::lookalike::Written;
use crate::passkey::passkeys_of;
use crate::request::{Request, email};
use crate::{Desk, request};
use holdfast_decision::model::text_ok;
use holdfast_documents::{Vault, check_type};
use holdfast_identity::{KeyRing, OFFICER_SESSION_SECONDS, SessionKind, end_sessions_of_subject};
use holdfast_notify::outbox::{self, Mail};
use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::ids::OfficerId;
use holdfast_types::named;
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

/// How long a mailed code opens.
pub const CODE_LIFETIME: Seconds = Seconds::new(900);
/// Least time between mails to one address while a mailed code is valid and unused.
pub const CODE_SPACING: Seconds = Seconds::new(180);
/// Most mails within an hour to addresses of one domain that were never proved.
pub const NEW_MAILS_AN_HOUR: i64 = 30;
/// Failed tries, by whomever, after which the codes mailed to an address open no more. The server bounds those of one sender far below.
pub const MAX_CODE_TRIES: i64 = 200;
/// Failed tries after which the second factor of a session opens no more.
pub const MAX_TRIES: i64 = 5;
/// How long a session lasts.
pub const SESSION_SECONDS: Seconds = OFFICER_SESSION_SECONDS;
/// Longest message, in bytes.
pub const MAX_MESSAGE: usize = 20_000;

named! {
    /// State of an officer.
    pub enum OfficerState {
        /// The address is not proved yet.
        Registered,
        /// The address is proved; a person of the desk has not decided yet.
        Proved,
        /// The officer may send requests.
        Approved,
        /// The officer may not.
        Suspended,
    }
}

/// An officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Officer {
    /// Number.
    pub id: OfficerId,
    /// Official address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Agency.
    pub agency: String,
    /// Its country, ISO 3166-1 alpha-2.
    pub country: String,
    /// registered, proved (the address), approved, suspended.
    pub state: OfficerState,
    /// When it was registered, Unix seconds.
    pub created: Timestamp,
    /// When the address was last proved.
    pub proved: Option<Timestamp>,
    /// Who approved or suspended, and when.
    pub decided_by: Option<String>,
    /// When.
    pub decided: Option<Timestamp>,
    /// Reason.
    pub reason: Option<String>,
    /// Whether a second factor is confirmed: an app or a passkey.
    pub second_factor: bool,
    /// Whether an authenticator app is.
    pub app: bool,
    /// How many passkeys are.
    pub passkeys: u32,
    /// Public keys that productions are encrypted to (age recipients).
    pub recipients: Vec<String>,
    #[serde(skip)]
    generation: i64,
    #[serde(skip)]
    totp: i64,
}

/// A message about a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Number.
    pub id: u64,
    /// Unix seconds.
    pub time: Timestamp,
    /// officer or desk.
    pub side: String,
    /// Who wrote it; the desk's people are not named to officers.
    pub author: String,
    /// Text.
    pub text: String,
}

/// State of an officer's own request, without anything of the desk's review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The request.
    pub request: Request,
    /// open, prepared (shown as open) or answered.
    pub state: RequestState,
    /// When it is to be answered, Unix seconds.
    pub due: Timestamp,
    /// granted, partly, refused; once answered.
    pub outcome: Option<String>,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// Messages.
    pub messages: Vec<Message>,
    /// Files that came with it.
    pub files: Vec<File>,
}

/// A verdict on an officer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OfficerDecision)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The officer may send requests.
    Approve,
    /// The officer may not, and all sessions end.
    Suspend,
    /// The second factor is lost: it is set up anew after the address is proved.
    ResetFactor,
}

const OFFICER: &str =
    "SELECT o.id, o.email, o.name, a.name, a.country, o.state, o.created, o.proved, o.decided_by, o.decided, o.reason,
    o.totp_confirmed, (SELECT COUNT(*) FROM passkeys p WHERE p.officer = o.id), o.recipients, o.generation, o.totp FROM officers o JOIN agencies a ON a.id = o.agency";

fn officer(row: &Row) -> Result<Officer, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Officer {
        id: row.number(0)?,
        email: text(1)?,
        name: text(2)?,
        agency: text(3)?,
        country: text(4)?,
        state: row.named(5)?,
        created: row.time(6)?,
        proved: row.time_or_null(7),
        decided_by: row.text_or_null(8).map(str::to_owned),
        decided: row.time_or_null(9),
        reason: row.text_or_null(10).map(str::to_owned),
        second_factor: row.int(11)? + row.int(12)? > 0,
        app: row.int(11)? > 0,
        passkeys: row.number(12)?,
        recipients: parse("recipients", row.text(13)?)?,
        generation: row.int(14)?,
        totp: row.int(15)?,
    })
}

fn officer_of(db: &mut Database, column: &str, value: Value) -> Result<Option<Officer>, DbError> {
    db.query(&format!("{OFFICER} WHERE o.{column} = $1"), &[value])?.first().map(officer).transpose()
}

pub(crate) fn officer_by_id(db: &mut Database, id: OfficerId) -> Result<Officer, RequestError> {
    officer_of(db, "id", number(id))?.ok_or_else(|| RequestError::NotFound(format!("officer {id}")))
}

/// Adds mail to the outbox.
pub(crate) fn mail(
    tx: &mut Transaction<'_>,
    to: &str,
    subject: &str,
    body: &str,
    about: &str,
) -> Result<(), RequestError> {
    Ok(outbox::add(tx, to, subject, body, about)?)
}

pub(crate) fn refused(why: &str) -> RequestError {
    RequestError::State(why.to_owned())
}

/// Messages about a request, at most 1,000.
fn messages(db: &mut Database, request: &str) -> Result<Vec<Message>, DbError> {
    let sql = "SELECT id, time, side, author, text FROM request_messages WHERE request = $1 ORDER BY id LIMIT 1000";
    let message = |row: &Row| {
        let text = |i| row.text(i).map(str::to_owned);
        Ok(Message { id: row.number(0)?, time: row.time(1)?, side: text(2)?, author: text(3)?, text: text(4)? })
    };
    db.query(sql, &[request.into()])?.iter().map(message).collect()
}

impl Desk<'_> {
    /// Names the public keys (age recipients) that productions for the officer are encrypted to.
    ///
    /// # Errors
    /// [`RequestError`]; a key that is none names itself.
    pub fn set_recipients(&self, token: &str, keys: Vec<String>) -> Result<Officer, RequestError> {
        let found = self.officer(token, true)?;
        if keys.len() > 8 {
            return Err(Invalid::new("recipients", "at most 8 keys").into());
        }
        for (i, key) in keys.iter().enumerate() {
            key.parse::<age::x25519::Recipient>()
                .map_err(|e| Invalid::new(&format!("recipients[{i}]"), format!("no age recipient (age1...): {e}")))?;
        }
        let (text, id) = (json!(keys).to_string(), found.id);
        self.transact(&found.email, move |tx| {
            tx.db()
                .execute("UPDATE officers SET recipients = $1 WHERE id = $2", &[text.as_str().into(), number(id)])?;
            tx.audit("officer.recipients", &format!("officer:{id}"), &text);
            Ok(())
        })?;
        self.officer(token, true)
    }

    fn approved(&self, token: &str) -> Result<Officer, RequestError> {
        let found = self.officer(token, true)?;
        match found.state {
            OfficerState::Approved => Ok(found),
            _ => Err(refused("a person of the desk has not approved you yet")),
        }
    }

    fn own(&self, token: &str, id: &str) -> Result<Officer, RequestError> {
        let found = self.approved(token)?;
        let sql = "SELECT officer FROM request_officers WHERE request = $1";
        let rows = self.read(|db| db.query(sql, &[id.into()]))?;
        match rows.first().is_some_and(|r| r.number(0).is_ok_and(|o: OfficerId| o == found.id)) {
            true => Ok(found),
            false => Err(RequestError::NotFound(format!("request '{id}' of yours"))),
        }
    }

    /// Stores a request of an officer; signatory and time are the portal's, not those that were sent.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over, or the officer is not approved; [`RequestError::Invalid`] names the field;
    /// [`RequestError::Conflict`] when another request has the id.
    pub fn send_request(&self, token: &str, mut request: Request) -> Result<Status, RequestError> {
        let found = self.approved(token)?;
        request.officer = request::Officer {
            name: found.name.clone(),
            email: found.email.clone(),
            agency: found.agency.clone(),
            country: found.country.clone(),
        };
        let id = request.id.clone();
        let sql = "SELECT received FROM requests r JOIN request_officers o ON o.request = r.id WHERE r.id = $1 AND o.officer = $2";
        let rows = self.read(|db| db.query(sql, &[id.as_str().into(), number(found.id)]))?;
        request.received = rows.first().map_or(Ok(self.screening.now()), |r| r.time(0))?;
        self.import(request, &found.email, Some(found.id))?;
        self.own_request(token, &id)
    }

    /// Returns an officer's own requests, newest first, at most 1,000.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over, or the officer is not approved.
    pub fn own_requests(&self, token: &str) -> Result<Vec<Status>, RequestError> {
        let found = self.approved(token)?;
        let sql = "SELECT r.id FROM requests r JOIN request_officers o ON o.request = r.id WHERE o.officer = $1 ORDER BY r.seq DESC LIMIT 1000";
        let rows = self.read(|db| db.query(sql, &[number(found.id)]))?;
        rows.iter().map(|r| self.status(r.text(0)?)).collect()
    }

    fn status(&self, id: &str) -> Result<Status, RequestError> {
        let now = self.screening.now();
        let stored = known(self.read(|db| by_id(db, id, now))?, id)?;
        let (mut messages, files) = self.read(|db| Ok((messages(db, id)?, files(db, &format!("request:{id}"))?)))?;
        messages.iter_mut().filter(|m| m.side == "desk").for_each(|m| m.author = "the desk".into());
        let answered = stored.state == RequestState::Answered;
        Ok(Status {
            state: if answered { RequestState::Answered } else { RequestState::Open },
            due: stored.due,
            outcome: stored.outcome.filter(|_| answered).map(|o| if o == "forged" { "refused".into() } else { o }),
            answered: stored.answered,
            request: stored.request,
            messages,
            files,
        })
    }

    /// Returns one of an officer's own requests.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over; [`RequestError::NotFound`] for another's request.
    pub fn own_request(&self, token: &str, id: &str) -> Result<Status, RequestError> {
        self.own(token, id)?;
        self.status(id)
    }

    /// Sends an officer's message about a request of their own.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over; [`RequestError::NotFound`] for another's request; [`RequestError::Invalid`] names the field.
    pub fn own_message(&self, token: &str, id: &str, text: &str) -> Result<Status, RequestError> {
        let found = self.own(token, id)?;
        self.write_message(id, "officer", &found.email, text)?;
        self.status(id)
    }

    /// Attaches an officer's file to a request of their own.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over; [`RequestError::NotFound`] for another's request; [`RequestError::Invalid`] names the field;
    /// [`RequestError::Conflict`] when another file has the name.
    pub fn own_file(
        &self,
        token: &str,
        id: &str,
        name: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Status, RequestError> {
        let found = self.own(token, id)?;
        self.attach(id, name, media_type, bytes, &found.email)?;
        self.status(id)
    }

    fn write_message(&self, id: &str, side: &'static str, author: &str, text: &str) -> Result<(), RequestError> {
        request::free_text_ok("text", text, MAX_MESSAGE)?;
        let (id, text) = (id.to_owned(), text.to_owned());
        self.transact(author, move |tx| {
            let now = tx.now();
            let at = known(by_id(tx.db(), &id, now)?, &id)?;
            let number = tx.next_id("request_messages")?;
            let author = tx.actor().to_owned();
            let row = [number.into(), id.as_str().into(), now.into(), side.into(), author.into(), text.as_str().into()];
            tx.db().execute(
                "INSERT INTO request_messages (id, request, time, side, author, text) VALUES ($1, $2, $3, $4, $5, $6)",
                &row,
            )?;
            let subject = format!("request:{id}");
            if side == "desk" {
                // The text stays in the portal; mail states only that it is there.
                letters::write(tx, &at.request.officer.email, Letter::Message(&at.request.reference), &subject)?;
            }
            tx.audit("request.message", &subject, &json!({ "side": side, "message": number }).to_string());
            Ok(())
        })
    }

    /// Sends a message of the desk to the officer.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown request; [`RequestError::Invalid`] names the field.
    pub fn message(&self, id: &str, text: &str, actor: &str) -> Result<Vec<Message>, RequestError> {
        self.write_message(id, "desk", actor, text)?;
        self.messages(id, actor)
    }

    /// Returns messages about a request; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown request.
    pub fn messages(&self, id: &str, actor: &str) -> Result<Vec<Message>, RequestError> {
        let now = self.screening.now();
        known(self.read(|db| by_id(db, id, now))?, id)?;
        self.note_look("request.messages_read", &format!("request:{id}"), actor)?;
        self.read(|db| messages(db, id))
    }

    pub(crate) fn note_look(&self, action: &'static str, subject: &str, actor: &str) -> Result<(), RequestError> {
        Ok(self.screening.note_look(action, subject, "{}".into(), actor)?)
    }

    /// Returns officers in a state (or all), at most 10,000.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn officers(&self, state: Option<OfficerState>) -> Result<Vec<Officer>, RequestError> {
        let rows = self.read(|db| match state {
            Some(state) => {
                db.query(&format!("{OFFICER} WHERE o.state = $1 ORDER BY o.id LIMIT 10000"), &[state.as_ref().into()])
            }
            None => db.query(&format!("{OFFICER} ORDER BY o.id LIMIT 10000"), &[]),
        })?;
        Ok(rows.iter().map(officer).collect::<Result<_, _>>()?)
    }

    /// Records a verdict on an officer. Only who proved the address and set a second factor up is approved.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown officer; [`RequestError::State`] when nothing is proved yet; [`RequestError::Invalid`] names the field.
    pub fn judge_officer(
        &self,
        id: OfficerId,
        verdict: Verdict,
        reason: &str,
        actor: &str,
    ) -> Result<Officer, RequestError> {
        text_ok("reason", reason)?;
        let reason = reason.to_owned();
        self.transact(actor, move |tx| {
            let now = tx.now();
            let found = officer_by_id(tx.db(), id)?;
            let who: Value = tx.actor().into();
            let key: Value = number(id);
            let values = [now.into(), who, reason.as_str().into(), key.clone()];
            match verdict {
                Verdict::Approve => {
                    if found.proved.is_none() || !found.second_factor {
                        let what = "has not proved the address and set a second factor up";
                        return Err(RequestError::State(format!("officer {id} {what}")));
                    }
                    let sql = "UPDATE officers SET state = 'approved', decided = $1, decided_by = $2, reason = $3 WHERE id = $4";
                    tx.db().execute(sql, &values)?;
                    letters::write(tx, &found.email, Letter::Approved, &format!("officer:{id}"))?;
                }
                Verdict::Suspend => {
                    end_sessions_of_subject(tx, SessionKind::Officer, &id.to_string())?;
                    let sql = "UPDATE officers SET state = 'suspended', decided = $1, decided_by = $2, reason = $3, generation = generation + 1 WHERE id = $4";
                    tx.db().execute(sql, &values)?;
                }
                Verdict::ResetFactor => {
                    end_sessions_of_subject(tx, SessionKind::Officer, &id.to_string())?;
                    passkeys_of(&found).delete_all(tx.db())?;
                    // The secret of the app that is lost confirms nothing any more.
                    let sql = "UPDATE officers SET totp = totp + 1, totp_confirmed = 0, generation = generation + 1 WHERE id = $1";
                    tx.db().execute(sql, &[key])?;
                }
            }
            tx.audit("officer.judged", &format!("officer:{id}"), &json!({ "verdict": verdict, "reason": reason }).to_string());
            officer_by_id(tx.db(), id)
        })
    }

    /// Returns mail that waits to be sent, oldest first, at most 100; for whoever sends it.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn waiting_mail(&self) -> Result<Vec<Mail>, RequestError> {
        let now = self.screening.now();
        self.read(|db| outbox::due(db, now))
    }
}
