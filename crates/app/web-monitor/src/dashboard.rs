//! The dashboard: charts of the desk's work, each with its finding in words, its numbers as a table and CSV, and links to the lists behind it.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use holdfast_api::statistics::{WindowQuery, chart};
use holdfast_monitor::statistics::{Chart, ChartName, ChartUnit, MAX_DAYS, Window};
use holdfast_page::charts::{Figure, Form, Row, Series};
use holdfast_page::components::word;
use holdfast_page::figures;
use holdfast_page::frame::{ErrorPage, Frame, Page};
use holdfast_page::texts::{find, t};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use maud::{Markup, html};
use strum::VariantArray;

const HERE: &str = "/desk/dashboard";
/// Windows that a link opens, in days.
const WINDOWS: [(i64, &str); 4] = [(7, "dash-week"), (30, "dash-month"), (90, "dash-quarter"), (365, "dash-year")];

/// How a chart stands on the page: key of its title, form, path of the list behind it.
fn shape(name: ChartName) -> (&'static str, Form, &'static str) {
    match name {
        ChartName::Decisions => ("dash-decisions", Form::Stacked, "/desk/events"),
        ChartName::Rules => ("dash-rules", Form::Bars, "/desk/rules"),
        ChartName::RuleDays => ("dash-rule-days", Form::Stacked, "/desk/rules"),
        ChartName::Alerts => ("dash-alerts", Form::Lines, "/desk/alerts"),
        ChartName::AlertAges => ("dash-ages", Form::Bars, "/desk/alerts"),
        ChartName::Outcomes => ("dash-outcomes", Form::Bars, "/desk/alerts"),
        ChartName::Precision => ("dash-precision", Form::Intervals, "/desk/rules"),
        ChartName::Times => ("dash-times", Form::Lines, "/desk/alerts"),
        ChartName::Agencies => ("dash-agencies", Form::Bars, "/desk/requests"),
        ChartName::Countries => ("dash-countries", Form::Bars, "/desk/requests"),
        ChartName::Clocks => ("dash-clocks", Form::Bars, "/desk/requests"),
        ChartName::Holds => ("dash-holds", Form::Lines, "/desk/holds"),
        ChartName::HeldAssets => ("dash-assets", Form::Bars, "/desk/holds"),
        ChartName::Money => ("dash-money", Form::Bars, "/desk/cases"),
        ChartName::People => ("dash-people", Form::Bars, "/desk/alerts"),
        ChartName::Followers => ("dash-followers", Form::Bars, "/desk/jobs"),
    }
}

/// The list behind a row: the same filter, where the list has it.
fn behind(name: ChartName, label: &str) -> Option<String> {
    let of = |path: &str, field: &str, value: &str| {
        Some(format!("{path}?{}", form_urlencoded::Serializer::new(String::new()).append_pair(field, value).finish()))
    };
    let rule = label.trim_end_matches(" (shadow)");
    match name {
        ChartName::Decisions => of("/desk/events", "day", label),
        ChartName::Rules | ChartName::Precision => of("/desk/events", "rule", rule),
        ChartName::AlertAges => of("/desk/alerts", "state", "open"),
        ChartName::Outcomes => of("/desk/alerts", "state", "closed"),
        ChartName::People if label != "nobody" => of("/desk/alerts", "assignee", label),
        ChartName::HeldAssets => of("/desk/holds", "state", "active"),
        ChartName::Clocks => of("/desk/requests", "state", "open"),
        _ => None,
    }
}

fn seconds(value: i64) -> String {
    match value {
        ..120 => t!("dash-seconds", n = value),
        120..7_200 => t!("dash-minutes", n = value / 60),
        7_200..172_800 => t!("dash-hours", n = value / 3_600),
        _ => t!("dash-days", n = value / 86_400),
    }
}

/// A number as the page's language writes it.
fn count(value: i64) -> String {
    figures::number(value)
}

fn permille(value: i64) -> String {
    figures::permille(u64::try_from(value).unwrap_or(0))
}

/// Minor units of the reference currency, in its units.
fn value(value: i64) -> String {
    figures::hundredths(value)
}

fn blocks(value: i64) -> String {
    t!("dash-blocks", n = value)
}

