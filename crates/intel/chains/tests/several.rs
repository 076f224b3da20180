//! Several chains at once.

#[path = "../../account-workspace/tests/it/blocks.rs"]
mod blocks;

use blocks::{USDT, USDT_ON_TRON, address, block, chain, ethereum, opened, token, transfer};
use holdfast_account_ledger::Settings;
use holdfast_account_workspace::AccountHandle;
use holdfast_bitcoin::Network;
use holdfast_chains::{Chains, ChainsError, open_chains};
use holdfast_types::ChainId;
use holdfast_workspace::{ChainHandle, Workspace};
use std::sync::Arc;

#[test]
fn an_asset_of_several_chains_is_picked_by_id_or_address_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (eth, tron, other) = (chain("eip155:1"), chain("tron:mainnet"), chain("eip155:137"));
    let first = Workspace::create_or_open(dir.path(), Network::Regtest).unwrap();
    let mut chains = Chains::one(Arc::new(ChainHandle::new(first)));
    chains.add_accounts(Arc::new(AccountHandle::new(ethereum(dir.path(), &Arc::default())))).unwrap();
    let blocks = |id: &ChainId, contract: &str| {
        vec![block(id, 0, 0, &[]), block(id, 1, 0, &[vec![transfer(token(contract), 0, 8, 5, 0)]])]
    };
    for (id, contract) in [(&tron, USDT_ON_TRON), (&other, "0xc2132D05D31c914a87C6611C10748AEb04B58e8F")] {
        let opened = opened(dir.path(), &Settings::new(id.clone()), &Arc::default(), blocks(id, contract));
        chains.add_accounts(Arc::new(AccountHandle::new(opened))).unwrap();
    }
    let picked = |asset: &str, addresses: &[&str]| {
        chains.for_transfer(asset, addresses).map(|chain| chain.map(|chain| chain.id().to_string()))
    };
    assert_eq!(picked("USDT", &[&address(8, &tron)]).unwrap().as_deref(), Some("tron:mainnet"));
    let ambiguous = picked("USDT", &[&address(8, &eth)]).unwrap_err();
    assert!(matches!(ambiguous, ChainsError::Ambiguous(..)));
    assert!(ambiguous.to_string().contains("ethereum, polygon"), "{ambiguous}");
    assert!(matches!(picked("usdt", &[]), Err(ChainsError::Ambiguous(..))));
    assert_eq!(picked(&format!("eip155:1/erc20:{USDT}"), &[]).unwrap().as_deref(), Some("eip155:1"));
    assert_eq!(picked("ETH", &[]).unwrap().as_deref(), Some("eip155:1"));
    assert_eq!(picked("DOGE", &[]).unwrap(), None);
    assert_eq!(picked("USDT", &["rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"]).unwrap(), None);

    let found = |text: &str, name: Option<&str>| chains.accounts_for(text, name).map(|c| c.chain().to_string());
    assert_eq!(found(&address(2, &eth), None).unwrap(), "eip155:1", "stored there alone");
    assert_eq!(found(&address(8, &tron), None).unwrap(), "tron:mainnet");
    assert!(matches!(found(&address(7, &eth), None), Err(ChainsError::Ambiguous(..))), "stored nowhere");
    for name in ["polygon", "eip155:137", "POL", " Polygon "] {
        assert_eq!(found(&address(7, &eth), Some(name)).unwrap(), "eip155:137");
    }
    assert!(matches!(found("1", Some("base")), Err(ChainsError::Unknown(..))));
    assert_eq!(chains.all().len(), 4);
    drop(chains);
    let names: Vec<String> = open_chains(dir.path()).unwrap().iter().map(|c| c.name()).collect();
    assert_eq!(names, ["regtest", "ethereum", "polygon", "tron"]);
}
