//! Languages of the pages, and which of them a request asks for (RFC 9110, 12.5.4).

use crate::AppState;
use crate::blocking::run_blocking;
use crate::error::ApiError;
use crate::sign_in::cookie;
use axum::http::{HeaderMap, header};
use holdfast_identity::{language_of, person_named, set_language};
use holdfast_store::{Change, Store};
use holdfast_types::Seconds;

/// Name of the cookie with the language that a person chose.
pub const COOKIE: &str = "hlang";
/// How long a browser keeps the choice.
pub const LASTS: Seconds = Seconds::days(365);

/// A language in which the pages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// Chinese in simplified characters.
    Chinese,
    /// Arabic.
    Arabic,
}

/// Most languages of an `Accept-Language` header that are looked at.
const MAX_ACCEPTED: usize = 32;

impl Language {
    /// All languages, in the order of the chooser.
    pub const ALL: [Language; 6] =
        [Language::English, Language::German, Language::Spanish, Language::French, Language::Chinese, Language::Arabic];

    /// The tag of the language (BCP 47), which pages carry as `lang`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Spanish => "es",
            Language::French => "fr",
            Language::Chinese => "zh-Hans",
            Language::Arabic => "ar",
        }
    }

    /// The direction in which it is written, as HTML names it.
    #[must_use]
    pub fn direction(self) -> &'static str {
        match self {
            Language::Arabic => "rtl",
            _ => "ltr",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::Spanish => "Español",
            Language::French => "Français",
            Language::Chinese => "简体中文",
            Language::Arabic => "العربية",
        }
    }

    /// Its place in [`Language::ALL`].
    #[must_use]
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|one| *one == self).unwrap_or_default()
    }

    /// Returns the language of a tag, by its first part: `de-AT` is German. Readers of traditional Chinese get simplified Chinese, which is closer
    /// than English.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_']).next().unwrap_or_default();
        let is = |one: &Language| one.tag().split('-').next().is_some_and(|own| own.eq_ignore_ascii_case(first));
        Self::ALL.into_iter().find(is)
    }

    /// Returns the language of an `Accept-Language` header: of those that the pages have, the one with the highest weight, the first of several.
    #[must_use]
    pub fn of_accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u16, Language)> = None;
        for part in header.split(',').take(MAX_ACCEPTED) {
            let (tag, weight) = part.split_once(';').unwrap_or((part, ""));
            let Some(language) = Language::of_tag(tag) else { continue };
            let weight = weight.trim().strip_prefix("q=").map_or(Some(1000), thousandths).unwrap_or(0);
            if weight > best.map_or(0, |(most, _)| most) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// Returns the language of a request: the one that the person chose in this browser, or else the browser's.
    #[must_use]
    pub fn of_request(headers: &HeaderMap) -> Self {
        let chosen = cookie(headers, COOKIE).and_then(|tag| Language::of_tag(&tag));
        let accepted = || Language::of_accepted(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
        chosen.or_else(accepted).unwrap_or_default()
    }
}

impl AppState {
    /// Stores the language that was chosen with a request, for the person of the desk who is signed in by it, so that it follows them to other browsers;
    /// for others it is in their browser's cookie alone.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be stored.
    pub async fn remember_language(&self, headers: &HeaderMap, language: Language) -> Result<(), ApiError> {
        let Some(caller) = self.auth.visitor(headers, self.screening.now()) else { return Ok(()) };
        let shared = self.clone();
        run_blocking(move || {
            let Some(person) = shared.screening.read(|db| person_named(db, &caller.0))? else { return Ok(()) };
            let store = move |tx: &mut dyn Change| set_language(tx, person.id, language.tag());
            Ok(Store::change(&*shared.screening, &caller.0, store)?)
        })
        .await
    }

    /// Returns the language that a person of the desk chose last; none where they never chose, or it is none of the pages' any more.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be read.
    pub async fn chosen_language(&self, name: &str) -> Result<Option<Language>, ApiError> {
        let (shared, name) = (self.clone(), name.to_owned());
        run_blocking(move || {
            let stored = shared.screening.read(|db| match person_named(db, &name)? {
                Some(person) => language_of(db, person.id),
                None => Ok(None),
            })?;
            Ok(stored.and_then(|tag| Language::of_tag(&tag)))
        })
        .await
    }
}

/// A weight (RFC 9110, 12.4.2: a number from 0 to 1 with at most three decimals) in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let weight = whole.parse::<u16>().ok()?.checked_mul(1000)? + format!("{decimals:0<3}").parse::<u16>().ok()?;
    (weight <= 1000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn tags_are_read_by_their_first_part() {
        for language in Language::ALL {
            assert_eq!(Language::of_tag(language.tag()), Some(language));
            assert_eq!(Language::ALL[language.place()], language);
        }
        assert_eq!(Language::of_tag("de-AT"), Some(Language::German));
        assert_eq!(Language::of_tag("zh-TW"), Some(Language::Chinese));
        assert_eq!(Language::of_tag("AR"), Some(Language::Arabic));
        assert_eq!((Language::of_tag("deu"), Language::of_tag("")), (None, None));
    }

    #[test]
    fn the_heaviest_language_is_taken() {
        let of = Language::of_accepted;
        assert_eq!(of("fr;q=0.3, de;q=0.8, en;q=0.5"), Some(Language::German));
        assert_eq!(of("pt-BR, es-ES;q=0.9, en;q=0.9"), Some(Language::Spanish), "the first of several alike");
        assert_eq!(of("pt, *;q=0.5"), None);
        assert_eq!(of("de;q=0"), None, "a weight of zero refuses");
        assert_eq!(of("de;q=nonsense, fr;q=1.001, es;q=0.0001, ar;q=0.001"), Some(Language::Arabic));
        let many = format!("{}de", "pt,".repeat(MAX_ACCEPTED));
        assert_eq!(of(&many), None, "no more than the bound is looked at");
    }

    #[test]
    fn what_was_chosen_counts_before_what_the_browser_sends() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::of_request(&headers), Language::English);
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fr-CH, de;q=0.5"));
        assert_eq!(Language::of_request(&headers), Language::French);
        headers.insert(header::COOKIE, HeaderValue::from_static("hc=1; hlang=ar"));
        assert_eq!(Language::of_request(&headers), Language::Arabic);
        headers.insert(header::COOKIE, HeaderValue::from_static("hlang=klingon"));
        assert_eq!(Language::of_request(&headers), Language::French);
    }
}
