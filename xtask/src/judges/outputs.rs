//! Which of a flow's outputs, and which fixtures, each kind of judge reads.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::repo::{Repo, folder, read};

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Template,
    StateMachine,
    Schema,
    AsyncApi,
    Types,
}

impl Kind {
    /// All documents of this kind that the compiler wrote for the flow in `root`.
    pub(crate) fn outputs(self, root: &Path) -> Result<Vec<PathBuf>, Error> {
        let generated = root.join("generated");
        match self {
            // There may be several roots: whatever has resources is a template.
            Self::Template => {
                let mut templates = Vec::new();
                for file in [folder(&generated)?, folder(&generated.join("nested"))?].concat() {
                    if has_ending(&file, ".json") && read(&file)?.contains("\"Resources\"") {
                        templates.push(file);
                    }
                }
                Ok(templates)
            }
            Self::StateMachine => ending(&generated.join("state-machines"), ".asl.json"),
            Self::Schema => ending(&generated.join("schemas"), ".schema.json"),
            Self::AsyncApi => ending(&generated, "asyncapi.json"),
            Self::Types => ending(&generated, ".ts"),
        }
    }

    /// The fixtures of this kind, good and bad.
    pub(crate) fn fixtures(self, repo: &Repo) -> Result<Vec<PathBuf>, Error> {
        folder(&repo.at("xtask/judges/fixtures").join(match self {
            Self::Template => "template",
            Self::StateMachine => "state-machine",
            Self::Schema => "schema",
            Self::AsyncApi => "asyncapi",
            Self::Types => "types",
        }))
    }
}

/// Every flow must have its template, schemas and AsyncAPI document, and one with a WebSocket API the types for
/// browsers; not every flow has a workflow.
pub(crate) fn all_there(repo: &Repo, flows: &[PathBuf]) -> Result<String, Error> {
    let mut missing = Vec::new();
    for flow in flows {
        let generated = flow.join("generated");
        let mut files = vec![generated.join("template.json"), generated.join("asyncapi.json")];
        for template in Kind::Template.outputs(flow)? {
            if read(&template)?.contains(r#""ProtocolType": "WEBSOCKET""#) {
                files.extend(["types.ts", "client.ts"].map(|file| generated.join(file)));
            }
        }
        missing.extend(files.into_iter().filter(|file| !file.is_file()));
        if Kind::Schema.outputs(flow)?.is_empty() {
            missing.push(generated.join("schemas"));
        }
    }
    if missing.is_empty() {
        return Ok(format!("{} flows", flows.len()));
    }
    let missing = missing.iter().map(|file| repo.typed(file)).collect::<Vec<_>>();
    Err(Error::Usage(format!("the compiler has not written {}", missing.join(", "))))
}

fn ending(path: &Path, end: &str) -> Result<Vec<PathBuf>, Error> {
    Ok(folder(path)?.into_iter().filter(|file| has_ending(file, end)).collect())
}

fn has_ending(file: &Path, end: &str) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().ends_with(end))
}
