//! A refused form, shown again with what was sent and with the error beside its field, so that nobody has to go back or to type anew.

use crate::forms::{Field, Input};
use crate::texts::t;
use holdfast_state::visit;
use maud::{Markup, html};

/// Largest body that is kept for this, in bytes: forms of people are small.
const MAX_KEPT: usize = 256 << 10;

/// Names of fields whose values are secrets: such a form is not shown again.
const SECRETS: [&str; 6] = ["key", "code", "secret", "password", "api_key", "passphrase"];

/// What a form sent.
#[derive(Clone, Debug)]
struct Sent {
    fields: &'static [Field],
    pairs: Vec<(String, String)>,
}

/// Keeps what a form sent, until its request is answered.
pub(crate) fn keep(body: &[u8]) {
    if body.len() <= MAX_KEPT {
        let pairs = form_urlencoded::parse(body).into_owned().filter(|(name, _)| name != "csrf").collect();
        visit::keep(Sent { fields: &[], pairs });
    }
}

/// Notes which fields the form has that was sent.
pub(crate) fn has_fields(fields: &'static [Field]) {
    if let Some(sent) = visit::kept::<Sent>() {
        visit::keep(Sent { fields, ..sent });
    }
}

/// Whether a message is about a field, or about a row of it: it begins with the label.
fn is_about(message: &str, label: &str, row: usize) -> bool {
    let rest = message.strip_prefix(label);
    rest.is_some_and(|rest| rest.starts_with(": ") && row == 0 || rest.starts_with(&format!(" {}: ", row + 1)))
}

/// Returns the form that was refused with a message; nothing where it has a secret or a file, or was not kept.
pub(crate) fn form(message: &str) -> Option<Markup> {
    let Sent { fields, pairs } = visit::kept::<Sent>()?;
    let is_secret = |f: &Field| SECRETS.contains(&f.name) || matches!(f.input, Input::Of("password"));
    if fields.is_empty() || fields.iter().any(is_secret) {
        return None;
    }
    let values_of =
        |name: &str| pairs.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.clone()).collect::<Vec<_>>();
    // Values that no field shows, such as the one that names the form.
    let others = pairs.iter().filter(|(name, _)| !fields.iter().any(|f| f.name == name));
    let buttons = fields.iter().find_map(|f| match f.input {
        Input::Buttons(values) => Some((f.name, values)),
        _ => None,
    });
    Some(html! {
        form.step.again method="post" action=(visit::path()) {
            @for (name, value) in others { input type="hidden" name=(name) value=(value); }
            @for field in fields { (shown(field, &values_of(field.name), message)) }
            @match buttons {
                Some((name, values)) => @for (value, key) in values { button type="submit" name=(name) value=(value) { (t!(*key)) } " " },
                None => button type="submit" { (t!("common-send")) },
            }
        }
    })
}

