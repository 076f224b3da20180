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
