//! `holdfast show`, `search`, `explain`, `trace`, `exposure` and `paths`: queries of a chain.

use crate::accounts::{self, evidence, traces};
use crate::answer::Fields;
use crate::args::{ServerArgs, StoreArgs};
use crate::chain_reader::{ChainReader, known, server_of};
use crate::options::{AccountChoice, FOR_ACCOUNTS, HowArgs, LinkArgs, NO_ENTITY, ProofArgs, refuse, with_options};
use crate::output::{self, name_of, thousands};
use crate::running::{ChainReach, reach_chain};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use holdfast_analysis::render::{self, Drawn};
use holdfast_analysis::{Bounds, Direction, TraceOptions, TraceReport};
use holdfast_attribution::Tlp;
use holdfast_bitcoin::parse_hash;
use holdfast_chains::OpenChains;
use holdfast_client::{Request, api_path};
use holdfast_console::chain;
use holdfast_console::show::print_exposure;
use holdfast_state::system::{entropy, now};
use holdfast_types::{AccountId, Address};
use holdfast_workspace::lookup::{Hit, HitKind, bare};
use holdfast_workspace::{
    AddressReport, BlockReport, ExplainReport, ExposureView, Lookup, PathReport, TraceRequest, TxReport, Workspace,
    WorkspaceError,
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The chain that a command queries.
#[derive(Args)]
pub struct ChainArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl ChainArgs {
    /// Returns the chain's reader.
    pub fn open(&self) -> anyhow::Result<ChainReader> {
        ChainReader::open(&self.store, &self.server)
    }

    /// Searches all chains of the store, by its server where one runs.
    fn look_up(&self, text: &str) -> anyhow::Result<Lookup> {
        match server_of(&self.store, &self.server)? {
            Some(client) => Ok(client.get("/api/v1/search").query("q", text).fetch()?),
            None => Ok(OpenChains::open(&self.store.store)?.lookup(text, Tlp::Red)),
        }
    }
}

#[derive(Args)]
pub struct Show {
    /// Address (of any chain), txid, output (txid:index), block height or block hash, asset of an account chain; or a name, as `search` finds it. What
    /// is on several chains is listed.
    what: String,
    #[command(flatten)]
    chain: ChainArgs,
}

#[derive(Args)]
pub struct Search {
    /// An address of any chain, transaction id or block hash (or at least 8 hex digits of its beginning), output, height, asset, label or
    /// actor; or several addresses and ids.
    #[arg(required = true)]
    text: Vec<String>,
    #[command(flatten)]
    chain: ChainArgs,
}

pub fn search(args: Search, as_json: bool) -> anyhow::Result<()> {
    let found = args.chain.look_up(&args.text.join(" "))?;
    print_lookup(&found, as_json)
}

fn print_lookup(found: &Lookup, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(found);
    }
    chain::print_lookup(found);
    match found.hits.is_empty() {
        true => bail!("nothing found"),
        false => Ok(()),
    }
}

/// What `show` shows.
enum Shown {
    Tx(Box<TxReport>),
    Block(BlockReport),
    Address(Box<AddressReport>),
    Found(Lookup),
}

fn tx(reader: &ChainReader, txid: &str) -> anyhow::Result<Option<TxReport>> {
    known(reader.query(|w| w.tx(txid), |c| c.get(&api_path(&["tx", txid]))))
}

fn block(reader: &ChainReader, text: &str) -> anyhow::Result<Option<BlockReport>> {
    known(reader.query(|w| w.block(text), |c| c.get(&api_path(&["block", text]))))
}

