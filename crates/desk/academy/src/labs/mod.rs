//! Labs: tasks with data that differ from learner to learner and answers that are known. A lab and a seed give the same task each time, so only
//! the seed is stored; the truth comes from how the data were made, not from the tools that learners use.

pub mod blocks;
pub mod casework;
pub mod chains;
pub mod material;
mod models;
pub mod world;

use crate::grade::{Check, Form};
use holdfast_bitcoin::Network;
use holdfast_evaluation::workspace_of;
use holdfast_simulate::random::Random;
use holdfast_workspace::Workspace;
use serde::Serialize;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use world::World;

/// Share of a lab's points that passes it, in thousandths.
pub const PASS: u64 = 700;

/// A step of a lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name in the lab.
    pub id: &'static str,
    /// Question.
    pub question: String,
    /// What it is worth.
    pub points: u32,
    /// What is expected.
    pub check: Check,
    /// Help, one after the other.
    pub hints: Vec<String>,
    /// Why the answer is what it is; shown once the step is over.
    pub why: String,
}

/// The chain that a lab plays on.
#[derive(Clone, Debug, Default)]
pub enum Chain {
    /// None.
    #[default]
    None,
    /// A simulated one (regtest).
    Simulated(Arc<World>),
    /// Real blocks (bitcoin) by height, with a file of tags of their addresses.
    Real(Vec<(u32, Vec<u8>)>, (String, Vec<u8>)),
}

/// A learner's own task.
#[derive(Clone, Debug)]
pub struct Made {
    /// The story, in Markdown.
    pub brief: String,
    /// Files that come with it.
    pub files: Vec<(String, Vec<u8>)>,
    /// The chain.
    pub chain: Chain,
    /// Steps.
    pub steps: Vec<Step>,
}

/// A lab.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// Its name.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// What is learned.
    pub teaches: &'static str,
    /// Approximate duration, minutes.
    pub minutes: u32,
    /// The commands that it needs, for who works offline.
    pub tools: &'static [&'static str],
    make: fn(u64) -> Result<Made, String>,
}

/// A lab, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabView {
    /// Its name.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// What is learned.
    pub teaches: &'static str,
    /// Approximate duration, minutes.
    pub minutes: u32,
    /// The commands that it needs.
    pub tools: &'static [&'static str],
}

/// All labs.
pub const LABS: [Lab; 11] = [
    Lab {
        id: "follow-a-ransom",
        title: "Follow a ransom payment",
        teaches: "From the address in a ransom note to the account at an exchange that can still be frozen.",
        minutes: 30,
        tools: &["holdfast show", "holdfast trace"],
        make: chains::follow_a_ransom,
    },
    Lab {
        id: "peel-chain",
        title: "Undo a peel chain",
        teaches: "How stolen coins are spent slice by slice, and how to add the slices up.",
        minutes: 30,
        tools: &["holdfast trace", "holdfast show"],
        make: chains::peel_chain,
    },
    Lab {
        id: "tell-a-coinjoin",
        title: "Recognize a coinjoin",
        teaches: "Which transactions mix the coins of many, and which only look so.",
        minutes: 20,
        tools: &["holdfast show"],
        make: chains::recognize_a_coinjoin,
    },
    Lab {
        id: "one-owner",
        title: "One owner or two",
        teaches: "What co-spending proves, and where it misleads.",
        minutes: 20,
        tools: &["holdfast explain", "holdfast show"],
        make: chains::one_owner,
    },
    Lab {
        id: "real-blocks",
        title: "Names in real blocks",
        teaches: "Reading attribution: who was paid, by whose word, and how risky that is.",
        minutes: 15,
        tools: &["holdfast show", "holdfast exposure"],
        make: chains::real_blocks,
    },
    Lab {
        id: "freeze-request",
        title: "Draft a freeze request",
        teaches: "What an exchange needs to hold funds at once: process, targets, reasons.",
        minutes: 30,
        tools: &["holdfast desk review", "holdfast desk policy"],
        make: casework::freeze_request,
    },
    Lab {
        id: "forged-requests",
        title: "Judge forged requests",
        teaches: "The signs of a request that no officer wrote.",
        minutes: 20,
        tools: &["holdfast desk review"],
        make: casework::forged_requests,
    },
    Lab {
        id: "name-the-typology",
        title: "Name the typology",
        teaches: "Reading customers' movements: structuring, mules, takeovers, rings of fake accounts.",
        minutes: 30,
        tools: &["holdfast records", "holdfast screen", "holdfast alerts"],
        make: casework::name_the_typology,
    },
    Lab {
        id: "seed-on-a-disk",
        title: "Find the seed on a disk image",
        teaches: "From a raw image to a phrase, its addresses, and what is no phrase.",
        minutes: 25,
        tools: &["holdfast evidence scan", "holdfast evidence secrets"],
        make: material::seed_on_a_disk,
    },
    Lab {
        id: "at-the-scene",
        title: "What was found at the scene",
        teaches: "Telling hardware wallets, paper wallets and notes from what an officer brings.",
        minutes: 20,
        tools: &["holdfast evidence scan"],
        make: material::at_the_scene,
    },
    Lab {
        id: "why-did-the-model-say-so",
        title: "Why did the model say so",
        teaches: "Reading a learned model's reasons, and what a score does not say: how many alerts are right, and who decides.",
        minutes: 20,
        tools: &["holdfast models score", "holdfast models card", "holdfast verify"],
        make: models::why_did_the_model_say_so,
    },
];

