//! Elliptic AML API v2: request signatures, wallet and transaction analyses, and reading Elliptic's answers.
//!
//! Formats as published in Elliptic's OpenAPI documents of the wallet and transaction analyses; signatures as its SDKs make them.

use crate::assessed::{Assessed, Coverage, coverage, percent, share_score, uuid, verdict_weight, weight};
use crate::networks;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use holdfast_decision::facts::{ProviderFact, Share, TagFact};
use holdfast_types::{ChainId, Invalid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use utoipa::ToSchema;

/// Names of the three headers of a signed request.
pub const HEADERS: [&str; 3] = ["x-access-key", "x-access-sign", "x-access-timestamp"];

/// Returns the secret that Elliptic's clients need, for a key's token. The key's public part is their access key.
pub fn secret_of(token: &str) -> String {
    STANDARD.encode(token)
}

/// Returns the signature of a request: base64 of HMAC-SHA256 under the decoded secret over timestamp (milliseconds), method, path with query in lower
/// case, and body (`{}` when there is none).
///
/// # Errors
/// [`Invalid`] when the secret is no base64.
pub fn sign(secret: &str, timestamp: &str, method: &str, path: &str, body: &str) -> Result<String, Invalid> {
    let key = STANDARD.decode(secret).map_err(|_| Invalid::new("secret", "is no base64; copy it whole"))?;
    Ok(STANDARD.encode(mac(&key, timestamp, method, path, body.as_bytes())))
}

fn mac(key: &[u8], timestamp: &str, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in [timestamp, method, &path.to_lowercase()] {
        mac.update(part.as_bytes());
    }
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

/// Returns whether a signature fits a request. Clients sign the body as they send it or with the white space between its tokens left out, and `{}`
/// for an empty one; all three are accepted.
pub fn signed(key: &[u8], timestamp: &str, method: &str, path: &str, body: &[u8], signature: &str) -> bool {
    let Ok(given) = STANDARD.decode(signature) else { return false };
    let fits = |body: &[u8]| {
        let right = mac(key, timestamp, method, path, body);
        bool::from(subtle::ConstantTimeEq::ct_eq(&*right, &*given))
    };
    fits(body) || if body.is_empty() { fits(b"{}") } else { fits(&compact(body)) }
}

/// JSON without the white space between its tokens.
fn compact(json: &[u8]) -> Vec<u8> {
    let (mut out, mut quoted, mut escaped) = (Vec::with_capacity(json.len()), false, false);
    for &byte in json {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' if !quoted => continue,
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        out.push(byte);
    }
    out
}

/// Asset and blockchain of an analysis of all that there is.
const HOLISTIC: &str = "holistic";

/// Subject of an analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EllipticSubject)]
pub struct Subject {
    /// Such as BTC, or holistic for all that the address holds.
    pub asset: String,
    /// Such as bitcoin, or holistic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blockchain: Option<String>,
    /// address or transaction.
    #[serde(rename = "type")]
    pub kind: String,
    /// The address or transaction id.
    pub hash: String,
    /// address or indices (transactions).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_type: Option<String>,
    /// The output's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_address: Option<String>,
    /// Numbers of the outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub output_indices: Option<Vec<u32>>,
    /// Log index of a token transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_index: Option<u32>,
}

impl Subject {
    /// Returns the chain that it names; none for any (`holistic`).
    ///
    /// # Errors
    /// [`Invalid`] for a blockchain that is not known.
    pub fn chain(&self) -> Result<Option<ChainId>, Invalid> {
        let named = self.blockchain.as_deref().filter(|name| !name.eq_ignore_ascii_case(HOLISTIC));
        named.map(|name| networks::chain("subject.blockchain", name)).transpose()
    }

    /// Returns the asset as events name it; none for all that the address holds (`holistic`). A ticker is that of the chain, where one is named.
    ///
    /// # Errors
    /// [`Invalid`] for a blockchain that is not known, or an asset that is not on it.
    pub fn asset_name(&self) -> Result<Option<String>, Invalid> {
        let chain = self.chain()?;
        if self.asset.eq_ignore_ascii_case(HOLISTIC) {
            return Ok(None);
        }
        match chain {
            Some(chain) => networks::asset_on(&chain, ("subject.asset", &self.asset), None).map(Some),
            None => Ok(Some(holdfast_types::asset::canonical(&self.asset))),
        }
    }
}

/// A request of an analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EllipticRequest)]
pub struct Request {
    /// Subject.
    pub subject: Subject,
    /// wallet_exposure; source_of_funds or destination_of_funds.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_reference: Option<String>,
}

impl Request {
    /// Checks the kind of request and of subject.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn validate(&self, kinds: &[&str], subject: &str) -> Result<(), Invalid> {
        if !kinds.contains(&self.kind.as_str()) {
            return Err(Invalid::new("type", format!("'{}' is none of {}", self.kind, kinds.join(", "))));
        }
        if self.subject.kind != subject {
            return Err(Invalid::new("subject.type", format!("'{}' must be {subject}", self.subject.kind)));
        }
        let mut texts = vec![("subject.hash", &self.subject.hash), ("subject.asset", &self.subject.asset)];
        texts.extend(self.customer_reference.as_ref().map(|c| ("customer_reference", c)));
        for (field, text) in texts {
            holdfast_decision::model::text_ok(field, text)?;
        }
        Ok(())
    }
}

fn usd(value: Option<f64>) -> Value {
    json!({ "usd": value })
}

fn category_id(name: &str) -> String {
    uuid(&["category", name])
}

fn entity(tag: &TagFact, primary: bool) -> Value {
    let name = tag.category.name();
    json!({
        "name": tag.label, "category": name, "category_id": category_id(name), "entity_id": uuid(&["entity", &tag.label]),
        "is_primary_entity": primary, "is_vasp": (name == "exchange").then_some(true),
        // Beyond Elliptic's own fields: where the claim can be verified.
        "source": tag.source, "confidence": tag.confidence,
    })
}

fn entities(seen: &Assessed) -> Vec<Value> {
    seen.facts.tags.iter().enumerate().map(|(i, tag)| entity(tag, i == 0)).collect()
}

/// A share as a contribution.
fn contribution(seen: &Assessed, share: &Share) -> Value {
    let name = share.category.name();
    json!({
        "entities": [{ "name": name, "category": name, "category_id": category_id(name), "is_primary_entity": true }],
        "contribution_percentage": percent(share.direct_ppm + share.indirect_ppm),
        "contribution_value": usd(seen.usd(share.direct.saturating_add(share.indirect))),
        "counterparty_percentage": percent(share.direct_ppm), "counterparty_value": usd(seen.usd(share.direct)),
        "indirect_percentage": percent(share.indirect_ppm), "indirect_value": usd(seen.usd(share.indirect)),
        "is_screened_address": false, "min_number_of_hops": if share.direct > 0 { 1 } else { 2 },
    })
}

fn contributions(seen: &Assessed, destination: bool) -> Vec<Value> {
    seen.shares(destination).into_iter().map(|s| contribution(seen, s)).collect()
}

fn evaluation(id: &str, rule: &str, score: f64, elements: Vec<Value>, behaviors: Vec<Value>) -> Value {
    let kind = if behaviors.is_empty() { "exposure" } else { "behavior" };
    json!({
        "rule_id": uuid(&["rule", rule]), "rule_name": rule, "rule_type": kind, "risk_score": score, "mc_analysis_id": id,
        "matched_elements": elements, "matched_behaviors": behaviors,
    })
}

/// Scores of each category's share, and of the address's own category.
fn evaluations(seen: &Assessed, id: &str, destination: bool) -> Vec<Value> {
    let mut list = Vec::new();
    let own = seen.facts.category;
    if weight(own.risk()) > 1.0 {
        let name = own.name();
        let element = json!({
            "category": name, "category_id": category_id(name), "contribution_percentage": 100.0, "contribution_value": usd(None),
            "counterparty_percentage": 100.0, "indirect_percentage": 0.0,
            "contributions": entities(seen).into_iter().map(|e| json!({
                "entity": e["name"], "entity_id": e["entity_id"], "contribution_percentage": 100.0, "is_screened_address": true,
                "min_number_of_hops": 0,
                "risk_triggers": { "name": e["name"], "category": e["category"], "is_sanctioned": e["category"] == "sanction", "country": [] },
            })).collect::<Vec<_>>(),
        });
        list.push(evaluation(id, &format!("{name} itself"), weight(own.risk()), vec![element], Vec::new()));
    }
    for share in seen.shares(destination).into_iter().filter(|s| weight(s.category.risk()) > 1.0) {
        let name = share.category.name();
        let mut element = contribution(seen, share);
        element["category"] = name.into();
        element["category_id"] = category_id(name).into();
        let part = json!({
            "entity": name, "entity_id": category_id(name), "contribution_percentage": element["contribution_percentage"],
            "counterparty_percentage": element["counterparty_percentage"], "indirect_percentage": element["indirect_percentage"],
            "contribution_value": element["contribution_value"], "is_screened_address": false,
            "min_number_of_hops": element["min_number_of_hops"],
        });
        element["contributions"] = json!([part]);
        list.push(evaluation(id, &format!("exposure to {name}"), share_score(share), vec![element], Vec::new()));
    }
    list
}

/// Fields of both analyses.
fn common(request: &Request, seen: &Assessed, id: &str) -> Value {
    let time = seen.time.rfc3339();
    let reference = request.customer_reference.as_deref().unwrap_or_default();
    let failed = &seen.facts.unavailable;
    let customer = (!reference.is_empty()).then(|| uuid(&["customer", reference]));
    json!({
        "id": id, "type": request.kind, "subject": request.subject,
        "customer": { "id": customer, "reference": reference },
        "created_at": time, "updated_at": time, "analysed_at": time,
        "risk_score": seen.score(),
        "error": failed.as_ref().map(|why| json!({ "message": why })),
        "process_status": if failed.is_some() { "error" } else { "complete" },
        "process_status_id": if failed.is_some() { 3 } else { 2 },
        "workflow_status": "active", "workflow_status_id": 1, "screening_source": "sync", "screening_id": id,
        "team_id": uuid(&["team"]), "analysed_by": null, "assigned_team_user": null, "changes": {}, "triggered_rules": [],
        "detected_behaviors": behaviors(seen),
    })
}

fn behaviors(seen: &Assessed) -> Vec<Value> {
    let found = seen.decision.map_or(&[][..], |d| &d.findings);
    let behavior = |f: &holdfast_decision::typology::Finding| json!({ "behavior_type": f.typology.name(), "length": f.events.len().max(1), "usd_value": f.value as f64 / 100.0, "text": f.text });
    found.iter().map(behavior).collect()
}

/// Returns the answer to `POST /v2/wallet/synchronous`.
pub fn wallet(request: &Request, seen: &Assessed) -> Value {
    let reference = request.customer_reference.as_deref().unwrap_or_default();
    let id = uuid(&["wallet", &request.subject.asset, &request.subject.hash, reference, &seen.time.unix().to_string()]);
    let mut answer = common(request, seen, &id);
    // Without a ledger of the asset only a tag on the address itself is known, and nothing of where its money came from or went.
    let full = seen.facts.ledger;
    answer["asset_tier"] = if Coverage::of(seen.facts) == Coverage::Full { "full" } else { "limited" }.into();
    answer["blockchain_info"] = json!({ "cluster": { "inflow_value": usd(None), "outflow_value": usd(None) } });
    answer["cluster_entities"] = entities(seen).into();
    let side = |to: bool| full.then(|| seen.side_score(to)).flatten();
    answer["risk_score_detail"] = json!({ "source": side(false), "destination": side(true) });
    // Beyond Elliptic's own fields.
    answer["holdfast"] = json!({ "coverage": coverage(seen.facts) });
    let sides = |make: &dyn Fn(bool) -> Vec<Value>| json!({ "source": make(false), "destination": make(true) });
    answer["evaluation_detail"] = sides(&|to| evaluations(seen, &id, to));
    answer["contributions"] = sides(&|to| contributions(seen, to));
    answer
}

/// Returns the id of the analysis of a transfer: the same request always has the same one.
pub fn analysis_id(request: &Request) -> String {
    let s = &request.subject;
    let output = match (&s.output_address, &s.output_indices, s.log_index) {
        (Some(address), ..) => address.clone(),
        (None, Some(indices), _) => format!("{indices:?}"),
        (None, None, index) => index.map(|i| i.to_string()).unwrap_or_default(),
    };
    uuid(&[
        "analysis",
        &request.kind,
        &s.asset,
        &s.hash,
        &output,
        request.customer_reference.as_deref().unwrap_or_default(),
    ])
}

/// Returns the answer to `POST /v2/analyses/synchronous`. `value` is the transfer's in US dollars.
pub fn analysis(request: &Request, seen: &Assessed, value: Option<f64>) -> Value {
    let id = analysis_id(request);
    let to = request.kind == "destination_of_funds";
    let mut answer = common(request, seen, &id);
    answer["blockchain_info"] = json!({ "transaction": { "time": seen.time.rfc3339(), "value": usd(value) } });
    let mut rules = evaluations(seen, &id, to);
    for reason in seen.reasons() {
        let behavior = json!({ "behavior_type": reason.because.join("; "), "length": 1, "usd_value": reason.value as f64 / 100.0 });
        let mut rule = evaluation(&id, &reason.title, verdict_weight(reason.decision), Vec::new(), vec![behavior]);
        rule["rule_history_id"] = uuid(&["rule", &reason.rule]).into();
        // Beyond Elliptic's own fields: the rule, its version and its action.
        rule["holdfast"] = json!({ "rule": reason.rule, "version": reason.version, "decision": reason.decision });
        rules.push(rule);
    }
    answer["evaluation_detail"] = rules.into();
    answer["contributions"] = contributions(seen, to).into();
    if let Some(decision) = seen.decision {
        answer["holdfast"] = json!({
            "decision": decision.decision, "holds": decision.holds, "alert": decision.alert, "coverage": coverage(seen.facts),
        });
    }
    answer
}

/// Reads the risk of an Elliptic answer (wallet or transaction analysis): severe from 9 on, high from 7, medium from 4, low above 0.
pub fn read(answer: &Value) -> ProviderFact {
    let cached = false;
    if answer["process_status"] == "error" {
        let detail = answer["error"]["message"].as_str().unwrap_or("the analysis failed");
        return ProviderFact { risk: None, detail: short(detail), cached };
    }
    let coverage = &answer["holdfast"]["coverage"];
    if coverage["exposure"] == false && answer["risk_score"].is_null() {
        let gaps = coverage["gaps"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let detail = match (coverage["ledger"] == false, gaps.collect::<Vec<_>>().join("; ")) {
            (true, _) => "the provider has no ledger of this asset".into(),
            (false, gaps) if gaps.is_empty() => "the provider does not know all amounts behind this address".into(),
            (false, gaps) => short(&format!("the provider does not know all of it: {gaps}")),
        };
        return ProviderFact { risk: None, detail, cached };
    }
    let score = match answer.get("risk_score") {
        Some(Value::Null) => Some(0.0),
        score => score.and_then(Value::as_f64),
    };
    let Some(score) = score else {
        return ProviderFact { risk: None, detail: "the answer has no risk_score".into(), cached };
    };
    let risk = match score {
        s if s >= 9.0 => 4,
        s if s >= 7.0 => 3,
        s if s >= 4.0 => 2,
        s if s > 0.0 => 1,
        _ => 0,
    };
    let mut words: Vec<String> = Vec::new();
    for list in [
        &answer["evaluation_detail"],
        &answer["evaluation_detail"]["source"],
        &answer["evaluation_detail"]["destination"],
    ] {
        words.extend(list.as_array().into_iter().flatten().filter_map(|r| r["rule_name"].as_str().map(str::to_owned)));
    }
    words.extend(
        answer["cluster_entities"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|e| Some(format!("{} ({})", e["name"].as_str()?, e["category"].as_str()?))),
    );
    words.dedup();
    ProviderFact { risk: Some(risk), detail: short(&format!("score {score:.2}: {}", words.join(", "))), cached }
}

/// Returns a text cut to a limit.
pub(crate) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_as_the_sdks_make_them() {
        // The signature was made with Elliptic's Python SDK 0.9.1 (elliptic.sign.sign).
        let secret = "894f142d667e8cdaca6822ac173937af";
        let sent = br#"[{"customer_reference": "123456",  "subject": {"asset": "BTC", "hash": "a \"b\" c"}}]"#;
        let body = r#"[{"customer_reference":"123456","subject":{"asset":"BTC","hash":"a \"b\" c"}}]"#;
        let signature = sign(secret, "1478692862000", "POST", "/v2/Analyses?x=Y", body).unwrap();
        assert_eq!(signature, "MHRGFDcKDhmK8NKavH88YYlyFsqn+xnR65gZt60Bq0E=");
        let key = STANDARD.decode(secret).unwrap();
        assert!(signed(&key, "1478692862000", "POST", "/v2/analyses?x=y", sent, &signature));
        assert!(signed(&key, "1478692862000", "POST", "/v2/analyses?x=y", body.as_bytes(), &signature));
        assert!(!signed(&key, "1478692862001", "POST", "/v2/analyses?x=y", sent, &signature));
        assert!(!signed(&key, "1478692862000", "POST", "/v2/analyses?x=z", sent, &signature));
        assert!(!signed(&key, "1478692862000", "POST", "/v2/analyses?x=y", b"[]", &signature));
        let empty = sign(secret, "1", "GET", "/v2/customers", "{}").unwrap();
        assert!(signed(&key, "1", "GET", "/v2/customers", b"", &empty));
        assert!(sign("no base64!", "1", "GET", "/", "").is_err());
    }

    #[test]
    fn answers_are_read() {
        let fact = |answer: Value| read(&answer);
        assert_eq!(fact(json!({"risk_score": 9.3, "evaluation_detail": [{"rule_name": "Illicit"}]})).risk, Some(4));
        let wallet = fact(json!({
            "risk_score": 7.0, "evaluation_detail": {"source": [{"rule_name": "Mixers"}], "destination": []},
            "cluster_entities": [{"name": "AlphaBay", "category": "Dark Market"}]
        }));
        assert_eq!(wallet.risk, Some(3));
        assert_eq!(wallet.detail, "score 7.00: Mixers, AlphaBay (Dark Market)");
        assert_eq!(fact(json!({"risk_score": null})).risk, Some(0));
        assert_eq!(fact(json!({})).risk, None);
        assert_eq!(fact(json!({"risk_score": "much"})).risk, None);
        let failed = fact(json!({"process_status": "error", "error": {"message": "busy"}, "risk_score": null}));
        assert_eq!((failed.risk, failed.detail.as_str()), (None, "busy"));
    }
}
