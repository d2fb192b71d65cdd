//! State machines with their roles and log groups.

use super::super::machines::integrations;
use super::functions::log_group;
use super::grants::{role, source_account, traces, use_key};
use super::metadata;
use super::scope::{self, Made, Scope};
use crate::asl::Resource as Integration;
use crate::cfn::services::stepfunctions::{
    CloudWatchLogsLogGroup, LogDestination, LogLevel, LoggingConfiguration, StateMachine, StateMachineType,
    TracingConfiguration,
};
use crate::cfn::{DocumentError, Entries, Problem, Pseudo, Resource, Statement, Str, Value, text};
use crate::plan::{Machine, MachineRef};
use crate::stacks::Layer;
use std::collections::BTreeMap;

pub(super) fn machines(scope: &mut Scope<'_>, definitions: &BTreeMap<MachineRef, String>) -> Made {
    for machine in &scope.plan.machines {
        let definition = definitions.get(&machine.reference()).ok_or_else(|| {
            DocumentError::from(Problem::Other("there is no definition of it".to_owned()))
                .within(&machine.place.logical)
        })?;
        let logs = scope::part(&machine.place, "Logs")?;
        // Step Functions writes to the account's policy of log groups, which is short, unless they are named so.
        // Source: AWS Step Functions Developer Guide, "Using CloudWatch Logs to log execution history".
        let name = text!["/aws/vendedlogs/states/", scope.named(&machine.name)];
        let resource = Resource::new(logs.clone(), &log_group(scope, Some(name)))?.deleted();
        scope.put(Layer::Compute, &machine.place, resource);

        let role_id = scope::part(&machine.place, "Role")?;
        let made = role(scope, "states.amazonaws.com", vec![source_account()], statements(scope, machine)?);
        let resource = Resource::new(role_id.clone(), &made)?;
        scope.put(Layer::Compute, &machine.place, resource);

        let mut made = StateMachine::new(Value::attribute(&role_id, "Arn"));
        made.state_machine_name = Some(scope.named(&machine.name));
        made.state_machine_type =
            Some(if machine.express { StateMachineType::Express } else { StateMachineType::Standard });
        made.definition_string = Some(definition.as_str().into());
        made.definition_substitutions = substitutions(machine)?;
        made.logging_configuration = Some(logging(machine, Value::attribute(&logs, "Arn")));
        made.tracing_configuration = Some(TracingConfiguration::new(true));
        made.tags = scope.tags();
        let resource = Resource::new(scope::id(&machine.place.logical)?, &made)?
            .metadata(metadata::BLOCK, &metadata::machine(machine))?;
        scope.put(Layer::Compute, &machine.place, resource);
    }
    Ok(())
}

/// An express execution leaves no history but its log; a standard one keeps its own. Data is in neither.
fn logging(machine: &Machine, group: Str) -> LoggingConfiguration {
    let mut made = LoggingConfiguration::new(if machine.express { LogLevel::All } else { LogLevel::Error });
    made.include_execution_data = Some(false);
    made.destinations = vec![LogDestination::new(CloudWatchLogsLogGroup::new(group))];
    made
}

/// The integrations of the definition; and under their own logical ids what it calls: ARNs, and URLs of queues.
fn substitutions(machine: &Machine) -> Result<Entries<Str>, DocumentError> {
    let integration = |of: Integration| text!["arn:", Pseudo::Partition, of.integration()];
    let mut made: Vec<(String, Str)> =
        integrations(machine).into_iter().map(|of| (of.substitution().to_owned(), integration(of))).collect();
    for function in &machine.calls {
        made.push((function.0.clone(), scope::arn(&function.0)?));
    }
    let topics = machine.publishes.iter().map(|t| &t.0);
    let queues = machine.sends.iter().map(|q| &q.0);
    for logical in topics.chain(queues) {
        made.push((logical.clone(), scope::reference(logical)?));
    }
    Ok(Entries(made))
}

fn statements(scope: &Scope<'_>, machine: &Machine) -> Result<Vec<Statement>, DocumentError> {
    // What writes logs knows no resource.
    // Source: AWS Step Functions Developer Guide, "Using CloudWatch Logs to log execution history".
    let deliveries = [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ];
    let sampling = ["xray:GetSamplingRules", "xray:GetSamplingTargets"];
    let mut made = vec![
        Statement::allow(deliveries, ["*".into()]).sid("DeliverLogs"),
        traces(),
        Statement::allow(sampling, ["*".into()]).sid("Sample"),
    ];
    let functions = machine.calls.iter().map(|f| scope::arn(&f.0)).collect::<Result<_, _>>()?;
    let mut allow = |sid: &str, action: &'static str, on: Vec<Str>| {
        if !on.is_empty() {
            made.push(Statement::allow([action], on).sid(sid));
        }
    };
    allow("Invoke", "lambda:InvokeFunction", functions);
    allow(
        "Publish",
        "sns:Publish",
        machine.publishes.iter().map(|t| scope::reference(&t.0)).collect::<Result<_, _>>()?,
    );
    allow("Send", "sqs:SendMessage", machine.sends.iter().map(|q| scope::arn(&q.0)).collect::<Result<_, _>>()?);
    let mut services = Vec::new();
    if !machine.publishes.is_empty() {
        services.push("sns");
    }
    if !machine.sends.is_empty() {
        services.push("sqs");
    }
    if !services.is_empty() {
        made.extend(use_key(scope, &services));
    }
    Ok(made)
}
