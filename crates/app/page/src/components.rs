//! Parts of which pages are made.

use crate::figures;
use crate::places::segment;
use crate::texts::{self, t};
use holdfast_types::Timestamp;
use holdfast_workspace::CoveredChain;
use maud::{Markup, html};
use serde::Deserialize;
use std::fmt::Display;

/// A head over a table's column.
#[derive(Clone, Copy, Debug)]
pub enum Head<'a> {
    /// Over text, by the key of its text.
    Text(&'static str),
    /// Over numbers, by the key of its text.
    Number(&'static str),
    /// Over numbers, named by what the page shows.
    Named(&'a str),
    /// Over buttons.
    Bare,
}

pub use Head::{Bare, Number as N, Text as T};

/// Returns a table.
pub fn table<I: IntoIterator>(heads: &[Head<'_>], list: I, row: impl Fn(I::Item) -> Markup) -> Markup {
    html! {
        // What is wider than the window is moved sideways, by keys as well.
        div.wide tabindex="0" { table {
            thead { tr { @for head in heads { @match head {
                Head::Text(key) => th { (t!(key)) },
                Head::Number(key) => th.n { (t!(key)) },
                Head::Named(name) => th.n.named { (name) },
                Head::Bare => th { span.unseen { (t!("common-actions")) } },
            } } } }
            tbody { @for item in list { (row(item)) } }
        } }
    }
}

/// Returns a table, or the text that stands in place of an empty one.
pub fn listing<V>(heads: &[Head<'_>], list: &[V], empty: &str, row: impl Fn(&V) -> Markup) -> Markup {
    html! { @if list.is_empty() { (none(&t!(empty))) } @else { (table(heads, list, row)) } }
}

/// The page of something of the desk that a search found, by its kind and id.
#[must_use]
pub fn desk_page(kind: &str, id: &str) -> String {
    match kind {
        // All customers that a text names.
        "customers" => {
            format!("/desk/customers?q={}", form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>())
        }
        _ => format!("/desk/{kind}s/{}", segment(id)),
    }
}

/// Returns what a search of the desk found: (kind, id, title) of each.
pub fn desk_hits<'h>(hits: impl IntoIterator<Item = (&'h str, &'h str, &'h str)>) -> Markup {
    let heads = [Head::Text("common-kind"), Head::Text("desk-hit"), Head::Text("desk-cases-title")];
    table(&heads, hits, |(kind, id, title)| {
        html! { tr { td { (word(kind)) } td { a href=(desk_page(kind, id)) { (id) } } td { (title) } } }
    })
}

/// Returns what is shown in place of a list without entries.
pub fn none(text: &str) -> Markup {
    html! { p.note { (text) } }
}

/// Returns a new key, which its page shows once: what it is for, the key, notes, and a link back.
pub fn new_key(about: &Markup, key: &str, notes: &Markup, (to, back): (&str, &str)) -> Markup {
    html! {
        p { (about) " " (t!("common-key-once")) }
        p { code.hash #key { (key) } }
        (notes)
        p { a href=(to) { (back) } }
    }
}

/// Which part of a list.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    /// State of the rows.
    pub state: Option<String>,
    /// Position of the row before the first.
    #[serde(default)]
    pub after: u64,
}

/// Most rows that a page of a list shows.
pub const PAGE_ROWS: usize = 100;

/// A page of a list: links to its parts, the rows, and a link to the rest.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// Path of the page.
    pub path: &'a str,
    /// Values of the filter by state, each with the key of its text; an empty value shows everything.
    pub states: &'a [(&'a str, &'a str)],
    /// The state whose rows are shown where the query names none.
    pub default_state: &'a str,
    /// Heads over the columns.
    pub heads: &'a [Head<'a>],
    /// Key of the text that stands in place of an empty list.
    pub empty: &'a str,
}

impl List<'_> {
    /// Shows all rows on one page.
    pub fn whole<V>(&self, state: Option<&str>, rows: &[V], row: impl Fn(&V) -> Markup) -> Markup {
        html! {
            @if !self.states.is_empty() { (filters(self.path, self.states, state.unwrap_or(self.default_state))) }
            (listing(self.heads, rows, self.empty, row))
        }
    }

    /// Shows a page of rows, with a link to the next one; `position` is where the page after a row begins.
    pub fn show<V>(
        &self,
        query: &ListQuery,
        rows: &[V],
        position: impl Fn(&V) -> u64,
        row: impl Fn(&V) -> Markup,
    ) -> Markup {
        let next = rows.last().filter(|_| rows.len() >= PAGE_ROWS).map(position);
        let state = query.state.as_ref().map_or(String::new(), |s| format!("&state={s}"));
        html! {
            (self.whole(query.state.as_deref(), rows, row))
            @if let Some(after) = next { p { a href={(self.path) "?after=" (after) (state)} { (t!("common-next-page")) } } }
        }
    }
}

