//! The chain: addresses, transactions, traces, exposure, tags, blocks.

use crate::answers::chain::{
    AddressReport, BlockReport, ExplainReport, ExposureView, Lookup, PathReport, Summary, TxReport,
};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_academy::certificate;
use holdfast_analysis::render::{self, Drawn};
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions, TraceReport};
use holdfast_attribution::cluster::DEFAULT_CHANGE;
use holdfast_attribution::{ChangeRule, ClusterOptions, CoinjoinSet, Tlp};
use holdfast_bitcoin::AddressKey;
use holdfast_bitcoin::files::read_single_block;
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::blocking::{run_blocking, run_in_background};
use holdfast_state::chain_choice::ChainQuery;
use holdfast_state::clearance::Clearance;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::{CHAIN, MANAGE, Routes};
use holdfast_state::system::{entropy, now};
use holdfast_utxo_ledger::{AppendOptions, MemoryBlock, MemoryFeed};
use holdfast_workspace::{Snapshot, TraceRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::SystemTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("chain")
        .add(CHAIN, routes!(summary))
        .add(CHAIN, routes!(address))
        .add(CHAIN, routes!(search))
        .add(CHAIN, routes!(tx))
        .add(CHAIN, routes!(block))
        .add(CHAIN, routes!(exposure))
        .add(CHAIN.long(), routes!(trace))
        .add(CHAIN.long(), routes!(bundle))
        .add(CHAIN.long(), routes!(paths))
        .add(CHAIN, routes!(explain))
        .add(CHAIN.file().long(), routes!(verify))
        .add(CHAIN.long(), routes!(conflicts))
        .add(CHAIN, routes!(mempool))
        .add(CHAIN.long(), routes!(check))
        .add(MANAGE.file().long(), routes!(import_tags))
        .add(MANAGE.long(), routes!(remove_tags))
        .add(MANAGE.long(), routes!(recluster))
        .add(MANAGE.long(), routes!(rebuild_exposures))
        .add(MANAGE.file().long(), routes!(append_block))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// Returns what the workspace holds.
#[utoipa::path(get, path = "/api/v1/summary", params(ChainQuery), responses((status = 200, body = Summary)))]
pub async fn summary(State(shared): State<AppState>, Query(on): Query<ChainQuery>) -> Answer<Summary> {
    run_blocking(move || Ok(shared.chain_on(&on)?.snapshot().summary())).await.map(one)
}

/// Returns what is known of an address: tags with sources, entity, receipts, exposure. With the header `X-API-Key`, as clients of Chainalysis's
/// sanctions API send it on this same path, the answer has that API's shape ([`SanctionsAnswer`]) and is about sanctions only, on all chains.
#[utoipa::path(get, path = "/api/v1/address/{address}", params(("address" = String, Path, description = "Base58, Bech32, or class:hex"), ChainQuery),
    responses((status = 200, body = AddressReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn address(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(address): Path<String>,
    Query(on): Query<ChainQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if headers.contains_key("x-api-key") {
        return Ok(run_blocking(move || {
            let w = shared.chain().snapshot();
            Ok(Json(sanctions(&w, &address, clearance)))
        })
        .await?
        .into_response());
    }
    let report = move || Ok(shared.snapshot_for(&on, &address)?.address_for(&address, clearance)?);
    Ok(one::<_, AddressReport>(run_blocking(report).await?).into_response())
}

/// Query of a search.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LookupQuery {
    /// An address of any chain, transaction id or block hash (or at least 8 hex digits of its beginning), output, height, asset, label or
    /// actor; or several addresses and ids with spaces, commas or line breaks between them.
    pub q: String,
}

/// Searches all chains by any form or name, best results first. What a text is on several chains is a result of each. An empty list of hits means that
/// nothing is known here.
#[utoipa::path(get, path = "/api/v1/search", params(LookupQuery), responses((status = 200, body = Lookup), (status = 400, body = ErrorBody)))]
pub async fn search(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<LookupQuery>,
) -> Answer<Lookup> {
    run_blocking(move || Ok(shared.chains.lookup(&query.q, clearance))).await.map(one)
}

/// A sanctions entry, in the shape of Chainalysis's sanctions API.
#[derive(Debug, Serialize, ToSchema)]
pub struct Identification {
    category: &'static str,
    name: String,
    description: String,
    url: String,
}

/// Sanctions entries of an address, in the shape of Chainalysis's sanctions API; empty when it is on no list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SanctionsAnswer {
    identifications: Vec<Identification>,
}

fn sanctions(workspace: &Snapshot, address: &str, clearance: Tlp) -> SanctionsAnswer {
    let listed = workspace.tags.tags_of(address).filter(|t| t.is_for(clearance) && t.concept().name() == "sanction");
    let identification = |t: &holdfast_attribution::Tag| Identification {
        category: "sanctions",
        name: t.label.clone(),
        description: format!("{} address, listed in '{}' ({})", t.asset, t.pack, t.lastmod),
        url: t.source.clone(),
    };
    SanctionsAnswer { identifications: listed.take(100).map(identification).collect() }
}

/// Returns a transaction with its inputs, outputs and the exposure of what it pays out.
#[utoipa::path(get, path = "/api/v1/tx/{txid}", params(("txid" = String, Path, description = "64 hex digits"), ChainQuery),
    responses((status = 200, body = TxReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn tx(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(txid): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Answer<TxReport> {
    run_blocking(move || Ok(shared.snapshot_for(&on, &txid)?.tx_for(&txid, clearance)?)).await.map(one)
}

/// Returns a block by height or hash.
#[utoipa::path(get, path = "/api/v1/block/{block}", params(("block" = String, Path, description = "Height or hash"), ChainQuery),
    responses((status = 200, body = BlockReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn block(
    State(shared): State<AppState>,
    Path(block): Path<String>,
    Query(on): Query<ChainQuery>,
) -> Answer<BlockReport> {
    run_blocking(move || Ok(shared.snapshot_for(&on, &block)?.block(&block)?)).await.map(one)
}

/// Whether the whole entity is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntityQuery {
    /// Cover the whole entity of an address.
    #[serde(default)]
    entity: bool,
}

/// Returns source and destination of funds by category, direct and indirect.
#[utoipa::path(get, path = "/api/v1/exposure/{subject}",
    params(("subject" = String, Path, description = "Address, txid, or output (txid:index)"), EntityQuery, ChainQuery),
    responses((status = 200, body = ExposureView), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn exposure(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Path(subject): Path<String>,
    Query(query): Query<EntityQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<ExposureView> {
    run_blocking(move || {
        let w = shared.snapshot_for(&on, &subject)?;
        if !w.shows_exposure(clearance) {
            let message = "exposures rest on tags that this key may not read".to_owned();
            return Err(ApiError::new(StatusCode::FORBIDDEN, message));
        }
        Ok(w.exposure(&subject, query.entity)?)
    })
    .await
    .map(one)
}

/// Options of a trace.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TraceQuery {
    /// Address, txid, or output (txid:index).
    pub subject: String,
    /// Start from the whole entity of an address.
    #[serde(default)]
    pub entity: bool,
    /// forward or backward.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub direction: Direction,
    /// json, table, graphviz, mermaid or html.
    pub format: Option<String>,
}

impl TraceQuery {
    /// Returns the request that the query stands for.
    pub fn request(&self, how: &HowQuery) -> TraceRequest {
        let options = how.options(self.direction);
        TraceRequest { subject: self.subject.clone(), entity: self.entity, options }
    }
}

/// How money is followed, and how far: on chains of outputs and on account chains.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HowQuery {
    /// poison, haircut, fifo or lifo.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub policy: Policy,
    /// Follow through attributed services.
    #[serde(default)]
    pub through_services: bool,
    /// Transactions, on account chains transfers, away from the start (default 50).
    pub max_hops: Option<u32>,
    /// Smaller marked amounts are not followed (base units, on account chains of every asset; default 1).
    pub min_value: Option<u64>,
    /// Only blocks from this time on (Unix seconds).
    pub from_time: Option<u32>,
    /// Only blocks up to this time (Unix seconds).
    pub until_time: Option<u32>,
    /// Movements followed at most (default 100,000).
    pub max_edges: Option<usize>,
}

impl HowQuery {
    /// Returns the options of a trace.
    pub fn options(&self, direction: Direction) -> TraceOptions {
        let default = Bounds::default();
        let bounds = Bounds {
            max_hops: self.max_hops.unwrap_or(default.max_hops),
            min_value: self.min_value.unwrap_or(default.min_value),
            from_time: self.from_time.unwrap_or(default.from_time),
            until_time: self.until_time.unwrap_or(default.until_time),
            max_edges: self.max_edges.unwrap_or(default.max_edges),
        };
        TraceOptions { direction, policy: self.policy, through_services: self.through_services, bounds }
    }
}

/// Traces funds forward or backward.
#[utoipa::path(get, path = "/api/v1/trace", params(TraceQuery, HowQuery, ChainQuery),
    responses((status = 200, body = TraceReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn trace(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<TraceQuery>,
    Query(how): Query<HowQuery>,
    Query(on): Query<ChainQuery>,
) -> Result<Response, ApiError> {
    let request = query.request(&how);
    let (_, report) =
        run_blocking(move || Ok(shared.snapshot_for(&on, &request.subject)?.trace_for(&request, clearance)?)).await?;
    drawn(&report, query.format.as_deref())
}

/// Returns a trace in one of its forms.
pub(crate) fn drawn<R: Drawn>(report: &R, format: Option<&str>) -> Result<Response, ApiError> {
    let text = |kind: &'static str, body: String| ([(header::CONTENT_TYPE, kind)], body).into_response();
    Ok(match format {
        None | Some("json") => Json(report).into_response(),
        Some("table") => text("text/plain; charset=utf-8", render::table(report, 1000)),
        Some("graphviz") => text("text/vnd.graphviz; charset=utf-8", render::graphviz(report)),
        Some("mermaid") => text("text/plain; charset=utf-8", render::mermaid(report)),
        Some("html") => text("text/html; charset=utf-8", render::html(report)),
        Some(other) => {
            return Err(ApiError::bad(format!("unknown format '{other}'; use json, table, graphviz, mermaid or html")));
        }
    })
}

/// Traces and packs the signed evidence (a tar file; see `holdfast verify`).
#[utoipa::path(get, path = "/api/v1/trace/bundle", params(TraceQuery, HowQuery, ChainQuery),
    responses((status = 200, content_type = "application/x-tar", body = Vec<u8>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn bundle(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<TraceQuery>,
    Query(how): Query<HowQuery>,
    Query(on): Query<ChainQuery>,
) -> Result<Response, ApiError> {
    let request = query.request(&how);
    let bytes = run_blocking(move || {
        let w = shared.snapshot_for(&on, &request.subject)?;
        // The store has one key for all its chains.
        let key = shared.chain().snapshot().signing_key(entropy)?;
        // It is meant to be handed on: nothing above TLP:AMBER goes in.
        Ok(w.bundle_for(&request, &key, &now(), clearance.min(Tlp::Amber))?.1)
    })
    .await?;
    Ok(bundle_file(bytes))
}

/// Answers with a bundle as a file.
pub(crate) fn bundle_file(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"trace.holdfast.tar\""),
    ];
    (headers, bytes).into_response()
}

/// Ends of paths.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PathsQuery {
    /// An address of the first entity.
    from: String,
    /// An address of the second entity.
    to: String,
    /// Transactions at most (default 50).
    max_hops: Option<u32>,
    /// Paths at most (default 10).
    most: Option<usize>,
}

/// Returns paths of funds between two entities, largest first.
#[utoipa::path(get, path = "/api/v1/paths", params(PathsQuery, ChainQuery),
    responses((status = 200, body = Vec<PathReport>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn paths(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<PathsQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<Vec<PathReport>> {
    let mut options = TraceOptions::default();
    options.bounds.max_hops = query.max_hops.unwrap_or(options.bounds.max_hops);
    let most = query.most.unwrap_or(10).min(1000);
    let find = move || {
        let w = shared.snapshot_for(&on, &query.from)?;
        Ok(w.paths_for(&query.from, &query.to, &options, most, clearance)?)
    };
    run_blocking(find).await.map(each)
}

/// Two addresses.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExplainQuery {
    /// First address.
    a: String,
    /// Second address.
    b: String,
}

/// Returns why two addresses are in one cluster.
#[utoipa::path(get, path = "/api/v1/explain", params(ExplainQuery, ChainQuery),
    responses((status = 200, body = ExplainReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn explain(
    State(shared): State<AppState>,
    Query(query): Query<ExplainQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<ExplainReport> {
    run_blocking(move || Ok(shared.snapshot_for(&on, &query.a)?.explain(&query.a, &query.b)?)).await.map(one)
}

/// Verifies an evidence bundle (tar), a production (ZIP) or a certificate (PDF or JWT).
pub fn verify_any(bytes: &[u8], signer: Option<&str>) -> holdfast_analysis::bundle::Verification {
    if certificate::is_certificate(bytes) {
        let v = certificate::verify(bytes, signer, SystemTime::now().into());
        let about = format!("{} for {}, by {}", v.achievement, v.name, v.issuer);
        return holdfast_analysis::bundle::Verification {
            passed: v.passed,
            failures: v.failures,
            claims: if v.name.is_empty() {
                Vec::new()
            } else {
                vec![about, "whether it was revoked since is not checked here".into()]
            },
            public_key: v.public_key,
            created: v.valid_from,
            headers: Vec::new(),
        };
    }
    match bytes.starts_with(b"PK") {
        true => holdfast_requests::production::verify(bytes, signer),
        false if holdfast_analysis::bundle::format_of(bytes) == Some(holdfast_explore::bundle::FORMAT) => {
            holdfast_explore::bundle::verify(bytes, signer)
        }
        false => holdfast_account_evidence::verify(bytes, signer),
    }
}

/// Result of a verification.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifyAnswer {
    valid: bool,
    passed: Vec<String>,
    failures: Vec<String>,
    claims: Vec<String>,
    public_key: String,
    created: String,
    /// Blocks of account chains that are to be compared with a node or an explorer: nothing offline shows that they are of the canonical chain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<VerifiedHeader>,
}

/// A block whose hash was computed from its header.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedHeader {
    /// Chain, CAIP-2.
    chain: String,
    height: u64,
    /// Hash, as explorers print it.
    hash: String,
}

/// Recomputes an evidence bundle, or checks a production (decrypted) or a certificate.
#[utoipa::path(post, path = "/api/v1/verify", request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The bundle, a tar file, or the production, a ZIP file"),
    responses((status = 200, body = VerifyAnswer)))]
pub async fn verify(body: Bytes) -> Answer<VerifyAnswer> {
    let v = run_blocking(move || Ok(verify_any(&body, None))).await?;
    Ok(Json(VerifyAnswer {
        valid: v.is_valid(),
        passed: v.passed,
        failures: v.failures,
        claims: v.claims,
        public_key: v.public_key,
        created: v.created,
        headers: v
            .headers
            .into_iter()
            .map(|h| VerifiedHeader { chain: h.chain, height: h.height, hash: h.hash })
            .collect(),
    }))
}

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

/// Options of clustering.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ClusterQuery {
    /// Join the inputs of a transaction (default true).
    cospend: Option<bool>,
    /// Coinjoin detectors: names with commas, all or none (default all).
    coinjoins: Option<String>,
    /// Change heuristics: `a+b,c` means a and b agree, or c (default address-reuse).
    change: Option<String>,
}

/// Result of clustering.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterAnswer {
    clusters: u64,
    merges: u64,
    coinjoins: u64,
}

/// Clusters the ledger again, by other heuristics.
#[utoipa::path(post, path = "/api/v1/cluster", params(ClusterQuery, ChainQuery),
    responses((status = 200, body = ClusterAnswer), (status = 400, body = ErrorBody)))]
pub async fn recluster(
    State(shared): State<AppState>,
    Query(query): Query<ClusterQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<ClusterAnswer> {
    let options = ClusterOptions {
        cospend: query.cospend.unwrap_or(true),
        coinjoins: CoinjoinSet::parse(query.coinjoins.as_deref().unwrap_or("all")).map_err(ApiError::bad)?,
        change: ChangeRule::parse(query.change.as_deref().unwrap_or(DEFAULT_CHANGE)).map_err(ApiError::bad)?,
    };
    let after = shared.clone();
    let answer = run_in_background(move || {
        let answer = shared.chain_on(&on)?.change(|w| -> Result<_, ApiError> {
            w.recluster(options);
            Ok(ClusterAnswer {
                clusters: w.clusters.count(),
                merges: u64::try_from(w.clusters.merges().len()).unwrap_or(u64::MAX),
                coinjoins: w.clusters.coinjoins(),
            })
        })?;
        after.rescreen_later("clusters were made anew");
        Ok(answer)
    })
    .await?;
    Ok(Json(answer))
}

/// Result of a recomputation.
#[derive(Debug, Serialize, ToSchema)]
pub struct RebuiltAnswer {
    txs: u32,
}

/// Recomputes the exposures of the whole ledger.
#[utoipa::path(post, path = "/api/v1/exposures/rebuild", params(ChainQuery), responses((status = 200, body = RebuiltAnswer)))]
pub async fn rebuild_exposures(State(shared): State<AppState>, Query(on): Query<ChainQuery>) -> Answer<RebuiltAnswer> {
    run_in_background(move || {
        shared.chain_on(&on)?.change(|w| {
            w.recompute_exposures();
            Ok(RebuiltAnswer { txs: w.exposures.done() })
        })
    })
    .await
    .map(Json)
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

/// Position of a block.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeightQuery {
    /// Height, for blocks that do not state it (older than BIP 34).
    height: Option<u32>,
}

/// A block that was appended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Appended {
    height: u32,
    hash: String,
    txs: u32,
}

/// Appends one raw block (binary or hex) to the ledger.
#[utoipa::path(post, path = "/api/v1/blocks", params(HeightQuery, ChainQuery), request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Appended), (status = 400, body = ErrorBody)))]
pub async fn append_block(
    State(shared): State<AppState>,
    Query(query): Query<HeightQuery>,
    Query(on): Query<ChainQuery>,
    body: Bytes,
) -> Answer<Appended> {
    run_blocking(move || {
        shared.chain_on(&on)?.change(|w| {
            let block = read_single_block(body.to_vec(), w.ledger.network())
                .map_err(|e| ApiError::bad(format!("body: {e}")))?;
            let height = query.height.or(block.stated_height()).ok_or_else(|| {
                ApiError::bad("the block does not state its height (older than BIP 34); give ?height=")
            })?;
            let answer = Appended {
                height,
                hash: block.hash.to_string(),
                txs: u32::try_from(block.txs.len()).unwrap_or(u32::MAX),
            };
            let feed = MemoryFeed(vec![MemoryBlock { height, block, spent: None }]);
            w.ledger
                .append(&feed, &AppendOptions::default(), &mut |_| ControlFlow::Continue(()))
                .map_err(|e| ApiError::bad(e.to_string()))?;
            w.catch_up();
            Ok(answer)
        })
    })
    .await
    .map(Json)
}

/// Options of a check.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CheckQuery {
    /// Compare with raw blocks too.
    #[serde(default)]
    raw: bool,
}

/// Result of a check.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckAnswer {
    clean: bool,
    blocks: u32,
    txs: u32,
    raw_blocks: u32,
    /// Ranges of columns compared with their checksums; absent where the ledger has none.
    checksums: Option<u64>,
    problems: Vec<String>,
}

/// Verifies the whole ledger.
#[utoipa::path(get, path = "/api/v1/ledger/check", params(CheckQuery, ChainQuery), responses((status = 200, body = CheckAnswer)))]
pub async fn check(
    State(shared): State<AppState>,
    Query(query): Query<CheckQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<CheckAnswer> {
    run_blocking(move || {
        let w = shared.chain_on(&on)?.snapshot();
        let report = w
            .ledger
            .check(query.raw, &mut |_| ControlFlow::Continue(()))
            .map_err(|e| ApiError::internal(e.to_string()))?;
        Ok(CheckAnswer {
            clean: report.is_clean(),
            blocks: report.blocks,
            txs: report.txs,
            raw_blocks: report.raw_blocks,
            checksums: report.checksums,
            problems: report.problems,
        })
    })
    .await
    .map(Json)
}

/// Whom unconfirmed transactions should pay.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MempoolQuery {
    /// Only transactions that pay this address.
    address: Option<String>,
}

/// An unconfirmed transaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct MempoolTx {
    txid: String,
    /// Ticker of the asset whose base units the values are.
    asset: String,
    /// Outputs spent, as txid:index, with the category of their address where the ledger knows it.
    inputs: Vec<MempoolSide>,
    /// Outputs created.
    outputs: Vec<MempoolSide>,
}