fn is_height(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Returns what text names, by its form: a transaction, an output's transaction, a block, an address; else what a search found.
fn shown(reader: &ChainReader, text: &str, found: Lookup) -> anyhow::Result<Shown> {
    let text = text.trim();
    if parse_hash(text).is_some() {
        if let Some(tx) = tx(reader, text)? {
            return Ok(Shown::Tx(tx.into()));
        }
        if let Some(block) = block(reader, text)? {
            return Ok(Shown::Block(block));
        }
    } else if let Some((txid, index)) = text.split_once(':')
        && let (Some(_), Ok(index)) = (parse_hash(txid), index.parse::<usize>())
    {
        if let Some(tx) = tx(reader, txid)? {
            anyhow::ensure!(index < tx.outputs.len(), "{text}: the transaction has {} outputs", tx.outputs.len());
            return Ok(Shown::Tx(tx.into()));
        }
    } else if is_height(text)
        && let Some(block) = block(reader, text)?
    {
        return Ok(Shown::Block(block));
    }
    let address = reader.query(|w| w.address(text), |c| c.get(&api_path(&["address", text])));
    let error = match address {
        Ok(report) => return Ok(Shown::Address(Box::new(report))),
        Err(e) => e,
    };
    // A name, the beginning of an id, or several addresses.
    match found.hits.is_empty() {
        false => Ok(Shown::Found(found)),
        true if is_height(text) => bail!("block {text} is not stored here"),
        true => Err(error),
    }
}

/// What of an account chain a text names.
enum OnAccounts {
    /// One thing.
    One(Hit),
    /// Several, on one chain or on several.
    Several,
    /// Nothing.
    None,
}

fn on_accounts(found: &Lookup) -> OnAccounts {
    // A token's contract is an address too.
    let is_contract = |hit: &Hit| {
        let beside = |other: &Hit| other.kind == HitKind::Address && other.chain == hit.chain;
        hit.kind == HitKind::Asset && found.hits.iter().any(beside)
    };
    let hits: Vec<&Hit> = found.hits.iter().filter(|hit| !is_contract(hit)).collect();
    match hits.as_slice() {
        [one] if one.chain.is_some() => OnAccounts::One((*one).clone()),
        several if several.iter().any(|hit| hit.chain.is_some()) => OnAccounts::Several,
        _ => OnAccounts::None,
    }
}

pub fn show(args: Show, as_json: bool) -> anyhow::Result<()> {
    let ChainArgs { store, server } = &args.chain;
    let found = args.chain.look_up(&args.what)?;
    match on_accounts(&found) {
        OnAccounts::One(hit) => return accounts::show::hit(&hit, store, server, as_json),
        OnAccounts::Several => return print_lookup(&found, as_json),
        OnAccounts::None => {}
    }
    // An address that no block mentions is one of an account chain by its form.
    let is_account = AccountId::try_from(&Address::read(&bare(&args.what))).is_ok();
    if is_account && known(accounts::show::address(&bare(&args.what), store, server, as_json))?.is_some() {
        return Ok(());
    }
    if server_of(store, server)?.is_none() && !Workspace::is_in(&store.store) {
        anyhow::ensure!(!found.hits.is_empty(), "nothing is known here of '{}'", args.what.trim());
        return print_lookup(&found, as_json);
    }
    let reader = args.chain.open()?;
    match (shown(&reader, &args.what, found)?, as_json) {
        (Shown::Found(found), _) => return print_lookup(&found, as_json),
        (Shown::Tx(report), true) => return output::json(&report),
        (Shown::Block(report), true) => return output::json(&report),
        (Shown::Address(report), true) => return output::json(&report),
        (Shown::Tx(report), false) => chain::print_tx(&report),
        (Shown::Block(report), false) => chain::print_block(&report),
        (Shown::Address(report), false) => {
            // A server may answer from another of its chains.
            let network = report.network.parse().or_else(|_| reader.network())?;
            chain::print_address(&report, network);
        }
    }
    Ok(())
}

#[derive(Args)]
pub struct Explain {
    /// First address.
    a: String,
    /// Second address.
    b: String,
    #[command(flatten)]
    chain: ChainArgs,
}

pub fn explain(args: Explain, as_json: bool) -> anyhow::Result<()> {
    let (a, b) = (&args.a, &args.b);
    let is_account = |text: &str| AccountId::try_from(&Address::read(&bare(text))).is_ok();
    if is_account(a) && is_account(b) {
        return accounts::who::explain(a, b, args.chain, as_json);
    }
    let reader = args.chain.open()?;
    let report: ExplainReport =
        reader.query(|w| w.explain(a, b), |c| c.get("/api/v1/explain").query("a", a).query("b", b))?;
    if as_json {
        return output::json(&report);
    }
    chain::print_explained(&report);
    Ok(())
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Graphviz,
    Mermaid,
    Html,
}

#[derive(Args)]
pub struct TraceArgs {
    /// Address, txid, or output (txid:index); on account chains an address, a transaction's hash, or a transfer's id.
    subject: String,
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    accounts: AccountChoice,
    #[command(flatten)]
    links: LinkArgs,
    /// Start from the whole entity of an address.
    #[arg(long)]
    entity: bool,
    /// Direction: forward or backward.
    #[arg(long, default_value = "forward")]
    direction: Direction,
    #[command(flatten)]
    how: HowArgs,
    /// Format of the output.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Most rows of the table.
    #[arg(long, default_value_t = 40)]
    rows: usize,
    /// Write a signed evidence bundle to this file. On account chains its proofs are read from --blocks or --rpc; without these a running server reads them from the blocks that it knows.
    #[arg(long)]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    proofs: ProofArgs,
}

impl TraceArgs {
    fn request(&self) -> TraceRequest {
        let (subject, options) = (self.subject.clone(), self.how.options(self.direction));
        TraceRequest { subject, entity: self.entity, options }
    }

    /// Adds the trace's parameters to a request of the API.
    fn parameters<'c>(&self, request: Request<'c>) -> Request<'c> {
        let request = request.query("subject", &self.subject).query("entity", self.entity);
        with_options(request.query("direction", name_of(&self.direction)), &self.how.options(self.direction))
    }
}

