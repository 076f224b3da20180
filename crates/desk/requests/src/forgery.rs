//! Signs that a request is forged: criminals who pose as police, often from breached or look-alike mail domains, ask for customers' data in
//! the name of an emergency (FBI Private Industry Notification of 4 November 2024 on fraudulent emergency data requests).

use crate::lookalike::{Written, looks_like};
use crate::request::{Kind, Request, Target, email};
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Most entries of each list of a [`History`].
pub const MAX_HISTORY: usize = 100_000;

/// A mail domain that an agency was verified to own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Such as bka.bund.de; its subdomains count too.
    pub domain: String,
    /// Whose.
    pub agency: String,
    /// Country of the agency.
    pub country: String,
}

/// A call to the officer on a number that the exchange found itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallBack {
    /// Who called.
    pub by: String,
    /// When, Unix seconds.
    #[schema(value_type = i64)]
    pub at: Timestamp,
    /// Where the number was found.
    pub number_from: String,
    /// Whether the officer confirmed the request.
    pub confirmed: bool,
}

/// What is known of a request's sender.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct History {
    /// Domains of agencies.
    pub domains: Vec<Domain>,
    /// When the officer's address was first seen.
    #[schema(value_type = Option<i64>)]
    pub officer_since: Option<Timestamp>,
    /// The officer's earlier requests that were found genuine.
    pub officer_requests: u32,
    /// The officer's requests within the last 24 hours, this one left out.
    pub officer_day: u32,
    /// The agency's requests within the last 24 hours.
    pub agency_day: u32,
    /// The agency's requests a day on average over the last 90 days, in hundredths.
    pub agency_mean: u32,
    /// Earlier requests, to find duplicates.
    pub earlier: Vec<Earlier>,
    /// The call-back, if one was made.
    pub call_back: Option<CallBack>,
}

/// An earlier request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// Its id.
    pub id: String,
    /// The authority's reference.
    pub reference: String,
    /// Address of the officer.
    pub email: String,
    /// Targets.
    pub targets: Vec<Target>,
}

/// A sign of forgery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sign {
    /// Code: look-alike-domain, foreign-characters, free-mail, unverified-domain, wrong-country,
    /// wrong-agency, new-officer, call-back-missing,
    /// call-back-denied, reference-reused, duplicate, unusual-volume.
    pub sign: &'static str,
    /// How much it weighs: 1 worth knowing, 2 suspicious, 3 stops the request.
    pub weight: u8,
    /// Explanation.
    pub because: String,
}

/// All signs of forgery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suspicion {
    /// Heaviest first.
    pub signs: Vec<Sign>,
    /// Whether nothing may be granted until a person has cleared the signs that stop it.
    pub stops: bool,
    /// Whether the officer must be called back before an answer.
    pub call_back: bool,
}

/// Mail providers where anybody gets an address.
const FREE_MAIL: [&str; 16] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
    "protonmail.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "mail.ru",
    "yandex.ru",
    "qq.com",
    "163.com",
];

/// Returns whether anybody gets an address at a domain.
pub fn is_free_mail(domain: &str) -> bool {
    FREE_MAIL.contains(&domain)
}

