//! What the tests of the whole share: where a flow lies, and how its spec is read.

pub mod shuffle;

use codegen::Input;
use std::path::{Path, PathBuf};

/// The repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The input of a flow's root file, with the files beside it; no lock.
///
/// # Panics
/// If the file cannot be read.
#[must_use]
#[expect(clippy::expect_used, reason = "a test without its spec cannot go on")]
pub fn input(root: &Path, spec: &str) -> Input {
    let folder = root.join("spec");
    let mut input = Input {
        path: format!("spec/{spec}"),
        bytes: std::fs::read(folder.join(spec)).expect("the spec is there"),
        ..Input::default()
    };
    for entry in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".yaml") && name != spec {
            input.files.insert(name, std::fs::read(entry.path()).map_err(|e| e.to_string()));
        }
    }
    if let Ok(templates) = std::fs::read_dir(folder.join("templates")) {
        input.templates = templates.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    }
    input
}

/// The input of the shop's flow, whose spec is in two files.
#[must_use]
pub fn orders() -> Input {
    input(&repository().join("tests/flows/orders"), "orders.yaml")
}

/// The input of the reference flow.
#[must_use]
pub fn everi() -> Input {
    input(&repository(), "everi.yaml")
}
