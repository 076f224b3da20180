//! The demo's academy: a learner solves a lab by looking at its chain and gets a certificate; a customer is warned before paying a scam.

use anyhow::{Context, ensure};
use holdfast_academy::attempts::Answer;
use holdfast_academy::classes::{Mode, NewLearner, NewSession};
use holdfast_academy::labs::Made;
use holdfast_console::show::verify_file;
use holdfast_decision::{Event, EventKind};
use holdfast_screening::warnings::WarningAnswers;
use holdfast_state::AppState;
use holdfast_types::{Amount, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const LAB: &str = "follow-a-ransom";
const COURSE: &str = "---\ncourse: demo\nlang: en\nversion: 1\ntitle: Following a ransom\nsummary: One lab, for the demo.\nhours: 1\nlabs: [follow-a-ransom]\n---\n## The lab\n\nFollow the money.\n";
/// Address of a Ponzi scheme that block 300025 pays (GraphSense TagPacks).
const PONZI_BLOCK: u32 = 300_025;

/// Answers by looking at the lab's chain only, as a learner does.
fn look(made: &Made) -> anyhow::Result<Vec<(&'static str, String)>> {
    let dir = tempfile::tempdir()?;
    let chain = made.build(dir.path()).map_err(anyhow::Error::msg)?;
    let note = made.brief.split('`').nth(1).context("the note has an address")?;
    let receipt = chain.address(note)?.receipts.into_iter().next().context("the note was paid")?;
    let gathering = receipt.spent_by.context("the ransom was gathered")?;
    let gathered = chain.tx(&gathering)?;
    let next = gathered.outputs.first().and_then(|o| o.other.clone()).context("it was spent on")?;
    let slice = chain.tx(&next)?.outputs.into_iter().min_by_key(|o| o.value).context("it was peeled")?;
    Ok(vec![
        ("payment", receipt.txid),
        ("amount", format!("{} sat", receipt.value.unwrap_or(0))),
        ("gathering", gathering),
        ("victims", gathered.inputs.len().to_string()),
        ("service", slice.label.unwrap_or_default()),
        ("account", slice.address.unwrap_or_default()),
    ])
}

/// Runs it; a second run finds the session and goes on with it.
pub fn run(shared: &AppState, store: &Path, as_json: bool) -> anyhow::Result<Value> {
    let say = |text: String| {
        if !as_json {
            println!("{text}");
        }
    };
    let academy = shared.academy();
    if academy.course("demo", "en").is_err() {
        academy.add_course(COURSE, "demo-trainer")?;
    }
    let known = academy.sessions()?.into_iter().find(|s| s.plan.course == "demo");
    let session = match known {
        Some(session) => session,
        None => academy.plan_session(
            NewSession {
                course: "demo".into(),
                lang: "en".into(),
                title: String::new(),
                mode: Mode::Online,
                country: "NL".into(),
                place: String::new(),
                starts: shared.screening.now(),
                ends: shared.screening.now(),
                parts: 0,
                trainer: "Mira Novak".into(),
                capacity: 30,
            },
            "demo-trainer",
        )?,
    };
    let who = NewLearner {
        name: "Jan de Wit".into(),
        email: "jan.de.wit@politie.example".into(),
        agency: "Rijksrecherche Oostdam".into(),
        country: "NL".into(),
    };
    let learner = academy.enrol(session.id, who, "demo-trainer")?.learner;
    let mut view = academy.begin(session.id, &learner, LAB)?;
    let (_, made) = academy.task(view.id, &learner)?;
    for (step, answer) in look(&made)? {
        if view.steps.iter().any(|s| s.id == step && !s.over) {
            view = academy.answer(view.id, &learner, &Answer { step: step.into(), answer })?;
        }
    }
    ensure!(view.passed, "the demo's learner does not pass: {}", view.score);
    let given = academy.certify(session.id, learner.id, "demo-trainer")?;
    let file = store.join("certificate.pdf");
    std::fs::write(&file, academy.certificate_pdf(&given.id)?).with_context(|| file.display().to_string())?;
    say(format!(
        "\nThe academy: {} solved the lab '{}' on its own chain ({} of 1000 points). The certificate, {}:",
        learner.who.name,
        view.lab.title,
        view.score,
        file.display()
    ));
    let key = hex::encode(academy.issuer_key().verifying_key().as_bytes());
    if !as_json {
        verify_file(&file, Some(&key), None, false)?;
    }
    let warned = warn(shared)?;
    say(format!(
        "\nA customer pays the Ponzi scheme of block {PONZI_BLOCK}: {}. After {} questions the customer cancels the withdrawal: {}.",
        warned["title"].as_str().unwrap_or_default(),
        warned["questions"],
        warned["state"].as_str().unwrap_or_default()
    ));
    Ok(json!({ "attempt": view.id, "score": view.score, "certificate": given.id, "file": file, "warning": warned }))
}

/// A withdrawal to the Ponzi scheme's address: held, warned of, given up.
fn warn(shared: &AppState) -> anyhow::Result<Value> {
    let id = "demo-ponzi";
    let decision = match shared.screening.event(id) {
        Ok(known) => known.decision,
        Err(_) => {
            let workspace = shared.chain().snapshot();
            let block = workspace.block(&PONZI_BLOCK.to_string())?;
            let mut paid = None;
            'blocks: for txid in &block.txids {
                for output in workspace.tx(txid)?.outputs {
                    if output.category.name() == "ponzi_scheme" {
                        paid = output.address;
                        break 'blocks;
                    }
                }
            }
            let mut event = Event::new(EventKind::Withdrawal, id, Timestamp::from_unix(1_785_300_000), "demo-victim");
            event.asset = Some("BTC".into());
            event.amount = Some(Amount::new(10_000_000));
            event.balance = Some(Amount::new(100_000_000_000));
            event.value = Some(650_000);
            event.counterparty = Some(paid.context("the block pays a Ponzi scheme")?);
            let facts = holdfast_chain_facts::chain_facts(&*workspace, &event, None);
            drop(workspace);
            shared.screening.decide(event, facts, "demo")?
        }
    };
    let warning = decision.warning.context("the withdrawal is warned of")?;
    let mut record = shared.screening.warning(id, "en")?;
    if record.state == "open" {
        let given = WarningAnswers { proceed: false, answers: BTreeMap::new() };
        record = shared.screening.answer_warning(id, given, "demo")?;
    }
    Ok(
        json!({ "event": id, "title": warning.title, "questions": warning.questions.len(), "state": record.state, "hold": record.hold }),
    )
}
