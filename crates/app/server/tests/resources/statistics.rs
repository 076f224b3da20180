//! Statistics: numbers, windows, the dashboard and its CSV.

use holdfast_monitor::statistics::ChartName;
use holdfast_testing_app::{TestApp, on_both_apps};
use strum::VariantArray;

on_both_apps!(charts_count_what_was_decided, the_dashboard_has_every_chart_with_its_numbers);

fn charts_count_what_was_decided(app: &TestApp) {
    app.decided("w-1", "c-1");
    let ana = app.as_role("investigator");
    let chart = ana.get("/api/v1/desk/statistics/decisions").ok();
    let sum = |chart: &serde_json::Value| -> i64 {
        let rows = chart["rows"].as_array().unwrap().iter();
        rows.flat_map(|row| row["values"].as_array().unwrap()).filter_map(serde_json::Value::as_i64).sum()
    };
    assert_eq!((sum(&chart), chart["rows"].as_array().map(Vec::len)), (1, Some(30)), "{chart}");
    let day = chart["to"].as_str().unwrap();
    let one = ana.get(&format!("/api/v1/desk/statistics/decisions?from={day}&to={day}")).ok();
    assert_eq!((sum(&one), one["rows"].as_array().map(Vec::len)), (1, Some(1)));
    for name in ChartName::VARIANTS {
        ana.get(&format!("/api/v1/desk/statistics/{name}")).ok();
    }
    ana.get("/api/v1/desk/statistics/decisions?from=2020-01-01").refused_with(400, "from");
    ana.get("/api/v1/desk/statistics/decisions?to=tomorrow").refused_with(400, "to");
    ana.get("/api/v1/desk/statistics/weather").refused(400);
    app.as_role("exchange").get("/api/v1/desk/statistics/decisions").refused(403);
}

fn the_dashboard_has_every_chart_with_its_numbers(app: &TestApp) {
    app.decided("w-1", "c-1");
    let browser = app.browser().sign_in("investigator");
    let page = browser.page("/desk/dashboard").ok();
    for name in ChartName::VARIANTS {
        assert!(page.contains(&format!("id=\"chart-{name}\"")), "{name}");
        assert!(page.contains(&format!("/desk/dashboard/{name}/csv?from=")), "{name}");
    }
    assert!(page.contains("data-value=\"1\"") && !page.contains(" style="), "{page}");
    let csv = browser.page("/desk/dashboard/decisions/csv").answer;
    assert!(csv.header("content-type").starts_with("text/csv"), "{}", csv.text());
    assert!(
        csv.text().starts_with("days,allow (count),review (count),hold (count),reject (count)\r\n"),
        "{}",
        csv.text()
    );
    assert_eq!(browser.page("/desk/dashboard?from=2026-02-30").answer.status, 400);
}
