//! checkov, on CloudFormation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;
use crate::repo::read;

use super::finding::Finding;
use super::install::Judges;

/// checkov's own start. Its report of a large template may hold keys that JSON has not (tuples), which end it in
/// a traceback: they are left out, and none of them is read here.
const WITHOUT_ODD_KEYS: &str = r#"
import json, runpy
dumps = json.dumps
json.dumps = lambda *a, **k: dumps(*a, **{**k, "skipkeys": True})
runpy.run_module("checkov.main", run_name="__main__", alter_sys=True)
"#;

#[derive(Deserialize)]
struct Report {
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    passed_checks: Vec<Check>,
    failed_checks: Vec<Check>,
    skipped_checks: Vec<Check>,
    parsing_errors: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Check {
    check_id: String,
    check_name: String,
    file_abs_path: PathBuf,
    /// `Type.LogicalId`
    resource: String,
}

/// All findings in these templates.
pub(crate) fn ask(judges: &Judges<'_>, files: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    let printed = judges
        .python("python")
        .args(["-c", WITHOUT_ODD_KEYS])
        .args(["--skip-download", "--compact", "--framework", "cloudformation", "--output", "json", "--file"])
        .args(files)
        .printed()?;
    let Report { results } = serde_json::from_str(&printed.out)
        .map_err(|error| Error::unreadable("checkov")(format!("{error}: {}", printed.err)))?;

    let unread = |file: &PathBuf, message: &str| Finding {
        file: file.clone(),
        rule: "unread".to_owned(),
        subject: String::new(),
        message: message.to_owned(),
    };
    let mut findings = Vec::new();
    findings.extend(results.parsing_errors.iter().map(|file| unread(file, "it could not be parsed")));
    // It says nothing of a file that it does not take for a template.
    let checks = || [&results.passed_checks, &results.failed_checks, &results.skipped_checks].into_iter().flatten();
    for file in files {
        if !checks().any(|check| check.file_abs_path == *file) && !only_nests(file)? {
            findings.push(unread(file, "no check was made on it"));
        }
    }

    // A check skipped by the template's own metadata is a suppression outside of the table.
    for check in results.failed_checks.into_iter().chain(results.skipped_checks) {
        let Check { check_id, check_name, file_abs_path, resource } = check;
        findings.push(Finding { file: file_abs_path, rule: check_id, subject: resource, message: check_name });
    }
    Ok(findings)
}

/// Whether a template has nothing but nested stacks, of which checkov has no opinion.
fn only_nests(file: &Path) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Template {
        #[serde(rename = "Resources")]
        resources: BTreeMap<String, Resource>,
    }
    #[derive(Deserialize)]
    struct Resource {
        #[serde(rename = "Type")]
        kind: String,
    }
    let template: Result<Template, _> = serde_json::from_str(&read(file)?);
    Ok(template.is_ok_and(|template| template.resources.values().all(|r| r.kind == "AWS::CloudFormation::Stack")))
}
