//! What stands around every page: head, search, navigation. A link is shown only to who may open it.

use crate::texts::{for_script, rich, t};
use crate::{again, figures, flash, icons, islands, languages, way};
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::error::ApiError;
use holdfast_state::routes::NeedsTable;
use holdfast_state::sign_in::cookie;
use holdfast_state::visit;
use holdfast_types::Timestamp;
use holdfast_types::hash::sha256;
use maud::{DOCTYPE, Markup, html};
use std::convert::Infallible;
use std::sync::Arc;

/// Where the desk's pages begin.
pub const ENTRANCE: &str = "/desk";

/// Returns whether a path is one of the desk's pages, which need a key; the rest of the pages shows the ledger alone.
#[must_use]
pub fn is_private(path: &str) -> bool {
    path == ENTRANCE || path.starts_with("/desk/")
}

/// Marks requests for pages of a lab's own chain, of which the desk has no graph.
#[derive(Debug, Clone, Copy)]
pub struct InLab;

/// An answer, or the error as a page.
pub type Page = Result<Markup, ErrorPage>;

/// A form's answer, or the error as a page.
pub type Answer = Result<Response, ErrorPage>;

/// An error, shown as a page.
#[derive(Debug)]
pub struct ErrorPage(pub ApiError);

impl<E: Into<ApiError>> From<E> for ErrorPage {
    fn from(e: E) -> Self {
        ErrorPage(e.into())
    }
}

/// What an error page shows; the response carries it, so that [`Frame::dress`] shows it in the area where the person is.
#[derive(Clone, Debug)]
struct Failure {
    status: StatusCode,
    message: String,
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        self.0.log();
        let failure = Failure { status: self.0.status, message: self.0.message };
        let mut response = (failure.status, Frame::nobody().error(&failure, "/")).into_response();
        response.extensions_mut().insert(failure);
        response
    }
}

/// Parts of the site, each with navigation of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    /// Pages of the ledger, and everything that is part of no other area.
    Ledger,
    /// The desk; the page that its navigation marks.
    Desk(&'static str),
    /// The officers' portal.
    Portal,
    /// The academy.
    Academy,
}

impl Area {
    fn of(path: &str) -> Self {
        let within = |area: &str| path.strip_prefix(area).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if is_private(path) {
            return Area::Desk(links().find(|to| *to != ENTRANCE && within(to)).unwrap_or(ENTRANCE));
        }
        match (within("/portal"), within("/academy")) {
            (true, _) => Area::Portal,
            (_, true) => Area::Academy,
            _ => Area::Ledger,
        }
    }
}

/// A part of the navigation: the key of its name, and its pages, each with the key of its name.
type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// The navigation, by what people do.
pub const MENU: [Group; 9] = [
    ("nav-group-own", &[("/desk", "nav-desk")]),
    (
        "nav-group-investigate",
        &[
            ("/desk/graph", "nav-graph"),
            ("/accounts", "nav-chains"),
            ("/desk/cases", "nav-cases"),
            ("/desk/watch-lists", "nav-watch-lists"),
            ("/desk/tags", "nav-tags"),
            ("/desk/packs", "nav-packs"),
        ],
    ),
    (
        "nav-group-monitor",
        &[
            ("/desk/dashboard", "nav-dashboard"),
            ("/desk/alerts", "nav-alerts"),
            ("/desk/events", "nav-events"),
            ("/desk/customers", "nav-customers"),
            ("/desk/holds", "nav-holds"),
            ("/desk/warnings", "nav-warnings"),
            ("/desk/rules", "nav-rules"),
            ("/desk/prices", "nav-prices"),
            ("/desk/providers", "nav-providers"),
        ],
    ),
    (
        "nav-group-respond",
        &[("/desk/requests", "nav-requests"), ("/desk/officers", "nav-officers"), ("/desk/seizures", "nav-seizures")],
    ),
    ("nav-group-report", &[("/transparency", "nav-transparency")]),
    ("nav-group-share", &[("/desk/sharing", "nav-sharing")]),
    ("nav-group-prevent", &[("/desk/campaigns", "nav-campaigns"), ("/desk/recommendations", "nav-recommendations")]),
    ("nav-group-train", &[("/desk/academy", "nav-academy"), ("/field-guide", "nav-field-guide")]),
    (
        "nav-group-administer",
        &[
            ("/desk/changes", "nav-changes"),
            ("/desk/people", "nav-people"),
            ("/desk/jobs", "nav-jobs"),
            ("/desk/webhooks", "nav-webhooks"),
            ("/desk/outbox", "nav-outbox"),
            ("/desk/audit", "nav-audit"),
            ("/desk/retention", "nav-retention"),
            ("/openapi.json", "nav-api"),
        ],
    ),
];

