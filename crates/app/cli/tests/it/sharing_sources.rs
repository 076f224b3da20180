//! Partners that misbehave: who may change what, what is shown to whom, and what one bad object costs.

use crate::common::{Desk, exchange, holdfast, ok, path, run, serving, small_store, soon, words};
use holdfast_decision::flags::{Flag, State, Subject};
use holdfast_sharing::stix::{self, Tlp, flag_object, identity_id};
use holdfast_sharing::taxii::Client;
use holdfast_types::{Seconds, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longest wait for a reading of a source and its effects.
const WAIT: Duration = Duration::from_secs(30);
/// Is paid in the store's one block.
const PAID: &str = "1HWqsgnSd12Gv8SpoUMi1Cj8hp79BTSpW7";
const THIEF: &str = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";

type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);
type Handler = dyn Fn(&str) -> Answer + Send + Sync;

/// A partner's server: answers GET requests by their path and query, and remembers them.
struct Partner {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

/// Files that a partner serves, by path.
type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

impl Partner {
    fn new(handler: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Partner {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, handler): (_, Arc<Handler>) = (seen.clone(), Arc::new(handler));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, handler) = (log.clone(), handler.clone());
                std::thread::spawn(move || serve(stream, &log, &*handler));
            }
        });
        Partner { url, seen }
    }

    /// A TAXII collection whose objects can be changed.
    fn collection() -> (Partner, Arc<Mutex<Vec<Value>>>) {
        let objects = Arc::new(Mutex::new(Vec::new()));
        let served = objects.clone();
        let partner = Partner::new(move |_| {
            let body = json!({ "objects": *served.lock().unwrap(), "more": false });
            (200, Vec::new(), body.to_string().into_bytes())
        });
        (partner, objects)
    }

    /// A folder of files that can be changed.
    fn files() -> (Partner, Files) {
        let files: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
        let served = files.clone();
        let partner = Partner::new(move |path| match served.lock().unwrap().get(path.trim_start_matches('/')) {
            Some(bytes) => (200, Vec::new(), bytes.clone()),
            None => (404, Vec::new(), b"{}".to_vec()),
        });
        (partner, files)
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<String>>, handler: &Handler) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap_or(0);
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if header.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        let _ = reader.read_exact(&mut body);
        log.lock().unwrap().push(path.clone());
        let (status, headers, body) = handler(&path);
        let mut head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/taxii+json;version=2.1\r\ncontent-length: {}\r\n",
            body.len()
        );
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        let stream = reader.get_mut();
        if stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(&body)).is_err() {
            return;
        }
    }
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

fn time(time: Timestamp) -> String {
    stix::timestamp(time.unix() * 1_000_000)
}

/// Adds a source that is read when the test asks; gives its number.
fn source(desk: &Desk, kind: &str, name: &str, url: &str) -> i64 {
    let new = json!({"kind": kind, "name": name, "url": url, "every": 86_400});
    let id = ok(desk, "POST", "/api/v1/sharing/sources", new)["id"].as_i64().unwrap();
    // The server reads a new source at once by itself; wait for that, so that what follows is the test's own reading.
    soon(WAIT, "the source was read", || {
        let all = ok(desk, "GET", "/api/v1/sharing/sources", Value::Null);
        all.as_array().unwrap().iter().find(|s| s["id"] == id).filter(|s| !s["polled"].is_null()).map(|_| ())
    });
    id
}

fn read(desk: &Desk, id: i64) -> (u16, Value) {
    desk.ask("POST", &format!("/api/v1/sharing/sources/{id}/read"), &[], None)
}

fn imported(desk: &Desk, id: i64) -> Vec<Value> {
    ok(desk, "GET", &format!("/api/v1/sharing/sources/{id}"), Value::Null).as_array().unwrap().clone()
}

fn taxii(desk: &Desk, name: &str, partner: &Partner) -> i64 {
    source(
        desk,
        "taxii",
        name,
        &format!("{}/root/collections/{}/", partner.url, "91a7b528-80eb-42ed-a74d-c6fbd5a26116"),
    )
}

