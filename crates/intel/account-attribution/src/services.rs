//! Services by their tags: whose wallets take what customers deposit.

use holdfast_attribution::{Category, Tag, TagStore, Tlp, tags::weightiest};
use holdfast_types::hash::sha256;
use holdfast_types::{AccountId, Family, Hash32};
use std::collections::BTreeMap;

/// Categories of services that have deposit addresses.
const DEPOSITED_AT: [&str; 3] = ["exchange", "hosted_wallet", "payment_processor"];

/// What a tagged account is to the heuristics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A wallet of a service that has deposit addresses, by the service's number.
    Wallet(u32),
    /// Attributed to somebody else: such an account is neither a deposit address nor a customer's.
    Attributed,
}

/// Tagged accounts of a family of chains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    roles: BTreeMap<AccountId, Role>,
    names: Vec<String>,
    fingerprint: Hash32,
}

impl Services {
    /// Finds the services among the tags of a family of chains that every reader of clusters may read: those of labels up to `clearance`. Who sees that
    /// accounts are together learns that a wallet was known.
    #[must_use]
    pub fn of(store: &TagStore, family: Family, clearance: Tlp) -> Self {
        let mut services = Services::default();
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        for (account, tags) in store.accounts(family) {
            let Some(tag) = weightiest(tags.iter().map(|n| store.tag(*n)).filter(|t| t.is_for(clearance))) else {
                continue;
            };
            let role = match name_of_service(tag) {
                Some(name) => {
                    let next = u32::try_from(services.names.len()).unwrap_or(u32::MAX);
                    let number = *numbers.entry(name.clone()).or_insert(next);
                    if number == next {
                        services.names.push(name);
                    }
                    Role::Wallet(number)
                }
                None => Role::Attributed,
            };
            services.roles.insert(account, role);
        }
        services.seal();
        services
    }

    /// Makes services from a list of accounts with the names of theirs.
    #[must_use]
    pub fn from_list(wallets: impl IntoIterator<Item = (AccountId, String)>) -> Self {
        let mut services = Services::default();
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        for (account, name) in wallets {
            let next = u32::try_from(services.names.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(name.clone()).or_insert(next);
            if number == next {
                services.names.push(name);
            }
            services.roles.insert(account, Role::Wallet(number));
        }
        services.seal();
        services
    }

    fn seal(&mut self) {
        let mut bytes = Vec::with_capacity(self.roles.len() * 40);
        for (account, role) in &self.roles {
            bytes.extend(account.as_bytes());
            let name = if let Role::Wallet(n) = role { self.names[*n as usize].as_str() } else { "" };
            bytes.extend(name.as_bytes());
            bytes.push(0);
        }
        self.fingerprint = sha256(&bytes);
    }

    /// Returns what an account is, if it is tagged.
    #[must_use]
    pub fn role(&self, account: &AccountId) -> Option<Role> {
        self.roles.get(account).copied()
    }

    /// Returns a service's name.
    #[must_use]
    pub fn name(&self, service: u32) -> Option<&str> {
        self.names.get(service as usize).map(String::as_str)
    }

    /// Returns the number of services.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns what equal tags have in common: clusters that were made by others are made anew.
    #[must_use]
    pub fn fingerprint(&self) -> Hash32 {
        self.fingerprint
    }
}

/// Returns the service whose wallet a tag names: its actor, else its label without what numbers it (`Binance 14`, `Binance: Hot Wallet`). A deposit
/// address is no wallet: what it receives is one customer's.
fn name_of_service(tag: &Tag) -> Option<String> {
    let concept: Category = tag.concept();
    if !DEPOSITED_AT.contains(&concept.name()) {
        return None;
    }
    let label = tag.label.to_lowercase();
    let mut words = label.split(|c: char| !c.is_alphanumeric());
    if words.any(|word| word == "deposit" || word == "depositor") && !label.contains("funder") {
        return None;
    }
    if let Some(actor) = &tag.actor {
        return Some(actor.to_lowercase());
    }
    let name = label.split(':').next().unwrap_or_default().trim();
    let without = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let name = if without.ends_with(char::is_whitespace) { without.trim_end() } else { name };
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_attribution::Confidence;

    fn tag(label: &str, category: &str, actor: Option<&str>) -> Tag {
        Tag {
            address: "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".into(),
            asset: "ETH".into(),
            label: label.into(),
            source: "here".into(),
            category: Some(category.into()),
            abuse: None,
            concepts: Vec::new(),
            confidence: Confidence::WebCrawl,
            is_cluster_definer: false,
            actor: actor.map(str::to_owned),
            lastmod: String::new(),
            pack: "p".into(),
            file: "f".into(),
            creator: String::new(),
            tlp: None,
        }
    }

    #[test]
    fn wallets_of_one_service_have_one_name() {
        let name = |label, category, actor| name_of_service(&tag(label, category, actor));
        for label in ["Binance", "Binance 14", "Binance: Hot Wallet 3", "Binance: Deposit Funder 2"] {
            assert_eq!(name(label, "exchange", None).as_deref(), Some("binance"), "{label}");
        }
        assert_eq!(name("Hot 7", "exchange", Some("Kraken")).as_deref(), Some("kraken"));
        assert_eq!(name("sim-exchange-12", "exchange", None).as_deref(), Some("sim-exchange-12"));
        assert_eq!(name("Wintermute: Binance Deposit", "exchange", None), None);
        assert_eq!(name("Uniswap", "defi_dex", None), None);
    }

    #[test]
    fn equal_tags_have_equal_fingerprints() {
        let mut store = TagStore::default();
        store.add_tags([tag("Binance 14", "exchange", None)]);
        let services = Services::of(&store, Family::Evm, Tlp::Amber);
        assert_eq!((services.len(), services.name(0)), (1, Some("binance")));
        assert_eq!(services, Services::of(&store, Family::Evm, Tlp::Amber));
        assert!(Services::of(&store, Family::Tron, Tlp::Amber).is_empty());
        // Without a label a tag is TLP:AMBER.
        assert!(Services::of(&store, Family::Evm, Tlp::Green).is_empty());
        store.add_tags([Tag {
            address: "0xdac17f958d2ee523a2206206994597c13d831ec7".into(),
            ..tag("X", "defi_dex", None)
        }]);
        assert_ne!(services.fingerprint(), Services::of(&store, Family::Evm, Tlp::Amber).fingerprint());
    }
}
