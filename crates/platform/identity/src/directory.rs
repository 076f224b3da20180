//! People and groups that the institution's directory provisions (SCIM 2.0, RFC 7643): its entries, and what they do to people. An entry that is
//! made makes a person or takes one who is linked; one that is inactive or deleted suspends the person, whose sessions end.

use crate::{
    IdentityError, PersonState, canonical_name, end_sessions_of, ensure_person, person_by_id, person_named, set_state,
};
use holdfast_store::{Change, Database, DbError, Row, number};
use holdfast_types::{Invalid, Timestamp};
use serde_json::json;

/// Most users, groups, and members of a group.
pub const MAX_DIRECTORY: usize = 10_000;
/// Longest text of an entry, in bytes.
const MAX_TEXT: usize = 255;
/// Longest user name, in bytes: it is a person's name.
const MAX_NAME: usize = 64;

/// What the directory says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFields {
    /// Name; the first is the person's name here for good.
    pub user_name: String,
    /// The directory's own id.
    pub external_id: Option<String>,
    /// Name for people.
    pub display_name: Option<String>,
    /// Whether the person may act; without it nothing changes.
    pub active: Option<bool>,
}

/// A person in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryUser {
    /// Id of the entry.
    pub id: String,
    /// Number of the person.
    pub person: u64,
    /// What the directory says.
    pub fields: UserFields,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
}

/// What the directory says of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupFields {
    /// Name, by which the group has a role.
    pub display_name: String,
    /// The directory's own id.
    pub external_id: Option<String>,
    /// Ids of the entries of its members.
    pub members: Vec<String>,
}

/// A group in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGroup {
    /// Id of the entry.
    pub id: String,
    /// What the directory says.
    pub fields: GroupFields,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
}

/// A group that a user of the directory is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName {
    /// Id of the entry.
    pub id: String,
    /// Name, by which the group has a role.
    pub display_name: String,
}

fn text(row: &Row, i: usize) -> Option<String> {
    row.text_or_null(i).map(str::to_owned)
}

fn user(row: &Row) -> Result<DirectoryUser, DbError> {
    let fields = UserFields {
        user_name: row.text(2)?.to_owned(),
        external_id: text(row, 3),
        display_name: text(row, 4),
        active: row.int_or_null(7).map(|active| active == 1),
    };
    let (id, person) = (row.text(0)?.to_owned(), row.number(1)?);
    Ok(DirectoryUser { id, person, fields, created: row.time(5)?, changed: row.time(6)? })
}

const USERS: &str = "SELECT d.id, d.person, d.user_name, d.external_id, d.display_name, d.created, d.changed, d.active
    FROM directory_users d WHERE d.deleted IS NULL";

/// Returns the users of the directory, oldest first, at most [`MAX_DIRECTORY`].
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn users(db: &mut Database) -> Result<Vec<DirectoryUser>, DbError> {
    db.query(&format!("{USERS} ORDER BY d.person LIMIT {MAX_DIRECTORY}"), &[])?.iter().map(user).collect()
}

/// Returns a user of the directory by the entry's id.
///
/// # Errors
/// [`IdentityError::NotFound`]; [`IdentityError::Store`].
pub fn directory_user(db: &mut Database, id: &str) -> Result<DirectoryUser, IdentityError> {
    let found = db.query(&format!("{USERS} AND d.id = $1"), &[id.into()])?.first().map(user).transpose()?;
    found.ok_or_else(|| IdentityError::NotFound(format!("user '{id}' in the directory")))
}

/// Returns the person whom the directory provisioned under a name, however it is written.
pub(crate) fn provisioned_person(db: &mut Database, name: &str) -> Result<Option<u64>, DbError> {
    let sql = "SELECT person FROM directory_users WHERE canonical = $1 AND deleted IS NULL";
    db.query(sql, &[canonical_name(name).into()])?.first().map(|row| row.number(0)).transpose()
}

