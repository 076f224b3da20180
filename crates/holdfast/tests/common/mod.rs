//! Helpers of the end-to-end tests.
#![allow(dead_code)]

use std::path::Path;
use std::process::{Child, Command, Output};

pub fn holdfast() -> Command {
    Command::new(env!("CARGO_BIN_EXE_holdfast"))
}

/// Runs a command to its end; panics with its words when it fails.
pub fn run(command: &mut Command) -> String {
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{command:?}: {}", words(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

pub fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Whether a peer program is installed. In CI a missing one fails the test; elsewhere the test is skipped, loudly.
pub fn have(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{program} is not installed, and CI must have it");
        eprintln!("SKIPPED: {program} is not installed; ./test installs it where it can");
    }
    found
}

/// A child process that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
