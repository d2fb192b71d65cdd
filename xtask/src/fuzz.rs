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
const RUSTUP: &str = "see https://rustup.rs";
const NIGHTLY: &str = "rustup toolchain install nightly --profile minimal";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long
    #[arg(long, default_value_t = 1800)]
    seconds: u64,
    /// How many processes at once
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// Add to the committed corpus what earlier runs found and what reaches new code, and end
    #[arg(long)]
    keep: bool,
}

/// Fuzzes, or keeps what was found.
pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    if on_path("rustup").is_none() {
        return Err(Error::Missing { program: "rustup".into(), remedy: RUSTUP.into() });
    }
    if Tool::new(repo, "rustup", RUSTUP).args(["run", "nightly", "rustc", "--version"]).quiet().is_err() {
        return Err(Error::Missing { program: "a nightly toolchain".into(), remedy: NIGHTLY.into() });
    }
    install(repo, "cargo-fuzz", VERSION)?;

    let found = repo.at("target/fuzz/corpus");
    std::fs::create_dir_all(&found).map_err(Error::file(&found))?;
    let corpus = repo.at(FOLDER).join("corpus").join(TARGET);
    let tool = if arguments.keep {
        fuzzer(repo).args([TARGET]).args([corpus, found]).args(["--", "-merge=1"])
    } else {
        let cases = ["spec", "tests/accept", "tests/reject"].map(|folder| repo.at(folder));
        fuzzer(repo)
            .args(["--jobs", &arguments.jobs.to_string(), TARGET])
            // The first folder is where the fuzzer puts what it finds.
            .args([found, corpus])
            .args(cases.into_iter().filter(|folder| folder.is_dir()))
            .args(["--", &format!("-max_total_time={}", arguments.seconds)])
            .args([format!("-dict={}", repo.at(FOLDER).join("flow.dict").display())])
            // A compile ends within a second and 200 MB; the sanitizer slows it some tenfold and keeps
            // a shadow of its memory.
            .args(["-timeout=10", "-rss_limit_mb=1024", "-max_len=65536"])
    };
    tool.show()?;
    Ok(ExitCode::SUCCESS)
}

/// Cargo-fuzz starts Cargo again: it must be the nightly one, whatever toolchain runs this program.
fn fuzzer(repo: &Repo) -> Tool {
    Tool::new(repo, "rustup", RUSTUP)
        .env("CARGO", "cargo")
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .args(["run", "nightly"])
        .args([program(repo, "cargo-fuzz", VERSION)])
        .args(["run", "--fuzz-dir", FOLDER, "--target-dir", "target/fuzz/build"])
}