const GROUPS: &str = "SELECT g.id, g.display_name, g.external_id, g.created, g.changed FROM directory_groups g";

fn group(db: &mut Database, row: &Row) -> Result<DirectoryGroup, DbError> {
    let id = row.text(0)?.to_owned();
    let sql =
        format!("SELECT user_id FROM directory_members WHERE group_id = $1 ORDER BY user_id LIMIT {MAX_DIRECTORY}");
    let members = db.query(&sql, &[id.as_str().into()])?;
    let members = members.iter().map(|m| m.text(0).map(str::to_owned)).collect::<Result<_, _>>()?;
    let fields = GroupFields { display_name: row.text(1)?.to_owned(), external_id: text(row, 2), members };
    Ok(DirectoryGroup { id, fields, created: row.time(3)?, changed: row.time(4)? })
}

/// Returns the groups of the directory with their members, oldest first, at most [`MAX_DIRECTORY`].
///
/// # Errors
/// [`DbError`] when the database fails or stored values do not read back.
pub fn groups(db: &mut Database) -> Result<Vec<DirectoryGroup>, DbError> {
    let rows = db.query(&format!("{GROUPS} ORDER BY g.created, g.id LIMIT {MAX_DIRECTORY}"), &[])?;
    rows.iter().map(|row| group(db, row)).collect()
}

/// Returns a group of the directory with its members, by the entry's id.
///
/// # Errors
/// [`IdentityError::NotFound`]; [`IdentityError::Store`].
pub fn directory_group(db: &mut Database, id: &str) -> Result<DirectoryGroup, IdentityError> {
    let rows = db.query(&format!("{GROUPS} WHERE g.id = $1"), &[id.into()])?;
    let row = rows.first().ok_or_else(|| IdentityError::NotFound(format!("group '{id}' in the directory")))?;
    Ok(group(db, row)?)
}

/// Returns the groups that a user of the directory is in, oldest first, at most [`MAX_DIRECTORY`].
///
/// # Errors
/// [`DbError`] when the database fails.
pub fn groups_of_user(db: &mut Database, id: &str) -> Result<Vec<GroupName>, DbError> {
    let sql = format!(
        "SELECT g.id, g.display_name FROM directory_groups g JOIN directory_members m ON m.group_id = g.id
         WHERE m.user_id = $1 ORDER BY g.created, g.id LIMIT {MAX_DIRECTORY}"
    );
    let name = |row: &Row| Ok(GroupName { id: row.text(0)?.to_owned(), display_name: row.text(1)?.to_owned() });
    db.query(&sql, &[id.into()])?.iter().map(name).collect()
}

/// Returns whether a table of the directory has [`MAX_DIRECTORY`] entries or more.
fn is_full(db: &mut Database, entries: &str) -> Result<bool, DbError> {
    let rows = db.query(&format!("SELECT COUNT(*) FROM {entries}"), &[])?;
    Ok(rows.first().map_or(Ok(0), |row| row.number::<usize>(0))? >= MAX_DIRECTORY)
}

/// Returns the names of the directory's groups that a person is in.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) fn groups_of_person(db: &mut Database, person: u64) -> Result<Vec<String>, DbError> {
    let sql = "SELECT g.display_name FROM directory_groups g JOIN directory_members m ON m.group_id = g.id
               JOIN directory_users u ON u.id = m.user_id WHERE u.person = $1 AND u.deleted IS NULL ORDER BY g.id LIMIT 1000";
    db.query(sql, &[number(person)])?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

fn check_text(field: &'static str, value: &str, max: usize) -> Result<(), Invalid> {
    match value.trim().is_empty() || value.len() > max || value.chars().any(char::is_control) {
        true => Err(Invalid::new(field, format!("must be 1 to {max} bytes without control characters"))),
        false => Ok(()),
    }
}

