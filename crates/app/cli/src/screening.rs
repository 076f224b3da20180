//! `holdfast screen`, `rules`, `holds`, `alerts`, `audit`, `keys`, `records`: the desk's database from the command line.

use crate::connect::read_providers;
use crate::import::{Done, Reading, import_records, read_events};
use crate::output::{self, thousands};
use crate::running::{Reach, escaped};
use crate::workspace::StoreArgs;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use holdfast_console::desk_key::master;
use holdfast_console::open_desk;
use holdfast_console::show::print_decision;
use holdfast_decision::fields::FIELDS;
use holdfast_decision::rules::DEFAULT_BOOK;
use holdfast_decision::{ChainFacts, RuleBook, Scope, Typology};
use holdfast_input::time::rfc3339;
use holdfast_screening::Screening;
use holdfast_screening::alerts::{AlertAction, AlertFilter, Outcome};
use holdfast_screening::changes::ChangeKind;
use holdfast_screening::holds::{HoldFilter, HoldRequest};
use holdfast_screening::replay::test_rules;
use holdfast_screening::service::system_clock;
use holdfast_types::Amount;
use holdfast_types::units::with_unit;
use holdfast_vendors::Question;
use holdfast_workspace::Workspace;
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the desk's database is.
#[derive(Args, Clone)]
pub struct DeskArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; by default screening.sqlite in the store.
    #[arg(long, env = "HOLDFAST_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// File with the database's URL: a password in --database is seen by others on this machine.
    #[arg(long, conflicts_with = "database")]
    pub database_file: Option<PathBuf>,
    /// Who does it, for the audit log. At --server it is whose key is used.
    #[arg(long = "as", default_value = "local")]
    pub actor: String,
    /// URL of a server elsewhere that does it, such as https://desk.example, with the API key of HOLDFAST_KEY or --key-file. Without it, the
    /// store's own server does it while one runs.
    #[arg(long, env = "HOLDFAST_SERVER", conflicts_with_all = ["database", "database_file"])]
    pub server: Option<String>,
    /// File with the API key for --server.
    #[arg(long, requires = "server")]
    pub key_file: Option<PathBuf>,
}

impl DeskArgs {
    pub fn open(&self) -> anyhow::Result<Screening> {
        let url = crate::live::url_of(self.database.as_deref(), self.database_file.as_deref(), "--database")?;
        open_desk(&self.store.store, url.as_deref())
    }
}

#[derive(Args)]
pub struct Screen {
    #[command(flatten)]
    desk: DeskArgs,
    /// Events: JSON Lines or .csv; - for standard input.
    events: PathBuf,
    /// Records of the customers' world (JSON Lines or .csv), taken in first.
    #[arg(long)]
    records: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Decide without asking the ledger (off-chain screening only).
    #[arg(long)]
    no_ledger: bool,
    /// Print only what is not allowed.
    #[arg(long)]
    quiet: bool,
    /// File (YAML) that names other providers to ask about every transfer: elliptic, chainalysis, trm.
    #[arg(long)]
    providers: Option<PathBuf>,
}

/// Largest file of events or records.
const MAX_FILE: u64 = 1 << 30;

pub fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    } else {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_FILE {
        bail!("{}: larger than {MAX_FILE} bytes; split it", path.display());
    }
    Ok(bytes)
}

