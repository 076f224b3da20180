//! TRM Labs' wallet screening: `POST /public/v2/screening/addresses`, and reading TRM's answers.
//!
//! Formats are those of TRM's public API reference; levels are 15 severe, 10 high, 5 medium, 1 low, 0 unknown.

use crate::assessed::{Assessed, coverage, uuid};
use crate::elliptic::short;
use crate::networks;
use holdfast_attribution::taxonomy::Risk;
use holdfast_decision::facts::ProviderFact;
use holdfast_decision::model::text_ok;
use holdfast_types::{ChainId, Invalid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Most addresses of one request.
pub const MAX_ADDRESSES: usize = 100;

/// One address to be screened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TrmAddress)]
pub struct Request {
    /// The address.
    pub address: String,
    /// Such as bitcoin.
    pub chain: String,
    /// The exchange's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_external_id: Option<String>,
    /// The exchange's own id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl Request {
    /// Checks the fields, and returns the chain.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn validate(&self) -> Result<ChainId, Invalid> {
        text_ok("address", &self.address)?;
        for (field, text) in [("accountExternalId", &self.account_external_id), ("externalId", &self.external_id)] {
            text.as_ref().map_or(Ok(()), |t| text_ok(field, t))?;
        }
        networks::chain("chain", &self.chain).map_err(|e| {
            let shown: String = self.chain.chars().take(64).collect();
            Invalid::new(&e.field, format!("'{shown}' is none of {}", networks::trm_names().join(", ")))
        })
    }
}

fn level(risk: Risk) -> (u8, &'static str) {
    match risk {
        Risk::None => (0, "Unknown"),
        Risk::Low => (1, "Low"),
        Risk::Medium => (5, "Medium"),
        Risk::High => (10, "High"),
        Risk::Severe => (15, "Severe"),
    }
}

/// Volumes are decimal text.
fn volume(usd: Option<f64>) -> Value {
    usd.map(|v| format!("{v:.2}")).into()
}

/// Returns one item of the answer.
pub fn item(request: &Request, seen: &Assessed) -> Value {
    let mut indicators = Vec::new();
    let mut indicate =
        |category: holdfast_attribution::Category, kind: &str, incoming: Option<f64>, outgoing: Option<f64>| {
            let (number, label) = level(category.risk());
            let total = [incoming, outgoing].into_iter().flatten().reduce(|a, b| a + b);
            indicators.push(json!({
                "category": category.name(), "categoryId": category.0.to_string(), "categoryRiskScoreLevel": number,
                "categoryRiskScoreLevelLabel": label, "riskType": kind, "incomingVolumeUsd": volume(incoming),
                "outgoingVolumeUsd": volume(outgoing), "totalVolumeUsd": volume(total),
            }));
        };
    let own = seen.facts.category;
    if own.risk() >= Risk::Medium {
        indicate(own, "OWNERSHIP", None, None);
    }
    for (kind, direct) in [("COUNTERPARTY", true), ("INDIRECT", false)] {
        for (to, shares) in [(false, &seen.facts.source), (true, &seen.facts.destination)] {
            for share in shares.iter().filter(|s| s.category.risk() >= Risk::Medium) {
                let units = if direct { share.direct } else { share.indirect };
                if units > 0 {
                    let usd = seen.usd(units);
                    indicate(share.category, kind, usd.filter(|_| !to), usd.filter(|_| to));
                }
            }
        }
    }
    let entities: Vec<Value> = seen
        .facts
        .tags
        .iter()
        .map(|t| {
            let (number, label) = level(t.category.risk());
            json!({
                "entity": t.label, "category": t.category.name(), "categoryId": t.category.0.to_string(), "riskScoreLevel": number,
                "riskScoreLevelLabel": label, "confidenceScoreLabel": t.confidence.to_string(),
                "trmUrn": format!("urn:holdfast:{}", uuid(&["entity", &t.label])), "trmAppUrl": t.source,
            })
        })
        .collect();
    json!({
        "address": request.address, "addressSubmitted": request.address, "chain": request.chain,
        "accountExternalId": request.account_external_id, "externalId": request.external_id,
        "addressRiskIndicators": indicators, "entities": entities,
        "addressIncomingVolumeUsd": null, "addressOutgoingVolumeUsd": null, "addressTotalVolumeUsd": null,
        "trmAppUrl": format!("/address/{}", request.address),
        // Beyond TRM's own fields.
        "holdfast": { "coverage": coverage(seen.facts) },
    })
}

/// Reads the risk of the first address of TRM's answer: the highest level of an indicator or entity.
pub fn read(answer: &Value) -> ProviderFact {
    let item = if answer.is_array() { &answer[0] } else { answer };
    let (Some(indicators), Some(entities)) = (item["addressRiskIndicators"].as_array(), item["entities"].as_array())
    else {
        return ProviderFact { risk: None, detail: "the answer has no addressRiskIndicators".into(), cached: false };
    };
    let risk = |n: &Value| match n.as_f64().unwrap_or(0.0) {
        n if n >= 15.0 => 4,
        n if n >= 10.0 => 3,
        n if n >= 5.0 => 2,
        n if n >= 1.0 => 1,
        _ => 0,
    };
    let of_indicators = indicators.iter().map(|i| risk(&i["categoryRiskScoreLevel"]));
    let highest = of_indicators.chain(entities.iter().map(|e| risk(&e["riskScoreLevel"]))).max().unwrap_or(0);
    let mut words: Vec<String> = indicators
        .iter()
        .map(|i| {
            format!(
                "{} {}",
                i["category"].as_str().unwrap_or("unnamed"),
                i["riskType"].as_str().unwrap_or_default().to_lowercase()
            )
        })
        .collect();
    words.extend(entities.iter().filter_map(|e| e["entity"].as_str().map(str::to_owned)));
    ProviderFact { risk: Some(highest), detail: short(&words.join(", ")), cached: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let answer = json!([{
            "addressRiskIndicators": [{"category": "Mixer", "categoryRiskScoreLevel": 10, "riskType": "INDIRECT"}],
            "entities": [{"entity": "Wasabi", "riskScoreLevel": 5}]
        }]);
        let fact = read(&answer);
        assert_eq!((fact.risk, fact.detail.as_str()), (Some(3), "Mixer indirect, Wasabi"));
        assert_eq!(read(&json!([{"addressRiskIndicators": [], "entities": []}])).risk, Some(0));
        assert_eq!(read(&json!([])).risk, None);
        let chain = |chain: &str| {
            let (address, chain) = ("13Nr".to_owned(), chain.to_owned());
            Request { address, chain, account_external_id: None, external_id: None }.validate()
        };
        assert_eq!(chain("arbitrum").unwrap().as_str(), "eip155:42161", "and not ethereum, whose coin it shares");
        assert!(chain("marschain").unwrap_err().to_string().contains("binance_smart_chain"));
    }
}
