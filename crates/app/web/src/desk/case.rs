//! A case: its items, people, reports, links and timeline.

use crate::desk::evidence::{AddExhibit, Scan};
use crate::desk::links::Links;
use axum::Extension;
use axum::extract::{Path, State};
use holdfast_api_investigation::cases::person;
use holdfast_audit::{Entry, Filter};
use holdfast_cases::case::{CaseFile, CaseState, CaseStep, Item, ItemKind, Member, Role, graph_picture, trace_svg};
use holdfast_cases::named::{self, Thing};
use holdfast_cases::reports::{Filer, Kind, Report, ReportState};
use holdfast_page::components::{Bare, T, chains_text, none, table, time, word};
use holdfast_page::forms::{
    Day, Field, Fields, Free, Input, Nothing, Number, Opt, PageForm, Text, file_form, form_of, page_form, page_steps,
};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::clearance::Clearance;
use holdfast_types::ids::{CaseId, CaseItemId, ReportId};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Most entries of the log that the page shows.
const MAX_LOG: usize = 500;

page_form! {
    /// Adds an item.
    struct AddItem {
        kind: ItemKind = "common-kind", Input::Choice(&[
            ("note", "case-kind-note"),
            ("subject", "case-kind-subject"),
            ("address", "case-kind-address"),
            ("transaction", "case-kind-transaction"),
            ("request", "case-kind-request"),
            ("alert", "case-kind-alert"),
            ("hold", "case-kind-hold"),
            ("event", "case-kind-event"),
        ]);
        key: Free = "case-key", Input::Line;
        title: Free = "common-text", Input::Area;
    }
}

page_form! {
    /// Adds a task.
    struct AddTask {
        title: Text = "case-task", Input::Line;
        assignee: Opt<Text> = "case-assignee", Input::Line;
        due: Opt<Day> = "desk-case-due", Input::Of("date");
    }
}

/// A comment: a note, of which the page gives the rest.
#[derive(Debug, Deserialize)]
pub(crate) struct AddComment {}

impl PageForm for AddComment {
    const FIELDS: &'static [Field] = &[Field { name: "title", label: "case-comment", input: Input::Area }];
}

page_form! {
    /// Marks a task as done.
    struct Done {
        item: Number<CaseItemId> = "case-item", Input::Hidden;
    }
}

page_form! {
    /// Withdraws an item.
    struct Withdraw {
        item: Number<CaseItemId> = "case-item", Input::Hidden;
        reason: Text = "common-reason", Input::Line;
    }
}

/// What happens to an exhibit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CustodyAction {
    /// It was taken to another place.
    Moved,
    /// It was worked on.
    Examined,
    /// It was given back.
    Returned,
    /// It exists no more.
    Destroyed,
}

impl CustodyAction {
    fn name(self) -> &'static str {
        match self {
            CustodyAction::Moved => "moved",
            CustodyAction::Examined => "examined",
            CustodyAction::Returned => "returned",
            CustodyAction::Destroyed => "destroyed",
        }
    }
}

page_form! {
    /// Writes into an exhibit's custody record.
    struct Custody {
        item: Number<CaseItemId> = "case-item", Input::Hidden;
        action: CustodyAction = "case-custody-action", Input::Choice(&[
            ("moved", "case-custody-moved"),
            ("examined", "case-custody-examined"),
            ("returned", "case-custody-returned"),
            ("destroyed", "case-custody-destroyed"),
        ]);
        place: Text = "case-custody-place", Input::Line;
        note: Free = "common-note", Input::Line;
    }
}

page_form! {
    /// Gives somebody a role.
    struct SetRole {
        person: Text = "case-person", Input::Line;
        role: Role = "case-role", Input::Choice(&[
            ("member", "case-role-member"),
            ("viewer", "case-role-viewer"),
            ("lead", "case-role-lead"),
        ]);
    }
}

page_form! {
    /// Removes somebody from the case.
    struct RemovePerson {
        person: Text = "case-person", Input::Line;
    }
}

page_form! {
    /// Closes the case.
    struct Close {
        reason: Text = "common-reason", Input::Line;
    }
}

page_steps! {
    /// A change of a case.
    enum CaseForm by "step" {
        "add" => Add(AddItem),
        "add_task" => AddTask(AddTask),
        "done" => Done(Done),
        "withdraw" => Withdraw(Withdraw),
        "custody" => Custody(Custody),
        "member" => Member(SetRole),
        "remove" => Remove(RemovePerson),
        "close" => Close(Close),
        "reopen" => Reopen(Nothing),
    }
}

