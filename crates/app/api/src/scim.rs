//! SCIM 2.0 (RFC 7644) for the institution's directory: users are people of the desk, groups may have roles for sign-on.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_sign_on::scim::{
    ERROR, Filter, MEDIA_TYPE, ScimError, chosen, group_resource, list, patched, read_group, read_user, resource_types,
    schemas, service_provider_config, user_resource,
};
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::error::ApiError;
use holdfast_state::limits::LIST;
use holdfast_state::routes::{PROVISION, Routes};
use holdfast_types::ErrorKind;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::routes;

/// Returns the routes of this resource.
pub(crate) fn routes() -> Routes {
    Routes::new("SCIM")
        .limits(|needs| needs.body(LIST))
        .add(PROVISION, routes!(scim_users))
        .add(PROVISION, routes!(scim_create_user))
        .add(PROVISION, routes!(scim_user))
        .add(PROVISION, routes!(scim_replace_user))
        .add(PROVISION, routes!(scim_patch_user))
        .add(PROVISION, routes!(scim_delete_user))
        .add(PROVISION, routes!(scim_groups))
        .add(PROVISION, routes!(scim_create_group))
        .add(PROVISION, routes!(scim_group))
        .add(PROVISION, routes!(scim_replace_group))
        .add(PROVISION, routes!(scim_patch_group))
        .add(PROVISION, routes!(scim_delete_group))
        .add(PROVISION, routes!(scim_search))
        .add(PROVISION, routes!(scim_schema_list))
        .add(PROVISION, routes!(scim_schema))
        .add(PROVISION, routes!(scim_type_list))
        .add(PROVISION, routes!(scim_resource_type))
        .add(PROVISION, routes!(scim_config))
}

/// Attributes of users that a PATCH may change.
const USER_FIELDS: &[&str] = &["userName", "externalId", "displayName", "active"];
/// Attributes of groups that a PATCH may change.
const GROUP_FIELDS: &[&str] = &["displayName", "externalId", "members"];

/// What is refused, in SCIM's form.
#[derive(Debug)]
pub struct Refused(ApiError, Option<&'static str>);

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(e: E) -> Self {
        let e = e.into();
        let scim_type = match e.status {
            StatusCode::CONFLICT => Some("uniqueness"),
            StatusCode::BAD_REQUEST => Some("invalidValue"),
            _ => None,
        };
        Refused(e, scim_type)
    }
}

fn refused(e: ScimError) -> Refused {
    Refused(ApiError::of(ErrorKind::Invalid, &e), Some(e.scim_type))
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0.log();
        let mut body = error_body(&self.0);
        if let Some(scim_type) = self.1 {
            body["scimType"] = scim_type.into();
        }
        answer(self.0.status, &body)
    }
}

fn error_body(e: &ApiError) -> Value {
    json!({"schemas": [ERROR], "status": e.status.as_u16().to_string(), "detail": e.message})
}

/// Returns a refusal of the guard, in SCIM's form.
pub(crate) fn refusal(e: &ApiError) -> Response {
    answer(e.status, &error_body(e))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body.to_string()).into_response()
}

type Answer = Result<Response, Refused>;

fn base(shared: &AppState) -> String {
    format!("{}/scim/v2", shared.site.origin())
}

fn read(body: &[u8]) -> Result<Value, Refused> {
    serde_json::from_slice(body).map_err(|e| Refused(ApiError::bad(format!("body: {e}")), Some("invalidSyntax")))
}

/// What is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// `ATTRIBUTE eq VALUE`.
    filter: Option<String>,
    /// The first, from 1 on.
    start_index: Option<i64>,
    /// The most, up to 1,000.
    count: Option<i64>,
    /// The attributes that are wanted, joined by commas.
    attributes: Option<String>,
    /// Those that are not.
    excluded_attributes: Option<String>,
}

impl Wanted {
    fn chosen(&self, resource: Value) -> Value {
        chosen(resource, self.attributes.as_deref(), self.excluded_attributes.as_deref())
    }

    /// Lists those of some resources that are wanted.
    fn list(&self, all: Vec<Value>, attributes: &[&str]) -> Answer {
        let filter = self.filter.as_deref().map(|text| Filter::read(text, attributes)).transpose().map_err(refused)?;
        let wanted = all.into_iter().filter(|r| filter.as_ref().is_none_or(|f| f.matches(r)));
        let wanted: Vec<Value> = wanted.map(|resource| self.chosen(resource)).collect();
        Ok(answer(StatusCode::OK, &list(&wanted, self.start_index, self.count)))
    }
}