pub fn screen(args: Screen, as_json: bool) -> anyhow::Result<()> {
    let screening = args.desk.open()?;
    let mut done = Done::default();
    for path in &args.records {
        import_records(&screening, path, &args.reading, &args.desk.actor, &mut done)?;
    }
    let events = read_events(&args.events, &args.reading, &mut done)?;
    let providers = args.providers.as_deref().map(read_providers).transpose()?;
    let workspace = if args.no_ledger { None } else { Some(Workspace::open(&args.desk.store.store)?) };
    let bar = output::bar(events.len() as u64, "screening");
    let actor: std::sync::Arc<str> = args.desk.actor.as_str().into();
    for part in events.chunks(256) {
        let (sender, receiver) = std::sync::mpsc::channel();
        for (i, event) in part.iter().enumerate() {
            let mut facts = workspace
                .as_ref()
                .map_or_else(ChainFacts::default, |w| holdfast_screening::facts::chain_facts(w, event, None));
            if let Some(providers) = &providers
                && let Some(question) = Question::of(event, &facts)
            {
                facts.providers = providers.ask(&question);
            }
            let sender = sender.clone();
            screening.submit(event.clone(), facts, &actor, move |answer| {
                let _ = sender.send((i, answer));
            })?;
        }
        drop(sender);
        let mut answers: Vec<_> = receiver.iter().collect();
        answers.sort_by_key(|a| a.0);
        for (_, answer) in answers {
            let decision = answer?;
            bar.inc(1);
            if args.quiet && decision.reasons.is_empty() {
                continue;
            }
            if as_json { println!("{}", serde_json::to_string(&decision)?) } else { print_decision(&decision) }
        }
        if output::stopping().is_break() {
            eprintln!("stopped; run it again to go on where it stopped");
            break;
        }
    }
    bar.finish_and_clear();
    done.result()
}

#[derive(Subcommand)]
pub enum RecordsCommand {
    /// Take records in (JSON Lines or .csv), in any order, any number of times.
    Import {
        #[command(flatten)]
        desk: DeskArgs,
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        reading: Reading,
    },
}

pub fn records(command: RecordsCommand, as_json: bool) -> anyhow::Result<()> {
    let RecordsCommand::Import { desk, files, reading } = command;
    let screening = desk.open()?;
    let (mut taken, mut done) = (0, Done::default());
    for file in &files {
        taken += import_records(&screening, file, &reading, &desk.actor, &mut done)?;
    }
    if as_json {
        output::json(
            &json!({"taken": taken, "refused": done.refused, "faults": done.faults, "warnings": done.warnings}),
        )?
    } else {
        println!("{} records taken", thousands(taken))
    }
    done.result()
}

