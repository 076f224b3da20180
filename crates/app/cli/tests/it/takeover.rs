//! Two servers of one PostgreSQL database under load: the one that has the desk is killed, frozen, or stopped; the other takes over. A client that knows both
//! loses no answer.

use crate::common::{Running, free_port, holdfast, path, run, small_store, soon};
use holdfast_client::{Client, ClientError, Credentials};
use holdfast_identity::KeyRing;
use holdfast_store::Database;
use holdfast_testing::TestDb;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Generous: these run beside everything else.
pub(crate) const SOON: Duration = Duration::from_secs(90);

pub(crate) fn event(id: &str) -> Value {
    json!({"id": id, "kind": "withdrawal", "time": 1_780_000_000, "customer": format!("c-{}", id.len()), "asset": "ETH", "amount": "1000",
        "value": 5_000, "counterparty": format!("0x{}", "ab".repeat(20))})
}

/// Two servers and their database.
pub(crate) struct Desks {
    place: TestDb,
    stores: [PathBuf; 2],
    ports: [u16; 2],
    pub(crate) servers: [Option<Running>; 2],
    dir: tempfile::TempDir,
}

impl Desks {
    pub(crate) fn start() -> Option<Self> {
        let place = TestDb::own_postgres()?;
        let dir = tempfile::tempdir().unwrap();
        let stores = ["first", "second"].map(|name| {
            let folder = dir.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            small_store(&folder)
        });
        let mut desks = Desks { place, stores, ports: [free_port(), free_port()], servers: [None, None], dir };
        desks.serve(0, "all");
        soon(SOON, "the first server", || desks.is_ready(0).then_some(()));
        // The key belongs to the database.
        std::fs::copy(desks.stores[0].join("desk.key"), desks.stores[1].join("desk.key")).unwrap();
        desks.serve(1, "standby");
        desks.stands_by(1);
        Some(desks)
    }

    pub(crate) fn serve(&mut self, n: usize, role: &str) {
        let words = std::fs::File::options().create(true).append(true).open(self.words(n)).unwrap();
        let child = holdfast()
            .args(["serve", "--open", "--role", role, "--database", &self.place.url])
            .args(["--listen", &format!("127.0.0.1:{}", self.ports[n]), "--store", path(&self.stores[n])])
            .stdout(Stdio::null())
            .stderr(words)
            .spawn()
            .unwrap();
        self.servers[n] = Some(Running(child));
    }

    /// What a server wrote to its error stream.
    pub(crate) fn words(&self, n: usize) -> PathBuf {
        self.dir.path().join(format!("server-{n}"))
    }

    pub(crate) fn url(&self, n: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[n])
    }

    pub(crate) fn client(&self) -> Client {
        Client::http(&format!("{},{}", self.url(0), self.url(1)), Credentials::None).unwrap()
    }

    pub(crate) fn health(&self, n: usize) -> Option<u16> {
        let client = Client::http(&self.url(n), Credentials::None).unwrap();
        client.get("/health/ready").send().ok().map(|answer| answer.status)
    }

    pub(crate) fn is_ready(&self, n: usize) -> bool {
        self.health(n) == Some(200)
    }

    /// Waits until a standby follows.
    pub(crate) fn stands_by(&self, n: usize) {
        soon(SOON, "a standby", || (self.health(n) == Some(503)).then_some(()));
    }

    pub(crate) fn pid(&self, n: usize) -> String {
        self.servers[n].as_ref().unwrap().0.id().to_string()
    }

    pub(crate) fn signal(&self, n: usize, name: &str) {
        assert!(Command::new("kill").args([name, &self.pid(n)]).status().unwrap().success());
    }

    /// Waits for a server to end; returns its exit code, none after a signal.
    pub(crate) fn exit(&mut self, n: usize) -> Option<i32> {
        let mut server = self.servers[n].take().unwrap();
        soon(SOON, "the end of a server", || server.0.try_wait().unwrap()).code()
    }

    pub(crate) fn count(&self, condition: &str) -> i64 {
        let mut db = Database::connect(&self.place.url).unwrap();
        db.query(&format!("SELECT COUNT(*) FROM events WHERE {condition}"), &[]).unwrap()[0].int(0).unwrap()
    }

    /// Stops both servers, and holds what is stored to its log.
    pub(crate) fn check_whole(mut self, answers: &[(String, Value)]) {
        let client = self.client();
        for (id, answer) in answers {
            assert_eq!(&send(&client, id), answer, "{id} is as it was acknowledged");
        }
        let expected = i64::try_from(answers.len()).unwrap();
        // Results are written behind the answers.
        soon(SOON, "all results", || (self.count("true") >= expected).then_some(()));
        assert_eq!(self.count("true"), expected, "none is stored that the client has no answer to, and none twice");
        self.servers = [None, None];
        let store = path(&self.stores[0]).to_owned();
        let replay = || {
            let output = holdfast()
                .args(["--json", "audit", "replay", "--store", &store, "--database", &self.place.url])
                .output();
            let output = output.unwrap();
            if !output.status.success() {
                println!("{}", crate::common::words(&output));
            }
            output.status.success().then_some(output.stdout)
        };
        // The lock of a killed server is free once PostgreSQL has noticed.
        let replay: Value = serde_json::from_slice(&soon(SOON, "a replay", replay)).unwrap();
        assert_eq!((&replay["problems"], &replay["decisions"]), (&json!([]), &json!(expected)), "{replay}");
        run(holdfast().args(["audit", "verify", "--store", &store, "--database", &self.place.url]));
    }
}

