//! The officers' portal: officers register with an agency's mail domain, prove their address by a mailed code and themselves by a second
//! factor (TOTP, RFC 6238, or a passkey, `passkey.rs`), are approved by a person, and then send requests and messages and see how their own requests stand.
//!
//! No secret is stored. Codes, TOTP secrets and session tokens are derived from the desk's master key and from numbers in the database.

use crate::RequestError;
use crate::intake::{by_id, known};
use crate::lookalike::Written;
use crate::request::{Request, email};
use crate::{Desk, request};
use holdfast_decision::model::text_ok;
use holdfast_documents::{Vault, check_type};
use holdfast_identity::Master;
use holdfast_notify::outbox::{self, Mail};
use holdfast_screening::Screening;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, Value, parse};
use holdfast_types::Invalid;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

/// How long a mailed code opens, in seconds.
pub const CODE_SECONDS: i64 = 900;
/// While a mailed code is good and unused, the next mail to the same address comes after so many seconds.
pub const CODE_SPACING: i64 = 180;
/// Most mails within an hour to addresses of one domain that were never proved.
pub const NEW_MAILS_AN_HOUR: i64 = 30;
/// Failed tries, by whomever, after which the codes mailed to an address open no more. The server bounds those of one sender far below.
pub const MAX_CODE_TRIES: i64 = 200;
/// Failed tries after which the second factor of a session opens no more.
pub const MAX_TRIES: i64 = 5;
/// How long a session lasts, in seconds.
pub const SESSION_SECONDS: i64 = 1_800;
/// Longest message, in bytes.
pub const MAX_MESSAGE: usize = 20_000;

/// An officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PortalOfficer)]
pub struct Officer {
    /// Number.
    pub id: u64,
    /// Official address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Agency.
    pub agency: String,
    /// Its country, ISO 3166-1 alpha-2.
    pub country: String,
    /// registered, proved (the address), approved, suspended.
    pub state: String,
    /// When it was registered, Unix seconds.
    pub created: i64,
    /// When the address was last proved.
    pub proved: Option<i64>,
    /// Who approved or suspended, and when.
    pub decided_by: Option<String>,
    /// When.
    pub decided: Option<i64>,
    /// Why.
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

/// A session at the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PortalSession)]
pub struct Session {
    /// Bearer token.
    pub token: String,
    /// When it ends, Unix seconds.
    pub expires: i64,
    /// Whether the second factor was given; without it only the second factor itself opens.
    pub full: bool,
    /// Whether a second factor must be set up first.
    pub must_enrol: bool,
}

/// A TOTP secret that was set up; it counts once a code of it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Enrolment {
    /// Secret, base32.
    pub secret: String,
    /// For authenticator apps.
    pub uri: String,
}

/// A message about a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RequestMessage)]
pub struct Message {
    /// Number.
    pub id: u64,
    /// Unix seconds.
    pub time: i64,
    /// officer or desk.
    pub side: String,
    /// Who wrote it; the desk's people are not named to officers.
    pub author: String,
    /// Text.
    pub text: String,
}

/// A file that belongs to something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StoredFile)]
pub struct File {
    /// Name.
    pub name: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Media type, checked against the bytes.
    pub media_type: String,
    /// When it came, Unix seconds.
    pub time: i64,
    /// Who added it.
    pub added_by: String,
}

/// How an officer's own request stands: no word of the desk's review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RequestStatus)]
pub struct Status {
    /// The request.
    pub request: Request,
    /// open, prepared (shown as open) or answered.
    pub state: String,
    /// When it is to be answered, Unix seconds.
    pub due: i64,
    /// granted, partly, refused; once answered.
    pub outcome: Option<String>,
    /// When it was answered.
    pub answered: Option<i64>,
    /// Messages.
    pub messages: Vec<Message>,
    /// Files that came with it.
    pub files: Vec<File>,
}

