//! Functions with their roles and log groups.

use super::grants::{role, statement, traces};
use super::scope::{self, Made, Scope};
use super::{metadata, triggers};
use crate::cfn::services::lambda::{
    ApplicationLogLevel, Architecture, Code, Environment, Function as Properties, LogFormat, LoggingConfig,
    RecursiveLoop, Runtime, SystemLogLevel, TracingConfig, TracingMode,
};
use crate::cfn::services::logs::LogGroup;
use crate::cfn::{DocumentError, Entries, Pseudo, Resource, Statement, Str, Value, text};
use crate::model;
use crate::plan::{EnvValue, Function};
use crate::stacks::Layer;

/// What the runtime takes the time from: the deadline less this is when an invocation began.
const TIMEOUT_VARIABLE: &str = "EVENTLOOM_TIMEOUT_MS";
/// The longest description. Source: AWS Lambda API Reference, CreateFunction.
const DESCRIPTION: usize = 256;

pub(super) fn functions(scope: &mut Scope<'_>) -> Made {
    for function in &scope.plan.functions {
        let logs = scope::part(&function.place, "Logs")?;
        let resource = Resource::new(logs.clone(), &log_group(scope, None))?.retained();
        scope.put(Layer::Compute, &function.place, resource);

        let mut statements = vec![
            Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"], [Value::attribute(&logs, "Arn")])
                .sid("Log"),
            traces(),
        ];
        for grant in &function.grants {
            statements.push(statement(scope, grant)?);
        }
        let role = role(scope, "lambda.amazonaws.com", Vec::new(), statements);
        let role_id = scope::part(&function.place, "Role")?;
        let resource = Resource::new(role_id.clone(), &role)?;
        scope.put(Layer::Compute, &function.place, resource);

        let properties = properties(scope, function, Value::attribute(&role_id, "Arn"), Value::reference(&logs))?;
        let resource = Resource::new(scope::id(&function.place.logical)?, &properties)?
            .metadata(metadata::BLOCK, &metadata::function(function))?;
        scope.put(Layer::Compute, &function.place, resource);
        triggers::triggers(scope, function)?;
    }
    Ok(())
}

/// A log group of this name, or of one that CloudFormation makes: what is kept when the stack is gone must
/// not stand in the way of the next.
pub(super) fn log_group(scope: &Scope<'_>, name: Option<Str>) -> LogGroup {
    LogGroup {
        log_group_name: name,
        retention_in_days: Some(scope.plan.settings.log_days.into()),
        kms_key_id: scope.data_key(),
        tags: scope.tags(),
        ..LogGroup::default()
    }
}

/// A function's name.
pub(super) fn name(scope: &Scope<'_>, function: &Function) -> Str {
    scope.named(&function.physical)
}

fn properties(scope: &Scope<'_>, function: &Function, role: Str, logs: Str) -> Result<Properties, DocumentError> {
    let code = Code::new(Str::parameter(&scope.names.code_bucket), Str::parameter(&scope.names.code_key));
    let mut logging = LoggingConfig::new(logs);
    logging.log_format = Some(LogFormat::Json);
    logging.application_log_level = Some(ApplicationLogLevel::Info);
    logging.system_log_level = Some(SystemLogLevel::Info);
    let mut made = Properties::new(code, role);
    made.function_name = Some(name(scope, function));
    made.description = Some(scope::cut(&function.about, DESCRIPTION).into());
    made.handler = Some(function.name.clone());
    made.runtime = Some(Runtime::ProvidedAl2023);
    made.architectures = vec![match scope.plan.settings.architecture {
        model::Architecture::X86_64 => Architecture::X86,
        model::Architecture::Arm64 => Architecture::Arm,
    }];
    made.timeout = Some(function.timeout);
    made.memory_size = Some(function.memory);
    made.environment = Some(Environment::new(environment(scope, function)?));
    made.tracing_config = Some(TracingConfig::new(TracingMode::Active));
    made.logging_config = Some(logging);
    // Lambda would take the seventeenth round for a loop without an end.
    // Source: AWS Lambda Developer Guide, "Use Lambda recursive loop detection to prevent infinite loops".
    made.recursive_loop = Some(if function.recurs { RecursiveLoop::Allow } else { RecursiveLoop::Terminate });
    made.kms_key_arn = scope.data_key();
    made.tags = scope.tags();
    Ok(made)
}

fn environment(scope: &Scope<'_>, function: &Function) -> Result<Entries<Str>, DocumentError> {
    let mut made = Vec::with_capacity(function.env.len() + 1);
    for (name, value) in &function.env {
        made.push((name.clone(), variable(scope, value)?));
    }
    let milliseconds = function.timeout.saturating_mul(1_000).to_string();
    let at = made.partition_point(|(name, _)| name.as_str() < TIMEOUT_VARIABLE);
    made.insert(at, (TIMEOUT_VARIABLE.to_owned(), milliseconds.into()));
    Ok(Entries(made))
}

fn variable(scope: &Scope<'_>, value: &EnvValue) -> Result<Str, DocumentError> {
    Ok(match value {
        EnvValue::Text(text) => text.as_str().into(),
        // `Ref` is a table's name, a queue's URL, a topic's and a secret's ARN, a function's and a group's name.
        EnvValue::TableName(r) => scope::reference(&r.0)?,
        EnvValue::QueueUrl(r) => scope::reference(&r.0)?,
        EnvValue::TopicArn(r) => scope::reference(&r.0)?,
        EnvValue::SecretArn(r) => scope::reference(&r.0)?,
        EnvValue::FunctionName(r) => scope::reference(&r.0)?,
        EnvValue::ScheduleGroup(r) => scope::reference(&r.0)?,
        EnvValue::QueueArn(r) => scope::arn(&r.0)?,
        EnvValue::MachineArn(r) => scope.machine_arn(r),
        EnvValue::SchedulerRole(r) => scope::arn(&[r.0.as_str(), "Role"].concat())?,
        EnvValue::FunctionUrl(r) => {
            Value::attribute(&scope::id(&[r.0.as_str(), triggers::URL].concat())?, "FunctionUrl")
        }
        EnvValue::Connections(r) => text![
            "https://",
            scope::reference(&r.0)?,
            ".execute-api.",
            Pseudo::Region,
            ".",
            Pseudo::UrlSuffix,
            "/",
            &scope.names.stage
        ],
        EnvValue::Parameter(name) => Str::parameter(&crate::cfn::ParameterName::new(name)?),
        EnvValue::ConfigurationSet => match &scope.plan.mail {
            Some(mail) => scope::reference(&mail.place.logical)?,
            None => "".into(),
        },
    })
}
