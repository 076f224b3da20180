//! Where knowledge comes from: the collections of partners (TAXII), communities that this desk hosts, MISP feeds. Every object is bounded,
//! checked, kept with its source, and can be withdrawn with it: tags go, flags end, alerts and holds that rest on the source alone close.

use crate::community::{Collection, Filter, MAX_PAGE, community_by, own_member};
use crate::stix::{self, check, micros};
use crate::taxii::Client;
use crate::{Sharing, SharingError, misp};
use holdfast_attribution::{Category, Tag, tags::Confidence};
use holdfast_screening::alerts::{AlertAction, Outcome};
use holdfast_screening::db::{Database, DbError, Row, Value, parse};
use holdfast_screening::flags::{self, Flag, State};
use holdfast_screening::model::{Invalid, rfc3339, text_ok};
use holdfast_screening::service::Transaction;
use holdfast_screening::{Decision, ScreeningError, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use utoipa::ToSchema;

/// Most objects that are kept of one source.
pub const MAX_KEPT: i64 = 1_000_000;
/// Longest address taken from outside, in bytes.
const MAX_ADDRESS: usize = 128;

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A partner's collection, by TAXII 2.1.
    Taxii,
    /// A collection of a community that this desk hosts: what other members share there.
    Community,
    /// A MISP feed.
    Misp,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Taxii => "taxii",
            Kind::Community => "community",
            Kind::Misp => "misp",
        }
    }
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SharingSource)]
pub struct Source {
    /// Number.
    pub id: i64,
    /// What it is.
    pub kind: Kind,
    /// Name.
    pub name: String,
    /// Collection or feed; for a community, its id and the collection's name.
    pub url: String,
    /// User name at the partner: the name under which this desk is a member there.
    pub username: String,
    /// Up to where it was read.
    pub cursor: String,
    /// Seconds between two readings.
    pub every: i64,
    /// active or withdrawn.
    pub state: String,
    /// Unix seconds.
    pub created: i64,
    /// When it was read last.
    pub polled: Option<i64>,
    /// Why that failed.
    pub error: Option<String>,
    #[serde(skip)]
    secret: String,
}

/// A new source.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// What it is.
    pub kind: Kind,
    /// Name.
    pub name: String,
    /// Collection or feed; for a community, `COMMUNITY/intelligence` or `COMMUNITY/flags`.
    pub url: String,
    /// User name at the partner.
    #[serde(default)]
    pub username: String,
    /// Key at the partner.
    #[serde(default)]
    pub key: String,
    /// Seconds between two readings; 1 for flags, 300 else.
    #[serde(default)]
    pub every: Option<i64>,
}

/// What a source sent and what it became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Imported {
    /// Its id.
    pub object: String,
    /// Its version.
    pub version: String,
    /// tag, flag, kept (no effect here) or refused.
    pub effect: String,
    /// What exactly, or why it was refused.
    pub detail: String,
    /// Unix seconds.
    pub time: i64,
}

/// What a reading brought.
#[derive(Clone, Debug, Default)]
pub struct Polled {
    /// Objects that were new or newer.
    pub taken: u64,
    /// Objects that were refused.
    pub refused: u64,
    /// Whether the source's tags changed: they are to be put into the workspace.
    pub tags_changed: bool,
    /// Flags that are new: past deposits are to be looked at.
    pub flags: Vec<Flag>,
}

/// What withdrawing a source undid in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Withdrawn {
    /// Title of the pack whose tags go from the workspace.
    pub pack: String,
    /// Flags that ended.
    pub flags: u64,
    /// Alerts that closed.
    pub alerts: u64,
    /// Alerts that rest on other things as well: a note was left.
    pub noted: u64,
    /// Holds that ended.
    pub holds: u64,
}

const SOURCE: &str =
    "SELECT id, kind, name, url, username, cursor, every, state, created, polled, error, secret FROM sources";

fn source(row: &Row) -> Result<Source, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Source {
        id: row.int(0)?,
        kind: parse("source.kind", &json!(row.text(1)?).to_string())?,
        name: text(2)?,
        url: text(3)?,
        username: text(4)?,
        cursor: text(5)?,
        every: row.int(6)?,
        state: text(7)?,
        created: row.int(8)?,
        polled: row.int_or_null(9),
        error: row.text_or_null(10).map(str::to_owned),
        secret: text(11)?,
    })
}