fn indicator(id: u32, wallets: &[&str], more: Value) -> Value {
    let list: Vec<String> = wallets.iter().map(|w| format!("'{w}'")).collect();
    let at = "2026-01-01T00:00:00.000Z";
    let mut object = json!({ "type": "indicator", "spec_version": "2.1", "id": format!("indicator--7c1dbb10-8b1b-4f15-9d4d-{id:012x}"),
        "created_by_ref": identity_id("Partner"), "created": at, "modified": at, "valid_from": at, "name": format!("Secret name {id}"),
        "pattern_type": "stix", "pattern": format!("[cryptocurrency-wallet:value IN ({})]", list.join(", ")), "labels": ["ransomware"] });
    for (name, value) in more.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

/// Waits until an address has as many tags: the server's own first reading of a source may still be on its way into the workspace.
fn tagged(desk: &Desk, address: &str, tags: usize) {
    soon(WAIT, &format!("{address} has {tags} tags"), || (labels(desk, address).len() == tags).then_some(()));
}

fn labels(desk: &Desk, address: &str) -> Vec<String> {
    let report = ok(desk, "GET", &format!("/api/v1/address/{address}"), Value::Null);
    report["tags"].as_array().unwrap().iter().map(|t| t["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn only_the_source_of_a_flag_changes_it() {
    let desk = exchange();
    let ((alice, hers), (mallory, his)) = (Partner::collection(), Partner::collection());
    let flag = Flag {
        id: stix::flag_id("Alice", Subject::Address, "ETH", THIEF, now()),
        member: "Alice".into(),
        community: String::new(),
        subject: Subject::Address,
        asset: "ETH".into(),
        value: THIEF.into(),
        reason: "hot wallet emptied".into(),
        raised: now(),
        until: now() + Seconds::DAY,
        state: State::Open,
        source: None,
        tlp: String::new(),
    };
    hers.lock().unwrap().push(flag_object(&flag, now(), Tlp::Amber));
    let a = taxii(&desk, "alice", &alice);
    let deposit = |id: &str| {
        json!({"id": id, "time": now(), "kind": "deposit", "customer": id, "asset": "ETH", "amount": "500000", "value": 1_000,
            "tx": format!("{id:0>64}"), "output": 0, "counterparty": THIEF})
    };
    assert_eq!(ok(&desk, "POST", "/api/v1/events", deposit("d1"))["decision"], "hold");
    let held = || ok(&desk, "GET", "/api/v1/holds?state=active", Value::Null).as_array().unwrap().len();
    let states = || {
        let flags = ok(&desk, "GET", "/api/v1/sharing/flags", Value::Null);
        let mut all: Vec<(i64, String)> = flags
            .as_array()
            .unwrap()
            .iter()
            .map(|f| (f["source"].as_i64().unwrap(), f["state"].as_str().unwrap().to_owned()))
            .collect();
        all.sort();
        all
    };
    assert_eq!((held(), states()), (1, vec![(a, "open".to_owned())]));
    // The same object, later and withdrawn, from another source.
    let gone = Flag { state: State::Withdrawn, ..flag.clone() };
    his.lock().unwrap().push(flag_object(&gone, now() + Seconds::MINUTE, Tlp::Amber));
    let m = taxii(&desk, "mallory", &mallory);
    assert_eq!(held(), 1, "the deposit stays held");
    assert_eq!(states()[0], (a, "open".to_owned()));
    let standings = ok(&desk, "GET", "/api/v1/sharing/standings", Value::Null);
    let of =
        |source: i64| standings.as_array().unwrap().iter().find(|s| s["source"] == source).cloned().unwrap_or_default();
    assert_eq!((&of(a)["withdrawn"], &of(a)["raised"]), (&json!(0), &json!(1)), "{standings}");
    // Nor does withdrawing that source touch what is not its own; and its own member still withdraws it.
    ok(&desk, "POST", &format!("/api/v1/sharing/sources/{m}/withdraw"), json!({"why": "lies"}));
    assert_eq!(held(), 1);
    hers.lock().unwrap()[0] = flag_object(&gone, now() + Seconds::MINUTE, Tlp::Amber);
    assert_eq!(read(&desk, a).0, 200);
    assert_eq!((held(), states()[0].clone()), (0, (a, "withdrawn".to_owned())));
}

#[test]
fn an_object_of_one_author_is_not_changed_by_another_of_the_same_source() {
    let desk = exchange();
    let (partner, objects) = Partner::collection();
    objects.lock().unwrap().push(indicator(1, &[PAID], json!({})));
    let id = taxii(&desk, "partner", &partner);
    tagged(&desk, PAID, 1);
    assert_eq!(labels(&desk, PAID), ["Secret name 1"]);
    let forged =
        json!({"modified": "2026-02-01T00:00:00.000Z", "revoked": true, "created_by_ref": identity_id("Mallory")});
    objects.lock().unwrap()[0] = indicator(1, &[PAID], forged);
    let (_, answer) = read(&desk, id);
    assert_eq!(labels(&desk, PAID), ["Secret name 1"]);
    assert_eq!(answer["refused"], 1, "{answer}");
    let listed = imported(&desk, id);
    assert!(
        listed.iter().any(|i| i["effect"] == "refused" && i["detail"].as_str().unwrap().contains("was created by")),
        "{listed:?}"
    );
    let own = json!({"modified": "2026-02-02T00:00:00.000Z", "revoked": true});
    objects.lock().unwrap()[0] = indicator(1, &[PAID], own);
    read(&desk, id);
    assert_eq!(labels(&desk, PAID), Vec::<String>::new());
}

#[test]
fn a_member_shares_only_under_its_own_identity() {
    let desk = exchange();
    let opened = json!({"name": "Exchanges", "max_tlp": "TLP:AMBER", "own_name": "Host"});
    let community = ok(&desk, "POST", "/api/v1/sharing/communities", opened);
    let id = community["id"].as_str().unwrap();
    let member = |name: &str| {
        let new = json!({"name": name, "writes": true});
        ok(&desk, "POST", &format!("/api/v1/sharing/communities/{id}/members"), new)["key"].as_str().unwrap().to_owned()
    };
    let (bob, carol) = (member("Bob"), member("Carol"));
    let collection = community["collections"]["intelligence"].as_str().unwrap();
    let objects = format!("/taxii2/{id}/collections/{collection}/");
    let share = |name: &str, key: &str, object: Value| -> (u64, String) {
        match Client::new(name, key).share(&format!("{}{objects}", desk.url), &[object]) {
            Ok(taken) => (taken, String::new()),
            Err(why) => (0, why.to_string()),
        }
    };
    let by = |n: u32, author: &str| indicator(n, &[PAID], json!({"created_by_ref": identity_id(author)}));
    assert_eq!(share("Bob", &bob, by(1, "Bob")).0, 1);
    let (taken, why) = share("Bob", &bob, by(2, "Europol"));
    assert!(taken == 0 && why.contains("which is not Bob"), "{why}");
    let (taken, why) = share("Bob", &bob, by(3, "Carol"));
    assert!(taken == 0 && why.contains("created by another member"), "{why}");
    // Another member's identity cannot be renamed, and a third party's object, once shared, is changed by who shared it.
    let renamed = json!({"type": "identity", "spec_version": "2.1", "id": identity_id("Carol"), "created": "2026-01-01T00:00:00.000Z",
        "modified": "2027-01-01T00:00:00.000Z", "name": "Thieves"});
    assert_eq!(share("Bob", &bob, renamed).0, 0);
    assert_eq!(share("Carol", &carol, stix::identity("Carol")).0, 1);
    assert_eq!(share("Carol", &carol, stix::identity("Holdfast")).0, 1);
    assert_eq!(share("Bob", &bob, stix::identity("Holdfast")).0, 1, "what all send alike is no change");
    let mut forged = stix::identity("Holdfast");
    (forged["modified"], forged["name"]) = (json!("2027-01-01T00:00:00.000Z"), json!("Thieves"));
    assert_eq!(share("Bob", &bob, forged).0, 0);
}

/// Everything that can be asked about an address, with and without rights: a TLP:RED tag shows only to who may read it.
#[test]
fn a_red_tag_is_shown_to_nobody_without_the_right() {
    let desk = exchange();
    let (partner, objects) = Partner::collection();
    objects.lock().unwrap().push(indicator(1, &[PAID], json!({"object_marking_refs": [stix::marking(Tlp::Red)]})));
    let id = taxii(&desk, "Red partner", &partner);
    tagged(&desk, PAID, 1);
    assert_eq!(labels(&desk, PAID), ["Secret name 1"], "whoever may do everything sees it");
    let decision = ok(
        &desk,
        "POST",
        "/api/v1/events",
        json!({"id": "w1", "time": now(), "kind": "withdrawal", "customer": "c1", "asset": "BTC",
        "amount": "500000", "value": 50_000, "balance": "900000000", "counterparty": PAID}),
    );
    assert!(decision["decision"] == "hold" && decision.to_string().contains("ransomware"), "it counts: {decision}");
    let secrets = ["Secret name", "Red partner"];
    let hidden =
        |what: &str, text: &str| secrets.iter().for_each(|s| assert!(!text.contains(s), "{what} shows {s}: {text}"));
    hidden("the decision", &decision.to_string());
    hidden("an alert", &ok(&desk, "GET", "/api/v1/alerts", Value::Null).to_string());
    hidden("a hold", &ok(&desk, "GET", "/api/v1/holds", Value::Null).to_string());
    let (_, root, _) = desk.key("root", &["admin"], "");
    let (_, reader, _) = desk.key("reader", &["read"], &root);
    let (_, investigator, _) = desk.key("investigator", &["read", "desk"], &root);
    let (_, member, _) = desk.key("member", &["read", "partner"], &root);
    let get = |path: &str, key: Option<&str>| {
        let bearer = key.map(|k| format!("Bearer {k}"));
        let headers: Vec<(&str, &str)> = bearer.iter().map(|b| ("Authorization", b.as_str())).collect();
        let (status, answer) = desk.ask("GET", path, &headers, None);
        (status, answer.to_string())
    };
    let report: Value = serde_json::from_str(&get(&format!("/api/v1/address/{PAID}"), Some(&investigator)).1).unwrap();
    assert_eq!(
        (report["tags"][0]["label"].as_str(), report["tags"][0]["tlp"].as_str()),
        (Some("Secret name 1"), Some("TLP:RED"))
    );
    let tx = report["receipts"][0]["txid"].as_str().unwrap();
    for page in
        [format!("/address/{PAID}"), format!("/tx/{tx}"), format!("/trace?subject={tx}"), format!("/search?q={PAID}")]
    {
        let (status, text) = get(&page, None);
        assert!(status < 400, "{page}: {text}");
        hidden(&page, &text);
        assert!(!text.contains(">ransomware<") && !text.contains("node ransomware"), "{page}: {text}");
        // Who may read it reads it on the page too.
        if page.starts_with("/address") {
            assert!(get(&page, Some(&investigator)).1.contains("Secret name 1"));
        }
    }
    for key in [&reader, &member] {
        for path in [
            format!("/api/v1/address/{PAID}"),
            format!("/api/v1/tx/{tx}"),
            format!("/api/v1/trace?subject={tx}"),
            format!("/api/v1/paths?from={PAID}&to={PAID}"),
            "/api/v1/tags/conflicts".into(),
            format!("/api/v1/trace/bundle?subject={tx}"),
        ] {
            hidden(&path, &get(&path, Some(key)).1);
        }
        let (_, text) = desk.ask("GET", &format!("/api/v1/address/{PAID}"), &[("X-API-Key", key.as_str())], None);
        hidden("the sanctions API", &text.to_string());
    }
    // Even an investigator's evidence bundle is for others.
    let (status, bundle) = get(&format!("/api/v1/trace/bundle?subject={tx}"), Some(&investigator));
    assert_eq!(status, 200);
    hidden("the bundle", &bundle);
    // A withdrawn source still finds what rests on it.
    let bearer = format!("Bearer {root}");
    let (status, gone) = desk.ask(
        "POST",
        &format!("/api/v1/sharing/sources/{id}/withdraw"),
        &[("Authorization", &bearer)],
        Some(&json!({"why": "test"})),
    );
    assert!(status == 200 && gone["holds"].as_u64() >= Some(1), "{gone}");
}

#[test]
fn unlabelled_tags_are_not_public_and_labelled_ones_are_published_no_wider() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let import = |name: &str, text: String, more: &[&str]| {
        let file = dir.path().join(name);
        std::fs::write(&file, text).unwrap();
        run(holdfast().args(["tags", "import", path(&file), "--store", path(&store)]).args(more))
    };
    let line = |label: &str, tlp: &str| format!("{PAID},BTC,{label},https://example.org,scam,{tlp}\n");
    let head = "address,currency,label,source,abuse,tlp\n";
    import(
        "own.csv",
        format!("{head}{}{}{}", line("Plain", ""), line("Strict", "amber+strict"), line("Open", "clear")),
        &[],
    );
    import(
        "published.csv",
        format!("address,currency,label,source\n{PAID},BTC,Published,https://example.org\n"),
        &["--tlp", "TLP:CLEAR"],
    );
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = Desk { process, url, dir };
    let (_, root, _) = desk.key("root", &["admin"], "");
    let page = desk.ask("GET", &format!("/address/{PAID}"), &[], None).1.to_string();
    for (label, shown) in [("Plain", false), ("Strict", false), ("Open", true), ("Published", true)] {
        assert_eq!(page.contains(label), shown, "{label}: {page}");
    }
    let bearer = format!("Bearer {root}");
    let pack = |tlp: &str| {
        let path = format!("/api/v1/sharing/tagpack?pack=own.csv&creator=Us&tlp={tlp}");
        desk.ask("GET", &path, &[("Authorization", &bearer)], None).1.to_string()
    };
    for tlp in ["TLP:GREEN", "TLP:CLEAR"] {
        let text = pack(tlp);
        assert!(text.contains("Plain") && text.contains("Open") && !text.contains("Strict"), "{text}");
    }
}

#[test]
fn one_bad_wallet_costs_only_itself_and_validity_ends_effects() {
    let desk = exchange();
    let (partner, objects) = Partner::collection();
    let other = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S";
    *objects.lock().unwrap() = vec![
        indicator(1, &[PAID, "of no known form", "0x0000000000000000000000000000000000000000"], json!({})),
        indicator(2, &[other], json!({"valid_until": time(now() - Seconds::new(10))})),
        indicator(3, &[other], json!({"valid_from": time(now() + Seconds::HOUR)})),
        json!({"type": "indicator", "id": "no uuid"}),
        json!(7),
        indicator(4, &[other], json!({"valid_until": time(now() + Seconds::new(6))})),
    ];
    let id = taxii(&desk, "partner", &partner);
    tagged(&desk, PAID, 1);
    assert_eq!(labels(&desk, PAID), ["Secret name 1"]);
    assert_eq!(labels(&desk, other), ["Secret name 4"]);
    let listed = imported(&desk, id);
    let detail =
        listed.iter().find(|i| i["object"].as_str().unwrap().ends_with("000001")).unwrap()["detail"].as_str().unwrap();
    assert!(detail.contains("of no known form") && detail.contains("null address"), "{detail}");
    assert!(listed.iter().any(|i| i["object"] == "no uuid" && i["effect"] == "refused"), "{listed:?}");
    soon(WAIT, "what is no longer valid has no effect", || labels(&desk, other).is_empty().then_some(()));
    assert_eq!(labels(&desk, PAID), ["Secret name 1"]);
}

#[test]
fn a_malformed_misp_event_ends_nothing_and_late_events_are_not_missed() {
    let desk = exchange();
    let (partner, files) = Partner::files();
    let uuid = |n: u32| format!("8c1dbb10-8b1b-4f15-9d4d-{n:012x}");
    let event = |n: u32, at: i64, attributes: Value| {
        json!({"Event": {"uuid": uuid(n), "info": format!("Scam {n}"), "timestamp": at.to_string(), "Attribute": attributes}}).to_string().into_bytes()
    };
    let btc = |value: &str, to_ids: bool| json!({"uuid": value, "type": "btc", "value": value, "to_ids": to_ids, "comment": value});
    let put = |name: String, bytes: Vec<u8>| drop(files.lock().unwrap().insert(name, bytes));
    let manifest = |events: &[(u32, i64, i64)]| {
        let all: BTreeMap<String, Value> = events
            .iter()
            .map(|(n, at, published)| (uuid(*n), json!({"timestamp": at, "publish_timestamp": published})))
            .collect();
        put("manifest.json".into(), json!(all).to_string().into_bytes());
    };
    let others = [
        "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S",
        "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48",
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    ];
    manifest(&[(1, 1_000, 1_000), (2, 1_100, 1_100), (3, 1_200, 1_200)]);
    put(format!("{}.json", uuid(1)), b"{\"Event\": [".to_vec());
    put(
        format!("{}.json", uuid(2)),
        event(2, 1_100, json!([btc(PAID, true), btc(others[0], false), {"type": "btc", "value": 7}])),
    );
    put(format!("{}.json", uuid(3)), event(3, 1_200, json!([btc(others[1], true)])));
    let id = source(&desk, "misp", "feed", &partner.url);
    tagged(&desk, PAID, 1);
    assert_eq!((labels(&desk, PAID).len(), labels(&desk, others[1]).len()), (1, 1), "{:?}", imported(&desk, id));
    assert!(labels(&desk, others[0]).is_empty(), "what is not for detection has no effect");
    let listed = imported(&desk, id);
    let of = |object: &str| {
        listed.iter().find(|i| i["object"].as_str().unwrap().contains(object)).cloned().unwrap_or_default()
    };
    assert_eq!(of(&format!("misp-event:{}", uuid(1)))["effect"], "refused", "{listed:?}");
    assert!(of(others[0])["detail"].as_str().unwrap().contains("to_ids"), "{listed:?}");
    // Published late, with an older time than what was read: read all the same. The malformed one is mended.
    manifest(&[(1, 1_000, 2_000), (2, 1_100, 1_100), (3, 1_200, 1_200), (4, 500, 500)]);
    put(format!("{}.json", uuid(4)), event(4, 500, json!([btc(others[2], true)])));
    put(format!("{}.json", uuid(1)), event(1, 1_000, json!([btc(others[0], true)])));
    assert_eq!(read(&desk, id).0, 200);
    assert_eq!((labels(&desk, others[2]).len(), labels(&desk, others[0]).len()), (1, 1), "{:?}", imported(&desk, id));
    // What an event or the feed no longer says is no longer tagged.
    put(format!("{}.json", uuid(2)), event(2, 1_300, json!([])));
    manifest(&[(1, 1_000, 2_000), (2, 1_300, 1_300)]);
    read(&desk, id);
    assert!([PAID, others[1], others[2]].iter().all(|a| labels(&desk, a).is_empty()), "{:?}", imported(&desk, id));
    assert_eq!(labels(&desk, others[0]).len(), 1);
}

/// Peak of the server's memory, in MiB.
fn peak(desk: &Desk) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", desk.process.0.id())).unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn a_partner_cannot_fill_the_memory_and_a_reading_that_breaks_off_goes_on_where_it_was() {
    let desk = exchange();
    let before = peak(&desk);
    let huge = Partner::new(|_| {
        let filler = "x".repeat(200_000);
        let objects: Vec<Value> = (0..200)
            .map(
                |i| json!({"type": "note", "id": format!("note--7c1dbb10-8b1b-4f15-9d4d-{i:012x}"), "content": filler}),
            )
            .collect();
        (200, Vec::new(), json!({"objects": objects, "more": true, "next": "again"}).to_string().into_bytes())
    });
    let new =
        json!({"kind": "taxii", "name": "huge", "url": format!("{}/root/collections/x/", huge.url), "every": 86_400});
    let id = ok(&desk, "POST", "/api/v1/sharing/sources", new)["id"].as_i64().unwrap();
    let error = soon(WAIT, "it is refused in words", || {
        let all = ok(&desk, "GET", "/api/v1/sharing/sources", Value::Null);
        all.as_array().unwrap().iter().find(|s| s["id"] == id)?["error"].as_str().map(str::to_owned)
    });
    assert!(error.contains("16 MiB"), "{error}");
    assert!(huge.seen.lock().unwrap().iter().any(|q| q.contains("limit=1&")), "smaller pages were asked for");
    assert!(peak(&desk) < before + 120, "{} MiB, then {} MiB", before, peak(&desk));
    // Five pages by token; the third breaks off once.
    let fails = Arc::new(Mutex::new(true));
    let failing = fails.clone();
    let pages = Partner::new(move |query| {
        let page = query.split("next=").nth(1).map_or(0, |n| n.parse::<u32>().unwrap());
        if page == 2 && std::mem::take(&mut *failing.lock().unwrap()) {
            return (500, Vec::new(), b"{}".to_vec());
        }
        let mut body = json!({"objects": [indicator(100 + page, &[PAID], json!({}))], "more": page < 4});
        if page < 4 {
            body["next"] = json!((page + 1).to_string());
        }
        // All were added at one time, so that the time alone would not lead on.
        (200, vec![("X-TAXII-Date-Added-Last", "2026-01-01T00:00:00.000000Z".into())], body.to_string().into_bytes())
    });
    let id = taxii(&desk, "pages", &pages);
    soon(WAIT, "what came before stays", || (labels(&desk, PAID).len() == 2).then_some(()));
    assert_eq!(imported(&desk, id).len(), 2);
    pages.seen.lock().unwrap().clear();
    assert_eq!(read(&desk, id).0, 200);
    assert_eq!(imported(&desk, id).len(), 5);
    let asked = pages.seen.lock().unwrap().clone();
    assert!(asked.len() == 3 && asked[0].contains("next=2"), "{asked:?}");
}

#[test]
fn a_webhook_that_never_answers_delays_nobody_else() {
    let desk = exchange();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let delivered: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let log = delivered.clone();
    let good = Partner::new(move |_| {
        log.lock().unwrap().push(Instant::now());
        (204, Vec::new(), Vec::new())
    });
    for url in [format!("http://{}/", silent.local_addr().unwrap()), format!("{}/hook", good.url)] {
        ok(&desk, "POST", "/api/v1/webhooks", json!({"url": url, "topics": ["holds"]}));
    }
    for i in 0..4 {
        let hold = json!({"id": format!("freeze-{i}"), "customer": "c9", "scope": "account", "basis": "order", "reason": "order"});
        let begun = Instant::now();
        ok(&desk, "POST", "/api/v1/holds", hold);
        soon(WAIT, "it is delivered", || (delivered.lock().unwrap().len() > i).then_some(()));
        assert!(begun.elapsed() < Duration::from_secs(4), "delivery {i} took {:?}", begun.elapsed());
    }
    drop(silent);
}

#[test]
fn an_import_that_understood_nothing_fails_with_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let import = |name: &str, bytes: &[u8]| {
        let file = dir.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let output = holdfast().args(["tags", "import", path(&file), "--store", path(&store)]).output().unwrap();
        (output.status.success(), words(&output))
    };
    for (name, text, why) in [
        ("french.csv", "adresse;devise\n1;2\n", "no known column name"),
        ("empty.csv", "address;currency;label;source\n", "nothing was imported"),
        ("bad.yaml", "title: T\ntags:\n- 7\n", "tag 1"),
    ] {
        let (success, said) = import(name, text.as_bytes());
        assert!(!success && said.contains(why), "{name}: {said}");
    }
    let text =
        format!("sep=;\r\naddress;currency;label;source;abuse\r\nbitcoin:{PAID}\u{200b};BTC;Müller;here;scam\r\n");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (success, said) = import("excel.csv", &utf16);
    assert!(success && said.contains("by category: scam 1") && said.contains("'bitcoin:' was removed"), "{said}");
    let shown = run(holdfast().args(["show", PAID, "--store", path(&store)]));
    assert!(shown.contains("Müller"), "{shown}");
}