#[derive(Subcommand)]
pub enum RulesCommand {
    /// Print the rule book in force, or the one that ships.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// The one that ships, as YAML to edit.
        #[arg(long)]
        default: bool,
    },
    /// List the fields that rules speak about.
    Fields,
    /// List the typologies and their definitions.
    Typologies,
    /// Run a rule book over history and show what would have changed.
    Test {
        #[command(flatten)]
        desk: DeskArgs,
        /// Rule book (YAML).
        file: PathBuf,
    },
    /// Put a rule book in force.
    Apply {
        #[command(flatten)]
        desk: DeskArgs,
        /// Rule book (YAML).
        file: PathBuf,
    },
    /// Hits and precision of every rule.
    Statistics {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

pub fn rules(command: RulesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        RulesCommand::Show { default: true, .. } => print!("{DEFAULT_BOOK}"),
        RulesCommand::Show { desk, .. } => {
            let book = desk.open()?.book();
            if as_json {
                output::json(&json!({"version": book.version, "sha256": book.sha256, "book": book.file}))?;
            } else {
                println!("{} (version {}, SHA-256 {})", book.file.title, book.version, book.sha256);
                for rule in book.rules() {
                    println!(
                        "{:<28} v{:<3} {:<6} {:<6} {}",
                        rule.id,
                        rule.version,
                        rule.state.name(),
                        rule.decision.name(),
                        rule.title
                    );
                }
            }
        }
        RulesCommand::Fields => {
            let all: Vec<_> = FIELDS.iter().map(|f| (format!("{}.{}", f.group, f.name), f.description)).collect();
            if as_json {
                output::json(&all)?;
            } else {
                all.iter().for_each(|(name, text)| println!("{name:<36} {text}"));
            }
        }
        RulesCommand::Typologies => {
            let all: Vec<_> = Typology::ALL.iter().map(|t| (t.name(), t.definition())).collect();
            if as_json {
                output::json(&all)?;
            } else {
                all.iter().for_each(|(name, text)| println!("{name:<20} {}", text.trim()));
            }
        }
        RulesCommand::Test { desk, file } => {
            let yaml = String::from_utf8(read_file(&file)?).with_context(|| file.display().to_string())?;
            let book = RuleBook::parse(&yaml, 0).with_context(|| file.display().to_string())?;
            let screening = desk.open()?;
            let bar = output::bar(0, "replaying");
            let test = test_rules(&screening, &book, &mut |n| {
                bar.set_position(n);
                output::stopping()
            })?;
            bar.finish_and_clear();
            if as_json {
                output::json(&test)?;
            } else {
                println!(
                    "{} events replayed, {} would be decided otherwise",
                    thousands(test.events),
                    thousands(test.changed)
                );
                for (step, n) in &test.moves {
                    println!("  {step:<20} {}", thousands(*n));
                }
                println!("{:<28} {:>10} {:>10}", "rule", "before", "after");
                for (rule, hits) in test.rules.iter().filter(|(_, h)| h.before != h.after) {
                    println!("{rule:<28} {:>10} {:>10}", hits.before, hits.after);
                }
                for d in test.differences.iter().take(20) {
                    println!(
                        "  {} {}: {} -> {} (+{} -{})",
                        d.event,
                        d.customer,
                        d.before.name(),
                        d.after.name(),
                        d.gained.join(","),
                        d.lost.join(",")
                    );
                }
            }
        }
        RulesCommand::Apply { desk, file } => {
            let yaml = String::from_utf8(read_file(&file)?).with_context(|| file.display().to_string())?;
            return apply(&desk, &yaml, as_json).with_context(|| file.display().to_string());
        }
        RulesCommand::Statistics { desk } => {
            let all = desk.open()?.rule_statistics()?;
            if as_json {
                output::json(&all)?;
            } else {
                println!(
                    "{:<28} {:>4} {:<6} {:>9} {:>6} {:>6} {:>9}",
                    "rule", "v", "state", "hits", "right", "wrong", "precision"
                );
                for s in all {
                    let precision = s.precision_permille.map_or("-".into(), |p| format!("{}.{}%", p / 10, p % 10));
                    println!(
                        "{:<28} {:>4} {:<6} {:>9} {:>6} {:>6} {precision:>9}",
                        s.rule, s.version, s.state, s.hits, s.true_positives, s.false_positives
                    );
                }
            }
        }
    }
    Ok(())
}

/// Puts a rule book in force, or proposes it where somebody else can approve it.
fn apply(desk: &DeskArgs, yaml: &str, as_json: bool) -> anyhow::Result<()> {
    let answer = match desk.reach()? {
        Reach::There(server) => {
            server.put("/api/v1/rules").body(yaml.as_bytes().to_vec(), "application/yaml").fetch()?
        }
        Reach::Here(screening) if screening.has_second_person(ChangeKind::Rules, &desk.actor)? => {
            serde_json::to_value(screening.propose_rules(yaml, &desk.actor)?)?
        }
        Reach::Here(screening) => json!({ "version": screening.apply_rules(yaml, &desk.actor)? }),
    };
    match (&answer["version"], as_json) {
        (Value::Null, true) => output::json(&json!({ "change": answer["id"] })),
        (version, true) => output::json(&json!({ "version": version })),
        (Value::Null, false) => {
            println!("{}", crate::keys::waiting(&answer["id"]));
            Ok(())
        }
        (version, false) => {
            println!("in force as version {version}");
            Ok(())
        }
    }
}

