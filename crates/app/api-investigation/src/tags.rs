//! Tags: looking through them, importing and withdrawing packs, own tags, tags that disagree.

use crate::answers::chain::TagView;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use holdfast_attribution::import::ImportReport;
use holdfast_attribution::own::OwnTag;
use holdfast_attribution::tags::{MAX_FOUND, MAX_PACKS, TagFilter};
use holdfast_attribution::{Category, Tlp};
use holdfast_jobs::StoredJob;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::{run_blocking, run_in_background};
use holdfast_state::body::json;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::imports::Import;
use holdfast_state::routes::{CHAIN, DESK, MANAGE, Needs, Routes};
use holdfast_state::tags::{OwnStep, PackRow};
use holdfast_types::Timestamp;
use holdfast_workspace::queries::{tag_list, tag_row};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Who brings packs in sees which there are.
const PACKS: Needs = Needs::key(&["chain", "read", "manage"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain")
        .add(CHAIN.long(), routes!(conflicts))
        .add(CHAIN.long(), routes!(tags))
        .add(PACKS.long(), routes!(packs))
        .add(DESK.long(), routes!(add_own_tag))
        .add(DESK.long(), routes!(change_own_tag))
        .add(DESK.long(), routes!(remove_own_tag))
        .add(MANAGE.file().long(), routes!(import_tags))
        .add(MANAGE, routes!(tag_import))
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
    /// Their titles.
    titles: Vec<String>,
    /// Licences that files state, by the title of the pack.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    licences: BTreeMap<String, String>,
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

impl From<ImportReport> for ImportAnswer {
    fn from(report: ImportReport) -> Self {
        ImportAnswer {
            packs: report.packs,
            titles: report.titles,
            licences: report.licences,
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
        }
    }
}

/// Imports a TagPack, ActorPack, OFAC list, labels of a block explorer or CSV, and brings all exposures up to it. A file above 4 MiB is imported by a job:
/// the answer is 202 with the job then, and `/api/v1/tags/imports/{job}` says how far it is and what it did.
#[utoipa::path(post, path = "/api/v1/tags", params(NameQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ImportAnswer), (status = 202, body = StoredJob), (status = 400, body = ErrorBody)))]
pub async fn import_tags(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<NameQuery>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let import = move || shared.take_tags(query.name, body.to_vec(), query.tlp.as_deref(), &caller.0);
    Ok(match run_in_background(import).await? {
        Import::Done(report) => Json(ImportAnswer::from(*report)).into_response(),
        Import::InWork(job) => (StatusCode::ACCEPTED, [(header::RETRY_AFTER, "1")], Json(*job)).into_response(),
    })
}

/// An import by a job.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportJobAnswer {
    /// The job; `done` and `all` are tags.
    job: StoredJob,
    /// What it did, once it is done; null before, where it failed, and of old imports.
    report: Option<ImportAnswer>,
}

/// Returns how far an import by a job is, and what it did. `/api/v1/jobs/{id}/cancel` ends it.
#[utoipa::path(get, path = "/api/v1/tags/imports/{job}", params(("job" = u64, Path, description = "Number of the job")),
    responses((status = 200, body = ImportJobAnswer), (status = 404, body = ErrorBody)))]
pub async fn tag_import(State(shared): State<AppState>, Path(job): Path<u64>) -> Answer<ImportJobAnswer> {
    let (job, report) = run_blocking(move || shared.tag_import(job)).await?;
    Ok(Json(ImportJobAnswer { job, report: report.map(Into::into) }))
}

/// Name of a pack.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TitleQuery {
    /// The pack's title.
    title: String,
    /// Why it is withdrawn, for the audit log.
    reason: Option<String>,
}

/// Result of a removal.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemovedAnswer {
    removed: usize,
}

/// Withdraws a pack: removes all its tags and their effect on exposures.
#[utoipa::path(delete, path = "/api/v1/tags", params(TitleQuery),
    responses((status = 200, body = RemovedAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn remove_tags(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<TitleQuery>,
) -> Answer<RemovedAnswer> {
    let withdraw = move || shared.withdraw_pack(&query.title, query.reason.as_deref(), &caller.0);
    let removed = run_in_background(withdraw).await?;
    Ok(Json(RemovedAnswer { removed }))
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

/// Which tags.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct TagsQuery {
    /// An address in any of its forms, or else a part of the label, the actor or the source, in any case.
    pub text: String,
    /// The category that they count under, such as ransomware.
    pub category: String,
    /// Title of their pack.
    pub pack: String,
    /// Id of their actor.
    pub actor: String,
    /// `next` of the page before.
    pub before: Option<u32>,
    /// How many, at most 1000; by default 100.
    pub limit: Option<u16>,
}

impl TagsQuery {
    /// Returns the filter.
    ///
    /// # Errors
    /// 400 names the field.
    pub fn filter(&self) -> Result<TagFilter, ApiError> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let unknown = |name: &str| ApiError::bad(format!("category: '{name}' is not in the taxonomy"));
        let category = given(&self.category).map(|name| Category::from_name(&name).ok_or_else(|| unknown(&name)));
        Ok(TagFilter {
            text: self.text.trim().to_owned(),
            category: category.transpose()?,
            pack: given(&self.pack),
            actor: given(&self.actor),
        })
    }
}

/// A tag with the address that it is of.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagRow {
    /// The address, as its source writes it.
    address: String,
    /// Ticker or id of the asset.
    asset: String,
    /// Id of a tag of the desk's own, by which it is changed; absent of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<String>,
    #[serde(flatten)]
    tag: TagView,
}

