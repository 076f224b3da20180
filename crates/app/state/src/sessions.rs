//! Sessions of browsers: the cookie is a random number; the session itself is stored and ended on the server.
//!
//! Open sessions of people and learners are in memory, so that a request waits for no database; all are in the database (`holdfast_identity`), and
//! those of officers there alone.

use crate::AppState;
use crate::auth::Caller;
use crate::blocking::run_blocking;
use crate::error::ApiError;
use holdfast_identity::{
    ApiKey, Assurance, MAX_SESSIONS, Session, SessionKind, end_session, open_sessions, session_id, start_session,
    store_use,
};
use holdfast_screening::ScreeningError;
use holdfast_store::Store;
use holdfast_types::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

pub use holdfast_identity::{IDLE_SECONDS, SESSION_SECONDS};

#[derive(Debug)]
struct Known {
    session: Session,
    /// Whether its last use is not stored yet.
    is_used: bool,
}

/// Open sessions by the hash of their cookie.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<String, Known>>);

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Loads stored sessions.
    pub fn load(&self, sessions: Vec<Session>) {
        let known = sessions.into_iter().map(|s| (s.id.clone(), Known { session: s, is_used: false }));
        *self.all() = known.collect();
    }

    /// Adds a session that begins.
    fn add(&self, session: Session) {
        let (mut all, now) = (self.all(), session.started);
        if all.len() >= MAX_SESSIONS {
            all.retain(|_, s| !s.session.is_over(now));
        }
        if all.len() >= MAX_SESSIONS
            && let Some(oldest) = all.iter().min_by_key(|(_, s)| s.session.used).map(|(k, _)| k.clone())
        {
            all.remove(&oldest);
        }
        all.insert(session.id.clone(), Known { session, is_used: false });
    }

    /// Returns the subject of a session and records its use; none when it is over.
    pub fn subject(&self, cookie: &str, now: Timestamp) -> Option<String> {
        self.session(cookie, now).map(|session| session.subject)
    }

    /// Returns a session, and counts as its use; none when it is over.
    pub(crate) fn session(&self, cookie: &str, now: Timestamp) -> Option<Session> {
        let mut all = self.all();
        let id = session_id(cookie);
        let known = all.get_mut(&id)?;
        if known.session.is_over(now) {
            all.remove(&id);
            return None;
        }
        (known.session.used, known.is_used) = (now, true);
        Some(known.session.clone())
    }

    /// Notes that a second factor was given in the session with this id.
    pub(crate) fn raise(&self, id: &str) {
        if let Some(known) = self.all().get_mut(id) {
            known.session.second_factor = true;
        }
    }

    /// Ends the session with this id.
    fn remove(&self, id: &str) {
        self.all().remove(id);
    }

    /// Ends the sessions of which a test is true.
    pub(crate) fn end_where(&self, is_over: impl Fn(&Session) -> bool) {
        self.all().retain(|_, known| !is_over(&known.session));
    }

    /// Returns the sessions that are not over, those used last first.
    fn list(&self, now: Timestamp) -> Vec<Session> {
        let all = self.all();
        let mut list: Vec<Session> =
            all.values().filter(|s| !s.session.is_over(now)).map(|s| s.session.clone()).collect();
        list.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.id.cmp(&b.id)));
        list
    }

    /// Returns the uses that are not stored yet, and clears them.
    pub(crate) fn take_uses(&self) -> Vec<(String, Timestamp)> {
        let mut all = self.all();
        let take = |s: &mut Known| std::mem::take(&mut s.is_used).then(|| (s.session.id.clone(), s.session.used));
        all.values_mut().filter_map(take).collect()
    }
}

impl AppState {
    /// Starts a session with a key, and with a second factor or without one; returns its cookie.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be stored.
    pub async fn start_session(&self, key: &ApiKey, client: &str, assurance: Assurance) -> Result<String, ApiError> {
        self.start((SessionKind::Staff, key.id.clone()), client, key.person(), assurance).await
    }

    /// Starts the session of a learner with a valid key; returns its cookie.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be stored.
    pub async fn start_learner_session(&self, subject: String, client: &str) -> Result<String, ApiError> {
        self.start((SessionKind::Learner, subject), client, "academy", Assurance::OneFactor).await
    }

    async fn start(
        &self,
        (kind, subject): (SessionKind, String),
        client: &str,
        actor: &str,
        assurance: Assurance,
    ) -> Result<String, ApiError> {
        let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        let cookie = hex::encode(random);
        let (now, id) = (self.screening.now(), session_id(&cookie));
        let second_factor = assurance == Assurance::TwoFactors;
        let session = Session { id, kind, subject, client: client.to_owned(), started: now, used: now, second_factor };
        let (stored, actor) = (session.clone(), actor.to_owned());
        let screening = self.screening.clone();
        run_blocking(move || Ok(Store::change(&*screening, &actor, move |tx| start_session(tx, &stored))?)).await?;
        match kind {
            SessionKind::Learner => self.auth.learners.add(session),
            _ => self.auth.sessions.add(session),
        }
        Ok(cookie)
    }

    /// Ends the session of a cookie, for good; one that is over already stays so.
    ///
    /// # Errors
    /// 500 or 503 when that cannot be stored; it is ended in this process then.
    pub async fn end_session(&self, cookie: &str, actor: &str) -> Result<(), ApiError> {
        self.end_session_by_id(&session_id(cookie), actor).await
    }

    /// Ends the session with this id, for good; one that is over already stays so.
    ///
    /// # Errors
    /// 500 or 503 when that cannot be stored; it is ended in this process then.
    pub async fn end_session_by_id(&self, id: &str, actor: &str) -> Result<(), ApiError> {
        self.auth.sessions.remove(id);
        self.auth.learners.remove(id);
        let (id, actor) = (id.to_owned(), actor.to_owned());
        let screening = self.screening.clone();
        run_blocking(move || match Store::change(&*screening, &actor, move |tx| end_session(tx, &id)) {
            Err(holdfast_identity::IdentityError::NotFound(_)) => Ok(()),
            other => Ok(other?),
        })
        .await
    }

