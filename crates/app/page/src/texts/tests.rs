use super::*;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};
use holdfast_state::visit::Visit;
use std::collections::BTreeSet;
use std::sync::Arc;

type Variables = BTreeSet<String>;

fn of_inline(inline: &InlineExpression<&str>, found: &mut Variables) {
    match inline {
        InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => of_expression(expression, found),
        _ => {}
    }
}

fn of_expression(expression: &Expression<&str>, found: &mut Variables) {
    match expression {
        Expression::Inline(inline) => of_inline(inline, found),
        Expression::Select { selector, variants } => {
            of_inline(selector, found);
            variants.iter().for_each(|v| of_pattern(&v.value, found));
        }
    }
}

fn of_pattern(pattern: &Pattern<&str>, found: &mut Variables) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            of_expression(expression, found);
        }
    }
}

/// A message: its file, its variables, the variables that it selects by, the forms of each selection, its words.
#[derive(Debug, Default)]
struct Message {
    file: &'static str,
    variables: Variables,
    selectors: Variables,
    forms: Variables,
    words: Vec<String>,
}

fn read_pattern(pattern: &Pattern<&str>, into: &mut Message) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => into.words.extend(value.split_whitespace().map(str::to_owned)),
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                of_inline(selector, &mut into.selectors);
                for variant in variants {
                    // A number alone is no plural form: it stands for itself.
                    if let VariantKey::Identifier { name } = &variant.key {
                        into.forms.insert((*name).to_owned());
                    }
                    read_pattern(&variant.value, into);
                }
            }
            PatternElement::Placeable { .. } => {}
        }
    }
}

/// Messages of a language's catalogue, by their keys.
fn messages(language: Language) -> BTreeMap<String, Message> {
    let mut keys = BTreeMap::new();
    for (file, text) in files_of(language) {
        let faulty = |errors| panic!("{} {file}: {errors:?}", language.tag());
        let resource = fluent_syntax::parser::parse(*text).unwrap_or_else(|(_, errors)| faulty(errors));
        for entry in &resource.body {
            if let Entry::Message(message) = entry {
                let mut found = Message { file, ..Message::default() };
                let pattern = message.value.as_ref().unwrap();
                of_pattern(pattern, &mut found.variables);
                read_pattern(pattern, &mut found);
                let id = message.id.name.to_owned();
                assert!(keys.insert(id.clone(), found).is_none(), "{} {id} stands twice", language.tag());
            }
        }
    }
    keys
}

/// Keys of the English catalogue with their variables.
fn catalogue() -> BTreeMap<String, Variables> {
    messages(Language::English).into_iter().map(|(key, message)| (key, message.variables)).collect()
}

fn others() -> impl Iterator<Item = Language> {
    Language::ALL.into_iter().filter(|l| *l != Language::English)
}

fn sources(folder: &std::path::Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if !path.ends_with("texts.rs") && !path.ends_with("texts/tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            into.push(text.split("#[cfg(test)]").next().unwrap().to_owned());
        }
    }
}

