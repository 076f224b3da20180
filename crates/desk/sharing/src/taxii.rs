//! TAXII 2.1 (OASIS Standard, 10 June 2021): the server's side as a function from request to answer, and a client.

use crate::community::{Collection, Community, Filter, MAX_PAGE, Member, Stored};
use crate::envelope::{elements, members};
use crate::ingest::incoming_text;
use crate::sources::Page;
use crate::stix::{micros, timestamp};
use crate::{Sharing, SharingError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast_store::StoreError;
use holdfast_types::Invalid;
use holdfast_types::ids::{CommunityId, ObjectId};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// Media type of every TAXII resource.
pub const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
/// Media type of STIX objects.
const STIX: &str = "application/stix+json;version=2.1";
/// Largest body of a request to share, in bytes.
pub const MAX_CONTENT: usize = 16 << 20;
/// Longest wait for a partner's answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A request to the server.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// GET, POST or DELETE.
    pub method: &'a str,
    /// What follows `/taxii2/`.
    pub path: &'a str,
    /// Names and values of the query, decoded.
    pub query: Vec<(String, String)>,
    /// Header Accept.
    pub accept: Option<&'a str>,
    /// Header Content-Type.
    pub content_type: Option<&'a str>,
    /// Header Authorization.
    pub authorization: Option<&'a str>,
    /// Body.
    pub body: &'a [u8],
}

/// An answer of the server; its body is JSON of [`MEDIA_TYPE`].
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the content's type.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Json,
}

impl Answer {
    fn ok(body: Json) -> Self {
        Answer { status: 200, headers: Vec::new(), body }
    }
}

/// An error message (section 3.6.1).
fn refuse(status: u16, title: &str, description: &str) -> Answer {
    let mut headers = Vec::new();
    if status == 401 {
        headers.push(("www-authenticate", "Basic realm=\"taxii\", charset=\"UTF-8\"".to_owned()));
    }
    let body = json!({ "title": title, "description": description, "http_status": status.to_string() });
    Answer { status, headers, body }
}

fn failed(e: SharingError) -> Answer {
    match e {
        SharingError::NotFound(what) => refuse(404, "not found", &what),
        SharingError::Invalid(e) => refuse(400, "the request is not understood", &e.to_string()),
        SharingError::State(what) => refuse(403, "not allowed", &what),
        SharingError::Store(StoreError::Busy) => refuse(503, "busy", "try again"),
        e => refuse(500, "the server failed", &e.to_string()),
    }
}

/// Whether an Accept header accepts TAXII 2.1 (RFC 9110, section 12.5.1); a missing one accepts anything.
fn accepts(accept: Option<&str>) -> bool {
    let Some(accept) = accept else { return true };
    accept.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let version = parts.find_map(|p| p.strip_prefix("version=")).map(|v| v.trim_matches('"').to_owned());
        matches!(kind.as_str(), "*/*" | "application/*")
            || (kind == "application/taxii+json" && version.is_none_or(|v| v == "2.1"))
    })
}

fn is_taxii(content: Option<&str>) -> bool {
    content.is_some_and(|c| {
        let mut parts = c.split(';').map(str::trim);
        parts.next().is_some_and(|k| k.eq_ignore_ascii_case("application/taxii+json"))
            && parts.find_map(|p| p.strip_prefix("version=")).is_none_or(|v| v.trim_matches('"') == "2.1")
    })
}

/// Name and key of HTTP Basic (RFC 7617).
fn credentials(authorization: Option<&str>) -> Option<(String, String)> {
    let (kind, text) = authorization?.split_once(' ')?;
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    text.split_once(':').map(|(name, key)| (name.to_owned(), key.to_owned()))
}

