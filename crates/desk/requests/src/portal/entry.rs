//! How an officer enters: a mailed code proves the address, a second factor opens the session. Codes and secrets are derived.

use super::*;
use holdfast_identity::{
    self as identity, App, Enrolment, SessionKind, end_sessions_of_subject, is_not_ended, session_id, start_session,
};
use holdfast_types::{Seconds, Timestamp};

/// A session at the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Bearer token.
    pub token: String,
    /// When it ends, Unix seconds.
    pub expires: Timestamp,
    /// Whether the second factor was verified; without it the session opens the second factor only.
    pub full: bool,
    /// Whether a second factor must be set up first.
    pub must_enrol: bool,
}

/// Returns the mailed code: eight digits.
pub(super) fn code(key_ring: &KeyRing, officer: OfficerId, number: i64) -> String {
    let bytes = key_ring.derive("mail-code", &format!("{officer}:{number}"));
    let n = u64::from_be_bytes(bytes[..8].try_into().unwrap_or_default()) % 100_000_000;
    format!("{n:08}")
}

/// Calls with the authenticator app of an officer's nth enrolment.
fn with_app<T>(officer: &Officer, number: i64, run: impl FnOnce(App<'_>) -> T) -> T {
    let subject = format!("{}:{number}", officer.id);
    run(App { purpose: "totp", subject: &subject, account: officer.email.as_str() })
}

pub(super) fn equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Returns whether a session has the second factor; only of tokens that were checked.
pub(crate) fn is_full(token: &str) -> bool {
    token.split('_').nth(2) == Some("1")
}

/// Starts a session of an officer.
pub(crate) fn session(
    tx: &mut Transaction<'_>,
    key_ring: &KeyRing,
    officer: &Officer,
    full: bool,
) -> Result<Session, RequestError> {
    let now = tx.now();
    let made = token_of(key_ring, officer, full, now);
    let row = identity::Session {
        id: session_id(&made.token),
        kind: SessionKind::Officer,
        subject: officer.id.to_string(),
        client: String::new(),
        started: now,
        used: now,
        second_factor: full,
    };
    start_session(tx, &row)?;
    Ok(made)
}

fn token_of(key_ring: &KeyRing, officer: &Officer, full: bool, now: Timestamp) -> Session {
    let expires = now + SESSION_SECONDS;
    let body = format!("{}_{}_{}_{}", officer.id, u8::from(full), expires.unix(), officer.generation);
    let mac = hex::encode(&key_ring.derive("portal-session", &body)[..24]);
    Session { token: format!("ho_{body}_{mac}"), expires, full, must_enrol: !officer.second_factor }
}

/// Stores a new officer.
pub(super) fn register(tx: &mut Transaction<'_>, address: &str, name: &str, agency: i64) -> Result<(), RequestError> {
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

/// Mails a code, unless one that is valid and unused was mailed just now: repeated requests do not flood an address, and void no
/// code.
pub(super) fn mail_code(
    tx: &mut Transaction<'_>,
    key_ring: &KeyRing,
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
    let (id, last, until, tries, mailed): (OfficerId, i64, Timestamp, i64, Timestamp) =
        (row.number(0)?, row.int(1)?, row.time(2)?, row.int(3)?, row.time(4)?);
    let good = now <= until && tries < MAX_CODE_TRIES;
    if good && now - mailed < CODE_SPACING {
        return Ok(());
    }
    let before = if good { until } else { Timestamp::EPOCH };
    let latest = last + 1;
    let row = [latest.into(), (now + CODE_LIFETIME).into(), before.into(), now.into(), number(id)];
    tx.db().execute(
        "UPDATE officers SET code = $1, code_until = $2, code_tries = 0, code_before_until = $3, code_mailed = $4 WHERE id = $5",
        &row,
    )?;
    let about = proved.map_or(about.to_owned(), |what| format!("{what}:{id}"));
    letters::write(tx, address, Letter::Code(&code(key_ring, id, latest)), &about)
}

impl Desk<'_> {
    /// Registers an officer, or signs one in: a code is mailed to the address, whose domain must be a verified one of an agency. Whether
    /// the address is known, new or suspended is in the mail only. Mail is written in the language of the last call that names one (BCP 47).
    ///
    /// # Errors
    /// [`RequestError`]; a domain of no agency is refused.
    pub fn request_code(&self, address: &str, name: Option<&str>, language: Option<&str>) -> Result<(), RequestError> {
        let address = email("email", address)?.to_lowercase();
        if let Some(name) = name {
            text_ok("name", name)?;
        }
        let domain = address.rsplit('@').next().unwrap_or_default().to_owned();
        if let Some(language) = language {
            text_ok("language", language)?;
        }
        let (name, language, key_ring) = (name.map(str::to_owned), language.map(str::to_owned), self.key_ring.clone());
        self.transact("portal", move |tx| {
            // An internationalized domain is one domain in its own letters and in punycode.
            let forms = Written::new(&domain).forms().map(Value::from);
            let rows =
                tx.db().query("SELECT agency FROM agency_domains WHERE domain IN ($1, $2) ORDER BY domain", &forms)?;
            let Some(agency) = rows.first().map(|r| r.int(0)).transpose()? else {
                let what = format!("{domain} is no domain of an agency that the desk verified; the desk can add it");
                return Err(Invalid::new("email", what).into());
            };
            let known = officer_of(tx.db(), "email", address.as_str().into())?;
            let proved = known.as_ref().is_some_and(|o| o.proved.is_some());
            let about = format!("new-at:{domain}");
            if !proved {
                // The number of new addresses a domain is bounded.
                let since = tx.now() - Seconds::HOUR;
                if outbox::count_since(tx.db(), &about, since)? >= NEW_MAILS_AN_HOUR {
                    return Ok(());
                }
            }
            if known.as_ref().is_some_and(|o| o.state == OfficerState::Suspended) {
                return letters::write(tx, &address, Letter::Suspended, &about);
            }
            if known.is_none() {
                let Some(name) = name else {
                    return letters::write_in(tx, language.as_deref(), &address, Letter::Unregistered, &about);
                };
                register(tx, &address, &name, agency)?;
            }
            if let Some(language) = language {
                let sql = "UPDATE officers SET language = $1 WHERE email = $2";
                tx.db().execute(sql, &[language.into(), address.as_str().into()])?;
            }
            mail_code(tx, &key_ring, &address, proved.then_some("officer"), &about)
        })
    }

    /// Proves an address by a code that was mailed to it; the session still needs the second factor. The last code is good, and the one before
    /// it while its time lasts.
    ///
    /// # Errors
    /// [`RequestError::State`] for a wrong, used or old code.
    pub fn prove(&self, address: &str, given: &str) -> Result<Session, RequestError> {
        let address = email("email", address)?.to_lowercase();
        let (given, key_ring) = (given.trim().to_owned(), self.key_ring.clone());
        self.transact("portal", move |tx| {
            let now = tx.now();
            let wrong = || refused("the code is wrong, used or too old; request another");
            let found = officer_of(tx.db(), "email", address.as_str().into())?.ok_or_else(wrong)?;
            let rows = tx.db().query(
                "SELECT code, code_until, code_tries, code_before_until FROM officers WHERE id = $1",
                &[number(found.id)],
            )?;
            let row = rows.first().ok_or_else(wrong)?;
            let (latest, until, tries, before) = (row.int(0)?, row.time(1)?, row.int(2)?, row.time(3)?);
            let is_over = now > until && now > before;
            if found.state == OfficerState::Suspended || latest == 0 || is_over || tries >= MAX_CODE_TRIES {
                return Err(wrong());
            }
            let subject = format!("officer:{}", found.id);
            let opens = |code_number: i64, until: Timestamp| {
                code_number > 0 && now <= until && key_ring.each().any(|key| equal(&code(&key, found.id, code_number), &given))
            };
            if !(opens(latest, until) | opens(latest - 1, before)) {
                // Written before the refusal, so that tries count.
                tx.db().execute(
                    "UPDATE officers SET code_tries = code_tries + 1 WHERE id = $1",
                    &[number(found.id)],
                )?;
                tx.audit("officer.code_refused", &subject, "{}");
                tx.checkpoint()?;
                return Err(wrong());
            }
            let state = if found.state == OfficerState::Registered { OfficerState::Proved } else { found.state };
            let row = [state.as_ref().into(), now.into(), number(found.id)];
            tx.db().execute(
                "UPDATE officers SET state = $1, proved = $2, code_until = 0, code_before_until = 0, totp_tries = 0 WHERE id = $3",
                &row,
            )?;
            tx.audit("officer.address_proved", &subject, "{}");
            session(tx, &key_ring, &found, false)
        })
    }

    /// Returns the officer of a token; `full` requires a session with the second factor.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over or not full.
    pub fn officer(&self, token: &str, full: bool) -> Result<Officer, RequestError> {
        let over = || refused("the session is over; request a code");
        let mut parts = token.strip_prefix("ho_").ok_or_else(over)?.rsplitn(2, '_');
        let (mac, body) = (parts.next().ok_or_else(over)?, parts.next().ok_or_else(over)?);
        let secrets = self.key_ring.derived("portal-session", body);
        if !secrets.iter().any(|secret| equal(&hex::encode(&secret[..24]), mac)) {
            return Err(over());
        }
        let numbers: Vec<i64> = body.split('_').map_while(|p| p.parse().ok()).collect();
        let [id, is_full, expires, generation] = numbers[..] else { return Err(over()) };
        let stored = session_id(token);
        let (is_open, found) = self.read(|db| Ok((is_not_ended(db, &stored)?, officer_of(db, "id", id.into())?)))?;
        let found = found.filter(|_| is_open).ok_or_else(over)?;
        if Timestamp::from_unix(expires) < self.screening.now()
            || found.generation != generation
            || found.state == OfficerState::Suspended
        {
            return Err(over());
        }
        if full && is_full != 1 {
            return Err(refused("give the second factor first"));
        }
        Ok(found)
    }

    /// Ends all sessions of the officer of a token; an expired token ends nothing.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn sign_out(&self, token: &str) -> Result<(), RequestError> {
        let Ok(found) = self.officer(token, false) else { return Ok(()) };
        self.transact("portal", move |tx| {
            let id = found.id;
            tx.db().execute("UPDATE officers SET generation = generation + 1 WHERE id = $1", &[number(id)])?;
            end_sessions_of_subject(tx, SessionKind::Officer, &id.to_string())?;
            tx.audit("officer.signed_out", &format!("officer:{id}"), "{}");
            Ok(())
        })
    }

    /// Sets a TOTP secret up: in a session that proved the address while there is no second factor yet, or beside a passkey in a full one.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over, or a second factor is set up already.
    pub fn enrol(&self, token: &str) -> Result<Enrolment, RequestError> {
        let (id, full, key_ring) = (self.officer(token, false)?.id, is_full(token), self.key_ring.clone());
        self.transact("portal", move |tx| {
            // Read here: another session may have set a factor up meanwhile, which this secret would replace.
            let found = officer_by_id(tx.db(), id)?;
            if found.second_factor && (found.app || !full) {
                return Err(refused("a second factor is set up; the desk can reset it"));
            }
            let nth = found.totp + 1;
            tx.db().execute("UPDATE officers SET totp = $1 WHERE id = $2", &[nth.into(), number(id)])?;
            tx.audit("officer.factor_begun", &format!("officer:{id}"), "{}");
            Ok(with_app(&found, nth, |app| app.enrolment(&key_ring))?)
        })
    }

    /// Verifies a TOTP code; the session is full then. Each code is valid once (RFC 6238, section 5.2).
    ///
    /// # Errors
    /// [`RequestError::State`] for a wrong or used code, or after too many tries.
    pub fn second_factor(&self, token: &str, given: &str) -> Result<Session, RequestError> {
        let found = self.officer(token, false)?;
        let (given, key_ring, id) = (given.trim().to_owned(), self.key_ring.clone(), found.id);
        let full = is_full(token);
        self.transact("portal", move |tx| {
            let now = tx.now();
            let rows = tx.db().query(
                "SELECT totp, totp_step, totp_tries, totp_confirmed, (SELECT COUNT(*) FROM passkeys p WHERE p.officer = officers.id)
                 FROM officers WHERE id = $1",
                &[number(id)],
            )?;
            let row = rows.first().ok_or_else(|| refused("the session is over; request a code"))?;
            let (nth, last, tries) = (row.int(0)?, row.int(1)?, row.int(2)?);
            if nth == 0 {
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
            let step = with_app(&found, nth, |app| app.step_of(&key_ring, &given, now, last))?;
            let Some(step) = step else {
                tx.db().execute("UPDATE officers SET totp_tries = totp_tries + 1 WHERE id = $1", &[number(id)])?;
                tx.audit("officer.factor_refused", &subject, "{}");
                tx.checkpoint()?;
                return Err(refused("the code is wrong or used; wait for the next one"));
            };
            tx.db().execute(
                "UPDATE officers SET totp_confirmed = 1, totp_step = $1, totp_tries = 0 WHERE id = $2",
                &[step.into(), number(id)],
            )?;
            tx.audit("officer.entered", &subject, "{}");
            session(tx, &key_ring, &Officer { second_factor: true, ..found }, true)
        })
    }
}
