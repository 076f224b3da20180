//! What stands around every page: head, search, navigation. A link is shown only to who may open it.

use crate::ledger::InLab;
use crate::scopes_of_page;
use crate::texts::{rich, t};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_api::Shared;
use holdfast_api::error::ApiError;
use holdfast_api::gate::Caller;
use holdfast_api::sign_in::cookie;
use maud::{DOCTYPE, Markup, html};
use std::convert::Infallible;

/// An answer, or the error as a page.
pub(crate) type Page = Result<Markup, ErrorPage>;

/// A form's answer, or the error as a page.
pub(crate) type Answer = Result<Response, ErrorPage>;

/// An error, shown as a page.
#[derive(Debug)]
pub struct ErrorPage(pub(crate) ApiError);

impl<E: Into<ApiError>> From<E> for ErrorPage {
    fn from(e: E) -> Self {
        ErrorPage(e.into())
    }
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        Frame::nobody().error(&self.0)
    }
}

/// Pages that the desk's navigation leads to, with the keys of their names.
pub(crate) const LINKS: [(&str, &str); 16] = [
    ("/desk", "nav-desk"),
    ("/desk/requests", "nav-requests"),
    ("/desk/cases", "nav-cases"),
    ("/desk/alerts", "nav-alerts"),
    ("/desk/holds", "nav-holds"),
    ("/desk/warnings", "nav-warnings"),
    ("/desk/campaigns", "nav-campaigns"),
    ("/desk/officers", "nav-officers"),
    ("/desk/seizures", "nav-seizures"),
    ("/desk/sharing", "nav-sharing"),
    ("/desk/recommendations", "nav-recommendations"),
    ("/desk/changes", "nav-changes"),
    ("/desk/academy", "nav-academy"),
    ("/desk/people", "nav-people"),
    ("/desk/jobs", "nav-jobs"),
    ("/transparency", "nav-transparency"),
];

/// The first page of the desk that somebody may open: an administrator's is not the investigators' queue.
pub(crate) fn landing(may: impl Fn(&str) -> bool) -> Option<&'static str> {
    LINKS.iter().map(|(to, _)| *to).find(|to| crate::desk::is_private(to) && opens(&may, to))
}

fn opens(may: &impl Fn(&str) -> bool, to: &str) -> bool {
    !crate::desk::is_private(to) || scopes_of_page(to).iter().any(|scope| may(scope))
}

/// Who looks at a page, as far as its frame shows it.
#[derive(Clone, Debug)]
pub struct Frame {
    caller: Option<Caller>,
    officer: bool,
    learner: bool,
    /// Whether anything leads away from the page.
    leads: bool,
}

impl FromRequestParts<Shared> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Infallible> {
        if parts.extensions.get::<InLab>().is_some() {
            return Ok(Frame::nobody());
        }
        let frame = Frame::of(shared, &parts.headers);
        Ok(Frame { caller: parts.extensions.get::<Caller>().cloned().or(frame.caller), ..frame })
    }
}

impl Frame {
    /// The frame for who is signed in by the cookies of a request.
    pub fn of(shared: &Shared, headers: &HeaderMap) -> Self {
        let officer = cookie(headers, "ho").is_some();
        let signed_in = shared.gate.visitor(headers, shared.screening.now());
        // Everybody works at an open desk, but an officer comes for the portal.
        let caller = signed_in.or_else(|| (shared.gate.is_open() && !officer).then(|| Caller::local("local")));
        Frame { caller, officer, learner: cookie(headers, "hl").is_some(), leads: true }
    }

    /// The frame where it is not known who looks.
    pub(crate) fn nobody() -> Self {
        Frame { caller: None, officer: false, learner: false, leads: false }
    }

