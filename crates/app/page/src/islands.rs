//! Catalogues that pages carry whole for their scripts.

use maud::{Markup, PreEscaped, html};

const EXPLORER: &str = include_str!("../locales/en/explorer.ftl");

/// Returns the explorer's texts in an element that its script reads.
pub fn explorer_texts() -> Markup {
    // Only this could end the element.
    let text = EXPLORER.replace("</", "<\\/");
    html! { script type="text/plain" id="explorer-texts" { (PreEscaped(text)) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_syntax::ast::Entry;
    use std::collections::BTreeSet;

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
}
