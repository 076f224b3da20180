//! `holdfast accounts`: look-ups on account chains, by the store's server where one runs.

use super::{freezes, print};
use crate::args::{ServerArgs, StoreArgs};
use crate::chain_reader::server_of;
use crate::output;
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use holdfast_account_workspace::freeze_queries::{FreezeFilter, FreezesPage};
use holdfast_account_workspace::reports::{
    AccountBlockReport, AccountReport, AccountSummary, AccountTxReport, AssetReport, TransfersPage,
};
use holdfast_account_workspace::transfers::{Order, Start, Way};
use holdfast_account_workspace::{AccountSnapshot, AccountWorkspace};
use holdfast_attribution::Tlp;
use holdfast_chains::pick_accounts;
use holdfast_client::{Client, Request};
use holdfast_types::ChainId;
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::freeze_view::FreezeState;
use holdfast_workspace::lookup::{Hit, HitKind};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Where a look-up is made.
#[derive(Args)]
pub struct Where {
    #[command(flatten)]
    pub(super) store: StoreArgs,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// The chain, where several have what is looked up: `ethereum`, `tron` and other usual names, or a CAIP-2 id.
    #[arg(long)]
    pub(super) chain: Option<String>,
}

/// Which transfers are listed.
#[derive(Args, Default)]
pub struct PageArgs {
    /// Only those behind this one, as the page before names it.
    #[arg(long)]
    after: Option<u64>,
    /// Only those from this height on.
    #[arg(long)]
    from_height: Option<u64>,
    /// Only those up to this height.
    #[arg(long)]
    to_height: Option<u64>,
    /// The latest first.
    #[arg(long)]
    newest_first: bool,
    /// Leave out fees.
    #[arg(long)]
    without_fees: bool,
}

impl PageArgs {
    pub(super) fn start(&self) -> Start {
        Start {
            order: if self.newest_first { Order::Newest } else { Order::Oldest },
            after: self.after,
            from_height: self.from_height,
            to_height: self.to_height,
            way: None,
            without_fees: self.without_fees,
        }
    }
}

/// Which way transfers go.
#[derive(Clone, Copy, ValueEnum)]
pub enum DirectionArg {
    /// To the address.
    In,
    /// From the address.
    Out,
}

impl From<DirectionArg> for Way {
    fn from(direction: DirectionArg) -> Self {
        match direction {
            DirectionArg::In => Way::In,
            DirectionArg::Out => Way::Out,
        }
    }
}

#[derive(Subcommand)]
pub enum AccountsCommand {
    /// The account chains of a store: what each holds, up to where, and what is missing.
    Chains(Where),
    /// What is known of an address: tags, and what it holds of each asset.
    Address {
        /// The address, in any form of its chain.
        address: String,
        /// Balances after the block at this height, instead of after the last one.
        #[arg(long)]
        height: Option<u64>,
        /// Leave out this many assets.
        #[arg(long, default_value_t = 0)]
        skip: usize,
        #[command(flatten)]
        at: Where,
    },
    /// Transfers of an address.
    Transfers {
        /// The address, in any form of its chain.
        address: String,
        /// Only of this asset: a ticker, a CAIP-19 id, a contract, or `native`.
        #[arg(long)]
        asset: Option<String>,
        /// Only those to the address (in) or from it (out).
        #[arg(long, value_enum)]
        direction: Option<DirectionArg>,
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        at: Where,
    },
    /// A transaction with its transfers.
    Transaction {
        /// Its hash.
        hash: String,
        /// Leave out this many transfers.
        #[arg(long, default_value_t = 0)]
        skip: usize,
        #[command(flatten)]
        at: Where,
    },
    /// A block with its transactions.
    Block {
        /// Its height or hash.
        block: String,
        /// Leave out this many transactions.
        #[arg(long, default_value_t = 0)]
        skip: usize,
        #[command(flatten)]
        at: Where,
    },
    /// The assets that a chain's ledger has seen.
    Assets {
        /// Leave out this many.
        #[arg(long, default_value_t = 0)]
        skip: usize,
        #[command(flatten)]
        at: Where,
    },
    /// An asset, and whether its transfers agree with each other.
    Asset {
        /// A ticker, a CAIP-19 id, a contract, or `native`.
        asset: String,
        /// List its transfers.
        #[arg(long)]
        transfers: bool,
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        at: Where,
    },
    /// What issuers of tokens froze, lifted and destroyed, and the freezes that they propose, the latest first.
    Freezes {
        /// Only of this address, in any form of its chain.
        address: Option<String>,
        /// Only of this token: a ticker, a CAIP-19 id or a contract.
        #[arg(long)]
        asset: Option<String>,
        /// Only by this issuer, by its name in the curated list, such as Tether.
        #[arg(long)]
        issuer: Option<String>,
        /// Only in this state: proposed, withdrawn, frozen, destroyed or lifted.
        #[arg(long)]
        state: Option<FreezeState>,
        /// Leave out this many.
        #[arg(long, default_value_t = 0)]
        skip: usize,
        #[command(flatten)]
        at: Where,
    },
    #[command(flatten)]
    Who(super::who::WhoCommand),
}

