//! SQLite in a temporary folder, and a real PostgreSQL server.

use holdfast_store::{Database, DbError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// Makes tests of functions that take a `&TestDb`, on both databases.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&$crate::TestDb::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $name() { if let Some(db) = $crate::TestDb::postgres() { super::$name(&db); } })*
        }
    };
}

/// Names a PostgreSQL server that runs beside the tests, as `postgres://user@host:port`: `./test` starts one for all of them.
const SHARED: &str = "HOLDFAST_TEST_POSTGRES";

/// A database that ends with the test.
#[derive(Debug)]
pub struct TestDb {
    /// Its URL.
    pub url: String,
    // The database ends before its server, the server before its folder.
    place: Place,
    _dir: tempfile::TempDir,
}

#[derive(Debug)]
enum Place {
    /// A file of SQLite.
    File,
    /// A server of this test's own.
    Own(Arc<Server>),
    /// On the server beside the tests.
    Shared(SharedDb),
}

/// A database of the server beside the tests; it is dropped with this.
#[derive(Debug)]
struct SharedDb {
    server: String,
    name: String,
}

impl SharedDb {
    fn new(server: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        // Tests are processes of their own.
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let made = SharedDb { server: server.trim_end_matches('/').to_owned(), name };
        // One of a process that was killed had the same number.
        made.batch(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", made.name)).expect("no earlier database");
        create(&made.server, &made.name);
        made
    }

    fn batch(&self, sql: &str) -> Result<(), DbError> {
        Database::connect(&format!("{}/postgres", self.server))?.batch(sql)
    }

    fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }
}

