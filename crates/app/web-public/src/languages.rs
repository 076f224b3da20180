//! Choosing the pages' language.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use holdfast_page::forms::{Fields, Input, Text, page_form};
use holdfast_page::frame::{Answer, back};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::error::ApiError;
use holdfast_state::language::{COOKIE, LASTS, Language};

page_form! {
    /// Chooses the language of the pages.
    struct Choice {
        language: Text = "common-language", Input::Own;
    }
}

/// Takes the choice, which follows a person of the desk to other browsers, and leads back to the page where it was made.
pub(crate) async fn choose(State(shared): State<AppState>, headers: HeaderMap, Fields(form): Fields<Choice>) -> Answer {
    let tag = form.language.0;
    let Some(language) = Language::of_tag(&tag) else {
        let values = Language::ALL.map(Language::tag).join(", ");
        let field = t!("common-language");
        return Err(ApiError::bad(t!("form-none-of", field = field, text = tag, values = values)).into());
    };
    shared.remember_language(&headers, language).await?;
    let cookie = shared.access.cookie(COOKIE, language.tag(), LASTS);
    Ok(([(header::SET_COOKIE, cookie)], back(came_from(&headers))).into_response())
}

/// The path of the own page from which a form came; the front page where the browser does not tell. The form's token has shown already that it came
/// from an own page.
fn came_from(headers: &HeaderMap) -> String {
    let referer = headers.get(header::REFERER).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let behind_scheme = referer.split_once("://").map_or("", |(_, rest)| rest);
    match behind_scheme.split_once('/') {
        // A path with two slashes would name another host.
        Some((_, path)) if !path.starts_with(['/', '\\']) => format!("/{path}"),
        _ => "/".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_way_back_stays_on_this_site() {
        let of = |referer: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, HeaderValue::from_static(referer));
            came_from(&headers)
        };
        assert_eq!(of("http://desk.example/desk/alerts?state=open"), "/desk/alerts?state=open");
        assert_eq!(of("https://evil.example//evil.example/x"), "/");
        assert_eq!(of("https://evil.example/\\evil.example"), "/");
        assert_eq!((of("nonsense"), of("http://desk.example")), ("/".into(), "/".into()));
        assert_eq!(came_from(&HeaderMap::new()), "/");
    }
}
