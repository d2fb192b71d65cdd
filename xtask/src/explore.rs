//! `cargo xtask explore`: searches small worlds for one in which the grouping protocol breaks its word.
//!
//! Out: `docs/guarantee/explorer.md`, with the bounds and the number of worlds of each scenario; or the
//! invariant that is broken and how one gets there, and exit code 1.

use std::process::ExitCode;

use crate::error::Error;
use crate::repo::{Repo, read, write};
use crate::tool::Tool;

const PAGE: &str = "docs/guarantee/explorer.md";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the small scenarios; check that the page says of them what is found
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(repo: &Repo, arguments: &Arguments) -> Result<ExitCode, Error> {
    let explorer = |large: bool| {
        let flags: &[&str] = if large { &["--", "--large-only"] } else { &[] };
        Tool::cargo(repo)
            .args(["run", "--quiet", "--locked", "--profile", "explore"])
            .args(["--package", "eventloom-grouping", "--bin", "explore"])
            .args(flags)
    };
    let Some(small) = rows(explorer(false))? else { return Ok(ExitCode::FAILURE) };
    if arguments.check {
        if read(&repo.at(PAGE))?.contains(&small) {
            return Ok(ExitCode::SUCCESS);
        }
        return Err(Error::Usage(format!("{PAGE} is not what was found; type: cargo xtask explore")));
    }
    let Some(large) = rows(explorer(true))? else { return Ok(ExitCode::FAILURE) };
    write(&repo.at(PAGE), &page(&small, &large))?;
    Ok(ExitCode::SUCCESS)
}

/// The rows that it prints; nothing, if it has found something.
fn rows(explorer: Tool) -> Result<Option<String>, Error> {
    let printed = explorer.printed()?;
    print!("{}", printed.out);
    if !printed.success {
        eprint!("{}", printed.err);
    }
    Ok(printed.success.then_some(printed.out))
}

fn page(small: &str, large: &str) -> String {
    const HEADS: &str = "| scenario | is about | at once | crashes | lost answers | duplicates | lost timers | worlds \
                         | steps | depth |\n| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n";
    format!(
        "<!-- Written by `cargo xtask explore`. Do not edit. -->\n\n\
         # The explorer\n\n\
         Each row is a small world of the [grouping protocol](../guarantee.md): what comes into it, how many handlers are \
         at work at the same time, and how often what goes wrong. All that can happen in it was searched, and no invariant \
         was broken. A world is one state of table, queues, clock and handlers; a step leads from one to the next; the \
         depth is the length of the longest shortest way.\n\n\
         ## Small: searched by CI\n\n{HEADS}{small}\n\
         ## Large: searched by `cargo xtask explore`\n\n{HEADS}{large}"
    )
}
