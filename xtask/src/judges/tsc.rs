//! The TypeScript compiler, strict, on the types for browsers.

use std::path::PathBuf;

use crate::error::Error;

use super::finding::Finding;
use super::install::Judges;

/// All findings in these files.
pub(crate) fn ask(judges: &Judges<'_>, files: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    let compiler = judges.place("node/node_modules/typescript/bin/tsc");
    let printed = judges
        .node()
        .args([compiler])
        .args(["--noEmit", "--strict", "--noUnusedLocals", "--exactOptionalPropertyTypes", "--isolatedModules"])
        .args(["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--types", ""])
        .args(["--pretty", "false"])
        .args(files)
        .printed()?;
    let here = judges.place("");
    printed
        .out
        .lines()
        // A line that is indented goes on with the error above it.
        .filter(|line| !line.starts_with(' '))
        .map(|line| {
            let mut finding = parse(line).ok_or_else(|| Error::unreadable("tsc")(line))?;
            finding.file = here.join(&finding.file).canonicalize().map_err(Error::file(&finding.file))?;
            Ok(finding)
        })
        .collect()
}

/// `FILE(LINE,COLUMN): error TS1234: MESSAGE`
fn parse(line: &str) -> Option<Finding> {
    let (place, rest) = line.split_once("): error ")?;
    let (file, position) = place.rsplit_once('(')?;
    let (rule, message) = rest.split_once(": ")?;
    Some(Finding { file: file.into(), rule: rule.into(), subject: position.into(), message: message.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_compiler_is_read() {
        let finding = parse("../types/bad.ts(2,10): error TS2304: Cannot find name 'Missing'.").unwrap();
        assert_eq!(finding.file, PathBuf::from("../types/bad.ts"));
        assert_eq!((finding.rule.as_str(), finding.subject.as_str()), ("TS2304", "2,10"));
        assert_eq!(finding.message, "Cannot find name 'Missing'.");
        assert_eq!(parse("error TS5023: Unknown compiler option."), None);
    }
}