fn source_by(db: &mut Database, id: i64) -> Result<Option<Source>, DbError> {
    db.query(&format!("{SOURCE} WHERE id = $1"), &[id.into()])?.first().map(source).transpose()
}

impl Source {
    /// Title of its pack of tags.
    #[must_use]
    pub fn pack(&self) -> String {
        format!("source {}: {}", self.id, self.name)
    }
}

/// A tag that a source says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SaidTag {
    pub address: String,
    pub asset: String,
    pub label: String,
    pub concept: String,
    pub confidence: u8,
    pub reference: String,
    pub author: String,
}

/// What an object becomes here.
pub(crate) enum Effect {
    Tags(Vec<SaidTag>),
    Flag(Box<Flag>),
    Kept(String),
    /// What it was is no longer said.
    Gone,
}

/// An object on its way in, whatever format it came in.
pub(crate) struct Incoming {
    pub id: String,
    pub version: String,
    pub body: String,
    pub effect: Result<Effect, String>,
}

/// The network that an address can only be of, by its form.
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
pub(crate) fn tag_ok(mut tag: SaidTag) -> Result<SaidTag, String> {
    let address = holdfast_attribution::tags::normal(&tag.address);
    if address.is_empty() || address.len() > MAX_ADDRESS || address.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        return Err(format!("'{}' is no address", address.chars().take(40).collect::<String>()));
    }
    tag.asset = match tag.asset.is_empty() {
        true => asset_of(&address).ok_or_else(|| format!("of which asset is {address}?"))?.to_owned(),
        false => tag.asset.to_ascii_uppercase(),
    };
    if tag.asset.len() > 20 {
        return Err("the asset is no ticker".into());
    }
    tag.address = address;
    let clean = |text: &str, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    tag.label = clean(&tag.label, 200);
    if tag.label.is_empty() {
        tag.label = "without a name".into();
    }
    tag.reference = clean(&tag.reference, 1_000);
    tag.author = clean(&tag.author, 200);
    if Category::from_name(&tag.concept).is_none() {
        tag.concept = "other_abuse".into();
    }
    Ok(tag)
}

/// What a STIX object becomes here.
fn effect_of(object: &Json) -> Result<Effect, SharingError> {
    if let Some(flag) = stix::read_flag(object)? {
        return Ok(Effect::Flag(Box::new(flag)));
    }
    let kind = object["type"].as_str().unwrap_or_default();
    if kind != "indicator" {
        return Ok(Effect::Kept(kind.to_owned()));
    }
    let wallets = stix::wallets_of(object);
    if wallets.is_empty() {
        return Ok(Effect::Kept("an indicator of no wallet".into()));
    }
    if object["revoked"] == json!(true) {
        return Ok(Effect::Gone);
    }
    let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let words = object["labels"].as_array().into_iter().chain(object["indicator_types"].as_array()).flatten();
    let concept = words.filter_map(Json::as_str).find(|w| Category::from_name(w).is_some()).unwrap_or("other_abuse");
    let references = object["external_references"].as_array().into_iter().flatten();
    let reference = references.filter_map(|r| r["url"].as_str()).next().unwrap_or_default();
    let tags = wallets.into_iter().map(|w| {
        tag_ok(SaidTag {
            address: w.address,
            asset: w.asset.unwrap_or_default(),
            label: text("name"),
            concept: concept.to_owned(),
            confidence: object["confidence"].as_u64().unwrap_or(50).min(100) as u8,
            reference: reference.to_owned(),
            author: text("created_by_ref"),
        })
    });
    let tags: Result<Vec<_>, String> = tags.collect();
    tags.map(Effect::Tags).map_err(|why| SharingError::Object(text("id"), why))
}

pub(crate) fn incoming(object: &Json) -> Incoming {
    let id = object["id"].as_str().unwrap_or("an object without id").chars().take(250).collect::<String>();
    let version = stix::version_of(object, "0");
    let effect = check(object).and_then(|()| effect_of(object)).map_err(|e| e.to_string());
    let body = if object.to_string().len() <= stix::MAX_OBJECT { object.to_string() } else { "{}".into() };
    Incoming { id, version, body, effect }
}

/// Orders versions: STIX's times, MISP's and packs' numbers.
fn newer(version: &str, than: &str) -> bool {
    match (micros(version), micros(than)) {
        (Some(a), Some(b)) => a > b,
        _ => match (version.parse::<i64>(), than.parse::<i64>()) {
            (Ok(a), Ok(b)) => a > b,
            _ => version != than,
        },
    }
}