/// Signs of forgery of a request.
///
/// # Errors
/// [`Invalid`] names the field of the history.
pub fn suspicion(request: &Request, history: &History) -> Result<Suspicion, Invalid> {
    for (field, count) in [("domains", history.domains.len()), ("earlier", history.earlier.len())] {
        if count > MAX_HISTORY {
            return Err(Invalid::new(&format!("history.{field}"), format!("more than {MAX_HISTORY} entries")));
        }
    }
    let address = email("officer.email", &request.officer.email)?;
    let domain = address.rsplit_once('@').map_or("", |a| a.1);
    let mut signs: Vec<Sign> = Vec::new();
    let mut add = |sign, weight, because: String| signs.push(Sign { sign, weight, because });
    // The sender.
    let written = Written::new(domain);
    let known: Vec<(Written, &Domain)> = history.domains.iter().map(|d| (Written::new(&d.domain), d)).collect();
    let owner = known.iter().find(|(real, _)| written.is_within(real)).map(|(_, d)| *d);
    match owner {
        Some(owner) if owner.country != request.officer.country => {
            add(
                "wrong-country",
                3,
                format!("{domain} is {}'s, of {}, not of {}", owner.agency, owner.country, request.officer.country),
            );
        }
        Some(owner) if owner.agency != request.officer.agency => {
            add(
                "wrong-agency",
                2,
                format!("{domain} is verified as {}'s, not {}'s", owner.agency, request.officer.agency),
            );
        }
        Some(_) => {}
        None => {
            let alike = known.iter().find_map(|(real, d)| Some((looks_like(&written, real)?, &d.agency)));
            if let Some((why, agency)) = alike {
                add("look-alike-domain", 3, format!("{why}, which is verified as {agency}'s"));
            } else if is_free_mail(domain) {
                add("free-mail", 3, format!("anybody gets an address at {domain}"));
            } else {
                add("unverified-domain", 2, format!("{domain} is not verified as an agency's"));
            }
            if let Some((weight, why)) = written.foreign() {
                add("foreign-characters", weight, why);
            }
        }
    }
    let new = history.officer_requests == 0;
    if new {
        let since = history.officer_since.map_or("never seen before".to_owned(), |s| {
            format!("first seen {} days ago", (request.received - s).max(Seconds::ZERO) / Seconds::DAY)
        });
        add("new-officer", 1, format!("no earlier request of {address} was found genuine; {since}"));
    }
    // The call-back: needed in emergencies from new officers, and wherever the sender is in doubt.
    let emergency = request.emergency || request.kind == Kind::EmergencyDisclosure;
    let call_back = (emergency && new) || owner.is_none();
    match &history.call_back {
        Some(call) if !call.confirmed => {
            add(
                "call-back-denied",
                3,
                format!("{} called on a number from {}; the request was not confirmed", call.by, call.number_from),
            );
        }
        Some(_) => {}
        None if emergency && new => {
            add(
                "call-back-missing",
                3,
                "an emergency of an officer who is new here; call back on a number that you found yourself".into(),
            );
        }
        None => {}
    }
    // Earlier requests.
    let targets: BTreeSet<&Target> = request.targets.iter().collect();
    for earlier in history.earlier.iter().filter(|e| e.id != request.id) {
        let other = !earlier.email.eq_ignore_ascii_case(&address);
        if earlier.reference == request.reference && other {
            add(
                "reference-reused",
                2,
                format!("request {} of {} has the same reference {}", earlier.id, earlier.email, request.reference),
            );
        } else if earlier.targets.len() == targets.len() && earlier.targets.iter().all(|t| targets.contains(t)) {
            let (weight, who) =
                if other { (2, format!("by {}", earlier.email)) } else { (1, "by the same officer".into()) };
            add("duplicate", weight, format!("request {} {who} names exactly the same targets", earlier.id));
        }
    }
    // Volume: five times the usual and at least ten in a day, or twenty by one officer.
    let unusual = history.agency_day >= 10 && u64::from(history.agency_day) * 100 >= 5 * u64::from(history.agency_mean);
    if unusual {
        let mean = f64::from(history.agency_mean) / 100.0;
        add(
            "unusual-volume",
            2,
            format!("{} requests of the agency within a day; {mean:.1} are usual", history.agency_day),
        );
    }
    if history.officer_day >= 20 {
        add("unusual-volume", 2, format!("{} requests of the officer within a day", history.officer_day));
    }
    signs.sort_by_key(|s| std::cmp::Reverse(s.weight));
    let stops = signs.iter().any(|s| s.weight >= 3);
    Ok(Suspicion { signs, stops, call_back })
}
