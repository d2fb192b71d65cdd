//! The commands of the repository: `cargo xtask COMMAND`.
//!
//! In: the command line. Out: what the command prints, and an exit code: 0 when all is well, 1 when
//! a check failed or a command could not be run, 2 when the command line is wrong.

mod bench;
mod bounds;
mod clients;
mod crash;
mod deny;
mod engines;
mod error;
mod explore;
mod fuzz;
mod install;
mod judges;
mod measure;
mod mutants;
mod repo;
mod step;
mod test;
mod tool;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::repo::Repo;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The commands of this repository")]
#[command(disable_help_subcommand = false, subcommand_required = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check: format, lints, tests, fresh outputs, docs, the supply chain, all judges
    Test,
    /// Ask the judges about the outputs of every flow: all of them, or those named
    Judge {
        /// Which judges, by name; all if none is given
        names: Vec<String>,
    },
    /// Measure the compiler on 1, 10 and 100 copies of Everi, and the local engine beside ministack
    Bench(bench::Arguments),
    /// Hold the local engine under full load, and watch its memory
    Soak(engines::Soak),
    /// Measure the compiler's CPU time and peak memory on hostile input
    Bounds(bounds::Arguments),
    /// Kill the local engine at random moments under load, and look for what it had accepted
    Crash(crash::Arguments),
    /// Ask the local engine, and ministack beside it, with boto3
    Clients(clients::Arguments),
    /// Search small worlds for one in which the grouping protocol breaks its word
    Explore(explore::Arguments),
    /// Break the grouping protocol on purpose, and see that the explorer notices
    Mutants(mutants::Arguments),
    /// Fuzz the whole compile (needs a nightly toolchain)
    Fuzz(fuzz::Arguments),
    /// Check licences, banned crates and sources of the dependencies
    Deny,
    /// Print the spec of Everi with so many copies of everything in it
    Copies {
        /// How many
        count: usize,
    },
    /// Run one command and print its CPU time and peak memory as JSON
    #[command(hide = true)]
    Measure {
        /// The highest exit code that is no failure
        #[arg(long, default_value_t = 0)]
        up_to: i32,
        /// The command and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
}

fn run(command: &Command) -> Result<ExitCode, Error> {
    let repo = Repo::here();
    match command {
        Command::Test => test::run(&repo),
        Command::Judge { names } => judges::run(&repo, names),
        Command::Bench(arguments) => bench::run(&repo, arguments),
        Command::Soak(arguments) => engines::soak(&repo, arguments),
        Command::Bounds(arguments) => bounds::run(&repo, arguments),
        Command::Crash(arguments) => crash::run(&repo, arguments),
        Command::Clients(arguments) => clients::run(&repo, arguments),
        Command::Explore(arguments) => explore::run(&repo, arguments),
        Command::Mutants(arguments) => mutants::run(&repo, arguments),
        Command::Fuzz(arguments) => fuzz::run(&repo, arguments),
        Command::Deny => deny::run(&repo),
        Command::Copies { count } => bench::print_copies(&repo, *count),
        Command::Measure { up_to, command } => measure::run(command, *up_to),
    }
}

fn main() -> ExitCode {
    run(&Arguments::parse().command).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
