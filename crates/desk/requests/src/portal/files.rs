//! Files of requests and cases, stored by their hash.

use super::*;
use holdfast_types::Timestamp;

/// A file that belongs to something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Name.
    pub name: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Media type, checked against the bytes.
    pub media_type: String,
    /// When it came, Unix seconds.
    pub time: Timestamp,
    /// Who added it.
    pub added_by: String,
}

/// Returns files of an owner such as `request:r1`, at most 1,000.
pub(crate) fn files(db: &mut Database, owner: &str) -> Result<Vec<File>, DbError> {
    let sql =
        "SELECT name, sha256, size, media_type, time, added_by FROM files WHERE owner = $1 ORDER BY name LIMIT 1000";
    let file = |row: &Row| {
        let text = |i| row.text(i).map(str::to_owned);
        Ok(File {
            name: text(0)?,
            sha256: text(1)?,
            size: row.number(2)?,
            media_type: text(3)?,
            time: row.time(4)?,
            added_by: text(5)?,
        })
    };
    db.query(sql, &[owner.into()])?.iter().map(file).collect()
}

/// Records a file that the vault stores. The same name with other content is a conflict.
/// Reads a file of an owner; the access is in the audit log.
///
/// # Errors
/// [`RequestError::NotFound`] when there is no such file, [`RequestError::State`] when its bytes changed.
pub fn read_file(
    screening: &Screening,
    vault: &Vault,
    owner: &str,
    name: &str,
    actor: &str,
) -> Result<(File, Vec<u8>), RequestError> {
    let list = screening.read(|db| files(db, owner))?;
    let found = list.into_iter().find(|f| f.name == name);
    let found = found.ok_or_else(|| RequestError::NotFound(format!("file '{name}' of {owner}")))?;
    let bytes = vault.read(&found.sha256)?;
    let detail = json!({ "name": name, "sha256": found.sha256 }).to_string();
    screening.note_look("file.read", owner, detail, actor)?;
    Ok((found, bytes))
}

/// Records a file of an owner such as `request:r1` or `case:3`; the same file again changes nothing.
///
/// # Errors
/// [`RequestError::Conflict`] when the owner has another file of that name.
pub fn note_file(
    tx: &mut Transaction<'_>,
    owner: &str,
    name: &str,
    media_type: &str,
    sha256: &str,
    size: u64,
) -> Result<(), RequestError> {
    let known =
        tx.db().query("SELECT sha256 FROM files WHERE owner = $1 AND name = $2", &[owner.into(), name.into()])?;
    if let Some(row) = known.first() {
        return match row.text(0)? == sha256 {
            true => Ok(()),
            false => Err(RequestError::Conflict(format!("file {name} of {owner}"))),
        };
    }
    let (now, actor) = (tx.now(), tx.actor().to_owned());
    let row = [owner.into(), name.into(), sha256.into(), number(size), media_type.into(), now.into(), actor.into()];
    tx.db().execute(
        "INSERT INTO files (owner, name, sha256, size, media_type, time, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &row,
    )?;
    tx.audit("file.added", owner, &json!({ "name": name, "sha256": sha256, "size": size }).to_string());
    Ok(())
}

impl Desk<'_> {
    /// Attaches a file to a request; its bytes are stored by their hash and checked against their type. Where the request describes a file of
    /// that name, it must be that file.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown request; [`RequestError::Invalid`] names the field; [`RequestError::Conflict`] when another file has
    /// the name.
    pub fn attach(
        &self,
        id: &str,
        name: &str,
        media_type: &str,
        bytes: &[u8],
        actor: &str,
    ) -> Result<File, RequestError> {
        let now = self.screening.now();
        let at = known(self.read(|db| by_id(db, id, now))?, id)?;
        request::file_name_ok(name)?;
        check_type(bytes, media_type)?;
        let owner = format!("request:{id}");
        if self.read(|db| files(db, &owner))?.len() >= request::MAX_ATTACHMENTS {
            return Err(Invalid::new("file", format!("the request has {} files", request::MAX_ATTACHMENTS)).into());
        }
        let sha256 = holdfast_documents::sha256(bytes);
        let described = at.request.attachments.iter().find(|a| a.name == name);
        if let Some(d) = described.filter(|d| d.sha256 != sha256) {
            let what = format!("the request describes {name} with SHA-256 {}, this one has {sha256}", d.sha256);
            return Err(Invalid::new("file", what).into());
        }
        self.vault.store(bytes)?;
        let (owner_too, name_too, media, hash, size) =
            (owner.clone(), name.to_owned(), media_type.to_owned(), sha256.clone(), bytes.len() as u64);
        self.transact(actor, move |tx| note_file(tx, &owner_too, &name_too, &media, &hash, size))?;
        let list = self.read(|db| files(db, &owner))?;
        list.into_iter().find(|f| f.name == name).ok_or_else(|| RequestError::NotFound(format!("file {name}")))
    }

    /// Returns files that came with a request.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown request.
    pub fn attachments(&self, id: &str) -> Result<Vec<File>, RequestError> {
        let now = self.screening.now();
        known(self.read(|db| by_id(db, id, now))?, id)?;
        self.read(|db| files(db, &format!("request:{id}")))
    }

    /// Returns a file's bytes, checked against their hash; the access is recorded in the audit log.
    ///
    /// # Errors
    /// [`RequestError::NotFound`] for an unknown file; [`RequestError`] when its bytes are not those that were stored.
    pub fn file(&self, owner: &str, name: &str, actor: &str) -> Result<(File, Vec<u8>), RequestError> {
        read_file(self.screening, self.vault, owner, name, actor)
    }
}