    /// Stores when sessions were used last.
    ///
    /// # Errors
    /// [`ScreeningError`] when that cannot be stored.
    pub(crate) fn store_session_uses(&self) -> Result<(), ScreeningError> {
        let mut used = self.auth.sessions.take_uses();
        used.extend(self.auth.learners.take_uses());
        if used.is_empty() {
            return Ok(());
        }
        Ok(Store::change(&*self.screening, "engine", move |tx| store_use(tx, &used))?)
    }

    /// Returns the open sessions of a person, those used last first.
    #[must_use]
    pub fn sessions_of(&self, person: &str) -> Vec<Session> {
        let keys = self.auth.keys_of(person);
        let list = self.auth.sessions.list(self.screening.now());
        list.into_iter().filter(|s| keys.contains(&s.subject)).collect()
    }

    /// Returns the open sessions that a caller may end: their own, or with the scope `manage` all, officers' and learners' too.
    ///
    /// # Errors
    /// 500 or 503 when they cannot be read.
    pub async fn sessions_for(&self, caller: &Caller) -> Result<Vec<Session>, ApiError> {
        if !caller.may("manage") {
            return Ok(self.sessions_of(&caller.0));
        }
        let (state, now) = (self.clone(), self.screening.now());
        let stored = run_blocking(move || Ok(state.screening.read(|db| open_sessions(db, now))?)).await?;
        let mut all = self.auth.sessions.list(now);
        all.extend(stored.into_iter().filter(|s| s.kind != SessionKind::Staff));
        Ok(all)
    }

    /// Returns the owner of a session, as the audit log names it: a person, an officer's address, a learner.
    ///
    /// # Errors
    /// 500 or 503 when it cannot be read.
    pub fn session_owner(&self, session: &Session) -> Result<String, ApiError> {
        let number = session.subject.split(':').next().unwrap_or_default();
        match session.kind {
            SessionKind::Staff => Ok(self.auth.person_of(&session.subject).unwrap_or_default().to_string()),
            SessionKind::Officer => {
                let officers = self.desk().officers(None)?;
                let officer = officers.into_iter().find(|o| o.id.to_string() == number);
                Ok(officer.map(|o| o.email).unwrap_or_default())
            }
            SessionKind::Learner => match number.parse().map(|id| self.academy().learner(id)) {
                Ok(Ok(learner)) => Ok(learner.who.email),
                _ => Ok(String::new()),
            },
        }
    }

    /// Ends a session that the caller may end, by its handle.
    ///
    /// # Errors
    /// 404 when none of that handle is open, or it is another person's; 500 or 503 when that cannot be stored.
    pub async fn end_session_of(&self, caller: &Caller, handle: &str) -> Result<(), ApiError> {
        let found = self.sessions_for(caller).await?.into_iter().find(|s| s.handle() == handle);
        let found = found.ok_or_else(|| ApiError::from(ScreeningError::NotFound(format!("session '{handle}'"))))?;
        self.end_session_by_id(&found.id, &caller.0).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::Seconds;

    /// Starts a session; returns its cookie.
    fn start(sessions: &Sessions, subject: &str, random: [u8; 32], now: Timestamp) -> String {
        let cookie = hex::encode(random);
        let (id, kind) = (session_id(&cookie), SessionKind::Staff);
        let (subject, client) = (subject.to_owned(), String::new());
        sessions.add(Session { id, kind, subject, client, started: now, used: now, second_factor: false });
        cookie
    }

    const START: Timestamp = Timestamp::EPOCH;

    fn at(seconds: i64) -> Timestamp {
        START + Seconds::new(seconds)
    }

    #[test]
    fn sessions_end_by_sign_out_by_time_and_without_use() {
        let sessions = Sessions::default();
        let (a, b) = (start(&sessions, "k1", [1; 32], START), start(&sessions, "k2", [2; 32], START));
        assert_eq!(sessions.subject(&a, at(10)).as_deref(), Some("k1"));
        assert_eq!(sessions.subject("00", at(10)), None);
        sessions.remove(&session_id(&a));
        assert_eq!(sessions.subject(&a, at(10)), None);
        let (mut now, nearly_idle) = (START, IDLE_SECONDS - Seconds::new(1));
        while now + nearly_idle < START + SESSION_SECONDS {
            now += nearly_idle;
            assert!(sessions.subject(&b, now).is_some());
        }
        assert_eq!(sessions.subject(&b, START + SESSION_SECONDS), None, "used all the time, but over");
        let c = start(&sessions, "k3", [3; 32], START);
        assert_eq!(sessions.subject(&c, START + IDLE_SECONDS), None, "not used");
    }

    #[test]
    fn uses_are_taken_once_and_stored_sessions_go_on() {
        let sessions = Sessions::default();
        let cookie = start(&sessions, "k1", [1; 32], START);
        assert!(sessions.take_uses().is_empty(), "it was not used yet");
        sessions.subject(&cookie, at(7));
        let used = sessions.take_uses();
        assert_eq!(used, [(session_id(&cookie), at(7))]);
        assert!(sessions.take_uses().is_empty());
        sessions.raise(&session_id(&cookie));
        let next = Sessions::default();
        next.load(sessions.list(at(7)));
        assert!(next.session(&cookie, at(7)).unwrap().second_factor);
        assert_eq!(next.subject(&cookie, at(8)).as_deref(), Some("k1"));
        assert!(sessions.list(START + SESSION_SECONDS).is_empty());
    }
}
