//! The running server of a store: commands send it their work, because it is the only writer.
//!
//! The server of a store listens on the socket `holdfast.sock` in its folder; where the path is too long for a socket, commands use the
//! address in `serve.json`. Both need the desk's secret, with which a command signs each request. A server elsewhere is named by `--server`,
//! with a key.

use crate::answer::Answer;
use crate::args::{DeskArgs, ServerArgs};
use crate::desk_key::existing;
use anyhow::Context;
use holdfast_chains::StoreTags;
use holdfast_client::{Client, ClientError, Credentials, Request};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_server::socket::SOCKET;
use holdfast_store::{DbError, StoreError};
use holdfast_utxo_ledger::LedgerError;
use holdfast_workspace::{Workspace, WorkspaceError};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// File of a store with the address of its server.
pub const ANNOUNCED: &str = "serve.json";

/// Where a desk's work is done.
pub enum Reach {
    /// In this process.
    Here(Screening),
    /// By the server that has the database.
    There(Client),
}

impl DeskArgs {
    /// Opens the desk, or finds the server that has it.
    ///
    /// # Errors
    /// When the desk cannot be opened, or another process has it and no server is found.
    pub fn reach(&self) -> anyhow::Result<Reach> {
        if let Some(client) = self.server.client()? {
            return Ok(Reach::There(client));
        }
        let error = match self.open() {
            Ok(screening) => return Ok(Reach::Here(screening)),
            Err(e) => e,
        };
        match is_busy(&error) {
            true => running(&self.store.store, &self.actor).map(Reach::There).map_err(|why| error.context(why)),
            false => Err(error),
        }
    }

    /// Answers from the desk: `here` in this process, or `there` by the server that has the desk.
    ///
    /// # Errors
    /// As [`DeskArgs::reach`], and what the desk or the server refuses.
    pub fn answer<T: Serialize, E: Into<anyhow::Error>>(
        &self,
        here: impl FnOnce(&Screening) -> Result<T, E>,
        there: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
    ) -> anyhow::Result<Answer> {
        match self.reach()? {
            Reach::Here(screening) => Answer::of(&here(&screening).map_err(Into::into)?),
            Reach::There(client) => Answer::of_bytes(there(&client).bytes()?),
        }
    }

    /// As [`DeskArgs::answer`], of personal data: the reading of the API's path is recorded in the audit log, as a server records it. What cannot be recorded is
    /// not read.
    ///
    /// # Errors
    /// As [`DeskArgs::answer`].
    pub fn read<T: Serialize, E: Into<anyhow::Error>>(
        &self,
        path: &str,
        here: impl FnOnce(&Screening) -> Result<T, E>,
        there: impl for<'c> FnOnce(Request<'c>) -> Request<'c>,
    ) -> anyhow::Result<Answer> {
        let noted = |screening: &Screening| -> anyhow::Result<T> {
            screening.note_look("data.read", path, "{}".into(), &self.actor)?;
            here(screening).map_err(Into::into)
        };
        self.answer(noted, |client| there(client.get(path)))
    }
}

impl ServerArgs {
    /// The server that was named, if any.
    ///
    /// # Errors
    /// When the URL or the file of the key is wrong.
    pub fn client(&self) -> anyhow::Result<Option<Client>> {
        let Some(url) = &self.server else { return Ok(None) };
        let from_file = self.key_file.as_deref().map(crate::args::secret_of).transpose()?;
        let key = from_file.or_else(|| std::env::var("HOLDFAST_KEY").ok().filter(|k| !k.is_empty()));
        Ok(Some(Client::http(url, key.map_or(Credentials::None, Credentials::Key))?))
    }
}

/// Where changes of a chain's workspace are made.
pub enum ChainReach {
    /// In this process.
    Here(Box<Workspace>),
    /// By the server that has the ledger open.
    There(Client),
}

/// Where the tags of a store are changed.
pub enum TagsReach {
    /// With the ledger of outputs whose store they are in.
    Chain(ChainReach),
    /// In this process, of a store of account chains alone.
    Alone(Box<StoreTags>),
}

/// Opens the tags of a store for changes, or finds the server that has them.
///
/// # Errors
/// As [`reach_chain`], and when the tags cannot be opened.
pub fn reach_tags(store: &Path, server: &ServerArgs) -> anyhow::Result<TagsReach> {
    if server.server.is_none()
        && let Some(tags) = StoreTags::open(store)?
    {
        return Ok(TagsReach::Alone(Box::new(tags)));
    }
    reach_chain(store, server).map(TagsReach::Chain)
}

/// Opens a store's workspace for changes, or finds the server that has it.
///
/// # Errors
/// When the workspace cannot be opened, or another process writes it and no server is found.
pub fn reach_chain(store: &Path, server: &ServerArgs) -> anyhow::Result<ChainReach> {
    if let Some(client) = server.client()? {
        return Ok(ChainReach::There(client));
    }
    match Workspace::open_for_writing(store) {
        Ok(workspace) => Ok(ChainReach::Here(Box::new(workspace))),
        Err(e @ WorkspaceError::Ledger(LedgerError::Locked(_))) => {
            running(store, "local").map(ChainReach::There).map_err(|why| anyhow::Error::from(e).context(why))
        }
        Err(e) => Err(e.into()),
    }
}

/// Returns the server that serves a store on this machine, for queries that need no lock; `None` where none answers.
///
/// # Errors
/// When the desk's key cannot be read.
pub fn serving(store: &Path) -> anyhow::Result<Option<Client>> {
    if !store.join(SOCKET).exists() && !store.join(ANNOUNCED).exists() {
        return Ok(None);
    }
    let client = running(store, "local")?;
    match client.get("/health/live").send() {
        Ok(_) => Ok(Some(client)),
        // Left behind by a process that was killed.
        Err(ClientError::Unreachable { .. }) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Whether a desk did not open because another process, such as a server, writes to it.
pub fn is_busy(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<ScreeningError>(), Some(ScreeningError::Store(StoreError::Db(DbError::Busy(_)))))
}

/// The server of a store on this machine.
fn running(store: &Path, actor: &str) -> anyhow::Result<Client> {
    let credentials = || anyhow::Ok(Credentials::Command { key_ring: existing(store)?, actor: actor.to_owned() });
    let socket = store.join(SOCKET);
    if socket.exists() {
        return Ok(Client::unix(&socket, credentials()?));
    }
    let path = store.join(ANNOUNCED);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("no server of this store is found by {} or {}", socket.display(), path.display()))?;
    let value: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let url = value["url"].as_str().with_context(|| format!("{}: names no url", path.display()))?;
    Ok(Client::http(url, credentials()?)?)
}
