//! Why a document cannot be built.

/// What is wrong with one value of a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A literal map that CloudFormation would take for an intrinsic function.
    #[error("`{0}` as a key would be read as a function of CloudFormation")]
    LooksIntrinsic(String),
    /// Literal text that CloudFormation would replace by a secret or a parameter.
    #[error("`{{{{resolve:` would be read as a dynamic reference")]
    DynamicReference,
    /// CloudFormation refuses `null` anywhere in a template.
    #[error("a template cannot hold null")]
    Null,
    /// A number that JSON cannot write.
    #[error("`{0}` is not a number that JSON can write")]
    NotANumber(String),
    /// A name that is not 1 to 255 ASCII letters and digits.
    #[error("`{0}` is not a name of 1 to 255 ASCII letters and digits")]
    NotAName(String),
    /// A map whose keys are not text.
    #[error("a key of a map is not text")]
    KeyNotText,
    /// A text over CloudFormation's limit for it, in bytes.
    #[error("{len} bytes are more than the {limit} that CloudFormation takes")]
    TooLong {
        /// How long it is.
        len: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Anything that a `Serialize` of the caller reported.
    #[error("{0}")]
    Other(String),
}

/// A [`Problem`] and where in the document it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// The place, outermost key first, joined by `/`; empty for the value itself.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

impl DocumentError {
    /// The same error, seen from one level further out.
    #[must_use]
    pub fn within(mut self, key: &str) -> Self {
        self.path = if self.path.is_empty() { key.to_owned() } else { format!("{key}/{}", self.path) };
        self
    }
}

impl From<Problem> for DocumentError {
    fn from(problem: Problem) -> Self {
        Self { path: String::new(), problem }
    }
}

impl std::fmt::Display for DocumentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() { self.problem.fmt(f) } else { write!(f, "{}: {}", self.path, self.problem) }
    }
}

impl std::error::Error for DocumentError {}

impl serde::ser::Error for DocumentError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Problem::Other(message.to_string()).into()
    }
}