    /// Whether whoever is signed in at the desk may do what a scope names.
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.caller.as_ref().is_some_and(|c| c.may(scope))
    }

    /// Whether whoever is signed in at the desk may open a page.
    pub(crate) fn may_open(&self, to: &str) -> bool {
        opens(&|scope: &str| self.may(scope), to.split('?').next().unwrap_or_default())
    }

    /// Links of the head: to what whoever looks works at.
    fn ways(&self) -> Vec<(&'static str, &'static str)> {
        let mut ways = Vec::new();
        if let Some(to) = landing(|scope| self.may(scope)) {
            ways.push((to, "nav-desk"));
        }
        if self.officer {
            ways.push(("/portal", "nav-portal"));
        }
        if self.learner {
            ways.push(("/academy/me", "nav-labs"));
        }
        if ways.is_empty() && self.leads {
            ways.push(("/sign-in", "nav-sign-in"));
        }
        if self.caller.is_some() || (self.leads && !self.officer) {
            ways.push(("/openapi.json", "nav-api"));
        }
        ways
    }

    /// A page.
    pub(crate) fn page(&self, title: &str, query: &str, body: Markup) -> Markup {
        self.with(title, query, &self.ways(), body)
    }

    fn with(&self, title: &str, query: &str, ways: &[(&str, &str)], body: Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " - Holdfast" }
                    link rel="stylesheet" href="/style.css";
                    link rel="icon" href="data:,";
                }
                body {
                    header {
                        a href="/" { "Holdfast" }
                        form.search action="/search" method="get" role="search" {
                            input type="search" name="q" value=(query) aria-label=(t!("common-search-label"))
                                placeholder=(t!("common-search-hint")) autofocus[title == t!("ledger-home")];
                            button type="submit" { (t!("common-search")) }
                        }
                        @for (to, key) in ways { a href=(to) { (t!(key)) } }
                    }
                    main { (body) }
                }
            }
        }
    }

    /// A page of the desk, `here` of its navigation.
    pub(crate) fn desk(&self, title: &str, here: &str, body: Markup) -> Markup {
        let links: Vec<_> = LINKS.into_iter().filter(|(to, _)| self.caller.is_some() && self.may_open(to)).collect();
        let body = html! {
            @if !links.is_empty() { nav aria-label=(t!("nav-desk")) { @for (to, key) in links {
                a href=(to) aria-current=[(to == here).then_some("page")] { (t!(key)) }
            }
            @if self.caller.as_ref().is_some_and(|c| !c.is_local()) {
                a href="/desk/sessions" aria-current=[(here == "/desk/sessions").then_some("page")] { (t!("nav-sessions")) }
            }
            @if self.may_open("/desk/search") { form action="/desk/search" role="search" {
                input name="q" type="search" aria-label=(t!("desk-search-label")) placeholder=(t!("desk-search-hint"));
            } } } }
            h1 { (title) }
            (body)
        };
        self.page(title, "", body)
    }

    /// A page of the officers' portal before and between its steps of signing in.
    pub(crate) fn entrance(&self, title: &str, body: Markup) -> Markup {
        self.with(title, "", &[], body)
    }

    /// A page of the officers' portal, with links to what the officer may open.
    pub(crate) fn portal(&self, title: &str, approved: bool, body: Markup) -> Markup {
        let body = html! {
            nav aria-label=(t!("portal-nav")) {
                a href="/portal" { (t!("portal-home-title")) }
                @if approved { a href="/portal/new" { (t!("portal-new-title")) } }
                a href="/portal/me" { (t!("portal-me-title")) }
                form method="post" action="/portal/sign-out" { button.plain type="submit" { (t!("common-sign-out")) } }
            }
            h1 { (title) }
            (body)
        };
        self.with(title, "", &[], body)
    }

    /// A page of the academy.
    pub(crate) fn academy(&self, title: &str, body: Markup) -> Markup {
        let body = html! {
            nav aria-label=(t!("nav-academy")) {
                a href="/academy" { (t!("nav-courses")) }
                @if self.learner { a href="/academy/me" { (t!("nav-labs")) } }
                a href="/field-guide" { (t!("nav-field-guide")) }
            }
            h1 { (title) }
            (body)
        };
        self.page(title, "", body)
    }

    /// An error as a page.
    pub(crate) fn error(&self, e: &ApiError) -> Response {
        e.log();
        let title = if e.status == StatusCode::NOT_FOUND { t!("common-error-not-found") } else { t!("common-error") };
        let form = matches!(e.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::CONFLICT);
        let body = html! {
            h1 { (title) }
            p.error role="alert" { (e.message) }
            @if form { p { (t!("common-error-form")) } }
            (self.ways_on())
        };
        (e.status, self.page(&title, "", body)).into_response()
    }

    /// The answer at a path that leads nowhere.
    pub(crate) fn no_page(&self, path: &str) -> Response {
        let shown: String = path.chars().take(200).collect();
        let title = t!("common-error-not-found");
        let body = html! {
            h1 { (title) }
            p.error { (rich!("common-error-no-page", path = html! { span.hash { (shown) } })) }
            (self.ways_on())
        };
        (StatusCode::NOT_FOUND, self.page(&title, "", body)).into_response()
    }

    /// Refuses a page of the desk: who is not signed in is sent to do so, others see why not.
    #[must_use]
    pub fn refusal(&self, path_and_query: &str, e: ApiError) -> Response {
        if e.status == StatusCode::UNAUTHORIZED {
            let next: String = path_and_query
                .bytes()
                .map(|b| match b.is_ascii_alphanumeric() || b"/-_.".contains(&b) {
                    true => char::from(b).to_string(),
                    false => format!("%{b:02X}"),
                })
                .collect();
            return back(format!("/sign-in?next={next}"));
        }
        if e.status == StatusCode::FORBIDDEN && self.caller.is_some() {
            let body = html! {
                p.error role="alert" { (e.message) }
                p { (t!("desk-refused-text")) }
                form method="post" action="/sign-out" { button.plain type="submit" { (t!("common-sign-out")) } }
            };
            return (e.status, self.desk(&t!("desk-refused-title"), "", body)).into_response();
        }
        self.error(&e)
    }

    fn ways_on(&self) -> Markup {
        let portal = self.leads && self.caller.is_none();
        html! { p {
            (rich!("common-ways-on", home = html! { a href="/" { (t!("common-home")) } }))
            @if let Some(to) = landing(|scope| self.may(scope)) { " " a href=(to) { (t!("nav-desk")) } }
            @if portal { " " a href="/portal" { (t!("nav-portal")) } }
        } }
    }
}