impl CaseForm {
    /// The part of the page where what was changed stands.
    fn part(&self) -> &'static str {
        match self {
            CaseForm::Add(f) if f.kind == ItemKind::Note => "#log",
            CaseForm::Add(f) if f.kind == ItemKind::Request => "#requests",
            CaseForm::AddTask(_) | CaseForm::Done(_) => "#tasks",
            CaseForm::Custody(_) => "#evidence",
            _ => "",
        }
    }
}

impl From<CaseForm> for CaseStep {
    fn from(form: CaseForm) -> Self {
        let add = |kind, key, title, assignee, due| CaseStep::Add {
            kind,
            key,
            title,
            body: serde_json::Value::Null,
            happened: None,
            assignee,
            due,
        };
        match form {
            CaseForm::Add(f) => add(f.kind, f.key.0, f.title.0, None, None),
            CaseForm::AddTask(f) => {
                add(ItemKind::Task, String::new(), f.title.0, f.assignee.text(), f.due.0.map(|d| d.0))
            }
            CaseForm::Done(f) => CaseStep::Done { item: f.item.0 },
            CaseForm::Withdraw(f) => CaseStep::Withdraw { item: f.item.0, reason: f.reason.0 },
            CaseForm::Custody(f) => {
                CaseStep::Custody { item: f.item.0, action: f.action.name().into(), place: f.place.0, note: f.note.0 }
            }
            CaseForm::Member(f) => CaseStep::Member { person: f.person.0, role: Some(f.role) },
            CaseForm::Remove(f) => CaseStep::Member { person: f.person.0, role: None },
            CaseForm::Close(f) => CaseStep::Close { reason: f.reason.0 },
            CaseForm::Reopen(_) => CaseStep::Reopen {},
        }
    }
}

page_form! {
    /// Drafts a report to an authority.
    struct DraftReport {
        kind: Kind = "case-report-kind", Input::Choice(&[
            ("goaml", "case-report-goaml"),
            ("fincen-sar", "case-report-fincen"),
        ]);
        name: Free = "case-report-name", Input::Line;
        entity_id: Opt<Number<u32>> = "case-report-entity", Input::Of("number");
        branch: Free = "case-report-branch", Input::Line;
        tax_number: Free = "case-report-tax", Input::Line;
        control_code: Free = "case-report-control", Input::Line;
        address: Free = "case-report-street", Input::Line;
        city: Free = "case-report-city", Input::Line;
        state: Free = "case-report-state", Input::Line;
        postal_code: Free = "case-report-postal", Input::Line;
        country: Free = "common-country", Input::Line;
        phone: Free = "case-report-phone", Input::Line;
        currency: Free = "case-report-currency", Input::Line;
        officer_first_name: Free = "case-report-first-name", Input::Line;
        officer_last_name: Free = "case-report-last-name", Input::Line;
    }
}

impl From<DraftReport> for Filer {
    fn from(form: DraftReport) -> Self {
        Filer {
            name: form.name.0,
            entity_id: form.entity_id.0.map_or(0, |n| n.0),
            branch: form.branch.0,
            tax_number: form.tax_number.0,
            control_code: form.control_code.0,
            address: form.address.0,
            city: form.city.0,
            state: form.state.0,
            postal_code: form.postal_code.0,
            country: form.country.0,
            phone: form.phone.0,
            currency: form.currency.0,
            officer_first_name: form.officer_first_name.0,
            officer_last_name: form.officer_last_name.0,
        }
    }
}

