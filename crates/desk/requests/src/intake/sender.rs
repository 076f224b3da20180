//! What is known of a request's sender: the agency's verified domains, earlier requests of the officer and the agency.

use super::digest;
use crate::forgery::{CallBack, Domain, Earlier, History, MAX_HISTORY};
use crate::request::Request;
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::{Seconds, Timestamp};

/// Returns what is known of a request's sender, from what is stored.
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn history(db: &mut Database, request: &Request, call_back: Option<CallBack>) -> Result<History, DbError> {
    let rows = db.query(
        "SELECT d.domain, a.name, a.country FROM agency_domains d JOIN agencies a ON a.id = d.agency ORDER BY d.domain LIMIT $1",
        &[number(MAX_HISTORY as u64)],
    )?;
    let domain = |r: &Row| -> Result<Domain, DbError> {
        Ok(Domain { domain: r.text(0)?.to_owned(), agency: r.text(1)?.to_owned(), country: r.text(2)?.to_owned() })
    };
    let domains = rows.iter().map(domain).collect::<Result<_, _>>()?;
    let (id, email, at): (Value, Value, Timestamp) =
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
    let span = |days: i64| [Value::from(at - Seconds::days(days)), Value::from(at)];
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
    let count = |n: Option<i64>| u32::try_from(n.unwrap_or(0).max(0)).unwrap_or(u32::MAX);
    Ok(History {
        domains,
        officer_since: officer_since.map(Timestamp::from_unix),
        officer_requests: count(officer_requests),
        officer_day: count(officer_day),
        agency_day: count(agency_day),
        agency_mean: count(quarter.map(|q| q * 100 / 90)),
        earlier: rows.iter().map(earlier).collect::<Result<_, _>>()?,
        call_back,
    })
}
