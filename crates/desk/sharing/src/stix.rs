//! STIX 2.1 (OASIS Standard): the objects that partners exchange, built and read, with TLP 2.0 markings.
//!
//! Wallets are `cryptocurrency-wallet` observables, as OpenCTI has them, declared as a new observable by an extension definition; the same
//! is repeated in a property extension on indicators, so that a reader that does not know the observable still has address and asset.

use crate::SharingError;
pub use holdfast_attribution::Tlp;
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_input::time::parse as parse_time;
use holdfast_types::Timestamp;
use holdfast_types::ids::FlagId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

/// Namespace of ids that are derived from content: UUIDv5 under the URL namespace.
fn derived(kind: &str, content: &str) -> String {
    let space = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://holdfast.example/stix");
    format!("{kind}--{}", Uuid::new_v5(&space, format!("{kind}:{content}").as_bytes()))
}

/// Returns a derived UUID without a type, for collections and API roots.
#[must_use]
pub fn derived_uuid(content: &str) -> String {
    derived("x", content).split_off(3)
}

/// Largest object, in bytes.
pub const MAX_OBJECT: usize = 256 << 10;
/// STIX's own namespace for the ids of observables (STIX 2.1, section 2.9).
const SCO_NAMESPACE: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);
/// TLP 2.0's extension (OASIS cti-stix-common-objects).
const TLP_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// Returns the id of a label's marking definition.
#[must_use]
pub fn marking(tlp: Tlp) -> &'static str {
    [
        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    ][tlp as usize]
}

/// Returns a label by the id of its marking definition, TLP 1.0's included.
#[must_use]
pub fn tlp_from_marking(id: &str) -> Option<Tlp> {
    // STIX 2.1, section 7.2.1.4.
    match id {
        "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9" => Some(Tlp::Clear),
        "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da" => Some(Tlp::Green),
        "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82" => Some(Tlp::Amber),
        "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed" => Some(Tlp::Red),
        _ => Tlp::ALL.iter().copied().find(|t| marking(*t) == id),
    }
}

/// Returns a label's marking definition itself.
#[must_use]
pub fn marking_definition(tlp: Tlp) -> Value {
    let word = tlp.name()[4..].to_ascii_lowercase();
    json!({
        "type": "marking-definition", "spec_version": "2.1", "id": marking(tlp), "created": "2022-10-01T00:00:00.000Z",
        "name": tlp.name(), "extensions": { TLP_EXTENSION: { "extension_type": "property-extension", "tlp_2_0": word } },
    })
}

/// Returns the most restrictive label of an object; unmarked objects count as AMBER.
#[must_use]
pub fn tlp_of(object: &Value) -> Tlp {
    let refs = object["object_marking_refs"].as_array();
    let labels = refs.into_iter().flatten().filter_map(Value::as_str).filter_map(tlp_from_marking);
    labels.max().unwrap_or(Tlp::Amber)
}

/// Returns microseconds since 1970 of an RFC 3339 time in UTC, as STIX writes it.
#[must_use]
pub fn micros(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.split_once('.') {
        None => (text.to_owned(), 0),
        Some((whole, rest)) => {
            let digits = rest.strip_suffix('Z')?;
            if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            (format!("{whole}Z"), format!("{digits:0<6}")[..6].parse::<i64>().ok()?)
        }
    };
    whole
        .ends_with('Z')
        .then(|| parse_time(&whole).ok())
        .flatten()?
        .unix()
        .checked_mul(1_000_000)?
        .checked_add(fraction)
}

/// Returns a time as STIX and TAXII write it, with microseconds.
#[must_use]
pub fn timestamp(micros: i64) -> String {
    let whole = Timestamp::from_unix(micros.div_euclid(1_000_000)).rfc3339();
    format!("{}.{:06}Z", whole.trim_end_matches('Z'), micros.rem_euclid(1_000_000))
}

