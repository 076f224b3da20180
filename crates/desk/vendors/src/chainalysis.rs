//! Chainalysis KYT API v2: transfers, withdrawal attempts, exposures, alerts, network identifications, categories; and reading KYT's and
//! the address screening API's answers.
//!
//! Formats as Chainalysis documents them for KYT v2 and as its published clients read them.

use crate::assessed::{Assessed, coverage, is_covered, uuid, weight};
use crate::elliptic::short;
use crate::networks::{self, decimals};
use holdfast_attribution::taxonomy::CONCEPTS;
use holdfast_attribution::{Category, taxonomy::Risk};
use holdfast_decision::facts::ProviderFact;
use holdfast_decision::model::text_ok;
use holdfast_decision::{Event, EventKind, Verdict};
use holdfast_input::time::parse as parse_time;
use holdfast_screening::service::DecidedEvent;
use holdfast_types::Invalid;
use holdfast_types::{Amount, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};
use utoipa::ToSchema;

/// Returns base units of whole units.
///
/// # Errors
/// [`Invalid`] when the asset's decimals are not known, or the amount is negative or has more digits than the asset.
pub fn base_units(asset: &str, amount: &Number) -> Result<Amount, Invalid> {
    let wrong = |what: String| Invalid::new("assetAmount", what);
    let places = decimals(asset)
        .ok_or_else(|| wrong(format!("decimals of {asset} are not known here; send the event to /api/v1/events")))?;
    let text = match amount.as_f64() {
        // Shortest digits that give the number back, never with an exponent.
        Some(f) if !amount.is_u64() => format!("{f}"),
        _ => amount.to_string(),
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    if part.len() > places as usize {
        return Err(wrong(format!("{text} has more than the {places} decimals of {asset}")));
    }
    let digits = format!("{whole}{part:0<width$}", width = places as usize);
    digits.parse().map_err(|_| wrong(format!("{text} is no amount")))
}

/// Returns whole units of base units.
pub fn whole_units(asset: &str, amount: Amount) -> Option<f64> {
    let places = decimals(asset)? as usize;
    let digits = format!("{:0>width$}", amount.to_string(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    format!("{whole}.{part}").parse().ok()
}

/// `POST /api/kyt/v2/users/{userId}/transfers`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KytTransfer)]
pub struct Transfer {
    /// Such as Bitcoin.
    pub network: String,
    /// Such as BTC.
    pub asset: String,
    /// Transaction id, then `:` and the output's address or number.
    pub transfer_reference: String,
    /// received or sent.
    pub direction: String,
    /// Identifies a token.
    #[serde(default)]
    pub asset_id: Option<String>,
    /// ISO 8601.
    #[serde(default)]
    pub transfer_timestamp: Option<String>,
    /// Whole units.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    pub asset_amount: Option<Number>,
    /// Of one whole unit, in the currency of `assetDenomination`.
    #[serde(default)]
    pub asset_price: Option<f64>,
    /// Such as USD.
    #[serde(default)]
    pub asset_denomination: Option<String>,
    /// Where it was paid.
    #[serde(default)]
    pub output_address: Option<String>,
    /// Sender.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub input_addresses: Option<Vec<String>>,
}

/// `POST /api/kyt/v2/users/{userId}/withdrawal-attempts`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KytWithdrawalAttempt)]
pub struct WithdrawalAttempt {
    /// Such as Bitcoin.
    pub network: String,
    /// Such as BTC.
    pub asset: String,
    /// Where to.
    pub address: String,
    /// The exchange's own identifier.
    pub attempt_identifier: String,
    /// Whole units.
    #[schema(value_type = f64)]
    pub asset_amount: Number,
    /// ISO 8601, UTC.
    pub attempt_timestamp: String,
    /// Identifies a token.
    #[serde(default)]
    pub asset_id: Option<String>,
    /// Of one whole unit, in the currency of `assetDenomination`.
    #[serde(default)]
    pub asset_price: Option<f64>,
    /// Such as USD.
    #[serde(default)]
    pub asset_denomination: Option<String>,
}

/// Returns the asset of a request as an event names it: that of its network.
fn asset_of(network: &str, asset: &str, contract: Option<&String>) -> Result<String, Invalid> {
    let chain = networks::chain("network", network)?;
    networks::asset_on(&chain, ("asset", asset), contract.map(|contract| ("assetId", contract.as_str())))
}

/// What a transfer's place in a ledger tells: the number of the output, where the chain has such, and base units.
pub type Found = (Option<u32>, Amount);

fn value_of(price: Option<f64>, denomination: Option<&str>, asset: &str, amount: Amount) -> Option<u64> {
    if denomination.is_some_and(|d| d != "USD") {
        return None;
    }
    let value = whole_units(asset, amount)? * price.filter(|p| p.is_finite() && *p >= 0.0)? * 100.0;
    // Digits of a whole number: too large ones and infinity do not parse.
    let whole = format!("{:.0}", value.trunc()).parse().ok()?;
    (whole < holdfast_decision::model::MAX_VALUE).then_some(whole)
}

/// Returns the id of a transfer's event: the same transfer always has the same one.
pub fn external_id(parts: &[&str]) -> String {
    uuid(&[&["kyt"], parts].concat())
}

/// Kind of a registration with KYT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A transfer on chain.
    Transfer,
    /// A withdrawal that is not sent yet.
    Attempt,
}

impl Kind {
    const ALL: [(Kind, &'static str, &'static str); 2] =
        [(Kind::Transfer, "transfers", "kyt-transfer:"), (Kind::Attempt, "withdrawal-attempts", "kyt-attempt:")];

    /// Reads its part of a path.
    pub fn from_path(part: &str) -> Option<Kind> {
        Kind::ALL.iter().find(|k| k.1 == part).map(|k| k.0)
    }

    /// Returns an event's id, for an external id.
    pub fn event_id(self, external: &str) -> String {
        format!("{}{external}", Kind::ALL[self as usize].2)
    }
}

impl Transfer {
    /// External id of the transfer.
    pub fn id(&self, user: &str) -> String {
        external_id(&[user, &self.asset.to_ascii_uppercase(), &self.transfer_reference, &self.direction])
    }

    /// Returns the asset, as events name it.
    ///
    /// # Errors
    /// [`Invalid`]: a network that is not known, or an asset that is not on it.
    pub fn asset(&self) -> Result<String, Invalid> {
        asset_of(&self.network, &self.asset, self.asset_id.as_ref())
    }

    /// Returns the transfer as an event; `found` looks its transaction and place up in the ledger of its asset.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn event(
        &self,
        user: &str,
        now: Timestamp,
        found: impl FnOnce(&str, &str) -> Option<Found>,
    ) -> Result<Event, Invalid> {
        text_ok("transferReference", &self.transfer_reference)?;
        text_ok("asset", &self.asset)?;
        let kind = match self.direction.to_ascii_lowercase().as_str() {
            "received" => EventKind::Deposit,
            "sent" => EventKind::Withdrawal,
            other => return Err(Invalid::new("direction", format!("'{other}' is neither received nor sent"))),
        };
        let time = match &self.transfer_timestamp {
            Some(text) => parse_time(text).map_err(|e| Invalid::new("transferTimestamp", e.to_string()))?,
            None => now,
        };
        let asset = self.asset()?;
        let (tx, output) = self.transfer_reference.split_once(':').unwrap_or((&self.transfer_reference, ""));
        let found = found(tx, output);
        let amount = match (&self.asset_amount, found) {
            (Some(amount), _) => base_units(&asset, amount)?,
            (None, Some((_, units))) => units,
            (None, None) => return Err(Invalid::new("assetAmount", "missing, and the transfer is not in the ledger")),
        };
        let mut event = Event::new(kind, Kind::Transfer.event_id(&self.id(user)), time, user);
        event.value = value_of(self.asset_price, self.asset_denomination.as_deref(), &asset, amount);
        event.asset = Some(asset);
        event.amount = Some(amount);
        let address = output.parse::<u32>().is_err().then(|| output.to_owned()).filter(|a| !a.is_empty());
        let address = address.or_else(|| self.output_address.clone());
        event.reference = Some(self.transfer_reference.clone());
        if kind == EventKind::Deposit {
            event.tx = Some(tx.to_owned());
            event.output = found.map_or_else(|| output.parse().ok(), |(number, _)| number);
            event.address = address;
            event.counterparty = self.input_addresses.as_ref().and_then(|a| a.first().cloned());
        } else {
            event.counterparty = Some(address.ok_or_else(|| {
                Invalid::new(
                    "transferReference",
                    "a sent transfer needs the address it went to: TXID:ADDRESS, or outputAddress",
                )
            })?);
        }
        event.validate()?;
        Ok(event)
    }
}

impl WithdrawalAttempt {
    /// External id of the attempt.
    pub fn id(&self, user: &str) -> String {
        external_id(&[user, "attempt", &self.attempt_identifier])
    }

    /// Returns the event that the attempt is.
    ///
    /// # Errors
    /// [`Invalid`] names the field.
    pub fn event(&self, user: &str) -> Result<Event, Invalid> {
        text_ok("attemptIdentifier", &self.attempt_identifier)?;
        let time = parse_time(&self.attempt_timestamp);
        let time = time.map_err(|e| Invalid::new("attemptTimestamp", e.to_string()))?;
        let asset = asset_of(&self.network, &self.asset, self.asset_id.as_ref())?;
        let amount = base_units(&asset, &self.asset_amount)?;
        let mut event = Event::new(EventKind::Withdrawal, Kind::Attempt.event_id(&self.id(user)), time, user);
        event.value = value_of(self.asset_price, self.asset_denomination.as_deref(), &asset, amount);
        event.asset = Some(asset);
        event.amount = Some(amount);
        event.counterparty = Some(self.address.clone());
        event.reference = Some(self.attempt_identifier.clone());
        event.validate()?;
        Ok(event)
    }
}

/// Returns the summary of a registered transfer or withdrawal attempt. What was screened is complete at once. `updatedAt` is null, which is KYT's
/// sign for "not processed", where nothing here could answer: no ledger of the asset and no tag, or a transaction not seen yet.
pub fn summary(decided: &DecidedEvent, requested_network: Option<&str>) -> Value {
    let event = &decided.event;
    let asset = event.asset.as_deref().unwrap_or_default();
    let (ticker, contract) = networks::named(asset);
    let on = || networks::of_transfer(asset, &[]).as_ref().and_then(networks::kyt_name).unwrap_or("unknown");
    let (kind, external) =
        Kind::ALL.iter().find_map(|k| Some((k.0, event.id.strip_prefix(k.2)?))).unwrap_or((Kind::Transfer, &event.id));
    let mut answer = json!({
        "externalId": external, "asset": ticker, "assetId": contract, "network": requested_network.unwrap_or_else(on),
        "assetAmount": event.amount.and_then(|a| whole_units(asset, a)),
        "usdAmount": decided.decision.value.map(|v| v as f64 / 100.0),
        "updatedAt": is_covered(&decided.facts).then(|| decided.decision.decided.rfc3339()),
        // Beyond Chainalysis's own fields: what the exchange is to do, and what it rests on.
        "holdfast": {
            "decision": decided.decision.decision, "holds": decided.decision.holds, "alert": decided.decision.alert,
            "coverage": coverage(&decided.facts),
        },
    });
    answer["timestamp"] = event.time.rfc3339().into();
    if kind == Kind::Transfer {
        let reference = event.reference.as_deref().unwrap_or_default();
        answer["transferReference"] = reference.into();
        answer["tx"] = reference.split(':').next().into();
        answer["idx"] = event.output.into();
        answer["outputAddress"] = event.address.clone().or_else(|| event.counterparty.clone()).into();
    } else {
        answer["address"] = event.counterparty.clone().into();
        answer["attemptIdentifier"] = event.reference.clone().into();
    }
    answer
}

/// Returns the answer to `.../exposures`: the other side itself, and beyond Chainalysis's own answer each indirect share.
pub fn exposures(seen: &Assessed) -> Value {
    let own = seen.facts.category;
    let direct = |category: Category, name: Option<&str>| json!({ "name": name, "category": category.name(), "categoryId": category.0 });
    let heaviest = seen.shares(false).into_iter().find(|s| s.direct > 0);
    let direct = match (own.is_attributed(), heaviest) {
        (true, _) => direct(own, seen.name().or(Some(own.name()))),
        (false, Some(share)) => direct(share.category, seen.name()),
        (false, None) => json!({ "name": null, "category": null, "categoryId": null }),
    };
    let indirect = seen.shares(false).into_iter().filter(|s| s.indirect > 0).map(|s| {
        json!({ "category": s.category.name(), "categoryId": s.category.0, "value": seen.usd(s.indirect), "percentage": crate::assessed::percent(s.indirect_ppm) })
    });
    json!({ "direct": direct, "indirect": indirect.collect::<Vec<_>>() })
}

/// Level of an alert: of the proposed verdict or of the tag behind it, whichever is higher.
fn level(verdict: Verdict, tagged: Risk) -> &'static str {
    match (verdict, tagged) {
        (Verdict::Reject, _) | (_, Risk::Severe) => "SEVERE",
        (Verdict::Hold, _) | (_, Risk::High) => "HIGH",
        (Verdict::Review, _) | (_, Risk::Medium) => "MEDIUM",
        (Verdict::Allow, Risk::None | Risk::Low) => "LOW",
    }
}