/// GraphSense's own pack of OFAC's list gives every address the category `user`.
#[test]
fn sanctions_are_told_from_the_pack_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = small_store(dir.path());
    let pack = dir.path().join("ofac.yaml");
    std::fs::write(
        &pack,
        "creator: INTERPOL CNTL\ntitle: US Treasury OFAC Sanctions List\ndescription: Tagpack automatically created\nlastmod: 2024-02-26\n\
         label: Asset listed under US Treasury OFAC Sanctions List\ncategory: user\nsource: https://www.treasury.gov/ofac/downloads/sdnlist.txt\n\
         tags:\n- address: 3K35dyL85fR9ht7UgzPfd1gLRRXQtNTqE3\n  currency: BTC\n- address: '0x0000000000000000000000000000000000000000'\n  currency: ETH\n",
    )
    .unwrap();
    let said = run(holdfast().args(["tags", "import", path(&pack), "--store", path(&store)]));
    assert!(said.contains("sanctioned: 1") && said.contains("null address"), "{said}");
    let (process, url) =
        serving(holdfast().args(["serve", "--open", "--store", path(&store), "--listen", "127.0.0.1:0"]));
    let desk = Desk { process, url, dir };
    let decide = |id: &str, asset: &str, to: &str| {
        ok(
            &desk,
            "POST",
            "/api/v1/events",
            json!({"id": id, "time": now(), "kind": "withdrawal", "customer": "c1", "asset": asset, "amount": "500000",
            "value": 50, "balance": "900000000", "counterparty": to}),
        )
    };
    let decision = decide("w1", "BTC", "3K35dyL85fR9ht7UgzPfd1gLRRXQtNTqE3");
    assert!(decision["decision"] == "hold" && decision.to_string().contains("sanctions-counterparty"), "{decision}");
    let burn = decide("w2", "ETH", "0x0000000000000000000000000000000000000000");
    assert!(!burn.to_string().contains("sanction"), "{burn}");
}
