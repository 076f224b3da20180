//! Reports to authorities, drafted from a case, revised in versions, approved by a second person and exported as XML: goAML (UNODC, schema
//! 5.0.1) and the FinCEN Suspicious Activity Report (SARX batch schema). What financial intelligence units replace by their own lists
//! (indicators, kinds of account) is `-` unless the draft names it.

use crate::CaseError;
use crate::Cases;
use crate::case::{CaseFile, Person};
use crate::report_xml::{GOAML_TEXT, NARRATIVE_PART, NARRATIVE_PARTS, write_fincen_sar, write_goaml};
use holdfast_decision::model::{country_ok, text_ok, time_ok};
use holdfast_decision::{EventKind, Record, RecordKind};
use holdfast_screening::completion::{Executed, brings, executed, standing};
use holdfast_screening::service::DecidedEvent;
use holdfast_store::{DbError, Row, number, parse};
use holdfast_types::ids::{CaseId, ReportId};
use holdfast_types::named;
use holdfast_types::{Invalid, Timestamp};

pub use crate::report_xml::{fincen_sar, goaml};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Most subjects of one report.
const MAX_SUBJECTS: usize = 500;
/// Longest narrative: goAML's `reason` holds 8,000 characters, FinCEN's five parts 4,000 each.
const MAX_NARRATIVE: [usize; 2] = [GOAML_TEXT, NARRATIVE_PARTS * NARRATIVE_PART];
/// Characters of a drafted SAR's narrative that are left for what is done about it and for long addresses.
const LEFT_FOR_ACTION: usize = 3_000;

/// Which report.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::AsRefStr,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[schema(as = ReportKind)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// goAML 5.0.1.
    #[serde(rename = "goaml")]
    Goaml,
    /// FinCEN SAR.
    #[serde(rename = "fincen-sar")]
    FincenSar,
}

impl Kind {
    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Who reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filer {
    /// Legal name.
    pub name: String,
    /// goAML: number assigned by the FIU (rentity_id).
    #[serde(default)]
    pub entity_id: u32,
    /// Branch.
    pub branch: String,
    /// Tax number; FinCEN: EIN, digits.
    pub tax_number: String,
    /// FinCEN: transmitter control code.
    #[serde(default)]
    pub control_code: String,
    /// Street.
    pub address: String,
    /// City.
    pub city: String,
    /// State or province code; US filers.
    #[serde(default)]
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Telephone, digits.
    pub phone: String,
    /// Local currency, ISO 4217, in which values are.
    pub currency: String,
    /// Who signs for it: first name.
    pub officer_first_name: String,
    /// Last name.
    pub officer_last_name: String,
}

/// Whom a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportSubject)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Customer number, or empty for who is none.
    #[serde(default)]
    pub customer: String,
    /// First name; empty when unknown, and for businesses.
    #[serde(default)]
    pub first_name: String,
    /// Last name, or the business's name; empty when unknown.
    #[serde(default)]
    pub last_name: String,
    /// Whether it is a business.
    #[serde(default)]
    pub business: bool,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    pub country: Option<String>,
    /// Email.
    #[serde(default)]
    pub email: Option<String>,
    /// Phone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Account and deposit addresses.
    #[serde(default)]
    pub accounts: Vec<String>,
}

/// Direction of a movement, from the customer's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MovementFlow)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// The customer receives.
    In,
    /// The customer sends.
    Out,
}

/// Where a movement's value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MovementValueSource)]
#[serde(rename_all = "snake_case")]
pub enum ValueSource {
    /// The decision on the event: as the exchange sent it, or by the price table of then.
    Decision,
    /// A person.
    Person,
}

