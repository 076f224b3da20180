//! All tags, looked through by what they say; where they disagree.

use crate::own_tags::OWN;
use crate::{packs, suggestions};
use axum::extract::{Query, State};
use holdfast_api_investigation::tags::TagsQuery;
use holdfast_attribution::own::{OWN_PACK, id_of};
use holdfast_attribution::tags::Conflict;
use holdfast_attribution::{Category, Risk, Tag, TagStore};
use holdfast_page::components::{ListQuery, PAGE_ROWS, T, listing, word};
use holdfast_page::figures;
use holdfast_page::frame::{Frame, Page};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use maud::{Markup, html};

pub(crate) const HERE: &str = "/desk/tags";
const CONFLICTS: &str = "/desk/tags/conflicts";

/// A row of the list, made before the page: what it names is looked up in ledgers.
pub(crate) struct Row {
    tag: Tag,
    actor: Option<String>,
    /// Id of a tag of the desk's own.
    own: Option<String>,
}

/// Returns rows of tags, and the pages of their addresses.
pub(crate) fn rows(finder: Finder<'_>, store: &TagStore, tags: &[&Tag]) -> (Vec<Row>, Pages) {
    let mut pages = Pages::default();
    let row = |tag: &&Tag| {
        pages.add_address(finder, Some(&tag.asset), &tag.address);
        let actor = tag.actor.as_ref().map(|id| store.actor(id).map_or_else(|| id.clone(), |a| a.label.clone()));
        Row { tag: Tag::clone(tag), actor, own: (tag.pack == OWN_PACK).then(|| id_of(tag)) }
    };
    (tags.iter().map(row).collect(), pages)
}

/// The query of a list with one field set.
fn only(name: &str, value: &str) -> String {
    format!("{HERE}?{}", form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish())
}

/// Shows tags in a table.
pub(crate) fn table(rows: &[Row], pages: &Pages, edits: bool, empty: &str) -> Markup {
    let heads = [
        T("common-address"),
        T("ledger-tag-label"),
        T("ledger-category"),
        T("ledger-tag-confidence"),
        T("ledger-tag-source"),
        T("ledger-tag-pack"),
        T("ledger-tag-date"),
    ];
    listing(&heads, rows, empty, |row| {
        let Row { tag, actor, own } = row;
        html! { tr {
            td { (pages.address(&tag.address)) " " span.note { (tag.asset) } }
            td { (tag.label)
                @if let (Some(id), Some(name)) = (&tag.actor, actor) { br; a.note href=(only("actor", id)) { (t!("ledger-tag-actor", actor = name.as_str())) } }
                @if tag.is_cluster_definer { br; span.note { (t!("tags-of-cluster")) } }
            }
            td { a class={"risk " (tag.concept().risk().name())} href=(only("category", tag.concept().name())) { (word(tag.concept())) } }
            td { (word(tag.confidence.name())) " (" (tag.confidence.level()) ")" }
            td { span.long { (tag.source) } }
            td { a href=(only("pack", &tag.pack)) { (tag.pack) } br; span.note { (tag.creator) " " (tag.tlp.unwrap_or(Tag::UNLABELLED).name()) }
                @if let Some(id) = own.as_ref().filter(|_| edits) { " " a href={(OWN) "/" (id)} { (t!("tags-edit")) } }
            }
            td.date { (tag.lastmod) }
        } }
    })
}

/// The categories that somebody can have, for a choice.
pub(crate) fn categories() -> impl Iterator<Item = Category> {
    Category::all().filter(|category| category.risk() != Risk::None)
}

fn form(q: &TagsQuery) -> Markup {
    html! { form.step action=(HERE) method="get" role="search" {
        label { (t!("tags-text")) input type="search" name="text" value=(q.text); }
        label { (t!("ledger-category")) select name="category" {
            option value="" { (t!("tags-any")) }
            @for c in categories() { option value=(c.name()) selected[c.name() == q.category] { (word(c)) } }
        } }
        label { (t!("ledger-tag-pack")) input type="text" name="pack" value=(q.pack); }
        label { (t!("tags-actor")) input type="text" name="actor" value=(q.actor); }
        button type="submit" { (t!("common-show")) }
    } }
}