/// One side of an unconfirmed transaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct MempoolSide {
    outpoint: Option<String>,
    address: Option<String>,
    value: Option<u64>,
    category: Option<String>,
}

/// Returns unconfirmed transactions of the node that is followed, at most 1,000.
#[utoipa::path(get, path = "/api/v1/mempool", params(MempoolQuery, ChainQuery), responses((status = 200, body = Vec<MempoolTx>), (status = 400, body = ErrorBody)))]
pub async fn mempool(
    State(shared): State<AppState>,
    Clearance(clearance): Clearance,
    Query(query): Query<MempoolQuery>,
    Query(on): Query<ChainQuery>,
) -> Answer<Vec<MempoolTx>> {
    run_blocking(move || {
        let w = shared.chain_on(&on)?.snapshot();
        let network = w.ledger.network();
        let pool = shared.mempools.of(network);
        let wanted = match &query.address {
            Some(text) => Some(AddressKey::parse(text, network).map_err(|e| ApiError::bad(e.to_string()))?),
            None => None,
        };
        let category = |key: &AddressKey| {
            let number = w.ledger.address_number(key)?;
            let category = w.entities.category_for(&w.tags, &w.clusters, number, clearance);
            category.is_attributed().then(|| category.name().to_owned())
        };
        let pays = |tx: &holdfast_bitcoin::block::SingleTx| {
            wanted.as_ref().is_none_or(|a| tx.outputs.iter().any(|o| o.1 == *a))
        };
        Ok(pool
            .iter()
            .filter(|tx| pays(tx))
            .take(1000)
            .map(|tx| MempoolTx {
                txid: tx.txid.to_string(),
                asset: w.asset().to_owned(),
                inputs: tx
                    .inputs
                    .iter()
                    .map(|(txid, vout)| {
                        let outputs = w.ledger.tx_by_id(txid).map(|t| w.ledger.outputs(t));
                        let output = outputs.and_then(|o| Some(o.start + u64::from(*vout)).filter(|n| *n < o.end));
                        let key = output.map(|o| w.ledger.address(w.ledger.address_of(o)));
                        MempoolSide {
                            outpoint: Some(format!("{txid}:{vout}")),
                            address: key.map(|k| k.to_text(network)),
                            value: output.map(|o| w.ledger.value(o)),
                            category: key.as_ref().and_then(category),
                        }
                    })
                    .collect(),
                outputs: tx
                    .outputs
                    .iter()
                    .map(|(value, key)| MempoolSide {
                        outpoint: None,
                        address: Some(key.to_text(network)),
                        value: Some(*value),
                        category: category(key),
                    })
                    .collect(),
            })
            .collect())
    })
    .await
    .map(Json)
}
