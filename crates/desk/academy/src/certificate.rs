//! Certificates: Open Badges 3.0 credentials (1EdTech, section 8.2, JSON Web Token proof format; W3C Verifiable Credentials 2.0) signed with
//! Ed25519 (RFC 8037), the issuer known by its `did:key`; and as PDF that carries the credential. A PDF is checked by being written anew.

use crate::AcademyError;
use crate::classes::{Learner, Session, SessionState, is_enrolled, learner_by, session_by};
use crate::{Academy, invalid};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use holdfast_documents::pdf;
use holdfast_input::time::parse as parse_time;
use holdfast_store::number;
use holdfast_types::Timestamp;
use holdfast_types::ids::{CourseSessionId, LearnerId};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Contexts of a credential, in the order that the specifications fix.
const CONTEXTS: [&str; 2] =
    ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"];
/// Largest certificate that is read, bytes.
pub const MAX_CERTIFICATE: usize = 4 << 20;
/// Share of the parts that must be attended, in thousandths.
pub const ATTENDED: u64 = 800;

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Its number, a UUID.
    pub id: String,
    /// Session.
    pub session: CourseSessionId,
    /// Learner.
    pub learner: LearnerId,
    /// Course.
    pub course: String,
    /// Unix seconds.
    pub issued: Timestamp,
    /// The signed credential: header, credential and signature (RFC 7515, compact).
    pub jwt: String,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// Why.
    pub why: Option<String>,
}

/// What a check of a certificate found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CertificateCheck)]
pub struct Verified {
    /// Number.
    pub id: String,
    /// Recipient.
    pub name: String,
    /// What for.
    pub achievement: String,
    /// The issuer's `did:key`.
    pub issuer: String,
    /// The issuer's public key, hex.
    pub public_key: String,
    /// When it was given.
    pub valid_from: String,
    /// What holds.
    pub passed: Vec<String>,
    /// What does not.
    pub failures: Vec<String>,
}

impl Verified {
    /// Returns whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Returns the `did:key` of an Ed25519 key (W3C CCG did:key, multicodec 0xed01, base58btc).
#[must_use]
pub fn did_of(key: &VerifyingKey) -> String {
    let mut bytes = vec![0xed, 0x01];
    bytes.extend_from_slice(key.as_bytes());
    format!("did:key:z{}", bitcoin::base58::encode(&bytes))
}

fn sign(credential: &Value, key: &SigningKey) -> String {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes()) });
    let header = json!({ "alg": "EdDSA", "typ": "JWT", "jwk": jwk });
    let encode = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
    let text = format!("{}.{}", encode(&header), encode(credential));
    let signature = key.sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// Returns the JWT within bytes: the bytes themselves, or those of a PDF that carries one.
fn jwt_in(bytes: &[u8]) -> Option<String> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(*b, b'-' | b'_' | b'.');
    let mut at = 0;
    while let Some(found) = bytes.get(at..)?.windows(3).position(|w| w == b"eyJ") {
        let start = at + found;
        let len = bytes[start..].iter().take_while(|b| is_part(b)).count();
        let text = std::str::from_utf8(&bytes[start..start + len]).ok()?;
        if text.split('.').count() == 3 && len > 200 {
            return Some(text.to_owned());
        }
        at = start + len.max(1);
    }
    None
}

/// Returns whether bytes look like a certificate: a JWT, or a PDF that carries one.
#[must_use]
pub fn is_certificate(bytes: &[u8]) -> bool {
    let head = bytes.trim_ascii_start();
    (head.starts_with(b"%PDF-") && jwt_in(bytes).is_some())
        || (head.starts_with(b"eyJ") && head.trim_ascii_end().split(|b| *b == b'.').count() == 3)
}

/// Checks a certificate, PDF or JWT, offline: the signature, that the claims are the credential's, that a PDF states what the credential does,
/// and, where `issuer` is given (public key in hex, or did:key), the issuer. `now` is the time to compare with, Unix seconds.
#[must_use]
pub fn verify(bytes: &[u8], issuer: Option<&str>, now: Timestamp) -> Verified {
    let mut v = Verified::default();
    if let Err(why) = verify_into(bytes, issuer, now, &mut v) {
        v.failures.push(why);
    }
    v
}