/// The query of the page that begins below a tag's number.
fn next_page(q: &TagsQuery, below: u32) -> String {
    let fields = [("text", &q.text), ("category", &q.category), ("pack", &q.pack), ("actor", &q.actor)];
    let given = fields.into_iter().map(|(name, value)| (name, value.trim())).filter(|(_, value)| !value.is_empty());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(given).append_pair("before", &below.to_string());
    format!("{HERE}?{}", query.finish())
}

/// Shows tags, the last imported first.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(q): Query<TagsQuery>,
) -> Page {
    let filter = q.filter()?;
    let before = q.before;
    let (rows, pages, next, all) = run_blocking(move || {
        let chain = shared.chain().snapshot();
        let found = chain.tags.find(&filter, clearance, before, PAGE_ROWS);
        let (rows, pages) = rows(Finder { chains: &shared.chains, clearance }, &chain.tags, &found.tags);
        Ok((rows, pages, found.next, chain.tags.len()))
    })
    .await?;
    let body = html! {
        p.ways {
            a href=(OWN) { (t!("tags-own")) } " "
            a href=(CONFLICTS) { (t!("tags-conflicts")) } " "
            a href=(suggestions::HERE) { (t!("suggestions-title")) }
            @if frame.may_open(packs::HERE) { " " a href=(packs::HERE) { (t!("nav-packs")) } }
        }
        p.note { (t!("tags-about", n = figures::number(all))) }
        (form(&q))
        (table(&rows, &pages, frame.may("desk"), "tags-none"))
        @if let Some(next) = next { p { a href=(next_page(&q, next)) { (t!("common-next-page")) } } }
    };
    Ok(frame.desk(&t!("nav-tags"), HERE, body))
}

/// Shows addresses whose tags disagree.
pub(crate) async fn conflicts(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(q): Query<ListQuery>,
) -> Page {
    let begin = usize::try_from(q.after).unwrap_or(usize::MAX);
    let (found, pages, all) = run_blocking(move || {
        let all = shared.chain().snapshot().tags.conflicts_for(clearance);
        let (count, finder) = (all.len(), Finder { chains: &shared.chains, clearance });
        let found: Vec<Conflict> = all.into_iter().skip(begin).take(PAGE_ROWS).collect();
        let mut pages = Pages::default();
        found.iter().for_each(|c| pages.add_address(finder, Some(&c.asset), &c.address));
        Ok((found, pages, count))
    })
    .await?;
    let heads = [T("common-address"), T("tags-field"), T("tags-values")];
    let row = |c: &Conflict| {
        html! { tr {
            td { (pages.address(&c.address)) " " span.note { (c.asset) } }
            td { @if c.field == "actor" { (t!("tags-actor")) } @else { (t!("ledger-category")) } }
            td { ul { @for (value, pack) in &c.values { li {
                @if c.field == "actor" { (value) } @else { (word(value)) }
                " " a.note href=(only("pack", pack)) { (pack) }
            } } } }
        } }
    };
    let next = begin.saturating_add(found.len());
    let body = html! {
        p { a href=(HERE) { (t!("nav-tags")) } }
        p.note { (t!("tags-conflicts-about", n = figures::number(all))) }
        (listing(&heads, &found, "tags-no-conflict", row))
        @if next < all && !found.is_empty() { p { a href={(CONFLICTS) "?after=" (next)} { (t!("common-next-page")) } } }
    };
    Ok(frame.desk(&t!("tags-conflicts"), HERE, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let q = TagsQuery { text: " a b ".into(), pack: "P&Q".into(), ..TagsQuery::default() };
        assert_eq!(next_page(&q, 7), "/desk/tags?text=a+b&pack=P%26Q&before=7");
    }
}
