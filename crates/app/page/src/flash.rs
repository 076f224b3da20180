//! What the last form did, said once on the page after it. The browser keeps the key of the message for twenty seconds, never a text: nobody can make
//! a page say what the catalogue does not have.

use crate::texts::{find, t};
use holdfast_state::visit;
use holdfast_types::Seconds;
use maud::{Markup, html};

/// How long a message waits for the page that shows it.
pub const LASTS: Seconds = Seconds::new(20);

/// Routes whose forms do one thing, each with the message about it. A handler that does one of several says which by [`visit::say`].
const OF_ROUTES: &[(&str, &str)] = &[
    ("/language", "flash-language"),
    ("/sign-out", "flash-signed-out"),
    ("/portal/sign-out", "flash-signed-out"),
    ("/academy/leave", "flash-signed-out"),
    ("/portal/new", "flash-request-sent"),
    ("/portal/me", "flash-saved"),
    ("/portal/passkeys/remove", "flash-passkey-removed"),
    ("/portal/requests/{id}", "flash-message-sent"),
    ("/portal/requests/{id}/files", "flash-file-attached"),
    ("/academy/sessions/{id}", "flash-feedback"),
    ("/desk/alerts/{id}", "flash-alert"),
    ("/desk/holds", "flash-hold-placed"),
    ("/desk/holds/{id}/release", "flash-release"),
    ("/desk/cases", "flash-case-opened"),
    ("/desk/cases/{id}", "flash-case"),
    ("/desk/cases/{id}/exhibits", "flash-exhibit"),
    ("/desk/cases/{id}/report", "flash-report-drafted"),
    ("/desk/cases/{id}/reports/{report}/approve", "flash-report-approved"),
    ("/desk/requests/{id}", "flash-request"),
    ("/desk/requests/{id}/messages", "flash-message-sent"),
    ("/desk/requests/{id}/files", "flash-file-attached"),
    ("/desk/requests/{id}/productions", "flash-production"),
    ("/desk/officers/{id}", "flash-officer"),
    ("/desk/agencies", "flash-agency"),
    ("/desk/recommendations", "flash-proposed"),
    ("/desk/recommendations/{id}", "flash-saved"),
    ("/desk/people/{id}", "flash-person"),
    ("/desk/keys/{id}", "flash-key"),
    ("/desk/desk-keys/{id}", "flash-key"),
    ("/desk/sessions/{handle}", "flash-session-ended"),
    ("/desk/second-factor/code", "flash-factor"),
    ("/desk/second-factor/passkeys/{id}", "flash-saved"),
    ("/desk/jobs/{id}", "flash-job"),
    ("/desk/jobs/{id}/cancel", "flash-job-cancelled"),
    ("/desk/webhooks/{id}", "flash-webhook-removed"),
    ("/desk/tags/own", "flash-saved"),
    ("/desk/prices", "flash-saved"),
    ("/desk/retention", "flash-saved"),
    ("/desk/retention/holds", "flash-saved"),
    ("/desk/retention/holds/{id}", "flash-saved"),
    ("/desk/retention/erasures", "flash-proposed"),
    ("/desk/retention/erasures/{id}", "flash-change"),
    ("/desk/tags/own/{id}", "flash-saved"),
    ("/desk/changes/{id}", "flash-change"),
    ("/desk/sharing/flags", "flash-flag-raised"),
    ("/desk/sharing/flags/{id}", "flash-flag"),
    ("/desk/sharing/communities", "flash-community"),
    ("/desk/sharing/communities/{id}/suspend", "flash-member-suspended"),
    ("/desk/sharing/wallets", "flash-shared"),
    ("/desk/sharing/sources", "flash-proposed"),
    ("/desk/sharing/sources/{id}", "flash-source-withdrawn"),
    ("/desk/warnings/{event}", "flash-warning-cancelled"),
    ("/desk/campaigns", "flash-campaign-drafted"),
    ("/desk/campaigns/{id}", "flash-campaign"),
    ("/desk/academy/sessions", "flash-session-planned"),
    ("/desk/academy/courses", "flash-saved"),
    ("/desk/academy/sessions/{id}", "flash-saved"),
];

/// Returns the key of the message of a route whose form was taken; none for steps of signing in and of labs, whose next page shows what came of them.
#[must_use]
pub fn of_route(route: &str) -> Option<&'static str> {
    let of = OF_ROUTES.iter().find(|(of, _)| *of == route).map(|(_, key)| *key);
    of.or_else(|| route.starts_with("/desk/").then_some("flash-done"))
}

/// Returns the message that waits for this page; from then on it is shown.
#[must_use]
pub fn shown() -> Markup {
    let key = visit::message().filter(|key| key.starts_with("flash-"));
    let text = key.and_then(|key| find(&key, None));
    html! { @if let Some(text) = text { p.flash role="status" data-flash aria-label=(t!("flash-label")) { (text) } } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_state::language::Language;
    use holdfast_state::visit::Visit;
    use std::sync::Arc;

    fn shown_for(key: &str) -> String {
        let visit = Visit::new(Language::English, "/", Some(key.to_owned()));
        visit::sync_scope(Some(Arc::new(visit)), || shown().into_string())
    }

    #[test]
    fn messages_come_from_the_catalogue_alone() {
        let shown = shown_for("flash-saved");
        assert!(shown.contains("role=\"status\"") && shown.contains("data-flash"), "{shown}");
        for other in ["flash-no-such-key", "nav-desk", "<b>", ""] {
            assert_eq!(shown_for(other), "", "{other}");
        }
        assert_eq!(super::shown().into_string(), "", "outside a request");
    }

    #[test]
    fn every_route_has_a_text() {
        for (route, key) in OF_ROUTES {
            assert!(find(key, None).is_some(), "{key}");
            assert_eq!(of_route(route), Some(*key), "{route} stands twice");
        }
        assert_eq!(of_route("/desk/anything"), Some("flash-done"));
        assert_eq!((of_route("/sign-in"), of_route("/academy/attempts/{id}")), (None, None));
    }
}
