//! `holdfast serve` under a service manager: systemd's sockets, which outlive a restart, its notices, its watchdog.

use crate::common::{Running, agent, holdfast, path, serving, small_store, soon};
use serde_json::{Value, json};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const EVENT_PATH: &str = "/api/v1/events";

fn event(id: &str) -> Value {
    json!({"id": id, "time": 1_780_000_000, "kind": "withdrawal", "customer": format!("c-{id}"), "asset": "ETH", "amount": "1",
        "counterparty": "0x00000000000000000000000000000000000000aa"})
}

/// Starts a server with sockets that are open already, as systemd does: from descriptor 3 on, with the process's id and the sockets' names.
fn activated(socket: &TcpListener, name: &str, store: &Path, args: &[&str]) -> (Running, String) {
    let mut command = Command::new("sh");
    command.args(["-c", r#"export LISTEN_PID=$$; exec "$0" "$@" 3<&0 </dev/null"#, env!("CARGO_BIN_EXE_holdfast")]);
    command.args(["serve", "--open", "--store", path(store)]).args(args);
    command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", name);
    command.stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap()))).stderr(Stdio::null());
    serving(&mut command)
}

fn terminate(process: &mut Running) {
    let pid = process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.0.wait().unwrap().success(), "it stops as asked");
}

/// systemd holds the socket: what comes between two processes waits, and what was accepted is answered.
#[test]
fn a_restart_under_load_refuses_no_connection_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}{EVENT_PATH}", socket.local_addr().unwrap());
    let start = || activated(&socket, "holdfast.socket", &store, &[]);
    let (mut process, said) = start();
    assert_eq!(format!("{said}{EVENT_PATH}"), url, "it serves on the socket that it was passed");
    let answered: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    let over = Arc::<AtomicBool>::default();
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (url, answered, over) = (url.clone(), answered.clone(), over.clone());
            std::thread::spawn(move || {
                for n in 0.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let id = format!("{client}-{n}");
                    // A connection for each: one that was kept open could be closed while it is idle, which is no refusal.
                    let request =
                        ureq::post(&url).header("Connection", "close").header("Content-Type", "application/json");
                    let mut answer = request.send(event(&id).to_string()).unwrap_or_else(|e| panic!("event {id}: {e}"));
                    let decision = answer.body_mut().read_json().unwrap_or_else(|e| panic!("event {id}: {e}"));
                    answered.lock().unwrap().push((id, decision));
                }
            })
        })
        .collect();
    let more_than = |count: usize| {
        soon(Duration::from_secs(60), "the clients are answered", || {
            assert!(!clients.iter().any(|c| c.is_finished()), "a client was refused");
            (answered.lock().unwrap().len() > count).then_some(())
        });
    };
    more_than(40);
    for _ in 0..2 {
        let before = answered.lock().unwrap().len();
        terminate(&mut process);
        process = start().0;
        more_than(before + 40);
    }
    over.store(true, Ordering::SeqCst);
    clients.into_iter().for_each(|c| c.join().unwrap());
    let answered = answered.lock().unwrap();
    for (id, decision) in answered.iter() {
        let mut again =
            agent().post(&url).header("Content-Type", "application/json").send(event(id).to_string()).unwrap();
        assert_eq!(again.body_mut().read_json::<Value>().unwrap(), *decision, "event {id}");
    }
}

#[test]
fn a_socket_named_metrics_serves_metrics_without_a_key_and_other_kinds_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = format!("http://{}/metrics", socket.local_addr().unwrap());
    let (mut process, url) = activated(&socket, "metrics", &store, &["--listen", "127.0.0.1:0"]);
    assert_ne!(format!("{url}/metrics"), own, "requests come to the address of the option");
    let text = agent().get(&own).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(text.contains("holdfast_build_info"), "{text}");
    terminate(&mut process);
    // A socket that is none for connections over TCP.
    let wrong = UnixDatagram::unbound().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", r#"export LISTEN_PID=$$; exec "$0" "$@" 3<&0 </dev/null"#, env!("CARGO_BIN_EXE_holdfast")]);
    command.args(["serve", "--open", "--store", path(&store)]).env("LISTEN_FDS", "1");
    let output = command.stdin(Stdio::from(OwnedFd::from(wrong))).output().unwrap();
    let said = crate::common::words(&output);
    assert!(!output.status.success() && said.contains("no TCP listener") && said.contains("ListenStream"), "{said}");
}

/// A transaction that waits for a lock in the database hangs the writer: its thread runs, the process answers, and nothing is stored.
#[test]
fn a_writer_that_hangs_stops_the_watchdog_and_one_that_goes_on_feeds_it_again() {
    let Some(place) = holdfast_testing::TestDb::own_postgres() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let notices = dir.path().join("notify");
    let socket = UnixDatagram::bind(&notices).unwrap();
    let mut command = holdfast();
    command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store), "--database", &place.url]);
    command.env("NOTIFY_SOCKET", &notices).env("WATCHDOG_USEC", "2000000").stderr(Stdio::null());
    let (_process, url) = serving(&mut command);
    // Notices until one is fed, or until there is none for longer than systemd would wait.
    let is_fed = |within: Duration| {
        socket.set_read_timeout(Some(within)).unwrap();
        let mut bytes = [0; 256];
        while let Ok(n) = socket.recv(&mut bytes) {
            if bytes[..n].starts_with(b"WATCHDOG=1") {
                return true;
            }
        }
        false
    };
    assert!(is_fed(Duration::from_secs(20)), "the writer answers");
    let mut other = holdfast_store::Database::connect(&place.url).unwrap();
    other.batch("BEGIN; LOCK TABLE ahead IN ACCESS EXCLUSIVE MODE").unwrap();
    let request = std::thread::spawn({
        let url = format!("{url}{EVENT_PATH}");
        move || agent().post(&url).header("Content-Type", "application/json").send(event("w-1").to_string()).unwrap()
    });
    soon(Duration::from_secs(60), "the watchdog is fed although the writer hangs", || {
        (!is_fed(Duration::from_secs(4))).then_some(())
    });
    assert!(!request.is_finished(), "the event waits for the writer");
    let live = agent().get(format!("{url}/health/live")).call().unwrap();
    assert_eq!(live.status(), 200, "the process answers, so that only its writer tells of the hang");
    other.batch("ROLLBACK").unwrap();
    assert!(is_fed(Duration::from_secs(20)), "it goes on");
    assert_eq!(request.join().unwrap().status(), 200);
}

/// systemd's datagrams: ready, alive, stopping; and a second signal ends the process at once.
#[test]
fn systemd_is_notified_and_a_second_signal_ends_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let place = dir.path().join("notify");
    let socket = UnixDatagram::bind(&place).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = holdfast();
    command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]);
    command.env("NOTIFY_SOCKET", &place).env("WATCHDOG_USEC", "400000");
    let (mut process, url) = serving(command.stderr(Stdio::null()));
    let next = || {
        let mut bytes = [0; 256];
        let n = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..n]).trim().to_owned()
    };
    let mut seen = vec![next(), next()];
    seen.sort();
    assert_eq!(seen, ["READY=1", "WATCHDOG=1"]);
    // A request that never ends keeps the process for its seven seconds.
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let pid = process.0.id().to_string();
    let signal = || assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    signal();
    soon(Duration::from_secs(20), "it stops", || (next() == "STOPPING=1").then_some(()));
    let began = Instant::now();
    signal();
    assert_eq!(process.0.wait().unwrap().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(3));
}