/// Returns the answer to `.../alerts`: one for each reason of the decision.
pub fn alerts(seen: &Assessed, external: &str) -> Value {
    let list = seen.reasons().iter().map(|reason| {
        let tag = reason.tags.first();
        let indirect = tag.is_none()
            && seen.shares(false).iter().chain(&seen.shares(true)).any(|s| weight(s.category.risk()) > 1.0 && s.direct == 0);
        json!({
            "alertLevel": level(reason.decision, tag.map_or(Risk::None, |t| t.category.risk())), "category": tag.map(|t| t.category.name()), "categoryId": tag.map(|t| t.category.0),
            "service": tag.map(|t| t.label.as_str()), "externalId": uuid(&["alert", external, &reason.rule]),
            "alertAmount": reason.value as f64 / 100.0, "exposureType": if indirect { "INDIRECT" } else { "DIRECT" },
            // Beyond Chainalysis's own fields: the rule and why.
            "holdfast": { "rule": reason.rule, "version": reason.version, "title": reason.title, "because": reason.because },
        })
    });
    json!({ "alerts": list.collect::<Vec<_>>() })
}

/// Returns the answer to `.../network-identifications`: names of the other side.
pub fn network_identifications(seen: &Assessed) -> Value {
    let mut names: Vec<&str> = seen.facts.tags.iter().map(|t| t.label.as_str()).collect();
    names.dedup();
    let orgs: Vec<Value> = names.iter().map(|n| json!({ "name": n })).collect();
    json!({ "count": orgs.len(), "networkIdentificationOrgs": orgs })
}

