//! Puts the judges under `target/judges/`, at the versions and hashes that are pinned.
//!
//! In: `requirements.txt`, `package.json` and `package-lock.json` in `xtask/judges/`. Out: a Python
//! environment and a folder of Node modules. Guaranteed: done again only when a pin has changed or the
//! last try did not end, as the stamp says, which holds the pins themselves; no package runs a script
//! of its own while Node's are installed.

use std::path::PathBuf;

use crate::error::Error;
use crate::repo::{Repo, read, write};
use crate::tool::Tool;

const PYTHON: &str = "apt-get install -y python3 python3-venv   # or see https://www.python.org/downloads";
const NODE: &str = "apt-get install -y nodejs npm   # or see https://nodejs.org/en/download";

/// The judges, ready to be asked.
pub(crate) struct Judges<'a> {
    repo: &'a Repo,
}

impl<'a> Judges<'a> {
    /// Installs what is missing.
    pub(crate) fn installed(repo: &'a Repo) -> Result<Self, Error> {
        let judges = Self { repo };
        judges.install("py", &["requirements.txt"], || judges.install_python())?;
        judges.install("node", &["package.json", "package-lock.json"], || judges.install_node())?;
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

    fn install(&self, folder: &str, pins: &[&str], work: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let pins = pins.iter().map(|pin| read(&self.script(pin))).collect::<Result<String, _>>()?;
        let folder = self.place(folder);
        let stamp = folder.join("installed-pins");
        if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
            return Ok(());
        }
        println!("installing the judges into {} (once)", self.repo.typed(&folder));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Error::file(&folder))?;
        }
        std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        work()?;
        write(&stamp, &pins)
    }

    fn install_python(&self) -> Result<(), Error> {
        Tool::new(self.repo, "python3", PYTHON).args(["-m", "venv"]).args([self.place("py")]).quiet().map_err(
            |error| match error {
                // Debian ships Python without the part that makes environments.
                Error::Failed { .. } => Error::Missing { program: "python3 -m venv".into(), remedy: PYTHON.into() },
                other => other,
            },
        )?;
        Tool::new(self.repo, self.place("py/bin/pip").to_string_lossy(), PYTHON)
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "--no-deps",
                "--requirement",
            ])
            .args([self.script("requirements.txt")])
            .quiet()
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
