//! Webhooks and mail on both databases: what is delivered, in which order, after which failures.

use holdfast_audit::Entry;
use holdfast_identity::KeyRing;
use holdfast_notify::delivery::{Deliverer, sign};
use holdfast_notify::outbox::{self, Mail, MailState, Waiting};
use holdfast_notify::webhooks::{self, Content};
use holdfast_notify::{NotifyError, Webhook};
use holdfast_screening::Screening;
use holdfast_store::{Database, DbError, Store};
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::{Seconds, Timestamp};
use serde_json::json;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

on_both!(
    mail_waits_longer_after_each_failure,
    mail_is_listed_without_its_text_and_tried_at_once,
    every_webhook_receives_in_order_beside_a_silent_one,
    removed_is_removed
);

fn open(place: &TestDb) -> (Arc<Screening>, TestClock) {
    let clock = TestClock::new();
    (Arc::new(Screening::open(&place.url, clock.clock()).unwrap()), clock)
}

fn add_mail(store: &Screening, to: &str) {
    let to = to.to_owned();
    Store::change(store, "t", move |tx| outbox::add(tx, &to, "Subject", "the code", "test:1")).unwrap();
}

fn mail_waits_longer_after_each_failure(place: &TestDb) {
    let (store, clock) = open(place);
    add_mail(&store, "a@example.org");
    add_mail(&store, "b@example.org");
    // A change that is refused announces nothing.
    let refused = Store::change(&*store, "t", |tx| {
        outbox::add(tx, "c@example.org", "s", "b", "test:1")?;
        Err::<(), _>(NotifyError::NotFound("it".into()))
    });
    assert!(matches!(refused, Err(NotifyError::NotFound(_))));
    let tried = RefCell::new(Vec::new());
    let send = |mail: &Mail| {
        tried.borrow_mut().push(mail.to.clone());
        if mail.to.starts_with('a') { Err("mailbox is full".to_owned()) } else { Ok(()) }
    };
    let round = || outbox::deliver(&*store, &send, &|| ControlFlow::Continue(())).unwrap();
    assert_eq!(round(), 1);
    assert_eq!(tried.take(), ["a@example.org", "b@example.org"]);
    assert_eq!(store.read(outbox::waiting).unwrap(), Waiting { count: 1, failing: 1 });
    // 1, 2, 4, ... minutes, at most an hour.
    let mut now = START;
    for wait in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
        clock.set(now + Seconds::new(wait - 1));
        assert_eq!((round(), tried.take().len()), (0, 0), "before {wait} s");
        now += Seconds::new(wait);
        clock.set(now);
        assert_eq!((round(), tried.take().len()), (0, 1), "after {wait} s");
    }
    let rows = store.read(|db| db.query("SELECT body, last_error, failures FROM outbox ORDER BY id", &[])).unwrap();
    assert_eq!((rows[0].text(1).unwrap(), rows[0].int(2).unwrap()), ("mailbox is full", 9));
    assert_eq!((rows.len(), rows[1].text(0).unwrap()), (2, ""), "what was sent is not stored any longer");
    assert_eq!(store.read(|db| outbox::count_since(db, "test:1", START - Seconds::new(1))).unwrap(), 2);
    assert_eq!(store.read(|db| outbox::count_since(db, "test:1", START)).unwrap(), 0);
}

