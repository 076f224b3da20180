//! The academy over HTTP: trainers plan sessions and follow classes; learners have keys of their own and solve labs.

use crate::answers::academy::{
    AttemptView, Certificate, ClassView, Course, Desk, Enrolled, FeedbackSummary, Header, LabView, ProgrammeLine,
    RosterLine, ScoreLine, Session,
};
use crate::sharing::WhyBody;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::{Extension, Json};
use holdfast_academy::attempts::Answer as LabAnswer;
use holdfast_academy::classes::{Feedback, Learner, NewLearner, NewSession};
use holdfast_academy::labs::{LABS, Lab};
use holdfast_academy::{Academy, AcademyError};
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::{download, json};
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{Needs, Routes, TRAINERS};
use holdfast_state::sign_in::cookie;
use holdfast_state::visit;
use holdfast_types::ids::{AttemptId, CourseSessionId, LearnerId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

const CATALOGUE: Needs = Needs::key(&["read", "academy"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("academy")
        .limits(Needs::long)
        .add(CATALOGUE, routes!(labs))
        .add(CATALOGUE, routes!(courses))
        .add(CATALOGUE, routes!(course))
        .add(TRAINERS.file(), routes!(add_course))
        .add(TRAINERS, routes!(sessions))
        .add(TRAINERS, routes!(plan_session))
        .add(TRAINERS, routes!(session))
        .add(TRAINERS, routes!(end_session))
        .add(TRAINERS, routes!(enrol))
        .add(TRAINERS, routes!(new_key))
        .add(TRAINERS, routes!(note_attendance))
        .add(TRAINERS, routes!(class))
        .add(TRAINERS, routes!(scoreboard))
        .add(TRAINERS, routes!(xapi))
        .add(TRAINERS, routes!(certify))
        .add(TRAINERS, routes!(certificate))
        .add(TRAINERS, routes!(certificate_pdf))
        .add(TRAINERS, routes!(note_feedback))
        .add(TRAINERS, routes!(revoke_certificate))
        .add(Needs::key(&["academy", "audit", "manage"]), routes!(programme))
        .add(Needs::LEARNER, routes!(me))
        .add(Needs::LEARNER, routes!(begin))
        .add(Needs::LEARNER, routes!(attempt))
        .add(Needs::LEARNER, routes!(answer))
        .add(Needs::LEARNER, routes!(hint))
        .add(Needs::LEARNER, routes!(pack))
        .add(Needs::LEARNER, routes!(own_scoreboard))
        .add(Needs::LEARNER, routes!(give_feedback))
        .add(Needs::LEARNER, routes!(own_certificate))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Returns a learner's key: a bearer token, or the session of a browser.
pub fn learner_key(shared: &AppState, headers: &HeaderMap) -> String {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|t| t.split_once(' '));
    match bearer.filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer")) {
        Some((_, token)) => token.trim().to_owned(),
        None => {
            let session = cookie(headers, "hl");
            let subject = session.and_then(|c| shared.auth.learners.subject(&c, shared.screening.now()));
            subject.and_then(|s| shared.academy().key_of_subject(&s)).unwrap_or_default()
        }
    }
}

/// Header by which a command on the desk's machine names the learner that it acts for.
pub const LEARNER_HEADER: &str = "x-holdfast-learner";

/// Returns the learner that a command on the desk's machine names; none for other requests.
///
/// # Errors
/// 400 for a number that is none.
pub fn learner_of_command(shared: &AppState, request: &Request) -> Result<Option<LearnerId>, ApiError> {
    let Some(learner) = request.headers().get(LEARNER_HEADER) else { return Ok(None) };
    if shared.auth.command_of(request, shared.screening.now()).is_none() {
        return Ok(None);
    }
    let learner = learner.to_str().ok().and_then(|t| t.parse().ok());
    learner.map(Some).ok_or_else(|| ApiError::bad(format!("{LEARNER_HEADER}: is no number")))
}

/// Returns the value of the `Authorization` header with which a learner's own requests come.
///
/// # Errors
/// 404 for a learner who is unknown.
pub async fn key_of_learner(shared: &AppState, learner: LearnerId) -> Result<HeaderValue, ApiError> {
    let state = shared.clone();
    let key = run_blocking(move || Ok(state.academy().key_of(learner)?)).await?;
    HeaderValue::from_str(&format!("Bearer {key}")).map_err(|e| ApiError::internal(e.to_string()))
}

/// Runs work as the learner of the key or session; 401 without one.
pub async fn in_class<T: Send + 'static>(
    shared: AppState,
    headers: &HeaderMap,
    work: impl FnOnce(&Academy<'_>, &Learner) -> Result<T, AcademyError> + Send + 'static,
) -> Result<T, ApiError> {
    let key = learner_key(&shared, headers);
    run_blocking(move || {
        let academy = shared.academy();
        let learner = academy.learner_of(&key).map_err(|e| match e {
            AcademyError::State(message) => ApiError::new(StatusCode::UNAUTHORIZED, message),
            other => other.into(),
        })?;
        Ok(work(&academy, &learner)?)
    })
    .await
}

/// Returns the labs, each different for every learner.
#[utoipa::path(get, path = "/api/v1/academy/labs", responses((status = 200, body = Vec<LabView>)))]
pub async fn labs() -> Json<Vec<LabView>> {
    each(LABS.iter().map(Lab::view).collect())
}

/// Language.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LangQuery {
    /// ISO 639-1; English by default, and where a course is not translated.
    lang: Option<String>,
}

