//! Writing: generated files, each by an atomic rename, and only where they changed.

use super::load::{Failure, Root};
use codegen::Output;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

/// What happened to the generated files.
#[derive(Default)]
pub(crate) struct Written {
    /// Made or changed, by their paths.
    pub(crate) changed: Vec<String>,
    /// Taken away: what the flow no longer has.
    pub(crate) removed: Vec<String>,
    /// How many there are in all.
    pub(crate) all: usize,
}

/// Folders that hold generated files of one ending only: what the flow no longer has is taken away there.
const OWNED: [(&str, &str); 3] =
    [("generated/schemas", ".schema.json"), ("generated/state-machines", ".asl.json"), ("generated/nested", ".json")];

/// The files that are not what the compiler would write, with what is wrong.
pub(crate) fn stale(root: &Root, output: &Output) -> Result<Vec<String>, Failure> {
    let mut stale = Vec::new();
    for file in &output.files {
        match root.text(&file.path)? {
            Some(text) if text == file.text => {}
            Some(_) => stale.push(format!("{} differs", file.path)),
            None => stale.push(format!("{} is missing", file.path)),
        }
    }
    stale.extend(leftovers(root, output).into_iter().map(|path| format!("{path} is no longer made")));
    Ok(stale)
}

/// Writes what changed.
pub(crate) fn write(root: &Root, output: &Output) -> Result<Written, Failure> {
    let mut written = Written { all: output.files.len(), ..Written::default() };
    for file in &output.files {
        if root.text(&file.path)?.as_deref() != Some(file.text.as_str()) {
            atomically(&root.path(&file.path), &file.text)?;
            written.changed.push(file.path.clone());
        }
    }
    for path in leftovers(root, output) {
        let full = root.path(&path);
        std::fs::remove_file(&full).map_err(|why| Failure::Io { doing: "remove", path: full, why })?;
        written.removed.push(path);
    }
    Ok(written)
}

/// Generated files that the flow no longer has.
fn leftovers(root: &Root, output: &Output) -> Vec<String> {
    let made: BTreeSet<&str> = output.files.iter().map(|file| file.path.as_str()).collect();
    let mut found = Vec::new();
    for (folder, ending) in OWNED {
        let Ok(entries) = std::fs::read_dir(root.path(folder)) else { continue };
        for entry in entries.flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if path.ends_with(ending) && !made.contains(path.as_str()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Writes a file so that a reader sees the old text or the new one, and never half of it.
pub(crate) fn atomically(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |why| Failure::Io { doing: "write", path: path.to_owned(), why };
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    match (std::fs::write(&beside, text), path.parent()) {
        // Only the first file of a folder finds it missing.
        (Err(why), Some(folder)) if why.kind() == ErrorKind::NotFound => {
            std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&beside, text))
        }
        (written, _) => written,
    }
    .map_err(failed)?;
    std::fs::rename(&beside, path).map_err(|why| {
        let _ = std::fs::remove_file(&beside);
        failed(why)
    })
}
