//! A token in every form of the pages, so that no other site can send one in a person's name.
//!
//! The token is bound to the browser (cookie `hc`) and to whoever is signed in. It is put into every form as the page leaves the server, and
//! removed before the handler reads the form: no page and no handler can omit it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use holdfast_identity::KeyRing;
use holdfast_state::access::{is_form, media_type};
use holdfast_state::error::ApiError;
use holdfast_state::sign_in::cookie;
use subtle::ConstantTimeEq;

/// Largest page into which tokens are put.
const MAX_PAGE: usize = 64 << 20;

/// Cookies of people: who signs in or out gets other tokens.
const SESSIONS: [&str; 3] = ["hf", "ho", "hl"];

/// The name of the form's field.
const FIELD: &str = "csrf";

/// What a browser's tokens are made of.
#[derive(Clone, Debug)]
pub struct Browser {
    id: String,
    is_new: bool,
    bound: String,
}

impl Browser {
    /// Returns the browser of a request; a new one gets the random number.
    pub fn of(headers: &HeaderMap, random: impl FnOnce() -> std::io::Result<[u8; 32]>) -> Result<Self, ApiError> {
        let known = cookie(headers, "hc").filter(|c| c.len() == 32 && c.bytes().all(|b| b.is_ascii_hexdigit()));
        let bound = SESSIONS.map(|name| cookie(headers, name).unwrap_or_default()).join(" ");
        Ok(match known {
            Some(id) => Browser { id, is_new: false, bound },
            None => {
                let random = random().map_err(|e| ApiError::internal(e.to_string()))?;
                Browser { id: hex::encode(&random[..16]), is_new: true, bound }
            }
        })
    }

    fn token(&self, key_ring: &KeyRing) -> String {
        hex::encode(&key_ring.derive("csrf", &format!("{} {}", self.id, self.bound))[..24])
    }

    /// Inserts the token into every form of a page that changes something.
    ///
    /// # Errors
    /// 500 when the page cannot be read.
    pub async fn put_in(
        &self,
        response: Response,
        key_ring: &KeyRing,
        cookie: impl Fn(&str, &str) -> String,
    ) -> Result<Response, ApiError> {
        let kind = response.headers().get(header::CONTENT_TYPE);
        if !kind.is_some_and(|v| v.as_bytes().starts_with(b"text/html")) {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, MAX_PAGE).await.map_err(|e| ApiError::internal(e.to_string()))?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Ok(Response::from_parts(parts, Body::from(bytes)));
        };
        let Some(page) = with_tokens(text, &self.token(key_ring)) else {
            return Ok(Response::from_parts(parts, Body::from(bytes)));
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        if self.is_new
            && let Ok(value) = HeaderValue::from_str(&cookie("hc", &self.id))
        {
            parts.headers.append(header::SET_COOKIE, value);
        }
        Ok(Response::from_parts(parts, Body::from(page)))
    }
}

