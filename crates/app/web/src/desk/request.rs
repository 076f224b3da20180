//! A request: the policy's judgement, signs of forgery, targets, messages, files, the steps.

use crate::desk::links::Links;
use axum::Extension;
use axum::extract::{Multipart, Path, State};
use holdfast_api_investigation::cases::person;
use holdfast_attribution::Tlp;
use holdfast_cases::case::{Case, ItemKind};
use holdfast_cases::named::{self, Thing};
use holdfast_page::components::{Bare, T, chains_text, table, time, word, words};
use holdfast_page::forms::{
    Fields, Flag, Free, Input, Nothing, Number, Opt, PageForm, Text, file_form, form_of, page_form, page_steps, upload,
};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::{rich, t};
use holdfast_requests::intake::{Matched, Opened, Outcome, RequestState, Seizure, SeizureState, SeizureTransfer, Step};
use holdfast_requests::matching::{Followed, TargetCoverage};
use holdfast_requests::portal::{File, Message};
use holdfast_requests::production::Production;
use holdfast_requests::request::{Kind, Target, TargetKind};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::ApiError;
use holdfast_types::ids::SeizureId;
use holdfast_types::units::with_unit;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Answers to a request, with the keys of their texts.
const OUTCOMES: &[(&str, &str)] = &[
    ("granted", "request-outcome-granted"),
    ("partly", "request-outcome-partly"),
    ("refused", "request-outcome-refused"),
    ("forged", "request-outcome-forged"),
];

page_form! {
    /// Records that the officer was called back.
    struct CallBack {
        number_from: Text = "request-number-from", Input::Line;
        confirmed: Flag = "request-confirmed", Input::Buttons(&[
            ("true", "request-confirmed"),
            ("false", "request-not-confirmed"),
        ]);
    }
}

page_form! {
    /// Accepts or rejects a match.
    struct Match {
        customer: Text = "common-customer", Input::Hidden;
        reason: Text = "common-reason", Input::Line;
        accept: Flag = "request-match", Input::Buttons(&[("true", "request-match"), ("false", "request-no-match")]);
    }
}

page_form! {
    /// Prepares an answer.
    struct Prepare {
        outcome: Outcome = "request-answer", Input::Choice(OUTCOMES);
        reason: Text = "common-reason", Input::Line;
    }
}

page_form! {
    /// Prepares the answer to a seizure.
    struct PrepareSeizure {
        outcome: Outcome = "request-answer", Input::Choice(OUTCOMES);
        reason: Text = "common-reason", Input::Line;
        customer: Opt<Text> = "request-from-customer", Input::Line;
        asset: Opt<Text> = "common-asset", Input::Line;
        amount: Opt<Text> = "request-base-units", Input::Line;
        destination: Opt<Text> = "request-destination", Input::Line;
    }
}

page_form! {
    /// Sends a prepared answer back.
    struct Return {
        reason: Text = "common-reason", Input::Line;
    }
}

page_form! {
    /// Records that a seizure's transfer was carried out.
    struct Moved {
        transfer: Number<SeizureId> = "request-transfer", Input::Hidden;
        reference: Text = "request-reference", Input::Line;
    }
}

page_form! {
    /// Extends a freeze or preservation.
    struct Extend {
        reason: Text = "request-further-order", Input::Line;
    }
}

page_steps! {
    /// A step of a request.
    enum RequestStep by "step" {
        "call_back" => CallBack(CallBack),
        "match" => Match(Match),
        "prepare" => Prepare(Prepare),
        "prepare_seizure" => PrepareSeizure(PrepareSeizure),
        "approve" => Approve(Nothing),
        "return" => Return(Return),
        "moved" => Moved(Moved),
        "extend" => Extend(Extend),
    }
}

page_form! {
    /// Creates a production.
    struct Produce {
        recipient: Opt<Text> = "request-recipient", Input::Line;
    }
}

page_form! {
    /// Sends a message to the officer.
    struct ToOfficer {
        text: Free = "request-to-officer", Input::Area;
    }
}