/// Kinds of resources that the directory provisions.
#[derive(Clone, Copy, Debug)]
enum Kind {
    User,
    Group,
}

impl Kind {
    /// Attributes by which it is found.
    fn searched(self) -> &'static [&'static str] {
        match self {
            Kind::User => &["id", "userName", "externalId", "displayName", "active"],
            Kind::Group => &["id", "displayName", "externalId"],
        }
    }

    fn all(self, state: &AppState) -> Result<Vec<Value>, ApiError> {
        let base = base(state);
        Ok(match self {
            Kind::User => state.directory_users()?.iter().map(|(u, groups)| user_resource(u, groups, &base)).collect(),
            Kind::Group => state.directory_groups()?.iter().map(|group| group_resource(group, &base)).collect(),
        })
    }

    fn resource(self, state: &AppState, id: &str) -> Result<Value, ApiError> {
        let base = base(state);
        match self {
            Kind::User => state.directory_user(id).map(|(user, groups)| user_resource(&user, &groups, &base)),
            Kind::Group => state.directory_group(id).map(|group| group_resource(&group, &base)),
        }
    }

    fn create(self, state: &AppState, wanted: &Value, actor: &str) -> Result<Value, Refused> {
        let id = match self {
            Kind::User => state.create_directory_user(read_user(wanted).map_err(refused)?, actor)?.id,
            Kind::Group => state.create_directory_group(read_group(wanted).map_err(refused)?, actor)?.id,
        };
        Ok(self.resource(state, &id)?)
    }

    /// Changes a resource to what `wanted` makes of it as it is.
    fn change(
        self,
        state: &AppState,
        id: String,
        actor: &str,
        wanted: impl FnOnce(Value) -> Result<Value, Refused>,
    ) -> Result<Value, Refused> {
        let wanted = wanted(self.resource(state, &id)?)?;
        match self {
            Kind::User => {
                let fields = read_user(&wanted).map_err(refused)?;
                state.change_directory_user(id.clone(), fields, actor).map(drop)?;
            }
            Kind::Group => {
                let fields = read_group(&wanted).map_err(refused)?;
                state.change_directory_group(id.clone(), fields, actor).map(drop)?;
            }
        }
        Ok(self.resource(state, &id)?)
    }
}

/// Runs what reads or changes the directory.
async fn on_directory<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    run_blocking(move || Ok(work())).await?
}

/// Lists those of a kind that are wanted.
async fn listed(shared: AppState, kind: Kind, wanted: &Wanted) -> Answer {
    wanted.list(run_blocking(move || kind.all(&shared)).await?, kind.searched())
}

/// Answers with one resource.
async fn one(shared: AppState, kind: Kind, id: String, wanted: &Wanted) -> Answer {
    Ok(made(StatusCode::OK, wanted, run_blocking(move || kind.resource(&shared, &id)).await?))
}

/// Makes one resource.
async fn create(shared: AppState, kind: Kind, caller: Caller, wanted: &Wanted, body: Bytes) -> Answer {
    let resource = on_directory(move || kind.create(&shared, &read(&body)?, &caller.0)).await?;
    Ok(made(StatusCode::CREATED, wanted, resource))
}

/// Changes one resource to what `change` makes of it as it is and of the body.
async fn change(
    shared: AppState,
    kind: Kind,
    caller: Caller,
    id: String,
    wanted: &Wanted,
    change: impl FnOnce(Value) -> Result<Value, Refused> + Send + 'static,
) -> Answer {
    let resource = on_directory(move || kind.change(&shared, id, &caller.0, change)).await?;
    Ok(made(StatusCode::OK, wanted, resource))
}

/// Finds what the service says of itself by its id.
fn by_id(all: Vec<Value>, what: &str, id: &str) -> Result<Value, ApiError> {
    let found = all.into_iter().find(|resource| resource["id"] == id);
    found.ok_or_else(|| ApiError::of(ErrorKind::NotFound, format!("there is no {what} '{id}'")))
}

