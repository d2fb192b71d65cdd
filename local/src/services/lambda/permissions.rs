//! A function's resource policy: who else may invoke it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Lambda;
use super::errors::{conflict, invalid, not_found, not_honoured, read};
use super::functions::Named;
use crate::kernel::{AwsError, Caller};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Add {
    function_name: String,
    qualifier: Option<String>,
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
}

/// `AddPermission`
pub(super) fn add(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let add: Add = read(input)?;
    let entry = lambda.entry(caller, "lambda:AddPermission", &add.function_name, add.qualifier.as_deref())?;
    let sid = add.statement_id.clone();
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if sid.is_empty() || sid.len() > 100 || !sid.chars().all(plain) {
        return Err(invalid(format!("`{sid}` is no StatementId: 1 to 100 letters, digits, hyphens and underscores")));
    }
    if add.event_source_token.is_some() {
        return Err(not_honoured("EventSourceToken"));
    }
    if add.principal_org_id.is_some() {
        return Err(not_honoured("PrincipalOrgID"));
    }
    let statement = statement(add, entry.function().arn.as_str())?;
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    lambda.world.guard.understands(&document).map_err(|error| invalid(error.message))?;
    lambda.change(&entry, |function| {
        if function.statements.iter().any(|existing| existing.get("Sid").and_then(Value::as_str) == Some(&sid)) {
            return Err(conflict(format!(
                "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement."
            )));
        }
        function.statements.push(statement.clone());
        function.policy_revision = lambda.world.random.uuid();
        Ok(())
    })?;
    Ok(json!({"Statement": statement.to_string()}))
}

/// The statement as AWS writes it.
fn statement(add: Add, resource: &str) -> Result<Value, AwsError> {
    if !add.action.starts_with("lambda:") {
        return Err(invalid(format!("`{}` is no action of Lambda", add.action)));
    }
    let principal = match add.principal.as_str() {
        "*" => json!("*"),
        service if service.ends_with(".amazonaws.com") => json!({"Service": service}),
        account if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) => {
            json!({"AWS": format!("arn:aws:iam::{account}:root")})
        }
        identity if identity.starts_with("arn:") => json!({"AWS": identity}),
        other => {
            return Err(invalid(format!("The provided principal was invalid. Please check the principal: `{other}`")));
        }
    };
    let mut condition = Map::new();
    let mut equals = Map::new();
    if let Some(account) = add.source_account {
        equals.insert("AWS:SourceAccount".to_owned(), account.into());
    }
    if let Some(auth) = add.function_url_auth_type {
        equals.insert("lambda:FunctionUrlAuthType".to_owned(), auth.into());
    }
    if !equals.is_empty() {
        condition.insert("StringEquals".to_owned(), equals.into());
    }
    if let Some(source) = add.source_arn {
        condition.insert("ArnLike".to_owned(), json!({"AWS:SourceArn": source}));
    }
    if let Some(via) = add.invoked_via_function_url {
        condition.insert("Bool".to_owned(), json!({"lambda:InvokedViaFunctionUrl": via.to_string()}));
    }
    let mut statement = json!({
        "Sid": add.statement_id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": add.action,
        "Resource": resource,
    });
    if let Some(members) = statement.as_object_mut()
        && !condition.is_empty()
    {
        members.insert("Condition".to_owned(), condition.into());
    }
    Ok(statement)
}

/// `RemovePermission`
pub(super) fn remove(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        function_name: String,
        qualifier: Option<String>,
        statement_id: String,
        revision_id: Option<String>,
    }
    let input: Input = read(input)?;
    if input.revision_id.is_some() {
        return Err(not_honoured("RevisionId"));
    }
    let entry = lambda.entry(caller, "lambda:RemovePermission", &input.function_name, input.qualifier.as_deref())?;
    lambda.change(&entry, |function| {
        let before = function.statements.len();
        let other = |statement: &Value| statement.get("Sid").and_then(Value::as_str) != Some(&input.statement_id);
        function.statements.retain(other);
        function.policy_revision = lambda.world.random.uuid();
        if function.statements.len() == before {
            return Err(not_found(format!("Statement {} is not found in resource policy.", input.statement_id)));
        }
        Ok(())
    })?;
    Ok(json!({}))
}

/// `GetPolicy`
pub(super) fn get(lambda: &Lambda, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let function = Named::read(input)?.entry(lambda, caller, "lambda:GetPolicy")?.function();
    let policy = function.policy().ok_or_else(|| not_found("The resource you requested does not exist."))?;
    Ok(json!({"Policy": policy.to_string(), "RevisionId": function.policy_revision}))
}