/// Returns the pages of the navigation.
pub fn links() -> impl Iterator<Item = &'static str> {
    MENU.iter().flat_map(|(_, pages)| pages.iter().map(|(to, _)| *to))
}

/// Returns where somebody begins: at the desk's front page; who may not open it, at the first page of the part of the navigation in which they may open most
/// pages. An administrator, who may read rules too, begins among the pages for administrators.
pub fn landing(needs: &NeedsTable, may: impl Fn(&str) -> bool) -> Option<&'static str> {
    let opened = |to: &&'static str| is_private(to) && opens(needs, &may, to);
    if opened(&ENTRANCE) {
        return Some(ENTRANCE);
    }
    let parts = MENU.iter().map(|(_, pages)| pages.iter().map(|(to, _)| *to).filter(opened).collect::<Vec<_>>());
    // Of several parts alike the last of the reversed ones counts, which is the first.
    parts.rev().max_by_key(Vec::len)?.first().copied()
}

/// Returns whether somebody may open a page: whether they have a scope of which its route needs one.
pub fn opens(needs: &NeedsTable, may: &impl Fn(&str) -> bool, to: &str) -> bool {
    !is_private(to) || needs.get(&Method::GET, to).is_some_and(|n| n.scopes().iter().any(|scope| may(scope)))
}

/// The person who sees a page, as far as its frame shows it.
#[derive(Clone, Debug)]
pub struct Frame {
    caller: Option<Caller>,
    officer: bool,
    learner: bool,
    /// Whether the person signed in at the desk: at an open one nobody needs to.
    signed_in: bool,
    /// Whether anything leads away from the page.
    leads: bool,
    /// What routes need of their callers.
    needs: Arc<NeedsTable>,
    /// When the page is made; printed pages carry it.
    made: Option<Timestamp>,
}

impl FromRequestParts<AppState> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &AppState) -> Result<Self, Infallible> {
        if parts.extensions.get::<InLab>().is_some() {
            return Ok(Frame::nobody());
        }
        let frame = Frame::of(shared, &parts.headers);
        Ok(Frame { caller: parts.extensions.get::<Caller>().cloned().or(frame.caller), ..frame })
    }
}

impl Frame {
    /// Returns the frame for the person signed in by the cookies of a request.
    pub fn of(shared: &AppState, headers: &HeaderMap) -> Self {
        let officer = cookie(headers, "ho").is_some();
        let signed_in = shared.auth.visitor(headers, shared.screening.now());
        let has_session = signed_in.is_some();
        // Everybody works at an open desk, but an officer comes for the portal.
        let caller = signed_in.or_else(|| (shared.auth.is_open() && !officer).then(|| Caller::local("local")));
        let learner = cookie(headers, "hl").is_some();
        let (needs, made) = (shared.needs.clone(), Some(shared.screening.now()));
        Frame { caller, officer, learner, signed_in: has_session, leads: true, needs, made }
    }

    /// Returns the frame for an unknown person.
    pub fn nobody() -> Self {
        let needs = Arc::default();
        Frame { caller: None, officer: false, learner: false, signed_in: false, leads: false, needs, made: None }
    }

    /// Returns whether the person has a scope at the desk.
    pub fn may(&self, scope: &str) -> bool {
        self.caller.as_ref().is_some_and(|c| c.may(scope))
    }

    /// Returns the person, if it is one of the desk.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Returns whether the person may open a page of the desk.
    pub fn may_open(&self, to: &str) -> bool {
        opens(&self.needs, &|scope: &str| self.may(scope), to.split('?').next().unwrap_or_default())
    }

