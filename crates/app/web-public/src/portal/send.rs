//! An officer's new request.

use super::{is_approved, officer};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use holdfast_documents::sha256;
use holdfast_page::components::word;
use holdfast_page::forms::{
    Commas, Day, Fields, Flag, Free, Input, Instant, Opt, PageForm, Text, Ticked, Token, page_form,
};
use holdfast_page::frame::{Answer, ErrorPage, Frame, back};
use holdfast_page::texts::t;
use holdfast_requests::policy::Policy;
use holdfast_requests::portal::Officer;
use holdfast_requests::request::{self, DataClass, Kind, Request, Statement, Target, TargetKind};
use holdfast_requests::scope::OrderScope;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::Timestamp;
use maud::{Markup, html};
use serde_json::json;

page_form! {
    /// A request as an officer fills it in. Its targets stand in rows: the fields of a row have the same place in their lists.
    struct SendRequest {
        token: Token = "portal-new-token", Input::Hidden;
        reference: Text = "portal-new-reference", Input::Own;
        kind: Kind = "portal-new-kind", Input::Own;
        process: Text = "portal-new-process", Input::Own;
        target: Vec<TargetKind> = "portal-new-target", Input::Own;
        value: Vec<Free> = "portal-new-value", Input::Own;
        asset: Vec<Opt<Text>> = "portal-new-asset", Input::Own;
        from: Vec<Opt<Instant>> = "portal-new-from", Input::Own;
        to: Vec<Opt<Instant>> = "portal-new-to", Input::Own;
        scope_from: Opt<Instant> = "portal-new-scope-from", Input::Own;
        scope_to: Opt<Instant> = "portal-new-scope-to", Input::Own;
        accounts: Commas = "portal-new-accounts", Input::Own;
        assets: Commas = "portal-new-assets", Input::Own;
        class: Ticked<DataClass> = "portal-new-classes", Input::Own;
        state: Ticked<Statement> = "portal-new-states", Input::Own;
        emergency: Flag = "portal-new-emergency", Input::Own;
        gag: Opt<Day> = "portal-new-gag", Input::Own;
        statement: Free = "portal-new-statement", Input::Own;
    }
}

const KINDS: [Kind; 5] =
    [Kind::Information, Kind::Preservation, Kind::Freeze, Kind::Seizure, Kind::EmergencyDisclosure];

/// Rows for targets on the page.
const ROWS: usize = 5;

const CLASSES: [(&str, &str); 7] = [
    ("subscriber", "portal-class-subscriber"),
    ("kyc", "portal-class-kyc"),
    ("access", "portal-class-access"),
    ("transactions", "portal-class-transactions"),
    ("balances", "portal-class-balances"),
    ("instruments", "portal-class-instruments"),
    ("content", "portal-class-content"),
];

const STATES: [(&str, &str); 6] = [
    ("judge", "portal-state-judge"),
    ("prosecutor", "portal-state-prosecutor"),
    ("validated", "portal-state-validated"),
    ("serious_offence", "portal-state-serious-offence"),
    ("central_authority", "portal-state-central-authority"),
    ("danger", "portal-state-danger"),
];

fn label(name: &str) -> String {
    SendRequest::label(name)
}

fn option(name: &str) -> Markup {
    html! { option value=(name) { (word(name)) } }
}

/// A row for a target; of the first the value is required.
fn target(is_first: bool) -> Markup {
    html! { div.step {
        label { (label("target")) select name="target" { @for t in TargetKind::ALL { (option(t.name())) } } }
        label { (label("value")) input name="value" size="44" required[is_first]; }
        label { (label("asset")) input name="asset" size="5"; }
        label { (label("from")) input name="from" type="datetime-local" step="1"; }
        label { (label("to")) input name="to" type="datetime-local" step="1"; }
    } }
}

fn boxes(name: &str, values: &[(&str, &str)]) -> Markup {
    html! { fieldset.list { legend { (label(name)) }
        @for (value, key) in values { label { input type="checkbox" name=(name) value=(value); (t!(key)) } }
    } }
}

fn fields(policy: &Policy, token: &Token) -> Markup {
    html! { form method="post" action="/portal/new" {
        input type="hidden" name="token" value=(token.0);
        div.step {
            label { (label("reference")) input name="reference" required; }
            label { (label("kind")) select name="kind" { @for k in KINDS { (option(k.name())) } } }
            label { (label("process")) select name="process" { @for p in &policy.processes { option value=(p.id) { (p.title) } } } }
        }
        fieldset { legend { (t!("portal-new-targets")) }
            (target(true))
            details { summary { (t!("portal-new-more", rows = ROWS - 1)) } @for _ in 1..ROWS { (target(false)) } }
        }
        fieldset { legend { (t!("portal-new-scope")) } div.step {
            label { (label("scope_from")) input name="scope_from" type="datetime-local" step="1"; }
            label { (label("scope_to")) input name="scope_to" type="datetime-local" step="1"; }
            label { (label("accounts")) input name="accounts" placeholder="a-1, a-2"; }
            label { (label("assets")) input name="assets" placeholder="BTC, ETH"; }
        } }
        (boxes("class", &CLASSES))
        (boxes("state", &STATES))
        div.step { label { input type="checkbox" name="emergency" value="true"; (label("emergency")) } }
        div.step { label { (label("gag")) input name="gag" type="date"; } }
        div.step { label { (label("statement")) textarea name="statement" rows="5" cols="60" {} } }
        button type="submit" { (t!("common-send")) }
    } }
}

