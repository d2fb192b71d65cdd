//! Who makes a call.

use std::fmt;

use super::Arn;

/// Who makes a call, as its signature or its origin says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The person at this machine, with the account's own key: may do all that no policy denies.
    Account,
    /// Whoever took on a role: a function, a state machine, a schedule.
    Role {
        /// The role.
        role: Arn,
        /// The session's name: the function's, for a function.
        session: String,
    },
    /// An AWS service that acts for a resource, under the resource's own policies.
    Service {
        /// `sns.amazonaws.com`.
        principal: &'static str,
        /// The resource it acts for: `aws:SourceArn`.
        source: Arn,
    },
    /// Nobody: a call without a signature.
    Anonymous,
}

impl Caller {
    /// The role's session as `sts:GetCallerIdentity` names it; for other callers what names them best.
    pub fn identity(&self, account: &str) -> String {
        match self {
            Self::Account => format!("arn:aws:iam::{account}:root"),
            Self::Role { role, session } => {
                format!("arn:{}:sts::{}:assumed-role/{}/{session}", role.partition(), role.account(), role.name())
            }
            Self::Service { principal, .. } => (*principal).to_owned(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("the account"),
            Self::Role { session, .. } => f.write_str(session),
            Self::Service { principal, source } => write!(f, "{principal} for {source}"),
            Self::Anonymous => f.write_str("nobody"),
        }
    }
}
