//! Patterns that the ledger shows: peel chains, mixers, coinjoins.

use super::{Context, Finding, Typology, part_of};

pub(super) fn peel_chain(context: &Context) -> Option<Finding> {
    let hops = context.facts.peel_hops;
    (hops >= 4).then(|| {
        let text = format!("the deposit peels off a chain of {hops} transactions with one input and two outputs");
        context.found(Typology::PeelChain, text, context.value, Vec::new())
    })
}

pub(super) fn mixer_exposure(context: &Context) -> Option<Finding> {
    // FinCEN proposes no minimum; below this a deposit is dust.
    const LEAST: u64 = 1_000;
    if context.withdrawal() {
        if context.facts.category.name() != "mixing_service" {
            return None;
        }
        let text = "the destination belongs to a mixing service".to_owned();
        return Some(context.found(Typology::MixerExposure, text, context.value, Vec::new()));
    }
    let share = context.facts.source.iter().find(|s| s.category.name() == "mixing_service")?;
    let value = part_of(context.value, share.direct_ppm.saturating_add(share.indirect_ppm));
    if value < LEAST || (share.direct_ppm < 100_000 && share.indirect_ppm < 250_000) {
        return None;
    }
    let text = format!(
        "{}% of the deposit comes directly and {}% indirectly from mixing services",
        share.direct_ppm / 10_000,
        share.indirect_ppm / 10_000
    );
    Some(context.found(Typology::MixerExposure, text, value, Vec::new()))
}

pub(super) fn coinjoin_exposure(context: &Context) -> Option<Finding> {
    let kind = context.facts.coinjoin.as_ref()?;
    let text = format!("the deposit comes out of a coinjoin ({kind}) at most two transactions back");
    Some(context.found(Typology::CoinjoinExposure, text, context.value, Vec::new()))
}
