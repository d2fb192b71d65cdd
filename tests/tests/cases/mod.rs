//! Specs that lie in a folder, each a case by its file's name.

use codegen::{Checked, Input};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One spec and where it lies.
pub(crate) struct Case {
    /// The file's name without its ending: `E060_unknown_field`.
    pub(crate) name: String,
    /// Its path.
    pub(crate) path: PathBuf,
}

impl Case {
    /// The spec under a name that is the same on every machine, with the mail templates `notice` and `unread` beside
    /// it, for the environment that its first line names: `# environment: staging`.
    pub(crate) fn input(&self) -> io::Result<Input> {
        let bytes = fs::read(&self.path)?;
        let text = String::from_utf8_lossy(&bytes);
        let environment = text.lines().next().and_then(|l| l.strip_prefix("# environment: ")).map(str::to_owned);
        let files = ["notice.html", "notice.txt", "unread.html", "unread.txt"];
        Ok(Input {
            path: "spec/flow.yaml".into(),
            bytes,
            environment,
            templates: files.map(str::to_owned).into(),
            ..Input::default()
        })
    }
}

/// The cases of a folder beside this crate's manifest, by their names.
pub(crate) fn cases(folder: &str) -> io::Result<Vec<Case>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|s| s.to_str()).map(str::to_owned);
        if let (Some(name), Some("yaml")) = (stem, path.extension().and_then(|e| e.to_str())) {
            found.push(Case { name, path });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The codes and messages of what was found, a line each.
pub(crate) fn said(checked: &Checked) -> String {
    let line = |d: &codegen::diagnostic::Diagnostic| {
        let (line, column) = checked.sources.line_column(d.span);
        format!("  {line}:{column} {} {}", d.code, d.message)
    };
    checked.diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}