/// A movement that is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportedTransaction)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// The exchange's id.
    pub id: String,
    /// Unix seconds.
    #[schema(value_type = i64)]
    pub time: Timestamp,
    /// deposit, withdrawal, payment.
    pub kind: String,
    /// Customer.
    pub customer: String,
    /// The other side: address or account.
    #[serde(default)]
    pub counterparty: String,
    /// Asset.
    #[serde(default)]
    pub asset: String,
    /// Base units.
    #[serde(default)]
    pub amount: String,
    /// Hundredths of the local currency.
    pub value: u64,
    /// Where the value is from; nothing when it is not known. Such a report is not approved before a person entered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_source: Option<ValueSource>,
    /// Direction; payments need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Flow>,
    /// Whether it was carried out: what was declined, rejected or held is no transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executed: Option<bool>,
    /// State, such as declined.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Transaction id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tx: String,
}

impl Movement {
    /// Returns the direction.
    pub fn flow(&self) -> Option<Flow> {
        match self.kind.as_str() {
            "deposit" => Some(Flow::In),
            "withdrawal" => Some(Flow::Out),
            _ => self.direction,
        }
    }

    /// Returns whether it was carried out.
    pub fn was_executed(&self) -> bool {
        self.executed == Some(true)
    }
}

/// A report's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportBody)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Who reports.
    pub filer: Filer,
    /// What happened and why it is suspicious.
    pub narrative: String,
    /// What was done about it.
    #[serde(default)]
    pub action: String,
    /// The authority's number of an earlier report that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<String>,
    /// From, Unix seconds.
    #[schema(value_type = i64)]
    pub from: Timestamp,
    /// To, Unix seconds.
    #[schema(value_type = i64)]
    pub to: Timestamp,
    /// Whole units of the local currency.
    pub total: u64,
    /// About whom.
    pub subjects: Vec<Subject>,
    /// Movements; goAML reports them as transactions.
    #[serde(default)]
    pub movements: Vec<Movement>,
    /// goAML: the FIU's indicators.
    #[serde(default)]
    pub indicators: Vec<String>,
    /// FinCEN: type and subtype of suspicious activity, such as 8 and 8999 (money laundering, other).
    #[serde(default)]
    pub activities: Vec<Activity>,
}

/// FinCEN's type of suspicious activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SarActivity)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Type.
    pub kind: u32,
    /// Subtype.
    pub subtype: u32,
    /// Description, for subtypes "other".
    #[serde(default)]
    pub other: String,
}

named! {
    /// State of a report.
    pub enum ReportState {
        /// It is written.
        Draft,
        /// Another person approved it.
        Approved,
        /// It was exported for the authority.
        Exported,
    }
}

/// A report in a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Number.
    pub id: ReportId,
    /// Case.
    pub case: CaseId,
    /// goaml or fincen-sar.
    pub kind: Kind,
    /// Raised with every revision.
    pub version: u32,
    /// draft, approved, exported.
    pub state: ReportState,
    /// Content.
    pub body: Body,
    /// Unix seconds.
    pub created: Timestamp,
    /// Who wrote this version.
    pub created_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// SHA-256 of the XML that was exported.
    pub sha256: Option<String>,
    /// When.
    pub exported: Option<Timestamp>,
}

const REPORT: &str =
    "SELECT id, case_id, kind, version, state, body, created, created_by, approved_by, sha256, exported FROM reports";

fn report(row: &Row) -> Result<Report, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Report {
        id: row.number(0)?,
        case: row.number(1)?,
        kind: row.named(2)?,
        version: row.number(3)?,
        state: row.named(4)?,
        body: parse("report", row.text(5)?)?,
        created: row.time(6)?,
        created_by: text(7)?,
        approved_by: row.text_or_null(8).map(str::to_owned),
        sha256: row.text_or_null(9).map(str::to_owned),
        exported: row.time_or_null(10),
    })
}

impl Body {
    /// Checks that it fits a kind of report: every field whole, in the schema's own limits.
    ///
    /// # Errors
    /// [`Invalid`] names the field and the fix.
    pub fn check(&self, kind: Kind) -> Result<(), Invalid> {
        self.check_fields(kind)?;
        // Written once to see that everything has its place; the longest reference there can be.
        let reference = format!("{0}/{0}/{1}", u32::MAX, u32::MAX);
        match kind {
            Kind::Goaml => write_goaml(self, &reference, self.to),
            Kind::FincenSar => write_fincen_sar(self, &reference, self.to),
        }
        .map(|_| ())
    }

