//! Puts the judges under `target/judges/`, at the versions and hashes that are pinned.
//!
//! In: `requirements.txt`, `package.json` and `package-lock.json` in `xtask/judges/`. Out: a Python
//! environment and a folder of Node modules. Guaranteed: no package runs a script of its own while Node's
//! are installed.

use std::path::PathBuf;

use crate::error::Error;
use crate::install::{self, PYTHON};
use crate::repo::{Repo, read, write};
use crate::tool::Tool;

const WHAT: &str = "the judges";
const NODE: &str = "apt-get install -y nodejs npm   # or see https://nodejs.org/en/download";

/// The judges, ready to be asked.
pub(crate) struct Judges<'a> {
    repo: &'a Repo,
}

impl<'a> Judges<'a> {
    /// Installs what is missing.
    pub(crate) fn installed(repo: &'a Repo) -> Result<Self, Error> {
        let judges = Self { repo };
        install::python(repo, WHAT, &judges.place("py"), &judges.script("requirements.txt"))?;
        let pins = ["package.json", "package-lock.json"].map(|pin| judges.script(pin));
        install::once(repo, WHAT, &judges.place("node"), &pins, || judges.install_node())?;
        Ok(judges)
    }

    /// The repository they judge.
    pub(crate) fn repo(&self) -> &Repo {
        self.repo
    }

    /// A program of the Python environment.
    pub(crate) fn python(&self, program: &str) -> Tool {
        self.offline(Tool::new(self.repo, self.place("py/bin").join(program).to_string_lossy(), PYTHON))
    }

    /// Node, with the judges' modules.
    pub(crate) fn node(&self) -> Tool {
        self.offline(Tool::new(self.repo, "node", NODE)).env("NODE_PATH", self.place("node/node_modules"))
    }

    /// One of our own scripts that ask a judge.
    pub(crate) fn script(&self, name: &str) -> PathBuf {
        self.repo.at("xtask/judges").join(name)
    }

    /// A place under `target/judges/`.
    pub(crate) fn place(&self, path: &str) -> PathBuf {
        self.repo.at("target/judges").join(path)
    }

    /// Judges must not ask the network, and must not find settings in the home or current folder that
    /// would silence them.
    fn offline(&self, tool: Tool) -> Tool {
        let nowhere = "http://127.0.0.1:9";
        let tool = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]
            .into_iter()
            .fold(tool, |tool, variable| tool.env(variable, nowhere));
        tool.env("NO_PROXY", "").env("no_proxy", "").env("HOME", self.place("")).within(&self.place(""))
    }

    fn install_node(&self) -> Result<(), Error> {
        let folder = self.place("node");
        for pin in ["package.json", "package-lock.json"] {
            write(&folder.join(pin), &read(&self.script(pin))?)?;
        }
        Tool::new(self.repo, "npm", NODE)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .within(&folder)
            .quiet()
    }
}
