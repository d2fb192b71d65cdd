//! `cargo xtask crash`: the local engine under load, killed at random moments.
//!
//! Out: how much it had accepted, and exit code 1 if anything of it is gone. CI does the same with fewer kills.

use std::process::ExitCode;

use crate::error::Error;
use crate::repo::Repo;
use crate::tool::Tool;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How often it is killed
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// Which moments
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    Tool::cargo(repo)
        .args(["test", "--package", "local", "--locked", "--test", "crash", "--", "--nocapture"])
        .env("EVENTLOOM_KILLS", arguments.kills.to_string())
        .env("EVENTLOOM_SEED", arguments.seed.to_string())
        .show()?;
    Ok(ExitCode::SUCCESS)
}
