//! `serve --role api`: two gateways before two servers of one PostgreSQL database. Callers that send each event once and know nothing of the servers behind
//! are refused nothing while the desk changes hands, and every decision is that of one process.

use crate::common::{Running, free_port, holdfast, soon};
use crate::takeover::{Desks, SOON, event};
use holdfast_client::{Client, Credentials};
use serde_json::Value;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A gateway before the servers of a desk; its address.
fn gateway(desks: &Desks) -> (Running, String) {
    let port = free_port();
    let child = holdfast()
        .args(["serve", "--role", "api", "--listen", &format!("127.0.0.1:{port}"), "--desk-patience", "60"])
        .args(["--desk", &desks.url(0), "--desk", &desks.url(1)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let client = Client::http(&url, Credentials::None).unwrap();
    soon(SOON, "a gateway", || client.get("/health/ready").send().ok().filter(|answer| answer.status == 200).map(drop));
    (Running(child), url)
}

#[test]
fn callers_of_gateways_are_refused_nothing_while_the_desk_changes_hands() {
    const CALLERS: usize = 8;
    let Some(mut desks) = Desks::start() else { return };
    let gateways = [gateway(&desks), gateway(&desks)];
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let answers: Vec<(String, Value)> = std::thread::scope(|scope| {
        let caller = |n: usize| {
            let client = Client::http(&gateways[n % 2].1, Credentials::None).unwrap();
            let (stop, answered) = (&stop, &answered);
            scope.spawn(move || {
                let mut own = Vec::new();
                while !stop.load(Ordering::Acquire) {
                    let id = format!("w-{n}-{}", own.len());
                    // Once: whoever refuses it fails the test.
                    let answer = client.post("/api/v1/events").json(&event(&id)).fetch();
                    own.push((id.clone(), answer.unwrap_or_else(|e| panic!("{id}: {e}"))));
                    answered.fetch_add(1, Ordering::AcqRel);
                }
                own
            })
        };
        let callers: Vec<_> = (0..CALLERS).map(caller).collect();
        let more = |than: usize| {
            let until = answered.load(Ordering::Acquire) + than;
            soon(SOON, "answers", || {
                (answered.load(Ordering::Acquire) >= until || callers.iter().any(|c| c.is_finished())).then_some(())
            });
        };
        more(50);
        // Killed.
        desks.signal(0, "-KILL");
        desks.servers[0].take().unwrap().0.wait().unwrap();
        more(100);
        desks.serve(0, "standby");
        desks.stands_by(0);
        // Stopped in order.
        desks.signal(1, "-TERM");
        assert_eq!(desks.exit(1), Some(0));
        more(100);
        stop.store(true, Ordering::Release);
        callers.into_iter().flat_map(|c| c.join().unwrap()).collect()
    });
    assert!(answers.len() >= 250);
    drop(gateways);
    desks.serve(1, "standby");
    desks.stands_by(1);
    // Whoever asks the desk itself gets the same, and one process that reads the log decides the same, byte for byte.
    desks.check_whole(&answers);
}
