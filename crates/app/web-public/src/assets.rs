//! Scripts and styles of the pages, under names with hashes of their content.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// Shows an asset, in the best form that the browser takes.
pub(crate) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let served = holdfast_assets::serve(uri.path(), text(header::ACCEPT_ENCODING), text(header::IF_NONE_MATCH));
    let mut response = Response::builder().status(served.status);
    for (name, value) in &served.headers {
        response = response.header(*name, value.as_ref());
    }
    match response.body(Body::from(served.body.into_owned())) {
        Ok(response) => response,
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}