/// Returns the answer to `.../high-risk-addresses`: tagged addresses of medium risk or more.
pub fn high_risk_addresses(seen: &Assessed) -> Value {
    let risky = seen.facts.tags.iter().filter(|t| t.category.risk() >= Risk::Medium).map(|t| {
        json!({ "address": t.address, "addressName": t.label, "categoryName": t.category.name(), "description": format!("{}; {}", t.pack, t.source) })
    });
    json!({ "chainalysisIdentifications": risky.collect::<Vec<_>>(), "customAddresses": [] })
}

/// Returns the answer to `GET /api/kyt/v2/categories`.
pub fn categories() -> Value {
    let list: Vec<Value> =
        CONCEPTS.iter().enumerate().map(|(i, c)| json!({ "categoryId": i, "categoryName": c.0 })).collect();
    json!({ "categories": list })
}

/// Reads KYT's answer about a registered transfer or attempt: the highest alert level, or low where it only names an exposure.
pub fn read(exposures: &Value, alerts: &Value) -> ProviderFact {
    let list = alerts["alerts"].as_array().or_else(|| alerts.as_array());
    let Some(list) = list else {
        return ProviderFact { risk: None, detail: "the answer has no alerts".into(), cached: false };
    };
    let level = |a: &Value| match a["alertLevel"].as_str().unwrap_or_default().to_ascii_uppercase().as_str() {
        "SEVERE" => 4,
        "HIGH" => 3,
        "MEDIUM" => 2,
        _ => 1,
    };
    let direct = exposures["direct"]["name"].as_str();
    let risk = list.iter().map(level).max().unwrap_or(u8::from(direct.is_some()));
    let mut words: Vec<String> = list
        .iter()
        .map(|a| {
            let text = |k: &str| a[k].as_str().unwrap_or("unnamed").to_owned();
            format!("{} {} ({})", text("alertLevel"), text("category"), text("service"))
        })
        .collect();
    words.extend(
        direct.map(|n| format!("direct: {n} ({})", exposures["direct"]["category"].as_str().unwrap_or("unnamed"))),
    );
    ProviderFact { risk: Some(risk), detail: short(&words.join(", ")), cached: false }
}

