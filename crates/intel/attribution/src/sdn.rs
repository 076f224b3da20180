//! OFAC's own lists in its advanced form (`sdn_advanced.xml`, `cons_advanced.xml`; schema "Sanctions", ADVANCED_XML): the addresses of digital
//! currencies of each party, with its name, programs and the day it was listed. The file is over 100 MB, and is read event by event: what is kept
//! are parties with addresses.

use crate::tagpack::{Pack, PackError};
use crate::tags::{Actor, Confidence, Tag};
use crate::tlp::Tlp;
use holdfast_types::asset;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::HashMap;

/// Largest file taken, in bytes.
const MAX_BYTES: usize = 1 << 30;
/// Most bytes of a text that are kept.
const MAX_TEXT: usize = 4_096;
/// Most parties with addresses, and most addresses of one.
const MAX_PARTIES: usize = 100_000;
const MAX_ADDRESSES: usize = 100_000;
/// How types of features that are addresses begin; the asset's code follows.
const ADDRESS: &str = "Digital Currency Address - ";
/// Where an entry can be looked up by its number.
const SEARCH: &str = "https://sanctionssearch.ofac.treas.gov/Details.aspx?id=";

/// Returns whether a file is such a list, by its name.
pub(crate) fn is_list(base: &str) -> bool {
    let base = base.to_ascii_lowercase();
    let is_named = |list: &str| base.starts_with(list);
    base.ends_with(".xml") && (is_named("sdn_advanced") || is_named("cons_advanced"))
}

/// Returns the asset of one of OFAC's codes.
pub(crate) fn asset_of(code: &str) -> String {
    asset::canonical(match code {
        // Codes that name a chain: its own coin stands for it.
        "ARB" => "eip155:42161/slip44:60",
        "BSC" => "BNB",
        code => code,
    })
}

#[derive(Default)]
struct Party {
    number: String,
    profile: String,
    name: String,
    addresses: Vec<(String, String)>,
    programs: Vec<String>,
    listed: String,
}

/// A day in parts, as the schema has it.
#[derive(Default)]
struct Day {
    year: String,
    month: String,
    day: String,
}

impl Day {
    fn take(&mut self, part: &str, text: &str) {
        match part {
            "Year" => text.clone_into(&mut self.year),
            "Month" => text.clone_into(&mut self.month),
            _ => text.clone_into(&mut self.day),
        }
    }

    /// Returns `YYYY-MM-DD`; `None` where a part is missing or none.
    fn text(&self) -> Option<String> {
        let number = |text: &str, most: u32| text.trim().parse::<u32>().ok().filter(|n| (1..=most).contains(n));
        let (year, month, day) = (number(&self.year, 9_999)?, number(&self.month, 12)?, number(&self.day, 31)?);
        Some(format!("{year:04}-{month:02}-{day:02}"))
    }
}

/// Where the reader stands, and what it has.
#[derive(Default)]
struct State {
    /// Asset codes by the id of their type of feature.
    codes: HashMap<String, String>,
    parties: Vec<Party>,
    /// Positions of parties by their profile's id.
    by_profile: HashMap<String, usize>,
    party: Option<Party>,
    feature_type: Option<String>,
    feature: Option<String>,
    is_primary: bool,
    is_named: bool,
    /// The party of the entry of sanctions that is read.
    entry: Option<usize>,
    is_event: bool,
    is_program: bool,
    is_issue: bool,
    day: Day,
    issued: Option<String>,
    addresses: usize,
    /// Text of the element that is open, and whether it is wanted.
    text: String,
    wants: bool,
}

