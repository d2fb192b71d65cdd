//! `cargo xtask deny`: licences, banned crates and sources of the dependencies, as `deny.toml` says.
//!
//! Advisories need a database from outside, so they are not asked for.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::error::Error;
use crate::repo::Repo;
use crate::step::{Outcome, Report};
use crate::tool::Tool;

const VERSION: &str = "0.20.2";
const LINE: &str = "cargo xtask deny";

/// Runs it alone, and installs it first where it is missing.
pub(crate) fn run(repo: &Repo) -> Result<ExitCode, Error> {
    install(repo, "cargo-deny", VERSION)?;
    let mut report = Report::new();
    report.step("supply chain", LINE, || check(repo));
    Ok(report.finish())
}

/// Runs it among other steps, if it is installed: to compile it costs five minutes of CPU, more than
/// everything else that is checked.
pub(crate) fn step(repo: &Repo, report: &mut Report) {
    if program(repo, "cargo-deny", VERSION).is_file() {
        report.step("supply chain", LINE, || check(repo));
    } else {
        let note = format!("cargo-deny is not installed, and takes minutes to compile; type: {LINE}");
        report.record("supply chain", LINE, std::time::Duration::ZERO, Outcome::NotRun(note));
    }
}

fn check(repo: &Repo) -> Result<String, Error> {
    Tool::new(repo, program(repo, "cargo-deny", VERSION).to_string_lossy(), LINE)
        .args(["--workspace", "--locked", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"])
        .show()
        .map(|()| "licences, bans and sources; advisories need a database from outside".to_owned())
}

/// Where the program of a Cargo tool of this version lies, once it is installed.
pub(crate) fn program(repo: &Repo, tool: &str, version: &str) -> PathBuf {
    folder(repo, tool, version).join("bin").join(tool)
}

/// Compiles a Cargo tool into `target/tools/`, once.
pub(crate) fn install(repo: &Repo, tool: &str, version: &str) -> Result<(), Error> {
    if program(repo, tool, version).is_file() {
        return Ok(());
    }
    println!("installing {tool} {version} into target/tools (once; minutes)");
    Tool::cargo(repo)
        .args(["install", tool, "--locked", "--version", version, "--root"])
        .args([folder(repo, tool, version)])
        .show()
}

fn folder(repo: &Repo, tool: &str, version: &str) -> PathBuf {
    repo.at("target/tools").join(format!("{tool}-{version}"))
}
