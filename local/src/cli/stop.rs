//! Why the command ended without success, and its exit code.

use std::path::PathBuf;

use local::cloudformation::DeployError;
use local::kernel::StoreError;
use local::sockets::Taken;

/// What ends the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The spec has errors, which were said.
    #[error("")]
    Spec,
    /// The flow's files could not be read or written.
    #[error(transparent)]
    Flow(#[from] codegen::cli::Failed),
    /// A file of the engine's own.
    #[error("cannot {doing} {}: {why}", path.display())]
    File {
        /// `read`, `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// The handlers do not compile, which cargo said.
    #[error("the handlers were not built{0}")]
    Build(String),
    /// Another program has the port.
    #[error("cannot listen on 127.0.0.1:{0}: {1}; choose another port with --port")]
    Port(u16, std::io::Error),
    /// Another program has an API's port.
    #[error("{0}; choose other ports with --port or --api-port, or start anew with --fresh")]
    ApiPort(#[from] Taken),
    /// Another engine runs this flow.
    #[error("another engine runs this flow; end it, or use --memory for one beside it")]
    Running,
    /// No engine runs this flow.
    #[error("no engine runs the flow in {}: start one with `cargo run -p local`", .0.display())]
    NotRunning(PathBuf),
    /// The stacks did not come up.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The engine's file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was asked for cannot be done.
    #[error("{0}")]
    Refused(String),
    /// The flow came to rest, and something of it had failed.
    #[error("{0} failed, as said above")]
    Failures(String),
    /// It did not come to rest in time.
    #[error("the flow was not idle after {0} s")]
    Late(u64),
}

impl Stop {
    /// What to say; nothing where all was said.
    pub(crate) fn said(&self) -> Option<String> {
        Some(self.to_string()).filter(|said| !said.is_empty())
    }

    /// The exit code, as `--help` lists it.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Spec => 1,
            Self::Refused(_) => 2,
            Self::Flow(_) | Self::File { .. } | Self::Store(_) => 3,
            Self::Build(_) => 4,
            Self::Port(..) | Self::ApiPort(_) | Self::Running | Self::NotRunning(_) => 5,
            Self::Deploy(_) => 6,
            Self::Failures(_) => 7,
            Self::Late(_) => 8,
        }
    }
}
