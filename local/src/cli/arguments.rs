//! What a person types.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

/// Runs a flow on this machine: compiles it, builds its handlers, brings its stacks up.
#[derive(Debug, Parser)]
#[command(name = "local", bin_name = "cargo run -p local --", version, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The flow's root: the folder with spec/, generated/ and handlers/
    #[arg(long, global = true, default_value = ".")]
    pub(crate) root: PathBuf,
    /// The spec's root file, where the folder has several
    #[arg(long)]
    pub(crate) spec: Option<PathBuf>,
    /// The port of AWS's APIs; the flow's own APIs are on the ports behind it
    #[arg(long, default_value_t = 4566)]
    pub(crate) port: u16,
    /// The port of the flow's first API, if it is not the one behind --port
    #[arg(long)]
    pub(crate) api_port: Option<u16>,
    /// Forget what an earlier run left behind
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Keep nothing on disk
    #[arg(long)]
    pub(crate) memory: bool,
    /// A parameter of the stacks
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) parameters: Vec<(String, String)>,
    /// A site whose pages may use the flow's APIs, beside those of this machine: `https://app.example`
    #[arg(long = "origin", value_name = "URL")]
    pub(crate) origins: Vec<String>,
    /// Publish an event once the stacks are up: its name and a JSON file with its data or a CloudEvent
    #[arg(long, num_args = 2, value_names = ["EVENT", "FILE"], action = clap::ArgAction::Append)]
    pub(crate) publish: Vec<String>,
    /// End when nothing is left to do; the clock jumps over what the flow only waits for
    #[arg(long)]
    pub(crate) until: Option<Until>,
    /// With --until: how long that may take, in seconds
    #[arg(long, default_value_t = 60)]
    pub(crate) timeout: u64,
    /// Do not rebuild when a file of the flow changes
    #[arg(long)]
    pub(crate) no_watch: bool,
    /// How what happens is printed
    #[arg(long, default_value = "human")]
    pub(crate) format: Format,
}

const AFTER: &str = "Exit codes: 0 all is well; 1 the spec has errors; 2 the command line is wrong;\n\
    3 a file could not be read or written; 4 the handlers do not compile; 5 a port is taken, or the engine runs\n\
    already or not at all; 6 the stacks did not come up; 7 --until idle: something failed; 8 --until: too late.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Publish an event into the engine that runs
    Publish {
        /// The event's name
        event: String,
        /// A JSON file with its data or a CloudEvent; `-` is the standard input
        file: PathBuf,
    },
    /// Print a token for a user of the flow
    Token {
        /// The user's id: the claim `sub`
        user: String,
        /// Further claims; a value that is JSON is taken as JSON
        #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = pair)]
        claims: Vec<(String, String)>,
    },
    /// Show the faults that are to come, or set them
    Faults {
        /// A JSON file with a plan, as docs/local/faults.md describes it; `-` is the standard input
        file: Option<PathBuf>,
    },
    /// Show the engine's clock, or change it
    Clock {
        #[command(subcommand)]
        change: Option<Change>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Change {
    /// Let time stand still
    Pause,
    /// Let time run on
    Resume,
    /// Move the clock forward: `5m`, `90s`, `1h 30m`
    Jump {
        /// By how much
        #[arg(value_parser = duration)]
        by: Duration,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Until {
    /// No message, execution or retry is left to work on
    Idle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for people
    Human,
    /// One JSON object a line
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "it is not NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(duration).map_err(|_| "the clock only goes forward".to_owned())
}