fn check_user(fields: &UserFields) -> Result<(), Invalid> {
    crate::validate(&fields.user_name, &["read".to_owned()]).map_err(|e| Invalid::new("userName", e.to_string()))?;
    check_text("userName", &fields.user_name, MAX_NAME)?;
    fields.external_id.iter().try_for_each(|t| check_text("externalId", t, MAX_TEXT))?;
    fields.display_name.iter().try_for_each(|t| check_text("displayName", t, MAX_TEXT))
}

/// Suspends or activates the person of an entry where it says otherwise than they are.
fn follow_state(tx: &mut dyn Change, person: u64, active: bool, reason: &str) -> Result<(), IdentityError> {
    let wanted = if active { PersonState::Active } else { PersonState::Suspended };
    if person_by_id(tx.db(), person)?.state != wanted {
        set_state(tx, person, wanted, reason)?;
    }
    Ok(())
}

/// Returns the person whom a new entry is about, and whether they have a deleted entry.
fn person_of_entry(tx: &mut dyn Change, name: &str) -> Result<(u64, bool), IdentityError> {
    let taken = || IdentityError::State(format!("userName: a user '{name}' is in the directory already"));
    let canonical = canonical_name(name);
    let rows =
        tx.db().query("SELECT person, deleted FROM directory_users WHERE canonical = $1", &[canonical.into()])?;
    if let Some(row) = rows.first() {
        return if row.time_or_null(1).is_some() { Ok((row.number(0)?, true)) } else { Err(taken()) };
    }
    let Some(person) = person_named(tx.db(), name)? else { return Ok((ensure_person(tx, name)?.id, false)) };
    let known = tx.db().query("SELECT deleted FROM directory_users WHERE person = $1", &[number(person.id)])?;
    if let Some(row) = known.first() {
        return if row.time_or_null(0).is_some() { Ok((person.id, true)) } else { Err(taken()) };
    }
    let linked = tx.db().query("SELECT 1 FROM sign_on_people WHERE person = $1", &[number(person.id)])?;
    match linked.is_empty() {
        true => Err(IdentityError::State(format!(
            "userName: a person of the name {} is known here and not the directory's; an administrator links them first (`holdfast people link {}`)",
            person.name, person.id
        ))),
        false => Ok((person.id, false)),
    }
}

/// Makes an entry of a person, with this new id; the person is made where there is none.
///
/// # Errors
/// [`IdentityError::Invalid`] names the field; [`IdentityError::State`] when the name is taken, there are too many, or the last administrator
/// would be suspended; [`IdentityError::Store`].
pub fn create_user(tx: &mut dyn Change, id: &str, fields: &UserFields) -> Result<DirectoryUser, IdentityError> {
    check_user(fields)?;
    if is_full(tx.db(), "directory_users WHERE deleted IS NULL")? {
        return Err(IdentityError::State(format!("the directory has {MAX_DIRECTORY} users, the most")));
    }
    let (person, was_deleted) = person_of_entry(tx, &fields.user_name)?;
    if was_deleted {
        tx.db().execute("DELETE FROM directory_users WHERE person = $1", &[number(person)])?;
    }
    let now = tx.now();
    let row = [
        id.into(),
        number(person),
        fields.user_name.as_str().into(),
        canonical_name(&fields.user_name).into(),
        fields.external_id.clone().into(),
        fields.display_name.clone().into(),
        now.into(),
        now.into(),
        fields.active.map(i64::from).into(),
    ];
    tx.db().execute(
        "INSERT INTO directory_users (id, person, user_name, canonical, external_id, display_name, created, changed, active)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &row,
    )?;
    tx.audit(
        "directory.user_created",
        &format!("person:{person}"),
        &json!({ "userName": fields.user_name }).to_string(),
    );
    let active = fields.active.unwrap_or(true);
    if was_deleted || !active {
        follow_state(tx, person, active, "created in the directory")?;
    }
    directory_user(tx.db(), id)
}

