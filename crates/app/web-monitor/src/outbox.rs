//! What leaves the desk on its own: mail with its tries, and how far each webhook has received.

use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_notify::Webhook;
use holdfast_notify::outbox::{MailRow, MailState};
use holdfast_page::components::{Bare, List, ListQuery, N, PAGE_ROWS, T, listing, time, word};
use holdfast_page::forms::{Fields, Nothing, form_of};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::Timestamp;
use maud::{Markup, html};

const HERE: &str = "/desk/outbox";

/// Reads the state that mails are chosen by; an empty one is none.
fn state_of(text: Option<&str>) -> Result<Option<MailState>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let names = || MailState::ALL.map(MailState::name).join(", ");
    let found = MailState::ALL.into_iter().find(|state| state.name() == text);
    found.map(Some).ok_or_else(|| ApiError::bad(t!("form-none-of", field = "state", text = text, values = names())))
}

/// How a mail stands.
fn mail(m: &MailRow) -> Markup {
    html! { tr {
        td.n { (m.id) }
        td { (time(m.time)) }
        td { span.long { (m.to) } }
        td { (m.subject) br; span.note.long { (m.about) } }
        td { @match (m.state, m.sent) {
            (_, Some(at)) => (rich!("outbox-sent-at", time = time(at))),
            (MailState::Failing, None) => {
                strong.high { (t!("outbox-failed", n = m.failures)) } br;
                (rich!("outbox-next", time = time(m.next_try)))
            }
            (_, None) => (word(m.state.name())),
        }
            @if let Some(why) = m.last_error.as_ref().filter(|_| m.sent.is_none()) { br; span.note.long { (why) } }
        }
        td { @if m.sent.is_none() { (form_of::<Nothing>(&format!("{HERE}/{}", m.id), &[], "outbox-retry")) } }
    } }
}

/// How deliveries to a webhook stand.
fn webhook(w: &Webhook) -> Markup {
    html! { tr {
        td.n { (w.id) }
        td { span.long { (w.url) } }
        td.n { (w.delivered) }
        td { @if w.failures == 0 { (t!("webhooks-working")) } @else {
            strong.high { (t!("webhooks-failing", n = w.failures)) }
            @if w.next_try > Timestamp::EPOCH { br; (rich!("webhooks-next", time = time(w.next_try))) }
            @if let Some(why) = &w.last_error { br; span.note.long { (why) } }
        } }
        td { @if w.failures > 0 { (form_of::<Nothing>(&format!("{HERE}/webhooks/{}", w.id), &[], "outbox-retry")) } }
    } }
}

/// Shows mails, newest first, and webhooks.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame, Query(q): Query<ListQuery>) -> Page {
    let state = state_of(q.state.as_deref())?;
    let below = Some(q.after).filter(|id| *id > 0);
    let (mails, webhooks) =
        run_blocking(move || Ok((shared.screening.mails(state, below, PAGE_ROWS)?, shared.screening.webhooks()?)))
            .await?;
    let heads = [N("outbox-mail"), T("common-time"), T("common-to"), T("outbox-subject"), T("common-state"), Bare];
    let states =
        [("", "requests-all"), ("waiting", "outbox-waiting"), ("failing", "outbox-failing"), ("sent", "outbox-sent")];
    let list = List { path: HERE, states: &states, default_state: "", heads: &heads, empty: "outbox-none" };
    let of_webhooks = [N("webhooks-webhook"), T("webhooks-url"), N("webhooks-delivered"), T("common-state"), Bare];
    let body = html! {
        p { (t!("outbox-about")) }
        (list.show(&q, &mails, |m| m.id, mail))
        h2 { (t!("webhooks-title")) }
        @if frame.may_open("/desk/webhooks") { p { a href="/desk/webhooks" { (t!("outbox-webhooks")) } } }
        (listing(&of_webhooks, &webhooks, "webhooks-none", webhook))
    };
    Ok(frame.desk(&t!("nav-outbox"), HERE, body))
}

/// Lets a mail be tried at once.
pub(crate) async fn retry(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    run_blocking(move || Ok(shared.screening.retry_mail(id, &caller.0)?)).await?;
    Ok(back(HERE.into()))
}

/// Lets the next message of a webhook be tried at once.
pub(crate) async fn retry_webhook(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    run_blocking(move || Ok(shared.screening.retry_webhook(id, &caller.0)?)).await?;
    Ok(back(HERE.into()))
}