/// Takes objects of a source in, in the writer's transaction.
fn take_in(tx: &mut Transaction<'_>, source: &Source, objects: Vec<Incoming>) -> Result<Polled, ScreeningError> {
    let mut polled = Polled::default();
    let rows = tx.db().query("SELECT COUNT(*) FROM imported WHERE source = $1", &[source.id.into()])?;
    let mut kept = rows.first().map_or(Ok(0), |r| r.int(0))?;
    for object in objects {
        let key: [Value; 2] = [source.id.into(), object.id.as_str().into()];
        let known = tx.db().query("SELECT version, effect FROM imported WHERE source = $1 AND object = $2", &key)?;
        let before =
            known.first().map(|r| Ok::<_, DbError>((r.text(0)?.to_owned(), r.text(1)?.to_owned()))).transpose()?;
        if before.as_ref().is_some_and(|(version, _)| !newer(&object.version, version)) {
            continue;
        }
        if before.is_none() && kept >= MAX_KEPT {
            return Err(ScreeningError::State(format!(
                "source {} sent {MAX_KEPT} objects; no more are taken",
                source.id
            )));
        }
        let was_tag = before.as_ref().is_some_and(|(_, effect)| effect == "tag");
        let (effect, detail) = match object.effect {
            Err(why) => {
                polled.refused += 1;
                ("refused", why)
            }
            Ok(Effect::Kept(what)) => ("kept", what),
            Ok(Effect::Gone) => ("kept", "no longer said".into()),
            Ok(Effect::Tags(tags)) => {
                polled.tags_changed = true;
                ("tag", json!(tags).to_string())
            }
            Ok(Effect::Flag(flag)) => match take_flag(tx, source, *flag, &mut polled)? {
                Ok(detail) => ("flag", detail),
                Err(why) => {
                    polled.refused += 1;
                    ("refused", why)
                }
            },
        };
        polled.tags_changed |= was_tag;
        let row = [
            source.id.into(),
            object.id.as_str().into(),
            object.version.as_str().into(),
            effect.into(),
            detail.as_str().into(),
            object.body.as_str().into(),
            tx.now().into(),
        ];
        tx.db().execute(
            "INSERT INTO imported (source, object, version, effect, detail, body, time) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (source, object) DO UPDATE SET version = excluded.version, effect = excluded.effect, detail = excluded.detail,
             body = excluded.body, time = excluded.time",
            &row,
        )?;
        kept += i64::from(before.is_none());
        polled.taken += 1;
    }
    Ok(polled)
}

/// Raises a partner's flag, or lets it move on; inner error: why it is refused.
fn take_flag(
    tx: &mut Transaction<'_>,
    source: &Source,
    flag: Flag,
    polled: &mut Polled,
) -> Result<Result<String, String>, ScreeningError> {
    let flag = Flag { community: source.name.clone(), source: Some(source.id), ..flag };
    let (id, state) = (flag.id.clone(), flag.state);
    let detail = format!("{} {} is {}", flag.asset, flag.value, state.name());
    let done = match flags::get(tx.db(), &id)? {
        // One's own flag, come back.
        Some(known) if known.source.is_none() => return Ok(Ok(detail)),
        Some(known) if known.state == state => Ok(false),
        Some(_) => tx.end_flag(&id, state, "its member says so"),
        None => {
            let new = tx.raise_flag(flag.clone());
            if new.is_ok() && state.counts() {
                polled.flags.push(flag);
            }
            new
        }
    };
    match done {
        Ok(_) => Ok(Ok(detail)),
        Err(ScreeningError::Db(e)) => Err(e.into()),
        Err(e) => Ok(Err(e.to_string())),
    }
}

