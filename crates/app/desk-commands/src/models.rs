//! `holdfast models`: learned models, from training to what is in force.

use crate::answer::{Answer, Fields};
use crate::args::{DeskArgs, named};
use crate::output;
use crate::running::Reach;
use crate::screen::read_file;
use anyhow::{Context, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::{Args, Subcommand};
use holdfast_api::models::{ModelRequest, WEEKS, known_features, listed};
use holdfast_client::api_path;
use holdfast_console::desk_key::key_ring;
use holdfast_console::show::signature_path;
use holdfast_decision::Purpose;
use holdfast_learned::{LearnedError, ModelSignature, ModelState, Peer, Step};
use holdfast_models::ModelHash;
use holdfast_screening::Screening;
use holdfast_shipped_models::{Simulated, shipped};
use holdfast_state::learning::oldest_tag;
use holdfast_training::{Learning, Request, TrainingError};
use holdfast_types::Timestamp;
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum ModelsCommand {
    /// List the models of the registry, those in force first.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// Of one purpose.
        #[arg(long, value_parser = named::<Purpose>())]
        purpose: Option<Purpose>,
        /// In one state.
        #[arg(long, value_parser = named::<ModelState>())]
        state: Option<ModelState>,
    },
    /// List the features that models of events may have.
    Features,
    /// Show a model's entry in the registry.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of its file.
        model: ModelHash,
    },
    /// Print a model's card: what it is made of, how good it is, what it cannot do.
    Card {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of its file.
        model: ModelHash,
        /// Write it as PDF to this file instead.
        #[arg(long)]
        pdf: Option<PathBuf>,
    },
    /// Add a model as a draft: a file of Holdfast, or one of LightGBM or XGBoost with a table of its own scores.
    Import(Import),
    /// Write a model's file, whose SHA-256 is its name, and this desk's signature of it (FILE.sig).
    Export {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of its file.
        model: ModelHash,
        /// The file to write.
        file: PathBuf,
    },
    /// Put a model in shadow, or propose it as champion; another person's same command approves it.
    Promote {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of its file.
        model: ModelHash,
        /// shadow or champion.
        #[arg(long, value_parser = ["shadow", "champion"])]
        to: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Take a model out of use; rules alone go on at once.
    Retire {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of its file.
        model: ModelHash,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Show what models said of an event, and why.
    Score {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the event.
        event: u64,
        /// Language of the reasons: en, es or de.
        #[arg(long, default_value = "en")]
        lang: String,
    },
    /// Add the models that ship, trained on our simulated exchange, as drafts.
    Shipped {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Train a model on a simulated exchange with its ground truth and write its file: how the models that ship were made.
    Simulate(Simulate),
    /// Train a model on the desk's history and add it as a draft.
    Train(Train),
    /// Train a model of accounts on their transactions, which you obtained, and add it as a draft: it suggests tags of addresses.
    TrainAccounts(crate::suggestions::TrainAccounts),
    /// Score accounts by their transactions with a model's file, and say how good it is on those whose label is known.
    ScoreAccounts(crate::suggestions::ScoreAccounts),
    /// Look at addresses of an account chain with a model of accounts, and store the tags that it suggests.
    Suggest(crate::suggestions::Suggest),
    /// List suggested tags, the most probable first.
    Suggestions(crate::suggestions::List),
    /// Show a suggested tag and why the model suggests it.
    Suggestion(crate::suggestions::Show),
    /// Accept a suggested tag: it becomes a tag of the desk's own, which exposures count.
    AcceptSuggestion(crate::suggestions::Decide),
    /// Reject a suggested tag: it is not suggested again, and is a label for the next training.
    RejectSuggestion(crate::suggestions::Decide),
    /// Compare two models of one purpose on stored events.
    Compare {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of the model in force.
        champion: ModelHash,
        /// SHA-256 of the one that may replace it.
        challenger: ModelHash,
        /// Share of events that are reviewed, above 0 to 1.
        #[arg(long, default_value_t = 0.01)]
        budget: f64,
        #[command(flatten)]
        period: Period,
    },
    /// Tell how many of a model's best events were right, week by week, at the share that analysts can review.
    Precision {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of its file.
        model: ModelHash,
        /// Share of labelled events that is reviewed, above 0 to 1; by default that of the model's training.
        #[arg(long)]
        budget: Option<f64>,
        /// How many weeks, up to 104.
        #[arg(long, default_value_t = WEEKS)]
        weeks: u32,
    },
    /// Show the audit sample: quiet events that were drawn for reviewers, and the share of quiet events that are a crime.
    AuditSample {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Draw from the quiet events since the last draw, as the server does once a day.
    AuditDraw {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Record what a review of an event of the audit sample found.
    AuditReview {
        #[command(flatten)]
        desk: DeskArgs,
        /// Number of the event.
        event: u64,
        /// true_positive (a crime that no rule told), false_positive (nothing) or inconclusive.
        #[arg(long, value_parser = ["true_positive", "false_positive", "inconclusive"])]
        outcome: String,
        /// Why.
        #[arg(long)]
        note: String,
    },
    /// Tell how far events are from those that a model was made on.
    Drift {
        #[command(flatten)]
        desk: DeskArgs,
        /// SHA-256 of its file.
        model: ModelHash,
        #[command(flatten)]
        period: Period,
    },
}

/// A time of events.
#[derive(Args, Clone, Copy)]
pub struct Period {
    /// Events from this day on, UTC, such as 2026-05-01.
    #[arg(long, value_parser = holdfast_input::time::parse_date)]
    from: Option<Timestamp>,
    /// Events before this day, UTC.
    #[arg(long, value_parser = holdfast_input::time::parse_date)]
    until: Option<Timestamp>,
}

#[derive(Args)]
pub struct Import {
    #[command(flatten)]
    desk: DeskArgs,
    /// The file.
    file: PathBuf,
    /// SHA-256 that a file of Holdfast must have.
    #[arg(long)]
    sha256: Option<String>,
    /// The library that it comes from: lightgbm (text) or xgboost (JSON).
    #[arg(long, value_parser = named::<Peer>(), requires_all = ["purpose", "scores"])]
    peer: Option<Peer>,
    /// What a peer's model is for.
    #[arg(long, value_parser = named::<Purpose>())]
    purpose: Option<Purpose>,
    /// CSV of features by name and the peer's own `score` of each row (log odds), at least 100 rows.
    #[arg(long)]
    scores: Option<PathBuf>,
    /// The signature that came with a file of Holdfast (FILE.sig).
    #[arg(long, requires = "signer", conflicts_with = "peer")]
    signature: Option<PathBuf>,
    /// Public key of the desk that must have signed the file, hexadecimal.
    #[arg(long, requires = "signature")]
    signer: Option<String>,
}

#[derive(Args)]
pub struct Train {
    #[command(flatten)]
    desk: DeskArgs,
    /// What the model is for.
    #[arg(value_parser = named::<Purpose>())]
    purpose: Purpose,
    /// Share of events that analysts can review, above 0 to 1.
    #[arg(long, default_value_t = 0.01)]
    budget: f64,
    /// Events from this day on, UTC, are left out; by default those of the last 14 days.
    #[arg(long, value_parser = holdfast_input::time::parse_date)]
    until: Option<Timestamp>,
    /// CSV of labels (`event,label`), beside outcomes of alerts.
    #[arg(long)]
    labels: Option<PathBuf>,
    /// A feature; can be repeated. By default all that differ between events.
    #[arg(long = "feature")]
    features: Vec<String>,
    /// A kind of crime that no event shows, for the model card; can be repeated.
    #[arg(long)]
    never_seen: Vec<String>,
    /// The model that this one is to replace.
    #[arg(long)]
    parent: Option<ModelHash>,
}

#[derive(Args)]
pub struct Simulate {
    /// What the model is for.
    #[arg(value_parser = named::<Purpose>())]
    purpose: Purpose,
    /// The file to write.
    file: PathBuf,
    /// Seed of the exchange; the same seed and sizes make the same file.
    #[arg(long, default_value_t = Simulated::default().seed)]
    seed: u64,
    /// Customers without a case, from 100.
    #[arg(long, default_value_t = Simulated::default().customers)]
    customers: u32,
    /// Days of traffic, 14 to 365.
    #[arg(long, default_value_t = Simulated::default().days)]
    days: u32,
    /// Cases planted of each typology.
    #[arg(long, default_value_t = Simulated::default().cases)]
    cases: u32,
}

const SAMPLE: &str = "/api/v1/models/audit-sample";

fn learning(screening: &Screening) -> Learning<'_> {
    Learning { screening }
}

/// Path of a model in the API.
fn path(model: ModelHash, below: &[&str]) -> String {
    let hash = model.to_string();
    let mut parts = vec!["models", hash.as_str()];
    parts.extend(below);
    api_path(&parts)
}

pub fn run(command: ModelsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        ModelsCommand::List { desk, purpose, state } => list(&desk, purpose, state, as_json),
        ModelsCommand::Features => features(as_json),
        ModelsCommand::Show { desk, model } => {
            let entry = desk.answer(|s| learning(s).entry(model), |c| c.get(&path(model, &[])))?;
            shown(&entry, as_json)
        }
        ModelsCommand::Card { desk, model, pdf: Some(file) } => card_pdf(&desk, model, &file, as_json),
        ModelsCommand::Card { desk, model, pdf: None } => {
            let card = desk.answer(|s| learning(s).card(model), |c| c.get(&path(model, &["card"])))?;
            print_card(&card, as_json)
        }
        ModelsCommand::Import(args) => import(args, as_json),
        ModelsCommand::Export { desk, model, file } => export(&desk, model, &file, as_json),
        ModelsCommand::Promote { desk, model, to, reason } => {
            let step = if to == "champion" { Step::Champion } else { Step::Shadow };
            take(&desk, model, step, &reason, as_json)
        }
        ModelsCommand::Retire { desk, model, reason } => take(&desk, model, Step::Retire, &reason, as_json),
        ModelsCommand::Score { desk, event, lang } => score(&desk, event, &lang, as_json),
        ModelsCommand::Shipped { desk } => add_shipped(&desk, as_json),
        ModelsCommand::Simulate(args) => simulate(&args, as_json),
        ModelsCommand::Train(args) => train(args, as_json),
        ModelsCommand::TrainAccounts(args) => crate::suggestions::train_accounts(args, as_json),
        ModelsCommand::ScoreAccounts(args) => crate::suggestions::score_accounts(&args, as_json),
        ModelsCommand::Suggest(args) => crate::suggestions::suggest(args, as_json),
        ModelsCommand::Suggestions(args) => crate::suggestions::list(&args, as_json),
        ModelsCommand::Suggestion(args) => crate::suggestions::show(&args, as_json),
        ModelsCommand::AcceptSuggestion(args) => crate::suggestions::accept(&args, as_json),
        ModelsCommand::RejectSuggestion(args) => crate::suggestions::reject(&args, as_json),
        ModelsCommand::Compare { desk, champion, challenger, budget, period } => {
            let Period { from, until } = period;
            let here = |s: &Screening| learning(s).compare(champion, challenger, budget, from, until);
            let answer = desk.answer(here, |c| {
                let request = c.get("/api/v1/models/compare").query("champion", champion);
                let request = request.query("challenger", challenger).query("budget", budget);
                request.query_opt("from", from.map(Timestamp::unix)).query_opt("until", until.map(Timestamp::unix))
            })?;
            print_comparison(&answer, as_json)
        }
        ModelsCommand::Precision { desk, model, budget, weeks } => {
            let here = |s: &Screening| learning(s).precision_by_week(model, budget, weeks, s.now());
            let answer = desk.answer(here, |c| {
                c.get(&path(model, &["precision"])).query_opt("budget", budget).query("weeks", weeks)
            })?;
            print_precision(&answer, as_json)
        }
        ModelsCommand::AuditSample { desk } => {
            let answer = desk.answer(|s| learning(s).audit_sample(), |c| c.get(SAMPLE))?;
            print_sample(&answer, as_json)
        }
        ModelsCommand::AuditDraw { desk } => {
            let here = |s: &Screening| learning(s).draw_audit_sample(&desk.actor);
            let answer = desk.answer(here, |c| c.post(&format!("{SAMPLE}/draw")))?;
            if as_json {
                return answer.print();
            }
            println!("{} of {} quiet events drawn", answer.count("drawn"), answer.count("quiet"));
            Ok(())
        }
        ModelsCommand::AuditReview { desk, event, outcome, note } => review(&desk, event, &outcome, &note, as_json),
        ModelsCommand::Drift { desk, model, period } => {
            let Period { from, until } = period;
            let answer = desk.answer(
                |s| learning(s).drift(model, from, until),
                |c| {
                    let request = c.get(&path(model, &["drift"]));
                    request.query_opt("from", from.map(Timestamp::unix)).query_opt("until", until.map(Timestamp::unix))
                },
            )?;
            print_drift(&answer, as_json)
        }
    }
}

fn list(desk: &DeskArgs, purpose: Option<Purpose>, state: Option<ModelState>, as_json: bool) -> anyhow::Result<()> {
    let answer = desk.answer(
        |s| listed(s, purpose, state),
        |c| c.get("/api/v1/models").query_opt("purpose", purpose).query_opt("state", state),
    )?;
    if as_json {
        return answer.print();
    }
    for model in answer.rows("models: rules decide alone") {
        print_entry(model);
    }
    Ok(())
}

fn print_entry(model: &Value) {
    let proposed = model["proposed_by"].as_str().map_or(String::new(), |by| format!(", proposed as champion by {by}"));
    println!(
        "{} {:<18} {:<9} since {}{proposed}",
        model.word("model"),
        model.word("purpose"),
        model.word("state"),
        model.time("changed").rfc3339()
    );
}

fn features(as_json: bool) -> anyhow::Result<()> {
    let all = known_features();
    if as_json {
        return output::json(&all);
    }
    for feature in json!(all).items() {
        println!(
            "{:<32} {:<15} {:<9} {}",
            feature.word("name"),
            feature.word("family"),
            feature.word("kind"),
            feature.word("label")
        );
    }
    Ok(())
}

fn shown(entry: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return entry.print();
    }
    print_entry(entry);
    println!("added by {} at {}", entry.word("added_by"), entry.time("added").rfc3339());
    Ok(())
}

fn import(args: Import, as_json: bool) -> anyhow::Result<()> {
    let Import { desk, file, sha256, peer, purpose, scores, signature, signer } = args;
    let bytes = read_file(&file)?;
    let text =
        |bytes: Vec<u8>, file: &Path| String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", file.display()));
    let request = ModelRequest {
        file: if peer.is_some() { text(bytes, &file)? } else { BASE64_STANDARD.encode(bytes) },
        sha256,
        peer,
        purpose: purpose.map(|p| p.name().to_owned()),
        scores: scores.map(|path| text(read_file(&path)?, &path)).transpose()?,
        signature: signature.map(|path| signature_of(&path)).transpose()?,
        signer,
    };
    let here = |s: &Screening| s.add_model(request.read()?, &desk.actor);
    let entry = desk.answer(here, |c| c.post("/api/v1/models").json(&request));
    shown(&entry.with_context(|| file.display().to_string())?, as_json)
}

fn signature_of(path: &Path) -> anyhow::Result<ModelSignature> {
    ModelSignature::read(&read_file(path)?).with_context(|| path.display().to_string())
}

fn export(desk: &DeskArgs, model: ModelHash, file: &Path, as_json: bool) -> anyhow::Result<()> {
    let (bytes, signature) = match desk.reach()? {
        Reach::Here(screening) => {
            let bytes = learning(&screening).model(model)?.to_bytes().to_vec();
            (bytes, ModelSignature::of(&key_ring(&desk.store.store, &screening)?, model))
        }
        Reach::There(client) => {
            let signature = client.get(&path(model, &["signature"])).bytes()?;
            (client.get(&path(model, &["file"])).bytes()?, ModelSignature::read(&signature)?)
        }
    };
    if ModelHash::of(&bytes) != model {
        bail!("the answer is not the file of model {model}");
    }
    signature.check(model, None)?;
    let beside = signature_path(file);
    std::fs::write(file, &bytes).with_context(|| file.display().to_string())?;
    std::fs::write(&beside, serde_json::to_vec(&signature)?).with_context(|| beside.display().to_string())?;
    if as_json {
        let ModelSignature { key, .. } = &signature;
        return output::json(
            &json!({"model": model, "file": file, "bytes": bytes.len(), "signature": beside, "key": key}),
        );
    }
    println!("{}: {} bytes", file.display(), bytes.len());
    println!("{}: signed by {}", beside.display(), signature.key);
    Ok(())
}

fn take(desk: &DeskArgs, model: ModelHash, step: Step, reason: &str, as_json: bool) -> anyhow::Result<()> {
    let body = json!({"step": step, "reason": reason});
    let here = |s: &Screening| -> Result<_, LearnedError> { s.step_model(model, step, reason, &desk.actor) };
    let entry = desk.answer(here, |c| c.post(&path(model, &["step"])).json(&body))?;
    if as_json {
        return entry.print();
    }
    print_entry(&entry);
    if entry["proposed_by"].is_string() {
        println!("waits for another person: the same command approves it");
    }
    Ok(())
}

/// Percent of a share in millionths.
pub(crate) fn percent(ppm: u64) -> String {
    format!("{}.{:02}%", ppm / 10_000, ppm / 100 % 100)
}

fn score(desk: &DeskArgs, event: u64, lang: &str, as_json: bool) -> anyhow::Result<()> {
    let at = api_path(&["models", "scores", &event.to_string()]);
    let here = |s: &Screening| learning(s).explain(event, lang);
    let answer = desk.read(&at, here, |request| request.query("lang", lang))?;
    if as_json {
        return answer.print();
    }
    for score in answer.rows("scores: no model was in force for such events") {
        println!(
            "{:<18} {:<9} {:>8}  model {}",
            score.word("purpose"),
            score.word("role"),
            percent(score.count("probability_ppm")),
            score.word("model")
        );
        score.list("reasons").iter().for_each(|reason| println!("  {}", reason.word("text")));
    }
    Ok(())
}

fn train(args: Train, as_json: bool) -> anyhow::Result<()> {
    let Train { desk, purpose, budget, until, labels, features, never_seen, parent } = args;
    let labels = labels
        .map(|path| String::from_utf8(read_file(&path)?).with_context(|| format!("{}: no UTF-8", path.display())));
    let request = Request {
        purpose,
        budget,
        until,
        features,
        labels: labels.transpose()?,
        split: Default::default(),
        params: Default::default(),
        explained: Vec::new(),
        never_seen,
        parent,
    };
    let screening = match desk.reach()? {
        Reach::Here(screening) => screening,
        Reach::There(client) => {
            let job = Answer::of_bytes(client.post("/api/v1/models/train").json(&request).bytes()?)?;
            if as_json {
                return job.print();
            }
            println!("job {}: the server trains; `holdfast models list` shows the draft", job.count("id"));
            return Ok(());
        }
    };
    let bar = output::bar(0, "replaying");
    let mut progress = |inputs: u64| {
        bar.set_position(inputs);
        output::stopping()
    };
    // Without a ledger's store there are no tags; all other labels stay.
    let workspace = Workspace::open(&desk.store.store).map_err(|e| eprintln!("no tags as labels: {e}")).ok();
    let tag_of = |_: &str, address: &str| workspace.as_ref().and_then(|w| oldest_tag(&w.tags, address));
    let trained = learning(&screening).train(&request, Some(&tag_of), &mut progress)?;
    bar.finish_and_clear();
    let Some(trained) = trained else { bail!("stopped") };
    let entry = screening.add_model(trained.model, &desk.actor).map_err(TrainingError::from)?;
    let answer = Answer::of(&json!({"model": entry, "counts": trained.counts}))?;
    if as_json {
        return answer.print();
    }
    print_entry(&answer["model"]);
    let counts = &answer["counts"];
    println!(
        "trained on {} of {} events, {} positive; {} events are not covered by the log of inputs",
        counts.count("labelled"),
        counts.count("events"),
        counts.count("positives"),
        counts.count("uncovered")
    );
    if let Some(sources) = counts["sources"].as_object() {
        let told: Vec<String> = sources.iter().map(|(source, n)| format!("{source} {n}")).collect();
        println!("labels by source: {}", told.join(", "));
    }
    Ok(())
}

fn add_shipped(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let mut added = Vec::new();
    for model in shipped()? {
        let file = BASE64_STANDARD.encode(model.to_bytes());
        let request = ModelRequest { file, ..ModelRequest::default() };
        let here = |s: &Screening| s.add_model(model, &desk.actor);
        added.push(desk.answer(here, |c| c.post("/api/v1/models").json(&request))?);
    }
    if as_json {
        return output::json(&added.iter().map(|entry| &**entry).collect::<Vec<&Value>>());
    }
    added.iter().for_each(|entry| print_entry(entry));
    println!(
        "Their figures are of a simulation and say nothing of this exchange: put one in shadow, and train on your own labels."
    );
    Ok(())
}

fn simulate(args: &Simulate, as_json: bool) -> anyhow::Result<()> {
    let Simulate { purpose, ref file, seed, customers, days, cases } = *args;
    let of = Simulated { seed, customers, days, cases };
    let folder = tempfile::tempdir()?;
    let bar = output::bar(0, "deciding, then replaying");
    let mut progress = |events: u64| {
        bar.set_position(events);
        output::stopping()
    };
    let trained = holdfast_shipped_models::train(purpose, of, folder.path(), &mut progress)?;
    bar.finish_and_clear();
    let Some(trained) = trained else { bail!("stopped") };
    std::fs::write(file, trained.model.to_bytes()).with_context(|| file.display().to_string())?;
    let measured = trained.model.content().training.as_ref().map(|t| t.measured);
    let answer = Answer::of(&json!({
        "model": trained.model.hash(), "file": file, "counts": trained.counts, "measured": measured,
    }))?;
    if as_json {
        return answer.print();
    }
    println!("{}: model {}", file.display(), answer.word("model"));
    println!(
        "trained on {} simulated events, {} positive; average precision {} on the last of them, which says nothing of real ones",
        answer["counts"].count("labelled"),
        answer["counts"].count("positives"),
        interval(&answer["measured"]["average_precision"])
    );
    Ok(())
}

/// A number with three digits after the point, or a dash.
pub(crate) fn figure(value: &Value) -> String {
    value.as_f64().map_or("-".to_owned(), |v| format!("{v:.3}"))
}

pub(crate) fn interval(value: &Value) -> String {
    format!("{} ({} to {})", figure(&value["value"]), figure(&value["low"]), figure(&value["high"]))
}

fn print_card(card: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return card.print();
    }
    println!("model {} for {}", card.word("model"), card.word("purpose"));
    println!("{} trees, {} bytes in memory", card.count("trees"), card.count("served_bytes"));
    let training = &card["training"];
    if training.is_object() {
        let measured = &training["measured"];
        println!(
            "trained on events from {} to {}; measured on {} events, {} of them positive",
            training.time("from").rfc3339(),
            training.time("until").rfc3339(),
            measured.count("rows"),
            figure(&measured["base_rate"])
        );
        println!("average precision {}, AUC {}", interval(&measured["average_precision"]), figure(&measured["auc"]));
        println!("at the budget: precision {}", interval(&measured["at_budget"]["precision"]));
    }
    for at in card.list("at_base_rates") {
        println!("where {} of events are positive, {} of alerts are right", at["base_rate"], figure(&at["precision"]));
    }
    if let Some(families) = card["families"].as_object() {
        for (family, features) in families {
            let names: Vec<&str> = features.items().iter().map(|f| f.word("name")).collect();
            println!("{family}: {}", names.join(", "));
        }
    }
    for fairness in card.list("fairness") {
        println!("alerts by {}:", fairness.word("property"));
        for group in fairness.list("groups") {
            let mark = if group.is("below_four_fifths") { "  below four fifths" } else { "" };
            println!(
                "  {:<14} {:>7} events, alerts {}, false alerts {}{mark}",
                group.word("name"),
                group.count("rows"),
                interval(&group["alerts"]),
                interval(&group["false_alerts"])
            );
        }
    }
    card.words("limits").iter().for_each(|limit| println!("- {limit}"));
    Ok(())
}

