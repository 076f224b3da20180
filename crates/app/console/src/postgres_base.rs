//! A PostgreSQL server's files: `holdfast backup --base` copies them with `pg_basebackup`, and `holdfast restore` prepares a data directory that
//! PostgreSQL recovers to a chosen position of its archived write-ahead log (PostgreSQL's manual, "Continuous Archiving and Point-in-Time Recovery").

use anyhow::{Context, bail};
use clap::Args;
use holdfast_store::Database;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folder of the server's files in a backup.
pub(crate) const CLUSTER: &str = "postgresql";
/// Most folders below one another in a server's files.
const MAX_DEPTH: usize = 32;

/// What a path in a server's files is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Folder,
    File,
}

/// Where and to what position a PostgreSQL server is restored.
#[derive(Args, Debug, Default)]
pub struct Cluster {
    /// For a backup made with --base: new or empty folder of the PostgreSQL server (its data directory).
    #[arg(long)]
    data_directory: Option<PathBuf>,
    /// Folder of the archived write-ahead log, from which what was written after the backup is restored.
    #[arg(long, requires = "data_directory")]
    wal: Option<PathBuf>,
    /// Restore up to this position of the write-ahead log, such as 0/3000148, instead of to its end.
    #[arg(long, requires = "wal", conflicts_with = "to_time", value_parser = position)]
    to_lsn: Option<String>,
    /// Restore up to this time, such as 2026-11-28T09:30:00Z, instead of to the end of the log.
    #[arg(long, requires = "wal", value_parser = time)]
    to_time: Option<String>,
}

/// Reads a position in a write-ahead log: two hexadecimal numbers of 32 bits.
fn position(text: &str) -> Result<String, String> {
    let is_number = |part: &str| !part.starts_with('+') && u32::from_str_radix(part, 16).is_ok();
    match text.split_once('/') {
        Some((high, low)) if is_number(high) && is_number(low) => Ok(text.to_owned()),
        _ => Err("not a position such as 0/3000148 (SELECT pg_current_wal_lsn() shows the server's)".into()),
    }
}

/// Reads a time with its zone: PostgreSQL would take one without as its own zone's.
fn time(text: &str) -> Result<String, String> {
    let time: jiff::Timestamp =
        text.parse().map_err(|e| format!("not a time with its zone such as 2026-11-28T09:30:00Z ({e})"))?;
    Ok(time.to_string())
}

impl Cluster {
    /// Returns the folder of the server, if the backup has one.
    ///
    /// # Errors
    /// When the backup has a server and no folder was named for it, or the other way round; when the log's folder is none or has a name that cannot
    /// stand in a command of PostgreSQL's.
    pub(crate) fn check(&self, is_cluster: bool) -> anyhow::Result<Option<&Path>> {
        match (&self.data_directory, is_cluster) {
            (None, true) => {
                bail!("the backup holds a PostgreSQL server; name a new folder for it with --data-directory")
            }
            (Some(_), false) => bail!("the backup holds no PostgreSQL server (--base); leave out --data-directory"),
            (data, _) => {
                if let Some(wal) = &self.wal {
                    restore_command(wal)?;
                }
                Ok(data.as_deref())
            }
        }
    }

    /// Makes PostgreSQL recover when it starts on these files: from the archive to the position, else to the end of the backup. It does not archive:
    /// a second server that wrote into the archive of the first would lead later restores to itself.
    pub(crate) fn prepare(&self, data: &Path) -> anyhow::Result<()> {
        let mut settings = "\n# holdfast restore\narchive_mode = 'off'\n".to_owned();
        if let Some(wal) = &self.wal {
            writeln!(settings, "restore_command = {}", quoted(&restore_command(wal)?))?;
            std::fs::write(data.join("recovery.signal"), "").with_context(|| data.display().to_string())?;
        }
        for (name, target) in [("recovery_target_lsn", &self.to_lsn), ("recovery_target_time", &self.to_time)] {
            if let Some(target) = target {
                writeln!(settings, "{name} = {}\nrecovery_target_action = 'promote'", quoted(target))?;
            }
        }
        let path = data.join("postgresql.auto.conf");
        let mut text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        text.push_str(&settings);
        std::fs::write(&path, text).with_context(|| path.display().to_string())
    }

    /// What is left to a person.
    pub(crate) fn next_steps(&self, data: &Path) -> String {
        let to = match (&self.to_lsn, &self.to_time) {
            (Some(target), _) | (_, Some(target)) => format!("recovers to {target}"),
            _ if self.wal.is_some() => "recovers to the end of the archived log".to_owned(),
            _ => "is as it was at the end of the backup".to_owned(),
        };
        let data = data.display();
        format!(
            "PostgreSQL's files are in {data}: give them to its user (chown -R postgres: {data}) and start it; it {to}. Archiving is off in it \
             (postgresql.auto.conf): turn it on, to a folder of its own, before the desk uses it.\n\
             Then verify: holdfast audit verify --store STORE --database URL. Files of requests and cases that came after the backup are not in it: copy \
             them into the store's vault from where they are copied to."
        )
    }
}

