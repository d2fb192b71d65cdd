//! The one table of findings that we do not follow: `xtask/judges/suppressions.toml`.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use crate::error::Error;
use crate::repo::{Repo, read};

use super::finding::Finding;

/// The table, and which of its entries have matched something.
#[derive(Debug)]
pub(crate) struct Suppressions(Vec<(Suppression, AtomicBool)>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default)]
    suppression: Vec<Suppression>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suppression {
    judge: String,
    rule: String,
    subject: String,
    reason: String,
}

impl Suppressions {
    #[cfg(test)]
    pub(crate) const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Reads the table; `judges` are those that it may name.
    pub(crate) fn read(repo: &Repo, judges: &[&str]) -> Result<Self, Error> {
        Self::parse(&read(&repo.at("xtask/judges/suppressions.toml"))?, judges)
    }

    fn parse(text: &str, judges: &[&str]) -> Result<Self, Error> {
        let unreadable = Error::unreadable("xtask/judges/suppressions.toml");
        let table: Table = match toml::from_str(text) {
            Ok(table) => table,
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let mut seen = Vec::new();
        for Suppression { judge, rule, subject, reason } in &table.suppression {
            if !judges.contains(&judge.as_str()) {
                return Err(unreadable(format!("no judge is called `{judge}`")));
            }
            if reason.trim().is_empty() {
                return Err(unreadable(format!("`{rule}` on `{subject}` has no reason")));
            }
            if seen.contains(&(judge, rule, subject)) {
                return Err(unreadable(format!("`{rule}` on `{subject}` stands twice")));
            }
            seen.push((judge, rule, subject));
        }
        Ok(Self(table.suppression.into_iter().map(|entry| (entry, AtomicBool::new(false))).collect()))
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the table lets this finding pass.
    pub(crate) fn allows(&self, judge: &str, finding: &Finding) -> bool {
        let mut allowed = false;
        for (entry, used) in &self.0 {
            if entry.judge == judge && entry.rule == finding.rule && matches(&entry.subject, &finding.subject) {
                used.store(true, Ordering::Relaxed);
                allowed = true;
            }
        }
        allowed
    }

    /// The entries of these judges that have matched nothing.
    pub(crate) fn stale(&self, judges: &[&str]) -> Vec<String> {
        let unused = self.0.iter().filter(|(_, used)| !used.load(Ordering::Relaxed)).map(|(entry, _)| entry);
        unused
            .filter(|entry| judges.contains(&entry.judge.as_str()))
            .map(|entry| format!("{} {} on {}", entry.judge, entry.rule, entry.subject))
            .collect()
    }
}

/// Whether `subject` is what `pattern` says: `*` stands for any text, and a resource type for every
/// resource of that type.
fn matches(pattern: &str, subject: &str) -> bool {
    let typed = subject.split_once('.').is_some_and(|(resource_type, _)| resource_type == pattern);
    typed || like(pattern, subject)
}

fn like(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    tail.is_empty() || rest.char_indices().any(|(at, _)| rest.get(at..).is_some_and(|rest| like(tail, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DLQS: &str = r#"
        [[suppression]]
        judge = "cfn-lint"
        rule = "ES6000"
        subject = "AWS::SQS::Queue.*Dlq"
        reason = "a dead-letter queue has no dead-letter queue"
    "#;

    fn finding(rule: &str, subject: &str) -> Finding {
        Finding { file: "template.json".into(), rule: rule.into(), subject: subject.into(), message: String::new() }
    }

    #[test]
    fn an_entry_allows_its_own_rule_on_its_own_subject_only() {
        let table = Suppressions::parse(DLQS, &["cfn-lint"]).unwrap();
        assert!(table.allows("cfn-lint", &finding("ES6000", "AWS::SQS::Queue.NotifyDlq")));
        assert!(!table.allows("cfn-lint", &finding("ES6000", "AWS::SQS::Queue.Notify")));
        assert!(!table.allows("cfn-lint", &finding("E3002", "AWS::SQS::Queue.NotifyDlq")));
        assert!(!table.allows("checkov", &finding("ES6000", "AWS::SQS::Queue.NotifyDlq")));
    }

    #[test]
    fn an_entry_that_matched_nothing_is_stale_once_its_judge_was_asked() {
        let table = Suppressions::parse(DLQS, &["cfn-lint"]).unwrap();
        assert!(table.stale(&["checkov"]).is_empty());
        assert_eq!(table.stale(&["cfn-lint"]), ["cfn-lint ES6000 on AWS::SQS::Queue.*Dlq"]);
        assert!(table.allows("cfn-lint", &finding("ES6000", "AWS::SQS::Queue.NotifyDlq")));
        assert!(table.stale(&["cfn-lint"]).is_empty());
    }

    #[test]
    fn a_resource_type_stands_for_every_resource_of_it() {
        assert!(matches("AWS::Lambda::Function", "AWS::Lambda::Function.Notify"));
        assert!(!matches("AWS::Lambda::Function", "AWS::Lambda::FunctionUrl.Notify"));
        assert!(matches("/channels/*/address", "/channels/activity/address"));
        assert!(!matches("/channels/*/address", "/channels/activity"));
    }

    #[test]
    fn an_entry_without_a_reason_or_given_twice_is_refused() {
        let no_reason = DLQS.replace("a dead-letter queue has no dead-letter queue", " ");
        assert!(Suppressions::parse(&no_reason, &["cfn-lint"]).unwrap_err().to_string().contains("no reason"));
        let twice = format!("{DLQS}{DLQS}");
        assert!(Suppressions::parse(&twice, &["cfn-lint"]).unwrap_err().to_string().contains("twice"));
        assert!(Suppressions::parse(DLQS, &["checkov"]).unwrap_err().to_string().contains("no judge"));
    }
}
