//! Models that ship: trained on our own simulated exchange, so that a desk without labels has something to try beside its rules. They come as drafts. What
//! they reach on the simulation says nothing of an exchange: a desk puts one in shadow, and trains its own when it has labels.
//!
//! `holdfast models simulate PURPOSE FILE` makes a file again, byte for byte.

mod simulated;

pub use simulated::{Simulated, SimulatedDesk, SimulatedError, train};

use holdfast_decision::Purpose;
use holdfast_models::{Model, ModelError};

macro_rules! shipped {
    ($($purpose:ident $file:literal),+ $(,)?) => {
        /// The files, by what they are for.
        const FILES: &[(Purpose, &[u8])] = &[$((Purpose::$purpose, include_bytes!(concat!("../models/", $file)))),+];
    };
}

shipped!(
    WithdrawalScam "withdrawal-scam.hfm",
    AccountTakeover "account-takeover.hfm",
    Mule "mule.hfm",
    CardCashOut "card-cash-out.hfm",
    AlertTriage "alert-triage.hfm",
);

/// Returns the models that ship.
///
/// # Errors
/// [`ModelError`] where this version does not read a file; a test holds that it does.
pub fn shipped() -> Result<Vec<Model>, ModelError> {
    FILES.iter().map(|(_, bytes)| Model::from_bytes(bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_decision::features;

    /// Each is for what its file says, small, and made of features that events have; its record says that it is of a simulation.
    #[test]
    fn what_ships_can_be_used_and_says_what_it_was_trained_on() {
        let models = shipped().unwrap();
        assert_eq!(models.len(), FILES.len());
        for (model, (purpose, bytes)) in models.iter().zip(FILES) {
            let content = model.content();
            assert_eq!(content.purpose, purpose.name());
            assert!(bytes.len() < 2_000_000, "{purpose}: {} bytes", bytes.len());
            for feature in model.schema().features() {
                assert!(features::position(&feature.name).is_some(), "{purpose}: {}", feature.name);
            }
            let said = &content.training.as_ref().unwrap().never_seen;
            assert!(said.iter().any(|what| what.contains("simulated")), "{purpose}: {said:?}");
        }
    }
}
