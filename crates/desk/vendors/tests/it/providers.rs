//! Providers that answer late, wrongly, or not at all.

use holdfast_types::Timestamp;
use holdfast_vendors::{Providers, Question};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A provider that answers its nth request by `answer(n, request line)`: status and body, or nothing at all.
struct Peer {
    url: String,
    queried: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
}

type Answer = dyn Fn(usize, &str) -> Option<(u16, String)>;

fn peer(answer: impl Fn(usize, &str) -> Option<(u16, String)> + Send + Sync + 'static) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (queried, seen, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
    let (counter, lines) = (queried.clone(), seen.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (counter, lines, answer) = (counter.clone(), lines.clone(), answer.clone());
            std::thread::spawn(move || one(stream, &counter, &lines, &*answer));
        }
    });
    Peer { url, queried, seen }
}

fn one(mut stream: TcpStream, counter: &AtomicUsize, lines: &Mutex<Vec<String>>, answer: &Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(n) = line.to_lowercase().strip_prefix("content-length: ") {
            length = n.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let n = counter.fetch_add(1, Ordering::SeqCst);
    lines.lock().unwrap().push(format!("{head}\n{}", String::from_utf8_lossy(&body)));
    match answer(n, &head) {
        Some((status, body)) => {
            let _ = write!(
                stream,
                "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
        None => std::thread::sleep(Duration::from_secs(5)),
    }
}

fn trm(peer: &Peer, more: &str) -> Providers {
    Providers::parse(&format!("trm: {{url: '{}', secret: key}}\n{more}", peer.url)).unwrap()
}

fn query(providers: &Providers, address: &str) -> (Option<u8>, String, bool) {
    let fact =
        providers.query(&Question::address("BTC", address, Timestamp::from_unix(1_800_000_000))).remove("trm").unwrap();
    (fact.risk, fact.detail, fact.cached)
}

const CLEAN: &str = r#"[{"addressRiskIndicators": [], "entities": [{"entity": "Kraken", "riskScoreLevel": 1}]}]"#;

#[test]
fn passing_faults_are_tried_again_and_answers_cached() {
    let peer = peer(|n, _| Some(if n < 2 { (503, "busy".into()) } else { (201, CLEAN.into()) }));
    let providers = trm(&peer, "retries: 2");
    assert_eq!(query(&providers, "a"), (Some(1), "Kraken".into(), false));
    assert_eq!(peer.queried.load(Ordering::SeqCst), 3);
    assert_eq!(query(&providers, "a"), (Some(1), "Kraken".into(), true));
    assert_eq!(peer.queried.load(Ordering::SeqCst), 3);
    let state = &providers.state()[0];
    assert_eq!((state.asked, state.answered, state.cached, state.breaker), (1, 1, 1, "closed"));
    assert!(state.answered_at.is_some() && state.failed_at.is_none(), "{state:?}");
    assert!(state.chains.iter().any(|chain| chain == "eip155:1"), "{state:?}");
    // The key is sent as user and password, the customer as a pseudonym.
    let request = peer.seen.lock().unwrap()[0].to_lowercase();
    assert!(request.contains("authorization: basic a2v5omtleq=="), "{request}");
    assert!(!request.contains("\"accountexternalid\":\"holdfast\""), "{request}");
}

#[test]
fn lasting_faults_are_not_tried_again() {
    for (status, body, words) in [
        (401, "no such key", "401"),
        (200, "<html>", "no JSON"),
        (400, "{\"message\": \"bad address\"}", "bad address"),
    ] {
        let peer = peer(move |_, _| Some((status, body.to_owned())));
        let providers = trm(&peer, "retries: 5");
        let (risk, detail, _) = query(&providers, "a");
        assert_eq!(risk, None);
        assert!(detail.contains(words), "{detail}");
        assert_eq!(peer.queried.load(Ordering::SeqCst), 1, "{status}");
    }
}

#[test]
fn silence_ends_at_the_deadline_and_is_not_cached() {
    let peer = peer(|n, _| (n > 0).then(|| (201, CLEAN.to_owned())));
    let providers = trm(&peer, "timeout_ms: 300\nretries: 3");
    let before = Instant::now();
    let (risk, detail, _) = query(&providers, "a");
    assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
    assert_eq!(risk, None);
    assert!(detail.contains("in time"), "{detail}");
    assert_eq!(query(&providers, "a").0, Some(1));
}

#[test]
fn a_provider_that_fails_again_and_again_is_skipped_then_tried_once() {
    let peer = peer(|n, _| Some(if n < 3 { (500, "broken".into()) } else { (201, CLEAN.into()) }));
    let providers = trm(&peer, "retries: 0\nbreaker_failures: 3\nbreaker_seconds: 1");
    for _ in 0..3 {
        assert_eq!(query(&providers, "a").0, None);
    }
    assert_eq!(providers.state()[0].breaker, "open");
    assert!(providers.state()[0].failed_at.is_some() && providers.state()[0].answered_at.is_none());
    let (risk, detail, _) = query(&providers, "a");
    assert_eq!(risk, None);
    assert!(detail.starts_with("not queried") && detail.contains("broken"), "{detail}");
    assert_eq!(peer.queried.load(Ordering::SeqCst), 3);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(providers.state()[0].breaker, "half-open");
    assert_eq!(query(&providers, "a").0, Some(1));
    assert_eq!(providers.state()[0].breaker, "closed");
}

#[test]
fn chainalysis_is_waited_for_until_it_has_screened() {
    let peer = peer(|n, line| {
        let words = if line.starts_with("POST /api/kyt/v2/users/") {
            r#"{"externalId": "e-1", "updatedAt": null}"#
        } else if line.contains("/exposures") {
            r#"{"direct": {"name": "Hydra", "category": "darknet market"}}"#
        } else if line.contains("/alerts") {
            r#"{"alerts": [{"alertLevel": "HIGH", "category": "darknet market", "service": "Hydra"}]}"#
        } else if n < 3 {
            r#"{"externalId": "e-1", "updatedAt": null}"#
        } else {
            r#"{"externalId": "e-1", "updatedAt": "2026-11-24T00:00:00Z"}"#
        };
        Some((200, words.to_owned()))
    });
    let providers = Providers::parse(&format!("chainalysis: {{url: '{}', secret: t}}", peer.url)).unwrap();
    let fact = providers
        .query(&Question::address("BTC", "a", Timestamp::from_unix(1_800_000_000)))
        .remove("chainalysis")
        .unwrap();
    assert_eq!(fact.risk, Some(3), "{}", fact.detail);
    assert!(fact.detail.contains("HIGH darknet market (Hydra)"), "{}", fact.detail);
}

/// A provider is asked about the chain that the transfer is on, and about none where that is not known.
#[test]
fn a_provider_is_asked_about_the_transfer_s_own_chain() {
    let peer = peer(|_, _| Some((201, CLEAN.into())));
    let providers = trm(&peer, "");
    let ask = |asset: &str, address: &str| {
        let question = Question::address(asset, address, Timestamp::from_unix(1_800_000_000));
        providers.query(&question).remove("trm").unwrap()
    };
    let (on_tron, on_evm) = ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "0xdAC17F958D2ee523a2206206994597C13D831ec7");
    for (asset, address, chain) in [
        ("USDT", on_tron, "tron"),
        ("eip155:42161/slip44:60", on_evm, "arbitrum"),
        ("eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7", on_evm, "ethereum"),
    ] {
        assert_eq!(ask(asset, address).risk, Some(1), "{asset}");
        let request = peer.seen.lock().unwrap().pop().unwrap();
        assert!(request.contains(&format!("\"chain\":\"{chain}\"")), "{request}");
    }
    let fact = ask("USDT", on_evm);
    assert!(fact.risk.is_none() && fact.detail.contains("several chains have USDT"), "{fact:?}");
    assert!(peer.seen.lock().unwrap().is_empty(), "nothing was sent");
}

#[test]
fn files_are_checked() {
    for (yaml, field) in [
        ("{}", "providers"),
        ("trm: {url: 'ftp://x', secret: k}", "trm.url"),
        ("trm: {url: 'https://x'}", "trm.secret"),
        ("trm: {url: 'https://x', secret_env: HOLDFAST_NO_SUCH_VARIABLE}", "trm.secret_env"),
        ("elliptic: {url: 'https://x', key: k, secret: 'no base64!'}", "elliptic.secret"),
        ("elliptic: {url: 'https://x', secret: AAAA}", "elliptic.key"),
        ("trm: {url: 'https://x', secret: k}\ntimeout_ms: 5", "timeout_ms"),
        ("trm: {url: 'https://x', secret: k, colour: red}", "providers"),
    ] {
        assert_eq!(Providers::parse(yaml).unwrap_err().field, field, "{yaml}");
    }
}
