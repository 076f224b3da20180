//! Verifying what was handed out: bundles of traces, productions, certificates.

use axum::Json;
use axum::body::Bytes;
use holdfast_academy::certificate;
use holdfast_analysis::bundle::Verification;
use holdfast_learned::ModelSignature;
use holdfast_models::Model;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_state::routes::{CHAIN, Routes};
use serde::Serialize;
use std::time::SystemTime;
use utoipa::ToSchema;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain").add(CHAIN.file().long(), routes!(verify))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Verifies an evidence bundle (tar), a production (ZIP), a certificate (PDF or JWT) or the file of a learned model (HFM1).
pub fn verify_any(bytes: &[u8], signer: Option<&str>) -> Verification {
    if certificate::is_certificate(bytes) {
        let v = certificate::verify(bytes, signer, SystemTime::now().into());
        let about = format!("{} for {}, by {}", v.achievement, v.name, v.issuer);
        return Verification {
            passed: v.passed,
            failures: v.failures,
            claims: if v.name.is_empty() {
                Vec::new()
            } else {
                vec![about, "whether it was revoked since is not checked here".into()]
            },
            public_key: v.public_key,
            created: v.valid_from,
            headers: Vec::new(),
        };
    }
    if is_model(bytes) {
        return verify_model(bytes, None, signer);
    }
    match bytes.starts_with(b"PK") {
        true => holdfast_requests::production::verify(bytes, signer),
        false if holdfast_analysis::bundle::format_of(bytes) == Some(holdfast_explore::bundle::FORMAT) => {
            holdfast_explore::bundle::verify(bytes, signer)
        }
        false => holdfast_account_evidence::verify(bytes, signer),
    }
}

/// Whether bytes are the file of a learned model.
#[must_use]
pub fn is_model(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HFM1\n")
}

/// Reads a model's file, and the signature that came with it where there is one: its bytes must follow from its content, its trees and features fit each other, its size is bounded. What it says of its training is a
/// claim: with the table, and the same code, it can be trained again and must have the same name.
#[must_use]
pub fn verify_model(bytes: &[u8], signature: Option<&[u8]>, signer: Option<&str>) -> Verification {
    let mut found = Verification::default();
    let model = match Model::from_bytes(bytes) {
        Ok(model) => model,
        Err(e) => {
            found.failures.push(e.to_string());
            return found;
        }
    };
    let content = model.content();
    found.passed.push(format!("the file is as Holdfast writes it; it names model {}", model.hash()));
    found.passed.push(format!("{} trees over {} features", content.trees.len(), content.schema.len()));
    found.claims.push(format!("it is for {}", content.purpose));
    match &content.training {
        None => found.claims.push("it was imported: nothing says what it was trained on".to_owned()),
        Some(t) => {
            found.claims.push(format!(
                "trained on events from {} to {}, table {}, code {}; whether that gives this model was not computed again",
                t.from.rfc3339(),
                t.until.rfc3339(),
                t.table,
                t.code
            ));
            found.created = t.until.rfc3339();
        }
    }
    let Some(signature) = signature else {
        let unsigned = "no signature came with it: who made it is not known; compare its name with the registry's";
        found.claims.push(unsigned.to_owned());
        if signer.is_some() {
            found.failures.push("a signer is expected, and no signature came with the file".to_owned());
        }
        return found;
    };
    match ModelSignature::read(signature).and_then(|s| s.check(model.hash(), signer).map(|()| s)) {
        Ok(signature) => {
            found.passed.push(format!("the desk with the key {} signed it", signature.key));
            found.public_key = signature.key;
        }
        Err(e) => found.failures.push(e.to_string()),
    }
    found
}

/// Result of a verification.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifyAnswer {
    valid: bool,
    passed: Vec<String>,
    failures: Vec<String>,
    claims: Vec<String>,
    public_key: String,
    created: String,
    /// Blocks of account chains that are to be compared with a node or an explorer: nothing offline shows that they are of the canonical chain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<VerifiedHeader>,
}

/// A block whose hash was computed from its header.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedHeader {
    /// Chain, CAIP-2.
    chain: String,
    height: u64,
    /// Hash, as explorers print it.
    hash: String,
}

/// Recomputes an evidence bundle, or checks a production (decrypted), a certificate or the file of a learned model.
#[utoipa::path(post, path = "/api/v1/verify", request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The bundle, a tar file, or the production, a ZIP file"),
    responses((status = 200, body = VerifyAnswer)))]
pub async fn verify(body: Bytes) -> Answer<VerifyAnswer> {
    let v = run_blocking(move || Ok(verify_any(&body, None))).await?;
    Ok(Json(VerifyAnswer {
        valid: v.is_valid(),
        passed: v.passed,
        failures: v.failures,
        claims: v.claims,
        public_key: v.public_key,
        created: v.created,
        headers: v
            .headers
            .into_iter()
            .map(|h| VerifiedHeader { chain: h.chain, height: h.height, hash: h.hash })
            .collect(),
    }))
}
