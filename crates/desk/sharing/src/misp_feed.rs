//! Reading MISP feeds: the events of the manifest that are not known in that version, of any age, one at a time.

use crate::SharingError;
use crate::envelope::{each_member, elements, members};
use crate::ingest::{Effect, Incoming, StatedTag, good_ones};
use crate::misp::value_text;
use crate::sources::{Page, Source};
use holdfast_attribution::{Category, Tlp};
use holdfast_store::{Row, StoreError, Value, number};
use holdfast_types::ids::ObjectId;
use holdfast_types::{Seconds, Timestamp};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// Largest file of a feed, in bytes.
const MAX_FILE: u64 = 32 << 20;
/// Most events that a manifest lists.
const MAX_EVENTS: usize = 200_000;
/// Most events that are read at a stretch.
const EVENTS_A_PAGE: usize = 100;
/// Objects after which no further event is read at a stretch.
const OBJECTS_A_PAGE: usize = 20_000;
/// Most objects, and most attributes, of an event.
const MAX_PARTS: usize = 100_000;
/// Largest object or attribute of an event, in bytes.
const MAX_PART: usize = 256 << 10;
/// Seconds after which an event that was refused is read again.
const RETRY: Seconds = Seconds::HOUR;

/// A partner's feed.
pub(crate) struct Remote {
    agent: ureq::Agent,
    base: String,
    key: String,
}

/// Why a file of a feed is not there.
enum Fault {
    /// This file alone.
    File(String),
    /// The whole feed does not answer.
    Feed(String),
}

impl Remote {
    pub(crate) fn new(url: &str, key: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .max_redirects(3)
            .build()
            .into();
        let base = url.trim_end_matches('/').trim_end_matches("/manifest.json").to_owned();
        Remote { agent, base, key: key.to_owned() }
    }

    fn get(&self, name: &str) -> Result<Vec<u8>, Fault> {
        let mut request = self.agent.get(format!("{}/{name}", self.base)).header("accept", "application/json");
        if !self.key.is_empty() {
            request = request.header("authorization", &self.key);
        }
        let response = request.call().map_err(|e| Fault::Feed(format!("{name}: {e}")))?;
        if !response.status().is_success() {
            return Err(Fault::File(format!("it answered {}", response.status())));
        }
        let read = response.into_body().into_with_config().limit(MAX_FILE).read_to_vec();
        read.map_err(|e| match e {
            ureq::Error::BodyExceedsLimit(most) => Fault::File(format!("is over {} MiB", most >> 20)),
            e => Fault::Feed(format!("{name}: {e}")),
        })
    }
}

/// Queries the database.
type Read<'a> = dyn Fn(&str, &[Value]) -> Result<Vec<Row>, SharingError> + 'a;

/// An event as a manifest lists it.
struct Listed {
    uuid: String,
    /// Time of publication in Unix seconds, as the feed states it; a late event has an older time of its own.
    published: i64,
}

fn listed(manifest: &[u8]) -> Result<(Vec<Listed>, u64), String> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        timestamp: Json,
        #[serde(default)]
        publish_timestamp: Json,
    }
    let (mut all, mut bad) = (Vec::new(), 0);
    each_member(manifest, |uuid, entry| {
        if all.len() >= MAX_EVENTS {
            return Err(format!("its manifest lists more than {MAX_EVENTS} events"));
        }
        match (Uuid::try_parse(uuid), serde_json::from_slice::<Entry>(entry)) {
            (Ok(_), Ok(entry)) => {
                let time = |value: &Json| value_text(value).parse::<i64>().unwrap_or(0);
                let published = time(&entry.publish_timestamp).max(time(&entry.timestamp));
                all.push(Listed { uuid: uuid.to_owned(), published });
            }
            _ => bad += 1,
        }
        Ok(())
    })?;
    all.sort_by(|a, b| (a.published, &a.uuid).cmp(&(b.published, &b.uuid)));
    Ok((all, bad))
}

/// The record of an event among the objects of its source.
fn record(uuid: &str) -> String {
    format!("misp-event:{uuid}")
}