impl Lab {
    /// Creates a learner's task; see [`make`].
    ///
    /// # Errors
    /// Like [`make`].
    pub fn made(&self, seed: u64) -> Result<Made, String> {
        (self.make)(seed)
    }

    /// Returns the lab as lists show it.
    #[must_use]
    pub fn view(&self) -> LabView {
        LabView { id: self.id, title: self.title, teaches: self.teaches, minutes: self.minutes, tools: self.tools }
    }
}

/// Returns a lab by its name.
#[must_use]
pub fn lab(id: &str) -> Option<&'static Lab> {
    LABS.iter().find(|l| l.id == id)
}

type Cache = VecDeque<((&'static str, u64), Arc<Made>)>;
/// Tasks created recently: many answers are graded against the same one.
static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);
const CACHE_SIZE: usize = 32;

/// Creates a learner's task. The same lab and seed give the same task.
///
/// # Errors
/// A description of the cause when no task could be created from the seed (labs try many neighbours first).
pub fn make(lab: &'static Lab, seed: u64) -> Result<Arc<Made>, String> {
    let key = (lab.id, seed);
    let cached = |k: &Cache| k.iter().find(|(k, _)| *k == key).map(|(_, m)| m.clone());
    if let Some(found) = cached(&CACHE.lock().unwrap_or_else(|e| e.into_inner())) {
        return Ok(found);
    }
    let made = Arc::new(lab.made(seed)?);
    let mut all = CACHE.lock().unwrap_or_else(|e| e.into_inner());
    all.push_front((key, made.clone()));
    all.truncate(CACHE_SIZE);
    Ok(made)
}

impl Made {
    /// Returns the points of all steps.
    #[must_use]
    pub fn points(&self) -> u32 {
        self.steps.iter().map(|s| s.points).sum()
    }

    /// Returns the network of the chain.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        match self.chain {
            Chain::None => None,
            Chain::Simulated(_) => Some(Network::Regtest),
            Chain::Real(..) => Some(Network::Bitcoin),
        }
    }

    /// Returns all files: those of the lab, the chain's blocks and tags, and the task as text.
    #[must_use]
    pub fn pack(&self, title: &str) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![("TASK.md".to_owned(), self.words(title).into_bytes())];
        files.extend(self.files.iter().cloned());
        match &self.chain {
            Chain::None => {}
            Chain::Simulated(world) => {
                files.push(("blocks/blk00000.dat".into(), world.block_file()));
                files.extend(world.tags().into_iter().map(|(name, bytes)| (format!("tags/{name}"), bytes)));
            }
            Chain::Real(blocks, (name, tags)) => {
                files.extend(blocks.iter().map(|(height, block)| (format!("blocks/{height}.block"), block.clone())));
                files.push((format!("tags/{name}"), tags.clone()));
            }
        }
        files
    }

    /// Returns the task in Markdown, for learners who work offline.
    #[must_use]
    pub fn words(&self, title: &str) -> String {
        let mut text = format!("# {title}\n\n{}\n\n## Questions\n", self.brief.trim());
        for step in &self.steps {
            text += &format!("\n**{}** ({} points) {}\n", step.id, step.points, step.question);
            for option in step.check.options() {
                text += &format!("- {option}\n");
            }
        }
        text
    }

    /// Builds the chain's workspace in an empty or missing folder.
    ///
    /// # Errors
    /// A description of the cause when there is no chain or the folder cannot be used.
    pub fn build(&self, dir: &Path) -> Result<Workspace, String> {
        match &self.chain {
            Chain::None => Err("this lab has no chain".into()),
            Chain::Simulated(world) => {
                let blocks = world.blocks.iter().map(|b| (b.height, b.bytes.as_slice()));
                workspace_of(dir, Network::Regtest, blocks, world.tags().into())
            }
            Chain::Real(blocks, tags) => {
                let blocks = blocks.iter().map(|(height, block)| (*height, block.as_slice()));
                workspace_of(dir, Network::Bitcoin, blocks, vec![tags.clone()])
            }
        }
    }
}

/// Returns a step whose answer is a text to be found.
fn find(
    id: &'static str,
    points: u32,
    question: impl Into<String>,
    form: Form,
    answer: &str,
    hints: &[&str],
    why: impl Into<String>,
) -> Step {
    let check = Check::One(form, vec![answer.to_owned()]);
    step(id, points, question, check, hints, why)
}

fn step(
    id: &'static str,
    points: u32,
    question: impl Into<String>,
    check: Check,
    hints: &[&str],
    why: impl Into<String>,
) -> Step {
    let hints = hints.iter().map(|h| (*h).to_owned()).collect();
    Step { id, question: question.into(), points, check, hints, why: why.into() }
}

/// Draws an index of a list of `n`; 0 for an empty one.
fn index(random: &mut Random, n: usize) -> usize {
    usize::try_from(random.below(n.max(1) as u64)).unwrap_or(0)
}

fn bytes<const N: usize>(random: &mut Random) -> [u8; N] {
    std::array::from_fn(|_| random.bits().to_le_bytes()[0])
}

/// Tries a seed and its neighbours until one has what the lab needs.
fn first<T>(seed: u64, what: &str, make: impl Fn(u64) -> Option<T>) -> Result<T, String> {
    (0..200u64)
        .find_map(|i| make(seed.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
        .ok_or_else(|| format!("no {what} could be made of seed {seed}"))
}