/// Returns the answer to what was made or changed: the resource as it is now, with its address.
fn made(status: StatusCode, wanted: &Wanted, resource: Value) -> Response {
    let location = resource["meta"]["location"].as_str().unwrap_or_default().to_owned();
    let mut response = answer(status, &wanted.chosen(resource));
    if let Ok(location) = location.parse() {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Returns the users of the directory.
#[utoipa::path(get, path = "/scim/v2/Users", params(Wanted), responses((status = 200), (status = 400)))]
pub async fn scim_users(State(shared): State<AppState>, Query(wanted): Query<Wanted>) -> Answer {
    listed(shared, Kind::User, &wanted).await
}

/// Makes a user: a person of the desk.
#[utoipa::path(post, path = "/scim/v2/Users", params(Wanted), request_body(content = Value, content_type = "application/json"),
    responses((status = 201), (status = 400), (status = 409, description = "The name is taken")))]
pub async fn scim_create_user(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
    body: Bytes,
) -> Answer {
    create(shared, Kind::User, caller, &wanted, body).await
}

/// Returns a user.
#[utoipa::path(get, path = "/scim/v2/Users/{id}", params(("id" = String, Path, description = "Id of the user"), Wanted),
    responses((status = 200), (status = 404)))]
pub async fn scim_user(State(shared): State<AppState>, Path(id): Path<String>, Query(wanted): Query<Wanted>) -> Answer {
    one(shared, Kind::User, id, &wanted).await
}

/// Replaces a user. One who is not active is suspended, and their sessions end at once.
#[utoipa::path(put, path = "/scim/v2/Users/{id}", params(("id" = String, Path, description = "Id of the user"), Wanted),
    request_body(content = Value, content_type = "application/json"), responses((status = 200), (status = 400), (status = 404), (status = 409)))]
pub async fn scim_replace_user(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    body: Bytes,
) -> Answer {
    let replaced = move |known: Value| -> Result<Value, Refused> {
        let mut resource = read(&body)?;
        // What is left out is cleared (RFC 7644, section 3.5.1), but nobody becomes active by an omission.
        let is_stated =
            resource.as_object().is_some_and(|all| all.keys().any(|name| name.eq_ignore_ascii_case("active")));
        if let (false, Some(all)) = (is_stated, resource.as_object_mut()) {
            all.insert("active".to_owned(), known["active"].clone());
        }
        Ok(resource)
    };
    change(shared, Kind::User, caller, id, &wanted, replaced).await
}

/// Changes a user. One who is not active is suspended, and their sessions end at once.
#[utoipa::path(patch, path = "/scim/v2/Users/{id}", params(("id" = String, Path, description = "Id of the user"), Wanted),
    request_body(content = Value, content_type = "application/json"), responses((status = 200), (status = 400), (status = 404), (status = 409)))]
pub async fn scim_patch_user(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    body: Bytes,
) -> Answer {
    let patch = move |known: Value| patched(known, &read(&body)?, USER_FIELDS).map_err(refused);
    change(shared, Kind::User, caller, id, &wanted, patch).await
}

/// Deletes a user: the person is suspended, and their sessions end at once.
#[utoipa::path(delete, path = "/scim/v2/Users/{id}", params(("id" = String, Path, description = "Id of the user")),
    responses((status = 204), (status = 404), (status = 409)))]
pub async fn scim_delete_user(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    run_blocking(move || shared.delete_directory_user(id, &caller.0)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Returns the groups of the directory.
#[utoipa::path(get, path = "/scim/v2/Groups", params(Wanted), responses((status = 200), (status = 400)))]
pub async fn scim_groups(State(shared): State<AppState>, Query(wanted): Query<Wanted>) -> Answer {
    listed(shared, Kind::Group, &wanted).await
}

/// Makes a group.
#[utoipa::path(post, path = "/scim/v2/Groups", params(Wanted), request_body(content = Value, content_type = "application/json"),
    responses((status = 201), (status = 400), (status = 409, description = "The name is taken")))]
pub async fn scim_create_group(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(wanted): Query<Wanted>,
    body: Bytes,
) -> Answer {
    create(shared, Kind::Group, caller, &wanted, body).await
}

/// Returns a group.
#[utoipa::path(get, path = "/scim/v2/Groups/{id}", params(("id" = String, Path, description = "Id of the group"), Wanted),
    responses((status = 200), (status = 404)))]
pub async fn scim_group(
    State(shared): State<AppState>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    one(shared, Kind::Group, id, &wanted).await
}