fn verify_into(bytes: &[u8], issuer: Option<&str>, now: Timestamp, v: &mut Verified) -> Result<(), String> {
    if bytes.len() > MAX_CERTIFICATE {
        return Err(format!("larger than {MAX_CERTIFICATE} bytes"));
    }
    let is_pdf = bytes.trim_ascii_start().starts_with(b"%PDF-");
    let jwt = jwt_in(bytes).ok_or("no credential (JSON Web Token) is in it")?;
    if !is_pdf && jwt.as_bytes() != bytes.trim_ascii() {
        return Err("there is more in it than a credential".into());
    }
    let parts: Vec<&str> = jwt.split('.').collect();
    let [head, body, signature] = parts[..] else { return Err("no JSON Web Token".into()) };
    let decode = |what: &str, text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|e| format!("{what}: {e}"));
    let header: Value = serde_json::from_slice(&decode("header", head)?).map_err(|e| format!("header: {e}"))?;
    if header["alg"] != "EdDSA" || header["jwk"]["crv"] != "Ed25519" {
        return Err(format!("header: alg {} with another key than Ed25519 is not known here", header["alg"]));
    }
    let key = decode("header.jwk.x", header["jwk"]["x"].as_str().unwrap_or_default())?;
    let key = <[u8; 32]>::try_from(key).ok().and_then(|k| VerifyingKey::from_bytes(&k).ok());
    let key = key.ok_or("header.jwk.x: no Ed25519 key")?;
    v.public_key = hex::encode(key.as_bytes());
    let signature = Signature::from_slice(&decode("signature", signature)?).map_err(|e| format!("signature: {e}"))?;
    let signed = format!("{head}.{body}");
    if key.verify_strict(signed.as_bytes(), &signature).is_err() {
        return Err("signature: does not fit the credential and key".into());
    }
    let credential: Value =
        serde_json::from_slice(&decode("credential", body)?).map_err(|e| format!("credential: {e}"))?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (v.id, v.issuer) = (text(&credential["id"]), text(&credential["issuer"]["id"]));
    (v.valid_from, v.achievement) =
        (text(&credential["validFrom"]), text(&credential["credentialSubject"]["achievement"]["name"]));
    v.name = credential["credentialSubject"]["identifier"]
        .as_array()
        .and_then(|all| all.iter().find(|i| i["identityType"] == "ext:name"))
        .map(|i| text(&i["identityHash"]))
        .unwrap_or_default();
    v.passed.push(format!("signed by {}", v.public_key));
    let mut mark = |holds: bool, yes: &str, no: String| match holds {
        true => v.passed.push(yes.to_owned()),
        false => v.failures.push(no),
    };
    let did = did_of(&key);
    mark(
        text(&credential["issuer"]["id"]) == did,
        "the issuer is the key that signed",
        format!("issuer.id is not {did}"),
    );
    // A time that cannot be read is never reached.
    let from = parse_time(&text(&credential["validFrom"])).unwrap_or(Timestamp::MAX);
    let claims = credential["iss"] == credential["issuer"]["id"]
        && credential["jti"] == credential["id"]
        && credential["sub"] == credential["credentialSubject"]["id"]
        && credential["nbf"].as_i64() == Some(from.unix());
    mark(claims, "the claims are the credential's", "iss, sub, jti or nbf are not those of the credential".into());
    let types = &credential["type"];
    let typed = types
        .as_array()
        .is_some_and(|t| t.iter().any(|t| t == "VerifiableCredential") && t.iter().any(|t| t == "OpenBadgeCredential"));
    let contexts = credential["@context"].as_array().is_some_and(|c| c.len() >= 2 && c[0] == CONTEXTS[0]);
    mark(
        typed && contexts,
        "it is an Open Badges 3.0 credential",
        "type or @context is not that of Open Badges 3.0".into(),
    );
    mark(from <= now, "it is in force", format!("it is not in force before {}", v.valid_from));
    match credential.get("validUntil").map(|until| parse_time(&text(until))) {
        Some(Ok(until)) if until <= now => {
            mark(false, "", format!("it was in force until {}", text(&credential["validUntil"])));
        }
        Some(Err(e)) => mark(false, "", format!("validUntil: {e}")),
        _ => {}
    }
    if let Some(issuer) = issuer {
        let same = issuer.eq_ignore_ascii_case(&v.public_key) || issuer == did;
        let (yes, no) =
            (format!("the issuer is the one given ({issuer})"), format!("signed by {}, not by {issuer}", v.public_key));
        match same {
            true => v.passed.push(yes),
            false => v.failures.push(no),
        }
    }
    if is_pdf {
        // As it is written today, or as it was when it was handed out.
        let mut same = false;
        for layout in pdf::Layout::ALL {
            same = same || to_pdf(&credential, &jwt, layout).map_err(|e| e.to_string())? == bytes;
        }
        match same {
            true => v.passed.push("the document states what the credential does".into()),
            false => v.failures.push("the document was changed: written anew from its credential it is another".into()),
        }
    }
    Ok(())
}

