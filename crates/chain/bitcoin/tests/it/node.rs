//! A node's credentials, against a stub that speaks just enough HTTP.

use holdfast_bitcoin::node::{NodeError, Rpc};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// Answers 1 to whoever sends the expected Authorization header, 401 to others; gives its address.
fn stub(expected: Arc<Mutex<String>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut authorization) = (0, String::new());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                    break;
                }
                let (name, value) = line.split_once(':').unwrap_or((&line, ""));
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "authorization" => authorization = value.trim().to_owned(),
                    _ => {}
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let right = authorization == *expected.lock().unwrap();
            let (status, body) = if right { ("200 OK", "{\"result\": 1}") } else { ("401 Unauthorized", "") };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    url
}

/// A node writes a new cookie at each start: the file is read again, and a cookie that is wrong is an error with its cause.
#[test]
fn a_restarted_nodes_new_cookie_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let cookie = dir.path().join(".cookie");
    // base64 of `__cookie__:a` and `__cookie__:b`.
    let (first, second) = ("Basic X19jb29raWVfXzph", "Basic X19jb29raWVfXzpi");
    let expected = Arc::new(Mutex::new(first.to_owned()));
    let url = stub(expected.clone());
    std::fs::write(&cookie, "__cookie__:a").unwrap();
    let node = Rpc::with_cookie(&url, &cookie).unwrap();
    assert_eq!(node.call("getblockcount", json!([])).unwrap(), json!(1));
    // The node restarts: its old cookie is void, the new one is in the file a moment later.
    *expected.lock().unwrap() = second.to_owned();
    let stale = node.call("getblockcount", json!([]));
    assert!(matches!(stale, Err(NodeError::Credentials { status: 401, .. })), "{stale:?}");
    std::fs::remove_file(&cookie).unwrap();
    let missing = node.call("getblockcount", json!([]));
    assert!(matches!(missing, Err(NodeError::Cookie(..))), "{missing:?}");
    std::fs::write(&cookie, "__cookie__:b\n").unwrap();
    assert_eq!(node.call("getblockcount", json!([])).unwrap(), json!(1));
    assert!(!format!("{node:?}").contains("X19jb29"), "no secret in debug output");
}
