//! `explain E034`: what a code means.

use super::Stop;
use std::fmt::Write;

/// The doc of a rule, or the list of all.
pub(crate) fn explain(code: Option<&str>) -> Result<String, Stop> {
    let rules = crate::rules::rules();
    let Some(code) = code else {
        let mut text = String::new();
        for rule in &rules {
            let _ = writeln!(text, "{}  {}", rule.code, rule.title);
        }
        return Ok(text);
    };
    let wanted = code.trim_matches(['[', ']']).to_ascii_uppercase();
    match rules.iter().find(|r| r.code == wanted) {
        Some(rule) => Ok(format!("{}: {}\n\n{}\n", rule.code, rule.title, rule.doc.trim())),
        None => {
            let near = crate::suggest::nearest(&wanted, rules.iter().map(|r| r.code));
            let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            Err(Stop { code: 2, said: format!("there is no rule {wanted}{hint}") })
        }
    }
}
