//! The second factors of people who sign in to the desk's pages: an authenticator app, passkeys (`staff_passkey.rs`), and recovery codes for the
//! day on which they are lost. Keys that programs send with each request need none.
//!
//! **Invariants.** The first second factor is set up with a key alone; whoever has one sets up, renames or removes another only in a session that
//! a second factor or a recovery code opened. A confirmed app changes, and the last factor goes, only by a reset, which another person makes. A code opens once. Wrong
//! codes and answers are counted in the database, so that neither another address nor a restart gives more guesses.

use crate::recovery::{self, recovery_codes_left};
use crate::staff_passkey::{has_passkeys, holder};
use crate::totp::App;
use crate::{IdentityError, KeyRing, Person, end_sessions_of, person_by_id, same_person};
use holdfast_store::{Change, Database, DbError, number};
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

/// Wrong codes after which none is taken for [`BLOCKED_SECONDS`].
pub const MAX_WRONG_CODES: i64 = 5;
/// How long no code is taken after too many wrong ones.
pub const BLOCKED_SECONDS: Seconds = Seconds::new(900);
/// How long a sign-in waits for its code.
pub const PENDING_SECONDS: Seconds = Seconds::new(600);
/// Longest reason, in bytes.
const MAX_REASON: usize = 1_024;

/// What somebody proved who sets up or removes a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assurance {
    /// A key alone, which is enough for the first second factor.
    OneFactor,
    /// A key and a second factor or recovery code.
    TwoFactors,
}

/// What a code, or a passkey's answer, was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum CodeAnswer {
    /// It is right and was not used before; it is used now.
    Accepted,
    /// It is wrong, or was used.
    Refused,
    /// No code is taken before a time.
    Blocked(Timestamp),
}

/// A second factor that was set up; it counts once a code of the app was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaffEnrolment {
    /// Secret of the app, base32.
    pub secret: String,
    /// For authenticator apps, also as a QR code.
    pub uri: String,
    /// Ten codes that open in place of one of the app, once each. They are shown once; empty where the person has a passkey, with which they came.
    pub recovery_codes: Vec<String>,
}

struct Factor {
    number: i64,
    is_confirmed: bool,
    last_step: i64,
    wrong_codes: i64,
    blocked_until: Timestamp,
}

fn factor(db: &mut Database, person: u64) -> Result<Option<Factor>, DbError> {
    let sql = "SELECT number, confirmed, last_step, wrong_codes, blocked_until FROM second_factors WHERE person = $1";
    let rows = db.query(sql, &[number(person)])?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Factor {
        number: row.int(0)?,
        is_confirmed: row.int_or_null(1).is_some(),
        last_step: row.int(2)?,
        wrong_codes: row.int(3)?,
        blocked_until: row.time(4)?,
    }))
}

/// Returns whether a person has an authenticator app, of which a code was given.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn has_app(db: &mut Database, person: u64) -> Result<bool, DbError> {
    Ok(factor(db, person)?.is_some_and(|f| f.is_confirmed))
}