impl From<holdfast_workspace::TagRow> for TagRow {
    fn from(row: holdfast_workspace::TagRow) -> Self {
        TagRow { address: row.address, asset: row.asset, own: row.own, tag: row.tag.into() }
    }
}

/// Tags that were found.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagsAnswer {
    /// The last imported first.
    tags: Vec<TagRow>,
    /// `before` of the next page; null where these are the last.
    next: Option<u32>,
}

/// Returns tags, the last imported first.
#[utoipa::path(get, path = "/api/v1/tags", params(TagsQuery), responses((status = 200, body = TagsAnswer), (status = 400, body = ErrorBody)))]
pub async fn tags(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<TagsQuery>,
) -> Answer<TagsAnswer> {
    let filter = query.filter()?;
    let limit = query.limit.map_or(100, usize::from).min(MAX_FOUND);
    let list = move || Ok(tag_list(&shared.chain().snapshot().tags, &filter, clearance, query.before, limit));
    let found = run_blocking(list).await?;
    Ok(Json(TagsAnswer { tags: found.tags.into_iter().map(Into::into).collect(), next: found.next }))
}

/// Which packs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PacksQuery {
    /// Title of the last one of the page before.
    after: Option<String>,
}

/// A pack or list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackAnswer {
    /// Its title.
    title: String,
    /// Who made it.
    creator: String,
    /// Its file, as it was named when it was imported.
    file: String,
    /// Its tags that the caller may read.
    tags: usize,
    /// Of them, tags of sanctioned addresses.
    sanctioned: usize,
    /// The most restrictive label of its tags (TLP 2.0); those without one count as TLP:AMBER.
    tlp: Tlp,
    /// Its tags without a label of their own.
    unlabelled: usize,
    /// The latest of its tags' dates of modification; empty where none has one.
    lastmod: String,
    /// When it was last imported by this server, Unix seconds; null where the audit log has nothing of it.
    #[schema(value_type = Option<i64>)]
    imported: Option<Timestamp>,
    /// Who imported it then.
    imported_by: Option<String>,
    /// The licence that its file stated then, in the file's words; null where it stated none, or the audit log has nothing of it.
    licence: Option<String>,
}

impl From<PackRow> for PackAnswer {
    fn from(row: PackRow) -> Self {
        let (imported, imported_by) = row.imported.unzip();
        let p = row.pack;
        PackAnswer {
            title: p.title,
            creator: p.creator,
            file: p.file,
            tags: p.tags,
            sanctioned: p.sanctioned,
            tlp: p.tlp,
            unlabelled: p.unlabelled,
            lastmod: p.lastmod,
            imported,
            imported_by,
            licence: row.licence,
        }
    }
}

/// Returns the packs and lists that tags come from, by title, at most 1000 behind the one that is named.
#[utoipa::path(get, path = "/api/v1/tags/packs", params(PacksQuery), responses((status = 200, body = Vec<PackAnswer>)))]
pub async fn packs(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<PacksQuery>,
) -> Answer<Vec<PackAnswer>> {
    let rows = run_blocking(move || shared.packs(clearance, query.after.as_deref(), MAX_PACKS)).await?;
    Ok(Json(rows.into_iter().map(Into::into).collect()))
}

/// An own tag, and why it is stated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTagRequest {
    /// What is stated.
    tag: OwnTag,
    /// Why, for the audit log.
    reason: String,
}

/// Why an own tag is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTagRemoval {
    /// Why, for the audit log.
    reason: String,
}

async fn change_own(shared: AppState, caller: Caller, clearance: Tlp, step: OwnStep, reason: String) -> Answer<TagRow> {
    let change = move || {
        let tag = shared.change_own_tag(step, &reason, clearance, &caller.0)?;
        Ok(tag_row(&shared.chain().snapshot().tags, &tag).into())
    };
    run_in_background(change).await.map(Json)
}

/// States a tag of the desk's own, with its source and a reason; exposures are brought up to it.
#[utoipa::path(post, path = "/api/v1/tags/own", request_body(content = OwnTagRequest, example = json!({"tag": {"address": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "asset": "BTC", "label": "Acme hot wallet", "source": "https://example.org/proof", "category": "exchange"}, "reason": "answered our request r-7"})),
    responses((status = 200, body = TagRow), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_own_tag(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    body: Bytes,
) -> Answer<TagRow> {
    let OwnTagRequest { tag, reason } = json(&body)?;
    change_own(shared, caller, clearance, OwnStep::Add(tag), reason).await
}

/// States a tag of the desk's own anew; it has another id from then on.
#[utoipa::path(put, path = "/api/v1/tags/own/{id}", params(("id" = String, Path, description = "`own` of the tag")),
    request_body(content = OwnTagRequest, example = json!({"tag": {"address": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "asset": "BTC", "label": "Acme cold wallet", "source": "https://example.org/proof", "category": "exchange"}, "reason": "it was the cold one"})),
    responses((status = 200, body = TagRow), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn change_own_tag(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<TagRow> {
    let OwnTagRequest { tag, reason } = json(&body)?;
    change_own(shared, caller, clearance, OwnStep::Replace { id, with: tag }, reason).await
}

/// Takes a tag of the desk's own back; returns it as it was.
#[utoipa::path(post, path = "/api/v1/tags/own/{id}/remove", params(("id" = String, Path, description = "`own` of the tag")),
    request_body(content = OwnTagRemoval, example = json!({"reason": "the source withdrew it"})),
    responses((status = 200, body = TagRow), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn remove_own_tag(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<TagRow> {
    let OwnTagRemoval { reason } = json(&body)?;
    change_own(shared, caller, clearance, OwnStep::Remove { id }, reason).await
}
