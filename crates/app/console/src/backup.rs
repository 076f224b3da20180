//! `holdfast backup` and `holdfast restore`: a store with everything that belongs together, copied while the server runs.
//!
//! The order makes the copy consistent without a lock: files that only grow in number (the vault) are copied before and after the database, so
//! that whatever the database names is there; anchors and derived files come before what they describe; the ledger is copied up to one manifest.

use crate::args::StoreArgs;
use crate::desk_key::{anchors, key_ring};
use crate::output::{self, thousands};
use crate::postgres_base::{self, CLUSTER, Cluster, Kind};
use anyhow::{Context, bail};
use clap::Args;
use holdfast_account_ledger::{Ledger as AccountLedger, manifest::Manifest as AccountManifest};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_block_store::{Manifest as BesideManifest, Store as Beside};
use holdfast_retention::Retention;
use holdfast_screening::Screening;
use holdfast_screening::clock::Time;
use holdfast_store::Database;
use holdfast_types::hash::{Sha256Writer, sha256_of};
use holdfast_utxo_ledger::{Ledger, Manifest};
use holdfast_workspace::Workspace;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// The list of a backup's files; written last, so that a backup without it is not complete.
const LIST: &str = "backup.json";
/// The database's copy.
const SQLITE: &str = "screening.sqlite";
/// PostgreSQL's dump.
const DUMP: &str = "screening.pgdump";
const FORMAT: u32 = 1;
/// Most files of a backup.
const MAX_FILES: usize = 10_000_000;
/// Tries to copy the ledger while blocks are removed from it.
const LEDGER_TRIES: usize = 5;

/// The kinds of databases that a backup holds, as its list names them.
const KIND_POSTGRES: &str = "PostgreSQL";
const KIND_CLUSTER: &str = "PostgreSQL cluster";
const KIND_SQLITE: &str = "SQLite";

/// Arguments of `holdfast backup`.
#[derive(Args, Debug)]
pub struct Backup {
    /// A new or empty folder, outside the store.
    dir: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; by default screening.sqlite in the store. PostgreSQL is copied with pg_dump.
    #[arg(long, env = "HOLDFAST_DATABASE")]
    database: Option<String>,
    /// Copy PostgreSQL's whole server with pg_basebackup: with its archived write-ahead log it is restored to any moment since. The role needs the
    /// attribute REPLICATION.
    #[arg(long)]
    base: bool,
}

/// Arguments of `holdfast restore`.
#[derive(Args, Debug)]
pub struct Restore {
    /// The folder of a backup.
    dir: PathBuf,
    /// Folder of the new store: new or empty.
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    cluster: Cluster,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
    /// Version of the program that made it.
    version: String,
    /// SQLite, PostgreSQL (a dump), PostgreSQL cluster (a base backup), or none.
    database: String,
    files: BTreeMap<String, Entry>,
    /// Folders of a base backup: PostgreSQL does not start without its empty ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    folders: Vec<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct Entry {
    bytes: u64,
    sha256: String,
}

/// A new or empty folder that only its owner reads: keys lie in it.
fn empty_folder(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    if std::fs::read_dir(dir).with_context(|| dir.display().to_string())?.next().is_some() {
        bail!("{} is not empty; name a new folder", dir.display());
    }
    #[cfg(unix)]
    std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Copies a file durably; returns its size and SHA-256. The bytes that were hashed are the bytes that were written.
fn copy(from: &Path, to: &Path) -> std::io::Result<Entry> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut source = File::open(from)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
        options.mode(source.metadata()?.mode() & 0o777);
    }
    let mut target = Sha256Writer::new(options.open(to)?);
    std::io::copy(&mut std::io::BufReader::with_capacity(1 << 20, &mut source), &mut target)?;
    let (target, hash, bytes) = target.finish();
    target.sync_all()?;
    Ok(Entry { bytes, sha256: hex::encode(hash) })
}

fn hash(path: &Path) -> std::io::Result<Entry> {
    let (hash, bytes) = sha256_of(File::open(path)?)?;
    Ok(Entry { bytes, sha256: hex::encode(hash) })
}

/// Files that are not copied as they are: locks, what is half written, and what is copied with care.
fn is_left_out(name: &str) -> bool {
    name.starts_with("screening.sqlite")
        || name.ends_with(".lock")
        || name.ends_with(".new")
        || name.contains(".part")
        || name.starts_with("spill-")
        || name == "LOCK"
        || name == holdfast_server::socket::SOCKET
        || name == "serve.json"
        || name == LIST
}