fn mail_is_listed_without_its_text_and_tried_at_once(place: &TestDb) {
    let (store, _clock) = open(place);
    for to in ["a@example.org", "b@example.org", "c@example.org"] {
        add_mail(&store, to);
    }
    let send = |mail: &Mail| match mail.to.as_str() {
        "a@example.org" => Err("mailbox is full".to_owned()),
        _ => Ok(()),
    };
    let round = |at_most: usize| {
        let left = std::cell::Cell::new(at_most);
        let go_on = || {
            left.set(left.get() - 1);
            if left.get() == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        outbox::deliver(&*store, &send, &go_on).unwrap()
    };
    assert_eq!(round(2), 1);
    let list = |state: Option<MailState>, below: Option<u64>, limit: usize| {
        let found = store.read(|db| outbox::list(db, state, below, limit)).unwrap();
        found.into_iter().map(|m| (m.to, m.state)).collect::<Vec<_>>()
    };
    let [a, b, c] = [("a", MailState::Failing), ("b", MailState::Sent), ("c", MailState::Waiting)]
        .map(|(name, state)| (format!("{name}@example.org"), state));
    assert_eq!(list(None, None, 10), [c.clone(), b.clone(), a.clone()]);
    assert_eq!(list(None, Some(3), 1), std::slice::from_ref(&b));
    assert_eq!((list(Some(MailState::Failing), None, 10), list(Some(MailState::Sent), None, 10)), (vec![a], vec![b]));
    assert_eq!(list(Some(MailState::Waiting), None, 10), [c]);
    assert_eq!(round(9), 1, "the failed one waits");
    let retry = |id: u64| Store::change(&*store, "boss", move |tx| outbox::retry(tx, id));
    retry(1).unwrap();
    let tried = RefCell::new(0);
    let send = |_: &Mail| {
        *tried.borrow_mut() += 1;
        Ok(())
    };
    outbox::deliver(&*store, &send, &|| ControlFlow::Continue(())).unwrap();
    assert_eq!(tried.take(), 1, "without waiting for its time");
    for gone in [1, 2, 9] {
        assert!(matches!(retry(gone), Err(NotifyError::NotFound(_))), "{gone}");
    }
}

/// Two messages of every entry that is noted here; of others none.
fn render(_: &mut Database, entry: &Entry, on: &dyn Fn(&str) -> bool) -> Result<Vec<Content>, DbError> {
    let wanted = entry.action.starts_with("thing.") && on("things");
    let part = |n: u8| Content::new(&entry.action, json!({ "part": n, "subject": entry.subject }));
    Ok(if wanted { vec![part(1), part(2)] } else { Vec::new() })
}

struct Request {
    head: String,
    body: String,
}

/// An HTTP endpoint that answers with each status in turn, and then with the last.
fn endpoint(statuses: Vec<u16>) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter().peekable();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let status = if statuses.len() > 1 { statuses.next() } else { statuses.peek().copied() };
            let mut bytes = Vec::new();
            let (head, length) = loop {
                let mut part = [0; 4096];
                let n = stream.read(&mut part).unwrap();
                bytes.extend_from_slice(&part[..n]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some(end) = text.find("\r\n\r\n") {
                    let head = text[..end].to_ascii_lowercase();
                    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok());
                    break (head, end + 4 + length.unwrap_or(0));
                }
            };
            while bytes.len() < length {
                let mut part = [0; 4096];
                let n = stream.read(&mut part).unwrap();
                bytes.extend_from_slice(&part[..n]);
            }
            let start = head.len() + 4;
            let body = String::from_utf8_lossy(&bytes[start..]).into_owned();
            let status = status.unwrap_or(200);
            let _ = stream
                .write_all(format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
            if sender.send(Request { head, body }).is_err() {
                return;
            }
        }
    });
    (url, requests)
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.head.lines().find_map(|l| l.strip_prefix(&format!("{name}: "))).unwrap()
}

fn add_webhook(store: &Screening, url: &str) -> u64 {
    let url = url.to_owned();
    Store::change(store, "ana", move |tx| webhooks::add(tx, &url, &["things".to_owned()])).unwrap()
}

fn happen(store: &Screening, subject: &str) {
    let subject = subject.to_owned();
    Store::change(store, "ana", move |tx| {
        tx.audit("thing.done", &subject, "{}");
        Ok::<_, NotifyError>(())
    })
    .unwrap();
}

