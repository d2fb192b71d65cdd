//! The command line.
//!
//! | module | is |
//! | --- | --- |
//! | [`arguments`] | what a person types |
//! | [`up`] | the flow on this machine, from its compile to Ctrl-C |
//! | [`build`] | the handlers' binary |
//! | [`state`] | the folder `.eventloom/` |
//! | [`watch`] | whether a file of the flow changed |
//! | [`lines`] | what happens, a line each |
//! | [`remote`] | commands to an engine that runs |

mod arguments;
mod build;
mod lines;
mod remote;
mod state;
mod stop;
mod up;
mod watch;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

/// Runs the command.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        None => up::up(&arguments),
        Some(Command::Publish { event, file }) => remote::publish(&arguments, event, file),
        Some(Command::Token { user, claims }) => remote::token(&arguments, user, claims),
        Some(Command::Faults { file }) => remote::faults(&arguments, file.as_deref()),
        Some(Command::Clock { change }) => remote::clock(&arguments, change),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            if let Some(said) = stop.said() {
                eprintln!("error: {said}");
            }
            ExitCode::from(stop.code())
        }
    }
}
