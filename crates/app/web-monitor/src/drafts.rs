//! Drafts of rule books: the editor with its faults by line, rules added by a form, the test on history, the difference to what is in force, proposing; and
//! the difference and return of versions.

use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_api::drafts::{DiffQuery, draft_for, restore, submit, version_diff};
use holdfast_decision::fields::FIELDS;
use holdfast_decision::{EventKind, Verdict};
use holdfast_jobs::{JobState, StoredJob};
use holdfast_monitor::drafts::{COMPARISONS, Condition, DiffLine, Draft, DraftState, Fault, NewRule, diff, fault};
use holdfast_page::components::{N, T, listing, table, time, word, words};
use holdfast_page::forms::{Fields, Free, Input, Nothing, Number, PageForm, Text, form_of, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::segment;
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

const RULES: &str = "/desk/rules";
const HERE: &str = "/desk/rules/drafts";
/// Rows of conditions of the form.
const CONDITIONS: usize = 3;
/// Most examples of changed events that a page shows.
const EXAMPLES: usize = 50;
/// Lines around a fault that are shown.
const AROUND: usize = 2;

page_form! {
    /// Begins a draft.
    struct Begin {
        title: Text = "drafts-title", Input::Line;
    }
}

page_form! {
    /// Changes a draft's title and text; the time and hash of the text that the writer saw.
    struct Save {
        title: Text = "drafts-title", Input::Own;
        yaml: Free = "drafts-text", Input::Own;
        changed: Number<i64> = "drafts-changed", Input::Own;
        sha256: Text = "rules-sha256", Input::Own;
    }
}

page_form! {
    /// Adds a rule.
    struct Add {
        id: Text = "events-rule", Input::Own;
        title: Text = "rules-what", Input::Own;
        on: Vec<String> = "rules-on", Input::Own;
        decision: Text = "common-decision", Input::Own;
        source: Text = "ledger-tag-source", Input::Own;
        field: Vec<String> = "drafts-field", Input::Own;
        comparison: Vec<String> = "drafts-comparison", Input::Own;
        value: Vec<String> = "drafts-value", Input::Own;
    }
}

page_form! {
    /// Proposes the text that was seen.
    struct Propose {
        seen: Text = "rules-sha256", Input::Own;
    }
}

page_steps! {
    /// A step of a draft.
    enum Step by "step" {
        "save" => Save(Save),
        "rule" => Add(Add),
        "test" => Test(Nothing),
        "submit" => Submit(Propose),
        "discard" => Discard(Nothing),
    }
}

/// A text as a browser sends it, with the ends of lines of a file.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

/// Shows drafts.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame) -> Page {
    let drafts = run_blocking(move || Ok(shared.monitor().drafts(None)?)).await?;
    let heads = [
        N("drafts-draft"),
        T("drafts-title"),
        T("common-state"),
        T("drafts-author"),
        T("drafts-changed"),
        N("drafts-base"),
    ];
    let body = html! {
        p { a href=(RULES) { (t!("rules-title")) } }
        (listing(&heads, &drafts, "drafts-none", |d| html! { tr {
            td.n { a href={(HERE) "/" (d.id)} { (d.id) } }
            td { a href={(HERE) "/" (d.id)} { (d.title) } }
            td { (word(d.state)) @if let Some(change) = d.change { " " a href="/desk/changes" { (t!("drafts-change", id = change)) } } }
            td { (d.author) }
            td { (time(d.changed)) }
            td.n { (d.base) }
        } }))
        @if frame.may("rules") {
            h2 { (t!("drafts-begin")) }
            p.note { (t!("drafts-begin-about")) }
            (form_of::<Begin>(HERE, &[], "drafts-begin"))
        }
    };
    Ok(frame.desk(&t!("drafts-list"), RULES, body))
}

/// Begins a draft from the book in force.
pub(crate) async fn begin(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<Begin>,
) -> Answer {
    let id = run_blocking(move || Ok(shared.monitor().begin_draft(&form.title.0, None, None, &caller.0)?)).await?;
    Ok(back(format!("{HERE}/{id}")))
}

