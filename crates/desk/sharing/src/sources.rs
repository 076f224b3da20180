//! Sources of shared intelligence: the collections of partners (TAXII), communities that this desk hosts, MISP feeds. Every object is bounded,
//! checked, stored with its source, and can be withdrawn with it: its tags are removed, its flags end, alerts and holds that rest on the source alone close.

use crate::community::{Collection, Filter, MAX_PAGE, community_by, own_member};
use crate::ingest::{Incoming, StatedTag, StatedTags, end_invalid_flags, import_objects, incoming};
use crate::taxii::{Client, web_address};
use crate::{Sharing, SharingError, misp_feed, stix};
use holdfast_attribution::{Category, Tag, Tlp, tags::Confidence};
use holdfast_decision::flags::{Flag, State};
use holdfast_decision::model::text_ok;
use holdfast_decision::{Decision, Verdict};
use holdfast_screening::alerts::{AlertAction, Outcome};
use holdfast_screening::changes::ChangeKind;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::ids::{CommunityId, ObjectId, SourceId};
use holdfast_types::{Invalid, Seconds, Timestamp, named};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use utoipa::ToSchema;

/// Most objects that are stored of one source.
pub const MAX_STORED: i64 = 1_000_000;
/// Most pages of a partner's collection or feed that are read at a stretch; the rest is read the next time.
pub const MAX_PAGES: usize = 100;

named! {
    /// What a source is.
    #[schema(as = SourceKind)]
    pub enum Kind {
        /// A partner's collection, by TAXII 2.1.
        Taxii,
        /// A collection of a community that this desk hosts: what other members share there.
        Community,
        /// A MISP feed.
        Misp,
    }

    /// State of a source.
    pub enum SourceState {
        /// It waits for a second person.
        Proposed,
        /// It is read.
        Active,
        /// It is not read any more, and what it sent has no effect.
        Withdrawn,
    }
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Number.
    pub id: SourceId,
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
    pub every: Seconds,
    /// Whether it is read.
    pub state: SourceState,
    /// Unix seconds.
    pub created: Timestamp,
    /// When it was read last.
    pub polled: Option<Timestamp>,
    /// Why that failed.
    pub error: Option<String>,
    /// Up to when the validity of its objects was applied.
    #[serde(skip)]
    pub(crate) applied: Timestamp,
    #[serde(skip)]
    pub(crate) secret: String,
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

/// An object of a source, and its effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Its id.
    pub object: ObjectId,
    /// Its version.
    pub version: String,
    /// tag, flag, kept (stored without effect) or refused.
    pub effect: String,
    /// What exactly, or why it was refused.
    pub detail: String,
    /// Unix seconds.
    pub time: Timestamp,
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
    /// New flags: past deposits are to be screened again.
    pub flags: Vec<Flag>,
    /// Whether the source has more: read it again.
    pub more: bool,
}

/// What withdrawing a source undid in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Withdrawn {
    /// Title of the pack whose tags are removed from the workspace.
    pub pack: String,
    /// Flags that ended.
    pub flags: u64,
    /// Alerts that closed.
    pub alerts: u64,
    /// Alerts that rest on other evidence as well: a note was added to them.
    pub noted: u64,
    /// Holds that ended.
    pub holds: u64,
}

const SOURCE: &str =
    "SELECT id, kind, name, url, username, cursor, every, state, created, polled, error, secret, applied FROM sources";

fn source(row: &Row) -> Result<Source, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Source {
        id: row.number(0)?,
        kind: row.named(1)?,
        name: text(2)?,
        url: text(3)?,
        username: text(4)?,
        cursor: text(5)?,
        every: Seconds::new(row.int(6)?),
        state: row.named(7)?,
        created: row.time(8)?,
        polled: row.time_or_null(9),
        error: row.text_or_null(10).map(str::to_owned),
        secret: text(11)?,
        applied: row.time(12)?,
    })
}

fn source_by(db: &mut Database, id: SourceId) -> Result<Option<Source>, DbError> {
    db.query(&format!("{SOURCE} WHERE id = $1"), &[number(id)])?.first().map(source).transpose()
}

impl Source {
    /// Returns the title of its pack of tags.
    #[must_use]
    pub fn pack(&self) -> String {
        format!("source {}: {}", self.id, self.name)
    }
}

