//! Traffic Light Protocol labels: who may read a tag.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// TLP 2.0 label (FIRST, August 2022), least restrictive first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum Tlp {
    /// May be passed on without limit.
    #[serde(rename = "TLP:CLEAR")]
    #[strum(serialize = "TLP:CLEAR")]
    Clear,
    /// Within the wider community, not in public.
    #[serde(rename = "TLP:GREEN")]
    #[strum(serialize = "TLP:GREEN")]
    Green,
    /// Within one's organisation and its clients, who need to know.
    #[serde(rename = "TLP:AMBER")]
    #[strum(serialize = "TLP:AMBER")]
    Amber,
    /// Within one's organisation only.
    #[serde(rename = "TLP:AMBER+STRICT")]
    #[strum(serialize = "TLP:AMBER+STRICT")]
    AmberStrict,
    /// The named recipients only.
    #[serde(rename = "TLP:RED")]
    #[strum(serialize = "TLP:RED")]
    Red,
}

impl Tlp {
    /// All, least restrictive first.
    pub const ALL: &[Tlp] = <Tlp as strum::VariantArray>::VARIANTS;

    /// Returns its name, such as `TLP:AMBER+STRICT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads a name, with or without `TLP:`; TLP 1.0's WHITE is CLEAR.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_uppercase();
        let name = name.strip_prefix("TLP:").unwrap_or(&name);
        match name {
            "WHITE" => Some(Tlp::Clear),
            _ => Tlp::ALL.iter().copied().find(|t| &t.name()[4..] == name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_ordered_and_read() {
        assert!(Tlp::Clear < Tlp::Red && Tlp::Amber < Tlp::AmberStrict);
        assert_eq!(Tlp::from_name("amber+strict"), Some(Tlp::AmberStrict));
        assert_eq!(Tlp::from_name("tlp:white"), Some(Tlp::Clear));
        assert_eq!(Tlp::from_name("TLP:PINK"), None);
        for label in Tlp::ALL {
            assert_eq!(Tlp::from_name(label.name()), Some(*label));
        }
    }
}