/// The fault of a text with the lines around it.
fn faults(fault: Option<&Fault>, yaml: &str) -> Markup {
    let Some(fault) = fault else { return html! { p #fault { (t!("drafts-no-fault")) } } };
    let at = fault.line.and_then(|line| usize::try_from(line).ok());
    html! { div.error #fault role="alert" {
        p { @if let Some(line) = at { strong { (t!("drafts-line", n = line)) } ": " } (fault.message) }
        @if let Some(at) = at { pre.wide {
            @for (n, text) in (1usize..).zip(yaml.lines()).skip(at.saturating_sub(AROUND + 1)).take(2 * AROUND + 1) {
                @if n == at { strong { (n) "  " (text) } } @else { (n) "  " (text) } "\n"
            }
        } }
    } }
}

fn editor(draft: &Draft, path: &str) -> Markup {
    html! { form.step.editor method="post" action=(path) {
        input type="hidden" name="step" value="save";
        input type="hidden" name="changed" value=(draft.changed.unix());
        input type="hidden" name="sha256" value=(holdfast_decision::rules::sha256(&draft.yaml));
        label { (t!("drafts-title")) input type="text" name="title" value=(draft.title) required; }
        label.text { (t!("drafts-text")) textarea name="yaml" rows="28" spellcheck="false" aria-describedby="fault" { "\n" (draft.yaml) } }
        button type="submit" { (t!("drafts-save")) }
    } }
}

/// The form that adds a rule; its fields complete from the list of all.
fn rule_form(path: &str) -> Markup {
    let verdicts = [Verdict::Review, Verdict::Hold, Verdict::Reject].map(Verdict::name);
    html! { form.step method="post" action=(path) {
        input type="hidden" name="step" value="rule";
        label { (t!("events-rule")) input type="text" name="id" required pattern="[a-z0-9\\-]+"; }
        label { (t!("rules-what")) input type="text" name="title" required; }
        label { (t!("ledger-tag-source")) input type="text" name="source" required; }
        fieldset.list { legend { (t!("rules-on")) }
            @for kind in EventKind::ALL.map(EventKind::name) { label { input type="checkbox" name="on" value=(kind); (word(kind)) } }
        }
        @for n in 1..=CONDITIONS { fieldset { legend { (t!("drafts-condition", n = n)) }
            label { (t!("drafts-field")) input type="text" name="field" list="rule-fields"; }
            label { (t!("drafts-comparison")) select name="comparison" { @for c in COMPARISONS { option { (c) } } } }
            label { (t!("drafts-value")) input type="text" name="value"; }
        } }
        datalist #rule-fields { @for f in FIELDS { option value={(f.group) "." (f.name)} { (f.description) } } }
        label { (t!("common-decision")) select name="decision" { @for v in verdicts { option value=(v) { (word(v)) } } } }
        button type="submit" { (t!("drafts-add-rule")) }
    } }
}

/// Lines that were removed and added.
pub(crate) fn differences(lines: &[DiffLine]) -> Markup {
    let number = |n: Option<u32>| n.map_or(String::new(), |n| n.to_string());
    html! { @if lines.is_empty() { p.note { (t!("drafts-same")) } } @else { div.wide tabindex="0" { table.diff { tbody { @for line in lines {
        @let (class, sign, name) = match (line.before, line.after) {
            (Some(_), None) => ("removed", "-", t!("drafts-removed")),
            (None, Some(_)) => ("added", "+", t!("drafts-added")),
            _ => ("", "", String::new()),
        };
        tr class=(class) {
            td.n { (number(line.before)) }
            td.n { (number(line.after)) }
            td { @if !sign.is_empty() { abbr title=(name) { (sign) } } }
            td { code { (line.text) } }
        }
    } } } } } }
}

fn count(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or(0)
}

/// What a test of a draft found.
fn tested(test: &Value, frame: &Frame) -> Markup {
    let known = |side: &Value| {
        t!("drafts-known", right = count(side, "right"), wrong = count(side, "wrong"), unknown = count(side, "unknown"))
    };
    let rules: Vec<(&String, u64, u64)> = (test["rules"].as_object().into_iter().flatten())
        .map(|(rule, hits)| (rule, count(hits, "before"), count(hits, "after")))
        .filter(|(_, before, after)| before != after)
        .collect();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let names = |value: &Value| words(value.as_array().into_iter().flatten().filter_map(Value::as_str));
    html! {
        p { (t!("drafts-found", events = count(test, "events"), changed = count(test, "changed"), customers = count(test, "customers"))) }
        dl {
            @for (step, n) in test["moves"].as_object().into_iter().flatten() {
                @let (before, after) = step.split_once('>').unwrap_or((step, ""));
                dt { (t!("drafts-move", before = word(before), after = word(after))) } dd { (n) }
            }
            dt { (t!("drafts-stricter")) } dd { (known(&test["stricter"])) }
            dt { (t!("drafts-milder")) } dd { (known(&test["milder"])) }
        }
        @if !rules.is_empty() {
            h3 { (t!("drafts-hits")) }
            (table(&[T("events-rule"), N("drafts-before"), N("drafts-after")], &rules, |(rule, before, after)| html! { tr { td { (rule) } td.n { (before) } td.n { (after) } } }))
        }
        @if let Some(list) = test["differences"].as_array().filter(|l| !l.is_empty()) {
            h3 { (t!("drafts-examples", n = list.len().min(EXAMPLES))) }
            (table(&[T("desk-hit"), T("common-customer"), T("drafts-before"), T("drafts-after"), T("drafts-gained"), T("drafts-lost")], list.iter().take(EXAMPLES), |d| {
                let (event, customer) = (text(d, "event"), text(d, "customer"));
                html! { tr {
                    td { @if frame.may_open("/desk/events/{id}") { a href={"/desk/events/" (segment(&event))} { (event) } } @else { (event) } }
                    td { @if frame.may_open("/desk/customers/{id}") { a href={"/desk/customers/" (segment(&customer))} { (customer) } } @else { (customer) } }
                    td { (word(text(d, "before"))) } td { (word(text(d, "after"))) } td { (names(&d["gained"])) } td { (names(&d["lost"])) }
                } }
            }))
        }
    }
}

/// The test on history: how far it is, and what it found.
fn test_section(draft: &Draft, job: Option<&StoredJob>, frame: &Frame, path: &str) -> Markup {
    let in_work = job.filter(|j| matches!(j.state, JobState::Waiting | JobState::Running));
    html! {
        h2 #test { (t!("drafts-test")) }
        @if let Some(job) = in_work {
            p role="status" { (t!("drafts-testing", done = job.done)) " "
                @if let Some(all) = job.all { progress value=(job.done) max=(all.max(1)) { (job.done) } } " "
                a href={(path) "#test"} { (t!("drafts-reload")) } }
        }
        @if let Some(why) = job.filter(|j| j.state == JobState::Failed).and_then(|j| j.error.as_ref()) { p.error { (t!("drafts-test-failed", why = why.as_str())) } }
        @if let Some(test) = &draft.test {
            @if let Some(at) = draft.tested { p.note { (rich!("drafts-tested", time = time(at))) } }
            @if !draft.test_is_current { p.stop { (t!("drafts-stale")) } }
            (tested(test, frame))
        } @else if in_work.is_none() { p.note { (t!("drafts-untested")) } }
        @if draft.state == DraftState::Draft && frame.may("rules") { (form_of::<Nothing>(path, &[("step", "test")], "drafts-test")) }
    }
}

/// Shows a draft.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
) -> Page {
    let (draft, found, job, changed) = run_blocking(move || {
        let draft = draft_for(&shared, &caller, id)?;
        let in_force = shared.screening.rule_book(shared.screening.book().version)?.1;
        let lines = diff(&in_force, &draft.yaml);
        Ok((fault(&draft.yaml), lines, shared.draft_test(id)?, draft))
    })
    .await
    .map(|(fault, lines, job, draft)| (draft, fault, job, lines))?;
    let path = format!("{HERE}/{id}");
    let may_write = draft.state == DraftState::Draft && frame.may("rules");
    let body = html! {
        link rel="stylesheet" href=[holdfast_assets::path("charts.css")];
        p { a href=(HERE) { (t!("drafts-list")) } }
        dl {
            dt { (t!("common-state")) } dd { (word(draft.state)) @if let Some(change) = draft.change { " " a href="/desk/changes" { (t!("drafts-change", id = change)) } } }
            dt { (t!("drafts-begun")) } dd { (rich!("common-time-by", time = time(draft.created), person = &draft.author)) }
            dt { (t!("drafts-changed")) } dd { (time(draft.changed)) }
            dt { (t!("drafts-base")) } dd { a href={(RULES) "/" (draft.base)} { (draft.base) } }
        }
        h2 { (t!("drafts-text")) }
        (faults(found.as_ref(), &draft.yaml))
        @if may_write {
            (editor(&draft, &path))
            details { summary { (t!("drafts-add-rule")) } (rule_form(&path)) }
        } @else { pre.wide { (draft.yaml) } }
        h2 { (t!("drafts-differences")) }
        (differences(&changed))
        (test_section(&draft, job.as_ref(), &frame, &path))
        @if may_write {
            h2 { (t!("drafts-end")) }
            p.note { (t!("drafts-end-about")) }
            @if found.is_none() { (form_of::<Nothing>(&path, &[("step", "submit"), ("seen", &holdfast_decision::rules::sha256(&draft.yaml))], "drafts-submit")) }
            (form_of::<Nothing>(&path, &[("step", "discard")], "drafts-discard"))
        }
    };
    Ok(frame.desk(&t!("drafts-page", id = draft.id, title = draft.title.as_str()), RULES, body))
}