/// Changes an entry of a person.
///
/// # Errors
/// As [`create_user`]; [`IdentityError::NotFound`] for an unknown entry.
pub fn change_user(tx: &mut dyn Change, id: &str, fields: &UserFields) -> Result<DirectoryUser, IdentityError> {
    check_user(fields)?;
    let known = directory_user(tx.db(), id)?;
    let other = tx.db().query(
        "SELECT 1 FROM directory_users WHERE canonical = $1 AND person <> $2",
        &[canonical_name(&fields.user_name).into(), number(known.person)],
    )?;
    let person = person_named(tx.db(), &fields.user_name)?;
    if !other.is_empty() || person.is_some_and(|p| p.id != known.person) {
        return Err(IdentityError::State(format!("userName: '{}' is another person's name", fields.user_name)));
    }
    if *fields == known.fields {
        return Ok(known);
    }
    let row = [
        fields.user_name.as_str().into(),
        canonical_name(&fields.user_name).into(),
        fields.external_id.clone().into(),
        fields.display_name.clone().into(),
        tx.now().into(),
        fields.active.map(i64::from).into(),
        id.into(),
    ];
    tx.db().execute(
        "UPDATE directory_users SET user_name = $1, canonical = $2, external_id = $3, display_name = $4, changed = $5, active = $6 WHERE id = $7",
        &row,
    )?;
    let detail = json!({ "userName": fields.user_name, "active": fields.active }).to_string();
    tx.audit("directory.user_changed", &format!("person:{}", known.person), &detail);
    // Whom an administrator suspended here stays so while the directory only repeats itself.
    if let Some(active) = fields.active.filter(|_| fields.active != known.fields.active) {
        follow_state(tx, known.person, active, "changed in the directory")?;
    }
    directory_user(tx.db(), id)
}

/// Deletes an entry of a person, who is suspended and leaves all groups; returns the person's number.
///
/// # Errors
/// [`IdentityError::NotFound`]; [`IdentityError::State`] for the last administrator; [`IdentityError::Store`].
pub fn delete_user(tx: &mut dyn Change, id: &str) -> Result<u64, IdentityError> {
    let known = directory_user(tx.db(), id)?;
    follow_state(tx, known.person, false, "deleted in the directory")?;
    tx.db().execute("DELETE FROM directory_members WHERE user_id = $1", &[id.into()])?;
    let now = tx.now();
    tx.db().execute("UPDATE directory_users SET deleted = $1 WHERE id = $2", &[now.into(), id.into()])?;
    tx.audit("directory.user_deleted", &format!("person:{}", known.person), "{}");
    Ok(known.person)
}

fn check_group(db: &mut Database, id: &str, fields: &GroupFields) -> Result<(), IdentityError> {
    check_text("displayName", &fields.display_name, MAX_TEXT)?;
    fields.external_id.iter().try_for_each(|t| check_text("externalId", t, MAX_TEXT))?;
    if fields.members.len() > MAX_DIRECTORY {
        return Err(Invalid::new("members", format!("are more than {MAX_DIRECTORY}")).into());
    }
    let twin = "SELECT 1 FROM directory_groups WHERE display_name = $1 AND id <> $2";
    if !db.query(twin, &[fields.display_name.as_str().into(), id.into()])?.is_empty() {
        return Err(IdentityError::State(format!(
            "displayName: a group '{}' is in the directory already",
            fields.display_name
        )));
    }
    for member in &fields.members {
        match directory_user(db, member) {
            Err(IdentityError::NotFound(_)) => {
                return Err(Invalid::new("members", format!("'{member}' is no user of the directory")).into());
            }
            other => drop(other?),
        }
    }
    Ok(())
}

/// Ends the sessions of people who left a group, or whose group's name changed, so that they sign in with the roles they have now; returns their
/// numbers.
fn end_sessions(tx: &mut dyn Change, members: &[String]) -> Result<Vec<u64>, IdentityError> {
    let mut people = Vec::new();
    for member in members {
        let user = directory_user(tx.db(), member)?;
        end_sessions_of(tx, user.person)?;
        people.push(user.person);
    }
    Ok(people)
}