/// Shows a case.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<CaseId>,
) -> Page {
    let p = person(&caller);
    let (file, reports, named, done) = run_blocking(move || {
        let d = shared.cases();
        let file = d.case(id, &shared.chains.all(), &p)?;
        let (finder, mut pages) = (Finder { chains: &shared.chains, clearance }, Pages::default());
        for item in &file.items {
            match item.kind.as_str() {
                "address" => pages.add_address(finder, None, &item.key),
                "transaction" => pages.add_tx(finder, None, &item.key),
                _ => {}
            }
        }
        let named: Vec<_> = file.items.iter().filter_map(|i| Some((thing(&i.kind)?, i.key.clone()))).collect();
        let stored = named::stored(&shared.screening, &named)?;
        let filter =
            Filter { subject: Some(format!("case:{id}")), without: Some("case.read".into()), ..Filter::default() };
        let mut entries = shared.screening.find_audit(&filter, 0, MAX_LOG + 1)?;
        let is_cut = entries.len() > MAX_LOG;
        entries.truncate(MAX_LOG);
        entries.reverse();
        Ok((file, d.reports(id, &p)?, Named { pages, stored }, Log { entries, is_cut }))
    })
    .await?;
    let links = Links(&frame);
    let to = format!("/desk/cases/{id}");
    let view = View { file: &file, to: &to, links, named: &named, frame: &frame };
    let body = html! {
        link rel="stylesheet" href=[holdfast_assets::path("workbench.css")];
        div.case {
            (view.head())
            @if frame.may("desk") { (steps(file.case.state == CaseState::Open, &to)) }
            (view.tabs(reports.len()))
            section.tab #overview { (view.overview()) }
            section.tab #graphs { (view.graphs()) }
            section.tab #timeline { h2 { (t!("case-timeline")) } ol { @for m in &file.timeline { li { (time(m.time)) " " (m.what) } } } }
            section.tab #evidence { (view.part("case-exhibits", &["exhibit"], "case-no-exhibit")) }
            section.tab #tasks { (view.part("case-tasks", &["task"], "case-no-task")) }
            section.tab #requests { (view.part("nav-requests", &["request"], "case-no-request")) }
            section.tab #reports { (report_list(&reports, &to, &frame)) }
            section.tab #log { (view.comments()) (log(&done)) (Links(&frame).history(&format!("case:{}", id.number()))) }
        }
    };
    Ok(frame.desk(&t!("case-title", id = id.number(), title = file.case.title.as_str()), "/desk/cases", body))
}

/// Kinds of items that have a part of the page of their own.
const APART: [&str; 6] = ["exhibit", "task", "request", "note", "trace", "graph"];

/// A case as its page shows it.
struct View<'a> {
    file: &'a CaseFile,
    to: &'a str,
    links: Links<'a>,
    named: &'a Named,
    frame: &'a Frame,
}

