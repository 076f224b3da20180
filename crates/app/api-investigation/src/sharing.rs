//! Sharing over HTTP: TAXII 2.1 for members of communities, and the desk's own endpoints.

use crate::answers::sharing::{
    Community, Imported, MatchingSession, Member, NewMember, Raised, Source, Standing, Withdrawn,
};
use axum::body::Bytes;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Json};
use holdfast_attribution::Tag;
use holdfast_decision::flags::{Flag, State as FlagState};
use holdfast_screening::changes::ChangeKind;
use holdfast_sharing::community::{Collection, Filter};
use holdfast_sharing::flags::NewFlag;
use holdfast_sharing::misp::transactions_to;
use holdfast_sharing::sources::{NewSource, Source as SourceRow};
use holdfast_sharing::stix::{WalletReport, wallet_objects};
use holdfast_sharing::taxii::{self, Client};
use holdfast_sharing::{Tlp, stix, tagpack};
use holdfast_state::AppState;
use holdfast_state::answers::{each, one};
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::json;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::limits::{self, Rate};
use holdfast_state::people;
use holdfast_state::routes::{DESK, MANAGE, Needs, READ, Routes, SHARING};
use holdfast_types::ids::{CommunityId, FlagId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

const FEEDS: Needs = Needs::key(&["partner", "desk", "manage"]);
const TAXII: Needs = Needs::OPEN.rate(Rate::Taxii);
// A partner's own key queries its lists.
const PARTNER: Needs = Needs::key(&["partner"]);

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("sharing")
        .limits(|n| n.body(limits::LIST).long())
        // Who may call it is decided by the members' keys.
        .open_with("/taxii2/", TAXII, any(taxii))
        .open_with("/taxii2", TAXII, any(taxii))
        .open_with("/taxii2/{*rest}", TAXII, any(taxii))
        .add(SHARING, routes!(communities))
        .add(SHARING, routes!(members))
        .add(SHARING, routes!(objects))
        .add(SHARING, routes!(sources))
        .add(SHARING, routes!(imported))
        .add(SHARING, routes!(matchings))
        .add(MANAGE, routes!(open_community))
        .add(MANAGE, routes!(add_member))
        .add(MANAGE, routes!(suspend_member))
        .add(MANAGE, routes!(add_source))
        .add(MANAGE, routes!(withdraw_source))
        .add(MANAGE, routes!(discover))
        .add(DESK, routes!(share))
        .add(DESK, routes!(raise_flag))
        .add(DESK, routes!(move_flag))
        .add(DESK, routes!(offer_matching))
        .add(READ, routes!(flags))
        .add(READ, routes!(standings))
        .add(Needs::key(&["desk", "manage"]), routes!(read_source))
        .add(FEEDS, routes!(tag_pack))
        .add(FEEDS, routes!(misp))
        .add(PARTNER, routes!(matching_values))
        .add(PARTNER.file(), routes!(answer_matching))
}

type Answer<T> = Result<Json<T>, ApiError>;

/// What withdrawing a source undid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WithdrawnSource {
    /// In the database.
    #[serde(flatten)]
    pub undone: Withdrawn,
    /// Tags that went from the workspace.
    pub tags: usize,
}

fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes
            .get(i + 1..i + 3)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[i], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                i += 1;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Answers everything under `/taxii2/`, authorized by the members' keys.
pub async fn taxii(
    State(shared): State<AppState>,
    method: Method,
    uri: axum::http::Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let base = shared.site.origin().to_owned();
    let answer = run_blocking(move || {
        let header = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let query = query.unwrap_or_default();
        let pairs = query.split('&').filter(|p| !p.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        let path = decoded(uri.path().trim_start_matches("/taxii2").trim_start_matches('/'));
        let request = taxii::Request {
            method: method.as_str(),
            path: &path,
            query: pairs.collect(),
            accept: header(header::ACCEPT),
            content_type: header(header::CONTENT_TYPE),
            authorization: header(header::AUTHORIZATION),
            body: &body,
        };
        Ok(taxii::answer(&shared.sharing(), &base, &request))
    })
    .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(e) => return e.into_response(),
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(header::CONTENT_TYPE, taxii::MEDIA_TYPE)], answer.body.to_string()).into_response();
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns the communities that this desk hosts. Members reach one by TAXII 2.1 at `/taxii2/ID/`.
#[utoipa::path(get, path = "/api/v1/sharing/communities", responses((status = 200, body = Vec<Community>)))]
pub async fn communities(State(shared): State<AppState>) -> Answer<Vec<Community>> {
    run_blocking(move || Ok(shared.sharing().communities()?)).await.map(each)
}

