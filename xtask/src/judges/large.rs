//! A flow that is too large for one stack, so that judges see nested stacks and several roots too.
//!
//! In: the spec of the reference flow. Out: the folder of a flow root with ten copies of it, compiled, under `target/`.

use std::path::PathBuf;

use crate::error::Error;
use crate::repo::{Repo, folder, read, write};
use crate::tool::Tool;

const SPEC: &str = "spec/everi.yaml";
const TEMPLATES: &str = "spec/templates";
const ROOT: &str = "target/judged";
const COPIES: usize = 10;

/// Compiles the flow into an empty folder.
pub(super) fn compiled(repo: &Repo) -> Result<PathBuf, Error> {
    let root = repo.at(ROOT);
    if root.exists() {
        std::fs::remove_dir_all(&root).map_err(Error::file(&root))?;
    }
    write(&root.join(SPEC), &xtask::copies::copies(&read(&repo.at(SPEC))?, COPIES))?;
    for template in folder(&repo.at(TEMPLATES))? {
        let name = template.file_name().unwrap_or_default();
        write(&root.join(TEMPLATES).join(name), &read(&template)?)?;
    }
    Tool::cargo(repo).args(["run", "--package", "codegen", "--locked", "--", "--root", ROOT]).show()?;
    Ok(root)
}
