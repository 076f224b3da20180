//! Catalogues that pages carry whole for their scripts.

use crate::texts;
use maud::{Markup, PreEscaped, html};

const EXPLORER: &str = include_str!("../locales/en/explorer.ftl");

/// Returns the explorer's texts in an element that its script reads: the English ones, then those of the request's language, which replace them.
pub fn explorer_texts() -> Markup {
    // Only this could end the element.
    let text = [EXPLORER, texts::of_explorer()].join("\n").replace("</", "<\\/");
    html! { script type="text/plain" id="explorer-texts" { (PreEscaped(text)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_syntax::ast::Entry;
    use holdfast_state::language::Language;
    use holdfast_state::visit::{self, Visit};
    use std::collections::BTreeSet;
    use std::sync::Arc;

    #[test]
    fn the_explorers_catalogue_is_fluent_and_has_each_key_once() {
        let resource = fluent_syntax::parser::parse(EXPLORER).expect("explorer.ftl is Fluent");
        let mut keys = BTreeSet::new();
        for entry in &resource.body {
            if let Entry::Message(message) = entry {
                assert!(keys.insert(message.id.name), "{} stands twice", message.id.name);
                assert!(message.value.is_some(), "{} has no text", message.id.name);
            }
        }
        assert!(keys.len() > 200);
    }

    #[test]
    fn the_element_cannot_be_ended_by_a_text() {
        assert_eq!(explorer_texts().0.matches("</").count(), 1);
    }

    #[test]
    fn a_page_carries_the_texts_of_its_language_after_the_english_ones() {
        let visit = Visit::new(Language::German, "/desk/graph", None);
        let german = visit::sync_scope(Some(Arc::new(visit)), explorer_texts).0;
        let at = |line: &str| german.find(line).unwrap_or_else(|| panic!("{line:?} is missing"));
        // The script takes the last of the same key.
        assert!(at("\nkind-address = address\n") < at("\nkind-address = Adresse\n"));
        assert!(!explorer_texts().0.contains("kind-address = Adresse"), "English without a request");
    }
}
