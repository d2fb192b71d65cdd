//! `cargo xtask mutants`: breaks the grouping protocol on purpose, and sees that the explorer notices.
//!
//! In: the patches in `tests/mutants/grouping/`. Each says in its first lines what it breaks, which
//! invariants may catch it, and in which scenarios. Out: `docs/guarantee/mutants.md`, and exit code 1
//! if a mutant survives, does not compile, no longer applies, or is caught by another invariant.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::error::Error;
use crate::repo::{Repo, folder, read, write};
use crate::tool::Tool;

const PATCHES: &str = "tests/mutants/grouping";
const PAGE: &str = "docs/guarantee/mutants.md";
const CRATE: &str = "handlers/grouping";
/// What it is built with, of this repository.
const BESIDE: &str = "handlers/cron";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only those whose names hold this
    name: Option<String>,
    /// Try a few of them, and check that the page names them all
    #[arg(long)]
    check: bool,
}

/// A patch, as its first lines describe it.
struct Mutant {
    file: PathBuf,
    name: String,
    breaks: String,
    caught_by: Vec<String>,
    scenarios: Vec<String>,
}

pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    let all = folder(&repo.at(PATCHES))?.iter().map(|file| Mutant::read(file)).collect::<Result<Vec<_>, _>>()?;
    let tried = all
        .iter()
        .enumerate()
        // One in eight, from all over the list.
        .filter(|(number, _)| !arguments.check || number % 8 == 0)
        .map(|(_, mutant)| mutant)
        .filter(|mutant| arguments.name.as_ref().is_none_or(|name| mutant.name.contains(name.as_str())))
        .collect::<Vec<_>>();
    let bench = Bench::new(repo)?;
    let mut outcomes = Vec::new();
    for mutant in &tried {
        let outcome = bench.try_out(mutant)?;
        let word = if outcome.is_ok() { "caught  " } else { "SURVIVED" };
        let (Ok(said) | Err(said)) = &outcome;
        println!("{word} {:28} {said}", mutant.name);
        outcomes.push(outcome);
    }
    let caught = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    println!("{caught} of {} mutants were caught", outcomes.len());
    if arguments.check {
        check_page(repo, &all)?;
    } else if arguments.name.is_none() {
        write(&repo.at(PAGE), &page(&all, &outcomes))?;
    }
    Ok(if caught == outcomes.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Mutant {
    fn read(file: &Path) -> Result<Self, Error> {
        let text = read(file)?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.map(str::to_owned).ok_or_else(|| Error::Unreadable {
                what: file.display().to_string(),
                reason: format!("no line begins with `{name}:`"),
            })
        };
        let words = |line: String| line.split_whitespace().map(str::to_owned).collect();
        Ok(Self {
            file: file.to_owned(),
            name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            breaks: field("breaks")?,
            caught_by: words(field("caught by")?),
            scenarios: words(field("scenarios")?),
        })
    }
}

/// A copy of the crate in a workspace of its own, so that nothing else is built.
struct Bench<'a> {
    repo: &'a Repo,
    root: PathBuf,
}

impl<'a> Bench<'a> {
    fn new(repo: &'a Repo) -> Result<Self, Error> {
        let bench = Self { repo, root: repo.at("target/mutants") };
        let manifest = read(&repo.at("Cargo.toml"))?;
        let shared = manifest.find("[workspace.package]").map(|at| manifest.split_at(at).1).unwrap_or_default();
        let members = format!("[workspace]\nresolver = \"3\"\nmembers = [\"{CRATE}\", \"{BESIDE}\"]\n\n");
        write(&bench.root.join("Cargo.toml"), &(members + shared))?;
        write(&bench.root.join("Cargo.lock"), &read(&repo.at("Cargo.lock"))?)?;
        copy(&repo.at(BESIDE), &bench.root.join(BESIDE))?;
        // Edits during the run are not seen.
        copy(&repo.at(CRATE), &bench.root.join("unbroken"))?;
        Ok(bench)
    }

    /// The invariant that caught it, or what happened instead.
    fn try_out(&self, mutant: &Mutant) -> Result<Result<String, String>, Error> {
        copy(&self.root.join("unbroken"), &self.root.join(CRATE))?;
        let patch = Tool::new(self.repo, "git", "see https://git-scm.com")
            .args(["apply".as_ref(), mutant.file.as_os_str()])
            .within(&self.root.join(CRATE))
            // Else git takes the patch for one of this repository.
            .env("GIT_CEILING_DIRECTORIES", &self.root.join("handlers"));
        if !patch.printed()?.success {
            return Ok(Err("the patch does not apply any more".to_owned()));
        }
        let cargo = |command: &str| {
            Tool::cargo(self.repo)
                .args([command, "--offline", "--quiet", "--profile", "explore", "--package", "eventloom-grouping"])
                // Most of the time goes into building, and little is searched before a mutant is caught.
                .env("CARGO_PROFILE_EXPLORE_OPT_LEVEL", "1")
                .env("CARGO_TARGET_DIR", self.root.join("target"))
                .within(&self.root)
        };
        let built = cargo("build").printed()?;
        if !built.success {
            return Ok(Err(format!("it does not compile:\n{}", built.err)));
        }
        let printed = cargo("run").args(["--bin", "explore", "--"]).args(&mutant.scenarios).printed()?;
        let broken = printed.out.lines().find_map(|line| line.strip_prefix("broken: ")?.split(':').next());
        Ok(match broken {
            Some(broken) if mutant.caught_by.iter().any(|invariant| invariant == broken) => Ok(broken.to_owned()),
            Some(broken) => Err(format!("it was to be caught by {}, not {broken}", mutant.caught_by.join(" or "))),
            None => Err(format!("{}{}", printed.out, printed.err)),
        })
    }
}

/// Copies a crate's sources: only what differs, so that cargo builds no more than it must.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    for path in folder(from)? {
        let there = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &there)?;
        } else if std::fs::read(&there).ok() != Some(std::fs::read(&path).map_err(Error::file(&path))?) {
            write(&there, &read(&path)?)?;
        }
    }
    Ok(())
}

fn page(mutants: &[Mutant], outcomes: &[Result<String, String>]) -> String {
    let mut page = String::from(
        "<!-- Written by `cargo xtask mutants`. Do not edit. -->\n\n\
         # Mutants\n\n\
         Each of these breaks one thing of the [grouping protocol](../guarantee.md) on purpose. The [explorer](explorer.md) \
         must find a world in which an invariant fails.\n\n\
         | mutant | what it breaks | caught by | in |\n| --- | --- | --- | --- |\n",
    );
    for (mutant, outcome) in mutants.iter().zip(outcomes) {
        let caught = outcome.as_ref().map_or("**nothing**", String::as_str);
        let scenarios = mutant.scenarios.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        // Writing into a text does not fail.
        let _ = writeln!(page, "| `{}` | {} | {caught} | {scenarios} |", mutant.name, mutant.breaks);
    }
    page
}

fn check_page(repo: &Repo, mutants: &[Mutant]) -> Result<(), Error> {
    let page = read(&repo.at(PAGE))?;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")).collect::<Vec<_>>();
    let named = |mutant: &Mutant, row: &str| row.starts_with(&format!("{}` | {} | ", mutant.name, mutant.breaks));
    let fresh = rows.len() == mutants.len() && mutants.iter().zip(&rows).all(|(mutant, row)| named(mutant, row));
    if fresh && !page.contains("**nothing**") {
        return Ok(());
    }
    Err(Error::Usage(format!("{PAGE} is not about the mutants that there are; type: cargo xtask mutants")))
}