fn card_pdf(desk: &DeskArgs, model: ModelHash, file: &Path, as_json: bool) -> anyhow::Result<()> {
    let bytes = match desk.reach()? {
        Reach::Here(screening) => learning(&screening).card_pdf(model)?,
        Reach::There(client) => client.get(&path(model, &["card.pdf"])).bytes()?,
    };
    std::fs::write(file, &bytes).with_context(|| file.display().to_string())?;
    if as_json {
        return output::json(&json!({"model": model, "file": file, "bytes": bytes.len()}));
    }
    println!("{}: {} bytes", file.display(), bytes.len());
    Ok(())
}

fn review(desk: &DeskArgs, event: u64, outcome: &str, note: &str, as_json: bool) -> anyhow::Result<()> {
    let found = crate::workbench::outcome(outcome)?;
    let here = |s: &Screening| learning(s).review_audited(event, found, note, &desk.actor);
    let body = json!({"outcome": outcome, "note": note});
    let answer = desk.answer(here, |c| c.post(&format!("{SAMPLE}/{event}")).json(&body))?;
    if as_json {
        return answer.print();
    }
    println!("event {} ({}): {}", answer.count("event"), answer.word("id"), answer.word("outcome"));
    Ok(())
}

fn print_sample(answer: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    println!(
        "{} of {} quiet events drawn, {} reviewed, {} of them a crime",
        answer.count("drawn"),
        answer.count("quiet"),
        answer.count("reviewed"),
        answer.count("positives")
    );
    match answer["rate"].is_object() {
        true => println!("share of quiet events that are a crime: {}", interval(&answer["rate"])),
        false => println!("share of quiet events that are a crime: not known before one is reviewed"),
    }
    for event in answer.list("open") {
        println!(
            "{:>10} {} {:<11} {} of customer {}",
            event.count("event"),
            event.time("time").rfc3339(),
            event.word("kind"),
            event.word("id"),
            event.word("customer")
        );
    }
    Ok(())
}

