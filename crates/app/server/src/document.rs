//! The OpenAPI document.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use holdfast_analysis::TraceReport;
use holdfast_api::chain::{
    Appended, CheckAnswer, ConflictAnswer, ImportAnswer, MempoolTx, SanctionsAnswer, VerifyAnswer,
};
use holdfast_api::error::{ApiError, ErrorBody};
use holdfast_workspace::{
    AddressReport, BlockReport, ExplainReport, ExposureView, Lookup, PathReport, Summary, TxReport,
};
use utoipa::openapi::{Content, Object, Ref};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Holdfast",
        description = "The open investigations desk of a crypto exchange. Amounts are integers in base units."
    ),
    paths(
        crate::health::live,
        crate::health::ready,
        crate::health::metrics,
        holdfast_api::academy::labs,
        holdfast_api::campaigns::warnings,
        holdfast_api::campaigns::warning,
        holdfast_api::campaigns::answer_warning,
        holdfast_api::campaigns::campaigns,
        holdfast_api::campaigns::draft,
        holdfast_api::campaigns::preview,
        holdfast_api::campaigns::campaign,
        holdfast_api::campaigns::people,
        holdfast_api::campaigns::start,
        holdfast_api::campaigns::end,
        holdfast_api::campaigns::effect,
        holdfast_api::campaigns::template,
        holdfast_api::campaigns::set_template,
        holdfast_api::academy::courses,
        holdfast_api::academy::add_course,
        holdfast_api::academy::course,
        holdfast_api::academy::sessions,
        holdfast_api::academy::plan_session,
        holdfast_api::academy::session,
        holdfast_api::academy::end_session,
        holdfast_api::academy::enrol,
        holdfast_api::academy::new_key,
        holdfast_api::academy::note_attendance,
        holdfast_api::academy::class,
        holdfast_api::academy::scoreboard,
        holdfast_api::academy::xapi,
        holdfast_api::academy::certify,
        holdfast_api::academy::certificate,
        holdfast_api::academy::certificate_pdf,
        holdfast_api::academy::note_feedback,
        holdfast_api::academy::revoke_certificate,
        holdfast_api::academy::programme,
        holdfast_api::academy::me,
        holdfast_api::academy::begin,
        holdfast_api::academy::attempt,
        holdfast_api::academy::answer,
        holdfast_api::academy::hint,
        holdfast_api::academy::pack,
        holdfast_api::academy::own_scoreboard,
        holdfast_api::academy::give_feedback,
        holdfast_api::academy::own_certificate,
        holdfast_api::chain::summary,
        holdfast_api::chain::address,
        holdfast_api::chain::tx,
        holdfast_api::chain::block,
        holdfast_api::chain::exposure,
        holdfast_api::chain::trace,
        holdfast_api::chain::bundle,
        holdfast_api::chain::paths,
        holdfast_api::chain::explain,
        holdfast_api::chain::verify,
        holdfast_api::chain::import_tags,
        holdfast_api::chain::remove_tags,
        holdfast_api::chain::recluster,
        holdfast_api::chain::rebuild_exposures,
        holdfast_api::chain::conflicts,
        holdfast_api::chain::append_block,
        holdfast_api::chain::check,
        holdfast_api::chain::mempool,
        holdfast_api::screening::decide,
        holdfast_api::screening::event,
        holdfast_api::screening::events,
        holdfast_api::screening::complete,
        holdfast_api::screening::ingest,
        holdfast_api::screening::holds,
        holdfast_api::screening::place_hold,
        holdfast_api::screening::release_hold,
        holdfast_api::screening::check_holds,
        holdfast_api::screening::alerts,
        holdfast_api::screening::alert,
        holdfast_api::screening::act_on_alert,
        holdfast_api::screening::rules,
        holdfast_api::screening::apply_rules,
        holdfast_api::screening::try_rules,
        holdfast_api::screening::rule_statistics,
        holdfast_api::screening::rule_fields,
        holdfast_api::screening::set_price,
        holdfast_api::screening::rescreen,
        holdfast_api::screening::audit,
        holdfast_api::screening::verify_audit,
        holdfast_api::screening::verify_audit_by_copy,
        holdfast_api::screening::anchor_audit,
        holdfast_api::screening::clock,
        holdfast_api::screening::confirm_clock,
        holdfast_api::screening::keys,
        holdfast_api::sessions::sessions,
        holdfast_api::sessions::remove_session,
        holdfast_api::screening::people,
        holdfast_api::screening::set_person,
        holdfast_api::screening::create_key,
        holdfast_api::screening::revoke_key,
        holdfast_api::changes::changes,
        holdfast_api::changes::change,
        holdfast_api::changes::decide,
        holdfast_api::requests::policy,
        holdfast_api::requests::review_request,
        holdfast_api::requests::agencies,
        holdfast_api::requests::add_agency,
        holdfast_api::requests::requests,
        holdfast_api::requests::submit,
        holdfast_api::requests::request,
        holdfast_api::requests::matches,
        holdfast_api::requests::step,
        holdfast_api::requests::messages,
        holdfast_api::requests::message,
        holdfast_api::requests::files,
        holdfast_api::requests::file,
        holdfast_api::requests::attach,
        holdfast_api::requests::productions,
        holdfast_api::requests::produce,
        holdfast_api::requests::fetch,
        holdfast_api::portal::productions,
        holdfast_api::portal::fetch,
        holdfast_api::requests::officers,
        holdfast_api::requests::judge_officer,
        holdfast_api::cases::cases,
        holdfast_api::cases::open_case,
        holdfast_api::cases::case,
        holdfast_api::cases::change_case,
        holdfast_api::cases::exhibit,
        holdfast_api::cases::add_exhibit,
        holdfast_api::cases::scan_evidence,
        holdfast_api::cases::case_secret_key,
        holdfast_api::cases::save_trace,
        holdfast_api::cases::case_report,
        holdfast_api::cases::reports,
        holdfast_api::cases::draft_report,
        holdfast_api::cases::revise_report,
        holdfast_api::cases::approve_report,
        holdfast_api::cases::export_report,
        holdfast_api::cases::search,
        holdfast_api::cases::findings,
        holdfast_api::cases::recommendations,
        holdfast_api::cases::recommend,
        holdfast_api::cases::follow_up,
        holdfast_api::cases::transparency_report,
        holdfast_api::requests::seizures,
        holdfast_api::requests::tick,
        holdfast_api::portal::code,
        holdfast_api::portal::prove,
        holdfast_api::portal::enrol,
        holdfast_api::portal::factor,
        holdfast_api::portal::passkeys,
        holdfast_api::portal::passkey_begin,
        holdfast_api::portal::passkey_register,
        holdfast_api::portal::passkey_remove,
        holdfast_api::portal::passkey_challenge,
        holdfast_api::portal::passkey_enter,
        holdfast_api::portal::me,
        holdfast_api::portal::recipients,
        holdfast_api::portal::requests,
        holdfast_api::portal::send,
        holdfast_api::portal::request,
        holdfast_api::portal::message,
        holdfast_api::portal::attach,
        holdfast_api::sharing::communities,
        holdfast_api::sharing::open_community,
        holdfast_api::sharing::members,
        holdfast_api::sharing::add_member,
        holdfast_api::sharing::suspend_member,
        holdfast_api::sharing::objects,
        holdfast_api::sharing::share,
        holdfast_api::sharing::sources,
        holdfast_api::sharing::add_source,
        holdfast_api::sharing::imported,
        holdfast_api::sharing::read_source,
        holdfast_api::sharing::withdraw_source,
        holdfast_api::sharing::discover,
        holdfast_api::sharing::flags,
        holdfast_api::sharing::raise_flag,
        holdfast_api::sharing::move_flag,
        holdfast_api::sharing::standings,
        holdfast_api::sharing::tag_pack,
        holdfast_api::sharing::misp,
        holdfast_api::sharing::offer_matching,
        holdfast_api::sharing::matchings,
        holdfast_api::sharing::matching_values,
        holdfast_api::sharing::answer_matching,
        holdfast_api::screening::webhooks,
        holdfast_api::screening::add_webhook,
        holdfast_api::screening::remove_webhook,
        holdfast_api::screening::providers,
        holdfast_api::screening::ask_providers,
        holdfast_api::compat::elliptic_wallet,
        holdfast_api::compat::elliptic_analysis,
        holdfast_api::compat::elliptic_stored,
        holdfast_api::compat::kyt_transfer,
        holdfast_api::compat::kyt_attempt,
        holdfast_api::compat::kyt_summary,
        holdfast_api::compat::kyt_part,
        holdfast_api::compat::kyt_categories,
        holdfast_api::compat::trm_addresses,
        holdfast_api::chain::search
    ),
    modifiers(&Refusals),
    components(schemas(
        AddressReport,
        BlockReport,
        ErrorBody,
        Lookup,
        ExplainReport,
        ExposureView,
        PathReport,
        Summary,
        TraceReport,
        TxReport,
        MempoolTx,
        SanctionsAnswer,
        Appended,
        CheckAnswer,
        ImportAnswer,
        ConflictAnswer,
        VerifyAnswer
    ))
)]
struct Document;