/// Answers a request.
#[must_use]
pub fn answer(sharing: &Sharing<'_>, base: &str, request: &Request<'_>) -> Answer {
    if !accepts(request.accept) {
        return refuse(
            406,
            "not acceptable",
            "this server speaks TAXII 2.1: Accept: application/taxii+json;version=2.1",
        );
    }
    let Some((name, key)) = credentials(request.authorization) else {
        return refuse(401, "who are you?", "give the member's name and key by HTTP Basic");
    };
    let parts: Vec<&str> = request.path.split('/').filter(|p| !p.is_empty()).collect();
    let Some((root, rest)) = parts.split_first() else {
        return match sharing.communities_of(&name, &key) {
            Ok(open) if open.is_empty() => refuse(401, "who are you?", "no community knows this name and key"),
            Ok(open) => {
                let roots: Vec<String> = open.iter().map(|c| format!("{base}/taxii2/{}/", c.id)).collect();
                Answer::ok(
                    json!({ "title": "Holdfast", "description": "Communities of partners", "default": roots[0], "api_roots": roots }),
                )
            }
            Err(e) => failed(e),
        };
    };
    let found =
        sharing.community(&CommunityId::from(*root)).and_then(|c| Ok((sharing.member_by_key(&c.id, &name, &key)?, c)));
    let (member, community) = match found {
        Ok((Some(member), community)) => (member, community),
        // Who is no member does not learn whether there is such a community.
        Ok((None, _)) | Err(SharingError::NotFound(_)) => {
            return refuse(401, "who are you?", "no community here knows this name and key");
        }
        Err(e) => return failed(e),
    };
    let at_root = AtRoot { sharing, community: &community, member: &member, request };
    at_root.answer(rest).unwrap_or_else(failed)
}

struct AtRoot<'a> {
    sharing: &'a Sharing<'a>,
    community: &'a Community,
    member: &'a Member,
    request: &'a Request<'a>,
}

