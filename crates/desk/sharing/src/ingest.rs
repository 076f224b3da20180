//! Import of sources' objects as tags and flags. Every object belongs to its source and its author: only they change or withdraw it. What is
//! not for detection, not valid yet or no longer valid is stored without effect; one bad part never costs the good ones.

use crate::SharingError;
use crate::sources::{MAX_STORED, Polled, Source};
use crate::stix::{self, check, micros};
use holdfast_attribution::{Category, Tlp, clean, nobody};
use holdfast_decision::flags::{Flag, State};
use holdfast_screening::flags;
use holdfast_screening::service::Transaction;
use holdfast_store::{DbError, Row, StoreError, number};
use holdfast_types::Timestamp;
use holdfast_types::ids::{FlagId, ObjectId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// Longest address of an imported object, in bytes.
const MAX_ADDRESS: usize = 128;
/// Most reasons for which parts of one object were refused that are stored.
const MAX_REASONS: usize = 20;

/// A tag of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StatedTag {
    pub address: String,
    pub asset: String,
    pub label: String,
    pub concept: String,
    pub confidence: u8,
    pub reference: String,
    pub author: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
}

/// Tags of one object as they are stored, with the parts that were refused.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct StatedTags {
    pub tags: Vec<StatedTag>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

impl StatedTags {
    /// Reads stored tags; earlier versions stored the list alone.
    pub(crate) fn stored(detail: &str) -> Result<Self, DbError> {
        match detail.starts_with('[') {
            true => Ok(StatedTags { tags: holdfast_store::parse("tags", detail)?, refused: Vec::new() }),
            false => holdfast_store::parse("tags", detail),
        }
    }
}

/// What an object becomes here.
pub(crate) enum Effect {
    /// Tags, and messages about refused parts.
    Tags(Vec<StatedTag>, Vec<String>),
    Flag(Box<Flag>),
    Stored(String),
    /// The object was withdrawn.
    Gone,
}

/// An object on its way in, whatever format it came in.
pub(crate) struct Incoming {
    pub id: ObjectId,
    pub version: String,
    pub body: String,
    /// Creator, where the format names one.
    pub author: Option<String>,
    /// From and until when it is valid, Unix seconds.
    pub valid: (Option<Timestamp>, Option<Timestamp>),
    /// Whether it applies to every known version.
    pub force: bool,
    pub effect: Result<Effect, String>,
}

impl Incoming {
    /// Returns an object without author and validity.
    pub(crate) fn new(id: impl Into<ObjectId>, version: String, effect: Result<Effect, String>) -> Self {
        Incoming {
            id: id.into(),
            version,
            body: String::new(),
            author: None,
            valid: (None, None),
            force: false,
            effect,
        }
    }
}

/// Returns the network that an address can only be of, by its form.
#[must_use]
pub fn asset_of(address: &str) -> Option<&'static str> {
    let is = |prefix: &str| address.starts_with(prefix);
    let base58 = |len: std::ops::RangeInclusive<usize>| {
        len.contains(&address.len()) && address.bytes().all(|b| b.is_ascii_alphanumeric() && !b"0OIl".contains(&b))
    };
    if is("bc1") || ((is("1") || is("3")) && base58(25..=35)) {
        Some("BTC")
    } else if is("ltc1") || ((is("L") || is("M")) && base58(26..=35)) {
        Some("LTC")
    } else if is("0x") && address.len() == 42 && address[2..].bytes().all(|b| b.is_ascii_hexdigit()) {
        Some("ETH")
    } else if is("T") && address.len() == 34 && base58(34..=34) {
        Some("TRX")
    } else if (is("4") || is("8")) && base58(95..=106) {
        Some("XMR")
    } else if is("r") && base58(25..=35) {
        Some("XRP")
    } else {
        None
    }
}