/// Returns the next events of a feed that are not known as the manifest lists them; once there are none, withdrawals of events that left it.
pub(crate) fn next_page(
    remote: &Remote,
    read: &Read<'_>,
    source: &Source,
    now: Timestamp,
) -> Result<Page, SharingError> {
    let partner = |what: String| SharingError::Partner(remote.base.clone(), what);
    let manifest = remote.get("manifest.json").map_err(|fault| match fault {
        Fault::File(what) => partner(format!("manifest.json: {what}")),
        Fault::Feed(what) => partner(what),
    })?;
    let (listed, bad) = listed(&manifest).map_err(|why| partner(format!("its manifest {why}")))?;
    let sql = "SELECT object, version, effect, time FROM imported WHERE source = $1 AND object >= 'misp-event:' AND object < 'misp-event;'";
    let mut known: HashMap<String, (String, bool)> = HashMap::new();
    for row in read(sql, &[number(source.id)])? {
        let db = |e| SharingError::Store(StoreError::Db(e));
        let again = row.text(2).map_err(db)? == "refused" && now - row.time(3).map_err(db)? >= RETRY;
        known.insert(row.text(0).map_err(db)?.to_owned(), (row.text(1).map_err(db)?.to_owned(), again));
    }
    let is_new = |l: &&Listed| {
        known.get(&record(&l.uuid)).is_none_or(|(version, again)| *again || *version != l.published.to_string())
    };
    let mut news = listed.iter().filter(is_new);
    let mut page = Page { cursor: source.cursor.clone(), ..Page::default() };
    for event in news.by_ref().take(EVENTS_A_PAGE) {
        match remote.get(&format!("{}.json", event.uuid)) {
            Ok(bytes) => take_event(&mut page, event, &bytes, read, source)?,
            Err(Fault::File(why)) => page.objects.push(refused(event, why)),
            Err(Fault::Feed(why)) => {
                page.error = Some(why);
                return Ok(page);
            }
        }
        let cursor = page.cursor.parse().unwrap_or(i64::MIN).max(event.published);
        page.cursor = cursor.to_string();
        if page.objects.len() >= OBJECTS_A_PAGE {
            break;
        }
    }
    page.more = news.next().is_some();
    if !page.more {
        let here: HashSet<&str> = listed.iter().map(|l| l.uuid.as_str()).collect();
        gone(&mut page, &here, read, source)?;
    }
    if bad > 0 {
        let why = format!("{bad} entries of the manifest are no events");
        page.objects.push(Incoming::new("misp-manifest", bad.to_string(), Err(why)));
    }
    Ok(page)
}

fn refused(event: &Listed, why: String) -> Incoming {
    Incoming { force: true, ..Incoming::new(record(&event.uuid), event.published.to_string(), Err(why)) }
}

/// Returns the objects of an event, and withdrawals of those that left it.
fn take_event(
    page: &mut Page,
    event: &Listed,
    bytes: &[u8],
    read: &Read<'_>,
    source: &Source,
) -> Result<(), SharingError> {
    let version = event.published.to_string();
    let parts = match read_event(&event.uuid, bytes) {
        Ok(parts) => parts,
        Err(why) => {
            page.objects.push(refused(event, why));
            return Ok(());
        }
    };
    let ids: HashSet<&str> = parts.iter().map(|p| p.id.as_str()).collect();
    for id in tags_of_event(&event.uuid, read, source)? {
        if !ids.contains(id.as_str()) {
            let gone = Incoming::new(id, version.clone(), Ok(Effect::Gone));
            page.objects.push(Incoming { force: true, ..gone });
        }
    }
    let bad = parts.iter().filter(|p| p.effect.is_err()).count();
    let words = format!("an event of {} parts about wallets, {bad} of them refused", parts.len());
    page.objects.extend(parts);
    let whole = Incoming::new(record(&event.uuid), version, Ok(Effect::Stored(words)));
    page.objects.push(Incoming { force: true, ..whole });
    Ok(())
}

