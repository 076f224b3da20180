//! Where learned models come from: trained on the desk's history by a job, which can be followed and stopped, or brought in as a file. Both come as drafts.

use axum::Extension;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, State};
use axum::http::HeaderName;
use axum::response::IntoResponse;
use holdfast_api::models::listed;
use holdfast_decision::Purpose;
use holdfast_jobs::{JobState, StoredJob};
use holdfast_learned::{Entry, LearnedError, ModelState, Peer, from_peer, purpose_of};
use holdfast_models::split::TimeSplit;
use holdfast_models::{Model, Params};
use holdfast_page::components::{N, T, listing, time, word};
use holdfast_page::figures;
use holdfast_page::forms::{
    Day, Fields, Flag, Free, FromForm, Input, Nothing, Number, Opt, PageForm, Text, form_of, page_form,
};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_suggest::LedgerRequest;
use holdfast_training::Request;
use maud::{Markup, html};
use strum::VariantArray;

const MODELS: &str = "/desk/models";
const RULES: &str = "/desk/rules";
pub(crate) const TRAIN: &str = "/desk/models/train";
const TRAIN_ACCOUNTS: &str = "/desk/models/train-accounts";
pub(crate) const IMPORT: &str = "/desk/models/import";
/// Share of events that analysts can review, where none is given.
const BUDGET: f64 = 0.01;

/// Purposes whose models score events.
const OF_EVENTS: [(&str, &str); 6] = [
    ("event-risk", "word-event-risk"),
    ("withdrawal-scam", "word-withdrawal-scam"),
    ("account-takeover", "word-account-takeover"),
    ("mule", "word-mule"),
    ("card-cash-out", "word-card-cash-out"),
    ("alert-triage", "word-alert-triage"),
];

page_form! {
    /// What is trained.
    struct Train {
        purpose: Purpose = "models-purpose", Input::Choice(&OF_EVENTS);
        budget: Opt<Number<f64>> = "models-train-budget", Input::Line;
        until: Opt<Day> = "models-train-until", Input::Of("date");
        labels: Free = "models-train-labels", Input::Area;
    }
}

impl Train {
    fn request(self) -> Request {
        Request {
            purpose: self.purpose,
            budget: self.budget.0.map_or(BUDGET, |n| n.0),
            until: self.until.0.map(|day| day.0),
            features: Vec::new(),
            labels: Some(self.labels.0).filter(|text| !text.is_empty()),
            split: TimeSplit::default(),
            params: Params::default(),
            explained: Vec::new(),
            never_seen: Vec::new(),
            parent: None,
        }
    }
}

page_form! {
    /// Accounts of a chain that a model is trained on.
    struct TrainAccounts {
        chain: Text = "models-accounts-chain", Input::Line;
        budget: Opt<Number<f64>> = "models-train-budget", Input::Line;
        whole_chain: Flag = "models-accounts-whole-chain", Input::Of("checkbox");
        labels: Text = "models-accounts-labels", Input::Area;
    }
}

impl TrainAccounts {
    fn request(self) -> LedgerRequest {
        LedgerRequest {
            chain: self.chain.0,
            labels: self.labels.0,
            budget: self.budget.0.map_or(BUDGET, |n| n.0),
            with_amounts: false,
            whole_chain: self.whole_chain.0,
            explained: Vec::new(),
            never_seen: Vec::new(),
            parent: None,
        }
    }
}

fn state_word(state: JobState) -> String {
    t!(match state {
        JobState::Waiting => "models-train-waiting",
        JobState::Running => "models-train-running",
        JobState::Done => "models-train-done",
        JobState::Failed => "models-train-failed",
    })
}

/// Shows the form, and the latest training for each purpose.
pub(crate) async fn trainings(State(shared): State<AppState>, frame: Frame) -> Page {
    let latest = run_blocking(move || {
        let all = Purpose::VARIANTS.iter().map(|p| Ok(shared.training(*p)?.map(|job| (*p, job))));
        Ok(all.collect::<Result<Vec<_>, ApiError>>()?.into_iter().flatten().collect::<Vec<_>>())
    })
    .await?;
    let heads = [T("models-purpose"), T("common-state"), N("models-train-replayed"), T("common-time")];
    let row = |(purpose, job): &(Purpose, StoredJob)| {
        html! { tr {
            td { a href={ (TRAIN) "/" (purpose.name()) } { (word(purpose)) } }
            td { (state_word(job.state)) }
            td.n { (figures::number(job.done)) }
            td { (time(job.created)) ", " (job.created_by) }
        } }
    };
    let body = html! {
        p { a href=(MODELS) { (t!("models-title")) } " " a href=(IMPORT) { (t!("models-import")) } }
        p.note { (t!("models-train-about")) }
        (form_of::<Train>(TRAIN, &[], "models-train-start"))
        h2 { (t!("models-accounts")) }
        p.note { (t!("models-accounts-about")) }
        (form_of::<TrainAccounts>(TRAIN_ACCOUNTS, &[], "models-train-start"))
        h2 { (t!("models-train-latest")) }
        (listing(&heads, &latest, "models-train-none", row))
    };
    Ok(frame.desk(&t!("models-train"), RULES, body))
}