/// What a seizure moves: nothing where all fields are empty.
fn transfers(form: PrepareSeizure) -> Result<Vec<SeizureTransfer>, ApiError> {
    let (customer, asset, amount, destination) =
        (form.customer.text(), form.asset.text(), form.amount.text(), form.destination.text());
    if customer.is_none() && asset.is_none() && amount.is_none() && destination.is_none() {
        return Ok(Vec::new());
    }
    let given = |name: &str, text: Option<String>| {
        text.ok_or_else(|| ApiError::bad(format!("{}: {}", PrepareSeizure::label(name), t!("form-missing"))))
    };
    let amount = given("amount", amount)?;
    let units = amount.parse().map_err(|_| {
        ApiError::bad(format!("{}: {}", PrepareSeizure::label("amount"), t!("form-no-number", text = amount.as_str())))
    })?;
    Ok(vec![SeizureTransfer {
        customer: given("customer", customer)?,
        asset: given("asset", asset)?,
        amount: units,
        destination: given("destination", destination)?,
    }])
}

impl RequestStep {
    fn step(self) -> Result<Step, ApiError> {
        Ok(match self {
            Self::CallBack(f) => Step::CallBack { number_from: f.number_from.0, confirmed: f.confirmed.0 },
            Self::Match(f) => Step::Match { customer: f.customer.0, accept: f.accept.0, reason: f.reason.0 },
            Self::Prepare(f) => Step::Prepare { outcome: f.outcome, reason: f.reason.0, transfers: Vec::new() },
            Self::PrepareSeizure(f) => {
                let (outcome, reason) = (f.outcome, f.reason.0.clone());
                Step::Prepare { outcome, reason, transfers: transfers(f)? }
            }
            Self::Approve(_) => Step::Approve {},
            Self::Return(f) => Step::Return { reason: f.reason.0 },
            Self::Moved(f) => Step::Moved { transfer: f.transfer.0, reference: f.reference.0 },
            Self::Extend(f) => Step::Extend { reason: f.reason.0 },
        })
    }
}

/// What the page of a request shows.
struct Shown {
    id: String,
    opened: Opened,
    matches: Vec<Matched>,
    coverage: Vec<TargetCoverage>,
    messages: Vec<Message>,
    files: Vec<File>,
    productions: Vec<Production>,
    seizures: Vec<Seizure>,
    /// Pages of the addresses and transactions that it names.
    pages: Pages,
    /// What its targets name that is stored here.
    stored: BTreeSet<(Thing, String)>,
    cases: Vec<Case>,
}

impl Shown {
    fn of(shared: &AppState, caller: &Caller, clearance: Tlp, id: String) -> Result<Self, ApiError> {
        let (d, chains) = (shared.desk(), shared.chains.all());
        let opened = d.open(&id, &caller.0)?;
        let targets = &opened.stored.request.targets;
        // Matches and coverage follow the money of the same targets.
        let followed = Followed::on(&chains);
        let coverage = followed.coverage(targets);
        let seizures = d.transfers(&id, &caller.0)?;
        let (finder, mut pages) = (Finder { chains: &shared.chains, clearance }, Pages::default());
        for target in targets {
            match target.kind {
                TargetKind::Address => pages.add_address(finder, None, &target.value),
                TargetKind::Transaction => pages.add_tx(finder, None, &target.value),
                _ => {}
            }
        }
        for seizure in &seizures {
            pages.add_address(finder, Some(&seizure.transfer.asset), &seizure.transfer.destination);
        }
        let of_users = targets.iter().filter(|target| target.kind == TargetKind::UserId);
        let named: Vec<_> = of_users.map(|target| (Thing::Customer, target.value.clone())).collect();
        Ok(Shown {
            coverage,
            matches: d.matches_on(&followed, &id, &caller.0)?,
            messages: d.messages(&id, &caller.0)?,
            files: d.attachments(&id)?,
            productions: d.productions(&id, &caller.0)?,
            seizures,
            pages,
            stored: named::stored(&shared.screening, &named)?,
            cases: shared.cases().with_items(&[(ItemKind::Request, id.clone())], &person(caller))?,
            opened,
            id,
        })
    }
}

