//! Ways on from a page that is not there, or that somebody may not open.

use crate::components::listed;
use crate::frame::{Frame, MENU};
use crate::texts::{find, rich, t};
use axum::http::Method;
use holdfast_identity::ROLES;
use holdfast_state::routes::NeedsTable;
use maud::{Markup, html};

/// Most pages that are proposed.
const MOST: usize = 5;

/// Most characters of a path that are compared.
const MAX_PATH: usize = 200;

/// Below this likeness (1 is equal) a page is not proposed.
const LIKE: f64 = 0.6;

/// Beginnings of routes that are no pages: of programs, and steps that a form takes.
const NO_PAGES: [&str; 6] = ["/api/", "/taxii2", "/health/", "/metrics", "/portal/passkeys", "/portal/prove"];

/// Returns the pages that somebody may have meant by a path, the likeliest first: pages above it, then pages whose paths are like it.
fn likely<'t>(needs: &'t NeedsTable, path: &str, may_open: impl Fn(&str) -> bool) -> Vec<&'t str> {
    let path: String = path.chars().take(MAX_PATH).collect();
    let path = path.trim_end_matches('/');
    let plain = |route: &&str| !route.contains('{') && !route.ends_with(".css") && !route.ends_with(".js");
    let pages = needs.iter().filter(|(_, method, _)| **method == Method::GET).map(|(route, _, _)| route);
    let pages = pages
        .filter(plain)
        .filter(|route| !NO_PAGES.iter().any(|of| route.starts_with(of)) && *route != "/" && may_open(route));
    let likeness = |route: &str| {
        let is_above = path.strip_prefix(route).is_some_and(|rest| rest.starts_with('/'));
        let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
        let like = strsim::jaro_winkler(route, path)
            .min(1.0)
            .mul_add(0.5, strsim::jaro_winkler(&last(route), &last(path)) * 0.5);
        if is_above { 1.0 } else { like }
    };
    let mut found: Vec<(f64, &str)> = pages.map(|route| (likeness(route), route)).filter(|(l, _)| *l >= LIKE).collect();
    // The longest of the pages above is the nearest; names decide between others alike.
    found.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(other.len().cmp(&one.len())).then(one.cmp(other)));
    found.into_iter().map(|(_, route)| route).take(MOST).collect()
}

/// Returns a field to search in, and links to pages that somebody may have meant by a path.
pub(crate) fn from_missing(frame: &Frame, needs: &NeedsTable, path: &str) -> Markup {
    let pages = likely(needs, path, |to| frame.may_open(to));
    html! {
        form.step action="/search" method="get" {
            label { (t!("common-search-label")) input type="search" name="q"; }
            button type="submit" { (t!("common-search")) }
        }
        @if !pages.is_empty() {
            p { (t!("common-meant")) }
            ul { @for to in pages { li { a href=(to) { (name(to)) } } } }
        }
    }
}

/// The name of a page in the navigation, or its path.
fn name(to: &str) -> String {
    let pages = MENU.iter().flat_map(|(_, pages)| pages.iter());
    pages.into_iter().find(|(of, _)| *of == to).map_or_else(|| to.to_owned(), |(_, key)| t!(*key))
}

/// Returns which roles open a page, and who gives roles.
pub(crate) fn from_refused(needs: &NeedsTable, path: &str) -> Markup {
    let scopes = page_of(needs, path);
    let opening = ROLES.iter().filter(|(_, own)| own.iter().any(|s| scopes.contains(s)));
    let roles: Vec<String> =
        opening.map(|(name, _)| find(&format!("people-{name}"), None).unwrap_or_else(|| (*name).to_owned())).collect();
    html! {
        @if !roles.is_empty() { p { (rich!("desk-refused-roles", roles = listed(roles))) } }
        p { (t!("desk-refused-who")) }
    }
}

/// The scopes of the page at a path: of its own route, or of the route whose parameters the path's parts fill.
fn page_of(needs: &NeedsTable, path: &str) -> &'static [&'static str] {
    let fits = |route: &str| {
        let (mut parts, mut given) = (route.split('/'), path.split('/'));
        loop {
            match (parts.next(), given.next()) {
                (None, None) => return true,
                (Some(part), Some(_)) if part.starts_with("{*") => return true,
                (Some(part), Some(is)) if part == is || part.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    let exact = needs.get(&Method::GET, path);
    let found =
        exact.or_else(|| needs.iter().find(|(route, m, _)| **m == Method::GET && fits(route)).map(|(_, _, n)| n));
    found.map_or(&[], |needs| needs.scopes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_state::routes::{APPROVE, READERS, Routes};

    fn table() -> NeedsTable {
        let pages = Routes::new("pages")
            .get("/desk", READERS, async || ())
            .get("/desk/alerts", READERS, async || ())
            .get("/desk/alerts/{id}", READERS, async || ())
            .get("/desk/holds", READERS, async || ())
            .get("/desk/officers", APPROVE, async || ())
            .get("/api/v1/alerts", READERS, async || ())
            .open("/transparency", axum::routing::get(async || ()));
        pages.into_parts().1
    }

    #[test]
    fn pages_above_and_alike_are_proposed() {
        let needs = table();
        let of = |path: &str| likely(&needs, path, |_| true);
        assert_eq!(of("/desk/alerts/9/nothing")[..2], ["/desk/alerts", "/desk"], "the nearest first");
        assert_eq!(of("/desk/alrets")[0], "/desk");
        assert!(of("/desk/alrets").contains(&"/desk/alerts"), "{:?}", of("/desk/alrets"));
        assert_eq!(of("/transparancy"), ["/transparency"]);
        assert!(of("/zzzz").is_empty());
        assert!(!likely(&needs, "/desk/hold", |to| to != "/desk/holds").contains(&"/desk/holds"), "what is not open");
        assert!(of(&"/desk".repeat(100_000)).len() <= MOST, "long paths are cut");
    }

    #[test]
    fn a_refusal_names_the_roles_that_open_the_page() {
        let needs = table();
        let shown = from_refused(&needs, "/desk/officers").into_string();
        assert!(shown.contains("approver") && !shown.contains("investigator"), "{shown}");
        let shown = from_refused(&needs, "/desk/alerts/7").into_string();
        assert!(shown.contains("investigator") && shown.contains("auditor"), "{shown}");
        assert!(!from_refused(&needs, "/nowhere").into_string().contains("approver"));
    }
}
