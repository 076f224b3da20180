//! Making a production: what was approved is read, checked against the order, packed with a certificate, signed, encrypted and stored.

use super::{
    Content, CustomerContent, FETCH, FORMAT, MAX_SHEET, Manifest, Production, TableContent, csv_of, encrypt, failed,
    folder, outside, pack, signing_key, spreadsheet,
};
use crate::carry_out::accepted;
use crate::disclose::{Data, Table, data};
use crate::intake::{RequestState, Stored, by_id, known};
use crate::letters::{self, Letter};
use crate::policy::Judgement;
use crate::portal::OfficerState;
use crate::request::{DataClass, Kind};
use crate::{Desk, RequestError};
use ed25519_dalek::{Signer as _, SigningKey};
use holdfast_documents::pdf::{self, Part, field, heading, text};
use holdfast_documents::sha256;
use holdfast_identity::{KeyRing, Signer};
use holdfast_screening::service::Transaction;
use holdfast_store::{number, parse};
use holdfast_types::Timestamp;
use holdfast_types::ids::ProductionId;
use serde_json::json;
use std::collections::BTreeMap;

/// Most problems of balances that a refusal lists.
const MAX_PROBLEMS: usize = 5;
/// What the custodian of records declares.
const DECLARATION: &str = "The records listed below are copies of records that were made at or near the time of the events they describe, by or from \
    information of persons or systems with knowledge of them, and kept in the course of regularly conducted business. They were \
    taken out by an electronic process and are identified by the hash values below. The manifest that lists them is signed; \
    `holdfast verify` checks the package offline. Times are UTC; amounts are whole base units (satoshi, wei).";

/// Files of a package by name.
type Files = BTreeMap<String, Vec<u8>>;

fn refused(id: &str, why: impl std::fmt::Display) -> RequestError {
    RequestError::State(format!("request {id}: {why}"))
}

fn hashes(files: &Files) -> BTreeMap<String, String> {
    files.iter().map(|(name, bytes)| (name.clone(), sha256(bytes))).collect()
}

/// What signs a production. Its key is fixed before the manifest that names it is written: a rotation in between changes nothing.
enum Signing<'a> {
    /// A key derived from the desk's.
    Derived(SigningKey),
    /// A key outside of this process, by its number, with its public key.
    Outside(&'a dyn Signer, u32, [u8; 32]),
}

impl<'a> Signing<'a> {
    fn of(ring: &'a KeyRing, id: &str) -> Result<Self, RequestError> {
        match ring.signer() {
            None => Ok(Signing::Derived(signing_key(ring))),
            Some(signer) => {
                let (number, public_key) = signer.current().map_err(|e| unsigned(id, e))?;
                Ok(Signing::Outside(signer, number, public_key))
            }
        }
    }

    fn public_key(&self) -> [u8; 32] {
        match self {
            Signing::Derived(key) => key.verifying_key().to_bytes(),
            Signing::Outside(_, _, public_key) => *public_key,
        }
    }

    fn sign(&self, id: &str, message: &[u8]) -> Result<[u8; 64], RequestError> {
        match self {
            Signing::Derived(key) => Ok(key.sign(message).to_bytes()),
            Signing::Outside(signer, number, _) => signer.sign(*number, message).map_err(|e| unsigned(id, e)),
        }
    }
}

/// What cannot be signed is not handed out.
fn unsigned(id: &str, why: impl std::fmt::Display) -> RequestError {
    refused(id, format!("nothing is produced, because it cannot be signed: {why}"))
}

/// What two people approved, as far as today's policy still opens it, with the data of the customers who were accepted.
struct Approved {
    at: Stored,
    judgement: Judgement,
    customers: Vec<Data>,
    now: Timestamp,
}

impl Approved {
    fn id(&self) -> &str {
        &self.at.request.id
    }

    /// The declaration states to a court that the records are true; contradictory records are not signed.
    fn check_balances(&self) -> Result<(), RequestError> {
        let problems: Vec<&str> = self.customers.iter().flat_map(|c| &c.problems).map(String::as_str).collect();
        if problems.is_empty() {
            return Ok(());
        }
        let more = match problems.len().saturating_sub(MAX_PROBLEMS) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let shown: Vec<&str> = problems.into_iter().take(MAX_PROBLEMS).collect();
        Err(refused(
            self.id(),
            format!(
                "the balances do not reconcile, so nothing is signed: {}{more}; send what is missing, or answer without balances",
                shown.join("; ")
            ),
        ))
    }

