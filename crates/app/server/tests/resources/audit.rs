//! The audit log, its anchors, and the clock.

use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    the_log_states_who_did_what_and_verifies,
    the_log_of_inputs_gives_the_stored_decisions,
    pages_show_the_log_and_the_replay,
    the_clock_is_confirmed_only_when_it_is_doubted,
);

fn the_log_states_who_did_what_and_verifies(app: &TestApp) {
    app.as_person("ana", "investigator").post("/api/v1/holds", crate::holds::freeze("f-1", "c-1")).ok();
    app.as_person("ana", "investigator").get("/api/v1/holds").ok();
    let auditor = app.as_role("auditor");
    let log = auditor.get("/api/v1/audit?limit=1000").ok();
    let entries = log.as_array().unwrap();
    assert!(entries.iter().any(|e| e["action"] == "hold.placed" && e["actor"] == "ana"), "{log}");
    assert!(entries.iter().any(|e| e["action"] == "data.read" && e["subject"] == "/api/v1/holds"), "{log}");
    let one = auditor.get("/api/v1/audit?subject=hold:1").ok();
    assert_eq!(one.as_array().map(Vec::len), Some(1), "{one}");
    let head = entries.last().unwrap()["hash"].as_str().unwrap().to_owned();
    assert_eq!(auditor.get(&format!("/api/v1/audit/verify?head={head}")).ok()["problems"], json!([]));
    let forged = auditor.get(&format!("/api/v1/audit/verify?head={}", "11".repeat(32))).ok();
    assert_ne!(forged["problems"], json!([]), "a noted head that is not in the log is found");
    let anchor = app.as_role("root").post("/api/v1/audit/anchor", Value::Null).ok();
    assert!(anchor.is_object(), "{anchor}");
    assert_eq!(auditor.get("/api/v1/audit/verify").ok()["problems"], json!([]));
    // A copy of the anchors that lay elsewhere; one that is cut off is found.
    let copy = std::fs::read(app.dir().join("audit.anchors")).unwrap();
    let verify = |copy: &[u8]| auditor.send("POST", "/api/v1/audit/verify", "application/octet-stream", copy);
    assert_eq!(verify(&copy).ok()["problems"], json!([]));
    assert_ne!(verify(b"{}\n").ok()["problems"], json!([]));
    verify(b"").refused(400);
    // A row changed by hand is found.
    let write = app.shared.screening.transact("t", |tx| {
        tx.db().execute("UPDATE audit SET actor = 'bo' WHERE actor = 'ana'", &[])?;
        Ok::<_, holdfast_screening::ScreeningError>(())
    });
    write.unwrap();
    assert_ne!(auditor.get("/api/v1/audit/verify").ok()["problems"], json!([]));
}

fn the_log_of_inputs_gives_the_stored_decisions(app: &TestApp) {
    app.as_person("ana", "investigator").post("/api/v1/holds", crate::holds::freeze("f-1", "c-1")).ok();
    app.as_role("exchange").post("/api/v1/events", crate::events::withdrawal("w-1", "5")).ok();
    let auditor = app.as_role("auditor");
    let files = auditor.get("/api/v1/audit/files").ok();
    assert_eq!((files["problems"].clone(), files["stopped"].clone()), (json!([]), json!(false)));
    let replay = auditor.get("/api/v1/audit/replay").ok();
    assert_eq!((&replay["problems"], &replay["uncovered"]), (&json!([]), &json!(0)), "{replay}");
    assert!(replay["engine"].as_u64() >= Some(1) && replay["other_engines"] == json!([]), "{replay}");
    assert!(replay["decisions"].as_u64().unwrap() >= 1 && replay["holds"].as_u64().unwrap() >= 1, "{replay}");
    let write = app.shared.screening.transact("t", |tx| {
        tx.db().execute("UPDATE events SET result = result || ' ' WHERE id = 'w-1'", &[])?;
        Ok::<_, holdfast_screening::ScreeningError>(())
    });
    write.unwrap();
    assert_ne!(auditor.get("/api/v1/audit/replay").ok()["problems"], json!([]));
}

fn pages_show_the_log_and_the_replay(app: &TestApp) {
    app.as_role("exchange").post("/api/v1/events", crate::events::withdrawal("w-1", "5")).ok();
    app.as_role("exchange").post("/api/v1/events", crate::events::withdrawal("w-2", "5")).ok();
    let browser = app.browser().sign_in("auditor");
    let log = browser.page("/desk/audit").ok();
    assert!(log.contains("/desk/audit/replay") && log.contains("key.created"), "{log}");
    let replay = || browser.page("/desk/audit/replay").form("/desk/audit/replay").submit(&[]).text();
    let page = replay();
    assert!(page.contains("All 2 compared decisions are equal") && !page.contains("class=\"error\""), "{page}");
    let write = app.shared.screening.transact("t", |tx| {
        tx.db().execute("UPDATE events SET result = result || ' ' WHERE id = 'w-1'", &[])?;
        Ok::<_, holdfast_screening::ScreeningError>(())
    });
    write.unwrap();
    let page = replay();
    for part in ["does not give what is stored", "<dt>Equal</dt><dd>1</dd>", "<dt>Different</dt><dd>1</dd>", "(w-1)"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let investigator = app.browser().sign_in("investigator");
    assert_eq!(investigator.page("/desk/audit").answer.status, 403);
}

fn the_clock_is_confirmed_only_when_it_is_doubted(app: &TestApp) {
    let clock = app.as_role("investigator").get("/api/v1/clock").ok();
    assert_eq!((&clock["trusted"], &clock["now"]), (&json!(true), &json!(app.now())));
    app.as_role("administrator").post("/api/v1/clock", Value::Null).refused(409);
    app.as_role("investigator").post("/api/v1/clock", Value::Null).refused(403);
}
