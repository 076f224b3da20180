//! Sessions of browsers: the cookie is a random number, what it stands for stays in the server's memory and ends there.

use std::collections::HashMap;
use std::sync::Mutex;

/// How long a session lasts at most, in seconds.
pub const SESSION_SECONDS: i64 = 12 * 3_600;
/// How long a session lasts without use, in seconds.
pub const IDLE_SECONDS: i64 = 2 * 3_600;
/// Most sessions at once; the one that was not used for the longest time ends for a new one.
const MAX_SESSIONS: usize = 10_000;

#[derive(Debug)]
struct Session {
    /// Whom it stands for: a key's public part, or a learner's key.
    subject: String,
    started: i64,
    used: i64,
}

impl Session {
    fn is_over(&self, now: i64) -> bool {
        now - self.started >= SESSION_SECONDS || now - self.used >= IDLE_SECONDS
    }
}

/// Sessions by the hash of their cookie.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<String, Session>>);

fn hash(cookie: &str) -> String {
    holdfast_documents::sha256(cookie.as_bytes())
}

impl Sessions {
    /// Starts a session; returns its cookie.
    pub fn start(&self, subject: &str, random: [u8; 32], now: i64) -> String {
        let cookie = hex::encode(random);
        let mut all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if all.len() >= MAX_SESSIONS {
            all.retain(|_, s| !s.is_over(now));
        }
        if all.len() >= MAX_SESSIONS
            && let Some(oldest) = all.iter().min_by_key(|(_, s)| s.used).map(|(k, _)| k.clone())
        {
            all.remove(&oldest);
        }
        all.insert(hash(&cookie), Session { subject: subject.to_owned(), started: now, used: now });
        cookie
    }

    /// Returns whom a session stands for, and counts as its use; none when it is over.
    pub fn subject(&self, cookie: &str, now: i64) -> Option<String> {
        let mut all = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let key = hash(cookie);
        let session = all.get_mut(&key)?;
        if session.is_over(now) {
            all.remove(&key);
            return None;
        }
        session.used = now;
        Some(session.subject.clone())
    }

    /// Ends a session.
    pub fn end(&self, cookie: &str) {
        self.0.lock().unwrap_or_else(|e| e.into_inner()).remove(&hash(cookie));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_by_sign_out_by_time_and_without_use() {
        let sessions = Sessions::default();
        let (a, b) = (sessions.start("k1", [1; 32], 0), sessions.start("k2", [2; 32], 0));
        assert_eq!(sessions.subject(&a, 10).as_deref(), Some("k1"));
        assert_eq!(sessions.subject("00", 10), None);
        sessions.end(&a);
        assert_eq!(sessions.subject(&a, 10), None);
        let mut now = 0;
        while now + IDLE_SECONDS - 1 < SESSION_SECONDS {
            now += IDLE_SECONDS - 1;
            assert!(sessions.subject(&b, now).is_some());
        }
        assert_eq!(sessions.subject(&b, SESSION_SECONDS), None, "used all the time, but over");
        let c = sessions.start("k3", [3; 32], 0);
        assert_eq!(sessions.subject(&c, IDLE_SECONDS), None, "not used");
    }
}
