//! Passkeys on pages: the script that calls the browser's authenticator, and the forms that it fills.

use crate::texts::t;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

/// The ceremony of a form.
#[derive(Clone, Copy, Debug)]
pub enum Ceremony {
    /// Registers a new one.
    Create,
    /// Signs in with a registered one.
    Get,
}

/// Returns the script and the element in which it shows its status.
pub fn script() -> Markup {
    html! {
        p #passkey-status role="status" data-waiting=(t!("passkey-waiting")) data-none=(t!("passkey-none"))
            data-silent=(t!("passkey-silent")) {}
        script src="/passkey.js" defer {}
    }
}

/// Returns a form whose `credential` the script fills, with options that it gets by a POST to `options`.
pub fn passkey_form(ceremony: Ceremony, action: &str, options: &str, fields: Markup, button: &str) -> Markup {
    let kind = match ceremony {
        Ceremony::Create => "create",
        Ceremony::Get => "get",
    };
    html! {
        form.step method="post" action=(action) data-passkey=(kind) data-options=(options) {
            (fields)
            input type="hidden" name="credential";
            button type="submit" autofocus[matches!(ceremony, Ceremony::Get)] { (t!(button)) }
        }
    }
}

/// Shows the script of passkeys.
pub async fn passkey_js() -> Response {
    let script = include_str!("../../../../web/passkey.js");
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}
