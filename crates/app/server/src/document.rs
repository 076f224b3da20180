//! The OpenAPI document: the operations of all routes, what each may be refused with, and how callers prove who they are.

use holdfast_api_investigation::chain::SanctionsAnswer;
use holdfast_state::routes::operations;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Object, Ref, Response};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Holdfast",
        description = "The open investigations desk of a crypto exchange. Amounts are integers in base units."
    ),
    // No operation names it: the path of an address answers in two shapes.
    components(schemas(SanctionsAnswer))
)]
struct Document;

/// Refusals of every operation, in addition to those that it documents itself.
const REFUSALS: [(&str, &str); 6] = [
    ("400", "The request is wrong; the answer names the field and the correction"),
    ("401", "No key in force was sent"),
    ("403", "The key lacks the scope"),
    ("413", "The body is too large"),
    ("429", "The key sent too many requests; Retry-After is the number of seconds to wait"),
    ("503", "Too busy, or not stored; try again"),
];

fn add_refusals(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        // Probes are answered whoever they are.
        if path.starts_with("/health/") {
            continue;
        }
        let content = match path.starts_with("/api/v1/") {
            true => Content::new(Some(Ref::from_schema_name("ErrorBody"))),
            false => Content::new(Some(Object::new())),
        };
        for (_, operation) in operations(item) {
            for (status, words) in REFUSALS {
                let refusal =
                    Response::builder().description(words).content("application/json", content.clone()).build();
                operation.responses.responses.entry(status.to_owned()).or_insert(refusal.into());
            }
        }
    }
}

/// How callers authenticate: scheme and description. Scopes are stated at the operations.
fn schemes() -> [(&'static str, SecurityScheme); 4] {
    let bearer = |words: &str| {
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build())
    };
    let signature = ApiKeyValue::with_description(
        "x-access-key",
        "Public part of a key, with x-access-sign and x-access-timestamp, as Elliptic's clients send them. One of the scopes is needed.",
    );
    [
        (
            "key",
            bearer(
                "A key of the desk (hf_...); also as user name (Basic), or in the header X-API-Key or Token. One of the scopes is needed.",
            ),
        ),
        ("signature", SecurityScheme::ApiKey(ApiKey::Header(signature))),
        ("officer", bearer("An officer's session at the portal.")),
        ("learner", bearer("A learner's key (hl_...).")),
    ]
}

/// Returns the whole document of what routes document.
#[must_use]
pub fn complete(operations: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    document.merge(operations);
    add_refusals(&mut document);
    let components = document.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.add_security_scheme(name, scheme);
    }
    document
}
