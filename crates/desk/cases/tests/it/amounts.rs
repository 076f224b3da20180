//! Amounts in what people read carry the asset's decimals and name.

use holdfast_cases::case::trace_lines;
use serde_json::json;

#[test]
fn ends_of_a_saved_trace_carry_decimals_and_unit() {
    let end = json!({"amount": 49_990_000, "address": "bc1q", "label": "Locky", "kind": "unspent"});
    let lines = |network: &str| trace_lines(&json!({"network": network, "ends": [end]}));
    assert_eq!(lines("bitcoin"), ["0.4999 BTC at bc1q Locky (unspent)"]);
    assert_eq!(lines("litecoin"), ["0.4999 LTC at bc1q Locky (unspent)"]);
    assert_eq!(lines("elsewhere"), ["49990000 base units of an unknown asset at bc1q Locky (unspent)"]);
}

#[test]
fn ends_of_a_trace_over_account_chains_name_asset_and_chain() {
    let of = |party: serde_json::Value, ticker: Option<&str>| {
        let asset = json!({"id": "eip155:1/erc20:0xdac1", "ticker": ticker, "decimals": ticker.map(|_| 6)});
        let end = json!({
            "chain": "eip155:1", "asset": asset, "party": party, "risk": "none", "amount": "1500000", "kind": "rests", "hops": 2,
        });
        trace_lines(&json!({"books": [], "ends": [end]}))
    };
    let party = json!({"address": "0xAb", "label": "Kraken", "category": "exchange"});
    assert_eq!(of(party, Some("USDT")), ["1.5 USDT at 0xAb Kraken (rests, eip155:1)"]);
    let burnt = of(serde_json::Value::Null, None);
    assert_eq!(burnt, ["1500000 base units of eip155:1/erc20:0xdac1 at nobody  (rests, eip155:1)"]);
}