/// Starts a training.
pub(crate) async fn train(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Train>,
) -> Answer {
    let request = form.request();
    let to = format!("{TRAIN}/{}", request.purpose.name());
    run_blocking(move || shared.train_later(request, &caller.0)).await.map_err(Train::explain)?;
    Ok(back(to))
}

/// Starts a training of a model of accounts.
pub(crate) async fn train_accounts(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<TrainAccounts>,
) -> Answer {
    let request = form.request();
    run_blocking(move || shared.train_accounts_later(request, &caller.0)).await.map_err(TrainAccounts::explain)?;
    Ok(back(format!("{TRAIN}/{}", Purpose::AccountPhishing.name())))
}

/// Shows how far the latest training for a purpose is, and the drafts of that purpose. A browser loads the page again while it goes on.
pub(crate) async fn training(State(shared): State<AppState>, frame: Frame, Path(purpose): Path<String>) -> Answer {
    let purpose = purpose_of(&purpose).map_err(ApiError::from)?;
    let (job, drafts) = run_blocking(move || {
        Ok((shared.training(purpose)?, listed(&shared.screening, Some(purpose), Some(ModelState::Draft))?))
    })
    .await?;
    let is_open = job.as_ref().is_some_and(|job| matches!(job.state, JobState::Waiting | JobState::Running));
    let heads = [T("models-model"), T("models-added"), T("common-time")];
    let row = |m: &Entry| {
        html! { tr {
            td { a.hash href={ (MODELS) "/" (m.model) } { (&m.model.to_string()[..12]) } }
            td { (m.added_by) }
            td { (time(m.added)) }
        } }
    };
    let body = html! {
        p { a href=(TRAIN) { (t!("models-train")) } " " a href=(MODELS) { (t!("models-title")) } }
        @match &job { Some(job) => (progress(job, purpose)), None => p role="status" { (t!("models-train-none")) } }
        h2 { (t!("models-train-drafts")) }
        (listing(&heads, &drafts, "common-none", row))
    };
    let page = frame.desk(&t!("models-train-of", purpose = word(purpose)), RULES, body).into_response();
    // By a header, so that nothing of the page changes under a reader when it is over.
    let again = [(HeaderName::from_static("refresh"), "3")];
    Ok(if is_open { (again, page).into_response() } else { page })
}

fn progress(job: &StoredJob, purpose: Purpose) -> Markup {
    html! {
        p role="status" { (state_word(job.state)) @if let Some(why) = &job.error { ": " (why) } }
        dl {
            dt { (t!("models-train-by")) } dd { (job.created_by) ", " (time(job.created)) }
            dt { (t!("models-train-replayed")) } dd { (figures::number(job.done)) }
            @if let Some(ended) = job.ended { dt { (t!("models-train-ended")) } dd { (time(ended)) } }
        }
        @if matches!(job.state, JobState::Waiting | JobState::Running) {
            p.note { (t!("models-train-again")) }
            (form_of::<Nothing>(&format!("{TRAIN}/{}", purpose.name()), &[], "models-train-stop"))
        }
    }
}

/// Stops the training for a purpose.
pub(crate) async fn stop(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(purpose): Path<String>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    let purpose = purpose_of(&purpose).map_err(ApiError::from)?;
    run_blocking(move || shared.stop_training(purpose, &caller.0)).await?;
    Ok(back(format!("{TRAIN}/{}", purpose.name())))
}

/// Where a file comes from.
const ORIGINS: [(&str, &str); 3] = [
    ("holdfast", "models-import-holdfast"),
    ("lightgbm", "models-import-lightgbm"),
    ("xgboost", "models-import-xgboost"),
];

/// Purposes of models.
const PURPOSES: [(&str, &str); 7] = [
    OF_EVENTS[0],
    OF_EVENTS[1],
    OF_EVENTS[2],
    OF_EVENTS[3],
    OF_EVENTS[4],
    OF_EVENTS[5],
    ("account-phishing", "word-account-phishing"),
];

