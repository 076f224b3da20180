//! Communities that this desk hosts: members, their keys, the labels that may be shared (TLP 2.0), and the shared objects.

use crate::stix::{self, Tlp, check, identity_id, micros, timestamp, version_of};
use crate::{Sharing, SharingError};
use holdfast_decision::model::text_ok;
use holdfast_identity::KeyRing;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, Row, Value, number};
use holdfast_types::ids::{CommunityId, MemberId, ObjectId};
use holdfast_types::{Invalid, Seconds, Timestamp, named};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// Most members of a community.
pub const MAX_MEMBERS: i64 = 1_000;
/// Most objects of one request.
pub const MAX_OBJECTS: usize = 5_000;
/// Most objects on a page.
pub const MAX_PAGE: usize = 1_000;

named! {
    /// A collection of every community.
    pub enum Collection {
        /// Indicators, sightings, reports, notes.
        Intelligence,
        /// Flags of stolen funds.
        Flags,
    }

    /// Whether a member may use its key.
    pub enum MemberState {
        /// The key is good.
        Active,
        /// The key opens nothing.
        Suspended,
    }
}

impl Collection {
    /// Both.
    pub const ALL: [Collection; 2] = [Collection::Intelligence, Collection::Flags];

    /// Returns its id in a community.
    #[must_use]
    pub fn id(self, community: &CommunityId) -> String {
        stix::derived_uuid(&format!("collection:{community}:{}", self.name()))
    }

    /// Returns the collection of a community by its id.
    #[must_use]
    pub fn find(community: &CommunityId, id: &str) -> Option<Self> {
        Collection::ALL.into_iter().find(|c| c.id(community) == id)
    }
}

/// A community.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Community {
    /// UUID; its API root is `/taxii2/ID/`.
    pub id: CommunityId,
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The most restrictive label that may be shared in it.
    pub max_tlp: Tlp,
    /// Unix seconds.
    pub created: Timestamp,
    /// Ids of its collections, by name.
    pub collections: Json,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Number.
    pub id: MemberId,
    /// Community.
    pub community: CommunityId,
    /// Name; also the user name of its key.
    pub name: String,
    /// Its STIX identity.
    pub identity: String,
    /// Whether the member is this desk itself.
    pub own: bool,
    /// Whether the member may share, not only read.
    pub writes: bool,
    /// Whether it may use its key.
    pub state: MemberState,
    /// Unix seconds.
    pub joined: Timestamp,
    #[serde(skip)]
    generation: i64,
}

/// A member with its key, which is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewMember {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// Password for HTTP Basic, with the member's name as user.
    pub key: String,
}

/// An object of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// When it was added, microseconds; unique in the desk.
    pub added: i64,
    /// Id.
    pub object: ObjectId,
    /// Version as sent.
    pub version: String,
    /// Type.
    pub kind: String,
    /// The object.
    pub body: Json,
}

/// What became of objects that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Put {
    /// Ids and versions that were stored now or before.
    pub successes: Vec<(ObjectId, String)>,
    /// Ids, versions, and why they were refused.
    pub failures: Vec<(ObjectId, String, String)>,
}

/// Which objects of a collection.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Added after, microseconds.
    pub added_after: Option<i64>,
    /// Ids; all when empty.
    pub ids: Vec<ObjectId>,
    /// Types; all when empty.
    pub types: Vec<String>,
    /// `first`, `last`, `all` or versions; `last` when empty.
    pub versions: Vec<String>,
    /// At most so many.
    pub limit: usize,
}

const MEMBER: &str = "SELECT id, community, name, identity, own, writes, state, joined, generation FROM members";

fn member(row: &Row) -> Result<Member, DbError> {
    let text = |i| row.text(i).map(str::to_owned);
    Ok(Member {
        id: row.number(0)?,
        community: text(1)?.into(),
        name: text(2)?,
        identity: text(3)?,
        own: row.int(4)? == 1,
        writes: row.int(5)? == 1,
        state: row.named(6)?,
        joined: row.time(7)?,
        generation: row.int(8)?,
    })
}

fn community(row: &Row) -> Result<Community, DbError> {
    let id = CommunityId::from(row.text(0)?);
    let collections = Collection::ALL.map(|c| (c.name().to_owned(), json!(c.id(&id))));
    Ok(Community {
        collections: collections.into_iter().collect::<serde_json::Map<_, _>>().into(),
        name: row.text(1)?.to_owned(),
        description: row.text(2)?.to_owned(),
        max_tlp: Tlp::from_name(row.text(3)?).ok_or(DbError::Type(3))?,
        created: row.time(4)?,
        id,
    })
}