/// Shows a request.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<String>,
) -> Page {
    let shown = run_blocking(move || Shown::of(&shared, &caller, clearance, id)).await?;
    let links = Links(&frame);
    let to = format!("/desk/requests/{}", shown.id);
    let body = html! {
        (shown.facts())
        (shown.policy())
        (shown.forgery(&to))
        (shown.targets(&to, links))
        (shown.answer(&to, links))
        (shown.seizures(&to, links))
        (shown.productions(&to, frame.may("desk")))
        @if !shown.cases.is_empty() { h2 { (t!("nav-cases")) } (links.cases(&shown.cases)) }
        (shown.correspondence(&to))
        (links.history(&format!("request:{}", shown.id.as_str())))
    };
    Ok(frame.desk(&t!("request-title", id = shown.id.as_str()), "/desk/requests", body))
}

fn classes<'a>(classes: impl IntoIterator<Item = &'a holdfast_requests::request::DataClass>) -> String {
    words(classes.into_iter().map(|c| c.name()))
}

impl Shown {
    fn facts(&self) -> Markup {
        let (s, r, j) = (&self.opened.stored, &self.opened.stored.request, &self.opened.review.judgement);
        let by = |key: &str, who: &Option<String>| who.as_ref().map(|who| format!("; {} {who}", t!(key)));
        html! {
            dl {
                dt { (t!("common-from")) } dd { (r.officer.name) ", " (r.officer.email) ", " (r.officer.agency) " (" (r.officer.country) ")" }
                dt { (t!("common-kind")) } dd { (word(r.kind.name())) @if !r.classes.is_empty() { ": " (classes(&r.classes)) } }
                dt { (t!("common-process")) } dd { (j.title) " (" (j.process) "), " (t!("request-reference-of", reference = r.reference.as_str())) }
                dt { (t!("request-received")) } dd { (time(r.received)) }
                dt { (t!("common-due")) } dd { (time(s.due)) @if s.overdue { " " strong.severe { (t!("requests-overdue")) } } }
                dt { (t!("common-state")) } dd { (word(s.state))
                    @if let Some(o) = &s.outcome { ": " (word(o)) } @if let Some(why) = &s.reason { ", " (why) }
                    @for (key, who) in [("request-prepared-by", &s.prepared_by), ("request-first-approval", &s.first_approval), ("request-approved-by", &s.approved_by)] {
                        @if let Some(text) = by(key, who) { (text) }
                    } }
                @for (name, limit) in r.scope.lines() { dt { (name) } dd { (limit) } }
                @if let Some(until) = r.gag_until { dt { (t!("request-gag")) } dd { (rich!("request-gag-until", until = time(until))) } }
            }
            @if !r.statement.is_empty() { p { (r.statement) } }
        }
    }

    fn policy(&self) -> Markup {
        let j = &self.opened.review.judgement;
        html! {
            h2 { (t!("request-policy")) }
            @if j.missing.is_empty() { p.low { (t!("request-policy-met")) } }
            ul { @for m in &j.missing { li.severe { (m) } } @for n in &j.notes { li.note { (n) } } }
            @if !j.granted.is_empty() { p { (t!("request-may-give", classes = classes(&j.granted))) } }
            @for x in &j.refused { p {
                (t!("request-may-not-give", class = word(x.class.name())))
                @if !x.opened_by.is_empty() { " " (t!("request-opened-by", processes = x.opened_by.join(", "))) }
            } }
        }
    }

    fn forgery(&self, to: &str) -> Markup {
        let signs = &self.opened.review.suspicion.signs;
        html! {
            h2 { (t!("request-forgery")) }
            @if signs.is_empty() { p.low { (t!("common-none")) } }
            ul { @for sign in signs { li class=[(sign.weight >= 3).then_some("stop")] { strong { (word(sign.sign)) } ": " (sign.because) } } }
            @if self.opened.stored.state != RequestState::Answered {
                h3 { (t!("request-call-back")) }
                (form_of::<CallBack>(to, &[("step", "call_back")], "common-save"))
            }
        }
    }

    /// The chains on which a target was looked up.
    fn covered(&self, target: &str) -> Markup {
        html! { @if let Some(found) = self.coverage.iter().find(|c| c.target == target) { " " span.note {
            @if found.chains.is_empty() { (t!("request-no-chain")) } @else { (t!("request-coverage", chains = chains_text(&found.chains))) }
            @if let Some(asset) = &found.missing_asset { ". " (t!("request-no-ledger", asset = asset.as_str())) "." }
        } } }
    }