/// Writes the signed evidence of a trace.
fn write_bundle(args: &TraceArgs, reader: &ChainReader, path: &Path) -> anyhow::Result<()> {
    let bytes = match reader {
        ChainReader::Files(workspace) => {
            let key = workspace.signing_key(entropy)?;
            workspace.bundle(&args.request(), &key, &now())?.1
        }
        ChainReader::Server(client) => args.parameters(client.get("/api/v1/trace/bundle")).bytes()?,
    };
    std::fs::write(path, bytes).with_context(|| path.display().to_string())?;
    let path = path.display();
    eprintln!("Evidence bundle written to {path}. Verify it and see who signed it with: holdfast verify {path}");
    Ok(())
}

/// Prints a trace in one of its forms.
fn draw<R: Drawn>(report: &R, format: Format, rows: usize, as_json: bool) -> anyhow::Result<()> {
    match (as_json, format) {
        (true, _) | (_, Format::Json) => output::json(report)?,
        (_, Format::Table) => print!("{}", render::table(report, rows)),
        (_, Format::Graphviz) => print!("{}", render::graphviz(report)),
        (_, Format::Mermaid) => print!("{}", render::mermaid(report)),
        (_, Format::Html) => print!("{}", render::html(report)),
    }
    Ok(())
}

/// Traces over account chains.
fn account_trace(args: &TraceArgs, as_json: bool) -> anyhow::Result<()> {
    refuse(args.entity.then_some("--entity"), NO_ENTITY)?;
    let request = traces::request(&args.subject, &args.accounts, &args.links, args.how.options(args.direction));
    let report = traces::trace(&args.chain, &args.accounts, &request)?;
    if let Some(path) = &args.bundle {
        evidence::write(&args.chain, &args.accounts, &args.proofs, &request, path)?;
    }
    draw(&report, args.format, args.rows, as_json)
}

pub fn trace(args: TraceArgs, as_json: bool) -> anyhow::Result<()> {
    if args.bundle.is_none() {
        refuse(args.proofs.given(), "is for --bundle: name the file that is written")?;
    }
    if args.accounts.is_meant() {
        return account_trace(&args, as_json);
    }
    refuse(args.links.given().or(args.proofs.given()), FOR_ACCOUNTS)?;
    let reader = args.chain.open()?;
    let files = |w: &holdfast_workspace::Workspace| Ok(w.trace_for(&args.request(), Tlp::Red)?.1);
    let report: TraceReport = reader.query(files, |c| args.parameters(c.get("/api/v1/trace")))?;
    if let Some(path) = &args.bundle {
        write_bundle(&args, &reader, path)?;
    }
    draw(&report, args.format, args.rows, as_json)
}

