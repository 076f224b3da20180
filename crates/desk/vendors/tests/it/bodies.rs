//! Bodies of other providers' requests and answers, damaged in many ways: read or refused, never a panic. The fuzz targets
//! `vendor_requests` and `vendor_answers` hold the same without end.

use holdfast_types::Timestamp;
use holdfast_vendors::chainalysis::{self, Transfer, WithdrawalAttempt};
use holdfast_vendors::{elliptic, trm};
use serde_json::Value;

const SEEDS: &[&str] = &[
    r#"{"subject":{"asset":"holistic","blockchain":"holistic","type":"address","hash":"13Nr"},"type":"wallet_exposure","customer_reference":"c"}"#,
    r#"{"subject":{"asset":"BTC","type":"transaction","hash":"2d7b","output_type":"indices","output_indices":[1]},"type":"source_of_funds"}"#,
    r#"{"network":"Bitcoin","asset":"BTC","transferReference":"2d7b:1","direction":"received","assetAmount":1.5,"assetPrice":2e4,"assetDenomination":"USD"}"#,
    r#"{"network":"Ethereum","asset":"ETH","address":"0x1","attemptIdentifier":"a","assetAmount":0.000000000000000001,"attemptTimestamp":"2026-11-24T10:00:00.1"}"#,
    r#"[{"address":"13Nr","chain":"bitcoin","externalId":"x"}]"#,
    r#"{"risk_score":9.3,"process_status":"complete","evaluation_detail":{"source":[{"rule_name":"x"}]},"cluster_entities":[{"name":"a","category":"b"}]}"#,
    r#"{"alerts":[{"alertLevel":"SEVERE","category":"s","service":"o"}],"direct":{"name":"B","category":"exchange"}}"#,
    r#"[{"addressRiskIndicators":[{"category":"M","categoryRiskScoreLevel":15.0,"riskType":"INDIRECT"}],"entities":[{"entity":"W","riskScoreLevel":5}]}]"#,
    r#"{"risk":"Severe","riskReason":"r","cluster":{"name":"G","category":"s"}}"#,
];

/// Pieces that parsers stumble over.
const PIECES: &[&str] = &[
    "null",
    "-1",
    "1e308",
    "18446744073709551616",
    "\"\\u0000\"",
    "{}",
    "[]",
    "\"\"",
    "0.1",
    "true",
    "\"\u{feff}\"",
    "[[[[",
    "1e-400",
];

fn requests(data: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<elliptic::Request>(data) {
        let again: elliptic::Request = serde_json::from_value(serde_json::to_value(&request).unwrap()).unwrap();
        assert_eq!(again, request);
        let _ = request.validate(&["wallet_exposure"], "address").map_err(|e| assert!(!e.field.is_empty()));
        let _ = elliptic::analysis_id(&request);
        let _ = request.subject.asset_name().map_err(|e| assert!(!e.field.is_empty()));
    }
    if let Ok(transfer) = serde_json::from_slice::<Transfer>(data)
        && let Ok(event) =
            transfer.event("user", Timestamp::from_unix(1_800_000_000), |_, _| Some((Some(1), 5u64.into())))
    {
        event.validate().unwrap();
    }
    if let Ok(attempt) = serde_json::from_slice::<WithdrawalAttempt>(data)
        && let Ok(event) = attempt.event("user")
    {
        event.validate().unwrap();
    }
    if let Ok(list) = serde_json::from_slice::<Vec<trm::Request>>(data) {
        list.iter().for_each(|request| drop(request.validate().map_err(|e| assert!(!e.field.is_empty()))));
    }
}

fn answers(data: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<Value>(data) else { return };
    let facts = [
        elliptic::read(&answer),
        trm::read(&answer),
        chainalysis::read_entity(&answer),
        chainalysis::read(&answer, &answer),
    ];
    for fact in facts {
        assert!(fact.risk.is_none_or(|risk| risk <= 4));
        assert!(fact.detail.chars().count() <= 300 && !fact.detail.chars().any(char::is_control), "{:?}", fact.detail);
    }
}

#[test]
fn damaged_bodies_of_providers_are_answered() {
    // xorshift: the same damage every time.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for round in 0..40_000 {
        let mut body = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..1 + random(3) {
            let (from, len) = (random(body.len()), random(12));
            let to = (from + len).min(body.len());
            match random(4) {
                0 => body[from] = random(256) as u8,
                1 => drop(body.drain(from..to)),
                2 => drop(body.splice(from..to, PIECES[random(PIECES.len())].bytes())),
                // Replace a whole value: from a colon to the next comma.
                _ => {
                    let start = body[from..].iter().position(|b| *b == b':').map_or(from, |p| from + p + 1);
                    let end = body[start.min(body.len())..]
                        .iter()
                        .position(|b| matches!(b, b',' | b'}'))
                        .map_or(body.len(), |p| start + p);
                    drop(body.splice(start.min(end)..end, PIECES[random(PIECES.len())].bytes()));
                }
            }
            if body.is_empty() {
                break;
            }
        }
        requests(&body);
        answers(&body);
    }
}

#[test]
fn a_level_written_as_a_decimal_is_no_lower() {
    let answer = serde_json::json!([{"addressRiskIndicators": [{"category": "Mixer", "categoryRiskScoreLevel": 15.0}], "entities": []}]);
    assert_eq!(trm::read(&answer).risk, Some(4));
}

#[test]
fn an_answer_without_exposure_is_no_all_clear() {
    let answer = |exposure: bool, ledger: bool, score: Value| {
        let coverage = serde_json::json!({"coverage": {"ledger": ledger, "exposure": exposure}});
        elliptic::read(&serde_json::json!({"risk_score": score, "holdfast": coverage})).risk
    };
    assert_eq!(answer(false, false, Value::Null), None, "no ledger");
    assert_eq!(answer(false, true, Value::Null), None, "amounts not known");
    assert_eq!(answer(true, true, Value::Null), Some(0));
    assert_eq!(answer(false, false, 10.0.into()), Some(4), "a tag on the address itself counts");
}