    fn landing(&self) -> Option<&'static str> {
        landing(&self.needs, |scope| self.may(scope))
    }

    /// Links of the head, to the other areas in which the person works.
    fn ways(&self) -> Vec<(&'static str, &'static str)> {
        let mut ways = Vec::new();
        if self.officer {
            ways.push(("/portal", "nav-portal"));
        }
        if self.learner {
            ways.push(("/academy/me", "nav-labs"));
        }
        if self.landing().is_none() && ways.is_empty() && self.leads {
            ways.push(("/sign-in", "nav-sign-in"));
        }
        if self.caller.is_none() && self.leads && !self.officer {
            ways.push(("/openapi.json", "nav-api"));
        }
        ways
    }

    /// Returns a page of the ledger.
    pub fn page(&self, title: &str, query: &str, body: Markup) -> Markup {
        self.with(title, query, &self.ways(), &self.menu(""), body)
    }

    /// Returns a page. The menu stands beside it; on a narrow screen it is a drawer that its link opens, without a script.
    fn with(&self, title: &str, query: &str, ways: &[(&str, &str)], menu: &Markup, body: Markup) -> Markup {
        let has_menu = !menu.0.is_empty();
        let finds_all = self.caller.is_some() && self.may_open("/desk/search");
        let (label, hint) = match finds_all {
            true => ("desk-search-label", "desk-search-hint"),
            false => ("common-search-label", "common-search-hint"),
        };
        let who = self.caller.as_ref().map(|caller| caller.0.to_string());
        let language = visit::language();
        html! {
            (DOCTYPE)
            html lang=(language.tag()) dir=(language.direction()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " - Holdfast" }
                    link rel="stylesheet" href=[holdfast_assets::path("fonts.css")];
                    link rel="stylesheet" href="/style.css";
                    link rel="icon" href="data:,";
                    script src=[holdfast_assets::path("theme.js")] {}
                    script type="module" src=[holdfast_assets::path("shell.js")] {}
                }
                body data-desk[finds_all] data-who=[who] {
                    a.skip href="#main" { (t!("nav-skip")) }
                    header {
                        @if has_menu { a.open-menu href="#menu" { (icons::icon("menu")) (t!("nav-menu")) } }
                        a.brand href="/" { "Holdfast" }
                        form.search action="/search" method="get" role="search" aria-label=(t!("common-search")) {
                            input type="search" name="q" value=(query) aria-label=(t!(label)) placeholder=(t!(hint)) autofocus[title == t!("ledger-home")];
                            button type="submit" { (icons::icon("search")) (t!("common-search")) }
                        }
                        @for (to, key) in ways { a href=(to) { (icons::of_page(to)) (t!(key)) } }
                    }
                    div.frame[has_menu] {
                        (menu)
                        main #main { (self.printed(title, &body)) (flash::shown()) (body) }
                    }
                    (languages::chooser())
                    template #texts data-texts=(for_script("shell-")) {}
                    template data-texts=(islands::category_words()) {}
                }
            }
        }
    }

    /// What stands above a page on paper alone: what it is, and of the desk's pages that they are confidential, who printed them, and the SHA-256 of what they say.
    fn printed(&self, title: &str, body: &Markup) -> Markup {
        let is_private = is_private(visit::path().split('?').next().unwrap_or_default());
        html! { div.printed {
            span { "Holdfast · " (title) @if is_private { " · " strong { (t!("common-classification")) } } }
            span {
                @if let Some(caller) = self.caller.as_ref().filter(|_| is_private) { (t!("common-printed-by", person = caller.0.to_string())) " · " }
                @if let Some(made) = self.made { (figures::to_the_minute(made)) }
            }
            // Pages with the same hash say the same.
            @if is_private { span.content-hash { "SHA-256 " (hex::encode(sha256(body.0.as_bytes()))) } }
        } }
    }

    /// The navigation of the desk, of which `here` is marked; empty for whoever has no page there.
    fn menu(&self, here: &str) -> Markup {
        if self.caller.is_none() || self.landing().is_none() {
            return Markup::default();
        }
        let local = self.caller.as_ref().is_some_and(Caller::is_local);
        html! {
            nav.menu #menu aria-label=(t!("nav-desk")) {
                a.close-menu href="#main" { (icons::icon("x")) (t!("nav-close")) }
                @for (group, pages) in MENU {
                    @let pages: Vec<_> = pages.iter().filter(|(to, _)| self.may_open(to)).collect();
                    @if !pages.is_empty() {
                        p { (t!(group)) }
                        ul { @for (to, key) in pages { li { a href=(to) aria-current=[(*to == here).then_some("page")] { (icons::of_page(to)) (t!(key)) } } } }
                    }
                }
                @if !local { p { (t!("nav-group-person")) } ul { li {
                    a href="/desk/sessions" aria-current=[(here == "/desk/sessions").then_some("page")] { (icons::of_page("/desk/sessions")) (t!("nav-sessions")) }
                } } }
                (self.sign_out())
            }
        }
    }

    /// Returns a page of the desk, `here` of its navigation.
    pub fn desk(&self, title: &str, here: &str, body: Markup) -> Markup {
        self.with(title, "", &self.ways(), &self.menu(here), html! { h1 { (title) } (body) })
    }

    fn sign_out(&self) -> Markup {
        let name = self.caller.as_ref().map(|c| c.0.to_string()).unwrap_or_default();
        html! { @if self.signed_in { form method="post" action="/sign-out" {
            button.plain type="submit" { (icons::icon("log-out")) (t!("desk-sign-out", name = name)) }
        } } }
    }

    /// Returns a page of the officers' portal before and between its steps of signing in.
    pub fn entrance(&self, title: &str, body: Markup) -> Markup {
        self.with(title, "", &[], &Markup::default(), body)
    }

    /// Returns a page of the officers' portal, with links to what the officer may open.
    pub fn portal(&self, title: &str, approved: bool, body: Markup) -> Markup {
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
        self.with(title, "", &[], &Markup::default(), body)
    }

    /// Returns a page of the academy.
    pub fn academy(&self, title: &str, body: Markup) -> Markup {
        let body = html! {
            nav aria-label=(t!("nav-academy")) {
                a href="/academy" { (t!("nav-courses")) }
                @if self.learner { a href="/academy/me" { (t!("nav-labs")) } }
                a href="/field-guide" { (t!("nav-field-guide")) }
                @if self.learner { form method="post" action="/academy/leave" { button.plain type="submit" { (t!("common-sign-out")) } } }
            }
            h1 { (title) }
            (body)
        };
        self.page(title, "", body)
    }

    /// A page of the area that a path is in.
    fn of_area(&self, path: &str, title: &str, body: Markup) -> Markup {
        match Area::of(path) {
            Area::Desk(here) if self.caller.is_some() => self.desk(title, here, body),
            Area::Portal if self.officer => self.portal(title, false, body),
            Area::Portal => self.entrance(title, html! { h1 { (title) } (body) }),
            Area::Academy => self.academy(title, body),
            Area::Desk(_) | Area::Ledger => self.page(title, "", html! { h1 { (title) } (body) }),
        }
    }

    /// An error as a page of the area that the path is in.
    fn error(&self, e: &Failure, path: &str) -> Markup {
        let title = if e.status == StatusCode::NOT_FOUND { t!("common-error-not-found") } else { t!("common-error") };
        let form = matches!(e.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::CONFLICT);
        let body = html! {
            p.error role="alert" { (e.message) }
            @if form { @match again::form(&e.message) {
                Some(again) => (again),
                None => p { (t!("common-error-form")) },
            } }
            (self.ways_on(path))
        };
        self.of_area(path, &title, body)
    }

    /// Shows an error that a handler answered with in the frame of the path's area; other responses stay as they are.
    #[must_use]
    pub fn dress(&self, path: &str, response: Response) -> Response {
        let Some(failure) = response.extensions().get::<Failure>().cloned() else { return response };
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(self.error(&failure, path).into_string()))
    }

    /// Returns the answer at a path that leads nowhere.
    pub fn no_page(&self, path: &str) -> Response {
        let shown: String = path.chars().take(200).collect();
        let body = html! {
            p.error { (rich!("common-error-no-page", path = html! { span.hash { (shown) } })) }
            (way::from_missing(self, &self.needs, path))
            (self.ways_on(path))
        };
        (StatusCode::NOT_FOUND, self.of_area(path, &t!("common-error-not-found"), body)).into_response()
    }

    /// Refuses a page of the desk: leads strangers to the sign-in, and shows others the reason.
    #[must_use]
    pub fn refusal(&self, path_and_query: &str, e: ApiError) -> Response {
        let path = path_and_query.split('?').next().unwrap_or_default();
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
                (way::from_refused(&self.needs, path))
                p { (t!("desk-refused-text")) }
                @if self.landing().is_none() { (self.sign_out()) }
            };
            return (e.status, self.desk(&t!("desk-refused-title"), "", body)).into_response();
        }
        self.dress(path, ErrorPage(e).into_response())
    }

    /// Links from an error page to the first page of the area, and to the other areas that the person works in.
    fn ways_on(&self, path: &str) -> Markup {
        let desk = self.landing();
        let first = match Area::of(path) {
            Area::Portal => Some(("/portal", "nav-portal")),
            Area::Academy if self.learner => Some(("/academy/me", "nav-labs")),
            Area::Academy => Some(("/academy", "nav-academy")),
            Area::Desk(_) | Area::Ledger => desk.map(|to| (to, "nav-desk")),
        };
        let is_stranger = self.leads && self.caller.is_none() && !self.officer && Area::of(path) == Area::Ledger;
        html! { p {
            (rich!("common-ways-on", home = html! { a href="/" { (t!("common-home")) } }))
            @if let Some((to, key)) = first { " " a href=(to) { (t!(key)) } }
            @if is_stranger { " " a href="/portal" { (t!("nav-portal")) } }
        } }
    }
}