/// Reads such a list.
///
/// # Errors
/// [`PackError::TooLarge`] over 1 GiB; [`PackError::Nothing`] of a file that is no XML of this schema, is cut off, or has no address that is one.
pub fn read(name: &str, bytes: &[u8]) -> Result<Pack, PackError> {
    let nothing = |cause: String| PackError::Nothing { file: name.to_owned(), cause };
    if bytes.len() > MAX_BYTES {
        return Err(nothing(format!("{} bytes is over the limit of {MAX_BYTES}", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| nothing(format!("byte {}: is no UTF-8", e.valid_up_to())))?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut state = State::default();
    let mut depth = 0usize;
    loop {
        let place = reader.buffer_position();
        let fault = |cause: String| nothing(format!("byte {place}: {cause}"));
        match reader.read_event().map_err(|e| fault(e.to_string()))? {
            Event::Start(element) => {
                depth += 1;
                state.start(&element).map_err(fault)?;
            }
            Event::Empty(element) => {
                state.start(&element).map_err(fault)?;
                state.end(element.local_name().as_ref()).map_err(fault)?;
            }
            Event::End(element) => {
                depth = depth.saturating_sub(1);
                state.end(element.local_name().as_ref()).map_err(fault)?;
            }
            Event::Text(text) => state.add(&text.xml10_content()).map_err(fault)?,
            Event::CData(text) => state.add(&text.xml10_content()).map_err(fault)?,
            Event::GeneralRef(reference) => {
                let char = reference.resolve_char_ref().map_err(|e| fault(e.to_string()))?;
                let known = char.map(String::from).or_else(|| resolve_xml_entity(&reference).map(str::to_owned));
                let text = known.ok_or_else(|| fault(format!("the reference '&{};' is unknown", &*reference)))?;
                state.add(&text).map_err(fault)?;
            }
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
    }
    if depth > 0 {
        return Err(nothing(format!("it is cut off: {depth} elements are open at its end; download it again")));
    }
    if state.codes.is_empty() {
        let text =
            format!("it names no FeatureType '{ADDRESS}...'; is it OFAC's sdn_advanced.xml or cons_advanced.xml?");
        return Err(nothing(text));
    }
    state.pack(name)
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<String, String> {
    let found = element.try_get_attribute(name).map_err(|e| e.to_string())?;
    let Some(found) = found else { return Ok(String::new()) };
    let value = found.normalized_value(XmlVersion::Implicit1_0).map_err(|e| e.to_string())?;
    Ok(value.chars().take(MAX_TEXT).collect())
}

impl State {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let name = element.local_name();
        self.text.clear();
        self.wants = false;
        match name.as_ref() {
            "DateOfIssue" => (self.is_issue, self.day) = (true, Day::default()),
            "FeatureType" => (self.feature_type, self.wants) = (Some(attribute(element, "ID")?), true),
            "DistinctParty" => {
                self.party = Some(Party { number: attribute(element, "FixedRef")?, ..Party::default() });
            }
            "Profile" => {
                let id = attribute(element, "ID")?;
                if let Some(party) = &mut self.party {
                    party.profile = id;
                }
            }
            "Alias" => {
                let is_first = self.party.as_ref().is_some_and(|p| p.name.is_empty());
                self.is_primary = is_first && attribute(element, "Primary")? == "true";
            }
            // Further ones spell the name in other scripts.
            "DocumentedName" => self.is_named = self.is_primary,
            "NamePartValue" => self.wants = self.is_named,
            "Feature" => self.feature = self.codes.get(&attribute(element, "FeatureTypeID")?).cloned(),
            "VersionDetail" => self.wants = self.feature.is_some(),
            "SanctionsEntry" => self.entry = self.by_profile.get(&attribute(element, "ProfileID")?).copied(),
            "EntryEvent" => (self.is_event, self.day) = (self.entry.is_some(), Day::default()),
            // Measures of the type "Program" name it in their comment.
            "SanctionsMeasure" => self.is_program = attribute(element, "SanctionsTypeID")? == "1",
            "Comment" => self.wants = self.entry.is_some() && self.is_program,
            "Year" | "Month" | "Day" => self.wants = self.is_issue || self.is_event,
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        if self.wants {
            self.text.push_str(text);
            if self.text.len() > MAX_TEXT {
                return Err(format!("a text has over {MAX_TEXT} bytes"));
            }
        }
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), String> {
        let text = if std::mem::take(&mut self.wants) { std::mem::take(&mut self.text) } else { String::new() };
        let text = text.trim();
        match name {
            "FeatureType" => {
                let code = text.strip_prefix(ADDRESS).map(|code| code.trim().to_owned());
                if let (Some(id), Some(code)) = (self.feature_type.take(), code) {
                    self.codes.insert(id, code);
                }
            }
            "Year" | "Month" | "Day" if !text.is_empty() => self.day.take(name, text),
            "DateOfIssue" => (self.is_issue, self.issued) = (false, self.day.text()),
            "NamePartValue" => {
                if let Some(party) = self.party.as_mut().filter(|_| !text.is_empty() && self.is_named) {
                    let space = if party.name.is_empty() { "" } else { " " };
                    party.name.push_str(space);
                    party.name.push_str(text);
                }
            }
            "DocumentedName" => {
                let is_done = self.party.as_ref().is_some_and(|p| !p.name.is_empty());
                (self.is_named, self.is_primary) = (false, self.is_primary && !is_done);
            }
            "VersionDetail" => {
                if let (Some(party), Some(code)) = (&mut self.party, &self.feature)
                    && !text.is_empty()
                {
                    self.addresses += 1;
                    party.addresses.push((code.clone(), text.to_owned()));
                }
            }
            "Feature" => self.feature = None,
            "DistinctParty" => {
                if let Some(party) = self.party.take().filter(|p| !p.addresses.is_empty()) {
                    self.by_profile.insert(party.profile.clone(), self.parties.len());
                    self.parties.push(party);
                }
            }
            "EntryEvent" => {
                // The first event is the listing.
                let listed = self.day.text().filter(|_| std::mem::take(&mut self.is_event));
                if let Some((party, listed)) = self.entry.and_then(|n| self.parties.get_mut(n)).zip(listed)
                    && party.listed.is_empty()
                {
                    party.listed = listed;
                }
            }
            "Comment" if !text.is_empty() => {
                if let Some(party) = self.entry.and_then(|n| self.parties.get_mut(n))
                    && !party.programs.iter().any(|p| p == text)
                {
                    party.programs.push(text.to_owned());
                }
            }
            "SanctionsMeasure" => self.is_program = false,
            "SanctionsEntry" => self.entry = None,
            _ => {}
        }
        let is_over = self.parties.len() > MAX_PARTIES || self.addresses > MAX_ADDRESSES;
        if is_over { Err(format!("more than {MAX_ADDRESSES} addresses")) } else { Ok(()) }
    }

    fn pack(self, name: &str) -> Result<Pack, PackError> {
        let base = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        let list = if base.starts_with("cons") { "consolidated list" } else { "SDN list" };
        let mut pack = Pack { title: format!("OFAC {list}, advanced XML"), ..Pack::default() };
        let title = pack.title.clone();
        let issued = self.issued.map(|day| format!(", list of {day}")).unwrap_or_default();
        for party in self.parties {
            let place = format!("{name}: entry {}", party.number);
            if party.listed.is_empty() || party.programs.is_empty() {
                pack.warnings
                    .push(format!("{place}: has no SanctionsEntry with a date and programs; they are unknown"));
            }
            let actor = format!("ofac_{}", party.number);
            let label = if party.name.is_empty() { "OFAC sanctioned address" } else { &party.name };
            let programs = if party.programs.is_empty() { "unknown".into() } else { party.programs.join(", ") };
            let source = format!("{SEARCH}{} (OFAC {list}{issued}; programs: {programs})", party.number);
            let taken = pack.tags.len();
            for (code, address) in party.addresses {
                let tag = Tag {
                    address,
                    asset: asset_of(&code),
                    label: label.to_owned(),
                    source: source.clone(),
                    category: None,
                    abuse: Some("sanction".into()),
                    concepts: Vec::new(),
                    confidence: Confidence::AuthorityData,
                    is_cluster_definer: false,
                    actor: Some(actor.clone()),
                    lastmod: party.listed.clone(),
                    pack: title.clone(),
                    file: name.to_owned(),
                    creator: "US Department of the Treasury, OFAC".into(),
                    // The list is published.
                    tlp: Some(Tlp::Clear),
                };
                pack.take(&place, tag);
            }
            if pack.tags.len() > taken {
                pack.actors.push(Actor {
                    id: actor,
                    label: label.to_owned(),
                    categories: Vec::new(),
                    jurisdictions: Vec::new(),
                    uri: Some(format!("{SEARCH}{}", party.number)),
                });
            }
        }
        pack.or_nothing(name, self.addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BITCOIN: &str = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S";
    const ACCOUNT: &str = "0x901bb9583b24d97e995513c6778dc6888ab6870e";

    /// A made list in the published schema: one party with two addresses and a name in two scripts, one with none, one with no entry.
    const LIST: &str = include_str!("../tests/sdn_advanced.xml");

    #[test]
    fn addresses_have_their_party_programs_and_date() {
        let pack = read("lists/sdn_advanced.xml", LIST.as_bytes()).unwrap();
        let tags: Vec<_> = pack.tags.iter().map(|t| (t.address.as_str(), t.asset.as_str(), t.label.as_str())).collect();
        let others = ("0x4f47bc496083c727c5fbe3ce9cdf2b0f6496270c", "ETH", "NO ENTRY");
        assert_eq!(tags, [(BITCOIN, "BTC", "MIXER & CO"), (ACCOUNT, "ETH", "MIXER & CO"), others]);
        let first = &pack.tags[0];
        assert_eq!((first.lastmod.as_str(), first.actor.as_deref()), ("2022-08-08", Some("ofac_101")));
        assert_eq!((first.concept().name(), first.tlp), ("sanction", Some(Tlp::Clear)));
        let source = "https://sanctionssearch.ofac.treas.gov/Details.aspx?id=101 (OFAC SDN list, list of 2026-11-03; programs: CYBER2, DPRK3)";
        assert_eq!(first.source, source);
        assert_eq!(pack.actors.iter().map(|a| a.label.as_str()).collect::<Vec<_>>(), ["MIXER & CO", "NO ENTRY"]);
        // What the list does not say is said to be unknown.
        assert_eq!(pack.tags[2].lastmod, "");
        assert!(pack.warnings.iter().any(|w| w.contains("entry 103: has no SanctionsEntry")), "{:?}", pack.warnings);
    }

    #[test]
    fn a_file_that_is_cut_off_or_none_of_these_is_refused() {
        let list = LIST.trim_end();
        let refused = |text: &str| read("sdn_advanced.xml", text.as_bytes()).unwrap_err().to_string();
        // Half a list would leave parties out without a word.
        for cut in (0..list.len()).filter(|n| list.is_char_boundary(*n)).step_by(31) {
            let error = refused(&list[..cut]);
            assert!(error.starts_with("sdn_advanced.xml: nothing in it was understood: "), "{cut}: {error}");
        }
        assert!(refused("<a><b></a>").contains("byte"), "{}", refused("<a><b></a>"));
        assert!(refused("<sdnList/>").contains("names no FeatureType"));
        assert!(refused(&list.replace("&amp;", "&what;")).contains("'&what;' is unknown"));
        let error = read("sdn_advanced.xml", b"<a>\xff</a>").unwrap_err().to_string();
        assert!(error.contains("byte 3: is no UTF-8"), "{error}");
        let long = list.replace("MIXER", &"M".repeat(5_000));
        assert!(refused(&long).contains("4096 bytes"));
        // Elements without attributes and dates that are none change nothing but what they would say.
        let bare = list.replace("<Year>2022</Year>", "<Year>soon</Year>").replace(" ProfileID=\"101\"", "");
        let pack = read("sdn_advanced.xml", bare.as_bytes()).unwrap();
        assert_eq!((pack.tags.len(), pack.tags[0].lastmod.as_str()), (3, ""));
    }

    #[test]
    fn lists_are_known_by_their_names() {
        for (name, is_one) in [("sdn_advanced.xml", true), ("SDN_ADVANCED.XML", true), ("cons_advanced_2026.xml", true)]
            .into_iter()
            .chain([("sdn.xml", false), ("sdn_advanced.csv", false), ("advanced.xml", false)])
        {
            assert_eq!(is_list(name), is_one, "{name}");
        }
    }
}
