//! Options that several commands share, and what is added to requests of the API for them.

use crate::output::name_of;
use anyhow::{Context, bail};
use clap::Args;
use holdfast_analysis::{Bounds, Direction, Policy, TraceOptions};
use holdfast_client::Request;
use holdfast_links::{Contracts, Role};
use holdfast_types::{AccountId, Address, ChainId, Issuer};
use std::path::PathBuf;

/// Why an option is refused where no account chain is meant.
pub const FOR_ACCOUNTS: &str = "is for account chains: name one with --chain";
/// Why `--entity` is refused where an account chain is meant.
pub const NO_ENTITY: &str = "is for chains of Bitcoin's family; name an address, transaction or transfer";

/// Refuses an option that was given and would change nothing.
pub fn refuse(given: Option<&str>, why: &str) -> anyhow::Result<()> {
    match given {
        Some(option) => bail!("{option} {why}"),
        None => Ok(()),
    }
}

/// Returns the first option that was given.
pub fn first_given<const N: usize>(options: [(&'static str, bool); N]) -> Option<&'static str> {
    options.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
}

/// The account chain that is meant, instead of the store's first chain.
#[derive(Args)]
pub struct AccountChoice {
    /// An account chain: `ethereum`, `tron` and other usual names, or a CAIP-2 id; what goes over links goes over the others too.
    #[arg(long = "chain")]
    pub name: Option<String>,
    /// On account chains: only this asset, by ticker, CAIP-19 id, contract, or `native`.
    #[arg(long)]
    pub asset: Option<String>,
}

impl AccountChoice {
    /// Returns whether an account chain is meant.
    pub fn is_meant(&self) -> bool {
        self.name.is_some() || self.asset.is_some()
    }
}

/// How links are followed on account chains.
#[derive(Args)]
pub struct LinkArgs {
    /// On account chains: do not go on over swaps, wraps and bridges.
    #[arg(long)]
    pub no_links: bool,
    /// On account chains: do not cross links with a larger measured error (its upper bound, 95%, in millionths), but for those that the
    /// message of a bridge states on both sides.
    #[arg(long)]
    pub max_link_error_ppm: Option<u32>,
}

impl LinkArgs {
    /// Returns the first option that was given.
    pub fn given(&self) -> Option<&'static str> {
        first_given([("--no-links", self.no_links), ("--max-link-error-ppm", self.max_link_error_ppm.is_some())])
    }
}

/// How money is followed, and how far.
#[derive(Args)]
pub struct HowArgs {
    /// Taint policy: poison, haircut, fifo or lifo.
    #[arg(long, default_value = "haircut")]
    policy: Policy,
    /// Most transactions from the start.
    #[arg(long, default_value_t = Bounds::default().max_hops)]
    max_hops: u32,
    /// Smallest marked amount that is followed, in base units.
    #[arg(long, default_value_t = Bounds::default().min_value)]
    min_value: u64,
    /// Only blocks from this time on, Unix seconds.
    #[arg(long, default_value_t = 0)]
    from_time: u32,
    /// Only blocks up to this time, Unix seconds.
    #[arg(long, default_value_t = u32::MAX)]
    until_time: u32,
    /// Most movements that are followed.
    #[arg(long, default_value_t = Bounds::default().max_edges)]
    max_edges: usize,
    /// Follow through attributed services.
    #[arg(long)]
    through_services: bool,
}

impl HowArgs {
    /// Returns the options of a trace.
    pub fn options(&self, direction: Direction) -> TraceOptions {
        let HowArgs { policy, max_hops, min_value, from_time, until_time, max_edges, through_services } = *self;
        let bounds = Bounds { max_hops, min_value, from_time, until_time, max_edges };
        TraceOptions { direction, policy, through_services, bounds }
    }
}

/// Adds to a request of the API how money is followed, but for the direction.
pub fn with_options<'c>(request: Request<'c>, options: &TraceOptions) -> Request<'c> {
    let bounds = &options.bounds;
    request
        .query("policy", name_of(&options.policy))
        .query("through_services", options.through_services)
        .query("max_hops", bounds.max_hops)
        .query("min_value", bounds.min_value)
        .query("from_time", bounds.from_time)
        .query("until_time", bounds.until_time)
        .query("max_edges", bounds.max_edges)
}

