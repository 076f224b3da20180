//! Productions: the approved classes of data of the accepted customers, packed so that a court can check them and only the officer can read them.
//!
//! A package is a ZIP file of `production.json`, `production.xlsx`, `CUSTOMER/TABLE.csv`, `certificate.pdf` and `manifest.json`, which lists the
//! SHA-256 of the others and is signed in `manifest.sig` (Ed25519, RFC 8032). The package is encrypted to the officer's keys (age). Entries are
//! in name order with fixed times, so that the same content makes the same bytes.

use crate::Desk;
use crate::RequestError;
use crate::disclose::{Data, Table};
use crate::intake::{by_id, known};
use crate::request::DataClass;
use crate::scope::OrderScope;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use holdfast_analysis::bundle::Verification;
use holdfast_identity::KeyRing;
use holdfast_input::time::parse as parse_time;
use holdfast_store::{DbError, Row, number, parse};
use holdfast_types::ids::ProductionId;
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

mod make;

/// How long a production can be fetched.
pub const FETCH: Seconds = Seconds::days(30);
/// Most entries of a package.
const MAX_ENTRIES: usize = 10_000;
/// Largest package once unpacked, in bytes.
const MAX_UNPACKED: u64 = 1 << 30;
/// Largest sheet of a spreadsheet, in rows (ECMA-376 allows 1,048,576).
const MAX_SHEET: usize = 1_000_000;

/// A production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Production {
    /// Number.
    pub id: ProductionId,
    /// Request.
    pub request: String,
    /// Unix seconds.
    pub created: Timestamp,
    /// Creator.
    pub created_by: String,
    /// SHA-256 of the encrypted package.
    pub sha256: String,
    /// Its bytes.
    pub size: u64,
    /// SHA-256 of the package before encryption.
    pub plain_sha256: String,
    /// Classes of data in it.
    pub classes: Vec<DataClass>,
    /// Customers in it.
    pub customers: Vec<String>,
    /// Keys that open it (age).
    pub recipients: Vec<String>,
    /// When it can be fetched no more.
    pub expires: Timestamp,
    /// Who fetched it, when.
    pub downloads: Vec<Download>,
}

/// A fetch of a production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Download {
    /// Unix seconds.
    pub time: Timestamp,
    /// Who.
    pub who: String,
}

/// The signed list of a package's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    /// `holdfast-production/1`.
    format: String,
    request: String,
    reference: String,
    process: String,
    agency: String,
    classes: Vec<DataClass>,
    /// What the order is limited to.
    #[serde(default, skip_serializing_if = "OrderScope::is_whole")]
    scope: OrderScope,
    created: String,
    /// Ed25519, hex.
    public_key: String,
    /// SHA-256 by name.
    files: BTreeMap<String, String>,
}

/// `production.json`.
#[derive(Serialize, Deserialize)]
struct Content {
    request: String,
    reference: String,
    created: String,
    classes: Vec<DataClass>,
    customers: Vec<CustomerContent>,
}

#[derive(Serialize, Deserialize)]
struct CustomerContent {
    customer: String,
    tables: Vec<TableContent>,
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct TableContent {
    name: String,
    class: DataClass,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

const FORMAT: &str = "holdfast-production/1";
const COLUMNS: &str = "SELECT id, request, created, created_by, sha256, size, plain_sha256, classes, customers, recipients, expires FROM productions";

fn production(row: &Row) -> Result<Production, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Production {
        id: row.number(0)?,
        request: text(1)?,
        created: row.time(2)?,
        created_by: text(3)?,
        sha256: text(4)?,
        size: row.number(5)?,
        plain_sha256: text(6)?,
        classes: parse("classes", row.text(7)?)?,
        customers: parse("customers", row.text(8)?)?,
        recipients: parse("recipients", row.text(9)?)?,
        expires: row.time(10)?,
        downloads: Vec::new(),
    })
}

fn failed(what: impl std::fmt::Display) -> RequestError {
    RequestError::State(format!("production: {what}"))
}