/// The names in the rest of `t!("key"`, up to its closing bracket: `, name = value, other = value)`.
fn names(rest: &str) -> Variables {
    let (mut depth, mut in_text, mut found) = (1, false, Variables::new());
    let mut previous = ' ';
    for (at, c) in rest.char_indices() {
        match c {
            '"' if previous != '\\' => in_text = !in_text,
            _ if in_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 1 => {
                let after = rest[at + 1..].trim_start();
                let name: String = after.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if after[name.len()..].trim_start().starts_with('=') {
                    found.insert(name);
                }
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        previous = c;
    }
    found
}

/// Text literals of the sources that are keys, with the variables given to each.
fn used(prefixes: &BTreeSet<String>) -> Vec<(String, Variables)> {
    let mut files = Vec::new();
    for crate_of_pages in ["page", "server", "web", "web-monitor", "web-public"] {
        sources(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate_of_pages).join("src"),
            &mut files,
        );
    }
    let mut found = Vec::new();
    for file in &files {
        for (at, _) in file.match_indices('"') {
            let rest = &file[at + 1..];
            let Some(end) = rest.find('"') else { continue };
            let literal = &rest[..end];
            let shape = literal.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            let prefix = literal.split('-').next().unwrap();
            if !shape || !literal.contains('-') || literal.ends_with('-') || !prefixes.contains(prefix) {
                continue;
            }
            let before = file[..at].trim_end();
            let called = before.ends_with("t!(") || before.ends_with("rich!(");
            found.push((literal.to_owned(), if called { names(&rest[end + 1..]) } else { Variables::new() }));
        }
    }
    found
}

#[test]
fn every_key_exists_is_used_and_gets_its_variables() {
    let keys = catalogue();
    let prefixes = keys.keys().map(|k| k.split('-').next().unwrap().to_owned()).collect();
    let used = used(&prefixes);
    let mut faults = Vec::new();
    for (key, given) in &used {
        match keys.get(key) {
            // The name of a value, such as a purpose.
            None if keys.contains_key(&format!("word-{key}")) => {}
            None => faults.push(format!("{key} is missing")),
            Some(wanted) if wanted != given => faults.push(format!("{key} has {wanted:?} and is given {given:?}")),
            Some(_) => {}
        }
    }
    // Words are looked up by the names of values (`components::word`); texts of scripts are held to the scripts by web/test/shell-texts.test.ts.
    let unused = keys.keys().filter(|k| {
        !["word-", "shell-", "bench-text-"].iter().any(|of| k.starts_with(of)) && !used.iter().any(|(u, _)| u == *k)
    });
    faults.extend(unused.map(|k| format!("{k} is not used")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(keys.len() > 100, "{}", keys.len());
}

#[test]
fn names_of_variables_are_read_from_calls() {
    let names = |text| names(text).into_iter().collect::<Vec<_>>();
    assert_eq!(names(", a = f(x, y), b = \"), c = 1\")"), ["a", "b"]);
    assert_eq!(names(")"), Vec::<String>::new());
}

#[test]
fn markup_stands_in_escaped_text() {
    let markup = with_markup("common-error-no-page", &[("path", html! { b { "<" } })]).0;
    assert!(markup.contains("<b>&lt;</b>"), "{markup}");
    assert_eq!(text("no-such-key", None), "no-such-key");
}
/// Runs work in a language.
fn within<T>(language: Language, work: impl FnOnce() -> T) -> T {
    visit::sync_scope(Some(Arc::new(Visit::new(language, "/", None))), work)
}

/// Keys that a language has not yet, each line a language and a key. Helpers who add English texts add a line for each language, whose translators take
/// it off again.
const MISSING: &str = include_str!("../../locales/missing.txt");

#[test]
fn what_a_language_lacks_is_listed() {
    let english = messages(Language::English);
    let mut missing = BTreeSet::new();
    for language in others() {
        let own = messages(language);
        missing.extend(english.keys().filter(|k| !own.contains_key(*k)).map(|k| format!("{} {k}", language.tag())));
    }
    let known: BTreeSet<String> = MISSING.lines().filter(|l| !l.starts_with('#')).map(str::to_owned).collect();
    let grown: Vec<&String> = missing.difference(&known).collect();
    let done: Vec<&String> = known.difference(&missing).collect();
    assert!(grown.is_empty(), "translate these, or list them in locales/missing.txt: {grown:#?}");
    assert!(done.is_empty(), "these are translated: take them off locales/missing.txt: {done:#?}");
}

/// The plural forms of a language (CLDR).
fn plural_forms(language: Language) -> &'static [&'static str] {
    match language {
        Language::English | Language::German => &["one", "other"],
        Language::Spanish | Language::French => &["one", "many", "other"],
        Language::Chinese => &["other"],
        Language::Arabic => &["zero", "one", "two", "few", "many", "other"],
    }
}

/// Product names, standards and terms that other languages use as they are, in messages of several words.
const SAME: [&str; 2] = ["word-fincen-sar", "case-report-fincen"];

#[test]
fn translations_agree_with_the_english_messages() {
    let english = messages(Language::English);
    let mut faults = Vec::new();
    for language in others() {
        for (key, own) in messages(language) {
            let at = format!("{} {key}", language.tag());
            let Some(of) = english.get(&key) else {
                faults.push(format!("{at} is no English key"));
                continue;
            };
            if own.file != of.file {
                faults.push(format!("{at} is in {}, the English one in {}", own.file, of.file));
            }
            if own.variables != of.variables {
                faults.push(format!("{at} has {:?}, the English one {:?}", own.variables, of.variables));
            }
            if !own.selectors.is_subset(&of.selectors) {
                faults.push(format!("{at} selects by {:?}, the English one by {:?}", own.selectors, of.selectors));
            }
            let forms = plural_forms(language);
            faults.extend(
                own.forms.iter().filter(|f| !forms.contains(&f.as_str())).map(|f| format!("{at}: no form {f}")),
            );
            if own.words == of.words && of.words.len() > 2 && !SAME.contains(&key.as_str()) {
                faults.push(format!("{at} is still English: {}", own.words.join(" ")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn texts_are_in_the_language_of_the_request() {
    let of =
        |language| within(language, || (t!("common-save"), t!("count-addresses", n = 2), t!("count-addresses", n = 1)));
    assert_eq!(of(Language::English), ("Save".into(), "2 addresses".into(), "1 address".into()));
    assert_eq!(of(Language::German), ("Speichern".into(), "2 Adressen".into(), "1 Adresse".into()));
    assert_eq!(t!("common-save"), "Save", "outside a request");
    assert_eq!(within(Language::German, || text("no-such-key", None)), "no-such-key");
}

#[test]
fn every_language_counts_in_its_own_forms() {
    let of = |language, n: u32| within(language, || t!("count-days", n = n));
    assert_eq!([1, 2, 3, 11, 100].map(|n| of(Language::Chinese, n)), [1, 2, 3, 11, 100].map(|n| format!("{n} 天")));
    let arabic = [1, 2, 3, 11, 100].map(|n| of(Language::Arabic, n));
    assert_eq!(arabic.iter().collect::<BTreeSet<_>>().len(), 5, "{arabic:?}");
    assert!(arabic[2].contains("أيام") && arabic[3].contains("يومًا"), "{arabic:?}");
    assert_eq!([0, 1, 2].map(|n| of(Language::French, n)), ["0 jour", "1 jour", "2 jours"]);
}

#[test]
fn scripts_get_their_texts_with_the_places_of_values() {
    let json: BTreeMap<String, String> =
        serde_json::from_str(&within(Language::German, || for_script("shell-"))).unwrap();
    assert_eq!(json.get("shell-copy").map(String::as_str), Some("Kopieren"));
    assert_eq!(json.get("shell-found").map(String::as_str), Some("{$n} gefunden."));
    assert!(json.len() > 50 && json.keys().all(|k| k.starts_with("shell-")), "{}", json.len());
}

#[test]
fn the_explorers_texts_have_the_same_keys_in_every_language() {
    let keys = |language| {
        let resource =
            fluent_syntax::parser::parse(within(language, of_explorer)).unwrap_or_else(|(_, e)| panic!("{e:?}"));
        let ids = resource.body.iter().filter_map(|entry| match entry {
            Entry::Message(message) => Some(message.id.name.to_owned()),
            _ => None,
        });
        ids.collect::<BTreeSet<_>>()
    };
    let german = keys(Language::German);
    assert!(german.len() > 400, "{}", german.len());
    for language in others() {
        let own = keys(language);
        assert_eq!(own.symmetric_difference(&german).collect::<Vec<_>>(), Vec::<&String>::new(), "{}", language.tag());
    }
    assert_eq!(of_explorer(), "", "English is there already");
}