/// Returns the certificate as a PDF, a function of the credential and the layout alone.
fn to_pdf(credential: &Value, jwt: &str, layout: pdf::Layout) -> Result<Vec<u8>, AcademyError> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let subject = &credential["credentialSubject"];
    let named = |kind: &str| {
        let all = subject["identifier"].as_array();
        all.and_then(|a| a.iter().find(|i| i["identityType"] == kind))
            .map(|i| text(&i["identityHash"]))
            .unwrap_or_default()
    };
    let mut parts = vec![
        pdf::text("This certifies that"),
        pdf::heading(named("ext:name")),
        pdf::text(format!("of {} has completed", named("ext:agency"))),
        pdf::heading(text(&subject["achievement"]["name"])),
        pdf::text(text(&subject["achievement"]["description"])),
        pdf::text(text(&subject["narrative"])),
        pdf::heading("Results"),
    ];
    for result in subject["result"].as_array().into_iter().flatten() {
        let described = subject["achievement"]["resultDescription"].as_array().into_iter().flatten();
        let name = described.filter(|d| d["id"] == result["resultDescription"]).map(|d| text(&d["name"])).next();
        parts.push(pdf::field(&name.unwrap_or_default(), text(&result["value"])));
    }
    parts.extend([
        pdf::heading("This certificate"),
        pdf::field("Number", text(&credential["id"])),
        pdf::field("Given", text(&credential["validFrom"])),
        pdf::field(
            "Issuer",
            format!("{} ({})", text(&credential["issuer"]["name"]), text(&credential["issuer"]["id"])),
        ),
        pdf::text(
            "The signed credential (Open Badges 3.0) is attached to this document. Check it with: holdfast verify FILE",
        ),
    ]);
    let time = Timestamp::from_unix(credential["nbf"].as_i64().unwrap_or(0));
    let attached = pdf::Attached { name: "credential.jwt", media_type: "application/vc+jwt", bytes: jwt.as_bytes() };
    Ok(pdf::write_as(layout, "Certificate", &parts, time, Some(&attached))?)
}

