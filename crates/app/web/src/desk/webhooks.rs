//! Webhooks: who receives messages, how far each has received them, and what failed.

use axum::Extension;
use axum::extract::{Path, State};
use holdfast_notify::delivery;
use holdfast_notify::webhooks::Webhook;
use holdfast_page::components::{Bare, N, T, listing, new_key, time};
use holdfast_page::forms::{Fields, Input, Nothing, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_screening::webhooks::TOPICS;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::Timestamp;
use maud::{Markup, html};

const HERE: &str = "/desk/webhooks";

page_form! {
    /// Creates a webhook.
    struct NewWebhook {
        url: Text = "webhooks-url", Input::Of("url");
        topics: Text = "webhooks-topics", Input::Line;
    }
}

/// How deliveries to a webhook stand.
fn standing(webhook: &Webhook) -> Markup {
    html! {
        @if webhook.failures == 0 { (t!("webhooks-working")) }
        @else {
            strong.high { (t!("webhooks-failing", n = webhook.failures)) }
            @if webhook.next_try > Timestamp::from_unix(0) { br; (rich!("webhooks-next", time = time(webhook.next_try))) }
            @if let Some(why) = &webhook.last_error { br; span.note.long { (why) } }
        }
    }
}

/// Shows the webhooks.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame) -> Page {
    let list = run_blocking(move || Ok(shared.screening.webhooks()?)).await?;
    let heads = [
        N("webhooks-webhook"),
        T("webhooks-url"),
        T("webhooks-topics"),
        N("webhooks-delivered"),
        T("common-state"),
        Bare,
    ];
    let body = html! {
        p { (t!("webhooks-intro", topics = TOPICS.join(", "))) }
        (listing(&heads, &list, "webhooks-none", |w| html! { tr {
            td.n { (w.id) }
            td { span.long { (w.url) } br; span.note { (rich!("common-time-by", time = time(w.created), person = w.created_by)) } }
            td { (w.topics.join(", ")) }
            td.n { (w.delivered) }
            td { (standing(w)) }
            td { (form_of::<Nothing>(&format!("{HERE}/{}", w.id), &[], "webhooks-remove")) }
        } }))
        h2 { (t!("webhooks-add")) }
        (form_of::<NewWebhook>(HERE, &[], "common-add"))
    };
    Ok(frame.desk(&t!("webhooks-title"), HERE, body))
}

/// Creates a webhook, and shows the secret of its signatures once.
pub(crate) async fn add(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<NewWebhook>,
) -> Page {
    let is_between = |c: char| c == ',' || c.is_whitespace();
    let topics: Vec<String> =
        form.topics.0.split(is_between).filter(|topic| !topic.is_empty()).map(str::to_owned).collect();
    let key_ring = shared.auth.key_ring.clone();
    let webhook = run_blocking(move || Ok(shared.screening.add_webhook(&form.url.0, &topics, &caller.0)?))
        .await
        .map_err(NewWebhook::explain)?;
    let about = html! { (t!("webhooks-secret", id = webhook)) };
    let body = new_key(&about, &delivery::secret(&key_ring, webhook), &html! {}, (HERE, &t!("webhooks-title")));
    Ok(frame.desk(&t!("webhooks-title"), HERE, body))
}

/// Removes a webhook.
pub(crate) async fn remove(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    run_blocking(move || Ok(shared.screening.remove_webhook(id, "removed by a person", &caller.0)?)).await?;
    Ok(back(HERE.into()))
}
