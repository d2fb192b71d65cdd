//! Authorizers: a function that is asked, and tokens that are checked.

use serde_json::{Map, Value, json};

use super::api::Authorizer;
use super::{Failure, Gateway};

/// Why a client is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// 401: who it is was not said, or not believed.
    Unauthorized,
    /// 403: who it is may not.
    Forbidden,
    /// 500: the authorizer failed.
    Failed,
}

impl Denied {
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::Failed => 500,
        }
    }

    pub(super) const fn message(&self) -> &'static str {
        match self {
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::Failed => "Internal Server Error",
        }
    }
}

impl Gateway {
    /// Asks an authorizer's function. Out: what it says of the caller, for `requestContext.authorizer`.
    ///
    /// `event` is the function's event, of which `sources` must be there; `arn` is what is to be allowed.
    pub(super) async fn ask(
        &self,
        api: &str,
        authorizer: (&str, &Authorizer),
        event: Value,
        arn: &str,
    ) -> Result<Value, Denied> {
        let (id, Authorizer::Function { function, sources }) = authorizer else { return Err(Denied::Failed) };
        if !sources.iter().all(|source| is_given(&event, source)) {
            return Err(Denied::Unauthorized);
        }
        let source = self.arn(api, &format!("authorizers/{id}"));
        match self.invoke(source.as_str(), function, 10_000, event).await {
            Ok(answer) if allows(&answer, arn) => Ok(context(&answer)),
            Ok(answer) if answer.get("policyDocument").is_some() => Err(Denied::Forbidden),
            Ok(_) | Err(Failure::Timeout) => Err(Denied::Failed),
            Err(Failure::Function(message)) if message == "Unauthorized" => Err(Denied::Unauthorized),
            Err(Failure::Function(_)) => Err(Denied::Failed),
        }
    }

    /// Checks a token in a header. Out: its claims, for `requestContext.authorizer.jwt`.
    pub(super) fn check_token(
        &self,
        authorizer: &Authorizer,
        header: impl Fn(&str) -> Option<String>,
        scopes: &[String],
    ) -> Result<Value, Denied> {
        let Authorizer::Jwt { issuer, audience, source } = authorizer else { return Err(Denied::Failed) };
        let name = source.strip_prefix("$request.header.").ok_or(Denied::Failed)?;
        let value = header(&name.to_ascii_lowercase()).ok_or(Denied::Unauthorized)?;
        let token = value.strip_prefix("Bearer ").unwrap_or(&value);
        let claims = self.issuer.verify(token, self.world.clock.now()).map_err(|_| Denied::Unauthorized)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let theirs: Vec<&str> = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => text("aud").or_else(|| text("client_id")).into_iter().collect(),
        };
        if text("iss") != Some(issuer) || !audience.iter().any(|ours| theirs.contains(&ours.as_str())) {
            return Err(Denied::Unauthorized);
        }
        let granted: Vec<&str> = text("scope").or_else(|| text("scp")).unwrap_or_default().split(' ').collect();
        if !scopes.is_empty() && !scopes.iter().any(|scope| granted.contains(&scope.as_str())) {
            return Err(Denied::Forbidden);
        }
        // HTTP APIs hand all claims on as text.
        let claims: Map<String, Value> = claims
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text.into())
            })
            .collect();
        let scopes = if granted == [""] { Value::Null } else { json!(granted) };
        Ok(json!({"jwt": {"claims": claims, "scopes": scopes}}))
    }
}

/// Whether an identity source, as `route.request.header.NAME`, is in the event.
fn is_given(event: &Value, source: &str) -> bool {
    let (place, name) = if let Some(name) = source.strip_prefix("route.request.header.") {
        ("headers", name)
    } else if let Some(name) = source.strip_prefix("route.request.querystring.") {
        ("queryStringParameters", name)
    } else {
        return false;
    };
    let given = event.get(place).and_then(Value::as_object);
    given.into_iter().flatten().any(|(key, value)| key.eq_ignore_ascii_case(name) && value.as_str() != Some(""))
}

/// Whether an authorizer's policy allows `execute-api:Invoke` on `arn`.
fn allows(answer: &Value, arn: &str) -> bool {
    let statements = match answer.pointer("/policyDocument/Statement") {
        Some(Value::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
        None => return false,
    };
    let speaks = |effect: &str| {
        statements.iter().any(|statement| {
            let any = |name: &str, fits: &dyn Fn(&str) -> bool| match statement.get(name) {
                Some(Value::String(one)) => fits(one),
                Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(fits),
                _ => false,
            };
            statement.get("Effect").and_then(Value::as_str) == Some(effect)
                && any("Action", &|action| matches!(action, "*" | "execute-api:*" | "execute-api:Invoke"))
                && any("Resource", &|pattern| matches(pattern, arn))
        })
    };
    speaks("Allow") && !speaks("Deny")
}

/// The principal and the context, of which only plain values are allowed.
fn context(answer: &Value) -> Value {
    let mut context: Map<String, Value> = answer
        .get("context")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_object() && !value.is_array())
        // Numbers and truths arrive as text.
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned).into()))
        .collect();
    if let Some(principal) = answer.get("principalId") {
        context.insert("principalId".to_owned(), principal.clone());
    }
    Value::Object(context)
}

/// Whether a pattern with `*` and `?` is the whole of a text.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where to go on if the last `*` must take one character more.
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = text.get(place) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(expected) if *expected == '?' || expected == letter => (at, place) = (at + 1, place + 1),
            _ => match star {
                Some((before, taken)) => {
                    star = Some((before, taken + 1));
                    (at, place) = (before + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(effect: &str, resource: &str) -> Value {
        let statement = json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": [resource]});
        json!({"principalId": "agshin", "policyDocument": {"Statement": [statement]}, "context": {"n": 1, "o": {}}})
    }

    #[test]
    fn a_policy_allows_by_pattern_and_denies_first() {
        let arn = "arn:aws:execute-api:eu-west-1:000000000000:a1/dev/$connect";
        for resource in ["*", arn, "arn:aws:execute-api:*:*:a1/*", "arn:aws:execute-api:eu-west-1:000000000000:a?/*"] {
            assert!(allows(&policy("Allow", resource), arn), "{resource}");
            assert!(!allows(&policy("Deny", resource), arn), "{resource}");
        }
        assert!(!allows(&policy("Allow", "arn:aws:execute-api:*:*:b1/*"), arn));
        assert!(!allows(&json!({}), arn));
    }

    #[test]
    fn a_context_holds_plain_values_as_text() {
        assert_eq!(context(&policy("Allow", "*")), json!({"n": "1", "principalId": "agshin"}));
    }
}