impl Drop for SharedDb {
    fn drop(&mut self) {
        let _ = self.batch(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Names the tables of this version.
fn tables() -> &'static str {
    static TABLES: OnceLock<String> = OnceLock::new();
    TABLES.get_or_init(|| {
        let texts: Vec<u8> = holdfast_screening::migrations().flat_map(str::bytes).collect();
        format!("tables_{}", &hex::encode(holdfast_types::hash::sha256(&texts))[..16])
    })
}

/// Returns a file of SQLite with the tables of this version and no rows but theirs, made once: each of its migrations waits for the disk.
fn sqlite_tables() -> io::Result<PathBuf> {
    let file = std::env::temp_dir().join(format!("holdfast-{}.sqlite", tables()));
    if !file.exists() {
        let dir = tempfile::tempdir()?;
        let made = dir.path().join("made");
        let mut db = Database::connect(&format!("sqlite:{}", made.display())).map_err(io::Error::other)?;
        holdfast_screening::migrate(&mut db).map_err(io::Error::other)?;
        drop(db);
        // Another test may have been sooner, with the same.
        std::fs::rename(&made, &file)?;
    }
    Ok(file)
}

/// Makes a database with the tables of this version and no rows but theirs, on a server: copied, since its migrations take a second each time.
fn create(server: &str, name: &str) {
    let tables = tables();
    let mut db = Database::connect(&format!("{server}/postgres")).expect("a connection");
    // Tests are processes beside each other; the lock ends with this connection.
    db.batch("SELECT pg_advisory_lock(1818)").expect("a lock");
    let there = db.query("SELECT datname::text FROM pg_database WHERE datname = $1", &[tables.into()]);
    if there.expect("the server's databases").is_empty() {
        let begun = format!("{tables}_begun");
        db.batch(&format!("DROP DATABASE IF EXISTS {begun} WITH (FORCE)")).expect("no half-made tables");
        db.batch(&format!("CREATE DATABASE {begun}")).expect("a database");
        let mut made = Database::connect(&format!("{server}/{begun}")).expect("a connection");
        holdfast_screening::migrate(&mut made).expect("tables");
        drop(made);
        db.batch(&format!("ALTER DATABASE {begun} RENAME TO {tables}")).expect("a name");
    }
    db.batch("SELECT pg_advisory_unlock(1818)").expect("the lock");
    db.batch(&format!("CREATE DATABASE {name} TEMPLATE {tables}")).expect("a database");
}

#[derive(Debug)]
struct Server {
    bin: PathBuf,
    data: PathBuf,
    options: String,
}

impl Server {
    fn pg_ctl(&self, args: &[&str]) -> Output {
        // A child that lives on must not hold a pipe open: output goes to files.
        let log = self.data.with_file_name("ctl.log");
        let file = || std::fs::File::create(&log).map(Stdio::from).unwrap_or_else(|_| Stdio::null());
        let status = as_postgres(&self.bin.join("pg_ctl"))
            .arg("-D")
            .arg(&self.data)
            .args(args)
            .stdout(file())
            .stderr(Stdio::null())
            .status();
        let stdout = std::fs::read(&log).unwrap_or_default();
        Output { status: status.expect("pg_ctl runs"), stdout, stderr: Vec::new() }
    }

    fn start(&self) {
        let log = self.data.with_file_name("log");
        let started = self.pg_ctl(&["-l", &log.to_string_lossy(), "-o", &self.options, "-w", "start"]);
        assert!(started.status.success(), "PostgreSQL: {}", std::fs::read_to_string(&log).unwrap_or_default());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.pg_ctl(&["-m", "immediate", "stop"]);
    }
}

impl TestDb {
    /// Makes a SQLite database with tables but none of their rows.
    ///
    /// # Panics
    /// When there is no temporary folder.
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("desk.sqlite");
        sqlite_tables().and_then(|tables| std::fs::copy(tables, &file)).expect("tables");
        TestDb { url: format!("sqlite:{}", file.display()), place: Place::File, _dir: dir }
    }

    /// Makes a PostgreSQL database with tables but none of their rows: on the server that `HOLDFAST_TEST_POSTGRES` names, where it does, else on a server
    /// of the test's own. `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// As [`TestDb::own_postgres`], and when the database cannot be made.
    pub fn postgres() -> Option<Self> {
        match std::env::var(SHARED) {
            Ok(server) if !server.is_empty() => Some(Self::shared(&server)),
            _ => Self::own_postgres().inspect(|own| {
                let mut db = Database::connect(&own.url).expect("a connection");
                holdfast_screening::migrate(&mut db).expect("tables");
            }),
        }
    }

    fn shared(server: &str) -> Self {
        let made = SharedDb::new(server);
        let dir = tempfile::tempdir().expect("a temporary folder");
        TestDb { url: made.url(), place: Place::Shared(made), _dir: dir }
    }

    /// Starts a PostgreSQL server of the test's own, which it may stop; `None` where PostgreSQL is not installed.
    ///
    /// # Panics
    /// In CI when PostgreSQL is not installed, and when it does not start.
    pub fn own_postgres() -> Option<Self> {
        let Some(bin) = postgres_bin() else {
            assert!(std::env::var_os("CI").is_none(), "PostgreSQL is not installed, and CI must have it");
            eprintln!("SKIPPED: PostgreSQL is not installed; ./test installs it where it can");
            return None;
        };
        let dir = tempfile::tempdir().expect("a temporary folder");
        open_to_all(dir.path());
        let data = dir.path().join("data");
        let template = template(&bin);
        let copied = as_postgres(Path::new("cp")).arg("-a").arg(&template).arg(&data).output().expect("cp runs");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        Some(Self::started(bin, data, dir))
    }

    /// Starts a server on files.
    fn started(bin: PathBuf, data: PathBuf, dir: tempfile::TempDir) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
        let port = listener.port();
        // What a test loses is not lost by a power cut: nothing waits for the disk.
        // A standby that waits to reach its primary again, 5 s otherwise, may not hear that it is promoted.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c wal_retrieve_retry_interval=100ms"
        );
        let server = Server { bin, data, options };
        server.start();
        let url = format!("postgres://holdfast@127.0.0.1:{port}/postgres");
        TestDb { url, place: Place::Own(Arc::new(server)), _dir: dir }
    }

    /// Starts a standby of this server, which streams from it.
    ///
    /// # Panics
    /// Unless the server is the test's own, and when its files cannot be copied.
    #[must_use]
    pub fn standby(&self) -> Self {
        let bin = self.server().bin.clone();
        let dir = tempfile::tempdir().expect("a temporary folder");
        open_to_all(dir.path());
        let data = dir.path().join("data");
        let copied = as_postgres(&bin.join("pg_basebackup"))
            .arg("-D")
            .arg(&data)
            .args(["-R", "-X", "stream", "-c", "fast", "-N", "-d", &self.url])
            .output()
            .expect("pg_basebackup runs");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        Self::started(bin, data, dir)
    }

    /// Makes a standby the primary.
    ///
    /// # Panics
    /// Unless the server is the test's own and a standby.
    pub fn promote(&self) {
        let promoted = self.server().pg_ctl(&["-w", "promote"]);
        assert!(promoted.status.success(), "{}", String::from_utf8_lossy(&promoted.stdout));
    }

    /// Kills every process of the PostgreSQL server (SIGKILL).
    ///
    /// # Panics
    /// Unless the server is the test's own and runs.
    pub fn kill(&self) {
        let file = self.server().data.join("postmaster.pid");
        let text = std::fs::read_to_string(&file).expect("the server's number");
        let server = text.lines().next().expect("a number").to_owned();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &server]).output().expect("ps runs").stdout;
        let children = String::from_utf8_lossy(&children).into_owned();
        // First the server, which would start again what is missing; a child may have ended meanwhile.
        let killed = Command::new("kill").arg("-9").arg(&server).args(children.split_whitespace()).output();
        killed.expect("kill runs");
        // Where nobody waits for the dead, PostgreSQL takes its process for one that runs.
        std::fs::remove_file(&file).expect("the server's file");
    }

    /// Starts a PostgreSQL server of the test's own on files that a restore made, and waits until it takes writes. PostgreSQL's user must be able to
    /// reach the folder. `None` as in [`TestDb::own_postgres`].
    ///
    /// # Panics
    /// When the server does not start, or its recovery does not end within a minute.
    pub fn restored(data: &Path) -> Option<Self> {
        let bin = postgres_bin()?;
        let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"));
        if root {
            let owned = Command::new("chown").args(["-R", "postgres:"]).arg(data).status().expect("chown runs");
            assert!(owned.success());
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
        let port = listener.port();
        // A standby that waits to reach its primary again, 5 s otherwise, may not hear that it is promoted.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c wal_retrieve_retry_interval=100ms"
        );
        let server = Server { bin, data: data.to_owned(), options };
        server.start();
        let url = format!("postgres://holdfast@127.0.0.1:{port}/postgres");
        let begun = std::time::Instant::now();
        let is_recovering = || {
            let mut db = Database::connect(&url).ok()?;
            db.query("SELECT CAST(CAST(pg_is_in_recovery() AS INTEGER) AS BIGINT)", &[]).ok()?.first()?.int(0).ok()
        };
        while is_recovering() != Some(0) {
            assert!(begun.elapsed() < std::time::Duration::from_secs(60), "the recovery does not end");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        Some(TestDb { url, place: Place::Own(Arc::new(server)), _dir: dir })
    }

    /// Makes a database with tables but none of their rows beside this one: on the same server, which ends with the last of them, or in a
    /// folder of its own. A server takes a second to start, so that tests which stop none share one.
    ///
    /// # Panics
    /// When the database cannot be made.
    #[must_use]
    pub fn beside(&self) -> Self {
        match &self.place {
            Place::File => Self::sqlite(),
            Place::Shared(made) => Self::shared(&made.server),
            Place::Own(_) => self.on_own_server(create),
        }
    }

    /// Makes a database without anything on a server of the test's own ([`TestDb::own_postgres`]), such as a restore needs.
    ///
    /// # Panics
    /// Unless the server is the test's own, and when the database cannot be made.
    #[must_use]
    pub fn empty_beside(&self) -> Self {
        self.on_own_server(|server, name| {
            let mut db = Database::connect(&format!("{server}/postgres")).expect("a connection");
            db.batch(&format!("CREATE DATABASE {name}")).expect("a database");
        })
    }

    /// Removes all tables: a database that nobody began.
    ///
    /// # Panics
    /// When they cannot be removed.
    pub fn empty(&self) {
        match self.url.strip_prefix("sqlite:") {
            Some(path) => std::fs::remove_file(path).expect("the database's file"),
            None => {
                let mut db = Database::connect(&self.url).expect("a connection");
                db.batch("DROP SCHEMA public CASCADE; CREATE SCHEMA public").expect("no tables");
            }
        }
    }

    fn on_own_server(&self, create: impl FnOnce(&str, &str)) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let Place::Own(server) = &self.place else { panic!("only a server of the test's own: TestDb::own_postgres") };
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let (base, _) = self.url.rsplit_once('/').expect("a URL with a name");
        create(base, &name);
        let dir = tempfile::tempdir().expect("a temporary folder");
        TestDb { url: format!("{base}/{name}"), place: Place::Own(server.clone()), _dir: dir }
    }

    fn server(&self) -> &Server {
        match &self.place {
            Place::Own(server) => server,
            _ => panic!("only a server of the test's own is stopped: TestDb::own_postgres"),
        }
    }

    /// Stops the PostgreSQL server at once, as a crash does.
    ///
    /// # Panics
    /// Unless the server is the test's own, and when it does not stop.
    pub fn stop(&self) {
        let stopped = self.server().pg_ctl(&["-m", "immediate", "-w", "stop"]);
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stdout));
    }

    /// Starts the PostgreSQL server again.
    ///
    /// # Panics
    /// Unless the server is the test's own, and when it does not start.
    pub fn start(&self) {
        self.server().start();
    }
}

fn open_to_all(dir: &Path) {
    let allowed = Command::new("chmod").arg("777").arg(dir).status().expect("chmod runs");
    assert!(allowed.success());
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
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

/// A fresh cluster, made once and copied by each test: `initdb` takes seconds.
fn template(bin: &Path) -> PathBuf {
    let version = bin.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let user = std::env::var("USER").unwrap_or_default();
    let template = std::env::temp_dir().join(format!("holdfast-postgresql-{version}-{user}"));
    if template.join("PG_VERSION").exists() {
        return template;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    open_to_all(dir.path());
    let made = as_postgres(&bin.join("initdb"))
        .arg("-D")
        .arg(dir.path().join("data"))
        .args(["-U", "holdfast", "-A", "trust", "-N"])
        .output()
        .expect("initdb runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    match std::fs::rename(dir.path().join("data"), &template) {
        Ok(()) => {}
        // Another test was first.
        Err(_) if template.join("PG_VERSION").exists() => {}
        Err(e) => panic!("{}: {}", template.display(), io::Error::from(e.kind())),
    }
    template
}
