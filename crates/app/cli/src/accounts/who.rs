//! `holdfast accounts links`, `cluster`, `explain` and `accuracy`: what joins transfers across assets and chains, and accounts with each other.

use super::print;
use super::show::{PageArgs, Reader, Where, paged, path, show};
use crate::args::StoreArgs;
use crate::lookup::ChainArgs;
use crate::output::{self, counted};
use anyhow::{Context, bail};
use clap::Subcommand;
use holdfast_account_attribution::accuracy::measure;
use holdfast_account_attribution::{Options, Services, Signals};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::link_reports::{LinkEnd, LinkView, LinksPage};
use holdfast_account_workspace::who::CLEARANCE;
use holdfast_account_workspace::who_reports::{AccountClusterReport, AccountExplanation, MembershipView};
use holdfast_attribution::accuracy::Score;
use holdfast_attribution::import::import;
use holdfast_attribution::{TagStore, Tlp};
use holdfast_chains::pick_accounts;
use holdfast_types::{AccountId, Address, ChainId};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Largest file of the truth.
const MAX_TRUTH: usize = 1 << 30;

#[derive(Subcommand)]
pub enum WhoCommand {
    /// Links of an address or a transaction: swaps, wraps, bridges and moves of mixers, with evidence and the measured error of their rule.
    Links {
        /// An address, a transaction's hash, or a transfer's id.
        of: String,
        #[command(flatten)]
        page: PageArgs,
        #[command(flatten)]
        at: Where,
    },
    /// The accounts that count as one owner's with an address, and the tag that defines them.
    Cluster {
        /// The address, in any form of its chain.
        address: String,
        /// Leave out this many accounts.
        #[arg(long, default_value_t = 0)]
        skip: usize,
        #[command(flatten)]
        at: Where,
    },
    /// Why two addresses count as one owner's: the joins between them, each with the transfers that show it.
    Explain {
        /// An address.
        from: String,
        /// Another.
        to: String,
        #[command(flatten)]
        at: Where,
    },
    /// Precision and recall of each heuristic on a chain of the simulated economy, whose owners are known.
    Accuracy {
        /// The folder that `holdfast simulate accounts` wrote, or `truth` in it.
        #[arg(long)]
        truth: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
        /// The chain, where the store has several.
        #[arg(long, value_parser = ChainId::of_accounts)]
        chain: Option<ChainId>,
    },
}

pub fn run(command: WhoCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        WhoCommand::Links { of, page, at } => show(&links(&of, &page, &at)?, print_links, as_json),
        WhoCommand::Cluster { address, skip, at } => {
            let report: AccountClusterReport = at.query(
                &address,
                |w| w.account_cluster(&address, skip, Tlp::Red),
                |c| c.get(&path("cluster", &address)).query("skip", skip),
            )?;
            show(&report, print_cluster, as_json)
        }
        WhoCommand::Explain { from, to, at } => explained(&from, &to, &at, as_json),
        WhoCommand::Accuracy { truth, store, chain } => {
            let (chain, scores) = accuracy(&truth, &store.store, chain)?;
            print_scores(&chain, &scores, as_json)
        }
    }
}

fn explained(from: &str, to: &str, at: &Where, as_json: bool) -> anyhow::Result<()> {
    let report: AccountExplanation = at.query(
        from,
        |w| w.explain_accounts(from, to, Tlp::Red),
        |c| c.get(&holdfast_client::api_path(&["account-chains", "explain", from, to])),
    )?;
    show(&report, print_explanation, as_json)
}

/// Explains why two addresses of account chains count as one owner's, on the chain that has them.
pub fn explain(from: &str, to: &str, ChainArgs { store, server }: ChainArgs, as_json: bool) -> anyhow::Result<()> {
    explained(from, to, &Where { store, server, chain: None }, as_json)
}

fn links(of: &str, page: &PageArgs, at: &Where) -> anyhow::Result<LinksPage> {
    match at.open_all()? {
        Reader::Files(chains) => {
            let chain = pick_accounts(&chains, of, at.chain())?;
            Ok(AccountWorkspace::links_page(&chains, &chain, of, page.start())?)
        }
        Reader::Server(client) => {
            Ok(paged(client.get(&path("links", of)), page).query_opt("chain", at.chain()).fetch()?)
        }
    }
}

fn end(end: Option<&LinkEnd>, unknown: &str) -> String {
    let Some(end) = end else { return unknown.to_owned() };
    let tx = end.tx.as_deref().unwrap_or("a transaction that is not held");
    format!("{} of {} on {} ({tx}, block {})", end.asset.amount(end.amount), end.account, end.chain, end.height)
}

fn link(view: &LinkView) {
    let certainty = view.certainty.as_ref().map(|c| format!(", {c}")).unwrap_or_default();
    let error = match (view.error_ppm, &view.measured_on, view.measured_pairs.zip(view.measured_wrong)) {
        (Some(ppm), Some(on), Some((pairs, wrong))) => {
            format!(", at most {:.2}% wrong (95%; {wrong} of {pairs} on {on})", f64::from(ppm) / 10_000.0)
        }
        _ if view.state == "linked" => ", error not measured".to_owned(),
        _ => String::new(),
    };
    println!("{} by {}: {}{certainty}{error}", view.kind, view.rule, view.state);
    let unknown = match (view.kind.as_str(), view.state.as_str()) {
        ("mixer", _) => "not known: a mixer's deposits and withdrawals are candidates only",
        (_, "missing") => "not there, though its blocks are held",
        _ => "not known",
    };
    println!("  given     {}", end(view.out.as_ref(), unknown));
    println!("  received  {}", end(view.into.as_ref(), unknown));
    view.message.iter().for_each(|message| println!("  message   {message}"));
}

