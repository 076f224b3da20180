//! Texts of pages, from the Fluent catalogue in `locales/`. Keys begin with the name of their page: `portal-send-title`.

pub use fluent_bundle::FluentArgs;
use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use maud::{Markup, PreEscaped, html};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// The English catalogue, one file for each group of pages.
pub const ENGLISH: [&str; 11] = [
    include_str!("../locales/en/common.ftl"),
    include_str!("../locales/en/words.ftl"),
    include_str!("../locales/en/ledger.ftl"),
    include_str!("../locales/en/accounts.ftl"),
    include_str!("../locales/en/guide.ftl"),
    include_str!("../locales/en/portal.ftl"),
    include_str!("../locales/en/desk.ftl"),
    include_str!("../locales/en/cases.ftl"),
    include_str!("../locales/en/requests.ftl"),
    include_str!("../locales/en/sharing.ftl"),
    include_str!("../locales/en/academy.ftl"),
];

static BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let mut bundle = FluentBundle::new_concurrent(vec![LanguageIdentifier::from_bytes(b"en").unwrap_or_default()]);
    // Pages mark directions with `bdi` where they need to.
    bundle.set_use_isolating(false);
    for text in ENGLISH {
        // A faulty or repeated message fails the tests below; what can be read is shown.
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let _ = bundle.add_resource(resource);
    }
    bundle
});

/// Returns the text of a key; the key itself where the catalogue has none.
pub fn text(key: &str, args: Option<&FluentArgs<'_>>) -> String {
    find(key, args).unwrap_or_else(|| key.to_owned())
}

/// Returns the text of a key, where the catalogue has one.
pub fn find(key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let pattern = BUNDLE.get_message(key)?.value()?;
    Some(BUNDLE.format_pattern(pattern, args, &mut Vec::new()).into_owned())
}

/// Returns the text of a key with markup in its places.
pub fn with_markup(key: &str, parts: &[(&str, Markup)]) -> Markup {
    // A private character stands for the markup until the text around it is escaped.
    let mut args = FluentArgs::new();
    for (i, (name, _)) in parts.iter().enumerate() {
        args.set(*name, format!("\u{e000}{i}\u{e001}"));
    }
    let text = text(key, Some(&args));
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\u{e000}') {
        out.push_str(&html! { (before) }.0);
        let (number, behind) = after.split_once('\u{e001}').unwrap_or(("", after));
        if let Some((_, markup)) = number.parse::<usize>().ok().and_then(|i| parts.get(i)) {
            out.push_str(&markup.0);
        }
        rest = behind;
    }
    out.push_str(&html! { (rest) }.0);
    PreEscaped(out)
}

/// The text of a key, with values in its places: `t!("portal-new-from", name = officer.name.as_str())`.
#[macro_export]
macro_rules! t {
    ($key:expr) => {
        $crate::texts::text($key, None)
    };
    ($key:expr, $($name:ident = $value:expr),+ $(,)?) => {{
        let mut args = $crate::texts::FluentArgs::new();
        $(args.set(stringify!($name), $value);)+
        $crate::texts::text($key, Some(&args))
    }};
}

/// The text of a key, with markup in its places.
#[macro_export]
macro_rules! rich {
    ($key:expr, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::texts::with_markup($key, &[$((stringify!($name), maud::html! { ($value) })),+])
    };
}

pub use crate::{rich, t};

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
    use std::collections::{BTreeMap, BTreeSet};

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

    /// Keys of the catalogue with their variables.
    fn catalogue() -> BTreeMap<String, Variables> {
        let mut keys = BTreeMap::new();
        for text in ENGLISH {
            let resource = fluent_syntax::parser::parse(text).unwrap_or_else(|(_, errors)| panic!("{errors:?}"));
            for entry in &resource.body {
                if let Entry::Message(message) = entry {
                    let mut found = Variables::new();
                    of_pattern(message.value.as_ref().unwrap(), &mut found);
                    let id = message.id.name.to_owned();
                    assert!(keys.insert(id.clone(), found).is_none(), "{id} stands twice");
                }
            }
        }
        keys
    }

    fn sources(folder: &std::path::Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.file_name().unwrap() != "texts.rs" {
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
        for crate_of_pages in ["page", "web", "web-monitor", "web-public"] {
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
                None => faults.push(format!("{key} is missing")),
                Some(wanted) if wanted != given => faults.push(format!("{key} has {wanted:?} and is given {given:?}")),
                Some(_) => {}
            }
        }
        // Words are looked up by the names of values: `components::word`.
        let unused = keys.keys().filter(|k| !k.starts_with("word-") && !used.iter().any(|(u, _)| u == *k));
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
}
