//! Why resources cannot form stacks.

use crate::cfn::DocumentError;

/// Why resources cannot form stacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StackError {
    /// Two resources have one logical id.
    #[error("two resources have the logical id `{0}`")]
    Duplicate(String),
    /// A resource or an output names a resource that is not there.
    #[error("`{from}` refers to `{to}`, which is no resource")]
    Dangling {
        /// Who refers.
        from: String,
        /// To what.
        to: String,
    },
    /// Something names a parameter or a condition that is not there.
    #[error("`{from}` refers to `{to}`, which is no {what}")]
    Unknown {
        /// Who refers.
        from: String,
        /// To what.
        to: String,
        /// `parameter` or `condition`.
        what: &'static str,
    },
    /// Resources, or the stacks they must stay in, depend on each other in a circle.
    #[error("these depend on each other in a circle: {}", .0.join(", "))]
    Circle(Vec<String>),
    /// A template would be over a limit of CloudFormation.
    #[error("stack `{stack}` would have {count} {what}, and CloudFormation takes {limit}")]
    OverLimit {
        /// The stack.
        stack: String,
        /// Of what there is too much.
        what: &'static str,
        /// How much there is.
        count: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A document cannot be written.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl StackError {
    /// The logical id of the resource that it is about, where it is about one.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        match self {
            Self::Duplicate(id) => Some(id),
            Self::Dangling { from, .. } | Self::Unknown { from, .. } => Some(from),
            Self::Circle(ids) => ids.first().map(String::as_str),
            Self::Document(error) => error.path.split('/').next().filter(|id| !id.is_empty()),
            Self::OverLimit { .. } => None,
        }
    }
}
