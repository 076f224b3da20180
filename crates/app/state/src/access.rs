//! What a browser may send here: by which name it reached the server, from which page, in which content type, and from which address.

use crate::error::ApiError;
use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, Method, StatusCode, header};
use holdfast_types::Seconds;
use ipnet::IpNet;
use std::net::IpAddr;

/// Names of this server and the proxies in front of it.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Host names besides the loopback ones.
    hosts: Vec<String>,
    /// Addresses of reverse proxies, whose `X-Forwarded-For` is believed.
    proxies: Vec<IpNet>,
    /// Whether browsers reach the server by https.
    secure: bool,
    /// The public origin, such as `https://desk.example`.
    origin: Option<String>,
}

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Access {
    /// Returns access by the loopback names only.
    pub fn new() -> Self {
        Access::default()
    }

    /// Accepts requests by this name, too, such as `desk.example` (a port is ignored).
    pub fn add_host(&mut self, host: &str) {
        let host = name_of(host).trim_end_matches('.').to_ascii_lowercase();
        if !host.is_empty() && !self.hosts.contains(&host) {
            self.hosts.push(host);
        }
    }

    /// Accepts requests by the name of this origin, too; cookies are marked secure when it is https.
    pub fn set_site(&mut self, origin: &str) {
        let (scheme, authority) = origin.split_once("://").unwrap_or(("", origin));
        self.add_host(authority);
        self.secure = scheme == "https";
        self.origin = Some(origin.trim_end_matches('/').to_ascii_lowercase());
    }

    /// Trusts `X-Forwarded-For` of the proxies in a network; a network of one address is one proxy.
    pub fn trust_proxies(&mut self, network: IpNet) {
        self.proxies.push(network);
    }

    /// Returns whether browsers reach the server by https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns whether connections from an address are a reverse proxy's.
    pub fn is_proxy(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.proxies.iter().any(|network| network.contains(&address))
    }

    /// Returns a cookie that scripts and other sites cannot use.
    pub fn cookie(&self, name: &str, value: &str, lasts: Seconds) -> String {
        self.cookie_of(name, value, lasts, "Strict")
    }

    /// Returns a cookie that scripts cannot use, and that the browser sends when another site leads back here by a link.
    pub fn returning_cookie(&self, name: &str, value: &str, lasts: Seconds) -> String {
        self.cookie_of(name, value, lasts, "Lax")
    }

    fn cookie_of(&self, name: &str, value: &str, lasts: Seconds, same_site: &str) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={}{secure}", lasts.count())
    }

    fn allows_host(&self, authority: &str) -> bool {
        let name = name_of(authority).trim_end_matches('.').to_ascii_lowercase();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let loopback = name == "localhost"
            || name.ends_with(".localhost")
            || bare.parse::<IpAddr>().is_ok_and(|a| a.to_canonical().is_loopback());
        loopback || self.hosts.contains(&name)
    }

    /// Returns the address that a request comes from: the connection's, or the one that a trusted proxy names.
    pub fn client(&self, request: &Request) -> Option<IpAddr> {
        self.client_of(request.headers(), request.extensions())
    }

    /// Returns the address that a request with these headers and extensions comes from.
    pub fn client_of(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        let peer = extensions.get::<Peer>()?.0.to_canonical();
        if !self.is_proxy(peer) {
            return Some(peer);
        }
        let chain: Vec<IpAddr> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','))
            .filter_map(|a| a.trim().parse::<IpAddr>().ok())
            .map(|a| a.to_canonical())
            .collect();
        // Each proxy appends whom it saw: the last address that is no proxy of ours is the client's.
        Some(chain.into_iter().rev().find(|a| !self.is_proxy(*a)).unwrap_or(peer))
    }

    /// Refuses a request that reached the server by a foreign name (DNS rebinding) or that another site's page sent.
    ///
    /// # Errors
    /// 421 for a foreign name, 403 for a foreign page.
    pub fn check(&self, request: &Request) -> Result<(), ApiError> {
        let headers = request.headers();
        let host = headers
            .get(header::HOST)
            .and_then(|v| v.to_str().ok())
            .or_else(|| request.uri().authority().map(|a| a.as_str()));
        let Some(host) = host else {
            return Err(ApiError::bad("the request names no Host"));
        };
        if !self.allows_host(host) {
            let shown: String = host.chars().take(100).collect();
            let message =
                format!("this server is not known as '{shown}'; add it with `serve --host NAME` or `--site ORIGIN`");
            return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, message));
        }
        if !changes(request.method()) {
            return Ok(());
        }
        let foreign = || ApiError::new(StatusCode::FORBIDDEN, "another site sent this request");
        if let Some(origin) = headers.get(header::ORIGIN) {
            let origin = origin.to_str().map_err(|_| foreign())?.to_ascii_lowercase();
            let authority = origin.split_once("://").map(|(_, a)| a);
            let same = authority.is_some_and(|a| a.eq_ignore_ascii_case(host)) || self.origin.as_ref() == Some(&origin);
            if !same {
                return Err(foreign());
            }
        }
        let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
        match site.is_some_and(|s| s != "same-origin" && s != "none") {
            true => Err(foreign()),
            false => Ok(()),
        }
    }
}