/// A community to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommunityBody {
    /// Name.
    name: String,
    /// Purpose.
    #[serde(default)]
    description: String,
    /// The most restrictive label that may be shared in it.
    max_tlp: Tlp,
    /// The name under which this desk is a member.
    own_name: String,
}

/// Opens a community.
#[utoipa::path(post, path = "/api/v1/sharing/communities", request_body(content = CommunityBody,
    example = json!({"name": "Exchanges", "description": "Stolen funds", "max_tlp": "TLP:AMBER+STRICT", "own_name": "Example Exchange"})),
    responses((status = 200, body = Community), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn open_community(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Community> {
    let b: CommunityBody = json(&body)?;
    run_blocking(move || {
        Ok(shared.sharing().open_community(&b.name, &b.description, b.max_tlp, &b.own_name, &caller.0)?)
    })
    .await
    .map(one)
}

/// Returns the members of a community.
#[utoipa::path(get, path = "/api/v1/sharing/communities/{id}/members", params(("id" = String, Path, description = "Id")),
    responses((status = 200, body = Vec<Member>), (status = 404, body = ErrorBody)))]
pub async fn members(State(shared): State<AppState>, Path(id): Path<CommunityId>) -> Answer<Vec<Member>> {
    run_blocking(move || Ok(shared.sharing().members(&id)?)).await.map(each)
}

/// A member to add, or to suspend.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberBody {
    /// Name; also the user name of its key.
    name: String,
    /// Whether it may share, not only read.
    #[serde(default)]
    writes: bool,
}

/// Adds a member; the key is shown once. For a known member, the key is a new one.
#[utoipa::path(post, path = "/api/v1/sharing/communities/{id}/members", params(("id" = String, Path, description = "Id")),
    request_body(content = MemberBody, example = json!({"name": "Other Exchange", "writes": true})),
    responses((status = 200, body = NewMember), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_member(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CommunityId>,
    body: Bytes,
) -> Answer<NewMember> {
    let b: MemberBody = json(&body)?;
    run_blocking(move || Ok(shared.sharing().add_member(&id, &b.name, b.writes, &caller.0)?)).await.map(one)
}

/// Reason of an end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyBody {
    /// Reason.
    pub why: String,
}

/// Suspends a member: its key ends at once, what it shared stays.
#[utoipa::path(post, path = "/api/v1/sharing/communities/{id}/members/{name}/suspend",
    params(("id" = String, Path, description = "Id"), ("name" = String, Path, description = "Member")),
    request_body(content = WhyBody, example = json!({"why": "left the community"})),
    responses((status = 200, body = Vec<Member>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn suspend_member(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(CommunityId, String)>,
    body: Bytes,
) -> Answer<Vec<Member>> {
    let b: WhyBody = json(&body)?;
    run_blocking(move || Ok(shared.sharing().suspend_member(&id, &name, &b.why, &caller.0)?)).await.map(each)
}

/// Filter of objects.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ObjectsQuery {
    /// intelligence (default) or flags.
    collection: Option<String>,
    /// Added after this number of microseconds.
    after: Option<i64>,
}

/// An object of a community.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedObject {
    /// When it was added, microseconds since 1970; unique, so that the last one's is the next page's `after`.
    added: i64,
    /// The STIX object.
    #[schema(value_type = Object)]
    object: Value,
}