#[derive(Subcommand)]
pub enum HoldsCommand {
    /// List holds and freezes.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// active, released or expired.
        #[arg(long)]
        state: Option<String>,
        /// Of one customer.
        #[arg(long)]
        customer: Option<String>,
    },
    /// Place a hold or freeze.
    Place {
        #[command(flatten)]
        desk: DeskArgs,
        /// Your id of it; repeated, it places nothing new.
        #[arg(long)]
        id: String,
        /// account, asset, amount or deposit.
        #[arg(long)]
        scope: String,
        #[arg(long)]
        customer: String,
        #[arg(long)]
        account: Option<String>,
        #[arg(long)]
        asset: Option<String>,
        /// Base units.
        #[arg(long)]
        amount: Option<Amount>,
        /// Movement on chain: asset:tx:output.
        #[arg(long)]
        transfer: Option<String>,
        /// Legal or contractual basis.
        #[arg(long)]
        basis: String,
        #[arg(long)]
        reason: String,
        /// Hours until it lapses.
        #[arg(long)]
        expires_hours: Option<u32>,
    },
    /// Release a hold; where a second person is needed, ask, or confirm what another asked.
    Release {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        /// Base units; all when absent.
        #[arg(long)]
        amount: Option<Amount>,
        #[arg(long)]
        reason: String,
    },
    /// Check that all holds balance to the base unit.
    Check {
        #[command(flatten)]
        desk: DeskArgs,
    },
}

pub fn holds(command: HoldsCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        HoldsCommand::List { desk, state, customer } => {
            let list = match desk.reach()? {
                Reach::Here(s) => {
                    serde_json::to_value(s.holds(&HoldFilter { state, customer, after: 0, limit: 1000 })?)?
                }
                Reach::There(server) => {
                    let part =
                        |name: &str, v: Option<String>| v.map_or(String::new(), |v| format!("&{name}={}", escaped(&v)));
                    let query = format!("{}{}", part("state", state), part("customer", customer));
                    server.json("GET", &format!("/api/v1/holds?limit=1000{query}"), None)?
                }
            };
            if as_json {
                return output::json(&list);
            }
            for h in list.as_array().into_iter().flatten() {
                let word = |name: &str| h[name].as_str().unwrap_or_default();
                let what =
                    h["asset"].as_str().map_or(String::new(), |a| format!(" {}", with_unit(units(&h["held"]), a)));
                let (id, state, scope) = (&h["id"], word("state"), word("scope"));
                println!("{id:>6} {state:<8} {scope:<7}{what} of {}: {}", word("customer"), word("reason"));
            }
        }
        HoldsCommand::Place {
            desk,
            id,
            scope,
            customer,
            account,
            asset,
            amount,
            transfer,
            basis,
            reason,
            expires_hours,
        } => {
            let scope = Scope::from_name(&scope)
                .with_context(|| format!("--scope {scope}: use account, asset, amount or deposit"))?;
            let expires = expires_hours.map(|h| system_clock()() + h as i64 * 3600);
            let request = HoldRequest {
                id,
                scope,
                customer,
                account,
                asset,
                amount,
                transfer,
                basis,
                reason,
                expires,
                review: None,
                second_person: None,
            };
            let hold = match desk.reach()? {
                Reach::Here(screening) => json!(screening.place_hold(request, &desk.actor)?),
                Reach::There(server) => server.json("POST", "/api/v1/holds", Some(&json!(request)))?["hold"].take(),
            };
            if as_json { output::json(&json!({"hold": hold}))? } else { println!("hold {hold} is in place") }
        }
        HoldsCommand::Release { desk, id, amount, reason } => {
            let hold = match desk.reach()? {
                Reach::Here(screening) => json!(screening.release_hold(id, amount, &reason, &desk.actor)?),
                Reach::There(server) => {
                    let body = json!({ "amount": amount, "reason": reason });
                    server.json("POST", &format!("/api/v1/holds/{id}/release"), Some(&body))?
                }
            };
            if as_json {
                return output::json(&hold);
            }
            match (hold["state"].as_str().unwrap_or_default(), hold["asked_by"].as_str()) {
                ("active", Some(by)) => println!("hold {id}: {by} asked for its release; another person must confirm"),
                ("active", None) => println!(
                    "hold {id} is reduced to {}",
                    with_unit(units(&hold["held"]), hold["asset"].as_str().unwrap_or_default())
                ),
                (state, _) => println!("hold {id} is {state}"),
            }
        }
        HoldsCommand::Check { desk } => {
            let report = match desk.reach()? {
                Reach::Here(screening) => json!(screening.check_holds()?),
                Reach::There(server) => server.json("GET", "/api/v1/holds/check", None)?,
            };
            if as_json {
                output::json(&report)?;
            } else {
                println!("{} holds checked", thousands(report["holds"].as_u64().unwrap_or(0)));
                for (asset, amount) in report["held"].as_object().into_iter().flatten() {
                    println!("  held {}", with_unit(units(amount), asset));
                }
            }
            no_problems(&report, as_json, "")?;
        }
    }
    Ok(())
}

