//! `cargo xtask test`: everything that is checked, as CI runs it.

use std::process::ExitCode;

use crate::error::Error;
use crate::repo::Repo;
use crate::step::Report;
use crate::tool::Tool;
use crate::{clients, deny, judges};

/// Runs every check; the exit code says whether all passed.
pub(crate) fn run(repo: &Repo) -> Result<ExitCode, Error> {
    let mut report = Report::new();
    let flows = repo.flow_roots()?;

    cargo(&mut report, "format", Tool::cargo(repo).args(["fmt", "--all", "--", "--check"]));
    cargo(
        &mut report,
        "lints",
        Tool::cargo(repo).args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    );
    cargo(&mut report, "tests", Tool::cargo(repo).args(["test", "--workspace", "--locked"]));
    for flow in &flows {
        let mut check = Tool::cargo(repo).args(["run", "--package", "codegen", "--locked", "--", "--check"]);
        let mut name = "fresh outputs".to_owned();
        if flow != repo.root() {
            let typed = repo.typed(flow);
            name = format!("{name} of {typed}");
            check = check.args(["--root", &typed]);
        }
        cargo(&mut report, &name, check);
    }
    cargo(
        &mut report,
        "docs",
        Tool::cargo(repo).args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"),
    );
    cargo(
        &mut report,
        "bounds on hostile input",
        Tool::cargo(repo).args(["run", "--package", "xtask", "--locked", "--", "bounds", "--dev"]),
    );
    clients::steps(repo, &mut report);
    cargo(
        &mut report,
        "worlds of the grouping protocol",
        Tool::cargo(repo).args(["run", "--package", "xtask", "--locked", "--", "explore", "--check"]),
    );
    cargo(
        &mut report,
        "mutants of the grouping protocol",
        Tool::cargo(repo).args(["run", "--package", "xtask", "--locked", "--", "mutants", "--check"]),
    );
    deny::step(repo, &mut report);
    judges::steps(repo, &flows, &mut report);
    Ok(report.finish())
}

fn cargo(report: &mut Report, name: &str, tool: Tool) {
    let line = tool.line();
    report.step(name, &line, || tool.show().map(|()| String::new()));
}