impl View<'_> {
    fn of(&self, kinds: &[&str]) -> Vec<&Item> {
        self.file.items.iter().filter(|item| kinds.contains(&item.kind.as_str())).collect()
    }

    fn head(&self) -> Markup {
        let c = &self.file.case;
        let person = |m: &Member| format!("{} ({})", m.person, word(&m.role));
        let people = self.file.members.iter().map(person).collect::<Vec<_>>().join(", ");
        html! {
            p.note {
                (word(c.state)) ", " (rich!("desk-case-opened-by", time = time(c.created), person = c.created_by)) "; "
                (t!("case-people", people = people))
                @if let Some(t) = &c.typology { "; " (t!("common-typology")) ": " (word(t)) }
                @if let Some(time_closed) = c.closed { "; " (t!("alerts-closed")) " " (time(time_closed)) @if let Some(why) = &c.closed_reason { ": " (why) } }
            }
            p { a href={"/api/v1/desk/cases/" (c.id) "/report.pdf"} { (t!("case-pdf")) } }
            (self.links.explorer("case", &c.id.to_string()))
        }
    }

    /// The parts of the page, each with how much is in it. Without a fragment the first is shown; on paper all are.
    fn tabs(&self, reports: usize) -> Markup {
        let count = |kinds: &[&str]| self.of(kinds).len();
        let waiting = self.of(&["task"]).iter().filter(|task| task.done.is_none() && task.withdrawn.is_none()).count();
        let parts = [
            ("overview", "case-overview", self.file.items.iter().filter(|i| !APART.contains(&i.kind.as_str())).count()),
            ("graphs", "case-graphs", count(&["graph", "trace"])),
            ("timeline", "case-timeline", self.file.timeline.len()),
            ("evidence", "case-exhibits", count(&["exhibit"])),
            ("tasks", "case-tasks", waiting),
            ("requests", "nav-requests", count(&["request"])),
            ("reports", "case-reports", reports),
            ("log", "case-log", count(&["note"])),
        ];
        html! { nav.tabs aria-label=(t!("case-parts")) { @for (id, key, n) in parts {
            a href={"#" (id)} { (t!(key)) @if n > 0 { " " span.count { (n) } } } " "
        } } }
    }

    fn table(&self, list: &[&Item]) -> Markup {
        let open = self.file.case.state == CaseState::Open && self.frame.may("desk");
        let heads = [T("common-kind"), T("case-item"), T("case-added"), Bare];
        table(&heads, list, |i| {
            html! { tr class=[i.withdrawn.as_ref().map(|_| "struck")] {
                td { (word(&i.kind)) }
                td { (item(i, self.file.case.id, self.links, self.named)) }
                td { (rich!("common-time-by", time = time(i.created), person = i.created_by)) }
                td { @if open && i.withdrawn.is_none() { (item_steps(i, self.to)) } }
            } }
        })
    }

    /// Items of some kinds under a heading.
    fn part(&self, title: &'static str, kinds: &[&str], empty: &'static str) -> Markup {
        let list = self.of(kinds);
        html! { h2 { (t!(title)) } @if list.is_empty() { (none(&t!(empty))) } @else { (self.table(&list)) } }
    }

    fn overview(&self) -> Markup {
        let file = self.file;
        let list: Vec<&Item> = file.items.iter().filter(|i| !APART.contains(&i.kind.as_str())).collect();
        html! {
            h2 { (t!("case-overview")) }
            @if !file.case.summary.is_empty() { p { (file.case.summary) } }
            @if list.is_empty() { (none(&t!("case-no-item"))) } @else { (self.table(&list)) }
            @if !file.links.is_empty() {
                h3 { (t!("case-links")) }
                ul { @for l in &file.links { li {
                    // Whoever is not on the other case cannot open it.
                    @match &l.title {
                        Some(title) => a href={"/desk/cases/" (l.case)} { (t!("case-link", id = l.case.number())) ": " (title) },
                        None => (t!("case-link", id = l.case.number())),
                    }
                    " " (t!("case-shares", what = l.because.join("; ")))
                } } }
            }
            @if !file.coverage.is_empty() { p.note { (t!("case-coverage", chains = chains_text(&file.coverage))) } }
            @if !file.uncovered.is_empty() { p.note.long { (t!("case-uncovered", addresses = file.uncovered.join(", "))) } }
        }
    }

    /// Saved graphs and traces; traces with their pictures.
    fn graphs(&self) -> Markup {
        let list = self.of(&["graph", "trace"]);
        html! {
            h2 { (t!("case-graphs")) }
            @if list.is_empty() { (none(&t!("case-no-graph"))) } @else { (self.table(&list)) }
            // Versions before the newest are struck out.
            @for saved in list.iter().filter(|item| item.withdrawn.is_none()) {
                @if saved.kind == "graph" { (self.graph(saved)) }
                @else if let Some(svg) = trace_svg(&saved.body) {
                    h3 { (t!("case-trace-of", subject = saved.key.as_str())) }
                    div.graph tabindex="0" { (PreEscaped(svg)) }
                }
            }
        }
    }

    /// The picture of a saved graph, which leads to the explorer.
    fn graph(&self, saved: &Item) -> Markup {
        let name = if saved.title.is_empty() { saved.key.as_str() } else { saved.title.as_str() };
        html! {
            h3 { (t!("case-graph-of", name = name)) }
            @match graph_picture(&saved.body) {
                Some(picture) => {
                    @let (nodes, edges) = picture.counts();
                    @let said = t!("case-graph-said", name = name, nodes = nodes, edges = edges);
                    div.graph tabindex="0" role="group" aria-label=(said) { (PreEscaped(picture.svg(&said))) }
                },
                None => p.note { (t!("case-graph-unpictured")) },
            }
        }
    }

    fn comments(&self) -> Markup {
        let open = self.file.case.state == CaseState::Open && self.frame.may("desk");
        html! {
            h2 { (t!("case-comments")) }
            @for note in self.of(&["note"]) { div.comment.struck[note.withdrawn.is_some()] {
                p { strong { (note.created_by) } " " (time(note.created)) br; (note.title) @if let Some(why) = &note.withdrawn { " (" (why) ")" } }
                @if open && note.withdrawn.is_none() { (item_steps(note, self.to)) }
            } }
            @if open { (form_of::<AddComment>(self.to, &[("step", "add"), ("kind", "note"), ("key", "")], "alert-comment")) }
        }
    }
}

/// The latest of what was done with the case, the latest last.
struct Log {
    entries: Vec<Entry>,
    /// Whether there are older ones.
    is_cut: bool,
}

/// What was done with the case, as the audit log has it; who read it is there only.
fn log(done: &Log) -> Markup {
    let heads = [T("common-time"), T("common-by-whom"), T("case-action")];
    html! {
        h2 { (t!("case-log")) }
        @if done.is_cut { p.note { (t!("case-log-cut", n = MAX_LOG)) } }
        (table(&heads, &done.entries, |entry| html! { tr { td { (time(entry.time)) } td { (entry.actor) } td { (word(entry.action.replace('.', " "))) } } }))
    }
}