impl AtRoot<'_> {
    fn answer(&self, parts: &[&str]) -> Result<Answer, SharingError> {
        let method = self.request.method;
        Ok(match (method, parts) {
            ("GET", []) => Answer::ok(json!({ "title": self.community.name, "description": self.community.description,
                "versions": [MEDIA_TYPE], "max_content_length": MAX_CONTENT })),
            ("GET", ["status", id]) => match self.sharing.status(self.member, id)? {
                Some(status) => Answer::ok(status),
                None => refuse(404, "not found", "no such status of yours"),
            },
            ("GET", ["collections"]) => {
                let all: Vec<Json> = Collection::ALL.iter().map(|c| self.collection(*c)).collect();
                Answer::ok(json!({ "collections": all }))
            }
            (_, ["collections", id, rest @ ..]) => match Collection::find(&self.community.id, id) {
                Some(collection) => self.in_collection(collection, rest)?,
                None => refuse(404, "not found", "no such collection"),
            },
            ("GET", _) => refuse(404, "not found", "no such resource"),
            _ => refuse(405, "method not allowed", "not here"),
        })
    }

    fn collection(&self, collection: Collection) -> Json {
        let description = match collection {
            Collection::Intelligence => "Indicators of illicit wallets, sightings, reports and notes",
            Collection::Flags => "Flags of stolen funds; later versions confirm or withdraw them",
        };
        json!({ "id": collection.id(&self.community.id), "title": collection.name(), "description": description,
            "alias": collection.name(), "can_read": true, "can_write": self.member.writes, "media_types": [STIX] })
    }

    fn in_collection(&self, collection: Collection, rest: &[&str]) -> Result<Answer, SharingError> {
        Ok(match (self.request.method, rest) {
            ("GET", []) => Answer::ok(self.collection(collection)),
            ("GET", ["manifest"]) => self.listed(collection, None, "objects", &|o| {
                json!({ "id": o.object, "date_added": timestamp(o.added), "version": o.version, "media_type": STIX })
            })?,
            ("GET", ["objects"]) => self.listed(collection, None, "objects", &|o| o.body.clone())?,
            ("POST", ["objects"]) => self.post(collection)?,
            ("GET", ["objects", id]) => self.listed(collection, Some(id), "objects", &|o| o.body.clone())?,
            ("GET", ["objects", id, "versions"]) => {
                self.listed(collection, Some(id), "versions", &|o| json!(o.version))?
            }
            ("DELETE", ["objects", id]) => {
                let versions = self.filter(None)?.versions;
                let object = ObjectId::from(*id);
                self.sharing.delete_object(&self.community.id, collection, self.member, &object, &versions)?;
                Answer::ok(json!({}))
            }
            ("GET", _) => refuse(404, "not found", "no such resource"),
            _ => refuse(405, "method not allowed", "not here"),
        })
    }

    /// Filters and paging (sections 3.4 and 3.5).
    fn filter(&self, id: Option<&str>) -> Result<Filter, SharingError> {
        let bad = |name: &str, what: &str| SharingError::from(holdfast_types::Invalid::new(name, what));
        let mut filter = Filter { limit: MAX_PAGE, ..Filter::default() };
        for (name, value) in &self.request.query {
            let list = || value.split(',').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect::<Vec<_>>();
            match name.as_str() {
                "added_after" => {
                    let at = micros(value).ok_or_else(|| bad(name, "must be an RFC 3339 time in UTC"))?;
                    filter.added_after = Some(filter.added_after.unwrap_or(i64::MIN).max(at));
                }
                "next" => {
                    let at = value.parse().map_err(|_| bad(name, "is none of this server's"))?;
                    filter.added_after = Some(filter.added_after.unwrap_or(i64::MIN).max(at));
                }
                "limit" => {
                    let limit: usize = value.parse().map_err(|_| bad(name, "must be a positive number"))?;
                    if limit == 0 {
                        return Err(bad(name, "must be a positive number"));
                    }
                    filter.limit = limit.min(MAX_PAGE);
                }
                "match[id]" => filter.ids = list().into_iter().map(ObjectId::from).collect(),
                "match[type]" => filter.types = list(),
                "match[version]" => filter.versions = list(),
                // Everything here is of STIX 2.1.
                "match[spec_version]" if !list().iter().any(|v| v == "2.1") => filter.types = vec!["none".into()],
                _ => {}
            }
            if [filter.ids.len(), filter.types.len(), filter.versions.len()].into_iter().any(|n| n > 100) {
                return Err(bad(name, "at most 100 values"));
            }
        }
        if let Some(id) = id {
            filter.ids = vec![id.into()];
        }
        Ok(filter)
    }

    fn listed(
        &self,
        collection: Collection,
        id: Option<&str>,
        field: &str,
        show: &dyn Fn(&Stored) -> Json,
    ) -> Result<Answer, SharingError> {
        let mut filter = self.filter(id)?;
        if field == "versions" {
            filter.versions = vec!["all".into()];
        }
        let (list, more) = self.sharing.objects(&self.community.id, collection, &self.member.name, &filter)?;
        if let (Some(id), true, None) = (id, list.is_empty(), filter.added_after) {
            let any = Filter { ids: vec![id.into()], versions: vec!["all".into()], limit: 1, ..Filter::default() };
            if self.sharing.objects(&self.community.id, collection, &self.member.name, &any)?.0.is_empty() {
                return Ok(refuse(404, "not found", "no such object"));
            }
        }
        let mut body = json!({});
        if !list.is_empty() {
            body[field] = list.iter().map(show).collect();
            body["more"] = json!(more);
        }
        let mut headers = Vec::new();
        if let (Some(first), Some(last)) = (list.first(), list.last()) {
            headers.push(("x-taxii-date-added-first", timestamp(first.added)));
            headers.push(("x-taxii-date-added-last", timestamp(last.added)));
            if more {
                body["next"] = json!(last.added.to_string());
            }
        }
        Ok(Answer { status: 200, headers, body })
    }

    fn post(&self, collection: Collection) -> Result<Answer, SharingError> {
        if !is_taxii(self.request.content_type) {
            return Ok(refuse(415, "unsupported media type", &format!("send {MEDIA_TYPE}")));
        }
        if self.request.body.len() > MAX_CONTENT {
            return Ok(refuse(413, "too large", &format!("at most {MAX_CONTENT} bytes")));
        }
        if !self.member.writes {
            return Ok(refuse(403, "not allowed", "you may read here, not share"));
        }
        let Ok(mut envelope) = serde_json::from_slice::<Json>(self.request.body) else {
            return Ok(refuse(400, "the request is not understood", "the body is no JSON"));
        };
        let Json::Array(objects) = envelope["objects"].take() else {
            return Ok(refuse(422, "no envelope", "send {\"objects\": [...]}"));
        };
        let total = objects.len();
        let put = self.sharing.put_objects(
            self.community,
            collection,
            self.member,
            objects,
            Vec::new(),
            &self.member.name,
        )?;
        let now = self.sharing.screening.now().unix().saturating_mul(1_000_000);
        let status = json!({
            "id": uuid::Uuid::from_bytes(random16()).to_string(), "status": "complete", "request_timestamp": timestamp(now),
            "total_count": total, "success_count": put.successes.len(), "failure_count": put.failures.len(), "pending_count": 0,
            "successes": put.successes.iter().map(|(id, v)| json!({ "id": id, "version": v })).collect::<Vec<_>>(),
            "failures": put.failures.iter().map(|(id, v, why)| json!({ "id": id, "version": v, "message": why })).collect::<Vec<_>>(),
        });
        self.sharing.store_status(self.member, &status)?;
        Ok(Answer { status: 202, headers: Vec::new(), body: status })
    }
}

