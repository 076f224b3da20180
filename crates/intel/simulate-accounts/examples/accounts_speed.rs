//! Pace of the economy of accounts: `cargo run --release -p holdfast-simulate-accounts --example accounts_speed [TRANSACTIONS]`.

#![allow(missing_docs, reason = "an example has no users")]

use holdfast_simulate_accounts::{Economy, Options, SimBlock};
use rayon::prelude::*;
use std::time::Instant;

fn main() {
    let txs: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(500_000);
    let options = Options { blocks: txs / 1_000, users: 20_000, txs_per_block: 800, ..Options::default() };
    let start = Instant::now();
    let mut economy = Economy::new(options).expect("sizes in range");
    println!("scene: {:.2} s", start.elapsed().as_secs_f64());
    let (mut made, mut bytes) = (0, 0);
    let (mut making, mut writing) = (0.0, 0.0);
    loop {
        let start = Instant::now();
        let blocks = economy.next_blocks(32);
        making += start.elapsed().as_secs_f64();
        if blocks.is_empty() {
            break;
        }
        made += blocks.iter().map(|block| block.transactions.len()).sum::<usize>();
        let start = Instant::now();
        bytes += blocks.par_iter().map(|block| SimBlock::json_line(block).len()).sum::<usize>();
        writing += start.elapsed().as_secs_f64();
        economy.take_records();
    }
    let made = f64::from(u32::try_from(made).unwrap_or(u32::MAX));
    println!(
        "{made} transactions: {:.0} a second made, {:.0} a second with JSON",
        made / making,
        made / (making + writing)
    );
    println!("{bytes} bytes of JSON");
}
