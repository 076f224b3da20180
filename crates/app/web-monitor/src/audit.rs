//! The audit log with its filters, the state of its chain, and its entries as CSV; the links of other pages to what was done with a thing lead here.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use holdfast_audit::{Entry, Filter};
use holdfast_input::time::parse_date;
use holdfast_monitor::statistics::disarmed;
use holdfast_page::components::{N, PAGE_ROWS, T, listing, time};
use holdfast_page::frame::{ErrorPage, Frame, Page};
use holdfast_page::texts::{rich, t};
use holdfast_screening::audit::AuditReport;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_types::{Invalid, Seconds, Timestamp};
use maud::{Markup, html};
use serde::Deserialize;

const HERE: &str = "/desk/audit";
const REPLAY: &str = "/desk/audit/replay";
/// Most entries of a file.
const MAX_EXPORTED: usize = 100_000;
/// A file ends after so many bytes: details of entries are of any length.
const MAX_BYTES: usize = 64 << 20;

/// Which entries a page shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AuditForm {
    actor: String,
    action: String,
    subject: String,
    from: String,
    to: String,
    /// Number of the entry behind which the page begins.
    after: u64,
    /// Whether the whole log is verified.
    verify: Option<String>,
}

impl AuditForm {
    fn filter(&self) -> Result<Filter, Invalid> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = |field: &str, text: &str| {
            given(text).map(|t| parse_date(&t).map_err(|e| Invalid::new(field, e.to_string()))).transpose()
        };
        Ok(Filter {
            actor: given(&self.actor),
            action: given(&self.action),
            subject: given(&self.subject),
            without: None,
            since: day("from", &self.from)?,
            until: day("to", &self.to)?.map(|day: Timestamp| day + Seconds::DAY),
        })
    }

    /// The query of the same filter, with further pairs.
    fn query(&self, further: &[(&str, &str)]) -> String {
        let own = [
            ("actor", &self.actor),
            ("action", &self.action),
            ("subject", &self.subject),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let own = own.into_iter().map(|(name, value)| (name, value.trim())).filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(own).extend_pairs(further).finish()
    }
}

fn form(q: &AuditForm) -> Markup {
    html! { form.step action=(HERE) method="get" {
        label { (t!("audit-actor")) input name="actor" value=(q.actor); }
        label { (t!("audit-action")) input name="action" value=(q.action) placeholder="hold, hold.placed"; }
        label { (t!("audit-subject")) input name="subject" value=(q.subject) placeholder="hold:12"; }
        label { (t!("dash-from")) input type="date" name="from" value=(q.from); }
        label { (t!("dash-to")) input type="date" name="to" value=(q.to); }
        button type="submit" { (t!("common-show")) }
    } }
}

/// The head of the chain, to be noted elsewhere, and what a verification found.
fn chain(head: Option<&Entry>, report: Option<&AuditReport>) -> Markup {
    html! {
        h2 { (t!("audit-chain")) }
        @match head {
            Some(head) => p { (rich!("audit-head", n = head.seq, time = time(head.time))) " " code.hash { (head.hash) } },
            None => p.note { (t!("audit-none")) },
        }
        @match report {
            Some(report) if report.problems.is_empty() => p role="status" { (t!("audit-verified", n = report.entries)) },
            Some(report) => div.error role="alert" { p { (t!("audit-broken")) } ul { @for problem in report.problems.iter().take(50) { li { (problem) } } } },
            None => p.ways { a href={(HERE) "?verify=all"} { (t!("audit-verify")) } a href=(REPLAY) { (t!("replay-link")) } },
        }
    }
}

