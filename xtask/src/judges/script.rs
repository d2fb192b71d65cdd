//! Judges that are libraries: a script of ours asks them, and prints findings as JSON.

use std::path::PathBuf;

use crate::error::Error;
use crate::tool::Tool;

use super::finding::Finding;
use super::install::Judges;

/// Asks through a script for Node.
pub(crate) fn node(judges: &Judges<'_>, script: &str, files: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    ask(judges.node().args([judges.script(script)]).args(files), script)
}

/// Asks through a script for Python.
pub(crate) fn python(judges: &Judges<'_>, script: &str, files: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    ask(judges.python("python").args([judges.script(script)]).args(files), script)
}

fn ask(tool: Tool, script: &str) -> Result<Vec<Finding>, Error> {
    let printed = tool.printed()?;
    if !printed.success {
        return Err(Error::Unreadable { what: script.to_owned(), reason: printed.err });
    }
    serde_json::from_str(&printed.out).map_err(Error::unreadable(script))
}