impl LangQuery {
    /// Returns the language: by default the page's, which is English for the API.
    #[must_use]
    pub fn lang(self) -> String {
        let of_page = || visit::language().tag().split('-').next().unwrap_or("en").to_owned();
        self.lang.unwrap_or_else(of_page)
    }
}

/// Returns the courses.
#[utoipa::path(get, path = "/api/v1/academy/courses", params(LangQuery), responses((status = 200, body = Vec<Course>), (status = 400, body = ErrorBody)))]
pub async fn courses(State(shared): State<AppState>, Query(q): Query<LangQuery>) -> Answer<Vec<Course>> {
    run_blocking(move || Ok(shared.academy().courses(&q.lang())?)).await.map(each)
}

/// Adds a course or a translation: Markdown with a header.
#[utoipa::path(post, path = "/api/v1/academy/courses", request_body(content = String, content_type = "text/markdown",
    example = "---\ncourse: stablecoins\nlang: en\nversion: 1\ntitle: Stablecoins\nsummary: Tokens that issuers can freeze.\nhours: 2\nlabs: []\n---\n## Who can freeze\n\nText.\n"),
    responses((status = 200, body = Header), (status = 400, body = ErrorBody)))]
pub async fn add_course(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Header> {
    let text = String::from_utf8(body.to_vec()).map_err(|_| ApiError::bad("body: no UTF-8"))?;
    run_blocking(move || Ok(shared.academy().add_course(&text, &caller.0)?)).await.map(one)
}

/// Returns a course.
#[utoipa::path(get, path = "/api/v1/academy/courses/{course}", params(("course" = String, Path, description = "Name"), LangQuery),
    responses((status = 200, body = Course), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn course(
    State(shared): State<AppState>,
    Path(name): Path<String>,
    Query(q): Query<LangQuery>,
) -> Answer<Course> {
    run_blocking(move || Ok(shared.academy().course(&name, &q.lang())?)).await.map(one)
}

/// Returns the sessions, latest first, at most 1,000.
#[utoipa::path(get, path = "/api/v1/academy/sessions", responses((status = 200, body = Vec<Session>)))]
pub async fn sessions(State(shared): State<AppState>) -> Answer<Vec<Session>> {
    run_blocking(move || Ok(shared.academy().sessions()?)).await.map(each)
}

/// Plans a session.
#[utoipa::path(post, path = "/api/v1/academy/sessions", request_body(content = NewSession, example = json!({
    "course": "tracing-payments", "lang": "es", "mode": "in_person", "country": "ES", "place": "Madrid", "starts": 1_790_000_000,
    "ends": 1_790_086_400, "parts": 4, "trainer": "Mira Novak", "capacity": 24})),
    responses((status = 200, body = Session), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn plan_session(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Session> {
    let new: NewSession = json(&body)?;
    run_blocking(move || Ok(shared.academy().plan_session(new, &caller.0)?)).await.map(one)
}

/// A session with its roster.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionFile {
    /// The session.
    pub session: Session,
    /// Roster.
    pub roster: Vec<RosterLine>,
    /// Feedback.
    pub feedback: FeedbackSummary,
}

/// Returns a session with its roster and feedback.
#[utoipa::path(get, path = "/api/v1/academy/sessions/{id}", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = SessionFile), (status = 404, body = ErrorBody)))]
pub async fn session(State(shared): State<AppState>, Path(id): Path<CourseSessionId>) -> Answer<SessionFile> {
    run_blocking(move || {
        let academy = shared.academy();
        let roster = academy.roster(id)?.into_iter().map(Into::into).collect();
        Ok(SessionFile { session: academy.session(id)?.into(), roster, feedback: academy.feedback(id)?.into() })
    })
    .await
    .map(Json)
}

/// End of a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndBody {
    /// Whether it is cancelled: then it counts nowhere.
    #[serde(default)]
    cancelled: bool,
}

