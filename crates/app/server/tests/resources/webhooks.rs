//! Webhooks, and mail in the outbox.

use holdfast_notify::outbox::{self, Mail};
use holdfast_store::Store;
use holdfast_testing_app::{TestApp, on_both_apps};
use serde_json::{Value, json};
use std::ops::ControlFlow;

on_both_apps!(webhooks_are_made_listed_and_removed, mail_is_listed_and_tried_again, the_outbox_has_a_page);

fn webhooks_are_made_listed_and_removed(app: &TestApp) {
    let boss = app.as_role("administrator");
    let add = |url: &str, topics: Value| boss.post("/api/v1/webhooks", json!({"url": url, "topics": topics}));
    let made = add("https://example.org/hook", json!(["holds", "alerts"])).ok();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    add("ftp://example.org/hook", json!(["holds"])).refused_with(400, "url");
    add("https://example.org/hook", json!([])).refused_with(400, "topics");
    add("https://example.org/hook", json!(["weather"])).refused_with(400, "weather");
    let listed = boss.get("/api/v1/webhooks").ok();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert!(!listed.to_string().contains("whsec_"), "{listed}");
    let at = format!("/api/v1/webhooks/{}", made["webhook"]);
    app.as_role("investigator").delete(&at).refused_with(403, "manage");
    assert_eq!(boss.post(&format!("{at}/retry"), Value::Null).is(204), Value::Null);
    assert_eq!(boss.delete(&at).is(204), Value::Null);
    boss.post(&format!("{at}/retry"), Value::Null).refused_with(404, "webhook");
    boss.delete(&at).refused(404);
}

/// A mail to somebody, which failed once.
fn failed_mail(app: &TestApp) {
    Store::change(&*app.shared.screening, "portal", |tx| {
        outbox::add(tx, "kim@fbi.gov", "Your <code>", "1234-5678", "request:r-1")
    })
    .unwrap();
    let send = |_: &Mail| Err("mailbox is full".to_owned());
    outbox::deliver(&*app.shared.screening, &send, &|| ControlFlow::Continue(())).unwrap();
}

fn mail_is_listed_and_tried_again(app: &TestApp) {
    let boss = app.as_role("administrator");
    assert_eq!(boss.get("/api/v1/outbox").ok(), json!([]));
    failed_mail(app);
    let listed = boss.get("/api/v1/outbox?state=failing&limit=5").ok();
    assert_eq!((&listed[0]["to"], &listed[0]["state"]), (&json!("kim@fbi.gov"), &json!("failing")), "{listed}");
    assert_eq!((&listed[0]["failures"], &listed[0]["last_error"]), (&json!(1), &json!("mailbox is full")), "{listed}");
    assert!(!listed.to_string().contains("1234-5678"), "a code is shown to nobody: {listed}");
    assert_eq!(boss.get("/api/v1/outbox?state=sent").ok(), json!([]));
    boss.get("/api/v1/outbox?state=lost").refused(400);
    let at = format!("/api/v1/outbox/{}/retry", listed[0]["id"]);
    assert!(app.mail().is_empty(), "it waits for its next try");
    assert_eq!(boss.post(&at, Value::Null).is(204), Value::Null);
    assert_eq!(app.mail().len(), 1);
    app.as_role("investigator").get("/api/v1/outbox").refused_with(403, "manage");
    let log = app.as_role("auditor").get("/api/v1/audit").ok().to_string();
    assert!(log.contains("mail.retried") && log.contains("data.read"), "{log}");
}

fn the_outbox_has_a_page(app: &TestApp) {
    failed_mail(app);
    let browser = app.browser().sign_in("administrator");
    let page = browser.page("/desk/outbox");
    let text = page.ok();
    assert!(
        text.contains("kim@fbi.gov") && text.contains("Your &lt;code&gt;") && text.contains("mailbox is full"),
        "{text}"
    );
    assert!(!text.contains("1234-5678"), "{text}");
    let retried = page.form("/desk/outbox/1").submit(&[]);
    assert_eq!((retried.status, retried.header("location")), (303, "/desk/outbox"), "{}", retried.text());
    assert_eq!(app.mail().len(), 1);
    assert!(browser.page("/desk/outbox?state=sent").ok().contains("There is no mail."));
    assert_eq!(browser.page("/desk/outbox?state=lost").answer.status, 400);
    assert_eq!(app.browser().sign_in("investigator").page("/desk/outbox").answer.status, 403);
}
