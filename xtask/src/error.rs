//! What can go wrong outside of this program: files, tools, and what tools print.

use std::path::{Path, PathBuf};

/// A failure of the world, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A program is not on this machine.
    #[error("`{program}` is missing; type: {remedy}")]
    Missing {
        /// Which.
        program: String,
        /// The line that installs it.
        remedy: String,
    },
    /// A program ran and said no.
    #[error("`{line}` failed ({status}){}", indented(output))]
    Failed {
        /// The line to repeat it.
        line: String,
        /// How it ended.
        status: String,
        /// What it printed, if that was kept.
        output: String,
    },
    /// A program printed, or a file holds, what nobody can read.
    #[error("{what}: {reason}")]
    Unreadable {
        /// Which program or file.
        what: String,
        /// Why.
        reason: String,
    },
    /// The command line or the repository asks for what is not there.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// For `map_err` on what is done with `path`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), source }
    }

    /// For `map_err` on what is read from `what`.
    pub(crate) fn unreadable<E: ToString>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |reason| Self::Unreadable { what: what.into(), reason: reason.to_string() }
    }
}

fn indented(output: &str) -> String {
    output.trim().lines().map(|line| format!("\n    {line}")).collect()
}
