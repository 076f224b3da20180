//! Reports to authorities, drafted from a case, revised in versions, approved by a second person and exported as XML: goAML (UNODC, schema
//! 5.0.1) and the FinCEN Suspicious Activity Report (SARX batch schema). What financial intelligence units replace by their own lists
//! (indicators, kinds of account) is `-` unless the draft names it.

use crate::Desk;
use crate::cases::{CaseFile, Person};
use holdfast_screening::ScreeningError;
use holdfast_screening::db::{DbError, Row, parse};
use holdfast_screening::model::{Invalid, country_ok, rfc3339, text_ok, time_ok};
use holdfast_screening::{Event, Record, RecordKind};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event as Xml};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Most subjects of one report.
const MAX_SUBJECTS: usize = 500;
/// Longest narrative: goAML's `reason` holds 8,000 characters, FinCEN's five parts 4,000 each.
const MAX_NARRATIVE: [usize; 2] = [8_000, 17_000];

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportKind)]
pub enum Kind {
    /// goAML 5.0.1.
    #[serde(rename = "goaml")]
    Goaml,
    /// FinCEN SAR.
    #[serde(rename = "fincen-sar")]
    FincenSar,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Goaml => "goaml",
            Kind::FincenSar => "fincen-sar",
        }
    }
}

/// Who reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filer {
    /// Legal name.
    pub name: String,
    /// goAML: number that the FIU gave (rentity_id).
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

/// A movement that is reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReportedTransaction)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// The exchange's id.
    pub id: String,
    /// Unix seconds.
    pub time: i64,
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
    pub from: i64,
    /// To, Unix seconds.
    pub to: i64,
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
    /// In words, for subtypes "other".
    #[serde(default)]
    pub other: String,
}

/// A report in a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// Number.
    pub id: u64,
    /// Case.
    pub case: u64,
    /// goaml or fincen-sar.
    pub kind: String,
    /// Raised with every revision.
    pub version: u32,
    /// draft, approved, exported.
    pub state: String,
    /// Content.
    pub body: Body,
    /// Unix seconds.
    pub created: i64,
    /// Who wrote this version.
    pub created_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// SHA-256 of the XML that was exported.
    pub sha256: Option<String>,
    /// When.
    pub exported: Option<i64>,
}

const REPORT: &str =
    "SELECT id, case_id, kind, version, state, body, created, created_by, approved_by, sha256, exported FROM reports";

fn report(row: &Row) -> Result<Report, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Report {
        id: row.int(0)? as u64,
        case: row.int(1)? as u64,
        kind: text(2)?,
        version: row.int(3)? as u32,
        state: text(4)?,
        body: parse("report", row.text(5)?)?,
        created: row.int(6)?,
        created_by: text(7)?,
        approved_by: row.text_or_null(8).map(str::to_owned),
        sha256: row.text_or_null(9).map(str::to_owned),
        exported: row.int_or_null(10),
    })
}