/// Ids of the objects of an event that are tags here.
fn tags_of_event(uuid: &str, read: &Read<'_>, source: &Source) -> Result<Vec<ObjectId>, SharingError> {
    let sql = "SELECT object FROM imported WHERE source = $1 AND effect = 'tag' AND object >= $2 AND object < $3 ORDER BY object";
    let (from, to) = (format!("misp:{uuid}:"), format!("misp:{uuid};"));
    let rows = read(sql, &[number(source.id), from.as_str().into(), to.as_str().into()])?;
    Ok(rows.iter().filter_map(|r| r.text(0).ok().map(ObjectId::from)).collect())
}

/// Withdraws the tags of events that the manifest no longer lists.
fn gone(page: &mut Page, here: &HashSet<&str>, read: &Read<'_>, source: &Source) -> Result<(), SharingError> {
    let sql = "SELECT object FROM imported WHERE source = $1 AND effect = 'tag' AND object > $2 AND object < 'misp;' ORDER BY object LIMIT 1";
    let mut after = "misp:".to_owned();
    while page.objects.len() < OBJECTS_A_PAGE {
        let rows = read(sql, &[number(source.id), after.as_str().into()])?;
        let Some(object) = rows.first().and_then(|r| r.text(0).ok()) else { return Ok(()) };
        let uuid = object.strip_prefix("misp:").and_then(|r| r.split(':').next()).unwrap_or_default().to_owned();
        // The next event's objects are after all of this one's.
        after = format!("misp:{uuid};");
        if !here.contains(uuid.as_str()) {
            for id in tags_of_event(&uuid, read, source)? {
                page.objects.push(Incoming { force: true, ..Incoming::new(id, "0".into(), Ok(Effect::Gone)) });
            }
            let whole = Incoming::new(record(&uuid), "0".into(), Ok(Effect::Stored("no longer in the feed".into())));
            page.objects.push(Incoming { force: true, ..whole });
        }
    }
    page.more = true;
    Ok(())
}

