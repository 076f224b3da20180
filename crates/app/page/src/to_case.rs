//! What stands on every page of something that can be worked with: "add to case", the way to state a tag of an address, and links to the forms of watch lists and flags.

use crate::frame::Frame;
use crate::texts::t;
use maud::{Markup, html};

/// Where the form is sent.
pub const PATH: &str = "/desk/cases/add";

/// Returns the form that puts something into a case: one that is open, by its number, or a new one with a title; and the button that makes a new one at once. Nothing for who works on no cases. `kind` is that of a
/// case's item: address, transaction, alert, event, subject, hold, request.
#[must_use]
pub fn to_case(frame: &Frame, kind: &str, key: &str) -> Markup {
    html! { @if frame.may("desk") { details.to-case {
        summary { (t!("common-to-case")) }
        form.step method="post" action=(PATH) {
            input type="hidden" name="kind" value=(kind);
            input type="hidden" name="key" value=(key);
            label { (t!("common-case-number")) input name="case" type="number" min="1"; }
            label { (t!("common-case-title")) input name="title" type="text" maxlength="200"; }
            button type="submit" { (t!("common-add")) }
        }
    }
    form.to-new-case method="post" action=(PATH) {
        input type="hidden" name="kind" value=(kind);
        input type="hidden" name="key" value=(key);
        button type="submit" { (t!("common-to-new-case")) }
    } } }
}

/// Returns a link to the form that states a tag of the desk's own; nothing for who states none. The asset may be empty: a person fills it in.
#[must_use]
pub fn tag_it(frame: &Frame, address: &str, asset: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("address", address), ("asset", asset)].iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    html! { @if frame.may("desk") && frame.may_open("/desk/tags/own") { p { a href={"/desk/tags/own?" (query) "#add"} { (t!("tags-add")) } } } }
}

/// What a page is of, as watch lists and flags name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// An address.
    Address,
    /// The entity of an address.
    Entity,
    /// A transaction, which is flagged but not watched.
    Transaction,
    /// A customer, who is watched but not flagged.
    Customer,
}

/// Returns links to the form that watches something and to the one that flags it, filled with what it is: each for who may open it. `asset` is the ticker of
/// the coin that a flag is about, where the page knows one.
#[must_use]
pub fn watch_and_flag(frame: &Frame, of: Of, value: &str, asset: Option<&str>) -> Markup {
    let query = |pairs: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let (watched, flagged) = match of {
        Of::Address => (Some("address"), Some("address")),
        Of::Entity => (Some("entity"), None),
        Of::Transaction => (None, Some("transaction")),
        Of::Customer => (Some("customer"), None),
    };
    let watched = watched.filter(|_| frame.may_open("/desk/watch-lists"));
    let flagged = flagged.filter(|_| frame.may("desk") && frame.may_open("/desk/sharing"));
    html! { @if watched.is_some() || flagged.is_some() { p {
        @if let Some(kind) = watched { a href={"/desk/watch-lists?" (query(&[("kind", kind), ("value", value)]))} { (t!("common-watch")) } " " }
        @if let Some(kind) = flagged {
            a href={"/desk/sharing?" (query(&[("subject", kind), ("asset", asset.unwrap_or_default()), ("value", value)])) "#raise"} { (t!("common-flag")) }
        }
    } } }
}