/// Closes or cancels a session.
#[utoipa::path(post, path = "/api/v1/academy/sessions/{id}/end", params(("id" = i64, Path, description = "Number")),
    request_body(content = EndBody, example = json!({"cancelled": false})),
    responses((status = 200, body = Session), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn end_session(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CourseSessionId>,
    body: Bytes,
) -> Answer<Session> {
    let b: EndBody = json(&body)?;
    run_blocking(move || {
        shared.academy().end_session(id, b.cancelled, &caller.0)?;
        Ok(shared.academy().session(id)?)
    })
    .await
    .map(one)
}

/// Adds a person to a roster; a new learner gets a key, shown once.
#[utoipa::path(post, path = "/api/v1/academy/sessions/{id}/learners", params(("id" = i64, Path, description = "Number")),
    request_body(content = NewLearner, example = json!({"name": "Ana Ruiz", "email": "ana.ruiz@policia.example", "agency": "Policía de Ejemplo", "country": "ES"})),
    responses((status = 200, body = Enrolled), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn enrol(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CourseSessionId>,
    body: Bytes,
) -> Answer<Enrolled> {
    let who: NewLearner = json(&body)?;
    run_blocking(move || Ok(shared.academy().enrol(id, who, &caller.0)?)).await.map(one)
}

/// Creates a new key for a learner; the old one ends.
#[utoipa::path(post, path = "/api/v1/academy/learners/{id}/key", params(("id" = i64, Path, description = "Learner")),
    responses((status = 200, body = Enrolled), (status = 404, body = ErrorBody)))]
pub async fn new_key(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<LearnerId>,
) -> Answer<Enrolled> {
    run_blocking(move || Ok(shared.academy().new_key(id, &caller.0)?)).await.map(one)
}

/// Attendance of a part.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttendanceBody {
    /// Learners.
    #[schema(max_items = 1000, value_type = Vec<i64>)]
    present: Vec<LearnerId>,
}

/// Records who attended a part of a session; learners who are not named did not.
#[utoipa::path(put, path = "/api/v1/academy/sessions/{id}/attendance/{part}",
    params(("id" = i64, Path, description = "Number"), ("part" = u32, Path, description = "Part, from 1")),
    request_body(content = AttendanceBody, example = json!({"present": [1]})),
    responses((status = 200, body = Vec<RosterLine>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn note_attendance(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, part)): Path<(CourseSessionId, u32)>,
    body: Bytes,
) -> Answer<Vec<RosterLine>> {
    let b: AttendanceBody = json(&body)?;
    run_blocking(move || {
        shared.academy().note_attendance(id, part, b.present, &caller.0)?;
        Ok(shared.academy().roster(id)?)
    })
    .await
    .map(each)
}

/// Returns a class at its labs: each learner's scores, and the results by step.
#[utoipa::path(get, path = "/api/v1/academy/sessions/{id}/class", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = ClassView), (status = 404, body = ErrorBody)))]
pub async fn class(State(shared): State<AppState>, Path(id): Path<CourseSessionId>) -> Answer<ClassView> {
    run_blocking(move || Ok(shared.academy().class_view(id)?)).await.map(one)
}

/// Returns the scoreboard of a session, best first.
#[utoipa::path(get, path = "/api/v1/academy/sessions/{id}/scoreboard", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = Vec<ScoreLine>), (status = 404, body = ErrorBody)))]
pub async fn scoreboard(State(shared): State<AppState>, Path(id): Path<CourseSessionId>) -> Answer<Vec<ScoreLine>> {
    run_blocking(move || Ok(shared.academy().scoreboard(id)?)).await.map(each)
}