/// Leads the browser on after a form.
pub(crate) fn back(to: String) -> Response {
    Redirect::to(&to).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_identity::ROLES;

    fn of(scopes: &'static [&'static str]) -> impl Fn(&str) -> bool {
        |scope: &str| scopes.iter().any(|s| *s == scope || *s == "admin")
    }

    #[test]
    fn a_key_lands_on_a_page_that_it_opens() {
        assert_eq!(landing(of(&["admin"])), Some("/desk"));
        assert_eq!(landing(of(&["desk"])), Some("/desk"));
        assert_eq!(landing(of(&["academy"])), Some("/desk/academy"));
        assert_eq!(landing(of(&["events"])), Some("/desk/warnings"));
        assert_eq!(landing(of(&["chain"])), None);
        let administrators = landing(of(&["manage", "rules"])).unwrap();
        assert!(scopes_of_page(administrators).contains(&"manage"), "{administrators}");
    }

    #[test]
    fn every_role_sees_only_links_that_it_opens() {
        let shown = |scopes: &'static [&'static str]| LINKS.iter().filter(|(to, _)| opens(&of(scopes), to)).count();
        for (role, scopes) in ROLES {
            for (to, _) in LINKS.iter().filter(|(to, _)| opens(&of(scopes), to)) {
                let open = !to.starts_with("/desk") || scopes_of_page(to).iter().any(|s| scopes.contains(s));
                assert!(open, "{role} {to}");
            }
        }
        assert_eq!(shown(&["admin"]), LINKS.len());
        assert!(shown(&["chain"]) < shown(&["read", "audit"]) && shown(&["manage", "rules"]) < LINKS.len());
    }
}
