//! "Add to case", as it stands on every page of something that can be in one; and the way to state a tag of an address.

use crate::frame::Frame;
use crate::texts::t;
use maud::{Markup, html};

/// Where the form is sent.
pub const PATH: &str = "/desk/cases/add";

/// Returns the form that puts something into a case: one that is open, by its number, or a new one. Nothing for who works on no cases. `kind` is that of a
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
    } } }
}

/// Returns a link to the form that states a tag of the desk's own; nothing for who states none. The asset may be empty: a person fills it in.
#[must_use]
pub fn tag_it(frame: &Frame, address: &str, asset: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("address", address), ("asset", asset)].iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    html! { @if frame.may("desk") { p { a href={"/desk/tags/own?" (query) "#add"} { (t!("tags-add")) } } } }
}