fn store_members(tx: &mut dyn Change, id: &str, members: &[String]) -> Result<(), IdentityError> {
    tx.db().execute("DELETE FROM directory_members WHERE group_id = $1", &[id.into()])?;
    let unique: std::collections::BTreeSet<&String> = members.iter().collect();
    for member in unique {
        let row = [id.into(), member.as_str().into()];
        tx.db().execute("INSERT INTO directory_members (group_id, user_id) VALUES ($1, $2)", &row)?;
    }
    Ok(())
}

/// Makes a group with this new id.
///
/// # Errors
/// [`IdentityError::Invalid`] names the field; [`IdentityError::State`] when the name is taken or there are too many; [`IdentityError::Store`].
pub fn create_group(tx: &mut dyn Change, id: &str, fields: &GroupFields) -> Result<DirectoryGroup, IdentityError> {
    check_group(tx.db(), id, fields)?;
    if is_full(tx.db(), "directory_groups")? {
        return Err(IdentityError::State(format!("the directory has {MAX_DIRECTORY} groups, the most")));
    }
    let now = tx.now();
    let row =
        [id.into(), fields.display_name.as_str().into(), fields.external_id.clone().into(), now.into(), now.into()];
    tx.db().execute(
        "INSERT INTO directory_groups (id, display_name, external_id, created, changed) VALUES ($1, $2, $3, $4, $5)",
        &row,
    )?;
    store_members(tx, id, &fields.members)?;
    let detail = json!({ "displayName": fields.display_name, "members": fields.members.len() }).to_string();
    tx.audit("directory.group_created", &format!("group:{id}"), &detail);
    directory_group(tx.db(), id)
}

/// Changes a group; the sessions of those who leave it end. Returns it, and the numbers of those people.
///
/// # Errors
/// As [`create_group`]; [`IdentityError::NotFound`] for an unknown group.
pub fn change_group(
    tx: &mut dyn Change,
    id: &str,
    fields: &GroupFields,
) -> Result<(DirectoryGroup, Vec<u64>), IdentityError> {
    let known = directory_group(tx.db(), id)?;
    check_group(tx.db(), id, fields)?;
    let is_renamed = known.fields.display_name != fields.display_name;
    let left: Vec<String> =
        known.fields.members.iter().filter(|m| is_renamed || !fields.members.contains(m)).cloned().collect();
    let row = [fields.display_name.as_str().into(), fields.external_id.clone().into(), tx.now().into(), id.into()];
    tx.db()
        .execute("UPDATE directory_groups SET display_name = $1, external_id = $2, changed = $3 WHERE id = $4", &row)?;
    store_members(tx, id, &fields.members)?;
    let detail =
        json!({ "displayName": fields.display_name, "members": fields.members.len(), "left": left.len() }).to_string();
    tx.audit("directory.group_changed", &format!("group:{id}"), &detail);
    let people = end_sessions(tx, &left)?;
    Ok((directory_group(tx.db(), id)?, people))
}

/// Deletes a group; the sessions of its members end. Returns their numbers.
///
/// # Errors
/// [`IdentityError::NotFound`]; [`IdentityError::Store`].
pub fn delete_group(tx: &mut dyn Change, id: &str) -> Result<Vec<u64>, IdentityError> {
    let known = directory_group(tx.db(), id)?;
    let people = end_sessions(tx, &known.fields.members)?;
    tx.db().execute("DELETE FROM directory_members WHERE group_id = $1", &[id.into()])?;
    tx.db().execute("DELETE FROM directory_groups WHERE id = $1", &[id.into()])?;
    tx.audit("directory.group_deleted", &format!("group:{id}"), "{}");
    Ok(people)
}