/// The command that PostgreSQL runs for each file of the log.
fn restore_command(wal: &Path) -> anyhow::Result<String> {
    let wal = wal.canonicalize().with_context(|| format!("--wal {}", wal.display()))?;
    let text = wal.to_str().with_context(|| format!("--wal {}: rename it", wal.display()))?;
    if !wal.is_dir() || text.contains(['"', '$', '`', '\\', '%', '\n']) {
        bail!(
            "--wal {text} is no folder, or has a character in its name that a shell takes for more than itself; rename it"
        );
    }
    Ok(format!("cp \"{text}/%f\" \"%p\""))
}

/// A value in PostgreSQL's configuration.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Makes a folder that PostgreSQL accepts: nobody else reads it.
pub(crate) fn create_folder(path: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| path.display().to_string())
}

/// Copies a running server with what it wrote to its log meanwhile, so that the copy starts without an archive, too.
pub(crate) fn copy(url: &str, to: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("pg_basebackup");
    command.args(["--format=plain", "--wal-method=stream", "--checkpoint=fast", "--no-password", "--pgdata"]);
    let output = command.arg(to).envs(Database::client_environment(url)?).output().context(
        "pg_basebackup does not start; install PostgreSQL's programs of the server's version, which copy the server",
    )?;
    if !output.status.success() {
        bail!(
            "{}; --base needs a role with the attribute REPLICATION, a line for it in pg_hba.conf (database replication) and a direct connection",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// All that is below a folder, by its path in it, sorted.
///
/// # Errors
/// What is neither file nor folder: a tablespace is a link to a folder elsewhere, which would not be in the backup.
pub(crate) fn tree(root: &Path) -> anyhow::Result<Vec<(String, Kind)>> {
    let mut found = Vec::new();
    let mut folders = vec![(String::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).with_context(|| root.join(&folder).display().to_string())? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().with_context(|| format!("{}: its name is no text", entry.path().display()))?;
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() && depth < MAX_DEPTH {
                folders.push((path.clone(), depth + 1));
                found.push((path, Kind::Folder));
            } else if kind.is_file() {
                found.push((path, Kind::File));
            } else {
                bail!(
                    "{path} of PostgreSQL's files is neither file nor folder (a tablespace?); use pgBackRest for such a server"
                );
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_times_are_read_strictly() {
        assert_eq!(position("0/3000148").unwrap(), "0/3000148");
        assert_eq!(position("AB/ff").unwrap(), "AB/ff");
        for wrong in ["", "0", "0/", "/1", "0/1/2", "0/G", "0/+1", "0/1'", "100000000/0"] {
            assert!(position(wrong).unwrap_err().contains("pg_current_wal_lsn"), "{wrong}");
        }
        assert_eq!(time("2026-11-28T10:30:00+01:00").unwrap(), "2026-11-28T09:30:00Z");
        for wrong in ["2026-11-28T10:30:00", "2026-11-28", "now", "2026-11-28T10:30:00Z'"] {
            assert!(time(wrong).unwrap_err().contains("zone"), "{wrong}");
        }
    }

    #[test]
    fn a_server_is_restored_where_the_backup_has_one_and_recovers_as_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let (data, wal) = (dir.path().join("data"), dir.path().join("o'wal"));
        for folder in [&data, &wal] {
            std::fs::create_dir(folder).unwrap();
        }
        let conf = data.join("postgresql.auto.conf");
        std::fs::write(&conf, "archive_mode = 'on'\n").unwrap();
        let none = Cluster::default();
        assert!(none.check(false).unwrap().is_none());
        assert!(none.check(true).unwrap_err().to_string().contains("--data-directory"));
        let cluster = |wal: &Path, to_lsn: Option<&str>| Cluster {
            data_directory: Some(data.clone()),
            wal: Some(wal.to_owned()),
            to_lsn: to_lsn.map(str::to_owned),
            to_time: None,
        };
        let wanted = cluster(&wal, Some("0/3000148"));
        assert!(wanted.check(false).unwrap_err().to_string().contains("holds no PostgreSQL server"));
        assert_eq!(wanted.check(true).unwrap(), Some(data.as_path()));
        wanted.prepare(&data).unwrap();
        assert!(data.join("recovery.signal").exists());
        let text = std::fs::read_to_string(&conf).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let command = format!("restore_command = 'cp \"{}/%f\" \"%p\"'", wal.canonicalize().unwrap().display())
            .replace("o'wal", "o''wal");
        let target = ["recovery_target_lsn = '0/3000148'", "recovery_target_action = 'promote'"];
        assert_eq!(lines[3..], ["archive_mode = 'off'", command.as_str(), target[0], target[1]]);
        // A name in which a shell sees a command.
        let evil = dir.path().join("$(x)");
        std::fs::create_dir(&evil).unwrap();
        assert!(cluster(&evil, None).check(true).unwrap_err().to_string().contains("rename it"));
        assert!(cluster(&dir.path().join("missing"), None).check(true).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_refused_because_what_they_name_would_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        create_folder(&dir.path().join("base/1")).unwrap();
        std::fs::write(dir.path().join("base/1/112"), "x").unwrap();
        let found = tree(dir.path()).unwrap();
        let expected = [("base", Kind::Folder), ("base/1", Kind::Folder), ("base/1/112", Kind::File)];
        assert_eq!(found, expected.map(|(path, kind)| (path.to_owned(), kind)));
        std::os::unix::fs::symlink("/tmp", dir.path().join("base/16384")).unwrap();
        assert!(tree(dir.path()).unwrap_err().to_string().contains("tablespace"));
    }
}