/// Pairs the rows of a form; those without a field are empty.
fn conditions(form: &Add) -> Vec<Condition> {
    let rows = form.field.iter().zip(&form.comparison).zip(&form.value);
    rows.filter(|((field, _), _)| !field.trim().is_empty())
        .map(|((field, comparison), value)| Condition {
            field: field.clone(),
            comparison: comparison.clone(),
            value: value.clone(),
        })
        .collect()
}

fn take(shared: &AppState, caller: &Caller, id: u64, step: Step) -> Result<String, ApiError> {
    let path = format!("{HERE}/{id}");
    let monitor = shared.monitor();
    match step {
        Step::Save(form) => {
            let seen = Some((Timestamp::from_unix(form.changed.0), form.sha256.0));
            monitor
                .write_draft(id, &form.title.0, plain(&form.yaml.0), seen, &caller.0)
                .map_err(|e| Save::explain(e.into()))?;
        }
        Step::Add(form) => {
            let rule = NewRule {
                conditions: conditions(&form),
                id: form.id.0,
                title: form.title.0,
                on: form.on.into_iter().filter(|kind| EventKind::ALL.iter().any(|k| k.name() == kind)).collect(),
                decision: form.decision.0,
                source: form.source.0,
            };
            let draft = monitor.open_draft(id)?;
            let yaml = rule.added_to(&draft.yaml).map_err(|e| Add::explain(e.into()))?;
            let seen = Some((draft.changed, holdfast_decision::rules::sha256(&draft.yaml)));
            monitor.write_draft(id, &draft.title, yaml, seen, &caller.0)?;
        }
        Step::Test(_) => {
            shared.test_draft_later(id, &caller.0)?;
            return Ok(format!("{path}#test"));
        }
        Step::Submit(form) => match submit(shared, caller, id, &form.seen.0)? {
            Some(_) => return Ok("/desk/changes".to_owned()),
            None => return Ok(RULES.to_owned()),
        },
        Step::Discard(_) => {
            monitor.discard_draft(id, &caller.0)?;
            return Ok(HERE.to_owned());
        }
    }
    Ok(path)
}

