//! An entity: a cluster of addresses, or what tags give to one actor.

use crate::chain::{Budget, Chain, Level, MAX_MEMBERS, Node, Of, View};
use crate::error::ExploreError;
use crate::flows::{Assets, Flows, Sums, neighbour};
use crate::neighbours::{Addresses, entity};
use crate::reports::{EntityKind, EntityReport, Neighbour, Side, Sort, TagLine, Who};
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Tag, Tlp};
use std::cmp::Reverse;

/// Addresses that an answer names.
const ADDRESSES: usize = 100;
/// Tags that an answer names.
const TAGS: usize = 100;
/// Payers and payees that an answer names.
const TOP: usize = 10;

/// One side of an entity.
struct OneSide {
    flows: Flows,
    top: Vec<Neighbour>,
    /// What moved within it.
    within: Sums,
    assets: Assets,
}

fn one_side(view: &dyn View, of: &Addresses, side: Side, budget: &mut Budget) -> Result<OneSide, ExploreError> {
    let mut flows = Flows::default();
    let wanted = Of { addresses: &of.members, side, level: Level::Entity, asset: None };
    view.parts(wanted, budget, &mut |part| flows.take(part))?;
    let assets = Assets::of(view, flows.total.keys().copied())?;
    let is_own = of.is_own(view);
    let mut within = Sums::new();
    for ((_, asset), row) in flows.rows.iter().filter(|((node, _), _)| is_own(*node)) {
        within.entry(*asset).or_default().add(row.sum);
    }
    flows.rows.retain(|(node, _), _| !is_own(*node) && matches!(node, Node::Entity(_)));
    let (rows, _) = flows.first_rows(Sort::Amount, TOP, &assets);
    let top = rows.iter().map(|row| neighbour(view, row, &assets, &|_| false)).collect::<Result<_, _>>()?;
    Ok(OneSide { flows, top, within, assets })
}

impl OneSide {
    /// What came from or went to others.
    fn others(&self) -> Sums {
        let less = |(asset, sum): (&u32, &crate::flows::Sum)| {
            (*asset, sum.less(self.within.get(asset).copied().unwrap_or_default()))
        };
        self.flows.total.iter().map(less).collect()
    }
}

pub(crate) fn tag_line(tag: &Tag) -> TagLine {
    TagLine {
        address: tag.address.clone(),
        label: tag.label.clone(),
        category: tag.concept(),
        risk: tag.concept().risk().name().to_owned(),
        source: tag.source.clone(),
        pack: tag.pack.clone(),
        creator: tag.creator.clone(),
        lastmod: tag.lastmod.clone(),
        confidence: tag.confidence.level(),
        is_cluster_definer: tag.is_cluster_definer,
    }
}

impl Chain {
    /// Returns an entity, for a reader of labels up to `clearance`: the cluster of an address, or an actor by its id.
    ///
    /// # Errors
    /// [`ExploreError`] for text that names none here.
    pub fn entity(&self, id: &str, clearance: Tlp) -> Result<EntityReport, ExploreError> {
        let view = &*self.view(clearance);
        let of = entity(view, id)?;
        let mut budget = Budget::default();
        let paid = one_side(view, &of, Side::In, &mut budget)?;
        let pays = one_side(view, &of, Side::Out, &mut budget)?;
        let mut tags: Vec<&Tag> = of.members.iter().flat_map(|address| view.own_tags(*address)).collect();
        tags.sort_by_key(|t| (Reverse((t.concept().risk(), t.confidence.level())), t.address.as_str()));
        let who = match (&of.root, &of.actor) {
            (Some(root), _) => view.who(*root),
            (None, label) => {
                let tag = weightiest(tags.iter().copied());
                let nobody = crate::chain::nobody();
                Who {
                    label: label.clone(),
                    category: tag.map_or(nobody.category, Tag::concept),
                    risk: tag.map_or(nobody.risk, |t| t.concept().risk().name().to_owned()),
                    tags: tags.len() as u64,
                    source: tag.map(|t| t.source.clone()).filter(|s| !s.is_empty()),
                    confidence: tag.map(|t| t.confidence.level()),
                    by_cluster: false,
                }
            }
        };
        let names = of.members.iter().take(ADDRESSES).map(|a| view.address_text(*a));
        let mut notes: Vec<String> = budget.note().into_iter().chain(of.note()).chain(self.gaps()).collect();
        let exposure = self.exposure_of(&of, clearance, &mut notes);
        let (received, more_in) = paid.assets.all(&paid.others());
        let (sent, more_out) = pays.assets.all(&pays.others());
        let (within, _) = pays.assets.all(&pays.within);
        if more_in + more_out > 0 {
            notes.push(format!("sums leave out {more_in} assets received and {more_out} sent"));
        }
        Ok(EntityReport {
            chain: view.name(),
            id: of.id.clone(),
            kind: if of.actor.is_some() { EntityKind::Actor } else { EntityKind::Cluster },
            who,
            members: of.count,
            addresses: names.collect::<Result<_, _>>()?,
            tag_count: tags.len() as u64,
            tags: tags.into_iter().take(TAGS).map(tag_line).collect(),
            received,
            sent,
            within,
            payers: paid.top,
            payees: pays.top,
            exposure,
            first_seen: paid.flows.first.into_iter().chain(pays.flows.first).min(),
            last_seen: paid.flows.last.max(pays.flows.last),
            complete: !budget.exceeded && of.count <= MAX_MEMBERS as u64,
            notes,
        })
    }

    /// Returns the exposure of a cluster of a chain of outputs; says why where there is none.
    fn exposure_of(
        &self,
        of: &Addresses,
        clearance: Tlp,
        notes: &mut Vec<String>,
    ) -> Option<holdfast_workspace::ExposureView> {
        let why = match self {
            Chain::Outputs(chain) if of.actor.is_none() => {
                if !chain.shows_exposure(clearance) {
                    "exposures rest on tags that this key may not read".to_owned()
                } else {
                    match chain.exposure(&of.id, true) {
                        Ok(exposure) => return Some(exposure),
                        Err(e) => format!("the exposure is not known: {e}"),
                    }
                }
            }
            Chain::Outputs(_) => "exposures are those of addresses and clusters; an actor has none".to_owned(),
            Chain::Accounts(_) => "the exposure of an address is at account-chains/exposure".to_owned(),
        };
        notes.push(why);
        None
    }
}