/// Waits until something is so; the delivery works in threads.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn every_webhook_receives_in_order_beside_a_silent_one(place: &TestDb) {
    let (store, clock) = open(place);
    happen(&store, "before");
    // An endpoint that takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    add_webhook(&store, &format!("http://{}/", silent.local_addr().unwrap()));
    let (url, requests) = endpoint(vec![500, 200]);
    let hook = add_webhook(&store, &url);
    happen(&store, "one");
    happen(&store, "two");
    let key_ring = KeyRing::single([5; 32]);
    let deliverer = Deliverer::start(store.clone(), render, key_ring.clone()).unwrap();
    let next =
        || requests.recv_timeout(Duration::from_secs(30)).expect("a message comes, whatever the silent one does");
    let failed = next();
    let state = |id: u64| -> Webhook {
        store.read(webhooks::list).unwrap().into_iter().find(|w| w.id == id).expect("it is listed")
    };
    until("the failure is stored", || state(hook).failures == 1);
    assert_eq!(state(hook).next_try, START + Seconds::new(1));
    assert!(state(hook).last_error.unwrap().ends_with("it answered 500"));
    // Not before its time; then the same message, and the rest in order.
    std::thread::sleep(Duration::from_millis(600));
    assert!(requests.try_recv().is_err(), "it waits for its next try");
    clock.set(START + Seconds::new(1));
    let taken: Vec<Request> = (0..4).map(|_| next()).collect();
    assert_eq!((header(&taken[0], "webhook-id"), &taken[0].body), (header(&failed, "webhook-id"), &failed.body));
    let said: Vec<(String, u64)> = taken
        .iter()
        .map(|r| {
            let body: serde_json::Value = serde_json::from_str(&r.body).unwrap();
            (body["data"]["subject"].as_str().unwrap().to_owned(), body["data"]["part"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(said, [("one".into(), 1), ("one".into(), 2), ("two".into(), 1), ("two".into(), 2)]);
    for request in &taken {
        let (id, time) = (header(request, "webhook-id"), header(request, "webhook-timestamp").parse().unwrap());
        let time = Timestamp::from_unix(time);
        let signature = sign(&key_ring, hook, id, time, &request.body).to_ascii_lowercase();
        assert_eq!(header(request, "webhook-signature"), signature);
    }
    until("the progress is stored", || state(hook).delivered == 4 && state(hook).failures == 0);
    // The silent endpoint hangs up: the delivery to it ends before its timeout.
    drop(silent);
    drop(deliverer);
    // What comes after a restart goes on where it was.
    happen(&store, "three");
    let _again = Deliverer::start(store.clone(), render, key_ring).unwrap();
    assert!(next().body.contains("\"three\""));
}

fn removed_is_removed(place: &TestDb) {
    let (store, _) = open(place);
    let (url, requests) = endpoint(vec![410]);
    let hook = add_webhook(&store, &url);
    happen(&store, "one");
    let deliverer = Deliverer::start(store.clone(), render, KeyRing::single([5; 32])).unwrap();
    requests.recv_timeout(Duration::from_secs(30)).expect("one message comes");
    until("an endpoint that is gone is removed", || store.read(webhooks::list).unwrap().is_empty());
    drop(deliverer);
    let again = Store::change(&*store, "ana", move |tx| webhooks::remove(tx, hook, "twice"));
    assert!(matches!(again, Err(NotifyError::NotFound(_))));
    let last = store.audit(0, Some(&format!("webhook:{hook}")), 10).unwrap().pop().unwrap();
    assert_eq!((last.action.as_str(), last.actor.as_str()), ("webhook.removed", "engine"));
    for n in 0..webhooks::MAX_WEBHOOKS {
        add_webhook(&store, &format!("https://example.org/{n}"));
    }
    let more = Store::change(&*store, "ana", |tx| webhooks::add(tx, "https://example.org/x", &["things".to_owned()]));
    assert!(matches!(more, Err(NotifyError::Invalid(_))), "there is a bound");
}