fn seconds(time: Timestamp) -> String {
    format!("{}.000Z", time.rfc3339().trim_end_matches('Z'))
}

/// Returns the version of an object: `modified`, else `created`; objects without either (observables) have the fixed version that TAXII 2.1 (section
/// 3.4) leaves to the time when they were added, given here.
#[must_use]
pub fn version_of(object: &Value, added: &str) -> String {
    let text = |name: &str| object[name].as_str().map(str::to_owned);
    text("modified").or_else(|| text("created")).unwrap_or_else(|| added.to_owned())
}

/// Checks what every object must have (STIX 2.1, section 3.2), so that nothing unbounded or unaddressable is stored.
///
/// # Errors
/// [`SharingError::Object`] names the fault.
pub fn check(object: &Value) -> Result<(), SharingError> {
    let id = object["id"].as_str().unwrap_or("an object without id").to_owned();
    let wrong = |what: &str| SharingError::Object(id.chars().take(120).collect(), what.to_owned());
    if !object.is_object() {
        return Err(wrong("is no JSON object"));
    }
    if object.to_string().len() > MAX_OBJECT {
        return Err(wrong("is over 256 KiB"));
    }
    let kind = object["type"].as_str().ok_or_else(|| wrong("has no type"))?;
    let name_ok = (3..=250).contains(&kind.len())
        && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !name_ok {
        return Err(wrong("has a type that is no STIX type"));
    }
    let uuid = id.strip_prefix(kind).and_then(|rest| rest.strip_prefix("--"));
    if uuid.and_then(|u| Uuid::try_parse(u).ok()).is_none() {
        return Err(wrong("has no id of the form TYPE--UUID"));
    }
    if object["spec_version"].as_str().is_some_and(|v| v != "2.1") {
        return Err(wrong("is not of STIX 2.1"));
    }
    for field in ["created", "modified", "valid_from", "valid_until", "published", "first_seen", "last_seen"] {
        if let Some(value) = object.get(field)
            && value.as_str().and_then(micros).is_none()
        {
            return Err(wrong(&format!("{field} is no RFC 3339 time in UTC")));
        }
    }
    let required: &[&str] = match kind {
        "indicator" => &["created", "modified", "pattern", "pattern_type", "valid_from"],
        "identity" => &["created", "modified", "name"],
        "relationship" => &["created", "modified", "relationship_type", "source_ref", "target_ref"],
        "sighting" => &["created", "modified", "sighting_of_ref"],
        "report" => &["created", "modified", "name", "published", "object_refs"],
        "note" => &["created", "modified", "content", "object_refs"],
        "cryptocurrency-wallet" => &["value"],
        "marking-definition" | "extension-definition" => &["created"],
        _ => &[],
    };
    for field in required {
        if object.get(*field).is_none_or(Value::is_null) {
            return Err(wrong(&format!("has no {field}")));
        }
    }
    Ok(())
}

/// Returns an organisation as identity; the same name is the same identity everywhere.
#[must_use]
pub fn identity(name: &str) -> Value {
    let at = "2026-01-01T00:00:00.000Z";
    json!({ "type": "identity", "spec_version": "2.1", "id": identity_id(name), "created": at, "modified": at, "name": name,
        "identity_class": "organization", "sectors": ["financial-services"] })
}

/// Returns the id of an organisation's identity.
#[must_use]
pub fn identity_id(name: &str) -> String {
    derived("identity", name)
}

/// Returns the id of the extension that declares the wallet observable and the wallet properties.
#[must_use]
pub fn wallet_extension() -> String {
    derived("extension-definition", "wallet")
}

/// Returns the id of the extension that carries a flag's state.
#[must_use]
pub fn flag_extension() -> String {
    derived("extension-definition", "flag")
}