/// A customer's id as a folder name: what is not plain becomes `_`, and a number makes it unique.
fn folder(i: usize, customer: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    format!("{:03}-{}", i + 1, customer.chars().take(60).map(plain).collect::<String>())
}

fn csv_of(columns: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>, RequestError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(columns).map_err(failed)?;
    rows.iter().try_for_each(|r| writer.write_record(r)).map_err(failed)?;
    writer.into_inner().map_err(failed)
}

/// All customers' rows of a table on one sheet, with the customer in the first column.
fn spreadsheet(customers: &[Data], created: Timestamp, most: usize) -> Result<Vec<u8>, RequestError> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let date = rust_xlsxwriter::ExcelDateTime::from_timestamp(created.unix()).map_err(failed)?;
    book.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&date));
    let bold = rust_xlsxwriter::Format::new().set_bold();
    let mut names: Vec<&str> = Vec::new();
    for t in customers.iter().flat_map(|c| &c.tables) {
        if !names.contains(&t.name.as_str()) {
            names.push(&t.name);
        }
    }
    for name in names {
        let tables: Vec<(&Data, &Table)> =
            customers.iter().flat_map(|c| c.tables.iter().filter(|t| t.name == name).map(move |t| (c, t))).collect();
        let rows: Vec<(&String, &Vec<String>)> =
            tables.iter().flat_map(|(c, t)| t.rows.iter().map(move |r| (&c.customer, r))).collect();
        let columns = tables.first().map_or(&[][..], |(_, t)| &t.columns);
        // What one sheet cannot hold goes on in further ones.
        let parts = rows.len().div_ceil(most).max(1);
        for part in 0..parts {
            let title = if part == 0 { name.to_owned() } else { format!("{name} {}", part + 1) };
            let sheet = book.add_worksheet().set_name(&title).map_err(failed)?;
            for (i, column) in std::iter::once("customer").chain(columns.iter().map(String::as_str)).enumerate() {
                let at = u16::try_from(i).map_err(failed)?;
                sheet.write_string_with_format(0, at, column, &bold).map_err(failed)?;
            }
            sheet.set_freeze_panes(1, 0).map_err(failed)?;
            for (at, (customer, row)) in rows.iter().skip(part * most).take(most).enumerate() {
                // As text: amounts have more digits than a spreadsheet's numbers, and what people typed must not run as a formula.
                // A cell that is too long for the format is an error, not a shorter cell.
                for (i, cell) in std::iter::once(*customer).chain(row.iter()).enumerate() {
                    let (line, column) = (u32::try_from(at + 1), u16::try_from(i));
                    sheet.write_string(line.map_err(failed)?, column.map_err(failed)?, cell).map_err(failed)?;
                }
            }
        }
    }
    book.save_to_buffer().map_err(failed)
}

/// Tables of what happened, with the column of its time; other tables list what is on file.
const HAPPENED: [(&str, &str); 4] =
    [("access", "time"), ("transactions", "time"), ("balances", "time"), ("holds", "placed")];

/// Returns a description of the first row of a table that is outside an order's scope.
fn outside(scope: &OrderScope, table: &TableContent) -> Option<String> {
    let column = |name: &str| table.columns.iter().position(|c| c == name);
    let happened = HAPPENED.iter().find(|h| h.0 == table.name).map(|h| h.1);
    let time = column(happened.unwrap_or("time")).filter(|_| table.name != "subscriber");
    // A hold on the whole customer, or on all assets, covers what the order names.
    let (covers_all, own) = (table.name == "holds", table.name == "accounts");
    let (account, asset) = (column(if own { "id" } else { "account" }), column("asset"));
    table.rows.iter().enumerate().find_map(|(i, row)| {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).map(String::as_str);
        let when = cell(time).map(|t| parse_time(t).ok());
        let in_time = match (when, happened) {
            (None, _) => true,
            (Some(None), _) => false,
            (Some(Some(t)), Some(_)) => scope.covers_time(t),
            (Some(Some(t)), None) => scope.was_on_file(t),
        };
        let named = |text: Option<&str>| text.filter(|t| !t.is_empty() || !covers_all).map(str::to_owned);
        let in_account = account.is_none() || named(cell(account)).is_none_or(|a| scope.covers_account(Some(&a)));
        let in_asset = cell(asset).filter(|a| !a.is_empty()).is_none_or(|a| scope.covers_asset(Some(a)));
        let what = [(in_time, "period"), (in_account, "accounts"), (in_asset, "assets")];
        let what = what.iter().find(|(within, _)| !within)?.1;
        Some(format!("{}: row {} is outside of the order's {what}", table.name, i + 1))
    })
}