/// Reads an answer of the address screening API (`/api/risk/v2/entities/{address}`).
pub fn read_entity(answer: &Value) -> ProviderFact {
    let risk = match answer["risk"].as_str() {
        Some("Severe") => 4,
        Some("High") => 3,
        Some("Medium") => 2,
        Some("Low") => 1,
        _ => {
            return ProviderFact {
                risk: None,
                detail: "the answer has no risk of Severe, High, Medium or Low".into(),
                cached: false,
            };
        }
    };
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let cluster = text(&answer["cluster"]["name"])
        .map(|n| format!("{n} ({})", answer["cluster"]["category"].as_str().unwrap_or("unnamed")));
    let words: Vec<String> = [text(&answer["riskReason"]), cluster].into_iter().flatten().collect();
    ProviderFact { risk: Some(risk), detail: short(&words.join(", ")), cached: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn amounts_convert_exactly() {
        for (asset, whole, base) in [
            ("BTC", "0.00000001", 1),
            ("BTC", "20999999.9769", 2_099_999_997_690_000),
            ("ETH", "1", 10u128.pow(18)),
            ("USDT", "1e3", 10u128.pow(9)),
        ] {
            assert_eq!(base_units(asset, &number(whole)).unwrap(), Amount::new(base), "{whole} {asset}");
        }
        assert_eq!(whole_units("BTC", Amount::new(1)), Some(0.00000001));
        assert_eq!(whole_units("BTC", Amount::new(150_000_000)), Some(1.5));
        for (asset, bad) in [("BTC", "0.000000001"), ("BTC", "-1"), ("NOPE", "1"), ("BTC", "1e300")] {
            let e = base_units(asset, &number(bad)).unwrap_err();
            assert_eq!(e.field, "assetAmount", "{bad} {asset}");
        }
    }

    #[test]
    fn attempts_become_events() {
        let attempt: WithdrawalAttempt = serde_json::from_value(json!({
            "network": "Bitcoin", "asset": "BTC", "address": "1abc", "attemptIdentifier": "a-1", "assetAmount": 0.5,
            "attemptTimestamp": "2020-12-09T17:25:40.008307", "assetPrice": 20000.5, "assetDenomination": "USD"
        }))
        .unwrap();
        let event = attempt.event("u1").unwrap();
        assert_eq!(
            (event.amount, event.value, event.time),
            (Some(Amount::new(50_000_000)), Some(1_000_025), Timestamp::from_unix(1_607_534_740))
        );
        assert_eq!(event.id, Kind::Attempt.event_id(&attempt.id("u1")));
        // A ticker of several chains is that of the network; decimals are its own.
        let on = |network: &str, asset: &str| {
            let attempt = WithdrawalAttempt {
                network: network.into(),
                asset: asset.into(),
                asset_amount: number("1.5"),
                ..attempt.clone()
            };
            attempt.event("u1").map(|event| (event.asset.unwrap_or_default(), event.amount.unwrap_or_default()))
        };
        assert_eq!(
            on("Tron", "USDT").unwrap(),
            ("tron:mainnet/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t".to_owned(), Amount::new(1_500_000))
        );
        let (asset, amount) = on("Binance_Smart_Chain", "USDT").unwrap();
        assert!(asset.starts_with("eip155:56/") && amount == Amount::new(15 * 10u128.pow(17)), "{asset} {amount}");
        assert_eq!(on("Marschain", "USDT").unwrap_err().field, "network");
        assert_eq!(on("Litecoin", "USDT").unwrap_err().field, "asset");
        assert_ne!(attempt.id("u1"), attempt.id("u2"));
    }

    #[test]
    fn answers_are_read() {
        let alerts = json!({"alerts": [
            {"alertLevel": "MEDIUM", "category": "gambling", "service": "X"}, {"alertLevel": "SEVERE", "category": "sanctions", "service": "OFAC"}
        ]});
        assert_eq!(read(&json!({"direct": {"name": null}}), &alerts).risk, Some(4));
        let exchange = json!({"direct": {"name": "Binance", "category": "exchange"}});
        let fact = read(&exchange, &json!({"alerts": []}));
        assert_eq!((fact.risk, fact.detail.as_str()), (Some(1), "direct: Binance (exchange)"));
        assert_eq!(read(&json!({}), &json!({"alerts": []})).risk, Some(0));
        assert_eq!(read(&json!({}), &json!({})).risk, None);
        let entity = read_entity(
            &json!({"risk": "Severe", "riskReason": "Identified as sanctions", "cluster": {"name": "Garantex", "category": "sanctions"}}),
        );
        assert_eq!((entity.risk, entity.detail.as_str()), (Some(4), "Identified as sanctions, Garantex (sanctions)"));
        assert_eq!(read_entity(&json!({})).risk, None);
    }
}
