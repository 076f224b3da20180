//! Where traces end by what is known of a ledger's accounts.

use super::view::{Classify, Stop};
use holdfast_account_attribution::{Entities, Kind};
use holdfast_attribution::Category;

impl Classify for Entities {
    fn category(&self, account: u32) -> Category {
        Entities::category(self, account)
    }

    fn stop(&self, account: u32) -> Option<Stop> {
        stop_of(self.kind(account), Entities::category(self, account))
    }
}

/// Returns whether traces end at an account of a kind and category: at attributed services and published contracts. What only looks like a pool ends
/// nothing: anybody can write such a contract.
#[must_use]
pub fn stop_of(kind: Option<Kind>, category: Category) -> Option<Stop> {
    let by_kind = match kind {
        Some(Kind::Wrapper) => Some(Stop::Wrapper),
        Some(Kind::Pool | Kind::Router) => Some(Stop::Pool),
        Some(Kind::Bridge) => Some(Stop::Bridge),
        Some(Kind::Mixer) => Some(Stop::Mixer),
        _ => None,
    };
    by_kind.or_else(|| match category.name() {
        "defi_dex" => Some(Stop::Pool),
        "defi_bridge" => Some(Stop::Bridge),
        "mixing_service" => Some(Stop::Mixer),
        _ => category.ends_traces().then_some(Stop::Service),
    })
}
