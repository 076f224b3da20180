//! Further chains of a store: a file names them with their nodes, each in a folder `chains/NETWORK` of the store.

use crate::live::NodeArgs;
use anyhow::{Context, bail};
use holdfast_bitcoin::Network;
use holdfast_workspace::Workspace;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Largest file.
const MAX_FILE: usize = 1 << 16;

/// A further chain, and its node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainEntry {
    network: Network,
    rpc: Option<String>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    cookie: Option<PathBuf>,
    rest: Option<String>,
    #[serde(default = "two_seconds")]
    poll_seconds: f64,
    #[serde(default)]
    from_height: u32,
}

fn two_seconds() -> f64 {
    2.0
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainsFile {
    chains: Vec<ChainEntry>,
}

/// A further chain that is open for writing.
#[derive(Debug)]
pub struct FurtherChain {
    pub workspace: Workspace,
    /// Its node, where one is followed.
    pub node: Option<NodeArgs>,
}

impl ChainEntry {
    fn node(self) -> anyhow::Result<Option<NodeArgs>> {
        let name = self.network.parameters().name;
        match (&self.rpc, &self.rest) {
            (Some(_), Some(_)) => bail!("{name}: rpc and rest are two ways to one node; leave one out"),
            (None, None) => Ok(None),
            _ => Ok(Some(NodeArgs {
                rpc: self.rpc,
                user: self.user,
                password: None,
                password_file: self.password_file,
                cookie: self.cookie,
                rest: self.rest,
                poll: self.poll_seconds,
                from_height: self.from_height,
            })),
        }
    }
}

fn parse(text: &str) -> anyhow::Result<Vec<(Network, Option<NodeArgs>)>> {
    let file: ChainsFile = serde_norway::from_str(text)?;
    let mut chains: Vec<(Network, Option<NodeArgs>)> = Vec::new();
    for entry in file.chains {
        let network = entry.network;
        if chains.iter().any(|(known, _)| *known == network) {
            bail!("{} is there twice", network.parameters().name);
        }
        chains.push((network, entry.node()?));
    }
    Ok(chains)
}

/// Opens the further chains of a store: those that the file names, which are created where they are missing and have a node, and those that
/// have a folder.
pub fn open(first: &Workspace, store: &Path, file: Option<&Path>) -> anyhow::Result<Vec<FurtherChain>> {
    let named = match file {
        Some(file) => {
            let bytes = crate::output::read_bounded(file, MAX_FILE)?;
            let text = String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", file.display()))?;
            parse(&text).with_context(|| file.display().to_string())?
        }
        None => Vec::new(),
    };
    let mut chains = Vec::new();
    for dir in Workspace::chain_dirs(store)? {
        if !named.iter().any(|(network, _)| Workspace::chain_dir(store, *network) == dir) {
            chains.push(FurtherChain { workspace: first.open_beside(&dir, None)?, node: None });
        }
    }
    for (network, node) in named {
        let dir = Workspace::chain_dir(store, network);
        let create = node.is_some().then_some(network);
        let workspace = first.open_beside(&dir, create).with_context(|| dir.display().to_string())?;
        chains.push(FurtherChain { workspace, node });
    }
    Ok(chains)
}
