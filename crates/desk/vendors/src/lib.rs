//! Other systems' words for what a screening desk knows: [`elliptic`], [`chainalysis`] and [`trm`] each render Holdfast's findings in the
//! provider's format (so that an exchange integrated there can point here) and read the provider's own answers; [`providers`] asks them.

pub mod assessed;
pub mod chainalysis;
pub mod elliptic;
pub mod providers;
pub mod trm;

pub use assessed::Assessed;
pub use providers::{Providers, Question};
