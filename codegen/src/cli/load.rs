//! Reading: a flow's root, its spec, and what was generated before.
//!
//! Guaranteed: no file outside the root is read; a link in the spec folder is not followed.

use crate::Input;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The largest file that is read whole: a little more than the compiler takes, so that it can say so.
const LARGEST: u64 = 9 << 20;
/// How deep the spec folder may go.
const DEEPEST: usize = 8;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The file system said no.
    #[error("cannot {doing} {path}: {why}", path = path.display())]
    Io {
        /// `read`, `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// There is no spec.
    #[error("there is no flow in {}; a flow's root file is a .yaml file there with the line `eventloom: 1`", .0.display())]
    NoSpec(PathBuf),
    /// There are several files, and none says that it is the root.
    #[error(
        "no file in spec/ has the line `eventloom: 1`: {0}; write it into the flow's root file, or choose one with --spec"
    )]
    NoRoot(String),
    /// There are several.
    #[error("there are several flows in spec/: {0}; choose one with --spec")]
    SeveralSpecs(String),
}

/// The folder of a flow, and its root file.
pub(crate) struct Root {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The root file's path from it, with `/`.
    pub(crate) spec: String,
}

/// Finds a flow's root file: the one given, or the one in `spec/` that has the line `eventloom:`, or the only one there
/// is, so that what is wrong with it can be said.
pub(crate) fn root(folder: &Path, spec: Option<&Path>) -> Result<Root, Failure> {
    if let Some(spec) = spec {
        let within = spec.strip_prefix(folder).unwrap_or(spec);
        return Ok(Root { folder: folder.to_owned(), spec: slashed(within) });
    }
    let specs = folder.join("spec");
    let entries = std::fs::read_dir(&specs).map_err(|_| Failure::NoSpec(specs.clone()))?;
    let (mut found, mut others): (Vec<String>, Vec<String>) = Default::default();
    for entry in entries.flatten() {
        let path = entry.path();
        if is_yaml(&path) && path.is_file() {
            let list = if is_root(&read(&path)?) { &mut found } else { &mut others };
            list.push(format!("spec/{}", entry.file_name().to_string_lossy()));
        }
    }
    found.sort();
    others.sort();
    match (found.as_slice(), others.as_slice()) {
        ([one], _) | ([], [one]) => Ok(Root { folder: folder.to_owned(), spec: one.clone() }),
        ([], []) => Err(Failure::NoSpec(specs)),
        ([], several) => Err(Failure::NoRoot(several.join(", "))),
        (several, _) => Err(Failure::SeveralSpecs(several.join(", "))),
    }
}

/// Whether a file says that it is a flow's root: in its first line perhaps after a byte order mark.
fn is_root(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.split(|b| *b == b'\n').any(|line| line.starts_with(b"eventloom:"))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

fn slashed(path: &Path) -> String {
    path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Reads a file whole, up to a little more than the compiler takes.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let failed = |why| Failure::Io { doing: "read", path: path.to_owned(), why };
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(failed)?.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

impl Root {
    /// A file of the root, by its path from it.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        relative.split('/').fold(self.folder.clone(), |path, part| path.join(part))
    }

    /// The text of a file, if it is there.
    pub(crate) fn text(&self, relative: &str) -> Result<Option<String>, Failure> {
        let path = self.path(relative);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(Failure::Io { doing: "read", path, why }),
        }
    }

    /// What the compiler begins with.
    pub(crate) fn input(&self, environment: Option<String>) -> Result<Input, Failure> {
        let path = self.path(&self.spec);
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let mut files = BTreeMap::new();
        collect(&folder, "", DEEPEST, &mut files)?;
        files.remove(self.spec.rsplit('/').next().unwrap_or_default());
        Ok(Input {
            path: self.spec.clone(),
            bytes: read(&path)?,
            files,
            templates: templates(&folder.join("templates")),
            environment,
            lock: self.text("spec/stacks.lock.json")?,
            compiled_before: self.path("generated/template.json").exists(),
            ..Input::default()
        })
    }
}

/// The YAML files of a folder, by their paths from the spec folder; a link is named, not followed.
fn collect(
    folder: &Path,
    prefix: &str,
    deeper: usize,
    files: &mut BTreeMap<String, crate::parse::File>,
) -> Result<(), Failure> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            files.insert(name, Err("it is a link, and links are not followed".into()));
        } else if kind.is_dir() && deeper > 0 {
            collect(&path, &format!("{name}/"), deeper - 1, files)?;
        } else if is_yaml(&path) {
            files.insert(name, Ok(read(&path)?));
        }
    }
    Ok(())
}

fn templates(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeSet::new() };
    entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}
