//! `holdfast models train-accounts` and what follows from it: suggested tags of an account chain, which people accept or reject.

use crate::answer::{Answer, Fields};
use crate::args::{DeskArgs, named};
use crate::output;
use crate::running::{ChainReach, Reach, TagsReach, reach_tags};
use anyhow::{Context, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use holdfast_api::models::ModelRequest;
use holdfast_attribution::TagStore;
use holdfast_attribution::own::OwnChange;
use holdfast_chains::{open_accounts, pick_accounts};
use holdfast_client::api_path;
use holdfast_learned::{Decided, Suggestion, SuggestionState, open};
use holdfast_models::accounts::Amounts;
use holdfast_models::leaks::Explained;
use holdfast_models::{Model, ModelHash};
use holdfast_screening::Screening;
use holdfast_state::suggesting::{stands, stored};
use holdfast_suggest::{
    AccountPlan, AccountTraining, AmountUnit, Histories, LedgerRequest, LedgerTraining, MAX_ACCOUNTS, MAX_HISTORY,
    Pass, Suggestions, score_histories, tag_of, train, train_on_ledger,
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const SUGGESTIONS: &str = "/api/v1/suggestions";

#[derive(Args)]
pub struct TrainAccounts {
    #[command(flatten)]
    desk: DeskArgs,
    /// Folder with the transactions of accounts of the crime, ADDRESS.csv each: TimeStamp, From, To, Value, isError.
    #[arg(long, required_unless_present = "chain", requires = "negative")]
    positive: Vec<PathBuf>,
    /// Folder with those of ordinary accounts, obtained in the same way.
    #[arg(long, requires = "positive")]
    negative: Vec<PathBuf>,
    /// Instead: an account chain of the store, by name or CAIP-2 id, whose ledger has the accounts and the payments around them.
    #[arg(long, requires = "labels", conflicts_with_all = ["positive", "negative", "base_units"])]
    chain: Option<String>,
    /// CSV of addresses of that chain: address,label with labels positive and negative.
    #[arg(long, requires = "chain")]
    labels: Option<PathBuf>,
    /// Share of accounts that analysts can review, above 0 to 1.
    #[arg(long, default_value_t = 0.01)]
    budget: f64,
    /// Values of the files are in base units (wei), not in coins (ether).
    #[arg(long)]
    base_units: bool,
    /// Learn from how large amounts are too: only where both classes were obtained in the same way.
    #[arg(long)]
    with_amounts: bool,
    /// With --chain: learn from counts over the whole chain too, which `holdfast-analytics install features` brought back. Looking needs them then.
    #[arg(long, requires = "chain")]
    whole_chain: bool,
    /// FEATURE=REASON: a feature that separates the classes alone, and why it is no leak; can be repeated.
    #[arg(long, value_parser = explained)]
    explain: Vec<Explained>,
    /// A kind of crime that no account shows, for the model card; can be repeated.
    #[arg(long)]
    never_seen: Vec<String>,
    /// The model that this one is to replace.
    #[arg(long)]
    parent: Option<ModelHash>,
}

#[derive(Args)]
pub struct ScoreAccounts {
    /// A model's file, as `models export` writes it.
    model: PathBuf,
    /// Folder with the transactions of accounts of the crime, ADDRESS.csv each: TimeStamp, From, To, Value, isError.
    #[arg(long, required_unless_present = "negative")]
    positive: Vec<PathBuf>,
    /// Folder with those of other accounts, or of accounts of which nothing is known.
    #[arg(long)]
    negative: Vec<PathBuf>,
    /// Share of accounts that analysts can review, above 0 to 1.
    #[arg(long, default_value_t = 0.01)]
    budget: f64,
    /// Values of the files are in base units (wei), not in coins (ether).
    #[arg(long)]
    base_units: bool,
    /// Write each account's score to this file, CSV: address, label, score in log odds, probability.
    #[arg(long)]
    scores: Option<PathBuf>,
}

#[derive(Args)]
pub struct Suggest {
    #[command(flatten)]
    desk: DeskArgs,
    /// Account chain, by name or CAIP-2 id, such as ethereum.
    chain: String,
    /// A model in shadow; by default the champion.
    #[arg(long)]
    model: Option<ModelHash>,
    /// An address to look at; can be repeated. By default those that received coin in the newest blocks.
    #[arg(long = "address")]
    addresses: Vec<String>,
    /// How many of the newest blocks: by default 7,200, a day of Ethereum; at most 100,000.
    #[arg(long, conflicts_with = "addresses")]
    blocks: Option<u64>,
    /// Least probability, above 0 and below 1; by default the threshold that training chose.
    #[arg(long)]
    least: Option<f64>,
    /// Most suggestions that are stored, the most probable ones: by default 100.
    #[arg(long)]
    most: Option<u64>,
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    desk: DeskArgs,
    /// open, accepted or rejected; by default all.
    #[arg(long, value_parser = named::<SuggestionState>())]
    state: Option<SuggestionState>,
    /// How many to skip.
    #[arg(long, default_value_t = 0)]
    skip: u64,
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    desk: DeskArgs,
    /// Number of the suggestion.
    id: u64,
    /// Language of the reasons: en, es or de.
    #[arg(long, default_value = "en")]
    lang: String,
}

#[derive(Args)]
pub struct Decide {
    #[command(flatten)]
    desk: DeskArgs,
    /// Number of the suggestion.
    id: u64,
    /// Why.
    #[arg(long)]
    note: String,
}

fn explained(text: &str) -> Result<Explained, String> {
    match text.split_once('=') {
        Some((feature, reason)) if !feature.trim().is_empty() && !reason.trim().is_empty() => {
            Ok(Explained { feature: feature.trim().to_owned(), reason: reason.trim().to_owned() })
        }
        _ => Err("FEATURE=REASON is expected".to_owned()),
    }
}

/// Reads the files of a folder in the order of their names.
fn read_folder(all: &mut Histories, folder: &Path, is_positive: bool, unit: AmountUnit) -> anyhow::Result<()> {
    let shown = || folder.display().to_string();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(shown)? {
        let path = entry.with_context(shown)?.path();
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
            files.push(path);
        }
        if files.len() > MAX_ACCOUNTS {
            bail!("{}: more than {MAX_ACCOUNTS} files", shown());
        }
    }
    if files.is_empty() {
        bail!("{}: has no file ADDRESS.csv", shown());
    }
    files.sort();
    for path in files {
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let text = String::from_utf8(output::read_bounded(&path, MAX_HISTORY)?);
        let text = text.with_context(|| format!("{}: no UTF-8", path.display()))?;
        all.add(&name, is_positive, &text, unit).with_context(|| path.display().to_string())?;
        if output::stopping().is_break() {
            bail!("stopped");
        }
    }
    Ok(())
}

fn read_folders(positive: &[PathBuf], negative: &[PathBuf], base_units: bool) -> anyhow::Result<Histories> {
    let unit = if base_units { AmountUnit::BaseUnits } else { AmountUnit::Coin };
    let mut all = Histories::default();
    for (folders, is_positive) in [(positive, true), (negative, false)] {
        for folder in folders {
            read_folder(&mut all, folder, is_positive, unit)?;
        }
    }
    Ok(all)
}

/// Scores accounts by their histories and, where both classes are there, says how good the model is on them.
pub fn score_accounts(args: &ScoreAccounts, as_json: bool) -> anyhow::Result<()> {
    let file = output::read_bounded(&args.model, MAX_HISTORY)?;
    let model = Model::from_bytes(&file).with_context(|| args.model.display().to_string())?;
    let scored = score_histories(&model, &read_folders(&args.positive, &args.negative, args.base_units)?, args.budget)?;
    if let Some(path) = &args.scores {
        let mut text = "address,label,score,probability\n".to_owned();
        for a in &scored.accounts {
            let label = if a.is_positive { "positive" } else { "negative" };
            writeln!(text, "{},{label},{},{:.6}", a.address, a.score, f64::from(a.probability_ppm) / 1e6)?;
        }
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    let answer = Answer::of(&json!({
        "model": model.hash(), "accounts": scored.accounts.len(), "without_payments": scored.without_payments, "measured": scored.measured,
    }))?;
    if as_json {
        return answer.print();
    }
    println!(
        "{} accounts scored, {} without payments left out",
        answer.count("accounts"),
        answer.count("without_payments")
    );
    let measured = &answer["measured"];
    if measured.is_null() {
        println!("one class only: how good the model is on them is not known");
        return Ok(());
    }
    println!("average precision {}", crate::models::interval(&measured["average_precision"]));
    println!("AUC {}", crate::models::figure(&measured["auc"]));
    println!("at the budget: precision {}", crate::models::interval(&measured["at_budget"]["precision"]));
    Ok(())
}

/// Trains on labelled addresses of a chain's ledger.
fn train_on_chain(desk: &DeskArgs, request: &LedgerRequest, as_json: bool) -> anyhow::Result<()> {
    let screening = match desk.reach()? {
        Reach::Here(screening) => screening,
        Reach::There(client) => {
            let job = Answer::of_bytes(client.post("/api/v1/models/train-accounts").json(request).bytes()?)?;
            if as_json {
                return job.print();
            }
            println!("job {}: the server trains; `holdfast models list` shows the draft", job.count("id"));
            return Ok(());
        }
    };
    let chain = pick_accounts(&open_accounts(&desk.store.store)?, "", Some(&request.chain))?;
    let bar = output::bar(0, "addresses");
    let mut watch = |done: usize| {
        bar.set_position(done as u64);
        output::stopping()
    };
    let decided = suggestions(&screening).decided()?;
    let trained = train_on_ledger(stored(&chain), request, &decided, &mut watch)?;
    bar.finish_and_clear();
    let LedgerTraining { trained, not_looked, figures_block } = trained.context("stopped")?;
    let entry = Answer::of(&screening.add_model(trained.model.clone(), &desk.actor)?)?;
    told(&entry, &trained, (&json!(not_looked), figures_block), as_json)
}

pub fn train_accounts(args: TrainAccounts, as_json: bool) -> anyhow::Result<()> {
    if let (Some(chain), Some(labels)) = (&args.chain, &args.labels) {
        let text = output::read_bounded(labels, MAX_HISTORY)?;
        let labels = String::from_utf8(text).with_context(|| format!("{}: no UTF-8", labels.display()))?;
        let request = LedgerRequest {
            chain: chain.clone(),
            labels,
            budget: args.budget,
            with_amounts: args.with_amounts,
            whole_chain: args.whole_chain,
            explained: args.explain,
            never_seen: args.never_seen,
            parent: args.parent,
        };
        return train_on_chain(&args.desk, &request, as_json);
    }
    let all = read_folders(&args.positive, &args.negative, args.base_units)?;
    let plan = AccountPlan {
        amounts: if args.with_amounts { Amounts::With } else { Amounts::Without },
        explained: args.explain,
        never_seen: args.never_seen,
        parent: args.parent,
        ..AccountPlan::of(args.budget)
    };
    let desk = &args.desk;
    let (trained, entry) = match desk.reach()? {
        Reach::Here(screening) => {
            let trained = Suggestions { screening: &screening }.train(&all, &plan)?;
            let entry = Answer::of(&screening.add_model(trained.model.clone(), &desk.actor)?)?;
            (trained, entry)
        }
        Reach::There(client) => {
            let labels = client.get(&format!("{SUGGESTIONS}/labels")).bytes()?;
            let decided: Vec<Decided> = serde_json::from_slice(&labels).context("labels of the server")?;
            let trained = train(&all, &decided, &plan)?;
            let file = BASE64_STANDARD.encode(trained.model.to_bytes());
            let request = ModelRequest { file, ..ModelRequest::default() };
            (trained, Answer::of_bytes(client.post("/api/v1/models").json(&request).bytes()?)?)
        }
    };
    told(&entry, &trained, (&json!({}), None), as_json)
}

/// Prints what was trained. `not_looked` are addresses that nothing was learned from, by reason; `figures_block` is the block of counts over the whole chain.
fn told(
    entry: &Answer,
    trained: &AccountTraining,
    (not_looked, figures_block): (&Value, Option<u64>),
    as_json: bool,
) -> anyhow::Result<()> {
    let measured = trained.model.content().training.as_ref().map(|t| (t.measured, t.test));
    let answer = Answer::of(&json!({
        "model": **entry, "counts": trained.counts, "measured": measured.map(|m| m.0), "test": measured.map(|m| m.1),
        "not_looked": not_looked, "figures_block": figures_block,
    }))?;
    if as_json {
        return answer.print();
    }
    let (counts, measured) = (&answer["counts"], &answer["measured"]);
    println!("model {}: {}", answer["model"].word("model"), answer["model"].word("state"));
    println!(
        "{} accounts, {} positive, in {} groups; {} without payments left out; {} decided suggestions",
        counts.count("accounts"),
        counts.count("positives"),
        counts.count("groups"),
        counts.count("without_payments"),
        counts.count("decided")
    );
    print_figures_block(&answer);
    print_not_looked(&answer["not_looked"], "not learned from");
    println!(
        "average precision {} on {} later accounts, {} positive: by payments alone, as a ledger serves them",
        crate::models::interval(&measured["average_precision"]),
        answer["test"].count("rows"),
        answer["test"].count("positives")
    );
    Ok(())
}

fn suggestions(screening: &Screening) -> Suggestions<'_> {
    Suggestions { screening }
}

pub fn suggest(args: Suggest, as_json: bool) -> anyhow::Result<()> {
    let Suggest { desk, chain, model, addresses, blocks, least, most } = args;
    let pass = Pass { model, addresses, blocks, least, most };
    let here = |screening: &Screening| -> anyhow::Result<_> {
        let chain = pick_accounts(&open_accounts(&desk.store.store)?, "", Some(&chain))?;
        let is_tagged = |address: &str| chain.tags.tags_of(address).next().is_some();
        let bar = output::bar(0, "addresses");
        let mut watch = |done: usize| {
            bar.set_position(done as u64);
            output::stopping()
        };
        let report = suggestions(screening).pass(stored(&chain), &pass, &is_tagged, &desk.actor, &mut watch)?;
        bar.finish_and_clear();
        report.context("stopped")
    };
    let answer = desk.answer(here, |c| c.post(&format!("{SUGGESTIONS}/pass")).query("chain", &chain).json(&pass))?;
    if as_json {
        return answer.print();
    }
    println!(
        "{} blocks {} to {}: {} addresses scored, {} found",
        answer.word("chain"),
        answer.count("from_block"),
        answer.count("block"),
        answer.count("scored"),
        answer.count("found")
    );
    print_figures_block(&answer);
    let stored = &answer["stored"];
    println!(
        "{} new suggestions, {} renewed, {} decided before, {} not stored since too many wait",
        stored.count("new"),
        stored.count("renewed"),
        stored.count("decided_before"),
        stored.count("not_stored")
    );
    print_not_looked(&answer["not_looked"], "not scored");
    if answer.is("is_cut") {
        println!("more addresses received coin in these blocks than are looked at");
    }
    Ok(())
}

fn print_figures_block(answer: &Answer) {
    if let Some(block) = answer["figures_block"].as_u64() {
        println!("counts over the whole chain are as of block {block}");
    }
}

fn print_not_looked(reasons: &Value, what: &str) {
    for (why, n) in reasons.as_object().into_iter().flatten() {
        println!("{what}, {}: {n}", why.replace('_', " "));
    }
}

pub fn list(args: &List, as_json: bool) -> anyhow::Result<()> {
    let List { desk, state, skip } = args;
    let answer = desk.answer(
        |s| suggestions(s).list(*state, *skip, 100),
        |c| c.get(SUGGESTIONS).query_opt("state", *state).query("skip", skip),
    )?;
    if as_json {
        return answer.print();
    }
    answer.rows("suggestions").iter().for_each(print_row);
    Ok(())
}

fn print_row(s: &Value) {
    println!(
        "{:>6} {:<8} {} {} {} {:>9} as of block {}, {} payments",
        s.count("id"),
        s.word("state"),
        s.word("chain"),
        s.word("address"),
        s.word("category"),
        crate::models::percent(s.count("probability_ppm")),
        s.count("block"),
        s.count("payments")
    );
}

pub fn show(args: &Show, as_json: bool) -> anyhow::Result<()> {
    let Show { desk, id, lang } = args;
    let here = |s: &Screening| suggestions(s).explain(*id, lang);
    let answer = desk.answer(here, |c| c.get(&path(*id, &[])).query("lang", lang))?;
    if as_json {
        return answer.print();
    }
    print_row(&answer);
    println!("model {}", answer.word("model"));
    answer.list("reasons").iter().for_each(|reason| println!("  {}", reason.word("text")));
    if answer["note"].is_string() {
        println!("{} by {}: {}", answer.word("state"), answer.word("decided_by"), answer.word("note"));
    }
    Ok(())
}

fn path(id: u64, below: &[&str]) -> String {
    let id = id.to_string();
    let mut parts = vec!["suggestions", id.as_str()];
    parts.extend(below);
    api_path(&parts)
}

/// States the tag of a suggestion in the store.
fn state_tag(desk: &DeskArgs, suggestion: &Suggestion, today: &str) -> anyhow::Result<()> {
    let tag = tag_of(suggestion)?.stated(&desk.actor, today)?;
    let is_there = |tags: &TagStore| stands(tags, suggestion);
    match reach_tags(&desk.store.store, &desk.server)? {
        TagsReach::Chain(ChainReach::Here(mut workspace)) => {
            if !is_there(&workspace.tags) {
                workspace.change_own_tags(OwnChange::Add(tag))?;
                workspace.refresh()?;
            }
        }
        TagsReach::Alone(mut tags) => {
            if !is_there(tags.tags()) {
                tags.change_own(OwnChange::Add(tag))?;
                tags.save()?;
            }
        }
        TagsReach::Chain(ChainReach::There(_)) => {
            bail!("a server has the store and another process the desk; run this command on the server (--server)")
        }
    }
    Ok(())
}

pub fn accept(args: &Decide, as_json: bool) -> anyhow::Result<()> {
    let Decide { desk, id, note } = args;
    let here = |s: &Screening| -> anyhow::Result<Suggestion> {
        let suggestion = suggestions(s).get(*id)?;
        open(&suggestion)?;
        if note.trim().is_empty() {
            bail!("--note: missing");
        }
        let today: String = s.now().rfc3339().chars().take(10).collect();
        state_tag(desk, &suggestion, &today)?;
        Ok(suggestions(s).settle(*id, true, note, &desk.actor)?)
    };
    decided(desk.answer(here, |c| c.post(&path(*id, &["accept"])).json(&json!({ "note": note })))?, as_json)
}

pub fn reject(args: &Decide, as_json: bool) -> anyhow::Result<()> {
    let Decide { desk, id, note } = args;
    let here = |s: &Screening| suggestions(s).settle(*id, false, note, &desk.actor);
    decided(desk.answer(here, |c| c.post(&path(*id, &["reject"])).json(&json!({ "note": note })))?, as_json)
}

fn decided(answer: Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    print_row(&answer);
    Ok(())
}
