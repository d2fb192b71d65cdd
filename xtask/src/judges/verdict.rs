//! What a judge's findings come to.
//!
//! In: all findings in one judge's run. Out: those in the outputs that no suppression allows, and
//! whether the judge proved on its fixtures that it can find something.

use std::path::{Path, PathBuf};

use crate::repo::Repo;
use crate::step::Outcome;

use super::finding::Finding;
use super::suppressions::Suppressions;

/// A judge's verdict.
pub(crate) struct Verdict {
    /// How many outputs it read.
    pub(crate) files: usize,
    not_run: Option<String>,
    findings: Vec<Finding>,
    suppressed: usize,
    untrustworthy: Vec<String>,
}

impl Verdict {
    /// Of a judge that is not on this machine.
    pub(crate) fn not_run(reason: String) -> Self {
        Self { files: 0, not_run: Some(reason), findings: Vec::new(), suppressed: 0, untrustworthy: Vec::new() }
    }

    /// From a run over `files` and `fixtures`.
    pub(crate) fn new(
        judge: &str,
        must_find: &[(&str, &str)],
        files: &[PathBuf],
        fixtures: &[PathBuf],
        found: Vec<Finding>,
        table: &Suppressions,
    ) -> Self {
        let (in_fixtures, in_outputs): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|finding| fixtures.contains(&finding.file));
        let all = in_outputs.len();
        let findings = in_outputs.into_iter().filter(|finding| !table.allows(judge, finding)).collect::<Vec<_>>();
        let untrustworthy = faults(judge, must_find, fixtures, &in_fixtures, table);
        Self { files: files.len(), not_run: None, suppressed: all - findings.len(), findings, untrustworthy }
    }

    /// Prints what is wrong, and says how the step ended.
    pub(crate) fn print(&self, repo: &Repo, judge: &str) -> Outcome {
        if let Some(reason) = &self.not_run {
            return Outcome::NotRun(reason.clone());
        }
        for Finding { file, rule, subject, message } in &self.findings {
            println!("{judge}: {}: {rule} {subject}\n    {message}", repo.typed(file));
        }
        for fault in &self.untrustworthy {
            println!("{judge}: {fault}");
        }
        let Self { files, suppressed, findings, untrustworthy, .. } = self;
        if !untrustworthy.is_empty() {
            return Outcome::Failed(format!(
                "{} findings; not to be trusted: {}",
                findings.len(),
                untrustworthy.join("; ")
            ));
        }
        if !findings.is_empty() {
            return Outcome::Failed(format!("{} findings in {files} files", findings.len()));
        }
        let what = if *files == 0 { "nothing to judge".to_owned() } else { format!("0 findings in {files} files") };
        Outcome::Passed(format!("{what}, {suppressed} suppressed, self-test passed"))
    }
}

fn faults(
    judge: &str,
    must_find: &[(&str, &str)],
    fixtures: &[PathBuf],
    found: &[Finding],
    table: &Suppressions,
) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, rule) in must_find {
        if !found.iter().any(|finding| finding.file.ends_with(name) && finding.rule == *rule) {
            faults.push(format!("did not find {rule} in the fixture {name}"));
        }
    }
    let good = |file: &Path| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("good"));
    if !fixtures.iter().any(|file| good(file)) {
        faults.push("has no good fixture".to_owned());
    }
    for finding in found.iter().filter(|finding| good(&finding.file) && !table.allows(judge, finding)) {
        faults.push(format!("found {} in a good fixture: {}", finding.rule, finding.message));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(file: &str, rule: &str) -> Finding {
        Finding { file: file.into(), rule: rule.into(), subject: String::new(), message: "no".into() }
    }

    fn verdict(found: Vec<Finding>) -> Verdict {
        let table = Suppressions::empty();
        let fixtures = ["fixtures/good.json".into(), "fixtures/bad.json".into()];
        Verdict::new("judge", &[("bad.json", "E1")], &["template.json".into()], &fixtures, found, &table)
    }

    #[test]
    fn a_judge_that_accepts_everything_fails() {
        assert!(matches!(verdict(Vec::new()).print(&Repo::here(), "judge"), Outcome::Failed(_)));
    }

    #[test]
    fn a_judge_that_refuses_the_good_fixture_fails() {
        let found = vec![finding("fixtures/bad.json", "E1"), finding("fixtures/good.json", "E1")];
        assert!(matches!(verdict(found).print(&Repo::here(), "judge"), Outcome::Failed(_)));
    }

    #[test]
    fn a_finding_in_an_output_fails() {
        let found = vec![finding("fixtures/bad.json", "E1"), finding("template.json", "E2")];
        assert!(matches!(verdict(found).print(&Repo::here(), "judge"), Outcome::Failed(_)));
    }

    #[test]
    fn a_judge_that_finds_only_the_known_fault_passes() {
        let found = vec![finding("fixtures/bad.json", "E1")];
        assert!(matches!(verdict(found).print(&Repo::here(), "judge"), Outcome::Passed(_)));
    }
}
