//! `cargo xtask bench`, its second part: the local engine beside ministack; and `cargo xtask soak`.
//!
//! In: the release build of the engine without a flow, and ministack as `cargo xtask clients` installs it. Out: what
//! `local/benches/engines.rs` prints. Exit code 1 if the engine passes one of its bounds, or its memory grows.

use std::process::ExitCode;

use crate::clients;
use crate::error::Error;
use crate::repo::Repo;
use crate::tool::Tool;

#[derive(clap::Args)]
pub(crate) struct Soak {
    /// How long the engine is under full load
    #[arg(long, default_value_t = 10)]
    minutes: u64,
}

/// Both engines, in turns.
pub(crate) fn bench(repo: &Repo) -> Result<ExitCode, Error> {
    // ministack judges nobody unless it is told to: its faster way.
    let ministack = format!("ministack=env AUTH=false {}", clients::ministack(repo)?);
    measure(repo, &[ours(repo)?, ministack])
}

/// `cargo xtask soak`.
pub(crate) fn soak(repo: &Repo, arguments: &Soak) -> Result<ExitCode, Error> {
    measure(repo, &[format!("--soak={}", arguments.minutes * 60), ours(repo)?])
}

fn ours(repo: &Repo) -> Result<String, Error> {
    Tool::cargo(repo).args(["build", "--release", "--package", "local", "--locked", "--example", "bare"]).show()?;
    Ok(format!("eventloom={}", repo.at("target/release/examples/bare").display()))
}

fn measure(repo: &Repo, arguments: &[String]) -> Result<ExitCode, Error> {
    let bench = ["bench", "--quiet", "--package", "local", "--locked", "--bench", "engines", "--"];
    Tool::cargo(repo).args(bench).args(arguments).show()?;
    Ok(ExitCode::SUCCESS)
}
