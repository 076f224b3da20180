//! The chooser of the pages' language, which stands below every page and needs no script.

use crate::icons::icon;
use crate::texts::t;
use holdfast_state::language::Language;
use holdfast_state::visit;
use maud::{Markup, html};

/// Returns the chooser: a button for each language, named in itself.
#[must_use]
pub fn chooser() -> Markup {
    let here = visit::language();
    html! {
        footer.languages {
            form method="post" action="/language" aria-label=(t!("common-language")) {
                (icon("globe"))
                @for language in Language::ALL {
                    @let is_here = (language == here).then_some("true");
                    button.plain type="submit" name="language" value=(language.tag()) lang=(language.tag()) dir=(language.direction()) aria-current=[is_here] {
                        (language.own_name())
                    } " "
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_state::visit::Visit;
    use std::sync::Arc;

    #[test]
    fn the_language_in_use_is_marked() {
        let visit = Arc::new(Visit::new(Language::Arabic, "/", None));
        let shown = visit::sync_scope(Some(visit), || chooser().into_string());
        assert!(shown.contains("value=\"ar\" lang=\"ar\" dir=\"rtl\" aria-current=\"true\""), "{shown}");
        assert_eq!(shown.matches("<button").count(), Language::ALL.len());
        assert_eq!(shown.matches("aria-current").count(), 1);
    }
}