/// Checks and completes a tag from outside.
pub(crate) fn tag_ok(mut tag: StatedTag) -> Result<StatedTag, String> {
    let address = clean::clean(&tag.address, "").map_err(|why| format!("address: {why}"))?.address;
    if address.len() > MAX_ADDRESS || address.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(format!("'{}' is no address", address.chars().take(40).collect::<String>()));
    }
    if let Some(kind) = nobody::kind(&address) {
        return Err(format!("{address} is a {kind}, which nobody controls"));
    }
    tag.asset = match tag.asset.is_empty() {
        true => asset_of(&address).ok_or_else(|| format!("of which asset is {address}?"))?.to_owned(),
        false => tag.asset.to_ascii_uppercase(),
    };
    if tag.asset.len() > 20 {
        return Err("the asset is no ticker".into());
    }
    let cleaned = clean::clean(&address, &tag.asset).map_err(|why| format!("address: {why}"))?;
    if !cleaned.matches {
        return Err(cleaned.notes.join("; "));
    }
    tag.address = cleaned.address;
    let bounded = |text: &str, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    tag.label = bounded(&tag.label, 200);
    if tag.label.is_empty() {
        tag.label = "without a name".into();
    }
    tag.reference = bounded(&tag.reference, 1_000);
    tag.author = bounded(&tag.author, 200);
    if Category::from_name(&tag.concept).is_none() {
        tag.concept = "other_abuse".into();
    }
    Ok(tag)
}

/// Returns the good ones of several tags, and why the others were refused; an error when none is good.
pub(crate) fn good_ones(tags: impl Iterator<Item = StatedTag>) -> Result<Effect, String> {
    let (mut good, mut refused) = (Vec::new(), Vec::new());
    for tag in tags {
        match tag_ok(tag) {
            Ok(tag) => good.push(tag),
            Err(why) if refused.len() < MAX_REASONS => refused.push(why),
            Err(_) => {}
        }
    }
    match good.is_empty() {
        true => Err(refused.into_iter().next().unwrap_or_else(|| "names no wallet".into())),
        false => Ok(Effect::Tags(good, refused)),
    }
}

/// What a STIX object becomes here.
fn effect_of(object: &Json) -> Result<Effect, SharingError> {
    if let Some(flag) = stix::read_flag(object)? {
        return Ok(Effect::Flag(Box::new(flag)));
    }
    let kind = object["type"].as_str().unwrap_or_default();
    if kind != "indicator" {
        return Ok(Effect::Stored(kind.to_owned()));
    }
    let wallets = stix::wallets_of(object);
    if wallets.is_empty() {
        return Ok(Effect::Stored("an indicator of no wallet".into()));
    }
    if object["revoked"] == json!(true) {
        return Ok(Effect::Gone);
    }
    let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let words = object["labels"].as_array().into_iter().chain(object["indicator_types"].as_array()).flatten();
    let concept = words.filter_map(Json::as_str).find(|w| Category::from_name(w).is_some()).unwrap_or("other_abuse");
    let references = object["external_references"].as_array().into_iter().flatten();
    let reference = references.filter_map(|r| r["url"].as_str()).next().unwrap_or_default();
    let tlp = stix::tlp_of(object);
    let tags = wallets.into_iter().map(|w| StatedTag {
        address: w.address,
        asset: w.asset.unwrap_or_default(),
        label: text("name"),
        concept: concept.to_owned(),
        confidence: object["confidence"].as_u64().unwrap_or(50).min(100) as u8,
        reference: reference.to_owned(),
        author: text("created_by_ref"),
        tlp: Some(tlp),
    });
    good_ones(tags).map_err(|why| SharingError::Object(text("id"), why))
}

/// Reads a STIX object from outside.
pub(crate) fn incoming(object: &Json) -> Incoming {
    let id = object["id"].as_str().unwrap_or("an object without id").chars().take(250).collect::<String>();
    let version = stix::version_of(object, "0");
    let effect = check(object).and_then(|()| effect_of(object)).map_err(|e| e.to_string());
    let body = if object.to_string().len() <= stix::MAX_OBJECT { object.to_string() } else { "{}".into() };
    let time =
        |name: &str| object[name].as_str().and_then(micros).map(|t| Timestamp::from_unix(t.div_euclid(1_000_000)));
    let valid = match object["type"].as_str() {
        Some("indicator") => (time("valid_from"), time("valid_until")),
        _ => (None, None),
    };
    let author = object["created_by_ref"].as_str().map(|a| a.chars().take(250).collect());
    Incoming { id: id.into(), version, body, author, valid, force: false, effect }
}

