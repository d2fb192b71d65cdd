//! The three crates of a flow, as cargo sees them: begun where they are missing, never touched where they are there.
//!
//! A flow's crates belong to the workspace of Eventloom, whose runtime they stand on: the manifests say so.

use super::load::{Failure, Root};
use super::write::atomically;
use crate::Output;
use std::path::{Path, PathBuf};

/// What there is of a flow's crates.
#[derive(Default)]
pub(crate) struct Crates {
    /// New files.
    pub(crate) made: Vec<String>,
    /// Members that the workspace's manifest lacks, and that manifest.
    pub(crate) missing_members: Vec<String>,
    /// The package of the binary, which compiles all of the flow.
    pub(crate) bootstrap: Option<String>,
}

/// A package's manifest, after its first lines.
const SHARED: &str = "\
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[dependencies]
";
const LINTS: &str = "\n[lints]\nworkspace = true\n";
/// The compiler's Rust is shaped already; see the file itself.
const RUSTFMT: &str = "\
# What the compiler prints is as rustfmt would have it, but for names so long that no line holds them.
disable_all_formatting = true
";

/// The folders of the three crates.
const FOLDERS: [&str; 3] = ["generated", "generated/bootstrap", "handlers"];

/// Begins the crates that have no manifest.
pub(crate) fn scaffold(root: &Root, output: &Output) -> Result<Crates, Failure> {
    let mut done = Crates::default();
    let workspace = workspace(&root.folder);
    let mut names = Vec::new();
    for (folder, part) in FOLDERS.into_iter().zip(["generated", "bootstrap", "handlers"]) {
        let there = root.text(&format!("{folder}/Cargo.toml"))?;
        let flow = output.name.replace('_', "-");
        names.push(there.as_deref().and_then(package).unwrap_or_else(|| format!("{flow}-{part}")));
    }
    let [generated, bootstrap, handlers] = names.as_slice() else { return Ok(done) };
    if let Some((folder, manifest)) = &workspace {
        let mods: String = output.skeletons.iter().map(|s| format!("{}\n", s.mod_line)).collect();
        let lib = "//! The handlers of the flow: one file each, which `cargo run -p codegen` begins and you write.\n";
        let blank = if mods.is_empty() { "" } else { "\n" };
        let of_generated = format!("generated = {{ package = \"{generated}\", path = \"../generated\" }}\n");
        let of_bootstrap = format!(
            "generated = {{ package = \"{generated}\", path = \"..\" }}\n\
             handlers = {{ package = \"{handlers}\", path = \"../../handlers\" }}\n"
        );
        let runtime = "runtime.workspace = true\n";
        let files = [
            (
                "generated/Cargo.toml",
                format!(
                    "{}{runtime}schemars = {{ workspace = true, optional = true }}\nserde.workspace = true\n\
                     serde_json.workspace = true\n\n[features]\nschema = [\"dep:schemars\", \"runtime/schema\"]\n{LINTS}",
                    head(generated, "Types, envelope, handler traits and dispatch of the flow, written by codegen")
                ),
            ),
            ("generated/rustfmt.toml", RUSTFMT.to_owned()),
            (
                "generated/bootstrap/Cargo.toml",
                format!(
                    "{}{of_bootstrap}{runtime}{LINTS}",
                    head(bootstrap, "The multi-call Lambda binary of the flow")
                ),
            ),
            (
                "handlers/Cargo.toml",
                format!("{}{of_generated}{runtime}{LINTS}", head(handlers, "The handlers of the flow: your code")),
            ),
            ("handlers/src/lib.rs", format!("{lib}{blank}{mods}")),
        ];
        for (path, text) in files {
            if root.text(path)?.is_none() {
                atomically(&root.path(path), &text)?;
                done.made.push(path.to_owned());
            }
        }
        done.missing_members = missing(root, folder, manifest);
    }
    if root.text("generated/bootstrap/Cargo.toml")?.is_some() {
        done.bootstrap = Some(bootstrap.clone());
    }
    Ok(done)
}

fn head(name: &str, description: &str) -> String {
    format!("[package]\nname = \"{name}\"\ndescription = \"{description}\"\n{SHARED}")
}

/// The crates of a flow that a workspace does not name; one whose members have a pattern is not asked.
fn missing(root: &Root, workspace: &Path, manifest: &str) -> Vec<String> {
    let Ok(folder) = root.folder.canonicalize() else { return Vec::new() };
    let Ok(within) = folder.strip_prefix(workspace) else { return Vec::new() };
    let within = within.components().map(|c| c.as_os_str().to_string_lossy().into_owned());
    let within: Vec<String> = within.collect();
    if manifest.lines().any(|line| line.contains('*') && line.contains('"')) {
        return Vec::new();
    }
    let paths = FOLDERS.iter().map(|f| within.iter().map(String::as_str).chain([*f]).collect::<Vec<_>>().join("/"));
    paths.filter(|path| !manifest.contains(&format!("\"{path}\""))).collect()
}

/// The workspace of Eventloom around a folder, with its manifest.
fn workspace(folder: &Path) -> Option<(PathBuf, String)> {
    let folder = folder.canonicalize().ok()?;
    folder.ancestors().find_map(|up| {
        let manifest = std::fs::read_to_string(up.join("Cargo.toml")).ok()?;
        let is_ours = manifest.contains("[workspace]") && manifest.contains("eventloom-runtime");
        is_ours.then(|| (up.to_owned(), manifest))
    })
}

/// The name of the package that a manifest is of.
fn package(manifest: &str) -> Option<String> {
    let section = manifest.split("[package]").nth(1)?;
    let line = section.lines().take_while(|l| !l.starts_with('[')).find_map(|l| l.trim().strip_prefix("name"))?;
    Some(line.trim_start().strip_prefix('=')?.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::package;

    #[test]
    fn a_package_is_known_by_the_name_in_its_own_section() {
        assert_eq!(package("[lib]\nname = \"a\"\n\n[package]\nname = \"b-c\"\n").as_deref(), Some("b-c"));
        assert_eq!(package("[package]\nedition = \"2024\"\n[lib]\nname = \"a\"\n"), None);
    }
}