/// A backup under way.
struct Copying {
    from: PathBuf,
    to: PathBuf,
    files: BTreeMap<String, Entry>,
}

impl Copying {
    /// Copies a folder's files, except those that are there already. Files that vanish meanwhile were deleted by the desk.
    fn folder(&mut self, relative: &str, skip: &dyn Fn(&str) -> bool) -> anyhow::Result<()> {
        let folder = self.from.join(relative);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e).with_context(|| folder.display().to_string()),
        };
        for entry in entries {
            let entry = entry.with_context(|| folder.display().to_string())?;
            let name = entry.file_name().into_string().map_err(|n| anyhow::anyhow!("{n:?}: rename it to UTF-8"))?;
            let path = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                Err(e) => return Err(e).with_context(|| path),
            };
            if is_left_out(&name) || skip(&path) || self.files.contains_key(&path) {
                continue;
            }
            if kind.is_dir() {
                self.folder(&path, skip)?;
            } else if kind.is_file() {
                self.file(&path)?;
            } else {
                bail!("{path} is neither file nor folder; a backup would not hold what it stands for");
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str) -> anyhow::Result<()> {
        if self.files.len() >= MAX_FILES {
            bail!("more than {MAX_FILES} files");
        }
        match copy(&self.from.join(path), &self.to.join(path)) {
            Ok(entry) => {
                self.files.insert(path.to_owned(), entry);
                Ok(())
            }
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e).with_context(|| path.to_owned()),
        }
    }

    /// Copies a ledger, whose folder is named, up to one manifest. Columns only grow, so what the manifest counts does not change below the copying, except when
    /// blocks are removed (a reorganization) or the index is built anew: then it is copied again.
    fn ledger<M: StoredLedger>(&mut self, ledger: &str) -> anyhow::Result<()> {
        let dir = self.from.join(ledger);
        // Ledgers of all families have the same name for it.
        if !Manifest::path(&dir).exists() {
            return Ok(());
        }
        for _ in 0..LEDGER_TRIES {
            let _ = std::fs::remove_dir_all(self.to.join(ledger));
            self.files.retain(|path, _| !is_in(path, ledger));
            let before = M::read_from(&dir).with_context(|| dir.display().to_string())?;
            // As read: the copy's manifest must not be a later one.
            self.file(&format!("{ledger}/MANIFEST"))?;
            let indexes = format!("{ledger}/index-");
            let index = before.index_number().map(|number| format!("{indexes}{number}"));
            let foreign = |path: &str| path.starts_with(&indexes) && index.as_deref().is_none_or(|i| !is_in(path, i));
            self.folder(ledger, &foreign)?;
            if before.is_copied(&self.to.join(ledger), &dir) {
                return Ok(());
            }
        }
        bail!("the ledger was changed at every try to copy it; try again when it is at its tip")
    }

    /// Copies an account ledger and then what is beside it, which is cut back to the ledger when the copy is opened: it must have the ledger's last block.
    fn account_ledger(&mut self, ledger: &str, beside: [&str; 2]) -> anyhow::Result<()> {
        for _ in 0..LEDGER_TRIES {
            self.ledger::<AccountManifest>(ledger)?;
            let mut has_tip = true;
            for store in beside {
                has_tip &= !self.beside(store)? || self.has_tip(ledger, store)?;
            }
            if has_tip {
                return Ok(());
            }
        }
        bail!("the ledger was reorganized at every try to copy it; try again when it is at its tip")
    }

    /// Copies a store beside a ledger. Returns whether it reads: one that does not is no reason to have no backup, since it is made again.
    fn beside(&mut self, store: &str) -> anyhow::Result<bool> {
        let dir = self.from.join(store);
        if BesideManifest::path(&dir).exists()
            && let Err(e) = Beside::open_any(&dir)
        {
            output::warn(&format!(
                "{store} cannot be read and is not in the backup ({e}); `holdfast ledger rebuild` makes it again"
            ));
            return Ok(false);
        }
        self.ledger::<BesideManifest>(store)?;
        Ok(true)
    }

    /// Returns whether what is beside a ledger has the ledger's last block in the copy, or not in the store either, where it was left behind.
    fn has_tip(&self, ledger: &str, store: &str) -> anyhow::Result<bool> {
        let is_in_step = |root: &Path| -> anyhow::Result<bool> {
            let dir = root.join(store);
            let Some(tip) = AccountLedger::open(&root.join(ledger))?.tip()? else { return Ok(true) };
            let is_there = BesideManifest::path(&dir).exists();
            Ok(is_there && Beside::open_any(&dir)?.hash_at(tip.height)? == Some(tip.hash))
        };
        Ok(is_in_step(&self.to)? || !is_in_step(&self.from)?)
    }
}