/// Replaces a group. The sessions of those who leave it end at once, so that they sign in with the roles they have then.
#[utoipa::path(put, path = "/scim/v2/Groups/{id}", params(("id" = String, Path, description = "Id of the group"), Wanted),
    request_body(content = Value, content_type = "application/json"), responses((status = 200), (status = 400), (status = 404), (status = 409)))]
pub async fn scim_replace_group(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    body: Bytes,
) -> Answer {
    change(shared, Kind::Group, caller, id, &wanted, move |_| read(&body)).await
}

/// Changes a group, such as its members. The sessions of those who leave it end at once.
#[utoipa::path(patch, path = "/scim/v2/Groups/{id}", params(("id" = String, Path, description = "Id of the group"), Wanted),
    request_body(content = Value, content_type = "application/json"), responses((status = 200), (status = 400), (status = 404), (status = 409)))]
pub async fn scim_patch_group(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    body: Bytes,
) -> Answer {
    let patch = move |known: Value| patched(known, &read(&body)?, GROUP_FIELDS).map_err(refused);
    change(shared, Kind::Group, caller, id, &wanted, patch).await
}

/// Deletes a group. The sessions of its members end at once.
#[utoipa::path(delete, path = "/scim/v2/Groups/{id}", params(("id" = String, Path, description = "Id of the group")),
    responses((status = 204), (status = 404)))]
pub async fn scim_delete_group(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    run_blocking(move || shared.delete_directory_group(id, &caller.0)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What is searched for among users and groups.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Searched {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<Vec<String>>,
    excluded_attributes: Option<Vec<String>>,
}

/// Searches users and groups.
#[utoipa::path(post, path = "/scim/v2/.search", request_body(content = Value, content_type = "application/json"),
    responses((status = 200), (status = 400)))]
pub async fn scim_search(State(shared): State<AppState>, body: Bytes) -> Answer {
    let searched: Result<Searched, _> = serde_json::from_slice(&body);
    let searched = searched.map_err(|e| Refused(ApiError::bad(format!("body: {e}")), Some("invalidSyntax")))?;
    let joined = |names: Option<Vec<String>>| names.map(|names| names.join(","));
    let wanted = Wanted {
        filter: searched.filter,
        start_index: searched.start_index,
        count: searched.count,
        attributes: joined(searched.attributes),
        excluded_attributes: joined(searched.excluded_attributes),
    };
    let all = run_blocking(move || Ok([Kind::User.all(&shared)?, Kind::Group.all(&shared)?].concat())).await?;
    wanted.list(all, Kind::User.searched())
}

/// Returns the schemas.
#[utoipa::path(get, path = "/scim/v2/Schemas", responses((status = 200)))]
pub async fn scim_schema_list(State(shared): State<AppState>) -> Answer {
    Wanted::default().list(schemas(&base(&shared)), &[])
}

/// Returns a schema.
#[utoipa::path(get, path = "/scim/v2/Schemas/{id}", params(("id" = String, Path, description = "The schema's URN")),
    responses((status = 200), (status = 404)))]
pub async fn scim_schema(State(shared): State<AppState>, Path(id): Path<String>) -> Answer {
    Ok(answer(StatusCode::OK, &by_id(schemas(&base(&shared)), "schema", &id)?))
}

/// Returns the types of resources.
#[utoipa::path(get, path = "/scim/v2/ResourceTypes", responses((status = 200)))]
pub async fn scim_type_list(State(shared): State<AppState>) -> Answer {
    Wanted::default().list(resource_types(&base(&shared)), &[])
}

/// Returns a type of resources.
#[utoipa::path(get, path = "/scim/v2/ResourceTypes/{id}", params(("id" = String, Path, description = "User or Group")),
    responses((status = 200), (status = 404)))]
pub async fn scim_resource_type(State(shared): State<AppState>, Path(id): Path<String>) -> Answer {
    Ok(answer(StatusCode::OK, &by_id(resource_types(&base(&shared)), "resource type", &id)?))
}

/// Returns what this service supports.
#[utoipa::path(get, path = "/scim/v2/ServiceProviderConfig", responses((status = 200)))]
pub async fn scim_config(State(shared): State<AppState>) -> Answer {
    Ok(answer(StatusCode::OK, &service_provider_config(&base(&shared))))
}