fn print_precision(answer: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    println!("budget {} of labelled events", figure(&answer["budget"]));
    for week in answer.list("weeks") {
        let at = &week["at_budget"];
        println!(
            "week of {}: {} labelled, {} positive, {} within the budget, precision {}",
            week.time("from").rfc3339(),
            week.count("labelled"),
            week.count("positives"),
            at.count("reviewed"),
            interval(&at["precision"])
        );
    }
    println!("last four weeks: precision {}", interval(&answer["recent"]["precision"]));
    println!(
        "{}",
        match answer.word("standing") {
            "within" => "within the bound",
            "below" => "below the bound: as champion it steps back",
            "no_bound" => "imported: nothing says what its precision should be",
            _ => "too few labelled events to tell: 20 within the budget are needed",
        }
    );
    println!("bound {}, measured in training {}", figure(&answer["bound"]), figure(&answer["measured"]));
    if answer.is("is_cut") {
        println!("only the newest labelled events were counted; the oldest week is incomplete");
    }
    Ok(())
}

fn print_comparison(answer: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    println!(
        "{} events, {} with a label, {} positive; budget {}",
        answer.count("events"),
        answer.count("labelled"),
        answer.count("positives"),
        answer["budget"]
    );
    for side in ["champion", "challenger"] {
        let of = &answer[side];
        println!(
            "{side:<10} {}: average precision {}, precision at the budget {}",
            of.word("model"),
            interval(&of["average_precision"]),
            interval(&of["at_budget"]["precision"])
        );
    }
    println!("difference of average precision {}", interval(&answer["difference"]));
    println!("agreement within the budget {}", figure(&answer["agreement"]));
    println!(
        "{}",
        match answer.word("evidence") {
            "better" => "the challenger is better",
            "not_better" => "the challenger is not shown to be better",
            _ => "too few labels to tell: 200 closed alerts, some right and some wrong, are needed",
        }
    );
    Ok(())
}

fn print_drift(answer: &Answer, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return answer.print();
    }
    println!("{} events: {}", answer.count("events"), answer.word("verdict"));
    println!("{:<32} PSI {}  {}", "score", figure(&answer["score"]["psi"]), answer["score"].word("verdict"));
    for feature in answer.list("features").iter().filter(|f| f.word("verdict") != "quiet").take(20) {
        println!("{:<32} PSI {}  {}", feature.word("name"), figure(&feature["psi"]), feature.word("verdict"));
    }
    Ok(())
}
