//! MISP feeds (MISP core format, `manifest.json`, an event a file, `hashes.csv`), out and in. Wallets are `coin-address` objects, transactions
//! `btc-transaction` objects (misp-objects).

use crate::sources::{Effect, Incoming, SaidTag, tag_ok};
use crate::stix::Tlp;
use crate::{Sharing, SharingError};
use holdfast_attribution::{Category, Tag};
use holdfast_screening::ScreeningError;
use holdfast_screening::model::{Invalid, rfc3339};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use uuid::Uuid;

/// `coin-address`, version 7.
const COIN_ADDRESS: &str = "d0e6997e-78da-4815-a6a1-cfc1c1cb8a46";
/// `btc-transaction`, version 4.
const BTC_TRANSACTION: &str = "b7341729-5a8a-439f-a775-6d814da3c7b5";
/// Most tags of an event; more make further events.
const TAGS_AN_EVENT: usize = 1_000;
/// Largest file of a feed, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// Most events of a feed that are read at once.
const MAX_EVENTS: usize = 10_000;

/// A transaction to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedTransaction {
    /// Its id.
    pub txid: String,
    /// When, Unix seconds.
    pub time: i64,
    /// Satoshi.
    pub value: u64,
    /// An address that it paid.
    pub address: String,
}

/// A feed's files by name.
pub type Feed = BTreeMap<String, Vec<u8>>;

fn uuid_of(text: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("https://holdfast.example/misp/{text}").as_bytes()).to_string()
}

fn attribute(object: &str, relation: &str, kind: &str, category: &str, value: Json, time: i64) -> Json {
    json!({ "uuid": uuid_of(&format!("{object}:{relation}:{value}")), "object_relation": relation, "type": kind, "category": category,
        "value": value, "to_ids": relation.starts_with("address"), "disable_correlation": false, "comment": "", "deleted": false,
        "timestamp": time.to_string() })
}

fn object(
    name: &str,
    template: &str,
    version: &str,
    uuid: &str,
    comment: &str,
    time: i64,
    attributes: Vec<Json>,
) -> Json {
    json!({ "name": name, "meta-category": "financial", "description": "", "template_uuid": template, "template_version": version,
        "uuid": uuid, "timestamp": time.to_string(), "comment": comment, "deleted": false, "ObjectReference": [], "Attribute": attributes })
}

fn value_text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Tags as a feed: an event for each pack. `organisation` is who publishes; `time` the publication, Unix seconds.
#[must_use]
pub fn feed(organisation: &str, tags: &[&Tag], transactions: &[SharedTransaction], tlp: Tlp, time: i64) -> Feed {
    let mut packs: BTreeMap<&str, Vec<&Tag>> = BTreeMap::new();
    for tag in tags {
        packs.entry(&tag.pack).or_default().push(tag);
    }
    let mut events: Vec<(String, String, Vec<Json>)> = Vec::new();
    for (pack, tags) in packs {
        for (i, part) in tags.chunks(TAGS_AN_EVENT).enumerate() {
            let uuid = uuid_of(&format!("{organisation}:{pack}:{i}"));
            let objects = part.iter().map(|t| coin_address(&uuid, t, time)).collect();
            let info = if i == 0 { pack.to_owned() } else { format!("{pack} ({})", i + 1) };
            events.push((uuid, info, objects));
        }
    }
    for (i, part) in transactions.chunks(TAGS_AN_EVENT).enumerate() {
        let uuid = uuid_of(&format!("{organisation}:transactions:{i}"));
        let objects = part.iter().map(|t| transaction(&uuid, t, time)).collect();
        events.push((uuid, format!("Transactions of illicit funds ({})", i + 1), objects));
    }
    let orgc = json!({ "name": organisation, "uuid": uuid_of(&format!("org:{organisation}")) });
    let event_tags = json!([
        { "name": format!("tlp:{}", tlp.name()[4..].to_lowercase()), "colour": "#ffffff" },
        { "name": "misp-galaxy:financial-fraud=\"Cryptocurrency\"", "colour": "#0088cc" },
    ]);
    let (mut files, mut manifest, mut hashes) = (Feed::new(), Map::new(), String::new());
    for (uuid, info, objects) in events {
        let date = &rfc3339(time)[..10];
        for value in objects.iter().flat_map(|o| o["Attribute"].as_array().into_iter().flatten()) {
            let digest = md5(value_text(&value["value"]).as_bytes());
            hashes.push_str(&format!("{digest},{uuid}\n"));
        }
        manifest.insert(
            uuid.clone(),
            json!({ "Orgc": orgc, "Tag": event_tags, "info": info, "date": date, "analysis": 2, "threat_level_id": 2, "timestamp": time }),
        );
        let event = json!({ "Event": {
            "uuid": uuid, "info": info, "date": date, "timestamp": time.to_string(), "publish_timestamp": time.to_string(),
            "published": true, "analysis": "2", "threat_level_id": "2", "Orgc": orgc, "Tag": event_tags, "Attribute": [],
            "Object": objects, "extends_uuid": "",
        } });
        files.insert(format!("{uuid}.json"), event.to_string().into_bytes());
    }
    files.insert("manifest.json".into(), Json::Object(manifest).to_string().into_bytes());
    files.insert("hashes.csv".into(), hashes.into_bytes());
    files
}

