//! The condition keys that a request has here.
//!
//! A key that AWS would fill and this engine would not makes a policy mean something else than on AWS: such
//! a policy is refused, by the key's name.

use super::Malformed;

/// Keys of every request, in lower case.
const GLOBAL: [&str; 18] = [
    "aws:calledvia",
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceowner",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
];

/// Keys that the services here give, in lower case.
const OF_SERVICES: [&str; 17] = [
    "dynamodb:attributes",
    "dynamodb:enclosingoperation",
    "dynamodb:leadingkeys",
    "dynamodb:returnconsumedcapacity",
    "dynamodb:returnvalues",
    "dynamodb:select",
    "iam:passedtoservice",
    "kms:calleraccount",
    "kms:encryptioncontextkeys",
    "kms:viaservice",
    "lambda:functionurlauthtype",
    "lambda:invokedviafunctionurl",
    "ses:fromaddress",
    "sns:endpoint",
    "sns:protocol",
    "sts:externalid",
    "sts:rolesessionname",
];

/// Keys with a name of the user's in them.
const FAMILIES: [&str; 2] = ["aws:principaltag/", "kms:encryptioncontext:"];

/// Services of the engine, whose other keys are refused. What other services' keys would be is never asked.
const SERVICES: [&str; 15] = [
    "aws",
    "dynamodb",
    "events",
    "execute-api",
    "iam",
    "kms",
    "lambda",
    "logs",
    "scheduler",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
    "states",
    "sts",
];

/// Refuses a key, in lower case, that requests do not have here.
pub(super) fn check(key: &str) -> Result<(), Malformed> {
    let Some((service, name)) = key.split_once(':') else {
        return Err(Malformed::new(format!("`{key}` is no condition key: it has no service before a colon")));
    };
    let known = GLOBAL.contains(&key)
        || OF_SERVICES.contains(&key)
        || FAMILIES.iter().any(|family| key.strip_prefix(family).is_some_and(|rest| !rest.is_empty()));
    if known || !name.is_empty() && !SERVICES.contains(&service) {
        return Ok(());
    }
    Err(Malformed::new(format!("the local engine does not have the condition key `{key}`")))
}
