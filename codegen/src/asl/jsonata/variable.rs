//! Names of workflow variables.
//!
//! In: a text. Out: a name that needs no quotes in an expression and no escape in a document.

use serde::Serialize;

use super::literal::is_plain_name;

/// The name of a workflow variable (`Assign`), without its `$`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Variable(String);

/// Why a text is no name of a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// Not a letter followed by letters, digits and `_`.
    #[error("`{0}` is no name of a variable: a letter, then letters, digits and `_`")]
    Form(String),
    /// Over 80 characters.
    #[error("the name `{0}` is longer than 80 characters")]
    TooLong(String),
    /// Step Functions' own.
    #[error("`states` is the name of Step Functions' own variable")]
    Reserved,
}

impl Variable {
    /// A variable of this name: ASCII, at most 80 characters, not `states`
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>).
    ///
    /// # Errors
    /// Where the name has another form.
    pub fn new(name: &str) -> Result<Self, VariableError> {
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !is_plain_name(name) {
            return Err(VariableError::Form(name.to_owned()));
        }
        if name.len() > 80 {
            return Err(VariableError::TooLong(name.to_owned()));
        }
        if name == "states" {
            return Err(VariableError::Reserved);
        }
        Ok(Self(name.to_owned()))
    }

    /// Its name, without the `$`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