fn print_links(page: &LinksPage) {
    page.links.iter().for_each(link);
    match page.next {
        Some(next) => println!("{}; more with --after {next}", counted(page.links.len(), "link")),
        None => println!("{}.", counted(page.links.len(), "link")),
    }
    print::gaps(&page.gaps);
}

fn print_cluster(report: &AccountClusterReport) {
    println!("Address {} on {}, {} ({} risk)", report.address, report.chain, report.category, report.risk);
    report.tag.iter().for_each(|tag| print::tags(std::slice::from_ref(tag)));
    println!("{} by {}:", counted(report.size, "account"), report.heuristics.join(", "));
    report.members.iter().for_each(|member| println!("  {member}"));
    let more = report.size.saturating_sub(report.members.len() as u64);
    if more > 0 {
        println!("  ... {more} more (see --skip)");
    }
    print::gaps(&report.gaps);
}

fn membership(view: &MembershipView) {
    let what = view.fact.clone().unwrap_or_else(|| view.transfers.join(", then "));
    println!("    {} since block {}: {what}", view.account, view.height);
}

fn print_explanation(report: &AccountExplanation) {
    if report.joined {
        println!("{} and {} are in one cluster.", report.from, report.to);
    } else {
        println!("{} and {} are not in one cluster; they may still be one owner's.", report.from, report.to);
    }
    for step in &report.steps {
        println!("  {} and {} by {} through {}", step.from, step.to, step.heuristic, step.through);
        step.evidence.iter().for_each(membership);
    }
    print::gaps(&report.gaps);
}

/// What the simulation says of accounts: who owns them, and which are contracts of its tokens.
struct Truth {
    owners: HashMap<AccountId, u64>,
    tokens: BTreeSet<String>,
    tags: TagStore,
}

fn read(path: &Path) -> anyhow::Result<String> {
    let bytes = output::read_bounded(path, MAX_TRUTH)?;
    String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", path.display()))
}

fn truth_of(dir: &Path) -> anyhow::Result<Truth> {
    let inner = dir.join("truth");
    let dir = if inner.is_dir() { inner.as_path() } else { dir };
    let path = dir.join("addresses.csv");
    let (mut owners, mut tokens) = (HashMap::new(), BTreeSet::new());
    for (number, line) in (1u64..).zip(read(&path)?.lines()).skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let wrong = || format!("{}, line {number}: not address,owner,role,customer", path.display());
        let [address, owner, role, ..] = cells.as_slice() else { bail!(wrong()) };
        let account = AccountId::try_from(&Address::read(address)).with_context(wrong)?;
        owners.insert(account, owner.parse::<u64>().with_context(wrong)?);
        if matches!(*role, "stablecoin" | "wrapper" | "token") {
            tokens.insert(hex::encode(account.as_bytes()));
        }
    }
    let (pack, mut tags) = (dir.join("tagpack.yaml"), TagStore::default());
    let report = import(&mut tags, vec![("tagpack.yaml".into(), read(&pack)?.into_bytes())]);
    if let Some(refused) = report.refused.first() {
        bail!("{}: {refused:?}", pack.display());
    }
    Ok(Truth { owners, tokens, tags })
}

fn accuracy(dir: &Path, store: &Path, chain: Option<ChainId>) -> anyhow::Result<(ChainId, Vec<Score>)> {
    let chains = AccountWorkspace::chains_of(store)?;
    let chain = match (chain, chains.as_slice()) {
        (Some(chain), _) => chain,
        (None, [one]) => one.clone(),
        (None, []) => bail!("{} has no account chain; `holdfast ingest --chain` makes one", store.display()),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(ChainId::as_str).collect();
            bail!("name the chain with --chain: the store has {}", names.join(", "))
        }
    };
    let workspace = AccountWorkspace::open(store, &chain, AccountWorkspace::tags_of(store)?)?;
    let truth = truth_of(dir)?;
    let services = Services::of(&truth.tags, chain.family(), CLEARANCE);
    let options = Options { trusted_tokens: truth.tokens, ..Options::of_chain(&chain) };
    let signals = Signals::read(workspace.signals())?;
    let scores = measure(&workspace.ledger, &services, &signals, &options, &truth.owners)?;
    Ok((chain, scores))
}

fn print_scores(chain: &ChainId, scores: &[Score], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let score = |s: &Score| {
            json!({"name": s.name, "pairs": s.made, "right": s.right, "possible": s.possible,
                "precision": s.precision(), "recall": s.recall()})
        };
        return output::json(&json!({"chain": chain, "heuristics": scores.iter().map(score).collect::<Vec<_>>()}));
    }
    println!("Pairs of accounts of {chain} that each heuristic states to be one owner's:");
    println!("{:<16} {:>12} {:>12} {:>10} {:>10}", "heuristic", "pairs", "right", "precision", "recall");
    for s in scores {
        let (precision, recall) = (100.0 * s.precision(), 100.0 * s.recall());
        println!("{:<16} {:>12} {:>12} {precision:>9.2}% {recall:>9.2}%", s.name, s.made, s.right);
    }
    Ok(())
}
