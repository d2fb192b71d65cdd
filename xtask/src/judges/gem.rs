//! awslabs' own statelint, a Ruby gem, where it is on the `PATH`.
//!
//! It cannot be pinned by us as the others are, so it is asked only where somebody installed it; the
//! pinned judge `statelint` is its port to Python.

use std::path::PathBuf;

use crate::error::Error;
use crate::tool::{Tool, on_path};

use super::finding::Finding;
use super::install::Judges;

const LINE: &str = "gem install statelint";

/// Why it cannot be asked.
pub(crate) fn absent() -> Option<String> {
    if on_path("statelint").is_some() {
        return None;
    }
    Some(format!("awslabs' Ruby statelint is not on the PATH (its Python port was asked); type: {LINE}"))
}

/// All findings in these state machines.
pub(crate) fn ask(judges: &Judges<'_>, files: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for file in files {
        let printed = Tool::new(judges.repo(), "statelint", LINE).args([file]).printed()?;
        // It prints nothing about a good machine; else a headline with the count, then a line each.
        let lines = printed.out.lines().filter(|line| line.starts_with(' ')).collect::<Vec<_>>();
        if lines.is_empty() && !(printed.success && printed.out.trim().is_empty()) {
            return Err(Error::unreadable("statelint")(format!("{}\n{}", printed.out, printed.err)));
        }
        findings.extend(lines.into_iter().map(|line| Finding {
            file: file.clone(),
            rule: "statelint".to_owned(),
            subject: String::new(),
            message: line.trim().to_owned(),
        }));
    }
    Ok(findings)
}
