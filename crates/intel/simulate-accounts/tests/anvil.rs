//! The economy on real nodes: anvil runs the contracts, and every transfer and balance is what was booked.

use holdfast_evm::{Chain, U256, transfers};
use holdfast_simulate_accounts::node::{PlayError, Player};
use holdfast_simulate_accounts::{Economy, Options};
use holdfast_types::{Commitment, Position};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A child process that ends with the test.
struct Anvil(Child, String);

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts anvil for a chain; `None`, loudly, where it is not installed.
fn anvil(chain: u64) -> Option<Anvil> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target/peers/node_modules/@foundry-rs");
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let program = peers.join(format!("anvil-linux-{machine}/bin/anvil"));
    if !program.exists() {
        assert!(std::env::var_os("CI").is_none(), "anvil is not installed, and CI must have it");
        eprintln!("SKIPPED: anvil is not installed; ./test installs it where it can");
        return None;
    }
    let mut process = Command::new(program)
        .args(["--port", "0", "--no-mining", "--order", "fifo", "--hardfork", "prague", "--accounts", "1"])
        .args(["--disable-pool-balance-checks", "--disable-min-priority-fee", "--base-fee", "0"])
        .args(["--timestamp", "1750000000", "--gas-limit", "3000000000", "--chain-id", &chain.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = lines.skip_while(|line| !line.starts_with("Listening on "));
    let address = lines.next().unwrap()["Listening on ".len()..].trim().to_owned();
    // Its further lines are read, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    Some(Anvil(process, format!("http://{address}")))
}

#[test]
fn contracts_on_real_nodes_do_what_was_booked() {
    let options = Options { seed: 4, blocks: 70, users: 60, txs_per_block: 25, has_fees: false, ..Options::default() };
    let (Some(first), Some(second)) = (anvil(options.chains[0]), anvil(options.chains[1])) else { return };
    let mut economy = Economy::new(options).unwrap();
    let urls = [first.1.as_str(), second.1.as_str()];
    let swapped = Player::new(&economy, [urls[1], urls[0]]).unwrap_err();
    assert!(matches!(swapped, PlayError::Chain { .. }), "{swapped}");
    let player = Player::new(&economy, urls).unwrap();
    let (mut transactions, mut moved) = (0, 0);
    loop {
        let blocks = economy.next_blocks(10);
        if blocks.is_empty() {
            break;
        }
        for block in blocks {
            player.play(&block).unwrap();
            let height = block.header.number;
            if height == 0 {
                continue;
            }
            let node = &player.nodes()[block.chain];
            let chain: &Chain = node.chain();
            let read = node.blocks(height..height + 1).unwrap();
            let found = transfers(chain, &read[0]);
            assert_eq!(found.transactions.len(), block.truth.len());
            for (i, (found, truth)) in found.transactions.iter().zip(&block.truth).enumerate() {
                let what = format!("chain {} block {height} transaction {i}: {:?}", block.chain, truth.action);
                assert_eq!(found.hash, block.transactions[i].hash.0, "{what}");
                assert_eq!(found.success, block.transactions[i].success(), "{what}");
                assert_eq!(found.transfers, truth.transfers, "{what}");
                transactions += 1;
                moved += found.transfers.len();
                for transfer in &found.transfers {
                    let is_traced = matches!(transfer.position, Position::Trace(_));
                    assert_eq!(transfer.commitment == Commitment::Claim, is_traced);
                }
            }
            // Logs are the same, byte for byte.
            let logs: Vec<_> = block.receipts.iter().map(|receipt| &receipt.logs).collect();
            assert_eq!(read[0].receipts().iter().map(|r| &r.logs).collect::<Vec<_>>(), logs);
        }
    }
    let mut balances = 0;
    for chain in 0..2 {
        for (address, token, units) in economy.balances(chain) {
            let found = player.balance(chain, address, token).unwrap();
            assert_eq!(found, U256::from(units), "chain {chain}: {address} of {token:?}");
            balances += 1;
        }
    }
    println!("{transactions} transactions, {moved} transfers and {balances} balances are equal");
    assert!(transactions > 1_500 && moved > 2_000 && balances > 200, "{transactions} {moved} {balances}");
}
