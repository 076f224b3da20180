//! A node over HTTP (REST) that fails on command.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a node does instead of answering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It answers.
    #[default]
    None,
    /// It accepts connections and never answers.
    Silent,
    /// It answers after a pause.
    Slow(Duration),
    /// It announces the whole body and sends half of it.
    Cut,
    /// It answers with other bytes of the same length.
    Garbage,
    /// It answers 500.
    Broken,
}

/// A block: its hash in the order of the wire, and its bytes.
pub type NodeBlock = ([u8; 32], Vec<u8>);

#[derive(Debug, Default)]
struct State {
    fault: Fault,
    first: u32,
    chain: Vec<NodeBlock>,
    requests: Vec<String>,
}

/// A node of the Bitcoin family whose chain and faults are the test's.
#[derive(Debug)]
pub struct FaultyNode {
    /// Its REST address.
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl FaultyNode {
    /// Starts a node with a chain from a height on.
    ///
    /// # Panics
    /// When no port is free.
    pub fn new(first: u32, chain: Vec<NodeBlock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { first, chain, ..State::default() }));
        let served = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = served.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        FaultyNode { url, state }
    }

    /// Has all requests from now on answered with a fault.
    pub fn fail(&self, fault: Fault) {
        lock(&self.state).fault = fault;
    }

    /// Gives the node another chain: more blocks, or a reorganization.
    pub fn set_chain(&self, chain: Vec<NodeBlock>) {
        lock(&self.state).chain = chain;
    }

    /// Adds a block at the tip.
    pub fn add_block(&self, block: NodeBlock) {
        lock(&self.state).chain.push(block);
    }

    /// Returns the paths that were requested.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.state).requests.clone()
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let Ok(reader) = stream.try_clone() else { return };
    let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
    while let Some(first) = lines.next() {
        lines.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let (fault, found) = {
            let mut state = lock(state);
            state.requests.push(path.clone());
            (state.fault, answer(state.first as usize, &state.chain, &path))
        };
        if respond(&mut stream, fault, found).is_none() {
            return;
        }
    }
}

/// Writes an answer; `None` ends the connection.
fn respond(stream: &mut TcpStream, fault: Fault, found: Option<Vec<u8>>) -> Option<()> {
    let (status, mut body) = match (fault, found) {
        (Fault::Broken, _) => ("500 Internal Server Error", b"out of memory".to_vec()),
        (_, Some(body)) => ("200 OK", body),
        (_, None) => ("404 Not Found", b"not found".to_vec()),
    };
    match fault {
        // Longer than any test.
        Fault::Silent => std::thread::sleep(Duration::from_secs(3_600)),
        Fault::Slow(pause) => std::thread::sleep(pause),
        Fault::Garbage => body.iter_mut().for_each(|b| *b ^= 0x55),
        Fault::None | Fault::Cut | Fault::Broken => {}
    }
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    let sent = if fault == Fault::Cut { body.len() / 2 } else { body.len() };
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body[..sent])).ok()?;
    (fault != Fault::Cut).then_some(())
}

fn answer(first: usize, chain: &[NodeBlock], path: &str) -> Option<Vec<u8>> {
    let path = path.strip_prefix("/rest/")?;
    if path == "chaininfo.json" {
        let (hash, _) = chain.last()?;
        let height = first + chain.len() - 1;
        let text =
            format!(r#"{{"chain":"main","blocks":{height},"headers":{height},"bestblockhash":"{}"}}"#, display(hash));
        return Some(text.into_bytes());
    }
    if path == "mempool/contents.json" {
        return Some(b"{}".to_vec());
    }
    if let Some(height) = path.strip_prefix("blockhashbyheight/") {
        let height: usize = height.strip_suffix(".bin")?.parse().ok()?;
        return chain.get(height.checked_sub(first)?).map(|(hash, _)| hash.to_vec());
    }
    let wanted = path.strip_prefix("block/")?.strip_suffix(".bin")?;
    chain.iter().find(|(hash, _)| display(hash) == wanted).map(|(_, bytes)| bytes.clone())
}

/// Hashes are shown from their last byte on.
fn display(hash: &[u8; 32]) -> String {
    hash.iter().rev().map(|b| format!("{b:02x}")).collect()
}
