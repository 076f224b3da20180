//! Tags: looked through, stated by the desk's own people, brought in as packs; by the API and by pages.

use holdfast_testing_app::{Caller, PAID, TestApp, on_both_apps};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both_apps!(
    tags_are_found_a_page_at_a_time,
    own_tags_are_stated_changed_and_taken_back,
    what_a_reader_may_not_see_is_not_there,
    pages_state_tags_and_show_them,
    pages_bring_packs_in_and_take_them_back,
    tags_that_disagree_have_a_page,
    a_large_file_is_imported_by_a_job
);

const OTHER: &str = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S";

fn own(label: &str, category: &str) -> Value {
    json!({"tag": {"address": PAID, "asset": "btc", "label": label, "source": "https://example.org/proof", "category": category}, "reason": "letter of 2 May"})
}

fn import(app: &TestApp, name: &str, tlp: &str, lines: &[(&str, &str, &str)]) {
    let rows: String = lines.iter().map(|(a, label, abuse)| format!("{a},BTC,{label},a report,{abuse}\n")).collect();
    let csv = format!("address,currency,label,source,abuse\n{rows}");
    let path = format!("/api/v1/tags?name={name}&tlp={tlp}");
    app.as_role("administrator").send("POST", &path, "text/csv", csv).ok();
}

fn labels(caller: &Caller<'_>, query: &str) -> Vec<String> {
    let found = caller.get(&format!("/api/v1/tags?{query}")).ok();
    found["tags"].as_array().unwrap().iter().map(|t| t["label"].as_str().unwrap().to_owned()).collect()
}

fn tags_are_found_a_page_at_a_time(app: &TestApp) {
    let wallet = app.as_role("screener");
    import(app, "mine.csv", "TLP:CLEAR", &[(PAID, "Locky", "ransomware"), (OTHER, "A shop", "scam")]);
    assert_eq!(labels(&wallet, ""), ["A shop", "Locky"]);
    assert_eq!(labels(&wallet, &format!("text={PAID}")), ["Locky"]);
    assert_eq!(labels(&wallet, "text=SHOP&pack=mine.csv"), ["A shop"]);
    assert_eq!(labels(&wallet, "category=ransomware"), ["Locky"]);
    assert_eq!(labels(&wallet, "actor=acme"), Vec::<String>::new());
    wallet.get("/api/v1/tags?category=weather").refused_with(400, "category");
    let first = wallet.get("/api/v1/tags?limit=1").ok();
    assert_eq!(first["tags"][0]["label"], "A shop", "{first}");
    let second = wallet.get(&format!("/api/v1/tags?limit=1&before={}", first["next"])).ok();
    assert_eq!((&second["tags"][0]["label"], &second["next"]), (&json!("Locky"), &Value::Null), "{second}");
    let packs = wallet.get("/api/v1/tags/packs").ok();
    assert_eq!(
        (&packs[0]["title"], &packs[0]["tags"], &packs[0]["tlp"]),
        (&json!("mine.csv"), &json!(2), &json!("TLP:CLEAR"))
    );
    assert_eq!(
        (&packs[0]["imported"], &packs[0]["imported_by"]),
        (&json!(app.now()), &json!("administrator")),
        "{packs}"
    );
    assert_eq!((&packs[0]["licence"], wallet.get("/api/v1/tags/packs?after=mine.csv").ok()), (&Value::Null, json!([])));
    let licensed = format!(
        "title: zeta\ncreator: z\nlicense: CC BY 4.0\ntags:\n  - {{address: {OTHER}, currency: BTC, label: Zeta, source: y}}\n"
    );
    let done = app
        .as_role("administrator")
        .send("POST", "/api/v1/tags?name=z.yaml&tlp=TLP:CLEAR", "application/yaml", licensed)
        .ok();
    assert_eq!(done["licences"], json!({"zeta": "CC BY 4.0"}));
    assert_eq!(wallet.get("/api/v1/tags/packs?after=mine.csv").ok()[0]["licence"], "CC BY 4.0");
    app.as_role("administrator").delete("/api/v1/tags?title=zeta").success();
    // What the desk's own people state is neither withdrawn whole nor brought in under its name.
    let boss = app.as_role("administrator");
    boss.delete("/api/v1/tags?title=Own%20tags").refused_with(400, "one by one");
    let forged =
        format!("title: Own tags\ncreator: ana\ntags:\n  - {{address: {PAID}, currency: BTC, label: x, source: y}}\n");
    boss.send("POST", "/api/v1/tags?name=forged.yaml", "application/yaml", forged).refused_with(400, "one by one");
    assert_eq!(labels(&wallet, ""), ["A shop", "Locky"]);
    let gone = boss.delete("/api/v1/tags?title=mine.csv&reason=too%20many%20errors").ok();
    assert_eq!(gone["removed"], 2);
    let log = app.as_role("auditor").get("/api/v1/audit?subject=pack:mine.csv").ok();
    assert!(log.to_string().contains("pack.withdrawn") && log.to_string().contains("too many errors"), "{log}");
}

