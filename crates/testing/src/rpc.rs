//! A node over JSON-RPC whose answers are the test's.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// Serves a function of a request, for each of a batch, and returns the address; a request that does not read ends its connection.
///
/// # Panics
/// When no port is free.
pub fn rpc_node(answer: impl Fn(&Value) -> Value + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // The caller reports an answer that it did not get.
            let _ = serve(&stream, &answer);
        }
    });
    url
}

fn serve(mut stream: &TcpStream, answer: &impl Fn(&Value) -> Value) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
            length = n.trim().parse().map_err(std::io::Error::other)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request: Value = serde_json::from_slice(&body)?;
    let answer = match request.as_array() {
        Some(requests) => Value::Array(requests.iter().map(answer).collect()),
        None => answer(&request),
    };
    let answer = answer.to_string();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
    stream.write_all([head, answer].concat().as_bytes())
}
