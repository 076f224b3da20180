use super::*;
use holdfast_types::Timestamp;
use std::io::{Read, Write};

/// Answers one connection with fixed bytes; returns what it was sent.
fn answer_one(mut stream: impl Read + Write, answer: &[u8]) -> String {
    let mut sent = Vec::new();
    let mut buffer = [0; 4_096];
    // The requests here fit the buffer, with their body.
    while !sent.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut buffer).unwrap_or(0) {
            0 => break,
            n => sent.extend_from_slice(&buffer[..n]),
        }
    }
    stream.write_all(answer).ok();
    String::from_utf8_lossy(&sent).into_owned()
}

fn http(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A server of one answer on TCP.
fn once(answer: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (url, std::thread::spawn(move || answer_one(listener.accept().unwrap().0, &answer)))
}

#[test]
fn segments_and_values_cannot_leave_their_place() {
    assert_eq!(api_path(&["desk", "cases", "a/../b?c#d%"]), "/api/v1/desk/cases/a%2F..%2Fb%3Fc%23d%25");
    let client = Client::http("http://localhost:1", Credentials::None).unwrap();
    let request = client.get("/x").query("a", "1&b=2").query_opt("c", None::<u8>).query_opt("d", Some(3));
    assert!(format!("{request:?}").contains("/x?a=1%26b%3D2&d=3"));
}

#[test]
fn urls_that_are_no_servers_are_refused() {
    for url in
        ["desk.example", "ftp://desk.example", "http://", "https://:80", "https://ana:x@desk.example", "http://a/?b"]
    {
        assert!(matches!(Client::http(url, Credentials::None), Err(ClientError::Request(_))), "{url}");
    }
    assert_eq!(Client::http("http://[::1]:80/", Credentials::None).unwrap().server(), "http://[::1]:80");
}

#[test]
fn a_key_is_sent_and_a_refusal_has_the_servers_message() {
    let (url, server) = once(http("403 Forbidden", r#"{"error":"this needs the scope holds","code":"forbidden"}"#));
    let client = Client::http(&url, Credentials::Key("hf_a_b".into())).unwrap();
    let error = client.post("/api/v1/holds").json(&serde_json::json!({})).fetch::<serde_json::Value>().unwrap_err();
    assert_eq!((error.status(), error.to_string().as_str()), (Some(403), "this needs the scope holds"));
    assert!(matches!(&error, ClientError::Refused { code: Some(c), .. } if c == "forbidden"));
    let sent = server.join().unwrap().to_lowercase();
    assert!(sent.starts_with("post /api/v1/holds http/1.1"), "{sent}");
    assert!(sent.contains("authorization: bearer hf_a_b") && sent.contains("content-type: application/json"));
    assert!(!format!("{client:?}").contains("hf_a_b"), "keys are not printed");
}

#[test]
fn redirects_are_not_followed_and_large_or_late_answers_end() {
    let (url, server) =
        once(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n".to_vec());
    let answer = Client::http(&url, Credentials::Key("k".into())).unwrap().get("/").send().unwrap();
    assert_eq!(answer.status, 302);
    server.join().unwrap();

    let limits = Limits { time: Duration::from_secs(5), answer_bytes: 8 };
    let (url, server) = once(http("200 OK", "\"123456789\""));
    let error = Client::http_with(&url, Credentials::None, limits).unwrap().get("/").bytes().unwrap_err();
    assert!(matches!(&error, ClientError::Answer { reason, .. } if reason.contains("8 bytes")), "{error}");
    server.join().unwrap();

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let begun = std::time::Instant::now();
    let error = Client::http_with(&url, Credentials::None, limits).unwrap().get("/").send().unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }) && begun.elapsed() < Duration::from_secs(5), "{error}");
}

#[test]
#[cfg(unix)]
fn a_socket_is_reached_by_its_path_with_a_signed_request() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.sock");
    let key_ring = holdfast_identity::KeyRing::single([3; 32]);
    let credentials = Credentials::Command { key_ring: key_ring.clone(), actor: "ana".into() };
    let client = Client::unix(&path, credentials);
    assert!(matches!(client.get("/").send(), Err(ClientError::Unreachable { .. })), "nobody listens");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // Larger than any buffer of the connection.
    let body = format!("\"{}\"", "x".repeat(1 << 20));
    let answer = http("200 OK", &body);
    let server = std::thread::spawn(move || answer_one(listener.accept().unwrap().0, &answer));
    let text: String = client.get("/api/v1/holds").query("limit", 1).fetch().unwrap();
    assert_eq!(text.len(), 1 << 20);
    let sent = server.join().unwrap();
    let line = sent.lines().find(|l| l.to_lowercase().starts_with("authorization: ")).unwrap();
    let value = line.split_once(": ").unwrap().1;
    let time: i64 = value.split([' ', '.']).nth(1).unwrap().parse().unwrap();
    assert_eq!(
        value,
        holdfast_identity::sign_command(&key_ring, "ana", "GET", "/api/v1/holds?limit=1", Timestamp::from_unix(time))
    );
}

#[test]
fn a_request_goes_to_the_server_that_has_the_desk() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (standby, stood) =
        once(http("503 Service Unavailable", r#"{"error":"this server is a standby","code":"unavailable"}"#));
    let (desk, served) = once(http("200 OK", "7"));
    let client = Client::http(&format!("http://{closed},{standby}, {desk}/"), Credentials::None).unwrap();
    assert_eq!(client.post("/x").json(&1).fetch::<u8>().unwrap(), 7);
    assert!(stood.join().unwrap().starts_with("POST /x") && served.join().unwrap().starts_with("POST /x"));
    // Where none has it, the last answer is told; nothing is sent for ever.
    let error = client.get("/x").send().unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error:?}");
    let many = ["http://a"; 17].join(",");
    assert!(Client::http(&many, Credentials::None).unwrap_err().to_string().contains("at most 16"));
    assert!(Client::http("http://a,ftp://b", Credentials::None).unwrap_err().to_string().contains("ftp://b"));
}

#[test]
fn a_request_that_may_be_done_twice_is_sent_again_while_a_desk_changes_hands() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        // It ends in the middle of a request, is a standby, and has the desk.
        let (ended, standby, desk) = (Vec::new(), http("503 Service Unavailable", "{}"), http("200 OK", "7"));
        [ended, standby, desk].map(|answer| answer_one(listener.accept().unwrap().0, &answer)).len()
    });
    let client = Client::http(&url, Credentials::None).unwrap();
    let event = client.post("/x").json(&1).again_for(Duration::from_secs(60));
    assert_eq!(event.fetch::<u8>().unwrap(), 7);
    assert_eq!(server.join().unwrap(), 3);
    // Without leave, what may have reached a server is sent once.
    let (url, server) = once(Vec::new());
    assert!(Client::http(&url, Credentials::None).unwrap().post("/x").send().is_err());
    server.join().unwrap();
}
