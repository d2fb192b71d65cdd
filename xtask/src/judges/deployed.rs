//! State machines as Step Functions gets them, for judges that read a machine alone.
//!
//! In: the definitions that the compiler wrote, in which CloudFormation replaces the integrations' ARNs, for they differ
//! by partition. Out: copies under `target/` in which that is done. What a task passes on may stay a substitution.

use std::path::PathBuf;

use crate::error::Error;
use crate::repo::{Repo, read, write};

const COPIES: &str = "target/judged-machines";

/// What the template gives for each, in the partition `aws`.
const INTEGRATIONS: [(&str, &str); 3] = [
    ("\"${LambdaInvoke}\"", "\"arn:aws:states:::lambda:invoke\""),
    ("\"${SnsPublish}\"", "\"arn:aws:states:::sns:publish\""),
    ("\"${SqsSendMessage}\"", "\"arn:aws:states:::sqs:sendMessage\""),
];

/// Copies of these definitions, in their order.
pub(super) fn copies(repo: &Repo, definitions: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let copy = |definition: &PathBuf| {
        let text = INTEGRATIONS.iter().fold(read(definition)?, |text, (name, arn)| text.replace(name, arn));
        let path = repo.at(COPIES).join(repo.typed(definition));
        write(&path, &text)?;
        Ok(path)
    };
    definitions.iter().map(copy).collect()
}