/// Returns links to the parts of a list, of which one is shown: (state, key of its text); an empty state is the whole list.
pub fn filters(path: &str, states: &[(&str, &str)], shown: &str) -> Markup {
    html! { p.filters {
        (t!("common-show"))
        @for (state, key) in states {
            " " a href={(path) @if !state.is_empty() { "?state=" (state) }} aria-current=[(*state == shown).then_some("true")] { (t!(key)) }
        }
    } }
}

/// Returns a time to the minute, in UTC.
pub fn time(time: Timestamp) -> Markup {
    figures::to_the_minute(time)
}

/// Returns the catalogue's word for a name as the API writes it: `true_positive` is "true positive". Names that the catalogue does not have (a rule
/// book may bring its own) are shown without their underscores.
pub fn word(name: impl Display) -> String {
    let name = name.to_string();
    texts::find(&format!("word-{name}"), None).unwrap_or_else(|| name.replace('_', " "))
}

/// Returns texts with the language's commas between them.
pub fn listed(texts: impl IntoIterator<Item = String>) -> String {
    texts.into_iter().collect::<Vec<_>>().join(&t!("common-list-comma"))
}

/// Returns words for several names, with commas between them.
pub fn words<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    listed(names.into_iter().map(word))
}

/// Returns chains on which something was looked up, with their heights and what was not looked up.
pub fn chains_text(chains: &[CoveredChain]) -> String {
    let text = |c: &CoveredChain| {
        let height = match c.tip_height {
            Some(height) => t!("common-chain-height", chain = c.chain.as_str(), height = height),
            None => t!("common-chain-empty", chain = c.chain.as_str()),
        };
        if c.gaps.is_empty() { height } else { format!("{height} ({})", c.gaps.join("; ")) }
    };
    listed(chains.iter().map(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_academy::classes::{Mode, SessionState};
    use holdfast_account_attribution::Kind;
    use holdfast_attribution::Category;
    use holdfast_decision::EventKind;
    use holdfast_decision::warnings::Scam;
    use holdfast_prevention::campaigns::CampaignState;
    use holdfast_requests::request::TargetKind;
    use holdfast_types::TransferKind;
    use strum::VariantArray;

    #[test]
    fn every_value_has_a_word() {
        let mut names: Vec<String> = Category::all().map(|c| c.name().to_owned()).collect();
        names.extend(Mode::VARIANTS.iter().map(ToString::to_string));
        names.extend(SessionState::VARIANTS.iter().map(ToString::to_string));
        names.extend(CampaignState::VARIANTS.iter().map(ToString::to_string));
        names.extend(TargetKind::ALL.iter().map(|k| k.name().to_owned()));
        names.extend(EventKind::ALL.map(|k| k.name().to_owned()));
        names.extend(Scam::ALL.map(|s| s.name().to_owned()));
        names.extend(Kind::VARIANTS.iter().map(|k| format!("contract-{}", k.name())));
        names.extend(TransferKind::VARIANTS.iter().map(|k| format!("transfer-{}", k.name())));
        let missing: Vec<&String> =
            names.iter().filter(|n| texts::find(&format!("word-{n}"), None).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(word("user_id"), "user id");
        assert_eq!(word("of_a_rule_book"), "of a rule book");
        assert_eq!(words(["ip", "kyc"]), "IP address, KYC");
    }

    #[test]
    fn nouns_follow_their_number() {
        let counts = [0, 1, 2].map(|n| t!("count-addresses", n = n));
        assert_eq!(counts, ["0 addresses", "1 address", "2 addresses"]);
        assert_eq!([1, 3].map(|n| t!("count-times", n = n)), ["once", "3 times"]);
    }

    #[test]
    fn a_full_page_leads_to_the_next() {
        let states = [("", "requests-all"), ("open", "requests-open")];
        let heads = [N("alerts-alert")];
        let list = List { path: "/desk/x", states: &states, default_state: "", heads: &heads, empty: "alerts-none" };
        let shown = |state: Option<&str>, rows: u64| {
            let rows: Vec<u64> = (1..=rows).collect();
            let query = ListQuery { state: state.map(str::to_owned), after: 0 };
            list.show(&query, &rows, |r| *r, |r| html! { tr { td { (r) } } }).into_string()
        };
        let full = shown(Some("open"), 100);
        assert!(full.contains("/desk/x?after=100&amp;state=open"), "{full}");
        assert!(full.contains("href=\"/desk/x?state=open\" aria-current=\"true\""), "{full}");
        let part = shown(None, 99);
        assert!(!part.contains("after=") && part.contains("href=\"/desk/x\" aria-current=\"true\""), "{part}");
        let none = shown(None, 0);
        assert!(none.contains(&t!("alerts-none")) && !none.contains("<table"), "{none}");
    }
}