/// Shows the audit log, newest entries first.
pub(crate) async fn list(State(shared): State<AppState>, frame: Frame, Query(q): Query<AuditForm>) -> Page {
    let filter = q.filter().map_err(ApiError::from)?;
    let (after, verify) = (q.after, q.verify.is_some());
    let (entries, head, report) = run_blocking(move || {
        let screening = &shared.screening;
        let head = screening.newest_audit(0, 1)?.into_iter().next();
        let report = verify.then(|| screening.verify_anchored(None, shared.anchors.as_deref(), None)).transpose()?;
        Ok((screening.find_audit(&filter, after, PAGE_ROWS)?, head, report))
    })
    .await?;
    let heads = [
        N("audit-entry"),
        T("common-time"),
        T("audit-actor"),
        T("audit-action"),
        T("audit-subject"),
        T("audit-detail"),
    ];
    let only = |form: AuditForm| format!("{HERE}?{}", form.query(&[]));
    let row = |e: &Entry| {
        html! { tr {
            td.n { (e.seq) }
            td { (time(e.time)) }
            td { a href=(only(AuditForm { actor: e.actor.clone(), ..AuditForm::default() })) { (e.actor) } }
            td { a href=(only(AuditForm { action: e.action.clone(), ..AuditForm::default() })) { (e.action) } }
            td { a.long href=(only(AuditForm { subject: e.subject.clone(), ..AuditForm::default() })) { (e.subject) } }
            td { @if e.detail != "{}" { details { summary { (t!("audit-detail")) } code.long { (e.detail) } } } }
        } }
    };
    let next = entries.last().filter(|_| entries.len() >= PAGE_ROWS).map(|e| e.seq.to_string());
    let body = html! {
        (chain(head.as_ref(), report.as_ref()))
        h2 { (t!("audit-entries")) }
        (form(&q))
        (listing(&heads, &entries, "audit-no-entry", row))
        p {
            @if let Some(next) = next { a href={(HERE) "?" (q.query(&[("after", &next)]))} { (t!("common-next-page")) } " " }
            a href={(HERE) "/csv?" (q.query(&[]))} download { "CSV" }
        }
    };
    Ok(frame.desk(&t!("nav-audit"), HERE, body))
}

/// A field of CSV.
fn field(text: &str) -> String {
    format!("\"{}\"", disarmed(text).replace('"', "\"\""))
}

/// Returns the newest entries of a filter as CSV, with their hashes: whoever has the entries between can compute them again.
pub(crate) async fn csv(State(shared): State<AppState>, Query(q): Query<AuditForm>) -> Result<Response, ErrorPage> {
    let filter = q.filter().map_err(ApiError::from)?;
    let text = run_blocking(move || {
        let mut out = String::from("entry,time,actor,action,subject,detail,hash\r\n");
        let (mut below, mut count) = (0, 0);
        loop {
            let part = shared.screening.find_audit(&filter, below, 1_000)?;
            let Some(last) = part.last() else { break };
            below = last.seq;
            let written = rows(&mut out, &part, MAX_BYTES);
            count += written;
            if count >= MAX_EXPORTED || written < part.len() {
                out += &format!(",,,,,{},\r\n", field(&t!("audit-cut", n = count)));
                break;
            }
            if below <= 1 {
                break;
            }
        }
        Ok(out)
    })
    .await?;
    let heads = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((heads, text).into_response())
}

/// Adds entries to a file while it has fewer bytes than `most`; returns how many.
fn rows(out: &mut String, part: &[Entry], most: usize) -> usize {
    let mut count = 0;
    for e in part {
        if out.len() >= most {
            break;
        }
        let texts = [&e.actor, &e.action, &e.subject, &e.detail, &e.hash].map(|text| field(text));
        *out += &format!("{},{},{}\r\n", e.seq, e.time.rfc3339(), texts.join(","));
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_ends_after_its_bytes() {
        let entry = Entry {
            seq: 7,
            time: Timestamp::EPOCH,
            actor: "Ana".into(),
            action: "a".into(),
            subject: "s".into(),
            detail: "x".repeat(100),
            hash: "h".into(),
        };
        let part = vec![entry; 5];
        let mut out = String::new();
        assert_eq!((rows(&mut out, &part, 150), rows(&mut out, &part, 150)), (2, 0));
        assert_eq!(out.lines().count(), 2);
        assert_eq!(rows(&mut String::new(), &part, MAX_BYTES), 5);
    }

    #[test]
    fn a_filter_is_read_and_kept() {
        let form = AuditForm { subject: "hold:12 ".into(), to: "2026-09-21".into(), ..AuditForm::default() };
        let filter = form.filter().unwrap();
        assert_eq!((filter.subject.as_deref(), filter.actor), (Some("hold:12"), None));
        assert_eq!(filter.until.map(Timestamp::rfc3339).as_deref(), Some("2026-09-22T00:00:00Z"), "the day is in it");
        assert_eq!(form.query(&[("after", "7")]), "subject=hold%3A12&to=2026-09-21&after=7");
        let wrong = AuditForm { from: "yesterday".into(), ..AuditForm::default() };
        assert_eq!(wrong.filter().unwrap_err().field, "from");
    }

    #[test]
    fn fields_of_csv_are_quoted_and_disarmed() {
        assert_eq!((field("a \"b\"").as_str(), field("=1+1").as_str()), ("\"a \"\"b\"\"\"", "\"'=1+1\""));
    }
}