impl Body {
    /// Whether it can be exported as a kind of report.
    ///
    /// # Errors
    /// [`Invalid`] names the field and the mend.
    pub fn check(&self, kind: Kind) -> Result<(), Invalid> {
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
        if self.action.chars().count() > 8_000 {
            return Err(Invalid::new("action", "longer than 8000 characters"));
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

/// A small writer of elements; text is cut to what the schema's field holds and cleaned of what XML cannot have.
struct Out {
    writer: Writer<Vec<u8>>,
    failed: Option<String>,
    seq: u64,
    numbered: bool,
    prefix: &'static str,
}

impl Out {
    fn new(prefix: &'static str, numbered: bool) -> Self {
        let mut out =
            Out { writer: Writer::new_with_indent(Vec::new(), b' ', 1), failed: None, seq: 0, numbered, prefix };
        out.write(Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        out
    }

    fn write(&mut self, event: Xml<'_>) {
        if let Err(e) = self.writer.write_event(event) {
            self.failed = Some(e.to_string());
        }
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let name = format!("{}{name}", self.prefix);
        let mut start = quick_xml::events::BytesStart::new(name);
        attributes.iter().for_each(|a| start.push_attribute(*a));
        self.seq += 1;
        let seq = self.seq.to_string();
        if self.numbered && attributes.is_empty() {
            start.push_attribute(("SeqNum", seq.as_str()));
        }
        self.write(Xml::Start(start));
    }

    fn close(&mut self, name: &str) {
        let name = format!("{}{name}", self.prefix);
        self.write(Xml::End(quick_xml::events::BytesEnd::new(name)));
    }

    /// An element with text of at most `most` characters.
    fn put(&mut self, name: &str, text: &str, most: usize) {
        let proper = |c: &char| matches!(c, '\t' | '\n' | '\r') || *c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}');
        let text: String = text.chars().filter(proper).take(most).collect();
        let full = format!("{}{name}", self.prefix);
        self.write(Xml::Start(quick_xml::events::BytesStart::new(full.as_str())));
        self.write(Xml::Text(BytesText::new(&text)));
        self.write(Xml::End(quick_xml::events::BytesEnd::new(full.as_str())));
    }

    /// An element where there is something to say.
    fn put_some(&mut self, name: &str, text: &str, most: usize) {
        if !text.trim().is_empty() {
            self.put(name, text, most);
        }
    }

    fn within(&mut self, name: &str, run: impl FnOnce(&mut Self)) {
        self.open(name, &[]);
        run(self);
        self.close(name);
    }

    fn done(self) -> Result<Vec<u8>, ScreeningError> {
        match self.failed {
            Some(e) => Err(ScreeningError::State(format!("report: {e}"))),
            None => Ok(self.writer.into_inner()),
        }
    }
}

/// goAML's dateTime: without a zone, as its schema's minimum is.
fn date_time(seconds: i64) -> String {
    rfc3339(seconds).trim_end_matches('Z').to_owned()
}

/// FinCEN's date.
fn yyyymmdd(seconds: i64) -> String {
    rfc3339(seconds)[..10].replace('-', "")
}

fn or_dash(text: &str) -> &str {
    if text.trim().is_empty() { "-" } else { text }
}

fn goaml_account(x: &mut Out, name: &str, body: &Body, s: &Subject) {
    x.within(name, |x| {
        x.put("institution_name", &body.filer.name, 255);
        x.put("institution_code", &body.filer.tax_number, 50);
        x.put("non_bank_institution", "true", 5);
        x.put("branch", &body.filer.branch, 255);
        x.put("account", or_dash(&s.customer), 255);
        x.put_some("account_name", format!("{} {}", s.first_name, s.last_name).trim(), 255);
        x.put_some("client_number", &s.customer, 30);
        if s.business {
            x.within("t_entity", |x| x.put("name", or_dash(&s.last_name), 255));
        } else {
            x.within("signatory", |x| {
                x.put("is_primary", "1", 1);
                x.within("t_person", |x| {
                    x.put("first_name", or_dash(&s.first_name), 100);
                    x.put("last_name", or_dash(&s.last_name), 100);
                });
            });
        }
        let wallets = s.accounts.join(", ");
        x.put_some("comments", &if wallets.is_empty() { wallets } else { format!("Addresses: {wallets}") }, 8_000);
    });
}

/// The account of somebody elsewhere, who is known by an address.
fn goaml_other(x: &mut Out, name: &str, address: &str) {
    x.within(name, |x| {
        x.put("institution_name", "unknown", 255);
        x.put("institution_code", "-", 50);
        x.put("account", or_dash(address), 255);
    });
}

/// goAML 5.0.1 XML: movements as transactions of a suspicious transaction report, or subjects as the parties of an activity report.
///
/// # Errors
/// [`ScreeningError`].
pub fn goaml(body: &Body, reference: &str, now: i64) -> Result<Vec<u8>, ScreeningError> {
    body.check(Kind::Goaml)?;
    let mut x = Out::new("", false);
    let f = &body.filer;
    x.within("report", |x| {
        x.put("rentity_id", &f.entity_id.to_string(), 10);
        x.put("rentity_branch", &f.branch, 255);
        x.put("submission_code", "E", 1);
        x.put("report_code", if body.movements.is_empty() { "SAR" } else { "STR" }, 3);
        x.put("entity_reference", reference, 255);
        if let Some(prior) = &body.prior {
            x.put("fiu_ref_number", prior, 255);
        }
        x.put("submission_date", &date_time(now), 19);
        x.put("currency_code_local", &f.currency, 3);
        x.within("reporting_person", |x| {
            x.put("first_name", &f.officer_first_name, 100);
            x.put("last_name", &f.officer_last_name, 100);
        });
        x.within("location", |x| {
            x.put("address_type", "-", 1);
            x.put("address", &f.address, 100);
            x.put("city", &f.city, 255);
            x.put_some("zip", &f.postal_code, 10);
            x.put("country_code", &f.country, 2);
        });
        x.put("reason", &body.narrative, 8_000);
        x.put_some("action", &body.action, 8_000);
        if body.movements.is_empty() {
            x.within("activity", |x| {
                x.within("report_parties", |x| {
                    for s in &body.subjects {
                        x.within("report_party", |x| {
                            goaml_account(x, "account", body, s);
                            x.put("reason", "named in the case", 8_000);
                        });
                    }
                });
            });
        }
        for m in &body.movements {
            x.within("transaction", |x| {
                x.put("transactionnumber", &m.id, 100);
                x.put("transaction_location", &f.name, 255);
                let text = format!(
                    "{} of {} base units of {} ({})",
                    m.kind,
                    or_dash(&m.amount),
                    or_dash(&m.asset),
                    or_dash(&m.counterparty)
                );
                x.put("transaction_description", &text, 8_000);
                x.put("date_transaction", &date_time(m.time), 19);
                x.put("transmode_code", "-", 1);
                x.put("amount_local", &format!("{}.{:02}", m.value / 100, m.value % 100), 20);
                let known = body.subjects.iter().find(|s| s.customer == m.customer).cloned();
                let unnamed = Subject { customer: m.customer.clone(), ..Subject::default() };
                let ours = known.unwrap_or(unnamed);
                let country = |c: &Option<String>| c.clone().unwrap_or_else(|| "-".into());
                let out = m.kind != "deposit";
                let from = |x: &mut Out| {
                    x.put("from_funds_code", "-", 1);
                    if out {
                        goaml_account(x, "from_account", body, &ours)
                    } else {
                        goaml_other(x, "from_account", &m.counterparty)
                    }
                    x.put("from_country", if out { country(&ours.country) } else { "-".into() }.as_str(), 2);
                };
                x.within("t_from", from);
                let to = |x: &mut Out| {
                    x.put("to_funds_code", "-", 1);
                    if out {
                        goaml_other(x, "to_account", &m.counterparty)
                    } else {
                        goaml_account(x, "to_account", body, &ours)
                    }
                    x.put("to_country", if out { "-".into() } else { country(&ours.country) }.as_str(), 2);
                };
                x.within("t_to", to);
            });
        }
        x.within("report_indicators", |x| {
            if body.indicators.is_empty() {
                x.put("indicator", "-", 1);
            }
            body.indicators.iter().for_each(|i| x.put("indicator", i, 255));
        });
    });
    x.done()
}

fn digits(text: &str, most: usize) -> String {
    text.chars().filter(char::is_ascii_digit).take(most).collect()
}

/// FinCEN wants words apart by single spaces, none at the ends.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sar_name(x: &mut Out, first: &str, last: &str, business: bool) {
    x.within("PartyName", |x| {
        if last.trim().is_empty() {
            x.put("EntityLastNameUnknownIndicator", "Y", 1);
        }
        if !business && first.trim().is_empty() {
            x.put("FirstNameUnknownIndicator", "Y", 1);
        }
        x.put("PartyNameTypeCode", "L", 3);
        x.put_some("RawEntityIndividualLastName", &squeezed(last), 150);
        if !business {
            x.put_some("RawIndividualFirstName", &squeezed(first), 35);
        }
    });
}

fn sar_full_name(x: &mut Out, name: &str) {
    x.within("PartyName", |x| {
        x.put("PartyNameTypeCode", "L", 3);
        x.put("RawPartyFullName", &squeezed(name), 150);
    });
}

fn sar_address(x: &mut Out, f: &Filer) {
    x.within("Address", |x| {
        x.put("RawCityText", &squeezed(&f.city), 50);
        x.put("RawCountryCodeText", &f.country, 2);
        x.put_some("RawStateCodeText", &f.state, 3);
        x.put("RawStreetAddress1Text", &squeezed(&f.address), 100);
        x.put_some("RawZIPCode", &digits(&f.postal_code, 9), 9);
    });
}

fn sar_id(x: &mut Out, number: &str, code: &str) {
    x.within("PartyIdentification", |x| {
        x.put("PartyIdentificationNumberText", number, 25);
        x.put("PartyIdentificationTypeCode", code, 3);
    });
}

/// FinCEN SAR XML (SARX batch, one activity): transmitter (35), its contact (37), filing institution (30), its contact (8), institution where
/// the activity was (34), subjects (33).
///
/// # Errors
/// [`ScreeningError`].
pub fn fincen_sar(body: &Body, reference: &str, now: i64) -> Result<Vec<u8>, ScreeningError> {
    body.check(Kind::FincenSar)?;
    let f = &body.filer;
    let ein = digits(&f.tax_number, 25);
    let total = body.total.to_string();
    let words: Vec<char> = squeezed(&format!("{} {}", body.narrative, body.action)).chars().collect();
    // A part must neither begin nor end with a space.
    let parts: Vec<String> = words.chunks(3_990).map(|c| c.iter().collect::<String>().trim().to_owned()).collect();
    let parties = (body.subjects.len() + 5).to_string();
    let mut x = Out::new("fc2:", true);
    x.open(
        "EFilingBatchXML",
        &[
            ("xmlns:fc2", "www.fincen.gov/base"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
            ("TotalAmount", &total),
            ("PartyCount", &parties),
            ("ActivityCount", "1"),
            ("ActivityAttachmentCount", "0"),
            ("AttachmentCount", "0"),
        ],
    );
    x.put("FormTypeCode", "SARX", 4);
    x.within("Activity", |x| {
        if let Some(prior) = &body.prior {
            x.put("EFilingPriorDocumentNumber", &digits(prior, 14), 14);
        }
        x.put("FilingDateText", &yyyymmdd(now), 8);
        x.put("FilingInstitutionNotetoFinCEN", &squeezed(&format!("Case {reference}")), 50);
        x.within("ActivityAssociation", |x| match body.prior {
            Some(_) => x.put("ContinuingActivityReportIndicator", "Y", 1),
            None => x.put("InitialReportIndicator", "Y", 1),
        });
        x.within("Party", |x| {
            x.put("ActivityPartyTypeCode", "35", 2);
            sar_full_name(x, &f.name);
            sar_address(x, f);
            x.within("PhoneNumber", |x| x.put("PhoneNumberText", &digits(&f.phone, 16), 16));
            sar_id(x, &ein, "4");
            sar_id(x, &f.control_code, "28");
        });
        x.within("Party", |x| {
            x.put("ActivityPartyTypeCode", "37", 2);
            sar_full_name(x, &format!("{} {}", f.officer_first_name, f.officer_last_name));
        });
        x.within("Party", |x| {
            x.put("ActivityPartyTypeCode", "30", 2);
            x.put("PrimaryRegulatorTypeCode", "7", 2);
            sar_full_name(x, &f.name);
            sar_address(x, f);
            sar_id(x, &ein, "2");
            x.within("OrganizationClassificationTypeSubtype", |x| x.put("OrganizationTypeID", "11", 3));
        });
        x.within("Party", |x| {
            x.put("ActivityPartyTypeCode", "8", 2);
            sar_full_name(x, "Compliance office");
            x.within("PhoneNumber", |x| x.put("PhoneNumberText", &digits(&f.phone, 16), 16));
        });
        x.within("Party", |x| {
            x.put("ActivityPartyTypeCode", "34", 2);
            x.put("NoBranchActivityInvolvedIndicator", "Y", 1);
            x.put("PrimaryRegulatorTypeCode", "7", 2);
            sar_full_name(x, &f.name);
            sar_address(x, f);
            sar_id(x, &ein, "2");
            x.within("OrganizationClassificationTypeSubtype", |x| x.put("OrganizationTypeID", "11", 3));
        });
        for s in &body.subjects {
            x.within("Party", |x| {
                x.put("ActivityPartyTypeCode", "33", 2);
                if s.business {
                    x.put("PartyAsEntityOrganizationIndicator", "Y", 1);
                } else {
                    x.put("BirthDateUnknownIndicator", "Y", 1);
                    x.put("UnknownGenderIndicator", "Y", 1);
                }
                sar_name(x, &s.first_name, &s.last_name, s.business);
                x.within("Address", |x| {
                    x.put("CityUnknownIndicator", "Y", 1);
                    match &s.country {
                        Some(country) => x.put("RawCountryCodeText", country, 2),
                        None => x.put("CountryCodeUnknownIndicator", "Y", 1),
                    }
                    x.put("StateCodeUnknownIndicator", "Y", 1);
                    x.put("StreetAddressUnknownIndicator", "Y", 1);
                    x.put("ZIPCodeUnknownIndicator", "Y", 1);
                });
                if let Some(phone) = &s.phone {
                    x.within("PhoneNumber", |x| x.put("PhoneNumberText", &digits(phone, 16), 16));
                }
                x.within("PartyIdentification", |x| x.put("TINUnknownIndicator", "Y", 1));
                if let Some(email) = &s.email {
                    x.within("ElectronicAddress", |x| {
                        x.put("ElectronicAddressText", email, 517);
                        x.put("ElectronicAddressTypeCode", "E", 1);
                    });
                }
                if !s.customer.is_empty() || !s.accounts.is_empty() {
                    x.within("PartyAccountAssociation", |x| {
                        x.put("PartyAccountAssociationTypeCode", "7", 1);
                        x.within("Party", |x| {
                            x.put("ActivityPartyTypeCode", "41", 2);
                            x.within("PartyIdentification", |x| {
                                x.put("PartyIdentificationNumberText", &ein, 25);
                                x.put("PartyIdentificationTypeCode", "4", 3);
                            });
                            for account in
                                std::iter::once(&s.customer).chain(&s.accounts).filter(|a| !a.is_empty()).take(99)
                            {
                                x.within("Account", |x| {
                                    x.put("AccountNumberText", account, 40);
                                    x.within("PartyAccountAssociation", |x| {
                                        x.put("PartyAccountAssociationTypeCode", "5", 1)
                                    });
                                });
                            }
                        });
                    });
                }
            });
        }
        x.within("SuspiciousActivity", |x| {
            x.put("SuspiciousActivityFromDateText", &yyyymmdd(body.from), 8);
            x.put("SuspiciousActivityToDateText", &yyyymmdd(body.to), 8);
            x.put("TotalSuspiciousAmountText", &total, 15);
            for a in &body.activities {
                x.within("SuspiciousActivityClassification", |x| {
                    x.put_some("OtherSuspiciousActivityTypeText", &squeezed(&a.other), 50);
                    x.put("SuspiciousActivitySubtypeID", &a.subtype.to_string(), 5);
                    x.put("SuspiciousActivityTypeID", &a.kind.to_string(), 2);
                });
            }
        });
        for (i, part) in parts.iter().enumerate() {
            x.within("ActivityNarrativeInformation", |x| {
                x.put("ActivityNarrativeSequenceNumber", &(i + 1).to_string(), 1);
                x.put("ActivityNarrativeText", part, 4_000);
            });
        }
    });
    x.close("EFilingBatchXML");
    x.done()
}

/// First and last name of a person's name.
fn names(name: &str) -> (String, String) {
    match name.trim().rsplit_once(' ') {
        Some((first, last)) => (first.to_owned(), last.to_owned()),
        None => (String::new(), name.trim().to_owned()),
    }
}

impl Desk<'_> {
    /// Drafts a report from a case: subjects with what is known of them, their events that the case names, and a narrative of the case's
    /// summary, traces and notes.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn draft_report(&self, case: u64, kind: Kind, filer: Filer, person: &Person) -> Result<Report, ScreeningError> {
        let file = self.case(case, None, person)?;
        let body = self.body_of(&file, kind, filer)?;
        body.check(kind)?;
        let text = json!(body).to_string();
        self.screening.transact(&person.name, move |tx| {
            let (id, now, actor) = (tx.next_id("reports")?, tx.now(), tx.actor().to_owned());
            let row = [
                id.into(),
                (case as i64).into(),
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
            rows.first().map(report).transpose()?.ok_or_else(|| ScreeningError::NotFound(format!("report {id}")))
        })
    }

    fn body_of(&self, file: &CaseFile, kind: Kind, filer: Filer) -> Result<Body, ScreeningError> {
        let of = |kind: &str| file.items.iter().filter(|i| i.kind == kind && i.withdrawn.is_none()).collect::<Vec<_>>();
        let mut subjects = Vec::new();
        for i in of("subject").into_iter().take(MAX_SUBJECTS) {
            let rows = self.screening.read(|db| {
                let sql = "SELECT body FROM records WHERE customer = $1 OR (kind = 'customer' AND id = $2) ORDER BY kind, id LIMIT 1000";
                db.query(sql, &[i.key.as_str().into(), i.key.as_str().into()])
            })?;
            let records: Vec<Record> =
                rows.iter().map(|r| parse("record", r.text(0)?)).collect::<Result<_, DbError>>()?;
            let customer = records.iter().find(|r| r.kind == RecordKind::Customer);
            let name = customer.and_then(|c| c.name.as_deref()).unwrap_or(if customer.is_some() { "" } else { &i.key });
            let business =
                customer.is_some_and(|c| c.customer_type == Some(holdfast_screening::model::CustomerType::Business));
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
                    .take(90)
                    .collect(),
            });
        }
        let mut movements = Vec::new();
        for i in of("event") {
            let event: Event = self.screening.event(&i.key)?.event;
            movements.push(Movement {
                id: event.id,
                time: event.time,
                kind: event.kind.name().to_owned(),
                customer: event.customer,
                counterparty: event.counterparty.or(event.address).unwrap_or_default(),
                asset: event.asset.unwrap_or_default(),
                amount: event.amount.map_or(String::new(), |a| a.to_string()),
                value: event.value.unwrap_or(0),
            });
        }
        let mut narrative = format!("{}. {}\n", file.case.title, file.case.summary);
        let addresses: Vec<&str> = of("address").iter().map(|i| i.key.as_str()).collect();
        if !addresses.is_empty() {
            narrative += &format!("Addresses: {}.\n", addresses.join(", "));
        }
        let transactions: Vec<&str> = of("transaction").iter().map(|i| i.key.as_str()).collect();
        if !transactions.is_empty() {
            narrative += &format!("Transactions: {}.\n", transactions.join(", "));
        }
        for t in of("trace") {
            let lines = crate::cases::trace_lines(&t.body);
            narrative += &format!(
                "Trace from {} ({}): {}.\n",
                t.key,
                t.title,
                lines.into_iter().take(10).collect::<Vec<_>>().join("; ")
            );
        }
        for n in of("note") {
            narrative += &format!("{}: {}\n", rfc3339(n.created), n.title);
        }
        let most = MAX_NARRATIVE[usize::from(kind == Kind::FincenSar)];
        let narrative: String = narrative.chars().take(most).collect();
        let times = file.items.iter().filter_map(|i| i.happened).chain(movements.iter().map(|m| m.time));
        let times: Vec<i64> = times.collect();
        let value: u64 = movements.iter().fold(0u64, |sum, m| sum.saturating_add(m.value));
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
                    other: file.case.typology.clone().unwrap_or_else(|| "virtual assets".into()),
                }],
                Kind::Goaml => Vec::new(),
            },
        })
    }

    /// Reports of a case, of all versions the latest.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn reports(&self, case: u64, person: &Person) -> Result<Vec<Report>, ScreeningError> {
        self.look_at_case(case, person)?;
        self.screening.read(|db| {
            let rows =
                db.query(&format!("{REPORT} WHERE case_id = $1 ORDER BY id LIMIT 1000"), &[(case as i64).into()])?;
            rows.iter().map(report).collect()
        })
    }

    fn report(&self, case: u64, id: u64, person: &Person) -> Result<Report, ScreeningError> {
        let found = self.reports(case, person)?.into_iter().find(|r| r.id == id);
        found.ok_or_else(|| ScreeningError::NotFound(format!("report {id} of case {case}")))
    }

    /// Replaces a draft's content; the version is raised and an approval is void. Former versions are in the audit log.
    ///
    /// # Errors
    /// [`ScreeningError::State`] once it is exported.
    pub fn revise_report(&self, case: u64, id: u64, body: Body, person: &Person) -> Result<Report, ScreeningError> {
        let old = self.report(case, id, person)?;
        let kind = if old.kind == "goaml" { Kind::Goaml } else { Kind::FincenSar };
        body.check(kind)?;
        if old.state == "exported" {
            return Err(ScreeningError::State(format!("report {id} is exported; draft another")));
        }
        let text = json!(body).to_string();
        self.screening.transact(&person.name, move |tx| {
            let (now, actor) = (tx.now(), tx.actor().to_owned());
            let row = [text.as_str().into(), now.into(), actor.into(), (id as i64).into()];
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
    /// [`ScreeningError::State`].
    pub fn approve_report(&self, case: u64, id: u64, person: &Person) -> Result<Report, ScreeningError> {
        let old = self.report(case, id, person)?;
        if old.state != "draft" {
            return Err(ScreeningError::State(format!("report {id} is {}", old.state)));
        }
        if old.created_by == person.name {
            return Err(ScreeningError::State(format!(
                "{} wrote report {id}; another person must approve it",
                person.name
            )));
        }
        self.screening.transact(&person.name, move |tx| {
            let row = [tx.actor().into(), (id as i64).into()];
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
    /// [`ScreeningError::State`] when it is not approved.
    pub fn export_report(&self, case: u64, id: u64, person: &Person) -> Result<Vec<u8>, ScreeningError> {
        let old = self.report(case, id, person)?;
        if let (Some(hash), "exported") = (&old.sha256, old.state.as_str()) {
            return self.vault.read(hash);
        }
        if old.state != "approved" {
            return Err(ScreeningError::State(format!(
                "report {id} is {}; another person approves it first",
                old.state
            )));
        }
        let reference = format!("{case}/{id}/{}", old.version);
        let now = self.screening.now();
        let xml = match old.kind.as_str() {
            "goaml" => goaml(&old.body, &reference, now)?,
            _ => fincen_sar(&old.body, &reference, now)?,
        };
        let sha256 = self.vault.keep(&xml)?;
        self.screening.transact(&person.name, move |tx| {
            let row = [sha256.as_str().into(), tx.now().into(), (id as i64).into()];
            tx.db().execute("UPDATE reports SET state = 'exported', sha256 = $1, exported = $2 WHERE id = $3", &row)?;
            let detail = json!({ "report": id, "sha256": sha256 }).to_string();
            tx.audit("report.exported", &format!("case:{case}"), &detail);
            Ok(())
        })?;
        Ok(xml)
    }
}
