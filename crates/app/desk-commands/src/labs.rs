//! `holdfast academy labs`: tasks with known answers; their files, and the store of their chain.

use crate::output;
use anyhow::{Context, bail};
use clap::Subcommand;
use holdfast_academy::grade::percent;
use holdfast_academy::labs::{LABS, Lab, lab, make};
use holdfast_attribution::import::collect;
use holdfast_bitcoin::Network;
use holdfast_bitcoin::files::{BlockFiles, read_single_block};
use holdfast_utxo_ledger::{AppendOptions, BlockFeed, FilesFeed, MemoryBlock, MemoryFeed};
use holdfast_workspace::Workspace;
use serde_json::json;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

/// Most files of a task.
const MAX_FILES: usize = 10_000;
/// Largest task with all its files, in bytes.
const MAX_TASK: u64 = 1 << 30;

#[derive(Subcommand)]
pub enum LabsCommand {
    /// List the labs.
    List,
    /// Make a task from a seed, for self-study: its files, and the store of its chain if it has one.
    Make {
        /// Name of the lab.
        lab: String,
        /// The same seed gives the same task.
        #[arg(long)]
        seed: u64,
        /// Folder; must be empty or missing.
        #[arg(long)]
        out: PathBuf,
    },
    /// Grade an answer to a task made from a seed.
    Check {
        /// Name of the lab.
        lab: String,
        /// The task's seed.
        #[arg(long)]
        seed: u64,
        /// Name of the step.
        step: String,
        /// Answer; @FILE reads it from a file.
        #[arg(required_unless_present_any = ["hint", "solution"])]
        answer: Option<String>,
        /// Print the hint of this number instead (1, 2, ...).
        #[arg(long, conflicts_with = "answer")]
        hint: Option<usize>,
        /// Print the solution and its reasons instead.
        #[arg(long, conflicts_with_all = ["answer", "hint"])]
        solution: bool,
    },
}

fn find(name: &str) -> anyhow::Result<&'static Lab> {
    let known = || LABS.iter().map(|l| l.id).collect::<Vec<_>>().join(", ");
    lab(name).with_context(|| format!("there is no lab '{name}'; there are {}", known()))
}

/// An answer, or the file that it names.
pub fn text_of(answer: &str) -> anyhow::Result<String> {
    let Some(file) = answer.strip_prefix('@') else { return Ok(answer.to_owned()) };
    let bytes = output::read_bounded(Path::new(file), holdfast_academy::grade::MAX_ANSWER)?;
    String::from_utf8(bytes).with_context(|| format!("{file}: no UTF-8"))
}

/// Returns the files of a task's ZIP. Names stay below the folder that they are written to.
pub fn unpack(zip: Vec<u8>) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).context("the task is no ZIP")?;
    anyhow::ensure!(zip.len() <= MAX_FILES, "the task has more than {MAX_FILES} files");
    let (mut files, mut left) = (Vec::new(), MAX_TASK);
    for i in 0..zip.len() {
        let file = zip.by_index(i)?;
        let name =
            file.enclosed_name().with_context(|| format!("file {i} of the task has a name outside of its folder"))?;
        let mut bytes = Vec::new();
        file.take(left + 1).read_to_end(&mut bytes)?;
        left =
            left.checked_sub(bytes.len() as u64).with_context(|| format!("the task has more than {MAX_TASK} bytes"))?;
        files.push((name.to_string_lossy().into_owned(), bytes));
    }
    Ok(files)
}

/// Writes a task's files, and builds the store of its chain in `store/`.
pub fn write_task(files: &[(String, Vec<u8>)], out: &Path) -> anyhow::Result<()> {
    if out.exists() && std::fs::read_dir(out).with_context(|| out.display().to_string())?.next().is_some() {
        bail!("{} is not empty; choose another folder", out.display());
    }
    for (name, bytes) in files {
        let path = out.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    match out.join("blocks").is_dir() {
        true => build_store(files, out),
        false => Ok(()),
    }
}

/// Builds the store of a task's chain: a simulated one of a node's file, or real blocks that are named by their height.
fn build_store(files: &[(String, Vec<u8>)], out: &Path) -> anyhow::Result<()> {
    let mut single = Vec::new();
    for (name, bytes) in files {
        let name = name.strip_prefix("blocks/").and_then(|n| n.strip_suffix(".block"));
        if let Some(height) = name.and_then(|n| n.parse().ok()) {
            let block = read_single_block(bytes.clone(), Network::Bitcoin)?;
            single.push(MemoryBlock { height, block, spent: None });
        }
    }
    single.sort_by_key(|b| b.height);
    if !single.is_empty() {
        return fill(out, Network::Bitcoin, &MemoryFeed(single));
    }
    let found = BlockFiles::open(&out.join("blocks"), Network::Regtest, |_| None)?;
    fill(out, Network::Regtest, &FilesFeed::new(&found, 0, true))
}

/// Fills the store of a task with blocks and the task's tags.
fn fill(out: &Path, network: Network, feed: &dyn BlockFeed) -> anyhow::Result<()> {
    let mut workspace = Workspace::create_or_open(&out.join("store"), network)?;
    workspace.ledger.append(feed, &AppendOptions::default(), &mut |_| output::stopping())?;
    if let Some(refused) = workspace.import_tags(collect(&out.join("tags"))?).refused.first() {
        bail!("tags of the task: {refused}");
    }
    workspace.refresh()?;
    Ok(workspace.save()?)
}

pub fn labs(command: LabsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        LabsCommand::List => {
            let all: Vec<_> = LABS.iter().map(Lab::view).collect();
            if as_json {
                return output::json(&all);
            }
            all.iter().for_each(|l| println!("{:<20} {:>3} min  {}: {}", l.id, l.minutes, l.title, l.teaches));
            Ok(())
        }
        LabsCommand::Make { lab, seed, out } => {
            let lab = find(&lab)?;
            let made = make(lab, seed).map_err(anyhow::Error::msg)?;
            write_task(&made.pack(lab.title), &out)?;
            if as_json {
                let steps: Vec<_> = made.steps.iter().map(|s| json!({"id": s.id, "question": s.question, "form": s.check.form(), "options": s.check.options()})).collect();
                return output::json(&json!({"lab": lab.id, "seed": seed, "brief": made.brief, "steps": steps}));
            }
            println!("{}", made.words(lab.title));
            println!(
                "All of it is in {}. Check an answer: holdfast academy labs check {} --seed {seed} STEP ANSWER",
                out.display(),
                lab.id
            );
            Ok(())
        }
        LabsCommand::Check { lab, seed, step, answer, hint, solution } => {
            let made = make(find(&lab)?, seed).map_err(anyhow::Error::msg)?;
            let known = || made.steps.iter().map(|s| s.id).collect::<Vec<_>>().join(", ");
            let found = made.steps.iter().find(|s| s.id == step);
            let found = found.with_context(|| format!("there is no step '{step}'; there are {}", known()))?;
            if let Some(n) = hint {
                let text = n.checked_sub(1).and_then(|n| found.hints.get(n));
                println!("{}", text.with_context(|| format!("the step has {} hints", found.hints.len()))?);
                return Ok(());
            }
            if solution {
                println!("{}\n{}", found.check.solution(), found.why);
                return Ok(());
            }
            let graded = found.check.grade(&text_of(answer.as_deref().unwrap_or_default())?);
            if as_json {
                output::json(&graded)?;
            } else {
                graded.feedback.iter().for_each(|f| println!("{f}"));
                println!("{} of the step", percent(u64::from(graded.credit)));
            }
            anyhow::ensure!(graded.right, "not wholly right");
            Ok(())
        }
    }
}