/// A page with the token in each of its posted forms; none when it has no such form. Text of people is escaped in pages, so that `<form`
/// stands only where a page's own form begins.
fn with_tokens(page: &str, token: &str) -> Option<String> {
    let mut out = String::with_capacity(page.len() + 256);
    let mut rest = page;
    let mut found = false;
    while let Some(start) = rest.find("<form") {
        let Some(length) = rest[start..].find('>') else { break };
        let (head, tail) = rest.split_at(start + length + 1);
        out.push_str(head);
        if head[start..].contains("method=\"post\"") {
            out.push_str(&format!("<input type=\"hidden\" name=\"{FIELD}\" value=\"{token}\">"));
            found = true;
        }
        rest = tail;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// The token of a posted form and the form without it.
fn take_out(kind: &str, body: &[u8]) -> (Option<String>, Option<Vec<u8>>) {
    if kind == "application/x-www-form-urlencoded" {
        let text = String::from_utf8_lossy(body);
        let prefix = format!("{FIELD}=");
        let token = text.split('&').find_map(|p| p.strip_prefix(prefix.as_str())).map(str::to_owned);
        let others: Vec<&str> = text.split('&').filter(|p| !p.starts_with(prefix.as_str())).collect();
        return (token, Some(others.join("&").into_bytes()));
    }
    // The first part of a form with files: browsers send fields in the page's order.
    let head = String::from_utf8_lossy(&body[..body.len().min(1_024)]);
    let boundary = head.lines().next().unwrap_or_default();
    let named = format!("name=\"{FIELD}\"");
    let token = head.split_once(&named).map(|(_, after)| after.trim_start_matches(['\r', '\n']));
    let Some(token) = token.and_then(|after| after.lines().next()) else { return (None, None) };
    // Handlers read the parts in order, without the token's.
    let border = format!("\r\n{boundary}");
    let next = body[..body.len().min(1_024)].windows(border.len()).position(|w| w == border.as_bytes());
    let first = next.filter(|next| head.find(&named).is_some_and(|at| at < *next));
    let rest = first.map(|at| body[at + 2..].to_vec());
    (Some(token.to_owned()), rest)
}

/// Accepts a posted form whose token is right for the browser, and removes the token. Other media types pass: a browser sends them to other
/// sites only after a preflight request, which is refused.
///
/// # Errors
/// 403 without the right token, 413 for a body above the limit.
pub async fn check(request: Request, key_ring: &KeyRing, limit: usize) -> Result<Request, ApiError> {
    let kind = media_type(request.headers());
    if !is_form(&kind) {
        return Ok(request);
    }
    let refused = || {
        ApiError::new(
            StatusCode::FORBIDDEN,
            "the form's token is missing or old: load the page again, then send the form",
        )
    };
    let browser = Browser::of(request.headers(), || Ok([0; 32]))?;
    let (mut parts, body) = request.into_parts();
    let bytes = holdfast_state::limits::read_body(body, limit).await?;
    let (token, body) = take_out(&kind, &bytes);
    let right = token.is_some_and(|t| bool::from(t.as_bytes().ct_eq(browser.token(key_ring).as_bytes())));
    if browser.is_new || !right {
        return Err(refused());
    }
    parts.headers.remove(header::TRANSFER_ENCODING);
    let body = body.map_or(Body::from(bytes), Body::from);
    if let Some(length) = axum::body::HttpBody::size_hint(&body).exact() {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(Request::from_parts(parts, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_posted_form_gets_the_token() {
        let page = "<p>&lt;form method=\"post\"></p><form class=\"step\" method=\"post\" action=\"/a\"><p></form><form action=\"/s\"></form><form method=\"post\"></form>";
        let with = with_tokens(page, "T").unwrap();
        assert_eq!(with.matches("name=\"csrf\" value=\"T\"").count(), 2, "{with}");
        assert!(
            with.contains("action=\"/a\"><input type=\"hidden\"") && with.contains("<form action=\"/s\"></form>"),
            "{with}"
        );
        assert_eq!(with_tokens("<p>nothing</p>", "T"), None);
    }

    #[test]
    fn the_token_is_taken_out_of_forms() {
        let (token, body) = take_out("application/x-www-form-urlencoded", b"csrf=T&a=1&csrf=U&b=2");
        assert_eq!((token.as_deref(), body.unwrap().as_slice()), (Some("T"), &b"a=1&b=2"[..]));
        let parts = b"--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nT\r\n--x\r\n";
        assert_eq!(take_out("multipart/form-data", parts), (Some("T".to_owned()), Some(b"--x\r\n".to_vec())));
        let two = [&parts[..], b"Content-Disposition: form-data; name=\"file\"\r\n\r\n# Course\r\n--x--\r\n"].concat();
        let (_, rest) = take_out("multipart/form-data", &two);
        assert_eq!(rest.unwrap(), [&b"--x\r\n"[..], &two[parts.len()..]].concat(), "the file is the first part");
        assert_eq!(take_out("multipart/form-data", b"--x\r\n").0, None);
    }
}