fn key_of(key_ring: &KeyRing, member: &Member) -> String {
    let key = key_ring.derive("community-member", &format!("{}:{}", member.id, member.generation));
    format!("hc_{}", hex::encode(&key[..24]))
}

/// A name that HTTP Basic can carry: no colon.
fn name_ok(name: &str) -> Result<(), Invalid> {
    text_ok("name", name)?;
    if name.contains(':') || name.trim() != name || name.len() > 100 {
        return Err(Invalid::new("name", "at most 100 bytes, without colons and spaces around it"));
    }
    Ok(())
}

pub(crate) fn community_by(db: &mut Database, id: &CommunityId) -> Result<Option<Community>, DbError> {
    let sql = "SELECT id, name, description, max_tlp, created FROM communities WHERE id = $1";
    db.query(sql, &[id.as_str().into()])?.first().map(community).transpose()
}

/// Returns the desk itself in a community that it hosts.
pub(crate) fn own_member(db: &mut Database, community: &CommunityId) -> Result<Option<Member>, DbError> {
    let rows = db.query(&format!("{MEMBER} WHERE community = $1 AND own = 1"), &[community.as_str().into()])?;
    rows.first().map(member).transpose()
}

/// Adds objects to a collection for a member, in the writer's transaction.
pub(crate) fn put(
    tx: &mut Transaction<'_>,
    community: &Community,
    collection: Collection,
    by: &Member,
    objects: &[Json],
    readers: &[String],
) -> Result<Put, SharingError> {
    let id = collection.id(&community.id);
    let mut answer = Put::default();
    for object in objects {
        let name: ObjectId = object["id"].as_str().unwrap_or_default().chars().take(120).collect::<String>().into();
        let last = tx.db().query("SELECT COALESCE(MAX(added), 0) FROM shared_objects", &[])?;
        let last = last.first().map_or(Ok(0), |r| r.int(0))?;
        let added = (last + 1).max(tx.now().unix().saturating_mul(1_000_000));
        let version = version_of(object, &timestamp(added));
        match admit(tx.db(), community, collection, &id, by, object, readers)? {
            Err(why) => answer.failures.push((name, version, why)),
            Ok(None) => answer.successes.push((name, version)),
            Ok(Some(readers)) => {
                let row: [Value; 11] = [
                    added.into(),
                    community.id.as_str().into(),
                    id.as_str().into(),
                    name.as_str().into(),
                    version.as_str().into(),
                    micros(&version).unwrap_or(added).into(),
                    object["type"].as_str().unwrap_or_default().into(),
                    "2.1".into(),
                    number(by.id),
                    readers.into(),
                    object.to_string().into(),
                ];
                tx.db().execute(
                    "INSERT INTO shared_objects (added, community, collection, object, version, version_us, type, spec, member, readers, body)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                    &row,
                )?;
                answer.successes.push((name, version));
            }
        }
    }
    let detail =
        json!({ "by": by.name, "taken": answer.successes.len(), "refused": answer.failures.len() }).to_string();
    tx.audit("sharing.objects_added", &format!("collection:{id}"), &detail);
    Ok(answer)
}