/// Shows the form of a request.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, headers: HeaderMap) -> Response {
    let found = match officer(&shared, &headers, true).await {
        Ok((found, _)) => found,
        Err(response) => return response,
    };
    let token = match Token::draw() {
        Ok(token) => token,
        Err(e) => return ErrorPage::from(e).into_response(),
    };
    let body = html! {
        p.note { (t!("portal-new-sender", name = found.name.as_str(), agency = found.agency.as_str())) }
        (fields(&shared.policy, &token))
    };
    frame.portal(&t!("portal-new-title"), is_approved(&found), body).into_response()
}

/// The id of a request: the same for a form that is sent twice, another for each form that is opened, and no other officer's.
fn id_of(officer: u64, token: &Token) -> String {
    format!("p-{}", &sha256(json!([officer, token.0]).to_string().as_bytes())[..16])
}

/// The targets in a form's rows; rows without a value are left out.
fn targets(form: &SendRequest) -> Result<Vec<Target>, ApiError> {
    let rows = form.target.len();
    if [form.value.len(), form.asset.len(), form.from.len(), form.to.len()].iter().any(|n| *n != rows) {
        return Err(ApiError::bad(format!("{}: {}", t!("portal-new-targets"), t!("portal-new-rows"))));
    }
    let row = |i: usize| Target {
        asset: form.asset[i].clone().text(),
        from: form.from[i].0.map(|t| t.0),
        to: form.to[i].0.map(|t| t.0),
        ..Target::new(form.target[i], form.value[i].0.clone())
    };
    Ok((0..rows).filter(|i| !form.value[*i].0.is_empty()).map(row).collect())
}

fn request_of(form: SendRequest, who: &Officer) -> Result<Request, ApiError> {
    Ok(Request {
        id: id_of(who.id.number(), &form.token),
        received: Timestamp::EPOCH,
        targets: targets(&form)?,
        kind: form.kind,
        process: form.process.0,
        reference: form.reference.0,
        officer: request::Officer {
            name: who.name.clone(),
            email: who.email.clone(),
            agency: who.agency.clone(),
            country: who.country.clone(),
        },
        classes: form.class.0,
        states: form.state.0,
        emergency: form.emergency.0,
        gag_until: form.gag.0.map(|d| d.0),
        statement: form.statement.0,
        scope: OrderScope {
            from: form.scope_from.0.map(|t| t.0),
            to: form.scope_to.0.map(|t| t.0),
            accounts: form.accounts.0,
            assets: form.assets.0,
        },
        attachments: Vec::new(),
    })
}

/// Sends a request.
pub(crate) async fn send(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Fields(form): Fields<SendRequest>,
) -> Answer {
    let (found, token) = match officer(&shared, &headers, true).await {
        Ok(found) => found,
        Err(response) => return Ok(response),
    };
    let request = request_of(form, &found)?;
    let id = request.id.clone();
    run_blocking(move || Ok(shared.desk().send_request(&token, request)?)).await.map_err(SendRequest::explain)?;
    Ok(back(format!("/portal/requests/{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_page::forms::FromForm;

    fn form(extra: &str) -> Result<SendRequest, ApiError> {
        let body = format!("token={}&reference=R&kind=information&process=us.2703d{extra}", "0a".repeat(16));
        SendRequest::from_form(body.as_bytes())
    }

    #[test]
    fn the_same_form_twice_is_one_request_and_a_new_form_another() {
        let (first, next) = (Token::draw().unwrap(), Token::draw().unwrap());
        assert_eq!(id_of(1, &first), id_of(1, &first));
        assert_ne!(id_of(1, &first), id_of(1, &next), "the same text in a form that was opened later");
        assert_ne!(id_of(1, &first), id_of(2, &first));
        let id = id_of(1, &first);
        assert!(id.len() == 18 && id.starts_with("p-"), "{id}");
    }

    #[test]
    fn rows_of_targets_are_read_together() {
        let row = |value: &str| format!("&target=email&value={value}&asset=&from=&to=2026-09-21T10:00");
        let read = form(&format!("{}{}{}", row("a@example.org"), row(""), row("b@example.org"))).unwrap();
        let targets = targets(&read).unwrap();
        let values: Vec<&str> = targets.iter().map(|t| t.value.as_str()).collect();
        assert_eq!(values, ["a@example.org", "b@example.org"]);
        assert_eq!((targets[0].to, targets[0].from), (Some(Timestamp::from_unix(1_789_984_800)), None));
        let uneven = form("&target=email&value=a&value=b&asset=&from=&to=").unwrap();
        assert!(super::targets(&uneven).unwrap_err().message.starts_with(&t!("portal-new-targets")));
    }

    #[test]
    fn a_wrong_field_is_named_by_its_label() {
        let e = form("&target=email&value=a&asset=&from=&to=&gag=soon").unwrap_err();
        assert!(e.message.starts_with(&format!("{}: ", t!("portal-new-gag"))), "{}", e.message);
        let e = SendRequest::from_form(b"token=&reference=R").unwrap_err();
        assert!(e.message.starts_with(&t!("portal-new-token")), "{}", e.message);
    }

    #[test]
    fn every_class_and_statement_is_one_of_the_requests() {
        let all = |name: &str, values: &[(&str, &str)]| {
            values.iter().map(|(v, _)| format!("&{name}={v}")).collect::<String>()
        };
        let row = "&target=email&value=a&asset=&from=&to=";
        let read = form(&format!("{row}{}{}", all("class", &CLASSES), all("state", &STATES))).unwrap();
        assert_eq!((read.class.0.len(), read.state.0.len()), (CLASSES.len(), STATES.len()));
    }
}