    /// Checks that nothing which an authority relies on is open: direction, outcome and value of each movement.
    ///
    /// # Errors
    /// [`Invalid`] names the movement and the fix.
    pub fn check_complete(&self, kind: Kind) -> Result<(), Invalid> {
        self.check(kind)?;
        for (i, m) in self.movements.iter().enumerate() {
            let at = |field: &str| format!("movements[{i}].{field}");
            let executed = match (m.executed, m.kind.as_str()) {
                (Some(executed), _) => executed,
                (None, _) => {
                    let what = format!("whether {} was carried out is not known; give true or false", m.id);
                    return Err(Invalid::new(&at("executed"), what));
                }
            };
            if executed && m.flow().is_none() {
                return Err(Invalid::new(&at("direction"), format!("missing for {}: in or out", m.id)));
            }
            if executed && kind == Kind::Goaml && m.value == 0 && m.value_source.is_none() {
                let what = format!(
                    "the value of {} was not known when it was decided: give it in hundredths of {} and value_source person",
                    m.id, self.filer.currency
                );
                return Err(Invalid::new(&at("value"), what));
            }
        }
        Ok(())
    }

    pub(crate) fn check_fields(&self, kind: Kind) -> Result<(), Invalid> {
        let f = &self.filer;
        for (name, value) in [
            ("filer.name", &f.name),
            ("filer.branch", &f.branch),
            ("filer.tax_number", &f.tax_number),
            ("filer.address", &f.address),
            ("filer.city", &f.city),
            ("filer.postal_code", &f.postal_code),
            ("filer.phone", &f.phone),
            ("filer.currency", &f.currency),
            ("filer.officer_first_name", &f.officer_first_name),
            ("filer.officer_last_name", &f.officer_last_name),
        ] {
            text_ok(name, value)?;
        }
        country_ok("filer.country", &f.country)?;
        time_ok("from", self.from)?;
        time_ok("to", self.to)?;
        if self.to < self.from {
            return Err(Invalid::new("to", "is before from"));
        }
        let most = MAX_NARRATIVE[usize::from(kind == Kind::FincenSar)];
        let length = self.narrative.chars().count();
        if self.narrative.trim().is_empty() || length > most {
            return Err(Invalid::new("narrative", format!("must have 1 to {most} characters, not {length}")));
        }
        if self.action.chars().count() > GOAML_TEXT {
            return Err(Invalid::new("action", format!("longer than {GOAML_TEXT} characters")));
        }
        if self.subjects.is_empty() || self.subjects.len() > MAX_SUBJECTS {
            return Err(Invalid::new("subjects", format!("name 1 to {MAX_SUBJECTS}")));
        }
        if self.movements.len() > 10_000 {
            return Err(Invalid::new("movements", "more than 10000; report them in several reports"));
        }
        for (i, s) in self.subjects.iter().enumerate() {
            if let Some(country) = &s.country {
                country_ok(&format!("subjects[{i}].country"), country)?;
            }
        }
        match kind {
            Kind::Goaml if f.entity_id == 0 => {
                Err(Invalid::new("filer.entity_id", "missing; the FIU gives it at registration"))
            }
            Kind::FincenSar if self.activities.is_empty() => {
                Err(Invalid::new("activities", "name at least one type of suspicious activity"))
            }
            Kind::FincenSar if f.control_code.is_empty() => {
                Err(Invalid::new("filer.control_code", "missing; FinCEN gives it to transmitters"))
            }
            _ => Ok(()),
        }
    }
}

/// First and last name of a person's name.
fn names(name: &str) -> (String, String) {
    match name.trim().rsplit_once(' ') {
        Some((first, last)) => (first.to_owned(), last.to_owned()),
        None => (String::new(), name.trim().to_owned()),
    }
}

