//! Models of other libraries, over the features that a desk knows.

use crate::LearnedError;
use crate::registry::{known_features, purpose_of};
use holdfast_models::import::{PeerTable, lightgbm, xgboost};
use holdfast_models::{Model, ModelError, Schema};
use holdfast_types::named;

named! { "lowercase";
    /// The library that a file comes from.
    #[schema(as = ModelPeer)]
    pub enum Peer {
        /// A text file of LightGBM.
        LightGbm,
        /// A JSON file of XGBoost.
        XgBoost,
    }
}

/// Reads a peer's file for a purpose. `scores` is a CSV of rows and the peer's own scores of them, which the model must reproduce; its header names the
/// features, each one that the desk knows.
///
/// # Errors
/// [`LearnedError::Invalid`] when the purpose is unknown; [`LearnedError::Model`] names a feature that is not known, or says what differs.
pub fn from_peer(peer: Peer, purpose: &str, file: &str, scores: &str) -> Result<Model, LearnedError> {
    let known = known_features(purpose_of(purpose)?)?;
    let table = PeerTable::from_csv(scores)?;
    let feature = |name: &String| {
        known.iter().find(|k| k.name == *name).cloned().ok_or_else(|| ModelError::Feature {
            name: name.chars().filter(|c| !c.is_control()).take(60).collect(),
            reason: "not known here; `holdfast models features` lists those that are".to_owned(),
        })
    };
    let schema = Schema::new(table.features().iter().map(feature).collect::<Result<_, _>>()?)?;
    Ok(match peer {
        Peer::LightGbm => lightgbm(file, purpose, &schema, &table)?,
        Peer::XgBoost => xgboost(file, purpose, &schema, &table)?,
    })
}