/// What a person says of an officer.
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
        id: row.int(0)? as u64,
        email: text(1)?,
        name: text(2)?,
        agency: text(3)?,
        country: text(4)?,
        state: text(5)?,
        created: row.int(6)?,
        proved: row.int_or_null(7),
        decided_by: row.text_or_null(8).map(str::to_owned),
        decided: row.int_or_null(9),
        reason: row.text_or_null(10).map(str::to_owned),
        second_factor: row.int(11)? + row.int(12)? > 0,
        app: row.int(11)? > 0,
        passkeys: row.int(12)? as u32,
        recipients: parse("recipients", row.text(13)?)?,
        generation: row.int(14)?,
        totp: row.int(15)?,
    })
}

fn officer_of(db: &mut Database, column: &str, value: Value) -> Result<Option<Officer>, DbError> {
    db.query(&format!("{OFFICER} WHERE o.{column} = $1"), &[value])?.first().map(officer).transpose()
}

pub(crate) fn officer_by_id(db: &mut Database, id: u64) -> Result<Officer, RequestError> {
    officer_of(db, "id", (id as i64).into())?.ok_or_else(|| RequestError::NotFound(format!("officer {id}")))
}

/// Puts mail into the outbox.
pub(crate) fn mail(
    tx: &mut Transaction<'_>,
    to: &str,
    subject: &str,
    body: &str,
    about: &str,
) -> Result<(), RequestError> {
    Ok(outbox::add(tx, to, subject, body, about)?)
}

/// The mailed code: eight digits.
fn code(master: &Master, officer: u64, number: i64) -> String {
    let bytes = master.derive("mail-code", &format!("{officer}:{number}"));
    let n = u64::from_be_bytes(bytes[..8].try_into().unwrap_or_default()) % 100_000_000;
    format!("{n:08}")
}

fn totp(master: &Master, officer: &Officer, number: i64) -> Result<totp_rs::Totp, RequestError> {
    let secret = master.derive("totp", &format!("{}:{number}", officer.id));
    totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::from(&secret[..20]))
        .with_issuer(Some("Holdfast"))
        .with_account_name(officer.email.as_str())
        .build()
        .map_err(|e| RequestError::State(format!("second factor: {e}")))
}

/// Whether a session has the second factor; only of tokens that were checked.
pub(crate) fn is_full(token: &str) -> bool {
    token.split('_').nth(2) == Some("1")
}

fn equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

pub(crate) fn session(master: &Master, officer: &Officer, full: bool, now: i64) -> Session {
    let expires = now + SESSION_SECONDS;
    let body = format!("{}_{}_{expires}_{}", officer.id, u8::from(full), officer.generation);
    let mac = hex::encode(&master.derive("portal-session", &body)[..24]);
    Session { token: format!("ho_{body}_{mac}"), expires, full, must_enrol: !officer.second_factor }
}

pub(crate) fn refused(why: &str) -> RequestError {
    RequestError::State(why.to_owned())
}

/// Messages about a request, at most 1,000.
fn messages(db: &mut Database, request: &str) -> Result<Vec<Message>, DbError> {
    let sql = "SELECT id, time, side, author, text FROM request_messages WHERE request = $1 ORDER BY id LIMIT 1000";
    let message = |row: &Row| {
        let text = |i| row.text(i).map(str::to_owned);
        Ok(Message { id: row.int(0)? as u64, time: row.int(1)?, side: text(2)?, author: text(3)?, text: text(4)? })
    };
    db.query(sql, &[request.into()])?.iter().map(message).collect()
}

/// Files of an owner such as `request:r1`, at most 1,000.
pub(crate) fn files(db: &mut Database, owner: &str) -> Result<Vec<File>, DbError> {
    let sql =
        "SELECT name, sha256, size, media_type, time, added_by FROM files WHERE owner = $1 ORDER BY name LIMIT 1000";
    let file = |row: &Row| {
        let text = |i| row.text(i).map(str::to_owned);
        Ok(File {
            name: text(0)?,
            sha256: text(1)?,
            size: row.int(2)? as u64,
            media_type: text(3)?,
            time: row.int(4)?,
            added_by: text(5)?,
        })
    };
    db.query(sql, &[owner.into()])?.iter().map(file).collect()
}

