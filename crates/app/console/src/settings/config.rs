//! Configuration of `serve` and `follow` from flags, the environment and a file, in this order of precedence, by one specification ([`super`]);
//! `holdfast config`.

use super::file::{self, FileValue};
use super::{Kind, SETTINGS, Setting};
use crate::output;
use anyhow::Context;
use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Subcommand};
use serde_json::json;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where `config check` looks without FILE and HOLDFAST_CONFIG.
const DEFAULT_FILE: &str = "holdfast.toml";

/// Variables that are no setting of `serve`.
const OTHER_VARIABLES: [&str; 10] = [
    "HOLDFAST_DESK_KEY",
    "HOLDFAST_DESK_KEY_COMMAND",
    "HOLDFAST_DATA",
    "HOLDFAST_CONFIG",
    "HOLDFAST_OPTIONS",
    "HOLDFAST_RPC_PASSWORD",
    "HOLDFAST_PARTNER_KEY",
    "HOLDFAST_LRS_PASSWORD",
    "HOLDFAST_KEY",
    "HOLDFAST_SERVER",
];

#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "a comment would be the command's help")]
pub enum ConfigCommand {
    /// Check a configuration file, and print what is in effect and where each value comes from. Passwords are not shown.
    Check {
        /// The file; by default HOLDFAST_CONFIG, or holdfast.toml in the working directory.
        file: Option<PathBuf>,
    },
    /// Print the reference of all settings (docs/configuration.md).
    Reference,
}

fn arg_of<'a>(serve: &'a Command, setting: &Setting) -> Option<&'a Arg> {
    serve.get_arguments().find(|a| a.get_long() == Some(setting.flag))
}

/// Commands that take a configuration file. `follow` takes from it what it has flags for.
const CONFIGURED: [&str; 2] = ["serve", "follow"];

/// Gives the flags of the configured commands their environment variables.
fn with_environment(command: Command) -> Command {
    CONFIGURED.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |configured| {
            configured.mut_args(|arg| match SETTINGS.iter().find(|s| Some(s.flag) == arg.get_long()) {
                Some(setting) if setting.kind.is_list() => arg.env(setting.env).value_delimiter(','),
                Some(setting) => arg.env(setting.env).hide_env_values(setting.kind == Kind::Url),
                None => arg,
            })
        })
    })
}

/// What was given by flags and the environment before a file is read.
struct Given {
    command: Command,
    matches: ArgMatches,
}

impl Given {
    /// Reads the arguments of a configured command; none for another command.
    fn read(command: &Command, args: &[OsString]) -> Option<Self> {
        // What is incomplete here may be completed by the file.
        let lenient = CONFIGURED.iter().fold(command.clone().ignore_errors(true), |lenient, name| {
            lenient.mut_subcommand(name, |s| s.ignore_errors(true))
        });
        let matches = lenient.try_get_matches_from(args).ok()?;
        let (name, matches) = matches.subcommand().filter(|(name, _)| CONFIGURED.contains(name))?;
        Some(Given { command: command.find_subcommand(name)?.clone(), matches: matches.clone() })
    }

    fn has(&self, flag: &str) -> bool {
        self.command.get_arguments().any(|a| a.get_long() == Some(flag))
    }

    fn source(&self, flag: &str) -> Option<ValueSource> {
        let arg = self.command.get_arguments().find(|a| a.get_long() == Some(flag))?;
        self.matches.value_source(arg.get_id().as_str())
    }