fn shown_by(unit: ChartUnit) -> fn(i64) -> String {
    match unit {
        ChartUnit::Count => count,
        ChartUnit::Seconds => seconds,
        ChartUnit::Permille => permille,
        ChartUnit::Value => value,
        ChartUnit::Blocks => blocks,
    }
}

/// The sum of a series.
fn sum(chart: &Chart, series: usize) -> i64 {
    chart.rows.iter().filter_map(|row| row.values.get(series).copied().flatten()).fold(0, i64::saturating_add)
}

/// The row with the largest value, and that value: of all series where they stand one on another, else of the first; none where all are nothing.
fn largest(chart: &Chart) -> Option<(&str, i64)> {
    let counted = if matches!(shape(chart.name).1, Form::Stacked) { chart.series.len() } else { 1 };
    let of = |row: &holdfast_monitor::statistics::Row| {
        row.values.iter().take(counted).copied().flatten().reduce(i64::saturating_add)
    };
    let row = chart.rows.iter().max_by_key(|row| of(row).unwrap_or(0))?;
    of(row).filter(|value| *value > 0).map(|value| (row.label.as_str(), value))
}

/// The word of a chart for a series or a row.
fn chart_word(name: &str) -> String {
    find(&format!("word-chart-{}", name.replace(' ', "-")), None).unwrap_or_else(|| word(name))
}

/// The name of a series; a rule's stays.
fn series_name(chart: &Chart, name: &str) -> String {
    match chart.name {
        ChartName::RuleDays if name != "others" => name.to_owned(),
        _ => chart_word(name),
    }
}

/// The name of a row; a rule's and a person's stay.
fn row_name(chart: &Chart, name: &str) -> String {
    let stays = match chart.name {
        ChartName::Rules | ChartName::RuleDays | ChartName::Precision => true,
        ChartName::People => name != "nobody",
        _ => false,
    };
    if stays { name.to_owned() } else { chart_word(name) }
}

/// What a chart says, in a sentence.
fn finding(chart: &Chart) -> String {
    let totals = || {
        let of = |(i, s): (usize, &holdfast_monitor::statistics::Series)| {
            format!("{} {}", series_name(chart, &s.name), shown_by(s.unit)(sum(chart, i)))
        };
        chart.series.iter().enumerate().map(of).collect::<Vec<_>>().join(", ")
    };
    let last = |series: usize| chart.rows.iter().rev().find_map(|row| row.values.get(series).copied().flatten());
    match chart.name {
        _ if chart.rows.iter().all(|row| row.values.iter().all(|v| v.unwrap_or(0) == 0)) => t!("dash-nothing"),
        ChartName::Times => match (last(0), last(1)) {
            (Some(median), Some(high)) => t!("dash-found-times", median = seconds(median), high = seconds(high)),
            _ => t!("dash-nothing"),
        },
        ChartName::Precision => {
            t!("dash-found-precision", right = count(sum(chart, 0)), wrong = count(sum(chart, 1)))
        }
        ChartName::Followers => match largest(chart) {
            Some((chain, lag)) => t!("dash-found-lag", chain = chain, lag = blocks(lag)),
            None => t!("dash-nothing"),
        },
        _ => match largest(chart) {
            Some((label, most)) => {
                let most = shown_by(chart.series.first().map_or(ChartUnit::Count, |s| s.unit))(most);
                t!("dash-found", totals = totals(), most = most, label = row_name(chart, label))
            }
            None => t!("dash-found-totals", totals = totals()),
        },
    }
}

