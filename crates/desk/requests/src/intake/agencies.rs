//! Agencies and their mail domains, each verified by a person.

use crate::forgery::{self, MAX_HISTORY};
use crate::lookalike::Written;
use crate::{Desk, RequestError, request};
use holdfast_decision::model::{country_ok, text_ok};
use holdfast_screening::service::Transaction;
use holdfast_store::number;
use holdfast_types::Invalid;
use holdfast_types::ids::AgencyId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// An agency to be registered, or a further domain of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgency {
    /// Name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// A mail domain that is verified to be its own.
    pub domain: String,
    /// How that was verified.
    pub evidence: String,
}

/// An agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agency {
    /// Number.
    pub id: AgencyId,
    /// Name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Verified mail domains.
    pub domains: Vec<String>,
}

impl NewAgency {
    /// Checks the fields; returns the domain in its canonical form.
    fn checked_domain(&self) -> Result<String, Invalid> {
        for (field, text) in [("name", &self.name), ("evidence", &self.evidence)] {
            text_ok(field, text)?;
        }
        country_ok("country", &self.country)?;
        let address = request::email("domain", &format!("x@{}", self.domain.trim()));
        let domain = address.ok().and_then(|a| a.strip_prefix("x@").map(str::to_owned));
        let domain = domain.ok_or_else(|| Invalid::new("domain", format!("'{}' is no mail domain", self.domain)))?;
        match forgery::is_free_mail(&domain) {
            true => Err(Invalid::new("domain", format!("anybody gets an address at {domain}"))),
            false => Ok(domain),
        }
    }
}

/// Refuses a domain that is another agency's, or that reads like one: who registers that is mistaken, or a criminal.
fn check_others(tx: &mut Transaction<'_>, domain: &str, name: &str) -> Result<(), RequestError> {
    let sql = "SELECT a.name FROM agency_domains d JOIN agencies a ON a.id = d.agency WHERE d.domain = $1";
    let owner = tx.db().query(sql, &[domain.into()])?;
    if let Some(owner) = owner.first().map(|r| r.text(0).map(str::to_owned)).transpose()?
        && owner != name
    {
        return Err(RequestError::Conflict(format!("domain {domain} of {owner}")));
    }
    let others = tx.db().query(
        "SELECT d.domain, a.name FROM agency_domains d JOIN agencies a ON a.id = d.agency WHERE a.name <> $1 ORDER BY d.domain LIMIT $2",
        &[name.into(), number(MAX_HISTORY as u64)],
    )?;
    let written = Written::new(domain);
    for row in &others {
        if written.reads_like(&Written::new(row.text(0)?)) {
            let what = format!("{domain} reads like {}, which is verified as {}'s", row.text(0)?, row.text(1)?);
            return Err(Invalid::new("domain", what).into());
        }
    }
    Ok(())
}

/// Returns the number of an agency, which is stored when it is new.
fn agency_id(tx: &mut Transaction<'_>, new: &NewAgency) -> Result<i64, RequestError> {
    let rows = tx.db().query("SELECT id, country FROM agencies WHERE name = $1", &[new.name.as_str().into()])?;
    match rows.first() {
        Some(row) if row.text(1)? != new.country => Err(RequestError::Conflict(new.name.clone())),
        Some(row) => Ok(row.int(0)?),
        None => {
            let id = tx.next_id("agencies")?;
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [id.into(), new.name.as_str().into(), new.country.as_str().into(), now.into(), actor.into()];
            let sql = "INSERT INTO agencies (id, name, country, created, created_by) VALUES ($1, $2, $3, $4, $5)";
            tx.db().execute(sql, &row)?;
            Ok(id)
        }
    }
}

impl Desk<'_> {
    /// Registers an agency with a verified domain, or a further domain of a known one; returns the agency's number.
    ///
    /// # Errors
    /// [`RequestError::Invalid`] names the field; [`RequestError::Conflict`] when the domain is another agency's, or a known name has another
    /// country.
    pub fn add_agency(&self, new: NewAgency, actor: &str) -> Result<AgencyId, RequestError> {
        let domain = new.checked_domain()?;
        self.transact(actor, move |tx| {
            check_others(tx, &domain, &new.name)?;
            let id = agency_id(tx, &new)?;
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [domain.into(), id.into(), new.evidence.as_str().into(), now.into(), actor.into()];
            let added = tx.db().execute(
                "INSERT INTO agency_domains (domain, agency, evidence, verified, verified_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (domain) DO NOTHING",
                &row,
            )?;
            if added > 0 {
                tx.audit("agency.domain_verified", &format!("agency:{id}"), &json!(new).to_string());
            }
            Ok(AgencyId::new(id.unsigned_abs()))
        })
    }

    /// Returns agencies with their domains, at most 10,000.
    ///
    /// # Errors
    /// [`RequestError`] when the database fails.
    pub fn agencies(&self) -> Result<Vec<Agency>, RequestError> {
        let rows = self.read(|db| {
            db.query(
                "SELECT a.id, a.name, a.country, d.domain FROM agencies a JOIN agency_domains d ON d.agency = a.id ORDER BY a.id, d.domain LIMIT 10000",
                &[],
            )
        })?;
        let mut out: Vec<Agency> = Vec::new();
        for row in &rows {
            let (id, domain) = (row.number(0)?, row.text(3)?.to_owned());
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
}
