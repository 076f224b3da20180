//! Reports as XML: goAML (UNODC, schema 5.0.1) and the FinCEN Suspicious Activity Report (SARX batch schema).
//!
//! No value is shortened to fit a field: what an element cannot hold whole is written where the schema has room for it (a narrative, a comment, a further
//! element), and where there is none the field is named and nothing is written.

use crate::CaseError;
use crate::reports::{Body, Filer, Flow, Movement, Subject};
use holdfast_types::{Invalid, Timestamp};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event as Xml};

/// Most parts of a SAR's narrative, and most characters of each.
pub const NARRATIVE_PARTS: usize = 5;
/// Most characters of a part.
pub const NARRATIVE_PART: usize = 4_000;
/// Most characters of goAML's comments, reason and action.
pub const GOAML_TEXT: usize = 8_000;
/// Most characters of a SAR's account number.
const SAR_ACCOUNT: usize = 40;
/// Most accounts of one party, and most such parties.
const SAR_ACCOUNTS: (usize, usize) = (99, 99);

/// A writer of elements that refuses what an element cannot hold, and leaves out what XML cannot have.
struct Out {
    writer: Writer<Vec<u8>>,
    problem: Option<Invalid>,
    seq: u64,
    numbered: bool,
    prefix: &'static str,
}

