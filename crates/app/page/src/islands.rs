//! Catalogues that pages carry whole for their scripts, and the pages' words for what scripts have by its name.

use crate::components::word;
use crate::texts;
use holdfast_attribution::{Category, Confidence};
use holdfast_state::language::Language;
use holdfast_state::visit;
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use strum::VariantArray;

const EXPLORER: &str = include_str!("../locales/en/explorer.ftl");

/// Returns the explorer's texts in an element that its script reads: the English ones, then those of the request's language, which replace them, and the
/// words for categories and confidences.
pub fn explorer_texts() -> Markup {
    let mut text = [EXPLORER, texts::of_explorer()].join("\n");
    text.push('\n');
    for category in Category::all() {
        text.push_str(&format!("{} = {}\n", key_of(category), word(category)));
    }
    for confidence in Confidence::VARIANTS {
        text.push_str(&format!("confidence-is-{} = {}\n", confidence.name(), word(confidence.name())));
    }
    // Only this could end the element.
    let text = text.replace("</", "<\\/");
    html! { script type="text/plain" id="explorer-texts" { (PreEscaped(text)) } }
}

/// Returns words for categories as JSON for the palette of every page: where a word is the category's name with spaces, the script has it already.
#[must_use]
pub fn category_words() -> Arc<str> {
    static MADE: [OnceLock<Arc<str>>; Language::ALL.len()] = [const { OnceLock::new() }; Language::ALL.len()];
    let make = || -> Arc<str> {
        let words: BTreeMap<String, String> = Category::all()
            .map(|category| (category, word(category)))
            .filter(|(category, word)| *word != category.name().replace('_', " "))
            .map(|(category, word)| (key_of(category), word))
            .collect();
        // Words are strings, which are always JSON.
        serde_json::to_string(&words).unwrap_or_default().into()
    };
    match MADE.get(visit::language().place()) {
        Some(made) => Arc::clone(made.get_or_init(make)),
        None => make(),
    }
}

/// The key by which scripts know the word for a category.
fn key_of(category: Category) -> String {
    format!("category-is-{}", category.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_syntax::ast::Entry;
    use holdfast_state::visit::Visit;
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

    #[test]
    fn a_page_carries_the_texts_of_its_language_after_the_english_ones() {
        let visit = Visit::new(Language::German, "/desk/graph", None);
        let german = visit::sync_scope(Some(Arc::new(visit)), explorer_texts).0;
        let at = |line: &str| german.find(line).unwrap_or_else(|| panic!("{line:?} is missing"));
        // The script takes the last of the same key.
        assert!(at("\nkind-address = address\n") < at("\nkind-address = Adresse\n"));
        assert!(!explorer_texts().0.contains("kind-address = Adresse"), "English without a request");
    }

    #[test]
    fn scripts_have_the_words_of_pages_for_categories() {
        for language in Language::ALL {
            let visit = Arc::new(Visit::new(language, "/desk/graph", None));
            visit::sync_scope(Some(visit), || {
                let (explorer, palette) = (explorer_texts().0, category_words());
                let palette: BTreeMap<String, String> = serde_json::from_str(&palette).unwrap();
                for category in Category::all() {
                    let (key, word) = (key_of(category), word(category));
                    assert!(!word.contains(['{', '}', '\n']), "{word:?} is more than a word to the script");
                    assert!(explorer.contains(&format!("\n{key} = {word}\n")), "{} {key}", language.tag());
                    let plain = category.name().replace('_', " ");
                    assert_eq!(palette.get(&key).unwrap_or(&plain), &word, "{}", language.tag());
                }
                for confidence in Confidence::VARIANTS {
                    let name = confidence.name();
                    assert!(explorer.contains(&format!("\nconfidence-is-{name} = {}\n", word(name))), "{name}");
                }
            });
        }
        let german = Arc::new(Visit::new(Language::German, "/desk/graph", None));
        let words = visit::sync_scope(Some(german), category_words);
        assert!(words.contains("\"category-is-illicit_market\":\"illegaler Markt\""), "{words}");
    }
}