/// The account chains that are queried.
pub(super) enum Reader {
    Files(Vec<Arc<AccountSnapshot>>),
    Server(Client),
}

impl Where {
    /// Opens the chain that is named, or all.
    fn open(&self) -> anyhow::Result<Reader> {
        self.open_named(self.chain.as_deref().and_then(|name| ChainId::of_accounts(name).ok()))
    }

    /// Opens all chains, whichever is named.
    pub(super) fn open_all(&self) -> anyhow::Result<Reader> {
        self.open_named(None)
    }

    /// Returns the chain that is named.
    pub(super) fn chain(&self) -> Option<&str> {
        self.chain.as_deref().filter(|name| !name.is_empty())
    }

    fn open_named(&self, named: Option<ChainId>) -> anyhow::Result<Reader> {
        let store = &self.store.store;
        if let Some(client) = server_of(&self.store, &self.server)? {
            return Ok(Reader::Server(client));
        }
        let tags = AccountWorkspace::tags_of(store)?;
        let mut chains = AccountWorkspace::chains_of(store)?;
        // The others need not be opened for what one is named for.
        if let Some(named) = named.filter(|named| chains.contains(named)) {
            chains = vec![named];
        }
        let open = |chain: &ChainId| Ok(Arc::new(AccountWorkspace::open(store, chain, tags.clone())?));
        Ok(Reader::Files(chains.iter().map(open).collect::<anyhow::Result<_>>()?))
    }

    /// Answers a look-up of a text.
    pub(super) fn query<T: DeserializeOwned>(
        &self,
        text: &str,
        files: impl FnOnce(&AccountWorkspace) -> Result<T, WorkspaceError>,
        server: impl for<'c> FnOnce(&'c Client) -> Request<'c>,
    ) -> anyhow::Result<T> {
        match self.open()? {
            Reader::Files(chains) => Ok(files(&*pick_accounts(&chains, text, self.chain.as_deref())?)?),
            Reader::Server(client) => Ok(server(&client).query_opt("chain", self.chain()).fetch()?),
        }
    }

    fn chains(&self) -> anyhow::Result<Vec<AccountSummary>> {
        match self.open()? {
            Reader::Files(chains) => {
                chains.iter().map(|c| c.account_summary().context(c.usual_name())).collect::<anyhow::Result<_>>()
            }
            Reader::Server(client) => Ok(client.get(PATH).fetch()?),
        }
    }
}

const PATH: &str = "/api/v1/account-chains";

pub(super) fn path(what: &str, of: &str) -> String {
    holdfast_client::api_path(&["account-chains", what, of])
}

pub(super) fn paged<'c>(request: Request<'c>, page: &PageArgs) -> Request<'c> {
    let order = page.newest_first.then_some("newest");
    let request = request.query_opt("after", page.after).query_opt("from_height", page.from_height);
    request.query_opt("to_height", page.to_height).query_opt("order", order).query("without_fees", page.without_fees)
}

/// Prints an answer as JSON or for people.
pub(super) fn show<T: serde::Serialize>(answer: &T, print: impl FnOnce(&T), as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(answer);
    }
    print(answer);
    Ok(())
}