/// Random bytes for a version 4 UUID (RFC 9562).
fn random16() -> [u8; 16] {
    let mut bytes = [0; 16];
    voprf_rng(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

fn voprf_rng(bytes: &mut [u8]) {
    use rand_core::RngCore;
    rand_core::OsRng.fill_bytes(bytes);
}

/// A client of one partner's server.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    authorization: String,
}

/// Largest page that is read of a partner's collection, in bytes; a larger one is requested again with fewer objects.
const MAX_PAGE_BYTES: u64 = 16 << 20;
/// Most objects of a page that are read; a server may ignore the requested limit.
const MAX_PAGE_OBJECTS: usize = 5_000;

/// Position in a collection: when the last object that was read was added; within a run of pages also where the run began and the token of its
/// next page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cursor {
    after: String,
    last: String,
    next: Option<String>,
}

impl Cursor {
    fn read(text: &str) -> Self {
        let mut parts = text.splitn(3, ' ');
        let (after, last, next) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let time = |t: &str| if t == "-" { String::new() } else { t.to_owned() };
        match (last, next) {
            (Some(last), Some(next)) => Cursor { after: time(after), last: time(last), next: Some(next.to_owned()) },
            _ => Cursor { after: after.to_owned(), last: after.to_owned(), next: None },
        }
    }

    fn text(&self) -> String {
        let time = |t: &str| if t.is_empty() { "-".to_owned() } else { t.to_owned() };
        match &self.next {
            Some(next) => format!("{} {} {next}", time(&self.after), time(&self.last)),
            None => self.last.clone(),
        }
    }
}

/// An answer to a request for a page.
enum Fetched {
    /// Its body, and when its last object was added.
    Body(Vec<u8>, Option<String>),
    /// A refusal.
    Refused(u16, String),
    /// It is larger than the limit.
    TooLarge,
}

/// Checks that a URL is of a server on the web.
///
/// # Errors
/// [`Invalid`] names `url`.
pub(crate) fn web_address(url: &str) -> Result<(), Invalid> {
    let parsed = url.parse::<ureq::http::Uri>().ok();
    let is_web = |u: &ureq::http::Uri| matches!(u.scheme_str(), Some("http" | "https")) && u.host().is_some();
    match parsed.as_ref().is_some_and(is_web) {
        true => Ok(()),
        false => Err(Invalid::new("url", "must begin with https:// (or http://) and name a server")),
    }
}

impl Client {
    /// Returns a client with a member's name and key.
    #[must_use]
    pub fn new(name: &str, key: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .into();
        Client { agent, authorization: format!("Basic {}", STANDARD.encode(format!("{name}:{key}"))) }
    }

    fn read(url: &str, response: ureq::http::Response<ureq::Body>) -> Result<(Json, Option<String>), SharingError> {
        let fault = |what: String| SharingError::Partner(url.to_owned(), what);
        let status = response.status();
        let last = response.headers().get("x-taxii-date-added-last");
        let last = last.and_then(|v| v.to_str().ok()).map(str::to_owned);
        let text = response.into_body().into_with_config().limit(MAX_PAGE_BYTES).read_to_vec();
        let text = text.map_err(|e| fault(e.to_string()))?;
        let body: Json = serde_json::from_slice(&text).unwrap_or_default();
        if !status.is_success() {
            let words = body["description"].as_str().or(body["title"].as_str()).unwrap_or("without words");
            return Err(fault(format!("it answered {status}: {}", words.chars().take(300).collect::<String>())));
        }
        if !body.is_object() {
            return Err(fault("it answered no JSON object".into()));
        }
        Ok((body, last))
    }

    fn get(&self, url: &str) -> Result<(Json, Option<String>), SharingError> {
        let request = self.agent.get(url).header("accept", MEDIA_TYPE).header("authorization", &self.authorization);
        let response = request.call().map_err(|e| SharingError::Partner(url.to_owned(), e.to_string()))?;
        Self::read(url, response)
    }