/// Reads the text of a STIX object; one that is too large or no JSON is refused by itself, and listed.
pub(crate) fn incoming_text(text: &[u8]) -> Incoming {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        id: String,
    }
    let id = || -> String {
        let named = serde_json::from_slice::<Named>(text).map(|n| n.id).unwrap_or_default();
        if named.is_empty() { "an object without id".into() } else { named.chars().take(250).collect() }
    };
    if text.len() > stix::MAX_OBJECT {
        let why = format!("is over {} KiB", stix::MAX_OBJECT >> 10);
        return Incoming::new(id(), "0".into(), Err(why));
    }
    match serde_json::from_slice::<Json>(text) {
        Ok(object) => incoming(&object),
        Err(e) => Incoming::new(id(), "0".into(), Err(format!("is no JSON: {e}"))),
    }
}

/// Returns what a STIX object (as text) would become: `tag`, `flag`, `stored`, `gone`, or why it is refused. For checking objects before they are shared.
///
/// # Errors
/// Why it would be refused.
pub fn dry_run(text: &[u8]) -> Result<&'static str, String> {
    incoming_text(text).effect.map(|effect| match effect {
        Effect::Tags(..) => "tag",
        Effect::Flag(_) => "flag",
        Effect::Stored(_) => "kept",
        Effect::Gone => "gone",
    })
}

/// Orders versions: STIX's times, MISP's and packs' numbers.
pub(crate) fn newer(version: &str, than: &str) -> bool {
    match (micros(version), micros(than)) {
        (Some(a), Some(b)) => a > b,
        _ => match (version.parse::<i64>(), than.parse::<i64>()) {
            (Ok(a), Ok(b)) => a > b,
            _ => version != than,
        },
    }
}

/// An object as it is known already.
struct Known {
    version: String,
    effect: String,
    author: Option<String>,
}

fn known(tx: &mut Transaction<'_>, source: SourceId, object: &ObjectId) -> Result<Option<Known>, DbError> {
    let sql = "SELECT version, effect, body FROM imported WHERE source = $1 AND object = $2";
    let rows = tx.db().query(sql, &[number(source), object.as_str().into()])?;
    let read = |r: &Row| {
        #[derive(Deserialize)]
        struct Authored {
            created_by_ref: Option<String>,
        }
        let author = serde_json::from_str::<Authored>(r.text(2)?).ok().and_then(|a| a.created_by_ref);
        Ok(Known { version: r.text(0)?.to_owned(), effect: r.text(1)?.to_owned(), author })
    };
    rows.first().map(read).transpose()
}