/// Returns the objects of a community that this desk may read, oldest first, at most 1,000.
#[utoipa::path(get, path = "/api/v1/sharing/communities/{id}/objects", params(("id" = String, Path, description = "Id"), ObjectsQuery),
    responses((status = 200, body = Vec<SharedObject>), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn objects(
    State(shared): State<AppState>,
    Path(id): Path<CommunityId>,
    Query(q): Query<ObjectsQuery>,
) -> Answer<Vec<SharedObject>> {
    let collection: Option<Collection> = q
        .collection
        .map(|name| name.parse())
        .transpose()
        .map_err(|_| ApiError::bad("collection: intelligence or flags"))?;
    let collection = collection.unwrap_or(Collection::Intelligence);
    run_blocking(move || {
        let own = shared.sharing().members(&id)?.into_iter().find(|m| m.own).map(|m| m.name).unwrap_or_default();
        let filter = Filter { added_after: q.after, limit: 1_000, ..Filter::default() };
        let (list, _) = shared.sharing().objects(&id, collection, &own, &filter)?;
        Ok(list.into_iter().map(|o| SharedObject { added: o.added, object: o.body }).collect())
    })
    .await
    .map(Json)
}

/// Objects to share.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareBody {
    /// Id of a community that this desk hosts, or number of a source (a partner's collection) that it may write to.
    channel: String,
    /// Wallets, with their reports.
    #[serde(default)]
    wallets: Vec<WalletReport>,
    /// A report over what is shared here: title and text.
    #[serde(default)]
    report: Option<SharedReport>,
    /// Further STIX 2.1 objects as they are.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    objects: Vec<Value>,
}

/// A report over what is shared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedReport {
    /// Title.
    title: String,
    /// Text.
    text: String,
}

/// Result of sharing.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareAnswer {
    /// Objects.
    shared: usize,
    /// Their ids.
    ids: Vec<String>,
}

/// Shares wallets and other objects in a community or at a partner.
#[utoipa::path(post, path = "/api/v1/sharing/share", request_body(content = ShareBody, example = json!({"channel": "1", "wallets": [{
    "address": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "asset": "BTC", "label": "Ransom", "concept": "ransomware", "reason": "Paid by a customer",
    "tlp": "TLP:GREEN"}]})),
    responses((status = 200, body = ShareAnswer), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 424, body = ErrorBody)))]
pub async fn share(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<ShareAnswer> {
    let b: ShareBody = json(&body)?;
    run_blocking(move || share_now(&shared, &b.channel, b.wallets, b.report, b.objects, &caller.0)).await.map(Json)
}

/// Longest text of a wallet's report, in bytes.
const MAX_TEXT: usize = 4_096;

/// Refuses a wallet's report that is empty or too long: partners act on it.
fn complete(wallet: &WalletReport) -> Result<(), ApiError> {
    let texts = [
        ("address", &wallet.address),
        ("asset", &wallet.asset),
        ("label", &wallet.label),
        ("concept", &wallet.concept),
        ("reason", &wallet.reason),
    ];
    match texts.iter().find(|(_, text)| text.trim().is_empty() || text.len() > MAX_TEXT) {
        None => Ok(()),
        Some((field, _)) => Err(ApiError::bad(format!("{field}: must be 1 to {MAX_TEXT} bytes"))),
    }
}

/// Shares wallets, a report over them, and further objects.
pub fn share_now(
    s: &AppState,
    channel: &str,
    wallets: Vec<WalletReport>,
    report: Option<SharedReport>,
    objects: Vec<Value>,
    actor: &str,
) -> Result<ShareAnswer, ApiError> {
    let sharing = s.sharing();
    if wallets.is_empty() && objects.is_empty() {
        return Err(ApiError::bad("wallets: none, and no objects; nothing is shared"));
    }
    wallets.iter().try_for_each(complete)?;
    let name = sharing.own_name(channel)?;
    let now = s.screening.now();
    let mut groups: Vec<(Vec<Value>, Vec<String>)> = vec![(stix::extension_definitions(), Vec::new())];
    for wallet in &wallets {
        groups.push((wallet_objects(&name, wallet, now), wallet.readers.clone()));
    }
    if let Some(report) = &report {
        let refs = groups[1..].iter().flat_map(|g| &g.0).filter_map(|o| o["id"].as_str().map(str::to_owned));
        let refs: Vec<String> = refs.collect();
        let readers: Vec<String> = wallets.iter().flat_map(|w| w.readers.clone()).collect();
        let tlp = wallets.iter().map(|w| w.tlp).max().unwrap_or(Tlp::Amber);
        groups.push((vec![stix::report(&name, &report.title, &report.text, &refs, tlp, now)], readers));
    }
    groups.push((objects, Vec::new()));
    let mut ids = Vec::new();
    for (objects, readers) in groups.into_iter().filter(|g| !g.0.is_empty()) {
        ids.extend(objects.iter().filter_map(|o| o["id"].as_str().map(str::to_owned)));
        sharing.share(channel, Collection::Intelligence, objects, readers, actor)?;
    }
    ids.sort();
    ids.dedup();
    Ok(ShareAnswer { shared: ids.len(), ids })
}

/// Returns the sources of indicators and tags.
#[utoipa::path(get, path = "/api/v1/sharing/sources", responses((status = 200, body = Vec<Source>)))]
pub async fn sources(State(shared): State<AppState>) -> Answer<Vec<Source>> {
    run_blocking(move || Ok(shared.sharing().sources()?)).await.map(each)
}

/// Adds a source: a partner's TAXII collection, a community hosted here, a MISP feed. Its indicators act here, so that it is read once another
/// person approved it (`/api/v1/changes`); a desk without keys reads it from now on.
#[utoipa::path(post, path = "/api/v1/sharing/sources", request_body(content = NewSource, example = json!({"kind": "misp", "name": "A feed", "url": "https://feed.example/misp"})),
    responses((status = 200, body = Source), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn add_source(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Source> {
    let new: NewSource = json(&body)?;
    store_source(shared, caller, new).await.map(one)
}

/// Adds or proposes a source.
pub async fn store_source(shared: AppState, caller: Caller, new: NewSource) -> Result<SourceRow, ApiError> {
    let waits = people::waits(&shared, &caller, ChangeKind::Source).await?;
    run_blocking(move || {
        let sharing = shared.sharing();
        Ok(if waits { sharing.propose_source(new, &caller.0)? } else { sharing.add_source(new, &caller.0)? })
    })
    .await
}

/// After which id.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AfterQuery {
    /// Ids after this one.
    after: Option<String>,
}

/// Returns the objects that a source sent and their effect, by id, at most 1,000.
#[utoipa::path(get, path = "/api/v1/sharing/sources/{id}", params(("id" = i64, Path, description = "Number"), AfterQuery),
    responses((status = 200, body = Vec<Imported>), (status = 404, body = ErrorBody)))]