/// A field with what was sent for it, once for each value.
fn shown(field: &Field, values: &[String], message: &str) -> Markup {
    let label = t!(field.label);
    let empty = [String::new()];
    let values = if values.is_empty() { empty.as_slice() } else { values };
    html! { @for (row, value) in values.iter().enumerate() {
        @let is_wrong = is_about(message, &label, row);
        @let id = format!("{}-{row}-error", field.name);
        @let invalid = is_wrong.then_some("true");
        @let about = is_wrong.then_some(id.as_str());
        @match field.input {
            Input::Hidden => { input type="hidden" name=(field.name) value=(value); }
            Input::Buttons(_) => {},
            // What a page draws by itself and left empty (a box that is not ticked, a row that is not used) stays out.
            Input::Own if value.is_empty() && !is_wrong => {},
            Input::Own if value == "on" || value == "true" => label { input type="checkbox" name=(field.name) value=(value) checked; (label) },
            Input::Of("checkbox") => label { input type="checkbox" name=(field.name) value="true" checked[value == "true"]; (label) },
            Input::Choice(choices) => label { (label) select name=(field.name) aria-invalid=[invalid] aria-describedby=[about] {
                @for (choice, key) in choices { option value=(choice) selected[*choice == value] { (t!(*key)) } }
            } },
            Input::Of(kind) => label { (label) input type=(kind) name=(field.name) value=(value) aria-invalid=[invalid] aria-describedby=[about]; },
            Input::Area => label { (label) textarea name=(field.name) rows="5" aria-invalid=[invalid] aria-describedby=[about] { (value) } },
            Input::Own if value.contains('\n') => label { (label) textarea name=(field.name) rows="5" aria-invalid=[invalid] aria-describedby=[about] { (value) } },
            Input::Line | Input::Own => label { (label) input type="text" name=(field.name) value=(value) aria-invalid=[invalid] aria-describedby=[about]; },
        }
        @if is_wrong { p.wrong id=(id) { (message) } }
    } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_state::language::Language;
    use holdfast_state::visit::Visit;
    use std::sync::Arc;

    const FIELDS: &[Field] = &[
        Field { name: "title", label: "desk-cases-title", input: Input::Line },
        Field { name: "summary", label: "desk-cases-summary", input: Input::Area },
        Field { name: "days", label: "campaigns-days", input: Input::Of("number") },
        Field {
            name: "outcome",
            label: "alert-outcome",
            input: Input::Choice(&[("a", "alert-assign"), ("b", "alert-close")]),
        },
        Field { name: "asset", label: "common-asset", input: Input::Own },
        Field { name: "urgent", label: "portal-new-emergency", input: Input::Own },
    ];

    fn again(fields: &'static [Field], body: &str, message: &str) -> Option<String> {
        let visit = Visit::new(Language::English, "/desk/cases?state=open", None);
        visit::sync_scope(Some(Arc::new(visit)), || {
            keep(body.as_bytes());
            has_fields(fields);
            form(message).map(maud::PreEscaped::into_string)
        })
    }

    #[test]
    fn what_was_sent_is_kept_and_the_error_stands_beside_its_field() {
        let body = "step=open&csrf=1&title=&summary=A+%3Cb%3E&days=x&outcome=b&asset=BTC&asset=ETH";
        let shown = again(FIELDS, body, "Look-back period, days: 'x' is not a whole number").unwrap();
        assert!(shown.contains("action=\"/desk/cases?state=open\"") && !shown.contains("csrf"), "{shown}");
        assert!(shown.contains("A &lt;b&gt;</textarea>") && shown.contains("value=\"b\" selected"), "{shown}");
        assert!(shown.contains("name=\"step\" value=\"open\""), "the field that names the form: {shown}");
        assert!(
            shown.contains("value=\"BTC\"") && shown.contains("value=\"ETH\"") && !shown.contains("urgent"),
            "{shown}"
        );
        let wrong = "name=\"days\" value=\"x\" aria-invalid=\"true\" aria-describedby=\"days-0-error\"";
        assert!(shown.contains(wrong) && shown.contains("id=\"days-0-error\""), "{shown}");
        assert_eq!(shown.matches("aria-invalid").count(), 1, "{shown}");
        let second = again(FIELDS, body, "Asset 2: no such asset").unwrap();
        assert!(second.contains("value=\"ETH\" aria-invalid"), "{second}");
    }

    #[test]
    fn secrets_are_not_shown_again() {
        const KEY: &[Field] = &[Field { name: "key", label: "sign-in-key", input: Input::Own }];
        assert_eq!(again(KEY, "key=hunter2", "Key: it is missing"), None);
        assert_eq!(again(&[], "a=1", "x"), None);
        assert_eq!(form("x").map(maud::PreEscaped::into_string), None, "outside a request");
        let large = format!("title={}", "a".repeat(MAX_KEPT));
        assert_eq!(again(FIELDS, &large, "Title: too long"), None);
    }
}
