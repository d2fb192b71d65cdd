//! Whether a file of the flow changed: by looking, which works on every file system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How deep folders are looked into.
const DEEPEST: usize = 8;

/// The files of a flow as they were.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Files(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl Files {
    /// As they are now: the spec with its templates, and the handlers.
    pub(crate) fn of(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        for folder in ["spec", "handlers"] {
            collect(&root.join(folder), DEEPEST, &mut files);
        }
        // The compiler writes it.
        files.remove(&root.join("spec/stacks.lock.json"));
        Self(files)
    }
}

fn collect(folder: &Path, deeper: usize, files: &mut BTreeMap<PathBuf, (Option<SystemTime>, u64)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let Ok(about) = entry.metadata() else { continue };
        if about.is_dir() {
            if deeper > 0 && name != "target" && !name.to_string_lossy().starts_with('.') {
                collect(&path, deeper - 1, files);
            }
        } else if about.is_file() {
            files.insert(path, (about.modified().ok(), about.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_and_build_output_is_not() {
        let root = std::env::temp_dir().join(format!("eventloom-watch-{}", std::process::id()));
        for folder in ["spec", "handlers/src", "handlers/target"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let before = Files::of(&root);
        for other in ["handlers/target/a", "spec/stacks.lock.json"] {
            std::fs::write(root.join(other), "x").unwrap();
        }
        assert_eq!(Files::of(&root), before);
        std::fs::write(root.join("handlers/src/a.rs"), "x").unwrap();
        let after = Files::of(&root);
        assert_ne!(after, before);
        std::fs::write(root.join("handlers/src/a.rs"), "xy").unwrap();
        assert_ne!(Files::of(&root), after);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