impl Academy<'_> {
    /// Returns the key that certificates are signed with.
    #[must_use]
    pub fn issuer_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.key_ring.derive("academy-certificates", ""))
    }

    /// Issues the certificate of a session to a learner, or returns the one issued: all labs of the course passed, and four fifths of the parts attended.
    ///
    /// # Errors
    /// [`AcademyError::State`] names what is missing.
    pub fn certify(
        &self,
        session: CourseSessionId,
        learner: LearnerId,
        actor: &str,
    ) -> Result<Certificate, AcademyError> {
        let found = self.session(session)?;
        let known = self.learner(learner)?;
        let sql = "SELECT part FROM attendance WHERE session = $1 AND learner = $2 AND present = 1";
        let attended = self.read(|db| db.query(sql, &[number(session), number(learner)]))?.len() as u64;
        let course = self.course(&found.plan.course, &found.plan.lang)?;
        let results = self.results(session, learner)?;
        let parts = u64::from(found.plan.parts);
        let mut missing: Vec<String> = course
            .header
            .labs
            .iter()
            .filter(|l| !results.iter().any(|r| r.lab == **l && r.passed))
            .map(|l| format!("lab {l} is not passed"))
            .collect();
        if attended * 1000 < parts * ATTENDED {
            missing.push(format!("attended {attended} of {parts} parts; four fifths are needed"));
        }
        if !missing.is_empty() {
            return Err(AcademyError::State(missing.join("; ")));
        }
        let scores: Vec<(String, u64)> = course
            .header
            .labs
            .iter()
            .filter_map(|l| results.iter().find(|r| r.lab == *l).map(|r| (l.clone(), r.score)))
            .collect();
        let (key, site) = (self.issuer_key(), self.site.to_owned());
        let header = course.header;
        self.transact(actor, move |tx| {
            let sql = format!("{CERTIFICATE} WHERE session = $1 AND learner = $2");
            let given = tx.db().query(&sql, &[number(session), number(learner)])?;
            if let Some(given) = given.first().map(certificate).transpose()? {
                return match given.revoked {
                    None => Ok(given),
                    Some(_) => Err(AcademyError::State(format!("certificate {} was revoked", given.id))),
                };
            }
            let still = session_by(tx.db(), session)?.is_some_and(|s| s.state != SessionState::Cancelled);
            if !still || !is_enrolled(tx.db(), session, learner)? || learner_by(tx.db(), learner)?.is_none() {
                return Err(AcademyError::NotFound(format!("session {session}")));
            }
            let now = tx.now();
            let did = did_of(&key.verifying_key());
            let name = format!("{did}:{session}:{learner}");
            let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, name.as_bytes()).to_string();
            let order = Order { id: &id, did: &did, site: &site, now, scores: &scores };
            let jwt = sign(&credential(&order, &found, &known, &header), &key);
            let row = [
                id.as_str().into(),
                number(session),
                number(learner),
                header.course.as_str().into(),
                now.into(),
                jwt.as_str().into(),
            ];
            tx.db().execute(
                "INSERT INTO certificates (id, session, learner, course, issued, jwt) VALUES ($1, $2, $3, $4, $5, $6)",
                &row,
            )?;
            tx.audit(
                "certificate.given",
                &format!("certificate:{id}"),
                &json!({ "learner": learner, "session": session }).to_string(),
            );
            Ok(Certificate { id, session, learner, course: header.course, issued: now, jwt, revoked: None, why: None })
        })
    }

    /// Returns a certificate by its number.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`].
    pub fn certificate(&self, id: &str) -> Result<Certificate, AcademyError> {
        let rows = self.read(|db| db.query(&format!("{CERTIFICATE} WHERE id = $1"), &[id.into()]))?;
        let found = rows.first().map(certificate).transpose()?;
        found.ok_or_else(|| AcademyError::NotFound(format!("certificate {id}")))
    }

    /// Returns a certificate as PDF.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`]; [`AcademyError::State`] when the certificate cannot be set as a PDF.
    pub fn certificate_pdf(&self, id: &str) -> Result<Vec<u8>, AcademyError> {
        let jwt = self.certificate(id)?.jwt;
        let body = jwt.split('.').nth(1).and_then(|b| URL_SAFE_NO_PAD.decode(b).ok()).unwrap_or_default();
        let credential: Value =
            serde_json::from_slice(&body).map_err(|e| AcademyError::State(format!("certificate {id}: {e}")))?;
        to_pdf(&credential, &jwt, pdf::Layout::ALL[0])
    }

    /// Revokes a certificate.
    ///
    /// # Errors
    /// [`AcademyError::NotFound`]; [`AcademyError::Invalid`] for a wrong reason.
    pub fn revoke_certificate(&self, id: &str, why: &str, actor: &str) -> Result<(), AcademyError> {
        if why.trim().is_empty() || why.len() > 1_000 {
            return Err(invalid("why", "state a reason, in at most 1000 bytes".into()));
        }
        self.certificate(id)?;
        let (id, why) = (id.to_owned(), why.to_owned());
        self.transact(actor, move |tx| {
            let now = tx.now();
            let row = [now.into(), why.as_str().into(), id.as_str().into()];
            tx.db()
                .execute("UPDATE certificates SET revoked = $1, why = $2 WHERE id = $3 AND revoked IS NULL", &row)?;
            tx.audit("certificate.revoked", &format!("certificate:{id}"), &json!({ "why": why }).to_string());
            Ok(())
        })
    }

    /// Returns the list of certificates that were revoked (1EdTech Revocation List Status Method 1.0), which credentials point to.
    ///
    /// # Errors
    /// [`AcademyError`] when the database cannot be read.
    pub fn revocations(&self) -> Result<Value, AcademyError> {
        let rows = self.read(|db| {
            db.query("SELECT id, why FROM certificates WHERE revoked IS NOT NULL ORDER BY revoked, id", &[])
        })?;
        let mut revoked = Vec::new();
        for row in &rows {
            revoked.push(json!({ "id": format!("urn:uuid:{}", row.text(0)?), "revoked": true, "revocationReason": row.text_or_null(1) }));
        }
        Ok(json!({
            "id": format!("{}/academy/revocations", self.site),
            "issuer": did_of(&self.issuer_key().verifying_key()),
            "revokedCredential": revoked,
        }))
    }
}

