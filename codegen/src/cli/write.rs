//! Writing: generated files, each by an atomic rename, and only where they changed.

use super::load::{Failure, Root};
use crate::Output;
use crate::emit::MANIFEST;
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
    stale.extend(leftovers(root, output)?.into_iter().map(|path| format!("{path} is no longer made")));
    Ok(stale)
}

/// Writes what changed.
pub(crate) fn write(root: &Root, output: &Output) -> Result<Written, Failure> {
    let mut written = Written { all: output.files.len(), ..Written::default() };
    let leftovers = leftovers(root, output)?;
    for file in &output.files {
        if root.text(&file.path)?.as_deref() != Some(file.text.as_str()) {
            atomically(&root.path(&file.path), &file.text)?;
            written.changed.push(file.path.clone());
        }
    }
    for path in leftovers {
        let full = root.path(&path);
        std::fs::remove_file(&full).map_err(|why| Failure::Io { doing: "remove", path: full, why })?;
        written.removed.push(path);
    }
    Ok(written)
}

/// Files that an earlier compile wrote, by its list, and that the flow no longer has. What stands in no list is the
/// user's, whatever its name.
fn leftovers(root: &Root, output: &Output) -> Result<Vec<String>, Failure> {
    let kept: BTreeSet<&str> = output.files.iter().map(|f| f.path.as_str()).collect();
    let list = root.text(MANIFEST)?.unwrap_or_default();
    let mut found: Vec<String> =
        list.lines().filter(|l| is_generated(l) && !kept.contains(l)).map(str::to_owned).collect();
    found.retain(|path| root.path(path).symlink_metadata().is_ok_and(|there| there.is_file()));
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether a line of the list names a file under `generated/`: the list may have been merged or written by anybody.
fn is_generated(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.contains(|c: char| c == '\\' || c == ':' || c.is_control())
    };
    path.strip_prefix("generated/").is_some_and(|rest| rest.split('/').all(plain))
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

#[cfg(test)]
mod tests {
    use super::is_generated;

    #[test]
    fn only_what_lies_under_the_generated_folder_is_ever_taken_away() {
        assert!(is_generated("generated/src/types.rs"));
        for other in [
            "handlers/src/a.rs",
            "generated/../spec/a.yaml",
            "/generated/a",
            "generated//a",
            "generated/..\\a",
            "generated",
            "",
        ] {
            assert!(!is_generated(other), "{other}");
        }
    }
}