pub fn run(command: AccountsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        AccountsCommand::Chains(at) => chains(&at, as_json),
        AccountsCommand::Address { address, height, skip, at } => {
            let report: AccountReport = at.query(
                &address,
                |w| w.account_at(&address, skip, height, Tlp::Red),
                |c| c.get(&path("address", &address)).query_opt("height", height).query("skip", skip),
            )?;
            show(&report, print::account, as_json)
        }
        AccountsCommand::Transfers { address, asset, direction, page, at } => {
            let way = direction.map(Way::from);
            let transfers: TransfersPage = at.query(
                &address,
                |w| w.account_transfers(&address, asset.as_deref(), Start { way, ..page.start() }, Tlp::Red),
                |c| {
                    let request = c.get(&format!("{}/transfers", path("address", &address)));
                    let request = request.query_opt("asset", asset.as_deref());
                    paged(request.query_opt("direction", way.map(Way::name)), &page)
                },
            )?;
            show(&transfers, print::transfers, as_json)
        }
        AccountsCommand::Transaction { hash, skip, at } => {
            let report: AccountTxReport = at.query(
                &hash,
                |w| w.transaction(&hash, skip, Tlp::Red),
                |c| c.get(&path("transaction", &hash)).query("skip", skip),
            )?;
            show(&report, print::transaction, as_json)
        }
        AccountsCommand::Block { block, skip, at } => {
            let report: AccountBlockReport = at.query(
                &block,
                |w| w.account_block(&block, skip, Tlp::Red),
                |c| c.get(&path("block", &block)).query("skip", skip),
            )?;
            show(&report, print::block, as_json)
        }
        AccountsCommand::Assets { skip, at } => {
            let assets: Vec<AssetView> =
                at.query("", |w| w.assets_page(skip), |c| c.get(&format!("{PATH}/assets")).query("skip", skip))?;
            let lines = |assets: &Vec<AssetView>| assets.iter().for_each(|a| println!("{}", print::asset_line(a)));
            show(&assets, lines, as_json)
        }
        AccountsCommand::Freezes { address, asset, issuer, state, skip, at } => {
            let filter =
                FreezeFilter { address: address.as_deref(), asset: asset.as_deref(), issuer: issuer.as_deref(), state };
            let page: FreezesPage = at.query(
                filter.address.unwrap_or_default(),
                |w| w.freezes_page(filter, skip),
                |c| {
                    let request = c.get(&format!("{PATH}/freezes")).query("skip", skip);
                    let request = request.query_opt("address", filter.address).query_opt("asset", filter.asset);
                    request.query_opt("issuer", filter.issuer).query_opt("state", state.map(FreezeState::name))
                },
            )?;
            show(&page, freezes::page, as_json)
        }
        AccountsCommand::Asset { asset, transfers: true, page, at } => {
            let transfers: TransfersPage = at.query(
                &asset,
                |w| w.asset_transfers(&asset, page.start(), Tlp::Red),
                |c| paged(c.get(&format!("{PATH}/asset/transfers")).query("asset", &asset), &page),
            )?;
            show(&transfers, print::transfers, as_json)
        }
        AccountsCommand::Asset { asset, at, .. } => {
            let report: AssetReport = at.query(
                &asset,
                |w| w.asset_report(&asset),
                |c| c.get(&format!("{PATH}/asset")).query("asset", &asset),
            )?;
            show(&report, print::asset, as_json)
        }
        AccountsCommand::Who(command) => super::who::run(command, as_json),
    }
}

/// Shows what a search found on an account chain.
pub fn hit(hit: &Hit, store: &StoreArgs, server: &ServerArgs, as_json: bool) -> anyhow::Result<()> {
    let at = Where { store: store.clone(), server: server.clone(), chain: hit.chain.clone() };
    let (id, skip) = (hit.id.clone(), 0);
    run(
        match hit.kind {
            HitKind::Block => AccountsCommand::Block { block: id, skip, at },
            HitKind::Transaction | HitKind::Output => AccountsCommand::Transaction { hash: id, skip, at },
            HitKind::Asset => AccountsCommand::Asset { asset: id, transfers: false, page: PageArgs::default(), at },
            HitKind::Address | HitKind::Actor | HitKind::Label => {
                AccountsCommand::Address { address: id, height: None, skip, at }
            }
        },
        as_json,
    )
}

/// Shows an address of the only account chain whose addresses have its form.
///
/// # Errors
/// [`WorkspaceError`] where there is none, or several.
pub fn address(address: &str, store: &StoreArgs, server: &ServerArgs, as_json: bool) -> anyhow::Result<()> {
    let at = Where { store: store.clone(), server: server.clone(), chain: None };
    run(AccountsCommand::Address { address: address.to_owned(), height: None, skip: 0, at }, as_json)
}

fn chains(at: &Where, as_json: bool) -> anyhow::Result<()> {
    let chains = at.chains()?;
    if as_json {
        return output::json(&chains);
    }
    if chains.is_empty() {
        println!("This store has no account chain; `holdfast ingest --chain` makes one.");
    }
    for (i, summary) in chains.iter().enumerate() {
        if i > 0 {
            println!();
        }
        print::summary(summary);
    }
    Ok(())
}
