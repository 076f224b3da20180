//! What a request brings that every page shows, without a parameter through each function that makes a part of one: the language, the page's own
//! path, and the message about what the last form did. It is a task-local value ([`tokio::task_local`]), because a request is one task;
//! [`crate::blocking`] carries it to threads that may block. Where there is no request (commands, jobs, tests of parts) the language is English.

use crate::language::Language;
use std::any::Any;
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
    kept: Mutex<Option<Box<dyn Any + Send>>>,
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
        let messages = Mutex::new(Messages { last: message, ..Messages::default() });
        Visit { language, path: path.into(), messages, kept: Mutex::default() }
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

/// Keeps a value until the request is answered, in place of the one before.
pub fn keep<T: Any + Send>(value: T) {
    let _ = VISIT.try_with(|v| *v.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(value)));
}

/// Returns the value that was kept, where it is of this type.
#[must_use]
pub fn kept<T: Any + Clone>() -> Option<T> {
    let read = |v: &Arc<Visit>| {
        let kept = v.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().and_then(|value| value.downcast_ref::<T>()).cloned()
    };
    VISIT.try_with(read).ok().flatten()
}

/// Returns the key of the message of the last form, which counts as shown from then on. An answer may be drawn twice (an error in the frame of its
/// area), so that it stays until the request is answered.
#[must_use]
pub fn message() -> Option<String> {
    let read = |m: &mut Messages| {
        m.is_shown |= m.last.is_some();
        m.last.clone()
    };
    VISIT.try_with(|v| v.messages(read)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocking::{run_blocking, run_in_background};

    #[test]
    fn without_a_request_the_language_is_english() {
        assert_eq!((language(), path(), message()), (Language::English, String::new(), None));
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
    fn a_kept_value_is_read_by_its_type() {
        keep(7_u32);
        assert_eq!(kept::<u32>(), None, "outside a request");
        sync_scope(Some(Arc::new(Visit::default())), || {
            keep(7_u32);
            assert_eq!((kept::<u32>(), kept::<String>(), kept::<u32>()), (Some(7), None, Some(7)));
        });
    }

    #[test]
    fn a_message_is_shown_once() {
        let visit = Arc::new(Visit::new(Language::English, "/desk/alerts?x=1", Some("flash-done".into())));
        sync_scope(Some(Arc::clone(&visit)), || {
            assert!(!visit.is_message_shown());
            assert_eq!(message().as_deref(), Some("flash-done"));
            assert_eq!(path(), "/desk/alerts?x=1");
            say("flash-saved");
        });
        assert!(visit.is_message_shown(), "so that the browser forgets it");
        assert_eq!(visit.next_message().as_deref(), Some("flash-saved"));
    }
}
