//! What accounts count under.

use crate::economy::simulated;
use holdfast_account_attribution::{Clusters, Entities, Observation, Services, kind, kind::Events};
use holdfast_analysis::accounts::{Classify, Stop};
use holdfast_attribution::{Confidence, Tag, TagStore, Tlp};
use holdfast_types::{AccountId, Family};
use std::collections::HashMap;

fn build(sim: &crate::economy::Simulated, store: &TagStore) -> (Clusters, Entities) {
    let services = Services::of(store, Family::Evm, Tlp::Amber);
    let mut clusters = Clusters::build(&sim.ledger, &services, &sim.signals, sim.options.clone()).unwrap();
    let entities = Entities::build(&sim.ledger, &mut clusters, store, &services, None, &HashMap::new()).unwrap();
    (clusters, entities)
}

#[test]
fn deposit_addresses_are_their_exchanges_and_tags_are_masked() {
    let sim = simulated(5, 80, 30);
    let (_, entities) = build(&sim, &sim.store);
    let (mut deposits, mut right) = (0, 0);
    for (account, role) in &sim.roles {
        let Some(number) = sim.ledger.account_number(account) else { continue };
        let category = entities.category(number).name();
        match role.as_str() {
            "hot" => assert_eq!(category, "exchange"),
            "mixer" => {
                assert!(category == "mixing_service" && entities.ends_traces(number));
                assert_eq!(Classify::stop(&entities, number), Some(Stop::Mixer));
            }
            "pool" => assert_eq!((category, Classify::stop(&entities, number)), ("defi_dex", Some(Stop::Pool))),
            "deposit" | "forwarder" => {
                deposits += 1;
                right += usize::from(category == "exchange");
                if category == "exchange" {
                    assert_eq!(Classify::stop(&entities, number), Some(Stop::Service));
                    let name = entities.name(&sim.store, number).unwrap();
                    assert_eq!(name, format!("sim-exchange-{}", sim.owners[account]), "{account:?}");
                }
            }
            "wallet" => assert_ne!(category, "exchange", "{account:?}"),
            _ => {}
        }
    }
    println!("{right} of {deposits} deposit addresses");
    assert!(right * 2 > deposits, "{right} of {deposits}");
    // Mints and burns have nobody on their outer side; the zero address has no category if it is there at all.
    if let Some(zero) = sim.ledger.account_number(&AccountId::ZERO) {
        assert!(!entities.category(zero).is_attributed());
    }
    assert!(!entities.tagged().is_empty());

    // A tag above what a reader may read does not exist for them, nor does it for what its cluster counts under.
    let mut store = TagStore::default();
    store.add_tags(sim.store.iter().map(|t| Tag { tlp: Some(Tlp::Amber), ..t.clone() }));
    let wallet = sim.roles.iter().find(|(_, role)| *role == "wallet").map(|(account, _)| *account).unwrap();
    let chain = &sim.ledger.settings().chain;
    let secret = Tag {
        address: wallet.to_address(chain).to_string(),
        asset: "ETH".into(),
        label: "Secret".into(),
        source: "partner".into(),
        category: None,
        abuse: Some("ransomware".into()),
        concepts: Vec::new(),
        confidence: Confidence::AuthorityData,
        is_cluster_definer: true,
        actor: None,
        lastmod: String::new(),
        pack: "Secret".into(),
        file: String::new(),
        creator: String::new(),
        tlp: Some(Tlp::Red),
    };
    store.add_tags([secret]);
    let (clusters, entities) = build(&sim, &store);
    let number = sim.ledger.account_number(&wallet).unwrap();
    let category = |clearance| entities.category_for(&store, number, clearance).name();
    assert_eq!((category(Tlp::Red), category(Tlp::AmberStrict)), ("ransomware", "unattributed"));
    let hot = sim.roles.iter().find(|(_, role)| *role == "hot").map(|(account, _)| *account).unwrap();
    let hot = sim.ledger.account_number(&hot).unwrap();
    for account in clusters.members(clusters.of(hot)) {
        assert_eq!(entities.category_for(&store, account, Tlp::Green).name(), "unattributed");
        assert_eq!(entities.category_for(&store, account, Tlp::Amber).name(), "exchange");
    }
}

#[test]
fn only_published_kinds_end_traces() {
    let sim = simulated(5, 20, 20);
    let services = Services::of(&TagStore::default(), Family::Evm, Tlp::Amber);
    let mut clusters = Clusters::build(&sim.ledger, &services, &sim.signals, sim.options.clone()).unwrap();
    let pool = sim.roles.iter().find(|(a, role)| *role == "pool" && sim.ledger.account_number(a).is_some());
    let pool = *pool.unwrap().0;
    let (chain, mut events) = (&holdfast_types::ChainId::parse("eip155:1").unwrap(), Events::default());
    events.count(&[holdfast_account_attribution::contracts::topic("Sync(uint112,uint112)")]);
    let mut observation = Observation {
        chain,
        account: pool,
        code: None,
        events: &events,
        has_signed: false,
        creator: None,
        implementation: None,
    };
    let mut category = |finding| {
        let kinds = HashMap::from([(pool, finding)]);
        let entities =
            Entities::build(&sim.ledger, &mut clusters, &TagStore::default(), &services, None, &kinds).unwrap();
        entities.category(sim.ledger.account_number(&pool).unwrap()).name()
    };
    // Anybody can write a contract with a pool's events.
    assert_eq!(category(kind(&observation)), "unattributed");
    let factory = holdfast_types::Address::read("0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f");
    observation.creator = Some(AccountId::try_from(&factory).unwrap());
    assert_eq!(category(kind(&observation)), "defi_dex");
}