/// A narrative of the case's summary, addresses, transactions, traces and notes, and of movements that were not carried out. What has no room is
/// left out as a whole and named as left out.
fn narrative(file: &CaseFile, movements: &[Movement], kind: Kind) -> String {
    let of = |kind: &str| file.items.iter().filter(|i| i.kind == kind && i.withdrawn.is_none()).collect::<Vec<_>>();
    let mut lines = vec![format!("{}. {}", file.case.title, file.case.summary)];
    if let Some(typology) = file.case.typology.as_ref().filter(|t| t.chars().count() > 50) {
        lines.push(format!("Typology: {typology}."));
    }
    for m in movements.iter().filter(|m| m.executed != Some(true)) {
        let whether = if m.executed.is_none() { "Perhaps not carried out" } else { "Not carried out" };
        lines.push(format!(
            "{whether} ({}): {} {} of {} base units of {} by customer {} on {} ({}).",
            m.status,
            m.kind,
            m.id,
            m.amount,
            m.asset,
            m.customer,
            m.time.rfc3339(),
            m.counterparty
        ));
    }
    for (name, kind) in [("Addresses", "address"), ("Transactions", "transaction")] {
        let keys: Vec<&str> = of(kind).iter().map(|i| i.key.as_str()).collect();
        // In lines of some, so that most have room where not all do.
        lines.extend(keys.chunks(20).map(|keys| format!("{name}: {}.", keys.join(", "))));
    }
    for t in of("trace") {
        let ends = crate::case::trace_lines(&t.body);
        let more = if ends.len() > 10 { format!("; and {} more ends", ends.len() - 10) } else { String::new() };
        let first: Vec<String> = ends.into_iter().take(10).collect();
        lines.push(format!("Trace from {} ({}): {}{more}.", t.key, t.title, first.join("; ")));
    }
    lines.extend(of("note").iter().map(|n| format!("{}: {}", n.created.rfc3339(), n.title)));
    let most = MAX_NARRATIVE[usize::from(kind == Kind::FincenSar)] - LEFT_FOR_ACTION;
    let (mut text, mut left_out) = (String::new(), 0);
    for line in lines {
        match text.chars().count() + line.chars().count() < most {
            true => text += &format!("{line}\n"),
            false => left_out += 1,
        }
    }
    if left_out > 0 {
        text += &format!("[{left_out} entries of the case have no room here; the case file has them.]\n");
    }
    text
}