/// Packs files by name.
fn pack(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, RequestError> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .unix_permissions(0o600);
    for (name, bytes) in files {
        zip.start_file(name.as_str(), options).map_err(failed)?;
        zip.write_all(bytes).map_err(failed)?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}

/// Encrypts to age recipients.
///
/// # Errors
/// [`Invalid`] names the recipient that is none.
pub fn encrypt(bytes: &[u8], recipients: &[String]) -> Result<Vec<u8>, RequestError> {
    let parse = |(i, r): (usize, &String)| {
        r.parse::<age::x25519::Recipient>()
            .map_err(|e| Invalid::new(&format!("recipients[{i}]"), format!("no age recipient (age1...): {e}")))
    };
    let keys: Vec<age::x25519::Recipient> = recipients.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    let encryptor = age::Encryptor::with_recipients(keys.iter().map(|k| k as &dyn age::Recipient)).map_err(failed)?;
    let mut out = Vec::with_capacity(bytes.len() + 1024);
    let mut writer = encryptor.wrap_output(&mut out).map_err(failed)?;
    writer.write_all(bytes).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}

/// Returns whether bytes are encrypted with age.
pub fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/v1")
}

/// Opens what was encrypted, with an identity (`AGE-SECRET-KEY-1...`; the text of a key file, whose comments are skipped).
///
/// # Errors
/// A description of the cause.
pub fn decrypt(bytes: &[u8], identities: &str) -> Result<Vec<u8>, String> {
    let keys = identities.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let keys: Vec<age::x25519::Identity> =
        keys.map(|k| k.parse().map_err(|e: &str| format!("identity: {e}"))).collect::<Result<_, _>>()?;
    let decryptor = age::Decryptor::new(bytes).map_err(|e| e.to_string())?;
    let reader = decryptor.decrypt(keys.iter().map(|k| k as &dyn age::Identity)).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    reader.take(MAX_UNPACKED).read_to_end(&mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

/// Reads a package's files, bounded.
fn unpack(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| format!("no package: {e}"))?;
    if zip.len() > MAX_ENTRIES {
        return Err(format!("{} entries; a package has {MAX_ENTRIES} at most", zip.len()));
    }
    let (mut files, mut total) = (BTreeMap::new(), 0u64);
    for i in 0..zip.len() {
        let entry = zip.by_index(i).map_err(|e| e.to_string())?;
        let name = entry.name().map_err(|e| e.to_string())?.into_owned();
        let mut content = Vec::new();
        entry.take(MAX_UNPACKED - total + 1).read_to_end(&mut content).map_err(|e| format!("{name}: {e}"))?;
        total += content.len() as u64;
        if total > MAX_UNPACKED {
            return Err(format!("more than {MAX_UNPACKED} bytes unpacked"));
        }
        if files.insert(name.clone(), content).is_some() {
            return Err(format!("{name} is there twice"));
        }
    }
    Ok(files)
}

/// Checks a package offline: the signature, every file's hash, that nothing is missing or added, that only the stated classes are in it, and
/// that the CSV files agree with `production.json`. With `signer` (hex), the signature must be by that key.
pub fn verify(bytes: &[u8], signer: Option<&str>) -> Verification {
    let mut v = Verification::default();
    if let Err(e) = verify_into(bytes, signer, &mut v) {
        v.failures.push(e);
    }
    v
}

fn verify_into(bytes: &[u8], signer: Option<&str>, v: &mut Verification) -> Result<(), String> {
    let mut files = unpack(bytes)?;
    let mut take = |name: &str| files.remove(name).ok_or_else(|| format!("{name} is missing"));
    let (listed, signature) = (take("manifest.json")?, take("manifest.sig")?);
    let manifest: Manifest = serde_json::from_slice(&listed).map_err(|e| format!("manifest.json: {e}"))?;
    v.public_key = manifest.public_key.clone();
    v.created = manifest.created.clone();
    if manifest.format != FORMAT {
        return Err(format!("manifest.json: format {}, this program knows {FORMAT}", manifest.format));
    }
    if signer.is_some_and(|s| !s.eq_ignore_ascii_case(&manifest.public_key)) {
        v.failures.push(format!("manifest.json: signed by {}, not by the key given", manifest.public_key));
    }
    let key = hex::decode(&manifest.public_key).ok().and_then(|k| <[u8; 32]>::try_from(k).ok());
    let key =
        key.and_then(|k| VerifyingKey::from_bytes(&k).ok()).ok_or("manifest.json: public_key is no Ed25519 key")?;
    let signed = Signature::from_slice(&signature).map_err(|e| format!("manifest.sig: {e}"))?;
    match key.verify_strict(&listed, &signed) {
        Ok(()) => v.passed.push(format!("manifest is signed by {}", manifest.public_key)),
        Err(_) => v.failures.push("manifest.sig: does not fit the manifest and key".into()),
    }
    let before = v.failures.len();
    for (name, hash) in &manifest.files {
        match files.get(name).map(|b| holdfast_documents::sha256(b)) {
            None => v.failures.push(format!("{name} is missing")),
            Some(found) if found != *hash => v.failures.push(format!("{name}: was changed (SHA-256 {found})")),
            Some(_) => {}
        }
    }
    for name in files.keys().filter(|n| !manifest.files.contains_key(*n)) {
        v.failures.push(format!("{name}: is not in the manifest"));
    }
    if v.failures.len() == before {
        v.passed.push(format!("{} files are as the manifest lists them", manifest.files.len()));
    }
    let content = files.get("production.json").ok_or("production.json is missing")?;
    let content: Content = serde_json::from_slice(content).map_err(|e| format!("production.json: {e}"))?;
    let before = v.failures.len();
    if !manifest.scope.is_whole() {
        let tables = content.customers.iter().flat_map(|c| &c.tables);
        v.failures.extend(tables.filter_map(|t| outside(&manifest.scope, t)).take(100));
        if v.failures.len() == before {
            let limits: Vec<String> = manifest.scope.lines().iter().map(|(n, t)| format!("{n} {t}")).collect();
            v.passed.push(format!("nothing is outside of what the order is limited to: {}", limits.join("; ")));
        }
    }
    let before = v.failures.len();
    for (i, c) in content.customers.iter().enumerate() {
        for t in &c.tables {
            if !manifest.classes.contains(&t.class) {
                v.failures.push(format!("{}: class {} was not approved", t.name, t.class.name()));
            }
            let name = format!("{}/{}.csv", folder(i, &c.customer), t.name);
            let same = csv_of(&t.columns, &t.rows).ok().as_ref() == files.get(&name);
            if !same {
                v.failures.push(format!("{name}: differs from production.json"));
            }
        }
    }
    if v.failures.len() == before {
        let tables: usize = content.customers.iter().map(|c| c.tables.len()).sum();
        v.passed.push(format!(
            "{tables} tables of {} customers agree and are of approved classes",
            content.customers.len()
        ));
    }
    v.claims.push(format!("the records are complete and true: certificate.pdf for request {}", manifest.reference));
    Ok(())
}

/// Returns the key derived from the desk's that signs records of scans, and productions where nothing else signs them ([`KeyRing::signer`]).
pub fn signing_key(key_ring: &KeyRing) -> SigningKey {
    SigningKey::from_bytes(&key_ring.derive("production-signing", ""))
}

impl Desk<'_> {
    /// Returns productions of a request with who fetched them; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown request.
    pub fn productions(&self, id: &str, actor: &str) -> Result<Vec<Production>, RequestError> {
        let now = self.screening.now();
        known(self.read(|db| by_id(db, id, now))?, id)?;
        self.note_look("production.listed", &format!("request:{id}"), actor)?;
        self.list_productions(id)
    }

    fn list_productions(&self, id: &str) -> Result<Vec<Production>, RequestError> {
        self.read(|db| {
            let rows = db.query(&format!("{COLUMNS} WHERE request = $1 ORDER BY id LIMIT 1000"), &[id.into()])?;
            let mut list: Vec<Production> = rows.iter().map(production).collect::<Result<_, _>>()?;
            for p in &mut list {
                let sql = "SELECT time, who FROM production_downloads WHERE production = $1 ORDER BY id LIMIT 1000";
                let rows = db.query(sql, &[number(p.id)])?;
                let download = |r: &Row| Ok(Download { time: r.time(0)?, who: r.text(1)?.to_owned() });
                p.downloads = rows.iter().map(download).collect::<Result<_, DbError>>()?;
            }
            Ok(list)
        })
    }

    /// Returns an officer's own productions of a request.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over; [`RequestError::NotFound`] for another's request.
    pub fn own_productions(&self, token: &str, id: &str) -> Result<Vec<Production>, RequestError> {
        self.own_request(token, id)?;
        let mut list = self.list_productions(id)?;
        list.iter_mut().for_each(|p| p.created_by = "the desk".into());
        Ok(list)
    }

    /// Fetches a production's encrypted package; who did is in its access log and in the audit log.
    ///
    /// # Errors
    /// [`RequestError::State`] when its time is over.
    pub fn fetch(&self, id: &str, production: ProductionId, actor: &str) -> Result<Vec<u8>, RequestError> {
        let list = self.list_productions(id)?;
        let found = list.into_iter().find(|p| p.id == production);
        let found =
            found.ok_or_else(|| RequestError::NotFound(format!("production {production} of request '{id}'")))?;
        if found.expires < self.screening.now() {
            return Err(RequestError::State(format!(
                "production {production} could be fetched until {}; request another",
                found.expires.rfc3339()
            )));
        }
        let bytes = self.vault.read(&found.sha256)?;
        let subject = format!("request:{id}");
        self.transact(actor, move |tx| {
            let (n, now, who) = (tx.next_id("production_downloads")?, tx.now(), tx.actor().to_owned());
            let row = [n.into(), number(production), now.into(), who.into()];
            tx.db().execute(
                "INSERT INTO production_downloads (id, production, time, who) VALUES ($1, $2, $3, $4)",
                &row,
            )?;
            tx.audit(
                "production.fetched",
                &subject,
                &json!({ "production": production, "sha256": found.sha256 }).to_string(),
            );
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Returns a production of an own request to an officer.
    ///
    /// # Errors
    /// [`RequestError::State`] when the session is over, or the production can no longer be fetched; [`RequestError::NotFound`] for another's
    /// request.
    pub fn own_fetch(&self, token: &str, id: &str, production: ProductionId) -> Result<Vec<u8>, RequestError> {
        self.own_request(token, id)?;
        let email = self.officer(token, true)?.email;
        self.fetch(id, production, &email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_one_sheet_go_on_in_the_next() {
        let row = |i: usize| vec![format!("row-{i}")];
        let table = Table {
            name: "transactions".into(),
            class: DataClass::Transactions,
            columns: vec!["id".into()],
            rows: (0..5).map(row).collect(),
        };
        let data = Data { customer: "c1".into(), tables: vec![table], notes: Vec::new(), problems: Vec::new() };
        let book = unpack(&spreadsheet(&[data], Timestamp::from_unix(1_780_000_000), 2).unwrap()).unwrap();
        assert!(["1", "2", "3"].iter().all(|n| book.contains_key(&format!("xl/worksheets/sheet{n}.xml"))));
        let strings = String::from_utf8_lossy(&book["xl/sharedStrings.xml"]).into_owned();
        assert!((0..5).all(|i| strings.contains(&format!("row-{i}"))), "{strings}");
    }
}