/// Takes a step of a draft.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Fields(step): Fields<Step>,
) -> Answer {
    Ok(back(run_blocking(move || take(&shared, &caller, id, step)).await?))
}

/// Shows what a version changed.
pub(crate) async fn version(
    State(shared): State<AppState>,
    frame: Frame,
    Path(version): Path<u32>,
    Query(q): Query<DiffQuery>,
) -> Page {
    let (lines, in_force) =
        run_blocking(move || Ok((version_diff(&shared, version, q.since)?, shared.screening.book().version))).await?;
    let since = q.since.unwrap_or(version.saturating_sub(1));
    let body = html! {
        link rel="stylesheet" href=[holdfast_assets::path("charts.css")];
        p { a href=(RULES) { (t!("rules-title")) } " " a href={(RULES) "/" (version)} { (t!("rules-text")) } }
        p { (t!("drafts-since", version = version, since = since)) }
        (differences(&lines))
        @if version != in_force && frame.may("rules") {
            h2 { (t!("drafts-restore")) }
            p.note { (t!("drafts-restore-about", version = version)) }
            (form_of::<Nothing>(&format!("{RULES}/{version}/restore"), &[], "drafts-restore"))
        }
    };
    Ok(frame.desk(&t!("drafts-version", version = version), RULES, body))
}

/// Proposes the text of an earlier version.
pub(crate) async fn bring_back(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(version): Path<u32>,
    Fields(Nothing {}): Fields<Nothing>,
) -> Answer {
    let change = run_blocking(move || restore(&shared, &caller, version)).await?;
    Ok(back(if change.is_some() { "/desk/changes" } else { RULES }.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_text_is_a_files() {
        assert_eq!((plain("a: 1\r\nb: 2"), plain("")), ("a: 1\nb: 2\n".into(), String::new()));
    }

    #[test]
    fn a_fault_stands_with_its_lines() {
        let found = Fault { line: Some(3), rule: None, message: "wrong <here>".into() };
        let shown = faults(Some(&found), "1\n2\n3\n4\n5\n6\n").into_string();
        assert!(
            shown.contains("<strong>3  3</strong>") && shown.contains("5  5") && !shown.contains("6  6"),
            "{shown}"
        );
        assert!(shown.contains("wrong &lt;here&gt;"), "{shown}");
    }
}
