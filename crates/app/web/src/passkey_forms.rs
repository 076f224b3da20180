//! What pages need for passkeys: the script that speaks with the browser's authenticator, and forms that it fills.

use crate::texts::t;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

/// What a form's passkey is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ceremony {
    /// A new one is made.
    Create,
    /// One that is registered proves who signs in.
    Get,
}

/// Returns the script, and where it shows what it waits for.
pub(crate) fn script() -> Markup {
    html! {
        p #passkey-said role="status" data-waiting=(t!("passkey-waiting")) data-none=(t!("passkey-none"))
            data-silent=(t!("passkey-silent")) {}
        script src="/passkey.js" defer {}
    }
}

/// Returns a form whose `credential` the script fills, with options that it gets by a POST to `options`.
pub(crate) fn passkey_form(ceremony: Ceremony, action: &str, options: &str, fields: Markup, button: &str) -> Markup {
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
pub(crate) async fn passkey_js() -> Response {
    let script = include_str!("../../../../web/passkey.js");
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}
