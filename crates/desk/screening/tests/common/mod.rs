//! Databases for tests: SQLite in a temporary folder, and a real PostgreSQL server.
#![allow(dead_code, unused_imports, unused_macros)]

use holdfast_screening::{Amount, Event, EventKind};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Makes every test run on both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&super::common::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $name() { if let Some(place) = super::common::postgres() { super::$name(&place); } })*
        }
    };
}
pub(crate) use on_both;

/// A database that ends with the test.
pub struct Place {
    pub url: String,
    _dir: tempfile::TempDir,
    server: Option<Server>,
}

struct Server {
    bin: PathBuf,
    data: PathBuf,
    options: String,
}

impl Place {
    /// Stops the PostgreSQL server at once, as a crash does.
    pub fn stop(&self) {
        let server = self.server.as_ref().expect("a server");
        let stopped = as_postgres(&server.bin.join("pg_ctl"))
            .arg("-D")
            .arg(&server.data)
            .args(["-m", "immediate", "-w", "stop"])
            .output()
            .unwrap();
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    }

    /// Starts it again.
    pub fn start(&self) {
        let server = self.server.as_ref().expect("a server");
        let started = as_postgres(&server.bin.join("pg_ctl"))
            .arg("-D")
            .arg(&server.data)
            .arg("-l")
            .arg(server.data.with_file_name("log"))
            .args(["-o", &server.options, "-w", "start"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(started.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ =
            as_postgres(&self.bin.join("pg_ctl")).arg("-D").arg(&self.data).args(["-m", "immediate", "stop"]).output();
    }
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &std::path::Path) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"));
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn postgres_bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.filter_map(|v| Some(v.ok()?.path().join("bin"))).filter(|b| b.join("initdb").exists()).max()
}

pub fn sqlite() -> Place {
    let dir = tempfile::tempdir().unwrap();
    Place { url: format!("sqlite:{}", dir.path().join("desk.sqlite").display()), _dir: dir, server: None }
}

/// A PostgreSQL server of its own. In CI a missing one fails the test; elsewhere the test is skipped, loudly.
pub fn postgres() -> Option<Place> {
    let Some(bin) = postgres_bin() else {
        assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed, and CI must have it");
        eprintln!("SKIPPED: PostgreSQL is not installed; ./test installs it where it can");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let allowed = Command::new("chmod").arg("777").arg(dir.path()).status().unwrap();
    assert!(allowed.success());
    let data = dir.path().join("data");
    let made = as_postgres(&bin.join("initdb"))
        .arg("-D")
        .arg(&data)
        .args(["-U", "holdfast", "-A", "trust", "-N"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''");
    let log = dir.path().join("log");
    let started = as_postgres(&bin.join("pg_ctl"))
        .arg("-D")
        .arg(&data)
        .arg("-l")
        .arg(&log)
        .args(["-o", &options, "-w", "start"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(started.success(), "{}", std::fs::read_to_string(&log).unwrap_or_default());
    Some(Place {
        url: format!("postgres://holdfast@127.0.0.1:{port}/postgres"),
        _dir: dir,
        server: Some(Server { bin, data, options }),
    })
}

/// A clock that a test moves.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

pub const START: i64 = 1_780_000_000;

impl TestClock {
    pub fn new() -> Self {
        TestClock(Arc::new(AtomicI64::new(START)))
    }

    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }

    pub fn clock(&self) -> holdfast_screening::service::Clock {
        let time = self.0.clone();
        Arc::new(move || time.load(Ordering::SeqCst))
    }
}

pub fn withdrawal(id: &str, customer: &str, to: &str, amount: u128, value: u64) -> Event {
    let mut event = Event::new(EventKind::Withdrawal, id, START, customer);
    event.asset = Some("ETH".into());
    event.amount = Some(Amount(amount));
    event.value = Some(value);
    event.counterparty = Some(to.into());
    event
}

pub fn deposit(id: &str, customer: &str, tx: &str, amount: u128, value: u64) -> Event {
    let mut event = Event::new(EventKind::Deposit, id, START, customer);
    event.asset = Some("ETH".into());
    event.amount = Some(Amount(amount));
    event.value = Some(value);
    event.tx = Some(tx.into());
    event.output = Some(0);
    event.counterparty = Some("0x00000000000000000000000000000000000000aa".into());
    event
}
