//! Blocks, transactions, receipts and traces of EVM chains, and era1 files: any bytes are answered; what reads is canonical and writes its bytes again.
#![no_main]

use holdfast_evm::era1::Era1;
use holdfast_evm::proof::Inclusion;
use holdfast_evm::{Bytes, Chain, Checks, Header, Receipt, Transaction, json, rlp, trace, transfers, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((form, data)) = data.split_first() else { return };
    let bytes = Bytes::copy_from_slice(data);
    match form % 8 {
        0 => {
            if let Ok(header) = Header::from_rlp(data) {
                assert_eq!(Header::from_rlp(&header.to_rlp()).map(|h| h.hash()), Ok(header.hash()));
            }
        }
        1 => {
            if let Ok(transaction) = Transaction::from_envelope(&bytes) {
                let _ = transaction.recover();
                for authorization in &transaction.authorizations {
                    let _ = authorization.recover();
                }
            }
        }
        2 => {
            if let Ok(receipt) = Receipt::from_envelope(&bytes) {
                let bloom = receipt.computed_bloom();
                let again = Receipt::from_envelope(&receipt.envelope(&bloom).into()).expect("it was written");
                assert_eq!(again.logs, receipt.logs);
            }
        }
        3 => {
            let _ = trace::nested(data);
            let _ = trace::flat(data, 3);
        }
        4 => {
            let chain = Chain::of(137);
            if let Ok(mut block) = json::block(&chain, data) {
                let _ = json::receipts(&mut block, b"[]");
            }
        }
        5 => {
            if let Ok(mut era) = Era1::new(data) {
                while let Some(Ok((block, receipts))) = era.next() {
                    if let Ok(verified) = verify(&Chain::of(1), block, receipts, Checks::default()) {
                        let _ = transfers(&Chain::of(1), &verified);
                    }
                }
            }
        }
        6 => {
            let _ = rlp::receipts(&bytes);
        }
        _ => {
            let nodes = data.chunks(64).map(Bytes::copy_from_slice).collect();
            let _ = Inclusion { index: 0, nodes }.check(holdfast_evm::B256::ZERO);
        }
    }
});