impl Out {
    fn new(prefix: &'static str, numbered: bool) -> Self {
        let mut out =
            Out { writer: Writer::new_with_indent(Vec::new(), b' ', 1), problem: None, seq: 0, numbered, prefix };
        out.write(Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        out
    }

    fn refuse(&mut self, field: &str, problem: String) {
        self.problem.get_or_insert_with(|| Invalid::new(field, problem));
    }

    fn write(&mut self, event: Xml<'_>) {
        if let Err(e) = self.writer.write_event(event) {
            self.refuse("report", e.to_string());
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

    /// An element with a field's text, of at most `most` characters.
    fn put(&mut self, name: &str, field: &str, text: &str, most: usize) {
        let proper = |c: &char| matches!(c, '\t' | '\n' | '\r') || *c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}');
        let text: String = text.chars().filter(proper).collect();
        let length = text.chars().count();
        if length > most {
            self.refuse(
                field,
                format!("has {length} characters; the schema's {name} takes {most}, and nothing is cut"),
            );
            return;
        }
        let full = format!("{}{name}", self.prefix);
        self.write(Xml::Start(quick_xml::events::BytesStart::new(full.as_str())));
        self.write(Xml::Text(BytesText::new(&text)));
        self.write(Xml::End(quick_xml::events::BytesEnd::new(full.as_str())));
    }

    /// An element whose text is not of the report's fields.
    fn fix(&mut self, name: &str, text: &str) {
        self.put(name, name, text, usize::MAX);
    }

    /// An element where its text is not empty.
    fn put_some(&mut self, name: &str, field: &str, text: &str, most: usize) {
        if !text.trim().is_empty() {
            self.put(name, field, text, most);
        }
    }

    fn within(&mut self, name: &str, run: impl FnOnce(&mut Self)) {
        self.open(name, &[]);
        run(self);
        self.close(name);
    }

    fn done(self) -> Result<Vec<u8>, Invalid> {
        match self.problem {
            Some(e) => Err(e),
            None => Ok(self.writer.into_inner()),
        }
    }
}

/// goAML's dateTime: without a zone, as its schema's minimum is.
fn date_time(time: Timestamp) -> String {
    time.rfc3339().trim_end_matches('Z').to_owned()
}

/// FinCEN's date.
fn yyyymmdd(time: Timestamp) -> String {
    time.rfc3339()[..10].replace('-', "")
}

fn or_dash(text: &str) -> &str {
    if text.trim().is_empty() { "-" } else { text }
}

fn goaml_account(x: &mut Out, name: &str, body: &Body, s: &Subject, at: &str) {
    x.within(name, |x| {
        x.put("institution_name", "filer.name", &body.filer.name, 255);
        x.put("institution_code", "filer.tax_number", &body.filer.tax_number, 50);
        x.fix("non_bank_institution", "true");
        x.put("branch", "filer.branch", &body.filer.branch, 255);
        x.put("account", &format!("{at}.customer"), or_dash(&s.customer), 255);
        x.put_some("account_name", &format!("{at}.last_name"), format!("{} {}", s.first_name, s.last_name).trim(), 255);
        // The account has it whole.
        if s.customer.chars().count() <= 30 {
            x.put_some("client_number", &format!("{at}.customer"), &s.customer, 30);
        }
        if s.business {
            x.within("t_entity", |x| x.put("name", &format!("{at}.last_name"), or_dash(&s.last_name), 255));
        } else {
            x.within("signatory", |x| {
                x.fix("is_primary", "1");
                x.within("t_person", |x| {
                    x.put("first_name", &format!("{at}.first_name"), or_dash(&s.first_name), 100);
                    x.put("last_name", &format!("{at}.last_name"), or_dash(&s.last_name), 100);
                });
            });
        }
        let wallets = s.accounts.join(", ");
        let wallets = if wallets.is_empty() { wallets } else { format!("Addresses: {wallets}") };
        x.put_some("comments", &format!("{at}.accounts"), &wallets, GOAML_TEXT);
    });
}

/// The account of a counterparty elsewhere, known by an address or an instrument.
fn goaml_other(x: &mut Out, name: &str, address: &str, field: &str) {
    x.within(name, |x| {
        x.fix("institution_name", "unknown");
        x.fix("institution_code", "-");
        x.put("account", field, or_dash(address), 255);
    });
}

/// A movement that was carried out, as a transaction.
fn goaml_transaction(x: &mut Out, body: &Body, m: &Movement, i: usize) {
    let at = |field: &str| format!("movements[{i}].{field}");
    x.within("transaction", |x| {
        // A number that the field cannot hold is named by its hash; the description has it whole.
        let long = m.id.chars().count() > 100;
        let number =
            if long { format!("sha256:{}", holdfast_documents::sha256(m.id.as_bytes())) } else { m.id.clone() };
        x.put("transactionnumber", &at("id"), &number, 100);
        x.put("transaction_location", "filer.name", &body.filer.name, 255);
        let mut text = format!(
            "{} of {} base units of {} ({})",
            m.kind,
            or_dash(&m.amount),
            or_dash(&m.asset),
            or_dash(&m.counterparty)
        );
        if !m.tx.is_empty() {
            text += &format!(", transaction {}", m.tx);
        }
        if long {
            text += &format!(", number {}", m.id);
        }
        x.put("transaction_description", &at("id"), &text, GOAML_TEXT);
        x.fix("date_transaction", &date_time(m.time));
        x.fix("transmode_code", "-");
        x.fix("amount_local", &format!("{}.{:02}", m.value / 100, m.value % 100));
        let known = body.subjects.iter().position(|s| !s.customer.is_empty() && s.customer == m.customer);
        let unnamed = Subject { customer: m.customer.clone(), ..Subject::default() };
        let (ours, place) = match known {
            Some(k) => (&body.subjects[k], format!("subjects[{k}]")),
            None => (&unnamed, format!("movements[{i}]")),
        };
        let country = ours.country.as_deref().unwrap_or("-");
        let out = m.flow() == Some(Flow::Out);
        x.within("t_from", |x| {
            x.fix("from_funds_code", "-");
            match out {
                true => goaml_account(x, "from_account", body, ours, &place),
                false => goaml_other(x, "from_account", &m.counterparty, &at("counterparty")),
            }
            x.fix("from_country", if out { country } else { "-" });
        });
        x.within("t_to", |x| {
            x.fix("to_funds_code", "-");
            match out {
                true => goaml_other(x, "to_account", &m.counterparty, &at("counterparty")),
                false => goaml_account(x, "to_account", body, ours, &place),
            }
            x.fix("to_country", if out { "-" } else { country });
        });
    });
}

/// Returns goAML 5.0.1 XML: movements that were carried out as transactions of a suspicious transaction report, or subjects as the parties of an
/// activity report.
///
/// # Errors
/// [`CaseError::Invalid`] names the field.
pub fn goaml(body: &Body, reference: &str, now: Timestamp) -> Result<Vec<u8>, CaseError> {
    body.check_fields(crate::reports::Kind::Goaml)?;
    Ok(write_goaml(body, reference, now)?)
}

pub(crate) fn write_goaml(body: &Body, reference: &str, now: Timestamp) -> Result<Vec<u8>, Invalid> {
    let mut x = Out::new("", false);
    let f = &body.filer;
    let carried: Vec<(usize, &Movement)> =
        body.movements.iter().enumerate().filter(|(_, m)| m.was_executed()).collect();
    x.within("report", |x| {
        x.fix("rentity_id", &f.entity_id.to_string());
        x.put("rentity_branch", "filer.branch", &f.branch, 255);
        x.fix("submission_code", "E");
        x.fix("report_code", if carried.is_empty() { "SAR" } else { "STR" });
        x.put("entity_reference", "reference", reference, 255);
        if let Some(prior) = &body.prior {
            x.put("fiu_ref_number", "prior", prior, 255);
        }
        x.fix("submission_date", &date_time(now));
        x.put("currency_code_local", "filer.currency", &f.currency, 3);
        x.within("reporting_person", |x| {
            x.put("first_name", "filer.officer_first_name", &f.officer_first_name, 100);
            x.put("last_name", "filer.officer_last_name", &f.officer_last_name, 100);
        });
        x.within("location", |x| {
            x.fix("address_type", "-");
            x.put("address", "filer.address", &f.address, 100);
            x.put("city", "filer.city", &f.city, 255);
            x.put_some("zip", "filer.postal_code", &f.postal_code, 10);
            x.put("country_code", "filer.country", &f.country, 2);
        });
        x.put("reason", "narrative", &body.narrative, GOAML_TEXT);
        x.put_some("action", "action", &body.action, GOAML_TEXT);
        if carried.is_empty() {
            x.within("activity", |x| {
                x.within("report_parties", |x| {
                    for (i, s) in body.subjects.iter().enumerate() {
                        x.within("report_party", |x| {
                            goaml_account(x, "account", body, s, &format!("subjects[{i}]"));
                            x.fix("reason", "named in the case");
                        });
                    }
                });
            });
        }
        carried.iter().for_each(|(i, m)| goaml_transaction(x, body, m, *i));
        x.within("report_indicators", |x| {
            if body.indicators.is_empty() {
                x.fix("indicator", "-");
            }
            body.indicators
                .iter()
                .enumerate()
                .for_each(|(i, t)| x.put("indicator", &format!("indicators[{i}]"), t, 255));
        });
    });
    x.done()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// FinCEN requires single spaces between words, none at the ends.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text in parts of at most `most` characters, split between words; a word that is longer than a part continues in the next.
fn parted(text: &str, most: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut room = most;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        let spaced = usize::from(room < most);
        if letters.len() + spaced <= room {
            let last = parts.last_mut().expect("there is one");
            if spaced == 1 {
                last.push(' ');
            }
            last.push_str(word);
            room -= letters.len() + spaced;
            continue;
        }
        for piece in letters.chunks(most) {
            parts.push(piece.iter().collect());
            room = most - piece.len();
        }
    }
    parts.retain(|p| !p.is_empty());
    parts
}

/// First names as FinCEN's first and middle name, whole words in each; all as the first where they do not fit.
fn given_names(first: &str) -> (String, String) {
    let words: Vec<&str> = first.split_whitespace().collect();
    for n in (1..=words.len()).rev() {
        let (front, rest) = (words[..n].join(" "), words[n..].join(" "));
        if front.chars().count() <= 35 && rest.chars().count() <= 35 {
            return (front, rest);
        }
    }
    (squeezed(first), String::new())
}

fn sar_name(x: &mut Out, s: &Subject, at: &str) {
    x.within("PartyName", |x| {
        if s.last_name.trim().is_empty() {
            x.fix("EntityLastNameUnknownIndicator", "Y");
        }
        if !s.business && s.first_name.trim().is_empty() {
            x.fix("FirstNameUnknownIndicator", "Y");
        }
        x.fix("PartyNameTypeCode", "L");
        x.put_some("RawEntityIndividualLastName", &format!("{at}.last_name"), &squeezed(&s.last_name), 150);
        if !s.business {
            let (first, middle) = given_names(&s.first_name);
            x.put_some("RawIndividualFirstName", &format!("{at}.first_name"), &first, 35);
            x.put_some("RawIndividualMiddleName", &format!("{at}.first_name"), &middle, 35);
        }
    });
}

fn sar_full_name(x: &mut Out, field: &str, name: &str) {
    x.within("PartyName", |x| {
        x.fix("PartyNameTypeCode", "L");
        x.put("RawPartyFullName", field, &squeezed(name), 150);
    });
}

fn sar_address(x: &mut Out, f: &Filer) {
    x.within("Address", |x| {
        x.put("RawCityText", "filer.city", &squeezed(&f.city), 50);
        x.put("RawCountryCodeText", "filer.country", &f.country, 2);
        x.put_some("RawStateCodeText", "filer.state", &f.state, 3);
        x.put("RawStreetAddress1Text", "filer.address", &squeezed(&f.address), 100);
        // Only US codes are digits alone.
        let code = if f.country == "US" { digits(&f.postal_code) } else { squeezed(&f.postal_code) };
        x.put_some("RawZIPCode", "filer.postal_code", &code, 9);
    });
}

fn sar_phone(x: &mut Out, field: &str, phone: &str) {
    x.within("PhoneNumber", |x| x.put("PhoneNumberText", field, &digits(phone), 16));
}

fn sar_id(x: &mut Out, field: &str, number: &str, code: &str) {
    x.within("PartyIdentification", |x| {
        x.put("PartyIdentificationNumberText", field, number, 25);
        x.fix("PartyIdentificationTypeCode", code);
    });
}

/// Transmitter (35), its contact (37), filing institution (30), its contact (8), institution where the activity was (34).
fn sar_filer(x: &mut Out, f: &Filer) {
    let ein = digits(&f.tax_number);
    let institution = |x: &mut Out| {
        x.fix("PrimaryRegulatorTypeCode", "7");
        sar_full_name(x, "filer.name", &f.name);
        sar_address(x, f);
        sar_id(x, "filer.tax_number", &ein, "2");
        x.within("OrganizationClassificationTypeSubtype", |x| x.fix("OrganizationTypeID", "11"));
    };
    x.within("Party", |x| {
        x.fix("ActivityPartyTypeCode", "35");
        sar_full_name(x, "filer.name", &f.name);
        sar_address(x, f);
        sar_phone(x, "filer.phone", &f.phone);
        sar_id(x, "filer.tax_number", &ein, "4");
        sar_id(x, "filer.control_code", &f.control_code, "28");
    });
    x.within("Party", |x| {
        x.fix("ActivityPartyTypeCode", "37");
        let name = format!("{} {}", f.officer_first_name, f.officer_last_name);
        sar_full_name(x, "filer.officer_last_name", &name);
    });
    x.within("Party", |x| {
        x.fix("ActivityPartyTypeCode", "30");
        institution(x);
    });
    x.within("Party", |x| {
        x.fix("ActivityPartyTypeCode", "8");
        sar_full_name(x, "filer", "Compliance office");
        sar_phone(x, "filer.phone", &f.phone);
    });
    x.within("Party", |x| {
        x.fix("ActivityPartyTypeCode", "34");
        x.fix("NoBranchActivityInvolvedIndicator", "Y");
        institution(x);
    });
}

/// Accounts of a subject that the element for account numbers can hold, and those that it cannot.
fn sar_accounts(s: &Subject) -> (Vec<String>, Vec<String>) {
    let all = std::iter::once(&s.customer).chain(&s.accounts).map(|a| squeezed(a)).filter(|a| !a.is_empty());
    all.partition(|a| a.chars().count() <= SAR_ACCOUNT)
}

fn sar_subject(x: &mut Out, s: &Subject, ein: &str, at: &str) {
    x.within("Party", |x| {
        x.fix("ActivityPartyTypeCode", "33");
        if s.business {
            x.fix("PartyAsEntityOrganizationIndicator", "Y");
        } else {
            x.fix("BirthDateUnknownIndicator", "Y");
            x.fix("UnknownGenderIndicator", "Y");
        }
        sar_name(x, s, at);
        x.within("Address", |x| {
            x.fix("CityUnknownIndicator", "Y");
            match &s.country {
                Some(country) => x.put("RawCountryCodeText", &format!("{at}.country"), country, 2),
                None => x.fix("CountryCodeUnknownIndicator", "Y"),
            }
            x.fix("StateCodeUnknownIndicator", "Y");
            x.fix("StreetAddressUnknownIndicator", "Y");
            x.fix("ZIPCodeUnknownIndicator", "Y");
        });
        if let Some(phone) = &s.phone {
            sar_phone(x, &format!("{at}.phone"), phone);
        }
        x.within("PartyIdentification", |x| x.fix("TINUnknownIndicator", "Y"));
        if let Some(email) = &s.email {
            x.within("ElectronicAddress", |x| {
                x.put("ElectronicAddressText", &format!("{at}.email"), email, 517);
                x.fix("ElectronicAddressTypeCode", "E");
            });
        }
        let (accounts, _) = sar_accounts(s);
        if accounts.len() > SAR_ACCOUNTS.0 * SAR_ACCOUNTS.1 {
            x.refuse(&format!("{at}.accounts"), format!("more than {} accounts", SAR_ACCOUNTS.0 * SAR_ACCOUNTS.1));
        }
        if !accounts.is_empty() {
            x.within("PartyAccountAssociation", |x| {
                x.fix("PartyAccountAssociationTypeCode", "7");
                accounts.chunks(SAR_ACCOUNTS.0).for_each(|part| sar_account_party(x, part, ein, at));
            });
        }
    });
}

fn sar_account_party(x: &mut Out, accounts: &[String], ein: &str, at: &str) {
    x.within("Party", |x| {
        x.fix("ActivityPartyTypeCode", "41");
        sar_id(x, "filer.tax_number", ein, "4");
        for account in accounts {
            x.within("Account", |x| {
                x.put("AccountNumberText", &format!("{at}.accounts"), account, SAR_ACCOUNT);
                x.within("PartyAccountAssociation", |x| x.fix("PartyAccountAssociationTypeCode", "5"));
            });
        }
    });
}

/// The narrative of a SAR in parts: what happened, what was done, and the addresses that are too long for an account number.
fn sar_narrative(body: &Body) -> Result<Vec<String>, Invalid> {
    let mut text = format!("{} {}", body.narrative, body.action);
    for (i, s) in body.subjects.iter().enumerate() {
        let (_, long) = sar_accounts(s);
        if !long.is_empty() {
            let who =
                if s.customer.is_empty() { format!("{} {}", s.first_name, s.last_name) } else { s.customer.clone() };
            text += &format!(" Accounts and addresses of subject {} ({}): {}.", i + 1, who.trim(), long.join(", "));
        }
    }
    let parts = parted(&text, NARRATIVE_PART);
    match parts.len() <= NARRATIVE_PARTS {
        true => Ok(parts),
        false => Err(Invalid::new(
            "narrative",
            format!(
                "with the action and the subjects' addresses it takes {} parts of {NARRATIVE_PART} characters; the schema takes \
                 {NARRATIVE_PARTS}, and nothing is cut: shorten it by {} characters",
                parts.len(),
                squeezed(&text).chars().count().saturating_sub(NARRATIVE_PARTS * NARRATIVE_PART).max(1)
            ),
        )),
    }
}

/// Returns FinCEN SAR XML (SARX batch, one activity): the filer's parties and the subjects (33).
///
/// # Errors
/// [`CaseError::Invalid`] names the field.
pub fn fincen_sar(body: &Body, reference: &str, now: Timestamp) -> Result<Vec<u8>, CaseError> {
    body.check_fields(crate::reports::Kind::FincenSar)?;
    Ok(write_fincen_sar(body, reference, now)?)
}

pub(crate) fn write_fincen_sar(body: &Body, reference: &str, now: Timestamp) -> Result<Vec<u8>, Invalid> {
    let f = &body.filer;
    let ein = digits(&f.tax_number);
    let total = body.total.to_string();
    let parts = sar_narrative(body)?;
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
    x.fix("FormTypeCode", "SARX");
    x.within("Activity", |x| {
        if let Some(prior) = &body.prior {
            x.put("EFilingPriorDocumentNumber", "prior", &digits(prior), 14);
        }
        x.fix("FilingDateText", &yyyymmdd(now));
        x.put("FilingInstitutionNotetoFinCEN", "reference", &squeezed(&format!("Case {reference}")), 50);
        x.within("ActivityAssociation", |x| match body.prior {
            Some(_) => x.fix("ContinuingActivityReportIndicator", "Y"),
            None => x.fix("InitialReportIndicator", "Y"),
        });
        sar_filer(x, f);
        for (i, s) in body.subjects.iter().enumerate() {
            sar_subject(x, s, &ein, &format!("subjects[{i}]"));
        }
        x.within("SuspiciousActivity", |x| {
            x.fix("SuspiciousActivityFromDateText", &yyyymmdd(body.from));
            x.fix("SuspiciousActivityToDateText", &yyyymmdd(body.to));
            x.put("TotalSuspiciousAmountText", "total", &total, 15);
            for (i, a) in body.activities.iter().enumerate() {
                x.within("SuspiciousActivityClassification", |x| {
                    let at = |field: &str| format!("activities[{i}].{field}");
                    x.put_some("OtherSuspiciousActivityTypeText", &at("other"), &squeezed(&a.other), 50);
                    x.put("SuspiciousActivitySubtypeID", &at("subtype"), &a.subtype.to_string(), 5);
                    x.put("SuspiciousActivityTypeID", &at("kind"), &a.kind.to_string(), 2);
                });
            }
        });
        for (i, part) in parts.iter().enumerate() {
            x.within("ActivityNarrativeInformation", |x| {
                x.fix("ActivityNarrativeSequenceNumber", &(i + 1).to_string());
                x.put("ActivityNarrativeText", "narrative", part, NARRATIVE_PART);
            });
        }
    });
    x.close("EFilingBatchXML");
    x.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_every_word() {
        let text = format!("one two three {} four", "x".repeat(25));
        for most in 3..40 {
            let parts = parted(&text, most);
            assert!(parts.iter().all(|p| p.chars().count() <= most && p.trim() == p), "{most}: {parts:?}");
            let joined: String = parts.concat().split_whitespace().collect();
            assert_eq!(joined, text.split_whitespace().collect::<String>());
        }
        let full = vec!["word"; 4_000].join(" ");
        assert_eq!(parted(&full, NARRATIVE_PART).len(), 5);
    }

    #[test]
    fn first_names_that_are_long_become_first_and_middle_names() {
        let long = "Maximiliana Konstantina Alexandrina Theodora";
        assert_eq!(given_names(long), ("Maximiliana Konstantina Alexandrina".into(), "Theodora".into()));
        assert_eq!(given_names("Ana"), ("Ana".into(), String::new()));
        // One word that is too long is refused where it is written.
        assert_eq!(given_names(&"x".repeat(36)).0.len(), 36);
    }
}