/// Notes a file that the vault keeps. The same name with other content is a conflict.
/// Reads a file of an owner; the access is in the audit log.
///
/// # Errors
/// [`RequestError::NotFound`] when there is no such file, [`RequestError::State`] when its bytes changed.
pub fn read_file(
    screening: &Screening,
    vault: &Vault,
    owner: &str,
    name: &str,
    actor: &str,
) -> Result<(File, Vec<u8>), RequestError> {
    let list = screening.read(|db| files(db, owner))?;
    let found = list.into_iter().find(|f| f.name == name);
    let found = found.ok_or_else(|| RequestError::NotFound(format!("file '{name}' of {owner}")))?;
    let bytes = vault.read(&found.sha256)?;
    let detail = json!({ "name": name, "sha256": found.sha256 }).to_string();
    screening.note_look("file.read", owner, detail, actor)?;
    Ok((found, bytes))
}

/// Records a file of an owner such as `request:r1` or `case:3`; the same file again changes nothing.
///
/// # Errors
/// [`RequestError::Conflict`] when the owner has another file of that name.
pub fn note_file(
    tx: &mut Transaction<'_>,
    owner: &str,
    name: &str,
    media_type: &str,
    sha256: &str,
    size: u64,
) -> Result<(), RequestError> {
    let known =
        tx.db().query("SELECT sha256 FROM files WHERE owner = $1 AND name = $2", &[owner.into(), name.into()])?;
    if let Some(row) = known.first() {
        return match row.text(0)? == sha256 {
            true => Ok(()),
            false => Err(RequestError::Conflict(format!("file {name} of {owner}"))),
        };
    }
    let (now, actor) = (tx.now(), tx.actor().to_owned());
    let row =
        [owner.into(), name.into(), sha256.into(), (size as i64).into(), media_type.into(), now.into(), actor.into()];
    tx.db().execute(
        "INSERT INTO files (owner, name, sha256, size, media_type, time, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &row,
    )?;
    tx.audit("file.added", owner, &json!({ "name": name, "sha256": sha256, "size": size }).to_string());
    Ok(())
}

/// Stores a new officer.
fn register(tx: &mut Transaction<'_>, address: &str, name: &str, agency: i64) -> Result<(), RequestError> {
    let (id, now) = (tx.next_id("officers")?, tx.now());
    let row = [id.into(), address.into(), name.into(), agency.into(), now.into()];
    tx.db().execute(
        "INSERT INTO officers (id, email, name, agency, state, created, generation, code, code_until, code_tries, code_hour,
         code_count, totp, totp_confirmed, totp_step, totp_tries, recipients)
         VALUES ($1, $2, $3, $4, 'registered', $5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]')",
        &row,
    )?;
    tx.audit("officer.registered", &format!("officer:{id}"), &json!({ "email": address }).to_string());
    Ok(())
}

/// Mails a code, unless one that is good and unused was mailed just now: whoever asks again and again mails nobody without end, and voids no
/// code.
fn mail_code(
    tx: &mut Transaction<'_>,
    master: &Master,
    address: &str,
    proved: Option<&str>,
    about: &str,
) -> Result<(), RequestError> {
    let now = tx.now();
    let rows = tx.db().query(
        "SELECT id, code, code_until, code_tries, code_mailed FROM officers WHERE email = $1",
        &[address.into()],
    )?;
    let row = rows.first().ok_or_else(|| RequestError::NotFound("officer".into()))?;
    let (id, last, until, tries, mailed) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?);
    let good = now <= until && tries < MAX_CODE_TRIES;
    if good && now - mailed < CODE_SPACING {
        return Ok(());
    }
    let before = if good { until } else { 0 };
    let number = last + 1;
    let row = [number.into(), (now + CODE_SECONDS).into(), before.into(), now.into(), id.into()];
    tx.db().execute(
        "UPDATE officers SET code = $1, code_until = $2, code_tries = 0, code_before_until = $3, code_mailed = $4 WHERE id = $5",
        &row,
    )?;
    let body = format!(
        "Your code for the request portal is {}. It opens for 15 minutes, once. If you did not ask for it, tell the desk.\n",
        code(master, id as u64, number)
    );
    let about = proved.map_or(about.to_owned(), |what| format!("{what}:{id}"));
    mail(tx, address, "Your code", &body, &about)
}