fn coin_address(event: &str, tag: &Tag, time: i64) -> Json {
    let key = format!("{event}:{}:{}:{}", tag.asset, tag.address, tag.label);
    let uuid = uuid_of(&key);
    let (relation, kind) = match tag.asset.as_str() {
        "BTC" => ("address", "btc"),
        "XMR" => ("address-xmr", "xmr"),
        _ => ("address-crypto", "text"),
    };
    let category = if kind == "text" { "Other" } else { "Financial fraud" };
    let about = json!({ "concept": tag.concept().name(), "confidence": tag.confidence.level(), "label": tag.label, "reference": tag.source });
    let attributes = vec![
        attribute(&uuid, relation, kind, category, json!(tag.address), time),
        attribute(&uuid, "symbol", "text", "Other", json!(tag.asset), time),
        attribute(&uuid, "text", "text", "Other", json!(about.to_string()), time),
    ];
    object("coin-address", COIN_ADDRESS, "7", &uuid, &tag.label, time, attributes)
}

fn transaction(event: &str, t: &SharedTransaction, time: i64) -> Json {
    let uuid = uuid_of(&format!("{event}:{}", t.txid));
    let coins = format!("{}.{:08}", t.value / 100_000_000, t.value % 100_000_000);
    let attributes = vec![
        attribute(&uuid, "transaction-number", "text", "Other", json!(t.txid), time),
        attribute(&uuid, "time", "datetime", "Other", json!(rfc3339(t.time)), time),
        attribute(&uuid, "value_BTC", "float", "Other", json!(coins), time),
        attribute(&uuid, "btc-address", "btc", "Financial fraud", json!(t.address), time),
    ];
    object("btc-transaction", BTC_TRANSACTION, "4", &uuid, "", time, attributes)
}

/// MD5 (RFC 1321), which MISP's `hashes.csv` is made of; for looking up, not for trust.
fn md5(bytes: &[u8]) -> String {
    use md5::Digest;
    hex::encode(md5::Md5::digest(bytes))
}

/// A concept of the taxonomy in what a MISP object says: its own JSON when Holdfast wrote it, else a word that is one.
fn said_about(text: &str) -> (Option<String>, Option<u8>, Option<String>, Option<String>) {
    let about: Json = serde_json::from_str(text).unwrap_or_default();
    let get = |name: &str| about[name].as_str().map(str::to_owned);
    if about.is_object() {
        let confidence = about["confidence"].as_u64().map(|c| c.min(100) as u8);
        return (get("concept"), confidence, get("label"), get("reference"));
    }
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    let concept = words.map(str::to_lowercase).find(|w| w.len() > 3 && Category::from_name(w).is_some());
    (concept, None, None, None)
}