/// Returns the statements of learning about a session (xAPI 1.0.3).
#[utoipa::path(get, path = "/api/v1/academy/sessions/{id}/xapi", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = Vec<Object>), (status = 404, body = ErrorBody)))]
pub async fn xapi(State(shared): State<AppState>, Path(id): Path<CourseSessionId>) -> Answer<Vec<Value>> {
    run_blocking(move || Ok(shared.academy().statements(id)?)).await.map(Json)
}

/// Learner to certify.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifyBody {
    /// Learner.
    #[schema(value_type = i64)]
    learner: LearnerId,
}

/// Issues the certificate of a session to a learner: all labs passed, four fifths of the parts attended.
#[utoipa::path(post, path = "/api/v1/academy/sessions/{id}/certificates", params(("id" = i64, Path, description = "Number")),
    request_body(content = CertifyBody, example = json!({"learner": 1})),
    responses((status = 200, body = Certificate), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn certify(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CourseSessionId>,
    body: Bytes,
) -> Answer<Certificate> {
    let b: CertifyBody = json(&body)?;
    run_blocking(move || Ok(shared.academy().certify(id, b.learner, &caller.0)?)).await.map(one)
}

/// Returns a certificate with its signed credential (Open Badges 3.0).
#[utoipa::path(get, path = "/api/v1/academy/certificates/{id}", params(("id" = String, Path, description = "Number")),
    responses((status = 200, body = Certificate), (status = 404, body = ErrorBody)))]
pub async fn certificate(State(shared): State<AppState>, Path(id): Path<String>) -> Answer<Certificate> {
    run_blocking(move || Ok(shared.academy().certificate(&id)?)).await.map(one)
}

/// Returns a certificate as PDF, which carries the signed credential.
#[utoipa::path(get, path = "/api/v1/academy/certificates/{id}/pdf", params(("id" = String, Path, description = "Number")),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404, body = ErrorBody)))]
pub async fn certificate_pdf(State(shared): State<AppState>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let bytes = run_blocking(move || Ok(shared.academy().certificate_pdf(&id)?)).await?;
    Ok(download("certificate.pdf", "application/pdf", bytes))
}

