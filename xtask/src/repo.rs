//! Where things are: the repository's root, the flow roots in it, the places under `target/`.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// This repository.
pub(crate) struct Repo {
    root: PathBuf,
}

impl Repo {
    /// The repository that this program was built in.
    pub(crate) fn here() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: package.parent().unwrap_or(package).to_owned() }
    }

    /// The root folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A place in the repository.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A path as a person in the root folder would type it.
    pub(crate) fn typed(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// The repository's own flow, then each test flow that has outputs, by name.
    pub(crate) fn flow_roots(&self) -> Result<Vec<PathBuf>, Error> {
        let mut roots = vec![self.root.clone()];
        roots.extend(folder(&self.at("tests/flows"))?.into_iter().filter(|flow| flow.join("generated").is_dir()));
        Ok(roots)
    }
}

/// What lies in a folder, in the order of the names; nothing if there is no such folder.
pub(crate) fn folder(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let entries = path.read_dir().map_err(Error::file(path))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Error::file(path))?;
    paths.sort();
    Ok(paths)
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(Error::file(path))
}

/// Writes a file, and the folders above it.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::write(path, text).map_err(Error::file(path))
}
