//! Pages in the language of their reader, and the message about the last form.

use holdfast_testing_app::{TestApp, on_both_apps};

on_both_apps!(
    a_page_is_in_the_browsers_language,
    a_chosen_language_stays_and_counts_before_the_browsers,
    a_choice_follows_a_person_to_other_browsers,
    what_a_form_did_is_said_once,
    programs_get_english,
    pages_that_are_not_open_say_who_opens_them,
    a_refused_form_keeps_what_was_sent
);

fn in_language(app: &TestApp, path: &str, accepted: &str) -> (u16, String, String) {
    let caller = app.as_nobody().header("accept", "text/html").header("accept-language", accepted);
    let answer = caller.get(path);
    (answer.status, answer.header("content-language").to_owned(), answer.text())
}

fn a_page_is_in_the_browsers_language(app: &TestApp) {
    for (accepted, lang, direction, words) in [
        ("de-AT, en;q=0.5", "de", "ltr", "Zum Inhalt springen"),
        ("fr", "fr", "ltr", "Aller au contenu"),
        ("es-MX", "es", "ltr", "Ir al contenido"),
        ("zh-CN, zh;q=0.9", "zh-Hans", "ltr", "跳到正文"),
        ("ar-EG", "ar", "rtl", "الانتقال إلى المحتوى"),
        ("pt-BR", "en", "ltr", "Skip to the content"),
        ("", "en", "ltr", "Skip to the content"),
    ] {
        // The front page reads on a thread that may block; the portal and a page that is not there do not.
        for path in ["/", "/portal/sign-in", "/field-guide", "/nothing-here"] {
            let (status, language, text) = in_language(app, path, accepted);
            assert_eq!(status, if path == "/nothing-here" { 404 } else { 200 }, "{path}: {text}");
            assert_eq!(language, lang, "{path}");
            assert!(text.contains(&format!("<html lang=\"{lang}\" dir=\"{direction}\">")), "{path}: {text}");
            assert!(text.contains(words), "{path} in {lang}: {text}");
        }
    }
    // Texts of refused forms too.
    let (_, _, text) = in_language(app, "/desk/alerts", "de");
    assert_eq!(text, "", "strangers are led to the sign-in");
}

fn a_chosen_language_stays_and_counts_before_the_browsers(app: &TestApp) {
    let browser = app.browser();
    let chosen = browser.page("/portal/sign-in").form("/language").submit(&[("language", "ar")]);
    assert_eq!((chosen.status, chosen.header("location")), (303, "/"), "{}", chosen.text());
    let page = browser.page("/portal/sign-in").ok();
    assert!(page.contains("dir=\"rtl\"") && page.contains("بوابة"), "{page}");
    let script = browser.script().header("accept", "text/html").header("accept-language", "fr");
    assert!(script.get("/portal/sign-in").text().contains("<html lang=\"ar\""));
    let unknown = browser.page("/portal/sign-in").form("/language").submit(&[("language", "tlh")]);
    assert_eq!(unknown.status, 400, "{}", unknown.text());
    assert!(unknown.text().contains("zh-Hans"), "the error names the values: {}", unknown.text());
    browser.page("/portal/sign-in").form("/language").submit(&[("language", "en")]);
    assert!(browser.page("/portal/sign-in").ok().contains("<html lang=\"en\" dir=\"ltr\">"));
}

fn a_choice_follows_a_person_to_other_browsers(app: &TestApp) {
    let is_in = |page: String, lang: &str| assert!(page.contains(&format!("<html lang=\"{lang}\"")), "{lang}: {page}");
    // Who is not signed in chooses for this browser alone.
    let stranger = app.browser();
    assert_eq!(stranger.page("/portal/sign-in").form("/language").submit(&[("language", "fr")]).status, 303);
    let first = app.browser().sign_in("investigator");
    is_in(first.page("/desk/alerts").ok(), "en");
    assert_eq!(first.page("/desk/alerts").form("/language").submit(&[("language", "de")]).status, 303);
    is_in(first.page("/desk/alerts").ok(), "de");
    let second = app.browser().sign_in("investigator");
    is_in(second.page("/desk/alerts").ok(), "de");
    is_in(app.browser().sign_in("auditor").page("/desk/alerts").ok(), "en");
    // The last choice counts.
    assert_eq!(second.page("/desk/alerts").form("/language").submit(&[("language", "ar")]).status, 303);
    is_in(app.browser().sign_in("investigator").page("/desk/alerts").ok(), "ar");
}

fn what_a_form_did_is_said_once(app: &TestApp) {
    let browser = app.browser().sign_in("investigator");
    assert!(!browser.page("/desk").ok().contains("data-flash"), "signing in is seen by itself");
    let opened = browser.page("/desk/cases").form("/desk/cases").submit(&[("title", "A"), ("summary", "B")]);
    let cookie = opened.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok());
    let cookie = cookie.into_iter().find(|c| c.starts_with("hmsg=")).unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Max-Age=20"),
        "{cookie}"
    );
    // A script's call between does not use it up.
    browser.script().get("/assets/nothing.js");
    let page = browser.page("/desk/cases/1").ok();
    assert!(page.contains("role=\"status\" data-flash") && page.contains("The case was opened."), "{page}");
    assert!(!browser.page("/desk/cases/1").ok().contains("data-flash"), "it is said once");
    // A refused form says nothing of success.
    let refused = browser.page("/desk/cases").form("/desk/cases").submit(&[("title", "")]);
    assert_eq!(refused.status, 400);
    assert!(!browser.page("/desk/cases").ok().contains("data-flash"));
}

fn programs_get_english(app: &TestApp) {
    let ana = app.as_role("investigator").header("accept-language", "ar");
    let refused = ana.get("/api/v1/alerts/99");
    assert!(refused.status == 404 && refused.text().is_ascii(), "{}", refused.text());
    assert_eq!(refused.header("content-language"), "");
}

fn pages_that_are_not_open_say_who_opens_them(app: &TestApp) {
    let trainer = app.browser().sign_in("trainer");
    let refused = trainer.page("/desk/cases").answer;
    assert_eq!(refused.status, 403);
    let text = refused.text();
    assert!(text.contains("investigator, approver") && text.contains("An administrator gives roles"), "{text}");
    let missing = app.browser().sign_in("investigator").page("/desk/alrets").answer;
    let text = missing.text();
    assert!(missing.status == 404 && text.contains("<ul><li><a href=\"/desk"), "likely pages: {text}");
    assert!(text.contains("action=\"/search\""), "{text}");
}

fn a_refused_form_keeps_what_was_sent(app: &TestApp) {
    let browser = app.browser().sign_in("investigator");
    let sent = [("title", ""), ("summary", "Paid at <night>"), ("typology", "")];
    let refused = browser.page("/desk/cases").form("/desk/cases").submit(&sent);
    let text = refused.text();
    assert_eq!(refused.status, 400, "{text}");
    assert!(text.contains("Paid at &lt;night&gt;") && text.contains("aria-invalid=\"true\""), "{text}");
    assert!(text.contains("id=\"title-0-error\"") && text.contains("name=\"csrf\""), "{text}");
    // A key is never shown again.
    let key = app.browser().page("/sign-in").form("/sign-in").submit(&[("key", "hf_secret_of_somebody")]);
    assert!(!key.text().contains("hf_secret_of_somebody"), "{}", key.text());
}
