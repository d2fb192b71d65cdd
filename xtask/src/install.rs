//! Puts other people's programs under `target/`, at the versions and hashes that are pinned.
//!
//! In: files with pins. Out: a folder. Guaranteed: done again only when a pin has changed or the last try did not end,
//! as the stamp says, which holds the pins themselves.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::repo::{Repo, read, write};
use crate::tool::Tool;

/// The line that installs Python.
pub(crate) const PYTHON: &str = "apt-get install -y python3 python3-venv   # or see https://www.python.org/downloads";

/// Does `work`, which fills `folder` with `what`, unless it was done with these pins.
pub(crate) fn once(
    repo: &Repo,
    what: &str,
    folder: &Path,
    pins: &[PathBuf],
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let pins = pins.iter().map(|pin| read(pin)).collect::<Result<String, _>>()?;
    let stamp = folder.join("installed-pins");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(());
    }
    println!("installing {what} into {} (once)", repo.typed(folder));
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    work()?;
    write(&stamp, &pins)
}

/// A Python environment with what `pins` names, each with its hashes.
pub(crate) fn python(repo: &Repo, what: &str, folder: &Path, pins: &Path) -> Result<(), Error> {
    once(repo, what, folder, &[pins.to_owned()], || {
        Tool::new(repo, "python3", PYTHON).args(["-m", "venv"]).args([folder]).quiet().map_err(
            |error| match error {
                // Debian ships Python without the part that makes environments.
                Error::Failed { .. } => Error::Missing { program: "python3 -m venv".into(), remedy: PYTHON.into() },
                other => other,
            },
        )?;
        Tool::new(repo, folder.join("bin/pip").to_string_lossy(), PYTHON)
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "--no-deps",
                "--requirement",
            ])
            .args([pins])
            .quiet()
    })
}