    /// Returns whether a flag or variable gives a setting or its equivalent.
    fn says(&self, setting: &Setting) -> bool {
        let is_given = |flag| matches!(self.source(flag), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
        is_given(setting.flag) || setting.instead_of.is_some_and(is_given)
    }

    fn file(&self) -> Option<PathBuf> {
        self.matches.try_get_one::<PathBuf>("config").ok().flatten().cloned()
    }
}

/// The command with the arguments that flags, environment and file make together.
struct Merged {
    command: Command,
    args: Vec<OsString>,
    values: Vec<FileValue>,
    file: Option<PathBuf>,
}

fn merge(command: Command, mut args: Vec<OsString>) -> anyhow::Result<Merged> {
    let command = with_environment(command);
    let Some(given) = Given::read(&command, &args) else {
        return Ok(Merged { command, args, values: Vec::new(), file: None });
    };
    let file = given.file();
    let mut values = file.as_deref().map(file::read).transpose()?.unwrap_or_default();
    values.retain(|value| given.has(value.setting.flag) && !given.says(value.setting));
    for value in &values {
        args.extend(value.texts.iter().map(|text| format!("--{}={text}", value.setting.flag).into()));
    }
    // A variable yields to an equivalent flag.
    let weaker: Vec<&str> = SETTINGS
        .iter()
        .filter(|s| given.source(s.flag) == Some(ValueSource::EnvVariable))
        .filter(|s| s.instead_of.is_some_and(|other| given.source(other) == Some(ValueSource::CommandLine)))
        .map(|s| s.flag)
        .collect();
    let command = command.mut_subcommand(given.command.get_name(), |configured| {
        configured.mut_args(|arg| match arg.get_long().is_some_and(|long| weaker.contains(&long)) {
            true => arg.env(Resettable::Reset),
            false => arg,
        })
    });
    Ok(Merged { command, args, values, file })
}

/// Parses the process's arguments; for `serve` and `follow` with what the environment and the file add.
///
/// # Errors
/// When the file cannot be read, or something in it is wrong.
pub fn parse(command: Command) -> anyhow::Result<ArgMatches> {
    let merged = merge(command, std::env::args_os().collect())?;
    Ok(merged.command.get_matches_from(merged.args))
}

/// Variables that look like a setting and are none, with the nearest. Others may be set by orchestrators (`HOLDFAST_PORT`, for a service of
/// that name), and are no error.
pub fn misspelled_variables() -> Vec<String> {
    let known = || SETTINGS.iter().map(|s| s.env).chain(OTHER_VARIABLES);
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = names.filter(|n| n.starts_with("HOLDFAST_") && !known().any(|k| k == n));
    let mut warnings: Vec<String> = unknown
        .filter_map(|name| {
            let near = known().min_by_key(|k| file::edits(k, &name)).filter(|k| file::edits(k, &name) <= 2)?;
            Some(format!("the variable {name} is no setting; {near} is"))
        })
        .collect();
    warnings.sort();
    warnings
}

/// Runs `holdfast config`.
///
/// # Errors
/// When the file cannot be read, or something in it is wrong.
pub fn run(command: ConfigCommand, cli: Command, as_json: bool) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check { file } => check(cli, file, as_json),
        ConfigCommand::Reference => {
            print!("{}", reference(cli)?);
            Ok(())
        }
    }
}

