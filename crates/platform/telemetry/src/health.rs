//! States of the parts of a server, and whether it can do its work.

use serde::Serialize;
use utoipa::ToSchema;

/// The state of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(as = HealthState)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It works.
    Ok,
    /// It has not begun to work yet.
    Starting,
    /// It failed and is coming back by itself.
    Recovering,
    /// It does not answer.
    Unreachable,
    /// It works, but on data that is too old.
    Behind,
    /// It has ended; only a restart helps.
    Stopped,
}

impl State {
    /// All states.
    pub const ALL: [State; 6] =
        [State::Ok, State::Starting, State::Recovering, State::Unreachable, State::Behind, State::Stopped];

    /// Its name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Starting => "starting",
            State::Recovering => "recovering",
            State::Unreachable => "unreachable",
            State::Behind => "behind",
            State::Stopped => "stopped",
        }
    }
}

/// A part of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HealthComponent)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: State,
    /// Why it is not `ok`, or what it is still working on. Only callers with a key see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Component {
    /// Returns a part that works.
    #[must_use]
    pub fn ok(name: impl Into<String>) -> Self {
        Component { name: name.into(), state: State::Ok, reason: None }
    }

    /// Returns a part that does not work, and why.
    #[must_use]
    pub fn failed(name: impl Into<String>, state: State, reason: impl Into<String>) -> Self {
        Component { name: name.into(), state, reason: Some(reason.into()) }
    }
}

/// The health of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// Whether every part is `ok`.
    pub ok: bool,
    /// Its parts.
    pub components: Vec<Component>,
}

impl Health {
    /// Returns the health of these parts together.
    #[must_use]
    pub fn of(components: Vec<Component>) -> Self {
        Health { ok: components.iter().all(|c| c.state == State::Ok), components }
    }

    /// Returns the same without reasons, for whoever has no key.
    #[must_use]
    pub fn without_reasons(mut self) -> Self {
        self.components.iter_mut().for_each(|c| c.reason = None);
        self
    }
}
