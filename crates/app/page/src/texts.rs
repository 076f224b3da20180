//! Texts of pages, from the Fluent catalogue in `locales/`, in the language of the request that is answered ([`visit::language`]). Keys begin with the
//! name of their page: `portal-send-title`.

pub use fluent_bundle::FluentArgs;
use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use holdfast_state::language::Language;
use holdfast_state::visit;
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use unic_langid::LanguageIdentifier;

macro_rules! files {
    ($language:literal: $($file:literal),+) => {
        &[$(($file, include_str!(concat!("../locales/", $language, "/", $file, ".ftl")))),+]
    };
}

/// A catalogue's files, each with its name, one for each group of pages.
type Files = &'static [(&'static str, &'static str)];

/// Returns the files of a language. Where one lacks a text, the English one is shown.
fn files_of(language: Language) -> Files {
    match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
        Language::Spanish => SPANISH,
        Language::French => FRENCH,
        Language::Chinese => CHINESE,
        Language::Arabic => ARABIC,
    }
}

const ENGLISH: Files = files!("en": "common", "words", "ledger", "accounts", "guide", "portal", "desk", "cases", "requests", "sharing", "academy", "flash", "shell", "bench");
const GERMAN: Files = files!("de": "common", "words", "ledger", "accounts", "guide", "portal", "desk", "cases", "requests", "sharing", "academy", "flash", "shell", "bench");
const SPANISH: Files = files!("es": "common", "words", "ledger", "accounts", "guide", "portal", "desk", "cases", "requests", "sharing", "academy", "flash", "shell", "bench");
const FRENCH: Files = files!("fr": "common", "words", "ledger", "accounts", "guide", "portal", "desk", "cases", "requests", "sharing", "academy", "flash", "shell", "bench");
const CHINESE: Files = files!("zh": "common", "words", "ledger", "accounts", "guide", "portal", "desk", "cases", "requests", "sharing", "academy", "flash", "shell", "bench");
const ARABIC: Files = files!("ar": "common", "words", "ledger", "accounts", "guide", "portal", "desk", "cases", "requests", "sharing", "academy", "flash", "shell", "bench");

static BUNDLES: [LazyLock<FluentBundle<FluentResource>>; Language::ALL.len()] = [
    LazyLock::new(|| bundle(Language::English)),
    LazyLock::new(|| bundle(Language::German)),
    LazyLock::new(|| bundle(Language::Spanish)),
    LazyLock::new(|| bundle(Language::French)),
    LazyLock::new(|| bundle(Language::Chinese)),
    LazyLock::new(|| bundle(Language::Arabic)),
];

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    // The language decides the plural forms.
    let identifier = LanguageIdentifier::from_bytes(language.tag().as_bytes()).unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // Pages mark directions with `bdi` where they need to.
    bundle.set_use_isolating(false);
    for (_, text) in files_of(language) {
        // A faulty or repeated message fails the tests below; what can be read is shown.
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, _)| resource);
        let _ = bundle.add_resource(resource);
    }
    bundle
}

/// Returns the text of a key in the language of the request; the key itself where the catalogue has none.
pub fn text(key: &str, args: Option<&FluentArgs<'_>>) -> String {
    find(key, args).unwrap_or_else(|| key.to_owned())
}

/// Returns the text of a key in the language of the request, or else in English, where the catalogue has one.
pub fn find(key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let language = visit::language();
    find_in(language, key, args).or_else(|| match language {
        Language::English => None,
        _ => find_in(Language::English, key, args),
    })
}

/// Returns the texts whose keys begin with a prefix, as JSON for a script: places of values stay, as `{$name}`. Each is made once: every page has some.
#[must_use]
pub fn for_script(prefix: &'static str) -> Arc<str> {
    static MADE: Mutex<BTreeMap<(usize, &str), Arc<str>>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry((visit::language().place(), prefix)).or_insert_with(|| read_for_script(prefix).into()).clone()
}

fn read_for_script(prefix: &str) -> String {
    // A prefix is the name of its file.
    let files = ENGLISH.iter().filter(|(file, _)| prefix.starts_with(file));
    let lines = files.flat_map(|(_, text)| text.lines());
    let keys =
        lines.filter(|line| line.starts_with(prefix)).filter_map(|line| line.split_once(" = ")).map(|(key, _)| key);
    let texts: BTreeMap<&str, String> = keys.map(|key| (key, text(key, None))).collect();
    // Texts are strings, which are always JSON.
    serde_json::to_string(&texts).unwrap_or_default()
}

/// Returns the explorer's texts in the language of the request, which its script reads after the English ones; nothing for English.
#[must_use]
pub fn of_explorer() -> &'static str {
    match visit::language() {
        Language::English => "",
        Language::German => include_str!("../locales/de/explorer.ftl"),
        Language::Spanish => include_str!("../locales/es/explorer.ftl"),
        Language::French => include_str!("../locales/fr/explorer.ftl"),
        Language::Chinese => include_str!("../locales/zh/explorer.ftl"),
        Language::Arabic => include_str!("../locales/ar/explorer.ftl"),
    }
}

fn find_in(language: Language, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let bundle = BUNDLES.get(language.place())?;
    let pattern = bundle.get_message(key)?.value()?;
    Some(bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned())
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
mod tests;