/// Imports objects of a source, in the writer's transaction.
pub(crate) fn import_objects(
    tx: &mut Transaction<'_>,
    source: &Source,
    objects: Vec<Incoming>,
) -> Result<Polled, SharingError> {
    let mut polled = Polled::default();
    let rows = tx.db().query("SELECT COUNT(*) FROM imported WHERE source = $1", &[number(source.id)])?;
    let mut stored = rows.first().map_or(Ok(0), |r| r.int(0))?;
    for mut object in objects {
        let mut before = known(tx, source.id, &object.id)?;
        // Only the source of an object changes it. What another source sends under its id is listed apart and changes nothing.
        if let Some(other) = before.as_ref().filter(|b| b.effect != "refused").and_then(|b| b.author.clone())
            && object.author.as_ref() != Some(&other)
        {
            let by = object.author.as_deref().unwrap_or("nobody");
            object.effect = Err(format!("{} was created by {other}; only {other} changes it, not {by}", object.id));
            object.id = format!(
                "{}~{}",
                object.id.as_str().chars().take(150).collect::<String>(),
                by.chars().take(90).collect::<String>()
            )
            .into();
            before = known(tx, source.id, &object.id)?;
        }
        if before.as_ref().is_some_and(|b| !object.force && !newer(&object.version, &b.version)) {
            continue;
        }
        if before.is_none() && stored >= MAX_STORED {
            return Err(SharingError::State(format!(
                "source {} sent {MAX_STORED} objects; no more are stored",
                source.id
            )));
        }
        let was_tag = before.as_ref().is_some_and(|b| b.effect == "tag");
        let (effect, detail) = match object.effect {
            Err(why) => {
                polled.refused += 1;
                ("refused", why)
            }
            Ok(Effect::Stored(what)) => ("kept", what),
            Ok(Effect::Gone) => ("kept", "no longer stated".into()),
            Ok(Effect::Tags(tags, refused)) => {
                polled.tags_changed = true;
                polled.refused += refused.len() as u64;
                ("tag", json!(StatedTags { tags, refused }).to_string())
            }
            Ok(Effect::Flag(flag)) => match take_flag(tx, source, *flag, object.valid.1, &mut polled)? {
                Ok(detail) => ("flag", detail),
                Err(why) => {
                    polled.refused += 1;
                    ("refused", why)
                }
            },
        };
        polled.tags_changed |= was_tag;
        let row = [
            number(source.id),
            object.id.as_str().into(),
            object.version.as_str().into(),
            effect.into(),
            detail.as_str().into(),
            object.body.as_str().into(),
            tx.now().into(),
            object.valid.0.into(),
            object.valid.1.into(),
        ];
        tx.db().execute(
            "INSERT INTO imported (source, object, version, effect, detail, body, time, valid_from, valid_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (source, object) DO UPDATE SET version = excluded.version, effect = excluded.effect, detail = excluded.detail,
             body = excluded.body, time = excluded.time, valid_from = excluded.valid_from, valid_until = excluded.valid_until",
            &row,
        )?;
        stored += i64::from(before.is_none());
        polled.taken += 1;
    }
    Ok(polled)
}

/// The id under which a source's flag is stored here: its own, unless another source (or this desk) has a flag of that id.
fn own_id(tx: &mut Transaction<'_>, source: &Source, id: &FlagId) -> Result<FlagId, DbError> {
    Ok(match flags::get(tx.db(), id)? {
        Some(other) if other.source != Some(source.id) => format!("{id}~{}", source.id).into(),
        _ => id.clone(),
    })
}

/// Raises a partner's flag, or changes its state; inner error: why it is refused. A source moves only the flags that came from it, and within it
/// only the member who raised one.
fn take_flag(
    tx: &mut Transaction<'_>,
    source: &Source,
    flag: Flag,
    valid_until: Option<Timestamp>,
    polled: &mut Polled,
) -> Result<Result<String, String>, SharingError> {
    let mut flag = Flag { community: source.name.clone(), source: Some(source.id), ..flag };
    let now = tx.now();
    if valid_until.is_some_and(|until| until <= now) && flag.state.counts() {
        flag.state = State::Lapsed;
    }
    let detail = format!("{} {} is {}", flag.asset, flag.value, flag.state.name());
    // The desk's own flag, sent back.
    if flags::get(tx.db(), &flag.id)?.is_some_and(|own| own.source.is_none() && own.member == flag.member) {
        return Ok(Ok(format!("{detail}; it is this desk's own")));
    }
    flag.id = own_id(tx, source, &flag.id)?;
    let (id, state) = (flag.id.clone(), flag.state);
    let done = match flags::get(tx.db(), &id)? {
        Some(known) if known.member != flag.member => {
            return Ok(Err(format!("the flag is {}'s, who alone changes it", known.member)));
        }
        Some(known) if known.state == state => Ok(false),
        Some(_) => tx.end_flag(&id, state, "stated by its member"),
        None => {
            let new = tx.raise_flag(flag.clone());
            if new.is_ok() && state.counts() {
                polled.flags.push(flag);
            }
            new
        }
    };
    match done.map_err(SharingError::from) {
        Ok(_) => Ok(Ok(detail)),
        Err(SharingError::Store(StoreError::Db(e))) => Err(e.into()),
        Err(e) => Ok(Err(e.to_string())),
    }
}