impl Sharing<'_> {
    /// The key that partners' secrets are sealed to.
    fn seal_key(&self) -> Result<age::x25519::Identity, ScreeningError> {
        let text = self.master.sealing_key("partner-secrets", "");
        text.parse().map_err(|e: &str| ScreeningError::State(e.to_owned()))
    }

    fn seal(&self, secret: &str) -> Result<String, ScreeningError> {
        let sealed = age::encrypt(&self.seal_key()?.to_public(), secret.as_bytes());
        sealed.map(hex::encode).map_err(|e| ScreeningError::State(e.to_string()))
    }

    fn unseal(&self, sealed: &str) -> Result<String, ScreeningError> {
        let wrong =
            |e: String| ScreeningError::State(format!("the partner's key does not open: {e}; add the source again"));
        let bytes = hex::decode(sealed).map_err(|e| wrong(e.to_string()))?;
        let plain = age::decrypt(&self.seal_key()?, &bytes).map_err(|e| wrong(e.to_string()))?;
        String::from_utf8(plain).map_err(|e| wrong(e.to_string()))
    }

    /// Adds a source; it is read from now on.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn add_source(&self, new: NewSource, actor: &str) -> Result<Source, ScreeningError> {
        text_ok("name", &new.name)?;
        text_ok("url", &new.url)?;
        if new.key.len() > 1_000 || new.username.len() > 200 {
            return Err(Invalid::new("key", "the name is at most 200 bytes, the key 1000").into());
        }
        match new.kind {
            Kind::Taxii if !new.url.contains("/collections/") => {
                return Err(Invalid::new(
                    "url",
                    "must be a collection's URL (.../collections/ID/); list them with discover",
                )
                .into());
            }
            Kind::Community => {
                self.local(&new.url)?;
            }
            Kind::Taxii | Kind::Misp if !(new.url.starts_with("https://") || new.url.starts_with("http://")) => {
                return Err(Invalid::new("url", "must begin with https:// (or http://)").into());
            }
            _ => {}
        }
        let every = new.every.unwrap_or(match new.url.contains("flags") || new.kind == Kind::Community {
            true => 1,
            false => 300,
        });
        if !(1..=86_400).contains(&every) {
            return Err(Invalid::new("every", "1 to 86400 seconds").into());
        }
        let secret = if new.key.is_empty() { String::new() } else { self.seal(&new.key)? };
        self.screening.transact(actor, move |tx| {
            if !tx.db().query("SELECT id FROM sources WHERE name = $1", &[new.name.as_str().into()])?.is_empty() {
                return Err(ScreeningError::Conflict(format!("source {}", new.name)));
            }
            let (id, now) = (tx.next_id("sources")?, tx.now());
            let row = [
                id.into(),
                new.kind.name().into(),
                new.name.as_str().into(),
                new.url.as_str().into(),
                new.username.as_str().into(),
                secret.as_str().into(),
                every.into(),
                now.into(),
            ];
            tx.db().execute(
                "INSERT INTO sources (id, kind, name, url, username, secret, cursor, every, state, created) VALUES ($1, $2, $3, $4, $5, $6, '', $7, 'active', $8)",
                &row,
            )?;
            let detail = json!({ "kind": new.kind, "name": new.name, "url": new.url }).to_string();
            tx.audit("source.added", &format!("source:{id}"), &detail);
            source_by(tx.db(), id)?.ok_or_else(|| ScreeningError::NotFound(format!("source {id}")))
        })
    }

    /// Community and collection of a source of that kind.
    fn local(&self, url: &str) -> Result<(String, Collection), ScreeningError> {
        let (community, collection) = url.split_once('/').unwrap_or((url, "intelligence"));
        self.community(community)?;
        let collection = Collection::ALL.into_iter().find(|c| c.name() == collection);
        let collection =
            collection.ok_or_else(|| Invalid::new("url", "must be COMMUNITY/intelligence or COMMUNITY/flags"))?;
        Ok((community.to_owned(), collection))
    }

    /// All sources.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn sources(&self) -> Result<Vec<Source>, ScreeningError> {
        let sql = format!("{SOURCE} ORDER BY id LIMIT 10000");
        self.screening.read(|db| db.query(&sql, &[])?.iter().map(source).collect())
    }

    /// A source.
    ///
    /// # Errors
    /// [`ScreeningError::NotFound`].
    pub fn source(&self, id: i64) -> Result<Source, ScreeningError> {
        let found = self.screening.read(|db| source_by(db, id))?;
        found.ok_or_else(|| ScreeningError::NotFound(format!("source {id}")))
    }

    /// What a source sent, by id, at most 1,000 after one.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn imported(&self, id: i64, after: &str) -> Result<Vec<Imported>, ScreeningError> {
        self.source(id)?;
        let sql = "SELECT object, version, effect, detail, time FROM imported WHERE source = $1 AND object > $2 ORDER BY object LIMIT 1000";
        let rows = self.screening.read(|db| db.query(sql, &[id.into(), after.into()]))?;
        let imported = |r: &Row| {
            let text = |i| r.text(i).map(str::to_owned);
            Ok(Imported { object: text(0)?, version: text(1)?, effect: text(2)?, detail: text(3)?, time: r.int(4)? })
        };
        rows.iter().map(imported).collect()
    }

    /// The tags that a source says, for the workspace.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn tags_of(&self, source: &Source) -> Result<Vec<Tag>, ScreeningError> {
        let (pack, mut tags, mut after) = (source.pack(), Vec::new(), String::new());
        loop {
            let sql = "SELECT object, detail, time FROM imported WHERE source = $1 AND effect = 'tag' AND object > $2 ORDER BY object LIMIT 5000";
            let rows = self.screening.read(|db| db.query(sql, &[source.id.into(), after.as_str().into()]))?;
            let Some(last) = rows.last() else { return Ok(tags) };
            after = last.text(0)?.to_owned();
            for row in &rows {
                let said: Vec<SaidTag> = parse("tags", row.text(1)?)?;
                for s in said {
                    let is_abuse = Category::from_name(&s.concept).is_some_and(Category::is_abuse);
                    let (category, abuse) = if is_abuse { (None, Some(s.concept)) } else { (Some(s.concept), None) };
                    tags.push(Tag {
                        address: s.address,
                        asset: s.asset,
                        label: s.label,
                        source: if s.reference.is_empty() { source.url.clone() } else { s.reference },
                        category,
                        abuse,
                        concepts: Vec::new(),
                        confidence: confidence(s.confidence),
                        is_cluster_definer: false,
                        actor: None,
                        lastmod: rfc3339(row.int(2)?)[..10].to_owned(),
                        pack: pack.clone(),
                        file: row.text(0)?.to_owned(),
                        creator: s.author,
                    });
                }
            }
        }
    }

    /// Reads a source now.
    ///
    /// # Errors
    /// [`SharingError`]; it is kept with the source.
    pub fn poll(&self, id: i64, clients: &Clients) -> Result<Polled, SharingError> {
        let found = self.source(id)?;
        if found.state != "active" {
            return Err(ScreeningError::State(format!("source {id} is {}", found.state)).into());
        }
        let read = self.fetch(&found, clients);
        let error = read.as_ref().err().map(ToString::to_string);
        let noted = error.clone();
        let quiet = matches!(&read, Ok((objects, cursor)) if objects.is_empty() && *cursor == found.cursor)
            && found.error.is_none();
        if quiet {
            // Nothing to write but the time, which need not be exact to the second.
            if found.polled.is_some_and(|t| self.screening.now() - t < 60) {
                return Ok(Polled::default());
            }
        }
        let (objects, cursor) = read.unwrap_or_default();
        let polled = self.screening.transact(&format!("source:{}", found.name), move |tx| {
            let polled = take_in(tx, &found, objects)?;
            let cursor = if cursor.is_empty() { found.cursor.clone() } else { cursor };
            let row = [cursor.into(), tx.now().into(), noted.into(), found.id.into()];
            tx.db().execute("UPDATE sources SET cursor = $1, polled = $2, error = $3 WHERE id = $4", &row)?;
            if polled.taken > 0 {
                let detail = json!({ "taken": polled.taken, "refused": polled.refused }).to_string();
                tx.audit("source.read", &format!("source:{}", found.id), &detail);
            }
            Ok(polled)
        })?;
        match error {
            Some(e) => Err(SharingError::Partner(format!("source {id}"), e)),
            None => Ok(polled),
        }
    }

    /// What is new at a source.
    fn fetch(&self, found: &Source, clients: &Clients) -> Result<(Vec<Incoming>, String), SharingError> {
        match found.kind {
            Kind::Taxii => {
                let client = clients.of(found, || self.unseal_or_empty(&found.secret))?;
                let (objects, cursor) = client.objects(&found.url, &found.cursor)?;
                Ok((objects.iter().map(incoming).collect(), cursor))
            }
            Kind::Community => {
                let (community, collection) = self.local(&found.url)?;
                let own = self.screening.read(|db| own_member(db, &community))?;
                let own = own.ok_or_else(|| ScreeningError::NotFound("this desk in the community".into()))?;
                let after = found.cursor.parse().ok();
                let filter =
                    Filter { added_after: after, versions: vec!["all".into()], limit: MAX_PAGE, ..Filter::default() };
                let (list, _) = self.objects(&community, collection, &own.name, &filter)?;
                let cursor = list.last().map_or(found.cursor.clone(), |o| o.added.to_string());
                // What this desk shared itself, it knows.
                let theirs = list.iter().filter(|o| o.body["created_by_ref"].as_str() != Some(own.identity.as_str()));
                Ok((theirs.map(|o| incoming(&o.body)).collect(), cursor))
            }
            Kind::Misp => {
                let key = self.unseal_or_empty(&found.secret)?;
                let known = self.screening.read(|db| known_events(db, found.id))?;
                misp::fetch(&found.url, &key, &found.cursor, &known)
            }
        }
    }

    fn unseal_or_empty(&self, sealed: &str) -> Result<String, ScreeningError> {
        if sealed.is_empty() { Ok(String::new()) } else { self.unseal(sealed) }
    }

    /// A client for a partner's source, to share there.
    ///
    /// # Errors
    /// [`SharingError`].
    pub(crate) fn client(&self, source: &Source) -> Result<Client, SharingError> {
        if source.kind != Kind::Taxii || source.state != "active" {
            return Err(ScreeningError::State(format!("source {} is no active TAXII collection", source.id)).into());
        }
        Ok(Client::new(&source.username, &self.unseal_or_empty(&source.secret)?))
    }

    /// Withdraws a source: its flags end; alerts and holds that rest on its tags alone close; others get a note. The caller removes its pack
    /// from the workspace. What it sent stays listed.
    ///
    /// # Errors
    /// [`ScreeningError`].
    pub fn withdraw_source(&self, id: i64, why: &str, actor: &str) -> Result<Withdrawn, ScreeningError> {
        text_ok("why", why)?;
        let why = why.to_owned();
        self.screening.transact(actor, move |tx| {
            let found = source_by(tx.db(), id)?.ok_or_else(|| ScreeningError::NotFound(format!("source {id}")))?;
            if found.state != "active" {
                return Err(ScreeningError::State(format!("source {id} is {} already", found.state)));
            }
            tx.db().execute("UPDATE sources SET state = 'withdrawn' WHERE id = $1", &[id.into()])?;
            tx.audit("source.withdrawn", &format!("source:{id}"), &json!({ "why": why }).to_string());
            let reason = format!("source {} was withdrawn: {why}", found.name);
            let mut undone = Withdrawn { pack: found.pack(), ..Withdrawn::default() };
            let sql = "SELECT id FROM flags WHERE source = $1 AND state IN ('open', 'confirmed') ORDER BY id";
            for row in tx.db().query(sql, &[id.into()])? {
                undone.flags += u64::from(tx.end_flag(row.text(0)?, State::Withdrawn, &reason)?);
            }
            undo_alerts(tx, &found.pack(), &reason, &mut undone)?;
            Ok(undone)
        })
    }
}

