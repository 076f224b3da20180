//! What a request brings that every page shows, without a parameter through each function that makes a part of one: the language, the page's own
//! path, and the message about what the last form did. It is a task-local value ([`tokio::task_local`]), because a request is one task;
//! [`crate::blocking`] carries it to threads that may block. Where there is no request (commands, jobs, tests of parts) the language is English.

use crate::language::Language;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// Name of the cookie with the key of the message that the next page shows.
pub const MESSAGE_COOKIE: &str = "hmsg";

/// What a request brings.
#[derive(Debug, Default)]
pub struct Visit {
    language: Language,
    path: String,
    messages: Mutex<Messages>,
}

#[derive(Debug, Default)]
struct Messages {
    /// Key of the message of the last form, until a page shows it.
    last: Option<String>,
    /// Whether a page showed it.
    is_shown: bool,
    /// Key of the message of this form.
    next: Option<String>,
}

tokio::task_local! {
    static VISIT: Arc<Visit>;
}

impl Visit {
    /// Returns the visit of a request with a path and query, and the key of the message that waits to be shown.
    #[must_use]
    pub fn new(language: Language, path: impl Into<String>, message: Option<String>) -> Self {
        Visit { language, path: path.into(), messages: Mutex::new(Messages { last: message, ..Messages::default() }) }
    }

    fn messages<T>(&self, work: impl FnOnce(&mut Messages) -> T) -> T {
        work(&mut self.messages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns whether a page showed the message that waited.
    #[must_use]
    pub fn is_message_shown(&self) -> bool {
        self.messages(|m| m.is_shown)
    }

    /// Returns the key of the message that the next page shows.
    #[must_use]
    pub fn next_message(&self) -> Option<String> {
        self.messages(|m| m.next.clone())
    }
}

/// Runs work as a part of a visit.
pub async fn scope<F: Future>(visit: Arc<Visit>, work: F) -> F::Output {
    VISIT.scope(visit, work).await
}

/// Runs work on this thread as a part of a visit; without one, as it is.
pub fn sync_scope<T>(visit: Option<Arc<Visit>>, work: impl FnOnce() -> T) -> T {
    match visit {
        Some(visit) => VISIT.sync_scope(visit, work),
        None => work(),
    }
}

/// Returns the visit that the running work is a part of.
#[must_use]
pub fn current() -> Option<Arc<Visit>> {
    VISIT.try_with(Arc::clone).ok()
}

/// Returns the language of the request that is answered; English where there is none.
#[must_use]
pub fn language() -> Language {
    VISIT.try_with(|v| v.language).unwrap_or_default()
}

/// Returns path and query of the request that is answered; empty where there is none.
#[must_use]
pub fn path() -> String {
    VISIT.try_with(|v| v.path.clone()).unwrap_or_default()
}

/// Says what a form did: the page after it shows the catalogue's text of the key, once.
pub fn say(key: &str) {
    // Outside a request nobody waits for a message.
    let _ = VISIT.try_with(|v| v.messages(|m| m.next = Some(key.to_owned())));
}

/// Returns the key of the message of the last form; from then on it counts as shown.
#[must_use]
pub fn take_message() -> Option<String> {
    let take = |m: &mut Messages| {
        m.is_shown |= m.last.is_some();
        m.last.take()
    };
    VISIT.try_with(|v| v.messages(take)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocking::{run_blocking, run_in_background};

    #[test]
    fn without_a_request_the_language_is_english() {
        assert_eq!((language(), path(), take_message()), (Language::English, String::new(), None));
        say("flash-done");
        assert!(current().is_none());
    }

    #[tokio::test]
    async fn threads_that_may_block_have_the_requests_language() {
        let of = |language| async move {
            scope(Arc::new(Visit::new(language, "/desk", None)), async move {
                let here = self::language();
                let blocking = run_blocking(|| Ok(self::language())).await.unwrap();
                let background = run_in_background(|| Ok(self::language())).await.unwrap();
                tokio::task::yield_now().await;
                [here, blocking, background, self::language()]
            })
            .await
        };
        // Two requests at once on one thread do not see each other's language.
        let (german, arabic) = tokio::join!(of(Language::German), of(Language::Arabic));
        assert_eq!((german, arabic), ([Language::German; 4], [Language::Arabic; 4]));
        assert_eq!(run_blocking(|| Ok(self::language())).await.unwrap(), Language::English);
    }

    #[test]
    fn a_message_is_shown_once() {
        let visit = Arc::new(Visit::new(Language::English, "/desk/alerts?x=1", Some("flash-done".into())));
        sync_scope(Some(Arc::clone(&visit)), || {
            assert!(!visit.is_message_shown());
            assert_eq!((take_message().as_deref(), take_message()), (Some("flash-done"), None));
            assert_eq!(path(), "/desk/alerts?x=1");
            say("flash-saved");
        });
        assert!(visit.is_message_shown());
        assert_eq!(visit.next_message().as_deref(), Some("flash-saved"));
    }
}
