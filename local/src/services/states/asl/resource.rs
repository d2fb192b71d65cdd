//! What a Task calls: `Resource`.

use crate::kernel::Arn;

/// The resource of a Task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Resource {
    /// A Lambda function by its own ARN: it gets the input and gives the output, nothing around them.
    Function(String),
    /// An action of a service.
    Action {
        /// `sqs`; of an SDK integration `dynamodb`, `sfn`.
        service: String,
        /// `sendMessage`.
        action: String,
        /// Whether it is one of the SDK integrations: any action, with the SDK's own parameters.
        sdk: bool,
        pattern: Pattern,
    },
}

/// What ends a Task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Pattern {
    /// The service's answer.
    Response,
    /// The end of the execution that was started; `.sync:2` gives its output as JSON, `.sync` as text.
    Sync { json: bool },
    /// Whoever sends the task's token back.
    Token,
}

/// The optimized integrations that there are here.
const ACTIONS: [(&str, &str); 8] = [
    ("lambda", "invoke"),
    ("sqs", "sendMessage"),
    ("sns", "publish"),
    ("dynamodb", "getItem"),
    ("dynamodb", "putItem"),
    ("dynamodb", "updateItem"),
    ("dynamodb", "deleteItem"),
    ("states", "startExecution"),
];

/// A service that SDK integrations call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Sdk {
    /// As resources name it.
    pub(in super::super) name: &'static str,
    /// As the bus does.
    pub(in super::super) bus: &'static str,
    /// As the names of its errors begin.
    pub(in super::super) errors: &'static str,
}

impl Sdk {
    /// The service of that name, if it is here.
    pub(in super::super) fn named(name: &str) -> Option<Self> {
        SERVICES.into_iter().find(|service| service.name == name)
    }
}

const SERVICES: [Sdk; 10] = [
    Sdk { name: "dynamodb", bus: "dynamodb", errors: "DynamoDb" },
    Sdk { name: "kms", bus: "kms", errors: "Kms" },
    Sdk { name: "lambda", bus: "lambda", errors: "Lambda" },
    Sdk { name: "scheduler", bus: "scheduler", errors: "Scheduler" },
    Sdk { name: "secretsmanager", bus: "secretsmanager", errors: "SecretsManager" },
    Sdk { name: "sesv2", bus: "ses", errors: "SesV2" },
    Sdk { name: "sfn", bus: "states", errors: "Sfn" },
    Sdk { name: "sns", bus: "sns", errors: "Sns" },
    Sdk { name: "sqs", bus: "sqs", errors: "Sqs" },
    Sdk { name: "sts", bus: "sts", errors: "Sts" },
];

impl Resource {
    /// Reads a resource's ARN.
    pub(super) fn parse(text: &str, express: bool) -> Result<Self, String> {
        let arn = Arn::parse(text).map_err(|error| error.to_string())?;
        if arn.service() == "lambda" && arn.resource().starts_with("function:") {
            return Ok(Self::Function(text.to_owned()));
        }
        if arn.service() != "states" {
            return Err(format!("'{text}' is no resource that a Task can call"));
        }
        if arn.resource().starts_with("activity:") {
            return Err("the local engine does not have activities".to_owned());
        }
        let (sdk, rest) = match arn.resource().strip_prefix("aws-sdk:") {
            Some(rest) => (true, rest),
            None => (false, arn.resource()),
        };
        let (service, action) = rest.split_once(':').ok_or_else(|| format!("'{text}' names no action"))?;
        let (action, pattern) = match action.split_once('.') {
            None => (action, Pattern::Response),
            Some((action, "waitForTaskToken")) => (action, Pattern::Token),
            Some((action, "sync")) => (action, Pattern::Sync { json: false }),
            Some((action, "sync:2")) => (action, Pattern::Sync { json: true }),
            Some((_, other)) => return Err(format!("'.{other}' is no integration pattern")),
        };
        if service.is_empty() || action.is_empty() {
            return Err(format!("'{text}' names no action"));
        }
        if express && pattern != Pattern::Response {
            return Err(format!(
                "Express state machine does not support '{text}': neither .sync nor .waitForTaskToken"
            ));
        }
        if !sdk && !ACTIONS.contains(&(service, action)) {
            return Err(format!("the local engine does not have the integration '{service}:{action}'"));
        }
        if sdk && Sdk::named(service).is_none() {
            return Err(format!("the local engine does not have the service '{service}' for SDK integrations"));
        }
        let waits = matches!(service, "lambda" | "sqs" | "sns" | "states") || sdk;
        match pattern {
            Pattern::Sync { .. } if (service, sdk) != ("states", false) => {
                Err(format!("'{service}:{action}' cannot be waited for with .sync"))
            }
            Pattern::Token if !waits => Err(format!("'{service}:{action}' has no .waitForTaskToken")),
            _ => Ok(Self::Action { service: service.to_owned(), action: action.to_owned(), sdk, pattern }),
        }
    }

    /// What ends the task.
    pub(in super::super) const fn pattern(&self) -> Pattern {
        match self {
            Self::Function(_) => Pattern::Response,
            Self::Action { pattern, .. } => *pattern,
        }
    }

    /// `resourceType` and `resource` of the history's events.
    pub(in super::super) fn names(&self) -> (String, String) {
        match self {
            Self::Function(arn) => ("lambda".to_owned(), arn.clone()),
            Self::Action { service, action, sdk, pattern } => {
                let kind = if *sdk { format!("aws-sdk:{service}") } else { service.clone() };
                let suffix = match pattern {
                    Pattern::Response => "",
                    Pattern::Sync { json: false } => ".sync",
                    Pattern::Sync { json: true } => ".sync:2",
                    Pattern::Token => ".waitForTaskToken",
                };
                (kind, format!("{action}{suffix}"))
            }
        }
    }
}