/// Returns the definitions of both extensions.
#[must_use]
pub fn extension_definitions() -> Vec<Value> {
    let at = "2026-01-01T00:00:00.000Z";
    let by = identity_id("Holdfast");
    let definition = |id: String, name: &str, description: &str, kinds: Value| {
        json!({ "type": "extension-definition", "spec_version": "2.1", "id": id, "created_by_ref": by, "created": at, "modified": at,
            "name": name, "description": description, "version": "1.0.0", "extension_types": kinds,
            "schema": "https://holdfast.example/stix/schemas" })
    };
    vec![
        identity("Holdfast"),
        definition(
            wallet_extension(),
            "Cryptocurrency wallet",
            "The observable cryptocurrency-wallet (value: the address), and address and asset as properties of indicators.",
            json!(["new-sco", "property-extension"]),
        ),
        definition(
            flag_extension(),
            "Flag of stolen funds",
            "What is flagged (subject, asset, value), how the flag stands (state) and when it lapses unless confirmed (until).",
            json!(["property-extension"]),
        ),
    ]
}

/// Returns a wallet as observable. Its id is derived from the address, as STIX requires of observables.
#[must_use]
pub fn wallet(address: &str) -> Value {
    // The one id-contributing property, as canonical JSON (RFC 8785).
    let contributing = json!({ "value": address }).to_string();
    let id = Uuid::new_v5(&SCO_NAMESPACE, contributing.as_bytes());
    json!({ "type": "cryptocurrency-wallet", "spec_version": "2.1", "id": format!("cryptocurrency-wallet--{id}"), "value": address,
        "extensions": { wallet_extension(): { "extension_type": "new-sco" } } })
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

/// Statements about a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletReport {
    /// Address.
    pub address: String,
    /// Ticker.
    pub asset: String,
    /// Label.
    pub label: String,
    /// Concept of the taxonomy, such as ransomware.
    pub concept: String,
    /// Reason.
    pub reason: String,
    /// Where it can be verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How sure it is, 0 to 100.
    #[serde(default = "fifty")]
    pub confidence: u8,
    /// Who may read it.
    pub tlp: Tlp,
    /// For TLP:RED, the members that may read it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<String>,
    /// How often and when it was seen to be paid by customers, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
}

fn fifty() -> u8 {
    50
}

/// A sighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// How often.
    pub count: u32,
    /// First, Unix seconds.
    #[schema(value_type = i64)]
    pub first: Timestamp,
    /// Last, Unix seconds.
    #[schema(value_type = i64)]
    pub last: Timestamp,
}

/// Returns statements about a wallet as objects: the wallet, an indicator, their relationship, a sighting and a note.
#[must_use]
pub fn wallet_objects(by: &str, stated: &WalletReport, now: Timestamp) -> Vec<Value> {
    let author = identity_id(by);
    let key = format!("{by}:{}:{}", stated.asset, stated.address);
    let at = seconds(now);
    let marked = json!([marking(stated.tlp)]);
    let wallet = wallet(&stated.address);
    let mut indicator = json!({
        "type": "indicator", "spec_version": "2.1", "id": derived("indicator", &key), "created_by_ref": author, "created": at,
        "modified": at, "name": stated.label, "description": stated.reason, "indicator_types": ["malicious-activity"],
        "pattern": format!("[cryptocurrency-wallet:value = '{}']", quoted(&stated.address)), "pattern_type": "stix",
        "valid_from": at, "confidence": stated.confidence.min(100), "labels": [stated.concept], "object_marking_refs": marked,
        "extensions": { wallet_extension(): { "extension_type": "property-extension", "address": stated.address, "asset": stated.asset } },
    });
    if !stated.readers.is_empty() {
        indicator["extensions"][wallet_extension()]["readers"] = json!(stated.readers);
    }
    if let Some(reference) = &stated.reference {
        let source = match reference.starts_with("http") {
            true => json!({ "source_name": "reference", "url": reference }),
            false => json!({ "source_name": "reference", "description": reference }),
        };
        indicator["external_references"] = json!([source]);
    }
    let based_on = json!({
        "type": "relationship", "spec_version": "2.1", "id": derived("relationship", &key), "created_by_ref": author,
        "created": at, "modified": at, "relationship_type": "based-on", "source_ref": indicator["id"], "target_ref": wallet["id"],
        "object_marking_refs": marked,
    });
    let mut objects = vec![identity(by), wallet.clone(), indicator.clone(), based_on];
    if let Some(seen) = &stated.seen {
        objects.push(json!({
            "type": "sighting", "spec_version": "2.1", "id": derived("sighting", &key), "created_by_ref": author, "created": at,
            "modified": at, "first_seen": seconds(seen.first), "last_seen": seconds(seen.last), "count": seen.count,
            "sighting_of_ref": indicator["id"], "where_sighted_refs": [author], "object_marking_refs": marked,
        }));
    }
    objects
}