/// Closes open alerts that rest on a pack's tags alone, with the holds that their decisions placed.
fn undo_alerts(
    tx: &mut Transaction<'_>,
    pack: &str,
    reason: &str,
    undone: &mut Withdrawn,
) -> Result<(), ScreeningError> {
    // The title as it stands in decisions (JSON) and in late alerts' words; looked at closely below.
    let quoted = json!(pack).to_string();
    let mut after = 0i64;
    loop {
        let rows = tx.db().query(
            "SELECT a.id, a.kind, a.reason, e.result FROM alerts a JOIN events e ON e.seq = a.event
             WHERE a.state = 'open' AND a.id > $1 ORDER BY a.id LIMIT 1000",
            &[after.into()],
        )?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.int(0)?;
        for row in &rows {
            let (alert, words, result) = (row.int(0)? as u64, row.text(2)?, row.text(3)?);
            let (touched, alone, holds) = match row.text(1)? {
                "late" => {
                    let ours = words.matches(&format!(", pack {pack})")).count();
                    (ours > 0, ours == words.matches(", pack ").count(), Vec::new())
                }
                _ if result.contains(&quoted) => {
                    let decision: Decision = parse("decision", result)?;
                    let ours = |t: &holdfast_screening::facts::TagFact| t.pack == pack;
                    let rests = |least: Verdict| {
                        let mut grave = decision.reasons.iter().filter(|r| r.decision >= least);
                        grave.all(|r| !r.tags.is_empty() && r.tags.iter().all(ours))
                    };
                    let touched = decision.reasons.iter().any(|r| r.tags.iter().any(ours));
                    let holds = if rests(Verdict::Hold) { decision.holds.clone() } else { Vec::new() };
                    (touched, rests(Verdict::Review), holds)
                }
                _ => (false, false, Vec::new()),
            };
            if !touched {
                continue;
            }
            for hold in holds {
                let open = tx.db().query(
                    "SELECT id FROM holds WHERE id = $1 AND state = 'active' AND placed_by = 'engine'",
                    &[(hold as i64).into()],
                )?;
                if !open.is_empty() {
                    tx.end_hold(hold, reason)?;
                    undone.holds += 1;
                }
            }
            if !alone {
                tx.act_on_alert(alert, &AlertAction::Comment { text: format!("{reason}; look at what remains") })?;
                undone.noted += 1;
                continue;
            }
            tx.act_on_alert(alert, &AlertAction::Close { outcome: Outcome::Inconclusive, text: reason.to_owned() })?;
            undone.alerts += 1;
        }
    }
}

