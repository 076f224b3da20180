//! Navigation of the desk's pages: a link is shown to who may open it.

use axum::http::Method;
use holdfast_identity::ROLES;
use holdfast_page::frame::{landing, links, opens};
use holdfast_server::page_routes;
use holdfast_state::routes::NeedsTable;

fn of(scopes: &'static [&'static str]) -> impl Fn(&str) -> bool {
    |scope: &str| scopes.iter().any(|s| *s == scope || *s == "admin")
}

fn scopes_of(needs: &NeedsTable, page: &str) -> &'static [&'static str] {
    needs.get(&Method::GET, page).map_or(&[], |needs| needs.scopes())
}

#[test]
fn a_key_lands_on_a_page_that_it_opens() {
    let needs = page_routes().into_parts().1;
    assert_eq!(landing(&needs, of(&["admin"])), Some("/desk"));
    assert_eq!(landing(&needs, of(&["desk"])), Some("/desk"));
    assert_eq!(landing(&needs, of(&["academy"])), Some("/desk/academy"));
    assert_eq!(landing(&needs, of(&["events"])), Some("/desk/warnings"));
    assert_eq!(landing(&needs, of(&["chain"])), None);
    assert_eq!(landing(&needs, of(&["read"])), Some("/desk/alerts"));
    let administrators = landing(&needs, of(&["manage", "rules"])).unwrap();
    assert!(scopes_of(&needs, administrators).contains(&"manage"), "{administrators}");
}

#[test]
fn every_role_sees_only_links_that_it_opens() {
    let needs = page_routes().into_parts().1;
    let shown = |scopes: &'static [&'static str]| links().filter(|to| opens(&needs, &of(scopes), to)).count();
    for (role, scopes) in ROLES {
        for to in links().filter(|to| opens(&needs, &of(scopes), to)) {
            let open = !to.starts_with("/desk") || scopes_of(&needs, to).iter().any(|s| scopes.contains(s));
            assert!(open, "{role} {to}");
        }
    }
    assert_eq!(shown(&["admin"]), links().count());
    assert!(shown(&["chain"]) < shown(&["read", "audit"]) && shown(&["manage", "rules"]) < links().count());
}