/// Returns a report over other objects.
#[must_use]
pub fn report(by: &str, title: &str, text: &str, refs: &[String], tlp: Tlp, now: Timestamp) -> Value {
    let at = seconds(now);
    json!({ "type": "report", "spec_version": "2.1", "id": derived("report", &format!("{by}:{title}")), "created_by_ref": identity_id(by),
        "created": at, "modified": at, "name": title, "description": text, "report_types": ["threat-report"], "published": at,
        "object_refs": refs, "object_marking_refs": [marking(tlp)] })
}

/// Returns a note on other objects.
#[must_use]
pub fn note(by: &str, text: &str, refs: &[String], tlp: Tlp, now: Timestamp) -> Value {
    let at = seconds(now);
    json!({ "type": "note", "spec_version": "2.1", "id": derived("note", &format!("{by}:{text}:{refs:?}")),
        "created_by_ref": identity_id(by), "created": at, "modified": at, "content": text, "authors": [by], "object_refs": refs,
        "object_marking_refs": [marking(tlp)] })
}

/// Returns the id of the flag that a member raises on something: the same again is the same flag.
#[must_use]
pub fn flag_id(by: &str, subject: Subject, asset: &str, value: &str, raised: Timestamp) -> FlagId {
    derived("indicator", &format!("flag:{by}:{}:{asset}:{value}:{}", subject.name(), raised.unix())).into()
}

/// Returns a flag as an indicator; each change of its state is a later version.
#[must_use]
pub fn flag_object(flag: &Flag, changed: Timestamp, tlp: Tlp) -> Value {
    let pattern = match flag.subject {
        Subject::Address => format!("[cryptocurrency-wallet:value = '{}']", quoted(&flag.value)),
        // No STIX observable is a transaction; an artifact of the extension's properties names it.
        _ => format!("[x-cryptocurrency-transaction:value = '{}']", quoted(&flag.value)),
    };
    let gone = !flag.state.counts();
    // Later states are later versions, even within a second.
    let whole = seconds(changed.max(flag.raised));
    let modified = whole.replace(".000Z", &format!(".00{}Z", flag.state as u8));
    let mut object = json!({
        "type": "indicator", "spec_version": "2.1", "id": flag.id, "created_by_ref": identity_id(&flag.member),
        "created": seconds(flag.raised), "modified": modified, "name": format!("Stolen funds: {} {}", flag.asset, flag.value),
        "description": flag.reason, "indicator_types": ["malicious-activity"], "pattern": pattern, "pattern_type": "stix",
        "valid_from": seconds(flag.raised), "labels": ["stolen-funds"], "object_marking_refs": [marking(tlp)],
        "extensions": { flag_extension(): { "extension_type": "property-extension", "subject": flag.subject.name(),
            "asset": flag.asset, "value": flag.value, "state": flag.state.name(), "until": seconds(flag.until), "member": flag.member } },
    });
    if gone {
        object["revoked"] = json!(true);
    }
    object
}

