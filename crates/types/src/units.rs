//! Amounts as people read them: with the asset's decimals and its name.

use crate::{Amount, Asset};

/// Decimals of assets by ticker. Tokens are listed under theirs.
const DECIMALS: &[(&str, u32)] = &[
    ("BTC", 8),
    ("XBT", 8),
    ("LTC", 8),
    ("BCH", 8),
    ("DOGE", 8),
    ("DASH", 8),
    ("ZEC", 8),
    ("BSV", 8),
    ("BTG", 8),
    ("ETH", 18),
    ("ETC", 18),
    ("BNB", 18),
    ("MATIC", 18),
    ("POL", 18),
    ("AVAX", 18),
    ("DAI", 18),
    ("ARB", 18),
    ("USDT", 6),
    ("USDC", 6),
    ("USDT_TRX", 6),
    ("TRX", 6),
    ("XRP", 6),
    ("ADA", 6),
    ("XLM", 7),
    ("SOL", 9),
    ("TON", 9),
    ("DOT", 10),
    ("XMR", 12),
];

/// National currencies (ISO 4217, list one of 2024-06) by their minor unit's digits.
const CURRENCIES: &[(usize, &str)] = &[
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
    (
        2,
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD \
         EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL \
         MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP \
         SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWL",
    ),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
];

/// Returns the digits of a national currency's minor unit.
fn minor_unit(currency: &str) -> Option<usize> {
    CURRENCIES.iter().find(|c| c.1.split_ascii_whitespace().any(|code| code == currency)).map(|c| c.0)
}

/// Returns the decimals of an asset, where they are known here.
pub fn decimals(asset: &str) -> Option<u32> {
    DECIMALS.iter().find(|d| d.0.eq_ignore_ascii_case(asset)).map(|d| d.1)
}

/// Returns the decimals of an asset or national currency, where they are known here or the curated list of assets has them.
#[must_use]
pub fn places(asset: &str) -> Option<u32> {
    let listed = || Asset::parse(asset).ok()?.decimals().map(u32::from);
    let minor = || minor_unit(asset).and_then(|digits| u32::try_from(digits).ok());
    listed().or_else(|| decimals(asset)).or_else(minor)
}

/// Returns base units as whole units with `places` decimals, without trailing zeros: 62.41615621, 0.5, 3.
pub fn whole(base_units: impl Into<Amount>, places: u32) -> String {
    let digits = format!("{:0>width$}", base_units.into().to_string(), width = places as usize + 1);
    let (units, part) = digits.split_at(digits.len() - places as usize);
    match part.trim_end_matches('0') {
        "" => units.to_owned(),
        part => format!("{units}.{part}"),
    }
}

/// Reads a number in whole units, as [`whole`] writes it, as base units: `1000.5` with two places is 100,050. `None` where it is none, or has more decimals.
#[must_use]
pub fn base_units(text: &str, places: u32) -> Option<Amount> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let places = usize::try_from(places).ok()?;
    let is_number = !whole.is_empty() && whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit());
    if !is_number || part.len() > places || text.len() > 80 {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// Returns base units of an asset with its name: `62.41615621 BTC`; of a national currency, whose base unit is its minor one, with all its
/// digits: `3082.30 USD`. Of an asset whose decimals are not known, base units, named as such.
pub fn with_unit(base_units: impl Into<Amount>, asset: &str) -> String {
    let base_units = base_units.into();
    match decimals(asset) {
        Some(places) => format!("{} {asset}", whole(base_units, places)),
        None => match minor_unit(asset) {
            Some(0) => format!("{base_units} {asset}"),
            Some(digits) => {
                let text = format!("{:0>width$}", base_units.to_string(), width = digits + 1);
                let (units, part) = text.split_at(text.len() - digits);
                format!("{units}.{part} {asset}")
            }
            None => format!("{base_units} base units of {asset}"),
        },
    }
}

/// Returns base units of an asset with its ticker: `1.5 USDT`. Of an asset that the curated list does not name, base units and its id.
#[must_use]
pub fn of_asset(base_units: impl Into<Amount>, asset: &Asset) -> String {
    let base_units = base_units.into();
    match (asset.ticker(), asset.decimals()) {
        (Some(ticker), Some(places)) => format!("{} {ticker}", whole(base_units, places.into())),
        _ => {
            format!("{base_units} base units of {}", asset.id().map_or_else(|| asset.to_string(), ToString::to_string))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in ["0", "3", "0.5", "62.41615621"] {
            assert_eq!(whole(base_units(text, 8).unwrap(), 8), text);
        }
        assert_eq!(base_units("1000.5", 2), Some(Amount::new(100_050)));
        for wrong in ["", ".5", "1.123456789", "-1", "1e3", "1,5", "1 000"] {
            assert_eq!(base_units(wrong, 8), None, "{wrong}");
        }
    }

    #[test]
    fn amounts_carry_decimals_and_unit() {
        assert_eq!(with_unit(6_241_615_621u64, "BTC"), "62.41615621 BTC");
        assert_eq!(with_unit(49_990_000u64, "btc"), "0.4999 btc");
        assert_eq!(with_unit(1u64, "ETH"), "0.000000000000000001 ETH");
        assert_eq!(with_unit(3_000_000u64, "USDT"), "3 USDT");
        assert_eq!(with_unit(0u64, "BTC"), "0 BTC");
        assert_eq!(with_unit(u128::MAX, "SOL"), "340282366920938463463374607431.768211455 SOL");
        assert_eq!(with_unit(308_230u64, "USD"), "3082.30 USD");
        assert_eq!(with_unit(5u64, "EUR"), "0.05 EUR");
        assert_eq!(with_unit(1_500u64, "JPY"), "1500 JPY");
        assert_eq!(with_unit(1_500u64, "KWD"), "1.500 KWD");
        assert_eq!(with_unit(12u64, "FOO"), "12 base units of FOO");
    }

    #[test]
    fn amounts_of_people_are_read_to_the_base_unit() {
        let read = |text: &str, places| base_units(text.trim(), places).map(|a| a.to_string());
        for (text, places, units) in [
            ("1", 8, "100000000"),
            (" 0.5 ", 8, "50000000"),
            ("007.10", 2, "710"),
            ("0", 8, "0"),
            ("3.", 2, "300"),
            ("12", 0, "12"),
            ("0.000000000000000001", 18, "1"),
        ] {
            assert_eq!(read(text, places).as_deref(), Some(units), "{text}");
            assert!(!whole(base_units(text.trim(), places).unwrap(), places).is_empty());
        }
        for text in ["", ".5", "-1", "1,5", "1.234", "1 2", "1e3", "٣"] {
            assert_eq!(read(text, 2), None, "{text}");
        }
        assert_eq!(read(&"9".repeat(90), 18), None, "too wide");
        assert_eq!([places("BTC"), places("USD"), places("JPY"), places("FOO")], [Some(8), Some(2), Some(0), None]);
    }
}
