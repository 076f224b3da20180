//! Headers, transactions and java-tron's answers: any bytes are answered; what reads writes its bytes again.
#![no_main]

use holdfast_tron::{Chain, Header, Transaction, json, transfers, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((form, data)) = data.split_first() else { return };
    match form % 4 {
        0 => {
            if let Ok(header) = Header::decode(data) {
                assert_eq!(header.encode(), data);
            }
        }
        1 => {
            if let Ok(transaction) = Transaction::read(data.to_vec(), vec![data.to_vec()], vec![]) {
                let again = Transaction::read(transaction.raw.clone(), vec![], vec![]).expect("it was read");
                assert_eq!((again.id, again.created()), (transaction.id, transaction.created()));
            }
        }
        2 => {
            // A made-up id and root would stop everything: the content decides them.
            if let Ok(mut block) = json::block(data) {
                block.header.transactions_root = block.transactions_root();
                block.id = block.header.id();
                let infos = block.transactions.iter().map(|t| holdfast_tron::Info {
                    id: t.id,
                    block: block.header.number,
                    timestamp_ms: block.header.timestamp_ms,
                    ..holdfast_tron::Info::default()
                });
                let infos = if block.header.number == 0 { Vec::new() } else { infos.collect() };
                if let Ok(verified) = verify(block, infos) {
                    let _ = transfers(&Chain::mainnet(), &verified);
                }
            }
        }
        _ => {
            let _ = json::infos(data);
            let _ = json::head(data);
        }
    }
});
