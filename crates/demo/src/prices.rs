//! The demo's price table, so that holds and alerts say what amounts are worth.

use anyhow::Context;
use holdfast_decision::Price;
use holdfast_screening::Screening;
use holdfast_types::{Amount, Asset};

/// The rates that the demo's simulated events state, in cents for one whole unit: others would contradict them.
const RATES: [(&str, u64); 2] = [("BTC", 4_000_000), ("ETH", 200_000)];
/// A whole unit of a simulated stablecoin, in cents.
const STABLE: u64 = 100;
/// Why, for the audit log.
const WHY: &str = "the rate of the demo's simulated events";

/// Sets the prices of the assets that the demo's holds are in. Call it after the demo's events were decided: these state their values themselves.
pub(crate) fn set(screening: &Screening, stablecoins: &[String]) -> anyhow::Result<()> {
    let stable = stablecoins.iter().map(|asset| (asset.as_str(), STABLE));
    for (asset, value) in RATES.into_iter().chain(stable) {
        let decimals = Asset::parse(asset)?.decimals();
        let whole = decimals.and_then(|decimals| 10u128.checked_pow(decimals.into()));
        let base_units = Amount::new(whole.with_context(|| format!("{asset} has known decimals"))?);
        screening.set_price_because(asset, Price { base_units, value }, WHY, "demo")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_screening::clock::system_clock;

    #[test]
    fn a_whole_unit_costs_what_the_events_say() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Screening::open(&format!("sqlite:{}", dir.path().join("desk").display()), system_clock()).unwrap();
        set(&desk, &[]).unwrap();
        let worth = |asset: &str| desk.price(asset).unwrap().map(|price| (price.base_units, price.value));
        assert_eq!(worth("BTC"), Some((Amount::new(100_000_000), 4_000_000)));
        // Wei a cent of the simulated exchange and of the campaign.
        assert_eq!(worth("ETH"), Some((Amount::new(5_000_000_000_000 * 200_000), 200_000)));
        assert!(set(&desk, &["NOSUCH".to_owned()]).is_err(), "a price of unknown units is none");
    }
}