    /// What a target names, with a link where it is stored here.
    fn target(&self, target: &Target, links: Links<'_>) -> Markup {
        match target.kind {
            TargetKind::Address => self.pages.address(&target.value),
            TargetKind::Transaction => self.pages.tx(&target.value),
            TargetKind::UserId => links.named(Thing::Customer, &target.value, &self.stored),
            _ => html! { span.hash { (target.value) } },
        }
    }

    fn targets(&self, to: &str, links: Links<'_>) -> Markup {
        let s = &self.opened.stored;
        let heads = [T("common-customer"), T("request-found-by"), T("common-reason"), Bare];
        html! {
            h2 { (t!("portal-new-targets")) }
            ul { @for t in &s.request.targets { li { (word(t.kind.name())) " " (self.target(t, links)) (self.covered(&t.value)) } } }
            @if self.matches.is_empty() { p.note { (t!("request-no-customer")) } }
            @else { (table(&heads, &self.matches, |m| html! { tr {
                td { (links.customer(&m.found.customer)) }
                td { (word(m.found.how)) ": " span.hash { (m.found.target) } }
                td.long { (m.found.because.join("; ")) }
                td {
                    @if let (Some(v), Some(by)) = (&m.verdict, &m.decided_by) { (word(v)) " " (t!("common-by", person = by.as_str())) ": " (m.reason.as_deref().unwrap_or_default()) }
                    @if s.state == RequestState::Open { (form_of::<Match>(to, &[("step", "match"), ("customer", &m.found.customer)], "common-save")) }
                }
            } })) }
        }
    }

    fn answer(&self, to: &str, links: Links<'_>) -> Markup {
        let s = &self.opened.stored;
        let kind = s.request.kind;
        html! {
            h2 { (t!("request-answer")) }
            @if s.state == RequestState::Answered { p { (t!("request-answered", outcome = s.outcome.as_ref().map(word).unwrap_or_default())) } }
            @if s.state == RequestState::Open { @match kind {
                Kind::Seizure => (form_of::<PrepareSeizure>(to, &[("step", "prepare_seizure")], "request-prepare")),
                _ => (form_of::<Prepare>(to, &[("step", "prepare")], "request-prepare")),
            } }
            @if s.state == RequestState::Prepared {
                p { (t!("request-second-person", person = s.prepared_by.as_deref().unwrap_or_default())) @if kind == Kind::Seizure { " " (t!("request-two-approve")) } }
                (form_of::<Nothing>(to, &[("step", "approve")], "common-approve"))
                (form_of::<Return>(to, &[("step", "return")], "request-return"))
            }
            @if s.state == RequestState::Answered && matches!(kind, Kind::Freeze | Kind::Preservation) {
                (form_of::<Extend>(to, &[("step", "extend")], "request-extend"))
            }
            @if !s.holds.is_empty() { p { (t!("nav-holds")) ": " (links.holds(&s.holds)) } }
        }
    }

    fn seizures(&self, to: &str, links: Links<'_>) -> Markup {
        let heads = [T("common-amount"), T("common-to"), T("common-state"), Bare];
        html! { @if !self.seizures.is_empty() { (table(&heads, &self.seizures, |z| html! { tr {
            td { (with_unit(z.transfer.amount, &z.transfer.asset)) ", " (links.customer(&z.transfer.customer)) }
            td.hash { (self.pages.address(&z.transfer.destination)) }
            td { (word(z.state.as_ref())) @if let Some(x) = &z.reference { ": " (x) } }
            td { @if z.state == SeizureState::Approved {
                (form_of::<Moved>(to, &[("step", "moved"), ("transfer", &z.id.to_string())], "request-moved"))
            } }
        } })) } }
    }

