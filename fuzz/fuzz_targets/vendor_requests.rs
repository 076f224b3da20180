//! Any bytes are answered as requests of Elliptic's, Chainalysis's and TRM's clients; what is read is valid or refused with the field, and
//! reads back from its own JSON.
#![no_main]

use holdfast_vendors::chainalysis::{Transfer, WithdrawalAttempt};
use holdfast_vendors::{elliptic, networks, trm};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = serde_json::from_slice::<elliptic::Request>(data) {
        let again: elliptic::Request = serde_json::from_value(serde_json::to_value(&request).unwrap()).unwrap();
        assert_eq!(again, request);
        for (kinds, subject) in [(&["wallet_exposure"][..], "address"), (&["source_of_funds"], "transaction")] {
            if let Err(e) = request.validate(kinds, subject) {
                assert!(!e.field.is_empty() && !e.problem.is_empty());
            }
        }
        assert_eq!(elliptic::analysis_id(&request), elliptic::analysis_id(&again));
        if let Err(e) = request.subject.asset_name() {
            assert!(!e.field.is_empty() && !e.problem.is_empty());
        }
    }
    if let Ok(transfer) = serde_json::from_slice::<Transfer>(data) {
        for found in [None, Some((Some(1), 5_u64.into()))] {
            match transfer.event("user", 1_800_000_000_u32.into(), |_, _| found) {
                Ok(event) => event.validate().unwrap(),
                Err(e) => assert!(!e.field.is_empty()),
            }
        }
    }
    if let Ok(attempt) = serde_json::from_slice::<WithdrawalAttempt>(data)
        && let Ok(event) = attempt.event("user")
    {
        event.validate().unwrap();
    }
    if let Ok(requests) = serde_json::from_slice::<Vec<trm::Request>>(data) {
        for request in &requests {
            let again: trm::Request = serde_json::from_value(serde_json::to_value(request).unwrap()).unwrap();
            assert_eq!(&again, request);
            if let Ok(chain) = request.validate() {
                assert_eq!(networks::chain("chain", &request.chain), Ok(chain));
            }
        }
    }
    // A signature that is not ours never fits, whatever it is.
    let text = String::from_utf8_lossy(data);
    assert!(!elliptic::signed(b"key", "1", "POST", "/v2/wallet/synchronous", data, &text));
});