    /// Returns the collections that a discovery URL, an API root or a collection's URL leads to: URL, title, whether it can be written.
    ///
    /// # Errors
    /// [`SharingError::Invalid`] for what is no web address; [`SharingError::Partner`] when the server does not answer as it should.
    pub fn collections(&self, url: &str) -> Result<Vec<(String, String, bool)>, SharingError> {
        web_address(url)?;
        let url = format!("{}/", url.trim_end_matches('/'));
        let (body, _) = self.get(&url)?;
        if body["api_roots"].is_array() {
            let mut all = Vec::new();
            for root in body["api_roots"].as_array().into_iter().flatten().filter_map(Json::as_str).take(100) {
                // Roots may be relative (section 4.1).
                let root = match root.starts_with("http") {
                    true => root.to_owned(),
                    false => format!("{}/{}", origin_of(&url), root.trim_start_matches('/')),
                };
                all.extend(self.of_root(&root)?);
            }
            return Ok(all);
        }
        if body["can_read"].is_boolean() {
            let title = body["title"].as_str().unwrap_or_default().to_owned();
            return Ok(vec![(url, title, body["can_write"] == json!(true))]);
        }
        self.of_root(&url)
    }

    fn of_root(&self, root: &str) -> Result<Vec<(String, String, bool)>, SharingError> {
        let root = root.trim_end_matches('/');
        let (body, _) = self.get(&format!("{root}/collections/"))?;
        let list = body["collections"].as_array().into_iter().flatten().take(1_000);
        Ok(list
            .filter(|c| c["can_read"] == json!(true))
            .filter_map(|c| {
                let id = c["id"].as_str()?;
                let title = c["title"].as_str().unwrap_or_default().to_owned();
                Some((format!("{root}/collections/{id}/"), title, c["can_write"] == json!(true)))
            })
            .collect())
    }

    /// Returns the next page of a collection after a cursor, every version. Only one page is held at a time, object by object.
    ///
    /// # Errors
    /// [`SharingError::Partner`].
    pub(crate) fn next_page(&self, collection: &str, cursor: &str) -> Result<Page, SharingError> {
        let at = Cursor::read(cursor);
        let fault = |what: String| SharingError::Partner(collection.to_owned(), what);
        let mut limit = MAX_PAGE;
        let (text, last) = loop {
            let mut url = format!("{}/objects/?limit={limit}&match[version]=all", collection.trim_end_matches('/'));
            if !at.after.is_empty() {
                url.push_str(&format!("&added_after={}", at.after));
            }
            if let Some(next) = &at.next {
                url.push_str(&format!("&next={}", encoded(next)));
            }
            match self.fetch(&url, MAX_PAGE_BYTES)? {
                Fetched::Body(text, last) => break (text, last),
                Fetched::TooLarge if limit > 1 => limit = (limit / 10).max(1),
                Fetched::TooLarge => {
                    return Err(fault(format!("one object's page is over {} MiB", MAX_PAGE_BYTES >> 20)));
                }
                // A token that ran out: the run begins again, and what is known already changes nothing.
                Fetched::Refused(status, why) if at.next.is_some() && status < 500 => {
                    let cursor = Cursor { next: None, last: at.after.clone(), ..at }.text();
                    return Ok(Page { cursor, error: Some(why), ..Page::default() });
                }
                Fetched::Refused(_, why) => return Err(fault(why)),
            }
        };
        let [objects, more, next] = members(&text, ["objects", "more", "next"]).map_err(&fault)?;
        let objects = elements(objects, MAX_PAGE_OBJECTS).map_err(|why| fault(format!("objects {why}")))?;
        let last = last.filter(|l| micros(l).is_some()).unwrap_or_else(|| at.last.clone());
        let mut page = Page { objects: objects.into_iter().map(incoming_text).collect(), ..Page::default() };
        let token =
            next.and_then(|n| serde_json::from_slice::<String>(n).ok()).filter(|n| !n.is_empty() && n.len() <= 1_000);
        page.cursor = match (more == Some(b"true"), token) {
            (true, Some(token)) => {
                page.more = true;
                Cursor { after: at.after, last, next: Some(token) }.text()
            }
            // Without a token, the time when the last was added leads on, if it moves at all.
            (more, _) => {
                page.more = more && last != at.last;
                Cursor { after: String::new(), last, next: None }.text()
            }
        };
        Ok(page)
    }