impl Sharing<'_> {
    /// The keys that partners' secrets may be sealed to, the one in use first.
    fn seal_keys(&self) -> Result<Vec<age::x25519::Identity>, SharingError> {
        let texts = self.key_ring.sealing_keys("partner-secrets", "");
        texts.iter().map(|t| t.parse().map_err(|e: &str| SharingError::State(e.to_owned()))).collect()
    }

    fn seal(&self, secret: &str) -> Result<String, SharingError> {
        let keys = self.seal_keys()?;
        let key = keys.first().ok_or_else(|| SharingError::State("the desk has no key".to_owned()))?;
        let sealed = age::encrypt(&key.to_public(), secret.as_bytes());
        sealed.map(hex::encode).map_err(|e| SharingError::State(e.to_string()))
    }

    /// Returns a partner's key sealed under the key in use; nothing where it is already.
    pub(crate) fn resealed(&self, sealed: &str) -> Result<Option<String>, SharingError> {
        let bytes = hex::decode(sealed).map_err(|e| SharingError::State(e.to_string()))?;
        let newest = self.seal_keys()?;
        if newest.first().is_some_and(|key| age::decrypt(key, &bytes).is_ok()) {
            return Ok(None);
        }
        self.seal(&self.unseal(sealed)?).map(Some)
    }

    pub(crate) fn unseal(&self, sealed: &str) -> Result<String, SharingError> {
        let wrong =
            |e: String| SharingError::State(format!("the partner's key does not open: {e}; add the source again"));
        let bytes = hex::decode(sealed).map_err(|e| wrong(e.to_string()))?;
        let mut why = String::new();
        let opened =
            self.seal_keys()?.iter().find_map(|key| age::decrypt(key, &bytes).map_err(|e| why = e.to_string()).ok());
        String::from_utf8(opened.ok_or_else(|| wrong(why))?).map_err(|e| wrong(e.to_string()))
    }

    /// Adds a source; it is read from now on.
    ///
    /// # Errors
    /// [`SharingError::Conflict`] when a source has the name; [`SharingError::Invalid`] names the field.
    pub fn add_source(&self, new: NewSource, actor: &str) -> Result<Source, SharingError> {
        self.store_source(new, actor, SourceState::Active)
    }

    /// Proposes a source: it is read once another person approved the change.
    ///
    /// # Errors
    /// [`SharingError::Conflict`] when a source has the name; [`SharingError::Invalid`] names the field; [`SharingError::State`] when too many
    /// changes wait.
    pub fn propose_source(&self, new: NewSource, actor: &str) -> Result<Source, SharingError> {
        self.store_source(new, actor, SourceState::Proposed)
    }

    fn store_source(&self, new: NewSource, actor: &str, state: SourceState) -> Result<Source, SharingError> {
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
            Kind::Taxii | Kind::Misp => web_address(&new.url)?,
        }
        let every = new.every.unwrap_or(match new.url.contains("flags") || new.kind == Kind::Community {
            true => 1,
            false => 300,
        });
        if !(1..=86_400).contains(&every) {
            return Err(Invalid::new("every", "1 to 86400 seconds").into());
        }
        let secret = if new.key.is_empty() { String::new() } else { self.seal(&new.key)? };
        self.transact(actor, move |tx| {
            if !tx.db().query("SELECT id FROM sources WHERE name = $1", &[new.name.as_str().into()])?.is_empty() {
                return Err(SharingError::Conflict(format!("source {}", new.name)));
            }
            let (id, now) = (SourceId::new(tx.next_id("sources")?.unsigned_abs()), tx.now());
            let row = [
                number(id),
                new.kind.name().into(),
                new.name.as_str().into(),
                new.url.as_str().into(),
                new.username.as_str().into(),
                secret.as_str().into(),
                every.into(),
                state.name().into(),
                now.into(),
                now.into(),
            ];
            tx.db().execute(
                "INSERT INTO sources (id, kind, name, url, username, secret, cursor, every, state, created, applied) VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9, $10)",
                &row,
            )?;
            let detail = json!({ "kind": new.kind, "name": new.name, "url": new.url }).to_string();
            tx.audit("source.added", &format!("source:{id}"), &detail);
            if state == SourceState::Proposed {
                tx.propose(ChangeKind::Source, &format!("source:{id}"), &detail)?;
            }
            source_by(tx.db(), id)?.ok_or_else(|| SharingError::NotFound(format!("source {id}")))
        })
    }

    /// Community and collection of a source of that kind.
    fn local(&self, url: &str) -> Result<(CommunityId, Collection), SharingError> {
        let (community, collection) = url.split_once('/').unwrap_or((url, "intelligence"));
        let community = CommunityId::from(community);
        self.community(&community)?;
        let unknown = |_| Invalid::new("url", "must be COMMUNITY/intelligence or COMMUNITY/flags");
        Ok((community, collection.parse().map_err(unknown)?))
    }

    /// Returns all sources.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn sources(&self) -> Result<Vec<Source>, SharingError> {
        let sql = format!("{SOURCE} ORDER BY id LIMIT 10000");
        self.read(|db| db.query(&sql, &[])?.iter().map(source).collect())
    }

    /// Returns a source.
    ///
    /// # Errors
    /// [`SharingError::NotFound`].
    pub fn source(&self, id: SourceId) -> Result<Source, SharingError> {
        let found = self.read(|db| source_by(db, id))?;
        found.ok_or_else(|| SharingError::NotFound(format!("source {id}")))
    }

    /// Returns what a source sent, by id, at most 1,000 after one.
    ///
    /// # Errors
    /// [`SharingError::NotFound`] for an unknown source.
    pub fn imported(&self, id: SourceId, after: &str) -> Result<Vec<Imported>, SharingError> {
        self.source(id)?;
        let sql = "SELECT object, version, effect, detail, time FROM imported WHERE source = $1 AND object > $2 ORDER BY object LIMIT 1000";
        let rows = self.read(|db| db.query(sql, &[number(id), after.into()]))?;
        let imported = |r: &Row| {
            let text = |i| r.text(i).map(str::to_owned);
            Ok(Imported {
                object: text(0)?.into(),
                version: text(1)?,
                effect: text(2)?,
                detail: text(3)?,
                time: r.time(4)?,
            })
        };
        rows.iter().map(imported).collect()
    }

    /// Returns the tags of a source that are valid now, for the workspace.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn tags_of(&self, source: &Source) -> Result<Vec<Tag>, SharingError> {
        let (mut tags, mut after, now) = (Vec::new(), String::new(), self.screening.now());
        loop {
            let sql =
                "SELECT object, detail, time, body FROM imported WHERE source = $1 AND effect = 'tag' AND object > $2
                       AND (valid_from IS NULL OR valid_from <= $3) AND (valid_until IS NULL OR valid_until > $4)
                       ORDER BY object LIMIT 1000";
            let values = [number(source.id), after.as_str().into(), now.into(), now.into()];
            let rows = self.read(|db| db.query(sql, &values))?;
            let Some(last) = rows.last() else { return Ok(tags) };
            after = last.text(0)?.to_owned();
            for row in &rows {
                for stated in StatedTags::stored(row.text(1)?)?.tags {
                    // Earlier versions stored no label with the tags; it is in the object.
                    let label = || serde_json::from_str(row.text(3).ok()?).ok().map(|o: Json| stix::tlp_of(&o));
                    let tlp = stated.tlp.or_else(label);
                    let at = row.time(2)?.rfc3339()[..10].to_owned();
                    tags.push(tag_of(stated, tlp, source, row.text(0)?, at));
                }
            }
        }
    }

    /// Sources whose tags changed because objects became valid or are no longer so, and ends the flags of the latter. The caller puts the tags
    /// into the workspace.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn apply_validity(&self) -> Result<Vec<Source>, SharingError> {
        let now = self.screening.now();
        let mut changed = Vec::new();
        for source in self.sources()?.into_iter().filter(|s| s.state == SourceState::Active && s.applied < now) {
            let any = |column: &str| {
                let sql = format!(
                    "SELECT object FROM imported WHERE source = $1 AND {column} > $2 AND {column} <= $3 LIMIT 1"
                );
                self.read(|db| db.query(&sql, &[number(source.id), source.applied.into(), now.into()]))
            };
            // A source that an earlier version read has tags without labels in the workspace.
            if source.applied > Timestamp::EPOCH && any("valid_from")?.is_empty() && any("valid_until")?.is_empty() {
                continue;
            }
            let read = source.clone();
            self.transact(&format!("source:{}", source.name), move |tx| {
                let flags = end_invalid_flags(tx, &read)?;
                let row = [tx.now().into(), number(read.id)];
                tx.db().execute("UPDATE sources SET applied = $1 WHERE id = $2", &row)?;
                if read.applied > Timestamp::EPOCH {
                    let detail = json!({ "flags_ended": flags }).to_string();
                    tx.audit("source.validity_applied", &format!("source:{}", read.id), &detail);
                }
                Ok(())
            })?;
            changed.push(source);
        }
        Ok(changed)
    }

    /// Reads the next page of a source. The position is stored with the objects, so that an interrupted reading continues there.
    ///
    /// # Errors
    /// [`SharingError`]; it is stored with the source.
    pub fn poll(&self, id: SourceId, clients: &Clients) -> Result<Polled, SharingError> {
        let found = self.source(id)?;
        if found.state != SourceState::Active {
            return Err(SharingError::State(format!("source {id} is {}", found.state)));
        }
        let read = self.fetch(&found, clients);
        let (page, error) = match read {
            Ok(page) => {
                let error = page.error.clone();
                (page, error)
            }
            Err(e) => (Page { cursor: found.cursor.clone(), ..Page::default() }, Some(e.to_string())),
        };
        let quiet = error.is_none() && page.objects.is_empty() && page.cursor == found.cursor && found.error.is_none();
        // Nothing to write but the time, which need not be exact to the second.
        if quiet && found.polled.is_some_and(|t| self.screening.now() - t < Seconds::MINUTE) {
            return Ok(Polled { more: page.more, ..Polled::default() });
        }
        let (noted, more) = (error.clone(), page.more);
        let polled = self.transact(&format!("source:{}", found.name), move |tx| {
            let polled = import_objects(tx, &found, page.objects)?;
            let row = [page.cursor.into(), tx.now().into(), noted.into(), number(found.id)];
            tx.db().execute("UPDATE sources SET cursor = $1, polled = $2, error = $3 WHERE id = $4", &row)?;
            if polled.taken > 0 {
                let detail = json!({ "taken": polled.taken, "refused": polled.refused }).to_string();
                tx.audit("source.read", &format!("source:{}", found.id), &detail);
            }
            Ok(polled)
        })?;
        match error {
            Some(e) if polled.taken == 0 => Err(SharingError::Partner(format!("source {id}"), e)),
            // What arrived is stored; the error is stored at the source.
            Some(_) => Ok(Polled { more: false, ..polled }),
            None => Ok(Polled { more, ..polled }),
        }
    }

    /// What is next at a source.
    fn fetch(&self, found: &Source, clients: &Clients) -> Result<Page, SharingError> {
        match found.kind {
            Kind::Taxii => {
                let client = clients.of(found, || self.unseal_or_empty(&found.secret))?;
                client.next_page(&found.url, &found.cursor)
            }
            Kind::Community => {
                let (community, collection) = self.local(&found.url)?;
                let own = self.read(|db| own_member(db, &community))?;
                let own = own.ok_or_else(|| SharingError::NotFound("this desk in the community".into()))?;
                let after = found.cursor.parse().ok();
                let filter =
                    Filter { added_after: after, versions: vec!["all".into()], limit: MAX_PAGE, ..Filter::default() };
                let (list, more) = self.objects(&community, collection, &own.name, &filter)?;
                let cursor = list.last().map_or(found.cursor.clone(), |o| o.added.to_string());
                // What this desk shared itself, it knows.
                let others = list.iter().filter(|o| o.body["created_by_ref"].as_str() != Some(own.identity.as_str()));
                let objects = others.map(|o| incoming(&o.body)).collect();
                Ok(Page { objects, cursor, more, error: None })
            }
            Kind::Misp => {
                let key = self.unseal_or_empty(&found.secret)?;
                let read = |sql: &str, values: &[Value]| -> Result<Vec<Row>, SharingError> {
                    self.read(|db| db.query(sql, values))
                };
                misp_feed::next_page(&misp_feed::Remote::new(&found.url, &key), &read, found, self.screening.now())
            }
        }
    }

    fn unseal_or_empty(&self, sealed: &str) -> Result<String, SharingError> {
        if sealed.is_empty() { Ok(String::new()) } else { self.unseal(sealed) }
    }

    /// Returns a client for a partner's source, to share there.
    ///
    /// # Errors
    /// [`SharingError::State`] when it is no source of that kind in force, or its key does not open.
    pub(crate) fn client(&self, source: &Source) -> Result<Client, SharingError> {
        if source.kind != Kind::Taxii || source.state != SourceState::Active {
            return Err(SharingError::State(format!("source {} is no active TAXII collection", source.id)));
        }
        Ok(Client::new(&source.username, &self.unseal_or_empty(&source.secret)?))
    }

    /// Withdraws a source: its flags end; alerts and holds that rest on its tags alone close; others get a note. The caller removes its pack
    /// from the workspace. What it sent stays listed.
    ///
    /// # Errors
    /// [`SharingError::NotFound`] for an unknown source; [`SharingError::State`] when it is not in force; [`SharingError::Invalid`] without a
    /// reason.
    pub fn withdraw_source(&self, id: SourceId, why: &str, actor: &str) -> Result<Withdrawn, SharingError> {
        text_ok("why", why)?;
        let why = why.to_owned();
        self.transact(actor, move |tx| {
            let found = source_by(tx.db(), id)?.ok_or_else(|| SharingError::NotFound(format!("source {id}")))?;
            if found.state != SourceState::Active {
                return Err(SharingError::State(format!("source {id} is {} already", found.state)));
            }
            tx.db().execute("UPDATE sources SET state = 'withdrawn' WHERE id = $1", &[number(id)])?;
            tx.audit("source.withdrawn", &format!("source:{id}"), &json!({ "why": why }).to_string());
            let reason = format!("source {} was withdrawn: {why}", found.name);
            let mut undone = Withdrawn { pack: found.pack(), ..Withdrawn::default() };
            let sql = "SELECT id FROM flags WHERE source = $1 AND state IN ('open', 'confirmed') ORDER BY id";
            for row in tx.db().query(sql, &[number(id)])? {
                undone.flags += u64::from(tx.end_flag(&row.text(0)?.into(), State::Withdrawn, &reason)?);
            }
            undo_alerts(tx, &found.pack(), &reason, &mut undone)?;
            Ok(undone)
        })
    }
}

