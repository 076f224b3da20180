//! Parts of which pages are made.

use crate::texts::t;
use holdfast_input::time::rfc3339;
use maud::{Markup, html};

/// A head over a table's column, by the key of its text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    /// Over text.
    Text(&'static str),
    /// Over numbers.
    Number(&'static str),
    /// Over buttons.
    Bare,
}

pub(crate) use Head::{Bare, Number as N, Text as T};

/// A table.
pub(crate) fn table<I: IntoIterator>(heads: &[Head], list: I, row: impl Fn(I::Item) -> Markup) -> Markup {
    html! {
        div.wide { table {
            thead { tr { @for head in heads { @match head {
                Head::Text(key) => th { (t!(key)) },
                Head::Number(key) => th.n { (t!(key)) },
                Head::Bare => th {},
            } } } }
            tbody { @for item in list { (row(item)) } }
        } }
    }
}

/// A table, or what stands in place of an empty one.
pub(crate) fn listing<V>(heads: &[Head], list: &[V], empty: &str, row: impl Fn(&V) -> Markup) -> Markup {
    html! { @if list.is_empty() { (none(&t!(empty))) } @else { (table(heads, list, row)) } }
}

/// Shown in place of a list without entries.
pub(crate) fn none(text: &str) -> Markup {
    html! { p.note { (text) } }
}

/// Links to a list's parts: (value of the filter, key of its text); an empty value is the whole list.
pub(crate) fn filters(here: &str, name: &str, values: &[(&str, &str)]) -> Markup {
    html! { p {
        (t!("common-show"))
        @for (i, (value, key)) in values.iter().enumerate() {
            @if i > 0 { "," } " "
            a href={(here) @if !value.is_empty() { "?" (name) "=" (value) }} { (t!(key)) }
        }
        "."
    } }
}

/// A link to the rest of a list that is cut.
pub(crate) fn pager(here: &str, state: Option<&str>, last: Option<u64>, full: bool) -> Markup {
    let state = state.map_or(String::new(), |s| format!("&state={s}"));
    html! { @if let Some(last) = last.filter(|_| full) { p { a href={(here) "?after=" (last) (state)} { (t!("common-next-page")) } } } }
}

/// A time to the minute, in UTC.
pub(crate) fn time(seconds: i64) -> Markup {
    html! { time datetime=(rfc3339(seconds)) { (rfc3339(seconds)[..16].replace('T', " ")) " UTC" } }
}

/// A count with its noun: `1 output`, `2 outputs`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    let ending = match (n, noun.ends_with("ss")) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{n} {noun}{ending}")
}

/// The words of a name as the API writes it: `true_positive`.
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}