/// Checks an object: the reason for a refusal, or its label (outer `None`: the object is stored already).
#[allow(clippy::type_complexity)]
fn admit(
    db: &mut Database,
    community: &Community,
    collection: Collection,
    id: &str,
    by: &Member,
    object: &Json,
    readers: &[String],
) -> Result<Result<Option<Option<String>>, String>, DbError> {
    if let Err(e) = check(object) {
        return Ok(Err(e.to_string()));
    }
    if let Some(version) = ["modified", "created"].iter().find_map(|f| object[*f].as_str())
        && micros(version).is_none()
    {
        return Ok(Err("its version is no time".into()));
    }
    let object_id = object["id"].as_str().unwrap_or_default();
    if collection == Collection::Flags
        && !matches!(object["type"].as_str(), Some("identity" | "extension-definition" | "marking-definition"))
    {
        match stix::read_flag(object) {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Err("is no flag; share it in the collection of intelligence".into())),
            Err(e) => return Ok(Err(e.to_string())),
        }
    }
    if let Err(why) = authorship(db, community, by, object)? {
        return Ok(Err(why));
    }
    let known = db.query(
        "SELECT member, version_us, body FROM shared_objects WHERE collection = $1 AND object = $2 ORDER BY version_us DESC LIMIT 1",
        &[id.into(), object_id.into()],
    )?;
    if let Some(row) = known.first() {
        if row.number::<MemberId>(0)? != by.id {
            // What all members send alike (observables, definitions, the identity of a program) is there already.
            let sent = object.to_string();
            let same = object.get("modified").is_none() || row.text(2)? == sent;
            return Ok(match same {
                true => Ok(None),
                false => Err("another member shared this object; only that member changes it".into()),
            });
        }
        let version = ["modified", "created"].iter().find_map(|f| object[*f].as_str()).and_then(micros);
        if version.is_none_or(|v| v <= row.int(1).unwrap_or(i64::MAX)) {
            return Ok(Ok(None));
        }
    }
    let tlp = stix::tlp_of(object);
    if tlp > community.max_tlp {
        return Ok(Err(format!("is {}; this community takes at most {}", tlp.name(), community.max_tlp.name())));
    }
    let named = object["extensions"].as_object().into_iter().flat_map(|e| e.values());
    let named = named.filter_map(|e| e["readers"].as_array()).flatten().filter_map(|r| r.as_str().map(str::to_owned));
    let mut readers: Vec<String> = readers.iter().cloned().chain(named).collect();
    if tlp == Tlp::Red {
        if readers.is_empty() {
            return Ok(Err("is TLP:RED and names no readers".into()));
        }
        readers.push(by.name.clone());
        readers.sort();
        readers.dedup();
        return Ok(Ok(Some(Some(json!(readers).to_string()))));
    }
    Ok(Ok(Some(None)))
}

/// Whether an object may be a member's: what it shares it created itself, under its own identity. Definitions of extensions and markings are
/// nobody's in particular, and observables have no author.
fn authorship(
    db: &mut Database,
    community: &Community,
    by: &Member,
    object: &Json,
) -> Result<Result<(), String>, DbError> {
    let mut is_member = |identity: &str| -> Result<bool, DbError> {
        let sql = "SELECT id FROM members WHERE community = $1 AND identity = $2";
        Ok(!db.query(sql, &[community.id.as_str().into(), identity.into()])?.is_empty())
    };
    let refused = "was created by another member, who alone may share it".to_owned();
    let kind = object["type"].as_str().unwrap_or_default();
    if kind == "identity" {
        let id = object["id"].as_str().unwrap_or_default();
        return Ok(if id != by.identity && is_member(id)? { Err(refused) } else { Ok(()) });
    }
    match object["created_by_ref"].as_str() {
        _ if matches!(kind, "extension-definition" | "marking-definition") => Ok(Ok(())),
        None => Ok(Ok(())),
        Some(author) if author == by.identity => Ok(Ok(())),
        Some(author) if is_member(author)? => Ok(Err(refused)),
        Some(author) => Ok(Err(format!(
            "was created by {}, which is not {}; a member shares what it created itself (its identity here is {})",
            author.chars().take(80).collect::<String>(),
            by.name,
            by.identity
        ))),
    }
}