/// Base units, which stand in JSON as text.
fn units(value: &Value) -> u128 {
    value.as_str().and_then(|t| t.parse().ok()).or_else(|| value.as_u64().map(u128::from)).unwrap_or(0)
}

/// Prints the problems of a report; an error when there are some.
fn no_problems(report: &Value, as_json: bool, what: &str) -> anyhow::Result<()> {
    let problems: Vec<&str> = report["problems"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !as_json {
        problems.iter().for_each(|p| println!("  {p}"));
    }
    match problems.len() {
        0 => Ok(()),
        n => bail!("{what}{n} problems"),
    }
}

#[derive(Subcommand)]
pub enum AlertsCommand {
    /// List the queue.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// open or closed.
        #[arg(long, default_value = "open")]
        state: String,
        /// Of one person.
        #[arg(long)]
        assignee: Option<String>,
    },
    /// Show one alert, its event and its notes.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
    },
    /// Give it to somebody.
    Assign {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        to: String,
    },
    /// Say something.
    Comment {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        text: String,
    },
    /// Finish it.
    Close {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        /// true-positive, false-positive or inconclusive.
        outcome: String,
        text: String,
    },
    /// Take it up again.
    Reopen {
        #[command(flatten)]
        desk: DeskArgs,
        id: u64,
        text: String,
    },
}

