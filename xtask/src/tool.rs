//! Other programs: how they are run, and how the line to repeat them is written.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::repo::Repo;

/// A program to run from the repository's root, without standard input.
#[derive(Debug)]
pub(crate) struct Tool {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    command: Command,
    remedy: String,
}

impl Tool {
    /// `program`, and the line that installs it where it is missing.
    pub(crate) fn new(repo: &Repo, program: impl Into<String>, remedy: impl Into<String>) -> Self {
        let program = program.into();
        let mut command = Command::new(&program);
        command.current_dir(repo.root()).stdin(Stdio::null());
        Self { program, arguments: Vec::new(), environment: Vec::new(), command, remedy: remedy.into() }
    }

    /// Cargo, of the toolchain that runs this program.
    pub(crate) fn cargo(repo: &Repo) -> Self {
        let mut tool = Self::new(repo, "cargo", "see https://rustup.rs");
        if let Some(cargo) = std::env::var_os("CARGO") {
            tool.command = Command::new(cargo);
            tool.command.current_dir(repo.root()).stdin(Stdio::null());
        }
        tool
    }

    /// With arguments.
    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        for argument in arguments {
            self.arguments.push(argument.as_ref().to_string_lossy().into_owned());
            self.command.arg(argument);
        }
        self
    }

    /// With a variable in its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().to_string_lossy().into_owned()));
        self.command.env(name, value);
        self
    }

    /// In another folder than the repository's root.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// The line that a person types to repeat it.
    pub(crate) fn line(&self) -> String {
        let variables = self.environment.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        let arguments = self.arguments.iter().map(|argument| quoted(argument));
        variables.chain([quoted(&self.program)]).chain(arguments).collect::<Vec<_>>().join(" ")
    }

    /// Runs it in sight; an error if it says no.
    pub(crate) fn show(mut self) -> Result<(), Error> {
        let status = self.command.status().map_err(|error| self.not_started(error))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Failed { line: self.line(), status: status.to_string(), output: String::new() })
    }

    /// Runs it unseen; what it printed is in the error if it says no.
    pub(crate) fn quiet(self) -> Result<(), Error> {
        let line = self.line();
        let printed = self.printed()?;
        if printed.success {
            return Ok(());
        }
        Err(Error::Failed { line, status: printed.status, output: format!("{}\n{}", printed.out, printed.err) })
    }

    /// Runs it and says what it printed, whatever it thinks of its success.
    pub(crate) fn printed(mut self) -> Result<Printed, Error> {
        let output = self.command.output().map_err(|error| self.not_started(error))?;
        Ok(Printed {
            success: output.status.success(),
            status: output.status.to_string(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn not_started(&self, source: std::io::Error) -> Error {
        if source.kind() == std::io::ErrorKind::NotFound {
            return Error::Missing { program: self.program.clone(), remedy: self.remedy.clone() };
        }
        Error::File { path: PathBuf::from(&self.program), source }
    }
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Printed {
    /// Whether it ended with 0.
    pub(crate) success: bool,
    /// How it ended, in words.
    pub(crate) status: String,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// Where a program lies on the `PATH`, if it does.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