impl Sharing<'_> {
    /// Opens a community, with this desk as its first member under the given name.
    ///
    /// # Errors
    /// [`SharingError::Conflict`] when a community has the name; [`SharingError::Invalid`] names the field.
    pub fn open_community(
        &self,
        name: &str,
        description: &str,
        max_tlp: Tlp,
        own_name: &str,
        actor: &str,
    ) -> Result<Community, SharingError> {
        name_ok(name)?;
        name_ok(own_name)?;
        let id = CommunityId::from(stix::derived_uuid(&format!(
            "community:{name}:{}",
            hex::encode(&self.key_ring.derive("community", name)[..8])
        )));
        let (name, description, own) = (name.to_owned(), description.to_owned(), own_name.to_owned());
        self.transact(actor, move |tx| {
            if description.len() > 4_000 {
                return Err(Invalid::new("description", "at most 4000 bytes").into());
            }
            let now = tx.now();
            if community_by(tx.db(), &id)?.is_some() {
                return Err(SharingError::Conflict(format!("community {name}")));
            }
            let row = [
                id.as_str().into(),
                name.as_str().into(),
                description.as_str().into(),
                max_tlp.name().into(),
                now.into(),
            ];
            tx.db().execute(
                "INSERT INTO communities (id, name, description, max_tlp, created) VALUES ($1, $2, $3, $4, $5)",
                &row,
            )?;
            tx.audit("community.opened", &format!("community:{id}"), &json!({ "name": name }).to_string());
            add(tx, &id, &own, true, true)?;
            let found = community_by(tx.db(), &id)?;
            found.ok_or_else(|| SharingError::NotFound(format!("community {id}")))
        })
    }

    /// Returns communities that this desk hosts.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn communities(&self) -> Result<Vec<Community>, SharingError> {
        let sql = "SELECT id, name, description, max_tlp, created FROM communities ORDER BY name LIMIT 1000";
        self.read(|db| db.query(sql, &[])?.iter().map(community).collect())
    }

    /// Returns a community.
    ///
    /// # Errors
    /// [`SharingError::NotFound`].
    pub fn community(&self, id: &CommunityId) -> Result<Community, SharingError> {
        let found = self.read(|db| community_by(db, id))?;
        found.ok_or_else(|| SharingError::NotFound(format!("community '{id}'")))
    }

    /// Returns members of a community.
    ///
    /// # Errors
    /// [`SharingError::NotFound`] for an unknown community.
    pub fn members(&self, id: &CommunityId) -> Result<Vec<Member>, SharingError> {
        self.community(id)?;
        let sql = format!("{MEMBER} WHERE community = $1 ORDER BY id LIMIT 1000");
        self.read(|db| db.query(&sql, &[id.as_str().into()])?.iter().map(member).collect())
    }

    /// Adds a member and returns its key, once; for a known member a new key, which revokes the old one.
    ///
    /// # Errors
    /// [`SharingError::NotFound`] for an unknown community; [`SharingError::Invalid`] names the field.
    pub fn add_member(
        &self,
        id: &CommunityId,
        name: &str,
        writes: bool,
        actor: &str,
    ) -> Result<NewMember, SharingError> {
        name_ok(name)?;
        self.community(id)?;
        let (id, name, key_ring) = (id.clone(), name.to_owned(), self.key_ring.clone());
        self.transact(actor, move |tx| {
            let member = add(tx, &id, &name, writes, false)?;
            Ok(NewMember { key: key_of(&key_ring, &member), member })
        })
    }

    /// Suspends a member and revokes its key; its objects stay.
    ///
    /// # Errors
    /// [`SharingError::NotFound`] for an unknown or suspended member, and for the desk itself; [`SharingError::Invalid`] names the field.
    pub fn suspend_member(
        &self,
        id: &CommunityId,
        name: &str,
        why: &str,
        actor: &str,
    ) -> Result<Vec<Member>, SharingError> {
        text_ok("why", why)?;
        let (community, name, why) = (id.clone(), name.to_owned(), why.to_owned());
        self.transact(actor, move |tx| {
            let sql = "UPDATE members SET state = 'suspended', generation = generation + 1 WHERE community = $1 AND name = $2 AND own = 0 AND state = 'active'";
            if tx.db().execute(sql, &[community.as_str().into(), name.as_str().into()])? == 0 {
                return Err(SharingError::NotFound(format!("active member '{name}'")));
            }
            let detail = json!({ "member": name, "why": why }).to_string();
            tx.audit("community.member_suspended", &format!("community:{community}"), &detail);
            Ok(())
        })?;
        self.members(id)
    }

    /// Returns the member of a name and key in a community; `None` when there is none, or it is suspended.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn member_by_key(
        &self,
        community: &CommunityId,
        name: &str,
        key: &str,
    ) -> Result<Option<Member>, SharingError> {
        let sql = format!("{MEMBER} WHERE community = $1 AND name = $2 AND state = 'active'");
        let found =
            self.read(|db| db.query(&sql, &[community.as_str().into(), name.into()])?.first().map(member).transpose())?;
        let same = |right: &str| bool::from(subtle::ConstantTimeEq::ct_eq(right.as_bytes(), key.as_bytes()));
        let fits = |m: &Member| self.key_ring.each().any(|ring| same(&key_of(&ring, m)));
        Ok(found.filter(fits))
    }

    /// Returns the communities that a name and key open.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn communities_of(&self, name: &str, key: &str) -> Result<Vec<Community>, SharingError> {
        let mut open = Vec::new();
        for community in self.communities()? {
            if self.member_by_key(&community.id, name, key)?.is_some() {
                open.push(community);
            }
        }
        Ok(open)
    }

    /// Shares objects in a community that this desk hosts, as itself.
    ///
    /// # Errors
    /// [`SharingError`]; an object that is refused names itself, and nothing is shared then.
    pub fn share_here(
        &self,
        id: &CommunityId,
        collection: Collection,
        objects: Vec<Json>,
        readers: Vec<String>,
        actor: &str,
    ) -> Result<Put, SharingError> {
        let community = self.community(id)?;
        let own = self.read(|db| own_member(db, id))?;
        let own = own.ok_or_else(|| SharingError::NotFound(format!("this desk in community '{id}'")))?;
        let put = self.put_objects(&community, collection, &own, objects, readers, actor)?;
        match put.failures.first() {
            Some((id, _, why)) => Err(SharingError::Object(id.to_string(), why.clone())),
            None => Ok(put),
        }
    }

    /// Adds objects to a collection for a member.
    ///
    /// # Errors
    /// [`SharingError`]; objects that are refused are in the answer.
    pub fn put_objects(
        &self,
        community: &Community,
        collection: Collection,
        by: &Member,
        objects: Vec<Json>,
        readers: Vec<String>,
        actor: &str,
    ) -> Result<Put, SharingError> {
        if !by.writes {
            return Err(SharingError::State(format!("{} may read here, not share", by.name)));
        }
        if objects.len() > MAX_OBJECTS {
            return Err(Invalid::new("objects", format!("at most {MAX_OBJECTS} at once")).into());
        }
        let (community, by) = (community.clone(), by.clone());
        self.transact(actor, move |tx| put(tx, &community, collection, &by, &objects, &readers))
    }

    /// Returns objects of a collection that a member may read, in the order in which they were added, and whether there are more.
    ///
    /// # Errors
    /// [`SharingError::Invalid`] names the part of the filter.
    pub fn objects(
        &self,
        community: &CommunityId,
        collection: Collection,
        reader: &str,
        filter: &Filter,
    ) -> Result<(Vec<Stored>, bool), SharingError> {
        let limit = filter.limit.clamp(1, MAX_PAGE);
        let mut sql = "SELECT o.added, o.object, o.version, o.type, o.body FROM shared_objects o WHERE o.collection = $1 AND o.added > $2 AND (o.readers IS NULL OR REPLACE(o.readers, $3, '') <> o.readers)".to_owned();
        // The name as it is written in the list, with its quotes: exact, unlike LIKE.
        let mut values: Vec<Value> = vec![
            collection.id(community).into(),
            filter.added_after.unwrap_or(-1).into(),
            json!(reader).to_string().into(),
        ];
        let any_of = |sql: &mut String, column: &str, list: Vec<&str>, values: &mut Vec<Value>| {
            if !list.is_empty() {
                let places: Vec<String> = (0..list.len()).map(|i| format!("${}", values.len() + 1 + i)).collect();
                sql.push_str(&format!(" AND {column} IN ({})", places.join(", ")));
                values.extend(list.into_iter().map(Value::from));
            }
        };
        let ids = filter.ids.iter().map(ObjectId::as_str);
        any_of(&mut sql, "o.object", ids.collect(), &mut values);
        any_of(&mut sql, "o.type", filter.types.iter().map(String::as_str).collect(), &mut values);
        let wants = |name: &str| filter.versions.iter().any(|v| v == name);
        if !wants("all") {
            let other = "EXISTS (SELECT 1 FROM shared_objects n WHERE n.collection = o.collection AND n.object = o.object AND n.version_us";
            let mut ways = Vec::new();
            if filter.versions.is_empty() || wants("last") {
                ways.push(format!("NOT {other} > o.version_us)"));
            }
            if wants("first") {
                ways.push(format!("NOT {other} < o.version_us)"));
            }
            for version in filter.versions.iter().filter_map(|v| micros(v)) {
                ways.push(format!("o.version_us = ${}", values.len() + 1));
                values.push(version.into());
            }
            if ways.is_empty() {
                return Err(Invalid::new("match[version]", "first, last, all or times").into());
            }
            sql.push_str(&format!(" AND ({})", ways.join(" OR ")));
        }
        sql.push_str(&format!(" ORDER BY o.added LIMIT {}", limit + 1));
        let rows = self.read(|db| db.query(&sql, &values))?;
        let stored = |row: &Row| -> Result<Stored, DbError> {
            Ok(Stored {
                added: row.int(0)?,
                object: row.text(1)?.into(),
                version: row.text(2)?.to_owned(),
                kind: row.text(3)?.to_owned(),
                body: holdfast_store::parse("object", row.text(4)?)?,
            })
        };
        let more = rows.len() > limit;
        let list = rows.iter().take(limit).map(stored).collect::<Result<Vec<_>, _>>()?;
        Ok((list, more))
    }

    /// Deletes a member's own object, all versions or some; returns how many versions.
    ///
    /// # Errors
    /// [`SharingError::NotFound`] when it is none of the member's.
    pub fn delete_object(
        &self,
        community: &CommunityId,
        collection: Collection,
        by: &Member,
        object: &ObjectId,
        versions: &[String],
    ) -> Result<u64, SharingError> {
        let (collection, by, object) = (collection.id(community), by.clone(), object.clone());
        let versions: Vec<i64> = versions.iter().filter(|v| *v != "all").filter_map(|v| micros(v)).collect();
        let some = !versions.is_empty();
        self.transact(&by.name.clone(), move |tx| {
            let base = "DELETE FROM shared_objects WHERE collection = $1 AND object = $2 AND member = $3";
            let key: [Value; 3] = [collection.as_str().into(), object.as_str().into(), number(by.id)];
            let mut gone = 0;
            if some {
                for version in versions {
                    let mut row = key.to_vec();
                    row.push(version.into());
                    gone += tx.db().execute(&format!("{base} AND version_us = $4"), &row)?;
                }
            } else {
                gone = tx.db().execute(base, &key)?;
            }
            if gone == 0 {
                return Err(SharingError::NotFound(format!("object '{object}' of yours")));
            }
            tx.audit(
                "sharing.object_deleted",
                &format!("collection:{collection}"),
                &json!({ "object": object }).to_string(),
            );
            Ok(gone)
        })
    }

    /// Stores the outcome of a request to share, for TAXII's status resource.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn store_status(&self, by: &Member, body: &Json) -> Result<(), SharingError> {
        let (by, body) = (by.clone(), body.clone());
        self.transact(&by.name.clone(), move |tx| {
            let now = tx.now();
            tx.db().execute("DELETE FROM taxii_statuses WHERE time < $1", &[(now - Seconds::DAY).into()])?;
            let row =
                [body["id"].as_str().unwrap_or_default().into(), number(by.id), now.into(), body.to_string().into()];
            tx.db().execute("INSERT INTO taxii_statuses (id, member, time, body) VALUES ($1, $2, $3, $4)", &row)?;
            Ok(())
        })
    }

    /// Returns what came of a member's request, for a day.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn status(&self, by: &Member, id: &str) -> Result<Option<Json>, SharingError> {
        let sql = "SELECT body FROM taxii_statuses WHERE id = $1 AND member = $2";
        let rows = self.read(|db| db.query(sql, &[id.into(), number(by.id)]))?;
        Ok(rows.first().map(|r| holdfast_store::parse("status", r.text(0)?)).transpose()?)
    }
}