    fn fetch(&self, url: &str, most: u64) -> Result<Fetched, SharingError> {
        let fault = |what: String| SharingError::Partner(url.to_owned(), what);
        let request = self.agent.get(url).header("accept", MEDIA_TYPE).header("authorization", &self.authorization);
        let response = request.call().map_err(|e| fault(e.to_string()))?;
        let status = response.status();
        let last = response.headers().get("x-taxii-date-added-last");
        let last = last.and_then(|v| v.to_str().ok()).map(str::to_owned);
        if response.body().content_length().is_some_and(|length| length > most) {
            return Ok(Fetched::TooLarge);
        }
        let text = match response.into_body().into_with_config().limit(most).read_to_vec() {
            Ok(text) => text,
            Err(ureq::Error::BodyExceedsLimit(_)) => return Ok(Fetched::TooLarge),
            Err(e) => return Err(fault(e.to_string())),
        };
        if !status.is_success() {
            let body: Json = serde_json::from_slice(&text[..text.len().min(64 << 10)]).unwrap_or_default();
            let words = body["description"].as_str().or(body["title"].as_str()).unwrap_or("without words");
            let words = words.chars().take(300).collect::<String>();
            return Ok(Fetched::Refused(status.as_u16(), format!("it answered {status}: {words}")));
        }
        Ok(Fetched::Body(text, last))
    }

    /// Shares objects in a collection and waits for the outcome.
    ///
    /// # Errors
    /// [`SharingError`]; the first object that was refused names itself.
    pub fn share(&self, collection: &str, objects: &[Json]) -> Result<u64, SharingError> {
        let collection = collection.trim_end_matches('/');
        let url = format!("{collection}/objects/");
        let body = json!({ "objects": objects }).to_string();
        let request = self
            .agent
            .post(&url)
            .header("accept", MEDIA_TYPE)
            .header("content-type", MEDIA_TYPE)
            .header("authorization", &self.authorization);
        let response = request.send(&body).map_err(|e| SharingError::Partner(url.clone(), e.to_string()))?;
        let (mut status, _) = Self::read(&url, response)?;
        let root = collection.split("/collections/").next().unwrap_or(collection);
        for _ in 0..20 {
            if status["status"] != json!("pending") {
                break;
            }
            std::thread::sleep(Duration::from_millis(250));
            let id = encoded(status["id"].as_str().unwrap_or_default());
            status = self.get(&format!("{root}/status/{id}/"))?.0;
        }
        if let Some(failure) = status["failures"].as_array().and_then(|f| f.first()) {
            let text = |name: &str| failure[name].as_str().unwrap_or("without words").chars().take(300).collect();
            return Err(SharingError::Object(text("id"), text("message")));
        }
        Ok(status["success_count"].as_u64().unwrap_or(0))
    }
}

fn origin_of(url: &str) -> String {
    let after = url.find("://").map_or(0, |i| i + 3);
    url[after..].find('/').map_or(url.to_owned(), |i| url[..after + i].to_owned())
}

/// Percent-encoding for a query's value or a path's segment (RFC 3986, unreserved characters stay).
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (b as char).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_negotiated() {
        for good in
            [None, Some("*/*"), Some("application/taxii+json"), Some("text/html, application/taxii+json; version=2.1")]
        {
            assert!(accepts(good), "{good:?}");
        }
        for bad in ["application/taxii+json;version=2.0", "application/json", "text/html"] {
            assert!(!accepts(Some(bad)), "{bad}");
        }
        assert!(
            is_taxii(Some("application/taxii+json;version=2.1"))
                && !is_taxii(Some("application/json"))
                && !is_taxii(None)
        );
    }

    #[test]
    fn cursors_read_back_and_old_ones_still_do() {
        for text in ["", "2026-11-25T08:00:00.000000Z", "- 2026-11-25T08:00:00Z a token", "2026-11-25T08:00:00Z - x"] {
            assert_eq!(Cursor::read(text).text(), text);
        }
        let run = Cursor::read("- 2026-11-25T08:00:00Z a token");
        assert_eq!((run.after.as_str(), run.next.as_deref()), ("", Some("a token")));
    }

    #[test]
    fn origins_and_segments() {
        assert_eq!(origin_of("https://a.example:1/x/y/"), "https://a.example:1");
        assert_eq!(origin_of("https://a.example"), "https://a.example");
        assert_eq!(encoded("a b/ü"), "a%20b%2F%C3%BC");
    }
}
