//! Parameters, conditions and outputs: what the deployer gives, decides and gets.

use super::mail;
use super::scope::{self, Scope};
use crate::cfn::{
    Condition, ConditionName, DocumentError, Expr, LogicalId, Output, Parameter, ParameterName, Str, Value,
};
use crate::model::{ApiLogs, GatewayKind};
use crate::plan::{Plan, TableRole, TopicRole};

/// The longest prefix: with a `-` and the 39 characters of a name it fits into the 64 of a function's name.
/// Source: AWS Lambda API Reference, CreateFunction.
const PREFIX: usize = 24;

/// The names of parameters and conditions.
pub(super) struct Names {
    pub(super) code_bucket: ParameterName,
    pub(super) code_key: ParameterName,
    pub(super) stage: ParameterName,
    pub(super) prefix: ParameterName,
    pub(super) alarm_email: ParameterName,
    pub(super) email_identity: ParameterName,
    pub(super) api_logs: ParameterName,
    pub(super) jwks_url: ParameterName,
    pub(super) mails_alarms: ConditionName,
    pub(super) makes_identities: ConditionName,
    pub(super) makes_api_logs_role: ConditionName,
    pub(super) writes_api_logs: ConditionName,
}

impl Names {
    pub(super) fn new() -> Result<Self, DocumentError> {
        Ok(Self {
            code_bucket: ParameterName::new("CodeBucket")?,
            code_key: ParameterName::new("CodeKey")?,
            stage: ParameterName::new("Stage")?,
            prefix: ParameterName::new("Prefix")?,
            alarm_email: ParameterName::new("AlarmEmail")?,
            email_identity: ParameterName::new("EmailIdentity")?,
            api_logs: ParameterName::new("ApiGatewayLogs")?,
            jwks_url: ParameterName::new("JwksUrl")?,
            mails_alarms: ConditionName::new("MailsAlarms")?,
            makes_identities: ConditionName::new("MakesEmailIdentities")?,
            makes_api_logs_role: ConditionName::new("MakesApiGatewayLogsRole")?,
            writes_api_logs: ConditionName::new("WritesApiGatewayLogs")?,
        })
    }
}

/// Whether there is an API of this kind.
fn has(plan: &Plan, kind: GatewayKind) -> bool {
    plan.gateways.iter().any(|g| g.kind == kind)
}

/// The default of `Prefix`: the flow's name, as names in AWS are written.
fn prefix(plan: &Plan) -> String {
    scope::cut(&plan.name.replace('_', "-"), PREFIX).trim_end_matches('-').to_owned()
}