/// Returns the concept of the taxonomy that a MISP object names: in its own JSON when Holdfast wrote it, else by name.
fn stated_about(text: &str) -> (Option<String>, Option<u8>, Option<String>, Option<String>) {
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

/// What all parts of an event share.
struct Event {
    uuid: String,
    version: String,
    info: String,
    author: String,
    concept: Option<String>,
    tlp: Option<Tlp>,
}

/// The most restrictive TLP label among MISP tags.
fn tlp_of(tags: &Json) -> Option<Tlp> {
    let names = tags.as_array().into_iter().flatten().filter_map(|t| t["name"].as_str());
    names.filter(|n| n.to_ascii_lowercase().starts_with("tlp:")).map(|n| Tlp::from_name(n).unwrap_or(Tlp::Red)).max()
}

fn is_deleted(part: &Json) -> bool {
    matches!(&part["deleted"], Json::Bool(true)) || value_text(&part["deleted"]) == "1"
}

/// Whether an attribute is meant for detection (`to_ids`); MISP's own default for wallets.
fn is_for_detection(attribute: &Json) -> bool {
    let text = value_text(&attribute["to_ids"]).to_ascii_lowercase();
    attribute["to_ids"].is_null() || !matches!(text.as_str(), "false" | "0" | "")
}

/// Reads an event: its `coin-address` objects, and its bare attributes of the types btc and xmr.
///
/// # Errors
/// Why the event as a whole is none; parts that are wrong are among its parts.
pub(crate) fn read_event(uuid: &str, bytes: &[u8]) -> Result<Vec<Incoming>, String> {
    let [event] = members(bytes, ["Event"])?;
    let event = event.ok_or("has no Event")?;
    let names = ["uuid", "info", "timestamp", "Orgc", "Tag", "Object", "Attribute"];
    let [own, info, timestamp, author, tags, objects, attributes] = members(event, names)?;
    let json = |text: Option<&[u8]>| -> Json {
        text.filter(|t| t.len() <= MAX_PART).and_then(|t| serde_json::from_slice(t).ok()).unwrap_or_default()
    };
    if json(own).as_str().is_none_or(|u| !u.eq_ignore_ascii_case(uuid)) {
        return Err("has another uuid than its file".into());
    }
    let (info, tags) = (json(info), json(tags));
    let info = info.as_str().unwrap_or("a MISP event").to_owned();
    let names = tags.as_array().into_iter().flatten().filter_map(|t| t["name"].as_str());
    let concept = names.chain([info.as_str()]).find_map(|t| stated_about(t).0);
    let event = Event {
        uuid: uuid.to_owned(),
        version: value_text(&json(timestamp)),
        concept,
        author: json(author)["name"].as_str().unwrap_or_default().to_owned(),
        tlp: tlp_of(&tags),
        info,
    };
    let mut found = Vec::new();
    for (name, text) in [("Object", objects), ("Attribute", attributes)] {
        for (i, part) in elements(text, MAX_PARTS).map_err(|why| format!("{name} {why}"))?.into_iter().enumerate() {
            let parsed = match part.len() <= MAX_PART {
                true => serde_json::from_slice::<Json>(part).map_err(|e| e.to_string()),
                false => Err(format!("is over {} KiB", MAX_PART >> 10)),
            };
            match parsed {
                Ok(part) if name == "Object" => found.extend(event.object(&part)),
                Ok(part) => found.extend(event.attribute(&part)),
                Err(why) => found.push(event.part(&format!("{name}-{i}"), Err(why))),
            }
        }
    }
    Ok(found)
}

impl Event {
    fn part(&self, id: &str, effect: Result<Effect, String>) -> Incoming {
        let id: String = id.chars().take(120).collect();
        Incoming::new(format!("misp:{}:{id}", self.uuid), self.version.clone(), effect)
    }

    /// A wallet with its attributes. `tags` are those of the part itself.
    fn wallet(&self, address: &str, asset: &str, text: &str, comment: &str, tags: &Json) -> Result<Effect, String> {
        let (concept, confidence, label, reference) = stated_about(text);
        let comment = if comment.is_empty() { self.info.as_str() } else { comment };
        good_ones(std::iter::once(StatedTag {
            address: address.to_owned(),
            asset: asset.to_owned(),
            label: label.unwrap_or_else(|| comment.to_owned()),
            concept: concept.or_else(|| self.concept.clone()).unwrap_or_else(|| "other_abuse".into()),
            confidence: confidence.unwrap_or(50),
            reference: reference.unwrap_or_default(),
            author: self.author.clone(),
            tlp: self.tlp.max(tlp_of(tags)),
        }))
    }

    fn object(&self, object: &Json) -> Option<Incoming> {
        let id = object["uuid"].as_str().unwrap_or_default();
        let attributes = || object["Attribute"].as_array().into_iter().flatten().filter(|a| !is_deleted(a));
        let named = |relation: &str| attributes().find(|a| a["object_relation"].as_str() == Some(relation));
        if object["name"].as_str() == Some("btc-transaction") {
            let txid = named("transaction-number").and_then(|a| a["value"].as_str()).unwrap_or_default();
            let words = format!("transaction {}", txid.chars().take(64).collect::<String>());
            return Some(self.part(id, Ok(Effect::Stored(words))));
        }
        if object["name"].as_str() != Some("coin-address") {
            return None;
        }
        let found = ["address", "address-crypto", "address-xmr"].iter().find_map(|r| Some((*r, named(r)?)));
        let text = |relation: &str| named(relation).and_then(|a| a["value"].as_str()).unwrap_or_default();
        let effect = match found {
            None => Ok(Effect::Gone),
            Some(_) if is_deleted(object) => Ok(Effect::Gone),
            Some((_, a)) if !is_for_detection(a) => Ok(not_for_detection(a)),
            Some((relation, a)) => {
                let asset = match text("symbol") {
                    "" if relation == "address-xmr" => "XMR",
                    symbol => symbol,
                };
                let comment = object["comment"].as_str().unwrap_or_default();
                let address = a["value"].as_str().unwrap_or_default();
                self.wallet(address, asset, text("text"), comment, &a["Tag"])
            }
        };
        Some(self.part(id, effect))
    }

    fn attribute(&self, a: &Json) -> Option<Incoming> {
        let kind = a["type"].as_str().filter(|k| matches!(*k, "btc" | "xmr"))?;
        let value = a["value"].as_str().unwrap_or_default();
        let effect = match a {
            a if is_deleted(a) => Ok(Effect::Gone),
            a if !is_for_detection(a) => Ok(not_for_detection(a)),
            a => {
                // A bare `btc` attribute may hold addresses of Bitcoin's forks too: the form decides.
                let asset = if kind == "xmr" { "XMR" } else { "" };
                let comment = a["comment"].as_str().unwrap_or_default();
                self.wallet(value, asset, comment, comment, &a["Tag"])
            }
        };
        Some(self.part(a["uuid"].as_str().unwrap_or(value), effect))
    }
}

fn not_for_detection(attribute: &Json) -> Effect {
    let value = attribute["value"].as_str().unwrap_or_default();
    Effect::Stored(format!("{}; not for detection (to_ids is false)", value.chars().take(120).collect::<String>()))
}

/// Returns how many parts of an event (a feed's file) would become tags, and why the others would not; for checking a feed before it is published.
///
/// # Errors
/// Why the event as a whole would be refused.
pub fn dry_run(uuid: &str, bytes: &[u8]) -> Result<(usize, Vec<String>), String> {
    let parts = read_event(uuid, bytes)?;
    let tags = parts.iter().filter(|p| matches!(p.effect, Ok(Effect::Tags(..)))).count();
    Ok((tags, parts.into_iter().filter_map(|p| p.effect.err()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const UUID: &str = "7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11";
    const WALLET: &str = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";

    #[test]
    fn parts_stand_by_themselves_and_what_is_not_for_detection_has_no_effect() {
        let event = json!({ "Event": { "uuid": UUID, "info": "A scam", "timestamp": "100", "Tag": [{ "name": "tlp:green" }],
            "Attribute": [
                { "uuid": "a", "type": "btc", "value": WALLET, "to_ids": true, "Tag": [{ "name": "tlp:red" }] },
                { "uuid": "b", "type": "btc", "value": "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "to_ids": false },
                { "uuid": "c", "type": "btc", "value": 7 }, { "uuid": "d", "type": "url", "value": "x" }, 7, null,
            ],
            "Object": [
                { "uuid": "e", "name": "coin-address", "Attribute": [{ "object_relation": "address", "value": WALLET, "to_ids": "0" }] },
                { "uuid": "f", "name": "coin-address", "Attribute": "none" },
                { "uuid": "g", "name": "coin-address", "Attribute": [
                    { "object_relation": "address-crypto", "value": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "to_ids": true },
                    { "object_relation": "symbol", "value": "ETH" }] },
            ] } });
        let parts = read_event(UUID, event.to_string().as_bytes()).unwrap();
        let by: HashMap<&str, &Incoming> =
            parts.iter().map(|p| (p.id.as_str().rsplit(':').next().unwrap(), p)).collect();
        let tag = |id: &str| match &by[id].effect {
            Ok(Effect::Tags(tags, _)) => tags[0].clone(),
            _ => panic!("{id} is no tag"),
        };
        assert_eq!(
            (tag("a").address.as_str(), tag("a").tlp, tag("a").concept.as_str()),
            (WALLET, Some(Tlp::Red), "scam")
        );
        assert_eq!((tag("g").asset.as_str(), tag("g").tlp), ("ETH", Some(Tlp::Green)));
        assert!(matches!(&by["b"].effect, Ok(Effect::Stored(words)) if words.contains("to_ids")));
        assert!(matches!(&by["e"].effect, Ok(Effect::Stored(_))));
        assert!(by["c"].effect.is_err() && matches!(by["f"].effect, Ok(Effect::Gone)));
        for bad in ["", "[]", "{}", "{\"Event\": 7}", "{\"Event\": {\"uuid\": \"x\"}}"] {
            assert!(read_event(UUID, bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn manifests_give_when_events_were_published() {
        let text = json!({ UUID: { "timestamp": "50", "publish_timestamp": 200 }, "no uuid": { "timestamp": 1 },
            "8c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11": { "timestamp": 100 }, "9c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11": 7 });
        let (all, bad) = listed(text.to_string().as_bytes()).unwrap();
        assert_eq!(all.iter().map(|l| l.published).collect::<Vec<_>>(), [100, 200]);
        assert_eq!(bad, 2);
    }
}
