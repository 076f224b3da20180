//! The story on the front page: one ransom, from a name to an answer that verifies. It is shown where the store has it, as the demo's has.

use holdfast_page::frame::Frame;
use holdfast_page::icons::icon;
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_workspace::Subject;
use maud::{Markup, html};

/// The payment of the ransom, in block 400000 of Bitcoin, and the address that it pays.
const TX: &str = "2d7b8af1d0043da6149508f6faf34d4e130451169300ad3fc5e1f8a5d65f9ccb";
const ADDRESS: &str = "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48";

/// The demo's event about the address, and the request of its officer.
const EVENT: &str = "demo-ransom-0";
const REQUEST: &str = "demo-400000";

/// A step: keys of its title and text, and where it leads.
type Step = (&'static str, &'static str, String);

fn steps() -> [Step; 8] {
    let trace = format!("subject={TX}:0&direction=backward");
    [
        ("story-search", "story-search-text", "/search?q=Locky".into()),
        ("story-address", "story-address-text", format!("/address/{ADDRESS}")),
        ("story-trace", "story-trace-text", format!("/trace?{trace}")),
        ("story-explorer", "story-explorer-text", format!("/desk/graph?subject={TX}")),
        ("story-event", "story-event-text", format!("/desk/events/{EVENT}")),
        ("story-request", "story-request-text", format!("/desk/requests/{REQUEST}")),
        ("story-case", "story-case-text", "/desk/cases".into()),
        ("story-bundle", "story-bundle-text", format!("/api/v1/trace/bundle?{trace}")),
    ]
}

/// Returns whether the store has what the story leads through.
pub(crate) fn is_here(shared: &AppState) -> bool {
    let is_stored = shared.chains.snapshots().iter().any(|chain| matches!(chain.subject(TX), Ok(Subject::Tx(_))));
    is_stored && shared.screening.event(EVENT).is_ok()
}

/// Returns the story. Steps that the visitor may not open stand without a link.
pub(crate) fn shown(frame: &Frame) -> Markup {
    let opens = |to: &str| match to.starts_with("/api/") {
        true => frame.may("read") || frame.may("chain"),
        false => frame.may_open(&pattern(to)),
    };
    html! {
        section.story aria-labelledby="story" {
            h2 #story { (t!("story-title")) }
            p { (t!("story-intro")) }
            ol { @for (title, text, to) in steps() { li {
                strong { @if opens(&to) { a href=(to) { (t!(title)) " " (icon("arrow-right")) } } @else { (t!(title)) } }
                p { (t!(text)) }
            } } }
        }
    }
}

/// The route of a step's page, whose needs the frame knows.
fn pattern(to: &str) -> String {
    let path = to.split('?').next().unwrap_or_default();
    for of in ["/desk/events/", "/desk/requests/"] {
        if path.starts_with(of) {
            return format!("{of}{{id}}");
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_get_links_to_open_pages_alone() {
        let shown = shown(&Frame::nobody()).into_string();
        assert_eq!(shown.matches("<li>").count(), steps().len());
        assert!(shown.contains(&format!("href=\"/address/{ADDRESS}\"")) && shown.contains("href=\"/search?q=Locky\""));
        assert!(!shown.contains("href=\"/desk") && !shown.contains("href=\"/api"), "{shown}");
    }
}