fn is_in(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// What a ledger of any family has committed.
trait StoredLedger: Sized {
    fn read_from(dir: &Path) -> anyhow::Result<Self>;

    /// Number of the index in use.
    fn index_number(&self) -> Option<u32>;

    /// Whether a copy holds what was committed, and the ledger still has the last block of its copy: nothing below was removed and written over meanwhile.
    fn is_copied(&self, copy: &Path, dir: &Path) -> bool;
}

impl StoredLedger for Manifest {
    fn read_from(dir: &Path) -> anyhow::Result<Self> {
        Ok(Manifest::read(dir)?)
    }

    fn index_number(&self) -> Option<u32> {
        self.index.map(|i| i.number)
    }

    fn is_copied(&self, copy: &Path, dir: &Path) -> bool {
        let Ok(copied) = Ledger::open(copy) else { return false };
        let is_whole =
            copied.counts() == self.counts && copied.revision() == self.revision && copied.check_lengths().is_ok();
        let Some(tip) = copied.tip() else { return is_whole };
        let has_tip = |now: Ledger| tip.number < now.counts().blocks && now.block(tip.number).hash == tip.hash;
        is_whole && Ledger::open(dir).is_ok_and(has_tip)
    }
}

impl StoredLedger for AccountManifest {
    fn read_from(dir: &Path) -> anyhow::Result<Self> {
        Ok(AccountManifest::read(dir)?)
    }

    fn index_number(&self) -> Option<u32> {
        self.index.map(|i| i.number)
    }

    fn is_copied(&self, copy: &Path, dir: &Path) -> bool {
        let Ok(copied) = AccountLedger::open(copy) else { return false };
        let is_whole =
            copied.counts() == self.counts && copied.revision() == self.revision && copied.check_lengths().is_ok();
        let tip = match copied.tip() {
            Ok(None) => return is_whole,
            Ok(Some(tip)) => tip,
            Err(_) => return false,
        };
        let has_tip = |now: AccountLedger| now.block(tip.number).is_ok_and(|block| block.hash == tip.hash);
        is_whole && AccountLedger::open(dir).is_ok_and(has_tip)
    }
}

impl StoredLedger for BesideManifest {
    fn read_from(dir: &Path) -> anyhow::Result<Self> {
        Ok(BesideManifest::read(dir)?)
    }

    fn index_number(&self) -> Option<u32> {
        None
    }

    fn is_copied(&self, copy: &Path, dir: &Path) -> bool {
        let Ok(copied) = Beside::open_any(copy) else { return false };
        if copied.counts() != self.counts || BesideManifest::read(copy).ok().as_ref() != Some(self) {
            return false;
        }
        match copied.tip() {
            Ok(None) => true,
            Ok(Some((height, hash))) => {
                Beside::open_any(dir).is_ok_and(|now| now.hash_at(height).is_ok_and(|h| h == Some(hash)))
            }
            Err(_) => false,
        }
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn copy_postgres(url: &str, to: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-owner", "--file"]).arg(to).envs(Database::client_environment(url)?);
    let output = command.output().context(
        "pg_dump does not start; install PostgreSQL's client programs of the server's version, which copy the database",
    )?;
    if !output.status.success() {
        bail!("pg_dump: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// What a backup copied.
#[derive(Debug, Serialize)]
pub struct Copied {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The kind of its database, as its list names it.
    pub database: &'static str,
}

/// `holdfast backup`.
///
/// # Errors
/// As [`copy_store`].
pub fn backup(args: &Backup, as_json: bool) -> anyhow::Result<()> {
    let copied = copy_store(&args.store.store, args.database.as_deref(), args.base, &args.dir)?;
    if as_json {
        return output::json(&copied);
    }
    let Copied { files, bytes, database } = copied;
    println!("{} files, {} bytes, database {database}, in {}", thousands(files), thousands(bytes), args.dir.display());
    println!("It holds the desk's keys: store it where only the desk's administrators can read it.");
    Ok(())
}

/// Copies a store with its database (by default SQLite in the store), keys, files and ledgers into a new or empty folder, while the server runs. With `base`
/// PostgreSQL's whole server is copied.
///
/// # Errors
/// When the folder is not empty or lies in the store, or a file or the database cannot be read or written.
pub fn copy_store(store: &Path, database: Option<&str>, base: bool, dir: &Path) -> anyhow::Result<Copied> {
    let from = store.canonicalize().with_context(|| store.display().to_string())?;
    if base && !database.is_some_and(is_postgres) {
        bail!("--base copies a PostgreSQL server; leave it out, or name the server with --database");
    }
    empty_folder(dir)?;
    let to = dir.canonicalize().with_context(|| dir.display().to_string())?;
    if to.starts_with(&from) {
        bail!("{} is inside the store; name a folder elsewhere, better on another machine", dir.display());
    }
    let url = match database {
        Some(url) => url.to_owned(),
        None => format!("sqlite:{}", from.join(SQLITE).display()),
    };
    let mut copying = Copying { from, to: to.clone(), files: BTreeMap::new() };
    // The log of tags goes on from the file of tags: copied before it, it is part of it or of the one that replaced it.
    copying.file("tags.log")?;
    let mut ledgers = vec!["ledger".to_owned()];
    for dir in Workspace::chain_dirs(&copying.from)? {
        let name = dir.file_name().and_then(OsStr::to_str).with_context(|| format!("{}: rename it", dir.display()))?;
        ledgers.push(format!("chains/{name}/ledger"));
    }
    let mut account_ledgers = Vec::new();
    for chain in AccountWorkspace::chains_of(&copying.from)? {
        let relative = |dir: PathBuf| -> anyhow::Result<String> {
            let path = dir.strip_prefix(&copying.from).ok().and_then(Path::to_str);
            Ok(path.with_context(|| format!("{}: rename it", dir.display()))?.to_owned())
        };
        let [links, signals] = AccountWorkspace::beside_dirs(&copying.from, &chain);
        account_ledgers.push([
            relative(AccountWorkspace::ledger_dir(&copying.from, &chain))?,
            relative(links)?,
            relative(signals)?,
            relative(AccountWorkspace::cluster_dir(&copying.from, &chain))?,
        ]);
    }
    let apart = || ledgers.iter().chain(account_ledgers.iter().flatten());
    copying.folder("", &|path| apart().any(|folder| is_in(path, folder)))?;
    for ledger in &ledgers {
        copying.ledger::<Manifest>(ledger)?;
    }
    for [ledger, links, signals, clusters] in &account_ledgers {
        copying.account_ledger(ledger, [links, signals])?;
        // Of the ledger's blocks those that it has, or fewer: what is missing is clustered when it is opened.
        copying.beside(clusters)?;
    }
    let mut folders = Vec::new();
    let database = if is_postgres(&url) && base {
        postgres_base::copy(&url, &to.join(CLUSTER))?;
        for (path, kind) in postgres_base::tree(&to.join(CLUSTER))? {
            let name = format!("{CLUSTER}/{path}");
            match kind {
                Kind::Folder => folders.push(name),
                Kind::File => drop(copying.files.insert(name.clone(), hash(&to.join(&name))?)),
            }
        }
        KIND_CLUSTER
    } else if is_postgres(&url) {
        copy_postgres(&url, &to.join(DUMP))?;
        copying.files.insert(DUMP.into(), hash(&to.join(DUMP))?);
        KIND_POSTGRES
    } else {
        let path = PathBuf::from(url.strip_prefix("sqlite:").unwrap_or(&url));
        if path.exists() {
            copy_sqlite(&url, &to.join(SQLITE))?;
            copying.files.insert(SQLITE.into(), hash(&to.join(SQLITE))?);
            KIND_SQLITE
        } else {
            "none"
        }
    };
    // What the database names and was written since.
    copying.folder("vault", &|_| false)?;
    let list = List {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        database: database.into(),
        files: copying.files,
        folders,
    };
    write_list(&to, &list)?;
    let bytes = list.files.values().map(|f| f.bytes).sum();
    Ok(Copied { files: list.files.len(), bytes, database })
}

fn copy_sqlite(url: &str, to: &Path) -> anyhow::Result<()> {
    // Created first with its mode, so that it is never readable by others.
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(to).with_context(|| to.display().to_string())?;
    Database::connect(url)?.copy_to(to)?;
    file.sync_all()?;
    Ok(())
}

fn write_list(dir: &Path, list: &List) -> anyhow::Result<()> {
    let path = dir.join(LIST);
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
    file.write_all(&serde_json::to_vec_pretty(list)?)?;
    file.sync_all()?;
    Ok(File::open(dir)?.sync_all()?)
}

fn read_list(dir: &Path) -> anyhow::Result<List> {
    let path = dir.join(LIST);
    let bytes = std::fs::read(&path)
        .with_context(|| format!("{}: no complete backup (the list of files is written last)", path.display()))?;
    let list: List = serde_json::from_slice(&bytes).with_context(|| path.display().to_string())?;
    if list.format != FORMAT {
        bail!("{}: format {}, this program knows {FORMAT}", path.display(), list.format);
    }
    for name in list.files.keys().chain(&list.folders) {
        if name.is_empty() || !Path::new(name).components().all(|c| matches!(c, Component::Normal(_))) {
            bail!("{}: '{name}' is no path inside a store", path.display());
        }
    }
    Ok(list)
}

/// Creates a store from a backup, checked file by file.
///
/// # Errors
/// When the backup is not whole, the new folder is not empty, or a file cannot be written.
pub fn restore(args: Restore, as_json: bool) -> anyhow::Result<()> {
    let (dir, store) = (&args.dir, &args.store.store);
    let list = read_list(dir)?;
    let data = args.cluster.check(list.database == KIND_CLUSTER)?;
    empty_folder(store)?;
    if let Some(data) = data {
        empty_folder(data)?;
    }
    // A server's files go to a folder of their own.
    let place = |name: &str| match (data, name.strip_prefix(CLUSTER).and_then(|rest| rest.strip_prefix('/'))) {
        (Some(data), Some(rest)) => data.join(rest),
        _ => store.join(name),
    };
    for folder in &list.folders {
        postgres_base::create_folder(&place(folder))?;
    }
    for (name, listed) in &list.files {
        let copied = copy(&dir.join(name), &place(name)).with_context(|| dir.join(name).display().to_string())?;
        if copied != *listed {
            bail!(
                "{}: is not what was backed up (its SHA-256 differs): use another backup. {} is incomplete, remove it",
                dir.join(name).display(),
                store.display()
            );
        }
    }
    if let Some(data) = data {
        args.cluster.prepare(data)?;
    }
    // The folders' entries, too, are on disk before this returns.
    File::open(store)?.sync_all()?;
    let (mut audit, mut vault) = (None, None);
    if list.database == KIND_SQLITE {
        let url = format!("sqlite:{}", store.join(SQLITE).display());
        let screening = Screening::open_at(&url, Time::system())?;
        let key_ring = key_ring(store, &screening)?;
        audit = Some(screening.verify_anchored(None, Some(&anchors(store, &key_ring)), None)?);
        let retention = Retention { screening: &screening, vault: &crate::vault(store) };
        vault = Some(retention.check_vault(&mut |_| ControlFlow::Continue(()))?);
    }
    let mut problems = audit.as_ref().map(|a| a.problems.clone()).unwrap_or_default();
    problems.extend(vault.iter().flat_map(|v| v.problems.clone()));
    let files = list.files.len();
    if as_json {
        output::json(&json!({"files": files, "database": list.database, "audit": audit, "vault": vault}))?;
    } else {
        println!("{} files restored to {}", thousands(files), store.display());
        if let Some(data) = data {
            println!("{}", args.cluster.next_steps(data));
        }
        if list.database == KIND_POSTGRES {
            println!(
                "Now restore the database into an empty one: pg_restore --dbname=URL {}",
                store.join(DUMP).display()
            );
        }
        if let Some(vault) = &vault {
            println!("{} files of the vault are what the database names", thousands(vault.files));
        }
        problems.iter().for_each(|p| println!("  {p}"));
    }
    if !problems.is_empty() {
        bail!("what was restored does not verify: {} problems", problems.len());
    }
    Ok(())
}
