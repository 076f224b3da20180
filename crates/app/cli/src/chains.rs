//! Further chains of a store: a file names them with their nodes, each in a folder of `chains/` in the store. An entry with `network` is of Bitcoin's
//! family, one with `chain` an account chain.

use crate::accounts::AccountArgs;
use crate::live::NodeArgs;
use crate::options::ReadingArgs;
use anyhow::{Context, bail};
use holdfast_account_evidence::Origin;
use holdfast_account_feed::NodeSource;
use holdfast_account_feed::files::block_files;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::LinkFinder;
use holdfast_account_workspace::evidence::ProofSource;
use holdfast_bitcoin::Network;
use holdfast_types::ChainId;
use holdfast_workspace::Workspace;
use serde::Deserialize;
use serde_norway::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// An account chain, and its node.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEntry {
    chain: String,
    rpc: Option<String>,
    node_key_file: Option<PathBuf>,
    #[serde(default = "two_seconds")]
    poll_seconds: f64,
    #[serde(default)]
    from_height: u64,
    #[serde(default)]
    assets: Vec<String>,
    finality_blocks: Option<u64>,
    #[serde(default)]
    without_traces: bool,
    #[serde(default)]
    internal_stored: bool,
    #[serde(default)]
    wrappers: Vec<String>,
    #[serde(default)]
    issuers: Vec<String>,
    #[serde(default)]
    bridges: Vec<String>,
    genesis: Option<PathBuf>,
    dao_fork: Option<PathBuf>,
    /// Files and folders of its blocks, from which the proofs of bundles are read instead of the node.
    #[serde(default)]
    blocks: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainsFile {
    chains: Vec<Value>,
}

/// What a file of chains names.
#[derive(Debug, Default)]
struct Named {
    outputs: Vec<(Network, Option<NodeArgs>)>,
    accounts: Vec<(ChainId, AccountEntry)>,
}

/// The node of an account chain that is followed.
#[derive(Debug)]
pub struct AccountNode {
    pub source: NodeSource<LinkFinder>,
    /// Between polls.
    pub pause: Duration,
    /// First block of a new ledger.
    pub from_height: u64,
}

/// An account chain that is open for writing.
#[derive(Debug)]
pub struct AccountChain {
    pub workspace: AccountWorkspace,
    /// Its node, where one is followed.
    pub node: Option<AccountNode>,
    /// Where the proofs of bundles are read from, where that is known.
    pub proofs: Option<ProofSource>,
}

/// The chains of a store beside the first.
#[derive(Debug, Default)]
pub struct OpenChains {
    pub outputs: Vec<FurtherChain>,
    pub accounts: Vec<AccountChain>,
}

impl AccountEntry {
    fn args(&self) -> AccountArgs {
        AccountArgs {
            assets: self.assets.clone(),
            finality_blocks: self.finality_blocks,
            reading: ReadingArgs {
                node_key_file: self.node_key_file.clone(),
                without_traces: self.without_traces,
                internal_stored: self.internal_stored,
                wrappers: self.wrappers.clone(),
                issuers: self.issuers.clone(),
                bridges: self.bridges.clone(),
            },
            opening_balances: None,
            genesis: self.genesis.clone(),
            dao_fork: self.dao_fork.clone(),
        }
    }

    /// Returns where the proofs of bundles are read from: files where some are named, else the node.
    fn proofs(&self, args: &AccountArgs, chain: &ChainId) -> anyhow::Result<Option<ProofSource>> {
        let origin = match (&self.rpc, self.blocks.as_slice()) {
            (None, []) => return Ok(None),
            (Some(rpc), []) => Origin::Node(args.node_options(rpc)?),
            (_, paths) => {
                let files =
                    paths.iter().map(|path| block_files(path)).collect::<Result<Vec<_>, _>>().context("blocks")?;
                Origin::Files(files.concat(), args.notes()?)
            }
        };
        Ok(Some(ProofSource { origin, contracts: args.reading.contracts(chain)? }))
    }

    fn open(&self, first: &Workspace, store: &Path, chain: &ChainId) -> anyhow::Result<AccountChain> {
        let (args, tags) = (self.args(), first.tags.clone());
        let proofs = self.proofs(&args, chain)?;
        let Some(rpc) = &self.rpc else {
            let workspace = AccountWorkspace::open_for_writing(store, chain, tags)?;
            return Ok(AccountChain { workspace, node: None, proofs });
        };
        let settings = args.settings(store, chain)?;
        let workspace = AccountWorkspace::create_or_open(store, &settings, tags)?;
        let source = args.node(chain, rpc)?;
        let pause = Duration::from_secs_f64(self.poll_seconds.clamp(0.05, 3600.0));
        let node = Some(AccountNode { source, pause, from_height: self.from_height });
        Ok(AccountChain { workspace, node, proofs })
    }
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

fn parse(text: &str) -> anyhow::Result<Named> {
    let file: ChainsFile = serde_norway::from_str(text)?;
    let mut named = Named::default();
    for entry in file.chains {
        if entry.get("chain").is_some() {
            let entry: AccountEntry = serde_norway::from_value(entry)?;
            let chain = ChainId::of_accounts(&entry.chain)?;
            if named.accounts.iter().any(|(known, _)| *known == chain) {
                bail!("{chain} is there twice");
            }
            named.accounts.push((chain, entry));
            continue;
        }
        let entry: ChainEntry = serde_norway::from_value(entry)?;
        let network = entry.network;
        if named.outputs.iter().any(|(known, _)| *known == network) {
            bail!("{} is there twice", network.parameters().name);
        }
        named.outputs.push((network, entry.node()?));
    }
    Ok(named)
}

/// Opens the further chains of a store: those that the file names, which are created where they are missing and have a node, and those that
/// have a folder.
pub fn open(first: &Workspace, store: &Path, file: Option<&Path>) -> anyhow::Result<OpenChains> {
    let named = match file {
        Some(file) => {
            let bytes = crate::output::read_bounded(file, MAX_FILE)?;
            let text = String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", file.display()))?;
            parse(&text).with_context(|| file.display().to_string())?
        }
        None => Named::default(),
    };
    let mut open = OpenChains::default();
    for dir in Workspace::chain_dirs(store)? {
        if !named.outputs.iter().any(|(network, _)| Workspace::chain_dir(store, *network) == dir) {
            open.outputs.push(FurtherChain { workspace: first.open_beside(&dir, None)?, node: None });
        }
    }
    for (network, node) in named.outputs {
        let dir = Workspace::chain_dir(store, network);
        let create = node.is_some().then_some(network);
        let workspace = first.open_beside(&dir, create).with_context(|| dir.display().to_string())?;
        open.outputs.push(FurtherChain { workspace, node });
    }
    for chain in AccountWorkspace::chains_of(store)? {
        if !named.accounts.iter().any(|(known, _)| *known == chain) {
            let workspace = AccountWorkspace::open_for_writing(store, &chain, first.tags.clone())?;
            open.accounts.push(AccountChain { workspace, node: None, proofs: None });
        }
    }
    for (chain, entry) in &named.accounts {
        open.accounts.push(entry.open(first, store, chain).with_context(|| chain.to_string())?);
    }
    Ok(open)
}