impl Cases<'_> {
    /// Drafts a report from a case: subjects with what is known of them, their events that the case names, and a narrative of the case's
    /// summary, traces and notes.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's; [`CaseError::State`] when the person's role does not allow it;
    /// [`CaseError::Invalid`] names the field.
    pub fn draft_report(&self, case: CaseId, kind: Kind, filer: Filer, person: &Person) -> Result<Report, CaseError> {
        let file = self.case(case, &[], person)?;
        let body = self.body_of(&file, kind, filer)?;
        body.check(kind)?;
        let text = json!(body).to_string();
        self.transact(&person.name, move |tx| {
            let (id, now, actor) = (tx.next_id("reports")?, tx.now(), tx.actor().to_owned());
            let row = [
                id.into(),
                number(case),
                kind.name().into(),
                text.as_str().into(),
                now.into(),
                actor.into(),
            ];
            tx.db().execute(
                "INSERT INTO reports (id, case_id, kind, version, state, body, created, created_by) VALUES ($1, $2, $3, 1, 'draft', $4, $5, $6)",
                &row,
            )?;
            tx.audit("report.drafted", &format!("case:{case}"), &json!({ "report": id, "kind": kind }).to_string());
            let rows = tx.db().query(&format!("{REPORT} WHERE id = $1"), &[id.into()])?;
            rows.first().map(report).transpose()?.ok_or_else(|| CaseError::NotFound(format!("report {id}")))
        })
    }

    fn body_of(&self, file: &CaseFile, kind: Kind, filer: Filer) -> Result<Body, CaseError> {
        let of = |kind: &str| file.items.iter().filter(|i| i.kind == kind && i.withdrawn.is_none()).collect::<Vec<_>>();
        let mut subjects = Vec::new();
        for i in of("subject") {
            let records: Vec<Record> = self.read(|db| holdfast_requests::disclose::records_of(db, &i.key))?;
            let customer = records.iter().find(|r| r.kind == RecordKind::Customer);
            let name = customer.and_then(|c| c.name.as_deref()).unwrap_or(if customer.is_some() { "" } else { &i.key });
            let business =
                customer.is_some_and(|c| c.customer_type == Some(holdfast_decision::model::CustomerType::Business));
            let (first_name, last_name) = if business { (String::new(), name.to_owned()) } else { names(name) };
            subjects.push(Subject {
                customer: if customer.is_some() { i.key.clone() } else { String::new() },
                first_name,
                last_name,
                business,
                country: customer.and_then(|c| c.country.clone()),
                email: customer.and_then(|c| c.email.clone()),
                phone: customer.and_then(|c| c.phone.clone()),
                accounts: records
                    .iter()
                    .filter(|r| r.kind == RecordKind::DepositAddress)
                    .map(|r| r.id.clone())
                    .collect(),
            });
        }
        let mut movements = Vec::new();
        let same_currency = filer.currency == self.screening.book().file.policy.reference_currency;
        for i in of("event") {
            let decided = self.screening.event(&i.key)?;
            if decided.event.kind != EventKind::Account {
                movements.push(self.movement(decided, same_currency)?);
            }
        }
        let narrative = narrative(file, &movements, kind);
        let times = file.items.iter().filter_map(|i| i.happened).chain(movements.iter().map(|m| m.time));
        let times: Vec<Timestamp> = times.collect();
        let carried = movements.iter().filter(|m| m.was_executed());
        let value: u64 = carried.fold(0u64, |sum, m| sum.saturating_add(m.value));
        // FinCEN's field for another type holds 50 characters; a longer typology goes into the narrative.
        let typology = file.case.typology.clone().filter(|t| t.chars().count() <= 50);
        Ok(Body {
            filer,
            narrative,
            action: String::new(),
            prior: None,
            from: times.iter().min().copied().unwrap_or(file.case.created),
            to: times.iter().max().copied().unwrap_or(file.case.created),
            total: value.div_ceil(100),
            subjects,
            movements,
            indicators: Vec::new(),
            activities: match kind {
                Kind::FincenSar => vec![Activity {
                    kind: 8,
                    subtype: 8999,
                    other: typology.unwrap_or_else(|| "virtual assets".into()),
                }],
                Kind::Goaml => Vec::new(),
            },
        })
    }

    /// An event as a movement: as it was decided, and as it came out.
    fn movement(&self, decided: DecidedEvent, same_currency: bool) -> Result<Movement, CaseError> {
        let DecidedEvent { event, decision, completion, .. } = decided;
        let mut held = false;
        for hold in &decision.holds {
            let found = self.read(|db| holdfast_screening::holds::get(db, *hold))?;
            held |= found.is_some_and(|h| h.state == "active");
        }
        let completion = completion.as_ref();
        let outcome = executed(&event, decision.decision, completion, held);
        // The decision's value is in the rule book's reference currency.
        let value = decision.value.or(event.value).filter(|_| same_currency);
        Ok(Movement {
            executed: match outcome {
                Executed::Yes => Some(true),
                Executed::No => Some(false),
                Executed::Unknown => None,
            },
            status: standing(&event, decision.decision, completion, held).to_owned(),
            direction: Some(if brings(&event) { Flow::In } else { Flow::Out }),
            tx: completion.and_then(|c| c.tx.clone()).or(event.tx).unwrap_or_default(),
            id: event.id,
            time: event.time,
            kind: event.kind.name().to_owned(),
            customer: event.customer,
            counterparty: event.counterparty.or(event.instrument).or(event.address).unwrap_or_default(),
            asset: event.asset.unwrap_or_default(),
            amount: event.amount.map_or(String::new(), |a| a.to_string()),
            value: value.unwrap_or(0),
            value_source: value.map(|_| ValueSource::Decision),
        })
    }

    /// Returns reports of a case, of all versions the latest.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's.
    pub fn reports(&self, case: CaseId, person: &Person) -> Result<Vec<Report>, CaseError> {
        self.look_at_case(case, person)?;
        self.read(|db| {
            let rows = db.query(&format!("{REPORT} WHERE case_id = $1 ORDER BY id LIMIT 1000"), &[number(case)])?;
            rows.iter().map(report).collect()
        })
    }

    fn report(&self, case: CaseId, id: ReportId, person: &Person) -> Result<Report, CaseError> {
        let found = self.reports(case, person)?.into_iter().find(|r| r.id == id);
        found.ok_or_else(|| CaseError::NotFound(format!("report {id} of case {case}")))
    }

    /// Replaces a draft's content; the version is raised and an approval is void. Former versions are in the audit log.
    ///
    /// # Errors
    /// [`CaseError::State`] once it is exported.
    pub fn revise_report(&self, case: CaseId, id: ReportId, body: Body, person: &Person) -> Result<Report, CaseError> {
        let old = self.report(case, id, person)?;
        body.check(old.kind)?;
        if old.state == ReportState::Exported {
            return Err(CaseError::State(format!("report {id} is exported; draft another")));
        }
        let text = json!(body).to_string();
        self.transact(&person.name, move |tx| {
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [text.as_str().into(), now.into(), actor.into(), number(id)];
            tx.db().execute(
                "UPDATE reports SET version = version + 1, state = 'draft', body = $1, created = $2, created_by = $3, approved_by = NULL WHERE id = $4",
                &row,
            )?;
            let detail = json!({ "report": id, "version": old.version + 1, "before": old.body }).to_string();
            tx.audit("report.revised", &format!("case:{case}"), &detail);
            Ok(())
        })?;
        self.report(case, id, person)
    }

    /// Approves a draft; who wrote this version may not.
    ///
    /// # Errors
    /// [`CaseError::State`].
    pub fn approve_report(&self, case: CaseId, id: ReportId, person: &Person) -> Result<Report, CaseError> {
        let old = self.report(case, id, person)?;
        if old.state != ReportState::Draft {
            return Err(CaseError::State(format!("report {id} is {}", old.state)));
        }
        old.body.check_complete(old.kind)?;
        if old.created_by == person.name {
            return Err(CaseError::State(format!("{} wrote report {id}; another person must approve it", person.name)));
        }
        self.transact(&person.name, move |tx| {
            let row = [tx.actor().into(), number(id)];
            tx.db().execute("UPDATE reports SET state = 'approved', approved_by = $1 WHERE id = $2", &row)?;
            let detail = json!({ "report": id, "version": old.version }).to_string();
            tx.audit("report.approved", &format!("case:{case}"), &detail);
            Ok(())
        })?;
        self.report(case, id, person)
    }

    /// Exports an approved report as XML; exported again it is the same.
    ///
    /// # Errors
    /// [`CaseError::State`] when it is not approved.
    pub fn export_report(&self, case: CaseId, id: ReportId, person: &Person) -> Result<Vec<u8>, CaseError> {
        let old = self.report(case, id, person)?;
        if let (Some(hash), ReportState::Exported) = (&old.sha256, old.state) {
            return Ok(self.vault.read(hash)?);
        }
        if old.state != ReportState::Approved {
            return Err(CaseError::State(format!("report {id} is {}; another person approves it first", old.state)));
        }
        let reference = format!("{case}/{id}/{}", old.version);
        let now = self.screening.now();
        old.body.check_complete(old.kind)?;
        let xml = match old.kind {
            Kind::Goaml => goaml(&old.body, &reference, now)?,
            Kind::FincenSar => fincen_sar(&old.body, &reference, now)?,
        };
        let sha256 = self.vault.store(&xml)?;
        self.transact(&person.name, move |tx| {
            let row = [sha256.as_str().into(), tx.now().into(), number(id)];
            tx.db().execute("UPDATE reports SET state = 'exported', sha256 = $1, exported = $2 WHERE id = $3", &row)?;
            let detail = json!({ "report": id, "sha256": sha256 }).to_string();
            tx.audit("report.exported", &format!("case:{case}"), &detail);
            Ok(())
        })?;
        Ok(xml)
    }
}
