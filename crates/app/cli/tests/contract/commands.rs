//! Every command with its arguments, as `--help` shows them.

use crate::common::run;
use std::fmt::Write;
use std::process::Command;

/// Help of a command; nothing of the environment (values of variables, width of the terminal) is in it.
fn help(of: &[String]) -> String {
    run(Command::new(env!("CARGO_BIN_EXE_holdfast")).env_clear().args(of).arg("--help"))
}

/// Names under "Commands:".
fn subcommands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| !l.is_empty());
    // A description that goes over several lines stands further in.
    let names = list.filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    names.filter_map(|l| l.split_whitespace().next()).filter(|n| *n != "help").map(str::to_owned).collect()
}

fn write_help(of: &[String], out: &mut String) {
    let text = help(of);
    write!(out, "$ holdfast {}\n\n{}\n\n", of.join(" "), text.trim_end()).unwrap();
    for name in subcommands(&text) {
        let below: Vec<String> = of.iter().cloned().chain([name]).collect();
        write_help(&below, out);
    }
}

#[test]
fn help_of_every_command() {
    let top = help(&[]);
    insta::assert_snapshot!("help", top);
    let commands = subcommands(&top);
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let mut text = String::new();
        write_help(std::slice::from_ref(&command), &mut text);
        insta::assert_snapshot!(format!("help_{command}"), text);
    }
}