    fn productions(&self, to: &str, may_fetch: bool) -> Markup {
        let s = &self.opened.stored;
        let has = s.state == RequestState::Answered
            && matches!(s.request.kind, Kind::Information | Kind::EmergencyDisclosure);
        html! { @if has {
            h2 { (t!("request-productions")) }
            ul { @for p in &self.productions { li {
                @let name = t!("portal-request-package-name", number = p.id.number());
                @if may_fetch { a href={"/api/v1/desk/requests/" (self.id) "/productions/" (p.id)} { (name) } } @else { (name) } ", "
                (rich!("request-production", created = time(p.created), person = p.created_by, until = time(p.expires), times = t!("count-times", n = p.downloads.len())))
                @if let Some(last) = p.downloads.last() { ", " (t!("request-last-fetched", person = last.who.as_str())) }
            } } }
            @if may_fetch { (form_of::<Produce>(&format!("{to}/productions"), &[], "request-produce")) }
        } }
    }

    fn correspondence(&self, to: &str) -> Markup {
        html! {
            h2 { (t!("common-files")) }
            ul { @for f in &self.files { li {
                a href={"/api/v1/desk/requests/" (self.id) "/files/" (f.name)} { (f.name) } " "
                span.note { (f.media_type) ", " (rich!("common-file-facts", size = f.size, hash = html! { span.hash { (f.sha256) } })) ", " (t!("common-by", person = f.added_by.as_str())) }
            } } }
            (file_form::<Nothing>(&format!("{to}/files"), "common-attach"))
            h2 { (t!("common-messages")) }
            @for m in &self.messages { p { strong { (m.author) } " (" (word(&m.side)) ") " (time(m.time)) br; (m.text) } }
            (form_of::<ToOfficer>(&format!("{to}/messages"), &[], "common-send"))
        }
    }
}

/// Performs a step of a request.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Fields(form): Fields<RequestStep>,
) -> Answer {
    let step = form.step()?;
    caller.needs(if matches!(step, Step::Approve {} | Step::Return { .. }) { "approve" } else { "desk" })?;
    let to = format!("/desk/requests/{id}");
    run_blocking(move || Ok(shared.desk().step(&id, step, &caller.0)?)).await?;
    Ok(back(to))
}

/// Attaches a file to a request.
pub(crate) async fn attach(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    form: Multipart,
) -> Answer {
    let (file, to) = (upload::<Nothing>(form).await?, format!("/desk/requests/{id}"));
    run_blocking(move || Ok(shared.desk().attach(&id, &file.name, &file.media_type, &file.bytes, &caller.0)?)).await?;
    Ok(back(to))
}

/// Creates a production.
pub(crate) async fn produce(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Fields(form): Fields<Produce>,
) -> Answer {
    caller.needs("desk")?;
    let (keys, to) = (form.recipient.text().into_iter().collect::<Vec<_>>(), format!("/desk/requests/{id}"));
    run_blocking(move || Ok(shared.desk().produce(&id, &keys, &caller.0)?)).await?;
    Ok(back(to))
}

/// Sends a message to the officer.
pub(crate) async fn message(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Fields(form): Fields<ToOfficer>,
) -> Answer {
    let to = format!("/desk/requests/{id}");
    run_blocking(move || Ok(shared.desk().message(&id, &form.text.0, &caller.0)?)).await?;
    Ok(back(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_page::forms::FromForm;

    fn read(body: &str) -> Result<Step, ApiError> {
        RequestStep::from_form(body.as_bytes()).and_then(RequestStep::step)
    }

    #[test]
    fn forms_are_steps() {
        let matched = read("step=match&customer=c1&reason=name&accept=false").unwrap();
        assert_eq!(matched, Step::Match { customer: "c1".into(), accept: false, reason: "name".into() });
        assert_eq!(read("step=approve").unwrap(), Step::Approve {});
        let plain = read("step=prepare_seizure&outcome=refused&reason=r").unwrap();
        assert_eq!(plain, Step::Prepare { outcome: Outcome::Refused, reason: "r".into(), transfers: Vec::new() });
        let moved = "step=prepare_seizure&outcome=granted&reason=r&customer=c&asset=BTC&destination=d&amount=";
        let Step::Prepare { transfers, .. } = read(&format!("{moved}500")).unwrap() else { panic!() };
        assert_eq!(transfers[0].amount.to_string(), "500");
        let e = read(moved).unwrap_err();
        assert_eq!(e.message, format!("{}: {}", t!("request-base-units"), t!("form-missing")));
        let e = read(&format!("{moved}much")).unwrap_err();
        assert!(e.message.starts_with(&t!("request-base-units")), "{}", e.message);
    }
}