fn add(
    tx: &mut Transaction<'_>,
    id: &CommunityId,
    name: &str,
    writes: bool,
    own: bool,
) -> Result<Member, SharingError> {
    let key: [Value; 2] = [id.as_str().into(), name.into()];
    let sql = format!("{MEMBER} WHERE community = $1 AND name = $2");
    let known = tx.db().query(&sql, &key)?.first().map(member).transpose()?;
    match known {
        Some(known) if known.own => return Err(SharingError::Conflict(format!("member {name}"))),
        Some(known) => {
            tx.db().execute(
                "UPDATE members SET generation = generation + 1, state = 'active', writes = $1 WHERE id = $2",
                &[i64::from(writes).into(), number(known.id)],
            )?;
        }
        None => {
            let rows = tx.db().query("SELECT COUNT(*) FROM members WHERE community = $1", &[id.as_str().into()])?;
            if rows.first().map_or(Ok(0), |r| r.int(0))? >= MAX_MEMBERS {
                return Err(SharingError::State(format!("a community has at most {MAX_MEMBERS} members")));
            }
            let (member_id, now) = (tx.next_id("members")?, tx.now());
            let row: [Value; 7] = [
                member_id.into(),
                id.as_str().into(),
                name.into(),
                identity_id(name).into(),
                i64::from(own).into(),
                i64::from(writes).into(),
                now.into(),
            ];
            tx.db().execute(
                "INSERT INTO members (id, community, name, identity, own, writes, generation, state, joined) VALUES ($1, $2, $3, $4, $5, $6, 0, 'active', $7)",
                &row,
            )?;
        }
    }
    let detail = json!({ "member": name, "writes": writes }).to_string();
    tx.audit("community.member_added", &format!("community:{id}"), &detail);
    let found = tx.db().query(&sql, &key)?.first().map(member).transpose()?;
    found.ok_or_else(|| SharingError::NotFound(format!("member {name}")))
}