/// Returns whether a method changes something.
pub fn changes(method: &Method) -> bool {
    *method != Method::GET && *method != Method::HEAD && *method != Method::OPTIONS
}

/// The name of `name:port` or `[address]:port`.
fn name_of(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.find(']').map_or(authority, |end| &authority[..=end]);
    }
    match authority.rsplit_once(':') {
        // An address of version 6 without brackets has several colons.
        Some((name, _)) if !name.contains(':') => name,
        _ => authority,
    }
}

/// Returns the media type of a request's body, without parameters, in lower case.
pub fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns whether a request has a body.
pub fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|v| v.as_bytes() != b"0")
}

/// Returns whether a media type is one of a form, which any site's page can send without a preflight request.
pub fn is_form(media_type: &str) -> bool {
    matches!(media_type, "application/x-www-form-urlencoded" | "multipart/form-data")
}

/// Refuses a JSON endpoint's body in any other media type: forms and plain text are what a foreign page can send.
///
/// # Errors
/// 415.
pub fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = media_type(headers);
    let is_json = kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    if !has_body(headers) || is_json {
        return Ok(());
    }
    let message = match kind.is_empty() {
        true => "send the body as 'Content-Type: application/json'".to_owned(),
        false => format!("'{kind}' is not taken here; send the body as 'Content-Type: application/json'"),
    };
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = axum::http::Request::builder().method(method).uri("/desk");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn only_own_names_and_own_pages_are_let_in() {
        let mut access = Access::new();
        access.set_site("https://Desk.example");
        access.add_host("other.example:8650");
        let status = |method: &str, headers: &[(&str, &str)]| {
            access.check(&request(method, headers)).map_err(|e| e.status.as_u16())
        };
        for host in [
            "localhost",
            "127.0.0.1:8650",
            "[::1]:80",
            "desk.example",
            "DESK.EXAMPLE.:443",
            "other.example",
            "a.localhost",
        ] {
            assert_eq!(status("GET", &[("host", host)]), Ok(()), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", ""] {
            assert_eq!(status("GET", &[("host", host)]), Err(421), "{host}");
        }
        assert_eq!(status("GET", &[]), Err(400));
        let own = ("host", "desk.example");
        assert_eq!(status("POST", &[own, ("origin", "https://desk.example")]), Ok(()));
        assert_eq!(status("POST", &[own]), Ok(()));
        for origin in ["https://evil.example", "null", "https://desk.example.evil.example", "https://desk.example:444"]
        {
            assert_eq!(status("POST", &[own, ("origin", origin)]), Err(403), "{origin}");
        }
        assert_eq!(status("POST", &[own, ("sec-fetch-site", "same-site")]), Err(403));
    }

    #[test]
    fn the_client_is_whom_a_trusted_proxy_saw() {
        let mut access = Access::new();
        access.trust_proxies("10.0.0.1/32".parse().unwrap());
        access.trust_proxies("10.244.0.0/16".parse().unwrap());
        let client = |peer: &str, forwarded: &[&str]| {
            let headers: Vec<(&str, &str)> = forwarded.iter().map(|f| ("x-forwarded-for", *f)).collect();
            let mut request = request("GET", &headers);
            request.extensions_mut().insert(Peer(peer.parse().unwrap()));
            access.client(&request).unwrap().to_string()
        };
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 2.2.2.2"]), "2.2.2.2");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "2.2.2.2, 10.0.0.1"]), "2.2.2.2");
        assert_eq!(client("::ffff:10.0.0.1", &["2.2.2.2"]), "2.2.2.2");
        assert_eq!(client("3.3.3.3", &["1.1.1.1"]), "3.3.3.3", "nobody else is believed");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.244.3.9", &["2.2.2.2, 10.244.7.7"]), "2.2.2.2", "a network of them");
        assert_eq!(client("10.245.3.9", &["2.2.2.2"]), "10.245.3.9");
    }

    #[test]
    fn json_endpoints_take_json_only() {
        let status = |kind: &str| {
            let headers = [("content-type", kind), ("content-length", "2")];
            check_media_type(request("POST", &headers).headers()).map_err(|e| e.status.as_u16())
        };
        assert_eq!(status("application/json; charset=utf-8"), Ok(()));
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
            assert_eq!(status(kind), Err(415), "{kind}");
        }
    }
}