/// How blocks of account chains are read, whatever for.
#[derive(Args, Clone, Debug, Default)]
pub struct ReadingArgs {
    /// Account chain: file with the value of the header that opens the node: of `Authorization`, on Tron of `TRON-PRO-API-KEY`.
    #[arg(long)]
    pub node_key_file: Option<PathBuf>,
    /// Account chain: do not read the node's traces; coin that moves inside transactions stays unknown, and answers state it.
    #[arg(long)]
    pub without_traces: bool,
    /// Account chain (Tron): the node stores moves inside transactions (vm.saveInternalTx), so that their absence is known.
    #[arg(long)]
    pub internal_stored: bool,
    /// Account chain: a further contract that wraps the chain's coin; repeat it for several.
    #[arg(long = "wrapper")]
    pub wrappers: Vec<String>,
    /// Account chain: a further token contract whose issuer can freeze accounts, as TOKEN, or TOKEN=WALLET with the wallet of several owners that owns it;
    /// repeat it for several.
    #[arg(long = "issuer", value_name = "TOKEN[=WALLET]")]
    pub issuers: Vec<String>,
    /// Account chain: a further contract of a bridge, as ROLE:ADDRESS, such as nomad-router:0x88a6…; repeat it for several.
    #[arg(long = "bridge", value_name = "ROLE:ADDRESS")]
    pub bridges: Vec<String>,
}

impl ReadingArgs {
    /// Returns the first option that was given.
    pub fn given(&self) -> Option<&'static str> {
        first_given([
            ("--node-key-file", self.node_key_file.is_some()),
            ("--without-traces", self.without_traces),
            ("--internal-stored", self.internal_stored),
            ("--wrapper", !self.wrappers.is_empty()),
            ("--issuer", !self.issuers.is_empty()),
            ("--bridge", !self.bridges.is_empty()),
        ])
    }

    /// Returns the further contracts that wrap the coin.
    pub fn wrappers(&self) -> anyhow::Result<Vec<AccountId>> {
        let wrapper =
            |text: &String| AccountId::try_from(&Address::read(text)).with_context(|| format!("--wrapper {text}"));
        self.wrappers.iter().map(wrapper).collect()
    }

    /// Returns the further contracts whose issuers can freeze accounts.
    pub fn issuers(&self) -> anyhow::Result<Vec<Issuer>> {
        let account = |text: &str| AccountId::try_from(&Address::read(text)).ok();
        let issuer = |text: &String| -> anyhow::Result<Issuer> {
            let (token, wallet) =
                text.split_once('=').map_or((text.as_str(), None), |(token, wallet)| (token, Some(wallet)));
            let wallet = wallet
                .map(|wallet| account(wallet).with_context(|| format!("--issuer {text}: '{wallet}' is no address")));
            let token = account(token).with_context(|| format!("--issuer {text}: '{token}' is no address"))?;
            Ok(Issuer::of(token, wallet.transpose()?))
        };
        self.issuers.iter().map(issuer).collect()
    }

    /// Returns the contracts of bridges that are known on a chain, and those that are named.
    pub fn contracts(&self, chain: &ChainId) -> anyhow::Result<Contracts> {
        let mut contracts = Contracts::of(chain);
        for text in &self.bridges {
            let read = || {
                let (role, address) = text.split_once(':').context("it has the form ROLE:ADDRESS")?;
                let roles = Role::names().join(", ");
                let role: Role = role.parse().with_context(|| format!("'{role}' is no role; there are {roles}"))?;
                anyhow::Ok((AccountId::try_from(&Address::read(address))?, role))
            };
            let (contract, role) = read().with_context(|| format!("--bridge {text}"))?;
            contracts = contracts.with(contract, role);
        }
        Ok(contracts)
    }
}

/// Where the proofs of a bundle of account chains come from: ledgers store neither receipts nor signatures.
#[derive(Args, Clone, Debug, Default)]
pub struct ProofArgs {
    /// With --bundle: folder or file of a chain's blocks, as CHAIN=PATH; PATH alone is of --chain. Repeat it for several.
    #[arg(long, value_name = "[CHAIN=]PATH")]
    pub blocks: Vec<String>,
    /// With --bundle: a chain's node, as CHAIN=URL; URL alone is of --chain. Repeat it for several.
    #[arg(long, value_name = "[CHAIN=]URL")]
    pub rpc: Vec<String>,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

impl ProofArgs {
    /// Returns the first option that was given.
    pub fn given(&self) -> Option<&'static str> {
        let own = first_given([("--blocks", !self.blocks.is_empty()), ("--rpc", !self.rpc.is_empty())]);
        own.or(self.reading.given())
    }
}