/// What the items of a case name: addresses and transactions with their pages, and things of the desk that are stored.
struct Named {
    pages: Pages,
    stored: BTreeSet<(Thing, String)>,
}

/// The thing of the desk that items of a kind name.
fn thing(kind: &str) -> Option<Thing> {
    match kind {
        "subject" => Some(Thing::Customer),
        "request" => Some(Thing::Request),
        "alert" => Some(Thing::Alert),
        "hold" => Some(Thing::Hold),
        "event" => Some(Thing::Event),
        _ => None,
    }
}

/// What an item is, with links to it.
fn item(i: &Item, case: CaseId, links: Links<'_>, named: &Named) -> Markup {
    let graph = || html! { @if let Some(to) = named.pages.explorer(&i.key) { a href=(to) { (t!("common-graph")) } } };
    html! {
        @match i.kind.as_str() {
            "address" => { (named.pages.address(&i.key)) " " (graph()) }
            "transaction" => { (named.pages.tx(&i.key)) " " (graph()) }
            "graph" => { a href={"/desk/graph?case=" (case) "&item=" (i.id)} { (t!("case-open-graph", subject = i.key.as_str())) } }
            "exhibit" => { a href={"/api/v1/desk/cases/" (case) "/exhibits/" (i.title)} { (i.title) } " " span.hash { (i.key) } }
            kind => { @match thing(kind) {
                Some(thing) => (links.named(thing, &i.key, &named.stored)),
                None => span.hash { (i.key) },
            } }
        }
        @if i.kind != "exhibit" { " " (i.title) }
        @if let Some(t) = i.happened { " " span.note { (rich!("case-happened", time = time(t))) } }
        @if i.kind == "task" { " " span.note {
            @match &i.assignee { Some(name) => (name), None => (t!("common-nobody")) }
            @match (i.done, i.due) {
                (Some(t), _) => { ", " (rich!("case-done-at", time = time(t))) }
                (None, Some(due)) => { ", " (rich!("case-due-at", time = time(due))) }
                (None, None) => {}
            }
        } }
        @if i.kind == "trace" { ul { @for line in holdfast_cases::case::trace_lines(&i.body).iter().take(5) { li.note { (line) } } } }
        @for x in &i.custody { br; span.note {
            (rich!("case-custody-entry", time = time(x.time), action = word(&x.action), person = x.person, place = x.place)) ": " (x.note)
        } }
        @if let Some(why) = &i.withdrawn { " (" (why) ")" }
    }
}

fn item_steps(i: &Item, to: &str) -> Markup {
    let number = i.id.to_string();
    let hidden = |step| [("step", step), ("item", number.as_str())];
    html! {
        @if i.kind == "task" && i.done.is_none() { (form_of::<Done>(to, &hidden("done"), "case-done")) }
        @if i.kind == "exhibit" { details {
            summary { (t!("case-custody")) } (form_of::<Custody>(to, &hidden("custody"), "common-save"))
        } }
        details { summary { (t!("common-withdraw")) } (form_of::<Withdraw>(to, &hidden("withdraw"), "common-withdraw")) }
    }
}

/// One menu for all that can be added or changed: one form is open at a time.
fn steps(open: bool, to: &str) -> Markup {
    let form = |key: &'static str, form: Markup| html! { details name="add" { summary { (t!(key)) } (form) } };
    html! { @if open { details.add-menu {
        summary { "+ " (t!("common-add")) }
        div {
            (form("case-add-item", form_of::<AddItem>(to, &[("step", "add")], "common-add")))
            (form("case-add-task", form_of::<AddTask>(to, &[("step", "add_task")], "case-add-task")))
            (form("case-add-exhibit", file_form::<AddExhibit>(&format!("{to}/exhibits"), "case-add-exhibit")))
            (form("case-scan", html! {
                (file_form::<Scan>(&format!("{to}/evidence"), "case-scan"))
                p.note { (rich!("case-upload-note",
                    command = html! { code { "holdfast evidence scan" } }, guide = html! { a href="/field-guide" { (t!("nav-field-guide")) } })) }
            }))
            (form("case-set-role", form_of::<SetRole>(to, &[("step", "member")], "common-save")))
            (form("case-remove-person", form_of::<RemovePerson>(to, &[("step", "remove")], "case-remove-person")))
            (form("case-close", form_of::<Close>(to, &[("step", "close")], "case-close")))
        }
    } } @else { (form_of::<Nothing>(to, &[("step", "reopen")], "case-reopen")) } }
}

