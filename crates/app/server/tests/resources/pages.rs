//! Pages in process: sign-in, form tokens, and what they show.

use holdfast_testing_app::{PAID, TestApp, on_both_apps};

on_both_apps!(
    a_browser_signs_in_and_works,
    nobody_works_without_a_session_or_a_token,
    errors_lead_on_in_the_area_where_the_person_is,
    printed_pages_say_what_they_are,
    lists_refuse_states_that_there_are_not
);

fn a_browser_signs_in_and_works(app: &TestApp) {
    app.decided("w-1", "c-1");
    let browser = app.browser().sign_in("investigator");
    for path in
        ["/desk", "/desk/alerts", "/desk/holds", "/desk/cases", "/desk/requests", "/", &format!("/address/{PAID}")]
    {
        let page = browser.page(path);
        assert!(page.ok().contains("<h1"), "{path}");
        let policy = page.answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(
            !page.ok().contains(" style=") && !page.ok().contains("<style"),
            "{path}: the policy refuses styles in pages"
        );
    }
    let opened = browser.page("/desk/cases").form("/desk/cases").submit(&[("title", "A <ransom>"), ("summary", "B")]);
    assert_eq!(opened.status, 303, "{}", opened.text());
    let page = browser.page("/desk/cases/1").ok();
    assert!(page.contains("A &lt;ransom&gt;") && !page.contains("<ransom>"), "{page}");
    browser.page("/desk").form("/sign-out").submit(&[]);
    assert_eq!(browser.page("/desk").answer.status, 303, "signed out");
}

fn nobody_works_without_a_session_or_a_token(app: &TestApp) {
    let stranger = app.browser();
    let page = stranger.page("/desk/cases");
    assert_eq!((page.answer.status, page.answer.header("location")), (303, "/sign-in?next=/desk/cases"));
    let browser = app.browser().sign_in("investigator");
    assert_eq!(
        browser.post("/desk/cases", &[("title", "A"), ("summary", "B")]).status,
        403,
        "a form without its token"
    );
    let form = browser.page("/desk/cases").form("/desk/cases").hidden;
    let token = form.iter().find(|(n, _)| n == "csrf").map(|(_, v)| v.clone()).unwrap();
    assert_eq!(stranger.post("/desk/cases", &[("csrf", &token), ("title", "A")]).status, 303, "no session");
    assert_eq!(app.as_role("investigator").get("/api/v1/desk/cases").ok(), serde_json::json!([]));
    let missing = browser.page("/desk/nope");
    assert!(
        missing.answer.status == 404 && missing.answer.text().contains("There is no page at"),
        "{}",
        missing.answer.text()
    );
    // A form's address opened by hand, and a link whose subject was cut off, are pages with a way on too.
    let form = browser.page("/desk/holds/1/release").answer;
    assert_eq!((form.status, form.header("allow")), (405, "POST"), "{}", form.text());
    assert!(form.text().contains("Forms are sent to this address"), "{}", form.text());
    let cut = browser.page("/trace").answer;
    assert_eq!(cut.status, 400, "{}", cut.text());
    assert!(cut.text().contains("This link is not complete") && cut.text().contains("subject"), "{}", cut.text());
    assert!(!cut.text().contains("deserialize"), "{}", cut.text());
}

fn lists_refuse_states_that_there_are_not(app: &TestApp) {
    let browser = app.browser().sign_in("root");
    let lists: [(&str, &[&str]); 9] = [
        ("alerts", &["open", "closed"]),
        ("cases", &["open", "closed"]),
        ("changes", &["proposed", "approved", "rejected"]),
        ("holds", &["active", "released", "expired"]),
        ("jobs", &["waiting", "running", "done", "failed"]),
        ("officers", &["registered", "proved", "approved", "suspended"]),
        ("requests", &["open", "prepared", "answered"]),
        ("seizures", &["prepared", "returned", "approved", "moved"]),
        ("warnings", &["open", "cooling", "stopped", "escalated", "released"]),
    ];
    for (list, states) in lists {
        let page = browser.page(&format!("/desk/{list}?state=lost")).answer;
        assert_eq!(page.status, 400, "{list}: {}", page.text());
        assert!(page.text().contains(&format!("state: 'lost' is none of {}", states.join(", "))), "{}", page.text());
        assert!(page.text().contains("aria-current=\"page\""), "in the frame of the desk: {}", page.text());
        for state in states.iter().chain(&[""]) {
            browser.page(&format!("/desk/{list}?state={state}")).ok();
        }
    }
}

fn errors_lead_on_in_the_area_where_the_person_is(app: &TestApp) {
    let browser = app.browser().sign_in("investigator");
    let unknown = browser.page("/desk/sharing/sources/99").answer;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("href=\"/desk/sharing\" aria-current=\"page\""), "{}", unknown.text());
    let portal = app.browser().page("/portal/nope").answer;
    assert!(portal.status == 404 && !portal.text().contains("href=\"/desk"), "{}", portal.text());
    let academy = app.browser().page("/academy/labs/none").answer;
    assert!(academy.status == 404 && academy.text().contains("href=\"/academy\""), "{}", academy.text());
    // A key that does not open a page: the refusal leads to what it opens, and signs out.
    let trainer = app.browser().sign_in("trainer");
    let refused = trainer.page("/desk/cases");
    assert_eq!(refused.answer.status, 403);
    assert!(refused.answer.text().contains("href=\"/desk/academy\""), "{}", refused.answer.text());
    assert_eq!(refused.form("/sign-out").submit(&[]).status, 303);
    assert_eq!(trainer.page("/desk/academy").answer.status, 303, "signed out");
}

fn printed_pages_say_what_they_are(app: &TestApp) {
    let alert = app.decided("w-1", "c-1")["alert"].clone();
    let browser = app.browser().sign_in("investigator");
    browser.page("/desk/cases").form("/desk/cases").submit(&[("title", "A ransom"), ("summary", "B")]);
    let head = |path: &str| {
        let page = browser.page(path).ok();
        let from = page.find("<div class=\"printed\">").unwrap_or_else(|| panic!("{path}: {page}"));
        page[from..].split("</div>").next().unwrap_or_default().to_owned()
    };
    let hash = |path: &str| {
        let head = head(path);
        let (_, found) = head.split_once("SHA-256 ").unwrap_or_else(|| panic!("{path}: {head}"));
        found.chars().take_while(char::is_ascii_hexdigit).collect::<String>()
    };
    let case = head("/desk/cases/1");
    for part in ["Case 1: A ransom", "CONFIDENTIAL", "printed by ", " UTC"] {
        assert!(case.contains(part), "{part}: {case}");
    }
    // The same content has the same hash, another one another.
    let cases = hash("/desk/cases");
    assert_eq!((cases.len(), &cases), (64, &hash("/desk/cases")));
    assert_ne!(cases, hash("/desk/alerts"));
    // What everybody may read is neither confidential nor hashed.
    let public = head("/");
    assert!(!public.contains("CONFIDENTIAL") && !public.contains("SHA-256"), "{public}");
    // The page of an alert names it once; beside the queue its panel does.
    let named = |page: &str| page.matches(&format!("Alert {alert}</h")).count();
    assert_eq!(named(&browser.page(&format!("/desk/alerts/{alert}")).ok()), 1);
    assert_eq!(named(&browser.page(&format!("/desk/alerts/{alert}/panel")).ok()), 1);
}
