//! Policy as data: which legal process opens which class of data, how soon it must be answered, and how long it holds.

use crate::request::{DataClass, Kind, Request, Statement};
use holdfast_decision::model::country_ok;
use holdfast_types::{Invalid, Seconds, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The policy that Holdfast ships with.
pub const DEFAULT_POLICY: &str = include_str!("default_policy.yaml");

/// Largest policy, in bytes.
pub const MAX_POLICY: usize = 1 << 20;

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DisclosurePolicy)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Raised with every change.
    pub version: u32,
    /// Names for lists of countries.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Legal processes.
    pub processes: Vec<Process>,
}

/// A legal process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Such as us.subpoena.
    pub id: String,
    /// Name.
    pub title: String,
    /// Countries whose agencies may use it: ISO 3166-1 alpha-2, a group, or *.
    pub countries: Vec<String>,
    /// What may be requested by it.
    pub kinds: Vec<Kind>,
    /// Classes of data that it opens.
    #[serde(default)]
    pub classes: Vec<DataClass>,
    /// Statements of which at least one is needed.
    #[serde(default)]
    pub needs_one_of: Vec<Statement>,
    /// Statements that are all needed.
    #[serde(default)]
    pub needs_all_of: Vec<Statement>,
    /// Classes of data that it opens only for a period that the request names.
    #[serde(default)]
    pub needs_period: Vec<DataClass>,
    /// Days to answer in.
    #[serde(default)]
    pub days: Option<u32>,
    /// Hours to answer in when it is an emergency.
    #[serde(default)]
    pub emergency_hours: Option<u32>,
    /// Days that a freeze or preservation holds.
    #[serde(default)]
    pub holds_days: Option<u32>,
    /// Days by which it may be extended.
    #[serde(default)]
    pub extends_days: Option<u32>,
    /// Origin.
    pub source: String,
    /// What the reviewer must know.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A class of data that may not be produced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Which.
    pub class: DataClass,
    /// Processes by which this agency could request it.
    pub opened_by: Vec<String>,
}

/// Judgement of a request by policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Version of the policy.
    pub policy: u32,
    /// The process.
    pub process: String,
    /// Name.
    pub title: String,
    /// Origin.
    pub source: String,
    /// Whether policy allows granting it, wholly or in part.
    pub may_be_granted: bool,
    /// Objections of policy.
    pub missing: Vec<String>,
    /// Classes that may be produced.
    pub granted: Vec<DataClass>,
    /// Classes that may not.
    pub refused: Vec<Refused>,
    /// When it must be answered, Unix seconds.
    pub due: Timestamp,
    /// When the reviewer is reminded: at half and at four fifths of the time. At the due time it goes to the approver.
    pub reminders: Vec<Timestamp>,
    /// When a freeze or preservation lapses.
    pub holds_until: Option<Timestamp>,
    /// When it lapses at most, once extended.
    pub extendable_until: Option<Timestamp>,
    /// What the reviewer must know.
    pub notes: Vec<String>,
}

impl Policy {
    /// Reads a policy (YAML).
    ///
    /// # Errors
    /// [`Invalid`] names the process and field.
    pub fn parse(yaml: &str) -> Result<Policy, Invalid> {
        if yaml.len() > MAX_POLICY {
            return Err(Invalid::new("policy", format!("larger than {MAX_POLICY} bytes")));
        }
        let policy: Policy = serde_norway::from_str(yaml).map_err(|e| Invalid::new("policy", e.to_string()))?;
        for (name, countries) in &policy.groups {
            countries.iter().try_for_each(|c| country_ok(&format!("groups.{name}"), c))?;
        }
        for (i, p) in policy.processes.iter().enumerate() {
            let wrong = |field: &str, what: String| Err(Invalid::new(&format!("{}.{field}", p.id), what));
            if policy.processes[..i].iter().any(|other| other.id == p.id) {
                return wrong("id", "is there twice".into());
            }
            if p.id.is_empty() || p.title.is_empty() || p.source.is_empty() {
                return wrong("source", "id, title and source must not be empty".into());
            }
            let known = |c: &String| c == "*" || policy.groups.contains_key(c) || country_ok("", c).is_ok();
            if let Some(bad) = p.countries.iter().find(|c| !known(c)) {
                return wrong(
                    "countries",
                    format!("'{bad}' is neither *, nor a group, nor an ISO 3166-1 alpha-2 code"),
                );
            }
            if p.days.is_none() && p.emergency_hours.is_none() {
                return wrong("days", "give days or emergency_hours".into());
            }
            let data = |k: &Kind| matches!(k, Kind::Information | Kind::EmergencyDisclosure | Kind::Preservation);
            if p.kinds.iter().any(data) == p.classes.is_empty() {
                return wrong("classes", "needed for data, and only for data".into());
            }
            if let Some(class) = p.needs_period.iter().find(|c| !p.classes.contains(c)) {
                return wrong("needs_period", format!("the process does not open {}", class.name()));
            }
            if p.extends_days.is_some() && p.holds_days.is_none() {
                return wrong("extends_days", "needs holds_days".into());
            }
        }
        Ok(policy)
    }

