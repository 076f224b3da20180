//! MISP feeds (MISP core format, `manifest.json`, an event a file, `hashes.csv`), out; [`crate::misp_feed`] reads them. Wallets are `coin-address` objects, transactions
//! `btc-transaction` objects (misp-objects).

use crate::Sharing;
use crate::SharingError;
use crate::stix::Tlp;
use holdfast_attribution::Tag;
use holdfast_attribution::tags::is_source;
use holdfast_types::{Invalid, Timestamp};
use holdfast_workspace::ChainQueries;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// `coin-address`, version 7.
const COIN_ADDRESS: &str = "d0e6997e-78da-4815-a6a1-cfc1c1cb8a46";
/// `btc-transaction`, version 4.
const BTC_TRANSACTION: &str = "b7341729-5a8a-439f-a775-6d814da3c7b5";
/// Most tags of an event; more go into further events.
const TAGS_AN_EVENT: usize = 1_000;

/// A transaction to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedTransaction {
    /// Its id.
    pub txid: String,
    /// When, Unix seconds.
    pub time: Timestamp,
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

fn attribute(object: &str, relation: &str, kind: &str, category: &str, value: Json, time: Timestamp) -> Json {
    json!({ "uuid": uuid_of(&format!("{object}:{relation}:{value}")), "object_relation": relation, "type": kind, "category": category,
        "value": value, "to_ids": relation.starts_with("address"), "disable_correlation": false, "comment": "", "deleted": false,
        "timestamp": time.unix().to_string() })
}

fn object(
    name: &str,
    template: &str,
    version: &str,
    uuid: &str,
    comment: &str,
    time: Timestamp,
    attributes: Vec<Json>,
) -> Json {
    json!({ "name": name, "meta-category": "financial", "description": "", "template_uuid": template, "template_version": version,
        "uuid": uuid, "timestamp": time.unix().to_string(), "comment": comment, "deleted": false, "ObjectReference": [], "Attribute": attributes })
}

pub(crate) fn value_text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns tags as a feed: an event for each pack. `organisation` is the publisher, `time` the publication, Unix seconds.
#[must_use]
pub fn feed(organisation: &str, tags: &[&Tag], transactions: &[SharedTransaction], tlp: Tlp, time: Timestamp) -> Feed {
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
        let date = &time.rfc3339()[..10];
        for value in objects.iter().flat_map(|o| o["Attribute"].as_array().into_iter().flatten()) {
            let digest = md5(value_text(&value["value"]).as_bytes());
            hashes.push_str(&format!("{digest},{uuid}\n"));
        }
        manifest.insert(
            uuid.clone(),
            json!({ "Orgc": orgc, "Tag": event_tags, "info": info, "date": date, "analysis": 2, "threat_level_id": 2, "timestamp": time }),
        );
        let event = json!({ "Event": {
            "uuid": uuid, "info": info, "date": date, "timestamp": time.unix().to_string(), "publish_timestamp": time.unix().to_string(),
            "published": true, "analysis": "2", "threat_level_id": "2", "Orgc": orgc, "Tag": event_tags, "Attribute": [],
            "Object": objects, "extends_uuid": "",
        } });
        files.insert(format!("{uuid}.json"), event.to_string().into_bytes());
    }
    files.insert("manifest.json".into(), Json::Object(manifest).to_string().into_bytes());
    files.insert("hashes.csv".into(), hashes.into_bytes());
    files
}

fn coin_address(event: &str, tag: &Tag, time: Timestamp) -> Json {
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

fn transaction(event: &str, t: &SharedTransaction, time: Timestamp) -> Json {
    let uuid = uuid_of(&format!("{event}:{}", t.txid));
    let coins = format!("{}.{:08}", t.value / 100_000_000, t.value % 100_000_000);
    let attributes = vec![
        attribute(&uuid, "transaction-number", "text", "Other", json!(t.txid), time),
        attribute(&uuid, "time", "datetime", "Other", json!(t.time.rfc3339()), time),
        attribute(&uuid, "value_BTC", "float", "Other", json!(coins), time),
        attribute(&uuid, "btc-address", "btc", "Financial fraud", json!(t.address), time),
    ];
    object("btc-transaction", BTC_TRANSACTION, "4", &uuid, "", time, attributes)
}

/// Returns the MD5 (RFC 1321) that MISP's `hashes.csv` consists of; for look-up, not for trust.
fn md5(bytes: &[u8]) -> String {
    use md5::Digest;
    hex::encode(md5::Md5::digest(bytes))
}

/// Returns the last payments in bitcoin to tagged addresses that a ledger holds, at most ten an address and a thousand in all.
#[must_use]
pub fn transactions_to(chains: &[Arc<dyn ChainQueries>], tags: &[&Tag]) -> Vec<SharedTransaction> {
    let mut found = Vec::new();
    // `btc-transaction` is Bitcoin's: payments in other assets have no object of MISP's.
    let bitcoin = chains.iter().filter(|c| c.has_asset("BTC") && c.fault().is_none()).find_map(|c| c.outputs());
    let Some(snapshot) = bitcoin else { return found };
    for tag in tags.iter().filter(|t| t.asset == "BTC") {
        let Ok(report) = snapshot.address(&tag.address) else { continue };
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
    /// Returns tags as a MISP feed. What may be passed on is the caller's choice; tags that came from partners are left out.
    ///
    /// # Errors
    /// [`SharingError`] when the label forbids publication to the wider community.
    pub fn misp_feed(
        &self,
        organisation: &str,
        tags: &[&Tag],
        txs: &[SharedTransaction],
        tlp: Tlp,
    ) -> Result<Feed, SharingError> {
        publishable(tlp)?;
        Ok(feed(organisation, &passable(tags, tlp), txs, tlp, self.screening.now()))
    }
}

/// Checks that a label may go into a feed, which has no named readers: AMBER and stricter may not.
pub(crate) fn publishable(tlp: Tlp) -> Result<(), Invalid> {
    match tlp > Tlp::Green {
        true => {
            Err(Invalid::new("tlp", format!("{} is not for a feed that anybody with its address reads", tlp.name())))
        }
        false => Ok(()),
    }
}

/// Returns the tags that may be passed on under a label: none of a partner (partners pass on their own), and none labelled higher. One's
/// own tags without a label get the label under which they are published.
pub(crate) fn passable<'a>(tags: &[&'a Tag], tlp: Tlp) -> Vec<&'a Tag> {
    let may = |t: &Tag| !is_source(&t.pack) && t.tlp.is_none_or(|label| label <= tlp);
    tags.iter().copied().filter(|t| may(t)).collect()
}