pub async fn imported(
    State(shared): State<AppState>,
    Path(id): Path<SourceId>,
    Query(q): Query<AfterQuery>,
) -> Answer<Vec<Imported>> {
    run_blocking(move || Ok(shared.sharing().imported(id, q.after.as_deref().unwrap_or_default())?)).await.map(each)
}

/// Result of a reading.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolledAnswer {
    /// Objects that were new or newer.
    taken: u64,
    /// Objects that were refused.
    refused: u64,
    /// New flags.
    flags: usize,
}

/// Reads a source now.
#[utoipa::path(post, path = "/api/v1/sharing/sources/{id}/read", params(("id" = i64, Path, description = "Number")),
    responses((status = 200, body = PolledAnswer), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 424, body = ErrorBody)))]
pub async fn read_source(State(shared): State<AppState>, Path(id): Path<SourceId>) -> Answer<PolledAnswer> {
    let polled = run_blocking(move || Ok(shared.read_source(id)?)).await?;
    Ok(Json(PolledAnswer { taken: polled.taken, refused: polled.refused, flags: polled.flags.len() }))
}

/// Withdraws a source: its tags and flags go, alerts and holds that rest on it alone close, exposures are computed again.
#[utoipa::path(post, path = "/api/v1/sharing/sources/{id}/withdraw", params(("id" = i64, Path, description = "Number")),
    request_body(content = WhyBody, example = json!({"why": "too many errors"})),
    responses((status = 200, body = WithdrawnSource), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn withdraw_source(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<SourceId>,
    body: Bytes,
) -> Answer<WithdrawnSource> {
    let b: WhyBody = json(&body)?;
    run_blocking(move || {
        let withdrawn = shared.withdraw_source(id, &b.why, &caller.0)?;
        Ok(Json(WithdrawnSource { undone: withdrawn.undone.into(), tags: withdrawn.tags }))
    })
    .await
}

/// A partner's server.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscoverBody {
    /// Discovery URL, API root or collection.
    url: String,
    /// User name.
    #[serde(default)]
    username: String,
    /// Key.
    #[serde(default)]
    key: String,
}

/// A collection of a partner.
#[derive(Debug, Serialize, ToSchema)]
pub struct Discovered {
    /// URL.
    url: String,
    /// Title.
    title: String,
    /// Whether it can be written.
    writes: bool,
}

