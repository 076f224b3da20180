//! A database that can be reached through a proxy which a test makes fail.

use crate::TestDb;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What the proxy does with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Pass,
    Stall,
    Refuse,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    connections: Vec<TcpStream>,
}

/// A TCP proxy in front of PostgreSQL that drops, stalls or refuses connections on command.
#[derive(Debug)]
pub struct FaultyDatabase {
    /// URL of the database through the proxy.
    pub url: String,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl FaultyDatabase {
    /// Starts a proxy in front of a PostgreSQL database.
    ///
    /// # Panics
    /// For SQLite, and when no port is free.
    pub fn new(db: &TestDb) -> Self {
        let (head, rest) = db.url.split_once("@").expect("PostgreSQL, not SQLite");
        let (address, name) = rest.split_once('/').expect("a URL with a name");
        let target: SocketAddr = address.parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("{head}@{}/{name}", listener.local_addr().expect("an address"));
        let shared = Arc::new((Mutex::new(State { mode: Mode::Pass, connections: Vec::new() }), Condvar::new()));
        let accepted = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                accept(&accepted, client, target);
            }
        });
        FaultyDatabase { url, shared }
    }

    /// Cuts all connections; new ones are accepted.
    pub fn cut(&self) {
        let mut state = lock(&self.shared.0);
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Cuts all connections and refuses new ones until [`FaultyDatabase::heal`].
    pub fn refuse(&self) {
        self.set(Mode::Refuse);
        self.cut();
    }

    /// Lets no byte through, in either direction, until [`FaultyDatabase::heal`].
    pub fn stall(&self) {
        self.set(Mode::Stall);
    }

    /// Lets everything through again.
    pub fn heal(&self) {
        self.set(Mode::Pass);
    }

    fn set(&self, mode: Mode) {
        lock(&self.shared.0).mode = mode;
        self.shared.1.notify_all();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(shared: &Arc<(Mutex<State>, Condvar)>, client: TcpStream, target: SocketAddr) {
    if lock(&shared.0).mode == Mode::Refuse {
        return;
    }
    let Ok(server) = TcpStream::connect(target) else { return };
    let copies = (client.try_clone(), client.try_clone(), server.try_clone(), server.try_clone());
    let (Ok(client_in), Ok(client_kept), Ok(server_in), Ok(server_kept)) = copies else { return };
    lock(&shared.0).connections.extend([client_kept, server_kept]);
    let (up, down) = (shared.clone(), shared.clone());
    std::thread::spawn(move || pump(&up, client_in, server));
    std::thread::spawn(move || pump(&down, server_in, client));
}

fn pump(shared: &(Mutex<State>, Condvar), mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        let state = lock(&shared.0);
        drop(shared.1.wait_while(state, |s| s.mode == Mode::Stall));
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