pub fn alerts(command: AlertsCommand, as_json: bool) -> anyhow::Result<()> {
    let (desk, id, action) = match command {
        AlertsCommand::List { desk, state, assignee } => {
            let filter = AlertFilter { state: Some(state), assignee, limit: 1000, ..AlertFilter::default() };
            let alerts = desk.open()?.alerts(&filter)?;
            if as_json {
                return output::json(&alerts);
            }
            for a in alerts {
                let who = a.assignee.map_or(String::new(), |w| format!(" [{w}]"));
                println!("{:>6} {:<8} {:<6} {}{who}: {}", a.id, a.kind, a.decision, a.customer, a.reason);
            }
            return Ok(());
        }
        AlertsCommand::Show { desk, id } => (desk, id, None),
        AlertsCommand::Assign { desk, id, to } => (desk, id, Some(AlertAction::Assign { assignee: Some(to) })),
        AlertsCommand::Comment { desk, id, text } => (desk, id, Some(AlertAction::Comment { text })),
        AlertsCommand::Reopen { desk, id, text } => (desk, id, Some(AlertAction::Reopen { text })),
        AlertsCommand::Close { desk, id, outcome, text } => {
            let outcome = match outcome.replace('-', "_").as_str() {
                "true_positive" => Outcome::TruePositive,
                "false_positive" => Outcome::FalsePositive,
                "inconclusive" => Outcome::Inconclusive,
                other => bail!("'{other}' is none of true-positive, false-positive, inconclusive"),
            };
            (desk, id, Some(AlertAction::Close { outcome, text }))
        }
    };
    let screening = desk.open()?;
    if let Some(action) = action {
        screening.act_on_alert(id, action, &desk.actor)?;
    }
    let (alert, notes) = screening.alert(id)?;
    if as_json {
        return output::json(&json!({"alert": alert, "notes": notes}));
    }
    println!("alert {} ({}, {}), customer {}: {}", alert.id, alert.kind, alert.state, alert.customer, alert.reason);
    for n in notes {
        println!("  {} {} {}: {}", rfc3339(n.time), n.author, n.action, n.text);
    }
    Ok(())
}

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Verify the hash chain and every decision in it.
    Verify {
        #[command(flatten)]
        desk: DeskArgs,
        /// Head noted earlier: notices a log that was cut off.
        #[arg(long)]
        head: Option<String>,
        /// A copy of audit.anchors that lies elsewhere, to compare with instead of the store's own.
        #[arg(long)]
        anchors: Option<PathBuf>,
    },
    /// Write the log's head, signed, to audit.anchors beside the database (the server does so every hour and when it stops). Copy that file
    /// to another machine: `verify` then finds a log that was cut off or rewritten, and an older database that was put back.
    Anchor {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Show whether the system's clock is trusted. After a jump, or a stop of more than an hour, nothing expires until a person confirms it.
    Clock {
        #[command(flatten)]
        desk: DeskArgs,
        /// The system's clock is right: what is over by it ends.
        #[arg(long)]
        confirm: bool,
    },
    /// List entries.
    List {
        #[command(flatten)]
        desk: DeskArgs,
        /// Only about one subject, such as hold:12.
        #[arg(long)]
        subject: Option<String>,
        /// Numbers above this one.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
}

pub fn audit(command: AuditCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { desk, head, anchors } => {
            let report = match desk.reach()? {
                Reach::Here(screening) => {
                    let known = crate::desk_key::anchors(&desk.store.store, &master(&desk.store.store, &screening)?);
                    json!(screening.verify_anchored(head.as_deref(), Some(&known), anchors.as_deref())?)
                }
                Reach::There(_) if anchors.is_some() => {
                    bail!("--anchors: stop the server first, or verify a copy of the store")
                }
                Reach::There(server) => {
                    let query = head.map_or(String::new(), |h| format!("?head={}", escaped(&h)));
                    server.json("GET", &format!("/api/v1/audit/verify{query}"), None)?
                }
            };
            if as_json {
                output::json(&report)?;
            } else {
                println!(
                    "{} entries, {} decisions, {} rows of state, {} anchors; head {}",
                    thousands(report["entries"].as_u64().unwrap_or(0)),
                    thousands(report["decisions"].as_u64().unwrap_or(0)),
                    thousands(report["state"].as_u64().unwrap_or(0)),
                    thousands(report["anchors"].as_u64().unwrap_or(0)),
                    report["head"].as_str().unwrap_or_default()
                );
            }
            no_problems(&report, as_json, "the audit log does not verify: ")?;
        }
        AuditCommand::Anchor { desk } => {
            let screening = desk.open()?;
            let anchors = crate::desk_key::anchors(&desk.store.store, &master(&desk.store.store, &screening)?);
            let anchor = screening.anchor(&anchors)?;
            if as_json {
                output::json(&anchor)?;
            } else {
                println!("anchor {}: entry {}, head {}", anchor.number, anchor.entry, anchor.head);
                println!("in {}; keep a copy of it on another machine", anchors.path().display());
            }
        }
        AuditCommand::Clock { desk, confirm } => {
            let screening = desk.open()?;
            let fault = screening.clock_fault();
            if confirm {
                screening.confirm_clock(&desk.actor)?;
            }
            if as_json {
                return output::json(&json!({"fault": fault, "confirmed": confirm}));
            }
            match (&fault, confirm) {
                (_, true) => println!("the clock is confirmed"),
                (Some(fault), false) => println!("{fault} (--confirm)"),
                (None, false) => println!("the clock is trusted"),
            }
        }
        AuditCommand::List { desk, subject, after } => {
            let entries = match desk.reach()? {
                Reach::Here(screening) => json!(screening.audit(after, subject.as_deref(), 1000)?),
                Reach::There(server) => {
                    let subject = subject.map_or(String::new(), |s| format!("&subject={}", escaped(&s)));
                    server.json("GET", &format!("/api/v1/audit?limit=1000&after={after}{subject}"), None)?
                }
            };
            if as_json {
                return output::json(&entries);
            }
            for e in entries.as_array().into_iter().flatten() {
                let word = |name: &str| e[name].as_str().unwrap_or_default();
                let time = rfc3339(e["time"].as_i64().unwrap_or(0));
                println!("{:>6} {time} {} {} {}", e["seq"], word("actor"), word("action"), word("subject"));
            }
        }
    }
    Ok(())
}