/// What every operation may answer besides what it says itself: a request that is wrong, unknown, not allowed, or too much.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            // Probes are answered whoever they are.
            if path.starts_with("/health/") {
                continue;
            }
            let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
            for operation in all.into_iter().flatten() {
                let refusals = [
                    ("400", "The request is wrong; the answer says what and how to mend it"),
                    ("401", "No key in force was sent"),
                    ("403", "The key lacks the scope"),
                    ("413", "The body is too large"),
                    ("429", "The key has asked too often; Retry-After says how many seconds to wait"),
                    ("503", "Too busy, or not stored; try again"),
                ];
                for (status, words) in refusals {
                    let content = match path.starts_with("/api/v1/") {
                        true => Content::new(Some(Ref::from_schema_name("ErrorBody"))),
                        false => Content::new(Some(Object::new())),
                    };
                    let refusal = utoipa::openapi::Response::builder()
                        .description(words)
                        .content("application/json", content)
                        .build();
                    operation.responses.responses.entry(status.to_owned()).or_insert(refusal.into());
                }
            }
        }
    }
}

/// The OpenAPI document.
pub async fn openapi() -> Response {
    let document = Document::openapi().to_json();
    match document {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(e) => ApiError::internal(e.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_every_route() {
        let document = Document::openapi();
        assert!(document.paths.paths.len() >= 15);
        assert!(document.to_json().unwrap().contains("/api/v1/trace/bundle"));
    }
}