    fn content(&self) -> Content {
        let table = |t: &Table| {
            let t = t.clone();
            TableContent { name: t.name, class: t.class, columns: t.columns, rows: t.rows }
        };
        let customer = |c: &Data| CustomerContent {
            customer: c.customer.clone(),
            tables: c.tables.iter().map(table).collect(),
            notes: c.notes.clone(),
        };
        Content {
            request: self.id().to_owned(),
            reference: self.at.request.reference.clone(),
            created: self.now.rfc3339(),
            classes: self.judgement.granted.clone(),
            customers: self.customers.iter().map(customer).collect(),
        }
    }

    /// Returns the files of data; refuses a row that the order does not cover.
    fn data_files(&self) -> Result<Files, RequestError> {
        let mut files = Files::new();
        for (i, c) in self.customers.iter().enumerate() {
            for t in &c.tables {
                files.insert(format!("{}/{}.csv", folder(i, &c.customer), t.name), csv_of(&t.columns, &t.rows)?);
            }
        }
        let content = self.content();
        let scope = &self.at.request.scope;
        if let Some(row) = content.customers.iter().flat_map(|c| &c.tables).find_map(|t| outside(scope, t)) {
            return Err(refused(self.id(), format!("{row}; nothing is signed")));
        }
        files.insert("production.json".into(), serde_json::to_vec_pretty(&content).map_err(failed)?);
        files.insert("production.xlsx".into(), spreadsheet(&self.customers, self.now, MAX_SHEET)?);
        Ok(files)
    }

    /// Returns the certificate of authenticity, for the custodian of records to sign by hand.
    fn certificate(&self, files: &Files, public_key: &str, custodian: &str) -> Vec<Part> {
        let (request, judgement) = (&self.at.request, &self.judgement);
        let classes: Vec<&str> = judgement.granted.iter().map(|c| c.name()).collect();
        let mut parts = vec![
            field("Authority", format!("{} ({})", request.officer.agency, request.officer.country)),
            field("Its reference", request.reference.clone()),
            field("Legal process", format!("{} ({})", judgement.title, judgement.process)),
            field("Request", self.id()),
            field("Classes of data", classes.join(", ")),
        ];
        parts.extend(request.scope.lines().into_iter().map(|(name, limit)| field(name, limit)));
        parts.extend([
            field("Made", self.now.rfc3339()),
            field("Signing key (Ed25519)", public_key),
            text(DECLARATION),
            heading("What is given"),
        ]);
        for (i, c) in self.customers.iter().enumerate() {
            let rows: Vec<String> = c.tables.iter().map(|t| format!("{} {}", t.name, t.rows.len())).collect();
            parts.push(field(&folder(i, &c.customer), format!("{} (rows: {})", c.customer, rows.join(", "))));
            parts.extend(c.notes.iter().map(|n| text(n.clone())));
        }
        parts.push(heading("Files and their SHA-256"));
        parts.extend(hashes(files).iter().map(|(name, hash)| Part::Small(format!("{hash}  {name}"))));
        parts.push(heading("Signature"));
        parts.push(field("Custodian of records", custodian));
        parts.push(text("I declare that the above is true.\n\n\nDate and signature: ______________________________"));
        parts
    }

    fn manifest(&self, files: &Files, public_key: String) -> Manifest {
        let request = &self.at.request;
        Manifest {
            format: FORMAT.into(),
            request: self.id().to_owned(),
            reference: request.reference.clone(),
            process: self.judgement.process.clone(),
            agency: request.officer.agency.clone(),
            classes: self.judgement.granted.clone(),
            scope: request.scope.clone(),
            created: self.now.rfc3339(),
            public_key,
            files: hashes(files),
        }
    }

    /// Returns the signed package, before encryption.
    fn package(&self, key: &Signing<'_>, custodian: &str) -> Result<Vec<u8>, RequestError> {
        let public_key = hex::encode(key.public_key());
        let mut files = self.data_files()?;
        let certificate = self.certificate(&files, &public_key, custodian);
        files.insert("certificate.pdf".into(), pdf::write("Certificate of authenticity", &certificate, self.now)?);
        let manifest = serde_json::to_vec_pretty(&self.manifest(&files, public_key)).map_err(failed)?;
        files.insert("manifest.sig".into(), key.sign(self.id(), &manifest)?.to_vec());
        files.insert("manifest.json".into(), manifest);
        pack(&files)
    }
}

/// Database row of a production that was made.
struct Made {
    request: String,
    /// The authority's reference.
    reference: String,
    /// Mail address of the officer.
    to: String,
    sha256: String,
    size: u64,
    plain_sha256: String,
    classes: Vec<DataClass>,
    customers: Vec<String>,
    recipients: Vec<String>,
}