/// Ends the flags of objects whose validity is over. Returns how many ended.
pub(crate) fn end_invalid_flags(tx: &mut Transaction<'_>, source: &Source) -> Result<u64, SharingError> {
    let sql = "SELECT object FROM imported WHERE source = $1 AND effect = 'flag' AND valid_until > $2 AND valid_until <= $3 ORDER BY object";
    let now = tx.now();
    let mut ended = 0;
    for row in tx.db().query(sql, &[number(source.id), source.applied.into(), now.into()])? {
        let id = own_id(tx, source, &row.text(0)?.into())?;
        if flags::get(tx.db(), &id)?.is_some_and(|f| f.source == Some(source.id) && f.state.counts()) {
            ended += u64::from(tx.end_flag(&id, State::Lapsed, "what it was shared in is no longer valid")?);
        }
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_their_asset() {
        assert_eq!(asset_of("13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"), Some("BTC"));
        assert_eq!(asset_of("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"), Some("BTC"));
        assert_eq!(asset_of("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), Some("ETH"));
        assert_eq!(asset_of("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"), Some("TRX"));
        assert_eq!(asset_of("something else"), None);
    }

    #[test]
    fn versions_of_all_formats_are_ordered() {
        assert!(newer("2026-11-25T08:00:00.2Z", "2026-11-25T08:00:00.100000Z"));
        assert!(!newer("2026-11-25T08:00:00.2Z", "2026-11-25T08:00:00.200Z"));
        assert!(newer("100", "99") && !newer("99", "100") && !newer("99", "99"));
    }

    fn indicator(pattern: &str) -> Json {
        json!({ "type": "indicator", "spec_version": "2.1", "id": "indicator--7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11",
            "created": "2026-11-25T08:00:00Z", "modified": "2026-11-25T08:00:00Z", "valid_from": "2026-11-25T08:00:00Z",
            "name": "n\u{1}", "pattern_type": "stix", "pattern": pattern })
    }

    #[test]
    fn what_comes_in_is_bounded() {
        let long = "x".repeat(300);
        assert!(incoming(&indicator(&format!("[cryptocurrency-wallet:value = '{long}']"))).effect.is_err());
        let big = json!({ "type": "note", "id": "note--7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11", "content": "x".repeat(300_000) });
        let taken = incoming(&big);
        assert!(taken.effect.is_err() && taken.body == "{}");
        let taken = incoming_text(big.to_string().as_bytes());
        assert!(taken.effect.is_err() && taken.id.as_str().starts_with("note--"));
    }

    #[test]
    fn an_indicator_of_several_wallets_stores_the_good_ones() {
        let object = indicator(
            "[cryptocurrency-wallet:value IN ('13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48', 'of no known form', \
             '0x0000000000000000000000000000000000000000', '13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD47', 'bitcoin:12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S')]",
        );
        let Ok(Effect::Tags(tags, refused)) = incoming(&object).effect else { panic!("no tags") };
        let addresses: Vec<&str> = tags.iter().map(|t| t.address.as_str()).collect();
        assert_eq!(addresses, ["13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"]);
        assert_eq!(refused.len(), 3, "{refused:?}");
        assert_eq!(tags[0].tlp, Some(Tlp::Amber), "unmarked objects are TLP:AMBER");
        let stored = json!(StatedTags { tags: tags.clone(), refused }).to_string();
        assert_eq!(StatedTags::stored(&stored).unwrap().tags, tags);
        // As earlier versions stored them.
        assert_eq!(StatedTags::stored(&json!(tags).to_string()).unwrap().tags, tags);
    }
}
