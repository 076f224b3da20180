//! Files of records and events as spreadsheets leave them: what is damaged is refused line by line, the rest is taken.

use crate::common::{agent, holdfast, path, run, serving, words};
use serde_json::Value;

/// Customers as an Excel of Germany saved them: two ids were shortened to the same number.
const DAMAGED: &[u8] = b"kind;id;time;name;country;created\r\n\
    customer;1,23457E+15;01.02.2026;Ann;DE;\r\n\
    customer;1,23457E+15;13.02.2026;Bob;DE;\r\n\
    customer;c3;13.02.2026;M\xfcller;DE;31.02.2026\r\n\
    customer;c4;13.02.2026;M\xfcller;DE;31.01.2026\r\n";

#[test]
fn ids_that_a_spreadsheet_shortened_are_listed_and_the_other_lines_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("customers.csv");
    std::fs::write(&file, DAMAGED).unwrap();
    let desk = ["--store", path(dir.path())];
    let output = holdfast().args(["--json", "records", "import", path(&file)]).args(desk).output().unwrap();
    assert!(!output.status.success(), "{}", words(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((answer["taken"].as_u64(), answer["refused"].as_u64()), (Some(1), Some(3)), "{answer}");
    let said = words(&output);
    for expected in [
        "customers.csv: line 2: id (column B): '1,23457E+15'",
        "customers.csv: line 3: id (column B): '1,23457E+15'",
        "customers.csv: line 4: created (column F): '31.02.2026' is no date",
        "Windows-1252",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
    // An ambiguous date is read in the order that is given.
    let dates = b"kind,id,time\ncustomer,c5,03/04/2026\n";
    std::fs::write(&file, dates).unwrap();
    let import = |order: &[&str]| {
        let output = holdfast().args(["records", "import", path(&file)]).args(desk).args(order).output().unwrap();
        (output.status.success(), words(&output))
    };
    let (done, said) = import(&[]);
    assert!(!done && said.contains("line 2: time (column C): '03/04/2026'") && said.contains("dmy"), "{said}");
    assert!(import(&["--dates", "dmy"]).0);
    assert!(!import(&["--dates", "ymd"]).0);
}

#[test]
fn events_that_cannot_be_read_do_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let desk = ["--store", path(dir.path()), "--no-ledger"];
    let table = "id\ttime\tkind\tcustomer\tasset\tamount\tcounterparty\n\
                 w1\t2026-02-31T10:00:00Z\twithdrawal\tc\tBTC\t5\t1abc\n\
                 w2\t2026-02-28T10:00:00Z\twithdrawal\tc\tBTC\t1.234.567\t1abc\n";
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(table.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let lines = "\u{feff}{\"id\":\"a1\",\"time\":1772272800,\"kind\":\"account\",\"customer\":\"c\",\"action\":\"login\"}\n{\"id\":\n";
    for (name, bytes, place) in
        [("events.csv", utf16, "line 2: time (column B)"), ("events.jsonl", lines.as_bytes().to_vec(), "line 2: ")]
    {
        let file = dir.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let output = holdfast().args(["--json", "screen", path(&file)]).args(desk).output().unwrap();
        let said = words(&output);
        assert!(!output.status.success() && said.contains(place), "{said}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1, "{said}");
    }
}

#[test]
fn a_damaged_table_over_http_takes_nothing_unless_told_to() {
    let dir = tempfile::tempdir().unwrap();
    let (sim, store) = (dir.path().join("sim"), dir.path().join("store"));
    run(holdfast().args(["simulate", "chain", path(&sim), "--txs", "1000", "--no-truth"]));
    let ledger = store.join("ledger");
    run(holdfast().args(["ingest", path(&sim.join("blocks")), "--network", "regtest", "--ledger", path(&ledger)]));
    let key = run(holdfast().args(["keys", "create", "feed", "--scopes", "records", "--store", path(&store)]));
    let (_process, url) =
        serving(holdfast().args(["serve", "--open", "--listen", "127.0.0.1:0", "--store", path(&store)]));
    let send = |query: &str| {
        let mut response = agent()
            .post(format!("{url}/api/v1/records{query}"))
            .header("authorization", format!("Bearer {}", key.trim()))
            .header("content-type", "text/csv")
            .send(DAMAGED)
            .unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    };
    let (status, body) = send("");
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("line 2: id (column B)") && body.contains("line 4: created (column F)"), "{body}");
    let (status, body) = send("?partial=true");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, answer["taken"].as_u64(), answer["faults"].as_array().unwrap().len()),
        (200, Some(1), 3),
        "{body}"
    );
}