/// Reads an event: its `coin-address` objects, and its bare attributes of the types btc and xmr.
pub(crate) fn read_event(file: &str, body: &Json) -> Result<Vec<Incoming>, SharingError> {
    let event = &body["Event"];
    let wrong = |what: &str| SharingError::Object(file.to_owned(), what.to_owned());
    let uuid =
        event["uuid"].as_str().filter(|u| Uuid::try_parse(u).is_ok()).ok_or_else(|| wrong("is no MISP event"))?;
    let info = event["info"].as_str().unwrap_or("a MISP event");
    let version = value_text(&event["timestamp"]);
    let author = event["Orgc"]["name"].as_str().unwrap_or_default();
    let tags = event["Tag"].as_array().into_iter().flatten().filter_map(|t| t["name"].as_str());
    let event_concept = tags.chain([info]).find_map(|t| said_about(t).0);
    let (mut found, mut others) = (Vec::new(), Vec::new());
    let mut take = |id: &str, deleted: bool, address: &str, asset: &str, text: &str, comment: &str| {
        let (concept, confidence, label, reference) = said_about(text);
        let effect = match deleted {
            true => Ok(Effect::Gone),
            false => tag_ok(SaidTag {
                address: address.to_owned(),
                asset: asset.to_owned(),
                label: label.unwrap_or_else(|| if comment.is_empty() { info.to_owned() } else { comment.to_owned() }),
                concept: concept.or_else(|| event_concept.clone()).unwrap_or_else(|| "other_abuse".into()),
                confidence: confidence.unwrap_or(50),
                reference: reference.unwrap_or_default(),
                author: author.to_owned(),
            })
            .map(|t| Effect::Tags(vec![t])),
        };
        found.push(Incoming { id: format!("misp:{uuid}:{id}"), version: version.clone(), body: String::new(), effect });
    };
    let is_deleted = |v: &Json| v["deleted"] == json!(true) || v["deleted"] == json!("1") || v["deleted"] == json!(1);
    for object in event["Object"].as_array().into_iter().flatten().take(100_000) {
        if object["name"].as_str() == Some("btc-transaction") {
            let values = object["Attribute"].as_array().into_iter().flatten();
            let txid = values
                .filter(|a| a["object_relation"].as_str() == Some("transaction-number"))
                .find_map(|a| a["value"].as_str());
            let words = format!("transaction {}", txid.unwrap_or_default().chars().take(64).collect::<String>());
            let id = format!("misp:{uuid}:{}", object["uuid"].as_str().unwrap_or_default());
            others.push(Incoming {
                id,
                version: version.clone(),
                body: String::new(),
                effect: Ok(Effect::Kept(words)),
            });
            continue;
        }
        if object["name"].as_str() != Some("coin-address") {
            continue;
        }
        let mut said: HashMap<&str, &str> = HashMap::new();
        for a in object["Attribute"].as_array().into_iter().flatten() {
            if let (Some(relation), Some(value), false) =
                (a["object_relation"].as_str(), a["value"].as_str(), is_deleted(a))
            {
                said.insert(relation, value);
            }
        }
        let address = ["address", "address-crypto", "address-xmr"].iter().find_map(|r| said.get(r)).copied();
        let asset = said.get("symbol").copied().unwrap_or(match said.contains_key("address-xmr") {
            true => "XMR",
            false => "",
        });
        let id = object["uuid"].as_str().unwrap_or_default();
        let gone = is_deleted(object) || address.is_none();
        let text = said.get("text").copied().unwrap_or_default();
        take(id, gone, address.unwrap_or_default(), asset, text, object["comment"].as_str().unwrap_or_default());
    }
    for a in event["Attribute"].as_array().into_iter().flatten().take(100_000) {
        let (Some(kind), Some(value)) = (a["type"].as_str(), a["value"].as_str()) else { continue };
        if matches!(kind, "btc" | "xmr") {
            // A bare `btc` attribute may hold addresses of Bitcoin's forks too: the form decides.
            let asset = if kind == "xmr" { "XMR" } else { "" };
            let comment = a["comment"].as_str().unwrap_or_default();
            take(a["uuid"].as_str().unwrap_or(value), is_deleted(a), value, asset, comment, comment);
        }
    }
    found.extend(others);
    Ok(found)
}

