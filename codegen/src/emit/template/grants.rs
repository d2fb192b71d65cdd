//! Statements: what the plan grants, and what every policy of a kind has.

use super::scope::{self, Scope};
use crate::cfn::services::iam::{Policy, Role};
use crate::cfn::{DocumentError, Operator, Part, PolicyDocument, Principal, Pseudo, Statement, Str, Test, Value, text};
use crate::plan::{Grant, On, Reference};

/// Only for what comes from the stack's own account.
pub(super) fn source_account() -> Test {
    Test::new(Operator::StringEquals, "aws:SourceAccount", Pseudo::AccountId)
}

/// Only through these services: a role that may use the key cannot decrypt by itself.
fn via(services: &[&'static str]) -> Test {
    let name = |service: &&str| text![*service, ".", Pseudo::Region, ".", Pseudo::UrlSuffix];
    Test { operator: Operator::StringEquals, key: "kms:ViaService", values: services.iter().map(name).collect() }
}

/// Denies whatever comes without TLS.
pub(super) fn tls_only(actions: &[&'static str], resource: Str) -> Statement {
    Statement::deny(actions.iter().copied(), [resource]).sid("TlsOnly").principal(Principal::Anyone).when(Test::new(
        Operator::Bool,
        "aws:SecureTransport",
        "false",
    ))
}

/// Use of the key through these services, if there is one for data.
pub(super) fn use_key(scope: &Scope<'_>, services: &[&'static str]) -> Option<Statement> {
    let key = scope.data_key()?;
    Some(Statement::allow(["kms:Decrypt", "kms:GenerateDataKey"], [key]).sid("UseKey").when(via(services)))
}

/// A role of the service, with one policy.
pub(super) fn role(scope: &Scope<'_>, service: &str, conditions: Vec<Test>, statements: Vec<Statement>) -> Role {
    let mut role = Role::new(PolicyDocument::trust(service, conditions));
    role.policies = vec![Policy::new("flow", PolicyDocument::new(statements))];
    role.tags = scope.tags();
    role
}

/// Traces, which know no resource.
/// Source: Service Authorization Reference, AWS X-Ray.
pub(super) fn traces() -> Statement {
    Statement::allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*".into()]).sid("Trace")
}

/// A statement of the plan.
pub(super) fn statement(scope: &Scope<'_>, grant: &Grant) -> Result<Statement, DocumentError> {
    let mut resources = Vec::with_capacity(grant.on.len());
    let mut tests = Vec::new();
    for on in &grant.on {
        resources_of(scope, on, &mut resources)?;
        match on {
            On::Key(services) => tests.push(via(services)),
            On::SchedulerRole(_) => {
                let test = Test::new(Operator::StringEquals, "iam:PassedToService", "scheduler.amazonaws.com");
                if !tests.contains(&test) {
                    tests.push(test);
                }
            }
            _ => {}
        }
    }
    let mut statement = Statement::allow(grant.actions.iter().copied(), resources).sid(grant.sid.as_str());
    statement.condition = tests;
    Ok(statement)
}

fn resources_of(scope: &Scope<'_>, on: &On, made: &mut Vec<Str>) -> Result<(), DocumentError> {
    let arn = match on {
        On::Resource(reference) => resource(scope, reference)?,
        On::Index(table, index) => text![scope::arn(&table.0)?, "/index/", index.as_str()],
        On::Stream(table) => Value::attribute(&scope::id(&table.0)?, "StreamArn"),
        On::Connections(gateway) => Str::arn(
            "execute-api",
            [
                Part::from(scope::reference(&gateway.0)?),
                Part::from("/"),
                Part::from(&scope.names.stage),
                Part::from("/*/@connections/*"),
            ],
        ),
        On::Schedules(group) => {
            Str::arn("scheduler", [Part::from("schedule/"), Part::from(scope::reference(&group.0)?), Part::from("/*")])
        }
        On::SchedulerRole(group) => scope::arn(&[group.0.as_str(), "Role"].concat())?,
        On::MailIdentity(domain) => {
            if let Some(mail) = &scope.plan.mail {
                let set = scope::reference(&mail.place.logical)?;
                made.push(Str::arn("ses", [Part::from("configuration-set/"), Part::from(set)]));
            }
            Str::arn("ses", [Part::from("identity/"), Part::from(domain.as_str())])
        }
        On::Key(_) => scope.key(),
        On::Anything => "*".into(),
    };
    made.push(arn);
    Ok(())
}

fn resource(scope: &Scope<'_>, reference: &Reference) -> Result<Str, DocumentError> {
    match reference {
        Reference::Table(r) => scope::arn(&r.0),
        Reference::Queue(r) => scope::arn(&r.0),
        Reference::Function(r) => scope::arn(&r.0),
        // `Ref` of these is their ARN.
        Reference::Topic(r) => scope::reference(&r.0),
        Reference::Secret(r) => scope::reference(&r.0),
        Reference::Machine(r) => Ok(scope.machine_arn(r)),
        Reference::Gateway(r) => Ok(Str::arn("execute-api", [Part::from(scope::reference(&r.0)?), Part::from("/*")])),
    }
}
