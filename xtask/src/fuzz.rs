//! `cargo xtask fuzz`: the whole compile, from bytes, under libFuzzer.
//!
//! In: the corpus in `codegen/fuzz/corpus/compile/`. Out: what the fuzzer prints; an input that panics,
//! hangs or takes too much memory lies in `codegen/fuzz/artifacts/compile/`, and the exit code is 1.

use std::process::ExitCode;

use crate::deny::{install, program};
use crate::error::Error;
use crate::repo::Repo;
use crate::tool::{Tool, on_path};

const VERSION: &str = "0.13.1";
const FOLDER: &str = "codegen/fuzz";
const TARGET: &str = "compile";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long
    #[arg(long, default_value_t = 1800)]
    seconds: u64,
    /// How many processes at once
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// Shrink the corpus to what reaches new code instead, so that it can be committed
    #[arg(long)]
    shrink: bool,
}

/// Fuzzes, or shrinks the corpus.
pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    const NIGHTLY: &str = "rustup toolchain install nightly --profile minimal";
    if on_path("rustup").is_none() {
        return Err(Error::Missing { program: "rustup".into(), remedy: "see https://rustup.rs".into() });
    }
    if Tool::new(repo, "rustup", "see https://rustup.rs")
        .args(["run", "nightly", "rustc", "--version"])
        .quiet()
        .is_err()
    {
        return Err(Error::Missing { program: "a nightly toolchain".into(), remedy: NIGHTLY.into() });
    }
    install(repo, "cargo-fuzz", VERSION)?;

    // Cargo-fuzz starts Cargo again: it must be the nightly one, whatever toolchain runs this program.
    let fuzz = |verb: &str| {
        Tool::new(repo, "rustup", NIGHTLY)
            .args(["run", "nightly"])
            .args([program(repo, "cargo-fuzz", VERSION)])
            .args(["fuzz", verb, "--fuzz-dir", FOLDER])
            .env("CARGO", "cargo")
            .env("RUSTUP_TOOLCHAIN", "nightly")
    };
    let tool = if arguments.shrink {
        fuzz("cmin").args([TARGET])
    } else {
        // A compile must end within a second and 200 MB; the sanitizer slows it and needs room of its own.
        fuzz("run")
            .args(["--jobs", &arguments.jobs.to_string(), TARGET, "--"])
            .args([format!("-max_total_time={}", arguments.seconds)])
            .args(["-timeout=10", "-rss_limit_mb=1024", "-max_len=65536"])
            .args([format!("-dict={}", repo.at(FOLDER).join("flow.dict").display())])
    };
    tool.show()?;
    Ok(ExitCode::SUCCESS)
}
