//! Models in a desk: registry, scores in decisions, replay and verification, on both databases.

mod registry;
mod scores;
