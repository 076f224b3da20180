//! Rule books, their statistics and trials.

use crate::answers::screening::{Change, RuleStatistics, RuleTest, StoredBook};
use crate::changes;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_decision::RuleBook;
use holdfast_decision::fields::FIELDS;
use holdfast_decision::rules::{BookFile, MAX_BOOK};
use holdfast_screening::ScreeningError;
use holdfast_screening::changes::ChangeKind;
use holdfast_screening::replay::test_rules;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::Answer;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits;
use holdfast_state::people::waits;
use holdfast_state::routes::{Needs, READ, READ_OR_RULES, RULES, Routes};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("rules")
        .limits(Needs::long)
        // Who changes the book reads it.
        .add(READ_OR_RULES, routes!(rules))
        .add(RULES.body(limits::BOOK).any_media(), routes!(apply_rules))
        .add(READ.body(limits::BOOK).any_media(), routes!(try_rules))
        .add(READ_OR_RULES, routes!(rule_statistics))
        .add(READ_OR_RULES, routes!(rule_books))
        .add(READ_OR_RULES, routes!(rule_book))
        .add(Needs::key(&["chain", "read", "rules"]), routes!(rule_fields))
}

/// The rule book in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookAnswer {
    version: u32,
    sha256: String,
    book: BookFile,
}

/// Returns the rule book in force.
#[utoipa::path(get, path = "/api/v1/rules", responses((status = 200, body = BookAnswer)))]
pub async fn rules(State(shared): State<AppState>) -> Answer<BookAnswer> {
    let book = shared.screening.book();
    Ok(Json(BookAnswer { version: book.version, sha256: book.sha256.clone(), book: book.file.clone() }))
}

fn yaml(body: &Bytes) -> Result<String, ApiError> {
    if body.len() > MAX_BOOK {
        return Err(ApiError::bad(format!("body: larger than {MAX_BOOK} bytes")));
    }
    String::from_utf8(body.to_vec()).map_err(|_| ApiError::bad("body: not UTF-8"))
}

/// Proposes a rule book (YAML), which another person puts in force (`/api/v1/changes`). A desk without keys puts it in force at once.
#[utoipa::path(put, path = "/api/v1/rules", request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = BookAnswer), (status = 202, body = Change, description = "Waits for a second person"), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub async fn apply_rules(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let text = yaml(&body)?;
    if waits(&shared, &caller, ChangeKind::Rules).await? {
        return run_blocking(move || Ok(shared.screening.propose_rules(&text, &caller.0)?))
            .await
            .map(changes::accepted);
    }
    let state = shared.clone();
    run_blocking(move || Ok(state.screening.apply_rules(&text, &caller.0)?)).await?;
    rules(State(shared)).await.map(IntoResponse::into_response)
}

/// Longest trial of a rule book.
const TRIAL_TIME: std::time::Duration = std::time::Duration::from_secs(60);
/// Most trials at once.
const TRIALS: usize = 2;

/// Ends a trial when its client leaves.
struct Leaves(Arc<AtomicBool>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a rule book (YAML) over all decided events and shows what would have been decided otherwise. A trial ends with its client, and after a
/// minute with what it saw until then (`stopped`).
#[utoipa::path(post, path = "/api/v1/rules/test", request_body(content = String, content_type = "application/yaml"),
    responses((status = 200, body = RuleTest), (status = 400, body = ErrorBody)))]
pub async fn try_rules(State(shared): State<AppState>, body: Bytes) -> Answer<RuleTest> {
    static RUNNING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(TRIALS);
    let text = yaml(&body)?;
    let Ok(permit) = RUNNING.try_acquire() else {
        return Err(limits::crowded("other trials of rule books run"));
    };
    let left = Arc::new(AtomicBool::new(false));
    let _leaves = Leaves(left.clone());
    let trial = move || {
        let _permit = permit;
        let book = RuleBook::parse(&text, 0).map_err(ScreeningError::from)?;
        let begun = std::time::Instant::now();
        let mut go_on = |_| match left.load(Ordering::SeqCst) || begun.elapsed() > TRIAL_TIME {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        Ok(test_rules(&shared.screening, &book, &mut go_on)?)
    };
    run_blocking(trial).await.map(one)
}

/// Returns hits and precision of every rule.
#[utoipa::path(get, path = "/api/v1/rules/statistics", responses((status = 200, body = Vec<RuleStatistics>)))]
pub async fn rule_statistics(State(shared): State<AppState>) -> Answer<Vec<RuleStatistics>> {
    run_blocking(move || Ok(shared.screening.rule_statistics()?)).await.map(each)
}

/// Page of the versions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionsQuery {
    /// Versions below this one; by default from the latest on.
    before: Option<u32>,
    /// At most so many (default 100, up to 1,000).
    limit: Option<u16>,
}

/// Returns the versions of the rule book, the latest first.
#[utoipa::path(get, path = "/api/v1/rules/versions", params(VersionsQuery), responses((status = 200, body = Vec<StoredBook>)))]
pub async fn rule_books(State(shared): State<AppState>, Query(page): Query<VersionsQuery>) -> Answer<Vec<StoredBook>> {
    let limit = page.limit.map_or(100, usize::from);
    run_blocking(move || Ok(shared.screening.rule_books(page.before, limit)?)).await.map(each)
}

/// A version of the rule book with its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookTextAnswer {
    #[serde(flatten)]
    book: StoredBook,
    /// Its text (YAML), as it was written.
    yaml: String,
}

/// Returns a version of the rule book with its text.
#[utoipa::path(get, path = "/api/v1/rules/versions/{version}", params(("version" = u32, Path, description = "Number of the version")),
    responses((status = 200, body = BookTextAnswer), (status = 404, body = ErrorBody)))]
pub async fn rule_book(State(shared): State<AppState>, Path(version): Path<u32>) -> Answer<BookTextAnswer> {
    let (book, yaml) = run_blocking(move || Ok(shared.screening.rule_book(version)?)).await?;
    Ok(Json(BookTextAnswer { book: book.into(), yaml }))
}

/// A field that rules speak about.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldAnswer {
    name: String,
    description: String,
}

/// Returns all fields that rules can use.
#[utoipa::path(get, path = "/api/v1/rules/fields", responses((status = 200, body = Vec<FieldAnswer>)))]
pub async fn rule_fields() -> Json<Vec<FieldAnswer>> {
    let field = |f: &holdfast_decision::fields::Field| FieldAnswer {
        name: format!("{}.{}", f.group, f.name),
        description: f.description.to_owned(),
    };
    Json(FIELDS.iter().map(field).collect())
}