/// Records a learner's sheet of feedback on a session that came on paper; a second one replaces the first. The audit log names who recorded it.
#[utoipa::path(put, path = "/api/v1/academy/sessions/{id}/learners/{learner}/feedback",
    params(("id" = i64, Path, description = "Session"), ("learner" = i64, Path, description = "Learner")),
    request_body(content = Feedback, example = json!({"content": 5, "trainer": 4, "labs": 5, "comment": ""})),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn note_feedback(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, learner)): Path<(CourseSessionId, LearnerId)>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let sheet: Feedback = json(&body)?;
    run_blocking(move || Ok(shared.academy().record_feedback(id, learner, sheet, &caller.0)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes a certificate.
#[utoipa::path(post, path = "/api/v1/academy/certificates/{id}/revoke", params(("id" = String, Path, description = "Number")),
    request_body(content = WhyBody, example = json!({"why": "given in error"})),
    responses((status = 200, body = Certificate), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn revoke_certificate(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Certificate> {
    let b: WhyBody = json(&body)?;
    run_blocking(move || {
        shared.academy().revoke_certificate(&id, &b.why, &caller.0)?;
        Ok(shared.academy().certificate(&id)?)
    })
    .await
    .map(one)
}

/// Returns the programme by year and country.
#[utoipa::path(get, path = "/api/v1/academy/programme", responses((status = 200, body = Vec<ProgrammeLine>)))]
pub async fn programme(State(shared): State<AppState>) -> Answer<Vec<ProgrammeLine>> {
    run_blocking(move || Ok(shared.academy().programme()?)).await.map(each)
}

/// Returns certificates that were revoked (1EdTech Revocation List); public.
pub async fn revocations(State(shared): State<AppState>) -> Answer<Value> {
    run_blocking(move || Ok(shared.academy().revocations()?)).await.map(Json)
}

/// Returns a learner's desk: sessions, labs begun, certificates. Learners send `Authorization: Bearer hl_...`.
#[utoipa::path(get, path = "/api/v1/learn/me", responses((status = 200, body = Desk), (status = 401, body = ErrorBody)))]
pub async fn me(State(shared): State<AppState>, headers: HeaderMap) -> Answer<Desk> {
    in_class(shared, &headers, |a, l| a.learner_desk(l)).await.map(one)
}

/// Begins a lab, or returns the one begun.
#[utoipa::path(post, path = "/api/v1/learn/sessions/{id}/labs/{lab}",
    params(("id" = i64, Path, description = "Session"), ("lab" = String, Path, description = "Lab")),
    responses((status = 200, body = AttemptView), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn begin(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path((id, lab)): Path<(CourseSessionId, String)>,
) -> Answer<AttemptView> {
    in_class(shared, &headers, move |a, l| a.begin(id, l, &lab)).await.map(one)
}

/// Returns a lab in its present state.
#[utoipa::path(get, path = "/api/v1/learn/attempts/{id}", params(("id" = i64, Path, description = "Attempt")),
    responses((status = 200, body = AttemptView), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn attempt(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
) -> Answer<AttemptView> {
    in_class(shared, &headers, move |a, l| a.attempt(id, l)).await.map(one)
}

/// Grades the answer of a step; an empty answer ends the step and shows its solution.
#[utoipa::path(post, path = "/api/v1/learn/attempts/{id}/answers", params(("id" = i64, Path, description = "Attempt")),
    request_body(content = LabAnswer, example = json!({"step": "amount", "answer": "0.5"})),
    responses((status = 200, body = AttemptView), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn answer(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
    body: Bytes,
) -> Answer<AttemptView> {
    let b: LabAnswer = json(&body)?;
    in_class(shared, &headers, move |a, l| a.answer(id, l, &b)).await.map(one)
}

/// A step of a lab.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepBody {
    /// Name.
    step: String,
}

/// Shows the next hint of a step; it costs a quarter of the step.
#[utoipa::path(post, path = "/api/v1/learn/attempts/{id}/hints", params(("id" = i64, Path, description = "Attempt")),
    request_body(content = StepBody, example = json!({"step": "amount"})),
    responses((status = 200, body = AttemptView), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn hint(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
    body: Bytes,
) -> Answer<AttemptView> {
    let b: StepBody = json(&body)?;
    in_class(shared, &headers, move |a, l| a.hint(id, l, &b.step)).await.map(one)
}

/// Returns the task with its data, as ZIP.
#[utoipa::path(get, path = "/api/v1/learn/attempts/{id}/pack", params(("id" = i64, Path, description = "Attempt")),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn pack(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<AttemptId>,
) -> Result<Response, ApiError> {
    let bytes = in_class(shared, &headers, move |a, l| a.task_pack(id, l)).await?;
    Ok(download(&format!("lab-{id}.zip"), "application/zip", bytes))
}

/// Returns the scoreboard of an own session.
#[utoipa::path(get, path = "/api/v1/learn/sessions/{id}/scoreboard", params(("id" = i64, Path, description = "Session")),
    responses((status = 200, body = Vec<ScoreLine>), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn own_scoreboard(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<CourseSessionId>,
) -> Answer<Vec<ScoreLine>> {
    in_class(shared, &headers, move |a, l| a.own_scoreboard(id, l)).await.map(each)
}

/// Stores feedback on one of the learner's sessions; a second sheet replaces the first.
#[utoipa::path(put, path = "/api/v1/learn/sessions/{id}/feedback", params(("id" = i64, Path, description = "Session")),
    request_body(content = Feedback, example = json!({"content": 5, "trainer": 4, "labs": 5, "comment": ""})),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn give_feedback(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<CourseSessionId>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let sheet: Feedback = json(&body)?;
    in_class(shared, &headers, move |a, l| a.give_feedback(id, l, sheet)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns an own certificate as PDF, which carries the signed credential.
#[utoipa::path(get, path = "/api/v1/learn/certificates/{id}", params(("id" = String, Path, description = "Number")),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn own_certificate(
    State(shared): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let bytes = in_class(shared, &headers, move |a, l| {
        let own = a.certificate(&id).ok().filter(|c| c.learner == l.id);
        let own = own.ok_or_else(|| AcademyError::NotFound(format!("certificate {id}")))?;
        a.certificate_pdf(&own.id)
    })
    .await?;
    Ok(download("certificate.pdf", "application/pdf", bytes))
}
