//! `cargo xtask clients`: the local engine under boto3, and ministack under the same tests.
//!
//! In: `local/tests/boto3/`. Out: a step for each of the two servers, of which the second may fail only the tests that
//! `differences.toml` lists. Guaranteed: both servers listen on 127.0.0.1 alone and end with their standard input, which
//! is this process's to hold.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::error::Error;
use crate::install::{self, PYTHON};
use crate::repo::Repo;
use crate::step::Report;
use crate::tool::Tool;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// One of the two servers
    #[arg(long)]
    only: Option<Server>,
    /// The tests whose names hold this: `test_sqs`, `sqs.Fifo`; all if it is not given
    test: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Server {
    /// The local engine
    Ours,
    /// The MIT-licensed emulator that the engine is compared with
    Ministack,
}

impl Server {
    const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Ministack => "ministack",
        }
    }
}

const TESTS: &str = "local/tests/boto3";
const ENGINE: [&str; 7] = ["--quiet", "--locked", "--package", "local", "--example", "bare", "--"];

/// `cargo xtask clients [--only SERVER] [TEST]`.
pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    let mut report = Report::new();
    ask(repo, arguments, &mut report);
    Ok(report.finish())
}

/// All tests against both, each as a step of `report`.
pub(crate) fn steps(repo: &Repo, report: &mut Report) {
    ask(repo, &Arguments { only: None, test: None }, report);
}

fn ask(repo: &Repo, arguments: &Arguments, report: &mut Report) {
    let mut ready = false;
    report.step("clients ready", "cargo xtask clients", || {
        install(repo, "boto3")?;
        install(repo, "ministack")?;
        let [quiet, locked, package, local, example, bare, _] = ENGINE;
        Tool::cargo(repo).args(["build", quiet, locked, package, local, example, bare]).show()?;
        ready = true;
        Ok("pinned, under target/clients".to_owned())
    });
    for server in [Server::Ours, Server::Ministack] {
        if ready && arguments.only.is_none_or(|only| only == server) {
            let name = server.name();
            let repeat = format!("cargo xtask clients --only {name}");
            report.step(&format!("boto3 against {name}"), &repeat, || against(repo, server, arguments.test.as_deref()));
        }
    }
}

fn against(repo: &Repo, server: Server, test: Option<&str>) -> Result<String, Error> {
    let python = |environment: &str| place(repo, environment).join("bin/python");
    let script = |name: &str| repo.at(TESTS).join(name);
    let tool = Tool::new(repo, python("boto3").to_string_lossy(), PYTHON)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args([script("run.py")])
        .args([server.name()])
        .args(test)
        .args(["--"]);
    let tool = match server {
        Server::Ours => {
            // Cargo puts the engine in its own place, so that nobody stands between it and its standard input.
            tool.args([std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())]).args(["run"]).args(ENGINE)
        }
        Server::Ministack => {
            tool.args([python("ministack"), script("serve_ministack.py"), place(repo, "ministack-home")])
        }
    };
    tool.show().map(|()| String::new())
}

/// A line that starts ministack, once it is installed.
pub(crate) fn ministack(repo: &Repo) -> Result<String, Error> {
    install(repo, "ministack")?;
    let [python, home] = ["ministack/bin/python", "ministack-home"].map(|name| place(repo, name));
    let script = repo.at(TESTS).join("serve_ministack.py");
    Ok(format!("{} {} {}", python.display(), script.display(), home.display()))
}

fn install(repo: &Repo, name: &str) -> Result<(), Error> {
    install::python(repo, name, &place(repo, name), &repo.at(TESTS).join(format!("{name}.txt")))
}

fn place(repo: &Repo, name: &str) -> PathBuf {
    repo.at("target/clients").join(name)
}
