//! CPU time and peak memory of one command.
//!
//! The kernel keeps, for a process, only the sum over all children that have ended, and the highest of
//! their peaks. So each measured command gets a parent of its own: this program again, as
//! `xtask measure COMMAND…`, which runs nothing else and prints what the kernel says.

use std::process::{Command, ExitCode, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::repo::Repo;
use crate::tool::Tool;

/// What one run cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// User and system time, in microseconds.
    pub(crate) cpu_us: i64,
    /// The highest resident set, in KiB.
    pub(crate) peak_kib: i64,
}

/// `xtask measure COMMAND…`: the command's own output goes to standard error. It has failed where it ends with more
/// than `up_to`, or by a signal.
pub(crate) fn run(command: &[String], up_to: i32) -> Result<ExitCode, Error> {
    let [program, arguments @ ..] = command else { return Err(Error::Usage("there is no command to measure".into())) };
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).output().map_err(Error::file(program.as_ref()))?;
    eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code().is_none_or(|code| code > up_to) {
        return Ok(ExitCode::FAILURE);
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(Error::unreadable("getrusage"))?;
    let cost = Cost { cpu_us: (usage.user_time() + usage.system_time()).num_microseconds(), peak_kib: usage.max_rss() };
    println!("{}", serde_json::to_string(&cost).map_err(Error::unreadable("the cost"))?);
    Ok(ExitCode::SUCCESS)
}

/// What one run of `command` costs, which may end with a code up to `up_to`.
pub(crate) fn cost(repo: &Repo, command: &[String], up_to: i32) -> Result<Cost, Error> {
    let this = std::env::current_exe().map_err(Error::file("xtask".as_ref()))?;
    let tool = Tool::new(repo, this.to_string_lossy(), "cargo build -p xtask")
        .args(["measure", "--up-to", &up_to.to_string(), "--"])
        .args(command);
    let printed = tool.printed()?;
    if !printed.success {
        return Err(Error::Failed { line: command.join(" "), status: printed.status, output: printed.err });
    }
    serde_json::from_str(&printed.out).map_err(Error::unreadable("the cost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_without_a_program_costs_is_refused() {
        assert!(run(&[], 0).is_err());
    }
}