fn a_large_file_is_imported_by_a_job(app: &TestApp) {
    let boss = app.as_role("administrator");
    let line = format!("{PAID},BTC,Locky,{},ransomware\n", "a report ".repeat(20));
    let csv = format!("address,currency,label,source,abuse\n{}", line.repeat((4 << 20) / line.len() + 1));
    let send = |name: &str, csv: String| {
        boss.send("POST", &format!("/api/v1/tags?name={name}&tlp=TLP:CLEAR"), "text/csv", csv)
    };
    send("large.txt", csv.clone()).refused_with(400, "name");
    let answer = send("large.csv", csv.clone());
    assert_eq!((answer.status, answer.header("retry-after")), (202, "1"), "{}", answer.text());
    let job = answer.json();
    assert_eq!((&job["kind"], &job["state"]), (&json!("tag_import"), &json!("waiting")));
    let (at, cancel) = (format!("/api/v1/tags/imports/{}", job["id"]), format!("/api/v1/jobs/{}/cancel", job["id"]));
    assert_eq!(boss.get(&at).ok()["report"], Value::Null);
    assert_eq!(send("large.csv", csv).json()["id"], job["id"], "the same file is one job");
    boss.get("/api/v1/tags/imports/999").refused(404);
    app.as_role("investigator").get(&at).refused(403);
    // Cancelled before its turn it imports nothing; it can be begun again.
    let browser = app.browser().sign_in("administrator");
    let page = browser.page(&format!("/desk/packs/imports/{}", job["id"]));
    assert_eq!(page.answer.header("refresh"), "3");
    assert_eq!(page.form(&cancel.replace("/api/v1", "/desk")).submit(&[]).status, 303);
    boss.post(&cancel, Value::Null).refused(404);
    let ended = boss.get(&at).ok();
    assert_eq!(
        (&ended["job"]["state"], &ended["job"]["error"]),
        (&json!("failed"), &json!("cancelled by administrator"))
    );
    assert!(browser.page(&format!("/desk/packs/imports/{}", job["id"])).ok().contains("cancelled by administrator"));
    assert_eq!(labels(&app.as_role("screener"), ""), Vec::<String>::new());
    let retry = format!("/api/v1/jobs/{}/retry", job["id"]);
    boss.post(&retry, Value::Null).ok();
    assert_eq!(boss.post(&cancel, Value::Null).ok()["state"], "failed");
    boss.post(&retry, Value::Null).ok();
    let runner = app.shared.start_jobs().unwrap();
    let began = Instant::now();
    let done = loop {
        let now = boss.get(&at).ok();
        if now["job"]["state"] != "waiting" && now["job"]["state"] != "running" {
            break now;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it does not end: {now}");
        std::thread::sleep(Duration::from_millis(20));
    };
    drop(runner);
    assert_eq!((&done["job"]["state"], &done["report"]["new_tags"]), (&json!("done"), &json!(1)), "{done}");
    assert_eq!(labels(&app.as_role("screener"), ""), ["Locky"]);
    assert!(browser.page(&format!("/desk/packs/imports/{}", job["id"])).ok().contains("large.csv"));
    // What the desk's answers rest on is not cancelled.
    app.shared.rescreen_later("a test");
    let jobs = boss.get("/api/v1/jobs?state=waiting").ok();
    let rescreen = jobs.as_array().unwrap().iter().find(|j| j["kind"] == "rescreen").unwrap();
    boss.post(&format!("/api/v1/jobs/{}/cancel", rescreen["id"]), Value::Null).refused_with(409, "rest on it");
}

fn own_tags_are_stated_changed_and_taken_back(app: &TestApp) {
    let (ana, wallet) = (app.as_role("investigator"), app.as_role("screener"));
    let made = ana.post("/api/v1/tags/own", own("Locky", "ransomware")).ok();
    assert_eq!(
        (&made["asset"], &made["creator"], &made["pack"]),
        (&json!("BTC"), &json!("investigator"), &json!("Own tags"))
    );
    ana.post("/api/v1/tags/own", own("Locky", "ransomware")).refused_with(409, "already");
    ana.post("/api/v1/tags/own", own("Locky", "weather")).refused_with(400, "category");
    let mut unfounded = own("Acme", "exchange");
    unfounded["reason"] = json!(" ");
    ana.post("/api/v1/tags/own", unfounded).refused_with(400, "reason");
    let known = wallet.get(&format!("/api/v1/address/{PAID}")).ok();
    assert_eq!((&known["tags"][0]["label"], &known["category"]), (&json!("Locky"), &json!("ransomware")), "{known}");
    ana.post("/api/v1/tags/own", own("Acme", "exchange")).ok();
    let at = format!("/api/v1/tags/own/{}", made["own"].as_str().unwrap());
    ana.put(&at, own("Acme", "exchange")).refused_with(409, "already");
    let changed = ana.put(&at, own("Locky, second wave", "ransomware")).ok();
    assert_ne!(changed["own"], made["own"]);
    ana.put(&at, own("Locky", "ransomware")).refused(404);
    for other in ["auditor", "screener", "administrator"] {
        app.as_role(other).post("/api/v1/tags/own", own("x", "scam")).refused_with(403, "desk");
    }
    let at = format!("/api/v1/tags/own/{}/remove", changed["own"].as_str().unwrap());
    ana.post(&at, json!({"reason": ""})).refused_with(400, "reason");
    assert_eq!(ana.post(&at, json!({"reason": "the source withdrew it"})).ok()["label"], "Locky, second wave");
    ana.post(&at, json!({"reason": "again"})).refused(404);
    assert_eq!(labels(&wallet, ""), ["Acme"]);
    let log = app.as_role("auditor").get(&format!("/api/v1/audit?subject=tag:{PAID}")).ok();
    let actions: Vec<&str> = log.as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions.iter().filter(|a| **a == "tag.added").count(), 2, "{log}");
    assert!(actions.contains(&"tag.changed") && actions.contains(&"tag.removed"), "{log}");
    assert!(log.to_string().contains("letter of 2 May") && log.to_string().contains("the source withdrew it"), "{log}");
}