/// Closes open alerts that rest on a pack's tags alone, with the holds that their decisions placed.
fn undo_alerts(tx: &mut Transaction<'_>, pack: &str, reason: &str, undone: &mut Withdrawn) -> Result<(), SharingError> {
    // The title as it appears in decisions (JSON) and in the texts of late alerts; compared exactly below.
    let quoted = json!(pack).to_string();
    // Where a tag's label forbids to name its source, the number is shown alone.
    let bare = pack.split(':').next().unwrap_or(pack);
    let quoted_number = json!(bare).to_string();
    let is_pack = |p: &str| p == pack || p == bare;
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
            let (alert, words, result) = (row.number(0)?, row.text(2)?, row.text(3)?);
            let (touched, alone, holds) = match row.text(1)? {
                "late" => {
                    let ours: usize = [pack, bare].iter().map(|p| words.matches(&format!(", pack {p})")).count()).sum();
                    (ours > 0, ours == words.matches(", pack ").count(), Vec::new())
                }
                _ if result.contains(&quoted) || result.contains(&quoted_number) => {
                    let decision: Decision = parse("decision", result)?;
                    let ours = |t: &holdfast_decision::facts::TagFact| is_pack(&t.pack);
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
                    &[number(hold)],
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

/// What one reading of a source brought.
#[derive(Default)]
pub(crate) struct Page {
    /// Objects.
    pub objects: Vec<Incoming>,
    /// Up to where it was read now.
    pub cursor: String,
    /// Whether there is more.
    pub more: bool,
    /// Faults, in addition to the objects that were read.
    pub error: Option<String>,
}

/// A tag as the workspace has it.
fn tag_of(stated: StatedTag, tlp: Option<Tlp>, source: &Source, object: &str, lastmod: String) -> Tag {
    let is_abuse = Category::from_name(&stated.concept).is_some_and(Category::is_abuse);
    let (category, abuse) = if is_abuse { (None, Some(stated.concept)) } else { (Some(stated.concept), None) };
    Tag {
        address: stated.address,
        asset: stated.asset,
        label: stated.label,
        source: if stated.reference.is_empty() { source.url.clone() } else { stated.reference },
        category,
        abuse,
        concepts: Vec::new(),
        confidence: confidence(stated.confidence),
        is_cluster_definer: false,
        actor: None,
        lastmod,
        pack: source.pack(),
        file: object.to_owned(),
        creator: stated.author,
        tlp,
    }
}

fn confidence(level: u8) -> Confidence {
    // A partner's tag never has more confidence than a trusted provider's.
    match level {
        0..=9 => Confidence::Unknown,
        10..=19 => Confidence::Heuristic,
        20..=39 => Confidence::WebCrawl,
        40..=49 => Confidence::UntrustedTransaction,
        _ => Confidence::TrustedProvider,
    }
}

/// Connections to partners, reused between readings.
#[derive(Debug, Default)]
pub struct Clients(Mutex<HashMap<SourceId, Arc<Client>>>);

impl Clients {
    fn of(
        &self,
        source: &Source,
        secret: impl FnOnce() -> Result<String, SharingError>,
    ) -> Result<Arc<Client>, SharingError> {
        if let Some(known) = self.0.lock().unwrap_or_else(|e| e.into_inner()).get(&source.id) {
            return Ok(known.clone());
        }
        let client = Arc::new(Client::new(&source.username, &secret()?));
        self.0.lock().unwrap_or_else(|e| e.into_inner()).insert(source.id, client.clone());
        Ok(client)
    }
}

/// Returns whether a community is known, for callers that have only an id.
pub(crate) fn is_community(sharing: &Sharing<'_>, id: &CommunityId) -> Result<bool, SharingError> {
    sharing.read(|db| Ok(community_by(db, id)?.is_some()))
}