/// Sends an event until it is answered.
fn send(client: &Client, id: &str) -> Value {
    client.post("/api/v1/events").json(&event(id)).again_for(SOON).fetch().unwrap_or_else(|e| panic!("{id}: {e}"))
}

/// A client that sends one event after the other.
#[derive(Default)]
struct Load {
    answers: Mutex<Vec<(String, Value)>>,
    answered: AtomicUsize,
    longest: Mutex<Duration>,
    stop: AtomicBool,
}

impl Load {
    fn run(&self, client: &Client) {
        let mut last = Instant::now();
        while !self.stop.load(Ordering::Acquire) {
            let id = format!("w-{}", self.answered.load(Ordering::Acquire));
            let answer = send(client, &id);
            let mut longest = self.longest.lock().unwrap();
            *longest = longest.max(last.elapsed());
            last = Instant::now();
            self.answers.lock().unwrap().push((id, answer));
            self.answered.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Waits for more answers.
    fn more(&self, than: usize) {
        let until = self.answered.load(Ordering::Acquire) + than;
        soon(SOON, "answers", || (self.answered.load(Ordering::Acquire) >= until).then_some(()));
    }

    /// Takes the longest time between two answers since the last call.
    fn pause(&self) -> Duration {
        std::mem::take(&mut *self.longest.lock().unwrap())
    }
}

/// Runs a test under load; returns what was answered.
fn under_load(desks: &mut Desks, test: impl FnOnce(&mut Desks, &Load)) -> Vec<(String, Value)> {
    let (load, client) = (Load::default(), desks.client());
    std::thread::scope(|scope| {
        let running = scope.spawn(|| load.run(&client));
        load.more(20);
        load.pause();
        // A test that fails must not leave the client sending.
        let tested = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| test(desks, &load)));
        load.stop.store(true, Ordering::Release);
        running.join().unwrap();
        if let Err(panic) = tested {
            std::panic::resume_unwind(panic);
        }
    });
    load.answers.into_inner().unwrap()
}

/// Kills the server that has the desk, again and again.
fn kill(rounds: usize) {
    let Some(mut desks) = Desks::start() else { return };
    let mut pauses = Vec::new();
    let answers = under_load(&mut desks, |desks, load| {
        for round in 0..rounds {
            let (has, stands) = (round % 2, (round + 1) % 2);
            desks.signal(has, "-KILL");
            desks.servers[has].take().unwrap().0.wait().unwrap();
            load.more(20);
            assert!(desks.is_ready(stands));
            pauses.push(load.pause());
            // It says that it stands by once it has made every decision again.
            let said =
                |desks: &Desks| std::fs::read_to_string(desks.words(has)).unwrap().matches("standing by").count();
            let before = said(desks);
            desks.serve(has, "standby");
            soon(SOON, "a warm standby", || (said(desks) > before).then_some(()));
            load.more(1 + round * 7 % 50);
            load.pause();
        }
    });
    pauses.sort();
    println!("{rounds} deciders killed: pause median {:?}, longest {:?}", pauses[rounds / 2], pauses[rounds - 1]);
    // Nobody is warm: both die, and one starts from the database alone.
    desks.servers = [None, None];
    let locks = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'";
    let mut db = Database::connect(&desks.place.url).unwrap();
    soon(SOON, "the end of the killed servers' sessions", || db.query(locks, &[]).unwrap().is_empty().then_some(()));
    let begun = Instant::now();
    desks.serve(0, "all");
    let client = desks.client();
    assert_eq!(send(&client, &answers[0].0), answers[0].1);
    println!("cold start to the first answer, {} events stored: {:?}", answers.len(), begun.elapsed());
    desks.check_whole(&answers);
}