/// Leads the browser on after a form.
pub fn back(to: String) -> Response {
    Redirect::to(&to).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_state::routes::{READERS, Routes};

    fn table() -> Arc<NeedsTable> {
        let pages = Routes::new("pages").get("/desk", READERS, async || ()).get("/desk/sharing", READERS, async || ());
        Arc::new(pages.into_parts().1)
    }

    #[test]
    fn errors_are_shown_in_the_area_where_the_person_is() {
        let caller = Some(Caller::local("ana"));
        let frame =
            Frame { officer: true, learner: true, caller, signed_in: true, leads: true, needs: table(), made: None };
        let shown = |path: &str| {
            let failure = Failure { status: StatusCode::NOT_FOUND, message: "there is no such <thing>".into() };
            frame.error(&failure, path).into_string()
        };
        let (desk, portal) = (shown("/desk/sharing/sources/9"), shown("/portal/requests/9"));
        assert!(desk.contains("href=\"/desk/sharing\" aria-current=\"page\""), "{desk}");
        assert!(desk.contains("no such &lt;thing>") || desk.contains("no such &lt;thing&gt;"), "{desk}");
        assert!(portal.contains("/portal/sign-out") && !portal.contains("/desk/holds"), "{portal}");
        let (academy, ledger) = (shown("/academy/attempts/9"), shown("/address/9"));
        assert!(academy.contains("<nav") && academy.contains("/academy/me"), "{academy}");
        assert!(ledger.contains("<nav class=\"menu\"") && ledger.contains("href=\"/desk\""), "{ledger}");
        let outside = Frame {
            officer: false,
            learner: false,
            caller: None,
            signed_in: false,
            leads: true,
            needs: table(),
            made: None,
        };
        let failure = Failure { status: StatusCode::TOO_MANY_REQUESTS, message: "wait".into() };
        let page = outside.error(&failure, "/portal/prove").into_string();
        assert!(page.contains("href=\"/portal\"") && !page.contains("/portal/sign-out"), "{page}");
        // What no error is stays as it is.
        let plain = frame.dress("/desk", (StatusCode::OK, "text").into_response());
        assert_eq!(plain.status(), StatusCode::OK);
    }
}