/// What the deployer gives.
///
/// # Errors
/// None in practice: the names are fixed.
pub fn parameters(plan: &Plan) -> Result<Vec<Parameter>, DocumentError> {
    let names = Names::new()?;
    let mut prefix_parameter = Parameter::text(
        names.prefix,
        "What the names of queues, topics and functions begin with: another for each stack of an account",
    )
    .default(prefix(plan))
    .pattern("^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$", "up to 24 lower-case letters, digits and hyphens, a letter first");
    prefix_parameter.max_length = u32::try_from(PREFIX).ok();
    let mut made = vec![
        Parameter::text(names.code_bucket, "The bucket of the handlers' zip")
            .pattern("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "the name of a bucket"),
        Parameter::text(names.code_key, "The key of the handlers' zip in its bucket"),
        Parameter::text(names.stage, "The stage, as handlers and the WebSocket API's address name it")
            .default("dev")
            .pattern("^[a-z][a-z0-9-]{0,15}$", "up to 16 lower-case letters, digits and hyphens, a letter first"),
        prefix_parameter,
        Parameter::text(names.alarm_email, "Who is mailed when an alarm rings; empty for nobody")
            .default(plan.settings.alarm_email.clone().unwrap_or_default())
            .pattern("^$|^[^@ ]+@[^@ ]+$", "a mail address, or nothing"),
    ];
    if plan.mail.is_some() {
        made.push(
            Parameter::text(
                names.email_identity,
                "Whether this stack makes the domains' identities in SES, or the account has them",
            )
            .default("create")
            .one_of(["create", "existing"]),
        );
    }
    if !plan.gateways.is_empty() {
        let default = match plan.settings.api_logs {
            ApiLogs::Create => "create",
            ApiLogs::Existing => "existing",
            ApiLogs::Off => "off",
        };
        made.push(
            Parameter::text(names.api_logs, "Whether this stack makes the role of API Gateway's logs, which an account has once a region, or the account has it, or nothing is logged")
                .default(default)
                .one_of(["create", "existing", "off"]),
        );
    }
    if let Some(gateway) = plan.gateways.iter().find(|g| g.kind == GatewayKind::Websocket) {
        let issuer = gateway.issuer.trim_end_matches('/');
        made.push(
            Parameter::text(names.jwks_url, "Where the issuer's public keys are read")
                .default(format!("{issuer}/.well-known/jwks.json"))
                .pattern(
                    r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[!-~]+$",
                    "an address that begins with https://",
                ),
        );
    }
    Ok(made)
}

/// What is decided from parameters.
///
/// # Errors
/// None in practice: the names are fixed.
pub fn conditions(plan: &Plan) -> Result<Vec<Condition>, DocumentError> {
    let names = Names::new()?;
    let mut made = vec![Condition { expr: Expr::is(&names.alarm_email, "").negated(), name: names.mails_alarms }];
    if plan.mail.is_some() {
        made.push(Condition { expr: Expr::is(&names.email_identity, "create"), name: names.makes_identities });
    }
    if has(plan, GatewayKind::Websocket) {
        made.push(Condition { expr: Expr::is(&names.api_logs, "create"), name: names.makes_api_logs_role });
    }
    if !plan.gateways.is_empty() {
        made.push(Condition { expr: Expr::is(&names.api_logs, "off").negated(), name: names.writes_api_logs });
    }
    Ok(made)
}

/// What the deployer gets.
///
/// # Errors
/// If a name of the plan is no logical id.
pub fn outputs(plan: &Plan) -> Result<Vec<Output>, DocumentError> {
    let scope = Scope::new(plan)?;
    let mut made = Vec::new();
    for gateway in &plan.gateways {
        let about = format!("The address of the API {}", gateway.name);
        made.push(Output::new(
            scope::part(&gateway.place, "Endpoint")?,
            super::gateways::endpoint(&scope, gateway)?,
            about,
        ));
    }
    for outbox in &plan.outboxes {
        let table = plan.tables.iter().find(|t| t.role == TableRole::Own && t.name == outbox.table);
        if let Some(table) = table {
            let about = format!("The table {}, for the writer of events", table.name);
            made.push(Output::new(scope::part(&table.place, "Name")?, scope::reference(&table.place.logical)?, about));
        }
    }
    for secret in plan.secrets.iter().filter(|s| !s.generated) {
        let about = format!("The secret {}, whose value is put in after the deployment", secret.name);
        made.push(Output::new(scope::part(&secret.place, "Arn")?, scope::reference(&secret.place.logical)?, about));
    }
    if let Some(topic) = plan.topics.iter().find(|t| t.role == TopicRole::Alarms) {
        made.push(Output::new(
            scope::part(&topic.place, "Arn")?,
            scope::reference(&topic.place.logical)?,
            "The topic of alarms",
        ));
    }
    for domain in plan.mail.iter().flat_map(|m| &m.domains) {
        let identity = mail::identity(domain)?;
        for n in ["1", "2", "3"] {
            let token = |part: &str| Str::attribute(&identity, format!("DkimDNSToken{part}{n}"));
            let record = crate::text![token("Name"), " CNAME ", token("Value")];
            let name = LogicalId::new(format!("{identity}Dkim{n}"))?;
            let mut output =
                Output::new(name, record, format!("A record that the DNS of {domain} must have before mail is sent"));
            output.condition = Some(scope.names.makes_identities.clone());
            made.push(output);
        }
    }
    Ok(made)
}

/// Where API Gateway's access logs go, or none if they are off.
pub(super) fn if_logged<T>(scope: &Scope<'_>, settings: T) -> Value<T> {
    Value::when(&scope.names.writes_api_logs, settings, Value::absent())
}
