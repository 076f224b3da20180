//! Which of several PostgreSQL servers is the primary: a URL that names more than one is of a primary and its standbys.
//!
//! Every promotion begins a timeline with the next number. A server that takes writes on an earlier timeline than one that was seen is a primary that
//! came back after another was promoted: what it has is old, and what it would store is lost when it is made a standby. It is refused, as is a server of
//! another cluster (`system_identifier`). What was seen is kept in a file ([`remember`]), so that a restart knows it too.

use crate::{DbError, StoreError, restrict_to_owner, tls, without_password};
use postgres::Client;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Longest time to connect to one of several servers, greeting included: one that is frozen takes connections and says nothing.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// Most connections that may wait for frozen servers, each in a thread.
const MAX_PENDING: usize = 16;

/// A server that takes writes: its cluster and its timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Primary {
    system: String,
    timeline: u32,
}

impl Primary {
    /// Reads what a server is; `None` where it does not tell (a standby, or a service that has no write-ahead log of its own).
    fn of(client: &mut Client) -> Option<Self> {
        const WHO: &str = "SELECT CAST(system_identifier AS TEXT), left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM pg_control_system()";
        let row = client.query_one(WHO, &[]).ok()?;
        let timeline = u32::from_str_radix(row.try_get::<_, &str>(1).ok()?, 16).ok()?;
        Some(Primary { system: row.try_get(0).ok()?, timeline })
    }

    /// Reads `SYSTEM TIMELINE`.
    fn read(text: &str) -> Option<Self> {
        let (system, timeline) = text.trim().split_once(' ')?;
        let is_number = !system.is_empty() && system.bytes().all(|b| b.is_ascii_digit());
        Some(Primary { system: system.to_owned(), timeline: timeline.parse().ok()? }).filter(|_| is_number)
    }

    /// Why a server is not used, after this one was.
    fn refuses(&self, other: &Primary) -> Option<String> {
        if self.system != other.system {
            return Some(format!("it is of another cluster ({}, not {})", other.system, self.system));
        }
        let is_old = other.timeline < self.timeline;
        is_old.then(|| format!("it is an old primary: its timeline is {}, {} was seen", other.timeline, self.timeline))
    }
}

/// What is known of the servers of a URL.
#[derive(Debug, Default)]
struct Known {
    newest: Option<Primary>,
    /// The server that was connected to last; it is tried first.
    last: usize,
    file: Option<PathBuf>,
}

fn known() -> MutexGuard<'static, BTreeMap<String, Known>> {
    static KNOWN: Mutex<BTreeMap<String, Known>> = Mutex::new(BTreeMap::new());
    KNOWN.lock().unwrap_or_else(|e| e.into_inner())
}

/// Keeps in a file which primary of a URL with several servers was seen, and reads what an earlier process saw. Nothing for other URLs.
///
/// # Errors
/// [`StoreError::Io`] when the file cannot be read; [`DbError::Stored`] when it is none of these.
pub fn remember(url: &str, file: &Path) -> Result<(), StoreError> {
    if !url.contains("://") || servers(url).len() < 2 {
        return Ok(());
    }
    let newest = match std::fs::read_to_string(file) {
        Ok(text) => Some(Primary::read(&text).ok_or_else(|| DbError::Stored {
            what: format!("primary in {}", file.display()),
            cause:
                "it is not a system identifier and a timeline; remove the file if the database is the right one".into(),
        })?),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(StoreError::Io(file.to_owned(), e)),
    };
    let mut known = known();
    let of_url = known.entry(url.to_owned()).or_default();
    of_url.file = Some(file.to_owned());
    if of_url.newest.is_none() {
        of_url.newest = newest;
    }
    Ok(())
}

/// A URL for each server that a URL names.
pub(crate) fn servers(url: &str) -> Vec<String> {
    let one = || vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return one() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if authority.contains('@') { "@" } else { "" };
    hosts.split(',').map(|host| format!("{scheme}://{user}{at}{host}{tail}")).collect()
}

/// Connects to that of several servers which takes writes and is no old primary.
///
/// # Errors
/// [`DbError::NoPrimary`] with a reason for each server.
pub(crate) fn connect(url: &str, servers: &[String]) -> Result<Client, DbError> {
    let first = known().get(url).map_or(0, |k| k.last);
    let mut why = Vec::new();
    for place in (0..servers.len()).map(|i| (first + i) % servers.len()) {
        let tried = within(&servers[place]).and_then(|mut client| match Primary::of(&mut client) {
            Some(primary) => admit(url, place, primary).map(|()| client),
            None => Ok(client),
        });
        match tried {
            Ok(client) => return Ok(client),
            Err(reason) => why.push(format!("{}: {reason}", without_password(&servers[place]))),
        }
    }
    Err(DbError::NoPrimary(why.join("; ")))
}

