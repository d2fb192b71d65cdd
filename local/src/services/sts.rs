//! AWS STS: who a caller is, and sessions of roles for clients. Services take roles on by
//! [`Guard::assume`](crate::kernel::Guard::assume), without keys.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kernel::{Arn, AwsError, Call, Caller, Outcome, Service, World};
use crate::wire::{Protocol, Query};

/// As ARNs and signatures name it.
pub const NAME: &str = "sts";

/// How clients call it.
pub const PROTOCOL: Protocol =
    Protocol::Query(Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/", maps: &[] });

/// The service, which has no state.
#[derive(Debug)]
pub struct Sts {
    world: World,
}

/// What else AWS has (session policies, tags, MFA) is refused by its name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AssumeRole {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<Value>,
    external_id: Option<String>,
}

impl Sts {
    /// The service.
    pub fn start(world: &World) -> Rc<Self> {
        Rc::new(Self { world: world.clone() })
    }

    /// Nobody needs a permission to ask who they are.
    async fn caller_identity(&self, caller: &Caller) -> Value {
        let account = &self.world.place.account;
        let arn = caller.identity(account);
        let user = match caller {
            Caller::Role { role, session } => match self.role(role).await {
                Ok(found) => format!("{}:{session}", text(&found, "RoleId")),
                Err(_) => session.clone(),
            },
            _ => account.to_string(),
        };
        json!({"Arn": arn, "UserId": user, "Account": &**account})
    }

    /// A role as IAM describes it.
    async fn role(&self, arn: &Arn) -> Result<Value, AwsError> {
        let asked = json!({"RoleName": arn.name()});
        let mut answer = self.world.bus.request(Caller::Account, "iam", "GetRole", asked).await?;
        Ok(answer.get_mut("Role").map(Value::take).unwrap_or_default())
    }

    async fn assume_role(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let invalid = |message: String| AwsError::new("ValidationError", message);
        let input: AssumeRole = serde_json::from_value(input).map_err(|error| invalid(error.to_string()))?;
        let arn = Arn::parse(&input.role_arn).map_err(|error| invalid(error.to_string()))?;
        let session = input.role_session_name;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if !(2..=64).contains(&session.len()) || !session.bytes().all(plain) {
            return Err(invalid(format!("`{session}` is no RoleSessionName: 2 to 64 letters, digits and _+=,.@-")));
        }
        let mut context = vec![("sts:RoleSessionName", session.as_str())];
        context.extend(input.external_id.as_deref().map(|id| ("sts:ExternalId", id)));
        let taken_on = self.world.guard.assume_with(caller, &arn, &session, &context)?;
        let role = self.role(&arn).await?;
        let longest = role.get("MaxSessionDuration").and_then(Value::as_u64).unwrap_or(3600);
        let asked =
            input.duration_seconds.map_or(Some(3600), |value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
        let seconds = asked.filter(|seconds| (900..=longest).contains(seconds)).ok_or_else(|| {
            invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned())
        })?;
        let identity = taken_on.identity(&self.world.place.account);
        let keys = self.world.keys.give(taken_on);
        let expiration = self.world.clock.now() + Duration::from_secs(seconds);
        let (world, access_key) = (self.world.clone(), keys.access_key.clone());
        tokio::task::spawn_local(async move {
            world.clock.idle_until(expiration).await;
            world.keys.revoke(&access_key);
        });
        let shown = json!({"role": arn, "session": session, "seconds": seconds});
        self.world.log.tell(NAME, arn.name(), "assumed", Outcome::Done, || shown);
        Ok(json!({
            "Credentials": {
                "AccessKeyId": keys.access_key, "SecretAccessKey": keys.secret_key,
                "SessionToken": keys.session_token, "Expiration": expiration.rfc3339(),
            },
            "AssumedRoleUser": {
                "AssumedRoleId": format!("{}:{session}", text(&role, "RoleId")), "Arn": identity,
            },
        }))
    }
}

impl Service for Sts {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move {
            match call.operation.as_str() {
                "GetCallerIdentity" => Ok(self.caller_identity(&call.caller).await),
                "AssumeRole" => self.assume_role(&call.caller, call.input).await,
                other => Err(AwsError::unsupported(NAME, other)),
            }
        }
        .boxed_local()
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
