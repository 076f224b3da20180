//! The academy as pages: courses for everybody, labs for learners with the chain that each plays on, sessions and classes for trainers.

use crate::desk::{back, desk_page, step_form, time};
use crate::pages::{self, ErrorPage, page};
use axum::body::Body;
use axum::extract::{Form, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use holdfast_academy::attempts::{Answer, AttemptView, StepView};
use holdfast_academy::classes::{Enrolled, Feedback, Mode, NewLearner, NewSession};
use holdfast_academy::course::{Course, to_html};
use holdfast_academy::grade::{Form as AnswerForm, percent};
use holdfast_academy::labs;
use holdfast_academy::tools::{self, Tool};
use holdfast_api::Shared;
use holdfast_api::academy::in_class;
use holdfast_api::error::ApiError;
use holdfast_api::gate::Caller;
use holdfast_api::requests::download;
use holdfast_api::sharing::run;
use holdfast_api::sign_in::{Client, cookie, may_sign_in, refuse_sign_in};
use holdfast_input::time::{parse_date, rfc3339};
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeMap;

type Page = Result<Markup, ErrorPage>;
type Fields = Form<BTreeMap<String, String>>;

fn academy(title: &str, body: Markup) -> Markup {
    page(
        title,
        "",
        html! {
            nav aria-label="Academy" { a href="/academy" { "Courses" } a href="/academy/me" { "Your labs" } a href="/field-guide" { "Field guide" } }
            h1 { (title) }
            (body)
        },
    )
}

fn markdown(text: &str) -> Markup {
    html! { (PreEscaped(to_html(text))) }
}

fn day(seconds: i64) -> String {
    rfc3339(seconds).get(..10).unwrap_or_default().to_owned()
}

/// Courses, and the way in for learners.
pub async fn home(State(shared): State<Shared>, Query(q): Query<holdfast_api::academy::LangQuery>) -> Page {
    let lang = q.lang();
    let courses = run(shared, move |s| Ok(s.academy().courses(&lang)?)).await?;
    Ok(academy(
        "Academy",
        html! {
            p { "Language: " @for (lang, name) in [("en", "English"), ("es", "Español"), ("de", "Deutsch")] { a href={"/academy?lang=" (lang)} lang=(lang) { (name) } " " } }
            @for c in &courses {
                h2 { a href={"/academy/courses/" (c.header.course) "?lang=" (c.header.lang)} lang=(c.header.lang) { (c.header.title) } }
                p lang=(c.header.lang) { (c.header.summary) }
                p.note { (pages::count(c.header.hours as u64, "hour")) " · " (pages::count(c.header.labs.len() as u64, "lab")) " · " (c.languages.join(", ")) }
            }
            h2 { "Labs" }
            ul { @for lab in &labs::LABS { li { a href={"/academy/labs/" (lab.id)} { (lab.title) } " " span.note { (lab.minutes) " min" } } } }
            h2 { "Enter" }
            p { "Your trainer gave you a key." }
            form.step method="post" action="/academy/enter" {
                label { "Key" input name="key" type="password" autocomplete="current-password" required; }
                button type="submit" { "Enter" }
            }
        },
    ))
}

fn lessons(course: &Course) -> Markup {
    html! {
        div lang=(course.header.lang) {
            p { (course.header.summary) }
            @if course.outdated { p.error { "The English text is newer than this translation." } }
            @for lesson in &course.lessons { section { h2 { (lesson.title) } (markdown(&lesson.text)) } }
        }
        h2 { "Labs" }
        ul { @for lab in &course.header.labs { li { a href={"/academy/labs/" (lab)} { (labs::lab(lab).map_or(lab.as_str(), |l| l.title)) } } } }
    }
}

/// A course.
pub async fn course(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Query(q): Query<holdfast_api::academy::LangQuery>,
) -> Page {
    let course = run(shared, move |s| Ok(s.academy().course(&name, &q.lang())?)).await?;
    let languages = html! { p { @for lang in &course.languages { a href={"/academy/courses/" (course.header.course) "?lang=" (lang)} lang=(lang) { (lang) } " " } } };
    Ok(academy(&course.header.title.clone(), html! { (languages) (lessons(&course)) }))
}

/// What a lab is about.
pub async fn lab(Path(name): Path<String>) -> Page {
    let lab = labs::lab(&name)
        .ok_or_else(|| ApiError { status: StatusCode::NOT_FOUND, message: format!("there is no lab {name}") })?;
    Ok(academy(
        lab.title,
        html! {
            p { (lab.teaches) }
            p.note { "About " (lab.minutes) " minutes. Each learner has data of their own. Tools: " @for t in lab.tools { code { (t) } " " } }
            p { a href="/academy/me" { "Begin it in one of your sessions" } }
        },
    ))
}

/// Takes a learner's key and starts a session, whose number the browser gets in a cookie that scripts and other sites cannot use.
pub async fn enter(State(shared): State<Shared>, client: Client, Form(fields): Fields) -> Result<Response, ErrorPage> {
    may_sign_in(&shared, &client.0)?;
    let key = fields.get("key").map(|k| k.trim().to_owned()).unwrap_or_default();
    let kept = key.clone();
    let known = run(shared.clone(), move |s| {
        s.academy()
            .learner_of(&key)
            .map(|_| ())
            .map_err(|e| ApiError { status: StatusCode::UNAUTHORIZED, message: e.to_string() })
    })
    .await;
    if let Err(e) = known {
        return Err(refuse_sign_in(&shared, &client.0, &e.message).await.into());
    }
    let random = holdfast_api::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
    let id = shared.gate.learners.start(&kept, random, shared.screening.now());
    let cookie = shared.access.cookie("hl", &id, holdfast_api::sessions::SESSION_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/academy/me")).into_response())
}

/// Leaves: the session ends.
pub async fn leave(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    if let Some(session) = cookie(&headers, "hl") {
        shared.gate.learners.end(&session);
    }
    ([(header::SET_COOKIE, shared.access.cookie("hl", "", 0))], Redirect::to("/academy")).into_response()
}

/// Who has no key is sent to the entrance.
fn outside(e: ApiError) -> Response {
    match e.status {
        StatusCode::UNAUTHORIZED => back("/academy".into()),
        _ => ErrorPage::from(e).into_response(),
    }
}

/// A learner's sessions, labs and certificates.
pub async fn me(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let found = in_class(shared, &headers, |a, l| {
        let desk = a.learner_desk(l)?;
        let mut labs = Vec::new();
        for session in &desk.sessions {
            labs.push(a.course(&session.plan.course, &session.plan.lang)?.header.labs);
        }
        Ok((desk, labs))
    });
    let (desk, labs_of) = match found.await {
        Ok(found) => found,
        Err(e) => return outside(e),
    };
    academy(
        &desk.learner.who.name.clone(),
        html! {
            @for (session, labs) in desk.sessions.iter().zip(&labs_of) {
                h2 { a href={"/academy/sessions/" (session.id)} { (session.plan.title) } }
                p.note { (day(session.plan.starts)) " to " (day(session.plan.ends)) ", " (place(&session.plan)) " · " a href={"/academy/courses/" (session.plan.course) "?lang=" (session.plan.lang)} { "course" } }
                div.wide { table {
                    thead { tr { th { "Lab" } th.n { "Score" } th {} } }
                    tbody { @for lab in labs {
                        @let mine = desk.labs.iter().find(|(s, r)| *s == session.id && r.lab == *lab).map(|(_, r)| r);
                        tr {
                            td { (labs::lab(lab).map_or(lab.as_str(), |l| l.title)) }
                            td.n { @if let Some(r) = mine { (percent(r.score)) @if r.passed { " passed" } } }
                            td { @match mine {
                                Some(r) => a href={"/academy/attempts/" (r.attempt)} { "Go on" },
                                None => form method="post" action={"/academy/sessions/" (session.id) "/labs/" (lab)} { button type="submit" { "Begin" } },
                            } }
                        }
                    } }
                } }
            }
            @if !desk.certificates.is_empty() {
                h2 { "Certificates" }
                ul { @for (id, course) in &desk.certificates { li { a href={"/academy/certificates/" (id)} { (course) } " " span.hash { (id) } } } }
            }
            form method="post" action="/academy/leave" { button.plain type="submit" { "Leave" } }
        },
    )
    .into_response()
}

/// Begins a lab.
pub async fn begin(State(shared): State<Shared>, headers: HeaderMap, Path((id, lab)): Path<(i64, String)>) -> Response {
    match in_class(shared, &headers, move |a, l| a.begin(id, l, &lab)).await {
        Ok(view) => back(format!("/academy/attempts/{}", view.id)),
        Err(e) => outside(e),
    }
}

fn answer_field(step: &StepView) -> Markup {
    let given = step.answer.clone().unwrap_or_default();
    match step.form {
        AnswerForm::Choice => html! { @for option in &step.options {
            label { input type="radio" name="answer" value=(option) required; " " span.hash { (option) } }
        } },
        AnswerForm::Choices => html! { @for (i, option) in step.options.iter().enumerate() {
            label { input type="checkbox" name={"pick-" (i)} value=(option) checked[given.split(", ").any(|g| g == option)]; " " span.hash { (option) } }
        } },
        AnswerForm::Request => {
            html! { label { "JSON" textarea name="answer" rows="18" cols="80" required { (given) } } }
        }
        AnswerForm::Number => {
            html! { label { "Number" input name="answer" inputmode="numeric" value=(given) required; } }
        }
        AnswerForm::Amount => {
            html! { label { "Amount" input name="answer" placeholder="0.5, or 50000000 sat" value=(given) required; } }
        }
        AnswerForm::Transaction => {
            html! { label { "Transaction" input name="answer" size="66" value=(given) required; } }
        }
        AnswerForm::Address => html! { label { "Address" input name="answer" size="50" value=(given) required; } },
    }
}

fn lab_page(view: &AttemptView) -> Markup {
    let here = format!("/academy/attempts/{}", view.id);
    academy(
        view.lab.title,
        html! {
            (markdown(&view.brief))
            p {
                @if view.has_tool { a href={(here) "/tool"} { "Look at the files" } " · " }
                @if view.network.is_some() { a href={(here) "/chain"} { "The lab's chain" } " · " }
                a href={(here) "/pack"} { "Everything as a pack (ZIP)" }
                @for (name, size) in &view.files { " · " a href={(here) "/files/" (name)} { (name) } " " span.note { (size) " bytes" } }
            }
            p #score { "Score " strong { (percent(view.score)) } @if view.passed { ": passed" } @else { ", " (percent(labs::PASS)) " passes" } }
            @for step in &view.steps {
                section id=(step.id) {
                    h2 { (step.id) " " span.note { (step.points) " points" } }
                    (markdown(&step.question))
                    @for f in &step.feedback { p.note role="status" { (f) } }
                    @for h in &step.hints { p { "Hint: " (h) } }
                    @if step.over {
                        p { strong { @if step.right { "Solved" } @else { "Over" } } ", " (percent(u64::from(step.credit))) " of the points." }
                        @if let Some(s) = &step.solution { pre.wide { (s) } }
                        @if let Some(w) = &step.why { p { (w) } }
                    } @else {
                        form.step method="post" action={(here) "#" (step.id)} {
                            input type="hidden" name="step" value=(step.id);
                            fieldset { legend { "Answer" } (answer_field(step)) }
                            button type="submit" { "Answer" }
                        }
                        @if step.hints_left > 0 { form.step method="post" action={(here) "#" (step.id)} {
                            input type="hidden" name="step" value=(step.id); button.plain type="submit" name="hint" value="1" { "A hint (costs a quarter)" }
                        } }
                        @if step.tries > 0 { form.step method="post" action={(here) "#" (step.id)} {
                            input type="hidden" name="step" value=(step.id); button.plain type="submit" name="give-up" value="1" { "Give up and see why" }
                        } }
                    }
                }
            }
            p { a href="/academy/me" { "Back to your labs" } }
        },
    )
}

/// A lab.
pub async fn attempt(State(shared): State<Shared>, headers: HeaderMap, Path(id): Path<i64>) -> Response {
    match in_class(shared, &headers, move |a, l| a.attempt(id, l)).await {
        Ok(view) => lab_page(&view).into_response(),
        Err(e) => outside(e),
    }
}

/// Answers a step, takes a hint, or gives up.
pub async fn answer(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Form(fields): Fields,
) -> Response {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (step, hint, give_up) = (get("step"), fields.contains_key("hint"), fields.contains_key("give-up"));
    let picks: Vec<String> = fields.iter().filter(|(n, _)| n.starts_with("pick-")).map(|(_, v)| v.clone()).collect();
    let mut text = if picks.is_empty() { get("answer") } else { picks.join(", ") };
    if text.trim().is_empty() && !give_up && !hint {
        // Nothing ticked is no giving up.
        return back(format!("/academy/attempts/{id}#{step}"));
    }
    if give_up {
        text.clear();
    }
    let to = format!("/academy/attempts/{id}#{step}");
    let done = in_class(shared, &headers, move |a, l| match hint {
        true => a.hint(id, l, &step),
        false => a.answer(id, l, &Answer { step, answer: text }),
    });
    match done.await {
        Ok(_) => back(to),
        Err(e) => outside(e),
    }
}

/// A file of a lab.
pub async fn file(State(shared): State<Shared>, headers: HeaderMap, Path((id, name)): Path<(i64, String)>) -> Response {
    let wanted = name.clone();
    let found = in_class(shared, &headers, move |a, l| {
        let (_, made) = a.task(id, l)?;
        Ok(made.files.iter().find(|f| f.0 == wanted).map(|f| f.1.clone()))
    });
    match found.await {
        Ok(Some(bytes)) => download(name.rsplit('/').next().unwrap_or(&name), "application/octet-stream", bytes),
        Ok(None) => ErrorPage::from(ApiError {
            status: StatusCode::NOT_FOUND,
            message: format!("{name} is no file of this lab"),
        })
        .into_response(),
        Err(e) => outside(e),
    }
}

/// Which file or customer, or a draft to look at.
#[derive(Debug, Default, serde::Deserialize)]
pub struct ToolQuery {
    file: Option<String>,
    customer: Option<String>,
    draft: Option<String>,
}

/// What the desk's own tools say of a lab's files.
pub async fn tool(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Query(q): Query<ToolQuery>,
) -> Response {
    show_tool(shared, headers, id, q).await
}

/// The same of a draft that the learner wrote.
pub async fn tool_draft(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Form(q): Form<ToolQuery>,
) -> Response {
    show_tool(shared, headers, id, q).await
}

async fn show_tool(shared: Shared, headers: HeaderMap, id: i64, q: ToolQuery) -> Response {
    let found = in_class(shared, &headers, move |a, l| {
        let (lab, made) = a.task(id, l)?;
        let here = format!("/academy/attempts/{id}/tool");
        let body = match tools::tool_of(&made) {
            None => Err("this lab has no files".to_owned()),
            Some(Tool::Review) => review_tool(&made, &q, &here),
            Some(Tool::Scan) => tools::scan_files(&made).map(|s| scan_tool(&s)),
            Some(Tool::Screen) => tools::screen_files(&made).map(|m| screen_tool(&m, &q, &here)),
        };
        Ok((lab.title, body))
    });
    match found.await {
        Ok((title, body)) => academy(
            title,
            html! {
                p { a href={"/academy/attempts/" (id)} { "Back to the lab" } }
                @match body { Ok(body) => (body), Err(why) => p.error { (why) } }
            },
        )
        .into_response(),
        Err(e) => outside(e),
    }
}

fn review_tool(made: &labs::Made, q: &ToolQuery, here: &str) -> Result<Markup, String> {
    let file = q.file.as_ref().and_then(|f| made.files.iter().find(|m| m.0 == *f)).or(made.files.first());
    let shown = file.map(|f| String::from_utf8_lossy(&f.1).into_owned()).unwrap_or_default();
    let text = q.draft.clone().unwrap_or(shown);
    let said = tools::review_text(&text);
    Ok(html! {
        p { @for (name, _) in &made.files { a href={(here) "?file=" (name)} { (name) } " " } }
        @match &said {
            Err(why) => p.error { (why) },
            Ok(r) => {
                h2 { "What policy says" }
                p { (r.judgement.title) ": " @if r.judgement.may_be_granted { "may be granted" } @else { "may not be granted" } }
                ul { @for m in &r.judgement.missing { li { (m) } } }
                h2 { "Signs of forgery" }
                @if r.suspicion.stops { p.stop { strong { "It is stopped." } } } @else { p { "Nothing stops it." } }
                ul.signs { @for s in &r.suspicion.signs { li { strong { (s.sign) } " (" (s.weight) "): " (s.because) } } }
            }
        }
        form.step method="post" action=(here) {
            label { "Request" textarea name="draft" rows="24" cols="90" { (text) } } button type="submit" { "Review" }
        }
    })
}

fn scan_tool(found: &tools::Scanned) -> Markup {
    html! {
        h2 { "Found" }
        div.wide { table {
            thead { tr { th { "File" } th.n { "Byte" } th { "What" } th { "Value" } th { "Said of it" } } }
            tbody { @for f in &found.findings { tr {
                td { (f.source) } td.n { (f.offset) } td { (f.kind.name()) }
                td.hash { (found.secrets.get(&f.value).unwrap_or(&f.value)) } td { (f.detail) }
            } } }
        } }
        h2 { "Addresses derived" }
        div.wide { table {
            thead { tr { th { "Path" } th { "Asset" } th { "Address" } } }
            tbody { @for d in &found.derived { tr { td { (d.path) } td { (d.asset) } td.hash { (d.address) } } } }
        } }
    }
}

fn screen_tool(months: &BTreeMap<String, tools::Month>, q: &ToolQuery, here: &str) -> Markup {
    let month = q.customer.as_ref().and_then(|c| months.get(c.trim()));
    html! {
        form.step method="get" action=(here) {
            label { "Customer" input name="customer" required value=(q.customer.as_deref().unwrap_or_default()); } button type="submit" { "Show" }
        }
        @match (month, &q.customer) {
            (None, Some(c)) => p.error { "There is no customer " (c) "." },
            (None, None) => p.note { (months.len()) " customers." },
            (Some(m), _) => {
                p { "Patterns found: " @if m.found.is_empty() { "none" } @for t in &m.found { strong.pattern { (t.name()) } " " span.note { (t.definition()) } } }
                div.wide { table {
                    thead { tr { th { "Time" } th { "Event" } th.n { "Value" } th { "Method or action" } th { "Other side" } th { "Device" } th { "Status" } } }
                    tbody { @for e in &m.events { tr {
                        td { (time(e.time)) } td { (e.kind.name()) } td.n { @if let Some(v) = e.value { (v / 100) "." (format!("{:02}", v % 100)) } }
                        td { (said(&e.method)) (said(&e.action)) } td.hash { (e.counterparty.as_deref().unwrap_or_default()) } td { (e.device.as_deref().unwrap_or_default()) } td { (said(&e.status)) }
                    } } }
                } }
                h2 { "Known of the customer" }
                ul { @for r in &m.records { li.hash { (serde_json::to_string(r).unwrap_or_default()) } } }
            }
        }
    }
}

/// A value's name as events write it.
fn said<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The chain's front page.
pub async fn chain_home(state: State<Shared>, headers: HeaderMap, Path(id): Path<i64>, request: Request) -> Response {
    chain(state, headers, Path((id, String::new())), request).await
}

/// Pages over a lab's own chain: the ledger's pages, mounted below the lab.
pub async fn chain(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path((id, rest)): Path<(i64, String)>,
    request: Request,
) -> Response {
    let key = holdfast_api::academy::learner_key(&shared, &headers);
    let chain = match run(shared.clone(), move |s| s.lab_chain(id, &key)).await {
        Ok(chain) => chain,
        Err(e) => return outside(e),
    };
    let lab = shared.on_chain(chain);
    let inner = Router::new()
        .route("/", get(pages::home))
        .route("/search", get(pages::search))
        .route("/address/{address}", get(pages::address))
        .route("/tx/{txid}", get(pages::tx))
        .route("/block/{block}", get(pages::block))
        .route("/trace", get(pages::trace))
        .route("/api/v1/trace/bundle", get(holdfast_api::chain::bundle))
        .with_state(lab);
    let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
    let encoded = rest.replace(' ', "%20");
    // A lab's tags are the learner's to read.
    let inside = axum::http::Request::builder()
        .uri(format!("/{encoded}{query}"))
        .extension(Caller::local("learner"))
        .extension(pages::InLab);
    let Ok(inside) = inside.body(Body::empty()) else {
        return ErrorPage::from(ApiError::bad("path: no address, transaction or block")).into_response();
    };
    let Ok(response) = tower::ServiceExt::oneshot(inner, inside).await;
    mounted(response, &format!("/academy/attempts/{id}/chain")).await
}

/// Pages of the ledger whose links lead to the same pages below `prefix`.
async fn mounted(response: Response, prefix: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let to = parts.headers.get(header::LOCATION).and_then(|v| v.to_str().ok());
    if let Some(Ok(value)) = to.map(|to| HeaderValue::from_str(&format!("{prefix}{to}"))) {
        parts.headers.insert(header::LOCATION, value);
    }
    let is_html = parts.headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if !is_html {
        return Response::from_parts(parts, body);
    }
    let Ok(bytes) = axum::body::to_bytes(body, holdfast_api::MAX_BODY).await else {
        return ErrorPage::from(ApiError::internal("the page is too long")).into_response();
    };
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    for place in ["/address/", "/tx/", "/block/", "/trace", "/search", "/api/v1/trace/"] {
        text = text.replace(&format!("=\"{place}"), &format!("=\"{prefix}{place}"));
    }
    let back = format!("<a href=\"{}\">Back to the lab</a>", prefix.trim_end_matches("/chain"));
    text = text.replace("<a href=\"/\">Holdfast</a>", &format!("<a href=\"{prefix}\">The lab's chain</a>{back}"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text))
}

/// A learner's session: scoreboard and feedback.
pub async fn own_session(State(shared): State<Shared>, headers: HeaderMap, Path(id): Path<i64>) -> Response {
    let found = in_class(shared, &headers, move |a, l| Ok((a.own_scoreboard(id, l)?, a.session(id)?)));
    let (board, session) = match found.await {
        Ok(found) => found,
        Err(e) => return outside(e),
    };
    academy(
        &session.plan.title.clone(),
        html! {
            h2 { "Scoreboard" }
            (scoreboard(&board))
            h2 { "Feedback" }
            p.note { "Marks are shown to the trainer as averages of three sheets or more, comments without names." }
            form.step method="post" action={"/academy/sessions/" (id)} {
                @for (name, label) in [("content", "Content"), ("trainer", "Trainer"), ("labs", "Labs")] {
                    label { (label) " (1 poor, 5 very good)" input type="number" name=(name) min="1" max="5" required; }
                }
                label { "In words" textarea name="comment" rows="3" {} }
                button type="submit" { "Send" }
            }
        },
    )
    .into_response()
}

fn scoreboard(board: &[holdfast_academy::attempts::ScoreLine]) -> Markup {
    html! { div.wide { table {
        thead { tr { th.n { "Place" } th { "Name" } th { "Agency" } th.n { "Points" } th.n { "Labs passed" } } }
        tbody { @for l in board { tr { td.n { (l.place) } td { (l.name) } td { (l.agency) } td.n { (l.points) } td.n { (l.passed) } } } }
    } } }
}

/// Takes a sheet of feedback.
pub async fn feedback(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Form(fields): Fields,
) -> Response {
    let mark = |name: &str| fields.get(name).and_then(|m| m.trim().parse::<u8>().ok()).unwrap_or(0);
    let comment = fields.get("comment").map(|c| c.trim().to_owned()).unwrap_or_default();
    let sheet = Feedback { content: mark("content"), trainer: mark("trainer"), labs: mark("labs"), comment };
    match in_class(shared, &headers, move |a, l| a.give_feedback(id, l, sheet)).await {
        Ok(()) => back("/academy/me".into()),
        Err(e) => outside(e),
    }
}

/// Where a session is held: an online one may have a country only.
fn place(plan: &NewSession) -> String {
    match plan.place.is_empty() {
        true => plan.country.clone(),
        false => format!("{} ({})", plan.place, plan.country),
    }
}

/// Sessions and the programme, for trainers.
pub async fn desk(State(shared): State<Shared>) -> Page {
    let (sessions, courses, programme) = run(shared, |s| {
        let a = s.academy();
        Ok((a.sessions()?, a.courses("en")?, a.programme()?))
    })
    .await?;
    Ok(desk_page(
        "Academy",
        "/desk/academy",
        html! {
            @if sessions.is_empty() { (pages::none("No session is planned: plan one below.")) }
            div.wide { table {
                thead { tr { th { "Session" } th { "Language" } th { "Held" } th { "Where" } th { "When" } th { "Trainer" } th.n { "Roster" } th { "State" } } }
                tbody { @for s in &sessions { tr {
                    td { a href={"/desk/academy/sessions/" (s.id)} { (s.plan.title) } }
                    td { (s.plan.lang) } td { @match s.plan.mode { Mode::InPerson => "in person", Mode::Online => "online" } }
                    td { (place(&s.plan)) } td { (day(s.plan.starts)) " to " (day(s.plan.ends)) }
                    td { (s.plan.trainer) } td.n { (s.enrolled) " of " (s.plan.capacity) } td { (s.state) }
                } } }
            } }
            h2 { "Plan a session" }
            form.step method="post" action="/desk/academy/sessions" {
                label { "Course" select name="course" { @for c in &courses { option value=(c.header.course) { (c.header.title) " (" (c.languages.join(", ")) ")" } } } }
                label { "Language" input name="lang" size="2" value="en" required; }
                label { "Held" select name="mode" { option value="in_person" { "in person" } option value="online" { "online" } } }
                label { "Country" input name="country" size="2" required; } label { "Place or link" input name="place"; }
                label { "From" input name="starts" type="date" required; } label { "To" input name="ends" type="date" required; }
                label { "Parts for attendance" input name="parts" type="number" min="0" max="60" value="0"; }
                label { "Trainer" input name="trainer" required; } label { "Places" input name="capacity" type="number" min="1" max="1000" value="30"; }
                button type="submit" { "Plan" }
            }
            h2 { "The programme" }
            div.wide { table {
                thead { tr { th { "Year" } th { "Country" } th.n { "Sessions" } th.n { "In person" } th.n { "Agencies" } th.n { "Learners" } th.n { "Attended" } th.n { "Labs passed" } th.n { "Certificates" } } }
                tbody { @for l in &programme { tr {
                    td { (l.year) } td { (l.country) } td.n { (l.sessions) } td.n { (l.in_person) } td.n { (l.agencies) } td.n { (l.learners) }
                    td.n { (l.attended) " of " (l.places) } td.n { (l.labs_passed) } td.n { (l.certificates) }
                } } }
            } }
            h2 { "Add a course or translation" }
            form.step method="post" action="/desk/academy/courses" enctype="multipart/form-data" {
                label { "Markdown file" input type="file" name="file" accept=".md,text/markdown" required; } button type="submit" { "Add" }
            }
        },
    ))
}

fn number<T: std::str::FromStr>(fields: &BTreeMap<String, String>, name: &str) -> Result<T, ApiError> {
    let text = fields.get(name).map(|t| t.trim()).unwrap_or_default();
    text.parse().map_err(|_| ApiError::bad(format!("{name}: '{text}' is no number")))
}

/// Plans a session.
pub async fn plan(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let when = |name: &str| parse_date(&get(name)).map_err(|e| ApiError::bad(format!("{name}: {e}")));
    let new = NewSession {
        course: get("course"),
        lang: get("lang"),
        title: get("title"),
        mode: if get("mode") == "online" { Mode::Online } else { Mode::InPerson },
        country: get("country").to_ascii_uppercase(),
        place: get("place"),
        starts: when("starts")?,
        ends: when("ends")?,
        parts: number(&fields, "parts")?,
        trainer: get("trainer"),
        capacity: number(&fields, "capacity")?,
    };
    let made = run(shared, move |s| Ok(s.academy().plan_session(new, &caller.0)?)).await?;
    Ok(back(format!("/desk/academy/sessions/{}", made.id)))
}

/// Adds a course.
pub async fn add_course(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    mut form: Multipart,
) -> Result<Response, ErrorPage> {
    let field = form.next_field().await.map_err(|e| ApiError::bad(e.to_string()))?;
    let field = field.ok_or_else(|| ApiError::bad("file: choose one"))?;
    let text = field.text().await.map_err(|e| ApiError::bad(format!("file: {e}")))?;
    run(shared, move |s| Ok(s.academy().add_course(&text, &caller.0)?)).await?;
    Ok(back("/desk/academy".into()))
}

/// A session with its class.
pub async fn session(State(shared): State<Shared>, Path(id): Path<i64>) -> Page {
    let (session, roster, feedback, class, board) = run(shared, move |s| {
        let a = s.academy();
        Ok((a.session(id)?, a.roster(id)?, a.feedback(id)?, a.class_view(id)?, a.scoreboard(id)?))
    })
    .await?;
    let here = format!("/desk/academy/sessions/{id}");
    let open = session.state == "planned";
    let mean = |m: Option<i64>| m.map_or("–".to_owned(), |m| format!("{}.{:02}", m / 100, m % 100));
    let parts: Vec<i64> = (1..=i64::from(session.plan.parts)).collect();
    Ok(desk_page(
        &session.plan.title.clone(),
        "/desk/academy",
        html! {
            p { (day(session.plan.starts)) " to " (day(session.plan.ends)) ", " (place(&session.plan)) ", trainer " (session.plan.trainer) ", " (session.state) }
            h2 { "Roster (" (roster.len()) " of " (session.plan.capacity) ")" }
            div.wide { table {
                thead { tr { th { "Learner" } th { "Agency" } th { "Country" } th { "Attended" } th { "Feedback" } th { "Certificate" } th {} } }
                tbody { @for l in &roster { tr {
                    td { (l.learner.who.name) br; span.note { (l.learner.who.email) } } td { (l.learner.who.agency) } td { (l.learner.who.country) }
                    td { @if parts.is_empty() { "–" } @else { (l.attended.len()) " of " (parts.len()) } } td { @if l.feedback { "given" } }
                    td { @match &l.certificate {
                        Some(c) => span.hash { (c) },
                        None => { (step_form(&here, "certify", "Certify", &[("learner", &l.learner.id.to_string(), "hidden")])) }
                    } }
                    td { (step_form(&format!("/desk/academy/learners/{}/key", l.learner.id), "", "New key", &[])) }
                } } }
            } }
            @if open {
                h3 { "Enrol" }
                (step_form(&here, "enrol", "Enrol", &[("name", "Name", "text"), ("email", "Official address", "email"), ("agency", "Agency", "text"), ("country", "Country (two letters)", "text")]))
                @if !parts.is_empty() {
                    h3 { "Attendance" }
                    form.step method="post" action=(here) {
                        input type="hidden" name="step" value="attendance";
                        label { "Part" select name="part" { @for p in &parts { option value=(p) { (p) } } } }
                        @for l in &roster { label { input type="checkbox" name={"present-" (l.learner.id)} value="1"; " " (l.learner.who.name) } }
                        button type="submit" { "Note" }
                    }
                }
            }
            h2 { "The class at its labs" }
            div.wide { table {
                thead { tr { th { "Learner" } @for lab in &class.labs { th.n { (lab) } } } }
                tbody { @for l in &class.learners { tr {
                    td { (l.learner.who.name) }
                    @for lab in &class.labs { td.n {
                        @if let Some(r) = l.labs.iter().find(|r| r.lab == *lab) {
                            (percent(r.score)) @if r.passed { " ✓" } br;
                            span.note { (r.tries) @if r.tries == 1 { " try, " } @else { " tries, " } (pages::count(r.hints as u64, "hint")) @if let Some(at) = &r.at { ", at " (at) } }
                        }
                    } }
                } } }
            } }
            h3 { "Where they are stuck" }
            div.wide { table {
                thead { tr { th { "Lab" } th { "Step" } th.n { "Right" } th.n { "Answered" } th.n { "Answers" } } }
                tbody { @for (lab, step, right, answered, tries) in &class.steps { tr { td { (lab) } td { (step) } td.n { (right) } td.n { (answered) } td.n { (tries) } } } }
            } }
            h2 { "Scoreboard" }
            (scoreboard(&board))
            h2 { "Feedback" }
            p { (pages::count(feedback.sheets, "sheet")) ". Content " (mean(feedback.content)) ", trainer " (mean(feedback.trainer)) ", labs " (mean(feedback.labs)) "." }
            ul { @for c in &feedback.comments { li { (c) } } }
            @if open { (step_form(&here, "close", "Close the session", &[])) (step_form(&here, "cancel", "Cancel the session", &[])) }
        },
    ))
}

fn shown_once(enrolled: &Enrolled, to: &str) -> Markup {
    page(
        "A learner's key",
        "",
        html! {
            h1 { "A learner's key" }
            @match &enrolled.key {
                Some(key) => { p { "Give this key to " (enrolled.learner.who.name) ". It is shown once; a new one ends it." } p.hash #key { (key) } }
                None => p { (enrolled.learner.who.name) " has a key already." }
            }
            p { a href=(to) { "Back" } }
        },
    )
}

/// Enrols, notes attendance, certifies, ends.
pub async fn step_session(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let here = format!("/desk/academy/sessions/{id}");
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    match get("step").as_str() {
        "enrol" => {
            let who = NewLearner {
                name: get("name"),
                email: get("email"),
                agency: get("agency"),
                country: get("country").to_ascii_uppercase(),
            };
            let enrolled = run(shared, move |s| Ok(s.academy().enrol(id, who, &caller.0)?)).await?;
            return Ok(shown_once(&enrolled, &here).into_response());
        }
        "attendance" => {
            let part = number(&fields, "part")?;
            let present = fields.keys().filter_map(|k| k.strip_prefix("present-")?.parse().ok()).collect();
            run(shared, move |s| Ok(s.academy().note_attendance(id, part, present, &caller.0)?)).await?;
        }
        "certify" => {
            let learner = number(&fields, "learner")?;
            run(shared, move |s| Ok(s.academy().certify(id, learner, &caller.0)?)).await?;
        }
        end @ ("close" | "cancel") => {
            let cancelled = end == "cancel";
            run(shared, move |s| Ok(s.academy().end_session(id, cancelled, &caller.0)?)).await?;
        }
        other => {
            return Err(
                ApiError::bad(format!("step: '{other}' is none of enrol, attendance, certify, close, cancel")).into()
            );
        }
    }
    Ok(back(here))
}

/// Gives a learner a new key and shows it, once.
pub async fn new_key(State(shared): State<Shared>, Extension(caller): Extension<Caller>, Path(id): Path<i64>) -> Page {
    let enrolled = run(shared, move |s| Ok(s.academy().new_key(id, &caller.0)?)).await?;
    Ok(shown_once(&enrolled, "/desk/academy"))
}