/// Events of a MISP feed that have objects here.
fn known_events(db: &mut Database, source: i64) -> Result<Vec<(String, String)>, DbError> {
    let sql = "SELECT object, version FROM imported WHERE source = $1 AND effect = 'tag' ORDER BY object";
    let rows = db.query(sql, &[source.into()])?;
    rows.iter().map(|r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned()))).collect()
}

fn confidence(level: u8) -> Confidence {
    // A partner's word is never more than a trusted provider's.
    match level {
        0..=9 => Confidence::Unknown,
        10..=19 => Confidence::Heuristic,
        20..=39 => Confidence::WebCrawl,
        40..=49 => Confidence::UntrustedTransaction,
        _ => Confidence::TrustedProvider,
    }
}

/// Connections to partners, kept between readings.
#[derive(Debug, Default)]
pub struct Clients(Mutex<HashMap<i64, Arc<Client>>>);

impl Clients {
    fn of(
        &self,
        source: &Source,
        secret: impl FnOnce() -> Result<String, ScreeningError>,
    ) -> Result<Arc<Client>, ScreeningError> {
        if let Some(known) = self.0.lock().unwrap_or_else(|e| e.into_inner()).get(&source.id) {
            return Ok(known.clone());
        }
        let client = Arc::new(Client::new(&source.username, &secret()?));
        self.0.lock().unwrap_or_else(|e| e.into_inner()).insert(source.id, client.clone());
        Ok(client)
    }
}