    /// Returns the policy that Holdfast ships with.
    ///
    /// # Panics
    /// Never: tests parse the policy that is compiled in.
    pub fn standard() -> Policy {
        Policy::parse(DEFAULT_POLICY).expect("the shipped policy is valid")
    }

    fn is_open_to(&self, process: &Process, country: &str) -> bool {
        let fits =
            |c: &String| c == "*" || c == country || self.groups.get(c).is_some_and(|g| g.iter().any(|m| m == country));
        process.countries.iter().any(fits)
    }

    /// Returns the classes of data that a request names and that its process opens only for a period, when it names none.
    pub fn lacks_period(&self, request: &Request) -> Vec<DataClass> {
        let process = self.processes.iter().find(|p| p.id == request.process);
        let needs = process.filter(|_| !request.scope.has_period()).map_or(&[][..], |p| &p.needs_period);
        request.classes.iter().copied().filter(|c| needs.contains(c)).collect()
    }

    /// Returns the judgement of a request by policy.
    ///
    /// # Errors
    /// [`Invalid`] when the process is not in the policy.
    pub fn judge(&self, request: &Request) -> Result<Judgement, Invalid> {
        let Some(process) = self.processes.iter().find(|p| p.id == request.process) else {
            let names: Vec<&str> = self.processes.iter().map(|p| p.id.as_str()).collect();
            return Err(Invalid::new("process", format!("'{}' is none of {}", request.process, names.join(", "))));
        };
        let country = request.officer.country.as_str();
        let mut missing = Vec::new();
        if !self.is_open_to(process, country) {
            missing.push(format!("{} is not open to agencies of {country}", process.id));
        }
        if !process.kinds.contains(&request.kind) {
            missing.push(format!("{} is no process for {}", process.id, words(&request.kind)));
        }
        let stated = |s: &Statement| request.states.contains(s);
        for lacking in process.needs_all_of.iter().filter(|s| !stated(s)) {
            missing.push(format!("the request does not state {}", words(lacking)));
        }
        if !process.needs_one_of.is_empty() && !process.needs_one_of.iter().any(stated) {
            let list: Vec<String> = process.needs_one_of.iter().map(words).collect();
            missing.push(format!("the request states none of {}", list.join(", ")));
        }
        let emergency = request.emergency || request.kind == Kind::EmergencyDisclosure;
        if emergency && request.statement.trim().is_empty() {
            missing.push("an emergency needs a statement of reasons".into());
        }
        let (granted, refused): (Vec<DataClass>, Vec<DataClass>) =
            request.classes.iter().partition(|c| process.classes.contains(c));
        let needing = self.lacks_period(request);
        if !needing.is_empty() {
            let classes: Vec<&str> = needing.iter().map(|c| c.name()).collect();
            let what = "the request names no period (scope.from and scope.to)";
            missing.push(format!("{what}, which {} needs for {}", process.id, classes.join(", ")));
        }
        let opened_by = |class: &DataClass| {
            let opens = |p: &&Process| {
                p.classes.contains(class) && p.kinds.contains(&request.kind) && self.is_open_to(p, country)
            };
            self.processes.iter().filter(opens).map(|p| p.id.clone()).collect()
        };
        if granted.is_empty() && !request.classes.is_empty() {
            missing.push(format!("{} opens none of the requested classes of data", process.id));
        }
        let mut notes = process.notes.clone();
        let time = match (emergency.then_some(process.emergency_hours).flatten(), process.days, process.emergency_hours)
        {
            (Some(hours), ..) => Seconds::hours(hours.into()),
            (None, Some(days), _) => {
                if emergency {
                    notes.push(format!("{} knows no emergency; its ordinary time counts", process.id));
                }
                Seconds::days(days.into())
            }
            (None, None, hours) => Seconds::hours(hours.unwrap_or(1).into()),
        };
        let due = request.received + time;
        let holds = matches!(request.kind, Kind::Freeze | Kind::Preservation);
        let holds_until = process.holds_days.filter(|_| holds).map(|d| request.received + Seconds::days(d.into()));
        let extendable = process.extends_days.and_then(|d| Some(holds_until? + Seconds::days(d.into())));
        Ok(Judgement {
            policy: self.version,
            process: process.id.clone(),
            title: process.title.clone(),
            source: process.source.clone(),
            may_be_granted: missing.is_empty(),
            missing,
            granted,
            refused: refused.into_iter().map(|class| Refused { class, opened_by: opened_by(&class) }).collect(),
            due,
            reminders: vec![request.received + time / 2, request.received + time * 4 / 5],
            holds_until,
            extendable_until: extendable,
            notes,
        })
    }
}

/// A value's name as files write it.
fn words<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