/// Returns the collections of a partner's TAXII server.
#[utoipa::path(post, path = "/api/v1/sharing/discover", request_body(content = DiscoverBody, example = json!({"url": "http://127.0.0.1:1/taxii2/"})),
    responses((status = 200, body = Vec<Discovered>), (status = 400, body = ErrorBody), (status = 424, body = ErrorBody)))]
pub async fn discover(body: Bytes) -> Answer<Vec<Discovered>> {
    let b: DiscoverBody = json(&body)?;
    run_blocking(move || {
        let list = Client::new(&b.username, &b.key).collections(&b.url)?;
        Ok(list.into_iter().map(|(url, title, writes)| Discovered { url, title, writes }).collect())
    })
    .await
    .map(Json)
}

/// Filter of flags.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FlagsQuery {
    /// open, confirmed, withdrawn or lapsed.
    state: Option<FlagState>,
}

/// Returns flags of stolen funds, newest first, at most 1,000.
#[utoipa::path(get, path = "/api/v1/sharing/flags", params(FlagsQuery), responses((status = 200, body = Vec<Flag>), (status = 400, body = ErrorBody)))]
pub async fn flags(State(shared): State<AppState>, Query(q): Query<FlagsQuery>) -> Answer<Vec<Flag>> {
    run_blocking(move || Ok(shared.screening.flags(q.state)?)).await.map(Json)
}

/// Raises a flag, here and at partners: deposits that it touches are held until it is confirmed, withdrawn, or lapses.
#[utoipa::path(post, path = "/api/v1/sharing/flags", request_body(content = NewFlag, example = json!({"subject": "address", "asset": "BTC",
    "value": "13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "reason": "Taken from a customer's account"})),
    responses((status = 200, body = Raised), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 424, body = ErrorBody)))]
pub async fn raise_flag(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<Raised> {
    let new: NewFlag = json(&body)?;
    run_blocking(move || Ok(shared.sharing().raise(new, &caller.0)?)).await.map(one)
}

/// A change of a flag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveBody {
    /// confirmed or withdrawn.
    state: FlagState,
    /// Reason.
    why: String,
}

/// Confirms or withdraws one of this desk's own flags, here and at partners.
#[utoipa::path(post, path = "/api/v1/sharing/flags/{id}", params(("id" = String, Path, description = "Id")),
    request_body(content = MoveBody, example = json!({"state": "confirmed", "why": "the customer went to the police"})),
    responses((status = 200, body = Flag), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 424, body = ErrorBody)))]
pub async fn move_flag(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<FlagId>,
    body: Bytes,
) -> Answer<Flag> {
    let b: MoveBody = json(&body)?;
    run_blocking(move || Ok(shared.sharing().move_flag(&id, b.state, &b.why, &caller.0)?)).await.map(Json)
}

/// Returns the outcomes of each member's flags: how many were confirmed, withdrawn (false), lapsed.
#[utoipa::path(get, path = "/api/v1/sharing/standings", responses((status = 200, body = Vec<Standing>)))]
pub async fn standings(State(shared): State<AppState>) -> Answer<Vec<Standing>> {
    run_blocking(move || Ok(shared.screening.read(holdfast_screening::flags::standings)?)).await.map(each)
}

/// Which pack is exported, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PackQuery {
    /// Title of the pack.
    pack: String,
    /// Publisher.
    creator: String,
    /// TLP:CLEAR or TLP:GREEN (default).
    tlp: Option<String>,
}

fn label(text: Option<&str>) -> Result<Tlp, ApiError> {
    text.map_or(Some(Tlp::Green), Tlp::from_name).ok_or_else(|| ApiError::bad("tlp: TLP:CLEAR or TLP:GREEN"))
}

fn pack_tags(shared: &AppState, pack: &str) -> Result<Vec<Tag>, ApiError> {
    let snapshot = shared.chain().snapshot();
    let tags: Vec<Tag> = snapshot.tags.iter().filter(|t| t.pack == pack).cloned().collect();
    match tags.is_empty() {
        true => Err(ApiError::new(StatusCode::NOT_FOUND, format!("no pack is titled '{pack}'"))),
        false => Ok(tags),
    }
}

