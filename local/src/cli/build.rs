//! The handlers' binary: cargo builds it, under a profile of its own so that no other build waits for it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use super::stop::Stop;

/// Builds `generated/bootstrap` of the flow in `root`; cargo's progress goes to the terminal. Out: the binary.
pub(crate) async fn build(root: &Path) -> Result<PathBuf, Stop> {
    let manifest = root.join("generated/bootstrap/Cargo.toml");
    if !manifest.exists() {
        return Err(Stop::Build(format!(": there is no {}", manifest.display())));
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo sets for the program it runs is not for the build that this program starts.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_cargos(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
        .args(["build", "--profile", "local", "--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(&manifest)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let started = command.spawn().map_err(|why| Stop::Build(format!(": cargo cannot be started: {why}")))?;
    let built = started.wait_with_output().await.map_err(|why| Stop::Build(format!(": {why}")))?;
    if !built.status.success() {
        return Err(Stop::Build(String::new()));
    }
    let binary = built.stdout.split(|byte| *byte == b'\n').filter_map(executable).next_back();
    binary.ok_or_else(|| Stop::Build(format!(": {} has no binary", manifest.display())))
}

/// The binary that a message of cargo's names.
fn executable(line: &[u8]) -> Option<PathBuf> {
    let message: Value = serde_json::from_slice(line).ok()?;
    let is_binary = message.pointer("/target/kind").is_some_and(|kind| kind == &serde_json::json!(["bin"]));
    is_binary.then(|| message.get("executable")?.as_str().map(PathBuf::from))?
}

fn is_cargos(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || matches!(name, "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO_BIN_NAME")
}