/// Reads a flag from an indicator that carries one. The member that raised it is the object's creator: the caller checks that.
///
/// # Errors
/// [`SharingError::Object`].
pub fn read_flag(object: &Value) -> Result<Option<Flag>, SharingError> {
    let Some(stated) = object["extensions"].get(flag_extension()) else { return Ok(None) };
    let id = object["id"].as_str().unwrap_or_default();
    let wrong = |what: &str| SharingError::Object(id.to_owned(), what.to_owned());
    let text = |name: &str| stated[name].as_str().ok_or_else(|| wrong(&format!("the flag has no {name}")));
    let time = |value: &Value| value.as_str().and_then(micros).map(|t| Timestamp::from_unix(t / 1_000_000));
    let member = text("member")?;
    if object["created_by_ref"].as_str() != Some(identity_id(member).as_str()) {
        return Err(wrong("the flag's member is not who created the object"));
    }
    let state: State =
        serde_json::from_value(stated["state"].clone()).map_err(|_| wrong("the flag has no known state"))?;
    let flag = Flag {
        id: id.into(),
        member: member.to_owned(),
        community: String::new(),
        subject: serde_json::from_value(stated["subject"].clone())
            .map_err(|_| wrong("the flag has no known subject"))?,
        asset: text("asset")?.to_owned(),
        value: text("value")?.to_owned(),
        reason: object["description"].as_str().unwrap_or("no reason was given").chars().take(1_000).collect(),
        raised: time(&object["valid_from"]).ok_or_else(|| wrong("valid_from is no time"))?,
        until: time(&stated["until"]).ok_or_else(|| wrong("until is no time"))?,
        // Revoked is withdrawn, whatever else is stated.
        state: if object["revoked"] == json!(true) && state.counts() { State::Withdrawn } else { state },
        source: None,
        tlp: tlp_of(object).name().to_owned(),
    };
    flag.canonical().map(Some).map_err(|e| wrong(&e.to_string()))
}

/// A wallet that an indicator names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidWallet {
    /// Address.
    pub address: String,
    /// Ticker, where it is named.
    pub asset: Option<String>,
}

/// Returns the wallets of an indicator: those of its pattern's comparisons with `=` or `IN` on a wallet's value, and those of the property extension.
#[must_use]
pub fn wallets_of(object: &Value) -> Vec<SaidWallet> {
    let mut found: Vec<SaidWallet> = Vec::new();
    let extensions = object["extensions"].as_object();
    for stated in extensions.into_iter().flat_map(Map::values) {
        if let (Some(address), Some(asset)) = (stated["address"].as_str(), stated["asset"].as_str()) {
            found.push(SaidWallet { address: address.to_owned(), asset: Some(asset.to_ascii_uppercase()) });
        }
    }
    if object["pattern_type"].as_str() != Some("stix") {
        return found;
    }
    let pattern = object["pattern"].as_str().unwrap_or_default();
    for part in pattern.split("cryptocurrency-wallet:value").skip(1).take(1_000) {
        let rest = part.trim_start();
        let Some(list) = rest.strip_prefix('=').or_else(|| rest.strip_prefix("IN")) else { continue };
        let end = list.find(']').unwrap_or(list.len());
        for address in literals(&list[..end], rest.starts_with("IN")) {
            if !found.iter().any(|f| f.address == address) {
                found.push(SaidWallet { address, asset: None });
            }
        }
    }
    found
}