fn what_a_reader_may_not_see_is_not_there(app: &TestApp) {
    let (ana, wallet) = (app.as_role("investigator"), app.as_role("screener"));
    let mut secret = own("Agent's wallet", "user");
    secret["tag"]["tlp"] = json!("TLP:RED");
    let made = ana.post("/api/v1/tags/own", secret).ok();
    assert_eq!((labels(&ana, "").len(), labels(&wallet, "").len()), (1, 0));
    assert_eq!(ana.get("/api/v1/tags/packs").ok()[0]["tlp"], "TLP:RED");
    assert_eq!(wallet.get("/api/v1/tags/packs").ok(), json!([]));
    let page = format!("/desk/tags/own/{}", made["own"].as_str().unwrap());
    assert!(
        app.browser().sign_in("investigator").page(&page).ok().contains("Agent&#39;s wallet")
            || app.browser().sign_in("investigator").page(&page).ok().contains("Agent's wallet")
    );
    assert_eq!(app.browser().sign_in("auditor").page(&page).answer.status, 404);
    let log = app.as_role("auditor").get(&format!("/api/v1/audit?subject=tag:{PAID}")).ok();
    assert!(log.to_string().contains("tag.added") && !log.to_string().contains("Agent"), "{log}");
}

fn pages_state_tags_and_show_them(app: &TestApp) {
    let browser = app.browser().sign_in("investigator");
    let page = browser.page(&format!("/address/{PAID}")).ok();
    assert!(page.contains(&format!("/desk/tags/own?address={PAID}&amp;asset=BTC#add")), "{page}");
    let begun = browser.page(&format!("/desk/tags/own?address={PAID}&asset=BTC")).ok();
    assert!(begun.contains(&format!("value=\"{PAID}\"")), "{begun}");
    assert!(browser.page("/desk/tags").ok().contains("No tag fits."));
    let page = browser.page("/desk/tags/own");
    let form = page.form("/desk/tags/own");
    let fields = [
        ("address", PAID),
        ("asset", "BTC"),
        ("label", "A <shop>"),
        ("category", "scam"),
        ("source", "a report"),
        ("confidence", "forensic"),
        ("reason", "seen"),
    ];
    let wrong: Vec<(&str, &str)> =
        fields.iter().map(|(n, v)| (*n, if *n == "address" { "1A1zP1" } else { *v })).collect();
    let refused = form.submit(&wrong);
    assert!(refused.status == 400 && refused.text().contains("Address: "), "{}", refused.text());
    let made = form.submit(&fields);
    assert_eq!((made.status, made.header("location")), (303, "/desk/tags/own"), "{}", made.text());
    for list in ["/desk/tags", "/desk/tags/own", "/desk/tags?category=scam", "/desk/tags?text=shop"] {
        let page = browser.page(list).ok();
        assert!(page.contains("A &lt;shop&gt;") && page.contains(&format!("/address/{PAID}")), "{list}: {page}");
    }
    assert!(browser.page("/desk/tags?category=exchange").ok().contains("No tag fits."));
    assert_eq!(browser.page("/desk/tags?category=weather").answer.status, 400);
    let list = browser.page("/desk/tags/own").ok();
    let id = list.split("/desk/tags/own/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let at = format!("/desk/tags/own/{id}");
    let page = browser.page(&at);
    assert!(
        page.ok().contains("value=\"A &lt;shop>\"") || page.ok().contains("value=\"A &lt;shop&gt;\""),
        "{}",
        page.ok()
    );
    let changed = page.form(&at).submit(&[&fields[..2], &[("label", "A bank")], &fields[3..]].concat());
    assert!(changed.status == 303 && changed.header("location") != at, "{}", changed.text());
    assert_eq!(browser.page(&at).answer.status, 404, "it is another tag now");
    let at = changed.header("location").to_owned();
    let removal = [("step", "remove"), ("reason", "wrong")];
    let csrf = browser.page(&at).form(&at).hidden.iter().find(|(n, _)| n == "csrf").unwrap().1.clone();
    let removed = browser.post(&at, &[&removal[..], &[("csrf", csrf.as_str())]].concat());
    assert_eq!((removed.status, removed.header("location")), (303, "/desk/tags/own"), "{}", removed.text());
    assert!(browser.page("/desk/tags/own").ok().contains("There is no own tag yet."));
    let auditor = app.browser().sign_in("auditor");
    let page = auditor.page("/desk/tags/own").ok();
    assert!(!page.contains("name=\"address\""), "an auditor states nothing: {page}");
    assert_eq!(app.browser().sign_in("trainer").page("/desk/tags").answer.status, 403);
}

fn pages_bring_packs_in_and_take_them_back(app: &TestApp) {
    let boss = app.browser().sign_in("administrator");
    let csv = format!("address,currency,label,source,abuse\n{PAID},BTC,Locky,a report,ransomware\nnothing,BTC,,,\n");
    let page = boss.page("/desk/packs");
    let form = page.form("/desk/packs");
    let refused = form.upload(&[("tlp", "")], ("mine.txt", &csv));
    assert_eq!(refused.status, 400, "{}", refused.text());
    let done = form.upload(&[("tlp", "TLP:CLEAR")], ("mine.csv", &csv));
    let text = done.success().text();
    assert!(text.contains("ransomware") && text.contains("line 3"), "what was left out is said: {text}");
    let list = boss.page("/desk/packs").ok();
    assert!(list.contains("mine.csv") && list.contains("by administrator"), "{list}");
    let readers = app.browser().sign_in("investigator").page("/desk/packs").ok();
    assert!(readers.contains("/desk/tags?pack=mine.csv") && !readers.contains("/desk/packs/withdraw"), "{readers}");
    let page = boss.page("/desk/packs");
    let withdraw = page.form("/desk/packs/withdraw");
    assert_eq!(withdraw.submit(&[("reason", "")]).status, 400);
    let gone = withdraw.submit(&[("reason", "too many errors")]);
    assert_eq!((gone.status, gone.header("location")), (303, "/desk/packs"), "{}", gone.text());
    assert!(boss.page("/desk/packs").ok().contains("There is no pack."));
    assert_eq!(withdraw.submit(&[("reason", "again")]).status, 404);
    assert_eq!(app.browser().sign_in("trainer").page("/desk/packs").answer.status, 403);
}

fn tags_that_disagree_have_a_page(app: &TestApp) {
    import(app, "one.csv", "TLP:CLEAR", &[(PAID, "Locky", "ransomware")]);
    import(app, "two.csv", "TLP:CLEAR", &[(PAID, "A shop", "scam")]);
    let page = app.browser().sign_in("investigator").page("/desk/tags/conflicts").ok();
    assert!(page.contains(&format!("/address/{PAID}")), "{page}");
    assert!(page.contains("/desk/tags?pack=one.csv") && page.contains("/desk/tags?pack=two.csv"), "{page}");
}