/// Returns a pack of tags as GraphSense TagPack (YAML), without tags of partners.
#[utoipa::path(get, path = "/api/v1/sharing/tagpack", params(PackQuery),
    responses((status = 200, body = Value, content_type = "application/yaml"), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn tag_pack(State(shared): State<AppState>, Query(q): Query<PackQuery>) -> Result<Response, ApiError> {
    let tlp = label(q.tlp.as_deref())?;
    let text = run_blocking(move || {
        let tags = pack_tags(&shared, &q.pack)?;
        let today = shared.screening.now().rfc3339()[..10].to_owned();
        Ok(tagpack::pack(&q.pack, &q.creator, &tags.iter().collect::<Vec<_>>(), tlp, &today)?.0)
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], text).into_response())
}

/// Label of the export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LabelQuery {
    /// TLP:CLEAR or TLP:GREEN (default).
    tlp: Option<String>,
}

/// Returns a file of a pack's MISP feed: `manifest.json`, `hashes.csv`, or an event's `UUID.json`.
#[utoipa::path(get, path = "/api/v1/sharing/misp/{creator}/{pack}/{file}", params(("creator" = String, Path, description = "Who gives it out"),
    ("pack" = String, Path, description = "Title of the pack"), ("file" = String, Path, description = "File"), LabelQuery),
    responses((status = 200, body = Object), (status = 404, body = ErrorBody)))]
pub async fn misp(
    State(shared): State<AppState>,
    Path((creator, pack, file)): Path<(String, String, String)>,
    Query(q): Query<LabelQuery>,
) -> Result<Response, ApiError> {
    let tlp = label(q.tlp.as_deref())?;
    let media = if file.ends_with(".csv") { "text/csv" } else { "application/json" };
    let bytes = run_blocking(move || {
        let tags = pack_tags(&shared, &pack)?;
        let tags: Vec<&Tag> = tags.iter().collect();
        let transactions = transactions_to(&shared.chains.all(), &tags);
        let mut feed = shared.sharing().misp_feed(&creator, &tags, &transactions, tlp)?;
        let missing = || ApiError::new(StatusCode::NOT_FOUND, format!("no file '{file}' in this feed"));
        feed.remove(&file).ok_or_else(missing)
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, media)], bytes).into_response())
}

/// A list for private matching.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchingBody {
    /// For whom: the name of the partner's key.
    partner: String,
    /// Addresses, e-mail addresses, telephone numbers, ids.
    items: Vec<String>,
}

/// Prepares a list for one query of a partner, who learns which of its own items are in it, and nothing else.
#[utoipa::path(post, path = "/api/v1/sharing/matching", request_body(content = MatchingBody,
    example = json!({"partner": "Other Exchange", "items": ["13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48", "a@example.org"]})),
    responses((status = 200, body = MatchingSession), (status = 400, body = ErrorBody)))]
pub async fn offer_matching(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Answer<MatchingSession> {
    let b: MatchingBody = json(&body)?;
    run_blocking(move || {
        let dir = shared.matching_dir();
        Ok(shared.sharing().offer_matching(&dir, &b.partner, &b.items.join("\n"), &caller.0)?)
    })
    .await
    .map(one)
}

/// Returns the lists for private matching, newest first.
#[utoipa::path(get, path = "/api/v1/sharing/matching", responses((status = 200, body = Vec<MatchingSession>)))]
pub async fn matchings(State(shared): State<AppState>) -> Answer<Vec<MatchingSession>> {
    run_blocking(move || Ok(shared.sharing().matchings()?)).await.map(each)
}

/// Returns the values of a list (16 bytes each, sorted), to its partner only.
#[utoipa::path(get, path = "/api/v1/sharing/matching/{id}", params(("id" = String, Path, description = "Id")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody), (status = 424, body = ErrorBody)))]
pub async fn matching_values(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let bytes = run_blocking(move || {
        let dir = shared.matching_dir();
        Ok(shared.sharing().matching_values(&dir, &id, &caller.0)?)
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Evaluates blinded elements (RFC 9497, 32 bytes each) with a list's key, once.
#[utoipa::path(post, path = "/api/v1/sharing/matching/{id}", params(("id" = String, Path, description = "Id")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub async fn answer_matching(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let bytes = run_blocking(move || Ok(shared.sharing().answer_matching(&id, &caller.0, &body)?)).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
