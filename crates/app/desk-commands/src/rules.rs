//! `holdfast rules`: rule books.

use crate::answer::{Answer, Fields};
use crate::args::DeskArgs;
use crate::drafts::{self, DraftsCommand};
use crate::output::{self, thousands};
use crate::running::Reach;
use crate::screen::read_file;
use anyhow::Context;
use clap::Subcommand;
use holdfast_decision::fields::FIELDS;
use holdfast_decision::rules::DEFAULT_BOOK;
use holdfast_decision::{RuleBook, Typology};
use holdfast_screening::changes::ChangeKind;
use holdfast_screening::replay::{RuleTest, test_rules};
use holdfast_screening::{Screening, ScreeningError};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum RulesCommand {
    /// Print the rule book in force, or the default one.
    Show {
        #[command(flatten)]
        desk: DeskArgs,
        /// The default one, as YAML to edit.
        #[arg(long)]
        default: bool,
        /// The text of a version, as it was written.
        #[arg(long, conflicts_with = "default")]
        version: Option<u32>,
    },
    /// List the versions of the rule book, the latest first.
    Versions {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// List the fields that rules use.
    Fields,
    /// List the typologies and their definitions.
    Typologies,
    /// Test a rule book over history and show which decisions would have changed.
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
    /// Show hits and precision of every rule.
    Statistics {
        #[command(flatten)]
        desk: DeskArgs,
    },
    /// Drafts of rule books: begun, written, tested on history, proposed.
    #[command(subcommand)]
    Drafts(DraftsCommand),
    /// Show what a version of the rule book changed.
    Diff {
        #[command(flatten)]
        desk: DeskArgs,
        /// The version.
        version: u32,
        /// The earlier version that it is compared with; by default the one before.
        #[arg(long)]
        since: Option<u32>,
    },
    /// Propose the text of an earlier version, which another person puts in force again.
    Restore {
        #[command(flatten)]
        desk: DeskArgs,
        /// The version.
        version: u32,
    },
}

pub fn rules(command: RulesCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        RulesCommand::Show { default: true, .. } => {
            print!("{DEFAULT_BOOK}");
            Ok(())
        }
        RulesCommand::Show { desk, version: Some(version), .. } => version_text(&desk, version, as_json),
        RulesCommand::Show { desk, .. } => show(&desk, as_json),
        RulesCommand::Versions { desk } => versions(&desk, as_json),
        RulesCommand::Fields => {
            let all = FIELDS.iter().map(|f| (format!("{}.{}", f.group, f.name), f.description.to_owned()));
            definitions(&all.collect::<Vec<_>>(), 36, as_json)
        }
        RulesCommand::Typologies => {
            let all = Typology::ALL.iter().map(|t| (t.name().to_owned(), t.definition().trim().to_owned()));
            definitions(&all.collect::<Vec<_>>(), 20, as_json)
        }
        RulesCommand::Test { desk, file } => test(&desk, &file, as_json),
        RulesCommand::Apply { desk, file } => {
            let yaml = yaml_of(&file)?;
            apply(&desk, &yaml, as_json).with_context(|| file.display().to_string())
        }
        RulesCommand::Statistics { desk } => statistics(&desk, as_json),
        RulesCommand::Drafts(command) => drafts::drafts(command, as_json),
        RulesCommand::Diff { desk, version, since } => drafts::diff(&desk, version, since, as_json),
        RulesCommand::Restore { desk, version } => drafts::restore(&desk, version, as_json),
    }
}

fn definitions(all: &[(String, String)], width: usize, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&all);
    }
    all.iter().for_each(|(name, text)| println!("{name:<width$} {text}"));
    Ok(())
}

fn show(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| {
        let book = s.book();
        Ok::<_, ScreeningError>(json!({"version": book.version, "sha256": book.sha256, "book": book.file}))
    };
    let answer = desk.answer(here, |c| c.get("/api/v1/rules"))?;
    if as_json {
        return answer.print();
    }
    println!("{} (version {}, SHA-256 {})", answer["book"].word("title"), answer["version"], answer.word("sha256"));
    for rule in answer["book"].list("rules") {
        println!(
            "{:<28} v{:<3} {:<6} {:<6} {}",
            rule.word("id"),
            rule.count("version"),
            rule.word("state"),
            rule.word("decision"),
            rule.word("title")
        );
    }
    Ok(())
}

fn version_text(desk: &DeskArgs, version: u32, as_json: bool) -> anyhow::Result<()> {
    let here = |s: &Screening| {
        let (book, yaml) = s.rule_book(version)?;
        let (time, author, sha256) = (book.time, book.author, book.sha256);
        Ok::<_, ScreeningError>(
            json!({"version": version, "time": time, "author": author, "sha256": sha256, "yaml": yaml}),
        )
    };
    let path = holdfast_client::api_path(&["rules", "versions", &version.to_string()]);
    let answer = desk.answer(here, |c| c.get(&path))?;
    if as_json {
        return answer.print();
    }
    print!("{}", answer.word("yaml"));
    Ok(())
}