#[test]
fn a_killed_decider_loses_nothing_that_was_acknowledged() {
    kill(2);
}

/// The series of the design's acceptance: `HOLDFAST_DECIDER_KILLS` deciders (100 by default).
#[test]
#[ignore = "minutes; ./test soak"]
fn deciders_are_killed_again_and_again() {
    kill(std::env::var("HOLDFAST_DECIDER_KILLS").map_or(100, |n| n.parse().unwrap()));
}

/// A process that is stopped and continued (a paused virtual machine, a stalled host) believes that it has the desk. Whatever it still sends is refused.
#[test]
fn a_frozen_decider_writes_nothing_after_another_took_over() {
    let Some(mut desks) = Desks::start() else { return };
    let client = desks.client();
    let mut answers: Vec<_> =
        (0..20).map(|n| format!("before-{n}")).map(|id| (id.clone(), send(&client, &id))).collect();
    desks.signal(0, "-STOP");
    // It has requests, which it will find when it wakes.
    let frozen = Client::http(&desks.url(0), Credentials::None).unwrap();
    let late: Vec<_> = (0..4)
        .map(|n| {
            let frozen = frozen.clone();
            std::thread::spawn(move || frozen.post("/api/v1/events").json(&event(&format!("late-{n}"))).send())
        })
        .collect();
    // The server ends its session after 3 s of silence. Nobody else does anything.
    soon(Duration::from_secs(25), "the standby has the desk", || desks.is_ready(1).then_some(()));
    let second = Client::http(&desks.url(1), Credentials::None).unwrap();
    answers.extend((0..20).map(|n| format!("after-{n}")).map(|id| (id.clone(), send(&second, &id))));
    desks.signal(0, "-CONT");
    for answer in late {
        match answer.join().unwrap() {
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.message()),
            Err(e) => assert!(matches!(e, ClientError::Unreachable { .. }), "{e}"),
        }
    }
    assert_eq!(desks.exit(0), Some(3));
    let words = std::fs::read_to_string(desks.words(0)).unwrap();
    assert!(words.contains("another Holdfast writes to this database now"), "{words}");
    assert_eq!(desks.count("id LIKE 'late-%'"), 0);
    desks.check_whole(&answers);
}

/// An upgrade: the version in use is stopped in order, the next one, which stood by, has the desk; then the other way round. With it goes a rotation of the
/// desk's key, which a line in the file of each node is.
#[test]
fn a_decider_that_is_stopped_in_order_costs_no_refused_request() {
    let Some(mut desks) = Desks::start() else { return };
    for store in &desks.stores {
        let mut keys = std::fs::File::options().append(true).open(store.join("desk.key")).unwrap();
        writeln!(keys, "{}", "5e".repeat(32)).unwrap();
    }
    let answers = under_load(&mut desks, |desks, load| {
        for has in [0, 1] {
            desks.signal(has, "-TERM");
            assert_eq!(desks.exit(has), Some(0), "{}", std::fs::read_to_string(desks.words(has)).unwrap());
            load.more(20);
            println!("decider stopped in order: longest pause {:?}", load.pause());
            desks.serve(has, "standby");
            desks.stands_by(has);
        }
    });
    let mut db = Database::connect(&desks.place.url).unwrap();
    let rotated = db.query("SELECT detail FROM audit WHERE action = 'desk_key.rotated'", &[]).unwrap();
    let ring = std::fs::read_to_string(desks.stores[0].join("desk.key")).unwrap();
    let ids: Vec<String> = KeyRing::parse(&ring).unwrap().ids().map(str::to_owned).collect();
    assert_eq!((rotated.len(), ids.len()), (1, 2));
    assert!(rotated[0].text(0).unwrap().contains(&ids[1]), "the second one's key is in use, and in the log");
    // What the first key signed verifies, too.
    desks.check_whole(&answers);
}