/// Prints what is in effect, and where it comes from.
fn check(cli: Command, file: Option<PathBuf>, as_json: bool) -> anyhow::Result<()> {
    let named = file.or_else(|| std::env::var_os("HOLDFAST_CONFIG").map(PathBuf::from));
    let file = named.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let args = ["holdfast", "serve", "--config"].map(OsString::from).into_iter().chain([file.clone().into()]).collect();
    let merged = merge(cli, args)?;
    let serve = merged.command.find_subcommand("serve").context("the command has no 'serve'")?.clone();
    let matches = merged.command.clone().try_get_matches_from(&merged.args).map_err(|e| {
        anyhow::anyhow!("{}: {}", file.display(), e.to_string().lines().take(3).collect::<Vec<_>>().join(" "))
    })?;
    let matches = matches.subcommand_matches("serve").context("the command has no 'serve'")?;
    let mut list = Vec::new();
    for setting in &SETTINGS {
        let Some(arg) = arg_of(&serve, setting) else { continue };
        let id = arg.get_id().as_str();
        let values: Vec<String> = matches.get_raw(id).into_iter().flatten().map(|v| shown(setting, v)).collect();
        let origin = match matches.value_source(id) {
            Some(ValueSource::EnvVariable) => format!("environment: {}", setting.env),
            Some(ValueSource::CommandLine) => origin_in_file(&merged, setting, &file),
            Some(_) => "default".to_owned(),
            None => continue,
        };
        list.push((setting.key, values, origin));
    }
    let warnings = misspelled_variables();
    if as_json {
        let values = list.iter().map(|(key, values, origin)| json!({"key": key, "values": values, "origin": origin}));
        return output::json(&json!({"settings": values.collect::<Vec<_>>(), "warnings": warnings}));
    }
    for (key, values, origin) in list {
        println!("{key} = {}    # {origin}", values.join(", "));
    }
    warnings.iter().for_each(|w| output::warn(w));
    Ok(())
}

fn origin_in_file(merged: &Merged, setting: &Setting, file: &Path) -> String {
    let value = merged.values.iter().find(|v| v.setting.key == setting.key);
    let file = merged.file.as_deref().unwrap_or(file);
    value.map_or_else(|| "flag".to_owned(), |v| format!("{}:{}", file.display(), v.line))
}

/// A value as it may be shown.
fn shown(setting: &Setting, value: &std::ffi::OsStr) -> String {
    let text = value.to_string_lossy();
    match setting.kind {
        Kind::Url => holdfast_store::without_password(&text),
        _ => text.into_owned(),
    }
}

/// The reference of all settings, in Markdown.
fn reference(cli: Command) -> anyhow::Result<String> {
    let command = with_environment(cli);
    let serve = command.find_subcommand("serve").context("the command has no 'serve'")?;
    let mut text = String::from(INTRODUCTION);
    let mut table = "";
    for setting in &SETTINGS {
        let arg = arg_of(serve, setting).with_context(|| format!("--{} is no flag of serve", setting.flag))?;
        let (above, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if above != table {
            write!(
                text,
                "\n## {above}\n\n| key | value | default | flag | variable | |\n| --- | --- | --- | --- | --- | --- |\n"
            )?;
            table = above;
        }
        let defaults: Vec<String> =
            arg.get_default_values().iter().map(|v| format!("`{}`", v.to_string_lossy())).collect();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('|', "\\|");
        writeln!(
            text,
            "| `{name}` | {} | {} | `--{}` | `{}` | {} |",
            setting.kind.name(),
            defaults.join(", "),
            setting.flag,
            setting.env,
            help.trim_end_matches('.')
        )?;
    }
    Ok(text)
}

const INTRODUCTION: &str = "# Configuration

<!-- Written by `holdfast config reference`; a test compares. -->

`holdfast serve` takes every setting from a flag, else from the environment, else from the file that `--config FILE` or `HOLDFAST_CONFIG` names, else
its default. A file is read only when it is named. `holdfast config check [FILE]` prints the effective values and their sources, and names the line,
key and fix of whatever is wrong.

```toml
version = 1

[server]
listen = \"127.0.0.1:8650\"
site = \"https://holdfast.example\"
trusted_proxies = [\"127.0.0.1\"]

[database]
url_file = \"/etc/holdfast/database\"

[node]
rpc = \"http://127.0.0.1:8332\"
cookie = \"/var/lib/bitcoin/.cookie\"
```

- `version` is the version of the file's form; this program reads 1. Unknown keys are errors.
- Secrets stand in files of their own (`..._file`, one line each), not in this one. URLs with passwords are refused in it; in flags and the environment they work.
  The node's password may also stand in `HOLDFAST_RPC_PASSWORD`.
- Relative paths begin at the working directory. Lists in variables are separated by commas.
- `--open` and `--require-second-factor` are flags only.
";