/// String literals at the beginning of a pattern's right side: one, or all of a set.
fn literals(text: &str, set: bool) -> Vec<String> {
    let (mut out, mut current, mut inside, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in text.chars() {
        match (inside, escaped, c) {
            (true, true, c) => {
                current.push(c);
                escaped = false;
            }
            (true, false, '\\') => escaped = true,
            (true, false, '\'') => {
                out.push(std::mem::take(&mut current));
                inside = false;
                if !set || out.len() >= 1_000 {
                    return out;
                }
            }
            (true, false, c) => current.push(c),
            (false, _, '\'') => inside = true,
            (false, _, ')') => return out,
            _ => {}
        }
    }
    out
}

/// Returns a bundle of objects.
#[must_use]
pub fn bundle(objects: &[Value]) -> Value {
    let ids: Vec<&str> = objects.iter().filter_map(|o| o["id"].as_str()).collect();
    json!({ "type": "bundle", "id": derived("bundle", &ids.join(",")), "objects": objects })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_to_the_microsecond() {
        for text in [
            "2026-11-25T08:00:00Z",
            "2026-11-25T08:00:00.5Z",
            "2026-11-25T08:00:00.000001Z",
            "2026-11-25T08:00:00.123456789Z",
        ] {
            let at = micros(text).unwrap();
            assert_eq!(micros(&timestamp(at)), Some(at), "{text}");
        }
        assert_eq!(micros("2026-11-25T08:00:00.5Z").unwrap() % 1_000_000, 500_000);
        for bad in ["2026-11-25T08:00:00", "2026-11-25", "", "2026-11-25T08:00:00.Z", "2026-11-25T08:00:00+01:00"] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }

    #[test]
    fn wallets_are_found_in_patterns() {
        let of = |pattern: &str| {
            let object = json!({ "pattern_type": "stix", "pattern": pattern });
            wallets_of(&object).into_iter().map(|w| w.address).collect::<Vec<_>>()
        };
        assert_eq!(of("[cryptocurrency-wallet:value = 'a']"), ["a"]);
        assert_eq!(of("[cryptocurrency-wallet:value='a' OR cryptocurrency-wallet:value = 'b\\'c']"), ["a", "b'c"]);
        assert_eq!(of("[cryptocurrency-wallet:value IN ('a', 'b')] AND [x:y = 'z']"), ["a", "b"]);
        assert!(of("[cryptocurrency-wallet:value LIKE 'a%'] OR [url:value = 'b']").is_empty());
        assert!(of("[cryptocurrency-wallet:value = ").is_empty());
    }

    #[test]
    fn a_flag_survives_the_way() {
        let flag = Flag {
            id: flag_id("A", Subject::Address, "BTC", "1abc", Timestamp::from_unix(1_790_000_000)),
            member: "A".into(),
            community: String::new(),
            subject: Subject::Address,
            asset: "BTC".into(),
            value: "1abc".into(),
            reason: "hot wallet emptied".into(),
            raised: Timestamp::from_unix(1_790_000_000),
            until: Timestamp::from_unix(1_790_003_600),
            state: State::Open,
            source: None,
            tlp: Tlp::Amber.name().into(),
        };
        let object = flag_object(&flag, Timestamp::from_unix(1_790_000_000), Tlp::Amber);
        check(&object).unwrap();
        assert_eq!(read_flag(&object).unwrap(), Some(flag.clone()));
        let gone =
            flag_object(&Flag { state: State::Withdrawn, ..flag }, Timestamp::from_unix(1_790_000_100), Tlp::Amber);
        assert_eq!(gone["revoked"], true);
        assert_eq!(read_flag(&gone).unwrap().unwrap().state, State::Withdrawn);
        let mut forged = object;
        forged["created_by_ref"] = json!(identity_id("B"));
        assert!(read_flag(&forged).is_err());
    }

    #[test]
    fn labels_are_ordered_and_read() {
        assert!(Tlp::Clear < Tlp::Red && Tlp::Amber < Tlp::AmberStrict);
        assert_eq!(Tlp::from_name("amber+strict"), Some(Tlp::AmberStrict));
        assert_eq!(tlp_of(&json!({})), Tlp::Amber);
        assert_eq!(tlp_of(&json!({"object_marking_refs": [marking(Tlp::Green), marking(Tlp::Red)]})), Tlp::Red);
    }
}