impl Desk<'_> {
    /// Registers an officer, or lets one come back: a code is mailed to the address, whose domain must be a verified one of an agency. Whether
    /// the address is known, new or suspended is said in the mail only.
    ///
    /// # Errors
    /// [`RequestError`]; a domain of no agency is refused.
    pub fn ask_code(&self, address: &str, name: Option<&str>) -> Result<(), RequestError> {
        let address = email("email", address)?.to_lowercase();
        if let Some(name) = name {
            text_ok("name", name)?;
        }
        let domain = address.rsplit('@').next().unwrap_or_default().to_owned();
        let (name, master) = (name.map(str::to_owned), self.master.clone());
        self.transact("portal", move |tx| {
            // An internationalized domain is one domain in its own letters and in punycode.
            let forms = Written::new(&domain).forms().map(Value::from);
            let rows = tx.db().query("SELECT agency FROM agency_domains WHERE domain IN ($1, $2) ORDER BY domain", &forms)?;
            let Some(agency) = rows.first().map(|r| r.int(0)).transpose()? else {
                let what = format!("{domain} is no domain of an agency that the desk verified; ask the desk to add it");
                return Err(Invalid::new("email", what).into());
            };
            let known = officer_of(tx.db(), "email", address.as_str().into())?;
            let proved = known.as_ref().is_some_and(|o| o.proved.is_some());
            let about = format!("new-at:{domain}");
            if !proved {
                // Nobody makes the desk mail a whole domain.
                let since = tx.now() - 3_600;
                if outbox::count_since(tx.db(), &about, since)? >= NEW_MAILS_AN_HOUR {
                    return Ok(());
                }
            }
            if known.as_ref().is_some_and(|o| o.state == "suspended") {
                let body = "Your access to the request portal is suspended. Ask the desk.\n";
                return mail(tx, &address, "Your access", body, &about);
            }
            if known.is_none() {
                let Some(name) = name else {
                    let body = "Nobody is registered with this address at the request portal. To register, give your name with it.\n";
                    return mail(tx, &address, "Your address", body, &about);
                };
                register(tx, &address, &name, agency)?;
            }
            mail_code(tx, &master, &address, proved.then_some("officer"), &about)
        })
    }

    /// Proves an address by a code that was mailed to it; the session still needs the second factor. The last code is good, and the one before
    /// it while its time lasts.
    ///
    /// # Errors
    /// [`RequestError::State`] for a wrong, used or old code.
    pub fn prove(&self, address: &str, given: &str) -> Result<Session, RequestError> {
        let address = email("email", address)?.to_lowercase();
        let (given, master) = (given.trim().to_owned(), self.master.clone());
        self.transact("portal", move |tx| {
            let now = tx.now();
            let wrong = || refused("the code is wrong, used or too old; ask for another");
            let found = officer_of(tx.db(), "email", address.as_str().into())?.ok_or_else(wrong)?;
            let rows = tx.db().query(
                "SELECT code, code_until, code_tries, code_before_until FROM officers WHERE id = $1",
                &[(found.id as i64).into()],
            )?;
            let row = rows.first().ok_or_else(wrong)?;
            let (number, until, tries, before) = (row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
            let is_over = now > until && now > before;
            if found.state == "suspended" || number == 0 || is_over || tries >= MAX_CODE_TRIES {
                return Err(wrong());
            }
            let subject = format!("officer:{}", found.id);
            let opens = |number: i64, until: i64| {
                number > 0 && now <= until && equal(&code(&master, found.id, number), &given)
            };
            if !(opens(number, until) | opens(number - 1, before)) {
                // Written before the refusal, so that tries count.
                tx.db().execute(
                    "UPDATE officers SET code_tries = code_tries + 1 WHERE id = $1",
                    &[(found.id as i64).into()],
                )?;
                tx.audit("officer.code_refused", &subject, "{}");
                tx.checkpoint()?;
                return Err(wrong());
            }
            let state = if found.state == "registered" { "proved" } else { found.state.as_str() };
            let row = [state.into(), now.into(), (found.id as i64).into()];
            tx.db().execute(
                "UPDATE officers SET state = $1, proved = $2, code_until = 0, code_before_until = 0, totp_tries = 0 WHERE id = $3",
                &row,
            )?;
            tx.audit("officer.address_proved", &subject, "{}");
            Ok(session(&master, &found, false, now))
        })
    }

    /// The officer of a token; `full` asks for a session with the second factor.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over or not full.
    pub fn officer(&self, token: &str, full: bool) -> Result<Officer, RequestError> {
        let over = || refused("the session is over; ask for a code");
        let mut parts = token.strip_prefix("ho_").ok_or_else(over)?.rsplitn(2, '_');
        let (mac, body) = (parts.next().ok_or_else(over)?, parts.next().ok_or_else(over)?);
        if !equal(&hex::encode(&self.master.derive("portal-session", body)[..24]), mac) {
            return Err(over());
        }
        let numbers: Vec<i64> = body.split('_').map_while(|p| p.parse().ok()).collect();
        let [id, is_full, expires, generation] = numbers[..] else { return Err(over()) };
        let found = self.read(|db| officer_of(db, "id", id.into()))?.ok_or_else(over)?;
        if expires < self.screening.now() || found.generation != generation || found.state == "suspended" {
            return Err(over());
        }
        if full && is_full != 1 {
            return Err(refused("give the second factor first"));
        }
        Ok(found)
    }

    /// Ends all sessions of the officer whose token it is; a token that is over ends nothing.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn sign_out(&self, token: &str) -> Result<(), RequestError> {
        let Ok(found) = self.officer(token, false) else { return Ok(()) };
        self.transact("portal", move |tx| {
            let id = found.id as i64;
            tx.db().execute("UPDATE officers SET generation = generation + 1 WHERE id = $1", &[id.into()])?;
            tx.audit("officer.signed_out", &format!("officer:{id}"), "{}");
            Ok(())
        })
    }

    /// Sets a TOTP secret up: in a session that proved the address while there is no second factor yet, or beside a passkey in a full one.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn enrol(&self, token: &str) -> Result<Enrolment, RequestError> {
        let found = self.officer(token, false)?;
        if found.second_factor && (found.app || !is_full(token)) {
            return Err(refused("a second factor is set up; ask the desk to reset it"));
        }
        let (master, id) = (self.master.clone(), found.id as i64);
        self.transact("portal", move |tx| {
            let number = found.totp + 1;
            tx.db().execute("UPDATE officers SET totp = $1 WHERE id = $2", &[number.into(), id.into()])?;
            tx.audit("officer.factor_begun", &format!("officer:{id}"), "{}");
            let totp = totp(&master, &found, number)?;
            let uri = totp.to_url().map_err(|e| RequestError::State(format!("second factor: {e}")))?;
            let secret = master.derive("totp", &format!("{}:{number}", found.id));
            Ok(Enrolment { secret: totp_rs::Secret::from(&secret[..20]).to_base32(), uri })
        })
    }

    /// Gives a TOTP code; the session is full then. Each code opens once (RFC 6238, section 5.2).
    ///
    /// # Errors
    /// [`RequestError::State`] for a wrong or used code, or after too many tries.
    pub fn second_factor(&self, token: &str, given: &str) -> Result<Session, RequestError> {
        let found = self.officer(token, false)?;
        let (given, master, id) = (given.trim().to_owned(), self.master.clone(), found.id as i64);
        let full = is_full(token);
        self.transact("portal", move |tx| {
            let now = tx.now();
            let rows = tx.db().query(
                "SELECT totp, totp_step, totp_tries, totp_confirmed, (SELECT COUNT(*) FROM passkeys p WHERE p.officer = officers.id)
                 FROM officers WHERE id = $1",
                &[id.into()],
            )?;
            let row = rows.first().ok_or_else(|| refused("the session is over; ask for a code"))?;
            let (number, last, tries) = (row.int(0)?, row.int(1)?, row.int(2)?);
            if number == 0 {
                return Err(refused("set a second factor up first"));
            }
            // A secret that was never confirmed must not open an account that a passkey guards.
            if row.int(3)? == 0 && row.int(4)? > 0 && !full {
                return Err(refused("enter with your passkey; an app can be added then"));
            }
            if tries >= MAX_TRIES {
                return Err(refused("too many wrong codes; prove the address again"));
            }
            let subject = format!("officer:{id}");
            let step = totp(&master, &found, number)?.check(&given, now.max(0) as u64).map(|s| s as i64);
            let Some(step) = step.filter(|s| *s > last) else {
                tx.db().execute("UPDATE officers SET totp_tries = totp_tries + 1 WHERE id = $1", &[id.into()])?;
                tx.audit("officer.factor_refused", &subject, "{}");
                tx.checkpoint()?;
                return Err(refused("the code is wrong or used; wait for the next one"));
            };
            tx.db().execute(
                "UPDATE officers SET totp_confirmed = 1, totp_step = $1, totp_tries = 0 WHERE id = $2",
                &[step.into(), id.into()],
            )?;
            tx.audit("officer.entered", &subject, "{}");
            Ok(session(&master, &Officer { second_factor: true, ..found }, true, now))
        })
    }

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
        let (text, id) = (json!(keys).to_string(), found.id as i64);
        self.transact(&found.email, move |tx| {
            tx.db().execute("UPDATE officers SET recipients = $1 WHERE id = $2", &[text.as_str().into(), id.into()])?;
            tx.audit("officer.recipients", &format!("officer:{id}"), &text);
            Ok(())
        })?;
        self.officer(token, true)
    }

    fn approved(&self, token: &str) -> Result<Officer, RequestError> {
        let found = self.officer(token, true)?;
        match found.state.as_str() {
            "approved" => Ok(found),
            _ => Err(refused("a person of the desk has not approved you yet")),
        }
    }

    fn own(&self, token: &str, id: &str) -> Result<Officer, RequestError> {
        let found = self.approved(token)?;
        let sql = "SELECT officer FROM request_officers WHERE request = $1";
        let rows = self.read(|db| db.query(sql, &[id.into()]))?;
        match rows.first().is_some_and(|r| r.int(0).is_ok_and(|o| o == found.id as i64)) {
            true => Ok(found),
            false => Err(RequestError::NotFound(format!("request '{id}' of yours"))),
        }
    }

    /// Takes a request of an officer in; who signs and when it came is what the portal knows, not what is sent.
    ///
    /// # Errors
    /// [`RequestError`].
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
        let rows = self.read(|db| db.query(sql, &[id.as_str().into(), (found.id as i64).into()]))?;
        request.received = rows.first().map_or(Ok(self.screening.now()), |r| r.int(0))?;
        self.take_in(request, &found.email, Some(found.id))?;
        self.own_request(token, &id)
    }

    /// An officer's own requests, newest first, at most 1,000.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn own_requests(&self, token: &str) -> Result<Vec<Status>, RequestError> {
        let found = self.approved(token)?;
        let sql = "SELECT r.id FROM requests r JOIN request_officers o ON o.request = r.id WHERE o.officer = $1 ORDER BY r.seq DESC LIMIT 1000";
        let rows = self.read(|db| db.query(sql, &[(found.id as i64).into()]))?;
        rows.iter().map(|r| self.status(r.text(0)?)).collect()
    }

    fn status(&self, id: &str) -> Result<Status, RequestError> {
        let now = self.screening.now();
        let stored = known(self.read(|db| by_id(db, id, now))?, id)?;
        let (mut messages, files) = self.read(|db| Ok((messages(db, id)?, files(db, &format!("request:{id}"))?)))?;
        messages.iter_mut().filter(|m| m.side == "desk").for_each(|m| m.author = "the desk".into());
        let answered = stored.state == "answered";
        Ok(Status {
            state: if answered { "answered" } else { "open" }.to_owned(),
            due: stored.due,
            outcome: stored.outcome.filter(|_| answered).map(|o| if o == "forged" { "refused".into() } else { o }),
            answered: stored.answered,
            request: stored.request,
            messages,
            files,
        })
    }

    /// One of an officer's own requests.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn own_request(&self, token: &str, id: &str) -> Result<Status, RequestError> {
        self.own(token, id)?;
        self.status(id)
    }

    /// An officer's message about a request of their own.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn own_message(&self, token: &str, id: &str, text: &str) -> Result<Status, RequestError> {
        let found = self.own(token, id)?;
        self.write_message(id, "officer", &found.email, text)?;
        self.status(id)
    }

    /// An officer's file for a request of their own.
    ///
    /// # Errors
    /// [`RequestError`].
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
                // The text stays in the portal; mail says only that it is there.
                let body = format!("There is a message about your request {} in the portal.\n", at.request.reference);
                mail(tx, &at.request.officer.email, "A message about your request", &body, &subject)?;
            }
            tx.audit("request.message", &subject, &json!({ "side": side, "message": number }).to_string());
            Ok(())
        })
    }

    /// A message of the desk to the officer.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn message(&self, id: &str, text: &str, actor: &str) -> Result<Vec<Message>, RequestError> {
        self.write_message(id, "desk", actor, text)?;
        self.messages(id, actor)
    }

    /// Messages about a request; the look is in the audit log.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn messages(&self, id: &str, actor: &str) -> Result<Vec<Message>, RequestError> {
        let now = self.screening.now();
        known(self.read(|db| by_id(db, id, now))?, id)?;
        self.note_look("request.messages_read", &format!("request:{id}"), actor)?;
        self.read(|db| messages(db, id))
    }

    pub(crate) fn note_look(&self, action: &'static str, subject: &str, actor: &str) -> Result<(), RequestError> {
        Ok(self.screening.note_look(action, subject, "{}".into(), actor)?)
    }

    /// Attaches a file to a request; its bytes are kept by their hash and checked against their type. Where the request describes a file of
    /// that name, it must be that file.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn attach(
        &self,
        id: &str,
        name: &str,
        media_type: &str,
        bytes: &[u8],
        actor: &str,
    ) -> Result<File, RequestError> {
        let now = self.screening.now();
        let at = known(self.read(|db| by_id(db, id, now))?, id)?;
        request::file_name_ok(name)?;
        check_type(bytes, media_type)?;
        let owner = format!("request:{id}");
        if self.read(|db| files(db, &owner))?.len() >= request::MAX_ATTACHMENTS {
            return Err(Invalid::new("file", format!("the request has {} files", request::MAX_ATTACHMENTS)).into());
        }
        let sha256 = holdfast_documents::sha256(bytes);
        let described = at.request.attachments.iter().find(|a| a.name == name);
        if let Some(d) = described.filter(|d| d.sha256 != sha256) {
            let what = format!("the request describes {name} with SHA-256 {}, this one has {sha256}", d.sha256);
            return Err(Invalid::new("file", what).into());
        }
        self.vault.keep(bytes)?;
        let (theirs, name_too, media, hash, size) =
            (owner.clone(), name.to_owned(), media_type.to_owned(), sha256.clone(), bytes.len() as u64);
        self.transact(actor, move |tx| note_file(tx, &theirs, &name_too, &media, &hash, size))?;
        let list = self.read(|db| files(db, &owner))?;
        list.into_iter().find(|f| f.name == name).ok_or_else(|| RequestError::NotFound(format!("file {name}")))
    }

    /// Files that came with a request.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn attachments(&self, id: &str) -> Result<Vec<File>, RequestError> {
        let now = self.screening.now();
        known(self.read(|db| by_id(db, id, now))?, id)?;
        self.read(|db| files(db, &format!("request:{id}")))
    }

    /// A file's bytes, checked against their hash; the look is in the audit log.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn file(&self, owner: &str, name: &str, actor: &str) -> Result<(File, Vec<u8>), RequestError> {
        read_file(self.screening, self.vault, owner, name, actor)
    }

    /// Officers in a state (or all), at most 10,000.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn officers(&self, state: Option<&str>) -> Result<Vec<Officer>, RequestError> {
        let rows = self.read(|db| match state {
            Some(state) => {
                db.query(&format!("{OFFICER} WHERE o.state = $1 ORDER BY o.id LIMIT 10000"), &[state.into()])
            }
            None => db.query(&format!("{OFFICER} ORDER BY o.id LIMIT 10000"), &[]),
        })?;
        Ok(rows.iter().map(officer).collect::<Result<_, _>>()?)
    }

    /// What a person says of an officer. Only who proved the address and set a second factor up is approved.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn judge_officer(&self, id: u64, verdict: Verdict, reason: &str, actor: &str) -> Result<Officer, RequestError> {
        text_ok("reason", reason)?;
        let reason = reason.to_owned();
        self.transact(actor, move |tx| {
            let now = tx.now();
            let found = officer_by_id(tx.db(), id)?;
            let who: Value = tx.actor().into();
            let key: Value = (id as i64).into();
            let said = [now.into(), who, reason.as_str().into(), key.clone()];
            match verdict {
                Verdict::Approve => {
                    if found.proved.is_none() || !found.second_factor {
                        let what = "has not proved the address and set a second factor up";
                        return Err(RequestError::State(format!("officer {id} {what}")));
                    }
                    let sql = "UPDATE officers SET state = 'approved', decided = $1, decided_by = $2, reason = $3 WHERE id = $4";
                    tx.db().execute(sql, &said)?;
                    let body = "You are approved and can send requests in the portal.\n";
                    mail(tx, &found.email, "You are approved", body, &format!("officer:{id}"))?;
                }
                Verdict::Suspend => {
                    let sql = "UPDATE officers SET state = 'suspended', decided = $1, decided_by = $2, reason = $3, generation = generation + 1 WHERE id = $4";
                    tx.db().execute(sql, &said)?;
                }
                Verdict::ResetFactor => {
                    tx.db().execute("DELETE FROM passkeys WHERE officer = $1", &[(id as i64).into()])?;
                    let sql = "UPDATE officers SET totp_confirmed = 0, generation = generation + 1 WHERE id = $1";
                    tx.db().execute(sql, &[key])?;
                }
            }
            tx.audit("officer.judged", &format!("officer:{id}"), &json!({ "verdict": verdict, "reason": reason }).to_string());
            officer_by_id(tx.db(), id)
        })
    }

    /// Mail that waits to be sent, oldest first, at most 100; for whoever sends it.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn waiting_mail(&self) -> Result<Vec<Mail>, RequestError> {
        let now = self.screening.now();
        self.read(|db| outbox::due(db, now))
    }
}