#[derive(Args)]
pub struct ExposureArgs {
    /// Address, txid or output (txid:index); on account chains an address, a transaction's hash, or a transfer's id.
    subject: Option<String>,
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    accounts: AccountChoice,
    /// Exposure of the whole entity of an address.
    #[arg(long)]
    entity: bool,
    /// Recompute the exposures of the whole ledger first.
    #[arg(long)]
    rebuild: bool,
}

/// Recomputes the exposures of the whole ledger; returns the number of transactions.
fn rebuild_exposures(args: &ExposureArgs) -> anyhow::Result<u64> {
    let reach = match reach_chain(&args.chain.store.store, &args.chain.server) {
        // A damaged file is what is computed again.
        Err(e) if matches!(e.downcast_ref(), Some(WorkspaceError::Exposures(_))) => {
            let damaged = args.chain.store.store.join("exposures");
            std::fs::remove_file(&damaged).with_context(|| damaged.display().to_string())?;
            reach_chain(&args.chain.store.store, &args.chain.server)?
        }
        reach => reach?,
    };
    match reach {
        ChainReach::There(client) => Ok(client.post("/api/v1/exposures/rebuild").fetch::<Value>()?.count("txs")),
        ChainReach::Here(mut workspace) => {
            workspace.recompute_exposures();
            workspace.save()?;
            Ok(u64::from(workspace.exposures.done()))
        }
    }
}

pub fn exposure(args: ExposureArgs, as_json: bool) -> anyhow::Result<()> {
    if args.accounts.is_meant() {
        let rebuild = args.rebuild.then_some("--rebuild");
        refuse(rebuild, "is for chains of Bitcoin's family: account chains compute exposures when asked")?;
        refuse(args.entity.then_some("--entity"), NO_ENTITY)?;
        let subject = args.subject.context("name an address, a transaction or a transfer")?;
        return traces::exposure(&args.chain, &args.accounts, &subject, as_json);
    }
    if args.rebuild {
        println!("Recomputed the exposures of {} transactions.", thousands(rebuild_exposures(&args)?));
    }
    let Some(subject) = args.subject else {
        if args.rebuild {
            return Ok(());
        }
        bail!("name an address, transaction or output, or give --rebuild");
    };
    let reader = args.chain.open()?;
    let server = api_path(&["exposure", &subject]);
    let exposure: ExposureView =
        reader.query(|w| w.exposure(&subject, args.entity), |c| c.get(&server).query("entity", args.entity))?;
    if as_json {
        return output::json(&exposure);
    }
    print_exposure(&exposure);
    Ok(())
}

#[derive(Args)]
pub struct PathsArgs {
    /// An address of the first entity.
    from: String,
    /// An address of the second entity.
    to: String,
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    accounts: AccountChoice,
    #[command(flatten)]
    links: LinkArgs,
    /// The account chain of the second address; without it, every one that mentions it.
    #[arg(long)]
    to_chain: Option<String>,
    /// Most transactions of a path.
    #[arg(long, default_value_t = 50)]
    max_hops: u32,
    /// Most paths.
    #[arg(long, default_value_t = 10)]
    most: usize,
}

pub fn paths(args: PathsArgs, as_json: bool) -> anyhow::Result<()> {
    let options =
        TraceOptions { bounds: Bounds { max_hops: args.max_hops, ..Bounds::default() }, ..TraceOptions::default() };
    if args.accounts.is_meant() {
        let request = traces::request(&args.from, &args.accounts, &args.links, options);
        let to = (args.to.as_str(), args.to_chain.as_deref());
        return traces::paths(&args.chain, &args.accounts, &request, to, args.most, as_json);
    }
    refuse(args.links.given().or(args.to_chain.as_ref().map(|_| "--to-chain")), FOR_ACCOUNTS)?;
    let reader = args.chain.open()?;
    let paths: Vec<PathReport> = reader.query(
        |w| w.paths_for(&args.from, &args.to, &options, args.most, Tlp::Red),
        |c| {
            let request = c.get("/api/v1/paths").query("from", &args.from).query("to", &args.to);
            request.query("max_hops", args.max_hops).query("most", args.most)
        },
    )?;
    if as_json {
        return output::json(&paths);
    }
    chain::print_paths(&paths);
    Ok(())
}
