//! Tags: importing and withdrawing packs, tags that disagree.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use holdfast_attribution::Tlp;
use holdfast_state::AppState;
use holdfast_state::blocking::{run_blocking, run_in_background};
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, MANAGE, Routes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain")
        .add(CHAIN.long(), routes!(conflicts))
        .add(MANAGE.file().long(), routes!(import_tags))
        .add(MANAGE.long(), routes!(remove_tags))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// The uploaded file's name.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NameQuery {
    /// Ends in .yaml, .yml or .csv, or is sanctioned_addresses_ASSET.txt, sdn_advanced*.xml or cons_advanced*.xml, or a .json file of labels whose name begins with its explorer's (etherscan, bscscan, ...).
    name: String,
    /// TLP 2.0 label for tags that have none of their own; unlabelled tags count as TLP:AMBER.
    tlp: Option<String>,
}

/// Result of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportAnswer {
    /// Packs and lists read.
    packs: usize,
    tags: usize,
    new_tags: usize,
    actors: usize,
    warnings: Vec<String>,
    /// Tags of sanctioned addresses.
    sanctioned: usize,
    /// Tags by the category that they count under.
    by_category: BTreeMap<String, usize>,
    /// Tags by asset.
    by_asset: BTreeMap<String, usize>,
    /// Categories that the taxonomy does not know.
    unknown_categories: BTreeMap<String, usize>,
    /// Tags left out because nobody controls their address.
    without_owner: usize,
    /// Tags whose address can match nothing.
    unmatchable: usize,
    /// Tags whose addresses can be on each of the desk's chains.
    by_chain: BTreeMap<String, usize>,
    /// Tags whose addresses can be on none of the desk's chains: they are stored, and match by the address alone.
    without_chain: usize,
}

/// Imports a TagPack, ActorPack, OFAC list, labels of a block explorer or CSV, and brings all exposures up to it.
#[utoipa::path(post, path = "/api/v1/tags", params(NameQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ImportAnswer), (status = 400, body = ErrorBody)))]
pub async fn import_tags(
    State(shared): State<AppState>,
    Query(query): Query<NameQuery>,
    body: Bytes,
) -> Answer<ImportAnswer> {
    if !holdfast_attribution::import::is_importable(&query.name) {
        return Err(ApiError::bad(
            "name must end in .yaml, .yml or .csv, or be sanctioned_addresses_ASSET.txt, sdn_advanced*.xml or cons_advanced*.xml, or etherscan*.json, bscscan*.json or another explorer's labels",
        ));
    }
    let unknown = || ApiError::bad("tlp: TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED");
    let label = query.tlp.as_deref().map(|name| Tlp::from_name(name).ok_or_else(unknown)).transpose()?;
    let why = format!("'{}' was imported", query.name);
    let answer = run_in_background(move || {
        let chains = shared.chains.families();
        shared.change_tags(&why, |w| {
            let mut report = w.import_tags_as(vec![(query.name, body.to_vec())], label);
            report.count_chains(&chains);
            let nothing = || report.warnings.first().map_or("the file has no entry".into(), Clone::clone);
            let nothing = report.is_empty().then(|| format!("nothing was imported: {}", nothing()));
            if let Some(refused) = report.refused.into_iter().next().or(nothing) {
                return Err(ApiError::bad(refused));
            }
            w.catch_up();
            Ok(ImportAnswer {
                packs: report.packs,
                tags: report.tags,
                new_tags: report.new_tags,
                actors: report.actors,
                warnings: report.warnings.into_iter().take(1000).collect(),
                sanctioned: report.sanctioned,
                by_category: report.by_category,
                by_asset: report.by_asset,
                unknown_categories: report.unknown_categories,
                without_owner: report.without_owner,
                unmatchable: report.unmatchable,
                by_chain: report.by_chain,
                without_chain: report.without_chain,
            })
        })
    })
    .await?;
    Ok(Json(answer))
}

/// Name of a pack.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TitleQuery {
    /// The pack's title.
    title: String,
}

/// Result of a removal.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemovedAnswer {
    removed: usize,
}

/// Withdraws a pack: removes all its tags and their effect on exposures.
#[utoipa::path(delete, path = "/api/v1/tags", params(TitleQuery),
    responses((status = 200, body = RemovedAnswer), (status = 404, body = ErrorBody)))]
pub async fn remove_tags(State(shared): State<AppState>, Query(query): Query<TitleQuery>) -> Answer<RemovedAnswer> {
    let why = format!("pack '{}' was withdrawn", query.title);
    let answer = run_in_background(move || {
        shared.change_tags(&why, |w| {
            let removed = w.remove_pack(&query.title);
            if removed == 0 {
                let message = format!("no pack is titled '{}'", query.title);
                return Err(ApiError::new(StatusCode::NOT_FOUND, message));
            }
            w.catch_up();
            Ok(RemovedAnswer { removed })
        })
    })
    .await?;
    Ok(Json(answer))
}

/// Tags that disagree.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictAnswer {
    address: String,
    asset: String,
    field: String,
    /// Value and pack.
    values: Vec<Vec<String>>,
}

/// Returns addresses whose tags disagree.
#[utoipa::path(get, path = "/api/v1/tags/conflicts", responses((status = 200, body = Vec<ConflictAnswer>)))]
pub async fn conflicts(State(shared): State<AppState>, Clearance(clearance): Clearance) -> Answer<Vec<ConflictAnswer>> {
    let found = run_blocking(move || Ok(shared.chain().snapshot().tags.conflicts_for(clearance))).await?;
    let answer = found.into_iter().map(|c| ConflictAnswer {
        address: c.address,
        asset: c.asset,
        field: c.field,
        values: c.values.into_iter().map(|(value, pack)| vec![value, pack]).collect(),
    });
    Ok(Json(answer.collect()))
}