fn versions(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    /// Most versions of a list.
    const MAX_LISTED: usize = 1_000;
    let here = |s: &Screening| s.rule_books(None, MAX_LISTED);
    let list = desk.answer(here, |c| c.get("/api/v1/rules/versions").query("limit", MAX_LISTED))?;
    if as_json {
        return list.print();
    }
    for book in list.rows("versions") {
        let (version, time) = (book.count("version"), book.time("time").rfc3339());
        println!("{version:>6} {time} by {}, SHA-256 {}", book.word("author"), book.word("sha256"));
    }
    Ok(())
}

fn test_here(screening: &Screening, yaml: &str) -> anyhow::Result<RuleTest> {
    let book = RuleBook::parse(yaml, 0)?;
    let bar = output::bar(0, "replaying");
    let test = test_rules(screening, &book, &mut |n| {
        bar.set_position(n);
        output::stopping()
    })?;
    bar.finish_and_clear();
    Ok(test)
}

/// Reads a rule book from a file.
pub(crate) fn yaml_of(file: &Path) -> anyhow::Result<String> {
    String::from_utf8(read_file(file)?).with_context(|| file.display().to_string())
}

fn test(desk: &DeskArgs, file: &Path, as_json: bool) -> anyhow::Result<()> {
    let yaml = yaml_of(file)?;
    // What is wrong with the book is found before the desk is opened.
    RuleBook::parse(&yaml, 0).with_context(|| file.display().to_string())?;
    let body = yaml.as_bytes().to_vec();
    let test = desk.answer(|s| test_here(s, &yaml), |c| c.post("/api/v1/rules/test").body(body, "application/yaml"))?;
    if as_json {
        return test.print();
    }
    print_test(&test);
    Ok(())
}

/// Prints what a test of a rule book found.
pub(crate) fn print_test(test: &Value) {
    println!(
        "{} events replayed, {} would be decided otherwise",
        thousands(test.count("events")),
        thousands(test.count("changed"))
    );
    if test.is("stopped") {
        println!("the replay was stopped before the last event");
    }
    for (step, n) in test["moves"].as_object().into_iter().flatten() {
        println!("  {step:<20} {}", thousands(n.as_u64().unwrap_or(0)));
    }
    println!("{:<28} {:>10} {:>10}", "rule", "before", "after");
    for (rule, hits) in test["rules"].as_object().into_iter().flatten() {
        let (before, after) = (hits.count("before"), hits.count("after"));
        if before != after {
            println!("{rule:<28} {before:>10} {after:>10}");
        }
    }
    for d in test.list("differences").iter().take(20) {
        println!(
            "  {} {}: {} -> {} (+{} -{})",
            d.word("event"),
            d.word("customer"),
            d.word("before"),
            d.word("after"),
            d.words("gained").join(","),
            d.words("lost").join(",")
        );
    }
}

/// Puts a rule book in force, or proposes it where another person can approve it.
fn apply(desk: &DeskArgs, yaml: &str, as_json: bool) -> anyhow::Result<()> {
    let answer = match desk.reach()? {
        Reach::There(client) => {
            Answer::of_bytes(client.put("/api/v1/rules").body(yaml.as_bytes().to_vec(), "application/yaml").bytes()?)?
        }
        Reach::Here(screening) if screening.has_second_person(ChangeKind::Rules, &desk.actor)? => {
            Answer::of(&screening.propose_rules(yaml, &desk.actor)?)?
        }
        Reach::Here(screening) => Answer::of(&json!({ "version": screening.apply_rules(yaml, &desk.actor)? }))?,
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

fn statistics(desk: &DeskArgs, as_json: bool) -> anyhow::Result<()> {
    let all = desk.answer(Screening::rule_statistics, |c| c.get("/api/v1/rules/statistics"))?;
    if as_json {
        return all.print();
    }
    println!("{:<28} {:>4} {:<6} {:>9} {:>6} {:>6} {:>9}", "rule", "v", "state", "hits", "right", "wrong", "precision");
    for s in all.items() {
        let precision = s["precision_permille"].as_u64().map_or("-".into(), |p| format!("{}.{}%", p / 10, p % 10));
        println!(
            "{:<28} {:>4} {:<6} {:>9} {:>6} {:>6} {precision:>9}",
            s.word("rule"),
            s.count("version"),
            s.word("state"),
            s.count("hits"),
            s.count("true_positives"),
            s.count("false_positives")
        );
    }
    Ok(())
}
