//! Categories and abuses: the INTERPOL Dark Web and Virtual Assets Taxonomy's concepts as GraphSense TagPacks name them, with the
//! risk that Holdfast gives them by default.

use serde::{Deserialize, Serialize};

/// How much a category matters to a screening desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Risk {
    /// Nothing known.
    None,
    /// Ordinary services and users.
    Low,
    /// Hides or obscures, or is regulated unevenly.
    Medium,
    /// Fraud and illicit services.
    High,
    /// Sanctions, terrorism, ransom, theft, abuse of children.
    Severe,
}

impl Risk {
    /// Returns its name, in lower case.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A category of the taxonomy, by number in [`CONCEPTS`]; 0 is "unattributed".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Category(pub u8);

/// Most categories that tables over categories provide for.
pub const MAX_CATEGORIES: usize = 64;

use Risk::{High, Low, Medium, Severe};

/// All concepts: name, risk, whether it is an abuse, and whether a trace ends there because what follows is the service's own doing.
pub const CONCEPTS: &[(&str, Risk, bool, bool)] = &[
    ("unattributed", Risk::None, false, false),
    // Abuses.
    ("sanction", Severe, true, false),
    ("terrorism", Severe, true, false),
    ("child_abuse", Severe, true, false),
    ("ransomware", Severe, true, false),
    ("service_hack", Severe, true, false),
    ("black_list", Severe, false, false),
    ("extremism", High, true, false),
    ("scam", High, true, false),
    ("phishing", High, true, false),
    ("ponzi_scheme", High, true, false),
    ("pyramid_scheme", High, true, false),
    ("investment_fraud", High, true, false),
    ("sextortion", High, true, false),
    ("blackmail", High, true, false),
    ("extortion", High, true, false),
    ("rug_pull", High, true, false),
    ("illicit_market", High, true, true),
    ("other_abuse", High, true, false),
    // Entities.
    ("market", High, false, true),
    ("mixing_service", High, false, true),
    ("coinjoin", Medium, false, false),
    ("gambling", Medium, false, true),
    ("atm", Medium, false, true),
    ("defi_bridge", Medium, false, true),
    ("exchange", Low, false, true),
    ("hosted_wallet", Low, false, true),
    ("wallet_service", Low, false, true),
    ("payment_processor", Low, false, true),
    ("miner", Low, false, true),
    ("mining_service", Low, false, true),
    ("service", Low, false, true),
    ("defi", Low, false, true),
    ("defi_dex", Low, false, true),
    ("defi_lending", Low, false, true),
    ("organization", Low, false, false),
    ("donation", Low, false, false),
    ("faucet", Low, false, false),
    ("hosting", Low, false, true),
    ("user", Low, false, false),
    ("perpetrator", High, false, false),
    ("other", Low, false, false),
    // Where coins come from and go to without an entity.
    ("coinbase", Risk::None, false, true),
    ("unknown_origin", Risk::None, false, true),
    ("unspent", Risk::None, false, true),
    ("fee", Risk::None, false, true),
];

impl Category {
    /// Nothing known.
    pub const UNATTRIBUTED: Category = Category(0);
    /// On a sanctions list.
    pub const SANCTION: Category = Category::named("sanction");
    /// A service of no listed kind.
    pub const SERVICE: Category = Category::named("service");
    /// Newly made coins.
    pub const COINBASE: Category = Category::named("coinbase");
    /// Outputs of blocks that are not stored.
    pub const UNKNOWN_ORIGIN: Category = Category::named("unknown_origin");
    /// Outputs not spent yet.
    pub const UNSPENT: Category = Category::named("unspent");
    /// What miners took.
    pub const FEE: Category = Category::named("fee");
    /// An abuse of no listed kind.
    pub const OTHER_ABUSE: Category = Category::named("other_abuse");
    /// Entities of no listed kind.
    pub const OTHER: Category = Category::named("other");

    const fn named(name: &str) -> Category {
        let mut i = 0u8;
        while (i as usize) < CONCEPTS.len() {
            if const_equal(CONCEPTS[i as usize].0, name) {
                return Category(i);
            }
            i += 1;
        }
        panic!("no such concept");
    }

    /// Reads a concept's name; old and alternative spellings of public TagPacks are understood.
    pub fn from_name(name: &str) -> Option<Category> {
        let name = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        let name = match name.as_str() {
            "hack" | "theft" => "service_hack",
            "mixer" | "tumbler" => "mixing_service",
            "ponzi" => "ponzi_scheme",
            "sanctions" | "sanctioned" => "sanction",
            "darknet_market" | "dark_market" => "illicit_market",
            "organisation" => "organization",
            "child_exploitation" | "csam" => "child_abuse",
            "fraud" => "scam",
            "mining" | "mining_pool" => "miner",
            other => other,
        };
        Category::all().find(|c| c.name() == name)
    }

    /// Returns the concept's name.
    pub fn name(self) -> &'static str {
        CONCEPTS.get(self.0 as usize).map_or("other", |c| c.0)
    }

    /// Returns its default risk.
    pub fn risk(self) -> Risk {
        CONCEPTS.get(self.0 as usize).map_or(Low, |c| c.1)
    }

    /// Returns whether it is an abuse rather than an entity's kind.
    pub fn is_abuse(self) -> bool {
        CONCEPTS.get(self.0 as usize).is_some_and(|c| c.2)
    }

    /// Returns whether traces end here by default: a service pools its customers' coins, so what leaves it is not what came in.
    pub fn ends_traces(self) -> bool {
        CONCEPTS.get(self.0 as usize).is_some_and(|c| c.3)
    }

    /// Returns whether anything is known.
    pub fn is_attributed(self) -> bool {
        self.0 != 0
    }

    /// Returns all categories.
    pub fn all() -> impl Iterator<Item = Category> {
        (0u8..).zip(CONCEPTS).map(|(number, _)| Category(number))
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Category {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Category {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Category::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown category '{name}'")))
    }
}

const fn const_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

const _: () = assert!(CONCEPTS.len() <= MAX_CATEGORIES);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_spellings_agree() {
        for category in Category::all() {
            assert_eq!(Category::from_name(category.name()), Some(category));
        }
        assert_eq!(Category::from_name("Mixer"), Category::from_name("mixing_service"));
        assert_eq!(Category::from_name("nonsense"), None);
        assert!(Category::from_name("ransomware").unwrap().risk() > Category::from_name("exchange").unwrap().risk());
    }
}