fn figure(chart: &Chart, frame: &Frame, query: &str) -> Markup {
    let (title, form, list) = shape(chart.name);
    let row = |row: &holdfast_monitor::statistics::Row| Row {
        label: row_name(chart, &row.label),
        link: behind(chart.name, &row.label).filter(|to| frame.may_open(to)),
        values: row.values.clone(),
    };
    let head = match chart.rows_are {
        holdfast_monitor::statistics::ChartRows::Days => "dash-day",
        _ => "dash-what",
    };
    let figure = Figure {
        id: format!("chart-{}", chart.name),
        title: t!(title),
        finding: finding(chart),
        form,
        row_head: t!(head),
        unit: chart.series.first().map_or("count", |s| s.unit.name()),
        series: chart
            .series
            .iter()
            .map(|s| Series { name: series_name(chart, &s.name), show: shown_by(s.unit) })
            .collect(),
        rows: chart.rows.iter().map(row).collect(),
        csv: Some(format!("{HERE}/{}/csv?{query}", chart.name)),
        left_out: chart.left_out.clone(),
    };
    html! { section.chart-card {
        (figure.show())
        @if frame.may_open(list) { p { a href=(list) { (t!("dash-list")) } } }
    } }
}

/// The form for a window, and links to usual ones.
fn windows(window: Window, shared: &AppState) -> Markup {
    let usual = |days: i64| Window::last(days, shared.screening.now());
    html! {
        p.filters {
            (t!("dash-window"))
            @for (days, key) in WINDOWS {
                @let of = usual(days);
                " " a href={(HERE) "?from=" (of.first_date()) "&to=" (of.last_date())} aria-current=[(of == window).then_some("true")] { (t!(key)) }
            }
        }
        form.step action=(HERE) method="get" {
            label { (t!("dash-from")) input type="date" name="from" value=(window.first_date()); }
            label { (t!("dash-to")) input type="date" name="to" value=(window.last_date()); }
            button type="submit" { (t!("common-show")) }
        }
        p.note { (t!("dash-about", days = MAX_DAYS)) }
    }
}

/// Shows the dashboard.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Query(q): Query<WindowQuery>) -> Page {
    let window = q.window(&shared)?;
    let state = shared.clone();
    let charts = run_blocking(move || {
        ChartName::VARIANTS.iter().map(|name| chart(&state, *name, window)).collect::<Result<Vec<_>, _>>()
    })
    .await?;
    let query = format!("from={}&to={}", window.first_date(), window.last_date());
    let body = html! {
        link rel="stylesheet" href=[holdfast_assets::path("charts.css")];
        (windows(window, &shared))
        div.charts { @for chart in &charts { (figure(chart, &frame, &query)) } }
        script type="module" src=[holdfast_assets::path("charts.js")] {}
    };
    Ok(frame.desk(&t!("nav-dashboard"), HERE, body))
}

/// Returns a chart's numbers as CSV.
pub(crate) async fn csv(
    State(shared): State<AppState>,
    Path(name): Path<ChartName>,
    Query(q): Query<WindowQuery>,
) -> Result<Response, ErrorPage> {
    let window = q.window(&shared)?;
    let chart = run_blocking(move || chart(&shared, name, window)).await?;
    let file = format!("attachment; filename=\"{}-{}-{}.csv\"", chart.name, chart.from, chart.to);
    Ok((
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, file)],
        chart.csv(),
    )
        .into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_monitor::statistics::ChartRows;
    use holdfast_types::Timestamp;

    #[test]
    fn numbers_carry_their_unit() {
        assert_eq!((count(1_234_567), count(-1_000), count(999)), ("1,234,567".into(), "-1,000".into(), "999".into()));
        assert_eq!((value(123_405), permille(1_000)), ("1,234.05".into(), "100.0 %".into()));
        assert_eq!(
            behind(ChartName::Precision, "large & fast (shadow)"),
            Some("/desk/events?rule=large+%26+fast".into())
        );
    }

    #[test]
    fn a_finding_names_totals_and_the_largest() {
        let window = Window::last(2, Timestamp::from_unix(1_790_000_000));
        let series = [("allow", ChartUnit::Count), ("hold", ChartUnit::Count)];
        let mut chart = Chart::new(ChartName::Decisions, window, ChartRows::Days, &series);
        assert_eq!(finding(&chart), t!("dash-nothing"));
        for (label, allow, hold) in [("2026-09-20", 3, 1), ("2026-09-21", 8, 0)] {
            chart
                .rows
                .push(holdfast_monitor::statistics::Row { label: label.into(), values: vec![Some(allow), Some(hold)] });
        }
        let found = finding(&chart);
        assert!(found.contains("11") && found.contains("hold 1") && found.contains("2026-09-21"), "{found}");
    }
}