fn with_app<T>(person: &Person, number: i64, run: impl FnOnce(App<'_>) -> T) -> T {
    let subject = format!("{}:{number}", person.id);
    run(App { purpose: "staff-totp", subject: &subject, account: &person.name })
}

/// Refuses a change of a person's factors to whoever gave none of them.
pub(crate) fn may_change(person: &Person, has_factor: bool, assurance: Assurance) -> Result<(), IdentityError> {
    match has_factor && assurance == Assurance::OneFactor {
        true => Err(IdentityError::State(format!("{} has a second factor; sign in with it first", person.name))),
        false => Ok(()),
    }
}

/// Sets an authenticator app and, with a person's first factor, recovery codes up; they count once a code of the app is given ([`give_code`]).
/// What was set up before and never confirmed is void. The recovery codes are made of `random`.
///
/// # Errors
/// [`IdentityError::State`] when the person has an app, or a passkey and the caller gave the key alone; [`IdentityError::Store`].
pub fn enrol(
    tx: &mut dyn Change,
    ring: &KeyRing,
    person: &Person,
    assurance: Assurance,
    random: &[u8; 32],
) -> Result<StaffEnrolment, IdentityError> {
    let known = factor(tx.db(), person.id)?;
    if known.as_ref().is_some_and(|f| f.is_confirmed) {
        let text = format!("{} has a second factor; another administrator can reset it", person.name);
        return Err(IdentityError::State(text));
    }
    let has_passkeys = has_passkeys(tx.db(), person.id)?;
    may_change(person, has_passkeys, assurance)?;
    let nth = known.as_ref().map_or(1, |f| f.number + 1);
    let enrolment = with_app(person, nth, |app| app.enrolment(ring))?;
    match known {
        // Guesses count on: setting up again gives no more of them.
        Some(_) => {
            let sql = "UPDATE second_factors SET number = $1, last_step = 0 WHERE person = $2";
            tx.db().execute(sql, &[nth.into(), number(person.id)])?
        }
        None => {
            let sql = "INSERT INTO second_factors (person, number, last_step, wrong_codes, blocked_until) VALUES ($1, $2, 0, 0, 0)";
            tx.db().execute(sql, &[number(person.id), nth.into()])?
        }
    };
    let recovery_codes = if has_passkeys { Vec::new() } else { recovery::replace(tx, person, random)? };
    tx.audit("person.factor_begun", &format!("person:{}", person.id), "{}");
    Ok(StaffEnrolment { secret: enrolment.secret, uri: enrolment.uri, recovery_codes })
}

/// Voids an app that was set up and never confirmed, because a passkey is added now, and begins to count a person's wrong answers.
pub(crate) fn void_unconfirmed(tx: &mut dyn Change, person: &Person) -> Result<(), DbError> {
    let sql = match factor(tx.db(), person.id)? {
        Some(_) => {
            "UPDATE second_factors SET number = number + 1, last_step = 0 WHERE person = $1 AND confirmed IS NULL"
        }
        // The secret of this number was never shown.
        None => {
            "INSERT INTO second_factors (person, number, last_step, wrong_codes, blocked_until) VALUES ($1, 1, 0, 0, 0)"
        }
    };
    tx.db().execute(sql, &[number(person.id)])?;
    Ok(())
}

/// Returns until when no code and no answer of a person is accepted, where that is later than now.
pub(crate) fn blocked(tx: &mut dyn Change, person: &Person) -> Result<Option<Timestamp>, DbError> {
    let now = tx.now();
    Ok(factor(tx.db(), person.id)?.map(|f| f.blocked_until).filter(|until| now < *until))
}

/// Counts a wrong code or answer of a person.
pub(crate) fn count_refusal(tx: &mut dyn Change, person: &Person, detail: Value) -> Result<CodeAnswer, DbError> {
    let before = factor(tx.db(), person.id)?.map_or(0, |f| f.wrong_codes);
    let is_last = before + 1 >= MAX_WRONG_CODES;
    let (wrong, until) = if is_last { (0, tx.now() + BLOCKED_SECONDS) } else { (before + 1, Timestamp::EPOCH) };
    let sql = "UPDATE second_factors SET wrong_codes = $1, blocked_until = $2 WHERE person = $3";
    tx.db().execute(sql, &[wrong.into(), until.into(), number(person.id)])?;
    let mut detail = detail;
    detail["blocked"] = json!(is_last);
    tx.audit("person.factor_refused", &format!("person:{}", person.id), &detail.to_string());
    Ok(CodeAnswer::Refused)
}

/// Begins to count a person's wrong codes and answers anew, after a right one.
pub(crate) fn count_anew(tx: &mut dyn Change, person: &Person) -> Result<(), DbError> {
    let sql = "UPDATE second_factors SET wrong_codes = 0, blocked_until = 0 WHERE person = $1";
    tx.db().execute(sql, &[number(person.id)])?;
    Ok(())
}

/// Takes a code of a person's app, the first right one of which confirms it, or, where the person has a factor, a recovery code. An app that was
/// never confirmed opens nothing that a passkey guards. A refusal is counted by this change, so the caller lets the change succeed.
///
/// # Errors
/// [`IdentityError::State`] when no app is set up; [`IdentityError::Store`].
pub fn give_code(
    tx: &mut dyn Change,
    ring: &KeyRing,
    person: &Person,
    assurance: Assurance,
    code: &str,
) -> Result<CodeAnswer, IdentityError> {
    let now = tx.now();
    let none = || IdentityError::State(format!("{} has no authenticator app set up", person.name));
    let known = factor(tx.db(), person.id)?.ok_or_else(none)?;
    if now < known.blocked_until {
        return Ok(CodeAnswer::Blocked(known.blocked_until));
    }
    let subject = format!("person:{}", person.id);
    let has_passkeys = has_passkeys(tx.db(), person.id)?;
    if (known.is_confirmed || has_passkeys) && recovery::take(tx, person, code)? {
        count_anew(tx, person)?;
        let left = recovery_codes_left(tx.db(), person.id)?;
        tx.audit("person.recovery_code_used", &subject, &json!({ "left": left }).to_string());
        return Ok(CodeAnswer::Accepted);
    }
    let may_open = known.is_confirmed || may_change(person, has_passkeys, assurance).is_ok();
    let step = match may_open {
        true => with_app(person, known.number, |app| app.step_of(ring, code, now, known.last_step))?,
        false => None,
    };
    let Some(step) = step else { return Ok(count_refusal(tx, person, json!({}))?) };
    let sql = "UPDATE second_factors SET last_step = $1, confirmed = COALESCE(confirmed, $2) WHERE person = $3";
    tx.db().execute(sql, &[step.into(), now.into(), number(person.id)])?;
    count_anew(tx, person)?;
    let action = if known.is_confirmed { "person.factor_given" } else { "person.factor_confirmed" };
    tx.audit(action, &subject, "{}");
    Ok(CodeAnswer::Accepted)
}

/// Replaces a person's recovery codes, for a code of the app or a recovery code; returns the new ones where the code was right. Whoever has
/// passkeys and no app needs no code in a session that a second factor opened. A refusal is counted by this change, so the caller lets the change
/// succeed. The codes are made of `random`.
///
/// # Errors
/// [`IdentityError::State`] when the person has no second factor; [`IdentityError::Invalid`] without a code where one is needed;
/// [`IdentityError::Store`].
pub fn renew_recovery_codes(
    tx: &mut dyn Change,
    ring: &KeyRing,
    person: &Person,
    assurance: Assurance,
    code: Option<&str>,
    random: &[u8; 32],
) -> Result<(CodeAnswer, Vec<String>), IdentityError> {
    let has_app = has_app(tx.db(), person.id)?;
    if !has_app && !has_passkeys(tx.db(), person.id)? {
        return Err(IdentityError::State(format!("{} has no second factor", person.name)));
    }
    let answer = match code {
        Some(code) => give_code(tx, ring, person, assurance, code)?,
        None if !has_app && assurance == Assurance::TwoFactors => CodeAnswer::Accepted,
        None => return Err(Invalid::new("code", "give a code of the app, or a recovery code").into()),
    };
    if answer != CodeAnswer::Accepted {
        return Ok((answer, Vec::new()));
    }
    let codes = recovery::replace(tx, person, random)?;
    tx.audit("person.recovery_codes_renewed", &format!("person:{}", person.id), "{}");
    Ok((answer, codes))
}

/// Voids a person's second factors, because they are lost, and ends their sessions; returns the person. Nobody resets their own: whoever has only
/// the key would open the account with it.
///
/// # Errors
/// [`IdentityError::NotFound`] for an unknown person; [`IdentityError::State`] when it is one's own, or there is none;
/// [`IdentityError::Invalid`] without a reason; [`IdentityError::Store`].
pub fn reset_factor(tx: &mut dyn Change, id: u64, reason: &str) -> Result<Person, IdentityError> {
    if reason.trim().is_empty() || reason.len() > MAX_REASON {
        return Err(Invalid::new("reason", format!("must be 1 to {MAX_REASON} bytes")).into());
    }
    let person = person_by_id(tx.db(), id)?;
    if same_person(tx.actor(), &person.name) {
        return Err(IdentityError::State("another person resets your second factor".to_owned()));
    }
    if !person.second_factor {
        return Err(IdentityError::State(format!("{} has no second factor", person.name)));
    }
    let sql = "UPDATE second_factors SET number = number + 1, confirmed = NULL, last_step = 0, wrong_codes = 0, blocked_until = 0
               WHERE person = $1";
    tx.db().execute(sql, &[number(id)])?;
    holder(&person).delete_all(tx.db())?;
    recovery::delete(tx, &person)?;
    tx.audit("person.factor_reset", &format!("person:{id}"), &json!({ "reason": reason }).to_string());
    end_sessions_of(tx, id)?;
    person_by_id(tx.db(), id)
}

fn mac(secret: &[u8; 32]) -> String {
    hex::encode(&secret[..24])
}

/// Returns what a browser holds between the key and the code of a sign-in; it opens nothing by itself.
pub fn pending_sign_in(ring: &KeyRing, key: &str, now: Timestamp) -> String {
    let body = format!("{key}.{}", (now + PENDING_SECONDS).unix());
    let mac = mac(&ring.derive("pending-sign-in", &body));
    format!("{body}.{mac}")
}

/// Returns the public part of the key of a sign-in that waits for its code; none when it is too old or was made by somebody else.
pub fn pending_key(ring: &KeyRing, token: &str, now: Timestamp) -> Option<String> {
    let (body, given) = token.rsplit_once('.')?;
    let is_ours = |secret: &[u8; 32]| bool::from(mac(secret).as_bytes().ct_eq(given.as_bytes()));
    let (key, until) = body.rsplit_once('.')?;
    let is_ours = ring.derived("pending-sign-in", body).iter().any(is_ours);
    (is_ours && until.parse().is_ok_and(|until| now <= Timestamp::from_unix(until))).then(|| key.to_owned())
}
