//! Icons (Lucide, ISC), from the sprite that `web/icons.mjs` makes. They stand beside a text and say nothing by themselves.

use maud::{Markup, html};

/// Icons that point along the text, and are turned where it runs from right to left.
const ALONG: [&str; 6] = ["arrow-left", "arrow-right", "log-in", "log-out", "send", "undo-2"];

/// Returns an icon; nothing where the sprite is not built, as on docs.rs.
#[must_use]
pub fn icon(name: &str) -> Markup {
    let sprite = holdfast_assets::path("icons.svg");
    html! { @if let Some(sprite) = sprite {
        svg.icon.along[ALONG.contains(&name)] aria-hidden="true" focusable="false" width="16" height="16" { use href={ (sprite) "#" (name) } {} }
    } }
}

/// Icons of the navigation's pages.
const OF_PAGES: &[(&str, &str)] = &[
    ("/desk", "layout-dashboard"),
    ("/desk/dashboard", "radar"),
    ("/desk/watch-lists", "eye"),
    ("/desk/tags", "tag"),
    ("/desk/packs", "package"),
    ("/desk/graph", "network"),
    ("/accounts", "link"),
    ("/desk/cases", "folder"),
    ("/desk/alerts", "bell"),
    ("/desk/events", "zap"),
    ("/desk/customers", "users"),
    ("/desk/holds", "lock"),
    ("/desk/warnings", "triangle-alert"),
    ("/desk/rules", "scale"),
    ("/desk/prices", "coins"),
    ("/desk/providers", "plug"),
    ("/desk/requests", "inbox"),
    ("/desk/officers", "badge-check"),
    ("/desk/seizures", "gavel"),
    ("/transparency", "chart-column"),
    ("/desk/sharing", "handshake"),
    ("/desk/campaigns", "megaphone"),
    ("/desk/recommendations", "lightbulb"),
    ("/desk/academy", "graduation-cap"),
    ("/field-guide", "book-open"),
    ("/desk/changes", "git-pull-request"),
    ("/desk/people", "user-cog"),
    ("/desk/jobs", "list-checks"),
    ("/desk/webhooks", "webhook"),
    ("/desk/outbox", "mail"),
    ("/desk/audit", "scroll-text"),
    ("/desk/retention", "file-text"),
    ("/desk/sessions", "monitor"),
    ("/openapi.json", "code"),
    ("/portal", "inbox"),
    ("/academy/me", "graduation-cap"),
    ("/sign-in", "log-in"),
];

/// Returns the icon of a page of the navigation.
#[must_use]
pub fn of_page(to: &str) -> Markup {
    let name = OF_PAGES.iter().find(|(of, _)| *of == to).map_or("file-text", |(_, name)| *name);
    icon(name)
}

/// Icons of buttons, by the last word of the key of their text.
const OF_BUTTONS: &[(&str, &str)] = &[
    ("add", "plus"),
    ("approve", "check"),
    ("assign", "user-plus"),
    ("attach", "paperclip"),
    ("cancel", "ban"),
    ("close", "check"),
    ("comment", "message-square"),
    ("continue", "arrow-right"),
    ("draft", "file-plus"),
    ("edit", "pencil"),
    ("end", "square"),
    ("open", "plus"),
    ("reject", "x"),
    ("release", "undo-2"),
    ("remove", "trash"),
    ("rename", "pencil"),
    ("reopen", "rotate-cw"),
    ("retry", "rotate-cw"),
    ("return", "undo-2"),
    ("revoke", "ban"),
    ("save", "save"),
    ("scan", "radar"),
    ("search", "search"),
    ("send", "send"),
    ("share", "share-2"),
    ("start", "play"),
    ("suspend", "pause"),
    ("withdraw", "undo-2"),
];

/// Returns the icon of a button, by the key of its text; many have none.
#[must_use]
pub fn of_button(key: &str) -> Markup {
    let word = key.strip_suffix("-button").unwrap_or(key).rsplit('-').next().unwrap_or_default();
    let found = OF_BUTTONS.iter().find(|(of, _)| *of == word);
    html! { @if let Some((_, name)) = found { (icon(name)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::links;

    #[test]
    fn every_page_of_the_navigation_has_an_icon_of_the_sprite() {
        let sprite = include_str!("../../../../web/icons.mjs");
        for (_, name) in OF_PAGES.iter().chain(OF_BUTTONS) {
            assert!(sprite.contains(&format!("'{name}'")), "{name} is not in web/icons.mjs");
        }
        let missing: Vec<&str> = links().filter(|to| !OF_PAGES.iter().any(|(of, _)| of == to)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(of_button("common-save").into_string().contains("#save"));
        assert_eq!(of_button("portal-factor-passkey").into_string(), "");
    }
}
