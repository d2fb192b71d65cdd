//! cfn-lint with the rules of cfn-lint-serverless: every level, information too, and no
//! exemption that a template gives itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;

use super::finding::{Finding, ResourceTypes};
use super::install::Judges;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match {
    filename: PathBuf,
    location: Location,
    message: String,
    rule: Rule,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    path: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    id: String,
}

/// All findings in these templates.
pub(crate) fn ask(judges: &Judges<'_>, files: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    let printed = judges
        .python("cfn-lint")
        .args(["--append-rules", "cfn_lint_serverless.rules", "--include-checks", "I", "--format", "json"])
        // Whatever a template says of itself: a suppression stands in the table or nowhere.
        .args(["--mandatory-checks", "E", "W", "I", "--template"])
        .args(files)
        .printed()?;
    // Its exit code says which levels it found; only what it prints says that it ran to the end.
    let matches: Vec<Match> = serde_json::from_str(&printed.out)
        .map_err(|error| Error::unreadable("cfn-lint")(format!("{error}: {}", printed.err)))?;

    let mut types = BTreeMap::new();
    let mut findings = Vec::new();
    for Match { filename, location, message, rule } in matches {
        let path = location.path.unwrap_or_default();
        let mut words = path.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned));
        let subject = match (words.next().as_deref(), words.next()) {
            (Some("Resources"), Some(id)) => {
                if !types.contains_key(&filename) {
                    types.insert(filename.clone(), ResourceTypes::of(&filename)?);
                }
                types.get(&filename).map_or_else(|| id.clone(), |types| types.subject(&id))
            }
            (Some(section), Some(name)) => format!("{section}.{name}"),
            (section, _) => section.unwrap_or_default().to_owned(),
        };
        let rest = words.collect::<Vec<_>>().join("/");
        let message = if rest.is_empty() { message } else { format!("{rest}: {message}") };
        findings.push(Finding { file: filename, rule: rule.id, subject, message });
    }
    Ok(findings)
}
