//! Where traces end by what is known of a ledger's accounts.

use super::view::{Classify, Stop};
use holdfast_account_attribution::{Entities, Kind};
use holdfast_attribution::Category;

impl Classify for Entities {
    fn category(&self, account: u32) -> Category {
        Entities::category(self, account)
    }

    /// Attributed services and published contracts. What only looks like a pool ends nothing: anybody can write such a contract.
    fn stop(&self, account: u32) -> Option<Stop> {
        let by_kind = match self.kind(account) {
            Some(Kind::Wrapper) => Some(Stop::Wrapper),
            Some(Kind::Pool | Kind::Router) => Some(Stop::Pool),
            Some(Kind::Bridge) => Some(Stop::Bridge),
            Some(Kind::Mixer) => Some(Stop::Mixer),
            _ => None,
        };
        let category = Entities::category(self, account);
        by_kind.or_else(|| match category.name() {
            "defi_dex" => Some(Stop::Pool),
            "defi_bridge" => Some(Stop::Bridge),
            "mixing_service" => Some(Stop::Mixer),
            _ => category.ends_traces().then_some(Stop::Service),
        })
    }
}