const CERTIFICATE: &str = "SELECT id, session, learner, course, issued, jwt, revoked, why FROM certificates";

fn certificate(row: &holdfast_store::Row) -> Result<Certificate, holdfast_store::DbError> {
    Ok(Certificate {
        id: row.text(0)?.to_owned(),
        session: row.number(1)?,
        learner: row.number(2)?,
        course: row.text(3)?.to_owned(),
        issued: row.time(4)?,
        jwt: row.text(5)?.to_owned(),
        revoked: row.time_or_null(6),
        why: row.text_or_null(7).map(str::to_owned),
    })
}

struct Order<'a> {
    id: &'a str,
    did: &'a str,
    site: &'a str,
    now: Timestamp,
    scores: &'a [(String, u64)],
}

fn credential(order: &Order<'_>, session: &Session, learner: &Learner, course: &crate::course::Header) -> Value {
    let (urn, when) = (format!("urn:uuid:{}", order.id), order.now.rfc3339());
    // A pseudonym: whoever checks the certificate does not learn the address.
    let hash = hex::encode(Sha256::digest(format!("{}{}", learner.who.email, order.id)));
    let subject = format!("urn:uuid:{}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, hash.as_bytes()));
    let lab_id = |lab: &str| format!("{}/academy/labs/{lab}", order.site);
    let identity = |kind: &str, value: &str| json!({ "type": "IdentityObject", "hashed": false, "identityHash": value, "identityType": kind });
    let title = |lab: &str| crate::labs::lab(lab).map_or(lab.to_owned(), |l| l.title.to_owned());
    let mode = match session.plan.mode {
        crate::classes::Mode::InPerson => "in person",
        crate::classes::Mode::Online => "online",
    };
    let narrative = format!(
        "{} hours, {mode}, {} to {}, taught by {}.",
        course.hours,
        session.plan.starts.rfc3339().get(..10).unwrap_or_default(),
        session.plan.ends.rfc3339().get(..10).unwrap_or_default(),
        session.plan.trainer
    );
    let descriptions: Vec<Value> = order
        .scores
        .iter()
        .map(|(lab, _)| {
            json!({
                "id": lab_id(lab), "type": ["ResultDescription"], "name": title(lab), "resultType": "Percent",
                "valueMin": "0", "valueMax": "100", "requiredValue": "70",
            })
        })
        .collect();
    let results: Vec<Value> = order
        .scores
        .iter()
        .map(|(lab, score)| json!({ "type": ["Result"], "resultDescription": lab_id(lab), "value": format!("{}.{}", score / 10, score % 10) }))
        .collect();
    json!({
        "@context": CONTEXTS,
        "id": urn,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": course.title,
        "issuer": { "id": order.did, "type": ["Profile"], "name": "Holdfast Academy", "url": order.site },
        "validFrom": when,
        "awardedDate": when,
        "credentialSubject": {
            "id": subject,
            "type": ["AchievementSubject"],
            "identifier": [
                identity("ext:name", &learner.who.name),
                identity("ext:agency", &learner.who.agency),
                { "type": "IdentityObject", "hashed": true, "identityHash": format!("sha256${hash}"), "identityType": "emailAddress", "salt": order.id },
            ],
            "activityStartDate": session.plan.starts.rfc3339(),
            "activityEndDate": session.plan.ends.rfc3339(),
            "narrative": narrative,
            "result": results,
            "achievement": {
                "id": format!("{}/academy/courses/{}", order.site, course.course),
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": course.title,
                "description": course.summary,
                "version": course.version.to_string(),
                "inLanguage": course.lang,
                "criteria": { "narrative": "All labs of the course passed with 70 percent or more, and four fifths of the parts attended where attendance is noted." },
                "resultDescription": descriptions,
            },
        },
        "credentialStatus": { "id": format!("{}/academy/revocations", order.site), "type": "1EdTechRevocationList" },
        "iss": order.did,
        "jti": urn,
        "nbf": order.now,
        "sub": subject,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(name: &str, until: Option<&str>) -> (Value, String) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let did = did_of(&key.verifying_key());
        let mut credential = json!({
            "@context": CONTEXTS, "id": "urn:uuid:1", "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": { "id": did, "name": "Holdfast Academy" }, "validFrom": "2026-09-21T08:00:00Z",
            "credentialSubject": {
                "id": "urn:uuid:2",
                "identifier": [
                    { "identityType": "ext:name", "identityHash": name },
                    { "identityType": "ext:agency", "identityHash": "شرطة" },
                ],
                "achievement": { "name": "Tracing payments", "description": "d" },
            },
            "iss": did, "jti": "urn:uuid:1", "sub": "urn:uuid:2", "nbf": 1_789_977_600,
        });
        if let Some(until) = until {
            credential["validUntil"] = json!(until);
        }
        let jwt = sign(&credential, &key);
        (credential, jwt)
    }

    #[test]
    fn certificates_of_every_layout_verify_and_changed_ones_do_not() {
        for name in ["Inés Prado", "王小明", "محمد علي", "प्रिया"] {
            let (credential, jwt) = signed(name, None);
            let written = pdf::Layout::ALL.map(|l| to_pdf(&credential, &jwt, l).unwrap());
            assert_ne!(written[0], written[1]);
            for mut bytes in written {
                let found = verify(&bytes, None, Timestamp::from_unix(1_800_000_000));
                assert!(found.holds() && found.name == name, "{found:?}");
                let last = bytes.len() - 10;
                bytes[last] ^= 1;
                assert!(!verify(&bytes, None, Timestamp::from_unix(1_800_000_000)).holds());
            }
        }
    }

    #[test]
    fn an_end_that_no_calendar_has_is_no_end_at_all() {
        let fails = |until: &str| {
            verify(signed("A", Some(until)).1.as_bytes(), None, Timestamp::from_unix(1_800_000_000)).failures
        };
        assert!(fails("2027-09-21T08:00:00Z").is_empty());
        assert!(fails("2026-12-31T08:00:00Z")[0].contains("in force until"));
        assert!(fails("2028-02-31T08:00:00Z")[0].starts_with("validUntil: '2028-02-31T08:00:00Z' is no date"));
    }

    #[test]
    fn did_keys_are_those_of_the_specification() {
        // W3C CCG, The did:key Method, section 3.1.1: seed of zeros but its number.
        let key = SigningKey::from_bytes(&[0; 32]);
        assert_eq!(did_of(&key.verifying_key()), "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
    }
}
