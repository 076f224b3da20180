//! Where queries of a chain are answered: by the server that serves a store, or from its files where no server runs.

use crate::args::{ServerArgs, StoreArgs};
use crate::running::serving;
use anyhow::Context;
use holdfast_chains::ChainsError;
use holdfast_client::{Client, ClientError, Request};
use holdfast_types::ErrorKind;
use holdfast_types::Network;
use holdfast_workspace::{Summary, Workspace, WorkspaceError};
use serde::de::DeserializeOwned;

/// A chain that is queried.
pub enum ChainReader {
    /// The files of a store, read by this process.
    Files(Box<Workspace>),
    /// A server.
    Server(Client),
}

impl ChainReader {
    /// Returns the server that is named or that serves the store; without one, the files of the store.
    ///
    /// # Errors
    /// When neither the server nor the files can be opened.
    pub fn open(store: &StoreArgs, server: &ServerArgs) -> anyhow::Result<Self> {
        Ok(match server_of(store, server)? {
            Some(client) => ChainReader::Server(client),
            None => ChainReader::Files(Box::new(Workspace::open(&store.store)?)),
        })
    }

    /// Answers a query: `files` in this process, or `server` by the server. The answer has one type, so that it is printed the same.
    ///
    /// # Errors
    /// [`WorkspaceError`] of the files, [`ClientError`] of the server.
    pub fn query<T: DeserializeOwned>(
        &self,
        files: impl FnOnce(&Workspace) -> Result<T, WorkspaceError>,
        server: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
    ) -> anyhow::Result<T> {
        match self {
            ChainReader::Files(workspace) => Ok(files(workspace)?),
            ChainReader::Server(client) => Ok(server(client).fetch()?),
        }
    }

    /// Returns the network of the chain.
    ///
    /// # Errors
    /// [`ClientError`], and when this program does not know the server's network.
    pub fn network(&self) -> anyhow::Result<Network> {
        let name = match self {
            ChainReader::Files(workspace) => return Ok(workspace.ledger.network()),
            ChainReader::Server(client) => client.get("/api/v1/summary").fetch::<Summary>()?.network,
        };
        name.parse().map_err(anyhow::Error::msg).context("the server's chain")
    }
}

/// Returns the server that is named or that serves the store; none where the store's files are read.
///
/// # Errors
/// When the server's arguments are wrong, or the store's server does not answer.
pub fn server_of(store: &StoreArgs, server: &ServerArgs) -> anyhow::Result<Option<Client>> {
    match server.client()? {
        Some(client) => Ok(Some(client)),
        None => serving(&store.store),
    }
}

/// Turns the error "this is not known, or no such text" into `None`; other errors stay.
///
/// # Errors
/// The error, when it is another.
pub fn known<T>(answer: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    let error = match answer {
        Ok(answer) => return Ok(Some(answer)),
        Err(e) => e,
    };
    let kind = match error.downcast_ref::<WorkspaceError>() {
        Some(e) => Some(e.kind()),
        None => {
            let of_chains = error.downcast_ref::<ChainsError>().map(ChainsError::kind);
            of_chains.or_else(|| error.downcast_ref::<ClientError>().map(ClientError::kind))
        }
    };
    match kind {
        Some(ErrorKind::NotFound | ErrorKind::Invalid) => Ok(None),
        _ => Err(error),
    }
}