page_form! {
    /// What a file is.
    struct Import {
        origin: Free = "models-import-origin", Input::Choice(&ORIGINS);
        purpose: Purpose = "models-import-purpose", Input::Choice(&PURPOSES);
    }
}

/// What is sent.
enum Sent {
    Holdfast(Vec<u8>),
    /// A peer's file, what its model is for, and the table of its scores.
    Peer(Peer, Purpose, String, String),
}

impl Sent {
    fn model(self) -> Result<Model, LearnedError> {
        match self {
            Sent::Holdfast(file) => Ok(Model::from_bytes(&file)?),
            Sent::Peer(peer, purpose, file, scores) => from_peer(peer, purpose.name(), &file, &scores),
        }
    }
}

/// Reads the form; each part is bounded by the route's limit of the body.
async fn sent(mut form: Multipart) -> Result<Sent, ApiError> {
    let bad = |e: MultipartError| ApiError::new(e.status(), format!("{}: {}", t!("form-itself"), e.body_text()));
    let (mut file, mut scores, mut fields) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(bad)? {
        match field.name().unwrap_or_default().to_owned().as_str() {
            "file" => file = field.bytes().await.map_err(bad)?.to_vec(),
            "scores" => scores = field.bytes().await.map_err(bad)?.to_vec(),
            name => fields.push((name.to_owned(), field.text().await.map_err(bad)?)),
        }
    }
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let fields = Import::from_form(fields.as_bytes())?;
    let wrong = |key: &str, why: &str| ApiError::bad(format!("{}: {}", t!(key), t!(why)));
    if file.is_empty() {
        return Err(wrong("models-import-file", "form-choose-file"));
    }
    let origin = fields.origin.0.as_str();
    if origin == "holdfast" {
        return Ok(Sent::Holdfast(file));
    }
    let peer = origin.parse::<Peer>().map_err(|_| {
        let values = ORIGINS.map(|(name, _)| name).join(", ");
        ApiError::bad(t!("form-none-of", field = Import::label("origin"), text = origin, values = values))
    })?;
    if scores.is_empty() {
        return Err(wrong("models-import-scores", "models-import-no-scores"));
    }
    let text = |key: &str, bytes| String::from_utf8(bytes).map_err(|_| wrong(key, "models-import-no-text"));
    Ok(Sent::Peer(peer, fields.purpose, text("models-import-file", file)?, text("models-import-scores", scores)?))
}

/// Shows the form.
pub(crate) async fn import_page(frame: Frame) -> Page {
    let choice = |name: &str, values: &[(&str, &str)]| {
        html! { label { (Import::label(name)) select name=(name) { @for (value, key) in values { option value=(value) { (t!(key)) } } } } }
    };
    let body = html! {
        p { a href=(MODELS) { (t!("models-title")) } " " a href=(TRAIN) { (t!("models-train")) } }
        p.note { (t!("models-import-about")) }
        form.step method="post" action=(IMPORT) enctype="multipart/form-data" {
            (choice("origin", &ORIGINS))
            (choice("purpose", &PURPOSES))
            label { (t!("models-import-file")) input type="file" name="file" required; }
            label { (t!("models-import-scores")) input type="file" name="scores" accept=".csv,text/csv"; }
            button type="submit" { (t!("models-import-start")) }
        }
        p { a href="/api/v1/models/features" { (t!("models-import-features")) } }
    };
    Ok(frame.desk(&t!("models-import"), RULES, body))
}

/// Adds a file's model as a draft, and shows it.
pub(crate) async fn import(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    form: Multipart,
) -> Answer {
    let sent = sent(form).await?;
    let add = move || Ok(shared.screening.add_model(sent.model()?, &caller.0)?);
    let entry = run_blocking(add).await.map_err(Import::explain)?;
    Ok(back(format!("{MODELS}/{}", entry.model)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_and_origin_can_be_chosen() {
        let chosen = |of: &[(&str, &str)]| of.iter().map(|(name, _)| name.parse().unwrap()).collect::<Vec<Purpose>>();
        let mut all = chosen(&PURPOSES);
        all.sort_unstable_by_key(|p| p.name());
        let mut known = Purpose::VARIANTS.to_vec();
        known.sort_unstable_by_key(|p| p.name());
        assert_eq!(all, known);
        assert!(chosen(&OF_EVENTS).iter().all(|p| !p.kinds().is_empty()));
        let peers: Vec<Peer> = ORIGINS.iter().filter_map(|(name, _)| name.parse().ok()).collect();
        assert_eq!(peers, Peer::VARIANTS);
    }
}