impl Made {
    fn store(self, tx: &mut Transaction<'_>) -> Result<Production, RequestError> {
        let (id, now) = (tx.next_id("productions")?, tx.now());
        let made = Production {
            id: ProductionId::new(id.unsigned_abs()),
            request: self.request,
            created: now,
            created_by: tx.actor().to_owned(),
            sha256: self.sha256,
            size: self.size,
            plain_sha256: self.plain_sha256,
            classes: self.classes,
            customers: self.customers,
            recipients: self.recipients,
            expires: now + FETCH,
            downloads: Vec::new(),
        };
        let row = [
            id.into(),
            made.request.as_str().into(),
            now.into(),
            made.created_by.as_str().into(),
            made.sha256.as_str().into(),
            number(made.size),
            made.plain_sha256.as_str().into(),
            json!(made.classes).to_string().into(),
            json!(made.customers).to_string().into(),
            json!(made.recipients).to_string().into(),
            made.expires.into(),
        ];
        tx.db().execute(
            "INSERT INTO productions (id, request, created, created_by, sha256, size, plain_sha256, classes, customers, recipients, expires)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            &row,
        )?;
        let subject = format!("request:{}", made.request);
        let until = made.expires.rfc3339();
        letters::write(tx, &self.to, Letter::Fetchable(&self.reference, &until), &subject)?;
        tx.audit("production.made", &subject, &json!(made).to_string());
        Ok(made)
    }
}

impl Desk<'_> {
    /// Creates the production of a granted request for data: exactly the classes that were approved, of exactly the customers that were accepted.
    /// It is encrypted to the officer's keys, or to `recipients` if the officer sent them in another way.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] when there is no such request, [`RequestError::Invalid`] names a recipient that is no key,
    /// [`RequestError::State`] when nothing is granted, no key is known, or the data contradict the order or themselves.
    pub fn produce(&self, id: &str, recipients: &[String], actor: &str) -> Result<Production, RequestError> {
        let now = self.screening.now();
        let at = known(self.read(|db| by_id(db, id, now))?, id)?;
        let granted = matches!(at.outcome.as_deref(), Some("granted" | "partly"));
        if at.state != RequestState::Answered || !granted {
            return Err(refused(id, "it is not granted; a second person approves it first"));
        }
        if !matches!(at.request.kind, Kind::Information | Kind::EmergencyDisclosure) {
            return Err(refused(id, "only requests for information are answered with data"));
        }
        let keys = self.production_keys(&at, recipients)?;
        let signing = Signing::of(self.key_ring, id)?;
        let approved = self.approved_data(at, now)?;
        approved.check_balances()?;
        let package = approved.package(&signing, actor)?;
        let sealed = encrypt(&package, &keys)?;
        let request = approved.at.request;
        let made = Made {
            request: request.id,
            reference: request.reference,
            to: request.officer.email,
            sha256: self.vault.store(&sealed)?,
            size: sealed.len() as u64,
            plain_sha256: sha256(&package),
            classes: approved.judgement.granted,
            customers: approved.customers.into_iter().map(|c| c.customer).collect(),
            recipients: keys,
        };
        self.transact(actor, move |tx| made.store(tx))
    }

    /// Returns the keys that a production is encrypted to.
    fn production_keys(&self, at: &Stored, recipients: &[String]) -> Result<Vec<String>, RequestError> {
        if !recipients.is_empty() {
            return Ok(recipients.to_vec());
        }
        let email = at.request.officer.email.to_lowercase();
        let officer = self.officers(Some(OfficerState::Approved))?.into_iter().find(|o| o.email == email);
        officer.map(|o| o.recipients).filter(|keys| !keys.is_empty()).ok_or_else(|| {
            let why = "no key of the officer is known; the officer names one in the portal, or give recipients";
            refused(&at.request.id, why)
        })
    }

    fn approved_data(&self, at: Stored, now: Timestamp) -> Result<Approved, RequestError> {
        let id = at.request.id.as_str();
        let mut judgement = self.policy.judge(&at.request)?;
        let sql = "SELECT COALESCE(granted, '[]') FROM requests WHERE id = $1";
        let rows = self.read(|db| db.query(sql, &[id.into()]))?;
        let approved: Vec<DataClass> = rows.first().map_or(Ok(Vec::new()), |r| parse("classes", r.text(0)?))?;
        judgement.granted.retain(|c| approved.contains(c));
        if judgement.granted.is_empty() {
            return Err(refused(id, "the approved answer opens no class of data"));
        }
        let scope = &at.request.scope;
        let customers: Vec<Data> =
            self.read(|db| accepted(db, id)?.iter().map(|c| data(db, c, &judgement.granted, scope)).collect())?;
        if customers.is_empty() {
            return Err(refused(id, "the match of no customer was accepted; there is nothing to produce"));
        }
        Ok(Approved { at, judgement, customers, now })
    }
}