/// Events of a feed that are new since `cursor`, and withdrawals of what is no longer in it.
pub(crate) fn fetch(
    url: &str,
    key: &str,
    cursor: &str,
    known: &[(String, String)],
) -> Result<(Vec<Incoming>, String), SharingError> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(60)))
        .http_status_as_error(false)
        .build()
        .into();
    let base = url.trim_end_matches('/').trim_end_matches("/manifest.json");
    let get = |name: &str| -> Result<Json, SharingError> {
        let url = format!("{base}/{name}");
        let fault = |what: String| SharingError::Partner(url.clone(), what);
        let mut request = agent.get(&url).header("accept", "application/json");
        if !key.is_empty() {
            request = request.header("authorization", key);
        }
        let response = request.call().map_err(|e| fault(e.to_string()))?;
        if !response.status().is_success() {
            return Err(fault(format!("it answered {}", response.status())));
        }
        let bytes =
            response.into_body().into_with_config().limit(MAX_FILE).read_to_vec().map_err(|e| fault(e.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|e| fault(e.to_string()))
    };
    let manifest = get("manifest.json")?;
    let manifest =
        manifest.as_object().ok_or_else(|| SharingError::Partner(base.into(), "its manifest is no object".into()))?;
    let since: i64 = cursor.parse().unwrap_or(i64::MIN);
    let time = |entry: &Json| value_text(&entry["timestamp"]).parse::<i64>().unwrap_or(0);
    let mut news: Vec<(i64, &String)> =
        manifest.iter().map(|(uuid, e)| (time(e), uuid)).filter(|n| n.0 > since).collect();
    news.sort();
    let mut found = Vec::new();
    let mut cursor = cursor.to_owned();
    for (at, uuid) in news.into_iter().take(MAX_EVENTS) {
        if Uuid::try_parse(uuid).is_err() {
            continue;
        }
        let event = read_event(&format!("{uuid}.json"), &get(&format!("{uuid}.json"))?)?;
        // What an event no longer has is withdrawn.
        let prefix = format!("misp:{uuid}:");
        for (id, _) in known.iter().filter(|(id, _)| id.starts_with(&prefix) && !event.iter().any(|e| &e.id == id)) {
            found.push(Incoming {
                id: id.clone(),
                version: at.to_string(),
                body: String::new(),
                effect: Ok(Effect::Gone),
            });
        }
        found.extend(event);
        cursor = at.to_string();
    }
    for (id, version) in known {
        let event = id.strip_prefix("misp:").and_then(|r| r.split(':').next()).unwrap_or_default();
        if !manifest.contains_key(event) {
            let later = version.parse::<i64>().unwrap_or(0) + 1;
            found.push(Incoming {
                id: id.clone(),
                version: later.to_string(),
                body: String::new(),
                effect: Ok(Effect::Gone),
            });
        }
    }
    Ok((found, cursor))
}

/// The last payments to tagged addresses that the ledger knows, at most ten an address and a thousand in all.
#[must_use]
pub fn transactions_to(workspace: &holdfast_tracing::Workspace, tags: &[&Tag]) -> Vec<SharedTransaction> {
    let mut found = Vec::new();
    // `btc-transaction` is Bitcoin's.
    for tag in tags.iter().filter(|t| t.asset == "BTC") {
        let Ok(report) = workspace.address(&tag.address) else { continue };
        for receipt in report.receipts.iter().rev().take(10) {
            let (Some(time), Some(value)) = (receipt.time, receipt.value) else { continue };
            found.push(SharedTransaction {
                txid: receipt.txid.clone(),
                time: time.into(),
                value,
                address: tag.address.clone(),
            });
        }
        if found.len() >= 1_000 {
            break;
        }
    }
    found.truncate(1_000);
    found
}

impl Sharing<'_> {
    /// Tags as a MISP feed. What may be passed on is the caller's choice; tags that came from partners are left out.
    ///
    /// # Errors
    /// [`ScreeningError`] when the label forbids publication to the wider community.
    pub fn misp_feed(
        &self,
        organisation: &str,
        tags: &[&Tag],
        txs: &[SharedTransaction],
        tlp: Tlp,
    ) -> Result<Feed, ScreeningError> {
        publishable(tlp)?;
        Ok(feed(organisation, &own_words(tags), txs, tlp, self.screening.now()))
    }
}

/// A feed has no named readers: AMBER and stricter do not go into one.
pub(crate) fn publishable(tlp: Tlp) -> Result<(), Invalid> {
    match tlp > Tlp::Green {
        true => {
            Err(Invalid::new("tlp", format!("{} is not for a feed that anybody with its address reads", tlp.name())))
        }
        false => Ok(()),
    }
}

/// Tags that no partner said: those are the partners' to pass on.
pub(crate) fn own_words<'a>(tags: &[&'a Tag]) -> Vec<&'a Tag> {
    let partners =
        |t: &Tag| t.pack.strip_prefix("source ").is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
    tags.iter().copied().filter(|t| !partners(t)).collect()
}