/// Whether a community is known, for callers that have only an id.
pub(crate) fn is_community(sharing: &Sharing<'_>, id: &str) -> Result<bool, ScreeningError> {
    sharing.screening.read(|db| Ok(community_by(db, id)?.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_their_asset() {
        assert_eq!(asset_of("13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"), Some("BTC"));
        assert_eq!(asset_of("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"), Some("BTC"));
        assert_eq!(asset_of("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), Some("ETH"));
        assert_eq!(asset_of("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"), Some("TRX"));
        assert_eq!(asset_of("something else"), None);
    }

    #[test]
    fn versions_of_all_formats_are_ordered() {
        assert!(newer("2026-11-25T08:00:00.2Z", "2026-11-25T08:00:00.100000Z"));
        assert!(!newer("2026-11-25T08:00:00.2Z", "2026-11-25T08:00:00.200Z"));
        assert!(newer("100", "99") && !newer("99", "100") && !newer("99", "99"));
    }

    #[test]
    fn what_comes_in_is_bounded() {
        let long = "x".repeat(300);
        let object = json!({ "type": "indicator", "spec_version": "2.1", "id": "indicator--7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11",
            "created": "2026-11-25T08:00:00Z", "modified": "2026-11-25T08:00:00Z", "valid_from": "2026-11-25T08:00:00Z",
            "name": "n\u{1}", "pattern_type": "stix", "pattern": format!("[cryptocurrency-wallet:value = '{long}']") });
        assert!(incoming(&object).effect.is_err());
        let big = json!({ "type": "note", "id": "note--7c1dbb10-8b1b-4f15-9d4d-3f1b2c1e6a11", "content": "x".repeat(300_000) });
        let taken = incoming(&big);
        assert!(taken.effect.is_err() && taken.body == "{}");
    }
}