/// Takes a server as the primary, unless a newer one was seen.
fn admit(url: &str, place: usize, primary: Primary) -> Result<(), String> {
    let mut known = known();
    let of_url = known.entry(url.to_owned()).or_default();
    if let Some(why) = of_url.newest.as_ref().and_then(|newest| newest.refuses(&primary)) {
        let file = of_url.file.as_ref().map(|file| format!("; if that is meant, remove {}", file.display()));
        return Err(format!("{why}{}", file.unwrap_or_default()));
    }
    of_url.last = place;
    if of_url.newest.as_ref() == Some(&primary) {
        return Ok(());
    }
    tracing::info!(system = primary.system, timeline = primary.timeline, "connected to a primary");
    if let Some(file) = &of_url.file {
        keep(file, &primary).map_err(|e| format!("{} cannot be written: {e}", file.display()))?;
    }
    of_url.newest = Some(primary);
    Ok(())
}

/// Replaces a file as a whole.
fn keep(file: &Path, primary: &Primary) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    restrict_to_owner(&new);
    let mut written = std::fs::File::create(&new)?;
    writeln!(written, "{} {}", primary.system, primary.timeline)?;
    written.sync_all()?;
    std::fs::rename(&new, file)
}

/// Connects to one server within [`CONNECT_TIME`].
fn within(server: &str) -> Result<Client, String> {
    static PENDING: AtomicUsize = AtomicUsize::new(0);
    struct Pending;
    impl Drop for Pending {
        fn drop(&mut self) {
            PENDING.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let silent = || format!("it does not answer within {} s", CONNECT_TIME.as_secs());
    let pending = Pending;
    if PENDING.fetch_add(1, Ordering::Relaxed) >= MAX_PENDING {
        return Err(silent());
    }
    let (sender, receiver) = sync_channel(1);
    let server: Arc<str> = server.into();
    std::thread::Builder::new()
        .name("pg-connect".into())
        .spawn(move || {
            let _pending = pending;
            let _ = sender.send(tls::connect(&server, true).map_err(|e| e.to_string()));
        })
        .map_err(|e| format!("no thread to connect in: {e}"))?;
    receiver.recv_timeout(CONNECT_TIME).unwrap_or_else(|_| Err(silent()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_of_a_url_has_a_url() {
        assert_eq!(servers("postgres://u:p@a/d?x=1"), ["postgres://u:p@a/d?x=1"]);
        assert_eq!(
            servers("postgres://u:p,q@a:1,b,[::1]:3/d"),
            ["postgres://u:p,q@a:1/d", "postgres://u:p,q@b/d", "postgres://u:p,q@[::1]:3/d"]
        );
        assert_eq!(servers("postgres://a,b"), ["postgres://a", "postgres://b"]);
        assert_eq!(servers("desk.sqlite"), ["desk.sqlite"]);
    }

    #[test]
    fn an_old_primary_and_another_cluster_are_refused_and_a_promoted_one_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (file, url) = (dir.path().join("primary"), "postgres://a.invalid,b.invalid/first");
        let at = |system: &str, timeline| Primary { system: system.into(), timeline };
        remember(url, &file).unwrap();
        admit(url, 0, at("7", 1)).unwrap();
        admit(url, 1, at("7", 2)).unwrap();
        let old = admit(url, 0, at("7", 1)).unwrap_err();
        assert!(old.contains("old primary") && old.contains("timeline is 1, 2 was seen"), "{old}");
        let other = admit(url, 0, at("8", 9)).unwrap_err();
        assert!(other.contains("another cluster") && other.contains("remove"), "{other}");
        assert_eq!(known()[url].last, 1);
        // The next process.
        let next = "postgres://a.invalid,b.invalid/next";
        remember(next, &file).unwrap();
        assert!(admit(next, 0, at("7", 1)).is_err());
        admit(next, 0, at("7", 3)).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "7 3\n");
        std::fs::write(&file, "7").unwrap();
        assert!(remember(next, &file).unwrap_err().to_string().contains("primary in"));
        // One server alone is whatever it is.
        remember("postgres://a/d", &file).unwrap();
    }
}