fn report_list(reports: &[Report], to: &str, frame: &Frame) -> Markup {
    html! {
        h2 { (t!("case-reports")) }
        @if reports.is_empty() { (none(&t!("case-no-reports"))) }
        ul { @for r in reports { li {
            (t!("case-report", kind = word(r.kind.name()), id = r.id.number(), version = r.version, state = word(r.state.as_ref()), person = r.created_by.as_str()))
            @if let Some(by) = &r.approved_by { ", " (t!("request-approved-by")) " " (by) }
            @if r.state != ReportState::Draft { @if frame.may("desk") {
                form.step method="post" action={"/api/v1" (to) "/reports/" (r.id) "/export"} { button type="submit" { (t!("case-report-export")) } }
            } } @else if frame.may("approve") {
                (form_of::<Nothing>(&format!("{to}/reports/{}/approve", r.id), &[], "common-approve"))
            }
            details { summary { (t!("case-narrative")) } p { (r.body.narrative) } }
        } } }
        @if frame.may("desk") { details {
            summary { (t!("case-draft-report")) } (form_of::<DraftReport>(&format!("{to}/report"), &[], "case-draft"))
        } }
    }
}

/// Changes a case.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    Fields(form): Fields<CaseForm>,
) -> Answer {
    let who = person(&caller);
    let part = form.part();
    run_blocking(move || Ok(shared.cases().change_case(id, form.into(), &who)?)).await?;
    Ok(back(format!("/desk/cases/{id}{part}")))
}

/// Drafts a report.
pub(crate) async fn draft_report(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CaseId>,
    Fields(form): Fields<DraftReport>,
) -> Answer {
    let (kind, who) = (form.kind, person(&caller));
    run_blocking(move || Ok(shared.cases().draft_report(id, kind, form.into(), &who)?))
        .await
        .map_err(DraftReport::explain)?;
    Ok(back(format!("/desk/cases/{id}#reports")))
}

/// Approves a report.
pub(crate) async fn approve_report(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, report)): Path<(CaseId, ReportId)>,
) -> Answer {
    let who = person(&caller);
    run_blocking(move || Ok(shared.cases().approve_report(id, report, &who)?)).await?;
    Ok(back(format!("/desk/cases/{id}#reports")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_page::forms::FromForm;
    use holdfast_types::Timestamp;

    fn read(body: &str) -> CaseStep {
        CaseForm::from_form(body.as_bytes()).unwrap().into()
    }

    #[test]
    fn forms_are_steps_of_a_case() {
        let CaseStep::Add { kind, key, due, .. } = read("step=add&kind=address&key=1abc&title=") else { panic!() };
        assert_eq!((kind, key.as_str(), due), (ItemKind::Address, "1abc", None));
        let CaseStep::Add { kind, due, assignee, .. } = read("step=add_task&title=T&assignee=bo&due=2026-09-21") else {
            panic!()
        };
        assert_eq!(
            (kind, due, assignee.as_deref()),
            (ItemKind::Task, Some(Timestamp::from_unix(1_789_948_800)), Some("bo"))
        );
        assert_eq!(read("step=remove&person=bo"), CaseStep::Member { person: "bo".into(), role: None });
        let e = CaseForm::from_form(b"step=done&item=first").unwrap_err();
        assert_eq!(e.message, format!("{}: {}", t!("case-item"), t!("form-no-number", text = "first")));
    }

    #[test]
    fn every_choice_of_the_forms_is_a_value() {
        for (form, fixed) in [
            (AddItem::FIELDS, "step=add"),
            (Custody::FIELDS, "step=custody&item=1&place=p"),
            (SetRole::FIELDS, "step=member&person=p"),
        ] {
            for field in form {
                let Input::Choice(values) = field.input else { continue };
                for (value, _) in values {
                    read(&format!("{fixed}&{}={value}", field.name));
                }
            }
        }
        let e = DraftReport::from_form(b"kind=goaml&entity_id=x").unwrap_err();
        assert!(e.message.starts_with(&t!("case-report-entity")), "{}", e.message);
        assert!(DraftReport::from_form(b"kind=fincen-sar&entity_id=").is_ok());
    }
}
