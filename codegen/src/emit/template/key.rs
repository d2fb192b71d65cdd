//! The customer key: one for everything, or for the alarm topic alone.

use super::grants::source_account;
use super::scope::{self, Made, Scope};
use crate::cfn::services::kms::{Alias, Key};
use crate::cfn::{Operator, Part, PolicyDocument, Principal, Pseudo, Resource, Statement, Str, Test, Value, text};
use crate::stacks::Layer;

/// Days before a key that was deleted is gone: the longest.
/// Source: AWS KMS API Reference, ScheduleKeyDeletion.
const PENDING_DAYS: u32 = 30;

pub(super) fn key(scope: &mut Scope<'_>) -> Made {
    let place = scope::shared(scope::KEY);
    let logical = scope::id(scope::KEY)?;
    let mut key = Key::new(PolicyDocument::new(statements(scope)));
    key.description =
        Some(text!["Encrypts what the flow ", scope.plan.name.as_str(), " keeps, under ", &scope.names.prefix]);
    key.enable_key_rotation = Some(true);
    key.pending_window_in_days = Some(PENDING_DAYS);
    key.tags = scope.tags();
    let resource = Resource::new(logical.clone(), &key)?.retained();
    scope.keep(Layer::State, &place, resource);
    let alias = Alias::new(text!["alias/", &scope.names.prefix], Value::reference(&logical));
    let resource = Resource::new(scope::id("KeyAlias")?, &alias)?;
    scope.put(Layer::State, &place, resource);
    Ok(())
}

/// In a key policy, `*` is the key itself.
fn this_key() -> [Str; 1] {
    ["*".into()]
}

/// Roles of the flow are not named here: they are allowed by their own policies, which the first statement
/// lets count.
fn statements(scope: &Scope<'_>) -> Vec<Statement> {
    let account =
        Statement::allow(["kms:*"], this_key()).sid("Account").principal(Principal::Aws(vec![scope::account()]));
    let all = scope.data_key().is_some();
    let mut services = vec![("CloudWatch", "cloudwatch.amazonaws.com", source_account())];
    if all {
        // SNS says for which topic it asks.
        let topics = scope.named_arn("sns", "", "*");
        services.push(("Sns", "sns.amazonaws.com", Test::new(Operator::ArnLike, "aws:SourceArn", topics)));
        services.push(("Scheduler", "scheduler.amazonaws.com", source_account()));
        if scope.plan.mail.is_some() {
            services.push(("Ses", "ses.amazonaws.com", source_account()));
        }
    }
    let mut statements = vec![account];
    for (sid, service, only) in services {
        statements.push(
            Statement::allow(["kms:Decrypt", "kms:GenerateDataKey*"], this_key())
                .sid(sid)
                .principal(Principal::service(service))
                .when(only),
        );
    }
    if all {
        let actions = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
        let groups = Str::arn("logs", [Part::from("log-group:*")]);
        // CloudWatch Logs has no source account; it says by the encryption context for which group it asks.
        // Source: Amazon CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS".
        statements.push(
            Statement::allow(actions, this_key())
                .sid("Logs")
                .principal(Principal::service(text!["logs.", Pseudo::Region, ".", Pseudo::UrlSuffix]))
                .when(Test::new(Operator::ArnLike, "kms:EncryptionContext:aws:logs:arn", groups)),
        );
    }
    statements
}
