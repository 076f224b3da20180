//! Probes, metrics, and the document itself.

use holdfast_testing_app::{TestApp, on_both_apps};

on_both_apps!(probes_are_answered_and_metrics_need_a_key);

fn probes_are_answered_and_metrics_need_a_key(app: &TestApp) {
    let nobody = app.as_nobody();
    nobody.get("/health/live").success();
    let ready = nobody.get("/health/ready");
    assert!(matches!(ready.status, 200 | 503) && !ready.text().contains("reason"), "{}", ready.text());
    app.decided("w-1", "c-1");
    nobody.get("/metrics").refused(401);
    app.as_role("investigator").get("/metrics").refused(403);
    let metrics = app.as_role("monitor").get("/metrics").success().text();
    assert!(metrics.contains("# TYPE") && metrics.contains("holdfast_build_info"), "{metrics}");
    let answer = app.as_role("root").get("/api/v1/nope");
    answer.refused_with(404, "/openapi.json");
    assert!(!answer.header("x-request-id").is_empty());
}
